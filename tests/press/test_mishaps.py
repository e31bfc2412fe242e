"""Whatever happens to a build, the edition before stays whole, the next build is right, and nothing is left behind.

Every mishap here is a real one: processes are killed, disks are full. ``LEGATION_KILLS=50`` kills 50 builds, not a few.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import nbformat
import pytest
from helpers import ROOT, notebook

from legation.press.build import build
from legation.press.verify import verify

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")

KILLS = int(os.environ.get("LEGATION_KILLS", "3"))
MARK = "LEGATION_TEST_MARK"
WORD = """\
#!
import time
from IPython.display import Markdown
time.sleep(0.5)
Markdown(f"The word is {word}.")
"""
PARAMETERS = '# parameters\nword: str = "none"  # what is said\n'
COMMAND = [sys.executable, "-m", "legation.cli", "build"]


# --- a checkout, builds of it, and what they leave


def write(house, name, *words, chapter="word", limits=None):
    """A report with a chapter for each word; of another notebook if it is named."""
    lines = ["title: T", "abstract: A", "chapters:"]
    for word in words or (None,):
        lines += [f"  - notebook: {chapter}"]
        lines += [f"    name: chapter-{len(lines)}"]
        lines += [f"    limits: {limits}"] if limits else []
        lines += ["    parameters:", f"      word: {word}"] if word else []
    (house / "reports" / f"{name}.yml").write_text("\n".join(lines) + "\n")


def code(house, name, source):
    nbformat.write(notebook(f"# {name}", f"#!\n{source}"), house / "notebooks" / f"{name}.ipynb")


def say(house, word):
    """Let both reports say a word."""
    write(house, "one", word)
    write(house, "two", word, f"{word}-again")


class Build:
    """A build as a process of its own, which marks every process that comes of it."""

    def __init__(self, house, *more, command=COMMAND, inside=()):
        self.house, self.mark = house, uuid.uuid4().hex
        (house / "tmp").mkdir(exist_ok=True)
        environment = {**os.environ, "TMPDIR": str(house / "tmp"), MARK: self.mark}
        self.process = subprocess.Popen(
            [*inside, *command, *more], cwd=house, env=environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait(self, most=120):
        self.out, self.err = self.process.communicate(timeout=most)
        return self

    @property
    def status(self):
        return self.process.returncode

    def says(self, words):
        """Wait until a line of progress has these words in it."""
        for line in self.process.stdout:
            if words in line:
                return
        raise AssertionError(f"ended without '{words}': {self.process.stderr.read()}")

    def processes(self):
        """Number, parent and command line of each process that came of this build and lives."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                marked = f"{MARK}={self.mark}".encode() in (folder / "environ").read_bytes().split(b"\0")
                if marked:
                    parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                    found.append((int(folder.name), parent, (folder / "cmdline").read_text()))
        return found

    def find(self, what):
        """Processes of a kind: ``server``, ``kernel``, ``forkserver``, ``worker``; waits for the first."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            living, builder = self.processes(), self.process.pid
            word = "-m\0legation.press." if what in ("server", "kernel") else "multiprocessing.forkserver"
            parents = {pid for pid, parent, line in living if word in line and parent == builder}
            found = [pid for pid, parent, _ in living if parent in parents]
            if found := sorted(parents) if what in ("server", "forkserver") else found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"no {what} was started")

    def leaves(self):
        """Processes, temporary files and half-placed editions that are there when all had time to end."""
        until = time.monotonic() + 10
        while (living := self.processes()) and time.monotonic() < until:
            time.sleep(0.05)
        asides = [path.name for path in (self.house / "reports" / "published").rglob(".aside-*")]
        return [*living, *asides, *(self.house / "tmp").iterdir()]


def tree(folder):
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def editions(house):
    """The bytes of each published edition, which must be those its own manifest states."""
    found = {}
    for file in (house / "reports" / "published").glob("[a-z]*/manifest.json"):
        found[file.parent.name] = files = tree(file.parent)
        stated = {name: entry["sha256"] for name, entry in json.loads(file.read_text())["files"].items()}
        assert files == {**stated, "manifest.json": files["manifest.json"]}
    return found


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """A checkout whose reports are published and say 'peace', and what they come to when they say 'war'."""
    house = tmp_path_factory.mktemp("printed") / "house"
    shutil.copytree(ROOT / "data", house / "data", ignore=shutil.ignore_patterns("cache"))
    for folder in ("notebooks", "reports"):
        (house / folder).mkdir()
    nbformat.write(notebook("# A word", PARAMETERS, WORD), house / "notebooks" / "word.ipynb")
    say(house, "war")
    assert Build(house).wait().status == 0
    war = tree(house / "reports" / "published")
    shutil.rmtree(house / ".legation")
    say(house, "peace")
    assert Build(house).wait().status == 0
    return house, editions(house), war


@pytest.fixture
def house(printed, tmp_path):
    """That checkout, moved, with its reports about to say 'war'."""
    shutil.copytree(printed[0], tmp_path / "house")
    say(tmp_path / "house", "war")
    return tmp_path / "house"


def is_mended(house, printed):
    """Whether the next build gives, to the byte, what one that was never disturbed gives, and leaves nothing."""
    following = Build(house).wait()
    assert (following.status, following.leaves()) == (0, []), following.err
    return tree(house / "reports" / "published") == printed[2]


# --- the builder ends


def test_a_build_killed_at_any_moment_leaves_each_edition_whole_and_the_next_build_right(house, printed):
    chance = random.Random(2026)  # noqa: S311  # the same moments each time
    began = time.monotonic()
    assert is_mended(house, printed)
    lasts = time.monotonic() - began
    before, after = printed[1], editions(house)
    for kill in range(KILLS):
        shutil.rmtree(house / ".legation", ignore_errors=True)  # or it was killed before it began
        shutil.rmtree(house / "reports" / "published")
        shutil.copytree(printed[0] / "reports" / "published", house / "reports" / "published")
        killed = Build(house)
        time.sleep(lasts * (kill + chance.random()) / KILLS)  # a moment in each part of its time
        killed.process.kill()
        killed.wait()
        for name, files in editions(house).items():
            assert files in (before[name], after[name])
        left = [each for each in killed.leaves() if not str(each).startswith((".aside-", str(house / "tmp")))]
        assert left == [], "processes outlive the builder"
    assert is_mended(house, printed)


STEPS = """\
import json, os, shutil, signal, sys
from concurrent.futures import Future
from hashlib import sha256
from pathlib import Path
from legation.press import html, publish, workers
from legation.press.build import build
from legation.press.outcome import Executed

