"""What the committed tables say of trade: coverage, provenance, and figures a reader can look up elsewhere."""

from itertools import pairwise, product
from pathlib import Path

import pandas as pd
import pytest
from frictionless import Package

DATA = Path(__file__).resolve().parents[2] / "data"
IMF = "imf-dots-2022-05"
ASEAN_SUM = "asean-sum-imf-dots-2022-05"
PARTNERS = ["RUS", "CHN", "USA", "EU27", "JPN", "KOR", "ASEAN", "IND", "AUS", "WLD"]
NSO_PARTNERS = ["CHN", "USA", "EU27", "JPN", "KOR", "ASEAN", "IND", "AUS", "UKR"]
DIRECTIONS = ["export", "import"]
BILLION = 1_000_000_000


def table(path: str) -> pd.DataFrame:
    return pd.read_csv(DATA / path, keep_default_na=False)


@pytest.fixture(scope="module")
def flows() -> pd.DataFrame:
    return table("trade/goods_flows.csv")


@pytest.fixture(scope="module")
def annual(flows: pd.DataFrame) -> pd.DataFrame:
    return flows[flows["months"] == 12]


def value(flows: pd.DataFrame, reporter: str, flow: str, partner: str, year: int, source: str) -> float:
    row = flows[
        (flows["reporter"] == reporter)
        & (flows["partner"] == partner)
        & (flows["flow"] == flow)
        & (flows["year"] == year)
        & (flows["months"] == 12)
        & (flows["source"] == source)
    ]
    assert len(row) == 1, f"{reporter} {flow} {partner} {year} in {source}: {len(row)} rows"
    return float(row["value"].iloc[0])


def years(flows: pd.DataFrame, reporter: str, partner: str, flow: str) -> set[int]:
    rows = flows[(flows["reporter"] == reporter) & (flows["partner"] == partner) & (flows["flow"] == flow)]
    return set(rows["year"])


# ---------------------------------------------------------------------------------------------------- the package


def test_the_data_package_is_valid_with_its_keys_and_references():
    report = Package(str(DATA / "datapackage.yaml")).validate()
    errors = report.flatten(["name", "rowNumber", "fieldName", "message"])
    assert report.valid, errors[:5]


def test_every_table_in_the_folder_is_declared():
    declared = {resource.path for resource in Package(str(DATA / "datapackage.yaml")).resources}
    found = {path.relative_to(DATA).as_posix() for path in DATA.glob("*.csv")} | {
        path.relative_to(DATA).as_posix() for folder in ("trade", "context") for path in (DATA / folder).glob("*.csv")
    }
    assert found <= declared


def test_tables_are_sorted_by_their_key_and_end_their_lines_the_same_way(flows):
    key = ["reporter", "partner", "flow", "year", "months", "source"]
    assert flows[key].equals(flows[key].sort_values(key).reset_index(drop=True))
    for path in DATA.rglob("*.csv"):
        if "cache" not in path.relative_to(DATA).parts:
            raw = path.read_bytes()
            assert b"\r" not in raw, path.name
            assert raw.endswith(b"\n"), path.name


def test_every_source_entry_stands_behind_a_row_and_every_row_behind_an_entry():
    known = set(table("sources.csv")["id"])
    used: set[str] = set()
    for path in (*(DATA / "trade").glob("*.csv"), *(DATA / "context").glob("*.csv")):
        used |= set(table(path.relative_to(DATA).as_posix())["source"])
    assert used <= known
    assert known <= used


def test_a_source_that_was_a_file_carries_its_hash_and_a_page_its_address():
    sources = table("sources.csv").set_index("id")
    for entry in (IMF, "us-census-2023-01", "comtrade-chn-imports", "comtrade-usa-exports"):
        assert len(sources.loc[entry, "sha256"]) == 64
    pages = sources[(sources["sha256"] == "") & (sources.index != "country-codes-house")]
    assert pages["address"].str.startswith("http").all()


# ---------------------------------------------------------------------------------------------------- honesty


def test_north_korea_never_reports(flows):
    assert "PRK" not in set(flows["reporter"])


def test_no_flow_stands_twice_in_one_source(flows):
    assert not flows.duplicated(["reporter", "partner", "flow", "year", "months", "source"]).any()


