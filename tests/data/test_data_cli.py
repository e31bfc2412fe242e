"""What an operator types to bring in figures and to see what is held."""

from __future__ import annotations

import io
import json
import re
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pandas as pd
import pytest
from click.testing import CliRunner
from data.test_vintages import FIRST, SECOND, SOURCE, flows, taken

from legation import data, times
from legation.cli import main
from legation.data import feeds, vintages
from legation.data.feeds import Look
from legation.data.vintages import Taken, keep
from legation.data_cli import _Line


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
        f"office: goods_flows, office-2026-04-01, figures of 2025-04, {days} days old, 2 rows, 2031–2031, VNM; 2 kept"
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


def test_small_figures_are_told_as_precisely_as_they_are(checkout):
    def rates(value):
        return Taken(
            "exchange_rates", pd.DataFrame({"currency": ["EUR"], "year": [2031], "per_usd": [value]}), SOURCE, []
        )

    keep("bank", rates(0.9012), at=FIRST)
    keep("bank", rates(0.9123), at=SECOND)
    assert "  revised  EUR 2031: 0.9012 → 0.9123 (+1.2%)" in run("diff", "bank-2026-03-01", "bank-2026-04-01").output


def test_more_changes_than_can_be_read_are_counted(checkout):
    keep("office", taken(flows(RUS=1.0)), at=FIRST)
    codes = sorted(data.country_names())[:25]
    keep("office", taken(flows(RUS=1.0, **dict.fromkeys(codes, 2.0))), at=SECOND)
    done = run("diff", "office-2026-03-01", "office-2026-04-01")
    assert done.output.splitlines()[-1] == "  and 5 more added"


def test_status_for_programs_has_the_same_and_reads_no_whole_table(checkout, monkeypatch):
    keep("office", taken(flows(RUS=2.5)), at=FIRST)
    feeds._note(Look("office", "2026-04-02T09:00:00Z", "failed", "https://x: silent."))
    feeds._note(Look("office", "2026-04-03T09:00:00Z", "same", "nothing new."))
    monkeypatch.delattr(vintages, "read")
    found = json.loads(run("status", "--json").output)
    (held,) = (feed for feed in found["feeds"] if feed["feed"] == "office")
    assert held.pop("age_days") > 0
    assert held == {
        "feed": "office",
        "publisher": None,
        "table": "goods_flows",
        "vintage": "office-2026-03-01",
        "figures": "2025-04",
        "retrieved": "2026-03-01T090000Z",
        "rows": 1,
        "years": [2031, 2031],
        "countries": ["VNM"],
        "kept": 1,
        "asked": "2026-04-03T09:00:00Z",
        "outcome": "same",
        "error": {"at": "2026-04-02T09:00:00Z", "said": "https://x: silent."},
    }
    nothing = next(feed for feed in found["feeds"] if feed["feed"] == "ecb-rates")
    assert (nothing["publisher"], nothing["vintage"], nothing["asked"]) == ("ecb", None, None)
    shipped = next(table for table in found["tables"] if table["table"] == "price_indices")
    assert shipped["countries"] == ["USA"]


def test_an_update_checks_brings_figures_in_and_says_what_changed(checkout, monkeypatch):
    keep("office", taken(flows(RUS=200.0, JPN=7.0)), at=FIRST)

    def refresh(names, say, progress):
        look = feeds.bring_in("office", taken(flows(RUS=250.0, JPN=7.0, KOR=1000.0)), SECOND)
        say(f"office: {look.said}")
        return [look, Look("other", "2026-04-01T09:00:00Z", "failed", "…")]

    monkeypatch.setattr(feeds, "refresh", refresh)
    done = run("update")
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert lines[3:8] == [
        "1 vintage is as it was kept.",
        "office: 3 rows, 1 added, 1 revised, 0 gone.",
        "office, from office-2026-03-01 to office-2026-04-01:",
        "  revised  VNM RUS export 2031 12: 200 → 250 (+25.0%)",
        "2 feeds: 1 with new figures, 1 not answered.",
    ]
    assert any(line.startswith("office: goods_flows, office-2026-04-01") for line in lines[7:])


