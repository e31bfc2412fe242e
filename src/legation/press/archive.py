"""Dated editions: whole copies of what stood as the newest edition, each under the time at which it was kept.

They lie in ``reports/published/archive/<report>/<stamp>/``, where the stamp is a time in UTC such as
``2026-11-22T050000Z``, and are never changed. ``edition.json`` in each says what it is. A folder without one, or with
one that cannot be read, is no dated edition. ``latest`` beside them leads to the last.

Their order is that in which they were kept, by their numbers: a clock that was set back puts no edition before another.
What is being kept or removed lies in ``archive/.aside-…`` meanwhile, so that no dated edition is ever half there;
`legation.press.publish.tidy` clears away what a process that was killed has left.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from legation import times
from legation.errors import InputError
from legation.press import publish
from legation.press.publish import MANIFEST

if TYPE_CHECKING:  # loading it takes longer than to find that nothing changed
    from legation.press.spec import Retention

FOLDER = "archive"
#: What a dated edition says of itself.
ABOUT = "edition.json"
#: Leads to the last dated edition.
LATEST = "latest"
#: What an edition says of its changes, whole; the page that opens with them is made from it.
CHANGES, CHANGES_TABLE = "changes.json", "changes.csv"
#: A report, or an edition of a sweep: what may become a folder.
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)?")
#: Seconds that a stamp gives way where others are taken.
_MOST_TAKEN = 3600
#: Where a link cannot be made ``latest`` is a folder with this page.
_LEADS_ON = """\
<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=../{stamp}/index.html">
<title>The latest edition</title></head>
<body><p><a href="../{stamp}/index.html">The latest edition</a></p></body></html>
"""


@dataclass(frozen=True)
class Dated:
    """A dated edition: its report, its stamp, its folder, and what ``edition.json`` says of it.

    ``problem`` is a sentence on what could not be done once it was kept, if so: the edition is in place all the same.
    """

    report: str
    stamp: str
    folder: Path
    about: dict[str, Any] = field(repr=False, default_factory=dict)
    problem: str | None = None

    @property
    def since(self) -> str | None:
        """The stamp of the dated edition it was compared with, if it was."""
        since = self.about.get("since")
        return since if isinstance(since, str) and is_stamp(since) else None

    @property
    def as_of(self) -> str:
        """The time up to which its figures were read."""
        as_of = self.about.get("as_of")
        return as_of if isinstance(as_of, str) and is_stamp(as_of) else self.stamp

    @property
    def number(self) -> int:
        """Which of the report's dated editions it is, from 1 on; 0 where it does not say."""
        number = self.about.get("number")
        return number if isinstance(number, int) else 0

    def text(self, key: str) -> str:
        """What ``edition.json`` says under a key, if that is text."""
        said = self.about.get(key)
        return said if isinstance(said, str) else ""

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


def is_name(report: str) -> bool:
    """Whether this can be the name of a report, or of an edition of a sweep, and leads nowhere else as a folder."""
    return _NAME.fullmatch(report) is not None


def reports(published: Path) -> list[str]:
    """The reports, and editions of sweeps, of which there may be dated editions."""
    found = []
    for folder in _folders(published / FOLDER):
        inside = _folders(folder)
        if any(is_stamp(each.name) for each in inside):
            found.append(folder.name)
        found += [
            f"{folder.name}/{each.name}"
            for each in inside
            if not is_stamp(each.name) and any(is_stamp(kept.name) for kept in _folders(each))
        ]
    return [name for name in found if is_name(name)]


def dated(published: Path, report: str) -> list[Dated]:
    """The dated editions of a report in the order in which they were kept.

    Parameters
    ----------
    published
        The folder ``reports/published``.
    report
        Its name, with the edition's own behind a slash where it is one of a sweep.
    """
    folders = (folder for folder in _folders(published / FOLDER / report) if is_stamp(folder.name))
    found = [each for folder in folders if (each := _read(report, folder)) is not None]
    return sorted(found, key=lambda each: (each.number, each.stamp))


def stamps(published: Path, report: str) -> list[str]:
    """The stamps under which a report's dated editions lie, the earliest first, whatever is in them."""
    return [folder.name for folder in _folders(published / FOLDER / report) if is_stamp(folder.name)]


