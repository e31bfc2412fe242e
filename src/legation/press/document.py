"""What a page shows, taken out of notebooks: running text, exhibits, findings.

Nothing here knows HTML or Typst. Both writers are given the same ``Document``, so both say the same.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from legation import times
from legation.press import markup
from legation.press.archive import CHANGES, CHANGES_TABLE
from legation.press.changes import Changes
from legation.press.markup import Blocks, Node
from legation.times import in_words

#: Anchors of the page itself, which no heading and no exhibit can have.
RESERVED = frozenset({"top", "main", "findings", "contents", "sources", "computed", "references", "refs", "footnotes"})
#: The anchor of what is new: no heading and no exhibit can have it, since theirs hold no underscore.
NEWS = "what_is_new"
#: Width and height of the papers a report can be printed on, in millimetres.
SHEETS = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}


@dataclass(frozen=True)
class Exhibit:
    """A numbered chart, table or picture. ``content`` is the structured form its maker gave it."""

    kind: str  # "chart", "table" or "picture"
    number: int  # within its kind: charts and pictures are figures, tables are tables
    anchor: str
    content: dict[str, Any]
    chapter: int = 1  # the number of the chapter that shows it
    cell: int | None = None  # the number that Jupyter gives the cell that made it

    @property
    def label(self) -> str:
        """ "Figure 3" or "Table 1"."""
        return f"{'Table' if self.kind == 'table' else 'Figure'} {self.number}"


@dataclass(frozen=True)
class Run:
    """How a chapter was computed."""

    notebook: str  # as it ran: its place in the edition's folder
    parameters: dict[str, Any]  # what the report gives it
    read: tuple[str, ...]  # the files it read, by their places in the repository

    @property
    def given(self) -> list[str]:
        """The parameters as a line of code sets them."""
        return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in self.parameters.items()]

    @property
    def read_by_folder(self) -> list[tuple[str, list[str]]]:
        """The names of the files read, by their folders."""
        found: dict[str, list[str]] = {}
        for path in self.read:
            folder, _, name = path.rpartition("/")
            found.setdefault(folder, []).append(name)
        return sorted(found.items())


@dataclass(frozen=True)
class Finding:
    """What a reader should take away, and the exhibit that shows it, if it is shown."""

    name: str
    chapter: str  # the name of the chapter that found it
    blocks: Blocks
    exhibit: Exhibit | None


@dataclass(frozen=True)
class Tally:
    """How many of each kind, in the order given. ``title`` tells it from others of the same name."""

    name: str
    title: str
    chapter: str
    counts: tuple[tuple[str, int], ...]


@dataclass
class Document:
    """What a page shows, in reading order.

    ``blocks`` is pandoc's tree in which a block ``{"t": "Exhibit", "c": position}`` stands for an item of
    ``exhibits``; headings start at level 2 and carry their anchors; ``contents`` lists them as (level, anchor, text).
    ``method`` is such a tree too, for the closing page, with headings from level 3.
    """

    title: str
    language: str = "en-GB"
    paper: str = "a4"  # or another of SHEETS
    subtitle: str | None = None
    abstract: Blocks = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    several: bool = False  # whether it has several chapters, which are then numbered
    findings: list[Finding] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    blocks: Blocks = field(default_factory=list)
    exhibits: list[Exhibit] = field(default_factory=list)
    contents: list[tuple[int, str, str]] = field(default_factory=list)
    method: Blocks = field(default_factory=list)
    revisions: list[tuple[str, str]] = field(default_factory=list)  # (YYYY-MM-DD, what changed in method)
    runs: list[Run] = field(default_factory=list)  # of the chapters, in order
    rebuild: str | None = None  # the command that makes this edition again
    bibliography: Path | None = None
    since: Changes | None = None  # what is new since an earlier edition
    unseen: list[dict[str, Any]] = field(default_factory=list)  # sources of findings whose exhibit is left out

    @property
    def summary(self) -> Blocks:
        """The findings as one numbered list, each with a link to its exhibit."""
        if not self.findings:
            return []
        items = [_with_link(finding) for finding in self.findings]
        return [{"t": "OrderedList", "c": [[1, {"t": "Decimal"}, {"t": "Period"}], items]}]

    def open_with(self, changes: Changes) -> None:
        """Tell what is new since an earlier edition, behind the findings."""
        self.since = changes
        first = self.contents[:1]
        behind = 1 if first and first[0][1] == "findings" else 0
        self.contents.insert(behind, (2, NEWS, self.news_heading))

    @property
    def news_heading(self) -> str:
        """ "What is new since the edition of 15 November 2026"; empty where nothing is told."""
        return f"What is new since {markup.printable(self.since.since_in_words)}" if self.since is not None else ""

    def news(self, *, linked: bool) -> Blocks:
        """What is new, in a sentence and a list that leads to the exhibits; none if there is nothing to tell.

        ``linked``: whether the files that tell all of it can be led to, as on a page that lies beside them.
        """
        if self.since is None:
            return []
        anchors = {exhibit.anchor for exhibit in self.exhibits}

        def inline(part: str | tuple[str, str]) -> list[Node]:
            words = part if isinstance(part, str) else part[0].replace(" ", "\u00a0")
            told = _inlines(words)
            led = not isinstance(part, str) and part[1] in anchors
            return [{"t": "Link", "c": [["", [], []], told, [f"#{part[1]}", ""]]}] if led else told

        items = [[{"t": "Plain", "c": [node for part in line for node in inline(part)]}] for line in self.since.lines()]
        blocks: Blocks = [{"t": "Para", "c": _inlines(self.since.summary())}]
        blocks += [{"t": "BulletList", "c": items}] if items else []
        if self.since.problem:
            return blocks
        files: list[list[Node]] = [
            [{"t": "Link", "c": [["", [], []], _inlines(name), [name, ""]]}] if linked else _inlines(name)
            for name in (CHANGES_TABLE, CHANGES)
        ]
        told = [*_inlines("All changes, each with what it was, are in the files "), *files[0], *_inlines(" and ")]
        told += [*files[1], *_inlines(" of this edition.")]
        return [*blocks, {"t": "Para", "c": told}]

    @cached_property
    def cited(self) -> list[Blocks]:
        """Abstract, summary, ``blocks`` and ``method`` with citations resolved: once, since it costs as much as a page.

        Raises
        ------
        InputError
            A citation without entry.
        """
        parts = [self.abstract, self.summary, self.blocks, self.method]
        return markup.cite(parts, bibliography=self.bibliography, language=self.language)

    @property
    def changes(self) -> list[tuple[str, str]]:
        """The revisions with their days in words, the latest first."""
        latest = sorted(self.revisions, key=lambda revision: revision[0], reverse=True)
        return [(in_words(day), change) for day, change in latest]

    @property
    def closes(self) -> bool:
        """Whether there is anything for the closing page."""
        return bool(self.method or self.revisions or self.sources or self.runs or self.rebuild)

    @property
    def sources(self) -> list[dict[str, Any]]:
        """The source entries behind all exhibits, each once, by producer and title."""
        shown = [entry for exhibit in self.exhibits for entry in exhibit.content.get("sources", [])]
        entries = {entry["id"]: entry for entry in [*shown, *self.unseen]}
        return sorted(entries.values(), key=lambda entry: (entry["producer"], entry["title"], entry["id"]))

    @property
    def publications(self) -> list[dict[str, Any]]:
        """The sources as a reader counts them: entries that look the same, such as files of one table, stand once."""
        shown = ("producer", "title", "publisher", "vintage", "retrieved", "licence", "kind", "caveat")
        alike = {
            (*(entry.get(key) for key in shown), not entry.get("vintage") and times.as_taken(entry)): entry
            for entry in reversed(self.sources)
        }
        return list(alike.values())[::-1]

    @property
    def holdings(self) -> list[dict[str, Any]]:
        """The publications that are no press reports or have a caveat, as the list of sources tells them.

        Where one states no vintage, the day on which it was taken stands in its place.
        """
        usual_day = self.usual_day
        told = [(_told(entry, usual_day), entry) for entry in self.publications if not _is_press(entry)]
        return [{**of_it, "vintage": of_it["vintage"] or times.as_taken(entry) or None} for of_it, entry in told]

    @property
    def caveats(self) -> list[dict[str, Any]]:
        """Those of the holdings of which a reader has to know something, such as that they could not be renewed."""
        return [entry for entry in self.holdings if entry["caveat"]]

    @property
    def press_reports(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """The press reports without a caveat by producer, in the alphabet's order but for capitals and accents."""
        usual_day, by_producer = self.usual_day, dict[str, list[dict[str, Any]]]()
        for entry in self.publications:
            if _is_press(entry):
                by_producer.setdefault(entry["producer"], []).append(_told(entry, usual_day))
        return sorted(by_producer.items(), key=lambda reports: (slug(reports[0]), reports[0]))

    @property
    def usual_day(self) -> str | None:
        """The day on which most publications were retrieved, the latest of several: said once for all of them."""
        days = [entry["retrieved"] for entry in self.publications if entry.get("retrieved")]
        return max(set(days), key=lambda day: (days.count(day), day)) if days else None

    @property
    def usual_day_in_words(self) -> str | None:
        """``usual_day`` as a reader writes it: 22 November 2026."""
        return None if self.usual_day is None else in_words(self.usual_day)

    @property
    def as_of(self) -> str | None:
        """The latest day on which any of the figures was retrieved (YYYY-MM-DD): the edition's date."""
        return max((entry["retrieved"] for entry in self.sources if entry.get("retrieved")), default=None)

    @property
    def as_of_in_words(self) -> str | None:
        """``as_of`` as a reader writes it: 22 November 2026."""
        return None if self.as_of is None else in_words(self.as_of)


