"""The IMF's Direction of Trade Statistics, in files that were downloaded before it became IMTS.

Two forms are read. A *table* (Parquet or CSV) has the columns reporter, partner, flow (X or M), year and value in
million dollars, under the names the IMF gave; it is what public copies of the whole data set hold. A *workbook* is
what the IMF's pages gave for one country under "Exports and Imports by Areas and Countries" until they were closed
in November 2025: sheets "Exports, FOB" and "Imports, CIF", years in a row, partners below.

Rows of North Korea as reporter are left out: it reports nothing, and the IMF fills the gap with its partners'
figures over or times 1.06. Imports of the United States are CIF to 2010 and equal the Census Bureau's customs value
from 2011 on, whatever the label says (data/README.md, caution 9).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from legation.data import importing
from legation.data.codes import publisher_codes
from legation.data.importing import Head, Wanted, counted, named, printed, shown
from legation.data.vintages import Taken
from legation.errors import InputError

if TYPE_CHECKING:
    import duckdb

TITLE = "a table of the IMF's Direction of Trade Statistics"
FORM = "columns reporter, partner, flow, year, value, or sheets Exports FOB and Imports CIF"
TABLES = ("goods_flows",)

_COLUMNS = ("reporter", "partner", "flow", "year", "value")
_MOST_MEMORY = "1GB"
_MOST_ROWS = 5_000_000
_MOST_CELLS = 2_000_000
_SHEETS = {"Exports, FOB": "export", "Imports, CIF": "import"}
_UNIT = re.compile(r"million", re.IGNORECASE)
_YEARS = (1800, 2100)
_USA_CUSTOMS_SINCE = 2011


def is_mine(head: Head) -> bool:
    """Whether it has the columns of the table, or is a workbook with one of the sheets."""
    if head.form == "parquet":
        return set(_COLUMNS) <= set(head.columns)
    if head.form == "text":
        return bool(head.lines) and set(_COLUMNS) <= {cell.strip() for cell in head.lines[0].split(",")}
    return bool(set(_SHEETS) & set(head.sheets))


def read(path: Path, wanted: Wanted) -> Taken:
    """Its rows in whole dollars, with no more digits than the file gives."""
    import duckdb

    with duckdb.connect() as base:
        base.execute(f"SET memory_limit='{_MOST_MEMORY}'; SET threads=2; SET temp_directory=''")
        try:
            _load(base, path)
            return _taken(base, path, wanted)
        except duckdb.Error as error:
            raise InputError(
                f"{path.name}: it is {TITLE}, but cannot be read ({printed(str(error).splitlines()[0])}). "
                "Download it again."
            ) from None


def _load(base: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make the view ``theirs`` of the file: text, text, text, whole number, number."""
    import pyarrow.dataset as parquet

    select = "SELECT reporter, partner, flow, TRY_CAST(year AS INTEGER) AS year, {value} AS value FROM {file}"
    if path.open("rb").read(4) == b"PAR1":
        # By pyarrow, because DuckDB would take a name such as a[1].parquet for a pattern.
        base.register("file_rows", parquet.dataset(str(path), format="parquet"))
        base.execute("CREATE TEMP VIEW theirs AS " + select.format(value="TRY_CAST(value AS DOUBLE)", file="file_rows"))
    elif path.open("rb").read(2) == b"PK":
        rows = _workbook(path)
        base.register("file_rows", rows)
        base.execute("CREATE TEMP VIEW theirs AS " + select.format(value="value", file="file_rows"))
    else:
        rows = importing.text_table(path, _COLUMNS)
        rows = rows.assign(value=importing.figures(rows["value"], path.name))
        base.register("file_rows", rows)
        base.execute("CREATE TEMP VIEW theirs AS " + select.format(value="value", file="file_rows"))


