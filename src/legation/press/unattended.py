"""``legation run``: what happens when nobody looks. Fresh figures, what is due, what changed, and who is told."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from legation import times, version
from legation.errors import InputError
from legation.press import archive, changes, health, history, notify, publish, schedule
from legation.press import spec as specs
from legation.press.archive import Dated
from legation.press.build import build
from legation.press.health import LOG
from legation.press.notify import FeedNews, News, ReportNews
from legation.press.outcome import Outcome, cannot
from legation.press.spec import ReportSpec
from legation.press.turns import turn
from legation.times import in_words

#: Hours after which a run is stopped, whatever it waits for.
HOURS = 3.0
#: Lines of a run's end that are read to learn when each report ran last, and bytes of an error that are kept.
_READ_BACK, _ERROR = 4_000_000, 2_000
_TOLD = Path(".legation") / "told.json"


class Look(Protocol):
    """What came of asking for fresh figures once, as `legation.data.feeds` tells it."""

    @property
    def feed(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def said(self) -> str: ...


#: Asks for fresh figures, telling how far it is.
Refresh = Callable[[Callable[[str], None]], Sequence[Look]]


@dataclass
class Run:
    """A run: what it took on, and what became of it.

    Attributes
    ----------
    status
        0 all that was asked for is published or unchanged, 1 part of it failed, 2 nothing could be published.
    """

    began: datetime
    asked: list[str] = field(default_factory=list)
    offline: bool = False
    ended: datetime | None = None
    reports: dict[str, ReportNews] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    editions: dict[str, str | None] = field(default_factory=dict)
    feeds: dict[str, Look] = field(default_factory=dict)
    problem: str = ""

    @property
    def status(self) -> int:
        failed = [each for each in self.reports.values() if each.outcome == "failed"]
        if self.problem or (failed and len(failed) == len(self.reports)):
            return 2
        return int(bool(failed) or any(look.outcome in ("failed", "aside") for look in self.feeds.values()))

    def line(self) -> str:
        """All of it in one line, for who reads a timer's output."""
        count = {
            outcome: sum(each.outcome == outcome for each in self.reports.values())
            for outcome in ("published", "unchanged", "failed")
        }
        said = [f"{number} {outcome}" for outcome, number in count.items() if number]
        bad = sorted(name for name, look in self.feeds.items() if look.outcome in ("failed", "aside"))
        if bad:
            said.append(f"no fresh figures from {', '.join(bad)}")
        if self.problem:
            said.append(self.problem.splitlines()[0])
        return f"{times.stamp(self.began)}: {'; '.join(said) or 'nothing to do'}"

    def noted(self) -> dict[str, Any]:
        """All of it as it stands in the log."""
        return {
            "run": times.stamp(self.began),
            "ended": times.stamp(self.ended) if self.ended else None,
            "status": self.status,
            "asked": self.asked,
            "offline": self.offline,
            "machine": socket.gethostname(),
            "reports": {
                name: {
                    "outcome": each.outcome,
                    "edition": self.editions.get(name),
                    "seconds": round(self.seconds.get(name, 0.0), 1),
                    "error": each.error[:_ERROR],
                }
                for name, each in self.reports.items()
            },
            "feeds": {name: {"outcome": look.outcome, "said": look.said} for name, look in self.feeds.items()},
            "problem": self.problem,
        }


