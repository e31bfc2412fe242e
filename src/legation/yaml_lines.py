"""YAML files that a person writes by hand: plain values, the line of each, and what is wrong in them as a sentence."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from legation.errors import InputError, nearest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

#: A place in a file: keys and positions from the outside in, such as ``("chapters", 0, "title")``.
Place = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)$")
_REAL = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?$")
_MOST = 2_000_000  # bytes; the longest file written by hand so far has 60,000
#: What the parser says, by its beginning, in the words of whoever writes the file.
_INDENTED = "the indentation of this line does not fit the line above"
_PLAINLY = {
    **{f"expected <block end>, but found '{what}": _INDENTED for what in ("<block ", "-", "?")},
    "mapping values are not allowed": f"{_INDENTED}, or a text with a colon is not in quotation marks",
    "found character '\\t'": "a tab stands at its head, where only spaces may",
}
_M = TypeVar("_M", bound=BaseModel)


def read(file: Path, *, shown: str, kind: str) -> tuple[dict[str, Any], dict[Place, int]]:
    """A file's contents as plain dicts, lists, texts, numbers and truth values, and the line of each.

    A date stays the text that was written. Anchors, aliases and tags are refused: a reader should see the value
    where it is used.

    Parameters
    ----------
    file
        The file.
    shown
        How to name it in an error.
    kind
        What the file is, with its article: ``"a treaty"``.

    Raises
    ------
    InputError
        A file that is missing, not UTF-8, not YAML, or that gives a key twice: with file and line.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{shown}: it cannot be read ({error.strerror}). Check the name.") from None
    if len(content) > _MOST:
        raise InputError(f"{shown}: {len(content):,} bytes are too many for {kind}. Is it the right file?")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{shown}: byte {error.start} is not UTF-8. Save the file as UTF-8.") from None
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = (error.problem or error.context or "it cannot be read").split("\n")[0]
        problem = next((words for said, words in _PLAINLY.items() if problem.startswith(said)), problem)
        raise InputError(f"{shown}, line {line}: this is not valid YAML ({problem}). Correct the line.") from None
    except RecursionError:
        raise InputError(f"{shown}: its parts are nested too deeply for {kind}.") from None
    except (YAMLError, ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError) as error:
        # The parser lets some of its own errors through on text that is far from YAML.
        problem = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{shown}: this is not valid YAML ({problem}).") from None
    if not isinstance(root, MappingNode):
        raise InputError(f"{shown}, line 1: {kind} is a list of keys such as 'title:', each with its value.")
    lines: dict[Place, int] = {}
    return _Plain(lines, shown).mapping(root, ()), lines


def value(text: str, *, shown: str) -> Any:
    """One value as it would be read from a file: a text, a number, a list such as ``[RUS, CHN]``.

    Raises
    ------
    InputError
        If it is not YAML, or has anchors, aliases or tags.
    """
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, RecursionError):
        raise InputError(f"{shown}: {text!r} is no value that can be read. Put a text in quotation marks.") from None
    return "" if node is None else _Plain({}, shown).value(node, ())


