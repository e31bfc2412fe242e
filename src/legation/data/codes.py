"""What publishers call countries, and what the house calls them.

``data/trade/publisher_codes.csv`` holds one row for each code or name of a publisher that stands for a country or
group of ``data/trade/countries.csv``. What it does not hold has no counterpart here: a region of the publisher's
own, trade "not specified", free zones, bunkers.
"""

from __future__ import annotations

import pandas as pd

from legation.data import catalogue
from legation.errors import InputError, nearest


def publisher_codes(publisher: str) -> dict[str, str]:
    """A publisher's codes or names, present and former, and the house's code for each: ``{"842": "USA", …}``.

    Raises
    ------
    InputError
        If ``data/trade/publisher_codes.csv`` has no row of the publisher.
    """
    table = _rows(publisher)
    return dict(zip(table["theirs"], table["code"], strict=True))


def present_codes(publisher: str) -> dict[str, str]:
    """The house's codes and what the publisher calls each today, former states left out: ``{"USA": "842", …}``.

    Raises
    ------
    InputError
        If ``data/trade/publisher_codes.csv`` has no row of the publisher.
    """
    table = _rows(publisher)
    present = table[table["until"].isna()]
    return dict(zip(present["code"], present["theirs"], strict=True))


def _rows(publisher: str) -> pd.DataFrame:
    table = catalogue.open("publisher_codes")
    found = table[table["publisher"] == publisher]
    if found.empty:
        known = sorted(table["publisher"].unique())
        raise InputError(
            f"data/trade/publisher_codes.csv has no codes of '{publisher}'{nearest(publisher, known)}. "
            f"It has those of {', '.join(known)}."
        )
    return found
