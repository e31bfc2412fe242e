"""The Word file and the workbook say what the page says, in the form in which an editor works."""

import csv
import io
import json
import re
import subprocess
import sys
import zipfile

import nbformat
import openpyxl
import pytest
from helpers import EXHIBIT, drawing, exhibit, notebook, shown
from lxml import etree
from press.made import HOSTILE, chapter, figure, finding, report, tally

from legation.errors import InputError
from legation.press import docx, html, reader, spec, xlsx
from legation.press.reader import Part

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NAMES = {
    "w": W,
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one point


def whole(**about):
    return reader.read(
        [
            Part(
                notebook(
                    "# How trade grew\n\nBy how much?[^1] See [](#turnover), [](#turnover-2) and [trade][].\n\n"
                    "[^1]: In dollars.\n\n[trade]: https://example.org/trade",
                    "## A heading so long that Word has no room for all its letters in a mark\n\nThe formula is $a^2$.",
                    shown({EXHIBIT: exhibit("chart")}),
                    "### Below\n\n- one\n- two\n\n|a|b|\n|-|-|\n|1|2|",
                    shown({EXHIBIT: exhibit("table")}),
                    "## Method\n\nAs stated.",
                    shown({"image/png": PNG}, {"image/png": {"alt": "A red point."}}),
                    finding(exhibit="turnover"),
                    tally(confirmed=2),
                ),
                "trade.ipynb",
            )
        ],
        rebuild="make report REPORT=x",
        authors=["A. Writer"],
        **about,
    )


def part(made, name="word/document.xml"):
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        return etree.fromstring(archive.read(name))


def found(root, path):
    return root.xpath(path, namespaces=NAMES)


def text_of(element):
    return "".join(found(element, ".//w:t/text()"))


def of_style(root, style):
    return [text_of(paragraph) for paragraph in found(root, f"//w:p[w:pPr/w:pStyle/@w:val='{style}']")]


def books(document):
    return openpyxl.load_workbook(io.BytesIO(xlsx.workbook(document)))


def test_the_word_file_holds_what_the_page_holds_in_styles_of_its_own():
    body = part(docx.page(whole()))
    assert of_style(body, "Title") == ["How trade grew"]
    assert of_style(body, "Byline") == ["A. Writer. Data retrieved to 1 June 2021."]
    assert of_style(body, "Tally") == ["Claims examined: 2 confirmed"]
    assert "Method" in of_style(body, "Heading1")
    assert of_style(body, "Heading2")[0] == "Below"
    said = text_of(body).replace("\u00a0", " ")
    for words in (
        "See Figure 1, Table 1 and trade.",
        "Trade grew (Figure 1).",
        "make report REPORT=x",
        "What this edition states comes from 1 publication. ",
    ):
        assert words in said, f"Word lacks {words!r}"


def test_every_exhibit_has_a_counted_caption_a_subtitle_notes_and_its_source():
    body = part(docx.page(whole()))
    captions = [caption.replace("\u2002", " ") for caption in of_style(body, "Caption")]
    title = "Turnover grew in each of two years"
    assert captions == [f"Figure 1 {title}", f"Table 1 {title}", "Figure 2"]
    fields = found(body, "//w:p[w:pPr/w:pStyle/@w:val='Caption']/w:fldSimple/@w:instr")
    assert [field.split()[:2] for field in fields] == [["SEQ", "Figure"], ["SEQ", "Table"], ["SEQ", "Figure"]]
    assert of_style(body, "ExhibitSubtitle") == ["Million USD, 2019–2020"] * 2
    assert of_style(body, "ExhibitNote") == ["The second year is preliminary."] * 2
    assert of_style(body, "ExhibitSource") == ["Source: Office of Examples, Trade (May 2021)."] * 2 + [""]


def test_every_picture_has_its_alternative_text_and_stands_in_the_file():
    made = docx.page(whole())
    body, relations = part(made), part(made, "word/_rels/document.xml.rels")
    assert found(body, "//wp:docPr/@descr") == ["Turnover rose from 10 to 12 million dollars.", "A red point."]
    targets = {relation.get("Id"): relation.get("Target") for relation in relations}
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        for reference in found(body, "//a:blip/@r:embed"):
            assert archive.read(f"word/{targets[reference]}").startswith(b"\x89PNG")
    wide, _ = (int(width) for width in found(body, "//wp:extent/@cx"))
    assert wide == pytest.approx(160 * 36_000, rel=0.001), "a chart is as wide as exhibits are"


def test_a_table_can_be_edited_and_its_head_is_repeated():
    content = exhibit("table")
    content["table"]["groups"] = [{"label": "Of both", "span": 2}]
    made = docx.page(reader.read([Part(notebook(shown({EXHIBIT: content})), "trade.ipynb")]))
    (table,) = found(part(made), "//w:tbl[w:tblPr/w:tblStyle/@w:val='ExhibitTable']")
    rows = [[text_of(cell) for cell in row.findall("w:tc", NAMES)] for row in table.findall("w:tr", NAMES)]
    assert rows == [["Of both"], ["Year", "Turnover"], ["2019", "10"], ["2020", "not reported"]]
    heads = [row.find("w:trPr/w:tblHeader", NAMES) is not None for row in table.findall("w:tr", NAMES)]
    assert heads == [True, True, False, False]
    assert found(table, ".//w:tblDescription/@w:val") == ["Turnover rose from 10 to 12 million dollars."]
    assert found(table, ".//w:gridSpan/@w:val") == ["2"]


def test_footnotes_are_words_own_and_every_link_leads_somewhere():
    made = docx.page(whole())
    body, notes = part(made), part(made, "word/footnotes.xml")
    (reference,) = found(body, "//w:footnoteReference/@w:id")
    (note,) = found(notes, f"//w:footnote[@w:id='{reference}']")
    assert text_of(note).strip() == "In dollars."
    marks = found(body, "//w:bookmarkStart/@w:name")
    assert len(marks) == len(set(marks))
    assert {"turnover", "turnover-2"} <= set(found(body, "//w:hyperlink/@w:anchor")) <= set(marks)
    relations = {relation.get("Id"): relation for relation in part(made, "word/_rels/document.xml.rels")}
    assert {relations[link].get("Target") for link in found(body, "//w:hyperlink/@r:id")} == {
        "https://example.org/trade"
    }


def test_the_contents_are_a_field_that_word_can_bring_up_to_date():
    body = part(docx.page(whole()))
    assert of_style(body, "toc1")[0] == "Findings"
    assert of_style(body, "toc1")[-1] == "Data and method"
    assert [field.get(f"{{{W}}}fldCharType") for field in found(body, "//w:fldChar")] == ["begin", "separate", "end"]


def test_every_style_that_the_word_file_uses_is_defined():
    made = docx.page(whole())
    defined = set(found(part(made, "word/styles.xml"), "//w:style/@w:styleId"))
    for name in ("word/document.xml", "word/footnotes.xml", "word/header1.xml"):
        used = found(part(made, name), "//w:pStyle/@w:val | //w:rStyle/@w:val | //w:tblStyle/@w:val")
        assert set(used) <= defined, name


def test_chapters_of_several_begin_a_page():
    made = docx.page(report(chapter("one", "# One"), chapter("two", "# Two", figure(), finding())))
    breaking = found(part(made), "//w:p[w:pPr/w:pageBreakBefore]")
    assert [text_of(paragraph) for paragraph in breaking] == ["1\u2002One", "2\u2002Two", "Data and method"]


def test_both_files_are_the_same_bytes_every_time_and_tell_the_datas_day_title_author_and_language(monkeypatch):
    for write in (docx.page, xlsx.workbook):
        made = write(whole(language="fr-FR"))
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
        monkeypatch.setenv("USER", "somebody")
        assert write(whole(language="fr-FR")) == made
        with zipfile.ZipFile(io.BytesIO(made)) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = {etree.QName(element).localname: element.text for element in part(made, "docProps/core.xml")}
        assert core == {
            "title": "How trade grew",
            "creator": "A. Writer",
            "language": "fr-FR",
            "created": "2021-06-01T00:00:00Z",
            "modified": "2021-06-01T00:00:00Z",
        }
    assert found(part(docx.page(whole(language="fr-FR")), "word/styles.xml"), "//w:lang/@w:val") == ["fr-FR"]


@pytest.mark.parametrize(("paper", "sheet", "beside"), [("a4", (11906, 16838), 1417), ("letter", (12240, 15840), 1585)])
def test_word_has_the_paper_of_the_spec_with_room_for_exhibits_between_its_margins(paper, sheet, beside):
    body = part(docx.page(whole(paper=paper)))
    size, margins = found(body, "//w:pgSz")[0], found(body, "//w:pgMar")[0]
    assert (int(size.get(f"{{{W}}}w")), int(size.get(f"{{{W}}}h"))) == sheet
    assert (int(margins.get(f"{{{W}}}left")), int(margins.get(f"{{{W}}}right"))) == (beside, beside)


def hostile():
    """A document in which everything a reader sees is hostile."""
    content = exhibit("table", title=HOSTILE, subtitle=HOSTILE, alt=HOSTILE, source=HOSTILE, notes=[HOSTILE])
    content["table"]["rows"][0][0] = HOSTILE
    content["data"]["columns"][0]["name"] = HOSTILE
    content["data"]["rows"] = [["=cmd|' /C calc'!A0", 1.5], ["_x0041_ &amp; <b> \x07 \U0001f600", None]]
    chart = exhibit("chart", title=HOSTILE, alt=HOSTILE, svg={"page": drawing(inside="<script>alert(1)</script>")})
    cells = (shown({EXHIBIT: content}), shown({EXHIBIT: chart}))
    return reader.read([Part(notebook(*cells), "trade.ipynb")], title=f"\x0b{HOSTILE}", authors=[HOSTILE])


def test_hostile_text_is_shown_in_word_as_the_text_it_is():
    body = part(docx.page(hostile()))
    plain = HOSTILE.removesuffix("\u202e")
    assert of_style(body, "Title") == [plain]
    assert of_style(body, "ExhibitSource")[0] == of_style(body, "ExhibitNote")[0] == plain
    assert text_of(found(body, "//w:tbl//w:tr[2]/w:tc[1]")[0]) == plain
    assert found(body, "//wp:docPr/@descr") == [plain]
    assert not found(body, "//*[local-name()='script']")


def test_hostile_text_is_shown_in_the_workbook_as_the_text_it_is():
    book = books(hostile())
    plain = HOSTILE.removesuffix("\u202e")
    assert book.sheetnames == ["Contents", "Table 1", "Figure 1"]
    assert book["Contents"]["A1"].value == book["Table 1"]["A1"].value == plain
    formula, escaped = book["Table 1"]["A9"], book["Table 1"]["A10"]
    assert (formula.value, formula.data_type) == ("=cmd|' /C calc'!A0", "s")
    assert escaped.value == "_x005F_x0041_ &amp; <b>  \U0001f600", "Excel shows _x005F_ as an underscore"
    with zipfile.ZipFile(io.BytesIO(xlsx.workbook(hostile()))) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())


