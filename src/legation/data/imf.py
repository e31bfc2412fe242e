"""Goods flows from the International Monetary Fund: International Trade in Goods by partner country (IMTS, formerly the
Direction of Trade Statistics).

Service: SDMX 3.0 at ``https://api.imf.org/external/sdmx/3.0``, described on data.imf.org under "IMF API"; no key. About
ten requests in five seconds are allowed: fewer are made. Terms: IMF terms and conditions,
https://www.imf.org/external/terms.htm.

No live answer has been seen by those who wrote this. The shapes are those of public code that says it was run against
the service in 2026: the address with ``*`` for every partner (an empty place gives a 200 without a row) and
``c[TIME_PERIOD]=ge:`` for the first year (``startPeriod`` is passed over), the version ``+`` for the latest, the header
``Accept`` (owid/etl, a snapshot of imf/trade); both headers of the table; values in dollars although ``SCALE`` says 6
(several, each with a figure checked elsewhere); ``STATUS`` empty or ``e``; ``DERIVATION_TYPE`` ``M`` on each row seen,
also on what is certainly reported, so that it tells nothing; the names of the twelve derivation types, of which ``O``
was read as "Reported official data" in another table of the IMF. Not verified: what the other types are called, how a
month looks in this table (``2025-M01`` in the IMF's consumer prices), what comes where there is nothing (404, or a 200
without a row: both are taken so), and whether columns of the whole table, such as ``UPDATE_DATE``, come with it.

The table is asked for as SDMX-CSV, which `legation.data.flow_answers` reads; sdmx1 2.28.0 reads SDMX-JSON only to its
version 1, and SDMX-CSV only in version 2 with the data's structure at hand.
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote

from pydantic import Field, model_validator

from legation.data import flow_answers
from legation.data.codes import present_codes, publisher_codes
from legation.data.feeds import AnswerError, Ask, Code, WishOfYears
from legation.data.flow_answers import Figure, FormError, LeftOut
from legation.data.vintages import Answer, Taken
from legation.errors import InputError, nearest

ADDRESS = "https://api.imf.org/external/sdmx/3.0/data/dataflow/IMF.STA/IMTS/+"
_DOCUMENTATION = "https://data.imf.org/en/datasets/IMF.STA:IMTS"
_ACCEPT = "application/vnd.sdmx.data+csv;version=2.0.0, application/vnd.sdmx.data+csv;q=0.9, text/csv;q=0.8"
_INDICATORS = {"XG_FOB_USD": ("export", "FOB"), "MG_CIF_USD": ("import", "CIF")}
_NEEDED = ("COUNTRY", "INDICATOR", "COUNTERPART_COUNTRY", "FREQUENCY", "TIME_PERIOD", "OBS_VALUE")
#: In millions, no country's trade with the world would reach this; in dollars, hardly one's stays below it.
_LEAST_WITH_WORLD = 10_000_000
#: And this is too little in dollars for the largest flow with any partner.
_LEAST = 1_000
#: Derivation types that leave a figure somebody's report; ``M`` stands on every row.
_REPORTED = ("", "M", "O", "OU", "R")
_DERIVED = {"FA": "Adjusted using the IMF's records", "TPD": "Data of a third party, such as the partner"}
_STATUS = {"E": "Estimated by the IMF", "P": "Provisional", "F": "Forecast", "I": "Imputed by the IMF"}


class Wish(WishOfYears):
    """Whose trade, with whom, when. Either ``reporters`` or ``partners`` may be left out, which means all."""

    reporters: list[Code] = Field([], description="The house's codes of the countries that report; none means all.")
    partners: list[Code] = Field([], description="The house's codes of the partners; none means all, WLD among them.")
    years: list[Annotated[int, Field(ge=1948, le=2100)]] = Field(
        description="The first and the last year.", min_length=2, max_length=2
    )

    @model_validator(mode="after")
    def _can_be_met(self) -> Wish:
        if not self.reporters and not self.partners:
            raise ValueError("name reporters or partners: all with all is more than one answer holds")
        if self.reporters == ["PRK"]:
            raise ValueError(
                "reporters: the DPRK reports no trade, and the IMF's rows for it are its partners' figures times or "
                "over 1.06. Ask with partners: [PRK] for what its partners report"
            )
        return self


def take(wish: Wish, ask: Ask) -> Taken:
    """Exports FOB and imports CIF in current US dollars, by year.

    One request for each reporter (without reporters: each partner) and direction. A year that is not over, or has been
    for less than three months, is added up from its months, if all partners are asked for: see
    `legation.data.flow_answers.added_up`.

    Raises
    ------
    InputError
        If the IMF has no country of a code in the wish.
    AnswerError
        If an answer is not in the form described above, is about something else, or cannot be in dollars.
    """
    theirs = present_codes("imf")
    for code in (*wish.reporters, *wish.partners):
        if code not in theirs:
            raise InputError(f"The IMF has no code for '{code}'{nearest(code, theirs)}. Correct the wish.")
    first, last = wish.years
    whole = min(last, flow_answers.last_whole_year())
    left_out, empty = LeftOut(), list[str]()
    if "PRK" in wish.reporters:
        left_out.counts["asked"] += 1
    sides = [(code, theirs[code], "*") for code in wish.reporters if code != "PRK"]
    sides = sides or [(code, "*", theirs[code]) for code in wish.partners]
    found: list[tuple[Figure, int]] = []
    monthly: list[Figure] = []
    published: set[str] = set()
    by_month = last > whole and sides[0][1] != "*"
    ask.expected = len(sides) * len(_INDICATORS) * ((first <= whole) + by_month)
    for house, reporter, partner in sides:
        for indicator in _INDICATORS:
            reader = _Reader(wish, indicator, reporter, partner, left_out, published)
            if first <= whole:
                yearly = reader.ask(ask, "A", first)
                found += [(figure, 12) for figure in yearly if figure.year <= whole]
                if not yearly:
                    empty.append(f"{house} ({_INDICATORS[indicator][0]}s)")
            if last > whole and reporter != "*":
                monthly += [each for each in reader.ask(ask, "M", max(first, whole + 1)) if each.year > whole]
            elif last > whole:
                left_out.counts["unfinished"] = last - whole
    of_parts = flow_answers.added_up(monthly, left_out)
    if wish.partners:
        wanted = set(wish.partners)
        of_parts = [each for each in of_parts if each[0].partner in wanted]
        found = [each for each in found if each[0].partner in wanted]
    if not found and not of_parts:
        raise AnswerError(
            f"{ADDRESS}: figures of {', '.join([*wish.reporters, *wish.partners][:8])} for {first} to {last} were "
            "expected, but none came. Look whether the IMF still publishes them there."
        )
    try:
        rows = flow_answers.as_rows([*found, *of_parts], currency="USD")
    except FormError as error:
        raise AnswerError(f"{ADDRESS}: each flow was expected once, but there are {error}.") from None
    largest = rows["value"].max()
    if largest < (_LEAST_WITH_WORLD if (rows["partner"] == "WLD").any() else _LEAST):
        raise AnswerError(
            f"{ADDRESS}: values in dollars were expected, but the largest is {largest:,.0f}. They may be in millions, "
            "as their SCALE says: nothing is taken until somebody has looked."
        )
    source = {
        "producer": "International Monetary Fund",
        "title": "International Trade in Goods by Partner Country (IMTS)",
        "publisher": None,
        "address": _DOCUMENTATION,
        "licence": "IMF terms and conditions; figures used as facts",
        "vintage": max(published, default=None),
        "kind": "statistical",
        "note": " ".join(_note(left_out, empty)),
    }
    return Taken("goods_flows", rows, source, list(ask.answers))


class _Reader:
    """Asks for one direction of one reporter's trade, or of all reporters' trade with one partner, and reads it."""

    def __init__(
        self, wish: Wish, indicator: str, reporter: str, partner: str, left_out: LeftOut, published: set[str]
    ) -> None:
        self.wish, self.indicator, self.reporter, self.partner = wish, indicator, reporter, partner
        self.left_out, self.published = left_out, published
        self.codes = publisher_codes("imf")

    def ask(self, ask: Ask, frequency: str, first: int) -> list[Figure]:
        key = f"{self.reporter}.{self.indicator}.{self.partner}.{frequency}"
        answer = ask(f"{ADDRESS}/{key}?{quote('c[TIME_PERIOD]')}=ge:{first}", accept=_ACCEPT, answers=(200, 404))
        if answer.status == 404:
            return []
        try:
            return self.read(answer, frequency, first)
        except FormError as error:
            raise AnswerError(
                f"{answer.request}: a table of {', '.join(_NEEDED)} was expected, but there came {error}."
            ) from None

    def read(self, answer: Answer, frequency: str, first: int) -> list[Figure]:
        found = []
        for row in flow_answers.records(answer, _NEEDED):
            value = flow_answers.number(row["OBS_VALUE"])
            if value is None or not row["TIME_PERIOD"]:  # nothing reported, or a row of attributes alone
                continue
            self.check(row, frequency)
            year, month = flow_answers.period(row["TIME_PERIOD"])
            if (month is None) != (frequency == "A"):
                raise FormError(f"the period {row['TIME_PERIOD']} among figures of frequency {frequency}")
            if not first <= year <= self.wish.years[1]:
                continue
            self.published.update(re.findall(r"^\d{4}-\d{2}-\d{2}", row.get("UPDATE_DATE", "")))
            figure = self.figure(row, year, month, value)
            if figure is not None:
                found.append(figure)
        return found

    def check(self, row: dict[str, str], frequency: str) -> None:
        """Refuse a row about something that was not asked for."""
        flow = row.get("STRUCTURE_ID") or row.get("DATAFLOW", "IMTS(")
        _, valuation = _INDICATORS[self.indicator]
        asked = [
            ("INDICATOR", row["INDICATOR"], self.indicator),
            ("FREQUENCY", row["FREQUENCY"], frequency),
            ("COUNTRY", row["COUNTRY"], self.reporter.replace("*", row["COUNTRY"])),
            ("COUNTERPART_COUNTRY", row["COUNTERPART_COUNTRY"], self.partner.replace("*", row["COUNTERPART_COUNTRY"])),
            ("VALUATION", row.get("VALUATION") or valuation, valuation),
            ("UNIT", row.get("UNIT") or "USD", "USD"),
        ]
        for name, came, wanted in asked:
            if came != wanted:
                raise FormError(f"{name} {came} where {wanted} was asked for")
        if "IMTS(" not in flow:
            raise FormError(f"rows of {flow}")
        if row.get("SCALE", "") not in ("", "0", "6"):
            raise FormError(f"values of scale {row['SCALE']}, of which nobody knows whether they are in dollars")

    def figure(self, row: dict[str, str], year: int, month: int | None, value: float) -> Figure | None:
        reporter, partner = self.codes.get(row["COUNTRY"]), self.codes.get(row["COUNTERPART_COUNTRY"])
        if reporter is None or partner is None:
            code = row["COUNTERPART_COUNTRY"] if partner is None else row["COUNTRY"]
            if re.fullmatch(r"G[A-Z]*\d+", code):
                self.left_out.counts["groups"] += 1
            else:
                self.left_out.unknown(code)
            return None
        if reporter == "PRK":
            self.left_out.counts["mechanical"] += 1
            return None
        if reporter == partner:
            self.left_out.counts["itself"] += 1
            return None
        status, note = _status(row)
        return Figure(reporter, partner, _INDICATORS[self.indicator][0], year, month, value, status, note)


def _status(row: dict[str, str]) -> tuple[str, str | None]:
    """Final or preliminary, and why."""
    status, kind = row.get("STATUS", "").upper(), row.get("DERIVATION_TYPE", "").upper()
    notes = []
    if status and status not in ("A", "B"):
        notes.append(_STATUS.get(status, f"Status {status} at the IMF"))
    if kind not in _REPORTED:
        notes.append(_DERIVED.get(kind, f"Not as reported: derivation type {kind} at the IMF"))
    if status == "B":
        return ("preliminary" if notes else "final"), ". ".join([*notes, "Break in the series"])
    return ("preliminary", ". ".join(dict.fromkeys(notes))) if notes else ("final", None)


def _note(left_out: LeftOut, empty: list[str]) -> list[str]:
    said = [
        "Exports FOB, imports CIF, in whole dollars as the IMF gives them. Figures of those who did not report may be "
        "estimates from their partners' reports that are not marked as such.",
    ]
    said += left_out.sentences(
        {
            "groups": "{n} rows of the IMF's own groups of countries were left out.",
            "mechanical": "{n} rows with the DPRK as reporter were left out: they are its partners' figures times or "
            "over 1.06.",
            "asked": "The DPRK was not asked for as a reporter: the IMF's rows for it are its partners' figures times "
            "or over 1.06.",
            "itself": "{n} rows of a country's trade with itself were left out.",
            "months": "{n} figures for single months were left out, of partners without a figure in some month.",
            "world": "{n} figures for single months were left out: no total with the world tells which months are in.",
            "unfinished": "The last years asked for are not complete and were left out ({n}).",
        }
    )
    if empty:
        said.append(f"Nothing came for {', '.join(empty[:10])}{' and others' if len(empty) > 10 else ''}.")
    return said
