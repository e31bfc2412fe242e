"""Files that an analyst downloaded by hand: recognised by what they hold, checked, and turned into rows of a table.

`read` takes the file of any kind in ``KINDS``. Each kind is a module beside this one with ``TITLE``, ``FORM`` (what
its files look like, for messages), ``TABLES`` (which it fills), ``is_mine(head)`` and ``read(path, wanted)``.
Nothing here trusts a file: a page saved in place of a table, a file that broke off, an archive that would fill the
disk or that names paths outside itself are each refused with a sentence.
"""

from __future__ import annotations

import csv
import html
import importlib
import re
import stat
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from legation.data.catalogue import check_codes
from legation.data.vintages import Answer, Taken, Unkept
from legation.errors import InputError, nearest

#: Each is a module beside this one.
KINDS = ("dots", "comtrade_file", "sipri", "unga", "nso_vietnam", "baci")
#: A text file is read whole. The largest known, the roll calls of all states since 1946, has a tenth of this.
MOST_TEXT = 500_000_000
#: What an archive may hold when unpacked. BACI's largest has 30 years of about 400 megabytes.
MOST_UNPACKED = 40_000_000_000
#: Tables of figures shrink to a tenth or a fifth. What shrinks to less than a two-hundredth was made to fill a disk.
MOST_SHRUNK = 200
#: Larger files are not kept beside their rows; their hash is noted.
MOST_KEPT = 64_000_000
_MEMBERS = 10_000
_WORKBOOK = "xl/workbook.xml"
_HEAD = 65_536
#: "Code of the trading partner", a column of the exports from stats.customs.gov.cn.
_PARTNER_CODE = "贸易伙伴编码"
_MAGIC = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls). Save it as .xlsx or CSV, and import that",
    b"\x1f\x8b": "packed with gzip. Unpack it, and import what is in it",
    b"7z\xbc\xaf": "packed with 7-Zip. Unpack it, and import what is in it",
    b"%PDF": "a PDF. Download the table as CSV or as a workbook",
}


class Kind(Protocol):
    """What the module of a kind of file has."""

    TITLE: str
    FORM: str
    TABLES: tuple[str, ...]

    def is_mine(self, head: Head) -> bool:
        """Whether a file is of this kind, by its beginning."""

    def read(self, path: Path, wanted: Wanted) -> Taken:
        """Its rows. `InputError` with a sentence where the file is not as its kind should be."""


@dataclass(frozen=True)
class Head:
    """How a file begins.

    Attributes
    ----------
    form
        ``"text"``, ``"parquet"`` or ``"zip"``.
    lines
        The first lines of a text; the byte order mark is left out.
    columns
        Names of the columns of a Parquet file.
    members
        Names of what an archive holds. A workbook is an archive too.
    sheets
        Names of a workbook's sheets.
    chinese
        Whether it is a table of China's customs, which is not read.
    """

    name: str
    form: str
    lines: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    chinese: bool = False


@dataclass(frozen=True)
class Wanted:
    """What a reader is asked for: a table, the date of the figures if the file does not state it, and countries."""

    table: str
    vintage: str | None = None
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recognised:
    """What a file was found to be: a name that a feed can have, a title, and the tables it fills."""

    name: str
    title: str
    tables: tuple[str, ...]


def recognise(path: Path) -> Recognised:
    """What kind of file this is.

    Raises
    ------
    InputError
        If it is none that is known: what was found, what the known kinds look like, and the nearest.
    """
    name, kind = _kind(path)
    return Recognised(name.replace("_", "-"), kind.TITLE, kind.TABLES)


