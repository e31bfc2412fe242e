import numpy as np
import pytest
from analysis.trade_frames import amounts, few, flows, goods_flows
from hypothesis import assume, given
from hypothesis import strategies as st

from legation.analysis import trade


def sold_and_bought(sold, bought, **valuation):
    return flows(
        ("VNM", "RUS", "export", 2020, sold),
        ("RUS", "VNM", "import", 2020, bought, {"source": "russia", **valuation}),
    )


def test_the_mirror_gap_uses_the_partners_cif_imports_over_the_reporters_fob_exports():
    gap = trade.mirror_gap(sold_and_bought(100.0, 159.0)).iloc[0]
    assert gap[["exporter", "importer", "year"]].tolist() == ["VNM", "RUS", 2020]
    assert gap[["reported", "mirrored", "gap", "relative_gap", "margin"]].tolist() == [100, 150, 50, 0.5, 1.06]
    assert gap["source"] == "office; russia"


def test_china_reports_buying_61_per_cent_more_than_viet_nam_reports_selling():
    # 2020, million dollars; IMF Direction of Trade Statistics, vintage May 2022
    raw = trade.mirror_gap(sold_and_bought(49_095.0, 78_844.0), margin=1.0)
    assert raw.loc[0, "relative_gap"] == pytest.approx(0.606, abs=0.001)


@pytest.mark.parametrize(
    ("valuation", "margin", "assumed"),
    [("CIF", 1.06, False), ("FOB", 1, False), ("customs", 1, True), ("unknown", 1.06, True)],
)
def test_freight_is_taken_off_only_where_the_import_holds_it_and_an_assumption_is_marked(valuation, margin, assumed):
    gap = trade.mirror_gap(sold_and_bought(100.0, 106.0, valuation=valuation)).iloc[0]
    assert gap[["margin", "margin_assumed"]].tolist() == [margin, assumed]
    assert gap["mirrored"] == pytest.approx(106 / margin)


def test_a_flow_that_one_side_alone_reports_is_no_gap_but_is_covered():
    alone = flows(("VNM", "RUS", "export", 2020, 100.0), ("CHN", "VNM", "import", 2020, 70.0))
    assert trade.mirror_gap(alone).empty
    sides = trade.mirror_coverage(alone).set_index("importer")["sides"]
    assert sides.to_dict() == {"CHN": "importer only", "RUS": "exporter only"}


def test_both_sides_of_a_flow_are_covered_by_name():
    row = trade.mirror_coverage(sold_and_bought(1.0, 2.0)).iloc[0]
    assert row[["exporter_reports", "importer_reports", "sides"]].tolist() == [True, True, "both"]


def test_a_gap_over_zero_exports_has_no_relative_size():
    gap = trade.mirror_gap(sold_and_bought(0.0, 106.0)).iloc[0]
    assert gap["gap"] == pytest.approx(100)
    assert np.isnan(gap["relative_gap"])


def test_part_of_a_year_is_not_set_against_a_year():
    table = sold_and_bought(100.0, 159.0)
    table.loc[1, "months"] = 6
    assert trade.mirror_gap(table).empty
    assert trade.reconcile(table)["method"].tolist() == ["reported only"]


def test_a_margin_below_one_is_refused():
    with pytest.raises(ValueError, match="add freight"):
        trade.mirror_gap(sold_and_bought(1.0, 1.0), margin=0.94)


def test_a_mirrored_view_is_not_set_against_itself():
    view = trade.reporters_view(sold_and_bought(100.0, 159.0), "VNM")
    for measure in (trade.mirror_gap, trade.reconcile, trade.mirror_coverage):
        with pytest.raises(ValueError, match="against itself"):
            measure(view)


@few
@given(amounts, amounts, st.floats(1.0, 1.5))
def test_the_gap_closes_where_imports_are_exports_and_freight(sold, freight_free, margin):
    gap = trade.mirror_gap(sold_and_bought(sold, freight_free * margin), margin=margin).iloc[0]
    assert gap["mirrored"] == pytest.approx(freight_free)
    assert gap["gap"] == pytest.approx(freight_free - sold, abs=1e-9 * max(sold, freight_free))


@few
@given(goods_flows(reporters=("VNM", "CHN", "RUS")))
def test_every_gap_has_two_reports_and_every_report_is_covered(table):
    gaps, sides = trade.mirror_gap(table), trade.mirror_coverage(table)
    assert len(gaps) == (sides["sides"] == "both").sum()
    full = table[(table["months"] == 12) & table["value"].notna() & (table["flow"] != "turnover")]
    assert sides["exporter_reports"].sum() == (full["flow"] == "export").sum()
    assert sides["importer_reports"].sum() == (full["flow"] == "import").sum()


# Reconciled estimates


def test_the_estimate_is_midway_between_exports_and_imports_without_freight():
    row = trade.reconcile(sold_and_bought(100.0, 159.0)).iloc[0]
    assert row[["estimate", "method"]].tolist() == [125, "midpoint"]
    assert row["low"] == 100
    assert row["high"] == 159  # the imports, if they held no freight at all


def test_the_low_end_takes_off_the_most_freight():
    row = trade.reconcile(sold_and_bought(200.0, 165.0)).iloc[0]
    assert row["low"] == pytest.approx(150)  # 165 / 1.10
    assert row["high"] == 200


def test_an_import_valued_on_board_has_no_freight_to_be_uncertain_of():
    row = trade.reconcile(sold_and_bought(200.0, 165.0, valuation="FOB")).iloc[0]
    assert row[["low", "estimate", "high"]].tolist() == [165, 182.5, 200]


