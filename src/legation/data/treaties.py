"""The register of treaties: what each obliges, article by article, and in which source that was read.

A treaty is one file, ``data/treaties/<id>.yml``; the words a coding may use are in ``data/treaties/codebook.yml``.
A provision type is in one of three states for a treaty (`Treaty.state`): *coded*, when a source shows the provision;
*absent*, when a source shows that the treaty has none; *not coded*, when no source that was read says either.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from legation.checkout import home
from legation.data.catalogue import open as open_table
from legation.data.catalogue import record_listing, record_reading
from legation.errors import InputError, nearest
from legation.yaml_lines import Place, line_of, read, validated

#: Longest quotation of a treaty that the register may hold.
PHRASE_WORDS = 8
PHRASE_LETTERS = 90  # for languages that write without spaces, and against one endless word

#: Under ``absent``: every type that is neither coded nor listed, because the whole text was read.
ALL_OTHERS = "all-others"

State = Literal["coded", "absent", "not coded"]

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*$")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$")
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def _as_text(value: Any) -> Any:
    """``article: 4`` and ``date: 1996`` are written without quotation marks."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _real_date(value: str) -> str:
    match = _DATE.match(value)
    if not match:
        raise ValueError(f"'{value}' is not a date. Write 2024-06-19, 2024-06 or 2024")
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        datetime.date(year, month, day)
    except ValueError:
        raise ValueError(f"'{value}' is a day that no calendar has") from None
    return value


def _slug(value: str) -> str:
    if not _SLUG.match(value):
        raise ValueError(f"'{value}' may hold small letters, digits and hyphens only")
    return value


def _own_words(value: str) -> str:
    if not value.strip():
        raise ValueError("the text is empty")
    if re.search(r"[\"“”«»„]", value):
        raise ValueError("own words hold no quotation marks. Move the quotation to 'phrases', with its source")
    return value


