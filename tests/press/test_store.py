"""A chapter runs again exactly if something it depends on changed; the store survives whatever happens to it."""

import errno
import hashlib
import importlib
import json
import os
import random
import re
import shutil
import signal
import string
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from helpers import ROOT, notebook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from legation.press import depends
from legation.press.depends import Files, Library, canonical, digest_of, digest_of_lines
from legation.press.store import FOLDER, MOST_OF_A_KEY, Store

LIBRARY = {
    "__init__.py": "",
    "errors.py": "",
    "data/__init__.py": "from legation.data.catalogue import open\n",
    "data/catalogue.py": "from legation.errors import *\n",
    "data/trade/deep.py": "",
    "exhibits/__init__.py": "",
    "exhibits/trade.py": "def draw():\n    from . import style\n",
    "exhibits/style.py": "import typing\nif typing.TYPE_CHECKING:\n    from legation.exhibits import treaties\n",
    "exhibits/faces/sans.ttf": "letters",
    "exhibits/treaties.py": "",
    "press/__init__.py": "",
    "press/run.py": "",
    "press/edition.py": "from legation.press import html\n",
    "press/exporters.py": "",
    "press/html.py": "",
    "press/house/style.css": "p {}",
}
CODE = "#!\nfrom legation import data\nfrom legation.exhibits import trade as show\nimport helper"
TABLE, CLAIMS, TEXT = "data/trade/flows.csv", "data/claims", "data/cache/text.txt"


class House:
    """A checkout with a library of its own, one notebook, and a run that is played."""

    def __init__(self, root):
        self.root = root
        for name, content in LIBRARY.items():
            self.write(f"src/legation/{name}", content)
        self.write(TABLE, "a,b\n1,2\n")
        self.write(f"{CLAIMS}/one.yml", "1")
        self.write("data/package.yaml", "path: trade/flows.csv\nbytes: 8\n")
        self.write("data/references.bib", "@book{smith2020,\n  title = {T}}\n@book{jones, title = {J}}\n")
        self.write("notebooks/helper.py", "")
        self.notebook = root / "notebooks" / "word.ipynb"
        self.save(CODE)

    def write(self, name, content):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def save(self, *cells, **changes):
        content = json.loads(json.dumps(notebook("# A word", *cells)))
        for number, cell in enumerate(content["cells"]):
            cell["id"] = f"c{number}"
        self.notebook.write_text(json.dumps(content | changes))

    def store(self):
        return Store(self.root, package=self.root / "src" / "legation")

    def decide(self, store=None, **parameters):
        return (store or self.store()).decide("one/word", self.notebook, parameters)

    def reads(self):
        readings = [
            {"name": "flows", "path": TABLE},
            {"name": "claims", "path": CLAIMS, "names": "*.yml"},
            {"name": "text", "path": TEXT},
            {"name": "package", "path": "data/package.yaml", "lines": "path:"},
        ]
        files = Files(self.root)
        return [reading | {"sha256": depends.present(files, self.root, reading)} for reading in readings]

    def run(self, says="peace", **parameters):
        with self.store() as store:
            return store.put(self.decide(store, **parameters), executed(says), self.reads(), [f"{says}, a warning"])


def executed(says):
    return {"cells": [{"cell_type": "markdown", "metadata": {}, "source": says}], "metadata": {}}


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def settle(*files):
    """Date files back, so that their status can be trusted; the time of the change itself cannot be dated back."""
    for file in files:
        os.utime(file, (1_000_000_000, 1_000_000_000))


# --- what makes a chapter run


def test_a_chapter_runs_once_and_its_result_is_what_it_gave(house):
    before = house.decide(focus="RUS")
    assert before.why == "runs: it has not run to its end before"
    done = house.run(focus="RUS")
    assert done.problem is None
    after = house.decide(focus="RUS")
    assert (after.runs, after.why, after.digest) == (False, "kept: nothing it depends on changed", done.digest)
    result = house.store().load(after)
    assert result.notebook == executed("peace")
    assert result.warnings == ("peace, a warning",)
    assert list(result.reads) == house.reads()


RUNS = {
    "text of a cell": (lambda h: h.save(CODE, "More."), "notebooks/word.ipynb changed (3 cells instead of 2)"),
    "tag of a cell": (
        lambda h: tagged(h, ["method"]),
        "notebooks/word.ipynb changed (cell 1)",
    ),
    "kernel": (lambda h: h.save(CODE, metadata={"kernelspec": {"name": "r"}}), "its kernel was python3 and is r"),
    "table": (lambda h: h.write(TABLE, "a,b\n1,3\n"), f"{TABLE} changed"),
    "table gone": (lambda h: (h.root / TABLE).unlink(), f"{TABLE} is gone"),
    "missing file there": (lambda h: h.write(TEXT, "x"), f"{TEXT} is there now"),
    "file added to a folder listed": (lambda h: h.write(f"{CLAIMS}/two.yml", ""), f"{CLAIMS}/two.yml is new"),
    "file gone from a folder listed": (lambda h: (h.root / CLAIMS / "one.yml").unlink(), f"{CLAIMS}/one.yml is gone"),
    "folder listed gone": (lambda h: shutil.rmtree(h.root / CLAIMS), f"{CLAIMS}/one.yml is gone"),
    "line that was read": (
        lambda h: h.write("data/package.yaml", "path: other.csv\nbytes: 8\n"),
        "data/package.yaml changed",
    ),
    "module imported": (
        lambda h: h.write("src/legation/exhibits/trade.py", "1"),
        "src/legation/exhibits/trade.py changed",
    ),
    "module imported by that, in a function": (
        lambda h: h.write("src/legation/exhibits/style.py", "1"),
        "src/legation/exhibits/style.py changed",
    ),
    "__init__ on the way": (
        lambda h: h.write("src/legation/exhibits/__init__.py", "1"),
        "src/legation/exhibits/__init__.py changed",
    ),
    "file a package ships": (
        lambda h: h.write("src/legation/exhibits/faces/sans.ttf", "other"),
        "src/legation/exhibits/faces/sans.ttf changed",
    ),
    "module beside the notebook": (lambda h: h.write("notebooks/helper.py", "1"), "notebooks/helper.py changed"),
    "what executes it": (lambda h: h.write("src/legation/press/run.py", "1"), "src/legation/press/run.py changed"),
    "module that goes before the library's": (
        lambda h: h.write("notebooks/legation.py", ""),
        "notebooks/legation.py is imported now",
    ),
}