def test_a_single_report_gives_an_estimate_but_no_false_certainty():
    reported = trade.reconcile(flows(("VNM", "RUS", "export", 2020, 100.0))).iloc[0]
    mirrored = trade.reconcile(flows(("RUS", "VNM", "import", 2020, 106.0))).iloc[0]
    assert reported[["estimate", "method"]].tolist() == [100, "reported only"]
    assert mirrored[["estimate", "method"]].tolist() == [100, "mirror only"]
    assert reported[["low", "high"]].isna().all()
    assert mirrored[["low", "high"]].isna().all()


def test_the_exporters_report_may_weigh_more():
    row = trade.reconcile(sold_and_bought(100.0, 159.0), exporter_weight=0.8).iloc[0]
    assert row["estimate"] == pytest.approx(110)
    assert row["method"] == "weighted"
    with pytest.raises(ValueError, match="between 0 and 1"):
        trade.reconcile(sold_and_bought(100.0, 159.0), exporter_weight=2)


def test_a_margin_outside_its_plausible_span_is_refused():
    with pytest.raises(ValueError, match=r"1\.2.*Widen margins"):
        trade.reconcile(sold_and_bought(100.0, 159.0), margin=1.2)


@few
@given(amounts, amounts, st.sampled_from(["CIF", "FOB", "customs", "unknown"]), st.floats(0, 1))
def test_the_estimate_lies_between_low_and_high(sold, bought, valuation, weight):
    row = trade.reconcile(sold_and_bought(sold, bought, valuation=valuation), exporter_weight=weight).iloc[0]
    close = 1e-9 * max(sold, bought)
    assert row["low"] - close <= row["estimate"] <= row["high"] + close


# The view of one reporter


CHINA_AND_NORTH_KOREA = (("CHN", "PRK", "export", 2020, 491.0), ("CHN", "PRK", "import", 2020, 48.0))


def test_what_a_partner_sells_is_what_the_reporter_buys_at_the_partners_valuation():
    view = trade.reporters_view(flows(*CHINA_AND_NORTH_KOREA), "PRK", ["CHN"]).set_index("flow")
    assert set(view["reporter"]) == {"PRK"}
    assert set(view["partner"]) == set(view["reported_by"]) == {"CHN"}
    assert view.loc["import", ["value", "valuation", "perspective"]].tolist() == [491, "FOB", "mirror"]
    assert view.loc["export", ["value", "valuation", "perspective"]].tolist() == [48, "CIF", "mirror"]


def test_a_stated_turnover_stays_a_turnover():
    view = trade.reporters_view(flows(("CHN", "PRK", "turnover", 2023, 2300.0)), "PRK")
    assert view[["reporter", "partner", "flow"]].to_numpy().tolist() == [["PRK", "CHN", "turnover"]]


def test_reported_and_mirrored_figures_never_share_a_row():
    both_tell = flows(*CHINA_AND_NORTH_KOREA[:1], ("PRK", "CHN", "export", 2020, 45.0))
    wide = trade.bilateral(trade.reporters_view(both_tell, "PRK")).set_index("perspective")
    assert wide.loc["reported", "exports"] == 45
    assert wide.loc["mirror", "imports"] == 491
    assert wide["turnover"].isna().all()


def test_growth_does_not_run_from_a_mirrored_to_a_reported_year():
    table = flows(("CHN", "PRK", "import", 2020, 48.0), ("PRK", "CHN", "export", 2021, 60.0))
    assert trade.growth(trade.bilateral(trade.reporters_view(table, "PRK")), "exports")["value"].isna().all()


@pytest.mark.parametrize(("perspective", "seen"), [("both", 3), ("reported", 1), ("mirror", 2)])
def test_a_perspective_can_be_chosen(perspective, seen):
    table = flows(*CHINA_AND_NORTH_KOREA, ("PRK", "CHN", "export", 2020, 45.0), ("CHN", "USA", "export", 2020, 1.0))
    assert len(trade.reporters_view(table, "PRK", perspective=perspective)) == seen


def test_an_unknown_perspective_is_refused():
    with pytest.raises(ValueError, match="'both', 'reported' or 'mirror'"):
        trade.reporters_view(flows(*CHINA_AND_NORTH_KOREA), "PRK", perspective="own")


@few
@given(goods_flows(reporters=("VNM", "CHN", "RUS")))
def test_the_view_keeps_every_figure_and_every_source(table):
    view = trade.reporters_view(table, "VNM")
    touching = table[(table["reporter"] == "VNM") | (table["partner"] == "VNM")]
    assume(len(touching) > 0)
    assert sorted(view["value"].fillna(-1)) == sorted(touching["value"].fillna(-1))
    assert (view["reported_by"] == view["reporter"]).equals(view["perspective"] == "reported")


def test_a_figure_reconciled_from_both_reports_is_not_set_against_itself():
    made = {"status": "reconciled", "valuation": "FOB"}
    table = flows(
        ("VNM", "RUS", "export", 2020, 10.0, made),
        ("RUS", "VNM", "import", 2020, 10.0, made),
        ("VNM", "CHN", "export", 2020, 10.0),
        ("CHN", "VNM", "import", 2020, 21.2),
        ("VNM", "JPN", "export", 2020, 10.0),
        ("JPN", "VNM", "import", 2020, 12.0, made),
    )
    assert trade.mirror_gap(table)["importer"].tolist() == ["CHN"]
    both = trade.reconcile(table).set_index("importer")
    assert both["method"].to_dict() == {"CHN": "midpoint", "JPN": "reported only"}
    assert trade.mirror_coverage(table).set_index("importer")["sides"].to_dict() == {
        "CHN": "both",
        "JPN": "exporter only",
    }
