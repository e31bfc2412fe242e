"""World Bank: population and gross domestic product by country and year, for the table ``economies``.

Service
    The Indicators API, ``https://api.worldbank.org/v2/country/{codes}/indicator/{indicator}?format=json&date=2000:2024``;
    no key. Countries are a list with semicolons, at most 1,500 characters between two slashes; answers come in pages
    (``page``, ``per_page``). https://datahelpdesk.worldbank.org/knowledgebase/articles/898581
Terms
    World Development Indicators, CC BY 4.0 (https://datacatalog.worldbank.org/public-licenses).
What comes
    ``[{page, pages, total, lastupdated, …}, [{countryiso3code, date, value, …}, …]]``; with nothing found, the header
    alone or ``null`` after it. A year without a value has ``null``: no row. An error comes with status 200 as
    ``[{"message": [{"id", "key", "value"}]}]``. Figures are revised without notice: ``lastupdated`` is the vintage.
    Regions and income groups come among the countries, and are left out.
The publisher's client
    wbgapi 1.0.14 keeps neither the raw answer nor ``lastupdated`` beside the rows, and opens its own connections. Hence
    the requests of this module; what it knows of errors in an answer of status 200 is used here.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import Field

from legation.data import catalogue
from legation.data.codes import present_codes, publisher_codes
from legation.data.feeds import AnswerError, Ask, Code, WishOfYears
from legation.data.fetching import printable
from legation.data.vintages import Answer, Taken, table_of
from legation.errors import InputError, nearest

ADDRESS = "https://api.worldbank.org/v2"
#: Each measure's indicator and unit.
INDICATORS = {
    "population": ("SP.POP.TOTL", "persons"),
    "gdp": ("NY.GDP.MKTP.CD", "current USD"),
    "gdp_per_head": ("NY.GDP.PCAP.CD", "current USD"),
}
_PER_PAGE = 5_000
_HEADER = {"page", "pages", "total", "lastupdated"}
_FIELDS = {"indicator", "country", "countryiso3code", "date", "value", "unit", "obs_status", "decimal"}

Year = Annotated[int, Field(ge=1960, le=2100)]
Measure = Literal["population", "gdp", "gdp_per_head"]
Record = dict[str, Any]


class Wish(WishOfYears):
    """Which figures are wanted."""

    countries: Annotated[list[Code], Field(min_length=1)] | None = None
    """Countries by the codes of ``data/trade/countries.csv``; none means every country."""
    measures: Annotated[list[Measure], Field(min_length=1)] = Field(["population", "gdp", "gdp_per_head"])
    """Inhabitants, GDP, and GDP over inhabitants, both in current US dollars."""
    years: Annotated[list[Year], Field(min_length=2, max_length=2)]
    """First and last year; the service begins in 1960."""


def take(wish: Wish, ask: Ask) -> Taken:
    """Rows of ``economies``: persons, or US dollars at current prices; one for each country and year with a value.

    Raises
    ------
    InputError
        If the service has no code for a country, or it is a group.
    AnswerError
        If an answer is not as its documents promise: the sentence says in what.
    UnreachableError
        If there is no answer.
    """
    known = publisher_codes("worldbank")
    countries = set(catalogue.open("countries", kind="country")["code"])
    asked = _theirs(wish.countries, countries)
    rows, left, dates = [], Counter[str](), set[str]()
    for measure in dict.fromkeys(wish.measures):
        records, updated = _records(INDICATORS[measure][0], asked, wish.years, ask)
        dates.update(updated)
        for record in records:
            theirs = record["countryiso3code"] or record["country"]["id"]
            if record["value"] is None:
                continue
            if known.get(theirs) not in countries:
                left[f"{theirs} {printable(str(record['country']['value']))}"] += 1
            else:
                rows.append(_row(record, known[theirs], measure))
    frame = table_of(rows, "economies")
    return Taken("economies", frame, _source(wish, left, dates), ask.answers)


# --- what is asked


def _theirs(codes: Sequence[str] | None, countries: set[str]) -> list[str] | None:
    """The service's codes for countries; none means all."""
    if codes is None:
        return None
    present = present_codes("worldbank")
    for code in codes:
        if code not in present or code not in countries:
            raise InputError(
                f"The World Bank has no country '{code}'{nearest(code, set(present) & countries)}. "
                "Leave it out of the wish."
            )
    return [present[code] for code in dict.fromkeys(codes)]


def _records(
    indicator: str, asked: Sequence[str] | None, years: Sequence[int], ask: Ask
) -> tuple[list[Record], list[str]]:
    """Every record of an indicator, and the date on which the service last renewed it."""
    told = f"The World Bank, asked for {indicator},"
    records: list[Record] = []
    first: Record | None = None
    page = 1
    while first is None or page <= int(first["pages"]):
        query = {"format": "json", "date": f"{years[0]}:{years[1]}", "per_page": _PER_PAGE, "page": page}
        address = f"{ADDRESS}/country/{';'.join(asked) if asked else 'all'}/indicator/{indicator}?"
        header, found = _page(ask(address + urlencode(query, safe=":")), told)
        if first is None:
            first = header
        for name in ("pages", "total", "lastupdated"):
            if header[name] != first[name]:
                raise AnswerError(
                    f"{told} says {name} {_shown(first[name])} on its first page and {_shown(header[name])} on page "
                    f"{page}: it was renewed between the two. Ask again."
                )
        if int(first["total"]) and int(header["page"]) != page:
            raise AnswerError(f"{told} and for page {page}, gives page {_shown(header['page'])}.")
        if int(first["total"]) and not found:
            raise AnswerError(f"{told} gives page {page} of {_shown(first['pages'])} without any figure.")
        records += found
        page += 1
    if len(records) != int(first["total"]):
        raise AnswerError(f"{told} says that it has {_shown(first['total'])} figures, and gives {len(records):,}.")
    for record in records:
        _check_record(record, indicator, asked, years, told)
    _refuse_doubles(records, told)
    return records, [first["lastupdated"]] if first["lastupdated"] else []


