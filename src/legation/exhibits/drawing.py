"""The kinds of chart that the exhibits are drawn with: bars, lines over years in panels, slopes, and a grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from legation.exhibits import style
from legation.exhibits.style import Canvas

#: A row of bars, the space between two labels of lines, and the line of type under an axis.
ROW, LABEL_GAP, FOOT = 15.5, 10.6, 15.0
#: More rows than this stand closer, so that a grid of them fits a page.
ROOMY = 14
#: Steps from the foot of a plot of lines to its head; a plot no higher than ``LOW`` has half as many.
MOST_TICKS, LOW = 6, 100.0
SOFT_WORDS = "preliminary or press figure"


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its value, the text at its end. Without a value there is only the text."""

    label: str
    value: float
    text: str
    color: str = style.CONTEXT
    strong: bool = False
    soft: bool = False


@dataclass(frozen=True)
class Line:
    """One series of a panel, with the words at its end.

    ``breaks`` are years whose figure has another producer than the one before.
    """

    label: str
    years: Sequence[int]
    values: Sequence[float]
    color: str = style.CONTEXT
    strong: bool = False
    soft: frozenset[int] = frozenset()
    breaks: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Band:
    """The space between two series, filled: ``low`` and ``high`` over ``years``.

    ``below`` is the colour where the high one lies under the low one, if that is to be told apart.
    """

    years: Sequence[int]
    low: Sequence[float]
    high: Sequence[float]
    color: str
    alpha: float = 0.16
    below: str | None = None


@dataclass(frozen=True)
class Slope:
    """What was and what is: a line from the first value to the second, with the words at both ends."""

    label: str
    values: tuple[float, float]
    texts: tuple[str, str]
    color: str = style.CONTEXT
    strong: bool = False


@dataclass(frozen=True)
class Panel:
    """Lines over the same years, under a heading of their own; ``apart`` if on another scale, which is to be said."""

    heading: str
    lines: Sequence[Line]
    bands: Sequence[Band] = ()
    apart: bool = False


@dataclass(frozen=True)
class Row:
    """One partner of a grid: for each side, each year's state of exports, imports and stated turnover.

    A state is 'final', 'reconciled', 'preliminary', 'press', 'part' (of the year) or 'missing'. A row with a colour is
    set off.
    """

    label: str
    sides: Mapping[str, Mapping[int, tuple[str, str, str]]]
    color: str | None = None


@dataclass(frozen=True)
class Event:
    """A day or period, in decimal years, and its label."""

    label: str
    start: float
    end: float | None = None


@dataclass
class _Placed:
    event: Event
    x: float
    left: float
    right: float
    row: int = 0
    text: str = ""


