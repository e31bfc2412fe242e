"""What an analyst types to begin a report or a notebook, to see its parameters, and to have an editor complete them."""

from __future__ import annotations

import json
import shutil

import nbformat
import pytest
from click.testing import CliRunner
from helpers import ROOT, notebook

from legation import desk_cli
from legation.cli import main
from legation.press import plan, spec

CELL = """\
# parameters
from pathlib import Path

from legation.parameters import Country

reporter: Country = "VNM"  # country whose trade is compared
partners: list[Country] = ["RUS", "CHN"]  # its partners
year: int | None = None  # the year
labels: list[str] = []  # labels
file: Path = "x"  # where to look
bare: bool = False
"""


@pytest.fixture
def desk(checkout):
    nbformat.write(
        notebook("# Trade\n\nWith whom does this country trade?", CELL), checkout / "notebooks" / "trade.ipynb"
    )
    return checkout


def legation(*arguments, answers=None):
    return CliRunner().invoke(main, arguments, input=answers)


def written(desk, name="thailand-trade"):
    return spec.load(desk / "reports" / f"{name}.yml")


def test_params_lists_name_type_default_and_meaning_and_says_what_is_not_checked(desk):
    done = legation("params", "trade")
    assert done.output.splitlines() == [
        "reporter  Country        'VNM'",
        "    country whose trade is compared",
        "partners  list[Country]  ['RUS', 'CHN']",
        "    its partners",
        "year      int | None     None",
        "    the year",
        "labels    list[str]      []",
        "    labels",
        "file      Path           'x'",
        "    where to look (not checked before it runs: Path is not known)",
        "bare      bool           False",
        "    (no comment says what it takes)",
    ]
    assert legation("params", "notebooks/trade.ipynb").output == done.output


def test_params_as_json_has_each_type_as_a_schema(desk):
    found = {each["name"]: each for each in json.loads(legation("params", "trade", "--json").output)}
    assert found["partners"]["default"] == ["RUS", "CHN"]
    assert "VNM" in found["partners"]["schema"]["items"]["enum"]
    assert found["file"]["unchecked"] == ["Path"]


def test_params_of_an_unknown_notebook_names_the_nearest(desk):
    done = legation("params", "trad")
    assert (done.exit_code, "did you mean 'trade'?" in done.output) == (2, True)


def test_a_report_made_by_flags_has_its_values_and_the_notebooks_own_in_comments(desk):
    done = legation(
        *("new", "report", "thailand-trade", "--notebook", "trade", "--title", "Thailand: trade with Russia & China"),
        *("--set", "reporter=THA", "--set", "partners=RUS,CHN", "--set", "labels=1,b", "--set", "year=2020"),
    )
    assert done.output.splitlines() == ["reports/thailand-trade.yml is written.", "Next: legation build thailand-trade"]
    report = written(desk)
    assert report.title == "Thailand: trade with Russia & China"
    assert report.abstract == "", "a notebook's question would stand on the page twice"
    assert report.chapters[0].parameters == {
        "reporter": "THA",
        "partners": ["RUS", "CHN"],
        "labels": ["1", "b"],
        "year": 2020,
    }
    plan.plan(report, desk / "notebooks")
    lines = (desk / "reports" / "thailand-trade.yml").read_text("utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../docs/schema/report.json"
    assert "      reporter: THA  # country whose trade is compared" in lines
    assert "      # file: x  # where to look" in lines


def test_a_report_without_any_value_leaves_all_to_the_notebook(desk):
    assert legation("new", "report", "thailand-trade", "--notebook", "trade.ipynb").exit_code == 0
    assert written(desk).chapters[0].parameters == {}
    assert written(desk).title == "Thailand trade"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Thailand Trade"], "(such as 'thailand-trade')"),
        (["../x"], "cannot be a report's name"),
        (["there"], "reports/there.yml is there already, and nothing is overwritten"),
        (["t"], "Name a notebook with --notebook, or a report with --from. There are: trade."),
        (["t", "--notebook", "trad"], "--notebook: there is no notebook 'trad' in notebooks/ (did you mean 'trade'?)"),
        (["t", "--from", "thre"], "--from: there is no report 'thre' (did you mean 'there'?)"),
        (["t", "--from", "there", "--notebook", "trade"], "--notebook and --from were both given"),
        (["t", "--notebook", "trade", "--set", "reporter"], "write a parameter as name=value"),
        (["t", "--notebook", "trade", "--set", "reportr=VNM"], "no parameter 'reportr' (did you mean 'reporter'?)"),
        (["t", "--notebook", "trade", "--set", "reporter=VNN"], "'VNN' is no country or group"),
        (["t", "--notebook", "trade", "--set", "partners=RUS,VNN"], "(did you mean 'VNM'?)"),
        (["t", "--notebook", "trade", "--set", "year=last"], "valid integer, but 'last' stands there"),
        (["t", "--notebook", "trade", "--set", "year=[1"], "is no value that can be read"),
        (["t", "--notebook", "trade", "--set", "year=1", "--set", "year=2"], "'year' is given twice"),
        (["archive", "--notebook", "trade"], "Give the report another name"),
    ],
)
def test_what_cannot_be_begun_is_refused_and_nothing_is_written(desk, arguments, sentence):
    there = desk / "reports" / "there.yml"
    there.write_text("title: T\nabstract: A\nchapters: [{notebook: trade}]\n")
    done = legation("new", "report", *arguments)
    assert done.exit_code == 2
    assert sentence in done.output
    assert "\n" not in done.output.strip()
    assert list((desk / "reports").iterdir()) == [there]
    assert there.read_text() == "title: T\nabstract: A\nchapters: [{notebook: trade}]\n"


