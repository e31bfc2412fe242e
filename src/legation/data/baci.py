"""CEPII's BACI: trade by product between all countries, reconciled from what exporter and importer reported (ZIP).

The archive of a nomenclature holds a CSV for each year, ``BACI_HS92_Y2020_V202401b.csv``, with the columns t (year),
i (exporter), j (importer), k (product, six digits), v (thousand current dollars, free on board: freight is estimated
and taken off) and q (tonnes, NA where unknown), and ``country_codes_V202401b.csv``. Countries have the numbers of UN
Comtrade. Gaulier and Zignago (2010), BACI: international trade database at the product level, CEPII working paper
2010-23.

It fills two tables: the flows of products as they are, and goods flows, which are their sums over products. Each year
is read block by block as it streams out of the archive, so that a table of a hundred million rows takes no more memory
than a small one; the flows of products become a file in the order of their key.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from legation.data import catalogue, importing, vintages
from legation.data.codes import publisher_codes
from legation.data.importing import Head, Wanted, counted, named, printed, shown
from legation.data.vintages import Taken
from legation.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

TITLE = "an archive of CEPII's BACI"
FORM = "BACI_HS92_Y2020_V202401b.csv and country_codes_V202401b.csv in a ZIP"
TABLES = ("product_flows", "goods_flows")

#: The DPRK reports no trade: CEPII's rows for it are what its partners report.
_NEVER_REPORT = ("PRK",)
_YEAR_FILE = re.compile(r"(?:.*/)?BACI_(HS\d\d)_Y(\d{4})_V(\d{4})(\d{2})?\w*\.csv")
_CODES_FILE = re.compile(r"(?:.*/)?country_codes(?:_HS\d\d)?_V\w+\.csv")
_COLUMNS = ["t", "i", "j", "k", "v", "q"]
_BLOCK = 8_000_000  # bytes of text at a time
_MOST_CODES = 1_000_000  # bytes
_MONEY = {"currency": "USD", "prices": "current", "valuation": "FOB"}
_IN_ORDER = """
    SELECT e.code AS exporter, m.code AS importer, lpad(k, 6, '0') AS product, ? AS nomenclature, t AS "year",
        round(v * 1000) AS "value", ? AS currency, ? AS prices, ? AS valuation, q AS tonnes
    FROM codes e, codes m, read_parquet(?) WHERE i = e.number AND j = m.number
    ORDER BY exporter, importer, product, "year"
