"""What each measure reads: whose figure comes first, what may still hold, and what is needed where nothing is held."""

from __future__ import annotations

import inspect
import math
from typing import ClassVar

import pandas as pd
import pytest
from analysis.claim_frames import (
    claim,
    event,
    fault,
    holds,
    judged,
    on_day,
    provision,
    quantity,
    register,
    verdict,
    visit,
    words,
)
from analysis.claim_frames import tables as small
from analysis.trade_frames import flows

from legation import data
from legation.analysis.measures import MEASURES, last_digit
from legation.data.claims import UNITS

VIET_NAM = {"reporter": "VNM", "partner": "USA", "flow": "export", "year": 2023}


def readings(
    measure: str, parameters: dict, *, kind: dict | None = None, unit: str | None = None, **held
) -> list[dict]:
    """The readings of a measure, for a claim of the kind it gives."""
    first = MEASURES[measure].kinds[0]
    asserts = (
        kind
        or {
            "quantity": quantity(1, unit or next(iter(MEASURES[measure].units), "USD")),
            "date": on_day("2024-06-19"),
            "words": words(*held.pop("claimed", ("any",))),
            "holds": holds(),
        }[first]
    )
    made = judged(claim(asserts, measure, parameters=parameters), **held)
    assert made.faulty.empty, made.faulty["problem"].tolist()
    return made.readings.to_dict("records")


def needs(measure: str, parameters: dict, kind: dict, **held) -> str:
    told = verdict(claim(kind, measure, parameters=parameters), **held)
    assert told["verdict"] == "not testable"
    return str(told["needs"])


def said(found: list[dict]) -> list[tuple]:
    return [(one["role"], one["label"], one["low"]) for one in found]


class TestEveryMeasure:
    @pytest.mark.parametrize("name", MEASURES)
    def test_it_has_a_title_and_known_kinds_and_units(self, name):
        measure = MEASURES[name]
        assert 5 <= len(measure.title) <= 60
        assert measure.title[0].isupper()
        assert set(measure.kinds) <= {"quantity", "date", "words", "holds"}
        assert set(measure.units) <= set(UNITS)
        assert bool(measure.units) == ("quantity" in measure.kinds)
        assert ("words" in measure.kinds) == (measure.vocabulary is not None)
        assert inspect.getdoc(measure.function)

    @pytest.mark.parametrize("name", MEASURES)
    def test_the_tables_it_needs_are_tables_of_the_data_package(self, name):
        assert set(MEASURES[name].needs) <= set(data.datasets())


class TestWhatIsNotHeld:
    """A pair without a figure is no error: the claim is not testable, and a sentence says what it takes."""

    UNITS: ClassVar = {"trade_flow": "USD", "trade_growth": "percent", "trade_share": "percent", "trade_rank": "rank"}
    #: The world has no rank among its countries.
    ASKED: ClassVar = [
        (measure, partner)
        for measure in UNITS
        for partner in ("CHN", "VNM", "WLD")
        if (measure, partner) != ("trade_rank", "WLD")
    ]

    @pytest.mark.parametrize("flow", ["export", "import", "turnover"])
    @pytest.mark.parametrize(("measure", "partner"), ASKED)
    @pytest.mark.parametrize(
        "rows",
        [flows(), flows(("USA", "CHN", "import", 2023, 4.0)), flows(("VNM", "JPN", "export", 2023, 4.0))],
        ids=["nothing at all", "of others", "of another partner"],
    )
    def test_a_trade_measure_says_which_figure_would_be_needed(self, measure, partner, flow, rows):
        asked = {"reporter": "VNM", "partner": partner, "flow": flow, "year": 2023}
        told = needs(measure, asked, quantity(1, self.UNITS[measure]), goods_flows=rows)
        assert told.startswith("Viet Nam's figure")
        assert "2023" in told
        assert "held" not in told

    def test_a_rank_tells_what_is_held_of_that_partner_and_not_of_others(self):
        rows = flows(("VNM", "JPN", "export", 2023, 4e9), ("VNM", "CHN", "export", 2023, 5e9, {"months": 6}))
        asked = {"reporter": "VNM", "partner": "CHN", "flow": "export", "year": 2023}
        assert needs("trade_rank", asked, quantity(1, "rank"), goods_flows=rows) == (
            "Viet Nam's figure for its exports to China in 2023; held: January to June 2023, 5 billion USD, by Office."
        )

    def test_output_and_people_of_a_country_that_is_not_held(self):
        asked = {"country": "JPN", "measure": "population", "year": 2023}
        assert needs("economy", asked, quantity(1, "persons")) == "Japan's population in 2023; held: no year."


