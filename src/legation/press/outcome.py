"""What becomes of a chapter, it ran or it stopped (either is sent from process to process), and of a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_INPUT_ERRORS = ("InputError",)


@dataclass(frozen=True)
class Executed:
    """A chapter that ran: its notebook with outputs as JSON, the datasets it read (name, path, sha256), its warnings.

    ``seconds`` is the time from the kernel's start to its end, ``None`` for a result that was kept.
    """

    notebook: dict[str, Any]
    reads: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...] = ()  # lines it wrote to standard error, each with its notebook and, if known, cell
    seconds: float | None = field(default=None, compare=False)


class ChapterError(Exception):
    """A chapter that stopped: where, why, and whether the reader or the code has to be mended."""

    def __init__(self, notebook: str, cell: int, kind: str, message: str, traceback: str) -> None:
        place = f", cell {cell}" if cell else ""  # unknown where the kernel did not start
        super().__init__(f"notebooks/{notebook}{place}: {message}")
        self.notebook, self.cell, self.kind, self.message, self.traceback = notebook, cell, kind, message, traceback

    def __reduce__(self) -> tuple[type[ChapterError], tuple[str, int, str, str, str]]:
        """As it is sent from process to process."""
        return type(self), (self.notebook, self.cell, self.kind, self.message, self.traceback)

    @property
    def is_input(self) -> bool:
        """Whether the cell refused what it was given, rather than failed."""
        return self.kind in _INPUT_ERRORS


@dataclass(frozen=True)
class Outcome:
    """What became of one report, or of one edition of a sweep."""

    report: str  # with the edition's own name behind a slash where it is one of a sweep
    edition: Path | None  # its folder, if it is published
    seconds: float
    problem: str | None = None
    traceback: str | None = None  # only of a fault in code
    kept: bool = False  # nothing it is made of had changed
    stopped_at: tuple[str, int] | None = None  # the notebook and its cell, from 1, where a chapter stopped

    @property
    def status(self) -> int:
        """0 published, 1 stopped by a fault in code, 2 refused what it was given."""
        return 0 if self.edition else 1 if self.traceback else 2


def cannot(error: OSError) -> str:
    """Why something could not be read or written, as a sentence."""
    what = error.strerror or str(error) or type(error).__name__
    return (
        f"{error.filename or 'A file'}: {what}. Make room there, or permit reading and writing, and build again. "
        "What was published before stays."
    )
