"""One build: decide what is made again, give it to workers, keep what they made, put it in place."""

from __future__ import annotations

import re
import time
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from legation.errors import InputError, nearest
from legation.press import archive, publish
from legation.press import plan as plans
from legation.press import spec as specs
from legation.press.archive import Dated
from legation.press.outcome import ChapterError, Executed, Outcome, cannot
from legation.press.plan import Plan
from legation.press.runlog import FILE, RunLog
from legation.press.spec import ReportSpec
from legation.press.store import Decision, Rendering, Store

# Workers are imported where something has to be done: loading them takes longer than to find that nothing has.
if TYPE_CHECKING:
    from legation.press.workers import Workers

#: Seconds between two lines on how far a sweep has come.
_PACE = 5.0
#: Failures of a sweep that are told one by one, and those that its summary names.
_FAILURES_TOLD, _FAILURES_NAMED = 5, 20


def make(
    root: Path,
    names: list[str],
    say: Callable[[str], None],
    store: Store,
    hire: Callable[[list[Path]], Workers],
    workers: Workers | None = None,
    *,
    explain: bool = False,
) -> list[Outcome]:
    """Make what changed of the named reports, or of all but sweeps.

    Parameters
    ----------
    root, names, say, explain
        As `legation.press.build.build` takes them.
    store
        The results of earlier builds. What is decided rests on nothing but what is asked of its files, and on the
        time that it is opened for.
    hire
        Gives workers who can run these notebooks; called when there is something to do, unless there are ``workers``.
    """
    wanted = _wanted(root / "reports", names, store)
    with RunLog(root, [each.name for each in wanted]) as log:
        return _Press(root, say, explain, hire, store, log, workers).build(wanted)


@dataclass(frozen=True)
class _Wanted:
    """Something a build was asked for: a report, a sweep, or an edition of a sweep; or why it cannot be had."""

    name: str
    spec: ReportSpec | None  # of a sweep that of the whole
    editions: list[ReportSpec] = field(default_factory=list)
    error: InputError | None = None


def _wanted(folder: Path, names: list[str], store: Store) -> list[_Wanted]:
    files = {name.removesuffix(".yml"): folder / name for name in store.names(folder) if name.endswith(".yml")}
    if not files:
        raise InputError(
            f"There is no report in {folder.name}/. Write one: legation new report NAME. docs/new-report.md tells more."
        )
    found = []
    for name in names or files:
        report, _, edition = name.partition("/")
        if report not in files:
            raise InputError(
                f"There is no report '{name}' in reports/{nearest(report, files)}. There are: {', '.join(files)}."
            )
        store.digest(files[report])
        try:
            spec = specs.load(files[report])
        except InputError as error:
            found.append(_Wanted(name, None, error=error))
            continue
        editions = {each.name: each for each in specs.editions(spec)}
        if edition and name not in editions:
            raise InputError(
                f"The report '{report}' has no edition '{edition}'{nearest(name, editions)}."
                if spec.sweep
                else f"The report '{report}' is no sweep and has no edition '{edition}'. Build '{report}'."
            )
        if names or not spec.sweep:  # a sweep is built when it is named
            found.append(_Wanted(name, spec, [editions[name]] if edition else list(editions.values())))
    return found


@dataclass
class _Making:
    """A report, or an edition of a sweep, in the making: what was decided, and what its chapters came to."""

    plan: Plan
    order: int
    decisions: list[Decision] = field(default_factory=list)
    done: dict[int, Executed] = field(default_factory=dict)  # chapters that this build ran
    failed: dict[int | None, Exception] = field(default_factory=dict)
    waiting: int = 0  # tasks that workers have
    rendering: Rendering | None = None
    base: Dated | None = None  # the dated edition it is compared with


@dataclass(frozen=True)
class _Task:
    """Something a worker does for a report: run the chapter at ``position``, or with none render the edition."""

    of: _Making
    position: int | None
    alone: bool = False  # given again, with nothing beside it, because one of several tasks killed a worker


@dataclass
class _Progress:
    """How far a sweep has come."""

    editions: int
    ended: int = 0
    failed: dict[int, str] = field(default_factory=dict)  # by their place in the grid


