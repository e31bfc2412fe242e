"""``legation check``: what is wrong in notebooks and report specs, found in their text alone, in a second or so.

Nothing is executed and nobody asked over the network. Each rule is one of the house; a fault that is none is answered
where it stands, with a reason: ``# check: allow RULE: reason`` in code and YAML, ``<!-- check: allow RULE: reason -->``
in a Markdown cell. An answer without reason, or to nothing, is a fault itself.
"""

from __future__ import annotations

import ast
import difflib
import json
import os
import re
import shlex
import subprocess
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from legation.errors import InputError, nearest
from legation.press import code_rules, plan, scan, spec
from legation.press.document import slug, unique
from legation.without_outputs import without_outputs
from legation.yaml_lines import line_of

#: Every rule and what it asks for.
RULES = {
    "outputs": "A notebook is committed without outputs and execution counts.",
    "title-and-question": "The first cell is the title, a heading of level 1, and under it the question it answers.",
    "parameters-cell": "One cell is tagged `parameters` and holds lines such as `year: int = 2020  # meaning`.",
    "parameter-meaning": "A comment behind each parameter says what it takes.",
    "parameter-unused": "Each parameter is used by a cell.",
    "cell-length": "A code cell has at most 16 lines, and 12 statements besides imports.",
    "cell-count": "A notebook has at most 15 code cells.",
    "syntax": "A code cell is Python that can be read.",
    "number-in-prose": "Numbers in prose are computed. In the texts of a spec, years and days may be typed.",
    "alt-text": "Exhibits and pictures have alternative text that says more than their title.",
    "picture-in-prose": "Running text has no pictures, which a page would have to fetch.",
    "dead-link": "A link to a file leads to one that is there, and `[](#name)` to an exhibit, heading or chapter.",
    "citation": "What is cited stands in data/references.bib.",
    "machine-path": "No file is named by its place on one machine.",
    "secret": "No key, token or password is written down.",
    "conflict-marker": "No marks of a merge are left.",
    "hidden-sign": "No sign hides from the reader: control characters, and those that turn the order of reading.",
    "spec": "A report spec is valid, and its chapters' parameters fit their notebooks.",
    "unreadable": "A notebook is one that can be read.",
    "allowance": "An allowance names a rule, gives a reason, and is needed.",
}
#: What no reason can answer.
_NEVER_ALLOWED = frozenset({"allowance", "conflict-marker", "outputs", "spec", "syntax", "unreadable"})

_MOST_CELLS, _MOST_STATEMENTS, _MOST_LINES = 15, 12, 16

_IN_CODE = re.compile(r"#\s*check:(?P<said>.*)$", re.MULTILINE)
_ALLOWED = re.compile(r"\s*allow\s+(?P<rule>[\w-]+)(?:\s*:|\s+because\b|\s+[–—-]\s)?\s*(?P<reason>.*)", re.DOTALL)
_TITLE = re.compile(r"\s*# \S.*\n\s*\n(?s:.+)\?")
_PLACE = re.compile(r"(?:, parameters cell)?(?:, line (?P<line>\d+))?: (?P<rest>.*)", re.DOTALL)
_SKIPPED = frozenset({"built", "published"})  # what builds write
#: What is asked of an analysis, not of notebooks that teach: these show files whole, and numbers that they made up.
_OF_ANALYSES = frozenset({"cell-count", "cell-length", "number-in-prose"})


@dataclass(frozen=True)
class Fault:
    """Something wrong: where, by which rule, and what to do."""

    file: str
    rule: str
    problem: str
    remedy: str
    cell: int | None = None  # from 1, all kinds counted
    id: str | None = None  # of the cell
    line: int | None = None  # of the file, or within the cell

    def __str__(self) -> str:
        """One line, as a linter writes it. Signs that a terminal would obey are shown as U+FFFD."""
        if self.cell is not None:
            place = f":cell {self.cell}"
            place += f" ({self.id})" if self.id else ""
            place += f", line {self.line}" if self.line else ""
        else:
            place = f":{self.line}" if self.line else ""
        return scan.shown(f"{self.file}{place}: {self.rule}: {self.problem} {self.remedy}")

    def as_json(self) -> dict[str, Any]:
        """All of it, for programs."""
        return {
            "file": self.file,
            "cell": self.cell,
            "id": self.id,
            "line": self.line,
            "rule": self.rule,
            "problem": self.problem,
            "remedy": self.remedy,
        }


