"""The order in which tables are sorted: by amount, day or word, whatever a column holds; and which tables are not."""

from __future__ import annotations

import random
from typing import Any

import pytest
from press.made import chapter, figure, report

from legation.press import html

#: Columns in the order in which they are sorted upwards; what is missing stands behind them, in the table's own order.
COLUMNS = {
    "whole numbers": ["−1,234", "-5", "0", "9", "10", "1,234", "1,234,567"],
    "decimals": ["−0.4", "0.04", "0.45", "3.6", "98.7", "1,000.5", "20,000"],
    "dollars": [
        *("USD 1,000", "USD 300 thousand", "USD 2.5 m", "USD 300 million", "over USD 2 bn", "USD 4.6 bn"),
        "about USD 1.1 tn",
    ],
    "balances": ["−USD 4.6 bn", "−USD 12.1 m", "USD 0", "+USD 3 m", "USD 50 m", "USD 3.6 bn", "USD 40 bn"],
    "shares": ["−9.7\u00a0%", "none", "0.1\u00a0%", "+3 %", "12 %", "61.0 %", "1,600 %"],
    "years": ["1896", "1949", "1999", "2000", "2012–2016", "2017", "2024"],
    "days": [
        *("May 1950", "1 October 1953", "6 July 1961", "10 September 1961", "2 May 2024", "19 June 2024"),
        "4 December 2024",
    ],
    "short days": [
        *("1896", "Jan 2012", "2 Jan 2012", "19–20 Jul 2013", "28 Sep–2 Oct 2013", "30 Dec 2013–2 Jan 2014"),
        "1 Feb 2014",
    ],
    "noted days": ["2019", "2019-02", "2019-02-03", "2019-02-28", "2021-05", "2021-11", "2024-06-19"],
    "bounds": ["up to 9", "10", "more than 11", "at least 12", "about 13", "over 1,000", "≥ 2,000"],
    "words": ["Ärger", "Article 1", "article 2", "Article 10", "China", "Österreich", "Viet Nam"],
    "hostile": [
        *("{{ 7*7 }}", "<img src=x onerror=alert(1)>", "<script>alert(2)</script>", "$(alert)", "a", "javascript:b"),
        "z",
    ],
}
MISSING = ["not reported", "–", "", "n/a", "unknown", "—", "not stated"]
SHUFFLED = random.Random(7).sample(range(9), 9)  # noqa: S311 - an order for a test


def table(columns: dict[str, list[str]], **changes: Any) -> dict[str, Any]:
    """A table's structured form; each row is named by its number, and the last column is the same in every row."""
    rows = [[f"row {place}", *cells, "same"] for place, cells in enumerate(zip(*columns.values(), strict=True))]
    labels = ["Row", *columns, "Alike"]
    return {
        "columns": [{"label": label, "align": "left"} for label in labels],
        "rows": rows,
        "row_headers": 1,
    } | changes


def disordered(upwards: list[str], which: int) -> list[str]:
    """The values and two that are missing, out of order."""
    cells = [*upwards, MISSING[which % 7], MISSING[(which + 1) % 7]]
    return [cells[place] for place in SHUFFLED]


MIXED = {name: disordered(upwards, which) for which, (name, upwards) in enumerate(COLUMNS.items())}


@pytest.fixture(scope="module")
def opened(tmp_path_factory, open_page):
    shown = {
        "mixed": table(MIXED),
        "grouped": table(MIXED, groups=[{"label": "", "span": 1}, {"label": "All", "span": len(MIXED) + 1}]),
        "short": table({"a": ["1", "2", "3"]}),
        "unnamed": table({"a": ["1", "2", "3", "4"]}),
        "hanging": table({"a": ["1", "2", "3", "4"]}),
    }
    shown["unnamed"]["columns"][0]["label"] = ""
    shown["hanging"]["rows"][2][0] = ""
    cells = [figure(name, "table", table=form) for name, form in shown.items()]
    path = tmp_path_factory.mktemp("sorting") / "index.html"
    path.write_text(html.page(report(chapter("a", "# A", *cells), chapter("b", "# B"))), encoding="utf-8")
    visit = open_page(path)
    yield visit
    visit.page.close()


@pytest.fixture
def page(opened):
    opened.page.goto(opened.address)
    return opened.page


def press(page, name, table="mixed"):
    """Press the head of a column; returns what the head then says of the order."""
    head = page.locator(f"#{table} thead tr:last-child > *", has=page.get_by_text(name, exact=True))
    head.locator("button").click()
    return head.get_attribute("aria-sort")


