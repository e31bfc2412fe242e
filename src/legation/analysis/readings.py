"""What a measure gives and what it may look at: readings, the tables with their sources, and checked parameters.

A reading is what one source, or one way of computing, says: a span of numbers (a point where its ends are equal), a
date, a set of words, or that something holds or not. A measure gives the best reading first, then its *rivals*, which
other sources offer for the same thing and which vote on the verdict, and *explanations*, which tell where a figure may
come from and do not vote. Where nothing held answers, it says what would.
"""

from __future__ import annotations

import calendar
import datetime
import inspect
import math
import re
import types
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import pandas as pd

from legation.analysis.treaties import Register, split
from legation.errors import InputError, nearest

#: Firmest first. What is put together from several rows is as weak as the weakest of them.
STATUSES = ("final", "coded", "derived", "preliminary", "press")
#: Kinds of source by firmness, where several speak of one thing.
FIRMNESS = {"statistical": 0, "official": 0, "scholarly": 1, "reference": 1, "derived": 2, "press": 3}
#: Columns of the register of treaties that count months or years.
TERM_NUMBERS = ("years", "renewal_years", "minimum_years", "notice_months")
#: Tables that every measure may look at: names of countries and kinds of sources.
ALWAYS = ("countries", "sources")
#: Names that take an article in a sentence.
WITH_ARTICLE = frozenset(
    {"ARE", "BHS", "CAF", "COM", "DOM", "EU27", "EU28", "FLK", "FRO", "GBR", "GMB", "MDV", "MHL", "NLD", "PHL", "SACU"}
    | {"SLB", "SYC", "USA", "VAT", "WLD", "ANT", "SUN"}
)

# ---------------------------------------------------------------------------------------------- readings and measures


@dataclass(frozen=True)
class Reading:
    """What one source says. ``label`` names who or how, fit for a sentence: 'as Viet Nam reports'."""

    label: str
    source: str  # identifiers joined by '; '
    status: str
    role: str = "rival"  # 'main', 'rival' or 'explanation'
    low: float = math.nan
    high: float = math.nan
    date: str | None = None
    until: str | None = None
    words: tuple[str, ...] | None = None
    may_hold: tuple[str, ...] = ()  # words that no source excludes
    akin: tuple[str, ...] = ()  # words that mean much the same as those found, and are inexact rather than wrong
    holds: bool | None = None
    unit: str | None = None
    whose: str | None = None  # of a figure of trade: the code of the country whose count it is


@dataclass(frozen=True)
class Found:
    """The readings of a measure, the best first; what would be needed if there are none."""

    readings: list[Reading] = field(default_factory=list)
    needs: str = ""


@dataclass(frozen=True)
class Measure:
    """A way to test a claim: what it gives, in which units, from which tables, and its name for a heading."""

    function: Callable[..., Found]
    kinds: tuple[str, ...]
    units: tuple[str, ...]
    needs: tuple[str, ...]
    title: str
    vocabulary: Callable[..., Collection[str]] | None = None

    @cached_property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """The parameters a claim may give, by name."""
        return dict(list(inspect.signature(self.function).parameters.items())[1:])

    @cached_property
    def types(self) -> dict[str, Any]:
        """What each parameter must be."""
        return get_type_hints(self.function, include_extras=True)


# What a parameter may hold: the second part names the check below.
Country = Annotated[str, "country"]
Treaty = Annotated[str, "treaty"]
ProvisionType = Annotated[str, "type"]
Event = Annotated[str, "event"]
Person = Annotated[str, "person"]
Topic = Annotated[str, "topic"]
Agenda = Annotated[str, "agenda"]
Resolution = Annotated[str, "resolution"]
Label = Annotated[str, "label"]
Day = Annotated[str, "day"]
Year = Annotated[int, "year"]
Years = Annotated[tuple[int, int], "years"]
Terms = Annotated[tuple[str, ...], "terms"]
Flow = Literal["export", "import", "turnover"]
Vote = Literal["yes", "no", "abstain", "absent"]
Part = Literal["obligation", "trigger", "automaticity", "means", "decides", "limits"]