def last(published: Path, report: str) -> Dated | None:
    """The last dated edition of a report: the one ``latest`` leads to, if it is there."""
    latest = published / FOLDER / report / LATEST
    with contextlib.suppress(OSError):
        stamp = str(latest.readlink())
        if is_stamp(stamp) and (found := _read(report, latest.parent / stamp)) is not None:
            return found
    return next(reversed(dated(published, report)), None)


def dates(published: Path) -> dict[str, dict[str, Any]]:
    """What the page of all reports shows of dated editions: of each report, or of a sweep, the last one.

    Of each its ``stamp`` and ``links``: the folders of the pages that list them, and of the last one.
    """
    found: dict[str, Dated] = {}
    for name in reports(published):
        each, report = last(published, name), name.partition("/")[0]
        if each is not None and (report not in found or each.stamp > found[report].stamp):
            found[report] = each
    return {
        report: {"stamp": each.stamp, "links": [f"{FOLDER}/{report}", f"{FOLDER}/{each.report}/{each.stamp}"]}
        for report, each in found.items()
    }


def newest(published: Path, most: int) -> list[Dated]:
    """So many dated editions of all reports, those of the latest time first."""
    places = ((report, folder) for report in reports(published) for folder in _folders(published / FOLDER / report))
    latest = sorted(((folder.name, report, folder) for report, folder in places if is_stamp(folder.name)), reverse=True)
    found: list[Dated] = []
    for _, report, folder in latest:
        if len(found) == most:
            break
        if (each := _read(report, folder)) is not None:
            found.append(each)
    return found


def base(published: Path, report: str, as_of: str | None = None) -> Dated | None:
    """The dated edition that a build compares with: the last kept, or the last with figures up to a time, if any.

    Where nothing that a reader could see differs from it, the build opens with the changes that the latest opens with:
    those since the one it was compared with itself. See `legation.press.changes.since`.
    """
    return next((each for each in reversed(dated(published, report)) if not as_of or each.as_of <= as_of), None)


def keep(
    published: Path,
    report: str,
    *,
    at: datetime,
    since: str | None,
    summary: str,
    counts: Mapping[str, int],
    as_of: str,
    commit: str | None,
    version: str,
    retention: Retention | None = None,
) -> Dated:
    """Make the newest edition of a report a dated edition, whole or not at all, and remove those it has no room for.

    Files that the last dated edition holds with the same bytes are stored once, where the system links files. Nothing
    is shared with the newest edition itself: whoever edits a file there changes no dated edition.

    Parameters
    ----------
    published
        The folder ``reports/published``.
    report
        Its name, with the edition's own behind a slash where it is one of a sweep.
    at
        The time under which it is kept, aware of its zone. Where that second is taken, the next free one counts.
    since
        The stamp of the dated edition it was compared with, if it was.
    summary, counts
        What changed, in a sentence and in numbers.
    as_of
        The time up to which its figures were read, as a stamp.
    commit
        As `commit` tells it.
    version
        That of Legation.
    retention
        Which dated editions stay; all, if it is not given.

    Returns
    -------
    Dated
        With a ``problem`` if ``latest`` could not be set or an old edition not be removed.

    Raises
    ------
    InputError
        There is no newest edition, or it is not as it was published, or a name or time is none.
    OSError
        If something cannot be read or written. Nothing is kept then.
    """
    home = _home(published, report)
    for stamp in (as_of, *([since] if since else [])):
        if not is_stamp(stamp):
            raise InputError(f"'{stamp}' is no time of an edition. Write it as 2026-11-22T050000Z, in UTC.")
    files, manifest = _whole(published / report, report)
    compared_with = _since(files.get(CHANGES))
    if compared_with not in (None, since):
        raise InputError(f"{published / report} opens with what changed since {compared_with}, not since {since}.")
    before = dated(published, report)
    about = {
        "report": report,
        "title": manifest.get("title"),
        "number": before[-1].number + 1 if before else 1,
        "since": since,
        "as_of": as_of,
        "commit": commit,
        "legation": version,
        "command": f"legation build {report} --as-of {as_of}",
        "summary": summary,
        "counts": dict(counts),
    }
    home.mkdir(parents=True, exist_ok=True)
    with _aside(published, home) as aside:
        staging = aside / "edition"
        _lay_out(files, staging, before[-1].folder if before else None)
        stamp = _into_place(staging, home, at, about)
    kept = Dated(report, stamp, home / stamp, {**about, "stamp": stamp})
    try:
        point(published, report)
        if retention is not None:
            prune(published, report, retention)
    except OSError as error:
        return Dated(report, stamp, kept.folder, kept.about, f"{error.filename or home}: {error.strerror or error}.")
    return kept


