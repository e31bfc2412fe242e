"""The HTML page and the PDF say the same, and carry everything they need."""

import base64
import io
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pypdf
import pytest
from fontTools.ttLib import TTFont
from helpers import EXHIBIT, drawing, exhibit, notebook, scripts_let_run, shown
from lxml import html as lxml_html
from press.made import HOSTILE, chapter, figure, finding, method, report, tally

from legation.errors import InputError
from legation.exhibits import say
from legation.press import fonts, html, markup, pdf, reader
from legation.press.document import Run
from legation.press.exporters import LegationHTMLExporter, LegationPDFExporter
from legation.press.reader import Part, Written


def read(*cells, **about):
    return reader.read([Part(notebook(*cells), "trade.ipynb")], **about)


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
    assert not lxml_html.fromstring(page).xpath("//script/@src | //link | //iframe | //object")


def test_the_one_script_of_a_page_is_the_houses_and_its_policy_lets_no_other_run():
    house = (Path(html.__file__).parent / "house" / "page.js").read_text(encoding="utf-8")
    sweep = {"title": "T", "abstract": "A", "editions": []}
    for page in (html.page(whole()), html.data_index(whole()), html.index([]), html.sweep(sweep)):
        assert [script.text for script in scripts_let_run(page)] == [house]
        assert "default-src 'none'" in page
        assert not re.search(r"<[^>]*\son\w+=", page.split("</script>")[1])


def test_without_its_script_a_page_has_no_control_that_would_do_nothing():
    assert not lxml_html.fromstring(html.page(several())).xpath("//button | //input | //select")


def test_headings_tables_and_drawings_are_marked_for_a_screen_reader():
    page = lxml_html.fromstring(html.page(whole()))
    assert page.get("lang") == "en-GB"
    assert [heading.text_content() for heading in page.xpath("//main//h2")] == ["Turnover", "Method"]
    assert len(page.xpath("//h1")) == 1
    assert {th.get("scope") for th in page.xpath("//th")} <= {"col", "row", "colgroup"}
    assert {th.get("scope") for th in page.xpath("//tbody//th")} == {"row"}
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
    assert len(scripts_let_run(page)) == 1
    assert "49" not in re.sub(r"data:[^)\"']+", "", page).split("</style>")[1]
    assert tree.text_content().count("<script>alert(1)</script>") >= 10
    assert not re.search(r"href=[\"']javascript", page)
    printed = words(text_of(pdf.page(found)))
    assert printed.count("<script>alert(1)</script> #panic() $x$ {{ 7*7 }} \\input{x} `y` *z* </figure>") >= 6


def test_two_renderings_of_one_document_are_the_same_bytes():
    assert html.page(whole()) == html.page(whole())
    assert pdf.page(whole()) == pdf.page(whole())


def several(bibliography=None):
    return report(
        chapter(
            "trade",
            "# Trade\n\nHow much?[^1]\n\n[^1]: In dollars.",
            "## By partner",
            figure(),
            figure("rates", "table"),
        ),
        chapter(
            "claims",
            "# Claims\n\nAs [](#turnover) shows.[^1]\n\n[^1]: A second note.",
            finding("Trade grew by half.", "growth", "trade.turnover"),
            finding("No pledge was made.", "pledge", None),
            tally(confirmed=21, close=0, contradicted=3),
            method("## Judging\n\nBy its own words."),
            lead=Written("What two analyses say.", "reports/r.yml, line 9"),
        ),
        title="Two visits",
        subtitle="What came of them",
        abstract="What came of two visits.",
        revisions=[("2026-11-20", "Close is read more strictly.")],
        rebuild="make report REPORT=visits",
    )


