"""Every page keeps to the gates in a browser: at each width, light and dark, by keyboard, on paper, without scripts."""

from __future__ import annotations

import re

import pypdfium2
import pytest

from browser import gates

#: A page of every kind, made for the purpose; see ``shelf.fill``.
MADE = [
    "whole/index.html",
    "hostile/index.html",
    "single/index.html",
    "index.html",
    "sweep/index.html",
    "whole/data/index.html",
    "opened/index.html",
    "compared/index.html",
    "status.html",
    "stale/index.html",
    "history/index.html",
]
REPORT = "whole/index.html"
FLAGSHIP = "putin-asia-2024/index.html"
SHIPPED = [FLAGSHIP, "index.html"]
SCHEMES, PHONE, DESK = ("light", "dark"), 360, 1280
#: Unfolds what is folded up, but for the contents, which would lie over the text.
OPENED = "document.querySelectorAll('main details, footer details').forEach(each => each.open = true)"
WIDTHS = (320, 360, 768, 1280, 1920)


@pytest.fixture
def made(request, pages):
    return pages / request.param


@pytest.fixture
def shipped(request, published):
    return published / request.param


each_made = pytest.mark.parametrize("made", MADE, indirect=True)
each_shipped = pytest.mark.parametrize("shipped", SHIPPED, indirect=True)
light_and_dark = pytest.mark.parametrize("scheme", SCHEMES)
phone_and_desk = pytest.mark.parametrize("width", [PHONE, DESK])


@each_made
@light_and_dark
@phone_and_desk
def test_axe_finds_nothing_amiss(made, width, scheme, look_at):
    visit = look_at(made, width, scheme)
    visit.js(OPENED)
    assert gates.accessibility(visit) == []


@each_shipped
@light_and_dark
@phone_and_desk
def test_axe_finds_nothing_amiss_in_what_is_shipped(shipped, width, scheme, look_at):
    assert gates.accessibility(look_at(shipped, width, scheme)) == []


@each_made
def test_headings_are_in_order_and_tables_say_what_their_heads_are_heads_of(made, look_at):
    assert gates.headings(look_at(made)) == []
    assert gates.tables(look_at(made)) == []


@each_shipped
def test_headings_are_in_order_and_tables_have_scopes_in_what_is_shipped(shipped, look_at):
    assert gates.headings(look_at(shipped)) == []
    assert gates.tables(look_at(shipped)) == []


@each_made
@phone_and_desk
def test_a_page_shows_its_parts_in_the_order_in_which_they_are_written(made, width, look_at):
    assert gates.order(look_at(made, width)) == []


@each_made
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(made, width, look_at):
    assert gates.overflow(look_at(made, width)) == []


@each_shipped
@pytest.mark.parametrize("width", WIDTHS)
def test_no_shipped_page_is_wider_than_its_window(shipped, width, look_at):
    assert gates.overflow(look_at(shipped, width)) == []


@each_made
@light_and_dark
def test_texts_of_drawings_stand_out_from_what_is_behind_them(made, scheme, look_at):
    assert gates.contrast(look_at(made, DESK, scheme)) == []


@light_and_dark
@phone_and_desk
def test_texts_of_the_briefings_drawings_stand_out_from_what_is_behind_them(published, width, scheme, look_at):
    assert gates.contrast(look_at(published / FLAGSHIP, width, scheme)) == []


@each_made
def test_a_page_is_dark_where_the_reader_wants_it_dark(made, look_at):
    background = "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"
    assert min(look_at(made, scheme="light").js(background)) > 230
    assert max(look_at(made, scheme="dark").js(background)) < 40


@each_made
@phone_and_desk
def test_the_keyboard_reaches_all_that_can_be_used_in_order_and_gets_out_again(made, width, open_page):
    visit = open_page(made, width)
    visit.js(OPENED)
    assert gates.keyboard(visit) == []


def test_the_keyboard_reaches_all_of_the_briefing(published, open_page):
    assert gates.keyboard(open_page(published / FLAGSHIP)) == []


def test_the_numbers_behind_a_figure_open_and_close_by_key(pages, open_page):
    page = open_page(pages / REPORT).page
    numbers = page.locator("#turnover details")
    numbers.locator("summary").focus()
    for key, stands in (("Enter", True), ("Space", False)):
        page.keyboard.press(key)
        assert numbers.evaluate("each => each.open") is stands