def bars(
    canvas: Canvas,
    items: Sequence[Bar],
    *,
    ends: tuple[str, str] = ("", ""),
    form: Callable[[float], str] | None = None,
    divisor: float = 1.0,
    reference: tuple[float, str] | None = None,
    dots: bool = False,
) -> None:
    """Horizontal bars from zero, names at the left, figures at their ends, the soft ones hatched.

    ``ends`` say what it means to lie left and right of zero. ``form`` writes the numbers on the axis, which counts in
    units of ``divisor``. ``dots`` draws a dot on a thin stem instead, and ``reference`` a rule at a value that means
    something, with its label.
    """
    sides = any(ends) or reference is not None
    soft = any(item.soft for item in items)
    top = 16.0 if sides else 3.0
    height = top + ROW * len(items) + FOOT + (FOOT if soft else 0)
    canvas.set_height(height)
    weights = [style.SEMIBOLD if item.strong else style.REGULAR for item in items]
    items = [replace(item, value=item.value / divisor) for item in items]
    widest = max(style.text_width(style.clean(i.label), style.TEXT, w) for i, w in zip(items, weights, strict=True))
    names = min(widest, canvas.width * (0.36 if canvas.narrow else 0.32))
    left, right = names + 7, canvas.width - 9
    texts = [style.fit(item.text, (right - left) * 0.6, weight=w) for item, w in zip(items, weights, strict=True)]
    tails = [style.text_width(text, style.TEXT, w) + 6 for text, w in zip(texts, weights, strict=True)]
    if dots:
        right -= max(tail for tail, item in zip(tails, items, strict=True) if np.isfinite(item.value) or tail)
        tails = [5.0 if np.isfinite(item.value) else tail for tail, item in zip(tails, items, strict=True)]
    values = [item.value if np.isfinite(item.value) else 0.0 for item in items]
    low, high = _room(values, tails, right - left, least=reference[0] * 1.04 if reference else 0.0)

    axes = canvas.axes(left, top, right - left, ROW * len(items))
    axes.set_xlim(low, high)
    axes.set_ylim(len(items), 0)
    if any(np.isfinite(item.value) for item in items):
        _axis_of_values(axes, form, most=3 if canvas.narrow else 6)
    scale = (right - left) / (high - low)
    zero = left - low * scale
    for place, (item, text, weight) in enumerate(zip(items, texts, weights, strict=True)):
        y = top + ROW * (place + 0.5)
        ink = item.color if item.strong else style.INK
        canvas.text(0, y, item.label, room=names, color=ink, fontweight=weight)
        if not np.isfinite(item.value):
            canvas.text(zero + 5, y, text, color=style.MUTED, fontweight=weight)
            continue
        if dots:
            axes.plot([0, item.value], [place + 0.5] * 2, color=item.color, linewidth=0.9, zorder=2)
            face = style.PAPER if item.soft else item.color
            look: dict[str, Any] = {"markerfacecolor": face, "markeredgecolor": item.color, "markeredgewidth": 1.1}
            axes.plot(item.value, place + 0.5, "o", markersize=6, zorder=4, clip_on=False, **look)
        else:
            style.bar(axes, place + 0.5, item.value, color=item.color, soft=item.soft)
        if dots:  # in a column of their own, clear of the rule
            canvas.text(canvas.width - 1, y, text, ha="right", color=ink, fontweight=weight)
            continue
        reach = zero + item.value * scale
        x = reach - 4 if item.value < 0 else reach + 4
        canvas.text(x, y, text, ha="right" if item.value < 0 else "left", color=ink, fontweight=weight)
    style.zero_line(axes, along="x")
    if any(ends):
        room = {"left": zero - left, "right": right - zero}
        for side, words, x, align in (("left", ends[0], zero - 4, "right"), ("right", ends[1], zero + 4, "left")):
            wide = style.text_width(words, style.SMALL)
            if wide <= room[side] + (left if side == "left" else 0) - 4:
                canvas.text(x, 6, words, ha=align, fontsize=style.SMALL, color=style.MUTED)
    if reference:
        axes.axvline(reference[0], color=style.INK, linewidth=0.8, linestyle=(0, (2, 1.5)), zorder=3)
        at = zero + reference[0] * scale
        fits_right = at + style.text_width(reference[1], style.SMALL) + 4 <= canvas.width
        place_of: dict[str, Any] = (
            {"ha": "left", "room": canvas.width - at - 3} if fits_right else {"ha": "right", "room": at - 3}
        )
        canvas.text(
            at + (3 if fits_right else -3), 6, reference[1], fontsize=style.SMALL, color=style.MUTED, **place_of
        )
    if soft:
        y = height - 6
        if dots:
            canvas.text(left, y, f"hollow: {SOFT_WORDS}", fontsize=style.SMALL, color=style.MUTED)
        else:
            style.swatch(canvas, left, y, color=style.CONTEXT, soft=True)
            canvas.text(left + 16, y, SOFT_WORDS, fontsize=style.SMALL, color=style.MUTED)


