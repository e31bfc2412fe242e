"""Warm kernels: forked from a server that has loaded what notebooks import, each with a connection of its own.

A stock kernel spends most of its start on imports. Here one process per build (the *fork server*) does them once, and
each kernel is a fork of it. jupyter_client starts it through a kernel provisioner; to papermill and nbclient it is a
kernel like any other. Where forking is not safe (anything but Linux), or the server cannot serve, stock kernels do, in
the same environment and with the same results.

Who notices whose end, so that nothing is left behind:

=====================  ================================================================================================
what ends              what follows
=====================  ================================================================================================
builder, in any way    the fork server waits on the builder's process descriptor (pidfd): it kills its kernels with
                       their process groups, removes the folder, ends
a client of a kernel   the same for the kernels it asked for, when its process or its connection to the server ends
fork server            the Linux kernel kills its children (``PR_SET_PDEATHSIG``; the server has a single thread, so the
                       signal means the process); their clients see the connection end and kill what is left of the
                       process group; the next kernel is stock, or comes from a new server
both at once           the kernels die; the folder, whose lock died with the builder, is removed by the next build
stock kernel's parent  ipykernel's own poller ends the kernel within a second; the folder as above
=====================  ================================================================================================

The folder is readable by its owner alone. It holds the server's socket, and for each kernel its connection file and
its sockets. ipykernel itself opens one more port, on the loopback interface, for output of a kernel's own forks.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import ctypes
import functools
import gc
import importlib
import io
import json
import logging
import os
import re
import select
import selectors
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

#: The same for every kernel, forked or stock, unless the caller's environment says otherwise. One thread for linear
#: algebra: a fork must have one thread, kernels already run on every core, and sums do not depend on the number of
#: cores. A fixed hash seed: forks share their parent's, so a stock kernel must have the same one.
SETTLED = {
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
#: For the server alone: no thread in Arrow's allocator, no advice from pydevd.
_SERVER_ONLY = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
#: What ipykernel sets in every kernel that was not told otherwise, and matplotlib reads when imported.
_BACKEND = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
#: Variables read when Python starts or a library is imported. A kernel that wants another value cannot be a fork.
_READ_AT_START = re.compile(
    r"PYTHON|LD_|LC_|LANG|MPL|MATPLOTLIB|MKL_|NUMEXPR_|OMP_|OPENBLAS_|ARROW_|IPYTHON|JUPYTER|XDG_|HOME$|VIRTUAL_ENV$"
)
#: What a stock kernel has loaded when its first cell has run, whatever the notebook.
_OF_THE_KERNEL = (
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.debugger",  # brings debugpy
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "psutil",
    "sqlite3",  # of the history, though it is not kept
    "tornado.platform.asyncio",
)
_PREFIX, _NEW = "legation-build-", "legation-new-"
_SOCKET = "server"
_LOG = "server.log"
#: ``sun_path`` holds 108 bytes on Linux and 104 on macOS, the last of them zero; libzmq adds nothing to a path.
LONGEST_PATH = 100
_ROOM = len("/") + len("tmp12345678/kernel-5")  # what stands below the folder of a build
_RESTARTS = 3
#: A function that a module which notebooks import may have: what every kernel would do at first, such as reading
#: tables. It is called once, in the folder notebooks work in, where so many kernels were asked for that more may come
#: and nobody has waited for one for so many seconds.
PRELOAD = "preload_for_kernels"
_MANY, _IDLE = 2, 0.02
_FORKING = sys.platform == "linux" and hasattr(os, "pidfd_open")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where the kernels of one build live; may be sent to another process, and is of use on the same machine.

    ``folder`` is private to its owner and goes with the build, however that ends; ``socket`` is where the fork server
    listens, ``None`` where every kernel is a stock one.
    """

    folder: Path
    socket: Path | None = None