def tagged(house, tags):
    content = json.loads(house.notebook.read_text())
    content["cells"][0]["metadata"]["tags"] = tags
    house.notebook.write_text(json.dumps(content))


@pytest.mark.parametrize("what", RUNS)
def test_it_runs_when_this_changed_and_says_so(house, what):
    house.run()
    change, sentence = RUNS[what]
    change(house)
    decision = house.decide()
    assert decision.runs
    assert sentence in decision.why
    assert decision.why.startswith("runs: ")


def outputs(house):
    content = json.loads(house.notebook.read_text())
    for cell in content["cells"]:
        cell["id"] = f"other-{cell['id']}"
        cell["metadata"]["collapsed"] = True
        if cell["cell_type"] == "code":
            cell["execution_count"] = 7
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x"]}]
            cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
    content["metadata"]["language_info"] = {"version": "3.99"}
    house.notebook.write_text(json.dumps(content, indent=7))


KEPT = {
    "outputs, identifiers, counts and other metadata": outputs,
    "module not imported": lambda h: h.write("src/legation/exhibits/treaties.py", "1"),
    "module imported for types only": lambda h: h.write("src/legation/exhibits/treaties.py", "import pandas"),
    "stylesheet": lambda h: h.write("src/legation/press/house/style.css", "q {}"),
    "table not read": lambda h: h.write("data/trade/other.csv", "1"),
    "contents of a file only listed": lambda h: h.write(f"{CLAIMS}/one.yml", "2"),
    "file beside those listed": lambda h: h.write(f"{CLAIMS}/README.md", ""),
    "line that was not read": lambda h: h.write("data/package.yaml", "path: trade/flows.csv\nbytes: 9\n"),
    "time of a file": lambda h: settle(h.root / TABLE, h.notebook),
    "hidden file in a package": lambda h: h.write("src/legation/exhibits/.trade.py.swp", "x"),
    "compiled file in a package": lambda h: h.write("src/legation/exhibits/__pycache__/trade.pyc", "x"),
}


@pytest.mark.parametrize("what", KEPT)
def test_it_is_kept_when_only_this_changed(house, what):
    house.run()
    KEPT[what](house)
    assert house.decide().why == "kept: nothing it depends on changed"


def test_a_parameter_that_changed_is_named_with_both_values(house):
    house.run(focus="RUS", year=None, gone=1)
    why = house.decide(focus="CHN", year=None, partners=["RUS", ("a", 1)]).why
    assert why == (
        "runs: parameter focus was 'RUS' and is 'CHN'; parameter gone is no longer there; it was 1; "
        "parameter partners is new: ['RUS', ('a', 1)]"
    )
    assert house.decide(year=None, gone=1.0, focus="RUS").why == "runs: parameter gone was 1 and is 1.0"
    assert not house.decide(year=None, gone=1, focus="RUS").runs, "the order of names does not count"
    assert house.decide(year="x" * 100, gone=1, focus="RUS").why.endswith("x…")


def test_a_distribution_that_changed_is_named_with_both_versions(house, tmp_path, monkeypatch):
    place = tmp_path / "site"
    (place / "Some_Thing-1.0.dist-info").mkdir(parents=True)
    (place / "~ome_Thing-0.9.dist-info").mkdir()
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setattr(depends, "environment", depends.environment.__wrapped__)
    assert depends.environment()["some-thing"] == "1.0"
    house.run()
    (place / "Some_Thing-1.0.dist-info").rename(place / "Some_Thing-1.1.dist-info")
    assert house.decide().why == "runs: some-thing was 1.0 and is 1.1"
    (place / "Some_Thing-1.1.dist-info").rename(place / "Some_Thing-1.0.dist-info")
    assert not house.decide().runs


def test_the_environment_names_python_and_what_is_installed_as_their_own_metadata_do():
    from importlib.metadata import version

    found = depends.environment()
    assert found["Python"].startswith(".".join(map(str, sys.version_info[:3])))
    assert {name: found[name] for name in ("pandas", "nbconvert", "typst")} == {
        name: version(name) for name in ("pandas", "nbconvert", "typst")
    }


def test_going_back_to_what_was_finds_what_it_gave_then(house):
    results = {}
    for cell in ("1,2", "1,3", "1,4"):
        house.write(TABLE, f"a,b\n{cell}\n")
        results[cell] = house.run(says=cell).digest
    for cell, digest in results.items():
        house.write(TABLE, f"a,b\n{cell}\n")
        decision = house.decide()
        assert decision.digest == digest
        assert house.store().load(decision).notebook == executed(cell)
    assert len(set(results.values())) == 3
    house.write(TABLE, "a,b\n1,2\n")
    assert house.decide().why == "kept: it has run before with what it depends on"
    assert house.decide().why == "kept: nothing it depends on changed"


