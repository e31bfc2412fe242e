"""What the data say of claims: readings for each, an outcome for each reading, and a verdict.

A claim allows a span: its value with the tolerance of its word of precision. A reading is a span too, often a point.
It is *confirmed* if it lies within what the claim allows, *contradicted* if no part of it lies within what is still
close, and *close* otherwise: near, or open enough to allow the claim without bearing it out. So a figure of 'at least
10,000' contradicts a claim of 9,000 and is close to one of 12,000, which it neither confirms nor excludes. Words that a
source leaves open are treated alike, and so are words akin to those found: only a word that is shown not to hold
contradicts. So 'aggression' where a treaty has 'armed attack' is close: the codebook tells the two apart, but neither
excludes the other, and who uses one for the other is inexact.

The verdict is the main reading's outcome, unless a rival falls on the other side of it, which makes the claim
*contested*. Explanations never vote. A verdict on one claim does not depend on any other claim.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any, Protocol

import pandas as pd

from legation.analysis.measures import MEASURES
from legation.analysis.readings import (
    ALWAYS,
    Found,
    Held,
    Measure,
    Reading,
    arguments,
    records,
    span,
)
from legation.analysis.treaties import Register
from legation.errors import InputError, nearest

__all__ = ["MEASURES", "VERDICTS", "Judged", "Measure", "Reading", "allowed", "judge", "needed"]

VERDICTS = ("confirmed", "close", "contested", "contradicted", "not testable")
#: From the best outcome to the worst; 'confirmed' and 'close' are on one side, 'contradicted' on the other.
OUTCOMES = ("confirmed", "close", "contradicted")
#: Figures that differ by less than this part of themselves are the same: what binary fractions lose.
SAME = 1e-9

VERDICT_COLUMNS = [
    "document",
    "claim",
    "place",
    "says",
    "kind",
    "measure",
    "parameters",
    "value",
    "unit",
    "precision",
    "date",
    "until",
    "words",
    "holds",
    "verdict",
    "allowed_low",
    "allowed_high",
    "low",
    "high",
    "found_date",
    "found_until",
    "found_words",
    "found_holds",
    "found_label",
    "difference",
    "left_out",
    "unsupported",
    "explained_by",
    "needs",
    "arithmetic",
    "arithmetic_value",
    "status",
    "source",
    "where",
]
READING_COLUMNS = [
    "document",
    "claim",
    "role",
    "label",
    "low",
    "high",
    "date",
    "until",
    "words",
    "may_hold",
    "akin",
    "holds",
    "unit",
    "whose",
    "outcome",
    "status",
    "source",
]
PAIR_COLUMNS = [
    "first_document",
    "first_claim",
    "second_document",
    "second_claim",
    "agree",
    "first_fits",
    "second_fits",
]
SIDE_COLUMNS = ["document", "claim", "measure", "countries", "fits"]
#: Measures of trade of two countries that a level or a change comes from.
TWO_SIDED = ("trade_flow", "trade_growth")
FAULTY_COLUMNS = ["document", "claim", "place", "says", "problem"]
#: The one table that can be too large to be read whole. Every measure of it looks at one reporter in one or two years.
FLOWS_OF_GOODS = "goods_flows"


class Ledger(Protocol):
    """The ledger of claims as frames; ``legation.data.claim_ledger`` gives one."""

    @property
    def documents(self) -> pd.DataFrame:
        """One row a document."""

    @property
    def claims(self) -> pd.DataFrame:
        """One row a claim."""

    @property
    def precision(self) -> pd.DataFrame:
        """What the words of precision allow."""

    @property
    def close(self) -> dict[str, float]:
        """How far beyond that still counts as close."""

    @property
    def faulty(self) -> pd.DataFrame:
        """Claims and documents that could not be read."""


@dataclass(frozen=True)
class Judged:
    """What the data say of a ledger's claims.

    ``verdicts``: one row a claim, in the ledger's order, with the main reading beside what was claimed. ``difference``
    is (ours − theirs) / theirs for a quantity, from the claimed value to the nearest value of the reading, and days for
    a date, negative if ours is earlier; ``left_out`` and ``unsupported`` are the words a claim lacks and those that no
    source bears out; ``allowed_low`` and ``allowed_high`` the span that the wording allows; ``explained_by`` the label
    of the reading that the claim fits if it does not fit the main one; ``status`` that of the main reading.
    ``readings``: one row a reading, the main one first. ``pairs``: every two claims of different documents with the
    same measure and parameters. ``sides``: the claims on trade of two countries (``countries``, a pair of codes in
    order) that the count of one of them fits, close or better, while no figure of the other does; ``fits`` is the code
    of the one. ``faulty``: claims that were not judged, with a sentence each.
    """

    verdicts: pd.DataFrame
    readings: pd.DataFrame
    pairs: pd.DataFrame
    sides: pd.DataFrame
    faulty: pd.DataFrame


def needed(claims: pd.DataFrame, countries: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
    """The tables that judging these claims takes, by name in alphabetical order, and which of their rows.

    Parameters
    ----------
    countries
        The codes that are known. Of the flows of goods, which can be many, only those are then named that touch the
        reporters of the claims in the years of the claims; a code that is none of these has no rows. Without it every
        table is wanted whole.

    Returns
    -------
    dict
        For each table what ``legation.data.open`` takes besides its name: nothing for the whole of it.
    """
    names = set(ALWAYS)
    for measure in claims["measure"].dropna().unique():
        if measure in MEASURES:
            names |= set(MEASURES[measure].needs)
    rows: dict[str, dict[str, Any]] = {name: {} for name in sorted(names)}
    if countries is not None and FLOWS_OF_GOODS in rows:
        asked = [row["parameters"] for row in records(claims) if _reads(row["measure"], FLOWS_OF_GOODS)]
        spoken = {str(one.get("reporter")) for one in asked}
        rows[FLOWS_OF_GOODS] = {
            "about": sorted(spoken & set(countries)),
            "year": sorted({year for one in asked for year in _years_read(one)}),
        }
    return rows


def judge(ledger: Ledger, tables: Mapping[str, pd.DataFrame], register: Register) -> Judged:
    """Every claim of a ledger with its readings and verdict.

    Parameters
    ----------
    ledger
        Claims, words of precision and documents.
    tables
        The tables that :func:`needed` names, as ``legation.data.open`` gives them; of each at least the rows it names.
    register
        The register of treaties.

    Raises
    ------
    InputError
        If a table is missing. A fault in a claim is no error: it is set aside in ``faulty``, with its place.
    RuntimeError
        If a measure fails on a claim, with its place: a fault of the measure, which no verdict may hide.
    """
    for name in needed(ledger.claims):
        if name not in tables:
            raise InputError(
                f"Judging these claims takes the table '{name}', which was not given. Open every table that "
                "needed(ledger.claims) names."
            )
    sources = dict(zip(ledger.documents["document"], ledger.documents["source"], strict=True))
    held = {
        document: Held.of(tables, register, ledger.precision, own if isinstance(own, str) else None)
        for document, own in sources.items()
    }
    rows = records(ledger.claims)
    verdicts: list[dict[str, Any]] = []
    readings: list[dict[str, Any]] = []
    faulty: list[dict[str, Any]] = []
    tested: list[_Tested] = []
    for row in rows:
        claim = _Claim.of(row, ledger)
        try:
            found, parameters = _test(claim, held[row["document"]])
        except InputError as error:
            problem = f"{row['where']}: {_sentence(str(error))}"
            faulty.append({key: row[key] for key in ("document", "claim", "place", "says")} | {"problem": problem})
            continue
        except Exception as error:
            raise RuntimeError(
                f"{row['where']}: the measure {row['measure']} failed on the claim '{row['claim']}' "
                f"({type(error).__name__}: {error}). The claim may be right: this is a fault in Legation's code. "
                "Take the claim out until it is mended."
            ) from error
        one = _Tested(claim, parameters, found, [_outcome(claim, reading) for reading in found.readings])
        tested.append(one)
        sums = _arithmetic(claim, [other for other in rows if other["document"] == row["document"]])
        verdicts.append(_verdict_row(one) | sums)
        readings += _reading_rows(one)
    problems = pd.DataFrame(faulty, columns=FAULTY_COLUMNS)
    return Judged(
        verdicts=_frame(verdicts, VERDICT_COLUMNS),
        readings=_frame(readings, READING_COLUMNS),
        pairs=_pairs(tested),
        sides=_sides(tested),
        faulty=pd.concat([ledger.faulty, problems], ignore_index=True) if len(problems) else ledger.faulty.copy(),
    )


def allowed(value: float, half_digit: float, below: float, above: float, *, digits: bool) -> tuple[float, float]:
    """The span that a wording allows around a value.

    Half a unit of the last digit either way where the word goes by ``digits``; otherwise ``below`` and ``above`` as
    parts of the value, but not less than that half unit on a side that is open at all.
    """
    if digits:
        return value - half_digit, value + half_digit

    def reach(part: float) -> float:
        return math.inf if math.isinf(part) else max(part * abs(value), half_digit) if part > 0 else 0.0

    return value - reach(below), value + reach(above)


def _reads(measure: object, table: str) -> bool:
    return measure in MEASURES and table in MEASURES[str(measure)].needs


def _years_read(parameters: Mapping[str, Any]) -> set[int]:
    """The years whose flows a claim looks at: its own, and the one that a change is measured from."""
    year, base = parameters.get("year"), parameters.get("base")
    stated = {one for one in (year, base) if isinstance(one, int) and not isinstance(one, bool)}
    return stated | ({year - 1} if year in stated else set())


# One claim


@dataclass(frozen=True)
class _Claim:
    """A row of the ledger with what its wording allows and what is close to that."""

    row: dict[str, Any]
    low: float = math.nan
    high: float = math.nan
    close: float = 0.0  # in the unit of the value, or days

    @classmethod
    def of(cls, row: dict[str, Any], ledger: Ledger) -> _Claim:
        if row["kind"] == "date":
            return cls(row, close=ledger.close["date_days"])
        if row["kind"] != "quantity":
            return cls(row)
        word = records(ledger.precision[ledger.precision["word"] == row["precision"]])[0]
        value = float(row["value"])
        low, high = allowed(value, float(row["half_digit"]), word["below"], word["above"], digits=bool(word["digits"]))
        # A count that was given with a word that leaves room is no longer right or wrong.
        room = 0 < word["below"] < math.inf or 0 < word["above"] < math.inf
        kind = "quantity" if row["closeness"] == "counts" and room else row["closeness"]
        part = ledger.close[kind]
        return cls(row, low, high, part * abs(value) if kind == "quantity" else part)

    @property
    def days(self) -> tuple[datetime.date, datetime.date]:
        """The first and last day of the date or period claimed."""
        until = self.row["until"] if isinstance(self.row["until"], str) else self.row["date"]
        return span(self.row["date"])[0], span(until)[1]


@dataclass(frozen=True)
class _Tested:
    claim: _Claim
    parameters: dict[str, Any]
    found: Found
    outcomes: list[str | None]  # one a reading; None where a reading says nothing that can be compared

    @property
    def main(self) -> Reading | None:
        return next((one for one in self.found.readings if one.role == "main"), None)

    @property
    def verdict(self) -> str:
        voted = [out for one, out in zip(self.found.readings, self.outcomes, strict=True) if one.role != "explanation"]
        if not voted:
            return "not testable"
        sides = {outcome == "contradicted" for outcome in voted}
        return "contested" if len(sides) > 1 else str(voted[0])


def _test(claim: _Claim, held: Held) -> tuple[Found, dict[str, Any]]:
    """The readings of a claim, the first that votes in the main role, and its checked parameters."""
    row = claim.row
    if row["measure"] is None:
        return Found([], str(row["needs"])), {}
    if row["measure"] not in MEASURES:
        raise InputError(
            f"there is no measure '{row['measure']}'{nearest(row['measure'], MEASURES)}. "
            f"The measures are {', '.join(MEASURES)}"
        )
    measure = MEASURES[row["measure"]]
    if row["kind"] not in measure.kinds:
        gives = " or ".join(
            {"quantity": "a value", "holds": "whether something holds"}.get(k, k) for k in measure.kinds
        )
        raise InputError(f"the measure {row['measure']} gives {gives}, but the claim asserts '{row['kind']}'")
    if row["kind"] == "quantity" and row["unit"] not in measure.units:
        raise InputError(
            f"the measure {row['measure']} is in {' or '.join(measure.units)}, but the claim is in {row['unit']}"
        )
    parameters = arguments(measure, row["parameters"], held)
    if row["kind"] == "words" and measure.vocabulary is not None:
        known = list(measure.vocabulary(held, **parameters))
        for word in row["words"]:
            if known and word not in known:
                few = f". It knows {', '.join(known)}" if len(known) <= 24 else ""
                raise InputError(f"the measure {row['measure']} knows no word '{word}'{nearest(word, known)}{few}")
    value = float(row["value"]) if row["kind"] == "quantity" else None
    found = measure.function(replace(held, unit=row["unit"], value=value), **parameters)
    first = next((place for place, one in enumerate(found.readings) if one.role != "explanation"), None)
    readings = [replace(one, role="main") if place == first else one for place, one in enumerate(found.readings)]
    readings.sort(key=lambda one: ("main", "rival", "explanation").index(one.role))
    needs = " ".join(text for text in (row["needs"], found.needs) if text)
    return Found(readings, "" if first is not None else needs), parameters


# One reading


def _outcome(claim: _Claim, reading: Reading) -> str | None:
    """What a reading makes of a claim; None if it says nothing of that kind."""
    kind = claim.row["kind"]
    if kind == "quantity" and not (math.isnan(reading.low) or math.isnan(reading.high)):
        slack = SAME * abs(claim.row["value"])
        wide = (claim.low - claim.close - slack, claim.high + claim.close + slack)
        return _side((reading.low, reading.high), (claim.low - slack, claim.high + slack), wide)
    if kind == "date" and reading.date is not None:
        first, last = (day.toordinal() for day in claim.days)
        return _side(_ordinals(reading), (first, last), (first - claim.close, last + claim.close))
    if kind == "words" and reading.words is not None:
        left_out, unsupported = _compared(claim, reading)
        if set(unsupported) - {*reading.may_hold, *reading.akin}:
            return "contradicted"
        exactly = claim.row["precision"] == "exactly"
        return "close" if unsupported or (exactly and (left_out or reading.may_hold)) else "confirmed"
    if kind == "holds" and reading.holds is not None:
        return "confirmed" if reading.holds == claim.row["holds"] else "contradicted"
    return None


def _side(found: tuple[float, float], tight: tuple[float, float], wide: tuple[float, float]) -> str:
    """Where one span lies to another and to a wider one around it."""
    if tight[0] <= found[0] and found[1] <= tight[1]:
        return "confirmed"
    return "contradicted" if found[1] < wide[0] or found[0] > wide[1] else "close"


def _compared(claim: _Claim, reading: Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words found that were not claimed, and those claimed that were not found."""
    words, found = claim.row["words"], reading.words or ()
    return tuple(word for word in found if word not in words), tuple(word for word in words if word not in found)


