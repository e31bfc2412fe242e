"""How wide the columns of a printed table are: chosen so that the table is as low as it can be.

A browser does this for the HTML page. Typst gives columns equal shares or lets one push the others out, so the widths
are found here, from the advance widths of the letters, and given to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

from legation.press import fonts

#: Space on each side of a cell's text, in points; the template sets the same.
INSET = 4.0
#: The width of an exhibit in points, and the sizes of letters in its tables: usual, and where columns are many.
FULL_WIDTH = 160 / 25.4 * 72
USUAL, SMALL, _MANY_COLUMNS = 8.5, 8.0, 9
#: The room for a column's bars, in points, and what stands between them and the text to their left.
TRACK, GAP = 42.0, 5.0
#: Letters above which a word gets places to break: no column has to hold such an address.
OVERLONG = 30
#: A zero-width space: a place to break that prints nothing.
BREAK = "\u200b"
#: By how much widths are tried out, in points, the widest step first.
_STEPS = (40.0, 20.0, 10.0, 5.0, 2.5)
#: What kerning and rounding may add to a line, as a share of it.
_SLACK = 1.015
#: What a sum of words may differ from the width of their line, in points.
_ROUNDING = 0.01
_LONG_WORD = re.compile(rf"\S{{{OVERLONG + 1},}}")
_SEAM = re.compile(rf"([/_.,;:?&=+-]+|[^/_.,;:?&=+\u200b-]{{{OVERLONG}}})(?=.)")
_WORDS = re.compile(r"[^\s\u200b/\u2013-]+[/\u2013-]*|[/\u2013-]+")
_FACES = {400: "SourceSansPro-Regular.ttf", 600: "SourceSansPro-Semibold.ttf"}


@dataclass(frozen=True)
class Bars:
    """The bars of a column on a track of length 1.

    Where zero is; start and length of each bar, none where none is; and which are hatched.
    """

    zero: float
    spans: list[tuple[float, float] | None]
    soft: list[bool]


def bars(column: dict[str, Any]) -> Bars | None:
    """The bars of a column, whose lengths are shares from -1 to 1; none if it has none.

    The track reaches from the lowest to the highest of them and zero, so that a column without negative bars begins
    at its zero.
    """
    lengths = column.get("bars") or []
    if not any(lengths):
        return None
    low, high = min(0.0, *(length or 0.0 for length in lengths)), max(0.0, *(length or 0.0 for length in lengths))
    spans = [
        ((min(length, 0.0) - low) / (high - low), abs(length) / (high - low)) if length else None for length in lengths
    ]
    return Bars(-low / (high - low), spans, column.get("soft") or [False] * len(spans))


def laid_out(table: dict[str, Any], *, with_bars: bool = False) -> dict[str, Any]:
    """A table with places to break, the ``size`` of its letters and the ``widths`` of its columns, in points.

    With bars a column has its :class:`Bars` under ``bars``, provided that beside them all columns keep their longest
    words and numbers; else none has any.
    """
    size = SMALL if len(table["columns"]) > _MANY_COLUMNS else USUAL
    columns = [column | {"label": breakable(column["label"]), "bars": bars(column)} for column in table["columns"]]
    rows = [[breakable(cell) for cell in row] for row in table["rows"]]
    needed = sum(column.least for column in _held(columns, rows, size))
    if not with_bars or needed > FULL_WIDTH:
        columns = [column | {"bars": None} for column in columns]
    return table | {
        "columns": columns,
        "rows": rows,
        "widths": widths(columns, rows, room=FULL_WIDTH, size=size),
        "size": size,
    }


def breakable(text: str) -> str:
    """The text with places to break in words that no column could hold, such as addresses."""
    return _LONG_WORD.sub(lambda found: _SEAM.sub(rf"\1{BREAK}", found[0]), text)


def widths(
    columns: Sequence[dict[str, Any]], rows: Sequence[Sequence[str]], *, room: float, size: float
) -> list[float]:
    """The width of each column in points, which add up to ``room``.

    Parameters
    ----------
    columns
        Each with its ``label`` and ``align``: what keeps to the right is a number, which never wraps.
    rows
        The cells' text, row by row. A column with ``bars`` has room for them beside its text.
    room
        The width of the table in points, and ``size`` that of its letters.

    Notes
    -----
    Where every cell fits on one line, numbers share what is left over. Elsewhere texts share it by the square root of
    their mean length, within their longest word and their longest line; then width is moved from column to column as
    long as that saves lines. Words wider than the whole table are left to the page to break.
    """
    held = _held(columns, rows, size)
    spare = room - sum(column.most for column in held)
    if spare >= 0:
        return _roomy(held, spare)
    if sum(column.least for column in held) > room:
        return [column.least * room / sum(column.least for column in held) for column in held]
    return _lowest(held, _by_weight(held, room))


def _held(columns: Sequence[dict[str, Any]], rows: Sequence[Sequence[str]], size: float) -> list[_Column]:
    return [_Column(column, [row[place] for row in rows], size) for place, column in enumerate(columns)]


class _Column:
    """A column's texts, and how many lines each takes at a width."""

    def __init__(self, column: dict[str, Any], cells: list[str], size: float) -> None:
        self.number = column["align"] == "right"
        self.size = size
        self.drawn = GAP + TRACK if column.get("bars") else 0.0
        self.beside = 2 * INSET + self.drawn
        self.texts = [(column["label"], 600), *((cell, 400) for cell in cells)]
        words = [[_width(word, weight, size) for word in _WORDS.findall(text)] for text, weight in self.texts]
        whole = [_width(text, weight, size) for text, weight in self.texts]
        longest_word = max((word for text in words for word in text), default=0.0)
        self.most = self.beside + max([longest_word, *whole[1:]] if self.number else whole)
        self.least = self.most if self.number else self.beside + longest_word
        self.weight = max(sum(map(len, cells)) / max(len(cells), 1), 1.0) ** 0.5
        self._words = words
        self._lines: dict[float, list[int]] = {}

    def lines(self, width: float) -> list[int]:
        """The lines of the heading and of each cell in a column of that width."""
        if width not in self._lines:
            space = _width(" ", 400, self.size)
            self._lines[width] = [_wrapped(words, space, width - self.beside) for words in self._words]
        return self._lines[width]


