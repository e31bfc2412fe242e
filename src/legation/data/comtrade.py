"""UN Comtrade: trade in goods as each country reports it, by partner and year, for the table ``goods_flows``.

Service
    ``https://comtradeapi.un.org``, of the United Nations Statistics Division. Without a key
    ``/public/v1/preview/C/A/HS``, 500 rows and one year a request (a list of years is answered with 400: seen in
    koala73/worldmonitor, issue 4646); with one ``/data/v1/get/C/A/HS``, 250,000 rows and a list of years. A range of
    years is refused by both. A free key comes from https://comtradedeveloper.un.org; it is looked for as
    `legation.data.feeds.secret` says, and goes into the header ``Ocp-Apim-Subscription-Key``, never into an address.
    Too many requests are answered with 429. Parameters and fields:
    https://uncomtrade.org/docs/un-comtrade-api/ and the reference tables under ``/files/v1/app/reference``.
Terms
    Single figures may be used as facts; bulk data may not be passed on.
What is asked
    All goods (``cmdCode=TOTAL``), annual. A flow is one row only if second partner, customs procedure and means of
    transport are pinned to their totals (``partner2Code=0``, ``customsCode=C00``, ``motCode=0``); a flow that still
    comes twice is an error. An answer with as many rows as the limit may be cut off: it is asked for again in halves,
    by years, then reporters, partners and directions.
What the marks mean
    ``isReported``: the country gave this total. ``isAggregate``: the service added up the detail that the country gave,
    as it does for most totals. Either is final here; a row that is neither is the service's own, and preliminary.
    ``legacyEstimationFlag`` tells of quantities and weights alone, and is not looked at. The service's codes are those
    of M49 but for some (the United States is 842, France 251, India 699): ``data/trade/publisher_codes.csv``.
The publisher's client
    comtradeapicall 1.3.2 puts the key into the address, prints an error where it should raise it, and throws the raw
    answer away. Hence the requests of this module.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import pandas as pd
from pydantic import Field

from legation.data import catalogue
from legation.data.codes import publisher_codes
from legation.data.feeds import AnswerError, Ask, Code, WishOfYears, secret
from legation.data.fetching import UnreachableError, printable
from legation.data.vintages import Answer, Taken, table_of
from legation.errors import InputError, nearest

ADDRESS = "https://comtradeapi.un.org"
_KEY_HEADER = "Ocp-Apim-Subscription-Key"
#: Rows that an answer holds at most, without and with a key.
MOST_ROWS, MOST_ROWS_WITH_KEY = 500, 250_000
#: Years in one request with a key. The client comtradr asks for no more than twelve periods (its issue 63).
_MOST_YEARS = 12
_FLOWS = {"X": "export", "M": "import"}
_PINNED = {"partner2Code": 0, "customsCode": "C00", "motCode": 0, "cmdCode": "TOTAL", "freqCode": "A", "typeCode": "C"}
_READ = {*_PINNED, "period", "reporterCode", "partnerCode", "flowCode", "cifvalue", "fobvalue", "primaryValue"} | {
    "isReported",
    "isAggregate",
}
#: All that a record holds. A field that is new may be one by which rows are broken down.
_FIELDS = _READ | {
    "refPeriodId",
    "refYear",
    "refMonth",
    "reporterISO",
    "reporterDesc",
    "flowDesc",
    "partnerISO",
    "partnerDesc",
    "partner2ISO",
    "partner2Desc",
    "classificationCode",
    "classificationSearchCode",
    "isOriginalClassification",
    "cmdDesc",
    "aggrLevel",
    "isLeaf",
    "customsDesc",
    "mosCode",
    "motDesc",
    "qtyUnitCode",
    "qtyUnitAbbr",
    "qty",
    "isQtyEstimated",
    "altQtyUnitCode",
    "altQtyUnitAbbr",
    "altQty",
    "isAltQtyEstimated",
    "netWgt",
    "isNetWgtEstimated",
    "grossWgt",
    "isGrossWgtEstimated",
    "legacyEstimationFlag",
}

Year = Annotated[int, Field(ge=1962, le=2100)]
Record = dict[str, Any]


class Wish(WishOfYears):
    """Which flows are wanted."""

    reporters: Annotated[list[Code], Field(min_length=1)]
    """Countries whose reports are asked for, by the codes of ``data/trade/countries.csv``."""
    partners: Annotated[list[Code], Field(min_length=1)] | None = None
    """Their partners, ``WLD`` for the world; none means every partner, and the world."""
    flows: Annotated[list[Literal["export", "import"]], Field(min_length=1)] = Field(["export", "import"])
    """Directions, as the reporter sees them."""
    years: Annotated[list[Year], Field(min_length=2, max_length=2)]
    """First and last year; the service begins in 1962."""


@dataclass(frozen=True)
class _Part:
    """What one request asks for, in the service's codes."""

    years: tuple[int, ...]
    reporters: tuple[str, ...]
    partners: tuple[str, ...]  # none means all
    flows: tuple[str, ...]

    def halves(self) -> list[_Part]:
        """Two parts that together ask for the same; none if it is but one flow of one year."""
        for name in ("years", "reporters", "partners", "flows"):
            values = getattr(self, name)
            if len(values) > 1:
                middle = len(values) // 2
                return [replace(self, **{name: half}) for half in (values[:middle], values[middle:])]
        return []


