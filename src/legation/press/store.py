"""What chapters gave when they last ran, kept so that only what changed runs again.

A result is found in two steps. All that is known of a chapter before it runs (notebook, parameters, environment, code)
makes a key. Under the key lie results with what each of them *read*; the one whose readings are all as they were is
the chapter's. So going back to an earlier state finds the earlier result. Editions are known in the same way by what
they were rendered from.

The folder, ``.legation/store`` in the checkout, is a cache: deleting it costs time and nothing else. ::

    entries/<key>/<readings>   a result: what it read, its warnings, the executed notebook
    chapters/<name>            what a chapter last depended on, to say what changed
    editions/<name>            what an edition was rendered from, and the digests of its files
    standing/<name>            all that a build looked at which found that nothing had changed
    fonts/<digest>             fonts with the letters that pages use, written by workers
    files                      digests of files whose status has not changed since
    tmp/                       what is being written

Every file carries the digest of its own contents and is written aside and renamed. One that is damaged is removed when
it is found and made again. Several processes may use the folder at once, each with a `Store` of its own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from legation.errors import InputError
from legation.press import depends, prose, publish
from legation.press.depends import Files, Library

FOLDER = Path(".legation") / "store"
#: What is kept: results used within so many days, of each key so many, the last used first, in so many bytes in all.
MOST_DAYS, MOST_OF_A_KEY, MOST_BYTES = 30, 20, 2_000_000_000

#: Files of code with their digests under ``code``, and versions under ``environment``.
MadeWith = dict[str, dict[str, str]]

_FORMAT = 1
_MARK = b"legation-store %d " % _FORMAT
_DAY = 86_400.0
_HOUR = 3_600.0
_PARTS = ("entries", "chapters", "editions", "standing", "fonts", "tmp", "files")
_TRIES = 5
_MOST_REASONS = 3
_LONGEST_VALUE = 60
_MENTION = re.compile(r"@(?:\{([^}\s\\\"]+)\}|(\w[\w:.#$%&+?<>~/-]*))")
_ENTRY = re.compile(rb"@\w+\s*[{(]\s*([^,\s]+)\s*,")


@dataclass(frozen=True)
class Inputs:
    """What is known of a chapter before it runs."""

    notebook: str
    cells: list[str]
    kernel: str | None
    parameters: dict[str, Any]  # canonical
    environment: dict[str, str]
    code: dict[str, str]

    @property
    def key(self) -> str:
        """One digest for all of it."""
        return depends.digest_of({"format": _FORMAT, **vars(self)})


@dataclass(frozen=True)
class Decision:
    """Whether a chapter runs, and why.

    Attributes
    ----------
    chapter
        Its name, as it was given.
    why
        One sentence: ``runs: …`` or ``kept: …``.
    digest
        Of the executed notebook; ``None`` where the chapter has to run.
    reads
        What the run read, as it was recorded.
    notes
        Sentences on what could not be told of the code it imports.
    problem
        Why the result of this run was not kept, as a sentence, if it was not.
    """

    chapter: str
    notebook: Path
    inputs: Inputs
    key: str
    why: str
    entry: str | None = None
    digest: str | None = None
    reads: tuple[dict[str, Any], ...] = ()
    mentions: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def runs(self) -> bool:
        """Whether the chapter has to run."""
        return self.digest is None


@dataclass(frozen=True)
class Result:
    """What a chapter gave when it ran: the executed notebook as plain JSON, what it read, its warnings."""

    notebook: dict[str, Any]
    reads: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Rendering:
    """Whether an edition is rendered, and why, as one sentence: ``renders: …`` or ``kept: …``.

    ``noticed`` where its page says that it is out of date, which is no reason to render it.
    """

    edition: str
    parts: dict[str, Any] = field(repr=False)
    why: str
    needed: bool
    noticed: bool = False


class Store:
    """The results kept in a checkout. Use it as a context manager, from one thread of one process.

    Parameters
    ----------
    root
        The checkout.
    folder
        Where results are kept; ``.legation/store`` in the checkout if not given.
    package
        The library whose code counts.
    as_of
        The time for which chapters run: what came to hand later counts for none of them. ``None``: the present.
    """

    def __init__(
        self,
        root: Path,
        folder: Path | None = None,
        *,
        package: Path = depends.PACKAGE,
        as_of: str | None = None,
    ) -> None:
        self.root, self._given, self.as_of = root.resolve(), root.absolute(), as_of
        self.folder = folder or self.root / FOLDER
        self._damaged: set[Path] = set()
        self._put = False
        self._version = self._own_digest()
        remembered = self._read_json(self.folder / "files") or {}
        self._files = Files(self.root, remembered if remembered.get("version") == self._version else None)
        self._package, self._library = package, Library(self._files, self.root, package)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Remember the digests of files for the next process, and prune if anything was put."""
        if self._put:
            self.prune()
        if self._files.changed:
            self._files.changed = False
            content = {"version": self._version, **self._files.remember()}
            with contextlib.suppress(OSError):  # the next process computes them again
                self._write(self.folder / "files", json.dumps(content).encode("ascii"))

    # --- chapters

    @property
    def is_empty(self) -> bool:
        """Whether it holds no result at all."""
        return not _children(self.folder / "entries")

    def decide(self, chapter: str, notebook: Path, parameters: Mapping[str, Any]) -> Decision:
        """Whether a chapter has to run.

        Parameters
        ----------
        chapter
            A name that stays the same from build to build, such as ``vietnam-trade/trade-comparison``.
        notebook
            Its notebook.
        parameters
            Its parameters. The order of their names does not count.
        """
        inputs, notes = self._inputs(notebook, parameters)
        key = inputs.key
        last_file = self.folder / "chapters" / _name(chapter)
        last = self._asked_for(last_file)
        damaged = len(self._damaged)
        for file in self._latest_first(self.folder / "entries" / key):
            self._files.digest(file)
            header = self._header(file)
            if header is None or not all(self._holds(reading) for reading in header["reads"]):
                continue
            entry, reads = f"{key}/{file.name}", tuple(header["reads"])
            same = last is not None and last["entry"] == entry
            self._touch(last_file)
            why = "kept: " + ("nothing it depends on changed" if same else "it has run before with what it depends on")
            if not same:
                self._note(chapter, inputs, entry, reads)
            self._touch(file)
            mentions = frozenset(header["mentions"])
            return Decision(
                chapter, notebook, inputs, key, why, entry, header["notebook"], reads, mentions, notes=notes
            )
        if last is not None and (kept := self._reworded(chapter, notebook, inputs, last)):
            return dataclasses.replace(kept, notes=notes)
        if len(self._damaged) > damaged:
            reasons = ["what was kept of its last run is damaged"]
        elif last is None:
            reasons = ["it has not run to its end before"]
        else:
            reasons = self._differences(last, inputs) or ["what was kept of its last run is gone"]
        return Decision(chapter, notebook, inputs, key, f"runs: {_joined(reasons)}", notes=notes)

    def load(self, decision: Decision) -> Result | None:
        """The result that was decided to be kept; ``None`` if it was damaged or pruned since: then the chapter runs."""
        if decision.entry is None:
            return None
        opened = self._open(self.folder / "entries" / decision.entry)
        if opened is None:
            return None
        first, _, body = opened.partition(b"\n")
        header = json.loads(first)
        notebook = json.loads(zlib.decompress(body).decode("utf-8", "surrogatepass"))
        return Result(notebook, tuple(header["reads"]), tuple(header["warnings"]))

    def put(
        self,
        decision: Decision,
        notebook: Mapping[str, Any],
        reads: Sequence[Mapping[str, str | None]],
        warnings: Sequence[str] = (),
    ) -> Decision:
        """Keep the result of a run.

        Parameters
        ----------
        decision
            What was decided before the run, and before the process that its kernel came from was started.
        notebook
            The executed notebook.
        reads
            What the run read, each as `depends.present` describes.
        warnings
            What it warned of.

        Returns
        -------
        Decision
            The same with the digest of the result. If the result is not kept, ``problem`` says why; it can be
            published all the same, and the chapter runs again at the next build.
        """
        body = json.dumps(notebook, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        digest, read = hashlib.sha256(body).hexdigest(), tuple(dict(reading) for reading in reads)
        mentions = _mentions(body.decode("utf-8", "surrogatepass"))
        done = dataclasses.replace(decision, digest=digest, reads=read, mentions=mentions)
        problem = self._unkeepable(decision, read)
        if problem is None:
            name = depends.digest_of(sorted(read, key=depends.digest_of))
            header = {
                "reads": read,
                "warnings": list(warnings),
                "notebook": digest,
                "mentions": sorted(mentions),
            }
            content = json.dumps(header).encode("ascii") + b"\n" + zlib.compress(body, 1)
            try:
                self._write(self.folder / "entries" / decision.key / name, content, durable=True)
            except OSError as error:
                problem = f"{self.folder} cannot be written to ({error.strerror}). Make room there, or permit it"
            else:
                self._put = True
                done = dataclasses.replace(done, entry=f"{decision.key}/{name}")
                self._note(decision.chapter, decision.inputs, f"{decision.key}/{name}", read)
        if problem:
            said = (
                f"The result of {decision.chapter} was not kept: {problem}. The chapter runs again at the next build."
            )
            done = dataclasses.replace(done, problem=said)
        return done

    def digest(self, file: Path) -> str | None:
        """The SHA-256 of a file's contents, read again only where it changed; ``None`` if there is no such file."""
        return self._files.digest(file)

    def names(self, folder: Path) -> list[str]:
        """What is in a folder, sorted; nothing if it is missing."""
        return self._files.names(folder)

    def source(self, notebook: Path) -> str:
        """A digest of what of a notebook bears on its result: not of outputs, identifiers and the like."""
        return depends.source(self._files, notebook).digest

    # --- editions

    def rendering(
        self,
        edition: str,
        facts: Mapping[str, Any],
        chapters: Sequence[Decision] = (),
        *,
        bibliography: Path | None = None,
    ) -> Rendering:
        """Whether an edition has to be rendered.

        Parameters
        ----------
        edition
            Its name: the place of its folder in the checkout, such as ``reports/published/vietnam-trade``.
        facts
            What else the page says, as JSON: the spec, and what the manifest says of the notebooks' files.
        chapters
            The chapters in order, each kept or run.
        bibliography
            Counts if a text mentions one of its entries.
        """
        parts = self._parts(facts, chapters, bibliography)
        file = self.folder / "editions" / _name(edition)
        last = self._asked_for(file)
        noticed = False
        if last is None:
            reasons = ["it has not been published from here before"]
        else:
            reasons = _differences_of_parts(last["parts"], parts)
            if not reasons and depends.digest_of(last["parts"]) != depends.digest_of(parts):
                reasons = ["what it is made of changed"]
            for name, sha in last["files"].items():
                present = self._files.digest(self.root / name)
                if present and present != sha and _without_notice(self.root / name) == sha:
                    noticed = True
                elif present != sha:
                    reasons.append(f"{name} is {'not as it was published' if present else 'gone'}")
        why = f"renders: {_joined(reasons)}" if reasons else "kept: nothing it is made of changed"
        self._touch(file)
        return Rendering(edition, parts, why, bool(reasons), noticed)

    def made_with(self, chapters: Sequence[Decision]) -> MadeWith:
        """What code chapters import and editions are rendered with, and in which environment, for a manifest.

        Files are named by their places in the package or, beside a notebook, in the checkout, so that they are the same
        wherever the checkout lies; of the environment what depends on the machine alone is left out.
        """
        package = self._library.shown(self._package)
        files = dict(self._library.of_modules(depends.RENDERING).files)
        for chapter in chapters:
            files |= chapter.inputs.code
        named = {
            f"{self._package.name}{name.removeprefix(package)}" if name.startswith(f"{package}/") else name: digest
            for name, digest in files.items()
        }
        versions = {name: version for name, version in depends.environment().items() if name != depends.PLATFORM}
        return {"code": named, "environment": versions}

    def published(self, rendering: Rendering, paths: Iterable[Path]) -> None:
        """Note that an edition is in place: files of the checkout, and folders with all files below them.

        Nothing is noted if code of the press changed since `rendering` was asked: the edition is rendered again.
        """
        before = {name: rendering.parts[name] for name in ("code", "converters")}
        if self._of_press() != before:
            return
        # By their names in the checkout: published/ may be a link to a folder that several machines share.
        places = [self.root / path.absolute().relative_to(self._given) for path in paths]
        files = (file for path in places for file in (sorted(path.rglob("*")) if path.is_dir() else [path]))
        digests = {file.relative_to(self.root).as_posix(): self._files.digest(file) for file in files if file.is_file()}
        noted = {"edition": rendering.edition, "parts": rendering.parts, "files": digests}
        with contextlib.suppress(OSError):  # it is rendered again
            self._write(self.folder / "editions" / _name(rendering.edition), json.dumps(noted).encode("ascii"))

    # --- builds

    def standing(self, asked: Sequence[str]) -> list[str] | None:
        """What `stands` noted of the same request, if nothing that was looked at for it has changed since.

        A build decides by what it asks of files and folders, and by the environment, alone. Where all of that would be
        answered as it was when a build kept everything, the next would keep everything too.
        """
        self._look_at_press()
        file = self.folder / "standing" / _name(json.dumps(list(asked)))
        noted = self._read_json(file)
        if noted is None or noted["about"] != self._about() or not self._files.would_answer(noted["answered"]):
            return None
        own = f"{FOLDER.as_posix()}/"
        for used in (file, *(self.root / name for name in noted["answered"]["files"] if name.startswith(own))):
            self._touch(used)
        return list(noted["reports"])

    def stands(self, asked: Sequence[str], reports: Sequence[str]) -> None:
        """Note that a build found nothing changed, with all it looked at; not if something changed meanwhile."""
        self._look_at_press()
        if not self._files.steady:
            return
        noted = {"about": self._about(), "reports": list(reports), "answered": self._files.answered()}
        with contextlib.suppress(OSError):  # the next build finds out again
            self._write(self.folder / "standing" / _name(json.dumps(list(asked))), json.dumps(noted).encode("ascii"))

    def looked_at(self) -> dict[str, dict[str, Any]]:
        """All that was asked of files and folders, with the answers, as `Files.differing` takes it.

        The code that decides is among them; what builds make themselves is not.
        """
        self._look_at_press()
        made = (f"{FOLDER.as_posix()}/", "reports/published")
        return {
            kind: {name: answer for name, answer in answers.items() if not name.startswith(made)}
            for kind, answers in self._files.answered().items()
        }

    def _look_at_press(self) -> None:
        """The code that decides counts as well, though no edition is rendered from it."""
        for folder in (self._package, self._package / "press"):
            for name in self._files.names(folder):
                if name.endswith(".py"):
                    self._files.digest(folder / name)

    def _about(self) -> dict[str, Any]:
        """What decisions rest on besides files and folders."""
        return {
            "version": self._version,
            "as_of": self.as_of,
            "package": self._library.shown(self._package),
            "environment": depends.environment(),
            "converters": depends.converters(),
        }

    # --- housekeeping

    def prune(self) -> int:
        """Remove what was not used for ``MOST_DAYS`` days, and the longest unused beyond the other two bounds.

        Returns
        -------
        int
            The number of results removed.
        """
        now = time.time()
        kept: list[tuple[float, int, Path]] = []
        removed = 0
        for folder in _children(self.folder / "entries"):
            for place, file in enumerate(self._latest_first(folder)):
                status = _status(file)
                if status is None:
                    continue
                # A time to come is that of a clock set back since: as if used just now.
                if now - status.st_mtime > MOST_DAYS * _DAY or place >= MOST_OF_A_KEY:
                    file.unlink(missing_ok=True)
                    removed += 1
                else:
                    kept.append((status.st_mtime, status.st_size, file))
        total = sum(size for _, size, _ in kept)
        for _, size, file in sorted(kept):
            if total <= MOST_BYTES:
                break
            file.unlink(missing_ok=True)
            total -= size
            removed += 1
        for folder in _children(self.folder / "entries"):
            if (status := _status(folder)) and now - status.st_mtime > _HOUR:  # nobody is about to write into it
                with contextlib.suppress(OSError):  # not empty
                    folder.rmdir()
        for part, most in (
            *((part, MOST_DAYS * _DAY) for part in ("chapters", "editions", "standing", "fonts")),
            ("tmp", _HOUR),
        ):
            for file in _children(self.folder / part):
                status = _status(file)
                age = now - status.st_mtime if status else 0.0
                if age > most or (part == "tmp" and age < -_HOUR):
                    file.unlink(missing_ok=True)
        return removed

    def clear(self) -> int:
        """Remove everything; returns the number of results removed.

        Raises
        ------
        InputError
            If a file cannot be removed.
        """
        count = sum(1 for folder in _children(self.folder / "entries") for _ in _children(folder))
        self._files = Files(self.root)
        paths: list[Path] = []  # what lies inside a folder before the folder
        for part in _PARTS:
            for child in _children(self.folder / part):
                paths += [*_children(child), child]
            paths.append(self.folder / part)
        for path in paths:
            if path.is_dir():
                with contextlib.suppress(OSError):  # another process has put something there meanwhile
                    path.rmdir()
                continue
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise InputError(f"{path} cannot be removed ({error.strerror}). Permit it, and try again.") from None
        return count

    # --- what a chapter depends on

    def _inputs(self, notebook: Path, parameters: Mapping[str, Any]) -> tuple[Inputs, tuple[str, ...]]:
        notebook = notebook.parent.resolve() / notebook.name
        read = depends.source(self._files, notebook)
        code = self._library.of_notebook(notebook, read)
        given = {name: depends.canonical(parameters[name]) for name in sorted(parameters)}
        shown = self._library.shown(notebook)
        return Inputs(shown, read.cells, read.kernel, given, depends.environment(), code.files), code.notes

    def _reworded(self, chapter: str, notebook: Path, inputs: Inputs, last: Mapping[str, Any]) -> Decision | None:
        """A chapter that need not run, as nothing but its prose changed since it last did, with its result kept anew.

        One with warnings runs: they tell of cells by their numbers.
        """
        then = Inputs(**last["inputs"])
        if then.cells == inputs.cells or dataclasses.replace(then, cells=inputs.cells) != inputs:
            return None
        self._files.digest(self.folder / "entries" / last["entry"])
        was = Decision(chapter, notebook, then, then.key, "", last["entry"])
        result = self.load(was)
        if result is None or result.warnings or not all(self._holds(reading) for reading in result.reads):
            return None
        try:
            made = prose.reworded(result.notebook, then.cells, notebook.read_bytes(), inputs.cells)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # no notebook: whoever runs it will say
            return None
        if made is None:
            return None
        kept = self.put(Decision(chapter, notebook, inputs, inputs.key, ""), made, result.reads)
        return dataclasses.replace(kept, why="kept: nothing but its prose changed") if kept.problem is None else None

    def _holds(self, reading: Mapping[str, Any]) -> bool:
        sha: str | None = reading["sha256"]
        return depends.present(self._files, self.root, reading, self.as_of) == sha

    def _unkeepable(self, decision: Decision, reads: Sequence[Mapping[str, Any]]) -> str | None:
        """What stands against keeping a result, if anything does."""
        seen: dict[str, Any] = {}
        for reading in reads:
            if not depends.is_reading(reading):
                return f"it recorded a reading that cannot be followed up ({dict(reading)!r})"
            what = depends.digest_of([reading["path"], *map(reading.get, ("names", "lines", "until"))])
            if seen.setdefault(what, reading["sha256"]) != reading["sha256"] or not self._holds(reading):
                return f"{reading['path']} changed while it ran"
        inputs = self._inputs(decision.notebook, {})[0]
        for before, now in ((decision.inputs.code, inputs.code), (_own(decision.inputs), _own(inputs))):
            changed = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
            if changed:
                return f"{changed[0]} changed while it ran"
        return None

    def _note(self, chapter: str, inputs: Inputs, entry: str, reads: Sequence[Mapping[str, Any]]) -> None:
        """Note what a chapter depends on, with the names in folders it listed, so that what changes can be said."""
        listed = [
            {**reading, "listed": depends.listed(self._files, self.root, reading, self.as_of)}
            if "names" in reading
            else reading
            for reading in reads
        ]
        noted = {"chapter": chapter, "entry": entry, "inputs": vars(inputs), "reads": listed}
        with contextlib.suppress(OSError):  # the next sentence is less exact
            self._write(self.folder / "chapters" / _name(chapter), json.dumps(noted).encode("ascii"))

    def _differences(self, last: Mapping[str, Any], now: Inputs) -> list[str]:
        """What of a chapter's dependencies is not as it was, as ends of a sentence; what an analyst did comes first."""
        then = last["inputs"]
        found = []
        if then["notebook"] != now.notebook:
            found.append(f"its notebook was {then['notebook']} and is {now.notebook}")
        elif then["cells"] != now.cells:
            found.append(f"{now.notebook} changed{_cells(then['cells'], now.cells)}")
        if then["kernel"] != now.kernel:
            found.append(f"its kernel was {then['kernel']} and is {now.kernel}")
        found += _was_and_is(then["parameters"], now.parameters, "parameter {}", _written)
        for reading in last["reads"]:
            present = depends.present(self._files, self.root, reading, self.as_of)
            if present != reading["sha256"]:
                found.append(self._said_of(reading, present))
        for name in sorted({*then["code"], *now.code}):
            if then["code"].get(name) != now.code.get(name):
                verb = "is imported now" if name not in then["code"] else "changed"
                found.append(f"{name} {verb if name in now.code else 'is no longer there or imported'}")
        return found + _was_and_is(then["environment"], now.environment, "{}", str)

    def _said_of(self, reading: Mapping[str, Any], present: str | None) -> str:
        path = reading["path"]
        if reading["sha256"] is None or present is None:
            return f"{path} is {'there now' if present else 'gone'}"
        if "names" in reading:
            then, now = reading["listed"], depends.listed(self._files, self.root, reading, self.as_of)
            there = self._files.names(self.root / path)
            told = [f"{path}/{name} is new" for name in now if name not in then]
            told += [
                f"{path}/{name} is {'later than ' + str(self.as_of) if name in there else 'gone'}"
                for name in then
                if name not in now
            ]
            return _joined(told or [f"{path} lists other files"])
        return f"{path} changed"

    def _parts(
        self, facts: Mapping[str, Any], chapters: Sequence[Decision], bibliography: Path | None
    ) -> dict[str, Any]:
        """All that an edition is rendered from."""
        said: dict[str, Any] = json.loads(json.dumps(facts, default=str))
        mentions = _mentions(json.dumps(said, ensure_ascii=False)).union(*(each.mentions for each in chapters))
        keys = self._files.found(bibliography, "entries", _entries) if bibliography else None
        cited = bibliography is not None and not mentions.isdisjoint(keys or [])
        return {
            "facts": said,
            "chapters": [[each.digest, list(each.reads)] for each in chapters],
            "environment": depends.environment(),
            "bibliography": self._files.digest(bibliography) if cited and bibliography else None,
            **self._of_press(),
        }

    def _of_press(self) -> dict[str, Any]:
        return {"code": self._library.of_modules(depends.RENDERING).files, "converters": depends.converters()}

    # --- files of the store

    def _own_digest(self) -> str:
        """What is remembered of files holds for this version of the code that found it, on this version of Python."""
        own = Path(depends.__file__).read_bytes()
        return hashlib.sha256(own + depends.environment()["Python"].encode("ascii")).hexdigest()

    def _header(self, file: Path) -> dict[str, Any] | None:
        opened = self._open(file)
        return None if opened is None else json.loads(opened.partition(b"\n")[0])

    def _asked_for(self, file: Path) -> dict[str, Any] | None:
        """What a file of the store holds, for a decision that rests on it."""
        self._files.digest(file)
        return self._read_json(file)

    def _read_json(self, file: Path) -> dict[str, Any] | None:
        opened = self._open(file)
        return None if opened is None else json.loads(opened)

    def _open(self, file: Path) -> bytes | None:
        """A file's contents without its mark and digest; one that is damaged is removed and counts as missing."""
        try:
            whole = file.read_bytes()
        except OSError:
            return None
        mark, _, content = whole.partition(b"\n")
        if mark == _MARK + hashlib.sha256(content).hexdigest().encode("ascii"):
            return content
        self._damaged.add(file)
        with contextlib.suppress(OSError):
            file.unlink()
        return None

    def _write(self, file: Path, content: bytes, *, durable: bool = False) -> None:
        """Whole or not at all. ``durable`` writes wait for the disk; what is lost of others is found damaged."""
        mark = _MARK + hashlib.sha256(content).hexdigest().encode("ascii") + b"\n"
        aside = self.folder / "tmp"
        for left in reversed(range(_TRIES)):
            try:
                aside.mkdir(parents=True, exist_ok=True)
                file.parent.mkdir(parents=True, exist_ok=True)
                handle, name = tempfile.mkstemp(dir=aside)
                try:
                    with os.fdopen(handle, "wb") as out:
                        out.write(mark + content)
                        if durable:
                            out.flush()
                            os.fsync(out.fileno())
                    Path(name).replace(file)
                except BaseException:
                    Path(name).unlink(missing_ok=True)
                    raise
            except (FileNotFoundError, FileExistsError):  # another process emptied the store meanwhile
                if not left:
                    raise
            else:
                return

    def _latest_first(self, folder: Path) -> list[Path]:
        times = [(status.st_mtime, file) for file in _children(folder) if (status := _status(file))]
        return [file for _, file in sorted(times, reverse=True)]

    def _touch(self, file: Path) -> None:
        """Mark a result as used, once an hour."""
        status = _status(file)
        if status and abs(time.time() - status.st_mtime) > _HOUR:
            with contextlib.suppress(OSError):
                os.utime(file)


def _name(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _children(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _status(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except OSError:
        return None


def _without_notice(page: Path) -> str | None:
    """The digest of a page as it was before it was said to be out of date; ``None`` of what is no page."""
    if page.name != "index.html":
        return None
    try:
        return hashlib.sha256(publish.without_notice(page.read_bytes())).hexdigest()
    except OSError:
        return None


def _own(inputs: Inputs) -> dict[str, str]:
    """A notebook's own digest under its name."""
    return {inputs.notebook: depends.digest_of([inputs.cells, inputs.kernel])}


def _mentions(text: str) -> frozenset[str]:
    """Words that follow an ``@``: keys of a bibliography, and others."""
    return frozenset(braced or plain.rstrip(":.#$%&+?<>~/-") for braced, plain in _MENTION.findall(text))


def _entries(content: bytes) -> list[str]:
    return [key.decode("utf-8", "replace") for key in _ENTRY.findall(content)]


# --- sentences


def _joined(reasons: Sequence[str]) -> str:
    more = len(reasons) - _MOST_REASONS
    return "; ".join(reasons[:_MOST_REASONS]) + (f"; and {more} more" if more > 0 else "")


def _was_and_is(then: Mapping[str, Any], now: Mapping[str, Any], what: str, show: Callable[[Any], str]) -> list[str]:
    found = []
    for name in sorted({*then, *now}):
        called = what.format(name)
        if name not in then:
            found.append(f"{called} is new: {show(now[name])}")
        elif name not in now:
            found.append(f"{called} is no longer there; it was {show(then[name])}")
        elif then[name] != now[name] or show(then[name]) != show(now[name]):
            found.append(f"{called} was {show(then[name])} and is {show(now[name])}")
    return found


def _written(value: Any) -> str:
    """A canonical value as Python writes it."""
    shown = repr(_plain(value))
    return shown if len(shown) <= _LONGEST_VALUE else f"{shown[: _LONGEST_VALUE - 1]}…"


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        ((kind, inside),) = value.items()
        if kind == "dict":
            return {_plain(key): _plain(item) for key, item in inside}
        return tuple(_plain(item) for item in inside) if kind == "tuple" else inside
    return value


def _cells(then: Sequence[str], now: Sequence[str]) -> str:
    """Which cells are not as they were, if no other than these moved."""
    if len(then) != len(now):
        return f" ({len(now)} cells instead of {len(then)})"
    changed = [str(number) for number, pair in enumerate(zip(then, now, strict=True), start=1) if pair[0] != pair[1]]
    return f" (cell{'s' if len(changed) > 1 else ''} {', '.join(changed)})" if len(changed) < 6 else ""


def _differences_of_parts(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    found = [
        f"its {name} changed"
        for name in sorted({*then["facts"], *now["facts"]})
        if then["facts"].get(name) != now["facts"].get(name) or (name in then["facts"]) != (name in now["facts"])
    ]
    before, after = then["chapters"], now["chapters"]
    if len(before) != len(after):
        found.append(f"it has {len(after)} chapters and had {len(before)}")
    else:
        pairs = enumerate(zip(before, after, strict=True), start=1)
        found += [f"chapter {number} gave something else" for number, (old, new) in pairs if old != new]
    if then["bibliography"] != now["bibliography"]:
        found.append("the bibliography changed")
    for name in sorted({*then["code"], *now["code"]}):
        if then["code"].get(name) != now["code"].get(name):
            found.append(f"{name} {'changed' if name in now['code'] else 'is gone'}")
    for part in ("environment", "converters"):
        found += _was_and_is(then[part], now[part], "{}", str)
    return found
