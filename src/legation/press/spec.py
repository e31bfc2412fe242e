"""The report spec: one YAML file a report, checked before anything runs."""

from __future__ import annotations

import difflib
import re
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from legation import yaml_lines
from legation.errors import InputError

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ChapterSpec(_Model):
    """A notebook with its parameters."""

    notebook: str = Field(min_length=1)  # file name in notebooks/, with or without .ipynb
    name: str | None = None  # for references from other chapters; the notebook's name if not given
    title: str | None = None  # instead of the notebook's own first heading
    lead: str | None = None  # Markdown under the chapter's heading
    leave_out: list[str] = Field(default_factory=list)  # headings of sections not shown
    parameters: dict[str, Any] = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _can_be_referred_to(cls, name: str | None) -> str | None:
        if name is not None and not _SLUG.fullmatch(name):
            raise ValueError("a name holds small letters, digits and single hyphens, such as trade-russia")
        return name


class Revision(_Model):
    """A change of method between editions, told on the closing page."""

    date: str
    change: str = Field(min_length=1)

    @field_validator("date")
    @classmethod
    def _is_a_day(cls, written: str) -> str:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
            raise ValueError("a day is written as 2026-11-22")
        date.fromisoformat(written)
        return written


class ReportSpec(_Model):
    """An ordered list of chapters with what stands on the title page."""

    title: str = Field(min_length=1)
    subtitle: str | None = None
    abstract: str = Field(min_length=1)  # one paragraph: what the report shows, for the index and the title page
    authors: list[str] = Field(default_factory=list)
    language: str = Field(default="en-GB", pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")
    chapters: list[ChapterSpec] = Field(min_length=1)
    findings: list[str] | None = None  # names of those shown on the summary, in order; None: all
    revisions: list[Revision] = Field(default_factory=list)  # changes of method

    _file: Path = PrivateAttr()
    _lines: dict[yaml_lines.Place, int] = PrivateAttr(default_factory=dict)

    @property
    def name(self) -> str:
        """The spec's file name without ending; names the edition's folder and files."""
        return self._file.stem

    @property
    def file(self) -> Path:
        """Where the spec was read from."""
        return self._file

    def where(self, *place: str | int) -> str:
        """``reports/x.yml, line 12`` for a place in the spec, or for the nearest place above it."""
        return f"{_shown(self._file)}, line {yaml_lines.line_of(self._lines, place)}"


def load(file: Path) -> ReportSpec:
    """Read and check one spec.

    Raises
    ------
    InputError
        YAML that cannot be read, a key that is unknown, missing or doubled, or a value of the wrong kind: with
        file, line and, for a misspelt key, the nearest valid one.
    """
    shown = _shown(file)
    if not _SLUG.fullmatch(file.stem):
        raise InputError(
            f"{shown}: a report's file name becomes its address, so it holds small letters, digits and hyphens only. "
            f"Rename the file."
        )
    plain, lines = yaml_lines.read(file, shown=shown, kind="a report spec")
    try:
        spec = ReportSpec.model_validate(plain)
    except ValidationError as error:
        raise InputError(_sentence(error, lines, shown)) from None
    spec._file, spec._lines = file, lines
    return spec


def _sentence(error: ValidationError, lines: dict[yaml_lines.Place, int], shown: str) -> str:
    # A misspelt key is also a missing one: the misspelling is what to mend.
    first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    place = first["loc"]
    key = ".".join(str(part) for part in place)
    line = yaml_lines.line_of(lines, place)
    if first["type"] == "extra_forbidden":
        inside: dict[str | int, type[_Model]] = {"chapters": ChapterSpec, "revisions": Revision}
        model = inside.get(place[0], ReportSpec)
        near = difflib.get_close_matches(str(place[-1]), model.model_fields, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        return f"{shown}, line {line}: unknown key '{place[-1]}'.{hint} Known keys: {', '.join(model.model_fields)}."
    if first["type"] == "missing":
        return f"{shown}, line {line}: the key '{key}' is missing. Add it."
    problem = first["msg"].removeprefix("Value error, ")
    problem = problem[:1].lower() + problem[1:]
    return f"{shown}, line {line}: '{key}' is wrong: {problem}, but {first['input']!r} stands there."


def _shown(file: Path) -> str:
    """The path as an analyst writes it: folder and name."""
    return f"{file.parent.name}/{file.name}"