def test_a_report_of_several_chapters_says_the_same_in_both_outputs_in_the_same_order():
    page = lxml_html.fromstring(html.page(several()))
    printed = words(text_of(pdf.page(several())))
    shown_text = words(page.xpath("//body")[0].text_content())
    order = [
        "Two visits",
        "What came of two visits.",
        "Trade grew by half (Figure 1).",
        "No pledge was made.",
        "Claims examined",
        "How much?",
        "Turnover grew in each of two years",
        "What two analyses say.",
        "As Figure 1 shows.",
        "By its own words.",
        "Close is read more strictly.",
        "make report REPORT=visits",
        "Office of Examples: Trade",
    ]
    for text in (shown_text, printed):
        found = [re.search(re.escape(said), text) for said in order]
        assert all(found), [said for said, match in zip(order, found, strict=True) if not match]
        places = [match.start() for match in found if match]
        assert places == sorted(places)
    for number, title in ((1, "Trade"), (2, "Claims")):
        assert f"{number} {title}" in [words(h.text_content()).replace("\u2002", " ") for h in page.xpath("//main/h2")]
        assert re.search(rf"{number}\s+{title}", printed)
    assert printed.index("In dollars.") < printed.index("A second note.")


def test_the_summary_has_a_page_of_the_pdf_to_itself_and_chapters_begin_a_page():
    sheets = [words(sheet.extract_text()) for sheet in pypdf.PdfReader(io.BytesIO(pdf.page(several()))).pages]
    title, summary, first, *_ = sheets
    assert "What came of two visits." in title
    assert "By partner" in title, "the contents share the title page"
    for said in ("Findings", "Trade grew by half (Figure 1).", "Claims examined", "21 confirmed", "1 June 2021"):
        assert said in summary
    assert "How much?" not in summary
    assert "How much?" in first
    assert sum("What two analyses say." in sheet and "How much?" in sheet for sheet in sheets) == 0
    assert "Data and method" in sheets[-1]


def test_seven_long_findings_and_a_tally_fit_the_page_of_the_summary():
    long = (
        "Between the first year and the last the trade of the two states came to half of what had been foreseen. " * 3
    )
    cells = [finding(f"{long} End {number}.", f"f{number}", "turnover") for number in range(1, 8)]
    found = report(chapter("a", "# A", figure(), *cells, tally(confirmed=1)), chapter("b", "# B"))
    sheets = [words(sheet.extract_text()) for sheet in pypdf.PdfReader(io.BytesIO(pdf.page(found))).pages]
    assert all(said in sheets[1] for said in ("Findings", "End 1", "End 7", "Claims examined", "1 confirmed"))


def test_in_both_outputs_a_finding_links_to_its_exhibit():
    page = lxml_html.fromstring(html.page(several()))
    assert page.xpath("//section[@aria-labelledby='findings']//li[1]//a/@href") == ["#turnover"]
    assert not page.xpath("//section[@aria-labelledby='findings']//li[2]//a")
    sheet = pypdf.PdfReader(io.BytesIO(pdf.page(several()))).pages[1]
    assert [note.get_object()["/Subtype"] for note in sheet["/Annots"]] == ["/Link"]


def test_the_contents_list_chapters_and_sections_and_nothing_of_the_closing_page_twice():
    page = lxml_html.fromstring(html.page(several()))
    listed = [words(item.text_content()).replace("\u2002", " ") for item in page.xpath("//nav//li")]
    assert listed == ["Findings", "1 Trade", "By partner", "2 Claims", "Data and method"]
    anchors = page.xpath("//nav//a/@href")
    assert all(page.xpath(f"//*[@id='{anchor[1:]}']") for anchor in anchors)
    title = words(pypdf.PdfReader(io.BytesIO(pdf.page(several()))).pages[0].extract_text())
    assert "Sources" not in title
    assert "Judging" not in title


def test_identifiers_stay_unique_and_headings_in_order_where_chapters_are_alike():
    cells = ("# Trade", "## By partner", figure(), finding(exhibit="turnover"), method("## Judging\n\nx"))
    page = lxml_html.fromstring(html.page(report(chapter("a", *cells), chapter("b", *cells))))
    identifiers = page.xpath("//@id")
    assert len(identifiers) == len(set(identifiers))
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1 | //h2 | //h3 | //h4 | //h5")]
    assert all(after <= before + 1 for before, after in pairwise(levels))


