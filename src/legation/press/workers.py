"""Who runs chapters and renders editions: processes of this machine, each with everything loaded that takes long.

A worker runs a chapter in a kernel of its own, and renders an edition by itself; it keeps nothing between two tasks and
writes nothing into the checkout. `legation.press.farm` has the same methods for workers on other machines.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Literal, Protocol, Self

from legation.press import kernels
from legation.press.outcome import Executed
from legation.press.plan import Chapter, Plan

#: Imported once, by the process that workers are forked from.
_LOADED = "legation.press.loaded"
_FORKING = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


class Workers(Protocol):
    """What a build needs of whoever does its work. Every method returns at once."""

    size: int  # tasks that are done at the same time

    def run(self, chapter: Chapter) -> Future[Executed]:
        """Run a chapter. Its exceptions: ``ChapterError``, ``OSError``, ``BrokenExecutor`` if a worker was killed."""

    def render(self, plan: Plan, chapters: Sequence[Executed]) -> Future[dict[str, bytes]]:
        """Render an edition, as ``edition.edition`` does. Its exceptions: ``InputError``, and as above."""

    def page(self, form: Literal["index", "sweep"], facts: Any) -> Future[str]:
        """Render a page that lists editions, as the function of that name in ``html`` does."""


class Local:
    """Worker processes on this machine, and the server their kernels are forked from. Use it as a context manager.

    Parameters
    ----------
    jobs
        How many tasks are done at once.
    root
        The checkout.
    forking
        ``False`` serves stock kernels.
    """

    def __init__(self, jobs: int, root: Path, *, forking: bool = True) -> None:
        self.size, self.root = jobs, root
        modules = kernels.modules_of(sorted((root / "notebooks").glob("*.ipynb")))
        self._server = kernels.KernelServer(modules, forking=forking)
        self._pool = self._processes()

    def run(self, chapter: Chapter) -> Future[Executed]:
        """Run a chapter in a kernel of its own."""
        return self._submit(_run, chapter, self._server.place)

    def render(self, plan: Plan, chapters: Sequence[Executed]) -> Future[dict[str, bytes]]:
        """Render an edition."""
        return self._submit(_render, plan, list(chapters), self.root / "data" / "references.bib")

    def page(self, form: Literal["index", "sweep"], facts: Any) -> Future[str]:
        """Render a page that lists editions."""
        return self._submit(_page, form, facts)

    def _submit(self, work: Any, *given: Any) -> Future[Any]:
        with _no_program():
            try:
                return self._pool.submit(work, *given)
            except BrokenExecutor:  # a worker was killed, and the others ended with it
                self._pool.shutdown(wait=True)
                self._pool = self._processes()
                return self._pool.submit(work, *given)

    def _processes(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context(_FORKING)
        if _FORKING == "forkserver":
            context.set_forkserver_preload([_LOADED])
        begin = (os.getpid(), dict(os.environ), str(Path.cwd()))
        return ProcessPoolExecutor(self.size, mp_context=context, initializer=_begin, initargs=begin)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            self._server.close()  # whoever waits for a kernel is told that it died
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._server.close()


@contextlib.contextmanager
def _no_program() -> Iterator[None]:
    """Hide the program that builds from workers that start now: multiprocessing would run it again in each of them."""
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = program


def _begin(owner: int, environment: dict[str, str], folder: str) -> None:
    """Make a worker stand where the builder stands, and end with it."""
    kernels.end_with(owner)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the builder, which ends its workers in order
    os.environ.clear()  # the process that workers are forked from may have started for an earlier build
    os.environ.update(environment)
    tempfile.tempdir = None
    with contextlib.suppress(OSError):
        os.chdir(folder)
    # Fonts take a second to make. While the first kernel is at work a core may be idle.
    threading.Thread(target=_make_fonts, daemon=True, name="fonts").start()


def _make_fonts() -> None:
    from legation.press import fonts

    fonts.css("")


def _run(chapter: Chapter, place: kernels.Place) -> Executed:
    from legation.press.run import run

    return run(chapter, place)


def _render(plan: Plan, chapters: list[Executed], bibliography: Path) -> dict[str, bytes]:
    from legation.press.edition import edition

    return edition(plan, chapters, bibliography=bibliography)


def _page(form: Literal["index", "sweep"], facts: Any) -> str:
    from legation.press import html

    return html.index(facts) if form == "index" else html.sweep(facts)
