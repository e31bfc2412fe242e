"""What the committed tables say: coverage, provenance, and figures a reader can look up elsewhere."""

import csv
import hashlib
from collections import defaultdict
from itertools import pairwise, product
from pathlib import Path

import pandas as pd
import pytest
from frictionless import Package
from ruamel.yaml import YAML

DATA = Path(__file__).resolve().parents[2] / "data"
IMF = "imf-dots-2022-05"
ASEAN_SUM = "asean-sum-imf-dots-2022-05"
PARTNERS = ["RUS", "CHN", "USA", "EU27", "JPN", "KOR", "ASEAN", "IND", "AUS", "WLD"]
NSO_PARTNERS = ["CHN", "USA", "EU27", "JPN", "KOR", "ASEAN", "IND", "AUS", "UKR"]
DIRECTIONS = ["export", "import"]
BILLION = 1_000_000_000
SIPRI = "sipri-register-2026-02"
VOTES = "voeten-votes-2019"
#: Material that is not part of the project; what needs it says that it was skipped.
SHARED = DATA.parents[1] / "shared"


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


def other_dates(events: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Event, date and source of every date that another source gives."""
    return [
        (row.id, *part.split("@", 1))
        for row in events[events["also"] != ""].itertuples()
        for part in row.also.split("; ")
    ]


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
    used |= {source for _, _, source in other_dates(table("context/events.csv"))}
    for path in (DATA / "claims").glob("*.yml"):  # a document whose claims are tested is a source of none of the rows
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        used |= {document["source"]} if "source" in document else set()
    assert used <= known
    assert known <= used


def test_a_source_that_was_a_file_carries_its_hash_and_a_page_its_address():
    sources = table("sources.csv").set_index("id")
    for entry in (IMF, "us-census-2023-01", "comtrade-chn-imports", "comtrade-usa-exports"):
        assert len(sources.loc[entry, "sha256"]) == 64
    pages = sources[(sources["sha256"] == "") & (sources.index != "country-codes-house")]
    assert pages["address"].str.startswith("http").all()


def test_a_source_line_names_a_publisher_not_an_address_a_commit_or_a_way_of_reading():
    sources = table("sources.csv")
    for column in ("producer", "publisher"):
        assert not sources[column].str.contains(r"github\.com|commit|https?:|, as .* reports").any(), column
        assert not sources[column].str.match(r"(?:a mirror|after|agency text)\b", case=False).any(), column


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
    assert set(russia["year"]) == {2021, 2022, 2023, 2024}


def test_russias_own_count_of_2022_is_more_than_a_quarter_above_viet_nams(annual):
    rows = annual.query("reporter == 'RUS' and partner == 'VNM' and year == 2022").set_index("flow")["value"]
    assert rows["export"] + rows["import"] == rows["turnover"]
    stated = annual.query("reporter == 'VNM' and partner == 'RUS' and year == 2022 and flow == 'turnover'")["value"]
    assert rows["turnover"] / stated.max() > 1.2
    assert rows["turnover"] / stated.median() > 1.28


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


def test_three_quarters_of_what_north_korea_is_said_to_have_sold_in_2020_went_neither_to_china_nor_to_russia(annual):
    bought = annual[
        (annual["partner"] == "PRK")
        & (annual["flow"] == "import")
        & (annual["year"] == 2020)
        & (annual["source"] == IMF)
        & ~annual["reporter"].isin(["EU27", "ASEAN"])
    ].set_index("reporter")["value"]
    world = bought.pop("WLD")
    others = bought.drop(["CHN", "RUS"])
    assert others.sum() / world == pytest.approx(0.783, abs=0.001)
    assert bought["CHN"] / world == pytest.approx(0.213, abs=0.001)
    assert len(others) == 120
    assert others.sort_values().index[::-1][:5].tolist() == ["MMR", "SRB", "SUR", "ETH", "DOM"]


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


# ---------------------------------------------------------------------------------------------------- events


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return table("context/events.csv")


def test_events_are_in_order_and_concern_known_countries(events):
    known = set(table("trade/countries.csv")["code"])
    assert list(events["date"]) == sorted(events["date"])
    assert (events["label"].str.len() <= 28).all()
    assert {code for cell in events["countries"] for code in cell.split(";")} <= known
    periods = events[events["until"] != ""]
    assert (periods["until"] >= periods["date"]).all()
    assert events["description"].str.endswith(".").all()


def test_the_events_that_reports_mark_keep_their_names(events):
    assert {
        *("putin-pyongyang-2000", "vnm-usa-trade-agreement", "vnm-wto", "vnm-rus-partnership", "vnm-eaeu-fta"),
        *("unsc-2321", "unsc-2371", "unsc-2375", "unsc-2397", "prk-border-closed", "vnm-eu-fta", "ukraine-invasion"),
        *("vnm-usa-partnership", "putin-kim-vostochny", "xi-hanoi", "rus-prk-treaty-signed", "putin-hanoi-2024"),
        "rus-prk-treaty-in-force",
    } <= set(events["id"])


def test_a_visit_says_who_went_where_and_only_a_visit_has_a_host(events):
    visits = events["kind"] == "visit"
    assert (events.loc[visits, ["person", "host"]] != "").all(axis=None)
    assert (events.loc[~visits, "host"] == "").all()
    assert all(row.host in row.countries.split(";") for row in events[visits].itertuples())


def test_putin_went_to_viet_nam_five_times_and_to_north_korea_twice_in_24_years(events):
    journeys = events[(events["kind"] == "visit") & (events["person"] == "Putin")]
    when = journeys.groupby("host")["date"].agg(lambda dates: [date[:4] for date in dates])
    assert when["VNM"] == ["2001", "2006", "2013", "2017", "2024"]
    assert when["PRK"] == ["2000", "2024"]


def test_the_treaty_of_2024_was_signed_ratified_on_both_sides_and_then_in_force(events):
    date = events.set_index("id")["date"]
    steps = ["rus-prk-treaty-signed", "putin-submits-treaty", "duma-ratifies-treaty", "federation-council-treaty"]
    steps += ["putin-ratifies-treaty", "kim-ratifies-treaty", "rus-prk-treaty-in-force"]
    assert list(date[steps]) == sorted(set(date[steps]))
    assert date["rus-prk-treaty-2000-ends"] == date["rus-prk-treaty-in-force"]


def test_what_was_said_around_the_visits_of_2024_is_on_file_with_its_day(events):
    said = events[events["kind"] == "statement"].set_index("id")["date"]
    assert said["kim-invites-putin-2023"] == events.set_index("id").loc["putin-kim-vostochny", "date"]
    assert said["kim-support-2024"] == said["putin-un-sanctions-2024"] == "2024-06-19"
    assert said["to-lam-alliances-2024"] == said["putin-blocs-2024"] == "2024-06-20"


def test_a_date_that_another_source_gives_differs_and_names_a_source_that_is_known(events):
    known, given = set(table("sources.csv")["id"]), events.set_index("id")["date"]
    for event, date, source in other_dates(events):
        assert source in known
        assert date != given[event]
    assert ("putin-pyongyang-2024", "2024-06-18", "tass-putin-pyongyang-2024") in other_dates(events)


# ---------------------------------------------------------------------------------------------------- votes


@pytest.fixture(scope="module")
def resolutions() -> pd.DataFrame:
    return table("context/un_resolutions.csv")


@pytest.fixture(scope="module")
def votes() -> pd.DataFrame:
    return table("context/un_votes.csv")


def test_every_vote_is_on_a_resolution_with_a_tally(resolutions, votes):
    counted = resolutions[resolutions["yes"] != ""]
    assert set(votes["resolution"]) <= set(counted["resolution"])


def test_no_tally_exceeds_the_members_of_its_body(resolutions):
    tally = resolutions[["yes", "no", "abstain", "absent"]].apply(pd.to_numeric)
    cast = tally.sum(axis=1)
    assert (cast[resolutions["body"] == "GA"] <= 193).all()
    assert (cast[resolutions["body"] == "SC"] == 15).all()
    whole = tally.notna().all(axis=1) & (resolutions["body"] == "GA")
    assert set(cast[whole]) == {193}
    assert whole.sum() >= 6


def test_the_countries_that_are_listed_are_no_more_than_the_tally_counts(resolutions, votes):
    listed = votes.groupby(["resolution", "source", "vote"]).size()
    tallies = resolutions.set_index(["resolution", "source"])
    for (resolution, source, vote), count in listed.items():
        if (resolution, source) in tallies.index and tallies.loc[(resolution, source), vote] != "":
            assert count <= int(tallies.loc[(resolution, source), vote]), (resolution, source, vote)


def test_sources_differ_on_tallies_but_on_no_vote_of_a_country(resolutions, votes):
    assert (votes.groupby(["resolution", "country"])["vote"].nunique() == 1).all()
    against = resolutions[resolutions["no"] != ""].groupby("resolution")["no"].nunique()
    assert set(against[against > 1].index) == {"A/RES/71/205", "A/RES/74/17", "A/RES/ES-11/5"}


def test_a_resolution_has_one_day_one_topic_and_one_subject(resolutions):
    assert (resolutions.groupby("resolution")[["body", "date", "topic", "subject"]].nunique() == 1).all(axis=None)


def test_viet_nam_abstained_throughout_but_voted_against_suspending_russia_from_the_human_rights_council(
    resolutions, votes
):
    on_ukraine = set(resolutions.loc[resolutions["topic"] == "ukraine", "resolution"])
    cast = votes[(votes["country"] == "VNM") & votes["resolution"].isin(on_ukraine)]
    cast = cast.groupby("resolution")["vote"].first()
    assert dict(cast[cast != "abstain"]) == {"A/RES/ES-11/3": "no"}
    assert {f"A/RES/ES-11/{number}" for number in range(1, 9)} <= set(cast.index)


def test_a_text_that_only_names_the_aggression_is_kept_apart_and_viet_nam_is_reported_to_have_backed_one(
    resolutions, votes
):
    mentioned = resolutions[resolutions["topic"] == "ukraine-mentioned"]
    assert set(mentioned["resolution"]) == {"A/RES/77/284", "A/79/L.75"}
    cast = votes[votes["resolution"] == "A/RES/77/284"].groupby("country")["vote"].first()
    assert dict(cast) == {"CHN": "yes", "IND": "yes", "PRK": "no", "RUS": "no", "VNM": "yes"}
    against = mentioned[(mentioned["resolution"] == "A/RES/77/284") & (mentioned["no"] != "")]["no"]
    assert set(against) == {"5"}


def test_the_yearly_vote_on_rights_in_crimea_is_held_for_every_december_from_2016_to_2025(resolutions):
    rights = resolutions["subject"].str.startswith("Human rights in")
    assert set(resolutions.loc[rights, "date"].str[:4]) == {str(year) for year in range(2016, 2026)}


def test_north_korea_votes_with_russia_wherever_both_are_seen(votes):
    cast = votes.groupby(["resolution", "country"])["vote"].first().unstack()
    both = cast[["PRK", "RUS"]].dropna()
    assert len(both) >= 20
    assert (both == "no").all(axis=None)


def test_russia_voted_for_the_sanctions_of_2013_to_2017_and_against_more_of_them_and_their_watchers_since(
    resolutions, votes
):
    sanctions = resolutions[resolutions["topic"] == "north-korea-sanctions"].groupby("resolution")["date"].first()
    cast = votes[votes["country"] == "RUS"].groupby("resolution")["vote"].first()
    imposed = [resolution for resolution, date in sanctions.items() if date < "2018"]
    assert imposed == [f"S/RES/{number}" for number in (2087, 2094, 2270, 2321, 2356, 2371, 2375, 2397)]
    assert (cast[imposed] == "yes").all()
    assert dict(cast[["SC 2022-05-26", "SC 2024-03-28"]]) == {"SC 2022-05-26": "no", "SC 2024-03-28": "no"}


def test_the_voting_data_has_no_absences_because_a_missing_record_is_not_one(votes):
    assert set(votes.loc[votes["source"] == VOTES, "vote"]) == {"yes", "no", "abstain"}
    south_korea = votes[(votes["source"] == VOTES) & (votes["country"] == "KOR")]
    assert "A/RES/71/205" not in set(south_korea["resolution"])


@pytest.mark.skipif(not (SHARED / "votes").is_dir(), reason="the roll calls are not part of the project")
def test_the_votes_to_2019_are_those_of_the_roll_calls(votes):
    codes = {"CN": "CHN", "IN": "IND", "JP": "JPN", "KP": "PRK", "KR": "KOR"}
    codes |= {"PL": "POL", "RU": "RUS", "UA": "UKR", "US": "USA", "VN": "VNM"}
    calls = pd.read_csv(SHARED / "votes" / "unga_roll_calls_1990_2019.csv")
    calls["resolution"] = calls["unres"].str.replace(r"^R/", "A/RES/", regex=True)
    calls["country"] = calls["country_code"].map(codes)
    ours = votes[(votes["source"] == VOTES) & votes["country"].isin(codes.values())]
    theirs = calls[calls["resolution"].isin(ours["resolution"])]
    columns = ["resolution", "country", "vote"]
    assert set(map(tuple, ours[columns].values)) == set(map(tuple, theirs[columns].values))


# ---------------------------------------------------------------------------------------------------- arms


@pytest.fixture(scope="module")
def deliveries() -> pd.DataFrame:
    return table("context/arms_deliveries.csv")


@pytest.mark.parametrize(
    ("supplier", "recipient", "published"),
    [
        (
            *("RUS", "VNM"),
            {2011: 979.4, 2012: 761.6, 2013: 311.4, 2014: 1070.2, 2015: 751.0, 2016: 718.6, 2017: 465.0}
            | {2018: 333.0, 2019: 138.0, 2020: 10.0, 2021: 73.0, 2022: 73.0, 2023: 10.0},
        ),
        ("PRK", "RUS", {2023: 12.5, 2024: 242.5}),
    ],
)
def test_yearly_sums_of_the_register_are_those_read_in_sipris_table(deliveries, supplier, recipient, published):
    pair = deliveries[(deliveries["supplier"] == supplier) & (deliveries["recipient"] == recipient)]
    ours = pair.set_index("year")["tiv"]
    for year, value in published.items():
        assert ours[year] == pytest.approx(value, abs=0.0501), year


def test_russia_delivered_four_fifths_of_viet_nams_arms_from_1995_to_2023_and_nothing_in_2024(deliveries):
    to_viet_nam = deliveries[deliveries["recipient"] == "VNM"]
    span = to_viet_nam[to_viet_nam["year"].between(1995, 2023)]
    share = span.loc[span["supplier"] == "RUS", "tiv"].sum() / span["tiv"].sum()
    assert share == pytest.approx(0.815, abs=0.001)
    assert 2024 not in set(to_viet_nam.loc[to_viet_nam["supplier"] == "RUS", "year"])


def test_arms_go_to_or_come_from_viet_nam_or_north_korea_and_end_in_2024(deliveries):
    orders = table("context/arms_orders.csv")
    for rows in (deliveries, orders):
        assert (rows["supplier"].isin(["VNM", "PRK"]) | rows["recipient"].isin(["VNM", "PRK"])).all()
        assert (rows["estimated"] <= rows["deals"]).all()
    assert (deliveries["year"].min(), deliveries["year"].max()) == (1995, 2024)
    assert orders["year"].max() <= 2024


def test_one_order_of_2023_and_none_of_2022_is_known_for_viet_nam():
    orders = table("context/arms_orders.csv")
    placed = orders[orders["recipient"] == "VNM"].groupby("year")["deals"].sum()
    assert placed[2023] == 1
    assert 2022 not in placed.index


@pytest.mark.skipif(not (SHARED / "arms").is_dir(), reason="the SIPRI register is not part of the project")
def test_the_sums_are_made_from_the_register_whose_hash_is_recorded(deliveries):
    file = SHARED / "arms" / "sipri_trade_register_1995_2024.csv"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == table("sources.csv").set_index("id").loc[SIPRI, "sha256"]
    codes = {name: code for code, name in table("trade/countries.csv").set_index("code")["name"].items()}
    lines = file.read_text(encoding="utf-8").splitlines()[11:]
    sums: dict[tuple[str, str, int], float] = defaultdict(float)
    for row in csv.DictReader(line.removesuffix(";") for line in lines):
        pair = codes.get(row["Supplier"]), codes.get(row["Recipient"])
        if None not in pair and {"VNM", "PRK"} & set(pair):
            sums[(*pair, int(row["Delivery year"]))] += float(row["TIV delivery values"])
    ours = deliveries.set_index(["supplier", "recipient", "year"])["tiv"]
    assert set(ours.index) == set(sums)
    assert all(ours[key] == pytest.approx(value) for key, value in sums.items())


# ---------------------------------------------------------------------------------------------------- statements


@pytest.fixture(scope="module")
def statements() -> pd.DataFrame:
    return table("context/statements.csv")


def test_a_topic_is_stated_in_one_unit(statements):
    assert (statements.groupby("topic")["unit"].nunique() == 1).all()
    money = statements["topic"].str.startswith("investment-")
    assert set(statements.loc[money, "unit"]) == {"USD"}
    assert set(statements.loc[statements["topic"].str.startswith("projects-"), "unit"]) == {"count"}


def test_the_two_documents_whose_claims_are_tested_are_nobodys_source(statements, events, resolutions, votes):
    for rows in (statements, events, resolutions, votes):
        assert not set(rows["source"]) & {"pism-2024-06", "back-in-the-ussr-2024-06"}


def test_russia_had_186_projects_of_985_million_dollars_in_viet_nam_before_the_visit(statements):
    april = statements[statements["date"] == "2024-04"].set_index("topic")["value"]
    assert april["projects-rus-in-vnm"] == 186
    assert april["investment-rus-in-vnm"] == 985_000_000


def test_no_single_investor_has_more_than_all_of_them_in_the_same_year(statements):
    stocks = statements[statements["topic"].str.match(r"investment-[a-z]+-in-vnm")].copy()
    stocks["year"] = stocks["date"].str[:4]
    total = stocks[stocks["topic"] == "investment-wld-in-vnm"].groupby("year")["value"].max()
    single = stocks[stocks["topic"] != "investment-wld-in-vnm"].groupby("year")["value"].max()
    assert (single[total.index] < total).all()


def test_officials_differ_on_the_containers_in_the_same_week(statements):
    week = statements[(statements["topic"] == "containers-prk-to-rus") & statements["date"].str.startswith("2024-02")]
    assert sorted(week["value"]) == [6700, 10000]