def test_check_reads_every_treaty_and_tells_each_fault_with_file_and_line(checkout):
    file = checkout / "data" / "treaties" / "1947-rio.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("obligation: shall", "obligation: must").replace("\nshort:", "\nshrot:"), "utf-8")
    done = run("check")
    assert done.exit_code == 2
    assert re.search(r"treaties/1947-rio\.yml, line \d+: unknown key 'shrot' \(did you mean 'short'\?\)", done.output)
    file.write_text(text.replace("obligation: shall", "obligation: must"), encoding="utf-8")
    told = run("check").output.splitlines()
    assert len(told) == text.count("obligation: shall") > 1
    assert all("'must' is no obligation of the codebook" in line for line in told)


def test_check_takes_a_claim_on_a_country_without_figures(checkout):
    (checkout / "data" / "claims" / "quiet.yml").write_text(
        "document: quiet\nentry: leeds2002\nshort: Quiet\nclaims:\n"
        "  - {id: first, place: page 1, says: China was the first supplier of Norway., "
        "asserts: {value: 1, unit: rank, precision: exactly}, "
        "test: {measure: trade_rank, parameters: {reporter: NOR, partner: CHN, flow: import, year: 2020}}}\n",
        encoding="utf-8",
    )
    done = run("check")
    assert done.exit_code == 0, done.output
    assert "claims name a measure that fits" in done.output


def test_an_update_asks_nobody_while_a_table_is_wrong(checkout, monkeypatch):
    monkeypatch.delattr(feeds, "refresh")
    (checkout / "data/trade/goods_flows.csv").write_text("reporter\nVNM\n")
    done = run("update")
    assert done.exit_code == 2
    assert "goods_flows.csv, line 1: the columns are reporter" in done.output


def test_without_a_network_an_update_ends_with_what_stays_in_use(checkout, web, monkeypatch):
    def nowhere(*_given, **_options):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    keep("ecb-rates", taken(flows(RUS=2.5)), at=FIRST)
    done = run("update", "ecb-rates")
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert "is the network there?" in done.output
    assert "That of 2026-03-01 stays in use." in done.output
    assert "1 feed: 1 not answered." in done.output


def screen(sent: str) -> list[str]:
    """What a terminal shows in the end."""
    lines, place = [[]], 0
    for letter in sent:
        if letter == "\n":
            lines.append([])
            place = 0
        elif letter == "\r":
            place = 0
        else:
            lines[-1][place : place + 1] = [letter]
            place += 1
    return ["".join(line).rstrip() for line in lines]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_last_line_says_what_each_feed_is_doing(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    line = _Line()
    line.progress("b-feed", "request 1 of 12: the server answers 429 (Too Many Requests), again in 60 s")
    line.progress("a-feed", "request 7")
    assert screen(sys.stdout.getvalue())[-1].startswith("a-feed: request 7 | b-feed: request 1 of 12: the server")
    assert len(screen(sys.stdout.getvalue())[-1]) < 80
    line.progress("b-feed", "")
    line.say("b-feed: 20 rows, the first vintage.")
    assert screen(sys.stdout.getvalue()) == ["b-feed: 20 rows, the first vintage.", "a-feed: request 7"]
    line.progress("a-feed", "")
    line.say("a-feed: nothing new.")
    line.clear()
    assert screen(sys.stdout.getvalue()) == ["b-feed: 20 rows, the first vintage.", "a-feed: nothing new.", ""]


def test_lines_of_feeds_that_are_asked_side_by_side_do_not_tear(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    line = _Line()

    def ask(feed):
        for number in range(50):
            line.progress(feed, f"request {number}")
            line.say(f"{feed}: {'row ' * 9}{number}")
        line.progress(feed, "")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, "abcd"))
    shown = screen(sys.stdout.getvalue())
    assert sorted(shown) == sorted(["", *(f"{feed}: {'row ' * 9}{number}" for feed in "abcd" for number in range(50))])


