"""The ledger of claims: what a document asserts, in our own words, and which measure tests it.

A document is one file, ``data/claims/<document>.yml``; what the words of precision allow is in
``data/claims/precision.yml``. A fault in one claim, or in one document, is said in a sentence with file and line and
sets that claim or document aside; the others are read. Whether a measure exists and fits is for the analysis to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from legation.checkout import home
from legation.data.catalogue import record_listing, record_reading, source_ids
from legation.data.treaties import Date, Slug, Text
from legation.data.treaties import Words as OwnWords
from legation.errors import InputError, nearest
from legation.yaml_lines import Place, line_of, read, validated

#: What a figure may be counted in, and which kind of closeness applies to it (``close`` in precision.yml).
UNITS = {
    "USD": "quantity",
    "EUR": "quantity",
    "percent": "quantity",
    "TIV": "quantity",
    "persons": "quantity",
    "containers": "quantity",
    "missiles": "quantity",
    "count": "counts",
    "rank": "counts",
    "votes": "counts",
    "months": "quantity",
    "days": "counts",
    "years": "quantity",
    "year": "years",
}
SCALES = {"thousand": 3, "million": 6, "billion": 9}
#: Words of precision that say how a list of words is meant.
LISTS = ("exactly", "among-others")
CLOSE = ("quantity", "date_days", "years", "counts")
PRECISION = "precision"

_NUMBER = re.compile(r"[-−]?[0-9]+(\.[0-9]+)?$")
_FRACTION = re.compile(r"[-−]?[0-9]+/[1-9][0-9]*$")


def _one_line(value: str) -> str:
    if len(value) > 24:
        raise ValueError(f"'{value}' has {len(value)} letters; a table's cell has room for 24")
    return value


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Tolerance(_Model):
    """What a word of precision allows; parts of the claimed figure."""

    means: OwnWords
    digits: bool = False  # half a unit of the last digit printed, instead of a part of the figure
    below: float | None = Field(default=None, ge=0)
    above: float | None = Field(default=None, ge=0)

    @field_validator("below", "above", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        if value in ("inf", ".inf"):
            return float("inf")
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _both_sides(self) -> Tolerance:
        if (self.below is None) != (self.above is None):
            raise ValueError("'below' and 'above' go together. Give both, or neither for a word about lists")
        return self


class Tolerances(_Model):
    """The words of precision, and how far beyond them a figure still counts as close."""

    words: dict[Slug, Tolerance] = Field(min_length=1)
    close: dict[str, float]

    @field_validator("close", mode="before")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: float(one) if isinstance(one, int) else one for key, one in value.items()}

    @model_validator(mode="after")
    def _complete(self) -> Tolerances:
        if set(self.close) != set(CLOSE):
            raise ValueError(f"'close' holds {', '.join(CLOSE)}, each with a number, and nothing else")
        if any(not 0 <= part < float("inf") for part in self.close.values()):
            raise ValueError("'close' holds numbers from 0 upwards, and none of them without end")
        lacking = [word for word in ("as-printed", *LISTS) if word not in self.words]
        if lacking:
            raise ValueError(f"the word '{lacking[0]}' is not defined, but the ledger cannot do without it")
        return self


class Asserts(_Model):
    """What a claim asserts: a quantity, a date, a list of words, or that something holds."""

    value: int | float | str | None = None  # a figure, a fraction such as 1/3, or "3.60" to keep a nought
    scale: Literal["thousand", "million", "billion"] | None = None  # what the figure is a number of
    unit: str | None = None  # what it is counted in
    precision: str | None = None  # a word of data/claims/precision.yml
    date: Date | None = None  # a day, month or year
    until: Date | None = None  # last day of a period
    words: list[Text] | None = Field(default=None, min_length=1)  # a list of words
    holds: bool | None = None  # that something is so, or is not

    @model_validator(mode="after")
    def _one_thing(self) -> Asserts:
        given = [key for key in ("value", "date", "words", "holds") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"'asserts' has one of value, date, words and holds, not {' and '.join(given) or 'none'}")
        allowed = {
            "value": ("value", "scale", "unit", "precision"),
            "date": ("date", "until"),
            "words": ("words", "precision"),
            "holds": ("holds",),
        }[given[0]]
        for key in type(self).model_fields:
            if getattr(self, key) is not None and key not in allowed:
                raise ValueError(f"'{key}' does not go with '{given[0]}'. Remove it")
        return self

    @model_validator(mode="after")
    def _figure(self) -> Asserts:
        if self.value is None:
            return self
        text = str(self.value)
        if not _NUMBER.match(text) and not _FRACTION.match(text):
            raise ValueError(
                f"'{text}' is no number. Write 118.92, a fraction such as 1/3, or \"3.60\" to keep a nought"
            )
        if self.unit is None:
            raise ValueError("the unit is missing. Add 'unit', such as USD or percent")
        if self.unit not in UNITS:
            raise ValueError(
                f"there is no unit '{self.unit}'{nearest(self.unit, UNITS)}. A unit is one of {', '.join(UNITS)}"
            )
        if "/" in text and self.precision in (None, "as-printed"):
            raise ValueError("a fraction has no last digit to round to. Give another precision, such as about")
        return self

    @model_validator(mode="after")
    def _list(self) -> Asserts:
        if self.words is not None:
            if len(set(self.words)) < len(self.words):
                raise ValueError("a word stands twice. Remove one")
            if self.precision not in LISTS:
                raise ValueError(f"the precision of words is {' or '.join(LISTS)}, not '{self.precision}'")
        if self.until is not None and self.date is not None and self.until < self.date:
            raise ValueError(f"the period ends on {self.until}, before it begins on {self.date}")
        return self

    @property
    def kind(self) -> str:
        """'quantity', 'date', 'words' or 'holds'."""
        if self.value is not None:
            return "quantity"
        return "date" if self.date is not None else "words" if self.words is not None else "holds"

    def number(self) -> tuple[float, float]:
        """The value in whole units, and half a unit of the last digit written; a third in per cent is 33.3 %."""
        text = str(self.value).replace("−", "-")
        unit = Decimal(10) ** (SCALES[self.scale] if self.scale else 0)
        if "/" in text:
            above, below = text.split("/")
            part = Decimal(above) / Decimal(below)
            return float(part * (100 if self.unit == "percent" else 1) * unit), 0.0
        exponent = Decimal(text).as_tuple().exponent
        return float(Decimal(text) * unit), float(Decimal(10) ** int(exponent) * unit / 2)


class Test(_Model):
    """Which measure tests the claim, and with what parameters."""

    measure: Text  # see `legation schema claims` for each
    parameters: dict[str, Any] = Field(default_factory=dict)  # what the measure takes


class Arithmetic(_Model):
    """Other claims of the same document from which this figure follows."""

    operation: Literal["sum", "difference", "ratio", "growth"]  # how the figure follows
    of: list[Slug] = Field(min_length=2)  # identifiers of claims of this document, in their order

    @model_validator(mode="after")
    def _pairs(self) -> Arithmetic:
        if self.operation != "sum" and len(self.of) != 2:
            raise ValueError(f"a {self.operation} is of two claims, not of {len(self.of)}")
        return self


class Claim(_Model):
    """A statement in somebody's text that can be tested, in our own words, with its place."""

    id: Slug  # small letters, digits and hyphens; no other claim of the document has it
    place: Text  # where it stands in the document
    says: OwnWords  # the claim in our own words
    asserts: Asserts | None = None  # what can be tested of it
    test: Test | None = None  # the measure that tests it
    arithmetic: Arithmetic | None = None  # other claims that it follows from
    needs: OwnWords | None = None  # what a test would need, if there is none

    @model_validator(mode="after")
    def _testable_or_not(self) -> Claim:
        if self.test is None and self.needs is None:
            raise ValueError("the claim has neither 'test' nor 'needs'. Name a measure, or say what a test would need")
        if self.test is not None and self.asserts is None:
            raise ValueError("the claim has a 'test' but no 'asserts'. Say what it asserts, or remove the test")
        if self.arithmetic is not None and (self.asserts is None or self.asserts.kind != "quantity"):
            raise ValueError("'arithmetic' belongs to a claim that asserts a value")
        return self


