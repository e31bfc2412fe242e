"""What stands in a drawing: its texts with their boxes, its colours, its paths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations

from lxml import etree

from legation.exhibits import style

SVG = "{http://www.w3.org/2000/svg}"
#: Of the font size: how far letters rise above the line of writing, and fall below it.
RISE, FALL = 0.70, 0.21
#: Boxes may touch by this many points.
TOUCH = 0.4


@dataclass(frozen=True)
class Box:
    words: str
    size: float
    left: float
    top: float
    right: float
    bottom: float

    def covers(self, other: Box) -> bool:
        return (
            self.left < other.right - TOUCH
            and other.left < self.right - TOUCH
            and self.top < other.bottom - TOUCH
            and other.top < self.bottom - TOUCH
        )


def root(svg: str) -> etree._Element:
    return etree.fromstring(svg.encode())


def extent(svg: str) -> tuple[float, float]:
    _, _, width, height = map(float, root(svg).get("viewBox").split())
    return width, height


def texts(svg: str) -> list[Box]:
    found = []
    for element in root(svg).iter(f"{SVG}text"):
        look = dict(part.split(": ", 1) for part in element.get("style").split("; "))
        size = float(look["font-size"].removesuffix("px"))
        words = "".join(element.itertext())
        wide = style.text_width(words, size, int(look.get("font-weight", 400)))
        assert not element.get("transform"), f"turned text: {words}"
        x, y = float(element.get("x")), float(element.get("y"))
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[look.get("text-anchor", "start")]
        found.append(Box(words, size, left, y - RISE * size, left + wide, y + FALL * size))
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


def bars(svg: str, colour: str) -> list[tuple[float, float]]:
    """Left and right end of every closed four-cornered path filled with the colour."""
    ends = []
    for path in root(svg).iter(f"{SVG}path"):
        if f"fill: {colour}" in path.get(
            "style", ""
        ) or f"fill: var({style.NEUTRALS.get(colour, '-')}, {colour})" in path.get("style", ""):
            xs = [float(x) for x in re.findall(r"[ML] (-?[\d.]+) -?[\d.]+", path.get("d"))]
            if len(xs) == 4 and len(set(xs)) == 2:
                ends.append((min(xs), max(xs)))
    return ends
