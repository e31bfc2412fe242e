"""Goods flows from Eurostat's Comext: trade of the European Union and of its members since 1988, all goods, in euros.

Service: SDMX 2.1 for Comext at ``https://ec.europa.eu/eurostat/api/comext/dissemination``, described in the user guides
"API - Getting started" and "API - Detailed guidelines" on ec.europa.eu/eurostat; no key. Below 500,000 cells an answer
comes at once; to 5,000,000, and when the service is busy, a 200 comes with a number instead, under which the answer
lies later; above that a 413. Terms: free reuse with the source named,
https://ec.europa.eu/eurostat/help/copyright-notice.

Dataset ``DS-045409`` ("EU trade since 1988 by HS2-4-6 and CN8"), product ``TOTAL``, ``VALUE_IN_EUROS``, key
``freq.reporter.partner.product.flow.indicators``. ``ext_lt_maineu`` has whole millions for the Union alone;
``DS-059341`` has the same trade by HS since 2002 under another name of its indicator.

No live answer has been seen by those who wrote this. The shapes are those of Eurostat's guides (the 413, the
asynchronous way) and of public code that quotes answers of 2025 and 2026: the SDMX-CSV header with ``LAST UPDATE``, an
empty place in the key for all partners, ``WORLD``, ``1`` and ``2`` for imports and exports, ``TOTAL`` with monthly
figures of Germany with the United States, the reporter ``EU27_2020``, faults in SOAP, the envelope
``<queued><id>…</id><status>SUBMITTED``. Not verified: ``TOTAL`` by years (seen by months), a column ``OBS_FLAG`` in
Comext (other datasets have one; it is read where it is there), a year that is not over among annual figures (not taken
in any case), and that the asynchronous address of Comext is ``…/comext/dissemination/1.0/async`` (so a client has it).
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from legation.data import catalogue, flow_answers
from legation.data.codes import present_codes, publisher_codes
from legation.data.feeds import AnswerError, Ask, Code, WishOfYears
from legation.data.flow_answers import Figure, FormError, LeftOut
from legation.data.vintages import Answer, Taken
from legation.errors import InputError

ADDRESS = "https://ec.europa.eu/eurostat/api/comext/dissemination"
_DATASET = "DS-045409"
_DOCUMENTATION = "https://ec.europa.eu/eurostat/databrowser/view/ds-045409"
_ACCEPT = "application/vnd.sdmx.data+csv, text/csv;q=0.9, */*;q=0.1"
_NEEDED = ("FREQ", "REPORTER", "PARTNER", "PRODUCT", "FLOW", "INDICATORS", "TIME_PERIOD", "OBS_VALUE")
_FLOWS = {"1": "import", "2": "export"}
#: Comext has its own names for some, unlike Eurostat's other datasets.
_COMEXT = {"GR": "GRC", "GB": "GBR", "XS": "SRB", "INT_EU27_2020": "EU27"}
_OWN = {"GRC": "GR", "GBR": "GB"}
_FLAGS = {"P": "Provisional", "E": "Estimated", "S": "Estimated by Eurostat", "U": "Of low reliability"}
#: How often it is asked whether an answer is ready: the fetcher leaves a second or more between two requests.
_LOOKS = 60
_ANSWERS = (200, 400, 404, 413)


class Wish(WishOfYears):
    """Whose trade, with whom, when."""

    reporters: list[Code] = Field(
        description="EU27 or its members by the house's codes; GBR for its years as one.", min_length=1
    )
    partners: list[Code] = Field([], description="The house's codes of the partners; none means all, WLD among them.")
    years: list[Annotated[int, Field(ge=1988, le=2100)]] = Field(
        description="The first and the last year.", min_length=2, max_length=2
    )


def take(wish: Wish, ask: Ask) -> Taken:
    """Exports FOB and imports CIF in current euros, by year.

    One request for each reporter, more where the service finds it too large. A year that is not over, or has been for
    less than three months, is added up from its months: see `legation.data.flow_answers.added_up`. Comext marks no
    figure as one to be revised: those of the last whole year are taken as preliminary.

    Raises
    ------
    InputError
        If a reporter is neither the Union nor in it.
    AnswerError
        If an answer is not in the form described above, or is not ready in time.
    """
    theirs = {**present_codes("eurostat"), **_OWN}
    _check(wish, theirs)
    first, last = wish.years
    whole = min(last, flow_answers.last_whole_year())
    reader = _Reader(ask)
    ask.expected = len(wish.reporters) * ((first <= whole) + (last > whole))
    found: list[tuple[Figure, int]] = []
    monthly: list[Figure] = []
    empty = []
    for code in wish.reporters:
        yearly = reader.figures("A", theirs[code], first, whole) if first <= whole else []
        found += [(figure, 12) for figure in yearly]
        if first <= whole and not yearly:
            empty.append(code)
        if last > whole:
            monthly += reader.figures("M", theirs[code], max(first, whole + 1), last)
    of_parts = flow_answers.added_up(monthly, reader.left_out)
    if wish.partners:
        wanted = set(wish.partners)
        found = [each for each in found if each[0].partner in wanted]
        of_parts = [each for each in of_parts if each[0].partner in wanted]
    if not found and not of_parts:
        raise AnswerError(
            f"{ADDRESS}: trade of {', '.join(wish.reporters)} for {first} to {last} was expected in {_DATASET}, but "
            "none came. Look whether Eurostat still publishes it there."
        )
    try:
        rows = flow_answers.as_rows([*found, *of_parts], currency="EUR")
    except FormError as error:
        raise AnswerError(f"{ADDRESS}: each flow was expected once in {_DATASET}, but there are {error}.") from None
    source = {
        "producer": "Eurostat",
        "title": "EU trade since 1988 by HS2-4-6 and CN8 (Comext, DS-045409)",
        "publisher": None,
        "address": _DOCUMENTATION,
        "licence": "free reuse with the source named",
        "vintage": max(reader.updated, default=None),
        "kind": "statistical",
        "note": " ".join(_note(reader.left_out, empty)),
    }
    return Taken("goods_flows", rows, source, list(ask.answers))


class _Reader:
    """Asks for reporters' trade, and reads it."""

    def __init__(self, ask: Ask) -> None:
        self.ask, self.left_out, self.updated = ask, LeftOut(), set[str]()
        self.codes = {**publisher_codes("eurostat"), **_COMEXT}

    def figures(self, frequency: str, reporter: str, first: int, last: int) -> list[Figure]:
        """A reporter's trade with all partners, in as many requests as the service wants."""
        key = f"{frequency}.{reporter}..TOTAL.1+2.VALUE_IN_EUROS"
        begin, end = (f"{first}-01", f"{last}-12") if frequency == "M" else (str(first), str(last))
        address = f"{ADDRESS}/sdmx/2.1/data/{_DATASET}/{key}?startPeriod={begin}&endPeriod={end}"
        answer = self.ask(f"{address}&format=SDMX-CSV&compressed=false", accept=_ACCEPT, answers=_ANSWERS)
        text = answer.content[:4000].decode("utf-8", "replace")
        said = flow_answers.fault(text)
        if answer.status == 413:
            if first == last:
                raise AnswerError(
                    f"{answer.request}: one year was expected to be small enough, but Eurostat: '{said}'."
                )
            middle = (first + last) // 2
            return self.figures(frequency, reporter, first, middle) + self.figures(
                frequency, reporter, middle + 1, last
            )
        if answer.status == 404 and re.search(r"no (results|data)|not? result", said, re.IGNORECASE):
            return []
        if answer.status != 200:
            raise AnswerError(
                f"{answer.request}: a table was expected, but Eurostat answers {answer.status}: '{said}'."
            )
        if text.lstrip().startswith("<") and "queued>" in text:
            answer = self.when_ready(answer, text)
        try:
            return self.read(answer, frequency, reporter, first, last)
        except FormError as error:
            raise AnswerError(
                f"{answer.request}: a table of {', '.join(_NEEDED)} was expected, but there came {error}."
            ) from None

    def when_ready(self, answer: Answer, text: str) -> Answer:
        """What was promised for later, once it is there."""
        number = re.search(r"<(?:\w+:)?id>\s*([0-9A-Za-z-]{1,64})\s*</", text)
        if not number:
            raise AnswerError(f"{answer.request}: the number of an answer to come was expected, but there is none.")
        state = "SUBMITTED"
        for _ in range(_LOOKS):
            status = self.ask(f"{ADDRESS}/1.0/async/status/{number[1]}", accept="application/xml", again=True)
            found = re.search(r"<(?:\w+:)?status>\s*(\w+)\s*</", status.content.decode("utf-8", "replace"))
            state = found[1] if found else "nothing"
            if state == "AVAILABLE":
                return self.ask(
                    f"{ADDRESS}/1.0/async/data/{number[1]}?format=SDMX-CSV&compressed=false", accept=_ACCEPT
                )
            if state not in ("SUBMITTED", "PROCESSING"):
                break
        raise AnswerError(
            f"{answer.request}: Eurostat prepares the answer as {number[1]} and says {state} of it, not AVAILABLE. "
            "Refresh again later."
        )

    def read(self, answer: Answer, frequency: str, reporter: str, first: int, last: int) -> list[Figure]:
        found = []
        for row in flow_answers.records(answer, _NEEDED):
            asked = [
                ("FREQ", frequency),
                ("REPORTER", reporter),
                ("PRODUCT", "TOTAL"),
                ("INDICATORS", "VALUE_IN_EUROS"),
            ]
            for name, wanted in asked:
                if row[name] != wanted:
                    raise FormError(f"{name} {row[name]} where {wanted} was asked for")
            if row["FLOW"] not in _FLOWS:
                raise FormError(f"FLOW {row['FLOW']} where 1 or 2 was asked for")
            self.updated.update(_day(row.get("LAST UPDATE", "")))
            value = flow_answers.number(row["OBS_VALUE"])
            if value is None:
                continue
            year, month = flow_answers.period(row["TIME_PERIOD"])
            if (month is None) != (frequency == "A") or not first <= year <= last:
                raise FormError(f"the period {row['TIME_PERIOD']}, which was not asked for")
            figure = self.figure(row, year, month, value)
            if figure is not None:
                found.append(figure)
        return found

    def figure(self, row: dict[str, str], year: int, month: int | None, value: float) -> Figure | None:
        reporter, partner = self.codes[row["REPORTER"]], self.codes.get(row["PARTNER"])
        if partner is None:
            if row["PARTNER"].startswith(("EXT_", "INT_")) or "_EXTRA" in row["PARTNER"] or "_INTRA" in row["PARTNER"]:
                self.left_out.counts["groups"] += 1
            else:
                self.left_out.unknown(row["PARTNER"])
            return None
        if partner == reporter:
            self.left_out.counts["itself"] += 1
            return None
        flags = row.get("OBS_FLAG", "").upper()
        notes = [text for letter, text in _FLAGS.items() if letter in flags]
        notes += ["Break in the series"] if "B" in flags else []
        revised = year >= flow_answers.last_whole_year() or any(letter in flags for letter in _FLAGS)
        status = "preliminary" if revised else "final"
        return Figure(reporter, partner, _FLOWS[row["FLOW"]], year, month, value, status, ". ".join(notes) or None)


