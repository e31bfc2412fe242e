"""The exhibits of claim checking: verdicts told apart, readings named, nothing said more firmly than its data."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from exhibits.drawn import bars, extent, faults

from legation import data
from legation.analysis import claims as judging
from legation.analysis.claims import Judged
from legation.analysis.treaties import Register
from legation.data.claims import Ledger
from legation.errors import InputError
from legation.exhibits import Exhibit, style
from legation.exhibits import claims as show

# A case made up here: two documents about one year's trade, with every kind of claim and every verdict.

CLAIM = {
    "document": "one",
    "claim": "c",
    "place": "Trade, paragraph 1",
    "says": "Something is so.",
    "kind": "quantity",
    "value": math.nan,
    "half_digit": 0.0,
    "unit": None,
    "precision": None,
    "date": None,
    "until": None,
    "words": None,
    "holds": None,
    "measure": None,
    "parameters": None,
    "operation": None,
    "of": (),
    "needs": None,
    "where": "data/claims/one.yml, line 9",
}
VERDICT = CLAIM | {
    "verdict": "confirmed",
    "low": math.nan,
    "high": math.nan,
    "allowed_low": math.nan,
    "allowed_high": math.nan,
    "found_date": None,
    "found_until": None,
    "explained_by": None,
    "found_words": None,
    "found_holds": None,
    "found_label": None,
    "difference": math.nan,
    "left_out": (),
    "unsupported": (),
    "arithmetic": None,
    "arithmetic_value": math.nan,
    "status": None,
    "source": None,
}
READING = {
    "document": "one",
    "claim": "c",
    "role": "main",
    "label": "as Ardania reports",
    "low": math.nan,
    "high": math.nan,
    "date": None,
    "until": None,
    "words": None,
    "may_hold": (),
    "akin": (),
    "holds": None,
    "unit": None,
    "whose": None,
    "outcome": "confirmed",
    "status": "final",
    "source": "office-a",
}
PRECISION = [
    ("as-printed", 0.0, 0.0),
    ("exactly", 0.0, 0.0),
    ("about", 0.05, 0.05),
    ("more-than", 0.0, math.inf),
    ("nearly", 0.1, 0.0),
]


def claim(name: str, verdict: str, readings: Sequence[Mapping[str, Any]] = (), **about: Any) -> dict[str, Any]:
    """A claim with its verdict and readings; what is not said is as in ``VERDICT`` and ``READING``."""
    own = VERDICT | {"claim": name, "verdict": verdict} | about
    mine = [READING | {"claim": name, "document": own["document"], "unit": own["unit"]} | dict(one) for one in readings]
    for one in mine:
        one["high"] = one["low"] if isinstance(one["high"], float) and math.isnan(one["high"]) else one["high"]
    if mine:
        first = mine[0]
        own |= {"low": first["low"], "high": first["high"], "status": first["status"], "found_label": first["label"]}
        own["source"] = first["source"]
        fitting = [one["label"] for one in mine if one["role"] == "explanation" and one["outcome"] == "confirmed"]
        own["explained_by"] = next(iter(fitting), None)
        if own["kind"] == "quantity":
            word = next(one for one in PRECISION if one[0] == own["precision"])
            tolerance = (own["value"], own["half_digit"] or 0.0, *word[1:])
            span = judging.allowed(*tolerance, digits=word[0] == "as-printed")
            own["allowed_low"], own["allowed_high"] = span
        if own["kind"] == "quantity" and own["value"] and math.isnan(own["difference"]):
            own["difference"] = (first["low"] - own["value"]) / abs(own["value"])
    return own | {"readings": mine}


def money(name: str, verdict: str, value: float, *found: tuple[str, float, str], **about: Any) -> dict[str, Any]:
    """A claim on dollars, with readings as (label, value, outcome)."""
    readings = [
        {"label": label, "low": low, "outcome": outcome, "role": "rival" if place else "main"}
        for place, (label, low, outcome) in enumerate(found)
    ]
    given = {"unit": "USD", "precision": "as-printed", "half_digit": 0.5e9, "measure": "trade_flow"}
    return claim(name, verdict, readings, value=value, **given | about)


CASE = [
    money(
        "velmark",
        "confirmed",
        3.6e9,
        ("as Ardania reports", 3.61e9, "confirmed"),
        half_digit=0.05e9,
        says="Trade with Velmark came to 3.6 billion dollars.",
    ),
    money(
        "orsk",
        "contradicted",
        129e9,
        ("as Ardania reports", 110.8e9, "contradicted"),
        ("as Orsk reports", 124.2e9, "contradicted"),
        says="Trade with Orsk came to about 129 billion dollars.",
        precision="as-printed",
        document="two",
    ),
    money(
        "orsk",
        "confirmed",
        110e9,
        ("as Ardania reports", 110.8e9, "confirmed"),
        ("as Orsk reports", 124.2e9, "confirmed"),
        says="Trade with Orsk came to more than 110 billion dollars.",
        precision="more-than",
    ),
    money(
        "tarn",
        "contested",
        170e9,
        ("as Ardania reports", 171.2e9, "confirmed"),
        ("as Tarn reports", 229.8e9, "contradicted"),
        says="Trade with Tarn came to about 170 billion dollars.",
        precision="about",
    ),
    claim(
        "growth-orsk",
        "contradicted",
        [{"low": -9.1, "outcome": "contradicted"}],
        value=-11.3,
        half_digit=0.05,
        unit="percent",
        precision="as-printed",
        measure="trade_growth",
        says="Exports to Orsk fell by 11.3 per cent.",
        document="two",
    ),
    claim(
        "growth-tarn",
        "contested",
        [
            {"low": -3.4, "outcome": "confirmed"},
            {
                "low": 2.0,
                "role": "rival",
                "label": "as Tarn reports",
                "outcome": "contradicted",
                "status": "press",
                "source": "wire",
            },
        ],
        value=-3.3,
        half_digit=0.05,
        unit="percent",
        precision="as-printed",
        measure="trade_growth",
        says="Exports to Tarn fell by 3.3 per cent.",
        document="two",
    ),
    claim(
        "visits",
        "contradicted",
        [{"low": 6.0, "label": "visits on record", "outcome": "contradicted"}],
        value=5.0,
        half_digit=0.5,
        unit="count",
        precision="exactly",
        measure="visits",
        says="It was the fifth visit as president.",
    ),
    claim(
        "people",
        "close",
        [{"low": 100.35e6, "label": "census", "outcome": "close", "status": "preliminary"}],
        value=100e6,
        half_digit=0.5e6,
        unit="persons",
        precision="as-printed",
        measure="economy",
        says="Ardania has 100 million people.",
        document="two",
    ),
    claim(
        "share",
        "contradicted",
        [
            {"low": 28.1, "outcome": "contradicted"},
            {
                "low": 33.0,
                "role": "explanation",
                "label": "mixture: Orsk’s report over Ardania’s total",
                "outcome": "confirmed",
            },
        ],
        value=33.3,
        unit="percent",
        precision="about",
        measure="trade_share",
        says="Orsk takes about a third of exports.",
        document="two",
    ),
    claim(
        "signed",
        "close",
        [{"date": "2024-06-20", "label": "gazette", "outcome": "close"}],
        kind="date",
        date="2024-06-19",
        difference=1.0,
        measure="event_date",
        says="The treaty was signed on 19 June 2024.",
    ),
    claim(
        "pledge",
        "contradicted",
        [{"words": ("at-once", "all-means", "un-charter-51"), "label": "as coded", "outcome": "contradicted"}],
        kind="words",
        words=("at-once", "consent"),
        left_out=("all-means", "un-charter-51"),
        unsupported=("consent",),
        measure="treaty_pledge",
        says="Help is due at once, with consent.",
    ),
    claim(
        "drills",
        "confirmed",
        [{"holds": True, "label": "as coded", "outcome": "confirmed"}],
        kind="holds",
        holds=True,
        measure="treaty_has",
        says="The treaty speaks of joint drills.",
    ),
    claim(
        "sum",
        "close",
        [{"low": 127.0e9, "outcome": "close"}],
        value=128.71e9,
        half_digit=0.005e9,
        unit="USD",
        precision="as-printed",
        measure="trade_flow",
        says="Both flows come to 128.71 billion dollars.",
        document="two",
        operation="sum",
        of=("orsk", "velmark"),
        arithmetic="does not add up",
        arithmetic_value=132.6e9,
    ),
    claim(
        "oil",
        "not testable",
        kind="untested",
        needs="Output by operator at sea.",
        says="Velmark is the main partner in oil.",
    ),
]
PAIR = {
    "first_document": "one",
    "first_claim": "orsk",
    "second_document": "two",
    "second_claim": "orsk",
    "agree": False,
    "first_fits": "as Ardania reports",
    "second_fits": "as Orsk reports",
}


def examined(
    claims: Sequence[Mapping[str, Any]],
    *,
    pairs: Sequence[Mapping[str, Any]] = (),
    sides: Sequence[Mapping[str, Any]] = (),
    faulty: Sequence[Mapping[str, Any]] = (),
) -> show.Examined:
    """A ledger of these claims, judged as they say."""
    rows = [{key: value for key, value in one.items() if key != "readings"} for one in claims]
    documents = list(
        dict.fromkeys([*(str(row["document"]) for row in rows), *(str(one["document"]) for one in faulty)])
    )
    shorts = {"one": "First bulletin", "two": "Second article"}
    problems = [str(one["problem"]) for one in faulty]
    ledger = Ledger(
        documents=frame(
            [
                {
                    "document": one,
                    "short": shorts.get(one, one),
                    "entry": one,
                    "source": f"doc-{one}",
                    "published": "2024-06",
                    "note": None,
                    "where": f"data/claims/{one}.yml",
                }
                for one in documents
            ],
            ("document", "short", "source"),
        ),
        claims=frame([{key: row[key] for key in CLAIM} for row in rows], CLAIM),
        precision=frame(
            [{"word": word, "means": "", "below": below, "above": above} for word, below, above in PRECISION], ()
        ),
        close={"quantity": 0.05, "date_days": 1},
        problems=problems,
        faulty=frame(faulty, ("document", "claim", "place", "says", "problem")),
    )
    judged = Judged(
        verdicts=frame([{key: row[key] for key in VERDICT} for row in rows], VERDICT),
        readings=frame([one for claim in claims for one in claim["readings"]], READING),
        pairs=frame(pairs, PAIR),
        sides=frame(sides, judging.SIDE_COLUMNS),
        faulty=frame(faulty, ("document", "claim", "place", "says", "problem")),
    )
    return show.Examined(ledger, judged, register())


def frame(rows: Sequence[Mapping[str, Any]], columns: Iterable[str]) -> pd.DataFrame:
    return pd.DataFrame(list(map(dict, rows)), columns=None if rows else list(columns))


@lru_cache(maxsize=1)
def register() -> Register:
    return data.treaty_register()


def shown(case: show.Examined, verdicts: Sequence[str] = ()) -> list[Exhibit]:
    """Every exhibit that the notebook would show of a case."""
    made = [show.scoreboard(case)] if case.rows else []
    made += [one for one in (show.claims_table(case, document, verdicts) for document in case.documents) if one]
    made += show.why_charts(case, verdicts)
    others = (show.why_table(case, verdicts), show.pairs_table(case), show.arithmetic_table(case))
    last = (show.untested_table(case, verdicts), show.tolerances_table(case))
    return made + [one for one in (*others, *last) if one]


def named(case: show.Examined, name: str) -> Exhibit:
    return next(one for one in shown(case) if one.name == name)


def cells(exhibit: Exhibit | None) -> list[list[str]]:
    assert exhibit is not None
    return list((exhibit.cells or {})["rows"])


WHOLE = "the whole case"
HOSTILE = "<script>alert(1)</script> $x^2$ #import \u202etxet\u202c | `a` \\ {field} @key\nand on & on"
CASES: dict[str, dict[str, Any]] = {
    WHOLE: {"claims": CASE, "pairs": [PAIR]},
    "one claim": {"claims": CASE[:1]},
    "none contradicted": {"claims": [one for one in CASE if one["verdict"] in ("confirmed", "close")]},
    "only one that fails": {"claims": CASE[1:2]},
    "nothing can be tested": {"claims": CASE[-1:]},
    "hostile text": {
        "claims": [one | {"says": HOSTILE, "place": HOSTILE, "needs": HOSTILE} for one in CASE],
        "pairs": [PAIR],
        "faulty": [{"document": "one", "claim": "bad", "place": None, "says": HOSTILE, "problem": HOSTILE}],
    },
    "long text": {
        "claims": [one | {"says": "and so on " * 60, "place": "here " * 40} for one in CASE],
        "pairs": [PAIR],
    },
    "a reading open to one side": {
        "claims": [
            money("at-least", "contradicted", 5e9, ("as Ardania reports", 9e9, "contradicted")) | {"high": math.inf}
        ]
    },
    "long labels": {
        "claims": [
            one
            | {"readings": [reading | {"label": "as Ardania says, by its office " * 5} for reading in one["readings"]]}
            for one in CASE
        ]
    },
    "ten documents": {"claims": [one | {"document": f"d{place}"} for place in range(10) for one in CASE[:1]]},
}
CASES["a claim of nothing"] = {
    "claims": [
        claim(
            "none",
            "contradicted",
            [{"low": 2.0, "outcome": "contradicted"}],
            value=0.0,
            unit="count",
            precision="exactly",
        )
    ]
}
CASES["a reading open to one side"]["claims"][0]["readings"][0]["high"] = math.inf
for _place, _one in enumerate(CASES["ten documents"]["claims"]):
    _one["readings"] = [one | {"document": f"d{_place}"} for one in _one["readings"]]


@pytest.mark.parametrize("name", CASES)
def test_no_word_covers_another_or_leaves_the_sheet_or_is_too_small(name):
    for exhibit in shown(examined(**CASES[name])):
        for svg in (exhibit.svg or {}).values():
            assert not faults(svg)


@pytest.mark.parametrize("name", CASES)
def test_every_exhibit_is_strict_json_names_its_sources_and_shows_no_python(name):
    for exhibit in shown(examined(**CASES[name])):
        form = exhibit.structured()
        json.dumps(form, allow_nan=False)
        rows = (form.get("table") or {}).get("rows", [])
        said = " ".join(
            [form["title"], form["subtitle"], form["alt"], *form["notes"], *(cell for row in rows for cell in row)]
        )
        assert not re.search(r"\bnan\b|\binf\b|<NA>|\bNone\b", said), said
        assert form["source"].startswith("Source")


@pytest.mark.parametrize("name", CASES)
def test_every_claim_stands_in_one_table_and_in_the_score(name):
    case = examined(**CASES[name])
    listed = [one for one in shown(case) if re.match(r"claims-(?!scoreboard)", one.name)]
    assert sum(len(cells(one)) for one in listed) == len(case.rows)
    assert sum(show.tally(case).counts.values()) == len(case.rows)


def test_verdicts_are_told_apart_by_filling_and_each_claim_has_its_mark():
    svg = (named(examined(CASE), "claims-scoreboard").svg or {})["page"]
    counts = show.tally(examined(CASE)).counts
    assert len(bars(svg, style.INK)) == counts["confirmed"]
    assert len(bars(svg, style.CONTEXT)) == counts["close"]
    assert len(crosses(svg)) == 2 * counts["contradicted"]


def crosses(svg: str) -> list[str]:
    """Diagonal strokes of the width that crosses a mark."""
    return re.findall(r"stroke-width: 1\.3", svg)


def test_the_score_says_how_many_testable_claims_are_confirmed_and_how_many_are_not():
    assert named(examined(CASE), "claims-scoreboard").title == (
        "Of 13 testable claims 3 are confirmed, 2 are contested and 5 are contradicted"
    )
    assert named(examined(CASE[-1:]), "claims-scoreboard").title == "No claim examined can be tested with the data held"
    assert named(examined(CASE[:1]), "claims-scoreboard").title == "Of 1 testable claim 1 is confirmed"


def test_a_table_puts_first_what_fails_and_keeps_the_order_of_the_text_within_a_verdict():
    verdicts = [row[0] for row in cells(show.claims_table(examined(CASE), "one"))]
    assert verdicts == ["Contradicted", "Contradicted", "Contested", "Close", "Confirmed", "Confirmed", "Confirmed"]
    assert [row[1].split()[0] for row in cells(show.claims_table(examined(CASE), "one"))][:2] == ["It", "Help"]


def test_only_the_verdicts_asked_for_are_shown_and_the_others_are_counted():
    table = show.claims_table(examined(CASE), "one", ["close"])
    assert [row[0] for row in cells(table)] == ["Close"]
    assert "6 claims with other verdicts are not shown." in (table.notes if table else ())
    assert show.claims_table(examined(CASE[:1]), "one", ["contradicted"]) is None
    assert show.untested_table(examined(CASE), ["close"]) is None
    assert named(examined(CASE[:2]), "claims-one").title == "First bulletin: the 1 claim shown is confirmed"


def test_a_verdict_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match=r"'false' is no verdict\. The verdicts are confirmed, close"):
        show.chosen(["false"])


def row_of(name: str, document: str = "two") -> list[str]:
    case = examined(CASE)
    rows = cells(show.claims_table(case, document))
    says = next(one["says"] for one in CASE if one["claim"] == name and one["document"] == document)
    return next(row for row in rows if row[1].startswith(says))


def test_a_claim_is_held_against_each_source_by_name_and_the_press_is_marked():
    assert row_of("orsk")[2:4] == [
        "USD\xa0110.8\xa0bn as Ardania reports; USD\xa0124.2\xa0bn as Orsk reports.",
        "−14\xa0%",
    ]
    assert "2.0\xa0% as Tarn reports (press)" in row_of("growth-tarn")[2]
    assert "(preliminary)" in row_of("people")[2]


def test_what_a_label_says_of_its_status_is_not_said_twice():
    def said(label: str, status: str) -> str:
        told = money("t", "confirmed", 9e9, (label, 9e9, "confirmed"))
        told["readings"][0]["status"] = status
        return cells(show.claims_table(examined([told]), "one"))[0][2]

    assert said("preliminary figure for Ardania, by Office", "preliminary").endswith("by Office.")
    assert said("figure for Ardania, as the press reports (Herald)", "press").endswith("reports (Herald).")
    assert said("as Ardania reports, by Compressor Press Office", "press").count("(press)") == 1


def test_a_mixture_of_two_sources_is_named_as_what_the_claim_fits_and_decides_nothing():
    said = row_of("share")[2]
    assert said.startswith("28.1\xa0% as Ardania reports. The claim fits only 33.0\xa0%, mixture")
    chart = named(examined(CASE), "why-single-claims")
    assert any("explains a claim but does not decide it" in note for note in chart.notes)


def test_words_are_those_of_the_codebook_with_what_was_not_found():
    said = row_of("pledge", "one")[2]
    assert said.startswith("At once; all means; Article 51 of the UN Charter")
    assert "Not found: consent." in said


def test_a_word_akin_to_the_one_found_is_not_called_missing():
    pledge = claim(
        "trigger",
        "close",
        [{"words": ("armed-attack", "state-of-war"), "akin": ("aggression",), "label": "as coded", "outcome": "close"}],
        kind="words",
        words=("aggression",),
        left_out=("armed-attack", "state-of-war"),
        unsupported=("aggression",),
        measure="treaty_pledge",
        says="Help is due after an aggression.",
    )
    (row,) = cells(show.claims_table(examined([pledge]), "one"))
    assert row[2] == (
        "Armed attack; state of war, as coded. Akin, not the same: aggression. "
        "Not mentioned: armed attack; state of war."
    )


@pytest.mark.parametrize(
    ("name", "document", "said"),
    [
        ("orsk", "two", "−14\xa0%"),
        ("share", "two", "−5.2 points"),
        ("visits", "one", "+1"),
        ("signed", "one", "+1 day"),
        ("pledge", "one", "–"),
    ],
)
def test_a_difference_is_in_the_unit_of_its_kind(name, document, said):
    assert row_of(name, document)[3] == said


@pytest.mark.parametrize(
    ("value", "unit", "claim", "half", "said"),
    [
        (97.02e9, "USD", 118.92e9, 0.005e9, "USD 97.02 bn"),
        (110.8e9, "USD", 129e9, 0.5e9, "USD 110.8 bn"),
        (985e6, "USD", 1e9, 0.5e9, "USD 0.99 bn"),
        (4346.8, "USD", 4200, 50, "USD 4,347"),
        (64.2e9, "EUR", 60e9, 5e9, "EUR 64.2 bn"),
        (-9.14, "percent", -11.3, 0.05, "−9.1 %"),
        (100.35e6, "persons", 100e6, 0.5e6, "100.4 million"),
        (354.65e9, "USD", 354.7e9, 0.05e9, "USD 354.7 bn"),
        (6.0, "count", 5, 0.5, "6"),
        (10_000, "containers", 10_000, 0.5, "10,000 containers"),
        (1.0, "years", 24, 0.5, "1 year"),
        (23.92, "years", 24, 0.5, "23.9 years"),
        (2017.0, "year", 2017, 0.5, "2017"),
        (1.0, "rank", 2, 0.5, "rank 1"),
    ],
)
def test_a_quantity_is_written_with_the_digits_of_the_claim(value, unit, claim, half, said):
    found = show.amount(value, unit, like={"value": claim, "half_digit": half})
    assert found.replace("\xa0", " ") == said


def test_claims_that_share_a_measure_share_a_chart_and_single_ones_are_drawn_relative_to_their_claims():
    names = {one.name: one for one in show.why_charts(examined(CASE))}
    assert list(names) == ["why-trade-flow", "why-trade-growth", "why-single-claims"]
    assert names["why-trade-flow"].subtitle.endswith("USD billion")
    assert names["why-single-claims"].subtitle.endswith("in per cent of the value claimed")


def test_flows_of_very_different_size_are_drawn_relative_to_their_claims():
    small = money("small", "contradicted", 1e9, ("as Ardania reports", 2e9, "contradicted"))
    large = money("large", "contradicted", 90e9, ("as Ardania reports", 80e9, "contradicted"))
    (chart,) = show.why_charts(examined([small, large]))
    assert chart.subtitle.endswith("in per cent of the value claimed")


def test_a_chart_that_would_not_fit_a_page_is_continued_in_another():
    many = [money(f"c{place}", "contradicted", 9e9, ("as Ardania reports", 8e9, "contradicted")) for place in range(20)]
    charts = show.why_charts(examined(many))
    assert len(charts) > 1
    assert sum(len(one.data["rows"]) for one in charts) == 20
    assert all(extent((one.svg or {})["page"])[1] < 560 for one in charts)


def test_a_year_and_words_that_fail_stand_in_a_table_with_each_source():
    year = claim(
        "year",
        "contradicted",
        [{"low": 2013.0, "outcome": "contradicted", "label": "visits on record"}],
        value=2017.0,
        half_digit=0.5,
        unit="year",
        precision="exactly",
        measure="previous_visit",
    )
    assert show.why_charts(examined([year])) == []
    assert cells(show.why_table(examined([year])))[0][1:4] == ["2017", "2013, visits on record", "Contradicted"]


def test_a_title_of_words_and_dates_ends_where_its_sentence_does():
    rows = [one for one in CASE if one["claim"] == "pledge"]
    many = [
        *(rows[0] | {"claim": f"c{place}"} for place in range(5)),
        rows[0] | {"claim": "d", "verdict": "contested"},
    ]
    for one in many:
        one["readings"] = [own | {"claim": one["claim"]} for own in one["readings"]]
    table = show.why_table(examined(many))
    assert table is not None
    assert table.title == "On words, dates and order 5 claims are contradicted and 1 is contested"


def test_a_remark_of_a_source_ends_with_one_full_stop():
    remark = {"label": "It leaves them free.", "role": "explanation", "outcome": None, "status": "press"}
    pledge = next(one for one in CASE if one["claim"] == "pledge")
    told = claim(
        "p",
        "contradicted",
        [pledge["readings"][0] | {"claim": "p"}, remark],
        **{key: pledge[key] for key in ("kind", "words", "left_out", "unsupported", "measure", "says")},
    )
    assert cells(show.why_table(examined([told])))[1][2] == "It leaves them free (press)."


def test_pairs_that_agree_are_counted_and_shown_only_where_none_differs():
    second = PAIR | {"agree": True}
    case = examined(CASE, pairs=[PAIR, second, second])
    table = show.pairs_table(case)
    assert table is not None
    assert [row[2] for row in cells(table)] == ["differ"]
    assert "2 measures on which they agree not shown." in table.notes
    assert len(table.data["rows"]) == 3
    assert [row[2] for row in cells(show.pairs_table(examined(CASE, pairs=[second])))] == ["agree"]


def test_the_band_of_a_claim_is_what_its_word_allows_and_an_open_side_is_left_empty():
    open_ = money("open", "contradicted", 9e9, ("as Ardania reports", 8e9, "contradicted"), precision="more-than")
    (chart,) = show.why_charts(examined([open_]))
    columns = [column["name"] for column in chart.data["columns"]]
    (row,) = chart.data["rows"]
    assert row[columns.index("allowed_from")] == 9e9
    assert row[columns.index("allowed_to")] is None


def test_two_documents_that_differ_are_explained_by_whose_report_each_is_nearest_to():
    (row,) = cells(show.pairs_table(examined(CASE, pairs=[PAIR])))
    assert row[2] == "differ"
    assert "First bulletin is nearest to USD\xa0110.8\xa0bn as Ardania reports" in row[3]
    assert "Second article is nearest to USD\xa0124.2\xa0bn as Orsk reports" in row[3]


TRADE = {"reporter": "VNM", "partner": "USA", "flow": "turnover", "year": 2023}
SIDES = [
    {"document": "two", "claim": "level", "measure": "trade_flow", "countries": ("USA", "VNM"), "fits": "USA"},
    {"document": "two", "claim": "orsk", "measure": "trade_flow", "countries": ("USA", "VNM"), "fits": "USA"},
    {"document": "two", "claim": "fall", "measure": "trade_growth", "countries": ("USA", "VNM"), "fits": "VNM"},
]


def two_counts(sides: Sequence[Mapping[str, Any]]) -> show.Examined:
    """Two claims on one flow, one near each country's count."""
    claims = [one | {"parameters": TRADE} for one in CASE if one["claim"] == "orsk"]
    for one in claims:
        one["readings"] = [own | {"whose": whose} for own, whose in zip(one["readings"], ("VNM", "USA"), strict=True)]
    return examined(claims, pairs=[PAIR], sides=sides)


