"""``legation watch`` at work in a process of its own, with what it tells the page."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import psutil

_WATCH = """\
import sys
from pathlib import Path
from legation.press import watch
for name, value in {constants}.items():
    setattr(watch, name, value)
watch.watch(Path.cwd(), sys.argv[1], lambda line: print(line, flush=True))
"""
PATIENCE = 60.0


class Watched:
    """A report that is watched in a checkout; ``constants`` of the module take other values."""

    def __init__(self, checkout: Path, report: str, env: dict[str, str] | None = None, **constants: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _WATCH.format(constants=constants), report],
            cwd=checkout,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.states: list[dict[str, Any]] = []  # what the page was told, in order
        threading.Thread(target=self._read, daemon=True).start()
        self.until(lambda: self.lines)
        self.url = self.lines[0].split()[0]
        threading.Thread(target=self._listen, daemon=True).start()
        self.idle()

    def until(self, condition: Callable[[], Any]) -> Any:
        """Wait for something to be so."""
        ends = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < ends, "\n".join([*self.lines, *map(str, self.states[-3:])])
            time.sleep(0.02)
        return found

    def idle(self, after: int = 0) -> dict[str, Any]:
        """The last that the page was told, when a build has ended, of what was told after so much."""

        def done() -> Any:
            told = self.states[after:]
            return any(state["building"] for state in told) and not told[-1]["building"] and told[-1]

        found: dict[str, Any] = self.until(done)
        return found

    def after(self, save: Callable[[], object]) -> dict[str, Any]:
        """Save something, and wait for what comes of it."""
        told = len(self.states)
        save()
        return self.idle(told)

    def page(self) -> str:
        """The page as it is served."""
        with urllib.request.urlopen(self.url, timeout=PATIENCE) as answer:  # noqa: S310  # its own address
            return answer.read().decode()

    def family(self) -> list[psutil.Process]:
        """Itself and all that it started, and those started."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def end(self, number: int = signal.SIGINT) -> int:
        """Send it a signal; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def _listen(self) -> None:
        try:
            with urllib.request.urlopen(f"{self.url}-/events") as answer:  # noqa: S310
                for line in answer:
                    if line.startswith(b"data: "):
                        self.states.append(json.loads(line[6:]))
        except OSError:  # it has ended
            return
