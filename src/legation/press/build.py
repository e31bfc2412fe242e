"""Build reports: run what changed, render what changed, and let a report that fails stop no other."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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


def build(
    root: Path, names: list[str], say: Callable[[str], None], *, explain: bool = False, jobs: int | None = None
) -> list[Outcome]:
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
    jobs
        How many chapters run at once; none given means one for each core.

    Returns
    -------
    list of Outcome
        One for each report, in the order they were built.

    Raises
    ------
    InputError
        If a name is unknown or there is no report at all.
    """
    files = _files(root / "reports", names)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_turn(root, say))
        press = _Press(root, say, explain, jobs or os.cpu_count() or 1, stack, stack.enter_context(Store(root)))
        outcomes = []
        for report in [press.begin(file) for file in files]:
            outcome = press.finish(report)
            outcomes.append(outcome)
            if outcome.problem:
                say(f"{outcome.report}: not published. {outcome.problem}")
            elif not outcome.kept:
                say(f"{outcome.report}: published {outcome.seconds:.1f} s after the start")
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
class _Report:
    """A report in the making: ``done`` holds the chapters this build runs; ``error`` says why there is none to make."""

    file: Path
    plan: Plan | None = None
    decisions: list[Decision] = field(default_factory=list)
    done: dict[int, Future[Executed]] = field(default_factory=dict)
    error: InputError | None = None


@dataclass
class _Press:
    """One build: the store of results, the server its kernels come from, and the threads that wait for them.

    The kernels do the work, each in a process of its own; threads are enough to wait for them. Server and threads
    start with the first chapter that runs.
    """

    root: Path
    say: Callable[[str], None]
    explain: bool
    jobs: int
    stack: contextlib.ExitStack
    store: Store
    server: KernelServer | None = None
    pool: ThreadPoolExecutor | None = None
    began: float = field(default_factory=time.monotonic)

    def begin(self, file: Path) -> _Report:
        """Plan a report, decide which of its chapters run, and start those."""
        report = _Report(file)
        try:
            report.plan = plan = plans.plan(specs.load(file), self.root / "notebooks")
        except InputError as error:
            report.error = error
            return report
        for chapter in plan.chapters:
            decision = self.store.decide(
                f"{plan.spec.name}/{chapter.position + 1}", chapter.notebook, chapter.parameters
            )
            report.decisions.append(decision)
            for line in (decision.why, *decision.notes) if self.explain else ():
                self.say(f"{_label(plan, chapter)} {line}")
            if decision.runs:
                report.done[chapter.position] = self._start(plan, chapter)
        return report

    def finish(self, report: _Report) -> Outcome:
        """Wait for a report's chapters, and publish it if anything it is made of changed."""
        name = report.file.stem
        try:
            if report.error:
                raise report.error
            edition, kept = self._publish(report)
        except InputError as error:
            return Outcome(name, None, self._passed(), str(error))
        except _StoppedError as error:
            return Outcome(name, None, self._passed(), str(error), error.traceback)
        return Outcome(name, edition, self._passed(), kept=kept)

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

    def _publish(self, report: _Report) -> tuple[Path, bool]:
        """The edition's folder, and whether it was kept as it stood."""
        plan, decisions = report.plan, report.decisions
        assert plan is not None  # noqa: S101  # there is one, or an error
        ran = {position: self._result(report, position) for position in sorted(report.done)}
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

            chapters = [
                ran[chapter.position] if chapter.position in ran else self._kept(report, chapter)
                for chapter in plan.chapters
            ]
            edition = publish(plan, chapters, edition.parent, bibliography=bibliography)
            rendering = self.store.rendering(name, facts, decisions, bibliography=bibliography)
            self.store.published(rendering, [edition])
        return edition, not rendering.needed

    def _kept(self, report: _Report, chapter: Chapter) -> Executed:
        """A chapter's result from an earlier build, or run after all if that is damaged."""
        import nbformat

        from legation.press.run import Executed

        kept = self.store.load(report.decisions[chapter.position])
        if kept is not None:
            return Executed(nbformat.from_dict(kept.notebook), kept.reads, kept.warnings)
        assert report.plan is not None  # noqa: S101
        report.done[chapter.position] = self._start(report.plan, chapter)
        return self._result(report, chapter.position)

    def _start(self, plan: Plan, chapter: Chapter) -> Future[Executed]:
        from legation.press import kernels
        from legation.press.run import run

        if self.server is None or self.pool is None:
            self.pool = self.stack.enter_context(_pool(self.jobs))
            modules = kernels.modules_of(sorted((self.root / "notebooks").glob("*.ipynb")))
            # Entered last, left first: if the build is interrupted its kernels end, and the threads with them.
            self.server = self.stack.enter_context(kernels.KernelServer(modules))
        server = self.server

        def work() -> Executed:
            self.say(_label(plan, chapter))
            with _RESTARTING:
                place = server.place  # a server that was killed is started again
            return run(chapter, place)

        return self.pool.submit(work)

    def _result(self, report: _Report, position: int) -> Executed:
        """What a chapter that runs comes to, told and kept."""
        from legation.press.run import ChapterError

        plan, decision = report.plan, report.decisions[position]
        assert plan is not None  # noqa: S101
        chapter = plan.chapters[position]
        try:
            done = report.done[position].result()
        except ChapterError as error:
            if error.is_input:
                raise InputError(f"{_blame(plan, position, error)}{error}") from None
            raise _StoppedError(f"{error.kind} in {error}", error.traceback) from None
        place = f"{plan.spec.name}: chapter {position + 1} of {len(plan.chapters)}"
        for line in done.warnings:  # the operator's to read; the edition is published all the same
            self.say(f"{place}, {line}")
        report.decisions[position] = decision = self.store.put(decision, done.notebook, done.reads, done.warnings)
        if decision.problem:
            self.say(f"{_label(plan, chapter)}: {decision.problem}")
        return done

    def _passed(self) -> float:
        return time.monotonic() - self.began


_RESTARTING = threading.Lock()


@contextlib.contextmanager
def _pool(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that take up nothing new once the build is over, however that ends."""
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="chapter")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _label(plan: Plan, chapter: Chapter) -> str:
    return f"{plan.spec.name}: chapter {chapter.position + 1} of {len(plan.chapters)}, {chapter.notebook.name}"


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
