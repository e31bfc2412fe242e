"""The segmenter on treaties between invented states, one for every irregularity, and on real ones if at hand."""

from __future__ import annotations

import re
import statistics
import time
from itertools import pairwise
from pathlib import Path

import pytest
from analysis import treaty_layouts as layouts
from analysis.treaty_layouts import Piece
from hypothesis import example, given, settings
from hypothesis import strategies as st

from legation.analysis.segment import MAX_CHARACTERS, Segmented, segment
from legation.errors import InputError

REAL = Path(__file__).resolve().parents[3] / "shared" / "treaties"
needs_corpus = pytest.mark.skipif(
    not (REAL / "tota").is_dir(), reason="the corpus of trade agreements does not lie beside the checkout"
)
needs_texts = pytest.mark.skipif(
    not (REAL / "texts").is_dir(), reason="the seven treaty texts do not lie beside the checkout"
)


def article(label: str, number: str, name: str, text: str) -> Piece:
    return Piece("article", label, number, name, text)


OSTRAVIA_MERROW = [
    Piece(
        "text",
        text="The Republic of Ostravia and the Principality of Merrow,\n\n"
        "Mindful of the ferry between their capitals, and\n\n"
        "Wishing to mend the lighthouse that both of them use,\n\nHave agreed as follows:",
    ),
    Piece("division", "CHAPTER I", name="Light And Water"),
    article("ARTICLE 1", "1", "Purpose", "The lighthouse of Tern Rock shall be lit every night of the year."),
    article(
        "ARTICLE 2",
        "2",
        "Oil And Wicks",
        "1. Ostravia shall bring the oil, in accordance with Article 5. Merrow shall bring the wicks.\n\n"
        "2. The quantities laid down in\nArticle 6 and those of paragraph 1 shall be weighed by both keepers.\n\n"
        "3. Nothing in Article 1 or Articles 3 and 4 hinders a keeper from bringing more.",
    ),
    article(
        "ARTICLE 2 BIS",
        "2bis",
        "Spare Lamps",
        "Two lamps shall be kept dry. They are exempt from Article 2.\n\nThis does not concern candles.",
    ),
    article(
        "ARTICLE 3", "3", "Fog", "In fog the bell shall be rung, notwithstanding Article 1 of the Bell Convention."
    ),
    Piece("division", "CHAPTER II", name="Keepers"),
    article(
        "ARTICLE 4",
        "4",
        "Number And Pay",
        "1. There shall be two keepers.\n\n2. Each shall be paid by the other State; see Article 6, paragraph 2.\n\n"
        "3. Disputes about pay are settled under\n\nArticle 7.",
    ),
    article("ARTICLE 5", "5", "Leave", "A keeper may go ashore one day in nine, save as Article 3 provides otherwise."),
    article(
        "ARTICLE 6", "6", "Stores", "Stores come by the ferry: (a) flour;\n(b) fish; and\n(c) ink for the log book."
    ),
    Piece("division", "CHAPTER III", name="Last Things"),
    article("ARTICLE 7", "7", "Disputes", "A dispute shall be put to the oldest fisherman of the strait, who decides."),
    article("ARTICLE 8", "8", "Term", "This Treaty lasts as long as the rock. Article 4 lasts a year longer."),
    Piece("text", text="DONE at Tern Rock, in two originals, on a calm day.\n\nFor Ostravia\n\nFor Merrow"),
]

DOTTED = [
    Piece(
        "text", text="The Free City of Quill and the Duchy of Harrow, desiring to trade in feathers, agree as follows:"
    ),
    Piece("division", "CHAPTER 1", name="Feathers"),
    article("ARTICLE 1.1", "1.1", "Scope", "This Chapter applies to feathers, as Article 2.2 defines them."),
    article("ARTICLE 1.2", "1.2", "Duties", "No duty shall be levied. Article 1.1 shall not be read narrowly."),
    Piece("division", "CHAPTER 2", name="Ink"),
    article(
        "ARTICLE 2.1",
        "2.1",
        "Colours",
        "Ink may be black. It may be blue under Article 1.2. Other colours need consent.",
    ),
    article("ARTICLE 2.2", "2.2", "Definitions", "Ink means any ink; feather means any feather."),
    article("ARTICLE 2.3", "2.3", "Bottles", "A bottle holds one measure."),
    Piece("division", "CHAPTER 3", name="Transparency"),
    article("ARTICLE 3.1", "3.1", "Publication", "The Duchy shall publish its prices each spring and each autumn."),
]


