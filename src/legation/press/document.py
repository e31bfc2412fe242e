"""A notebook with outputs, taken apart into what a page shows: running text, exhibits, pictures.

Nothing here knows HTML or Typst. Both writers are given the same ``Document``, so both say the same.
"""

from __future__ import annotations

import base64
import calendar
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import nbformat

from legation.errors import InputError
from legation.press import markup
from legation.press.markup import Blocks, Node

EXHIBIT = "application/vnd.legation.exhibit+json"
_HIDDEN = {"remove-cell", "remove_cell", "remove-output", "remove_output"}
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Exhibit:
    """A numbered chart, table or picture. ``content`` is the structured form its maker gave it."""

    kind: str  # "chart", "table" or "picture"
    number: int  # within its kind: charts and pictures are figures, tables are tables
    anchor: str
    content: dict[str, Any]

    @property
    def label(self) -> str:
        """ "Figure 3" or "Table 1"."""
        return f"{'Table' if self.kind == 'table' else 'Figure'} {self.number}"


@dataclass
class Document:
    """What a page shows, in reading order.

    ``blocks`` is pandoc's tree in which a block ``{"t": "Exhibit", "c": position}`` stands for an item of
    ``exhibits``; headings start at level 2 and carry their anchors; ``contents`` lists them as (level, anchor, text).
    """

    title: str
    language: str = "en-GB"
    subtitle: str | None = None
    abstract: Blocks = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    blocks: Blocks = field(default_factory=list)
    exhibits: list[Exhibit] = field(default_factory=list)
    contents: list[tuple[int, str, str]] = field(default_factory=list)
    rebuild: str | None = None  # the command that makes this edition again
    bibliography: Path | None = None

    @property
    def sources(self) -> list[dict[str, Any]]:
        """The source entries behind all exhibits, each once, by producer and title."""
        entries = {entry["id"]: entry for exhibit in self.exhibits for entry in exhibit.content.get("sources", [])}
        return sorted(entries.values(), key=lambda entry: (entry["producer"], entry["title"], entry["id"]))

    @property
    def publications(self) -> list[dict[str, Any]]:
        """The sources as a reader counts them: entries that look the same, such as files of one table, stand once."""
        shown = ("producer", "title", "publisher", "vintage", "retrieved", "licence", "kind")
        return list({tuple(entry.get(key) for key in shown): entry for entry in reversed(self.sources)}.values())[::-1]

    @property
    def as_of(self) -> str | None:
        """The latest day on which any of the figures was retrieved (YYYY-MM-DD): the edition's date."""
        return max((entry["retrieved"] for entry in self.sources if entry.get("retrieved")), default=None)

    @property
    def as_of_in_words(self) -> str | None:
        """``as_of`` as a reader writes it: 22 November 2026."""
        if self.as_of is None:
            return None
        day = date.fromisoformat(self.as_of)
        return f"{day.day} {calendar.month_name[day.month]} {day.year}"


@dataclass(frozen=True)
class Part:
    """One notebook of a document: its outputs, its name for messages, and a title in place of its own."""

    notebook: nbformat.NotebookNode
    name: str
    title: str | None = None


def read(parts: list[Part], *, title: str | None = None, abstract: str | None = None, **about: Any) -> Document:
    """Take notebooks apart into one document.

    Parameters
    ----------
    parts
        The notebooks in order. The first heading of each, if of level 1, is its title: shown as a heading where there
        are several notebooks, and as the document's title where there is one and ``title`` is not given.
    title, abstract, about
        What else stands on the title page; see ``Document``.

    Raises
    ------
    InputError
        A picture without alternative text, an exhibit that is not whole, a reference to an exhibit that is not there:
        with notebook and cell.
    """
    reader = _Reader(several=len(parts) > 1)
    for part in parts:
        reader.take(part)
    return reader.document(title, abstract, about)


