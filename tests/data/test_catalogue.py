"""The catalogue hands out tables that keep their contract, and says where and how a broken one breaks it."""

import csv
import os
from datetime import UTC, datetime

import pandas as pd
import pytest
from ruamel.yaml import YAML

from legation import data
from legation.data import contracts
from legation.data.vintages import Answer, Taken, keep
from legation.errors import InputError

FLOWS = "data/trade/goods_flows.csv"


def edit(checkout, old, new, file=FLOWS, count=1):
    path = checkout / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def first_row(checkout):
    return (checkout / FLOWS).read_text(encoding="utf-8").splitlines()[1]


def test_rows_are_asked_for_by_value_by_list_and_by_range_with_both_ends():
    flows = data.open("goods_flows", reporter="VNM", partner=["CHN", "JPN"], year=(2018, 2019))
    assert set(flows["reporter"]) == {"VNM"}
    assert set(flows["partner"]) == {"CHN", "JPN"}
    assert set(flows["year"]) == {2018, 2019}


def test_an_open_range_takes_everything_on_that_side():
    assert data.open("goods_flows", year=(2020, None))["year"].min() == 2020


def test_changing_an_opened_table_does_not_change_the_next_one():
    opened = data.open("countries")
    opened["name"] = "nowhere"
    assert data.country_names()["VNM"] == "Viet Nam"


def test_the_tables_and_their_files_are_those_that_the_package_declares():
    folder = data.home() / "data"
    declared = YAML(typ="safe").load((folder / "datapackage.yaml").read_text(encoding="utf-8"))["resources"]
    assert data.datasets() == {resource["name"]: folder / resource["path"] for resource in declared}


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ({"reporter": "VNN"}, r"'VNN' is no reporter.*nearest is VNM \(Viet Nam\)"),
        ({"partner": ["CHN", "Japan"]}, r"'Japan' is no partner.*nearest is JPN"),
        ({"reportr": "VNM"}, r"no column 'reportr' \(did you mean 'reporter'\?\)"),
        ({"year": (2020, 2000)}, r"2020 to 2000.*backwards.*earlier one first"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_the_nearest_one_that_does(where, sentence):
    with pytest.raises(InputError, match=sentence):
        data.open("goods_flows", **where)


def test_a_table_read_beforehand_is_read_again_when_it_changed_even_within_its_length_and_time(checkout):
    data.preload_for_kernels()
    file = checkout / "data" / "trade" / "exchange_rates.csv"
    times = file.stat()
    assert data.open("exchange_rates", year=2000)["per_usd"].tolist() == [1.0832]
    edit(checkout, "EUR,2000,1.0832", "EUR,2000,1.0833", "data/trade/exchange_rates.csv")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert data.open("exchange_rates", year=2000)["per_usd"].tolist() == [1.0833]


def test_an_unknown_dataset_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match=r"no dataset 'good_flows' \(did you mean 'goods_flows'\?\)"):
        data.open("good_flows")


@pytest.mark.parametrize(
    ("column", "cell", "rule"),
    [
        ("value", "", r"an empty cell where a number must stand.*missing is not zero"),
        ("value", "12 mn", r"'12 mn' where a number must stand"),
        ("value", "-5", r"'-5' where zero or more must stand"),
        ("value", "inf", r"'inf' where a number must stand"),
        ("year", "2016.5", r"'2016\.5' where a whole number must stand"),
        ("year", "20", r"'20' where a year between 1800 and 2100"),
        ("reporter", "vnm", r"'vnm' where a country or group code"),
        ("flow", "exports", r"'exports' where one of export, import, turnover"),
        ("status", "", r"an empty cell where a value that is not empty"),
        ("months", "13", r"'13' where the number of months"),
    ],
)
def test_a_broken_cell_is_named_by_file_line_column_and_rule(checkout, column, cell, rule):
    row = first_row(checkout).split(",")
    row[list(contracts.TABLES["goods_flows"].columns).index(column)] = cell
    edit(checkout, first_row(checkout), ",".join(row))
    with pytest.raises(InputError, match=rf"goods_flows\.csv, line 2, column {column}: {rule}"):
        data.open("goods_flows")


def test_a_tally_that_was_not_seen_is_missing_and_not_zero():
    tallies = data.open("un_resolutions", resolution="A/RES/ES-11/8")
    assert tallies["absent"].isna().all()
    assert tallies["yes"].dropna().isin([93, 89]).all()


