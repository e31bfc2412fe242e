import itertools

import numpy as np
import pandas as pd
import pytest
from analysis.trade_frames import CODES, few, flows, goods_flows, groups
from hypothesis import given, settings
from hypothesis import strategies as st

from legation.analysis import trade

TRADE_WITH_CHINA = (("VNM", "CHN", "export", 2020, 49.0), ("VNM", "CHN", "import", 2020, 84.0))


def one(frame, **where):
    rows = frame.loc[(frame[list(where)] == pd.Series(where)).all(axis=1)]
    assert len(rows) == 1, f"{len(rows)} rows for {where}"
    return rows.iloc[0]


# One figure for each flow


def test_a_final_figure_is_preferred_to_a_preliminary_one_and_that_to_the_press():
    said = [
        ("VNM", "RUS", "export", 2022, value, {"status": status, "source": source})
        for value, status, source in [(3.55, "press", "a"), (3.7, "preliminary", "b"), (3.5, "final", "c")]
    ]
    for order in itertools.permutations(said):
        assert trade.best(flows(*order))["source"].tolist() == ["c"]
    assert trade.best(flows(*said[:2]))["source"].tolist() == ["b"]


def test_what_was_not_chosen_is_counted_and_its_spread_told():
    chosen = trade.best(
        flows(
            ("VNM", "RUS", "turnover", 2022, 3.5, {"source": "a"}),
            ("VNM", "RUS", "turnover", 2022, 4.2, {"source": "b"}),
            ("VNM", "RUS", "turnover", 2021, 5.5, {"source": "a"}),
        )
    )
    assert one(chosen, year=2022)[["alternatives", "spread"]].tolist() == [1, pytest.approx(0.2)]
    assert one(chosen, year=2021)["alternatives"] == 0
    assert np.isnan(one(chosen, year=2021)["spread"])


def test_a_known_valuation_comes_before_an_unknown_one():
    two = flows(
        ("VNM", "RUS", "export", 2020, 1.0, {"source": "a", "valuation": "unknown"}),
        ("VNM", "RUS", "export", 2020, 2.0, {"source": "b"}),
    )
    assert trade.best(two)["source"].tolist() == ["b"]


def test_the_latest_vintage_is_chosen_unless_the_analyst_prefers_a_source():
    two = flows(
        ("VNM", "RUS", "export", 2020, 1.0, {"source": "old"}), ("VNM", "RUS", "export", 2020, 2.0, {"source": "new"})
    )
    dated = two.assign(vintage=["2021-03", "2022-05"])
    assert trade.best(dated)["source"].tolist() == ["new"]
    assert trade.best(dated.assign(vintage=["2021", None]))["source"].tolist() == ["old"]
    assert trade.best(dated, prefer=["old"])["source"].tolist() == ["old"]


def test_a_figure_as_stated_goes_before_one_converted_unless_its_source_is_preferred():
    two = flows(("VNM", "RUS", "export", 2020, 101, {"source": "bank; rates"}), ("VNM", "RUS", "export", 2020, 100, {}))
    assert trade.best(two)["value"].tolist() == [100]
    assert trade.best(two, prefer=["bank"])["value"].tolist() == [101]


def test_no_preference_makes_a_press_figure_beat_a_final_one():
    two = flows(
        ("VNM", "RUS", "export", 2020, 1.0, {"source": "paper", "status": "press"}),
        ("VNM", "RUS", "export", 2020, 2.0, {"source": "office"}),
    )
    assert trade.best(two, prefer=["paper"])["source"].tolist() == ["office"]


def test_a_row_without_a_figure_is_no_candidate():
    two = flows(
        ("VNM", "RUS", "export", 2020, np.nan, {"source": "office"}),
        ("VNM", "RUS", "export", 2020, 2.0, {"source": "paper", "status": "press"}),
    )
    chosen = trade.best(two).iloc[0]
    assert chosen[["value", "source", "alternatives"]].tolist() == [2, "paper", 0]


def test_a_source_that_states_a_flow_twice_is_refused_by_name():
    with pytest.raises(ValueError, match="office states VNM's export with CHN in 2020 more than once"):
        trade.best(flows(TRADE_WITH_CHINA[0], TRADE_WITH_CHINA[0]))


def test_a_status_nobody_declared_is_refused():
    with pytest.raises(ValueError, match="Unknown status 'guess'"):
        trade.best(flows((*TRADE_WITH_CHINA[0], {"status": "guess"})))


