"""Files downloaded by hand. Every figure here is made up, but for those compared with the shipped tables."""

from __future__ import annotations

import csv
import hashlib
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from legation import data
from legation.data import baci, contracts, importing, nso_vietnam, vintages
from legation.data.codes import present_codes, publisher_codes
from legation.data.feeds import bring_in
from legation.data.importing import read, recognise
from legation.data.plausibility import refused as refusals
from legation.data.vintages import Unkept
from legation.errors import InputError

SHARED = Path(__file__).resolve().parents[3] / "shared"


def rows_of(taken) -> pd.DataFrame:
    return pd.read_parquet(taken.rows) if isinstance(taken.rows, Path) else taken.rows


def keeps_its_contract(taken) -> bool:
    rows = rows_of(taken).assign(source="a-source").astype(object)
    text = rows.where(rows.notna(), None).map(lambda cell: None if cell is None else str(cell))
    contracts.check(text[list(contracts.TABLES[taken.table].columns)], taken.table, where="taken")
    return set(taken.source) == {"producer", "title", "publisher", "address", "licence", "vintage", "kind", "note"}


def values(taken, *columns) -> list[tuple]:
    return list(rows_of(taken)[list(columns)].itertuples(index=False, name=None))


def refused(path, *words, **wanted) -> str:
    with pytest.raises(InputError) as error:
        read(path, **wanted)
    said = str(error.value)
    assert said.endswith(".")
    for word in words:
        assert word in said
    return said


# ---------------------------------------------------------------------------------------------------- codes


def test_publishers_numbers_and_names_stand_for_the_codes_here():
    comtrade = publisher_codes("comtrade")
    own = {"842": "USA", "699": "IND", "757": "CHE", "579": "NOR", "251": "FRA", "97": "EU27", "490": "TWN", "0": "WLD"}
    assert {code: comtrade[code] for code in own} == own
    assert (publisher_codes("imf")["G001"], publisher_codes("imf")["KOS"], publisher_codes("imf")["WBG"]) == (
        "WLD",
        "XKX",
        "PSE",
    )
    assert (publisher_codes("eurostat")["EL"], publisher_codes("eurostat")["UK"]) == ("GRC", "GBR")
    assert publisher_codes("dots")["China, P.R.: Mainland"] == "CHN"
    assert publisher_codes("iso-alpha-2")["NA"] == "NAM"  # not a missing value
    with pytest.raises(InputError, match="did you mean 'comtrade'"):
        publisher_codes("comtrad")


def test_a_country_has_one_present_code_at_each_publisher_besides_those_of_former_states():
    assert present_codes("comtrade")["IND"] == "699"
    assert publisher_codes("comtrade")["356"] == "IND"
    assert "SUN" not in present_codes("comtrade")
    table = data.open("publisher_codes")
    present = table[table["until"].isna() & (table["publisher"] != "census")]  # it counts Gaza and the West Bank apart
    assert not present.duplicated(["publisher", "code"]).any()


# ---------------------------------------------------------------------------------------------------- the IMF


DOTS = [
    ("Vietnam", "China, P.R.: Mainland", "X", 2010, 1.5),
    ("Vietnam", "China, P.R.: Mainland", "M", 2010, 2.000001),
    ("Vietnam", "World", "X", 2010, 200.89836785),
    ("Vietnam", "USSR", "X", 1980, 0.25),
    ("Vietnam", "Belgium-Luxembourg", "X", 1980, 0.0),
    ("Vietnam", "Advanced Economies", "X", 2010, 9.0),
    ("Vietnam", "Japan", "X", 2010, None),
    ("Korea, Dem. People's Rep. of", "Vietnam", "X", 2010, 1.06),
    ("Euro Area", "Vietnam", "X", 2010, 7.0),
    ("Malaysia", "Vietnam", "X", 1962, -0.9),
    ("United States", "Vietnam", "M", 2010, 3.0),
    ("United States", "Vietnam", "M", 2011, 4.0),
]


def dots(path: Path, rows=DOTS, columns=("reporter", "partner", "flow", "year", "value")) -> Path:
    table = pd.DataFrame(rows, columns=list(columns))
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["dots.parquet", "dots.csv"])
def test_a_table_of_direction_of_trade_becomes_flows_in_whole_dollars(tmp_path, name):
    taken = read(dots(tmp_path / name), vintage="2022-05")
    assert keeps_its_contract(taken)
    assert sorted(values(taken, "reporter", "partner", "flow", "year", "value", "valuation")) == [
        ("USA", "VNM", "import", 2010, 3_000_000, "CIF"),
        ("USA", "VNM", "import", 2011, 4_000_000, "customs"),
        ("VNM", "BLX", "export", 1980, 0, "FOB"),
        ("VNM", "CHN", "export", 2010, 1_500_000, "FOB"),
        ("VNM", "CHN", "import", 2010, 2_000_001, "CIF"),
        ("VNM", "SUN", "export", 1980, 250_000, "FOB"),
        ("VNM", "WLD", "export", 2010, 200_898_368, "FOB"),
    ]
    assert taken.source["vintage"] == "2022-05"


