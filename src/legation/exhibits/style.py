"""The house style: sizes, typeface, colours, number formats, and the pieces every chart is put together from.

A chart is drawn by a function that is given a :class:`Canvas` and called once for each width in :data:`WIDTHS`. All
measures are points (one figure pixel is one point), so a text of 8.5 stays 8.5 points on the page and on the phone.
"""

from __future__ import annotations

import io
import math
import re
import threading
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.style  # rcdefaults() needs it, and would load it in every kernel that draws
import numpy as np
from font_source_sans_pro import font_files_ttf
from lxml import etree
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.ticker import MaxNLocator

Size = Literal["page", "phone"]

#: Width of a chart in millimetres: the measure of an A4 page, and a telephone held upright.
WIDTHS: dict[Size, float] = {"page": 160.0, "phone": 90.0}
POINTS_PER_MM = 72 / 25.4

FONT = "Source Sans Pro"
#: Text sizes in points. Nothing is smaller than ``SMALL``: the law of the house is 8 points in the PDF.
SMALL, TEXT, HEAD = 8.0, 8.8, 9.4
REGULAR, SEMIBOLD = 400, 600
#: Distance from one line of text to the next.
LEADING = 11.5

INK = "#1f2328"
MUTED = "#5d6670"
CONTEXT = "#8b949e"
GRID = "#dde2e7"
BAND = "#edf0f3"
PAPER = "#ffffff"
#: Colours of no country. They leave as custom properties, so that a dark page can set its own.
NEUTRALS = {
    INK: "--exhibit-ink",
    MUTED: "--exhibit-muted",
    CONTEXT: "--exhibit-context",
    GRID: "--exhibit-grid",
    BAND: "--exhibit-band",
    PAPER: "--exhibit-paper",
}

#: One country, one colour. Each has a contrast of at least 4.5 to 1 on white (labels are set in it) and at least 3 to 1
#: on a dark page (#14171a), so it needs no second shade. A country that is not here is drawn in ink.
COUNTRIES = {
    "RUS": "#e61346",
    "CHN": "#766519",
    "USA": "#086df7",
    "EU27": "#805da0",
    "JPN": "#d508b2",
    "KOR": "#4d6974",
    "ASEAN": "#2c8561",
    "IND": "#926446",
    "AUS": "#7e780d",
    "VNM": "#27705c",
    "PRK": "#64778a",
}
#: Families of colours that some reader may confuse (CIEDE2000 below 10 for normal, protan, deutan or tritan sight).
#: Two members of a family are never coloured in the same chart; the tests measure every other pair.
CONFUSABLE = (
    {"RUS", "VNM"},
    {"RUS", "IND"},
    {"RUS", "AUS"},
    {"CHN", "IND"},
    {"CHN", "AUS"},
    {"EU27", "JPN"},
    {"EU27", "PRK"},
    {"JPN", "PRK"},
    {"KOR", "VNM"},
    {"KOR", "PRK"},
    {"ASEAN", "VNM"},
    {"ASEAN", "IND"},
    {"VNM", "IND"},
    {"IND", "AUS"},
)
#: More series than this, and the rest are grey.
MOST_COLOURS = 4

#: Statuses of a figure that is drawn hollow, hatched or dashed.
SOFT = ("preliminary", "press")

MINUS, EN_DASH, NO_BREAK = "\u2212", "\u2013", "\u00a0"

_RC: dict[str, Any] = {
    "font.family": [FONT],
    "font.size": TEXT,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "text.usetex": False,
    "svg.fonttype": "none",
    "axes.unicode_minus": True,
    "hatch.linewidth": 0.9,
    "lines.solid_capstyle": "round",
    "path.simplify": False,
}
#: matplotlib's settings are one table for the whole process; only one thread at a time may draw with ours.
_DRAWING = threading.RLock()