class TestTradeFlow:
    def test_the_reporter_first_then_its_other_publisher_then_the_partner(self):
        rows = flows(
            ("VNM", "USA", "export", 2023, 97.0),
            ("VNM", "USA", "export", 2023, 96.5, {"source": "comtrade", "status": "preliminary"}),
            ("USA", "VNM", "import", 2023, 114.4, {"source": "census"}),
            ("VNM", "USA", "export", 2022, 109.0),
        )
        assert said(readings("trade_flow", VIET_NAM, goods_flows=rows)) == [
            ("main", "as Viet Nam reports", 97.0),
            ("rival", "preliminary figure for Viet Nam, by Comtrade", 96.45),
            ("rival", "as the United States reports", 114.4),
        ]

    def test_the_same_figure_from_two_publishers_is_one_reading(self):
        rows = flows(("VNM", "USA", "export", 2023, 97), ("VNM", "USA", "export", 2023, 97, {"source": "comtrade"}))
        assert len(readings("trade_flow", VIET_NAM, goods_flows=rows)) == 1

    def test_a_figure_is_a_countrys_report_only_where_its_office_is_named(self):
        rows = flows(
            ("VNM", "USA", "export", 2023, 97.0, {"source": "preview", "status": "press"}),
            ("USA", "VNM", "import", 2023, 114.4, {"source": "daily", "status": "press"}),
        )
        assert [one["label"] for one in readings("trade_flow", VIET_NAM, goods_flows=rows)] == [
            "figure for Viet Nam, derived from figures by Preview",
            "figure for the United States, as the press reports (Daily)",
        ]

    def test_what_is_held_is_the_longest_part_of_each_year(self):
        rows = flows(
            ("VNM", "WLD", "export", 2022, 186e9, {"months": 6}),
            ("VNM", "WLD", "export", 2022, 342e9, {"months": 11}),
            ("VNM", "WLD", "export", 2023, 354e9),
            ("VNM", "WLD", "export", 2023, 291e9, {"months": 10, "source": "daily"}),
        )
        asked = VIET_NAM | {"partner": "WLD"}
        assert needs("trade_growth", asked, quantity(1, "percent"), goods_flows=rows) == (
            "Viet Nam's figures for its exports to all countries in 2022 and 2023, both from one publisher; "
            "held: January to November 2022, 342 billion USD, by Office; all of 2023, 354 billion USD, by Office."
        )

    def test_a_turnover_is_the_sum_of_both_flows_or_a_stated_total(self):
        turnover = VIET_NAM | {"flow": "turnover"}
        rows = flows(
            ("VNM", "USA", "export", 2023, 97),
            ("VNM", "USA", "import", 2023, 14),
            ("VNM", "USA", "turnover", 2023, 110, {"source": "daily", "status": "press"}),
            ("USA", "VNM", "turnover", 2023, 124, {"source": "census"}),
        )
        found = readings("trade_flow", turnover, goods_flows=rows)
        assert [(one["low"], one["high"], one["status"]) for one in found] == [
            (111, 111, "final"),
            (105, 115, "press"),
            (124, 124, "final"),
        ]

    def test_a_turnover_of_stated_flows_is_as_uncertain_as_both_together(self):
        stated = {"source": "daily", "status": "press"}
        rows = flows(
            ("VNM", "USA", "export", 2023, 9.6e10, stated),
            ("VNM", "USA", "import", 2023, 1.4e10, stated),
            ("VNM", "USA", "turnover", 2023, 1.2e11, stated),
        )
        (found,) = readings("trade_flow", VIET_NAM | {"flow": "turnover"}, goods_flows=rows)
        assert (found["low"], found["high"]) == pytest.approx((1.09e11, 1.11e11))

    def test_one_direction_alone_is_no_turnover(self):
        rows = flows(("VNM", "USA", "export", 2023, 97))
        assert "trade with the United States in 2023" in needs(
            "trade_flow", VIET_NAM | {"flow": "turnover"}, quantity(1), goods_flows=rows
        )

    def test_a_country_that_reports_nothing_is_read_in_its_partner(self):
        rows = flows(("CHN", "PRK", "import", 2023, 292))
        found = readings("trade_flow", VIET_NAM | {"reporter": "PRK", "partner": "CHN"}, goods_flows=rows)
        assert said(found) == [("main", "as China reports", 292)]

    def test_part_of_a_year_never_stands_for_the_year_but_is_said(self):
        rows = flows(("VNM", "RUS", "turnover", 2023, 1_900_000_000, {"months": 7, "source": "daily"}))
        asked = {"reporter": "VNM", "partner": "RUS", "flow": "turnover", "year": 2023}
        assert needs("trade_flow", asked, quantity(3.6e9), goods_flows=rows) == (
            "Viet Nam's figure for its trade with Russia in 2023, or Russia's of the same flow; "
            "held: January to July 2023, 1.9 billion USD, by Daily."
        )

    def test_a_year_to_come_needs_its_figure(self):
        assert "in 2031" in needs("trade_flow", VIET_NAM | {"year": 2031}, quantity(1))

    def test_euros_are_reached_at_the_mean_rate_of_the_year(self):
        rows = flows(("VNM", "EU27", "export", 2023, 108))
        asked = VIET_NAM | {"partner": "EU27"}
        rates = [("EUR", 2023, 0.925, "rates"), ("EUR", 2022, 0.95, "rates")]
        (one,) = readings("trade_flow", asked, unit="EUR", goods_flows=rows, exchange_rates=rates)
        assert one["low"] == pytest.approx(108 * 0.925)
        assert one["source"] == "office; rates"
        assert one["label"] == "as Viet Nam reports, at the year's mean rate"

    def test_a_figure_in_another_currency_stands_beside_the_stated_one_at_the_mean_rate(self):
        union = {"currency": "EUR", "source": "institute"}
        rows = flows(("VNM", "USA", "export", 2023, 108), ("VNM", "USA", "export", 2023, 90, union))
        found = readings("trade_flow", VIET_NAM, goods_flows=rows, exchange_rates=[("EUR", 2023, 0.9, "rates")])
        assert said(found) == [
            ("main", "as Viet Nam reports", 108),
            ("rival", "as Viet Nam reports, by Institute, at the year's mean rate", 100),
        ]

    def test_every_converted_figure_is_a_reading_though_all_share_the_rate(self):
        rows = flows(
            ("VNM", "USA", "export", 2023, 108),
            ("VNM", "USA", "export", 2023, 120, {"source": "institute"}),
            ("USA", "VNM", "import", 2023, 130),
        )
        rates = [("EUR", 2023, 0.5, "rates")]
        found = readings("trade_flow", VIET_NAM, unit="EUR", goods_flows=rows, exchange_rates=rates)
        assert [one["low"] for one in found] == [60, 54, 65] or [one["low"] for one in found] == [54, 60, 65]

    @pytest.mark.parametrize("measure", ["trade_flow", "trade_growth", "trade_share", "trade_rank"])
    def test_a_figure_without_a_rate_is_left_out_by_name_and_changes_no_verdict(self, measure):
        rows = flows(
            *(("VNM", partner, "export", year, 10 * year) for partner in ("USA", "WLD") for year in (2022, 2023)),
        )
        euros = flows(("VNM", "USA", "export", 2023, 2.5e9, {"currency": "EUR", "source": "institute"}))
        alone = readings(measure, VIET_NAM, goods_flows=rows)
        beside = readings(measure, VIET_NAM, goods_flows=pd.concat([rows, euros], ignore_index=True))
        assert said(beside[:-1]) == said(alone)
        assert beside[-1]["role"] == "explanation"
        told = "left out, because no exchange rate is held: 2.5 billion EUR in 2023, by Institute"
        assert beside[-1]["label"] == told
        assert pd.isna(beside[-1]["outcome"])

    def test_a_year_without_a_rate_says_so(self):
        rows = flows(("VNM", "EU27", "export", 2023, 108))
        asked = VIET_NAM | {"partner": "EU27"}
        assert "no exchange rate for EUR 2023" in needs("trade_flow", asked, quantity(1, "EUR"), goods_flows=rows)

    @pytest.mark.parametrize(
        ("value", "half"),
        [(3.63e9, 0.005e9), (326e9, 0.5e9), (100e9, 5e9), (7e9, 0.05e9), (353_077_513_296, 0.5), (0.0, 0.0)],
    )
    def test_a_stated_figure_is_known_to_its_last_digit_and_to_two_at_least(self, value, half):
        assert last_digit(value) == pytest.approx(half)

    @pytest.mark.parametrize(("claimed", "told"), [(118.9, True), (114.4, False), (130.0, False)])
    def test_a_claim_above_a_customs_value_by_what_freight_adds_is_told_so(self, claimed, told):
        rows = flows(
            ("VNM", "USA", "export", 2023, 97.0),
            ("USA", "VNM", "import", 2023, 114.4, {"source": "census", "valuation": "customs"}),
        )
        found = readings("trade_flow", VIET_NAM, kind=quantity(claimed), goods_flows=rows)
        labels = [one["label"] for one in found if one["role"] == "explanation"]
        assert labels == (
            [
                "the claim is 3.9 % above the customs value that the United States reports, about what freight and "
                "insurance add"
            ]
            if told
            else []
        )


