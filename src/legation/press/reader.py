"""Notebooks with outputs, taken apart and put together as one document.

Everything is collected first, so that pandoc reads all texts in one go; then what is left out goes, exhibits and
headings get their numbers and anchors, and references are resolved.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import nbformat

from legation.errors import InputError
from legation.press import markup, scan
from legation.press.document import RESERVED, Document, Exhibit, Finding, Tally, slug, unique
from legation.press.markup import Blocks, Node
from legation.press.references import ChapterTargets, Target, Targets, nearest

EXHIBIT = "application/vnd.legation.exhibit+json"
FINDING = "application/vnd.legation.finding+json"
TALLY = "application/vnd.legation.tally+json"
_HIDDEN = {"remove-cell", "remove_cell", "remove-output", "remove_output"}
_METHOD = "method"  # the tag of cells that move to the closing page
_INJECTED = "injected-parameters"  # papermill's own cell, which the analyst's notebook does not have
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_EN_SPACE = "\u2002"


@dataclass(frozen=True)
class Written:
    """Something a report's spec says, and the line that says it."""

    text: str
    where: str


@dataclass(frozen=True)
class Part:
    """One chapter of a document: a notebook with outputs, and what the spec says of it."""

    notebook: nbformat.NotebookNode
    file: str  # for messages
    title: str | None = None  # in place of the notebook's own
    name: str = ""  # for references; the file's if not given
    lead: Written | None = None  # Markdown under the chapter's heading
    leave_out: tuple[Written, ...] = ()  # headings of sections not shown


def read(
    parts: list[Part],
    *,
    title: str | None = None,
    abstract: Written | str | None = None,
    findings: list[Written] | None = None,
    **about: Any,
) -> Document:
    """Put notebooks together as one document.

    Parameters
    ----------
    parts
        The chapters in order. The first heading of each, if of level 1, is its title: shown as a numbered heading
        where there are several chapters, and as the document's title where there is one and ``title`` is not given.
    title, abstract, about
        What else stands on the title page; see ``Document``.
    findings
        The names of the findings that the summary shows, in order; ``None`` shows all.

    Raises
    ------
    InputError
        A picture without alternative text, an exhibit that is not whole, a reference that leads nowhere, a finding or
        a section that is not there: with notebook and cell, or the line of the spec.
    """
    if not isinstance(abstract, Written):
        abstract = Written(abstract or "", "the abstract")
    names: set[str] = set()
    chapters = [_Chapter(part, number, names) for number, part in enumerate(parts, start=1)]
    pieces = [piece for chapter in chapters for piece in chapter.pieces if piece.kind in ("markdown", "html")]
    *texts, about_all = markup.read([*((piece.kind, piece.content) for piece in pieces), ("markdown", abstract.text)])
    for piece, blocks in zip(pieces, texts, strict=True):
        piece.blocks = _without_pictures(blocks, piece.where)
    for chapter in chapters:
        chapter.sort_out()
    document = Document(title=title or chapters[0].title or "Untitled", several=len(parts) > 1, **about)
    targets = _number(document, chapters)
    document.abstract = _referring(_without_pictures(about_all, abstract.where), targets, None, abstract.where)
    for chapter in chapters:
        for placed in (*chapter.body, *chapter.method):
            (placed.block,) = _referring([placed.block], targets, chapter.name, placed.where)
    _assemble(document, chapters, targets)
    _summarise(document, chapters, targets, findings)
    if document.findings or document.tallies:
        document.contents.insert(0, (2, "findings", "Findings"))
    everything = [document.abstract, document.summary, document.blocks, document.method]
    if any(markup.citations(blocks) for blocks in everything):
        # pandoc sets the bibliography where it finds the place called refs
        document.blocks.append(_heading(2, "references", [{"t": "Str", "c": "References"}]))
        document.blocks.append({"t": "Div", "c": [["refs", [], []], []]})
        document.contents.append((2, "references", "References"))
    return document


@dataclass
class _Piece:
    """A Markdown cell or an output, as it came."""

    kind: str  # "markdown", "html", "code", "exhibit" or "tally"
    content: Any
    where: str
    role: str = "body"  # or "lead", "method", "finding"
    about: Any = None  # of a finding: its structured form
    cell: int | None = None  # the number that Jupyter gives the cell, if it ran
    blocks: Blocks = field(default_factory=list)


