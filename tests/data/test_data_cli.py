"""What an operator types to bring in figures and to see what is held."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from data.test_vintages import FIRST, SECOND, flows, taken

from legation import data
from legation.cli import main
from legation.data import feeds
from legation.data.feeds import Look
from legation.data.vintages import keep


def run(*arguments):
    return CliRunner().invoke(main, ["data", *arguments])


def test_status_says_what_is_held_how_old_it_is_and_what_went_wrong_last(checkout):
    keep("office", taken(flows(RUS=2.5)), at=FIRST)
    keep("office", taken(flows(RUS=3.0, CHN=1.0)), at=SECOND)
    feeds._note(Look("office", "2026-04-02T09:00:00Z", "failed", "https://x: the server is silent, 4 times."))
    done = run("status")
    assert done.exit_code == 0
    days = (datetime.now(UTC).date() - SECOND.date()).days
    lines = done.output.splitlines()
    first, second = lines[lines.index(next(line for line in lines if line.startswith("office: "))) :][:2]
    assert first == (
        f"office: goods_flows, office-2026-04-01, figures of 2025-04, {days} days old, 2 rows, 2031–2031; 2 kept"
    )
    assert second == "    last asked 2026-04-02: https://x: the server is silent, 4 times."


def test_diff_names_what_was_added_gone_and_revised_and_by_how_much(checkout):
    keep("office", taken(flows(RUS=200.0, JPN=7.0)), at=FIRST)
    keep("office", taken(flows(RUS=250.0, KOR=1000.0)), at=SECOND)
    done = run("diff", "office-2026-03-01", "office-2026-04-01")
    assert done.output.splitlines() == [
        "From office-2026-03-01 to office-2026-04-01: 1 added, 1 revised, 1 gone, of 2 and 2 rows.",
        "  added    VNM KOR export 2031 12: 1,000",
        "  revised  VNM RUS export 2031 12: 200 → 250 (+25.0%)",
        "  gone     VNM JPN export 2031 12: 7",
    ]
    missing = run("diff", "office-2026-03-01", "office-2026-04-02")
    assert missing.exit_code == 2
    assert "There is no vintage 'office-2026-04-02' (did you mean 'office-2026-04-01'?)" in missing.output


def test_a_file_downloaded_by_hand_is_in_use_after_one_command(checkout):
    file = checkout / "register.csv"
    file.write_text("reporter,partner,flow,year,value\nVietnam,Thailand,X,1955,1.5\nVietnam,Thailand,M,1955,2.5\n")
    done = run("import", str(file), "--vintage", "2022-05")
    assert done.exit_code == 0, done.output
    assert "goods_flows: 2 rows, the first vintage." in done.output
    held = data.open("goods_flows", reporter="VNM", partner="THA", year=1955)
    assert sorted(held["value"]) == [1_500_000, 2_500_000]
    assert "goods_flows: nothing new." in run("import", str(file), "--vintage", "2022-05").output


def test_a_file_of_no_known_kind_is_refused_by_name(checkout):
    file = checkout / "register.csv"
    file.write_text("not,a,known\n1,2,3\n")
    done = run("import", str(file))
    assert done.exit_code == 2
    assert "register.csv" in done.output


@pytest.mark.parametrize(("outcome", "status"), [("new", 0), ("same", 0), ("aside", 1), ("failed", 1)])
def test_a_refresh_ends_with_a_status_that_monitoring_understands(checkout, monkeypatch, outcome, status):
    monkeypatch.setattr(feeds, "refresh", lambda names, say: [Look("office", "2026-04-01T09:00:00Z", outcome, "…")])
    assert run("refresh").exit_code == status


def test_without_feeds_a_refresh_says_where_to_name_one(checkout):
    (checkout / "data" / "feeds.yaml").write_text("{}\n")
    done = run("refresh")
    assert done.exit_code == 0
    assert "data/feeds.yaml" in done.output