def check(paths: Sequence[Path]) -> list[Fault]:
    """What is wrong in these notebooks and specs, or in those of these folders, by file and place.

    Raises
    ------
    InputError
        A path that is not there, or is neither a notebook nor a YAML file.
    """
    desk = _Desk()
    faults: list[Fault] = []
    for file in files(paths):
        found = _Notebook(file, desk).faults() if file.suffix == ".ipynb" else _faults_of_spec(file, desk)
        shown = _shown(file)
        placed = sorted(found, key=lambda fault: (fault.cell or 0, fault.line or 0, fault.rule))
        faults += dict.fromkeys(replace(fault, file=shown) for fault in placed)
    return faults


def files(paths: Iterable[Path]) -> list[Path]:
    """The notebooks and specs that paths name, each once. Of a folder, YAML files count where it is called reports.

    Raises
    ------
    InputError
        A path that is not there, or is neither a notebook nor a YAML file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(_inside(Path(os.path.abspath(path)))))  # noqa: PTH100  # a link stays a link
        elif not path.is_file():
            raise InputError(f"There is no file or folder {path}. Name a notebook, a report spec, or a folder of them.")
        elif path.suffix not in (".ipynb", ".yml", ".yaml"):
            raise InputError(f"{path} is neither a notebook (.ipynb) nor a report spec (.yml). Leave it out.")
        else:
            found[Path(os.path.abspath(path))] = None  # noqa: PTH100
    return list(found)


def _inside(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in _SKIPPED:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _inside(path)
        elif path.suffix == ".ipynb" or (path.suffix in (".yml", ".yaml") and folder.name == "reports"):
            yield path


def _shown(file: Path) -> str:
    here = Path.cwd()
    return (file.relative_to(here) if file.is_relative_to(here) else file).as_posix()


# ----------------------------------------------------------------------------------------------------------- allowances


def _answered(faults: Iterable[Fault], allowances: Iterable[tuple[str, Fault, Callable[[Fault], bool]]]) -> list[Fault]:
    """The faults that no allowance answers, and what is wrong with the allowances.

    An allowance is what it says behind ``check:``, a fault that says where it stands, and whether it is about another.
    """
    left = list(faults)
    wrong: list[Fault] = []
    for said, here, concerns in allowances:
        found = _ALLOWED.match(said)
        rule = found["rule"] if found else ""
        here = replace(here, rule="allowance")
        if rule not in RULES or rule in _NEVER_ALLOWED:
            known = [name for name in RULES if name not in _NEVER_ALLOWED]
            hint = nearest(rule, known) if rule not in RULES else ""
            problem = f"'{rule or said.strip()}' is no rule that can be allowed{hint}."
            wrong.append(replace(here, problem=problem, remedy=f"Those that can: {', '.join(known)}."))
            continue
        if not found or len(re.findall(r"\w{2,}", found["reason"])) < 2:
            remedy = f"Say why: check: allow {rule}: reason."
            wrong.append(replace(here, problem=f"{rule} is allowed without a reason.", remedy=remedy))
            continue
        kept = [fault for fault in left if fault.rule != rule or not concerns(fault)]
        if len(kept) == len(left):
            problem = f"{rule} is allowed, but nothing here breaks it."
            wrong.append(replace(here, problem=problem, remedy="Take the allowance away."))
        left = kept
    return left + wrong


# ------------------------------------------------------------------------------------------------------ what both share


def _faults_of_text(text: str, *, code: bool = False, yaml: bool = False) -> Iterator[Fault]:
    """What must stand in no text, each with its line."""
    for place, name in scan.hidden_signs(text, code=code):
        yield _fault("hidden-sign", f"{name} hides here.", "Delete it, or write it as an escape.", text, place)
    for place in scan.conflicts(text):
        remedy = "Keep one side, and delete the marks."
        yield _fault("conflict-marker", "a mark of a merge that was not finished.", remedy, text, place)
    for place, what in scan.secrets(text, yaml=yaml):
        remedy = "Change it where it is valid, delete it here, and read it from the environment or a keyring."
        yield _fault("secret", f"this looks like {what}.", remedy, text, place)


def _faults_of_paths(text: str, line: int | None = None) -> Iterator[Fault]:
    for place, path in scan.machine_paths(text):
        remedy = "Name it from the root of the checkout, or make it a parameter."
        told = path if len(path) < 60 else f"{path[:57]}…"
        fault = _fault("machine-path", f"'{told}' is there on one machine only.", remedy, text, place)
        yield replace(fault, line=line) if line else fault


def _faults_of_prose(
    text: str, leads: Callable[[str], str | None], bibliography: frozenset[str] | None, *, years: bool = False
) -> Iterator[Fault]:
    """What is wrong in Markdown that readers read. ``leads`` says what is wrong with a link's target."""
    read = scan.prose(text)
    for place, number in scan.numbers(read, years=years):
        remedy = "Compute it in a code cell with say(), or put it into words."
        if years:
            remedy = "Leave it to the notebook, which computes it, or put it into words."
        yield _fault("number-in-prose", f"'{number}' is typed.", remedy, text, place)
    for place, link in scan.links(read):
        if link.is_picture:
            remedy = "Show it from a code cell, with alternative text."
            yield _fault(
                "picture-in-prose", f"the picture '{link.target[:60]}' stands in running text.", remedy, text, place
            )
        elif problem := leads(link.target):
            remedy = "Correct the link, or take it out."
            yield _fault("dead-link", problem, remedy, text, place)
    yield from _faults_of_citations(text, read, bibliography)