def _is_press(entry: dict[str, Any]) -> bool:
    """Whether an entry stands in the short list of press reports, which has no room for a caveat."""
    return entry.get("kind") == "press" and not entry.get("caveat")


def _inlines(words: str) -> list[Node]:
    """A text as pandoc reads one: words and spaces."""
    nodes: list[Node] = []
    for place, word in enumerate(re.split(" +", markup.printable(words))):
        nodes += [{"t": "Space"}] if place else []
        nodes += [{"t": "Str", "c": word}] if word else []
    return nodes


def _told(entry: dict[str, Any], usual_day: str | None) -> dict[str, Any]:
    """A source entry as the list of sources tells it.

    ``link`` is its address if that is on the web; ``by_way_of`` its publisher if that is another than the producer;
    ``terms`` and ``retrieved`` are missing where they are as the sentence above the list says: not stated, and the
    usual day.
    """
    address, publisher, terms, day = (entry.get(key) for key in ("address", "publisher", "licence", "retrieved"))
    return {
        "producer": entry["producer"],
        "title": entry["title"],
        "link": address if (address or "").startswith(("http://", "https://")) else None,
        "by_way_of": publisher if publisher != entry["producer"] else None,
        "vintage": in_words(entry["vintage"]) if entry.get("vintage") else None,
        "terms": None if terms in (None, "", "not stated") else terms,
        "retrieved": None if day == usual_day else in_words(day) if day else "on a day not stated",
        "caveat": entry.get("caveat") or None,
    }


