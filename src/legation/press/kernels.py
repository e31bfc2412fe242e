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
import asyncio
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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import Any, NoReturn, Self

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import ensure_async
from traitlets import Unicode
from traitlets.config import Config

#: The provisioner's name among the entry points of ``jupyter_client.kernel_provisioners``.
PROVISIONER = "legation-warm"

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
_PREFIX = "legation-build-"
_SOCKET = "server"
_LOG = "server.log"
#: ``sun_path`` holds 108 bytes on Linux and 104 on macOS, the last of them zero; libzmq adds nothing to a path.
_LONGEST_PATH = 100
_ROOM = len("/") + len("tmp12345678/kernel-5")  # what stands below the folder of a build
_PATIENCE = 60.0  # seconds for a server to load and a kernel to listen; nbclient allows a stock kernel as long
_IDLE_ENDS_WITHIN = 0.5  # seconds from the request; longer, and the kernel is busy with a cell
_RESTARTS = 3
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
    """

    def __init__(self, modules: Iterable[str] = (), *, forking: bool = True) -> None:
        self.modules = tuple(modules)
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
            start = {"owner": self._owner, "modules": self.modules, "asked": _at_start(environment)}
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


# --- the builder's side: what jupyter_client asks ------------------------------------------------------------------


def options(place: Place, folder: Path) -> dict[str, Any]:
    """Arguments for nbclient's client, or papermill's, that make its kernel one of this place.

    ``folder`` is for this kernel alone, and best inside ``place.folder``, which is removed however the build ends.
    """
    settings = {"folder": str(folder), "server": str(place.socket or "")}
    return {"kernel_manager_class": Manager, "config": Config({"Manager": settings})}


class Manager(AsyncKernelManager):
    """A kernel manager with a private connection, whose kernels come from the place it was given.

    ``folder`` is private to this kernel. Sockets lie in it rather than ports that others could read or race for; on
    Windows, which has no such sockets, the connection is encrypted.
    """

    folder = Unicode(help="a folder private to this kernel").tag(config=True)
    server = Unicode("", help="socket of the fork server; empty: stock kernels").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not self.folder:
            raise ValueError("A kernel needs a private folder: give Manager.folder in the configuration.")
        if PROVISIONER not in KernelProvisionerFactory.instance().provisioners:
            raise RuntimeError(
                f"jupyter_client knows no provisioner '{PROVISIONER}'. "
                "Install legation again: 'pip install -e .' in the checkout."
            )
        self.connection_file = str(Path(self.folder) / "kernel.json")
        if os.name == "nt":
            self.transport_encryption = "required"
        else:
            self.transport, self.ip = "ipc", str(Path(self.folder) / "kernel")
            if len(os.fsencode(f"{self.ip}-5")) > _LONGEST_PATH:
                raise ValueError(
                    f"The path {self.folder} is too long for a socket. Set TMPDIR to a folder with a shorter path."
                )
        self.client_factory = Client

    @property
    def kernel_spec(self) -> KernelSpec | None:
        """The installed kernel spec, served by the warm provisioner."""
        spec = super().kernel_spec
        if spec is not None:
            spec.metadata["kernel_provisioner"] = {
                "provisioner_name": PROVISIONER,
                "config": {"server": self.server},
            }
        return spec


class Client(AsyncKernelClient):
    """jupyter_client's client, which knows that a kernel is ready by its word rather than by 0.2 s of silence."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return when the kernel has answered on both channels, with nothing of its start left to read.

        Raises
        ------
        RuntimeError
            If the kernel died, or gave no answer within ``timeout`` seconds.
        """
        until = time.monotonic() + (timeout or float("inf"))
        # A kernel greets a new subscriber; what it publishes from then on arrives. Old ones do not greet.
        with contextlib.suppress(Empty):
            await ensure_async(self.iopub_channel.get_msg(timeout=0.2))
        while True:
            asked = self.kernel_info()
            with contextlib.suppress(Empty):
                reply = await ensure_async(self.shell_channel.get_msg(timeout=1))
                while reply["parent_header"].get("msg_id") != asked:
                    reply = await ensure_async(self.shell_channel.get_msg(timeout=1))
                said: dict[str, Any] = {}
                while not _is_idle(said, asked):
                    said = await ensure_async(self.iopub_channel.get_msg(timeout=0.2))
                self._handle_kernel_info_reply(reply)
                return
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > until:
                raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")


def _is_idle(message: Mapping[str, Any], asked: str) -> bool:
    return (
        message.get("msg_type") == "status"
        and message["content"].get("execution_state") == "idle"
        and message["parent_header"].get("msg_id") == asked
    )


class WarmProvisioner(LocalProvisioner):
    """Kernels forked from a server that is warm; every kernel that cannot be one is a stock kernel."""

    server = Unicode("", help="socket of the fork server; empty: stock kernels")
    process: Any = None  # a child of this process, or of the server

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Settle what forked and stock kernels must have in common, before the environment is made."""
        kwargs["env"] = {**SETTLED, **kwargs.get("env", os.environ)}
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork a kernel if the server can serve it; else start a process."""
        if self.server:
            try:
                self.process = await _fork(self.server, cmd, **self._scrub_kwargs(kwargs))
            except _CannotForkError as why:
                _log.warning("No warm kernel: %s A stock kernel serves.", why)
            else:
                self.pid = self.pgid = self.process.pid  # each leads a session of its own
                self.cwd = kwargs.get("cwd", Path.cwd())
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)

    async def send_signal(self, signum: int) -> None:
        """Send the kernel's process group a signal; the interrupt before a shutdown waits until that has failed.

        The manager interrupts every kernel that it shuts down, in case it is busy. One that has just replied may still
        be putting its handler away; the interrupt then ends its loop out of turn, and with that its orderly shutdown.
        """
        manager: Any = self.parent
        if signum == signal.SIGINT and isinstance(self.process, _ForkedKernel) and manager.shutting_down:
            return
        await super().send_signal(signum)

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Wait for the kernel's end as it happens, for which the manager would look ten times a second."""
        if isinstance(self.process, _ForkedKernel) and not await self.process.ended(_IDLE_ENDS_WITHIN):
            await super().send_signal(signal.SIGINT)  # it is busy
            await self.process.ended(self.get_shutdown_wait_time() / 2)

    async def cleanup(self, restart: bool = False) -> None:
        """Let go of a kernel that is being given up."""
        if isinstance(self.process, _ForkedKernel):
            self.process.release()
        await super().cleanup(restart=restart)


