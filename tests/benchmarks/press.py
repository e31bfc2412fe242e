"""How Legation's press compares with the plain pipeline on the same notebooks, in one run.

    python tests/benchmarks/press.py [--rows 1,2,3] [--editions 40] [--theirs 40,6] [--long]

Prints what was measured, Legation's figure, the other's, their ratio, the target. All is done in a copy of the checkout
in a temporary folder. The plain pipeline makes an edition with the commands ``papermill``, ``jupyter nbconvert --to
html`` and headless Chromium's ``--print-to-pdf``. Two notebooks are swept: ``brief``, one page on Viet Nam's trade with
one partner, written by this script, and the shipped ``trade_comparison``. Rows:

1  a sweep, against the plain pipeline, two editions at a time
2  the same against papermill and nbconvert as libraries, in a pool of two processes, and Chromium
3  one report, from nothing, against the plain pipeline's commands one after the other
4  a build of the shipped reports where nothing changed, against the build that made them
5  what a chapter costs besides its cells, against papermill's library with stock kernels
6  a further kernel's own memory, against a stock kernel's
7  an edition of a sweep of 1,000 against one of a sweep of 10, and the builder's memory (only with --long)
8  two Dask workers on this machine against the local ones
9  HTML and PDF of an executed notebook, in a process that has rendered before, against nbconvert's command and Chromium
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import importlib.util
import itertools
import json
import math
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
#: Partners for which Viet Nam's exports and imports of 2000 to 2004 and of 2016 to 2020 are held.
PARTNERS = """CHN USA JPN KOR IND AUS THA SGP MYS IDN PHL KHM LAO MMR HKG TWN DEU FRA GBR ITA
ESP NLD BEL POL SWE CHE TUR RUS UKR CAN MEX BRA ARG CHL ZAF PAK NGA SAU ARE NZL"""
#: How papermill's library is called: as plainly as it can be.
PLAINLY: dict[str, Any] = {"progress_bar": False, "extra_arguments": ["--log-level=CRITICAL"]}
BRIEF = """# How much is traded with one partner?
---
partner: str = "RUS"  # a country's ISO 3166-1 alpha-3 code
first_year: int = 2002
last_year: int = 2018
---
from legation import data
from legation.analysis import trade
from legation.exhibits import Names, say, trade as show
flows = trade.best(data.open("goods_flows", year=(first_year, last_year)), prefer=["imf-dots-2022-05"])
table = trade.bilateral(trade.reporters_view(flows, "VNM", [partner]).query("perspective == 'reported'"))
---
now, then = (table.set_index("year").loc[year] for year in (last_year, first_year))
display(say("Goods for {value:money} were traded in {year}, after {before:money} in {first}.", year=last_year,
            value=now["turnover"], before=then["turnover"], first=first_year))
