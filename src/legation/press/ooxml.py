"""What Word's and Excel's files have in common: a zip of XML parts, the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from lxml import etree

from legation.press import markup
from legation.press.document import Document

#: The part that says what a file is, who wrote it and of which day it is.
CORE = "docProps/core.xml"
_CP = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
_DC = "http://purl.org/dc/elements/1.1/"
_DCTERMS = "http://purl.org/dc/terms/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can tell
_CONTENT_TYPES = "[Content_Types].xml"  # stands first in such a file


def parts(package: bytes) -> dict[str, bytes]:
    """The parts of a file by name."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(contents: Mapping[str, bytes]) -> bytes:
    """Parts as one file, in an order and with times that depend on nothing else."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(contents, key=lambda name: (name != _CONTENT_TYPES, name)):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0  # of every system alike
            archive.writestr(entry, contents[name])
    return out.getvalue()


def core(document: Document) -> bytes:
    """The document's title, authors and language; its day is that of the data, and without data it has none."""
    root = etree.Element(f"{{{_CP}}}coreProperties", nsmap={"cp": _CP, "dc": _DC, "dcterms": _DCTERMS, "xsi": _XSI})
    said = [("title", document.title), ("creator", "; ".join(document.authors)), ("language", document.language)]
    if document.subtitle:
        said.insert(1, ("description", document.subtitle))
    for name, text in said:
        etree.SubElement(root, f"{{{_DC}}}{name}").text = markup.printable(text)
    for name in ("created", "modified") if document.as_of else ():
        moment = etree.SubElement(root, f"{{{_DCTERMS}}}{name}", {f"{{{_XSI}}}type": "dcterms:W3CDTF"})
        moment.text = f"{document.as_of}T00:00:00Z"
    return serialised(root)


def serialised(root: etree._Element) -> bytes:
    """An XML part as it stands in a file."""
    made: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return made
