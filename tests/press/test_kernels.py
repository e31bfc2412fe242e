"""Warm kernels are kernels like any other: the same results, each on its own, and nothing left of them."""

import asyncio
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path

import nbformat
import pytest
from helpers import ROOT, notebook
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from legation.press import kernels, warm
from legation.press.kernels import Manager
from legation.press.warm import KernelServer, Place

GROUP, CLASS = "jupyter_client.kernel_provisioners", "legation.press.kernels:WarmProvisioner"
forking = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")
#: What a kernel says of its origin: the process it was started by.
PARENT = "#!\nimport os\nprint(os.getppid())"


@pytest.fixture(scope="module", autouse=True)
def registered():
    """The provisioner under its name, also in an installation older than the entry point."""
    KernelProvisionerFactory.provisioners.setdefault(kernels.PROVISIONER, EntryPoint(kernels.PROVISIONER, CLASS, GROUP))


@pytest.fixture(scope="module")
def server():
    with KernelServer(["pandas", "matplotlib.pyplot"]) as server:
        yield server


@pytest.fixture
def run(server, tmp_path_factory):
    """Run cells in a kernel of the module's server, or elsewhere; gives the notebook."""

    def run(*cells, place=None, env=None, log=None, **options):
        place = place or server.place
        folder = Path(tempfile.mkdtemp(dir=place.folder))
        client = NotebookClient(notebook(*cells), kernel_name="python3", **kernels.options(place, folder), **options)
        with (log or folder / "log").open("wb") as said:
            client.execute(env={**os.environ, **(env or {})}, stderr=said, cwd=str(tmp_path_factory.getbasetemp()))
        (folder / "log").unlink(missing_ok=True)
        folder.rmdir()  # or fails, if anything else is left in it
        return client.nb

    return run


def said(executed):
    """What the cells of a notebook printed or returned, one text for each code cell."""
    texts = []
    for cell in executed.cells:
        parts = [out.get("text", "") or out.get("data", {}).get("text/plain", "") for out in cell.outputs]
        texts.append("".join(parts).strip())
    return texts


def gone(pid):
    """Whether a process has ended, though perhaps nobody has asked after it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def soon(true, seconds=10):
    """Whether something becomes true before long."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


# --- the same results ---------------------------------------------------------------------------------------------


RICH = (
    "#!\nimport matplotlib.pyplot as plt\nimport pandas as pd\nfrom IPython.display import HTML, display",
    "#!\nprint('to the page')\ndisplay(HTML('<b>bold</b>'), metadata={'kept': True})\npd.DataFrame({'a': [1.5, None]})",
    "#!\nplt.figure(figsize=(1, 1))\nplt.plot([1, 2]);",
    "#!\nplt.get_backend(), sorted(globals()), list({'a', 'b', 'c', 'd'})",
    "#!\nimport sys\nsys.argv[0], sys.argv[1], sys.path, sys.flags, sys.modules['__main__'].__dict__ is globals()",
    "#!\nimport os, signal\nsorted(os.environ), os.getcwd(), os.getpid() == os.getpgid(0) == os.getsid(0)",
    "#!\n[signal.getsignal(each) for each in (2, 15, 17)], signal.pthread_sigmask(signal.SIG_BLOCK, [])",
)


@forking
def test_a_forked_kernel_gives_the_bytes_a_stock_kernel_gives(run, server):
    forked, stock = run(*RICH), run(*RICH, place=Place(server.place.folder))
    for one, other in zip(forked.cells, stock.cells, strict=True):
        assert one.outputs == other.outputs
    assert [out.output_type for out in forked.cells[1].outputs] == ["stream", "display_data", "execute_result"]
    assert "image/png" in forked.cells[2].outputs[0].data
    assert forked.metadata == stock.metadata


@forking
def test_kernels_are_forked_from_the_server_which_has_loaded_what_it_was_told(run, server):
    loaded = "#!\nimport sys\n'pandas' in sys.modules, 'debugpy' in sys.modules, 'legation.press.warm' in sys.modules"
    assert said(run(PARENT, loaded)) == [str(server.pid), "(True, True, False)"]