RUNS = [
    Run("notebooks/01-trade.ipynb", {"focus": "RUS", "years": [2019, 2020]}, ("data/a.csv", "data/trade/b.csv")),
    Run("notebooks/02-claims.ipynb", {}, ()),
]


def computed(runs=RUNS):
    made = figure()
    made.execution_count = 7
    return report(chapter("trade", "# Trade", made), chapter("claims", "# Claims", figure("rates")), runs=runs)


def test_every_exhibit_says_which_cell_of_which_notebook_made_it_and_what_that_was_given_and_read():
    page = lxml_html.fromstring(html.page(computed()))
    (by_cell,) = page.xpath("//figure[@id='turnover']//details[summary='How Figure 1 was computed']/p")
    assert words(by_cell.text_content()).startswith("By cell [7] of notebooks/01-trade.ipynb, a file of this edition")
    assert by_cell.xpath("a/@href") == ["notebooks/01-trade.ipynb", "#computed_1", "#sources"]
    (first,) = page.xpath("//li[@id='computed_1']")
    assert words(first.text_content()) == (
        'notebooks/01-trade.ipynb. Given: focus = "RUS"; years = [2019, 2020]. '
        "Read in data: a.csv; in data/trade: b.csv."
    )
    (by_notebook,) = page.xpath("//figure[@id='rates']//details[summary='How Figure 2 was computed']/p")
    assert words(by_notebook.text_content()).startswith("By notebooks/02-claims.ipynb, ")
    (second,) = page.xpath("//li[@id='computed_2']")
    assert words(second.text_content()) == "notebooks/02-claims.ipynb. Given nothing: its own parameters hold."


def test_a_page_that_no_edition_holds_names_no_notebook_beside_it():
    page = lxml_html.fromstring(html.page(computed(runs=[])))
    assert not page.xpath("//a[contains(@href, 'notebooks/')] | //*[@id='computed']")


def test_hostile_parameters_and_names_of_files_are_shown_as_text():
    page = html.page(computed([Run(f"notebooks/{HOSTILE}.ipynb", {"x": HOSTILE}, (HOSTILE,)), RUNS[1]]))
    assert len(scripts_let_run(page)) == 1
    assert lxml_html.fromstring(page).xpath("string(//li[@id='computed_1'])").count("<script>alert(1)</script>") == 3


def test_the_way_back_from_a_footnote_is_a_letter_of_the_pages_own_typefaces():
    (back,) = lxml_html.fromstring(html.page(whole())).xpath("//a[@role='doc-backlink']")
    assert (back.text, back.get("aria-label")) == ("↑", "Back to the text")


def test_a_head_without_words_is_no_head():
    table = {
        "columns": [{"label": "", "align": "left"}, {"label": "Treaty", "align": "left"}],
        "rows": [["Signed", "1961"]],
    }
    page = lxml_html.fromstring(html.page(read(figure("x", "table", table=table | {"row_headers": 1}))))
    assert [cell.tag for cell in page.xpath("//figure//thead/tr/*")] == ["td", "th"]


def test_hostile_text_in_findings_tallies_leads_and_changes_is_shown_as_text():
    found = report(
        chapter(
            "a",
            "# A",
            finding(say("{text}", text=HOSTILE).markdown, "growth"),
            tally(HOSTILE, **{HOSTILE: 1}),
            lead=Written(HOSTILE, "reports/r.yml, line 9"),
        ),
        chapter("b", "# B", finding(HOSTILE, "raw"), method(HOSTILE), title=HOSTILE),
        revisions=[("2026-11-20", HOSTILE)],
    )
    page = html.page(found)
    tree = lxml_html.fromstring(page)
    assert len(scripts_let_run(page)) == 1
    assert not tree.xpath("//img | //@onclick | //@onerror")
    assert "49" not in re.sub(r"data:[^)\"']+", "", page).split("</style>")[1]
    assert tree.text_content().count("<script>alert(1)</script>") >= 8
    (as_value, as_markdown, *_) = tree.xpath("//section[@aria-labelledby='findings']/ol/li")
    assert (
        words(as_value.text_content())
        .strip()
        .startswith("<script>alert(1)</script> #panic() $x$ {{ 7*7 }} \\input{x} `y` *z*")
    )
    assert "#panic()" in as_markdown.text_content()
    printed = words(text_of(pdf.page(found)))
    assert printed.count("<script>alert(1)</script> #panic()") >= 8