def test_what_is_left_out_of_direction_of_trade_is_counted_with_the_reason(tmp_path):
    note = read(dots(tmp_path / "a.parquet")).source["note"]
    assert "1 row without a value left out" in note
    assert "1 row with North Korea as reporter left out: it reports nothing" in note
    assert "1 row left out whose reporter is a group or remainder of the IMF's own: Euro Area." in note
    assert "1 row left out whose partner is a group or remainder of the IMF's own: Advanced Economies." in note
    assert "1 row below zero left out" in note


def test_only_rows_that_touch_the_wanted_countries_are_taken(tmp_path):
    taken = read(dots(tmp_path / "a.parquet"), about=["CHN"])
    assert set(taken.rows["partner"]) == {"CHN"}
    assert "left out" not in taken.source["note"]  # of what was wanted nothing was
    assert "1 row without a value" in read(tmp_path / "a.parquet").source["note"]
    refused(tmp_path / "a.parquet", "'CHI' is no country", about=["CHI"])


def test_names_that_are_left_out_are_told_apart_though_one_holds_a_comma(tmp_path):
    left = [("Malaysia, West", "Vietnam", "X", 1962, 1.0), ("Africa", "Vietnam", "X", 1962, 1.0)]
    assert (
        "of the IMF's own: Africa; Euro Area; Malaysia, West."
        in read(dots(tmp_path / "a.csv", [*DOTS, *left])).source["note"]
    )


def test_a_row_that_stands_twice_is_taken_once_and_two_that_differ_are_refused(tmp_path):
    again = [*DOTS, DOTS[0]]
    assert len(read(dots(tmp_path / "a.parquet", again)).rows) == 7
    differs = [*DOTS, ("Vietnam", "China, P.R.: Mainland", "X", 2010, 1.6)]
    refused(dots(tmp_path / "b.parquet", differs), "Vietnam, China, P.R.: Mainland, X of 2010", "different values")


def test_a_table_in_other_words_is_refused_with_what_was_found(tmp_path):
    refused(dots(tmp_path / "a.csv", [("Vietnam", "World", "exports", 2010, 1.0)]), "holds exports", "X (exports)")
    refused(dots(tmp_path / "b.csv", [("VNM", "WLD", "X", 2010, 1.0)]), "found: VNM", "'Vietnam'")
    refused(dots(tmp_path / "c.csv", [("Vietnam", "World", "X", "2010Q1", 1.0)]), "1 row has no year")
    refused(dots(tmp_path / "d.csv", [("Vietnam", "World", "X", 2010, "many")]), "line 2, column value: 'many'")


def workbook(path: Path, *, above=("Vietnam", "Exports, FOB to Partner Countries", "Millions of US Dollars"), cell=1.5):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title in ("Exports, FOB", "Imports, CIF"):
        sheet = book.create_sheet(title)
        for number, text in enumerate(above, start=2):
            sheet.cell(number, 2, text)
        for place, year in enumerate((2019, 2020), start=3):
            sheet.cell(7, place, year)
        for number, name in enumerate(("World", "Euro Area", "Japan"), start=8):
            sheet.cell(number, 2, name)
            sheet.cell(number, 3, cell)
            sheet.cell(number, 4, "...")
    book.save(path)
    return path


def test_a_workbook_of_one_country_is_read_from_its_two_sheets(tmp_path):
    taken = read(workbook(tmp_path / "Exports_and_Imports_by_Areas_and_Co.xlsx"))
    assert keeps_its_contract(taken)
    assert sorted(values(taken, "reporter", "partner", "flow", "year", "value")) == [
        ("VNM", "JPN", "export", 2019, 1_500_000),
        ("VNM", "JPN", "import", 2019, 1_500_000),
        ("VNM", "WLD", "export", 2019, 1_500_000),
        ("VNM", "WLD", "import", 2019, 1_500_000),
    ]


def test_a_workbook_must_say_whose_it_is_and_in_what_unit(tmp_path):
    refused(workbook(tmp_path / "a.xlsx", above=("Millions of US Dollars",)), "must name one reporter")
    refused(workbook(tmp_path / "b.xlsx", above=("Vietnam",)), "millions of dollars")
    refused(workbook(tmp_path / "c.xlsx", cell="about two"), "'about two' for World in 2019")


@pytest.mark.skipif(not (SHARED / "trade").is_dir(), reason="the IMF's table is not part of the project")
def test_the_imfs_rows_on_viet_nam_and_north_korea_are_those_that_the_repository_ships():
    taken = read(SHARED / "trade" / "imf_dots_vnm_prk_1990_2020.csv", vintage="2022-05")
    key = ["reporter", "partner", "flow", "year", "valuation"]
    shipped = data.open("goods_flows")
    shipped = shipped[shipped["source"] == "imf-dots-2022-05"]
    shipped = shipped[shipped["reporter"].isin(["VNM", "PRK"]) | shipped["partner"].isin(["VNM", "PRK"])]
    both = shipped.merge(taken.rows, on=key, how="left", suffixes=("", "_taken"))
    assert len(both) == len(shipped) > 9000
    assert (both["value"] == both["value_taken"]).all()
    assert "PRK" not in set(taken.rows["reporter"])


