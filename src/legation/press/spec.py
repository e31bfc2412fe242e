"""The report spec: one YAML file a report, checked before anything runs."""

from __future__ import annotations

import itertools
import math
import re
import zoneinfo
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, field_validator

from legation import yaml_lines
from legation.errors import InputError, nearest
from legation.press.archive import FOLDER as ARCHIVE
from legation.press.document import SHEETS, slug

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
#: ``{reporter}`` in a text of a sweep: what stands there differs from edition to edition.
_BLANK = re.compile(r"\{([A-Za-z_]\w*)\}")
#: What Markdown could take for its own.
_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|~^$@=\"])")
_MOST_EDITIONS = 10_000
#: What a report can be made as besides HTML and PDF.
OUTPUTS = ("docx", "xlsx")
#: The fields of a cron expression in their order: name in an error of cronsim, name for a reader, what it takes.
_CRON = (
    ("minute", "minute", "0 to 59"),
    ("hour", "hour", "0 to 23"),
    ("day-of-month", "day of the month", "1 to 31, as far as its months have that day, or L for the last"),
    ("month", "month", "1 to 12 or JAN to DEC"),
    ("day-of-week", "day of the week", "0 to 7 (0 and 7 are Sunday) or SUN to SAT"),
)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Limits(_Model):
    """What a chapter may take before it is stopped."""

    minutes: float = Field(default=15, gt=0, allow_inf_nan=False)  # for all its cells together
    gigabytes: float = Field(default=4, gt=0, allow_inf_nan=False)  # of memory, besides what its kernel starts with


class ChapterSpec(_Model):
    """A notebook with its parameters."""

    notebook: str = Field(min_length=1)  # file name in notebooks/, with or without .ipynb
    name: str | None = None  # for references from other chapters; the notebook's name if not given
    title: str | None = None  # instead of the notebook's own first heading
    lead: str | None = None  # Markdown under the chapter's heading
    leave_out: list[str] = Field(default_factory=list)  # headings of sections not shown
    parameters: dict[str, Any] = Field(default_factory=dict)  # of the notebook: see `legation params`
    limits: Limits = Limits()  # of time and memory

    @field_validator("name")
    @classmethod
    def _can_be_referred_to(cls, name: str | None) -> str | None:
        if name is not None and not _SLUG.fullmatch(name):
            raise ValueError(
                f"a name holds small letters, digits and single hyphens, such as trade-russia, "
                f"but {name!r} stands there"
            )
        return name


class Revision(_Model):
    """A change of method between editions, told on the closing page."""

    date: str  # a day, written as 2026-11-22
    change: str = Field(min_length=1)  # one sentence

    @field_validator("date")
    @classmethod
    def _is_a_day(cls, written: str) -> str:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
            raise ValueError(f"a day is written as 2026-11-22, but {written!r} stands there")
        date.fromisoformat(written)
        return written


class Schedule(_Model):
    """When a report is run unattended: a cron expression, read by the clock of a time zone."""

    cron: str  # minute, hour, day of the month, month, day of the week: "0 6 * * 1" is Monday at 06:00
    zone: str  # of the IANA database: Europe/Warsaw, UTC

    @field_validator("cron")
    @classmethod
    def _comes(cls, written: str) -> str:
        fields = written.split()
        if len(fields) != len(_CRON):
            raise ValueError(
                f"a cron expression has five fields (minute, hour, day of the month, month, day of the week), "
                f"such as 0 6 * * 1 for Monday at 06:00, but {written!r} has {len(fields)}. "
                f"docs/scheduling.md has examples"
            )
        try:
            next(CronSim(written, datetime(2026, 1, 1)))  # whether it ever comes, anywhere
        except (CronSimError, ValueError) as error:
            for field, (known_as, name, takes) in zip(fields, _CRON, strict=True):
                if str(error) == f"Bad {known_as}":
                    raise ValueError(f"{field!r} cannot be the {name} here. It takes {takes}") from None
            raise ValueError(f"{written!r} is no cron expression ({error})") from None
        except StopIteration:
            raise ValueError(f"{written!r} never comes: no day in fifty years fits it") from None
        return written

    @field_validator("zone")
    @classmethod
    def _is_on_the_map(cls, name: str) -> str:
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            known = sorted(zoneinfo.available_timezones())
            raise ValueError(
                f"there is no time zone '{name}'{nearest(name, known)}. "
                f"Zones are named as in the IANA database, such as UTC or Asia/Ho_Chi_Minh"
            ) from None
        return name


class Retention(_Model):
    """Which dated editions of a report stay: so many, and none older than so many days. The last one always stays."""

    editions: int = Field(default=100, ge=1)  # how many stay at most
    days: int | None = Field(default=None, ge=1, le=100_000)  # None: of any age


