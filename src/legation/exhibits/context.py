"""The exhibits of what stands around a visit: a timeline, votes, arms, and what officials have stated.

Each function takes results of ``legation.analysis.context``. What was not seen, what was absent and what is nothing are
drawn and said differently; what only the press reports is hollow; a stated bound is drawn as a bound.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from legation import data
from legation.analysis.context import ABOVE, BELOW, DISPUTED, NOT_SEEN, VOTES, reversal
from legation.analysis.treaties import split
from legation.exhibits import style
from legation.exhibits.drawing import Event
from legation.exhibits.exhibit import Column, Exhibit
from legation.exhibits.prose import listed
from legation.exhibits.style import EN_DASH, NO_BREAK, SEMIBOLD, SMALL, TEXT, Canvas
from legation.exhibits.view import Names, capital, events_within, headline, most_telling
from legation.exhibits.wording import counted, day_said, rows_of

#: What the mark of an event is, and the words beside it in the key.
MARKERS = {
    "visit": ("o", 6.0, "visit"),
    "meeting": ("D", 4.6, "meeting elsewhere"),
    "agreed": ("s", 5.4, "treaty or agreement"),
    "in force": ("^", 6.2, "ratified, in force"),
    "ended": ("X", 6.2, "ended"),
    "pressure": ("v", 6.2, "war, sanctions, arms, troops"),
    "other": (".", 6.0, "other"),
}
TIV_NOTE = (
    "TIV is SIPRI’s trend-indicator value: it weighs the military worth of what was handed over and is not money; it "
    "says nothing of prices, and cannot be set beside trade."
)
NONE_NOTE = (
    "A ring on the base line: the register covers the year and identifies no delivery, which is not proof of none."
)
VOTE_WORDS = {
    "yes": ("yes", "in favour"),
    "no": ("no", "against"),
    "abstain": ("abst.", "abstained"),
    "absent": ("away", "absent, by a source"),
    DISPUTED: ("≠", "equally firm sources differ"),
    NOT_SEEN: ("?", "not seen"),
}
BOUND_WORDS = {
    "exactly": "",
    "about": "about ",
    "nearly": "nearly ",
    "at-least": "at least ",
    "more-than": "more than ",
    "up-to": "up to ",
    "less-than": "less than ",
}
#: A subject of statements, as its topic spells it, and its words.
SUBJECTS = (
    (r"containers-(\w+)-to-(\w+)", "containers", "Containers from {0} to {1}"),
    (r"missiles-(\w+)-fired-by-(\w+)", "missiles", "Missiles from {0} fired by {1}"),
    (r"troops-(\w+)-in-(\w+)", "soldiers", "Soldiers from {0} in {1}"),
    (r"investment-(\w+)-in-(\w+)", "investment", "Investment from {0} in {1}"),
    (r"projects-(\w+)-in-(\w+)", "projects", "Investment projects from {0} in {1}"),
)
ROW = 11.4
#: Publications that a source line names; the others are counted there and listed at the end of the report.
NAMED = 3
#: A difference of shares that a title may speak of.
CLEARLY = 0.2
COUNTS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


# Events


def timeline(
    rows: pd.DataFrame,
    disputed: pd.DataFrame,
    visits: pd.DataFrame,
    *,
    person: str,
    state: str,
    years: tuple[int, int],
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Events in lanes over the years, each named beside its mark.

    ``rows``, ``disputed``, ``visits``: results of ``context.timeline``, ``disputed_dates`` and ``visits``.
    """
    if rows.empty:
        raise ValueError(
            f"No event is on file for these states in {style.years(*years)}. "
            "Widen the years, or leave this exhibit out."
        )
    n = Names(names)
    hosts = list(visits["host"])
    lanes = {lane: _lane_words(lane, state, hosts, n) for lane in dict.fromkeys(rows["lane"])}
    went = [f"{number(int(row['visits']))} to {n.the(row['host'])}" for row in rows_of(visits)]
    total = int(visits["visits"].sum())
    forms = [
        f"{_possessive(person)} visits on file since {years[0]}: {', '.join(went)}",
        f"{_possessive(person)} visits on file: {', '.join(went)}",
        f"{_possessive(person)} visits on file since {years[0]}: {number(total)} in all",
    ]
    own = rows["mark"].eq("visit") & rows["person"].eq(person)
    described = [
        f"{words}: " + "; ".join(f"{row['label']}, {_when(row)}" for row in rows_of(rows[rows["lane"] == lane])) + "."
        for lane, words in lanes.items()
    ]
    ids = {part for cell in rows["id"] for part in str(cell).split("+")}
    notes = _date_notes(disputed[disputed["id"].isin(ids)])
    if rows["press"].any():
        count = int(rows["press"].sum())
        notes.insert(0, f"Hollow marks: {count} of {len(rows)} events are known here from press reports alone.")
    notes.append("Events on file are those looked for; the list is not complete.")
    return Exhibit.chart(
        lambda canvas: _draw_timeline(canvas, rows.assign(own=own), lanes, years, style.colour(state)),
        name=f"timeline-{_slug(state, *hosts)}",
        title=headline(n, lambda _: forms),
        subtitle=f"Visits, treaties and what came of them, on file for {style.years(*years)}",
        alt=f"A line of time with {counted(len(lanes), 'lane')}. {' '.join(described)}",
        notes=notes,
        data=rows[["lane", "date", "until", "kind", "person", "host", "label", "description", "press", "source"]],
        **_provenance(rows),
    )


