"""The reference, made from the code that it is about: every command, key, parameter and exhibit.

What is said of a command is its help; of a key, the comment beside it in its model; of an exhibit function, the first
paragraph of its docstring. So nothing here can say otherwise than the code does.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import io
import re
import textwrap
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType, UnionType
from typing import TYPE_CHECKING, Any, Literal

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from legation.schemas import comments_of
from legation.yaml_lines import models_within

if TYPE_CHECKING:
    from legation.exhibits import Exhibit

#: The modules of exhibits, in the order of the gallery.
EXHIBITS = ("trade", "context", "treaties", "claims")
#: The files that people write: what each is called, where it lies, its models, and what in it has a key of its own.
FILES = {
    "A report": ("reports/NAME.yml", ("legation.press.spec:ReportSpec",)),
    "The claims of a document": (
        "data/claims/NAME.yml",
        ("legation.data.claims:Head", "legation.data.claims:Claim as claims"),
    ),
    "A treaty": ("data/treaties/NAME.yml", ("legation.data.treaties:Treaty",)),
    "A feed": ("data/feeds.yaml", ("legation.data.feeds:Feed",)),
}
_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "any value"}
#: What Markdown could take for its own.
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~^$@-])")


# ------------------------------------------------------------------------------------------------------------ commands


def all_commands(group: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Every command of a program by what is typed, the program first, each group before what is in it."""
    yield from _below(group, "legation")


def _below(command: click.Command, typed: str) -> Iterator[tuple[str, click.Command]]:
    yield typed, command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _below(command.commands[name], f"{typed} {name}")


def commands(group: click.Command) -> str:
    """All commands as Markdown: usage, what it does, arguments and options, examples."""
    return "\n\n".join(_command(typed, command) for typed, command in all_commands(group))


def _command(typed: str, command: click.Command) -> str:
    context = click.Context(command, info_name=typed)
    pieces = " ".join(command.collect_usage_pieces(context))
    parts = [f"## {typed}", f"```\n{typed} {pieces}\n```"]
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if paragraph.startswith("\b"):
            parts.append(f"```\n{textwrap.dedent(paragraph.removeprefix(chr(8)).strip(chr(10)))}\n```")
        else:
            parts.append(_plain(" ".join(paragraph.split())))
    records = [option.get_help_record(context) for option in command.params if isinstance(option, click.Option)]
    if told := [f"- `{name}`: {_plain(said)}" for name, said in filter(None, records)]:
        parts.append("\n".join(told))
    if isinstance(command, click.Group):
        inside = [
            f"- `{name}`: {_plain(each.get_short_help_str(200))}" for name, each in sorted(command.commands.items())
        ]
        parts += ["Its commands:", "\n".join(inside)]
    return "\n\n".join(parts)


# ---------------------------------------------------------------------------------------------------------------- keys


def models_of(file: str) -> dict[type[BaseModel], str]:
    """All models that a kind of file in ``FILES`` is read with, in the order in which they are met, each with its key.

    The key of one that is the file itself is empty; of one that is found in several places the first counts.
    """
    found: dict[type[BaseModel], str] = {}
    for place in FILES[file][1]:
        module, _, name = place.partition(":")
        name, _, key = name.partition(" as ")
        _lead_to(getattr(importlib.import_module(module), name), key, found)
    return found


def _lead_to(model: type[BaseModel], key: str, found: dict[type[BaseModel], str]) -> None:
    found.setdefault(model, key)
    for name, field in model.model_fields.items():
        for kind in models_within(field.annotation):
            if kind not in found:
                _lead_to(kind, f"{key}.{name}" if key else name, found)


def keys() -> str:
    """The keys of every file that people write, as Markdown, a section each and a heading for each set of keys."""
    parts = []
    for file, (place, _) in FILES.items():
        parts.append(f"## {file}\n\nThe file `{place}`.")
        for model, key in models_of(file).items():
            heading = f"### {key}\n\n" if key else ""
            parts.append(f"{heading}{_plain(_first_paragraph(model))}\n\n{_keys(model)}")
    from legation.data.feeds import PUBLISHERS

    for publisher in PUBLISHERS:
        wish = importlib.import_module(f"legation.data.{publisher}").Wish
        parts.append(f"### The wish of {publisher}\n\n{_keys(wish)}")
    return "\n\n".join(parts)


