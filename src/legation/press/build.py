"""Build reports: run what changed, render what changed, and let a report that fails stop no other."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from legation import times
from legation.errors import InputError
from legation.press import publish
from legation.press.outcome import Outcome, cannot
from legation.press.runlog import RunLog
from legation.press.store import Store
from legation.press.turns import turn

# What makes reports is imported where something may have changed: loading it takes longer than to find out.
if TYPE_CHECKING:
    from legation.press.workers import Workers


def build(
    root: Path,
    names: list[str],
    say: Callable[[str], None],
    *,
    explain: bool = False,
    jobs: int | None = None,
    scheduler: str | None = None,
    forking: bool = True,
    as_of: str | None = None,
    staff: Workers | None = None,
    looked_at: Callable[[Mapping[str, Mapping[str, Any]]], None] | None = None,
) -> list[Outcome]:
    """Build the named reports, or all in ``reports/`` but sweeps: what nothing changed of is kept as it stands.

    Parameters
    ----------
    root
        The checkout: ``reports/``, ``notebooks/`` and ``data/`` lie in it.
    names
        Reports by name, or editions of a sweep as ``sweep/edition``; none means all reports that are no sweep.
    say
        Takes each line of progress.
    explain
        Whether to say of every chapter and edition why it was made again or kept.
    jobs
        How many tasks are done at once; none given means one for each core.
    scheduler
        Address of a Dask scheduler whose workers do the work, such as ``tcp://10.0.0.5:8786``; none: this machine.
    forking
        ``False`` runs chapters on stock kernels.
    as_of
        A day, as ``2026-11-22``, or a time, as ``2026-11-22T050000Z``: chapters are given what was held by then, and
        the editions take the place of the present ones until the next build without it.
    staff
        Workers that outlast this build, and do its work in place of any that ``jobs``, ``scheduler`` and ``forking``
        tell of.
    looked_at
        Takes at the end, however it comes, all files and folders that were asked for, as `Store.looked_at` gives them.

    Returns
    -------
    list of Outcome
        One for each report, and for each edition of a sweep, in the order of their names and of the grid.

    Raises
    ------
    InputError
        If a name is unknown, ``as_of`` is no time, there is no report at all, or the checkout cannot be written to.
    """
    moment = times.moment(as_of) if as_of else None
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(_turn(root, say))
            publish.tidy(root / "reports" / "published")
            if moment:
                say(f"With what was held at {moment}; what came later is left out.")
            store = stack.enter_context(Store(root, as_of=moment))
            if looked_at:
                stack.callback(lambda: looked_at(store.looked_at()))
            standing = None if looked_at else store.standing(names)
            if standing and not explain:
                stack.enter_context(RunLog(root, standing))
                return [Outcome(name, root / "reports" / "published" / name, 0.0, kept=True) for name in standing]

            def hire(notebooks: list[Path]) -> Workers:
                if staff:
                    return staff
                if scheduler:
                    from legation.press.farm import Farm

                    return stack.enter_context(Farm(scheduler, root, say))
                from legation.press.workers import Local

                return stack.enter_context(Local(jobs or os.cpu_count() or 1, root, notebooks, forking=forking))

            workers = None
            if store.is_empty and not scheduler:  # everything will run: they load what they need meanwhile
                workers = hire(sorted((root / "notebooks").glob("*.ipynb")))
            from legation.press.making import make

            outcomes = make(root, names, say, store, hire, workers, explain=explain)
            if all(outcome.kept for outcome in outcomes):
                store.stands(names, [outcome.report for outcome in outcomes])
            return outcomes
    except OSError as error:
        raise InputError(cannot(error)) from None


def _turn(root: Path, say: Callable[[str], None]) -> contextlib.AbstractContextManager[bool]:
    """Wait until no other build works on this checkout."""

    def holder() -> str:
        return f"process {os.getpid()}, since {datetime.now():%H:%M:%S}"

    def occupied(other: str) -> None:
        say(f"Another build works on this checkout ({other}). This one waits for it.")

    return turn(root / ".legation" / "building", holder, occupied)
