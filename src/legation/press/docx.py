"""The Word file, for editors who work in Word: styles, captions, editable tables, footnotes and links.

Pandoc writes the running text. What it does not know is put in afterwards: the house's styles, exhibits with pictures
and tables, a head for each page, and what the file says of itself.
"""

from __future__ import annotations

import json
import struct
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import typst
from lxml import etree

from legation.errors import InputError
from legation.press import fonts, markup, ooxml, svg, tables
from legation.press.document import NEWS, SHEETS, Document, Exhibit, raster
from legation.press.markup import Blocks, Node

_STYLES = Path(__file__).parent / "house" / "word-styles.xml"
#: In twentieths of a point. What the margins beside the text leave is for exhibits.
_TWIPS_PER_MM, _EXHIBIT_MM = 1440 / 25.4, 160
#: Of a picture, as in print. Word would set the letters of an SVG in whatever typeface the reader has.
_DOTS_PER_INCH = 300
_EMU_PER_POINT = 12_700
_EN_SPACE = "\u2002"

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_PIC = "http://schemas.openxmlformats.org/drawingml/2006/picture"
_NAMES = {"w": _W, "r": _R, "wp": _WP, "a": _A, "pic": _PIC}
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_HEADER_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"

#: Every drawing and picture on a page of its own, as large as in the report.
_PICTURES = """
#set page(width: auto, height: auto, margin: 0pt, fill: white)
#let room = 160mm
#for it in json(bytes(sys.inputs.pictures)) {
  let given = if it.format == "svg" { bytes(it.drawing) } else { bytes(it.bytes) }
  page(context {
    let natural = measure(image(given, format: it.format)).width
    image(given, format: it.format, width: if it.full { room } else { calc.min(natural, room) })
  })
}
"""
#: Who has not installed the house's typefaces sees one that is like them.
_FONTS = f"""<w:fonts xmlns:w="{_W}">
<w:font w:name="{fonts.SANS}"><w:altName w:val="Source Sans 3,Segoe UI,Arial"/><w:family w:val="swiss"/></w:font>
<w:font w:name="{fonts.SERIF}"><w:altName w:val="Source Serif 4,Cambria,Georgia"/><w:family w:val="roman"/></w:font>
<w:font w:name="Consolas"><w:altName w:val="DejaVu Sans Mono,Courier New"/><w:family w:val="modern"/></w:font>
</w:fonts>"""
_SETTINGS = f"""<w:settings xmlns:w="{_W}">
<w:zoom w:percent="100"/><w:defaultTabStop w:val="720"/><w:characterSpacingControl w:val="doNotCompress"/>
<w:footnotePr><w:footnote w:id="-1"/><w:footnote w:id="0"/></w:footnotePr>
<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/>
</w:compat><w:themeFontLang w:val="en-GB"/>
<w:clrSchemeMapping w:bg1="light1" w:t1="dark1" w:bg2="light2" w:t2="dark2" w:accent1="accent1" w:accent2="accent2"
 w:accent3="accent3" w:accent4="accent4" w:accent5="accent5" w:accent6="accent6" w:hyperlink="hyperlink"
 w:followedHyperlink="followedHyperlink"/><w:decimalSymbol w:val="."/><w:listSeparator w:val=","/></w:settings>"""
_APP = """<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">
<Application>Legation</Application></Properties>"""


