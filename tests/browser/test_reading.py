"""What the page does while it is read: contents that follow, tables that sort, both by key as well."""

from __future__ import annotations

import re

import pytest

REPORT = "whole/index.html"


@pytest.fixture
def page(pages, open_page):
    opened = open_page(pages / REPORT, 1280).page
    yield opened
    opened.close()


#: Whether one section is marked, which began in the upper half of the window or above it, and whose next is in sight
#: or still to come; and which.
MARKED = """() => {
  const links = [...document.querySelectorAll('nav.contents li a')].filter(link => link.checkVisibility());
  const tops = links.map(link => document.querySelector(link.hash).getBoundingClientRect().top);
  const marked = links.flatMap((link, place) => link.hasAttribute('aria-current') ? [place] : []);
  const [place] = marked;
  return marked.length === 1 && tops[place] < innerHeight / 2 && (tops[place + 1] ?? Infinity) > 0
    && links[place].hash;
}"""


def test_the_contents_mark_the_section_that_is_read_down_the_page_and_up_again(page):
    sections = page.evaluate(
        """() => [...document.querySelectorAll('nav.contents li a')].filter(link => link.checkVisibility())
          .map(link => document.querySelector(link.hash).getBoundingClientRect().top + scrollY)"""
    )
    assert len(sections) >= 6
    marked = []
    for top in [*sections, *reversed(sections)]:
        page.evaluate("top => scrollTo({top: top - 20, behavior: 'instant'})", top)
        marked.append(page.wait_for_function(MARKED, timeout=3000).json_value())
    # The heading of a chapter may be passed over where its first section begins in the same upper half.
    assert len(set(marked)) >= len(sections) - page.locator("nav.contents .chapter").count() + 1


def test_a_link_of_the_contents_leads_to_its_section_with_the_heading_in_sight(page):
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("scrollTo(0, 0)")
        if width == 360:
            page.locator("nav.contents summary").click()
        link = page.locator("nav.contents a", has_text="What follows")
        link.focus()
        page.keyboard.press("Enter")
        heading = page.locator(page.url[page.url.index("#") :])
        assert heading.inner_text() == "What follows"
        page.wait_for_timeout(100)
        assert heading.evaluate(
            """each => { const box = each.getBoundingClientRect();
              return each === document.elementFromPoint(box.left + 5, box.top + box.height / 2); }"""
        ), f"the heading is covered or out of sight at {width} px"


def column(page, place):
    """The cells of a column of the table of rates, from the top."""
    return [text.strip() for text in page.locator(f"#rates tbody tr > :nth-child({place})").all_inner_texts()]


def numbers(cells):
    return [float(cell.replace(",", "")) for cell in cells if re.match(r"[\d,.]+$", cell)]


def test_a_table_is_sorted_by_key_up_down_and_as_it_was_and_says_so(page):
    before = column(page, 1)
    head = page.locator("#rates thead tr:last-child th").nth(2)
    head.locator("button").focus()
    assert head.get_attribute("aria-sort") in (None, "none")
    for key, order in (("Enter", "ascending"), ("Space", "descending")):
        page.keyboard.press(key)
        assert head.get_attribute("aria-sort") == order
        cells = column(page, 3)
        assert numbers(cells) == sorted(numbers(cells), reverse=order == "descending")
        assert len(numbers(cells)) == 4
        assert cells[-1] == "not reported", "what is missing stands last, however the rest is sorted"
        assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") in (None, "none")
    assert column(page, 1) == before


def test_rows_are_sorted_whole_and_only_one_column_says_that_it_sorts(page):
    rows = {tuple(row.locator("th, td").all_inner_texts()) for row in page.locator("#rates tbody tr").all()}
    for place in (1, 2):
        page.locator("#rates thead tr:last-child th button").nth(place).click()
    assert {tuple(row.locator("th, td").all_inner_texts()) for row in page.locator("#rates tbody tr").all()} == rows
    assert page.locator("#rates [aria-sort]:not([aria-sort=none])").count() == 1