class TestTradeMeasures:
    def test_growth_compares_figures_of_one_publisher(self):
        rows = flows(
            ("VNM", "USA", "export", 2022, 100),
            ("VNM", "USA", "export", 2023, 90),
            ("VNM", "USA", "export", 2023, 95, {"source": "comtrade", "valuation": "unknown"}),
            ("USA", "VNM", "import", 2022, 127, {"source": "census"}),
            ("USA", "VNM", "import", 2023, 127, {"source": "census"}),
        )
        found = readings("trade_growth", VIET_NAM, goods_flows=rows)
        assert [(one["role"], one["label"], round(one["low"], 6)) for one in found] == [
            ("main", "as Viet Nam reports", -10),
            ("rival", "as the United States reports", 0),
        ]

    def test_growth_across_publishers_explains_only(self):
        rows = flows(("VNM", "USA", "export", 2022, 100, {"source": "comtrade"}), ("VNM", "USA", "export", 2023, 90))
        made = judged(claim(quantity(-10, "percent"), "trade_growth", parameters=VIET_NAM), goods_flows=rows)
        assert made.readings[["role", "label"]].to_numpy().tolist() == [
            ["explanation", "mixture: figures for Viet Nam by Comtrade and Office"]
        ]
        assert made.verdicts["verdict"].tolist() == ["not testable"]
        assert "from one publisher" in made.verdicts["needs"][0]

    def test_growth_from_nothing_is_not_defined(self):
        rows = flows(("VNM", "USA", "export", 2022, 0), ("VNM", "USA", "export", 2023, 90))
        assert needs("trade_growth", VIET_NAM, quantity(1, "percent"), goods_flows=rows)

    def test_growth_may_start_in_an_earlier_year_but_not_in_a_later_one(self):
        rows = flows(("VNM", "USA", "export", 2013, 30), ("VNM", "USA", "export", 2023, 90))
        (one,) = readings("trade_growth", VIET_NAM | {"base": 2013}, goods_flows=rows)
        assert one["low"] == pytest.approx(200)
        asked = claim(quantity(1, "percent"), "trade_growth", parameters=VIET_NAM | {"base": 2023})
        assert "Let 'base' be an earlier year" in fault(asked, goods_flows=rows)

    def test_a_balance_is_struck_of_figures_of_one_publisher_on_each_side(self):
        rows = flows(
            ("VNM", "USA", "export", 2023, 97),
            ("VNM", "USA", "import", 2023, 14),
            ("USA", "VNM", "import", 2023, 114, {"source": "census"}),
            ("USA", "VNM", "export", 2023, 10, {"source": "census"}),
        )
        asked = {"reporter": "VNM", "partner": "USA", "year": 2023}
        surplus = readings("trade_balance", asked | {"balance": "surplus"}, goods_flows=rows)
        assert said(surplus) == [("main", "as Viet Nam reports", 83), ("rival", "as the United States reports", 104)]
        deficit = readings("trade_balance", asked | {"balance": "deficit"}, goods_flows=rows)
        assert [one["low"] for one in deficit] == [-83, -104], "a surplus is a deficit below zero"

    def test_a_balance_in_ones_favour_is_a_surplus_of_more_than_nothing(self):
        asked = {"reporter": "VNM", "partner": "USA", "balance": "surplus", "year": 2023}
        for sold, told in ((97, "confirmed"), (10, "contradicted")):
            rows = flows(("VNM", "USA", "export", 2023, sold), ("VNM", "USA", "import", 2023, 14))
            favourable = claim(quantity(0, "USD", "more-than"), "trade_balance", parameters=asked)
            assert verdict(favourable, goods_flows=rows)["verdict"] == told

    def test_a_balance_of_two_publishers_explains_only_and_one_direction_is_none(self):
        asked = {"reporter": "VNM", "partner": "USA", "balance": "surplus", "year": 2023}
        sold = ("VNM", "USA", "export", 2023, 97)
        rows = flows(sold, ("VNM", "USA", "import", 2023, 14, {"source": "comtrade"}))
        made = judged(claim(quantity(83), "trade_balance", parameters=asked), goods_flows=rows)
        assert made.readings[["role", "label"]].to_numpy().tolist() == [
            ["explanation", "mixture: figures for Viet Nam by Office and Comtrade"]
        ]
        assert made.verdicts["verdict"].tolist() == ["not testable"]
        assert needs("trade_balance", asked, quantity(83), goods_flows=flows(sold)) == (
            "Viet Nam's figures for its exports to and imports from the United States in 2023, both from one "
            "publisher, or the United States' of the same flows."
        )

    def test_a_share_divides_what_one_country_reports(self):
        rows = flows(
            ("VNM", "USA", "export", 2023, 97),
            ("VNM", "WLD", "export", 2023, 353, {"status": "preliminary", "source": "comtrade"}),
            ("USA", "VNM", "import", 2023, 118, {"source": "census"}),
        )
        found = readings("trade_share", VIET_NAM, goods_flows=rows)
        ends = [(one["role"], round(one["low"], 2), round(one["high"], 2), one["status"]) for one in found]
        assert ends == [
            ("main", 27.44, 27.52, "preliminary"),
            ("explanation", 33.38, 33.48, "preliminary"),
        ]

    def test_a_share_without_a_total_says_what_is_missing(self):
        text = needs(
            "trade_share", VIET_NAM, quantity(1, "percent"), goods_flows=flows(("VNM", "USA", "export", 2023, 97))
        )
        assert text == "Viet Nam's figure for its exports to all countries in 2023."
        both = needs("trade_share", VIET_NAM, quantity(1, "percent"))
        assert both == (
            "Viet Nam's figure for its exports to the United States in 2023. "
            "Viet Nam's figure for its exports to all countries in 2023."
        )

    def test_a_rank_is_bounded_by_what_is_left_of_the_total(self):
        rows = [
            ("VNM", "USA", "export", 2023, 50),
            ("VNM", "CHN", "export", 2023, 30),
            ("VNM", "JPN", "export", 2023, 10),
        ]
        whole = ("VNM", "WLD", "export", 2023, 115)
        asked = VIET_NAM | {"partner": "JPN"}
        (one,) = readings("trade_rank", asked, goods_flows=flows(*rows, whole))
        assert (one["low"], one["high"]) == (3, 5), (
            "two unseen countries could sell 12.5 each, three could not exceed 10"
        )
        (open_,) = readings("trade_rank", asked, goods_flows=flows(*rows))
        assert (open_["low"], open_["high"]) == (3, math.inf)
        (sure,) = readings("trade_rank", VIET_NAM, goods_flows=flows(*rows, whole))
        assert (sure["low"], sure["high"]) == (1, 1)

    def test_a_group_has_no_rank_among_countries(self):
        assert "EU27 is a group" in fault(
            claim(quantity(1, "rank"), "trade_rank", parameters=VIET_NAM | {"partner": "EU27"})
        )