def _ordinals(reading: Reading) -> tuple[float, float]:
    last = reading.until or reading.date or ""
    return float(span(reading.date or "")[0].toordinal()), float(span(last)[1].toordinal())


def _difference(claim: _Claim, reading: Reading) -> float:
    """From what was claimed to the nearest of what was found: a part of the claimed value, or days."""
    if claim.row["kind"] == "quantity":
        value = float(claim.row["value"])
        near = min(max(value, reading.low), reading.high)
        return (near - value) / value if value else math.nan
    if claim.row["kind"] == "date" and reading.date is not None:
        (first, last), (low, high) = (day.toordinal() for day in claim.days), _ordinals(reading)
        return low - last if low > last else high - first if high < first else 0.0
    return math.nan


def _distance(claim: _Claim, reading: Reading, outcome: str | None) -> tuple[int, float]:
    """For ordering readings: the better outcome first, then the nearer."""
    rank = OUTCOMES.index(outcome) if outcome else len(OUTCOMES)
    gap = abs(_difference(claim, reading))
    return rank, math.inf if math.isnan(gap) else gap


def _explained_by(one: _Tested) -> str | None:
    """The reading that a claim fits where it does not fit the main one: a rival if one does, else an explanation."""
    if one.verdict not in ("contested", "contradicted"):
        return None
    for roles in (("rival",), ("explanation",)):
        fitting = [
            (_distance(one.claim, reading, outcome), reading.label)
            for reading, outcome in zip(one.found.readings, one.outcomes, strict=True)
            if reading.role in roles and outcome in ("confirmed", "close")
        ]
        if fitting and one.outcomes[0] == "contradicted":
            return min(fitting)[1]
    return None


