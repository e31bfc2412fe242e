"""The PDF, set by Typst: PDF/UA-1 and PDF/A-2a, so that a missing alternative text or title stops the build."""

from __future__ import annotations

import json
import os
import re
import string
import time
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import typst

from legation.errors import InputError
from legation.press import fonts, markup, svg, tables
from legation.press.document import SHEETS, Document, Exhibit, raster
from legation.press.markup import Blocks, Node

STANDARDS: list[Any] = ["ua-1", "a-2a"]
#: How Typst names text for which it has no letters, and letters that mean something else to everyone.
_NOT_SHOWN = re.compile(r'the text `"([^`]*)"` could not be displayed|contains the codepoint `"([^`]*)"`')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
_TEMPLATE = (Path(__file__).parent / "house" / "page.typ").read_text(encoding="utf-8")


def page(document: Document) -> bytes:
    """The document as a PDF.

    A character that the house's typefaces lack is shown by its number, as ‹U+1F600›: the standards forbid an empty box.

    Raises
    ------
    InputError
        What the standards forbid, a missing alternative text for one, named by Typst; a citation without entry.
    """
    foreign: set[str] = set()
    while True:
        try:
            return _set(document, foreign)
        except typst.TypstError as error:
            found = _not_shown(f"{error.message} {error.diagnostic}")
            if not found - foreign:
                raise InputError(
                    f"The PDF of '{document.title}' was refused: {error.message}. {' '.join(error.hints)} "
                    f"{error.diagnostic}"
                ) from None
            foreign |= found


def _not_shown(told: str) -> set[str]:
    """The characters that Typst refuses."""
    named = "".join(text or codepoint for text, codepoint in _NOT_SHOWN.findall(told))
    return {letter for letter in _ESCAPED.sub(lambda code: chr(int(code[1], 16)), named) if not letter.isascii()}


def _set(document: Document, foreign: set[str]) -> bytes:
    """The document as Typst sets it, with the numbers of these characters in their place."""
    abstract, summary, body, method = ([_placed(block) for block in blocks] for blocks in document.cited)
    if document.several:
        body = [part for block in body for part in (*_new_page(block), block)]
    parts = [_for_typst(blocks, foreign) for blocks in (abstract, summary, body, method)]
    written = markup.write(parts, "typst", language=document.language)
    opening, findings, main, closing, rest = written
    source = f"{_TEMPLATE}\n#front[\n{opening}\n]\n#opening[\n{findings}\n]\n{main}\n#closing[\n{closing}\n]\n{rest}\n"
    day = _date(document)
    made = typst.compile(
        source.encode("utf-8"),
        format="pdf",
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps(_printable(_values(document, day), foreign))},
        pdf_standards=STANDARDS,
        timestamp=datetime.combine(day, datetime.min.time(), UTC),
    )
    if not isinstance(made, bytes):
        raise TypeError(f"Typst gave {type(made).__name__} where one PDF was expected.")
    return made


def _printable(value: Any, foreign: set[str]) -> Any:
    """The values with letters that can be shown, and addresses in the letters that a PDF takes there."""
    if isinstance(value, str):
        return _shown(value, foreign)
    if isinstance(value, dict):
        kept = {"bytes": value["bytes"]} if "bytes" in value else {}  # of a picture: too many to go through
        return kept | {
            key: _address(within) if key == "link" else _printable(within, foreign)
            for key, within in value.items()
            if key != "bytes"
        }
    if isinstance(value, list | tuple):
        return [_printable(within, foreign) for within in value]
    return value


def _address(link: str | None) -> str | None:
    return link and quote(link, safe=string.punctuation)


def _shown(text: str, foreign: set[str]) -> str:
    """The text as it can be shown, with the numbers of these characters in their place."""
    text = markup.printable(text)
    if foreign.isdisjoint(text):
        return text
    return "".join(f"‹U+{ord(letter):04X}›" if letter in foreign else letter for letter in text)