def run(
    root: Path,
    names: list[str],
    say: Callable[[str], None],
    refresh: Refresh | None,
    *,
    due: bool = False,
    hours: float = HOURS,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    settings: notify.Settings | None = None,
) -> Run | None:
    """Renew reports, keep what changed as dated editions, and tell people.

    Parameters
    ----------
    root
        The checkout.
    names
        Reports; none means all that are no sweeps.
    say
        Takes lines of progress.
    refresh
        Brings fresh figures; ``None``: those that are held will do.
    due
        Only reports whose schedule owes a run. If none does, or another run is at work, nothing is done.
    hours
        After so many the run is stopped. What was published by then stays.
    now, settings
        The clock, and how people are told; by default from the environment.

    Returns
    -------
    Run or None
        What became of it; ``None`` where nothing was due. A line of it is in ``reports/published/runs.jsonl``.
    """
    published = root / "reports" / "published"
    if due and not _owed(root, names, now()):
        return None
    # The lock lies beside the editions, so that machines that share them take turns.
    lock = published / archive.FOLDER / ".running"

    def holder() -> str:
        return f"{socket.gethostname()}, process {os.getpid()}, since {datetime.now(UTC):%H:%M:%S} UTC"

    def occupied(other: str) -> None:
        say(f"Another run is at work ({other}). This one waits for it.")

    with turn(lock, holder, occupied, wait=not due) as mine:
        if not mine:
            return None
        asked = _owed(root, names, now()) if due else names  # the run before may have done what was due
        if due and not asked:
            return None
        this = Run(now(), asked, offline=refresh is None)
        problem = ""
        try:
            with _limit(hours):
                _renew(this, root, say, refresh, now)
        except _OutOfTimeError:
            problem = f"The run was stopped after {hours:g} hours. What was published by then stays."
        except InputError as error:
            problem = str(error)
        except OSError as error:
            problem = cannot(error)
        except Exception as error:  # noqa: BLE001  # whatever it is: nobody looks, so it has to be written down
            problem = f"{type(error).__name__} in Legation itself: {error}\n{traceback.format_exc()}"
        this.problem, this.ended = notify.masked(problem), now()
        _close(this, root, say, settings or notify.Settings.read())
        return this


def last_runs(published: Path) -> dict[str, datetime]:
    """When each report was last asked of a run, by the last line of the log that names it."""
    found: dict[str, datetime] = {}
    for line in _lines(published / LOG):
        with contextlib.suppress(InputError, KeyError, TypeError):
            began = times.parse(line["run"])
            found |= dict.fromkeys(line["asked"] or line["reports"], began)
    return found


# --- helpers


class _OutOfTimeError(KeyboardInterrupt):
    """Ends whatever is waited for, as an operator's Ctrl-C would."""


def _owed(root: Path, names: list[str], now: datetime) -> list[str]:
    """The reports that are owed a run, of those named or of all.

    One that has run before and whose spec cannot be read any more is tried, and so told, once a day.
    """
    last = last_runs(root / "reports" / "published")
    owed = []
    for name in sorted(file.stem for file in (root / "reports").glob("*.yml")):
        if names and name not in names:
            continue
        try:
            times_of = specs.load(root / "reports" / f"{name}.yml").schedule
        except InputError:
            if name in last and abs(now - last[name]) >= timedelta(days=1):
                owed.append(name)
            continue
        if times_of and schedule.due(times_of, last.get(name), now):
            owed.append(name)
    return owed


def _renew(
    this: Run, root: Path, say: Callable[[str], None], refresh: Refresh | None, now: Callable[[], datetime]
) -> None:
    """Ask for fresh figures, build, and keep what changed."""
    if refresh is not None:
        try:
            this.feeds = {look.feed: look for look in refresh(say)}
        except Exception as error:  # noqa: BLE001  # reports are made of what is held all the same
            said = notify.masked(str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}")
            say(f"Asking for fresh figures broke off. {said}")
            this.feeds = {"all": _Failed("all", "failed", said)}
    at = now()
    for outcome in build(root, this.asked, say):
        news, dated = _kept(root, outcome, at, say)
        this.reports[outcome.report] = news
        this.seconds[outcome.report] = outcome.seconds
        this.editions[outcome.report] = dated.stamp if dated else None


@dataclass(frozen=True)
class _Failed:
    feed: str
    outcome: str
    said: str


