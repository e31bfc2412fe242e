"""Hostile figures and names, made up: every exhibit of every room stays legible, and fits a page."""

from __future__ import annotations

from functools import lru_cache

import pytest
from exhibits.drawn import extent, faults, texts

from legation import data
from legation.analysis import claims as judging
from legation.exhibits import Exhibit, claims, gallery

HOSTILE = [case for case in gallery.CASES if case != "ordinary"]
ROOMS = ["trade", "context", "treaties", "claims"]
#: Height of a page's text less title, notes and source of a long exhibit, in points.
MOST_HEIGHT = 560.0


@pytest.fixture(autouse=True)
def offices() -> None:
    """These frames name an entry of the house, which the data room knows."""


@lru_cache(maxsize=1)
def ledger() -> claims.Examined:
    book, found = data.treaty_register(), data.claim_ledger(["pism-2024-06"])
    tables = {name: data.open(name) for name in judging.needed(found.claims)}
    return claims.Examined(found, judging.judge(found, tables, book), book)


def shown(room: str, case: str) -> list[Exhibit]:
    if room == "treaties":
        return gallery.of_treaties(ledger().register, case)
    if room == "claims":
        return gallery.of_claims(ledger(), case)
    return {"trade": gallery.of_trade, "context": gallery.of_context}[room](case)


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("room", ROOMS)
def test_no_figure_and_no_name_breaks_a_drawing(room: str, case: str) -> None:
    exhibits = shown(room, case)
    for exhibit in exhibits:
        for size, svg in (exhibit.svg or {}).items():
            assert not faults(svg), f"{exhibit.name}, {size}"
            assert size == "phone" or extent(svg)[1] <= MOST_HEIGHT, exhibit.name
    assert len({exhibit.name for exhibit in exhibits}) == len(exhibits) >= 3


def test_names_of_forty_characters_are_of_forty_characters_and_are_told_apart() -> None:
    names = gallery.CASES["long names"].names
    assert max(map(len, names.values())) == 40
    drawn = " ".join(box.words for box in texts((gallery.of_trade("long names")[0].svg or {})["page"]))
    assert all(str(names[code])[:12] in drawn for code in gallery.CASES["long names"].partners)