def page(document: Document) -> bytes:
    """The document as a Word file.

    Raises
    ------
    InputError
        A citation without entry, or a drawing that is no SVG.
    """
    parts = ooxml.parts(markup.write_docx(_blocks(document), language=document.language))
    body = etree.fromstring(parts["word/document.xml"])
    relations = etree.fromstring(parts["word/_rels/document.xml.rels"])
    types = etree.fromstring(parts["[Content_Types].xml"])
    pictured = [exhibit for exhibit in document.exhibits if exhibit.kind != "table"]
    pictures = dict(zip((exhibit.anchor for exhibit in pictured), _pictures(pictured), strict=True))
    for position, exhibit in enumerate(document.exhibits):
        (place,) = _of_style(body, f"exhibit-{position}")
        if exhibit.kind == "table":
            shown = _table(exhibit)
        else:
            name, reference = f"media/exhibit-{position + 1}.png", f"rIdExhibit{position + 1}"
            parts[f"word/{name}"] = pictures[exhibit.anchor]
            _relate(relations, reference, "image", name)
            shown = _figure(exhibit, position, reference, pictures[exhibit.anchor])
        for element in chain(_caption(exhibit), [shown], _below(exhibit)):
            place.addprevious(element)
        place.getparent().remove(place)
    _make_field(body)
    if document.several:
        _begin_pages(body)
    _set_page(body, relations, types, SHEETS[document.paper])
    parts["word/header1.xml"] = ooxml.serialised(_header(document))
    etree.SubElement(types, f"{{{_TYPES}}}Default", Extension="png", ContentType="image/png")
    parts |= {
        "word/document.xml": ooxml.serialised(body),
        "word/_rels/document.xml.rels": ooxml.serialised(relations),
        "[Content_Types].xml": ooxml.serialised(types),
        "word/styles.xml": _in_language(_STYLES.read_bytes(), document.language),
        "word/settings.xml": _in_language(_SETTINGS.encode(), document.language),
        "word/fontTable.xml": ooxml.serialised(etree.fromstring(_FONTS)),
        "docProps/app.xml": ooxml.serialised(etree.fromstring(_APP)),
        ooxml.CORE: ooxml.core(document),
    }
    return ooxml.packed(parts)


# ---- What pandoc writes: the running text, with a place for each exhibit


def _blocks(document: Document) -> Blocks:
    """The whole text in reading order."""
    abstract, summary, body, method = (_placed(_raised(blocks), document) for blocks in document.cited)
    about = [", ".join(document.authors)] if document.authors else []
    about += [f"Data retrieved to {document.as_of_in_words}"] if document.as_of else []
    blocks = [_styled("Title", [document.title])]
    blocks += [_styled("Subtitle", [document.subtitle])] if document.subtitle else []
    blocks += [_division("Abstract", abstract)] if abstract else []
    blocks += [_styled("Byline", [f"{'. '.join(about)}."])] if about else []
    if document.findings or document.tallies:
        blocks += [_heading(1, "findings", "Findings"), *summary]
    for tally in document.tallies:
        counts = " · ".join(f"{count} {kind}" for kind, count in tally.counts)
        blocks.append(_styled("Tally", [_strong(f"{tally.title}: "), counts]))
    if document.since is not None:
        blocks += [_heading(1, NEWS, document.news_heading), *document.news(linked=False)]
    blocks += _contents(document) + body
    return blocks + _closing(document, method) if document.closes else blocks


def _contents(document: Document) -> Blocks:
    """The two upper levels of headings, each a link to its own."""
    entries = [entry for entry in document.contents if entry[0] < 4]
    if len(entries) < 3:
        return []
    if document.closes:
        entries.append((2, "sources", "Data and method"))
    listed = [_styled(f"toc {level - 1}", [_link(words, f"#{anchor}")]) for level, anchor, words in entries]
    return [_styled("TOC Heading", ["Contents"]), *listed]