# ---------------------------------------------------------------------------------------------------- UN Comtrade


FIELDS = "refYear,freqCode,flowCode,reporterCode,partnerCode,partner2Code,cmdCode,customsCode,motCode,primaryValue"


def comtrade(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([FIELDS, *rows]) + "\n", encoding="utf-8")
    return path


def test_of_a_table_downloaded_from_comtrade_annual_totals_are_taken_and_parts_are_counted(tmp_path):
    path = comtrade(
        tmp_path / "TradeData.csv",
        "2023,A,X,704,842,0,TOTAL,C00,0,1234.6",
        "2023,A,X,704,842,0,TOTAL,C00,2100,1000",
        "2023,A,X,704,842,0,85,C00,0,900",
        "2023,A,M,704,490,0,TOTAL,C00,0,77",
        "2023,A,RX,704,842,0,TOTAL,C00,0,5",
        "2023,A,X,704,899,0,TOTAL,C00,0,3",
    )
    taken = read(path)
    assert keeps_its_contract(taken)
    assert values(taken, "reporter", "partner", "flow", "year", "value", "valuation") == [
        ("VNM", "USA", "export", 2023, 1_235, "FOB"),
        ("VNM", "TWN", "import", 2023, 77, "CIF"),
    ]
    note = taken.source["note"]
    assert "2 rows of parts of an annual total of all goods left out" in note
    assert "1 row of neither exports nor imports left out" in note
    assert "no code here (899)" in note


def test_a_table_that_calls_itself_comtrade_and_holds_round_tens_of_millions_is_found_doubtful(tmp_path):
    partners = (842, 156, 392, 410, 699, 36, 764, 702, 458, 360, 276, 251)
    rows = [
        f"2023,A,X,704,{code},0,TOTAL,C00,0,{number * 10_000_000}" for number, code in enumerate(partners, start=41)
    ]
    (said,) = refusals(read(comtrade(tmp_path / "TradeData.csv", *rows)))
    assert "round" in said


def test_a_flow_that_stands_twice_in_a_table_from_comtrade_is_refused(tmp_path):
    row = "2023,A,X,704,842,0,TOTAL,C00,0,1"
    refused(comtrade(tmp_path / "a.csv", row, row), "VNM, USA, export, 2023 stands more than once")
    refused(comtrade(tmp_path / "b.csv", row.replace("TOTAL", "85")), "no annual total of all goods")
    refused(comtrade(tmp_path / "c.csv", row[:-1] + "-1"), "'-1' where")


# ---------------------------------------------------------------------------------------------------- SIPRI


HEADER = (
    "SIPRI AT Database ID,Supplier,Recipient,Designation,Description,Armament category,Order date,"
    "Order date is estimate,Numbers delivered,Numbers delivered is estimate,Delivery year,Delivery year is estimate,"
    "Status,SIPRI estimate,TIV deal unit,TIV delivery values,Local production"
)


def register(path: Path, *rows: str, generated="Data generated: 12 Feb 2026 12:26:12 PM;") -> Path:
    above = ["Transfers of major conventional arms from All countries  to All countries .", *[";"] * 9, generated]
    path.write_text("\r\n".join([*above, *(f"{row};" for row in (HEADER, *rows))]), encoding="utf-8-sig")
    return path


def deal(number, supplier, recipient, ordered, year, tiv, estimates=("No", "No", "No")) -> str:
    order, count, delivery = estimates
    first, last = f'{number},{supplier},{recipient},"Boat, fast",boat,Ships,{ordered}', f"New,1,1,{tiv},No"
    return f"{first},{order},2,{count},{year},{delivery},{last}"


DEALS = [
    deal(1, "Russia", "Viet Nam", 2010, 2012, 0.1, ("Yes", "No", "No")),
    deal(1, "Russia", "Viet Nam", 2010, 2013, 0.1, ("Yes", "No", "Yes")),
    deal(2, "Russia", "Viet Nam", 2010, 2012, 0.2, ("No", "Yes", "Yes")),
    deal(3, "UAE", "Turkiye", 2011, 2012, 0),
    deal(4, "UAE", "Turkiye", 2011, 2013, ""),
    deal(5, "unknown supplier(s)", "Viet Nam", 2011, 2012, 9),
]


