"""What stands in a drawing: its texts with their boxes, its colours, its paths, and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations, pairwise

from lxml import etree

from legation.exhibits import style

SVG = "{http://www.w3.org/2000/svg}"
#: Of the font size: how far letters rise above the line of writing, and fall below it.
RISE, FALL = 0.70, 0.21
#: Boxes may touch by this many points.
TOUCH = 0.4
#: Where each step of a path ends.
_ENDS = re.compile(r"(-?[\d.]+) (-?[\d.]+)(?= *(?:[A-Za-z]|$|\n))")
#: What may lie under words and run behind them.
PALE = (style.GRID, style.BAND, style.PAPER)


@dataclass(frozen=True)
class Box:
    words: str
    size: float
    left: float
    top: float
    right: float
    bottom: float
    order: int = 0
    ink: str | None = None

    def covers(self, other: Box) -> bool:
        return (
            self.left < other.right - TOUCH
            and other.left < self.right - TOUCH
            and self.top < other.bottom - TOUCH
            and other.top < self.bottom - TOUCH
        )


@dataclass(frozen=True)
class Shape:
    """A path: its points, how it is drawn, and its place in the order of drawing."""

    points: tuple[tuple[float, float], ...]
    closed: bool
    fill: str | None
    stroke: str | None
    width: float
    in_plot: bool
    order: int

    @cached_property
    def left(self) -> float:
        return min(x for x, _ in self.points)

    @cached_property
    def right(self) -> float:
        return max(x for x, _ in self.points)

    @cached_property
    def top(self) -> float:
        return min(y for _, y in self.points)

    @cached_property
    def bottom(self) -> float:
        return max(y for _, y in self.points)

    @property
    def is_zero(self) -> bool:
        """The line that bars stand on: of ink, straight, across the whole plot."""
        straight = len(self.points) == 2 and min(self.right - self.left, self.bottom - self.top) < 0.01
        return self.in_plot and straight and self.stroke == style.INK

    @property
    def is_bar(self) -> bool:
        """A rectangle in a plot that is no pale band."""
        corners = {(round(x, 1), round(y, 1)) for x, y in self.points}
        square = all(len({corner[way] for corner in corners}) <= 2 for way in (0, 1))
        return self.in_plot and self.closed and square and self.fill not in PALE and bool(self.fill or self.stroke)

    def stands_on(self, zero: Shape) -> bool:
        """Whether an end of this bar lies on the line."""
        if zero.right - zero.left < 0.01:
            return min(abs(self.left - zero.left), abs(self.right - zero.left)) < 0.3
        return min(abs(self.top - zero.top), abs(self.bottom - zero.top)) < 0.3

    def holds(self, box: Box) -> bool:
        """Whether the whole of the words lies within the outline, give or take a point."""
        return (
            self.left <= box.left + 1
            and self.right >= box.right - 1
            and self.top <= box.top + 1
            and self.bottom >= box.bottom - 1
        )

    def hits(self, box: Box) -> bool:
        """Whether a stroke crosses the body of the words, or an edge of the filled outline does."""
        if self.right < box.left or self.left > box.right or self.bottom < box.top or self.top > box.bottom:
            return False
        if self.fill and self.fill not in PALE and self.closed and not self.holds(box):
            return (
                self.left < box.right - TOUCH
                and box.left < self.right - TOUCH
                and self.top < box.bottom - TOUCH
                and box.top < self.bottom - TOUCH
            )
        if self.stroke and self.stroke not in PALE and not self.closed:
            return any(_crosses(a, b, box) for a, b in pairwise(self.points))
        return False


def _crosses(a: tuple[float, float], b: tuple[float, float], box: Box) -> bool:
    """Whether the straight line from a to b enters the box, a little drawn in (Liang and Barsky 1984)."""
    low, high = 0.0, 1.0
    inset = 0.8
    for at, step, least, most in (
        (a[0], b[0] - a[0], box.left + inset, box.right - inset),
        (a[1], b[1] - a[1], box.top + inset, box.bottom - inset),
    ):
        if abs(step) < 1e-9:
            if not least < at < most:
                return False
            continue
        ends = sorted(((least - at) / step, (most - at) / step))
        low, high = max(low, ends[0]), min(high, ends[1])
    return low < high


def shapes(svg: str) -> list[Shape]:
    """Every path and mark on the sheet, those of curves by their corners; definitions are left out."""
    tree = root(svg)
    marks = {element.get("id"): element for element in tree.iter(f"{SVG}path") if element.get("id")}
    found = []
    for order, element in enumerate(tree.iter()):
        if element.tag not in (f"{SVG}path", f"{SVG}use") or _defined(element):
            continue
        path, by = element, (0.0, 0.0)
        if element.tag == f"{SVG}use":
            path = marks[element.get("{http://www.w3.org/1999/xlink}href").removeprefix("#")]
            by = (float(element.get("x", 0)), float(element.get("y", 0)))
        look = _look(element) or _look(path)
        for part in re.split(r"(?=M )", path.get("d", "")):
            points = tuple((float(x) + by[0], float(y) + by[1]) for x, y in _ENDS.findall(part))
            if points:
                fill, stroke = _paint(look.get("fill", "#000000")), _paint(look.get("stroke", "none"))
                width = float(look.get("stroke-width", "1"))
                found.append(Shape(points, "z" in part, fill, stroke, width, bool(_clip(element)), order))
    return found


def _look(element: etree._Element) -> dict[str, str]:
    return dict(part.split(": ", 1) for part in element.get("style", "").split("; ") if ": " in part)


def _paint(value: str) -> str | None:
    """The colour, or ``None`` for none; a hatch is the colour of nothing else."""
    if value.startswith("url("):
        return "hatch"
    colour = re.search(r"#[0-9a-f]{6}", value)
    return colour.group() if colour else None


def _clip(element: etree._Element) -> str | None:
    return next((one.get("clip-path") for one in (element, *element.iterancestors()) if one.get("clip-path")), None)


def _defined(element: etree._Element) -> bool:
    return any(one.tag in (f"{SVG}defs", f"{SVG}clipPath", f"{SVG}pattern") for one in element.iterancestors())


@lru_cache(maxsize=4)
def root(svg: str) -> etree._Element:
    return etree.fromstring(svg.encode())


def extent(svg: str) -> tuple[float, float]:
    _, _, width, height = map(float, root(svg).get("viewBox").split())
    return width, height


def texts(svg: str) -> list[Box]:
    found = []
    for order, element in enumerate(root(svg).iter()):
        if element.tag != f"{SVG}text":
            continue
        look = dict(part.split(": ", 1) for part in element.get("style").split("; "))
        size = float(look["font-size"].removesuffix("px"))
        words = "".join(element.itertext())
        wide = style.text_width(words, size, int(look.get("font-weight", 400)))
        assert not element.get("transform"), f"turned text: {words}"
        x, y = float(element.get("x")), float(element.get("y"))
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[look.get("text-anchor", "start")]
        found.append(
            Box(words, size, left, y - RISE * size, left + wide, y + FALL * size, order, _paint(look.get("fill", "")))
        )
    return found


def collisions(svg: str) -> list[tuple[str, str]]:
    return [(a.words, b.words) for a, b in combinations(texts(svg), 2) if a.covers(b)]


def clipped(svg: str) -> list[str]:
    width, height = extent(svg)
    return [
        box.words
        for box in texts(svg)
        if box.left < -TOUCH or box.right > width + TOUCH or box.top < -TOUCH or box.bottom > height + TOUCH
    ]


def struck(svg: str) -> list[str]:
    """Words that a line in colour or ink runs through, or that stand half on a filled shape and half beside it.

    A shape that paper was laid over before the words were set does not touch them.
    """
    every = shapes(svg)
    found = []
    for box in (box for box in texts(svg) if box.words.strip()):
        papers = [one.order for one in every if one.fill == style.PAPER and one.order < box.order and one.holds(box)]
        laid = max(papers, default=-1)
        if any(shape.order > laid and shape.hits(box) for shape in every):
            found.append(box.words)
    return found


def standing(svg: str) -> tuple[int, list[str]]:
    """How many bars stand in plots of the drawing, and a sentence for each that does not stand on its line of zero."""
    every = shapes(svg)
    zeros = [shape for shape in every if shape.is_zero]
    found = []
    standing = [shape for shape in every if shape.is_bar]
    for bar in standing:
        if not any(bar.stands_on(zero) for zero in zeros):
            found.append(f"a bar from {bar.left:.1f}, {bar.top:.1f} to {bar.right:.1f}, {bar.bottom:.1f} floats")
    return len(standing), found


def uneven(svg: str) -> list[str]:
    """A sentence for each axis of numbers on which a label does not stand where its number belongs."""
    width, _ = extent(svg)
    rows: dict[tuple[str, float], list[tuple[float, float, str]]] = {}
    for box in texts(svg):
        number = _number(box.words)
        if number is None or box.ink != style.MUTED or box.size != style.SMALL or box.right > width - 1:
            continue  # no number of an axis; those at the right edge are a column of their own
        rows.setdefault(("below", round(box.bottom, 1)), []).append(((box.left + box.right) / 2, number, box.words))
        rows.setdefault(("beside", round(box.right, 1)), []).append((box.bottom, number, box.words))
    found = []
    for row in (sorted(row) for row in rows.values() if len({place for place, *_ in row}) > 2):
        panels = _panels(row)
        counts = [[number for _, number, _ in pieces] for pieces in panels]
        if 0 not in counts[0] or any(one != counts[0] for one in counts):
            continue  # figures in a grid, no axis
        for pieces in panels:
            (start, low, _), (end, high, _) = pieces[0], pieces[-1]
            for place, number, words in pieces[1:-1]:
                wanted = low + (high - low) * (place - start) / (end - start)
                if abs(number - wanted) > 0.02 * abs(high - low):
                    found.append(f"'{words}' stands where {wanted:.4g} belongs")
    return found


def _panels(row: list[tuple[float, float, str]]) -> list[list[tuple[float, float, str]]]:
    """The labels of each of several plots beside or below one another: a new one starts where the numbers turn back."""
    pieces = [row[:1]]
    way = row[1][1] > row[0][1]
    for one in row[1:]:
        if (one[1] > pieces[-1][-1][1]) == way and one[1] != pieces[-1][-1][1]:
            pieces[-1].append(one)
        else:
            pieces.append([one])
    return pieces


def _number(words: str) -> float | None:
    plain = words.replace(style.MINUS, "-").replace(",", "").replace(style.NO_BREAK, " ")
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?)(?: (?:%|tn|bn|m|thousand))?", plain)
    return float(match.group(1)) if match else None


def faults(svg: str) -> list[str]:
    """Everything that keeps a drawing from the page, a sentence each: the gate that every chart has to pass."""
    found = [f"'{one}' and '{other}' cover each other" for one, other in collisions(svg)]
    found += [f"'{words}' is cut by the sheet" for words in clipped(svg)]
    found += [f"'{box.words}' is {box.size:g} points high" for box in texts(svg) if box.size < style.SMALL]
    found += [f"'{words}' is cut where its plot ends" for words in clipped_by_plot(svg)]
    found += [f"'{words}' is struck through, or half on a shape" for words in struck(svg)]
    return found + uneven(svg) + standing(svg)[1]


def clipped_by_plot(svg: str) -> list[str]:
    """Words that are drawn no further than their plot."""
    return ["".join(text.itertext()) for text in root(svg).iter(f"{SVG}text") if _clip(text)]


def bars(svg: str, colour: str) -> list[tuple[float, float]]:
    """Left and right end of every closed four-cornered path filled with the colour."""
    ends = []
    for path in root(svg).iter(f"{SVG}path"):
        if f"fill: {colour}" in path.get(
            "style", ""
        ) or f"fill: var({style.NEUTRALS.get(colour, '-')}, {colour})" in path.get("style", ""):
            xs = [float(x) for x in re.findall(r"[ML] (-?[\d.]+) -?[\d.]+", path.get("d", ""))]
            if len(xs) == 4 and len(set(xs)) == 2:
                ends.append((min(xs), max(xs)))
    return ends
