"""A report that is watched is built at each save of what it depends on, survives mistakes, leaves nothing behind."""

import json
import os
import queue
import shutil
import signal
import sys
import time
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from helpers import ROOT, notebook
from press.watched import Watched

from legation.errors import InputError
from legation.press import watch as watching
from legation.press.watch import watch

PARAMETERS = '# parameters\nword: str = "none"  # what is said\n'
SAYS = '#!\nfrom IPython.display import Markdown\nMarkdown(f"The word is {word}.")'
FAILS = "#!\nraise KeyError('<b>no such partner</b>')"
SLEEPS = "#!\nimport time\ntime.sleep(600)"


@pytest.fixture
def house(checkout):
    write(checkout, "# A word", PARAMETERS, SAYS)
    spec(checkout, "peace")
    return checkout


def write(house, *cells):
    nbformat.write(notebook(*cells), house / "notebooks" / "word.ipynb")


def spec(house, word, title="A report"):
    text = f"title: {title}\nabstract: A\nchapters:\n  - notebook: word\n    parameters: {{word: {word}}}\n"
    (house / "reports" / "one.yml").write_text(text)


def test_each_save_is_built_and_only_what_changed_runs(house):
    with Watched(house, "one") as watched:
        assert "The word is peace." in watched.page()
        ran = "one: chapter 1 of 1, word.ipynb"
        for save, shows, runs in (
            (lambda: write(house, "# A word\n\nMore *prose*.", PARAMETERS, SAYS), "More <em>prose</em>.", False),
            (
                lambda: write(house, "# A word", PARAMETERS, SAYS.replace("word is", "word was")),
                "word was peace.",
                True,
            ),
            (lambda: spec(house, "truce"), "word was truce.", True),
            (lambda: spec(house, "truce", title="Another title"), "<h1>Another title</h1>", False),
        ):
            said, edition = len(watched.lines), watched.states[-1]["edition"]
            state = watched.after(save)
            assert state["problem"] is None
            assert state["edition"] != edition
            assert shows in watched.page()
            assert any(line.startswith(ran) for line in watched.lines[said:]) is runs
        (house / "reports" / "two.yml").write_text((house / "reports" / "one.yml").read_text())
        assert watched.after(lambda: None)["edition"] == state["edition"], "another report is none of its business"


def test_a_mistake_is_told_with_its_cell_the_last_good_page_stays_and_mending_it_takes_it_back(house):
    with Watched(house, "one") as watched:
        good = watched.states[-1]["edition"]
        problem = watched.after(lambda: write(house, "# A word", PARAMETERS, SAYS, FAILS))["problem"]
        assert problem["cell"] == {"notebook": "word.ipynb", "number": 4, "source": FAILS.removeprefix("#!\n")}
        assert "notebooks/word.ipynb, cell 4" in problem["said"]
        assert "KeyError" in problem["traceback"]
        assert watched.states[-1]["edition"] == good
        assert "The word is peace." in watched.page()

        state = watched.after(lambda: write(house, "# A word", PARAMETERS, SAYS))
        assert state["problem"] is None

        state = watched.after(lambda: spec(house, "[peace]"))
        assert "reports/one.yml, line 5: parameter 'word' of word.ipynb" in state["problem"]["said"]
        assert state["problem"]["cell"] is None
        assert watched.after(lambda: spec(house, "peace"))["problem"] is None

        state = watched.after((house / "notebooks" / "word.ipynb").unlink)
        assert "there is no notebook 'word'" in state["problem"]["said"]
        state = watched.after(lambda: write(house, "# A word", PARAMETERS, SAYS))
        assert (state["problem"], state["edition"]) == (None, good)

        state = watched.after((house / "reports" / "one.yml").unlink)
        assert "There is no report" in state["problem"]["said"]
        assert watched.after(lambda: spec(house, "peace"))["problem"] is None


def test_a_table_that_a_failing_chapter_had_read_is_followed_though_the_chapter_never_came_to_its_end(house):
    file = house / "data" / "word.txt"
    file.write_text("bad")
    reads = "#!\nfrom pathlib import Path\nsaid = Path('../data/word.txt').read_text()\nassert said == 'good', said"
    write(house, "# A word", PARAMETERS, reads)
    with Watched(house, "one") as watched:
        assert "cell 3" in watched.states[-1]["problem"]["said"]
        assert "No edition of this report has been published yet." in watched.page()
        assert watched.after(lambda: file.write_text("good"))["problem"] is None


