"""Help stands where it is needed: examples in --help, pages named in errors, names completed by the shell."""

import os
import subprocess
import sys

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from helpers import ROOT

from legation import completing
from legation.cli import main
from legation.errors import InputError


def completed(words, begun):
    shell = ShellComplete(main, {}, "legation", "_LEGATION_COMPLETE")
    return [item.value for item in shell.get_completions(words, begun)]


def test_help_opens_with_examples_and_names_the_page_to_read():
    said = CliRunner().invoke(main, ["--help"]).output
    assert "legation build vietnam-trade  " in said
    assert "README.md" in said


@pytest.mark.parametrize(
    ("words", "begun", "expected"),
    [
        (["build"], "putin", "putin-asia-2024"),
        (["run"], "vietnam-t", "vietnam-trade"),
        (["data", "refresh"], "ecb", "ecb-rates"),
        (["treaty", "texts"], "2024", "2024-russia-dprk"),
        (["docs"], "tut", "tutorials"),
        (["params"], "tr", "trade_comparison treaty_clauses"),
        ([], "sched", "schedule"),
        (["build"], "--as", "--as-of"),
    ],
)
def test_names_of_reports_feeds_treaties_and_documents_are_completed(monkeypatch, words, begun, expected):
    monkeypatch.chdir(ROOT)
    assert completed(words, begun) == expected.split()


def test_dated_editions_are_completed_with_their_times(checkout):
    published = checkout / "reports" / "published"
    (published / "trade").mkdir(parents=True)
    (published / "trade" / "manifest.json").write_text("{}")
    (published / "archive" / "trade" / "2026-11-22T050000Z").mkdir(parents=True)
    assert completed(["diff"], "tr") == ["trade", "trade@2026-11-22T050000Z"]


def test_where_there_is_no_checkout_nothing_is_completed(monkeypatch):
    def nowhere():
        raise InputError("No data/datapackage.yaml was found.")

    monkeypatch.setattr(completing, "home", nowhere)
    assert completed(["build"], "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_its_completion(shell):
    done = CliRunner().invoke(main, ["completion", shell])
    assert done.exit_code == 0
    assert "_LEGATION_COMPLETE" in done.output
    assert "legation" in done.output


def test_bash_completes_a_report_as_a_person_would_have_it():
    environment = {
        "COMP_WORDS": "legation build put",
        "COMP_CWORD": "2",
        "_LEGATION_COMPLETE": "bash_complete",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from legation.cli import main; main(prog_name='legation')"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.stdout.split() == ["plain,putin-asia-2024"], done.stderr


@pytest.mark.parametrize(
    ("file", "content", "command", "page"),
    [
        ("data/feeds.yaml", "x:\n  publisher: nobody\n", ["data", "refresh"], "docs/live-data.md"),
        ("any.csv", "a,b\n1,2\n", ["data", "import", "any.csv"], "docs/live-data.md"),
        (
            "any.txt",
            "Article 1\nThis.\n",
            ["treaty", "add", "any.txt", "--id", "1999-x"],
            "data/treaties/, whose README.md",
        ),
        ("reports/x.yml", "title: x\n", ["schedule", "--show"], "docs/scheduling.md"),
    ],
)
def test_an_error_names_the_page_that_tells_more(checkout, file, content, command, page):
    (checkout / file).write_text(content)
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    assert page in done.stderr