def _with_link(finding: Finding) -> Blocks:
    """The finding's text with the number of its exhibit, linked, before the last full stop."""
    if finding.exhibit is None:
        return finding.blocks
    words = [{"t": "Str", "c": finding.exhibit.label.replace(" ", "\u00a0")}]
    link = {"t": "Link", "c": [["", [], []], words, [f"#{finding.exhibit.anchor}", ""]]}
    *before, last = finding.blocks
    inlines: list[Node] = list(last["c"])
    stop = ""
    if inlines[-1]["t"] == "Str" and re.search(r"(^|[^.])\.$", inlines[-1]["c"]):
        inlines[-1] = {"t": "Str", "c": inlines[-1]["c"].removesuffix(".")}
        stop = "."
    inlines += [{"t": "Space"}, {"t": "Str", "c": "("}, link, {"t": "Str", "c": f"){stop}"}]
    return [*before, {"t": last["t"], "c": inlines}]


def unique(wanted: str, taken: set[str]) -> str:
    """The name wanted, with a number if it is taken; it is taken from now on."""
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}-{count}"
    taken.add(name)
    return name


def slug(words: str) -> str:
    """An identifier in small letters, digits and hyphens; it may be empty."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")


def raster(data: str) -> bytes:
    """The bytes of a picture that a notebook holds as base64."""
    return base64.b64decode("".join(data.split()))