class Head(_Model):
    """What a file says of its document."""

    document: Slug  # the file's name without its ending
    entry: Text  # key in data/references.bib
    short: Annotated[Text, AfterValidator(_one_line)]  # as a table's heading: 24 letters or fewer
    source: Slug | None = None  # id in data/sources.csv, if the document is a source of other rows
    published: Date | None = None  # a day, month or year: 2024-06
    note: OwnWords | None = None  # what a reader of the file should know


DOCUMENT_COLUMNS = ["document", "short", "entry", "source", "published", "note", "where"]
CLAIM_COLUMNS = [
    "document",
    "claim",
    "place",
    "says",
    "kind",
    "value",
    "half_digit",
    "unit",
    "closeness",
    "precision",
    "date",
    "until",
    "words",
    "holds",
    "measure",
    "parameters",
    "operation",
    "of",
    "needs",
    "where",
]
FAULTY_COLUMNS = ["document", "claim", "place", "says", "problem"]
PRECISION_COLUMNS = ["word", "means", "digits", "below", "above"]


@dataclass(frozen=True)
class Ledger:
    """Documents and their claims as frames, with what was wrong in the files.

    ``documents``: one row a document. ``claims``: one row a claim that is well formed; ``kind`` is 'quantity', 'date',
    'words', 'holds' or 'untested'; ``value`` and ``half_digit`` are in whole units (dollars, not billions; a third is
    33.3 per cent); ``closeness`` is the key of ``close`` that applies to the unit; ``words`` and ``of`` are tuples,
    ``parameters`` a dict. ``precision``: one row a word, with ``below`` and ``above`` as parts of the claimed figure
    (missing for words about lists) and ``digits``, true if it allows half a unit of the last digit. ``close``: how far
    beyond that still counts as close. ``problems``: one sentence for each faulty claim or document; ``faulty``: one row
    for each.
    """

    documents: pd.DataFrame
    claims: pd.DataFrame
    precision: pd.DataFrame
    close: dict[str, float]
    faulty: pd.DataFrame
    problems: list[str]


