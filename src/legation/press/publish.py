"""Editions put in place whole, and the pages that list them."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from legation import version
from legation.errors import InputError

if TYPE_CHECKING:  # loading it takes longer than to find that nothing changed
    from legation.press.spec import ReportSpec

MANIFEST = "manifest.json"
#: The drawing that stands for an edition in the list of reports.
THUMBNAIL = "first-figure.svg"
#: The page on how reports and feeds fare, beside the list of reports.
STATUS = "status.html"
#: Where a page begins to be read; a notice stands there between two comments, such as no text of a page can hold.
_MASTHEAD = b'<header class="masthead">'
_NOTICE = re.compile(rb"\A<!--notice-->.*?<!--/notice-->", re.DOTALL)
#: Names of what is being made begin with the first; what was in place, while it changes places, ends with the other.
ASIDE, _BEFORE = ".aside-", "-before"
#: ``AT_FDCWD`` of Linux; ``RENAME_EXCHANGE`` there and ``RENAME_SWAP`` on macOS, which are the same number.
_HERE, _EXCHANGE = -100, 2


def printed_name(report: str) -> str:
    """The file name of a report's PDF, which names the sweep too where it is an edition of one."""
    return f"{report.replace('/', '-')}.pdf"


def further_name(report: str, output: str) -> str:
    """The file name of a further output of a report, ``"docx"`` or ``"xlsx"``; the latter holds its data."""
    return f"{report.replace('/', '-')}{'-data' if output == 'xlsx' else ''}.{output}"


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """A manifest as it stands in its file."""
    return f"{json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)}\n"


def place(files: Mapping[str, bytes], folder: Path) -> None:
    """Put an edition in place of the one before, whole or not at all.

    Parameters
    ----------
    files
        The contents of each file by its place in the folder.
    folder
        The edition's folder. Those around it are made if they are missing.

    Raises
    ------
    OSError
        If something cannot be written, with its place. The edition before stays as it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f"{ASIDE}{folder.name}-", dir=folder.parent))
    try:
        staging.chmod(0o755)
        for name, content in files.items():
            (staging / name).parent.mkdir(exist_ok=True)
            _fill(staging / name, content)
        if not folder.exists():
            staging.rename(folder)
        elif not _exchange(staging, folder):
            before = staging.with_name(f"{staging.name}{_BEFORE}")
            folder.rename(before)  # a build that is killed here is mended by the next: see ``tidy``
            staging.rename(folder)
            shutil.rmtree(before, ignore_errors=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)  # what was made so far, or the edition before


def tidy(published: Path) -> None:
    """Clear away what builds that were killed left half-done. Only for who knows that no other build is at work."""
    for aside in half_done(published):
        name = aside.name.removeprefix(ASIDE)
        if name.endswith(_BEFORE) and not (kept := aside.with_name(name[: -len(f"-12345678{_BEFORE}")])).exists():
            aside.rename(kept)
        elif aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink(missing_ok=True)


def half_done(published: Path) -> list[Path]:
    """What builds that were killed have left, and one that is at work is making."""
    return sorted([*published.glob(f"{ASIDE}*"), *published.glob(f"*/{ASIDE}*")])


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in a single step, where the system has one for it; whether it has."""
    names = (os.fsencode(one), os.fsencode(other))
    try:
        c = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "linux":
            return bool(c.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE) == 0)
        if sys.platform == "darwin":
            return bool(c.renamex_np(*names, _EXCHANGE) == 0)
    except (OSError, AttributeError, TypeError):  # an old system, or Windows
        return False
    return False


def listed(published: Path) -> list[dict[str, Any]]:
    """What the page of all reports shows of each: its manifest, and with ``drawing`` the text of its first figure.

    A report of several chapters is what a reader comes for; after those of a single chapter come sweeps.
    """
    reports = []
    for file in sorted(published.glob(f"*/{MANIFEST}")):
        manifest = json.loads(file.read_text(encoding="utf-8"))
        drawing = file.with_name(THUMBNAIL)
        manifest["drawing"] = drawing.read_text(encoding="utf-8") if drawing.is_file() else None
        reports.append(manifest)
    return sorted(reports, key=lambda report: (-len(report.get("chapters", [])), report["title"]))