def _closing(document: Document, method: Blocks) -> Blocks:
    """Method, its changes, the sources and how to make the edition again."""
    blocks = [_heading(1, "sources", "Data and method"), *method]
    if document.changes:
        blocks.append(_heading(2, "", "Changes of method"))
        blocks += [_para([_strong(f"{day}:"), f" {change}"]) for day, change in document.changes]
    count = len(document.publications)
    if count:
        one, usual = count == 1, document.usual_day_in_words
        retrieved = (
            f"Unless an entry says otherwise, {'it was' if one else 'they were'} retrieved on {usual} and the terms "
            "of use are not stated. "
            if usual
            else ""
        )
        said = (
            f"What this edition states comes from {count} publication{'' if one else 's'}. {retrieved}The vintage is "
            "the date of the publication or of its figures; figures get revised, so vintages are kept apart. A title "
            "leads to the address it was read at."
        )
        blocks += [_heading(2, "", "Sources"), _para([said])]
    if document.rebuild:
        code = {"t": "Code", "c": [["", [], []], markup.printable(document.rebuild)]}
        blocks.append(_para(["To rebuild this edition from the same data: ", code]))
    if document.holdings:
        rows = [
            [
                [f"{entry['producer']}: ", _titled(entry), _besides(entry), *_caveat(entry)],
                [entry["vintage"] or "not stated"],
            ]
            for entry in document.holdings
        ]
        blocks.append(_text_table([["Publication"], ["Vintage"]], rows, [0.8, 0.2]))
    if document.press_reports:
        blocks.append(_heading(3, "", "Press reports"))
    for producer, reports in document.press_reports:
        told: list[Any] = [_strong(f"{producer}: ")]
        for place, entry in enumerate(reports):
            vintage = f", {entry['vintage']}" if entry["vintage"] else ""
            end = "." if place == len(reports) - 1 else "; "
            told += [_titled(entry), f"{vintage}{_besides(entry)}{end}"]
        blocks.append(_styled("Source Entry", told))
    return blocks


def _titled(entry: dict[str, Any]) -> Node:
    """A source's title, linked where it can be."""
    if entry["link"]:
        return _link(entry["title"], entry["link"])
    return {"t": "Emph", "c": [_str(entry["title"])]}


def _besides(entry: dict[str, Any]) -> str:
    """What a source says for itself."""
    said = [("by way of ", "by_way_of"), ("retrieved ", "retrieved"), ("terms: ", "terms")]
    return "".join(f", {words}{entry[key]}" for words, key in said if entry[key])


def _caveat(entry: dict[str, Any]) -> list[Node]:
    """What a reader has to know of a source, on a line of its own."""
    return [{"t": "LineBreak"}, {"t": "Emph", "c": [_str(entry["caveat"])]}] if entry["caveat"] else []


def _raised(blocks: Blocks) -> Blocks:
    """Headings from level 1 on, for the title is none of them; and no letters that a page cannot show."""

    def change(element: Node) -> Node:
        if element["t"] == "Str":
            return _str(element["c"])
        if element["t"] != "Header":
            return element
        level, *rest = element["c"]
        return {"t": "Header", "c": [level - 1, *rest]}

    raised: Blocks = [block if block["t"] == "Exhibit" else markup.walk([block], change)[0] for block in blocks]
    return raised


def _placed(blocks: Blocks, document: Document) -> Blocks:
    """In place of an exhibit an empty paragraph that can be found, inside the exhibit's anchor."""
    return [_place(block["c"], document) if block["t"] == "Exhibit" else block for block in blocks]


def _place(position: int, document: Document) -> Node:
    code = f'<w:p><w:pPr><w:pStyle w:val="exhibit-{position}"/></w:pPr></w:p>'
    raw = {"t": "RawBlock", "c": ["openxml", code]}
    return {"t": "Div", "c": [[document.exhibits[position].anchor, [], []], [raw]]}


def _inlines(parts: list[Any]) -> list[Node]:
    return [_str(part) if isinstance(part, str) else part for part in parts]


def _str(text: str) -> Node:
    return {"t": "Str", "c": markup.printable(text)}


def _strong(text: str) -> Node:
    return {"t": "Strong", "c": [_str(text)]}


def _link(text: str, target: str) -> Node:
    return {"t": "Link", "c": [["", [], []], [_str(text)], [target, ""]]}


def _para(parts: list[Any]) -> Node:
    return {"t": "Para", "c": _inlines(parts)}


def _heading(level: int, anchor: str, text: str) -> Node:
    return {"t": "Header", "c": [level, [anchor, [], []], [_str(text)]]}


def _division(style: str, blocks: Blocks) -> Node:
    return {"t": "Div", "c": [["", [], [["custom-style", style]]], blocks]}


def _styled(style: str, parts: list[Any]) -> Node:
    """A paragraph of a style."""
    return _division(style, [_para(parts)])