def _check(wish: Wish, theirs: dict[str, str]) -> None:
    inside = {"EU27", *catalogue.members("EU27"), "GBR"}
    for code in wish.reporters:
        if code not in inside or code not in theirs:
            raise InputError(f"'{code}' does not report to Eurostat: only EU27 and its members do. Correct the wish.")
    catalogue.check_codes(list(wish.partners), what="partner")


def _day(cell: str) -> list[str]:
    """The date of ``15/09/26 11:00:00``, which has the day first."""
    found = re.match(r"(\d{2})/(\d{2})/(?:20)?(\d{2})\b", cell)
    return [f"20{found[3]}-{found[2]}-{found[1]}"] if found else []


def _note(left_out: LeftOut, empty: list[str]) -> list[str]:
    said = [
        "In whole euros. The Union is the 27 of today in every year, and its total with the "
        "world includes trade among members. Comext marks no figure as one to be revised: those of the last whole year "
        "are taken as preliminary.",
    ]
    said += left_out.sentences(
        {
            "groups": "{n} rows of trade inside or outside groups of countries were left out.",
            "itself": "{n} rows of a reporter's trade with itself were left out.",
            "months": "{n} figures for single months were left out, of partners without a figure in some month.",
            "world": "{n} figures for single months were left out: no total with the world tells which months are in.",
        }
    )
    if empty:
        said.append(f"Nothing came for {', '.join(empty)}.")
    return said