display(say("Exports to {it} came to {value:money}.", it=Names().the(partner), value=now["exports"]))
display(show.turnover_over_time(table, reporter="VNM", partners=[partner], focus=partner))
show.years_table(table, reporter="VNM", partner=partner)"""
#: The builder, which says at its end how much memory it had.
BUILD = """import atexit, legation.cli, shutil
atexit.register(shutil.copyfile, "/proc/self/status", "peak")
legation.cli.main()"""


@dataclass(frozen=True)
class Work:
    """A notebook, its fixed parameters, and the values that sweeps of it take."""

    name: str
    notebook: str
    fixed: dict[str, Any]
    values: dict[str, list[str | int]]
    theirs: int  # editions that the others make for rows 1 and 2

    def swept(self, copy: Path, editions: int) -> list[dict[str, Any]]:
        """Write the spec of a sweep of so many editions, or a few less; gives the parameters of each."""
        over: dict[str, list[str | int]] = {}
        for name, values in self.values.items():  # of the first parameter as many values as there are
            over[name] = values[: max(1, editions // math.prod(map(len, over.values())))]
        title = " ".join(f"{{{name}}}" for name in over)
        chapter, sweep = {"notebook": self.notebook, "parameters": self.fixed}, {"title": "A benchmark", "over": over}
        spec = {"title": title, "abstract": "An edition.", "chapters": [chapter], "sweep": sweep}
        (copy / f"reports/{self.name}.yml").write_text(json.dumps(spec), encoding="utf-8")
        return [self.fixed | dict(zip(over, values, strict=True)) for values in itertools.product(*over.values())]


@dataclass
class Bench:
    """The copy of the checkout, and what is asked for."""

    copy: Path
    editions: int
    works: list[Work]

    def row(self, what: str, ours: float, theirs: float, unit: str, target: str) -> None:
        """Print a row. A target with ≥ is of how many times less ours is, with ≤ of how many times more; < of ours."""
        sign, _, bound = target.partition(" ")
        ratio, most = ours / theirs if sign == "≤" else theirs / ours, float(bound)
        met = {"≥": ratio >= most, "≤": ratio <= most, "<": ours < most}[sign]
        figures = f"{f'{ours:#.3g} {unit}':>10} {f'{theirs:#.3g} {unit}':>10} {ratio:>#8.3g} {target:>7}"
        print(f"{what:88} {figures}  {'met' if met else 'NOT MET'}", flush=True)

    def build(self, *given: str, fresh: bool = True) -> float:
        """Seconds that ``legation build`` takes; ``fresh``: with no result and no edition left from before."""
        for made in (".legation", "reports/published") if fresh else ():
            shutil.rmtree(self.copy / made, ignore_errors=True)
        return checked([sys.executable, "-c", BUILD, "build", *given], self.copy)


def in_turn(*ways: Callable[[], float]) -> list[float]:
    """Median seconds of three runs of each, taking turns."""
    return [statistics.median(runs) for runs in zip(*([way() for way in ways] for _ in range(3)), strict=True)]


def plain(copy: Path, notebook: str, parameters: dict[str, Any]) -> float:
    """Seconds of an edition by the plain pipeline's commands."""
    out = Path(tempfile.mkdtemp(dir=copy.parent))
    (out / "params.yml").write_text(json.dumps(parameters), encoding="utf-8")
    source = f"{copy}/notebooks/{notebook}.ipynb"
    execute = [sys.executable, "-m", "papermill", source, "executed.ipynb", "-f", "params.yml"]
    convert = [sys.executable, "-m", "nbconvert", "--to", "html", "executed.ipynb"]
    return checked([*execute, "--cwd", f"{copy}/notebooks"], out) + checked(convert, out) + printed(out)


def stock(copy: Path, notebook: str, parameters: dict[str, Any]) -> float:
    """The same with papermill and nbconvert as libraries, in a process that may have loaded them already."""
    began = time.perf_counter()
    import papermill
    from nbconvert import HTMLExporter

    out = Path(tempfile.mkdtemp(dir=copy.parent))
    source, folder = f"{copy}/notebooks/{notebook}.ipynb", f"{copy}/notebooks"
    papermill.execute_notebook(source, str(out / "executed.ipynb"), parameters, cwd=folder, **PLAINLY)
    page, _ = HTMLExporter().from_filename(str(out / "executed.ipynb"))
    (out / "executed.html").write_text(page, encoding="utf-8")
    printed(out)
    return time.perf_counter() - began