@pytest.mark.parametrize("mark", ["part-boundary-0", "<!--part-boundary-0-->", "//part-boundary-0"])
def test_a_text_that_holds_the_presss_own_marks_is_shown_like_any_other(mark):
    found = report(
        chapter("a", f"# A\n\n    {mark}\n\n{mark}\n\nafter"), chapter("b", f"# B\n\n`{mark}`", finding(mark))
    )
    page = lxml_html.fromstring(html.page(found))
    assert page.xpath("//body")[0].text_content().count("part-boundary-0") == 4
    assert "after" in page.xpath("//main")[0].text_content()
    assert words(text_of(pdf.page(found))).count("part-boundary-0") == 4


def test_a_report_of_one_chapter_has_its_findings_in_front_too_on_the_title_page():
    found = read("# T", finding(exhibit="turnover"), "## Turnover", shown({EXHIBIT: exhibit("chart")}), "## B", "## C")
    page = lxml_html.fromstring(html.page(found))
    assert page.xpath("//section[@aria-labelledby='findings']//a/@href") == ["#turnover"]
    title = words(pypdf.PdfReader(io.BytesIO(pdf.page(found))).pages[0].extract_text())
    assert title.index("Trade grew (Figure 1).") < title.index("Data and method")


def listed(**changes):
    manifest = {
        "report": "x",
        "title": "<b>T</b>",
        "subtitle": "S",
        "abstract": "A & B",
        "data_retrieved_to": "2021-06-01",
        "tallies": [{"title": "Claims examined", "counts": [["confirmed", 21], ["<i>", 3]]}],
        "first_figure": {"anchor": "turnover", "label": "Figure 1", "title": "Turnover <grew>", "subtitle": "USD"},
        "drawing": drawing(),
    }
    return lxml_html.fromstring(html.index([manifest | changes]))


def test_the_list_of_reports_shows_what_each_holds_as_text():
    tree = listed()
    assert tree.xpath("//h2/a/text()") == ["<b>T</b>"]
    text = words(tree.xpath("//main")[0].text_content())
    for said in (
        "A & B",
        "1 June 2021",
        "Claims examined: 21 confirmed · 3 <i>",
        "Figure 1",
        "Turnover <grew>",
        "drawn label",
    ):
        assert said in text
    assert tree.xpath("//a[contains(@class, 'first')]/@href") == ["x/index.html#turnover"]
    assert {"x/index.html", "x/x.pdf", "x/data/index.html"} <= set(tree.xpath("//a/@href"))
    assert not tree.xpath("//body//script | //link | //img")


def test_a_report_whose_first_exhibit_is_a_table_is_listed_with_its_title():
    tree = listed(drawing=None)
    assert "Turnover <grew>" in tree.text_content()
    assert not tree.xpath("//*[local-name()='svg']")


def test_an_edition_from_before_findings_and_tallies_is_still_listed():
    old = {"report": "x", "title": "T", "abstract": "A", "exhibits": [1, 2]}
    tree = lxml_html.fromstring(html.index([old]))
    assert tree.xpath("//h2/a/@href") == ["x/index.html"]


def test_a_drawing_that_was_tampered_with_does_nothing_in_the_list_of_reports():
    tree = listed(drawing=drawing(inside='<script>alert(1)</script><g onload="x()"/>'))
    assert not tree.xpath("//body//script | //@onload")


def test_the_page_of_an_editions_data_lists_every_file_with_its_exhibit():
    tree = lxml_html.fromstring(html.data_index(several()))
    assert tree.xpath("//tbody//th/a/@href") == ["turnover.csv", "rates.csv"]
    assert tree.xpath("//tbody//td/a/@href") == ["../index.html#turnover", "../index.html#rates"]
    assert [row.xpath("td")[-1].text for row in tree.xpath("//tbody/tr")] == ["2", "2"]