def test_saves_in_a_burst_are_built_together_and_a_half_written_notebook_is_waited_for(house):
    file = house / "notebooks" / "word.ipynb"
    with Watched(house, "one") as watched:
        began = sum(state["building"] for state in watched.states)
        told = len(watched.states)
        for number in range(20):
            write(house, f"# A word\n\nWord {number}.", PARAMETERS, SAYS)
            time.sleep(0.03)  # as an editor that formats and saves again
        watched.idle(told)
        watched.until(lambda: "Word 19" in watched.page())
        assert sum(state["building"] for state in watched.states) - began <= 3

        told = len(watched.states)
        whole = file.read_text().replace("Word 19", "Word 20")
        file.write_text(whole[:200])
        time.sleep(0.5)  # as a slow disk
        file.write_text(whole)
        watched.idle(told)
        watched.until(lambda: "Word 20" in watched.page())
        assert all(state["problem"] is None for state in watched.states)


def test_a_build_that_no_longer_matters_is_given_up(house):
    with Watched(house, "one", _LONG=0.5) as watched:
        write(house, "# A word", PARAMETERS, SLEEPS)
        watched.until(lambda: watched.states[-1]["building"])
        time.sleep(1)  # it has to be old
        state = watched.after(lambda: write(house, "# A word\n\nAwake.", PARAMETERS, SAYS))
        assert state["problem"] is None
        assert "Awake" in watched.page()


def test_code_of_the_library_is_loaded_anew_when_it_is_saved(house, tmp_path):
    package = tmp_path / "src" / "legation"
    shutil.copytree(ROOT / "src" / "legation", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "words").mkdir()
    (package / "words" / "__init__.py").write_text("WORD = 'old'\n")
    write(house, "# A word", PARAMETERS, '#!\nfrom legation import words\nprint("It is", words.WORD)')
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    with Watched(house, "one", env) as watched:
        assert "It is old" in watched.page()
        assert (
            watched.after(lambda: (package / "words" / "__init__.py").write_text("WORD = 'newer'\n"))["problem"] is None
        )
        assert "It is newer" in watched.page()
        template = package / "press" / "house" / "page.html.jinja"
        watched.after(
            lambda: template.write_text(template.read_text().replace('class="masthead"', 'class="masthead x"'))
        )
        assert 'class="masthead x"' in watched.page()
        for name in ("document.py", "store.py"):  # of what renders, and of what decides
            code = package / "press" / name
            whole = code.read_text()
            state = watched.after(lambda: code.write_text(f"{whole}\nraise ValueError('broken on purpose')\n"))  # noqa: B023
            assert (
                "broken on purpose" in state["problem"]["said"] or "ended before its time" in state["problem"]["said"]
            )
            assert watched.after(lambda: code.write_text(whole))["problem"] is None  # noqa: B023


def kernels(watched):
    """The kernels that run: children of what they are forked from."""
    try:
        servers = [each for each in watched.family() if "legation.press.warm" in each.cmdline()]
        return [kernel for server in servers if server.cmdline()[1] == "-m" for kernel in server.children()]
    except psutil.NoSuchProcess:
        return []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers look for their builder once a second")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_however_it_ends_and_in_the_middle_of_a_cell_no_process_and_no_folder_is_left(
    house, number, monkeypatch, tmp_path
):
    folder = tmp_path / "t"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    with Watched(house, "one") as watched:
        write(house, "# A word", PARAMETERS, SLEEPS)
        watched.until(lambda: watched.states[-1]["building"])
        watched.until(lambda: kernels(watched))
        family = watched.family()
        assert len(family) > 4
        status = watched.end(number)
        assert status == (-signal.SIGKILL if number == signal.SIGKILL else 0)
        _, alive = psutil.wait_procs(family, timeout=15)
        assert alive == []
        watched.until(lambda: not [each for each in folder.glob("legation-build-*") if any(each.iterdir())])


def test_a_builder_that_is_killed_in_the_middle_of_a_line_is_known_to_have_ended():
    of_builder = watching._Builder.__new__(watching._Builder)
    of_builder._process = SimpleNamespace(stdout=['{"say": "Building"}\n', '{"asked": {"files": {"da'])
    of_builder._said = queue.Queue()
    of_builder._listen()
    assert [of_builder._said.get_nowait()[1] for _ in range(2)] == [{"say": "Building"}, None]


def test_what_is_no_report_is_refused_with_the_nearest(house, capsys):
    with pytest.raises(InputError, match=r"There is no report 'ona' in reports/ \(did you mean 'one'\?\)"):
        watch(house, "ona", print)
    with pytest.raises(InputError, match=r"There is no report '../one'"):
        watch(house, "../one", print)
    with pytest.raises(InputError, match="The report 'one' is no sweep and has no edition 'a'"):
        watch(house, "one/a", print)
    sweep = {"title": "S", "abstract": "S", "over": {"word": ["peace", "war"]}}
    (house / "reports" / "all.yml").write_text(
        json.dumps({"title": "T {word}", "abstract": "A", "chapters": [{"notebook": "word"}], "sweep": sweep})
    )
    with pytest.raises(InputError, match=r"The report 'all' is a sweep. Watch one of its editions, such as all/peace"):
        watch(house, "all", print)