def test_a_document_that_mixes_two_counts_is_named_in_the_finding_and_under_the_table():
    (*_, finding) = show.findings(two_counts(SIDES), [])
    assert finding.text.markdown.replace("\xa0", " ") == (
        "Trade of Viet Nam with the United States in 2023: First bulletin has more than USD 110 bn, Second article "
        "USD 129 bn. The one is nearest to the count of Viet Nam, USD 110.8 bn, the other to that of the United "
        "States, USD 124.2 bn. Second article mixes the two: its 2 amounts fit only the count of the United States, "
        "its change only that of Viet Nam."
    )
    assert any(
        "Second article mixes two counts" in note for note in named(two_counts(SIDES), "documents-compared").notes
    )


def test_a_chart_of_claims_that_all_fit_one_count_says_whose():
    rows = [money(name, "contested", 9e9, ("as Ardania reports", 8e9, "contradicted")) for name in ("a", "b")]
    sides = [SIDES[0] | {"document": "one", "claim": name} for name in ("a", "b")]
    (chart,) = show.why_charts(examined(rows, sides=sides))
    assert chart.title == "These 2 claims fit only the count of the United States"
    (mixed,) = show.why_charts(examined(rows, sides=[sides[0], sides[1] | {"fits": "VNM"}]))
    (partly,) = show.why_charts(examined(rows, sides=sides[:1]))
    assert mixed.title == partly.title == "The sources held differ on these 2 claims on goods trade in a year"