class Sweep(_Model):
    """The same chapters over a grid of parameters: an edition for each combination of values, and a list of them.

    ``{name}`` in the report's texts stands for a parameter's value; for its words, where the values have words.
    """

    title: str = Field(min_length=1)  # of the list of editions
    abstract: str | None = None  # of the list of editions, too
    over: dict[str, Any] = Field(min_length=1)  # of each parameter a list of values, or values with words for them

    @field_validator("over")
    @classmethod
    def _is_a_grid(cls, over: dict[str, Any]) -> dict[str, list[str | int] | dict[str, str]]:
        for name, values in over.items():
            if not isinstance(values, list | dict) or not values:
                raise ValueError(
                    f"'{name}' takes a list of values, or values with words for them, such as 'THA: Thailand'"
                )
            for value in [*values, *(values.values() if isinstance(values, dict) else [])]:
                if not isinstance(value, str | int) or isinstance(value, bool):
                    raise ValueError(  # noqa: TRY004  # pydantic collects no other
                        f"'{name}' takes words and whole numbers, but {value!r} stands there"
                    )
            twice = [value for place, value in enumerate(values) if value in list(values)[:place]]
            if twice:
                raise ValueError(f"'{name}' has the value {twice[0]!r} twice. Remove one")
            if isinstance(values, dict):
                over[name] = {value: str(words) for value, words in values.items()}
        count = math.prod(len(values) for values in over.values())
        if count > _MOST_EDITIONS:
            raise ValueError(
                f"the grid has {count:,} editions, and a sweep at most {_MOST_EDITIONS:,}. Give fewer values"
            )
        return over


def _is_an_output(name: str) -> str:
    if name not in OUTPUTS:
        raise ValueError(
            f"there is no output '{name}'{nearest(name, OUTPUTS)}. HTML and PDF are always made; "
            f"the others are: {', '.join(OUTPUTS)}"
        )
    return name


def _is_a_paper(name: str) -> str:
    if name not in SHEETS:
        raise ValueError(f"there is no paper '{name}'{nearest(name.lower(), SHEETS)}. There are: {', '.join(SHEETS)}")
    return name


