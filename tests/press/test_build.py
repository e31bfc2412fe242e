"""Reports are built each on its own: what is wrong with one is said, and touches neither the others nor what stands."""

import hashlib
import json
import subprocess
import sys

import nbformat
import pytest
from helpers import notebook

from legation.errors import InputError
from legation.press.build import build

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
    (second,) = build(house, [], lambda line: None)
    assert tree(second.edition) == before


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
    assert "notebooks/dying.ipynb: the kernel died" in dying.problem


def test_what_a_chapter_read_stands_in_its_manifest(house):
    reading = "#!\nfrom legation import data\ndata.open('exchange_rates')\nNone"
    nbformat.write(notebook("# R", reading), house / "notebooks" / "reading.ipynb")
    spec(house, "one", notebook="reading")
    (outcome,) = build(house, [], lambda line: None)
    (read,) = json.loads((outcome.edition / "manifest.json").read_text())["chapters"][0]["read"]
    rates = house / "data" / "trade" / "exchange_rates.csv"
    assert read == {
        "name": "exchange_rates",
        "path": "data/trade/exchange_rates.csv",
        "sha256": hashlib.sha256(rates.read_bytes()).hexdigest(),
    }


def test_a_page_that_cannot_be_made_leaves_nothing_behind(house):
    nbformat.write(notebook("# P", "See [](#nothing)."), house / "notebooks" / "page.ipynb")
    spec(house, "one", notebook="page")
    (outcome,) = build(house, [], lambda line: None)
    assert outcome.status == 2
    assert "refers to '#nothing'" in outcome.problem
    assert not (house / "reports" / "published").exists()


def test_an_unknown_report_is_refused_with_the_nearest_name(house):
    spec(house, "vietnam-trade")
    with pytest.raises(InputError, match=r"no report 'vietnam-trde'.*Did you mean 'vietnam-trade'"):
        build(house, ["vietnam-trde"], lambda line: None)


def test_the_command_says_in_one_sentence_what_is_wrong_and_ends_with_status_2(house):
    spec(house, "one", wrd="peace")
    done = subprocess.run([sys.executable, "-m", "legation.cli", "build"], capture_output=True, text=True, cwd=house)
    assert done.returncode == 2
    assert "reports/one.yml, line 6: word.ipynb takes no parameter 'wrd'. Did you mean 'word'?" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_nbconvert_knows_both_exporters_by_name(house):
    nbformat.write(notebook("# Plain\n\nSome *text*."), house / "plain.ipynb")
    for form, start in (("html", b"<!DOCTYPE html>"), ("pdf", b"%PDF")):
        command = [sys.executable, "-m", "nbconvert", "--to", f"legation_{form}", "plain.ipynb"]
        subprocess.run(command, check=True, capture_output=True, cwd=house)
        assert (house / f"plain.{form}").read_bytes().startswith(start)