def test_what_changed_while_it_ran_is_not_kept_and_runs_again(house):
    for change, said in (
        (lambda: house.write(TABLE, "other"), TABLE),
        (lambda: house.write("src/legation/errors.py", "1"), "src/legation/errors.py"),
        (lambda: house.save(CODE, "More."), "notebooks/word.ipynb"),
    ):
        store = house.store()
        decision, reads = house.decide(store), house.reads()
        change()
        done = store.put(decision, executed("peace"), reads)
        assert done.problem == (
            f"The result of one/word was not kept: {said} changed while it ran. "
            "The chapter runs again at the next build."
        )
        assert done.digest
        assert house.decide().runs


def test_a_file_read_twice_with_different_contents_is_not_kept(house):
    store = house.store()
    reads = [*house.reads(), {"name": "flows", "path": TABLE, "sha256": "0" * 64}]
    assert f"{TABLE} changed while it ran" in store.put(house.decide(store), executed(""), reads).problem


@pytest.mark.parametrize(
    "reading",
    [
        {"path": "/etc/passwd", "sha256": None},
        {"path": "../outside", "sha256": None},
        {"path": TABLE, "names": "*", "lines": "x", "sha256": None},
        {"path": TABLE},
        {"path": TABLE, "sha256": 1},
        {"path": "data", "names": "*", "until": 3, "sha256": None},
        {},
    ],
)
def test_a_reading_that_cannot_be_followed_up_is_not_kept(house, reading):
    store = house.store()
    if reading == {"path": TABLE}:
        reading = {"path": 1, "sha256": None}
    assert "cannot be followed up" in store.put(house.decide(store), executed(""), [reading]).problem


# --- which code a notebook imports


def closure(house, *cells):
    house.save(*cells)
    files = Files(house.root)
    code = Library(files, house.root, house.root / "src" / "legation").of_notebook(
        house.notebook, depends.source(files, house.notebook)
    )
    names = {name.removeprefix("src/legation/") for name in code.files} - {"__init__.py", "press/run.py"}
    return names, code.notes


EXHIBITS = {"exhibits/__init__.py", "exhibits/faces/sans.ttf"}
DATA = {"data/__init__.py", "data/catalogue.py", "errors.py"}


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("import legation.errors", {"errors.py"}),
        ("import legation.errors as e, os", {"errors.py"}),
        ("from legation import data", DATA),
        ("from legation import errors as e, __version__", {"errors.py"}),
        ("from legation.exhibits import trade as show", {*EXHIBITS, "exhibits/trade.py", "exhibits/style.py"}),
        ("from legation.exhibits import *", {f"exhibits/{n}.py" for n in ("trade", "style", "treaties")} | EXHIBITS),
        ("def f():\n    import legation.errors", {"errors.py"}),
        ("try:\n    import legation.errors\nexcept ImportError:\n    pass", {"errors.py"}),
        ("import legation.data.trade.deep", {*DATA, "data/trade/deep.py"}),
        ("import legation.nothing, legation.errors.nothing", {"errors.py"}),
        ("import importlib\nimportlib.import_module('legation.errors')", {"errors.py"}),
        ("from importlib import import_module as load\nload('legation.errors')", {"errors.py"}),
        ("__import__('legation.errors')", {"errors.py"}),
        ("import helper", {"notebooks/helper.py"}),
        ("import pandas, os.path\nfrom . import x\nx = 'import legation.data'", set()),
        ("%matplotlib inline\nimport legation.errors\nx = 3 % 2", {"errors.py"}),
        ("%%time\nimport legation.errors", {"errors.py"}),
        ("%time import legation.errors", {"errors.py"}),
        ("if True:\n    %time import legation.errors", {"errors.py"}),
        ("%load_ext helper", {"notebooks/helper.py"}),
        ("await x\nimport legation.errors", {"errors.py"}),
        ("# import legation.errors", set()),
    ],
)
def test_a_cell_leads_to_these_modules(house, cell, found):
    assert closure(house, f"#!\n{cell}") == (found, ())


def test_text_that_is_no_code_leads_nowhere(house):
    assert closure(house, "import legation.errors") == (set(), ())


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("import importlib\nimportlib.import_module(name)", "line 2: what `import_module` imports cannot be told"),
        ("from importlib import import_module as load\nload(name)", "line 2: what `load` imports cannot be told"),
        ("list(map(__import__, names))", "line 1: what `__import__` imports"),
        ("import runpy\nrunpy.run_path('x.py')", "line 2: what `run_path` imports"),
        ("exec(text)", "line 1: what `exec` imports"),
        ("import sys\nsys.path.insert(0, '../lib')", "line 2: it uses `sys.path`"),
        ("def (", "line 1: it is not Python that can be read"),
        ("%run other.py", "line 1: what %run reads"),
        ("x = !ls", "line 1: what !ls reads"),
        ("%%bash\nls", "line 1: what the cell magic %%bash reads"),
    ],
)
def test_what_cannot_be_told_is_said_and_then_the_whole_library_counts(house, cell, said):
    house.write("notebooks/inner/deeper.py", "")
    found, notes = closure(house, "#!\n1", f"#!\n{cell}")
    assert notes[0].startswith(f"notebooks/word.ipynb, cell 3, {said}")
    assert notes[0].endswith(
        "Any change to the library makes the chapter run again. Import by name, at the start of a line."
    )
    whole = {name for name in LIBRARY if name not in ("__init__.py", "press/run.py")}
    assert found == whole | {"notebooks/helper.py", "notebooks/inner/deeper.py"}


