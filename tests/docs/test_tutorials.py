"""The tutorials run to their end, say what they say of the product, touch nothing, and make pages."""

import io
import re
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pypdf
import pytest
from helpers import EXHIBIT, ROOT
from lxml import html as lxml_html

from legation.press import html, pdf, reader, warm
from legation.press.plan import Chapter
from legation.press.reader import Part
from legation.press.run import run

TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))


def state_of_the_repository():
    kept = ("data", "docs/tutorials", "notebooks", "reports", "src")
    skipped = {"__pycache__", "cache", "published", ".ipynb_checkpoints"}
    files = (file for folder in kept for file in (ROOT / folder).rglob("*") if not skipped & set(file.parts))
    return {file: (file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()}


@pytest.fixture(scope="module")
def executed():
    """All tutorials as they ran, two at a time, and the repository's files before and after."""
    before = state_of_the_repository()
    place = warm.shared(warm.modules_of(TUTORIALS)).place

    def done(file):
        return file.stem, run(Chapter(file, {}, None, 0), place)

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(done, TUTORIALS)), before, state_of_the_repository()


def said(executed, name):
    cells = executed[0][name].notebook["cells"]
    outputs = (output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"])
    return "".join(output.get("text", "") for output in outputs)


def test_there_is_one_for_each_thing_to_do_and_the_document_has_them_all():
    assert [file.stem[:2] for file in TUTORIALS] == ["01", "02", "03", "04", "05", "06"]
    listed = re.findall(r"notebook: (\S+)", (ROOT / "docs" / "tutorials.yml").read_text(encoding="utf-8"))
    assert listed == [file.stem for file in TUTORIALS]


def test_nothing_of_the_repository_is_touched(executed):
    _, before, after = executed
    assert after == before


def test_no_tutorial_warns(executed):
    assert {name: done.warnings for name, done in executed[0].items() if done.warnings} == {}


@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        (
            "01-change-a-report",
            ["reports/vietnam-trade.yml, line ", "did you mean 'partners'?", "kept: nothing it depends on changed"],
        ),
        (
            "02-a-new-country-pair",
            ["Thailand’s goods trade with Viet Nam came to", "comtrade-thailand: nothing is held"],
        ),
        (
            "03-add-a-treaty",
            [
                "5 articles",
                "  - article: '2'\n    type: mutual-assistance",
                "Malta–Fiji (invented) at any time, at 12 months’ notice",
                "'at-once'",
            ],
        ),
        ("04-check-an-article", ["did you mean 'trade_rank'?", "['contradicted', 1]", "['not testable', 1]"]),
        ("05-add-a-data-source", ["more than zero must stand", "XTS  2023     2.50", "the first, 2024, comes after"]),
        ("06-schedule-it", ["It takes 0 to 23", "*/5 * * * *", "1 published", "1 unchanged", "year: “2019” → “2018”"]),
    ],
)
def test_the_product_answers_as_the_tutorial_shows(executed, name, sentences):
    text = said(executed, name)
    assert [sentence for sentence in sentences if sentence not in text] == []


def test_they_show_no_place_of_this_machine(executed):
    for name in executed[0]:
        assert str(ROOT) not in said(executed, name)
        assert not re.search(r"/tmp/|legation-tutorial-", said(executed, name)), name  # noqa: S108


def test_page_and_pdf_hold_every_tutorial(executed):
    parts = [Part(nbformat.from_dict(done.notebook), f"{name}.ipynb", name=name) for name, done in executed[0].items()]
    document = reader.read(parts, title="Tutorials")
    page = lxml_html.fromstring(html.page(document))
    assert len(page.xpath("//figure")) == 2  # of the reports that were built
    titles = [" ".join(heading.text_content().split()) for heading in page.xpath("//h2")]
    for number, part in enumerate(parts, start=1):
        first = part.notebook.cells[0].source.partition("\n")[0].removeprefix("# ")
        assert f"{number} {first}" in titles
    printed = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(pdf.page(document))).pages)
    assert "legation treaty draft" in " ".join(printed.split())


def test_an_exhibit_of_a_report_is_shown_whole(executed):
    cells = executed[0]["02-a-new-country-pair"].notebook["cells"]
    outputs = (output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"])
    (exhibit,) = [output["data"][EXHIBIT] for output in outputs if EXHIBIT in output.get("data", {})]
    assert "International Monetary Fund" in exhibit["source"]
