"""From specs to what will run: notebooks found, parameters checked, nothing executed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from legation.errors import InputError, nearest
from legation.press.document import slug, unique
from legation.press.parameters import Parameter, parameters
from legation.press.spec import Limits, ReportSpec

__all__ = ["Chapter", "Parameter", "Plan", "file_of", "find", "parameters", "plan"]


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
    command: str = ""  # what makes it again, where that is not `make report`


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
        A notebook that is unknown or lies outside the folder, a parameter that is unknown or whose value or default
        does not fit its type, one that is swept and no notebook takes: with file, line and the nearest valid name. A
        chapter's name that another has.
    """
    chapters = []
    names = chapter_names(spec)
    takeable: dict[str, None] = {}
    for position, chapter in enumerate(spec.chapters):
        file = find(chapter.notebook, notebooks, spec.where("chapters", position, "notebook"))
        known = _known(file)
        takeable.update(dict.fromkeys(known))
        # What a chapter gives itself stands; of what is swept it gets the parameters its notebook takes.
        given = {name: value for name, value in spec.point.items() if name in known} | chapter.parameters
        for name, value in given.items():
            _check(name, value, known, file, spec, position)
        for name, parameter in known.items():
            if name not in given:
                _check_default(parameter, file)
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


def find(name: str, folder: Path, where: str) -> Path:
    """The notebook of a name, with its ending or without; ``where`` begins the error if there is none."""
    file = file_of(name, folder)
    available = sorted(path.stem for path in folder.glob("*.ipynb"))
    if file.parent != folder or not file.is_file():
        hint = nearest(name.removesuffix(".ipynb"), available)
        raise InputError(
            f"{where}: there is no notebook '{name}' in {folder.name}/{hint}. There are: {', '.join(available)}."
        )
    return file


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


def chapter_names(spec: ReportSpec) -> list[str]:
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


def _check(name: str, value: Any, known: dict[str, Parameter], file: Path, spec: ReportSpec, position: int) -> None:
    if name not in known:
        raise InputError(
            f"{spec.where_given(position, name)}: {file.name} takes no parameter '{name}'{nearest(name, known)}. "
            f"It takes: {', '.join(known) or 'none'}."
        )
    if misfit := known[name].misfit(value):
        inside, why = misfit
        place = "".join(f"[{part!r}]" for part in inside)
        raise InputError(
            f"{spec.where_given(position, name, *inside)}: parameter '{name}'{place} of {file.name}: {why}. "
            f"It takes {known[name].meaning or known[name].written}."
        )


def _check_default(parameter: Parameter, file: Path) -> None:
    if misfit := parameter.misfit(parameter.default):
        raise InputError(
            f"{file.parent.name}/{file.name}, parameters cell, line {parameter.line}: the default of "
            f"'{parameter.name}' does not fit its type `{parameter.written}`: {misfit[1]}. Correct one of them."
        )