def test_a_module_that_cannot_be_read_is_said_with_its_line(house):
    house.write("src/legation/errors.py", "x = 1\ndef (")
    found, notes = closure(house, "#!\nfrom legation import data")
    assert notes[0].startswith("src/legation/errors.py, line 2: it is not Python that can be read")
    assert "exhibits/treaties.py" in found


def test_a_file_that_is_no_notebook_counts_whole(house):
    for content in ("not json", "{}", '{"cells": [{"source": 1}]}', '{"cells": [1]}'):
        house.notebook.write_text(content)
        first = house.decide().key
        house.notebook.write_text(content + " ")
        assert house.decide().key != first


NAMES = st.sampled_from("abc")


def deepen(path):
    """No two modules of one name, as what a package imports would hide what lies in it."""
    return tuple("".join(path[:depth]) for depth in range(1, len(path) + 1))


@st.composite
def trees(draw):
    """Packages in packages, each module importing some of those made before it, in one of Python's ways."""
    paths = draw(st.lists(st.lists(NAMES, min_size=1, max_size=3).map(deepen), min_size=1, max_size=7, unique=True))
    packages = {()} | {path[:depth] for path in paths for depth in range(1, len(path))}
    order = draw(st.permutations(sorted({*paths, *packages} - {()})))
    lines = {}
    for place, path in enumerate(order):
        lines[path] = []
        for target in draw(st.lists(st.sampled_from(order[:place] or [path]), max_size=2)):
            if target == path or path == target[: len(path)]:  # what a package holds imports it: a circle
                continue
            form = draw(st.sampled_from(["import", "from", "relative", "lazy"]))
            dotted, parent = ".".join(("P", *target)), ".".join(("P", *target[:-1]))
            up = "." * (len(path) + (path in packages))
            lines[path].append(
                {
                    "import": f"import {dotted}",
                    "from": f"from {parent} import {target[-1]}",
                    "relative": f"from {up}{'.'.join(target[:-1])} import {target[-1]}",
                    "lazy": f"__import__('{dotted}')",
                }[form]
            )
    return packages, lines, draw(st.sampled_from(order))


@settings(max_examples=80, deadline=None)
@given(trees())
def test_the_modules_found_are_those_that_python_loads(tree):
    packages, lines, start = tree
    with tempfile.TemporaryDirectory() as folder:
        name = f"made_{Path(folder).name}"
        root = Path(folder).resolve()
        (root / name).mkdir()
        (root / name / "__init__.py").touch()
        for path in sorted(lines, key=len):
            file = root.joinpath(name, *path)
            if path in packages:
                file.mkdir(exist_ok=True)
                file = file / "__init__.py"
            else:
                file = file.with_name(f"{file.name}.py")
            file.write_text("\n".join(line.replace("P", name) for line in lines[path]))
        files = Files(root)
        module = ".".join((name, *start))
        found = set(Library(files, root, root / name).of_modules([module]).files)
        sys.path.insert(0, str(root))
        try:
            importlib.invalidate_caches()
            importlib.import_module(module)
            loaded = {
                Path(sys.modules[each].__file__).relative_to(root).as_posix()
                for each in list(sys.modules)
                if each.partition(".")[0] == name
            }
        except ImportError:  # a circle through the packages on the way
            return
        finally:
            sys.path.remove(str(root))
            for each in [each for each in sys.modules if each.partition(".")[0] == name]:
                del sys.modules[each]
    assert found == loaded


def test_what_the_trade_notebook_loads_is_among_what_was_found():
    file = ROOT / "notebooks" / "trade_comparison.ipynb"
    files = Files(ROOT)
    found = set(Library(files, ROOT).of_notebook(file, depends.source(files, file)).files)
    cells = [cell for cell in json.loads(file.read_text())["cells"] if cell["cell_type"] == "code"]
    imports = [line for cell in cells for line in cell["source"] if re.match(r"(import|from) ", line)]
    asked = "\nimport sys; print(*(m.__file__ for n, m in sys.modules.items() if n.partition('.')[0] == 'legation'))"
    done = subprocess.run(
        [sys.executable, "-c", "".join(f"{line.rstrip()}\n" for line in imports) + asked],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = {Path(name).relative_to(ROOT).as_posix() for name in done.stdout.split()}
    assert {"src/legation/exhibits/trade.py", "src/legation/data/catalogue.py"} <= loaded
    assert loaded <= found
    assert "src/legation/exhibits/treaties.py" not in found
    assert not any("/press/house/" in name for name in found)


# --- equal inputs, equal key


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.dates()
    | st.sampled_from([0, 1]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2) | st.integers(0, 2) | st.booleans(), inner, max_size=3)
    ),
    max_leaves=6,
)
ALIKE = [
    1, 1.0, True, "1", 0, 0.0, -0.0, False, "0", None, "None", "null", "", [], (), {}, [[]], ["dict"], [1], [True],
    (1,), {"dict": []}, {"dict": [[1, 1]]}, {1: 1}, {"1": 1}, {True: 1}, {"tuple": [1]}, {"a": 1, "b": 2},
    {"b": 2, "a": 1}, date(2024, 6, 19), "2024-06-19", float("nan"), float("inf"), "NaN",
    {"datetime.date": "datetime.date(2024, 6, 19)"},
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(VALUES | st.sampled_from(ALIKE), VALUES | st.sampled_from(ALIKE))
def test_two_values_have_one_form_exactly_if_python_writes_them_alike(one, other):
    assert (digest_of(canonical(one)) == digest_of(canonical(other))) == (repr(one) == repr(other))


def test_no_two_values_that_look_alike_are_taken_for_each_other():
    forms = [digest_of(canonical(value)) for value in ALIKE]
    assert len(set(forms)) == len({repr(value) for value in ALIKE}) == len(ALIKE)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parameters=st.dictionaries(st.text(string.ascii_letters, min_size=1, max_size=3), VALUES, max_size=4))
