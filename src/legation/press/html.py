"""The HTML page: one file that asks no server for anything."""

from __future__ import annotations

import base64
import csv
import io
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from legation.press import fonts, markup, svg
from legation.press.document import Document, Exhibit, in_words
from legation.press.markup import Node

_HOUSE = Path(__file__).parent / "house"
#: Above this many rows the numbers behind an exhibit are given as a file only.
_ROWS_ON_PAGE = 300
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HOUSE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def page(document: Document) -> str:
    """The document as a page, its exhibits in place.

    Raises
    ------
    InputError
        A citation without entry, or a drawing that is no SVG.
    """
    body = [_placed(document, block) for block in document.blocks]
    method = [_placed(document, block) for block in document.method]
    parts = [document.abstract, document.summary, body, method]
    names = ("abstract", "summary", "body", "method", "notes")
    written = markup.write_parts(parts, "html", bibliography=document.bibliography, language=document.language)
    texts = {name: _scoped(text) for name, text in zip(names, written, strict=True)}
    return _TEMPLATES.get_template("page.html.jinja").render(document=document, style=_style(), **texts)


def index(reports: list[dict[str, Any]]) -> str:
    """The page that lists reports, each given as its manifest, with the text of its ``drawing`` if it has one."""
    # An edition that was built before the press noted all of this has less to show.
    blank: dict[str, Any] = {
        "subtitle": None,
        "data_retrieved_to": None,
        "tallies": [],
        "first_figure": None,
        "drawing": None,
    }
    listed = []
    for report in reports:
        shown = blank | report
        day, drawing = shown["data_retrieved_to"], shown["drawing"]
        if drawing:
            where = f"the first figure of {shown['report']}"
            drawing = svg.inline(drawing, f"{shown['report']}-", where)
            drawing = Markup(drawing.replace("<svg ", '<svg preserveAspectRatio="xMinYMin meet" ', 1))  # noqa: S704 - svg.inline took out harm
        listed.append(shown | {"day": in_words(day) if day else None, "drawing": drawing})
    return _TEMPLATES.get_template("index.html.jinja").render(reports=listed, style=_style())


def data_index(document: Document) -> str:
    """The page that lists the CSV files of an edition, as it stands beside them."""
    exhibits = [exhibit for exhibit in document.exhibits if "data" in exhibit.content]
    return _TEMPLATES.get_template("data.html.jinja").render(document=document, exhibits=exhibits, style=_style())


def data_csv(exhibit: Exhibit) -> str:
    """The numbers behind an exhibit as CSV, in the frame's own column names; a missing value is an empty cell."""
    data = exhibit.content["data"]
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(column["name"] for column in data["columns"])
    rows.writerows(["" if cell is None else _inert(cell) for cell in row] for row in data["rows"])
    return out.getvalue()


def _style() -> Markup:
    return Markup(fonts.css() + (_HOUSE / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - ours, not data


def _inert(cell: Any) -> Any:
    """Keep a text that begins like a formula from being run by a spreadsheet."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _scoped(text: str) -> Markup:
    """Pandoc's HTML, its table heads marked as heads of columns."""
    text = text.strip()
    return Markup(text.replace("<th>", '<th scope="col">').replace("<th ", '<th scope="col" '))  # noqa: S704 - pandoc escaped it


def _placed(document: Document, block: Node) -> Node:
    if block["t"] != "Exhibit":
        return block
    return {"t": "RawBlock", "c": ["html", _exhibit(document.exhibits[block["c"]])]}


def _exhibit(exhibit: Exhibit) -> str:
    content = exhibit.content
    drawings = []
    if exhibit.kind == "chart":
        for size, drawing in sorted(content["svg"].items()):
            inside = svg.inline(drawing, f"{exhibit.anchor}-{size[:2]}-", f"exhibit '{exhibit.anchor}'")
            drawings.append((size, Markup(inside)))  # noqa: S704 - svg.inline took out what could harm
    elif exhibit.kind == "picture" and content["mime"] == "image/svg+xml":
        drawings.append(("page", Markup(svg.inline(content["picture"], f"{exhibit.anchor}-", exhibit.anchor))))  # noqa: S704
    spreadsheet = None
    if "data" in content:
        spreadsheet = base64.b64encode(data_csv(exhibit).encode("utf-8")).decode("ascii")
    return _TEMPLATES.get_template("exhibit.html.jinja").render(
        exhibit=exhibit,
        content=content,
        drawings=drawings,
        spreadsheet=spreadsheet,
        on_page=_ROWS_ON_PAGE,
        shown=_shown,
    )


def _shown(cell: Any) -> str:
    """A raw value as the table of numbers shows it."""
    if cell is None:
        return "not reported"
    if isinstance(cell, float):
        return f"{cell:,.4g}" if abs(cell) < 1000 else f"{cell:,.0f}"
    return str(cell)