@lru_cache(maxsize=1)
def _fonts() -> Any:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=fonts.FOLDERS)


def _date(document: Document) -> date:
    """The date PDF/A demands: that of the data; without data that of SOURCE_DATE_EPOCH, or today."""
    if document.as_of:
        return date.fromisoformat(document.as_of)
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch) if epoch else time.time(), UTC).date()


def _for_typst(blocks: Blocks, foreign: set[str]) -> Blocks:
    """The text with letters that can be shown, and formulas with what a screen reader says of them."""

    def change(element: Node) -> Any:
        kind = element["t"]
        if kind == "Str":
            return {"t": kind, "c": _shown(element["c"], foreign)}
        if kind in ("Code", "CodeBlock"):
            return {"t": kind, "c": [element["c"][0], _shown(element["c"][1], foreign)]}
        return _described(element) if kind == "Math" else element

    return [_raise(block) for block in markup.walk(blocks, change)]


def _raise(block: Node) -> Node:
    """Typst's headings start at 1, below a title that is no heading."""
    if block["t"] != "Header":
        return block
    level, *rest = block["c"]
    return {"t": "Header", "c": [level - 1, *rest]}


def _described(formula: Node) -> Blocks:
    """A formula with its TeX source as alternative text."""
    alt = json.dumps(formula["c"][1], ensure_ascii=False)
    return [_raw(f"#with-alt({alt})["), formula, _raw("]")]


def _raw(code: str) -> Node:
    return {"t": "RawInline", "c": ["typst", code]}


def _placed(block: Node) -> Node:
    return {"t": "RawBlock", "c": ["typst", f"#exhibit({block['c']})"]} if block["t"] == "Exhibit" else block


def _new_page(block: Node) -> Blocks:
    """A chapter of several begins a page."""
    begins = block["t"] == "Header" and block["c"][0] == 2 and block["c"][1][0] != "references"
    return [{"t": "RawBlock", "c": ["typst", "#pagebreak(weak: true)"]}] if begins else []


def _values(document: Document, day: date) -> dict[str, Any]:
    """Everything that comes from data, as values for the template."""
    language, _, region = document.language.partition("-")
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "authors": document.authors,
        "language": [language, region or None],
        "sheet": list(SHEETS[document.paper]),
        "date": [day.year, day.month, day.day],
        "as_of_in_words": document.as_of_in_words,
        "several": document.several,
        "findings": len(document.findings),
        "tallies": [{"title": tally.title, "counts": tally.counts} for tally in document.tallies],
        "has_method": bool(document.method),
        "changes": document.changes,
        "closes": document.closes,
        "rebuild": document.rebuild,
        "publications": len(document.publications),
        "retrieved": document.usual_day_in_words,
        "holdings": document.holdings,
        "press_reports": document.press_reports,
        "exhibits": [_exhibit(exhibit) for exhibit in document.exhibits],
    }


def _exhibit(exhibit: Exhibit) -> dict[str, Any]:
    content = exhibit.content
    values: dict[str, Any] = {
        "kind": exhibit.kind,
        "anchor": exhibit.anchor,
        "label": exhibit.label,
        "title": content.get("title"),
        "subtitle": content.get("subtitle"),
        "alt": content["alt"],
        "notes": content.get("notes") or [],
        "source": content.get("source"),
    }
    where = f"exhibit '{exhibit.anchor}'"
    if exhibit.kind == "chart":
        values["drawing"] = svg.plain(content["svg"]["page"], where)
    elif exhibit.kind == "table":
        values["table"] = tables.laid_out(content["table"])
    elif content["mime"] == "image/svg+xml":
        values |= {"format": "svg", "drawing": svg.plain(content["picture"], where)}
    else:
        values |= {
            "format": content["mime"].removeprefix("image/").replace("jpeg", "jpg"),
            "bytes": list(raster(content["picture"])),
        }
    return values