def numbers(result: Segmented) -> list[str | None]:
    return [part.number for part in result.articles]


def kinds(result: Segmented) -> list[str]:
    return [part.kind for part in result.parts if part.kind != "paragraph"]


def lines(*given: str) -> str:
    return "\n\n".join(given)


def plain(*labels: str, body: str = "The two Valleys shall keep the bridge open to carts.") -> str:
    """A treaty of articles under these labels, each on its own line."""
    return lines(
        "Treaty of the Two Valleys",
        "The Upper Valley and the Lower Valley agree as follows:",
        *[f"{label}\n{body}" for label in labels],
    )


# --- every layout ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", layouts.LAYOUTS)
@pytest.mark.parametrize("treaty", [OSTRAVIA_MERROW, DOTTED], ids=["plain", "dotted"])
def test_every_article_is_found_in_every_layout_and_no_reference_is_taken_for_one(
    treaty: list[Piece], layout: str
) -> None:
    laid_out = layouts.LAYOUTS[layout](treaty)
    if laid_out is None:
        pytest.skip("this layout is for dotted numbers")
    text, gold = laid_out
    result = segment(text)
    scored = layouts.score(gold, [(part.number, part.start, part.end) for part in result.articles])
    assert scored.f1 == 1.0, (scored.missed, scored.false)
    assert scored.strict == 1.0 or layout.startswith("pages")  # where page numbers stand between articles
    assert result.problems == ()


def test_parts_come_in_order_with_divisions_paragraphs_and_signatures() -> None:
    text, _gold = layouts.own_line(OSTRAVIA_MERROW)
    result = segment("Treaty of Tern Rock\n\n" + text)
    assert kinds(result) == [
        *("title", "preamble"),
        *("division", "article", "article", "article", "article"),
        *("division", "article", "article", "article"),
        *("division", "article", "article"),
        "signatures",
    ]
    assert [part.number for part in result.parts if part.kind == "division"] == ["1", "2", "3"]
    second = next(i for i, part in enumerate(result.parts) if part.number == "2" and part.kind == "article")
    own = [part for part in result.parts if part.kind == "paragraph" and part.parent == second]
    assert [part.number for part in own] == ["1", "2", "3"]
    division = result.parts[result.parts[second].parent or 0]
    assert (division.kind, division.label, division.heading) == ("division", "CHAPTER I", "Light And Water")
    assert [part.heading for part in result.articles][:3] == ["Purpose", "Oil And Wicks", "Spare Lamps"]


