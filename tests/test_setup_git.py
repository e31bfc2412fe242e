"""Git commits notebooks without outputs, in a clone made for the test; what lies on the disk is never touched."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec

import nbformat
import pytest
from click.testing import CliRunner
from helpers import ROOT, notebook, shown

from legation import git_setup
from legation.cli import main
from legation.errors import InputError
from legation.press.check import check
from legation.without_outputs import without_outputs

WITH_NBDIME = pytest.mark.skipif(not find_spec("nbdime"), reason="nbdime is not installed")
GOOD = ("# Trade\n\nWhat is traded?", "# parameters\nyear: int = 2020  # year shown", "#!\nprint(year)")


@pytest.fixture(autouse=True)
def _no_settings_but_the_clones(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Anna")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "anna@example.org")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone with one notebook, in a folder whose name needs quoting."""
    root = tmp_path / "Anna’s trade"
    (root / "notebooks").mkdir(parents=True)
    (root / "data").mkdir()
    for name in ("datapackage.yaml", "references.bib"):
        shutil.copy(ROOT / "data" / name, root / "data" / name)
    shutil.copy(ROOT / ".gitattributes", root)
    monkeypatch.chdir(root)
    git("init", "-q", "-b", "main")
    write(*GOOD)
    commit("First")
    return root