def test_a_zero_is_a_stated_zero_and_only_the_census_bureau_states_any(flows):
    zeros = flows[flows["value"] == 0]
    assert set(zeros["source"]) == {"us-census-2023-01"}
    assert set(zeros["partner"]) == {"PRK"}
    assert zeros["note"].str.contains("stated zero").all()


def test_a_part_of_a_year_says_which_part(flows):
    partial = flows[flows["months"] < 12]
    assert (partial["note"].str.startswith("January")).all()
    assert set(partial["status"]) <= {"preliminary", "press", "final"}
    assert set(partial.loc[partial["status"] == "final", "source"]) == {"us-census-2023-01"}


def test_what_is_known_from_the_press_alone_is_marked(flows):
    sources = table("sources.csv").set_index("id")["kind"]
    from_press = flows["source"].map(sources) == "press"
    assert not (flows.loc[from_press, "status"] == "final").any()


def test_turnover_is_only_ever_stated_never_made_of_final_statistics(flows):
    turnover = flows[flows["flow"] == "turnover"]
    assert not set(turnover["source"]) & {IMF, ASEAN_SUM, "us-census-2023-01"}
    assert not turnover["source"].str.startswith(("comtrade", "nso")).any()


# ---------------------------------------------------------------------------------------------------- coverage


def test_viet_nam_reports_trade_with_every_named_partner_from_2000_to_2020(annual):
    for partner, flow in product(PARTNERS, DIRECTIONS):
        assert set(range(2000, 2021)) <= years(annual, "VNM", partner, flow), f"{flow} {partner}"


def test_every_named_partner_reports_trade_with_viet_nam_from_2000_to_2020_but_australia_in_2020(annual):
    missing = {
        (partner, flow, year)
        for partner, flow in product(PARTNERS, DIRECTIONS)
        for year in set(range(2000, 2021)) - years(annual, partner, "VNM", flow)
    }
    assert missing == {("AUS", "export", 2020), ("AUS", "import", 2020)}


def test_viet_nams_statistics_office_gives_nine_partners_from_2022_to_2024(annual):
    office = annual[annual["source"].str.startswith("nso-")]
    for partner, flow in product(NSO_PARTNERS, DIRECTIONS):
        assert years(office, "VNM", partner, flow) == {2022, 2023, 2024}, f"{flow} {partner}"


def test_trade_with_russia_after_2020_is_stated_turnover_from_the_press(annual):
    russia = annual[(annual["reporter"] == "VNM") & (annual["partner"] == "RUS") & (annual["year"] > 2020)]
    assert set(russia["flow"]) == {"turnover"}
    assert set(russia["status"]) == {"press"}
    assert set(russia["year"]) == {2021, 2022, 2024}


def test_china_and_russia_report_trade_with_north_korea_from_2000_to_2020_and_turnover_after(annual):
    for reporter, flow in product(["CHN", "RUS"], DIRECTIONS):
        assert set(range(2000, 2021)) <= years(annual, reporter, "PRK", flow)
    assert years(annual, "CHN", "PRK", "turnover") >= set(range(2019, 2026))
    assert years(annual, "RUS", "PRK", "turnover") == {2023, 2024}


def test_totals_with_the_world_are_there_to_divide_by(annual):
    for reporter, flow in product([*PARTNERS, "VNM"], DIRECTIONS):
        assert set(range(2000, 2021)) <= years(annual, reporter, "WLD", flow), reporter


# ---------------------------------------------------------------------------------------------------- plausibility


def test_viet_nams_partners_add_up_to_its_total_with_the_world(annual):
    groups = set(table("trade/countries.csv").query("kind != 'country'")["code"])
    rows = annual[(annual["reporter"] == "VNM") & (annual["source"] == IMF)]
    countries = rows[~rows["partner"].isin(groups)].groupby(["flow", "year"])["value"].sum()
    world = rows[rows["partner"] == "WLD"].set_index(["flow", "year"])["value"]
    covered = countries / world
    assert covered.max() < 1.0001
    assert covered.min() > 0.92, "2015 to 2017 imports under 'Asia not specified' are the largest gap"
    assert (covered[covered.index.get_level_values("year") >= 2018] > 0.9999).all()


