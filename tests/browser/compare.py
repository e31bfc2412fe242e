"""Pictures of pages held against those kept in the repository.

Another version of a browser draws the edges of letters a little otherwise, but neither moves them nor changes areas.
So two things are looked at: a pixel of an even area must keep its colour, and any other must be found, more or less, at
its place or at one of the eight beside it. Measured on the five exhibits drawn here, in pixels that differ by this:
drawn again 0; all letters moved by a third of a pixel, drawn bolder by a fifth of one, or spaced without hinting 15 at
most; one label moved by 2 pixels 53 or more, by 3 pixels 85 or more; bars of a colour 15 steps of 255 away 13,646.
What it does not see: a line of one pixel that becomes a little paler.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

KEPT = Path(__file__).with_name("pictures")
#: Set to ``renew`` to keep what is drawn now.
RENEW = "LEGATION_PICTURES"
#: How far a colour may be off, of 255: at the edges of what is drawn, in an even area, and for that to count as even.
EDGE, AREA, EVEN = 96, 10, 3
#: How many pixels may differ: twice what other ways to draw letters cost, half of what a moved label does.
NOISE = 30
_GAP, _HEAD = 12, 16


def differing(before: Image.Image, after: Image.Image) -> Image.Image:
    """White where two pictures of one size differ, black elsewhere."""
    one, other = np.asarray(before, dtype=int), np.asarray(after, dtype=int)
    (low, high), (least, most) = _around(before), _around(after)
    off = np.maximum.reduce([other - high, low - other, one - most, least - one]).max(axis=2)
    even = np.maximum(high - low, most - least).max(axis=2) <= EVEN
    changed = (off > EDGE) | (even & (abs(one - other).max(axis=2) > AREA))
    return Image.fromarray(np.where(changed, 255, 0).astype(np.uint8))


def _around(picture: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most of each colour at a pixel and the eight around it."""
    filters = ImageFilter.MinFilter(3), ImageFilter.MaxFilter(3)
    least, most = (np.asarray(picture.filter(each), dtype=int) for each in filters)
    return least, most


def count(mask: Image.Image) -> int:
    """How many of its pixels are white."""
    return mask.histogram()[255]


def check(name: str, drawn: Image.Image, folder: Path) -> str | None:
    """What is wrong with a picture, with the place of one that shows it; ``None`` if it is as it was.

    Where ``LEGATION_PICTURES=renew`` is set the picture is kept instead, unless it is as it was already.
    """
    drawn = drawn.convert("RGB")
    path = KEPT / f"{name}.png"
    before = Image.open(path).convert("RGB") if path.is_file() else None
    number = None if before is None or before.size != drawn.size else count(differing(before, drawn))
    if number is not None and number <= NOISE:
        return None
    if os.environ.get(RENEW) == "renew":
        drawn.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
        return None
    remedy = f"If it is meant to look so: {RENEW}=renew .venv/bin/pytest tests/browser/test_pictures.py"
    if before is None:
        return f"There is no picture {path.name} yet. {remedy}"
    shown = folder / f"{name}.png"
    beside(before, drawn).save(shown)
    what = (
        f"is {drawn.size}, was {before.size}" if number is None else f"differs in {number} pixels, of {NOISE} allowed"
    )
    return f"{path.name} {what}: see {shown}. {remedy}"


def beside(before: Image.Image, after: Image.Image) -> Image.Image:
    """Before, after, and in red what differs, side by side."""
    width, height = (max(pair) for pair in zip(before.size, after.size, strict=True))
    panes = [Image.new("RGB", (width, height), "#c0c0c0") for _ in range(3)]
    panes[0].paste(before)
    panes[1].paste(after)
    mask = differing(panes[0], panes[1]).filter(ImageFilter.MaxFilter(3))
    pale = panes[1].convert("L").point(lambda value: 128 + value // 2).convert("RGB")
    panes[2] = Image.composite(Image.new("RGB", (width, height), "#e00000"), pale, mask)
    sheet = Image.new("RGB", (3 * width + 2 * _GAP, height + _HEAD), "#ffffff")
    for place, (title, pane) in enumerate(zip(("before", "after", "difference"), panes, strict=True)):
        sheet.paste(pane, (place * (width + _GAP), _HEAD))
        ImageDraw.Draw(sheet).text((place * (width + _GAP) + 2, 2), title, fill="#000000")
    return sheet
