"""Build reports: run what changed, render what changed, and let a report that fails stop no other."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from legation.errors import InputError
from legation.press import plan as plans
from legation.press import spec as specs
from legation.press.plan import Chapter, Plan
from legation.press.store import Decision, Store

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

# What runs and renders is imported where something has to be: loading it takes longer than to find that nothing has.
if TYPE_CHECKING:
    from legation.press.kernels import KernelServer
    from legation.press.run import ChapterError, Executed


@dataclass(frozen=True)
class Outcome:
    """What became of one report."""

    report: str
    edition: Path | None  # its folder, if it is published
    seconds: float
    problem: str | None = None
    traceback: str | None = None  # only of a fault in code
    kept: bool = False  # nothing it is made of had changed

    @property
    def status(self) -> int:
        """0 published, 1 stopped by a fault in code, 2 refused what it was given."""
        return 0 if self.edition else 1 if self.traceback else 2


def build(root: Path, names: list[str], say: Callable[[str], None], *, explain: bool = False) -> list[Outcome]:
    """Build the named reports, or all in ``reports/``: what nothing changed of is kept as it stands.

    Parameters
    ----------
    root
        The checkout: ``reports/``, ``notebooks/`` and ``data/`` lie in it.
    names
        Reports by name; none means all.
    say
        Takes each line of progress.
    explain
        Whether to say of every chapter and edition why it was made again or kept.

    Returns
    -------
    list of Outcome
        One for each report, in the order they were built.

    Raises
    ------
    InputError
        If a name is unknown or there is no report at all.
    """
    outcomes = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(_turn(root, say))
        press = _Press(root, say, explain, stack, stack.enter_context(Store(root)))
        for file in _files(root / "reports", names):
            began = time.monotonic()
            try:
                edition, kept = press.report(file)
                outcome = Outcome(file.stem, edition, time.monotonic() - began, kept=kept)
            except InputError as error:
                outcome = Outcome(file.stem, None, time.monotonic() - began, str(error))
            except _StoppedError as error:
                outcome = Outcome(file.stem, None, time.monotonic() - began, str(error), error.traceback)
            outcomes.append(outcome)
            if outcome.problem:
                say(f"{outcome.report}: not published. {outcome.problem}")
            elif not kept:
                say(f"{outcome.report}: published in {outcome.seconds:.1f} s")
        if any(outcome.edition for outcome in outcomes):
            press.index()
    return outcomes


@contextlib.contextmanager
def _turn(root: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other build works on this checkout. The lock names its holder, and ends with it in any case."""
    if fcntl is None:  # Windows: editions are still swapped in whole, but two builds may do the same work twice
        yield
        return
    folder = root / ".legation"
    folder.mkdir(exist_ok=True)
    with (folder / "building").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "not yet named"
            say(f"Another build works on this checkout ({holder}). This one waits for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()}, since {datetime.now():%H:%M:%S}\n")
        file.flush()
        try:
            yield
        finally:
            file.seek(0)
            file.truncate()