@dataclass
class _Press:
    """One build. Workers, who start with the first task, run and render; this process decides, keeps and publishes.

    Only so many reports are in the making that every worker has something to do, so that a build of a thousand editions
    takes no more memory than one of ten.
    """

    root: Path
    say: Callable[[str], None]
    explain: bool
    hire: Callable[[list[Path]], Workers]
    store: Store
    log: RunLog
    workers: Workers | None = None
    notebooks: list[Path] = field(default_factory=list)  # of all that is built
    tasks: dict[Future[Any], _Task] = field(default_factory=dict)
    suspects: deque[_Task] = field(default_factory=deque)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    sweeps: dict[str, _Progress] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)

    def build(self, wanted: list[_Wanted]) -> list[Outcome]:
        """Build everything, and the pages that list it."""
        waiting: list[tuple[int, Plan]] = []
        count = 0
        for each in wanted:
            made, error = self._planned(each)
            if error:
                self._end(count, Outcome(each.name, None, self._passed(), str(error)))
                count += 1
            else:
                waiting += enumerate(made, start=count)
                count += len(made)
            if each.spec and each.spec.sweep:
                self.sweeps[each.spec.name] = _Progress(len(made))
        # Reports of many chapters first: begun last, they would be waited for by workers with nothing left to do.
        queue = deque(sorted(waiting, key=lambda item: -len(item[1].chapters)))
        self.notebooks = sorted({chapter.notebook for _, plan in queue for chapter in plan.chapters})
        while queue or self.tasks or self.suspects:
            if self.suspects and not self.tasks:
                self._try_alone(self.suspects.popleft())
            while queue and not self.suspects and (not self.workers or len(self.tasks) < 2 * self.workers.size):
                self._begin(*queue.popleft())
            if self.tasks:
                for future in wait(self.tasks, return_when=FIRST_COMPLETED).done:
                    self._take(future)
        for each in wanted:
            if each.spec and each.spec.sweep:
                self._list(each.spec)
        if any(outcome.edition for outcome in self.outcomes.values()):
            self._index()
        return [self.outcomes[order] for order in range(count)]

    def _planned(self, wanted: _Wanted) -> tuple[list[Plan], InputError | None]:
        """The plans of all editions asked for: a mistake in one of a sweep is a mistake in its spec."""
        if wanted.error:
            return [], wanted.error
        for chapter in wanted.spec.chapters if wanted.spec else ():
            self.store.digest(plans.file_of(chapter.notebook, self.root / "notebooks"))
        try:
            as_of = self.store.as_of
            return [plans.plan(edition, self.root / "notebooks", as_of) for edition in wanted.editions], None
        except InputError as error:
            return [], error

    def _begin(self, order: int, plan: Plan) -> None:
        """Decide which chapters of a report run, and give those to the workers."""
        making = _Making(plan, order)
        for chapter in plan.chapters:
            decision = self.store.decide(
                f"{plan.spec.name}/{chapter.position + 1}", chapter.notebook, chapter.parameters
            )
            making.decisions.append(decision)
            for line in (decision.why, *decision.notes) if self.explain else ():
                self.say(f"{_label(plan, chapter.position)} {line}")
            if decision.runs:
                self._give(_Task(making, chapter.position))
        self._go_on(making)

    def _hired(self) -> Workers:
        if self.workers is None:
            self.workers = self.hire(self.notebooks)
        return self.workers

    def _give(self, task: _Task) -> None:
        """Give a worker something to do. To render an edition, all its chapters must have run."""
        making, plan = task.of, task.of.plan
        try:
            workers = self._hired()
            if task.position is not None:
                future: Future[Any] = workers.run(plan.chapters[task.position])
            else:
                chapters = self._chapters(making)
                if len(chapters) < len(plan.chapters):  # the others run again
                    return
                base = making.base.base() if making.base else None
                future = workers.render(plan, chapters, base, self.store.made_with(making.decisions))
        except (OSError, InputError) as error:
            making.failed[task.position] = error
        else:
            self.tasks[future] = task
            making.waiting += 1

    def _take(self, future: Future[Any]) -> None:
        """What a worker has done, or why it could not."""
        task = self.tasks.pop(future)
        making, position = task.of, task.position
        making.waiting -= 1
        try:
            result = future.result()
            if position is None:
                self._put_in_place(making, result)
                return
            self._keep(making, position, result)
        except (BrokenExecutor, CancelledError) as error:
            if task.alone:
                making.failed[position] = error
            else:
                making.waiting += 1
                self.suspects.append(_Task(making, position, alone=True))
        except Exception as error:  # noqa: BLE001  # whatever it is, it stops this report alone
            making.failed[position] = error
        self._go_on(making)

    def _try_alone(self, task: _Task) -> None:
        task.of.waiting -= 1
        self._give(task)
        self._go_on_if_failed(task.of)

    def _keep(self, making: _Making, position: int, done: Executed) -> None:
        """Keep what a chapter came to, and say what the operator should read."""
        plan, decision = making.plan, making.decisions[position]
        label = _label(plan, position)
        if plan.spec.name.partition("/")[0] not in self.sweeps:
            self.say(f"{label}: {done.seconds:.1f} s" if done.seconds else label)
        self.log.note("chapter", report=plan.spec.name, chapter=position + 1, why=decision.why, seconds=done.seconds)
        for line in done.warnings:  # the edition is published all the same
            self.say(f"{plan.spec.name}: chapter {position + 1} of {len(plan.chapters)}, {line}")
        making.decisions[position] = decision = self.store.put(decision, done.notebook, done.reads, done.warnings)
        if decision.problem:
            self.say(f"{label}: {decision.problem}")
        making.done[position] = done

    def _go_on(self, making: _Making) -> None:
        """When no chapter is waited for any more: render the edition, or say why there is none."""
        if making.waiting:
            return
        if making.failed:
            self._end(making.order, self._failure(making))
            return
        plan = making.plan
        name = f"reports/published/{plan.spec.name}"
        # As the manifest states them, outputs that JupyterLab saved and all.
        notebooks = [self.store.digest(chapter.notebook) for chapter in plan.chapters]
        spec = plan.spec.model_dump(
            mode="json", exclude={"sweep": True, "schedule": True, "keep": True, "chapters": {"__all__": {"limits"}}}
        )
        facts = {**spec, "notebooks": notebooks, "code": self.store.made_with(making.decisions)["code"]}
        facts |= self._base(making)
        making.rendering = self.store.rendering(name, facts, making.decisions, bibliography=self._bibliography)
        if self.explain:
            self.say(f"{plan.spec.name}: page and PDF {making.rendering.why}")
        if not making.rendering.needed:
            self._end(making.order, self._kept_edition(making.rendering, plan.spec.name))
            return
        self._give(_Task(making, None))
        self._go_on_if_failed(making)

    def _kept_edition(self, rendering: Rendering, report: str) -> Outcome:
        """An edition stays as it stands, without the notice that an earlier attempt to renew it had failed."""
        folder = self.root / rendering.edition
        if rendering.noticed:
            try:
                publish.say_stale(folder, None)
            except OSError as error:
                return Outcome(report, None, self._passed(), cannot(error))
        return Outcome(report, folder, self._passed(), kept=True)

    def _base(self, making: _Making) -> dict[str, Any]:
        """Choose the dated edition that a report is compared with: what of it counts, if there is one.

        All is asked of the store, so that a later build notices when a dated edition comes, changes or goes.
        """
        published, report = self.root / "reports" / "published", making.plan.spec.name
        folder = published / archive.FOLDER / report
        for name in self.store.names(folder):
            self.store.digest(folder / name / archive.ABOUT)
        making.base = base = archive.base(published, report, self.store.as_of)
        if base is None:
            return {}
        self.store.names(base.folder / "notebooks")
        digests = {name: self.store.digest(base.folder / name) for name in base.compared}
        return {"last dated edition": {"stamp": base.stamp, "files": digests}}

    def _go_on_if_failed(self, making: _Making) -> None:
        if making.failed and not making.waiting:
            self._end(making.order, self._failure(making))

    def _chapters(self, making: _Making) -> list[Executed]:
        """A report's chapters as they ran in this build or an earlier one; one whose result is damaged runs again."""
        chapters = []
        for chapter in making.plan.chapters:
            done = making.done.get(chapter.position)
            if done is None and (kept := self.store.load(making.decisions[chapter.position])):
                done = Executed(kept.notebook, kept.reads, kept.warnings)
            if done is None:
                self._give(_Task(making, chapter.position))
            else:
                chapters.append(done)
        return chapters

    def _put_in_place(self, making: _Making, files: dict[str, bytes]) -> None:
        assert making.rendering is not None  # noqa: S101  # or nothing had been rendered
        edition = self.root / making.rendering.edition
        publish.place(files, edition)
        self.store.published(making.rendering, [edition])
        self._end(making.order, Outcome(making.plan.spec.name, edition, self._passed()))

    def _failure(self, making: _Making) -> Outcome:
        """The first of a report's chapters that stopped, or what stopped its edition."""
        name = making.plan.spec.name
        position = min(making.failed, key=lambda place: len(making.plan.chapters) if place is None else place)
        error = making.failed[position]
        if isinstance(error, ChapterError) and position is not None:
            at = (error.notebook, error.cell) if error.cell else None
            if error.is_input:
                problem = f"{_blame(making.plan, position, error)}{error}"
                return Outcome(name, None, self._passed(), problem, stopped_at=at)
            return Outcome(name, None, self._passed(), f"{error.kind} in {error}", error.traceback, stopped_at=at)
        if isinstance(error, InputError):
            return Outcome(name, None, self._passed(), str(error))
        if isinstance(error, OSError):
            return Outcome(name, None, self._passed(), cannot(error))
        said = "".join(traceback.format_exception(error))
        if isinstance(error, BrokenExecutor | CancelledError):
            what = "set its page and PDF" if position is None else f"ran chapter {position + 1}"
            problem = f"the process that {what} was killed, twice. Is there memory enough?"
            return Outcome(name, None, self._passed(), problem, said)
        return Outcome(name, None, self._passed(), f"{type(error).__name__} in Legation itself: {error}", said)

    def _end(self, order: int, outcome: Outcome) -> None:
        """Note and say what became of a report."""
        self.outcomes[order] = outcome
        name = outcome.report
        if not outcome.kept:
            self.log.note("report", report=name, status=outcome.status, problem=outcome.problem)
        progress = self.sweeps.get(name.partition("/")[0])
        if progress is None:
            if outcome.problem:
                self.say(f"{name}: not published. {outcome.problem}")
            elif not outcome.kept:
                self.say(f"{name}: published {outcome.seconds:.1f} s after the start")
            return
        progress.ended += 1
        if outcome.problem:
            progress.failed[order] = name
            if len(progress.failed) <= _FAILURES_TOLD:
                self.say(f"{name}: not published. {outcome.problem}")
        now = time.monotonic()
        if now - self.told >= _PACE and progress.ended < progress.editions:
            self.told = now
            failed = f", {len(progress.failed):,} failed" if progress.failed else ""
            self.say(f"{name.partition('/')[0]}: {progress.ended:,} of {progress.editions:,} editions{failed}")

    def _list(self, sweep: ReportSpec) -> None:
        """The page of a sweep's editions, written again if one of them or the spec changed."""
        published = self.root / "reports" / "published"
        manifests = {
            edition.name: digest
            for edition in specs.editions(sweep)
            if (digest := self.store.digest(published / edition.name / publish.MANIFEST))
        }
        progress = self.sweeps[sweep.name]
        if manifests:
            facts = {"sweep": sweep.model_dump(mode="json")["sweep"], "manifests": manifests}
            rendering = self.store.rendering(f"reports/published/{sweep.name}/index.html", facts)
            if rendering.needed:
                manifest = publish.swept(sweep, published)
                self.store.published(rendering, publish.write_sweep(manifest, self._page("sweep", manifest), published))
            elif rendering.noticed and not progress.failed:
                publish.say_stale(published / sweep.name, None)
        if failed := [progress.failed[order] for order in sorted(progress.failed)]:
            named = ", ".join(name.partition("/")[2] for name in failed[:_FAILURES_NAMED])
            more = f" and {len(failed) - _FAILURES_NAMED:,} more" if len(failed) > _FAILURES_NAMED else ""
            self.say(
                f"{sweep.name}: {len(failed):,} of {progress.editions:,} editions were not published ({named}{more}). "
                f"{FILE} has the reason of each."
            )

    def _index(self) -> None:
        """The list of all reports, written again if one of them changed."""
        published = self.root / "reports" / "published"
        names = self.store.names(published)
        manifests = {
            name: digest for name in names if (digest := self.store.digest(published / name / publish.MANIFEST))
        }
        for name in (kept := self.store.names(published / archive.FOLDER)):
            for inside in self.store.names(published / archive.FOLDER / name):
                if not archive.is_stamp(inside):  # of a sweep an edition, which holds the dated ones
                    self.store.names(published / archive.FOLDER / name / inside)
        dates = archive.dates(published) if kept else {}
        status = publish.STATUS in names
        facts = {"manifests": manifests, "status": status, **({"dated editions": dates} if dates else {})}
        rendering = self.store.rendering("reports/published/index.html", facts)
        if rendering.needed:
            page = self._page("index", {"reports": publish.listed(published), "dates": dates, "status": status})
            self.store.published(rendering, [publish.write_index(page, published)])

    def _page(self, form: Literal["index", "sweep"], facts: Any) -> str:
        """A page that lists editions; workers, where there are any, have loaded what it takes."""
        if self.workers is not None:
            return self.workers.page(form, facts).result()
        from legation.press import html

        return html.listing(form, facts)

    @property
    def _bibliography(self) -> Path:
        return self.root / "data" / "references.bib"

    def _passed(self) -> float:
        return time.monotonic() - self.began


def _label(plan: Plan, position: int) -> str:
    chapters = plan.chapters
    return f"{plan.spec.name}: chapter {position + 1} of {len(chapters)}, {chapters[position].notebook.name}"


def _blame(plan: Plan, position: int, error: ChapterError) -> str:
    """The line of the spec that gave the value a cell refused, if the refusal names one."""
    for name, value in plan.chapters[position].parameters.items():
        for place, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
            named = f"'{item}'" if isinstance(item, str) else str(item)
            if re.search(rf"(?<![\w.]){re.escape(named)}(?![\w.]\w)", error.message):
                inside = () if place is None else (place,)
                return f"{plan.spec.where_given(position, name, *inside)} ({name}): "
    return ""
