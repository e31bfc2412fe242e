"""What answers about goods flows have in common, whoever sends them: SDMX-CSV by the names of its columns, rows of the
table ``goods_flows``, and part of a year added up from its months.

SDMX-CSV comes in two forms, 1.0 (first column ``DATAFLOW``) and 2.0 (``STRUCTURE``, ``STRUCTURE_ID``, ``ACTION``), and
a service may change from one to the other. The reader of the package sdmx1 (2.28.0, ``sdmx.reader.csv``) knows the
second alone, and not without the data's structure; here both are read by the names in the header, whatever their order.
"""

from __future__ import annotations

import calendar
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd

from legation.data.fetching import printable
from legation.data.vintages import Answer, table_of

#: Months come in for about a quarter; until then a year's total may lack the last of them.
_UNTIL_WHOLE = timedelta(days=90)


class FormError(Exception):
    """A table that is not in the form expected: what is wrong, as the end of a sentence."""


@dataclass(frozen=True)
class Figure:
    """One value as a publisher gives it, under the house's codes."""

    reporter: str
    partner: str
    flow: str
    year: int
    month: int | None
    value: float
    status: str
    note: str | None = None


@dataclass
class LeftOut:
    """What a module does not take from answers, counted for the source's note."""

    counts: Counter[str] = field(default_factory=Counter)
    codes: set[str] = field(default_factory=set)

    def unknown(self, code: str) -> None:
        """A row with a code that stands for nothing here."""
        self.counts["unknown"] += 1
        self.codes.add(printable(code)[:20])

    def sentences(self, reasons: dict[str, str]) -> list[str]:
        """A sentence for each reason that occurred; ``{n}`` in it is the number of rows."""
        said = []
        if found := self.counts["unknown"]:
            shown = ", ".join(sorted(self.codes)[:12]) + (" and others" if len(self.codes) > 12 else "")
            said.append(
                f"{found:,} rows of {len(self.codes)} codes without a counterpart here were left out ({shown})."
            )
        return said + [text.format(n=f"{self.counts[why]:,}") for why, text in reasons.items() if self.counts[why]]


def records(answer: Answer, needed: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of a table in SDMX-CSV, by the names of its columns in capitals.

    Raises
    ------
    FormError
        If it is a web page, XML, JSON or no table, a column is missing, or a row is longer or shorter than the header.
    """
    try:
        text = answer.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FormError("bytes that are not UTF-8") from None
    begins = text.lstrip()[:1]
    if begins == "<":
        raise FormError("a web page or XML" + (f" that says '{said}'" if (said := fault(text)) else ""))
    if begins in ("{", "["):
        raise FormError(f"JSON that begins '{printable(text.strip()[:160])}'")
    if not begins:
        raise FormError("nothing")
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().upper() for name in next(lines)]
        if missing := [name for name in needed if name not in header]:
            raise FormError(f"a table without {', '.join(missing)} (it has {printable(', '.join(header))})")
        if twice := [name for name, count in Counter(header).items() if count > 1]:
            raise FormError(f"a table with two columns {printable(twice[0])}")
        for cells in lines:
            if not cells:
                continue
            if len(cells) != len(header):
                raise FormError(f"line {lines.line_num} with {len(cells)} cells where the header has {len(header)}")
            yield dict(zip(header, (cell.strip() for cell in cells), strict=True))
    except csv.Error as error:
        raise FormError(f"line {lines.line_num} that is broken ({error})") from None


def fault(text: str) -> str:
    """What an error in XML, or a web page, says of itself; nothing if it does not."""
    found = re.search(r"<(?:\w+:)?(faultstring|Text|title)\b[^>]*>(.*?)</(?:\w+:)?\1>", text, re.DOTALL)
    return printable(" ".join(re.sub(r"<[^>]*>", " ", found[2]).split())) if found else ""


def number(cell: str) -> float | None:
    """A value; ``None`` where nothing was reported.

    Raises
    ------
    FormError
        If it is no number.
    """
    if cell in ("", ":") or cell.lower() == "nan":
        return None
    try:
        value = float(cell)
    except ValueError:
        raise FormError(f"the value '{printable(cell)}', which is no number") from None
    if abs(value) == float("inf"):
        raise FormError(f"the value '{printable(cell)}'")
    return value


def period(cell: str) -> tuple[int, int | None]:
    """Year and month of ``2024``, ``2024-05`` or ``2024-M05``.

    Raises
    ------
    FormError
        If it is none of these.
    """
    found = re.fullmatch(r"(\d{4})(?:-M?(0[1-9]|1[0-2]))?", cell)
    if not found:
        raise FormError(f"the period '{printable(cell)}'")
    return int(found[1]), int(found[2]) if found[2] else None


def today() -> date:
    """The day, by which it is known whether a year is over."""
    return datetime.now(UTC).date()


def last_whole_year() -> int:
    """The last year whose months have had time to come in."""
    return (today() - _UNTIL_WHOLE).year - 1


def added_up(figures: Iterable[Figure], left_out: LeftOut) -> list[tuple[Figure, int]]:
    """Years from their months: how many months are in each, counted from January without a gap, is read off the trade
    with the world, and is the same for all of a reporter's partners.

    A partner without a figure in one of these months is left out (``left_out.counts["months"]``): nothing tells whether
    nothing was traded or nothing reported. Without trade with the world there is nothing to count by (``"world"``).
    """
    by_series: dict[tuple[str, str, int], dict[str, dict[int, Figure]]] = {}
    for each in figures:
        if each.month is not None:
            partners = by_series.setdefault((each.reporter, each.flow, each.year), {})
            partners.setdefault(each.partner, {})[each.month] = each
    found = []
    for (reporter, flow, year), partners in by_series.items():
        with_world = partners.get("WLD", {})
        months = next((month - 1 for month in range(1, 13) if month not in with_world), 12)
        if not months:
            left_out.counts["world"] += sum(map(len, partners.values()))
            continue
        for partner, held in partners.items():
            if any(month not in held for month in range(1, months + 1)):
                left_out.counts["months"] += len(held)
                continue
            value = sum(held[month].value for month in range(1, months + 1))
            notes = {held[month].note for month in range(1, months + 1)} - {None}
            what = f"Sum of the months January to {calendar.month_name[months]}" if months > 1 else "January alone"
            note = ". ".join([what, *sorted(map(str, notes))])
            found.append((Figure(reporter, partner, flow, year, None, value, "preliminary", note), months))
    return found


def as_rows(found: Iterable[tuple[Figure, int]], *, currency: str) -> pd.DataFrame:
    """Rows of ``goods_flows`` but for their source: exports FOB, imports CIF.

    Raises
    ------
    FormError
        If a key stands twice: a dimension that was not there before, or a page that was sent again.
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for figure, months in found:
        key = (figure.reporter, figure.partner, figure.flow, figure.year, months)
        if key in rows:
            raise FormError(
                f"two figures for one flow ({figure.reporter}, {figure.partner}, {figure.flow}, {figure.year})"
            )
        rows[key] = {
            "reporter": figure.reporter,
            "partner": figure.partner,
            "flow": figure.flow,
            "year": figure.year,
            "value": figure.value,
            "currency": currency,
            "prices": "current",
            "valuation": "FOB" if figure.flow == "export" else "CIF",
            "status": figure.status,
            "months": months,
            "note": figure.note,
        }
    return table_of(list(rows.values()), "goods_flows")
