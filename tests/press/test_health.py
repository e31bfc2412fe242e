"""Is all well? By a made clock: what is said of reports, feeds, locks, timer and disk, and which is the worst."""

import fcntl
import json
import os
import socket
import subprocess
import sys
from collections import namedtuple
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from press.made import HOSTILE

from legation import times
from legation.cli import main
from legation.press import health as checks
from legation.press import timer
from legation.press.health import health, write_status

#: A Sunday at 12:00. A report of Mondays at 06:00 in Warsaw ran on Monday the 16th at 05:00 and runs on the 23rd.
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 16, 5, tzinfo=UTC)
SPEC = "title: T\nabstract: A\nchapters:\n  - notebook: trade\n"
WEEKLY = f'{SPEC}schedule: {{cron: "0 6 * * 1", zone: Europe/Warsaw}}\n'
USAGE = namedtuple("Usage", "total used free")


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A checkout with nothing in it, on a machine without a timer and with room on its disk."""
    for folder in ("data/cache", "reports/published/archive", ".legation"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data" / "datapackage.yaml").touch()
    (tmp_path / "home").mkdir()
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: USAGE(100_000_000_000, 50_000_000_000, 50_000_000_000))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(house, name, spec=SPEC, *, published=True, dated=()):
    if spec:
        (house / "reports" / f"{name}.yml").write_text(spec)
    stands = house / "reports" / "published"
    for folder in [stands / name] * published + [stands / "archive" / name / stamp for stamp in dated]:
        folder.mkdir(parents=True)
        for file in ("manifest.json", "index.html", "edition.json"):
            (folder / file).write_text("{}")


def ran(house, began, /, minutes=10, problem="", feeds=None, asked=(), **reports):
    """A line of the log; a report's outcome, or with an error behind it: ``trade="failed: The disk is full"``."""
    noted = {
        name.replace("_", "-"): {"outcome": told.partition(": ")[0], "error": told.partition(": ")[2], "seconds": 1.0}
        for name, told in reports.items()
    }
    ended = times.stamp(began + timedelta(minutes=minutes))
    line = {"run": times.stamp(began), "ended": ended, "status": 0, "asked": list(asked), "offline": False}
    with (house / "reports" / "published" / "runs.jsonl").open("a") as log:
        log.write(json.dumps({**line, "reports": noted, "feeds": feeds or {}, "problem": problem}) + "\n")


def looked(house, at, feed, outcome, said):
    with (house / "data" / "cache" / "looks.jsonl").open("a") as log:
        log.write(json.dumps({"feed": feed, "at": at, "outcome": outcome, "said": said, "vintage": None}) + "\n")


def took(house, feed, stamp):
    folder = house / "data" / "cache" / "vintages" / "goods_flows" / feed / stamp
    folder.mkdir(parents=True)
    (folder / "vintage.json").write_text("{}")


def of(house, name, now=NOW):
    (found,) = [item for item in health(house, now).items if item.name == name]
    return found


# reports


def test_of_an_empty_checkout_all_is_well(house):
    found = health(house, NOW)
    assert (found.level, found.summary) == ("ok", "All is well.")


def test_a_report_that_ran_in_time_is_well_and_its_times_are_told(house):
    report(house, "trade", WEEKLY, dated=["2026-11-02T050003Z", "2026-11-09T050003Z"])
    ran(house, MONDAY - timedelta(days=7), trade="published")
    ran(house, MONDAY, trade="unchanged")
    found = of(house, "trade")
    assert (found.level, found.outcome) == ("ok", "unchanged")
    assert found.last_run == found.last_success == "2026-11-16T050000Z"
    assert (found.edition, found.edition_age) == ("2026-11-09T050003Z", 13 * 86_400 + 7 * 3600 - 3)
    assert (found.next_run, found.overdue_since) == ("2026-11-23T050000Z", None)
    assert found.said == (
        "Unchanged on 16 November 2026 at 05:00 UTC. Newest dated edition: 9 November 2026 at 05:00 UTC, 13 days ago. "
        "Next run: Monday 23 November 2026 at 06:00 Europe/Warsaw."
    )


