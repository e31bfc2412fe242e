"""Workers of a Dask cluster come to what the builder would; what fails around a notebook is tried again."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile

import nbformat
import psutil
import pytest
from helpers import exhibit, notebook

from legation.errors import InputError
from legation.press import farm, plan, spec, warm
from legation.press.edition import edition
from legation.press.outcome import ChapterError
from legation.press.run import run

distributed = pytest.importorskip("distributed", reason="the extra 'dask' is not installed")

QUICKLY = 60  # seconds, for what takes one or two

PARAMETERS = '# parameters\nword: str = "none"  # what is said\n'
READS = """\
#!
from legation import data
from IPython.display import Markdown
rates = data.open("exchange_rates")
print({word, "peace", "war", "truce"}, hash(word), len(rates))  # in the order of their hashes
Markdown(f"The word is {word}.")
"""
SHOWS = f"#!\ndisplay({{'application/vnd.legation.exhibit+json': {exhibit('chart')!r}}}, raw=True)"
HOLDS = """\
#!
import os, time
from pathlib import Path
with open(word, "a") as file:
    print(os.getpid(), file=file)
"""


@pytest.fixture(scope="module")
def cluster():
    """Two workers of one thread each, in processes of their own."""
    before = dict(os.environ)  # which their nannies change
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1", silence_logs=60
    ) as running:
        yield running
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """The builder's environment as it would be if the workers' nannies were not in the same process."""
    for name in warm.SETTLED:
        monkeypatch.delenv(name, raising=False)


def report(checkout, *cells, **parameters):
    """The plan of a report with one chapter of these cells."""
    nbformat.write(notebook("# A word", *cells), checkout / "notebooks" / "word.ipynb")
    lines = ["title: T", "abstract: A", "chapters:", "  - notebook: word"]
    lines += ["    parameters:"] * bool(parameters) + [f"      {name}: {value}" for name, value in parameters.items()]
    (checkout / "reports" / "one.yml").write_text("\n".join(lines) + "\n")
    return plan.plan(spec.load(checkout / "reports" / "one.yml"), checkout / "notebooks")


def done_here(checkout, planned):
    """What the builder itself comes to: its chapter, and every file of the edition."""
    with warm.KernelServer() as server:
        chapter = run(planned.chapters[0], server.place)
    return chapter, edition(planned, [chapter], bibliography=checkout / "data" / "references.bib")


def soon(found):
    """What a function finds, as soon as it finds something."""
    until = time.monotonic() + QUICKLY
    while time.monotonic() < until:
        if result := found():
            return result
        time.sleep(0.02)
    raise TimeoutError


def pids(file, count=1):
    """The processes that named themselves in a file, once there are so many."""
    lines = soon(lambda: file.exists() and len(found := file.read_text().split()) >= count and found)
    return [int(line) for line in lines]


def has_ended(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def holds_nothing(cluster):
    """Whether the cluster keeps no chapter and no edition."""
    return not any(key.startswith(("legation_chapter", "legation_edition")) for key in cluster.scheduler.tasks)


def test_workers_come_to_the_builders_bytes_in_its_checkout_and_in_one_that_is_sent_to_them(checkout, cluster):
    planned = report(checkout, PARAMETERS, READS, SHOWS, word="peace")
    said, made = [], []
    with farm.Farm(cluster.scheduler_address, checkout, said.append) as workers:
        assert workers.size == 2
        for _ in range(2):
            chapter = workers.run(planned.chapters[0]).result(QUICKLY)
            made.append((chapter, workers.render(planned, [chapter]).result(QUICKLY)))
            assert soon(lambda: holds_nothing(cluster))
            (checkout / farm.TOKEN).unlink(missing_ok=True)
    here = done_here(checkout, planned)
    assert made == [here, here]
    assert "data/trade/exchange_rates.csv" in {read["path"] for read in here[0].reads}
    assert len(said) == 1
    assert said[0].startswith(f"A worker does not see {checkout}: notebooks/ and data/ are sent, ")


def test_workers_are_told_the_time_for_which_a_chapter_runs(checkout, cluster):
    planned = report(checkout, "#!\nfrom legation.data import catalogue\nprint(catalogue._until())")
    then = plan.plan(planned.spec, checkout / "notebooks", as_of="2026-11-01T040000Z")
    with farm.Farm(cluster.scheduler_address, checkout, print) as workers:
        said = [
            workers.run(each.chapters[0]).result(QUICKLY).notebook["cells"][-1]["outputs"][0]["text"]
            for each in (then, planned)
        ]
    assert said == ["2026-11-01T040000Z\n", "None\n"]


def test_what_changed_in_the_checkout_is_sent_anew(checkout, cluster):
    planned = report(checkout, "#!\nfrom pathlib import Path\nprint(Path('../data/x.txt').read_text(), Path.cwd())")
    said = []
    for content in ("first", "second"):
        (checkout / "data" / "x.txt").write_text(content)
        with farm.Farm(cluster.scheduler_address, checkout, lambda line: None) as workers:
            (checkout / farm.TOKEN).unlink()
            chapter = workers.run(planned.chapters[0]).result(QUICKLY)
        said.append(chapter.notebook["cells"][-1]["outputs"][0]["text"])
    assert [line.split()[0] for line in said] == ["first", "second"]
    assert not any(str(checkout) in line for line in said)


def test_a_chapter_whose_worker_is_killed_runs_on_another_and_its_kernel_dies_with_the_worker(checkout, cluster):
    planned = report(checkout, PARAMETERS, HOLDS, "#!\ntime.sleep(0 if len(open(word).readlines()) > 1 else 600)",
                     word=checkout / "ran")  # fmt: skip
    with farm.Farm(cluster.scheduler_address, checkout, lambda line: None) as workers:
        (checkout / farm.TOKEN).unlink()  # so that with the worker the checkout is lost that was sent
        future = workers.run(planned.chapters[0])
        (kernel,) = pids(checkout / "ran")
        worker = next(each for each in psutil.Process(kernel).parents() if "spawn_main" in " ".join(each.cmdline()))
        worker.kill()
        assert future.result(QUICKLY).notebook["cells"]
    assert soon(lambda: has_ended(kernel))
    assert len(pids(checkout / "ran")) == 2


def test_a_kernel_that_is_killed_is_tried_again(checkout, cluster):
    killed = "#!\nimport signal\nif len(open(word).readlines()) == 1:\n    os.kill(os.getpid(), signal.SIGKILL)"
    planned = report(checkout, PARAMETERS, HOLDS, killed, word=checkout / "ran")
    with farm.Farm(cluster.scheduler_address, checkout, lambda line: None) as workers:
        workers.run(planned.chapters[0]).result(QUICKLY)
    assert len(pids(checkout / "ran")) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("1 / 0", "ZeroDivisionError"), ("from legation.errors import InputError\nraise InputError('No.')", "InputError")],
)
def test_a_notebooks_own_fault_comes_back_and_is_not_tried_again(checkout, cluster, fault, kind):
    planned = report(checkout, PARAMETERS, HOLDS, f"#!\n{fault}", word=checkout / "ran")
    with farm.Farm(cluster.scheduler_address, checkout, lambda line: None) as workers:
        error = workers.run(planned.chapters[0]).exception(QUICKLY)
    assert isinstance(error, ChapterError)
    assert (error.cell, error.kind, error.is_input) == (4, kind, kind == "InputError")
    assert kind in error.traceback
    assert len(pids(checkout / "ran")) == 1


def test_what_a_page_cannot_carry_comes_back_as_the_builder_would_say_it(checkout, cluster):
    planned = report(checkout, "See [](#nothing).")
    with farm.Farm(cluster.scheduler_address, checkout, lambda line: None) as workers:
        chapter = workers.run(planned.chapters[0]).result(QUICKLY)
        error = workers.render(planned, [chapter]).exception(QUICKLY)
    with pytest.raises(InputError, match="refers to '#nothing'") as here:
        edition(planned, [chapter])
    assert (type(error), str(error)) == (InputError, str(here.value))


def test_what_no_worker_can_do_is_told_with_what_the_last_one_met(checkout, cluster):
    planned = report(checkout, "Text.")
    (checkout / "notebooks" / "word.ipynb").unlink()
    with farm.Farm(cluster.scheduler_address, checkout, lambda line: None) as workers:
        error = workers.run(planned.chapters[0]).exception(QUICKLY)
    assert isinstance(error, ChapterError)
    assert (error.kind, error.is_input) == ("FileNotFoundError", False)
    assert "notebooks/word.ipynb: the workers failed at it 3 times, last with FileNotFoundError" in str(error)


def test_a_build_that_is_given_up_leaves_the_cluster_with_nothing(checkout, cluster):
    planned = report(checkout, PARAMETERS, HOLDS, "#!\ntime.sleep(1)", word=checkout / "ran")
    with farm.Farm(cluster.scheduler_address, checkout, lambda line: None) as workers:
        future = workers.run(planned.chapters[0])
        pids(checkout / "ran")
    assert future.cancelled()
    assert soon(lambda: not cluster.scheduler.tasks)
    assert not (checkout / farm.TOKEN).exists()


def test_a_worker_with_other_packages_is_refused_at_the_start_and_when_it_joins_later(checkout, cluster, tmp_path):
    (tmp_path / "other" / "extraneous-9.9.dist-info").mkdir(parents=True)
    planned = report(checkout, PARAMETERS, HOLDS, "#!\nwhile not Path('go').exists():\n    time.sleep(0.05)",
                     word=checkout / "ran")  # fmt: skip
    refusal = "would not come to the same results: extraneous is 9.9 there and missing here. Give every worker what"
    command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address]
    command += ["--no-nanny", "--no-dashboard", "--nthreads", "1", "--local-directory", str(tmp_path)]
    with farm.Farm(cluster.scheduler_address, checkout, lambda line: None) as workers:
        waiting = [workers.run(planned.chapters[0]) for _ in range(2)]
        pids(checkout / "ran", 2)  # both of the others are busy
        path = os.pathsep.join([str(tmp_path / "other"), *sys.path])
        with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.DEVNULL) as joining:
            try:
                assert soon(lambda: len(cluster.scheduler.workers) == 3)
                error = workers.run(planned.chapters[0]).exception(QUICKLY)
                (checkout / "notebooks" / "go").touch()
                assert all(each.result(QUICKLY) for each in waiting)
                with pytest.raises(InputError, match=refusal):
                    farm.Farm(cluster.scheduler_address, checkout, lambda line: None)
            finally:
                joining.send_signal(signal.SIGINT)
    assert isinstance(error, ChapterError)
    assert error.is_input
    assert refusal in str(error)


def test_differences_are_named_a_few_and_the_rest_counted(monkeypatch):
    here = {"Python": "3.11.7 (cpython-311)", "pandas": "2.3.0", "legation/press/run.py": "a", "legation/new.py": "b"}
    there = {"Python": "3.12.1 (cpython-312)", "pandas": "2.3.0", "legation/press/run.py": "c", "legation/old.py": "d"}
    monkeypatch.setattr(farm, "_facts", lambda: here)
    assert farm._refusal("tcp://10.0.0.2:4321", there).startswith(
        "The worker tcp://10.0.0.2:4321 would not come to the same results: Python is 3.12.1 (cpython-312) there and "
        "3.11.7 (cpython-311) here; legation/press/run.py differs; legation/new.py is missing there; and 1 more. "
    )


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("tcp://127.0.0.1:9", "Timed out trying to connect"),
        ("tpc://127.0.0.1:9", "unknown address scheme 'tpc'"),
        ("tls://127.0.0.1:9", "TLS expects a `ssl_context`"),
    ],
)
def test_a_scheduler_that_cannot_be_reached_is_an_error_within_seconds(checkout, monkeypatch, address, why):
    monkeypatch.setattr(farm, "_CONNECTS_WITHIN", 0.2)
    with pytest.raises(InputError, match=f"No Dask scheduler can be reached at {address}: {why}.* --scheduler"):
        farm.Farm(address, checkout, lambda line: None)
    assert not (checkout / farm.TOKEN).exists()


def test_a_cluster_without_workers_is_waited_for_and_then_given_up(checkout, monkeypatch):
    monkeypatch.setattr(farm, "_PATIENCE", 0.2)
    said = []
    with (
        distributed.LocalCluster(
            n_workers=0, dashboard_address="127.0.0.1:0", host="127.0.0.1", silence_logs=60
        ) as empty,
        pytest.raises(InputError, match=r"No worker joined the cluster at tcp://.*Start one with 'dask worker tcp://"),
    ):
        farm.Farm(empty.scheduler_address, checkout, said.append)
    assert said == [f"The cluster at {empty.scheduler_address} has no worker yet. This build waits for one."]


ALONE = """\
import time
from distributed import LocalCluster
options = {"processes": False, "protocol": "tcp", "dashboard_address": "127.0.0.1:0"}
with LocalCluster(n_workers=1, threads_per_worker=1, **options) as alone:
    print(alone.scheduler_address, flush=True)
    time.sleep(600)