def _text_table(head: list[list[Any]], rows: list[list[list[Any]]], widths: list[float]) -> Node:
    """A table of running text in pandoc's form."""
    nothing = ["", [], []]

    def row(cells: list[list[Any]]) -> list[Any]:
        left = {"t": "AlignDefault"}
        return [nothing, [[nothing, left, 1, 1, [{"t": "Plain", "c": _inlines(cell)}]] for cell in cells]]

    columns = [[{"t": "AlignLeft"}, {"t": "ColWidth", "c": width}] for width in widths]
    body = [nothing, 0, [], [row(cells) for cells in rows]]
    return {"t": "Table", "c": [nothing, [None, []], columns, [nothing, [row(head)]], [body], [nothing, []]]}


# ---- Exhibits


def _caption(exhibit: Exhibit) -> list[etree._Element]:
    """Number, title and subtitle. The number is a field, so that Word counts on where an editor adds a figure."""
    kind, _, number = exhibit.label.partition(" ")
    muted = "CaptionNumber"
    field = _w("fldSimple", _run(number, style=muted), instr=f" SEQ {kind} \\* ARABIC ")
    title = exhibit.content.get("title")
    paragraph = _paragraph("Caption", _run(f"{kind} ", style=muted), field)
    if title:
        paragraph.append(_run(f"{_EN_SPACE}{title}"))
    subtitle = exhibit.content.get("subtitle")
    return [paragraph, *([_paragraph("ExhibitSubtitle", _run(subtitle))] if subtitle else [])]


def _below(exhibit: Exhibit) -> list[etree._Element]:
    """Notes and source; a paragraph in any case, for Word would join two tables that follow each other."""
    notes, source = exhibit.content.get("notes") or [], exhibit.content.get("source") or ""
    below = [_paragraph("ExhibitNote", _run(" ".join(notes)))] if notes else []
    return [*below, _paragraph("ExhibitSource", *([_run(source)] if source else []))]


def _table(exhibit: Exhibit) -> etree._Element:
    """A table that can be edited, its head repeated on every page that it reaches."""
    content, table = exhibit.content, tables.laid_out(exhibit.content["table"])
    columns, rows, small = table["columns"], table["rows"], table["size"] == tables.SMALL
    widths = [round(width * 20) for width in table["widths"]]
    sides = [column["align"] for column in columns]
    made = _w(
        "tbl",
        _w(
            "tblPr",
            _w("tblStyle", val="ExhibitTable"),
            _w("tblW", w=str(sum(widths)), type="dxa"),
            _w("tblLayout", type="autofit"),
            _w(
                "tblLook",
                val="04A0",
                firstRow="1",
                lastRow="0",
                firstColumn="1",
                lastColumn="0",
                noHBand="0",
                noVBand="1",
            ),
            _w("tblCaption", val=content["title"]),
            _w("tblDescription", val=content["alt"]),
        ),
        _w("tblGrid", *(_w("gridCol", w=str(width)) for width in widths)),
    )
    groups = table.get("groups") or []
    if groups:
        cells, at = [], 0
        for group in groups:
            span = group["span"]
            cells.append(_cell(group["label"], sum(widths[at : at + span]), "left", small=small, span=span))
            at += span
        made.append(_row(cells, head=True))
    labels = [column["label"] for column in columns]
    for cells_of, head in [(labels, True), *((row, False) for row in rows)]:
        cells = [_cell(*cell, small=small) for cell in zip(cells_of, widths, sides, strict=True)]
        made.append(_row(cells, head=head))
    return made


def _row(cells: list[etree._Element], *, head: bool) -> etree._Element:
    return _w("tr", _w("trPr", _w("cantSplit"), *([_w("tblHeader")] if head else [])), *cells)


def _cell(text: str, width: int, side: str, *, small: bool, span: int = 1) -> etree._Element:
    paragraph = _paragraph("ExhibitCell", _run(text, size=tables.SMALL if small else None))
    if side == "right":
        paragraph.find(f"{{{_W}}}pPr").append(_w("jc", val="right"))
    spanning = [_w("gridSpan", val=str(span))] if span > 1 else []
    return _w("tc", _w("tcPr", _w("tcW", w=str(width), type="dxa"), *spanning), paragraph)