class Canvas:
    """A sheet of fixed width that a chart is drawn on. Positions are points from the top left corner."""

    def __init__(self, size: Size) -> None:
        self.size: Size = size
        self.width = WIDTHS[size] * POINTS_PER_MM
        self.height = 200.0
        self.figure = Figure(figsize=(self.width / 72, self.height / 72), dpi=72, facecolor="none")

    @property
    def narrow(self) -> bool:
        """Whether this is the telephone's width."""
        return self.size == "phone"

    def set_height(self, height: float) -> None:
        """Make the sheet this high. To be called before anything is placed on it."""
        self.height = height
        self.figure.set_size_inches(self.width / 72, height / 72)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Empty axes at this place: no frame, no ticks, a transparent ground."""
        axes = self.figure.add_axes(
            (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        )
        axes.set_facecolor("none")
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(length=0, labelsize=SMALL, labelcolor=MUTED, pad=3)
        axes.set_axisbelow(True)
        axes.set_xticks([])
        axes.set_yticks([])
        return axes

    def text(self, x: float, y: float, words: str, *, room: float | None = None, **look: Any) -> Text:
        """Set one line of text with its middle at height ``y``; cut with an ellipsis if ``room`` is too small."""
        look.setdefault("color", INK)
        look.setdefault("fontsize", TEXT)
        if room is not None:
            words = fit(words, room, size=look["fontsize"], weight=look.get("fontweight", REGULAR))
        return self.figure.text(
            x / self.width, 1 - y / self.height, onward(clean(words)), va="center_baseline", parse_math=False, **look
        )


Draw = Callable[[Canvas], None]


def render(draw: Draw, *, name: str, alt: str) -> dict[str, str]:
    """The chart at every width, as SVG source with real text, the same bytes each time.

    Identifiers inside begin with ``name`` and the width; neutral colours and those of countries are custom properties
    with the house's colour to fall back on; the ground is transparent; ``alt`` is the accessible name.
    """
    return {size: _svg(draw, size, name=name, alt=alt) for size in WIDTHS}


def _svg(draw: Draw, size: Size, *, name: str, alt: str) -> str:
    out = io.StringIO()
    with _DRAWING, mpl.rc_context(), warnings.catch_warnings():
        settings: Any = {**_RC, "svg.hashsalt": f"{name}-{size}"}
        mpl.rcdefaults()  # whatever a notebook has set, an exhibit looks the same
        mpl.rcParams.update(settings)
        # A script that the typeface lacks is set in another face by the reader's browser.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        _register_fonts()
        canvas = Canvas(size)
        draw(canvas)
        for text in canvas.figure.findobj(Text):
            text.set_parse_math(False)
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        FigureCanvasSVG(canvas.figure).print_svg(out, metadata=metadata)  # type: ignore[no-untyped-call]
    return _finish(out.getvalue(), prefix=f"{name}-{size}", alt=alt)


@lru_cache(maxsize=1)
def _register_fonts() -> None:
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for face in ("SourceSansPro", "SourceSansProSemibold", "SourceSansProIt"):
        if font_files_ttf[face] not in known:
            font_manager.fontManager.addfont(font_files_ttf[face])


_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_HEX = re.compile(r"#[0-9a-f]{6}\b")
_ROUNDED = re.compile(r"-?\d+\.\d{3,}")
_COLOUR_ATTRIBUTES = ("style", "fill", "stroke", "stop-color")
_XLINK = "{http://www.w3.org/1999/xlink}href"


def _finish(source: str, *, prefix: str, alt: str) -> str:
    """matplotlib's SVG made fit for a page: unique identifiers, no rule that reaches outside, custom properties."""
    parser = etree.XMLParser(no_network=True, resolve_entities=False, remove_comments=True, huge_tree=True)
    root = etree.fromstring(source.encode(), parser)
    properties = NEUTRALS | {colour: f"--country-{code.lower()}" for code, colour in COUNTRIES.items()}

    def property_of(match: re.Match[str]) -> str:
        colour = match.group()
        return f"var({properties[colour]}, {colour})" if colour in properties else colour

    for element in list(root.iter()):
        tag = etree.QName(element).localname
        if tag in ("metadata", "style"):  # its one rule, for `*`, would restyle the page around it
            element.getparent().remove(element)
            continue
        if tag == "g":  # named by matplotlib, referred to by nobody
            element.attrib.pop("id", None)
        if "id" in element.attrib:
            element.set("id", f"{prefix}-{element.get('id')}")
        for attribute in ("d", "x", "y", "width", "height"):
            if attribute in element.attrib and element is not root:
                element.set(attribute, _ROUNDED.sub(_two_decimals, element.get(attribute)))
        if _XLINK in element.attrib:
            element.set(_XLINK, f"#{prefix}-{element.get(_XLINK).removeprefix('#')}")
        for attribute in _COLOUR_ATTRIBUTES:
            if attribute in element.attrib:
                element.set(attribute, _HEX.sub(property_of, element.get(attribute)))
        for attribute, value in element.attrib.items():
            if "url(#" in value:
                element.set(attribute, _REFERENCE.sub(rf"url(#{prefix}-\1)", value))
        if tag == "text":
            style = element.get("style", "").replace(f"'{FONT}'", f"'{FONT}', sans-serif")
            element.set("style", style if "fill" in style else f"{style}; fill: var(--exhibit-ink, {INK})")
            if element.get("transform", "").startswith("rotate(-0 "):
                del element.attrib["transform"]
    root.set("role", "img")
    root.set("aria-label", alt)
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt; overflow: visible")
    root.set("id", prefix)
    return str(etree.tostring(root, encoding="unicode"))