"""


def test_a_scheduler_that_is_lost_ends_the_build_with_an_error(checkout, monkeypatch):
    monkeypatch.setattr(farm, "_CONNECTS_WITHIN", 1)
    planned = report(checkout, PARAMETERS, HOLDS, "#!\ntime.sleep(600)", word=checkout / "ran")
    command = [sys.executable, "-c", ALONE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as alone:
        with farm.Farm(alone.stdout.readline().strip(), checkout, lambda line: None) as workers:
            future = workers.run(planned.chapters[0])
            (kernel,) = pids(checkout / "ran")
            alone.kill()
            error = future.exception(QUICKLY)
            later = workers.run(planned.chapters[0]).exception(QUICKLY)
        assert soon(lambda: has_ended(kernel))
    for each in (error, later):
        assert isinstance(each, ChapterError)
        assert "notebooks/word.ipynb: The Dask scheduler at tcp://" in str(each)


def test_without_dask_the_remedy_is_named(checkout, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"needs Dask: pip install 'legation\[dask\]'"):
        farm.Farm("tcp://10.0.0.5:8786", checkout, lambda line: None)


def test_a_build_on_this_machine_does_not_load_dask():
    code = "import sys, legation.press.workers, legation.press.farm; print('dask' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_same_files_make_the_same_archive_and_links_are_followed_but_not_round(checkout):
    first = farm.pack(checkout)
    os.utime(checkout / "data" / "references.bib", (0, 0))
    (checkout / "notebooks" / "__pycache__").mkdir()
    (checkout / "notebooks" / "__pycache__" / "x.pyc").write_bytes(b"x")
    (checkout / "data" / "round").symlink_to(checkout / "data")
    assert farm.pack(checkout) == first
    (checkout / "elsewhere").mkdir()
    (checkout / "elsewhere" / "big.parquet").write_bytes(b"big")
    (checkout / "data" / "cache").symlink_to(checkout / "elsewhere")
    with zipfile.ZipFile(io.BytesIO(farm.pack(checkout))) as packed:
        assert packed.read("data/cache/big.parquet") == b"big"


@pytest.mark.parametrize("name", ["../outside", "data/../../outside", "/outside"])
def test_an_archive_cannot_leave_its_folder(tmp_path, name):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, "x")
    folder = tmp_path / "inside"
    folder.mkdir()
    with pytest.raises(ValueError, match="outside the folder it belongs in"):
        farm.unpack(made.getvalue(), folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["inside"]
