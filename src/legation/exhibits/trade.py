"""The exhibits of the trade analysis.

Each function takes a result of ``legation.analysis.trade`` and returns an exhibit whose title, alternative text and
notes are computed from the rows it shows. A partner without a figure is named as not reported and never drawn as zero.

The parameters common to all: ``reporter`` is the country whose trade is shown, ``partners`` which partners, in the
order of the tables (all in the frame, without the world, if not given), ``focus`` the partner set off in colour,
``names`` the table of short names (the data room's, if not given).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import pandas as pd

from legation import data
from legation.analysis.trade import STATUSES
from legation.exhibits import drawing, style
from legation.exhibits.drawing import Band, Bar, Line, Panel, Row, Slope
from legation.exhibits.exhibit import Column, Exhibit, Group
from legation.exhibits.prose import Prose, listed, say
from legation.exhibits.style import SOFT, decimal, money, percent
from legation.exhibits.view import (
    MOST_BARS,
    WORLD,
    Names,
    behind,
    both_sides_note,
    capital,
    events_within,
    fold,
    folded,
    full,
    gap_view,
    headline,
    margin_notes,
    measured,
    mirror_note,
    missing_note,
    most_telling,
    never,
    one_perspective,
    only,
    period,
    producers_of,
    provenance,
    row_without,
    series_notes,
    span_of,
    units,
    unreported,
    view_of,
)
from legation.exhibits.wording import counted, day_said, rows_of, spans

NOT_REPORTED = "not reported"
#: An index over partners that make up less of the total than this says more about who was counted than about trade.
WELL_COVERED = 0.94
#: A band narrower than this part of the scale is hidden by the line in it.
SEEN = 0.02
#: More panels than this do not stand on a page beside the text on them.
MOST_PANELS = 6
#: Below this share of the largest balance a panel on the common scale would show a flat line.
FLAT = 0.1
#: What a column of ``bilateral`` is called in a sentence: alone, with a partner, and what its share is a share of.
MEASURES = {"turnover": "trade", "exports": "exports", "imports": "imports"}
WITH = {"turnover": "trade with", "exports": "exports to", "imports": "imports from"}


# Where trade goes in one year


def turnover_by_partner(
    frame: pd.DataFrame,
    *,
    reporter: str,
    year: int,
    focus: str | None = None,
    partners: Sequence[str] | None = None,
    column: str = "turnover",
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Bars of turnover (or exports, or imports) by partner in one year. ``frame``: a ``bilateral`` result."""
    view = view_of(frame, reporter, partners, names, column)
    n, what = view.names, MEASURES[column]
    rows = view.of_year(year)
    known = rows.dropna(subset=[column]).sort_values([column, "partner"], ascending=[False, True])
    value = dict(zip(known["partner"], known[column].astype(float), strict=True))
    lacking = [code for code in view.partners if code not in value]
    unit = style.scale(value.values())

    def title(n: Names) -> Iterable[str]:
        if not value:
            yield f"No {what} of {n.the(reporter)} with these partners is reported for {year}"
            yield f"No {what} of {n.the(reporter)} is reported for {year}"
            return
        top = next(iter(value))
        if focus is not None and focus in view.partners and focus not in value:
            yield f"No figure for {n.of(reporter)} {WITH[column]} {n.the(focus)} in {year} is reported"
            yield f"{n.of(reporter)} {WITH[column]} {n.the(focus)}: no figure for {year}"
        amount = money(value[top], view.currency)
        if len(value) == 1:
            yield f"{n.of(reporter)} {WITH[column]} {n.the(top)} came to {amount} in {year}"
            yield f"{n.of(reporter)} {WITH[column]} {n.the(top)}: {amount} in {year}"
        if focus is not None and focus in value and focus != top:
            if value[focus] <= 0:
                yield f"{n.of(reporter)} {WITH[column]} {n.the(focus)} is put at zero for {year}"
            elif value[top] / value[focus] >= 1.95:
                ratio = style.times(value[top] / value[focus])
                said = f"{n.of(reporter)} {WITH[column]} {n.the(top)} was {ratio} times that with {n.the(focus)}"
                yield f"{said} in {year}"
                yield f"{n.of(reporter)} {WITH[column]} {n.the(top)} is {ratio} times that with {n.the(focus)}"
                yield f"{n.of(reporter)} {what}: {n(top)} has {ratio} times the sum of {n(focus)}"
            else:
                more = percent(value[top] / value[focus] - 1)
                yield f"{n.of(reporter)} {WITH[column]} {n.the(top)} exceeds that with {n.the(focus)} by {more}"
                yield f"{n.of(reporter)} {what}: {n(top)} is {more} ahead of {n(focus)}"
        yield f"{n.of(reporter)} {WITH[column]} {n.the(top)} is largest here, at {amount} in {year}"
        yield f"{n.of(reporter)} {what}: {n(top)} leads with {amount} in {year}"

    kept = most_telling(known["partner"].tolist(), focus)
    soft = view.soft(year)
    items = [
        Bar(
            view.names(code),
            value[code],
            unit.number(value[code]),
            color=style.colour(code) if code == focus else style.CONTEXT,
            strong=code == focus,
            soft=code in soft,
        )
        for code in kept
    ]
    items += [row_without(n, code, NOT_REPORTED, focus) for code in lacking[:MOST_BARS]]
    described = [f"{n(code)} {money(value[code], view.currency)}" for code in list(value)[:3]]
    alt = f"Horizontal bars of {what} in {year} by partner. "
    alt += f"Largest first: {listed(described)}. " if described else "No bar: nothing was reported. "
    if focus in value and list(value).index(str(focus)) > 2:
        place = list(value).index(str(focus)) + 1
        alt += f"{n.start(str(focus))}, set off in colour, is number {place} of {len(value)} with "
        alt += f"{money(value[str(focus)], view.currency)}. "
    alt += unreported(lacking, n, year)
    return Exhibit.chart(
        lambda canvas: drawing.bars(canvas, items, divisor=unit.divisor),
        name=f"{column}-by-partner-{reporter.lower()}-{year}",
        title=headline(n, title),
        subtitle=view.subtitle(f"{full(column)} by partner", unit, str(year)),
        alt=alt,
        notes=[*view.notes(known), *folded(known["partner"].tolist(), kept, n), *missing_note(lacking, n, year)],
        data=behind(rows, ["partner", "year", column, "turnover_basis", "status", "source"], view),
        units=units([column], view.currency),
        **provenance(known),
    )