@pytest.mark.parametrize(
    ("fixed", "country", "varies"), [("reporter", "VNM", "partner"), ("partner", "PRK", "reporter")]
)
def test_the_eu_row_is_the_sum_of_todays_members(annual, fixed, country, varies):
    groups = table("trade/country_groups.csv")
    members = set(groups.loc[groups["group"] == "EU27", "member"])
    assert len(members) == 27
    assert "GBR" not in members
    rows = annual[(annual[fixed] == country) & (annual["source"] == IMF)]
    total = rows[rows[varies].isin(members)].groupby(["flow", "year"])["value"].sum()
    union = rows[rows[varies] == "EU27"].set_index(["flow", "year"])["value"]
    assert (total / union - 1).abs().max() < 0.001


def test_asean_is_the_sum_of_the_members_that_have_rows_and_names_those_that_have_none(annual):
    groups = table("trade/country_groups.csv")
    names = table("trade/countries.csv").set_index("code")["name"]
    members = set(groups.loc[(groups["group"] == "ASEAN") & (groups["since"] < "2020"), "member"]) - {"VNM"}
    assert len(members) == 9
    imf = annual[annual["source"] == IMF]
    for row in annual[(annual["source"] == ASEAN_SUM) & (annual["partner"] != "WLD")].itertuples():
        side, other = ("partner", "reporter") if row.reporter == "VNM" else ("reporter", "partner")
        parts = imf[
            (imf[side].isin(members)) & (imf[other] == "VNM") & (imf["flow"] == row.flow) & (imf["year"] == row.year)
        ]
        assert parts["value"].sum() == row.value
        absent = members - set(parts[side])
        named = {code for code in members if names[code] in row.note}
        assert named == absent, f"{row.reporter} {row.partner} {row.flow} {row.year}: {row.note}"


def test_the_world_report_on_north_korea_is_little_more_than_the_sum_of_its_reporters(annual):
    rows = annual[(annual["partner"] == "PRK") & (annual["source"] == IMF)]
    reporters = rows[~rows["reporter"].isin(["WLD", "EU27"])].groupby(["flow", "year"])["value"].sum()
    world = rows[rows["reporter"] == "WLD"].set_index(["flow", "year"])["value"]
    assert (world / reporters).between(0.9999, 1.013).all()


def test_no_series_changes_by_the_factor_of_a_slipped_unit(annual):
    slips = []
    for key, series in annual[annual["value"] > 0].groupby(["reporter", "partner", "flow", "source"]):
        ordered = series.sort_values("year")
        for before, after in pairwise(ordered.itertuples()):
            small, large = sorted((before, after), key=lambda row: row.value)
            large_enough = large.value >= 0.1 * BILLION
            marked = large.note.startswith("Jump")
            if after.year - before.year == 1 and large_enough and large.value / small.value > 300 and not marked:
                slips.append((*key, before.year, after.year))
    assert slips == []


def test_two_full_year_sources_never_differ_by_more_than_the_known_conflicts(annual):
    sizeable = annual[(annual["value"] > 0.01 * BILLION)]
    spread = sizeable.groupby(["reporter", "partner", "flow", "year"])["value"].agg(["min", "max"])
    wide = spread[spread["max"] / spread["min"] > 1.09]
    assert wide.empty, wide


def test_stated_turnover_of_a_year_fits_the_two_directions_of_the_same_reporter(annual):
    both = annual[annual["flow"].isin(DIRECTIONS)].groupby(["reporter", "partner", "year", "flow"])["value"].median()
    sums = both.unstack("flow").dropna().sum(axis=1)
    stated = annual[annual["flow"] == "turnover"].groupby(["reporter", "partner", "year"])["value"].median()
    common = pd.concat([sums, stated], axis=1, join="inner", keys=["sum", "stated"])
    assert len(common) >= 6
    assert (common["stated"] / common["sum"] - 1).abs().max() < 0.02


# ---------------------------------------------------------------------------------------------------- spot checks


def test_china_reports_buying_61_per_cent_more_than_viet_nam_reports_selling_in_2020(flows):
    sold = value(flows, "VNM", "export", "CHN", 2020, IMF)
    bought = value(flows, "CHN", "import", "VNM", 2020, IMF)
    assert (round(sold / 1e6), round(bought / 1e6)) == (49_095, 78_844)
    assert bought / sold == pytest.approx(1.61, abs=0.005)


def test_russia_reports_buying_42_per_cent_more_than_viet_nam_reports_selling_in_2020(flows):
    ratio = value(flows, "RUS", "import", "VNM", 2020, IMF) / value(flows, "VNM", "export", "RUS", 2020, IMF)
    assert ratio == pytest.approx(1.42, abs=0.005)