# --- what came


def _page(answer: Answer, told: str) -> tuple[Record, list[Record]]:
    """The header of a page, and its records."""
    try:
        body = json.loads(answer.content.decode("utf-8-sig"))
    except ValueError:
        kind = "a web page or XML" if answer.content.lstrip()[:1] == b"<" else "something else"
        raise AnswerError(f"{told} should give JSON, and gives {kind}.") from None
    if not isinstance(body, list) or not body or not isinstance(body[0], dict):
        raise AnswerError(f"{told} should give a header and figures, and gives {_shown(body)}.")
    header = {"lastupdated": None, **body[0]}
    if "message" in header:
        messages = header["message"] if isinstance(header["message"], list) else [header["message"]]
        said = [f"{m.get('key')}: {m.get('value')}" if isinstance(m, dict) else m for m in messages]
        raise AnswerError(f"{told} answers with an error: {'; '.join(map(_shown, said))}.")
    if missing := sorted(_HEADER - set(header)):
        raise AnswerError(f"{told} gives a header without {', '.join(missing)}. Its form has changed.")
    if not all(re.fullmatch(r"\d{1,9}", str(header[name])) for name in ("page", "pages", "total")):
        raise AnswerError(f"{told} gives a header whose page, pages or total is no number: {_shown(header)}.")
    if header["lastupdated"] is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(header["lastupdated"])):
        raise AnswerError(f"{told} gives {_shown(header['lastupdated'])} as the date of its last renewal.")
    records = body[1] if len(body) > 1 and body[1] is not None else []
    if not isinstance(records, list):
        raise AnswerError(f"{told} should give a list of figures, and gives {_shown(records)}.")
    return header, records


def _check_record(record: object, indicator: str, asked: Sequence[str] | None, years: Sequence[int], told: str) -> None:
    if not isinstance(record, dict) or set(record) != _FIELDS:
        fields = set(record) if isinstance(record, dict) else set()
        odd = ", ".join(sorted(_FIELDS ^ fields))
        raise AnswerError(f"{told} gives figures with these fields too many or too few: {_shown(odd)}.")
    named, country, date, value = (record[name] for name in ("indicator", "country", "date", "value"))
    if not isinstance(named, dict) or named.get("id") != indicator:
        raise AnswerError(f"{told} gives figures of {_shown(named)}.")
    if not isinstance(country, dict) or not {"id", "value"} <= set(country):
        raise AnswerError(f"{told} gives {_shown(country)} where a country's id and name should stand.")
    if not isinstance(date, str) or not re.fullmatch(r"\d{4}", date) or not years[0] <= int(date) <= years[1]:
        raise AnswerError(f"{told} gives a figure for {_shown(date)}, and the years are {years[0]} to {years[1]}.")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and not (number and 0 < value < 1e18):
        raise AnswerError(f"{told} gives {_shown(value)} for {_shown(country['value'])} in {date}.")
    if asked is not None and record["countryiso3code"] not in asked:
        raise AnswerError(f"{told} gives a figure of {_shown(country['value'])}, which was not asked for.")


def _refuse_doubles(records: Sequence[Record], told: str) -> None:
    """A country and a year, one figure: else a page came twice."""
    keys = Counter((record["countryiso3code"] or record["country"]["id"], record["date"]) for record in records)
    (country, year), times = max(keys.items(), key=lambda item: item[1], default=(("", ""), 0))
    if times > 1:
        raise AnswerError(f"{told} gives {times} figures for {_shown(country)} in {year}, where one should stand.")


def _row(record: Record, country: str, measure: str) -> Record:
    mark = record["obs_status"]
    return {
        "country": country,
        "year": int(record["date"]),
        "measure": measure,
        "value": float(record["value"]),
        "unit": INDICATORS[measure][1],
        "status": "final",
        "note": f"The World Bank marks it '{_shown(mark)}'" if mark else None,
    }


def _source(wish: Wish, left: Counter[str], dates: set[str]) -> dict[str, str | None]:
    names = {"population": "population", "gdp": "GDP", "gdp_per_head": "GDP per head"}
    asked = ", ".join(f"{names[each]} ({INDICATORS[each][0]})" for each in dict.fromkeys(wish.measures))
    note = "Figures are revised without notice."
    if len(dates) > 1:
        note += f" The indicators were renewed on different days: {', '.join(sorted(dates))}."
    if left:
        note += (
            f" Left out are {left.total():,} figures of {len(left):,} regions, groups and areas that are no country "
            f"here: {'; '.join(sorted(left))}."
        )
    return {
        "producer": "World Bank",
        "title": f"World Development Indicators: {asked}",
        "publisher": None,
        "address": ADDRESS,
        "licence": "CC BY 4.0",
        "vintage": max(dates, default=None),
        "kind": "statistical",
        "note": note,
    }


# --- helpers


def _shown(said: object) -> str:
    """What a server said, safe to print."""
    return printable(str(said)).rstrip(".")