def test_a_document_whose_levels_and_changes_fit_one_count_mixes_nothing():
    for sides in (
        SIDES[:2],
        [one | {"fits": "USA"} for one in SIDES],
        [SIDES[0], SIDES[1] | {"fits": "VNM"}, SIDES[2]],
    ):
        (*_, finding) = show.findings(two_counts(sides), [])
        assert "mixes" not in finding.text.markdown
        assert "to that of the United States" in finding.text.markdown


def test_a_result_that_does_not_follow_from_its_parts_is_shown_with_what_they_come_to():
    (row,) = cells(show.arithmetic_table(examined(CASE)))
    assert row[3:] == ["USD\xa0132.60\xa0bn", "Does not add up"]


def test_every_fault_is_one_sentence_on_the_page_and_the_rest_is_judged():
    problem = "data/claims/one.yml, line 7: there is no measure 'trade_flw' (did you mean 'trade_flow'?)."
    case = examined(
        CASE[:1], faulty=[{"document": "one", "claim": "bad", "place": None, "says": None, "problem": problem}]
    )
    assert show.faults(case) == [problem]
    assert "trade\\_flw" in " ".join(map(repr, show.fault_list(case)))
    assert len(cells(show.claims_table(case, "one"))) == 1


def test_a_ledger_with_nothing_but_faults_has_no_table_and_no_finding():
    case = examined(
        [], faulty=[{"document": "one", "claim": "bad", "place": None, "says": None, "problem": "It is bad."}]
    )
    assert shown(case) == []
    assert show.findings(case, []) == []
    assert show.faults(case) == ["It is bad."]