def test_deliveries_are_summed_by_pair_and_year_and_parties_without_a_code_are_counted(tmp_path):
    taken = read(register(tmp_path / "trade-register.csv", *DEALS))
    assert keeps_its_contract(taken)
    assert values(taken, "supplier", "recipient", "year", "tiv", "deals", "estimated") == [
        ("ARE", "TUR", 2012, 0.0, 1, 0),
        ("RUS", "VNM", 2012, 0.3, 2, 1),
        ("RUS", "VNM", 2013, 0.1, 1, 1),
    ]
    assert taken.source["vintage"] == "2026-02-12"
    assert "1 row left out whose supplier or recipient has no code here: unknown supplier(s)." in taken.source["note"]
    assert "1 value of 0, which is less than half a million" in taken.source["note"]
    assert "1 row without a value left out" in taken.source["note"]


def test_a_deal_with_several_deliveries_is_one_order(tmp_path):
    taken = read(register(tmp_path / "trade-register.csv", *DEALS), table="arms_orders", about=["VNM"])
    assert keeps_its_contract(taken)
    assert values(taken, "supplier", "recipient", "year", "deals", "estimated") == [("RUS", "VNM", 2010, 2, 1)]


def test_a_register_that_broke_off_or_says_something_else_is_refused_with_its_line(tmp_path):
    path = register(tmp_path / "a.csv", *DEALS)
    path.write_text(path.read_text(encoding="utf-8-sig")[:-40], encoding="utf-8")
    refused(path, "line 18", "broken off")
    refused(register(tmp_path / "b.csv", DEALS[0].replace(",2012,", ",2012?,")), "line 13", "'2012?'")
    refused(
        register(
            tmp_path / "c.csv",
            DEALS[0].replace(",Yes,2,", ",Maybe,2,"),
        ),
        "'Maybe'",
        table="arms_orders",
    )
    refused(register(tmp_path / "d.csv", DEALS[0]), "fills arms_deliveries and arms_orders", table="goods_flows")


@pytest.mark.skipif(not (SHARED / "arms").is_dir(), reason="the SIPRI register is not part of the project")
@pytest.mark.parametrize("table", ["arms_deliveries", "arms_orders"])
def test_the_register_gives_the_rows_that_the_repository_ships(table):
    taken = read(SHARED / "arms" / "sipri_trade_register_1995_2024.csv", table=table, about=["VNM", "PRK"])
    columns = [name for name in taken.rows if name != "note"]
    shipped = data.open(table)[columns]
    ours = taken.rows.sort_values(columns, ignore_index=True)[columns]
    pd.testing.assert_frame_equal(ours, shipped.sort_values(columns, ignore_index=True), check_dtype=False)


# ---------------------------------------------------------------------------------------------------- votes


CALLS = [
    ("1.0", "VN", "abstain", "2014-03-27", "R/68/262", "Integrity of Ukraine"),
    ("1.0", "NA", "yes", "2014-03-27", "R/68/262", "Integrity of Ukraine"),
    ("2.0", "VN", "yes", "2019-12-03", "A/RES/74/12", "Rights, and division"),
    ("3.0", "VN", "no", "2019-12-04", "R/74/13", "Paragraph 3"),
    ("4.0", "VN", "yes", "2019-12-04", "R/74/13", "Whole text"),
    ("5.0", "VN", "yes", "2019-12-05", "", ""),
    ("6.0", "YU", "yes", "2019-12-06", "A/RES/74/14", ""),
    ("6.0", "VN", "yes", "2019-12-06", "A/RES/74/14", ""),
]


def calls(path: Path, rows=CALLS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["rcid", "country_code", "vote", "date", "unres", "short"], *rows])
    return path


def test_roll_calls_become_votes_and_what_cannot_be_placed_is_counted(tmp_path):
    taken = read(calls(tmp_path / "unvotes.csv"))
    assert keeps_its_contract(taken)
    assert values(taken, "resolution", "country", "vote") == [
        ("A/RES/68/262", "VNM", "abstain"),
        ("A/RES/68/262", "NAM", "yes"),
        ("A/RES/74/12", "VNM", "yes"),
        ("A/RES/74/14", "VNM", "yes"),
    ]
    note = taken.source["note"]
    assert "1 vote without the symbol of a resolution left out" in note
    assert "1 vote of states without a code here (YU) left out" in note
    assert "1 resolution with several roll calls left out" in note


def test_resolutions_take_topic_and_subject_from_here_where_they_are_known(tmp_path):
    taken = read(calls(tmp_path / "unvotes.csv"), table="un_resolutions")
    assert keeps_its_contract(taken)
    assert values(taken, "resolution", "date", "topic") == [
        ("A/RES/68/262", "2014-03-27", "ukraine"),
        ("A/RES/74/12", "2019-12-03", "other"),
    ]
    assert taken.rows[["yes", "no", "abstain", "absent"]].isna().all(axis=None)
    assert "1 resolution without a subject left out" in taken.source["note"]


def test_a_vote_that_is_none_or_stands_twice_is_refused_with_its_line(tmp_path):
    refused(calls(tmp_path / "a.csv", [CALLS[0], ("1.0", "RU", "9", *CALLS[0][3:])]), "line 3", "'9'", "abstain")
    refused(calls(tmp_path / "b.csv", [CALLS[0], CALLS[0]]), "line 2", "VN votes twice")
    refused(calls(tmp_path / "c.csv", [("1.0", "VN", "yes", "12/03/2019", *CALLS[0][4:])]), "'12/03/2019' where a day")