def _faults_of_citations(text: str, read: str, bibliography: frozenset[str] | None) -> Iterator[Fault]:
    for place, key in scan.citations(read):
        if key not in (bibliography or ()):
            hint = nearest(key, bibliography or ())
            where = (
                "data/references.bib has no such entry"
                if bibliography is not None
                else "no data/references.bib is there"
            )
            yield _fault("citation", f"@{key} is cited, but {where}{hint}.", "Add it, or correct the key.", text, place)


def _fault(rule: str, problem: str, remedy: str, text: str = "", place: int = 0) -> Fault:
    if re.match(r"[a-z]+[ ,]", problem):  # and not the name of a file, or code
        problem = problem[:1].upper() + problem[1:]
    return Fault("", rule, problem, remedy, line=scan.line_at(text, place) if text else None)


# ------------------------------------------------------------------------------------------------------------ notebooks


@dataclass(frozen=True)
class _Cell:
    number: int
    id: str | None
    kind: str
    text: str
    tags: frozenset[str]
    has_outputs: bool
    shown: str  # the texts of its outputs

    @cached_property
    def tree(self) -> ast.Module | None:
        """Its code; ``None`` where there is none that can be read."""
        try:
            return code_rules.parsed(self.text) if self.kind == "code" else None
        except (SyntaxError, ValueError):
            return None

    def place(self, fault: Fault) -> Fault:
        """The fault, said of this cell."""
        return replace(fault, cell=self.number, id=self.id)