@each_made
@phone_and_desk
def test_nothing_moves_by_itself_while_a_page_is_loaded_and_read(made, width, open_page):
    assert gates.shifts(open_page(made, width)) == []


@phone_and_desk
def test_nothing_moves_by_itself_in_the_briefing(published, width, open_page):
    assert gates.shifts(open_page(published / FLAGSHIP, width)) == []


@each_made
def test_pages_are_set_in_the_typefaces_they_bring_along(made, open_page):
    assert gates.fonts(open_page(made)) == []


def test_the_briefing_is_set_in_the_typefaces_it_brings_along(published, open_page):
    assert gates.fonts(open_page(published / FLAGSHIP)) == []


@pytest.mark.parametrize("made", [REPORT, "single/index.html"], indirect=True)
def test_on_paper_all_the_text_stands_and_nothing_that_only_a_screen_needs(made, open_page):
    _prints(open_page(made))


def test_a_notice_that_a_page_is_out_of_date_stands_above_all_else_on_screen_and_on_paper(pages, open_page):
    for width in (PHONE, DESK):
        visit = open_page(pages / "stale/index.html", width)
        for media in ("screen", "print"):
            visit.page.emulate_media(media=media)
            assert visit.js("document.querySelector('.stale').checkVisibility()")
            tops = visit.js(
                "['.stale', 'h1', '.findings', 'main', 'footer'].map(name => "
                "document.querySelector(name).getBoundingClientRect().top)"
            )
            assert tops == sorted(tops)


def test_the_briefing_prints_whole(published, open_page):
    _prints(open_page(published / FLAGSHIP))


def _prints(visit):
    visit.page.emulate_media(media="print", color_scheme="dark")
    assert visit.js("getComputedStyle(document.body).backgroundColor") in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    for control in ("nav.contents", ".skip", "details.numbers"):
        shown = f"[...document.querySelectorAll('{control}')].filter(each => each.checkVisibility()).length"
        assert visit.js(shown) == 0, f"{control} is printed"
    margin = dict.fromkeys(("top", "bottom", "left", "right"), "15mm")
    sheets = pypdfium2.PdfDocument(visit.page.pdf(format="A4", margin=margin))
    printed = _letters("".join(sheet.get_textpage().get_text_range() for sheet in sheets))
    said = visit.js(
        "[...document.querySelectorAll('main p, main li, main h2, main h3, main th, footer li, footer th')]"
        ".filter(each => each.checkVisibility() && !each.closest('nav, .numbers') && !each.querySelector('math'))"
        ".map(each => each.innerText)"
    )
    assert len(said) > 5
    assert [text for text in said if _letters(text)[:40] not in printed] == []


def _letters(text):
    """Without what line breaks add or take."""
    return re.sub("[\\s\u00ad\u200b\u202e-]", "", text)


@pytest.mark.parametrize("made", [REPORT, "single/index.html", "index.html"], indirect=True)
@phone_and_desk
def test_without_scripts_a_page_says_the_same_and_offers_nothing_that_would_not_work(made, width, look_at, open_page):
    _same_without_scripts(look_at(made, width), open_page(made, width, scripts=False))


def test_without_scripts_the_briefing_says_the_same(published, look_at, open_page):
    path = published / FLAGSHIP
    _same_without_scripts(look_at(path), open_page(path, scripts=False))


def _same_without_scripts(visit, without):
    closed = "() => (document.querySelectorAll('details').forEach(each => each.open = false), document.body.innerText)"
    assert _letters(without.js(closed)) == _letters(visit.js(closed))
    assert without.js("[...document.querySelectorAll('button')].filter(each => each.checkVisibility()).length") == 0
    assert gates.overflow(without) == []
    assert gates.messages(without) == []


@each_made
def test_a_page_is_quiet_and_asks_nobody_for_anything(made, look_at):
    visit = look_at(made)  # after all that was done with it above
    assert gates.messages(visit) == []
    assert gates.requests(visit) == []


@each_shipped
def test_what_is_shipped_is_quiet_and_asks_nobody_for_anything(shipped, look_at):
    visit = look_at(shipped)
    assert gates.messages(visit) == []
    assert gates.requests(visit) == []


def test_the_briefing_is_under_a_megabyte(published):
    assert (published / FLAGSHIP).stat().st_size < 1_000_000
