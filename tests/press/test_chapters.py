"""Several notebooks become one document: numbered through, referring to each other, with the findings in front."""

import re

import nbformat
import pytest
from helpers import exhibit
from press.made import chapter, figure, finding, method, report, tally

from legation.errors import InputError
from legation.press import markup
from legation.press.reader import Part, Written


def contents(document):
    return [(level, words.replace("\u2002", " ")) for level, _, words in document.contents]


def said(document):
    return markup.text(document.blocks).replace("\u00a0", " ").replace("\u2002", " ")


def line(text, number=9):
    return Written(text, f"reports/r.yml, line {number}")


# --- numbering -----------------------------------------------------------------------------------------------------


def test_chapters_are_numbered_and_their_sections_stand_below_them():
    found = report(chapter("a", "# One\n\n## Inside\n\n# Loud"), chapter("b", "# Two", title="Second"))
    assert contents(found) == [(2, "1 One"), (3, "Inside"), (3, "Loud"), (2, "2 Second")]


def test_the_chapter_of_a_report_of_one_has_no_number_and_no_heading():
    found = report(chapter("a", "# One\n\n## Inside"))
    assert contents(found) == [(2, "Inside")]
    assert not found.several


def test_a_chapter_without_title_is_headed_by_its_notebooks_name():
    found = report(Part(nbformat.v4.new_notebook(), "visit_context.ipynb"), chapter("b", "# Two"))
    assert contents(found)[0] == (2, "1 Visit context")


def test_figures_and_tables_are_numbered_through_all_chapters():
    found = report(
        chapter("a", figure(), figure("rates", "table")), chapter("b", figure("shares"), figure("sums", "table"))
    )
    assert [(item.label, item.anchor) for item in found.exhibits] == [
        ("Figure 1", "turnover"),
        ("Table 1", "rates"),
        ("Figure 2", "shares"),
        ("Table 2", "sums"),
    ]


def test_an_exhibit_on_the_closing_page_is_numbered_after_all_others():
    late = figure("late")
    late.metadata["tags"] = ["method"]
    found = report(chapter("a", late, figure("early")), chapter("b", figure("middle")))
    assert [(item.content["name"], item.label) for item in found.exhibits] == [
        ("early", "Figure 1"),
        ("middle", "Figure 2"),
        ("late", "Figure 3"),
    ]
    assert {"t": "Exhibit", "c": 2} in found.method


def test_notes_of_the_same_label_in_different_cells_and_chapters_stay_apart_and_are_numbered_through():
    cells = ["One.[^a]\n\n[^a]: first", "Two.[^a]\n\n[^a]: second"]
    found = report(chapter("a", *cells), chapter("b", "Three.[^a]\n\n[^a]: third", method("Four.[^a]\n\n[^a]: last")))
    *_, notes = markup.write(found.cited, "html", language="en-GB")
    assert re.findall(r'id="fn(\d)"><p>(\w+)', notes) == [
        ("1", "first"),
        ("2", "second"),
        ("3", "third"),
        ("4", "last"),
    ]


def test_the_same_notebook_twice_gives_every_exhibit_and_heading_an_anchor_of_its_own():
    cells = ("# Trade", "## Turnover", figure(), "See [](#turnover).")
    found = report(chapter("russia", *cells), chapter("china", *cells))
    assert [item.anchor for item in found.exhibits] == ["turnover", "china-turnover"]
    anchors = [anchor for _, anchor, _ in found.contents]
    assert len(set(anchors) | {item.anchor for item in found.exhibits}) == len(anchors) + 2
    assert said(found).count("See Figure 1.") == 1
    assert said(found).count("See Figure 2.") == 1


def test_two_chapters_given_no_name_from_one_notebook_are_told_apart():
    part = Part(chapter("x", figure()).notebook, "trade.ipynb")
    assert len(report(part, part).exhibits) == 2


# --- references ----------------------------------------------------------------------------------------------------