def test_without_forking_stock_kernels_serve_in_the_same_environment(run):
    with KernelServer(["pandas"], forking=False) as server:
        assert server.place.socket is None
        assert server.pid is None
        settled = "#!\nimport os\nos.environ['OPENBLAS_NUM_THREADS'], os.environ['PYTHONHASHSEED']"
        assert said(run(PARENT, settled, place=server.place)) == [str(os.getpid()), "('1', '0')"]


@forking
def test_a_kernel_works_in_its_own_folder_with_its_own_variables_and_writes_to_its_own_log(run, tmp_path):
    log = tmp_path / "kernel.log"
    cell = "#!\nimport os\nos.write(2, b'heard') and None\nos.environ['WORD'], os.environ.get('OTHER')"
    noise = "#!\nimport sys\nsys.__stderr__.write('said aside'); sys.__stderr__.flush()"
    assert said(run(cell, env={"WORD": "peace"}))[0].endswith("('peace', None)")
    assert said(run(cell, noise, env={"WORD": "war", "OTHER": "o"}, log=log))[0].endswith("('war', 'o')")
    assert "said aside" in log.read_text()


@forking
def test_what_one_kernel_does_no_other_sees(run):
    change = (
        "#!\nimport os, sys, tempfile, pandas as pd\nos.chdir('/'); os.environ['LEFT'] = '1'; pd.left = sys.left = 1"
    )
    look = "#!\nimport os, sys, pandas as pd\n'LEFT' in os.environ, hasattr(pd, 'left'), hasattr(sys, 'left')"
    assert said(run(change, look))[1] == "(True, True, True)"
    assert said(run(look)) == ["(False, False, False)"]


@forking
def test_each_kernel_has_random_numbers_of_its_own(run):
    cell = "#!\nimport random, numpy, uuid\nrandom.random(), numpy.random.random(), uuid.uuid4()"
    first, second = (said(run(cell))[0].split(", ") for _ in range(2))
    assert all(one != other for one, other in zip(first, second, strict=True))


@forking
def test_a_kernel_holds_nothing_of_the_server_or_of_another_kernel(run, server):
    cell = "#!\nimport os\nlen(os.listdir('/proc/self/fd')), len(os.listdir('/proc/self/task'))"
    alone = said(run(cell))
    with Kernel(server.place):
        assert said(run(cell)) == alone


# --- a kernel like any other --------------------------------------------------------------------------------------


class Kernel:
    """A kernel in the hands of a test: its manager, its client, its process."""

    def __init__(self, place):
        self.place = place

    def __enter__(self):
        self.loop = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(dir=self.place.folder))
        self.manager = Manager(kernel_name="python3", config=kernels.options(self.place, self.folder)["config"])
        self.do(self.manager.start_kernel())
        self.client = self.manager.client()
        self.client.start_channels()
        self.do(self.client.wait_for_ready(timeout=30))
        self.process = self.manager.provisioner.process
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.do(self.manager.shutdown_kernel(now=True))
        self.do(self.manager.cleanup_resources())
        self.loop.close()
        self.folder.rmdir()

    def do(self, coroutine):
        """Its result, once it is done."""

        async def done():
            return await coroutine

        return self.loop.run(done())

    def tell(self, code):
        """What the kernel replies to code."""
        return self.do(self.client.execute(code, reply=True, timeout=10))["content"]


