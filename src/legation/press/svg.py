"""Drawings from notebooks, made fit to stand inside a page: harmless, with identifiers of their own."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from lxml import etree

from legation.errors import InputError

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_ELEMENTS = frozenset(
    {
        "svg",
        "g",
        "defs",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "textPath",
        "use",
        "symbol",
        "clipPath",
        "mask",
        "pattern",
        "linearGradient",
        "radialGradient",
        "stop",
        "marker",
        "image",
        "title",
        "desc",
    }
)
_VARIABLE = re.compile(r"var\(--[\w-]+,\s*([^()]+?)\s*\)")
_ADDRESS = re.compile(r"url\(\s*(?!#)", re.IGNORECASE)
_REFERENCE = re.compile(r"url\(\s*#([^)\s]+)\s*\)")
#: A style that can become a rule of the page's own: it cannot end one, nor name anything by address.
_PLAIN_STYLE = re.compile(r"[\w\s:;.,#()'%-]+")
#: Parts of a drawing's width that positions are told apart by: on a page of 160 mm this is a twentieth of a millimetre.
_RESOLUTION = 3000
_DECIMAL = r"-?\d+(?:\.\d*)?(?:e-?\d+)?"
#: What matplotlib writes: absolute moves, lines, curves and closings, the numbers of each parted by white space. It
#: reads in one way only, so that a path of another kind is told at once, however long.
_PATH = re.compile(rf"\s*(?:[MLCQz](?:\s*{_DECIMAL}(?:\s+{_DECIMAL})*)?\s*)+", re.ASCII)
_STEP = re.compile(r"([MLCQz])([^MLCQz]*)")
#: Elements inside which coordinates have a scale of their own.
_SCALED = tuple(f"{{*}}{name}" for name in ("symbol", "marker", "pattern", "mask", "clipPath"))
#: How many numbers a step of a path takes.
_SIZE = {"M": 2, "L": 2, "C": 6, "Q": 4, "z": 0}
#: Drawings kept as they were made fit: a report's are asked for by the page, by the PDF and by the list of reports.
_KEPT = 128


class Classes:
    """The styles of all drawings on a page, each written once and called by a short name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._met: dict[str, str | None] = {}  # as the drawings write them

    def name(self, style: str) -> str | None:
        """The class that stands for the style; ``None`` for one that has to stay where it is."""
        if style not in self._met:
            self._met[style] = self._new(style)
        return self._met[style]

    def _new(self, style: str) -> str | None:
        if not _PLAIN_STYLE.fullmatch(style) or "url(" in style:
            return None
        return self._names.setdefault(re.sub(r"\s*([:;,])\s*", r"\1", style).strip("; "), f"d{len(self._names)}")

    def css(self) -> str:
        """The rules, in the order in which the styles were met."""
        return "\n".join(f".{name}{{{style}}}" for style, name in self._names.items())


def inline(drawing: str, prefix: str, where: str, classes: Classes | None = None) -> str:
    """The drawing as one ``<svg>`` element for an HTML page.

    Elements and attributes that could run code, fetch anything or style the page are left out; identifiers are
    renamed to ``prefix`` and a number, so that two drawings on a page never share one; what shows nothing goes, and
    positions are given no finer than can be seen.

    Parameters
    ----------
    classes
        Takes the styles out of the elements; the page then has to hold its rules. The drawing's own description goes
        too, since a page that does so describes the drawing itself.

    Raises
    ------
    InputError
        If the drawing is not well-formed SVG; ``where`` names it.
    """
    root = _parse(_fit(drawing, where), where)
    if prefix:
        _prefix(root, prefix)
    if classes is not None:
        _classify(root, classes)
    etree.cleanup_namespaces(root, top_nsmap={None: _SVG})
    return str(etree.tostring(root, encoding="unicode", with_tail=False))


def plain(drawing: str, where: str) -> str:
    """The drawing for Typst, which knows no CSS variables: each stands as its fallback."""
    return _VARIABLE.sub(r"\1", inline(drawing, "", where))