def column(page, place, table="mixed"):
    return page.locator(f"#{table} tbody tr").evaluate_all(
        "(rows, place) => rows.map(row => row.cells[place].textContent.trim())", place
    )


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_is_sorted_up_and_down_by_what_its_cells_mean_with_what_is_missing_last(page, name):
    place = 1 + list(COLUMNS).index(name)
    upwards = [cell.strip() for cell in COLUMNS[name]]
    missing = [cell for cell in MIXED[name] if cell not in COLUMNS[name]]
    assert len(missing) == 2
    assert press(page, name) == "ascending"
    assert column(page, place) == [*upwards, *missing]
    assert press(page, name) == "descending"
    assert column(page, place) == [*reversed(upwards), *missing]
    before = column(page, 0)
    assert before != [f"row {number}" for number in range(9)]
    assert press(page, name) is None
    assert column(page, 0) == [f"row {number}" for number in range(9)]


def test_rows_that_are_alike_keep_the_tables_own_order_whatever_it_was_sorted_by_before(page):
    press(page, "years")
    for order in ("ascending", "descending"):
        assert press(page, "Alike") == order
        assert column(page, 0) == [f"row {number}" for number in range(9)]


def test_another_column_begins_upwards_and_the_one_before_says_nothing_more(page):
    press(page, "years")
    press(page, "years")
    assert press(page, "days") == "ascending"
    assert page.locator("[aria-sort]").count() == 1


def test_heads_of_groups_stay_and_the_columns_below_them_sort(page):
    assert page.locator("#grouped thead tr").first.locator("button").count() == 0
    press(page, "years", "grouped")
    assert column(page, 1 + list(COLUMNS).index("years"), "grouped")[:7] == COLUMNS["years"]
    assert column(page, 0) == [f"row {number}" for number in range(9)], "another table is left alone"


@pytest.mark.parametrize("name", ["short", "unnamed", "hanging"])
def test_a_table_that_is_no_list_of_like_rows_offers_no_sorting(page, name):
    assert page.locator(f"#{name} table").count() == 1
    assert page.locator(f"#{name} > .scroll button").count() == 0


#: Tables as Markdown or a later hand may bring them, to be made sortable anew.
SPANS = {
    "a cell over two rows": "<tr><th rowspan=2>a<td>1<tr><td>2<tr><th>b<td>3<tr><th>c<td>4<tr><th>d<td>5",
    "a cell over two columns": "<tr><th colspan=2>a<tr><th>b<td>2<tr><th>c<td>3<tr><th>d<td>4",
    "a row that heads others": "<tr><th scope=rowgroup>a<td>1<tr><th>b<td>2<tr><th>c<td>3<tr><th>d<td>4",
    "a row too short": "<tr><th>a<td>1<tr><th>b<tr><th>c<td>3<tr><th>d<td>4",
}


@pytest.mark.parametrize("which", SPANS)
def test_a_table_whose_rows_hang_together_offers_no_sorting(page, which):
    count = """rows => {
      const table = document.createElement('table');
      table.innerHTML = `<thead><tr><th>Name<th>Number</thead><tbody>${rows}</tbody>`;
      makeSortable(table);
      return table.querySelectorAll('button').length;
    }"""
    assert page.evaluate(count, "<tr><th>a<td>1" * 4) == 2
    assert page.evaluate(count, SPANS[which]) == 0


def test_text_that_looks_like_markup_stays_text_when_it_is_sorted(page, opened):
    elements = "document.querySelectorAll('#mixed *').length"
    before, cells = page.evaluate(elements), sorted(column(page, 1 + list(COLUMNS).index("hostile")))
    for _ in range(3):
        press(page, "hostile")
        assert page.evaluate(elements) == before
    assert sorted(column(page, 1 + list(COLUMNS).index("hostile"))) == cells
    assert page.locator("#mixed tbody :is(img, script)").count() == 0
    assert opened.said == []


def test_the_button_keeps_the_focus_and_the_head_its_words(page):
    words = page.locator("#mixed thead").inner_text()
    press(page, "dollars")
    assert page.evaluate("document.activeElement.textContent") == "dollars"
    assert page.locator("#mixed thead").inner_text() == words


def test_a_head_that_holds_a_link_keeps_it_and_gets_no_button(page):
    heads = page.evaluate("""() => {
      const table = document.createElement('table');
      table.innerHTML = '<thead><tr><th>Name<th><a href="#top">Number</a></thead>' + '<tr><th>a<td>1'.repeat(4);
      makeSortable(table);
      return [...table.querySelectorAll('th[scope], thead th')].map(head => head.firstElementChild.tagName);
    }""")
    assert heads == ["BUTTON", "A"]