def read(path: Path, *, vintage: str | None = None, table: str | None = None, about: Iterable[str] = ()) -> Taken:
    """The rows of a file that was downloaded by hand.

    Parameters
    ----------
    path
        The file. Its kind is recognised by what it holds, not by its name.
    vintage
        The date of the figures, as ``2022``, ``2022-05`` or ``2022-05-14``, where the file does not state it.
    table
        Which table, if files of this kind fill several; the first of `recognise` otherwise.
    about
        Only rows that touch one of these countries.

    Raises
    ------
    InputError
        If the file is of no known kind, is not whole, is dangerous, or an argument does not fit.
    """
    _, kind = _kind(path)
    if vintage is not None and not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", vintage):
        raise InputError(f"'{vintage}' is no date of figures. Write 2022, 2022-05 or 2022-05-14.")
    chosen = table or kind.TABLES[0]
    if chosen not in kind.TABLES:
        raise InputError(
            f"{path.name}: {kind.TITLE} fills {' and '.join(kind.TABLES)}, "
            f"not '{chosen}'{nearest(chosen, kind.TABLES)}."
        )
    codes = tuple(dict.fromkeys(about))
    check_codes(list(codes))
    try:
        return kind.read(path, Wanted(chosen, vintage, codes))
    except InputError:
        raise
    except (OSError, zipfile.BadZipFile, EOFError, ValueError) as error:
        raise InputError(
            f"{path.name}: it is {kind.TITLE}, but cannot be read to its end ({_plain(error)}). Download it again."
        ) from error


# --- for the modules of the kinds


def text_table(path: Path, columns: Sequence[str], *, skip: int = 0, ending: str = "") -> pd.DataFrame:
    """A CSV as text, its cells stripped of spaces, with the number of its line as index.

    Parameters
    ----------
    columns
        Those it must have, in any order.
    skip
        Lines before the header.
    ending
        What stands at the end of each line besides.

    Raises
    ------
    InputError
        If a column is missing, a line has too few or too many cells, the last line broke off, or it is no UTF-8.
    """
    lines = re.split(r"\r\n|\r|\n", _whole_text(path))[skip:]
    if ending:
        for number, line in enumerate(lines, start=skip + 1):
            if line and not line.rstrip().endswith(ending):
                raise InputError(
                    f"{path.name}, line {number}: it does not end with '{ending}' as the others do. The file seems to "
                    "have broken off. Download it again."
                )
        lines = [line.rstrip().removesuffix(ending) for line in lines]
    rows = csv.reader(lines, strict=True)
    header: list[str] = []
    cells: list[list[str]] = []
    numbers: list[int] = []
    try:
        header = [cell.strip() for cell in next(rows, [])]
        start = rows.line_num + 1
        for row in rows:
            if row and len(row) != len(header):
                raise InputError(
                    f"{path.name}, line {start + skip}: {len(row)} cells where the header has {len(header)}. The file "
                    "may have broken off there, or a text with a comma is not in quotation marks. Download it again."
                )
            if row:
                cells.append([cell.strip() for cell in row])
                numbers.append(start + skip)
            start = rows.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path.name}, line {rows.line_num + skip}: {error}. Download the file again.") from None
    missing = [column for column in columns if column not in header]
    if missing or len(set(header)) != len(header):
        raise InputError(
            f"{path.name}, line {skip + 1}: the columns are {shown(header)}; expected were {shown(columns)}."
        )
    if not cells:
        raise InputError(f"{path.name}: there is a header and no row under it. Download the file again.")
    return pd.DataFrame(cells, columns=header, index=numbers, dtype=str)


def figures(cells: pd.Series[Any], where: str) -> pd.Series[Any]:
    """Cells as numbers. The first that is none is told with its line; empty ones are missing."""
    numbers = pd.to_numeric(cells.where(cells != ""), errors="coerce").astype("float64")
    wrong = (cells != "") & ~numbers.abs().lt(float("inf"))
    if wrong.any():
        line = cells.index[wrong][0]
        raise InputError(
            f"{where}, line {line}, column {cells.name}: '{printed(cells[line])}' where a number must stand."
        )
    return numbers


def years(cells: pd.Series[str], where: str) -> pd.Series[int]:
    """Cells as years of the last century or this one. The first that is none is told with its line."""
    wrong = ~cells.str.fullmatch(r"(19|20)\d\d")
    if wrong.any():
        line = cells.index[wrong][0]
        raise InputError(
            f"{where}, line {line}, column {cells.name}: '{printed(cells[line])}' where a year must stand."
        )
    return cells.astype("int64")