def _keys(model: type[BaseModel]) -> str:
    said = described(model)
    lines = []
    for name, field in model.model_fields.items():
        facts = [_type(field.annotation)]
        facts.append("needed" if field.is_required() else _default(field))
        about = f": {_plain(said[name])}" if said[name] else ""
        lines.append(f"- `{name}` ({_plain(', '.join(filter(None, facts)))}){about}")
    return "\n".join(lines)


def described(model: type[BaseModel]) -> dict[str, str]:
    """What is said of each key of a model: its description, or the comment beside it, or what its own model is."""
    comments = comments_of(model)
    found = {}
    for name, field in model.model_fields.items():
        inner = models_within(field.annotation)
        own = field.description or comments.get(name) or (_first_paragraph(inner[0]) if inner else "")
        found[name] = own
    return found


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ([], {}) or isinstance(value, BaseModel):
        return ""
    return f"if not given: {value}"


def _type(annotation: Any) -> str:
    """A type in a reader's words: ``list of text``."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(arguments[0])
    if origin in (typing.Union, UnionType):
        return " or ".join(dict.fromkeys(_type(each) for each in arguments if each is not type(None)))
    if origin is Literal:
        return " or ".join(str(each) for each in arguments)
    if origin is list:
        return f"list of {_type(arguments[0])}".replace("list of set of", "list of sets of")
    if origin is dict:
        return "keys of your own"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "set of keys"
    return _WORDS.get(annotation, str(getattr(annotation, "__name__", annotation)))


# ----------------------------------------------------------------------------------------------------------- notebooks


def notebooks(folder: Path) -> str:
    """The notebooks of a folder as Markdown: what each asks, and its parameters with types, defaults and meaning."""
    from legation.press.plan import parameters

    parts = []
    for file in sorted(folder.glob("*.ipynb")):
        lines = [
            f"- `{each.name}` ({_plain(each.written)}): {_plain(each.meaning)}. If not given: `{each.default!r}`."
            for each in parameters(file).values()
        ]
        parts.append(f"## {file.stem}\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


# ------------------------------------------------------------------------------------------------------------ measures


def measures(claims: Path) -> str:
    """The measures that test claims as Markdown: what each computes, takes and gives, and a claim that it tests.

    Parameters
    ----------
    claims
        The folder of documents; the first claim in it that a measure tests is its example.
    """
    from legation.analysis.claims import MEASURES

    examples = _tested(claims)
    parts = []
    for name, measure in MEASURES.items():
        given = "\n".join(
            f"- `{each.name}` ({_plain(_taken(measure.types[each.name]))}"
            f"{'' if each.default is each.empty else ', may be left out'})"
            for each in measure.parameters.values()
        )
        units = " or ".join(f"`{unit}`" for unit in measure.units)
        kinds = " or ".join(_ASSERTED[kind] for kind in measure.kinds)
        gives = f"Tests {kinds}{f'; the unit is {units}' if units else ''}."
        shown = f"```yaml\n{examples[name]}```" if name in examples else "No document uses it yet."
        parts.append("\n\n".join([f"## {name}", _plain(_first_paragraph(measure.function)), gives, given, shown]))
    return "\n\n".join(parts)


#: What a claim asserts, by the key of ``asserts`` that holds it.
_ASSERTED = {
    "quantity": "a `value`",
    "date": "a `date`",
    "words": "`words`",
    "holds": "whether something is so (`holds`)",
}


def _taken(annotation: Any) -> str:
    """What a measure's parameter takes: ``country``, or ``export or import``."""
    if typing.get_origin(annotation) is typing.Annotated:
        return str(annotation.__metadata__[0])
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) in (typing.Union, UnionType):
        return " or ".join(_taken(each) for each in arguments if each is not type(None))
    if typing.get_origin(annotation) in (list, tuple) and arguments:
        return f"list of {_taken(arguments[0])}"
    return _type(annotation)


