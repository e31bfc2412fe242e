"""Codings compared: three states kept apart, pledges ordered, bounds where something is not coded."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from legation import data
from legation.analysis import treaties
from legation.data.treaties import codebook
from legation.data.treaties import treaties as files
from legation.errors import InputError

STATES = ("coded", "absent", "not coded")
TYPES = ["mutual-assistance", "threat-consultation", "economy", "duration", "termination"]


@dataclass
class Invented:
    """A register of treaties between Ardania and Velmark."""

    treaties: pd.DataFrame
    parties: pd.DataFrame
    dates: pd.DataFrame
    predecessors: pd.DataFrame
    provisions: pd.DataFrame
    phrases: pd.DataFrame
    dissents: pd.DataFrame
    states: pd.DataFrame
    texts: pd.DataFrame
    types: pd.DataFrame
    levels: pd.DataFrame
    kinds: pd.DataFrame
    sources: pd.DataFrame


@lru_cache(maxsize=1)
def real() -> treaties.Register:
    """The house's own register, read once."""
    return data.treaty_register()


def provision(treaty: str, kind: str, **parts: Any) -> dict[str, Any]:
    row = dict.fromkeys(("paragraph", "trigger", "automaticity", "means", "decides", "limits", "narrowing", "note"))
    row |= {"treaty": treaty, "type": kind, "article": "4", "number": 4, "numbered": "printed", "obligation": "shall"}
    return row | {"gist": "Help is owed.", "confidence": "high", "disputed": False, "source": "gazette"} | parts


PLEDGE = {
    "trigger": "armed-attack",
    "automaticity": "at-once",
    "means": "all-means",
    "decides": "clause",
    "limits": "",
    "narrowing": "",
}


def register(states: dict[str, dict[str, str]], **pledges: dict[str, Any]) -> Invented:
    """Treaties named by their year, with the states of their types, and parts of their pledges that differ."""
    book = real()
    years = sorted(states)
    rows = []
    for year in years:
        for kind in (kind for kind in TYPES if states[year].get(kind) == "coded"):
            parts = PLEDGE | pledges.get(f"t{year}", {}) if kind == "mutual-assistance" else {}
            rows.append(provision(year, kind, **parts))
    terms = {"duration": "fixed", "years": 10.0, "renewal": "none", "renewal_years": None, "withdrawal": "at-expiry"}
    terms |= {"minimum_years": None, "notice_months": 12.0, "term": "Ten years.", "term_source": "gazette"}
    dates = [
        {
            "treaty": year,
            "event": "in force",
            "date": f"{year}-07-01",
            "stated": True,
            "note": None,
            "source": "gazette",
        }
        for year in years
    ]
    return Invented(
        treaties=pd.DataFrame(
            {
                "treaty": year,
                "short": f"Ardania–Velmark {year}",
                "signed": f"{year}-01-01",
                "in_force": f"{year}-07-01",
                "ended": None,
                "end_known": False,
                "end_disputed": False,
                "articles": 9.0,
                "read_whole": False,
                "source": "gazette",
                **terms,
            }
            for year in years
        ),
        parties=pd.DataFrame(
            {"treaty": year, "code": code, "since": None, "until": None} for year in years for code in ("ARD", "VEL")
        ),
        dates=pd.DataFrame(dates),
        predecessors=pd.DataFrame(columns=["treaty", "predecessor", "title", "basis", "source"]),
        provisions=pd.DataFrame(rows, columns=list(provision("", ""))),
        phrases=pd.DataFrame(columns=["treaty", "article", "type", "text", "source", "language", "tradition"]),
        dissents=pd.DataFrame(columns=["treaty", "on", "held", "says", "source"]),
        states=pd.DataFrame(
            {
                "treaty": year,
                "type": kind,
                "state": states[year].get(kind, "not coded"),
                "note": None,
                "source": "gazette" if states[year].get(kind, "not coded") != "not coded" else None,
            }
            for year in years
            for kind in TYPES
        ),
        texts=pd.DataFrame(columns=["treaty", "address"]),
        types=book.types[book.types["type"].isin(TYPES)].reset_index(drop=True),
        levels=book.levels,
        kinds=book.kinds,
        sources=pd.DataFrame([{"id": "gazette", "producer": "Gazette", "title": "Treaties", "kind": "official"}]),
    )


