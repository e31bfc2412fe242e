"""A branch's reports are built beside main's, elsewhere, with code of their own; nobody's work is touched."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys

import nbformat
import pytest
from click.testing import CliRunner
from helpers import ROOT, notebook

from legation.cli import main
from legation.errors import InputError
from legation.press.preview import preview

HOSTILE = ["--help", "-q", "; touch here", "$(touch here)", "../main", "main\n", "main\0", "", "HEAD:data", "nosuch"]


def git(root, *words):
    given = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(root), *given, *words], capture_output=True, text=True, check=True)
    return done.stdout


def say(root, text, *, code="word = 'peace'"):
    nbformat.write(notebook("# A word", text, f"#!\n{code}\nprint(word)"), root / "notebooks" / "word.ipynb")


@pytest.fixture
def house(checkout):
    """A repository with a branch ``better`` of other prose and other code, and work that is not committed."""
    git(checkout, "init", "-q", "-b", "main")
    (checkout / ".gitignore").write_text(".legation/\nreports/published/\n")
    shutil.copytree(ROOT / "src", checkout / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (checkout / "requirements.lock").write_text("a==1\n")
    say(checkout, "As it was.")
    (checkout / "reports" / "one.yml").write_text("title: A report\nabstract: A\nchapters:\n  - notebook: word\n")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "one")
    git(checkout, "checkout", "-q", "-b", "better")
    (checkout / "src" / "legation" / "words.py").write_text("WORD = 'of this branch'\n")
    say(checkout, "As it is.", code="from legation.words import WORD as word")
    (checkout / "reports" / "two.yml").write_text("title: Two\nabstract: A\nchapters:\n  - notebook: word\n")
    (checkout / "requirements.lock").write_text("a==2\n")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "two")
    git(checkout, "checkout", "-q", "main")
    (checkout / "reports" / "one.yml").write_text("not even YAML: [")
    (checkout / "notes.txt").write_text("mine")
    (checkout / ".git" / "hooks" / "post-checkout").write_text("#!/bin/sh\ntouch hooked\n")
    (checkout / ".git" / "hooks" / "post-checkout").chmod(0o755)
    return checkout


def tree(root):
    """All files but those that git ignores, and git's own that say what is checked out and what stands where."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and path.relative_to(root).parts[0] != ".git"]
    kept = [path for path in files if ".legation" not in path.parts]
    state = [git(root, "status", "--porcelain"), git(root, "show-ref"), git(root, "worktree", "list")]
    return {path.relative_to(root): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}, state


def test_what_a_branch_changes_is_shown_and_what_is_worked_on_is_not_touched(house):
    before, said = tree(house), []
    found = preview(house, "better", [], said.append)
    assert tree(house) == before
    assert found.failed == []
    assert found.summaries["two"] == "Only better has this report."
    folder = house / ".legation" / "preview" / "better"
    assert found.page == folder / "index.html"
    listed = found.page.read_text()
    assert 'href="one.html"' in listed
    assert 'href="after/two/index.html"' in listed
    assert "As it is." in (folder / "one.html").read_text()
    assert "As it was." in (folder / "before" / "one" / "index.html").read_text()
    assert "of this branch" in (folder / "after" / "one" / "index.html").read_text(), "the branch's own code ran"
    assert any(line.startswith("better: requirements.lock is not that of this checkout") for line in said)
    assert not any(line.startswith("main: requirements.lock") for line in said)


def test_a_report_that_cannot_be_built_is_told_and_the_status_is_one(house):
    git(house, "stash", "-q")
    git(house, "checkout", "-q", "better")
    say(house, "As it is.", code="word = 1 / 0")
    git(house, "commit", "-q", "-am", "three")
    git(house, "checkout", "-q", "main")
    done = CliRunner().invoke(main, ["preview", "better", "one", "--no-open"])
    assert done.exit_code == 1
    assert "ZeroDivisionError" in done.output
    assert "one: It could not be built on both sides." in done.output


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere folders of builds are removed by the next one")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_however_it_is_ended_nothing_stays_checked_out(house, number, monkeypatch, tmp_path):
    folder = tmp_path / "t"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    git(house, "stash", "-q")
    say(house, "As it is.", code="import time; time.sleep(600); word = 1")
    git(house, "commit", "-q", "-am", "slow")
    process = subprocess.Popen(
        [sys.executable, "-m", "legation.cli", "preview", "main", "one", "--base", "better~1", "--no-open"],
        cwd=house,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert any(line.startswith("main: building") for line in process.stdout)
    os.killpg(process.pid, number)  # as a terminal does
    assert process.wait(30) == 130
    assert list(folder.iterdir()) == []
    assert len(git(house, "worktree", "list").splitlines()) == 1


def test_a_file_that_cannot_be_a_report_is_left_out_and_told_and_never_an_option(house):
    git(house, "stash", "-q")
    git(house, "checkout", "-q", "-b", "odd", "better~1")
    for name in ("--verify", "Notes_Old"):
        (house / "reports" / f"{name}.yml").write_text("title: A")
    (house / "reports" / "gone.yml").symlink_to("nowhere.yml")
    git(house, "add", ".")
    git(house, "commit", "-q", "-m", "odd")
    git(house, "checkout", "-q", "main")
    said = []
    found = preview(house, "odd", [], said.append)
    assert (list(found.summaries), found.failed) == (["one"], [])
    left = [line.split(" is left out")[0] for line in said if "left out" in line]
    assert left == ["odd: reports/--verify.yml", "odd: reports/Notes_Old.yml", "odd: reports/gone.yml"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_is_no_branch_is_refused_and_is_never_an_option_or_a_command(house, name):
    before = tree(house)
    with pytest.raises(InputError, match=r"git knows no branch .*There are: better, main"):
        preview(house, name, [], print)
    assert tree(house) == before


def test_a_report_that_neither_side_has_is_refused_and_so_is_a_folder_without_git(house, tmp_path):
    with pytest.raises(InputError, match=r"Neither 'main' nor 'better' has a report '../one'"):
        preview(house, "better", ["../one"], print)
    shutil.rmtree(house / ".git")
    with pytest.raises(InputError, match="is not the root of a git repository"):
        preview(house, "better", [], print)
