"""A run that nobody watches publishes what changed, keeps what stood, says what failed, and is right the next time."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import pytest
from helpers import notebook
from press.test_as_of import SHOWS, take

from legation import times
from legation.data import vintages
from legation.press import archive, notify, publish, unattended
from legation.press.changes import from_json

START = datetime(2026, 11, 1, 5, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)
BROKEN = "#!\nraise RuntimeError('saved half-way')"


@dataclass(frozen=True)
class Looked:
    """What came of asking for figures."""

    feed: str
    outcome: str
    said: str = "nothing new."


def put_notebook(checkout: Path, name: str, *cells: str) -> None:
    nbformat.write(notebook(f"# {name.capitalize()}", *cells), checkout / "notebooks" / f"{name}.ipynb")


def put_spec(checkout: Path, name: str, *more: str) -> None:
    lines = [f"title: {name.capitalize()}", "abstract: A", "chapters:", f"  - notebook: {name}", *more]
    (checkout / "reports" / f"{name}.yml").write_text("\n".join(lines) + "\n")


@pytest.fixture
def house(checkout):
    """A checkout with two reports that are due each day at five: one shows figures, the other none."""
    put_notebook(checkout, "exports", SHOWS)
    put_notebook(checkout, "words", "Nothing here rests on figures.")
    for name in ("exports", "words"):
        put_spec(checkout, name, 'schedule: {cron: "0 5 * * *", zone: UTC}')
    return checkout


class Operator:
    """Runs a checkout by a clock of its own, and keeps what was said."""

    def __init__(self, root: Path) -> None:
        self.root, self.now, self.said = root, START, list[str]()

    def run(self, *names: str, due: bool = True, refresh=None, hours: float = 1.0, **settings):
        how = {"due": due, "hours": hours, "now": lambda: self.now, "settings": notify.Settings(**settings)}
        return unattended.run(self.root, list(names), self.said.append, refresh, **how)

    def outcomes(self, **how):
        ran = self.run(**how)
        return {name: news.outcome for name, news in ran.reports.items()}

    def log(self):
        lines = (self.root / "reports/published/runs.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def stamps(self, report: str):
        return [each.stamp for each in archive.dated(self.root / "reports/published", report)]


@pytest.fixture
def operator(house):
    take(START - DAY, CHN=5.0, RUS=2.0)
    return Operator(house)


def test_the_first_run_keeps_each_report_and_the_next_of_the_day_has_nothing_to_do(operator):
    ran = operator.run()
    assert ran.status == 0
    assert ran.line() == "2026-11-01T050030Z: 2 published"
    assert operator.stamps("exports") == operator.stamps("words") == ["2026-11-01T050030Z"]
    operator.now += timedelta(minutes=5)
    assert operator.run() is None
    (noted,) = operator.log()
    assert (noted["run"], noted["status"], sorted(noted["asked"])) == ("2026-11-01T050030Z", 0, ["exports", "words"])
    assert noted["reports"]["words"]["edition"] == "2026-11-01T050030Z"


def test_an_edition_in_which_nothing_changed_is_not_published_twice(operator):
    operator.run()
    operator.now += DAY
    assert operator.outcomes() == {"exports": "unchanged", "words": "unchanged"}
    assert len(operator.stamps("exports")) == 1


def test_a_revised_figure_makes_an_edition_that_opens_with_it(operator):
    operator.run()
    operator.now += DAY

    def refresh(say):
        take(operator.now, CHN=6.0, RUS=2.0)
        return [Looked("office", "new", "2 rows, 0 added, 1 revised, 0 gone.")]

    assert operator.outcomes(refresh=refresh) == {"exports": "published", "words": "unchanged"}
    assert operator.stamps("exports") == ["2026-11-01T050030Z", "2026-11-02T050030Z"]
    last = archive.dated(operator.root / "reports/published", "exports")[-1]
    assert last.since == "2026-11-01T050030Z"
    changed = from_json((last.folder / "changes.json").read_bytes())
    assert any((entry.before, entry.after) == (5.0, 6.0) for entry in changed.entries)
    assert operator.log()[-1]["feeds"]["office"]["outcome"] == "new"


def test_a_report_that_fails_says_so_on_its_page_stops_no_other_and_is_mended_by_the_next_run(operator):
    operator.run()
    clean = (operator.root / "reports/published/exports/index.html").read_bytes()
    put_notebook(operator.root, "exports", BROKEN)
    operator.now += DAY
    ran = operator.run()
    assert {name: news.outcome for name, news in ran.reports.items()} == {"exports": "failed", "words": "unchanged"}
    assert ran.status == 1
    page = (operator.root / "reports/published/exports/index.html").read_text()
    assert "Its renewal on 2 November 2026 failed" in page
    assert "This edition is of 1 November 2026" in page
    assert "saved half-way" in operator.log()[-1]["reports"]["exports"]["error"]
    assert "renewal" not in (operator.root / "reports/published/archive/exports/latest/index.html").read_text()
    put_notebook(operator.root, "exports", SHOWS)
    operator.now += DAY
    assert operator.outcomes() == {"exports": "unchanged", "words": "unchanged"}
    assert (operator.root / "reports/published/exports/index.html").read_bytes() == clean


def test_where_nothing_can_be_published_the_status_is_two(operator):
    for name in ("exports", "words"):
        put_notebook(operator.root, name, BROKEN)
    assert operator.run().status == 2
    (operator.root / "reports/exports.yml").write_text("title: [")
    operator.now += DAY
    ran = operator.run("exports", due=False)
    assert ran.status == 2
    assert "exports.yml" in operator.log()[-1]["reports"]["exports"]["error"]


def test_a_spec_that_cannot_be_read_any_more_is_told_once_a_day(operator):
    operator.run()
    (operator.root / "reports/exports.yml").write_text("title: [")
    operator.now += DAY
    ran = operator.run()
    assert {name: news.outcome for name, news in ran.reports.items()} == {"exports": "failed", "words": "unchanged"}
    assert "exports.yml" in ran.reports["exports"].error
    operator.now += timedelta(hours=2)
    assert operator.run() is None


def test_a_publisher_that_is_down_leaves_editions_as_they_are_and_is_named(operator):
    operator.run()
    operator.now += DAY
    looked = [Looked("office", "failed", "It cannot be reached."), Looked("bank", "same")]
    ran = operator.run(refresh=lambda say: looked)
    assert {news.outcome for news in ran.reports.values()} == {"unchanged"}
    assert (ran.status, ran.line()) == (1, "2026-11-02T050030Z: 2 unchanged; no fresh figures from office")


def test_feeds_that_cannot_even_be_read_do_not_keep_reports_from_being_made(operator):
    (operator.root / "data/feeds.yaml").write_text("broken: [")
    from legation.data.feeds import refresh

    ran = operator.run(refresh=lambda say: refresh([], say))
    assert {news.outcome for news in ran.reports.values()} == {"published"}
    assert ran.status == 1
    assert "feeds.yaml" in operator.log()[-1]["feeds"]["all"]["said"]


def test_a_full_disk_stops_an_edition_and_the_next_run_makes_it(operator, monkeypatch):
    operator.run()
    take(operator.now + DAY, CHN=7.0)
    operator.now += DAY + timedelta(seconds=5)
    before = {file: file.read_bytes() for file in (operator.root / "reports/published/archive").rglob("*.html")}

    def full(file, content):
        raise OSError(errno.ENOSPC, "No space left on device", str(file))

    with monkeypatch.context() as disk:
        disk.setattr(publish, "_fill", full)
        ran = operator.run()
    assert ran.reports["exports"].outcome == "failed"
    assert "No space left on device" in ran.reports["exports"].error
    assert {file: file.read_bytes() for file in before} == before
    operator.now += DAY
    assert operator.outcomes() == {"exports": "published", "words": "unchanged"}


def test_a_run_is_stopped_after_its_time_and_says_so(operator):
    put_notebook(operator.root, "words", "#!\nimport time\ntime.sleep(60)")
    began = time.monotonic()
    ran = operator.run(hours=4 / 3600)
    assert time.monotonic() - began < 30
    assert ran.status == 2
    assert "was stopped after 0.00111111 hours" in operator.log()[-1]["problem"]
    assert multiprocessing.active_children() == []
    put_notebook(operator.root, "words", "Short again.")
    operator.now += DAY
    assert operator.outcomes() == {"exports": "published", "words": "published"}


def test_what_was_missed_while_the_machine_was_off_is_made_once(operator):
    operator.run()
    operator.now += 5 * DAY
    assert operator.run() is not None
    operator.now += timedelta(minutes=5)
    assert operator.run() is None
    assert len(operator.log()) == 2


def test_a_clock_that_was_set_back_repeats_nothing(operator):
    operator.run()
    operator.now += DAY
    operator.run()
    operator.now -= timedelta(hours=20)
    assert operator.run() is None


def test_a_timer_gives_way_to_a_run_that_is_at_work_and_a_person_waits_for_it(operator):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(operator.root / "reports/published/archive/.running")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    holder.stdout.readline()
    assert operator.run() is None
    assert not (operator.root / "reports/published/runs.jsonl").exists()
    holder.stdin.write(b"go on\n")
    holder.stdin.flush()
    ran = operator.run("words", due=False)
    assert holder.wait() == 0
    assert ran.reports["words"].outcome == "published"
    assert any(line.startswith("Another run is at work (elsewhere") for line in operator.said)


HOLDS = """
import fcntl, sys, time
from pathlib import Path
lock = Path(sys.argv[1]); lock.parent.mkdir(parents=True, exist_ok=True)
with lock.open("ab+", buffering=0) as file:
    fcntl.flock(file, fcntl.LOCK_EX); file.write(b"elsewhere, process 1\\n")
    print("held", flush=True); sys.stdin.readline(); time.sleep(1)