def take(wish: Wish, ask: Ask) -> Taken:
    """Rows of ``goods_flows``: one for each flow that has a value, in US dollars at current prices.

    A flow that the service does not hold has no row. The note of the source says for which years a reporter has none,
    and which areas of the service have no code here.

    Raises
    ------
    InputError
        If the service has no code for a country, or refuses the key.
    AnswerError
        If an answer is not as its documents promise: the sentence says in what.
    UnreachableError
        If there is no answer.
    """
    known = publisher_codes("comtrade")
    first, last = wish.years
    whole = _Part(
        years=tuple(range(first, last + 1)),
        reporters=tuple(_theirs(wish.reporters, first)),
        partners=tuple(_theirs(wish.partners or [], first)),
        flows=tuple(theirs for theirs, ours in _FLOWS.items() if ours in wish.flows),
    )
    key = secret("comtrade")
    size = _MOST_YEARS if key else 1
    ask.expected = math.ceil(len(whole.years) / size)
    records = [
        record
        for start in range(0, len(whole.years), size)
        for record in _records(replace(whole, years=whole.years[start : start + size]), ask, key)
    ]
    _refuse_doubles(records, known)
    areas = Counter(_area(record) for record in records if _area(record) not in known)
    rows = [row for record in records if _area(record) in known and (row := _row(record, known))]
    frame = table_of(rows, "goods_flows")
    return Taken("goods_flows", frame, _source(wish, frame, areas, bool(key), ask), ask.answers)


# --- what is asked


def _theirs(codes: Sequence[str], first: int) -> list[str]:
    """The service's codes for countries: today's, and those of former states that still stood in the first year."""
    table = catalogue.open("publisher_codes", publisher="comtrade")
    for code in codes:
        if code not in set(table["code"]):
            raise InputError(
                f"UN Comtrade has no code for '{code}'{nearest(code, table['code'])}. Leave it out of the wish."
            )
    stood = table["until"].isna() | (table["until"] >= first)
    return list(table[table["code"].isin(list(codes)) & stood]["theirs"])


def _records(part: _Part, ask: Ask, key: str | None) -> list[Record]:
    """Every record of a part; in halves where one answer cannot hold them."""
    most = MOST_ROWS_WITH_KEY if key else MOST_ROWS
    query = {
        "reporterCode": ",".join(part.reporters),
        "period": ",".join(map(str, part.years)),
        **({"partnerCode": ",".join(part.partners)} if part.partners else {}),
        "flowCode": ",".join(part.flows),
        "cmdCode": "TOTAL",
        "partner2Code": 0,
        "customsCode": "C00",
        "motCode": 0,
        "maxRecords": most,
    }
    path = "/data/v1/get/C/A/HS" if key else "/public/v1/preview/C/A/HS"
    answer = ask(
        f"{ADDRESS}{path}?{urlencode(query, safe=',')}",
        key=(_KEY_HEADER, key) if key else None,
        answers=(200, 400, 401, 403),
    )
    records = _checked(answer, part, key)
    if len(records) < most:
        return records
    halves = part.halves()
    if not halves:
        raise AnswerError(
            f"UN Comtrade gave {len(records):,} rows for {_told(part)}, as many as an answer may hold, and they cannot "
            "be asked for in smaller parts. Name the partners in the wish."
        )
    ask.expected += len(halves)
    return [record for half in halves for record in _records(half, ask, key)]