# --- tables of the PDF ---------------------------------------------------------------------------------------------

STATEMENT = (
    "The two sides are said to have agreed on this at the time of the visit and to have made it known since. " * 6
)


def claims(rows, name="claims"):
    """A table of few but tall rows; each cell's first and last words tell its row."""
    cells = [["close", f"First{row}. {STATEMENT}Last{row}.", "1 %"] for row in range(rows)]
    columns = [
        {"label": label, "align": side} for label, side in (("Verdict", "left"), ("Says", "left"), ("By", "right"))
    ]
    return figure(name, "table", table={"columns": columns, "rows": cells, "row_headers": 1})


def sheets_of(*cells, **about):
    reader = pypdf.PdfReader(io.BytesIO(pdf.page(read("# T", *cells, **about))))
    return [words(sheet.extract_text()) for sheet in reader.pages]


def lines(count):
    """So many lines of text, each a paragraph, to stand above a table."""
    return "\n\n".join(f"Line {number}." for number in range(count))


@pytest.mark.parametrize("above", [0, 12, 20, 25, 28, 33])
def test_a_table_of_few_but_tall_rows_breaks_between_rows_and_repeats_its_head(above):
    sheets = sheets_of(lines(above), "## What they say", claims(14))
    for row in range(14):
        (sheet,) = (sheet for sheet in sheets if f"First{row}." in sheet)
        assert f"Last{row}." in sheet
    holding = [sheet for sheet in sheets if "First" in sheet]
    assert len(holding) > 1
    assert all("Verdict Says By" in sheet for sheet in holding)
    assert [sheet.count("Turnover grew in each of two years") for sheet in sheets].count(1) == 1


@pytest.mark.parametrize("above", range(16, 36, 2))
def test_a_heading_has_its_table_below_it_with_two_rows_at_least_and_two_stand_above_the_notes(above):
    sheets = sheets_of(lines(above), "## What they say", claims(14))
    (first,) = (sheet for sheet in sheets if "What they say" in sheet and "First0." in sheet)
    assert first.count("First") >= 2
    (last,) = (sheet for sheet in sheets if "The second year is preliminary." in sheet)
    assert last.count("First") >= 2
    assert "Last13." in last


@pytest.mark.parametrize("above", range(20, 38, 3))
def test_a_low_table_stays_whole(above):
    sheets = sheets_of(lines(above), "## Turnover", shown({EXHIBIT: exhibit("table")}))
    (sheet,) = (sheet for sheet in sheets if "Turnover grew in each of two years" in sheet)
    for said in ("Year Turnover", "2019 10", "2020 not reported", "The second year is preliminary."):
        assert said in sheet


@pytest.mark.parametrize("above", range(0, 24))
def test_notes_are_never_parted_from_the_last_two_rows(above):
    columns = [{"label": label, "align": "left"} for label in ("S", "Number")]
    rows = [["not reported at all", f"Row{row}."] for row in range(40)]
    table = {"columns": columns, "rows": rows, "row_headers": 1}
    sheets = sheets_of(lines(above), figure("x", "table", table=table))
    (last,) = (sheet for sheet in sheets if "The second year is preliminary." in sheet)
    assert "Row38." in last
    assert "Row39." in last


def test_a_row_taller_than_a_page_is_still_printed_whole():
    tall = exhibit("table")["table"] | {"rows": [["2019", f"Begin. {STATEMENT * 24} End."], ["2020", "x"]]}
    printed = words(" ".join(sheets_of(figure("tall", "table", table=tall))))
    assert "Begin." in printed
    assert "End." in printed


def test_an_address_in_a_table_does_not_stand_out_of_its_column():
    address = "https://example.org/" + "a-long-part-of-the-path/" * 8
    table = {
        "columns": [{"label": "At", "align": "left"}, {"label": "Says", "align": "left"}],
        "rows": [[address, STATEMENT]] * 3,
        "row_headers": 1,
    }
    reader = pypdf.PdfReader(io.BytesIO(pdf.page(read(figure("x", "table", table=table)))))
    lines_of = [line for sheet in reader.pages for line in sheet.extract_text().splitlines()]
    assert max(len(line) for line in lines_of if "part" in line) < 130