@forking
def test_a_kernel_is_interrupted_restarted_and_shut_down_as_a_stock_kernel_is(server):
    def life(place):
        with Kernel(place) as kernel:
            told = [kernel.tell("marked = 1")["status"]]
            endless = kernel.client.execute("while True: pass", stop_on_error=False)
            while kernel.do(kernel.client.get_iopub_msg(timeout=5))["parent_header"].get("msg_id") != endless:
                pass
            time.sleep(0.3)
            kernel.do(kernel.manager.interrupt_kernel())
            told.append(kernel.do(kernel.client.get_shell_msg(timeout=5))["content"]["ename"])
            told.append(kernel.tell("marked")["status"])
            kernel.do(kernel.manager.restart_kernel())
            kernel.do(kernel.client.wait_for_ready(timeout=30))
            told += [kernel.tell("marked")["ename"], kernel.do(kernel.manager.is_alive())]
            kernel.do(kernel.manager.shutdown_kernel())
            return [*told, kernel.do(kernel.manager.is_alive()), kernel.manager.has_kernel]

    forked = life(server.place)
    assert forked == ["ok", "KeyboardInterrupt", "ok", "NameError", True, False, False]
    assert forked == life(Place(server.place.folder))


@forking
@pytest.mark.parametrize(("end", "status"), [("os._exit(3)", 3), ("os.kill(os.getpid(), 9)", -9)])
def test_a_kernel_that_dies_tells_how(server, end, status):
    with Kernel(server.place) as kernel:
        assert kernel.process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            kernel.process.wait(0.01)
        kernel.client.execute(f"import os; {end}")
        assert kernel.process.wait(10) == status
        assert kernel.process.poll() == status
        assert kernel.do(kernel.manager.is_alive()) is False


@forking
def test_what_a_kernel_registers_for_its_end_is_done(server, tmp_path):
    with Kernel(server.place) as kernel:
        kernel.tell(f"import atexit, pathlib; atexit.register(pathlib.Path({str(tmp_path)!r}, 'ended').touch)")
        kernel.do(kernel.manager.shutdown_kernel())
        assert (tmp_path / "ended").exists()
        assert kernel.process.returncode == 0


@forking
def test_a_kernel_that_dies_fails_its_notebook_alone(run, server):
    with pytest.raises(DeadKernelError):
        run("#!\nimport os\nos._exit(3)")
    assert said(run(PARENT)) == [str(server.pid)]


@forking
def test_a_cell_that_takes_too_long_is_stopped(run):
    with pytest.raises(CellTimeoutError):
        run("#!\nimport time\ntime.sleep(60)", timeout=1)


@forking
def test_kernels_run_side_by_side(run):
    cell = "#!\nimport os, time\ntime.sleep(0.2)\nos.getpid()"
    with ThreadPoolExecutor(4) as pool:
        pids = list(pool.map(lambda _: said(run(cell))[0], range(8)))
    assert len(set(pids)) == 8


# --- when a fork will not do --------------------------------------------------------------------------------------


def served_stock(run, caplog, place, **options):
    """Runs a cell that says it has this process for its parent; gives the reason that was logged."""
    assert said(run(PARENT, place=place, **options)) == [str(os.getpid())]
    (record,) = caplog.records
    return record.getMessage()


@forking
def test_an_environment_that_python_reads_at_its_start_is_served_by_a_stock_kernel(run, server, caplog):
    reason = served_stock(run, caplog, server.place, env={"PYTHONUTF8": "1", "MPLBACKEND": "agg"})
    assert "differs in MPLBACKEND, PYTHONUTF8" in reason


@forking
@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("print('hear me')", "importing peculiar writes 'hear me'"),
        ("import threading, time; threading.Thread(target=time.sleep, args=[60], daemon=True).start()", "threads"),
    ],
)
def test_a_module_that_a_fork_could_not_share_is_served_by_stock_kernels(
    run, caplog, tmp_path, monkeypatch, does, reason
):
    (tmp_path / "peculiar.py").write_text(does)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with KernelServer(["peculiar"]) as server:
        assert reason in served_stock(run, caplog, server.place)


@forking
def test_a_module_that_fails_is_left_to_the_notebook_that_imports_it(run, tmp_path, monkeypatch):
    (tmp_path / "failing.py").write_text("1 / 0")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with KernelServer(["failing", "no.such.module"]) as server:
        assert said(run(PARENT, place=server.place)) == [str(server.pid)]
        with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
            run("#!\nimport failing", place=server.place)