def test_a_sheet_tells_title_unit_source_and_vintage_above_the_numbers():
    sheet = books(whole())["Figure 1"]
    assert [sheet.cell(row, 1).value for row in range(1, 7)] == [
        "Turnover grew in each of two years",
        "Million USD, 2019–2020",
        "Source: Office of Examples, Trade (May 2021).",
        "Vintage: Office of Examples, May 2021. Retrieved to 1 June 2021.",
        "The second year is preliminary.",
        "Contents",
    ]
    assert [cell.value for cell in sheet[8]] == ["year", "turnover (million USD)"]
    assert sheet.freeze_panes == "A9"


def test_the_first_sheet_lists_the_others_with_links():
    book = books(whole())
    contents = book["Contents"]
    assert [contents.cell(row, 1).value for row in (7, 8)] == book.sheetnames[1:] == ["Figure 1", "Table 1"]
    assert [contents.cell(row, 1).hyperlink.location for row in (7, 8)] == ["'Figure 1'!A1", "'Table 1'!A1"]
    assert book["Table 1"]["A6"].hyperlink.location == "'Contents'!A1"
    assert [contents.cell(7, place).value for place in (2, 4)] == ["Turnover grew in each of two years", 2]


def test_the_numbers_of_a_sheet_are_those_of_the_csv():
    content = exhibit("table")
    content["data"]["rows"] = [[2019, 10.0], [2020, None], [2021, -1234567.891], [2022, 1e-7], [2**60, 2 / 3]]
    document = reader.read([Part(notebook(shown({EXHIBIT: content})), "trade.ipynb")])
    told = list(csv.reader(io.StringIO(html.data_csv(document.exhibits[0]))))[1:]
    sheet = books(document)["Table 1"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=9)]
    assert len(rows) == len(told)
    for row, line in zip(rows, told, strict=True):
        for cell, word in zip(row, line, strict=True):
            assert (cell is None) if word == "" else float(cell) == pytest.approx(float(word), rel=1e-15)
    assert isinstance(rows[0][1], int | float)
    assert rows[4][0] == str(2**60), "Excel would round it"


