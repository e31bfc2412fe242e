"""Every vintage is kept whole, stands beside what the repository ships, and can be asked for again."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime

import pandas as pd
import pytest
from made_figures import SOURCE, flows

from legation import data
from legation.data import vintages
from legation.data.vintages import Answer, Taken, changes, keep, latest
from legation.errors import InputError

FIRST, SECOND = datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 4, 1, 9, tzinfo=UTC)


def taken(rows: pd.DataFrame, *, answer: bytes = b"[1, 2]") -> Taken:
    return Taken("goods_flows", rows, SOURCE, [Answer("https://example.org/trade?year=2031", answer)])


def test_a_vintage_holds_its_rows_its_raw_answers_and_where_they_came_from(checkout):
    kept = keep("office", taken(flows(RUS=2.5, CHN=7.0)), at=FIRST)
    assert kept.folder == checkout / "data/cache/vintages/goods_flows/office/2026-03-01T090000Z"
    assert kept.source == SOURCE | {
        "id": "office-2026-03-01",
        "retrieved": "2026-03-01",
        "sha256": hashlib.sha256(b"[1, 2]").hexdigest(),
    }
    (request,) = json.loads(kept.about.read_text())["requests"]
    assert (request["request"], request["bytes"]) == ("https://example.org/trade?year=2031", 6)
    assert kept.sha256 == hashlib.sha256(kept.file.read_bytes()).hexdigest()
    assert vintages.read([kept])["value"].tolist() == [7.0, 2.5]  # in the order of the key


def test_its_rows_stand_beside_those_shipped_under_their_own_source(checkout):
    before = data.open("goods_flows", reporter="VNM", partner="RUS")
    keep("office", taken(flows(RUS=2.5, CHN=7.0)), at=FIRST)
    after = data.open("goods_flows", reporter="VNM", partner="RUS")
    assert len(after) == len(before) + 1
    assert after.dtypes.equals(before.dtypes)
    (new,) = after[after["year"] == 2031].to_dict("records")
    assert (new["value"], new["source"]) == (2.5, "office-2026-03-01")
    assert data.citation(after[after["year"] == 2031]) == "Source: Office of Examples, Trade by partner (April 2025)."
    assert data.open("sources", id=["office-2026-03-01"])["producer"].tolist() == ["Office of Examples"]
    assert data.open("goods_flows", about=["CHN"], year=(2030, 2031))["value"].tolist() == [7.0]
    assert data.open("goods_flows", about=["JPN"], year=2031).empty
    assert data.open("goods_flows", source="office-2026-03-01", flow="import").empty


def test_two_vintages_of_one_second_are_both_kept_in_the_order_in_which_they_came(checkout):
    for value in (2.5, 2.6, 2.7):
        keep("office", taken(flows(RUS=value)), at=FIRST)
    held = vintages.vintages("office")
    assert [vintages.read([each])["value"].tolist() for each in held] == [[2.5], [2.6], [2.7]]
    assert held[-1].id == latest("office", "goods_flows").id
    assert len({each.id for each in held}) == 3


def test_the_same_rows_again_are_no_new_vintage(checkout):
    assert keep("office", taken(flows(RUS=2.5, CHN=7.0)), at=FIRST) is not None
    assert keep("office", taken(flows(CHN=7.0, RUS=2.5), answer=b"said otherwise"), at=SECOND) is None
    assert len(vintages.vintages("office")) == 1


def test_a_silent_revision_is_a_vintage_and_what_it_changed_can_be_said(checkout):
    one = keep("office", taken(flows(RUS=2.5, CHN=7.0, JPN=1.0)), at=FIRST)
    two = keep("office", taken(flows(RUS=3.0, CHN=7.0, KOR=4.0)), at=SECOND)
    found = changes(one, two).rows.set_index("partner")
    assert found["change"].to_dict() == {"RUS": "revised", "JPN": "gone", "KOR": "added"}
    assert found.loc["RUS", ["value_before", "value_after"]].tolist() == [2.5, 3.0]
    assert latest("office") == two
    assert data.open("goods_flows", year=2031)["value"].tolist() == [7.0, 4.0, 3.0]


def test_an_earlier_day_is_asked_for_and_given_as_it_was(checkout):
    keep("office", taken(flows(RUS=2.5)), at=FIRST)
    keep("office", taken(flows(RUS=3.0)), at=SECOND)
    try:
        for when, value in (
            ("2026-02-28", []),
            ("2026-03-31", [2.5]),
            ("2026-04-01", [3.0]),
            ("2026-04-01T085959Z", [2.5]),
            ("2026-04-01T090000Z", [3.0]),
            (None, [3.0]),
        ):
            data.as_of(when)
            assert data.open("goods_flows", year=2031)["value"].tolist() == value
        with pytest.raises(InputError, match="'tomorrow' is no day"):
            data.as_of("tomorrow")
    finally:
        data.as_of(None)


def test_a_notebook_that_is_run_for_an_earlier_time_is_given_nothing_later_whatever_it_asks_for(checkout, monkeypatch):
    for at, value in ((FIRST, 2.5), (SECOND, 3.0)):
        keep("office", taken(flows(RUS=value)), at=at)
    monkeypatch.setenv("LEGATION_AS_OF", "2026-03-15T000000Z")
    try:
        for when, value in ((None, [2.5]), ("2026-04-01", [2.5]), ("2026-02-01", [])):
            data.as_of(when)
            assert data.open("goods_flows", year=2031)["value"].tolist() == value
        data.as_of(None)
        rows = data.open("goods_flows", year=2031)
        assert [entry["id"] for entry in data.sources(rows)] == ["office-2026-03-01"]
        assert "office-2026-04-01" not in set(data.open("sources")["id"])
        with pytest.raises(InputError, match="no entry 'office-2026-04-01'"):
            data.sources(rows.assign(source="office-2026-04-01"))
    finally:
        data.as_of(None)


def test_two_vintages_of_one_day_have_two_names(checkout):
    names = [
        keep("office", taken(flows(RUS=value)), at=FIRST.replace(hour=hour)).id for hour, value in ((9, 1.0), (10, 2.0))
    ]
    assert names == ["office-2026-03-01", "office-2026-03-01-2"]
    assert data.open("goods_flows", year=2031)["source"].tolist() == ["office-2026-03-01-2"]


def test_what_is_set_aside_is_kept_with_the_reason_and_is_not_in_use(checkout):
    keep("office", taken(flows(RUS=2.5)), at=FIRST)
    aside = keep("office", taken(flows(RUS=2500.0)), at=SECOND, refused=["The unit is another."])
    assert aside.folder == checkout / "data/cache/aside/goods_flows/office/2026-04-01T090000Z"
    assert json.loads(aside.about.read_text())["refused"] == ["The unit is another."]
    assert data.open("goods_flows", year=2031)["value"].tolist() == [2.5]


def test_whoever_runs_a_notebook_is_told_which_vintages_it_read(checkout, monkeypatch):
    kept = keep("office", taken(flows(RUS=2.5)), at=FIRST)
    monkeypatch.setenv("LEGATION_READ_LOG", str(checkout / "reads"))
    data.open("goods_flows", year=2031)
    read = {line["path"]: line for line in map(json.loads, (checkout / "reads").read_text().splitlines())}
    place = "data/cache/vintages/goods_flows"
    assert read[place]["names"] == "*"
    assert (read[f"{place}/office"]["names"], read[f"{place}/office"]["until"]) == ("[0-9]*", "")
    assert read[f"{place}/office/{kept.retrieved}/vintage.json"]["sha256"] == (
        hashlib.sha256(kept.about.read_bytes()).hexdigest()
    )


def test_whoever_runs_a_notebook_is_told_of_the_marks_behind_what_it_shows_and_of_no_other(checkout, monkeypatch):
    for feed in ("office", "another"):
        kept = keep(feed, taken(flows(RUS=2.5) if feed == "office" else flows(CHN=1.0)), at=FIRST)
        vintages.mark(kept, "unreached", SECOND)
    monkeypatch.setenv("LEGATION_READ_LOG", str(checkout / "reads"))
    rows = data.open("goods_flows", year=2031, partner="RUS")
    assert "reached" not in (checkout / "reads").read_text()
    data.sources(rows)
    lines = [json.loads(line) for line in (checkout / "reads").read_text().splitlines()]
    mark = "data/cache/vintages/goods_flows/office/unreached-2026-04-01T090000Z"
    assert [line["path"] for line in lines if "reached" in line["path"]] == [mark]
    assert [line["names"] for line in lines if line["name"] == "goods_flows, marks of office"] == [vintages.MARKS]


def marked(*marks: tuple[str, datetime]) -> list[str]:
    """The kinds of trouble that a vintage taken at first is in after these marks."""
    kept = keep("office", taken(flows(RUS=2.5)), at=FIRST)
    for kind, at in marks:
        vintages.mark(kept, kind, at)
    return [each.kind for each in vintages.troubles(kept)]


@pytest.mark.parametrize(
    ("kinds", "troubles", "files"),
    [
        (["unreached", "unreached", "unreached"], ["unreached"], 1),
        (["reached"], [], 0),
        (["unreached", "reached", "reached"], [], 2),
        (["unreached", "aside", "unreached", "aside"], ["unreached", "aside"], 2),
        (["aside", "reached", "failed", "failed"], ["failed"], 3),
    ],
)
def test_a_mark_is_put_where_the_state_changes_and_nowhere_else(checkout, kinds, troubles, files):
    assert marked(*((kind, SECOND.replace(day=day)) for day, kind in enumerate(kinds, start=2))) == troubles
    assert len(list((checkout / "data/cache/vintages/goods_flows/office").iterdir())) == files + 1


def test_a_newer_vintage_ends_the_troubles_of_the_one_before(checkout):
    assert marked(("unreached", SECOND)) == ["unreached"]
    new = keep("office", taken(flows(RUS=3.0)), at=SECOND.replace(day=2))
    assert vintages.troubles(new) == []
    assert "caveat" not in data.sources(data.open("goods_flows", year=2031))[0]


def test_the_state_of_an_earlier_time_is_that_of_then(checkout):
    kept = keep("office", taken(flows(RUS=2.5)), at=FIRST)
    for kind, day in (("unreached", 2), ("reached", 5), ("aside", 8)):
        vintages.mark(kept, kind, SECOND.replace(day=day))
    states = {
        f"2026-04-{day:02}": [each.kind for each in vintages.troubles(kept, f"2026-04-{day:02}")]
        for day in (1, 2, 4, 5, 7, 8)
    }
    assert list(states.values()) == [[], ["unreached"], ["unreached"], [], [], ["aside"]]


def test_a_mark_that_was_damaged_is_named_with_what_to_do(checkout):
    kept = keep("office", taken(flows(RUS=2.5)), at=FIRST)
    vintages.mark(kept, "unreached", SECOND)
    (mark,) = vintages.troubles(kept)
    for content in ("", "[]", '{"confirmed": "never", "why": ""}', '{"confirmed": null, "why": 3}'):
        mark.file.write_text(content)
        with pytest.raises(
            InputError, match=r"office/unreached-2026-04-01T090000Z: this mark cannot be read.*Remove it"
        ):
            data.sources(data.open("goods_flows", year=2031))


def test_a_disk_that_is_full_leaves_nothing_half_written(checkout, monkeypatch):
    keep("office", taken(flows(RUS=2.5)), at=FIRST)

    def full(*_given: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(OSError, match="No space left"):
        keep("office", taken(flows(RUS=3.0)), at=SECOND)
    assert [path.name for path in (checkout / "data/cache/vintages/goods_flows/office").iterdir()] == [
        "2026-03-01T090000Z"
    ]
    assert data.open("goods_flows", year=2031)["value"].tolist() == [2.5]


@pytest.mark.parametrize("name", ["../office", "Office", "a b", "", "office-", ".new"])
def test_no_feed_leads_out_of_the_cache(checkout, name):
    with pytest.raises(InputError, match="no name of a feed"):
        keep(name, taken(flows(RUS=1.0)), at=FIRST)


def test_a_vintage_that_was_damaged_is_named_with_what_to_do(checkout):
    kept = keep("office", taken(flows(RUS=2.5)), at=FIRST)
    kept.about.write_text("{}")
    with pytest.raises(InputError, match=r"office/2026-03-01T090000Z/vintage.json.*refresh the feed 'office'"):
        data.open("goods_flows", year=2031)


def test_hostile_values_are_values_and_not_queries(checkout):
    keep("office", taken(flows(RUS=2.5)), at=FIRST)
    assert data.open("goods_flows", source="x' OR '1'='1", year=2031).empty
    with pytest.raises(InputError, match="no column 'year\" OR 1=1 --'"):
        data.open("goods_flows", **{'year" OR 1=1 --': 1})


def test_of_each_kind_of_change_the_largest_come_first_and_all_are_counted(checkout):
    one = keep("office", taken(flows(RUS=100.0, CHN=100.0, USA=100.0, JPN=1.0, THA=9.0)), at=FIRST)
    two = keep("office", taken(flows(RUS=101.0, CHN=150.0, USA=90.0, KOR=5.0, LAO=6.0)), at=SECOND)
    found = changes(one, two, most=1)
    assert str(found) == "2 added, 3 revised, 2 gone"
    assert found.rows[["partner", "change"]].values.tolist() == [["LAO", "added"], ["CHN", "revised"], ["THA", "gone"]]
    assert str(changes(one, two, most=0)) == str(found)
    assert changes(two, two).rows.empty


def test_a_row_whose_mark_alone_changed_is_revised(checkout):
    one = keep("office", taken(flows(RUS=100.0).assign(status="preliminary")), at=FIRST)
    two = keep("office", taken(flows(RUS=100.0)), at=SECOND)
    (row,) = changes(one, two).rows.to_dict("records")
    assert (row["change"], row["status_before"], row["status_after"]) == ("revised", "preliminary", "final")


def test_what_a_vintage_covers_is_said_by_years_and_reporters(checkout):
    kept = keep(
        "office", taken(pd.concat([flows(RUS=1.0), flows(RUS=2.0).assign(year=2033, reporter="LAO")])), at=FIRST
    )
    assert vintages.covers(kept) == ((2031, 2033), ["LAO", "VNM"])


def test_vintages_that_are_as_they_were_kept_pass_the_check(checkout):
    keep("office", taken(flows(RUS=2.5)), at=FIRST)
    keep("office", taken(flows(RUS=3.0)), at=SECOND)
    assert data.check() == []


def _rewrite(kept, **about):
    kept.about.write_text(json.dumps(json.loads(kept.about.read_text()) | about))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda kept: kept.file.write_bytes(kept.file.read_bytes()[:-9]), "rows.parquet is not the file that was kept"),
        (lambda kept: kept.file.unlink(), "rows.parquet is missing"),
        (lambda kept: (kept.folder / "answers/0001.gz").unlink(), "answers/0001.gz is missing"),
        (lambda kept: (kept.folder / "answers/0001.gz").write_bytes(b"x"), "answers/0001.gz cannot be unpacked"),
        (
            lambda kept: (kept.folder / "answers/0001.gz").write_bytes(gzip.compress(b"[1, 3]")),
            "answers/0001.gz is not the answer that was kept",
        ),
        (
            lambda kept: _rewrite(kept, requests=[{"file": "../../../../../sources.csv", "sha256": "0"}]),
            "names an answer '../../../../../sources.csv', which is no file of this folder",
        ),
        (lambda kept: _rewrite(kept, rows=7), "rows.parquet has 1 rows, and vintage.json says 7"),
        (lambda kept: kept.about.write_text("{}"), "this does not describe a vintage"),
    ],
)
def test_a_vintage_that_was_damaged_is_told_with_its_folder_and_the_remedy(checkout, damage, sentence):
    kept = keep("office", taken(flows(RUS=2.5)), at=FIRST)
    damage(kept)
    (told,) = data.check()
    assert sentence in told
    assert told.startswith("data/cache/vintages/goods_flows/office/2026-03-01T090000Z")
    assert "refresh" in told


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (flows(RUS=2.5).assign(year=3031), "column year: '3031' where a year between 1800 and 2100 must stand"),
        (flows(RUS=2.5, CHN=-1.0), "column value: '-1.0' where zero or more must stand"),
        (flows(RUS=2.5, CHN=None), "column value: an empty cell where a value that is not empty must stand"),
        (flows(RUS=2.5).assign(flow="transit"), "column flow: 'transit' where one of export, import, turnover"),
        (flows(RUS=2.5, ZZZ=1.0, XXX=1.0), "countries.csv has no code 'XXX' and 1 others. Add it there."),
        (pd.concat([flows(RUS=2.5)] * 2), "the same key stands more than once (reporter VNM, partner RUS, flow export"),
    ],
)
def test_rows_that_do_not_keep_their_contract_any_more_are_told(checkout, rows, sentence):
    keep("office", taken(rows), at=FIRST)
    (told,) = data.check()
    assert sentence in told
    assert "goods_flows/office/2026-03-01T090000Z" in told