@pytest.mark.skipif(not (SHARED / "votes").is_dir(), reason="the roll calls are not part of the project")
def test_the_roll_calls_hold_the_votes_that_the_repository_ships():
    taken = read(SHARED / "votes" / "unga_roll_calls_1990_2019.csv")
    shipped = data.open("un_votes", source="voeten-votes-2019")
    shipped = shipped[~shipped["country"].isin(["LAO", "MMR"])]  # read in the package, not in this extract
    cast = set(values(taken, "resolution", "country", "vote"))
    assert set(shipped[["resolution", "country", "vote"]].itertuples(index=False, name=None)) <= cast


# ---------------------------------------------------------------------------------------------------- Viet Nam


def test_yearly_figures_of_the_statistics_office_become_whole_dollars(tmp_path):
    path = tmp_path / "by_partner.csv"
    path.write_text(
        'year,flow,partner,value_thousand_usd,source_file\n2023,X,EU,4.56,a\n2023,M,"China, PR",1000,a\n'
        "2023,X,Mars,1,a\n"
    )
    taken = read(path)
    assert keeps_its_contract(taken)
    assert values(taken, "partner", "flow", "year", "value", "valuation", "months") == [
        ("EU27", "export", 2023, 4_560, "customs", 12),
        ("CHN", "import", 2023, 1_000_000, "customs", 12),
    ]
    assert "1 row left out whose partner has no code here: Mars." in taken.source["note"]


MONTHS = nso_vietnam._MONTHS


def monthly(path: Path, rows: dict[tuple[str, str], list[str]], total="12_months_Value") -> Path:
    names = ["Names", "Group", *(f"{month}_{what}" for month in MONTHS for what in ("Quantity", "Value"))]
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([*names, total])
        for (name, group), (*figures, year) in rows.items():
            writer.writerow([name, group, *(cell for figure in figures for cell in ("NA", figure)), year])
    return path


def test_monthly_figures_are_taken_from_the_totals_of_partners_alone(tmp_path):
    rows = {("Japan", "NA"): ["1.5"] * 12 + ["18"], ("Japan", "Rice"): ["1"] * 12 + ["12"]}
    taken = read(monthly(tmp_path / "Ex04-2024-6_clean.csv", rows))
    assert keeps_its_contract(taken)
    assert values(taken, "partner", "flow", "year", "value", "months", "status") == [
        ("JPN", "export", 2024, 18_000, 12, "final")
    ]


def test_months_that_have_not_come_make_a_partial_year_and_not_a_full_one(tmp_path):
    rows = {("Japan", ""): ["2"] * 5 + ["NA"] * 7 + ["10"], ("India", ""): ["1"] * 5 + ["0"] * 7 + ["5"]}
    taken = read(monthly(tmp_path / "Im05-2025-6.csv", rows))
    assert values(taken, "partner", "flow", "year", "value", "months", "status") == [
        ("JPN", "import", 2025, 10_000, 5, "preliminary"),
        ("IND", "import", 2025, 5_000, 5, "preliminary"),
    ]


def test_monthly_figures_that_do_not_fit_together_are_refused(tmp_path):
    wrong = {("Japan", ""): ["1"] * 12 + ["120"]}
    refused(monthly(tmp_path / "Ex04-2024-6.csv", wrong), "add up to 12.00", "given as 120.00")
    gap = {("Japan", ""): ["1", "NA", *["1"] * 10, "11"]}
    refused(monthly(tmp_path / "Ex04-2023-6.csv", gap), "without a gap")
    full = {("Japan", ""): ["1"] * 12 + ["12"]}
    refused(monthly(tmp_path / "table.csv", full), "exports or imports")
    refused(monthly(tmp_path / "Ex04.csv", full), "name its year")
    below = {("Japan", ""): ["-1"] * 12 + ["-12"]}
    refused(monthly(tmp_path / "Ex04-2022-6.csv", below), "below zero")


@pytest.mark.skipif(not (SHARED / "trade").is_dir(), reason="the office's tables are not part of the project")
def test_the_offices_yearly_table_agrees_with_the_rows_that_the_repository_ships():
    taken = read(SHARED / "trade" / "nso_vietnam_exports_by_partner_annual.csv")
    shipped = data.open("goods_flows", reporter="VNM", flow="export")
    shipped = shipped[shipped["source"].str.startswith("nso-")]
    both = taken.rows.merge(shipped, on=["partner", "year", "months"], suffixes=("", "_shipped"))
    assert len(both) >= len(taken.rows) == 13
    assert (both["value"] == both["value_shipped"]).all()


# ---------------------------------------------------------------------------------------------------- BACI


