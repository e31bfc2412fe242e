"""What changed from one edition to another is told whole, once, and in a reader's order."""

import copy
import io
import json
import re
import zipfile

import pypdf
import pytest
from helpers import EXHIBIT, drawing, exhibit, notebook, scripts_let_run, shown
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from lxml import html as lxml_html
from press.editions import NUMBER, WHOLE, WORD, data, edition, found, turnover, verdicts
from press.made import HOSTILE
from press.printed import structure, words_of_page, words_of_print

from legation.errors import InputError
from legation.press import changes, docx, html, pdf, reader
from legation.press.archive import Base
from legation.press.changes import Change, Changes, between, from_json
from legation.press.reader import Part

ROWS = [["CHN", 2020, 133.5e9, "final", "office-2021"], ["RUS", 2020, 4.9e9, "final", "office-2021"]]


def altered(rows, place, column, value):
    rows = copy.deepcopy(rows)
    rows[place][column] = value
    return rows


def differences(before, after):
    return between(edition([before]), edition([after]), since="before").entries


# --- figures


def test_a_revised_figure_is_told_with_row_column_difference_unit_and_who_gives_it():
    (entry,) = differences(turnover(ROWS), turnover(altered(ROWS, 1, 2, 5.39e9)))
    assert (entry.kind, entry.row, entry.column, entry.unit) == ("revised", "RUS", "turnover", "USD")
    assert (entry.before, entry.after) == (4.9e9, 5.39e9)
    assert entry.difference == pytest.approx(0.49e9)
    assert changes.percent(entry.relative) == "+10.0\u00a0%"
    assert entry.source == "Office of Examples (2021-05)"
    assert (entry.exhibit, entry.anchor, entry.chapter) == ("Figure 1", "turnover", "chapter-0")
    assert changes.figure_told(entry) == (
        "RUS, turnover: 4.9\u00a0bn, now 5.39\u00a0bn USD (+10.0\u00a0%), by Office of Examples (2021-05)"
    )


@pytest.mark.parametrize("nearly", [4.9e9 * (1 + 1e-12), 4.9e9 + 1e-6, 4900000000, "4,900,000,000"])
def test_what_no_reader_could_see_is_no_change(nearly):
    assert not differences(turnover(ROWS), turnover(altered(ROWS, 1, 2, nearly)))


def test_a_sum_that_misses_zero_by_rounding_is_zero():
    balance = data(("partner", WORD), ("balance", NUMBER), rows=[["CHN", 1e9], ["RUS", 0.0]])
    missed = data(("partner", WORD), ("balance", NUMBER), rows=[["CHN", 1e9], ["RUS", 1.2e-7]])
    assert not differences(exhibit("chart", data=balance), exhibit("chart", data=missed))


def test_a_figure_where_none_was_reported_is_new_and_one_no_longer_reported_is_gone():
    missing = altered(ROWS, 1, 2, None)
    (new,) = differences(turnover(missing), turnover(ROWS))
    (gone,) = differences(turnover(ROWS), turnover(missing))
    assert (new.kind, new.before, new.after) == ("new", None, 4.9e9)
    assert (gone.kind, gone.before, gone.after) == ("gone", 4.9e9, None)
    assert Changes("x", (new, gone)).summary() == "1 figure new, 1 figure gone."


def test_rows_are_known_by_the_shortest_run_of_columns_that_tells_them_apart():
    before = [*ROWS, ["RUS", 2019, 4.4e9, "final", "office-2021"]]
    after = [["RUS", 2021, 5.5e9, "press", "office-2021"], *reversed(before[:2])]
    new, gone = differences(turnover(before), turnover(after))
    assert (new.kind, new.row, new.column, new.after) == ("new", "RUS, 2021", "turnover", 5.5e9)
    assert (gone.kind, gone.row, gone.before) == ("gone", "RUS, 2019", 4.4e9)


