"""The Census Bureau's workbook, whole, in part of a year and broken. All figures are made up, in million dollars."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime

import openpyxl
import pytest
from played_web import Answer, packed
from pydantic import ValidationError

from legation.data import census, contracts, vintages
from legation.data.census import Wish, take
from legation.data.feeds import AnswerError, Ask
from legation.data.fetching import UnreachableError
from legation.errors import InputError

PATH = "/foreign-trade/balance/country.xlsx"
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
HEADER = ["year", "CTY_CODE", "CTYNAME", *(f"I{m}" for m in MONTHS), "IYR", *(f"E{m}" for m in MONTHS), "EYR"]
CODES = [
    ("0015", "WLD", ""),
    ("5520", "VNM", ""),
    ("5790", "PRK", ""),
    ("4610", "SUN", "2029"),
    ("7740", "ETH", "2029"),
    ("7749", "ETH", ""),
]


def line(year=2030, code="5520", name="Vietnam", imports=(10.0,) * 12, exports=(1.5,) * 12):
    """A line of the workbook; months that are not given are 0, as the Bureau prints them."""
    both = [[*values, *[0] * (12 - len(values))] for values in (imports, exports)]
    return [str(year), code, name, *both[0], sum(both[0]), *both[1], sum(both[1])]


def world(year=2030, months=12):
    return line(year, "0015", "World, Not Seasonally Adjusted", (500.0,) * months, (400.0,) * months)


def workbook(*lines, header=HEADER):
    book = openpyxl.Workbook()
    for cells in (header, *lines):
        book.active.append(list(cells))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def bureau(checkout, web, monkeypatch):
    monkeypatch.setattr(census, "ADDRESS", f"{web.address}{PATH}")
    file = checkout / "data" / "trade" / "publisher_codes.csv"
    with file.open(encoding="utf-8", newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["publisher"] != "census"]
    names = list(rows[0])
    given = [{"publisher": "census", "theirs": t, "code": c, "until": u, "source": "iso-3166"} for t, c, u in CODES]
    with file.open("w", encoding="utf-8", newline="") as opened:
        table = csv.DictWriter(opened, names, restval="", extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows([*rows, *given])
    return web


@pytest.fixture
def ask(checkout, fetcher):
    return Ask("census-vietnam", fetcher)


def wish(**other):
    return Wish(**{"partners": ["VNM", "WLD"], "years": [2030, 2031], **other})


def told(taken, *columns):
    return taken.rows[list(columns)].values.tolist()


def said(wished, ask, error=AnswerError):
    with pytest.raises(error) as raised:
        take(wished, ask)
    return str(raised.value)


def test_the_months_of_a_year_are_summed_to_dollars(bureau, ask):
    bureau[PATH] = Answer(workbook(world(), line(imports=(10.25, 0.000001, *[1.0] * 10))))
    taken = take(wish(partners=["VNM"]), ask)
    contracts.TABLES["goods_flows"].validate(taken.rows.assign(source="made-up"))
    assert told(taken, "reporter", "partner", "flow", "year", "value", "valuation", "months") == [
        ["USA", "VNM", "export", 2030, 18_000_000.0, "customs", 12],
        ["USA", "VNM", "import", 2030, 20_250_001.0, "customs", 12],
    ]
    assert ask.answers[0].status == 200


def test_a_year_that_is_not_over_has_as_many_months_as_are_out(bureau, ask):
    bureau[PATH] = Answer(
        workbook(world(), line(), world(2031, months=2), line(2031, imports=(8.0, 0), exports=(2.0, 3.0)))
    )
    taken = take(wish(flows=["import"]), ask)
    assert told(taken, "partner", "year", "months", "value", "note")[2:] == [
        ["WLD", 2031, 2, 1_000_000_000.0, "January to February"],
        ["VNM", 2031, 2, 8_000_000.0, "January to February"],
    ]
    assert taken.source["vintage"] == "2031-02"
    assert "The last month is February 2031." in taken.source["note"]


def test_january_alone_is_one_month(bureau, ask):
    bureau[PATH] = Answer(workbook(world(), line(), world(2031, months=1), line(2031, imports=(9.0,), exports=())))
    taken = take(wish(partners=["VNM"], years=[2031, 2031]), ask)
    assert told(taken, "flow", "months", "value", "note") == [
        ["export", 1, 0.0, "January only"],
        ["import", 1, 9_000_000.0, "January only"],
    ]


def test_a_year_is_preliminary_until_it_was_revised_with_april_of_the_next(bureau, ask, anew):
    def statuses(months):
        bureau[PATH] = Answer(workbook(*(world(year) for year in (2029, 2030)), world(2031, months=months)))
        taken = take(wish(partners=["WLD"], flows=["export"], years=[2029, 2031]), anew("census"))
        return taken.rows["status"].tolist()

    assert statuses(3) == ["final", "preliminary", "preliminary"]
    assert statuses(4) == ["final", "final", "preliminary"]


def test_a_printed_zero_is_a_zero_and_a_missing_line_is_no_row(bureau, ask):
    bureau[PATH] = Answer(workbook(world(), line(code="5790", name="Korea, North", imports=(), exports=())))
    taken = take(wish(partners=["PRK", "VNM"]), ask)
    assert told(taken, "partner", "flow", "value") == [["PRK", "export", 0.0], ["PRK", "import", 0.0]]


def test_a_country_under_two_codes_is_added_and_a_state_that_ended_prints_no_zero(bureau, ask):
    bureau[PATH] = Answer(
        workbook(
            *(world(year) for year in (2029, 2030)),
            line(2029, "7740", "Ethiopia", imports=(2.0,) * 6, exports=()),
            line(2029, "7749", "Ethiopia", imports=(0,) * 6 + (3.0,) * 6, exports=()),
            line(2029, "4610", "USSR", imports=(1.0,), exports=()),
            line(2030, "4610", "USSR", imports=(), exports=()),
        )
    )
    taken = take(wish(partners=["ETH", "SUN"], flows=["import"], years=[2029, 2030]), ask)
    assert told(taken, "partner", "year", "value") == [["ETH", 2029, 30_000_000.0], ["SUN", 2029, 1_000_000.0]]


def test_groups_and_what_has_no_code_are_left_out_and_named(bureau, ask):
    bureau[PATH] = Answer(workbook(world(), line(), line(code="0003", name="European Union")))
    taken = take(wish(partners=None), ask)
    assert set(taken.rows["partner"]) == {"WLD", "VNM"}
    assert "Left out are 1 lines of 0003 European Union, which have no code here." in taken.source["note"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<html><body>Moved</body></html>", "a web page came instead"),
        (b"no workbook", "cannot be read"),
        (workbook(world())[:-300], "cannot be read"),
        (workbook(header=[*HEADER[:-1], "ETOTAL"]), "columns too many or too few: ETOTAL, EYR"),
        (workbook(header=[*HEADER[::-1]]), "the same columns in another order"),
        (workbook(world(), line(year="later")), "line 3, has later where a year should stand"),
        (workbook(world(), line()[:9]), "line 3, column IJUL, has None where million dollars should stand"),
        (workbook(world(), [*line()[:3], "10.0", *line()[4:]]), "column IJAN, has 10.0 where million dollars"),
        (workbook(world(), [*line()[:3], -10.0, *line()[4:]]), "column IJAN, has -10 where million dollars"),
        (workbook(world(), [*line()[:-1], 99.0]), "has months that sum to 18.0, and 99.0 for the year, in EYR"),
        (workbook(world(), line(), line()), "more than one line for 5520 Vietnam in 2030"),
        (workbook(line(imports=(1.0, 0, 1.0), exports=())), "no trade at all in February 2030, and some later"),
        (workbook(world(2029, months=11), world(2030)), "no trade at all in December 2029, and some later"),
    ],
)
def test_a_workbook_that_is_not_as_described_is_refused_with_the_reason(bureau, ask, content, sentence):
    bureau[PATH] = Answer(content)
    assert sentence in said(wish(), ask)


def test_a_small_file_that_unfolds_without_end_is_refused(bureau, ask, monkeypatch):
    monkeypatch.setattr(census, "_MOST_UNPACKED", 1_000_000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", b"0" * 2_000_000)
    bureau[PATH] = Answer(out.getvalue())
    assert "unpacks to 2,000,000 bytes" in said(wish(), ask)


def test_a_busy_server_is_asked_again_and_a_packed_answer_is_read(bureau, ask):
    bureau[PATH] = lambda n: Answer(status=429, headers={"Retry-After": "3"}) if n == 1 else packed(workbook(world()))
    assert len(take(wish(), ask).rows) == 2


def test_a_workbook_that_breaks_off_each_time_is_unreachable(bureau, ask):
    bureau[PATH] = Answer(workbook(world()), length=999_999)
    assert "the answer breaks off, 4 times" in said(wish(), ask, UnreachableError)


def test_a_month_revised_in_silence_becomes_a_second_vintage_and_a_difference(bureau, anew):
    bureau[PATH] = lambda n: Answer(workbook(world(), line(exports=(n * 1.0,))))
    first, second = (
        vintages.keep("census-vietnam", take(wish(), anew("census-vietnam")), at=at)
        for at in (datetime(2031, 5, 1, tzinfo=UTC), datetime(2031, 6, 1, tzinfo=UTC))
    )
    assert first is not None
    assert second is not None
    changed = vintages.changes(first, second).rows
    assert changed[["partner", "flow", "change", "value_before", "value_after"]].values.tolist() == [
        ["VNM", "export", "revised", 1_000_000.0, 2_000_000.0]
    ]


def test_a_partner_that_the_bureau_does_not_know_is_named_before_anything_is_asked(bureau, ask):
    assert "The Census Bureau has no code for 'VNN' (did you mean 'VNM'?)" in said(
        wish(partners=["VNN"]), ask, InputError
    )
    assert bureau.asked == []


@pytest.mark.parametrize(
    "other", [{"years": [2031, 2030]}, {"years": [1984, 2030]}, {"partners": []}, {"flows": ["turnover"]}, {"key": "x"}]
)
def test_a_wish_that_makes_no_sense_is_refused(other):
    with pytest.raises(ValidationError):
        wish(**other)
