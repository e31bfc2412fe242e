"""How long after a save the page shows it: ``legation watch``, warm, seen in Chromium.

    python tests/benchmarks/watching.py [--reports vietnam-trade,putin-asia-2024] [--saves 7] [--browser chromium]

Works in a copy of the checkout in a temporary folder. For each report a cell of prose, then a cell of code that draws,
of the report's first chapter is saved again and again, each time with another word; the time runs from the moment
before the file is written to the moment when the page in the browser holds the word. Beside it stands ``legation
build`` of such saves, as one would type it after each. Prints median, slowest, build, build over median, and the
target: 2 s for prose, 4 s for a chart.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT / "tests")  # in the place of this folder, whose press.py would be found instead
TARGETS = {"prose": 2.0, "chart": 4.0}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--reports", default="vietnam-trade,putin-asia-2024")
    options.add_argument("--saves", type=int, default=7)
    options.add_argument("--browser", default="chromium")
    given = options.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; seconds from save to page, {given.saves} saves each")
    print(f"{'':32}{'median':>8}{'slowest':>9}{'build':>8}{'ratio':>7}  target")
    for report in given.reports.split(","):
        with tempfile.TemporaryDirectory() as folder:
            _measure(_copy(Path(folder)), report, given.saves, given.browser)


def _copy(folder: Path) -> Path:
    left = shutil.ignore_patterns("cache", "published", "__pycache__", ".ipynb_checkpoints", ".legation")
    for name in ("data", "notebooks", "reports", "src"):
        shutil.copytree(ROOT / name, folder / name, ignore=left)
    return folder


def _measure(checkout: Path, report: str, saves: int, browser: str) -> None:
    from playwright.sync_api import sync_playwright
    from press.watched import Watched

    env = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    kinds = {"prose": _prose(checkout, report), "chart": _chart(checkout, report)}
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    built: dict[str, list[float]] = {kind: [] for kind in kinds}
    with sync_playwright() as playwright, Watched(checkout, report, env) as watched:
        page = playwright.chromium.launch(
            executable_path=shutil.which(browser), args=["--no-sandbox", "--disable-gpu"]
        ).new_page()
        page.goto(watched.url)
        for kind, save in kinds.items():
            for each in range(-1, saves):  # the first warms up
                word = f"{kind}{each + 2}x"
                began = time.monotonic()
                save(word)
                page.wait_for_function(
                    "word => document.querySelector('main')?.textContent.includes(word)", arg=word, timeout=60_000
                )
                if each >= 0:
                    found[kind].append(time.monotonic() - began)
                watched.until(lambda: not watched.states[-1]["building"])
    for kind, save in kinds.items():
        for each in range(2):
            save(f"{kind}{each + 900}x")
            began = time.monotonic()
            command = [sys.executable, "-m", "legation.cli", "build", report]
            subprocess.run(command, cwd=checkout, env=env, capture_output=True, check=True)
            built[kind].append(time.monotonic() - began)
    for kind, seconds in found.items():
        middle, plain = statistics.median(seconds), min(built[kind])
        row = f"{middle:8.2f}{max(seconds):9.2f}{plain:8.2f}{plain / middle:7.1f}"
        print(f"{report + ', ' + kind:32}{row}  {TARGETS[kind]:.0f} s", flush=True)


def _first(checkout: Path, report: str) -> Path:
    from legation.press import spec as specs

    return checkout / "notebooks" / f"{specs.load(checkout / 'reports' / f'{report}.yml').chapters[0].notebook}.ipynb"


def _prose(checkout: Path, report: str) -> Callable[[str], None]:
    """Puts a word behind the last paragraph of the first chapter's first cell."""
    file = _first(checkout, report)
    notebook = nbformat.read(file, as_version=4)
    text = notebook.cells[0].source

    def save(word: str) -> None:
        notebook.cells[0].source = f"{text}\n\nOf {word}."
        nbformat.write(notebook, file)

    return save


def _chart(checkout: Path, report: str) -> Callable[[str], None]:
    """Gives the first cell of the first chapter that draws an exhibit a sentence more to show."""
    file = _first(checkout, report)
    notebook = nbformat.read(file, as_version=4)
    cell: Any = next(each for each in notebook.cells if each.cell_type == "code" and "show." in each.source)
    text = cell.source

    def save(word: str) -> None:
        cell.source = f"{text}\ndisplay(say('Of {word}.'))"
        nbformat.write(notebook, file)

    return save


if __name__ == "__main__":
    main()
