"""The pages that list dated editions, and the Atom feed: made of what is kept, and of nothing else.

``archive/<report>/index.html`` lists a report's dated editions, that of a sweep the histories of its editions;
``feed.xml`` names the last of all reports. They can be made again at any time and come out the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml  # only to write

from legation.press import archive, html, publish
from legation.press.archive import Dated
from legation.press.markup import printable
from legation.press.spec import OUTPUTS
from legation.times import in_words

FEED = "feed.xml"
#: Dated editions named in the feed.
MOST_ENTRIES = 50
_ATOM = "http://www.w3.org/2005/Atom"
#: What the feed of a folder that is served nowhere is called.
_NOWHERE = uuid.uuid5(uuid.NAMESPACE_DNS, "feed.legation.invalid")
#: What of a commit's digest is told to people.
_SHORT = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{28}\b")
_LISTED = re.compile(r'href="([^"]+)/index\.html"')


def write(published: Path, site: str | None = None) -> list[Path]:
    """Bring ``latest``, the histories, the feed and the list of reports up to what is kept.

    Call it when editions were kept, and at the start of a run: what an earlier one was killed before is made then.
    Where nothing is kept nothing is written.

    Parameters
    ----------
    published
        The folder ``reports/published``.
    site
        The address under which it is served, without a slash at its end; links of the feed are relative without it.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    OSError
        If something cannot be written. What was there stays.
    """
    names = archive.reports(published)
    sweeps: dict[str, list[str]] = {}
    for name in names:
        archive.point(published, name)
        sweep, _, edition = name.partition("/")
        if edition:
            sweeps.setdefault(sweep, []).append(name)
    pages = {}
    for name in sorted({*names, *sweeps}):
        file = published / archive.FOLDER / name / "index.html"
        lasts = [last for edition in sweeps.get(name, []) if (last := archive.last(published, edition)) is not None]
        inside = {each.report.partition("/")[2]: each.stamp for each in lasts}
        links = {*archive.stamps(published, name), *inside, *(f"{edition}/{inside[edition]}" for edition in inside)}
        if _listed(file) != links:
            pages[file] = html.history(_facts(published, name, lasts))
    if names:
        pages[published / FEED] = feed(archive.newest(published, MOST_ENTRIES), site)
        index, dates = published / "index.html", archive.dates(published)
        if index.is_file() and not {link for each in dates.values() for link in each["links"]} <= _listed(index):
            pages[index] = html.index(publish.listed(published), dates, status=(published / publish.STATUS).is_file())
    return [file for file, text in pages.items() if archive.put(published, file, text)]


def feed(editions: list[Dated], site: str | None = None) -> str:
    """The Atom feed (RFC 4287) of some dated editions, given with the latest first.

    An entry is named by what its edition says of itself, wherever it is served: its identifier stays.
    """
    base = f"{site}/" if site else ""
    root = Xml.Element("feed", {"xmlns": _ATOM, "xml:lang": "en-GB"})
    _add(root, "id", f"{base}{FEED}" if site else _NOWHERE.urn)
    _add(root, "title", "Reports")
    _add(root, "updated", _time(max(each.stamp for each in editions)))
    _add(_add(root, "author"), "name", "Legation")
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{base}{FEED}")
    _add(root, "link", rel="alternate", type="text/html", href=f"{base}index.html")
    for each in editions:
        page = quote(f"{archive.FOLDER}/{each.report}/{each.stamp}/index.html")
        entry = _add(root, "entry")
        _add(entry, "id", uuid.uuid5(_NOWHERE, f"{each.report} {each.stamp} {_digest(each)}").urn)
        _add(entry, "title", f"{each.text('title') or each.report}, {in_words(each.stamp[:10])}")
        _add(entry, "updated", _time(each.stamp))
        _add(entry, "link", rel="alternate", type="text/html", href=f"{base}{page}")
        _add(entry, "category", term=each.report)
        if each.text("summary"):
            _add(entry, "summary", each.text("summary"))
    Xml.indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'


def _add(parent: Xml.Element, name: str, text: str | None = None, **attributes: str) -> Xml.Element:
    """A child; letters that XML cannot hold are left out."""
    child = Xml.SubElement(parent, name, {key: printable(value) for key, value in attributes.items()})
    child.text = printable(text) if text else None
    return child


def _digest(each: Dated) -> str:
    """What tells an edition from one of the same name and time elsewhere."""
    try:
        return hashlib.sha256((each.folder / publish.MANIFEST).read_bytes()).hexdigest()
    except OSError:
        return ""


def _time(stamp: str) -> str:
    """A stamp as RFC 3339 has it."""
    return f"{stamp[:13]}:{stamp[13:15]}:{stamp[15:]}"


def _listed(page: Path) -> set[str]:
    """What a page links to, by folder."""
    try:
        return set(_LISTED.findall(page.read_text(encoding="utf-8"))) - {"..", "../..", "../../.."}
    except OSError:
        return set()


def _facts(published: Path, name: str, lasts: list[Dated]) -> dict[str, Any]:
    """What a history page shows: dated editions, and of a sweep the last of each of its editions."""
    held = archive.dated(published, name)
    title = held[-1].text("title") if held else None
    if lasts:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # a sweep that is no longer published
            title = str(json.loads((published / name / publish.MANIFEST).read_bytes())["title"])
    return {
        "title": title or name,
        "up": "../" * (2 + name.count("/")),
        "editions": [
            {
                "edition": last.report.partition("/")[2],
                "title": last.text("title") or last.report,
                "stamp": last.stamp,
                "day": in_words(last.stamp[:10]),
                "count": len(archive.stamps(published, last.report)),
            }
            for last in lasts
        ],
        "dated": [_shown(each, {other.stamp for other in held}) for each in reversed(held)],
    }


def _shown(each: Dated, there: set[str]) -> dict[str, Any]:
    outputs = {output: publish.further_name(each.report, output) for output in OUTPUTS}
    printed = publish.printed_name(each.report)
    return {
        "stamp": each.stamp,
        "time": _time(each.stamp),
        "when": f"{in_words(each.stamp[:10])}, {each.stamp[11:13]}:{each.stamp[13:15]} UTC",
        "number": each.number,
        "summary": each.text("summary"),
        "since": each.since if each.since in there else None,
        "since_day": in_words(each.since[:10]) if each.since else None,
        "printed": printed if (each.folder / printed).is_file() else None,
        "outputs": {output: name for output, name in outputs.items() if (each.folder / name).is_file()},
        "changes": (each.folder / archive.CHANGES).is_file(),
        "rebuild": f"legation rebuild {each.report}@{each.stamp}",
        "commit": _SHORT.sub(r"\1", each.text("commit")),
    }
