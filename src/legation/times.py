"""Times in names: ``2026-11-22T050000Z`` is how vintages, marks and editions are told apart, and asked for again."""

from __future__ import annotations

import calendar
import contextlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from legation.errors import InputError

_STAMP, _DAY = "%Y-%m-%dT%H%M%SZ", "%Y-%m-%d"
_WRITTEN = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(\d{2}))?)?")
_AT_THE_END = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z$")


def stamp(at: datetime) -> str:
    """A time in UTC as it stands in a name: ``2026-11-22T050000Z``. Later ones sort after earlier ones."""
    return f"{at.astimezone(UTC):{_STAMP}}"


def parse(written: str) -> datetime:
    """The time that a stamp names.

    Raises
    ------
    InputError
        If it is no stamp.
    """
    if moment(written) != written:
        raise InputError(f"'{written}' is no time. Write it as 2026-11-22T050000Z, in UTC.")
    return datetime.strptime(written, _STAMP).replace(tzinfo=UTC)


def moment(when: str) -> str:
    """The stamp of a time that somebody asks for: a stamp, or a day, which means its end in UTC.

    Raises
    ------
    InputError
        If it is neither.
    """
    for form, length in ((_STAMP, 18), (_DAY, 10)):
        with contextlib.suppress(ValueError):
            datetime.strptime(when, form)  # only to see whether it is one
            if len(when) == length:  # 2026-1-2 would pass, and sort elsewhere
                return when if form == _STAMP else f"{when}T235959Z"
    raise InputError(
        f"'{when}' is no day and no time. Write a day as 2026-11-22, a time as 2026-11-22T050000Z, in UTC."
    )


def earliest(*moments: str | None) -> str | None:
    """The first of some stamps; ``None`` sets no bound."""
    return min((each for each in moments if each), default=None)


def up_to(bound: str | None, names: Iterable[str]) -> list[str]:
    """The names without those that end with a later time."""
    return [name for name in names if not bound or not (at := _AT_THE_END.search(name)) or at[0] <= bound]


def in_words(date: str) -> str:
    """A date as a reader writes it: ``2022-05-14`` as 14 May 2022, ``2022-05`` as May 2022; another text as it is."""
    found = _WRITTEN.fullmatch(date)
    if not found:
        return date
    year, month, day = found.groups()
    return " ".join(filter(None, [day and str(int(day)), month and calendar.month_name[int(month)], year]))


def as_taken(entry: Mapping[str, Any]) -> str:
    """What stands for the vintage of a source entry that does not state one: the day it was taken; or nothing."""
    if imported := entry.get("imported"):
        return f"as imported on {in_words(str(imported))}"
    return f"as retrieved on {in_words(str(entry['retrieved']))}" if entry.get("retrieved") else ""
