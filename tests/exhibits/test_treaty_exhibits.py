"""The exhibits of the treaty analysis: three states told apart, true titles, words that can be read."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from functools import lru_cache

import pytest
from exhibits.drawn import faults, texts

from legation import data
from legation.analysis import treaties
from legation.exhibits import Exhibit
from legation.exhibits import treaties as show

FOCUS, CHAIN = "2024-russia-dprk", ["2000-russia-dprk", "1961-ussr-dprk"]
COMPARATORS = [*CHAIN, "1961-china-dprk", "1953-us-rok", "1949-north-atlantic"]
TYPES = ["mutual-assistance", "threat-consultation", "stationing", "unity", "economy", "termination"]
CHARTS = ["matrix", "commitment", "similarity"]


@lru_cache(maxsize=1)
def register() -> treaties.Register:
    """The house's own register, read once."""
    return data.treaty_register()


@lru_cache(maxsize=32)
def made(name: str, focus: str = FOCUS, others: Sequence[str] = tuple(COMPARATORS)) -> Exhibit:
    book = register()
    chosen = treaties.choose(book, focus, list(others))
    lineup = treaties.lineup(book, chosen)
    if name == "identity":
        return show.identity_card(lineup, book, treaty=focus, lineage=treaties.lineage(book, focus))
    if name == "lineup":
        return show.lineup_table(lineup, book, focus=focus)
    if name == "matrix":
        return show.provision_matrix(treaties.matrix(book, chosen, TYPES), book, focus=focus)
    if name == "anatomy":
        return show.pledge_anatomy(treaties.pledges(book, chosen), book, focus=focus, beside="1961-ussr-dprk")
    if name == "changes":
        rows = treaties.changes(book, focus, CHAIN[1], CHAIN[:1])
        return show.changes_table(rows, book, after=focus, before=CHAIN[1], between=CHAIN[:1])
    if name == "terms":
        return show.terms_table(lineup, book, focus=focus, beside=CHAIN[1] if CHAIN[1] in chosen else None)
    if name == "article":
        return show.article_table(treaties.article(book, focus, "8", chosen), book, focus=focus, label="8")
    if name == "commitment":
        rows = treaties.commitments(book, ["RUS", "PRK"], "2026-11-22")
        return show.commitment_over_time(rows, book, pair=["RUS", "PRK"], as_of="2026-11-22")
    return show.similarity_map(treaties.similarity(book, chosen), book, treaties=chosen, focus=focus)


EXHIBITS = ["identity", "lineup", "matrix", "anatomy", "changes", "terms", "article", "commitment", "similarity"]


@pytest.mark.parametrize("name", CHARTS)
def test_no_word_covers_another_or_leaves_the_sheet_or_is_too_small(name):
    for svg in (made(name).svg or {}).values():
        assert not faults(svg)


@pytest.mark.parametrize("name", EXHIBITS)
def test_every_exhibit_is_strict_json_and_shows_no_python(name):
    form = made(name).structured()
    json.dumps(form, allow_nan=False)
    rows = (form.get("table") or {}).get("rows", [])
    assert not any(cell in ("None", "nan", "<NA>") for row in rows for cell in row)
    assert not re.search(r"\bnan\b|<NA>|\bNone,|\bNone\.", " ".join([form["title"], form["subtitle"], form["alt"]]))


@pytest.mark.parametrize("name", EXHIBITS)
def test_every_exhibit_names_its_sources_and_marks_the_press(name):
    exhibit = made(name)
    press = sum(entry["kind"] == "press" for entry in exhibit.sources)
    assert exhibit.sources
    assert exhibit.source.startswith("Source")
    assert (f"{press} press report" in exhibit.source) == (press > 0)