NUMBERS = (
    "country_code,country_name,country_iso2,country_iso3\n704,Viet Nam,VN,VNM\n840,USA,US,USA\n697,EFTA nes,,R20\n"
)
FLOWS = (
    "t,i,j,k,v,q\n2020,704,842,10121,1.234,           0.5\n2020,490,704,850760,2,          NA\n2020,697,704,10121,3,1\n"
)


def baci_zip(path: Path, members: dict[str, str] | None = None) -> Path:
    whole = {"BACI_HS92_Y2020_V202401b.csv": FLOWS, "country_codes_V202401b.csv": NUMBERS, "Readme.txt": "BACI"}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in (whole if members is None else members).items():
            out.writestr(name, content)
    return path


@pytest.mark.usefixtures("checkout")
def test_an_archive_of_baci_becomes_flows_of_products_in_dollars_and_tonnes(tmp_path):
    taken = read(baci_zip(tmp_path / "BACI_HS92_V202401b.zip"))
    assert keeps_its_contract(taken)
    rows = rows_of(taken).astype(object)
    rows = rows.where(rows.notna(), None)
    columns = ["exporter", "importer", "product", "nomenclature", "year", "value", "tonnes"]
    assert list(rows[columns].itertuples(index=False, name=None)) == [
        ("TWN", "VNM", "850760", "HS92", 2020, 2_000, None),
        ("VNM", "USA", "010121", "HS92", 2020, 1_234, 0.5),
    ]
    assert taken.source["vintage"] == "2024-01"
    assert "1 row left out whose exporter or importer has no code here: EFTA nes." in taken.source["note"]


TWO_YEARS = {
    "BACI_HS92_Y2019_V202401b.csv": "t,i,j,k,v,q\n2019,704,842,10121,4,1\n2019,408,156,10121,7,1\n",
    "BACI_HS92_Y2020_V202401b.csv": (
        "t,i,j,k,v,q\n2020,704,842,10121,1.5,1\n2020,704,842,850760,2,1\n2020,704,276,10121,8,1\n"
        "2020,704,251,10121,16,1\n2020,704,697,10121,32,1\n2020,842,704,10121,64,NA\n"
    ),
    "country_codes_V202401b.csv": NUMBERS,
}


@pytest.mark.usefixtures("checkout")
def test_baci_fills_goods_flows_with_sums_over_products_that_count_as_reconciled(tmp_path):
    taken = read(baci_zip(tmp_path / "a.zip", TWO_YEARS), table="goods_flows")
    assert keeps_its_contract(taken)
    assert set(values(taken, "status", "valuation", "months", "currency")) == {("reconciled", "FOB", 12, "USD")}
    found = {(r, p, f, y): v for r, p, f, y, v in values(taken, "reporter", "partner", "flow", "year", "value")}
    assert found["VNM", "USA", "export", 2019] == 4_000
    assert found["VNM", "USA", "export", 2020] == found["USA", "VNM", "import", 2020] == 3_500
    assert found["VNM", "EU27", "export", 2020] == 24_000
    assert found["VNM", "WLD", "export", 2020] == 59_500  # with what went to a partner without a code here
    assert found["USA", "WLD", "export", 2020] == found["VNM", "WLD", "import", 2020] == 64_000


@pytest.mark.usefixtures("checkout")
def test_of_a_country_that_never_reports_baci_gives_its_partners_side_alone(tmp_path):
    taken = read(baci_zip(tmp_path / "a.zip", TWO_YEARS), table="goods_flows", about=["PRK"])
    assert values(taken, "reporter", "partner", "flow", "year", "value") == [("CHN", "PRK", "import", 2019, 7_000)]


def test_both_tables_of_baci_are_brought_in_and_an_archive_that_is_held_is_nothing_new(tmp_path, checkout):
    path = baci_zip(tmp_path / "a.zip", TWO_YEARS)

    def brought(day: int) -> list[str]:
        looks = [bring_in("baci", read(path, table=table), datetime(2026, 3, day, tzinfo=UTC)) for table in baci.TABLES]
        assert list((checkout / "data/cache/partial").iterdir()) == []
        return [look.outcome for look in looks]

    assert (brought(1), brought(2)) == (["new", "new"], ["same", "same"])
    products = data.open("product_flows", about=["USA"], year=2020)
    assert products["value"].tolist() == [64_000, 1_500, 2_000]
    assert products["source"].unique().tolist() == ["baci-2026-03-01"]
    assert data.open("product_flows", exporter="VNM", product="850760")["value"].tolist() == [2_000]
    flows = data.open("goods_flows", reporter="VNM", status="reconciled", partner="USA", year=2020)
    assert flows["value"].tolist() == [3_500, 64_000]


def test_a_large_archive_is_not_kept_but_its_size_and_hash_are(tmp_path, checkout, monkeypatch):
    monkeypatch.setattr(importing, "MOST_KEPT", 10)
    path = baci_zip(tmp_path / "a.zip", TWO_YEARS)
    taken = read(path)
    assert "which is not kept here" in taken.source["note"]
    bring_in("baci", taken, datetime(2026, 3, 1, tzinfo=UTC))
    found = vintages.latest("baci", "product_flows")
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.source["sha256"] == sha
    assert [(each["bytes"], each["sha256"], each["file"]) for each in found.requests] == [
        (path.stat().st_size, sha, None)
    ]
    assert list((found.folder / "answers").iterdir()) == []


