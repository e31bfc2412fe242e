"""What builds did and how long it took, one line of JSON an event, in ``.legation/runs.jsonl``: no edition tells."""

from __future__ import annotations

import contextlib
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FILE = Path(".legation") / "runs.jsonl"
#: Bytes after which the file becomes ``runs.1.jsonl``, in place of the one before.
_MOST = 5_000_000


class RunLog:
    """The log of one build; use it as a context manager. What cannot be written is left out: no build fails for it.

    Parameters
    ----------
    root
        The checkout.
    asked
        What the build was asked for.
    """

    def __init__(self, root: Path, asked: list[str]) -> None:
        self.file = root / FILE
        self._began = time.monotonic()
        self._build = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}-{os.getpid()}"
        with contextlib.suppress(OSError):
            if self.file.stat().st_size > _MOST:
                self.file.replace(self.file.with_name("runs.1.jsonl"))
        self.note("start", asked=asked)

    def note(self, event: str, **facts: Any) -> None:
        """Add a line: ``start``, ``chapter``, ``report`` or ``end``, with what is known of it and seconds so far."""
        line = {"build": self._build, "at": round(time.monotonic() - self._began, 3), "event": event, **facts}
        with contextlib.suppress(OSError), self.file.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(line, ensure_ascii=False)}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.note("end", **({"stopped_by": f"{kind.__name__}: {error}"} if kind else {}))