def swept(sweep: ReportSpec, published: Path) -> dict[str, Any]:
    """The manifest of a sweep: its editions that have been published, by this build or an earlier one."""
    assert sweep.sweep is not None  # noqa: S101
    editions = []
    from legation.press import spec as specs

    for edition in specs.editions(sweep):
        file = published / edition.name / MANIFEST
        if not file.is_file():
            continue
        made = json.loads(file.read_text(encoding="utf-8"))
        editions.append(
            {
                "edition": edition.name.rpartition("/")[2],
                "title": made["title"],
                "subtitle": made["subtitle"],
                "values": edition.point,
                "words": {name: edition.words(name) for name in edition.point},
                "data_retrieved_to": made["data_retrieved_to"],
                "finding": made["findings"][0]["text"] if made["findings"] else None,
                "printed": printed_name(edition.name),
                "outputs": made.get("outputs", {}),
            }
        )
    return {
        "report": sweep.name,
        "title": sweep.sweep.title,
        "abstract": sweep.sweep.abstract,
        "legation": version(),
        "rebuild": f"make report REPORT={sweep.name}",
        "over": {name: list(values) for name, values in sweep.sweep.over.items()},
        "editions": editions,
    }


def write_index(page: str, published: Path) -> Path:
    """Write the page of all reports, whole or not at all; returns its path."""
    return _write(published / "index.html", page)


def write_status(page: str, published: Path) -> Path:
    """Write the page on how reports and feeds fare, whole or not at all; returns its path."""
    return _write(published / STATUS, page)


def say_stale(edition: Path, sentence: str | None) -> None:
    """Let the page of an edition open with a notice that it is out of date, or take the notice away.

    Every other byte of the page stays as it is, and so does every other file: the manifest's hash is that of the page
    without notice. The page is replaced whole, so that a dated edition that shares the file does not change. A build
    does not count the notice as damage, and takes it away once it succeeds. Only for who knows that no other build is
    at work.

    Parameters
    ----------
    edition
        The folder of an edition, or of a sweep.
    sentence
        What the notice says, as text in English; it takes the place of one that is there. ``None``: no notice.

    Raises
    ------
    InputError
        If the page is none that the press made.
    OSError
        If the page cannot be read or written.
    """
    file = edition / "index.html"
    page = file.read_bytes()
    before, masthead, after = without_notice(page).partition(_MASTHEAD)
    if not masthead:
        raise InputError(f"{file} is no page of a report: it has no masthead to put a notice into. Build it again.")
    notice = ""
    if sentence is not None:
        shown = escape("".join(letter if letter.isprintable() else " " for letter in sentence), quote=False)
        notice = f'<!--notice--><p class="stale" role="note" lang="en-GB">{shown}</p><!--/notice-->'
    made = b"".join((before, masthead, notice.encode("utf-8"), after))
    if made != page:
        _put(file, made)


def without_notice(page: bytes) -> bytes:
    """A page as it was before `say_stale`."""
    before, masthead, after = page.partition(_MASTHEAD)
    return before + masthead + _NOTICE.sub(b"", after)


def write_sweep(manifest: dict[str, Any], page: str, published: Path) -> list[Path]:
    """Write a sweep's page and manifest, and remove what no longer belongs to it; returns the two paths."""
    folder = published / manifest["report"]
    _keep_only(folder, {"index.html", MANIFEST, *(edition["edition"] for edition in manifest["editions"])})
    return [_write(folder / "index.html", page), _write(folder / MANIFEST, manifest_text(manifest))]


def _keep_only(folder: Path, names: set[str]) -> None:
    """Remove from a sweep's folder what an earlier grid, or a report of the same name, has left there."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in names:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _write(file: Path, text: str) -> Path:
    return _put(file, text.encode("utf-8"))


def _put(file: Path, content: bytes) -> Path:
    """A single file, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f"{ASIDE}{file.name}")
    try:
        _fill(aside, content)
        aside.replace(file)
    finally:
        with contextlib.suppress(OSError):  # a folder that cannot be written to has said so above
            aside.unlink(missing_ok=True)
    return file


def _fill(file: Path, content: bytes) -> None:
    """Write a file. Of a full disk the system does not say which file it was."""
    try:
        file.write_bytes(content)
    except OSError as error:
        error.filename = error.filename or str(file.parent.parent if file.parent.name.startswith(ASIDE) else file)
        raise