def test_the_most_instructive_claim_is_contradicted_and_explained_and_failing_that_has_most_against_it():
    def worst(claims: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
        found = show.most_instructive(examined(claims))
        return (found["document"], found["claim"]) if found else None

    assert worst(CASE) == ("two", "share")
    softer = [one | {"readings": [dict(own) for own in one["readings"]]} for one in CASE if one["claim"] == "share"]
    preliminary, press = softer[0] | {"claim": "a"}, softer[0] | {"claim": "b", "difference": -0.9}
    assert worst([press | {"status": "press"}, preliminary | {"status": "preliminary"}]) == ("two", "a")
    assert worst([one for one in CASE if one["claim"] != "share"]) == ("two", "orsk")
    assert worst([one for one in CASE if one["verdict"] != "contradicted"]) == ("two", "growth-tarn")
    assert worst(CASE[:1]) is None


def test_findings_name_exhibits_that_are_shown_and_no_other():
    case = examined(CASE, pairs=[PAIR])
    everything = {one.name: one.exhibit for one in show.findings(case, shown(case))}
    assert everything == {
        "claims-examined": "claims-scoreboard",
        "claim-against-the-data": "why-single-claims",
        "documents-against-each-other": "documents-compared",
    }
    alone = {one.name: one.exhibit for one in show.findings(examined(CASE), shown(examined(CASE)))}
    assert alone["own-arithmetic-fails"] == "own-arithmetic", "it stands in where no two documents differ"
    hidden = {one.name: one.exhibit for one in show.findings(case, shown(case, ["confirmed"]))}
    assert hidden["claim-against-the-data"] is None


@pytest.mark.parametrize("name", ["hostile text", "long text"])
def test_findings_are_short_and_show_a_document_s_text_as_text(name):
    case = examined(**CASES[name])
    for finding in show.findings(case, shown(case)):
        assert len(finding.text.markdown.split()) <= 75
        assert "<script>" not in finding.text.markdown
        assert not re.search(r"(?<!\\)[$@#]", finding.text.markdown)


def test_verdicts_that_rest_on_press_reports_are_counted_in_the_finding():
    press = claim(
        "press",
        "confirmed",
        [{"low": 11.0, "status": "press", "source": "wire"}],
        value=11.0,
        unit="count",
        precision="exactly",
        measure="stated",
    )
    (finding, *_) = show.findings(examined([press, CASE[0]]), [])
    assert "1 verdict rests on press reports alone." in finding.text.markdown


def test_what_is_mostly_press_is_told_apart_from_what_is_press_alone(monkeypatch):
    case = examined([CASE[0]])
    kinds = {"a": "press", "b": "press", "c": "official"}
    monkeypatch.setitem(case.__dict__, "sources", {name: {"kind": kind} for name, kind in kinds.items()})

    def mark(source: str, status: str) -> str:
        return show._press(case, {"source": source, "status": status})

    assert mark("a; b", "press") == "press"
    assert mark("a; b; c", "coded") == "mostly press"
    assert mark("a; c", "coded") == ""
    assert mark("a; c", "press") == "partly press", "it needs both, and is as weak as the weaker"


def test_a_bound_that_holds_has_no_distance_and_one_that_does_not_has_one():
    def told(value: float, verdict: str) -> str:
        row = money("t", verdict, 110e9, ("as Ardania reports", value, verdict), precision="more-than")
        return show.difference(examined([row]), examined([row]).rows[0])

    assert told(124e9, "confirmed") == ""
    assert told(99e9, "contradicted") == "−10\xa0%"


def test_ranks_and_first_years_have_no_distance():
    rank = claim("r", "contradicted", [{"low": 3.0}], value=1.0, unit="rank", precision="exactly", measure="arms_rank")
    year = claim(
        "y",
        "contradicted",
        [{"low": 2018.0}],
        value=2022.0,
        unit="year",
        precision="more-than",
        measure="arms_first_year",
    )
    case = examined([rank, year])
    assert [show.difference(case, row) for row in case.rows] == ["", ""]


def test_a_share_of_two_counts_is_said_in_plain_words():
    share = next(one for one in CASE if one["claim"] == "share")
    asked = {"reporter": "VNM", "partner": "USA", "flow": "export", "year": 2023}
    readings = [dict(one) | {"whose": "VNM"} for one in share["readings"]]
    case = examined([share | {"parameters": asked, "value": 100 / 3, "readings": readings}])
    finding = next(one for one in show.findings(case, []) if one.name == "claim-against-the-data")
    assert finding.text.markdown.replace("\xa0", " ") == (
        "Second article puts a third of Viet Nam’s exports of 2023 with the United States; by Viet Nam’s own figures "
        "it was 28.1 %. A third results only if the figure of the United States is divided by Viet Nam’s total "
        "(33.0 %)."
    )


def test_pairs_whose_nearest_source_is_the_same_are_counted_and_not_shown():
    same = PAIR | {"second_fits": "as Ardania reports"}
    table = show.pairs_table(examined(CASE, pairs=[same, PAIR]))
    assert table is not None
    assert len(cells(table)) == 1
    assert "1 measure not shown: the source nearest to both is the same." in table.notes


# The notebook, for a ledger that an analyst adds

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "claim_check.ipynb"
LEDGER = """
document: {name}
entry: velmark2026
short: {name}
claims:
"""
TESTED = """
  - id: trade
    place: Introduction, paragraph 1
    says: Viet Nam sold goods for some {value} billion dollars to the United States in 2023.
    asserts: {{value: {value}, scale: billion, unit: USD, precision: about}}
    test: {{measure: trade_flow, parameters: {{reporter: VNM, partner: USA, flow: export, year: 2023}}}}
"""
UNTESTED = """
  - id: oil
    place: Introduction, paragraph 2
    says: Velmark leads in oil.
    needs: Output by operator.
"""
FAULTY = """
  - id: bad
    place: Introduction, paragraph 3
    says: Something is so.
    asserts: {value: 3, unit: USD, precision: roughly-about}
    test: {measure: trade_flow, parameters: {reporter: VNM, partner: USA, flow: export, year: 2023}}
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The house's tables with an empty folder of claims beside them."""
    monkeypatch.undo()  # the house's own sources, not the made-up ones
    own = data.home() / "data"
    (tmp_path / "data" / "claims").mkdir(parents=True)
    for file in own.iterdir():
        if file.name not in ("claims", "references.bib"):
            (tmp_path / "data" / file.name).symlink_to(file)
    shutil.copy(own / "claims" / "precision.yml", tmp_path / "data" / "claims")
    (tmp_path / "data" / "references.bib").write_text("@misc{velmark2026,\n title = {On trade}\n}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data" / "claims"


def run(**parameters: Any) -> list[Any]:
    """What the notebook's cells display, run in this process."""
    seen: list[Any] = []
    names: dict[str, Any] = {"display": lambda *objects: seen.extend(objects)}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)  # noqa: S102 - our own notebook
            if "parameters" in cell.metadata.get("tags", []):
                names |= parameters
    return seen


@pytest.mark.parametrize(
    ("claims", "names"),
    [
        (TESTED.format(value=10), {"claims-scoreboard", "why-trade-flow"}),
        (TESTED.format(value=10) + UNTESTED + FAULTY, {"claims-scoreboard", "why-trade-flow", "claims-not-testable"}),
        (UNTESTED, {"claims-scoreboard", "claims-not-testable"}),
        (FAULTY, set()),
    ],
    ids=["one claim", "one of each", "nothing to test it", "nothing but faults"],
)
def test_the_notebook_works_for_any_document_that_is_added(checkout, capsys, claims, names):
    (checkout / "velmark.yml").write_text(LEDGER.format(name="velmark") + claims, encoding="utf-8")
    seen = run()
    assert names <= {one.name for one in seen if isinstance(one, Exhibit)}
    said = capsys.readouterr().err.splitlines()
    assert len(said) == claims.count("roughly-about")
    assert all(line.startswith("data/claims/velmark.yml, line ") for line in said)


def test_the_notebook_shows_only_the_verdicts_asked_for_and_refuses_what_is_none(checkout):
    (checkout / "velmark.yml").write_text(LEDGER.format(name="velmark") + TESTED.format(value=10), encoding="utf-8")
    names = {one.name for one in run(verdicts=["confirmed"]) if isinstance(one, Exhibit)}
    assert not names & {"claims-velmark", "why-trade-flow"}
    with pytest.raises(InputError, match="is no verdict"):
        run(verdicts=["wrong"])