"""


def test_two_machines_that_publish_to_one_folder_take_turns_and_keep_one_edition(operator, tmp_path_factory):
    """The second machine has a checkout of its own; published/ is the same folder."""
    operator.run()
    other = tmp_path_factory.mktemp("other")
    for part in ("data", "notebooks", "reports"):
        shutil.copytree(operator.root / part, other / part, ignore=shutil.ignore_patterns("published"))
    (other / "reports/published").symlink_to(operator.root / "reports/published")
    second = Operator(other)
    second.now = operator.now + timedelta(minutes=1)
    assert second.run() is None  # the log is shared: nothing is owed any more
    second.now += DAY
    os.chdir(other)
    assert second.outcomes() == {"exports": "unchanged", "words": "unchanged"}
    operator.now = second.now + timedelta(minutes=1)
    os.chdir(operator.root)
    assert operator.run() is None
    assert len(operator.stamps("exports")) == 1


def test_a_line_of_the_log_that_broke_off_is_passed_over(operator):
    operator.run()
    log = operator.root / "reports/published/runs.jsonl"
    with log.open("a") as file:
        file.write('{"run": "2026-11-01T0')
    operator.now += DAY
    operator.run()
    assert [line.startswith("{") for line in log.read_text().splitlines()] == [True] * 3
    assert unattended.last_runs(log.parent)["words"] == operator.now.replace(microsecond=0)


def test_a_spec_that_was_removed_leaves_its_editions_and_is_not_run(operator):
    operator.run()
    (operator.root / "reports/words.yml").unlink()
    operator.now += DAY
    assert operator.outcomes() == {"exports": "unchanged"}
    assert (operator.root / "reports/published/archive/words/latest/index.html").is_file()


def test_mail_and_webhook_that_are_dead_do_not_fail_the_run(operator):
    ran = operator.run(webhook="http://127.0.0.1:9/hook")
    assert ran.status == 0
    assert any("webhook" in line.casefold() for line in operator.said)


KILLED = """
import sys
from datetime import datetime
from pathlib import Path
from legation.press import notify, unattended
at = datetime.fromisoformat(sys.argv[1])
unattended.run(Path.cwd(), [], print, None, due=True, now=lambda: at, settings=notify.Settings())
"""


def killed(operator, after: float) -> None:
    """A run in a process of its own, which ends like a machine that loses its power."""
    command = [sys.executable, "-c", KILLED, operator.now.isoformat()]
    process = subprocess.Popen(command, cwd=operator.root, start_new_session=True, stdout=subprocess.DEVNULL)
    time.sleep(after)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def memory() -> int:
    """Kilobytes that this process has."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="processes and memory are read from /proc")
