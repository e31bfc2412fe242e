"""Findings and tallies: what a notebook hands to the first page of a report.

The press takes a :class:`Finding` out of the running text and sets it, numbered, on the summary with the number of the
exhibit it rests on; a :class:`Tally` stands beside them as a strip, and in the list of reports.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from legation.exhibits.prose import Prose, plain
from legation.exhibits.style import clean, onward

FINDING_MIME = "application/vnd.legation.finding+json"
TALLY_MIME = "application/vnd.legation.tally+json"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 75  # words: two long sentences; a finding that needs more has not been found yet


class Finding:
    """A sentence or two that a reader should take away, and the exhibit that shows it.

    Parameters
    ----------
    text
        What was found, as ``say`` makes it.
    name
        Lower-case letters, digits and hyphens; a report's spec chooses findings by it.
    exhibit
        The name of the exhibit that shows it, in the same notebook; ``None`` if none does.

    Raises
    ------
    ValueError
        If the text is empty, more than one paragraph or too long, or a name could not be one: with the remedy.
    """

    def __init__(self, text: Prose, *, name: str, exhibit: str | None = None) -> None:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(
                f"The finding's name {name!r} cannot be chosen by a report. "
                "Use lower-case letters, digits and single hyphens, such as 'largest-partner'."
            )
        if exhibit is not None and not (isinstance(exhibit, str) and _NAME.fullmatch(exhibit)):
            raise ValueError(
                f"The finding '{name}' names {exhibit!r} as its exhibit. Give its name, such as turnover.name."
            )
        if not isinstance(text, Prose) or not text.markdown.strip():
            raise ValueError(f"The finding '{name}' has no text. Give what say() returns.")
        if re.search(r"\n[ \t]*\n", text.markdown.strip()):
            raise ValueError(f"The finding '{name}' has several paragraphs. Say it in a sentence or two.")
        markdown = re.sub(r"[ \t\r\n]+", " ", text.markdown).strip(" ")  # a no-break space stays
        count = len(markdown.split(" "))
        if count > _LONGEST:
            raise ValueError(
                f"The finding '{name}' has {count} words; {_LONGEST} are the most. Say it in a sentence or two."
            )
        self.text, self.name, self.exhibit = Prose(markdown), name, exhibit

    def structured(self) -> dict[str, Any]:
        """The finding as plain JSON values: what the press reads under :data:`FINDING_MIME`."""
        return {"version": 1, "name": self.name, "text": self.text.markdown, "exhibit": self.exhibit}

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """What a notebook shows: a paragraph set off and marked as a finding."""
        marked = f"> **Finding.** {self.text.markdown}"
        return {
            FINDING_MIME: self.structured(),
            "text/markdown": marked,
            "text/plain": f"Finding. {self.text.markdown}",
        }


class Tally:
    """How many of a kind: claims by verdict, treaties by type.

    Parameters
    ----------
    name
        What was counted, as a reader sees it: "Claims examined".
    counts
        How many of each kind, in the order in which they are shown; a kind of which there is none may stand with 0.

    Raises
    ------
    ValueError
        If there is no name or no kind, or a count is not a whole number from 0.
    """

    def __init__(self, name: str, counts: Mapping[str, int]) -> None:
        if not isinstance(name, str) or not clean(name):
            raise ValueError("The tally has no name. Say what was counted, such as 'Claims examined'.")
        if not counts:
            raise ValueError(f"The tally '{name}' counts nothing. Give each kind and how many there are of it.")
        self.name = onward(clean(name))
        self.counts: dict[str, int] = {}
        for kind, count in counts.items():
            number = _whole(count)
            if number is None or not clean(kind):
                raise ValueError(f"The tally '{name}' has {count!r} under {kind!r}. Count in whole numbers from 0.")
            self.counts[onward(clean(kind))] = number

    def structured(self) -> dict[str, Any]:
        """The tally as plain JSON values: what the press reads under :data:`TALLY_MIME`."""
        return {"version": 1, "name": self.name, "counts": [[kind, count] for kind, count in self.counts.items()]}

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """What a notebook shows: the counts in one line."""
        counted = " · ".join(f"{count} {kind}" for kind, count in self.counts.items())
        return {
            TALLY_MIME: self.structured(),
            "text/markdown": f"**{plain(self.name)}:** {plain(counted)}",
            "text/plain": f"{self.name}: {counted}",
        }


def _whole(count: Any) -> int | None:
    """A count as a whole number, also where it comes from a frame; ``None`` if it is none."""
    if isinstance(count, bool) or not hasattr(count, "__index__") or count < 0:
        return None
    return int(count)