@dataclass
class _Placed:
    """A block that is shown, and where it was written. Of an exhibit, ``name`` is its own within the chapter."""

    block: Node
    where: str
    name: str = ""
    cell: int | None = None


class _Chapter:
    """A notebook's pieces, sorted into what the body, the closing page and the summary show."""

    def __init__(self, part: Part, number: int, names: set[str]) -> None:
        self.part, self.number = part, number
        self.name = unique(part.name or slug(part.file.removesuffix(".ipynb")) or "chapter", names)
        self.pieces = list(_pieces(part))
        self.body: list[_Placed] = []
        self.method: list[_Placed] = []
        self.findings: dict[str, _Piece] = {}
        self.tallies: list[_Piece] = []
        self.left_out: list[tuple[_Placed, str]] = []  # exhibits and headings, and the line that left them out
        self.names: set[str] = set()  # of exhibits, within the chapter
        stem = part.file.removesuffix(".ipynb").replace("_", " ").replace("-", " ").strip()
        self.heading: list[Node] = [
            {"t": "Str", "c": markup.printable(part.title) if part.title else stem[:1].upper() + stem[1:]}
        ]
        self.titled = bool(part.title)

    @property
    def title(self) -> str | None:
        """Its title as plain text, if the spec or the notebook gives one."""
        return markup.text(self.heading) if self.titled else None

    def sort_out(self) -> None:
        """Place every piece; leave out the sections that the spec names.

        Raises
        ------
        InputError
            A section that is not there, a finding's name used twice.
        """
        unwanted = {_folded(written.text): written for written in self.part.leave_out}
        sections: dict[str, str] = {}
        gone: tuple[int, str] | None = None  # level of the section being left out, and the line that says so
        opened = False  # whether the first heading has been met
        for piece in self.pieces:
            if piece.role == "finding":
                self._find(piece)
                continue
            if piece.kind == "tally":
                self.tallies.append(piece)
                continue
            for placed in self._blocks(piece):
                block = placed.block
                if block["t"] == "Header" and piece.role != "lead":
                    level, _, inlines = block["c"]
                    if not opened and piece.role == "body":
                        opened = True
                        if level == 1:
                            self._entitle(inlines)
                            continue
                    words = markup.text(inlines)
                    sections[_folded(words)] = words
                    if gone and level <= gone[0]:
                        gone = None
                    if gone is None and _folded(words) in unwanted:
                        gone = (level, unwanted[_folded(words)].where)
                if gone:
                    self.left_out.append((placed, gone[1]))
                else:
                    (self.method if piece.role == "method" else self.body).append(placed)
        for folded, written in unwanted.items():
            if folded not in sections:
                raise InputError(
                    f"{written.where}: {self.part.file} has no section '{written.text}'."
                    f"{nearest(written.text, sections.values())} Its sections are: {'; '.join(sections.values())}."
                )

    def _entitle(self, inlines: list[Node]) -> None:
        """Take the notebook's own title, unless the spec gives another."""
        if not self.part.title:
            self.heading, self.titled = inlines, True

    def _find(self, piece: _Piece) -> None:
        name = piece.about["name"]
        if name in self.findings:
            raise InputError(f"{piece.where}: the finding '{name}' is shown a second time. Give it another name.")
        if [block["t"] for block in piece.blocks] != ["Para"]:  # a sentence that Markdown reads as a list, say
            piece.blocks = [{"t": "Para", "c": [{"t": "Str", "c": markup.text(piece.blocks)}]}]
        self.findings[name] = piece

    def _blocks(self, piece: _Piece) -> Iterator[_Placed]:
        if piece.kind == "exhibit":
            name = unique(slug(piece.content["name"]) or piece.content["kind"], self.names)
            yield _Placed({"t": "Exhibit", "c": piece.content}, piece.where, name, piece.cell)
        elif piece.kind == "code":
            plain = markup.printable(_ANSI.sub("", piece.content)).rstrip("\n")
            yield _Placed({"t": "CodeBlock", "c": [["", [], []], plain]}, piece.where)
        else:
            for block in piece.blocks:
                yield _Placed(block, piece.where)