def test_a_run_that_failed_is_told_with_its_error_and_with_the_last_that_did_not(house):
    report(house, "trade", WEEKLY)
    ran(house, MONDAY - timedelta(days=7), trade="published")
    ran(house, MONDAY, trade="failed: \n\x1b[31mThe disk\u202e is full\nTraceback …")
    found = of(house, "trade")
    assert (found.level, found.error) == ("failure", "[31mThe disk is full")
    assert (found.last_run, found.last_success) == ("2026-11-16T050000Z", "2026-11-09T050000Z")
    assert "Failed on 16 November 2026 at 05:00 UTC: [31mThe disk is full. It last succeeded on 9 Nov" in found.said


@pytest.mark.parametrize(
    ("after_six", "minutes", "level"),
    [(59, 0, "ok"), (61, 0, "failure"), (61, 30, "ok"), (91, 30, "failure")],
)
def test_a_run_is_overdue_an_hour_and_the_length_of_the_last_one_after_its_time(house, after_six, minutes, level):
    report(house, "trade", WEEKLY)
    ran(house, MONDAY, minutes, trade="published")
    found = of(house, "trade", MONDAY + timedelta(days=7, minutes=after_six))
    assert found.level == level
    assert found.overdue_since == (None if level == "ok" else "2026-11-23T050000Z")
    assert ("Overdue since Monday 23 November 2026 at 06:00 Europe/Warsaw" in found.said) == (level == "failure")


def test_overdue_runs_count_from_the_first_that_was_missed(house):
    report(house, "trade", WEEKLY)
    ran(house, MONDAY - timedelta(days=21), trade="published")
    assert of(house, "trade").overdue_since == "2026-11-02T050000Z"


def test_a_scheduled_report_that_never_ran_is_a_warning_and_one_without_schedule_is_none(house):
    report(house, "trade", WEEKLY)
    report(house, "by-hand", published=False)
    assert (of(house, "trade").level, of(house, "by-hand").level) == ("warning", "ok")
    assert "It has never run, and is due." in of(house, "trade").said
    assert of(house, "by-hand").said == "It has no schedule and was not built yet."


def test_a_run_dated_by_a_clock_that_was_wrong_is_told_and_hides_nothing_as_overdue(house):
    report(house, "trade", WEEKLY)
    ran(house, NOW + timedelta(days=400), trade="published")
    found = of(house, "trade")
    assert (found.level, found.overdue_since) == ("warning", None)
    assert "a clock was wrong" in found.said


def test_a_report_whose_spec_is_gone_is_said_to_be_gone_and_warned_of_while_its_page_stands(house):
    report(house, "old", spec=None)
    ran(house, MONDAY, forgotten="published")
    assert of(house, "old").level == "warning"
    assert "There is no reports/old.yml any more. Its page is no longer renewed" in of(house, "old").said
    assert (of(house, "forgotten").level, of(house, "forgotten").spec) == ("ok", False)
    assert "There is no reports/forgotten.yml any more." in of(house, "forgotten").said
    report(house, "kept", spec=None, published=False, dated=["2026-11-02T050003Z"])
    assert (of(house, "kept").level, of(house, "kept").edition) == ("ok", "2026-11-02T050003Z")


def test_a_spec_that_cannot_be_read_is_a_failure_with_file_and_line(house):
    report(house, "trade", "title: T\n")
    assert of(house, "trade").level == "failure"
    assert "reports/trade.yml, line 1: the key 'chapters' is missing" in of(house, "trade").said


def test_of_a_sweep_the_editions_count_together(house):
    report(house, "asean", WEEKLY)
    for edition, stamp in (("tha", "2026-11-09T050003Z"), ("vnm", "2026-11-16T050003Z")):
        folder = house / "reports" / "published" / "archive" / "asean" / edition / stamp
        folder.mkdir(parents=True)
        (folder / "edition.json").write_text("{}")
    ran(house, MONDAY, **{"asean/tha": "published", "asean/vnm": "failed: No figures.", "asean/lao": "unchanged"})
    found = of(house, "asean")
    assert (found.level, found.edition) == ("failure", "2026-11-16T050003Z")
    assert found.error == "1 of 3 editions; the first: No figures."


