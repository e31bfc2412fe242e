"""United States Census Bureau: trade in goods of the United States by country, for the table ``goods_flows``.

Service
    One workbook with every month since 1985 for every country, renewed monthly, some 2 MB, no key:
    https://www.census.gov/foreign-trade/balance/country.xlsx, linked from
    https://www.census.gov/foreign-trade/statistics/country/index.html.
    One sheet: ``year``, ``CTY_CODE``, ``CTYNAME``, twelve months of imports ``IJAN`` … ``IDEC`` and their sum ``IYR``,
    the same of exports ``EJAN`` … ``EYR``, in million dollars: to one decimal until 2002, by now to the dollar.
Why not the Bureau's data service
    ``https://api.census.gov/data/timeseries/intltrade/{exports,imports}/hs`` gives the same trade (``ALL_VAL_MO``,
    ``GEN_VAL_MO`` by ``CTY_CODE`` and ``time``) as JSON, since 2010. From 12 May 2026 it demands a key, which it takes
    only as a part of the address, and sends whoever has none to a web page (npr99/intersect-community-data, pull
    request 135; https://www.census.gov/data/developers/guidance/api-user-guide.API_Key.html). Here no key stands in
    an address; and the workbook has more years.
Terms
    Work of the United States government, free to use.
What the figures are
    Census basis, not seasonally adjusted: general imports at customs value, exports free alongside ship. The workbook
    prints 0 for a month that is not out yet, as for one without trade: a month counts as out if any country traded in
    it, and a year whose months are not all out has as many ``months`` as are. Figures are revised once a year, with
    those for April (https://www.census.gov/data/developers/data-sets/international-trade.html): a year is preliminary
    until the workbook holds April of the next. It does not say when it was made; as vintage stands its last month.
    Countries are the codes of the Bureau's Schedule C. Lines of one country under two codes (Ethiopia with and without
    Eritrea in 1993) are added; zeros under the code of a state that has ended are not read. Groups are not read: the
    Bureau's European Union is that of the day.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from calendar import month_name
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from legation.data import catalogue
from legation.data.codes import publisher_codes
from legation.data.feeds import AnswerError, Ask, Code, WishOfYears
from legation.data.fetching import printable
from legation.data.vintages import Answer, Taken, table_of
from legation.errors import InputError, nearest

ADDRESS = "https://www.census.gov/foreign-trade/balance/country.xlsx"
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MOST_UNPACKED = 200_000_000  # bytes; today's workbook unpacks to some 12 million
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_FLOWS = {"import": "I", "export": "E"}
_HEADER = ["year", "CTY_CODE", "CTYNAME", *(f"{flow}{month}" for flow in "IE" for month in (*_MONTHS, "YR"))]
_REVISED_WITH = 4  # the months of the next year that must be out before a year is final

Year = Annotated[int, Field(ge=1985, le=2100)]
Line = dict[str, Any]


class Wish(WishOfYears):
    """Which flows are wanted; the United States report all of them."""

    partners: Annotated[list[Code], Field(min_length=1)] | None = None
    """By the codes of ``data/trade/countries.csv``, ``WLD`` for the world; none means every partner, and the world."""
    flows: Annotated[list[Literal["export", "import"]], Field(min_length=1)] = Field(["export", "import"])
    """Directions, as the United States see them."""
    years: Annotated[list[Year], Field(min_length=2, max_length=2)]
    """First and last year; the workbook begins in 1985, its totals for the world somewhat later."""


def take(wish: Wish, ask: Ask) -> Taken:
    """Rows of ``goods_flows``: one for each partner, direction and year, the months that are out summed, in US dollars.

    A partner without a line in a year has no row; a zero is one that the Bureau prints.

    Raises
    ------
    InputError
        If the Bureau has no code for a partner.
    AnswerError
        If the workbook is not as described above: the sentence says in what.
    UnreachableError
        If there is no answer.
    """
    known, ended = publisher_codes("census"), _ended()
    for partner in wish.partners or []:
        if partner not in set(known.values()):
            raise InputError(
                f"The Census Bureau has no code for '{partner}'{nearest(partner, known.values())}. "
                "Leave it out of the wish."
            )
    lines = _lines(ask(ADDRESS, accept=_WORKBOOK))
    out = _months_out(lines)
    _refuse_doubles(lines)
    first, last = wish.years
    lines = [line for line in lines if first <= line["year"] <= last and (line["year"] <= ended(line) or _trade(line))]
    strange = Counter(f"{line['CTY_CODE']} {line['CTYNAME']}" for line in lines if line["CTY_CODE"] not in known)
    wanted = set(wish.partners or known.values())
    by_country: dict[tuple[str, int], list[Line]] = {}
    for line in lines:
        if (partner := known.get(line["CTY_CODE"], "")) in wanted:
            by_country.setdefault((partner, line["year"]), []).append(line)
    rows = [
        _row(same, partner, flow, out)
        for (partner, _), same in by_country.items()
        for flow in dict.fromkeys(wish.flows)
    ]
    frame = table_of(rows, "goods_flows")
    return Taken("goods_flows", frame, _source(out, strange if wish.partners is None else Counter()), ask.answers)


# --- what came


def _lines(answer: Answer) -> list[Line]:
    """The workbook's lines, each checked against its own sums."""
    import openpyxl  # 0.2 s, and only here

    told = "The Census Bureau's workbook of trade by country"
    if answer.content.lstrip()[:1] == b"<":
        raise AnswerError(f"{told} should come from {ADDRESS}; a web page came instead. Look where it is now.")
    try:
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > _MOST_UNPACKED:
            raise AnswerError(f"{told} unpacks to {size:,} bytes, more than {_MOST_UNPACKED:,}.")
        sheets = openpyxl.load_workbook(io.BytesIO(answer.content), read_only=True, data_only=True).worksheets
        table = list(sheets[0].iter_rows(values_only=True))
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, IndexError, ValueError, OSError, SyntaxError) as error:
        raise AnswerError(f"{told} cannot be read ({_shown(error)}).") from None
    header = [str(cell) for cell in table[0]] if table else []
    if header != _HEADER:
        odd = sorted(set(header) ^ set(_HEADER)) or ["the same columns in another order"]
        raise AnswerError(f"{told} has columns too many or too few: {_shown(', '.join(odd))}. Its form has changed.")
    return [_line(cells, number, told) for number, cells in enumerate(table[1:], start=2) if any(cells)]


