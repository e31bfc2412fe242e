"""Execute a chapter with papermill, and tell a reader's mistake from a fault in code."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from legation.press.plan import Chapter

#: The kernel writes a line of JSON to the file this names for each dataset it opens.
READ_LOG = "LEGATION_READ_LOG"
_INPUT_ERRORS = ("InputError",)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Executed:
    """A chapter that ran: its notebook with outputs, and the datasets it read (name, path, sha256)."""

    notebook: nbformat.NotebookNode
    reads: tuple[dict[str, str], ...]


class ChapterError(Exception):
    """A chapter that stopped: where, why, and whether the reader or the code has to be mended."""

    def __init__(self, notebook: str, cell: int, kind: str, message: str, traceback: str) -> None:
        super().__init__(f"notebooks/{notebook}, cell {cell}: {message}")
        self.notebook, self.cell, self.kind, self.message, self.traceback = notebook, cell, kind, message, traceback

    @property
    def is_input(self) -> bool:
        """Whether the cell refused what it was given, rather than failed."""
        return self.kind in _INPUT_ERRORS


class _Engine(NBClientEngine):  # type: ignore[misc]  # papermill ships no types
    """papermill's own engine, with environment variables for the kernel alone."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, env: dict[str, str], **kwargs: Any) -> Any:
        import os

        client = PapermillNotebookClient(
            nb_man,
            kernel_name=kernel_name,
            timeout=kwargs.get("execution_timeout"),
            startup_timeout=kwargs.get("start_timeout", 60),
        )
        return client.execute(env={**os.environ, **env})


papermill_engines.register("legation", _Engine)


def run(chapter: Chapter, *, progress: str | None = None) -> Executed:
    """Execute one chapter in a kernel of its own, working in the notebook's folder.

    Parameters
    ----------
    chapter
        What to run.
    progress
        A label for the progress bar, shown where there is a terminal; ``None`` shows none.

    Raises
    ------
    ChapterError
        If a cell raises.
    """
    with tempfile.TemporaryDirectory(prefix="legation-") as folder:
        log = Path(folder) / "reads.jsonl"
        bar = {"desc": progress, "leave": False, "disable": None} if progress else False
        try:
            notebook = papermill.execute_notebook(
                str(chapter.notebook),
                None,
                parameters=chapter.parameters,
                engine_name="legation",
                env={READ_LOG: str(log)},
                cwd=str(chapter.notebook.parent),
                progress_bar=bar,
            )
        except papermill.PapermillExecutionError as error:
            raise ChapterError(
                chapter.notebook.name,
                _original_cell(error, chapter.notebook),
                error.ename,
                _ANSI.sub("", error.evalue),
                _ANSI.sub("", "\n".join(error.traceback)),
            ) from None
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    reads = {line: json.loads(line) for line in lines}
    return Executed(_without_traces(notebook), tuple(reads[line] for line in sorted(reads)))


def _original_cell(error: Any, notebook: Path) -> int:
    """The number, from 1, of the failing cell in the notebook as the analyst sees it."""
    cells = nbformat.read(notebook, as_version=4).cells
    same = [number for number, cell in enumerate(cells, start=1) if cell.source == error.source]
    return same[0] if same else int(error.cell_index)


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
