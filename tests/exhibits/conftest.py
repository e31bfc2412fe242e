"""Source entries of the made-up publishers."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from legation.exhibits import view

FIELDS = ("producer", "title", "publisher", "address", "licence", "vintage", "retrieved", "sha256", "kind", "note")


def entries(*frames: pd.DataFrame) -> list[dict[str, Any]]:
    found = {part.strip() for frame in frames for cell in frame["source"].dropna() for part in str(cell).split(";")}
    return [
        {"id": name} | dict.fromkeys(FIELDS) | {"producer": f"Office {name}", "kind": "statistical"}
        for name in sorted(found)
    ]


def line(*frames: pd.DataFrame) -> str:
    return f"Source: {'; '.join(entry['id'] for entry in entries(*frames))}."


@pytest.fixture(autouse=True)
def offices(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data room knows the sources that these tests make up."""
    monkeypatch.setattr(view.data, "sources", entries)
    monkeypatch.setattr(view.data, "citation", line)
