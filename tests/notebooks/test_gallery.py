"""The gallery shows every type of exhibit; what it shows passes the gate, and stands in page and PDF."""

import io

import nbformat
import pypdf
import pytest
from exhibits.drawn import faults
from helpers import EXHIBIT, ROOT
from lxml import html as lxml_html

from legation.exhibits import gallery
from legation.press import html, pdf, reader, warm
from legation.press.plan import Chapter
from legation.press.reader import Part
from legation.press.run import ChapterError, run

NOTEBOOK = ROOT / "notebooks" / "gallery.ipynb"
#: Every function that makes an exhibit has one of these at the head of an exhibit's name, besides those that need
#: the text of a treaty or a group of the codebook.
KINDS = (
    *(
        "turnover-by",
        "turnover-over",
        "shares-over",
        "balance-by",
        "balance-over",
        "share-of",
        "growth-by",
        "intensity-by",
        "mirror-gaps-export",
    ),
    *("mirror-gap-vnm", "concentration-over", "coverage", "flows", "years", "statements", "timeline", "votes"),
    *(
        "agreement",
        "arms-rus",
        "arms-between",
        "arms-suppliers",
        "containers",
        "investors",
        "identity",
        "treaties-compared",
    ),
    *("provision-matrix", "pledge", "terms", "article", "commitment", "similarity", "claims-scoreboard", "why-"),
)


def ran(**parameters):
    server = warm.shared(warm.modules_of([NOTEBOOK]))
    return nbformat.from_dict(run(Chapter(NOTEBOOK, parameters, None, 0), server.place).notebook)


@pytest.fixture(scope="module")
def notebook():
    return ran(cases=["ordinary"])


def exhibits(notebook):
    outputs = (output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)
    return [output.data[EXHIBIT] for output in outputs if EXHIBIT in output.get("data", {})]


def test_it_shows_every_kind_of_exhibit(notebook):
    names = [exhibit["name"] for exhibit in exhibits(notebook)]
    assert len(names) == len(set(names))
    assert not [kind for kind in KINDS if not any(name.startswith(kind) for name in names)], names


def test_every_chart_passes_the_gate_and_no_exhibit_can_be_taken_for_a_fact(notebook):
    for exhibit in exhibits(notebook):
        assert exhibit["subtitle"].startswith(gallery.SAID)
        assert exhibit["alt"].startswith(gallery.SAID)
        assert exhibit["source"] == gallery.SOURCE
        assert not exhibit["sources"]
        for svg in exhibit.get("svg", {}).values():
            assert not faults(svg)


def test_page_and_pdf_hold_every_exhibit(notebook):
    document = reader.read([Part(notebook, "gallery.ipynb", name="gallery")], title="Gallery")
    page = lxml_html.fromstring(html.page(document))
    printed = pypdf.PdfReader(io.BytesIO(pdf.page(document)))
    said = "".join("".join(sheet.extract_text().split()) for sheet in printed.pages).replace("\u00a0", "")
    assert len(page.xpath("//figure")) == len(exhibits(notebook))
    for exhibit in exhibits(notebook):
        assert "".join(exhibit["title"].split()).replace("\u00a0", "") in said


def test_an_unknown_case_is_refused_with_those_there_are():
    with pytest.raises(ChapterError, match=r"'one pint' is no case of the gallery. Its cases are ordinary"):
        ran(cases=["one pint"])
