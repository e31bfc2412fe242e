"""The World Bank's answers, in pages and broken. All figures are made up."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from played_web import Answer, packed
from pydantic import ValidationError

from legation.data import contracts, vintages, worldbank
from legation.data.feeds import AnswerError, Ask
from legation.data.fetching import UnreachableError
from legation.data.worldbank import Wish, take
from legation.errors import InputError

GDP, PEOPLE = "NY.GDP.MKTP.CD", "SP.POP.TOTL"


def figure(code="VNM", year=2031, value=4.5e11, indicator=GDP, name="Viet Nam", **other):
    return {
        "indicator": {"id": indicator, "value": "made up"},
        "country": {"id": code[:2], "value": name},
        "countryiso3code": code,
        "date": str(year),
        "value": value,
        "unit": "",
        "obs_status": "",
        "decimal": 0,
        **other,
    }


def header(figures, **other):
    start = {"page": 1, "pages": 1, "per_page": 5000, "total": len(figures)}
    return {**start, "sourceid": "2", "lastupdated": "2032-04-08", **other}


def page(*figures, **other):
    return [header(figures, **other), list(figures)]


def played(content):
    return Answer(json.dumps(content).encode(), "application/json;charset=utf-8")


def in_turn(*bodies):
    return lambda n: played(bodies[n - 1])


@pytest.fixture
def bank(checkout, web, monkeypatch):
    monkeypatch.setattr(worldbank, "ADDRESS", f"{web.address}/v2")
    return web


@pytest.fixture
def ask(checkout, fetcher):
    return Ask("worldbank-economies", fetcher)


def wish(**other):
    return Wish(**{"countries": ["VNM", "KOR"], "measures": ["gdp"], "years": [2030, 2031], **other})


ASKED = f"/v2/country/VNM;KOR/indicator/{GDP}"
ALL = f"/v2/country/all/indicator/{GDP}"


def said(wished, ask, error=AnswerError):
    with pytest.raises(error) as raised:
        take(wished, ask)
    return str(raised.value)


def test_each_measure_is_an_indicator_with_its_unit(bank, ask):
    for measure, value in (("SP.POP.TOTL", 1e8), (GDP, 4.5e11), ("NY.GDP.PCAP.CD", 4500.5)):
        bank[f"/v2/country/VNM/indicator/{measure}"] = played(page(figure(value=value, indicator=measure)))
    taken = take(wish(countries=["VNM"], measures=["population", "gdp", "gdp_per_head"]), ask)
    contracts.TABLES["economies"].validate(taken.rows.assign(source="made-up"))
    assert taken.rows[["country", "year", "measure", "value", "unit", "status"]].values.tolist() == [
        ["VNM", 2031, "population", 1e8, "persons", "final"],
        ["VNM", 2031, "gdp", 4.5e11, "current USD", "final"],
        ["VNM", 2031, "gdp_per_head", 4500.5, "current USD", "final"],
    ]
    assert "date=2030:2031&" in ask.answers[0].request


def test_the_vintage_is_the_day_on_which_the_bank_last_renewed_the_figures(bank, ask):
    bank[ASKED] = played(page(figure()))
    assert take(wish(), ask).source["vintage"] == "2032-04-08"


def test_every_page_is_read(bank, ask):
    bank[ASKED] = in_turn(
        page(figure(), page=1, pages=2, total=2),
        page(figure("KOR"), page=2, pages=2, total=2),
    )
    assert take(wish(), ask).rows["country"].tolist() == ["VNM", "KOR"]
    assert ask.answers[1].request.endswith("&page=2")


def test_regions_and_groups_are_left_out_and_counted(bank, ask):
    bank[ALL] = played(
        page(
            figure(),
            figure("EMU", name="Euro area"),
            figure("WLD", name="World"),
            figure("EUU", name="European Union"),
            figure("", name="Not classified"),
            figure("XKX", value=None, name="Kosovo"),
            figure("EMU", year=2030, value=None, name="Euro area"),
        )
    )
    taken = take(wish(countries=None), ask)
    assert taken.rows["country"].tolist() == ["VNM"]
    assert "Left out are 4 figures of 4 regions" in taken.source["note"]
    assert "EMU Euro area" in taken.source["note"]


def test_a_year_without_a_value_has_no_row(bank, ask):
    bank[ASKED] = played(page(figure(), figure(year=2030, value=None)))
    assert take(wish(), ask).rows["year"].tolist() == [2031]


def test_a_mark_on_a_figure_is_carried_along(bank, ask):
    bank[ASKED] = played(page(figure(obs_status="F"), figure("KOR")))
    notes = take(wish(), ask).rows["note"]
    assert notes[0] == "The World Bank marks it 'F'"
    assert notes.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "empty",
    [
        [{"page": 1, "pages": 0, "per_page": 1, "total": 0}],
        [{"page": 1, "pages": 1, "per_page": 50, "total": 0, "lastupdated": None}, None],
        [{"page": "1", "pages": "0", "per_page": "50", "total": "0", "lastupdated": "2032-04-08"}, []],
    ],
)
def test_nothing_found_is_no_error(bank, ask, empty):
    bank[ASKED] = played(empty)
    taken = take(wish(), ask)
    assert taken.rows.empty
    assert list(taken.rows.columns) == [c for c in contracts.TABLES["economies"].columns if c != "source"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(b"<html>Service unavailable</html>"), "should give JSON, and gives a web page or XML"),
        (Answer(b'[{"page":1,"pa'), "should give JSON, and gives something else"),
        (
            played([{"message": [{"id": "120", "key": "Invalid value", "value": "The value is not valid."}]}]),
            "answers with an error: Invalid value: The value is not valid.",
        ),
        (played({"count": 0}), "should give a header and figures"),
        (played([{"page": 1, "pages": 1}]), "a header without total"),
        (played(page(figure(), lastupdated="April")), "gives April as the date of its last renewal"),
        (played(page(figure(), total=2)), "says that it has 2 figures, and gives 1"),
        (played(page(figure(), total="many")), "page, pages or total is no number"),
        (played(page(figure(scale="1"))), "these fields too many or too few: scale"),
        (played(page({k: v for k, v in figure().items() if k != "date"})), "these fields too many or too few: date"),
        (played(page(figure(indicator=PEOPLE))), "gives figures of {'id': 'SP.POP.TOTL'"),
        (played(page(figure(date="2031Q1"))), "gives a figure for 2031Q1"),
        (played(page(figure(year=2029))), "gives a figure for 2029, and the years are 2030 to 2031"),
        (played(page(figure(value="4.5"))), "gives 4.5 for Viet Nam in 2031"),
        (played(page(figure(value=0))), "gives 0 for Viet Nam in 2031"),
        (played(page(figure("THA", name="Thailand"))), "a figure of Thailand, which was not asked for"),
        (played(page(figure(), figure())), "gives 2 figures for VNM in 2031, where one should stand"),
    ],
)
def test_an_answer_that_is_not_as_promised_is_refused_with_the_reason(bank, ask, answer, sentence):
    bank[ASKED] = answer
    assert sentence in said(wish(), ask)


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        (page(figure(), page=1, pages=2, total=2), "asked for NY.GDP.MKTP.CD, and for page 2, gives page 1"),
        (page(figure(), page=2, pages=2, total=2), "gives 2 figures for VNM in 2031"),
        (page(page=2, pages=2, total=2), "gives page 2 of 2 without any figure"),
        (page(figure("KOR"), page=2, pages=2, total=3), "total 2 on its first page and 3 on page 2"),
        (
            page(figure("KOR"), page=2, pages=2, total=2, lastupdated="2032-04-09"),
            "lastupdated 2032-04-08 on its first page and 2032-04-09 on page 2: it was renewed between the two",
        ),
    ],
)
def test_pages_that_repeat_or_do_not_agree_are_refused(bank, ask, second, sentence):
    bank[ASKED] = in_turn(page(figure(), page=1, pages=2, total=2), second)
    assert sentence in said(wish(), ask)


def test_a_busy_service_is_asked_again_and_a_packed_answer_is_read(bank, ask):
    whole = json.dumps(page(figure())).encode("utf-8-sig")
    bank[ASKED] = lambda n: Answer(status=429) if n == 1 else packed(whole)
    assert len(take(wish(), ask).rows) == 1


def test_an_answer_that_breaks_off_each_time_is_unreachable(bank, ask):
    bank[ASKED] = Answer(b"[{", "application/json", length=99)
    assert "the answer breaks off, 4 times" in said(wish(), ask, UnreachableError)


def test_a_figure_revised_in_silence_becomes_a_second_vintage_and_a_difference(bank, anew):
    bank[ASKED] = in_turn(page(figure(value=4.5e11)), page(figure(value=4.4e11), lastupdated="2032-07-01"))
    first, second = (
        vintages.keep("worldbank-economies", take(wish(), anew("worldbank-economies")), at=at)
        for at in (datetime(2032, 5, 1, tzinfo=UTC), datetime(2032, 8, 1, tzinfo=UTC))
    )
    assert first is not None
    assert second is not None
    assert (first.source["vintage"], second.source["vintage"]) == ("2032-04-08", "2032-07-01")
    changed = vintages.changes(first, second).rows
    assert changed[["country", "change", "value_before", "value_after"]].values.tolist() == [
        ["VNM", "revised", 4.5e11, 4.4e11]
    ]


@pytest.mark.parametrize("code", ["VNN", "WLD", "EU27"])
def test_a_group_or_an_unknown_country_is_refused_before_anything_is_asked(bank, ask, code):
    assert f"The World Bank has no country '{code}'" in said(wish(countries=[code]), ask, InputError)
    assert bank.asked == []


@pytest.mark.parametrize(
    "other", [{"years": [2031, 2030]}, {"years": [1950, 2031]}, {"countries": []}, {"measures": ["debt"]}, {"pages": 1}]
)
def test_a_wish_that_makes_no_sense_is_refused(other):
    with pytest.raises(ValidationError):
        wish(**other)
