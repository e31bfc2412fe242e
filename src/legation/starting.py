"""New reports and notebooks: files that run as they are written. Nothing is overwritten."""

from __future__ import annotations

import json
import re
import tempfile
import textwrap
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from legation import yaml_lines
from legation.errors import InputError, nearest
from legation.press import plan
from legation.press import spec as specs
from legation.press.document import slug
from legation.press.parameters import Parameter

#: The notebook that a new one begins as.
STARTER = Path(__file__).parent / "templates" / "notebook.ipynb"

_REPORT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NOTEBOOK = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
#: Text that YAML reads as itself wherever it stands.
_PLAIN = re.compile(r"[^\W_]([\w’.()– -]*[\w’.)])?")
_WIDE = 110
_MOST = 60  # letters of a name


def report_file(root: Path, name: str) -> Path:
    """Where a new report of this name is to be written.

    Raises
    ------
    InputError
        If the name cannot be a report's, with one that can; or there is such a report.
    """
    if not _REPORT.fullmatch(name) or len(name) > _MOST:
        raise InputError(
            f"'{name}' cannot be a report's name, which becomes its address: small letters, digits and single hyphens, "
            f"{_MOST} at most{_instead(slug(name))}."
        )
    return _new(root / "reports" / f"{name}.yml", root)


def notebook_file(root: Path, name: str) -> Path:
    """Where a new notebook of this name is to be written, with the same errors."""
    if not _NOTEBOOK.fullmatch(name) or len(name) > _MOST:
        raise InputError(
            f"'{name}' cannot be a notebook's name: small letters, digits and single underscores, {_MOST} at most, a "
            f"letter first{_instead(slug(name.removesuffix('.ipynb')).replace('-', '_'))}."
        )
    return _new(root / "notebooks" / f"{name}.ipynb", root)


def _instead(name: str) -> str:
    return f" (such as '{name}')" if name else ""


def _new(file: Path, root: Path) -> Path:
    shown = file.relative_to(root).as_posix()
    if file.exists() or file.is_symlink():
        raise InputError(f"{shown} is there already, and nothing is overwritten. Choose another name, or edit it.")
    if not file.parent.is_dir():
        raise InputError(f"{file.parent.relative_to(root)}/ is missing. Restore it from version control.")
    return file


def chapters_of(root: Path, *, notebook: str | None, origin: str | None) -> list[specs.ChapterSpec]:
    """The chapters that a new report begins with: those of another report, or one of a notebook.

    Of another report's chapters, notebook, name, parameters, sections left out and limits are taken over; titles and
    leads are about its own subject.

    Raises
    ------
    InputError
        If there is no such report or notebook, with the nearest.
    """
    if origin is not None:
        known = {file.stem: file for file in sorted((root / "reports").glob("*.yml"))}
        if origin not in known:
            raise InputError(
                f"--from: there is no report '{origin}'{nearest(origin, known)}. There are: {', '.join(known)}."
            )
        return [each.model_copy(update={"title": None, "lead": None}) for each in specs.load(known[origin]).chapters]
    assert notebook is not None  # noqa: S101  # one of them is given
    found = plan.find(notebook, root / "notebooks", "--notebook")
    return [specs.ChapterSpec(notebook=found.stem)]


def known_parameters(root: Path, chapters: Sequence[specs.ChapterSpec]) -> dict[str, Parameter]:
    """The parameters that the chapters' notebooks take; of those that several take, the first."""
    known: dict[str, Parameter] = {}
    for chapter in chapters:
        file = plan.find(chapter.notebook, root / "notebooks", "--from")
        known = plan.parameters(file) | known
    return known


def value_for(parameter: Parameter, written: str) -> Any:
    """What was typed for a parameter: a list also as ``RUS,CHN``, and a text that looks like a number.

    Raises
    ------
    InputError
        If no reading of it fits the parameter's type, with the nearest that does.
    """
    readings: list[Any] = []
    if written.strip() and not re.match(r"\s*[\[{]", written) and typing.get_origin(parameter.type) is list:
        parts = [part.strip() for part in written.split(",")]
        readings = [[yaml_lines.value(part, shown=parameter.name) for part in parts], parts]
    else:
        readings = [yaml_lines.value(written, shown=parameter.name), written]
    for reading in readings:
        if not parameter.misfit(reading):
            return reading
    misfit = parameter.misfit(readings[0])
    assert misfit  # noqa: S101  # or the first reading would have fitted
    raise InputError(f"{parameter.name}: {misfit[1]}. It takes {parameter.meaning or parameter.written}.")


def given(settings: Sequence[str], known: Mapping[str, Parameter]) -> dict[str, Any]:
    """Parameters given as ``name=value``.

    Raises
    ------
    InputError
        If one is not of this form, unknown, given twice, or its value does not fit.
    """
    found: dict[str, Any] = {}
    for setting in settings:
        name, sign, written = setting.partition("=")
        if not sign:
            raise InputError(f"--set {setting}: write a parameter as name=value, such as reporter=VNM.")
        if name not in known:
            raise InputError(
                f"--set: there is no parameter '{name}'{nearest(name, known)}. There are: {', '.join(known) or 'none'}."
            )
        if name in found:
            raise InputError(f"--set: '{name}' is given twice. Give it once.")
        found[name] = value_for(known[name], written)
    return found


