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


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("max(1, 2)", r"'max\(1, 2\)' is no plain value"),
        ("{[]: 1}", r"'\{\[\]: 1\}' is no plain value"),
        ("date()", r"'date\(\)' is no day of the calendar"),
        ("date(2024, 13, 1)", r"'date\(2024, 13, 1\)' is no day of the calendar"),
        ("'\0'", "null bytes"),
    ],
)
def test_a_default_that_is_no_plain_value_is_shown_as_it_stands(checkout, value, said):
    file = checkout / "notebooks" / "trade.ipynb"
    nbformat.write(notebook("# Trade", f"# parameters\nfrom datetime import date\nday: str = {value}  # day"), file)
    with pytest.raises(InputError, match=rf"notebooks/trade\.ipynb, parameters cell, line [13]: .*{said}"):
        plan.parameters(file)


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


TYPED = """\
# parameters
import datetime
from datetime import date
from legation.parameters import Country, Month, Year
from legation.parameters import Treaty as Instrument
from pathlib import Path
from pydantic import Field
from typing import Annotated, Literal

reporter: Country = "VNM"  # the country
partners: list[Country] = []  # its partners
beside: Country | None = None  # another country
year: Year | None = None  # the year
month: Month = "2024-06"  # the month
focus: Instrument = "2024-russia-dprk"  # the treaty
basis: Literal["current", "constant"] = "current"  # price basis
day: date = date(2024, 6, 20)  # the day
until: datetime.date = "2024-06-21"  # the last day
share: Annotated[float, Field(ge=0, le=1)] = 0.5  # the share
weights: dict[Country, float] = {}  # weights
names: dict = {}  # names
file: Path = "x"  # where to look
files: list[Path] = []  # where else
quoted: "Country" = "VNM"  # a country
"""


def typed(folder, parameters):
    nbformat.write(notebook("# Trade", TYPED), folder / "notebooks" / "typed.ipynb")
    return planned(folder, parameters, book="typed").chapters[0].parameters


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ("{reporter: VNN}", r"line 5: parameter 'reporter' of typed\.ipynb: 'VNN' is no country .*mean 'VNM'\?\)"),
        ("{reporter: Rusia}", r"'Rusia' is no country or group of data/trade/countries\.csv \(did you mean 'RUS'\?\)"),
        ("{reporter: Viet Nam}", r"did you mean 'VNM'"),
        ("{reporter: usa}", r"did you mean 'USA'"),
        ("{reporter: 5}", r"valid string, but 5 stands there"),
        ("{partners: [CHN, RUX]}", r"parameter 'partners'\[1\] of typed\.ipynb: 'RUX' is no country"),
        ("{beside: XXX}", r"'XXX' is no country"),
        ("{year: 20240}", r"20240 is no year: it lies outside 1800 to 2100"),
        ("{year: last}", r"valid integer, but 'last'"),
        ("{month: 2024-13}", r"'2024-13' is no month such as 2024-06"),
        ("{focus: 2024-russia-dprx}", r"no treaty of data/treaties \(did you mean '2024-russia-dprk'\?\)"),
        ("{focus: codebook}", r"'codebook' is no treaty"),
        ("{basis: constnt}", r"'current' or 'constant', but 'constnt' stands there \(did you mean 'constant'\?\)"),
        ("{day: 2023-02-29}", r"'2023-02-29' is no day of the calendar"),
        ("{until: June}", r"'June' is no day of the calendar"),
        ("{share: 1.5}", r"less than or equal to 1, but 1\.5"),
        ("{weights: {VNN: 1.0}}", r"'VNN' is no country"),
        ("{names: [a]}", r"valid dictionary"),
        ("{files: x}", r"valid list"),
    ],
)
def test_a_value_is_checked_by_the_annotation_of_its_parameter(folder, parameters, sentence):
    with pytest.raises(InputError, match=sentence):
        typed(folder, parameters)


def test_values_that_fit_their_annotations_reach_the_notebook_as_they_were_written(folder):
    given = (
        "{reporter: EU27, partners: [CHN], beside: null, year: 2020, month: 2023-12, focus: 1947-rio, basis: constant,"
        " day: 2024-02-29, until: 2024-03-01, share: 1, weights: {CHN: 0.5}, names: {a: [b]}, quoted: LAO}"
    )
    parameters = typed(folder, given)
    assert parameters["day"] == "2024-02-29"
    assert (parameters["share"], parameters["weights"], parameters["year"]) == (1, {"CHN": 0.5}, 2020)


def test_a_type_that_is_not_known_lets_every_value_through_and_says_so(folder):
    assert typed(folder, "{file: 5, files: [a, 5]}") == {"file": 5, "files": ["a", 5]}
    known = plan.parameters(folder / "notebooks" / "typed.ipynb")
    assert {name: each.unchecked for name, each in known.items() if each.unchecked} == {
        "file": ("Path",),
        "files": ("Path",),
    }
    assert known["day"].default == "2024-06-20"


def test_a_type_of_the_same_name_from_elsewhere_is_not_taken_for_the_houses(folder):
    nbformat.write(
        notebook("# T", "# parameters\nfrom atlas import Country\nwhere: Country = 'Ruritania'"),
        folder / "notebooks" / "typed.ipynb",
    )
    assert planned(folder, "{where: Zenda}", book="typed").chapters[0].parameters == {"where": "Zenda"}


def test_the_parameters_cell_is_read_and_never_run(folder):
    nbformat.write(
        notebook("# T", "# parameters\nimport no_such_module\nx: no_such_module.boom() = 1"),
        folder / "notebooks" / "typed.ipynb",
    )
    assert planned(folder, "{x: 2}", book="typed").chapters[0].parameters == {"x": 2}


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
        ("# parameters\nos.remove('x')", r"parameters cell, line 2: write a parameter as"),
        ("# parameters\nyear: int = 2000 + len('x')", r"parameters cell, line 2: "),
        ("# parameters\nyear: 'int |' = 1", r"line 2: 'int \|' is no type"),
        *(
            (f"# parameters\nfrom pydantic import Field\nyear: Annotated[int, Field(ge={bound})] = 1", said)
            for bound, said in (
                ("'a'", r"line 3: 'Field\(ge='a'\)' has a bound that is no plain number"),
                ("max(1, 2)", r"line 3: 'Field\(ge=max\(1, 2\)\)' has a bound that is no plain number"),
            )
        ),
        (
            "# parameters\nyear: int = 1\nlast: int = None",
            r"line 3: the default of 'last' does not fit its type `int`",
        ),
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
