"""Who runs chapters and renders editions: processes of this machine, each with everything loaded that takes long.

A worker runs a chapter in a kernel of its own, and renders an edition by itself; it keeps nothing between two tasks and
writes nothing into the checkout but fonts, into the store. `legation.press.farm` has the same methods for workers on
other machines.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import multiprocessing.util
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from legation.errors import InputError
from legation.press import warm
from legation.press.outcome import Executed
from legation.press.store import FOLDER

# Workers start before specs are read, for which pydantic has to be loaded.
if TYPE_CHECKING:
    from legation.press.archive import Base
    from legation.press.plan import Chapter, Plan
    from legation.press.store import MadeWith

#: Imported once, by the process that workers are forked from.
_LOADED = "legation.press.loaded"
#: How often new processes are started in place of some that were killed; seconds for those to be gone.
_TRIES, _ENDS_WITHIN = 5, 0.1
_FORKING = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


class Workers(Protocol):
    """What a build needs of whoever does its work. Every method returns at once."""

    size: int  # tasks that are done at the same time

    def run(self, chapter: Chapter) -> Future[Executed]:
        """Run a chapter. Its exceptions: ``ChapterError``, ``OSError``, ``BrokenExecutor`` if a worker was killed."""

    def render(
        self, plan: Plan, chapters: Sequence[Executed], base: Base | None = None, made_with: MadeWith | None = None
    ) -> Future[dict[str, bytes]]:
        """Render an edition, as ``edition.edition`` does. Its exceptions: ``InputError``, and as above."""

    def page(self, form: Literal["index", "sweep"], facts: Any) -> Future[str]:
        """Render a page that lists editions, as ``html.listing`` does."""


class Local:
    """Worker processes on this machine, and the server their kernels are forked from. Use it as a context manager.

    Parameters
    ----------
    jobs
        How many tasks are done at once.
    root
        The checkout.
    notebooks
        What is run: kernels have loaded what these import.
    forking
        ``False`` serves stock kernels.
    stay
        ``True`` for workers of several builds: kernels are made as ready as they can be before one is asked for.
    """

    def __init__(
        self, jobs: int, root: Path, notebooks: Iterable[Path], *, forking: bool = True, stay: bool = False
    ) -> None:
        self.size, self.root = jobs, root
        ahead = root / "notebooks" if stay else None
        self._server = warm.KernelServer(warm.modules_of(notebooks), forking=forking, ahead=ahead)
        self._pool: ProcessPoolExecutor | None = None  # with the first task: the server needs longer to be ready

    def run(self, chapter: Chapter) -> Future[Executed]:
        """Run a chapter in a kernel of its own."""
        return self._submit(_run, chapter, self._server.place)

    def render(
        self, plan: Plan, chapters: Sequence[Executed], base: Base | None = None, made_with: MadeWith | None = None
    ) -> Future[dict[str, bytes]]:
        """Render an edition."""
        return self._submit(_render, plan, list(chapters), self.root / "data" / "references.bib", base, made_with)

    def page(self, form: Literal["index", "sweep"], facts: Any) -> Future[str]:
        """Render a page that lists editions."""
        return self._submit(_page, form, facts)

    def get_ready(self) -> None:
        """Have as many processes as tasks are done at once, and wait until they are: the next task finds them."""
        for each in [self._submit(_begun) for _ in range(self.size)]:
            each.result()

    def _submit(self, work: Any, *given: Any) -> Future[Any]:
        with _no_program(), _holding_interrupts():  # a worker that starts can be ended when it has started
            for _ in range(_TRIES):
                self._pool = self._pool or self._processes()
                try:
                    return self._pool.submit(work, *given)
                except (BrokenExecutor, EOFError, ConnectionError):
                    # A worker was killed, or the process they are forked from, and the others ended with it.
                    self._pool.shutdown(wait=True, cancel_futures=True)
                    time.sleep(_ENDS_WITHIN)
                    self._pool = None
        raise InputError(
            f"No worker process could be started: they, or what they are forked from, were killed {_TRIES} times "
            "over. Is there memory enough?"
        )

    def _processes(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context(_FORKING)
        if _FORKING == "forkserver":
            context.set_forkserver_preload([_LOADED])
            _start_forkserver()
        begin = (
            os.getpid(),
            dict(os.environ),
            str(Path.cwd()),
            self._server.place.folder,
            self.root / FOLDER / "fonts",
        )
        return ProcessPoolExecutor(self.size, mp_context=context, initializer=_begin, initargs=begin)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with _holding_interrupts():
            if self._pool is not None:
                if error is not None:  # nobody waits for what they are at, and their kernels end with them
                    for process in list((self._pool._processes or {}).values()):
                        process.kill()
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


@contextlib.contextmanager
def _holding_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait until processes have been started, or ended, as a whole."""
    if threading.current_thread() is not threading.main_thread():  # which alone is interrupted
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def _start_forkserver() -> None:
    """Start the process that workers are forked from, unless it runs: Ctrl-C does not reach it while it loads."""
    from multiprocessing import forkserver, resource_tracker

    resource_tracker.ensure_running()  # it lets signals through at its end, so it comes first
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # as a new process inherits it
    usual, tempfile.tempdir = tempfile.tempdir, str(_of_process(os.getpid()))
    try:
        forkserver.ensure_running()
    finally:
        tempfile.tempdir = usual
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@functools.cache
def _of_process(_process: int) -> Path:
    """A folder for multiprocessing's own socket, which lasts as long as this process; if killed, until a next build."""
    nobody = warm.KernelServer(forking=False)
    multiprocessing.util.Finalize(None, nobody.close, exitpriority=-200)  # after multiprocessing has tidied up, at -100
    return nobody.place.folder


def _begin(owner: int, environment: dict[str, str], folder: str, temporary: Path, fonts: Path) -> None:
    """Make a worker stand where the builder stands, and end with it.

    What it writes for a while lies in ``temporary``, which goes with the build in whatever way either of them ends.
    """
    warm.end_with(owner)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the builder, which ends its workers
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # stock kernels would inherit that
    os.environ.clear()  # the process that workers are forked from may have started for an earlier build
    os.environ.update(environment)
    tempfile.tempdir = str(temporary)
    with contextlib.suppress(OSError):
        os.chdir(folder)
    # Fonts take a second to make. While the first kernel is at work a core may be idle.
    threading.Thread(target=_make_fonts, args=[fonts], daemon=True, name="fonts").start()


def _make_fonts(folder: Path) -> None:
    from legation.press import fonts

    fonts.keep_in(folder)
    fonts.css("")


def _begun() -> None:
    """Nothing more than a worker that has started can do."""


def _run(chapter: Chapter, place: warm.Place) -> Executed:
    from legation.press.run import run

    with _named():
        return run(chapter, place)


def _render(
    plan: Plan, chapters: list[Executed], bibliography: Path, base: Base | None, made_with: MadeWith | None
) -> dict[str, bytes]:
    from legation.press.edition import edition

    with _named():
        return edition(plan, chapters, bibliography=bibliography, base=base, made_with=made_with)


def _page(form: Literal["index", "sweep"], facts: Any) -> str:
    from legation.press import html

    with _named():
        return html.listing(form, facts)


@contextlib.contextmanager
def _named() -> Iterator[None]:
    """Let an error of a file say where: what a worker writes lies in its temporary folder."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = tempfile.gettempdir()
        raise
