"""The gate that charts pass is no open door: each fault is found in a drawing made to have it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from exhibits.drawn import bars, faults, standing
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from legation.exhibits import drawing, style
from legation.exhibits.style import Canvas


def sound(canvas: Canvas) -> None:
    drawing.bars(canvas, [drawing.Bar("Velmark", 12.0, "12"), drawing.Bar("Tarn", -30.0, "−30")])


def overlapping(canvas: Canvas) -> None:
    canvas.text(10, 50, "Velmark")
    canvas.text(30, 53, "Tarn")


def too_wide(canvas: Canvas) -> None:
    canvas.text(canvas.width - 20, 50, "Velmark and its islands")


def too_high(canvas: Canvas) -> None:
    canvas.text(10, 1, "Velmark")


def too_small(canvas: Canvas) -> None:
    canvas.text(10, 50, "Velmark", fontsize=7.5)


def half_on_a_bar(canvas: Canvas) -> None:
    axes = plot(canvas)
    style.bar(axes, 0.5, 5, color=style.CONTEXT, thickness=0.5)
    style.zero_line(axes, along="x")
    canvas.text(canvas.width / 2 - 30, 50, "Velmark")


def struck_through(canvas: Canvas) -> None:
    canvas.text(10, 50, "Velmark")
    canvas.figure.add_artist(Line2D([0, 90], [canvas.height - 50] * 2, color=style.CONTEXT, transform=None))


def floating(canvas: Canvas) -> None:
    axes = plot(canvas)
    style.bar(axes, 0.5, 5, color=style.CONTEXT, start=2)
    style.zero_line(axes, along="x")


def without_zero(canvas: Canvas) -> None:
    axes = plot(canvas)
    axes.set_xlim(3, 10)
    style.bar(axes, 0.5, 5, color=style.CONTEXT)
    style.zero_line(axes, along="x")


def rounded_ticks(canvas: Canvas) -> None:
    axes = plot(canvas)
    axes.set_xticks([0, 2.5, 5, 7.5, 10], labels=["0", "2", "5", "8", "10"])


def cut_by_the_plot(canvas: Canvas) -> None:
    axes = plot(canvas)
    axes.text(9.9, 0.5, "Velmark", fontsize=style.TEXT, clip_on=True)


def plot(canvas: Canvas):
    axes = canvas.axes(0, 20, canvas.width - 20, 60)
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 1)
    return axes


def drawn(draw: Callable[[Canvas], None]) -> str:
    return style.render(draw, name="try", alt="A drawing.")["page"]


@pytest.mark.parametrize(
    ("draw", "fault"),
    [
        (overlapping, "cover each other"),
        (too_wide, "cut by the sheet"),
        (too_high, "cut by the sheet"),
        (too_small, "7.5 points"),
        (half_on_a_bar, "half on a shape"),
        (struck_through, "struck through"),
        (floating, "floats"),
        (without_zero, "floats"),
        (rounded_ticks, "'2' stands where 2.5 belongs"),
        (cut_by_the_plot, "cut where its plot ends"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_fault_is_found(draw: Callable[[Canvas], None], fault: str) -> None:
    assert any(fault in found for found in faults(drawn(draw)))


def test_a_sound_drawing_passes_and_its_bars_are_seen() -> None:
    svg = drawn(sound)
    assert not faults(svg)
    assert standing(svg)[0] == len(bars(svg, style.CONTEXT)) == 2


def test_words_on_a_shape_or_on_paper_laid_over_a_line_are_not_struck() -> None:
    def draw(canvas: Canvas) -> None:
        look = {"transform": None, "edgecolor": "none"}
        canvas.figure.add_artist(Rectangle((5, canvas.height - 60), 80, 20, facecolor=style.MUTED, **look))
        canvas.text(10, 50, "Velmark", color=style.PAPER)
        canvas.figure.add_artist(Line2D([0, 90], [canvas.height - 90] * 2, color=style.INK, transform=None))
        canvas.figure.add_artist(Rectangle((5, canvas.height - 100), 80, 20, facecolor=style.PAPER, zorder=2.5, **look))
        canvas.text(10, 90, "Tarn")

    assert not faults(drawn(draw))


@pytest.mark.parametrize(("low", "high"), [(0, 0.12), (0, 12), (-300, 116), (0, 1.03), (0, 7e-5), (0, 2.6)])
def test_every_number_of_an_axis_stands_where_it_says(low: float, high: float) -> None:
    ticks = style.ticks(low, high, 5)
    form = style.tick_number(ticks)
    assert [float(form(tick).replace(style.MINUS, "-").replace(",", "")) for tick in ticks] == pytest.approx(ticks)
    assert ticks[0] <= low < high <= ticks[-1]