# --- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["Article I", "Article II", "Article III", "Article IV"], ["1", "2", "3", "4"]),
        (["ARTICLE ONE", "ARTICLE TWO", "ARTICLE THREE"], ["1", "2", "3"]),
        (["First Article", "Article Second", "Article Third", "Article Fourth"], ["2", "3", "4"]),
        (["Art. 1", "Art. 2", "Art. 3"], ["1", "2", "3"]),
        (["Article 1", "Article 2", "Article 2A", "Article 2B", "Article 3"], ["1", "2", "2A", "2B", "3"]),
        (["Article 8", "Article 9", "Article 9 bis", "Article 9 ter", "Article 10"], ["8", "9", "9bis", "9ter", "10"]),
        (["Article 9.9", "Article 9.10", "Article 10.1"], ["9.9", "9.10", "10.1"]),
        (["Article 1-01", "Article 1-02", "Article 2-01"], ["1.1", "1.2", "2.1"]),
        (["ARTICLE C-01", "ARTICLE C-02", "ARTICLE D-01", "ARTICLE E-01"], ["C.1", "C.2", "D.1", "E.1"]),
        (["Article 101", "Article 102", "Article 201", "Article 202"], ["101", "102", "201", "202"]),
        (["Article A", "Article B", "Article C", "Article D"], ["A", "B", "C", "D"]),
        (["A R T I C L E 1", "ART ICLE 2", "ARTI-\nCLE 3", "Article\n4"], ["1", "2", "3", "4"]),
        (["Article l", "Article 2", "Article 3"], ["1", "2", "3"]),
        (["**Article 1**", "### Article 2", "> Article 3", "* ARTICLE  4"], ["1", "2", "3", "4"]),
        (["ARTICLE TWENTY", "ARTICLE TWENTY-ONE", "ARTICLE TWENTY-TWO"], ["20", "21", "22"]),
        (["Artículo 1", "Artículo 2", "Artículo 3"], ["1", "2", "3"]),
        (["Article premier", "Article 2", "Article 3"], ["1", "2", "3"]),
        (["Статья 1", "Статья 2", "Статья 3"], ["1", "2", "3"]),
        (["Artikel 1", "Artikel 2", "Artikel 3"], ["1", "2", "3"]),
        (["Điều 1", "Điều 2", "Điều 3"], ["1", "2", "3"]),
    ],
)
def test_labels_of_many_kinds_give_one_kind_of_number(labels: list[str], expected: list[str]) -> None:
    assert numbers(segment(plain(*labels))) == expected


def test_a_label_is_kept_as_printed() -> None:
    text = plain("ARTICLE  I.", "ARTICLE  II.", "ARTICLE  III.")
    assert [part.label for part in segment(text).articles] == ["ARTICLE  I", "ARTICLE  II", "ARTICLE  III"]


def test_bare_dotted_numbers_with_names_are_articles_where_the_word_is_missing() -> None:
    text = plain("9.9 Cheese", "9.10 Salt And Pepper", "10.1 Bread", body="The Valleys shall share it, see 9.9 above.")
    assert numbers(segment(text)) == ["9.9", "9.10", "10.1"]


def test_numbered_paragraphs_of_an_article_are_not_articles() -> None:
    body = "1.1 The Valleys shall keep goats.\n\n1.2 The goats shall keep the grass short."
    result = segment(plain("Article 1\nGoats\n" + body, "Article 2", "Article 3"))
    assert numbers(result) == ["1", "2", "3"]
    assert [part.number for part in result.parts if part.kind == "paragraph"] == ["1.1", "1.2"]


# --- a broken chain is told -----------------------------------------------------------------------------------------


def test_a_missing_article_is_told_and_a_reference_does_not_take_its_place() -> None:
    body = "The Valleys shall meet. Article 3 shall apply to guests. They are bound by Article 3. The rest is free."
    result = segment(plain("Article 1", "Article 2", "Article 4", "Article 5", body=body))
    assert numbers(result) == ["1", "2", "4", "5"]
    (problem,) = result.problems
    place = int(re.findall(r"character (\d+)", problem)[1])
    assert "missing" in problem
    assert plain("Article 1", "Article 2", "Article 4", "Article 5", body=body)[place:].startswith("Article 4")


def test_a_heading_under_a_wrong_number_is_kept_as_printed_and_told() -> None:
    result = segment(plain("Article 1", "Article 2", "Article 8", "Article 4", "Article 5"))
    assert numbers(result) == ["1", "2", "8", "4", "5"]
    assert any("‘Article 8’" in problem and "jumps" in problem for problem in result.problems)


def test_a_text_that_begins_late_is_told() -> None:
    assert any("first article found" in p for p in segment(plain("Article 4", "Article 5", "Article 6")).problems)


def test_a_heading_that_stands_twice_is_told() -> None:
    result = segment(plain("Article 1", "Article 2", "Article 2", "Article 3", "Article 4"))
    assert numbers(result) == ["1", "2", "3", "4"]
    assert any("no place in the numbering" in problem for problem in result.problems)


def test_another_count_than_expected_is_told() -> None:
    text = plain("Article 1", "Article 2", "Article 3")
    assert segment(text, expected_articles=3).problems == ()
    assert any("4 articles were expected and 3 found" in p for p in segment(text, expected_articles=4).problems)