def _two_decimals(number: re.Match[str]) -> str:
    """A coordinate to the hundredth of a point, which no press resolves."""
    return f"{float(number.group()):.2f}".rstrip("0").rstrip(".")


# --- text ---------------------------------------------------------------------------------------------------------

#: Marks that turn the direction of the text around them; a name must not reorder the line it stands in.
_BIDI = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def clean(text: object) -> str:
    """The text on one line, without the characters that XML forbids or that reorder their surroundings."""
    words = str(text)
    if not words.isprintable():  # most texts are: no character of theirs is forbidden, turns the line or breaks it
        words = "".join(
            " " if char.isspace() and char != NO_BREAK else char
            for char in words.translate(_BIDI)
            if char.isspace() or (unicodedata.category(char) not in ("Cc", "Cs", "Cn") and ord(char) & 0xFFFE != 0xFFFE)
        )
    return re.sub(" +", " ", words).strip(" ")


_APOSTROPHE = re.compile(r"(?<=\w)'")
#: Two years with a hyphen between them, not within a name or an address.
_YEARS = re.compile(r"(?<![\w/.:-])(1[5-9]\d\d|20\d\d)-(1[5-9]\d\d|20\d\d)(?![\w/-]|\.\w)")


def typeset(text: str) -> str:
    """The text with apostrophes and spans of years as a printer sets them, however they were typed."""
    return _YEARS.sub(r"\1–\2", _APOSTROPHE.sub("’", text))


#: From the first letter that is read from right to left to the last of them in a row.
_LEFTWARD = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc](?:[^A-Za-z0-9]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])*"
)


def onward(text: str) -> str:
    """The text ``typeset``, a mark after each name read from right to left, so that a number behind it stays there."""
    return _LEFTWARD.sub("\\g<0>\u200e", typeset(text))


#: Where a letter is lacking, the PDF sets the whole text, figures too, in a typeface that has it: at the widest in
#: DejaVu Sans Mono, each of whose letters is this wide at a size of one point (1233 of 2048 units).
_EVEN = 0.603


@lru_cache(maxsize=8192)
def text_width(text: str, size: float = TEXT, weight: int = REGULAR) -> float:
    """Width of a line of text in points. A character that the typeface lacks counts as wide as its kind usually is."""
    face = font_files_ttf["SourceSansProSemibold" if weight >= SEMIBOLD else "SourceSansPro"]
    known = _characters(face)
    own = "".join(char for char in text if ord(char) in known)
    foreign = sum(
        0.0
        if unicodedata.combining(char) or ord(char) in _BIDI
        else 1.0
        if unicodedata.east_asian_width(char) in "WF"
        else 0.65
        for char in text
        if ord(char) not in known
    )
    width = 0.0
    if own:
        properties = font_manager.FontProperties(fname=face, size=size)
        width = float(text_to_path.get_text_width_height_descent(own, properties, ismath=False)[0])
        if foreign:
            width = max(width, _EVEN * size * len(own))
    return width + foreign * size