def test_a_reference_finds_its_own_chapter_first_then_the_report():
    first = chapter("a", figure("shares"), figure(), "Own [](#turnover).")
    second = chapter("b", figure(), "Own [](#turnover), other [](#shares), named [](#a.turnover), chapter [](#a).")
    assert "Own Figure 2." in said(report(first, second))
    assert "Own Figure 3, other Figure 1, named Figure 2, chapter Chapter 1." in said(report(first, second))


def test_a_reference_to_a_heading_reads_as_the_heading():
    found = report(
        chapter("a", "# A\n\n## Who trades most"),
        chapter("b", "See [](#who-trades-most), [there](#a.who-trades-most)."),
    )
    assert "See Who trades most, there." in said(found)


def test_abstract_lead_and_finding_may_refer_to_exhibits():
    found = report(
        chapter("a", "# A", figure(), finding("As [](#turnover) shows, trade grew.")),
        chapter("b", "# B\n\nIts own question?", lead=line("Compare [](#a.turnover).")),
        abstract="In short: [](#turnover).",
    )
    assert markup.text(found.abstract) == "In short: Figure\u00a01."
    assert "As Figure\u00a01 shows" in markup.text(found.summary)
    assert re.search(r"2 B\s*Compare Figure 1\.\s*Its own question\?", said(found))


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("#turnovr", r"notebooks/b\.ipynb, cell 2: the text refers to '#turnovr', but there is no such exhibit or "
                     r"heading\. Did you mean '[ac]\.turnover'\? The exhibits are rates, a\.turnover, c\.turnover\."),
        ("#a.rates", r"cell 2: the text refers to '#a\.rates', but there is no such exhibit"),
        ("#aa.turnover", r"there is no chapter 'aa'\. Did you mean 'a'\? The chapters are a, b, c\."),
        ("#turnover", r"'#turnover', which stands in several chapters\. Write 'a\.turnover' or 'c\.turnover'\."),
    ],
)  # fmt: skip
def test_a_reference_that_leads_nowhere_names_notebook_cell_and_what_there_is(reference, sentence):
    with pytest.raises(InputError, match=sentence):
        report(chapter("a", figure()), chapter("b", figure("rates"), f"See []({reference})."), chapter("c", figure()))


def test_a_reference_of_the_spec_that_leads_nowhere_names_its_line():
    with pytest.raises(InputError, match=r"reports/r\.yml, line 9: the text refers to '#shares'"):
        report(chapter("a", figure(), lead=line("See [](#shares).")), chapter("b", "# B"))
    with pytest.raises(InputError, match=r"reports/r\.yml, line 2: the text refers to '#shares'"):
        report(chapter("a", figure()), abstract=line("See [](#shares).", 2))


def test_a_cell_is_counted_as_the_analyst_sees_it():
    injected = nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["injected-parameters"]})
    with pytest.raises(InputError, match=r"notebooks/a\.ipynb, cell 2"):
        report(chapter("a", injected, "# A", "See [](#x)."))


# --- what is left out ----------------------------------------------------------------------------------------------


def sections():
    return ("# T", "## Kept", figure("kept"), "## Gone", figure("gone"), "### Below\n\nnot shown", "## Again\n\nshown")


def test_a_section_that_is_left_out_goes_with_all_below_it_and_its_exhibits_are_not_numbered():
    found = report(chapter("a", *sections(), leave_out=(line("gone"),)))
    assert contents(found) == [(2, "Kept"), (2, "Again")]
    assert [item.content["name"] for item in found.exhibits] == ["kept"]
    assert "not shown" not in said(found)


def test_a_section_below_another_can_be_left_out_alone():
    found = report(chapter("a", *sections(), leave_out=(line("Below"),)))
    assert contents(found) == [(2, "Kept"), (2, "Gone"), (2, "Again")]
    assert len(found.exhibits) == 2


def test_a_heading_is_known_whatever_its_quotation_marks():
    found = report(
        chapter("a", "# T", "## The other's report\n\nx", "## Kept", leave_out=(line("The other’s report"),))
    )
    assert contents(found) == [(2, "Kept")]


