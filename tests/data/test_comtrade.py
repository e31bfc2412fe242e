"""UN Comtrade's answers, whole, in parts and broken. All figures are made up."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from played_web import Answer, packed
from pydantic import ValidationError

from legation.data import comtrade, contracts, vintages
from legation.data.comtrade import Wish, take
from legation.data.feeds import AnswerError, Ask
from legation.data.fetching import UnreachableError
from legation.errors import InputError

PREVIEW, KEYED = "/public/v1/preview/C/A/HS", "/data/v1/get/C/A/HS"
AREAS = "/files/v1/app/reference/partnerAreas.json"
KEY = "s3cret-made-up"


def record(reporter=704, partner=156, flow="X", year=2031, value=1000.0, **other):
    """A record with the 47 fields that the service gives."""
    fob, cif = (value, None) if flow == "X" else (None, value)
    return {
        **{"typeCode": "C", "freqCode": "A", "refPeriodId": year * 10000 + 101, "refYear": year, "refMonth": 52},
        **{"period": str(year), "reporterCode": reporter, "reporterISO": None, "reporterDesc": None},
        **{"flowCode": flow, "flowDesc": None, "partnerCode": partner, "partnerISO": None, "partnerDesc": None},
        **{"partner2Code": 0, "partner2ISO": None, "partner2Desc": None, "classificationCode": "H6"},
        **{"classificationSearchCode": "HS", "isOriginalClassification": True, "cmdCode": "TOTAL", "cmdDesc": None},
        **{"aggrLevel": 0, "isLeaf": False, "customsCode": "C00", "customsDesc": None, "mosCode": "0", "motCode": 0},
        **{"motDesc": None, "qtyUnitCode": -1, "qtyUnitAbbr": None, "qty": 0.0, "isQtyEstimated": False},
        **{"altQtyUnitCode": -1, "altQtyUnitAbbr": None, "altQty": None, "isAltQtyEstimated": False, "netWgt": None},
        **{"isNetWgtEstimated": False, "grossWgt": None, "isGrossWgtEstimated": False, "cifvalue": cif},
        **{"fobvalue": fob, "primaryValue": value, "legacyEstimationFlag": 0, "isReported": True, "isAggregate": False},
        **other,
    }


def body(*records, **other):
    return {"elapsedTime": "0.02 secs", "count": len(records), "data": list(records), "error": "", **other}


def played(content, status=200):
    return Answer(json.dumps(content).encode(), "application/json; charset=utf-8", status)


def in_turn(*bodies):
    """A route that gives one answer after the other."""
    return lambda n: played(bodies[n - 1])


@pytest.fixture
def service(checkout, web, monkeypatch):
    monkeypatch.setattr(comtrade, "ADDRESS", web.address)
    monkeypatch.setattr(comtrade, "secret", lambda name: None)
    web[AREAS] = played({"results": [{"id": 899, "text": "Areas, nes"}]})
    return web


@pytest.fixture
def keyed(service, monkeypatch):
    monkeypatch.setattr(comtrade, "secret", lambda name: KEY)
    return service


@pytest.fixture
def ask(checkout, fetcher):
    return Ask("comtrade-vietnam", fetcher)


def wish(**other):
    return Wish(**{"reporters": ["VNM"], "partners": ["CHN", "USA"], "years": [2031, 2031], **other})


def said(wished, ask, error=AnswerError):
    with pytest.raises(error) as raised:
        take(wished, ask)
    return str(raised.value)


def test_exports_come_fob_and_imports_cif_as_rows_of_goods_flows(service, ask):
    service[PREVIEW] = played(body(record(value=1234.4), record(partner=842, flow="M", value=0.0)))
    taken = take(wish(), ask)
    contracts.TABLES["goods_flows"].validate(taken.rows.assign(source="made-up"))
    told = taken.rows[["reporter", "partner", "flow", "year", "value", "valuation", "status", "months"]]
    assert told.values.tolist() == [
        ["VNM", "CHN", "export", 2031, 1234.0, "FOB", "final", 12],
        ["VNM", "USA", "import", 2031, 0.0, "CIF", "final", 12],
    ]
    assert [answer.status for answer in taken.answers] == [200]


def test_the_three_dimensions_that_would_double_rows_are_pinned_and_codes_are_the_services_own(service, ask):
    service[PREVIEW] = played(body())
    take(wish(reporters=["USA", "FRA"], partners=["WLD"]), ask)
    request = ask.answers[0].request
    for part in ("partner2Code=0", "customsCode=C00", "motCode=0", "cmdCode=TOTAL", "partnerCode=0", "flowCode=X,M"):
        assert part in request
    assert "reporterCode=251,842" in request


def test_without_a_key_each_year_is_asked_for_alone(service, ask):
    service[PREVIEW] = in_turn(*(body(record(year=year)) for year in (2030, 2031, 2032)))
    assert take(wish(years=[2030, 2032]), ask).rows["year"].tolist() == [2030, 2031, 2032]
    asked = [parse_qs(urlsplit(answer.request).query)["period"] for answer in ask.answers]
    assert asked == [["2030"], ["2031"], ["2032"]]


def test_with_a_key_years_are_a_list_with_commas_of_at_most_twelve(keyed, ask):
    keyed[KEYED] = in_turn(body(record(year=2020)), body(record(year=2032)))
    assert take(wish(years=[2020, 2033]), ask).rows["year"].tolist() == [2020, 2032]
    assert "period=2020,2021,2022,2023,2024,2025,2026,2027,2028,2029,2030,2031&" in ask.answers[0].request
    assert "period=2032,2033&" in ask.answers[1].request


def test_the_key_goes_into_a_header_and_stands_nowhere_else(keyed, ask, checkout):
    keyed[KEYED] = played(body(record()))
    taken = take(wish(), ask)
    assert keyed.asked[0][1]["Ocp-Apim-Subscription-Key"] == KEY
    kept = vintages.keep("comtrade-vietnam", taken, at=datetime(2032, 5, 1, tzinfo=UTC))
    assert kept is not None
    for file in checkout.rglob("data/cache/**/*"):
        assert file.is_dir() or KEY.encode() not in file.read_bytes()
    assert KEY not in repr(taken.answers) + repr(taken.source)


def test_a_refused_key_is_the_readers_to_mend_and_not_repeated(keyed, ask):
    keyed[KEYED] = played({"statusCode": 401, "message": f"Access denied for {KEY}."}, 401)
    sentence = said(wish(), ask, InputError)
    assert "LEGATION_COMTRADE_KEY" in sentence
    assert KEY not in sentence


def test_an_answer_at_the_limit_is_asked_for_again_in_parts_until_it_fits(keyed, ask, monkeypatch):
    monkeypatch.setattr(comtrade, "MOST_ROWS_WITH_KEY", 2)
    full = body(record(), record(partner=842))
    keyed[KEYED] = in_turn(
        body(record(year=2030), record(year=2031)),  # both years: full
        body(record(year=2030)),
        full,  # 2031: full, so by partners
        body(record()),
        body(record(partner=842)),
    )
    taken = take(wish(years=[2030, 2031], flows=["export"]), ask)
    assert taken.rows[["partner", "year"]].values.tolist() == [["CHN", 2030], ["CHN", 2031], ["USA", 2031]]
    assert "partnerCode=156&" in ask.answers[3].request
    assert "partnerCode=842&" in ask.answers[4].request


def test_what_cannot_be_split_further_is_an_error_and_not_a_part_of_the_truth(service, ask, monkeypatch):
    monkeypatch.setattr(comtrade, "MOST_ROWS", 1)
    service[PREVIEW] = played(body(record()))
    assert "as many as an answer may hold" in said(wish(partners=None, flows=["export"]), ask)


def test_no_data_is_no_error_and_is_said(service, ask):
    service[PREVIEW] = played(body())
    taken = take(wish(), ask)
    assert taken.rows.empty
    assert "No figures for the years: VNM 2031." in taken.source["note"]


def test_a_value_that_is_not_given_has_no_row(service, ask):
    service[PREVIEW] = played(body(record(value=None), record(partner=842)))
    assert take(wish(), ask).rows["partner"].tolist() == ["USA"]


def test_a_total_is_final_if_reported_or_added_up_from_what_was_reported(service, ask):
    service[PREVIEW] = played(
        body(
            record(isReported=False, isAggregate=True),
            record(partner=842, isReported=False, isAggregate=False),
        )
    )
    assert take(wish(), ask).rows["status"].tolist() == ["final", "preliminary"]


def test_imports_that_a_country_gives_fob_are_told_as_such(service, ask):
    fob = record(flow="M", value=70.0, fobvalue=70.0, cifvalue=None)
    neither = record(partner=842, flow="M", value=70.0, fobvalue=None, cifvalue=None)
    service[PREVIEW] = played(body(fob, neither))
    assert take(wish(), ask).rows["valuation"].tolist() == ["FOB", "unknown"]


def test_areas_without_a_code_here_are_left_out_counted_and_named(service, ask):
    service[PREVIEW] = played(body(record(), record(partner=899), record(partner=839)))
    taken = take(wish(partners=None), ask)
    assert taken.rows["partner"].tolist() == ["CHN"]
    assert "Left out are 2 rows of areas that have no code here: 839; 899 Areas, nes." in taken.source["note"]


def test_areas_are_counted_even_if_their_names_cannot_be_had(service, ask):
    service[PREVIEW] = played(body(record(partner=899)))
    service[AREAS] = Answer(b"<html>down</html>")
    assert "Left out are 1 rows of areas that have no code here: 899." in take(wish(partners=None), ask).source["note"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(b"<html><body>Maintenance</body></html>"), "should give JSON, and gives a web page"),
        (Answer(b'{"count": 1, "data": [{"typ'), "should give JSON, and gives something else"),
        (played([]), "should give an object"),
        (played(body(error="The database is away.")), "answers with an error: The database is away."),
        (
            played(
                {
                    "error": "Invalid parameter value",
                    "details": [{"memberNames": ["period"], "errorMessage": "The field period is invalid"}],
                },
                400,
            ),
            "answers with an error: Invalid parameter value; The field period is invalid.",
        ),
        (played({"message": "Out of call volume quota"}, 403), r"refuses (403: Out of call volume quota)"),
        (played({"elapsedTime": "0.1 secs"}), "should give 'count' and 'data', and gives elapsedTime"),
        (played(body(record(), count=2)), "says that it gives 2 rows, and gives 1"),
        (played(body("row")), "should give rows with named fields"),
        (played(body({k: v for k, v in record().items() if k != "motCode"})), "rows without motCode"),
        (played(body(record(regionCode=0))), "rows with regionCode, which is new"),
        (played(body(record(motCode=2100))), "a row whose motCode is 2100, which was not asked for"),
        (played(body(record(reporter=764))), "a row whose reporterCode is 764, which was not asked for"),
        (played(body(record(year=2029))), "a row whose period is 2029, which was not asked for"),
        (played(body(record(flow="RX"))), "a row whose flowCode is RX, which was not asked for"),
        (played(body(record(value="1000"))), "gives 1000 as primaryValue, where dollars should stand"),
        (played(body(record(value=-5.0))), "gives -5.0 as primaryValue"),
        (played(body(record(isReported="yes"))), "gives yes as isReported"),
        (
            played(body(record(), record(value=600.0))),
            "2 rows for the exports of VNM, partner CHN, in 2031, where one should stand",
        ),
    ],
)
def test_an_answer_that_is_not_as_promised_is_refused_with_the_reason(service, ask, answer, sentence):
    service[PREVIEW] = answer
    assert sentence in said(wish(), ask)


def test_a_service_that_asks_for_peace_gets_it_and_a_packed_answer_is_read(service, ask, clock):
    service[PREVIEW] = lambda n: (
        Answer(status=429, headers={"Retry-After": "9"})
        if n == 1
        else Answer(status=429)
        if n == 2
        else packed(json.dumps(body(record())).encode())
    )
    assert len(take(wish(), ask).rows) == 1
    assert sum(clock.slept) >= 9.0


def test_an_answer_that_breaks_off_each_time_is_unreachable(service, ask):
    service[PREVIEW] = Answer(b'{"count": 1, ', "application/json", length=900)
    assert "the answer breaks off, 4 times" in said(wish(), ask, UnreachableError)


def test_a_value_revised_in_silence_becomes_a_second_vintage_and_a_difference(service, checkout, anew):
    service[PREVIEW] = in_turn(body(record(value=1000.0)), body(record(value=1060.0)))
    first, second = (
        vintages.keep("comtrade-vietnam", take(wish(), anew("comtrade-vietnam")), at=at)
        for at in (datetime(2032, 5, 1, tzinfo=UTC), datetime(2032, 6, 1, tzinfo=UTC))
    )
    assert first is not None
    assert second is not None
    changed = vintages.changes(first, second).rows
    assert changed[["partner", "change", "value_before", "value_after"]].values.tolist() == [
        ["CHN", "revised", 1000.0, 1060.0]
    ]


def test_it_says_how_many_requests_there_will_be_and_more_where_an_answer_was_too_small(service, fetcher, monkeypatch):
    heard = []
    ask = Ask("comtrade-vietnam", fetcher, heard.append)
    monkeypatch.setattr(comtrade, "MOST_ROWS", 2)
    both = body(record(), record(partner=842))
    service[PREVIEW] = in_turn(both, body(record()), body(record(partner=842)), body())
    take(wish(flows=["export"], years=[2031, 2032]), ask)
    assert heard == ["request 1 of 2", "request 2 of 4", "request 3 of 4", "request 4 of 4"]


def test_a_country_that_the_service_does_not_know_is_named_before_anything_is_asked(service, ask):
    assert "UN Comtrade has no code for 'VNN' (did you mean 'VNM'?)" in said(wish(partners=["VNN"]), ask, InputError)
    assert service.asked == []


def test_states_that_have_ended_are_asked_for_only_in_their_time(service, ask):
    service[PREVIEW] = lambda n: played(body())
    take(wish(reporters=["DEU"], years=[1990, 1990]), ask)
    take(wish(reporters=["DEU"], years=[1991, 1991]), ask)
    assert "reporterCode=276,280&" in ask.answers[0].request
    assert "reporterCode=276&" in ask.answers[1].request


@pytest.mark.parametrize(
    "other",
    [
        {"years": [2032, 2031]},
        {"years": [2031]},
        {"years": [1950, 2031]},
        {"reporters": []},
        {"reporters": ["Viet Nam"]},
        {"flows": ["transit"]},
        {"products": ["8542"]},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(other):
    with pytest.raises(ValidationError):
        wish(**other)
