"""How a command that people watch ends before its time."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def interrupted_by_all() -> Iterator[None]:
    """Let a terminal that closes, and whoever asks to end, do what Ctrl-C does."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    before: dict[signal.Signals, Any] = {}

    def interrupt(number: int, frame: Any) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)  # a second one would leave things half ended
        raise KeyboardInterrupt

    try:
        for each in [getattr(signal, name) for name in names if hasattr(signal, name)]:
            before[each] = signal.signal(each, interrupt)
        yield
    finally:
        for each, usual in before.items():
            signal.signal(each, usual)
