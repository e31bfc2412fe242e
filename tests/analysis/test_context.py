"""What stands around a visit: lanes of events, votes that were seen, arms that are no money, and stated bounds."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legation import data
from legation.analysis import context
from legation.errors import InputError

SOURCES = pd.DataFrame(
    [("un", "official"), ("table", "statistical"), ("daily", "press"), ("weekly", "press")], columns=["id", "kind"]
)
EVENT = ["id", "date", "until", "kind", "person", "host", "label", "description", "countries", "also", "source"]


def events(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    """Rows of id, date, until, kind, person, host, countries, also, source; a label is made of the id."""
    full = [(*row[:6], str(row[0]).title(), f"It was {row[0]}.", *row[6:]) for row in rows]
    return pd.DataFrame(full, columns=EVENT).astype(object)


EVENTS = events(
    ("treaty", "2000-02-09", None, "treaty", None, None, "RUS;PRK", None, "un"),
    ("first", "2000-07-19", "2000-07-20", "visit", "Putin", "PRK", "RUS;PRK", None, "daily"),
    ("talk", "2000-07-19", None, "meeting", None, None, "RUS;PRK", None, "daily"),
    ("invasion", "2022-02-24", None, "war", None, None, "RUS;UKR", None, "daily"),
    ("duma", "2024-10-24", None, "ratification", None, None, "RUS;PRK", None, "daily"),
    ("kim", "2024-11-11", None, "ratification", None, None, "RUS;PRK", "2024-10-11@weekly", "un"),
    ("again", "2024-06-19", None, "visit", "Putin", "PRK", "RUS;PRK", "2024-06-18@weekly; 2024-06-17@daily", "daily"),
    ("guest", "2023-12-12", None, "visit", "Xi", "VNM", "CHN;VNM", None, "daily"),
    ("elsewhere", "2023-05-01", None, "visit", "Xi", "FRA", "CHN;FRA", None, "daily"),
    ("some-year", "2001", None, "partnership", None, None, "RUS;VNM", None, "un"),
)
NO_STATEMENTS = pd.DataFrame(columns=["topic", "date", "value", "unit", "bound", "who", "says", "source"]).astype(
    object
)


def lanes(**chosen: object) -> pd.DataFrame:
    asked = {"state": "RUS", "hosts": ["PRK", "VNM"], "years": (2000, 2025)} | chosen
    return context.timeline(EVENTS, SOURCES, **asked)


# Events


def test_an_event_stands_in_the_lane_of_the_two_states_it_names() -> None:
    found = lanes().set_index("id")["lane"].to_dict()
    assert found["treaty"] == found["first"] == "PRK"
    assert found["some-year"] == "VNM"
    assert found["guest"] == "others"
    assert found["invasion"] == "all"
    assert "elsewhere" not in found


def test_the_steps_of_one_ratification_are_one_row_from_the_first_to_the_last_day() -> None:
    row = lanes().set_index("id").loc["duma+kim"]
    assert (row["date"], row["until"], row["label"]) == ("2024-10-24", "2024-11-11", "Ratified in 2 steps")
    assert row["source"] == "daily; un"
    assert not row["press"]  # an official source shows one of the steps


def test_a_meeting_during_a_visit_is_part_of_the_visit() -> None:
    assert "talk" not in set(lanes()["id"])
    assert "talk" in set(context.around(EVENTS, SOURCES, "2000-07", "2000-07")["id"])


def test_an_event_known_from_the_press_alone_is_marked() -> None:
    marked = lanes().set_index("id")["press"]
    assert marked["first"]
    assert not marked["treaty"]


def test_the_events_of_a_month_leave_out_those_of_which_only_the_year_is_known() -> None:
    found = context.around(EVENTS, SOURCES, "2001-01", "2001-12")
    assert found.empty
    assert list(context.around(EVENTS, SOURCES, "2024-06", "2024-10", states=["PRK"])["id"]) == ["again", "duma"]


def test_months_without_events_are_an_empty_frame_with_the_same_columns() -> None:
    assert "label" in context.around(EVENTS, SOURCES, "1999-01", "1999-02", states=["PRK"])


def test_other_dates_keep_the_source_that_gives_them() -> None:
    found = context.disputed_dates(EVENTS)
    assert found[found["id"] == "again"][["other", "source"]].to_numpy().tolist() == [
        ["2024-06-18", "weekly"],
        ["2024-06-17", "daily"],
    ]


def test_visits_are_counted_by_host_and_set_beside_what_others_counted() -> None:
    said = pd.DataFrame(
        [
            ("visits-putin-to-prk", "2024-06-19", 2.0, "TASS", "daily"),
            ("visits-putin-to-prk", "2030", 9.0, "x", "daily"),
        ],
        columns=["topic", "date", "value", "who", "source"],
    )
    rows = context.visits(EVENTS, said, person="Putin", hosts=["PRK", "VNM"], years=(2000, 2025)).set_index("host")
    assert rows.loc["PRK", ["visits", "gap", "stated", "stated_by"]].tolist() == [2, 24, 2, "TASS"]
    assert rows.loc["VNM", "visits"] == 0
    assert pd.isna(rows.loc["VNM", "stated"])


def test_a_traveller_nobody_knows_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"no visit by 'Puttin' \(did you mean 'Putin'\?\)"):
        context.visits(EVENTS, NO_STATEMENTS, person="Puttin", hosts=["PRK"], years=(2000, 2025))


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2024-13", "2024-14", "'2024-13' is no month"),
        ("2024-07", "2024-05", "run backwards"),
        ("2024", "2024", "YYYY-MM"),
    ],
)
def test_months_that_are_none_or_run_backwards_are_refused(first: str, last: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        context.around(EVENTS, SOURCES, first, last)


def test_an_unknown_kind_of_event_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'visits' is no kind of event \(did you mean 'visit'\?\)"):
        lanes(kinds=["visits"])


# Votes


RESOLUTION = ["resolution", "body", "date", "topic", "subject", "yes", "no", "abstain", "absent", "source"]
RESOLUTIONS = pd.DataFrame(
    [
        ("A/1", "GA", "2014-03-27", "ukraine", "One", 100, 11, 58, None, "table"),
        ("A/1", "GA", "2014-03-27", "ukraine", "One", 101, 11, 58, 24, "daily"),
        ("A/2", "GA", "2022-03-02", "ukraine", "Two", 141, 5, 35, None, "daily"),
        ("A/2", "GA", "2022-03-02", "ukraine", "Two", 140, 5, 35, None, "aaa"),
        ("A/2", "GA", "2022-03-02", "ukraine", "Two", 141, 5, 35, None, "weekly"),
        ("A/3", "GA", "2022-04-07", "ukraine", "Three", None, None, None, None, "daily"),
    ],
    columns=RESOLUTION,
)
VOTE_ROWS = pd.DataFrame(
    [
        ("A/1", "VNM", "abstain", "table"),
        ("A/1", "VNM", "no", "daily"),
        ("A/1", "RUS", "no", "table"),
        ("A/1", "USA", "yes", "table"),
        ("A/1", "LAO", "absent", "daily"),
        ("A/2", "VNM", "abstain", "daily"),
        ("A/2", "RUS", "no", "daily"),
        ("A/2", "USA", "yes", "daily"),
        ("A/2", "LAO", "yes", "daily"),
        ("A/2", "LAO", "abstain", "weekly"),
        ("A/3", "VNM", "no", "daily"),
        ("A/3", "RUS", "no", "daily"),
    ],
    columns=["resolution", "country", "vote", "source"],
)
KINDS = pd.concat([SOURCES, pd.DataFrame([("aaa", "press")], columns=["id", "kind"])])


def matrix(*countries: str) -> pd.DataFrame:
    chosen = countries or ("VNM", "RUS", "USA", "LAO")
    return context.vote_matrix(VOTE_ROWS, RESOLUTIONS, KINDS, topic="ukraine", countries=chosen, years=(2014, 2025))


def vote(resolution: str, country: str) -> pd.Series:
    rows = matrix()
    return rows[(rows["resolution"] == resolution) & (rows["country"] == country)].iloc[0]


def test_where_sources_differ_on_a_vote_the_firmer_one_decides_and_the_conflict_is_kept() -> None:
    row = vote("A/1", "VNM")
    assert (row["vote"], row["conflict"]) == ("abstain", True)
    assert row["readings"] == "abstain@table; no@daily"


def test_equally_firm_sources_that_differ_leave_the_vote_open() -> None:
    assert vote("A/2", "LAO")["vote"] == context.DISPUTED


def test_a_vote_nobody_shows_is_not_seen_and_not_an_absence() -> None:
    assert vote("A/3", "LAO")["vote"] == context.NOT_SEEN
    assert vote("A/1", "LAO")["vote"] == "absent"


def test_only_votes_cast_and_seen_are_counted() -> None:
    counts = context.vote_counts(matrix()).set_index("country")
    assert counts.loc["VNM", ["seen", "yes", "no", "abstain"]].tolist() == [3, 0, 1, 2]
    assert counts.loc["LAO", ["seen", "absent", "disputed", "not seen"]].tolist() == [0, 1, 1, 1]


def test_agreement_counts_the_same_vote_over_resolutions_on_which_both_were_seen() -> None:
    rows = context.agreement(matrix(), ["RUS", "USA"]).set_index(["country", "pole"])
    assert rows.loc[("VNM", "RUS"), ["alike", "compared"]].tolist() == [1, 3]
    assert rows.loc[("VNM", "USA"), ["alike", "compared"]].tolist() == [0, 2]
    assert pd.isna(rows.loc[("LAO", "RUS"), "share"])


def test_agreement_with_a_state_that_is_not_in_the_matrix_is_refused() -> None:
    with pytest.raises(InputError, match=r"those of 'CHN', which is not among .*VNM, RUS"):
        context.agreement(matrix(), ["CHN"])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("XYZ"), st.sampled_from(context.VOTES)), max_size=9))
def test_agreement_is_the_same_in_both_directions(cast: list[tuple[str, str, str]]) -> None:
    seen = {(resolution, country): vote for resolution, country, vote in cast}
    rows = pd.DataFrame(
        [(r, c, seen.get((r, c), "not seen"), "s") for r in "abc" for c in "XYZ"],
        columns=["resolution", "country", "vote", "source"],
    )
    found = context.agreement(rows, ["X", "Y", "Z"]).set_index(["country", "pole"])[["alike", "compared"]]
    assert (found.loc[("X", "Y")] == found.loc[("Y", "X")]).all()
    assert (found["alike"] <= found["compared"]).all()


def test_a_tally_comes_from_the_firmest_source_then_from_that_which_most_agree_with() -> None:
    rows = context.tallies(RESOLUTIONS, KINDS, topic="ukraine", years=(2014, 2025)).set_index("resolution")
    assert rows.loc["A/1", "yes"] == 100
    assert rows.loc["A/1", "conflict"] == "101–11–58@daily"
    assert rows.loc["A/1", "absent"] == 24  # the firmest source is silent on it
    assert rows.loc["A/2", "yes"] == 141
    assert pd.isna(rows.loc["A/3", "yes"])


def test_an_unknown_topic_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'ukrane' \(did you mean 'ukraine'\?\)"):
        context.tallies(RESOLUTIONS, KINDS, topic="ukrane", years=(2014, 2025))


# Arms


ARMS = pd.DataFrame(
    [
        ("RUS", "VNM", 2012, 700.0, 3, 1),
        ("RUS", "VNM", 2013, 500.0, 2, 1),
        ("RUS", "VNM", 2015, 100.0, 1, 0),
        ("ISR", "VNM", 2015, 300.0, 1, 1),
        ("PRK", "RUS", 2016, 12.5, 1, 1),
        ("RUS", "PRK", 2012, 0.5, 1, 1),
    ],
    columns=["supplier", "recipient", "year", "tiv", "deals", "estimated"],
).assign(source="sipri")


def yearly(**chosen: object) -> pd.DataFrame:
    return context.deliveries(ARMS, **({"recipient": "VNM", "supplier": "RUS", "years": (2011, 2016)} | chosen))


def test_a_year_without_a_row_is_no_delivery_identified_and_one_outside_the_register_is_not_covered() -> None:
    rows = yearly().set_index("year")
    assert rows["state"].to_dict() == {
        2011: "not covered",
        2012: "delivered",
        2013: "delivered",
        2014: "none identified",
        2015: "delivered",
        2016: "none identified",
    }
    assert rows["tiv"].isna().tolist() == [True, False, False, True, False, True]


def test_all_other_suppliers_are_summed_without_the_one_set_apart() -> None:
    rows = yearly(supplier=None, apart="RUS").set_index("year")["tiv"].dropna()
    assert rows.to_dict() == {2015: 300.0}


def test_a_pair_whose_record_is_not_held_is_refused_rather_than_shown_as_nothing() -> None:
    with pytest.raises(InputError, match=r"What IND received from RUS is not held: .*PRK and VNM only"):
        yearly(recipient="IND")
    with pytest.raises(InputError, match="The suppliers of 'RUS' are not held"):
        context.supplier_shares(ARMS, recipient="RUS", years=(2012, 2016))
    assert len(yearly(recipient="RUS", supplier="PRK"))


def test_every_row_of_the_arms_table_touches_a_country_whose_record_is_held() -> None:
    table = data.open("arms_deliveries")
    assert (table["supplier"].isin(context.ARMS_HELD) | table["recipient"].isin(context.ARMS_HELD)).all()


def test_a_change_is_that_of_the_yearly_mean_and_needs_both_periods_covered() -> None:
    found = context.mean_change(yearly(), (2012, 2013), (2014, 2015))
    assert (found["before"], found["after"]) == (600.0, 50.0)
    assert found["change"] == pytest.approx(-11 / 12)
    assert context.mean_change(yearly(), (2011, 2012), (2014, 2015))["change"] is None


def test_shares_are_counted_in_whole_periods_back_from_the_last_year() -> None:
    rows = context.supplier_shares(ARMS, recipient="VNM", years=(2012, 2016), length=2)
    assert rows[["first", "last", "supplier"]].to_numpy().tolist() == [
        [2013, 2014, "RUS"],
        [2015, 2016, "ISR"],
        [2015, 2016, "RUS"],
    ]
    assert rows.groupby("first")["share"].sum().tolist() == pytest.approx([1.0, 1.0])
    assert rows["share"].tolist() == pytest.approx([1.0, 0.75, 0.25])


def test_arms_turn_when_one_direction_ends_before_the_other_begins() -> None:
    there = yearly(recipient="PRK", supplier="RUS", years=(2012, 2016))
    back = yearly(recipient="RUS", supplier="PRK", years=(2012, 2016))
    assert context.reversal(there, back) == {"until": 2012, "since": 2016, "last": 2016, "tiv": 12.5}
    assert context.reversal(back, there)["until"] is None


def test_russian_arms_to_viet_nam_had_fallen_by_more_than_half_before_the_invasion() -> None:
    rows = context.deliveries(data.open("arms_deliveries"), recipient="VNM", supplier="RUS", years=(1995, 2024))
    assert context.mean_change(rows, (2012, 2016), (2017, 2021))["change"] < -0.5
    assert context.peak(rows)["year"] == 2014  # 1,070 million TIV in SIPRI's register of February 2026


# Statements


STATEMENTS = pd.DataFrame(
    [
        ("containers-prk-to-rus", "2024-02-26", 6700.0, "containers", "about", "Seoul", "Six.", "daily"),
        ("containers-prk-to-rus", "2024-02", 10000.0, "containers", "more-than", "Washington", "Ten.", "daily"),
        ("containers-prk-to-rus", "2023-10-13", 1000.0, "containers", "at-least", "Washington", "One.", "un"),
        ("troops-prk-in-rus", "2024-10-31", 8000.0, "persons", "up-to", "Washington", "Eight.", "daily"),
        ("troops-prk-in-rus", "2025-01", None, "persons", "about", "Kyiv", "Many.", "daily"),
    ],
    columns=["topic", "date", "value", "unit", "bound", "who", "says", "source"],
)


def test_a_bound_leaves_its_side_open() -> None:
    rows = context.stated(STATEMENTS, SOURCES, ["containers-prk-to-rus", "troops-prk-in-rus"]).set_index("bound")
    assert rows.loc["about", ["low", "high"]].iloc[0].tolist() == [6700.0, 6700.0]
    assert rows.loc["more-than", "low"] == 10000.0
    assert pd.isna(rows.loc["more-than", "high"])
    assert pd.isna(rows.loc["up-to", "low"])


def test_statements_stand_in_the_order_of_their_dates_and_are_marked_if_only_the_press_has_them() -> None:
    rows = context.stated(STATEMENTS, SOURCES, ["containers-prk-to-rus"])
    assert rows["date"].tolist() == ["2023-10-13", "2024-02", "2024-02-26"]
    assert rows["press"].tolist() == [False, True, True]
    assert context.stated(STATEMENTS, SOURCES, ["containers-prk-to-rus"], until="2023-12")["value"].tolist() == [1000.0]


def test_a_statement_without_a_figure_is_never_the_latest_figure() -> None:
    rows = context.latest(context.stated(STATEMENTS, SOURCES, ["troops-prk-in-rus"]))
    assert rows["value"].tolist() == [8000.0]


def test_the_month_in_which_speakers_lie_furthest_apart_is_found_and_none_if_none_do() -> None:
    rows = context.stated(STATEMENTS, SOURCES, ["containers-prk-to-rus"])
    found = context.widest_month(rows)
    assert (found["month"], found["low"], found["high"]) == ("2024-02", 6700.0, 10000.0)
    assert context.widest_month(rows.head(1))["month"] is None


def test_a_topic_nobody_spoke_of_is_refused_with_those_near_it() -> None:
    with pytest.raises(InputError, match=r"No statement is held on containers-prk-to-rsu.*containers-prk-to-rus"):
        context.stated(STATEMENTS, SOURCES, ["containers-prk-to-rsu"])
