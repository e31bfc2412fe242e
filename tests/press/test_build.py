"""Reports are built each on its own: what is wrong with one is said, and touches neither the others nor what stands."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest
from helpers import exhibit, notebook

from legation.errors import InputError
from legation.press import depends, warm
from legation.press.build import build
from legation.press.store import Store

SAYS = """\
#!
from IPython.display import Markdown
Markdown(f"The word is {word}.")
"""
PARAMETERS = '# parameters\nword: str = "none"  # what is said\n'


@pytest.fixture
def house(checkout):
    nbformat.write(notebook("# A word", PARAMETERS, SAYS), checkout / "notebooks" / "word.ipynb")
    return checkout


def spec(house, name, notebook="word", **parameters):
    lines = ["title: T", "abstract: A", "chapters:", f"  - notebook: {notebook}"]
    if parameters:
        lines += ["    parameters:", *(f"      {key}: {value}" for key, value in parameters.items())]
    (house / "reports" / f"{name}.yml").write_text("\n".join(lines) + "\n")


def tree(folder):
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_report_without_an_abstract_is_published_in_every_form(house):
    spec(house, "one")
    file = house / "reports" / "one.yml"
    file.write_text(file.read_text().replace("abstract: A\n", "outputs: [docx]\n"))
    (outcome,) = build(house, [], lambda line: None)
    assert outcome.status == 0
    assert json.loads((outcome.edition / "manifest.json").read_text())["abstract"] == ""
    assert 'class="abstract"' not in (outcome.edition / "index.html").read_text()
    assert {"one.pdf", "one.docx"} <= set(tree(outcome.edition))


def test_an_edition_holds_page_pdf_notebook_and_a_manifest_that_matches(house):
    spec(house, "one", word="peace")
    (outcome,) = build(house, [], lambda line: None)
    assert outcome.status == 0
    assert "The word is peace." in (outcome.edition / "index.html").read_text()
    assert (outcome.edition / "one.pdf").read_bytes().startswith(b"%PDF")
    manifest = json.loads((outcome.edition / "manifest.json").read_text())
    files = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    assert {"manifest.json": tree(outcome.edition)["manifest.json"], **files} == tree(outcome.edition)
    assert manifest["chapters"][0]["parameters"] == {"word": "peace"}
    executed = (outcome.edition / "notebooks" / "01-word.ipynb").read_text()
    assert str(house) not in executed
    assert "papermill" not in executed
    assert 'href="one/index.html"' in (house / "reports" / "published" / "index.html").read_text()


def test_two_builds_of_the_same_are_the_same_bytes(house):
    spec(house, "one", word="peace")
    (first,) = build(house, [], lambda line: None)
    before = tree(first.edition)
    shutil.rmtree(house / ".legation")  # else the second would be the first, kept
    shutil.rmtree(first.edition)
    (second,) = build(house, [], lambda line: None)
    assert not second.kept
    assert tree(second.edition) == before


def test_chapters_run_at_once_come_to_the_same_bytes_as_one_after_the_other(house):
    for name, word in (("one", "peace"), ("two", "war"), ("three", "truce")):
        spec(house, name, word=word)
    editions = [outcome.edition for outcome in build(house, [], lambda line: None, jobs=1)]
    before = [tree(edition) for edition in editions]
    shutil.rmtree(house / ".legation")
    folder = Path.cwd()
    again = build(house, [], lambda line: None, jobs=3)
    assert [outcome.kept for outcome in again] == [False, False, False]
    assert [tree(outcome.edition) for outcome in again] == before
    assert Path.cwd() == folder  # each kernel works in the notebooks' folder, this process where it was


HOLDS = """\
import sys, time
from pathlib import Path
from legation.press.build import _turn
with _turn(Path(sys.argv[1]), print):
    print("mine", flush=True)
    time.sleep(60)