def _pieces(part: Part) -> Iterator[_Piece]:
    """What a chapter brings, in the order in which it stands there."""
    if part.lead:
        yield _Piece("markdown", part.lead.text, part.lead.where, "lead")
    cells = [cell for cell in part.notebook.cells if _INJECTED not in cell.metadata.get("tags", [])]
    for number, cell in enumerate(cells, start=1):
        tags = set(cell.metadata.get("tags", []))
        where = f"notebooks/{part.file}, cell {number}"
        role = "method" if _METHOD in tags else "body"
        if cell.cell_type == "markdown":
            yield _Piece("markdown", scan.without_answers(str(cell.source)), where, role)
        elif cell.cell_type == "code" and not _HIDDEN & tags:
            for output in cell.outputs:
                piece = _output(output, where, role)
                if piece:
                    piece.cell = cell.execution_count
                    yield piece


def _output(output: nbformat.NotebookNode, where: str, role: str) -> _Piece | None:
    """The best form of an output that a page can show, if any."""
    if output.output_type == "stream":
        return _Piece("code", output.text, where, role) if output.name == "stdout" else None
    if output.output_type == "error":
        return _Piece("code", f"{output.ename}: {output.evalue}", where, role)
    data = output.data
    picture = next((kind for kind in _PICTURES if kind in data), None)
    if EXHIBIT in data:
        return _Piece("exhibit", _whole(data[EXHIBIT], where), where, role)
    if FINDING in data:
        found = _finding(data[FINDING], where)
        return _Piece("markdown", found["text"], where, "finding", found)
    if TALLY in data:
        return _Piece("tally", _tally(data[TALLY], where), where)
    for kind in ("text/markdown", "text/latex"):
        if kind in data:
            return _Piece("markdown", _joined(data[kind]), where, role)
    if picture:
        alt = output.metadata.get(picture, {}).get("alt") or output.metadata.get("alt")
        if not alt:
            raise InputError(
                f"{where}: this picture has no alternative text. Show it as an Exhibit, or pass "
                f"metadata={{'alt': '…'}} to display()."
            )
        return _Piece("exhibit", _picture(picture, _joined(data[picture]), str(alt)), where, role)
    if "text/html" in data:
        return _Piece("html", _joined(data["text/html"]), where, role)
    if "text/plain" in data:
        return _Piece("code", _joined(data["text/plain"]), where, role)
    return None


def _number(document: Document, chapters: list[_Chapter]) -> Targets:
    """Give exhibits their numbers, headings their levels and both their anchors; returns what can be referred to."""
    targets = Targets({chapter.name: ChapterTargets() for chapter in chapters})
    taken = set(RESERVED)

    def anchor(name: str, chapter: _Chapter) -> str:
        return unique(name if name not in taken else f"{chapter.name}-{name}", taken)

    in_reading_order = [(c, placed) for c in chapters for placed in c.body]
    in_reading_order += [(c, placed) for c in chapters for placed in c.method]
    for chapter, placed in in_reading_order:
        if placed.block["t"] == "Exhibit":
            shown = _numbered(placed, anchor(placed.name, chapter), chapter.number, document.exhibits)
            placed.block = {"t": "Exhibit", "c": len(document.exhibits)}
            document.exhibits.append(shown)
            targets[chapter.name].exhibits[placed.name] = Target(shown.anchor, shown.label, shown)
    top = 2 if document.several else 1
    for chapter in chapters:
        holds, names = targets[chapter.name], set(chapter.names)
        if document.several:
            chapter.heading = [{"t": "Str", "c": f"{chapter.number}{_EN_SPACE}"}, *chapter.heading]
            holds.itself = Target(anchor(chapter.name, chapter), f"Chapter {chapter.number}")
        for placements, least in ((chapter.body, top + 1), (chapter.method, top + 2)):
            above = least - 1
            for placed in placements:
                if placed.block["t"] == "Header":
                    raw, _, inlines = placed.block["c"]
                    above = max(least, min(raw + least - 2, above + 1, 6))
                    words = markup.text(inlines)
                    name = unique(slug(words) or "section", names)
                    placed.block = _heading(above, anchor(name, chapter), inlines)
                    holds.headings[name] = Target(placed.block["c"][1][0], words)
        for placed, line in chapter.left_out:
            if placed.block["t"] == "Exhibit":
                sources = tuple(placed.block["c"].get("sources", []))
                holds.exhibits[placed.name] = Target("", "", left_out=line, sources=sources)
            elif placed.block["t"] == "Header":
                name = unique(slug(markup.text(placed.block["c"][2])) or "section", names)
                holds.headings[name] = Target("", "", left_out=line)
    return targets


