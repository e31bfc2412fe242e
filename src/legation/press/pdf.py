"""The PDF, set by Typst: PDF/UA-1 and PDF/A-2a, so that a missing alternative text or title stops the build."""

from __future__ import annotations

import json
import os
import re
import string
import time
from collections.abc import Iterable
from dataclasses import asdict
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
#: The texts of a drawing, between its elements.
_TEXTS = re.compile(r"(?<=>)[^<]+")
_TEMPLATE = (Path(__file__).parent / "house" / "page.typ").read_text(encoding="utf-8")


def page(document: Document) -> bytes:
    """The document as a PDF.

    A character that the house's typefaces lack is shown by its number, as ‹U+1F600›: the standards forbid an empty
    box. In drawings and tables, which have no room for that, a name of such letters is shown as ‹1›, and a note below
    gives its letters.

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
    news = document.news(linked=False)
    if document.several:
        body = [part for block in body for part in (*_new_page(block), block)]
    parts = [_for_typst(blocks, foreign) for blocks in (abstract, summary, body, method, news)]
    written = markup.write(parts, "typst", language=document.language)
    opening, findings, main, closing, told, rest = written
    source = (
        f"{_TEMPLATE}\n#front[\n{opening}\n]\n#opening[\n{findings}\n][\n{told}\n]\n{main}\n"
        f"#closing[\n{closing}\n]\n{rest}\n"
    )
    day = _date(document)
    made = typst.compile(
        source.encode("utf-8"),
        format="pdf",
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps(_printable(_values(document, day, foreign), foreign))},
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


def _values(document: Document, day: date, foreign: set[str]) -> dict[str, Any]:
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
        "news": document.news_heading,
        "changes": document.changes,
        "closes": document.closes,
        "rebuild": document.rebuild,
        "publications": len(document.publications),
        "retrieved": document.usual_day_in_words,
        "holdings": document.holdings,
        "press_reports": document.press_reports,
        "exhibits": [_exhibit(exhibit, foreign) for exhibit in document.exhibits],
    }


def _table(table: dict[str, Any]) -> dict[str, Any]:
    """A table with its widths, the bars of a column as shares of a ``track``; in points."""
    made = tables.laid_out(table, with_bars=True)
    columns = [column | {"bars": column["bars"] and asdict(column["bars"])} for column in made["columns"]]
    return made | {"columns": columns, "track": tables.TRACK, "gap": tables.GAP}


def _exhibit(exhibit: Exhibit, foreign: set[str]) -> dict[str, Any]:
    content = exhibit.content
    marks = _Marks(foreign)
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
        values["drawing"] = marks.in_drawing(svg.plain(content["svg"]["page"], where))
    elif exhibit.kind == "table":
        values["table"] = _table(marks.in_table(content["table"]))
    elif content["mime"] == "image/svg+xml":
        values |= {"format": "svg", "drawing": marks.in_drawing(svg.plain(content["picture"], where))}
    else:
        values |= {
            "format": content["mime"].removeprefix("image/").replace("jpeg", "jpg"),
            "bytes": list(raster(content["picture"])),
        }
    values["notes"] = [*values["notes"], *marks.note()]
    return values


class _Marks:
    """What stands in an exhibit for names whose letters the typefaces lack: ‹1›, ‹2› and so on, as they are met."""

    def __init__(self, foreign: set[str]) -> None:
        letters = f"[{re.escape(''.join(sorted(foreign)))}]+" if foreign else "(?!)"
        self._name = re.compile(rf"({letters}(?:\s{letters})*)(…?)")
        self._names: list[str] = []

    def in_drawing(self, drawing: str) -> str:
        """The drawing with marks in its texts, each of which is one line."""
        self._meet(_TEXTS.findall(drawing))
        return _TEXTS.sub(lambda text: self._put(text[0]), drawing)

    def in_table(self, table: dict[str, Any]) -> dict[str, Any]:
        """The table with marks in its heads and cells."""
        heads = [*table["columns"], *(table.get("groups") or [])]
        self._meet([head["label"] for head in heads] + [cell for row in table["rows"] for cell in row])
        marked = {
            key: [head | {"label": self._put(head["label"])} for head in table[key]]
            for key in ("columns", "groups")
            if table.get(key)
        }
        return table | marked | {"rows": [[self._put(cell) for cell in row] for row in table["rows"]]}

    def note(self) -> list[str]:
        """The sentence that gives the letters of each name by their numbers; none if no name was met."""
        told = [
            f"‹{number}› is {' '.join(f'U+{ord(letter):04X}' for letter in name if not letter.isspace())}"
            for number, name in enumerate(self._names, start=1)
        ]
        return [f"Names whose letters this page’s typefaces lack are numbered: {'; '.join(told)}."] if told else []

    def _meet(self, texts: list[str]) -> None:
        """Number the names; the beginning of one, cut off by an ellipsis, has that one's number."""
        found = [name.groups() for text in texts for name in self._name.finditer(markup.printable(text))]
        whole = dict.fromkeys(name for name, cut in found if not cut)
        self._names = list(whole | dict.fromkeys(name for name, cut in found if not _begun(name, whole)))

    def _put(self, text: str) -> str:
        return self._name.sub(lambda name: f"‹{self._number(name[1])}›{name[2]}", markup.printable(text))

    def _number(self, name: str) -> int:
        return 1 + self._names.index(name if name in self._names else _begun(name, self._names))


def _begun(name: str, names: Iterable[str]) -> str:
    """The first of the names that begins so; empty if none does."""
    return next((each for each in names if each.startswith(name)), "")
