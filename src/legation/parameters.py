"""Types for the parameters of notebooks: they say which values fit, so that a report is checked before anything runs.

A notebook imports them in its ``parameters`` cell::

    from legation.parameters import Country, Year

    reporter: Country = "VNM"  # country whose trade is compared
    partners: list[Country] = ["RUS", "CHN"]  # in the order of the tables

To Python they are text and numbers like any other: in JupyterLab, and with the plain ``papermill`` command, they check
nothing. Whoever plans a report reads the annotations without running the cell, and asks each type whether a value
fits. What fits is found in the checkout's ``data/``, so that this module knows files and columns and no subject.
"""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Protocol

from legation.errors import InputError, nearest


class Kind(Protocol):
    """What stands behind a type: which values fit."""

    def refusal(self, value: Any, root: Path) -> str | None:
        """Why a value does not fit, as a sentence with the nearest that does; ``None`` if it fits.

        ``root`` is the checkout.
        """

    def schema(self, root: Path) -> dict[str, Any]:
        """The values that fit, as JSON Schema."""


@dataclass(frozen=True)
class InColumn:
    """A value of one column of a table in ``data/``; another column says what it stands for."""

    what: str
    file: str
    column: str
    words: str

    def refusal(self, value: Any, root: Path) -> str | None:
        """See `Kind`. What a value stands for is understood, and answered with the value."""
        known = self._known(root)
        if value in known:
            return None
        meant = {words.casefold(): each for each, words in known.items()} | {each.casefold(): each for each in known}
        close = difflib.get_close_matches(value.casefold(), meant, n=1)
        hint = f" (did you mean '{meant[close[0]]}'?)" if close else ""
        return f"'{value}' is no {self.what} of data/{self.file}{hint}"

    def schema(self, root: Path) -> dict[str, Any]:
        """See `Kind`. An editor shows the words beside each value."""
        known = self._known(root)
        return {
            "type": "string",
            "description": f"A {self.what} of data/{self.file}",
            "enum": list(known),
            "enumDescriptions": list(known.values()),
        }

    def _known(self, root: Path) -> dict[str, str]:
        file = root / "data" / self.file
        try:
            status = file.stat()
            return _column(file, self.column, self.words, status.st_mtime_ns, status.st_size, status.st_ino)
        except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
            raise InputError(
                f"data/{self.file} gives no {self.what} ({error!r}). Restore it from version control."
            ) from None


@dataclass(frozen=True)
class NameOfFile:
    """The name, without its ending, of a YAML file in a folder of ``data/``."""

    what: str
    folder: str
    besides: tuple[str, ...]  # files of the folder that are something else

    def refusal(self, value: Any, root: Path) -> str | None:
        """See `Kind`."""
        known = self._known(root)
        return None if value in known else f"'{value}' is no {self.what} of data/{self.folder}{nearest(value, known)}"

    def schema(self, root: Path) -> dict[str, Any]:
        """See `Kind`."""
        description = f"A {self.what}: the name of a file in data/{self.folder}"
        return {"type": "string", "description": description, "enum": self._known(root)}

    def _known(self, root: Path) -> list[str]:
        names = (file.stem for file in (root / "data" / self.folder).glob("*.yml"))
        return sorted(name for name in names if name not in self.besides)


@dataclass(frozen=True)
class OfForm:
    """Text of one form."""

    what: str
    pattern: str  # a regular expression for the whole of it
    example: str

    def refusal(self, value: Any, root: Path) -> str | None:
        """See `Kind`."""
        if re.fullmatch(self.pattern, value, re.ASCII):
            return None
        corrected = value.strip().upper()
        hint = f" (did you mean '{corrected}'?)" if re.fullmatch(self.pattern, corrected, re.ASCII) else ""
        return f"'{value}' is no {self.what} such as {self.example}{hint}"

    def schema(self, root: Path) -> dict[str, Any]:
        """See `Kind`."""
        description = f"A {self.what} such as {self.example}"
        return {"type": "string", "description": description, "pattern": f"^({self.pattern})$"}


@dataclass(frozen=True)
class Between:
    """A whole number from one to another, both included."""

    what: str
    least: int
    most: int

    def refusal(self, value: Any, root: Path) -> str | None:
        """See `Kind`."""
        if self.least <= value <= self.most:
            return None
        return f"{value} is no {self.what}: it lies outside {self.least} to {self.most}"

    def schema(self, root: Path) -> dict[str, Any]:
        """See `Kind`."""
        description = f"A {self.what} from {self.least} to {self.most}"
        return {"type": "integer", "description": description, "minimum": self.least, "maximum": self.most}


#: A country or a group of countries, by its code: VNM, EU27.
Country = Annotated[str, InColumn("country or group", "trade/countries.csv", "code", "name")]
#: A dated event, by its identifier: ukraine-invasion.
Event = Annotated[str, InColumn("event", "context/events.csv", "id", "label")]
#: A treaty of the register: 2024-russia-dprk.
Treaty = Annotated[str, NameOfFile("treaty", "treaties", ("codebook",))]
#: A document whose claims are tested: pism-2024-06.
Document = Annotated[str, NameOfFile("document", "claims", ("precision",))]
#: A currency by its ISO 4217 code. Which of them can be converted depends on the rates that are held.
Currency = Annotated[str, OfForm("currency code", "[A-Z]{3}", "EUR")]
#: A month: 2024-06.
Month = Annotated[str, OfForm("month", r"\d{4}-(0[1-9]|1[0-2])", "2024-06")]
#: A calendar year.
Year = Annotated[int, Between("year", 1800, 2100)]

#: The types a notebook can import from here, by name.
TYPES: dict[str, Any] = {
    "Country": Country,
    "Event": Event,
    "Treaty": Treaty,
    "Document": Document,
    "Currency": Currency,
    "Month": Month,
    "Year": Year,
}


@lru_cache(maxsize=16)
def _column(file: Path, column: str, words: str, *_status: int) -> dict[str, str]:
    with file.open(encoding="utf-8", newline="") as lines:
        return {row[column]: row[words] for row in csv.DictReader(lines, strict=True)}
