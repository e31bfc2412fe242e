"""The HTML page and the PDF say the same, and carry everything they need."""

import io
import re

import pypdf
import pytest
from helpers import EXHIBIT, drawing, exhibit, notebook, shown
from lxml import html as lxml_html

from legation.errors import InputError
from legation.press import document, html, pdf
from legation.press.document import Part

HOSTILE = "<script>alert(1)</script> #panic() $x$ {{ 7*7 }} \\input{x} `y` *z* </figure> \" ' \u202e"


def read(*cells, **about):
    return document.read([Part(notebook(*cells), "trade.ipynb")], **about)


def whole():
    return read(
        "# How trade grew\n\nBy how much?[^1]\n\n[^1]: In dollars.",
        "## Turnover\n\nSee [](#turnover) and [](#turnover-2). The formula is $a^2$.",
        shown({EXHIBIT: exhibit("chart")}),
        shown({EXHIBIT: exhibit("table")}),
        "## Method\n\nAs stated.",
        rebuild="make report REPORT=x",
        authors=["A. Writer"],
    )


def text_of(data):
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def words(text):
    return re.sub(r"\s+", " ", text.replace("\u00a0", " "))


def test_both_pages_hold_prose_captions_notes_sources_and_method():
    page, printed = lxml_html.fromstring(html.page(whole())), words(text_of(pdf.page(whole())))
    for said in (
        "How trade grew",
        "By how much?",
        "In dollars.",
        "See Figure 1 and Table 1.",
        "Turnover grew in each of two years",
        "Million USD, 2019–2020",
        "The second year is preliminary.",
        "Source: Office of Examples, Trade (May 2021).",
        "drawn label",
        "not reported",
        "make report REPORT=x",
        "A. Writer",
        "1 June 2021",
    ):
        assert said in words(page.text_content()), f"HTML lacks {said!r}"
        assert said in printed, f"PDF lacks {said!r}"


def test_the_pdf_is_tagged_named_and_declares_its_standards():
    data = pdf.page(whole())
    reader = pypdf.PdfReader(io.BytesIO(data))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert reader.metadata.title == "How trade grew"
    metadata = root["/Metadata"].get_data().decode()
    assert re.search(r"<pdfuaid:part>1<|pdfuaid:part=\"1\"", metadata)
    assert re.search(r"<pdfaid:part>2<|pdfaid:part=\"2\"", metadata)
    assert re.search(r"<pdfaid:conformance>A<|pdfaid:conformance=\"A\"", metadata)
    assert "Turnover rose from 10 to 12 million dollars." in _alts(root["/StructTreeRoot"])


def _alts(node, depth=0):
    found = [str(node["/Alt"])] if "/Alt" in node else []
    children = node.get("/K", []) if depth < 60 else []
    for child in children if isinstance(children, list) else [children]:
        child = child.get_object() if hasattr(child, "get_object") else child
        if isinstance(child, dict):
            found += _alts(child, depth + 1)
    return found


def test_the_pdf_embeds_the_houses_typefaces():
    reader = pypdf.PdfReader(io.BytesIO(pdf.page(whole())))
    names = {str(font["/BaseFont"]) for page in reader.pages for font in page["/Resources"]["/Font"].values()}
    assert any("SourceSerifPro" in name for name in names)
    assert any("SourceSansPro" in name for name in names)
    assert all("+" in name for name in names), "a font is not embedded as a subset"


def test_a_pdf_without_alternative_text_is_refused_by_the_standard_itself():
    broken = whole()
    broken.exhibits[0].content["alt"] = None
    with pytest.raises(InputError, match="alt"):
        pdf.page(broken)


def test_the_html_asks_no_server_for_anything():
    page = html.page(whole())
    assert "default-src 'none'" in page
    fetched = re.findall(r"(?:src|href)=[\"']([^\"']+)", page)
    fetched += re.findall(r"url\(([^)]+)\)", page)
    assert fetched
    for address in fetched:
        assert re.match(r"#|data:|https?://example\.org/trade$", address), address
    assert not lxml_html.fromstring(page).xpath("//script | //link | //iframe | //object")


