"""A chapter whose prose was edited, without running it: Markdown has no part in what its code gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from legation.press import depends

_INJECTED = "injected-parameters"


def reworded(executed: dict[str, Any], ran: Sequence[str], content: bytes, cells: Sequence[str]) -> Any:
    """An executed notebook as running it again would give it, if nothing but its prose changed.

    Parameters
    ----------
    executed
        The notebook as it ran, as `legation.press.run.run` gives it.
    ran
        The digests of its cells before it ran, as `depends.source` gives them.
    content, cells
        The notebook's file as it is now, and the digests of its cells.

    Returns
    -------
    dict or None
        ``None`` if a cell of code was changed, moved, added or taken away, or it cannot be told.
    """
    added = [place for place, cell in enumerate(executed["cells"]) if _INJECTED in _tags(cell)]
    own = [cell for cell in executed["cells"] if _INJECTED not in _tags(cell)]
    present = json.loads(content)["cells"]
    if [_digest(cell) for cell in own] != list(ran) or [_digest(cell) for cell in present] != list(cells):
        return None
    code = [cell for cell in own if cell["cell_type"] == "code"]
    if [_digest(cell) for cell in code] != [_digest(cell) for cell in present if cell["cell_type"] == "code"]:
        return None
    ready = iter(code)
    made = [next(ready) if cell["cell_type"] == "code" else _as_it_ran(cell) for cell in present]
    for place in added:  # papermill puts it at the start, or behind the cell that it overrides
        before = executed["cells"][place - 1] if place else None
        made.insert(next((n for n, cell in enumerate(made, start=1) if cell is before), 0), executed["cells"][place])
    numbered = [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(made, start=1)]
    return {**executed, "cells": numbered}


def _as_it_ran(cell: dict[str, Any]) -> dict[str, Any]:
    """A cell of prose as it comes out of a run, with its tags as all that is said about it."""
    kept = {key: value for key, value in cell.items() if key in ("cell_type", "attachments")}
    text = cell["source"]
    return {**kept, "metadata": {"tags": _tags(cell)}, "source": text if isinstance(text, str) else "".join(text)}


def _digest(cell: dict[str, Any]) -> str:
    return depends.digest_of(depends.read_cell(cell))


def _tags(cell: dict[str, Any]) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", []))
