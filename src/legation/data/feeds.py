"""Feeds: questions put to publishers again and again, and what came of asking.

``data/feeds.yaml`` names them. A feed is a publisher and a wish, which the publisher's own module understands::

    comtrade-vietnam:
      publisher: comtrade
      wish: {reporters: [VNM], partners: [CHN, RUS, USA], years: [2015, 2025]}

A publisher's module has ``Wish``, a pydantic model, and ``take(wish, ask)``, which gives rows in the form of a table.
All that is sent and received goes through an `Ask`: it is polite, tries again, keeps every raw answer, and goes on
where an interrupted refresh stopped. To add a publisher: write its module and name it in ``PUBLISHERS``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import hashlib
import importlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Protocol, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from legation import holdings, yaml_lines
from legation.checkout import home
from legation.data import catalogue, plausibility, vintages
from legation.data.fetching import Fetcher, UnreachableError
from legation.data.vintages import Answer, Taken, Vintage
from legation.errors import InputError, nearest
from legation.holdings import Look

#: Each is a module beside this one.
PUBLISHERS = ("census", "comtrade", "ecb", "eurostat", "imf", "worldbank")
#: Hours within which answers to an interrupted refresh are used again.
_RESUMED_WITHIN = 24
_MOST_BYTES = 200_000_000  # of one answer
_FILE = holdings.FEEDS


#: A country or group, by the house's code.
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2,4}$")]


class WishOfYears(BaseModel):
    """What the wishes have in common: the first and the last year, which each publisher bounds."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    years: list[int] = Field(min_length=2, max_length=2)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.years[0] > self.years[1]:
            raise ValueError(f"years: the first, {self.years[0]}, comes after the last, {self.years[1]}")
        return self


class Publisher(Protocol):
    """What a publisher's module has."""

    Wish: type[BaseModel]

    def take(self, wish: Any, ask: Ask) -> Taken:
        """Rows for the wish. `InputError` where it cannot be met, `AnswerError` where an answer is not as expected."""


class AnswerError(Exception):
    """An answer that is not what the publisher's documents promise: a sentence with what was expected and found."""


class _InterruptedError(Exception):
    """The refresh was interrupted: whoever asks stops before the next request."""


class Feed(BaseModel):
    """A question to a publisher."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    publisher: str  # who is asked
    wish: dict[str, Any] = {}  # what for; docs/live-data.md lists it for each publisher


class Ask:
    """Puts requests to a publisher, for one feed.

    Attributes
    ----------
    answers
        All that came, in order.
    expected
        How many requests there will be, as far as the publisher's module knows: it sets it, for whoever waits.
    """

    def __init__(self, feed: str, fetcher: Fetcher, tell: Callable[[str], object] = lambda _: None) -> None:
        self.feed, self.answers, self.expected = feed, list[Answer](), 0
        self._fetcher, self._tell = fetcher, tell
        self._folder = home() / "data" / "cache" / "partial" / feed

    def __call__(
        self,
        address: str,
        *,
        accept: str = "application/json",
        key: tuple[str, str] | None = None,
        answers: Collection[int] = (200,),
        again: bool = False,
    ) -> Answer:
        """The answer to a request.

        Parameters
        ----------
        address
            The whole request, without any key.
        key
            The header that carries a key, and the key: it stands in no error, log or file. Where the server repeats it,
            it is made unreadable in the answer.
        answers
            The statuses whose answers are wanted.
        again
            Whether the answer may be another each time, as of a question how far something is: then it is asked for
            even where an interrupted refresh has one.

        Raises
        ------
        UnreachableError
            If there is none, after several tries.
        """
        kept = self._folder / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.json.gz"
        found = None if again else self._kept(kept)
        number = len(self.answers) + 1
        said = f"request {number:,}" + (f" of {self.expected:,}" if self.expected >= number else "")
        self._tell(said)
        if found is None:
            self._fetcher.say = lambda why: self._tell(f"{said}: {why}")
            try:
                page = self._fetcher.fetch(address, accept=accept, secret=dict([key]) if key else None, answers=answers)
            except UnreachableError as error:
                raise UnreachableError(str(error).replace(key[1], "…") if key else str(error)) from None
            content = page.content.replace(key[1].encode(), "…".encode()) if key else page.content
            found = Answer(address, content, page.media_type, page.status)
            if page.status == 200 and not again:
                self._keep(kept, found)
        self.answers.append(found)
        return found

    def done(self) -> None:
        """Forget the answers kept for an interruption."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _keep(self, file: Path, answer: Answer) -> None:
        about = {"request": answer.request, "media_type": answer.media_type, "status": answer.status}
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        aside.write_bytes(gzip.compress(json.dumps(about).encode("ascii") + b"\n" + answer.content, 1, mtime=0))
        aside.replace(file)

    def _kept(self, file: Path) -> Answer | None:
        with contextlib.suppress(OSError, ValueError, EOFError, KeyError):
            if datetime.now(UTC).timestamp() - file.stat().st_mtime < 3600 * _RESUMED_WITHIN:
                about, _, content = gzip.decompress(file.read_bytes()).partition(b"\n")
                noted = json.loads(about)
                return Answer(noted["request"], content, noted["media_type"], noted["status"])
        return None


