"""Execute a chapter with papermill, and tell a reader's mistake from a fault in code."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from legation.press import kernels
from legation.press.markup import printable
from legation.press.outcome import ChapterError, Executed
from legation.press.plan import Chapter
from legation.press.spec import Limits
from legation.press.warm import Place

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

#: The kernel writes a line of JSON to the file this names for each dataset it opens.
READ_LOG = "LEGATION_READ_LOG"
#: The kernel gives no vintage that was taken later than what this holds; empty, it gives the latest.
AS_OF = "LEGATION_AS_OF"
KERNEL_LOG = "kernel.log"
#: Bytes that a kernel which has used up its memory may have left of it, in pieces too small to serve.
_CRUMBS = 2_000_000
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class _Client(PapermillNotebookClient):  # type: ignore[misc]  # papermill ships no types
    """papermill's own client, which holds its kernel to a chapter's limits.

    It notes which cell runs, and how much the kernel had said when its last cell had run: at the end jupyter_client
    interrupts a kernel before it asks it to stop, and what a kernel says of that is no warning.
    """

    said: Path
    limits: Limits
    trace: _Trace

    def papermill_execute_cells(self) -> None:
        """Run the cells."""
        ends = time.monotonic() + 60 * self.limits.minutes
        self.timeout_func = lambda cell: self._left(cell, ends)
        _bound_memory(self.km.provisioner.pid, self.limits.gigabytes)
        super().papermill_execute_cells()
        self.timeout = max(1, int(ends - time.monotonic()))  # for the last word, which papermill asks of the kernel
        self.trace.full = _is_full(self.km.provisioner.pid)
        self.trace.length = self.said.stat().st_size

    def _left(self, cell: nbformat.NotebookNode, ends: float) -> float:
        self.trace.cell = cell
        return max(0.001, ends - time.monotonic())  # 0 would mean: as long as it takes

    async def _async_handle_timeout(self, timeout: int, cell: nbformat.NotebookNode | None = None) -> Any:
        return await super()._async_handle_timeout(timeout, cell or self.trace.cell)

    async def _async_check_alive(self) -> None:
        """Asked every second. A kernel without any memory left often cannot even say so, and would be waited for."""
        before, self.trace.full = self.trace.full, _is_full(self.km.provisioner.pid)
        if before and self.trace.full:
            raise DeadKernelError("No memory is left")
        await super()._async_check_alive()


@dataclass
class _Trace:
    """What is known of a kernel when it has ended, in whatever way."""

    cell: nbformat.NotebookNode | None = None  # the last that was begun
    length: int = 0  # bytes it had written outside of cells
    full: bool = False  # it had used up its memory when last looked at


def _bound_memory(kernel: int | None, gigabytes: float) -> None:
    """Let allocations fail beyond so much more than a kernel has at its start, where the system can be told to.

    A cell then stops with a MemoryError where it asks for too much, and the machine is not brought to its knees.
    """
    if kernel is None or not hasattr(resource, "prlimit"):
        return
    with contextlib.suppress(OSError):  # it has ended, which is told where its first cell is sent
        most = int(gigabytes * 1e9) + _memory(kernel)
        resource.prlimit(kernel, resource.RLIMIT_DATA, (most, most))


def _is_full(kernel: int | None) -> bool:
    """Whether a kernel has as good as nothing left of the memory it was given."""
    if kernel is None or not hasattr(resource, "prlimit"):
        return False
    try:
        most, _ = resource.prlimit(kernel, resource.RLIMIT_DATA)
        return most != resource.RLIM_INFINITY and most - _memory(kernel) < _CRUMBS
    except OSError:  # it has ended
        return False


def _memory(kernel: int) -> int:
    """What counts towards the limit, in bytes."""
    status = Path(f"/proc/{kernel}/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"(?m)^VmData:\s+(\d+) kB", status)
    return 1024 * int(found[1] if found else 0)


class _Engine(NBClientEngine):  # type: ignore[misc]  # papermill ships no types
    """papermill's own engine, with a private connection and environment variables for the kernel alone."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        env: dict[str, str],
        folder: str,
        place: Place,
        chapter: Chapter,
        trace: _Trace,
        **kwargs: Any,
    ) -> Any:
        """Run the notebook; ``folder`` is private to this kernel and outlives it."""
        client = _Client(
            nb_man,
            **kernels.options(place, Path(folder)),
            kernel_name=kernel_name,
            startup_timeout=kwargs.get("start_timeout", 60),
        )
        client.said, client.limits, client.trace = Path(folder) / KERNEL_LOG, chapter.limits, trace
        with client.said.open("wb") as said:
            # The folder goes to the kernel itself: papermill's own way would change that of this whole process.
            done = client.execute(env={**os.environ, **env}, stderr=said, cwd=str(chapter.notebook.parent))
        os.truncate(client.said, trace.length)
        return done


papermill_engines.register("legation", _Engine)
# papermill cannot read every annotation and warns of parameters it does not know; the plan has checked them already.
logging.getLogger("papermill").setLevel(logging.ERROR)


