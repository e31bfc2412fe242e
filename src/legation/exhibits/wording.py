"""Pieces of wording that exhibits share: headlines, dates, counts, names within a sentence or an address."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from typing import Any

import pandas as pd

from legation.exhibits import style
from legation.exhibits.exhibit import TITLE_WORDS
from legation.exhibits.style import NO_BREAK
from legation.exhibits.view import capital

#: A title that is longer than this does not stand on two lines.
LONGEST_TITLE = 120


def headline(forms: Iterable[str], *, tail: str) -> str:
    """The first form that has the length of a title.

    Failing that, the last, with as many words of ``tail`` as it needs, or cut after as many as a title may have.
    """
    least, most = TITLE_WORDS
    written = [style.clean(form) for form in forms]
    fitting = [form for form in written if least <= len(form.split()) <= most and len(form) <= LONGEST_TITLE]
    if fitting:
        return capital(fitting[0])
    words = written[-1].split()
    padded = words if len(words) >= least else [*words, *tail.split()]
    return capital(" ".join(padded[:most]))


def day_said(date: Any, *, short: bool = False) -> str:
    """``2024-06-19`` as 19 June 2024, ``2024-06`` as June 2024; ``short``: as 19 Jun 2024, not to be broken."""
    if not is_said(date):
        return "not known"
    year, *rest = str(date).split("-")
    if not rest:
        return year
    month = (calendar.month_abbr if short else calendar.month_name)[int(rest[0])]
    space = NO_BREAK if short else " "
    return f"{int(rest[1])}{NO_BREAK}{month}{space}{year}" if len(rest) > 1 else f"{month}{space}{year}"


def spans(years: Iterable[int]) -> list[str]:
    """Years as spans: 1960–1962 and 1970 for 1960, 1961, 1962 and 1970."""
    found: list[list[int]] = []
    for year in sorted(set(map(int, years))):
        if found and year == found[-1][-1] + 1:
            found[-1].append(year)
        else:
            found.append([year])
    return [style.years(run[0], run[-1]) for run in found]


def counted(number: int, word: str, words: str | None = None) -> str:
    """``1 claim``, ``2 claims``."""
    return f"{number} {word if number == 1 else words or word + 's'}"


def lowered(label: str) -> str:
    """A label as it stands within a sentence; an abbreviation keeps its capitals."""
    return label if label[1:2].isupper() else f"{label[:1].lower()}{label[1:]}"


def slugged(words: str) -> str:
    """Words as a part of an exhibit's name: small letters, digits and hyphens; ``document`` if none is left."""
    plain = "".join(char if char.isascii() and char.isalnum() else " " for char in words.lower())
    return "-".join(plain.split()) or "document"


def is_said(value: Any) -> bool:
    """Whether a cell holds anything."""
    return value is not None and not (pd.api.types.is_scalar(value) and pd.isna(value)) and value != ""


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