def prune(published: Path, report: str, retention: Retention) -> list[str]:
    """Remove the dated editions that are beyond the number kept, or older than the days kept; returns their stamps.

    The last one always stays. How old one is counts from the earlier of the last two, so that a single run under a
    clock that is years ahead removes nothing by age.

    Raises
    ------
    OSError
        If one cannot be moved away. Each is either whole or gone.
    """
    held = dated(published, report)
    gone = outlived([each.stamp for each in held], retention)
    for each in held:
        if each.stamp in gone:
            with _aside(published, each.folder) as aside:  # out of its place in one step, then deleted
                each.folder.rename(aside / each.stamp)
    return gone


def outlived(stamps: list[str], retention: Retention) -> list[str]:
    """Which of some dated editions go, given by their stamps in the order in which they were kept."""
    gone = set(stamps[: -retention.editions])
    if retention.days is not None and len(stamps) > 1:
        oldest = times.stamp(_time(min(stamps[-2:])) - timedelta(days=retention.days))
        gone |= {stamp for stamp in stamps if stamp < oldest}
    return [stamp for stamp in stamps[:-1] if stamp in gone]


def point(published: Path, report: str) -> None:
    """Let ``latest`` lead to the last dated edition of a report, in one step, if it does not yet.

    Where the system has no links it is a folder with a page that leads on.

    Raises
    ------
    OSError
        If neither can be written. What was there stays.
    """
    held = dated(published, report)
    if not held:
        return
    stamp, latest = held[-1].stamp, _home(published, report) / LATEST
    if latest.is_symlink() and str(latest.readlink()) == stamp:
        return
    if latest.is_symlink() or not latest.exists():
        try:
            with _aside(published, latest) as aside:
                (aside / LATEST).symlink_to(stamp)
                (aside / LATEST).replace(latest)
        except (OSError, NotImplementedError):
            if latest.is_symlink():  # it leads to an edition that is there, and nothing else can take its place at once
                raise
        else:
            return
    put(published, latest / "index.html", _LEADS_ON.format(stamp=escape(stamp)))


def put(published: Path, file: Path, text: str) -> bool:
    """Write a page about dated editions, whole or not at all; whether it was not so already."""
    content = text.encode("utf-8")
    with contextlib.suppress(OSError):
        if file.read_bytes() == content:
            return False
    file.parent.mkdir(parents=True, exist_ok=True)
    with _aside(published, file) as aside:
        (aside / file.name).write_bytes(content)
        (aside / file.name).replace(file)
    return True