def _tested(claims: Path) -> dict[str, str]:
    """Of each measure the first claim of the documents that it tests, as YAML."""
    from ruamel.yaml import YAML

    yaml, found = YAML(), dict[str, str]()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 10_000  # a page breaks lines by itself
    for file in sorted(claims.glob("*.yml")):
        for claim in yaml.load(file.read_text(encoding="utf-8")).get("claims", []):
            measure = claim.get("test", {}).get("measure")
            if measure and "asserts" in claim and measure not in found:
                out = io.StringIO()
                says = " ".join(str(claim["says"]).split())
                yaml.dump({"says": says, "asserts": claim["asserts"], "test": claim["test"]}, out)
                found[measure] = out.getvalue()
    return found


# ------------------------------------------------------------------------------------------------------------ exhibits


def exhibit_functions(name: str) -> dict[str, FunctionType]:
    """The functions of a module of exhibits that give an exhibit or several, in the order in which they stand."""
    module = _module(name)
    return {
        each: function
        for each, function in vars(module).items()
        if isinstance(function, FunctionType)
        and function.__module__ == module.__name__
        and not each.startswith("_")
        and "Exhibit" in str(function.__annotations__.get("return"))
    }


def exhibits(name: str, draw: Callable[[], list[Exhibit]]) -> list[tuple[str, Exhibit | None]]:
    """Every exhibit function of a module: Markdown with signature and summary, and its picture.

    Parameters
    ----------
    name
        The module, one of ``EXHIBITS``.
    draw
        Draws the exhibits of the gallery that the module makes. Where it draws none with a function there is none.
    """
    module, functions, made = _module(name), exhibit_functions(name), dict[str, str]()

    def noting(known_as: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def called(*given: Any, **named: Any) -> Any:
            result = function(*given, **named)
            for each in result if isinstance(result, list) else [result]:
                if each is not None:
                    made[each.name] = known_as  # the outermost is the last to give it
            return result

        return called

    try:
        for each, function in functions.items():
            setattr(module, each, noting(each, function))
        drawn = draw()
    finally:
        for each, function in functions.items():
            setattr(module, each, function)
    pictures: dict[str, Exhibit] = {}
    for exhibit in drawn:
        maker = max((own for own in made if exhibit.name.startswith(own)), key=len, default=None)
        if maker is not None:
            pictures.setdefault(made[maker], exhibit)
    return [(_function(name, each, function), pictures.get(each)) for each, function in functions.items()]


def _function(module: str, name: str, function: FunctionType) -> str:
    parameters = [
        str(each).partition(":")[0].partition("=")[0] for each in inspect.signature(function).parameters.values()
    ]
    named = inspect.signature(function).parameters.values()
    first = next((place for place, each in enumerate(named) if each.kind is inspect.Parameter.KEYWORD_ONLY), None)
    if first is not None:
        parameters.insert(first, "*")
    call = textwrap.fill(f"{module}.{name}({', '.join(parameters)})", 88, subsequent_indent="    ")
    return f"### {name}\n\n```\n{call}\n```\n\n{_plain(_first_paragraph(function))}"


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"legation.exhibits.{name}")


def _first_paragraph(documented: Any) -> str:
    return " ".join((inspect.getdoc(documented) or "").partition("\n\n")[0].split()).replace("``", "`")


def _plain(words: str) -> str:
    """Words as Markdown that shows them as they are; what stands between backquotes is code, and so is an option."""
    parts = re.split(r"(`[^`]+`|(?<![\w-])--[a-z][a-z-]*)", words.replace("``", "`"))
    return "".join(
        f"`{part.strip('`')}`" if place % 2 else _MARKS.sub(r"\\\1", part) for place, part in enumerate(parts)
    )
