"""A PDF as a screen reader takes it: its structure tree with the text of every piece of marked content."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pypdf
import pypdfium2
import pypdfium2.raw as pdfium
from lxml import html as lxml_html

#: What begins on a line of its own; so does whatever says of itself that it does.
_BLOCKS = {"P", "Title", "H1", "H2", "H3", "H4", "H5", "H6", "LI", "LBody", "TR", "TH", "TD", "Caption", "Div"}
_HTML_BLOCKS = re.compile("p|h[1-6]|li|t[rdh]|div|d[td]|pre|section")
#: The end of a line inside a word: at a hyphen, the word's own or not, which pdfium does not tell, or at a sign.
_BROKEN = re.compile("\x02\\s*|(?<=[/–—])\r\n")
_DAY = re.compile(r"Data retrieved to \d+ \w+ \d{4}\.")

#: In the page alone: controls; drawings, which the PDF has as figures; the contents, notes and formulas, told apart.
PAGES_FURNITURE = (
    "//a[@class='skip']",
    "//nav",
    "//details[@class='numbers']",
    "//details[@class='press']/summary",  # counts what it folds away
    "//*[@id='computed']/following-sibling::p[1] | //*[@id='computed'] | //ol[@class='computed']",  # files beside it
    "//*[@role='img']",
    "//a[@role='doc-backlink']",
    "//section[@role='doc-endnotes']",
    "//math",
    "//head | //style | //script | //button",
)
#: In the PDF alone, besides running heads and page numbers, which are no content at all.
PRINTS_FURNITURE = {"TOC", "Note", "Formula", "Figure"}


@dataclass
class Element:
    """An element of the structure tree; ``children`` are elements and texts in reading order."""

    role: str
    about: dict[str, Any]
    children: list[Element | str] = field(default_factory=list)

    def all(self, *roles: str) -> Iterator[Element]:
        """The elements of these roles below this one, in reading order."""
        for child in self.children:
            if isinstance(child, Element):
                if child.role in roles:
                    yield child
                yield from child.all(*roles)

    def text(self, without: frozenset[str] | set[str] = frozenset()) -> str:
        """What is read out, a line a block."""
        return _BROKEN.sub("", self._text(without))

    def _text(self, without: frozenset[str] | set[str]) -> str:
        if self.role in without:
            return ""
        listed = self.role == "LI"  # what its label says HTML has not as text
        said = "".join(
            child if isinstance(child, str) else "" if listed and child.role == "Lbl" else child._text(without)
            for child in self.children
        )
        return f"\n{said}\n" if self.role in _BLOCKS or self.about.get("Placement") == "Block" else said


def structure(data: bytes) -> Element:
    """The structure tree of a PDF with its texts."""
    reader, said = pypdf.PdfReader(io.BytesIO(data)), _marked(data)
    pages = {page.indirect_reference.idnum: number for number, page in enumerate(reader.pages)}

    def read(node: Any, page: int | None) -> Element | str:
        node = node.get_object()
        if isinstance(node, int):
            return said.get((page, int(node)), "")
        page = pages[node.raw_get("/Pg").idnum] if "/Pg" in node else page
        if "/MCID" in node:
            return said.get((page, int(node["/MCID"])), "")
        layout = node.get("/A", [])
        about = {
            key.removeprefix("/"): value for key, value in node.items() if key not in ("/S", "/K", "/P", "/Pg", "/A")
        }
        for part in layout if isinstance(layout, list) else [layout]:
            about |= {key.removeprefix("/"): _plain(value) for key, value in part.get_object().items()}
        below = node.get("/K", [])
        children = below.get_object() if hasattr(below, "get_object") else below
        found = Element(str(node.get("/S", "/OBJR" if "/Obj" in node else "/Root")).removeprefix("/"), about)
        found.children = [read(child, page) for child in (children if isinstance(children, list) else [children])]
        return found

    root = read(reader.trailer["/Root"]["/StructTreeRoot"], None)
    assert isinstance(root, Element)
    return root


def _plain(value: Any) -> Any:
    return value.removeprefix("/") if isinstance(value, str) else value


def _marked(data: bytes) -> dict[tuple[int, int], str]:
    """The text of each piece of marked content, by page and number; what is no content has the number -1."""
    found: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    with pypdfium2.PdfDocument(data) as document:
        for number, page in enumerate(document):
            text, place = page.get_textpage(), -1
            for position in range(text.count_chars()):
                shown = pdfium.FPDFText_GetTextObject(text, position)
                if shown and pdfium.FPDFText_IsGenerated(text, position) != 1:  # spaces and ends of lines are
                    place = pdfium.FPDFPageObj_GetMarkedContentID(shown)
                found[number, place].append(chr(pdfium.FPDFText_GetUnicode(text, position)))
    return {place: "".join(letters) for place, letters in found.items()}


def words(text: str) -> list[str]:
    """The words of a text, without hyphens and without marks that print nothing."""
    plain = re.sub("[-\u00ad\u200b\u202e\u2060\ufe0e\ufe0f]", "", text)
    return re.sub(r"\s+(?=[.,;:)])", "", plain).split()  # pdfium takes the gap behind a narrow letter for a space


def words_of_print(root: Element) -> list[str]:
    """The words of a PDF in reading order, without its furniture."""
    lines = root.text(PRINTS_FURNITURE).split("\n")
    text = " ".join(" ".join(line for line in lines if line.strip() != "Press reports").split())
    first = _DAY.search(text)
    if first:  # the page of findings tells the day again, for who sends it alone
        text = text[: first.end()] + _DAY.sub("", text[first.end() :], count=1)
    return words(text)


def words_of_page(page: str) -> list[str]:
    """The words of an HTML page in its order, without its furniture."""
    tree = lxml_html.fromstring(page)
    for path in PAGES_FURNITURE:
        for element in tree.xpath(path):
            if element.getparent() is not None:
                element.drop_tree()
    return words(_lines(tree))


def _lines(element: Any) -> str:
    """The text of an element, its blocks on lines of their own."""
    if not isinstance(element.tag, str):
        return ""
    said = (element.text or "") + "".join(_lines(child) + (child.tail or "") for child in element)
    return f"\n{said}\n" if _HTML_BLOCKS.fullmatch(element.tag) else "\n" if element.tag == "br" else said