def _kept(root: Path, outcome: Outcome, at: datetime, say: Callable[[str], None]) -> tuple[ReportNews, Dated | None]:
    """Keep a report's edition under its time, if it says anything new."""
    published, name = root / "reports" / "published", outcome.report
    held = archive.dated(published, name)
    last = held[-1] if held else None
    page = f"{name}/index.html" if (published / name / publish.MANIFEST).is_file() else ""
    title = _title(published / name) or name
    if outcome.edition is None:
        error = notify.masked("\n".join(part for part in (outcome.problem, outcome.traceback) if part))
        log = str(published / LOG)
        return ReportNews(name, "failed", title, page=page, error=error, log=log), last
    opens = outcome.edition / archive.CHANGES
    news = changes.from_json(opens.read_bytes()) if opens.is_file() else None
    if last and (news is None or news.since != last.stamp):
        return ReportNews(name, "unchanged", title, page=page), last
    summary = news.summary() if news else "The first edition that is kept."
    spec = _spec(root, name)
    try:
        dated = archive.keep(
            published,
            name,
            at=at,
            since=last.stamp if last else None,
            summary=summary,
            counts=news.counts() if news else {},
            as_of=times.stamp(at),
            commit=archive.commit(root),
            version=version(),
            retention=spec.keep if spec else None,
        )
    except (OSError, InputError) as error:
        what = cannot(error) if isinstance(error, OSError) else str(error)
        return ReportNews(name, "failed", title, page=page, error=what, log=str(published / LOG)), last
    if dated.problem:
        say(f"{name}: {dated.problem}")
    told = tuple(news.told()) if news else ()
    return ReportNews(
        name, "published", title, summary, told, page=f"{archive.FOLDER}/{name}/{dated.stamp}/index.html"
    ), dated


def _close(this: Run, root: Path, say: Callable[[str], None], settings: notify.Settings) -> None:
    """Say on stale pages that they are, write the pages around the editions and the log, tell people.

    Nothing here undoes or fails an edition: what cannot be done is said.
    """
    published = root / "reports" / "published"
    assert this.ended is not None  # noqa: S101
    for what in (
        lambda: _say_stale(this, published),
        lambda: history.write(published, settings.site),
        lambda: _note(published / LOG, this.noted()),
        lambda: health.write_status(published, health.health(root, this.ended)),
    ):
        try:
            what()
        except (OSError, InputError) as error:
            say(cannot(error) if isinstance(error, OSError) else str(error))
    feeds = tuple(
        FeedNews(name, look.said if look.outcome in ("failed", "aside") else "") for name, look in this.feeds.items()
    )
    reports = tuple(this.reports.values())
    news = News(root.name, this.began, published, reports, feeds, this.problem, str(published / LOG))
    (root / _TOLD).parent.mkdir(exist_ok=True)
    for sentence in notify.tell(news, settings, root / _TOLD):
        say(sentence)


def _say_stale(this: Run, published: Path) -> None:
    for name, each in this.reports.items():
        if each.outcome == "failed" and each.page:
            of = this.editions.get(name)
            day = in_words(times.stamp(this.began)[:10])
            kept = f"This edition is of {in_words(of[:10])}. " if of else ""
            publish.say_stale(
                published / name,
                f"{kept}Its renewal on {day} failed; figures and findings may have changed since.",
            )


@contextlib.contextmanager
def _limit(hours: float) -> Iterator[None]:
    """Stop what runs inside after so many hours."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _OutOfTimeError

    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, hours * 3600)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _lines(log: Path) -> Iterator[dict[str, Any]]:
    """The last lines of the log; those that a killed machine left broken are passed over."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _READ_BACK))
        for text in file.read().splitlines():
            with contextlib.suppress(ValueError):
                line = json.loads(text)
                if isinstance(line, dict):
                    yield line


def _note(log: Path, facts: dict[str, Any]) -> None:
    """Add a line to the log in one go: two machines may share it. A line that broke off before it is ended first."""
    text = f"{json.dumps(facts, ensure_ascii=False)}\n".encode()
    with log.open("ab+", buffering=0) as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            text = text if file.read(1) == b"\n" else b"\n" + text
        file.write(text)


def _title(edition: Path) -> str | None:
    with contextlib.suppress(OSError, ValueError, KeyError):
        return str(json.loads((edition / publish.MANIFEST).read_bytes())["title"])
    return None


def _spec(root: Path, report: str) -> ReportSpec | None:
    with contextlib.suppress(InputError):
        return specs.load(root / "reports" / f"{report.partition('/')[0]}.yml")
    return None
