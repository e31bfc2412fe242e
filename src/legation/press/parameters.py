"""What parameters a notebook takes, read from its ``parameters`` cell, which is never run."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import core_schema

from legation import parameters as named
from legation.checkout import home
from legation.errors import InputError, nearest

_HERE = named.__name__
_BOUNDS = ("ge", "gt", "le", "lt")


def _is_a_day(written: str) -> str:
    try:
        known = date.fromisoformat(written).isoformat()
    except ValueError:
        known = None
    if written != known:
        raise ValueError(f"'{written}' is no day of the calendar, written as 2024-06-20")
    return written


#: A day reaches a notebook as the text that was written: papermill hands on nothing but plain values.
_DAY = Annotated[str, AfterValidator(_is_a_day), WithJsonSchema({"type": "string", "format": "date"})]
#: Annotations that are checked, by the full names of what is meant.
_TYPES: dict[str, Any] = {
    **{kind.__name__: kind for kind in (str, int, float, bool, list, dict)},
    "typing.Any": Any,
    "datetime.date": _DAY,
    **{f"{_HERE}.{name}": kind for name, kind in named.TYPES.items()},
}
#: What a name means where the cell does not import it: an earlier cell may.
_MEANT = {each.rpartition(".")[2]: each for each in (*_TYPES, "typing.Literal", "typing.Annotated", "pydantic.Field")}


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's ``parameters`` cell.

    ``written`` is the annotation as it stands there; ``unchecked`` has the parts of it that are not known, whose values
    are let through.
    """

    name: str
    type: Any
    default: Any
    meaning: str
    written: str = ""
    line: int = 0  # in the cell
    unchecked: tuple[str, ...] = ()

    def misfit(self, value: Any) -> tuple[list[str | int], str] | None:
        """The place inside a value that does not fit, and why as a sentence without its stop; ``None`` if it fits."""
        try:
            self._adapter.validate_python(value)
        except ValidationError as error:
            # Of a choice such as `int | None` the first says what was probably meant.
            first = error.errors()[0]
            inside = _inside(value, first["loc"])
            if first["type"] == "value_error":
                return inside, str(first["ctx"]["error"])
            hint = ""
            if first["type"] == "literal_error":
                hint = nearest(str(first["input"]), re.findall(r"'([^']*)'", str(first["ctx"]["expected"])))
            return inside, f"{first['msg'].lower()}, but {first['input']!r} stands there{hint}"
        return None

    def schema(self) -> dict[str, Any]:
        """The values that fit, as JSON Schema."""
        return self._adapter.json_schema()

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.type, config=ConfigDict(strict=True))


def parameters(notebook: Path) -> dict[str, Parameter]:
    """The parameters a notebook takes, from the annotated assignments in its cell tagged ``parameters``.

    Raises
    ------
    InputError
        If the notebook cannot be read, or a line of the cell is neither an import nor ``name: type = literal``.
    """
    shown = f"{notebook.parent.name}/{notebook.name}"
    source = _source(notebook, shown)
    if source is None:
        return {}
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise InputError(
            f"{shown}, parameters cell, line {error.lineno or 1}: {error.msg}. Correct the line."
        ) from None
    said = comments(source)
    reader = _Types(dict(_imported(tree)), home(notebook.absolute().parent))
    found: dict[str, Parameter] = {}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None):
            raise InputError(
                f"{shown}, parameters cell, line {node.lineno}: write a parameter as `name: type = value  # meaning` "
                "and move everything else to another cell."
            )
        try:
            default = reader.value(node.value)
            kind = reader.type(node.annotation)
        except ValueError as error:
            raise InputError(
                f"{shown}, parameters cell, line {node.lineno}: {error}. Use a plain value and type."
            ) from None
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        meaning = " ".join(said[line] for line in lines if line in said)
        found[node.target.id] = Parameter(
            node.target.id, kind, default, meaning, ast.unparse(node.annotation), node.lineno, reader.unknown()
        )
    return found