def test_an_unknown_section_is_refused_with_the_line_the_nearest_and_all_there_are():
    sentence = (
        r"line 9: a\.ipynb has no section 'Kep'\. Did you mean 'Kept'\? Its sections are: Kept; Gone; Below; Again\."
    )
    with pytest.raises(InputError, match=sentence):
        report(chapter("a", *sections(), leave_out=(line("Kep"),)))


def test_a_finding_whose_exhibit_is_left_out_stands_without_number_but_its_sources_are_listed():
    other = figure("gone", sources=[exhibit()["sources"][0] | {"id": "other", "retrieved": "2022-02-03"}])
    cells = ("# T", "## Kept", figure("kept"), finding(exhibit="gone"), "## Gone", other)
    found = report(chapter("a", *cells, leave_out=(line("Gone"),)))
    assert markup.text(found.summary) == "Trade grew."
    assert [entry["id"] for entry in found.sources] == ["office-2021", "other"]
    assert found.as_of == "2022-02-03"


def test_a_reference_to_what_is_left_out_is_refused_with_the_line_that_does_so():
    with pytest.raises(
        InputError, match=r"cell 1: the text refers to '#gone', which reports/r\.yml, line 9 leaves out"
    ):
        report(chapter("a", "# T\n\nSee [](#gone).", *sections()[1:], leave_out=(line("Gone"),)))


# --- findings and tallies ------------------------------------------------------------------------------------------


def test_findings_leave_the_body_and_stand_in_front_with_the_number_of_their_exhibit():
    found = report(
        chapter("a", "# A", finding("Trade grew.", "growth", "turnover"), figure()),
        chapter("b", "# B", finding("It fell *later* [see](https://example.org)", "fall", None)),
    )
    assert [(item.name, item.chapter) for item in found.findings] == [("growth", "a"), ("fall", "b")]
    assert markup.text(found.findings[0].blocks) not in said(found)
    assert markup.text(found.summary).replace("\u00a0", " ").startswith("Trade grew (Figure 1).It fell later see")
    assert contents(found)[0] == (2, "Findings")


def test_a_findings_exhibit_is_that_of_its_own_chapter():
    cells = ("# T", figure(), finding(exhibit="turnover"))
    found = report(chapter("a", *cells), chapter("b", *cells))
    assert [item.exhibit.label for item in found.findings] == ["Figure 1", "Figure 2"]


def test_the_spec_chooses_findings_and_their_order():
    parts = (chapter("a", finding("One.", "one"), finding("Two.", "two")), chapter("b", finding("Three.", "one")))
    chosen = report(*parts, findings=[line("b.one"), line("two")])
    assert [markup.text(item.blocks) for item in chosen.findings] == ["Three.", "Two."]
    assert report(*parts, findings=[]).summary == []
    assert len(report(*parts).findings) == 3


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["growt"], r"line 9: no chapter shows .* Did you mean 'growth'\? There are: growth, a\.one, b\.one\."),
        (["one"], r"line 9: several chapters show a finding 'one'\. Write 'a\.one' or 'b\.one'\."),
        (["growth", "growth"], r"line 9: the finding 'growth' is listed a second time"),
    ],
)  # fmt: skip
def test_a_finding_that_cannot_be_chosen_is_refused_with_line_and_remedy(names, sentence):
    with pytest.raises(InputError, match=sentence):
        report(
            chapter("a", finding(), finding(name="one")),
            chapter("b", finding(name="one")),
            findings=[line(name) for name in names],
        )


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        (finding(exhibit="turnovr"), r"cell 2: the finding rests on 'turnovr', but .* Did you mean 'turnover'"),
        (finding(text=" "), r"cell 2: this finding has no name or no text"),
        (tally(confirmed="3"), r"cell 2: this tally has no name or no counts"),
        (tally(), r"cell 2: this tally has no name or no counts"),
    ],
)  # fmt: skip
def test_a_finding_or_tally_that_is_not_whole_is_refused_with_its_cell(cell, sentence):
    with pytest.raises(InputError, match=rf"notebooks/a\.ipynb, {sentence}"):
        report(chapter("a", figure(), cell))


def test_a_finding_shown_twice_in_a_chapter_is_refused():
    with pytest.raises(InputError, match=r"cell 2: the finding 'growth' is shown a second time"):
        report(chapter("a", finding(), finding()))


