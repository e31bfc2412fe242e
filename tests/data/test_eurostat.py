"""Eurostat's trade of the Union and its members is taken in euros, also when the answer comes later or in parts.

Every number is made up; the forms are those in which the service answers.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from played_web import Answer, packed
from pydantic import ValidationError

from legation.data import contracts, eurostat, flow_answers, vintages
from legation.data.eurostat import Wish, take
from legation.data.feeds import AnswerError, Ask
from legation.data.fetching import UnreachableError
from legation.errors import InputError

HEADER = "DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,OBS_VALUE"
DATA = "/comext/sdmx/2.1/data/DS-045409"
NUMBER = "98de05ea-540a-43d3-903b-7c9e14faf808"


def table(*rows, updated="15/04/32 11:00:00", flags=False, second=False):
    """``"DE>VN 2031 500"`` an export, ``"DE<VN 2031 500"`` an import, a further word a flag."""
    header = HEADER.replace("DATAFLOW,LAST UPDATE", "STRUCTURE,STRUCTURE_ID") if second else HEADER
    lines = [header + (",OBS_FLAG" if flags else "")]
    for row in rows:
        pair, time, value, *flag = row.split(" ")
        out = ">" in pair
        reporter, partner = pair.split(">" if out else "<")
        begin = ["dataflow", "ESTAT:DS-045409(1.0)"] if second else ["ESTAT:DS-045409(1.0)", updated]
        frequency = "A" if len(time) == 4 else "M"
        cells = [*begin, frequency, reporter, partner, "TOTAL", "2" if out else "1", "VALUE_IN_EUROS", time, value]
        lines.append(",".join([*cells, *([flag[0] if flag else ""] if flags else [])]))
    return Answer("\r\n".join([*lines, ""]).encode(), "application/vnd.sdmx.data+csv")


def fault(code, text):
    body = f'<?xml version="1.0"?><S:Fault xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>{code}'
    return Answer(f"{body}</faultcode><faultstring>{text}</faultstring></S:Fault>".encode(), "application/xml", code)


def envelope(state):
    queued = f"<queued><id>{NUMBER}</id><status>{state}</status></queued>"
    return Answer(
        f'<env:Envelope xmlns:env="urn:e"><env:Body><ns0:syncResponse xmlns:ns0="urn:n"><processingTime>1'
        f"</processingTime>{queued}</ns0:syncResponse></env:Body></env:Envelope>".encode(),
        "application/vnd.sdmx.data+csv",  # the type that was asked for, whatever it is
    )


@pytest.fixture
def office(checkout, web, monkeypatch):
    """The service on this machine, on 1 May 2032."""
    monkeypatch.setattr(eurostat, "ADDRESS", f"{web.address}/comext")
    monkeypatch.setattr(flow_answers, "today", lambda: date(2032, 5, 1))

    def put(answer, reporter="DE", frequency="A"):
        web[f"{DATA}/{frequency}.{reporter}..TOTAL.1+2.VALUE_IN_EUROS"] = answer

    return put


@pytest.fixture
def ask(fetcher):
    return Ask("eurostat-trade", fetcher)


def wish(**changes):
    return Wish.model_validate({"reporters": ["DEU"], "years": [2030, 2031], **changes})


def short(taken):
    rows = taken.rows
    return [
        " ".join(map(str, row))
        for row in rows[["reporter", "partner", "flow", "year", "value", "months", "status"]].to_numpy()
    ]


@pytest.mark.parametrize("second", [False, True])
def test_exports_and_imports_are_euros_and_the_last_whole_year_is_preliminary(office, ask, second):
    office(table("DE>VN 2030 500", "DE<VN 2031 700", "DE>WORLD 2030 9000", second=second))
    taken = take(wish(), ask)
    assert short(taken) == [
        "DEU VNM export 2030 500.0 12 final",
        "DEU VNM import 2031 700.0 12 preliminary",
        "DEU WLD export 2030 9000.0 12 final",
    ]
    assert list(taken.rows["valuation"]) == ["FOB", "CIF", "FOB"]
    assert set(taken.rows["currency"]) == {"EUR"}
    assert taken.source["vintage"] == (None if second else "2032-04-15")
    contracts.TABLES["goods_flows"].validate(taken.rows.assign(source="x"))


def test_the_union_greece_and_the_united_kingdom_have_comexts_own_codes(office, ask):
    office(table("EU27_2020>GR 2030 5", "EU27_2020>GB 2030 7", "EU27_2020>XS 2030 8"), "EU27_2020")
    office(table("GR>VN 2030 6"), "GR")
    rows = take(wish(reporters=["EU27", "GRC"]), ask).rows
    assert rows[["reporter", "partner"]].to_numpy().tolist() == [
        ["EU27", "GRC"],
        ["EU27", "GBR"],
        ["EU27", "SRB"],
        ["GRC", "VNM"],
    ]


def test_groups_unknown_codes_and_trade_with_itself_are_left_out_and_counted(office, ask):
    office(
        table(
            "DE>VN 2030 5",
            "DE>EXT_EU27_2020 2030 5",
            "DE>INT_EA21 2030 5",
            "DE>QP 2030 5",
            "DE>DE 2030 5",
            "DE>CN 2030 ",
        )
    )
    taken = take(wish(), ask)
    assert list(taken.rows["partner"]) == ["VNM"]
    assert "1 rows of 1 codes without a counterpart here were left out (QP)" in taken.source["note"]
    assert "2 rows of trade inside or outside groups" in taken.source["note"]
    assert "1 rows of a reporter's trade with itself" in taken.source["note"]


def test_a_members_trade_inside_the_union_is_trade_with_the_union(office, ask):
    office(table("DE>INT_EU27_2020 2030 5"))
    assert list(take(wish(), ask).rows["partner"]) == ["EU27"]


def test_flags_where_there_are_any_make_figures_preliminary(office, ask):
    office(table("DE>VN 2030 5 p", "DE>CN 2030 5 be", "DE>US 2030 5 b", "DE>JP 2030 5", flags=True))
    rows = take(wish(), ask).rows.set_index("partner")
    assert dict(rows["status"]) == {"VNM": "preliminary", "CHN": "preliminary", "USA": "final", "JPN": "final"}
    assert rows.loc["VNM", "note"] == "Provisional"
    assert rows.loc["CHN", "note"] == "Estimated. Break in the series"


def test_a_year_that_is_not_over_is_the_sum_of_the_months_that_the_world_total_has(office, ask):
    office(table("DE>VN 2031 500"))
    office(
        table("DE>WORLD 2032-01 50", "DE>WORLD 2032-02 60", "DE>VN 2032-01 5", "DE>VN 2032-02 6", "DE>CN 2032-02 1"),
        frequency="M",
    )
    taken = take(wish(years=[2031, 2032]), ask)
    assert short(taken)[1:] == ["DEU WLD export 2032 110.0 2 preliminary", "DEU VNM export 2032 11.0 2 preliminary"]
    assert "1 figures for single months were left out" in taken.source["note"]
    assert [answer.request.partition("?")[2] for answer in taken.answers] == [
        "startPeriod=2031&endPeriod=2031&format=SDMX-CSV&compressed=false",
        "startPeriod=2032-01&endPeriod=2032-12&format=SDMX-CSV&compressed=false",
    ]


def test_an_answer_too_big_is_asked_for_in_halves(office, ask):
    big = fault(413, "EXTRACTION_TOO_BIG: The requested extraction is too big, estimated 7000000 rows")
    halves = {2: table("DE>VN 2029 4"), 3: table("DE>VN 2030 5")}
    office(lambda n: halves.get(n, big))
    taken = take(wish(years=[2029, 2030]), ask)
    assert list(taken.rows["year"]) == [2029, 2030]
    assert [answer.status for answer in taken.answers] == [413, 200, 200]


def test_a_single_year_that_is_too_big_is_an_error(office, ask):
    office(fault(413, "EXTRACTION_TOO_BIG"))
    with pytest.raises(
        AnswerError, match="one year was expected to be small enough, but Eurostat: 'EXTRACTION_TOO_BIG'"
    ):
        take(wish(), ask)


def test_an_answer_that_is_promised_is_waited_for(office, ask, web):
    office(envelope("SUBMITTED"))
    web[f"/comext/1.0/async/status/{NUMBER}"] = lambda n: envelope("PROCESSING" if n < 3 else "AVAILABLE")
    web[f"/comext/1.0/async/data/{NUMBER}"] = table("DE>VN 2030 5")
    taken = take(wish(), ask)
    assert short(taken) == ["DEU VNM export 2030 5.0 12 final"]
    assert web.requests(f"/comext/1.0/async/status/{NUMBER}") == 3
    assert len(taken.answers) == 5


def test_an_answer_that_is_not_ready_in_time_is_found_at_the_next_refresh(office, fetcher, web, monkeypatch):
    status = f"/comext/1.0/async/status/{NUMBER}"
    office(envelope("SUBMITTED"))
    web[status] = envelope("PROCESSING")
    with pytest.raises(AnswerError, match=r"says PROCESSING of it, not AVAILABLE\. Refresh again later"):
        take(wish(), Ask("eurostat-trade", fetcher))
    web[status] = envelope("AVAILABLE")
    web[f"/comext/1.0/async/data/{NUMBER}"] = table("DE>VN 2030 5")
    assert len(take(wish(), Ask("eurostat-trade", fetcher)).rows) == 1
    assert web.requests(f"{DATA}/A.DE..TOTAL.1+2.VALUE_IN_EUROS") == 1


@pytest.mark.parametrize("state", ["EXPIRED", "UNKNOWN_REQUEST"])
def test_a_promise_that_is_broken_is_an_error(office, ask, web, state):
    office(envelope("SUBMITTED"))
    web[f"/comext/1.0/async/status/{NUMBER}"] = envelope(state)
    with pytest.raises(AnswerError, match=f"says {state} of it"):
        take(wish(), ask)
    assert web.requests(f"/comext/1.0/async/status/{NUMBER}") == 1


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (fault(200, "INVALID_QUERY_DIMENSION_VALUE"), "a web page or XML that says 'INVALID_QUERY_DIMENSION_VALUE'"),
        (fault(400, "INVALID_QUERY_DIMENSION_VALUE"), "Eurostat answers 400: 'INVALID_QUERY_DIMENSION_VALUE'"),
        (fault(404, "ERR_NOT_FOUND_4: Dataset DS-045409 is not found"), "Eurostat answers 404: 'ERR_NOT_FOUND_4"),
        (Answer(b"<html><title>Maintenance</title></html>"), "that says 'Maintenance'"),
        (Answer(b'{"warning": {"status": 413}}', "application/json"), "JSON that begins"),
        (Answer(b""), "nothing"),
        (Answer(HEADER.replace("OBS_VALUE", "value").encode()), "a table without OBS_VALUE"),
        (table("FR>VN 2030 5"), "REPORTER FR where DE"),
        (table("DE>VN 2030-01 5"), "FREQ M where A"),
        (table("DE>VN 2027 5"), "the period 2027, which was not asked for"),
        (Answer(table("DE>VN 2030 5").content.replace(b"TOTAL", b"8507")), "PRODUCT 8507 where TOTAL"),
        (Answer(table("DE>VN 2030 5").content.replace(b"VALUE_IN_EUROS", b"QUANTITY_IN_100KG")), "INDICATORS QUANTITY"),
        (Answer(table("DE>VN 2030 5").content.replace(b",2,", b",3,")), "FLOW 3"),
        (table("DE>VN 2030 5", "DE>VN 2030 5"), r"two figures for one flow \(DEU, VNM, export, 2030\)"),
        (Answer(b"<a><queued><status>SUBMITTED</status></queued></a>"), "the number of an answer"),
        (table(), "none came"),
        (fault(404, "No results found"), "none came"),
    ],
)
def test_what_is_no_table_of_what_was_asked_for_is_refused_in_a_sentence(office, ask, answer, found):
    office(answer)
    with pytest.raises(AnswerError, match=found):
        take(wish(), ask)


def test_nothing_for_one_reporter_is_said(office, ask):
    office(table("DE>VN 2030 5"))
    office(fault(404, "No results found"), "FR")
    assert "Nothing came for FRA." in take(wish(reporters=["DEU", "FRA"]), ask).source["note"]


def test_a_packed_answer_is_read_and_one_that_breaks_off_is_not(office, fetcher):
    whole = table("DE>VN 2030 5", "DE>CN 2030 5").content
    office(packed(whole))
    assert len(take(wish(), Ask("eurostat-a", fetcher)).rows) == 2
    office(Answer(whole[:-9], length=len(whole)))
    with pytest.raises(UnreachableError, match="breaks off"):
        take(wish(), Ask("eurostat-b", fetcher))


@pytest.mark.parametrize("headers", [{"Retry-After": "7"}, {}])
def test_a_service_that_asks_for_time_gets_it(office, ask, clock, headers):
    office(lambda n: Answer(status=429, headers=headers) if n == 1 else table("DE>VN 2030 5"))
    assert len(take(wish(), ask).rows) == 1
    assert sum(clock.slept) >= (7.0 if headers else 2.0)


def test_a_value_revised_without_notice_makes_a_second_vintage_and_a_difference(office, fetcher):
    for day, value in ((1, 500), (2, 510)):
        office(table(f"DE>VN 2030 {value}", "DE>CN 2030 900"))
        ask = Ask("eurostat-trade", fetcher)
        vintages.keep("eurostat-trade", take(wish(), ask), at=datetime(2032, 5, day, tzinfo=UTC))
        ask.done()
    found = vintages.changes(*vintages.vintages("eurostat-trade")).rows
    assert found[["partner", "change", "value_before", "value_after"]].to_numpy().tolist() == [
        ["VNM", "revised", 500.0, 510.0]
    ]


def test_only_the_union_and_its_members_report(office, ask, web):
    with pytest.raises(InputError, match="'VNM' does not report to Eurostat"):
        take(wish(reporters=["VNM"]), ask)
    with pytest.raises(InputError, match="'VNX' is no partner"):
        take(wish(partners=["VNX"]), ask)
    assert web.asked == []


@pytest.mark.parametrize("changes", [{"years": [2031, 2030]}, {"reporters": []}, {"reporters": ["DE"]}, {"flow": "1"}])
def test_a_wish_that_makes_no_sense_is_refused(changes):
    with pytest.raises(ValidationError):
        wish(**changes)