ECONOMY = [
    ("VNM", 2023, "gdp", 433e9, "current USD", "press", "daily"),
    ("VNM", 2023, "gdp", 429.7e9, "current USD", "final", "bank"),
    ("VNM", 2023, "population", 100.4e6, "persons", "final", "bank"),
]


class TestEconomy:
    def test_the_firmest_source_comes_first(self):
        found = readings("economy", {"country": "VNM", "measure": "gdp", "year": 2023}, unit="USD", economies=ECONOMY)
        assert [(one["low"], one["high"], one["status"]) for one in found] == [
            (429.7e9, 429.7e9, "final"),
            (432.5e9, 433.5e9, "press"),
        ]

    def test_people_are_not_counted_in_dollars(self):
        asked = {"country": "VNM", "measure": "population", "year": 2023}
        assert "population is counted in persons, not in USD" in fault(
            claim(quantity(1), "economy", parameters=asked), economies=ECONOMY
        )

    def test_another_year_is_named(self):
        asked = {"country": "VNM", "measure": "gdp", "year": 2024}
        assert needs("economy", asked, quantity(1), economies=ECONOMY) == "Viet Nam's output in 2024; held: 2023."


VISITS = [
    visit("first", "2001-02-28", "2001-03-02"),
    visit("second", "2017-11-10", "2017-11-11"),
    visit("third", "2024-06-20", also="2024-06-19@herald"),
]
PUTIN = {"person": "Putin", "host": "VNM"}


class TestVisits:
    def test_listed_visits_are_the_least_there_were(self):
        (one,) = readings("visits", PUTIN | {"until": "2024-06-20"}, events=VISITS)
        assert (one["low"], one["high"]) == (3, math.inf)
        (earlier,) = readings("visits", PUTIN | {"until": "2024-06-18"}, events=VISITS)
        assert earlier["low"] == 2

    def test_a_stated_number_comes_first_unless_a_later_visit_is_listed(self):
        stated = [
            ("visits-putin-to-vnm", "2018-03-23", 4, "count", "exactly", "Bao", "daily"),
            ("visits-putin-to-vnm", "2024-06-20", 5, "count", "exactly", "Wire", "herald"),
        ]
        found = readings("visits", PUTIN | {"until": "2024-06-20"}, events=VISITS, statements=stated)
        assert [(one["role"], one["low"], one["high"]) for one in found] == [("main", 5, 5), ("rival", 3, math.inf)]

    def test_years_run_from_the_last_visit_that_had_ended(self):
        (one,) = readings("years_since_visit", PUTIN | {"before": "2024-06-20"}, unit="years", events=VISITS)
        assert one["low"] == one["high"] == pytest.approx(6.61, abs=0.01)

    def test_a_visit_that_runs_on_that_day_is_not_the_previous_one(self):
        (one,) = readings("previous_visit", PUTIN | {"before": "2017-11-11"}, events=VISITS)
        assert one["low"] == 2001

    def test_a_month_leaves_the_years_open_by_a_month(self):
        (one,) = readings("years_since_visit", PUTIN | {"before": "2024-07-20"}, events=[visit("only", "2023-07")])
        assert one["low"] < 1 < one["high"]

    def test_without_an_earlier_visit_nothing_is_counted(self):
        assert "Visits of Putin to Viet Nam" in needs(
            "years_since_visit", PUTIN | {"before": "2001-01-01"}, quantity(1, "years"), events=VISITS
        )

    def test_days_of_a_visit_differ_with_the_day_of_arrival(self):
        found = readings("visit_days", PUTIN | {"year": 2024}, events=VISITS)
        assert [(one["role"], one["low"]) for one in found] == [("main", 1), ("rival", 2)]


