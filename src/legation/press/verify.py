"""Proof that what is published is what its inputs give: built again from nothing, in another way, and compared."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from legation import times
from legation.press import archive
from legation.press.build import build
from legation.press.warm import KernelServer

_INPUTS = ("notebooks", "data", "reports")
_MOST_TOLD = 20


def verify(root: Path, names: list[str], say: Callable[[str], None], as_of: str | None = None) -> list[str]:
    """Build reports again and compare them with what is published.

    The second build is as unlike the first as it can be: in a copy of the checkout in another folder, with an empty
    store, on stock kernels, one task after the other.

    Parameters
    ----------
    root
        The checkout, where the reports have been built.
    names, as_of
        As for ``build``.
    say
        Takes each line of progress, and the result.

    Returns
    -------
    list of str
        The files that differ, by their place in ``reports/published``; empty if all are the same bytes.
    """
    with KernelServer(forking=False) as nobody:  # for its folder, which goes however this process ends
        copy = nobody.place.folder / "checkout"
        for each in _INPUTS:
            shutil.copytree(root / each, copy / each, ignore=shutil.ignore_patterns("published", ".ipynb_checkpoints"))
        _copy_bases(root / "reports" / "published", copy / "reports" / "published", as_of)
        say("Building again from nothing, in another folder, on stock kernels, one task after the other.")
        again = build(copy, names, lambda line: say(f"again: {line}"), jobs=1, forking=False, as_of=as_of)
        differing = [f"{outcome.report}: not published again" for outcome in again if outcome.edition is None]
        compared = 0
        for outcome in again:
            if outcome.edition is None:
                continue
            here, there = _digests(root / "reports" / "published" / outcome.report), _digests(outcome.edition)
            compared += len(there)
            differing += [
                f"{outcome.report}/{name}" for name in sorted({*here, *there}) if here.get(name) != there.get(name)
            ]
    for name in differing[:_MOST_TOLD]:
        say(f"Differs: {name}")
    if len(differing) > _MOST_TOLD:
        say(f"and {len(differing) - _MOST_TOLD:,} more.")
    said = (
        f"{len(differing):,} of {compared:,} files differ"
        if differing
        else f"all {compared:,} files are the same bytes"
    )
    say(f"Built twice: {said}.")
    return differing


def _copy_bases(published: Path, there: Path, as_of: str | None) -> None:
    """Copy the dated editions that a build compares with."""
    folder = published / archive.FOLDER
    reports = {file.parent.parent.relative_to(folder).as_posix() for file in folder.rglob(archive.ABOUT)}
    moment = times.moment(as_of) if as_of else None
    for base in filter(None, (archive.base(published, report, moment) for report in sorted(reports))):
        shutil.copytree(base.folder, there / base.folder.relative_to(published))


def _digests(edition: Path) -> dict[str, str]:
    files = (path for path in sorted(edition.rglob("*")) if path.is_file())
    return {path.relative_to(edition).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
