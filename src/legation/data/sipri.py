"""SIPRI's register of arms transfers, as its page gives it for download (CSV).

Eleven lines of explanation, a header, one line for each delivery of a deal in a year; each of these ends with a
semicolon. Deliveries add the *TIV delivery values* over supplier, recipient and *Delivery year*, unrounded; orders
count a *SIPRI AT Database ID* once, in its *Order date*: the rules of data/README.md under "Arms". Values are
SIPRI's trend-indicator values in millions; they measure volume and are neither money nor prices
(https://www.sipri.org/databases/armstransfers/sources-and-methods).

Unlike the rows that the repository ships, which touch Viet Nam or North Korea, those of a file touch any country
with a code here. Armed movements, organisations and unknown parties have none; they are left out and counted.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pandas as pd

from legation.data import importing
from legation.data.codes import publisher_codes
from legation.data.importing import Head, Wanted, counted, named, printed
from legation.data.vintages import Taken
from legation.errors import InputError

TITLE = "SIPRI's trade register"
FORM = "columns SIPRI AT Database ID, Supplier, Recipient, Order date, Delivery year, TIV delivery values"
TABLES = ("arms_deliveries", "arms_orders")

_COLUMNS = (
    "SIPRI AT Database ID",
    "Supplier",
    "Recipient",
    "Order date",
    "Order date is estimate",
    "Numbers delivered is estimate",
    "Delivery year",
    "Delivery year is estimate",
    "TIV delivery values",
)
_GENERATED = re.compile(r"Data generated:\s*(\d{1,2} \w{3} \d{4})")


def is_mine(head: Head) -> bool:
    """Whether one of the first lines is the register's header."""
    return _header(head.lines) is not None


def read(path: Path, wanted: Wanted) -> Taken:
    """Deliveries or orders of each pair of countries and year."""
    with path.open(encoding="utf-8-sig", errors="replace") as opened:
        lines = [line.rstrip("\r\n") for _, line in zip(range(40), opened, strict=False)]
    header = _header(lines) or 0
    rows = importing.text_table(path, _COLUMNS, skip=header, ending=";")
    stated = _generated(lines[:header])
    codes = publisher_codes("sipri")
    rows = rows.assign(supplier=rows["Supplier"].map(codes), recipient=rows["Recipient"].map(codes))
    known = rows["supplier"].notna() & rows["recipient"].notna()
    without = pd.concat([rows.loc[rows[ours].isna(), theirs] for ours, theirs in _SIDES])
    found = rows[known]
    if wanted.about:
        found = found[found["supplier"].isin(wanted.about) | found["recipient"].isin(wanted.about)]
    if found.empty:
        raise InputError(
            f"{path.name}: no row of the register has a supplier and a recipient that are wanted and known."
        )
    kept, said = importing.answers(path)
    made, more = (_deliveries if wanted.table == "arms_deliveries" else _orders)(found, path.name)
    left = (
        f" {counted(int((~known).sum()), 'row', 'rows')} left out whose supplier or recipient has no code here: "
        f"{named(without, 12)}."
        if len(without)
        else ""
    )
    first, last = found["Delivery year"].min(), found["Delivery year"].max()
    source = {
        "producer": "Stockholm International Peace Research Institute",
        "title": "SIPRI Arms Transfers Database, trade register",
        "publisher": None,
        "address": "https://www.sipri.org/databases/armstransfers",
        "licence": "© SIPRI",
        "vintage": stated or wanted.vintage,
        "kind": "statistical",
        "note": f"{said} Deliveries {first} to {last}. Trend-indicator values, not money, summed here.{more}{left}",
    }
    return Taken(wanted.table, made, source, kept)


_SIDES = (("supplier", "Supplier"), ("recipient", "Recipient"))


def _header(lines: list[str] | tuple[str, ...]) -> int | None:
    for number, line in enumerate(lines):
        if {"Supplier", "Recipient", "TIV delivery values"} <= {cell.strip(" ;") for cell in line.split(",")}:
            return number
    return None


def _generated(lines: list[str]) -> str | None:
    for line in lines:
        found = _GENERATED.search(line)
        if found:
            try:
                return f"{datetime.strptime(found[1], '%d %b %Y'):%Y-%m-%d}"
            except ValueError:
                return None
    return None


def _deliveries(rows: pd.DataFrame, where: str) -> tuple[pd.DataFrame, str]:
    """Sums over pair and year. A pair and year whose every value is empty had no delivery that SIPRI identified."""
    rows = rows.assign(
        year=importing.years(rows["Delivery year"], where),
        tiv=importing.figures(rows["TIV delivery values"], where),
        estimated=_yes(rows["Numbers delivered is estimate"], where) | _yes(rows["Delivery year is estimate"], where),
    )
    if (rows["tiv"] < 0).any():
        line = rows.index[rows["tiv"] < 0][0]
        raise InputError(f"{where}, line {line}: a value below zero, which the register never has. Download it again.")
    empty = rows["tiv"].isna()
    zero = int((rows["tiv"] == 0).sum())
    grouped = rows[~empty].groupby(["supplier", "recipient", "year"], as_index=False)
    made = grouped.agg(tiv=("tiv", "sum"), deals=("tiv", "size"), estimated=("estimated", "sum"))
    # Sums of figures with at most two decimals have no more; binary noise is taken off.
    decimals = int(rows["TIV delivery values"].str.partition(".")[2].str.len().max())
    made["tiv"] = made["tiv"].round(decimals)
    made["note"] = pd.Series(None, index=made.index, dtype="str")
    said = f" {counted(zero, 'value', 'values')} of 0, which is less than half a million, added as 0." if zero else ""
    if empty.any():
        said += f" {counted(int(empty.sum()), 'row', 'rows')} without a value left out: no delivery was identified."
    return _whole(made), said


def _orders(rows: pd.DataFrame, where: str) -> tuple[pd.DataFrame, str]:
    """Deals over pair and year of order, each once however many deliveries it had."""
    rows = rows.assign(
        year=importing.years(rows["Order date"], where), estimated=_yes(rows["Order date is estimate"], where)
    ).drop_duplicates(["SIPRI AT Database ID", "supplier", "recipient", "year"])
    grouped = rows.groupby(["supplier", "recipient", "year"], as_index=False)
    made = grouped.agg(deals=("estimated", "size"), estimated=("estimated", "sum"))
    return _whole(made), " Holds orders of which something was delivered in these years."


def _whole(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype({"year": "int64", "deals": "int64", "estimated": "int64"})


def _yes(cells: pd.Series[str], where: str) -> pd.Series[bool]:
    wrong = ~cells.isin(["Yes", "No", ""])
    if wrong.any():
        line = cells.index[wrong][0]
        raise InputError(
            f"{where}, line {line}, column {cells.name}: '{printed(cells[line])}' where Yes or No must stand."
        )
    return cells == "Yes"
