"""Is all well? What the log of runs, the folders and the machine tell of reports, feeds, disk, locks and timer.

Nothing is changed and nothing waited for: it can be asked at any time, beside a build or a run.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from legation import holdings, times
from legation.errors import InputError
from legation.press import archive, publish, schedule
from legation.press import spec as specs
from legation.press import timer as timers
from legation.press.spec import ReportSpec

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

LOG = "runs.jsonl"
Level = Literal["ok", "warning", "failure"]
#: Exit statuses, as programs that monitor machines take them (Nagios and its kin), the worst last.
STATUS: dict[Level, int] = {"ok": 0, "warning": 1, "failure": 2}

#: A run may begin so much after its time, besides what the run before it took, until it counts as overdue.
_GRACE = timedelta(hours=1)
#: What is dated further ahead comes from a wrong clock; see `legation.press.schedule.due`.
_AHEAD = timedelta(days=1)
#: A build or run that holds its lock for longer may hang.
_LONG = timedelta(hours=12)
#: Free space that is too little: bytes, or a share of the disk.
_LEAST_FREE, _LEAST_SHARE = 1_000_000_000, 0.05
#: Files of a folder that are counted; of a larger one the size is told as "at least".
_MOST_FILES = 50_000
#: Letters of an error that are told.
_LONGEST = 300
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOLDER = re.compile(r"(?:(?P<host>\S+), )?process (?P<process>\d+)")
#: What holds each lock, by its place in the checkout.
_LOCKS = {Path(".legation") / "building": "build", Path("reports") / "published" / archive.FOLDER / ".running": "run"}


@dataclass(frozen=True)
class Item:
    """Something that is well or not: its name, its level, and a sentence or two."""

    name: str
    level: Level
    said: str


@dataclass(frozen=True)
class Report(Item):
    """A report. Times are stamps in UTC (``2026-11-22T050000Z``).

    Attributes
    ----------
    spec
        Whether its spec is in ``reports/``.
    published
        Whether an edition stands as the newest.
    last_run, outcome, error
        When its last run began, what became of it (``published``, ``unchanged`` or ``failed``), and the first line of
        its error.
    last_success
        When the last run that did not fail began.
    edition, edition_age
        Its newest dated edition, and how old that is in seconds.
    next_run
        Its next time by its schedule.
    overdue_since
        The scheduled time that passed without a run.
    """

    spec: bool
    published: bool
    last_run: str | None
    outcome: str | None
    error: str
    last_success: str | None
    edition: str | None
    edition_age: int | None
    next_run: str | None
    overdue_since: str | None


@dataclass(frozen=True)
class Feed(Item):
    """A feed: when its latest vintage was ``taken`` and how old that is in seconds (``age``), when its publisher was
    ``asked`` last, what came of it (``new``, ``same``, ``aside`` or ``failed``), and the first line of its ``error``.
    """

    taken: str | None
    age: int | None
    asked: str | None
    outcome: str | None
    error: str


@dataclass(frozen=True)
class Runs(Item):
    """Unattended runs as a whole: when the ``last`` began, its ``problem``, and ``broken`` lines of the log."""

    last: str | None
    problem: str
    broken: int


@dataclass(frozen=True)
class Locks(Item):
    """Who is at work: who ``held`` each lock, since when; and folders ``left`` by builds that were killed."""

    held: dict[str, dict[str, str]]
    left: list[str]


@dataclass(frozen=True)
class Timer(Item):
    """The timer: ``installed`` with ``systemd`` or ``cron``, ``stopped``, ``no``, or ``unknown``."""

    installed: str


@dataclass(frozen=True)
class Disk(Item):
    """Bytes ``free`` of ``total``, and ``used`` by each folder; ``counted`` is false of those too large to count."""

    free: int
    total: int
    used: dict[str, int]
    counted: dict[str, bool]


@dataclass(frozen=True)
class Health:
    """How all of a checkout fares at a time."""

    at: datetime
    reports: tuple[Report, ...]
    feeds: tuple[Feed, ...]
    runs: Runs
    locks: Locks
    timer: Timer
    disk: Disk

    @property
    def items(self) -> list[Item]:
        """All of it, the worst first."""
        every: list[Item] = [*self.reports, *self.feeds, self.runs, self.locks, self.timer, self.disk]
        return sorted(every, key=lambda item: -STATUS[item.level])

    @property
    def level(self) -> Level:
        """That of the worst item."""
        return self.items[0].level

    @property
    def summary(self) -> str:
        """One sentence: ``1 failure, 2 warnings.``"""
        counts = {level: sum(item.level == level for item in self.items) for level in ("failure", "warning")}
        return f"{_joined(_many(count, level) for level, count in counts.items() if count) or 'All is well'}."

    def text(self) -> str:
        """All of it for people: a summary, then a line for each item, the worst first."""
        items = self.items
        widths = [max(len(item.level) for item in items), max(len(item.name) for item in items)]
        lines = [f"{item.level:<{widths[0]}}  {item.name:<{widths[1]}}  {item.said}" for item in items]
        return "\n".join([f"Legation: {self.level}. {self.summary}", *lines])

    def as_json(self) -> dict[str, Any]:
        """All of it for programs; docs/scheduling.md lists the keys."""
        return {
            "at": times.stamp(self.at),
            "level": self.level,
            "status": STATUS[self.level],
            "summary": self.summary,
            "reports": [asdict(report) for report in self.reports],
            "feeds": [asdict(feed) for feed in self.feeds],
            "runs": asdict(self.runs),
            "locks": asdict(self.locks),
            "timer": asdict(self.timer),
            "disk": asdict(self.disk),
        }


def health(root: Path, now: datetime) -> Health:
    """How all fares.

    Parameters
    ----------
    root
        The checkout.
    now
        The time, with its zone.
    """
    now = now.astimezone(UTC)
    published = root / "reports" / "published"
    runs, broken = _runs(published / LOG)
    reports = tuple(_reports(root, runs, now))
    return Health(
        now,
        reports,
        tuple(_feeds(root, runs, now)),
        _of_runs(runs, broken, now),
        _locks(root, now),
        _timer(root, reports),
        _disk(root),
    )


def write_status(published: Path, health: Health) -> Path:
    """Write the page that tells how all fares, beside the list of reports, which links it from its next build on.

    Returns
    -------
    Path
        The page, ``status.html``.
    """
    from legation.press import html  # loading it takes longer than all else here

    def shown(items: Iterable[Item]) -> list[dict[str, Any]]:
        return [
            {"name": item.name, "level": item.level, "said": item.said, "page": _page(item)}
            for item in sorted(items, key=lambda item: -STATUS[item.level])
        ]

    machine = (health.runs, health.locks, health.timer, health.disk)
    parts = {"Reports": shown(health.reports), "Feeds": shown(health.feeds), "Machine": shown(machine)}
    return publish.write_status(html.status(_when(health.at), health.summary, parts), published)


def _page(item: Item) -> str | None:
    return f"{item.name}/index.html" if isinstance(item, Report) and item.published else None


# --- the log


@dataclass(frozen=True)
class _Run:
    """A line of the log, as far as it says what a line should."""

    began: datetime
    ended: datetime | None
    asked: list[str]
    reports: dict[str, tuple[str, str]]  # outcome and first line of the error, by name
    feeds: dict[str, tuple[str, str]]  # outcome and sentence
    problem: str

    def of(self, name: str) -> tuple[str, str] | None:
        """What became of a report, or of a sweep's editions together: outcome and error. ``None``: not in this run."""
        found = {each: news for each, news in self.reports.items() if each.partition("/")[0] == name}
        failed = {each: error for each, (outcome, error) in found.items() if outcome == "failed"}
        if failed:
            first = next(iter(failed.values()))
            several = f"{len(failed)} of {len(found)} editions; the first: " if len(found) > 1 else ""
            return "failed", several + first
        if found:
            outcomes = [outcome for outcome, _ in found.values()]
            return ("published" if "published" in outcomes else outcomes[0]), ""
        if name in self.asked:
            return "failed", self.problem or "the run ended before it came to this report"
        return None

    @property
    def length(self) -> timedelta:
        return max(self.ended - self.began, timedelta(0)) if self.ended else timedelta(0)


