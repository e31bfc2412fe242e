"""What makes a verdict: tolerances, outcomes, rivals on the other side, and nothing firmer than its sources."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from analysis.claim_frames import (
    BILLION,
    CLOSE,
    PRECISION,
    claim,
    event,
    fault,
    holds,
    judged,
    ledger,
    on_day,
    quantity,
    register,
    tables,
    verdict,
    visit,
    words,
)
from analysis.trade_frames import few, flows
from hypothesis import assume, given
from hypothesis import strategies as st

from legation import data
from legation.analysis import claims as room
from legation.analysis.measures import MEASURES
from legation.analysis.readings import Country
from legation.data.claims import Asserts
from legation.errors import InputError

BEST_TO_WORST = ("confirmed", "close", "contested", "contradicted")
TRADE = {"reporter": "VNM", "partner": "USA", "flow": "export", "year": 2023}


def sold(value: float, **differs: object) -> tuple:
    return ("VNM", "USA", "export", 2023, value, differs)


def bought(value: float, **differs: object) -> tuple:
    return ("USA", "VNM", "import", 2023, value, {"source": "census"} | differs)


def export_claim(value: float, precision: str = "as-printed", *, half: float = 0.0, **more: object) -> dict:
    return claim(quantity(value, precision=precision, half=half), "trade_flow", parameters=TRADE, **more)


def projects_claim(value: float, precision: str = "about", **more: object) -> dict:
    return claim(quantity(value, "count", precision), "stated", parameters={"topic": "projects"}, **more)


def spoken(*values: float) -> list[tuple]:
    """What as many speakers stated of the projects in one month."""
    return [
        ("projects", "2024-04", value, "count", "exactly", f"Speaker {place}", "daily")
        for place, value in enumerate(values)
    ]


def of(value: float, *figures: float, precision: str = "as-printed", half: float = 0.0) -> str:
    """The verdict on a claim about exports, given the reporter's figure and perhaps the partner's."""
    rows = [row(figure) for row, figure in zip((sold, bought), figures, strict=False)]
    return verdict(export_claim(value, precision, half=half), goods_flows=flows(*rows))["verdict"]


class TestTolerance:
    def test_a_printed_figure_is_confirmed_by_whatever_rounds_to_it(self):
        assert of(118.92, 118.924, half=0.005) == "confirmed"
        assert of(118.92, 118.915, half=0.005) == "confirmed"
        assert of(118.92, 118.93, half=0.005) == "close"

    def test_the_limit_of_closeness_is_a_part_of_the_claimed_value_beyond_the_tolerance(self):
        assert of(100, 105.5, half=0.5) == "close"
        assert of(100, 105.6, half=0.5) == "contradicted"

    @pytest.mark.parametrize(
        ("precision", "confirmed", "close", "contradicted"),
        [
            ("about", (95, 105), (91, 109), (89, 111)),
            ("nearly", (95, 100), (90, 105), (89, 106)),
            ("just-over", (100, 105), (95, 110), (94, 111)),
            ("more-than", (100, 1e6), (95,), (94,)),
            ("up-to", (100, 0), (105,), (106,)),
            ("exactly", (100,), (95, 105), (94, 106)),
        ],
    )
    def test_each_word_allows_what_it_says(self, precision, confirmed, close, contradicted):
        for outcome, found in (("confirmed", confirmed), ("close", close), ("contradicted", contradicted)):
            assert {of(100, value, precision=precision) for value in found} == {outcome}, outcome

    def test_about_is_never_narrower_than_the_digits_printed(self):
        assert of(3, 3.4, precision="about", half=0.5) == "confirmed"
        assert of(3, 3.4, precision="about", half=0.0) == "contradicted"

    def test_a_fall_is_compared_with_its_sign(self):
        claimed = claim(quantity(-11.3, "percent", half=0.05), "trade_growth", parameters=TRADE)
        base = ("VNM", "USA", "export", 2022, 100)
        told = verdict(claimed, goods_flows=flows(base, sold(88.68)))
        assert (told["verdict"], round(told["low"], 2)) == ("confirmed", -11.32)
        risen = verdict(claimed, goods_flows=flows(base, sold(111.3)))
        assert risen["verdict"] == "contradicted"
        assert risen["difference"] == pytest.approx(-2)

    def test_a_claimed_nought_allows_nought_and_has_no_relative_difference(self):
        claimed = claim(quantity(0, "percent", "less-than"), "trade_growth", parameters=TRADE)
        base = ("VNM", "USA", "export", 2022, 100)
        assert verdict(claimed, goods_flows=flows(base, sold(99)))["verdict"] == "confirmed"
        told = verdict(claimed, goods_flows=flows(base, sold(101)))
        assert told["verdict"] == "contradicted"
        assert math.isnan(told["difference"])

    def test_a_year_and_a_count_are_right_or_wrong(self):
        seen = [visit("first", "2017-11-10"), visit("second", "2024-06-20")]
        year = {"person": "Putin", "host": "VNM", "before": "2024-06-20"}
        for claimed, expected in ((2017, "confirmed"), (2016, "contradicted")):
            told = verdict(claim(quantity(claimed, "year"), "previous_visit", parameters=year), events=seen)
            assert told["verdict"] == expected

    def test_a_count_given_as_nearly_so_many_is_a_quantity(self):
        stated = [("projects", "2024-04", 186, "count", "exactly", "Office", "daily")]
        asked = {"parameters": {"topic": "projects"}}
        assert (
            verdict(claim(quantity(200, "count", "nearly"), "stated", **asked), statements=stated)["verdict"] == "close"
        )
        assert (
            verdict(claim(quantity(200, "count", "exactly"), "stated", **asked), statements=stated)["verdict"]
            == "contradicted"
        )

    @few
    @given(st.floats(-1e12, 1e12), st.floats(0, 1e9), st.floats(0, 2), st.floats(0, 2))
    def test_the_span_allowed_holds_the_value_claimed(self, value, half, below, above):
        for digits in (True, False):
            low, high = room.allowed(value, half, below, above, digits=digits)
            assert low <= value <= high


class TestPrecisionOfTheReading:
    """A figure that somebody stated is known to its last digit only."""

    def told(self, claimed: float, half: float, found: float, **differs: object) -> str:
        return verdict(export_claim(claimed, half=half), goods_flows=flows(sold(found, **differs)))["verdict"]

    def test_a_claim_printed_more_finely_than_a_stated_figure_is_only_close(self):
        stated = {"source": "daily", "status": "press"}
        assert self.told(326.4 * BILLION, 0.05 * BILLION, 326 * BILLION, **stated) == "close"
        assert self.told(326 * BILLION, 0.5 * BILLION, 326 * BILLION, **stated) == "confirmed"
        assert self.told(3.6 * BILLION, 0.05 * BILLION, 3.63 * BILLION, **stated) == "confirmed"
        assert self.told(3.6 * BILLION, 0.05 * BILLION, 4.63 * BILLION, **stated) == "contradicted"

    def test_a_final_statistic_is_known_as_it_stands(self):
        assert self.told(326.4 * BILLION, 0.05 * BILLION, 326.4 * BILLION) == "confirmed"

    def test_what_another_body_estimates_stands_after_what_the_country_states(self):
        guess = sold(353.0, source="comtrade", status="preliminary", note="Estimate by Comtrade")
        told = judged(export_claim(355), goods_flows=flows(guess, sold(355.0, source="daily", status="press")))
        assert told.readings["label"].tolist() == [
            "figure for Viet Nam, as the press reports (Daily)",
            "estimate for Viet Nam by Comtrade",
        ]


class TestOpenSpans:
    """A statement of at least so many neither confirms a larger claim nor excludes it."""

    def told(self, bound: str, claimed: float, precision: str) -> str:
        stated = [("containers", "2024-06-14", 10_000, "containers", bound, "Minister", "daily")]
        row = claim(quantity(claimed, "count", precision), "stated", parameters={"topic": "containers"})
        return verdict(row, statements=stated)["verdict"]

    def test_at_least_confirms_a_claim_of_no_more(self):
        assert self.told("at-least", 10_000, "at-least") == "confirmed"
        assert self.told("at-least", 6_700, "more-than") == "confirmed"

    def test_at_least_is_close_to_a_larger_claim(self):
        assert self.told("at-least", 12_000, "exactly") == "close"
        assert self.told("at-least", 12_000, "at-least") == "close"

    def test_at_least_contradicts_a_smaller_one(self):
        assert self.told("at-least", 9_000, "exactly") == "contradicted"
        assert self.told("at-least", 9_000, "up-to") == "contradicted"

    def test_up_to_contradicts_a_larger_one(self):
        assert self.told("up-to", 12_000, "at-least") == "contradicted"
        assert self.told("up-to", 8_000, "exactly") == "close"

    def test_nearly_means_in_a_statement_what_it_means_in_a_claim(self):
        assert self.told("nearly", 10_000, "nearly") == "confirmed"
        assert self.told("nearly", 10_000, "just-over") == "close"


class TestRivals:
    def test_more_than_110_holds_against_both_reports(self):
        assert of(110, 110.8, 124.2, precision="more-than", half=0.5) == "confirmed"

    def test_129_fits_only_what_the_partner_reports(self):
        told = verdict(export_claim(129, "about", half=0.5), goods_flows=flows(sold(110.8), bought(124.2)))
        assert told["verdict"] == "contested"
        assert told["found_label"] == "as Viet Nam reports"
        assert told["explained_by"] == "as the United States reports"

    def test_a_rival_on_the_same_side_changes_nothing(self):
        assert of(100, 100, 104) == "confirmed"
        assert of(100, 104, 100) == "close"
        assert of(100, 150, 60) == "contradicted"

    def test_a_rival_on_the_other_side_makes_it_contested_either_way(self):
        assert of(100, 100, 150) == "contested"
        assert of(100, 150, 100) == "contested"

    def test_a_mixture_explains_but_does_not_vote(self):
        total = ("VNM", "WLD", "export", 2023, 353)
        share = claim(quantity(100 / 3, "percent", "about"), "trade_share", parameters=TRADE)
        made = judged(share, goods_flows=flows(sold(97), bought(118), total))
        told = made.verdicts.iloc[0]
        assert told["verdict"] == "contradicted"
        assert told["explained_by"] == "mixture: the United States' report over Viet Nam's total"
        assert made.readings.set_index("role")["outcome"].to_dict() == {
            "main": "contradicted",
            "explanation": "confirmed",
        }

    @few
    @given(st.lists(st.floats(1, 1000), min_size=1, max_size=4, unique=True), st.randoms())
    def test_the_order_of_rivals_does_not_matter(self, values, random):
        last = ("projects", "2024-05", values[0], "count", "exactly", "Last", "daily")
        stated = spoken(*values)
        first = verdict(projects_claim(values[0]), statements=[last, *stated])
        random.shuffle(stated)
        assert verdict(projects_claim(values[0]), statements=[*stated, last])["verdict"] == first["verdict"]

    @few
    @given(
        st.floats(1, 1000),
        st.lists(st.floats(1, 1000), min_size=1, max_size=3),
        st.floats(0, 1),
        st.floats(0, 1),
        st.floats(0, 1),
    )
    def test_widening_a_tolerance_never_makes_a_verdict_worse(self, value, found, below, above, wider):
        narrow, wide = (
            room.judge(
                ledger(projects_claim(value), precision=[("about", False, below + more, above + more)]),
                tables(statements=spoken(*found)),
                register(),
            ).verdicts["verdict"][0]
            for more in (0.0, wider)
        )
        assert BEST_TO_WORST.index(wide) <= BEST_TO_WORST.index(narrow)

    @few
    @given(st.floats(1, 1000), st.lists(st.floats(1, 1000), min_size=1, max_size=3), st.floats(0, 0.5))
    def test_widening_what_is_close_never_makes_a_verdict_worse(self, value, found, wider):
        verdicts = [
            room.judge(
                ledger(projects_claim(value), close=CLOSE | {"quantity": part}),
                tables(statements=spoken(*found)),
                register(),
            ).verdicts["verdict"][0]
            for part in (0.05, 0.05 + wider)
        ]
        assert BEST_TO_WORST.index(verdicts[1]) <= BEST_TO_WORST.index(verdicts[0])


class TestDates:
    def on(self, claimed: dict, *row: object, **more: object) -> dict:
        return verdict(
            claim(claimed, "event_date", parameters={"event": "signing"}), events=[event("signing", *row, **more)]
        )

    def test_a_day_within_a_claimed_month_is_confirmed(self):
        assert self.on(on_day("2024-05"), "2024-05-16", "2024-05-17")["verdict"] == "confirmed"
        assert self.on(on_day("2024-06-19", "2024-06-20"), "2024-06-20")["verdict"] == "confirmed"

    def test_a_month_allows_a_claimed_day_without_bearing_it_out(self):
        assert self.on(on_day("2024-05-16"), "2024-05")["verdict"] == "close"

    def test_a_day_off_is_close_and_two_are_not(self):
        assert self.on(on_day("2024-06-19"), "2024-06-20")["verdict"] == "close"
        told = self.on(on_day("2024-06-19"), "2024-06-21")
        assert (told["verdict"], told["difference"]) == ("contradicted", 2)
        assert self.on(on_day("2024-06-19"), "2024-06-16")["difference"] == -3

    def test_another_source_with_another_day_is_a_rival(self):
        told = self.on(on_day("2024-06-19"), "2024-06-19", also="2000@herald")
        assert told["verdict"] == "contested"
        assert self.on(on_day("2024-06-19"), "2024-06-19", also="2024-06-18@herald; 2024-06@daily")["verdict"] == (
            "confirmed"
        )


class TestWords:
    def told(self, *claimed: str, precision: str, votes: str, resolutions: int | None = None) -> dict:
        cast = votes.split()
        held = range(len(cast) if resolutions is None else resolutions)
        return verdict(
            claim(
                words(*claimed, precision=precision),
                "votes_cast",
                parameters={"country": "VNM", "topic": "ukraine", "until": "2024-06-30"},
            ),
            un_resolutions=[(f"R{place}", "GA", "2022-03-02", "ukraine") for place in held],
            un_votes=[(f"R{place}", "VNM", vote, "assembly") for place, vote in enumerate(cast)],
        )

    def test_what_was_claimed_and_nothing_more(self):
        assert self.told("abstain", "no", precision="exactly", votes="abstain no abstain")["verdict"] == "confirmed"

    def test_more_than_was_claimed_is_close_unless_the_claim_leaves_room(self):
        told = self.told("abstain", precision="exactly", votes="abstain no")
        assert (told["verdict"], told["left_out"], told["unsupported"]) == ("close", ("no",), ())
        assert self.told("abstain", precision="among-others", votes="abstain no")["verdict"] == "confirmed"

    def test_a_word_that_does_not_hold_contradicts(self):
        told = self.told("abstain", "yes", precision="among-others", votes="abstain no")
        assert (told["verdict"], told["unsupported"]) == ("contradicted", ("yes",))

    def test_a_word_that_was_only_not_seen_does_not(self):
        assert (
            self.told("abstain", "no", precision="among-others", votes="abstain", resolutions=2)["verdict"] == "close"
        )
        assert self.told("abstain", precision="exactly", votes="abstain", resolutions=2)["verdict"] == "close"
        assert self.told("abstain", precision="among-others", votes="abstain", resolutions=2)["verdict"] == "confirmed"


class TestHonesty:
    def test_what_rests_on_the_press_says_so(self):
        rows = flows(sold(97, source="daily", status="press"))
        told = verdict(export_claim(97, half=0.5), goods_flows=rows)
        assert (told["verdict"], told["status"]) == ("confirmed", "press")

    def test_the_kind_of_the_source_outweighs_a_status_typed_beside_the_figure(self):
        assert verdict(export_claim(97), goods_flows=flows(sold(97, source="daily")))["status"] == "press"

    def test_a_document_does_not_bear_out_itself(self):
        own = flows(sold(97, source="bulletin"))
        told = verdict(export_claim(97), goods_flows=own)
        assert told["verdict"] == "not testable"
        assert told["needs"].startswith("Viet Nam's figure for its exports to the United States in 2023")
        other = verdict(export_claim(97, document="herald-essay"), goods_flows=own)
        assert (other["verdict"], other["status"]) == ("close", "press")

    def test_the_next_reading_takes_the_place_of_ones_own(self):
        told = verdict(export_claim(97), goods_flows=flows(sold(90, source="bulletin"), bought(97)))
        assert (told["verdict"], told["found_label"]) == ("confirmed", "as the United States reports")

    def test_a_claim_without_a_test_says_what_it_needs(self):
        told = verdict(claim({"kind": "untested"}, needs="Output by operator."))
        assert (told["verdict"], told["needs"]) == ("not testable", "Output by operator.")

    def test_in_the_house_ledger_nothing_of_the_press_alone_is_confirmed_unmarked(self):
        real = data.claim_ledger()
        book = data.treaty_register()
        held = {name: data.open(name) for name in room.needed(real.claims)}
        told = room.judge(real, held, book).verdicts
        kinds = dict(zip(book.sources["id"], book.sources["kind"], strict=True))
        kinds |= dict(zip(held["sources"]["id"], held["sources"]["kind"], strict=True))
        confirmed = told[told["verdict"] == "confirmed"]
        assert len(confirmed)
        for row in confirmed.to_dict("records"):
            if {kinds[source] for source in row["source"].split("; ")} == {"press"}:
                assert row["status"] == "press", row["claim"]


class TestFaults:
    def test_every_fault_names_its_line_and_the_nearest_name(self):
        sentence = fault(claim(quantity(1), "trade_flows", parameters=TRADE))
        assert sentence.startswith("data/claims/bulletin.yml, line 7: there is no measure 'trade_flows'")
        assert "did you mean 'trade_flow'?" in sentence

    @pytest.mark.parametrize(
        ("parameters", "sentence"),
        [
            ({"reporter": "VNM", "partner": "USA", "flow": "export"}, "needs the parameter 'year'"),
            (TRADE | {"years": 2023}, "no parameter 'years' (did you mean 'year'?)"),
            (TRADE | {"year": "2023"}, "'year' is a year between 1800 and 2100, and '2023' is none"),
            (TRADE | {"year": True}, "'year' is a year"),
            (TRADE | {"flow": "exports"}, "'flow': nothing is known as 'exports' (did you mean 'export'?)"),
            (TRADE | {"reporter": "VIE"}, "'reporter': nothing is known as 'VIE'"),
            (TRADE | {"partner": 7}, "'partner' is a text"),
        ],
    )
    def test_parameters_are_checked_against_the_measure(self, parameters, sentence):
        assert sentence in fault(claim(quantity(1), "trade_flow", parameters=parameters))

    def test_a_unit_that_does_not_fit_is_refused(self):
        assert "is in USD or EUR, but the claim is in percent" in fault(
            claim(quantity(1, "percent"), "trade_flow", parameters=TRADE)
        )

    def test_a_measure_of_another_kind_is_refused(self):
        assert "the measure trade_flow gives a value, but the claim asserts 'holds'" in fault(
            claim(holds(), "trade_flow", parameters=TRADE)
        )

    def test_a_word_that_nothing_knows_is_refused(self):
        asked = {"country": "RUS", "topic": "ukraine", "until": "2024-06-30"}
        sentence = fault(
            claim(words("abstained"), "votes_cast", parameters=asked),
            un_resolutions=[("R", "GA", "2022-03-02", "ukraine")],
        )
        assert "knows no word 'abstained' (did you mean 'abstain'?)" in sentence

    def test_a_measure_that_fails_is_a_loud_error_that_names_the_claim(self, monkeypatch):
        def broken(held, country: Country):
            raise KeyError("perspective")

        monkeypatch.setitem(MEASURES, "trade_flow", replace(MEASURES["trade_flow"], function=broken))
        asked = {"country": "VNM"}
        with pytest.raises(
            RuntimeError, match=r"bulletin\.yml, line 7: the measure trade_flow failed on the claim 'x'"
        ):
            judged(claim(quantity(1), "trade_flow", name="x", parameters=asked))

    def test_a_faulty_claim_leaves_the_others_as_they_were(self):
        rows = flows(sold(97), bought(118))
        good = export_claim(97)
        alone = judged(good, goods_flows=rows)
        beside = judged(claim(quantity(1), "nonsense", name="bad"), good, goods_flows=rows)
        assert beside.verdicts.equals(alone.verdicts)
        assert beside.readings.equals(alone.readings)
        assert beside.faulty["claim"].tolist() == ["bad"]

    def test_a_table_that_was_not_given_is_named(self):
        with pytest.raises(InputError, match="takes the table 'exchange_rates'"):
            room.judge(
                ledger(export_claim(97)),
                {"countries": tables()["countries"], "sources": tables()["sources"]},
                register(),
            )

    def test_only_the_tables_of_the_measures_used_are_needed(self):
        assert list(room.needed(ledger(export_claim(97)).claims)) == [
            "countries",
            "exchange_rates",
            "goods_flows",
            "sources",
        ]
        assert list(room.needed(ledger(claim(holds(), "nonsense")).claims)) == ["countries", "sources"]

    def test_of_the_flows_of_goods_only_rows_on_the_reporters_and_years_of_the_claims_are_needed(self):
        asked = {"reporter": "VNM", "partner": "USA", "flow": "export"}
        grown = claim(quantity(3, "percent"), "trade_growth", name="grown", parameters=asked | {"year": 2021})
        since = claim(
            quantity(3, "percent"), "trade_growth", name="since", parameters=asked | {"year": 2015, "base": 2010}
        )
        wrong = claim(quantity(3), "trade_flow", name="wrong", parameters=asked | {"reporter": "VNN", "year": "2001"})
        wanted = room.needed(ledger(grown, since, wrong).claims, ["VNM", "USA"])
        assert wanted["goods_flows"] == {"about": ["VNM"], "year": [2010, 2014, 2015, 2020, 2021]}
        assert wanted["exchange_rates"] == {}

    def test_verdicts_from_the_rows_needed_are_those_from_the_whole_table(self):
        real, treaties = data.claim_ledger(), data.treaty_register()
        wanted = room.needed(real.claims, data.country_names())
        tables_needed = {name: data.open(name, **rows) for name, rows in wanted.items()}
        whole = room.judge(real, {name: data.open(name) for name in wanted}, treaties)
        part = room.judge(real, tables_needed, treaties)
        assert len(tables_needed["goods_flows"]) < len(data.open("goods_flows")) / 5
        pd.testing.assert_frame_equal(part.verdicts, whole.verdicts)
        pd.testing.assert_frame_equal(part.readings, whole.readings)

    @few
    @given(st.lists(st.tuples(st.floats(1, 200), st.sampled_from([row[0] for row in PRECISION[:-1]])), max_size=4))
    def test_judging_one_claim_does_not_depend_on_the_others(self, others):
        said = spoken(97, 118)
        alone = judged(projects_claim(97), statements=said)
        beside = judged(
            *(projects_claim(value, word, name=f"other-{place}") for place, (value, word) in enumerate(others)),
            projects_claim(97),
            statements=said,
        )
        assert beside.verdicts.iloc[-1].equals(alone.verdicts.iloc[0])


class TestArithmetic:
    def added(self, operation: str, claimed: str, unit: str, *operands: str, precision: str = "about") -> dict:
        rows = []
        for place, text in enumerate(operands):
            value, half = Asserts(value=text, unit="USD").number()
            rows.append(claim(quantity(value, half=half), needs="None.", name=f"part-{place}"))
        value, half = Asserts(value=claimed, unit=unit, precision=precision).number()
        more = {"operation": operation, "of": tuple(row["claim"] for row in rows), "needs": "None."}
        rows.append(claim(quantity(value, unit, precision, half), name="whole", **more))
        return judged(*rows).verdicts.iloc[-1].to_dict()

    def test_the_sum_of_both_flows_is_about_129(self):
        told = self.added("sum", "129", "USD", "118.92", "9.79")
        assert (told["arithmetic"], told["arithmetic_value"]) == ("adds up", pytest.approx(128.71))

    def test_rounded_parts_may_add_up_to_a_rounded_whole(self):
        assert self.added("sum", "4", "USD", "1", "2", precision="as-printed")["arithmetic"] == "adds up"
        assert self.added("sum", "6", "USD", "1", "2", precision="as-printed")["arithmetic"] == "does not add up"

    def test_a_share_and_a_growth_are_in_per_cent(self):
        told = self.added("ratio", "1/3", "percent", "118.92", "354.7")
        assert (told["arithmetic"], round(told["arithmetic_value"], 1)) == ("adds up", 33.5)
        assert self.added("growth", "-11.3", "percent", "109.4", "97.0")["arithmetic"] == "adds up"
        assert self.added("growth", "11.3", "percent", "109.4", "97.0")["arithmetic"] == "does not add up"

    def test_nothing_is_divided_by_nought(self):
        assert self.added("ratio", "5", "percent", "1", "0")["arithmetic"] is None

    def test_a_claim_without_arithmetic_says_nothing_of_it(self):
        assert judged(export_claim(97), goods_flows=flows(sold(97))).verdicts["arithmetic"].tolist() == [None]


class TestPairs:
    def pair(self, first: dict, second: dict, **held: object) -> list[dict]:
        return judged(first, second | {"document": "essay"}, **held).pairs.to_dict("records")

    def test_mirror_statistics_explain_110_against_129(self):
        (told,) = self.pair(
            export_claim(110, "more-than", half=0.5),
            export_claim(129, "about", half=0.5),
            goods_flows=flows(sold(110.8), bought(124.2)),
        )
        assert told["agree"] is False
        assert (told["first_fits"], told["second_fits"]) == ("as Viet Nam reports", "as the United States reports")

    def test_levels_of_one_count_and_a_change_of_the_other_are_told_apart(self):
        rows = flows(
            sold(97.0), bought(114.4), ("VNM", "USA", "export", 2022, 109.4), ("USA", "VNM", "import", 2022, 114.4)
        )
        level = export_claim(118.9, half=0.05, name="level")
        fall = claim(quantity(-11.3, "percent", half=0.05), "trade_growth", parameters=TRADE, name="fall")
        told = judged(level, fall, goods_flows=rows).sides
        assert told[["claim", "countries", "fits"]].to_numpy().tolist() == [
            ["level", ("USA", "VNM"), "USA"],
            ["fall", ("USA", "VNM"), "VNM"],
        ]

    def test_a_claim_that_both_counts_fit_or_that_only_one_tells_takes_no_side(self):
        both = judged(export_claim(110, "more-than"), goods_flows=flows(sold(110.8), bought(124.2)))
        assert both.sides.empty
        alone = judged(export_claim(97), goods_flows=flows(sold(97)))
        assert alone.sides.empty
        neither = judged(export_claim(50), goods_flows=flows(sold(97), bought(114)))
        assert neither.sides.empty

    def test_claims_of_the_same_span_agree(self):
        (told,) = self.pair(export_claim(3.6, half=0.05), export_claim(3.6, "just-over", half=0.05))
        assert told["agree"] is True
        assert told["first_fits"] is None

    def test_claims_about_other_years_or_in_other_units_are_no_pair(self):
        other = claim(quantity(1), "trade_flow", parameters=TRADE | {"year": 2022})
        assert self.pair(export_claim(1), other) == []
        assert self.pair(export_claim(1), claim(quantity(1, "EUR"), "trade_flow", parameters=TRADE)) == []

    def test_claims_of_one_document_are_no_pair(self):
        assert judged(export_claim(1), export_claim(2, name="two")).pairs.empty

    @few
    @given(st.floats(1, 100), st.floats(1, 100), st.sampled_from(["about", "more-than", "up-to", "exactly"]))
    def test_agreement_goes_both_ways(self, one, other, word):
        assume(abs(one - other) > 1e-6)
        rows = [export_claim(one, word), export_claim(other, "about")]
        (there,), (back,) = self.pair(*rows), self.pair(*reversed(rows))
        assert there["agree"] == back["agree"]


def test_a_claim_in_billions_reads_as_dollars():
    told = verdict(export_claim(97 * BILLION, half=BILLION / 2), goods_flows=flows(sold(97_071_533_043)))
    assert told["verdict"] == "confirmed"
    assert told["difference"] == pytest.approx(0.00074, abs=1e-5)
