"""What an edition consists of: every file of its folder, rendered from chapters that ran."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import get_exporter

from legation import version
from legation.press import html, markup, reader, svg
from legation.press.archive import CHANGES, CHANGES_TABLE, Base
from legation.press.changes import Changes, since
from legation.press.document import Document, Exhibit, Run
from legation.press.outcome import Executed
from legation.press.plan import Chapter, Plan
from legation.press.publish import MANIFEST, THUMBNAIL, further_name, manifest_text, printed_name
from legation.press.reader import Part, Written

#: Height to width above which a narrow drawing is too tall to stand beside an abstract.
_TOWER = 1.3


def edition(
    plan: Plan,
    chapters: Sequence[Executed],
    *,
    bibliography: Path | None = None,
    base: Base | None = None,
    made_with: Mapping[str, Mapping[str, str]] | None = None,
    changes: Changes | None = None,
) -> dict[str, bytes]:
    """Render an executed report; nothing is written.

    Parameters
    ----------
    plan, chapters
        The report and its chapters as they ran, in order.
    bibliography
        The BibTeX file that citations refer to.
    base
        The dated edition it is compared with: it opens with what changed since.
    made_with
        The files of code with their digests, under ``code``, and versions, under ``environment``: for its manifest.
    changes
        What it opens with, if that is known and not to be found out.

    Returns
    -------
    dict
        The contents of each file by its place in the edition's folder: ``index.html``, ``<report>.pdf``, ``data/``,
        ``notebooks/`` and ``manifest.json``; ``changes.json`` and ``changes.csv`` if it opens with changes; and what
        the spec asks for besides, ``<report>.docx`` and ``<report>-data.xlsx``.

    Raises
    ------
    InputError
        What a page cannot carry.
    """
    spec = plan.spec
    notebooks = [nbformat.from_dict(executed.notebook) for executed in chapters]
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
        paper=spec.paper,
        revisions=[(revision.date, revision.change) for revision in spec.revisions],
        runs=[
            Run(_kept(chapter), _plain(chapter.parameters), tuple(read["path"] for read in _files_read(executed)))
            for chapter, executed in zip(plan.chapters, chapters, strict=True)
        ],
        rebuild=plan.command or f"make report REPORT={spec.name}",
        bibliography=bibliography,
    )
    ran = {
        _kept(chapter): f"{nbformat.writes(notebook).rstrip()}\n".encode()
        for chapter, notebook in zip(plan.chapters, notebooks, strict=True)
    }
    about = _manifest(plan, chapters, document) | {key: dict(held) for key, held in (made_with or {}).items()}
    if base is not None and changes is None:
        changes = since(base, {**ran, MANIFEST: manifest_text(about).encode()})
    if changes is not None:
        document.open_with(changes)
    page, printed = (_exported(form, document) for form in ("legation_html", "legation_pdf"))
    files: dict[str, str | bytes] = {"index.html": page, printed_name(spec.name): printed}
    for exhibit in document.exhibits:
        if "data" in exhibit.content:
            files[f"data/{exhibit.anchor}.csv"] = html.data_csv(exhibit)
    outputs = {output: further_name(spec.name, output) for output in spec.outputs}
    for output, name in outputs.items():
        files[name] = _further(output, document)
    files["data/index.html"] = html.data_index(document, outputs.get("xlsx"))
    first = _first(document)
    if first and first.kind == "chart":
        files[THUMBNAIL] = _thumbnail(first)
    if changes is not None:
        files |= {CHANGES: changes.as_json(), CHANGES_TABLE: changes.as_csv()}
    made = {name: text if isinstance(text, bytes) else text.encode("utf-8") for name, text in files.items()} | ran
    made[MANIFEST] = manifest_text(about | {"files": _digests(made)}).encode()
    return made


def _digests(files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in sorted(files.items())
    }


def _kept(chapter: Chapter) -> str:
    """Where in the edition's folder a chapter's notebook is kept as it ran."""
    return f"notebooks/{chapter.position + 1:02d}-{chapter.notebook.name}"


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as JSON holds them."""
    plain: dict[str, Any] = json.loads(json.dumps(parameters, default=str))
    return plain


def _files_read(executed: Executed) -> list[dict[str, Any]]:
    """The files that a chapter read, without those of which it only took names or single lines."""
    return [read for read in executed.reads if read["sha256"] and not {"names", "lines"} & set(read)]


def _further(output: str, document: Document) -> bytes:
    """An output that the spec asks for; what it takes is loaded for those that do."""
    if output == "docx":
        from legation.press import docx

        return docx.page(document)
    from legation.press import xlsx

    return xlsx.workbook(document)


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
    output, _ = _exporter(form).from_notebook_node(nbformat.v4.new_notebook(), resources={"legation": document})
    return output


@lru_cache
def _exporter(form: str) -> Any:
    """Looked up once: nbconvert goes through all that is installed."""
    return get_exporter(form)()


def _manifest(plan: Plan, chapters: Sequence[Executed], document: Document) -> dict[str, Any]:
    """What an edition is made of, without a word on when or where it was built; its files come besides."""
    first = _first(document)
    return {
        "report": plan.spec.name,
        "title": document.title,
        "subtitle": document.subtitle,
        "abstract": " ".join(markup.text(block) for block in document.abstract),
        "authors": document.authors,
        "data_retrieved_to": document.as_of,
        "legation": version(),
        "rebuild": document.rebuild,
        "chapters": [
            {
                "name": chapter.name,
                "title": chapter.title,
                "notebook": chapter.notebook.name,
                "sha256": hashlib.sha256(chapter.notebook.read_bytes()).hexdigest(),
                "parameters": _plain(chapter.parameters),
                "read": _files_read(executed),
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
        "outputs": {output: further_name(plan.spec.name, output) for output in plan.spec.outputs},
        "exhibits": [_named(exhibit) for exhibit in document.exhibits],
        "first_figure": _named(first) | {"subtitle": first.content.get("subtitle")} if first else None,
        "revisions": [{"date": day, "change": change} for day, change in document.revisions],
        "sources": document.sources,
    }


def _named(exhibit: Exhibit) -> dict[str, Any]:
    return {"anchor": exhibit.anchor, "label": exhibit.label, "title": exhibit.content.get("title")}