def git(*arguments, fails=False):
    done = subprocess.run(["git", *arguments], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stdout


def commit(message):
    git("add", "-A")
    git("commit", "-q", "-m", message)


def write(*cells, root="."):
    """Save the notebook as an editor does, with cells that keep their identifiers."""
    made = notebook(*cells)
    for number, cell in enumerate(made.cells):
        cell["id"] = f"trade-{number}"
    nbformat.write(made, f"{root}/notebooks/trade.ipynb")


def set_up(*options):
    result = CliRunner().invoke(main, ["setup-git", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def held(revision="HEAD"):
    return json.loads(git("show", f"{revision}:notebooks/trade.ipynb"))


RUN = (*GOOD, shown({"text/plain": "told"}))


def test_what_is_committed_has_no_outputs_and_what_is_on_disk_keeps_them(clone):
    set_up()
    write(*RUN)
    on_disk = (clone / "notebooks" / "trade.ipynb").read_bytes()
    commit("Run")
    assert [cell.get("outputs") for cell in held()["cells"] if cell["cell_type"] == "code"] == [[], [], []]
    assert b"told" in on_disk
    assert (clone / "notebooks" / "trade.ipynb").read_bytes() == on_disk
    assert git("status", "--short") == ""


def test_a_worktree_of_the_clone_commits_without_outputs_too(clone, monkeypatch):
    set_up()
    git("worktree", "add", "-q", "-b", "other", "../other")
    monkeypatch.chdir(clone.parent / "other")
    write(*RUN)
    commit("Run")
    assert "told" not in git("show", "HEAD:notebooks/trade.ipynb")
    assert "told" in (clone.parent / "other" / "notebooks" / "trade.ipynb").read_text()


def test_a_second_time_changes_nothing_and_undoing_it_leaves_no_trace(clone):
    before = (clone / ".git" / "config").read_text()
    git("config", "core.editor", "true")
    git("config", "--unset", "core.editor")
    first = set_up()
    after = (clone / ".git" / "config").read_text()
    assert after != before
    assert set_up() == first
    assert (clone / ".git" / "config").read_text() == after
    write(*RUN)
    set_up("--remove")
    assert "legation" not in git("config", "--local", "--list")
    assert "nbdime" not in git("config", "--local", "--list")
    assert "told" in (clone / "notebooks" / "trade.ipynb").read_text()
    assert "Nothing was set up" in set_up("--remove")


def test_what_somebody_set_with_nbdime_itself_stays(clone, monkeypatch):
    monkeypatch.setattr(git_setup.importlib.util, "find_spec", lambda name: True)
    git("config", "diff.jupyternotebook.command", "git-nbdiffdriver diff -s")
    assert "Left as it was: diff.jupyternotebook.command" in set_up()
    set_up("--remove")
    assert git("config", "--local", "diff.jupyternotebook.command") == "git-nbdiffdriver diff -s\n"


def test_without_nbdime_it_says_how_to_have_it(clone, monkeypatch):
    monkeypatch.setattr(git_setup.importlib.util, "find_spec", lambda name: None)
    assert "-m pip install nbdime" in set_up()
    assert "merge" not in git("config", "--local", "--name-only", "--list")


def test_outputs_that_git_holds_from_before_are_named_with_the_remedy(clone):
    write(*RUN)
    commit("Run before it was set up")
    assert "Git holds 1 of them with outputs" in set_up()
    git("add", "--renormalize", "--", "*.ipynb")
    git("commit", "-q", "-m", "Take outputs out")
    assert "told" not in git("show", "HEAD:notebooks/trade.ipynb")
    assert "Git holds" not in set_up()


def test_the_attribute_is_added_where_it_is_missing(clone):
    (clone / ".gitattributes").write_text("* text=auto")
    assert "Added to .gitattributes" in set_up()
    assert (clone / ".gitattributes").read_text() == f"* text=auto\n{git_setup.ATTRIBUTES}\n"
    assert "Added" not in set_up()
    assert git_setup.ATTRIBUTES in (ROOT / ".gitattributes").read_text().splitlines()


def test_where_there_is_no_clone_it_says_so(tmp_path):
    for act in (git_setup.install, git_setup.remove):
        with pytest.raises(InputError, match="no clone of Git"):
            act(tmp_path, print)


def test_the_attribute_is_added_to_a_file_in_any_encoding_and_a_place_for_none_is_told(clone):
    file = clone / ".gitattributes"
    file.write_bytes(b"# Andr\xe9's\r\n*.txt text\r\n")
    set_up()
    assert file.read_bytes() == b"# Andr\xe9's\r\n*.txt text\r\n" + git_setup.ATTRIBUTES.encode() + b"\n"
    file.unlink()
    file.mkdir()
    with pytest.raises(InputError, match=r"gitattributes cannot be written .* Add the line yourself"):
        git_setup.install(clone, print)


def test_a_repository_that_only_lies_around_the_folder_is_not_touched(clone):
    before = (clone / ".git" / "config").read_text()
    unpacked = clone / "elsewhere" / "legation"
    (unpacked / "data").mkdir(parents=True)
    shutil.copy(clone / "data" / "datapackage.yaml", unpacked / "data")
    with pytest.raises(InputError, match="does not hold it"):
        git_setup.install(unpacked, print)
    assert (clone / ".git" / "config").read_text() == before
    assert not (unpacked / ".gitattributes").exists()
    git("add", "elsewhere")
    git_setup.install(unpacked, print)  # a part of it
    assert "filter.legation.clean" in git("config", "--local", "--list")


def test_a_file_in_the_middle_of_a_merge_goes_through_as_it_is(clone):
    set_up()
    torn = "<<<<<<< ours\n{}\n>>>>>>> theirs\n"
    (clone / "notebooks" / "trade.ipynb").write_text(torn)
    (clone / "notebooks" / "Anna's trade.ipynb").write_text(torn)
    done = subprocess.run(["git", "add", "-A"], capture_output=True, encoding="utf-8", check=True)
    assert "notebooks/trade.ipynb goes to Git as it is" in done.stderr
    assert "notebooks/Anna's trade.ipynb goes to Git as it is" in done.stderr
    git("commit", "-q", "-m", "Torn")
    assert git("show", "HEAD:notebooks/trade.ipynb") == torn


@WITH_NBDIME
def test_changes_to_different_cells_are_merged(clone):
    set_up()
    git("checkout", "-q", "-b", "other")
    write(*GOOD[:2], "#!\nprint(year, year)")
    commit("Theirs")
    git("checkout", "-q", "main")
    write(GOOD[0].replace("What", "How much"), *GOOD[1:])
    commit("Ours")
    git("merge", "-q", "other")
    merged = ["".join(cell["source"]) for cell in held()["cells"]]
    assert merged == ["# Trade\n\nHow much is traded?", GOOD[1], "print(year, year)"]


@WITH_NBDIME
def test_differences_are_shown_by_cell_without_outputs_and_a_conflict_stays_within_its_cell(clone):
    set_up()
    write(*GOOD[:2], shown({"text/plain": "told"}))
    commit("Without a line")
    write(GOOD[0].replace("What", "How much"), GOOD[1], shown({"text/plain": "told anew"}))
    told = git("diff")
    assert "## modified /cells/0/source" in told
    assert "told" not in told
    git("checkout", "-q", "-f", "-b", "other", "HEAD~1")
    write(*GOOD[:2], "#!\nprint(year + 1)")
    commit("Theirs")
    git("checkout", "-q", "-b", "ours", "HEAD~1")
    write(*GOOD[:2], "#!\nprint(year - 1)")
    commit("Ours")
    git("merge", "other", fails=True)
    nbformat.read("notebooks/trade.ipynb", as_version=4)  # it opens in JupyterLab
    found = check([clone / "notebooks" / "trade.ipynb"])
    assert {(fault.rule, fault.cell) for fault in found} == {("conflict-marker", 3)}


def test_what_editors_note_of_a_run_is_left_out_and_the_rest_stays():
    made = notebook(*GOOD)
    made.metadata["kernelspec"] = {"name": "venv", "display_name": ".venv (3.12)", "language": "python"}
    made.metadata["language_info"] = {"name": "python", "version": "3.12.1"}
    made.metadata["papermill"] = {"duration": 1.5}
    made.cells[2].metadata = {"execution": {"iopub.status.idle": "2026"}, "scrolled": True, "tags": ["method"]}
    cleaned = nbformat.reads(without_outputs(nbformat.writes(made)), as_version=4)
    assert cleaned.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert cleaned.cells[2].metadata == {"tags": ["method"]}
    assert [cell.source for cell in cleaned.cells] == [cell.source for cell in made.cells]


def test_a_notebook_without_outputs_is_laid_out_as_jupyter_saves_it():
    made = notebook(*GOOD, "Việt Nam’s\n\ntrade\n")
    made.metadata["language_info"] = {"name": "python"}
    text = nbformat.writes(made) + "\n"
    assert without_outputs(text) == text
    assert without_outputs(without_outputs(text)) == text
    for file in (ROOT / "notebooks").glob("*.ipynb"):
        assert without_outputs(file.read_text(encoding="utf-8")) == file.read_text(encoding="utf-8"), file.name


def test_the_filter_needs_nothing_but_python(tmp_path):
    file = tmp_path / "filter.py"
    file.write_text((ROOT / "src" / "legation" / "without_outputs.py").read_text())
    done = subprocess.run(
        [sys.executable, "-I", "-S", file], input=nbformat.writes(notebook(*RUN)), capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert "told" not in done.stdout
