"""The documentation as pages and PDFs, made by the press as it makes reports: ``legation docs``.

A spec in ``docs/`` is a document: its chapters are notebooks in the folder of its name, those in ``notebooks/`` where
there is no such folder. The guides are Markdown files; each becomes a notebook of one cell. Everything runs at every
build: what tutorials and reference depend on is the whole checkout.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat

from legation.errors import InputError, nearest
from legation.press import html, publish
from legation.press import plan as plans
from legation.press import spec as specs
from legation.press.outcome import ChapterError, Executed, cannot
from legation.press.plan import Plan
from legation.press.workers import Local

#: Where the documents go; not committed.
BUILT = Path("docs") / "built"
#: How the list of documents puts them.
READ_IN_ORDER = ("tutorials", "guides", "gallery", "reference")
#: The document of guides, and the Markdown file behind each of its chapters.
GUIDES = "guides"
PAGES = {
    "notebooks": Path("docs") / "notebooks.md",
    "new-report": Path("docs") / "new-report.md",
    "watching": Path("docs") / "watching.md",
    "building": Path("docs") / "building.md",
    "review": Path("docs") / "review.md",
    "live-data": Path("docs") / "live-data.md",
    "scheduling": Path("docs") / "scheduling.md",
    "tables": Path("data") / "README.md",
    "treaty-register": Path("data") / "treaties" / "README.md",
}


def documents(root: Path) -> dict[str, Path]:
    """The specs of all documents, by name."""
    return {file.stem: file for file in sorted((root / "docs").glob("*.yml"))}


def build(root: Path, names: Sequence[str], say: Callable[[str], None], *, jobs: int | None = None) -> list[str]:
    """Build the documents named, or all; returns the names of those that could not be built.

    Parameters
    ----------
    root
        The checkout. Documents go to ``docs/built/`` in it, each whole or not at all, with a page that lists them.
    say
        Takes each line of progress.
    jobs
        How many tasks are done at once; none given means one for each core.

    Raises
    ------
    InputError
        If a name is unknown, a spec is wrong, or the folder cannot be written to.
    """
    known = documents(root)
    for name in names:
        if name not in known:
            raise InputError(f"There is no document '{name}'{nearest(name, known)}. There are: {', '.join(known)}.")
    failed = []
    with contextlib.ExitStack() as stack:
        guides = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="legation-docs-")))
        made = [_planned(root, known[name], guides) for name in names or known]
        notebooks = {chapter.notebook for plan in made for chapter in plan.chapters}
        workers = stack.enter_context(Local(jobs or os.cpu_count() or 1, root, sorted(notebooks)))
        running = [(plan, [workers.run(chapter) for chapter in plan.chapters]) for plan in made]
        for plan, chapters in running:
            try:
                executed = _done(plan, chapters, say)
                publish.place(workers.render(plan, executed).result(), root / BUILT / plan.spec.name)
            except (ChapterError, InputError) as error:
                say(f"{plan.spec.name}: not built. {error}")
                failed.append(plan.spec.name)
            except OSError as error:
                raise InputError(cannot(error)) from None
            else:
                say(f"{(BUILT / plan.spec.name / 'index.html').as_posix()}")
    if built := publish.listed(root / BUILT):
        built.sort(key=lambda one: READ_IN_ORDER.index(one["report"]) if one["report"] in READ_IN_ORDER else -1)
        page = html.index(built, title="Documentation")
        publish.write_index(page, root / BUILT)
    return failed


def _planned(root: Path, file: Path, guides: Path) -> Plan:
    """A document with its chapters found and their parameters checked."""
    spec = specs.load(file)
    folder = root / "docs" / spec.name
    if spec.name == GUIDES:
        folder = guides
        for name, page in PAGES.items():
            _as_notebook(root / page, guides / f"{name}.ipynb")
    elif not folder.is_dir():
        folder = root / "notebooks"
    return replace(plans.plan(spec, folder), command="make docs")


def _as_notebook(page: Path, notebook: Path) -> None:
    cell = nbformat.v4.new_markdown_cell(page.read_text(encoding="utf-8"), id="cell-1")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), notebook)


def _done(plan: Plan, chapters: Sequence[Future[Executed]], say: Callable[[str], None]) -> list[Executed]:
    """What the chapters came to, in their order; what they warned of is said."""
    found: list[Any] = []
    for chapter in chapters:
        executed = chapter.result()
        for line in executed.warnings:
            say(f"{plan.spec.name}: {line}")
        found.append(executed)
    return found
