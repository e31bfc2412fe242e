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
from legation.press import html, markup, reader, svg
from legation.press.document import Document, Exhibit
from legation.press.plan import Plan
from legation.press.reader import Part, Written
from legation.press.run import Executed

#: The drawing that stands for an edition in the list of reports.
_THUMBNAIL = "first-figure.svg"
#: Height to width above which a narrow drawing is too tall to stand beside an abstract.
_TOWER = 1.3


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
    wanted = spec.findings
    document = reader.read(
        _parts(plan, notebooks),
        title=spec.title,
        abstract=Written(spec.abstract, spec.where("abstract")),
        findings=None
        if wanted is None
        else [Written(name, spec.where("findings", place)) for place, name in enumerate(wanted)],
        subtitle=spec.subtitle,
        authors=list(spec.authors),
        language=spec.language,
        revisions=[(revision.date, revision.change) for revision in spec.revisions],
        rebuild=f"make report REPORT={spec.name}",
        bibliography=bibliography,
    )
    page, printed = (_exported(form, document) for form in ("legation_html", "legation_pdf"))
    published.mkdir(parents=True, exist_ok=True)
    with _staged(published / spec.name) as folder:
        (folder / "index.html").write_text(page, encoding="utf-8")
        (folder / f"{spec.name}.pdf").write_bytes(printed)
        (folder / "data").mkdir()
        for exhibit in document.exhibits:
            if "data" in exhibit.content:
                (folder / "data" / f"{exhibit.anchor}.csv").write_text(html.data_csv(exhibit), encoding="utf-8")
        (folder / "data" / "index.html").write_text(html.data_index(document), encoding="utf-8")
        first = _first(document)
        if first and first.kind == "chart":
            (folder / _THUMBNAIL).write_text(_thumbnail(first), encoding="utf-8")
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
        manifest = json.loads(file.read_text(encoding="utf-8"))
        drawing = file.with_name(_THUMBNAIL)
        manifest["drawing"] = drawing.read_text(encoding="utf-8") if drawing.is_file() else None
        reports.append(manifest)
    # A report of several chapters before one of a single chapter: it is what a reader comes for.
    page = html.index(sorted(reports, key=lambda report: (-len(report["chapters"]), report["title"])))
    published.mkdir(parents=True, exist_ok=True)
    index = published / "index.html"
    aside = published / ".index.html"
    aside.write_text(page, encoding="utf-8")
    aside.replace(index)
    return index


def _parts(plan: Plan, notebooks: list[nbformat.NotebookNode]) -> list[Part]:
    """Each chapter's notebook with what the spec says of it, and on which line."""
    parts = []
    for chapter, notebook in zip(plan.chapters, notebooks, strict=True):
        said, where = plan.spec.chapters[chapter.position], ("chapters", chapter.position)
        parts.append(
            Part(
                notebook,
                chapter.notebook.name,
                chapter.title,
                chapter.name,
                Written(said.lead, plan.spec.where(*where, "lead")) if said.lead else None,
                tuple(
                    Written(heading, plan.spec.where(*where, "leave_out", place))
                    for place, heading in enumerate(said.leave_out)
                ),
            )
        )
    return parts


def _first(document: Document) -> Exhibit | None:
    """What stands for an edition in the list of reports: its first chart, or else its first exhibit."""
    charts = [exhibit for exhibit in document.exhibits if exhibit.kind == "chart"]
    return next(iter([*charts, *document.exhibits]), None)


def _thumbnail(exhibit: Exhibit) -> str:
    """The chart's narrow drawing, whose letters stay legible when small; the wide one where that would be a tower."""
    where = f"exhibit '{exhibit.anchor}'"
    drawings = [svg.inline(exhibit.content["svg"][size], "first-", where) for size in sorted(exhibit.content["svg"])]
    narrow, wide = drawings[-1], drawings[0]  # page, phone
    return narrow if svg.height_to_width(narrow) <= _TOWER else wide


def _exported(form: str, document: Document) -> Any:
    """Write the document with an exporter found by the name nbconvert knows it by."""
    output, _ = get_exporter(form)().from_notebook_node(nbformat.v4.new_notebook(), resources={"legation": document})
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
    first = _first(document)
    return {
        "report": plan.spec.name,
        "title": document.title,
        "subtitle": document.subtitle,
        "abstract": " ".join(markup.text(block) for block in document.abstract),
        "authors": document.authors,
        "data_retrieved_to": document.as_of,
        "legation": __version__,
        "rebuild": document.rebuild,
        "chapters": [
            {
                "name": chapter.name,
                "notebook": chapter.notebook.name,
                "sha256": _sha256(chapter.notebook),
                "parameters": json.loads(json.dumps(chapter.parameters, default=str)),
                "read": [read for read in executed.reads if read["sha256"] and not {"names", "lines"} & set(read)],
            }
            for chapter, executed in zip(plan.chapters, chapters, strict=True)
        ],
        "findings": [
            {
                "name": finding.name,
                "chapter": finding.chapter,
                "text": markup.text(finding.blocks),
                "exhibit": finding.exhibit.anchor if finding.exhibit else None,
            }
            for finding in document.findings
        ],
        "tallies": [
            {
                "name": tally.name,
                "title": tally.title,
                "chapter": tally.chapter,
                "counts": [list(c) for c in tally.counts],
            }
            for tally in document.tallies
        ],
        "exhibits": [_named(exhibit) for exhibit in document.exhibits],
        "first_figure": _named(first) | {"subtitle": first.content.get("subtitle")} if first else None,
        "revisions": [{"date": day, "change": change} for day, change in document.revisions],
        "sources": document.sources,
        "files": {
            path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }


def _named(exhibit: Exhibit) -> dict[str, Any]:
    return {"anchor": exhibit.anchor, "label": exhibit.label, "title": exhibit.content.get("title")}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