#: In YAML 2024 and 4 are numbers: an editor has to let them through too.
_AS_WRITTEN = WithJsonSchema({"type": ["string", "integer"]})
Date = Annotated[str, BeforeValidator(_as_text), AfterValidator(_real_date), _AS_WRITTEN]
Slug = Annotated[str, AfterValidator(_slug)]
Words = Annotated[str, AfterValidator(_own_words)]
Text = Annotated[str, Field(min_length=1)]
Label = Annotated[str, BeforeValidator(_as_text), Field(min_length=1), _AS_WRITTEN]
Sources = Annotated[list[Slug], Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


# ------------------------------------------------------------------------------------------------------ the codebook


class Level(_Model):
    """One value of a scale. The larger rank is the stronger commitment."""

    id: Slug
    rank: int
    label: Text
    meaning: Text


class Scale(_Model):
    """An ordered vocabulary with the question it answers."""

    question: Text
    levels: list[Level] = Field(min_length=2)

    def rank(self, level: str) -> int:
        """The rank of a level; larger is stronger."""
        return next(entry.rank for entry in self.levels if entry.id == level)

    def label(self, level: str) -> str:
        """The level's name for a table."""
        return next(entry.label for entry in self.levels if entry.id == level)


class Kind(_Model):
    """A kind of limit or trigger."""

    id: Slug
    label: Text
    meaning: Text
    qualifies: bool = True  # does it make the duty narrower, or only tell what must be done besides?
    joins: list[Slug] = Field(default_factory=list)  # the kinds that it asks for together
    akin: list[Slug] = Field(default_factory=list)  # kinds that it neither contains nor excludes


class Signal(_Model):
    """A rule that suggests a type for an article: regular expressions, case ignored, over the article's text.

    It fires when at least one of ``any`` is found, every one of ``all``, and none of ``none``.
    """

    any: list[str] = Field(default_factory=list)
    all: list[str] = Field(default_factory=list)
    none: list[str] = Field(default_factory=list)

    @field_validator("any", "all", "none")
    @classmethod
    def _compiles(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except (re.error, RecursionError, OverflowError) as error:
                raise ValueError(f"the pattern '{pattern}' is no regular expression ({error})") from None
        return patterns

    @model_validator(mode="after")
    def _says_something(self) -> Signal:
        if not self.any and not self.all:
            raise ValueError("a signal needs a pattern under 'any' or 'all'")
        return self

    def fires(self, text: str) -> list[str] | None:
        """The words that were found, whole, or None if the rule does not hold for the text."""

        def found(pattern: str) -> str | None:
            match = re.search(pattern, text, re.IGNORECASE)
            return whole_words(text, match.start(), match.end()) if match else None

        if any(found(pattern) is not None for pattern in self.none):
            return None
        wanted = [found(pattern) for pattern in self.all]
        offered = [words for words in map(found, self.any) if words is not None]
        if any(words is None for words in wanted) or (self.any and not offered):
            return None
        return [words for words in [*wanted, *offered] if words]


class ProvisionType(_Model):
    """A kind of provision: what belongs to it and what does not."""

    id: Slug
    label: Text
    group: Slug
    definition: Text
    include: Text
    exclude: Text
    example: Text  # a clause between invented states, written for the codebook
    signals: list[Signal] = Field(default_factory=list)


class AtopVariable(_Model):
    """A variable of the ATOP data and the codings of ours that answer the same question."""

    variable: Slug
    meaning: Text
    ours: Text
    types: list[Slug] = Field(default_factory=list)  # coded if the treaty has a provision of one of these types
    basis: Literal["published", "inferred"]  # how its meaning is known
    caution: Text | None = None


class FormerState(_Model):
    """A state that is no more, with the code it had in ISO 3166 or is given here."""

    code: str = Field(pattern=r"^[A-Z]{3}$")
    name: Text
    note: Text


class Codebook(_Model):
    """The words a coding may use."""

    about: Text
    groups: dict[Slug, Text]
    obligation: Scale
    automaticity: Scale
    means: Scale
    decides: Scale
    confidence: Scale
    triggers: list[Kind] = Field(min_length=1)
    limits: list[Kind] = Field(min_length=1)
    types: list[ProvisionType] = Field(min_length=1)
    atop: list[AtopVariable]
    former_states: list[FormerState]

    def type(self, name: str) -> ProvisionType:
        """A provision type by its identifier.

        Raises
        ------
        InputError
            With the nearest identifier.
        """
        for entry in self.types:
            if entry.id == name:
                return entry
        raise InputError(
            f"There is no provision type '{name}'{nearest(name, self.type_ids())}. "
            "data/treaties/codebook.yml defines them."
        )

    def type_ids(self) -> list[str]:
        """The identifiers of the types, in the codebook's order."""
        return [entry.id for entry in self.types]

    def strength(self, provision: Provision) -> tuple[int, int, int, int]:
        """How strongly an assistance pledge binds, for ordering; the larger is the stronger.

        Compared in this order: automaticity, means, who decides, and (fewer is stronger) the number of limits that
        make the duty narrower. What was not coded counts as the weakest. It is an order, not a quantity: the
        distance between two ranks says nothing.
        """
        narrower = {kind.id for kind in self.limits if kind.qualifies}
        limits = sum(limit.kind in narrower for limit in provision.limits or [])
        return (
            self.automaticity.rank(provision.automaticity) if provision.automaticity else -1,
            self.means.rank(provision.means) if provision.means else -1,
            self.decides.rank(provision.decides) if provision.decides else -1,
            -limits,
        )

    def qualifying(self, provision: Provision) -> list[Limit] | None:
        """The limits that make a duty narrower; None if no source that was read lists its limits."""
        if provision.limits is None:
            return None
        narrower = {kind.id for kind in self.limits if kind.qualifies}
        return [limit for limit in provision.limits if limit.kind in narrower]

    def suggestions(self, text: str) -> dict[str, list[str]]:
        """The types whose signals fire on an article's text, each with the words that were found."""
        flat = " ".join(text.split())
        result: dict[str, list[str]] = {}
        for entry in self.types:
            for signal in entry.signals:
                words = signal.fires(flat)
                if words is not None:
                    result.setdefault(entry.id, []).extend(word for word in words if word not in result[entry.id])
        return result


# -------------------------------------------------------------------------------------------------------- the treaty


class Source(_Model):
    """A publication or page. The fields are those of data/sources.csv; the kinds fit texts instead of figures."""

    id: Slug  # how the file refers to it
    producer: Text  # who wrote it
    title: Text  # as printed
    publisher: Text | None = None  # who brought it out
    address: Text | None = None  # on the web
    licence: Text = "not stated"  # as stated there
    vintage: Date | None = None  # a day, month or year: of which it speaks
    retrieved: Date  # the day it was read
    kind: Literal["official", "scholarly", "reference", "press"]  # how far it can be trusted
    note: Text | None = None  # what a reader should know


class Party(_Model):
    """A state that is or was bound."""

    code: str = Field(pattern=r"^[A-Z]{3}$")  # ISO 3166-1 alpha-3, or a former state of the codebook
    since: Date | None = None  # blank: from the beginning
    until: Date | None = None  # blank: not known to have left
    note: Text | None = None  # in our own words


class OtherDate(_Model):
    """What another source gives."""

    date: Date | None  # a day, month or year; null: it gives none
    sources: Sources  # identifiers from `sources` below
    note: Words | None = None  # in our own words


class Dated(_Model):
    """A date with its source, and what other sources give instead. A date of null: the source gives none."""

    date: Date | None  # a day, month or year; null: the source gives none
    place: Text | None = None  # where
    sources: Sources  # identifiers from `sources` below
    note: Words | None = None  # in our own words
    dissent: list[OtherDate] = Field(default_factory=list)  # what other sources give


class Dissent(_Model):
    """A source that says something else; ``names``: the treaties or events that it names instead, by identifier."""

    says: Words  # in our own words
    sources: Sources  # identifiers from `sources` below
    names: list[Slug] = Field(default_factory=list)  # treaties or events that it names instead


class Predecessor(_Model):
    """An earlier treaty that this one replaced, by its own words or by what is said of it."""

    treaty: Slug | None = None  # its identifier, when it is in the register
    title: Text | None = None  # of a treaty that is not in the register
    basis: Words  # how it is known, in our own words
    sources: Sources  # identifiers from `sources` below

    @model_validator(mode="after")
    def _names_one(self) -> Predecessor:
        if (self.treaty is None) == (self.title is None):
            raise ValueError("give either 'treaty' (an identifier of the register) or 'title'")
        return self


class Term(_Model):
    """How long a treaty lasts and how a party may leave it.

    ``borrowed`` names keys that are known only from ATOP's coding; they are left out of the comparison with it.
    """

    duration: Literal["fixed", "until-condition", "until-agreed", "indefinite", "none-stated", "unknown"]  # how long
    years: int | None = Field(default=None, ge=1, le=200)  # of a fixed term
    renewal: Literal["automatic", "by-agreement", "none", "unknown"]  # what follows a fixed term
    renewal_years: int | None = Field(default=None, ge=1, le=200)  # for how long
    withdrawal: Literal["any-time", "after-minimum", "at-expiry", "by-agreement", "none", "unknown"]  # how it is left
    minimum_years: int | None = Field(default=None, ge=1, le=200)  # before it may leave
    notice_months: int | None = Field(default=None, ge=0, le=120)  # that a party gives before it leaves
    borrowed: list[Literal["duration", "years", "renewal", "renewal_years", "withdrawal"]] = Field(
        default_factory=list
    )  # known only from ATOP's coding
    gist: Words  # in our own words
    sources: Sources  # identifiers from `sources` below
    confidence: Slug = "high"  # of the coder
    dissent: list[Dissent] = Field(default_factory=list)  # what other sources say

    @model_validator(mode="after")
    def _fits(self) -> Term:
        if (self.duration == "fixed") != (self.years is not None):
            raise ValueError("'years' belongs to a duration of 'fixed', and to no other")
        if self.renewal_years is not None and self.renewal != "automatic":
            raise ValueError("'renewal_years' belongs to a renewal of 'automatic'")
        if (self.withdrawal == "after-minimum") != (self.minimum_years is not None):
            raise ValueError("'minimum_years' belongs to a withdrawal of 'after-minimum', and to no other")
        return self


class ArticleCount(_Model):
    """How many articles the text has, besides preamble and annexes: what a fetched text is checked against."""

    count: int = Field(ge=1, le=1000)  # besides preamble and annexes
    sources: Sources  # identifiers from `sources` below


class Languages(_Model):
    """The languages whose texts are authentic, as ISO 639-3 codes."""

    codes: list[Annotated[str, Field(pattern=r"^[a-z]{3}$")]] = Field(min_length=1)  # ISO 639-3
    sources: Sources  # identifiers from `sources` below
    note: Words | None = None  # in our own words


class PublishedText(_Model):
    """Where a text is published, in which language, and by whom it was translated."""

    address: Text  # on the web
    publisher: Text  # of the page
    language: str = Field(pattern=r"^[a-z]{3}$")  # ISO 639-3
    authentic: bool  # in one of the languages in which the treaty was made
    translation: Text | None = None  # who translated from what, when it is not authentic
    extent: Literal["whole", "part", "unread"]  # unread: said to be whole; only its beginning, or nothing, was seen
    note: Words | None = None  # in our own words


class Trigger(_Model):
    """What sets a duty off."""

    kind: Slug  # an identifier of the codebook
    gist: Words  # in our own words


class Limit(_Model):
    """What narrows a duty or attaches to it."""

    kind: Slug  # an identifier of the codebook
    gist: Words | None = None  # in our own words


class Phrase(_Model):
    """A few words of the treaty, letter by letter as the source prints them."""

    text: Text  # without quotation marks, on one line
    source: Slug  # an identifier from `sources` below
    language: str = Field(default="eng", pattern=r"^[a-z]{3}$")  # ISO 639-3
    tradition: Text | None = None  # which translation, where there are several

    @field_validator("text")
    @classmethod
    def _short(cls, value: str) -> str:
        words = len(value.split())
        if words > PHRASE_WORDS:
            raise ValueError(f"the phrase has {words} words; at most {PHRASE_WORDS} of a treaty may be quoted. Cut it")
        if len(value) > PHRASE_LETTERS:
            raise ValueError(f"the phrase has {len(value)} letters; at most {PHRASE_LETTERS} may be quoted. Cut it")
        if re.search(r"[\"“”«»„\n]", value):
            raise ValueError("the phrase stands without quotation marks, on one line")
        return value


class Provision(_Model):
    """What one article, or a part of it, obliges: a coding, not the text.

    ``article`` is the label as printed in the text (``4``, ``IV``, ``preamble``), or null if no source that was read
    gives it; ``numbered`` says whether a source prints the number or it follows from the order of the text.
    ``limits`` of null: not known; an empty list: a source shows that the clause states none.
    """

    article: Label | None  # label as printed: 4, IV, preamble; null if no source gives it
    paragraph: Label | None = None  # label as printed
    numbered: Literal["printed", "inferred", "unknown"] = "printed"  # how the label is known
    type: Slug  # an identifier of the codebook
    obligation: Slug  # how firm: a level of the codebook
    binds: Annotated[list[str], Field(min_length=1)]  # codes of parties, or the one word 'all'
    trigger: Trigger | None = None  # what sets the duty off
    automaticity: Slug | None = None  # a level of the codebook
    means: Slug | None = None  # a level of the codebook
    decides: Slug | None = None  # who decides: a level of the codebook
    limits: list[Limit] | None = None  # null: not known; an empty list: it states none
    phrases: list[Phrase] = Field(default_factory=list)  # a few words, letter by letter
    gist: Words  # in our own words
    sources: Sources  # identifiers from `sources` below
    confidence: Slug  # of the coder: a level of the codebook
    reviewed: bool = True  # false: a rule's suggestion, which nobody has checked; it counts as not coded
    dissent: list[Dissent] = Field(default_factory=list)  # what other sources say
    note: Words | None = None  # in our own words

    @model_validator(mode="after")
    def _fits(self) -> Provision:
        if (self.article is None) != (self.numbered == "unknown"):
            raise ValueError("'numbered: unknown' goes with 'article: null', and only with it")
        return self

    @property
    def number(self) -> int | None:
        """The article as a number: 4 for ``4`` and ``IV``; 0 for the preamble; None if it is not known."""
        return article_number(self.article)


class Absence(_Model):
    """Types of which a source shows that the treaty has no such provision.

    The one word ``all-others`` stands for every type that is neither coded nor listed. It takes a ``whole_text``: only
    who read the whole text can say so.
    """

    types: list[Slug] = Field(min_length=1)  # identifiers of the codebook, or the one word 'all-others'
    sources: Sources  # identifiers from `sources` below
    note: Words  # what shows it, in our own words


class Difference(_Model):
    """A variable for which our coding and ATOP's differ, and why."""

    variable: Slug  # ATOP's name for it
    ours: int | str  # the value that our coding gives
    theirs: int | str  # the value there
    why: Words  # in our own words


class Atop(_Model):
    """The treaty in the data of the Alliance Treaty Obligations and Provisions project."""

    id: int  # its number there
    source: Slug  # an identifier from `sources` below
    differs: list[Difference] = Field(default_factory=list)  # where our coding differs


class Event(_Model):
    """Something that happened to a treaty: a step of ratification, an extension, its application."""

    date: Date  # a day, month or year
    gist: Words  # in our own words
    sources: Sources  # identifiers from `sources` below
    dissent: list[Dissent] = Field(default_factory=list)  # what other sources say


class Treaty(_Model):
    """One treaty of the register."""

    id: Slug  # the file's name without its ending
    title: Text  # as printed
    short: Text  # as a table's heading: 28 letters or fewer
    parties: list[Party] = Field(min_length=2)  # states that are or were bound
    parties_sources: Sources  # identifiers from `sources` below
    signed: Dated  # when and where
    in_force: Dated  # since when
    ended: Dated | None = None  # null: no source that was read gives an end
    replaces: list[Predecessor] = Field(default_factory=list)  # treaties before it, the last first
    term: Term  # how long it lasts, and how it is left
    articles: ArticleCount | None = None  # how many
    languages: Languages | None = None  # of the authentic texts
    texts: list[PublishedText] = Field(default_factory=list)  # where it is published
    whole_text: Slug | None = None  # the source, when the whole text was read for the coding
    provisions: list[Provision] = Field(min_length=1)  # what its articles oblige
    absent: list[Absence] = Field(default_factory=list)  # types it is shown not to have
    atop: Atop | None = None  # its number in the data of ATOP
    events: list[Event] = Field(default_factory=list)  # what happened to it
    sources: list[Source] = Field(min_length=1)  # what was read

    _file: Path = PrivateAttr(default=Path("treaty.yml"))
    _lines: dict[Place, int] = PrivateAttr(default_factory=dict)

    @field_validator("short")
    @classmethod
    def _fits_a_heading(cls, value: str) -> str:
        if len(value) > 28:
            raise ValueError(f"'{value}' has {len(value)} letters; a table's heading has room for 28")
        return value

    @property
    def file(self) -> Path:
        """Where the treaty was read from."""
        return self._file

    def where(self, *place: str | int) -> str:
        """``treaties/x.yml, line 12`` for a place in the file, or for the nearest place around it."""
        return f"{_shown(self._file)}, line {line_of(self._lines, place)}"

    def of_type(self, name: str) -> list[Provision]:
        """The provisions of a type, in the file's order, without suggestions that nobody reviewed."""
        return [provision for provision in self.provisions if provision.type == name and provision.reviewed]

    @property
    def unreviewed(self) -> list[Provision]:
        """Suggestions that nobody has reviewed. No measure and no state counts them."""
        return [provision for provision in self.provisions if not provision.reviewed]

    def state(self, name: str) -> State:
        """Whether a type is coded, shown to be absent, or not coded: unknown to us."""
        if self.of_type(name):
            return "coded"
        return "absent" if self.absence(name) else "not coded"

    def absence(self, name: str) -> Absence | None:
        """The entry that shows the type to be absent, with its sources: one that lists it, or that of all others."""
        listed = (entry for word in (name, ALL_OTHERS) for entry in self.absent if word in entry.types)
        return next(listed, None)

    def source(self, name: str) -> Source:
        """A source entry by its identifier."""
        return next(entry for entry in self.sources if entry.id == name)

    def codes(self, on: str | None = None) -> list[str]:
        """The parties' codes, each once: all there ever were, or those bound on a day (``YYYY-MM-DD``)."""
        bound = [
            party.code
            for party in self.parties
            if on is None or ((party.since is None or party.since <= on) and (party.until is None or on < party.until))
        ]
        return list(dict.fromkeys(bound))

    def conflicts(self) -> list[str]:
        """Every point on which sources differ, as sentences that name the sources."""
        found: list[str] = []
        dated = [("signed", self.signed), ("in force", self.in_force)]
        dated += [("ended", self.ended)] if self.ended else []
        for what, entry in dated:
            for other in entry.dissent:
                found.append(
                    f"{what}: {entry.date or 'no date'} ({', '.join(entry.sources)}), "
                    f"but {other.date or 'no date'} ({', '.join(other.sources)})."
                    + (f" {other.note}" if other.note else "")
                )
        found.extend(f"term: {item.says} ({', '.join(item.sources)})" for item in self.term.dissent)
        found.extend(
            f"article {provision.article or 'not known'}, {provision.type}: {item.says} ({', '.join(item.sources)})"
            for provision in self.provisions
            for item in provision.dissent
        )
        found.extend(
            f"{event.date}: {item.says} ({', '.join(item.sources)})" for event in self.events for item in event.dissent
        )
        return found


# --------------------------------------------------------------------------------------------------------- functions


def codebook(path: Path | None = None) -> Codebook:
    """The codebook of the register, or the one in another file.

    Raises
    ------
    InputError
        What is wrong in it, with file and line.
    """
    file = path or home() / "data" / "treaties" / "codebook.yml"
    record_reading("treaties-codebook", file)
    return _codebook(file, _changed(file))


def treaties(folder: Path | None = None) -> dict[str, Treaty]:
    """Every treaty of the register by its identifier, in alphabetical order: that is, by year.

    Raises
    ------
    InputError
        All that is wrong in the files, or between them, with file and line: a sentence on a line for each fault.
    """
    place = folder or home() / "data" / "treaties"
    book = codebook(place / "codebook.yml")
    found: dict[str, Treaty] = {}
    faults: list[str] = []
    record_listing("treaties", place, "*.yml")
    files = [file for file in sorted(place.glob("*.yml")) if file.stem != "codebook"]
    for file in files:
        record_reading(f"treaty-{file.stem}", file)
        try:
            found[file.stem] = load(file, book)
        except InputError as error:
            faults.append(str(error))
    if not files:
        raise InputError(f"{place.name}: the register holds no treaty. Restore its files from version control.")
    known = [file.stem for file in files]
    for treaty in found.values():
        for position, entry in enumerate(treaty.replaces):
            if entry.treaty and entry.treaty not in known:
                faults.append(
                    f"{treaty.where('replaces', position, 'treaty')}: the register has no treaty '{entry.treaty}'"
                    f"{nearest(entry.treaty, known)}. Correct the identifier, or give a 'title' instead."
                )
        for position, provision in enumerate(treaty.provisions):
            for number, item in enumerate(provision.dissent):
                faults += _name_faults(treaty, ("provisions", position, "dissent", number, "names"), item.names, known)
    if faults:
        raise InputError("\n".join(faults))
    return found


def _name_faults(treaty: Treaty, place: Place, names: Sequence[str], treaties: Sequence[str]) -> list[str]:
    """What a dissent names must be a treaty of the register or an event of the tables."""
    if not names:
        return []
    known = [*treaties, *open_table("events")["id"].astype(str)]
    faults = [
        f"{treaty.where(*place)}: neither the register nor data/context/events.csv has "
        f"'{name}'{nearest(name, known)}. Correct the identifier, or leave it out."
        for name in dict.fromkeys(names)
        if name not in known
    ]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    return faults + [f"{treaty.where(*place)}: '{name}' is named twice. Remove one." for name in twice]


def load(path: Path, book: Codebook | None = None) -> Treaty:
    """Read and check one treaty.

    Parameters
    ----------
    path
        The file; its name without ending must be the treaty's identifier.
    book
        The codebook whose words it may use; the register's own if none is given.

    Raises
    ------
    InputError
        File, line and rule of every fault, each on a line: YAML that cannot be read, an unknown, missing or doubled
        key, a value of the wrong kind, a word the codebook does not have (with the nearest), an article coded twice for
        one type, an impossible date, a quotation of more than eight words, a source that the file does not list. Rules
        between the parts of a file are looked at once each part has its form.
    """
    shown = _shown(path)
    plain, lines = read(path, shown=shown, kind="a treaty")
    treaty = validated(Treaty, plain, lines, shown, every=True)
    treaty._file, treaty._lines = path, lines
    _check(treaty, book or codebook())
    return treaty


def whole_words(text: str, start: int, end: int) -> str:
    """What stands between two places of a text, and the rest of the words that they fall into."""
    while 0 < start < len(text) and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while 0 < end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return text[start:end]


def article_number(label: str | None) -> int | None:
    """An article's label as a number: 4 for ``4``, ``4bis`` and ``IV``; 0 for ``preamble``; otherwise None."""
    if label is None:
        return None
    if label.casefold() == "preamble":
        return 0
    digits = re.match(r"\s*(\d+)", label)
    if digits:
        return int(digits.group(1))
    roman = re.match(r"\s*([IVXLC]+)\b", label)
    if not roman:
        return None
    values = [_ROMAN[letter] for letter in roman.group(1)]
    return sum(-v if any(later > v for later in values[i + 1 :]) else v for i, v in enumerate(values))


def atop_codes(treaty: Treaty, book: Codebook) -> dict[str, int | str | None]:
    """Our codings as ATOP's variables, for comparison.

    None where the register does not know, or knows only from ATOP itself. Yes-or-no variables are 1 or 0; lengths are
    months; dates are ``YYYY-MM-DD``. The rules are in the codebook under ``atop``; those that are more than the
    presence of a type are written out here.
    """
    own = treaty.atop.source if treaty.atop else ""

    def independent(sources: Iterable[str]) -> bool:
        return any(source != own for source in sources)

    def has(types: list[str]) -> int | None:
        provisions = [p for name in types for p in treaty.of_type(name)]
        if provisions:
            return 1 if any(independent(p.sources) for p in provisions) else None
        shown = [treaty.absence(name) for name in types]
        return 0 if all(entry and independent(entry.sources) for entry in shown) else None

    codes: dict[str, int | str | None] = {entry.variable: has(entry.types) for entry in book.atop if entry.types}
    codes["bilat"] = int(len(treaty.codes()) == 2) if independent(treaty.parties_sources) else None
    codes["signed"] = treaty.signed.date if independent(treaty.signed.sources) else None
    if treaty.ended and treaty.ended.date and independent(treaty.ended.sources):
        codes["ended"] = treaty.ended.date
    else:
        codes["ended"] = None
    limits = [p.limits for p in treaty.of_type("mutual-assistance") if independent(p.sources) and p.limits is not None]
    codes["defcoloc"] = int(any(entry.kind == "territory" for entry in limits[0])) if limits else None
    codes |= _term_codes(treaty.term, known=independent(treaty.term.sources))
    return {entry.variable: codes[entry.variable] for entry in book.atop}


# ----------------------------------------------------------------------------------------------------------- helpers


def _term_codes(term: Term, *, known: bool) -> dict[str, int | str | None]:
    """A term as ATOP's variables; None where it is not known, or known from ATOP only."""

    def own(*keys: str) -> bool:
        return known and not set(keys) & set(term.borrowed)

    duration = {"none-stated": 0, "fixed": 1, "until-condition": 2, "indefinite": 3, "until-agreed": 3}
    renewal = {"none": 0, "by-agreement": 1, "automatic": 2}
    withdrawal = {"any-time": 1, "after-minimum": 3, "at-expiry": 0, "by-agreement": 0, "none": 0}
    months = None if term.duration == "unknown" else (term.years or 0) * 12
    return {
        "speclgth": duration.get(term.duration) if own("duration") else None,
        "length": months if own("duration", "years") else None,
        "proren": renewal.get(term.renewal) if own("renewal") else None,
        "renewlgt": term.renewal_years * 12 if term.renewal_years and own("renewal", "renewal_years") else None,
        "renounce": withdrawal.get(term.withdrawal) if own("withdrawal") else None,
    }


@lru_cache(maxsize=4)
def _codebook(file: Path, _changed: int) -> Codebook:
    """Read and check a codebook. ``_changed`` renews the cache with the file."""
    shown = _shown(file)
    plain, lines = read(file, shown=shown, kind="a codebook")
    book = validated(Codebook, plain, lines, shown)

    def refuse(place: Place, sentence: str) -> None:
        raise InputError(f"{shown}, line {line_of(lines, place)}: {sentence}")

    ids = [
        ("types", [entry.id for entry in book.types]),
        ("limits", [entry.id for entry in book.limits]),
        ("triggers", [entry.id for entry in book.triggers]),
        ("atop", [entry.variable for entry in book.atop]),
        ("former_states", [entry.code for entry in book.former_states]),
    ]
    for key, names in ids:
        for position, name in enumerate(names):
            if name in names[:position]:
                refuse((key, position), f"'{name}' is defined twice under '{key}'. Remove one.")
    for position, entry in enumerate(book.types):
        if entry.group not in book.groups:
            refuse(
                ("types", position, "group"),
                f"the group '{entry.group}' is not under 'groups'{nearest(entry.group, book.groups)}.",
            )
    for key, kinds in (("triggers", book.triggers), ("limits", book.limits)):
        single = {kind.id for kind in kinds if not kind.joins}
        for position, kind in enumerate(kinds):
            for relation in ("joins", "akin"):
                for name in getattr(kind, relation):
                    if name not in single - {kind.id}:
                        refuse(
                            (key, position, relation),
                            f"'{name}' is no other single kind under '{key}'{nearest(name, single)}. Correct it.",
                        )
    for position, variable in enumerate(book.atop):
        for name in variable.types:
            if name not in book.type_ids():
                refuse(
                    ("atop", position, "types"),
                    f"there is no provision type '{name}'{nearest(name, book.type_ids())}.",
                )
    return book


def _check(treaty: Treaty, book: Codebook) -> None:
    """The rules between the parts of a file, and between a file and the codebook."""
    faults: list[str] = []

    def refuse(place: Place, sentence: str) -> None:
        faults.append(f"{treaty.where(*place)}: {sentence}")

    def word(place: Place, value: str | None, known: Iterable[str], what: str) -> None:
        names = list(known)
        if value is not None and value not in names:
            listed = f"It knows {', '.join(names)}." if len(names) < 12 else "data/treaties/codebook.yml lists them."
            refuse(place, f"'{value}' is no {what} of the codebook{nearest(value, names)}. {listed}")

    if treaty.id != treaty.file.stem:
        refuse(("id",), f"the file is named '{treaty.file.stem}', but the treaty '{treaty.id}'. Make them equal.")
    listed = [source.id for source in treaty.sources]
    for position, name in enumerate(listed):
        if name in listed[:position]:
            refuse(("sources", position, "id"), f"the source '{name}' is listed twice. Remove one.")
    cited = set()
    for place, name in _citations(treaty.model_dump(), ()):
        cited.add(name)
        if name not in listed:
            refuse(
                place,
                f"the source '{name}' is not in the file's list of sources{nearest(name, listed)}. Add its entry.",
            )
    for position, name in enumerate(listed):
        if name not in cited:
            refuse(("sources", position, "id"), f"nothing cites the source '{name}'. Cite it or remove it.")
    codes = treaty.codes()
    for position, party in enumerate(treaty.parties):
        for earlier in treaty.parties[:position]:
            if earlier.code == party.code and not (earlier.until and party.since and earlier.until <= party.since):
                refuse(
                    ("parties", position),
                    f"the party {party.code} is listed twice. Remove one, or give 'until' and 'since' if it came back.",
                )
    types, levels = book.type_ids(), {entry.id for entry in book.confidence.levels}
    word(("term", "confidence"), treaty.term.confidence, levels, "confidence")
    seen: dict[tuple[str | None, str | None, str], int] = {}
    for position, provision in enumerate(treaty.provisions):
        place = ("provisions", position)
        word((*place, "type"), provision.type, types, "provision type")
        word((*place, "obligation"), provision.obligation, (e.id for e in book.obligation.levels), "obligation")
        word((*place, "automaticity"), provision.automaticity, (e.id for e in book.automaticity.levels), "automaticity")
        word((*place, "means"), provision.means, (e.id for e in book.means.levels), "means")
        word((*place, "decides"), provision.decides, (e.id for e in book.decides.levels), "decider")
        word((*place, "confidence"), provision.confidence, levels, "confidence")
        if provision.trigger:
            word((*place, "trigger", "kind"), provision.trigger.kind, (e.id for e in book.triggers), "trigger")
        for number, limit in enumerate(provision.limits or []):
            word((*place, "limits", number, "kind"), limit.kind, (e.id for e in book.limits), "limit")
        if provision.binds != ["all"]:
            for code in provision.binds:
                if code not in codes:
                    refuse((*place, "binds"), f"'{code}' is not a party{nearest(code, codes)}. Write a code, or [all].")
        key = (provision.article, provision.paragraph, provision.type)
        if key in seen:
            label = f"article {provision.article}" if provision.article else "an article whose number is not known"
            first = treaty.where("provisions", seen[key])
            refuse(
                place,
                f"{label} is coded twice as '{provision.type}' (first on {first.rsplit(', ', 1)[1]}). "
                "Join the two, or tell them apart by 'paragraph'.",
            )
        seen[key] = position
        if provision.type == "mutual-assistance" and provision.reviewed:
            for part in ("trigger", "automaticity", "means"):
                if getattr(provision, part) is None:
                    refuse(place, f"an assistance pledge is coded without '{part}'. Add it, with the codebook's words.")
    named: list[str] = []
    for position, entry in enumerate(treaty.absent):
        if ALL_OTHERS in entry.types:
            _check_all_others(treaty, entry, ("absent", position, "types"), refuse)
        for name in entry.types:
            word(("absent", position, "types"), name, [*types, ALL_OTHERS], "provision type")
            if treaty.of_type(name):
                refuse(("absent", position, "types"), f"'{name}' is both coded and absent. Remove one.")
            if name in named:
                refuse(("absent", position, "types"), f"'{name}' is listed as absent twice. Remove one.")
            named.append(name)
    if treaty.whole_text:
        unsaid = [name for name in types if treaty.state(name) == "not coded"]
        if unsaid:
            refuse(
                ("whole_text",),
                f"the whole text was read, but nothing is said of {', '.join(unsaid)}. "
                f"Code them or list them as absent; 'types: [{ALL_OTHERS}]' stands for all that are not listed.",
            )
    if treaty.atop:
        for position, difference in enumerate(treaty.atop.differs):
            place = ("atop", "differs", position, "variable")
            word(place, difference.variable, (e.variable for e in book.atop), "ATOP variable")
    begun, ended = treaty.signed.date, treaty.ended.date if treaty.ended else None
    if begun and ended and ended < begun:
        refuse(("ended", "date"), f"the treaty ended on {ended}, before it was signed on {begun}. Correct one.")
    for place, date, sources in _dates(treaty):
        read = max(source.retrieved for source in treaty.sources if source.id in sources) if sources else date
        if date[: len(read)] > read[: len(date)]:
            refuse(
                place,
                f"{date} is after the day on which its source was read, {read}. Correct one; of a day still to come "
                "the date is null, and 'note' tells it.",
            )
    if faults:
        raise InputError("\n".join(faults))


def _check_all_others(treaty: Treaty, entry: Absence, place: Place, refuse: Callable[[Place, str], None]) -> None:
    """All other types are absent only where somebody read the whole text and left no suggestion open."""
    if entry.types != [ALL_OTHERS]:
        refuse(place, f"'{ALL_OTHERS}' stands alone. Give the types that are listed an entry of their own.")
    if treaty.whole_text is None or treaty.whole_text not in entry.sources:
        refuse(
            place,
            f"'{ALL_OTHERS}' takes that the whole text was read. Name its source under 'whole_text' and here under "
            "'sources', or list the types that a source shows to be absent.",
        )
    if treaty.unreviewed:
        refuse(
            place,
            f"'{ALL_OTHERS}' stands beside provisions marked 'reviewed: false' ({len(treaty.unreviewed)}). Review them "
            "first: take the mark from those that hold, and remove the others.",
        )


def _dates(treaty: Treaty) -> Iterable[tuple[Place, str, set[str]]]:
    """Every day on which something is said to have happened, with its place and its sources, as far as listed."""
    listed = {source.id for source in treaty.sources}
    found: list[tuple[Place, str | None, list[str]]] = []
    for key in ("signed", "in_force", "ended"):
        entry: Dated | None = getattr(treaty, key)
        if entry is not None:
            found.append(((key, "date"), entry.date, entry.sources))
            found += [((key, "dissent", at, "date"), one.date, one.sources) for at, one in enumerate(entry.dissent)]
    found += [(("events", at, "date"), event.date, event.sources) for at, event in enumerate(treaty.events)]
    return [(place, date, listed & set(sources)) for place, date, sources in found if date is not None]


def _citations(node: Any, place: Place) -> Iterable[tuple[Place, str]]:
    """Every place that names a source, with the name."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            here = (*place, str(key))
            if key == "parties_sources" or (key == "sources" and place != ()):
                yield from ((here, str(name)) for name in value)
            elif key in ("source", "whole_text") and isinstance(value, str):
                yield here, value
            elif here != ("sources",):
                yield from _citations(value, here)
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _citations(value, (*place, position))


def _shown(file: Path) -> str:
    """The path as an analyst writes it: folder and name."""
    return f"{file.parent.name}/{file.name}"


def _changed(file: Path) -> int:
    return file.stat().st_mtime_ns if file.is_file() else 0


# ---------------------------------------------------------------------------------------- the register as frames


@dataclass(frozen=True)
class Register:
    """The register as frames, for analysis. A cell ``source`` holds identifiers of ``sources``, joined by '; '.

    ``treaties``: one row a treaty, in order of signature, with its term; ``parties``; ``dates``: signed, in force and
    ended, each as the register holds it (``stated`` true) and as other sources give it; ``predecessors``;
    ``provisions``, ``phrases``, ``dissents``; ``states``: one row for every treaty and type, with what is known of it;
    ``texts``: where each is published; ``types``, ``levels``, ``kinds``: the codebook; ``sources``.

    In ``provisions``, ``limits`` are the kinds joined by '; ': empty if a source shows that there are none, missing if
    it is not known; ``narrowing`` are those of them that make the duty narrower. In ``kinds``, ``joins`` and ``akin``
    hold other kinds, joined by '; '.
    """

    treaties: pd.DataFrame
    parties: pd.DataFrame
    dates: pd.DataFrame
    predecessors: pd.DataFrame
    provisions: pd.DataFrame
    phrases: pd.DataFrame
    dissents: pd.DataFrame
    states: pd.DataFrame
    texts: pd.DataFrame
    types: pd.DataFrame
    levels: pd.DataFrame
    kinds: pd.DataFrame
    sources: pd.DataFrame


def register(folder: Path | None = None) -> Register:
    """Every treaty of the register and its codebook, as frames.

    Raises
    ------
    InputError
        All that is wrong in the files, with file and line.
    """
    place = folder or home() / "data" / "treaties"
    book = codebook(place / "codebook.yml")
    found = sorted(treaties(folder).values(), key=lambda treaty: (treaty.signed.date or "9999", treaty.id))
    return Register(
        treaties=_frame(_treaty_row(treaty) for treaty in found),
        parties=_frame({"treaty": t.id, **party.model_dump()} for t in found for party in t.parties),
        dates=_frame(row for treaty in found for row in _date_rows(treaty)),
        predecessors=_frame(
            (
                {"treaty": t.id, "predecessor": e.treaty, "title": e.title, "basis": e.basis, "source": _ids(e.sources)}
                for t in found
                for e in t.replaces
            ),
            ["treaty", "predecessor", "title", "basis", "source"],
        ),
        provisions=_frame(_provision_row(t, p, book) for t in found for p in t.provisions if p.reviewed),
        phrases=_frame(
            (
                {"treaty": t.id, "article": p.article, "type": p.type, **q.model_dump()}
                for t in found
                for p in t.provisions
                if p.reviewed
                for q in p.phrases
            ),
            ["treaty", "article", "type", "text", "source", "language", "tradition"],
        ),
        dissents=_frame(
            (row for treaty in found for row in _dissent_rows(treaty, book)),
            ["treaty", "on", "held", "says", "names", "source"],
        ),
        states=_frame(_state_row(treaty, name) for treaty in found for name in book.type_ids()),
        texts=_frame(
            ({"treaty": t.id, **text.model_dump()} for t in found for text in t.texts),
            ["treaty", *PublishedText.model_fields],
        ),
        types=_frame(
            {"type": e.id, "label": e.label, "group": e.group, "group_label": book.groups[e.group]} for e in book.types
        ),
        levels=_frame(
            {"scale": scale, **level.model_dump()}
            for scale in ("obligation", "automaticity", "means", "decides", "confidence")
            for level in getattr(book, scale).levels
        ),
        kinds=_frame(
            {"part": part, **kind.model_dump(), "joins": _ids(kind.joins), "akin": _ids(kind.akin)}
            for part, kinds in (("trigger", book.triggers), ("limit", book.limits))
            for kind in kinds
        ),
        sources=_frame({s.id: s.model_dump() for t in found for s in t.sources}.values()).sort_values(
            "id", ignore_index=True
        ),
    )


def _frame(rows: Iterable[Mapping[str, Any]], columns: list[str] | None = None) -> pd.DataFrame:
    listed = list(rows)
    return pd.DataFrame(listed, columns=columns if not listed else None)


def _ids(sources: Iterable[str]) -> str:
    return "; ".join(sources)


def _treaty_row(treaty: Treaty) -> dict[str, Any]:
    term = treaty.term
    return {
        "treaty": treaty.id,
        "short": treaty.short,
        "title": treaty.title,
        "parties": "; ".join(treaty.codes()),
        "signed": treaty.signed.date,
        "signed_at": treaty.signed.place,
        "in_force": treaty.in_force.date,
        "in_force_note": treaty.in_force.note,
        "ended": treaty.ended.date if treaty.ended else None,
        "end_known": bool(treaty.ended and treaty.ended.date),
        "end_disputed": bool(treaty.ended and (treaty.ended.dissent or not treaty.ended.date)),
        "duration": term.duration,
        "years": term.years,
        "renewal": term.renewal,
        "renewal_years": term.renewal_years,
        "withdrawal": term.withdrawal,
        "minimum_years": term.minimum_years,
        "notice_months": term.notice_months,
        "term": term.gist,
        "term_source": _ids(term.sources),
        "articles": treaty.articles.count if treaty.articles else None,
        "languages": "; ".join(treaty.languages.codes) if treaty.languages else None,
        "read_whole": treaty.whole_text is not None,
        "suggested": len(treaty.unreviewed),
        "source": _ids(dict.fromkeys([*treaty.parties_sources, *treaty.signed.sources, *treaty.in_force.sources])),
    }


def _date_rows(treaty: Treaty) -> Iterable[dict[str, Any]]:
    for event, entry in (("signed", treaty.signed), ("in force", treaty.in_force), ("ended", treaty.ended)):
        if entry is None:
            continue
        head = {"treaty": treaty.id, "event": event}
        yield head | {"date": entry.date, "stated": True, "note": entry.note, "source": _ids(entry.sources)}
        for other in entry.dissent:
            yield head | {"date": other.date, "stated": False, "note": other.note, "source": _ids(other.sources)}


def _provision_row(treaty: Treaty, provision: Provision, book: Codebook) -> dict[str, Any]:
    narrowing = book.qualifying(provision)
    return {
        "treaty": treaty.id,
        "article": provision.article,
        "paragraph": provision.paragraph,
        "number": provision.number,
        "numbered": provision.numbered,
        "type": provision.type,
        "obligation": provision.obligation,
        "trigger": provision.trigger.kind if provision.trigger else None,
        "automaticity": provision.automaticity,
        "means": provision.means,
        "decides": provision.decides,
        "limits": None if provision.limits is None else _ids(limit.kind for limit in provision.limits),
        "narrowing": None if narrowing is None else _ids(limit.kind for limit in narrowing),
        "gist": provision.gist,
        "confidence": provision.confidence,
        "disputed": bool(provision.dissent),
        "note": provision.note,
        "source": _ids(provision.sources),
    }


def _dissent_rows(treaty: Treaty, book: Codebook) -> Iterable[dict[str, Any]]:
    for what, entry in (("signed", treaty.signed), ("in force", treaty.in_force), ("ended", treaty.ended)):
        for other in entry.dissent if entry else []:
            says = " ".join(part for part in (other.date or "No date.", other.note) if part)
            held = entry.date if entry else None
            head = {"treaty": treaty.id, "on": what, "held": held}
            yield head | {"says": says, "names": "", "source": _ids(other.sources)}
    for item in treaty.term.dissent:
        held, source = treaty.term.gist, _ids(item.sources)
        head = {"treaty": treaty.id, "on": "term", "held": held}
        yield head | {"says": item.says, "names": _ids(item.names), "source": source}
    for provision in treaty.provisions:
        for item in provision.dissent:
            label = book.type(provision.type).label
            where = f"Article {provision.article} ({label})" if provision.article else label
            yield {
                "treaty": treaty.id,
                "on": where,
                "held": provision.gist,
                "says": item.says,
                "names": _ids(item.names),
                "source": _ids(item.sources),
            }
    for event in treaty.events:
        for item in event.dissent:
            yield {
                "treaty": treaty.id,
                "on": event.date,
                "held": event.gist,
                "says": item.says,
                "names": _ids(item.names),
                "source": _ids(item.sources),
            }


def _state_row(treaty: Treaty, name: str) -> dict[str, Any]:
    provisions, absence = treaty.of_type(name), treaty.absence(name)
    sources = [source for provision in provisions for source in provision.sources] or (
        absence.sources if absence else []
    )
    return {
        "treaty": treaty.id,
        "type": name,
        "state": treaty.state(name),
        "note": absence.note if absence else None,
        "source": _ids(dict.fromkeys(sources)) or None,
    }