# --- what came


def _checked(answer: Answer, part: _Part, key: str | None) -> list[Record]:
    """The records of an answer that is what was asked for."""
    told = f"UN Comtrade, asked for {_told(part)},"
    body = _json(answer, told)
    if answer.status in (401, 403):
        said = _shown(body.get("message") or body.get("error"), key)
        if key:
            raise InputError(
                f"UN Comtrade refuses the key ({answer.status}: {said}). Set LEGATION_COMTRADE_KEY to a valid one."
            )
        raise AnswerError(f"{told} refuses ({answer.status}: {said}), though it asks for no key there.")
    if answer.status == 400 or body.get("error"):
        details = body.get("details")
        reasons = [_shown(each.get("errorMessage"), key) for each in details or [] if isinstance(each, dict)]
        raise AnswerError(f"{told} answers with an error: {'; '.join([_shown(body.get('error'), key), *reasons])}.")
    records, count = body.get("data"), body.get("count")
    if not isinstance(records, list) or not isinstance(count, int):
        raise AnswerError(f"{told} should give 'count' and 'data', and gives {', '.join(sorted(body)) or 'nothing'}.")
    if count != len(records):
        raise AnswerError(f"{told} says that it gives {count:,} rows, and gives {len(records):,}.")
    for record in records:
        _check_record(record, part, told)
    return records


def _check_record(record: object, part: _Part, told: str) -> None:
    if not isinstance(record, dict):
        raise AnswerError(f"{told} should give rows with named fields, and gives {_shown(record, None)}.")
    missing, strange = sorted(_READ - set(record)), sorted(set(record) - _FIELDS)
    if missing:
        raise AnswerError(f"{told} gives rows without {', '.join(missing)}. Its fields have changed.")
    if strange:
        raise AnswerError(
            f"{told} gives rows with {_shown(', '.join(strange), None)}, which is new: rows may be broken down by it. "
            "If they are not, name it among the fields of src/legation/data/comtrade.py."
        )
    wanted: dict[str, tuple[object, ...]] = {
        "period": tuple(map(str, part.years)),
        "reporterCode": part.reporters,
        "flowCode": part.flows,
        **({"partnerCode": part.partners} if part.partners else {}),
        **{name: (str(value),) for name, value in _PINNED.items()},
    }
    for name, values in wanted.items():
        if str(record[name]) not in values:
            raise AnswerError(
                f"{told} gives a row whose {name} is {_shown(record[name], None)}, which was not asked for."
            )
    for name in ("primaryValue", "fobvalue", "cifvalue"):
        value = record[name]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (number and 0 <= value < 1e18):
            raise AnswerError(f"{told} gives {_shown(value, None)} as {name}, where dollars should stand.")
    for name in ("isReported", "isAggregate"):
        if not isinstance(record[name], bool):
            raise AnswerError(f"{told} gives {_shown(record[name], None)} as {name}, where true or false should stand.")


def _refuse_doubles(records: Sequence[Record], known: dict[str, str]) -> None:
    """One flow, one row: else one of the dimensions that are pinned does not hold any more, or a page came twice."""

    def flow(record: Record) -> tuple[str, ...]:
        reporter, partner = str(record["reporterCode"]), _area(record)
        return known[reporter], known.get(partner, partner), str(record["flowCode"]), str(record["period"])

    twice = [(each, times) for each, times in Counter(map(flow, records)).items() if times > 1]
    if twice:
        (reporter, partner, direction, year), times = twice[0]
        raise AnswerError(
            f"UN Comtrade gives {times} rows for the {_FLOWS[direction]}s of {reporter}, partner {partner}, in {year}, "
            f"where one should stand, and so for {len(twice):,} flows: summed, they would count double."
        )


