"""The PDF meets its standards, says what the page says in the same order, and leads a screen reader through it."""

import io
import re
import zipfile
from dataclasses import replace
from itertools import pairwise

import nbformat
import page as checker
import pypdf
import pypdfium2
import pytest
from helpers import drawing, exhibit, notebook, shown
from lxml import etree
from lxml import html as lxml_html
from press.made import HOSTILE, chapter, figure, finding, method, report, tally
from press.printed import structure, words, words_of_page, words_of_print

from legation.press import docx, html, pdf, reader, xlsx
from legation.press.build import build
from legation.press.reader import Part, Written

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one point
#: Markdown makes lone quotation marks typographic ones, as it sees fit.
UNQUOTED = HOSTILE.replace('"', "").replace("'", "")
BOOKS = """
@book{known, author={Writer, Ann}, title={A Book on Trade}, year={2001}, publisher={House}}
@article{read, author={Reader, Bo}, title={An Article}, journal={Journal}, year={2002}, doi={10.1000/182}}
"""
LONG = "Both states are said to have agreed on this at the time of the visit and to have made it known since. " * 6


def long_table(rows=40):
    """A table that breaks over pages, with a second line of headings."""
    columns = [{"label": label, "align": side} for label, side in (("Year", "left"), ("Says", "left"), ("By", "right"))]
    cells = [[f"{1980 + row}", f"{LONG[: 40 + 13 * row]} – end of row {row}.", f"{row}.5 %"] for row in range(rows)]
    groups = [{"label": "When and what", "span": 2}, {"label": "How much", "span": 1}]
    return figure("long", "table", table={"columns": columns, "rows": cells, "row_headers": 1, "groups": groups})


def barred_table():
    """A table with bars to both sides of zero, one of them hatched."""
    balance = {"label": "Balance", "align": "right", "bars": [1, -0.5, None], "soft": [False, True, False]}
    rows = [["2019", "20"], ["2020", "−10"], ["2021", "not known"]]
    columns = [{"label": "Year", "align": "left"}, balance]
    return figure("balance", "table", table={"columns": columns, "rows": rows, "row_headers": 1})


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """A report with every kind of content that a page can carry."""
    books = tmp_path_factory.mktemp("books") / "references.bib"
    books.write_text(BOOKS, encoding="utf-8")
    office = exhibit()["sources"][0] | {"publisher": "Archive"}
    agency = office | {"kind": "press", "publisher": None, "licence": "not stated", "retrieved": "2021-06-02"}
    press = [agency | {"id": f"p{n}", "producer": f"Agency {n % 2}", "title": f"Report {n}"} for n in range(3)]
    return report(
        chapter(
            "trade",
            '# Trade\n\nHow much?[^1] "Half", it\'s said -- or *less*...\n\n[^1]: In dollars, [by law](https://example.org/l).',
            "## By partner\n\nAs [@known] and @read say, see [](#turnover), [](#rates) and [Trade](#trade).",
            figure(sources=[office, *press]),
            figure("rates", "table"),
            barred_table(),
            f"### Below\n\n1. one\n2. two\n    - of **two**\n    - and `code`\n\n> Quoted.\n\n{LONG * 3}",
            "|a|b|\n|-|-:|\n|1|2|\n\n    print(1)\n\nThe formula is $a^2$, and\n\n$$b = \\sqrt{c}$$",
            shown(
                {"text/html": "<table><thead><tr><th>x</th></tr></thead><tbody><tr><td>0.5</td></tr></tbody></table>"}
            ),
            shown({"image/png": PNG}, {"image/png": {"alt": "A red point."}}),
            shown({"image/svg+xml": drawing()}, {"image/svg+xml": {"alt": "A label."}}),
            shown({"text/plain": "plain  output"}),
        ),
        chapter(
            "claims",
            "# Claims\n\nAs [](#turnover) shows.[^1]\n\n[^1]: A second note.",
            long_table(),
            finding("Trade grew by half.", "growth", "trade.turnover"),
            finding("No pledge was made.", "pledge", None),
            tally(confirmed=21, close=0, contradicted=3),
            method("## Judging\n\nBy its own words.\n\n### In detail\n\nWord by word."),
            lead=Written("What two analyses say.", "reports/r.yml, line 9"),
        ),
        title="Two visits",
        subtitle="What came of them",
        abstract="What came of *two* visits.",
        authors=["A. Writer", "B. Reader"],
        revisions=[("2026-11-20", "Close is read more strictly."), ("2026-11-21", "Half is 50 %.")],
        rebuild="make report REPORT=visits",
        bibliography=books,
    )