def line_of(lines: dict[Place, int], place: Place) -> int:
    """The line of a place, or of the nearest place around it."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def validated(
    model: type[_M],
    plain: Mapping[str, Any],
    lines: dict[Place, int],
    shown: str,
    place: Place = (),
    *,
    every: bool = False,
) -> _M:
    """What was read as a model of pydantic.

    Parameters
    ----------
    model, plain
        The model, and the plain values that should fit it.
    lines, shown
        The line of every place of the file, and how to name the file in an error.
    place
        Where in the file the values stand.
    every
        Whether all faults are told, one on a line, in the order of the file, or the first alone.

    Raises
    ------
    InputError
        What is wrong, a sentence for each fault with file and line; a misspelt key with the nearest.
    """
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        faults = _faults(error, model, lines, shown, place)
    if every:
        raise InputError("\n".join(sentence for _, sentence in sorted(faults, key=lambda fault: fault[0])))
    raise InputError(faults[0][1])


def _faults(
    error: ValidationError, model: type[BaseModel], lines: dict[Place, int], shown: str, place: Place
) -> list[tuple[int, str]]:
    """Every fault with its line, misspelt keys first: a misspelt key is also a missing one, and is what to mend."""
    found = error.errors()
    misspelt = [one for one in found if one["type"] == "extra_forbidden"]
    rest = [one for one in found if one["type"] != "extra_forbidden"]
    meant = {
        (*one["loc"][:-1], close)
        for one in misspelt
        for close in difflib.get_close_matches(str(one["loc"][-1]), _fields(model, one["loc"][:-1]), n=1)
    }
    rest = [one for one in rest if one["type"] != "missing" or one["loc"] not in meant]
    faults = []
    for one in [*misspelt, *rest]:
        line = line_of(lines, (*place, *one["loc"]))
        faults.append((line, f"{shown}, line {line}: {_sentence(one, model)}"))
    return list(dict.fromkeys(faults))


def _sentence(fault: ErrorDetails, model: type[BaseModel]) -> str:
    inner, kind, given = fault["loc"], fault["type"], fault["input"]
    key = ".".join(str(part) for part in inner)
    if kind == "extra_forbidden":
        known = _fields(model, inner[:-1])
        return f"unknown key '{inner[-1]}'{nearest(str(inner[-1]), known)}. Known keys: {', '.join(known)}."
    if kind == "missing":
        return f"the key '{key}' is missing. Add it."
    if kind == "value_error":
        # What is said of a whole set of keys names the key itself.
        said = str(fault["ctx"]["error"])
        said = f"'{key}': {said}" if key and not isinstance(given, dict) else said
        return said if said.endswith(".") else f"{said}."
    wanted, remedy = _wanted(fault, model)
    stands = repr(given) if len(repr(given)) < 80 else f"{repr(given)[:77]}…"
    return f"'{key}' is wrong: {wanted}, but {stands} stands there{remedy}."


#: What pydantic asks for, by its name of the fault, in words; in braces what the fault's context gives.
_WANTED = {
    "string_type": "a text belongs here",
    "int_type": "a whole number belongs here",
    "int_from_float": "a whole number belongs here",
    "float_type": "a number belongs here",
    "bool_type": "true or false belongs here",
    "list_type": "a list belongs here",
    "tuple_type": "a list belongs here",
    "dict_type": "a set of keys belongs here",
    "greater_than": "a number above {gt:g} belongs here",
    "greater_than_equal": "a number of at least {ge:g} belongs here",
    "less_than": "a number below {lt:g} belongs here",
    "less_than_equal": "a number of at most {le:g} belongs here",
    "string_too_short": "a text of at least {min_length} letters belongs here",
    "string_too_long": "a text of at most {max_length} letters belongs here",
    "too_short": "a list of at least {min_length} belongs here",
    "too_long": "a list of at most {max_length} belongs here",
    "string_pattern_mismatch": "a text of the form {pattern} belongs here",
    "literal_error": "one of {expected} belongs here",
}


def _wanted(fault: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """What belongs to a place, and how to write it where that can be told from what stands there."""
    kind, given = fault["type"], fault["input"]
    if kind in ("model_type", "model_attributes_type"):
        keys = _needed(model, fault["loc"])
        plain = isinstance(given, str | int | float) and not isinstance(given, bool)
        form = f"{keys[0]}: {given}" if len(keys) == 1 and plain else ", ".join(f"{key}: …" for key in keys)
        return "a set of keys belongs here", f". Write {{{form}}}" if keys else ""
    wanted = _WANTED[kind].format(**fault.get("ctx", {})) if kind in _WANTED else fault["msg"].lower()
    if kind == "list_type" and isinstance(given, str | int):
        return wanted, f". Write [{given}]"
    if kind == "literal_error" and isinstance(given, str):
        hint = nearest(given, re.findall("'([^']+)'", fault["ctx"]["expected"]))
        return wanted, hint
    return wanted, ""


def _needed(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that the model at a place cannot do without."""
    inner = _model_at(model, place)
    return [name for name, field in inner.model_fields.items() if field.is_required()] if inner else []


def _fields(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that a place may have."""
    inner = _model_at(model, place)
    return list(inner.model_fields) if inner else []


def _model_at(model: type[BaseModel], place: Place) -> type[BaseModel] | None:
    """The model of a place: walks the models as the place walks the file; None where the place has no keys."""
    for part in place:
        field = model.model_fields.get(part) if isinstance(part, str) else None
        if field is None:
            continue
        inner = models_within(field.annotation)
        if not inner:
            return None
        model = inner[0]
    return model


def models_within(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation names, however deep they stand in it, in their order."""
    if parts := typing.get_args(annotation):
        return [model for part in parts for model in models_within(part)]
    return [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []


class _Plain:
    """Turns YAML nodes into plain values and notes where each stood."""

    def __init__(self, lines: dict[Place, int], shown: str) -> None:
        self.lines, self.shown = lines, shown
        self.seen: set[int] = set()

    def value(self, node: Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if id(node) in self.seen:
            raise InputError(f"{self.shown}, line {line}: an alias ('*') is used. Write the value where it is needed.")
        self.seen.add(id(node))
        if isinstance(node, MappingNode):
            return self.mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*place, position)) for position, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self.scalar(node, line)
        raise InputError(f"{self.shown}, line {line}: this is neither a value nor a list nor a set of keys.")

    def mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                raise InputError(f"{self.shown}, line {line}: a key must be a word.")
            key = str(key_node.value)
            if key in result:
                first = self.lines[(*place, key)]
                raise InputError(
                    f"{self.shown}, line {line}: the key '{key}' stands here and on line {first}. Remove one."
                )
            self.lines[(*place, key)] = line
            result[key] = self.value(value_node, (*place, key))
        return result

    def scalar(self, node: ScalarNode, line: int) -> Any:
        text, tag = str(node.value), str(node.tag).removeprefix("tag:yaml.org,2002:")
        if tag == "null":
            return None
        if tag == "bool":
            return text.lower() == "true"
        if tag == "int" and _INTEGER.match(text) and len(text) < 16:
            return int(text)
        if tag == "float" and _REAL.match(text):
            return float(text)
        if tag in ("str", "int", "float", "timestamp"):
            return text
        raise InputError(f"{self.shown}, line {line}: the tag '{node.tag}' has no meaning here. Remove it.")