EVENTS = [
    event("signed", "2024-06-19", also="2024-06-18@herald"),
    event("published", "2024-06"),
    event("vote", "2024-06-19"),
]


class TestEvents:
    def test_an_event_has_happened_by_its_day(self):
        for until, happened in (("2024-06-19", True), ("2024-06-17", False)):
            found = readings("event_happened", {"event": "signed", "until": until}, events=EVENTS)
            assert {one["holds"] for one in found} == {happened}

    def test_a_month_does_not_tell_of_its_middle(self):
        asked = {"event": "published", "until": "2024-06-20"}
        assert "known as 2024-06 only" in needs("event_happened", asked, holds(), events=EVENTS)

    def test_order_is_told_by_days_and_not_within_one(self):
        rows = [*EVENTS, event("ratified", "2024-11-06")]
        (one,) = readings("event_before", {"first": "signed", "second": "ratified"}, events=rows)
        assert one["holds"] is True
        (back,) = readings("event_before", {"first": "ratified", "second": "signed"}, events=rows)
        assert back["holds"] is False
        assert needs("event_before", {"first": "signed", "second": "vote"}, holds(), events=rows)

    def test_an_event_known_from_the_document_alone_is_not_testable(self):
        rows = [event("signed", "2024-06-19", source="bulletin")]
        assert "Another source for the event 'signed'" in needs(
            "event_date", {"event": "signed"}, on_day("2024-06-19"), events=rows
        )

    def test_an_unknown_event_is_a_fault_with_the_nearest(self):
        assert "did you mean 'signed'?" in fault(
            claim(on_day("2024"), "event_date", parameters={"event": "sined"}), events=EVENTS
        )


CONTAINERS = [
    ("containers", "2023-10-13", 1000, "containers", "more-than", "White House", "daily"),
    ("containers", "2024-02-26", 6700, "containers", "about", "Minister", "herald"),
    ("containers", "2024-02", 10000, "containers", "more-than", "State Department", "daily"),
    ("containers", "2024-06-14", 10000, "containers", "at-least", "Minister", "daily"),
    ("containers", "2024-08-28", 13000, "containers", "more-than", "Intelligence", "daily"),
]


class TestStated:
    def test_each_speakers_last_word_counts_the_latest_first(self):
        found = readings("stated", {"topic": "containers", "until": "2024-06-20"}, unit="count", statements=CONTAINERS)
        assert [one["label"] for one in found] == [
            "Minister, 14 June 2024",
            "State Department, February 2024",
            "White House, 13 October 2023",
        ]
        assert {one["status"] for one in found} == {"press"}

    def test_what_was_said_more_than_a_year_before_does_not_vote(self):
        rows = [*CONTAINERS, ("containers", "2022-01", 0, "containers", "exactly", "Nobody", "daily")]
        found = readings("stated", {"topic": "containers", "until": "2024-06-20"}, unit="count", statements=rows)
        assert found[-1]["role"] == "explanation"

    def test_of_one_day_an_exact_figure_comes_first_and_of_those_the_one_most_often_given(self):
        rows = [
            ("papers", "2024-06-20", value, "count", bound, who, "daily")
            for value, bound, who in (
                (10, "more-than", "Annals"),
                (15, "exactly", "Bulletin"),
                (11, "exactly", "Courier"),
                (11, "exactly", "Dispatch"),
            )
        ]
        found = readings("stated", {"topic": "papers"}, unit="count", statements=rows)
        assert [one["low"] for one in found] == [11, 11, 15, 10]
        told = verdict(
            claim(quantity(11, "count", "exactly"), "stated", parameters={"topic": "papers"}), statements=rows
        )
        assert told["verdict"] == "contested", "the order names the first; it does not settle the matter"

    def test_a_period_may_have_a_beginning(self):
        asked = {"topic": "containers", "since": "2024-06-01", "until": "2024-06-30"}
        assert len(readings("stated", asked, unit="count", statements=CONTAINERS)) == 1
        assert "up to January 2020" in needs(
            "stated", {"topic": "containers", "until": "2020-01"}, quantity(1, "count"), statements=CONTAINERS
        )

    def test_a_unit_the_topic_does_not_have_is_refused(self):
        assert "is stated in containers, not in USD" in fault(
            claim(quantity(1), "stated", parameters={"topic": "containers"}), statements=CONTAINERS
        )


RESOLUTIONS = [
    ("ES-11/1", "GA", "2022-03-02", "ukraine"),
    ("ES-11/3", "GA", "2022-04-07", "ukraine"),
    ("ES-11/5", "GA", "2022-11-14", "ukraine"),
    ("ES-11/7", "GA", "2025-02-24", "ukraine"),
    ("2094", "SC", "2013-03-07", "sanctions"),
]
BALLOTS = [
    ("ES-11/1", "VNM", "abstain", "daily"),
    ("ES-11/1", "VNM", "abstain", "assembly"),
    ("ES-11/3", "VNM", "no", "daily"),
    ("ES-11/7", "VNM", "yes", "daily"),
]
VOTED = {"country": "VNM", "topic": "ukraine", "until": "2024-06-30"}