def archive(path: Path) -> zipfile.ZipFile:
    """An archive that is safe to read from.

    Raises
    ------
    InputError
        If it names a path outside itself, is locked, broken, or would be far larger when unpacked than it can be.
    """
    try:
        opened = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError(f"{path.name}: the archive is broken ({_plain(error)}). Download it again.") from None
    members = opened.infolist()
    packed, unpacked = path.stat().st_size, sum(member.file_size for member in members)
    most = MOST_TEXT if any(member.filename == _WORKBOOK for member in members) else MOST_UNPACKED
    wrong = next((_wrong_with(member) for member in members if _wrong_with(member)), None)
    if len(members) > _MEMBERS:
        wrong = f"it holds {len(members):,} files"
    elif unpacked > most or unpacked > MOST_SHRUNK * max(packed, 1):
        wrong = f"its {packed:,} bytes would become {unpacked:,} when unpacked, more than any table does"
    if wrong:
        opened.close()
        raise InputError(f"{path.name}: {wrong}. Nothing was read of it. Get it from the publisher's own page.")
    return opened


def answers(path: Path) -> tuple[list[Answer | Unkept], str]:
    """The file as it is kept beside its rows, and a sentence that identifies it."""
    size = path.stat().st_size
    if size <= MOST_KEPT:
        return [Answer(path.name, path.read_bytes())], f"Read from the file {printed(path.name)}."
    return [Unkept(path)], f"Read from the file {printed(path.name)} of {size:,} bytes, which is not kept here."


def counted(number: int, one: str, many: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number:,} {one if number == 1 else many}"


def printed(text: object) -> str:
    """Somebody else's words, safe and short enough for a message."""
    plain = "".join(letter if letter.isprintable() else " " for letter in str(text)).strip()
    return plain if len(plain) <= 60 else f"{plain[:57]}..."


def shown(names: Iterable[object], most: int = 12) -> str:
    """Names of columns, for a message."""
    listed = [printed(name) or "(blank)" for name in names]
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return (", ".join(listed[:most]) or "none") + more


def named(names: Iterable[object], most: int = 8) -> str:
    """Names that were left out, sorted, for a note; some hold a comma, so a semicolon parts them."""
    listed = sorted(set(map(printed, names)))
    return "; ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")


# --- helpers


def _kind(path: Path) -> tuple[str, Kind]:
    head = _head(path)
    for name in KINDS:
        kind = _module(name)
        if kind.is_mine(head):
            return name, kind
    raise InputError(_unknown(head))


def _module(name: str) -> Kind:
    found: Any = importlib.import_module(f"legation.data.{name}")
    return found  # type: ignore[no-any-return]


def _head(path: Path) -> Head:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path}: it is no file. Give the file that was downloaded.")
        with path.open("rb") as opened:
            start = opened.read(_HEAD)
    except OSError as error:
        raise InputError(f"{path}: it cannot be read ({error.strerror or 'no reason given'}).") from None
    if not start:
        raise InputError(f"{path.name}: the file is empty. Download it again.")
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            raise InputError(f"{path.name}: it is {what}.")
    if start.startswith(b"PAR1"):
        return Head(path.name, "parquet", columns=_parquet_columns(path))
    if start.startswith(b"PK"):
        with archive(path) as opened:
            return Head(path.name, "zip", members=tuple(opened.namelist()), sheets=_sheets(path, opened))
    text = start.decode("utf-8-sig", errors="replace")
    if re.match(r"\s*(<!doctype|<html|<head|<\?xml)", text, re.IGNORECASE):
        title = re.search(r"<title[^>]*>([^<]{1,200})", text, re.IGNORECASE)
        said = f", '{printed(title[1])}'" if title else ""
        raise InputError(
            f"{path.name}: it is a web page{said}, not a table: often what a site gives in place of a file to those "
            "who are not signed in. Open the site, and download the table again."
        )
    if b"\x00" in start:
        raise InputError(f"{path.name}: it is neither text nor a workbook, Parquet file or archive. {_known()}")
    chinese = any(_PARTNER_CODE in start.decode(encoding, errors="replace") for encoding in ("utf-8", "gb18030"))
    return Head(path.name, "text", lines=tuple(text.splitlines()[:40]), chinese=chinese)