def height_to_width(drawing: str) -> float:
    """How tall a drawing made by ``inline`` is for its width."""
    sides = re.findall(r"\d+\.?\d*", _parse(drawing, "a drawing").get("viewBox", ""))
    width, height = (float(side) for side in sides[-2:]) if len(sides) == 4 else (1.0, 1.0)
    return height / width if width else 1.0


@lru_cache(maxsize=_KEPT)
def _fit(drawing: str, where: str) -> str:
    """The drawing made harmless, thin and round, its identifiers numbers: all that does not depend on the page."""
    root = _parse(drawing, where)
    for element in list(root.iter()):
        if not isinstance(element.tag, str) or _local(element.tag) not in _ELEMENTS:
            parent = element.getparent()
            if parent is not None:
                if element.tail:
                    before = element.getprevious()
                    if before is not None:
                        before.tail = (before.tail or "") + element.tail
                    else:
                        parent.text = (parent.text or "") + element.tail
                parent.remove(element)
            continue
        _restrict(element)
    _rename(root)
    _thin(root)
    if not root.get("viewBox"):
        width, height = (re.sub(r"[^\d.]", "", root.get(side, "")) or "100" for side in ("width", "height"))
        root.set("viewBox", f"0 0 {width} {height}")
    _round(root)
    return str(etree.tostring(root, encoding="unicode", with_tail=False))


def _parse(drawing: str, where: str) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(drawing.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"{where}: its drawing is not well-formed SVG ({error}). Draw it with matplotlib.") from None
    if _local(root.tag) != "svg":
        raise InputError(f"{where}: its drawing is <{_local(root.tag)}>, not <svg>.")
    return root


def _local(name: str) -> str:
    """The name of an element or attribute without its namespace."""
    return name[name.rfind("}") + 1 :]


def _restrict(element: etree._Element) -> None:
    """Take out attributes that could run code or reach outside the drawing."""
    for name, value in list(element.attrib.items()):
        local = _local(name)
        if local.lower().startswith("on"):
            del element.attrib[name]
        elif local == "href":
            if not value.startswith(("#", "data:image/png;base64,", "data:image/jpeg;base64,")):
                del element.attrib[name]
        elif _ADDRESS.search(value):
            del element.attrib[name]


def _rename(root: etree._Element) -> None:
    """Give each identifier that is referred to a number for a name, and drop the others."""
    used: set[str] = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            if "url(" in value:
                used.update(_REFERENCE.findall(value))
            if _local(name) == "href" and value.startswith("#"):
                used.add(value[1:])
    names = {old: f"{number}" for number, old in enumerate(sorted(used))}
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            local = _local(name)
            if local == "id" and value not in names:
                del element.attrib[name]
            elif local == "id":
                element.set(name, names[value])
            elif local == "href" and value.startswith("#"):
                element.set(name, f"#{names[value[1:]]}")
            elif "url(" in value:
                element.set(name, _REFERENCE.sub(lambda found: f"url(#{names[found.group(1)]})", value))


def _prefix(root: etree._Element, prefix: str) -> None:
    """Put the prefix before every identifier, where it is given and where it is referred to."""
    for element in root.iter():
        for name, value in element.attrib.items():
            local = _local(name)
            if local == "id":
                element.set(name, f"{prefix}{value}")
            elif local == "href" and value.startswith("#"):
                element.set(name, f"#{prefix}{value[1:]}")
            elif "url(" in value:
                element.set(name, _REFERENCE.sub(lambda found: f"url(#{prefix}{found.group(1)})", value))


def _thin(root: etree._Element) -> None:
    """Take out white space between elements, empty groups, and shapes neither filled nor stroked or that go nowhere."""
    for element in reversed(list(root.iter())):
        local = _local(element.tag)
        if local not in ("text", "tspan", "title", "desc"):
            element.text = None
        if local != "tspan":
            element.tail = None
        parent = element.getparent()
        if parent is None:
            continue
        unseen = local == "path" and element.get("style") == "fill: none" and _local(parent.tag) != "defs"
        nowhere = local == "path" and not element.get("id") and re.fullmatch(r"\s*M[\s\d.,-]*", element.get("d", ""))
        if unseen or nowhere or (local in ("g", "defs") and not len(element)):
            parent.remove(element)
        elif local == "g" and not element.attrib:
            place = parent.index(element)
            parent[place : place + 1] = list(element)


