"""CEPII's BACI: trade by product between all countries, reconciled from what exporter and importer reported (ZIP).

The archive of a nomenclature holds a CSV for each year, ``BACI_HS92_Y2020_V202401b.csv``, with the columns t (year),
i (exporter), j (importer), k (product, six digits), v (thousand current dollars, free on board: freight is estimated
and taken off) and q (tonnes, NA where unknown), and ``country_codes_V202401b.csv``. Countries have the numbers of UN
Comtrade. Gaulier and Zignago (2010), BACI: international trade database at the product level, CEPII working paper
2010-23.

Nothing is unpacked: each year is read as it streams out of the archive, and only what touches the wanted countries
is kept. A year has about eleven million rows; no more than ``_MOST_ROWS`` are given at once.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pandas as pd

from legation.data import catalogue, importing
from legation.data.codes import publisher_codes
from legation.data.importing import Head, Wanted, counted, named, printed, shown
from legation.data.vintages import Taken
from legation.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

TITLE = "an archive of CEPII's BACI"
FORM = "BACI_HS92_Y2020_V202401b.csv and country_codes_V202401b.csv in a ZIP"
TABLES = ("product_flows",)

_YEAR_FILE = re.compile(r"(?:.*/)?BACI_(HS\d\d)_Y(\d{4})_V(\d{4})(\d{2})?\w*\.csv")
_CODES_FILE = re.compile(r"(?:.*/)?country_codes(?:_HS\d\d)?_V\w+\.csv")
_COLUMNS = ["t", "i", "j", "k", "v", "q"]
_MOST_ROWS = 3_000_000
_BLOCK = 8_000_000  # bytes of text at a time
_MOST_CODES = 1_000_000  # bytes


def is_mine(head: Head) -> bool:
    """Whether it holds a year of BACI."""
    return any(_YEAR_FILE.fullmatch(name) for name in head.members)


def read(path: Path, wanted: Wanted) -> Taken:
    """Flows of products that touch the wanted countries, in whole dollars and tonnes."""
    with importing.archive(path) as opened:
        years = [found for name in opened.namelist() if (found := _YEAR_FILE.fullmatch(name))]
        editions = {(found[1], found[3], found[4]) for found in years}
        if len(editions) > 1 or len({found[2] for found in years}) < len(years):
            raise InputError(
                f"{path.name}: it holds several nomenclatures or editions ({shown(found[0] for found in years)}). "
                "Import the archive of one, as CEPII gives it."
            )
        codes = _codes(opened, path.name)
        unknown: dict[int, int] = {}
        frames = []
        rows = 0
        for found in sorted(years, key=lambda each: each[2]):
            for frame in _year(opened, found, codes, wanted, unknown, path.name):
                rows += len(frame)
                if rows > _MOST_ROWS:
                    raise InputError(
                        f"{path.name}: more than {_MOST_ROWS:,} rows are wanted of it. Name the countries that matter."
                    )
                frames.append(frame)
        names = _names(opened, path.name)
    if not rows:
        raise InputError(f"{path.name}: no row in it is wanted and has an exporter and an importer with a code here.")
    made = pd.concat(frames, ignore_index=True)
    key = ["exporter", "importer", "product", "year"]
    twice = made.duplicated(key)
    if twice.any():
        first = made[twice].iloc[0]
        raise InputError(
            f"{path.name}: {first['exporter']} to {first['importer']}, product {first['product']} of {first['year']}, "
            "stands more than once. Download the archive again."
        )
    nomenclature, year, month = editions.pop()
    kept, said = importing.answers(path)
    texts = {"currency": "USD", "prices": "current", "valuation": "FOB", "nomenclature": nomenclature}
    made = made.assign(**texts)
    made = made[["exporter", "importer", "product", "nomenclature", "year", "value", *_MONEY, "tonnes"]]
    left = (
        f" {counted(sum(unknown.values()), 'row', 'rows')} left out whose exporter or importer has no code here: "
        f"{named(names.get(code, str(code)) for code in unknown)}."
        if unknown
        else ""
    )
    source = {
        "producer": "CEPII",
        "title": f"BACI, trade by product ({nomenclature})",
        "publisher": None,
        "address": "https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=37",
        "licence": "Etalab Open Licence 2.0",
        "vintage": f"{year}-{month}" if month else year,
        "kind": "statistical",
        "note": (
            f"{said} Thousand dollars, written as whole dollars. Exporter's and importer's reports are reconciled by "
            f"CEPII, freight is taken off.{left}"
        ),
    }
    return Taken("product_flows", made, source, kept)


_MONEY = ("currency", "prices", "valuation")


def _year(
    opened: zipfile.ZipFile,
    found: re.Match[str],
    codes: dict[int, str],
    wanted: Wanted,
    unknown: dict[int, int],
    where: str,
) -> Iterator[pd.DataFrame]:
    """The wanted rows of a year, block by block."""
    about = set(wanted.about)
    inside = f"{where}, {found[0]}"
    with opened.open(found[0]) as stream:
        for block in _blocks(stream, inside):
            rows = block.to_pandas()
            if (rows["t"] != int(found[2])).any():
                raise InputError(f"{inside}: it holds other years than {found[2]}. Download the archive again.")
            exporter, importer = rows["i"].map(codes), rows["j"].map(codes)
            known = exporter.notna() & importer.notna()
            for side, ours in (("i", exporter), ("j", importer)):
                for code, count in rows.loc[ours.isna(), side].value_counts().items():
                    unknown[int(str(code))] = unknown.get(int(str(code)), 0) + int(count)
            keep = known & (exporter.isin(about) | importer.isin(about)) if about else known
            rows = rows[keep]
            if rows["v"].isna().any() or (rows["v"] < 0).any():
                raise InputError(f"{inside}: a flow has no value, or one below zero. Download the archive again.")
            if len(rows):
                yield pd.DataFrame(
                    {
                        "exporter": exporter[keep].astype("str"),
                        "importer": importer[keep].astype("str"),
                        "product": rows["k"].str.zfill(6),
                        "year": rows["t"].astype("int64"),
                        "value": (rows["v"] * 1000).round(),
                        "tonnes": rows["q"],
                    }
                )


def _blocks(stream: IO[bytes], where: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.csv as pc

    types = {"t": pa.int64(), "i": pa.int64(), "j": pa.int64(), "k": pa.string(), "v": pa.float64(), "q": pa.float64()}
    convert = pc.ConvertOptions(column_types=types, null_values=["NA", ""], strings_can_be_null=False)
    first = True
    try:
        with pc.open_csv(
            _Spaceless(stream), pc.ReadOptions(use_threads=False, block_size=_BLOCK), convert_options=convert
        ) as blocks:
            if blocks.schema.names != _COLUMNS:
                raise InputError(
                    f"{where}: the columns are {shown(blocks.schema.names)}; expected were {shown(_COLUMNS)}."
                )
            for block in blocks:
                first = first and not block.num_rows
                yield block
    except (pa.ArrowException, zipfile.BadZipFile, EOFError, OSError) as error:
        raise InputError(
            f"{where}: it cannot be read to its end ({printed(error)}). Download the archive again."
        ) from None
    if first:
        raise InputError(f"{where}: there is no row in it. Download the archive again.")


class _Spaceless(io.RawIOBase):
    """A stream without its spaces: BACI pads numbers with them, and NA too."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while True:
            found = self._stream.read(size)
            kept = found.replace(b" ", b"")
            if kept or not found:
                return kept