"""


def is_mine(head: Head) -> bool:
    """Whether it holds a year of BACI."""
    return any(_YEAR_FILE.fullmatch(name) for name in head.members)


def read(path: Path, wanted: Wanted) -> Taken:
    """Flows of products, or goods flows, that touch the wanted countries, in whole dollars and tonnes."""
    with importing.archive(path) as opened:
        years = [found for name in opened.namelist() if (found := _YEAR_FILE.fullmatch(name))]
        editions = {(found[1], found[3], found[4]) for found in years}
        if len(editions) > 1 or len({found[2] for found in years}) < len(years):
            raise InputError(
                f"{path.name}: it holds several nomenclatures or editions ({shown(found[0] for found in years)}). "
                "Import the archive of one, as CEPII gives it."
            )
        nomenclature, year, month = editions.pop()
        archive = _Archive(opened, path.name, sorted(years, key=lambda each: each[2]), _codes(opened, path.name))
        if wanted.table == "product_flows":
            rows: pd.DataFrame | Path = _products(archive, set(wanted.about), nomenclature)
            said = ""
        else:
            rows = _totals(archive, set(wanted.about))
            said = " Summed here over products; the total of a country includes partners without a code here."
        names = _names(opened, path.name)
    unknown = archive.unknown
    if unknown:
        said += (
            f" {counted(sum(unknown.values()), 'row', 'rows')} left out whose exporter or importer has no code here: "
            f"{named(names.get(code, str(code)) for code in unknown)}."
        )
    kept, where_from = importing.answers(path)
    source = {
        "producer": "CEPII",
        "title": f"BACI, trade by product ({nomenclature})",
        "publisher": None,
        "address": "https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=37",
        "licence": "Etalab Open Licence 2.0",
        "vintage": f"{year}-{month}" if month else year,
        "kind": "statistical",
        "note": (
            f"{where_from} Thousand dollars, written as whole dollars. Exporter's and importer's reports are "
            f"reconciled by CEPII, freight is taken off.{said}"
        ),
    }
    return Taken(wanted.table, rows, source, kept)


@dataclass
class _Archive:
    """An opened archive, its years in order, and the house's code of each number."""

    opened: zipfile.ZipFile
    name: str
    years: list[re.Match[str]]
    codes: dict[int, str]
    unknown: dict[int, int] = field(default_factory=dict)  # rows in which a number without a code stands

    def blocks(self) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Each year with its rows, block by block, checked."""
        numbers = np.array(sorted(self.codes), dtype="int64")
        for found in self.years:
            year, inside = int(found[2]), f"{self.name}, {found[0]}"
            with self.opened.open(found[0]) as stream:
                for block in _blocks(stream, inside):
                    if (_numbers(block, "t") != year).any():
                        raise InputError(f"{inside}: it holds other years than {year}. Download the archive again.")
                    if not (_numbers(block, "v") >= 0).all():
                        raise InputError(
                            f"{inside}: a flow has no value, or one below zero. Download the archive again."
                        )
                    for side in (_numbers(block, "i"), _numbers(block, "j")):
                        for number, count in pd.Series(side[~np.isin(side, numbers)]).value_counts().items():
                            self.unknown[int(str(number))] = self.unknown.get(int(str(number)), 0) + int(count)
                    yield year, block

    def numbers_of(self, about: set[str]) -> np.ndarray[Any, Any]:
        """The numbers that stand for the wanted countries, or for any."""
        return np.array([number for number, code in self.codes.items() if not about or code in about], dtype="int64")

    def none(self) -> InputError:
        return InputError(f"{self.name}: no row in it is wanted and has an exporter and an importer with a code here.")


def _products(archive: _Archive, about: set[str], nomenclature: str) -> Path:
    """A file of the flows of products, in the order of their key."""
    folder = vintages.workplace()
    unsorted, made = folder / "unsorted.parquet", folder / "rows.parquet"
    try:
        _put_wanted(archive, about, unsorted)
        with vintages.database(folder) as base:
            base.register("codes", pd.DataFrame({"number": list(archive.codes), "code": list(archive.codes.values())}))
            rows = base.sql(_IN_ORDER, params=[nomenclature, *_MONEY.values(), str(unsorted)])
            rows.write_parquet(str(made), compression="zstd")
        unsorted.unlink()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return made


def _put_wanted(archive: _Archive, about: set[str], file: Path) -> None:
    """Write the rows that touch a wanted country, in the archive's own form and order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    known, wanted = archive.numbers_of(set()), archive.numbers_of(about)
    rows = 0
    with contextlib.ExitStack() as stack:
        writer: pq.ParquetWriter | None = None
        for _, block in archive.blocks():
            one, other = (_numbers(block, side) for side in ("i", "j"))
            keep = np.isin(one, known) & np.isin(other, known)
            if about:
                keep &= np.isin(one, wanted) | np.isin(other, wanted)
            chosen = block.filter(pa.array(keep))
            rows += chosen.num_rows
            writer = writer or stack.enter_context(pq.ParquetWriter(file, block.schema))
            writer.write_batch(chosen)
    if not rows:
        raise archive.none()


def _totals(archive: _Archive, about: set[str]) -> pd.DataFrame:
    """Goods flows: sums over products for each pair, with all partners, and with the groups that have members."""
    found = []
    for year, block in archive.blocks():
        pairs = block.select(["i", "j", "v"]).to_pandas().groupby(["i", "j"], as_index=False)["v"].sum()
        found.append(pairs.assign(year=year))
    if not found:
        raise archive.none()
    pairs = pd.concat(found).groupby(["i", "j", "year"], as_index=False)["v"].sum()
    exporter, importer = pairs["i"].map(archive.codes), pairs["j"].map(archive.codes)
    both = pd.concat(
        [
            pairs.assign(reporter=exporter, partner=importer, flow="export"),
            pairs.assign(reporter=importer, partner=exporter, flow="import"),
        ]
    )
    both = both[both["reporter"].notna() & ~both["reporter"].isin(_NEVER_REPORT)]
    key = ["reporter", "flow", "year"]
    parts = [both.dropna(subset=["partner"])[["partner", *key, "v"]].assign(note=None)]
    parts.append(both.groupby(key, as_index=False)["v"].sum().assign(partner="WLD", note="Sum of all partners"))
    for group in catalogue.open("country_groups")["group"].unique():
        inside = both[both["partner"].isin(catalogue.members(group))]
        summed = inside.groupby(key, as_index=False)["v"].sum()
        parts.append(summed.assign(partner=group, note="Sum of the members’ figures"))
    made = pd.concat(parts, ignore_index=True)
    if about:
        made = made[made["reporter"].isin(about) | made["partner"].isin(about)]
    if made.empty:
        raise archive.none()
    made = made.groupby([*key, "partner", "note"], as_index=False, dropna=False)["v"].sum()
    made = made.assign(value=(made["v"] * 1000).round(), **_MONEY, status="reconciled", months=12)
    return vintages.typed(made[vintages.columns("goods_flows")], "goods_flows")


def _numbers(block: pa.RecordBatch, column: str) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = block.column(column).to_numpy(zero_copy_only=False)
    return found


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
    house = set(catalogue.open("countries", kind="country")["code"])
    codes = {int(theirs): ours for theirs, ours in publisher_codes("comtrade").items() if ours in house}
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