def _parquet_columns(path: Path) -> tuple[str, ...]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return tuple(pq.ParquetFile(path).schema_arrow.names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path.name}: the Parquet file is broken ({_plain(error)}). Download it again.") from None


def _sheets(path: Path, opened: zipfile.ZipFile) -> tuple[str, ...]:
    """Names of a workbook's sheets. What it says itself is read, which is quick and loads nothing."""
    if _WORKBOOK not in opened.namelist():
        return ()
    if opened.getinfo(_WORKBOOK).file_size > _HEAD * 16:
        raise InputError(f"{path.name}: the workbook has more sheets than any table does. Nothing was read of it.")
    try:
        return tuple(
            map(html.unescape, re.findall(r'<sheet [^>]*?name="([^"]*)"', opened.read(_WORKBOOK).decode("utf-8")))
        )
    except (zipfile.BadZipFile, UnicodeDecodeError, EOFError, OSError) as error:
        raise InputError(f"{path.name}: the workbook is broken ({_plain(error)}). Download it again.") from None


def _whole_text(path: Path) -> str:
    if path.stat().st_size > MOST_TEXT:
        raise InputError(f"{path.name}: the file has more than {MOST_TEXT:,} bytes, far more than its kind does.")
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name}: byte {error.start} is not UTF-8. Download it again, or save it as CSV UTF-8."
        ) from None


def _wrong_with(member: zipfile.ZipInfo) -> str | None:
    name = member.orig_filename.replace("\\", "/")
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
        return f"it names a path outside itself ('{printed(name)}')"
    if member.flag_bits & 0x1:
        return f"'{printed(name)}' is locked with a password"
    if stat.S_ISLNK(member.external_attr >> 16):
        return f"'{printed(name)}' is a link to another file"
    return None


def _known() -> str:
    return "Known are " + "; ".join(f"{_module(name).TITLE} ({_module(name).FORM})" for name in KINDS) + "."


def _unknown(head: Head) -> str:
    if head.chinese:
        return (
            f"{head.name}: it seems to be an export from the statistics pages of China's customs. It does not say "
            "whether its figures are imports or exports, so it is not imported. Enter what you need by hand in data/."
        )
    if head.form == "parquet":
        found = f"a Parquet file with the columns {shown(head.columns)}"
        likely = _nearest_kind(head.columns)
    elif head.form == "zip":
        what = "a workbook" if _WORKBOOK in head.members else "an archive"
        inside = head.sheets or head.members
        found, likely = f"{what} with {shown(inside, 6)}", _nearest_kind(inside)
    else:
        first = next((line for line in head.lines if line.strip()), "")
        cells = re.split(r"[,;\t]", first)
        found, likely = f"a text whose first line is '{printed(first)}'", _nearest_kind(cells)
    return (
        f"{head.name}: it is {found}, which is no file that is known.{likely} {_known()} docs/live-data.md tells more."
    )


def _nearest_kind(words: Iterable[str]) -> str:
    """A hint at the kind whose form shares most words, two at least, with a file's columns or members."""
    found = {word.casefold() for text in words for word in re.findall(r"[A-Za-z]{2,}", text)}
    shared = {
        name: len(found & {word.casefold() for word in re.findall(r"[A-Za-z]{2,}", _module(name).FORM)})
        for name in KINDS
    }
    best = max(KINDS, key=lambda name: shared[name])
    return f" The nearest is {_module(best).TITLE}." if shared[best] > 1 else ""


def _plain(error: Exception) -> str:
    return printed(str(error).splitlines()[0] if str(error) else type(error).__name__)
