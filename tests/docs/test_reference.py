"""The reference has every command, every key, every parameter and every exhibit, with a picture where there is one."""

import re

import nbformat
import pytest
from helpers import EXHIBIT, ROOT
from ruamel.yaml import YAML

from legation import reference
from legation.analysis.claims import MEASURES
from legation.cli import main
from legation.press import warm
from legation.press.plan import Chapter, parameters
from legation.press.run import run

#: Exhibits that the gallery does not draw: tables of the words themselves, one that is part of another, and those that
#: take two documents, or sums.
WITHOUT_PICTURE = {
    *("arms_by_year", "provisions_table", "dissent_table", "redline_table", "changes_table"),
    *("arithmetic_table", "pairs_table"),
}


@pytest.fixture(scope="module")
def exhibits():
    file = ROOT / "docs" / "reference" / "exhibits.ipynb"
    done = run(Chapter(file, {}, None, 0), warm.shared(warm.modules_of([file])).place)
    cells = nbformat.from_dict(done.notebook).cells
    return [output.data for cell in cells if cell.cell_type == "code" for output in cell.outputs]


def test_every_command_is_in_it_with_every_option():
    text = reference.commands(main)
    for typed, command in reference.all_commands(main):
        section = text.partition(f"## {typed}\n")[2].partition("\n## ")[0]
        assert section, typed
        for option in command.params:
            assert option.param_type_name == "argument" or option.opts[0] in section, (typed, option.opts)


def test_every_command_comes_with_an_example_that_its_own_options_fit():
    every = dict(reference.all_commands(main))
    for typed, command in every.items():
        examples = [
            line.split("  ")[0]
            for block in re.findall(r"(?ms)^\x08\n(.+?)(?:\n\n|\Z)", re.sub(r"(?m)^ +", "", command.help or ""))
            for line in block.splitlines()
        ]
        assert any(typed in line for line in examples), typed
        for line in (line for line in examples if line.startswith("legation")):
            named = max((each for each in every if line.startswith(each)), key=len)
            known = {option for made in every[named].params for option in (*made.opts, *made.secondary_opts)}
            given = set(re.findall(r"--[a-z-]+", line))
            assert given <= known or every[named].context_settings.get("ignore_unknown_options"), line


def test_every_key_of_every_file_is_in_it():
    text = reference.keys()
    for file in reference.FILES:
        section = text.partition(f"## {file}\n")[2].partition("\n## ")[0]
        for model in reference.models_of(file):
            for key in model.model_fields:
                assert f"- `{key}` (" in section, (file, model, key)


@pytest.mark.parametrize("file", reference.FILES)
def test_every_key_says_what_it_takes(file):
    silent = {
        f"{model.__name__}.{key}"
        for model in reference.models_of(file)
        for key, words in reference.described(model).items()
        if not words
    }
    assert silent == set()


def test_every_parameter_of_every_notebook_is_in_it():
    text = reference.notebooks(ROOT / "notebooks")
    for file in (ROOT / "notebooks").glob("*.ipynb"):
        section = text.partition(f"## {file.stem}\n")[2].partition("\n## ")[0]
        for name in parameters(file):
            assert f"- `{name}` (" in section, (file, name)


def test_every_measure_is_in_it_with_its_parameters_and_a_claim_that_it_tests():
    told = reference.measures(ROOT / "data" / "claims")
    sections = dict(part.split("\n", 1) for part in f"\n{told}".split("\n## ")[1:])
    assert list(sections) == list(MEASURES)
    for name, section in sections.items():
        for parameter in MEASURES[name].parameters:
            assert f"- `{parameter}` (" in section, name
        example = section.partition("```yaml\n")[2].partition("```")[0]
        if example:
            claim = YAML(typ="safe").load(example)
            assert list(claim) == ["says", "asserts", "test"]
            assert claim["test"]["measure"] == name
        else:
            assert "No document uses it yet." in section
    assert "`since` (day, may be left out)" in sections["visits"]
    assert "the unit is `percent`" in sections["trade_share"]


def test_every_exhibit_is_in_it_with_signature_and_summary(exhibits):
    words = [data["text/markdown"] for data in exhibits if "text/markdown" in data]
    functions = [(name, each) for name in reference.EXHIBITS for each in reference.exhibit_functions(name)]
    assert len(functions) > 40
    for module, function in functions:
        (said,) = [text for text in words if text.startswith(f"### {function}\n") and f"{module}.{function}(" in text]
        assert said.rpartition("```")[2].strip().endswith("."), function


def test_an_exhibit_is_followed_by_its_picture_from_the_gallery(exhibits):
    without = set()
    for data, behind in zip(exhibits, [*exhibits[1:], {}], strict=True):
        if "text/markdown" in data and EXHIBIT not in behind:
            without.add(re.match(r"### (\w+)", data["text/markdown"])[1])
    assert without == WITHOUT_PICTURE


def test_words_are_shown_as_they_are_written():
    assert reference._plain("REPORT@TIME is `a_b` and [x] *y*") == r"REPORT\@TIME is `a_b` and \[x\] \*y\*"
    assert reference._plain("as --as-of takes it; <!-- no --> --") == r"as `--as-of` takes it; \<!\-\- no \-\-\> \-\-"