def test_a_second_line_of_headings_is_kept_with_the_first():
    table = exhibit("table")["table"] | {"groups": [{"label": "All", "span": 2}], "rows": [["2019", "10"]] * 90}
    sheets = sheets_of(figure("x", "table", table=table))
    assert len(sheets) > 1
    assert all("All Year Turnover" in sheet for sheet in sheets if "2019" in sheet)


def test_fifteen_findings_still_fit_the_page_of_the_summary():
    cells = [finding(f"{STATEMENT[:170]} End {number}.", f"f{number}", "turnover") for number in range(1, 16)]
    found = report(chapter("a", "# A", figure(), *cells, tally(confirmed=1)), chapter("b", "# B"))
    sheets = [words(sheet.extract_text()) for sheet in pypdf.PdfReader(io.BytesIO(pdf.page(found))).pages]
    assert all(said in sheets[1] for said in ("Findings", "End 1 ", "End 15 ", "1 confirmed", "Data retrieved to"))


# --- sources -------------------------------------------------------------------------------------------------------


def sourced():
    """A report on an office's figures, which states its terms, and on three press reports, which state none."""
    office = exhibit()["sources"][0] | {"publisher": "Archive"}
    agency = office | {"kind": "press", "publisher": None, "licence": "not stated", "retrieved": "2021-06-02"}
    press = [
        agency | {"id": f"p{place}", "producer": producer, "title": title, "address": f"https://example.org/p{place}"}
        for place, (producer, title) in enumerate([("TASS", "A visit"), ("Émile", "A note"), ("TASS", "A pact")])
    ]
    return read("# T", figure(sources=[office, *press]))


def test_what_holds_for_all_sources_is_said_once_and_what_does_not_with_its_entry():
    page = words(lxml_html.fromstring(html.page(sourced())).xpath("//footer")[0].text_content())
    printed = words(text_of(pdf.page(sourced()))).replace("\u00ad ", "")  # hyphens at the ends of lines
    for text in (page, printed):
        assert "comes from 4 publications" in text
        assert "Unless an entry says otherwise, they were retrieved on 2 June 2021 and the terms of use are not" in text
        assert "Office of Examples: Trade, by way of Archive, retrieved 1 June 2021, terms: open" in text
        assert "TASS: A pact, May 2021; A visit, May 2021." in text
        assert text.index("Office of Examples: Trade") < text.index("Émile: A note") < text.index("TASS: A pact")
        assert text.count("2 June 2021") == 1 + (text is printed)  # the PDF's title page gives the edition's day


def test_every_source_leads_to_its_address_in_both_outputs():
    wanted = {"https://example.org/trade", *(f"https://example.org/p{place}" for place in range(3))}
    assert wanted <= set(lxml_html.fromstring(html.page(sourced())).xpath("//footer//a/@href"))
    reader = pypdf.PdfReader(io.BytesIO(pdf.page(sourced())))
    notes = [note.get_object() for sheet in reader.pages for note in sheet.get("/Annots", [])]
    assert wanted <= {note["/A"]["/URI"] for note in notes if "/A" in note and "/URI" in note["/A"]}


def test_press_reports_fold_away_on_the_screen_and_are_printed():
    page = html.page(sourced())
    (folded,) = lxml_html.fromstring(page).xpath("//details[@class='press']")
    assert words(folded.xpath("summary")[0].text_content()).strip() == "3 press reports"
    assert len(folded.xpath("ul/li")) == 2
    assert "details-content" in page.split("@media print")[1]


# --- the weight of the HTML page -----------------------------------------------------------------------------------


def test_styles_of_drawings_stand_once_in_the_head_and_every_class_has_its_rule():
    page = html.page(read(figure("a"), figure("b"), figure("c")))
    head, body = page.split("</style>")
    drawn = re.findall(r'<text [^>]*class="(d\d+)"', body)
    assert len(drawn) == 6
    assert set(drawn) == {"d0"}
    assert head.count(".d0{") == 1
    assert "style=" not in body