def test_a_text_without_articles_is_never_silent() -> None:
    result = segment("The bridge is closed on Sundays.\n\n1. Carts wait.\n\n2. Goats do not.")
    assert not result.articles
    assert any("No article was found" in problem and "2 numbered paragraphs" in problem for problem in result.problems)


# --- restarts: chapters, annexes, contents, two instruments ---------------------------------------------------------


def test_articles_numbered_anew_in_every_chapter_belong_to_their_chapter() -> None:
    text = lines(
        "The Isles agree as follows:",
        "CHAPTER 1\nBoats",
        "Article 1\nHulls shall be blue.",
        "Article 2\nSails shall be white.",
        "CHAPTER 2\nNets",
        "Article 1\nNets shall be dry.",
        "Article 2\nKnots shall be tight.",
        "CHAPTER 3\nFish",
        "Article 1\nFish shall be fresh.",
    )
    result = segment(text)
    assert result.problems == ()
    assert [(result.parts[a.parent or 0].number, a.number, a.within) for a in result.articles] == [
        ("1", "1", None),
        ("1", "2", None),
        ("2", "1", None),
        ("2", "2", None),
        ("3", "1", None),
    ]


def test_articles_of_an_annex_are_told_apart_from_those_of_the_treaty() -> None:
    text = lines(
        plain("Article 1", "Article 2", "Article 3"),
        "IN WITNESS WHEREOF the two Reeves have signed.",
        "ANNEX I\nRules of the Bridge",
        "Article 1\nCarts keep to the left.",
        "Article 2\nGoats keep to the right.",
        "PROTOCOL ON GOATS",
        "Article 1\nA goat is a goat.",
        "Article 2\nA kid is half a goat.",
    )
    result = segment(text, expected_articles=3)
    assert result.problems == ()
    assert [(a.number, a.within) for a in result.articles] == [
        *(("1", None), ("2", None), ("3", None)),
        *(("1", "ANNEX I"), ("2", "ANNEX I")),
        *(("1", "PROTOCOL"), ("2", "PROTOCOL")),
    ]
    annex = next(part for part in result.parts if part.kind == "annex")
    assert (annex.label, annex.number, annex.heading) == ("ANNEX I", "1", "Rules of the Bridge")


@pytest.mark.parametrize("layout", ["own line", "one line", "pages", "contents in front"])
def test_a_table_of_contents_is_one_part_and_its_entries_are_not_articles(layout: str) -> None:
    listed = "\n".join(f"{p.label} {p.name} .... {i}" for i, p in enumerate(OSTRAVIA_MERROW) if p.kind == "article")
    text, gold = layouts.LAYOUTS[layout](OSTRAVIA_MERROW) or ("", [])
    if layout != "contents in front":
        text = f"CONTENTS\n{listed}\n\n{text}" if "\n" in text else f"CONTENTS {' '.join(listed.split())} {text}"
    result = segment(text)
    assert numbers(result) == [g.number for g in gold]
    assert kinds(result).count("contents") == 1


def test_a_second_instrument_in_the_file_is_told() -> None:
    first, second = layouts.own_line(OSTRAVIA_MERROW)[0], layouts.own_line(OSTRAVIA_MERROW[:7])[0]
    result = segment(first + second, expected_articles=9)
    assert any("begins again" in problem and "after a signature clause" in problem for problem in result.problems)
    assert {part.within for part in result.articles} == {None, "instrument 2"}


def test_a_bilingual_text_is_told() -> None:
    english = "The two Valleys shall keep the bridge open to the carts of both and to any of their goats in winter. "
    spanish = "Los dos valles y las islas mantienen abierto el puente para los carros y las cabras en el invierno. "
    text = lines(*[f"Article {i}\n{english * 3}\n\nArtículo {i}\n{spanish * 3}" for i in range(1, 9)])
    assert any("English, Spanish" in p or "Spanish, English" in p for p in segment(text).problems)


# --- places that look like headings ---------------------------------------------------------------------------------


def test_running_heads_that_repeat_a_heading_are_not_articles() -> None:
    body = "The Valleys shall meet each spring.\n\n12\n\fArticle 2 (continued)\n\nThey shall dance."
    text = lines("The Valleys agree:", f"Article 1\n{body[:35]}", f"Article 2\n{body}", "Article 3\nThey shall rest.")
    assert numbers(segment(text)) == ["1", "2", "3"]


