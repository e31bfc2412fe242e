"""What is held of each feed, and what came of asking for it, told by names and one log alone.

Apart from ``legation.data``, so that whoever looks after a checkout can ask in no time, without loading pandas.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from legation import yaml_lines

FEEDS = "feeds.yaml"
_ABOUT = "vintage.json"


@dataclass(frozen=True)
class Look:
    """What came of asking a publisher once."""

    feed: str
    at: str
    outcome: str  # 'new', 'same', 'aside' or 'failed'
    said: str  # one sentence
    vintage: str | None = None


def looks(root: Path) -> list[Look]:
    """Every time a publisher was asked, in order; lines that cannot be read are passed over."""
    found = []
    with contextlib.suppress(OSError):
        for line in (root / "data" / "cache" / "looks.jsonl").read_bytes().splitlines():
            with contextlib.suppress(ValueError, TypeError, RecursionError):
                look = Look(**json.loads(line))
                if all(isinstance(value, str) for value in (look.feed, look.at, look.outcome, look.said)):
                    found.append(look)
    return found


def feeds(root: Path) -> list[str]:
    """The names of the feeds in ``data/feeds.yaml``, in their order there; what they ask for is not checked.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    file = root / "data" / FEEDS
    if not file.is_file():
        return []
    plain, _ = yaml_lines.read(file, shown=f"data/{FEEDS}", kind="a list of feeds")
    return list(plain)


def taken(root: Path) -> dict[str, str]:
    """Of each feed of which something is held, when its latest vintage was taken: ``2026-11-22T050000Z``."""
    found: dict[str, str] = {}
    for about in (root / "data" / "cache" / "vintages").glob(f"*/*/[0-9]*/{_ABOUT}"):
        feed, at = about.parent.parent.name, about.parent.name
        found[feed] = max(at, found.get(feed, at))
    return found