def _numbered(placed: _Placed, anchor: str, chapter: int, before: list[Exhibit]) -> Exhibit:
    content = placed.block["c"]
    kind = content["kind"]
    number = 1 + sum((exhibit.kind == "table") == (kind == "table") for exhibit in before)
    return Exhibit(kind, number, anchor, content, chapter, placed.cell)


def _heading(level: int, anchor: str, inlines: list[Node]) -> Node:
    return {"t": "Header", "c": [level, [anchor, [], []], inlines]}


def _referring(blocks: Blocks, targets: Targets, own: str | None, where: str) -> Blocks:
    """Lead every link to its target, and fill an empty one, ``[](#name)``, with the target's label."""

    def change(element: Node) -> Node:
        if element["t"] == "Link" and element["c"][2][0].startswith("#"):
            target = targets.text(element["c"][2][0][1:], own, where)
            element["c"][2][0] = f"#{target.anchor}"
            if not element["c"][1]:
                words = target.words.replace(" ", "\u00a0") if target.exhibit else target.words
                element["c"][1] = [{"t": "Str", "c": words}]
        return element

    walked: Blocks = markup.walk(blocks, change)
    return walked


def _assemble(document: Document, chapters: list[_Chapter], targets: Targets) -> None:
    """Set the chapters one after the other, and what they say of method under their names, the same words only once."""
    said: dict[str, int] = {}  # the number of the first chapter that says it
    for chapter in chapters:
        itself = targets[chapter.name].itself
        if itself:
            document.blocks.append(_heading(2, itself.anchor, chapter.heading))
        document.blocks += [placed.block for placed in chapter.body]
        if itself and chapter.method:
            document.method.append(_heading(3, "", chapter.heading))
        blocks = [placed.block for placed in chapter.method]
        words = json.dumps([block["c"][2] if block["t"] == "Header" else block for block in blocks])  # without anchors
        if not blocks or said.setdefault(words, chapter.number) == chapter.number:
            document.method += blocks
        else:
            document.method += [block for block in blocks if block["t"] == "Header"]
            document.method.append({"t": "Para", "c": [{"t": "Str", "c": f"As in chapter {said[words]}."}]})
    headings = [block["c"] for block in document.blocks if block["t"] == "Header"]
    document.contents = [(level, anchor, markup.text(inlines)) for level, (anchor, *_), inlines in headings]


def _summarise(document: Document, chapters: list[_Chapter], targets: Targets, wanted: list[Written] | None) -> None:
    """Choose the findings, each with its exhibit, and give every tally a title of its own."""
    found = {(chapter.name, name): piece for chapter in chapters for name, piece in chapter.findings.items()}
    for place, name in list(found) if wanted is None else _chosen(wanted, list(found)):
        piece = found[place, name]
        exhibit = None
        if piece.about["exhibit"]:
            target = targets.exhibit(piece.about["exhibit"], place, piece.where)
            exhibit = target.exhibit
            document.unseen += target.sources
        blocks = _referring(piece.blocks, targets, place, piece.where)
        document.findings.append(Finding(name, place, blocks, exhibit))
    tallies = [(chapter, piece.content) for chapter in chapters for piece in chapter.tallies]
    names = [content["name"] for _, content in tallies]
    for chapter, content in tallies:
        name = content["name"]
        title = name if names.count(name) == 1 else f"{name}, chapter {chapter.number}"
        counts = tuple((kind, count) for kind, count in content["counts"])
        document.tallies.append(Tally(name, title, chapter.name, counts))


