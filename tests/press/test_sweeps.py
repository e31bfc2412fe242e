"""A sweep is the same chapters over a grid of parameters: an edition for each combination, and a list of them."""

import hashlib
import json

import nbformat
import pytest
from helpers import notebook

from legation.errors import InputError
from legation.press import spec as specs
from legation.press.build import build

PARAMETERS = """\
# parameters
word: str = "none"  # what is said
times: int = 1  # how often it is said
"""
SAYS = """\
#!
from IPython.display import Markdown
if word == "silence":
    from legation.errors import InputError
    raise InputError(f"'{word}' cannot be said. Say a word.")
Markdown(f"The word is {' '.join([word] * times)}.")
"""
SWEEP = """\
title: Of {word}, {times} times
abstract: What is said of {word}.
sweep:
  title: Of words
  over:
    word: {peace: the *peace*, war: a war}
    times: [1, 2]
chapters:
  - notebook: word
"""


@pytest.fixture
def house(checkout):
    nbformat.write(notebook("# A word", PARAMETERS, SAYS), checkout / "notebooks" / "word.ipynb")
    write(checkout, SWEEP)
    return checkout


def write(house, text, name="words"):
    (house / "reports" / f"{name}.yml").write_text(text, encoding="utf-8")


def read(house, text=SWEEP):
    write(house, text)
    return specs.load(house / "reports" / "words.yml")


def tree(folder):
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def page(house, edition):
    return (house / "reports" / "published" / edition / "index.html").read_text(encoding="utf-8")


def test_a_grid_gives_an_edition_for_each_combination_and_the_last_parameter_varies_fastest(house):
    editions = list(specs.editions(read(house)))
    assert [edition.name for edition in editions] == ["words/peace-1", "words/peace-2", "words/war-1", "words/war-2"]
    assert [edition.point for edition in editions][1] == {"word": "peace", "times": 2}


def test_values_stand_in_the_texts_by_their_words_which_are_no_markdown(house):
    first = next(specs.editions(read(house)))
    assert first.title == "Of the *peace*, 1 times"  # a title is no Markdown
    assert first.abstract == r"What is said of the \*peace\*."


def test_every_edition_and_the_list_of_them_are_published(house):
    outcomes = build(house, ["words"], lambda line: None)
    assert [(outcome.report, outcome.status) for outcome in outcomes] == [
        ("words/peace-1", 0), ("words/peace-2", 0), ("words/war-1", 0), ("words/war-2", 0),
    ]  # fmt: skip
    assert "The word is war war." in page(house, "words/war-2")
    assert "<h1>Of a war, 2 times</h1>" in page(house, "words/war-2")
    assert "make report REPORT=words/war-2" in page(house, "words/war-2")
    assert (house / "reports" / "published" / "words" / "war-2" / "words-war-2.pdf").read_bytes().startswith(b"%PDF")
    listed = page(house, "words")
    for said in ("Of words", "4 editions", 'href="war-2/index.html"', 'href="war-2/words-war-2.pdf"', "Of the *peace*"):
        assert said in listed
    manifest = json.loads((house / "reports" / "published" / "words" / "manifest.json").read_text())
    assert [edition["values"] for edition in manifest["editions"]][3] == {"word": "war", "times": 2}
    assert 'href="words/index.html"' in page(house, ".")


def test_a_sweep_is_built_when_it_is_named_and_what_did_not_change_is_kept(house):
    write(house, "title: T\nabstract: A\nchapters: [{notebook: word}]\n", "plain")
    assert [outcome.report for outcome in build(house, [], lambda line: None)] == ["plain"]
    build(house, ["words"], lambda line: None)
    before = tree(house / "reports" / "published")
    said = []
    assert all(outcome.kept for outcome in build(house, ["words"], said.append))
    assert said == []
    assert tree(house / "reports" / "published") == before


def test_one_edition_can_be_named(house):
    (outcome,) = build(house, ["words/war-1"], lambda line: None)
    assert outcome.status == 0
    assert {path.name for path in (house / "reports" / "published" / "words").iterdir()} == {
        "war-1", "index.html", "manifest.json",
    }  # fmt: skip
    with pytest.raises(InputError, match=r"'words' has no edition 'wr-1' \(did you mean 'words/war-1'\?\)"):
        build(house, ["words/wr-1"], lambda line: None)


def test_a_new_value_makes_its_editions_alone_and_one_that_is_gone_takes_its_editions_with_it(house):
    build(house, ["words"], lambda line: None)
    write(house, SWEEP.replace("war: a war", "truce: a truce"))
    outcomes = build(house, ["words"], lambda line: None)
    assert [outcome.kept for outcome in outcomes] == [True, True, False, False]
    folders = {path.name for path in (house / "reports" / "published" / "words").iterdir() if path.is_dir()}
    assert folders == {"peace-1", "peace-2", "truce-1", "truce-2"}
    assert "war" not in page(house, "words")