class ReportSpec(_Model):
    """An ordered list of chapters with what stands on the title page."""

    title: str = Field(min_length=1)  # of the page and the PDF
    subtitle: str | None = None  # under the title
    abstract: str = ""  # one paragraph: what the report shows, for the list of reports and the title page
    authors: list[str] = Field(default_factory=list)  # names, as they are printed
    language: str = Field(default="en-GB", pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")  # of the prose, as BCP 47 has it: en-GB
    paper: Annotated[str, AfterValidator(_is_a_paper)] = "a4"  # of the PDF and the Word file
    chapters: list[ChapterSpec] = Field(min_length=1)  # in their order
    findings: list[str] | None = None  # names of those shown on the summary, in order; None: all
    revisions: list[Revision] = Field(default_factory=list)  # changes of method
    outputs: list[Annotated[str, AfterValidator(_is_an_output)]] = Field(default_factory=list)  # besides HTML and PDF
    sweep: Sweep | None = None  # makes an edition for each combination of values
    schedule: Schedule | None = None  # when `legation run --due` makes it
    keep: Retention = Retention()  # of its dated editions; of a sweep, of those of each of its editions

    _file: Path = PrivateAttr()
    _lines: dict[yaml_lines.Place, int] = PrivateAttr(default_factory=dict)
    _point: dict[str, str | int] | None = PrivateAttr(default=None)

    @field_validator("schedule", mode="before")
    @classmethod
    def _names_its_zone(cls, written: object) -> object:
        if not isinstance(written, dict):
            raise ValueError(  # noqa: TRY004  # pydantic collects no other
                "it takes a cron expression and a time zone, such as "
                f'{{cron: "0 6 * * 1", zone: Europe/Warsaw}}, but {written!r} stands there'
            )
        return written

    @field_validator("outputs")
    @classmethod
    def _are_each_named_once(cls, outputs: list[str]) -> list[str]:
        twice = [output for place, output in enumerate(outputs) if output in outputs[:place]]
        if twice:
            raise ValueError(f"the output '{twice[0]}' is named twice. Remove one")
        return outputs

    @property
    def name(self) -> str:
        """The spec's file name without ending, and for an edition of a sweep its own: ``asean/tha-2024``."""
        if self._point is None:
            return self._file.stem
        return f"{self._file.stem}/{'-'.join(slug(str(value)) for value in self._point.values())}"

    @property
    def point(self) -> dict[str, str | int]:
        """The values of an edition of a sweep; of any other report none."""
        return self._point or {}

    @property
    def file(self) -> Path:
        """Where the spec was read from."""
        return self._file

    def where(self, *place: str | int) -> str:
        """``reports/x.yml, line 12`` for a place in the spec, or for the nearest place above it."""
        return f"{_shown(self._file)}, line {yaml_lines.line_of(self._lines, place)}"

    def where_given(self, position: int, parameter: str, *inside: str | int) -> str:
        """The place of a chapter's parameter: in the chapter, or where the sweep gives its value."""
        if parameter in self.point and parameter not in self.chapters[position].parameters:
            assert self.sweep is not None  # noqa: S101  # or there were no point
            values, value = self.sweep.over[parameter], self.point[parameter]
            return self.where(
                "sweep", "over", parameter, str(value) if isinstance(values, dict) else values.index(value)
            )
        return self.where("chapters", position, "parameters", parameter, *inside)

    def words(self, parameter: str) -> str:
        """What a swept parameter of an edition is called in its texts."""
        assert self.sweep is not None  # noqa: S101
        values, value = self.sweep.over[parameter], self.point[parameter]
        return values[str(value)] if isinstance(values, dict) else str(value)


def load(file: Path) -> ReportSpec:
    """Read and check one spec.

    Raises
    ------
    InputError
        YAML that cannot be read, a key that is unknown, missing or doubled, or a value of the wrong kind: with
        file, line and, for a misspelt key, the nearest valid one. A sweep whose editions could not be told apart.
    """
    shown = _shown(file)
    if not _SLUG.fullmatch(file.stem):
        raise InputError(
            f"{shown}: a report's file name becomes its address, so it holds small letters, digits and hyphens only. "
            f"Rename the file."
        )
    if file.stem == ARCHIVE:
        raise InputError(
            f"{shown}: reports/published/{ARCHIVE}/ holds the dated editions. Give the report another name."
        )
    plain, lines = yaml_lines.read(file, shown=shown, kind="a report spec")
    spec = yaml_lines.validated(ReportSpec, plain, lines, shown)
    spec._file, spec._lines = file, lines
    if spec.sweep:
        _can_be_told_apart(spec, spec.sweep)
    return spec


def editions(spec: ReportSpec) -> Iterator[ReportSpec]:
    """A report's editions one after the other: itself, or of a sweep one spec for each combination of values.

    The last of the swept parameters varies fastest. An edition's texts have its values in them; the chapters'
    parameters are as in the spec, for only a notebook knows which it takes.
    """
    if spec.sweep is None:
        yield spec
        return
    for values in itertools.product(*spec.sweep.over.values()):
        yield _at(spec, dict(zip(spec.sweep.over, values, strict=True)))


def _at(spec: ReportSpec, point: dict[str, str | int]) -> ReportSpec:
    """One edition of a sweep."""
    here = spec.model_copy()
    here._point = point
    words = {name: here.words(name) for name in point}

    def filled(text: str | None, *, markdown: bool) -> str | None:
        put = {name: _MARKS.sub(r"\\\1", word) for name, word in words.items()} if markdown else words
        return None if text is None else _BLANK.sub(lambda blank: put[blank[1]], text)

    chapters = [
        chapter.model_copy(
            update={"title": filled(chapter.title, markdown=False), "lead": filled(chapter.lead, markdown=True)}
        )
        for chapter in spec.chapters
    ]
    texts = {
        "title": filled(spec.title, markdown=False),
        "subtitle": filled(spec.subtitle, markdown=False),
        "abstract": filled(spec.abstract, markdown=True),
        "chapters": chapters,
    }
    here = here.model_copy(update=texts)
    here._point = point
    return here


def _can_be_told_apart(spec: ReportSpec, sweep: Sweep) -> None:
    """Refuse a sweep with two editions of one name or one title, or with a blank that nothing fills."""
    texts: list[tuple[tuple[str | int, ...], str | None]] = [
        (("title",), spec.title),
        (("subtitle",), spec.subtitle),
        (("abstract",), spec.abstract),
    ]
    for position, chapter in enumerate(spec.chapters):
        texts += [(("chapters", position, "title"), chapter.title), (("chapters", position, "lead"), chapter.lead)]
    for place, text in texts:
        for name in _BLANK.findall(text or ""):
            if name not in sweep.over:
                raise InputError(
                    f"{spec.where(*place)}: the sweep has no '{name}' to put in place of {{{name}}}"
                    f"{nearest(name, list(sweep.over))}. It is over: {', '.join(sweep.over)}."
                )
    named: dict[str, ReportSpec] = {}
    titled: dict[tuple[str, str | None], ReportSpec] = {}
    for edition in editions(spec):
        values = ", ".join(f"{name} {value!r}" for name, value in edition.point.items())
        if not all(slug(str(value)) for value in edition.point.values()):
            raise InputError(
                f"{spec.where('sweep', 'over')}: an edition's folder is named after its values, and {values} gives no "
                f"letter from a to z and no digit. Give values that do, with words for them: 'value: words'."
            )
        same = named.setdefault(edition.name, edition)
        if same is not edition:
            other = ", ".join(f"{name} {value!r}" for name, value in same.point.items())
            raise InputError(
                f"{spec.where('sweep', 'over')}: {values} and {other} would have one folder, "
                f"{edition.name}. Give values that differ in more than signs."
            )
        if titled.setdefault((edition.title, edition.subtitle), edition) is not edition:
            missing = [f"{{{name}}}" for name, values in sweep.over.items() if len(values) > 1]
            raise InputError(
                f"{spec.where('title')}: two editions have the title '{edition.title}'. "
                f"Let the title or subtitle name what is swept: {', '.join(missing)}."
            )


def _shown(file: Path) -> str:
    """The path as an analyst writes it: folder and name."""
    return f"{file.parent.name}/{file.name}"