def _round(root: etree._Element) -> None:
    """Write positions no finer than can be seen; a drawing that scales parts of itself is left as it is."""
    if any(re.search("scale|matrix|skew", element.get("transform", "")) for element in root.iter()):
        return
    sides = re.findall(r"-?[\d.]+", root.get("viewBox", ""))
    width = float(sides[2]) if len(sides) == 4 and sides[2].count(".") < 2 else 0.0
    if width <= 0:
        return
    places = max(0, math.ceil(math.log10(_RESOLUTION / width)))
    scaled = {inside for element in root.iter(*_SCALED) for inside in element.iterdescendants()}
    for element in root.iter("{*}path", "{*}text", "{*}use"):
        if element in scaled:
            continue
        if _local(element.tag) == "path":
            element.set("d", _shorter(element.get("d", ""), places))
        else:
            for side in ("x", "y"):
                if re.fullmatch(r"-?\d+\.\d+", element.get(side, "")):
                    element.set(side, _number(round(float(element.get(side, "")), places)))


def _shorter(path: str, places: int) -> str:
    """The same path in fewer letters: rounded, each step from where the last one ended; a mark one place finer."""
    if not _PATH.fullmatch(path):
        return path
    steps = [(kind, [float(value) for value in values.split()]) for kind, values in _STEP.findall(path)]
    if not steps or steps[0][0] != "M" or any(len(values) != _SIZE[kind] for kind, values in steps):
        return path
    across, down = ([value for _, values in steps for value in values[side::2]] for side in (0, 1))
    if max(max(across) - min(across), max(down) - min(down)) < 100 / 10**places:
        places += 1
    written: list[str] = []
    x = y = 0.0  # where the pen is
    start = (x, y)
    before = ""
    for kind, values in steps:
        points = [round(value, places) for value in values]
        if kind == "z" and len(written) > 3 and (x, y) == start and before == "L":
            written.pop()  # the closing itself leads back
        written.append(_step(kind, points, x, y, places))
        x, y = points[-2:] if points else start
        before = kind
        if kind == "M":
            start = (x, y)
    return "".join(written)


def _step(kind: str, points: list[float], x: float, y: float, places: int) -> str:
    """One step of a path, from where the pen is, in the shorter of its absolute and relative forms."""
    if kind == "z":
        return "z"
    near = [round(value - (y if place % 2 else x), places) for place, value in enumerate(points)]
    if kind == "L" and near[1] == 0:
        absolute, relative = f"H{_number(points[0])}", f"h{_number(near[0])}"
    elif kind == "L" and near[0] == 0:
        absolute, relative = f"V{_number(points[1])}", f"v{_number(near[1])}"
    else:
        absolute, relative = kind + _joined(points), kind.lower() + _joined(near)
    return absolute if len(absolute) <= len(relative) else relative


def _joined(values: list[float]) -> str:
    """Numbers one after the other, parted where a minus does not."""
    return " ".join(map(_number, values)).replace(" -", "-")


@lru_cache(maxsize=1 << 14)
def _number(value: float) -> str:
    """A number in as few letters as it takes: ``.5``, ``-3``, ``12.25``."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    if text in ("-0", ""):
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _classify(root: etree._Element, classes: Classes) -> None:
    """Let each style be a class; the root keeps its size and loses its description."""
    for element in root.iter():
        style = element.attrib.pop("style", None)
        element.attrib.pop("class", None)
        if style is not None:
            name = classes.name(str(style))
            element.set(*(("class", name) if name else ("style", style)))
    for name in ("role", "aria-label", "version"):
        root.attrib.pop(name, None)