def test_a_report_that_a_run_was_asked_for_and_never_came_to_failed_with_the_runs_problem(house):
    report(house, "trade", WEEKLY)
    ran(house, MONDAY, problem="The run was stopped after 3 hours.\nmore", asked=["trade"])
    assert of(house, "trade").error == "The run was stopped after 3 hours."
    assert of(house, "runs").level == "failure"
    ran(house, NOW, asked=["trade"], trade="published")
    assert (of(house, "trade").level, of(house, "runs").level) == ("ok", "ok")


def test_broken_lines_of_the_log_are_passed_over_and_counted(house):
    report(house, "trade", WEEKLY)
    ran(house, MONDAY, trade="published")
    with (house / "reports" / "published" / "runs.jsonl").open("ab") as log:
        for line in (
            b'{"run": "2026-11',
            b"\xff\xfe",
            b"[]",
            b"null",
            b'{"run": 5}',
            b'{"run": "yesterday"}',
            b"[" * 9**5,
        ):
            log.write(line + b"\n")
        odd = {"run": "2026-11-17T050000Z", "reports": ["trade"], "feeds": {"x": 1}, "asked": 7, "problem": None}
        odder = odd | {"reports": {"trade": None, "../../etc": {"outcome": "failed"}, "a b": {"outcome": 1}}}
        log.write(f"{json.dumps(odd)}\n\n{json.dumps(odder)}\n".encode())
    found = health(house, NOW)
    assert [each.name for each in found.reports] == ["trade"]
    assert found.reports[0].last_run == "2026-11-16T050000Z"
    assert found.runs.broken == 7
    assert "7 lines of reports/published/runs.jsonl cannot be read and are passed over." in found.runs.said


# feeds


def test_a_feed_is_told_with_its_age_and_the_last_error_from_its_beginning(house):
    (house / "data" / "feeds.yaml").write_text("ecb-rates: {}\nimf: {}\nnew: {}\n")
    took(house, "ecb-rates", "2026-11-01T050000Z")
    took(house, "ecb-rates", "2026-10-01T050000Z")
    took(house, "imf", "2026-11-01T050000Z")
    looked(house, "2026-11-08T05:00:00Z", "ecb-rates", "same", "nothing new.")
    looked(house, "2026-11-15T05:00:00Z", "ecb-rates", "failed", "No answer. That of 2026-11-01 stays in use.")
    looked(house, "2026-11-22T05:00:00Z", "ecb-rates", "failed", "No answer.\nmore")
    ran(house, MONDAY, feeds={"imf": {"outcome": "same", "said": "nothing new."}})
    ecb, imf, new = health(house, NOW).feeds
    assert (ecb.level, ecb.taken, ecb.outcome, ecb.error) == ("warning", "2026-11-01T050000Z", "failed", "No answer.")
    assert ecb.age == 21 * 86_400 + 7 * 3600
    assert ecb.said == (
        "It could not be renewed on 22 November 2026 at 05:00 UTC, and again since 15 November 2026 at 05:00 UTC: "
        "No answer. Taken on 1 November 2026 at 05:00 UTC, 21 days ago."
    )
    assert (imf.level, imf.asked, imf.error) == ("ok", "2026-11-16T050000Z", "")
    assert (new.level, new.said) == ("ok", "Nothing was taken yet.")


def test_figures_brought_in_by_hand_are_told_and_feeds_that_cannot_be_read_are_a_failure(house):
    took(house, "sipri", "2026-11-01T050000Z")
    (house / "data" / "cache" / "looks.jsonl").write_text(
        '{"feed": 1}\n{"feed": 1, "at": 2, "outcome": 3, "said": 4}\n['
    )
    assert "brought in by hand, or no longer asked for" in of(house, "sipri").said
    (house / "data" / "feeds.yaml").write_text("a: [")
    assert of(house, "feeds.yaml").level == "failure"
    assert of(house, "sipri").level == "ok"