class KernelServer:
    """A private folder for one build and, where forking is safe, the process its kernels are forked from.

    Starting it returns at once; the first kernel waits until everything is loaded. Use it as a context manager, in the
    process that outlives all kernels.

    Parameters
    ----------
    modules
        Dotted names of what to load. One that cannot be imported is left to the notebook that imports it.
    forking
        ``False`` serves stock kernels.
    ahead
        The folder that kernels will work in, where many are sure to come: what each would do at first is done before
        any is asked for.
    """

    def __init__(self, modules: Iterable[str] = (), *, forking: bool = True, ahead: Path | None = None) -> None:
        self.modules = tuple(modules)
        self._ahead = str(ahead or "")
        self._forking = forking and _FORKING
        self._owner = os.getpid()
        self._left = _RESTARTS
        self._process: subprocess.Popen[bytes] | None = None
        _remove_abandoned()
        self._folder, self._lock = _private_folder()
        if self._forking:
            try:
                self._start()
            except BaseException:
                self.close()
                raise

    @property
    def place(self) -> Place:
        """Where to ask for kernels. A server that was killed is started again, three times at most."""
        if self._process is not None and self._process.poll() is not None and self._left:
            _log.warning("The fork server ended with status %s. A new one is started.", self._process.returncode)
            self._left -= 1
            self._start()
        return Place(self._folder, self._folder / _SOCKET if self._forking else None)

    @property
    def pid(self) -> int | None:
        """The server's process, if there is one."""
        return self._process.pid if self._process else None

    def close(self) -> None:
        """End the server with whatever kernels are left, and remove the folder."""
        if os.getpid() != self._owner:  # a fork of the builder owns nothing
            return
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _start(self) -> None:
        """Start the process with a socket that listens already: whoever connects meanwhile waits, nobody polls."""
        path = self._folder / _SOCKET
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener, (self._folder / _LOG).open("wb") as log:
            listener.bind(str(path))
            listener.listen(128)
            environment = {**SETTLED, **os.environ}
            start = {
                "owner": self._owner,
                "modules": self.modules,
                "asked": _at_start(environment),
                "ahead": self._ahead,
            }
            self._process = subprocess.Popen(  # noqa: S603  # this interpreter, this module
                [sys.executable, "-m", __name__, str(listener.fileno()), json.dumps(start)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**_BACKEND, **environment, **_SERVER_ONLY},
                pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C is for the builder, which ends its kernels in order
            )


def shared(modules: tuple[str, ...] = ()) -> KernelServer:
    """The server of this process, started when first asked for and ended with the process.

    For workers on a machine of their own, where the :class:`Place` of another process is of no use.
    """
    return _shared(modules, os.getpid())


@functools.cache
def _shared(modules: tuple[str, ...], _process: int) -> KernelServer:
    """One for each process: a fork of one that has a server needs its own."""
    server = KernelServer(modules)
    atexit.register(server.close)
    return server