@few
@given(goods_flows(sources=("a", "b", "c")), st.randoms())
def test_the_best_figure_is_one_of_those_published_and_does_not_depend_on_the_order_of_rows(table, random):
    key = ["reporter", "partner", "flow", "year"]
    full = table[table["months"] == 12]
    chosen = trade.best(table)
    assert not chosen.duplicated(key).any()
    assert len(chosen) == len(full[key].drop_duplicates())
    assert len(chosen.merge(full, on=[*key, "source"])) == len(chosen)
    order = list(range(len(table)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(trade.best(table.iloc[order]), chosen)
    pd.testing.assert_frame_equal(trade.best(chosen)[[*key, "value"]], chosen[[*key, "value"]])


@few
@given(goods_flows(sources=("a", "b", "c")))
def test_every_figure_is_either_chosen_or_counted_as_an_alternative(table):
    chosen = trade.best(table)
    figures = table[(table["months"] == 12) & table["value"].notna()]
    assert chosen["alternatives"].sum() + chosen["value"].notna().sum() == len(figures)
    assert (chosen["spread"].dropna() >= 0).all()


# Exports, imports, turnover, balance


def test_turnover_is_exports_plus_imports_and_balance_exports_less_imports():
    row = trade.bilateral(flows(*TRADE_WITH_CHINA)).iloc[0]
    assert row[["exports", "imports", "turnover", "balance"]].tolist() == [49, 84, 133, -35]
    assert row[["turnover_basis", "currency", "prices", "status", "source"]].tolist() == [
        "sum of both flows",
        "USD",
        "current",
        "final",
        "office",
    ]


def test_a_stated_total_serves_as_turnover_only_where_a_flow_is_missing():
    stated = ("VNM", "RUS", "turnover", 2021, 5.5, {"status": "press", "source": "paper"})
    alone = trade.bilateral(flows(stated)).iloc[0]
    assert alone[["turnover", "turnover_basis", "status", "source"]].tolist() == [5.5, "stated total", "press", "paper"]
    assert alone[["exports", "imports", "balance"]].isna().all()
    beside = flows(stated, ("VNM", "RUS", "export", 2021, 3.0), ("VNM", "RUS", "import", 2021, 2.0))
    both = trade.bilateral(beside).iloc[0]
    assert both[["turnover", "turnover_basis", "status", "source"]].tolist() == [
        5,
        "sum of both flows",
        "final",
        "office",
    ]


def test_one_flow_alone_is_no_turnover_and_no_balance():
    row = trade.bilateral(flows(TRADE_WITH_CHINA[0])).iloc[0]
    assert row["exports"] == 49
    assert row[["imports", "turnover", "balance", "turnover_basis"]].isna().all()


def test_a_sum_is_as_firm_as_its_weakest_part_and_names_all_sources():
    row = trade.bilateral(
        flows(
            ("VNM", "RUS", "export", 2021, 3.0, {"source": "office"}),
            ("VNM", "RUS", "import", 2021, 2.0, {"source": "customs", "status": "preliminary"}),
        )
    ).iloc[0]
    assert row[["status", "source"]].tolist() == ["preliminary", "customs; office"]


def test_eleven_months_are_not_a_year():
    assert trade.bilateral(flows(*TRADE_WITH_CHINA, months=11)).empty
    assert trade.best(flows(*TRADE_WITH_CHINA, months=1)).empty


def test_two_figures_for_one_flow_are_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"CHN.*2020.*has 2 \(imf, office\).*trade\.best"):
        trade.bilateral(flows(*TRADE_WITH_CHINA, (*TRADE_WITH_CHINA[0], {"source": "imf"})))


MEASURES_OF_FLOWS = {
    "best": trade.best,
    "bilateral": trade.bilateral,
    "concentration": lambda table: trade.concentration(table, "export"),
    "intensity": trade.intensity,
    "mirror_gap": trade.mirror_gap,
    "reconcile": trade.reconcile,
    "group_total": lambda table: trade.group_total(table, ["CHN", "RUS"], "EU27"),
}

MEASURES_OF_SERIES = {
    "share": lambda table: trade.share(table, column="exports"),
    "rank": lambda table: trade.rank(table, "exports"),
    "times": lambda table: trade.times(table, "exports", "CHN", "RUS"),
    "growth": lambda table: trade.growth(table, "exports"),
    "compound_growth": lambda table: trade.compound_growth(table, "exports", 2020, 2021),
    "index_to": lambda table: trade.index_to(table, "exports", 2020),
}


@pytest.mark.parametrize("measure", MEASURES_OF_FLOWS)
def test_mixed_currencies_are_refused_with_the_remedy(measure):
    mixed = flows(("VNM", "CHN", "export", 2020, 1.0), ("VNM", "RUS", "export", 2020, 1.0, {"currency": "EUR"}))
    with pytest.raises(ValueError, match=rf"{measure}.*EUR, USD.*trade\.convert"):
        MEASURES_OF_FLOWS[measure](mixed)


@pytest.mark.parametrize("measure", MEASURES_OF_FLOWS)
def test_mixed_price_bases_are_refused_with_the_remedy(measure):
    mixed = flows(("VNM", "CHN", "export", 2020, 1.0), ("VNM", "RUS", "export", 2020, 1.0, {"prices": "constant 2015"}))
    with pytest.raises(ValueError, match=rf"{measure}.*constant 2015, current.*trade\.deflate"):
        MEASURES_OF_FLOWS[measure](mixed)


@pytest.mark.parametrize("measure", MEASURES_OF_SERIES)
@pytest.mark.parametrize(("column", "value"), [("currency", "EUR"), ("prices", "constant 2015")])
def test_a_series_of_mixed_money_is_refused_too(measure, column, value):
    table = trade.bilateral(flows(("VNM", "CHN", "export", 2020, 1.0), ("VNM", "RUS", "export", 2021, 1.0)))
    table.loc[0, column] = value
    with pytest.raises(ValueError, match=f"{measure}.*{value}"):
        MEASURES_OF_SERIES[measure](table)


@pytest.mark.parametrize("measure", MEASURES_OF_SERIES)
def test_a_series_with_a_year_twice_is_refused(measure):
    table = trade.bilateral(flows(*TRADE_WITH_CHINA))
    with pytest.raises(ValueError, match=f"{measure} takes one figure.*2020 has 2"):
        MEASURES_OF_SERIES[measure](pd.concat([table, table]))


@pytest.mark.parametrize("measure", MEASURES_OF_SERIES)
def test_a_column_that_is_not_there_is_named(measure):
    with pytest.raises(ValueError, match=f"{measure} needs the column exports"):
        MEASURES_OF_SERIES[measure](trade.bilateral(flows(*TRADE_WITH_CHINA)).drop(columns="exports"))


@few
@given(goods_flows(), st.data())
def test_dropping_a_report_never_makes_a_figure_zero(table, data):
    gone = data.draw(st.integers(0, len(table) - 1))
    left = table.drop(index=gone)
    key = ["reporter", "partner", "year"]
    measured = trade.bilateral(left)
    figures = measured[["exports", "imports", "turnover"]]
    assert not (figures == 0).any().any()
    row = table.iloc[gone]
    same = measured[(measured[key] == row[key]).all(axis=1)]
    if row["flow"] != "turnover":
        assert same[trade.OF_FLOW[row["flow"]]].isna().all()


@settings(few, max_examples=10)
@given(goods_flows(with_world=True))
def test_no_measure_makes_a_number_of_what_was_not_reported(table):
    table = table.assign(value=np.nan)
    wide = trade.bilateral(table)
    assert wide[["exports", "imports", "turnover", "balance", "status", "source"]].isna().all(axis=None)
    for column in ("exports", "turnover"):
        assert trade.share(wide, column=column)["value"].isna().all()
        assert trade.growth(wide, column)["value"].isna().all()
        assert trade.index_to(wide, column, 2020)["value"].isna().all()
        assert trade.compound_growth(wide, column, 2018, 2022)["value"].isna().all()
        assert trade.rank(wide, column)["rank"].isna().all()
        assert trade.times(wide, column, "CHN", "RUS")["value"].isna().all()
    assert trade.concentration(table, "export").empty
    assert trade.mirror_gap(table).empty
    assert trade.reconcile(table).empty
    assert trade.intensity(table).empty
    assert trade.group_total(table, CODES, "EU27").empty
    assert (trade.coverage(table)["status"] == "missing").all()


# Shares


def exports_of(*rows, reporter="VNM", year=2020, **everywhere):
    return trade.bilateral(flows(*((reporter, code, "export", year, value) for code, value in rows), **everywhere))


def test_a_share_is_the_partners_figure_over_the_reporters_total():
    shares = trade.share(exports_of(("CHN", 49.0), ("RUS", 3.0), ("WLD", 280.0)), column="exports")
    assert shares["partner"].tolist() == ["CHN", "RUS"]
    assert shares["value"].tolist() == [49 / 280, 3 / 280]
    assert shares["numerator_reporter"].tolist() == shares["denominator_reporter"].tolist() == ["VNM", "VNM"]
    assert not shares["mixture"].any()


def test_without_a_total_there_is_no_share():
    shares = trade.share(exports_of(("CHN", 49.0)), column="exports")
    assert shares[["value", "denominator_reporter", "status", "source"]].isna().all(axis=None)


def test_a_share_of_the_partners_figure_in_the_reporters_total_is_labelled_a_mixture():
    own = exports_of(("CHN", 49.0), ("WLD", 280.0))
    partners = trade.bilateral(
        flows(("CHN", "VNM", "import", 2020, 79.0, {"source": "china"}), ("CHN", "USA", "import", 2020, 135.0))
    )
    mixed = trade.share(own, column="exports", mirror=partners)
    row = one(mixed, partner="CHN")
    assert row["value"] == 79 / 280
    assert row[["numerator_reporter", "denominator_reporter", "mixture"]].tolist() == ["CHN", "VNM", True]
    assert row[["perspective", "source"]].tolist() == ["mirror", "china; office"]
    assert len(mixed) == 1


def test_a_mirrored_row_over_a_reported_total_is_detected_without_being_told():
    view = trade.reporters_view(
        flows(
            ("CHN", "VNM", "import", 2020, 79.0),
            ("VNM", "CHN", "export", 2020, 49.0),
            ("VNM", "WLD", "export", 2020, 280.0),
        ),
        "VNM",
    )
    shares = trade.share(trade.bilateral(view), column="exports").set_index("perspective")
    assert shares["mixture"].to_dict() == {"mirror": True, "reported": False}
    assert shares["numerator_reporter"].to_dict() == {"mirror": "CHN", "reported": "VNM"}


def test_a_mirrored_part_of_a_mirrored_whole_is_no_mixture():
    seen = flows(("CHN", "PRK", "export", 2020, 90.0), ("RUS", "PRK", "export", 2020, 10.0))
    view = trade.reporters_view(seen, "PRK")
    whole = trade.group_total(view, ["CHN", "RUS"], "WLD")
    shares = trade.share(trade.bilateral(pd.concat([view, whole])), column="imports")
    assert one(shares, partner="CHN")["value"] == 0.9
    assert one(shares, partner="CHN")[["numerator_reporter", "denominator_reporter"]].tolist() == ["CHN", "WLD"]
    assert not shares["mixture"].any()


def test_a_balance_cannot_be_mirrored():
    own = trade.bilateral(flows(*TRADE_WITH_CHINA))
    with pytest.raises(ValueError, match="cannot mirror 'balance'"):
        trade.share(own, column="balance", mirror=own)


@few
@given(st.lists(st.integers(1, 10**13), min_size=1, max_size=8))
def test_the_shares_of_all_partners_add_up_to_one(values):
    parts = list(zip(CODES, values, strict=False))
    shares = trade.share(exports_of(*parts, ("WLD", sum(values)), reporter="PRK"), column="exports")["value"]
    assert shares.between(0, 1).all()
    assert shares.sum() == pytest.approx(1)


# Rank and times


def test_the_largest_ranks_first_ties_share_a_rank_and_the_missing_are_unranked():
    table = exports_of(("CHN", 9.0), ("USA", 9.0), ("JPN", 5.0), ("WLD", 100.0), ("RUS", np.nan))
    ranks = trade.rank(table, "exports").set_index("partner")
    assert ranks["rank"].to_dict() == {"CHN": 1, "USA": 1, "JPN": 3, "RUS": None}
    assert set(ranks["of"]) == {3}


def test_a_group_is_not_ranked_beside_its_members():
    table = exports_of(("EU27", 9.0), ("DEU", 5.0))
    with pytest.raises(ValueError, match="DEU belong to EU27"):
        trade.rank(table, "exports", groups=groups(EU27=["DEU", "FRA"]))
    assert trade.rank(exports_of(("EU27", 9.0), ("CHN", 5.0)), "exports", groups=groups(EU27=["DEU"]))[
        "of"
    ].tolist() == [2, 2]


def test_times_is_one_partner_over_another():
    table = exports_of(("CHN", 49.0), ("RUS", 2.8))
    row = trade.times(table, "exports", "CHN", "RUS").iloc[0]
    assert row["value"] == pytest.approx(17.5)
    assert trade.times(table, "exports", "CHN", "USA")["value"].isna().all()
    assert trade.times(exports_of(("CHN", 49.0), ("RUS", 0.0)), "exports", "CHN", "RUS")["value"].isna().all()


# Concentration


def concentration_of(*rows, **how):
    return trade.concentration(
        flows(*(("VNM", code, "export", 2020, value) for code, value in rows)), "export", **how
    ).iloc[0]


def test_shares_of_50_30_15_and_5_per_cent_give_an_index_of_3650():
    # World Mining Data, "Concentration of Producer Countries": the worked example, on its scale of 0 to 10,000.
    row = concentration_of(("CHN", 50), ("USA", 30), ("JPN", 15), ("KOR", 5))
    assert row["hhi"] * 10_000 == pytest.approx(3650)
    assert row["n"] == 4
    assert row["hhi_normalised"] == pytest.approx((0.365 - 0.25) / 0.75)


def test_two_equal_partners_give_one_half_and_three_one_third():
    # Statistics Netherlands, "Import concentration", 2021: the worked examples.
    assert concentration_of(("CHN", 7), ("USA", 7))["hhi"] == pytest.approx(1 / 2)
    assert concentration_of(("CHN", 7), ("USA", 7), ("JPN", 7))["hhi"] == pytest.approx(1 / 3)
    assert concentration_of(("CHN", 7), ("USA", 7))["hhi_normalised"] == pytest.approx(0)


def test_a_single_partner_is_full_concentration_without_a_normalised_index():
    row = concentration_of(("CHN", 7))
    assert row["hhi"] == 1
    assert np.isnan(row["hhi_normalised"])


def test_what_is_not_counted_bounds_the_index_of_all_trade():
    row = concentration_of(("CHN", 50), ("USA", 30), ("WLD", 100))
    assert row["covered"] == pytest.approx(0.8)
    assert row["hhi_low"] == pytest.approx(0.5**2 + 0.3**2)
    assert row["hhi_high"] == pytest.approx(0.5**2 + 0.3**2 + 0.2**2)


def test_partners_that_sum_to_more_than_the_total_leave_nothing_to_bound():
    row = concentration_of(("CHN", 60), ("USA", 60), ("WLD", 100))
    assert row[["covered", "hhi", "hhi_low", "hhi_high"]].tolist() == [1.2, 0.5, 0.5, 0.5]


def test_without_a_total_the_index_of_all_trade_is_unbounded():
    assert concentration_of(("CHN", 50), ("USA", 30))[["covered", "hhi_low", "hhi_high"]].isna().all()


def test_amounts_of_whole_dollars_do_not_overflow():
    assert concentration_of(("CHN", 60_574_280_000), ("USA", 60_574_280_000))["hhi"] == pytest.approx(0.5)


def test_groups_and_the_world_are_left_out_unless_they_are_named():
    row = concentration_of(("CHN", 50), ("EU27", 50), ("ASEAN", 50), ("WLD", 200))
    assert row[["n", "hhi", "covered"]].tolist() == [1, 1, 0.25]


def test_a_group_counts_as_one_partner_only_where_its_members_are_known_not_to_be_counted():
    rows = (("CHN", 50), ("EU27", 30), ("DEU", 10))
    named = ["CHN", "EU27"]
    with pytest.raises(ValueError, match="groups=country_groups"):
        concentration_of(*rows, countries=named)
    assert concentration_of(*rows, countries=named, groups=groups(EU27=["DEU"]))["n"] == 2
    with pytest.raises(ValueError, match="twice: DEU belong to EU27"):
        concentration_of(*rows, countries=[*named, "DEU"], groups=groups(EU27=["DEU"]))
    with pytest.raises(ValueError, match="no members of EU27"):
        concentration_of(*rows, countries=named, groups=groups(ASEAN=["VNM"]))


def test_groups_that_share_members_are_not_counted_together():
    members = groups(EU27=["DEU"], EU28=["DEU", "GBR"])
    with pytest.raises(ValueError, match="EU27 and EU28 share members"):
        concentration_of(("EU27", 30), ("EU28", 35), countries=["EU27", "EU28"], groups=members)


def test_a_named_partner_without_a_figure_leaves_the_bounds_but_no_index():
    rows = (("CHN", 50), ("USA", 30), ("WLD", 100))
    row = concentration_of(*rows, countries=["CHN", "USA", "RUS"])
    assert np.isnan(row["hhi"])
    assert row["missing_partners"] == "RUS"
    assert row["hhi_low"] == pytest.approx(0.34)
    assert concentration_of(*rows, countries=["CHN", "USA", "RUS"], allow_missing=["RUS"])["hhi"] == pytest.approx(
        34 / 64
    )


def test_turnover_can_be_concentrated_too():
    table = flows(*TRADE_WITH_CHINA, ("VNM", "RUS", "turnover", 2020, 133.0))
    assert trade.concentration(table, "turnover")["hhi"].tolist() == [0.5]


@few
@given(st.lists(st.integers(1, 10**13), min_size=1, max_size=8), st.integers(0, 10**13))
def test_the_index_lies_between_one_over_n_and_one_and_its_bounds_hold_the_truth(values, rest):
    parts = list(zip(CODES, values, strict=False))
    row = trade.concentration(
        flows(*(("PRK", code, "export", 2020, value) for code, value in [*parts, ("WLD", sum(values) + rest)])),
        "export",
    ).iloc[0]
    tiny = 1e-9
    assert 1 / len(values) - tiny <= row["hhi"] <= 1 + tiny
    assert row["hhi_low"] <= row["hhi_high"] + tiny
    # the rest as one partner, and as a thousand equal ones
    total = sum(values) + rest
    for count in (1, 1000):
        truth = sum((value / total) ** 2 for value in values) + count * (rest / count / total) ** 2
        assert row["hhi_low"] - tiny <= truth <= row["hhi_high"] + tiny


# Intensity


def world_trade(exports_to_china=10.0):
    return flows(
        ("VNM", "CHN", "export", 2020, exports_to_china),
        ("VNM", "WLD", "export", 2020, 100.0),
        ("CHN", "WLD", "import", 2020, 200.0),
        ("WLD", "WLD", "import", 2020, 2000.0),
        ("WLD", "CHN", "export", 2020, 180.0),
        ("WLD", "WLD", "export", 2020, 1800.0),
    )


@pytest.mark.parametrize("basis", ["imports", "exports"])
def test_intensity_is_one_where_the_partner_has_the_share_it_has_in_the_world(basis):
    # Yamazawa 1971, section I: the index equals unity when exports go to a country in proportion to its world share.
    assert one(trade.intensity(world_trade(), basis), reporter="VNM")["value"] == pytest.approx(1)
    assert one(trade.intensity(world_trade(30.0), basis), reporter="VNM")["value"] == pytest.approx(3)


def test_intensity_says_that_it_compares_reports_of_several_countries():
    row = one(trade.intensity(world_trade()), reporter="VNM")
    assert row[["numerator_reporter", "denominator_reporter", "basis"]].tolist() == ["VNM", "CHN; WLD", "imports"]


def test_intensity_is_missing_where_world_trade_is():
    table = world_trade()
    row = trade.intensity(table[table["reporter"] != "WLD"]).iloc[0]
    assert row["export_share"] == 0.1
    assert row[["world_share", "value", "status", "source"]].isna().all()


def test_an_unknown_basis_is_refused():
    with pytest.raises(ValueError, match="'imports' or 'exports'"):
        trade.intensity(world_trade(), "tonnes")


# Totals of groups


def members_flows(**more):
    return flows(
        ("VNM", "DEU", "export", 2020, 7.0),
        ("VNM", "FRA", "export", 2020, 3.0),
        ("VNM", "DEU", "export", 2021, 8.0),
        **more,
    )


def test_the_total_of_a_group_is_the_sum_of_all_its_members():
    totals = trade.group_total(members_flows(), ["DEU", "FRA"], "EU27")
    assert one(totals, year=2020)[["partner", "value", "missing_members"]].tolist() == ["EU27", 10, ""]


def test_a_group_with_a_member_missing_has_no_total_and_the_member_is_named():
    row = one(trade.group_total(members_flows(), ["DEU", "FRA"], "EU27"), year=2021)
    assert np.isnan(row["value"])
    assert row["missing_members"] == "FRA"


def test_a_member_may_be_missing_if_it_is_named_and_then_the_result_says_so():
    totals = trade.group_total(members_flows(), ["DEU", "FRA"], "EU27", allow_missing=["FRA"])
    assert one(totals, year=2021)[["value", "missing_members"]].tolist() == [8, "FRA"]
    with pytest.raises(ValueError, match="CHN may be missing from EU27"):
        trade.group_total(members_flows(), ["DEU", "FRA"], "EU27", allow_missing=["CHN"])


def test_a_member_trades_with_the_other_members_only():
    table = flows(("VNM", "THA", "export", 2020, 5.0), ("VNM", "LAO", "export", 2020, 1.0))
    row = trade.group_total(table, ["VNM", "THA", "LAO"], "ASEAN").iloc[0]
    assert row[["value", "missing_members"]].tolist() == [6, ""]


def test_what_a_group_reports_leaves_out_trade_among_its_members():
    table = flows(
        ("DEU", "VNM", "import", 2020, 7.0), ("FRA", "VNM", "import", 2020, 3.0), ("DEU", "FRA", "import", 2020, 99.0)
    )
    totals = trade.group_total(table, ["DEU", "FRA"], "EU27", as_="reporter")
    assert totals[["reporter", "partner", "value"]].to_numpy().tolist() == [["EU27", "VNM", 10]]


def test_members_trade_with_the_world_is_not_added_up():
    with pytest.raises(ValueError, match=r"trade with each other.*partner != 'WLD'"):
        trade.group_total(flows(("DEU", "WLD", "import", 2020, 7.0)), ["DEU", "FRA"], "EU27", as_="reporter")


def test_a_group_is_no_member_of_a_group():
    with pytest.raises(ValueError, match="EU27 among the members of ASEAN is a group"):
        trade.group_total(members_flows(), ["EU27", "FRA"], "ASEAN")


def test_a_published_total_of_the_group_is_not_added_to_the_sum():
    table = pd.concat([members_flows(), flows(("VNM", "EU27", "export", 2020, 10.5))])
    assert one(trade.group_total(table, ["DEU", "FRA"], "EU27"), year=2020)["value"] == 10


def test_members_valued_differently_sum_to_an_unknown_valuation():
    table = flows(("VNM", "DEU", "export", 2020, 7.0), ("VNM", "FRA", "export", 2020, 3.0, {"valuation": "customs"}))
    assert trade.group_total(table, ["DEU", "FRA"], "EU27")["valuation"].tolist() == ["unknown"]


# Growth


def series(*figures, **more):
    rows = [("VNM", "RUS", "turnover", year, value, extra[0] if extra else {}) for year, value, *extra in figures]
    return trade.bilateral(flows(*rows, **more))


def test_growth_is_the_change_on_the_year_before():
    growth = trade.growth(series((2020, 4.0), (2021, 5.0)), "turnover")
    assert growth["value"].tolist()[1] == 0.25
    assert np.isnan(growth["value"][0])


def test_there_is_no_growth_over_a_gap():
    growth = trade.growth(series((2020, 4.0), (2022, 5.0)), "turnover")
    assert growth["value"].isna().all()


def test_growth_from_nothing_or_from_a_deficit_is_undefined():
    assert trade.growth(series((2020, 0.0), (2021, 5.0)), "turnover")["value"].isna().all()
    deficits = trade.bilateral(
        flows(
            *(
                ("VNM", "CHN", flow, year, value)
                for year in (2020, 2021)
                for flow, value in [("export", 1.0), ("import", 3.0)]
            )
        )
    )
    assert trade.growth(deficits, "balance")["value"].isna().all()


def test_a_change_of_source_is_a_break_in_the_series_even_across_a_gap():
    imf, office = {"source": "imf"}, {"source": "office"}
    table = series((2019, 4.0, imf), (2020, 5.0, imf), (2022, 3.0, office), (2023, 3.5, office))
    growth = trade.growth(table, "turnover").set_index("year")
    assert growth["break_in_series"].to_dict() == {2019: False, 2020: False, 2022: True, 2023: False}
    assert growth.loc[2020, "source"] == "imf"


def test_another_partners_source_is_no_break():
    table = flows(
        ("VNM", "CHN", "turnover", 2020, 4.0, {"source": "imf"}),
        ("VNM", "RUS", "turnover", 2021, 5.0, {"source": "office"}),
    )
    assert not trade.growth(trade.bilateral(table), "turnover")["break_in_series"].any()


def test_compound_growth_and_index_tell_that_their_years_come_from_different_sources():
    table = series((2010, 4.0, {"source": "imf"}), (2015, 4.5, {"source": "imf"}), (2020, 5.0))
    assert trade.compound_growth(table, "turnover", 2010, 2020)["break_in_series"].tolist() == [True]
    assert trade.compound_growth(table, "turnover", 2010, 2015)["break_in_series"].tolist() == [False]
    assert trade.index_to(table, "turnover", 2010)["break_in_series"].tolist() == [False, False, True]


def test_growth_over_a_break_names_both_sources_and_the_weaker_status():
    table = series((2020, 4.0, {"source": "imf"}), (2021, 5.0, {"source": "paper", "status": "press"}))
    row = one(trade.growth(table, "turnover"), year=2021)
    assert row[["break_in_series", "source", "status"]].tolist() == [True, "imf; paper", "press"]


def test_growth_of_one_series_never_reads_another():
    table = flows(("VNM", "RUS", "turnover", 2020, 4.0), ("VNM", "USA", "turnover", 2021, 5.0))
    assert trade.growth(trade.bilateral(table), "turnover")["value"].isna().all()


def test_a_part_of_a_year_is_no_base_for_growth():
    table = flows(("VNM", "RUS", "export", 2020, 4.0, {"months": 6}), ("VNM", "RUS", "export", 2021, 5.0))
    assert trade.growth(table, "value")["value"].isna().all()


def test_compound_growth_of_a_doubling_in_ten_years_is_about_seven_per_cent():
    growth = trade.compound_growth(series((2010, 1.0), (2015, 9.0), (2020, 2.0)), "turnover", 2010, 2020).iloc[0]
    assert growth["value"] == pytest.approx(2**0.1 - 1)
    assert growth["value"] == pytest.approx(0.0718, abs=5e-5)


def test_compound_growth_without_one_of_its_ends_is_missing():
    assert trade.compound_growth(series((2010, 1.0)), "turnover", 2010, 2020)["value"].isna().all()


def test_reversed_years_are_refused():
    with pytest.raises(ValueError, match="not from 2020 to 2010"):
        trade.compound_growth(series((2010, 1.0)), "turnover", 2020, 2010)
    with pytest.raises(ValueError, match="not from 2020 to 2010"):
        trade.coverage(flows(*TRADE_WITH_CHINA), years=(2020, 2010))


def test_the_base_year_of_an_index_is_100():
    index = trade.index_to(series((2010, 4.0), (2020, 5.0)), "turnover", 2010)
    assert index["value"].tolist() == [100, 125]
    assert trade.index_to(series((2010, 4.0), (2020, 5.0)), "turnover", 2015)["value"].isna().all()


# Coverage


def test_coverage_shows_who_reported_what_how_firmly_and_what_is_missing():
    table = flows(
        ("VNM", "RUS", "export", 2020, 2.8),
        ("VNM", "RUS", "export", 2020, 2.9, {"source": "imf", "status": "preliminary"}),
        ("VNM", "RUS", "export", 2022, 1.0, {"months": 6, "status": "preliminary"}),
    )
    exports = trade.coverage(table).query("flow == 'export'").set_index("year")
    assert exports["status"].to_dict() == {2020: "final", 2021: "missing", 2022: "preliminary"}
    assert exports["complete"].to_dict() == {2020: True, 2021: False, 2022: False}
    assert exports["months"].to_dict() == {2020: 12, 2021: None, 2022: 6}
    assert exports["sources"].to_dict() == {2020: 2, 2021: 0, 2022: 1}
    assert exports.loc[2020, "source"] == "imf; office"


def test_a_full_year_covers_more_than_a_firmer_part_of_it():
    table = flows(
        ("VNM", "RUS", "export", 2020, 1.0, {"months": 6}),
        ("VNM", "RUS", "export", 2020, 2.9, {"source": "paper", "status": "press"}),
    )
    row = one(trade.coverage(table), flow="export")
    assert row[["status", "months", "complete"]].tolist() == ["press", 12, True]


def test_a_partner_without_a_single_row_is_shown_as_missing():
    shown = trade.coverage(flows(*TRADE_WITH_CHINA), partners=["CHN", "RUS"], years=(2020, 2021))
    russia = shown[shown["partner"] == "RUS"]
    assert len(russia) == 4  # two flows in two years
    assert set(russia["status"]) == {"missing"}


def test_that_nobody_stated_a_total_is_no_gap():
    shown = trade.coverage(flows(*TRADE_WITH_CHINA, ("VNM", "CHN", "turnover", 2021, 140.0)))
    assert shown.loc[shown["flow"] == "turnover", "year"].tolist() == [2021]


def test_the_last_complete_year_is_the_last_in_which_all_partners_have_a_figure():
    table = trade.bilateral(
        flows(
            ("VNM", "RUS", "turnover", 2020, 1.0),
            ("VNM", "CHN", "turnover", 2020, 1.0),
            ("VNM", "CHN", "turnover", 2023, 1.0),
        )
    )
    assert trade.last_complete_year(table, ["RUS", "CHN"]) == 2020
    assert trade.last_year_any(table, ["RUS", "CHN"]) == 2023
    with pytest.raises(ValueError, match=r"RUS to 2020, USA never"):
        trade.last_complete_year(table, ["RUS", "USA"])
    with pytest.raises(ValueError, match="any of USA"):
        trade.last_year_any(table, ["USA"])


def test_where_not_every_partner_needs_a_figure_the_year_with_the_most_is_compared():
    table = trade.bilateral(
        flows(
            ("SUN", "CHN", "turnover", 1989, 1.0),
            ("SUN", "USA", "turnover", 1989, 1.0),
            ("SUN", "CHN", "turnover", 1990, 1.0),
            ("SUN", "USA", "turnover", 1990, 1.0),
            ("SUN", "CHN", "turnover", 1991, 1.0),
        )
    )
    partners = ["CHN", "USA", "JPN"]
    assert trade.comparison_year(table, partners, every=False) == 1990
    assert trade.comparison_year(table, partners, 1991, every=False) == 1991
    with pytest.raises(ValueError, match="JPN never"):
        trade.comparison_year(table, partners)
    with pytest.raises(ValueError, match="any of JPN"):
        trade.comparison_year(table, ["JPN"], every=False)


def test_partners_without_a_figure_from_either_side_are_refused_or_left_out():
    held = flows(("SUN", "CHN", "export", 1990, 1.0), ("USA", "SUN", "import", 1990, 1.0))
    assert trade.partners_held(held, "SUN", ["USA", "CHN"]) == ["USA", "CHN"]
    with pytest.raises(ValueError, match="'JPN' with SUN is held"):
        trade.partners_held(held, "SUN", ["USA", "JPN"])
    with pytest.raises(ValueError, match="trade of 'YUG' is held"):
        trade.partners_held(held, "YUG", ["USA"])
    assert trade.partners_held(held, "SUN", ["JPN", "SUN", "USA", "CHN"], every=False) == ["USA", "CHN"]
    with pytest.raises(ValueError, match="'SUN' with any of JPN, DDR is held"):
        trade.partners_held(held, "SUN", ["JPN", "DDR"], every=False)


def test_the_last_year_of_several_reporters_at_once_is_refused():
    table = trade.bilateral(flows(("VNM", "RUS", "turnover", 2020, 1.0), ("CHN", "RUS", "turnover", 2022, 1.0)))
    with pytest.raises(ValueError, match="CHN, VNM"):
        trade.last_complete_year(table, ["RUS"])
    assert trade.last_complete_year(table, ["RUS"], reporter="VNM") == 2020


# Whatever a table may hold


@settings(few, max_examples=10)
@given(goods_flows(sources=("a", "b"), with_world=True))
def test_measures_run_on_whatever_a_table_may_hold(table):
    chosen = trade.best(table)
    wide = trade.bilateral(chosen)
    for result in (
        trade.share(wide, column="exports"),
        trade.growth(wide, "turnover"),
        trade.concentration(chosen, "import"),
        trade.intensity(chosen),
        trade.coverage(table),
    ):
        assert {"status", "source"} <= set(result.columns)
        figures = result["value"] if "value" in result else result.get("hhi", pd.Series(dtype=float))
        assert not np.isinf(figures).any()
        assert result.loc[figures[figures.notna()].index, "source"].notna().all()