def of_one_chapter(everything):
    cells = ("# How trade grew\n\nBy how much?", finding(exhibit="turnover"), "## Turnover", figure(), long_table(30))
    return reader.read([Part(notebook(*cells, "## Method\n\nAs stated."), "trade.ipynb")], language="fr-FR")


def of_words_alone(everything):
    return reader.read([Part(notebook(f"# Words\n\n{LONG}"), "words.ipynb")])


def hostile(everything):
    source = exhibit()["sources"][0] | {"producer": HOSTILE, "title": HOSTILE, "licence": HOSTILE}
    table = {"columns": [{"label": HOSTILE, "align": "left"}], "rows": [[HOSTILE]], "row_headers": 1}
    said = {"title": HOSTILE, "subtitle": HOSTILE, "alt": HOSTILE, "notes": [HOSTILE], "source": HOSTILE}
    return report(
        chapter(
            "a",
            "# A",
            figure(**said, sources=[source]),
            figure("t", "table", table=table, sources=[source], **said),
            title=HOSTILE,
        ),
        chapter("b", f"# B\n\n{UNQUOTED}", finding(UNQUOTED), tally(HOSTILE, **{HOSTILE: 1}), method(UNQUOTED)),
        title=HOSTILE,
        subtitle=HOSTILE,
        authors=[HOSTILE],
        abstract=UNQUOTED,
        revisions=[("2026-11-20", HOSTILE)],
        rebuild=HOSTILE,
    )


KINDS = {"everything": lambda made: made, **{made.__name__: made for made in (of_one_chapter, of_words_alone, hostile)}}


@pytest.fixture(scope="module", params=KINDS)
def document(request, everything):
    """One document of each kind."""
    return KINDS[request.param](everything)


@pytest.fixture(scope="module")
def printed(document):
    return pdf.page(document)


@pytest.fixture(scope="module")
def tree(printed):
    return structure(printed)


@pytest.fixture(scope="module")
def web(document):
    return html.page(document)


# ---- Standards


def errors(data, profile):
    """What the independent checker finds wrong; a stream's length is measured here, see below."""
    found = checker.validate_pdf_bytes(data, profile=profile)
    assert found.rules.total > 100
    return {
        f"{failure.rule_id}: {failure.message}" for failure in found.failures if "STREAM-LENGTH" not in failure.rule_id
    }


@pytest.mark.parametrize("profile", ["ua1", "2a"])
def test_an_independent_checker_finds_no_error_by_pdf_ua_1_and_pdf_a_2a(printed, profile):
    assert errors(printed, profile) == set()


def test_every_stream_is_as_long_as_it_says(printed):
    """The checker counts a stream's last byte as the end of the line if it is a carriage return."""
    streams = list(re.finditer(rb"/Length (\d+)[^>]*>>\s*stream\n", printed))
    assert streams
    for stream in streams:
        assert printed[stream.end() + int(stream[1]) :].startswith(b"\nendstream")


@pytest.mark.parametrize(
    ("profile", "entry"), [("ua1", "/Lang"), ("ua1", "/StructTreeRoot"), ("2a", "/OutputIntents"), ("2a", "/Metadata")]
)
def test_the_checker_notices_what_is_taken_away(profile, entry, everything):
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf.page(everything)))
    del writer.root_object[entry]
    out = io.BytesIO()
    writer.write(out)
    assert errors(out.getvalue(), profile)


def test_every_typeface_is_a_subset_in_the_file_and_its_letters_can_be_copied(printed):
    names = set()
    for resources in _resources(pypdf.PdfReader(io.BytesIO(printed))):
        for font in resources.get("/Font", {}).values():
            assert "/ToUnicode" in font
            (held,) = font["/DescendantFonts"]
            descriptor = held.get_object()["/FontDescriptor"]
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)
            names.add(str(font["/BaseFont"]).partition("+")[2])
    houses = ("SourceSansPro", "SourceSerifPro", "DejaVuSansMono", "NewCMMath")
    assert {name for name in names if not name.startswith(houses)} == set()


