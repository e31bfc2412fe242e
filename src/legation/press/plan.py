"""From specs to what will run: notebooks found, parameters checked, nothing executed."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from legation.errors import InputError, nearest
from legation.press.document import slug, unique
from legation.press.spec import Limits, ReportSpec

_SIMPLE = {"str": str, "int": int, "float": float, "bool": bool, "date": date, "list": list, "dict": dict, "Any": Any}


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's ``parameters`` cell."""

    name: str
    type: Any
    default: Any
    meaning: str


@dataclass(frozen=True)
class Chapter:
    """A notebook that exists, with parameters that fit it."""

    notebook: Path
    parameters: dict[str, Any]
    title: str | None
    position: int  # from 0
    name: str = ""  # what other chapters refer to it by
    limits: Limits = field(default_factory=Limits)
    as_of: str | None = None  # the time up to which it is given vintages; none: the present


@dataclass(frozen=True)
class Plan:
    """A report that can run."""

    spec: ReportSpec
    chapters: tuple[Chapter, ...]


def plan(spec: ReportSpec, notebooks: Path, as_of: str | None = None) -> Plan:
    """Resolve every chapter of a spec.

    Parameters
    ----------
    spec
        The report.
    notebooks
        The folder the notebooks live in.
    as_of
        The time for which it runs, as a stamp; ``None``: the present.

    Raises
    ------
    InputError
        A notebook that is unknown or lies outside the folder, a parameter that is unknown or of the wrong type, one
        that is swept and no notebook takes: with file, line and the nearest valid name. A chapter's name that another
        has.
    """
    chapters = []
    names = _names(spec)
    takeable: dict[str, None] = {}
    for position, chapter in enumerate(spec.chapters):
        file = _find(chapter.notebook, notebooks, spec.where("chapters", position, "notebook"))
        known = _known(file)
        takeable.update(dict.fromkeys(known))
        # What a chapter gives itself stands; of what is swept it gets the parameters its notebook takes.
        given = {name: value for name, value in spec.point.items() if name in known} | chapter.parameters
        for name, value in given.items():
            _check(name, value, known, file, spec.where_given(position, name))
        chapters.append(Chapter(file, given, chapter.title, position, names[position], chapter.limits, as_of))
    for name in spec.point:
        if name not in takeable:
            raise InputError(
                f"{spec.where('sweep', 'over', name)}: no notebook of this report takes a parameter '{name}'"
                f"{nearest(name, takeable)}. They take: {', '.join(takeable)}."
            )
    return Plan(spec, tuple(chapters))


def file_of(name: str, folder: Path) -> Path:
    """The file that a spec means by a notebook's name, with its ending or without, whether it is there or not."""
    return folder / (name if name.endswith(".ipynb") else f"{name}.ipynb")


def _known(notebook: Path) -> dict[str, Parameter]:
    """A notebook's parameters, read anew when the file has changed: the editions of a sweep have one notebook."""
    try:
        status = notebook.stat()
    except OSError:  # said by whoever reads it
        return parameters(notebook)
    return _read_once(notebook, status.st_mtime_ns, status.st_size, status.st_ino)


@lru_cache(maxsize=64)
def _read_once(notebook: Path, *_status: int) -> dict[str, Parameter]:
    return parameters(notebook)


def parameters(notebook: Path) -> dict[str, Parameter]:
    """The parameters a notebook takes, from the annotated assignments in its cell tagged ``parameters``.

    Raises
    ------
    InputError
        If the notebook cannot be read, or a line of the cell is not ``name: type = literal``.
    """
    shown = f"{notebook.parent.name}/{notebook.name}"
    try:
        # Not with nbformat, whose import takes longer than all else that an unchanged report needs.
        content = json.loads(notebook.read_text(encoding="utf-8"))
        sources = [
            cell["source"] for cell in content["cells"] if "parameters" in cell.get("metadata", {}).get("tags", [])
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{shown}: this is not a notebook that can be read ({error!r}). Save it again.") from error
    if not sources:
        return {}
    source = sources[0] if isinstance(sources[0], str) else "".join(sources[0])
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise InputError(f"{shown}, parameters cell, line {error.lineno}: {error.msg}. Correct the line.") from None
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    for node in tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None):
            raise InputError(
                f"{shown}, parameters cell, line {node.lineno}: write a parameter as `name: type = value  # meaning` "
                " and move everything else to another cell."
            )
        try:
            default = ast.literal_eval(node.value)
            kind = _type(node.annotation)
        except ValueError as error:
            raise InputError(
                f"{shown}, parameters cell, line {node.lineno}: {error}. Use a plain value and type."
            ) from None
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        meaning = " ".join(comments[line] for line in lines if line in comments)
        found[node.target.id] = Parameter(node.target.id, kind, default, meaning)
    return found


def _names(spec: ReportSpec) -> list[str]:
    """The chapters' names: those given, and for the others the notebook's, with a number where it is taken."""
    given: dict[str, int] = {}
    for position, chapter in enumerate(spec.chapters):
        if chapter.name in given:
            raise InputError(
                f"{spec.where('chapters', position, 'name')}: the name '{chapter.name}' is that of chapter "
                f"{given[chapter.name] + 1} already. Give each chapter a name of its own."
            )
        if chapter.name is not None:
            given[chapter.name] = position
    taken = set(given)
    return [chapter.name or unique(slug(Path(chapter.notebook).stem) or "chapter", taken) for chapter in spec.chapters]


def _find(name: str, folder: Path, where: str) -> Path:
    file = file_of(name, folder)
    available = sorted(path.stem for path in folder.glob("*.ipynb"))
    if file.parent != folder or not file.is_file():
        hint = nearest(name.removesuffix(".ipynb"), available)
        raise InputError(
            f"{where}: there is no notebook '{name}' in {folder.name}/{hint}. There are: {', '.join(available)}."
        )
    return file


def _check(name: str, value: Any, known: dict[str, Parameter], file: Path, where: str) -> None:
    if name not in known:
        raise InputError(
            f"{where}: {file.name} takes no parameter '{name}'{nearest(name, known)}. It takes: {', '.join(known)}."
        )
    try:
        TypeAdapter(known[name].type, config=ConfigDict(strict=True)).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        inside = "".join(f"[{part!r}]" for part in first["loc"])
        raise InputError(
            f"{where}: parameter '{name}'{inside} of {file.name}: {first['msg'].lower()}, but {first['input']!r} "
            f"stands there. It takes {known[name].meaning or known[name].type}."
        ) from None


def _type(node: ast.expr) -> Any:
    """The type an annotation names, built from a short list of safe ones; annotations are never evaluated."""
    if isinstance(node, ast.Constant) and node.value is None:
        return None
    if isinstance(node, ast.Name) and node.id in _SIMPLE:
        return _SIMPLE[node.id]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _type(node.left) | _type(node.right)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if node.value.id == "Literal":
            return Literal[tuple(ast.literal_eval(part) for part in inner)]
        if node.value.id == "list" and len(inner) == 1:
            return list[_type(inner[0])]  # type: ignore[misc]  # built at run time, for pydantic
        if node.value.id == "dict" and len(inner) == 2:
            return dict[_type(inner[0]), _type(inner[1])]  # type: ignore[misc]
    raise ValueError(f"the type `{ast.unparse(node)}` is not one a parameter can have ({', '.join(_SIMPLE)}, Literal)")


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