def run(chapter: Chapter, place: Place) -> Executed:
    """Execute one chapter in a kernel of its own, working in the notebook's folder. Safe to call from several threads.

    Parameters
    ----------
    chapter
        What to run.
    place
        Where its kernel comes from: the ``place`` of a ``KernelServer``.

    Raises
    ------
    ChapterError
        If a cell raises, the kernel dies, or the chapter exceeds its limits.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=place.folder, ignore_cleanup_errors=True) as folder:  # goes with the build
        log, trace = Path(folder) / "reads.jsonl", _Trace()
        try:
            notebook = papermill.execute_notebook(
                str(chapter.notebook),
                None,
                parameters=dict(sorted(chapter.parameters.items())),  # the order in the spec says nothing
                engine_name="legation",
                # What a kernel that is stopped leaves in its folder goes too. A time set for the builder is not meant.
                env={READ_LOG: str(log), AS_OF: chapter.as_of or "", "TMPDIR": folder},
                folder=folder,
                place=place,
                chapter=chapter,
                trace=trace,
                progress_bar=False,
            )
        except (DeadKernelError, CellTimeoutError, RuntimeError) as error:
            if type(error) is RuntimeError and trace.cell is not None:
                raise  # nothing that is said of a kernel that did not start
            said = (Path(folder) / KERNEL_LOG).read_text(encoding="utf-8", errors="replace")
            raise ChapterError(
                chapter.notebook.name,
                _number(trace.cell.source, chapter.notebook) if trace.cell else 0,
                "MemoryError" if trace.full else type(error).__name__,
                _out_of_memory("", chapter.limits) if trace.full else _stopped(error, chapter.limits),
                said or str(error),
            ) from None
        except papermill.PapermillExecutionError as error:
            message = _ANSI.sub("", error.evalue)
            said = (Path(folder) / KERNEL_LOG).read_text(encoding="utf-8", errors="replace")
            full = trace.full or error.ename.endswith("MemoryError") or "\nMemoryError" in said  # of a child
            raise ChapterError(
                chapter.notebook.name,
                _number(error.source, chapter.notebook) or int(error.cell_index),
                "MemoryError" if full else error.ename,
                _out_of_memory(message, chapter.limits) if full else message,
                _ANSI.sub("", "\n".join(error.traceback)) or said or error.ename,  # a starved kernel sends none
            ) from None
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        outside = (Path(folder) / KERNEL_LOG).read_text(encoding="utf-8", errors="replace")
    reads = {line: json.loads(line) for line in lines}
    warnings = _take_warnings(notebook, chapter.notebook.name, outside)
    seconds = time.monotonic() - began
    return Executed(_without_traces(notebook), tuple(reads[line] for line in sorted(reads)), warnings, seconds)


def _stopped(error: Exception, limits: Limits) -> str:
    if isinstance(error, CellTimeoutError):
        return (
            f"this cell was at work when the chapter's time was over ({limits.minutes:g} minutes). If it needs more, "
            "give it 'limits: {minutes: …}' in the report."
        )
    if isinstance(error, DeadKernelError):
        return (
            "the kernel died here. What it wrote last stands below. If it ran out of memory (a chapter has "
            f"{limits.gigabytes:g} GB), give it 'limits: {{gigabytes: …}}' in the report."
        )
    return f"its kernel did not start ({error}). What it wrote stands below."


def _out_of_memory(message: str, limits: Limits) -> str:
    return (
        f"it wanted more memory than the {limits.gigabytes:g} GB that a chapter has ({message or 'no more is said'}). "
        "Read less at once, or give it 'limits: {gigabytes: …}' in the report."
    )


def _number(source: str, notebook: Path) -> int:
    """The number, from 1, of a cell in the notebook as the analyst sees it; 0 for one that papermill put in."""
    cells = nbformat.read(notebook, as_version=4).cells
    same = [number for number, cell in enumerate(cells, start=1) if cell.source == source]
    return same[0] if same else 0


def _take_warnings(notebook: nbformat.NotebookNode, name: str, outside: str) -> tuple[str, ...]:
    """Move what cells wrote to standard error out of the notebook, where it would name this machine's paths.

    ``outside`` is what the kernel's process wrote. It repeats some of what cells wrote; what it has besides was
    written while no cell was running. A run without warnings writes nothing to either.
    """
    found: list[str] = []
    said: set[str] = set()
    number = 0
    for cell in notebook.cells:
        number += "injected-parameters" not in cell.metadata.get("tags", [])
        if cell.cell_type != "code":
            continue
        kept = []
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                lines = _lines(output.text)
                said.update(lines)
                found += [f"{name}, cell {number}: {line}" for line in lines]
            else:
                kept.append(output)
        cell.outputs = kept
    return (*found, *(f"{name}: {line}" for line in _lines(outside) if line not in said))


def _lines(text: str) -> list[str]:
    """The lines that a terminal would be left with: no colours, no blank lines, of a progress bar its last state."""
    lines = (printable(line.rstrip("\r").rsplit("\r")[-1]).rstrip() for line in _ANSI.sub("", text).split("\n"))
    return [line for line in lines if line]


def _without_traces(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """Take out what differs from run to run or tells of this machine: timings, paths, kernel details."""
    plain: dict[str, Any] = json.loads(json.dumps(notebook))
    plain["metadata"] = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(plain["cells"]):
        cell["id"] = f"cell-{number + 1}"
        cell["metadata"] = {key: value for key, value in cell["metadata"].items() if key == "tags"}
    return plain