def events_table(
    rows: pd.DataFrame,
    disputed: pd.DataFrame,
    *,
    first: str,
    last: str,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """The events of chosen months, day by day, each with who reports it. ``rows``: ``context.around``."""
    if rows.empty:
        raise ValueError(f"No event is on file from {_month(first)} to {_month(last)}. Choose other months.")
    n = Names(names)
    start = _month(first).rpartition(" ")[0] if first[:4] == last[:4] else _month(first)
    when = _month(first) if first == last else f"{start} to {_month(last)}"
    press = int(rows["press"].sum())
    part = "none" if not press else "all" if press == len(rows) else f"{press}"
    known = f"{part} from the press alone"
    forms = [
        f"{counted(len(rows), 'event')} on file from {when}, {known}",
        f"{counted(len(rows), 'event')} on file, {known}",
        f"{counted(len(rows), 'event')} on file from {when}",
    ]
    producers = _producers(rows)
    shown = [
        (
            _when(row),
            str(row["description"]),
            f"{listed(producers[row['id']])}{' (press)' if row['press'] else ''}",
        )
        for row in rows_of(rows)
    ]
    return Exhibit.table(
        [Column(label, "left") for label in ("When", "What happened", "Source")],
        shown,
        name=f"events-{first}-to-{last}",
        title=headline(n, lambda _: forms),
        subtitle=f"Events on file, {when}, in order of date",
        alt=f"A table of {counted(len(rows), 'event')}: "
        + "; ".join(f"{_when(row)}, {row['label']}" for row in rows_of(rows))
        + ".",
        notes=_date_notes(disputed[disputed["id"].isin(rows["id"])]),
        data=rows[["date", "until", "kind", "person", "host", "label", "description", "countries", "press", "source"]],
        **_provenance(rows),
    )


def _lane_words(lane: str, state: str, hosts: Sequence[str], n: Names) -> str:
    if lane == "all":
        return "War and sanctions"
    if lane == "others":
        return f"{listed([n(host) for host in hosts])} with others"
    return f"{n(state)} and {n(lane)}"


@dataclass(frozen=True)
class _Placed:
    """An event on the sheet: the middle of its mark, its line, and where its words begin or, before it, end."""

    row: Mapping[str, Any]
    middle: float
    y: float
    x: float
    align: str
    words: str


def _draw_timeline(
    canvas: Canvas, rows: pd.DataFrame, lanes: Mapping[str, str], years: tuple[int, int], color: str
) -> None:
    """Each event is a mark with its words beside it; words that would meet stand on lines below one another."""
    left, right = 11.0, canvas.width - 5
    scale = (right - left) / (years[1] + 1 - years[0])

    def at(year: float) -> float:
        return left + (min(max(year, years[0]), years[1] + 1) - years[0]) * scale

    wars = rows_of(rows[rows["kind"] == "war"])
    rows = rows[rows["kind"] != "war"]
    top = y = ROW * len(wars)
    placed: list[_Placed] = []
    heads: list[tuple[float, str]] = []
    for lane, words in lanes.items():
        mine = rows_of(rows[rows["lane"] == lane])
        if not mine:
            continue
        heads.append((y, words))
        y += 16
        taken: list[list[tuple[float, float]]] = []
        for row in mine:
            weight = SEMIBOLD if row["own"] else style.REGULAR
            start, end = _ends(row)
            reach = max((at(end) - at(start)) / 2, 3.2)
            middle = at((start + end) / 2)
            beside = max(canvas.width - middle, middle) - reach - 4  # what the wider of the two sides holds
            text = style.fit(f"{row['label']}, {_when(row)}", beside, size=SMALL, weight=weight)
            line, x, align = _free(taken, middle, reach, style.text_width(text, SMALL, weight), canvas.width)
            placed.append(_Placed(row, middle, y + ROW * (line + 0.5), x, align, text))
        y += ROW * len(taken) + 5
    shown = [mark for mark in MARKERS if mark in set(rows["mark"])]
    key = _key_lines(canvas, shown, press=bool(rows["press"].any()))
    canvas.set_height(y + 20 + 13 * len(key))
    axes = canvas.axes(left, top, right - left, max(y - top, 1.0))
    axes.set_xlim(years[0], years[1] + 1)
    style.year_axis(axes, *years)
    axes.grid(visible=True, axis="x", color=style.GRID, linewidth=0.6)
    for place, war in enumerate(wars):
        x, height = at(war["start"]), ROW * (place + 0.5)
        ends = [canvas.height - height, canvas.height - y]
        rule = Line2D([x, x], ends, color=style.CONTEXT, linewidth=0.6, zorder=0.5, transform=None)
        canvas.figure.add_artist(rule)
        words = f"{war['label']}, {_when(war)}"
        canvas.text(x - 3, height, words, ha="right", fontsize=SMALL, color=style.MUTED, room=x - 3)
    for place, (height, words) in enumerate(heads):
        if place:
            _rule(canvas, 0, canvas.width, canvas.height - height - 1)
        _paper(canvas, 0, height + 8, style.text_width(words, SMALL, SEMIBOLD) + 3)
        canvas.text(0, height + 8, words, fontsize=SMALL, color=style.MUTED, fontweight=SEMIBOLD, room=canvas.width)
    for one in placed:
        _draw_placed(canvas, one, at, color if one.row["own"] else style.INK)
    _draw_key(canvas, key, y + 24)


def _draw_placed(canvas: Canvas, one: _Placed, at: Callable[[float], float], ink: str) -> None:
    row, weight = one.row, SEMIBOLD if one.row["own"] else style.REGULAR
    wide = style.text_width(one.words, SMALL, weight)
    _paper(canvas, one.x - 1 if one.align == "left" else one.x - wide - 1, one.y, wide + 2)
    ends = _ends(row)
    if ends[1] - ends[0] > 0.02:
        heights = [canvas.height - one.y] * 2
        canvas.figure.add_artist(Line2D([at(ends[0]), at(ends[1])], heights, color=ink, linewidth=1.4, transform=None))
    _mark(canvas, one.middle, one.y, row["mark"], ink, hollow=bool(row["press"]))
    canvas.text(one.x, one.y, one.words, ha=one.align, fontsize=SMALL, color=ink, fontweight=weight)


def _ends(row: Mapping[str, Any]) -> tuple[float, float]:
    """From when to when an event may have been, in decimal years: all of the year where only that is known."""
    if len(str(row["date"])) == 4:
        return float(row["date"]), float(row["date"]) + 1
    return float(row["start"]), float(row["end"])


def _free(
    taken: list[list[tuple[float, float]]], middle: float, reach: float, wide: float, room: float
) -> tuple[int, float, str]:
    """The first line on which mark and words stand clear, and where the words begin or end; a new line if need be."""
    after, before = (middle + reach + 3, "left"), (middle - reach - 3, "right")
    sides = [after] if after[0] + wide <= room else []
    sides += [before] if before[0] - wide >= 0 else []
    for line, boxes in enumerate([*taken, []]):
        for x, align in sides:
            start = x if align == "left" else x - wide
            low, high = min(start, middle - reach) - 4, max(start + wide, middle + reach) + 4
            if all(high <= first or low >= last for first, last in boxes):
                if line == len(taken):
                    taken.append([])
                taken[line].append((low, high))
                return line, x, align
    raise AssertionError("an empty line is free")


def _key_lines(canvas: Canvas, marks: Sequence[str], *, press: bool) -> list[list[tuple[str, str, bool]]]:
    """The key in lines that fit the sheet: mark, words, whether hollow."""
    entries = [(mark, MARKERS[mark][2], False) for mark in marks]
    if press:
        entries.append((marks[0], "hollow: press alone", True))
    lines: list[list[tuple[str, str, bool]]] = [[]]
    used = 0.0
    for entry in entries:
        wide = style.text_width(entry[1], SMALL) + 22
        if lines[-1] and used + wide > canvas.width:
            lines.append([])
            used = 0.0
        lines[-1].append(entry)
        used += wide
    return lines


def _draw_key(canvas: Canvas, lines: Sequence[Sequence[tuple[str, str, bool]]], y: float) -> None:
    for place, line in enumerate(lines):
        x = 4.0
        for mark, words, hollow in line:
            _mark(canvas, x, y + place * 13, mark, style.MUTED, hollow=hollow)
            canvas.text(x + 6, y + place * 13, words, fontsize=SMALL, color=style.MUTED)
            x += style.text_width(words, SMALL) + 22


def _mark(canvas: Canvas, x: float, y: float, mark: str, color: str, *, hollow: bool) -> None:
    marker, size, _ = MARKERS[mark]
    look: dict[str, Any] = {"markerfacecolor": style.PAPER if hollow else color, "markeredgecolor": color}
    line = Line2D([x], [canvas.height - y], marker=marker, markersize=size, markeredgewidth=0.9, transform=None, **look)
    canvas.figure.add_artist(line)


def _date_notes(disputed: pd.DataFrame) -> list[str]:
    """What other sources say of the day, a sentence an event."""
    notes = []
    for _, group in disputed.groupby("id", sort=False):
        first = group.iloc[0]
        given = [f"{day_said(row['other'])} ({', '.join(_producers_of(row['source']))})" for row in rows_of(group)]
        notes.append(f"{first['label']}, dated {day_said(first['date'])} here: elsewhere {listed(given)}.")
    return notes


# Votes


def vote_matrix(
    matrix: pd.DataFrame,
    tallies: pd.DataFrame,
    counts: pd.DataFrame,
    *,
    focus: str,
    topic: str,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Resolutions down, countries across, the vote in the cell.

    ``matrix``, ``tallies``, ``counts``: results of ``context.vote_matrix``, ``tallies`` and ``vote_counts``.
    """
    n = Names(names)
    countries = list(dict.fromkeys(matrix["country"]))
    if focus not in countries:
        raise ValueError(f"{focus} is not among the countries of these votes: {', '.join(countries)}. Add it there.")
    own = {str(key): value for key, value in counts.set_index("country").loc[focus].items()}
    years = style.years(int(tallies["date"].min()[:4]), int(tallies["date"].max()[:4]))
    described = [
        f"{n(country)}: "
        + ", ".join(f"{row[kind]} {VOTE_WORDS[kind][1]}" for kind in (*VOTES, DISPUTED, NOT_SEEN) if row[kind])
        + "."
        for country, row in ((row["country"], row) for row in rows_of(counts))
    ]
    producers = _producers_by_id(matrix, tallies)
    notes = [
        "A question mark: no source that was read shows the vote. It is neither an absence nor an abstention.",
        *_vote_notes(matrix, n, producers),
        *_tally_notes(tallies, producers),
    ]
    table = matrix.assign(vote=matrix["vote"].where(matrix["vote"] != NOT_SEEN, None))
    cells = {(row["resolution"], row["country"]): row for row in rows_of(matrix)}
    heads = {row["resolution"]: row for row in rows_of(tallies)}
    return Exhibit.chart(
        lambda canvas: _draw_votes(canvas, cells, heads, countries, n, focus),
        name=f"votes-{topic}-{_slug(focus)}",
        title=headline(n, lambda m: _vote_forms(m(focus), own)),
        subtitle=f"Votes in the {bodies(tallies)} on {counted(len(heads), 'resolution')}, {years}: number, day, "
        f"yes{EN_DASH}no{EN_DASH}abstained",
        alt=f"A grid of {counted(len(heads), 'resolution')} by {counted(len(countries), 'country', 'countries')}. "
        + " ".join(described),
        notes=notes,
        data=table[["resolution", "date", "subject", "country", "vote", "conflict", "readings", "source"]],
        **_provenance(matrix, tallies),
    )


def bodies(tallies: pd.DataFrame) -> str:
    """Where the votes were cast: General Assembly, Security Council, or both. ``tallies``: that result."""
    words = {"GA": "General Assembly", "SC": "Security Council"}
    return listed([words.get(str(body), str(body)) for body in dict.fromkeys(tallies["body"])])


def _vote_forms(name: str, own: Mapping[str, Any]) -> list[str]:
    """The title, by what a country did: never in favour, always alike, or so and so often."""
    seen, yes, no, kept = (int(own[key]) for key in ("seen", "yes", "no", "abstain"))
    if seen == 0:
        return [f"No vote of {name} on these resolutions was seen"]
    votes = f"the {counted(seen, 'vote')} seen" if seen > 1 else "the one vote seen"
    every = f"all of {votes}" if seen > 1 else votes
    if yes == 0 and no and kept:
        return [
            f"{name} never voted in favour in {votes}, abstaining {times(kept)}",
            f"{name} never voted in favour in {votes}",
        ]
    if yes == 0 and no == 0:
        return [f"{name} abstained in {every}"]
    for count, verb in ((yes, "in favour"), (no, "against")):
        if count == seen:
            return [f"{name} voted {verb} in {every}", f"{name} voted {verb} in {votes}"]
    return [
        f"{name} voted {times(yes)} in favour in {votes}, {times(no)} against",
        f"{name} voted in favour in {yes} of {votes}",
    ]


def _vote_notes(matrix: pd.DataFrame, n: Names, producers: Mapping[str, str]) -> list[str]:
    notes = []
    for row in rows_of(matrix[matrix["conflict"]]):
        said: dict[str, list[str]] = {}
        for reading in split(row["readings"]):
            vote, _, source = reading.partition("@")
            said.setdefault(vote, []).append(producers.get(source, source))
        told = "; ".join(f"{VOTE_WORDS[vote][1]} by {listed(who)}" for vote, who in said.items())
        notes.append(f"Sources differ (*) on {n.the(row['country'])}, {_number(row['resolution'])}: {told}.")
    return notes


def _tally_notes(tallies: pd.DataFrame, producers: Mapping[str, str]) -> list[str]:
    notes = []
    for row in rows_of(tallies[tallies["conflict"].notna()]):
        others = [part.partition("@") for part in split(row["conflict"])]
        told = "; ".join(f"{tally} by {producers.get(source, source)}" for tally, _, source in others)
        notes.append(f"The count of {_number(row['resolution'])} (*) is {told} instead.")
    return notes


def _draw_votes(
    canvas: Canvas,
    cells: Mapping[tuple[str, str], Mapping[str, Any]],
    heads: Mapping[str, Mapping[str, Any]],
    countries: Sequence[str],
    n: Names,
    focus: str,
) -> None:
    """Against is filled dark, in favour framed, abstention pale; every cell has its word as well."""
    narrow = canvas.narrow
    longest = max(style.text_width(part, SMALL, SEMIBOLD) for one in countries for part in [*n(one).split(), ""]) + 4
    most = (canvas.width if narrow else canvas.width * 0.6) / len(countries)
    coded = longest > most
    wide = min(most, 40.0) if narrow else min(max(longest, 26.0), most) if not coded else min(26.0, most)
    room = 0.0 if narrow else canvas.width - wide * len(countries)
    labels = {one: [one] if coded else _wrapped(n(one), wide - 2) for one in countries}
    lines = max(map(len, labels.values()))
    top, pitch = lines * 9.6 + 4, 37.0 if narrow else 21.5
    codes = _filled([f"{code} {n(code)}" for code in countries] if coded else [], canvas.width)
    marks = [mark for mark in VOTE_WORDS if mark in {cell["vote"] for cell in cells.values()}]
    key = _filled([f"{VOTE_WORDS[mark][0]}  {VOTE_WORDS[mark][1]}" for mark in marks], canvas.width)
    canvas.set_height(top + pitch * len(heads) + 8 + 12 * (len(key) + len(codes)))
    for place, country in enumerate(countries):
        for line, text in enumerate(labels[country]):
            y = top - 3 - (len(labels[country]) - line - 0.5) * 9.6
            weight = SEMIBOLD if country == focus else style.REGULAR
            x = room + wide * (place + 0.5)
            canvas.text(x, y, text, ha="center", fontsize=SMALL, fontweight=weight, room=wide)
    for row, (name, head) in enumerate(heads.items()):
        y = top + pitch * row
        _rule(canvas, 0, canvas.width, canvas.height - y)
        tally = EN_DASH.join("?" if pd.isna(head[key]) else str(head[key]) for key in ("yes", "no", "abstain"))
        star = "*" if isinstance(head["conflict"], str) else ""
        told = f"{_number(name)}, {day_said(head['date'], short=True)}, {tally}{star}"
        label_room = canvas.width if narrow else room - 6
        canvas.text(0, y + 7.3, str(head["subject"]), room=label_room, fontsize=SMALL)
        canvas.text(0, y + 16.2, told, room=label_room, fontsize=SMALL, color=style.MUTED)
        high = 12.0 if narrow else 15.5
        at = y + (22.5 if narrow else 3.0)
        for place, country in enumerate(countries):
            _draw_vote(canvas, cells[(name, country)], room + wide * place, at, wide, high)
    y = top + pitch * len(heads) + 10
    for words in [*key, *codes]:
        canvas.text(0, y, words, fontsize=SMALL, color=style.MUTED, room=canvas.width)
        y += 12


def _draw_vote(canvas: Canvas, cell: Mapping[str, Any], x: float, y: float, wide: float, high: float) -> None:
    vote, star = cell["vote"], "*" if cell["conflict"] else ""
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": "none", "linewidth": 0.0}
    ink = style.MUTED
    if vote == "no":
        look["facecolor"], ink = style.MUTED, style.PAPER
    elif vote == "yes":
        look |= {"edgecolor": style.INK, "linewidth": 1.0}
        ink = style.INK
    elif vote == "abstain":
        look["facecolor"], ink = style.GRID, style.INK
    if look["facecolor"] != "none" or look["linewidth"]:
        _box(canvas, x + 1.2, y, wide - 2.4, high, **look)
    weight = SEMIBOLD if vote in ("yes", "no") else style.REGULAR
    words = VOTE_WORDS[vote][0] + star
    if style.text_width(words, SMALL, weight) > wide:
        words = words[:2] + star
    canvas.text(x + wide / 2, y + high / 2, words, ha="center", fontsize=SMALL, color=ink, fontweight=weight)


def agreement(rows: pd.DataFrame, *, focus: str, topic: str, names: Mapping[str, str] | None = None) -> Exhibit:
    """How often each country cast the same vote as each of two states. ``rows``: ``context.agreement``."""
    n = Names(names)
    poles = list(dict.fromkeys(rows["pole"]))
    countries = list(dict.fromkeys(rows.loc[~rows["country"].isin(poles), "country"]))
    table = {(row["country"], row["pole"]): row for row in rows_of(rows)}
    if not countries:
        raise ValueError("Besides the states compared with, no country is left to show. Name more countries.")
    own = [table[(focus, pole)] for pole in poles if (focus, pole) in table]
    kept = rows[rows["country"].isin(countries)]
    described = [
        f"{n(country)}: " + "; ".join(f"{_of(table[(country, pole)])} with {n.the(pole)}" for pole in poles) + "."
        for country in countries
    ]
    without = kept[kept["compared"] == 0]
    notes = [
        "Counted over the resolutions on which both votes were seen: absences and votes not seen are left out, so the "
        "numbers compared differ. An abstention agrees only with an abstention."
    ]
    notes += [
        f"Never seen to vote on the same resolution: {n(r['country'])} and {n.the(r['pole'])}."
        for r in rows_of(without)
    ]
    return Exhibit.chart(
        lambda canvas: _draw_agreement(canvas, table, countries, poles, n, focus),
        name=f"agreement-{topic}-{_slug(focus)}",
        title=headline(n, lambda m: _agreement_forms(m, focus, own)),
        subtitle=f"Same vote as {listed([n.the(pole) for pole in poles])}, as a share of the votes compared",
        alt=f"One row a country, a mark for each of {listed([n.the(pole) for pole in poles])}. {' '.join(described)}",
        notes=notes,
        data=kept[["country", "pole", "alike", "compared", "share"]],
        units={"share": "share"},
        **_provenance(kept),
    )


def _agreement_forms(n: Names, focus: str, own: Sequence[Mapping[str, Any]]) -> list[str]:
    known = [row for row in own if row["compared"]]
    who = n(focus)
    if not known:
        return [f"No vote of {who} can be compared with the others"]
    forms = []
    if len(known) == 2:
        first, second = known
        if first["compared"] == second["compared"]:
            told = [number(row["alike"]) for row in known]
            where = f"{told[0]} of {first['compared']} votes, {n.the(second['pole'])} in {told[1]}"
            forms.append(f"{who} matched {n.the(first['pole'])} in {where}")
        elif first["alike"] and second["alike"]:
            said = [f"{n.the(row['pole'])} {times(row['alike'])} in {row['compared']}" for row in known]
            forms.append(f"{who} matched {said[0]} votes, {said[1]}")
        high, low = sorted(known, key=lambda row: -row["share"])
        if high["share"] - low["share"] >= CLEARLY:
            forms.append(f"{who} voted with {n.the(high['pole'])} more often than with {n.the(low['pole'])}")
        else:
            forms.append(f"{who} matched {n.the(high['pole'])} about as often as {n.the(low['pole'])}")
    most = max(known, key=lambda row: row["share"])
    return [*forms, f"{who} cast the same vote as {n.the(most['pole'])} in {_of(most)} votes"]


def _of(row: Mapping[str, Any]) -> str:
    return f"{row['alike']} of {row['compared']}" if row["compared"] else "nothing to compare"


def _draw_agreement(
    canvas: Canvas,
    table: Mapping[tuple[str, str], Mapping[str, Any]],
    countries: Sequence[str],
    poles: Sequence[str],
    n: Names,
    focus: str,
) -> None:
    """Two marks a row on a line from nothing to all; the counts beside them."""
    heads = [_wrapped(n(pole), 40.0) if canvas.narrow else [n(pole)] for pole in poles]
    pitch, top = 16.0, 8.0 + 9.6 * max(map(len, heads))
    canvas.set_height(top + pitch * len(countries) + 17)
    widest = max(style.text_width(n(one), TEXT, SEMIBOLD) for one in countries)
    left = min(widest, canvas.width * 0.3) + 12
    column = max([style.text_width(line, SMALL, SEMIBOLD) for lines in heads for line in lines] + [34.0]) + 16
    column = min(column, canvas.width * 0.24)
    right = canvas.width - column * len(poles) - 10
    axes = canvas.axes(left, top, right - left, pitch * len(countries))
    axes.set_xlim(0, 1)
    room = right - left
    ticks = [0, 0.25, 0.5, 0.75, 1] if room > 150 else [0, 0.5, 1] if room > 70 else [0, 1]
    axes.set_xticks(ticks, labels=[style.percent_tick(tick) for tick in ticks])
    axes.grid(visible=True, axis="x", color=style.GRID, linewidth=0.6)
    markers = ("o", "s", "D", "^")
    for place, pole in enumerate(poles):
        x, ink = right + 10 + column * (place + 0.5), style.colour(pole)
        lines = [style.fit(line, column - 14, size=SMALL, weight=SEMIBOLD) for line in heads[place]]
        wide = max(style.text_width(line, SMALL, SEMIBOLD) for line in lines)
        for number, line in enumerate(lines):
            y = top - 7 - 9.6 * (len(lines) - 1 - number)
            canvas.text(x + 5, y, line, ha="center", fontsize=SMALL, color=ink, fontweight=SEMIBOLD)
        at, line_y = x - wide / 2 - 2, canvas.height - (top - 7 - 4.8 * (len(lines) - 1))
        canvas.figure.add_artist(
            Line2D([at], [line_y], marker=markers[place % 4], markersize=5, color=ink, transform=None)
        )
    for row, country in enumerate(countries):
        y = top + pitch * (row + 0.5)
        weight = SEMIBOLD if country == focus else style.REGULAR
        canvas.text(0, y, n(country), room=left - 8, fontweight=weight)
        shares = [table[(country, pole)]["share"] for pole in poles]
        known = [share for share in shares if math.isfinite(share)]
        if known:
            xs = [left + share * (right - left) for share in (min(known), max(known))]
            canvas.figure.add_artist(
                Line2D(xs, [canvas.height - y] * 2, color=style.CONTEXT, linewidth=0.8, transform=None)
            )
        for place, (pole, share) in enumerate(zip(poles, shares, strict=True)):
            cell = table[(country, pole)]
            words = f"{cell['alike']} of {cell['compared']}" if cell["compared"] else EN_DASH
            x = right + 10 + column * (place + 0.5)
            canvas.text(x, y, words, ha="center", fontsize=SMALL, color=style.INK, room=column)
            if math.isfinite(share):
                # Two marks on the same spot: the later one is drawn open, so that both are seen.
                twin = any(math.isclose(share, other) for other in shares[:place] if math.isfinite(other))
                ink = style.colour(pole)
                look: dict[str, Any] = {"markerfacecolor": "none" if twin else ink, "markeredgecolor": ink}
                look |= {"markersize": 9.0 if twin else 5.4, "markeredgewidth": 1.2}
                at = left + share * (right - left)
                dot = Line2D([at], [canvas.height - y], marker=markers[place % 4], transform=None, **look)
                canvas.figure.add_artist(dot)


# Arms


def arms_by_year(
    flows: Mapping[str, pd.DataFrame],
    *,
    colours: Sequence[str],
    title: Iterable[str],
    name: str,
    events: pd.DataFrame | None = None,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Columns of deliveries by year, one panel a flow, all on one scale.

    ``flows``: the heading of each panel and a result of ``context.deliveries``; ``title``: forms of the finding, the
    first that has the length of a title is taken.
    """
    frames = list(flows.values())
    span = (int(frames[0]["year"].min()), int(frames[0]["year"].max()))
    rules = events_within(events, span)
    described = []
    for heading, frame in flows.items():
        known = frame.dropna(subset=["tiv"])
        if known.empty:
            described.append(f"{heading}: no delivery identified.")
            continue
        top = known.sort_values("tiv").iloc[-1]
        last = known.iloc[-1]
        described.append(
            f"{heading}: deliveries in {len(known)} of {len(frame)} years, most in {top['year']} "
            f"({style.decimal(top['tiv'])}), last in {last['year']} ({style.decimal(last['tiv'])})."
        )
    together = pd.concat([frame.assign(flow=heading) for heading, frame in flows.items()])
    notes = [TIV_NOTE]
    if (together["state"] == "none identified").any():
        notes.append(NONE_NOTE)
    outside = sorted(set(together.loc[together["state"] == "not covered", "year"]))
    if outside:
        notes.append(f"Shaded: years that the register rows held do not cover, {_spans(outside)}.")
    deals, guessed = int(together["deals"].sum()), int(together["estimated"].sum())
    if guessed:
        notes.append(f"In {guessed} of {deals} register entries the number or the year is SIPRI’s estimate.")
    return Exhibit.chart(
        lambda canvas: _draw_columns(canvas, flows, colours, span, rules),
        name=name,
        title=headline(Names(names), lambda _: title),
        subtitle=f"Deliveries of major arms identified by SIPRI, million TIV a year (not money), {style.years(*span)}",
        alt=" ".join([*described, *(f"A rule marks {rule.label}." for rule in rules)]),
        notes=notes,
        data=together[["flow", "year", "tiv", "deals", "estimated", "state", "source"]],
        units={"tiv": "million SIPRI TIV"},
        **_provenance(together),
    )


def arms_from_and_besides(
    own: pd.DataFrame,
    others: pd.DataFrame,
    change: Mapping[str, Any],
    peak: Mapping[str, Any],
    *,
    supplier: str,
    recipient: str,
    events: pd.DataFrame | None = None,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """One supplier's deliveries by year, above those of all others together.

    ``own``, ``others``: ``context.deliveries`` of the supplier, and of all but it; ``change``, ``peak``:
    ``mean_change`` and ``peak`` of ``own``.
    """
    n = Names(names)

    def forms(m: Names) -> list[str]:
        what = f"{m.of(supplier)} arms deliveries to {m.the(recipient)}"
        if peak["year"] is None:
            return [f"No arms delivery from {m.the(supplier)} to {m.the(recipient)} is identified"]
        found = []
        if change["change"] is not None:
            verb = "fell" if change["change"] < 0 else "rose"
            spans = f"from {style.years(*change['before_years'])} to {style.years(*change['after_years'])}"
            found.append(f"{what} {verb} {style.percent(abs(change['change']))} {spans}")
        return [*found, f"{what} were largest in {peak['year']}"]

    flows = {f"From {n.the(supplier)}": own, "From all other suppliers together": others}
    return arms_by_year(
        flows,
        colours=[style.colour(supplier), style.CONTEXT],
        title=[*forms(n), *forms(n.by_code())],
        name=f"arms-{_slug(supplier, recipient)}",
        events=events,
        names=names,
    )


def arms_between(
    there: pd.DataFrame,
    back: pd.DataFrame,
    *,
    pair: tuple[str, str],
    events: pd.DataFrame | None = None,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Deliveries between two states: ``there`` from the first of the pair to the second, ``back`` the other way."""
    n = Names(names)
    one, two = pair

    turns = [((one, two), reversal(there, back)), ((two, one), reversal(back, there))]

    def forms(m: Names) -> list[str]:
        for (sender, other), turn in turns:
            if turn["until"] is not None:
                end, start = f"end in {turn['until']}", f"begins in {turn['since']}"
                return [
                    f"Arms from {m.the(sender)} to {m.the(other)} {end}; the reverse {start}",
                    f"{m.of(sender)} arms to {m.the(other)} {end}; the reverse {start}",
                ]
        known = [(frame.dropna(subset=["tiv"])["year"].max(), side) for side, frame in ((one, there), (two, back))]
        known = [(int(year), side) for year, side in known if pd.notna(year)]
        if not known:
            return [f"No arms delivery between {m.the(one)} and {m.the(two)} is identified"]
        year, sender = max(known)
        return [
            f"The latest arms identified went from {m.the(sender)} to {m.the(two if sender == one else one)} in {year}"
        ]

    return arms_by_year(
        {f"From {n.the(one)} to {n.the(two)}": there, f"From {n.the(two)} to {n.the(one)}": back},
        colours=[style.colour(one), style.colour(two)],
        title=[*forms(n), *forms(n.by_code())],
        name=f"arms-between-{_slug(one, two)}",
        events=events,
        names=names,
    )


def _draw_columns(
    canvas: Canvas,
    flows: Mapping[str, pd.DataFrame],
    colours: Sequence[str],
    span: tuple[int, int],
    rules: Sequence[Event],
) -> None:
    """A panel a flow, one below the other; rules of events run through all of them, their labels at the top."""
    high, gap, foot = (78.0 if canvas.narrow else 88.0), 21.0, 16.0
    above = ROW * len(rules)
    rings = any((frame["state"] == "none identified").any() for frame in flows.values())
    canvas.set_height(above + (gap + high) * len(flows) + foot + (14 if rings else 0) + 2)
    most = max([float(value) for frame in flows.values() for value in frame["tiv"].dropna()], default=1.0) or 1.0
    ticks = [tick for tick in style.ticks(0, most, 4) if tick <= most * 1.05]
    write = style.tick_number(ticks)
    left = max(style.text_width(write(tick), SMALL) for tick in ticks) + 6
    scale = (canvas.width - left - 4) / (span[1] - span[0] + 1)
    for place, rule in enumerate(rules):
        x = left + (rule.start - span[0] + 0.5) * scale
        bottom = canvas.height - (above + (gap + high) * len(flows))
        line = [canvas.height - ROW * place - ROW / 2, bottom]
        canvas.figure.add_artist(Line2D([x, x], line, color=style.INK, linewidth=0.7, transform=None, zorder=0.5))
        before = x > canvas.width / 2
        room = (x if before else canvas.width - x) - 4
        at = x - 3 if before else x + 3
        align = "right" if before else "left"
        canvas.text(at, ROW * (place + 0.5), rule.label, ha=align, fontsize=SMALL, color=style.MUTED, room=room)
    for place, ((heading, frame), color) in enumerate(zip(flows.items(), colours, strict=True)):
        top = above + (gap + high) * place
        ink = style.MUTED if color == style.CONTEXT else color
        wide = min(style.text_width(style.clean(heading), TEXT, SEMIBOLD), canvas.width - left)
        _paper(canvas, left, top + gap - 8, wide + 1)  # a rule of an event does not strike it through
        canvas.text(left, top + gap - 8, heading, color=ink, fontweight=SEMIBOLD, room=canvas.width - left)
        axes = canvas.axes(left, top + gap, canvas.width - left - 4, high)
        axes.set_xlim(span[0] - 0.5, span[1] + 0.5)
        axes.set_ylim(0, most * 1.05)
        axes.set_yticks(ticks, labels=[write(tick) for tick in ticks])
        axes.grid(visible=True, axis="y", color=style.GRID, linewidth=0.6)
        known = frame.dropna(subset=["tiv"])
        axes.bar(known["year"].astype(int), known["tiv"].astype(float), width=0.76, color=color, linewidth=0, zorder=2)
        style.zero_line(axes, along="y")
        for year in frame.loc[frame["state"] == "not covered", "year"]:
            style.band(axes, int(year) - 0.5, int(year) + 0.5)
        for year in frame.loc[frame["state"] == "none identified", "year"]:
            ring: dict[str, Any] = {"markerfacecolor": style.PAPER, "markeredgecolor": style.CONTEXT}
            axes.plot(int(year), 0, "o", markersize=3.4, markeredgewidth=0.8, zorder=4, clip_on=False, **ring)
        if place == len(flows) - 1:
            style.year_axis(axes, *span)
    if rings:
        y = canvas.height - 7
        look: dict[str, Any] = {
            "markerfacecolor": style.PAPER,
            "markeredgecolor": style.CONTEXT,
            "markeredgewidth": 0.8,
        }
        dot = Line2D([left + 2], [canvas.height - y], marker="o", markersize=3.4, transform=None, **look)
        canvas.figure.add_artist(dot)
        canvas.text(left + 8, y, "no delivery identified", fontsize=SMALL, color=style.MUTED)


def supplier_shares(
    shares: pd.DataFrame, *, recipient: str, focus: str, names: Mapping[str, str] | None = None
) -> Exhibit:
    """Each supplier's share of what a country received, a bar a period. ``shares``: ``context.supplier_shares``."""
    n = Names(names)
    periods = list(dict.fromkeys(zip(shares["first"], shares["last"], strict=True)))
    by_period = {period: shares[shares["first"] == period[0]] for period in periods}
    own = {period: float(rows.loc[rows["supplier"] == focus, "share"].sum()) for period, rows in by_period.items()}
    start, end = own[periods[0]], own[periods[-1]]

    def forms(m: Names) -> list[str]:
        if len(periods) < 2:
            return [f"{m.of(focus)} share of {m.of(recipient)} arms imports is {style.percent(end)}"]
        change = f"{'fell' if end < start else 'rose'} from {style.percent(start)} to {style.percent(end)}"
        if style.percent(start) == style.percent(end):
            change = f"begins and ends at {style.percent(end)}"
        return [
            f"{m.of(focus)} share of {m.of(recipient)} arms imports {change}",
            f"{m.of(focus)} share of arms imports {change}",
        ]

    described = [
        f"{style.years(*period)}: "
        + ", ".join(f"{n(row['supplier'])} {style.percent(row['share'])}" for row in rows_of(rows.head(4)))
        + "."
        for period, rows in by_period.items()
    ]
    totals = [
        f"{style.years(*period)} {style.decimal(float(rows['total'].iloc[0]))}" for period, rows in by_period.items()
    ]
    length = periods[0][1] - periods[0][0] + 1
    return Exhibit.chart(
        lambda canvas: _draw_shares(canvas, by_period, n, focus),
        name=f"arms-suppliers-{_slug(recipient)}",
        title=headline(n, forms),
        subtitle=f"Share of arms delivered to {n.the(recipient)}, in SIPRI TIV (not money), periods of {length} years, "
        f"{style.years(periods[0][0], periods[-1][1])}",
        alt=f"One bar a period, cut by supplier, the largest first. {' '.join(described)}",
        notes=[TIV_NOTE, f"Million TIV delivered in all: {'; '.join(totals)}. A share of little is still little."],
        data=shares[["first", "last", "supplier", "tiv", "share", "total", "source"]],
        units={"tiv": "million SIPRI TIV", "total": "million SIPRI TIV", "share": "share"},
        **_provenance(shares),
    )


def _draw_shares(canvas: Canvas, by_period: Mapping[tuple[int, int], pd.DataFrame], n: Names, focus: str) -> None:
    """Bars of equal length; the focus first and in colour, the others by size in greys, named where there is room."""
    high, pitch = 17.0, 24.0 if not canvas.narrow else 34.0
    left = 0.0 if canvas.narrow else 58.0
    tail = max(style.text_width(style.decimal(float(rows["total"].iloc[0])), SMALL) for rows in by_period.values()) + 6
    tail = max(tail, style.text_width("m TIV", SMALL) + 4)
    right = canvas.width - tail
    canvas.set_height(14 + pitch * len(by_period) + 2)
    canvas.text(canvas.width, 7, "m TIV", ha="right", fontsize=SMALL, color=style.MUTED)
    for place, (period, rows) in enumerate(by_period.items()):
        y = 14 + pitch * place + (12 if canvas.narrow else 2)
        if canvas.narrow:
            canvas.text(0, y - 6, style.years(*period), fontsize=SMALL, color=style.MUTED)
        else:
            canvas.text(0, y + high / 2, style.years(*period))
        total = style.decimal(float(rows["total"].iloc[0]))
        canvas.text(canvas.width, y + high / 2, total, ha="right", fontsize=SMALL, color=style.MUTED)
        ordered = sorted(rows_of(rows), key=lambda row: (row["supplier"] != focus, -row["share"]))
        x = left
        for rank, row in enumerate(ordered):
            wide = float(row["share"]) * (right - left)
            mine = row["supplier"] == focus
            fill = style.colour(focus) if mine else style.GRID if rank % 2 else style.BAND
            _box(canvas, x, y, max(wide - 0.8, 0.4), high, facecolor=fill)
            ink = style.PAPER if mine else style.INK
            full = f"{n(row['supplier'])} {style.percent(row['share'])}"
            short = style.percent(row["share"]) if mine else n(row["supplier"])
            for words in (full, short):
                if style.text_width(words, SMALL, SEMIBOLD if mine else style.REGULAR) <= wide - 5:
                    weight = SEMIBOLD if mine else style.REGULAR
                    canvas.text(x + 3, y + high / 2, words, fontsize=SMALL, color=ink, fontweight=weight)
                    break
            x += wide


# Statements


def stated(
    rows: pd.DataFrame, *, name: str, by: str = "date", focus: str | None = None, names: Mapping[str, str] | None = None
) -> Exhibit:
    """What was stated of one or several topics, a row a statement, bounds drawn as bounds.

    ``rows``: ``context.stated`` or ``latest``. ``by``: 'date' heads a row with its day and speaker, 'country' with the
    first country of its topic. ``focus``: the country whose marks have its colour, and that the title is about.
    """
    n = Names(names)
    units = sorted(set(rows["unit"].dropna()))
    if len(units) != 1:
        raise ValueError(
            f"These statements are in {' and '.join(units) or 'no unit'}. "
            "One chart has one unit: choose topics that share it."
        )
    if by == "country":
        rows = rows.sort_values("value", ascending=False, na_position="last", kind="stable", ignore_index=True)
    write = _writer(units[0])
    topics = list(dict.fromkeys(rows["topic"]))
    heads = {topic: topic_words(topic, n) for topic in topics}
    every, rows = rows, rows if by == "date" else _largest(rows, focus)
    labels = [
        f"{n(_codes(row['topic'])[0])}, {day_said(row['date'], short=True)}"
        if by == "country"
        else f"{day_said(row['date'], short=True)}: {row['who']}"
        for row in rows_of(rows)
    ]
    values = [_valued(row, write) for row in rows_of(rows)]
    items = [
        _Point(label, value, row["value"], row["bound"], bool(row["press"]), _codes(row["topic"]), row["topic"])
        for label, value, row in zip(labels, values, rows_of(rows), strict=True)
    ]
    span = sorted(str(date)[:4] for date in rows["date"])
    notes = ["Statements, each by the named speaker on the day given; none of them can be counted again here."]
    if by == "country":
        notes.append("The days differ, and so may what is counted: capital registered, in force, or invested.")
    if len(rows) < len(every):
        notes.append(f"{len(every) - len(rows)} more with smaller figures are in the numbers behind this chart.")
    if rows["press"].all():
        notes.append("Hollow marks: every one of them is known here from the press alone.")
    elif rows["press"].any():
        notes.append(f"Hollow marks: {int(rows['press'].sum())} of {len(rows)} are known here from the press alone.")
    if rows["bound"].isin((*ABOVE, *BELOW)).any():
        notes.append("An arrow: the statement is a bound, and the number lies at the mark or beyond it.")
    grouped = len(topics) > 1 and by == "date"
    return Exhibit.chart(
        lambda canvas: _draw_stated(canvas, items, heads if grouped else {}, focus, units[0], write),
        name=name,
        title=headline(n, lambda m: _stated_forms(rows, m, write, by, focus)),
        subtitle=f"{_stated_subject(heads, by, rows, n)}, as stated, {style.years(int(span[0]), int(span[-1]))}",
        alt="One row a statement. "
        + " ".join(f"{label}: {value}." for label, value in zip(labels, values, strict=True)),
        notes=notes,
        data=every[["topic", "date", "value", "unit", "bound", "low", "high", "who", "says", "press", "source"]],
        **_provenance(every),
    )


def _largest(rows: pd.DataFrame, focus: str | None) -> pd.DataFrame:
    """As many of the rows, which stand by size, as a chart holds, with the focus among them."""
    ordered = list(dict.fromkeys(rows["topic"]))
    own = next((topic for topic in ordered if _codes(topic)[0] == focus), None)
    return rows[rows["topic"].isin(most_telling(ordered, own))]


def topic_words(topic: str, names: Names | None = None) -> str:
    """A topic in words: ``containers-prk-to-rus`` as "Containers from North Korea to Russia"."""
    n = names or Names()
    for pattern, _, words in SUBJECTS:
        found = re.fullmatch(pattern, topic)
        if found:
            return words.format(*(n.the(code.upper()) for code in found.groups()))
    return capital(topic.replace("-", " "))


class _Point:
    """A statement as it is drawn."""

    def __init__(
        self, label: str, text: str, value: float, bound: str, press: bool, codes: Sequence[str], topic: str
    ) -> None:
        self.label, self.text, self.value, self.bound = label, text, value, bound
        self.press, self.codes, self.topic = press, codes, topic


def _codes(topic: str) -> list[str]:
    found = next((match for pattern, *_ in SUBJECTS if (match := re.fullmatch(pattern, topic))), None)
    return [code.upper() for code in found.groups()] if found else [topic]


def _writer(unit: str) -> Callable[[float], str]:
    if re.fullmatch(r"[A-Z]{3}", unit):
        return lambda value: _money(value, unit)
    if unit == "percent":
        return lambda value: style.percent(value / 100)
    return lambda value: f"{value:,.0f}" if float(value).is_integer() else style.decimal(value)


def _money(value: float, currency: str) -> str:
    """An amount with the digits it was stated with: ``USD 1.95 bn`` is not rounded."""
    unit = style.scale([value])
    return NO_BREAK.join(part for part in (currency, f"{value / unit.divisor:,.6g}", unit.word) if part)


def _valued(row: Mapping[str, Any], write: Callable[[float], str]) -> str:
    if pd.isna(row["value"]):
        return "no figure"
    return f"{BOUND_WORDS.get(str(row['bound']), '')}{write(float(row['value']))}"


def _stated_subject(heads: Mapping[str, str], by: str, rows: pd.DataFrame, n: Names) -> str:
    if by == "country":
        codes = _codes(str(rows["topic"].iloc[0]))
        return f"Investment in {n.the(codes[1])} by country" if len(codes) > 1 else "By country"
    return " and ".join(
        [next(iter(heads.values())), *(words[:1].lower() + words[1:] for words in list(heads.values())[1:])]
    )


def _stated_forms(rows: pd.DataFrame, n: Names, write: Callable[[float], str], by: str, focus: str | None) -> list[str]:
    known = rows.dropna(subset=["value"])
    noun = next((noun for pattern, noun, _ in SUBJECTS if re.fullmatch(pattern, str(rows["topic"].iloc[0]))), "figures")
    if known.empty:
        return [f"No figure for stated {noun} is on file here"]
    if by == "country":
        by_code = {_codes(row["topic"])[0]: row for row in rows_of(known)}
        top = max(by_code, key=lambda code: float(by_code[code]["value"]))
        own = by_code.get(str(focus))
        if own and top != focus and own["value"]:
            ratio = style.times(by_code[top]["value"] / own["value"])
            return [f"{n.of(top)} stated {noun} is about {ratio} times that of {n.the(str(focus))}"]
        return [f"The largest stated {noun} is that of {n.the(top)}"]
    topic = _codes(str(known["topic"].iloc[0]))
    main = known[known["topic"] == known["topic"].iloc[0]]
    first, last = rows_of(main)[0], rows_of(main)[-1]
    height = rows_of(main.sort_values("value", ascending=False, kind="stable"))[0]
    if height["value"] > first["value"] and height["value"] >= 1.25 * last["value"]:
        first = height  # from the height, where it lies between
    same = str(first["date"])[:4] == str(last["date"])[:4]
    when = [day_said(str(row["date"])[:7], short=True) if same else str(row["date"])[:4] for row in (first, last)]
    words = [f"{_valued(row, write)} in {date}" for row, date in zip((first, last), when, strict=True)]
    if len(main) == 1:
        return [f"Stated {noun} of {n.the(topic[0])}: {words[0]}", f"One statement on {noun} is on file: {words[0]}"]
    return [
        f"Stated {noun} of {n.the(topic[0])}: {words[0]}, {words[1]}",
        f"Stated {noun}: {words[0]}, {words[1]}",
        f"Stated {noun}: {_valued(first, write)}, later {_valued(last, write)}",
        f"{counted(len(main), 'statement')} on {noun}, from {str(first['date'])[:4]} to {str(last['date'])[:4]}",
    ]


def _draw_stated(
    canvas: Canvas,
    items: Sequence[_Point],
    heads: Mapping[str, str],
    focus: str | None,
    unit: str,
    write: Callable[[float], str],
) -> None:
    """A stem from nothing to the value; the mark is hollow for the press; an arrow leads on from a bound."""
    pitch = 27.0 if canvas.narrow else 16.0
    values = [item.value for item in items if math.isfinite(item.value)]
    column = max(style.text_width(item.text, TEXT) for item in items) + 4
    widest = max(style.text_width(style.clean(item.label), TEXT) for item in items)
    left = 4.0 if canvas.narrow else min(widest, canvas.width * 0.5) + 10
    right = canvas.width - column - 16
    groups = list(dict.fromkeys(item.topic for item in items))
    leading = {item.codes[0] for item in items}
    canvas.set_height(4 + pitch * len(items) + (15.0 * len(groups) if heads else 0) + 17)
    axes = canvas.axes(left, 2, right - left, canvas.height - 19)
    most = max(values, default=1.0) or 1.0
    axes.set_xlim(0, most)
    ticks = [tick for tick in style.ticks(0, most, 2 if canvas.narrow else 4) if 0 <= tick <= most]
    scale = style.scale([most]) if re.fullmatch(r"[A-Z]{3}", unit) else style.Scale(1.0, "")
    form = style.tick_number([tick / scale.divisor for tick in ticks])
    axes.set_xticks(ticks, labels=[_tick(tick / scale.divisor, form, scale.word) for tick in ticks])
    axes.grid(visible=True, axis="x", color=style.GRID, linewidth=0.6)
    if not canvas.narrow:
        style.zero_line(axes, along="x")
    y = 2.0
    for group in groups:
        if heads:
            _paper(canvas, 0, y + 8, style.text_width(heads[group], SMALL, SEMIBOLD))
            canvas.text(
                0, y + 8, heads[group], fontsize=SMALL, color=style.MUTED, fontweight=SEMIBOLD, room=canvas.width
            )
            y += 15
        for item in (item for item in items if item.topic == group):
            at = y + (19.0 if canvas.narrow else pitch / 2)
            mine = focus in item.codes[:1]
            strong = mine and len(leading) > 1 and not heads
            ink = style.colour(str(focus)) if mine else style.INK
            room = canvas.width if canvas.narrow else left - 8
            head = y + 8 if canvas.narrow else at
            if canvas.narrow:
                _paper(canvas, 0, head, min(style.text_width(item.label, TEXT), room))
            canvas.text(0, head, item.label, room=room, fontweight=SEMIBOLD if strong else style.REGULAR)
            canvas.text(canvas.width, at, item.text, ha="right", color=ink)
            if math.isfinite(item.value):
                _draw_point(canvas, left, left + item.value / most * (right - left), at, item, ink)
            y += pitch


def _tick(value: float, form: Callable[[float], str], word: str) -> str:
    return "0" if value == 0 else f"{form(value)}{NO_BREAK}{word}" if word else form(value)


def _draw_point(canvas: Canvas, zero: float, x: float, y: float, item: _Point, ink: str) -> None:
    line = canvas.height - y
    canvas.figure.add_artist(Line2D([zero] * 2, [line - 4, line + 4], color=style.INK, linewidth=0.8, transform=None))
    canvas.figure.add_artist(Line2D([zero, x], [line] * 2, color=style.CONTEXT, linewidth=0.9, transform=None))
    way = 1 if item.bound in ABOVE else -1 if item.bound in BELOW else 0
    if way:
        tip = max(x + 14 * way, zero)  # no statement means less than nothing
        canvas.figure.add_artist(Line2D([x, tip], [line] * 2, color=ink, linewidth=1.1, transform=None))
        barb = Line2D([tip - 3.5 * way, tip, tip - 3.5 * way], [line + 3, line, line - 3], color=ink, linewidth=1.1)
        barb.set_transform(None)
        canvas.figure.add_artist(barb)
    look: dict[str, Any] = {"markerfacecolor": style.PAPER if item.press else ink, "markeredgecolor": ink}
    dot = Line2D([x], [line], marker="o", markersize=5.8, markeredgewidth=1.2, transform=None, **look)
    canvas.figure.add_artist(dot)


# Words


def fall(change: Mapping[str, Any]) -> dict[str, Any]:
    """A fall of deliveries in the words of a sentence; every value None if they did not fall, or it cannot be told.

    ``change``: ``context.mean_change``. Gives ``before``, ``after`` (means of a year), ``earlier``, ``later`` (periods)
    and ``fall`` (a ratio).
    """
    if change["change"] is None or change["change"] >= 0:
        return dict.fromkeys(("before", "after", "earlier", "later", "fall"))
    spans = {"earlier": style.years(*change["before_years"]), "later": style.years(*change["after_years"])}
    return {"before": change["before"], "after": change["after"], "fall": -change["change"]} | spans


def day(date: str | None) -> str | None:
    """A date as it stands in a sentence: 19 June 2024, June 2024, 2024; None as it is."""
    return day_said(date) if date is not None else None


def amount(row: Mapping[str, Any], unit: str) -> str | None:
    """A stated number with its bound and the digits it was stated with: "about USD 985 m"; None if there is none."""
    value = row["value"]
    return None if value is None or pd.isna(value) else _valued(row, _writer(unit))


def country_of(topic: str) -> str:
    """The first country of a topic of statements: KOR of ``investment-kor-in-vnm``."""
    return _codes(topic)[0]


def years_of(dates: Any) -> str | None:
    """The years of dates joined by '; ', as a list in words; None if there are none."""
    return listed(list(dict.fromkeys(date[:4] for date in split(dates)))) if split(dates) else None


def _when(row: Mapping[str, Any]) -> str:
    """The day or days of an event, with another day that sources give where it is one of the same month."""
    date, until, also = str(row["date"]), row.get("until"), row.get("also")
    if isinstance(until, str) and until != date:
        return _from_to(date, until)
    others = [part.partition("@")[0].strip() for part in split(also)] if "+" not in str(row["id"]) else []
    days = sorted({other for other in others if len(other) == 10 and other[:7] == date[:7] and len(date) == 10})
    if days:
        numbers = sorted({int(day[8:]) for day in (*days, date)})
        return f"{' or '.join(map(str, numbers))} {day_said(date[:7], short=True)}"
    return day_said(date, short=True)


def _from_to(date: str, until: str) -> str:
    if len(date) == len(until) == 10 and date[:7] == until[:7]:
        return f"{int(date[8:])}{EN_DASH}{int(until[8:])}{NO_BREAK}{day_said(date[:7], short=True)}"
    start, end = day_said(date, short=True), day_said(until, short=True)
    if date[:4] == until[:4]:
        start = start.rpartition(NO_BREAK)[0]
    return f"{start} {EN_DASH} {end}"


def _month(month: str) -> str:
    return day_said(month)


def times(count: int) -> str:
    """How often: never, once, twice, three times, 14 times."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{number(count)} times")


def number(count: int) -> str:
    """A count as a sentence says it: none, one, …, twelve, 13."""
    return COUNTS[count] if count < len(COUNTS) else str(count)


def _possessive(name: str) -> str:
    return f"{name}’" if name.endswith("s") else f"{name}’s"


def _number(resolution: str) -> str:
    """A resolution's number without the signs of its body, if it has one."""
    found = re.fullmatch(r"[AS]/RES/(.+)", str(resolution)) or re.fullmatch(r"([AS]/\S+)", str(resolution))
    return found[1] if found else "number not seen"


def _spans(years: Sequence[int]) -> str:
    found = style.runs(list(years), [0.0] * len(years))
    return ", ".join(style.years(stretch[0], stretch[-1]) for stretch, _ in found)


def _slug(*codes: str) -> str:
    return "-".join(re.sub(r"[^a-z0-9]+", "", code.lower()) for code in codes)


def _wrapped(words: str, room: float) -> list[str]:
    lines: list[str] = []
    for word in style.clean(words).split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and style.text_width(joined, SMALL, SEMIBOLD) <= room:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines


def _filled(parts: Sequence[str], room: float) -> list[str]:
    """Parts set in lines that fit, with space between them."""
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]}     {part}" if lines else part
        if lines and style.text_width(joined.replace("  ", NO_BREAK * 2), SMALL) <= room:
            lines[-1] = joined
        else:
            lines.append(part)
    return [line.replace("  ", NO_BREAK * 2) for line in lines]


# Pieces of a drawing


def _rule(canvas: Canvas, start: float, end: float, y: float) -> None:
    canvas.figure.add_artist(Line2D([start, end], [y] * 2, color=style.GRID, linewidth=0.7, transform=None))


def _paper(canvas: Canvas, x: float, y: float, wide: float) -> None:
    """A ground for words, so that no line of the grid runs through them; ``y`` is their middle."""
    _box(canvas, x, y - 5, wide, 10, facecolor=style.PAPER)


def _box(canvas: Canvas, x: float, y: float, wide: float, high: float, **look: Any) -> None:
    look.setdefault("edgecolor", "none")
    look.setdefault("linewidth", 0.0)
    canvas.figure.add_artist(Rectangle((x, canvas.height - y - high), max(wide, 0.0), high, transform=None, **look))


# Sources


def _provenance(*frames: pd.DataFrame) -> dict[str, Any]:
    kept = [frame for frame in frames if frame["source"].notna().any()]
    if not kept:
        return {"source": "Source: none. No publication on file tells.", "sources": []}
    entries = data.sources(*kept)
    weight = Counter(part for frame in kept for cell in frame["source"].dropna() for part in split(cell))
    return {
        "source": _line(sorted(entries, key=lambda one: (-weight[str(one["id"])], str(one["id"])))),
        "sources": entries,
    }


def _line(entries: Sequence[Mapping[str, Any]]) -> str:
    """The publications behind an exhibit, most used first: some by name, the others counted, the press apart."""
    solid = list(
        dict.fromkeys(
            f"{one['producer']}, {one['title']}" + (f" ({one['vintage'][:4]})" if one["vintage"] else "")
            for one in entries
            if one["kind"] != "press"
        )
    )
    press = [str(one["producer"]) for one in entries if one["kind"] == "press"]
    parts = solid[:NAMED]
    if len(solid) > NAMED:
        parts.append(counted(len(solid) - NAMED, "other publication"))
    if press:
        named = list(dict.fromkeys(press))
        who = ", ".join(named[:3]) + (" and others" if len(named) > 3 else "")
        parts.append(f"{counted(len(press), 'press report')} ({who})")
    return f"{'Source' if len(entries) == 1 else 'Sources'}: {'; '.join(parts)}."


def _producers_by_id(*frames: pd.DataFrame) -> dict[str, str]:
    kept = [frame for frame in frames if frame["source"].notna().any()]
    return {str(entry["id"]): str(entry["producer"]) for entry in data.sources(*kept)} if kept else {}


def _producers_of(cell: str) -> list[str]:
    known = _producers_by_id(pd.DataFrame({"source": [cell]}))
    return list(dict.fromkeys(known.get(part, part) for part in split(cell)))


def _producers(rows: pd.DataFrame) -> dict[str, list[str]]:
    known = _producers_by_id(rows)
    return {
        row["id"]: list(dict.fromkeys(known.get(part, part) for part in split(row["source"]))) for row in rows_of(rows)
    }