def commit(root: Path) -> str | None:
    """The commit that a checkout is at, with ``-dirty`` behind it where files differ from it; ``None`` without git."""

    def git(*asked: str) -> str | None:
        try:
            done = subprocess.run(  # noqa: S603  # the words are ours
                ["git", "-C", str(root), *asked],  # noqa: S607  # wherever it is installed
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
                env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    top = git("rev-parse", "--show-toplevel")
    if not top or Path(top).resolve() != root.resolve():  # a folder inside somebody's repository
        return None
    return git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


# ------------------------------------------------------------------------------------------------- how one is put there


def _home(published: Path, report: str) -> Path:
    """Where the dated editions of a report lie. A link there could lead anywhere, into a dated edition too."""
    if not is_name(report):
        raise InputError(f"'{report}' is no name of a report. Small letters, digits and hyphens make one.")
    home = published / FOLDER
    for part in report.split("/"):
        home /= part
        if home.is_symlink():
            raise InputError(f"{home} is a link where the dated editions of '{report}' would lie. Remove the link.")
    return home


def _whole(folder: Path, report: str) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The files of an edition as its manifest states them, and the manifest."""
    again = f"Build it again: legation build {report}"
    try:
        content = (folder / MANIFEST).read_bytes()
        manifest = json.loads(content)
        stated = {str(name): str(entry["sha256"]) for name, entry in manifest["files"].items()}
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"There is no edition of '{report}' to keep. {again}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{folder / MANIFEST} is damaged. {again}") from None
    files = {MANIFEST: content}
    for name in stated:
        if not re.fullmatch(r"([\w-][\w.-]*/)?[\w-][\w.-]*", name):
            raise InputError(f"{folder / MANIFEST} names a file '{name}', which leads elsewhere. {again}")
        try:
            files[name] = (folder / name).read_bytes()
        except FileNotFoundError:
            raise InputError(f"{folder / name} is gone. {again}") from None
        if name == "index.html":  # that a renewal failed is nothing of the edition's own
            files[name] = publish.without_notice(files[name])
        if hashlib.sha256(files[name]).hexdigest() != stated[name]:
            raise InputError(f"{folder / name} is not as it was published. {again}")
    return files, manifest


def _since(changes: bytes | None) -> str | None:
    """The edition since which an edition says what changed."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return None if changes is None else str(json.loads(changes)["since"])
    return None


def _lay_out(files: Mapping[str, bytes], staging: Path, last: Path | None) -> None:
    """Write an edition's files, or link to those of the last dated edition that hold the same. Wait for the disk."""
    for name, content in files.items():
        file = staging / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if last is None or not _linked(last / name, file, content):
            _fill(file, content)
        _settle(file)
    for folder in {(staging / name).parent for name in files}:
        _settle(folder)


def _fill(file: Path, content: bytes) -> None:
    """Write a file that cannot be written to from then on, where the system keeps that apart from deleting it."""
    file.unlink(missing_ok=True)
    file.write_bytes(content)
    if os.name == "posix":
        file.chmod(file.stat().st_mode & 0o555)


def _linked(there: Path, file: Path, content: bytes) -> bool:
    """Whether a file with this content could be shared."""
    try:
        if there.is_symlink() or there.read_bytes() != content:
            return False
        os.link(there, file)
    except OSError:  # there is none, or the system has no links, or has too many of this one
        return False
    return True


def _into_place(staging: Path, home: Path, at: datetime, about: Mapping[str, Any]) -> str:
    """Give an edition its folder, named after the first free second; returns its stamp. Nothing is overwritten."""
    for later in range(_MOST_TAKEN):
        stamp = times.stamp(at + timedelta(seconds=later))
        place = home / stamp
        if os.path.lexists(place):
            continue
        said = json.dumps({**about, "stamp": stamp}, indent=1, sort_keys=True, ensure_ascii=False)
        _fill(staging / ABOUT, f"{said}\n".encode())
        _settle(staging / ABOUT)
        _settle(staging)
        try:
            staging.rename(place)
        except OSError:
            if os.path.lexists(place):  # another machine was quicker
                continue
            raise
        _settle(home)
        return stamp
    raise InputError(f"{home} has an edition for each second after {times.stamp(at)}. Set the clock right.")


@contextlib.contextmanager
def _aside(published: Path, place: Path) -> Iterator[Path]:
    """A folder for what is not in its place yet, or no longer. It goes with all it holds; errors name the place."""
    archive = published / FOLDER
    aside = None
    try:
        archive.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=publish.ASIDE, dir=archive))
        yield aside
    except OSError as error:
        if not error.filename or publish.ASIDE in str(error.filename):  # of a full disk the system names no file
            error.filename = str(place)
        raise
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def _settle(path: Path) -> None:
    """Wait until a file, or what a folder lists, is on the disk: a dated edition is there for good."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -------------------------------------------------------------------------------------------------------------- reading


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder, without links to folders; sorted, and none if it is missing."""
    try:
        with os.scandir(folder) as found:
            return sorted(Path(each.path) for each in found if each.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _read(report: str, folder: Path) -> Dated | None:
    """A dated edition, if it is one."""
    try:
        about = json.loads((folder / ABOUT).read_bytes())
    except (OSError, ValueError):
        return None
    return Dated(report, folder.name, folder, about) if isinstance(about, dict) else None


def _time(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y-%m-%dT%H%M%S%z")