def test_thirty_days_of_runs_with_revisions_faults_and_restarts(operator, monkeypatch):
    """Each day at five a timer asks, three times. What happens on which day stands below, with what must come of it."""
    figures = {"CHN": 5.0, "RUS": 2.0}
    published: dict[int, set[str]] = {}
    measured: dict[int, tuple[int, int]] = {}
    ran_on = []
    for day in range(1, 31):
        operator.now = START + (day - 1) * DAY
        looked = [Looked("office", "same"), Looked("bank", "same")]
        if day in (3, 9, 24):  # revisions
            figures["CHN"] += 1
            looked[0] = Looked("office", "new", "revised.")
        if 11 <= day <= 17:  # the bank is down for a week, from the fourteenth on the office too
            looked[1] = Looked("bank", "failed", "It cannot be reached.")
            looked[0] = Looked("office", "failed" if day >= 14 else "same", "It cannot be reached.")
        if day == 6:
            put_notebook(operator.root, "words", BROKEN)
        if day == 7:
            put_notebook(operator.root, "words", "Mended, with another sentence.")
        if day == 19:  # the power fails in the middle of a run, at three moments
            for after in (0.3, 0.8, 1.6):
                killed(operator, after)
                operator.now += timedelta(minutes=1)
        if day == 27:
            (operator.root / "reports/words.yml").unlink()

        def refresh(say, looked=looked, at=operator.now):
            if looked[0].outcome == "new":
                take(at, **figures)
            elif looked[0].outcome == "failed":
                vintages.mark(vintages.latest("office"), "unreached", at)
            elif vintages.latest("office"):
                vintages.mark(vintages.latest("office"), "reached", at)
            return looked

        with monkeypatch.context() as disk:
            if day == 21:
                disk.setattr(publish, "_fill", _full)
                put_notebook(operator.root, "words", "A sentence that finds no room.")
            came = set()
            for _ in range(3):
                ran = operator.run(refresh=refresh)
                if ran:
                    ran_on.append(day)
                    came |= {name for name, news in ran.reports.items() if news.outcome == "published"}
                operator.now += timedelta(minutes=5)
        published[day] = came
        if day == 22:  # a clock an hour slow asks again
            operator.now -= timedelta(hours=1)
            assert operator.run(refresh=refresh) is None
        measured[day] = (memory(), len(list(Path("/proc/self/fd").iterdir())))
        assert multiprocessing.active_children() == []

    assert ran_on.count(19) in (0, 1)  # one of those that were killed may have come to its end
    assert [day for day in ran_on if day != 19] == [day for day in range(1, 31) if day != 19]
    changed = {day: names for day, names in published.items() if names}
    assert changed == {
        1: {"exports", "words"},
        3: {"exports"},
        7: {"words"},
        9: {"exports"},
        22: {"words"},
        24: {"exports"},
    }
    assert len(operator.stamps("exports")) == 4
    assert len(operator.stamps("words")) == 3
    whole = operator.root / "reports/published"
    assert not list(whole.rglob(".aside-*"))
    assert not list((operator.root / ".legation").rglob("*.tmp"))
    assert (whole / "archive/exports/latest").resolve().name == operator.stamps("exports")[-1]
    grown, files = measured[30][0] - measured[10][0], measured[30][1] - measured[10][1]
    assert grown < 20_000, f"{grown} kilobytes more after twenty runs"
    assert files <= 0
    statuses = {line["run"][8:10]: line["status"] for line in operator.log()}
    assert [day for day, status in statuses.items() if status] == ["06", *(str(day) for day in range(11, 18)), "21"]


def _full(file, content):
    raise OSError(errno.ENOSPC, "No space left on device", str(file))


def test_an_edition_of_the_archive_is_made_again_to_the_same_bytes(operator):
    operator.run("exports", due=False)
    operator.now += DAY
    take(operator.now, CHN=6.0)
    operator.run("exports", due=False)
    first, second = archive.dated(operator.root / "reports/published", "exports")
    assert second.since == first.stamp
    assert times.parse(second.about["as_of"]) == operator.now
    assert vintages.latest("office").retrieved <= second.about["as_of"]


def test_no_key_of_the_environment_stands_in_the_log_or_on_the_status_page(operator, monkeypatch):
    monkeypatch.setenv("LEGATION_COMTRADE_KEY", "c0ffee-very-secret")
    put_notebook(operator.root, "words", "#!\nimport os\nraise ValueError(os.environ['LEGATION_COMTRADE_KEY'])")
    operator.run()
    for file in ("runs.jsonl", "status.html"):
        text = (operator.root / "reports/published" / file).read_text()
        assert "ValueError" in text
        assert "c0ffee" not in text