def test_exports_to_japan_in_2023_are_those_of_the_statistics_office_not_of_the_rejected_table(annual):
    rows = annual.query("reporter == 'VNM' and partner == 'JPN' and flow == 'export' and year == 2023")
    assert rows["value"].tolist() == [23_314_621_560]


def test_trade_with_the_eu_in_2022_is_62_billion_not_the_76_of_all_europe(flows):
    exports = value(flows, "VNM", "export", "EU27", 2022, "nso-e04-2022-2024")
    imports = value(flows, "VNM", "import", "EU27", 2022, "nso-e05-2022-2024")
    assert (exports + imports) / BILLION == pytest.approx(62.2, abs=0.1)


def test_the_united_states_bought_127_and_a_half_billion_from_viet_nam_in_2022(flows):
    assert value(flows, "USA", "import", "VNM", 2022, "us-census-2023-01") / BILLION == pytest.approx(127.52, abs=0.01)


def test_american_imports_in_the_imf_table_are_customs_value_from_2011_on_and_cif_before(flows):
    for partner in ("VNM", "WLD"):
        for year in range(2000, 2021):
            imf = value(flows, "USA", "import", partner, year, IMF)
            census = value(flows, "USA", "import", partner, year, "us-census-2023-01")
            row = flows.query("reporter == 'USA' and partner == @partner and flow == 'import' and year == @year")
            valuation = row.loc[row["source"] == IMF, "valuation"].item()
            if year >= 2011:
                assert valuation == "customs"
                assert imf / census == pytest.approx(1, abs=0.005)
            else:
                assert valuation == "CIF"
                assert imf / census > 1.015


def test_january_2023_of_the_census_table_does_not_pass_for_a_year(flows):
    january = flows.query("source == 'us-census-2023-01' and year == 2023")
    assert set(january["months"]) == {1}


def test_conflicting_counts_of_trade_with_russia_are_kept_side_by_side(annual):
    stated = annual.query("reporter == 'VNM' and partner == 'RUS' and year == 2022 and flow == 'turnover'")
    assert sorted(stated["value"] / BILLION) == [3.5, 3.55, 3.75]


# ---------------------------------------------------------------------------------------------------- the small tables


def test_the_euro_was_worth_least_in_2001_and_most_in_2008():
    rates = table("trade/exchange_rates.csv").set_index("year")["per_usd"]
    assert set(rates.index) == set(range(2000, 2025))
    assert (rates.idxmax(), rates.idxmin()) == (2001, 2008)


def test_american_prices_rose_every_year_but_2009():
    prices = table("trade/price_indices.csv").set_index("year")["value"]
    assert set(prices.index) == set(range(2000, 2025))
    falls = prices.diff()
    assert list(falls[falls < 0].index) == [2009]


def test_gdp_per_head_is_gdp_over_population():
    economies = table("trade/economies.csv")
    solid = economies[economies["status"] != "press"].pivot_table(
        index=["country", "year"], columns="measure", values="value"
    )
    solid = solid.dropna()
    assert len(solid) == 9
    assert (solid["gdp"] / solid["population"] - solid["gdp_per_head"]).abs().max() < 0.1


def test_asean_had_ten_members_throughout_the_table_and_eleven_since_october_2025():
    asean = table("trade/country_groups.csv").query("group == 'ASEAN'").set_index("member")["since"]
    assert (asean < "2000-01-01").sum() == 10
    assert asean["TLS"] == "2025-10-26"


def test_names_are_short_and_stand_for_one_code_each():
    names = table("trade/countries.csv").set_index("code")["name"]
    assert names.is_unique
    assert names["VNM"] == "Viet Nam"
    assert names["PRK"] == "North Korea"
    assert not names.str.contains(",").any()


def test_events_are_in_order_and_concern_known_countries():
    events = table("context/events.csv")
    known = set(table("trade/countries.csv")["code"])
    assert list(events["date"]) == sorted(events["date"])
    assert (events["label"].str.len() <= 28).all()
    assert {code for cell in events["countries"] for code in cell.split(";")} <= known
    periods = events[events["until"] != ""]
    assert (periods["until"] >= periods["date"]).all()
    assert events["description"].str.endswith(".").all()