def _taken(base: duckdb.DuckDBPyConnection, path: Path, wanted: Wanted) -> Taken:
    codes = publisher_codes("dots")
    base.register("codes", pd.DataFrame({"theirs": list(codes), "code": list(codes.values())}))
    base.execute(
        """
        CREATE TEMP VIEW coded AS
        SELECT a.code AS reporter, b.code AS partner, theirs.reporter AS reporter_name, theirs.partner AS partner_name,
               flow, year, value, round(value * 1000000) AS dollars
        FROM theirs LEFT JOIN codes a ON theirs.reporter = a.theirs LEFT JOIN codes b ON theirs.partner = b.theirs
        """
    )
    _refuse_other_forms(base, path)
    fit = (
        "value IS NOT NULL AND value >= 0 AND (value = 0 OR dollars > 0) AND reporter <> 'PRK' AND partner IS NOT NULL"
        " AND reporter IS NOT NULL"
    )
    double = base.execute(
        f"SELECT reporter_name, partner_name, flow, year, count(*) FROM coded WHERE {fit} "  # noqa: S608 (our own text)
        "GROUP BY ALL HAVING min(value) < max(value) LIMIT 1"
    ).fetchone()
    if double:
        raise InputError(
            f"{path.name}: {printed(double[0])}, {printed(double[1])}, {double[2]} of {double[3]} stands {double[4]} "
            "times with different values. Download the table again."
        )
    if wanted.about:
        places = ", ".join("?" * len(wanted.about))
        base.execute(  # from here on it is as if the file held nothing else, what is told of it among it
            f"CREATE TEMP TABLE asked AS SELECT * FROM coded WHERE reporter IN ({places}) OR partner IN ({places})",  # noqa: S608
            [*wanted.about, *wanted.about],
        )
    else:
        base.execute("CREATE TEMP VIEW asked AS SELECT * FROM coded")
    rows = base.execute(
        f"""
        SELECT reporter, partner, CASE flow WHEN 'X' THEN 'export' ELSE 'import' END AS flow, year,
               max(dollars) AS value,
               CASE WHEN flow = 'X' THEN 'FOB' WHEN reporter = 'USA' AND year >= {_USA_CUSTOMS_SINCE} THEN 'customs'
                    ELSE 'CIF' END AS valuation,
               min(partner_name) < max(partner_name) OR min(reporter_name) < max(reporter_name) AS clash
        FROM asked WHERE {fit} GROUP BY ALL LIMIT {_MOST_ROWS + 1}
        """  # noqa: S608
    ).df()
    if len(rows) > _MOST_ROWS:
        raise InputError(
            f"{path.name}: more than {_MOST_ROWS:,} rows are wanted of it. Name the countries that matter."
        )
    clash = rows[rows["clash"]]
    if len(clash):
        raise InputError(
            f"{path.name}: two of its names stand for {clash.iloc[0]['partner']}. Correct the codes of dots."
        )
    kept, said = importing.answers(path)
    rows = rows.drop(columns="clash").assign(
        currency="USD", prices="current", status="final", months=12, note=pd.Series(None, index=rows.index, dtype="str")
    )
    rows = rows.astype({"year": "int64", "months": "int64", "value": "float64"})
    source = {
        "producer": "International Monetary Fund",
        "title": "Direction of Trade Statistics",
        "publisher": None,
        "address": "https://data.imf.org/DOT",
        "licence": "IMF terms and conditions; figures used as facts",
        "vintage": wanted.vintage,
        "kind": "statistical",
        "note": f"{said} {_left_out(base)}",
    }
    return Taken("goods_flows", rows, source, kept)


def _refuse_other_forms(base: duckdb.DuckDBPyConnection, path: Path) -> None:
    flows = base.execute("SELECT DISTINCT flow FROM theirs WHERE flow NOT IN ('X', 'M') OR flow IS NULL").fetchall()
    if flows:
        raise InputError(
            f"{path.name}: the column flow holds {shown(flow for (flow,) in flows)}; expected were X (exports) and M "
            "(imports)."
        )
    first, last = _YEARS
    years = base.execute(
        f"SELECT count(*) FROM theirs WHERE year IS NULL OR year NOT BETWEEN {first} AND {last}"  # noqa: S608
    ).fetchone()
    if years and years[0]:
        raise InputError(f"{path.name}: {counted(years[0], 'row has', 'rows have')} no year in the column year.")
    known = base.execute("SELECT count(DISTINCT reporter_name) FROM coded WHERE reporter IS NOT NULL").fetchone()
    if not known or not known[0]:
        names = base.execute("SELECT DISTINCT reporter_name FROM coded LIMIT 5").fetchall()
        raise InputError(
            f"{path.name}: no reporter has a name that the IMF gave in this table (found: "
            f"{shown(name for (name,) in names)}). Expected are names such as 'Vietnam' and 'China, P.R.: Mainland'."
        )