def test_any_parameters_find_their_own_result(tmp_path, parameters):
    house = House(tmp_path)
    with house.store() as store:
        store.put(store.decide("a", house.notebook, parameters), executed(repr(parameters)), [])
    decision = house.store().decide("b", house.notebook, dict(reversed(parameters.items())))
    assert not decision.runs
    says = json.loads(json.dumps(executed(repr(parameters))))
    other = house.store().load(decision).notebook
    assert other == says


class Changes(RuleBasedStateMachine):
    """Whatever is changed in whatever order: a chapter runs exactly if this state of things has not run before."""

    @initialize()
    def build(self):
        self.folder = tempfile.TemporaryDirectory()
        self.house = House(Path(self.folder.name).resolve())
        self.state = {"focus": 1, "there": False, "claims": []}
        self.ran = set()
        for write in (self.cell, self.table, self.module):
            write(number=0)

    @rule(value=st.sampled_from([1, 1.0, True, "1"]))
    def parameter(self, value):
        self.state["focus"] = value

    @rule(number=st.integers(0, 2))
    def cell(self, number):
        self.state["text"] = number
        self.house.save(CODE, f"Text {number}.")

    @rule(number=st.integers(0, 2))
    def table(self, number):
        self.state["table"] = number
        self.house.write(TABLE, f"a,b\n1,{number}\n")

    @rule(names=st.frozensets(st.sampled_from(["two", "three"])))
    def claims(self, names):
        self.state["claims"] = sorted(names)
        for name in ("two", "three"):
            (self.house.root / CLAIMS / f"{name}.yml").unlink(missing_ok=True)
            if name in names:
                self.house.write(f"{CLAIMS}/{name}.yml", name)

    @rule(there=st.booleans())
    def text(self, there):
        self.state["there"] = there
        (self.house.root / TEXT).unlink(missing_ok=True)
        if there:
            self.house.write(TEXT, "x")

    @rule(number=st.integers(0, 1))
    def module(self, number):
        self.state["trade"] = number
        self.house.write("src/legation/exhibits/trade.py", f"from . import style\nx = {number}\n")

    @rule(number=st.integers(0, 9))
    def what_does_not_count(self, number):
        outputs(self.house)
        self.house.write("src/legation/exhibits/treaties.py", f"x = {number}")
        self.house.write("data/trade/other.csv", str(number))

    @rule()
    def run(self):
        says = repr(sorted(self.state.items()))
        assert self.house.run(says=says, focus=self.state["focus"]).problem is None
        self.ran.add(says)

    @invariant()
    def decided(self):
        with self.house.store() as store:
            decision = self.house.decide(store, focus=self.state["focus"])
            says = repr(sorted(self.state.items()))
            assert decision.runs == (says not in self.ran), decision.why
            if not decision.runs:
                assert store.load(decision).notebook == executed(says)

    def teardown(self):
        self.folder.cleanup()


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


# --- digests of files


def hashed(monkeypatch):
    """Counts the files whose contents are read for their digest."""
    seen = []
    real = hashlib.file_digest
    monkeypatch.setattr(depends.hashlib, "file_digest", lambda f, how: seen.append(f.name) or real(f, how))
    return seen


def later(monkeypatch, seconds):
    """Sets the clock by so many seconds."""
    now = time.time_ns
    monkeypatch.setattr(depends.time, "time_ns", lambda: now() + int(seconds * 1e9))


def test_a_file_that_did_not_change_is_read_once_by_all_processes(house, monkeypatch):
    later(monkeypatch, 10)
    reads = house.reads()
    seen = hashed(monkeypatch)
    with house.store() as store:
        store.put(house.decide(store), executed(""), reads)
    assert len(seen) == len(set(seen)) > 10
    seen.clear()
    assert not house.decide().runs
    assert [name for name in seen if "/.legation/" not in name] == []  # the store's own files were not asked for before


def test_a_status_is_not_trusted_within_two_seconds_of_the_change(tmp_path, monkeypatch):
    file = tmp_path / "a"
    file.write_text("1")
    seen = hashed(monkeypatch)
    files = Files(tmp_path)
    files.digest(file)
    files.digest(file)
    assert len(seen) == 2, "it has only just been written"
    later(monkeypatch, 1.9)
    files.digest(file)
    files.digest(file)
    assert len(seen) == 4
    later(monkeypatch, 2.1)
    files.digest(file)
    files.digest(file)
    assert len(seen) == 5
    again = Files(tmp_path, files.remember())
    assert again.digest(file) == hashlib.sha256(b"1").hexdigest()
    assert len(seen) == 5


def test_a_status_from_before_a_clock_was_set_back_is_not_trusted(tmp_path, monkeypatch):
    file = tmp_path / "a"
    file.write_text("1")
    with monkeypatch.context() as clock:
        later(clock, 3600)
        files = Files(tmp_path)
        files.digest(file)
    seen = hashed(monkeypatch)
    files.digest(file)
    assert len(seen) == 1