PRELOADING = """\
import os
state = ["fresh"]
def preload_for_kernels():
    state.append(os.getcwd())
    1 / 0
"""


@forking
def test_what_every_kernel_would_do_first_is_done_once_where_many_are_asked_for(
    run, tmp_path, tmp_path_factory, monkeypatch
):
    (tmp_path / "preloading.py").write_text(PRELOADING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    cell = "#!\nimport preloading\npreloading.state"
    with KernelServer(["preloading"]) as server:
        first, second = (said(run(cell, place=server.place)) for _ in range(2))
        assert first == ["['fresh']"]  # of a single one nobody knows whether more will come
        until = time.monotonic() + 20
        while second == first and time.monotonic() < until:
            second = said(run(cell, place=server.place))
        # in the folder that notebooks work in; that it failed is for the notebook to find
        assert second == [f"['fresh', '{tmp_path_factory.getbasetemp()}']"]
        assert said(run(PARENT, place=server.place)) == [str(server.pid)]


# --- nothing is left ----------------------------------------------------------------------------------------------

#: Runs a notebook whose kernel starts a process and waits; says who is who.
BUILDER = '''
import json, os, sys, tempfile
from importlib.metadata import EntryPoint
from pathlib import Path
import nbformat
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from nbclient import NotebookClient
from legation.press import kernels, warm

group, value, given, said = sys.argv[1:]
KernelProvisionerFactory.provisioners[kernels.PROVISIONER] = EntryPoint(kernels.PROVISIONER, value, group)
server = None if json.loads(given) else warm.KernelServer()
place = server.place if server else warm.Place(*map(Path, json.loads(given)))
folder = Path(tempfile.mkdtemp(dir=place.folder))
cell = f"""
import json, os, pathlib, subprocess, time
child = subprocess.Popen(["sleep", "600"])
who = dict(kernel=os.getpid(), child=child.pid, server=os.getppid(), folder={str(place.folder)!r}, own={str(folder)!r})
pathlib.Path({said!r} + "~").write_text(json.dumps(who))
os.rename({said!r} + "~", {said!r})
time.sleep(600)
"""
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
NotebookClient(book, kernel_name="python3", **kernels.options(place, folder)).execute()
'''


@pytest.fixture
def builder(tmp_path):
    """A process that builds, and what it says: its kernel's process, the kernel's child, its server, its folders."""
    started = []

    def start(place=None):
        told = tmp_path / "who.json"
        given = json.dumps([str(place.folder), str(place.socket)] if place else None)
        command = [sys.executable, "-c", BUILDER, GROUP, CLASS, given, str(told)]
        started.append(subprocess.Popen(command))
        assert soon(told.exists, 30)
        return started[-1], json.loads(told.read_text())

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_the_folder_is_private_and_every_path_in_it_fits_a_socket(server):
    folder = server.place.folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    manager = Manager(config=kernels.options(server.place, folder)["config"])
    assert (manager.transport, manager.ip) == ("ipc", str(folder / "kernel"))
    assert manager.connection_file == str(folder / "kernel.json")
    with pytest.raises(ValueError, match=r"too long for a socket\. Set TMPDIR to a folder with a shorter path"):
        Manager(config=kernels.options(server.place, folder / ("deep" * 30))["config"])


def test_a_long_path_for_temporary_files_is_not_used(tmp_path, monkeypatch):
    long = tmp_path / ("long" * 20)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with KernelServer(forking=False) as server:
        assert len(f"{server.place.folder / 'tmp12345678' / 'kernel-5'}") <= 100


def test_a_server_that_is_closed_leaves_neither_process_nor_folder():
    with KernelServer() as server:
        folder, pid = server.place.folder, server.pid
        assert folder.is_dir()
    assert not folder.exists()
    assert pid is None or gone(pid)


@forking
def test_nothing_is_left_of_a_builder_that_was_killed(builder):
    process, who = builder()
    process.kill()
    assert soon(lambda: all(gone(who[each]) for each in ("kernel", "child", "server")))
    assert soon(lambda: not Path(who["folder"]).exists())


@forking
def test_nothing_is_left_of_a_builder_that_was_killed_with_its_server_once_another_builds(builder):
    process, who = builder()
    os.kill(who["server"], signal.SIGSTOP)
    process.kill()
    process.wait()
    os.kill(who["server"], signal.SIGKILL)
    assert soon(lambda: gone(who["kernel"]))
    os.kill(who["child"], signal.SIGKILL)  # the one thing that outlives both
    folder = Path(who["folder"])
    assert folder.exists()
    KernelServer(forking=False).close()
    assert not folder.exists()


def test_a_folder_that_is_about_to_be_locked_is_left_alone_for_a_minute(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / "legation-new-abcdefgh"
    folder.mkdir()
    KernelServer(forking=False).close()
    assert folder.exists()
    os.utime(folder, (0, 0))
    KernelServer(forking=False).close()
    assert not folder.exists()


def test_the_folder_of_a_builder_that_lives_is_left_alone():
    with KernelServer(forking=False) as server:
        os.utime(server.place.folder, (0, 0))
        KernelServer(forking=False).close()
        assert server.place.folder.exists()


@forking
def test_a_kernel_ends_with_the_worker_that_asked_for_it(run, server, builder):
    worker, who = builder(server.place)
    assert who["server"] == server.pid
    worker.kill()
    assert soon(lambda: gone(who["kernel"]) and gone(who["child"]))
    assert said(run(PARENT)) == [str(server.pid)]
    shutil.rmtree(who["own"])


def test_a_worker_that_was_told_to_ends_with_its_owner():
    owner = subprocess.Popen(["sleep", "60"])
    code = "import sys, time; from legation.press.warm import end_with; end_with(int(sys.argv[1])); time.sleep(60)"
    worker = subprocess.Popen([sys.executable, "-c", code, str(owner.pid)])
    with pytest.raises(subprocess.TimeoutExpired):
        worker.wait(2)
    owner.kill()
    owner.wait()
    assert worker.wait(10) == 1


@forking
def test_kernels_die_with_a_server_that_was_killed_and_another_serves_the_next(run, caplog):
    with KernelServer() as server:
        place, first = server.place, server.pid
        with Kernel(place) as kernel:
            kernel.client.execute("import time; time.sleep(60)")
            os.kill(first, signal.SIGKILL)
            assert kernel.process.wait(5) == -signal.SIGKILL
            assert soon(lambda: gone(kernel.process.pid))
        assert "cannot be reached" in served_stock(run, caplog, place)
        assert said(run(PARENT, place=server.place)) == [str(server.pid)]
        assert server.pid != first


@forking
def test_a_fork_of_the_builder_ends_no_server(server):
    child = os.fork()
    if child == 0:
        server.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert server.place.folder.exists()
    assert not gone(server.pid)


# --- what to load -------------------------------------------------------------------------------------------------


def test_a_server_loads_what_notebooks_import_but_not_what_lies_beside_them(tmp_path):
    cells = (
        "#!\n%matplotlib inline\nimport os.path, mine",
        "#!\nfrom pandas import io\nfrom . import x",
        "#!\nnot code",
    )
    nbformat.write(notebook("# T", *cells), tmp_path / "one.ipynb")
    nbformat.write(notebook("#!\ndef f():\n    import json"), tmp_path / "two.ipynb")
    (tmp_path / "mine.py").touch()
    found = warm.modules_of([tmp_path / "one.ipynb", tmp_path / "two.ipynb"])
    assert found == ("json", "os.path", "pandas", "pandas.io")


def test_the_provisioner_is_an_entry_point_of_jupyter_client():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"][GROUP] == {kernels.PROVISIONER: CLASS}