def test_rows_in_another_order_a_column_more_and_a_number_as_text_are_no_change():
    columns = (("partner", WORD), ("note", WORD), ("year", WORD), ("turnover", NUMBER), ("status", WORD))
    rows = [[partner, "n", str(year), value, status] for partner, year, value, status, _ in reversed(ROWS)]
    assert not differences(turnover(ROWS), turnover(ROWS, data=data(*columns, rows=rows)))


def test_rows_that_nothing_tells_apart_are_paired_as_they_are_and_then_in_order():
    same = ["RUS", 2020, 1.0, "final", "office-2021"]
    before = [same, altered([same], 0, 2, 2.0)[0]]
    after = [altered([same], 0, 2, 3.0)[0], same]
    (entry,) = differences(turnover(before), turnover(after))
    assert (entry.before, entry.after) == (2.0, 3.0)


def test_a_rank_does_not_name_a_row():
    def ranked(*rows):
        return exhibit("chart", data=data(("rank", WHOLE), ("treaty", WORD), ("means", WORD), rows=list(rows)))

    before = ranked([1, "1961", "all"], [2, "1949", "own"])
    after = ranked([1, "2024", "all"], [2, "1961", "all"], [3, "1949", "own"])
    told = [(entry.kind, entry.row, entry.column) for entry in differences(before, after)]
    assert told == [("new", "2024", "rank"), ("revised", "1961", "rank"), ("revised", "1949", "rank")]


def test_what_stands_in_every_row_is_told_once():
    columns = (("partner", WORD), ("year", WHOLE), ("prices", WORD), ("value", NUMBER))
    before = exhibit("chart", data=data(*columns, rows=[["CHN", 2023, "current", 1.5], ["RUS", 2023, "current", 2.5]]))
    after = exhibit("chart", data=data(*columns, rows=[["CHN", 2024, "constant", 1.5], ["RUS", 2024, "constant", 2.5]]))
    told = [(entry.kind, entry.row, entry.column, entry.before, entry.after) for entry in differences(before, after)]
    assert told == [("revised", "", "year", 2023.0, 2024.0), ("reworded", "", "prices", "current", "constant")]


def test_the_same_revision_in_two_exhibits_counts_once_but_small_counts_do_not_fall_together():
    revised = altered(ROWS, 1, 2, 5e9)
    other = {"name": "again", "title": "The same figures are shown again"}
    found_ = between(
        edition([turnover(ROWS), turnover(ROWS, **other)]), edition([turnover(revised), turnover(revised, **other)])
    )
    assert len(found_.entries) == 2
    assert found_.summary() == "1 figure revised."
    counts = [exhibit("chart", data=data(("kind", WORD), ("n", WHOLE), rows=[["a", n], ["b", n]])) for n in (1, 2)]
    columns = data(("kind", WORD), ("n", WHOLE), ("share", NUMBER), rows=[["a", 1, 0.5], ["b", 1, 0.5], ["c", 9, 0.5]])
    more = data(("kind", WORD), ("n", WHOLE), ("share", NUMBER), rows=[["a", 2, 0.5], ["b", 2, 0.5], ["c", 9, 0.5]])
    assert between(edition([exhibit("chart", data=columns)]), edition([exhibit("chart", data=more)])).summary() == (
        "2 figures revised."
    )
    assert len(differences(*counts)) == 1


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (0.0103, 0.0114, ("0.0103", "0.0114")),
        (4.6e9, 4.6004e9, ("4.6\u00a0bn", "4.6004\u00a0bn")),
        (2024.0, 2025.0, ("2,024", "2,025")),
        (-1.5, 1.5, ("\u22121.5", "1.5")),
        (0.0, 1.5e-7, ("0", "1.5e\u22127")),
        (999_999.4, 1_000_001.0, ("0.999999\u00a0m", "1\u00a0m")),
    ],
)
def test_two_figures_are_scaled_alike_with_digits_enough_to_tell_them_apart(before, after, told):
    assert changes.in_figures(before, after) == told


# --- words

CLAIMS = (("a-1", "Trade doubled.", "confirmed"), ("a-2", "A pledge was made.", "contested"))


