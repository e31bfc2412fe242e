"""The European Central Bank's dollars for one euro become euros for one dollar.

Every rate is made up; the form is SDMX-ML 2.1 "generic", as the service sends it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from played_web import Answer, packed
from pydantic import ValidationError

from legation.data import contracts, ecb, flow_answers, vintages
from legation.data.ecb import Wish, take
from legation.data.feeds import AnswerError, Ask
from legation.data.fetching import UnreachableError

SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
TYPE = "application/vnd.sdmx.genericdata+xml;version=2.1"


def message(rates, *, frequency="A", currency="USD", unit="USD"):
    series = {"FREQ": frequency, "CURRENCY": currency, "CURRENCY_DENOM": "EUR", "EXR_TYPE": "SP00", "EXR_SUFFIX": "A"}
    key = "".join(f'<generic:Value id="{name}" value="{value}"/>' for name, value in series.items())
    observations = "".join(
        f'<generic:Obs><generic:ObsDimension value="{time}"/><generic:ObsValue value="{rate}"/>'
        '<generic:Attributes><generic:Value id="OBS_STATUS" value="A"/></generic:Attributes></generic:Obs>'
        for time, rate in rates
    )
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<message:GenericData xmlns:message="{SCHEMAS}/message" xmlns:common="{SCHEMAS}/common"
 xmlns:generic="{SCHEMAS}/data/generic"><message:Header><message:ID>0a1b</message:ID><message:Test>false</message:Test>
<message:Prepared>2032-05-01T12:00:00.000+02:00</message:Prepared><message:Sender id="ECB"/>
<message:Structure structureID="ECB_EXR1" dimensionAtObservation="TIME_PERIOD"><common:Structure>
<URN>urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure=ECB:ECB_EXR1(1.0)</URN></common:Structure>
</message:Structure></message:Header>
<message:DataSet action="Replace" validFromDate="2032-05-01T12:00:00.000+02:00" structureRef="ECB_EXR1">
<generic:Series><generic:SeriesKey>{key}</generic:SeriesKey><generic:Attributes>
<generic:Value id="DECIMALS" value="4"/><generic:Value id="UNIT" value="{unit}"/>
<generic:Value id="TIME_FORMAT" value="P1Y"/><generic:Value id="UNIT_MULT" value="0"/></generic:Attributes>
{observations}</generic:Series></message:DataSet></message:GenericData>"""
    return Answer(text.encode(), TYPE)


@pytest.fixture
def bank(checkout, web, monkeypatch):
    """The service on this machine, on 1 May 2032."""
    monkeypatch.setattr(ecb, "ADDRESS", f"{web.address}/EXR")
    monkeypatch.setattr(flow_answers, "today", lambda: date(2032, 5, 1))
    return lambda answer: web.__setitem__("/EXR", answer)


@pytest.fixture
def ask(fetcher):
    return Ask("ecb-rates", fetcher)


def wish(first=2030, last=2031):
    return Wish.model_validate({"years": [first, last]})


def test_dollars_for_a_euro_become_euros_for_a_dollar(bank, ask, web):
    bank(message([("2031", "0.8"), ("2030", "1.25")]))
    taken = take(wish(), ask)
    assert taken.table == "exchange_rates"
    assert taken.rows.to_numpy().tolist() == [["EUR", 2030, 0.8], ["EUR", 2031, 1.25]]
    assert "inverted here to euros for one dollar" in taken.source["note"]
    assert taken.answers[0].request.endswith("/EXR?startPeriod=2030&endPeriod=2031")
    assert web.asked[0][1]["Accept"] == TYPE
    contracts.TABLES["exchange_rates"].validate(taken.rows.assign(source="x"))