class _Notebook:
    """One notebook, and what its text shows to be wrong."""

    def __init__(self, file: Path, desk: _Desk) -> None:
        self.file, self.desk = file, desk
        self.content, self._refusal = b"", None
        try:
            self.content = file.read_bytes()
        except OSError as error:  # such as of a link to nowhere
            self._refusal = error.strerror

    @cached_property
    def cells(self) -> list[_Cell]:
        """Its cells. ValueError: it is no notebook that can be read."""
        if self._refusal:
            raise ValueError(self._refusal)
        text = self.content.decode("utf-8")
        without_outputs(text)  # says what is wrong with it
        try:
            return [_cell(number, cell) for number, cell in enumerate(json.loads(text)["cells"], start=1)]
        except (AttributeError, TypeError) as error:  # of tags and outputs, which it does not look at
            raise ValueError(f"it is no notebook that can be read ({error!r})") from None

    @property
    def code(self) -> list[_Cell]:
        return [cell for cell in self.cells if cell.kind == "code"]

    def faults(self) -> list[Fault]:
        try:
            cells = self.cells
        except (ValueError, RecursionError) as error:
            text = self.content.decode("utf-8", "replace")
            torn = [fault for fault in _faults_of_text(text) if fault.rule == "conflict-marker"]
            problem = f"This notebook cannot be read: {str(error).splitlines()[0]}."
            return torn[:1] or [_fault("unreadable", problem, "Open it in JupyterLab and save it again.")]
        found = [*self._of_form(), *self._of_parameters(), *self._of_pictures()]
        found += [cell.place(fault) for cell in cells for fault in self._of_cell(cell)]
        if not self._is_analysis:
            found = [fault for fault in found if fault.rule not in _OF_ANALYSES]
        return _answered(found, self._allowances())

    @property
    def _is_analysis(self) -> bool:
        return all(folder.name != "docs" for folder in self.file.parents[:2])

    def _allowances(self) -> Iterator[tuple[str, Fault, Callable[[Fault], bool]]]:
        for cell in self.cells:
            given = [(found.start(), found["said"]) for found in _IN_CODE.finditer(cell.text)]
            for place, said in given if cell.kind == "code" else scan.answers(cell.text):
                here = cell.place(_fault("allowance", "", "", cell.text, place))
                yield said, here, lambda fault, number=cell.number: fault.cell == number  # type: ignore[misc]

    def _of_form(self) -> Iterator[Fault]:
        first = self.cells[0] if self.cells else None
        shown = scan.without_answers(first.text) if first and first.kind == "markdown" else ""
        if not _TITLE.match(shown):
            problem = "The first cell is not a title with a question under it."
            fault = _fault(
                "title-and-question", problem, "Write '# Title', an empty line, and the question it answers?"
            )
            yield first.place(fault) if first else fault
        for cell in self.code[_MOST_CELLS : _MOST_CELLS + 1]:
            problem = f"A notebook has at most {_MOST_CELLS} code cells, and this one {len(self.code)}."
            yield cell.place(
                _fault("cell-count", problem, "Join cells, move code to the library, or make two chapters.")
            )
        kept = [cell for cell in self.cells if cell.has_outputs]
        if kept and not self.desk.filters(self.file):
            remedy = "Clear them, or let Git leave them out: make setup-git."
            yield kept[0].place(
                _fault("outputs", f"{_count(len(kept), 'cell')} with output or execution count.", remedy)
            )
        elif kept and self.desk.committed_with_outputs(self.file):
            remedy = f"Take them out: git add --renormalize {shlex.quote(_shown(self.file))}"
            yield kept[0].place(_fault("outputs", "Git holds this notebook with outputs.", remedy))

    def _of_parameters(self) -> Iterator[Fault]:
        tagged = [cell for cell in self.cells if "parameters" in cell.tags]
        if not tagged and not self._is_analysis:
            return
        if not tagged:
            problem, remedy = "No cell is tagged parameters.", "Tag the cell that sets them, in the property inspector."
            fault = _fault("parameters-cell", problem, remedy)
            yield self.cells[0].place(fault) if self.cells else fault
            return
        for cell in tagged[1:]:
            problem = f"Cell {tagged[0].number} is tagged parameters already."
            yield cell.place(_fault("parameters-cell", problem, "Keep all parameters in one cell."))
        try:
            known = plan.parameters(self.file)
        except InputError as error:
            yield tagged[0].place(_told("parameters-cell", str(error), self.file))
            return
        if not known:
            problem = "The parameters cell sets no parameter."
            yield tagged[0].place(_fault("parameters-cell", problem, "Write one: `year: int = 2020  # meaning`."))
        reading = [cell for cell in self.code if cell is not tagged[0]]
        used = [
            code_rules.used(cell.tree) if cell.tree else frozenset(re.findall(r"\w+", cell.text)) for cell in reading
        ]
        for name, parameter in known.items():
            if not parameter.meaning:
                problem, remedy = f"Nothing says what '{name}' takes.", "Add it behind the value: # meaning."
                yield tagged[0].place(replace(_fault("parameter-meaning", problem, remedy), line=parameter.line))
            if misfit := parameter.misfit(parameter.default):
                problem = f"The default of '{name}' does not fit its type `{parameter.written}`: {misfit[1]}."
                fault = _fault("parameters-cell", problem, "Correct one of them.")
                yield tagged[0].place(replace(fault, line=parameter.line))
            if not any(names is None or name in names for names in used):
                problem, remedy = f"No cell uses the parameter '{name}'.", "Use it, or take it out."
                yield tagged[0].place(replace(_fault("parameter-unused", problem, remedy), line=parameter.line))

    def _of_pictures(self) -> Iterator[Fault]:
        of_tree = {id(cell.tree): cell for cell in self.code if cell.tree}
        told: set[int] = set()
        for tree, line, what in code_rules.undescribed([cell.tree for cell in self.code if cell.tree]):
            cell = of_tree[id(tree)]
            if "exhibit" in what or cell.number not in told:  # of a plain drawing its first call says it
                remedy = "Make it an Exhibit with alt=…, which says what a reader would see and conclude."
                yield cell.place(replace(_fault("alt-text", f"{what}.", remedy), line=line))
                told.add(cell.number)

    def _of_cell(self, cell: _Cell) -> Iterator[Fault]:
        found = list(_faults_of_text(cell.text, code=cell.kind == "code"))
        yield from found
        for _, what in list(scan.secrets(cell.shown))[:1]:
            remedy = "Change it where it is valid, and clear the output."
            yield _fault("secret", f"an output shows what looks like {what}.", remedy)
        if cell.kind == "markdown":
            yield from _faults_of_paths(scan.prose(cell.text))
            yield from _faults_of_prose(cell.text, self._leads, self.desk.bibliography(self.file))
        elif cell.kind == "code":
            yield from self._of_code(cell, torn=any(fault.rule == "conflict-marker" for fault in found))

    def _of_code(self, cell: _Cell, *, torn: bool) -> Iterator[Fault]:
        if cell.tree is None:
            if not torn:
                yield _syntax(cell.text)
            return
        statements = sum(not isinstance(node, ast.Import | ast.ImportFrom) for node in cell.tree.body)
        lines = sum(not _IN_CODE.match(line.strip()) for line in cell.text.splitlines())
        if statements > _MOST_STATEMENTS or lines > _MOST_LINES:
            problem = f"This cell has {_count(statements, 'statement')} on {_count(lines, 'line')}, "
            problem += f"at most {_MOST_STATEMENTS} on {_MOST_LINES} are meant."
            yield _fault("cell-length", problem, "Move code to the library, or split the cell.")
        for line, text in code_rules.texts(cell.tree):
            yield from _faults_of_paths(text, line)
        for line, text in code_rules.said(cell.tree):
            faults = _faults_of_prose(text, self._leads_when_said, self.desk.bibliography(self.file))
            yield from (replace(fault, line=line + (fault.line or 1) - 1) for fault in faults)

    def _leads(self, target: str) -> str | None:
        return _leads_nowhere(target, self.file, lambda name: self.desk.holds_in_a_report(self.file, name))

    def _leads_when_said(self, target: str) -> str | None:
        return None if code_rules.BLANK in target else self._leads(target)  # where to, only a run can tell

    # what other texts can refer to

    @cached_property
    def _headings(self) -> tuple[set[str], set[str]]:
        """Names of the headings, and patterns of those that code writes."""
        taken: set[str] = set()
        patterns: set[str] = set()
        for cell in self.cells:
            if cell.kind == "markdown":
                for words in scan.headings(cell.text):
                    unique(slug(words) or "section", taken)
            elif cell.tree:
                for words in code_rules.headings_made(cell.tree):
                    patterns.add(".+".join(slug(part) for part in re.split(r"\{[^{}]*\}", words)))
        return taken, patterns

    @cached_property
    def _exhibits(self) -> tuple[set[str], set[str]]:
        """Names that the notebook's code, or the code it imports, could give an exhibit; and patterns of such names."""
        from legation.press.depends import PACKAGE, Files, Library, source

        plain, patterns = set[str](), set[str]()
        code = [cell.text for cell in self.code]
        root = self.file.parent.parent
        record = Files(root)
        for shown in Library(record, root).of_notebook(self.file, source(record, self.file)).files:
            around = (base / shown for base in (root, PACKAGE.parent))
            code += [file.read_text(encoding="utf-8") for file in around if file.suffix == ".py" and file.is_file()][:1]
        for text in code:
            for found, made in zip((plain, patterns), code_rules.names_made(text), strict=True):
                found |= made
        return plain, patterns

    def holds(self, name: str) -> bool:
        """Whether it has a heading of that name, or its code could make an exhibit of that name."""
        for plain, patterns in (self._headings, self._exhibits) if name not in self._headings[0] else [({name}, ())]:
            if name in plain or any(re.fullmatch(pattern, name) for pattern in patterns):
                return True
        return False

    def headings(self) -> list[str]:
        return sorted(self._headings[0])