@lru_cache(maxsize=4)
def _characters(face: str) -> frozenset[int]:
    return frozenset(font_manager.get_font(face).get_charmap())


def fit(text: str, room: float, *, size: float = TEXT, weight: int = REGULAR) -> str:
    """The text, cut with an ellipsis where it would be wider than ``room`` points."""
    text = clean(text)
    if text_width(text, size, weight) <= room:
        return text
    low, high = 0, min(len(text), 400)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + "…", size, weight) <= room:
            low = middle
        else:
            high = middle - 1
    kept = text[:low]
    if re.match(r"[\d.,]", text[low:]):
        kept = re.sub(r"[+\u2212-]?\d[\d.,]*$", "", kept)  # the beginning of a figure is another figure
    return kept.rstrip() + "…"


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions as near as can be to those wanted, in the same order, at least ``gap`` apart, from ``low`` to ``high``.

    Least squares under the order: isotonic regression of ``wanted − rank × gap`` by pooling neighbours (Barlow and
    others 1972, "Statistical Inference under Order Restrictions", ch. 1), then bounded.

    Raises
    ------
    ValueError
        If so many labels cannot stand between ``low`` and ``high``.
    """
    count = len(wanted)
    if (count - 1) * gap > high - low + 1e-9:
        raise ValueError(
            f"{count} labels {gap:g} points apart need {(count - 1) * gap:g} points, but there are {high - low:g}. "
            "Make the chart higher or label fewer series."
        )
    order = sorted(range(count), key=lambda index: (wanted[index], index))
    pools: list[tuple[float, int]] = []
    for rank, index in enumerate(order):
        pools.append((wanted[index] - rank * gap, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (mean_a, n_a), (mean_b, n_b) = pools[-2:]
            pools[-2:] = [((mean_a * n_a + mean_b * n_b) / (n_a + n_b), n_a + n_b)]
    level = [mean for mean, size in pools for _ in range(size)]
    placed = [0.0] * count
    for rank, index in enumerate(order):
        placed[index] = min(max(level[rank], low), high - (count - 1) * gap) + rank * gap
    return placed


# --- numbers ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scale:
    """A unit for money: what to divide by, and its word."""

    divisor: float
    word: str

    def number(self, value: float) -> str:
        """The value in this unit, without the unit: ``3.6``, ``124``, ``−0.04``."""
        return decimal(value / self.divisor)


SCALES = (Scale(1e12, "tn"), Scale(1e9, "bn"), Scale(1e6, "m"), Scale(1e3, "thousand"), Scale(1.0, ""))


def scale(values: Iterable[float]) -> Scale:
    """The unit in which the largest of the values is at least one."""
    sizes = [abs(value) for value in values if np.isfinite(value)]
    largest = max(sizes, default=0.0)
    return next((unit for unit in SCALES if largest >= unit.divisor), SCALES[-1])


def decimal(value: float, *, sign: bool = False) -> str:
    """Three figures that count, thousands set off, a true minus: ``1,234``, ``98.7``, ``3.6``, ``0.45``, ``−2.1``."""
    size = abs(value)
    places = 0 if size >= 99.95 or size == 0 else 1 if size >= 0.95 else 2 if size >= 0.095 else 3
    text = f"{size:,.{places}f}"
    if not text.strip("0.,"):
        return "0"
    return (MINUS if value < 0 else "+" if sign else "") + text


def money(value: float, currency: str = "USD", *, sign: bool = False) -> str:
    """An amount with its currency and unit, kept on one line: ``USD 3.6 bn``, ``−USD 12.1 m``."""
    unit = scale([value])
    if unit.word and unit.number(abs(value)) == "1,000":
        unit = SCALES[max(SCALES.index(unit) - 1, 0)]
    mark = (MINUS if value < 0 else "+" if sign else "") if value else ""
    return NO_BREAK.join(part for part in (f"{mark}{currency}", unit.number(abs(value)), unit.word) if part)


def percent(ratio: float, *, sign: bool = False) -> str:
    """A ratio in per cent: ``12 %``, ``4.6 %``, ``+160 %``, ``−0.3 %``."""
    size = abs(ratio) * 100
    text = f"{size:,.{0 if size >= 9.95 else 1}f}"
    mark = (MINUS if ratio < 0 else "+" if sign else "") if text.strip("0.,") else ""
    return f"{mark}{text}{NO_BREAK}%" if text.strip("0.,") else f"0{NO_BREAK}%"


def years(first: int, last: int) -> str:
    """A span of years: ``2000–2024``, or the one year."""
    return str(first) if first == last else f"{first}{EN_DASH}{last}"


def times(ratio: float) -> str:
    """A multiple as a sentence says it: ``2.1``, ``45``."""
    return f"{ratio:,.0f}" if ratio >= 9.95 else decimal(ratio)


def ordinal(place: int) -> str:
    """A place in an order, as a sentence says it: ``1st``, ``2nd``, ``11th``, ``23rd``."""
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def percent_tick(value: float) -> str:
    text = f"{abs(value) * 100:,.10f}".rstrip("0").rstrip(".")
    return f"{MINUS if value < 0 and text != '0' else ''}{text} %"


def plain_tick(value: float) -> str:
    return f"{value:,.10f}".rstrip("0").rstrip(".")


def cell(value: Any, form: Callable[[float], str]) -> str:
    return EN_DASH if value is None or not np.isfinite(value) else form(float(value))


def whole(value: float) -> str:
    """A whole number; a figure that would round to nothing keeps the digit that shows it is something."""
    return decimal(value) if 0 < abs(value) < 0.5 else f"{MINUS if value < 0 else ''}{abs(value):,.0f}"


def tenths(value: float) -> str:
    return decimal(value) if 0 < abs(value) < 0.05 else f"{MINUS if value < 0 else ''}{abs(value):,.1f}"


def table_scale(values: Iterable[float]) -> Scale:
    """The unit of a table: one finer than a chart's, so that whole numbers say enough."""
    coarse = SCALES.index(scale(values))
    return SCALES[min(coarse + 1, len(SCALES) - 1)]