def test_a_chart_is_described_once_for_both_its_drawings():
    page = lxml_html.fromstring(html.page(read(figure())))
    (described,) = page.xpath("//*[@aria-label='Turnover rose from 10 to 12 million dollars.']")
    assert described.get("role") == "img"
    assert len(described.xpath(".//*[local-name()='svg']")) == 2


def test_the_download_holds_the_very_csv_whatever_letters_it_has():
    rows = [["a,b", 1.5], ['say "x"', None], ["50 % & #1 <é> 河", 0.1], ["two\nlines", 2.0]]
    data = {"columns": [{"name": "name", "type": "string", "unit": ""}, {"name": "v", "type": "number", "unit": ""}]}
    found = read(figure(data=data | {"rows": rows}))
    (address,) = lxml_html.fromstring(html.page(found)).xpath("//a[@class='download']/@href")
    kind, _, content = address.partition(",")
    assert kind == "data:text/csv;charset=utf-8"
    assert unquote(content) == html.data_csv(found.exhibits[0])


def test_a_column_that_says_the_same_in_every_row_is_told_once_above_the_numbers():
    columns = [{"name": name, "type": "string", "unit": ""} for name in ("reporter", "year", "note")]
    rows = [["VNM", str(year), None] for year in range(2015, 2022)]
    page = lxml_html.fromstring(html.page(read(figure(data={"columns": columns, "rows": rows}))))
    (numbers,) = page.xpath("//details[@class='numbers']")
    assert "In every row: reporter VNM; note not reported." in words(numbers.text_content())
    assert [head.text_content() for head in numbers.xpath(".//th")] == ["year"]
    assert [cell.text_content().strip() for cell in numbers.xpath(".//td")] == [row[1] for row in rows]


def test_a_table_of_numbers_too_long_to_read_is_given_as_a_file_alone():
    data = exhibit()["data"] | {"rows": [[1850 + row, float(row)] for row in range(160)]}
    (numbers,) = lxml_html.fromstring(html.page(read(figure(data=data)))).xpath("//details[@class='numbers']")
    assert not numbers.xpath(".//table")
    assert numbers.xpath(".//a[@download]")
    assert "160 rows" in numbers.text_content()


def test_numbers_keep_to_the_right_by_a_rule_for_their_column():
    page = html.page(read(figure("x", "table")))
    (table,) = lxml_html.fromstring(page).xpath("//figure//table")
    assert table.get("class") == "r2"
    assert ".r2 :is(th,td):nth-child(2):not(.group){text-align:right}" in page
    assert [cell.text_content().strip() for cell in table.xpath(".//tbody//th | .//td")] == [
        "2019",
        "10",
        "2020",
        "not reported",
    ]


def barred(*bars, **about):
    columns = [{"label": "Year", "align": "left"}, {"label": "Balance", "align": "right", "bars": list(bars)} | about]
    rows = [[f"{2019 + place}", f"{place}"] for place in range(len(bars))]
    return figure("bars", "table", table={"columns": columns, "rows": rows, "row_headers": 1})


def test_a_bar_is_the_style_of_its_numbers_cell_and_says_nothing():
    page = html.page(read(barred(1, -0.25, None, 0.3333, soft=[False, False, False, True])))
    (table,) = lxml_html.fromstring(page).xpath("//figure//table")
    assert [(cell.get("class"), cell.get("style")) for cell in table.xpath(".//td")] == [
        ("bar", "--bar:0.8;--after:0;--zero:0.8"),
        ("bar", "--bar:0.2;--after:0.8;--zero:0.8"),
        ("bar", "--zero:0.8"),
        ("soft bar", "--bar:0.267;--after:0.533;--zero:0.8"),
    ]
    assert [cell.text_content().strip() for cell in table.xpath(".//td")] == ["0", "1", "2", "3"]
    assert not table.xpath(".//td/*")
    assert "print-color-adjust: exact" in page