def comments(source: str) -> dict[int, str]:
    """The comments of a piece of Python by their lines, without the sign."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}


def _source(notebook: Path, shown: str) -> str | None:
    try:
        # Not with nbformat, whose import takes longer than all else that an unchanged report needs.
        content = json.loads(notebook.read_text(encoding="utf-8"))
        sources = [
            cell["source"] for cell in content["cells"] if "parameters" in cell.get("metadata", {}).get("tags", [])
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{shown}: this is not a notebook that can be read ({error!r}). Save it again.") from error
    if not sources:
        return None
    return sources[0] if isinstance(sources[0], str) else "".join(sources[0])


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The names that a cell imports, and the full names of what they stand for."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


@dataclass
class _Types:
    """Builds the types that annotations name from a short list of safe ones; nothing is evaluated or imported."""

    imported: dict[str, str]
    root: Path
    _unknown: list[str] = field(default_factory=list)

    def unknown(self) -> tuple[str, ...]:
        """What was not known since this was asked last."""
        found, self._unknown = tuple(dict.fromkeys(self._unknown)), []
        return found

    def value(self, node: ast.expr) -> Any:
        """A default: a plain value, or a day as ``date(2024, 6, 20)``, which becomes the text 2024-06-20."""
        is_day = isinstance(node, ast.Call) and self._meant(node.func) == "datetime.date" and not node.keywords
        try:
            if isinstance(node, ast.Call) and is_day:
                return date(*(ast.literal_eval(part) for part in node.args)).isoformat()
            return ast.literal_eval(node)
        except (ValueError, TypeError, OverflowError, RecursionError):
            what = "day of the calendar" if is_day else "plain value"
            raise ValueError(f"'{ast.unparse(node)[:60]}' is no {what}") from None

    def type(self, node: ast.expr) -> Any:
        """The type that an annotation names; of what is not known, anything."""
        if isinstance(node, ast.Constant) and node.value is None:
            return None
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                return self.type(ast.parse(node.value, mode="eval").body)
            except SyntaxError:
                raise ValueError(f"{node.value!r} is no type") from None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            left, right = self.type(node.left), self.type(node.right)
            return typing.Union[left, right]  # noqa: UP007  # `None | None` is an error
        if isinstance(node, ast.Subscript):
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            match self._meant(node.value), inner:
                case "typing.Literal", _:
                    return Literal[tuple(ast.literal_eval(part) for part in inner)]
                case "list", [each]:
                    return list[self.type(each)]  # type: ignore[misc]  # built at run time, for pydantic
                case "dict", [key, each]:
                    return dict[self.type(key), self.type(each)]  # type: ignore[misc]
                case "typing.Annotated", [base, bounds] if found := self._bounds(bounds):
                    return Annotated[self.type(base), Field(**found)]
        return self._bound(_TYPES.get(self._meant(node)), node)

    def _bound(self, kind: Any, node: ast.expr) -> Any:
        """A type of `legation.parameters` with the checkout that its values are looked up in."""
        if kind is None:
            self._unknown.append(ast.unparse(node))
            return Any
        if typing.get_origin(kind) is Annotated and kind is not _DAY:
            return Annotated[kind.__origin__, _OfKind(kind.__metadata__[0], self._meant(node), self.root)]
        return kind

    def _bounds(self, node: ast.expr) -> dict[str, Any]:
        """``Field(ge=0, le=1)`` as its keywords; empty for anything else."""
        if not (isinstance(node, ast.Call) and self._meant(node.func) == "pydantic.Field" and not node.args):
            return {}
        if any(keyword.arg not in _BOUNDS for keyword in node.keywords):
            return {}
        try:
            found = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords}
        except (ValueError, TypeError, RecursionError):
            found = {"": None}
        if not all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in found.values()):
            raise ValueError(f"'{ast.unparse(node)[:60]}' has a bound that is no plain number")
        return found

    def _meant(self, node: ast.expr) -> str:
        """The full name of what a name, or a name with dots, stands for."""
        first, *rest = ast.unparse(node).split(".")
        if rest:
            return ".".join([self.imported.get(first, first), *rest])
        return self.imported.get(first) or _MEANT.get(first, first)


@dataclass(frozen=True)
class _OfKind:
    """Checks a value by a type of `legation.parameters`, for pydantic."""

    kind: named.Kind
    name: str
    root: Path

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, _schema: Any, _handler: Any) -> dict[str, Any]:
        return {**self.kind.schema(self.root), "title": self.name.rpartition(".")[2]}

    def _checked(self, value: Any) -> Any:
        refusal = self.kind.refusal(value, self.root)
        if refusal:
            raise ValueError(refusal)
        return value


def _inside(value: Any, place: tuple[str | int, ...]) -> list[str | int]:
    """Of a place as pydantic tells it, which names types too, what leads into the value."""
    inside: list[str | int] = []
    for part in place:
        held = range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ()
        if part in held:
            inside.append(part)
            value = value[part]
    return inside
