"""Chapters and editions made by the workers of a Dask cluster: ``legation build --scheduler tcp://host:8786``.

The builder plans, keeps results and publishes; a worker runs a chapter, or renders an edition, as the builder would,
in the same environment and with the same code, to the same bytes. One that differs in these is refused.

A worker that sees the builder's checkout, through a shared folder, works in it. To any other ``notebooks/`` and
``data/`` are sent once, as an archive that Dask keeps like any other result: whichever worker lacks it gets it from one
that has it, and if they are all lost it is sent again.

A notebook's own fault is a result. What fails around it (a worker that is lost, a kernel that dies, a disk that is
full) is tried again, a few times. What ends when:

=====================  ================================================================================================
what ends              what follows
=====================  ================================================================================================
worker, in any way     its fork server ends with it, and with that its kernels and its folder (see ``warm``); its
                       tasks run on another
builder                the scheduler forgets its tasks; a chapter that runs then is run to its end, for nobody
scheduler              every task of the build fails; the builder says so
=====================  ================================================================================================

Whoever reaches a scheduler can have its workers run anything, and what workers answer is unpickled by the builder.
Use a private network, or ``tls://`` with the certificates named in Dask's own configuration (``distributed.comm.tls``).
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import hashlib
import io
import logging
import os
import pickle
import secrets
import shutil
import tempfile
import threading
import time
import traceback
import uuid
import zipfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from legation.errors import InputError
from legation.press import depends, warm
from legation.press.archive import Base
from legation.press.outcome import ChapterError, Executed
from legation.press.plan import Chapter, Plan
from legation.press.store import MadeWith

#: What a worker without the checkout is sent of it.
SHIPPED = ("notebooks", "data")
#: A file in the checkout: a worker that reads the same in it sees the same checkout.
TOKEN = Path(".legation") / "farm"

_CONNECTS_WITHIN = 10  # seconds
_PATIENCE = 300.0  # seconds without any worker; a queue of a computing centre may take its time
_LOOKS_EVERY = 1.0  # seconds
_RETRIES = 2  # of what failed around a notebook; a lost worker is counted by the scheduler, which allows three
_MOST_DIFFERENCES = 3
#: The builder's values hold on every worker. Dask's nanny sets some of them, such as a hash seed of its own.
_SETTINGS = (*warm.SETTLED, "SOURCE_DATE_EPOCH")
_LEFT_OUT = frozenset({"__pycache__", ".ipynb_checkpoints"})
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that an archive can state

# What a worker answers.
_DONE, _FAULT, _UNSEEN, _DIFFERS = "done", "fault", "unseen", "differs"

_T = TypeVar("_T")
_Archive = tuple[str, Any]  # its digest, and Dask's future of its bytes


class Farm:
    """The workers of a Dask cluster, as a build sees them. Use it as a context manager.

    Parameters
    ----------
    address
        Of the scheduler: ``tcp://host:8786``, or ``tls://…`` with what Dask's configuration says of certificates.
    root
        The checkout.
    say
        Takes each line of progress, from any thread.

    Raises
    ------
    InputError
        If Dask is not installed, the scheduler cannot be reached, no worker joins within five minutes, or a worker's
        Python, packages or code of Legation are not the builder's.
    """

    def __init__(self, address: str, root: Path, say: Callable[[str], None]) -> None:
        try:
            import dask.config
            import distributed  # noqa: F401  # here to see whether it can be
        except ImportError:
            raise InputError(f"Building at {address} needs Dask: pip install 'legation[dask]'.") from None
        self._address, self._root, self._say = address, root, say
        #: Threads of all workers, a second ago at most: how many tasks are worth having in flight. At least one.
        self.size = 1
        self._threads = 0
        self._packing: asyncio.Task[_Archive] | None = None  # begun when a worker turns out to lack the checkout
        self._pending: set[Future[Any]] = set()
        self._expected = _own()
        self._modules = warm.modules_of(sorted((root / "notebooks").glob("*.ipynb")))
        with contextlib.ExitStack() as stack:
            stack.enter_context(_quiet())
            # An archive, or a report of many chapters, is larger than Dask thinks wise.
            stack.enter_context(dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}))
            self._token = stack.enter_context(_token(root))
            self._client = _connected(address)
            stack.callback(_close, self._client)
            self._loop: asyncio.AbstractEventLoop = self._client.loop.asyncio_loop
            try:
                self._client.sync(self._begin)
            except OSError as error:
                raise InputError(self._lost(error)) from None
            stack.callback(self._stop)
            self._stack = stack.pop_all()

    def run(self, chapter: Chapter) -> Future[Executed]:
        """Execute a chapter on a worker.

        Returns
        -------
        Future
            Of what `run.run` returns. Its exception is a ``ChapterError``: the notebook's, or one that says why no
            worker could run it.
        """
        return self._start(self._run(chapter))

    def render(
        self, plan: Plan, chapters: Sequence[Executed], base: Base | None = None, made_with: MadeWith | None = None
    ) -> Future[dict[str, bytes]]:
        """Render an edition on a worker.

        Returns
        -------
        Future
            Of what `edition.edition` returns. Its exception is an ``InputError``: what the page cannot carry, or why
            no worker could render it. A fault in code is raised as it was there.
        """
        return self._start(self._render(plan, tuple(chapters), base, made_with))

    def page(self, form: Literal["index", "sweep"], facts: Any) -> Future[str]:
        """Render a page that lists editions. There are few, so that it is done here."""
        from legation.press import html

        done: Future[str] = Future()
        done.set_result(html.listing(form, facts))
        return done

    def close(self) -> None:
        """Give up what is not done, and leave the cluster."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # --- in the client's loop, in a thread of its own

    def _start(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        return future

    def _stop(self) -> None:
        for future in [*self._pending, self._watching]:
            future.cancel()

    async def _begin(self) -> None:
        """Wait for a worker if there is none, and refuse workers that differ."""
        self._gone: asyncio.Future[str] = self._loop.create_future()
        await self._count()
        if not self._threads:
            self._say(f"The cluster at {self._address} has no worker yet. This build waits for one.")
            asked = self._client.submit(int, pure=False)  # a cluster that grows on demand grows when it has to do
            try:
                await asyncio.wait_for(_result(asked), _PATIENCE)
            except TimeoutError:
                raise InputError(self._no_worker()) from None
            except _ForgottenError as error:
                raise InputError(self._lost(error)) from None
            finally:
                asked.release()
            await self._count()
        answers = await self._client.run(_differing, self._expected, on_error="return")
        for worker, found in sorted(answers.items()):
            if isinstance(found, dict):
                raise InputError(_refusal(worker, found))
            if isinstance(found, Exception) and not isinstance(found, OSError):  # that is a worker on its way out
                raise InputError(f"The worker {worker} lacks this version of Legation ({found}). {_REMEDY}")
        self._watching = asyncio.run_coroutine_threadsafe(self._watch(), self._loop)

    async def _watch(self) -> None:
        """Count the workers; end the build's wait when there is no scheduler, or for too long no worker."""
        without: float | None = None
        while not self._gone.done():
            await asyncio.sleep(_LOOKS_EVERY)
            try:
                await self._count()
            except Exception as error:  # noqa: BLE001  # of the connection, in Dask's many ways
                self._give_up(self._lost(error))
                return
            if self._threads or not self._pending:
                without = None
            elif without is None:
                without = time.monotonic()
                self._say(f"The cluster at {self._address} has no worker left. This build waits for one.")
            elif time.monotonic() - without > _PATIENCE:
                self._give_up(self._no_worker())

    async def _count(self) -> None:
        self._threads = sum((await self._client.nthreads()).values())
        self.size = max(1, self._threads)

    def _no_worker(self) -> str:
        return (
            f"No worker joined the cluster at {self._address} within {_PATIENCE:.0f} seconds. "
            f"Start one with 'dask worker {self._address}', in this environment."
        )

    def _lost(self, error: Exception) -> str:
        why = str(error) or type(error).__name__
        return f"The Dask scheduler at {self._address} is lost, or was restarted ({why}). Start the build again."

    def _give_up(self, why: str) -> None:
        if not self._gone.done():
            self._gone.set_result(why)

    async def _run(self, chapter: Chapter) -> Executed:
        try:
            done: Executed = await self._asked("chapter", functools.partial(_execute, chapter))
        except ChapterError:
            raise
        except InputError as error:
            raise ChapterError(chapter.notebook.name, 0, InputError.__name__, str(error), "") from None
        except Exception as error:  # noqa: BLE001  # whatever a worker met with
            told = "".join(traceback.format_exception(error))
            raise ChapterError(chapter.notebook.name, 0, type(error).__name__, _failure(error), told) from None
        return done

    async def _render(
        self, plan: Plan, chapters: tuple[Executed, ...], base: Base | None, made_with: MadeWith | None
    ) -> dict[str, bytes]:
        work = functools.partial(_typeset, plan, chapters, base, made_with)
        try:
            made: dict[str, bytes] = await self._asked("edition", work)
        except (OSError, _LostError) as error:
            raise InputError(f"{plan.spec.name}: page and PDF: {_failure(error)}") from None
        return made

    async def _asked(self, kind: str, work: Callable[[_Here], Any]) -> Any:
        """What a worker made of some work; raises what is a fault of its own, and what no retry could mend."""
        settings = {name: os.environ.get(name) for name in _SETTINGS}
        job = pickle.dumps(_Job(self._root, self._token, settings, self._modules, work))
        archive = await self._packed() if self._packing else None
        while True:
            answer, worker, value = pickle.loads(await self._answer(kind, job, archive))  # noqa: S301  # as said above
            if answer == _DONE:
                return value
            if answer == _FAULT:
                raise value
            if answer == _DIFFERS:
                raise InputError(_refusal(worker, value))
            archive = await self._packed()

    async def _answer(self, kind: str, job: bytes, archive: _Archive | None) -> bytes:
        """The answer to a job; the cluster is left with nothing of it."""
        if self._gone.done():
            raise InputError(self._gone.result())
        future = self._client.submit(
            _work,
            self._expected,
            job,
            *(archive or (None, None)),
            key=f"legation_{kind}-{uuid.uuid4().hex}",
            retries=_RETRIES,
        )
        answer = asyncio.ensure_future(_result(future))
        try:
            await asyncio.wait({answer, self._gone}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise InputError(self._gone.result())
            done: bytes = answer.result()
        except _ForgottenError as error:
            self._give_up(self._lost(error))
            raise InputError(self._gone.result()) from None
        finally:
            answer.cancel()
            future.release()
        return done

    async def _packed(self) -> _Archive:
        """The checkout's archive, made once."""
        if self._packing is None:
            self._packing = asyncio.ensure_future(self._pack())
        return await asyncio.shield(self._packing)  # others wait for it too

    async def _pack(self) -> _Archive:
        packed = await asyncio.to_thread(pack, self._root)
        digest = hashlib.sha256(packed).hexdigest()
        what = " and ".join(f"{name}/" for name in SHIPPED)
        self._say(f"A worker does not see {self._root}: {what} are sent, {len(packed) / 1e6:.1f} MB.")
        return digest, self._client.submit(bytes, packed, key=f"legation_checkout-{digest}")


class _LostError(Exception):
    """Several workers were lost at the same task."""


class _ForgottenError(Exception):
    """The scheduler knows nothing of a task any more."""


async def _result(future: Any) -> Any:
    """The result of one of Dask's futures."""
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    try:
        return await future
    except KilledWorker as error:
        raise _LostError(" ".join(str(error).split())) from None
    except FutureCancelledError as error:  # to asyncio it would mean that whoever waits was told to stop
        raise _ForgottenError(error.reason) from None


def _connected(address: str) -> Any:
    """A client of the scheduler."""
    import distributed
    from distributed.comm import connect

    async def greet() -> None:  # a client that cannot connect would hold up the end of this process
        arguments = distributed.Security().get_connection_args("client")
        comm = await connect(address, timeout=_CONNECTS_WITHIN, **arguments)
        await comm.close()

    try:
        asyncio.run(greet())
        return distributed.Client(address, timeout=_CONNECTS_WITHIN, set_as_default=False, name="legation")
    except (OSError, ValueError, TypeError, RuntimeError) as error:  # nobody there, no address, no certificate
        raise InputError(
            f"No Dask scheduler can be reached at {address}: {' '.join(str(error).split())}. "
            "Start one with 'dask scheduler', or correct the address given to --scheduler."
        ) from None


def _close(client: Any) -> None:
    with contextlib.suppress(OSError):  # a scheduler that is lost cannot be told
        client.close(timeout=_CONNECTS_WITHIN)


@contextlib.contextmanager
def _token(root: Path) -> Iterator[str]:
    """What stands in the checkout as long as this build does."""
    token, file = secrets.token_hex(16), root / TOKEN
    file.parent.mkdir(exist_ok=True)
    file.write_text(token, encoding="ascii")
    try:
        yield token
    finally:
        file.unlink(missing_ok=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Dask's own log of connections and retries: what the operator needs to know, the build says."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _failure(error: Exception) -> str:
    if isinstance(error, _LostError):
        return f"each worker that took it was lost. The workers' logs say why; often it is memory. Dask says: {error}"
    told = " ".join(str(error).split()) or "no word of why"
    return f"the workers failed at it {_RETRIES + 1} times, last with {type(error).__name__}: {told}. See their logs."


# --- who may take part --------------------------------------------------------------------------------------------

_REMEDY = "Give every worker what requirements.lock names and this checkout's code, and start it again."


@functools.cache
def _facts() -> dict[str, str]:
    """What results depend on besides what is sent: environment, converters, and each file of the library."""
    import pypandoc

    code = {
        f"{depends.PACKAGE.name}/{path.relative_to(depends.PACKAGE).as_posix()}": hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(depends.PACKAGE.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and not path.name.endswith((".pyc", "~"))
    }
    return depends.environment() | {"pandoc": pypandoc.get_pandoc_version()} | code


@functools.cache
def _own() -> str:
    return depends.digest_of(_facts())


def _differing(expected: str) -> dict[str, str] | None:
    """On a worker: what it runs in, if that is not what is expected."""
    return None if _own() == expected else _facts()


def _refusal(worker: str, there: dict[str, str]) -> str:
    here = _facts()
    differences = []
    for name in [*here, *(name for name in there if name not in here)]:
        old, new = there.get(name), here.get(name)
        if old == new:
            continue
        if name.startswith(f"{depends.PACKAGE.name}/"):
            differences.append(f"{name} {'differs' if old and new else 'is missing there' if new else 'is only there'}")
        else:
            differences.append(f"{name} is {old or 'missing'} there and {new or 'missing'} here")
    more = len(differences) - _MOST_DIFFERENCES
    said = "; ".join(differences[:_MOST_DIFFERENCES]) + (f"; and {more} more" if more > 0 else "")
    return f"The worker {worker} would not come to the same results: {said}. {_REMEDY}"


# --- on a worker --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Job:
    """What a worker has to do, and what it has to know for it."""

    root: Path  # the builder's checkout
    token: str
    settings: dict[str, str | None]
    modules: tuple[str, ...]
    work: Callable[[_Here], Any]

    @property
    def is_seen(self) -> bool:
        """Whether this process sees the builder's checkout."""
        try:
            return (self.root / TOKEN).read_text(encoding="ascii") == self.token
        except (OSError, ValueError):
            return False


@dataclass(frozen=True)
class _Here:
    """A checkout that a worker works in, and where its kernels come from."""

    builders: Path
    root: Path
    kernels: Callable[[], warm.Place]

    def at(self, path: Path) -> Path:
        """A place of the builder's checkout in this one."""
        return self.root / path.relative_to(self.builders)

    def chapter(self, chapter: Chapter) -> Chapter:
        """A chapter with its notebook in this checkout."""
        return dataclasses.replace(chapter, notebook=self.at(chapter.notebook))


def _work(expected: str, sent: bytes, digest: str | None, archive: bytes | None) -> bytes:
    """Do a job: what it comes to, or why it cannot be done here, with this worker's address.

    What is raised is tried again; a fault that would come again is an answer.
    """
    from distributed import get_worker

    address = get_worker().address
    found = _differing(expected)
    if found is not None:
        return pickle.dumps((_DIFFERS, address, found))
    job: _Job = pickle.loads(sent)  # noqa: S301  # a worker runs what it is sent in any case
    _settle(job.settings)
    place = functools.partial(_place, job.modules)
    with contextlib.ExitStack() as stack:
        if job.is_seen:
            root = job.root
        elif digest is None or archive is None:
            return pickle.dumps((_UNSEEN, address, None))
        else:
            root = stack.enter_context(_unpacked(digest, archive, place().folder))
        try:
            return pickle.dumps((_DONE, address, job.work(_Here(job.root, root, place))))
        except ChapterError as error:
            if error.kind == "DeadKernelError" or (error.kind == "RuntimeError" and not error.cell):
                raise  # the kernel was killed or did not start: who is at fault cannot be told
            return pickle.dumps((_FAULT, address, error))
        except InputError as error:
            return pickle.dumps((_FAULT, address, error))


def _execute(chapter: Chapter, here: _Here) -> Executed:
    from legation.press.run import run

    return run(here.chapter(chapter), here.kernels())


def _typeset(
    plan: Plan, chapters: tuple[Executed, ...], base: Base | None, made_with: MadeWith | None, here: _Here
) -> dict[str, bytes]:
    from legation.press.edition import edition

    there = dataclasses.replace(plan, chapters=tuple(here.chapter(chapter) for chapter in plan.chapters))
    bibliography = here.root / "data" / "references.bib"
    return edition(there, chapters, bibliography=bibliography, base=base, made_with=made_with)


_LOCK = threading.Lock()  # a worker may have several threads
_CHECKOUTS: dict[str, Path] = {}  # unpacked in this process, by digest
_AT_WORK: Counter[str] = Counter()


def _settle(settings: dict[str, str | None]) -> None:
    for name, value in settings.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _place(modules: tuple[str, ...]) -> warm.Place:
    """Where this process's kernels come from; the folder there goes with the process."""
    with _LOCK:
        return warm.shared(modules).place


@contextlib.contextmanager
def _unpacked(digest: str, archive: bytes, folder: Path) -> Iterator[Path]:
    """The checkout of an archive, unpacked once; another that nobody works in any more makes way for it."""
    with _LOCK:
        if digest not in _CHECKOUTS:
            for other in [other for other in _CHECKOUTS if not _AT_WORK[other]]:
                shutil.rmtree(_CHECKOUTS.pop(other), ignore_errors=True)
            place = Path(tempfile.mkdtemp(prefix="checkout-", dir=folder))
            try:
                unpack(archive, place)
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                raise
            _CHECKOUTS[digest] = place
        _AT_WORK[digest] += 1
    try:
        yield _CHECKOUTS[digest]
    finally:
        with _LOCK:
            _AT_WORK[digest] -= 1


# --- what is sent -------------------------------------------------------------------------------------------------


def pack(root: Path) -> bytes:
    """An archive of what of a checkout notebooks can read; the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in SHIPPED:
            for path in _files(root / name):
                entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _EARLIEST)
                entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def unpack(archive: bytes, folder: Path) -> None:
    """Unpack into a folder, and nowhere else.

    Raises
    ------
    ValueError
        If the archive names a place outside it.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        for name in packed.namelist():
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise ValueError(f"The archive names '{name}', outside the folder it belongs in.")
        packed.extractall(folder)


def _files(folder: Path) -> list[Path]:
    """All files in a folder and below it, sorted; links are followed, but never back."""
    found = []
    for above, folders, names in os.walk(folder, followlinks=True):
        real = Path(above).resolve()
        folders[:] = [
            name
            for name in folders
            if name not in _LEFT_OUT and not real.is_relative_to((Path(above) / name).resolve())
        ]
        found += [path for name in names if (path := Path(above) / name).is_file()]
    return sorted(found)
