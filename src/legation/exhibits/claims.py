"""The exhibits of claim checking.

Every function takes an :class:`Examined`: the ledger, what ``legation.analysis.claims.judge`` made of it, and the
register of treaties, which lends the words of its codebook. Verdicts are never worded more firmly than their data: a
reading names who reports it, and one from the press says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle

from legation import data
from legation.analysis.claims import MEASURES, VERDICTS, Judged
from legation.analysis.treaties import Register
from legation.data.claims import Ledger
from legation.errors import InputError
from legation.exhibits import style
from legation.exhibits.drawing import FOOT
from legation.exhibits.exhibit import Column, Exhibit
from legation.exhibits.finding import Finding, Tally
from legation.exhibits.prose import Prose, listed, plain, say
from legation.exhibits.style import EN_DASH, MINUS, NO_BREAK, SEMIBOLD, SOFT, TEXT, Canvas
from legation.exhibits.treaties import PART_WORDS
from legation.exhibits.treaties import Names as TreatyNames
from legation.exhibits.view import capital
from legation.exhibits.wording import counted, day_said, headline, is_said, lowered, rows_of, slugged

#: What a title that is too short ends with.
TAIL = "in the documents examined"
#: What a verdict says, in the words of a note.
MEANING = {
    "confirmed": "the first source lies within what the claim allows, and none speaks against it",
    "close": "it lies just outside, or is too open to tell, and none speaks against it",
    "contested": "some sources held fit the claim or come close, others do not",
    "contradicted": "no source held fits it or comes close",
    "not testable": "nothing held speaks to it",
}
#: The order of tables: what fails first.
GRAVEST = ("contradicted", "contested", "close", "confirmed", "not testable")
FAILS = ("contradicted", "contested")
VOTES = ("main", "rival")
#: Readings that a cell names; more are counted, and all are in the numbers behind the table.
NAMED = 3
#: Words of a list that a cell names.
MOST_WORDS = 5
#: Units whose values are counted, so that they are written whole.
WHOLE = ("count", "containers", "days", "missiles", "persons", "years", "year", "months", "rank", "votes")
#: Units that have no length on an axis: such claims are set beside what is held in a table.
POINTS_IN_TIME = ("year", "rank")
#: Measures of a first year: how far another year lies from it says nothing.
FIRST_YEARS = ("arms_first_year", "arms_fell_by_half")
#: Words of precision that set a bound and no value.
BOUNDS = ("more-than", "at-least", "less-than", "up-to")
#: Values further apart than this ratio are drawn relative to their claims rather than in their unit.
COMPARABLE = 6.0
#: The height of a drawing of readings, in points, that still leaves room for its caption on a page.
MOST_HEIGHT = 470.0
#: The part of a page's width that the labels of readings may take.
LABELS = 0.38
#: From one line of a wrapped text in a drawing to the next.
LINE = 11.0
#: Publications that a source line names; the others are counted there.
PUBLICATIONS = 5
#: How votes stand in a list of words.
VOTE_WORDS = {"yes": "in favour", "no": "against", "abstain": "abstained", "absent": "absent"}
EXPLAINS = "Explains only"
ADDS_UP = "adds up"
#: Shares that a document may have written as a fraction.
SHARES = {33.3: "a third", 66.7: "two thirds", 50.0: "half", 25.0: "a quarter", 20.0: "a fifth"}
#: A chapter's share of the one page that sums up a report.
MOST_FINDINGS = 3
#: Words of a finding; the press sets no longer one.
LONGEST = 75


@dataclass(frozen=True)
class Examined:
    """A ledger with its judgement, and the words and sources that show it."""

    ledger: Ledger
    judged: Judged
    register: Register

    @cached_property
    def short(self) -> dict[str, str]:
        """Each document as tables call it."""
        rows = self.ledger.documents
        return {
            str(document): style.clean(short) for document, short in zip(rows["document"], rows["short"], strict=True)
        }

    @cached_property
    def documents(self) -> list[str]:
        """The documents that have a claim, read or faulty, in the ledger's order."""
        known = set(self.judged.verdicts["document"]) | set(self.judged.faulty["document"])
        return [document for document in self.short if document in known]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The verdicts in the order of the text, each with its claim's last digit and arithmetic."""
        extra = {(one["document"], one["claim"]): one for one in rows_of(self.ledger.claims)}
        rows = []
        for one in rows_of(self.judged.verdicts):
            claim = extra.get((one["document"], one["claim"]), {})
            rows.append(
                one
                | {"half_digit": claim.get("half_digit", math.nan)}
                | {key: claim.get(key) for key in ("operation", "of")}
            )
        return rows

    @cached_property
    def readings(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """The readings of each claim by document and claim, the main one first."""
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for one in rows_of(self.judged.readings):
            found.setdefault((one["document"], one["claim"]), []).append(one)
        return found

    @cached_property
    def sources(self) -> dict[str, dict[str, str | None]]:
        """Every source entry behind a reading, by its identifier: of the register of treaties or of the tables."""
        own = {
            str(one["id"]): {key: str(value) if is_said(value) else None for key, value in one.items()}
            for one in rows_of(self.register.sources)
        }
        cells = [*self.judged.readings["source"], *self.judged.verdicts["source"]]
        wanted = {name for cell in cells for name in _split(cell)}
        tables = pd.DataFrame({"source": sorted(wanted - set(own))})
        return {name: own[name] for name in sorted(wanted & set(own))} | {
            str(one["id"]): dict(one) for one in data.sources(tables)
        }

    @cached_property
    def labels(self) -> dict[str, str]:
        """What the words of the ledger mean to a reader: treaties, types of provision, and terms of the codebook."""
        book = self.register
        names = TreatyNames(book)
        found = {str(one): names.short(str(one)) for one in book.treaties["treaty"]}
        found |= {str(one): lowered(names.type(str(one))) for one in book.types["type"]}
        for table in (book.kinds, book.levels):
            found |= dict(zip(table["id"].astype(str), table["label"].astype(str), strict=True))
        events = data.open("events")
        found |= dict(zip(events["id"].astype(str), events["label"].astype(str), strict=True))
        return found | PART_WORDS | VOTE_WORDS

    def of(self, document: str) -> list[dict[str, Any]]:
        """The verdicts on one document."""
        return [row for row in self.rows if row["document"] == document]

    def voting(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The readings that decide a claim."""
        return [one for one in self.readings.get((row["document"], row["claim"]), []) if one["role"] in VOTES]

    def behind(self, row: Mapping[str, Any]) -> str:
        """The identifiers of the sources that decide a claim, in one cell."""
        return "; ".join(dict.fromkeys(name for one in self.voting(row) for name in _split(one["source"])))

    def explaining(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The readings that decide nothing but may explain where a claim's figure comes from."""
        return [one for one in self.readings.get((row["document"], row["claim"]), []) if one["role"] not in VOTES]

    def words(self, words: Iterable[str], first: Sequence[str] = ()) -> str:
        """Words of a ledger as a reader has them, in one list, those that are also ``first`` at its head; a long list
        is cut and its rest counted.
        """
        ordered = sorted(words, key=lambda word: word not in first)
        said = [self.labels.get(word, word.replace("-", " ")) for word in ordered]
        rest = len(said) - MOST_WORDS
        return "; ".join([*said[:MOST_WORDS], f"{rest} more"] if rest > 1 else said) or "none"


def chosen(verdicts: Sequence[str]) -> list[str]:
    """The verdicts named, gravest first; all of them if none is.

    Raises
    ------
    InputError
        A word that is no verdict.
    """
    unknown = [verdict for verdict in verdicts if verdict not in VERDICTS]
    if unknown:
        raise InputError(
            f"'{unknown[0]}' is no verdict. The verdicts are {listed(list(VERDICTS))}; an empty list shows all."
        )
    return [verdict for verdict in GRAVEST if verdict in verdicts or not verdicts]


# How many claims hold


def tally(examined: Examined) -> Tally:
    """How many claims have each verdict: for the summary and the list of reports."""
    return Tally("Claims examined", _counts(examined.rows))


def scoreboard(examined: Examined) -> Exhibit:
    """One mark a claim, by document and verdict. There must be a claim that was judged."""
    counts = {examined.short[document]: _counts(examined.of(document)) for document in examined.documents}
    shown = {short: mine for short, mine in counts.items() if sum(mine.values())}
    described = [
        f"{short}: {', '.join(f'{count} {verdict}' for verdict, count in mine.items() if count)}."
        for short, mine in shown.items()
    ]
    faulty, press = len(faults(examined)), _on_press(examined)
    notes = ["; ".join(f"{capital(verdict)}: {MEANING[verdict]}" for verdict in VERDICTS) + "."]
    notes += [f"{capital(press)}."] if press else []
    notes += (
        [f"Left out: what is faulty in the ledger, {counted(faulty, 'fault')}, named in the text."] if faulty else []
    )
    frame = [
        {"document": document, "verdict": verdict, "claims": count}
        for document in examined.documents
        for verdict, count in _counts(examined.of(document)).items()
    ]
    return Exhibit.chart(
        lambda canvas: _draw_scores(canvas, shown),
        name="claims-scoreboard",
        title=headline(_score_titles(_counts(examined.rows)), tail=TAIL),
        subtitle="Number of claims by verdict and document; one mark is one claim",
        alt=f"Rows of marks, one for each claim, in {counted(len(shown), 'panel')}. {' '.join(described)}",
        notes=notes,
        data=pd.DataFrame(frame),
        **_provenance(examined, [examined.behind(row) for row in examined.rows]),
    )


def _score_titles(total: Mapping[str, int]) -> list[str]:
    tested = sum(total.values()) - total["not testable"]
    if tested == 0:
        return ["No claim examined can be tested with the data held"]
    parts = [
        f"{total[verdict] or 'none'} {_do(total[verdict] or 1, 'is', 'are')} {verdict}"
        for verdict in ("confirmed", *FAILS[::-1])
        if total[verdict] or verdict == "confirmed"
    ]
    start = f"Of {tested} testable {_do(tested, 'claim', 'claims')}"
    return [f"{start} {listed(parts)}", f"{start} {parts[0]}"]


def _draw_scores(canvas: Canvas, shown: Mapping[str, Mapping[str, int]]) -> None:
    """A panel a document, side by side on the page; in it a row a verdict, with its count and its marks."""
    columns = 1 if canvas.narrow else min(len(shown), 2)
    gutter, pitch, head, step, below = 22.0, 15.0, 17.0, 10.0, 8.0
    wide = (canvas.width - gutter * (columns - 1)) / columns
    words = max(style.text_width(verdict, TEXT) for verdict in VERDICTS) + 8
    digits = max(style.text_width(str(count), TEXT, SEMIBOLD) for mine in shown.values() for count in mine.values())
    left = words + digits + 7
    fits = max(int((wide - left) // (step + 0.6)) // 5 * 5, 5)  # counted in fives
    heights = {
        short: head + below + sum(pitch + step * (max(-(-count // fits), 1) - 1) for count in mine.values())
        for short, mine in shown.items()
    }
    names = list(shown)
    bands = [names[start : start + columns] for start in range(0, len(names), columns)]
    canvas.set_height(sum(max(heights[name] for name in band) for band in bands) - below + 2)
    top = 0.0
    for band in bands:
        for column, name in enumerate(band):
            x, y = (wide + gutter) * column, top + head
            canvas.text(x, top + 7, name, room=wide, fontsize=style.HEAD, fontweight=SEMIBOLD)
            for verdict, count in shown[name].items():
                ink = style.INK if count else style.MUTED
                canvas.text(x, y + pitch / 2, verdict, color=ink)
                canvas.text(x + words + digits, y + pitch / 2, str(count), ha="right", color=ink, fontweight=SEMIBOLD)
                for mark in range(count):
                    place = (
                        x + left + step * (mark % fits) + 3 * (mark % fits // 5),
                        y + pitch / 2 - 4 + step * (mark // fits),
                    )
                    _mark(canvas, verdict, *place)
                y += pitch + step * (max(-(-count // fits), 1) - 1)
        top += max(heights[name] for name in band)


def _mark(canvas: Canvas, verdict: str, x: float, y: float, size: float = 8.0) -> None:
    """A square told apart by its filling, not by a colour: full, grey, half, crossed, empty."""
    bottom = canvas.height - y - size
    look: dict[str, Any] = {"transform": None, "linewidth": 0.9}
    fill = {"confirmed": style.INK, "close": style.CONTEXT}.get(verdict, "none")
    edge = {"close": style.CONTEXT, "not testable": style.CONTEXT}.get(verdict, style.INK)
    frame = Rectangle((x + 0.5, bottom + 0.5), size - 1, size - 1, facecolor=fill, edgecolor=edge, **look)
    canvas.figure.add_artist(frame)
    if verdict == "contested":
        corners = [(x + 0.5, bottom + 0.5), (x + size - 0.5, bottom + 0.5), (x + 0.5, bottom + size - 0.5)]
        canvas.figure.add_artist(Polygon(corners, facecolor=style.INK, edgecolor="none", transform=None))
    if verdict == "contradicted":
        for ys in ((bottom + 1.2, bottom + size - 1.2), (bottom + size - 1.2, bottom + 1.2)):
            cross = Line2D((x + 1.2, x + size - 1.2), ys, color=style.INK, linewidth=1.3, transform=None)
            canvas.figure.add_artist(cross)


# Every claim


def claims_table(examined: Examined, document: str, verdicts: Sequence[str] = ()) -> Exhibit | None:
    """What one document says and what the data give, the gravest verdict first, within it in the order of the text.

    Claims that nothing held can test are left to :func:`untested_table` unless ``verdicts`` names them alone. None if
    the document has no claim with one of the verdicts.
    """
    wanted = [verdict for verdict in chosen(verdicts) if verdict != "not testable"]
    mine = examined.of(document)
    rows = [row for verdict in wanted for row in mine if row["verdict"] == verdict]
    if not rows:
        return None
    short = examined.short[document]
    cells = [
        (
            capital(row["verdict"]),
            f"{row['says']} ({_place(row)})" if is_said(row["place"]) else str(row["says"]),
            given(examined, row),
            difference(examined, row) or EN_DASH,
            _publishers(examined, examined.behind(row)),
        )
        for row in rows
    ]
    counts = _counts(rows)
    said = [f"{count} {verdict}" for verdict, count in counts.items() if count]
    few = [verdict for verdict, count in counts.items() if count]
    # One form for all documents, so that they can be read side by side; what is close stands in the table.
    forms = [
        f"{short}: {counts['confirmed']} of {counted(len(rows), 'claim')} confirmed, "
        f"{counts['contested']} contested, {counts['contradicted']} contradicted"
    ]
    if len(few) == 1:
        start = f"{short}: {'all' if len(rows) > 1 else 'the'} {counted(len(rows), 'claim')} shown"
        forms = [f"{start} {_do(len(rows), 'is', 'are')} {few[0]}"]
    failing = counts["contradicted"] + counts["contested"]
    forms.append(f"{short}: {failing or 'none'} of {counted(len(rows), 'claim')} contradicted or contested")
    forms.append(f"{failing or 'None'} of {counted(len(rows), 'claim')} contradicted or contested")
    notes = [
        "In brackets: the place in the document, ¶ for paragraph. The difference is our figure less the document’s."
    ]
    untested = sum(row["verdict"] == "not testable" for row in mine)
    if untested:
        notes.append(f"{counted(untested, 'more claim')} cannot be tested with the data held.")
    hidden = len(mine) - untested - len(rows)
    notes += [f"{counted(hidden, 'claim')} with other verdicts {_do(hidden, 'is', 'are')} not shown."] if hidden else []
    if any(_press(examined, one) for row in rows for one in examined.voting(row)):
        notes.append(
            "Press: known only from press reports, which are weaker than statistics; mostly press: most of its sources "
            "are such reports."
        )
    heads = ("Verdict", "The document says", "The data give", "Difference", "Source")
    return Exhibit.table(
        [Column(head, "left") for head in heads],
        cells,
        name=f"claims-{slugged(document)}",
        title=headline(forms, tail=TAIL),
        subtitle=f"Claims of {short}, in our words, and the figures held, the gravest verdict first",
        alt=f"A table of {counted(len(rows), 'claim')}: {listed(said)}. "
        + " ".join(f"{row[0]}: {row[1].rstrip('.')}. Held: {row[2]}" for row in cells if row[0].lower() in FAILS),
        notes=notes,
        data=_behind(rows),
        units={"difference": "share of the claim, or days"},
        row_headers=2,
        **_provenance(examined, [examined.behind(row) for row in rows]),
    )


def given(examined: Examined, row: Mapping[str, Any]) -> str:
    """What the data give for a claim, each reading with who reports it, as one or two plain sentences."""
    voting = examined.voting(row)
    if not voting:
        return "Nothing held speaks to it."
    if row["kind"] == "words":
        return _given_words(examined, row, voting)
    said = _joined([_reading(examined, one, row) for one in _distinct(examined, voting, row)])
    fits = next((one for one in examined.explaining(row) if one["label"] == row["explained_by"]), None)
    if fits is not None:
        said += f". The claim fits only {_reading(examined, fits, row)}"
    remarks = [one for one in examined.explaining(row) if row["kind"] == "quantity" and not _value(examined, one, row)]
    said = ". ".join([said, *(capital(style.clean(one["label"]).rstrip(".")) for one in remarks)])
    return f"{capital(said)}."


def _given_words(examined: Examined, row: Mapping[str, Any], voting: Sequence[Mapping[str, Any]]) -> str:
    held = _joined([_reading(examined, one, row) for one in _distinct(examined, voting, row)])
    parts = [f"{capital(held)}."]
    akin = [word for word in row["unsupported"] if word in voting[0]["akin"]]
    open_ = [word for word in row["unsupported"] if word in voting[0]["may_hold"]]
    elsewhere = {word for one in voting for word in one["words"] or ()}
    wrong = [word for word in row["unsupported"] if word not in {*akin, *open_, *elsewhere}]
    for words, heading in ((wrong, "Not found"), (akin, "Akin, not the same"), (row["left_out"], "Not mentioned")):
        if words and row["verdict"] != "confirmed":
            parts.append(f"{heading}: {examined.words(words)}.")
    return " ".join(parts)


def _distinct(
    examined: Examined, voting: Sequence[Mapping[str, Any]], row: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Readings without those that give the same value for the same reporter, only by way of another publisher."""
    kept: list[Mapping[str, Any]] = []
    for one in voting:
        value, label = _value(examined, one, row), str(one["label"])
        if not any(value == _value(examined, other, row) and label.startswith(str(other["label"])) for other in kept):
            kept.append(one)
    return kept


def _joined(said: Sequence[str]) -> str:
    """Readings in one line: the first few, the others counted; the same words are said once."""
    once = list(dict.fromkeys(said))
    more = [f"{len(once) - NAMED} more"] if len(once) > NAMED + 1 else []
    return "; ".join([*once[: NAMED if more else NAMED + 1], *more])


def _reading(examined: Examined, one: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """One reading with who reports it: ``USD 110.8 bn as Viet Nam reports (press)``."""
    label, value = style.clean(one["label"]).rstrip("."), _value(examined, one, row)
    close = row["kind"] == "quantity" and label.split(" ")[0] in ("as", "by")
    return f"{value}{' ' if close or not (value and label) else ', '}{label}{_mark_of(examined, one)}".strip()


def _mark_of(examined: Examined, one: Mapping[str, Any]) -> str:
    """What a reader must know of a reading that is not final, unless its label says so."""
    mark = _press(examined, one) or (one["status"] if one["status"] in SOFT else "")
    told = mark and re.search(rf"\b{mark}\b", str(one["label"]))
    return f" ({mark})" if mark and not told else ""


def _press(examined: Examined, one: Mapping[str, Any]) -> str:
    """How much of a reading is known from press reports: 'press', 'mostly press', 'partly press', or nothing.

    A few press reports among firmer sources that say the same take nothing away from it; where the reading needs each
    of its sources, its status is that of the weakest, and it is of the press in part.
    """
    kinds = [examined.sources[name]["kind"] for name in _split(one["source"]) if name in examined.sources]
    press = kinds.count("press")
    if one["status"] == "press" and press in (0, len(kinds)):
        return "press"
    if 2 * press > len(kinds):
        return "mostly press" if press < len(kinds) else "press"
    return "partly press" if one["status"] == "press" else ""


def _value(examined: Examined, one: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """The value of a reading, written like the claim it tests; empty for one that only remarks on it."""
    if row["kind"] == "date":
        return _days(one["date"], one["until"])
    if row["kind"] == "words":
        doubtful = [word for word in one["may_hold"] if word in row["words"]]
        open_ = f"not excluded: {examined.words(doubtful)}" if doubtful else ""
        said = examined.words(one["words"], row["words"]) if one["words"] else ""
        return "; ".join(part for part in (said, open_) if part) or ("none" if one["role"] in VOTES else "")
    if row["kind"] == "holds":
        return "" if one["holds"] is None else "yes" if one["holds"] else "no"
    return _span(one["low"], one["high"], row) if _finite(one["low"]) or _finite(one["high"]) else ""


def claimed(examined: Examined, row: Mapping[str, Any]) -> str:
    """What a claim asserts, in the fewest words: ``more than USD 110 bn``, ``19 June 2024``."""
    if row["kind"] == "date":
        return _days(row["date"], row["until"])
    if row["kind"] == "words":
        return examined.words(row["words"])
    if row["kind"] == "holds":
        return "yes" if row["holds"] else "no"
    words = "" if row["precision"] in ("as-printed", "exactly") else f"{str(row['precision']).replace('-', ' ')} "
    return words + amount(row["value"], row["unit"], like=row, exact=True)


def difference(examined: Examined, row: Mapping[str, Any]) -> str:
    """Ours less theirs: per cent of the claim, points for shares, whole numbers for counts, days; empty if none, for
    ranks and first years, and where the claim sets a bound that holds.
    """
    value = row["difference"]
    if row["unit"] == "rank" or row["measure"] in FIRST_YEARS or _bound_holds(row):
        return ""
    if row["kind"] == "date" and _finite(value):
        return f"{_signed(value, 0)} {'day' if abs(value) == 1 else 'days'}" if value else "none"
    if row["kind"] != "quantity":
        return ""
    ends = [end - row["value"] for end in (row["low"], row["high"]) if _finite(end)]
    inside = row["low"] <= row["value"] <= row["high"]
    gap = 0.0 if inside else min(ends, key=abs, default=math.nan)
    if not _finite(gap):
        return ""
    if row["unit"] == "percent":
        return f"{_signed(gap, 1)} points" if f"{abs(gap):.1f}" != "0.0" else "none"
    if row["unit"] in WHOLE and abs(row["value"]) < 10_000:
        return _signed(gap, 0) if round(gap) else _signed(gap, 1) if abs(gap) >= 0.05 else "none"
    part = gap / abs(row["value"]) if row["value"] else math.inf
    return (style.percent(part, sign=True) if abs(part) >= 0.0005 else "none") if math.isfinite(part) else ""


def _bound_holds(row: Mapping[str, Any]) -> bool:
    """Whether a claim such as 'more than' is borne out by the main reading, from which it has no distance then."""
    within = row["allowed_low"] <= row["low"] and row["high"] <= row["allowed_high"]
    return row["kind"] == "quantity" and row["precision"] in BOUNDS and bool(within)


def amount(value: float, unit: str, *, like: Mapping[str, Any], exact: bool = False) -> str:
    """A quantity with its unit, with the digits of the claim ``like``; a finding (not ``exact``) with one more where
    the claim prints none.
    """
    if unit == "year":
        return f"{value:.0f}"
    size, theirs = abs(value), abs(like["value"])
    money = unit.isupper() and unit != "TIV"
    scale = next((one for one in style.SCALES if theirs >= one.divisor and one.divisor >= 1e6), style.Scale(1.0, ""))
    if size < scale.divisor / 10 or size >= scale.divisor * 1e4:
        scale = next((one for one in style.SCALES if size >= one.divisor and one.divisor >= 1e6), style.Scale(1.0, ""))
    places = _places(like, scale.divisor)
    if unit in WHOLE and round(value) == like["value"] and abs(value - like["value"]) >= 0.05:
        places = 1  # 23.9 years are not shown as the 24 they are held against
    if not exact and (scale.word or unit in ("percent", "TIV")):
        places = max(places, 1 if size / scale.divisor >= 1 or unit == "percent" else 2)
    # Half a unit goes up, as in print; a binary fraction would hide it.
    digits = Decimal(repr(round(size / scale.divisor, 9))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    number = f"{MINUS if value < 0 and digits else ''}{digits:,}"
    if money:
        return NO_BREAK.join(part for part in (unit, number, scale.word) if part)
    word = {"bn": "billion", "m": "million", "tn": "trillion"}.get(scale.word, "")
    after = {"percent": "%", "TIV": "TIV", "rank": "", "count": "", "persons": ""}.get(unit, unit)
    if number == "1" and unit.endswith("s"):
        after = unit[:-1]
    before = "rank" if unit == "rank" else ""
    return NO_BREAK.join(part for part in (before, number, word, after) if part)


def _places(like: Mapping[str, Any], divisor: float) -> int:
    """Decimals that the claim printed, in this scale."""
    half = like.get("half_digit")
    if half is None or not math.isfinite(half) or half <= 0:
        return 0 if float(like["value"] / divisor).is_integer() else 1
    return min(max(-math.floor(math.log10(2 * half / divisor) + 1e-9), 0), 3)


def _span(low: float, high: float, row: Mapping[str, Any]) -> str:
    """A reading that may leave a side open, or lie between two figures."""
    unit = str(row["unit"])
    if not math.isfinite(high):
        return f"at least {amount(low, unit, like=row)}"
    if not math.isfinite(low):
        return f"at most {amount(high, unit, like=row)}"
    first, last = amount(low, unit, like=row), amount(high, unit, like=row)
    return first if first == last else f"{first} to {last}"


def _signed(value: float, places: int) -> str:
    return f"{MINUS if value < 0 else '+'}{abs(value):,.{places}f}"


# Why a claim fails


@dataclass(frozen=True)
class _Mark:
    """A reading as it is drawn: its words, where it lies, how it is filled."""

    label: str
    text: str
    low: float
    high: float
    soft: bool
    votes: bool


@dataclass(frozen=True)
class _Block:
    """A claim as it is drawn: what it says, what it allows, and its readings."""

    says: str
    text: str
    value: float
    low: float
    high: float
    marks: tuple[_Mark, ...]


def why_charts(examined: Examined, verdicts: Sequence[str] = ()) -> list[Exhibit]:
    """For each quantity that is contradicted or contested: the claim with what it allows, against each reading.

    Claims that share a measure share a chart; those that are alone with theirs are drawn together, each relative to
    what it claims. Empty if there is none.
    """
    wanted = [verdict for verdict in chosen(verdicts) if verdict in FAILS]
    rows = [
        row for verdict in wanted for row in examined.rows if row["verdict"] == verdict and _drawable(examined, row)
    ]
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((str(row["measure"]), str(row["unit"])), []).append(row)
    shared = {key: mine for key, mine in groups.items() if len(mine) > 1}
    alone = [row for mine in groups.values() if len(mine) == 1 for row in mine]
    made = []
    for (measure, unit), mine in sorted(shared.items(), key=lambda item: -len(item[1])):
        relative = unit != "percent" and not _comparable(examined, mine)
        made += _why(examined, mine, f"why-{slugged(measure)}", _topic(measure), relative=relative)
    if len(alone) == 1:
        made += _why(
            examined, alone, f"why-{slugged(alone[0]['measure'])}", _topic(alone[0]["measure"]), relative=False
        )
    elif alone:
        made += _why(examined, alone, "why-single-claims", "", relative=True)
    return made


def _drawable(examined: Examined, row: Mapping[str, Any]) -> bool:
    """Whether a claim is a length on an axis and has a reading with an end."""
    if row["kind"] != "quantity" or row["unit"] in POINTS_IN_TIME or not row["value"]:
        return False
    return any(_finite(end) for one in examined.voting(row) for end in (one["low"], one["high"]))


def _comparable(examined: Examined, rows: Sequence[Mapping[str, Any]]) -> bool:
    sizes = [abs(row["value"]) for row in rows]
    return bool(max(sizes) <= COMPARABLE * min(sizes))


def _why(
    examined: Examined, rows: Sequence[Mapping[str, Any]], name: str, topic: str, *, relative: bool
) -> list[Exhibit]:
    """The chart of some claims, or several where they are too many for one page."""
    parts: list[list[Mapping[str, Any]]] = [[]]
    sheet, height = Canvas("page"), 0.0
    for row in rows:
        own = _plan(sheet, _block(examined, row, relative=relative), sheet.width * LABELS).height + 9
        if parts[-1] and height + own > MOST_HEIGHT:
            parts.append([])
            height = 0.0
        parts[-1].append(row)
        height += own
    return [
        _why_chart(examined, part, f"{name}-{place}" if place > 1 else name, topic, relative=relative)
        for place, part in enumerate(parts, start=1)
    ]


def _why_chart(
    examined: Examined, rows: Sequence[Mapping[str, Any]], name: str, topic: str, *, relative: bool
) -> Exhibit:
    blocks = [_block(examined, row, relative=relative) for row in rows]
    soft = any(mark.soft for block in blocks for mark in block.marks)
    unit = rows[0]["unit"]
    divisor = 1.0 if relative else _divisor(rows)
    subtitle = "Claimed values and what each source gives"
    subtitle += ", in per cent of the value claimed" if relative else f", {_unit_words(str(unit), divisor)}"
    notes = ["The grey band is what the wording of the claim allows, by the tolerances of data/claims/precision.yml."]
    if any(not mark.votes for block in blocks for mark in block.marks):
        notes.append("A diamond marks a figure made of two sources, which explains a claim but does not decide it.")
    notes += ["Hollow: preliminary, or known only from press reports."] if soft else []
    return Exhibit.chart(
        lambda canvas: _draw_blocks(canvas, blocks, divisor=divisor, relative=relative),
        name=name,
        title=headline(_why_titles(examined, rows, topic), tail=TAIL),
        subtitle=subtitle,
        alt="One block a claim, a mark for each source. "
        + " ".join(
            f"{block.says.rstrip('.')}: claimed {block.text}; "
            + "; ".join(f"{m.label} {m.text}" for m in block.marks)
            + "."
            for block in blocks
        ),
        notes=notes,
        data=_numbers(examined, rows),
        **_provenance(
            examined, [one["source"] for row in rows for one in examined.readings[row["document"], row["claim"]]]
        ),
    )


def _why_titles(examined: Examined, rows: Sequence[Mapping[str, Any]], topic: str) -> list[str]:
    """Forms of a title, from the one that says most; ``topic`` may be empty."""
    counts = _counts(rows)
    none, some = counts["contradicted"], counts["contested"]
    on = f" on {topic}" if topic else ""
    forms = _one_sided(examined, rows)
    if len(rows) == 1:
        row = rows[0]
        short, bare = examined.short[row["document"]], row["unit"] == "count"
        found = [_value(examined, one, row) for one in examined.voting(row)]
        if none and not bare:
            forms.append(f"{short} has {claimed(examined, row)}; {_reading(examined, examined.voting(row)[0], row)}")
            forms.append(f"{short} has {claimed(examined, row)}, the data {found[0]}")
        if some and not bare and len(found) == 2:
            forms.append(f"{short} has {claimed(examined, row)}, the sources {found[0]} or {found[1]}")
    if none and some:
        fit = _do(none, "fits", "fit")
        forms.append(f"{none} of {len(rows)} claims{on} {fit} no source held, {some} only some")
        forms.append(f"{none} of {len(rows)} claims {fit} no source held, {some} only some")
    elif none:
        these = "this claim" if none == 1 else f"these {none} claims"
        forms += [f"No source held bears out {these}{on}", f"No source held bears out {these}"]
    else:
        these = "this claim" if some == 1 else f"these {some} claims"
        forms += [f"The sources held differ on {these}{on}", f"The sources held differ on {these}"]
    return forms


def _one_sided(examined: Examined, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A title for several claims on one pair of countries that all fit one's count and not the other's."""
    known = {(row["document"], row["claim"]): row for row in rows_of(examined.judged.sides)}
    sides = [known.get((row["document"], row["claim"])) for row in rows]
    told = {(side["countries"], side["fits"]) if side else None for side in sides}
    one = told.pop()
    if len(rows) < 2 or told or one is None:
        return []
    names, (countries, fits) = TreatyNames(examined.register), one
    other = next(code for code in countries if code != fits)
    start = f"These {len(rows)} claims fit only the count of {names.party(fits)}"
    return [f"{start}, not that of {names.party(other)}", start]


def _block(examined: Examined, row: Mapping[str, Any], *, relative: bool) -> _Block:
    """A claim as it is drawn, in its unit or, ``relative``, in parts of what it claims."""
    divisor = abs(row["value"]) if relative else 1.0
    low, high = row["allowed_low"], row["allowed_high"]
    says = f"{_of(examined, row)}{str(row['says']).rstrip('.')}"
    marks = tuple(
        _Mark(
            capital(style.clean(one["label"])) or "Data held",
            _value(examined, one, row) + _mark_of(examined, one),
            one["low"] / divisor,
            one["high"] / divisor,
            one["status"] in SOFT,
            one["role"] in VOTES,
        )
        for one in [*_distinct(examined, examined.voting(row), row), *examined.explaining(row)]
        if _finite(one["low"]) or _finite(one["high"])
    )
    return _Block(says, claimed(examined, row), row["value"] / divisor, low / divisor, high / divisor, marks)


def _draw_blocks(canvas: Canvas, blocks: Sequence[_Block], *, divisor: float, relative: bool) -> None:
    """Claims one below the other on one axis: a band for what is allowed, a line at the claim, a mark a reading.

    On the page the words of a row stand at both sides of it; on the phone above it, where nothing is drawn.
    """
    left, right, room = _sides(canvas, blocks)
    plans = [_plan(canvas, block, room) for block in blocks]
    gap = 9.0
    canvas.set_height(sum(plan.height for plan in plans) + gap * (len(blocks) - 1) + FOOT + 2)
    low, high = _limits(blocks)
    top = 0.0
    for block, plan in zip(blocks, plans, strict=True):
        for place, text in enumerate(plan.head):
            canvas.text(0, top + 6 + LINE * place, text, fontweight=SEMIBOLD)
        axes = canvas.axes(left, top + plan.start, right - left, plan.height - plan.start)
        axes.set_xlim(low / divisor, high / divisor)
        axes.set_ylim(plan.height, plan.start)  # points below the top of the block
        _axis(axes, narrow=canvas.narrow, relative=relative, last=block is blocks[-1])
        _draw_claim(axes, block, plan.strips, divisor, (low, high))
        _words_of_row(canvas, ["Claimed"], block.text, top + plan.claim, strong=True)
        for mark, row in zip(block.marks, plan.rows, strict=True):
            _words_of_row(canvas, row.label, mark.text, top + row.words, muted=not mark.votes)
            _draw_mark(axes, mark, row.mark, block.value, divisor, (low, high))
        top += plan.height + gap


@dataclass(frozen=True)
class _Row:
    """Where a reading stands: its label in lines, the middle of the first of them, and the height of its mark."""

    label: list[str]
    words: float
    mark: float


@dataclass(frozen=True)
class _Plan:
    """How a block is laid out, in points below its top; ``strips`` are where something may be drawn."""

    head: list[str]
    claim: float
    rows: list[_Row]
    start: float
    strips: list[tuple[float, float]]
    height: float


def _plan(canvas: Canvas, block: _Block, room: float) -> _Plan:
    head = _lines(block.says, canvas.width, SEMIBOLD)
    y = len(head) * LINE + 4
    first, under = (13.0, 12.0) if canvas.narrow else (15.5, 0.0)
    claim, start, strips = y + first / 2, y, []
    y += first
    if canvas.narrow:
        start = y
    rows = []
    for mark in block.marks:
        beside = canvas.width - style.text_width(style.clean(mark.text), TEXT) - 10 if canvas.narrow else room
        label = _lines(mark.label, beside, style.REGULAR)
        own = LINE * (len(label) - 1) + (12.0 if canvas.narrow else 15.5)
        words = y + (own - LINE * (len(label) - 1)) / 2
        rows.append(_Row(label, words, y + own + 6 if canvas.narrow else words))
        strips.append((y + own + 0.5, y + own + 11.0))
        y += own + under
    return _Plan(head, claim, rows, start, strips if canvas.narrow else [(start, y)], y)


def _sides(canvas: Canvas, blocks: Sequence[_Block]) -> tuple[float, float, float]:
    """Where the drawing begins and ends between the words at its sides, and the room of the labels at the left."""
    if canvas.narrow:
        return 6.0, canvas.width - 6, canvas.width
    labels = max([style.text_width(mark.label, TEXT) for block in blocks for mark in block.marks] + [60.0])
    said = [text for block in blocks for text in (block.text, *(mark.text for mark in block.marks))]
    texts = max(style.text_width(text, TEXT, SEMIBOLD) for text in said)
    room = min(labels + 1, canvas.width * LABELS)
    return room + 12, canvas.width - min(texts + 14, canvas.width * 0.3), room


def _draw_claim(
    axes: Axes, block: _Block, strips: Sequence[tuple[float, float]], divisor: float, limits: tuple[float, float]
) -> None:
    """The band of what is allowed, the line at the claim and the grid, in strips that no text stands in."""
    low, high = (min(max(end, limits[0]), limits[1]) / divisor for end in (block.low, block.high))
    for top, bottom in strips:
        axes.vlines(axes.get_xticks(), top, bottom, color=style.GRID, linewidth=0.6, zorder=0.5)
        axes.fill_betweenx([top, bottom], low, high, facecolor=style.GRID, edgecolor="none", zorder=1)
        axes.vlines(block.value / divisor, top, bottom, color=style.INK, linewidth=1.1, zorder=2)


def _words_of_row(
    canvas: Canvas, label: Sequence[str], text: str, middle: float, *, strong: bool = False, muted: bool = False
) -> None:
    """The label at the left, in as many lines as it needs, and the value at the right of a row."""
    look: dict[str, Any] = {"color": style.MUTED if muted else style.INK}
    look["fontweight"] = SEMIBOLD if strong else style.REGULAR
    for place, line in enumerate(label):
        canvas.text(0, middle + LINE * place, line, **look)
    room = canvas.width * (0.5 if canvas.narrow else 0.28)
    canvas.text(canvas.width, middle, text, ha="right", room=room, **look)


def _draw_mark(
    axes: Axes, mark: _Mark, height: float, claim: float, divisor: float, limits: tuple[float, float]
) -> None:
    """A reading at its value with a thin line to the claim; a bar if it is a range; an arrow if a side is open."""
    color = style.INK if mark.votes else style.CONTEXT
    ends = [min(max(end, limits[0]), limits[1]) / divisor for end in (mark.low, mark.high)]
    near = min(max(claim / divisor, ends[0]), ends[1])
    if near != claim / divisor:
        axes.plot([claim / divisor, near], [height] * 2, color=style.CONTEXT, linewidth=0.8, zorder=3)
    if ends[0] != ends[1]:
        axes.plot(ends, [height] * 2, color=color, linewidth=2.4, zorder=4, solid_capstyle="butt")
    look: dict[str, Any] = {"markerfacecolor": style.PAPER if mark.soft else color, "markeredgecolor": color}
    for end, drawn in zip((mark.low, mark.high), ends, strict=True):
        shape = ("o" if mark.votes else "D") if math.isfinite(end) else ("<" if end < 0 else ">")
        size = 6 if mark.votes else 5
        axes.plot(drawn, height, shape, markersize=size, markeredgewidth=1.1, zorder=5, clip_on=False, **look)


def _limits(blocks: Sequence[_Block]) -> tuple[float, float]:
    """The ends of the common axis: every finite value on it, with some air."""
    ends = [end for block in blocks for end in (block.value, block.low, block.high)]
    ends += [end for block in blocks for mark in block.marks for end in (mark.low, mark.high)]
    known = [end for end in ends if math.isfinite(end)]
    low, high = min(known), max(known)
    air = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (max(low - air, 0.0) if low >= 0 else low - air), (min(high + air, 0.0) if high <= 0 else high + air)


def _axis(axes: Axes, *, narrow: bool, relative: bool, last: bool) -> None:
    low, high = axes.get_xlim()
    ticks = [tick for tick in style.ticks(low, high, 3 if narrow else 5) if low <= tick <= high]
    write = style.percent_tick if relative else style.tick_number(ticks)
    axes.set_xticks(ticks, labels=[write(tick) for tick in ticks] if last else [""] * len(ticks))


def _lines(text: str, room: float, weight: int) -> list[str]:
    """A text in lines no wider than ``room``."""
    lines: list[str] = []
    for word in style.clean(text).split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and style.text_width(joined, TEXT, weight) <= room:
            lines[-1] = joined
        else:
            lines.append(style.fit(word, room, weight=weight))
    return lines


def _divisor(rows: Sequence[Mapping[str, Any]]) -> float:
    """What the axis counts in: the unit of the largest claim."""
    scale = style.scale(abs(row["value"]) for row in rows)
    return scale.divisor if scale.divisor >= 1e6 else 1.0


def _unit_words(unit: str, divisor: float) -> str:
    word = {1e6: "million", 1e9: "billion", 1e12: "trillion"}.get(divisor, "")
    name = {"percent": "per cent", "count": "number", "TIV": "SIPRI trend-indicator values"}.get(unit, unit)
    return f"{name} {word}".strip()


def _numbers(examined: Examined, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The numbers behind a chart of readings, one row a reading; an open side is left empty."""
    found = []
    for row in rows:
        low, high = row["allowed_low"], row["allowed_high"]
        for one in examined.readings[row["document"], row["claim"]]:
            found.append(
                {
                    "document": row["document"],
                    "claim": row["claim"],
                    "unit": row["unit"],
                    "claimed": row["value"],
                    "allowed_from": _closed(low),
                    "allowed_to": _closed(high),
                    "reading": one["label"],
                    "role": one["role"],
                    "from": _closed(one["low"]),
                    "to": _closed(one["high"]),
                    "outcome": one["outcome"],
                    "status": one["status"],
                    "source": one["source"],
                }
            )
    return pd.DataFrame(found)


def why_table(examined: Examined, verdicts: Sequence[str] = ()) -> Exhibit | None:
    """Contradicted and contested claims that are no length on an axis: what is claimed, held, and by whom.

    None if there is none.
    """
    wanted = [verdict for verdict in chosen(verdicts) if verdict in FAILS]
    rows = [
        row for verdict in wanted for row in examined.rows if row["verdict"] == verdict and not _drawable(examined, row)
    ]
    if not rows:
        return None
    cells, behind = [], []
    for row in rows:
        for place, (held, outcome, source) in enumerate(_held(examined, row)):
            first = place == 0
            claim = f"{_of(examined, row)}{row['says']}" if first else "as above"
            assertion = claimed(examined, row) if first else ""
            cells.append((claim, assertion, held, outcome, _publishers(examined, source)))
            kept = {"document": row["document"], "claim": row["claim"], "claimed": claimed(examined, row)}
            behind.append(kept | {"held": held, "outcome": outcome, "source": source})
    counts = _counts(rows)
    failing = [verdict for verdict in FAILS if counts[verdict]]
    said = [f"{counts[verdict]} {_do(counts[verdict], 'is', 'are')} {verdict}" for verdict in failing]
    said[0] = said[0].replace(" ", f" {_do(counts[failing[0]], 'claim', 'claims')} ", 1)
    return Exhibit.table(
        [Column(head, "left") for head in ("Claim", "Claimed", "Held", "Outcome", "Source")],
        cells,
        name="why-words-and-dates",
        title=headline([f"On words, dates and order {listed(said)}"], tail=TAIL),
        subtitle="What is claimed and what each source gives, one row a source",
        alt=f"A table of {counted(len(cells), 'row')}. "
        + " ".join(f"Claimed {row[1] or 'as above'}; held {row[2]}; outcome: {row[3].lower()}." for row in cells),
        data=pd.DataFrame(behind),
        **_provenance(examined, [row["source"] for row in behind]),
    )


def _held(examined: Examined, row: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each reading of a claim in words, its outcome and its sources; remarks that give no value stand together."""
    remarks = [one for one in examined.explaining(row) if not _value(examined, one, row)]
    valued = [one for one in examined.explaining(row) if _value(examined, one, row)]
    found = [
        (capital(_reading(examined, one, row)), capital(str(one["outcome"])), str(one["source"]))
        for one in _distinct(examined, examined.voting(row), row)
    ]
    found += [(capital(_reading(examined, one, row)), EXPLAINS, str(one["source"])) for one in valued]
    if remarks:
        said = " ".join(f"{_reading(examined, one, row).rstrip('.')}." for one in remarks)
        found.append((said, EXPLAINS, "; ".join(str(one["source"]) for one in remarks)))
    return found


# Documents against each other, against themselves, and what cannot be told


def pairs_table(examined: Examined) -> Exhibit | None:
    """Claims of two documents on the same measure, and whose report each of them fits. None if there are none.

    Those on which they agree are counted, and in the numbers behind the table; they are shown if there are no others.
    """
    pairs = rows_of(examined.judged.pairs)
    if not pairs:
        return None
    by_claim = {(row["document"], row["claim"]): row for row in examined.rows}
    cells, used = [], []
    differ = [pair for pair in pairs if not pair["agree"]]
    told = [pair for pair in differ if _tells(pair)]
    for pair in told or differ or pairs:
        first = by_claim[pair["first_document"], pair["first_claim"]]
        second = by_claim[pair["second_document"], pair["second_claim"]]
        used += [first, second]
        cells.append(
            (
                f"{_of(examined, first)}{first['says']}",
                f"{_of(examined, second)}{second['says']}",
                "agree" if pair["agree"] else "differ",
                _explained(examined, pair, first, second),
            )
        )
    differing, agreeing = len(differ), len(pairs) - len(differ)
    measures = counted(len(pairs), "measure")
    forms = [f"The documents differ on {differing} of {measures} that two of them state"] if differing else []
    if len(pairs) == 1 and differing:
        forms.insert(0, "The documents differ on the one measure that both state")
    forms += [f"The documents agree on {'all ' if len(pairs) > 1 else 'the '}{measures} that two of them state"]
    return Exhibit.table(
        [Column(head, "left") for head in ("One says", "The other says", "They", "What explains it")],
        cells,
        name="documents-compared",
        title=headline(forms, tail=TAIL),
        subtitle="Claims of two documents that the same measure tests, and the reading nearest to each",
        alt=f"A table of {counted(len(cells), 'pair')} of claims. "
        + " ".join(f"{one[0].rstrip('.')}. {one[1].rstrip('.')}. They {one[2]}. {one[3]}" for one in cells),
        notes=[
            "Nearest: the source’s figure with the smallest distance from what the document claims.",
            *([f"{counted(agreeing, 'measure')} on which they agree not shown."] if differ and agreeing else []),
            *(
                [f"{counted(len(differ) - len(told), 'measure')} not shown: the source nearest to both is the same."]
                if told and len(told) < len(differ)
                else []
            ),
            *(_mixed_said(examined, mixed) for mixed in _mixed(examined)),
        ],
        data=examined.judged.pairs,
        **_provenance(examined, [examined.behind(row) for row in used]),
    )


def _tells(pair: Mapping[str, Any]) -> bool:
    """Whether the readings nearest to two claims are two, so that they explain the difference."""
    return is_said(pair["first_fits"]) and is_said(pair["second_fits"]) and pair["first_fits"] != pair["second_fits"]


def _explained(examined: Examined, pair: Mapping[str, Any], first: Mapping[str, Any], second: Mapping[str, Any]) -> str:
    """Whose report each of two claims comes nearest to."""
    parts = [
        f"{examined.short[row['document']]} is nearest to {_nearest(examined, row, fits)}"
        for row, fits in ((first, pair["first_fits"]), (second, pair["second_fits"]))
        if is_said(fits)
    ]
    if not parts:
        return "Nothing held tells."
    if len(parts) == 2 and pair["first_fits"] == pair["second_fits"]:
        return f"Both are nearest to {_nearest(examined, first, pair['first_fits'])}."
    return f"{capital('; '.join(parts))}."


def _nearest(examined: Examined, row: Mapping[str, Any], label: str) -> str:
    found = examined.readings.get((row["document"], row["claim"]), [])
    one = next((one for one in found if one["label"] == label), None)
    return style.clean(label) if one is None else _reading(examined, one, row)


@dataclass(frozen=True)
class _Mixed:
    """A document whose levels of the trade of two countries fit one's count, and whose changes fit the other's."""

    document: str
    countries: tuple[str, str]
    levels: str  # whose count
    changes: str
    number: int  # of levels


def _mixed(examined: Examined) -> list[_Mixed]:
    """The documents that mix two counts: every level that tells them apart fits one, every change the other."""
    sides: dict[tuple[str, tuple[str, str]], list[dict[str, Any]]] = {}
    for row in rows_of(examined.judged.sides):
        sides.setdefault((row["document"], row["countries"]), []).append(row)
    made = []
    for (document, countries), rows in sides.items():
        levels = [row["fits"] for row in rows if row["measure"] == "trade_flow"]
        changes = {row["fits"] for row in rows if row["measure"] == "trade_growth"}
        if len(set(levels)) == len(changes) == 1 and set(levels) != changes:
            made.append(_Mixed(document, countries, levels[0], changes.pop(), len(levels)))
    return made


def _mixed_said(examined: Examined, mixed: _Mixed) -> str:
    """Which of a document's figures fit whose count, as a sentence."""
    names = TreatyNames(examined.register)
    levels = f"its {mixed.number} amounts fit" if mixed.number > 1 else "its amount fits"
    return (
        f"On trade between {names.party(mixed.countries[0])} and {names.party(mixed.countries[1])}, "
        f"{examined.short[mixed.document]} mixes two counts: {levels} figures for {names.party(mixed.levels)} only, "
        f"its change figures for {names.party(mixed.changes)} only."
    )


def arithmetic_table(examined: Examined) -> Exhibit | None:
    """Figures that a document computes from others of its own, and whether they add up. None if there are none."""
    rows = [row for row in examined.rows if is_said(row["arithmetic"])]
    if not rows:
        return None
    says = {(row["document"], row["claim"]): row for row in examined.rows}
    cells = []
    for row in rows:
        parts = [says.get((row["document"], str(name))) for name in row["of"] or ()]
        figures = [claimed(examined, part) for part in parts if part is not None]
        cells.append(
            (
                f"{_of(examined, row)}{row['says']}",
                claimed(examined, row),
                f"{capital(str(row['operation']))} of {listed(figures)}",
                amount(row["arithmetic_value"], row["unit"], like=row),
                capital(str(row["arithmetic"])),
            )
        )
    wrong = sum(row["arithmetic"] != ADDS_UP for row in rows)
    results = counted(len(rows), "result")
    follow = _do(wrong or len(rows), "follows", "follow")
    if wrong:
        title = f"{wrong} of {results} {_do(wrong, 'does', 'do')} not follow from the document’s own figures"
    else:
        title = f"{'All' if len(rows) > 1 else 'The'} {results} {follow} from the document’s own figures"
    return Exhibit.table(
        [Column(head, "left") for head in ("The document says", "It has", "From its own", "Comes to", "Arithmetic")],
        cells,
        name="own-arithmetic",
        title=headline([title], tail=TAIL),
        subtitle="Sums, differences, ratios and growth that the documents state with their parts",
        alt=f"A table of {counted(len(rows), 'result')}. "
        + " ".join(f"{one[0].rstrip('.')}: {one[2]} comes to {one[3]}; {one[4].lower()}." for one in cells),
        notes=["A result adds up if it can come from parts rounded as they are printed."],
        data=_behind(rows, "arithmetic", "arithmetic_value"),
        source=_documents_line(examined, rows),
        sources=_document_entries(examined, rows),
    )


def untested_table(examined: Examined, verdicts: Sequence[str] = ()) -> Exhibit | None:
    """Claims that nothing held can test, and what would be needed. None if there are none, or none is to be shown."""
    rows = [row for row in examined.rows if row["verdict"] == "not testable"]
    if not rows or "not testable" not in chosen(verdicts):
        return None
    cells = [
        (
            f"{_of(examined, row)}{row['says']}",
            _place(row) or EN_DASH,
            str(row["needs"]) if is_said(row["needs"]) else "not known",
        )
        for row in rows
    ]
    return Exhibit.table(
        [Column(head, "left") for head in ("Claim", "Place", "What would be needed")],
        cells,
        name="claims-not-testable",
        title=headline(
            [f"{len(rows)} of {counted(len(examined.rows), 'claim')} cannot be tested with the data held"], tail=TAIL
        ),
        subtitle="Claims without a test, and the data that would test them",
        alt=f"A table of {counted(len(rows), 'claim')}. "
        + " ".join(f"{one[0].rstrip('.')}: needs {lowered(one[2])}" for one in cells),
        data=pd.DataFrame([{key: row[key] for key in ("document", "claim", "place", "says", "needs")} for row in rows]),
        source=_documents_line(examined, rows),
        sources=_document_entries(examined, rows),
    )


def tolerances_table(examined: Examined) -> Exhibit | None:
    """The words of precision that the claims use, and what each allows. None if no claim uses one."""
    used = {row["precision"] for row in examined.rows if is_said(row["precision"])}
    rows = [one for one in rows_of(examined.ledger.precision) if one["word"] in used]
    if not rows:
        return None
    cells = [
        (
            str(one["word"]).replace("-", " "),
            style.clean(one["means"]),
            counted(sum(row["precision"] == one["word"] for row in examined.rows), "claim"),
        )
        for one in rows
    ]
    uses = [int(cell[2].split()[0]) for cell in cells]
    most = cells[uses.index(max(uses))]
    beyond = examined.ledger.close
    notes = [
        f"Close: up to {beyond['quantity'] * 100:g}{NO_BREAK}% of the claimed figure beyond what is allowed, or "
        f"{counted(int(beyond['date_days']), 'day')} beyond a date; for a year and a count nothing beyond it is close."
    ]
    return Exhibit.table(
        [Column("Word", "left"), Column("What it allows", "left"), Column("Used in", bars=uses)],
        cells,
        name="words-of-precision",
        title=headline([f"The word of precision used most is “{most[0]}”, in {most[2]}"], tail=TAIL),
        subtitle="Words of precision of the claims, and what each allows a figure to be",
        alt="A table. " + " ".join(f"{word}: {means} Used in {count}." for word, means, count in cells),
        notes=notes,
        data=pd.DataFrame(cells, columns=["word", "means", "used"]),
        source="Source: the ledger’s own table of words, data/claims/precision.yml.",
        sources=[],
    )


def faults(examined: Examined) -> list[str]:
    """One sentence for each fault of the ledgers, read or judged; the other claims were judged all the same."""
    return list(dict.fromkeys([*examined.ledger.problems, *examined.judged.faulty["problem"].astype(str)]))


def fault_list(examined: Examined) -> list[Prose]:
    """The faults as a list for the page, under a sentence; empty if there are none."""
    found = faults(examined)
    if not found:
        return []
    lead = say("Left out, because the ledger has {count}:", count=counted(len(found), "fault"))
    return [lead, Prose("\n".join(f"- {plain(fault)}" for fault in found))]


# What to say first


def about(examined: Examined) -> Prose:
    """Which documents are examined, each with its entry in the bibliography."""
    rows = rows_of(examined.ledger.documents)
    named = listed([f"{plain(style.clean(row['short']))} [@{row['entry']}]" for row in rows])
    return Prose(f"Examined here: {named}. The claims are put in our own words.")


def findings(examined: Examined, shown: Sequence[Exhibit]) -> list[Finding]:
    """What a summary should say of the documents, each with the exhibit of those ``shown`` that bears it out.

    Three at most: how many claims hold, which failing one teaches most, and what explains where two documents differ;
    arithmetic that fails stands in for one that is missing.
    """
    made = [
        _finding_of_scores(examined, shown),
        _finding_of_worst(examined, shown),
        _finding_of_pairs(examined, shown),
        _finding_of_arithmetic(examined, shown),
    ]
    return [one for one in made if one is not None][:MOST_FINDINGS]


def most_instructive(examined: Examined) -> dict[str, Any] | None:
    """The failing claim that teaches most.

    Contradicted before contested; then one that fits another source's figure or a mixture of two, so that its error is
    explained; figures before dates and words; final figures before preliminary ones, and those before the press; then
    by the number of readings that contradict it, then by the difference.
    """

    def weight(row: dict[str, Any]) -> tuple[bool, bool, bool, int, int, float]:
        against = sum(one["outcome"] == "contradicted" for one in examined.voting(row))
        drawn = _drawable(examined, row)
        size = abs(row["difference"]) if drawn and _finite(row["difference"]) else 0.0
        firm = -(SOFT.index(row["status"]) + 1) if row["status"] in SOFT else 0
        return row["verdict"] == "contradicted", is_said(row["explained_by"]), drawn, firm, against, size

    return max((row for row in examined.rows if row["verdict"] in FAILS), key=weight, default=None)


def _finding_of_scores(examined: Examined, shown: Sequence[Exhibit]) -> Finding | None:
    if not examined.rows:
        return None
    total = _counts(examined.rows)
    tested = [row for row in examined.rows if row["verdict"] != "not testable"]
    press = _on_press(examined)
    documents = [examined.short[document] for document in examined.documents]
    parts = [
        f"{total[verdict]} {_do(total[verdict], 'is', 'are')} {verdict}"
        for verdict in VERDICTS
        if total[verdict] and verdict != "not testable"
    ]
    text = say(
        "Of {claims} in {who}, {tested} can be tested with the data held: {parts}. {press}.",
        "Of {claims} in {who}, {tested} can be tested with the data held: {parts}.",
        "The data held can test none of the {claims} in {who}.",
        claims=counted(len(examined.rows), "claim"),
        who=listed(documents) if len(documents) < 4 else counted(len(documents), "document"),
        tested=len(tested) or None,
        parts=listed(parts),
        press=capital(press) or None,
    )
    return _finding("claims-examined", _named(shown, "claims-scoreboard"), text)


def _finding_of_worst(examined: Examined, shown: Sequence[Exhibit]) -> Finding | None:
    row = most_instructive(examined)
    if row is None:
        return None
    verdict = "No source bears it out" if row["verdict"] == "contradicted" else "Sources differ on it"
    found = _joined([_reading(examined, one, row) for one in _distinct(examined, examined.voting(row), row)])
    values = {
        "short": examined.short[row["document"]],
        "says": row["says"],
        "verdict": verdict,
        "given": f"{lowered(found)}.",
    }
    return _finding(
        "claim-against-the-data",
        _holding(shown, row),
        *_share_told(examined, row),
        say("{short} says: {says} {verdict}: {given}", **values),
        say("{short} says: {says} {verdict}.", **values),
        say("A claim of {short}: {verdict}.", **values),
    )


def _share_told(examined: Examined, row: Mapping[str, Any]) -> list[Prose]:
    """A claimed share that only the partner's figure over the reporter's total gives, in plain words."""
    given_, voting = row["parameters"], examined.voting(row)
    mixed = next((one for one in examined.explaining(row) if one["label"] == row["explained_by"]), None)
    if row["measure"] != "trade_share" or not isinstance(given_, dict) or mixed is None or not voting:
        return []
    names = TreatyNames(examined.register)
    reporter, partner = names.party(given_["reporter"]), names.party(given_["partner"])
    share = SHARES.get(round(row["value"], 1)) if not row["half_digit"] else None
    whose = "own figures" if voting[0]["whose"] == given_["reporter"] and "estimate" not in voting[0]["label"] else ""
    values = {
        "short": examined.short[row["document"]],
        "share": share or claimed(examined, row),
        "again": capital(share) if share else "That share",
        "whose": _of_whom(reporter),
        "flow": {"export": "exports", "import": "imports"}.get(given_["flow"], "trade"),
        "year": str(given_["year"]),
        "partner": partner,
        "by": f"by {_of_whom(reporter)} own figures" if whose else f"by figures for {reporter}",
        "found": _value(examined, voting[0], row),
        "mixed": _value(examined, mixed, row),
    }
    return [
        say(
            "{short} puts {share} of {whose} {flow} of {year} with {partner}; {by} it was {found}. {again} results "
            "only if the figure of {partner} is divided by {whose} total ({mixed}).",
            **values,
        )
    ]


def _of_whom(name: str) -> str:
    return f"{name}’" if name.endswith("s") else f"{name}’s"


def _finding_of_pairs(examined: Examined, shown: Sequence[Exhibit]) -> Finding | None:
    """The first pair of claims that differ because each follows another source; otherwise any that differ.

    Where they are figures of trade, and one of the documents mixes two counts of it, this is said too.
    """
    pairs = [pair for pair in rows_of(examined.judged.pairs) if not pair["agree"]]
    if not pairs:
        return None
    by_claim = {(row["document"], row["claim"]): row for row in examined.rows}
    pair = min(
        pairs,
        key=lambda one: (
            not _tells(one),
            by_claim[one["first_document"], one["first_claim"]]["kind"] != "quantity",
        ),
    )
    first = by_claim[pair["first_document"], pair["first_claim"]]
    second = by_claim[pair["second_document"], pair["second_claim"]]
    values = {
        "one": examined.short[first["document"]],
        "first": first["says"],
        "other": examined.short[second["document"]],
        "second": second["says"],
        "why": _explained(examined, pair, first, second),
    }
    return _finding(
        "documents-against-each-other",
        _named(shown, "documents-compared"),
        *_two_counts(examined, pair, first, second),
        say("Two documents differ. {one} says: {first} {other} says: {second} {why}", **values),
        say("{one} and {other} differ. {why}", **values),
        say("{one} and {other} differ.", **values),
    )


def _two_counts(
    examined: Examined, pair: Mapping[str, Any], first: Mapping[str, Any], second: Mapping[str, Any]
) -> list[Prose]:
    """Two claims on one flow that each follow another country's count, and whether a document mixes the two counts."""
    near = [
        next((one for one in examined.readings[row["document"], row["claim"]] if one["label"] == fits), None)
        for row, fits in ((first, pair["first_fits"]), (second, pair["second_fits"]))
        if _is_flow(row)
    ]
    if len(near) < 2 or near[0] is None or near[1] is None or near[0]["whose"] == near[1]["whose"]:
        return []
    names, asked = TreatyNames(examined.register), first["parameters"]
    flow, way = {"export": ("Exports", "to"), "import": ("Imports", "from")}.get(asked["flow"], ("Trade", "with"))
    countries = tuple(sorted((asked["reporter"], asked["partner"])))
    mixed = next((one for one in _mixed(examined) if one.countries == countries), None)
    values = {
        "flow": flow,
        "reporter": names.party(asked["reporter"]),
        "way": way,
        "partner": names.party(asked["partner"]),
        "year": str(asked["year"]),
        "one": examined.short[first["document"]],
        "other": examined.short[second["document"]],
        "more": claimed(examined, first),
        "less": claimed(examined, second),
        "whose": names.party(near[0]["whose"]),
        "figure": _value(examined, near[0], first) + _short_mark(examined, near[0]),
        "others": names.party(near[1]["whose"]),
        "against": _value(examined, near[1], second) + _short_mark(examined, near[1]),
    }
    told = (
        "{flow} of {reporter} {way} {partner} in {year}: {one} has {more}, {other} {less}. The one is nearest to the "
        "count of {whose}, {figure}, the other to that of {others}, {against}."
    )
    if mixed is None:
        return [say(told, **values)]
    levels = f"{mixed.number} amounts fit" if mixed.number > 1 else "amount fits"
    values |= {
        "mixer": examined.short[mixed.document],
        "levels": f"{levels} only the count of {names.party(mixed.levels)}",
        "change": names.party(mixed.changes),
    }
    return [
        say(f"{told} {{mixer}} mixes the two: its {{levels}}, its change only that of {{change}}.", **values),
        say(told, **values),
    ]


def _is_flow(row: Mapping[str, Any]) -> bool:
    return row["measure"] == "trade_flow" and isinstance(row["parameters"], dict)


def _short_mark(examined: Examined, one: Mapping[str, Any]) -> str:
    mark = _press(examined, one) or (one["status"] if one["status"] in SOFT else "")
    return f" ({mark})" if mark else ""


def _finding_of_arithmetic(examined: Examined, shown: Sequence[Exhibit]) -> Finding | None:
    wrong = [row for row in examined.rows if is_said(row["arithmetic"]) and row["arithmetic"] != ADDS_UP]
    if not wrong:
        return None
    row = wrong[0]
    values = {
        "short": examined.short[row["document"]],
        "says": row["says"],
        "value": amount(row["arithmetic_value"], row["unit"], like=row),
    }
    return _finding(
        "own-arithmetic-fails",
        _named(shown, "own-arithmetic"),
        say("{short} says: {says} Its own figures come to {value}.", **values),
        say("Figures of {short} do not add up.", **values),
    )


def _finding(name: str, exhibit: str | None, *forms: Prose) -> Finding:
    """The first form that is short enough for a finding; a document may be of any length, the last form is short."""
    fitting = [form for form in forms if len(form.markdown.split(" ")) <= LONGEST]
    return Finding(fitting[0] if fitting else forms[-1], name=name, exhibit=exhibit)


def _named(shown: Sequence[Exhibit], name: str) -> str | None:
    return name if any(exhibit.name == name for exhibit in shown) else None


def _holding(shown: Sequence[Exhibit], row: Mapping[str, Any]) -> str | None:
    """The first exhibit with the claim among its numbers, a chart before a table."""
    for exhibit in sorted(shown, key=lambda exhibit: exhibit.kind != "chart"):
        columns = [column["name"] for column in exhibit.data["columns"]]
        if {"document", "claim"} <= set(columns):
            places = columns.index("document"), columns.index("claim")
            if any(
                tuple(cells[place] for place in places) == (row["document"], row["claim"])
                for cells in exhibit.data["rows"]
            ):
                return exhibit.name
    return None


# Pieces


def _counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many rows have each verdict, in the order of ``VERDICTS``."""
    return {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}


def _on_press(examined: Examined) -> str:
    """How many verdicts have nothing but press reports for their first reading, and how many mostly; empty if none."""
    marks = [_press(examined, row) for row in examined.rows if is_said(row["status"])]
    alone, mostly = marks.count("press"), marks.count("mostly press")
    parts = [f"{counted(alone, 'verdict')} {_do(alone, 'rests', 'rest')} on press reports alone"] if alone else []
    if mostly:
        parts.append(f"{mostly if alone else counted(mostly, 'verdict')} mostly on them" if alone else "")
        parts[-1] = parts[-1] or f"{counted(mostly, 'verdict')} {_do(mostly, 'rests', 'rest')} mostly on press reports"
    return listed(parts) if parts else ""


def _of(examined: Examined, row: Mapping[str, Any]) -> str:
    """The document a claim stands in, where several are examined."""
    return f"{examined.short[row['document']]}: " if len(examined.documents) > 1 else ""


def _place(row: Mapping[str, Any]) -> str:
    """Where a claim stands, for a narrow cell."""
    return re.sub(r"\bparagraph (?=\d)", f"¶{NO_BREAK}", style.clean(row["place"])) if is_said(row["place"]) else ""


def _topic(measure: str) -> str:
    """What a measure is about, within a sentence."""
    known = MEASURES.get(measure)
    return lowered(style.clean(known.title)) if known is not None else str(measure).replace("_", " ")


def _behind(rows: Sequence[Mapping[str, Any]], *more: str) -> pd.DataFrame:
    """The numbers behind a table of claims; an open side is left empty."""
    kept = ("document", "claim", "place", "says", "kind", "unit", "value", "precision", "verdict", "low", "high")
    table = []
    for row in rows:
        cells = {key: _closed(row[key]) if key in ("value", "low", "high") else row[key] for key in kept}
        cells["difference"] = (
            row["difference"] if row["kind"] in ("quantity", "date") and _finite(row["difference"]) else math.nan
        )
        table.append(cells | {key: row[key] for key in (*more, "status", "source")})
    return pd.DataFrame(table)


def _provenance(examined: Examined, cells: Iterable[Any]) -> dict[str, Any]:
    """The source line and the entries behind cells of identifiers: solid publications first, the press counted."""
    weight: dict[str, int] = {}
    for cell in cells:
        for name in _split(cell):
            weight[name] = weight.get(name, 0) + 1
    entries = examined.sources
    ordered = sorted(weight, key=lambda name: (-weight[name], name))
    solid = [_cited(entries[name]) for name in ordered if entries[name]["kind"] != "press"]
    solid = list(dict.fromkeys(solid))
    press = [entries[name] for name in ordered if entries[name]["kind"] == "press"]
    parts = solid[:PUBLICATIONS]
    if len(solid) > PUBLICATIONS:
        parts.append(counted(len(solid) - PUBLICATIONS, "other publication"))
    if press:
        named = list(dict.fromkeys(str(one["publisher"] or one["producer"]) for one in press))
        parts.append(
            f"{counted(len(press), 'press report')} ({', '.join(named[:3])}{' and others' if len(named) > 3 else ''})"
        )
    line = (
        f"{'Source' if len(parts) == 1 else 'Sources'}: {'; '.join(parts)}."
        if parts
        else "Source: none. Nothing held speaks to these claims."
    )
    return {"source": line, "sources": [entries[name] for name in sorted(weight)]}


def _cited(entry: Mapping[str, Any]) -> str:
    when = data.vintage_said(entry)
    return f"{entry['producer']}, {entry['title']}{f' ({when})' if when else ''}"


def _documents_line(examined: Examined, rows: Sequence[Mapping[str, Any]]) -> str:
    entries = _document_entries(examined, rows)
    named = [_cited(one) for one in entries]
    return (
        f"{'Source' if len(named) == 1 else 'Sources'}: {'; '.join(named)}."
        if named
        else "Source: the documents examined."
    )


def _document_entries(examined: Examined, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The documents themselves as sources."""
    wanted = {row["document"] for row in rows}
    table = examined.ledger.documents
    return [dict(one) for one in data.sources(table[table["document"].isin(wanted)])]


def _publishers(examined: Examined, cell: Any) -> str:
    """Who published what a verdict rests on, with the vintage, in a few words."""
    found = []
    for name in _split(cell):
        entry = examined.sources[name]
        year = f" {str(entry['vintage'])[:4]}" if entry["vintage"] else ""
        press = entry["kind"] == "press"
        who = (entry["publisher"] or entry["producer"]) if press else entry["producer"]
        found.append(f"{who}{year}{', press' if press else ''}")
    once = list(dict.fromkeys(found))
    few = NAMED if len(once) == NAMED else NAMED - 1
    return "; ".join([*once[:few], *([f"{len(once) - few} more"] if len(once) > few else [])]) or EN_DASH


def _split(cell: Any) -> list[str]:
    return [part.strip() for part in str(cell).split(";") if part.strip()] if is_said(cell) else []


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _closed(value: Any) -> float:
    return float(value) if _finite(value) else math.nan


def _days(date: Any, until: Any) -> str:
    """A day, or the first and last of a period."""
    return f"{day_said(date)} to {day_said(until)}" if is_said(until) and until != date else day_said(date)


def _do(number: int, one: str, many: str) -> str:
    return one if number == 1 else many