# Rows


def _verdict_row(one: _Tested) -> dict[str, Any]:
    row, main = one.claim.row, one.main
    copied = (
        "document",
        "claim",
        "place",
        "says",
        "kind",
        "measure",
        "parameters",
        "value",
        "unit",
        "precision",
        "date",
    )
    left_out, unsupported = _compared(one.claim, main) if main and row["kind"] == "words" else ((), ())
    return {key: row[key] for key in (*copied, "until", "words", "holds", "where")} | {
        "verdict": one.verdict,
        "allowed_low": one.claim.low,
        "allowed_high": one.claim.high,
        "low": main.low if main else math.nan,
        "high": main.high if main else math.nan,
        "found_date": main.date if main and row["kind"] == "date" else None,
        "found_until": main.until if main and row["kind"] == "date" else None,
        "found_words": main.words if main else None,
        "found_holds": main.holds if main else None,
        "found_label": main.label if main else None,
        "difference": _difference(one.claim, main) if main else math.nan,
        "left_out": left_out,
        "unsupported": unsupported,
        "explained_by": _explained_by(one),
        "needs": one.found.needs or None,
        "status": main.status if main else None,
        "source": main.source if main else None,
    }


def _reading_rows(one: _Tested) -> list[dict[str, Any]]:
    return [
        {
            "document": one.claim.row["document"],
            "claim": one.claim.row["claim"],
            **{key: getattr(reading, key) for key in READING_COLUMNS if key not in ("document", "claim", "outcome")},
            "outcome": outcome,
        }
        for reading, outcome in zip(one.found.readings, one.outcomes, strict=True)
    ]


