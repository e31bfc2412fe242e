"""A notebook is taken apart into text, exhibits and pictures, in reading order, with nothing lost in silence."""

import base64

import pytest
from helpers import EXHIBIT, exhibit, notebook, shown

from legation.errors import InputError
from legation.press import document, markup, reader
from legation.press.reader import Part

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def read(*cells, **about):
    return reader.read([Part(notebook(*cells), "trade.ipynb")], **about)


def test_the_first_heading_is_the_title_and_sections_start_below_it():
    found = read("# How Viet Nam trades\n\nWith whom?", "## Partners\n### In detail")
    assert found.title == "How Viet Nam trades"
    assert [(level, words) for level, _, words in found.contents] == [(2, "Partners"), (3, "In detail")]
    assert markup.text(found.blocks).startswith("With whom?")


def test_the_reports_title_stands_before_the_notebooks_own():
    assert read("# Trade", title="Viet Nam's trade").title == "Viet Nam's trade"


def test_heading_levels_never_skip_and_anchors_never_repeat():
    found = read("# T", "## Same\n\n#### Deep", "## Same")
    assert [(level, anchor) for level, anchor, _ in found.contents] == [(2, "same"), (3, "deep"), (2, "same-2")]


def test_an_exhibit_knows_its_chapter_and_the_number_jupyter_gave_the_cell_that_made_it():
    made = shown({EXHIBIT: exhibit("chart")})
    made.execution_count = 12
    found = reader.read([Part(notebook("# A"), "a.ipynb"), Part(notebook("# B", made), "b.ipynb")])
    assert [(item.chapter, item.cell) for item in found.exhibits] == [(2, 12)]


def test_figures_and_tables_are_numbered_each_in_their_own_row():
    found = read(*(shown({EXHIBIT: exhibit(kind)}) for kind in ("chart", "table", "chart")))
    assert [item.label for item in found.exhibits] == ["Figure 1", "Table 1", "Figure 2"]
    assert len({item.anchor for item in found.exhibits}) == 3


def test_an_empty_link_to_an_exhibit_is_filled_with_its_number():
    found = read("See [](#turnover).", shown({EXHIBIT: exhibit("chart")}))
    assert "See Figure\u00a01." in markup.text(found.blocks)


def test_a_reference_to_an_exhibit_that_is_not_there_is_refused():
    with pytest.raises(InputError, match=r"refers to '#turnovr'.*exhibits are turnover"):
        read("See [](#turnovr).", shown({EXHIBIT: exhibit("chart")}))


@pytest.mark.parametrize("part", ["title", "subtitle", "alt", "source", "data"])
def test_an_exhibit_that_is_not_whole_is_refused_with_notebook_and_cell(part):
    with pytest.raises(InputError, match=rf"notebooks/trade\.ipynb, cell 2: this exhibit has no {part}"):
        read("# T", shown({EXHIBIT: exhibit("chart", **{part: ""})}))


def test_a_picture_without_alternative_text_is_refused_with_notebook_and_cell():
    with pytest.raises(InputError, match=r"notebooks/trade\.ipynb, cell 1: this picture has no alternative text"):
        read(shown({"image/png": PIXEL}))


def test_a_picture_with_alternative_text_is_a_figure():
    found = read(shown({"image/png": PIXEL}, {"image/png": {"alt": "A dot."}}))
    assert found.exhibits[0].label == "Figure 1"
    assert document.raster(found.exhibits[0].content["picture"]) == base64.b64decode(PIXEL)


def test_a_picture_that_would_have_to_be_fetched_is_refused():
    with pytest.raises(InputError, match=r"cell 1: a picture in running text would have to be fetched"):
        read("![alt](https://example.org/x.png)")


def test_printed_text_is_kept_and_hidden_output_is_not():
    import nbformat

    printed = nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("stream", text="\x1b[31mseen\x1b[0m\n")])
    hidden = nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("stream", text="unseen\n")])
    hidden.metadata["tags"] = ["remove-output"]
    assert markup.text(read(printed, hidden).blocks) == "seen"


def test_the_date_of_an_edition_is_the_latest_day_its_figures_were_retrieved():
    later = exhibit("chart")
    later["sources"] = [later["sources"][0] | {"id": "other", "retrieved": "2022-02-03"}]
    found = read(shown({EXHIBIT: exhibit("chart")}), shown({EXHIBIT: later}))
    assert found.as_of == "2022-02-03"
    assert found.as_of_in_words == "3 February 2022"
    assert [entry["id"] for entry in found.sources] == ["office-2021", "other"]


def entry(name, **changes):
    return exhibit()["sources"][0] | {"id": name, "title": name} | changes


def test_the_day_said_once_for_all_sources_is_that_of_most_and_the_latest_of_several():
    days = ["2021-06-01", "2021-06-03", "2021-06-03", "2021-06-01", None]
    entries = [entry(f"t{place}", retrieved=day) for place, day in enumerate(days)]
    found = read(shown({EXHIBIT: exhibit(sources=entries)}))
    assert found.usual_day_in_words == "3 June 2021"
    assert [held["retrieved"] for held in found.holdings] == [
        "1 June 2021",
        None,
        None,
        "1 June 2021",
        "on a day not stated",
    ]


def test_a_vintage_stands_in_words_and_where_none_is_stated_the_day_on_which_it_was_taken():
    entries = [
        entry("a", vintage="2022-05"),
        entry("b", vintage=None, retrieved="2021-06-01"),
        entry("c", vintage=None, retrieved="2021-06-01", imported="2021-06-01"),
        entry("d", vintage=None, retrieved=None),
    ]
    assert [held["vintage"] for held in read(shown({EXHIBIT: exhibit(sources=entries)})).holdings] == [
        "May 2022",
        "as retrieved on 1 June 2021",
        "as imported on 1 June 2021",
        None,
    ]


def test_press_reports_stand_by_their_producers_without_regard_to_capitals_and_accents():
    producers = ["Zeit", "der Bund", "Émile", "Zeit"]
    entries = [entry(f"t{place}", producer=name, kind="press") for place, name in enumerate(producers)]
    found = read(shown({EXHIBIT: exhibit(sources=[*entries, entry("office")])}))
    assert [producer for producer, _ in found.press_reports] == ["der Bund", "Émile", "Zeit"]
    assert [report["title"] for report in found.press_reports[2][1]] == ["t0", "t3"]
    assert [held["title"] for held in found.holdings] == ["office"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data/x.csv", "", None])
def test_a_source_leads_to_no_address_but_one_on_the_web(address):
    found = read(shown({EXHIBIT: exhibit(sources=[entry("office", address=address)])}))
    assert found.holdings[0]["link"] is None