@pytest.mark.parametrize(
    ("table", "column", "cell", "rule"),
    [
        ("un_resolutions", "yes", "194", r"'194' where a number of states, 0 to 193"),
        ("un_resolutions", "no", "five", r"'five' where a number must stand"),
        ("un_votes", "vote", "abstained", r"'abstained' where one of yes, no, abstain, absent"),
        ("un_votes", "country", "VNN", r"no code 'VNN'"),
        ("events", "kind", "journey", r"'journey' where one of visit, meeting"),
        ("events", "also", "2024-06-18 TASS", r"'2024-06-18 TASS' where other dates as DATE@source"),
        ("arms_deliveries", "tiv", "", r"an empty cell where a number must stand"),
        ("statements", "bound", "roughly", r"'roughly' where one of exactly, about"),
    ],
)
def test_a_broken_cell_of_the_context_is_named_like_one_of_the_trade(checkout, table, column, cell, rule):
    file = checkout / "data" / "context" / f"{table}.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    rows[1][rows[0].index(column)] = cell
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows(rows)
    with pytest.raises(InputError, match=rf"{table}\.csv, line 2, column {column}: .*{rule}"):
        data.open(table)


def test_a_line_number_counts_line_breaks_inside_cells(checkout):
    header, first, second, *_ = (checkout / FLOWS).read_text(encoding="utf-8").splitlines()
    first = ",".join([*first.split(",")[:11], '"a note\non two lines"'])
    broken = second.replace(",20", ",x20", 1)
    (checkout / FLOWS).write_text("\n".join([header, first, broken]) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"goods_flows\.csv, line 4, column year"):
        data.open("goods_flows")


def test_a_key_that_stands_twice_is_named_with_both_lines(checkout):
    row = first_row(checkout)
    edit(checkout, row + "\n", row + "\n" + row + "\n")
    with pytest.raises(InputError, match=r"lines 2 and 3: the same key stands more than once \(reporter AFG"):
        data.open("goods_flows")


def test_a_row_with_too_many_cells_is_named(checkout):
    edit(checkout, first_row(checkout), first_row(checkout) + ",more,still more")
    with pytest.raises(InputError, match=r"line 2: 14 cells where the header has 12"):
        data.open("goods_flows")


def test_a_row_with_too_few_cells_is_named(checkout):
    edit(checkout, first_row(checkout), "VNM,JPN")
    with pytest.raises(InputError, match=r"line 2: 2 cells where the header has 12"):
        data.open("goods_flows")


def test_a_quotation_mark_that_is_never_closed_is_named(checkout):
    edit(checkout, first_row(checkout), '"' + first_row(checkout))
    with pytest.raises(InputError, match=r"goods_flows\.csv, line \d+: .*Check the quotation marks"):
        data.open("goods_flows")


def test_columns_in_another_order_are_refused_with_the_right_one(checkout):
    edit(checkout, "reporter,partner,flow", "partner,reporter,flow")
    with pytest.raises(InputError, match=r"line 1: the columns are partner, reporter.*has reporter, partner"):
        data.open("goods_flows")


def test_a_file_that_is_not_utf8_is_refused_with_the_remedy(checkout):
    (checkout / FLOWS).write_bytes(b"reporter,partner\n\xff\xfe,x\n")
    with pytest.raises(InputError, match=r"not UTF-8. Save the file as UTF-8"):
        data.open("goods_flows")


def test_a_missing_file_is_named(checkout):
    (checkout / FLOWS).unlink()
    with pytest.raises(InputError, match=r"goods_flows should be in data/trade/goods_flows\.csv"):
        data.open("goods_flows")


def test_a_table_changed_without_its_hash_is_noticed_and_can_be_recorded(checkout):
    assert data.check() == []
    edit(checkout, "Viet Nam", "Vietnam", file="data/trade/countries.csv")
    assert any("countries.csv: its contents are not those" in problem for problem in data.check())
    assert data.write_hashes() == ["countries"]
    assert data.check() == []


def test_a_row_whose_source_has_no_entry_is_noticed(checkout):
    edit(checkout, "imf-dots-2022-05", "imf-dots-2022-5")
    wanted = "line 2, column source: data/sources.csv has no entry 'imf-dots-2022-5' (did you mean 'imf-dots-2022-05'?)"
    assert any(wanted in problem for problem in data.check())