"""


def test_two_builds_take_turns_and_a_killed_one_holds_up_nobody(house):
    spec(house, "one", word="peace")
    holder = subprocess.Popen([sys.executable, "-c", HOLDS, str(house)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "mine\n"
    said, outcomes = [], []
    waiting = threading.Thread(target=lambda: outcomes.extend(build(house, [], said.append)))
    waiting.start()
    for _ in range(200):
        if said:
            break
        time.sleep(0.05)
    assert f"process {holder.pid}, since" in said[0]
    assert outcomes == []
    holder.kill()
    holder.wait()
    waiting.join(60)
    assert [outcome.status for outcome in outcomes] == [0]


def test_a_kernel_of_its_own_and_one_forked_from_the_server_give_the_same_bytes(house, monkeypatch):
    spec(house, "one", word="peace")
    (forked,) = build(house, [], lambda line: None)
    before = tree(forked.edition)
    shutil.rmtree(house / ".legation")
    monkeypatch.setattr(warm, "_FORKING", False)
    (stock,) = build(house, [], lambda line: None)
    assert not stock.kept
    assert tree(stock.edition) == before


def test_what_is_wrong_with_one_report_touches_no_other_and_leaves_its_last_edition(house):
    spec(house, "broken", word="first")
    build(house, ["broken"], lambda line: None)
    before = tree(house / "reports" / "published" / "broken")

    refusing = "#!\nfrom legation import data\ndata.open('goods_flows', reporter=word)"
    nbformat.write(notebook("# R", PARAMETERS, refusing), house / "notebooks" / "refusing.ipynb")
    failing = "#!\n1 / 0"
    nbformat.write(notebook("# F", failing), house / "notebooks" / "failing.ipynb")
    spec(house, "broken", notebook="refusing", word="VNN")
    spec(house, "faulty", notebook="failing")
    spec(house, "good", word="peace")
    (house / "reports" / "unreadable.yml").write_text("title: [")

    said = []
    outcomes = {outcome.report: outcome for outcome in build(house, [], said.append)}
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "broken": 2, "faulty": 1, "good": 0, "unreadable": 2,
    }  # fmt: skip
    assert "reports/broken.yml, line 6 (word): notebooks/refusing.ipynb, cell 3: 'VNN'" in outcomes["broken"].problem
    assert "The nearest is VNM (Viet Nam)" in outcomes["broken"].problem
    assert outcomes["broken"].traceback is None
    assert "notebooks/failing.ipynb, cell 2" in outcomes["faulty"].problem
    assert "ZeroDivisionError" in outcomes["faulty"].traceback
    assert tree(house / "reports" / "published" / "broken") == before
    assert not (house / "reports" / "published" / "faulty").exists()
    assert any("good: published" in line for line in said)
    left = {path.name for path in (house / "reports" / "published").iterdir()}
    assert left == {"broken", "good", "index.html"}


def test_the_line_of_a_number_that_a_cell_refused_is_named_too(house):
    asking = "# parameters\nfirst: int = 2000  # first year\nlast: int = 2020  # last year\n"
    opening = "#!\nfrom legation import data\ndata.open('goods_flows', year=(first, last))"
    nbformat.write(notebook("# Y", asking, opening), house / "notebooks" / "years.ipynb")
    spec(house, "one", notebook="years", last=1995)
    (outcome,) = build(house, [], lambda line: None)
    assert outcome.status == 2
    assert "reports/one.yml, line 6 (last): notebooks/years.ipynb, cell 3: Years 2000 to 1995" in outcome.problem


def test_a_kernel_that_dies_fails_its_report_alone(house):
    nbformat.write(notebook("# D", "#!\nimport os\nos._exit(3)"), house / "notebooks" / "dying.ipynb")
    spec(house, "dying", notebook="dying")
    spec(house, "good", word="peace")
    dying, good = build(house, [], lambda line: None)
    assert (dying.status, good.status) == (1, 0)
    assert "notebooks/dying.ipynb, cell 2: the kernel died here" in dying.problem


def test_what_a_chapter_read_stands_in_its_manifest(house):
    reading = "#!\nfrom legation import data\ndata.open('exchange_rates')\nNone"
    nbformat.write(notebook("# R", reading), house / "notebooks" / "reading.ipynb")
    spec(house, "one", notebook="reading")
    (outcome,) = build(house, [], lambda line: None)
    read = json.loads((outcome.edition / "manifest.json").read_text())["chapters"][0]["read"]
    assert {entry["name"] for entry in read} == {
        "exchange_rates",
        "countries",
        "sources",
    }  # codes and sources are checked
    for entry in read:
        assert entry["sha256"] == hashlib.sha256((house / entry["path"]).read_bytes()).hexdigest()
    page = (outcome.edition / "index.html").read_text()
    assert 'href="notebooks/01-reading.ipynb"' in page
    assert (outcome.edition / "notebooks" / "01-reading.ipynb").exists()
    assert all(entry["path"].rpartition("/")[2] in page for entry in read)


def test_what_did_not_change_is_neither_run_nor_rendered(house):
    spec(house, "one", word="peace")
    spec(house, "two", word="war")
    build(house, [], lambda line: None)
    stood = {file: file.stat().st_mtime_ns for file in (house / "reports" / "published").rglob("*")}
    said = []
    outcomes = build(house, [], said.append)
    assert [outcome.kept for outcome in outcomes] == [True, True]
    assert said == []
    assert {file: file.stat().st_mtime_ns for file in (house / "reports" / "published").rglob("*")} == stood


def test_what_stands_is_found_to_stand_without_reading_specs_again(house):
    spec(house, "one", word="peace")
    build(house, [], lambda line: None)
    build(house, [], lambda line: None)  # notes what it looked at
    code = f"""