def ledger(documents: Sequence[str] | None = None, *, folder: Path | None = None) -> Ledger:
    """The claims of the documents named, or of all, as frames.

    Parameters
    ----------
    documents
        Names of files in ``data/claims`` without their ending, in the order wanted; all of them, in alphabetical
        order, if none is named.
    folder
        Another folder with files of claims and ``precision.yml``, beside whose parent ``references.bib`` lies.

    Raises
    ------
    InputError
        A document that there is no file for, with the nearest; whatever is wrong in ``precision.yml``, because no
        claim could be judged without it. A fault in a document is no error here: see ``problems``.
    """
    place = folder or home() / "data" / "claims"
    if not documents:
        record_listing("claims", place, "*.yml")
    files = {file.stem: file for file in sorted(place.glob("*.yml")) if file.stem != PRECISION}
    for name in documents or ():
        if name not in files:
            raise InputError(
                f"There is no document '{name}' in data/claims{nearest(name, files)}. "
                f"It holds {', '.join(files) or 'none'}."
            )
    tolerances = _tolerances(place / f"{PRECISION}.yml")
    entries, sources = _entries(place.parent / "references.bib"), source_ids()
    heads: list[dict[str, Any]] = []
    claims: list[dict[str, Any]] = []
    faulty: list[dict[str, Any]] = []
    for name in dict.fromkeys(documents or files):
        record_reading(f"claims-{name}", files[name])
        try:
            plain, lines = read(files[name], shown=_shown(files[name]), kind="a document of claims")
            head = _head(plain, lines, files[name], entries, sources)
        except InputError as error:
            faulty.append({"document": name, "claim": None, "place": None, "says": None, "problem": str(error)})
            continue
        heads.append(head)
        good, bad = _claims(plain, lines, files[name], tolerances)
        claims += good
        faulty += bad
    words = [{"word": word, **tolerance.model_dump()} for word, tolerance in tolerances.words.items()]
    return Ledger(
        documents=pd.DataFrame(heads, columns=DOCUMENT_COLUMNS),
        claims=_claim_frame(claims),
        precision=pd.DataFrame(words, columns=PRECISION_COLUMNS).astype({"below": float, "above": float}),
        close=dict(tolerances.close),
        faulty=pd.DataFrame(faulty, columns=FAULTY_COLUMNS),
        problems=[row["problem"] for row in faulty],
    )