def test_the_three_states_differ_in_the_drawing_in_the_words_for_a_screen_reader_and_in_the_numbers():
    exhibit = made("matrix")
    drawn = {box.words for box in texts((exhibit.svg or {})["page"])}
    assert {"absent", "?", "shall", "may", "declares"} <= drawn
    assert "absent: shown not to be there" in drawn
    assert "not coded: not known" in drawn
    for words in (
        "Coded: Assistance when attacked (Article 4)",
        "Absent: Stationing of forces",
        "Not coded: Stationing",
    ):
        assert words in exhibit.alt
    states = [column["name"] for column in exhibit.data["columns"]].index("state")
    assert {row[states] for row in exhibit.data["rows"]} == {"coded", "absent", "not coded"}


def test_a_treaty_without_a_pledge_stands_last_and_says_whether_that_is_known():
    rows = (made("anatomy").cells or {})["rows"]
    assert [row[0] for row in rows] == ["1=", "1=", "2", "3", "4", "–"]
    assert rows[-1][1:3] == ["Russia–North Korea 2000", "Absent: a source shows that there is none"]


def test_the_title_says_that_2024_repeats_the_pledge_of_1961_with_limits():
    title = "Russia–North Korea 2024 matches the pledge of USSR–North Korea 1961 but for 2 limits"
    assert made("anatomy").title == title


def test_limits_that_no_duty_is_narrowed_by_are_shown_but_not_counted():
    exhibit = made("anatomy")
    atlantic = next(row for row in (exhibit.cells or {})["rows"] if row[1].startswith("North Atlantic"))
    assert "report to the Security Council" in atlantic[5]
    assert any("Not counted as limits" in note for note in exhibit.notes)


def test_outcomes_are_told_in_words_and_what_cannot_be_told_is_not_called_dropped():
    rows = {row[0]: row for row in (made("changes").cells or {})["rows"]}
    assert rows["Assistance when attacked"][1:5] == ["Article 1", "Absent", "Article 4", "Returned"]
    assert rows["National unity or unification"][3:5] == ["Not coded", "Cannot be told"]
    assert rows["Goals"][4] == "Kept or returned"
    assert rows["Consultation on a threat"][4] == "New, with 2000"


def test_a_disputed_end_is_hatched_and_its_range_is_said():
    exhibit = made("commitment")
    assert "url(#commitment-rus-prk-page-" in (exhibit.svg or {})["page"]  # a hatch is a pattern
    assert any("sources put the end between 1990 and 1998" in note for note in exhibit.notes)
    assert exhibit.title == "Russia and North Korea pledged mutual help until the 1990s, and again since 2024"


def test_likeness_is_shown_with_its_range_and_the_number_of_types_known_for_both():
    drawn = [box.words for box in texts((made("similarity").svg or {})["page"])]
    assert "25–61" in drawn
    assert "21" in drawn
    assert "25 to 61" in made("similarity").alt


def test_how_the_treaties_are_left_is_compared_in_the_title():
    assert made("terms").title == "The 2024 treaty can be left at any time, that of 1961 at expiry"


@pytest.mark.parametrize("focus", sorted(register().treaties["treaty"]))
@pytest.mark.parametrize("others", [(), ("1951-anzus",)], ids=["alone", "one comparator"])
def test_titles_hold_for_any_treaty_alone_or_beside_one(focus, others):
    for name in ("identity", "lineup", "matrix", "anatomy", "terms"):
        exhibit = made(name, focus, others)
        assert 5 <= len(exhibit.title.split()) <= 14
        if name == "matrix":
            for svg in (exhibit.svg or {}).values():
                assert not faults(svg)


def test_a_treaty_of_disputed_end_is_not_given_one_in_the_title():
    assert made("identity", "1954-seato", ()).title == "SEATO 1954 ended, but sources differ on the date"
    assert "though sources differ" in made("identity", "1961-ussr-dprk", ()).title