def outcome(before: str, after: str, *between: str) -> str:
    years = {"1901": before, **{str(1910 + place): state for place, state in enumerate(between)}, "1950": after}
    invented = register({year: {"economy": state} for year, state in years.items()})
    found = treaties.changes(invented, "1950", "1901", [year for year in years if year not in ("1901", "1950")])
    return str(found.set_index("type").loc["economy", "outcome"])


def test_a_provision_returned_only_if_a_source_shows_that_it_was_absent_between():
    assert outcome("coded", "coded", "absent") == "returned"
    assert outcome("coded", "coded", "not coded") == "in both"
    assert outcome("coded", "coded", "coded") == "kept"
    assert outcome("coded", "coded", "not coded", "absent") == "returned"


def test_a_provision_is_new_or_dropped_only_if_the_other_treaty_is_shown_not_to_have_it():
    assert outcome("absent", "coded") == "new"
    assert outcome("coded", "absent") == "dropped"
    assert outcome("absent", "absent") == "in neither"


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_said_of_a_type_that_is_not_coded_on_one_side(state):
    assert outcome("not coded", state) == "not comparable"
    assert outcome(state, "not coded") == "not comparable"


def test_kept_provisions_name_the_parts_that_differ():
    both = {"mutual-assistance": "coded", "termination": "coded"}
    limits = {"limits": "domestic-law", "narrowing": "domestic-law", "means": "unspecified"}
    invented = register({"1901": both, "1950": both}, t1950=limits)
    invented.treaties.loc[invented.treaties["treaty"] == "1950", "withdrawal"] = "any-time"
    found = treaties.changes(invented, "1950", "1901").set_index("type")["differs"]
    assert found["mutual-assistance"] == "means; limits"
    assert found["termination"] == "withdrawal"


def test_a_limit_that_an_earlier_pledge_did_not_state_is_added_and_the_rest_is_alike():
    both = {"mutual-assistance": "coded"}
    invented = register({"1901": both, "1950": both}, t1950={"limits": "domestic-law", "narrowing": "domestic-law"})
    found = treaties.beside(invented, "1950", "1901")
    assert found is not None
    assert (found["was"], found["added"], found["apart"]) == ([], ["domestic law"], ["limits"])
    assert "automaticity" in found["alike"]


def test_limits_that_are_not_known_make_two_pledges_incomparable_in_that_part():
    both = {"mutual-assistance": "coded"}
    invented = register({"1901": both, "1950": both}, t1950={"limits": None, "narrowing": None})
    found = treaties.differences(invented, "1950", "1901").set_index("part")["same"]
    assert found["limits"] is None
    assert found["means"] is True
    assert treaties.beside(invented, "1950", "1901") is None


def test_pledges_are_ordered_by_automaticity_then_means_then_decider_then_limits():
    both = {"mutual-assistance": "coded"}
    invented = register(
        {str(year): both for year in range(1901, 1906)} | {"1950": {"mutual-assistance": "absent"}, "1960": {}},
        t1901={"automaticity": "due"},
        t1902={"means": "force-possible"},
        t1903={"decides": "each-party"},
        t1904={"limits": "territory; consent", "narrowing": "territory; consent"},
    )
    found = treaties.pledges(invented, list(invented.treaties["treaty"]))
    assert found["treaty"].tolist() == ["1905", "1904", "1903", "1902", "1901", "1950", "1960"]
    assert found["rank"].dropna().tolist() == [1, 2, 3, 4, 5]


def test_equal_pledges_share_a_rank_and_a_treaty_without_one_has_none():
    both = {"mutual-assistance": "coded"}
    found = treaties.pledges(register({"1901": both, "1902": both, "1903": {}}), ["1901", "1902", "1903"])
    assert found["rank"].tolist()[:2] == [1, 1]
    assert found["rank"].isna().tolist() == [False, False, True]