# One file


def _tolerances(file: Path) -> Tolerances:
    record_reading("claims-precision", file)
    shown = _shown(file)
    plain, lines = read(file, shown=shown, kind="a table of words of precision")
    return validated(Tolerances, plain, lines, shown)


def _head(
    plain: Mapping[str, Any], lines: dict[Place, int], file: Path, entries: Iterable[str], sources: Iterable[str]
) -> dict[str, Any]:
    """The row of a document; its claims are read apart from it."""
    shown = _shown(file)

    def refuse(key: str, sentence: str) -> None:
        raise InputError(f"{shown}, line {line_of(lines, (key,))}: {sentence}")

    head = validated(Head, {key: value for key, value in plain.items() if key != "claims"}, lines, shown)
    if head.document != file.stem:
        refuse("document", f"the file is named '{file.stem}', but the document '{head.document}'. Make them equal.")
    if head.entry not in entries:
        refuse(
            "entry",
            f"data/references.bib has no entry '{head.entry}'{nearest(head.entry, entries)}. "
            "Add the entry, or correct the key.",
        )
    if head.source is not None and head.source not in sources:
        refuse(
            "source",
            f"data/sources.csv has no entry '{head.source}'{nearest(head.source, sources)}. "
            "Correct it, or leave 'source' out if no row of a table was read in this document.",
        )
    if not isinstance(plain.get("claims"), list) or not plain["claims"]:
        refuse("claims", "the document has no claims. List them under 'claims', each with id, place and says.")
    return {**head.model_dump(), "where": f"{shown}, line {line_of(lines, ('document',))}"}


