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

    Elements and attributes that could run code, fetch anything or style the page are left out; identifiers get
    ``prefix``, so that two drawings on a page never share one; the size gives way to the page's width.

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
        _restrict(element, prefix)
    if not root.get("viewBox"):
        width, height = (re.sub(r"[^\d.]", "", root.get(side, "")) or "100" for side in ("width", "height"))
        root.set("viewBox", f"0 0 {width} {height}")
    etree.cleanup_namespaces(root, top_nsmap={None: _SVG})
    return str(etree.tostring(root, encoding="unicode", with_tail=False))


def plain(drawing: str, where: str) -> str:
    """The drawing for Typst, which knows no CSS variables: each stands as its fallback."""
    return _VARIABLE.sub(r"\1", inline(drawing, "", where))


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


def _restrict(element: etree._Element, prefix: str) -> None:
    for name, value in list(element.attrib.items()):
        local = etree.QName(name).localname
        if local.lower().startswith("on"):
            del element.attrib[name]
        elif local == "id":
            element.set(name, prefix + value)
        elif local == "href":
            del element.attrib[name]
            if value.startswith("#"):
                element.set("href" if prefix else f"{{{_XLINK}}}href", f"#{prefix}{value[1:]}")
            elif value.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")):
                element.set(f"{{{_XLINK}}}href" if not prefix else "href", value)
        elif "url(" in value.lower():
            kept = _REFERENCE.sub(lambda found: f"url(#{prefix}{found.group(1)})", value)
            if re.search(r"url\(\s*(?!#)", kept, re.IGNORECASE):
                del element.attrib[name]
            else:
                element.set(name, kept)