def printed(out: Path) -> float:
    """Seconds of making the page's PDF, if there is a browser. It finds no network, and so waits for none."""
    command = ["--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    command += [f"--user-data-dir={out}/profile", "--no-pdf-header-footer", "--print-to-pdf=page.pdf"]
    return checked([CHROMIUM, *command, (out / "executed.html").as_uri()], out) if CHROMIUM else 0.0


def checked(command: list[str], folder: Path) -> float:
    """Seconds that a command took."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - began


def sweeps(bench: Bench, wanted: set[int]) -> None:
    """Rows 1 and 2: ours before, between and after theirs."""
    for work in bench.works:
        points = work.swept(bench.copy, bench.editions)
        chosen = points[:: max(1, len(points) // work.theirs)][: work.theirs]
        ours, rows = [bench.build(work.name)], []
        for number, way, whose, target in ((1, plain, "two pipelines", "≥ 15"), (2, stock, "pool of two", "≥ 4")):
            if number in wanted:
                seconds = two_at_a_time(bench, way, work.notebook, chosen) / len(chosen)
                ours.append(bench.build(work.name))
                what = f"{number} {work.name}: one of {len(points)} editions (median); {whose}, {len(chosen)} (once)"
                rows.append((what, seconds, target))
        for what, seconds, target in rows:
            bench.row(what, statistics.median(ours) / len(points), seconds, "s", target)


def two_at_a_time(bench: Bench, way: Callable[..., float], notebook: str, points: list[dict[str, Any]]) -> float:
    """Seconds for these editions: commands from two threads, libraries in two new processes."""
    began = time.perf_counter()
    fresh = partial(ProcessPoolExecutor, mp_context=multiprocessing.get_context("spawn"))
    with (ThreadPoolExecutor if way is plain else fresh)(2) as pool:
        list(pool.map(partial(way, bench.copy, notebook), points))
    return time.perf_counter() - began


def single(bench: Bench) -> None:
    """Row 3."""
    for work in bench.works:
        (parameters,) = work.swept(bench.copy, 1)
        seconds = in_turn(partial(bench.build, work.name), partial(plain, bench.copy, work.notebook, parameters))
        bench.row(f"3 {work.name}: one edition from nothing; three commands (medians of 3)", *seconds, "s", "≥ 4")


def unchanged(bench: Bench) -> None:
    """Row 4: one full build, five that have nothing to do."""
    full = bench.build()
    nothing = statistics.median(bench.build(fresh=False) for _ in range(5))
    bench.row("4 nothing to do (median of 5); full build of the shipped reports (once)", nothing, full, "s", "≥ 100")


def overhead(bench: Bench) -> None:
    """Row 5: chapters one after the other in this process, in turn with papermill's library and a stock kernel."""
    from legation.press import plan, run, spec, warm

    seen: list[Any] = []
    execute, notebooks = run.papermill.execute_notebook, bench.copy / "notebooks"
    run.papermill.execute_notebook = lambda *given, **options: seen.append(execute(*given, **options)) or seen[-1]
    with warm.KernelServer(warm.modules_of(sorted(notebooks.glob("*.ipynb")))) as server:
        for work in bench.works:
            work.swept(bench.copy, 4)
            ours, theirs = [], []
            for edition in spec.editions(spec.load(bench.copy / f"reports/{work.name}.yml")):
                chapter = plan.plan(edition, notebooks).chapters[0]
                seconds = run.run(chapter, server.place).seconds or 0
                ours.append(seconds - in_cells(seen[-1]))
                began = time.perf_counter()
                plainly = execute(chapter.notebook, None, chapter.parameters, cwd=str(notebooks), **PLAINLY)
                theirs.append(time.perf_counter() - began - in_cells(plainly))
            what = f"5 {work.name}: a chapter besides its cells, warm; papermill's library (medians of 3)"
            bench.row(what, statistics.median(ours[1:]), statistics.median(theirs[1:]), "s", "< 0.25")
    run.papermill.execute_notebook = execute


def in_cells(notebook: Any) -> float:
    """Seconds that the kernel itself says its cells took."""
    stamps = [cell.metadata["execution"] for cell in notebook.cells if cell.metadata.get("execution")]
    at = [
        [datetime.fromisoformat(each[end]) for end in ("iopub.status.busy", "shell.execute_reply")] for each in stamps
    ]
    return sum((end - start).total_seconds() for start, end in at)


def memory(bench: Bench) -> None:
    """Row 6: four kernels at once, idle after their imports, of each kind."""
    from legation.press import kernels, warm

    found = []
    modules = warm.modules_of(sorted((bench.copy / "notebooks").glob("*.ipynb")))
    for forking in (True, False):
        with warm.KernelServer(modules, forking=forking) as server, contextlib.ExitStack() as alive:
            rollups = []
            for _ in range(4):
                book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import pandas, matplotlib.pyplot")])
                options = kernels.options(server.place, Path(tempfile.mkdtemp(dir=server.place.folder)))
                client = NotebookClient(book, kernel_name="python3", **options)
                alive.enter_context(client.setup_kernel(stderr=subprocess.DEVNULL))
                client.execute_cell(book.cells[0], 0)
                rollups.append(Path(f"/proc/{client.km.provisioner.pid}/smaps_rollup"))
            private = re.findall(r"Private_\w+:\s+(\d+) kB", "".join(file.read_text("ascii") for file in rollups))
            found.append(sum(map(int, private)) / 1024 / len(rollups))
    bench.row("6 a further kernel's own memory; a stock kernel's (means of 4)", *found, "MB", "< 60")


def growth(bench: Bench) -> None:
    """Row 7: sweeps of 1 and 10 editions three times in turn, one of 1,000 once."""
    work = bench.works[0]
    peaks = {}

    def sweep(count: int) -> float:
        work.swept(bench.copy, count)
        seconds = bench.build(work.name)
        peaks[count] = int(re.findall(r"VmHWM:\s+(\d+)", (bench.copy / "peak").read_text("ascii"))[0]) / 1024  # MB
        return seconds

    one, ten, thousand = *in_turn(partial(sweep, 1), partial(sweep, 10)), sweep(1000)
    each = (thousand - one) / 999, (ten - one) / 9
    bench.row("7 brief: each further edition of 1,000 (once); of 10 (medians of 3)", *each, "s", "≤ 1.15")
    bench.row("7 brief: the same with the start", thousand / 1000, ten / 10, "s", "≤ 1.15")
    bench.row("7 brief: the builder's memory at most, of 1,000; of 10", peaks[1000], peaks[10], "MB", "≤ 1.15")


def farm(bench: Bench) -> None:
    """Row 8: three times in turn, on a cluster that has built once before the clock starts, as a farm would have."""
    missing = [name for name in ("distributed", "legation.press.farm") if not importlib.util.find_spec(name)]
    if missing:
        print(f"8 skipped: there is no {' and no '.join(missing)}")
        return
    from distributed import LocalCluster

    work = bench.works[0]
    count = len(work.swept(bench.copy, bench.editions))
    local = {"host": "127.0.0.1", "dashboard_address": None, "processes": True}
    with LocalCluster(n_workers=2, threads_per_worker=1, **local) as cluster:
        by_dask = partial(bench.build, work.name, "--scheduler", cluster.scheduler_address)
        by_dask()
        seconds = in_turn(by_dask, partial(bench.build, work.name, "--jobs", "2"))
    bench.row(f"8 brief: {count} editions by two Dask workers; two local (medians of 3)", *seconds, "s", "≤ 1.15")


def rendering(bench: Bench) -> None:
    """Row 9: the page and the PDF, from a notebook that ran."""
    from legation.press import edition, html, pdf, plan, reader, run, spec, warm

    work = bench.works[1]
    work.swept(bench.copy, 1)
    notebooks, out = bench.copy / "notebooks", Path(tempfile.mkdtemp(dir=bench.copy.parent))
    (planned,) = (
        plan.plan(each, notebooks) for each in spec.editions(spec.load(bench.copy / f"reports/{work.name}.yml"))
    )
    with warm.KernelServer(warm.modules_of([planned.chapters[0].notebook])) as server:
        done = run.run(planned.chapters[0], server.place)
    (out / "executed.ipynb").write_text(json.dumps(done.notebook), encoding="utf-8")

    asked: list[Any] = []
    read = reader.read
    reader.read = lambda *given, **options: asked.append((given, options)) or read(*given, **options)
    files = edition.edition(planned, [done], bibliography=bench.copy / "data/references.bib")  # loads what it needs
    reader.read = read
    ((given, options),) = asked

    def ours() -> float:
        began = time.perf_counter()
        document = read(*given, **options)
        html.page(document)
        pdf.page(document)
        return time.perf_counter() - began

    def theirs() -> float:
        return checked([sys.executable, "-m", "nbconvert", "--to", "html", "executed.ipynb"], out) + printed(out)

    seconds = in_turn(ours, theirs)
    count = len(json.loads(files["manifest.json"])["exhibits"])
    what = f"9 {work.name}: {count} exhibits to HTML and PDF, warm; two commands (medians of 3)"
    bench.row(what, *seconds, "s", "≥ 10")
    bench.row(what, *seconds, "s", "< 0.5")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", default="1,2,3,4,5,6,7,8,9", help="which rows, such as 1,3")
    parser.add_argument("--editions", type=int, default=40, help="editions of a sweep in rows 1, 2 and 8")
    parser.add_argument("--theirs", default="40,6", help="how many of them the others make: of brief, trade_comparison")
    parser.add_argument("--long", action="store_true", help="also row 7, with a sweep of 1,000 editions")
    given = parser.parse_args()
    rows = {int(row) for row in given.rows.split(",")} - (set() if given.long else {7})
    with tempfile.TemporaryDirectory(prefix="legation-bench-") as folder:
        bench = prepared(Path(folder) / "copy", given)
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
        printing = f"and PDF by {CHROMIUM}" if CHROMIUM else "alone: no Chromium was found for the PDF"
        print(f"{os.cpu_count()} cores, {size:.0f} GB, Python {sys.version.split()[0]}")
        print(f"papermill {version('papermill')}, nbconvert {version('nbconvert')}, ipykernel {version('ipykernel')}")
        print(f"Command: python {' '.join(sys.argv)}\nLoad at the start: {os.getloadavg()}")
        print(f"Legation makes HTML and PDF; pipelines and pool an executed notebook, HTML {printing}.\n")
        print(f"{'what: Legation; the other':88} {'Legation':>10} {'the other':>10} {'ratio':>8} {'target':>7}")
        if rows & {1, 2}:
            sweeps(bench, rows)
        for number, measure in {
            3: single,
            4: unchanged,
            5: overhead,
            6: memory,
            7: growth,
            8: farm,
            9: rendering,
        }.items():
            if number in rows:
                measure(bench)
    print(f"Load at the end: {os.getloadavg()}")
    return 0


def prepared(copy: Path, given: argparse.Namespace) -> Bench:
    """A copy of what the checkout holds, with the notebook of this benchmark; every process started takes its code."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\0")[:-1]:
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    compileall.compile_dir(copy / "src", quiet=1)  # or each process would, where Python may not keep what it compiled
    sys.path.insert(0, str(copy / "src"))
    os.environ["PYTHONPATH"] = str(copy / "src")
    os.chdir(copy)
    from legation.press import spec

    title, *code = BRIEF.split("\n---\n")
    cells = [nbformat.v4.new_markdown_cell(title), *map(nbformat.v4.new_code_cell, code)]
    cells[1].metadata["tags"] = ["parameters"]
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=python), copy / "notebooks/brief.ipynb")
    fixed = dict(spec.load(copy / "reports/vietnam-trade.yml").chapters[0].parameters)
    foci = {"focus": fixed["partners"][:8], "last_year": [2024, 2023, 2022, 2021, 2020]}
    del fixed["focus"], fixed["last_year"]
    spans = {"partner": PARTNERS.split(), "first_year": [*range(2000, 2005)], "last_year": [*range(2016, 2021)]}
    few, fewer = map(int, given.theirs.split(","))
    works = [Work("brief", "brief", {}, spans, few), Work("comparison", "trade_comparison", fixed, foci, fewer)]
    return Bench(copy, given.editions, works)


if __name__ == "__main__":
    sys.exit(main())