class TestVotes:
    def held(self, *more: tuple, resolutions: list = RESOLUTIONS) -> dict:
        return {"un_resolutions": resolutions, "un_votes": [*BALLOTS, *more]}

    def test_a_vote_that_was_not_seen_may_be_any(self):
        (one,) = readings("votes_cast", VOTED, claimed=("no",), **self.held())
        assert (one["words"], one["may_hold"]) == (("no", "abstain"), ("yes",))
        assert one["label"] == "2 votes on record, 1 not seen"

    def test_votes_after_the_day_do_not_count(self):
        (one,) = readings("votes_cast", VOTED | {"until": "2025-03-01"}, claimed=("no",), **self.held())
        assert "yes" in one["words"]

    def test_one_vote_of_the_press_makes_the_whole_of_the_press(self):
        (one,) = readings("votes_cast", VOTED | {"until": "2022-03-31"}, claimed=("no",), **self.held())
        assert (one["words"], one["status"]) == (("abstain",), "final")
        (both,) = readings("votes_cast", VOTED, claimed=("no",), **self.held())
        assert both["status"] == "press"

    def test_the_firmer_source_decides_and_the_other_is_a_rival(self):
        found = readings(
            "vote_on",
            {"country": "VNM", "resolution": "ES-11/1"},
            claimed=("yes",),
            **self.held(("ES-11/1", "VNM", "yes", "herald")),
        )
        assert [(one["role"], one["words"]) for one in found] == [("main", ("abstain",)), ("rival", ("yes",))]

    def test_a_count_runs_from_what_was_seen_to_what_may_have_been(self):
        (one,) = readings("votes_count", VOTED | {"vote": "no"}, **self.held())
        assert (one["low"], one["high"]) == (1, 2)

    def test_never_is_told_only_when_every_vote_was_seen(self):
        never = VOTED | {"vote": "yes"}
        assert needs("never_voted", never, holds(), **self.held()) == "The votes of Viet Nam on ES-11/5."
        (one,) = readings("never_voted", never, **self.held(("ES-11/5", "VNM", "abstain", "daily")))
        assert one["holds"] is True

    def test_one_such_vote_is_enough_to_say_that_never_is_wrong(self):
        (one,) = readings("never_voted", VOTED | {"vote": "abstain"}, **self.held())
        assert (one["holds"], one["status"], one["label"]) == (False, "final", "abstain on ES-11/1")

    def test_a_country_outside_the_council_has_no_unseen_vote_there(self):
        assert "sanctions in that period" in needs(
            "votes_cast", VOTED | {"topic": "sanctions"}, words("yes"), **self.held()
        )
        assert needs("votes_cast", VOTED | {"topic": "sanctions", "country": "RUS"}, words("yes"), **self.held()) == (
            "The votes of Russia on 2094."
        )


def delivered(**by_year: float) -> list[tuple]:
    return [("RUS", "VNM", int(year[1:]), tiv, "institute") for year, tiv in by_year.items()]


PAIR = {"supplier": "RUS", "recipient": "VNM"}
DELIVERIES = [
    *delivered(y2012=800, y2013=800, y2014=300, y2015=500, y2016=100, y2018=50),
    ("USA", "VNM", 2014, 100, "institute"),
]


class TestArms:
    def test_share_and_rank_are_of_all_suppliers(self):
        span = PAIR | {"first": 2014, "last": 2014}
        (share,) = readings("arms_share", span, arms_deliveries=DELIVERIES)
        assert share["low"] == 75
        (rank,) = readings("arms_rank", span | {"supplier": "USA"}, arms_deliveries=DELIVERIES)
        assert rank["low"] == 2

    def test_a_year_without_a_row_counts_as_none_delivered(self):
        asked = PAIR | {"before": [2012, 2013], "after": [2017, 2018]}
        (one,) = readings("arms_change", asked, arms_deliveries=DELIVERIES)
        assert one["low"] == pytest.approx(100 * (25 / 800 - 1))

    def test_below_half_means_for_good(self):
        (one,) = readings("arms_fell_by_half", PAIR | {"base": [2012, 2013]}, arms_deliveries=DELIVERIES)
        assert one["low"] == 2016, "2014 was below half, 2015 above it again"

    def test_deliveries_that_recover_have_no_such_year(self):
        rows = delivered(y2012=800, y2013=100, y2014=900)
        assert needs("arms_fell_by_half", PAIR | {"base": [2012, 2012]}, quantity(2013, "year"), arms_deliveries=rows)

    def test_years_the_register_does_not_cover_are_not_nought(self):
        asked = PAIR | {"first": 2019, "last": 2025}
        assert needs("arms_share", asked, quantity(1, "percent"), arms_deliveries=DELIVERIES) == (
            "Arms delivered to Viet Nam, 2019 to 2025."
        )

    def test_the_first_year_of_deliveries(self):
        (one,) = readings("arms_first_year", PAIR | {"since": 2013}, arms_deliveries=DELIVERIES)
        assert one["low"] == 2013

    def test_a_recipient_whose_other_suppliers_are_not_held_has_no_shares(self):
        asked = {"supplier": "PRK", "recipient": "RUS", "first": 2012, "last": 2018}
        assert "every supplier is held for PRK and VNM only" in fault(
            claim(quantity(1, "percent"), "arms_share", parameters=asked), arms_deliveries=DELIVERIES
        )

    def test_an_order_of_an_estimated_year_may_belong_to_another(self):
        orders = [("RUS", "VNM", 2014, 2, 1, "institute"), ("USA", "VNM", 2012, 1, 0, "institute")]
        held = {"arms_orders": orders, "arms_deliveries": DELIVERIES}
        (one,) = readings("arms_orders", {"recipient": "VNM", "year": 2014}, **held)
        assert (one["low"], one["high"]) == (1, 2)
        (none,) = readings("arms_orders", {"recipient": "VNM", "year": 2013}, **held)
        assert (none["low"], none["high"]) == (0, 0)

    def test_what_was_stated_of_the_orders_of_a_year_is_a_rival_of_a_later_register(self):
        held = {
            "arms_orders": [("IND", "VNM", 2016, 1, 0, "institute"), ("USA", "VNM", 2012, 1, 0, "institute")],
            "arms_deliveries": DELIVERIES,
            "statements": [
                ("arms-orders-vnm", "2016", 0, "count", "exactly", "Institute, as Daily reports", "daily"),
                ("arms-orders-vnm", "2015", 3, "count", "exactly", "Nobody", "daily"),
            ],
        }
        told = claim(
            quantity(0, "count", "exactly"), "arms_orders", parameters={"recipient": "VNM", "year": 2016}, name="none"
        )
        made = judged(told, **held)
        assert made.verdicts["verdict"].tolist() == ["contested"]
        assert said(made.readings.to_dict("records")) == [
            ("main", "by Institute, as of May 2024, orders identified, gifts counted", 1),
            ("rival", "Institute, as Daily reports, 2016", 0),
        ]