def test_a_report_without_numbers_says_so():
    book = books(reader.read([Part(notebook("# Words"), "words.ipynb")]))
    assert book.sheetnames == ["Contents"]
    assert book["Contents"]["A5"].value == "This report shows no numbers."


def test_a_text_too_long_for_a_cell_says_that_it_is_cut_off():
    content = exhibit("table")
    content["data"]["rows"] = [["x" * 40_000, 1.0]]
    value = books(reader.read([Part(notebook(shown({EXHIBIT: content})), "trade.ipynb")]))["Table 1"]["A9"].value
    assert len(value) == 32_767
    assert value.endswith("(cut off here; the CSV has all of it)")


SPEC = "title: Trade\nabstract: What is traded.\nchapters:\n  - notebook: trade\n"


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        ("outputs:\n  - xlsx\n  - dcox\n", r"line 7: .*there is no output 'dcox' \(did you mean 'docx'\?\)"),
        ("outputs: [pdf]\n", r"line 5: .*HTML and PDF are always made; the others are: docx, xlsx"),
        ("outputs: [docx, docx]\n", r"line 5: .*the output 'docx' is named twice. Remove one"),
        ("outputs: docx\n", r"line 5: 'outputs' is wrong"),
        ("ouputs: [docx]\n", r"line 5: unknown key 'ouputs' \(did you mean 'outputs'\?\)"),
    ],
)
def test_a_mistake_in_the_outputs_is_named_with_its_line(tmp_path, outputs, sentence):
    (tmp_path / "trade.yml").write_text(SPEC + outputs, encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        spec.load(tmp_path / "trade.yml")


def test_the_files_are_linked_where_the_pdf_is():
    manifest = {
        "report": "x",
        "title": "X",
        "abstract": "",
        "outputs": {"docx": "x.docx", "xlsx": "x-data.xlsx"},
    }
    assert re.findall(r'href="(x/x[^"]+)"[^>]*>(\w+)<', html.index([manifest])) == [
        ("x/x.pdf", "PDF"),
        ("x/x.docx", "Word"),
        ("x/x-data.xlsx", "Excel"),
    ]
    assert 'href="../x-data.xlsx"' in html.data_index(whole(), "x-data.xlsx")
    assert "xlsx" not in html.data_index(whole())


def test_an_edition_holds_the_files_that_the_spec_asks_for_and_no_others(checkout):
    nbformat.write(notebook("# Trade\n\nAs seen."), checkout / "notebooks" / "trade.ipynb")
    file = checkout / "reports" / "trade.yml"
    for outputs, names in (("[docx, xlsx]", {"trade.docx", "trade-data.xlsx"}), ("[]", set())):
        file.write_text(f"{SPEC}outputs: {outputs}\n", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "legation.cli", "build"], cwd=checkout, capture_output=True, text=True, check=True
        )
        told = [line.rpartition("/")[2] for line in done.stdout.splitlines() if line.startswith("reports/published/")]
        assert told == ["index.html", *sorted(names & {"trade.docx"}), "trade.pdf", *sorted(names - {"trade.docx"})]
        edition = checkout / "reports" / "published" / "trade"
        assert {path.name for path in edition.glob("*.*x")} == names
        manifest = json.loads((edition / "manifest.json").read_text(encoding="utf-8"))
        assert set(manifest["outputs"].values()) == names <= set(manifest["files"])