def test_where_there_is_no_terminal_there_is_one_line_for_each_feed(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    line = _Line()
    line.progress("a-feed", "request 7")
    line.say("a-feed: nothing new.")
    line.clear()
    assert sys.stdout.getvalue() == "a-feed: nothing new.\n"


def test_a_file_downloaded_by_hand_is_in_use_after_one_command(checkout):
    file = checkout / "register.csv"
    file.write_text("reporter,partner,flow,year,value\nVietnam,Thailand,X,1955,1.5\nVietnam,Thailand,M,1955,2.5\n")
    done = run("import", str(file), "--vintage", "2022-05")
    assert done.exit_code == 0, done.output
    assert "goods_flows: 2 rows, the first vintage." in done.output
    held = data.open("goods_flows", reporter="VNM", partner="THA", year=1955)
    assert sorted(held["value"]) == [1_500_000, 2_500_000]
    assert "goods_flows: nothing new." in run("import", str(file), "--vintage", "2022-05").output


def downloaded(folder):
    file = folder / "dots.csv"
    file.write_text("reporter,partner,flow,year,value\nVietnam,Japan,X,2031,2.5\n", encoding="utf-8")
    return str(file)


def test_an_import_that_cannot_be_written_is_answered_with_the_place(checkout):
    (checkout / "data" / "cache").write_text("in the way")
    done = run("import", downloaded(checkout))
    assert done.exit_code == 2
    assert "data/cache/" in done.output
    assert "Not a directory. Make room there, or permit reading and writing." in done.output


def test_figures_whose_date_a_file_does_not_state_are_said_to_be_as_imported_until_it_is_given(checkout):
    file = downloaded(checkout)
    done = run("import", file)
    assert "does not state the date of its figures: give it with --vintage, such as --vintage 2022-05." in done.output
    assert "in data/cache/, which Git leaves out" in done.output
    (held,) = vintages.vintages("dots")
    rows = data.open("goods_flows", reporter="VNM", year=2031)
    day = times.in_words(held.retrieved[:10])
    assert data.citation(rows).endswith(f"Direction of Trade Statistics (as imported on {day}).")
    assert "does not state the date" in run("import", file).output  # and nothing is new

    corrected = run("import", file, "--vintage", "2031-05").output
    assert "the date of the figures is 2031-05, before not stated" in corrected
    rows = data.open("goods_flows", reporter="VNM", year=2031)
    assert data.citation(rows).endswith("Direction of Trade Statistics (May 2031).")
    assert "nothing new." in run("import", file, "--vintage", "2031-05").output
    again = run("import", file).output
    assert "nothing new." in again
    assert "does not state" not in again


def test_a_vintage_that_is_forgotten_leaves_the_one_before_it_in_use(checkout):
    keep("office", taken(flows(RUS=2.5)), at=FIRST)
    keep("office", taken(flows(RUS=3.0)), at=SECOND)
    assert run("forget", "office-2026-04-01").output == "office-2026-04-01 is gone. office-2026-03-01 is in use.\n"
    assert data.open("goods_flows", reporter="VNM", partner="RUS", year=2031)["value"].tolist() == [2.5]
    assert run("forget", "office-2026-03-01").output.endswith("Nothing is held of office.\n")
    assert not list((checkout / "data" / "cache" / "vintages").glob("*/*"))
    assert run("forget", "office-2026-03-01").exit_code == 2


def test_a_vintage_on_which_an_edition_rests_is_not_forgotten_unasked(checkout):
    keep("office", taken(flows(RUS=2.5)), at=FIRST)
    for place in ("vietnam", "archive/vietnam/2026-03-02T050000Z", "archive/vietnam/latest"):
        folder = checkout / "reports" / "published" / place
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text('{"sources": [{"id": "office-2026-03-01"}]}', encoding="utf-8")
    refused = run("forget", "office-2026-03-01")
    assert refused.exit_code == 2
    assert "2 editions rest on office-2026-03-01: archive/vietnam/2026-03-02T050000Z, vietnam." in refused.output
    assert vintages.by_id("office-2026-03-01").file.is_file()
    done = run("forget", "office-2026-03-01", "--even-so")
    assert done.exit_code == 0
    assert "vietnam rests on it: its pages stay" in done.output


def test_a_file_of_no_known_kind_is_refused_by_name(checkout):
    file = checkout / "register.csv"
    file.write_text("not,a,known\n1,2,3\n")
    done = run("import", str(file))
    assert done.exit_code == 2
    assert "register.csv" in done.output


@pytest.mark.parametrize(("outcome", "status"), [("new", 0), ("same", 0), ("aside", 1), ("failed", 1)])
def test_a_refresh_ends_with_a_status_that_monitoring_understands(checkout, monkeypatch, outcome, status):
    monkeypatch.setattr(
        feeds, "refresh", lambda names, say, progress: [Look("office", "2026-04-01T09:00:00Z", outcome, "…")]
    )
    assert run("refresh").exit_code == status


def test_without_feeds_a_refresh_says_where_to_name_one(checkout):
    (checkout / "data" / "feeds.yaml").write_text("{}\n")
    done = run("refresh")
    assert done.exit_code == 0
    assert "data/feeds.yaml" in done.output