def _cell(number: int, cell: dict[str, Any]) -> _Cell:
    outputs = cell.get("outputs") or []
    return _Cell(
        number=number,
        id=cell.get("id"),
        kind=str(cell["cell_type"]),
        text=_joined(cell["source"]),
        tags=frozenset(cell.get("metadata", {}).get("tags", [])),
        has_outputs=bool(outputs) or cell.get("execution_count") is not None,
        shown="\n".join(text for output in outputs for text in _shown_texts(output)),
    )


def _shown_texts(output: dict[str, Any]) -> Iterator[str]:
    yield from (_joined(output[key]) for key in ("text", "evalue", "traceback") if key in output)
    yield from (_joined(data) for kind, data in output.get("data", {}).items() if kind.startswith("text/"))


def _joined(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _syntax(text: str) -> Fault:
    try:
        code_rules.parsed(text)
    except SyntaxError as error:
        return replace(_fault("syntax", f"{error.msg}.", "Correct the line."), line=error.lineno)
    except ValueError as error:
        return _fault("syntax", f"{error}.", "Correct the cell.")
    raise AssertionError("the cell can be read")


def _told(rule: str, sentence: str, file: Path) -> Fault:
    """An error of the plan or the spec as a fault: its line, and what it says. Of another file it is told whole."""
    own = f"{file.parent.name}/{file.name}"
    line = None
    if sentence.startswith(own):
        found = _PLACE.match(sentence[len(own) :])
        assert found  # noqa: S101  # an error names file and line, and behind a colon what is wrong
        line, sentence = int(found["line"]) if found["line"] else None, found["rest"]
    else:
        sentence = f"A chapter is wrong, in {sentence}"
    problem, remedy = _problem_and_remedy(sentence)
    return replace(_fault(rule, problem, remedy), line=line)


def _problem_and_remedy(sentences: str) -> tuple[str, str]:
    """What is wrong, and behind the first full stop what to do."""
    problem, stop, remedy = sentences.partition(". ")
    return (f"{problem}.", remedy) if stop else (sentences, "Correct it.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


# ---------------------------------------------------------------------------------------------------------------- specs


def _faults_of_spec(file: Path, desk: _Desk) -> list[Fault]:
    try:
        text = file.read_bytes().decode("utf-8", "replace")
    except OSError:  # who loads it will say
        text = ""
    faults = [*_faults_of_text(text, yaml=True), *_faults_of_paths(text)]
    keys = [1]
    if not any(fault.rule in ("conflict-marker", "hidden-sign") for fault in faults):
        try:
            read = spec.load(file)
            keys = sorted(set(read._lines.values()))
            faults += _faults_of_fields(read, desk)
            for edition in spec.editions(read):
                plan.plan(edition, _notebooks_of(file))
        except InputError as error:
            faults.append(_told("spec", str(error), file))

    def key_of(line: int) -> int:
        return max((key for key in keys if key <= line), default=1)

    allowances = []
    for found in _IN_CODE.finditer(text):
        line = scan.line_at(text, found.start())
        alone = not text.splitlines()[line - 1].split("#")[0].strip()
        about = {line + 1} if alone else {line}  # on a line of its own it answers for the next

        def concerns(fault: Fault, about: set[int] = about) -> bool:
            return fault.line is not None and bool({fault.line, key_of(fault.line)} & about)

        allowances.append((found["said"], replace(_fault("allowance", "", ""), line=line), concerns))
    return _answered(faults, allowances)


def _faults_of_fields(read: spec.ReportSpec, desk: _Desk) -> Iterator[Fault]:
    """What is wrong in the texts of a spec, each with the line of its key."""
    written: list[tuple[tuple[str | int, ...], str | None]] = [
        (("title",), read.title),
        (("subtitle",), read.subtitle),
        (("abstract",), read.abstract),
    ]
    if read.sweep:
        written += [(("sweep", "title"), read.sweep.title), (("sweep", "abstract"), read.sweep.abstract)]
    for position, chapter in enumerate(read.chapters):
        written += [(("chapters", position, "title"), chapter.title), (("chapters", position, "lead"), chapter.lead)]
    for place, text in written:
        own = read.chapters[int(place[1])].notebook if place[0] == "chapters" else None

        def leads(target: str, own: str | None = own) -> str | None:
            if any(f"{{{name}}}" in target for name in (read.sweep.over if read.sweep else ())):
                return None  # each edition puts a word of its own there
            return _leads_nowhere(target, read._file, lambda name: desk.holds(read, name, own))

        for fault in _faults_of_prose(text or "", leads, desk.bibliography(read._file), years=True):
            yield replace(fault, line=line_of(read._lines, place))


def _notebooks_of(spec_file: Path) -> Path:
    return spec_file.parent.parent / "notebooks"


def _leads_nowhere(target: str, file: Path, holds: Callable[[str], list[str] | None]) -> str | None:
    """What is wrong with a link's target, if anything. ``holds`` tells the names there are, unless one is found."""
    if re.match(r"(?:https?://|mailto:)", target, re.IGNORECASE):
        return None  # nobody is asked
    if target.startswith("#"):
        known = holds(target[1:])
        if known is None:
            return None
        near = difflib.get_close_matches(target[1:], known, n=1)
        meant = f" (did you mean '#{near[0]}'?)" if near else ""
        return f"'{target}' is neither a heading nor a chapter nor an exhibit that its code could make{meant}."
    if not target or re.match(r"/|[a-z][a-z0-9+.-]*:", target, re.IGNORECASE):
        return f"'{target}' is no address that a page can lead to."
    path = urllib.parse.unquote(re.split(r"[#?]", target)[0])
    if not (file.parent / path).exists():
        return f"There is no file '{path}' beside {file.name}."
    return None


class _Desk:
    """What lies around the files that are checked, read once: bibliographies, other notebooks, reports, Git."""

    def __init__(self) -> None:
        self._bibliographies: dict[Path, frozenset[str] | None] = {}
        self._notebooks: dict[Path, _Notebook | None] = {}
        self._reports: dict[Path, list[spec.ReportSpec]] = {}

    def bibliography(self, file: Path) -> frozenset[str] | None:
        """The keys of the nearest data/references.bib around a file; ``None`` if there is none."""
        if file.parent not in self._bibliographies:
            around = (folder / "data" / "references.bib" for folder in file.parents)
            found = next((each for each in around if each.is_file()), None)
            self._bibliographies[file.parent] = scan.entries(found) if found else None
        return self._bibliographies[file.parent]

    def holds(self, report: spec.ReportSpec, reference: str, own: str | None) -> list[str] | None:
        """``None`` if the reference leads somewhere in the report; else the names there are."""
        of_chapters = dict(zip(plan.chapter_names(report), report.chapters, strict=True))
        chapter, dot, name = reference.partition(".")
        if dot:
            if chapter not in of_chapters:
                return list(of_chapters)
            notebook = self._notebook(report._file, of_chapters[chapter].notebook)
            return None if notebook is None or notebook.holds(name) else [f"{chapter}.{n}" for n in notebook.headings()]
        if reference in of_chapters:
            return None
        notebooks = [self._notebook(report._file, chapter.notebook) for chapter in report.chapters]
        if any(notebook is None or notebook.holds(reference) for notebook in notebooks):
            return None
        return [*of_chapters, *(name for notebook in notebooks if notebook for name in notebook.headings())]

    def holds_in_a_report(self, file: Path, reference: str) -> list[str] | None:
        """``None`` if a notebook's reference leads somewhere in it, or in a report that has it as a chapter."""
        itself = self._notebook_at(file)
        if itself is None or itself.holds(reference):
            return None
        known = itself.headings()
        for report in self._around(file.parent.parent / "reports"):
            if any(plan.file_of(chapter.notebook, file.parent) == file for chapter in report.chapters):
                found = self.holds(report, reference, None)
                if found is None:
                    return None
                known += found
        return known

    def _around(self, folder: Path) -> list[spec.ReportSpec]:
        if folder not in self._reports:
            self._reports[folder] = []
            for file in sorted(folder.glob("*.yml")):
                try:
                    self._reports[folder].append(spec.load(file))
                except InputError:  # said of that file, when it is checked
                    continue
        return self._reports[folder]

    def _notebook(self, spec_file: Path, name: str) -> _Notebook | None:
        return self._notebook_at(plan.file_of(name, _notebooks_of(spec_file)))

    def _notebook_at(self, file: Path) -> _Notebook | None:
        """A notebook; ``None`` if it cannot be read, which is said elsewhere."""
        if file not in self._notebooks:
            read = _Notebook(file, self)
            try:
                read.cells  # noqa: B018
            except (ValueError, RecursionError):
                self._notebooks[file] = None
            else:
                self._notebooks[file] = read
        return self._notebooks[file]

    def filters(self, file: Path) -> bool:
        """Whether Git leaves a notebook's outputs out when it is committed."""
        named = _git(file, "check-attr", "filter", "--", file.name).rpartition(": ")[2].strip()
        return (
            bool(named)
            and named not in ("unspecified", "unset", "set")
            and bool(_git(file, "config", f"filter.{named}.clean"))
        )

    def committed_with_outputs(self, file: Path) -> bool:
        """Whether Git holds a notebook with outputs, as it was last added."""
        held = _git(file, "show", f":./{file.name}")
        try:
            return bool(held) and any(_cell(1, cell).has_outputs for cell in json.loads(held)["cells"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return False


def _git(file: Path, *arguments: str) -> str:
    """What Git answers; nothing where there is no Git, or the file is in no repository of it."""
    try:
        done = subprocess.run(["git", *arguments], cwd=file.parent, capture_output=True, check=False)  # noqa: S603, S607
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