def test_a_wrapped_reference_at_the_head_of_a_line_is_not_an_article() -> None:
    text = lines(
        "The Valleys agree:",
        "Article 1\nThe Valleys meet in accordance with\nArticle 2.\nThey may also meet under the rules of\nArticle 3\n"
        "of the Statute.",
        "Article 2\nThey dance.",
        "Article 3\nThey rest.",
    )
    result = segment(text)
    assert [text[part.start :].split("\n")[1][:4] for part in result.articles] == ["The ", "They", "They"]
    assert result.problems == ()


def test_a_heading_in_capitals_counts_on_one_line_even_after_a_title_without_a_full_stop() -> None:
    text = (
        "TREATY The Valleys agree: CHAPTER I General Provisions ARTICLE 1 The bridge is open, see Article 2. "
        "CHAPTER II Final Provisions ARTICLE 2 The bridge is old. ARTICLE 3 It stays."
    )
    result = segment(text)
    assert numbers(result) == ["1", "2", "3"]
    assert [part.label for part in result.parts if part.kind == "division"] == ["CHAPTER I", "CHAPTER II"]


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "\n\t\f \u00a0\n"])
def test_an_empty_text_is_told(text: str) -> None:
    assert segment(text) == Segmented((), ("The text is empty: no part was found.",))


def test_binary_is_refused_with_its_place() -> None:
    with pytest.raises(InputError, match=r"NUL character at character 4.*plain text"):
        segment("%PDF\0\1\2")
    with pytest.raises(InputError, match="control characters"):
        segment("\x01\x02\x03\x04\x05ab" * 40)


def test_a_wrongly_decoded_text_is_told() -> None:
    text = plain(*[f"Article {i}" for i in range(1, 8)], body="L’île d’été gardera « l’eau » à côté.")
    damaged = text.encode().decode("cp1252", errors="replace")
    assert any("wrongly decoded" in problem for problem in segment(damaged).problems)
    assert not any("wrongly decoded" in problem for problem in segment(text).problems)


def test_a_text_longer_than_any_treaty_is_refused() -> None:
    with pytest.raises(InputError, match="no treaty has more than"):
        segment("x" * (MAX_CHARACTERS + 1))