def test_headings_tables_and_drawings_are_marked_for_a_screen_reader():
    page = lxml_html.fromstring(html.page(whole()))
    assert page.get("lang") == "en-GB"
    assert [heading.text_content() for heading in page.xpath("//main//h2")] == ["Turnover", "Method"]
    assert len(page.xpath("//h1")) == 1
    assert {th.get("scope") for th in page.xpath("//th")} <= {"col", "row", "colgroup"}
    for drawn in page.xpath("//div[@role='img']"):
        assert drawn.get("aria-label") == "Turnover rose from 10 to 12 million dollars."
    identifiers = page.xpath("//@id")
    assert len(identifiers) == len(set(identifiers))


def test_a_chart_is_drawn_for_the_page_and_for_the_phone():
    page = lxml_html.fromstring(html.page(whole()))
    assert len(page.xpath("//figure[@id='turnover']//*[local-name()='svg']")) == 2


def test_the_numbers_behind_an_exhibit_are_given_as_csv_with_missing_cells_empty():
    assert html.data_csv(whole().exhibits[0]) == "year,turnover\n2019,10.0\n2020,\n"


def test_a_text_that_looks_like_a_formula_is_inert_in_a_spreadsheet():
    risky = exhibit(
        "table", data={"columns": [{"name": "a", "type": "string", "unit": ""}], "rows": [["=1+1"], ["@x"]]}
    )
    assert html.data_csv(read(shown({EXHIBIT: risky})).exhibits[0]) == "a\n'=1+1\n'@x\n"


def test_hostile_text_is_shown_as_text_wherever_data_reaches_a_page():
    source = exhibit()["sources"][0] | {"producer": HOSTILE, "title": HOSTILE, "address": "javascript:alert(1)"}
    hostile = exhibit(
        "table",
        title=HOSTILE,
        subtitle=HOSTILE,
        alt=HOSTILE,
        notes=[HOSTILE],
        source=HOSTILE,
        sources=[source],
        table={"columns": [{"label": HOSTILE, "align": "left"}], "rows": [[HOSTILE]], "row_headers": 1},
        data={"columns": [{"name": HOSTILE, "type": "string", "unit": HOSTILE}], "rows": [[HOSTILE]]},
    )
    chart = hostile | {"kind": "chart", "svg": {"page": drawing(inside="<text>#panic()</text>")}}
    found = read(
        "text",
        shown({EXHIBIT: chart}),
        shown({EXHIBIT: hostile}),
        title=HOSTILE,
        abstract=HOSTILE,
        subtitle=HOSTILE,
        authors=[HOSTILE],
        rebuild=HOSTILE,
    )
    page = html.page(found)
    tree = lxml_html.fromstring(page)
    assert not tree.xpath("//script")
    assert "49" not in re.sub(r"data:[^)\"']+", "", page).split("</style>")[1]
    assert tree.text_content().count("<script>alert(1)</script>") >= 10
    assert not re.search(r"href=[\"']javascript", page)
    printed = words(text_of(pdf.page(found)))
    assert printed.count("<script>alert(1)</script> #panic() $x$ {{ 7*7 }} \\input{x} `y` *z* </figure>") >= 6


def test_two_renderings_of_one_document_are_the_same_bytes():
    assert html.page(whole()) == html.page(whole())
    assert pdf.page(whole()) == pdf.page(whole())


def test_the_list_of_reports_shows_what_each_holds_as_text():
    page = html.index(
        [{"report": "x", "title": "<b>T</b>", "abstract": "A", "exhibits": [1, 2], "data_retrieved_to": "2021-06-01"}]
    )
    tree = lxml_html.fromstring(page)
    assert tree.xpath("//h2/a/text()") == ["<b>T</b>"]
    assert tree.xpath("//a[@href='x/x.pdf']")