def test_a_file_replaced_by_one_of_the_same_size_and_time_is_noticed(tmp_path, monkeypatch):
    file, other = tmp_path / "a", tmp_path / "b"
    for each, text in ((file, "1"), (other, "2")):
        each.write_text(text)
        settle(each)
    later(monkeypatch, 10)
    files = Files(tmp_path)
    assert files.digest(file) == files.digest(file) == hashlib.sha256(b"1").hexdigest()
    other.replace(file)
    assert files.digest(file) == hashlib.sha256(b"2").hexdigest()
    time.sleep(0.05)
    file.write_text("3")  # in place: the same size and number
    settle(file)
    assert files.digest(file) == hashlib.sha256(b"3").hexdigest()


def test_a_file_that_is_missing_a_folder_or_unreadable_has_no_digest(tmp_path):
    (tmp_path / "a").write_text("1")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    files = Files(tmp_path)
    for name in (".", "nothing", "a/b", "loop", "pipe"):
        assert files.digest(tmp_path / name) is None


def test_names_and_lines_have_the_digests_that_the_catalogue_can_make(house):
    files = Files(house.root)
    for name in (".hidden.yml", "é.yml", "b.txt"):
        house.write(f"{CLAIMS}/{name}", "")
    names = sorted(path.name for path in (house.root / CLAIMS).glob("*.yml"))
    reading = {"path": CLAIMS, "names": "*.yml"}
    assert depends.present(files, house.root, reading) == digest_of_lines(names)
    text = "".join(f"{name}\n" for name in names)
    assert digest_of_lines(names) == hashlib.sha256(text.encode()).hexdigest()
    lines = {"path": "data/package.yaml", "lines": "^path"}
    assert depends.present(files, house.root, lines) == digest_of_lines(["path: trade/flows.csv"])
    assert depends.present(files, house.root, {"path": "data/none", "lines": "x"}) is None
    assert depends.present(files, house.root, {"path": "data/none", "names": "x"}) == digest_of_lines([])


def test_of_names_that_end_with_a_time_those_count_that_were_there_by_then(house):
    old, new = "2026-10-01T050000Z", "2026-11-01T050000Z"
    for name in (old, new, "readme"):
        house.write(f"data/taken/{name}", "")
    files, reading = Files(house.root), {"path": "data/taken", "names": "*"}
    for until, as_of, names in (
        (None, old, [old, new, "readme"]),  # of other readings they are names like any
        ("", None, [old, new, "readme"]),
        ("", old, [old, "readme"]),
        (old, None, [old, "readme"]),
        (new, "2026-10-15T000000Z", [old, "readme"]),
        (old, "2026-09-01T000000Z", ["readme"]),
    ):
        asked = reading if until is None else reading | {"until": until}
        assert depends.present(files, house.root, asked, as_of) == digest_of_lines(names)


# --- what can happen to a store


def everything(house):
    return sorted(file for file in (house.root / FOLDER).rglob("*") if file.is_file())


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("filled"))
    house.run()
    page = house.root / "page.html"
    page.write_text("page")
    with house.store() as store:
        store.published(store.rendering("page", {"title": "T"}, [house.decide(store)]), [page])
    return house, {file: file.read_bytes() for file in everything(house)}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_anywhere_is_noticed_and_made_good(filled, data):
    house, contents = filled
    for file, content in contents.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    file = data.draw(st.sampled_from(sorted(contents)))
    content = bytearray(contents[file])
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[place] ^= data.draw(st.integers(1, 255))
    else:
        del content[place:]
    file.write_bytes(content)
    with house.store() as store:
        decision = house.decide(store)
        assert decision.runs == (file.parent.parent.name == "entries")
        if decision.runs:
            assert decision.why == "runs: what was kept of its last run is damaged"
            assert not file.exists()
        else:
            assert store.load(decision).notebook == executed("peace")
        rendering = store.rendering("page", {"title": "T"}, [house.decide(store)])
        assert rendering.needed == (decision.runs or file.parent.name == "editions")
    if decision.runs:
        assert house.run().problem is None
    assert not house.decide().runs


def test_damage_between_decision_and_loading_gives_nothing(house):
    house.run()
    store = house.store()
    decision = house.decide(store)
    (entry,) = (house.root / FOLDER / "entries").glob("*/*")
    entry.write_bytes(entry.read_bytes()[:-1])
    assert store.load(decision) is None
    assert house.decide().runs


def test_what_is_gone_from_the_store_is_said(house):
    house.run()
    shutil.rmtree(house.root / FOLDER / "entries")
    assert house.decide().why == "runs: what was kept of its last run is gone"


CHILD = """\
import os, sys
from pathlib import Path
from legation.press.store import Store
root = Path(sys.argv[1])
store = Store(root, package=root / "src" / "legation")
decision = store.decide("one/word", root / "notebooks" / "word.ipynb", {})
"""


def child(house, lines, *arguments):
    """A process that puts results of the house's chapter."""
    command = [sys.executable, "-c", CHILD + lines, str(house.root), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_process_killed_at_any_moment_leaves_whole_results_or_none(house):
    chance = random.Random(5)  # noqa: S311 - no secret
    lines = """
big = os.urandom(1_000_000).hex()
print("ready", flush=True)
for number in range(10**6):
    reads = [{"name": "n", "path": f"data/{number}", "sha256": None}]
    store.put(decision, {"cells": [], "metadata": {"number": number, "big": big}}, reads)
    store.close()
"""
    whole = 0
    for _ in range(12):
        writing = child(house, lines)
        assert writing.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.15))
        writing.send_signal(signal.SIGKILL)
        writing.communicate()
        store = house.store()
        decision = house.decide(store)
        for entry in (house.root / FOLDER / "entries").glob("*/*"):
            result = store.load(replace(decision, entry=f"{entry.parent.name}/{entry.name}"))
            assert result is not None, "a part of a result stands under a name that counts"
            assert result.reads[0]["path"] == f"data/{result.notebook['metadata']['number']}"
            assert len(result.notebook["metadata"]["big"]) == 2_000_000
            whole += 1
    assert whole
    tmp = house.root / FOLDER / "tmp"
    assert house.run().problem is None
    for file in tmp.iterdir():
        os.utime(file, (time.time() - 7200,) * 2)
    house.store().prune()
    assert not list(tmp.iterdir())