sys.dont_write_bytecode = True
root = Path(sys.argv[1])
CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "ctypes.dlsym"}

class Quick:
    '''Workers that take no time: what they give depends on the word alone.'''
    size = 1
    def __init__(self, *given, **named): pass
    def __enter__(self): return self
    def __exit__(self, *error): pass
    def done(self, what):
        future = Future()
        future.set_result(what)
        return future
    def run(self, chapter):
        cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": chapter.parameters["word"]}
        return self.done(Executed({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, (), ()))
    def render(self, plan, chapters, base=None, made_with=None):
        page = repr([chapter.notebook for chapter in chapters]).encode()
        files = {"index.html": page, "notebooks/a.ipynb": page * 2}
        stated = {name: {"sha256": sha256(content).hexdigest()} for name, content in files.items()}
        facts = {"report": plan.spec.name, "title": "T", "subtitle": None, "abstract": "A", "findings": [],
                 "tallies": [], "exhibits": [], "chapters": [], "authors": [], "first_figure": None,
                 "data_retrieved_to": None, "files": stated}
        return self.done({**files, "manifest.json": json.dumps(facts).encode()})
    def page(self, form, facts):
        return self.done(html.listing(form, facts))

def press():
    return [outcome.status for outcome in build(root, [], lambda line: None)]

def in_a_fork(work):
    child = os.fork()
    if child == 0:
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def killed_before(step):
    seen = 0
    def watch(event, given):
        nonlocal seen
        if event in CHANGES or event == "open" and isinstance(given[2], int) and given[2] & 3:
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(watch)
    return max(press())

def contents():
    files = (file for file in sorted(published.rglob("*")) if file.is_file())
    return {str(file.relative_to(published)): file.read_bytes() for file in files}

def of(name, contents):
    return {file: content for file, content in contents.items() if file.startswith(f"{name}/")}

def say(word):
    for spec in (root / "reports").glob("*.yml"):
        spec.write_text(f"title: T\\nabstract: A\\nchapters: [{{notebook: word, parameters: {{word: {word}}}}}]\\n")

workers.Local = Quick
published = root / "reports" / "published"
if sys.argv[2] == "no exchange":
    publish._exchange = lambda one, other: False
shutil.rmtree(published)
shutil.rmtree(root / ".legation")
say("peace")
assert max(press()) == 0
shutil.copytree(root, root.with_name("before"), symlinks=True)
before = contents()
say("war")
assert max(press()) == 0
after, step, status = contents(), 0, -9
assert after != before
while status == -9:
    step += 1
    for part in (".legation", "reports/published"):
        shutil.rmtree(root / part)
        shutil.copytree(root.with_name("before") / part, root / part)
    status = in_a_fork(lambda: killed_before(step))
    now = contents()
    for name in ("one", "two"):
        states = [of(name, before), of(name, after)]
        if sys.argv[2] == "no exchange":  # for a moment the folder stands aside; the next build puts it back
            states.append({})
        assert of(name, now) in states, (step, name)
    assert now["index.html"] in (before["index.html"], after["index.html"]), step
    assert in_a_fork(lambda: max(press())) == 0, step
    assert contents() == after, (step, sorted({*contents()} ^ {*after}))
    assert not list(published.rglob(".*")), step
assert status == 0
print(step)
"""


@pytest.mark.parametrize("way", ["exchange", "no exchange"])
def test_a_build_killed_before_each_of_its_changes_to_the_checkout_is_mended_by_the_next(house, way):
    steps = Build(house, command=[sys.executable, "-c", STEPS, str(house), way]).wait()
    assert steps.status == 0, steps.err
    assert int(steps.out) > 40


@pytest.mark.parametrize(("moment", "times"), [("kernel", 1), ("worker", 2), ("chapter", 2)])
def test_ctrl_c_ends_everything_within_seconds_with_one_sentence(house, printed, moment, times):
    interrupted = Build(house)
    if moment == "chapter":
        interrupted.says("two: chapter")
        time.sleep(0.1)  # a page is being made
    else:
        interrupted.find(moment)
    for _ in range(times):
        os.killpg(interrupted.process.pid, signal.SIGINT)
        time.sleep(0.1)
    interrupted.wait(5)
    assert interrupted.status in (130, -signal.SIGINT)  # to a shell the same: the second may come as Python ends
    assert interrupted.err == "Interrupted. What was published stays as it was.\n"
    assert interrupted.leaves() == []
    assert all(files in (printed[1][name], editions_of(printed[2], name)) for name, files in editions(house).items())


def editions_of(published, name):
    return {file.partition("/")[2]: digest for file, digest in published.items() if file.startswith(f"{name}/")}


# --- those who do its work end


@pytest.mark.parametrize("who", ["worker", "forkserver"])
def test_a_worker_that_is_killed_is_replaced_and_its_report_published(house, printed, who):
    going = Build(house)
    going.find("kernel")
    os.kill(going.find(who)[0], signal.SIGKILL)
    going.wait()
    assert (going.status, going.leaves()) == (0, []), going.out + going.err
    assert tree(house / "reports" / "published") == printed[2]


@pytest.mark.parametrize("who", ["kernel", "server"])
def test_a_kernel_that_is_killed_fails_its_report_alone_and_says_in_which_cell(house, printed, who):
    going = Build(house, "--jobs", "1")
    going.find("kernel")
    time.sleep(0.3)
    os.kill(going.find(who)[0], signal.SIGKILL)
    going.wait()
    assert going.leaves() == []
    assert editions(house)["one"] == editions_of(printed[2], "one")
    if going.status:  # a kernel that had nothing left to do is not missed
        how = r"DeadKernelError in notebooks/word\.ipynb, cell 3: the kernel died|its kernel did not start"
        assert re.search(rf"two: not published\..*({how})", going.out), going.out
        assert editions(house)["two"] == printed[1]["two"]
    assert is_mended(house, printed)


KILLS_WORKERS = f"""\
import os, signal, time
from pathlib import Path
def about(process):
    folder = Path("/proc") / process
    parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
    return parent, (folder / "cmdline").read_text(), (folder / "environ").read_text()
mine = "{MARK}=" + os.environ["{MARK}"]
for process in [path.name for path in Path("/proc").glob("[0-9]*")]:
    try:
        parent, line, environment = about(process)
        if mine in environment and "forkserver" in line and "forkserver" in about(parent)[1]:
            os.kill(int(process), signal.SIGKILL)
    except OSError:
        pass
time.sleep(100)
"""


def test_a_notebook_that_kills_its_worker_each_time_fails_alone(house, printed):
    code(house, "killer", KILLS_WORKERS)
    write(house, "killer", chapter="killer")
    going = Build(house).wait()
    assert going.status == 1
    assert "killer: not published. the process that ran chapter 1 was killed, twice." in going.out
    assert going.leaves() == []
    found = editions(house)
    assert {name: found[name] for name in found} == {name: editions_of(printed[2], name) for name in ("one", "two")}


# --- chapters beyond their limits

HANGS = {
    "busy": "while True:\n    pass",
    "asleep": "import time\ntime.sleep(1000)",
    "deaf": "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    time.sleep(1)",
    "stopped": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "mute": "import time\nget_ipython().kernel.shell_handlers['kernel_info_request'] = lambda *a: time.sleep(1000)",
}
EATS = {
    "array": "import numpy as np\nx = np.ones(10**9)",
    "list": "x = []\nwhile True:\n    x.append(bytes(10**6))",
    "crumbs": "x = []\nwhile True:\n    x.append({'a': len(x)})",
    "child": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'x = bytes(10**9)'], check=True)",
}


@pytest.fixture(scope="module")
def limited(printed, tmp_path_factory):
    """A build of chapters that hang or eat memory, with a report that does neither, and how it ended."""
    house = tmp_path_factory.mktemp("limited") / "house"
    shutil.copytree(printed[0], house)
    say(house, "war")
    for kinds, limits in ((HANGS, "{minutes: 0.05}"), (EATS, "{gigabytes: 0.3}")):
        for name, source in kinds.items():
            code(house, name, f"import tempfile\nkept = tempfile.mkstemp()\n{source}")
            write(house, name, chapter=name, limits=limits)
    return Build(house, "--jobs", "6").wait()


@pytest.mark.parametrize("name", HANGS)
def test_a_chapter_that_hangs_is_stopped_with_its_cell_and_limit(limited, name):
    sentence = "this cell was at work when the chapter's time was over (0.05 minutes)"
    assert f"{name}: not published. CellTimeoutError in notebooks/{name}.ipynb, cell 2: {sentence}" in limited.out


@pytest.mark.parametrize("name", EATS)
def test_a_chapter_that_eats_memory_is_stopped_with_its_cell_and_limit(limited, name):
    sentence = "it wanted more memory than the 0.3 GB that a chapter has"
    assert f"{name}: not published. MemoryError in notebooks/{name}.ipynb, cell 2: {sentence}" in limited.out


def test_chapters_beyond_their_limits_fail_alone_and_leave_nothing(limited, printed):
    assert limited.status == 1
    assert editions(limited.house) == {name: editions_of(printed[2], name) for name in ("one", "two")}
    assert limited.leaves() == []


# --- disks and folders

INSIDE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec"]
MISHAPS = {
    "full": "mount -t tmpfs -o size=1m x {place}; cp -a {kept}/. {place}; cat /dev/zero > {place}/.fill 2>&- || true",
    "read-only": "mount --bind {place} {place}; mount -o remount,ro,bind {place}",
}


def befallen(house, mishap, place):
    """How a build ends that finds a folder full or read-only, and what is published then."""
    if subprocess.run([*INSIDE, "mount -t tmpfs x /mnt"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets no user mount anything in a namespace of their own")
    (house / "tmp").mkdir(exist_ok=True)
    shutil.copytree(house / place, kept := house.with_name("kept"))
    first = MISHAPS[mishap].format(place=house / place, kept=kept)
    then = f"rm -f {house / place}/.fill; cp -a reports/published {house}/../seen"
    script = f'{first}; status=0; "$@" || status=$?; {then}; exit $status'
    done = Build(house, inside=[*INSIDE, script, "sh"]).wait()
    assert "Traceback" not in done.out + done.err
    assert not list((house.with_name("seen")).rglob(".aside-*"))
    return done, tree(house.with_name("seen"))


@pytest.mark.parametrize("mishap", MISHAPS)
def test_where_editions_cannot_be_placed_the_old_ones_stay_and_the_place_is_named(house, printed, mishap):
    done, seen = befallen(house, mishap, "reports/published")
    assert done.status == 2
    why = "No space left on device" if mishap == "full" else "Read-only file system"
    sentence = rf"one: not published\. {house}/reports/published[^:]*: {why}\. Make room there, or permit"
    assert re.search(sentence, done.out), done.out
    assert seen == tree(printed[0] / "reports" / "published")
    assert is_mended(house, printed)


@pytest.mark.parametrize(("mishap", "status"), [("full", 0), ("read-only", 2)])
def test_where_results_cannot_be_kept_editions_are_published_or_the_place_is_named(house, printed, mishap, status):
    done, seen = befallen(house, mishap, ".legation")
    assert done.status == status, done.err
    assert f"{house}/.legation" in done.out + done.err
    assert seen == (printed[2] if mishap == "full" else tree(printed[0] / "reports" / "published"))
    assert is_mended(house, printed)


def test_a_store_and_editions_deleted_in_the_middle_are_made_again(house, printed):
    going = Build(house)
    going.says("two: chapter")
    shutil.rmtree(house / ".legation", ignore_errors=True)
    shutil.rmtree(house / "reports" / "published", ignore_errors=True)
    going.wait()
    assert (going.status, going.leaves()) == (0, []), going.err
    assert is_mended(house, printed)


# --- not mishaps, but near


def test_a_checkout_that_was_moved_is_known_again(house):
    say(house, "peace")
    assert Build(house).wait().out == "Nothing changed: house/reports/published holds one, two.\n"


def test_two_builds_at_once_take_turns_and_the_second_finds_all_done(house, printed):
    first = Build(house)
    first.find("worker")
    second = Build(house).wait()
    first.wait()
    assert (first.status, second.status) == (0, 0)
    assert f"Another build works on this checkout (process {first.process.pid}, since " in second.out
    assert second.out.endswith("Nothing changed: house/reports/published holds one, two.\n")
    assert tree(house / "reports" / "published") == printed[2]


def test_verifying_says_what_differs_when_built_again_and_nothing_else(house, monkeypatch):
    monkeypatch.chdir(house)
    code(house, "own", "import os\nos.getpid()")
    write(house, "own", chapter="own")
    assert [outcome.status for outcome in build(house, ["one", "own"], lambda line: None)] == [0, 0]
    said = []
    differing = verify(house, ["one", "own"], said.append)
    assert {name.partition("/")[0] for name in differing} == {"own"}
    assert {"own/index.html", "own/manifest.json", "own/notebooks/01-own.ipynb"} <= set(differing)
    assert re.fullmatch(r"Built twice: \d of \d+ files differ\.", said[-1])
