"""Editions: built aside, put in place whole, listed on one page."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import get_exporter

from legation import __version__
from legation.press import document as documents
from legation.press import html
from legation.press.document import Document, Part
from legation.press.plan import Plan
from legation.press.run import Executed


def publish(plan: Plan, chapters: list[Executed], published: Path, *, bibliography: Path | None = None) -> Path:
    """Render an executed report and put its edition in place of the one before.

    Parameters
    ----------
    plan, chapters
        The report and its chapters as they ran, in order.
    published
        The folder of all editions; it is made if it is missing.
    bibliography
        The BibTeX file that citations refer to.

    Returns
    -------
    Path
        The edition's folder: ``index.html``, ``<report>.pdf``, ``data/``, ``notebooks/`` and ``manifest.json``.

    Raises
    ------
    InputError
        What a page cannot carry. The edition before stays as it was.
    """
    spec = plan.spec
    notebooks = [executed.notebook for executed in chapters]
    document = documents.read(
        [
            Part(executed.notebook, chapter.notebook.name, chapter.title)
            for chapter, executed in zip(plan.chapters, chapters, strict=True)
        ],
        title=spec.title,
        abstract=spec.abstract,
        subtitle=spec.subtitle,
        authors=list(spec.authors),
        language=spec.language,
        rebuild=f"make report REPORT={spec.name}",
        bibliography=bibliography,
    )
    page, printed = (_exported(form, notebooks, document) for form in ("legation_html", "legation_pdf"))
    published.mkdir(parents=True, exist_ok=True)
    with _staged(published / spec.name) as folder:
        (folder / "index.html").write_text(page, encoding="utf-8")
        (folder / f"{spec.name}.pdf").write_bytes(printed)
        (folder / "data").mkdir()
        for exhibit in document.exhibits:
            if "data" in exhibit.content:
                (folder / "data" / f"{exhibit.anchor}.csv").write_text(html.data_csv(exhibit), encoding="utf-8")
        (folder / "notebooks").mkdir()
        for chapter, notebook in zip(plan.chapters, notebooks, strict=True):
            nbformat.write(notebook, folder / "notebooks" / f"{chapter.position + 1:02d}-{chapter.notebook.name}")
        manifest = _manifest(plan, chapters, document, folder)
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return published / spec.name


def write_index(published: Path) -> Path:
    """The page that lists every edition in the folder, from their manifests; returns its path."""
    reports = []
    for file in sorted(published.glob("*/manifest.json")):
        reports.append(json.loads(file.read_text(encoding="utf-8")))
    page = html.index(sorted(reports, key=lambda report: report["title"]))
    published.mkdir(parents=True, exist_ok=True)
    index = published / "index.html"
    aside = published / ".index.html"
    aside.write_text(page, encoding="utf-8")
    aside.replace(index)
    return index


def _exported(form: str, notebooks: list[nbformat.NotebookNode], document: Document) -> Any:
    """Write the document with an exporter found by the name nbconvert knows it by."""
    whole = nbformat.v4.new_notebook(cells=[cell for notebook in notebooks for cell in notebook.cells])
    output, _ = get_exporter(form)().from_notebook_node(whole, resources={"legation": document})
    return output


@contextmanager
def _staged(final: Path) -> Iterator[Path]:
    """A folder beside the final one that takes its place when all went well, and vanishes when not."""
    staging = Path(tempfile.mkdtemp(prefix=f".{final.name}-", dir=final.parent))
    staging.chmod(0o755)
    try:
        yield staging
        before = staging.with_name(f"{staging.name}-before")
        if final.exists():
            final.rename(before)
        staging.rename(final)
        shutil.rmtree(before, ignore_errors=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _manifest(plan: Plan, chapters: list[Executed], document: Document, folder: Path) -> dict[str, Any]:
    """What an edition is made of, without a word on when or where it was built."""
    return {
        "report": plan.spec.name,
        "title": document.title,
        "subtitle": document.subtitle,
        "abstract": plan.spec.abstract.strip(),
        "authors": document.authors,
        "data_retrieved_to": document.as_of,
        "legation": __version__,
        "rebuild": document.rebuild,
        "chapters": [
            {
                "notebook": chapter.notebook.name,
                "sha256": _sha256(chapter.notebook),
                "parameters": json.loads(json.dumps(chapter.parameters, default=str)),
                "read": list(executed.reads),
            }
            for chapter, executed in zip(plan.chapters, chapters, strict=True)
        ],
        "exhibits": [
            {"anchor": exhibit.anchor, "label": exhibit.label, "title": exhibit.content.get("title")}
            for exhibit in document.exhibits
        ],
        "sources": document.sources,
        "files": {
            path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