def test_a_process_killed_before_the_rename_leaves_only_what_it_wrote_aside(house):
    lines = """
import signal
os.fsync = lambda number: os.kill(os.getpid(), signal.SIGKILL)
store.put(decision, {"cells": []}, [])
"""
    assert child(house, lines).wait() == -signal.SIGKILL
    folder = house.root / FOLDER
    assert len(list((folder / "tmp").iterdir())) == 1
    assert not list((folder / "entries").glob("*/*"))
    assert house.decide().runs
    assert house.run().problem is None
    assert not house.decide().runs


def test_processes_that_write_the_same_result_and_prune_and_empty_disturb_nobody(house):
    lines = """
for number in range(40):
    done = store.put(decision, {"cells": [], "big": "0123456789abcdef" * 31_250}, [])
    assert done.problem is None, done.problem
    if sys.argv[2:] and number % 10 == 0:
        store.clear()
    store.close()
"""
    writers = [child(house, lines) for _ in range(2)]
    emptying = child(house, lines, "and empty")
    found = 0
    while any(writer.poll() is None for writer in [*writers, emptying]):
        store = house.store()
        decision = house.decide(store)
        result = store.load(decision)
        assert result is None or result.notebook["big"] == "0123456789abcdef" * 31_250
        found += result is not None
        store.close()
    assert [writer.wait() for writer in [*writers, emptying]] == [0, 0, 0]
    assert found
    assert len(list((house.root / FOLDER / "entries").glob("*/*"))) <= 1
    assert not list((house.root / FOLDER / "tmp").iterdir())


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_a_moved_or_copied_checkout_keeps_its_results(tmp_path, how):
    house = House(tmp_path / "here")
    house.run(focus="RUS")
    for file in everything(house):
        assert str(tmp_path).encode() not in file.read_bytes()
    how(str(house.root), str(tmp_path / "there"))
    moved = object.__new__(House)
    moved.root, moved.notebook = tmp_path / "there", tmp_path / "there" / "notebooks" / "word.ipynb"
    assert moved.decide(focus="RUS").why == "kept: nothing it depends on changed"
    (tmp_path / "way").symlink_to("there")
    way = Store(tmp_path / "way", package=moved.root / "src" / "legation")
    assert not way.decide("one/word", tmp_path / "way" / "notebooks" / "word.ipynb", {"focus": "RUS"}).runs