def _claims(
    plain: Mapping[str, Any], lines: dict[Place, int], file: Path, tolerances: Tolerances
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of the claims that are well formed, and of those that are not."""
    shown, entries = _shown(file), list(plain["claims"])
    ids = [entry.get("id") if isinstance(entry, dict) else None for entry in entries]
    good: dict[str, tuple[int, Claim]] = {}
    faults: dict[int, str] = {}

    def attempt(position: int, step: Callable[[], None]) -> None:
        try:
            step()
        except InputError as error:
            faults[position] = str(error)

    def parse(position: int) -> None:
        place: Place = ("claims", position)
        if not isinstance(entries[position], dict):
            raise InputError(f"{shown}, line {line_of(lines, place)}: a claim is a set of keys: id, place, says, ….")
        claim = validated(Claim, entries[position], lines, shown, place)
        if claim.id in ids[:position]:
            first = line_of(lines, ("claims", ids.index(claim.id), "id"))
            raise InputError(
                f"{shown}, line {line_of(lines, (*place, 'id'))}: the claim '{claim.id}' stands here and on line "
                f"{first}. Give one of them another id."
            )
        _check_precision(claim, tolerances, f"{shown}, line {line_of(lines, (*place, 'asserts', 'precision'))}")
        good[claim.id] = (position, claim)

    def combine(position: int, claim: Claim) -> None:
        line = line_of(lines, ("claims", position, "arithmetic"))
        _check_arithmetic(claim, {name: one for name, (_, one) in good.items()}, ids, f"{shown}, line {line}")

    for position in range(len(entries)):
        attempt(position, lambda position=position: parse(position))  # type: ignore[misc]
    for position, claim in list(good.values()):
        attempt(position, lambda position=position, claim=claim: combine(position, claim))  # type: ignore[misc]
    rows = [
        _claim_row(file.stem, claim, f"{shown}, line {line_of(lines, ('claims', position))}")
        for position, claim in good.values()
        if position not in faults
    ]
    return rows, [_faulty_row(file.stem, position, entries[position], faults[position]) for position in sorted(faults)]


def _check_precision(claim: Claim, tolerances: Tolerances, where: str) -> None:
    word = claim.asserts.precision if claim.asserts else None
    if word is None or claim.asserts is None:
        return
    if word not in tolerances.words:
        raise InputError(
            f"{where}: '{word}' is no word of data/claims/precision.yml{nearest(word, tolerances.words)}. "
            f"It knows {', '.join(tolerances.words)}."
        )
    if claim.asserts.kind == "quantity" and tolerances.words[word].below is None:
        raise InputError(f"{where}: '{word}' is for lists of words, not for a value. Choose a word with a tolerance.")


def _check_arithmetic(claim: Claim, good: Mapping[str, Claim], ids: Sequence[Any], where: str) -> None:
    if claim.arithmetic is None or claim.asserts is None:
        return
    units = []
    for name in claim.arithmetic.of:
        if name not in ids or name == claim.id:
            others = [str(one) for one in ids if one not in (None, claim.id)]
            raise InputError(f"{where}: the document has no other claim '{name}'{nearest(name, others)}. Correct it.")
        if name not in good:
            continue  # faulty itself, and said so; nothing can be computed from it
        operand = good[name].asserts
        if operand is None or operand.kind != "quantity":
            raise InputError(f"{where}: the claim '{name}' asserts no value, so nothing can be computed from it.")
        units.append(operand.unit)
    same = {*units, claim.asserts.unit} if claim.arithmetic.operation in ("sum", "difference") else set(units)
    if len(same) > 1:
        raise InputError(f"{where}: {' and '.join(sorted(map(str, same)))} do not go together in one computation.")
    if claim.arithmetic.operation in ("ratio", "growth") and claim.asserts.unit not in ("percent", "count"):
        raise InputError(f"{where}: a {claim.arithmetic.operation} is in percent, not in {claim.asserts.unit}.")


def _claim_row(document: str, claim: Claim, where: str) -> dict[str, Any]:
    asserts = claim.asserts
    value, half = asserts.number() if asserts and asserts.value is not None else (None, None)
    default = "as-printed" if asserts and asserts.kind == "quantity" else None
    return {
        "document": document,
        "claim": claim.id,
        "place": claim.place,
        "says": claim.says,
        "kind": asserts.kind if asserts else "untested",
        "value": value,
        "half_digit": half,
        "unit": asserts.unit if asserts else None,
        "closeness": UNITS[asserts.unit] if asserts and asserts.unit else None,
        "precision": (asserts.precision or default) if asserts else None,
        "date": asserts.date if asserts else None,
        "until": asserts.until if asserts else None,
        "words": tuple(asserts.words) if asserts and asserts.words else None,
        "holds": asserts.holds if asserts else None,
        "measure": claim.test.measure if claim.test else None,
        "parameters": dict(claim.test.parameters) if claim.test else {},
        "operation": claim.arithmetic.operation if claim.arithmetic else None,
        "of": tuple(claim.arithmetic.of) if claim.arithmetic else (),
        "needs": claim.needs,
        "where": where,
    }


def _claim_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Cells that hold nothing are None, in every column but the two of numbers."""
    frame = pd.DataFrame({column: pd.Series([row[column] for row in rows], dtype=object) for column in CLAIM_COLUMNS})
    return frame.astype({"value": float, "half_digit": float})


def _faulty_row(document: str, position: int, entry: Any, problem: str) -> dict[str, Any]:
    """What can be shown of a claim that could not be read."""
    given = entry if isinstance(entry, dict) else {}
    shown = {key: given[key] if isinstance(given.get(key), str) else None for key in ("id", "place", "says")}
    name = shown["id"] or f"number {position + 1}"
    return {
        "document": document,
        "claim": name,
        "place": shown["place"],
        "says": shown["says"],
        "problem": problem,
    }


def _entries(file: Path) -> set[str]:
    """The keys of a bibliography in BibTeX."""
    record_reading("references", file, lines=r"^\s*@")  # only its keys are read
    if not file.is_file():
        raise InputError("There is no data/references.bib. Restore it from version control.")
    return set(re.findall(r"^\s*@\w+\s*\{\s*([^,\s]+)\s*,", file.read_text(encoding="utf-8"), re.MULTILINE))


def _shown(file: Path) -> str:
    return f"data/claims/{file.name}"