def test_a_verdict_that_flipped_is_told_by_what_was_claimed():
    flipped = (("a-1", "Trade doubled.", "contradicted"), CLAIMS[1])
    found_ = between(edition([verdicts(*CLAIMS)]), edition([verdicts(*flipped)]))
    (entry,) = found_.entries
    assert (entry.kind, entry.row, entry.column) == ("reworded", "Trade doubled.", "verdict")
    assert found_.summary() == "1 verdict changed."
    (line,) = found_.lines()
    assert line == [
        "Trade doubled.: verdict was “confirmed”, is now “contradicted”", " (", ("Table 1", "claims"), ").",
    ]  # fmt: skip


def test_a_row_is_told_by_its_key_where_the_printed_rows_are_not_those_of_the_data():
    def merged(verdict):
        table = verdicts(*CLAIMS)
        table["table"]["rows"] = [["All", "Two claims"], ["None", "of them"]]
        table["data"]["rows"][0][1] = verdict
        return table

    (entry,) = differences(merged("confirmed"), merged("contradicted"))
    assert entry.row == "a-1"


def test_a_title_that_was_computed_anew_is_words_and_the_exhibit_is_the_same():
    (entry,) = differences(turnover(ROWS), turnover(ROWS, title="Turnover fell in each of two years"))
    assert (entry.kind, entry.column, entry.after) == ("reworded", "title", "Turnover fell in each of two years")


def test_a_printed_word_counts_where_the_data_behind_stayed():
    table = exhibit()
    table["table"]["rows"][1][1] = "not known"
    (entry,) = differences(exhibit(), table)
    assert (entry.kind, entry.row, entry.column) == ("reworded", "2020", "Turnover")
    assert (entry.before, entry.after) == ("not reported", "not known")


def test_another_id_of_a_source_is_no_word_that_changed():
    later = exhibit()["sources"][0] | {"id": "office-2021-12", "vintage": "2021-12"}
    rows = [[*row[:4], "office-2021-12"] for row in ROWS]
    before = edition([turnover(ROWS)], sources=exhibit()["sources"])
    after = edition([turnover(rows, sources=[later])], sources=[later])
    (entry,) = between(before, after).entries
    assert (entry.kind, entry.row, entry.column) == ("data", "Office of Examples: Trade", "vintage")
    assert (entry.before, entry.after) == ("2021-05", "2021-12")


# --- exhibits, findings, chapters


def test_exhibits_come_and_go_and_one_named_for_another_year_is_the_same():
    before = [turnover(ROWS, name="turnover-2020"), exhibit("table", name="old", title="What is shown no more")]
    after = [turnover(altered(ROWS, 0, 2, 2e11), name="turnover-2021", title="Another title for it altogether now"),
             exhibit("chart", name="fresh", title="What is shown for the first time")]  # fmt: skip
    told = [(entry.kind, entry.anchor, entry.title) for entry in between(edition(before), edition(after)).entries]
    assert told == [
        ("revised", "turnover-2021", "Another title for it altogether now"),
        ("reworded", "turnover-2021", "Another title for it altogether now"),
        ("exhibit new", "fresh", "What is shown for the first time"),
        ("exhibit gone", "old", "What is shown no more"),
    ]


def test_an_exhibit_that_the_edition_does_not_show_is_not_compared():
    files = edition([turnover(ROWS)])
    manifest = json.loads(files["manifest.json"]) | {"exhibits": []}
    hidden = files | {"manifest.json": json.dumps(manifest).encode()}
    assert [entry.kind for entry in between(hidden, files).entries] == ["exhibit new"]