def question_of(notebook: Path) -> str:
    """The question under a notebook's title; empty if it has none."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    text = "".join(cells[0]["source"]) if cells and cells[0]["cell_type"] == "markdown" else ""
    return " ".join(text.partition("\n")[2].split())


# -------------------------------------------------------------------------------------------------------------- report


def write_report(
    root: Path,
    name: str,
    *,
    title: str,
    abstract: str,
    chapters: Sequence[specs.ChapterSpec],
    parameters: Mapping[str, Any],
) -> Path:
    """Write the spec of a new report, with what each parameter takes beside it; it is read and planned first.

    Without an abstract the file has a comment in its place. ``parameters`` go to every chapter whose notebook takes
    them, before those of the chapter itself.

    Raises
    ------
    InputError
        If there is such a report, or what would be written could not be built.
    """
    file = report_file(root, name)
    texts = [_chapter(root, chapter, parameters) for chapter in chapters]
    told = f"abstract: {_paragraph(abstract)}\n" if abstract else "# abstract: what it finds, and why that matters\n"
    content = (
        "# yaml-language-server: $schema=../docs/schema/report.json\n"
        f"# One page and one PDF: `legation build {name}` makes them. docs/new-report.md explains the keys.\n\n"
        f"title: {_scalar(' '.join(title.split()))}\n"
        "# subtitle: what is compared, and since when\n"
        "# One paragraph on what the report shows, for the title page and the list of reports.\n"
        f"{told}"
        "authors: []\n\n"
        "# Each chapter is a notebook with its parameters; `legation params NOTEBOOK` lists what it takes.\n"
        f"chapters:\n{''.join(texts)}"
    )
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "reports" / file.name
        draft.parent.mkdir()
        draft.write_text(content, encoding="utf-8")
        plan.plan(specs.load(draft), root / "notebooks")
    _write(file, content, root)
    return file


def _chapter(root: Path, chapter: specs.ChapterSpec, parameters: Mapping[str, Any]) -> str:
    """One chapter with its parameters; those that are not given stand in comments with the notebook's own values."""
    known = plan.parameters(plan.find(chapter.notebook, root / "notebooks", "--from"))
    values = chapter.parameters | {name: value for name, value in parameters.items() if name in known}
    lines = [f"  - notebook: {_scalar(chapter.notebook)}"]
    if chapter.name:
        lines.append(f"    name: {_scalar(chapter.name)}")
    if chapter.leave_out:
        lines.append(f"    leave_out: {_flow(chapter.leave_out)}")
    if "limits" in chapter.model_fields_set:
        lines.append(f"    limits: {_flow(chapter.limits.model_dump(exclude_unset=True))}")
    if values:
        lines.append("    parameters:")
    for each in known.values():
        if each.name in values:
            lines.append(f"      {each.name}: {_flow(values[each.name])}{_comment(each)}")
    others = [each for each in known.values() if each.name not in values]
    if others:
        lines.append("      # As the notebook has it:" if values else "    # parameters:  # as the notebook has them")
    lines += [f"      # {each.name}: {_flow(each.default)}{_comment(each)}" for each in others]
    return "\n".join(lines) + "\n"


def _comment(parameter: Parameter) -> str:
    return f"  # {parameter.meaning}" if parameter.meaning else ""


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, list):
        return f"[{', '.join(_flow(each) for each in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_flow(key)}: {_flow(each)}' for key, each in value.items())}}}"
    return _scalar(value) if isinstance(value, str) else json.dumps(value)


def _scalar(text: str) -> str:
    """Text as YAML: as it is where that is read as the same text, otherwise in quotation marks."""
    if _PLAIN.fullmatch(text) and yaml_lines.value(text, shown=text) == text:
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _paragraph(text: str) -> str:
    flat = " ".join(text.split())
    if not flat.isprintable() or not flat:
        return _scalar(flat)
    return ">-\n" + "\n".join(f"  {line}" for line in textwrap.wrap(flat, _WIDE, break_long_words=False))


# ------------------------------------------------------------------------------------------------------------ notebook


def write_notebook(root: Path, name: str, *, title: str, question: str, origin: Path) -> Path:
    """Write a new notebook: another one, without outputs, under a title and a question of its own.

    Raises
    ------
    InputError
        If there is such a notebook, title or question cannot be a notebook's, or the other one cannot be read.
    """
    file = notebook_file(root, name)
    title, question = " ".join(title.split()), " ".join(question.split())
    for what, text in (("title", title), ("question", question)):
        if not text:
            raise InputError(f"--{what}: it is empty. Say what the notebook is about.")
        if re.search(r"(?<![@\w])\d", text):
            raise InputError(f"--{what}: '{text}' has a number, and those in prose are computed. Put it another way.")
    if not question.endswith("?"):
        raise InputError(f"--question: '{question}' is no question. End it with a question mark.")
    plan.parameters(origin)  # says what is wrong if it is no notebook
    content = json.loads(origin.read_text(encoding="utf-8"))
    head = {"cell_type": "markdown", "metadata": {}, "source": [f"# {title}\n", "\n", question]}
    starts_with_title = content["cells"][:1] and content["cells"][0]["cell_type"] == "markdown"
    content["cells"] = [head, *content["cells"][1 if starts_with_title else 0 :]]
    for number, cell in enumerate(content["cells"], start=1):
        cell["id"] = f"{name.replace('_', '-')[:40]}-{number:02}"
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    content["cells"] = [dict(sorted(cell.items())) for cell in content["cells"]]
    _write(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n", root)
    return file


def _write(file: Path, content: str, root: Path) -> None:
    try:
        with file.open("x", encoding="utf-8", newline="\n") as out:
            out.write(content)
    except OSError as error:
        shown = file.relative_to(root).as_posix()
        raise InputError(f"{shown} cannot be written ({error.strerror}). Check the folder.") from None