@dataclass
class _Press:
    """One build: the store of results, and the server its kernels come from, started when the first chapter runs."""

    root: Path
    say: Callable[[str], None]
    explain: bool
    stack: contextlib.ExitStack
    store: Store
    server: KernelServer | None = field(default=None)

    def report(self, file: Path) -> tuple[Path, bool]:
        """Its edition's folder, and whether that was kept as it stood."""
        plan = plans.plan(specs.load(file), self.root / "notebooks")
        # All decisions before the first run: the server loads the library's code as it stands now.
        decisions = [
            self.store.decide(f"{plan.spec.name}/{chapter.position + 1}", chapter.notebook, chapter.parameters)
            for chapter in plan.chapters
        ]
        done: dict[int, Executed] = {}
        for chapter, decision in zip(plan.chapters, list(decisions), strict=True):
            place = f"{plan.spec.name}: chapter {chapter.position + 1} of {len(plan.chapters)}"
            for line in (decision.why, *decision.notes) if self.explain else ():
                self.say(f"{place}, {chapter.notebook.name} {line}")
            if decision.runs:
                decisions[chapter.position], done[chapter.position] = self._run(plan, chapter, decision, place)
        bibliography = self.root / "data" / "references.bib"
        name = f"reports/published/{plan.spec.name}"
        # As the manifest states them, outputs that JupyterLab saved and all.
        notebooks = [hashlib.sha256(chapter.notebook.read_bytes()).hexdigest() for chapter in plan.chapters]
        facts = {**plan.spec.model_dump(mode="json"), "notebooks": notebooks}
        rendering = self.store.rendering(name, facts, decisions, bibliography=bibliography)
        if self.explain:
            self.say(f"{plan.spec.name}: page and PDF {rendering.why}")
        edition = self.root / name
        if rendering.needed:
            from legation.press.publish import publish

            chapters = [self._result(plan, chapter, decisions, done) for chapter in plan.chapters]
            edition = publish(plan, chapters, edition.parent, bibliography=bibliography)
            rendering = self.store.rendering(name, facts, decisions, bibliography=bibliography)
            self.store.published(rendering, [edition])
        return edition, not rendering.needed

    def index(self) -> None:
        """The list of all editions, written again if one of them changed."""
        published = self.root / "reports" / "published"
        manifests = {
            file.parent.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(published.glob("*/manifest.json"))
        }
        rendering = self.store.rendering("reports/published/index.html", {"manifests": manifests})
        if rendering.needed:
            from legation.press.publish import write_index

            self.store.published(rendering, [write_index(published)])

    def _result(self, plan: Plan, chapter: Chapter, decisions: list[Decision], done: dict[int, Executed]) -> Executed:
        """A chapter's result: of this build, or kept from an earlier one, or run after all if that is damaged."""
        if chapter.position not in done:
            kept = self.store.load(decisions[chapter.position])
            if kept is not None:
                import nbformat

                from legation.press.run import Executed

                return Executed(nbformat.from_dict(kept.notebook), kept.reads, kept.warnings)
            place = f"{plan.spec.name}: chapter {chapter.position + 1} of {len(plan.chapters)}"
            decisions[chapter.position], done[chapter.position] = self._run(
                plan, chapter, decisions[chapter.position], place
            )
        return done[chapter.position]

    def _run(self, plan: Plan, chapter: Chapter, decision: Decision, place: str) -> tuple[Decision, Executed]:
        from legation.press import kernels
        from legation.press.run import ChapterError, run

        if self.server is None:
            modules = kernels.modules_of(sorted((self.root / "notebooks").glob("*.ipynb")))
            self.server = self.stack.enter_context(kernels.KernelServer(modules))
        label = f"{place}, {chapter.notebook.name}"
        self.say(label)
        try:
            done = run(chapter, self.server.place, progress=label)  # a server that was killed is started again
        except ChapterError as error:
            if error.is_input:
                raise InputError(f"{_blame(plan, chapter.position, error)}{error}") from None
            raise _StoppedError(f"{error.kind} in {error}", error.traceback) from None
        for line in done.warnings:  # the operator's to read; the edition is published all the same
            self.say(f"{place}, {line}")
        decision = self.store.put(decision, done.notebook, done.reads, done.warnings)
        if decision.problem:
            self.say(f"{label}: {decision.problem}")
        return decision, done


class _StoppedError(Exception):
    def __init__(self, message: str, traceback: str) -> None:
        super().__init__(message)
        self.traceback = traceback


def _files(folder: Path, names: list[str]) -> list[Path]:
    known = {file.stem: file for file in sorted(folder.glob("*.yml"))}
    if not known:
        raise InputError(f"There is no report in {folder.name}/. Write one as a YAML file there.")
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise InputError(f"There is no report '{name}' in reports/.{hint} There are: {', '.join(known)}.")
    return [known[name] for name in names or known]


def _blame(plan: Plan, position: int, error: ChapterError) -> str:
    """The line of the spec that gave the value a cell refused, if the refusal names one."""
    for name, value in plan.chapters[position].parameters.items():
        for place, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
            named = f"'{item}'" if isinstance(item, str) else str(item)
            if re.search(rf"(?<![\w.]){re.escape(named)}(?![\w.]\w)", error.message):
                inside = () if place is None else (place,)
                return f"{plan.spec.where('chapters', position, 'parameters', name, *inside)} ({name}): "
    return ""
