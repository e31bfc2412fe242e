"""The trade notebook works for any reporter with rows. What form notebooks keep is for `legation check`."""

import re
import subprocess
import sys

import nbformat
import pytest
from helpers import EXHIBIT, ROOT

from legation import starting
from legation.press import warm
from legation.press.plan import Chapter
from legation.press.run import ChapterError, run

TRADE = ROOT / "notebooks" / "trade_comparison.ipynb"


def run_trade(file=TRADE, **parameters):
    server = warm.shared(warm.modules_of([TRADE]))
    return nbformat.from_dict(run(Chapter(file, parameters, None, 0), server.place).notebook)


def exhibits(notebook):
    outputs = (output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)
    return [output.data[EXHIBIT] for output in outputs if EXHIBIT in output.get("data", {})]


def test_the_plain_papermill_command_runs_it(tmp_path):
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(TRADE),
        str(tmp_path / "out.ipynb"),
        "--cwd",
        str(ROOT / "notebooks"),
    ]
    done = subprocess.run([*command, "-p", "last_year", "2020"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(exhibits(nbformat.read(tmp_path / "out.ipynb", as_version=4))) >= 11


@pytest.mark.parametrize(
    "parameters",
    [
        {"reporter": "USA", "partners": ["VNM", "PRK"], "focus": "VNM", "year": 2020},
        {"reporter": "JPN", "partners": ["VNM"], "focus": "VNM", "last_year": 2019},
        {"reporter": "THA", "partners": ["VNM"], "focus": "VNM"},
        {"reporter": "VNM", "partners": ["RUS", "CHN"], "first_year": 2019, "last_year": 2020},
        {"currency": "EUR", "events": ["vnm-wto"]},
        {"prices_of": 2015, "partners": ["RUS", "CHN", "LAO"], "focus": "LAO"},
    ],
    ids=lambda parameters: "-".join(str(value) for value in parameters.values())[:40],
)
def test_it_works_for_any_reporter_with_rows(parameters):
    notebook = run_trade(**parameters)
    assert len(exhibits(notebook)) >= 9
    said = " ".join(
        output.data["text/markdown"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "text/markdown" in output.get("data", {})
    )
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b|<NA>", said)


@pytest.mark.parametrize("reporter", ["VNM", "THA", "PRK"])
def test_a_new_notebook_runs_as_it_is_written(checkout, reporter):
    file = starting.write_notebook(checkout, "mine", title="Mine", question="Who trades?", origin=starting.STARTER)
    partners = {"VNM": ["RUS", "CHN"], "THA": ["VNM"], "PRK": ["CHN"]}[reporter]
    notebook = run_trade(file, reporter=reporter, partners=partners)
    assert len(exhibits(notebook)) == 2
    mirrored = "mirror data" in str(notebook.cells[4].outputs)
    assert mirrored == (reporter == "PRK")


def test_amounts_in_another_currency_or_in_constant_prices_say_so_in_every_exhibit_of_money():
    for parameters, unit in (({"currency": "EUR"}, "EUR"), ({"prices_of": 2015}, "constant 2015")):
        shown = {exhibit["name"].split("-vnm")[0]: exhibit["subtitle"] for exhibit in exhibits(run_trade(**parameters))}
        for name in ("turnover-by-partner", "turnover-over-time", "balance-by-partner"):
            assert unit in shown[name], shown[name]


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"reporter": "VNN"}, r"'VNN' is no country .*The nearest is VNM"),
        ({"partners": ["CHN", "Rusia"]}, r"'Rusia' is no country"),
        ({"partners": ["CHN", "ATA"]}, r"'ATA' is no country|No figure of the trade of 'ATA' with VNM"),
        ({"partners": ["CHN", "PRK"], "reporter": "LAO", "focus": "CHN"}, r"No figure of the trade of 'CHN' with LAO"),
        ({"first_year": 2020, "last_year": 2010}, r"2020 to 2010.*backwards"),
        ({"currency": "CHF"}, r"CHF"),
        ({"prices_of": 1950}, r"1950"),
        ({"events": ["vnm-wtoo"]}, r"vnm-wtoo"),
        ({"prefer": ["imf"]}, r"imf"),
        ({"year": 1985}, r"1985"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_it_cannot_use_is_refused_in_one_sentence(parameters, sentence):
    with pytest.raises(ChapterError, match=sentence) as refused:
        run_trade(**parameters)
    assert refused.value.is_input, refused.value.traceback
    assert "\n" not in refused.value.message
