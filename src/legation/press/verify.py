"""Proof that what is published is what its inputs give: built again from nothing, in another way, and compared."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from legation import times
from legation.press import archive, publish
from legation.press.archive import Dated
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
        _copy_inputs(root, copy)
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


def rebuild(root: Path, dated: Dated, say: Callable[[str], None]) -> list[str]:
    """Build a dated edition again from the figures of its time, and compare it with what was kept.

    As `verify` does it: elsewhere, from nothing. Nothing is checked out: it is built with the notebooks, code and
    shipped tables of this checkout, and where those are not what they were, that is said.

    Parameters
    ----------
    root
        The checkout.
    dated
        The dated edition.
    say
        Takes each line of progress, and the result with its reasons.

    Returns
    -------
    list of str
        The files that differ, by their places in its folder; empty if all are the same bytes.

    Raises
    ------
    InputError
        If its report is no longer in ``reports/``.
    """
    published = root / "reports" / "published"
    kept, present = dated.text("commit"), archive.commit(root) or "none that git tells"
    if kept and kept != present:
        say(f"It was made at commit {kept}, and this checkout is at {present}.")
    with KernelServer(forking=False) as nobody:  # for its folder, which goes however this process ends
        copy = nobody.place.folder / "checkout"
        _copy_inputs(root, copy)
        if (dated.folder / archive.CHANGES).is_file():
            before = {each.stamp: each for each in archive.dated(published, dated.report)}.get(dated.since or "")
            if before is None:
                say(
                    "What it was compared with is no longer kept: its list of changes is taken from the edition itself."
                )
            base = before or dated
            place = copy / "reports" / "published" / archive.FOLDER / dated.report / base.stamp
            shutil.copytree(base.folder, place)
            # It counts for the build whatever the clock showed when it was kept.
            (place / archive.ABOUT).write_text(json.dumps({**base.about, "as_of": dated.as_of}), encoding="utf-8")
        say(f"Building again from nothing with what was held at {dated.as_of}, in another folder, on stock kernels.")
        outcomes = build(
            copy, [dated.report], lambda line: say(f"again: {line}"), jobs=1, forking=False, as_of=dated.as_of
        )
        if not outcomes or outcomes[0].edition is None:
            say(f"{dated.report}@{dated.stamp} cannot be built again. The reason stands above.")
            return [publish.MANIFEST]
        here, there = _digests(dated.folder), _digests(outcomes[0].edition)
        here.pop(archive.ABOUT, None)
        then, now = (_manifest(folder) for folder in (dated.folder, outcomes[0].edition))
    differing = [name for name in sorted({*here, *there}) if here.get(name) != there.get(name)]
    if not differing:
        say(f"{dated.report}@{dated.stamp}: all {len(there):,} files are the same bytes.")
        return []
    for name in differing[:_MOST_TOLD]:
        say(f"Differs: {name}")
    if len(differing) > _MOST_TOLD:
        say(f"and {len(differing) - _MOST_TOLD:,} more.")
    for reason in _reasons(then, now, here):
        say(reason)
    say(f"{dated.report}@{dated.stamp}: {len(differing):,} of {len({*here, *there}):,} files differ.")
    return differing


def _copy_inputs(root: Path, copy: Path) -> None:
    for each in _INPUTS:
        shutil.copytree(root / each, copy / each, ignore=shutil.ignore_patterns("published", ".ipynb_checkpoints"))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / publish.MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _reasons(then: dict[str, Any], now: dict[str, Any], kept: dict[str, str]) -> list[str]:
    """What the manifests of an edition and of its rebuild tell of why they differ; and which files are damaged."""
    stated = {name: said.get("sha256") for name, said in _dict(then.get("files")).items() if isinstance(said, dict)}
    damaged = sorted(name for name, digest in stated.items() if kept.get(name) != digest)
    found = [f"Not as they were kept, in the archive itself: {', '.join(damaged[:_MOST_TOLD])}."] if damaged else []
    pairs = {
        "Notebooks": [_of_chapters(said, "notebook", "sha256") for said in (then, now)],
        "Parameters": [_of_chapters(said, "name", "parameters") for said in (then, now)],
        "Files read": [_read(said) for said in (then, now)],
        "Code": [_dict(said.get("code")) for said in (then, now)],
        "Environment": [_dict(said.get("environment")) for said in (then, now)],
        "Version": [{"Legation": said.get("legation")} for said in (then, now)],
    }
    for what, (one, other) in pairs.items():
        names = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
        if names:
            more = f" and {len(names) - _MOST_TOLD:,} more" if len(names) > _MOST_TOLD else ""
            found.append(f"{what} that are not what they were: {', '.join(names[:_MOST_TOLD])}{more}.")
    return found or [
        "Notebooks, parameters, files read, code and versions are what they were: what differs hangs on something "
        "else, such as the words of the spec, the day, or the machine."
    ]


def _of_chapters(manifest: dict[str, Any], name: str, value: str) -> dict[str, Any]:
    chapters = manifest.get("chapters")
    return {
        f"{place}. {each.get(name)}": each.get(value)
        for place, each in enumerate(chapters if isinstance(chapters, list) else [], start=1)
        if isinstance(each, dict)
    }


def _read(manifest: dict[str, Any]) -> dict[str, Any]:
    """The files that chapters read, with their digests."""
    read = _of_chapters(manifest, "name", "read").values()
    return {each["path"]: each["sha256"] for files in read for each in files}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _copy_bases(published: Path, there: Path, as_of: str | None) -> None:
    """Copy the dated editions that a build compares with."""
    moment = times.moment(as_of) if as_of else None
    for base in filter(None, (archive.base(published, report, moment) for report in archive.reports(published))):
        shutil.copytree(base.folder, there / base.folder.relative_to(published))


def _digests(edition: Path) -> dict[str, str]:
    files = (path for path in sorted(edition.rglob("*")) if path.is_file())
    return {path.relative_to(edition).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