# --- colour -------------------------------------------------------------------------------------------------------


def colour(code: str) -> str:
    """The country's colour; ink for one that has none."""
    return COUNTRIES.get(code, INK)


def story(codes: Iterable[str], *, most: int = MOST_COLOURS) -> list[str]:
    """Those of the codes to draw in colour, in the order given: at most ``most``, no two that a reader may confuse."""
    kept: list[str] = []
    for code in codes:
        clash = any({code, other} in CONFUSABLE or colour(code) == colour(other) for other in kept)
        if len(kept) < most and code not in kept and not clash:
            kept.append(code)
    return kept


# --- pieces of a chart --------------------------------------------------------------------------------------------


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round values that enclose the two, at most ``most`` steps: ones, twos or fives of a power of ten.

    A step of two and a half is never taken: its numbers need a digit more than a reader wants, and rounded they lie.
    """
    return [round(float(tick), 12) for tick in MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high)]


def tick_number(values: Sequence[float]) -> Callable[[float], str]:
    """A form for the numbers of one axis: all with as many decimals as their step needs."""

    def form(value: float) -> str:
        text = f"{abs(value):,.{places}f}"
        return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text

    steps = [abs(b - a) for a, b in pairwise(sorted(values)) if b != a] or [abs(value) for value in values if value]
    places = max(0, -math.floor(math.log10(min(steps, default=1.0)) + 1e-9))
    return form


def zero_line(axes: Axes, *, along: Literal["x", "y"]) -> None:
    """The line that bars stand on."""
    draw = axes.axvline if along == "x" else axes.axhline
    draw(0, color=INK, linewidth=0.8, zorder=3)


def year_axis(axes: Axes, first: int, last: int) -> None:
    """Years below the plot: both ends, and round years between them as many as have room."""
    room = axes.get_window_extent().width
    span = max(last - first, 1)
    most = max(int(room // 34), 2)
    step = next((step for step in (1, 2, 5, 10, 20, 25, 50) if span / step < most), 100)
    ticks = [year for year in range(first, last + 1) if year % step == 0]
    near = 30 * span / room
    ticks = [first, *(year for year in ticks if first + near <= year <= last - near), last]
    axes.set_xticks(sorted(set(ticks)), labels=[str(year) for year in sorted(set(ticks))])
    axes.tick_params(axis="x", pad=5)
    for tick in axes.xaxis.get_major_ticks():
        tick.tick1line.set(markersize=3, color=CONTEXT, markeredgewidth=0.6)


def runs(years: Sequence[int], values: Sequence[float]) -> list[tuple[list[int], list[float]]]:
    """The unbroken stretches of a series: consecutive years, every value known. A gap is never drawn across."""
    stretches: list[tuple[list[int], list[float]]] = []
    for year, value in sorted(zip(years, values, strict=True)):
        if not np.isfinite(value):
            continue
        if not stretches or stretches[-1][0][-1] != year - 1:
            stretches.append(([], []))
        stretches[-1][0].append(int(year))
        stretches[-1][1].append(float(value))
    return stretches


def line(
    axes: Axes,
    years: Sequence[int],
    values: Sequence[float],
    *,
    color: str,
    width: float = 1.0,
    soft: Iterable[int] = (),
    breaks: Iterable[int] = (),
    zorder: float = 2,
) -> None:
    """A series with its gaps left open.

    ``soft`` years (preliminary or from the press) are hollow marks on a dashed line; the stretch that leads to a year
    in ``breaks``, whose figure has another producer than the one before, is thin.
    """
    soft, breaks = set(soft), set(breaks)
    for stretch_years, stretch_values in runs(years, values):
        points = list(zip(stretch_years, stretch_values, strict=True))
        if len(points) == 1 and points[0][0] not in soft:
            axes.plot(*points[0], marker="o", markersize=width * 2, color=color, zorder=zorder, clip_on=False)
        legs = list(pairwise(points))
        kinds = [(a[0] in soft or b[0] in soft, b[0] in breaks) for a, b in legs]
        for (dashed, thin), group in groupby(range(len(legs)), key=kinds.__getitem__):
            chosen = list(group)
            path = [legs[chosen[0]][0], *(legs[index][1] for index in chosen)]
            axes.plot(
                [year for year, _ in path],
                [value for _, value in path],
                color=color,
                linewidth=width * (0.45 if thin else 1),
                linestyle=(0, (2.2, 1.6)) if dashed else "-",
                zorder=zorder,
                clip_on=False,
            )
        for year, value in points:
            if year in soft:
                axes.plot(
                    year,
                    value,
                    marker="o",
                    markersize=2.2 + width * 1.4,
                    markerfacecolor=PAPER,
                    markeredgecolor=color,
                    markeredgewidth=max(width * 0.6, 0.8),
                    zorder=zorder + 0.1,
                    clip_on=False,
                )


def bar(
    axes: Axes, place: float, value: float, *, color: str, soft: bool = False, thickness: float = 0.64, start: float = 0
) -> None:
    """A bar from zero; a preliminary or press figure is outlined and hatched instead of filled."""
    axes.barh(
        place,
        value,
        left=start,
        height=thickness,
        facecolor="none" if soft else color,
        edgecolor=color if soft else "none",
        hatch="//////" if soft else None,
        linewidth=0.9 if soft else 0,
        zorder=2,
    )


def band(axes: Axes, start: float, end: float) -> None:
    """A pale band over a period."""
    axes.axvspan(start, end, facecolor=BAND, edgecolor="none", zorder=0)


def swatch(canvas: Canvas, x: float, y: float, *, color: str, soft: bool) -> None:
    """A small piece of bar with its middle at ``y``, to stand before the words that explain it."""
    canvas.figure.add_artist(
        Rectangle(
            (x, canvas.height - y - 3.2),
            12,
            6.4,
            transform=None,
            facecolor="none" if soft else color,
            edgecolor=color if soft else "none",
            hatch="//////" if soft else None,
            linewidth=0.9 if soft else 0,
        )
    )