def test_a_table_without_bars_has_no_trace_of_them():
    (table,) = lxml_html.fromstring(html.page(read(figure("x", "table")))).xpath("//figure//table")
    assert not table.xpath(".//*[@style or contains(@class, 'bar')]")


@pytest.mark.parametrize(
    "bars",
    [
        ["1;background:url(https://example.org)", 1],
        ['"><script>alert(1)</script>', 1],
        [float("nan"), 1],
        [1.5, 1],
        [True, 1],
        [[1], 1],
        [1],
        {"0": 1, "1": 1},
        "11",
    ],
)
def test_bars_that_are_no_shares_of_the_longest_are_refused(bars):
    table = {"columns": [{"label": "Year", "align": "right", "bars": bars}], "rows": [["1"], ["2"]], "row_headers": 0}
    with pytest.raises(InputError, match="the bars of the column 'Year' are not one number from -1 to 1"):
        read(figure("x", "table", table=table))


def test_what_is_hatched_is_said_by_true_and_false_alone():
    for soft in (["x", True], [True], "xx"):
        with pytest.raises(InputError, match="true or false for those that are hatched"):
            read(barred(1, 0.5, soft=soft))


def test_a_table_too_wide_for_a_telephone_gets_room_there_and_a_narrow_one_does_not():
    columns = [{"label": label, "align": "left"} for label in ("Verdict", "The document says", "The data give")]
    wide = {"columns": columns, "rows": [["contested", STATEMENT, STATEMENT]], "row_headers": 1}
    page = lxml_html.fromstring(html.page(read(figure("wide", "table", table=wide), figure("narrow", "table"))))
    regions = page.xpath("//figure//div[@role='region']")
    assert [region.get("class") for region in regions] == ["scroll wide", "scroll"]


def test_fonts_are_kept_for_other_processes_and_made_again_if_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "_folder", None)
    made = fonts.css("ő")
    fonts._faces.cache_clear()
    fonts.keep_in(tmp_path)
    assert fonts.css("ő") == made
    (kept,) = (file for file in tmp_path.iterdir() if file.name != "lock")
    for content, same in ((kept.read_text(), True), (kept.read_text()[:-9], False)):
        kept.write_text(content)
        fonts._faces.cache_clear()
        before = kept.stat().st_ino
        assert fonts.css("ő") == made
        assert (kept.stat().st_ino == before) == same


def test_letters_beyond_the_usual_are_carried_in_the_fonts_of_the_page_that_uses_them():
    def faces(text):
        page = html.page(read(text))
        data = re.findall(r"url\(data:font/woff2;base64,([^)]+)\)", page)
        return [TTFont(io.BytesIO(base64.b64decode(face))).getBestCmap() for face in data]

    assert all(ord("a") in face and ord("–") in face and ord("ű") not in face for face in faces("Muller"))
    assert all(ord("ű") in face for face in faces("Műller"))


def test_a_text_that_names_the_place_of_an_exhibit_is_shown_as_text():
    page = html.page(read("# T\n\n<!--exhibit 0--> and `<!--exhibit 0-->`", figure()))
    assert page.count('<figure class="exhibit') == 1
    assert "<!--exhibit" not in page


def test_citations_are_resolved_once_for_both_outputs(tmp_path, monkeypatch):
    bibliography = tmp_path / "references.bib"
    bibliography.write_text("@book{known, author={Writer, A.}, title={A Book}, year={2001}}")
    document = reader.read([Part(notebook("# T\n\nAs in [@known]."), "t.ipynb")], bibliography=bibliography)
    resolved, pandoc = [], markup._pandoc

    def noted(arguments, *given, **where):
        resolved.extend(argument for argument in arguments if argument == "--citeproc")
        return pandoc(arguments, *given, **where)

    monkeypatch.setattr(markup, "_pandoc", noted)
    for exporter in (LegationHTMLExporter(), LegationPDFExporter()):
        exporter.from_notebook_node(notebook(), resources={"legation": document})
    assert resolved == ["--citeproc"]