def test_a_redline_quotes_no_more_than_eight_words_of_a_difference():
    opening = "The Parties, Ardania and Velmark, have agreed as follows:\n\n"
    one = "ARTICLE 1\nThe Parties shall settle any dispute between them by peaceful means.\n\n"
    two = "ARTICLE 2\nThe Parties shall consult together whenever the security of either is threatened"
    added = " by any state or group of states from within the region or from without it"
    pair = {CHAIN[0]: f"{opening}{one}{two}.\n", FOCUS: f"{opening}{one}{two}{added}.\n"}
    exhibit = show.redline_table(treaties.redlined(pair, FOCUS, CHAIN[0]), register(), after=FOCUS, before=CHAIN[0])
    quoted = re.findall("“([^”]+)”", " ".join(cell for row in (exhibit.cells or {})["rows"] for cell in row))
    assert quoted
    assert all(len(words.split()) <= 8 for words in quoted)
    assert exhibit.title.startswith("2 of the 2 articles compared stand in both")


def test_a_state_that_is_no_more_has_the_name_of_the_table_of_countries_and_one_article():
    names = show.Names(register())
    assert [names.party(code) for code in ("SUN", "DDR", "CSK")] == [
        "the Soviet Union",
        "East Germany",
        "Czechoslovakia",
    ]


def test_a_treaty_without_days_is_shown_as_such_and_named_under_the_time_line():
    rows = register().treaties.copy()
    new = rows["treaty"] == FOCUS
    for column in ("signed", "in_force"):
        rows[column] = rows[column].mask(new, None)
    book = dataclasses.replace(register(), treaties=rows.assign(suggested=rows["suggested"].mask(new, 3)))
    lineup = treaties.lineup(book, [*CHAIN[::-1], FOCUS])
    card = show.identity_card(lineup, book, treaty=FOCUS)
    facts = {row[0]: row[1] for row in (card.cells or {})["rows"]}
    assert facts["In force"].startswith("Day not known.")
    assert facts["Status"] == "No day known"
    assert "3 suggestions that nobody has reviewed" in facts["Known here"]
    assert show.waiting(lineup.set_index("treaty").loc[FOCUS]).startswith("3 suggestions of a rule wait for review")
    bound = treaties.commitments(book, ["RUS", "PRK"], "2026-11-22")
    line = show.commitment_over_time(bound, book, pair=["RUS", "PRK"], as_of="2026-11-22")
    assert "Not drawn, because no day of it is known: Russia–North Korea 2024." in line.notes


def test_against_a_treaty_that_was_not_replaced_nothing_is_kept_or_new():
    rows = treaties.changes(register(), FOCUS, "1949-north-atlantic")
    table = show.changes_table(rows, register(), after=FOCUS, before="1949-north-atlantic")
    outcomes = {row[3] for row in (table.cells or {})["rows"]}
    assert {"In both", "Only in 2024"} <= outcomes <= {"In both", "Only in 1949", "Only in 2024", "Cannot be told"}
    assert "knows of no treaty" not in show.replaced(register(), FOCUS, CHAIN[0])
    assert "knows of no treaty that Russia–North Korea 2024 replaced" in show.replaced(register(), FOCUS, "1951-anzus")


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((0, 0), "No publication is cited behind this yet."),
        ((1, 0), "Behind this is one publication, no press report."),
        ((1, 1), "Behind this is one publication, a press report."),
        ((4, 0), "None of the 4 publications behind this is a press report."),
        ((4, 1), "Of the 4 publications behind this, 1 is a press report."),
        ((4, 4), "All 4 publications behind this are press reports."),
    ],
)
def test_publications_are_counted_in_a_sentence_that_reads(monkeypatch, counts, said):
    monkeypatch.setattr(show, "publications", lambda *_: dict(zip(("publications", "press"), counts, strict=True)))
    assert show.behind(register(), [FOCUS]) == said


def test_it_is_said_of_which_treaties_a_text_is_held_and_of_which_not():
    both = [FOCUS, CHAIN[0]]
    assert show.texts_held(register(), both, []) == "No text of these treaties is in the cache."
    assert show.texts_held(register(), both, [FOCUS]) == (
        "In the cache is a text of Russia–North Korea 2024, and none of Russia–North Korea 2000."
    )