def test_a_file_of_rows_that_breaks_the_contract_is_set_aside(tmp_path, checkout):
    taken = read(baci_zip(tmp_path / "a.zip", TWO_YEARS))
    rows = pd.read_parquet(taken.rows).assign(product="1", valuation=None)
    pd.concat([rows, rows]).sort_values(["exporter", "importer", "year"]).to_parquet(taken.rows, index=False)
    look = bring_in("baci", taken, datetime(2026, 3, 1, tzinfo=UTC))
    assert look.outcome == "aside"
    assert "Column product: '1' where six digits of the Harmonized System must stand." in look.said
    assert "Column valuation: an empty cell where" in look.said
    assert "The same key stands more than once (exporter PRK, importer CHN, product 1" in look.said
    assert data.open("product_flows").empty
    assert len(list((checkout / "data/cache/aside/product_flows/baci").iterdir())) == 1


@pytest.mark.usefixtures("checkout")
def test_more_rows_than_the_memory_should_hold_are_not_given_at_once(tmp_path, monkeypatch):
    bring_in("baci", read(baci_zip(tmp_path / "a.zip", TWO_YEARS)), datetime(2026, 3, 1, tzinfo=UTC))
    monkeypatch.setattr(vintages, "_MOST_READ", 2)
    with pytest.raises(
        InputError, match=r"7 rows of baci-2026-03-01 are wanted, more than 2 .*fewer countries, products"
    ):
        data.open("product_flows")
    assert len(data.open("product_flows", year=2019)) == 2


@pytest.mark.usefixtures("checkout")
def test_it_is_read_block_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr(baci, "_BLOCK", 4_000)
    flows = "t,i,j,k,v,q\n" + "".join(f"2020,704,842,{product},1,NA\n" for product in range(10000, 12000))
    path = baci_zip(tmp_path / "a.zip", {"BACI_HS92_Y2020_V202401.csv": flows, "country_codes_V202401.csv": NUMBERS})
    assert len(rows_of(read(path))) == 2_000
    assert values(read(path, table="goods_flows", about=["VNM"]), "partner", "value") == [
        ("VNM", 2_000_000),
        ("USA", 2_000_000),
        ("WLD", 2_000_000),
    ]


@pytest.mark.usefixtures("checkout")
def test_of_an_archive_only_what_touches_the_wanted_countries_is_kept(tmp_path):
    assert values(read(baci_zip(tmp_path / "a.zip"), about=["TWN"]), "exporter") == [("TWN",)]
    refused(baci_zip(tmp_path / "b.zip"), "no row in it is wanted", about=["JPN"])


@pytest.mark.parametrize(
    ("flows", "words"),
    [
        ("t,i,j,k,v\n2020,704,842,10121,1\n", "the columns are t, i, j, k, v; expected were t, i, j, k, v, q"),
        ("t,i,j,k,v,q\n2019,704,842,10121,1,1\n", "other years than 2020"),
        ("t,i,j,k,v,q\n2020,704,842,10121,-1,1\n", "below zero"),
        ("t,i,j,k,v,q\n2020,704,842,10121,,1\n", "no value"),
        ("t,i,j,k,v,q\n2020,704,842,10121,1,1\n2020,704\n", "cannot be read to its end"),
        ("t,i,j,k,v,q\n", "no row in it"),
        ("t,i,j,k,v,q\n2020,704,Japan,10121,1,1\n", "cannot be read to its end"),
    ],
)
def test_a_year_of_another_form_is_refused_and_leaves_nothing_behind(tmp_path, checkout, flows, words):
    members = {"BACI_HS92_Y2020_V202401b.csv": flows, "country_codes_V202401b.csv": NUMBERS}
    refused(baci_zip(tmp_path / "a.zip", members), words)
    assert list((checkout / "data/cache/partial").iterdir()) == []


def test_an_archive_without_its_list_of_countries_or_with_two_editions_is_refused(tmp_path):
    refused(baci_zip(tmp_path / "a.zip", {"BACI_HS92_Y2020_V202401b.csv": FLOWS}), "list of countries")
    two = {"BACI_HS92_Y2020_V202401b.csv": FLOWS, "BACI_HS17_Y2020_V202401b.csv": FLOWS}
    refused(baci_zip(tmp_path / "b.zip", two), "several nomenclatures or editions")


# ---------------------------------------------------------------------------------------------------- hostile files


def test_an_archive_that_names_a_path_outside_itself_is_refused_unread(tmp_path):
    for number, name in enumerate(("../BACI_HS92_Y2020_V202401.csv", "/etc/a.csv", "C:\\a.csv", "a/../../b.csv")):
        refused(baci_zip(tmp_path / f"{number}.zip", {name: FLOWS}), "path outside itself", "Nothing was read")