def test_the_order_of_pledges_is_the_codebooks():
    book, found = codebook(), files()
    ordered = treaties.pledges(real(), list(found)).dropna(subset=["rank"])
    strengths = [
        max(book.strength(one) for one in found[treaty].of_type("mutual-assistance")) for treaty in ordered["treaty"]
    ]
    assert strengths == sorted(strengths, reverse=True)


def test_likeness_without_unknowns_is_one_number():
    known = {"1901": dict.fromkeys(TYPES, "coded"), "1902": dict.fromkeys(TYPES, "absent") | {"economy": "coded"}}
    found = treaties.similarity(register(known), ["1901", "1902"]).iloc[0]
    assert found["low"] == found["high"] == pytest.approx(1 / 5)
    assert found["common"] == len(TYPES)


def test_likeness_with_unknowns_runs_from_all_apart_to_all_alike():
    # economy coded in both, duration in one and absent in the other, three types not coded in the second
    first = dict.fromkeys(TYPES, "coded")
    second = {"economy": "coded", "duration": "absent"}
    found = treaties.similarity(register({"1901": first, "1902": second}), ["1901", "1902"]).iloc[0]
    assert (found["common"], found["both"]) == (2, 1)
    assert found["low"] == pytest.approx(1 / 5)
    assert found["high"] == pytest.approx(4 / 5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STATES), st.sampled_from(STATES)), min_size=5, max_size=5))
@example([("absent", "absent")] * 4 + [("absent", "not coded")])
def test_whatever_the_unknowns_turn_out_to_be_likeness_stays_within_its_bounds(pairs):
    one, other = ({kind: pair[side] for kind, pair in zip(TYPES, pairs, strict=True)} for side in (0, 1))
    bounds = treaties.similarity(register({"1901": one, "1902": other}), ["1901", "1902"]).iloc[0]
    for resolved in ("coded", "absent"):
        for against in ("coded", "absent"):
            first = {kind: resolved if state == "not coded" else state for kind, state in one.items()}
            second = {kind: against if state == "not coded" else state for kind, state in other.items()}
            exact = treaties.similarity(register({"1901": first, "1902": second}), ["1901", "1902"]).iloc[0]
            assert exact["low"] == exact["high"] or pd.isna(exact["low"])
            if pd.notna(exact["low"]):
                assert bounds["low"] - 1e-9 <= exact["low"] <= bounds["high"] + 1e-9


def test_a_disputed_end_keeps_its_earliest_and_latest_date():
    found = treaties.commitments(real(), ["RUS", "PRK"], "2026-01-01").set_index("treaty")
    soviet = found.loc["1961-ussr-dprk"]
    assert (int(soviet["end_first"]), soviet["end_date"], int(soviet["end_last"])) == (1990, "1996-09-10", 1998)
    assert not soviet["start_known"]
    assert found.loc["2000-russia-dprk", "level"] == "consultation"
    assert found.loc["2024-russia-dprk", "ongoing"]


def test_soviet_treaties_count_for_russia_and_for_no_other_state():
    soviet = "1978-ussr-vietnam"
    register_ = real()
    assert soviet in set(treaties.commitments(register_, ["RUS", "VNM"], "2026-01-01")["treaty"])
    assert treaties.commitments(register_, ["UKR", "VNM"], "2026-01-01").empty


def test_a_commitment_is_between_two_states():
    with pytest.raises(InputError, match=r"between two states, not RUS"):
        treaties.commitments(real(), ["RUS", "RUS"], "2026-01-01")


def test_the_line_of_2024_runs_by_2000_to_1961():
    assert treaties.lineage(real(), "2024-russia-dprk") == ["2000-russia-dprk", "1961-ussr-dprk"]


def test_a_line_that_bites_its_tail_ends():
    invented = register({"1901": {}, "1902": {}})
    pairs = [("1901", "1902"), ("1902", "1901")]
    invented.predecessors = pd.DataFrame(pairs, columns=["treaty", "predecessor"])
    assert treaties.lineage(invented, "1902") == ["1901"]