def test_findings_chapters_texts_and_parameters_are_compared():
    before = edition([found("Trade grew by 2\u00a0%."), "It was so."], ["Two."], ["Three."], names=["a", "b", "c"])
    after = edition(["Three."], [found("Trade grew by 3\u00a0%."), "It is so."], ["Four."], names=["c", "a", "d"])
    manifest = json.loads(after["manifest.json"])
    manifest["chapters"][1]["parameters"] = {"last_year": 2025}
    found_ = between(before, after | {"manifest.json": json.dumps(manifest).encode()})
    told = [(entry.kind, entry.chapter, entry.before, entry.after) for entry in found_.entries]
    assert told == [
        ("finding", "a", "Trade grew by 2\u00a0%.", "Trade grew by 3\u00a0%."),
        ("chapter new", "d", None, "d"),
        ("chapter gone", "b", "b", None),
        ("chapter moved", "c", 2.0, 1.0),
        ("chapter moved", "a", 1.0, 2.0),
        ("parameters", "a", None, "2025"),
        ("text", "a", "It was so.", "It is so."),
    ]
    assert found_.summary().startswith("1 finding changed, 1 chapter added, 1 chapter gone, 2 chapters moved, ")


def test_method_and_code_are_told_but_make_no_new_edition_by_themselves():
    made = {"code": {"legation/a.py": "0" * 64}, "environment": {"pandas": "2.2.0", "numpy": "2.0"}}
    anew = {"code": {"legation/a.py": "1" * 64}, "environment": {"pandas": "2.3.0", "numpy": "2.0"}}
    before, after = (edition([cell], **about) for cell, about in (("#!\nx = 1", made), ("#!\nx = 2\ny = 3", anew)))
    found_ = between(before, after)
    assert not found_
    assert [(entry.kind, entry.row, entry.column) for entry in found_.entries] == [
        ("method", "chapter-0.ipynb", "code of the notebook"),
        ("code", "legation/a.py", "file"),
        ("code", "pandas", "version"),
    ]
    assert found_.entries[0].after == "2 lines added, 1 line removed"
    assert found_.summary().startswith("No figure and no word changed; ")


def test_an_edition_does_not_differ_from_itself():
    files = edition([turnover(ROWS), verdicts(*CLAIMS), found("Trade grew.")])
    found_ = between(files, files)
    assert found_.entries == ()
    assert found_.summary() == "Nothing changed."


# --- what may be wrong with an edition


def parts(value, at=()):
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from parts(each, (*at, key))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_an_edition_of_another_version_of_the_project_is_compared_as_far_as_it_goes(draw):
    whole = edition([turnover(ROWS), verdicts(*CLAIMS), found("Trade grew.")], sources=exhibit()["sources"])
    files = dict(whole)
    name = draw.draw(st.sampled_from(sorted(files)))
    held = json.loads(files[name])
    for _ in range(draw.draw(st.integers(1, 3))):
        place = draw.draw(st.sampled_from([each for each in parts(held) if each]))
        inside = held
        for key in place[:-1]:
            inside = inside[key]
        strange = draw.draw(st.sampled_from([None, 3, -2.5, True, "x", [], {}, ["y"], {"name": 1}, 1e400]))
        if isinstance(inside, dict) and draw.draw(st.booleans()):
            del inside[place[-1]]
        else:
            inside[place[-1]] = strange
    files[name] = json.dumps(held).encode()
    for one, other in ((whole, files), (files, whole)):
        found_ = between(one, other)
        assert found_.summary()
        assert len(found_.lines()) <= 14
        assert from_json(found_.as_json()) == found_
        html.difference(found_, changes.read(one), changes.read(other), ("one", "other"))


def test_what_is_no_edition_or_damaged_is_said(tmp_path):
    with pytest.raises(InputError, match=r"holds no manifest.json: it is no edition"):
        between(tmp_path, edition([]))
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(InputError, match=r"manifest.json is damaged: it is no JSON"):
        between(tmp_path, edition([]))


# --- what an edition opens with


def test_what_is_new_since_a_dated_edition_is_what_differs_from_it():
    before, after = edition([turnover(ROWS)]), edition([turnover(altered(ROWS, 1, 2, 5e9))])
    found_ = changes.since(Base("2026-11-15T050000Z", before), after)
    assert found_.since_in_words == "the edition of 15 November 2026"
    assert found_.summary() == "1 figure revised."


