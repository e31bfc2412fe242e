"""JSON Schema for the files that a person writes, so that an editor completes and checks them while they are typed.

Made from the models that read the files, from the notebooks' parameters cells, and from the vocabularies in ``data/``.
What a model cannot say in a schema, such as that two keys go together, is said when the file is read.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from legation.press import plan
from legation.press.parameters import Parameter, comments
from legation.yaml_lines import models_within

#: Where the schemas lie, in the checkout: the first line of a file names its own for editors.
FOLDER = Path("docs") / "schema"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(name: str, root: Path) -> dict[str, Any]:
    """The schema of one kind of file: ``report``, ``claims``, ``treaty`` or ``feeds``.

    Raises
    ------
    InputError
        If a notebook or a vocabulary that it is made from cannot be read.
    """
    return {"$schema": _DIALECT, **NAMES[name](root)}


def text(name: str, root: Path) -> str:
    """The same as it is written to its file."""
    return json.dumps(schema(name, root), indent=1, ensure_ascii=False) + "\n"


def write(root: Path) -> list[str]:
    """Write all schemas to their folder; return the files that changed."""
    changed = []
    for name in NAMES:
        file, content = root / FOLDER / f"{name}.json", text(name, root)
        if not file.is_file() or file.read_text(encoding="utf-8") != content:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8", newline="\n")
            changed.append((FOLDER / file.name).as_posix())
    return changed


# --------------------------------------------------------------------------------------------------- one kind of file


def _report(root: Path) -> dict[str, Any]:
    from legation.press.document import SHEETS
    from legation.press.spec import OUTPUTS, ReportSpec

    made = _described(ReportSpec)
    made["properties"]["paper"]["enum"] = list(SHEETS)
    made["properties"]["outputs"]["items"]["enum"] = list(OUTPUTS)
    chapter, defined = made["$defs"]["ChapterSpec"], made["$defs"]
    notebooks = {file.stem: plan.parameters(file) for file in sorted((root / "notebooks").glob("*.ipynb"))}
    chapter["properties"]["notebook"]["enum"] = [*notebooks, *(f"{name}.ipynb" for name in notebooks)]
    chapter["allOf"] = []
    for name, known in notebooks.items():
        chapter["allOf"].append(
            {
                "if": {"properties": {"notebook": {"enum": [name, f"{name}.ipynb"]}}, "required": ["notebook"]},
                "then": {"properties": {"parameters": _parameters(name, known, defined)}},
            }
        )
    return made


def _parameters(name: str, known: dict[str, Parameter], defined: dict[str, Any]) -> dict[str, Any]:
    """What a notebook takes; the types it names are put among those defined."""
    return {
        "type": "object",
        "description": f"What notebooks/{name}.ipynb takes",
        "additionalProperties": False,
        "properties": {
            each.name: {**_shared(each.schema(), defined), "description": each.meaning, "default": each.default}
            for each in known.values()
        },
    }


def _shared(part: Any, defined: dict[str, Any]) -> Any:
    """A schema in which each type that has a name is defined once, for a list of countries is long."""
    if isinstance(part, list):
        return [_shared(each, defined) for each in part]
    if not isinstance(part, dict):
        return part
    if "title" in part:
        defined[part["title"]] = part
        return {"$ref": f"#/$defs/{part['title']}"}
    return {key: _shared(each, defined) for key, each in part.items()}


def _claims(root: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML

    from legation.analysis.claims import MEASURES
    from legation.data.claims import PRECISION, UNITS, Claim, Head

    made, claim = _described(Head), _described(Claim)
    defined = claim.pop("$defs")
    precision = YAML(typ="safe").load((root / "data" / "claims" / f"{PRECISION}.yml").read_text(encoding="utf-8"))
    _one_of(defined["Asserts"]["properties"]["unit"], list(UNITS))
    words = precision["words"]
    _one_of(defined["Asserts"]["properties"]["precision"], list(words), [str(word["means"]) for word in words.values()])
    test = defined["Test"]
    _one_of(test["properties"]["measure"], list(MEASURES), [measure.title for measure in MEASURES.values()])
    test["allOf"] = [
        {
            "if": {"properties": {"measure": {"const": name}}, "required": ["measure"]},
            "then": {"properties": {"parameters": {"propertyNames": {"enum": list(measure.parameters)}}}},
        }
        for name, measure in MEASURES.items()
    ]
    made["properties"]["claims"] = {
        "type": "array",
        "minItems": 1,
        "items": {"$ref": "#/$defs/Claim"},
        "description": "what the document asserts",
    }
    made["required"].append("claims")
    made["$defs"] = {**defined, "Claim": claim}
    return {**made, "title": "Claims", "description": "A document whose claims are tested."}


def _treaty(root: Path) -> dict[str, Any]:
    from legation.data.treaties import ALL_OTHERS, Treaty, codebook

    book, made = codebook(root / "data" / "treaties" / "codebook.yml"), _described(Treaty)
    provision = made["$defs"]["Provision"]["properties"]
    for key in ("obligation", "automaticity", "means", "decides", "confidence"):
        levels = getattr(book, key).levels
        _one_of(provision[key], [level.id for level in levels], [level.meaning for level in levels])
    _one_of(made["$defs"]["Term"]["properties"]["confidence"], [level.id for level in book.confidence.levels])
    types, labels = book.type_ids(), [entry.label for entry in book.types]
    _one_of(provision["type"], types, labels)
    absent = made["$defs"]["Absence"]["properties"]["types"]["items"]
    _one_of(absent, [*types, ALL_OTHERS], [*labels, "All others: the whole text was read"])
    for name, kinds in (("Trigger", book.triggers), ("Limit", book.limits)):
        _one_of(
            made["$defs"][name]["properties"]["kind"], [kind.id for kind in kinds], [kind.meaning for kind in kinds]
        )
    return made


def _feeds(_root: Path) -> dict[str, Any]:
    from legation.data.feeds import PUBLISHERS, Feed

    feed = _described(Feed)
    _one_of(feed["properties"]["publisher"], list(PUBLISHERS))
    defined: dict[str, Any] = {}
    feed["allOf"] = []
    for publisher in PUBLISHERS:
        wish = _described(importlib.import_module(f"legation.data.{publisher}").Wish)
        defined |= wish.pop("$defs", {})
        feed["allOf"].append(
            {
                "if": {"properties": {"publisher": {"const": publisher}}, "required": ["publisher"]},
                "then": {"properties": {"wish": wish}},
            }
        )
    return {
        "title": "Feeds",
        "description": "What publishers are asked for, by the name of the feed.",
        "type": "object",
        "propertyNames": {"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
        "additionalProperties": {"$ref": "#/$defs/Feed"},
        "$defs": {**defined, "Feed": feed},
    }


#: The kinds of file, and what makes their schema.
NAMES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "report": _report,
    "claims": _claims,
    "treaty": _treaty,
    "feeds": _feeds,
}


# -------------------------------------------------------------------------------------------------------- from models


def _one_of(part: dict[str, Any], values: list[str], words: list[str] | None = None) -> None:
    """Let a text be one of these values only; an editor shows the words beside them."""
    part = next((each for each in part.get("anyOf", []) if each.get("type") == "string"), part)
    part["enum"] = values
    if words:
        part["enumDescriptions"] = [" ".join(each.split()) for each in words]


def _described(model: type[BaseModel]) -> dict[str, Any]:
    """A model's schema, in which the comment beside a field is its description."""
    made = model.model_json_schema()
    for each in _models(model):
        part = made if each is model else made["$defs"][each.__name__]
        part["description"] = (inspect.getdoc(each) or "").partition("\n\n")[0].replace("\n", " ").replace("``", "`")
        for name, words in comments_of(each).items():
            part["properties"].get(name, {}).setdefault("description", words)
        for field in part["properties"].values():
            field.pop("title", None)  # the key again, with a capital letter
    return made


def _models(model: type[BaseModel], seen: set[type[BaseModel]] | None = None) -> Iterator[type[BaseModel]]:
    """A model and those that its fields lead to, each once."""
    seen = set() if seen is None else seen
    if model in seen:
        return
    seen.add(model)
    yield model
    for field in model.model_fields.values():
        for inner in models_within(field.annotation):
            yield from _models(inner, seen)


def comments_of(model: type[BaseModel]) -> dict[str, str]:
    """What stands beside the fields of a model and of those it is made from, by field."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= _comments_in(base.__module__).get(base.__name__, {})
    return found


@functools.cache
def _comments_in(module: str) -> dict[str, dict[str, str]]:
    """What stands beside the fields of every class of a module, by class."""
    source = inspect.getsource(importlib.import_module(module))
    said, found = comments(source), dict[str, dict[str, str]]()
    for made in ast.parse(source).body:
        for node in made.body if isinstance(made, ast.ClassDef) else ():
            if isinstance(made, ast.ClassDef) and isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                words = " ".join(said[line] for line in lines if line in said and not said[line].startswith("type: "))
                if words:
                    found.setdefault(made.name, {})[node.target.id] = words
    return found