def secret(name: str) -> str | None:
    """A key, from the environment or the system's keyring; ``None`` if there is none.

    That of ``comtrade`` is looked for as ``LEGATION_COMTRADE_KEY``, then in the keyring, where the package ``keyring``
    is installed, under the service ``legation`` and the name ``comtrade``.

    Raises
    ------
    InputError
        If there is a keyring that cannot be read, such as a locked one, or what is found cannot be a key.
    """
    variable = f"LEGATION_{name.upper()}_KEY"
    found = os.environ.get(variable, "").strip()
    where = f"the environment's {variable}"
    if not found:
        found = _from_keyring(name, variable)
        where = f"the keyring, service legation, name {name}"
    # A line break or an accent would be told in an error of the library that sends it: the key with it.
    if not re.fullmatch(r"[!-~]*", found):
        raise InputError(f"What is in {where}, is no key: it holds a space, a line break or a letter that no key has.")
    return found or None


def _from_keyring(name: str, variable: str) -> str:
    try:
        keyring, errors = importlib.import_module("keyring"), importlib.import_module("keyring.errors")
    except ImportError:
        return ""
    try:
        return str(keyring.get_password("legation", name) or "").strip()
    except errors.NoKeyringError:  # none on this machine, as on most servers
        return ""
    except Exception as error:  # noqa: BLE001  # those who store keys raise what they like, and may tell what they hold
        raise InputError(
            f"The system's keyring cannot be read ({type(error).__name__}). Unlock it, or set {variable}."
        ) from None


def feeds() -> dict[str, Feed]:
    """Every feed of ``data/feeds.yaml`` by its name.

    Raises
    ------
    InputError
        With file and line: an unknown publisher (with the nearest), a wish that its publisher does not understand.
    """
    file = home() / "data" / _FILE
    if not file.is_file():
        return {}
    shown = f"data/{_FILE}"
    plain, lines = yaml_lines.read(file, shown=shown, kind="a list of feeds")
    found = {}
    for name, content in plain.items():
        where = f"{shown}, line {yaml_lines.line_of(lines, (name,))}"
        if not vintages.is_feed(name):
            raise InputError(f"{where}: '{name}' is no name of a feed: small letters, digits and single hyphens.")
        if not isinstance(content, dict):
            raise InputError(f"{where}: a feed has a publisher and a wish.")
        inside = {place[1:]: line for place, line in lines.items() if place[:1] == (name,)}
        feed = yaml_lines.validated(Feed, content, inside, shown)
        if feed.publisher not in PUBLISHERS:
            raise InputError(
                f"{where}: there is no publisher '{feed.publisher}'{nearest(feed.publisher, PUBLISHERS)}. "
                f"There are: {', '.join(PUBLISHERS)}. docs/live-data.md says what each gives."
            )
        below = {place[1:]: line for place, line in inside.items() if place[:1] == ("wish",)}
        yaml_lines.validated(_publisher(feed.publisher).Wish, feed.wish, below, shown)
        found[name] = feed
    return found


def refresh(
    names: Sequence[str],
    say: Callable[[str], None],
    *,
    progress: Callable[[str, str], None] = lambda _feed, _said: None,
    fetcher: Callable[[], Fetcher] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Look]:
    """Ask publishers again, and keep what is new and plausible.

    Publishers are asked side by side, the feeds of one publisher one after the other. One that cannot be reached, or
    gives what cannot be true, leaves the last good vintage in use, with a mark from which reports say how old it was.

    Parameters
    ----------
    names
        Feeds; none means all.
    say
        Told a line for each feed when it is done.
    progress
        Told of a feed what it is doing, such as ``request 3 of 12``, and at the end nothing: from several threads.

    Returns
    -------
    list of Look
        One for each feed, in the order of their names. Each also becomes a line of ``data/cache/looks.jsonl``.

    Raises
    ------
    InputError
        If a name is unknown, or ``data/feeds.yaml`` is wrong.
    """
    known = feeds()
    for name in names:
        if name not in known:
            raise InputError(
                f"There is no feed '{name}' in data/{_FILE}{nearest(name, known)}. There are: {', '.join(known)}."
            )
    chosen = {name: known[name] for name in (names or known)}
    by_publisher: dict[str, list[str]] = {}
    for name, feed in chosen.items():
        by_publisher.setdefault(feed.publisher, []).append(name)
    told, over = threading.Lock(), threading.Event()

    def tell(name: str, said: str) -> None:
        if over.is_set():
            raise _InterruptedError
        progress(name, said)

    def pause(seconds: float) -> None:
        if over.wait(seconds):
            raise _InterruptedError

    def of_publisher(wanted: list[str]) -> list[Look]:
        asked = fetcher() if fetcher else Fetcher(delay=1.0, most_bytes=_MOST_BYTES, sleep=pause)
        looks = []
        for name in wanted:
            look = _look(name, chosen[name], asked, now(), partial(tell, name))
            looks.append(look)
            with told:
                progress(name, "")
                say(f"{name}: {look.said}")
                _note(look)
        return looks

    with ThreadPoolExecutor(max(1, len(by_publisher))) as pool:
        try:
            found = [look for looks in pool.map(of_publisher, by_publisher.values()) for look in looks]
        except (KeyboardInterrupt, SystemExit):
            over.set()
            raise
    return sorted(found, key=lambda look: look.feed)


