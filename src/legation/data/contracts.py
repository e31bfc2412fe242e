"""What every table must hold: names, types, permitted values and keys.

``data/datapackage.yaml`` declares the same fields for other programs; a test keeps the two in agreement.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pandera.pandas as pa

from legation.errors import InputError

FLOWS = ("export", "import", "turnover")
STATUSES = ("final", "reconciled", "preliminary", "press")
VALUATIONS = ("FOB", "CIF", "customs", "unknown")
#: Editions of the Harmonized System.
NOMENCLATURES = ("HS92", "HS96", "HS02", "HS07", "HS12", "HS17", "HS22")
EVENT_KINDS = (
    "visit",
    "meeting",
    "treaty",
    "declaration",
    "ratification",
    "entry-into-force",
    "end-of-treaty",
    "partnership",
    "trade-agreement",
    "sanctions",
    "war",
    "transfer",
    "deployment",
    "statement",
    "election",
    "other",
)
VOTES = ("yes", "no", "abstain", "absent")
BOUNDS = ("exactly", "about", "nearly", "at-least", "more-than", "up-to")

_CODE = pa.Check.str_matches(r"^[A-Z][A-Z0-9]{2,4}$", error="a country or group code of three to five capitals")
_SLUG = pa.Check.str_matches(r"^[a-z0-9]+(-[a-z0-9]+)*$", error="an identifier in small letters, digits and hyphens")
_DATE = pa.Check.str_matches(r"^\d{4}(-\d{2}(-\d{2})?)?$", error="a date as YYYY, YYYY-MM or YYYY-MM-DD")
_DAY = pa.Check.str_matches(r"^\d{4}-\d{2}-\d{2}$", error="a date as YYYY-MM-DD")
_YEAR = pa.Check.in_range(1800, 2100, error="a year between 1800 and 2100")
_NOT_NEGATIVE = pa.Check.ge(0, error="zero or more")
_POSITIVE = pa.Check.gt(0, error="more than zero")
_MEMBERS = pa.Check.in_range(0, 193, error="a number of states, 0 to 193")
_CODES = pa.Check.str_matches(r"^[A-Z][A-Z0-9]{2,4}(;[A-Z][A-Z0-9]{2,4})*$", error="codes with semicolons between")
_ALSO = pa.Check.str_matches(
    r"^\d{4}(-\d{2}(-\d{2})?)?@[a-z0-9-]+(; \d{4}(-\d{2}(-\d{2})?)?@[a-z0-9-]+)*$",
    error="other dates as DATE@source, with '; ' between",
)


def _one_of(*values: str) -> pa.Check:
    return pa.Check.isin(values, error=f"one of {', '.join(values)}")


def _text(*checks: pa.Check, blank: bool = False) -> pa.Column:
    return pa.Column(str, list(checks), nullable=blank)


def _whole(*checks: pa.Check) -> pa.Column:
    return pa.Column("int64", list(checks))


def _number(*checks: pa.Check, blank: bool = False) -> pa.Column:
    return pa.Column(float, list(checks), nullable=blank)


def _table(key: list[str], **columns: pa.Column) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(columns, unique=key, strict=True)


TABLES: dict[str, pa.DataFrameSchema] = {
    "sources": _table(
        ["id"],
        id=_text(_SLUG),
        producer=_text(),
        title=_text(),
        publisher=_text(blank=True),
        address=_text(blank=True),
        licence=_text(),
        vintage=_text(_DATE, blank=True),
        retrieved=_text(_DAY),
        sha256=_text(pa.Check.str_matches(r"^[0-9a-f]{64}$", error="a SHA-256 hash of 64 digits"), blank=True),
        kind=_text(_one_of("statistical", "official", "press", "derived")),
        note=_text(blank=True),
    ),
    "countries": _table(
        ["code"],
        code=_text(_CODE),
        name=_text(),
        kind=_text(_one_of("country", "group", "world")),
        source=_text(_SLUG),
    ),
    "successions": _table(
        ["country", "successor"],
        country=_text(_CODE),
        successor=_text(_CODE),
        date=_text(_DATE),
        change=_text(_one_of("ended", "parted")),
        source=_text(_SLUG),
    ),
    "country_groups": _table(
        ["group", "member", "since"],
        group=_text(_CODE),
        member=_text(_CODE),
        since=_text(_DAY, blank=True),
        until=_text(_DAY, blank=True),
        source=_text(_SLUG),
    ),
    "publisher_codes": _table(
        ["publisher", "theirs"],
        publisher=_text(_SLUG),
        theirs=_text(),
        code=_text(_CODE),
        until=_number(_YEAR, blank=True),
        source=_text(_SLUG),
        note=_text(blank=True),
    ),
    "goods_flows": _table(
        ["reporter", "partner", "flow", "year", "months", "source"],
        reporter=_text(_CODE),
        partner=_text(_CODE),
        flow=_text(_one_of(*FLOWS)),
        year=_whole(_YEAR),
        value=_number(_NOT_NEGATIVE),
        currency=_text(pa.Check.str_matches(r"^[A-Z]{3}$", error="an ISO 4217 currency code")),
        prices=_text(_one_of("current")),
        valuation=_text(_one_of(*VALUATIONS)),
        status=_text(_one_of(*STATUSES)),
        months=_whole(pa.Check.in_range(1, 12, error="the number of months covered, 1 to 12")),
        source=_text(_SLUG),
        note=_text(blank=True),
    ),
    "product_flows": _table(
        ["exporter", "importer", "product", "nomenclature", "year", "source"],
        exporter=_text(_CODE),
        importer=_text(_CODE),
        product=_text(pa.Check.str_matches(r"^[0-9A-Z]{6}$", error="six digits of the Harmonized System")),
        nomenclature=_text(_one_of(*NOMENCLATURES)),
        year=_whole(_YEAR),
        value=_number(_NOT_NEGATIVE),
        currency=_text(pa.Check.str_matches(r"^[A-Z]{3}$", error="an ISO 4217 currency code")),
        prices=_text(_one_of("current")),
        valuation=_text(_one_of(*VALUATIONS)),
        tonnes=_number(_NOT_NEGATIVE, blank=True),
        source=_text(_SLUG),
    ),
    "exchange_rates": _table(
        ["currency", "year", "source"],
        currency=_text(pa.Check.str_matches(r"^[A-Z]{3}$", error="an ISO 4217 currency code")),
        year=_whole(_YEAR),
        per_usd=_number(_POSITIVE),
        source=_text(_SLUG),
    ),
    "price_indices": _table(
        ["country", "year", "measure", "source"],
        country=_text(_CODE),
        year=_whole(_YEAR),
        measure=_text(_one_of("cpi")),
        value=_number(_POSITIVE),
        base=_text(),
        source=_text(_SLUG),
    ),
    "economies": _table(
        ["country", "year", "measure", "source"],
        country=_text(_CODE),
        year=_whole(_YEAR),
        measure=_text(_one_of("population", "gdp", "gdp_per_head")),
        value=_number(_POSITIVE),
        unit=_text(_one_of("persons", "current USD")),
        status=_text(_one_of("final", "derived", "press")),
        source=_text(_SLUG),
        note=_text(blank=True),
    ),
    "events": _table(
        ["id"],
        id=_text(_SLUG),
        date=_text(_DATE),
        until=_text(_DATE, blank=True),
        kind=_text(_one_of(*EVENT_KINDS)),
        person=_text(blank=True),
        host=_text(_CODE, blank=True),
        label=_text(pa.Check.str_length(max_value=28, error="at most 28 characters, to fit on a chart")),
        description=_text(),
        countries=_text(_CODES),
        also=_text(_ALSO, blank=True),
        source=_text(_SLUG),
    ),
    "un_resolutions": _table(
        ["resolution", "source"],
        resolution=_text(),
        body=_text(_one_of("GA", "SC")),
        date=_text(_DAY),
        topic=_text(_one_of("ukraine", "ukraine-mentioned", "north-korea-sanctions", "other")),
        subject=_text(),
        yes=_number(_MEMBERS, blank=True),
        no=_number(_MEMBERS, blank=True),
        abstain=_number(_MEMBERS, blank=True),
        absent=_number(_MEMBERS, blank=True),
        source=_text(_SLUG),
        note=_text(blank=True),
    ),
    "un_votes": _table(
        ["resolution", "country", "source"],
        resolution=_text(),
        country=_text(_CODE),
        vote=_text(_one_of(*VOTES)),
        source=_text(_SLUG),
        note=_text(blank=True),
    ),
    "arms_deliveries": _table(
        ["supplier", "recipient", "year", "source"],
        supplier=_text(_CODE),
        recipient=_text(_CODE),
        year=_whole(_YEAR),
        tiv=_number(_NOT_NEGATIVE),
        deals=_whole(_POSITIVE),
        estimated=_whole(_NOT_NEGATIVE),
        source=_text(_SLUG),
        note=_text(blank=True),
    ),
    "arms_orders": _table(
        ["supplier", "recipient", "year", "source"],
        supplier=_text(_CODE),
        recipient=_text(_CODE),
        year=_whole(_YEAR),
        deals=_whole(_POSITIVE),
        estimated=_whole(_NOT_NEGATIVE),
        source=_text(_SLUG),
    ),
    "statements": _table(
        ["topic", "date", "who", "source"],
        topic=_text(_SLUG),
        date=_text(_DATE),
        value=_number(_NOT_NEGATIVE),
        unit=_text(_one_of("USD", "percent", "persons", "count", "containers", "missiles")),
        bound=_text(_one_of(*BOUNDS)),
        who=_text(),
        says=_text(),
        source=_text(_SLUG),
        note=_text(blank=True),
    ),
}

# Pandera loads what it checks with when it first checks something. Kernels are forked from a process that has only
# imported this module: so that not each of them loads it, an empty table is checked here.
pa.DataFrameSchema().validate(pd.DataFrame())


def sides(name: str) -> list[str]:
    """The two columns of a table of flows that hold the countries between which they go; none of another table."""
    return [side for side in ("reporter", "exporter", "partner", "importer") if side in TABLES[name].columns]


def check(rows: pd.DataFrame, name: str, *, where: str) -> pd.DataFrame:
    """Turn a table of text, as read from its file, into the typed table its contract promises.

    Parameters
    ----------
    rows
        Every cell as text, blank cells missing; the index holds each row's line number in the file.
    name
        Which contract of ``TABLES``.
    where
        The file, for messages.

    Returns
    -------
    DataFrame
        Columns in the contract's order with its types; index 0, 1, 2 ….

    Raises
    ------
    InputError
        At the first violation, naming file, line, column, the value found and the rule.
    """
    contract = TABLES[name]
    expected, found = list(contract.columns), list(rows.columns)
    if expected != found:
        raise InputError(
            f"{where}, line 1: the columns are {', '.join(map(str, found))}, but the table {name} has "
            f"{', '.join(expected)}. Write the header in that order."
        )
    typed = rows.copy()
    for column, declared in contract.columns.items():
        if declared.dtype is not None and str(declared.dtype) in ("int64", "float64"):
            whole, blank = str(declared.dtype) == "int64", bool(declared.nullable)
            typed[column] = _numbers(rows[column], whole=whole, blank=blank, where=where)
    try:
        contract.validate(typed, lazy=False)
    except pa.errors.SchemaError as error:
        raise InputError(_sentence(error, rows, name, where)) from None
    return typed.reset_index(drop=True)


def _numbers(cells: pd.Series[Any], *, whole: bool, blank: bool, where: str) -> pd.Series[Any]:
    numbers = pd.to_numeric(cells, errors="coerce")
    finite = numbers.notna() & numbers.abs().lt(float("inf"))
    if blank:
        finite |= cells.isna()
    broken = ~finite | (numbers % 1 != 0) if whole else ~finite
    if broken.any():
        line = cells.index[broken][0]
        found = "an empty cell" if pd.isna(cells[line]) else f"'{cells[line]}'"
        raise InputError(
            f"{where}, line {line}, column {cells.name}: {found} where a {'whole ' if whole else ''}number must stand. "
            "Correct the cell, or leave the row out if nothing was reported: missing is not zero."
        )
    return numbers.astype("int64" if whole else "float64")


def _sentence(error: pa.errors.SchemaError, rows: pd.DataFrame, name: str, where: str) -> str:
    """Say a pandera violation as one sentence with file, line, column and rule."""
    cases = error.failure_cases
    if isinstance(cases, pd.DataFrame) and "index" in cases and cases["index"].notna().any():
        line = cases["index"].dropna().astype(int).min()
        if str(error.reason_code).endswith("DUPLICATES"):
            key = TABLES[name].unique or []
            key = [key] if isinstance(key, str) else list(key)
            same = rows.index[(rows[key].astype(str) == rows.loc[line, key].astype(str)).all(axis=1)]
            values = ", ".join(f"{column} {rows.loc[line, column]}" for column in key)
            return (
                f"{where}, lines {' and '.join(map(str, same))}: the same key stands more than once ({values}). "
                f"Keep one row, or give the other its own source or vintage."
            )
        column = str(error.schema.name)
        found = rows[column].to_dict()[line]
        rule = getattr(error.check, "error", None) or "a value that is not empty"
        shown = "an empty cell" if pd.isna(found) else f"'{found}'"
        return f"{where}, line {line}, column {column}: {shown} where {rule} must stand. Correct the cell."
    return f"{where}: {error}. Compare the table with its schema in data/datapackage.yaml."