def _left_out(base: duckdb.DuckDBPyConnection) -> str:
    """Sentences on what was not taken of the rows that were asked for, and why."""

    def count(condition: str, distinct: str | None = None) -> Any:
        if distinct is None:
            return (base.execute(f"SELECT count(*) FROM asked WHERE {condition}").fetchone() or (0,))[0]  # noqa: S608
        names = base.execute(f"SELECT DISTINCT {distinct} FROM asked WHERE {condition}").fetchall()  # noqa: S608
        return [name for (name,) in names]

    said = ["Million dollars, written as whole dollars; blank means not reported."]
    blank = count("value IS NULL")
    mechanical = count("value IS NOT NULL AND reporter = 'PRK'")
    if blank:
        said.append(f"{counted(blank, 'row', 'rows')} without a value left out.")
    if mechanical:
        said.append(
            f"{counted(mechanical, 'row', 'rows')} with North Korea as reporter left out: it reports nothing, and they "
            "are its partners' figures over or times 1.06."
        )
    for side in ("reporter", "partner"):
        other = f"value IS NOT NULL AND {side} IS NULL"
        rows = count(other)
        if rows:
            names = named(count(other, f"{side}_name"), 24)
            said.append(
                f"{counted(rows, 'row', 'rows')} left out whose {side} is a group or remainder of the IMF's own: "
                f"{names}."
            )
    negative = count("value < 0 AND reporter IS NOT NULL AND partner IS NOT NULL")
    if negative:
        said.append(f"{counted(negative, 'row', 'rows')} below zero left out.")
    tiny = count("value > 0 AND dollars = 0")
    if tiny:
        said.append(f"{counted(tiny, 'row', 'rows')} of less than half a dollar left out.")
    said.append("Imports of the United States have customs value from 2011 on, whatever the label says.")
    return " ".join(said)


def _workbook(path: Path) -> pd.DataFrame:
    """The rows of a workbook on one country, in the columns of the table."""
    import openpyxl

    with importing.archive(path):
        pass
    frames = []
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            for sheet in book.worksheets:
                if sheet.title in _SHEETS:
                    frames.append(_sheet(sheet, f"{path.name}, sheet {sheet.title}"))
        finally:
            book.close()
    except (
        KeyError,
        IndexError,
        AttributeError,
        TypeError,
        SyntaxError,
    ) as error:  # what openpyxl meets in a broken one
        raise InputError(
            f"{path.name}: the workbook is broken ({printed(error) or type(error).__name__}). Download it again."
        ) from error
    return pd.concat(frames, ignore_index=True)


def _sheet(sheet: Any, where: str) -> pd.DataFrame:
    codes = publisher_codes("dots")
    above: list[str] = []
    years: dict[int, int] = {}
    label, cells, found = 0, 0, list[tuple[str, int, float]]()
    for row in sheet.iter_rows(values_only=True):
        cells += len(row)
        if cells > _MOST_CELLS:
            raise InputError(f"{where}: it has more than {_MOST_CELLS:,} cells, more than such a sheet does.")
        if not years:
            stated = {place: int(cell) for place, cell in enumerate(row) if _is_year(cell)}
            if stated:
                years, label = stated, min(stated) - 1
            else:
                above += [str(cell).strip() for cell in row if cell is not None]
            continue
        name = row[label] if 0 <= label < len(row) else None
        if not isinstance(name, str) or not name.strip():
            continue
        for place, year in years.items():
            cell = row[place] if place < len(row) else None
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                found.append((name.strip(), year, float(cell)))
            elif isinstance(cell, str) and cell.strip() not in ("", "...", "n.a.", "-", "--"):
                raise InputError(
                    f"{where}: '{printed(cell)}' for {printed(name)} in {year}, where a number must stand."
                )
    reporter = [name for name in dict.fromkeys(above) if name in codes]
    if not years or not found:
        raise InputError(f"{where}: no row of years with partners and figures below it was found.")
    if len(reporter) != 1:
        raise InputError(
            f"{where}: the cells above the years ({shown(above)}) must name one reporter as the IMF does, such as "
            "'Vietnam'."
        )
    if not any(_UNIT.search(text) for text in above):
        raise InputError(f"{where}: no cell above the years says that the figures are in millions of dollars.")
    rows = pd.DataFrame(found, columns=["partner", "year", "value"])
    return rows.assign(reporter=reporter[0], flow="X" if _SHEETS[sheet.title] == "export" else "M")


def _is_year(cell: object) -> bool:
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return False
    return bool(re.fullmatch(r"(18|19|20)\d\d(\.0)?", str(cell).strip()))
