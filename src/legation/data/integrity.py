"""Whether vintages of any size are what was kept, and their rows what their table's contract promises."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pandera.pandas as pa

from legation.checkout import home
from legation.data import contracts, vintages
from legation.data.fetching import printable
from legation.data.vintages import Vintage
from legation.errors import InputError

if TYPE_CHECKING:
    import duckdb

_ANSWER = re.compile(r"answers/\d{4,9}\.gz")


def check(countries: Collection[str], code_columns: Collection[str]) -> list[str]:
    """What is wrong with the vintages that are kept, a sentence for each fault with the folder and what to do.

    Of each: whether its rows and answers are those that were kept (their hashes), whether the rows keep their table's
    contract as it is now, and whether their codes are known. Files are read in a stream, and of the rows only what
    each column holds: its different texts, the least and the greatest of its numbers.

    Parameters
    ----------
    countries
        The codes that are known.
    code_columns
        The columns that hold such codes.
    """
    found = []
    for about in vintages.abouts():
        try:
            vintage = vintages.described_in(about)
            wrong = _damaged(vintage)
        except (InputError, OSError) as error:
            found.append(str(error))
            continue
        shown = vintage.folder.relative_to(home()).as_posix()
        again = f"remove it and run `legation data refresh {vintage.feed}`, or import its file again"
        if wrong:
            found.append(f"{shown}: {wrong}. Restore the folder from a copy, or {again}.")
            continue
        wrongs = list(misfits(vintage.file, vintage.table, countries, code_columns))
        number = vintages.rows_of(vintage.file)
        if number != vintage.rows:
            wrongs.append(f"{vintage.file.name} has {number:,} rows, and {about.name} says {vintage.rows:,}.")
        found += [f"{shown}: {each} Otherwise {again}." for each in wrongs]
    return found


def misfits(
    rows: Path, table: str, countries: Collection[str] = (), code_columns: Collection[str] = ()
) -> Iterator[str]:
    """Where the rows of a Parquet file do not keep their table's contract, or name a country that is not known.

    Every rule of a contract is about single cells, and of numbers only about bounds. Of a key that stands twice the
    rows lie together, for such files are sorted by their key.
    """
    import duckdb

    with vintages.database() as base:
        try:
            base.read_parquet(str(rows)).create_view("held")
            columns = [str(row[0]) for row in base.execute("DESCRIBE held").fetchall()]
        except duckdb.Error as error:
            yield f"{rows.name} cannot be read ({printable(str(error).splitlines()[0])})."
            return
        odd = sorted(set(columns) ^ set(vintages.columns(table)))
        if odd:
            yield f"{printable(', '.join(odd))}: columns too many or too few for the table {table}."
            return
        for column in columns:
            values = _different(base, column, numbers=vintages.is_number(table, column))
            if wrong := _breaks(values, table, column):
                yield wrong
            elif column in code_columns:
                unknown = sorted(set(values.dropna()) - set(countries))
                if unknown:
                    others = f" and {len(unknown) - 1:,} others" if len(unknown) > 1 else ""
                    yield f"column {column}: data/trade/countries.csv has no code '{unknown[0]}'{others}. Add it there."
        key = [column for column in contracts.TABLES[table].unique or [] if column != "source"]
        named = ", ".join(f'"{column}"' for column in key)
        twice = (
            f"SELECT {named} FROM (SELECT {named}, lag(({named})) OVER () AS above FROM held) "  # noqa: S608
            f"WHERE above = ({named}) LIMIT 1"
        )
        for same in base.execute(twice).fetchall():
            told = ", ".join(f"{column} {value}" for column, value in zip(key, same, strict=True))
            yield f"the same key stands more than once ({printable(told)})."


def _damaged(vintage: Vintage) -> str | None:
    """How the files differ from those that were kept."""
    if not vintage.file.is_file():
        return f"{vintage.file.name} is missing"
    if vintages.hash_of(vintage.file) != vintage.sha256:
        return f"{vintage.file.name} is not the file that was kept: its hash is another"
    for request in vintage.requests:
        name = request.get("file", "")
        if name is None:  # too large to be kept: only its hash was
            continue
        if not _ANSWER.fullmatch(str(name)):
            return f"{vintage.about.name} names an answer '{printable(str(name))}', which is no file of this folder"
        try:
            with gzip.open(vintage.folder / str(name)) as opened:
                sha = hashlib.file_digest(opened, "sha256").hexdigest()
        except FileNotFoundError:
            return f"{name} is missing"
        except (OSError, EOFError, zlib.error):
            return f"{name} cannot be unpacked"
        if sha != request.get("sha256"):
            return f"{name} is not the answer that was kept: its hash is another"
    return None


def _different(base: duckdb.DuckDBPyConnection, column: str, *, numbers: bool) -> pd.Series[Any]:
    """The different values of a column; of numbers, whose rules are bounds, the least, the greatest, and any gap."""
    if not numbers:
        values = [row[0] for row in base.execute(f'SELECT DISTINCT "{column}" FROM held').fetchall()]  # noqa: S608
        return pd.Series(values, name=column, dtype=object)
    ends = f'min("{column}"), max("{column}"), count("{column}"), count(*)'
    ((least, greatest, stated, number),) = base.execute(f"SELECT {ends} FROM held").fetchall()  # noqa: S608
    return pd.Series([least, greatest][: 2 * bool(stated)] + [None] * (stated < number), name=column, dtype=object)


def _breaks(values: pd.Series[Any], table: str, column: str) -> str | None:
    """Which rule of a column a value breaks, as a sentence."""
    try:
        frame = vintages.typed(values.to_frame(), table)
        pa.DataFrameSchema({column: contracts.TABLES[table].columns[column]}).validate(frame)
    except (TypeError, ValueError):
        return f"column {column}: not every value is a number, or one is missing."
    except pa.errors.SchemaError as error:
        case = error.failure_cases["failure_case"].iloc[0]
        rule = getattr(error.check, "error", None) or "a value that is not empty"
        shown = "an empty cell" if pd.isna(case) else f"'{printable(str(case))}'"
        return f"column {column}: {shown} where {rule} must stand."
    return None