def _pictures(exhibits: list[Exhibit]) -> list[bytes]:
    """Each chart and picture as PNG."""
    if not exhibits:
        return []
    try:
        pages: Any = typst.compile(
            _PICTURES.encode(),
            format="png",
            ppi=_DOTS_PER_INCH,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"pictures": json.dumps([_given(exhibit) for exhibit in exhibits])},
        )
    except typst.TypstError as error:
        raise InputError(f"A picture cannot be drawn for Word: {error.message}. Mend the drawing.") from None
    return pages if isinstance(pages, list) else [pages]


def _given(exhibit: Exhibit) -> dict[str, Any]:
    """A picture as the template of pictures takes it."""
    content, where = exhibit.content, f"exhibit '{exhibit.anchor}'"
    if exhibit.kind == "chart":
        return {"format": "svg", "drawing": svg.plain(content["svg"]["page"], where), "full": True}
    if content["mime"] == "image/svg+xml":
        return {"format": "svg", "drawing": svg.plain(content["picture"], where), "full": False}
    form = content["mime"].removeprefix("image/").replace("jpeg", "jpg")
    return {"format": form, "bytes": list(raster(content["picture"])), "full": False}


@lru_cache(maxsize=1)
def _fonts() -> Any:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=fonts.FOLDERS)


def _figure(exhibit: Exhibit, position: int, reference: str, png: bytes) -> etree._Element:
    """A paragraph that holds a picture with its alternative text."""
    pixels = struct.unpack(">II", png[16:24])  # the sides, in a PNG's first chunk
    width, height = (round(side / _DOTS_PER_INCH * 72 * _EMU_PER_POINT) for side in pixels)
    extent = {"cx": str(width), "cy": str(height)}
    about = {"id": str(position + 1), "name": exhibit.label, "descr": markup.printable(exhibit.content["alt"])}
    picture = _e(
        _PIC,
        "pic",
        {},
        _e(_PIC, "nvPicPr", {}, _e(_PIC, "cNvPr", about), _e(_PIC, "cNvPicPr", {})),
        _e(
            _PIC,
            "blipFill",
            {},
            _e(_A, "blip", {f"{{{_R}}}embed": reference}),
            _e(_A, "stretch", {}, _e(_A, "fillRect", {})),
        ),
        _e(
            _PIC,
            "spPr",
            {},
            _e(_A, "xfrm", {}, _e(_A, "off", {"x": "0", "y": "0"}), _e(_A, "ext", extent)),
            _e(_A, "prstGeom", {"prst": "rect"}, _e(_A, "avLst", {})),
        ),
    )
    inline = _e(
        _WP,
        "inline",
        dict.fromkeys(("distT", "distB", "distL", "distR"), "0"),
        _e(_WP, "extent", extent),
        _e(_WP, "docPr", about),
        _e(_WP, "cNvGraphicFramePr", {}, _e(_A, "graphicFrameLocks", {"noChangeAspect": "1"})),
        _e(_A, "graphic", {}, _e(_A, "graphicData", {"uri": _PIC}, picture)),
    )
    return _paragraph("ExhibitFigure", _w("r", _w("drawing", inline)))


# ---- The page and the file


def _make_field(body: etree._Element) -> None:
    """Let Word keep the table of contents: the entries are what a field shows until it is brought up to date."""
    entries = _of_style(body, "toc1", "toc2")
    if not entries:
        return
    begin = [
        _w("r", _w("fldChar", fldCharType="begin")),
        _w("r", _instruction(' TOC \\o "1-2" \\n \\h \\z ')),
        _w("r", _w("fldChar", fldCharType="separate")),
    ]
    for place, run in enumerate(begin, start=1):
        entries[0].insert(place, run)
    entries[-1].append(_w("r", _w("fldChar", fldCharType="end")))
    entries[-1].find("w:pPr", _NAMES).append(_w("spacing", after="360"))


