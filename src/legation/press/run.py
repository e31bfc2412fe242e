"""Execute a chapter with papermill, and tell a reader's mistake from a fault in code."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
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
from legation.press.plan import Chapter

#: The kernel writes a line of JSON to the file this names for each dataset it opens.
READ_LOG = "LEGATION_READ_LOG"
KERNEL_LOG = "kernel.log"
_INPUT_ERRORS = ("InputError",)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Executed:
    """A chapter that ran: its notebook with outputs, the datasets it read (name, path, sha256), and its warnings."""

    notebook: nbformat.NotebookNode
    reads: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...] = ()  # lines it wrote to standard error, each with its notebook and, if known, cell


class ChapterError(Exception):
    """A chapter that stopped: where, why, and whether the reader or the code has to be mended."""

    def __init__(self, notebook: str, cell: int, kind: str, message: str, traceback: str) -> None:
        place = f", cell {cell}" if cell else ""  # unknown where the kernel died
        super().__init__(f"notebooks/{notebook}{place}: {message}")
        self.notebook, self.cell, self.kind, self.message, self.traceback = notebook, cell, kind, message, traceback

    @property
    def is_input(self) -> bool:
        """Whether the cell refused what it was given, rather than failed."""
        return self.kind in _INPUT_ERRORS


class _Client(PapermillNotebookClient):  # type: ignore[misc]  # papermill ships no types
    """papermill's own client, which notes how much the kernel had said when its last cell had run.

    At the end jupyter_client interrupts a kernel before it asks it to stop; what a kernel says of that is no warning.
    """

    said: Path
    length = 0

    def papermill_execute_cells(self) -> None:
        """Run the cells."""
        super().papermill_execute_cells()
        self.length = self.said.stat().st_size


class _Engine(NBClientEngine):  # type: ignore[misc]  # papermill ships no types
    """papermill's own engine, with a private connection and environment variables for the kernel alone."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, env: dict[str, str], folder: str, place: kernels.Place, **kwargs: Any
    ) -> Any:
        """Run the notebook; ``folder`` is private to this kernel and outlives it."""
        client = _Client(
            nb_man,
            **kernels.options(place, Path(folder)),
            kernel_name=kernel_name,
            timeout=kwargs.get("execution_timeout"),
            startup_timeout=kwargs.get("start_timeout", 60),
        )
        client.said = Path(folder) / KERNEL_LOG
        with client.said.open("wb") as said:
            # The folder goes to the kernel itself: papermill's own way would change that of this whole process.
            done = client.execute(env={**os.environ, **env}, stderr=said, cwd=kwargs["works_in"])
        os.truncate(client.said, client.length)
        return done


papermill_engines.register("legation", _Engine)
# papermill cannot read every annotation and warns of parameters it does not know; the plan has checked them already.
logging.getLogger("papermill").setLevel(logging.ERROR)


def run(chapter: Chapter, place: kernels.Place) -> Executed:
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
        If a cell raises.
    """
    with tempfile.TemporaryDirectory(dir=place.folder) as folder:  # short, for sockets; goes with the build
        log = Path(folder) / "reads.jsonl"
        try:
            notebook = papermill.execute_notebook(
                str(chapter.notebook),
                None,
                parameters=dict(sorted(chapter.parameters.items())),  # the order in the spec says nothing
                engine_name="legation",
                env={READ_LOG: str(log)},
                folder=folder,
                place=place,
                works_in=str(chapter.notebook.parent),
                progress_bar=False,
            )
        except (DeadKernelError, CellTimeoutError) as error:
            said = (Path(folder) / KERNEL_LOG).read_text(encoding="utf-8", errors="replace")
            raise ChapterError(
                chapter.notebook.name, 0, type(error).__name__, _stopped(error), said or str(error)
            ) from None
        except papermill.PapermillExecutionError as error:
            raise ChapterError(
                chapter.notebook.name,
                _original_cell(error, chapter.notebook),
                error.ename,
                _ANSI.sub("", error.evalue),
                _ANSI.sub("", "\n".join(error.traceback)),
            ) from None
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        outside = (Path(folder) / KERNEL_LOG).read_text(encoding="utf-8", errors="replace")
    reads = {line: json.loads(line) for line in lines}
    warnings = _take_warnings(notebook, chapter.notebook.name, outside)
    return Executed(_without_traces(notebook), tuple(reads[line] for line in sorted(reads)), warnings)


def _stopped(error: Exception) -> str:
    if isinstance(error, CellTimeoutError):
        return " ".join(str(error).split())
    return "the kernel died. What it wrote last stands below; running the notebook in JupyterLab shows the cell."


def _original_cell(error: Any, notebook: Path) -> int:
    """The number, from 1, of the failing cell in the notebook as the analyst sees it."""
    cells = nbformat.read(notebook, as_version=4).cells
    same = [number for number, cell in enumerate(cells, start=1) if cell.source == error.source]
    return same[0] if same else int(error.cell_index)


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


def _without_traces(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Take out what differs from run to run or tells of this machine: timings, paths, kernel details."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        }
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number + 1}"
        kept = {key: value for key, value in cell.metadata.items() if key == "tags"}
        cell.metadata = nbformat.from_dict(kept)
    return notebook