class TestTreaties:
    def test_what_is_not_coded_is_not_absent(self):
        (has,) = readings("treaty_has", {"treaty": "old", "type": "mutual-assistance"})
        assert has["holds"] is True
        (lacks,) = readings("treaty_has", {"treaty": "old", "type": "threat-consultation"})
        assert lacks["holds"] is False
        assert "than the document on whether Old treaty has a provision of the type 'Trade'." in needs(
            "treaty_has", {"treaty": "old", "type": "economy"}, holds()
        )

    def test_a_pledge_is_read_part_by_part_or_whole(self):
        part = readings("treaty_pledge", {"treaty": "new", "part": "trigger"}, claimed=("threat",))
        assert part[0]["words"] == ("armed-attack",)
        whole = readings("treaty_pledge", {"treaty": "new"}, claimed=("threat",))
        assert set(whole[0]["words"]) >= {"at-once", "all-means", "un-charter-51", "domestic-law"}

    def test_a_trigger_that_joins_conditions_is_read_as_each_of_them(self):
        book = register(provisions=[provision("new", "4", trigger="attack-and-war")])
        asked = {"treaty": "new", "part": "trigger"}
        told = verdict(claim(words("armed-attack"), "treaty_pledge", parameters=asked), register_=book)
        assert (told["verdict"], told["left_out"], told["unsupported"]) == ("close", ("state-of-war",), ())
        both = claim(words("armed-attack", "state-of-war"), "treaty_pledge", parameters=asked)
        assert verdict(both, register_=book)["verdict"] == "confirmed"
        joined = claim(words("attack-and-war"), "treaty_pledge", parameters=asked)
        assert "knows no word 'attack-and-war'" in fault(joined, register_=book)

    def test_a_word_akin_to_the_treatys_is_inexact_and_another_is_wrong(self):
        asked = {"treaty": "new", "part": "trigger"}
        akin = verdict(claim(words("aggression"), "treaty_pledge", parameters=asked))
        assert (akin["verdict"], akin["left_out"], akin["unsupported"]) == ("close", ("armed-attack",), ("aggression",))
        wrong = verdict(claim(words("threat"), "treaty_pledge", parameters=asked))
        assert wrong["verdict"] == "contradicted"
        exact = verdict(claim(words("armed-attack"), "treaty_pledge", parameters=asked))
        assert exact["verdict"] == "confirmed", "that another word is akin does not make the right one inexact"

    def test_being_akin_goes_both_ways(self):
        book = register(provisions=[provision("new", "4", trigger="aggression")])
        asked = claim(words("armed-attack"), "treaty_pledge", parameters={"treaty": "new", "part": "trigger"})
        assert verdict(asked, register_=book)["verdict"] == "close"

    def test_a_part_that_is_not_coded_may_hold_any_word(self):
        (one,) = readings("treaty_pledge", {"treaty": "chinese", "part": "means"}, claimed=("all-means",))
        assert (one["words"], one["may_hold"], one["outcome"]) == ((), ("all-means", "unspecified"), "close")

    def test_no_limits_is_not_the_same_as_limits_not_known(self):
        (none,) = readings("treaty_pledge", {"treaty": "old", "part": "limits"}, claimed=("territory",))
        assert (none["may_hold"], none["outcome"]) == ((), "contradicted")
        (unknown,) = readings("treaty_pledge", {"treaty": "chinese", "part": "limits"}, claimed=("territory",))
        assert unknown["outcome"] == "close"

    def test_what_others_say_of_a_provision_explains_and_does_not_vote(self):
        found = readings("treaty_pledge", {"treaty": "new", "part": "decides"}, claimed=("each-party",))
        assert [(one["role"], one["label"]) for one in found[1:]] == [("explanation", "It leaves them free.")]
        assert found[1]["outcome"] is None

    def test_comments_stand_beside_the_parts_they_speak_of_and_no_other(self):
        for part, word in (("obligation", "shall"), ("means", "all-means"), ("trigger", "threat")):
            assert len(readings("treaty_pledge", {"treaty": "new", "part": part}, claimed=(word,))) == 1
        for part, word in (("automaticity", "due"), ("limits", "territory")):
            assert len(readings("treaty_pledge", {"treaty": "new", "part": part}, claimed=(word,))) == 2
        assert len(readings("treaty_has", {"treaty": "new", "type": "mutual-assistance"})) == 1
        assert len(readings("pledge_alike", {"treaty": "new", "other": "old"}, claimed=("trigger",))) == 1

    def test_a_preamble_is_no_article(self):
        book = register(provisions=[provision("new", "preamble")])
        asked = {"treaty": "new", "article": "preamble", "words": ["hegemony"]}
        (one,) = readings("treaty_speaks_of", asked, claimed=("hegemony",), register_=book)
        assert one["label"] == "the preamble, as coded"

    def test_a_term_is_a_word_or_a_number(self):
        (word,) = readings("treaty_term", {"treaty": "new", "field": "duration"}, kind=words("indefinite"))
        assert word["words"] == ("indefinite",)
        for unit, expected in (("months", 12), ("years", 1)):
            (number,) = readings("treaty_term", {"treaty": "new", "field": "notice_months"}, kind=quantity(1, unit))
            assert number["low"] == expected
        (years,) = readings("treaty_term", {"treaty": "old", "field": "years"}, kind=quantity(10, "years"))
        assert years["low"] == 10
        assert "the field 'notice_months' is a number of months or years" in fault(
            claim(words("none"), "treaty_term", parameters={"treaty": "new", "field": "notice_months"})
        )
        assert needs("treaty_term", {"treaty": "chinese", "field": "duration"}, words("fixed"))

    def test_other_dates_are_rivals(self):
        found = readings("treaty_date", {"treaty": "new", "what": "signed"})
        assert [(one["role"], one["date"]) for one in found] == [("main", "2024-06-19"), ("rival", "2024-06-18")]
        assert needs("treaty_date", {"treaty": "old", "what": "in-force"}, on_day("1961")) == (
            "Another source than the document on when Old treaty entered into force."
        )

    @pytest.mark.parametrize(
        ("treaty", "day", "expected"),
        [
            ("new", "2024-06-20", False),
            ("new", "2024-12-04", True),
            ("chinese", "2024-06-20", True),
        ],
    )
    def test_a_treaty_is_in_force_between_its_dates(self, treaty, day, expected):
        (one,) = readings("treaty_in_force", {"treaty": treaty, "on": day})
        assert one["holds"] is expected

    def test_without_the_day_of_its_beginning_it_cannot_be_told(self):
        assert needs("treaty_in_force", {"treaty": "old", "on": "1970-01-01"}, holds())

    def test_allies_are_counted_when_the_treaty_is_in_force_and_not_ended(self):
        for day, low in (("2024-06-30", 1), ("2024-12-31", 2)):
            (one,) = readings("treaty_allies", {"state": "PRK", "on": day})
            assert (one["low"], one["high"]) == (low, low)
        (russian,) = readings("treaty_allies", {"state": "RUS", "on": "2024-12-31"})
        assert russian["low"] == 1, "what the Soviet Union signed counts for Russia while it lasted"

    def test_a_treaty_whose_beginning_is_not_known_counts_towards_the_most(self):
        (one,) = readings("treaty_allies", {"state": "PRK", "on": "1985-01-01"})
        assert (one["low"], one["high"]) == (1, 2)

    def test_signed_on_a_visit_means_on_one_of_its_days(self):
        asked = {"treaty": "new", "person": "Putin", "host": "VNM"}
        found = readings("treaty_signed_on_visit", asked, events=[visit("visit", "2024-06-18", "2024-06-19")])
        assert [one["holds"] for one in found] == [True, True]
        late = readings("treaty_signed_on_visit", asked, events=[visit("visit", "2024-06-19")])
        assert [one["holds"] for one in late] == [True, False]

    def test_what_a_treaty_replaced(self):
        (one,) = readings("treaty_replaces", {"treaty": "new"}, claimed=("old",))
        assert (one["words"], one["outcome"]) == (("old",), "confirmed")
        assert needs("treaty_replaces", {"treaty": "chinese"}, words("old"))

    def test_who_names_other_treaties_is_a_rival(self):
        book = register()
        said_so = {"treaty": "new", "on": "replacement", "says": "Two, says an aide.", "source": "herald"}
        book.dissents = pd.DataFrame([said_so | {"names": "old; chinese"}])
        claimed = claim(words("old", "chinese"), "treaty_replaces", parameters={"treaty": "new"})
        made = judged(claimed, register_=book)
        assert made.verdicts["verdict"].tolist() == ["contested"]
        assert made.readings[["role", "outcome"]].to_numpy().tolist() == [
            ["main", "contradicted"],
            ["rival", "confirmed"],
            ["explanation", None],
        ]

    def test_types_that_no_source_excludes_may_hold(self):
        whole = readings("treaty_types", {"treaty": "new"}, claimed=("threat-consultation",))[0]
        assert (whole["words"], whole["may_hold"], whole["outcome"]) == (
            ("mutual-assistance", "economy"),
            ("threat-consultation",),
            "close",
        )
        article = readings("treaty_types", {"treaty": "new", "article": 10}, claimed=("economy",))[0]
        assert article["words"] == ("economy",)
        assert "article 9 of New treaty" in needs("treaty_types", {"treaty": "new", "article": "9"}, words("economy"))

    def test_a_word_that_a_gist_lacks_may_stand_in_the_article(self):
        asked = {"treaty": "new", "article": "4", "words": ["hegemony", "means", "war"]}
        (one,) = readings("treaty_speaks_of", asked, claimed=("war",))
        assert (one["words"], one["may_hold"], one["outcome"]) == (("hegemony", "means"), ("war",), "close")

    def test_pledges_are_alike_in_the_parts_coded_alike(self):
        found = readings("pledge_alike", {"treaty": "new", "other": "chinese"}, claimed=("trigger", "means"))
        assert found[0]["words"] == ("obligation", "trigger", "automaticity")
        assert found[0]["may_hold"] == ("means", "decides", "limits")
        assert found[0]["outcome"] == "close"
        old = readings("pledge_alike", {"treaty": "new", "other": "old"}, claimed=("limits",))
        assert old[0]["outcome"] == "contradicted"

    def test_codings_known_from_the_document_alone_do_not_test_it(self):
        book = register(provisions=[provision("new", "4", trigger="armed-attack", source="bulletin")], dissents=[])
        book.dissents = pd.DataFrame(columns=["treaty", "on", "says", "source"])
        assert "Another source than the document on whether New treaty" in needs(
            "treaty_pledge", {"treaty": "new", "part": "trigger"}, words("armed-attack"), register_=book
        )

    def test_a_document_is_struck_from_the_sources_that_bear_it_out(self):
        both = [provision("new", "4", trigger="armed-attack", source="gazette; bulletin")]
        asked = {"treaty": "new", "part": "trigger"}
        (one,) = readings("treaty_pledge", asked, claimed=("threat",), register_=register(provisions=both))
        assert (one["source"], one["status"]) == ("gazette", "coded")
        weak = [provision("new", "4", trigger="armed-attack", source="bulletin; daily")]
        (press,) = readings("treaty_pledge", asked, claimed=("threat",), register_=register(provisions=weak))
        assert (press["source"], press["status"]) == ("daily", "press")

    def test_a_state_and_a_term_read_in_the_document_alone_are_not_known(self):
        book = register()
        book.states.loc[book.states["treaty"] == "old", "source"] = "bulletin"
        book.treaties["term_source"] = "bulletin"
        asked = {"treaty": "old", "type": "mutual-assistance"}
        assert needs("treaty_has", asked, holds(), register_=book).startswith("Another source than the document")
        for field, kind in (("duration", words("fixed")), ("years", quantity(10, "years"))):
            assert needs("treaty_term", {"treaty": "old", "field": field}, kind, register_=book)


def test_the_small_tables_have_the_columns_of_the_house():
    for name, frame in small().items():
        assert set(frame.columns) <= set(data.open(name).columns), name