# locks

HOLDS = """\
import fcntl, os, socket, sys
file = open(sys.argv[1], "ab+", buffering=0)
fcntl.flock(file, fcntl.LOCK_EX)
file.write(f"{sys.argv[2]}process {os.getpid()}, since 05:00:00\\n".encode())
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("place", "host", "what"),
    [(".legation/building", "", "build"), ("reports/published/archive/.running", "press-2, ", "run")],
)
def test_who_is_at_work_is_told_and_a_killed_one_is_nobody(house, place, host, what):
    lock = house / place
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, lock, host], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        for since, level in ((MONDAY + timedelta(days=6), "ok"), (MONDAY + timedelta(days=6, hours=-6), "warning")):
            os.utime(lock, (since.timestamp(), since.timestamp()))
            found = of(house, "locks")
            assert found.level == level
            assert found.held[what]["since"] == times.stamp(since)
            assert f"A {what} has been at work since {since.day} November 2026" in found.said
            assert f"({host}process {holder.pid})" in found.said
        (house / "reports" / "published" / ".aside-trade-12345678").mkdir()
        assert of(house, "locks").left == []  # what it is making is no leftover
        holder.kill()
    assert lock.read_text() != ""
    assert of(house, "locks").held == {}


def test_the_run_that_asks_is_not_told_as_one_at_work(house):
    lock = house / "reports" / "published" / "archive" / ".running"
    with lock.open("ab+", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(f"{socket.gethostname()}, process {os.getpid()}, since 05:00:00 UTC\n".encode())
        assert of(house, "locks").said == "Nothing is at work."


def test_what_a_killed_build_left_is_a_warning(house):
    (house / "reports" / "published" / ".aside-trade-12345678").mkdir()
    found = of(house, "locks")
    assert (found.level, found.left) == ("warning", ["reports/published/.aside-trade-12345678"])


# timer and disk


def test_a_timer_is_missed_where_reports_are_scheduled_and_do_not_run_without_one(house):
    assert of(house, "timer").level == "ok"
    report(house, "trade", WEEKLY)
    assert of(house, "timer").level == "warning"
    ran(house, MONDAY, trade="published")  # something else runs them
    assert of(house, "timer").level == "ok"
    assert of(house, "timer", NOW + timedelta(days=3)).level == "warning"


@pytest.mark.parametrize(("on", "installed", "level"), [("exit 0", "systemd", "ok"), ("exit 3", "stopped", "warning")])
def test_a_timer_of_systemd_is_found_and_whether_it_is_running(house, on, installed, level):
    report(house, "trade", WEEKLY)
    ran(house, MONDAY, trade="published")
    units = house / "home" / ".config" / "systemd" / "user"
    units.mkdir(parents=True)
    (units / f"{timer.job(house).name}.timer").touch()
    program(house, "systemctl", on)
    found = of(house, "timer")
    assert (found.installed, found.level) == (installed, level)


def test_a_timer_of_cron_is_found_and_lines_that_were_changed_are_told(house):
    block = timer._Cron(timer.job(house)).block.decode()
    listing = house / "crontab"
    program(house, "crontab", f"while IFS= read -r line; do printf '%s\\n' \"$line\"; done <{listing}")
    listing.write_text(f"# mine\n{block}")
    assert (of(house, "timer").installed, of(house, "timer").level) == ("cron", "ok")
    listing.write_text("# mine\n")
    assert of(house, "timer").installed == "no"
    listing.write_text(block.replace(": end", ": End"))
    assert (of(house, "timer").installed, of(house, "timer").level) == ("unknown", "warning")


def program(house, name, script):
    file = house / "bin" / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("total", "free", "level"),
    [
        (10**12, 49 * 10**9, "warning"),
        (10**12, 51 * 10**9, "ok"),
        (10**10, 10**9 - 1, "warning"),
        (10**10, 10**9, "ok"),
    ],
)
def test_less_than_a_gigabyte_or_a_twentieth_of_the_disk_is_too_little(house, monkeypatch, total, free, level):
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: USAGE(total, total - free, free))
    assert of(house, "disk").level == level


def test_bytes_that_a_dated_edition_shares_with_the_newest_count_once(house, monkeypatch):
    report(house, "trade", published=True, dated=["2026-11-02T050003Z"])
    published = house / "reports" / "published"
    (published / "trade" / "trade.pdf").write_bytes(b"x" * 5000)
    (published / "archive" / "trade" / "2026-11-02T050003Z" / "trade.pdf").hardlink_to(
        published / "trade" / "trade.pdf"
    )
    (published / "archive" / "trade" / "latest").symlink_to("2026-11-02T050003Z")
    used = of(house, "disk").used
    assert used["reports/published"] == 5006
    assert used["reports/published/archive"] == 6 + len("2026-11-02T050003Z")
    monkeypatch.setattr(checks, "_MOST_FILES", 3)
    assert of(house, "disk").counted["reports/published"] is False
    assert "reports/published at least" in of(house, "disk").said


# the whole


def test_the_worst_comes_first_and_gives_the_level_of_the_whole(house):
    report(house, "a-well")
    report(house, "failed", WEEKLY)
    report(house, "never", WEEKLY)
    ran(house, MONDAY, failed="failed: No figures.")
    found = health(house, NOW)
    assert found.level == "failure"
    assert [item.name for item in found.items][:3] == ["failed", "never", "timer"]
    first, second, *_ = found.text().splitlines()
    assert first == "Legation: failure. 1 failure, 2 warnings."
    assert second.startswith("failure  failed  Failed on 16 November 2026")
    assert len({line.index(line.split(maxsplit=2)[2]) for line in found.text().splitlines()[1:]}) == 1


@pytest.mark.parametrize(("told", "status"), [("published", 0), ("failed: No figures.", 2)])
def test_the_command_ends_with_the_status_that_monitors_take_and_changes_nothing(house, told, status):
    report(house, "trade")
    ran(house, MONDAY, trade=told)
    before = tree(house)
    asked = CliRunner().invoke(main, ["health", "--json"])
    found = json.loads(asked.stdout)
    assert (asked.exit_code, found["status"]) == (status, status)
    assert {*found} == {"at", "level", "status", "summary", "reports", "feeds", "runs", "locks", "timer", "disk"}
    assert found["reports"][0]["last_run"] == "2026-11-16T050000Z"
    assert CliRunner().invoke(main, ["health"]).stdout.startswith(f"Legation: {found['level']}.")
    assert tree(house) == before


def test_a_warning_is_status_1(house):
    report(house, "trade", WEEKLY)
    assert CliRunner().invoke(main, ["health"]).exit_code == 1


def tree(folder):
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def test_nothing_that_takes_long_to_load_is_loaded():
    loads = "import sys, legation.cli, legation.press.health; print({'pandas', 'jinja2', 'duckdb'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True).stdout == "set()\n"


# the page


def test_the_page_tells_the_same_with_links_to_what_is_published_and_escapes_what_it_was_told(house):
    report(house, "trade", WEEKLY)
    report(house, "unbuilt", published=False)
    ran(house, MONDAY, trade=f"failed: {HOSTILE}")
    published = house / "reports" / "published"
    file = write_status(published, health(house, NOW))
    assert file == published / "status.html"
    page = file.read_text(encoding="utf-8")
    assert "As it was on 22 November 2026 at 12:00 UTC." in page
    assert '<th scope="row"><a href="trade/index.html">trade</a></th><td><b class="failure">failure</b></td>' in page
    assert '<th scope="row">unbuilt</th>' in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert [path.name for path in published.iterdir() if path.name.startswith(".")] == []