def _chosen(wanted: list[Written], found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The chapter and name of each finding that the spec lists."""
    names = [name for _, name in found]
    known = [name if names.count(name) == 1 else f"{chapter}.{name}" for chapter, name in found]
    chosen: list[tuple[str, str]] = []
    for written in wanted:
        fits = [(chapter, name) for chapter, name in found if written.text in (name, f"{chapter}.{name}")]
        if not fits:
            raise InputError(
                f"{written.where}: no chapter shows a finding '{written.text}'.{nearest(written.text, known)} "
                f"There are: {', '.join(known) or 'none'}."
            )
        if len(fits) > 1:
            choices = " or ".join(f"'{chapter}.{name}'" for chapter, name in fits)
            raise InputError(f"{written.where}: several chapters show a finding '{written.text}'. Write {choices}.")
        if fits[0] in chosen:
            raise InputError(f"{written.where}: the finding '{written.text}' is listed a second time. Remove one.")
        chosen += fits
    return chosen


def _whole(content: Any, where: str) -> dict[str, Any]:
    """Refuse an exhibit that lacks what a page needs."""
    needed = ("kind", "name", "title", "subtitle", "alt", "source", "data")
    missing = [key for key in needed if not (isinstance(content, dict) and content.get(key))]
    if not missing and content["kind"] == "chart" and not content.get("svg", {}).get("page"):
        missing = ["svg"]
    if not missing and content["kind"] == "table" and not content.get("table"):
        missing = ["table"]
    if missing:
        raise InputError(f"{where}: this exhibit has no {' and no '.join(missing)}. Give every part of an Exhibit.")
    if content["kind"] == "table":
        _check_bars(content["table"], where)
    cleaned: dict[str, Any] = _clean(content)
    if noted := _with_caveats(cleaned.get("sources") or []):
        cleaned["notes"] = [*(cleaned.get("notes") or []), noted]
    return cleaned


def _with_caveats(sources: list[dict[str, Any]]) -> str | None:
    """A note that leads from an exhibit to what the closing page says of its sources; ``None`` if it says nothing."""
    named = dict.fromkeys(f"{entry['producer']}, {entry['title']}" for entry in sources if entry.get("caveat"))
    return f"Newer figures could not be had from {'; '.join(named)}: see Data and method." if named else None


def _check_bars(table: dict[str, Any], where: str) -> None:
    """Refuse bars that are not shares, one or none for each row: pages draw them by these numbers."""
    for column in table["columns"]:
        bars, soft = column.get("bars"), column.get("soft")
        if bars is None and soft is None:
            continue
        if not (
            isinstance(bars, list)
            and len(bars) == len(table["rows"])
            # NaN compares as false with everything; Python takes true for 1.
            and all(bar is None or (type(bar) in (int, float) and -1 <= bar <= 1) for bar in bars)
            and (soft is None or (isinstance(soft, list) and len(soft) == len(bars)))
            and all(type(one) is bool for one in soft or [])
        ):
            raise InputError(
                f"{where}: the bars of the column '{column['label']}' are not one number from -1 to 1 or null for each "
                "row, and true or false for those that are hatched. Make the table with Exhibit.table."
            )


def _finding(content: Any, where: str) -> dict[str, Any]:
    """Refuse a finding without name or text."""
    if not (
        isinstance(content, dict)
        and all(isinstance(content.get(key), str) and content[key].strip() for key in ("name", "text"))
        and isinstance(content.get("exhibit"), str | None)
    ):
        raise InputError(f"{where}: this finding has no name or no text. Make it with legation.exhibits.Finding.")
    return dict(content)


def _tally(content: Any, where: str) -> dict[str, Any]:
    """Refuse a tally that is not a name and whole numbers by kind."""
    counts = content.get("counts") if isinstance(content, dict) else None
    if not (
        isinstance(counts, list)
        and counts
        and isinstance(content.get("name"), str)
        and all(isinstance(pair, list) and len(pair) == 2 for pair in counts)
        and all(isinstance(kind, str) and type(count) is int and count >= 0 for kind, count in counts)
    ):
        raise InputError(f"{where}: this tally has no name or no counts. Make it with legation.exhibits.Tally.")
    cleaned: dict[str, Any] = _clean(dict(content))
    return cleaned


def _folded(words: str) -> str:
    """A heading as it is compared: without regard to capitals, spacing and the form of quotation marks."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    return " ".join(re.sub(r"[‘’ʼ]", "'", re.sub(r"[“”„]", '"', plain)).split())


def _without_pictures(blocks: Blocks, where: str) -> Blocks:
    """Refuse a Markdown picture, which a page would have to fetch."""

    def change(element: Node) -> Node:
        if element["t"] == "Image":
            raise InputError(
                f"{where}: a picture in running text would have to be fetched from '{element['c'][2][0][:60]}'. "
                "Show it from a code cell, with alternative text, so that the page can carry it."
            )
        return element

    walked: Blocks = markup.walk(blocks, change)
    return walked


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return markup.printable(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    return value


def _picture(mime: str, data: str, alt: str) -> dict[str, Any]:
    return {"kind": "picture", "name": "picture", "mime": mime, "picture": data, "alt": markup.printable(alt)}


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)
