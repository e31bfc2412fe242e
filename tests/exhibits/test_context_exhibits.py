"""The exhibits of what stands around a visit: nothing unseen drawn as seen, true titles, words that can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest
from exhibits.drawn import extent, faults, root, texts
from exhibits.trade_figures import HOSTILE, NAMES

from legation.analysis import context
from legation.exhibits import Exhibit, style
from legation.exhibits import context as show

NAMES = NAMES | {"IND": "India", "LAO": "Laos", "UKR": "Ukraine"}
HOSTILE = HOSTILE | {
    "PRK": "$PRK$ <script>alert(2)</script> " * 4,
    "IND": "&amp;" * 40,
    "LAO": "\u202e",
    "UKR": "ü" * 90,
}
BAD = "<script>alert(3)</script> $\\frac{a}{b}$ & \x07"
SOURCES = pd.DataFrame(
    [("un", "official"), ("table", "statistical"), ("daily", "press"), ("weekly", "press")], columns=["id", "kind"]
)


def events(label: str = "Event") -> pd.DataFrame:
    """Two visits, what was signed, a war, and a crowd of events within two years."""
    rows = [
        ("old", "2000-07-19", "2000-07-20", "visit", "Putin", "PRK", "RUS;PRK", None, "daily"),
        ("year", "2001", None, "partnership", None, None, "RUS;VNM", None, "un"),
        ("guest", "2023-12-12", None, "visit", "Xi", "VNM", "CHN;VNM", None, "daily"),
        ("war", "2022-02-24", None, "war", None, None, "RUS;UKR", None, "un"),
        ("new", "2024-06-19", None, "visit", "Putin", "PRK", "RUS;PRK", "2024-06-18@weekly", "daily"),
    ]
    kinds = ["treaty", "declaration", "meeting", "entry-into-force", "end-of-treaty", "trade-agreement"]
    rows += [
        (f"e{i:02d}", f"202{3 + i // 12}-{i % 12 + 1:02d}-11", None, kinds[i % 6], None, None, "RUS;PRK", None, "daily")
        for i in range(20)
    ]
    columns = ["id", "date", "until", "kind", "person", "host", "countries", "also", "source"]
    table = pd.DataFrame(rows, columns=columns).astype(object)
    return table.assign(label=[f"{label} {name}" for name in table["id"]], description=[f"{label}." for _ in rows])


def votes(countries: tuple[str, ...] = ("VNM", "PRK", "RUS", "USA", "IND", "LAO")) -> tuple[pd.DataFrame, pd.DataFrame]:
    cast = {
        "VNM": ["abstain", "abstain", "no", None, "abstain"],
        "PRK": ["no", "no", "no", "no", None],
        "RUS": ["no"] * 5,
        "USA": ["yes", "yes", "yes", "no", "abstain"],
        "IND": ["abstain", None, "yes", None, None],
        "LAO": ["absent", "yes", None, None, None],
    }
    rows = [
        (f"A/RES/ES-11/{place}", country, vote, source)
        for country, line in cast.items()
        for place, vote in enumerate(line, start=1)
        if vote
        for source in ("table", "daily")
    ]
    rows.append(("A/RES/ES-11/1", "VNM", "no", "weekly"))  # weaker, and differs
    rows += [("A/RES/ES-11/4", "LAO", "yes", "daily"), ("A/RES/ES-11/4", "LAO", "no", "weekly")]
    table = pd.DataFrame(rows, columns=["resolution", "country", "vote", "source"])
    resolutions = pd.DataFrame(
        {
            "resolution": [f"A/RES/ES-11/{place}" for place in range(1, 6)],
            "body": "GA",
            "date": [f"202{place}-03-02" for place in range(1, 6)],
            "topic": "ukraine",
            "subject": [f"Subject {place} of some length, as these are" for place in range(1, 6)],
            "yes": [141, 140, 93, None, 93],
            "no": [5, 5, 24, None, 18],
            "abstain": [35, 38, 58, None, 65],
            "absent": None,
            "source": "table",
        }
    )
    asked: dict[str, Any] = {"topic": "ukraine", "years": (2014, 2026)}
    matrix = context.vote_matrix(table, resolutions, SOURCES, countries=countries, **asked)
    return matrix, context.tallies(resolutions, SOURCES, **asked)


ARMS = pd.DataFrame(
    [
        *(("RUS", "VNM", year, 100.0 * (2019 - year), 2, 1) for year in range(2012, 2019)),
        ("ISR", "VNM", 2018, 250.0, 1, 1),
        ("USA", "VNM", 2021, 54.0, 1, 0),
        ("RUS", "PRK", 2012, 0.5, 1, 1),
        ("PRK", "RUS", 2021, 242.5, 2, 2),
    ],
    columns=["supplier", "recipient", "year", "tiv", "deals", "estimated"],
).assign(source="table")
SPOKEN = [
    ("containers-prk-to-rus", "2023-10-13", 1000.0, "containers", "more-than", "White House"),
    ("containers-prk-to-rus", "2024-02-26", 6700.0, "containers", "about", "Minister of Defence of South Korea"),
    ("containers-prk-to-rus", "2024-08", 13000.0, "containers", "at-least", "Military intelligence of South Korea"),
    ("containers-rus-to-prk", "2024-03-18", 9000.0, "containers", "up-to", "Minister of Defence of South Korea"),
    ("investment-rus-in-vnm", "2009", 376e6, "USD", "exactly", "Authorities"),
    ("investment-rus-in-vnm", "2014-02", 1.95e9, "USD", "exactly", "Authorities"),
    ("investment-rus-in-vnm", "2024-04", 985e6, "USD", "about", "Authorities"),
    ("investment-kor-in-vnm", "2023-09-20", 83e9, "USD", "about", "Agency"),
    ("investment-chn-in-vnm", "2023-09-20", None, "USD", "about", "Agency"),
]
STATEMENTS = pd.DataFrame(SPOKEN, columns=["topic", "date", "value", "unit", "bound", "who"]).assign(
    says="Own words.", source="daily"
)
WAR = events().query("id == 'war'")


def yearly(recipient: str, supplier: str | None, apart: str | None = None) -> pd.DataFrame:
    return context.deliveries(ARMS, recipient=recipient, supplier=supplier, apart=apart, years=(2010, 2022))


def line_of_time(names: Mapping[str, str], label: str = "Event") -> Exhibit:
    table = events(label)
    no_counts = STATEMENTS.iloc[:0]
    trips = context.visits(table, no_counts, person="Putin", hosts=["PRK", "VNM"], years=(2000, 2026))
    lanes = context.timeline(table, SOURCES, state="RUS", hosts=["PRK", "VNM"], years=(2000, 2026))
    seen = context.disputed_dates(table)
    return show.timeline(lanes, seen, trips, person="Putin", state="RUS", years=(2000, 2026), names=names)


def month(names: Mapping[str, str]) -> Exhibit:
    rows = context.around(events(), SOURCES, "2024-05", "2024-07")
    return show.events_table(rows, context.disputed_dates(events()), first="2024-05", last="2024-07", names=names)


def grid(names: Mapping[str, str], focus: str = "VNM") -> Exhibit:
    matrix, tallies = votes()
    return show.vote_matrix(matrix, tallies, context.vote_counts(matrix), focus=focus, topic="ukraine", names=names)


def alike(names: Mapping[str, str], focus: str = "VNM") -> Exhibit:
    return show.agreement(context.agreement(votes()[0], ["RUS", "USA"]), focus=focus, topic="ukraine", names=names)


def columns(names: Mapping[str, str]) -> Exhibit:
    own = yearly("VNM", "RUS")
    change, top = context.mean_change(own, (2012, 2014), (2016, 2018)), context.peak(own)
    rest = yearly("VNM", None, "RUS")
    return show.arms_from_and_besides(own, rest, change, top, supplier="RUS", recipient="VNM", events=WAR, names=names)


def between(names: Mapping[str, str]) -> Exhibit:
    there, back = yearly("PRK", "RUS"), yearly("RUS", "PRK")
    return show.arms_between(there, back, pair=("RUS", "PRK"), events=WAR, names=names)


def suppliers(names: Mapping[str, str]) -> Exhibit:
    rows = context.supplier_shares(ARMS, recipient="VNM", years=(2012, 2021))
    return show.supplier_shares(rows, recipient="VNM", focus="RUS", names=names)


def said(names: Mapping[str, str]) -> Exhibit:
    rows = context.stated(STATEMENTS, SOURCES, ["containers-prk-to-rus", "containers-rus-to-prk"])
    return show.stated(rows, name="containers", focus="PRK", names=names)


def capital(names: Mapping[str, str]) -> Exhibit:
    rows = context.stated(STATEMENTS, SOURCES, ["investment-rus-in-vnm"])
    return show.stated(rows, name="investment", focus="RUS", names=names)


def investors(names: Mapping[str, str]) -> Exhibit:
    topics = context.topics_held(STATEMENTS, "investment-*-in-vnm")
    rows = context.stated(STATEMENTS, SOURCES, topics)
    rows = rows[rows["date"] > "2020"]
    return show.stated(rows, name="investors", by="country", focus="RUS", names=names)


EXHIBITS: dict[str, Callable[[Mapping[str, str]], Exhibit]] = {
    "timeline": line_of_time,
    "month": month,
    "votes": grid,
    "agreement": alike,
    "arms": columns,
    "between": between,
    "suppliers": suppliers,
    "containers": said,
    "investment": capital,
    "investors": investors,
}
CHARTS = [name for name in EXHIBITS if name != "month"]
TITLES = {
    "timeline": "Putin’s visits on file since 2000: two to North Korea, none to Viet Nam",
    "month": "4 events on file from May to July 2024, all from the press alone",
    "votes": "Viet Nam never voted in favour in the 4 votes seen, abstaining three times",
    "agreement": "Viet Nam matched Russia in one of 4 votes, the United States in one",
    "arms": "Russia’s arms deliveries to Viet Nam fell 67 % from 2012–2014 to 2016–2018",
    "between": "Arms from Russia to North Korea end in 2012; the reverse begins in 2021",
    "suppliers": "Russia’s share of Viet Nam’s arms imports fell from 100 % to 50 %",
    "containers": "Stated containers: more than 1,000 in 2023, at least 13,000 in 2024",
    "investment": "Stated investment: USD 1.95 bn in 2014, about USD 985 m in 2024",
    "investors": "South Korea’s stated investment is about 84 times that of Russia",
}


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def drawn(exhibit: Exhibit, size: str = "page") -> list[str]:
    return [box.words for box in texts((exhibit.svg or {})[size])]


@pytest.mark.parametrize("names", [NAMES, HOSTILE], ids=["house names", "hostile names"])
@pytest.mark.parametrize("name", CHARTS)
def test_no_word_covers_another_or_leaves_the_sheet_or_is_too_small(name: str, names: Mapping[str, str]) -> None:
    for svg in (EXHIBITS[name](names).svg or {}).values():
        assert not faults(svg)


@pytest.mark.parametrize("name", EXHIBITS)
def test_the_title_is_the_finding(name: str) -> None:
    exhibit = EXHIBITS[name](NAMES)
    assert plain(exhibit.title) == TITLES[name]
    assert 5 <= len(exhibit.title.split()) <= 14
    assert exhibit.alt
    assert exhibit.alt != exhibit.title


@pytest.mark.parametrize("name", EXHIBITS)
def test_every_exhibit_is_the_same_bytes_twice_strict_json_and_shows_no_python(name: str) -> None:
    first, second = (json.dumps(EXHIBITS[name](NAMES).structured(), allow_nan=False) for _ in range(2))
    assert first == second
    form = json.loads(first)
    words = " ".join([form["title"], form["subtitle"], form["alt"], *form["notes"]])
    assert not re.search(r"\bnan\b|<NA>|\bNone\b", words)


@pytest.mark.parametrize("name", EXHIBITS)
def test_hostile_text_stays_text(name: str) -> None:
    exhibit = line_of_time(HOSTILE, BAD) if name == "timeline" else EXHIBITS[name](HOSTILE)
    assert "<script" not in exhibit.html()
    for svg in (exhibit.svg or {}).values():
        kinds = {element.tag.rpartition("}")[2] for element in root(svg).iter()}
        assert kinds <= {"svg", "defs", "g", "path", "text", "use", "clipPath", "rect", "pattern"}


@pytest.mark.parametrize("name", EXHIBITS)
def test_every_exhibit_names_its_sources(name: str) -> None:
    exhibit = EXHIBITS[name](NAMES)
    assert exhibit.sources
    assert exhibit.source.startswith("Source")


# Events


def test_every_event_is_named_once_and_a_war_is_a_rule_with_its_name() -> None:
    exhibit = line_of_time(NAMES)
    for size in ("page", "phone"):
        shown = drawn(exhibit, size)
        for label in ("Event old", "Event guest", "Event e07", "Event war"):
            assert sum(words.startswith(f"{label},") for words in shown) == 1


def test_a_disputed_day_is_said_in_the_chart_and_in_a_note_with_its_source() -> None:
    exhibit = line_of_time(NAMES)
    assert "18 or 19 Jun 2024" in " ".join(map(plain, drawn(exhibit)))
    assert any(
        plain(note) == "Event new, dated 19 June 2024 here: elsewhere 18 June 2024 (Office weekly)."
        for note in exhibit.notes
    )


def test_events_known_from_the_press_alone_are_hollow_and_counted() -> None:
    exhibit = line_of_time(NAMES)
    assert any(note.startswith("Hollow marks: 23 of 25 events") for note in exhibit.notes)
    assert "hollow: press alone" in drawn(exhibit)


def test_a_day_known_only_as_a_year_is_drawn_over_the_whole_year() -> None:
    page = (line_of_time(NAMES).svg or {})["page"]
    strokes = re.findall(r'<path d="M ([\d.]+) ([\d.]+) +L ([\d.]+) \2 *"', page)
    ends = {(float(start), float(end)) for start, _, end in strokes}
    width, _ = extent(page)
    assert any(end - start == pytest.approx(width / 28, rel=0.05) for start, end in ends)


def test_no_event_at_all_is_an_error_that_says_what_to_do() -> None:
    nothing = context.timeline(events(), SOURCES, state="IND", hosts=["LAO"], years=(2000, 2001))
    with pytest.raises(ValueError, match=r"No event is on file .*2000–2001\. Widen"):
        show.timeline(nothing, pd.DataFrame(), pd.DataFrame(), person="X", state="IND", years=(2000, 2001), names=NAMES)
    none = context.around(events(), SOURCES, "1999-05", "1999-06")
    with pytest.raises(ValueError, match="No event is on file from May 1999"):
        show.events_table(none, pd.DataFrame(), first="1999-05", last="1999-06", names=NAMES)


# Votes


def test_a_vote_that_was_not_seen_is_a_question_mark_and_missing_in_the_numbers() -> None:
    exhibit = grid(NAMES)
    shown = drawn(exhibit)
    assert shown.count("?") == 7  # of 30 cells
    assert shown.count("away") == 1
    place = [column["name"] for column in exhibit.data["columns"]].index("vote")
    assert sum(row[place] is None for row in exhibit.data["rows"]) == 7
    assert "neither an absence nor an abstention" in exhibit.notes[0]


def test_every_kind_of_vote_has_its_own_word_so_that_colour_is_not_needed() -> None:
    shown = drawn(grid(NAMES))
    assert {"yes", "no", "abst.", "abst.*", "away", "≠*", "?"} <= set(shown)


def test_a_conflict_between_sources_is_starred_and_told_with_who_says_what() -> None:
    note = next(note for note in grid(NAMES).notes if "Viet Nam" in note)
    assert note == (
        "Sources differ (*) on Viet Nam, ES-11/1: abstained by Office table and Office daily; against by Office weekly."
    )


def test_a_count_nobody_gives_is_a_question_mark_not_a_nought() -> None:
    assert any(words.endswith("?–?–?") for words in drawn(grid(NAMES)))


@pytest.mark.parametrize(
    ("focus", "title"),
    [
        ("PRK", "North Korea voted against in all of the 4 votes seen"),
        ("USA", "United States voted three times in favour in the 5 votes seen, once against"),
        ("LAO", "Laos voted in favour in the one vote seen"),
    ],
)
def test_the_title_of_the_votes_fits_what_the_country_did(focus: str, title: str) -> None:
    assert grid(NAMES, focus).title == title


def test_a_country_outside_the_matrix_is_refused() -> None:
    with pytest.raises(ValueError, match="CHN is not among the countries of these votes"):
        grid(NAMES, "CHN")


def test_agreement_states_how_many_votes_were_compared_and_a_dash_where_none_were() -> None:
    exhibit = alike(NAMES)
    assert "1 of 4" in drawn(exhibit)
    lonely = context.agreement(votes(("RUS", "USA", "LAO"))[0].query("resolution == 'A/RES/ES-11/1'"), ["RUS", "USA"])
    shown = drawn(show.agreement(lonely, focus="LAO", topic="ukraine", names=NAMES))
    assert shown.count("–") == 2
    assert not any("0 of 0" in words for words in shown)


# Arms


def test_a_year_without_a_delivery_has_a_ring_and_no_column_and_one_not_covered_is_shaded() -> None:
    exhibit = columns(NAMES)
    page = (exhibit.svg or {})["page"]
    red = re.findall(rf'clip-path="[^"]+" style="fill: var\(--country-rus, {style.COUNTRIES["RUS"]}\)', page)
    assert "no delivery identified" in drawn(exhibit)
    assert any("2010–2011, 2022" in note for note in exhibit.notes)
    values = [row[2] for row in exhibit.data["rows"]]
    assert 0 not in values
    assert None in values
    assert len(red) == 7  # of thirteen years


def test_every_exhibit_of_arms_says_that_its_unit_is_not_money() -> None:
    for name in ("arms", "between", "suppliers"):
        exhibit = EXHIBITS[name](NAMES)
        assert "not money" in exhibit.subtitle
        assert any("is not money" in note for note in exhibit.notes)


def test_the_invasion_is_a_rule_with_its_name() -> None:
    assert "Event war" in drawn(columns(NAMES))


def test_shares_are_named_with_their_totals() -> None:
    exhibit = suppliers(NAMES)
    assert "Russia 100 %" in map(plain, drawn(exhibit))
    assert any("2012–2016" in note and "A share of little" in note for note in exhibit.notes)


# Statements


def test_a_statement_keeps_its_bound_in_words_and_an_arrow_is_explained() -> None:
    shown = drawn(said(NAMES))
    assert {"more than 1,000", "about 6,700", "at least 13,000", "up to 9,000"} <= set(shown)
    assert any(note.startswith("An arrow") for note in said(NAMES).notes)
    assert any("press alone" in note for note in said(NAMES).notes)


def test_a_stated_amount_keeps_the_digits_it_was_stated_with() -> None:
    assert "USD 1.95 bn" in map(plain, drawn(capital(NAMES)))


def test_a_statement_without_a_figure_has_no_mark() -> None:
    exhibit = investors(NAMES)
    assert "no figure" in drawn(exhibit)
    assert "China" in exhibit.alt


def test_statements_in_two_units_are_refused() -> None:
    rows = context.stated(STATEMENTS, SOURCES, ["containers-prk-to-rus", "investment-rus-in-vnm"])
    with pytest.raises(ValueError, match="in USD and containers"):
        show.stated(rows, name="mixed", names=NAMES)