def test_the_pledge_of_1961_is_what_is_known_to_have_returned_in_2024():
    chain = ("2024-russia-dprk", "1961-ussr-dprk", ["2000-russia-dprk"])
    found = treaties.changes(real(), *chain)
    assert found.loc[found["outcome"] == "returned", "type"].tolist() == ["mutual-assistance"]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda r: treaties.choose(r, "2024-rusia-dprk", []),
            r"no treaty '2024-rusia-dprk' \(did you mean '2024-russia",
        ),
        (lambda r: treaties.choose(r, "1951-anzus", list(r.treaties["treaty"])), r"\d+ treaties are more than a page"),
        (lambda r: treaties.choose_types(r, ["mutual-asistance"]), r"did you mean 'mutual-assistance'"),
        (lambda r: treaties.choose_types(r, ["securty"]), r"did you mean 'security'"),
        (lambda r: treaties.article(r, "2024-russia-dprk", "88", []), r"article '88'.*Coded are preamble, 1, 2"),
    ],
)
def test_what_is_not_in_the_register_is_refused_in_one_sentence_with_the_nearest_name(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call(real())


def test_a_group_stands_for_its_types_and_no_name_for_all():
    book = real()
    assert treaties.choose_types(book, ["final"]) == book.types.loc[book.types["group"] == "final", "type"].tolist()
    assert treaties.choose_types(book, []) == book.types["type"].tolist()


def test_an_article_known_only_by_its_order_stands_in_brackets():
    cells = treaties.matrix(real(), ["2024-russia-dprk"], ["no-hostile-alliance", "regions"])
    assert cells.set_index("type")["articles"].to_dict() == {"no-hostile-alliance": "(5)", "regions": ""}


def test_a_redline_names_the_words_left_out_and_put_in():
    opening = "The Parties, Ardania and Velmark, have agreed as follows:\n\n"
    old = opening + (
        "ARTICLE 1\nThe Parties shall settle any dispute between them by peaceful means.\n\n"
        "ARTICLE 2\nThe Parties shall consult together whenever the security of either is threatened.\n"
    )
    texts = {"1901": old, "1950": old.replace("shall consult", "may consult")}
    found = treaties.redlined(texts, "1950", "1901").set_index("after_articles")
    assert found.loc["1", "left_out"] == []
    assert (found.loc["2", "left_out"], found.loc["2", "put_in"]) == (["shall"], ["may"])


def dated(register, treaty: str, **days: str | None):
    """The register with other days of a treaty."""
    rows = register.treaties.copy()
    for column, day in days.items():
        rows[column] = rows[column].mask(rows["treaty"] == treaty, day)
    return dataclasses.replace(register, treaties=rows)


class TestDaysThatNobodyTells:
    """A draft has no dates yet, and some treaties were signed and never came into force."""

    NEW = "2024-russia-dprk"

    def test_without_any_day_a_treaty_is_named_and_not_put_in_time(self):
        blank = dated(real(), self.NEW, signed=None, in_force=None)
        assert treaties.undated(blank, ["RUS", "PRK"]) == [self.NEW]
        assert treaties.undated(blank, ["USA", "KOR"]) == []
        assert self.NEW not in set(treaties.commitments(blank, ["RUS", "PRK"], "2026-11-22")["treaty"])

    def test_a_treaty_that_began_after_the_day_of_the_sources_is_not_drawn_to_it(self):
        bound = treaties.commitments(real(), ["RUS", "PRK"], "2010-01-01")
        assert self.NEW not in set(bound["treaty"])
        assert (bound["start"] <= 2010).all()

    @pytest.mark.parametrize(
        ("signed", "in_force", "status"),
        [
            ("2024-06-19", "2024-12-04", "in force"),
            ("2024-06-19", None, "signed, entry into force not known"),
            (None, None, "no day known"),
        ],
    )
    def test_a_status_says_no_more_than_the_days_do(self, signed, in_force, status):
        found = treaties.lineup(dated(real(), self.NEW, signed=signed, in_force=in_force), [self.NEW])
        assert found["status"].tolist() == [status]

    def test_publications_are_counted_over_all_treaties_compared(self):
        one, other = (treaties.publications(real(), [name]) for name in (self.NEW, "1961-ussr-dprk"))
        both = treaties.publications(real(), [self.NEW, "1961-ussr-dprk"])
        for what in ("publications", "press"):
            assert max(one[what], other[what]) < both[what] <= one[what] + other[what]
