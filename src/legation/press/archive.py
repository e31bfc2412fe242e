"""Dated editions: whole copies of what stood as the newest edition, each under the time at which it was kept.

They lie in ``reports/published/archive/<report>/<stamp>/``, where the stamp is a time in UTC such as
``2026-11-22T050000Z``, and are never changed. ``edition.json`` in each says what it is. A folder without one, or with
one that cannot be read, is no dated edition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from legation import times
from legation.errors import InputError
from legation.press.publish import MANIFEST

FOLDER = "archive"
#: What a dated edition says of itself.
ABOUT = "edition.json"
#: What an edition says of its changes, whole; the page that opens with them is made from it.
CHANGES, CHANGES_TABLE = "changes.json", "changes.csv"


@dataclass(frozen=True)
class Dated:
    """A dated edition: its report, its stamp, its folder, and what ``edition.json`` says of it."""

    report: str
    stamp: str
    folder: Path
    about: dict[str, Any] = field(repr=False, default_factory=dict)

    @property
    def since(self) -> str | None:
        """The stamp of the dated edition it was compared with, if it was."""
        since = self.about.get("since")
        return since if isinstance(since, str) else None

    @property
    def compared(self) -> list[str]:
        """The names of its files that a comparison reads: manifest, changes and notebooks."""
        notebooks = sorted(path.name for path in (self.folder / "notebooks").glob("*.ipynb"))
        return [MANIFEST, CHANGES, *(f"notebooks/{name}" for name in notebooks)]

    def base(self) -> Base:
        """What of it a later edition is compared with."""
        files = {name: path.read_bytes() for name in self.compared if (path := self.folder / name).is_file()}
        return Base(self.stamp, files)


@dataclass(frozen=True)
class Base:
    """The files of a dated edition that a comparison reads, by their places in its folder: what a worker needs."""

    stamp: str
    files: Mapping[str, bytes] = field(repr=False)


def is_stamp(words: str) -> bool:
    """Whether this is a time as dated editions are named by: ``2026-11-22T050000Z``."""
    try:
        return times.moment(words) == words
    except InputError:
        return False


def dated(published: Path, report: str) -> list[Dated]:
    """The dated editions of a report, the oldest first.

    Parameters
    ----------
    published
        The folder ``reports/published``.
    report
        Its name, with the edition's own behind a slash where it is one of a sweep.
    """
    found = []
    for file in sorted((published / FOLDER / report).glob(f"*/{ABOUT}")):
        folder = file.parent
        if folder.is_symlink() or not is_stamp(folder.name):
            continue
        try:
            about = json.loads(file.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(about, dict):
            found.append(Dated(report, folder.name, folder, about))
    return found


def base(published: Path, report: str, as_of: str | None = None) -> Dated | None:
    """The dated edition that a build compares with: the latest, or the latest up to a time; ``None`` if there is none.

    Where nothing that a reader could see differs from it, the build opens with the changes that the latest opens with:
    those since the one it was compared with itself. See `legation.press.changes.since`.
    """
    return next((each for each in reversed(dated(published, report)) if not as_of or each.stamp <= as_of), None)