class _Reader:
    """Collects fragments first, so that pandoc reads all of them in one go."""

    def __init__(self, *, several: bool) -> None:
        self.several = several
        self.items: list[tuple[str, Any, str]] = []  # (what, content, where)
        self.titles: list[str | None] = []

    def take(self, part: Part) -> None:
        self.items.append(("part", part.title, part.name))
        for number, cell in enumerate(part.notebook.cells, start=1):
            where = f"notebooks/{part.name}, cell {number}"
            if cell.cell_type == "markdown":
                self.items.append(("markdown", str(cell.source), where))
            elif cell.cell_type == "code" and not _HIDDEN & set(cell.metadata.get("tags", [])):
                for output in cell.outputs:
                    self._output(output, where)

    def _output(self, output: nbformat.NotebookNode, where: str) -> None:
        if output.output_type == "stream":
            if output.name == "stdout":
                self.items.append(("code", output.text, where))
            return
        if output.output_type == "error":
            self.items.append(("code", f"{output.ename}: {output.evalue}", where))
            return
        data = output.data
        picture = next((kind for kind in _PICTURES if kind in data), None)
        if EXHIBIT in data:
            self.items.append(("exhibit", _whole(data[EXHIBIT], where), where))
        elif "text/markdown" in data:
            self.items.append(("markdown", _joined(data["text/markdown"]), where))
        elif "text/latex" in data:
            self.items.append(("markdown", _joined(data["text/latex"]), where))
        elif picture:
            alt = output.metadata.get(picture, {}).get("alt") or output.metadata.get("alt")
            if not alt:
                raise InputError(
                    f"{where}: this picture has no alternative text. Show it as an Exhibit, or pass "
                    f"metadata={{'alt': '…'}} to display()."
                )
            self.items.append(("exhibit", _picture(picture, _joined(data[picture]), str(alt)), where))
        elif "text/html" in data:
            self.items.append(("html", _joined(data["text/html"]), where))
        elif "text/plain" in data:
            self.items.append(("code", _joined(data["text/plain"]), where))

    def document(self, title: str | None, abstract: str | None, about: dict[str, Any]) -> Document:
        running = [(what, content) for what, content, _ in self.items if what in ("markdown", "html")]
        texts = iter(markup.read([*running, ("markdown", abstract or "")]))
        document = Document(title=title or "", **about)
        for what, content, where in self.items:
            if what == "part":
                given, first = content, True  # the next heading of level 1 is this notebook's title
                if given and self.several:
                    document.blocks.append(_heading(given))
            elif what == "exhibit":
                document.blocks.append({"t": "Exhibit", "c": len(document.exhibits)})
                document.exhibits.append(_numbered(content, document.exhibits))
            elif what == "code":
                plain = markup.printable(_ANSI.sub("", content)).rstrip("\n")
                document.blocks.append({"t": "CodeBlock", "c": [["", [], []], plain]})
            else:
                blocks = next(texts)
                if first and blocks and blocks[0]["t"] == "Header" and blocks[0]["c"][0] == 1:
                    first = False
                    document.title = document.title or given or markup.text(blocks[0]["c"][2])
                    if given or not self.several:
                        blocks = blocks[1:]
                document.blocks.extend(_pictured(blocks, where))
        document.abstract = next(texts)
        document.title = document.title or "Untitled"
        _head(document, shift=1 if self.several else 0)
        _refer(document)
        if markup.citations(document.blocks):  # pandoc sets the bibliography where it finds the place called refs
            document.blocks.append({"t": "Header", "c": [2, ["references", [], []], [{"t": "Str", "c": "References"}]]})
            document.blocks.append({"t": "Div", "c": [["refs", [], []], []]})
            document.contents.append((2, "references", "References"))
        return document


def _head(document: Document, *, shift: int) -> None:
    """Give every heading a level from 2 down without a gap, a unique anchor, and a line in the contents."""
    taken = {exhibit.anchor for exhibit in document.exhibits} | {"contents", "sources", "references", "top"}
    above = 1
    for block in document.blocks:
        if block["t"] != "Header":
            continue
        words = markup.text(block["c"][2])
        level = max(2, min(block["c"][0] + shift, above + 1, 6))
        above = level
        anchor = _unique(slug(words) or "section", taken)
        block["c"][0], block["c"][1] = level, [anchor, [], []]
        document.contents.append((level, anchor, words))


def _heading(words: str) -> Node:
    return {"t": "Header", "c": [1, ["", [], []], [{"t": "Str", "c": words}]]}


def _refer(document: Document) -> None:
    """Fill an empty link to an exhibit, ``[](#name)``, with its label, and refuse links that lead nowhere."""
    labels = {exhibit.anchor: exhibit.label for exhibit in document.exhibits}
    anchors = {anchor for _, anchor, _ in document.contents} | set(labels)

    def change(element: Node) -> Node:
        if element["t"] == "Link" and element["c"][2][0].startswith("#"):
            target = element["c"][2][0][1:]
            if target not in anchors:
                raise InputError(
                    f"The text refers to '#{target}', but there is no such exhibit or heading. "
                    f"The exhibits are {', '.join(labels) or 'none'}."
                )
            if not element["c"][1]:
                element["c"][1] = [{"t": "Str", "c": labels.get(target, target).replace(" ", "\u00a0")}]
        return element

    document.blocks = markup.walk(document.blocks, change)


def _numbered(content: dict[str, Any], before: list[Exhibit]) -> Exhibit:
    kind = content["kind"]
    number = 1 + sum((exhibit.kind == "table") == (kind == "table") for exhibit in before)
    anchor = _unique(slug(content["name"]) or kind, {exhibit.anchor for exhibit in before})
    return Exhibit(kind, number, anchor, content)


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
    cleaned: dict[str, Any] = _clean(content)
    return cleaned


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


def _pictured(blocks: Blocks, where: str) -> Blocks:
    """Turn a Markdown picture that carries its data into an exhibit of its own; refuse one that must be fetched."""

    def change(element: Node) -> Node:
        if element["t"] == "Image":
            raise InputError(
                f"{where}: a picture in running text would have to be fetched from '{element['c'][2][0][:60]}'. "
                "Show it from a code cell, with alternative text, so that the page can carry it."
            )
        return element

    walked: Blocks = markup.walk(blocks, change)
    return walked


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def _unique(wanted: str, taken: set[str]) -> str:
    anchor, count = wanted, 1
    while anchor in taken:
        count += 1
        anchor = f"{wanted}-{count}"
    taken.add(anchor)
    return anchor


def slug(words: str) -> str:
    """An identifier in small letters, digits and hyphens; it may be empty."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")


def raster(data: str) -> bytes:
    """The bytes of a picture that a notebook holds as base64."""
    return base64.b64decode("".join(data.split()))