def _line(cells: Sequence[Any], number: int, told: str) -> Line:
    line = dict(zip(_HEADER, cells, strict=False))
    where = f"{told}, line {number},"
    if not str(line.get("year")).isdigit() or not 1985 <= int(str(line["year"])) <= 2100:
        raise AnswerError(f"{where} has {_shown(line.get('year'))} where a year should stand.")
    for name in _HEADER[3:]:
        value = line.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
            raise AnswerError(f"{where} column {name}, has {_shown(value)} where million dollars should stand.")
    for flow in _FLOWS.values():
        months, year = math.fsum(line[flow + month] for month in _MONTHS), line[f"{flow}YR"]
        if abs(months - year) > 1.0:  # million: figures to one decimal add up to some tenths more or less
            raise AnswerError(
                f"{where} has months that sum to {months:,.1f}, and {year:,.1f} for the year, in {flow}YR."
            )
    return {
        **line,
        "year": int(str(line["year"])),
        "CTY_CODE": str(line["CTY_CODE"]),
        "CTYNAME": _shown(line["CTYNAME"]),
    }


def _months_out(lines: Sequence[Line]) -> dict[int, int]:
    """How many months of each year are out: those in which any country traded."""
    traded: dict[int, set[int]] = {}
    for line in lines:
        months = traded.setdefault(line["year"], set())
        months.update(m for m, name in enumerate(_MONTHS, start=1) if line[f"I{name}"] or line[f"E{name}"])
    for year, months in traded.items():
        gaps = sorted(set(range(1, max(months, default=0))) - months)
        if gaps or (len(months) < 12 and year + 1 in traded):
            missing = gaps or sorted(set(range(1, 13)) - months)
            raise AnswerError(
                f"The Census Bureau's workbook has no trade at all in {month_name[missing[0]]} {year}, "
                "and some later. Wait for the next one."
            )
    return {year: len(months) for year, months in traded.items() if months}


def _refuse_doubles(lines: Sequence[Line]) -> None:
    """A code and a year, one line."""
    keys = Counter((line["CTY_CODE"], line["CTYNAME"], line["year"]) for line in lines)
    twice = [key for key, times in keys.items() if times > 1]
    if twice:
        code, name, year = twice[0]
        raise AnswerError(f"The Census Bureau's workbook has more than one line for {_shown(code)} {name} in {year}.")


def _row(lines: Sequence[Line], partner: str, flow: str, out: dict[int, int]) -> Line:
    """A row of the table from the lines of one country and year."""
    year = lines[0]["year"]
    months = out[year]
    millions = math.fsum(line[_FLOWS[flow] + month] for line in lines for month in _MONTHS[:months])
    return {
        "reporter": "USA",
        "partner": partner,
        "flow": flow,
        "year": year,
        "value": float(round(millions * 1_000_000)),
        "currency": "USD",
        "prices": "current",
        "valuation": "customs",
        "status": "final" if out.get(year + 1, 0) >= _REVISED_WITH or year + 2 in out else "preliminary",
        "months": months,
        "note": None if months == 12 else f"January to {month_name[months]}" if months > 1 else "January only",
    }


def _source(out: dict[int, int], strange: Counter[str]) -> dict[str, str | None]:
    last = max(out, default=None)
    note = (
        "Million USD, not seasonally adjusted, census basis: general imports at customs value, exports free alongside "
        "ship; the months of a year summed. To 2002 given to one decimal of a million."
    )
    if last is not None:
        note += f" The last month is {month_name[out[last]]} {last}."
    if strange:
        note += f" Left out are {strange.total():,} lines of {'; '.join(sorted(strange))}, which have no code here."
    return {
        "producer": "United States Census Bureau",
        "title": "U.S. trade in goods by country",
        "publisher": None,
        "address": ADDRESS,
        "licence": "work of the United States government",
        "vintage": f"{last}-{out[last]:02}" if last is not None else None,
        "kind": "statistical",
        "note": note,
    }


# --- helpers


def _ended() -> Callable[[Line], float]:
    """The last year of a line's code; far away if it is in use."""
    table = catalogue.open("publisher_codes", publisher="census")
    until = dict(zip(table["theirs"], table["until"].fillna(math.inf), strict=True))
    return lambda line: until.get(line["CTY_CODE"], math.inf)


def _trade(line: Line) -> bool:
    return bool(line["IYR"] or line["EYR"])


def _shown(said: object) -> str:
    """What came, safe to print."""
    return printable(str(said)).rstrip(".")