HOSTILE = [
    'x: [y] # z "q" \\ {w}',
    "- a",
    "yes",
    "5",
    "<script>",
    "a\u2028b\x1b[31m",
    "*x &y !z",
    "'",
    "%",
    "Ünï’s — “x”",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_any_words_come_back_from_the_file_as_they_were_given(desk, words):
    done = legation(
        *("new", "report", "t", "--notebook", "trade", "--title", words),
        *("--abstract", words, "--set", f"labels={json.dumps([words])}"),
    )
    assert done.exit_code == 0, done.output
    report = written(desk, "t")
    assert (report.title, report.abstract) == (" ".join(words.split()), " ".join(words.split()))
    assert report.chapters[0].parameters == {"labels": [words]}


def test_from_another_report_the_chapters_are_taken_over_without_its_prose(desk):
    (desk / "reports" / "laos.yml").write_text(
        "title: Laos\nabstract: A\nrevisions: [{date: 2026-11-22, change: First.}]\nchapters:\n"
        "  - {notebook: trade, name: one, title: Laos, lead: Of Laos., leave_out: [Growth], limits: {minutes: 3},"
        " parameters: {reporter: LAO, year: 2020}}\n"
    )
    done = legation("new", "report", "thailand-trade", "--from", "laos", "--set", "reporter=THA")
    assert done.output.splitlines()[1] == "From laos, to look through: year."
    chapter = written(desk).chapters[0]
    assert (chapter.name, chapter.leave_out, chapter.limits.minutes) == ("one", ["Growth"], 3)
    assert chapter.parameters == {"reporter": "THA", "year": 2020}
    assert (chapter.title, chapter.lead, written(desk).revisions) == (None, None, [])


def test_on_a_terminal_it_asks_and_asks_again_where_an_answer_does_not_fit(desk, monkeypatch):
    monkeypatch.setattr(desk_cli, "_asks", lambda: True)
    answers = "trade\nThailand’s trade\n\nVNN\nTHA\n\n2020\n\n\n\n"
    done = legation("new", "report", "thailand-trade", answers=answers)
    assert done.exit_code == 0, done.output
    assert "'VNN' is no country or group of data/trade/countries.csv (did you mean 'VNM'?)" in done.output
    assert done.output.endswith("Next: legation build thailand-trade\n")
    assert written(desk).title == "Thailand’s trade"
    assert written(desk).chapters[0].parameters == {"reporter": "THA", "year": 2020}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Trade Brief"], "(such as 'trade_brief')"),
        (["trade"], "notebooks/trade.ipynb is there already"),
        (["../x"], "cannot be a notebook's name"),
        (["t", "--title", "Trade in 2024"], "--title: 'Trade in 2024' has a number"),
        (["t", "--question", "It is so."], "is no question"),
        (["t", "--title", " "], "--title: it is empty"),
        (["t", "--from", "trad"], "did you mean 'trade'?"),
    ],
)
def test_a_notebook_that_cannot_be_begun_is_refused(desk, arguments, sentence):
    done = legation("new", "notebook", *arguments)
    assert (done.exit_code, sentence in done.output) == (2, True), done.output
    assert [file.name for file in (desk / "notebooks").iterdir()] == ["trade.ipynb"]


def test_a_new_notebook_is_valid_typed_and_known_to_the_schema(desk):
    done = legation("new", "notebook", "trade_brief", "--title", "A brief", "--question", "Who trades?")
    assert done.exit_code == 0, done.output
    assert "docs/schema/report.json knows its parameters." in done.output
    assert done.output.endswith("legation new report trade-brief --notebook trade_brief\n")
    made = nbformat.read(desk / "notebooks" / "trade_brief.ipynb", as_version=4)
    nbformat.validate(made)
    assert made.cells[0].source == "# A brief\n\nWho trades?"
    assert "Country" in {each.written for each in plan.parameters(desk / "notebooks" / "trade_brief.ipynb").values()}
    assert "trade_brief" in (desk / "docs" / "schema" / "report.json").read_text("utf-8")


def test_a_notebook_begun_from_another_has_its_cells_without_outputs(desk):
    shutil.copy(ROOT / "notebooks" / "claim_check.ipynb", desk / "notebooks" / "other.ipynb")
    book = nbformat.read(desk / "notebooks" / "other.ipynb", as_version=4)
    book.cells[2].outputs = [nbformat.v4.new_output("stream", text="secret")]
    book.cells[2].execution_count = 3
    nbformat.write(book, desk / "notebooks" / "other.ipynb")
    assert legation("new", "notebook", "mine", "--from", "other", "--title", "Mine").exit_code == 0
    made = nbformat.read(desk / "notebooks" / "mine.ipynb", as_version=4)
    assert [cell.source for cell in made.cells[1:]] == [cell.source for cell in book.cells[1:]]
    assert "secret" not in (desk / "notebooks" / "mine.ipynb").read_text("utf-8")
    assert made.cells[0].source.startswith("# Mine\n\nWhat do these documents assert")
