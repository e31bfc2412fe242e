"""Chapters are resolved without running anything: notebooks exist, parameters fit their annotations."""

import nbformat
import pytest
from helpers import notebook

from legation.errors import InputError
from legation.press import plan, spec

PARAMETERS = """\
# parameters
reporter: str = "VNM"  # the country
partners: list[str] = ["CHN"]  # its partners
last_year: int = 2023  # last year shown
focus: str | None = None  # partner set off
prices: Literal["current", "constant"] = "current"  # price basis
"""


@pytest.fixture
def folder(checkout):
    nbformat.write(notebook("# Trade", PARAMETERS), checkout / "notebooks" / "trade.ipynb")
    return checkout


def planned(folder, parameters="{}", book="trade"):
    file = folder / "reports" / "r.yml"
    file.write_text(f"title: T\nabstract: A\nchapters:\n  - notebook: {book}\n    parameters: {parameters}\n")
    return plan.plan(spec.load(file), folder / "notebooks")


def test_the_parameters_cell_gives_names_types_defaults_and_meanings(folder):
    known = plan.parameters(folder / "notebooks" / "trade.ipynb")
    assert list(known) == ["reporter", "partners", "last_year", "focus", "prices"]
    assert known["partners"].type == list[str]
    assert known["last_year"].default == 2023
    assert known["reporter"].meaning == "the country"


def test_parameters_that_fit_are_passed_on(folder):
    chapter = planned(folder, "{reporter: PRK, partners: [CHN, RUS], focus: null, prices: constant}").chapters[0]
    assert chapter.parameters == {"reporter": "PRK", "partners": ["CHN", "RUS"], "focus": None, "prices": "constant"}


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ("{partner: [CHN]}", r"line 5: trade\.ipynb takes no parameter 'partner' \(did you mean 'partners'\?\)"),
        (
            "{last_year: '2023'}",
            r"parameter 'last_year' of trade\.ipynb: .*integer, but '2023'.*It takes last year shown",
        ),
        ("{last_year: true}", r"parameter 'last_year' of trade\.ipynb: .*integer, but True"),
        ("{partners: CHN}", r"parameter 'partners' of trade\.ipynb: .*list"),
        ("{partners: [CHN, 5]}", r"parameter 'partners'\[1\] of trade\.ipynb: .*string, but 5"),
        ("{prices: real}", r"parameter 'prices'.*'current' or 'constant'"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named_with_line_and_remedy(folder, parameters, sentence):
    with pytest.raises(InputError, match=sentence):
        planned(folder, parameters)


def named(folder, *names):
    chapters = "".join(f"  - {{notebook: trade{f', name: {name}' if name else ''}}}\n" for name in names)
    file = folder / "reports" / "r.yml"
    file.write_text(f"title: T\nabstract: A\nchapters:\n{chapters}")
    return [chapter.name for chapter in plan.plan(spec.load(file), folder / "notebooks").chapters]


def test_a_chapter_is_named_after_its_notebook_unless_the_spec_names_it(folder):
    assert named(folder, None, "russia", None) == ["trade", "russia", "trade-2"]
    assert named(folder, None, "trade") == ["trade-2", "trade"]


def test_two_chapters_of_one_name_are_refused_with_line(folder):
    with pytest.raises(InputError, match=r"r\.yml, line 6: the name 'x' is that of chapter 1 already"):
        named(folder, "x", None, "x")


@pytest.mark.parametrize("book", ["trad", "../trade", "/etc/passwd", "sub/trade"])
def test_a_notebook_that_is_not_in_the_folder_is_refused(folder, book):
    with pytest.raises(InputError, match=r"r\.yml, line 4: there is no notebook"):
        planned(folder, book=book)


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("# parameters\nreporter = 'VNM'", r"parameters cell, line 2: write a parameter as"),
        ("# parameters\nimport os", r"parameters cell, line 2: write a parameter as"),
        ("# parameters\nyear: int = 2000 + len('x')", r"parameters cell, line 2: "),
        ("# parameters\nyear: Path = 1", r"the type `Path` is not one a parameter can have"),
        ("# parameters\nyear: int =", r"parameters cell, line 2: invalid syntax"),
    ],
)
def test_a_parameters_cell_that_cannot_be_read_is_named_with_its_line(folder, cell, sentence):
    nbformat.write(notebook("# Trade", cell), folder / "notebooks" / "trade.ipynb")
    with pytest.raises(InputError, match=sentence):
        planned(folder, "{year: 1}")


def test_a_file_that_is_no_notebook_is_named(folder):
    (folder / "notebooks" / "trade.ipynb").write_text("not json")
    with pytest.raises(InputError, match=r"notebooks/trade\.ipynb: this is not a notebook"):
        planned(folder)