# A document against itself


def _arithmetic(claim: _Claim, siblings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Whether the document's own figures give this one, each taken with half a unit of its last digit either way."""
    row, nothing = claim.row, {"arithmetic": None, "arithmetic_value": math.nan}
    if row["operation"] is None:
        return nothing
    by_id = {other["claim"]: other for other in siblings}
    if any(name not in by_id for name in row["of"]):
        return nothing
    operands = [(float(by_id[name]["value"]), float(by_id[name]["half_digit"])) for name in row["of"]]
    factor = 100.0 if row["unit"] == "percent" else 1.0
    compute: dict[str, Callable[..., float]] = {
        "sum": lambda *values: math.fsum(values),
        "difference": lambda first, second: first - second,
        "ratio": lambda first, second: factor * first / second,
        "growth": lambda first, second: factor * (second / first - 1),
    }
    operation = compute[row["operation"]]
    try:
        value = operation(*(one for one, _ in operands))
        ends = [operation(*corner) for corner in product(*((one - half, one + half) for one, half in operands))]
    except ZeroDivisionError:
        return nothing
    slack = SAME * max(abs(value), abs(float(row["value"])))
    fits = min(ends) <= claim.high + slack and max(ends) >= claim.low - slack
    return {"arithmetic": "adds up" if fits else "does not add up", "arithmetic_value": value}


# Documents against each other


def _pairs(tested: Sequence[_Tested]) -> pd.DataFrame:
    """Every two claims of different documents that speak of the same, with the reading that each is nearest to."""
    rows = []
    for one, other in combinations(tested, 2):
        first, second = one.claim.row, other.claim.row
        same = ("measure", "kind", "unit")
        if first["document"] == second["document"] or first["measure"] is None:
            continue
        if any(first[key] != second[key] for key in same) or one.parameters != other.parameters:
            continue
        rows.append(
            {
                "first_document": first["document"],
                "first_claim": first["claim"],
                "second_document": second["document"],
                "second_claim": second["claim"],
                "agree": _agree(one.claim, other.claim),
                "first_fits": _nearest_label(one),
                "second_fits": _nearest_label(other),
            }
        )
    return pd.DataFrame(rows, columns=PAIR_COLUMNS).astype({"agree": bool})


def _agree(one: _Claim, other: _Claim) -> bool:
    """Whether two claims can both be meant.

    A side that a word leaves open counts only as far as what is close: who writes 'more than 110' has no 129 in mind.
    """
    first, second = one.row, other.row
    if first["kind"] == "quantity":
        spans = [
            (
                claim.row["value"] - claim.close if math.isinf(claim.low) else claim.low,
                claim.row["value"] + claim.close if math.isinf(claim.high) else claim.high,
            )
            for claim in (one, other)
        ]
        slack = SAME * abs(first["value"])
        return bool(spans[0][0] <= spans[1][1] + slack and spans[1][0] <= spans[0][1] + slack)
    if first["kind"] == "date":
        return one.days[0] <= other.days[1] and other.days[0] <= one.days[1]
    if first["kind"] == "words":
        mine, theirs = set(first["words"]), set(second["words"])
        open_ = [claim["precision"] == "among-others" for claim in (first, second)]
        return mine == theirs or all(open_) or (open_[0] and mine <= theirs) or (open_[1] and theirs <= mine)
    return bool(first["holds"] == second["holds"])


def _nearest_label(one: _Tested) -> str | None:
    known = [
        (_distance(one.claim, reading, outcome), place, reading.label)
        for place, (reading, outcome) in enumerate(zip(one.found.readings, one.outcomes, strict=True))
        if outcome is not None
    ]
    # Two that are about as near count as equal, and the one of higher standing is named.
    return min(((rank, round(gap, 2)), place, label) for (rank, gap), place, label in known)[2] if known else None


def _sides(tested: Sequence[_Tested]) -> pd.DataFrame:
    """Whose count each claim on trade of two countries fits, where it fits that of one of them only."""
    rows = []
    for one in tested:
        if one.claim.row["measure"] not in TWO_SIDED:
            continue
        known = [
            (reading.whose, outcome != "contradicted")
            for reading, outcome in zip(one.found.readings, one.outcomes, strict=True)
            if reading.whose is not None and outcome is not None
        ]
        fits = {whose for whose, fit in known if fit}
        if len(fits) == 1 and len({whose for whose, _ in known}) == 2:
            countries = tuple(sorted((one.parameters["reporter"], one.parameters["partner"])))
            row = {key: one.claim.row[key] for key in ("document", "claim", "measure")}
            rows.append(row | {"countries": countries, "fits": fits.pop()})
    return pd.DataFrame(rows, columns=SIDE_COLUMNS)


def _frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Cells that hold nothing are None, except in columns of numbers, where they are NaN."""
    numbers = ("value", "allowed_low", "allowed_high", "low", "high", "difference", "arithmetic_value")
    return pd.DataFrame(
        {
            column: pd.Series([row[column] for row in rows], dtype=float if column in numbers else object)
            for column in columns
        }
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