def test_what_is_built_again_opens_as_the_dated_edition_does_that_it_is_the_same_as():
    files = edition([turnover(ROWS)])
    assert changes.since(Base("2026-11-15T050000Z", files), files) is None
    opens = Changes("2026-11-08T050000Z", (Change("revised", before=1.0, after=2.0),))
    held = files | {"changes.json": opens.as_json().encode()}
    assert changes.since(Base("2026-11-15T050000Z", held), files) == opens


def test_a_damaged_dated_edition_stops_nothing_and_is_told():
    found_ = changes.since(Base("2026-11-15T050000Z", {"manifest.json": b"{"}), edition([]))
    assert not found_
    assert found_.summary() == (
        "What changed cannot be told: manifest.json is damaged: it is no JSON. Build the report again, or take a copy "
        "of it."
    )
    assert found_.lines() == []


def test_the_lines_tell_verdicts_first_then_findings_figures_exhibits_method_and_are_a_dozen():
    many = [["P" + str(place), 2020, 1e6 * (place + 1.5), "final", "office-2021"] for place in range(300)]
    more = [[*row[:2], row[2] * 1.01, *row[3:]] for row in many]
    flipped = (("a-1", "Trade doubled.", "contradicted"), CLAIMS[1])
    charts = [{"name": f"chart-{place}x", "title": f"Chart {place} of many that are shown"} for place in "abcdefgh"]
    scaled = [[[*row[:2], row[2] * (place + 2), *row[3:]] for row in many[:2]] for place in range(len(charts))]
    before = edition(
        [found("It was."), verdicts(*CLAIMS), turnover(many), *(turnover(many[:2], **each) for each in charts)]
    )
    after = edition([found("It is."), verdicts(*flipped), turnover(more),
                     *(turnover(rows, **each) for rows, each in zip(scaled, charts, strict=True)), "A word."],
                    legation="0.2.0")  # fmt: skip
    found_ = between(before, after)
    told = found_.told()
    assert len(told) <= 12
    assert told[0].startswith("Trade doubled.: verdict was")
    assert told[1] == "A finding reads otherwise. Before: “It was.”"
    assert told[2].startswith("Figure 9: 2 figures revised. The largest: P")
    assert "Code: Legation 0.1.0 became 0.2.0." in told
    assert re.fullmatch(r"\d+ more changes are in the files named below\.", told[-1])


def opened(found_, **about):
    cells = ["# Trade", "Text.", shown({EXHIBIT: exhibit("chart")}), shown({EXHIBIT: exhibit()})]
    document = reader.read([Part(notebook(*cells), "trade.ipynb")], **about)
    document.open_with(found_)
    return document


FOUND = Changes(
    "2026-11-15T050000Z",
    (
        Change("reworded", "C", "Table 1", "turnover-2", "Trade doubled.", "verdict", "confirmed", "contradicted"),
        Change("revised", "C", "Figure 1", "turnover", "RUS", "turnover", 4.9e9, 5.4e9, "Office (2021)", "USD"),
        Change("exhibit gone", "C", "Figure 7", "no-longer-there", before="What was shown", title="What was shown"),
    ),
)


