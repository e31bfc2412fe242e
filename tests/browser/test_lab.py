"""JupyterLab as an analyst uses it: open a notebook, change a parameter, run all, export, read what came out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pypdfium2
import pytest
from helpers import ROOT

from legation.exhibits import Exhibit, style

WORDS = "Exports plus imports of goods by partner, USD bn, current prices, 2000–2019"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of what a notebook needs."""
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "data", checkout / "data", ignore=shutil.ignore_patterns("cache"))
    shutil.copytree(ROOT / "notebooks", checkout / "notebooks", ignore=shutil.ignore_patterns(".*"))
    return checkout


@pytest.fixture(scope="module")
def address(browser: Any, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """The addresses of a server that ``legation lab`` started, of one whose own kernel called python3 is broken."""
    at_home = tmp_path_factory.mktemp("home")
    theirs = at_home / ".local" / "share" / "jupyter" / "kernels" / "python3"
    theirs.mkdir(parents=True)
    (theirs / "kernel.json").write_text(json.dumps({"argv": ["false"], "display_name": "Mine", "language": "python"}))
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "LEGATION", "XDG"))}
    environment = kept | {"HOME": str(at_home), "JUPYTER_TOKEN": "only-for-this-test"}
    command = [sys.executable, "-m", "legation.cli", "lab", "--no-browser", "--allow-root", "--ServerApp.port=0"]
    command += ["--ServerApp.ip=127.0.0.1", "--LabApp.expose_app_in_browser=True"]
    log = at_home / "server.log"
    with log.open("w") as told:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=told, stderr=told)
    port = None
    while port is None and server.poll() is None:
        time.sleep(0.1)
        port = re.search(r"http://127\.0\.0\.1:(\d+)/", log.read_text())
    assert port, log.read_text()
    yield lambda place: f"http://127.0.0.1:{port[1]}{place}?reset&token=only-for-this-test"
    server.terminate()
    server.wait(30)


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1300, "height": 1000}, accept_downloads=True)
    yield context.new_page()
    context.close()


def opened(page: Any, address: Callable[[str], str], notebook: str) -> None:
    page.goto(address(f"/lab/tree/{notebook}"))
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()


def choose(page: Any, form: str) -> None:
    """File → Save and Export Notebook As → FORM."""
    page.locator(".lm-MenuBar-item", has_text="File").click()
    page.locator(".lm-Menu-item", has_text="Save and Export Notebook As").hover()
    page.locator(".lm-Menu-item", has_text=form).click()


def received(page: Any, form: str, file: Path) -> Path:
    """The file that an export gives. Its tab would close as it comes, and the news with it: so it comes to this one."""
    to_here = "window.open = href => Object.assign(document.createElement('a'), {href, download: ''}).click()"
    page.evaluate(f"() => {{ {to_here} }}")
    with page.expect_download() as download:
        choose(page, form)
    download.value.save_as(file)
    return file


def written(folder: Path, name: str, *cells: nbformat.NotebookNode) -> str:
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, folder / "notebooks" / name)
    return name


def test_a_parameter_is_changed_all_is_run_and_the_pdf_says_so(
    page: Any, address: Callable[[str], str], folder: Path, tmp_path: Path
) -> None:
    opened(page, address, "trade_comparison.ipynb")
    assert page.evaluate("Object.keys(jupyterapp.serviceManager.kernelspecs.specs.kernelspecs)") == ["python3"]
    year = page.locator(".cm-line", has_text="last_year: ").locator("span", has_text="2024")
    year.dblclick()
    page.keyboard.type("2019")
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")  # until the last has run
    made = pypdfium2.PdfDocument(received(page, "Legation_pdf", tmp_path / "made.pdf"))
    said = " ".join(sheet.get_textpage().get_text_range() for sheet in made)
    assert WORDS in " ".join(said.split())
    saved = nbformat.read(folder / "notebooks" / "trade_comparison.ipynb", as_version=4)
    assert not [output for cell in saved.cells for output in cell.get("outputs", []) if output.output_type == "error"]


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_chart_of_a_notebook_that_is_not_trusted_is_a_picture_without_loose_texts(
    page: Any, address: Callable[[str], str], folder: Path, theme: str
) -> None:
    def words(canvas: style.Canvas) -> None:
        canvas.text(20, 20, "Viet Nam 5")

    chart = Exhibit.chart(
        words,
        name="turnover",
        title="Trade with Viet Nam grew in 2021",
        subtitle="Exports plus imports, USD bn, 2021",
        alt="A single label.",
        source="Source: none.",
        sources=[],
        data=pd.DataFrame({"partner": ["Viet Nam"]}),
    )
    shown = nbformat.v4.new_output("display_data", chart._repr_mimebundle_())
    opened(page, address, written(folder, "theirs.ipynb", nbformat.v4.new_code_cell("c", outputs=[shown])))
    page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})")
    figure = page.locator("figure", has_text=chart.title)
    picture = figure.locator("img")
    picture.wait_for(state="visible")
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") > 400
    assert picture.get_attribute("alt") == chart.alt
    assert figure.locator("svg").count() == 0, "JupyterLab has cleaned it"
    assert "Viet Nam 5" not in figure.inner_text()
    page.evaluate("jupyterapp.shell.currentWidget.content.widgets[0].model.trusted = true")
    figure.locator("svg").wait_for(state="visible")
    assert not picture.is_visible()


@pytest.mark.parametrize(
    ("form", "name", "cell", "sentence"),
    [
        (
            "Legation_pdf",
            "never_run.ipynb",
            nbformat.v4.new_code_cell("1 + 1"),
            "holds no results: none of its 1 code cells has been run.",
        ),
        (
            "Legation_html",
            "no_words.ipynb",
            nbformat.v4.new_code_cell(
                "picture",
                execution_count=1,
                outputs=[
                    nbformat.v4.new_output(
                        "display_data", {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>"}
                    )
                ],
            ),
            "cell 1: this picture has no alternative text.",
        ),
    ],
)
def test_what_cannot_be_exported_is_answered_with_a_sentence(
    page: Any, address: Callable[[str], str], folder: Path, form: str, name: str, cell: Any, sentence: str
) -> None:
    opened(page, address, written(folder, name, cell))
    with page.context.expect_page() as opens:
        choose(page, form)
    tab = opens.value
    tab.get_by_role("heading", name=f"{name} was not exported").wait_for()
    assert sentence in tab.locator("body").inner_text()


def test_a_notebook_that_is_no_report_and_ends_in_an_error_is_exported_with_it(
    page: Any, address: Callable[[str], str], folder: Path, tmp_path: Path
) -> None:
    failed = nbformat.v4.new_output("error", ename="NameError", evalue="name 'trade' is not defined", traceback=[])
    cell = nbformat.v4.new_code_cell("trade", execution_count=1, outputs=[failed])
    opened(page, address, written(folder, "failed.ipynb", cell))
    made = received(page, "Legation_html", tmp_path / "made.html").read_text()
    assert "NameError: name 'trade' is not defined" in unescape(made)