def end_with(owner: int) -> None:
    """Make this process end as soon as another does, in whatever way: the initializer for workers of a pool.

    Those of :class:`concurrent.futures.ProcessPoolExecutor` outlive a parent that is killed, and their kernels them.
    """

    def wait() -> None:
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(ProcessLookupError):
                ended = select.poll()
                ended.register(os.pidfd_open(owner), select.POLLIN)
                ended.poll()
        else:
            while _lives(owner):
                time.sleep(1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="end with the builder").start()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def modules_of(notebooks: Iterable[Path]) -> tuple[str, ...]:
    """Dotted names of what these notebooks import, sorted: what a server for them should load.

    Names after ``from x import`` are among them, as each may be a module. A module that lies beside a notebook is not:
    each kernel finds that in its own folder.
    """
    found: set[str] = set()
    for notebook in notebooks:
        beside = {path.stem for path in notebook.parent.iterdir() if path.suffix == ".py" or path.is_dir()}
        try:
            # Not with nbformat, whose import would keep the server waiting.
            cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
            sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        except (OSError, ValueError, KeyError, TypeError):  # no notebook, as its report will be told
            continue
        for source in sources:
            try:
                tree = ast.parse(re.sub(r"(?m)^\s*[%!].*$", "", source))
            except SyntaxError:  # the kernel will say so
                continue
            names: set[str] = set()
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    names.update(alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.add(node.module)
                    names.update(f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")
            found.update(name for name in names if name.partition(".")[0] not in beside)
    return tuple(sorted(found))


# --- the folder ------------------------------------------------------------------------------------------------------


def _private_folder() -> tuple[Path, int | None]:
    """A new folder for sockets, and the lock that says somebody lives in it."""
    parent = tempfile.gettempdir()
    if os.name != "nt" and len(os.fsencode(parent)) + len(f"/{_PREFIX}12345678") + _ROOM > LONGEST_PATH:
        parent = "/tmp"  # noqa: S108  # the folder made in it is private
    new = Path(tempfile.mkdtemp(prefix=_NEW, dir=parent))
    lock = _locked(new)
    # Under this name it is locked as long as anybody lives in it.
    return new.rename(new.with_name(_PREFIX + new.name.removeprefix(_NEW))), lock


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock; ``None`` if somebody else does, or where there are no such locks."""
    if os.name == "nt":
        return None
    import fcntl  # not on Windows

    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        return None
    return opened


def _remove_abandoned() -> None:
    """Remove the folders of builds that were killed together with their server."""
    if os.name == "nt":
        return
    for parent in {tempfile.gettempdir(), "/tmp"}:  # noqa: S108
        for folder in [*Path(parent).glob(f"{_PREFIX}*"), *Path(parent).glob(f"{_NEW}*")]:
            with contextlib.suppress(OSError):
                found = folder.lstat()
                ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
                about_to_be_locked = folder.name.startswith(_NEW) and time.time() - found.st_mtime < 60
                if ours and not about_to_be_locked:
                    lock = _locked(folder)
                    if lock is not None:
                        shutil.rmtree(folder, ignore_errors=True)
                        os.close(lock)


# --- the server's side: a process of its own -----------------------------------------------------------------------


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in sorted(environment.items()) if _READ_AT_START.match(name)}


def _main(listener: int, owner: int, modules: list[str], asked: dict[str, str], ahead: str) -> None:
    """Serve the owner until it ends; remove the folder if it ended without a word, as nobody else would."""
    try:
        watch = os.pidfd_open(owner)
        orderly = os.getppid() == owner and _serve(listener, watch, modules, asked, ahead)
    except ProcessLookupError:  # it ended before this began
        orderly = False
    folder, until = Path.cwd(), time.monotonic() + 2
    while not orderly and folder.exists() and time.monotonic() < until:  # a client on its way out may write still
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.02)


def _serve(listener: int, owner: int, modules: list[str], asked: dict[str, str], ahead: str) -> bool:
    """Load what kernels need, then fork them; whether it was told to end."""
    sys.path[:] = [each for each in sys.path if each and Path(each) != Path.cwd()]
    before = dict(os.environ)
    refusal = _load(modules) or _threads()
    imports = {name: value for name, value in os.environ.items() if before.get(name) != value}
    gc.collect()
    gc.freeze()  # the collector would touch, and so copy, every page in every kernel
    with socket.socket(fileno=listener) as accepting:
        preloads = [getattr(sys.modules.get(name), PRELOAD, None) for name in modules]
        return _Server(accepting, owner, asked, imports, list(filter(None, preloads)), refusal, ahead).run()


def _load(modules: Iterable[str]) -> str | None:
    """Import them; a sentence if one of them wrote something, which a notebook should have shown."""
    for name in _OF_THE_KERNEL:
        with contextlib.suppress(ImportError):  # of another version, or left out
            importlib.import_module(name)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        for name in modules:
            before = said.tell()
            try:
                importlib.import_module(name)
            except Exception as error:  # noqa: BLE001  # the notebook that imports it will say
                print(f"{name}: {type(error).__name__}: {error}", file=sys.__stderr__, flush=True)
            if said.tell() > before:
                return (
                    f"importing {name} writes '{said.getvalue()[before:].strip()[:200]}', which notebooks should show."
                )
    return None


def _threads() -> str | None:
    """A sentence if this process has more than one thread: a fork would have copies of what the others hold."""
    names = sorted((task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir())
    if len(names) == 1:
        return None
    return f"what was loaded started threads ({', '.join(names)}), and a fork would have but one."


@dataclass(frozen=True)
class _Child:
    """A kernel and what tells of its end and of its client's."""

    pid: int
    connection: socket.socket
    ended: int  # pidfd
    client: int  # pidfd


class _Server:
    """Forks a kernel for each connection; the kernel lives as long as the connection and the process at its end."""

    def __init__(
        self,
        listener: socket.socket,
        owner: int,
        asked: Mapping[str, str],
        imports: Mapping[str, str],
        preloads: list[Callable[[], None]],
        refusal: str | None,
        ahead: str,
    ) -> None:
        self.asked = asked
        self.imports = imports  # what the imports set in the environment, as they would in each kernel
        self.preloads = preloads
        self.works_in = ahead  # or where the last kernel was asked to
        self.forked = _MANY if ahead else 0
        self.refusal = refusal
        self.pid = os.getpid()
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        self.children: dict[int, _Child] = {}
        self.woken, self.wakes = socket.socketpair()
        self.wakes.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.listener = listener
        for watched, purpose in ((listener, "accept"), (owner, "abandoned"), (self.woken, "end")):
            self.selector.register(watched, selectors.EVENT_READ, (purpose, None))

    def run(self) -> bool:
        """Serve until told to end (true), or until the owner has ended without a word (false)."""
        signal.set_wakeup_fd(self.wakes.fileno())
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            found = self.selector.select(_IDLE if self.preloads and self.forked >= _MANY else None)
            if not found:
                self._preload()
            for key, _ in found:
                purpose, child = key.data
                if purpose in ("abandoned", "end"):
                    for each in list(self.children.values()):
                        self._bury(each)
                    return bool(purpose == "end")
                if purpose == "accept":
                    self._accept()
                elif child.pid in self.children:  # not buried by an event just before this one
                    (self._report if purpose == "ended" else self._bury)(child)

    def _preload(self) -> None:
        """Do once what every further kernel would do at first, while nobody waits for one."""
        preloads, self.preloads = self.preloads, []
        before = Path.cwd()
        with contextlib.redirect_stdout(sys.__stderr__), contextlib.suppress(OSError):
            os.chdir(self.works_in)  # as a notebook does
            for preload in preloads:
                try:
                    preload()
                except Exception:  # noqa: BLE001  # the notebook that does the same will say
                    traceback.print_exc(file=sys.__stderr__)
        os.chdir(before)
        self.refusal = self.refusal or _threads()
        gc.collect()
        gc.freeze()

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        descriptors: list[int] = []
        try:
            connection.settimeout(5)
            _, descriptors, _, _ = socket.recv_fds(connection, 1, 3)
            with connection.makefile("rb") as lines:
                request = json.loads(lines.readline())
            (peer, *_) = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            client = os.pidfd_open(peer)
        except (OSError, ValueError):  # it went away, or is no client of ours
            connection.close()
        else:
            refusal = self.refusal or self._differs(request["env"])
            if refusal:
                _tell(connection, refused=refusal)
                connection.close()
                os.close(client)
            else:
                self._fork(request, descriptors, connection, client)
        finally:
            for each in descriptors:
                os.close(each)

    def _differs(self, environment: Mapping[str, str]) -> str | None:
        """A sentence if the environment has another value of what was read when this process started."""
        asked = _at_start(environment)
        names = sorted(name for name in {*asked, *self.asked} if asked.get(name) != self.asked.get(name))
        if names:
            return f"its environment differs in {', '.join(names)}, which is read when Python starts."
        if any(each and not Path(each).is_absolute() for each in asked.get("PYTHONPATH", "").split(os.pathsep)):
            return "PYTHONPATH has a relative path, which depends on the folder a notebook works in."
        return None

    def _fork(self, request: dict[str, Any], descriptors: list[int], connection: socket.socket, client: int) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            _tell(connection, refused=f"the system forks no process ({error.strerror}).")
            connection.close()
            os.close(client)
            return
        if pid == 0:
            self._become_kernel(request, descriptors, connection, client)
        self.forked, self.works_in = self.forked + 1, request["cwd"]
        child = _Child(pid, connection, os.pidfd_open(pid), client)
        self.children[pid] = child
        self.selector.register(child.ended, selectors.EVENT_READ, ("ended", child))
        self.selector.register(child.client, selectors.EVENT_READ, ("left", child))
        self.selector.register(connection, selectors.EVENT_READ, ("left", child))

    def _report(self, child: _Child) -> None:
        """Say how it ended, and keep it unburied: until the client lets go, its number must name no other process."""
        self.selector.unregister(child.ended)
        found = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        if found is not None:
            exited = found.si_code == os.CLD_EXITED
            _tell(child.connection, status=found.si_status if exited else -found.si_status)

    def _bury(self, child: _Child) -> None:
        """Kill it with its process group, if it lives, and forget it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):  # it may not have had time to lead a group
            os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)
        del self.children[child.pid]
        for watched in (child.ended, child.client, child.connection):
            with contextlib.suppress(KeyError):
                self.selector.unregister(watched)
        os.close(child.ended)
        os.close(child.client)
        child.connection.close()

    def _become_kernel(
        self, request: dict[str, Any], descriptors: list[int], connection: socket.socket, client: int
    ) -> NoReturn:
        """In the fork: put everything as a new process would find it, and be a kernel."""
        status = 1
        try:
            self.libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            if os.getppid() != self.pid:  # the server ended before the line above
                os._exit(1)
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.pthread_sigmask(signal.SIG_SETMASK, self.mask)
            for number, each in enumerate(descriptors):
                os.dup2(each, number)
            # By number: the objects stay, so that none of them closes a number that has been given anew.
            watched = [key.fd for key in self.selector.get_map().values()]
            for each in (*descriptors, *watched, client, self.wakes.fileno()):
                os.close(each)
            self.selector.close()
            try:
                os.chdir(request["cwd"])
            except OSError as error:
                _tell(connection, refused=f"{request['cwd']}: {error.strerror}.")
                os._exit(1)
            _tell(connection, pid=os.getpid())
            _renew({**self.imports, **request["env"]})
            app = _application(request["argv"], parent=self.pid)
            _tell(connection, ready=True)
            connection.close()
            app.start()
            # ipykernel stops the thread that publishes while the one that was told to end may still wait for it, for
            # up to ten seconds: let that one finish first.
            app.control_thread.join(1)
            status = 0
        except SystemExit as ending:
            status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        except BaseException:  # noqa: BLE001  # the interpreter would do the same
            traceback.print_exc(file=sys.__stderr__)
        finally:
            # As the interpreter ends, but for taking apart every module, which a fork would have to copy first.
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            for stream in (sys.__stdout__, sys.__stderr__):
                with contextlib.suppress(OSError, ValueError, AttributeError):
                    stream.flush()  # type: ignore[union-attr]
            os._exit(status)


def _tell(connection: socket.socket, **what: Any) -> None:
    with contextlib.suppress(OSError):  # its end, if it has ended, is an event of its own
        connection.sendall(json.dumps(what).encode() + b"\n")


def _renew(environment: Mapping[str, str]) -> None:
    """Replace what the process has from its parent: environment, time zone, random numbers."""
    os.environ.clear()
    os.environ.update(environment)
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    time.tzset()
    tempfile.tempdir = None
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:  # Python's own generator renews itself in a fork
        numpy_random.seed()


def _application(argv: list[str], *, parent: int) -> Any:
    """ipykernel's application, as ``python -m ipykernel_launcher`` makes it, listening."""
    import ipykernel_launcher  # type: ignore[import-untyped]
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = [ipykernel_launcher.__file__, *argv]
    sys.orig_argv = [sys.executable, "-m", "ipykernel_launcher", *argv]
    app: Any = IPKernelApp.instance(parent_handle=parent)
    app.initialize(argv)
    return app


if __name__ == "__main__":
    _main(int(sys.argv[1]), **json.loads(sys.argv[2]))
    atexit._run_exitfuncs()
    os._exit(0)  # to take apart every module takes longer than all of the above