def _runs(log: Path) -> tuple[list[_Run], int]:
    """The runs of the log, the oldest first, and how many lines could not be read."""
    found, broken = [], 0
    lines: Sequence[bytes] = []
    with contextlib.suppress(OSError):
        lines = log.read_bytes().splitlines()
    for line in lines:
        run = _read(line)
        if run:
            found.append(run)
        elif line.strip():
            broken += 1
    return sorted(found, key=lambda run: run.began), broken


def _read(line: bytes) -> _Run | None:
    try:
        noted = json.loads(line)
    except (ValueError, RecursionError):
        return None
    began = _moment(noted.get("run")) if isinstance(noted, dict) else None
    if began is None:
        return None
    asked = noted.get("asked")
    return _Run(
        began,
        _moment(noted.get("ended")),
        [name for name in asked if isinstance(name, str)] if isinstance(asked, list) else [],
        dict(_told(noted.get("reports"), "error")),
        dict(_told(noted.get("feeds"), "said")),
        _line(noted.get("problem")),
    )


def _told(noted: Any, words: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """The entries of a run's reports or feeds that name something and say what became of it."""
    for name, news in noted.items() if isinstance(noted, dict) else ():
        named = all(_NAME.fullmatch(part) for part in name.split("/"))
        if named and isinstance(news, dict) and isinstance(news.get("outcome"), str):
            yield name, (news["outcome"], _line(news.get(words)))


# --- reports


def _reports(root: Path, runs: Sequence[_Run], now: datetime) -> Iterator[Report]:
    """Those with a spec by name, then those whose spec is gone."""
    published = root / "reports" / "published"
    files = {file.stem: file for file in sorted((root / "reports").glob("*.yml"))}
    stand = {file.parent.name for file in published.glob(f"*/{publish.MANIFEST}") if _NAME.fullmatch(file.parent.name)}
    logged = {name.partition("/")[0] for run in runs for name in run.reports}
    dated = {name: about["stamp"] for name, about in archive.dates(published).items()}
    for name in [*files, *sorted((stand | logged | set(dated)) - set(files))]:
        spec, wrong = None, ""
        if name in files:
            try:
                spec = specs.load(files[name])
            except InputError as error:
                wrong = f"Its spec cannot be read. {_sentence(str(error))}"
        took_part = [(run, news) for run in runs if (news := run.of(name))]
        newest = _moment(dated.get(name))
        yield _report(_line(name), spec, wrong, name in files, name in stand, took_part, newest, now)


def _report(  # each is asked for once, and all of it makes one sentence
    name: str,
    spec: ReportSpec | None,
    wrong: str,
    has_spec: bool,
    published: bool,
    took_part: Sequence[tuple[_Run, tuple[str, str]]],
    newest: datetime | None,
    now: datetime,
) -> Report:
    last, (outcome, error) = took_part[-1] if took_part else (None, (None, ""))
    success = next((run.began for run, news in reversed(took_part) if news[0] != "failed"), None)
    plan = spec.schedule if spec else None
    following = schedule.next_run(plan, now) if plan else None
    ahead = last is not None and last.began - now > _AHEAD
    overdue = None
    if plan and last and not ahead:
        owed = schedule.next_run(plan, last.began)
        overdue = owed if owed.astimezone(UTC) + _GRACE + last.length < now else None
    level: Level = "ok"
    said = []
    if wrong or outcome == "failed" or overdue:
        level = "failure"
    elif ahead or (plan and not last) or (published and not has_spec):
        level = "warning"
    if wrong:
        said.append(wrong)
    if not has_spec:
        said.append(f"There is no reports/{name}.yml any more.")
        if published:
            said.append(f"Its page is no longer renewed: bring the spec back, or delete reports/published/{name}.")
    if overdue:
        assert plan  # noqa: S101
        said.append(f"Overdue since {overdue:%A} {_when(overdue, plan.zone)}: no run has begun since.")
    if last and outcome == "failed":
        said.append(f"Failed on {_when(last.began)}: {_sentence(error or 'no reason is noted')}")
        said.append(f"It last succeeded on {_when(success)}." if success else "It has never succeeded.")
    elif last:
        said.append(f"{str(outcome).capitalize()} on {_when(last.began)}.")
        if ahead:
            said.append("That time has not come yet: a clock was wrong. It is due.")
    elif plan:
        said.append("It has never run, and is due.")
    elif has_spec and not wrong:
        said.append("It has no schedule." if published else "It has no schedule and was not built yet.")
    if newest:
        said.append(f"Newest dated edition: {_when(newest)}, {_ago(now - newest)}.")
    if plan and following:
        said.append(f"Next run: {following:%A} {_when(following, plan.zone)}.")
    return Report(
        name,
        level,
        " ".join(said),
        spec=has_spec,
        published=published,
        last_run=_stamp(last.began if last else None),
        outcome=outcome,
        error=error,
        last_success=_stamp(success),
        edition=_stamp(newest),
        edition_age=_seconds(newest, now),
        next_run=_stamp(following),
        overdue_since=_stamp(overdue),
    )


# --- feeds


def _feeds(root: Path, runs: Sequence[_Run], now: datetime) -> Iterator[Feed]:
    """Those that are asked for, then those of which only a vintage is held, and what the last run told besides."""
    taken = {name: at for name, at in holdings.taken(root).items() if _NAME.fullmatch(name)}
    try:
        wanted = [name for name in holdings.feeds(root) if _NAME.fullmatch(name)]
    except InputError as error:
        wanted = []
        yield Feed(holdings.FEEDS, "failure", _sentence(str(error)), None, None, None, None, _line(str(error)))
    entries: dict[str, list[tuple[datetime, str, str]]] = {}
    for look in holdings.looks(root):
        if at := _moment(look.at):
            entries.setdefault(look.feed, []).append((at, look.outcome, _line(look.said)))
    for run in runs:
        for name, (outcome, said) in run.feeds.items():
            entries.setdefault(name, []).append((run.began, outcome, said))
    last_told = next((run.feeds for run in reversed(runs) if run.feeds), {})
    for name in dict.fromkeys([*wanted, *sorted(taken), *last_told]):
        yield _feed(name, name in wanted, _moment(taken.get(name)), sorted(entries.get(name, [])), now)


def _feed(
    name: str, wanted: bool, taken: datetime | None, entries: Sequence[tuple[datetime, str, str]], now: datetime
) -> Feed:
    at, outcome, told = entries[-1] if entries else (None, None, "")
    wrong = outcome in ("failed", "aside")
    said = []
    if wrong:
        since = at
        for began, what, _ in reversed(entries):
            if what not in ("failed", "aside"):
                break
            since = began
        kind = "Newer figures were set aside" if outcome == "aside" else "It could not be renewed"
        again = "" if since == at else f", and again since {_when(since)}"
        said.append(f"{kind} on {_when(at)}{again}: {_sentence(told or 'no reason is noted')}")
    said.append(f"Taken on {_when(taken)}, {_ago(now - taken)}." if taken else "Nothing was taken yet.")
    if at and not wrong:
        said.append(f"Asked on {_when(at)}: {'new figures' if outcome == 'new' else 'nothing new'}.")
    if taken and not wanted:
        said.append("It is not in data/feeds.yaml: brought in by hand, or no longer asked for.")
    return Feed(
        name,
        "warning" if wrong else "ok",
        " ".join(said),
        taken=_stamp(taken),
        age=_seconds(taken, now),
        asked=_stamp(at),
        outcome=outcome,
        error=told if wrong else "",
    )


# --- runs, locks, timer, disk


def _of_runs(runs: Sequence[_Run], broken: int, now: datetime) -> Runs:
    last = runs[-1] if runs else None
    said = [f"The last began on {_when(last.began)}, {_ago(now - last.began)}." if last else "No run is recorded."]
    if last and last.problem:
        said.insert(0, f"The last failed as a whole: {_sentence(last.problem)}")
    if broken:
        said.append(f"{_many(broken, 'line')} of reports/published/{LOG} cannot be read and {_is(broken)} passed over.")
    return Runs(
        "runs",
        "failure" if last and last.problem else "ok",
        " ".join(said),
        _stamp(last.began if last else None),
        last.problem if last else "",
        broken,
    )


def _locks(root: Path, now: datetime) -> Locks:
    level: Level = "ok"
    held, said = {}, []
    for place, what in _LOCKS.items():
        if (holder := _holder(root / place)) is None:
            continue
        who, since = holder
        held[what] = {"holder": who, "since": times.stamp(since)}
        said.append(f"A {what} has been at work since {_when(since)} ({who.partition(', since')[0]}).")
        if now - since > _LONG:
            level = "warning"
            said.append(f"That is {_ago(now - since).removesuffix(' ago')}: if it hangs, end that process.")
    left = [] if held else publish.half_done(root / "reports" / "published")
    if left:
        level = "warning"
        count = _many(len(left), "half-made folder")
        said.append(f"A build was killed and left {count} in reports/published; the next build clears up.")
    names = [path.relative_to(root).as_posix() for path in left]
    return Locks("locks", level, " ".join(said) or "Nothing is at work.", held, names)


def _holder(lock: Path) -> tuple[str, datetime] | None:
    """Who holds a lock, and since when; ``None``: nobody, one that was killed, or the process that asks."""
    if fcntl is None:
        return None
    try:
        with lock.open("rb") as file:
            who = _line(file.read(_LONGEST).decode("utf-8", "replace"))
            if not who:
                return None
            found = _HOLDER.match(who)
            if found and int(found["process"]) == os.getpid() and found["host"] in (None, socket.gethostname()):
                return None
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return who, datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
    except OSError:
        return None
    return None


def _timer(root: Path, reports: Sequence[Report]) -> Timer:
    scheduled = [report for report in reports if report.next_run]
    try:
        installed: str = timers.installed(timers.job(root))
    except InputError as error:
        said = f"Whether it is installed was not found out. {_sentence(str(error))}"
        return Timer("timer", "warning", said, "unknown")
    if installed in ("systemd", "cron"):
        return Timer("timer", "ok", f"Installed with {installed}.", installed)
    if installed == "stopped":
        said = "Installed with systemd, but it is not running: `make schedule` starts it."
        return Timer("timer", "warning" if scheduled else "ok", said, installed)
    if not scheduled:
        return Timer("timer", "ok", "Not installed; no report has a schedule.", installed)
    if all(report.last_run and not report.overdue_since for report in scheduled):
        return Timer("timer", "ok", "Not installed for this user here; reports run in time all the same.", installed)
    return Timer("timer", "warning", "Not installed: `make schedule` installs it.", installed)


def _disk(root: Path) -> Disk:
    published = root / "reports" / "published"
    space = shutil.disk_usage(published if published.is_dir() else root)
    seen: set[tuple[int, int]] = set()
    folders = {
        "reports/published": _size(published, seen, besides=archive.FOLDER),
        "reports/published/archive": _size(published / archive.FOLDER, seen),
        "data/cache": _size(root / "data" / "cache", seen),
        ".legation/store": _size(root / ".legation" / "store", seen),
    }
    too_little = space.free < _LEAST_FREE or space.free < _LEAST_SHARE * space.total
    share = f"{space.free / space.total:.0%}" if space.total else "0%"
    said = f"{_bytes(space.free)} free, {share} of the disk."
    if too_little:
        said = f"Only {said} Make room, or builds will fail."
    used = _joined(
        f"{name} {'' if whole else 'at least '}{_bytes(size)}" for name, (size, whole) in folders.items() if size
    )
    return Disk(
        "disk",
        "warning" if too_little else "ok",
        f"{said} Used: {used or 'nothing yet'}.",
        space.free,
        space.total,
        {name: size for name, (size, _) in folders.items()},
        {name: whole for name, (_, whole) in folders.items()},
    )


def _size(folder: Path, seen: set[tuple[int, int]], *, besides: str = "") -> tuple[int, bool]:
    """The bytes of a folder's files, and whether all were counted; what shares its bytes with another counts once."""
    total, count = 0, 0
    waiting = [folder]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if Path(entry.path) != folder / besides or not besides:
                        waiting.append(Path(entry.path))
                    continue
                status = entry.stat(follow_symlinks=False)
                count += 1
                if count > _MOST_FILES:
                    return total, False
                if (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    total += status.st_size
    return total, True


# --- words


def _line(text: Any) -> str:
    """The first line that says something, in letters that can be shown."""
    lines = text.splitlines() if isinstance(text, str) else []
    for line in lines:
        shown = " ".join("".join(letter if letter.isprintable() else " " for letter in line).split())
        if shown:
            return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
    return ""


def _sentence(text: str) -> str:
    line = _line(text)
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def _moment(written: Any) -> datetime | None:
    """A time as it stands in names and logs; ``None`` for anything else."""
    for form in ("%Y-%m-%dT%H%M%SZ", "%Y-%m-%dT%H:%M:%SZ"):
        with contextlib.suppress(ValueError, TypeError):
            return datetime.strptime(written, form).replace(tzinfo=UTC)
    return None


def _stamp(at: datetime | None) -> str | None:
    return times.stamp(at) if at else None


def _seconds(since: datetime | None, now: datetime) -> int | None:
    return int((now - since).total_seconds()) if since else None


def _when(at: datetime | None, zone: str = "UTC") -> str:
    """22 November 2026 at 05:00 UTC."""
    assert at is not None  # noqa: S101
    return f"{at.day} {at:%B %Y} at {at:%H:%M} {zone}"


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 120:
        return f"{_many(minutes, 'minute')} ago"
    if minutes < 48 * 60:
        return f"{minutes // 60} hours ago"
    return f"{minutes // 1440} days ago"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _bytes(size: int) -> str:
    for unit, worth in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= worth:
            return f"{size / worth:.1f} {unit}"
    return f"{size} bytes"


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts)