def _resources(book):
    """The resources of pages and, inside them, of drawings."""
    waiting = [sheet["/Resources"] for sheet in book.pages]
    while waiting:
        resources = waiting.pop()
        yield resources
        waiting += [form["/Resources"] for form in resources.get("/XObject", {}).values() if "/Resources" in form]


# ---- The same words in the same order


def test_the_pdf_read_in_order_has_the_words_of_the_page_in_its_order(tree, web):
    assert words_of_print(tree) == words_of_page(web)


def test_footnotes_stand_where_they_are_called_and_say_the_same(tree, web):
    ends = lxml_html.fromstring(web).xpath("//section[@role='doc-endnotes']//li")
    said = ["".join(end.xpath(".//text()[not(ancestor::a[@role='doc-backlink'])]")) for end in ends]
    told = [words(note.text({"Lbl"})) for note in tree.all("Note")]
    assert told == [words(end) for end in said]


def test_a_formula_is_read_as_its_source(everything):
    assert [formula.about["Alt"] for formula in structure(pdf.page(everything)).all("Formula")] == [
        "a^2",
        "b = \\sqrt{c}",
    ]


def test_every_figure_has_the_alternative_text_of_its_exhibit_and_a_caption_before_it(tree, document):
    figures = [exhibit for exhibit in document.exhibits if exhibit.kind != "table"]
    assert [words(drawn.about["Alt"]) for drawn in tree.all("Figure")] == [
        words(exhibit.content["alt"].replace("\u202e", "")) for exhibit in figures
    ]
    captions = [words(caption.text())[:2] for caption in tree.all("Caption")]
    assert captions == [exhibit.label.split() for exhibit in document.exhibits]


def test_a_drawings_own_letters_stand_in_its_figure(everything):
    assert [words(drawn.text()) for drawn in structure(pdf.page(everything)).all("Figure")] == [
        ["drawn", "label"],
        [],
        ["drawn", "label"],
    ]


def test_headings_begin_at_the_first_level_and_leave_none_out(tree):
    levels = [int(heading.role[1]) for heading in tree.all("H1", "H2", "H3", "H4", "H5", "H6")]
    assert levels[:1] in ([], [1])
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_has_heads_for_its_columns_and_every_cell_names_its_own(tree, document):
    tables = list(tree.all("Table"))
    assert len(tables) >= sum(exhibit.kind == "table" for exhibit in document.exhibits)
    for table in tables:
        (head,) = table.all("THead")
        assert {cell.about["Scope"] for cell in head.all("TH")} == {"Column"}
        known = {cell.about["ID"] for cell in head.all("TH")}
        for row in table.all("TBody"):
            for cell in row.all("TD"):
                assert cell.about["Headers"]
                assert set(cell.about["Headers"]) <= known


def test_a_bar_is_drawn_and_is_no_part_of_what_is_read(everything):
    printed = pdf.page(everything)
    (table,) = (table for table in structure(printed).all("Table") if "Balance" in table.text())
    assert [words(cell.text()) for cell in table.all("TD")][1::2] == [["20"], ["−10"], ["not", "known"]]
    assert not list(table.all("Figure"))
    contents = [page.get_contents().get_data() for page in pypdf.PdfReader(io.BytesIO(printed)).pages]
    drawn = [re.findall(rb"EMC/Artifact BMC\n[^\n]*(0\.545\S* 0\.580\S* 0\.619\S*|/p0) scn", one) for one in contents]
    full, hatched = next(found for found in drawn if found)
    assert (full[:5], hatched) == (b"0.545", b"/p0"), "one in grey, one in a pattern, both outside the order of reading"


def test_a_table_over_several_pages_is_one_table_with_one_head(everything):
    (table,) = (table for table in structure(pdf.page(everything)).all("Table") if "When and what" in table.text())
    assert [words(row.text()) for head in table.all("THead") for row in head.all("TR")] == [
        ["When", "and", "what", "How", "much"],
        ["Year", "Says", "By"],
    ]
    assert len([row for body in table.all("TBody") for row in body.all("TR")]) == 40


def test_lists_are_lists_with_a_label_for_each_item(everything):
    listed = next(each for each in structure(pdf.page(everything)).all("L") if "one" in each.text())
    assert [words(label.text()) for label in listed.all("Lbl")] == [["1."], ["2."], ["•"], ["•"]]


# ---- Links, contents, bookmarks