@dataclass(frozen=True)
class Held:
    """What a measure may look at: tables, register, words of precision, and the claim's unit.

    What was read only in the document that makes the claim is left out, of the tables and of the register, and the
    document is struck from what others tell too: it cannot bear out itself.
    """

    tables: Mapping[str, pd.DataFrame]
    register: Register
    precision: pd.DataFrame
    entries: Mapping[str, dict[str, Any]]  # every source entry, of the tables and of the register, by identifier
    own: str | None = None
    unit: str | None = None
    value: float | None = None  # what a claim of a quantity asserts, for explanations alone: no reading depends on it
    seen: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, tables: Mapping[str, pd.DataFrame], register: Register, precision: pd.DataFrame, own: str | None = None
    ) -> Held:
        """What is held, for the claims of one document; ``own`` is its entry among the sources, if it has one."""
        entries = {str(row["id"]): row for row in [*records(register.sources), *records(tables["sources"])]}
        return cls(tables, _without(register, own) if own else register, precision, entries, own)

    def table(self, name: str) -> pd.DataFrame:
        """A table without rows of the document's own."""
        if name not in self.seen:
            rows = self.tables[name]
            self.seen[name] = rows[rows["source"] != self.own] if self.own and "source" in rows else rows
        return self.seen[name]

    def firmness(self, source: str) -> int:
        """How firm a source is by its kind; 0 is firmest."""
        return FIRMNESS.get(str(self.entries.get(source, {}).get("kind")), 3)

    def status(self, source: str, otherwise: str = "final") -> str:
        """Of sources that say the same, one alone or joined by '; ': 'press' if nobody firmer is among them."""
        kinds = {str(self.entries.get(one, {}).get("kind")) for one in split(source)}
        return "press" if kinds <= {"press", "None"} else otherwise

    def producer(self, source: str) -> str:
        """Who made the source."""
        return str(self.entries.get(source, {}).get("producer", source))

    def kind(self, source: str) -> str | None:
        """The kind of a source."""
        return as_text(self.entries.get(source, {}).get("kind"))

    def second_hand(self, source: str) -> bool:
        """Whether a press report gives a figure without the office that made it."""
        publisher = as_text(self.entries.get(source, {}).get("publisher"))
        return self.kind(source) == "press" and publisher in (None, self.producer(source))

    @property
    def another(self) -> str:
        """How to ask for a source: not the document itself, if it is one."""
        return "Another source than the document" if self.own else "A source"

    def name(self, code: str) -> str:
        """A country as a sentence names it."""
        countries = self.tables["countries"]
        found = countries.loc[countries["code"] == code, "name"]
        name = str(found.iloc[0]) if len(found) else code
        return f"the {name}" if code in WITH_ARTICLE else name

    def short(self, treaty: str) -> str:
        """A treaty as a table names it."""
        rows = self.register.treaties
        return str(rows.loc[rows["treaty"] == treaty, "short"].iloc[0])

    def type(self, kind: str) -> str:
        """A type of provision as a table names it."""
        rows = self.register.types
        return str(rows.loc[rows["type"] == kind, "label"].iloc[0])


def _without(register: Register, own: str) -> Register:
    """The register as if one source had not been read: what rests on it alone is gone, or no longer known."""
    frames: dict[str, pd.DataFrame] = {}
    for name in ("dates", "predecessors", "provisions", "phrases", "dissents"):
        kept, lost = _struck(getattr(register, name), "source", own)
        frames[name] = kept[~lost]
    states, unknown = _struck(register.states, "source", own)
    frames["states"] = states.assign(state=states["state"].mask(unknown, "not coded"))
    treaties, unknown = _struck(_struck(register.treaties, "source", own)[0], "term_source", own)
    for column in {"duration", "renewal", "withdrawal", *TERM_NUMBERS} & set(treaties):
        treaties[column] = treaties[column].mask(unknown, math.nan if column in TERM_NUMBERS else "unknown")
    frames["treaties"] = treaties
    return cast(Register, types.SimpleNamespace(**{**vars(register), **frames}))


def _struck(frame: pd.DataFrame, column: str, own: str) -> tuple[pd.DataFrame, pd.Series]:
    """A frame whose cells no longer name a source, and which of them named no other."""
    if column not in frame:
        return frame.copy(), pd.Series(False, index=frame.index)
    listed = [split(cell) for cell in frame[column]]
    rest = [[one for one in sources if one != own] for sources in listed]
    lost = [bool(before) and not after for before, after in zip(listed, rest, strict=True)]
    cells = pd.Series([joined_ids(one) or None for one in rest], index=frame.index, dtype=object)
    return frame.assign(**{column: cells}), pd.Series(lost, index=frame.index, dtype=bool)


def lacking(needs: str) -> Found:
    """No reading, and what would give one."""
    return Found([], needs)


# ------------------------------------------------------------------------------------------------ checking parameters


def arguments(measure: Measure, given: Mapping[str, Any], held: Held) -> dict[str, Any]:
    """The parameters of a measure, checked: every name and kind, and every identifier against what is held.

    Raises
    ------
    InputError
        A parameter that is unknown, missing, or of the wrong kind, or an identifier that nothing knows, with the
        nearest; the sentence has no place, which the caller knows.
    """
    called = measure.function.__name__
    for name in given:
        if name not in measure.parameters:
            raise InputError(
                f"the measure {called} has no parameter '{name}'{nearest(name, measure.parameters)}. "
                f"It takes {', '.join(measure.parameters)}"
            )
    checked = {}
    for name, parameter in measure.parameters.items():
        if name in given and given[name] is not None:
            checked[name] = _argument(name, given[name], measure.types[name], held)
        elif parameter.default is inspect.Parameter.empty:
            raise InputError(f"the measure {called} needs the parameter '{name}'. Add it")
    return checked