def test_an_edition_that_is_refused_stops_no_other_and_names_the_line_of_its_value(house):
    build(house, ["words"], lambda line: None)
    before = tree(house / "reports" / "published" / "words" / "peace-1")
    write(house, SWEEP.replace("{peace: the *peace*, war: a war}", "[silence, peace]"))
    said = []
    outcomes = build(house, ["words"], said.append)
    assert [outcome.status for outcome in outcomes] == [2, 2, 0, 0]
    assert "reports/words.yml, line 6 (word): notebooks/word.ipynb, cell 3: 'silence' cannot be said" in said[0]
    assert "words: 2 of 4 editions were not published (silence-1, silence-2)." in said[-1]
    assert "silence" not in page(house, "words")
    assert tree(house / "reports" / "published" / "words" / "peace-1") != before  # its words in the text changed
    log = [json.loads(line) for line in (house / ".legation" / "runs.jsonl").read_text().splitlines()]
    assert {line["report"] for line in log if line.get("problem")} == {"words/silence-1", "words/silence-2"}


def test_what_a_chapter_gives_itself_goes_before_what_is_swept(house):
    write(house, SWEEP + "    parameters: {times: 3}\n  - notebook: word\n")
    (outcome,) = build(house, ["words/war-2"], lambda line: None)
    chapters = json.loads((outcome.edition / "manifest.json").read_text())["chapters"]
    assert [chapter["parameters"] for chapter in chapters] == [{"word": "war", "times": 3}, {"word": "war", "times": 2}]


def test_how_far_a_long_sweep_has_come_is_said_now_and_then(house, monkeypatch):
    monkeypatch.setattr("legation.press.making._PACE", 0.0)
    said = []
    build(house, ["words"], said.append)
    assert said == ["words: 1 of 4 editions", "words: 2 of 4 editions", "words: 3 of 4 editions"]


def test_a_report_that_becomes_a_sweep_leaves_nothing_of_itself_and_the_other_way_round(house):
    plain = "title: T\nabstract: A\nchapters: [{notebook: word}]\n"
    write(house, plain)
    build(house, ["words"], lambda line: None)
    write(house, SWEEP)
    build(house, ["words"], lambda line: None)
    assert {path.name for path in (house / "reports" / "published" / "words").iterdir()} == {
        "peace-1", "peace-2", "war-1", "war-2", "index.html", "manifest.json",
    }  # fmt: skip
    write(house, plain)
    build(house, ["words"], lambda line: None)
    assert not (house / "reports" / "published" / "words" / "war-1").exists()
    assert (house / "reports" / "published" / "words" / "words.pdf").is_file()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("{word}, {times}", "{wrd}, {times}", r"line 1: the sweep has no 'wrd' to put .* \(did you mean 'word'\?\)"),
        ("{word}, {times}", "{word}, many", r"line 1: two editions have the title 'Of the \*peace\*, many times'"),
        ("times: [1, 2]", "times: [1, 1]", r"line 5: 'times' has the value 1 twice"),
        ("times: [1, 2]", "times: []", r"line 5: 'times' takes a list of values, or values with words"),
        ("times: [1, 2]", "times: [1.5]", r"line 5: 'times' takes words and whole numbers, but 1\.5 stands there"),
        (
            "times: [1, 2]",
            f"times: {list(range(5001))}",
            r"line 5: the grid has 10,002 editions, and .* at most 10,000",
        ),
        (
            "war: a war",
            "Peace: a war",
            r"line 5: word 'Peace', times 1 and word 'peace', times 1 would have one folder",
        ),
        ("war: a war", "和: a war", r"line 5: .*word '和', times 1 gives no letter"),
        ("  title: Of words\n", "", r"line 3: the key 'sweep\.title' is missing"),
        ("  over:", "  ovr:", r"line 5: unknown key 'ovr' \(did you mean 'over'\?\)"),
    ],
)
def test_a_mistake_in_a_sweep_is_named_with_its_line(house, old, new, sentence):
    with pytest.raises(InputError, match=sentence):
        read(house, SWEEP.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("times", "tmes", r"line 7: no notebook of this report takes a parameter 'tmes' \(did you mean 'times'\?\)"),
        ("[1, 2]", "[1, two]", r"line 7: parameter 'times' of word\.ipynb: .* integer, but 'two' stands there"),
    ],
)
def test_a_sweep_whose_values_no_notebook_takes_is_refused_whole_before_anything_runs(house, old, new, sentence):
    write(house, SWEEP.replace(old, new))
    (outcome,) = build(house, ["words"], lambda line: None)
    assert outcome.status == 2
    with pytest.raises(InputError, match=sentence):
        raise InputError(outcome.problem)
    assert not (house / "reports" / "published").exists()


def test_a_value_that_names_another_folder_stays_in_the_sweeps_own(house):
    write(house, SWEEP.replace("war: a war", '"../../../etc": a war'))
    outcomes = build(house, ["words"], lambda line: None)
    assert [outcome.report for outcome in outcomes][2:] == ["words/etc-1", "words/etc-2"]
    assert (house / "reports" / "published" / "words" / "etc-1" / "index.html").is_file()