def test_a_year_that_is_not_over_or_has_no_rate_is_left_out_and_said(bank, ask):
    bank(message([("2029", "1.25"), ("2030", "NaN"), ("2031", "1.6"), ("2032", "2")]))
    taken = take(wish(2029, 2032), ask)
    assert list(taken.rows["year"]) == [2029, 2031]
    assert "2032 is not over and was left out. No rate came for 2030." in taken.source["note"]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (Answer(b"<html><head><title>Maintenance</title></head><body/></html>"), "<html> that says 'Maintenance'"),
        (Answer(b"<!doctype html><p>Sorry<br></html>"), "no XML"),
        (Answer(b'{"error": "no"}', "application/json"), r"no XML .*error"),
        (Answer(b""), "no XML"),
        (Answer(b'<m:Error xmlns:m="x"><Text>Bad key</Text></m:Error>'), "<Error> that says 'Bad key'"),
        (Answer(message([("2030", "1.25")]).content[:1400]), "no XML"),
        (Answer(b'<GenericData xmlns="x"/>'), "SDMX-ML that cannot be read"),
        (message([("2030", "1.25")], frequency="M"), "the series M.USD.EUR.SP00.A"),
        (message([("2030", "1.25")], currency="JPY"), "the series A.JPY.EUR.SP00.A"),
        (message([("2030", "1.25")], unit="EUR"), "rates in EUR"),
        (message([("2030", "125")]), "the rate 125.0 for 2030"),
        (message([("2030", "1.25"), ("2030", "1.26")]), "the rate 1.26 for 2030"),
        (message([("2030-05", "1.25")]), "the rate 1.25 for 2030-05"),
        (message([("2030", "much")]), "'much', which is no number"),
    ],
)
def test_what_is_not_the_series_is_refused_in_a_sentence(bank, ask, answer, found):
    bank(answer)
    with pytest.raises(AnswerError, match=f"annual dollars for one euro in SDMX-ML were expected, .*{found}"):
        take(wish(), ask)


def test_a_series_without_the_years_asked_for_is_an_error(bank, ask):
    bank(message([]))
    with pytest.raises(AnswerError, match="rates for 2030 to 2031 were expected, but none came"):
        take(wish(), ask)


def test_a_packed_answer_is_read_one_that_breaks_off_is_not(bank, fetcher):
    whole = message([("2030", "1.25")])
    bank(packed(whole.content))
    assert len(take(wish(), Ask("ecb-a", fetcher)).rows) == 1
    bank(Answer(whole.content[:-9], length=len(whole.content)))
    with pytest.raises(UnreachableError, match="breaks off"):
        take(wish(), Ask("ecb-b", fetcher))


@pytest.mark.parametrize("headers", [{"Retry-After": "7"}, {}])
def test_a_service_that_asks_for_time_gets_it(bank, ask, clock, headers):
    bank(lambda n: Answer(status=429, headers=headers) if n == 1 else message([("2030", "1.25")]))
    assert len(take(wish(), ask).rows) == 1
    assert sum(clock.slept) >= (7.0 if headers else 2.0)


def test_a_rate_revised_without_notice_makes_a_second_vintage_and_a_difference(bank, fetcher):
    for day, rate in ((1, "1.25"), (2, "1.6")):
        bank(message([("2030", rate), ("2031", "2")]))
        ask = Ask("ecb-rates", fetcher)
        vintages.keep("ecb-rates", take(wish(), ask), at=datetime(2032, 5, day, tzinfo=UTC))
        ask.done()
    found = vintages.changes(*vintages.vintages("ecb-rates")).rows
    assert found[["year", "change", "per_usd_before", "per_usd_after"]].to_numpy().tolist() == [
        [2030, "revised", 0.8, 0.625]
    ]


@pytest.mark.parametrize(
    "asked", [{"years": [2031, 2030]}, {"years": [1998, 2030]}, {"years": [2030]}, {"years": [2030, 2031], "to": "JPY"}]
)
def test_a_wish_that_makes_no_sense_is_refused(asked):
    with pytest.raises(ValidationError):
        Wish.model_validate(asked)