def test_a_mistyped_country_code_is_refused_with_its_line_when_the_table_is_opened(checkout):
    edit(checkout, first_row(checkout), first_row(checkout).replace("AFG,PRK", "AFG,PRX"))
    with pytest.raises(InputError, match=r"goods_flows\.csv, line 2, column partner: .*no code 'PRX'"):
        data.open("goods_flows")


def test_the_source_line_is_made_from_the_entries_behind_the_rows():
    flows = data.open("goods_flows", reporter="VNM", partner="JPN", year=(2018, 2020), source="imf-dots-2022-05")
    assert data.citation(flows) == "Source: International Monetary Fund, Direction of Trade Statistics (May 2022)."


def test_a_row_made_from_several_names_all_its_sources():
    rows = pd.DataFrame({"source": ["imf-dots-2022-05; us-census-2023-01"]})
    assert [entry["id"] for entry in data.sources(rows)] == ["imf-dots-2022-05", "us-census-2023-01"]
    assert data.citation(rows).startswith("Sources: ")


def test_two_vintages_of_a_publication_are_both_named_also_where_one_states_no_date(checkout):
    source = {"producer": "International Monetary Fund", "title": "Direction of Trade Statistics", "vintage": None}
    office = source | {"publisher": None, "address": "https://example.org", "licence": "free", "kind": "statistical"}
    flows = data.open("goods_flows", reporter="VNM", partner="JPN", year=2020, source="imf-dots-2022-05")
    rows = flows.drop(columns="source")
    at = datetime(2026, 3, 1, tzinfo=UTC)
    for feed, request in (("asked", "https://example.org/trade"), ("dots", "dots.parquet")):
        keep(feed, Taken("goods_flows", rows, office | {"note": None}, [Answer(request, b"x")]), at=at)
    said = {}
    for feed in ("asked", "dots"):
        both = data.open("goods_flows", reporter="VNM", partner="JPN", year=2020)
        said[feed] = data.citation(both[both["source"].isin(["imf-dots-2022-05", f"{feed}-2026-03-01"])])
    named = "Source: International Monetary Fund, Direction of Trade Statistics (May 2022, as {} on 1 March 2026)."
    assert said == {"asked": named.format("retrieved"), "dots": named.format("imported")}


def test_a_preferred_source_is_named_by_its_feed_too_and_one_without_figures_is_told(checkout):
    rows = data.open("goods_flows", reporter="VNM", partner="JPN", year=2020, source="imf-dots-2022-05")
    source = {"producer": "Office", "title": "Trade", "publisher": None, "address": "https://example.org"}
    source |= {"licence": "free", "vintage": "2025", "kind": "statistical", "note": None}
    for year in (2026, 2027):
        taken = Taken("goods_flows", rows.drop(columns="source").assign(value=float(year)), source, [])
        keep("office", taken, at=datetime(year, 3, 1, tzinfo=UTC))
    wanted = ["office", "imf-dots-2022-05", "office-2026-03-01"]
    assert data.preferred(wanted, "goods_flows") == ["office-2027-03-01", "imf-dots-2022-05", "office-2026-03-01"]
    (said,) = data.unused(["imf-dots-2022-05", "office-2026-03-01"], rows)
    assert said == (
        "The source 'office-2026-03-01' is preferred, but none of the figures used here is its own. "
        "office-2027-03-01 has taken its place: prefer 'office', and the latest of that feed is meant."
    )
    with pytest.raises(
        InputError, match=r"no source 'dots-2026-11-22' here\. It may be one imported or fetched on anoth"
    ):
        data.preferred(["dots-2026-11-22"], "goods_flows")
    with pytest.raises(InputError, match="did you mean 'imf-dots-2022-05'"):
        data.preferred(["imf-dots-2022-5"], "goods_flows")


def test_rows_without_a_source_cannot_be_cited():
    with pytest.raises(InputError, match="carry no column 'source'"):
        data.citation(pd.DataFrame({"value": [1]}))


def test_what_is_opened_is_recorded_for_whoever_runs_the_notebook(tmp_path, monkeypatch):
    monkeypatch.setenv("LEGATION_READ_LOG", str(tmp_path / "reads"))
    data.open("exchange_rates")
    assert '"name": "exchange_rates"' in (tmp_path / "reads").read_text()


def test_a_group_is_its_present_members():
    assert len(data.members("EU27")) == 27
    with pytest.raises(InputError, match="lists no member of 'VNM'"):
        data.members("VNM")