@pytest.mark.parametrize("text", ["2024. That was the year.", "- 3 was the balance.", "# Loud"])
def test_a_finding_stays_one_paragraph_whatever_markdown_would_make_of_it(text):
    (found,) = report(chapter("a", figure(), finding(text, exhibit="turnover"))).findings
    assert [block["t"] for block in found.blocks] == ["Para"]


def test_tallies_keep_their_order_and_two_of_one_name_tell_their_chapters():
    one = report(chapter("a", tally(confirmed=21, close=0, contradicted=3)))
    assert one.tallies[0].title == "Claims examined"
    assert one.tallies[0].counts == (("confirmed", 21), ("close", 0), ("contradicted", 3))
    two = report(chapter("a", tally(confirmed=1)), chapter("b", tally(confirmed=2)))
    assert [item.title for item in two.tallies] == ["Claims examined, chapter 1", "Claims examined, chapter 2"]


# --- the closing page ----------------------------------------------------------------------------------------------


def test_cells_on_method_move_to_the_closing_page_under_their_chapters_name():
    found = report(
        chapter("a", "# A", method("## How it is done\n\nWith care."), "## Then"),
        chapter("b", "# B"),
        chapter("c", "# C", method("By hand.")),
    )
    assert contents(found) == [(2, "1 A"), (3, "Then"), (2, "2 B"), (2, "3 C")]
    assert "With care." not in said(found)
    headings = [(b["c"][0], markup.text(b["c"][2]).replace("\u2002", " ")) for b in found.method if b["t"] == "Header"]
    assert headings == [(3, "1 A"), (4, "How it is done"), (3, "3 C")]


def test_what_two_chapters_say_of_method_alike_is_said_once_and_referred_to():
    same = method("## How it is done\n\nWith care.")
    found = report(
        chapter("a", "# A", same),
        chapter("b", "# B"),
        chapter("c", "# C", same),
        chapter("d", "# D", method("With care.")),
    )
    text = [markup.text(block["c"]) for block in found.method if block["t"] == "Para"]
    assert text == ["With care.", "As in chapter 1.", "With care."]
    headings = [markup.text(b["c"][2]).replace("\u2002", " ") for b in found.method if b["t"] == "Header"]
    assert headings == ["1 A", "How it is done", "3 C", "How it is done", "4 D"]
    anchors = [b["c"][1][0] for b in found.method if b["t"] == "Header" and b["c"][1][0]]
    assert len(anchors) == len(set(anchors))


def test_the_method_of_a_report_of_one_chapter_stands_under_no_chapters_name():
    found = report(chapter("a", "# A", method("## How it is done\n\nWith care.")))
    assert [(b["c"][0], markup.text(b["c"][2])) for b in found.method if b["t"] == "Header"] == [(3, "How it is done")]


def test_changes_of_method_are_told_the_latest_first():
    found = report(chapter("a", "# A"), revisions=[("2026-01-02", "Old."), ("2026-11-20", "New.")])
    assert found.changes == [("20 November 2026", "New."), ("2 January 2026", "Old.")]


def test_one_bibliography_holds_what_all_parts_cite(tmp_path):
    bibliography = tmp_path / "references.bib"
    bibliography.write_text(
        "\n".join(f"@book{{k{n}, author={{Writer{n}, A.}}, title={{Book {n}}}, year={{200{n}}}}}" for n in range(1, 5))
    )
    found = report(
        chapter("a", "# A\n\nAs in [@k1].", finding("Says [@k2].")),
        chapter("b", "# B", method("By [@k3].")),
        abstract="After [@k4].",
        bibliography=bibliography,
    )
    assert contents(found)[-1] == (2, "References")
    for form in ("html", "typst"):
        written = markup.write(found.cited, form, language="en-GB")
        assert [f"Writer{n}, A. 200{n}." in written[2] for n in range(1, 5)] == [True] * 4
        assert not any(f"Writer{n}, A. 200{n}." in "".join(written[:2] + written[3:]) for n in range(1, 5))
