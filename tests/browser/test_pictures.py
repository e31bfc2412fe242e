"""Pages and exhibits look as they did: each is held against its picture in ``pictures/``.

``LEGATION_PICTURES=renew .venv/bin/pytest tests/browser/test_pictures.py`` keeps what is drawn now; look at it in the
commit.
"""

from __future__ import annotations

import io
import re

import pypdfium2
import pytest
from exhibits.conftest import entries, line
from exhibits.trade_figures import EVENTS, NAMES, PARTNERS, usual
from helpers import notebook, shown
from PIL import Image, ImageDraw

from browser import compare, shelf
from legation.exhibits import trade, view
from legation.press import html, pdf, reader
from legation.press.reader import Part

WHO = {"reporter": "VNM", "partners": PARTNERS, "focus": "RUS", "names": NAMES}
#: Exhibits in the page's size and in the telephone's, light and dark; each kind of drawing once.
EXHIBITS = {
    "bars": ("turnover", 1280, "light"),
    "bars-dark-on-a-phone": ("turnover", 360, "dark"),
    "lines": ("shares", 1280, "light"),
    "lines-dark": ("shares", 1280, "dark"),
    "gaps-on-a-phone": ("mirror", 360, "light"),
    "coverage": ("coverage", 1280, "light"),
    "table": ("flows", 1280, "light"),
    "table-dark-on-a-phone": ("flows", 360, "dark"),
}
#: What a window shows of a page when it is opened.
PAGES = {
    "report": ("whole/index.html", 1280, "light"),
    "report-dark-on-a-phone": ("whole/index.html", 360, "dark"),
    "reports-dark": ("index.html", 1280, "dark"),
    "reports-on-a-phone": ("index.html", 360, "light"),
}
#: Pages of the PDF, from 1.
SHEETS = {"sheet-of-findings": 2, "sheet-with-a-table": 4}


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    """A page with the exhibits of a made-up trade: real ones would change with the data."""
    figures = usual()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(view.data, "sources", entries)
        patch.setattr(view.data, "citation", line)
        exhibits = [
            trade.turnover_by_partner(figures.bilateral, year=2022, **WHO),
            trade.shares_over_time(figures.shares, events=EVENTS, **WHO),
            trade.mirror_gaps_by_partner(figures.gaps, year=2020, **WHO),
            trade.coverage_panel(figures.coverage, **WHO),
            trade.flows_table(
                figures.bilateral,
                reporter="VNM",
                year=2022,
                partners=PARTNERS,
                shares=figures.shares,
                growth=figures.growth,
                names=NAMES,
            ),
        ]
    cells = [shown(exhibit._repr_mimebundle_()) for exhibit in exhibits]
    path = tmp_path_factory.mktemp("gallery") / "index.html"
    path.write_text(html.page(reader.read([Part(notebook("# Gallery", *cells), "gallery.ipynb")])), encoding="utf-8")
    return path


@pytest.fixture
def drawn_as_before(request, tmp_path):
    def check(name, picture):
        problem = compare.check(name, picture, tmp_path)
        assert problem is None, problem

    return check


def taken(source, **options):
    """The picture of a page or of an element, its fonts there and nothing in motion."""
    return Image.open(io.BytesIO(source.screenshot(animations="disabled", caret="hide", **options)))


@pytest.mark.parametrize("name", EXHIBITS)
def test_an_exhibit_looks_as_it_did(name, gallery, look_at, drawn_as_before):
    which, width, scheme = EXHIBITS[name]
    page = look_at(gallery, width, scheme).page
    page.evaluate("document.fonts.ready.then(() => 1)")
    figure = page.locator("figure", has=page.locator(f"a[download*='{which}']"))
    drawn_as_before(name, taken(figure))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_as_it_did_when_it_is_opened(name, pages, open_page, drawn_as_before):
    path, width, scheme = PAGES[name]
    page = open_page(pages / path, width).page
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.fonts.ready.then(() => 1)")
    drawn_as_before(name, taken(page))


@pytest.fixture(scope="module")
def printed():
    return pypdfium2.PdfDocument(pdf.page(shelf.whole()))


@pytest.mark.parametrize("name", SHEETS)
def test_a_page_of_the_pdf_looks_as_it_did(name, printed, drawn_as_before):
    drawn_as_before(name, printed[SHEETS[name] - 1].render(scale=1).to_pil())


def test_every_picture_that_is_kept_belongs_to_a_test():
    assert {path.stem for path in compare.KEPT.glob("*.png")} == {*EXHIBITS, *PAGES, *SHEETS}


# --- what the comparison sees ---------------------------------------------------------------------------------------


LABEL = "[...document.querySelectorAll('figure .drawing.page text')].find(each => each.textContent.includes('China'))"


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ("", False),
        ("document.querySelectorAll('text').forEach(each => each.style.translate = '.35px .35px')", False),
        (f"{LABEL}.style.translate = '3px 0'", True),
        (f"{LABEL}.style.translate = '0 3px'", True),
        ("document.documentElement.style.setProperty('--exhibit-context', '#9aa3ad')", True),  # 15 steps of 255
    ],
    ids=["nothing", "all letters by a third of a pixel", "a label aside", "a label down", "a bar's colour"],
)
def test_what_moved_or_changed_colour_is_seen_and_letters_drawn_a_little_otherwise_are_not(
    gallery, open_page, change, seen
):
    page = open_page(gallery).page
    figure = page.locator("figure").first
    page.evaluate("document.fonts.ready.then(() => 1)")
    before = taken(figure).convert("RGB")
    page.evaluate(f"() => {{ {change} }}")
    after = taken(figure).convert("RGB")
    page.close()
    assert (compare.count(compare.differing(before, after)) > compare.NOISE) is seen


def test_a_picture_that_changed_is_shown_before_and_after_with_what_differs_in_red(tmp_path, monkeypatch):
    monkeypatch.setattr(compare, "KEPT", tmp_path)
    monkeypatch.setenv(compare.RENEW, "renew")
    before = Image.new("RGB", (100, 60), "#ffffff")
    ImageDraw.Draw(before).rectangle((10, 10, 40, 30), fill="#8a1c1c")
    assert compare.check("bars", before, tmp_path) is None
    monkeypatch.delenv(compare.RENEW)
    assert compare.check("bars", before, tmp_path) is None
    after = before.copy()
    ImageDraw.Draw(after).rectangle((60, 10, 90, 30), fill="#8a1c1c")
    shown_in = tmp_path / "shown"
    shown_in.mkdir()
    problem = compare.check("bars", after, shown_in)
    assert re.search(rf"differs in \d+ pixels.*see {shown_in}/bars\.png.*{compare.RENEW}=renew", problem)
    sheet = Image.open(shown_in / "bars.png").convert("RGB")
    assert sheet.size[0] > 3 * 100
    third = sheet.crop((224, 16, 324, 76))
    assert third.getpixel((75, 20)) == (224, 0, 0)
    assert third.getpixel((25, 20)) != (224, 0, 0)
    assert "is (50, 60), was (100, 60)" in compare.check("bars", after.resize((50, 60)), shown_in)
    assert "There is no picture" in compare.check("unknown", after, shown_in)
