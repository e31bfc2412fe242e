"""The IMF's trade in goods is taken in dollars, by years or the months there are, and no estimate as a report.

Every number is made up; the forms are those in which the service answers.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import unquote

import pytest
from played_web import Answer, packed
from pydantic import ValidationError

from legation.data import contracts, flow_answers, imf, vintages
from legation.data.feeds import AnswerError, Ask
from legation.data.fetching import UnreachableError
from legation.data.imf import Wish, take
from legation.errors import InputError

NAMES = "COUNTRY,INDICATOR,COUNTERPART_COUNTRY,FREQUENCY,TIME_PERIOD,OBS_VALUE,SCALE,PRECISION,DECIMALS_DISPLAYED"
REST = "TRADE_FLOW,VALUATION,UNIT,DERIVATION_TYPE,OVERLAP,STATUS"
FORMS = {
    "1.0": (f"DATAFLOW,{NAMES},{REST}", "IMF.STA:IMTS(1.0.0)"),
    "2.0": (f"STRUCTURE[;],STRUCTURE_ID,ACTION,{NAMES},{REST}", "dataflow,IMF.STA:IMTS(1.0.0),R"),
}


def table(*rows, form="2.0"):
    """``"VNM>CHN 2031 50000000"`` an export, ``"VNM<CHN 2031 …"`` an import, further words ``STATUS=e``."""
    header, begin = FORMS[form]
    lines = [header]
    for row in rows:
        pair, time, value, *more = row.split(" ")
        out = ">" in pair
        reporter, partner = pair.split(">" if out else "<")
        own = dict(each.split("=") for each in more)
        frequency = "A" if len(time) == 4 else "M"
        indicator, flow, valuation = ("XG_FOB_USD", "XG", "FOB") if out else ("MG_CIF_USD", "MG", "CIF")
        cells = [begin, reporter, indicator, partner, frequency, time, value, own.get("SCALE", "6"), "", "", flow]
        cells += [valuation, own.get("UNIT", "USD"), own.get("TYPE", "M"), "OL", own.get("STATUS", "")]
        lines.append(",".join(cells))
    return Answer("\r\n".join([*lines, ""]).encode(), "application/vnd.sdmx.data+csv;version=2.0.0")


@pytest.fixture
def fund(checkout, web, monkeypatch):
    """The service on this machine, on 1 May 2032."""
    monkeypatch.setattr(imf, "ADDRESS", f"{web.address}/IMTS/+")
    monkeypatch.setattr(flow_answers, "today", lambda: date(2032, 5, 1))

    def put(exports, imports=None, key="VNM.{}.*.A"):
        web[f"/IMTS/+/{key.format('XG_FOB_USD')}"] = exports
        web[f"/IMTS/+/{key.format('MG_CIF_USD')}"] = table() if imports is None else imports

    return put


@pytest.fixture
def ask(fetcher):
    return Ask("imf-trade", fetcher)


def wish(**changes):
    return Wish.model_validate({"reporters": ["VNM"], "years": [2030, 2031], **changes})


def short(taken):
    rows = taken.rows
    return [
        " ".join(map(str, row))
        for row in rows[["reporter", "partner", "flow", "year", "value", "months", "status"]].to_numpy()
    ]


@pytest.mark.parametrize("form", ["1.0", "2.0"])
def test_exports_fob_and_imports_cif_are_dollars_as_they_stand_in_either_form(fund, ask, form):
    fund(
        table("VNM>CHN 2031 50000000", "VNM>G001 2031 90000000", form=form),
        table("VNM<KOS 2030 70000", form=form),
    )
    taken = take(wish(), ask)
    assert short(taken) == [
        "VNM CHN export 2031 50000000.0 12 final",
        "VNM WLD export 2031 90000000.0 12 final",
        "VNM XKX import 2030 70000.0 12 final",
    ]
    assert list(taken.rows["valuation"]) == ["FOB", "FOB", "CIF"]
    assert set(taken.rows["currency"]) == {"USD"}
    contracts.TABLES["goods_flows"].validate(taken.rows.assign(source="x"))


def test_one_request_is_made_for_each_reporter_and_direction_and_kept_with_its_bytes(fund, ask, web):
    fund(table("VNM>CHN 2031 50000000"))
    fund(table("CHN>VNM 2031 60000000"), key="CHN.{}.*.A")
    taken = take(wish(reporters=["VNM", "CHN"]), ask)
    assert [unquote(answer.request.partition("+/")[2]) for answer in taken.answers] == [
        "VNM.XG_FOB_USD.*.A?c[TIME_PERIOD]=ge:2030",
        "VNM.MG_CIF_USD.*.A?c[TIME_PERIOD]=ge:2030",
        "CHN.XG_FOB_USD.*.A?c[TIME_PERIOD]=ge:2030",
        "CHN.MG_CIF_USD.*.A?c[TIME_PERIOD]=ge:2030",
    ]
    assert taken.answers[0].content.startswith(b"STRUCTURE")
    assert all("version=2.0.0" in headers["Accept"] for _, headers in web.asked)


def test_what_all_report_of_one_partner_is_one_request_without_the_partner_as_reporter(fund, ask):
    fund(
        table("CHN>PRK 2031 50000000", "RUS>PRK 2031 7000000", "PRK>PRK 2031 1"),
        table("CHN<PRK 2031 4000000"),
        key="*.{}.PRK.A",
    )
    taken = take(wish(reporters=[], partners=["PRK"]), ask)
    assert sorted(taken.rows["reporter"]) == ["CHN", "CHN", "RUS"]


def test_attributes_nobody_knew_of_do_no_harm_and_a_date_among_them_is_the_figures_own(fund, ask):
    header, *rows = table("VNM>CHN 2031 50000000").content.decode().splitlines()
    lines = [f"{header},PUBLISHER,UPDATE_DATE", *(f"{row},IMF,2032-04-19T21:00:00Z" for row in rows)]
    fund(Answer("\n".join(lines).encode(), "text/csv"))
    taken = take(wish(), ask)
    assert (len(taken.rows), taken.source["vintage"]) == (1, "2032-04-19")


def test_only_the_partners_asked_for_are_taken(fund, ask):
    fund(table("VNM>CHN 2031 50000000", "VNM>USA 2031 60000000"))
    assert list(take(wish(partners=["USA"]), ask).rows["partner"]) == ["USA"]


def test_blank_is_no_row_and_zero_is_one(fund, ask):
    fund(table("VNM>CHN 2031 50000000", "VNM>USA 2031 ", "VNM>JPN 2031 NaN", "VNM>KOR 2031 0"))
    assert list(take(wish(), ask).rows["partner"]) == ["CHN", "KOR"]


def test_estimates_are_preliminary_and_say_so(fund, ask):
    fund(
        table(
            "VNM>CHN 2031 50000000 STATUS=e",
            "VNM>USA 2031 50000000 TYPE=TPD",
            "VNM>JPN 2031 50000000 TYPE=SE",
            "VNM>KOR 2031 50000000 TYPE=O",
            "VNM>IND 2031 50000000 STATUS=p",
            "VNM>AUS 2031 50000000 STATUS=B",
        )
    )
    rows = take(wish(), ask).rows.set_index("partner")
    assert dict(rows["status"]) == {
        "CHN": "preliminary",
        "USA": "preliminary",
        "JPN": "preliminary",
        "KOR": "final",
        "IND": "preliminary",
        "AUS": "final",
    }
    assert rows.loc["CHN", "note"] == "Estimated by the IMF"
    assert rows.loc["USA", "note"] == "Data of a third party, such as the partner"
    assert rows.loc["JPN", "note"] == "Not as reported: derivation type SE at the IMF"
    assert rows.loc["AUS", "note"] == "Break in the series"


def test_groups_unknown_codes_and_the_dprk_as_reporter_are_left_out_and_counted(fund, ask):
    fund(
        table("CHN>PRK 2031 50000000", "PRK>PRK 2031 1", "QQQ>PRK 2031 5", "G163>PRK 2031 9", "GX126>PRK 2031 9"),
        table("PRK<PRK 2030 1"),
        key="*.{}.PRK.A",
    )
    taken = take(wish(reporters=[], partners=["PRK"]), ask)
    assert short(taken) == ["CHN PRK export 2031 50000000.0 12 final"]
    assert "1 rows of 1 codes without a counterpart here were left out (QQQ)" in taken.source["note"]
    assert "2 rows of the IMF's own groups" in taken.source["note"]
    assert "2 rows with the DPRK as reporter were left out: they are its partners' figures" in taken.source["note"]


def test_the_dprk_is_not_asked_as_a_reporter(fund, ask, web):
    fund(table("VNM>CHN 2031 50000000"))
    taken = take(wish(reporters=["VNM", "PRK"]), ask)
    assert "The DPRK was not asked for as a reporter" in taken.source["note"]
    assert not any("PRK" in path for path, _ in web.asked)
    with pytest.raises(ValidationError, match="reports no trade"):
        wish(reporters=["PRK"])


def test_values_that_must_be_millions_are_refused(fund, ask):
    fund(table("VNM>G001 2031 400000.5", "VNM>CHN 2031 60000.25"))
    with pytest.raises(AnswerError, match="values in dollars were expected, but the largest is 400,0"):
        take(wish(), ask)


def test_small_trade_with_one_partner_is_taken_but_not_below_a_thousand(fund, fetcher):
    fund(table("VNM>NRU 2031 5000"))
    assert len(take(wish(), Ask("imf-a", fetcher)).rows) == 1
    fund(table("VNM>NRU 2031 12.5"))
    with pytest.raises(AnswerError, match="the largest is 12"):
        take(wish(), Ask("imf-b", fetcher))


def test_a_year_that_is_not_over_is_the_sum_of_the_months_that_the_world_total_has(fund, ask):
    fund(table("VNM>CHN 2031 50000000", "VNM>CHN 2032 11"))
    months = [f"VNM>G001 2032-M0{month} 9000000" for month in (1, 2, 4)]
    months += [f"VNM>CHN 2032-M0{month} 5000000" for month in (1, 2, 3, 4)]
    fund(table(*months, "VNM>JPN 2032-M01 700"), key="VNM.{}.*.M")
    taken = take(wish(years=[2030, 2033]), ask)
    assert short(taken) == [
        "VNM CHN export 2031 50000000.0 12 final",
        "VNM WLD export 2032 18000000.0 2 preliminary",
        "VNM CHN export 2032 10000000.0 2 preliminary",
    ]
    assert taken.rows["note"].iloc[1] == "Sum of the months January to February"
    assert "1 figures for single months were left out, of partners without" in taken.source["note"]


def test_a_year_that_ended_lately_is_counted_by_months_as_well(fund, ask, monkeypatch):
    monkeypatch.setattr(flow_answers, "today", lambda: date(2032, 2, 10))
    fund(table("VNM>G001 2030 90000000", "VNM>G001 2031 80000000"))
    fund(table(*[f"VNM>G001 2031-M{month:02} 9000000" for month in range(1, 13)]), key="VNM.{}.*.M")
    taken = take(wish(), ask)
    assert short(taken)[1] == "VNM WLD export 2031 108000000.0 12 preliminary"


def test_without_a_total_with_the_world_no_part_of_a_year_is_taken(fund, ask):
    fund(table("VNM>CHN 2031 50000000"))
    fund(table("VNM>CHN 2032-M01 500"), key="VNM.{}.*.M")
    taken = take(wish(years=[2031, 2032]), ask)
    assert set(taken.rows["year"]) == {2031}
    assert "no total with the world tells which months are in" in taken.source["note"]


def test_nothing_for_one_reporter_is_said_and_nothing_at_all_is_an_error(fund, fetcher, web):
    fund(table("VNM>CHN 2031 50000000"))
    fund(Answer(b"<html>Not found</html>", status=404), Answer(status=404), key="LAO.{}.*.A")
    taken = take(wish(reporters=["VNM", "LAO"]), Ask("imf-a", fetcher))
    assert "Nothing came for VNM (imports), LAO (exports), LAO (imports)." in taken.source["note"]
    with pytest.raises(AnswerError, match="figures of LAO for 2030 to 2031 were expected, but none came"):
        take(wish(reporters=["LAO"]), Ask("imf-b", fetcher))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (Answer(b"<!doctype html><html><title>Service is down</title></html>"), "a web page or XML that says 'Service"),
        (Answer(b'{"errors": [{"code": 500}]}', "application/json"), "JSON that begins"),
        (Answer(b""), "nothing"),
        (Answer(b"\xff\xfe\x00"), "not UTF-8"),
        (Answer(FORMS["2.0"][0].replace("OBS_VALUE", "VALUE").encode()), "a table without OBS_VALUE"),
        (Answer((FORMS["2.0"][0] + ",SCALE").encode()), "two columns SCALE"),
        (Answer(table("VNM>CHN 2031 5").content + b"dataflow,IMF.STA:IMTS"), "line 3 with 2 cells"),
        (table("VNM>CHN 2031 many"), "the value 'many', which is no number"),
        (table("VNM>CHN 2O31 5"), "the period '2O31'"),
        (table("VNM>CHN 2031-M01 5"), "FREQUENCY M where A was asked for"),
        (table("CHN>VNM 2031 5"), "COUNTRY CHN where VNM was asked for"),
        (table("VNM<CHN 2031 5"), "INDICATOR MG_CIF_USD where XG_FOB_USD"),
        (table("VNM>CHN 2031 5 UNIT=EUR"), "UNIT EUR where USD"),
        (table("VNM>CHN 2031 5 SCALE=3"), "values of scale 3"),
        (Answer(table("VNM>CHN 2031 5").content.replace(b"IMTS", b"CPI")), r"rows of IMF.STA:CPI"),
    ],
)
def test_what_is_no_table_of_what_was_asked_for_is_refused_in_a_sentence(fund, ask, answer, found):
    fund(answer)
    with pytest.raises(AnswerError, match=found) as raised:
        take(wish(), ask)
    assert "VNM.XG_FOB_USD.*.A" in str(raised.value)


def test_a_dimension_that_was_not_there_before_is_noticed_by_flows_that_come_twice(fund, ask):
    fund(table("VNM>CHN 2031 50000000", "VNM>CHN 2031 60000000"))
    with pytest.raises(AnswerError, match=r"two figures for one flow \(VNM, CHN, export, 2031\)"):
        take(wish(), ask)


def test_a_packed_answer_is_read_and_one_that_breaks_off_is_not(fund, fetcher):
    fund(packed(table("VNM>CHN 2031 50000000").content))
    assert len(take(wish(), Ask("imf-a", fetcher)).rows) == 1
    whole = table("VNM>CHN 2031 50000000", "VNM>USA 2031 50000000").content
    fund(Answer(whole[:-20], length=len(whole)))
    with pytest.raises(UnreachableError, match="breaks off"):
        take(wish(), Ask("imf-b", fetcher))


@pytest.mark.parametrize("headers", [{"Retry-After": "7"}, {}])
def test_a_service_that_asks_for_time_gets_it(fund, ask, clock, headers):
    answers = {1: Answer(status=429, headers=headers)}
    fund(lambda n: answers.get(n, table("VNM>CHN 2031 50000000")))
    assert len(take(wish(), ask).rows) == 1
    assert sum(clock.slept) >= (7.0 if headers else 2.0)


def test_a_value_revised_without_notice_makes_a_second_vintage_and_a_difference(fund, fetcher):
    for day, value in ((1, 50000000), (2, 51000000)):
        fund(table(f"VNM>CHN 2031 {value}", "VNM>USA 2031 60000000"))
        ask = Ask("imf-trade", fetcher)
        vintages.keep("imf-trade", take(wish(), ask), at=datetime(2032, 5, day, tzinfo=UTC))
        ask.done()
    before, after = vintages.vintages("imf-trade")
    found = vintages.changes(before, after).rows
    assert found[["partner", "change", "value_before", "value_after"]].to_numpy().tolist() == [
        ["CHN", "revised", 50000000.0, 51000000.0]
    ]


def test_an_interrupted_refresh_asks_only_for_what_is_missing(fund, fetcher, web):
    fund(table("VNM>CHN 2031 50000000"), Answer(status=403))
    with pytest.raises(UnreachableError):
        take(wish(), Ask("imf-trade", fetcher))
    fund(table("VNM>CHN 2031 50000000"))
    take(wish(), Ask("imf-trade", fetcher))
    assert web.requests("/IMTS/+/VNM.XG_FOB_USD.*.A") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"years": [2031, 2030]},
        {"years": [2031]},
        {"reporters": []},
        {"reporters": ["Viet Nam"]},
        {"partner": ["CHN"]},
        {"years": ["2030", "2031"]},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(changes):
    with pytest.raises(ValidationError):
        wish(**changes)


def test_a_country_the_imf_does_not_know_is_refused_before_anything_is_asked(fund, ask, web):
    with pytest.raises(InputError, match="no code for 'VNX'"):
        take(wish(reporters=["VNX"]), ask)
    assert web.asked == []