@pytest.mark.parametrize(
    "unit",
    [
        *("Article ", "Article 1 ", "Article 1\n", "Article" + " " * 99, "A ", "A r t ", "Art. "),
        *("CHAPTER I\n", "Section 1 ", "Chapter 1 Name\n\n", "ANNEX ", "CONTENTS ", "DONE at ", "The Government "),
        *("1", "1. ", "(1) ", "1.1 Name\n", ". ", "\n.", "*_#"),
    ],
)
def test_a_hostile_text_of_two_megabytes_takes_a_second_or_is_refused(unit: str) -> None:
    before = time.process_time()
    try:
        segment(unit * (2_000_000 // len(unit)))
    except InputError as error:
        assert "no treaty" in str(error)  # noqa: PT017
    assert time.process_time() - before < 8.0  # one is usual; quadratic work would take minutes


TOKENS = st.sampled_from(
    [
        *(
            "Article",
            "ARTICLE",
            "Art.",
            "article",
            "Articles",
            "Artículo",
            "Статья",
            "CHAPTER",
            "Chapter",
            "PART",
            "SECTION",
        ),
        *(
            "1",
            "2",
            "3",
            "4",
            "I",
            "II",
            "IV",
            "l",
            "1.1",
            "1.2",
            "2.1",
            "9.9",
            "4A",
            "bis",
            "1-01",
            "C-01",
            "101",
            "One",
        ),
        *(
            "ANNEX",
            "Annex",
            "PROTOCOL",
            "CONTENTS",
            "shall",
            "The",
            "Parties",
            "agree",
            "under",
            "of",
            "name",
            "A",
            "B",
        ),
        *(
            "1.",
            "2.",
            "(1)",
            "(2)",
            "1)",
            "DONE at",
            "IN WITNESS WHEREOF",
            "PREAMBLE",
            "Whereas",
            "É",
            "ß",
            "中",
            "\u00ad",
        ),
        *(".", ":", ";", ",", "-", "(", ")", "“", "”", "#", "**", ">", "12", ".....", "\n", "\n\n", "\f", "\r\n", "\t"),
    ]
)
TREATYLIKE = st.lists(st.tuples(TOKENS, st.sampled_from(["", " ", "\n", "  "])), max_size=120).map(
    lambda pairs: "".join(token + space for token, space in pairs)
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(TREATYLIKE, st.text(max_size=200)))
@example("Article 1 Article 2 Article 3")
@example("CONTENTS Article 1 Article 2 Article 1 Article 2")
@example("ANNEX I ANNEX II Article 1")
def test_any_text_gives_parts_that_tile_it(text: str) -> None:
    try:
        result = segment(text)
    except InputError:
        return
    assert result.parts or result.problems
    for part in result.parts:
        assert 0 <= part.start < part.end <= len(text)
        assert text[part.start : part.end].startswith(part.label)
        assert part.parent is None or result.parts[part.parent].kind in (
            "division",
            "annex",
            "article",
            "preamble",
            "title",
        )
    tiles = [part for part in result.parts if part.kind != "paragraph"]
    assert all(a.end <= b.start for a, b in pairwise(tiles))
    places = [0, *[place for part in tiles for place in (part.start, part.end)], len(text)]
    between = "".join(text[a:b] for a, b in zip(places[::2], places[1::2], strict=True))
    assert (
        not between.strip(" \t\xa0*_#>|•·\u200b\u200e\ufeff\u00ad\n\r\f\v\x1c\x1d\x1e\x1f\x85\u2028\u2029")
        or not between.split()
    )
    for part in result.parts:
        if part.kind == "paragraph":
            assert part.parent is not None
            assert result.parts[part.parent].start <= part.start < part.end <= result.parts[part.parent].end


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=3, max_size=14, unique=True).map(sorted), st.sampled_from(["\n\n", " "]))
def test_every_gap_in_the_numbering_is_told(chosen: list[int], between: str) -> None:
    text = between.join(f"ARTICLE {n}{between}The Isles shall do what is said here." for n in chosen)
    result = segment(text)
    broken = chosen[0] != 1 or any(b - a > 1 for a, b in pairwise(chosen))
    assert bool(result.problems) == broken
    if len(result.articles) != len(chosen):
        assert broken


# --- real treaties, where they lie beside the checkout -------------------------------------------------------------


@needs_texts
@pytest.mark.parametrize(
    ("name", "articles"),
    [
        ("1945-un-charter", 111),
        ("1949-north-atlantic-treaty", 14),
        ("1951-anzus-draft-17-Feb", 11),
        ("1951-anzus-initialled-draft-12-July", 11),
        ("1951-anzus", 11),
        ("1967-outer-space-treaty", 17),
        ("1969-vienna-convention-law-of-treaties", 85),
    ],
)
def test_every_article_of_the_seven_texts_is_found(name: str, articles: int) -> None:
    result = segment((REAL / "texts" / f"{name}.txt").read_text(encoding="utf-8"), expected_articles=articles)
    assert numbers(result) == [str(number) for number in range(1, articles + 1)]
    assert result.problems == ()


@needs_corpus
@pytest.mark.parametrize("layout", layouts.LAYOUTS)
def test_article_boundaries_of_the_trade_agreements(layout: str) -> None:
    f1 = []
    for name, english, pieces in layouts.corpus(REAL / "tota"):
        laid_out = layouts.LAYOUTS[layout](pieces) if english else None
        if laid_out is None:
            continue
        text, gold = laid_out
        result = segment(text)
        assert result.articles or result.problems, f"{name} is silently empty"
        f1.append(layouts.score(gold, [(part.number, part.start, part.end) for part in result.articles]).f1)
    assert len(f1) == (32 if layout == "bare numbers" else 208)
    assert statistics.median(f1) == 1.0
    assert statistics.mean(f1) >= 0.99