def test_page_pdf_and_word_file_open_with_the_same_words_and_lead_to_the_exhibits():
    document = opened(FOUND)
    page, printed, word = html.page(document), pdf.page(document), docx.page(document)
    tree = lxml_html.fromstring(page)
    (section,) = tree.xpath("//section[@aria-labelledby='what_is_new']")
    assert section.xpath("string(h2)") == "What is new since the edition of 15 November 2026"
    assert section.xpath("string(p)") == "1 figure revised, 1 verdict changed, 1 exhibit gone."
    assert section.xpath(".//li//a/@href") == ["#turnover-2", "#turnover"]
    assert section.xpath("p//a/@href") == ["changes.csv", "changes.json"]
    assert words_of_print(structure(printed)) == words_of_page(page)
    assert "What is new since the edition of 15 November 2026" in {
        entry.title for entry in pypdf.PdfReader(io.BytesIO(printed)).outline if not isinstance(entry, list)
    }
    with zipfile.ZipFile(io.BytesIO(word)) as packed:
        text = etree.fromstring(packed.read("word/document.xml"))
    said = ["".join(paragraph.itertext()) for paragraph in text.iter("{*}p")]
    place = said.index("What is new since the edition of 15 November 2026")
    assert said[place + 2] == "Trade doubled.: verdict was “confirmed”, is now “contradicted” (Table\u00a01)."
    assert said[place + 5].startswith(
        "All changes, each with what it was, are in the files changes.csv and changes.json"
    )


def test_an_edition_without_changes_is_the_page_it_was():
    document = reader.read([Part(notebook("# Trade", "Text."), "trade.ipynb")])
    page = html.page(document)
    assert "what_is_new" not in page
    assert ".news" not in page


def hostile():
    texts = {"title": HOSTILE, "subtitle": HOSTILE, "alt": HOSTILE, "notes": [HOSTILE], "source": HOSTILE}
    columns = ((HOSTILE, WORD), ("value", NUMBER), ("says", WORD))
    svgs = [{"page": drawing(inside=f"<text>{place}</text><script>alert(1)</script>")} for place in (1, 2)]
    return [
        [exhibit("chart", **texts, svg=svgs[place], data=data(*columns, rows=[[HOSTILE, value, f"{HOSTILE}{place}"]])),
         found(f"{HOSTILE} {place}"), HOSTILE * (place + 1)]
        for place, value in enumerate((1.5, 2.5))
    ]  # fmt: skip


def test_hostile_text_stays_text_on_the_page_that_compares_and_in_what_an_edition_opens_with():
    before, after = (edition(chapter, title=HOSTILE) for chapter in hostile())
    found_ = between(before, after)
    assert {entry.kind for entry in found_.entries} >= {"revised", "reworded", "finding", "text"}
    pages = [
        html.difference(found_, changes.read(before), changes.read(after), (HOSTILE, HOSTILE)),
        html.page(opened(found_)),
    ]
    for page in pages:
        assert len(scripts_let_run(page)) == 1
        tree = lxml_html.fromstring(page)
        assert "<script>alert(1)</script>" in tree.text_content()
        assert not tree.xpath("//@onclick | //*[local-name()='svg']//*[local-name()='script']")
    assert "#panic() $x$ {{ 7*7 }} \\input{x} `y` *z*" in " ".join(
        " ".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(pdf.page(opened(found_)))).pages).split()
    )
    assert docx.page(opened(found_))
    assert not re.search(r"(?m)(^|,)[=+@]", found_.as_csv())


def test_charts_stand_side_by_side_as_they_were_and_as_they_are():
    charts = [turnover(rows, svg={"page": drawing(inside=f"<text>{word}</text>")})
              for rows, word in ((ROWS, "as it was"), (altered(ROWS, 1, 2, 5e9), "as it is"))]  # fmt: skip
    before, after = (edition([chart]) for chart in charts)
    page = html.difference(between(before, after), changes.read(before), changes.read(after), ("one", "two"))
    tree = lxml_html.fromstring(page)
    sides = tree.xpath("//div[@class='beside']/figure")
    assert ["as it was" in side.text_content() for side in sides] == [True, False]
    assert ["as it is" in side.text_content() for side in sides] == [False, True]
    identifiers = tree.xpath("//@id")
    assert len(identifiers) == len(set(identifiers))
    assert words_of_row(tree) == ["RUS", "turnover (USD)", "4.9 bn", "5 bn", "+100 m", "+2.0 %",
                                  "Office of Examples (2021-05)"]  # fmt: skip


def words_of_row(tree):
    (row,) = tree.xpath("//section[@class='revised']//tbody/tr")
    return [cell.text_content().replace("\u00a0", " ") for cell in row]