def test_a_store_that_cannot_be_written_to_stops_nothing(house, monkeypatch):
    (house.root / ".legation").write_text("in the way")
    done = house.run()
    assert done.digest
    assert re.search(
        r"not kept: .*store cannot be written to \(.*\)\. .* runs again at the next build\.$", done.problem
    )
    (house.root / ".legation").unlink()

    def full(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        assert "(No space left on device). Make room there" in house.run().problem
    assert not list((house.root / FOLDER / "tmp").iterdir())
    assert house.decide().runs


def test_old_results_are_pruned_by_age_number_and_size_and_the_last_used_stay(house, monkeypatch):
    monkeypatch.setattr(Store, "_touch", lambda self, file: None)  # asking is no use here
    for number in range(MOST_OF_A_KEY + 3):
        house.write(TABLE, str(number))
        house.run(says=os.urandom(10_000).hex())
        entry = max((house.root / FOLDER / "entries").glob("*/*"), key=lambda file: file.stat().st_mtime_ns)
        os.utime(entry, (time.time() - 100_000 + number * 1000,) * 2)

    def numbers():
        found = []
        for number in range(MOST_OF_A_KEY + 3):
            house.write(TABLE, str(number))
            found += [number] * (not house.decide().runs)
        return found

    house.store().prune()
    assert numbers() == list(range(3, MOST_OF_A_KEY + 3))
    size = max(entry.stat().st_size for entry in (house.root / FOLDER / "entries").glob("*/*"))
    monkeypatch.setattr("legation.press.store.MOST_BYTES", 5 * size)
    house.store().prune()
    assert numbers() == list(range(MOST_OF_A_KEY - 2, MOST_OF_A_KEY + 3))
    monkeypatch.setattr("legation.press.store.MOST_DAYS", (100_000 - 21 * 1000 + 500) / 86_400)
    house.store().prune()
    assert numbers() == [21, 22]


def test_the_folder_of_a_key_goes_when_it_is_empty_and_nobody_writes_into_it(house):
    house.run()
    (entry,) = (house.root / FOLDER / "entries").glob("*/*")
    os.utime(entry, (time.time() - 40 * 86_400,) * 2)
    assert house.store().prune() == 1
    assert entry.parent.is_dir(), "another process may have made it for what it writes now"
    os.utime(entry.parent, (time.time() - 7200,) * 2)
    house.store().prune()
    assert not entry.parent.exists()


def test_results_from_a_time_to_come_are_not_pruned_for_it(house):
    house.run()
    (entry,) = (house.root / FOLDER / "entries").glob("*/*")
    os.utime(entry, (time.time() + 10**8,) * 2)
    assert house.store().prune() == 0
    assert not house.decide().runs


def test_a_result_in_use_stays_young(house):
    house.run()
    (entry,) = (house.root / FOLDER / "entries").glob("*/*")
    os.utime(entry, (time.time() - 20 * 86_400,) * 2)
    house.decide()
    assert time.time() - entry.stat().st_mtime < 3600


def test_emptying_removes_all_that_the_store_made_and_nothing_else(house):
    house.run()
    house.run(focus="CHN")
    house.write(".legation/store/README", "not ours")
    house.write(".legation/lock", "")
    assert house.store().clear() == 2
    assert sorted(file.name for file in (house.root / ".legation").rglob("*")) == ["README", "lock", "store"]
    assert house.decide().why == "runs: it has not run to its end before"


def test_loading_this_loads_none_of_the_slow_libraries():
    slow = "pandas", "papermill", "nbconvert", "nbformat", "pydantic", "jupyter_client", "click"
    asked = f"import sys, legation.press.store; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- editions


SPEC = {"title": "T", "abstract": "What @smith2020 says."}


@pytest.fixture
def edition(house):
    """A house with an edition in place, and a function that asks whether it has to be rendered."""
    house.run()
    house.write("out/one/index.html", "page")
    house.write("out/one/data/a.csv", "1")
    bibliography = house.root / "data" / "references.bib"

    def ask(facts=SPEC, **parameters):
        store = house.store()
        rendering = store.rendering("out/one", facts, [house.decide(store, **parameters)], bibliography=bibliography)
        return store, rendering

    store, rendering = ask()
    assert rendering.why == "renders: it has not been published from here before"
    store.published(rendering, [house.root / "out" / "one"])
    house.ask = ask
    return house


def test_an_edition_made_of_the_same_is_neither_rendered_nor_written(edition):
    outputs(edition)
    edition.write("src/legation/exhibits/treaties.py", "1")
    _, rendering = edition.ask()
    assert (rendering.needed, rendering.why) == (False, "kept: nothing it is made of changed")


RENDERS = {
    "stylesheet": (
        lambda h: h.write("src/legation/press/house/style.css", "q {}"),
        "src/legation/press/house/style.css changed",
    ),
    "new template": (
        lambda h: h.write("src/legation/press/house/new.jinja", ""),
        "src/legation/press/house/new.jinja changed",
    ),
    "code of the press": (
        lambda h: h.write("src/legation/press/html.py", "1"),
        "src/legation/press/html.py changed",
    ),
    "exporter": (
        lambda h: h.write("src/legation/press/exporters.py", "1"),
        "src/legation/press/exporters.py changed",
    ),
    "bibliography that is cited": (lambda h: h.write("data/references.bib", "@book{x,}"), "the bibliography changed"),
    "file of the edition": (lambda h: h.write("out/one/index.html", "pag"), "out/one/index.html is not as it was"),
    "file of the edition gone": (lambda h: (h.root / "out/one/data/a.csv").unlink(), "out/one/data/a.csv is gone"),
}


@pytest.mark.parametrize("what", RENDERS)
def test_it_is_rendered_when_this_changed_and_no_chapter_runs(edition, what):
    change, sentence = RENDERS[what]
    change(edition)
    store, rendering = edition.ask()
    assert rendering.needed
    assert sentence in rendering.why
    assert not edition.decide(store).runs


def test_it_is_rendered_when_a_chapter_gave_something_else(edition):
    edition.write(TABLE, "other")
    edition.run(says="other")
    assert edition.ask()[1].why == "renders: chapter 1 gave something else"


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({**SPEC, "title": "U"}, "its title changed"),
        ({**SPEC, "subtitle": None}, "its subtitle changed"),
        ({"title": "T", "abstract": SPEC["abstract"], "n": 1}, "its n changed"),
    ],
)
def test_it_is_rendered_when_the_spec_says_something_else(edition, facts, sentence):
    assert edition.ask(facts)[1].why == f"renders: {sentence}"


def test_a_number_of_another_kind_is_something_else(edition):
    store, rendering = edition.ask({"n": 1})
    store.published(rendering, [])
    assert edition.ask({"n": 1.0})[1].needed
    assert edition.ask({"n": True})[1].needed
    assert not edition.ask({"n": 1})[1].needed


@pytest.mark.parametrize(
    ("text", "counts"),
    [("As @jones says.", True), ("[see @jones, p. 3]", True), ("@{jones}", True), ("@jones.", True), ("a@b", False)],
)
def test_the_bibliography_counts_only_where_an_entry_is_mentioned(edition, text, counts):
    edition.run(says=text)
    store, rendering = edition.ask({"title": "T"})
    store.published(rendering, [])
    edition.write("data/references.bib", "@book{jones, title = {K}}")
    assert edition.ask({"title": "T"})[1].needed == counts


def test_an_edition_rendered_while_the_press_changed_is_rendered_again(edition):
    edition.write("src/legation/press/html.py", "1")
    store, rendering = edition.ask()
    edition.write("src/legation/press/html.py", "2")
    store.published(rendering, [edition.root / "out" / "one"])
    edition.write("src/legation/press/html.py", "1")
    assert edition.ask()[1].needed


def test_a_pandoc_of_the_machine_counts(edition, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pandoc").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    assert "pandoc is new" in edition.ask()[1].why
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "5")
    assert "SOURCE_DATE_EPOCH is new: 5" in edition.ask()[1].why
