"""Drawings from notebooks, made fit to stand inside a page: harmless, with identifiers of their own."""

from __future__ import annotations

import re

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
_REFERENCE = re.compile(r"url\(\s*#([^)\s]+)\s*\)")


def inline(drawing: str, prefix: str, where: str) -> str:
    """The drawing as one ``<svg>`` element for an HTML page.

    Elements and attributes that could run code, fetch anything or style the page are left out; identifiers are
    renamed to ``prefix`` and a number, so that two drawings on a page never share one; what shows nothing goes.

    Raises
    ------
    InputError
        If the drawing is not well-formed SVG; ``where`` names it.
    """
    root = _parse(drawing, where)
    for element in list(root.iter()):
        if not isinstance(element.tag, str) or etree.QName(element).localname not in _ELEMENTS:
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
    _rename(root, prefix)
    _thin(root)
    if not root.get("viewBox"):
        width, height = (re.sub(r"[^\d.]", "", root.get(side, "")) or "100" for side in ("width", "height"))
        root.set("viewBox", f"0 0 {width} {height}")
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


def _parse(drawing: str, where: str) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(drawing.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"{where}: its drawing is not well-formed SVG ({error}). Draw it with matplotlib.") from None
    if etree.QName(root).localname != "svg":
        raise InputError(f"{where}: its drawing is <{etree.QName(root).localname}>, not <svg>.")
    return root


def _restrict(element: etree._Element) -> None:
    """Take out attributes that could run code or reach outside the drawing."""
    for name, value in list(element.attrib.items()):
        local = etree.QName(name).localname
        if local.lower().startswith("on"):
            del element.attrib[name]
        elif local == "href":
            if not value.startswith(("#", "data:image/png;base64,", "data:image/jpeg;base64,")):
                del element.attrib[name]
        elif re.search(r"url\(\s*(?!#)", value, re.IGNORECASE):
            del element.attrib[name]


def _rename(root: etree._Element, prefix: str) -> None:
    """Give each identifier that is referred to a short name of its own, and drop the others."""
    used: set[str] = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            used.update(_REFERENCE.findall(value))
            if etree.QName(name).localname == "href" and value.startswith("#"):
                used.add(value[1:])
    names = {old: f"{prefix}{number}" for number, old in enumerate(sorted(used))}
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            local = etree.QName(name).localname
            if local == "id" and value not in names:
                del element.attrib[name]
            elif local == "id":
                element.set(name, names[value])
            elif local == "href" and value.startswith("#"):
                element.set(name, f"#{names[value[1:]]}")
            elif "url(" in value:
                element.set(name, _REFERENCE.sub(lambda found: f"url(#{names[found.group(1)]})", value))


def _thin(root: etree._Element) -> None:
    """Take out white space between elements, empty groups, and shapes that are neither filled nor stroked."""
    for element in reversed(list(root.iter())):
        local = etree.QName(element).localname
        if local not in ("text", "tspan", "title", "desc"):
            element.text = None
        if local != "tspan":
            element.tail = None
        parent = element.getparent()
        if parent is None:
            continue
        unseen = local == "path" and element.get("style") == "fill: none" and etree.QName(parent).localname != "defs"
        if unseen or (local in ("g", "defs") and not len(element)):
            parent.remove(element)
        elif local == "g" and not element.attrib:
            place = parent.index(element)
            parent[place : place + 1] = list(element)