def _wrapped(words: list[float], space: float, room: float) -> int:
    lines, used = 1, 0.0
    for word in words:
        if used and used + space + word > room + _ROUNDING:
            lines, used = lines + 1, word
        else:
            used += (space if used else 0.0) + word
    return lines


def _roomy(columns: list[_Column], spare: float) -> list[float]:
    """Every cell on one line: numbers of equal width if they fit so, or the last column takes what is left.

    The room for bars comes besides.
    """
    numbers = [column for column in columns if column.number]
    if not numbers:
        return [*(column.most for column in columns[:-1]), columns[-1].most + spare]
    equal = (spare + sum(column.most - column.drawn for column in numbers)) / len(numbers)
    alike = all(column.most - column.drawn <= equal for column in numbers)
    return [
        column.most if not column.number else equal + column.drawn if alike else column.most + spare / len(numbers)
        for column in columns
    ]


def _by_weight(columns: list[_Column], room: float) -> list[float]:
    """Numbers as wide as they are; texts by their weights, none below its longest word nor above its longest line."""
    found = {place: column.most for place, column in enumerate(columns) if column.number}
    while len(found) < len(columns):
        left = [(place, column) for place, column in enumerate(columns) if place not in found]
        rest = room - sum(found.values())
        total = sum(column.weight for _, column in left)
        shares = [(place, column, rest * column.weight / total) for place, column in left]
        narrow = {place: column.least for place, column, share in shares if share < column.least}
        wide = {place: column.most for place, column, share in shares if share > column.most}
        found |= narrow or wide or {place: share for place, _, share in shares}
    return [found[place] for place in range(len(columns))]


def _lowest(columns: list[_Column], widths: list[float]) -> list[float]:
    """Move width between columns of text as long as the table gets lower by it."""

    def height(tried: list[float]) -> int:
        return sum(
            map(max, zip(*(column.lines(width) for column, width in zip(columns, tried, strict=True)), strict=True))
        )

    texts = [place for place, column in enumerate(columns) if not column.number]
    best = height(widths)
    for step in _STEPS:
        better = True
        while better:
            better = False
            for giver, taker in permutations(texts, 2):
                tried = list(widths)
                tried[giver] -= step
                tried[taker] += step
                if tried[giver] >= columns[giver].least and (lower := height(tried)) < best:
                    widths, best, better = tried, lower, True
    return widths


def _width(text: str, weight: int, size: float) -> float:
    """The width of a line of text in points."""
    advances, other = _advances(weight)
    return sum(advances.get(ord(letter), other) for letter in text) * size * _SLACK


@lru_cache(maxsize=2)
def _advances(weight: int) -> tuple[dict[int, float], float]:
    """The advance width of each character in ems, and that of any other."""
    file = next(path for folder in fonts.FOLDERS if (path := Path(folder) / _FACES[weight]).is_file())
    font = TTFont(file, lazy=True)
    unit, metrics, names = font["head"].unitsPerEm, font["hmtx"], font.getBestCmap()
    advances = {code: metrics[name][0] / unit for code, name in names.items()}
    return advances | {ord(BREAK): 0.0}, max(advances.values())
