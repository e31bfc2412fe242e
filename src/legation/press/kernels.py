"""What jupyter_client asks of a kernel that comes from the fork server: a manager, a client and a provisioner.

To papermill and nbclient such a kernel is one like any other. `warm` tells where kernels come from and what ends
with what.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import ensure_async
from traitlets import Unicode
from traitlets.config import Config

from legation.press.warm import LONGEST_PATH, SETTLED, Place

#: The provisioner's name among the entry points of ``jupyter_client.kernel_provisioners``.
PROVISIONER = "legation-warm"

_PATIENCE = 60.0  # seconds for a server to load and a kernel to listen; nbclient allows a stock kernel as long
_IDLE_ENDS_WITHIN = 0.5  # seconds from the request; longer, and the kernel is busy with a cell
_log = logging.getLogger(__name__)


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
            if len(os.fsencode(f"{self.ip}-5")) > LONGEST_PATH:
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