def looks() -> list[Look]:
    """Every time a publisher was asked, in order; lines that cannot be read are passed over."""
    return holdings.looks(home())


def _look(name: str, feed: Feed, fetcher: Fetcher, at: datetime, tell: Callable[[str], object]) -> Look:
    """Ask for one feed, check what came, and keep it."""
    publisher, ask = _publisher(feed.publisher), Ask(name, fetcher, tell)
    try:
        taken = publisher.take(publisher.Wish.model_validate(feed.wish), ask)
    except (UnreachableError, AnswerError, InputError) as error:
        held = {vintage.table: vintage for vintage in vintages.vintages(name)}
        for vintage in held.values():
            _mark(vintage, "unreached" if isinstance(error, UnreachableError) else "failed", at)
        return Look(name, _stamp(at), "failed", f"{error} {_stands(vintages.latest(name))}")
    tell("checks what came")
    look = bring_in(name, taken, at, asked=True)
    ask.done()
    return look


def bring_in(name: str, taken: Taken, at: datetime, *, asked: bool = False) -> Look:
    """Check what was taken and keep it as a feed's vintage, or aside with the reasons.

    Where its publisher was ``asked`` for the newest, a mark notes whether nothing newer than what is held could be had;
    who brings in a file by hand, which may be an older one, sees what becomes of it.
    """
    stamp, before = _stamp(at), vintages.latest(name, taken.table)
    count = vintages.rows_of(taken.rows)
    held = last = None
    rows = taken.rows
    if isinstance(rows, pd.DataFrame):
        with contextlib.suppress(ValueError, TypeError):  # the check of the contract says what does not fit
            rows = vintages.typed(rows, taken.table)
            taken = dataclasses.replace(taken, rows=rows)
        held, last = _held(name, taken.table, rows), vintages.read([before]) if before else None
    refused = plausibility.refused(taken, last, held)
    found = vintages.keep(name, taken, at=at, refused=refused, redated=not asked)
    if asked and before and (refused or not found):
        _mark(before, "aside" if refused else "reached", at, *refused[:1])
    if found is None:
        return Look(name, stamp, "same", "nothing new.", before.id if before else None)
    if refused:
        return Look(name, stamp, "aside", f"{count:,} rows were set aside: {' '.join(refused)} {_stands(before)}")
    return Look(name, stamp, "new", f"{count:,} rows, {_said(before, found)}.", found.id)


def _mark(vintage: Vintage, kind: str, at: datetime, why: str = "") -> None:
    """Note what came of asking, with the last day on which the publisher gave the same rows again, if any."""
    same = [look.at[:10] for look in looks() if look.outcome == "same" and look.vintage == vintage.id]
    later = [day for day in same if day > vintage.retrieved[:10]]
    vintages.mark(vintage, kind, at, confirmed=max(later, default=None), why=why)


def _held(name: str, table: str, rows: pd.DataFrame) -> pd.DataFrame | None:
    """What other sources state of the same countries and years."""
    if "reporter" not in rows or rows.empty:
        return None
    known = set(catalogue.country_names())
    codes = [code for code in rows["reporter"].unique() if code in known]
    years = (int(rows["year"].min()), int(rows["year"].max()))
    held = catalogue.open(table, about=codes, year=years)
    return held[~held["source"].isin([vintage.id for vintage in vintages.vintages(name, table=table)])]


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _stands(before: Vintage | None) -> str:
    """What is in use while nothing new is."""
    return f"That of {before.retrieved[:10]} stays in use." if before else "Nothing is held of it yet."


def _said(before: Vintage | None, after: Vintage) -> str:
    if before is None:
        return "the first vintage"
    dates = [vintage.source["vintage"] for vintage in (before, after)]
    redated = (
        f"; the date of the figures is {dates[1]}, before {dates[0] or 'not stated'}" if dates[0] != dates[1] else ""
    )
    return f"{vintages.changes(before, after, most=0)}{redated if after.by_hand else ''}"


def _note(look: Look) -> None:
    file = home() / "data" / "cache" / "looks.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.write(f"{json.dumps(vars(look), ensure_ascii=False)}\n")


def _publisher(name: str) -> Publisher:
    found: Publisher = importlib.import_module(f"legation.data.{name}")
    return found