def _codes(opened: zipfile.ZipFile, where: str) -> dict[int, str]:
    """The house's code of each number: as in UN Comtrade, or by the archive's own list where that has another."""
    codes = {int(theirs): ours for theirs, ours in publisher_codes("comtrade").items()}
    house = set(catalogue.country_names())
    for number, row in _list(opened, where).items():
        code = row.get("country_iso3", "")
        if number not in codes and code in house:
            codes[number] = code
    return codes


def _names(opened: zipfile.ZipFile, where: str) -> dict[int, str]:
    return {number: row.get("country_name", str(number)) for number, row in _list(opened, where).items()}


def _list(opened: zipfile.ZipFile, where: str) -> dict[int, dict[str, str]]:
    name = next((name for name in opened.namelist() if _CODES_FILE.fullmatch(name)), None)
    if name is None:
        raise InputError(f"{where}: the list of countries (country_codes_V….csv) is not in it. Download it again.")
    if opened.getinfo(name).file_size > _MOST_CODES:
        raise InputError(f"{where}: the list of countries is far larger than any is. Download the archive again.")
    rows = list(csv.DictReader(io.StringIO(opened.read(name).decode("utf-8-sig", errors="replace"))))
    if not rows or not {"country_code", "country_name", "country_iso3"} <= set(rows[0]):
        raise InputError(
            f"{where}, {name}: the columns are {shown(rows[0] if rows else ())}; expected were country_code, "
            "country_name, country_iso3."
        )
    return {int(row["country_code"]): row for row in rows if str(row["country_code"]).isdigit()}