class _CannotForkError(Exception):
    """A sentence that says why a kernel cannot be a fork."""


class _ForkedKernel:
    """A kernel that is not this process's child, as :class:`subprocess.Popen` would show it.

    The server keeps the dead process as a zombie until the connection closes, so that ``pid`` names no other.
    """

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket, pid: int, received: bytes) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._connection = connection
        self._received = received
        connection.setblocking(False)

    def poll(self) -> int | None:
        """The exit status, negative for a signal; ``None`` while it runs."""
        while self.returncode is None:
            try:
                more = self._connection.recv(4096)
            except BlockingIOError:
                return None
            except OSError:
                more = b""
            self._take(more)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it has ended."""
        until = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            left = None if until is None else max(0, until - time.monotonic())
            waiting = select.poll()
            waiting.register(self._connection, select.POLLIN)
            if not waiting.poll(None if left is None else 1000 * left):
                raise subprocess.TimeoutExpired(f"kernel {self.pid}", timeout or 0)
        return int(self.returncode or 0)

    async def ended(self, timeout: float) -> bool:
        """Whether it has ended within ``timeout`` seconds; returns as soon as it has."""
        until = time.monotonic() + timeout
        loop = asyncio.get_running_loop()
        with contextlib.suppress(TimeoutError):
            while self.poll() is None:
                self._take(await asyncio.wait_for(loop.sock_recv(self._connection, 4096), until - time.monotonic()))
        return self.poll() is not None

    def send_signal(self, signum: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def release(self) -> None:
        """Close the connection: the server kills the kernel if it runs still, and buries it."""
        self._connection.close()

    def _take(self, more: bytes) -> None:
        self._received += more
        if b"\n" in self._received:
            self.returncode = int(json.loads(self._received)["status"])
            self.release()
        elif not more:  # the server is gone, and the kernel with it; its own children may be left
            self.returncode = -signal.SIGKILL
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            self.release()


async def _fork(
    server: str,
    cmd: list[str],
    *,
    env: dict[str, str],
    cwd: str | os.PathLike[str] | None = None,
    stdin: Any = None,
    stdout: Any = None,
    stderr: Any = None,
    **others: Any,
) -> _ForkedKernel:
    """Ask the server for a kernel, and wait until it listens or has died."""
    if cmd[:3] != [sys.executable, "-m", "ipykernel_launcher"]:
        raise _CannotForkError(f"it is started by '{' '.join(cmd[:3])}', not by this Python.")
    if others:
        raise _CannotForkError(f"a fork takes no {', '.join(others)}.")
    with contextlib.ExitStack() as files:
        null = files.enter_context(Path(os.devnull).open("r+b"))
        stdin = null if stdin in (None, subprocess.PIPE) else stdin  # a stock kernel's is a closed pipe
        descriptors = [_descriptor(each, number, null) for number, each in enumerate((stdin, stdout, stderr))]
        if stderr == subprocess.STDOUT:
            descriptors[2] = descriptors[1]
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(_PATIENCE)
            connection.connect(server)
            request = {"argv": cmd[3:], "cwd": str(Path(cwd or ".").absolute()), "env": env}
            socket.send_fds(connection, [b"\0"], descriptors)
            connection.sendall(json.dumps(request).encode() + b"\n")
            return await _answered(connection)
        except (OSError, EOFError) as error:
            connection.close()
            raise _CannotForkError(f"the fork server cannot be reached ({error or 'it ended'}).") from None
        except BaseException:
            connection.close()
            raise


async def _answered(connection: socket.socket) -> _ForkedKernel:
    """The kernel, once it listens or has ended. Lines come: ``pid``, then ``ready`` or ``status``; or ``refused``."""
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    until = time.monotonic() + _PATIENCE
    kernel: _ForkedKernel | None = None
    received = b""
    while True:
        while b"\n" in received:
            line, _, received = received.partition(b"\n")
            said = json.loads(line)
            if "refused" in said:
                raise _CannotForkError(said["refused"])
            if "pid" in said:
                kernel = _ForkedKernel(connection, said["pid"], b"")
            elif kernel is not None:
                if "status" in said:  # it died on its way
                    kernel._take(line + b"\n")
                return kernel
        more = await asyncio.wait_for(loop.sock_recv(connection, 4096), until - time.monotonic())
        if not more:
            raise EOFError
        received += more


def _descriptor(stream: Any, number: int, null: Any) -> int:
    if stream is None:
        return number
    if stream == subprocess.DEVNULL:
        return int(null.fileno())
    if stream == subprocess.STDOUT and number == 2:
        return number
    if stream == subprocess.PIPE:
        raise _CannotForkError("its output is asked for through a pipe.")
    return int(stream if isinstance(stream, int) else stream.fileno())


# --- the folder ------------------------------------------------------------------------------------------------------


def _private_folder() -> tuple[Path, int | None]:
    """A new folder for sockets, and the lock that says somebody lives in it."""
    parent = tempfile.gettempdir()
    if os.name != "nt" and len(os.fsencode(parent)) + len(f"/{_PREFIX}12345678") + _ROOM > _LONGEST_PATH:
        parent = "/tmp"  # noqa: S108  # the folder made in it is private
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    return folder, _locked(folder)


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
        for folder in Path(parent).glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                found = folder.lstat()
                ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
                if ours and time.time() - found.st_mtime > 60:  # a younger one may be about to be locked
                    lock = _locked(folder)
                    if lock is not None:
                        shutil.rmtree(folder, ignore_errors=True)
                        os.close(lock)


# --- the server's side: a process of its own -----------------------------------------------------------------------


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in sorted(environment.items()) if _READ_AT_START.match(name)}


def _main(listener: int, owner: int, modules: list[str], asked: dict[str, str]) -> None:
    """Serve the owner until it ends; remove the folder if it ended without a word, as nobody else would."""
    try:
        watch = os.pidfd_open(owner)
        orderly = os.getppid() == owner and _serve(listener, watch, modules, asked)
    except ProcessLookupError:  # it ended before this began
        orderly = False
    folder, until = Path.cwd(), time.monotonic() + 2
    while not orderly and folder.exists() and time.monotonic() < until:  # a client on its way out may write still
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.02)


def _serve(listener: int, owner: int, modules: list[str], asked: dict[str, str]) -> bool:
    """Load what kernels need, then fork them; whether it was told to end."""
    sys.path[:] = [each for each in sys.path if each and Path(each) != Path.cwd()]
    before = dict(os.environ)
    refusal = _load(modules) or _threads()
    imports = {name: value for name, value in os.environ.items() if before.get(name) != value}
    gc.collect()
    gc.freeze()  # the collector would touch, and so copy, every page in every kernel
    with socket.socket(fileno=listener) as accepting:
        return _Server(accepting, owner, asked, imports, refusal).run()


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
        refusal: str | None,
    ) -> None:
        self.asked = asked
        self.imports = imports  # what the imports set in the environment, as they would in each kernel
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
            for key, _ in self.selector.select():
                purpose, child = key.data
                if purpose in ("abandoned", "end"):
                    for each in list(self.children.values()):
                        self._bury(each)
                    return bool(purpose == "end")
                if purpose == "accept":
                    self._accept()
                elif child.pid in self.children:  # not buried by an event just before this one
                    (self._report if purpose == "ended" else self._bury)(child)

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