def _room(values: Sequence[float], tails: Sequence[float], width: float, *, least: float) -> tuple[float, float]:
    """Limits of an axis ``width`` points long on which every bar, with the text at its end, stays inside."""
    pairs = list(zip(values, tails, strict=True))
    largest = max([abs(value) for value in values] + [abs(least)]) or 1.0

    def need(points: float) -> tuple[float, float]:
        after = [value * points + tail for value, tail in pairs if value >= 0]
        before = [-value * points + tail for value, tail in pairs if value < 0]
        return max([*before, 0.0]), max([*after, least * points, 1.0])

    lower, upper = 0.0, width / largest
    for _ in range(60):
        middle = (lower + upper) / 2
        lower, upper = (middle, upper) if sum(need(middle)) <= width else (lower, middle)
    points = max(lower, width / largest * 1e-3)
    before, _ = need(points)
    return -before / points, (width - before) / points


def lines(
    canvas: Canvas,
    panels: Sequence[Panel],
    *,
    span: tuple[int, int],
    form: Callable[[float], str] | None = None,
    events: Sequence[Event] = (),
    height: float = 176.0,
) -> None:
    """Lines over years, labelled at their ends; panels side by side on the page, one below the other on the phone.

    All panels but those apart have the same axes, with zero. Events are labelled rules through each panel, periods pale
    bands.
    """
    if not any(np.isfinite(value) for panel in panels for line in panel.lines for value in line.values) and not any(
        np.isfinite(value) for panel in panels for band in panel.bands for value in band.low
    ):
        canvas.set_height(34)
        canvas.text(0, 17, "No line to draw: no figure is reported.", color=style.MUTED)
        return
    first, last = span
    columns = 1 if canvas.narrow else min(len(panels), 2)
    height = height * (0.86 if canvas.narrow else 1.0)
    gutter = 16.0
    width = (canvas.width - gutter * (columns - 1)) / columns
    most = MOST_TICKS if height > LOW else 3
    together = [panel for panel in panels if not panel.apart]
    scales = [style.ticks(*_extent([panel] if panel.apart else together, most), most) for panel in panels]
    marks = [[(form or style.tick_number(ticks))(tick) for tick in ticks] for ticks in scales]
    numbers = max(style.text_width(mark, style.SMALL) for labels in marks for mark in labels) + 5
    size = style.TEXT
    wanted = [
        style.text_width(style.clean(line.label), size, style.SEMIBOLD if line.strong else style.REGULAR)
        for panel in panels
        for line in panel.lines
    ]
    labels = min(max(wanted, default=0.0), width * 0.42) + 13
    plot = width - numbers - labels
    x_of = lambda year: numbers + 4 + (year - first) / max(last - first, 1) * (plot - 8)  # noqa: E731
    placed, periods = _place_events(events, span, x_of, numbers, width)
    above = max((one.row for one in placed), default=-1) + 1
    head = (15.0 if any(panel.heading for panel in panels) else 0.0) + above * LABEL_GAP + 8
    block = head + height + FOOT + 4
    rows = -(-len(panels) // columns)
    soft = any(
        year in line.soft and np.isfinite(value)
        for panel in panels
        for line in panel.lines
        for year, value in zip(line.years, line.values, strict=True)
    )
    canvas.set_height(block * rows + (FOOT if soft else 0))
    for place, panel in enumerate(panels):
        left, top = (width + gutter) * (place % columns), block * (place // columns)
        if panel.heading:
            canvas.text(left, top + 7, panel.heading, room=width, fontsize=style.HEAD, fontweight=style.SEMIBOLD)
        axes = canvas.axes(left + numbers, top + head, plot, height)
        margin = 4 / (plot - 8) * max(last - first, 1)
        axes.set_xlim(first - margin, last + margin)
        axes.set_ylim(scales[place][0], scales[place][-1])
        axes.set_yticks(scales[place], labels=marks[place])
        axes.grid(visible=True, axis="y", color=style.GRID, linewidth=0.6)
        style.year_axis(axes, first, last)
        style.zero_line(axes, along="y")
        for start, end in periods:
            style.band(axes, start, end)
        for one in placed:
            _draw_event(canvas, axes, one, left=left, top=top + head - 4, rows=above)
        for band in panel.bands:
            _draw_band(axes, band)
        for series in sorted(panel.lines, key=lambda series: series.strong):
            _draw_line(axes, series)
        _label_ends(
            canvas, panel.lines, axes, x=left + numbers + plot, room=labels - 12.5, top=top + head, height=height
        )
    if soft:
        words = f"hollow mark, dashed line: {SOFT_WORDS}"
        canvas.text(0, canvas.height - 6, words, room=canvas.width, fontsize=style.SMALL, color=style.MUTED)


def slopes(canvas: Canvas, items: Sequence[Slope], *, years: tuple[int, int]) -> None:
    """A line an item from the first year to the last, on one scale from zero, named at the right.

    Words that would meet are moved apart and led to their ends; those of grey lines go first where there are too many.
    """
    height = 196.0 if len(items) > 4 else 140.0
    top = 17.0
    canvas.set_height(top + height + 10)
    most = max((value for item in items for value in item.values), default=0.0) or 1.0
    low, high = min(0.0, *(value for item in items for value in item.values), 0.0), most
    kept = sorted(items, key=lambda item: (not item.strong, -max(item.values)))[: int(height // LABEL_GAP)]
    weights = [style.SEMIBOLD if item.strong else style.REGULAR for item in kept]
    before = max((style.text_width(i.texts[0], weight=w) for i, w in zip(kept, weights, strict=True)), default=0.0) + 14
    words = [f"{item.texts[1]}  {style.clean(item.label)}" for item in kept]
    widest = max((style.text_width(word, weight=w) for word, w in zip(words, weights, strict=True)), default=0.0)
    after = min(widest + 16, canvas.width * 0.5)
    left, right = before, canvas.width - after
    for x, year, align in ((left, years[0], "left"), (right, years[1], "right")):
        canvas.text(x, 7, str(year), ha=align, fontsize=style.SMALL, color=style.MUTED)
        canvas.figure.add_artist(
            Line2D([x] * 2, [canvas.height - top, canvas.height - top - height], color=style.GRID, transform=None)
        )
    if not items:
        canvas.text(canvas.width / 2, top + height / 2, "No line to draw.", ha="center", color=style.MUTED)
        return
    zero = Line2D([left, right], [canvas.height - top - height * high / (high - low)] * 2, transform=None)
    zero.set(color=style.INK, linewidth=0.8)
    canvas.figure.add_artist(zero)
    axes = canvas.axes(left, top, right - left, height)
    axes.set_xlim(0, 1)
    axes.set_ylim(low, high)
    for item in sorted(items, key=lambda item: item.strong):
        look: dict[str, Any] = {"color": item.color, "linewidth": 2.0 if item.strong else 1.1, "clip_on": False}
        axes.plot([0, 1], item.values, marker="o", markersize=4.4 if item.strong else 3.2, **look)
    for end, x, step in ((0, left, -1), (1, right, 1)):
        wanted = [top + height * (high - item.values[end]) / (high - low) for item in kept]
        places = style.spread(wanted, LABEL_GAP, top - 3, top + height + 3)
        for item, word, weight, at, y in zip(kept, words, weights, wanted, places, strict=True):
            ink = item.color if item.strong or item.color != style.CONTEXT else style.MUTED
            if abs(at - y) > 2.5:
                _leader(canvas, (x + 3 * step, at), (x + 11 * step, y), item.color)
            text, align, room = (item.texts[0], "right", before) if end == 0 else (word, "left", after - 14)
            canvas.text(x + 13 * step, y, text, ha=align, room=room, color=ink, fontweight=weight)


def grid(canvas: Canvas, rows: Sequence[Row], *, span: tuple[int, int]) -> None:
    """Partners down, years across, a line of cells for each side that reports; a key of the states below."""
    pitch, gap, top = (10.2, 5.0, 3.0) if len(rows) <= ROOMY else (8.6, 3.0, 3.0)
    sides = list(rows[0].sides)
    block = pitch * len(sides) + gap
    bottom = top + block * len(rows) + FOOT
    side_room = max(style.text_width(side, style.SMALL) for side in sides) + 6
    widest = max(style.text_width(style.clean(row.label), style.TEXT, style.SEMIBOLD) for row in rows)
    room = min(widest, canvas.width * (0.27 if canvas.narrow else 0.24))
    left = room + 6 + side_room
    cell = (canvas.width - left - 12) / (span[1] - span[0] + 1)
    canvas.set_height(bottom + 4 + (26 if canvas.narrow else 13))
    axes = canvas.axes(left, top, canvas.width - 12 - left, block * len(rows))
    axes.set_xlim(span[0] - 0.5, span[1] + 0.5)
    style.year_axis(axes, *span)
    pieces: dict[tuple[str, str], list[_Box]] = {}
    for place, row in enumerate(rows):
        y = top + block * place
        weight = style.SEMIBOLD if row.color else style.REGULAR
        canvas.text(0, y + pitch / 2, row.label, room=room, color=row.color or style.INK, fontweight=weight)
        for side, cells in row.sides.items():
            canvas.text(left - side_room, y + pitch / 2, side, fontsize=style.SMALL, color=style.MUTED)
            for year, states in cells.items():
                for state, box in _boxes(states, left + cell * (year - span[0]), y, cell, pitch):
                    pieces.setdefault((state, row.color or STATE_COLOURS[state]), []).append(box)
            y += pitch
    shown = {state for state, _ in pieces} | {"missing"}
    x, y = 0.0, bottom + 6
    for state in (state for state in STATE_WORDS if state in shown):
        wide = style.text_width(STATE_WORDS[state], style.SMALL) + 24
        if x + wide > canvas.width:
            x, y = 0.0, y + 13
        pieces.setdefault((state, STATE_COLOURS[state]), []).append((x, y - 3.5, 12, 7))
        canvas.text(x + 15, y, STATE_WORDS[state], fontsize=style.SMALL, color=style.MUTED)
        x += wide + 4
    for (state, color), boxes in pieces.items():
        _draw_boxes(canvas, boxes, state, color)


_Box = tuple[float, float, float, float]

STATE_COLOURS = {
    "final": style.MUTED,
    "reconciled": style.CONTEXT,
    "preliminary": style.CONTEXT,
    "press": style.CONTEXT,
    "part": style.GRID,
    "missing": style.CONTEXT,
}
_HATCHES = {"preliminary": "////////", "reconciled": "--------"}
STATE_WORDS = {
    "final": "final",
    "reconciled": "reconciled",
    "preliminary": "preliminary",
    "press": "press",
    "part": "part of the year",
    "missing": "not reported",
}


def _boxes(
    states: tuple[str, str, str], x: float, y: float, width: float, height: float
) -> list[tuple[str, tuple[float, float, float, float]]]:
    """The pieces of one cell: exports above, imports below; a stated total, or nothing at all, takes the whole."""
    *halves, total = states
    space = min(1.2, width * 0.14)
    x, width = x + space / 2, width - space
    if set(halves) == {"missing"}:
        return [(total, (x, y + 1, width, height - 2))]
    each = (height - 2.6) / 2
    places = (y + 1, y + 1.6 + each)
    return [(state, (x, at, width, each)) for state, at in zip(halves, places, strict=True) if state != "missing"]


def _draw_boxes(canvas: Canvas, boxes: Sequence[_Box], state: str, color: str) -> None:
    """Filled if final, pale if part of the year, outlined if press, a dot if missing; else hatched, each in its way."""
    look: dict[str, Any] = {"facecolor": color, "edgecolor": "none", "linewidth": 0.0}
    if state == "part":
        look["facecolor"] = style.GRID
    outlined = state in style.SOFT or state in _HATCHES
    if outlined:
        look = {"facecolor": "none", "edgecolor": color, "linewidth": 0.7, "hatch": _HATCHES.get(state)}
    inset = 0.35 if outlined else 0.0
    corners = []
    for x, y, width, height in boxes:
        if state == "missing":
            x, y, width, height = x + width / 2 - 0.8, y + height / 2 - 0.8, 1.6, 1.6
        x0, x1 = x + inset, x + width - inset
        y0, y1 = canvas.height - y - inset, canvas.height - y - height + inset
        corners.append(Path([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], closed=True))
    canvas.figure.add_artist(PathPatch(Path.make_compound_path(*corners), transform=None, **look))


def _axis_of_values(axes: Axes, form: Callable[[float], str] | None, *, most: int) -> None:
    low, high = axes.get_xlim()
    ticks = [tick for tick in style.ticks(low, high, most) if low <= tick <= high]
    write = form or style.tick_number(ticks)
    axes.set_xticks(ticks, labels=[write(tick) for tick in ticks])
    axes.grid(visible=True, axis="x", color=style.GRID, linewidth=0.6)


def _extent(panels: Sequence[Panel], most: int) -> tuple[float, float]:
    every = [value for panel in panels for line in panel.lines for value in line.values]
    every += [value for panel in panels for band in panel.bands for value in (*band.low, *band.high)]
    known = [value for value in every if np.isfinite(value)]
    low, high = min([0.0, *known]), max([0.0, *known])
    if low == high:
        high = 1.0
    ticks = style.ticks(low, high, most)
    return ticks[0], ticks[-1]


def _draw_line(axes: Axes, series: Line) -> None:
    width = 2.0 if series.strong else 1.1
    zorder = 3.0 if series.strong else 2.0
    look: dict[str, Any] = {"color": series.color, "width": width, "soft": series.soft, "zorder": zorder}
    style.line(axes, series.years, series.values, breaks=series.breaks, **look)


def _draw_band(axes: Axes, band: Band) -> None:
    table = pd.DataFrame({"low": band.low, "high": band.high}, index=list(band.years)).sort_index()
    together = table["low"].to_numpy() * 0 + table["high"].to_numpy() * 0
    for years, _ in style.runs(list(table.index), list(together)):
        part = table.loc[years]
        if len(years) == 1:
            axes.plot([years[0]] * 2, part.iloc[0], color=band.color, alpha=0.5, linewidth=3, solid_capstyle="butt")
            continue
        look: dict[str, Any] = {"alpha": band.alpha, "linewidth": 0, "zorder": 1}
        if band.below is None:
            axes.fill_between(years, part["low"], part["high"], color=band.color, **look)
            continue
        for side, color in ((part["high"] >= part["low"], band.color), (part["high"] <= part["low"], band.below)):
            if side.any():
                axes.fill_between(years, part["low"], part["high"], where=side, interpolate=True, color=color, **look)


def _label_ends(
    canvas: Canvas, series: Sequence[Line], axes: Axes, *, x: float, room: float, top: float, height: float
) -> None:
    """The words at the ends of the lines, moved apart so that none covers another; the strong ones first."""
    low, high = axes.get_ylim()
    ended = []
    for one in series:
        points = [
            (year, value) for year, value in zip(one.years, one.values, strict=True) if one.label and np.isfinite(value)
        ]
        if points:
            ended.append((one, max(points)))
    most = int((height + 6) // LABEL_GAP) + 1
    ended = sorted(ended, key=lambda end: (not end[0].strong, -abs(end[1][1])))[:most]
    wanted = [top + height * (1 - (value - low) / (high - low)) for _, (_, value) in ended]
    if not ended:
        return
    places = style.spread(wanted, LABEL_GAP, top - 3, top + height + 3)
    _, last = axes.get_xlim()
    for (one, (year, _)), at, y in zip(ended, wanted, places, strict=True):
        weight = style.SEMIBOLD if one.strong else style.REGULAR
        ink = one.color if one.strong or one.color != style.CONTEXT else style.MUTED
        if abs(at - y) > 2.5 and year >= last - 1:
            _leader(canvas, (x - 2, at), (x + 10, y), one.color)
        canvas.text(x + 12, y, one.label, room=room, color=ink, fontweight=weight)


def _leader(canvas: Canvas, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
    way = 1 if end[0] > start[0] else -1
    xs = (start[0], start[0] + 3 * way, end[0] - 2 * way, end[0])
    ys = tuple(canvas.height - y for y in (start[1], start[1], end[1], end[1]))
    canvas.figure.add_artist(Line2D(xs, ys, transform=None, color=color, linewidth=0.5, solid_joinstyle="round"))


# Events: every label in a row above the plot, beside its own rule, crossed by nobody else's.


def _place_events(
    events: Sequence[Event], span: tuple[int, int], x_of: Callable[[float], float], low: float, high: float
) -> tuple[list[_Placed], list[tuple[float, float]]]:
    first, last = span
    inside = [one for one in events if one.start <= last + 0.99 and (one.end or one.start) >= first]
    inside = sorted(inside, key=lambda one: (one.start, one.label))
    periods = [(max(one.start, first), min(one.end, last)) for one in inside if one.end and one.end - one.start > 0.15]
    waiting = []
    for one in inside:
        x = x_of(min(max(one.start, first), last))
        text = style.fit(one.label, max(x - low, high - x) - 6, size=style.SMALL)
        waiting.append((one, x, text))
    for rows in range(1, len(waiting) + 1):
        found = _arrange(waiting, [], rows, low, high)
        if found is not None:
            return found, periods
    # No arrangement keeps every rule off every label: each label gets a row of its own, and a rule may cross one.
    placed = []
    for row, (one, x, text) in enumerate(waiting):
        wide = style.text_width(text, style.SMALL)
        left = x + 2.5 if x + 2.5 + wide <= high else x - 2.5 - wide
        placed.append(_Placed(one, x, left, left + wide, row, text))
    return placed, periods


def _arrange(
    waiting: list[tuple[Event, float, str]], done: list[_Placed], rows: int, low: float, high: float
) -> list[_Placed] | None:
    if not waiting:
        return done
    (event, x, text), rest = waiting[0], waiting[1:]
    wide = style.text_width(text, style.SMALL)
    for row in range(rows):
        for left, right in ((x + 2.5, x + 2.5 + wide), (x - 2.5 - wide, x - 2.5)):
            if left < low or right > high:
                continue
            one = _Placed(event, x, left, right, row, text)
            if all(_apart(one, other) for other in done):
                found = _arrange(rest, [*done, one], rows, low, high)
                if found is not None:
                    return found
    return None


def _apart(one: _Placed, other: _Placed) -> bool:
    """Neither label covers the other, and neither rule, which runs down from its own row, cuts the other's label."""
    if one.row == other.row and one.left < other.right + 5 and other.left < one.right + 5:
        return False
    for rule, label in ((one, other), (other, one)):
        if rule.row <= label.row and label.left - 1.5 < rule.x < label.right + 1.5:
            return False
    return True


def _draw_event(canvas: Canvas, axes: Axes, one: _Placed, *, left: float, top: float, rows: int) -> None:
    y = top - (rows - one.row - 0.5) * LABEL_GAP
    box = axes.get_position()
    bottom, ceiling = box.y0 * canvas.height, canvas.height - (y - 4)
    rule = Line2D([left + one.x] * 2, [bottom, ceiling], color=style.CONTEXT, linewidth=0.6, transform=None, zorder=0.5)
    canvas.figure.add_artist(rule)
    canvas.text(left + one.left, y, one.text, fontsize=style.SMALL, color=style.MUTED)