def balance_by_partner(
    frame: pd.DataFrame,
    *,
    reporter: str,
    year: int,
    focus: str | None = None,
    partners: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Diverging bars of exports less imports by partner in one year. ``frame``: a ``bilateral`` result."""
    view = view_of(frame, reporter, partners, names, "balance")
    n = view.names
    rows = view.of_year(year)
    known = rows.dropna(subset=["balance"]).sort_values(["balance", "partner"], ascending=[False, True])
    value = dict(zip(known["partner"], known["balance"].astype(float), strict=True))
    lacking = [code for code in view.partners if code not in value]
    unit = style.scale(value.values())
    surplus = [code for code in value if value[code] > 0]
    deficit = [code for code in value if value[code] < 0]

    def title(n: Names) -> Iterable[str]:
        if not value:
            yield f"No balance of {n.of(reporter)} trade can be struck for {year}"
        elif surplus and deficit:
            best, worst = surplus[0], deficit[-1]
            highest, lowest = n.the(best), n.the(worst)
            yield f"{n.of(reporter)} largest surplus is with {highest}, its largest deficit with {lowest}"
            yield f"{n.of(reporter)} balance: highest with {n(best)}, lowest with {n(worst)}"
        elif surplus or deficit:
            word, code = ("surplus", surplus[0]) if surplus else ("deficit", deficit[-1])
            amount = money(abs(value[code]), view.currency)
            if len(value) == 1:
                yield f"{n.start(reporter)} has a {word} of {amount} with {n.the(code)} in {year}"
                yield f"{n(reporter)}: a {word} of {amount} with {n(code)} in {year}"
            yield f"{n.start(reporter)} has a {word} with each partner compared, largest with {n.the(code)}"
            yield f"{n(reporter)}: only a {word} everywhere, largest with {n(code)}"
        else:
            yield f"{n.of(reporter)} exports and imports balance with every partner in {year}"

    kept = most_telling(sorted(value, key=lambda code: -abs(value[code])), focus)
    soft = view.soft(year)
    items = [
        Bar(
            n(code),
            value[code],
            ("+" if value[code] > 0 else "") + unit.number(value[code]),
            color=style.colour(code) if code == focus else style.CONTEXT,
            strong=code == focus,
            soft=code in soft,
        )
        for code in value
        if code in kept
    ]
    without = "one flow or none reported"
    items += [row_without(n, code, without, focus) for code in lacking[:MOST_BARS]]
    ends = [f"{n(code)} {money(value[code], view.currency, sign=True)}" for code in (*surplus[:1], *deficit[-1:])]
    alt = f"Bars to the right for a surplus ({len(surplus)} partners), to the left for a deficit ({len(deficit)}). "
    alt += f"From {' down to '.join(ends)}. " if ends else "No bar is drawn. "
    if focus in value:
        alt += f"{n.start(str(focus))}, set off in colour: {money(value[str(focus)], view.currency, sign=True)}. "
    alt += f"No balance for {listed([n.the(code) for code in lacking])}. " if lacking else ""
    notes = view.notes(known)
    if {"exports_valuation", "imports_valuation"} <= set(known.columns) and (known["imports_valuation"] == "CIF").any():
        notes.append("Imports valued with freight (CIF) make a deficit look larger, or a surplus smaller.")
    if lacking:
        notes.append(f"A balance needs both flows: none for {listed([n.the(code) for code in lacking])}.")
    return Exhibit.chart(
        lambda canvas: drawing.bars(canvas, items, divisor=unit.divisor, ends=("← deficit", "surplus →")),
        name=f"balance-by-partner-{reporter.lower()}-{year}",
        title=headline(n, title),
        subtitle=view.subtitle("Exports less imports of goods by partner", unit, str(year)),
        alt=alt,
        notes=[*notes, *folded(list(value), kept, n)],
        data=behind(rows, ["partner", "year", "exports", "imports", "balance", "status", "source"], view),
        units=units(["exports", "imports", "balance"], view.currency),
        **provenance(known),
    )


def growth_by_partner(
    growth: pd.DataFrame,
    *,
    reporter: str,
    year: int,
    focus: str | None = None,
    partners: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Bars of the change on the year before by partner. ``growth``: a result of ``growth``.

    A change across a change of source is marked at its end, because part of it may be that change.
    """
    view = view_of(growth, reporter, partners, names, "value")
    n = view.names
    column = measured(view.rows, "growth of ", "turnover")
    rows = view.of_year(year)
    known = rows.dropna(subset=["value"]).sort_values(["value", "partner"], ascending=[False, True])
    value = dict(zip(known["partner"], known["value"].astype(float), strict=True))
    several = known["source"].map(producers_of(known)).astype(str).str.contains("; ")
    broken = set(known.loc[known["break_in_series"].astype(bool) & several, "partner"])
    lacking = [code for code in view.partners if code not in value]
    what = WITH.get(column, "trade with")

    def change(ratio: float) -> str:
        return "did not change" if round(ratio, 4) == 0 else f"{'grew' if ratio > 0 else 'fell'} {percent(abs(ratio))}"

    def title(n: Names) -> Iterable[str]:
        if not value:
            yield f"No growth of {n.of(reporter)} trade can be computed for {year}"
            return
        if focus in value:
            yield f"{n.of(reporter)} {what} {n.the(str(focus))} {change(value[str(focus)])} in {year}"
            yield f"{n.of(reporter)} {what} {n(str(focus))}: {percent(value[str(focus)], sign=True)} in {year}"
        elif focus is not None and focus in view.partners:
            yield f"No growth can be stated for {n.of(reporter)} {what} {n.the(focus)} in {year}"
            yield f"{n.of(reporter)} {what} {n(focus)}: no growth rate for {year}"
        top = next(iter(value))
        yield f"{n.of(reporter)} {what} {n.the(top)} {change(value[top])} in {year}"
        yield f"{n.of(reporter)} {what} {n(top)}: {percent(value[top], sign=True)} in {year}"

    kept = most_telling(sorted(value, key=lambda code: -abs(value[code])), focus)
    soft = view.soft(year)
    items = [
        Bar(
            n(code),
            value[code],
            percent(value[code], sign=True) + (" *" if code in broken else ""),
            color=style.colour(code) if code == focus else style.CONTEXT,
            strong=code == focus,
            soft=code in soft,
        )
        for code in value
        if code in kept
    ]
    items += [row_without(n, code, "not reported both years", focus) for code in lacking]
    up = sum(ratio > 0 for ratio in value.values())
    alt = (
        f"Bars of the change from {year - 1} to {year}: {up} of {len(value)} partners up. "
        if value
        else "No bar is drawn. "
    )
    if value:
        ends = list(dict.fromkeys([next(iter(value)), list(value)[-1]]))
        alt += f"From {' down to '.join(f'{n(code)} {percent(value[code], sign=True)}' for code in ends)}. "
    if focus in value:
        alt += f"{n.start(str(focus))}, set off in colour: {percent(value[str(focus)], sign=True)}. "
    alt += f"No rate for {listed([n.the(code) for code in lacking])}." if lacking else ""
    notes = view.notes(rows)
    if broken:
        notes.append("* The two years come from different publishers: part of the change may be the change of source.")
    if lacking:
        notes.append(
            f"No figure for both {year - 1} and {year}: {listed([n.the(code) for code in lacking])}. "
            "A change over a longer gap is not shown as one year's growth."
        )
    return Exhibit.chart(
        lambda canvas: drawing.bars(canvas, items, form=style.percent_tick, ends=("← less", "more →")),
        name=f"growth-by-partner-{reporter.lower()}-{year}",
        title=headline(n, title),
        subtitle=view.subtitle(f"{full(column)} by partner, change on {year - 1}", None, str(year)),
        alt=alt,
        notes=[*notes, *folded(list(value), kept, n)],
        data=behind(rows, ["partner", "year", "value", "previous", "break_in_series", "status", "source"], view),
        units={"value": "ratio", "previous": view.currency},
        **provenance(known),
    )


def intensity_by_partner(
    intensity: pd.DataFrame,
    *,
    reporter: str,
    year: int,
    focus: str | None = None,
    partners: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Dots of trade intensity by partner, with a rule at 1. ``intensity``: a result of ``intensity``."""
    view = view_of(intensity, reporter, partners, names, "value")
    n = view.names
    rows = view.of_year(year)
    known = rows.dropna(subset=["value"]).sort_values(["value", "partner"], ascending=[False, True])
    value = dict(zip(known["partner"], known["value"].astype(float), strict=True))
    lacking = [code for code in view.partners if code not in value]

    def title(n: Names) -> Iterable[str]:
        if not value:
            yield f"No trade intensity of {n.the(reporter)} can be computed for {year}"
            return
        shown = str(focus) if focus in value else next(iter(value))
        yield f"{n.of(reporter)} exports to {n.the(shown)} are {decimal(value[shown])} times what world trade suggests"
        yield f"{n.of(reporter)} exports to {n(shown)}: {decimal(value[shown])} times the expected"

    kept = most_telling(list(value), focus)
    soft = view.soft(year)
    items = [
        Bar(
            n(code),
            value[code],
            decimal(value[code]),
            color=style.colour(code) if code == focus else style.CONTEXT,
            strong=code == focus,
            soft=code in soft,
        )
        for code in kept
    ]
    items += [row_without(n, code, "a figure lacks", focus) for code in lacking[:MOST_BARS]]
    above = [code for code in value if value[code] > 1]
    alt = f"Dots of trade intensity in {year} with a rule at 1. "
    alt += (
        f"{len(above)} of {len(value)} partners lie above it" + (f", {n.the(above[0])} highest" if above else "") + ". "
    )
    alt += f"{n.start(str(focus))} stands at {decimal(value[str(focus)])}. " if focus in value else ""
    alt += f"Missing: {listed([n.the(code) for code in lacking])}." if lacking else ""
    return Exhibit.chart(
        lambda canvas: drawing.bars(canvas, items, dots=True, reference=(1.0, "1 = as in world trade")),
        name=f"intensity-by-partner-{reporter.lower()}-{year}",
        title=headline(n, title),
        subtitle=f"Partner's share in {n.of(reporter)} exports over its share in world trade, {year}",
        alt=alt,
        notes=[
            "A group's share in world trade holds trade among its members, so groups come out low.",
            *view.notes(rows),
            *folded(list(value), kept, n),
            *missing_note(lacking, n, year),
        ],
        data=behind(rows, ["partner", "year", "value", "export_share", "world_share", "status", "source"], view),
        units={"value": "ratio", "export_share": "ratio", "world_share": "ratio"},
        **provenance(known),
    )


# The long run


def turnover_over_time(
    frame: pd.DataFrame,
    *,
    reporter: str,
    partners: Sequence[str] | None = None,
    focus: str | None = None,
    events: pd.DataFrame | None = None,
    column: str = "turnover",
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Lines of turnover (or exports, or imports) by partner over the years. ``frame``: a ``bilateral`` result.

    The focus and the largest partners are in colour, the others grey. Events have ``date``, ``until`` and ``label``.
    """
    view = view_of(frame, reporter, partners, names, column)
    n, what = view.names, MEASURES[column]
    known = view.rows.dropna(subset=[column])
    span = view.span
    unit = style.scale(known[column])
    last = {str(code): rows.iloc[-1] for code, rows in known.sort_values("year").groupby("partner")}
    by_size = sorted(last, key=lambda code: (-float(last[code][column]), code))
    coloured = style.story(dict.fromkeys([code for code in (focus, *by_size) if code in last]))
    producers = producers_of(known)

    def telling(code: str) -> pd.DataFrame:
        """The rows that a title may compare: final figures where there are two, else all."""
        series = known[known["partner"] == code].sort_values("year")
        final = series[~series["status"].isin(SOFT)]
        return final if len(final) > 1 else series

    def soft_or_broken(code: str) -> bool:
        """Whether the series ends on a preliminary or press figure, or its ends come from different producers."""
        series = telling(code)
        ends = {producers.get(source) for source in series["source"].iloc[[0, -1]]}
        return series["status"].iloc[-1] in SOFT or len(ends) > 1

    def title(n: Names) -> Iterable[str]:
        if known.empty:
            yield f"No {what} of {n.the(reporter)} with these partners is reported"
            return
        code = focus if focus in last else by_size[0]
        until = telling(str(code))["year"].max()
        of_both = {which: telling(which) for which in (by_size[0], str(code))}
        folds = {which: fold(rows[rows["year"] <= until], column) for which, rows in of_both.items()}
        if code != by_size[0] and all(folds.values()) and len({fold[:2] for fold in folds.values() if fold}) == 1:
            (since, _, most), (_, _, own) = (fold for fold in folds.values() if fold)
            if min(most, own) >= 1.95:
                top = n.the(by_size[0])
                about = "about " if soft_or_broken(str(code)) else ""
                yield (
                    f"{since}–{until}: {n.of(reporter)} {WITH[column]} {top} grew {style.times(most)}-fold, "
                    f"{WITH[column].split()[-1]} {n.the(str(code))} {about}{style.times(own)}-fold"
                )
        if focus in view.partners and focus not in last:
            yield f"No figure for {n.of(reporter)} {WITH[column]} {n.the(str(focus))} is reported"
        series = telling(str(code))
        start, end = series.iloc[0], series.iloc[-1]
        a, b = int(start["year"]), int(end["year"])
        if a == b:
            yield f"{n.of(reporter)} {WITH[column]} {n.the(str(code))}: {money(end[column], view.currency)} in {a}"
        if float(start[column]) > 0 and float(end[column]) > 0:
            ratio = float(end[column]) / float(start[column])
            about = "about " if soft_or_broken(str(code)) else ""
            if ratio >= 1.95:
                change = f"grew {about}{style.times(ratio)}-fold"
            else:
                change = f"{'grew' if ratio >= 1 else 'fell'} {about}{percent(abs(ratio - 1))}"
            yield f"{n.of(reporter)} {WITH[column]} {n.the(str(code))} {change} from {a} to {b}"
        amounts = f"{money(start[column], view.currency)} in {a}, {money(end[column], view.currency)} in {b}"
        yield f"{n.of(reporter)} {WITH[column]} {n(str(code))}: {amounts}"

    series = []
    for code in view.partners:
        if code not in last:
            continue
        words = f"{n(code)} {unit.number(float(last[code][column]))}"
        if int(last[code]["year"]) != span[1]:
            words = f"{n(code)} ({int(last[code]['year'])})"
        series.append(
            view.line(
                code, column, words, 1 / unit.divisor, colour=code in coloured, strong=code == focus, by=producers
            )
        )
    lacking = [code for code in view.partners if code not in last]
    alt = f"Lines of {what} by partner, {period(span)}. "
    for code in list(dict.fromkeys([*coloured, *by_size]))[:3]:
        mine = known[known["partner"] == code].sort_values("year")
        alt += (
            f"{n.start(code)}: {money(mine[column].iloc[0], view.currency)} in {mine['year'].iloc[0]}, "
            f"{money(mine[column].iloc[-1], view.currency)} in {mine['year'].iloc[-1]}. "
        )
    gaps = [code for code in last if len(style.runs(*view.points(code, column))) > 1]
    alt += f"The line of {listed([n.the(code) for code in gaps])} has gaps. " if gaps else ""
    alt += f"Nothing reported for {listed([n.the(code) for code in lacking])}." if lacking else ""
    shown = events_within(events, span)
    return Exhibit.chart(
        lambda canvas: drawing.lines(canvas, [Panel("", series)], span=span, events=shown, height=172),
        name=f"{column}-over-time-{reporter.lower()}",
        title=headline(n, title),
        subtitle=view.subtitle(f"{full(column)} by partner", unit, period(span)),
        alt=alt,
        notes=[*view.notes(known), *series_notes(series, gaps, n), *never(lacking, n)],
        data=behind(
            known if len(known) else view.rows, ["partner", "year", column, "turnover_basis", "status", "source"], view
        ),
        units=units([column], view.currency),
        **provenance(known),
    )


def shares_over_time(
    shares: pd.DataFrame,
    *,
    reporter: str,
    partners: Sequence[str] | None = None,
    focus: str | None = None,
    events: pd.DataFrame | None = None,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Partners' shares in the reporter's exports and imports, a panel each.

    ``shares``: results of ``share`` for 'exports' and 'imports' (and 'turnover'), one below the other.
    """
    view = view_of(shares, reporter, partners, names, "value", key=("measure",))
    n = view.names
    known = view.rows.dropna(subset=["value"])
    span = view.span
    measures = [f"share of {what}" for what in MEASURES if f"share of {what}" in set(view.rows["measure"])]
    measures = [m for m in ("share of exports", "share of imports", "share of turnover") if m in measures]
    latest = known.sort_values("year").groupby(["measure", "partner"])["value"].last()
    by_size = latest.groupby("partner").max().sort_values(ascending=False).index.tolist() if len(latest) else []
    coloured = style.story(dict.fromkeys([code for code in (focus, *by_size) if code in by_size]))
    ends: dict[str, pd.Series[Any]] = {}
    for measure in measures:
        mine = known[(known["measure"] == measure) & (known["partner"] == focus)].sort_values("year")
        if len(mine):
            ends[measure.removeprefix("share of ")] = mine.iloc[-1]

    def title(n: Names) -> Iterable[str]:
        if known.empty:
            yield f"No shares in {n.of(reporter)} trade can be computed for these years"
            return
        if ends:
            code = str(focus)
            parts = [
                f"{percent(row['value'])} of {n.of(reporter) + ' ' if not i else ''}{what}"
                for i, (what, row) in enumerate(ends.items())
            ]
            when = sorted({int(row["year"]) for row in ends.values()})
            if len(when) == 1:
                yield f"{n.of(code)} share in {when[0]}: {', '.join(parts[:2])}"
            yield f"{n.start(code)} has {' and '.join(parts[:2])}"
            yield f"{n(code)}: {', '.join(parts[:2])}"
            yield f"{n(code)} last stood at {parts[0]}"
        elif focus in view.partners:
            yield f"No share of {n.the(str(focus))} in {n.of(reporter)} trade can be computed"
        measure, code = (str(part) for part in cast("tuple[str, str]", latest.idxmax()))
        of_what = measure.removeprefix("share of ")
        yield f"{n.start(code)} has the largest share of {n.of(reporter)} {of_what}: {percent(latest.max())}"
        yield f"{n(code)} leads {n.of(reporter)} {of_what} with {percent(latest.max())}"

    panels, drawn = [], []
    for measure in measures:
        part = view.where(view.rows["measure"] == measure)
        final = {
            str(code): rows.iloc[-1]
            for code, rows in part.rows.dropna(subset=["value"]).sort_values("year").groupby("partner")
        }
        series = []
        for code in view.partners:
            if code in final:
                year = int(final[code]["year"])
                words = f"{n(code)} {percent(final[code]['value'])}" if year == span[1] else f"{n(code)} ({year})"
                series.append(part.line(code, "value", words, 1.0, colour=code in coloured, strong=code == focus))
        drawn += series
        heading = f"Share in {measure.removeprefix('share of ')}"
        panels.append(Panel(heading, series))
    if not panels:
        panels = [Panel("", [])]
    mixed = known[known["mixture"].astype(bool)] if "mixture" in known else known.iloc[:0]
    notes = view.notes(known)
    if len(mixed):
        who = listed([n.the(code) for code in dict.fromkeys(mixed["partner"])])
        notes.append(f"Mixed shares, a partner's own figure over {n.of(reporter)} total: {who}, {span_of(mixed)}.")
    alt = f"Line chart in {len(panels)} panels, {period(span)}. "
    for measure in measures:
        if measure in latest.index.get_level_values(0):
            top = latest[measure].sort_values(ascending=False).head(3)
            alt += (
                f"{measure.capitalize()} at the end: {listed([f'{n(str(c))} {percent(v)}' for c, v in top.items()])}. "
            )
    if ends:
        said = [f"{percent(row['value'])} of {what} in {row['year']}" for what, row in ends.items()]
        alt += f"{n.start(str(focus))}, set off: {listed(said)}."
    shown = events_within(events, span)
    return Exhibit.chart(
        lambda canvas: drawing.lines(canvas, panels, span=span, form=style.percent_tick, events=shown, height=150),
        name=f"shares-over-time-{reporter.lower()}",
        title=headline(n, title),
        subtitle=f"Shares of partners in {n.of(reporter)} goods trade, per cent, {period(span)}{view.seen}",
        alt=alt,
        notes=[*notes, *series_notes(drawn, [], n)],
        data=behind(
            known if len(known) else view.rows,
            [
                "measure",
                "partner",
                "year",
                "value",
                "numerator_reporter",
                "denominator_reporter",
                "mixture",
                "status",
                "source",
            ],
            view,
        ),
        units={"value": "ratio"},
        **provenance(known),
    )


def balance_over_time(
    frame: pd.DataFrame,
    *,
    reporter: str,
    partners: Sequence[str] | None = None,
    focus: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Exports less imports over the years, a panel a partner on one scale, filled down or up to zero.

    ``frame``: a ``bilateral`` result. Shown are the focus and those whose balance was largest in any year. Where the
    balances of the focus would be a flat line beside the others, its panel has a scale of its own and says so.
    """
    view = view_of(frame, reporter, partners, names, "balance")
    n, span = view.names, view.span
    known = view.rows.dropna(subset=["balance"])
    unit = style.scale(known["balance"])
    size = known.assign(size=known["balance"].abs()).groupby("partner")["size"].max().sort_values(ascending=False)
    by_size = [str(code) for code in size.index]
    kept = (
        by_size[:MOST_PANELS] if focus in by_size[:MOST_PANELS] or focus not in by_size else by_size[: MOST_PANELS - 1]
    )
    shown = list(dict.fromkeys([*([str(focus)] if focus in by_size else []), *kept]))
    apart = focus in by_size and size[focus] < FLAT * size.iloc[0]
    lacking = [code for code in view.partners if code not in by_size]
    last = {str(code): rows.iloc[-1] for code, rows in known.sort_values("year").groupby("partner")}

    def side(value: float) -> str:
        return "surplus" if value > 0 else "deficit" if value < 0 else "balance"

    def title(n: Names) -> Iterable[str]:
        if not shown:
            yield f"No balance of {n.of(reporter)} trade can be struck in these years"
            return
        code = shown[0]
        mine = known[known["partner"] == code].sort_values("year")
        end, year = float(mine["balance"].iloc[-1]), int(mine["year"].iloc[-1])
        turned = mine[(mine["balance"] > 0) != (end > 0)]
        told = f"{n.of(reporter)} {side(end)} with {n.the(code)}"
        if len(turned) and end:
            when = int(turned["year"].iloc[-1])
            yield f"{n.of(reporter)} {side(-end)} with {n.the(code)} turned to {side(end)} after {when}"
        elif len(mine) > 1 and end:
            since = int(mine["year"].iloc[0])
            yield f"{n.start(reporter)} had a {side(end)} with {n.the(code)} every year known since {since}"
        yield f"{told} came to {money(abs(end), view.currency)} in {year}"
        yield f"{n(reporter)}, {n(code)}: a {side(end)} of {money(abs(end), view.currency)} in {year}"

    panels = []
    for code in shown:
        line = view.line(code, "balance", "", 1 / unit.divisor, colour=code == focus, strong=code == focus)
        end = last[code]
        worth = unit.number(float(end["balance"]))
        sign = "+" if float(end["balance"]) > 0 else ""
        year = "" if int(end["year"]) == span[1] else f" ({int(end['year'])})"
        line = Line(f"{sign}{worth}{year}", line.years, line.values, line.color, line.strong, line.soft)
        colour = style.colour(code) if code == focus else style.MUTED
        zeros = [0.0] * len(line.years)
        band = Band(line.years, zeros, line.values, color=colour, alpha=0.3, below=style.CONTEXT)
        own = apart and code == focus
        panels.append(Panel(f"{n(code)}, on a scale of its own" if own else n(code), [line], [band], apart=own))
    told = [
        f"{n(code)} {money(float(last[code]['balance']), view.currency, sign=True)} in {int(last[code]['year'])}"
        for code in shown
    ]
    alt = f"Lines of the balance in {len(panels)} panels, {period(span)}, filled to the line of zero. "
    alt = alt if panels else "No line is drawn. "
    alt += f"At the end: {listed(told)}. " if told else ""
    alt += f"No balance for {listed([n.the(code) for code in lacking])}." if lacking else ""
    scales = (
        f"the other panels have one scale, {n.the(str(focus))} a larger one" if apart else "all panels have one scale"
    )
    notes = [f"Above the line of zero a surplus, below it a deficit; {scales}.", *view.notes(known)]
    rest = len(by_size) - len(shown)
    notes += [f"{rest} more partners with smaller balances are in the numbers behind this chart."] if rest else []
    notes += [f"A balance needs both flows: none for {listed([n.the(code) for code in lacking])}."] if lacking else []
    return Exhibit.chart(
        lambda canvas: drawing.lines(canvas, panels or [Panel("", [])], span=span, height=54),
        name=f"balance-over-time-{reporter.lower()}",
        title=headline(n, title),
        subtitle=view.subtitle("Exports less imports of goods by partner", unit, period(span)),
        alt=alt,
        notes=notes,
        data=behind(
            known if len(known) else view.rows,
            ["partner", "year", "exports", "imports", "balance", "status", "source"],
            view,
        ),
        units=units(["exports", "imports", "balance"], view.currency),
        **provenance(known),
    )


def share_change(
    shares: pd.DataFrame,
    *,
    reporter: str,
    years: tuple[int, int],
    flow: str = "exports",
    partners: Sequence[str] | None = None,
    focus: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Slopes of partners' shares in the reporter's exports (or imports) from one year to another.

    ``shares``: results of ``share``. A partner without a share in both years is named, not drawn.
    """
    view = view_of(shares, reporter, partners, names, "value", key=("measure",))
    n, (first, last) = view.names, years
    rows = view.rows[(view.rows["measure"] == f"share of {flow}") & view.rows["year"].isin(years)]
    known = rows.dropna(subset=["value"])
    both = known.pivot_table(index="partner", columns="year", values="value").reindex(columns=list(years)).dropna()
    by_size = [str(code) for code in both.max(axis=1).sort_values(ascending=False).index]
    kept = most_telling(by_size, focus)
    ends = dict(zip(both.index.astype(str), both.to_numpy().tolist(), strict=True))
    share = {code: (float(ends[code][0]), float(ends[code][1])) for code in kept}
    by_change = sorted(share, key=lambda code: abs(share[code][1] - share[code][0]), reverse=True)
    coloured = style.story(dict.fromkeys([code for code in (focus, *by_change) if code in share]))
    lacking = [code for code in view.partners if code not in by_size]

    def moved(code: str) -> str:
        start, end = share[code]
        if percent(start) == percent(end):
            return f"stood at {percent(end)} in {first} and {last}"
        return (
            f"{'rose' if end > start else 'fell'} from {percent(start)} to {percent(end)}, {style.years(first, last)}"
        )

    def title(n: Names) -> Iterable[str]:
        if not share:
            yield f"No share in {n.of(reporter)} {flow} is known for both {first} and {last}"
            return
        code = str(focus) if focus in share else max(share, key=lambda one: abs(share[one][1] - share[one][0]))
        yield f"{n.of(code)} share of {n.of(reporter)} {flow} {moved(code)}"
        start, end = (percent(value) for value in share[code])
        yield f"{n(code)} in {n.of(reporter)} {flow}: {start} in {first}, {end} in {last}"

    items = [
        Slope(
            n(code),
            share[code],
            (percent(share[code][0]), percent(share[code][1])),
            color=style.colour(code) if code in coloured else style.CONTEXT,
            strong=code == focus,
        )
        for code in kept
    ]
    alt = f"A line a partner from {first} to {last}. " if items else "No line is drawn. "
    alt += " ".join(f"{n.start(code)} {moved(code)}." for code in kept[:4])
    notes = view.notes(known)
    if lacking:
        notes.append(f"Not known for both {first} and {last}: {listed([n.the(code) for code in lacking])}.")
    return Exhibit.chart(
        lambda canvas: drawing.slopes(canvas, items, years=years),
        name=f"share-of-{flow}-change-{reporter.lower()}",
        title=headline(n, title),
        subtitle=f"Shares of partners in {n.of(reporter)} {flow} of goods, per cent, {first} and {last}{view.seen}",
        alt=alt,
        notes=[*notes, *folded(by_size, kept, n)],
        data=behind(rows, ["measure", "partner", "year", "value", "status", "source"], view),
        units={"value": "ratio"},
        **provenance(known),
    )


def concentration_over_time(
    concentration: pd.DataFrame, *, reporter: str, names: Mapping[str, str] | None = None
) -> Exhibit:
    """Herfindahl–Hirschman index over the years, a panel for each flow, with the bounds for what is not covered.

    ``concentration``: results of ``concentration`` for 'export' and 'import' (or 'turnover'), one below the other.
    """
    rows = concentration[concentration["reporter"] == reporter].sort_values(["flow", "year"], ignore_index=True)
    n = Names(names)
    rows = one_perspective(rows, reporter)
    words = {"export": "exports", "import": "imports", "turnover": "trade"}
    flows = [flow for flow in words if flow in set(rows["flow"])]
    known = rows[rows[["hhi", "hhi_low"]].notna().any(axis=1)]
    span = (int(rows["year"].min()), int(rows["year"].max())) if len(rows) else (0, 0)
    measured = rows["covered"].notna().any() if len(rows) else False
    thin = rows[rows["hhi"].notna() & ~(rows["covered"] >= WELL_COVERED)] if measured else rows.iloc[:0]
    drawn = rows.assign(hhi=rows["hhi"].mask(rows.index.isin(thin.index)))
    if rows.empty:
        rows = pd.DataFrame({"reporter": [reporter], "flow": [None], "year": [None], "hhi": [math.nan]})
    moved = {}
    for flow in flows:
        mine = drawn[(drawn["flow"] == flow) & drawn["hhi"].notna()].sort_values("year")
        if len(mine) > 1:
            moved[words[flow]] = (mine.iloc[0], mine.iloc[-1])

    def peak(what: str) -> pd.Series[Any]:
        mine = drawn[(drawn["flow"].map(words) == what) & drawn["hhi"].notna()]
        return mine.sort_values("hhi").iloc[-1]

    def direction(pair: tuple[Any, Any]) -> str:
        step = float(pair[1]["hhi"]) - float(pair[0]["hhi"])
        return (
            "hardly changed in concentration"
            if abs(step) < 0.02
            else f"became {'more' if step > 0 else 'less'} concentrated"
        )

    def title(n: Names) -> Iterable[str]:
        if known.empty:
            yield f"No concentration of {n.of(reporter)} trade can be computed for these years"
            return
        both: list[str] = [what for what in ("exports", "imports") if what in moved]
        for what in both or list(moved):
            a, b = int(moved[what][0]["year"]), int(moved[what][1]["year"])
            top = peak(what)
            if float(top["hhi"]) > 1.5 * max(
                float(end["hhi"]) for end in moved[what]
            ):  # a rise and fall between the ends
                yield (
                    f"Concentration of {n.of(reporter)} {what} peaked at {top['hhi']:.2f} in {int(top['year'])}, "
                    f"{moved[what][1]['hhi']:.2f} in {b}"
                )
            if len(both) == 2:
                same = direction(moved["exports"]) == direction(moved["imports"])
                if same and (a, b) == tuple(int(end["year"]) for end in moved["imports"]):
                    yield f"Both {n.of(reporter)} exports and imports {direction(moved[what])}, {style.years(a, b)}"
            yield f"{n.of(reporter)} {what} {direction(moved[what])} between {a} and {b}"
            yield f"{n.of(reporter)} {what} {direction(moved[what])}, {style.years(a, b)}"
        end = drawn.loc[known.index].iloc[-1]
        if pd.notna(end["hhi"]) or pd.isna(end["hhi_low"]):
            end = end.fillna({"hhi": known["hhi"].iloc[-1]})
            yield f"The concentration of {n.of(reporter)} {words[end['flow']]} was {end['hhi']:.2f} in {end['year']}"
            yield f"{n(reporter)}: concentration of {words[end['flow']]} {end['hhi']:.2f} in {end['year']}"
        else:
            between = f"{end['hhi_low']:.2f} and {end['hhi_high']:.2f}"
            yield f"The concentration of {n.of(reporter)} {words[end['flow']]} lay between {between} in {end['year']}"
            yield f"{n(reporter)}: concentration of {words[end['flow']]} between {between} in {end['year']}"

    panels = []
    for flow in flows:
        mine = drawn[drawn["flow"] == flow]
        points = mine.dropna(subset=["hhi"])
        label = f"{points['hhi'].iloc[-1]:.2f} in {points['year'].iloc[-1]}" if len(points) else ""
        soft = frozenset(mine.loc[mine["status"].isin(SOFT) | (not measured), "year"].astype(int))
        line = Line(label, mine["year"].tolist(), mine["hhi"].tolist(), color=style.INK, strong=True, soft=soft)
        band = Band(
            mine["year"].tolist(), mine["hhi_low"].tolist(), mine["hhi_high"].tolist(), color=style.CONTEXT, alpha=0.38
        )
        panels.append(Panel(words[flow].capitalize(), [line], [band]))
    alt = f"Line chart in {len(panels)} panels, {period(span)}. " if len(known) else "No line is drawn. "
    for what, (start, end) in moved.items():
        top = peak(what)
        alt += f"{what.capitalize()}: {start['hhi']:.2f} in {start['year']}, {end['hhi']:.2f} in {end['year']}, "
        alt += f"highest in {top['year']} at {top['hhi']:.2f}. "
    notes = [
        "0 is trade spread over countless partners, 1 a single partner. Groups are not counted beside their members."
    ]
    width = (known["hhi_high"] - known["hhi_low"]).max()
    if width > SEEN * known[["hhi", "hhi_high"]].max().max():
        notes.append(
            "Grey band, wide enough to be seen only where the partners counted leave much of the trade uncovered: "
            "where the index of all trade must lie."
        )
    if len(thin):
        lacking = [f"{words[str(flow)]} {span_of(mine)}" for flow, mine in thin.groupby("flow")]
        notes.append(
            f"No line for {listed(lacking)}: the partners with a figure make up less than {percent(WELL_COVERED)} "
            "of the total, or the total is not known."
        )
    elif not measured and len(known):
        notes.append("Hollow: how much of the trade these partners make up is not known.")
    notes += mirror_note(rows, n)
    columns = ["flow", "year", "hhi", "hhi_normalised", "n", "covered", "hhi_low", "hhi_high", "status", "source"]
    return Exhibit.chart(
        lambda canvas: drawing.lines(canvas, panels or [Panel("", [])], span=span, form=style.plain_tick, height=150),
        name=f"concentration-over-time-{reporter.lower()}",
        title=headline(n, title),
        subtitle=f"Herfindahl–Hirschman index of {n.of(reporter)} goods trade over partners, {period(span)}",
        alt=alt,
        notes=notes,
        data=rows[[column for column in columns if column in rows]],
        **provenance(known),
    )


# What the other side says


def mirror_gaps_by_partner(
    gaps: pd.DataFrame,
    *,
    reporter: str,
    year: int,
    focus: str | None = None,
    partners: Sequence[str] | None = None,
    flow: str = "export",
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Bars of how far the partners' reports differ from the reporter's, in one year. ``gaps``: a ``mirror_gap`` result.

    ``flow='export'``: partners' imports, freight taken off, over the reporter's exports; ``'import'``: the reporter's
    imports, freight taken off, over the partners' exports.
    """
    view = gap_view(gaps, reporter, partners, names, flow)
    n = view.names
    rows = view.of_year(year)
    known = rows.dropna(subset=["relative_gap"]).sort_values(["relative_gap", "partner"], ascending=[False, True])
    value = dict(zip(known["partner"], known["relative_gap"].astype(float), strict=True))
    lacking = [code for code in view.partners if code not in value]
    seller = flow == "export"

    def title(n: Names) -> Iterable[str]:
        if not value:
            yield f"No flow of {n.the(reporter)} in {year} is reported by both sides"
            return
        code = max(value, key=lambda code: abs(value[code]))
        more = f"{percent(abs(value[code]))} {'more' if value[code] >= 0 else 'less'}"
        if seller:
            yield f"Freight aside, {n.the(code)} reports buying {more} than {n.the(reporter)} reports selling"
            yield f"{n.start(code)} reports buying {more} than {n.the(reporter)} reports selling"
            yield f"{n(code)} records {more} than {n(reporter)} reports"
        else:
            yield f"Freight aside, {n.the(reporter)} reports buying {more} than {n.the(code)} reports selling"
            yield f"{n.start(reporter)} reports buying {more} than {n.the(code)} reports selling"
            yield f"{n(reporter)} records {more} than {n(code)} reports"

    kept = most_telling(sorted(value, key=lambda code: -abs(value[code])), focus)
    soft = view.soft(year)
    items = [
        Bar(
            n(code),
            value[code],
            percent(value[code], sign=True),
            color=style.colour(code) if code == focus else style.CONTEXT,
            strong=code == focus,
            soft=code in soft,
        )
        for code in value
        if code in kept
    ]
    items += [row_without(n, code, "not reported by both", focus) for code in lacking[:MOST_BARS]]
    above = sum(gap > 0 for gap in value.values())
    alt = f"Bars for {len(value)} partners in {year}; {above} of them lie above zero. "
    if value:
        ends = list(dict.fromkeys([next(iter(value)), list(value)[-1]]))
        alt += f"From {' down to '.join(f'{percent(value[c], sign=True)} ({n(c)})' for c in ends)}. "
    alt += (
        f"{n.start(str(focus))}, set off in colour: {percent(value[str(focus)], sign=True)}. " if focus in value else ""
    )
    alt += f"Not reported by both sides: {listed([n.the(c) for c in lacking])}." if lacking else ""
    buyers, own = (
        ("Partner's imports", f"{n.of(reporter)} exports")
        if seller
        else (f"{n.of(reporter)} imports", "partner's exports")
    )
    return Exhibit.chart(
        lambda canvas: drawing.bars(
            canvas, items, form=style.percent_tick, ends=("← importer says less", "importer says more →")
        ),
        name=f"mirror-gaps-{flow}-{reporter.lower()}-{year}",
        title=headline(n, title),
        subtitle=f"{buyers}, freight taken off, against {own}, difference in per cent, {year}",
        alt=alt,
        notes=[*margin_notes(known), *folded(list(value), kept, n), *both_sides_note(lacking, n, year)],
        data=behind(
            rows,
            ["exporter", "importer", "year", "reported", "mirrored", "gap", "relative_gap", "status", "source"],
            view,
        ),
        units=units(["reported", "mirrored", "gap"], view.currency) | {"relative_gap": "ratio"},
        **provenance(known),
    )


def mirror_gap_over_time(
    gaps: pd.DataFrame, *, reporter: str, focus: str, names: Mapping[str, str] | None = None
) -> Exhibit:
    """The trade of two countries as each reports it over the years: a panel for each direction, the gap filled.

    ``gaps``: a ``mirror_gap`` result.
    """
    n = Names(names)
    pair = gaps[gaps["exporter"].isin([reporter, focus]) & gaps["importer"].isin([reporter, focus])]
    pair = pair.sort_values(["exporter", "year"])
    known = pair.dropna(subset=["reported", "mirrored"])
    span = (int(pair["year"].min()), int(pair["year"].max())) if len(pair) else (0, 0)
    currency = only(known, "currency")
    unit = style.scale([*known["reported"], *known["mirrored"]])
    panels, lines_, said, ends = [], [], [], {}
    for seller, buyer in ((reporter, focus), (focus, reporter)):
        mine = known[(known["exporter"] == seller) & (known["importer"] == buyer)]
        if mine.empty:
            continue
        by_year = mine.set_index("year").reindex(range(span[0], span[1] + 1))
        years = [int(year) for year in by_year.index]
        soft = frozenset(mine.loc[mine["status"].isin(SOFT), "year"].astype(int))
        sides = {}
        for column, who in (("reported", seller), ("mirrored", buyer)):
            sides[column] = (by_year[column] / unit.divisor).tolist()
            color = style.colour(focus) if who == focus else style.INK
            verb = "sold" if column == "reported" else "bought"
            lines_.append(Line(f"{n(who)}: {verb}", years, sides[column], color=color, strong=True, soft=soft))
        band = Band(years, sides["reported"], sides["mirrored"], color=style.colour(focus))
        panels.append(Panel(f"{n(seller)} to {n(buyer)}", lines_[-2:], [band]))
        end = mine.iloc[-1]
        ends[(seller, buyer)] = end
        said.append(
            f"{n(seller)} to {n(buyer)}, {int(end['year'])}: {money(end['reported'], currency)} by the exporter, "
            f"{money(end['mirrored'], currency)} by the importer"
        )

    def title(n: Names) -> Iterable[str]:
        for (seller, buyer), end in ends.items():
            if pd.isna(end["relative_gap"]):
                continue
            gap, year = float(end["relative_gap"]), int(end["year"])
            more = f"{percent(abs(gap))} {'more' if gap >= 0 else 'less'}"
            yield f"{n.start(buyer)} reports buying {more} than {n.the(seller)} reports selling in {year}"
            yield f"{n(buyer)} reports buying {more} than {n(seller)} sold in {year}"
        yield f"{n.start(reporter)} and {n.the(focus)}: no year is reported by both"
        yield f"{n(reporter)} and {n(focus)} share no year reported by both"

    rows = (
        pair
        if len(pair)
        else pd.DataFrame({"exporter": [reporter], "importer": [focus], "year": [None], "gap": [math.nan]})
    )
    alt = (
        f"Two lines in each of {len(panels)} panels, {period(span)}, the space between them filled. "
        if panels
        else "No line is drawn. "
    )
    alt += ". ".join(said) + (
        "." if said else f"No year of trade between {n.the(reporter)} and {n.the(focus)} is reported by both."
    )
    columns = [
        "exporter",
        "importer",
        "year",
        "reported",
        "mirrored",
        "gap",
        "relative_gap",
        "margin",
        "status",
        "source",
    ]
    unit_words = f"{currency} {unit.word}".strip() if currency else "no figure"
    return Exhibit.chart(
        lambda canvas: drawing.lines(canvas, panels or [Panel("", [])], span=span, height=165),
        name=f"mirror-gap-{reporter.lower()}-{focus.lower()}",
        title=headline(n, title),
        subtitle=f"Goods sold and bought as each side reports, freight taken off, {unit_words}, {period(span)}",
        alt=alt,
        notes=[*margin_notes(known), "Only years that both sides reported are drawn."],
        data=rows[[column for column in columns if column in rows]],
        units={
            key: unit
            for key, unit in (units(["reported", "mirrored", "gap"], currency) | {"relative_gap": "ratio"}).items()
            if key in rows
        },
        **provenance(known),
    )


def coverage_panel(
    coverage: pd.DataFrame,
    *,
    reporter: str,
    partners: Sequence[str] | None = None,
    focus: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Which partner and year has a figure, how firm, and from which side.

    ``coverage``: a result of ``coverage`` for the reporter's view (``reporters_view``) from one or both perspectives.
    In each cell the upper half stands for exports, the lower for imports; a stated turnover fills the cell.
    """
    n = Names(names)
    rows = coverage[coverage["reporter"] == reporter]
    if "perspective" not in rows:
        rows = rows.assign(perspective="reported")
    every = list(partners) if partners is not None else sorted(set(rows["partner"]) - {WORLD}, key=n)
    codes = most_telling(every, focus)
    rows = rows[rows["partner"].isin(every)].sort_values(["partner", "perspective", "flow", "year"])
    if rows.empty:
        rows = pd.DataFrame(
            {
                "reporter": reporter,
                "perspective": "reported",
                "partner": codes or [reporter],
                "flow": "export",
                "year": None,
            }
        ).assign(status="missing", months=None, source=None)
    given = rows["year"].dropna()
    span = (int(given.min()), int(given.max())) if len(given) else (0, 0)
    own = rows[rows["perspective"] == "reported"]
    firm = own[(own["status"] == "final") & (own.get("months", pd.Series(12, index=own.index)) == 12)]
    # A year counts where some figure of twelve months is held: both flows, one of them, or a stated total.
    full = (rows["status"] != "missing") & (rows.get("months", pd.Series(12, index=rows.index)).fillna(0) == 12)
    held = rows.assign(full=full).groupby(["perspective", "partner", "year"])["full"].max()
    covered = {str(side): float(share) for side, share in held.groupby("perspective").mean().items()}

    def title(n: Names) -> Iterable[str]:
        if not (rows["status"] != "missing").any():
            yield f"Nobody reports any trade of {n.the(reporter)} for these years"
            return
        if not covered.get("reported"):
            yield f"{n.start(reporter)} reports nothing; partners fill {percent(covered.get('mirror', 0))} of years"
            yield f"{n(reporter)} reports nothing; partners fill {percent(covered.get('mirror', 0))} of cells"
        if focus in codes:
            mine = firm[firm["partner"] == focus].groupby("year")["flow"].nunique()
            full = mine[mine >= 2]
            if full.empty:
                yield f"{n.start(reporter)} has no final figures for both flows with {n.the(str(focus))}"
            elif int(full.index.max()) < span[1]:
                yield f"{n.of(reporter)} final figures for {n.the(str(focus))} end in {int(full.index.max())}"
        shares = f"{percent(covered.get('reported', 0))} of the years"
        if "mirror" in covered:
            yield f"{n.start(reporter)} reports {shares} shown, its partners {percent(covered['mirror'])}"
        yield f"{n.start(reporter)} reports {shares} shown for these partners"
        yield f"{n(reporter)} reports {shares} in these years"

    states = {
        (str(row["partner"]), str(row["perspective"]), str(row["flow"]), int(row["year"])): _state(row)
        for row in rows.dropna(subset=["year"]).to_dict("records")
    }
    sides = [side for side in ("reported", "mirror") if side in set(rows["perspective"])]
    shown = [
        Row(
            n(code),
            {side: _cells(states, code, side, span) for side in sides},
            color=style.colour(code) if code == focus else None,
        )
        for code in codes
    ]
    whose = {
        "reported": f"what {n.the(reporter)} itself states",
        "mirror": "what the partner states of the same trade, read from the other side",
    }
    counts = rows["status"].value_counts()
    rest = len(every) - len(codes)
    alt = f"A grid of {len(codes)} partners by {span[1] - span[0] + 1} years, {period(span)}. "
    alt += "Flows: "
    alt += ", ".join(f"{int(counts[s])} {s}" for s in (*STATUSES, "missing") if s in counts) + ". "
    for side, share in covered.items():
        who = "The reporter covers" if side == "reported" else "The partners cover"
        alt += f"{who} {percent(share)} of the pairs of partner and year. "
    return Exhibit.chart(
        lambda canvas: drawing.grid(canvas, shown, span=span),
        name=f"coverage-{reporter.lower()}",
        title=headline(n, title),
        subtitle=f"Annual figures on {n.of(reporter)} goods trade by partner and side reporting, {period(span)}",
        alt=alt,
        notes=[
            "In each cell: exports above, imports below; a stated total of both fills the cell. A dot: not reported.",
            " ".join(f"{side.capitalize()}: {whose[side]}." for side in sides),
            f"{rest} more partners are in the numbers behind this chart." if rest else "",
        ],
        data=rows[[c for c in ("partner", "perspective", "flow", "year", "status", "months", "source") if c in rows]],
        **provenance(rows[rows["status"] != "missing"]),
    )


def of_both_sides(view: pd.DataFrame, *, reporter: str, names: Names | None = None) -> Prose:
    """What the reader must know of figures that are nobody's report; nothing where there is none.

    ``view``: goods flows of one reporter, one figure for each flow.
    """
    made = view[view["status"] == "reconciled"]
    return say(
        """**No figure here is a report of {reporter}.** The source reconciled what both sides state and took freight
        off; where two reports are compared, such figures are left out.""",
        """{share:percent} of the figures, from {first} to {last}, are no report: the source reconciled what both sides
        state and took freight off. They stand where no report is held, and are left out where two reports are
        compared.""",
        "",
        reporter=(names or Names()).the(reporter) if 0 < len(made) == len(view) else None,
        share=len(made) / len(view) if len(made) else None,
        first=made["year"].min(),
        last=made["year"].max(),
    )


def place_among(
    ranked: pd.DataFrame, focus: str, *, currency: str = "USD", names: Mapping[str, str] | None = None
) -> str:
    """A sentence on where a partner stands among those compared; nothing where it has no figure or is alone.

    ``ranked``: a result of ``rank`` for one reporter and year.
    """
    n = Names(names)
    known = ranked.dropna(subset=["rank"]).set_index("partner").sort_values(["rank", "value"])
    if focus not in known.index or len(known) < 2:
        return ""
    place, others = int(known["rank"][focus]), known.drop(focus)
    first = str(others.index[0])
    amount = money(float(others["value"].iloc[0]), currency)
    if len(known) == 2:
        other = "the other partner compared" if len(ranked) == 2 else "the only other partner with a figure"
        return f"Trade with {n.the(first)}, {other}, came to {amount}."
    if place == 1:
        alone = int(others["rank"].iloc[0]) > 1
        return f"It is the largest of the {len(known)} partners compared." if alone else ""
    return (
        f"It ranks {style.ordinal(place)} among the {len(known)} partners compared, of which {n.the(first)} is the "
        f"largest with {amount}."
    )


def moved_by(rate: float | None) -> str | None:
    """What a figure did, after its name: ``grew by 8.8 %``, ``fell by 3 %``; nothing where the rate is missing."""
    if rate is None or pd.isna(rate):
        return None
    said = percent(abs(rate))
    return "hardly changed" if said == percent(0.0) else f"{'grew' if rate > 0 else 'fell'} by {said}"


def how_many_grew(growth: pd.DataFrame, *, year: int, names: Mapping[str, str] | None = None) -> Prose:
    """With how many partners trade grew in a year. ``growth``: a result of ``growth`` for one reporter."""
    n = Names(names)
    grown = growth[(growth["year"] == year) & growth["value"].notna()]
    up, every = int((grown["value"] > 0).sum()), len(grown)
    return say(
        """Of the {every} partners with figures for both {before} and {year}, trade grew with {up}. A growth rate needs
        the calendar year before; where that is missing, none is given.""",
        "Only for {alone} are figures of both {before} and {year} held: trade {did}.",
        "No partner has figures for both {before} and {year}, so no growth rate is given.",
        every=every if every > 1 else None,
        up="all of them" if up == every else "one of them" if up == 1 else up or "none of them",
        alone=n.the(str(grown["partner"].iloc[0])) if every == 1 else None,
        did=moved_by(float(grown["value"].iloc[0])) if every else None,
        before=year - 1,
        year=year,
    )


def as_known(status: object) -> str:
    """What a sentence adds after a figure that is not final; nothing after one that is."""
    said = {
        "press": ", by press reports",
        "preliminary": ", a preliminary figure",
        "reconciled": ", reconciled from the reports of both sides",
    }
    return said.get(str(status), "")


def conversion(published: pd.DataFrame, left_out: pd.DataFrame, *, reporter: str, currency: str) -> Prose:
    """How many figures of the reporter's trade were converted, and which were left out; no words if none was foreign.

    ``published`` and ``left_out``: goods flows before ``trade.in_currency``, and those it left out.
    """
    foreign, gone = (
        rows[((rows["reporter"] == reporter) | (rows["partner"] == reporter)) & (rows["currency"] != currency)]
        for rows in (published, left_out)
    )
    said = say(
        "{done} in {stated} stand converted to {wanted} at the mean rate of each year.",
        "",
        done=counted(len(foreign) - len(gone), "figure") if len(foreign) > len(gone) else None,
        stated=listed(sorted(set(foreign["currency"]))),
        wanted=currency,
    )
    without = say(
        """{lost} of {years}, stated in {stated}, {are} left out of all that is computed here: no exchange rate to
        {wanted} is held.""",
        "",
        lost=counted(len(gone), "figure") if len(gone) else None,
        are="is" if len(gone) == 1 else "are",
        years=listed(spans(gone["year"])),
        stated=listed(sorted(set(gone["currency"]))),
        wanted=currency,
    )
    return Prose(f"{said} {without}".strip())


def standing(
    table: pd.DataFrame,
    successions: pd.DataFrame,
    *,
    reporter: str,
    partners: Sequence[str],
    years: tuple[int, int],
    later: bool = True,
    names: Mapping[str, str] | None = None,
) -> Prose:
    """For which of the years figures are held, and which of these states ended, were united or divided; else no words.

    Parameters
    ----------
    table
        A ``bilateral`` result of the reporter's trade with all partners.
    successions
        The table of states that ended or were divided.
    years
        First and last year asked for.
    later
        Whether anybody states a figure of the reporter's trade after the last of these years.
    """
    n = Names(names)
    figures = table[table[["exports", "imports", "turnover"]].notna().any(axis=1)]
    held = sorted(set(figures["year"]))
    missing = sorted(set(range(held[0], held[-1] + 1)) - set(held))
    said = []
    for row in rows_of(successions[(successions["country"] == reporter) & (successions["change"] == "ended")])[:1]:
        after = sorted(successions.loc[successions["country"] == reporter, "successor"])
        became = f", when it was united with {n.the(after[0])}" if len(after) == 1 else ""
        followed = f"; {listed([n.the(code) for code in after])} took its place" if len(after) > 1 else ""
        said.append(f"{n.start(reporter)} ceased to exist {_when(row['date'])}{became}{followed}.")
        if held[-1] > int(row["date"][:4]):
            said.append(f"Publishers go on to give figures under its name to {held[-1]}.")
    first = f"begin in {held[0]}" if held[0] > years[0] else ""
    last = f"end in {held[-1]}" if held[-1] < years[1] else ""
    if first or last:
        said.append(f"The figures {' and '.join(filter(None, [first, last]))}.")
    if not last and not later:
        said.append(f"The figures shown end in {years[1]}; later ones are not held here.")
    if missing:
        said.append(f"None at all is held for {listed(spans(missing))}.")
    said += [
        _succession(row, n, alone=(successions["country"] == row["country"]).sum() == 1)
        for code in dict.fromkeys([reporter, *partners])
        for row in rows_of(successions)
        if years[0] <= int(row["date"][:4]) < years[1]
        and not (row["change"] == "ended" and row["country"] == reporter)
        and (row["successor"] == code or (row["change"] == "parted" and row["country"] == code))
    ]
    return say("{said}", said=" ".join(dict.fromkeys(said)))


def _succession(row: Mapping[str, Any], n: Names, *, alone: bool) -> str:
    state, other = str(row["country"]), str(row["successor"])
    if row["change"] == "parted":
        return f"{n.start(other)} parted from {n.the(state)} {_when(row['date'])}: figures before it hold both."
    if alone:
        return (
            f"{n.start(state)} was united with {n.the(other)} {_when(row['date'])}: "
            "figures before and after are of different territories."
        )
    return (
        f"Until {day_said(row['date'])} {n.the(other)} was part of {n.the(state)}, whose trade is not counted with it."
    )


def _when(date: Any) -> str:
    return f"{'on' if len(str(date)) == 10 else 'in'} {day_said(date)}"


def years_covered(
    table: pd.DataFrame,
    *,
    partners: Sequence[str],
    years: tuple[int, int],
    names: Mapping[str, str] | None = None,
) -> Prose:
    """In which of the years not all partners have a turnover, and how many do. ``table``: a ``bilateral`` result."""
    known = (
        table[table["partner"].isin(list(partners))].dropna(subset=["turnover"]).groupby("year")["partner"].nunique()
    )
    counts = {year: int(known.get(year, 0)) for year in range(years[0], years[1] + 1)}
    short = {year: held for year, held in counts.items() if held < len(set(partners))}
    runs: list[list[int]] = []
    for year, held in short.items():
        if runs and year == runs[-1][-1] + 1 and held == short[runs[-1][-1]]:
            runs[-1].append(year)
        else:
            runs.append([year])
    every = len(set(partners))
    parts = [f"{spans(run)[0]}" + (f" ({_of_them(short[run[0]], every)})" if every > 1 else "") for run in runs]
    return say(
        "There is no year from {first} to {last} in which every partner has a figure: {without}.",
        "For no year from {first} to {last} is a turnover of trade with {only} held.",
        "Each of the {many} partners has a figure for every year from {first} to {last} except {short}.",
        "Trade with {alone} has a figure for every year from {first} to {last} except {short}.",
        "Every partner has a figure in every year from {first} to {last}.",
        first=years[0],
        last=years[1],
        only=Names(names).the(partners[0]) if every == 1 and len(short) == len(counts) else None,
        without=listed(parts) if every > 1 and len(short) == len(counts) else None,
        many=every if every > 1 else None,
        alone=Names(names).the(partners[0]) if every == 1 else None,
        short=listed(parts) if parts else None,
    )


def _of_them(number: int, every: int) -> str:
    """How many of the partners have a figure: ``none has one``, ``1 of 2 has one``, ``4 of 9 have one``."""
    return f"{number} of {every} {'has' if number == 1 else 'have'} one" if number else "none has one"


def _state(row: Mapping[Any, Any]) -> str:
    months = row.get("months", 12)
    partial = row["status"] != "missing" and not pd.isna(months) and int(months) < 12
    return "part" if partial else str(row["status"])


def _cells(
    states: Mapping[tuple[str, str, str, int], str], code: str, side: str, span: tuple[int, int]
) -> dict[int, tuple[str, str, str]]:
    """For each year the state of exports, imports and stated turnover."""
    export, import_, turnover = (
        {year: states.get((code, side, flow, year), "missing") for year in range(span[0], span[1] + 1)}
        for flow in ("export", "import", "turnover")
    )
    cells = {}
    for year in export:
        halves = (export[year], import_[year])
        # A total stated for the whole year says more than flows of a part of it.
        if "part" in halves and turnover[year] not in ("missing", "part") and not set(halves) & {"final", *SOFT}:
            halves = ("missing", "missing")
        cells[year] = (*halves, turnover[year])
    return cells


# Tables with every number


def flows_table(
    frame: pd.DataFrame,
    *,
    reporter: str,
    year: int,
    partners: Sequence[str] | None = None,
    shares: pd.DataFrame | None = None,
    growth: pd.DataFrame | None = None,
    names: Mapping[str, str] | None = None,
) -> Exhibit:
    """Every figure of one year by partner. ``frame``: a ``bilateral`` result; ``shares``, ``growth`` add a column."""
    view = view_of(frame, reporter, partners, names, "turnover", world=True)
    n = view.names
    rows = view.of_year(year).set_index("partner").reindex(view.partners)
    unit = style.table_scale([*rows["exports"], *rows["imports"], *rows["turnover"]])
    # A total has no bar among its parts: theirs would all be short beside it.
    bars = rows["turnover"].where(rows.index != WORLD).tolist()
    columns = [Column("Partner", "left"), Column("Exports"), Column("Imports")]
    columns += [Column("Turnover", bars=bars, soft=rows["status"].isin(SOFT).tolist()), Column("Balance")]
    extra: dict[str, pd.Series[Any]] = {}
    if shares is not None:
        part = shares[(shares["reporter"] == reporter) & (shares["year"] == year)]
        column = measured(part, "share of ", "turnover")
        part = part[part["measure"] == f"share of {column}"] if "measure" in part else part
        columns.append(Column(f"Share of {column}, %"))
        extra["share"] = one_perspective(part, reporter).set_index("partner")["value"].reindex(view.partners)
    if growth is not None:
        part = growth[(growth["reporter"] == reporter) & (growth["year"] == year)]
        columns.append(Column(f"Change on {year - 1}, %"))
        extra["growth"] = one_perspective(part, reporter).set_index("partner")["value"].reindex(view.partners)
    columns.append(Column("Status", "left"))
    text = []
    for code in view.partners:
        row = rows.loc[code]
        cells = [
            capital(n(code)),
            *(
                style.cell(row[what] / unit.divisor, style.whole)
                for what in ("exports", "imports", "turnover", "balance")
            ),
        ]
        cells += [style.cell(extra[what][code] * 100, style.tenths) for what in extra]
        text.append([*cells, row["status"] if isinstance(row["status"], str) else NOT_REPORTED])
    known = rows[rows["turnover"].notna() | rows["exports"].notna() | rows["imports"].notna()].reset_index()
    ranked = known[known["partner"] != WORLD].dropna(subset=["turnover"]).sort_values("turnover", ascending=False)

    def title(n: Names) -> Iterable[str]:
        if ranked.empty:
            yield f"No full trade figures of {n.the(reporter)} are reported for {year}"
            return
        top = ranked.iloc[0]
        amount = money(top["turnover"], view.currency)
        yield f"{n.start(top['partner'])} leads {n.of(reporter)} partners in {year} with {amount}"
        yield f"{n(reporter)} in {year}: {n(top['partner'])} first with {amount}"

    numbers = rows.reset_index().assign(**{what: series.to_numpy() for what, series in extra.items()})
    keep = [
        "partner",
        "year",
        "exports",
        "imports",
        "turnover",
        "balance",
        "turnover_basis",
        *extra,
        "status",
        "source",
    ]
    numbers["year"] = year
    groups = [Group("", 1), Group(f"{view.currency} {unit.word}".strip(), 4), *([Group("", len(columns) - 5)])]
    lacking = [code for code in view.partners if code not in set(known["partner"])]
    alt = f"Table of {len(view.partners)} partners with exports, imports, turnover and balance in {year}. "
    alt += f"{len(known)} have a figure. " + unreported(lacking, n, year)
    notes = view.notes(known)
    notes += _hatched_note(columns)
    if any("–" in row[1:] for row in text):
        notes.append("A dash: not reported, or not to be computed from what is.")
    return Exhibit.table(
        columns,
        text,
        groups=groups,
        name=f"flows-{reporter.lower()}-{year}",
        title=headline(n, title),
        subtitle=view.subtitle(f"{n.of(reporter)} goods trade by partner", unit, str(year)),
        alt=alt,
        notes=notes,
        data=numbers[[column for column in keep if column in numbers]],
        units=units(["exports", "imports", "turnover", "balance"], view.currency) | dict.fromkeys(extra, "ratio"),
        **provenance(known),
    )


def years_table(frame: pd.DataFrame, *, reporter: str, partner: str, names: Mapping[str, str] | None = None) -> Exhibit:
    """Every figure with one partner by year, unreported years among them. ``frame``: a ``bilateral`` result."""
    view = view_of(frame, reporter, [partner], names, "turnover", world=True)
    n = view.names
    span = view.span
    rows = view.rows.set_index("year").reindex(range(span[0], span[1] + 1))
    unit = style.table_scale([*rows["exports"], *rows["imports"], *rows["turnover"]])
    measures = ("exports", "imports", "turnover", "balance")
    text = [
        [
            str(year),
            *(style.cell(row[what] / unit.divisor, style.whole) for what in measures),
            row["status"] if isinstance(row["status"], str) else NOT_REPORTED,
        ]
        for year, row in rows.iterrows()
    ]
    known = rows[rows[["exports", "imports", "turnover"]].notna().any(axis=1)]
    peak = known.dropna(subset=["turnover"])

    def title(n: Names) -> Iterable[str]:
        if peak.empty:
            yield f"No trade of {n.the(reporter)} with {n.the(partner)} is reported in full"
            yield f"{n(reporter)} and {n(partner)}: no turnover is reported"
            return
        year = int(str(peak["turnover"].idxmax()))
        amount = money(peak["turnover"].max(), view.currency)
        yield f"{n.of(reporter)} trade with {n.the(partner)} was highest in {year}, at {amount}"
        yield f"{n(reporter)} and {n(partner)}: highest in {year}, at {amount}"

    soft = rows["status"].isin(SOFT).tolist()
    columns = [Column("Year", "left"), Column("Exports"), Column("Imports")]
    columns += [Column(what.capitalize(), bars=rows[what].tolist(), soft=soft) for what in ("turnover", "balance")]
    columns.append(Column("Status", "left"))
    numbers = rows.reset_index(names="year").assign(partner=partner)
    keep = ["partner", "year", *measures, "turnover_basis", "status", "source"]
    gaps = [str(year) for year in rows.index if year not in known.index]
    return Exhibit.table(
        columns,
        text,
        groups=[Group("", 1), Group(f"{view.currency} {unit.word}".strip(), 4), Group("", 1)],
        name=f"years-{reporter.lower()}-{partner.lower()}",
        title=headline(n, title),
        subtitle=view.subtitle(f"{n.of(reporter)} goods trade with {n.the(partner)}", unit, period(span)),
        alt=f"Table of {len(rows)} years with exports, imports, turnover and balance. "
        + (f"Nothing is reported for {listed(gaps)}." if gaps else "Every year has a figure."),
        notes=[
            *view.notes(known.reset_index()),
            *_hatched_note(columns),
            *(["A dash: not reported, or not to be computed from what is."] if any("–" in row for row in text) else []),
        ],
        data=numbers[[column for column in keep if column in numbers]],
        units=units(list(measures), view.currency),
        **provenance(known),
    )


def _hatched_note(columns: Iterable[Column]) -> list[str]:
    drawn = [(bar, soft) for column in columns for bar, soft in zip(column.bars or (), column.soft or (), strict=True)]
    hatched = any(soft and bar is not None and not pd.isna(bar) for bar, soft in drawn)
    return [f"Hatched bars: {drawing.SOFT_WORDS}."] if hatched else []


def statements_table(
    flows: pd.DataFrame, *, reporter: str, partner: str, names: Mapping[str, str] | None = None
) -> Exhibit | Prose:
    """Every figure stated of trade with one partner in the years that rest on preliminary or press figures.

    ``flows``: goods flows as published, from both sides, partial years among them. A sentence where there is none.
    """
    n = Names(names)
    pair = flows[
        ((flows["reporter"] == reporter) & (flows["partner"] == partner))
        | ((flows["reporter"] == partner) & (flows["partner"] == reporter))
    ]
    soft = pair[pair["status"].isin(SOFT) | (pair["months"] < 12)]
    if soft.empty:
        return say(
            "No preliminary figure of {whose} trade with {partner} is held, none of a part of a year, and none from "
            "the press.",
            whose=n.of(reporter),
            partner=n.the(partner),
        )
    rows = soft.sort_values(["year", "months", "reporter", "flow", "source"], ignore_index=True)
    currencies = sorted(set(rows["currency"]))
    entries = {str(entry["id"]): entry for entry in data.sources(rows)}
    text = []
    for row in rows.to_dict("records"):
        entry = entries[str(row["source"])]
        what = "turnover" if row["flow"] == "turnover" else f"{row['flow']}s"
        span = "year" if int(row["months"]) == 12 else f"{int(row['months'])} months"
        said_by = str(entry["publisher"] or entry["producer"])
        amount = money(float(row["value"]), str(row["currency"]))
        text.append([str(row["year"]), n(str(row["reporter"])), what, span, amount, str(row["status"]), said_by])
    full = rows[(rows["flow"] == "turnover") & (rows["months"] == 12)]
    spread = full.groupby(["year", "currency"])["value"].agg(["min", "max", "count"])  # never across currencies
    apart = spread[spread["max"] > spread["min"]]

    def title(n: Names) -> Iterable[str]:
        if len(apart):
            (year, currency), least, most = apart.index[-1], apart["min"].iloc[-1], apart["max"].iloc[-1]
            span = f"from {money(least, currency)} to {money(most, currency)}"
            yield f"Trade with {n.the(partner)} in {year}: {span}"
        yield f"{len(rows)} preliminary or press figures of trade with {n.the(partner)} are held"

    columns = [Column("Year", "left"), Column("As counted by", "left"), Column("Figure of", "left")]
    columns += [Column("Period", "left"), Column("Amount"), Column("Status", "left"), Column("Published by", "left")]
    years = style.years(int(rows["year"].min()), int(rows["year"].max()))
    return Exhibit.table(
        columns,
        text,
        name=f"statements-{reporter.lower()}-{partner.lower()}",
        title=headline(n, title),
        subtitle=f"Figures of goods trade between {n.the(reporter)} and {n.the(partner)} that are not final, {years}",
        alt=f"Table of {len(rows)} figures, each with year, who counts, period, amount, status and publisher.",
        notes=["Where several figures stand for a year, the charts use the one that the order of sources puts first."],
        data=rows[["year", "reporter", "partner", "flow", "months", "value", "currency", "status", "source"]],
        units={"value": " or ".join(currencies)},
        **provenance(rows),
    )