def _argument(name: str, value: Any, wanted: Any, held: Held) -> Any:
    if get_origin(wanted) in (Union, types.UnionType):
        wanted = next(one for one in get_args(wanted) if one is not type(None))
    if get_origin(wanted) is Literal:
        return _one_of(name, value, get_args(wanted), "It is one of {}")
    kind = get_args(wanted)[1]
    if kind == "year":
        if not isinstance(value, int) or isinstance(value, bool) or not 1800 <= value <= 2100:
            raise InputError(f"'{name}' is a year between 1800 and 2100, and {value!r} is none")
        return value
    if kind == "years":
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise InputError(f"'{name}' is a pair of years such as [2014, 2018], and {value!r} is none")
        first, last = (_argument(name, one, Year, held) for one in value)
        if first > last:
            raise InputError(f"'{name}': the years {first} to {last} run backwards. Give the earlier one first")
        return first, last
    if kind == "terms":
        if not isinstance(value, list | tuple) or not value or not all(isinstance(one, str) for one in value):
            raise InputError(f"'{name}' is a list of words, and {value!r} is none")
        return tuple(value)
    if kind in ("day", "label"):
        value = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(value, str) or not value:
        raise InputError(f"'{name}' is a text, and {value!r} is none")
    if kind == "day":
        try:
            span(value)
        except ValueError:
            raise InputError(f"'{name}' is a day such as 2024-06-19, and '{value}' is none") from None
    known = _known(kind, held)
    return value if known is None else _one_of(name, value, known, "")


def _known(kind: str, held: Held) -> Collection[str] | None:
    """The identifiers that a parameter of a kind may have; None if any text will do."""
    register, tables = held.register, held.tables
    known: dict[str, Callable[[], Iterable[Any]]] = {
        "country": lambda: [*tables["countries"]["code"], *register.parties["code"]],
        "treaty": lambda: register.treaties["treaty"],
        "type": lambda: register.types["type"],
        "event": lambda: tables["events"]["id"],
        "person": lambda: tables["events"]["person"].dropna(),
        "topic": lambda: tables["statements"]["topic"],
        "agenda": lambda: tables["un_resolutions"]["topic"],
        "resolution": lambda: tables["un_resolutions"]["resolution"],
    }
    return list(dict.fromkeys(map(str, known[kind]()))) if kind in known else None


def _one_of(name: str, value: Any, known: Collection[str], listing: str) -> str:
    if not isinstance(value, str) or value not in known:
        listed = listing.format(", ".join(known)) if listing else f"{len(known)} are known"
        if not listing and len(known) <= 12:
            listed = f"It is one of {', '.join(known)}"
        raise InputError(f"'{name}': nothing is known as '{value}'{nearest(str(value), known)}. {listed}")
    return value


# ------------------------------------------------------------------------------------------------------------- words


def span(date: str) -> tuple[datetime.date, datetime.date]:
    """The first and the last day of a date that may name a year, a month or a day.

    Raises
    ------
    ValueError
        If it is no date.
    """
    match = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", date)
    if not match:
        raise ValueError(f"'{date}' is not a date")
    year, month, day = (int(part) if part else None for part in match.groups())
    first = datetime.date(int(year or 0), month or 1, day or 1)
    if day:
        return first, first
    last_month = month or 12
    return first, datetime.date(first.year, last_month, calendar.monthrange(first.year, last_month)[1])


def said_date(date: str) -> str:
    """2024-06-19 as 19 June 2024, 2024-06 as June 2024."""
    year, *rest = date.split("-")
    month = [calendar.month_name[int(rest[0])]] if rest else []
    return " ".join([*[str(int(day)) for day in rest[1:]], *month, year])


def capital(text: str) -> str:
    """With a capital at the beginning."""
    return text[:1].upper() + text[1:]


def possessive(name: str) -> str:
    """Russia's; the United States'."""
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def months_said(months: int) -> str:
    """The first months of a year in words."""
    return "January" if months == 1 else f"January to {calendar.month_name[months]}"


def money_said(value: float) -> str:
    """An amount to three digits, with its thousands, millions or billions."""
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if value >= size:
            return f"{value / size:.3g} {word}" if value / size < 1000 else f"{value / size:,.0f} {word}"
    return f"{value:g}"


def and_list(words: Iterable[str]) -> str:
    """One, two and three."""
    each = list(words)
    return f"{', '.join(each[:-1])} and {each[-1]}" if len(each) > 1 else "".join(each)


def joined_ids(sources: Iterable[str]) -> str:
    """Identifiers, each once, as a cell ``source`` holds them."""
    return "; ".join(dict.fromkeys(source for source in sources if source))


def as_text(cell: Any) -> str | None:
    """A cell's text; None if it is blank."""
    return cell if isinstance(cell, str) and cell else None


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
