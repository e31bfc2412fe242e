"""Exchange rates from the European Central Bank: the euro foreign exchange reference rate of the dollar, mean of the
year.

Service: SDMX 2.1 at ``https://data-api.ecb.europa.eu/service``, described at
https://data.ecb.europa.eu/help/api/overview; no key, no stated limit for so little. Terms: free to use with the source
named, https://www.ecb.europa.eu/services/using-our-site/disclaimer/html/index.en.html.

The series ``EXR/A.USD.EUR.SP00.A`` gives **dollars for one euro**; the table ``exchange_rates`` holds euros for one
dollar, so that each value is inverted here. The inverse of a year's mean is not quite the mean of the days' inverses.

The answer is SDMX-ML 2.1 "generic", which the package sdmx1 reads from the bytes that are kept. Its shape was seen in
answers that public code keeps for its tests (monthly and daily rates of this service, one of 2025). Not verified: the
annual series itself, and whether a year that is not over has a value; none is taken for it.
"""

from __future__ import annotations

import io
from typing import Annotated, Any

import pandas as pd
from lxml import etree
from pydantic import Field

from legation.data import flow_answers
from legation.data.feeds import AnswerError, Ask, WishOfYears
from legation.data.fetching import printable
from legation.data.flow_answers import FormError
from legation.data.vintages import Answer, Taken

ADDRESS = "https://data-api.ecb.europa.eu/service/data/EXR/A.USD.EUR.SP00.A"
_ACCEPT = "application/vnd.sdmx.genericdata+xml;version=2.1"
_SERIES = {"FREQ": "A", "CURRENCY": "USD", "CURRENCY_DENOM": "EUR", "EXR_TYPE": "SP00", "EXR_SUFFIX": "A"}


class Wish(WishOfYears):
    """Which years."""

    years: list[Annotated[int, Field(ge=1999, le=2100)]] = Field(
        description="The first and the last year; the euro exists since 1999.", min_length=2, max_length=2
    )


def take(wish: Wish, ask: Ask) -> Taken:
    """Euros for one dollar, mean of each year.

    Raises
    ------
    AnswerError
        If the answer is not the series asked for, in the form described above, or holds a rate that cannot be.
    """
    first, last = wish.years
    answer = ask(f"{ADDRESS}?startPeriod={first}&endPeriod={last}", accept=_ACCEPT)
    try:
        found = _read(answer)
    except FormError as error:
        raise AnswerError(
            f"{answer.request}: annual dollars for one euro in SDMX-ML were expected, but there came {error}."
        ) from None
    over = flow_answers.today().year - 1
    taken = {year: rate for year, rate in found.items() if first <= year <= min(last, over)}
    if not taken:
        raise AnswerError(f"{answer.request}: rates for {first} to {last} were expected, but none came.")
    rows = pd.DataFrame(
        {"currency": "EUR", "year": list(taken), "per_usd": [1 / rate for rate in taken.values()]}
    ).astype({"year": "int64"})
    note = (
        "Published as dollars for one euro (mean of the days' reference rates); inverted here to euros for one dollar."
    )
    if last > over:
        note += f" {over + 1} is not over and was left out."
    if missing := [year for year in range(first, min(last, over) + 1) if year not in taken]:
        note += f" No rate came for {', '.join(map(str, missing))}."
    source: dict[str, str | None] = {
        "producer": "European Central Bank",
        "title": "Euro foreign exchange reference rates, US dollar, annual averages",
        "publisher": None,
        "address": ADDRESS,
        "licence": "free to use with the source named",
        "vintage": None,  # the time in the answer is that of the request
        "kind": "statistical",
        "note": note,
    }
    return Taken("exchange_rates", rows, source, list(ask.answers))


def _read(answer: Answer) -> dict[int, float]:
    """Dollars for one euro by year."""
    import sdmx  # half a second, and only a refresh needs it

    try:
        root = etree.fromstring(answer.content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise FormError(f"no XML ({printable(str(error))}): '{_beginning(answer)}'") from None
    if etree.QName(root).localname != "GenericData":
        said = flow_answers.fault(answer.content.decode("utf-8", "replace")) or _beginning(answer)
        raise FormError(f"<{etree.QName(root).localname}> that says '{said}'")
    try:
        message: Any = sdmx.read_sdmx(io.BytesIO(answer.content))
    except Exception as error:  # noqa: BLE001  # the reader stops with whatever error it meets
        raise FormError(f"SDMX-ML that cannot be read ({type(error).__name__}: {printable(str(error))})") from None
    rates: dict[int, float] = {}
    for observation in (each for data in message.data for each in data.obs):
        key = {name: str(value.value) for name, value in observation.key.values.items()}
        time = key.pop("TIME_PERIOD", "")
        attributes = {name: str(value.value) for name, value in observation.attrib.items()}
        if key != _SERIES:
            raise FormError(f"the series {'.'.join(key.values())}")
        if (attributes.get("UNIT", "USD"), attributes.get("UNIT_MULT", "0")) != ("USD", "0"):
            raise FormError(f"rates in {attributes.get('UNIT')} times ten to the {attributes.get('UNIT_MULT')}")
        year, month = flow_answers.period(time)
        rate = flow_answers.number(str(observation.value if observation.value is not None else ""))
        if rate is None:
            continue
        if month is not None or year in rates or not 0.1 < rate < 10:
            raise FormError(f"the rate {rate} for {time}")
        rates[year] = rate
    return dict(sorted(rates.items()))


def _beginning(answer: Answer) -> str:
    return printable(answer.content[:160].decode("utf-8", "replace"))