def test_every_link_is_read_where_it_stands_and_leads_somewhere(tree, printed):
    book = pypdf.PdfReader(io.BytesIO(printed))
    notes = [note.get_object() for sheet in book.pages for note in sheet.get("/Annots", [])]
    read = [link.about["Obj"].get_object() for each in tree.all("Link") for link in each.all("OBJR")]
    assert len(read) == len(notes)
    known = set(book.named_destinations)
    for note in notes:
        assert note["/Contents"]
        action = note.get("/A", {})
        target = note.get("/Dest", action.get("/D"))
        assert action.get("/URI") or not isinstance(target, str) or target in known


def test_contents_bookmarks_and_headings_are_the_same_and_lead_to_the_same_pages(tree, printed, web):
    book = pypdf.PdfReader(io.BytesIO(printed))
    marked = [(words(mark.title), book.get_destination_page_number(mark) + 1) for mark in _flat(book.outline)]
    headings = [words(heading.text()) for heading in tree.all("H1", "H2", "H3", "H4", "H5", "H6")]
    assert [title for title, _ in marked] == headings
    listed = [words(entry.text()) for entry in tree.all("TOCI")]
    assert [entry for entry in listed if (entry[:-1], int(entry[-1])) not in marked] == []
    # The page lists a third level too.
    links = lxml_html.fromstring(web).xpath("//nav//li[contains(@class, 'level-2') or contains(@class, 'level-3')]")
    assert [entry[:-1] for entry in listed] == [words(link.text_content()) for link in links]


def _flat(outline):
    for mark in outline:
        yield from _flat(mark) if isinstance(mark, list) else [mark]


def test_every_page_but_the_first_has_the_title_and_its_number_at_its_head(everything):
    for number, sheet in enumerate(pypdf.PdfReader(io.BytesIO(pdf.page(everything))).pages, start=1):
        first = sheet.extract_text().splitlines()[:2]
        assert (words(" ".join(first))[:3] == ["Two", "visits", str(number)]) == (number > 1)


# ---- Pages


@pytest.mark.parametrize("above", range(14, 34, 2))
def test_a_figure_stands_below_its_heading_with_caption_and_source(above):
    lines = "\n\n".join(f"Line {number}." for number in range(above))
    found = reader.read([Part(notebook("# T", f"{lines}\n\n## Turnover", figure()), "t.ipynb")])
    sheets = [sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(pdf.page(found))).pages]
    (sheet,) = (sheet for sheet in sheets if "drawn label" in sheet)
    caption, source = "Turnover grew in each of two years", "Source: Office of Examples, Trade (May 2021)."
    for said in ("Turnover\n", caption, source):
        assert said in sheet


def test_a_drawing_higher_than_a_page_is_made_to_fit_one_with_its_caption_and_source():
    label = "<text x='10' y='890' style=\"font: 9px 'Source Sans Pro'\">foot of it</text>"
    high = drawing(inside=label).replace('height="80pt" viewBox="0 0 454 80"', 'height="900pt" viewBox="0 0 454 900"')
    found = reader.read([Part(notebook("# T", figure(svg={"page": high})), "t.ipynb")])
    with pypdfium2.PdfDocument(pdf.page(found)) as sheets:
        (sheet,) = (sheet for sheet in sheets if "foot of it" in sheet.get_textpage().get_text_range())
        said = sheet.get_textpage().get_text_range()
        for text in ("Figure 1", "drawn label", "Source: Office of Examples"):
            assert text in said
        lowest = min(shown.get_bounds()[1] for shown in sheet.get_objects(max_depth=4))
        assert lowest / 72 * 25.4 >= 17.5, "something stands in the foot's margin, which is 18 mm"


SHEETS_IN_POINTS = {"a4": (595.28, 841.89), "letter": (612, 792)}


@pytest.mark.parametrize("paper", SHEETS_IN_POINTS)
def test_a_report_is_printed_on_the_paper_of_its_spec_and_keeps_to_its_margins(everything, paper):
    width, height = SHEETS_IN_POINTS[paper]
    exhibits = 160 / 25.4 * 72
    data = pdf.page(replace(everything, paper=paper))
    assert errors(data, "ua1") == errors(data, "2a") == set()
    with pypdfium2.PdfDocument(data) as sheets:
        for sheet in sheets:
            assert sheet.get_size() == pytest.approx((width, height), abs=0.01)
            for shown in sheet.get_objects(max_depth=4):
                left, bottom, right, top = shown.get_bounds()
                assert left >= (width - exhibits) / 2 - 4, "a line may stand out by half its thickness"
                assert right <= (width + exhibits) / 2 + 4
                assert bottom >= 14 / 25.4 * 72
                assert top <= height - 10 / 25.4 * 72