import sys
from pathlib import Path
from legation.press.build import build
(outcome,) = build(Path({str(house)!r}), [], print)
assert outcome.kept and outcome.report == "one" and outcome.edition.is_dir()
print([name for name in ("pydantic", "ruamel.yaml", "legation.press.making", "papermill") if name in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    events = [json.loads(line) for line in (house / ".legation" / "runs.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events][-2:] == ["start", "end"]
    assert events[-2]["asked"] == ["one"]


def test_whatever_a_build_looked_at_and_changed_since_is_looked_into(house, monkeypatch):
    reading = "#!\nfrom legation import data\nlen(data.open('exchange_rates'))"
    nbformat.write(notebook("# R", reading), house / "notebooks" / "reading.ipynb")
    (house / "notebooks" / "beside.py").write_text("")
    spec(house, "one", word="peace")
    spec(house, "two", notebook="reading")

    def stands(*asked):
        with Store(house) as store:
            return store.standing(list(asked))

    build(house, [], lambda line: None)
    assert stands() is None  # this build found something to do
    build(house, [], lambda line: None)
    assert stands() == ["one", "two"]
    assert stands("one") is None  # another question
    published, kept = house / "reports" / "published", house / ".legation" / "store"
    looked_at = [
        *(house / name for name in ("reports/one.yml", "notebooks/word.ipynb", "data/trade/exchange_rates.csv")),
        *(file for file in published.rglob("*") if file.is_file()),
        *(file for part in ("entries", "chapters", "editions", "standing") for file in (kept / part).rglob("*")),
    ]
    for file in looked_at:
        if file.is_dir():
            continue
        before = file.read_bytes()
        file.write_bytes(before[:-1] + b"?")
        assert stands() is None, f"{file} was changed"
        if file.parent.name == "standing":  # it was damaged, and removed
            assert not file.exists()
            file.write_bytes(before)
        file.unlink()
        assert stands() is None, f"{file} was removed"
        file.write_bytes(before)
        assert stands() == ["one", "two"]
    for new in ("reports/three.yml", "notebooks/legation.py", "notebooks/other.py"):
        (house / new).write_text("")
        assert stands() is None, f"{new} is new"
        (house / new).unlink()
    assert stands() == ["one", "two"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert stands() is None
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    monkeypatch.setattr(depends, "environment", lambda: {"Python": "4"})
    assert stands() is None


def test_the_code_that_decides_counts_for_what_stands(house, tmp_path):
    package = tmp_path / "library" / "legation"
    shutil.copytree(depends.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    with Store(house, package=package) as store:
        store.stands([], ["one"])
        assert store.standing([]) == ["one"]
    for module in ("press/making.py", "press/store.py", "cli.py"):
        before = (package / module).read_text()
        (package / module).write_text(f"{before}# another\n")
        assert Store(house, package=package).standing([]) is None, module
        (package / module).write_text(before)
    assert Store(house, package=package).standing([]) == ["one"]


def test_what_changed_between_two_looks_at_it_is_not_noted_as_standing(house):
    for look in (Store.digest, Store.names):
        place = house / "notebooks" / ("some.txt" if look is Store.digest else "")
        store = Store(house)
        look(store, place)
        (house / "notebooks" / "some.txt").write_text(look.__name__)
        (house / "notebooks" / look.__name__).write_text("")
        look(store, place)
        store.stands([], ["one"])
        assert store.standing([]) is None


def test_a_changed_parameter_runs_its_chapter_alone_and_says_why(house):
    spec(house, "one", word="peace")
    spec(house, "two", word="war")
    build(house, [], lambda line: None)
    spec(house, "two", word="truce")
    said = []
    first, second = build(house, [], said.append, explain=True)
    assert (first.kept, second.kept) == (True, False)
    assert "one: chapter 1 of 1, word.ipynb kept: nothing it depends on changed" in said
    (why,) = [line for line in said if line.startswith("two: chapter 1 of 1, word.ipynb runs:")]
    assert "war" in why
    assert "truce" in why
    assert "The word is truce." in (second.edition / "index.html").read_text()
    spec(house, "two", word="war")  # what was made before serves again
    said.clear()
    build(house, [], said.append, explain=True)
    assert any(line.startswith("two: chapter 1 of 1, word.ipynb kept") for line in said)
    assert "The word is war." in (second.edition / "index.html").read_text()


def test_a_changed_table_runs_the_chapters_that_read_it_and_no_other(house):
    reading = "#!\nfrom legation import data\nlen(data.open('exchange_rates'))"
    nbformat.write(notebook("# R", reading), house / "notebooks" / "reading.ipynb")
    spec(house, "one", notebook="reading")
    spec(house, "two", word="war")
    build(house, [], lambda line: None)
    table = house / "data" / "trade" / "exchange_rates.csv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    said = []
    build(house, [], said.append, explain=True)
    (why,) = [line for line in said if line.startswith("one: chapter 1 of 1, reading.ipynb runs:")]
    assert "data/trade/exchange_rates.csv" in why
    assert "two: chapter 1 of 1, word.ipynb kept: nothing it depends on changed" in said


def test_an_edition_that_was_tampered_with_is_rendered_again_without_running(house):
    spec(house, "one", word="peace")
    (outcome,) = build(house, [], lambda line: None)
    whole = tree(outcome.edition)
    (outcome.edition / "index.html").write_text("gone")
    said = []
    build(house, [], said.append, explain=True)
    assert "one: chapter 1 of 1, word.ipynb kept: nothing it depends on changed" in said
    assert any("page and PDF renders:" in line for line in said)
    assert tree(outcome.edition) == whole


def test_a_result_that_was_damaged_is_made_again(house):
    spec(house, "one", word="peace")
    (outcome,) = build(house, [], lambda line: None)
    whole = tree(outcome.edition)
    for entry in (house / ".legation" / "store" / "entries").rglob("*"):
        if entry.is_file():
            entry.write_bytes(entry.read_bytes()[:-20])
    (outcome.edition / "index.html").unlink()
    (again,) = build(house, [], lambda line: None)
    assert again.status == 0
    assert tree(again.edition) == whole


def test_a_page_that_cannot_be_made_leaves_nothing_behind(house):
    nbformat.write(notebook("# P", "See [](#nothing)."), house / "notebooks" / "page.ipynb")
    spec(house, "one", notebook="page")
    (outcome,) = build(house, [], lambda line: None)
    assert outcome.status == 2
    assert "refers to '#nothing'" in outcome.problem
    assert not (house / "reports" / "published").exists()


def test_an_unknown_report_is_refused_with_the_nearest_name(house):
    spec(house, "vietnam-trade")
    with pytest.raises(InputError, match=r"no report 'vietnam-trde'.*did you mean 'vietnam-trade'"):
        build(house, ["vietnam-trde"], lambda line: None)


def test_the_command_says_in_one_sentence_what_is_wrong_and_ends_with_status_2(house):
    spec(house, "one", wrd="peace")
    done = subprocess.run([sys.executable, "-m", "legation.cli", "build"], capture_output=True, text=True, cwd=house)
    assert done.returncode == 2
    assert "reports/one.yml, line 6: word.ipynb takes no parameter 'wrd' (did you mean 'word'?)." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


WARNING = """\
#!
import os, subprocess, sys, warnings
print("data/claims/x.yml, line 3: the measure 'trade_flw' is unknown.", file=sys.stderr)
warnings.warn("careful", stacklevel=1)
subprocess.run([sys.executable, "-c", "import sys; sys.stderr.write('\\x1b[31mfrom a child\\x1b[0m\\\\n')"], check=True)
None
"""


def test_what_a_chapter_warns_of_reaches_the_operator_and_the_edition_is_published_without_it(house):
    nbformat.write(notebook("# W", PARAMETERS, WARNING), house / "notebooks" / "warning.ipynb")
    spec(house, "one", notebook="warning", word="peace")
    said = []
    (outcome,) = build(house, [], said.append)
    place = "one: chapter 1 of 1, warning.ipynb, cell 3: "
    warned = [line.removeprefix(place) for line in said if line.startswith(place)]
    assert warned[0] == "data/claims/x.yml, line 3: the measure 'trade_flw' is unknown."
    assert warned[1].endswith("UserWarning: careful")
    # what a child process writes may come with no cell's name, and must not come twice
    assert len([line for line in said if re.search(r"warning\.ipynb(, cell 3)?: from a child$", line)]) == 1
    assert outcome.status == 0
    assert "careful" not in (outcome.edition / "index.html").read_text()
    outputs = [cell.outputs for cell in nbformat.read(outcome.edition / "notebooks" / "01-warning.ipynb", 4).cells[2:]]
    assert not any(outputs), "the published notebook names this machine's paths"


def test_a_chapter_that_warns_of_nothing_adds_no_line(house):
    nbformat.write(notebook("# I", "#!\nimport legation.exhibits, pandas\n1"), house / "notebooks" / "importing.ipynb")
    spec(house, "one", notebook="importing")
    said = []
    build(house, [], said.append)
    assert len(said) == 2
    assert re.fullmatch(r"one: chapter 1 of 1, importing\.ipynb: \d+\.\d s", said[0])
    assert said[1].startswith("one: published ")


FOUND = """\
#!
from legation.exhibits import Finding, Tally, say
display(Finding(say("The word is {word}, {n} times.", word=word, n=3), name="the-word"))
display(Tally("Words", {"said": 1, "unsaid": 0}))
"""
DRAWN = """\
#!
import json
display({"application/vnd.legation.exhibit+json": json.loads(%r)}, raw=True)
"""


def two_chapters(house, **changes):
    shown = json.dumps(exhibit("chart"))
    cells = (PARAMETERS, FOUND, "## Turnover", DRAWN % shown, "## Judging\n\nAs stated.")
    nbformat.write(notebook("# A word", *cells), house / "notebooks" / "word.ipynb")
    text = {"findings": "[second.the-word, first.the-word]", "leave_out": "[Turnover]"} | changes
    (house / "reports" / "two.yml").write_text(
        f"""\
title: Two
abstract: What *two* say of [](#turnover).
findings: {text["findings"]}
revisions:
  - {{date: 2026-11-20, change: More is asked.}}
chapters:
  - {{notebook: word, name: first, parameters: {{word: peace}}}}
  - {{notebook: word, name: second, lead: "As [](#first.turnover).", leave_out: {text["leave_out"]}}}
"""
    )


def test_a_report_of_two_chapters_says_in_its_manifest_what_was_found_and_counted(house):
    two_chapters(house)
    (outcome,) = build(house, [], lambda line: None)
    assert outcome.status == 0, outcome.problem
    manifest = json.loads((outcome.edition / "manifest.json").read_text())
    assert manifest["abstract"] == "What two say of Figure\u00a01."
    assert [(item["chapter"], item["text"]) for item in manifest["findings"]] == [
        ("second", "The word is none, 3 times."),
        ("first", "The word is peace, 3 times."),
    ]
    assert manifest["tallies"][0] == {
        "name": "Words", "title": "Words, chapter 1", "chapter": "first", "counts": [["said", 1], ["unsaid", 0]],
    }  # fmt: skip
    assert [item["anchor"] for item in manifest["exhibits"]] == ["turnover"]
    assert manifest["first_figure"]["title"] == "Turnover grew in each of two years"
    assert manifest["revisions"] == [{"date": "2026-11-20", "change": "More is asked."}]
    assert [chapter["name"] for chapter in manifest["chapters"]] == ["first", "second"]


def test_the_list_of_reports_shows_the_first_chart_and_leads_to_a_page_of_the_data(house):
    two_chapters(house)
    (outcome,) = build(house, [], lambda line: None)
    files = tree(outcome.edition)
    assert {"data/index.html", "data/turnover.csv", "first-figure.svg"} <= set(files)
    assert "data/second-turnover.csv" not in files
    page = (house / "reports" / "published" / "index.html").read_text()
    for said in ("drawn label", "Words, chapter 1:", 'href="two/data/index.html"', 'href="two/index.html#turnover"'):
        assert said in page
    before = hashlib.sha256(page.encode()).hexdigest(), files
    build(house, [], lambda line: None)
    again = (house / "reports" / "published" / "index.html").read_text()
    assert (hashlib.sha256(again.encode()).hexdigest(), tree(outcome.edition)) == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"findings": "[first.the-wrd]"}, r"reports/two\.yml, line 3: no chapter shows a finding 'first\.the-wrd'"),
        ({"leave_out": "[Judgin]"}, r"reports/two\.yml, line 8: word\.ipynb has no section 'Judgin'.*'Judging'"),
    ],
)
def test_a_finding_or_section_the_spec_names_wrongly_stops_the_report_with_its_line(house, changes, sentence):
    two_chapters(house, **changes)
    (outcome,) = build(house, [], lambda line: None)
    assert outcome.status == 2
    assert re.search(sentence, outcome.problem), outcome.problem


def test_nbconvert_knows_both_exporters_by_name(house):
    nbformat.write(notebook("# Plain\n\nSome *text*."), house / "plain.ipynb")
    for form, start in (("html", b"<!DOCTYPE html>"), ("pdf", b"%PDF")):
        command = [sys.executable, "-m", "nbconvert", "--to", f"legation_{form}", "plain.ipynb"]
        subprocess.run(command, check=True, capture_output=True, cwd=house)
        assert (house / f"plain.{form}").read_bytes().startswith(start)


def test_a_notebook_whose_prose_is_edited_is_not_run_and_comes_to_the_same_bytes_as_if_it_were(house):
    spec(house, "one", word="peace")
    said = []
    build(house, [], said.append)
    for cells in (
        ["# Another word", PARAMETERS, SAYS],
        ["# Another word", "Before.", PARAMETERS, "*Between*.", SAYS, "After."],
        [PARAMETERS, SAYS],
    ):
        said.clear()
        nbformat.write(notebook(*cells), house / "notebooks" / "word.ipynb")
        (outcome,) = build(house, [], said.append, explain=True)
        assert "one: chapter 1 of 1, word.ipynb kept: nothing but its prose changed" in said
        assert not outcome.kept
        before = tree(outcome.edition)
        shutil.rmtree(house / ".legation")
        (again,) = build(house, [], lambda line: None)
        assert tree(again.edition) == before
    nbformat.write(notebook(PARAMETERS, "Prose.", SAYS + "\n"), house / "notebooks" / "word.ipynb")
    said.clear()
    build(house, [], said.append, explain=True)
    assert any("runs: notebooks/word.ipynb changed" in line for line in said), "a cell of code changed"
