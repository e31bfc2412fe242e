"""Build reports: each on its own, so that one that fails stops no other."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from legation.errors import InputError
from legation.press import plan as plans
from legation.press import spec as specs
from legation.press.plan import Plan
from legation.press.publish import publish, write_index
from legation.press.run import ChapterError, run


@dataclass(frozen=True)
class Outcome:
    """What became of one report."""

    report: str
    edition: Path | None  # its folder, if it was published
    seconds: float
    problem: str | None = None
    traceback: str | None = None  # only of a fault in code

    @property
    def status(self) -> int:
        """0 published, 1 stopped by a fault in code, 2 refused what it was given."""
        return 0 if self.edition else 1 if self.traceback else 2


def build(root: Path, names: list[str], say: Callable[[str], None]) -> list[Outcome]:
    """Build the named reports, or all in ``reports/``.

    Parameters
    ----------
    root
        The checkout: ``reports/``, ``notebooks/`` and ``data/`` lie in it.
    names
        Reports by name; none means all.
    say
        Takes each line of progress.

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
    for file in _files(root / "reports", names):
        began = time.monotonic()
        try:
            edition = _build(root, file, say)
            outcome = Outcome(file.stem, edition, time.monotonic() - began)
        except InputError as error:
            outcome = Outcome(file.stem, None, time.monotonic() - began, str(error))
        except _StoppedError as error:
            outcome = Outcome(file.stem, None, time.monotonic() - began, str(error), error.traceback)
        outcomes.append(outcome)
        said = f"published in {outcome.seconds:.1f} s" if outcome.edition else f"not published. {outcome.problem}"
        say(f"{outcome.report}: {said}")
    if any(outcome.edition for outcome in outcomes):
        write_index(root / "reports" / "published")
    return outcomes


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


def _build(root: Path, file: Path, say: Callable[[str], None]) -> Path:
    plan = plans.plan(specs.load(file), root / "notebooks")
    executed = []
    for chapter in plan.chapters:
        place = f"{plan.spec.name}: chapter {chapter.position + 1} of {len(plan.chapters)}"
        label = f"{place}, {chapter.notebook.name}"
        say(label)
        try:
            done = run(chapter, progress=label)
        except ChapterError as error:
            if error.is_input:
                raise InputError(f"{_blame(plan, chapter.position, error)}{error}") from None
            raise _StoppedError(f"{error.kind} in {error}", error.traceback) from None
        for line in done.warnings:  # the operator's to read; the edition is published all the same
            say(f"{place}, {line}")
        executed.append(done)
    return publish(plan, executed, root / "reports" / "published", bibliography=root / "data" / "references.bib")


def _blame(plan: Plan, position: int, error: ChapterError) -> str:
    """The line of the spec that gave the value a cell refused, if the refusal names one."""
    for name, value in plan.chapters[position].parameters.items():
        for place, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
            named = f"'{item}'" if isinstance(item, str) else str(item)
            if re.search(rf"(?<![\w.]){re.escape(named)}(?![\w.]\w)", error.message):
                inside = () if place is None else (place,)
                return f"{plan.spec.where('chapters', position, 'parameters', name, *inside)} ({name}): "
    return ""