def test_the_paper_of_a_spec_is_that_of_its_edition(checkout):
    nbformat.write(notebook("# Trade\n\nAs seen."), checkout / "notebooks" / "trade.ipynb")
    said = "title: Trade\nabstract: What is traded.\nchapters:\n  - notebook: trade\n"
    for line, sheet in (("", "a4"), ("paper: letter\n", "letter")):
        (checkout / "reports" / "trade.yml").write_text(said + line, encoding="utf-8")
        (outcome,) = build(checkout, [], lambda line: None)
        (first, *_) = pypdf.PdfReader(outcome.edition / "trade.pdf").pages
        assert first.mediabox[2:] == pytest.approx(SHEETS_IN_POINTS[sheet], abs=0.01)


def test_the_words_are_the_same_on_every_paper(everything):
    letter, a4 = (structure(pdf.page(replace(everything, paper=paper))) for paper in ("letter", "a4"))
    assert words_of_print(letter) == words_of_print(a4)


@pytest.mark.parametrize(("language", "broken"), [("de-DE", {"Wirtschafts", "Gesellschafts"}), ("en-GB", set())])
def test_words_are_broken_by_the_rules_of_the_documents_language(language, broken):
    text = "Nach dem Recht der Staaten gilt für jede Wirtschaftsgemeinschaft und Gesellschaftsordnung dasselbe. " * 40
    data = pdf.page(reader.read([Part(notebook(f"# T\n\n{text}"), "t.ipynb")], language=language))
    book = pypdf.PdfReader(io.BytesIO(data))
    assert book.trailer["/Root"]["/Lang"] == language
    halves = set(re.findall(r"(\w+)\u00ad", "".join(sheet.extract_text() for sheet in book.pages)))
    assert halves & {"Wirtschafts", "Gesellschafts"} == broken


# ---- Letters that no page can show, and hostile ones


STRANGE = "a\x00\x07\x1b\u202eb \U0001f600 \u6cb3 \ue000 \U0001f1fb\U0001f1f3 c"
SHOWN = "ab ‹U+1F600› ‹U+6CB3› ‹U+E000› ‹U+1F1FB›‹U+1F1F3› c"


def strange(everything):
    source = exhibit()["sources"][0] | {"producer": STRANGE, "title": STRANGE, "address": "https://example.org/\u6cb3"}
    table = {"columns": [{"label": STRANGE, "align": "left"}], "rows": [[STRANGE]], "row_headers": 1}
    said = {"title": STRANGE, "subtitle": STRANGE, "alt": STRANGE, "notes": [STRANGE], "source": STRANGE}
    labelled = drawing(inside=f"<text y='40'>{STRANGE.translate(dict.fromkeys((0, 7, 27)))}</text>")
    return report(
        chapter("a", "# A", figure(**said, sources=[source], svg={"page": labelled}), title=STRANGE),
        chapter("b", f"# B\n\n{STRANGE} and `{STRANGE}`", figure("t", "table", table=table, sources=[source], **said)),
        chapter("c", f"## {STRANGE}", finding(STRANGE), tally(STRANGE, **{STRANGE: 1}), method(STRANGE)),
        title=STRANGE,
        subtitle=STRANGE,
        authors=[STRANGE],
        abstract=STRANGE,
        revisions=[("2026-11-20", STRANGE)],
        rebuild=STRANGE,
    )


def test_a_letter_that_the_typefaces_lack_is_shown_by_its_number_and_one_that_prints_nothing_not_at_all(everything):
    data = pdf.page(strange(everything))
    for profile in ("ua1", "2a"):
        assert errors(data, profile) == set()
    told = " ".join(structure(data).text().split())
    assert told.count("ab ‹U+1F600› ‹U+6CB3›") >= 24
    assert not re.search("[\x00\x07\x1b\u202e\ue000\U0001f600]", told)
    metadata = pypdf.PdfReader(io.BytesIO(data)).metadata
    assert (metadata.title, metadata.author, metadata.subject) == (SHOWN, SHOWN, SHOWN)


