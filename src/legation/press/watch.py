"""``legation watch``: build a report at each save of what it depends on, and show it in the browser.

What it depends on is what its last build asked for, as the store notes it: spec, notebooks, the files that chapters
read, the code that they import, the code of the press. Their status is looked at several times a second, which needs
no more than the file system and works on every one, also where it is shared with a container or another machine.

Three processes share the work: this one looks, serves the page and outlasts mistakes; `legation.press.builder` builds,
with its workers and kernels warm; it is replaced when code of the press changed, or when a build that no longer
matters would go on. What ends takes with it what it started; see `legation.press.warm`.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from legation.errors import InputError, nearest
from legation.press import builder
from legation.press.depends import PACKAGE, Files
from legation.press.ending import interrupted_by_all
from legation.press.serve import Shown

#: Seconds between two looks. What changed is built when it looks the same twice, or has not for the second number.
_LOOK, _RESTLESS = 0.1, 2.0
#: Seconds for which a file that stops in the middle may still be on its way.
_HALF = 1.5
#: A build that has taken so many seconds is given up when there is something newer to build.
_LONG = 10.0
_ENDS_WITHIN = 5.0
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9-]+)?")


def watch(
    root: Path,
    report: str,
    say: Callable[[str], None],
    *,
    port: int = 0,
    opened: Callable[[str], None] = lambda url: None,
) -> None:
    """Build a report now and whenever something that it depends on is saved; show it until interrupted.

    Parameters
    ----------
    root
        The checkout.
    report
        The report's name; of a sweep that of an edition, as ``sweep/edition``.
    say
        Takes each line of progress.
    port
        Where the page is served; 0 takes one that is free.
    opened
        Is given the page's address, once it is served.

    Raises
    ------
    InputError
        If there is no such report, or the port is taken.
    """
    root = root.resolve()
    _check(root / "reports", report)
    with interrupted_by_all(), Shown(root / "reports" / "published" / report, port) as shown:
        watching = _Watch(root, report, say, shown)
        try:
            say(f"{shown.url} shows {report} and follows what is saved. Ctrl-C ends it.")
            opened(shown.url)
            watching.go_on()
        except KeyboardInterrupt:
            pass
        finally:
            watching.end()
        with contextlib.suppress(OSError):  # the terminal was closed
            say("Ended. What was published stays.")


def _check(folder: Path, report: str) -> None:
    """Refuse what is no report at all. One whose spec has a mistake is watched until it is mended."""
    from legation.press import spec as specs

    files = {file.stem: file for file in sorted(folder.glob("*.yml"))}
    name, _, edition = report.partition("/")
    if name not in files or not _NAME.fullmatch(report):
        raise InputError(
            f"There is no report '{report}' in reports/{nearest(name, files)}. There are: {', '.join(files) or 'none'}."
        )
    try:
        spec = specs.load(files[name])
    except InputError:
        return
    if not spec.sweep and not edition:
        return
    editions = [each.name for each in specs.editions(spec)] if spec.sweep else []
    if not spec.sweep:
        raise InputError(f"The report '{name}' is no sweep and has no edition '{edition}'. Watch '{name}'.")
    if report not in editions:
        what = f"has no edition '{edition}'{nearest(report, editions)}" if edition else "is a sweep"
        raise InputError(f"The report '{name}' {what}. Watch one of its editions, such as {editions[0]}.")


class _Builder:
    """The process that builds, from here: takes orders, and puts what it says into a queue."""

    def __init__(self, root: Path, report: str, said: queue.Queue[tuple[_Builder, dict[str, Any] | None]]) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # this interpreter, that module
            [sys.executable, "-m", builder.__name__, str(os.getpid()), str(root), report],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for the one that watches
        )
        self._said = said
        threading.Thread(target=self._listen, daemon=True, name="builder").start()

    def order(self, what: str) -> None:
        assert self._process.stdin  # noqa: S101
        with contextlib.suppress(BrokenPipeError):  # its end is told by what it says no more
            self._process.stdin.write(f"{what}\n")
            self._process.stdin.flush()

    def end(self, *, building: bool) -> None:
        """End it, and with it all that it started."""
        assert self._process.stdin  # noqa: S101
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        if building:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout  # noqa: S101
        with contextlib.suppress(ValueError):  # of a line that it was killed in
            for line in self._process.stdout:
                self._said.put((self, json.loads(line)))
        self._said.put((self, None))


class _Watch:
    def __init__(self, root: Path, report: str, say: Callable[[str], None], shown: Shown) -> None:
        self.root, self.report, self.say, self.shown = root, report, say, shown
        self.said: queue.Queue[tuple[_Builder, dict[str, Any] | None]] = queue.Queue()
        self.builder: _Builder | None = None
        self.building: float | None = None  # since when
        self.files = Files(root)
        self.asked: Mapping[str, Mapping[str, Any]] = {"files": {}, "names": {}}
        self.seen: dict[Path, Any] = {}  # what differs from what was asked, with its status
        self.ordered: dict[Path, Any] = {}  # the same for the build at work
        self.first = self.last = 0.0  # when something was first seen to differ, and when that last changed

    def go_on(self) -> None:
        """Build, and build again, until interrupted."""
        self._order(builder.BUILD)
        while True:
            try:
                told_by, what = self.said.get(timeout=_LOOK)
            except queue.Empty:
                self._look()
                continue
            if told_by is self.builder:
                self._take(what)

    def end(self) -> None:
        """End the process that builds."""
        if self.builder:
            self.builder.end(building=self.building is not None)
            self.builder = None

    def _look(self) -> None:
        self.shown.look()
        now, seen = time.monotonic(), {path: _status(path) for path in self.files.differing(self.asked)}
        if seen != self.seen:
            self.first = self.first if self.seen else now
            self.seen, self.last = seen, now
        if not seen or (seen == self.ordered and self.building):
            return
        settled = now > self.last and not (now - self.last < _HALF and any(map(_stops_short, seen)))
        if not settled and now - self.first < _RESTLESS:
            return
        if self.building:
            if now - self.building < _LONG:
                return
            self.say("What is being built is out of date. It is given up.")
            self.end()
        shown = [
            path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path) for path in seen
        ]
        self.say(f"Changed: {', '.join(shown[:3])}{f' and {len(shown) - 3} more' if len(shown) > 3 else ''}")
        code = [path for path in seen if path.is_relative_to(PACKAGE) and not path.is_dir()]
        if any(path.is_relative_to(PACKAGE / "press") or path.parent == PACKAGE for path in code):
            self.end()
        self._order(builder.RENEW if code else builder.BUILD)

    def _order(self, what: str) -> None:
        self.builder = self.builder or _Builder(self.root, self.report, self.said)
        self.building, self.ordered = time.monotonic(), self.seen
        self.shown.tell(building=True)
        self.builder.order(what)

    def _take(self, what: dict[str, Any] | None) -> None:
        """What the process that builds says; nothing once it has ended."""
        if what is None:
            was_building = self.building is not None
            self.end()
            self.building = None
            self._leave_as_it_is()
            if was_building:
                problem = (
                    "The process that builds ended before its time. What it wrote last stands in the terminal; if "
                    "nothing does, it was killed: is there memory enough? The next save starts another."
                )
                self.say(problem)
                self.shown.tell(building=False, problem={"report": self.report, "said": problem})
        elif "say" in what:
            self.say(what["say"])
        elif "outdated" in what:
            self.say("Packages of the environment changed: they are loaded again.")
            self.end()
            self._order(builder.BUILD)
        else:
            self.building, self.asked, done = None, what["asked"], what["done"]
            told = {
                "report": self.report,
                "said": done["problem"],
                "cell": done["cell"],
                "traceback": done["traceback"],
            }
            if done["kept"]:
                self.say(f"{self.report}: nothing changed in what is published")
            if done["traceback"]:
                self.say(done["traceback"])
            self.shown.look()
            self.shown.tell(building=False, problem=told if done["problem"] else None)

    def _leave_as_it_is(self) -> None:
        """Wait for the next save."""
        files = Files(self.root)
        for name in self.asked["names"]:
            files.names(self.root / name)
        for name in self.asked["files"]:
            files.digest(self.root / name)
        self.asked = files.answered()


def _status(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size


def _stops_short(path: Path) -> bool:
    """Whether a file looks as if it was still being written, or had been removed to be written anew."""
    if path.suffix not in (".ipynb", ".yml"):
        return False
    try:
        content = path.read_bytes()
        if path.suffix == ".ipynb":
            json.loads(content)
    except (OSError, ValueError):
        return True
    return not content.strip()