def test_an_archive_with_a_link_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        link = zipfile.ZipInfo("BACI_HS92_Y2020_V202401.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        out.writestr(link, "/etc/passwd")
    refused(tmp_path / "a.zip", "link to another file")


@pytest.mark.parametrize("name", ["BACI_HS92_Y2020_V202401.csv", "xl/workbook.xml"])
def test_an_archive_that_would_fill_the_disk_is_refused_unread(tmp_path, name):
    bomb = baci_zip(tmp_path / "a.zip", {name: "0" * 30_000_000})
    assert bomb.stat().st_size < 40_000
    refused(bomb, "would become 30,000,000 when unpacked")


def test_an_archive_that_broke_off_is_refused(tmp_path):
    whole = baci_zip(tmp_path / "a.zip").read_bytes()
    (tmp_path / "b.zip").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "b.zip", "the archive is broken", "Download it again")
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        place = opened.getinfo("BACI_HS92_Y2020_V202401b.csv").header_offset + 60
    (tmp_path / "c.zip").write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
    refused(tmp_path / "c.zip", "cannot be read to its end")


def test_a_parquet_file_that_broke_off_is_refused(tmp_path):
    whole = dots(tmp_path / "a.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "b.parquet", "Parquet file is broken")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><title>Sign in \x1b[31m</title>", "it is a web page, 'Sign in"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel workbook (.xls). Save it as .xlsx"),
        (b"\x1f\x8b\x08\x00", "packed with gzip"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x00\x01\x02", "neither text nor a workbook"),
        ("rcid,country_code,vote,date,unres,short\n1,VN,yes,2014-03-27,R/68/262,é\n".encode("latin-1"), "not UTF-8"),
        (b"rcid,country_code,vote,date,unres,short\n1,VN,yes\n", "line 2: 3 cells where the header has 6"),
        (b"rcid,country_code,vote,date,unres,short\n", "no row under it"),
    ],
)
def test_what_is_no_table_is_refused_with_what_it_is(tmp_path, content, words):
    (tmp_path / "download.csv").write_bytes(content)
    said = refused(tmp_path / "download.csv", words)
    assert "\x1b" not in said


def test_an_unknown_table_is_told_what_was_found_what_is_known_and_what_is_nearest(tmp_path):
    (tmp_path / "a.csv").write_text("Supplier;Recipient;Order date;TIV\nRussia;Viet Nam;2010;1\n")
    said = refused(
        tmp_path / "a.csv", "first line is 'Supplier;Recipient;Order date;TIV'", "nearest is SIPRI's trade register"
    )
    for kind in importing.KINDS:
        assert importing._module(kind).TITLE in said


def test_a_table_of_chinas_customs_is_recognised_and_said_to_lack_the_direction(tmp_path):
    table = "数据年月,商品编码,商品名称,贸易伙伴编码,贸易伙伴名称,第一数量,第一计量单位,第二数量,第二计量单位,美元\n"
    (tmp_path / "a.csv").write_bytes(table.encode("gb18030"))
    refused(tmp_path / "a.csv", "China's customs", "imports or exports")


def test_a_workbook_that_is_broken_inside_is_refused(tmp_path):
    whole = workbook(tmp_path / "a.xlsx")
    with zipfile.ZipFile(whole) as opened, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as out:
        for name in opened.namelist():
            out.writestr(name, "<worksheet><sheetData><row" if "sheet1.xml" in name else opened.read(name))
    refused(tmp_path / "b.xlsx", "workbook is broken", "Download it again")


def test_a_name_with_brackets_is_a_name_and_no_pattern(tmp_path):
    assert len(read(dots(tmp_path / "dots[1].parquet")).rows) == 7


def test_a_folder_or_a_file_that_is_not_there_is_refused(tmp_path):
    refused(tmp_path, "it is no file")
    refused(tmp_path / "none.csv", "cannot be read")


def test_a_date_of_figures_is_a_year_a_month_or_a_day(tmp_path):
    path = dots(tmp_path / "a.parquet")
    assert read(path, vintage="2022-05-14").source["vintage"] == "2022-05-14"
    refused(path, "'May 2022' is no date of figures", vintage="May 2022")


def test_a_file_is_kept_beside_its_rows_unless_it_is_large(tmp_path, monkeypatch):
    path = dots(tmp_path / "a.parquet")
    (answer,) = read(path).answers
    assert (answer.request, answer.content) == ("a.parquet", path.read_bytes())
    monkeypatch.setattr(importing, "MOST_KEPT", 100)
    taken = read(path)
    assert taken.answers == [Unkept(path)]
    assert "which is not kept here" in taken.source["note"]


def test_the_kind_of_a_file_gives_a_name_for_its_feed(tmp_path):
    found = recognise(register(tmp_path / "a.csv", *DEALS))
    assert (found.name, found.tables) == ("sipri", ("arms_deliveries", "arms_orders"))
    assert recognise(workbook(tmp_path / "b.xlsx")).name == "dots"