def test_names_that_cannot_be_drawn_are_numbered_in_drawings_and_tables_and_their_letters_given_below():
    han, hangul = "\u5854\u6069\u56fd", "\ucf08\ub4dc \uacf5\ud654\uad6d"
    labels = f"<text y='40'>{han[:2]}… 12 %</text><text y='55'>{hangul} 3</text><text y='70'>{han} 4</text>"
    columns = [{"label": han, "align": "left"}, {"label": "Sold", "align": "right"}]
    table = {"columns": columns, "rows": [[hangul, "1"], ["Ardania", "2"]], "row_headers": 1}
    of_han, of_hangul = "U+5854 U+6069 U+56FD", "U+CF08 U+B4DC U+ACF5 U+D654 U+AD6D"
    data = pdf.page(
        report(
            chapter("a", "# A", figure(title=f"{han} grew", svg={"page": drawing(inside=labels)})),
            chapter("b", "# B", figure("rates", "table", table=table)),
        )
    )
    drawn = " ".join("".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(data)).pages).split())
    for label in ("‹2›… 12 %", "‹1› 3", "‹2› 4"):
        assert label in drawn
    told = " ".join(structure(data).text().split())
    assert "‹U+5854›‹U+6069›‹U+56FD› grew" in told, "running text has room for the letters themselves"
    assert f"numbered: ‹1› is {of_hangul}; ‹2› is {of_han}." in told
    assert "‹1› Sold ‹2› 1 Ardania 2" in told
    assert f"numbered: ‹1› is {of_han}; ‹2› is {of_hangul}." in told
    assert told.count("numbered:") == 2


def test_nothing_is_said_of_letters_where_none_is_lacking(everything):
    assert "typefaces lack" not in structure(pdf.page(everything)).text()


def test_an_address_keeps_the_letters_that_the_page_cannot_show(everything):
    book = pypdf.PdfReader(io.BytesIO(pdf.page(strange(everything))))
    notes = [note.get_object() for sheet in book.pages for note in sheet.get("/Annots", [])]
    addresses = {note["/A"]["/URI"] for note in notes if "/URI" in note.get("/A", {})}
    assert addresses == {"https://example.org/%E6%B2%B3"}, "the letter in the form that addresses in a PDF take"


def test_hostile_text_in_every_place_is_shown_as_the_text_it_is_in_the_pdf(everything):
    found = hostile(everything)
    data = pdf.page(found)
    shown = " ".join(structure(data).text(set()).split())
    # Titles, subtitles, notes, sources, a head, a cell, a tally, text, findings, method, changes, sources and the rest.
    assert shown.count("<script>alert(1)</script> #panic() $x$ {{ 7*7 }} \\input{x} `y` *z* </figure>") >= 20
    root = pypdf.PdfReader(io.BytesIO(data)).trailer["/Root"]
    assert not {"/OpenAction", "/AA", "/AcroForm"} & set(root)
    assert not re.search(rb"/(JavaScript|JS|Launch|EmbeddedFile|SubmitForm)\b", data)


def test_hostile_text_in_every_place_changes_nothing_in_the_page(everything):
    plain, page = (lxml_html.fromstring(html.page(made)) for made in (of_words_alone(everything), hostile(everything)))
    own = {script.text_content() for script in plain.xpath("//script")}
    assert {script.text_content() for script in page.xpath("//script")} <= own
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    assert not page.xpath("//body//iframe | //object | //embed | //form | //base | //@srcdoc")
    addresses = page.xpath("//@href | //@src")
    assert not [address for address in addresses if not re.match(r"#|https?://|mailto:|data:|[\w./-]+$", address)]
    body = " ".join(page.xpath("//body")[0].text_content().split())
    assert body.count("<script>alert(1)</script> #panic() $x$ {{ 7*7 }}") >= 20


@pytest.mark.parametrize("made", [hostile, strange])
def test_hostile_text_in_every_place_leaves_word_file_and_workbook_whole(everything, made):
    found = made(everything)
    for data, least in ((docx.page(found), 20), (xlsx.workbook(found), 5)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        texts = []
        for name, content in parts.items():
            if name.endswith((".xml", ".rels")):
                texts.append("".join(etree.fromstring(content).itertext()))
                assert not re.search(rb"<script|<f>|javascript:|vbaProject|oleObject", content), name
        told = " ".join(texts)
        assert told.count("<script>alert(1)</script>" if made is hostile else "\U0001f600") >= least
        assert not re.search("[\x00\x07\x1b\u202e]", told)