def _of_style(body: etree._Element, *styles: str) -> list[etree._Element]:
    """The paragraphs of these styles, which no text can choose, in the text's order."""
    marks = body.iterfind("w:body/w:p/w:pPr/w:pStyle", _NAMES)
    return [mark.getparent().getparent() for mark in marks if mark.get(f"{{{_W}}}val") in styles]


def _instruction(text: str) -> etree._Element:
    element = _w("instrText")
    element.text = text
    element.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return element


def _begin_pages(body: etree._Element) -> None:
    """Let every chapter of several begin a page, and the closing page."""
    for heading in _of_style(body, "Heading1"):
        anchor = heading.getprevious().get(f"{{{_W}}}name")
        if anchor not in ("findings", "references", NEWS):
            heading.find("w:pPr", _NAMES).append(_w("pageBreakBefore"))


def _set_page(
    body: etree._Element, relations: etree._Element, types: etree._Element, sheet: tuple[float, float]
) -> None:
    """The sheet, its margins, and a head on every page but the first."""
    _relate(relations, "rIdHeader", "header", "header1.xml")
    etree.SubElement(types, f"{{{_TYPES}}}Override", PartName="/word/header1.xml", ContentType=_HEADER_TYPE)
    head = _w("headerReference", type="default")
    head.set(f"{{{_R}}}id", "rIdHeader")
    width, height = (round(side * _TWIPS_PER_MM) for side in sheet)
    beside = round((sheet[0] - _EXHIBIT_MM) / 2 * _TWIPS_PER_MM)
    sizes = {"top": 1361, "right": beside, "bottom": 1134, "left": beside, "header": 680, "footer": 567, "gutter": 0}
    margins = {name: str(size) for name, size in sizes.items()}
    section = _w("sectPr", head, _w("pgSz", w=str(width), h=str(height)), _w("pgMar", **margins), _w("titlePg"))
    before = body.find("w:body/w:sectPr", _NAMES)
    before.getparent().replace(before, section)


def _header(document: Document) -> etree._Element:
    """Title and page number."""
    number = _w("fldSimple", _run("1"), instr=" PAGE ")
    return _w("hdr", _paragraph("Header", _run(document.title), _w("r", _w("tab")), number))


def _in_language(part: bytes, language: str) -> bytes:
    """A part whose language is that of the document."""
    root = etree.fromstring(part, etree.XMLParser(remove_comments=True))
    for element in root.iter(f"{{{_W}}}lang", f"{{{_W}}}themeFontLang"):
        element.set(f"{{{_W}}}val", language)
    return ooxml.serialised(root)


def _relate(relations: etree._Element, reference: str, kind: str, target: str) -> None:
    etree.SubElement(relations, f"{{{_RELATIONS}}}Relationship", Id=reference, Type=f"{_R}/{kind}", Target=target)


def _paragraph(style: str, *children: etree._Element) -> etree._Element:
    return _w("p", _w("pPr", _w("pStyle", val=style)), *children)


def _run(text: str, *, style: str | None = None, size: float | None = None) -> etree._Element:
    """A run of text; a new line in it is one in Word."""
    run = _w("r")
    if style or size:
        properties = _w("rPr", *([_w("rStyle", val=style)] if style else []))
        if size:
            properties.append(_w("sz", val=str(round(size * 2))))
        run.append(properties)
    for place, line in enumerate(markup.printable(text).split("\n")):
        if place:
            run.append(_w("br"))
        element = _w("t")
        element.text = line
        element.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        run.append(element)
    return run


def _w(tag: str, *children: etree._Element, **attributes: str) -> etree._Element:
    """An element of Word's own vocabulary, as its attributes are."""
    named = {f"{{{_W}}}{name}": markup.printable(value) for name, value in attributes.items()}
    return _e(_W, tag, named, *children)


def _e(space: str, tag: str, attributes: dict[str, str], *children: etree._Element) -> etree._Element:
    element = etree.Element(f"{{{space}}}{tag}", attributes, nsmap=_NAMES)
    element.extend(children)
    return element