def _row(record: Record, known: dict[str, str]) -> Record | None:
    """A row of the table; none where the service has no value."""
    value = record["primaryValue"]
    if value is None:
        return None
    given = record["isReported"] or record["isAggregate"]
    return {
        "reporter": known[str(record["reporterCode"])],
        "partner": known[_area(record)],
        "flow": _FLOWS[record["flowCode"]],
        "year": int(record["period"]),
        "value": float(round(value)),
        "currency": "USD",
        "prices": "current",
        "valuation": _valuation(record),
        "status": "final" if given else "preliminary",
        "months": 12,
        "note": None,
    }


def _valuation(record: Record) -> str:
    """By which of its two values the primary one is: FOB for exports, CIF for imports, but for a few reporters."""
    usual, other = ("fobvalue", "cifvalue") if record["flowCode"] == "X" else ("cifvalue", "fobvalue")
    for name in (usual, other):
        if record[name] == record["primaryValue"]:
            return "FOB" if name == "fobvalue" else "CIF"
    return "unknown"


def _source(wish: Wish, rows: pd.DataFrame, areas: Counter[str], keyed: bool, ask: Ask) -> dict[str, str | None]:
    note = (
        "Annual totals of all goods as the reporter gives them, or as the service adds up the detail given; "
        "exports FOB, imports CIF, but where a row says otherwise."
    )
    held = set(zip(rows["reporter"], rows["year"], strict=True))
    lacking = {
        reporter: [str(year) for year in range(wish.years[0], wish.years[1] + 1) if (reporter, year) not in held]
        for reporter in wish.reporters
    }
    if any(lacking.values()):
        said = "; ".join(f"{reporter} {', '.join(years)}" for reporter, years in lacking.items() if years)
        note += f" No figures for the years: {said}."
    if areas:
        names = _names(ask)
        said = "; ".join(f"{area} {names[area]}" if area in names else area for area in sorted(areas, key=int))
        note += f" Left out are {areas.total():,} rows of areas that have no code here: {said}."
    return {
        "producer": "United Nations Statistics Division",
        "title": "UN Comtrade",
        "publisher": None,
        "address": f"{ADDRESS}/{'data/v1/get' if keyed else 'public/v1/preview'}/C/A/HS",
        "licence": "re-dissemination of bulk data restricted; single figures used as facts",
        "vintage": None,
        "kind": "statistical",
        "note": note,
    }


# --- helpers


def _names(ask: Ask) -> dict[str, str]:
    """What the service calls its areas, to be told what was left out; nothing if it does not say."""
    try:
        answer = ask(f"{ADDRESS}/files/v1/app/reference/partnerAreas.json")
        return {str(each["id"]): printable(str(each["text"])) for each in _json(answer, "UN Comtrade")["results"]}
    except (UnreachableError, AnswerError, KeyError, TypeError):
        return {}


def _json(answer: Answer, told: str) -> Record:
    try:
        body = json.loads(answer.content.decode("utf-8-sig"))
    except ValueError:
        kind = "a web page" if answer.content.lstrip()[:1] == b"<" else "something else"
        raise AnswerError(f"{told} should give JSON, and gives {kind} (status {answer.status}).") from None
    if not isinstance(body, dict):
        raise AnswerError(f"{told} should give an object, and gives a {type(body).__name__}.")
    return body


def _area(record: Record) -> str:
    return str(record["partnerCode"])


def _told(part: _Part) -> str:
    years = str(part.years[0]) if len(part.years) == 1 else f"{part.years[0]} to {part.years[-1]}"
    reporters = ", ".join(part.reporters[:5]) + (" …" if len(part.reporters) > 5 else "")
    return f"reporter {reporters} in {years}"


def _shown(said: object, key: str | None) -> str:
    """What a server said, safe to print, and without the key."""
    words = str(said)
    return printable(words.replace(key, "…") if key else words).rstrip(".")
