"""Editions made for a test, as the files that a comparison reads."""

from __future__ import annotations

import json
from typing import Any

import nbformat
from helpers import EXHIBIT, exhibit, notebook, shown

from legation.press.reader import FINDING

NUMBER, WHOLE, WORD = "number", "integer", "string"


def data(*columns: tuple[str, str], rows: list[list[Any]], unit: str = "") -> dict[str, Any]:
    """The numbers behind an exhibit; ``unit`` is that of its measured figures."""
    named = [{"name": name, "type": kind, "unit": unit if kind == NUMBER else ""} for name, kind in columns]
    return {"columns": named, "rows": rows}


def turnover(rows: list[list[Any]], **changes: Any) -> dict[str, Any]:
    """A chart of turnover by partner and year."""
    columns = (("partner", WORD), ("year", WHOLE), ("turnover", NUMBER), ("status", WORD), ("source", WORD))
    return exhibit("chart", data=data(*columns, rows=rows, unit="USD")) | changes


def verdicts(*given: tuple[str, str, str], **changes: Any) -> dict[str, Any]:
    """A table of claims with their verdicts: identifier, sentence, verdict."""
    table = {
        "columns": [{"label": label, "align": "left"} for label in ("Verdict", "The document says")],
        "rows": [[verdict.capitalize(), sentence] for _, sentence, verdict in given],
        "row_headers": 2,
    }
    numbers = data(("claim", WORD), ("verdict", WORD), rows=[[claim, verdict] for claim, _, verdict in given])
    said = {"name": "claims", "title": "Claims held against the data of both"}
    return exhibit("table", table=table, data=numbers) | said | changes


def found(text: str, name: str = "size") -> nbformat.NotebookNode:
    """A cell that shows a finding."""
    return shown({FINDING: {"version": 1, "name": name, "text": text, "exhibit": None}})


def edition(*chapters: list[Any], **about: Any) -> dict[str, bytes]:
    """The manifest and the notebooks of an edition; a chapter is a list of exhibits, cells and texts."""
    files: dict[str, bytes] = {}
    listed: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    names = about.pop("names", [f"chapter-{place}" for place in range(len(chapters))])
    for place, (name, chapter) in enumerate(zip(names, chapters, strict=True)):
        cells = [shown({EXHIBIT: each}) if isinstance(each, dict) and "kind" in each else each for each in chapter]
        files[f"notebooks/{place + 1:02d}-{name}.ipynb"] = nbformat.writes(notebook(f"# {name}", *cells)).encode()
        said.append({"name": name, "title": name, "notebook": f"{name}.ipynb", "parameters": {}})
        for each in chapter:
            if isinstance(each, dict) and "kind" in each:
                kind = "Table" if each["kind"] == "table" else "Figure"
                number = 1 + sum(entry["label"].startswith(kind) for entry in listed)
                listed.append({"anchor": each["name"], "label": f"{kind} {number}", "title": each["title"]})
            elif FINDING in str(each):
                text = each["outputs"][0]["data"][FINDING]
                findings.append({"name": text["name"], "chapter": name, "text": text["text"], "exhibit": None})
    manifest = {
        "report": "one",
        "title": "Trade",
        "subtitle": None,
        "abstract": "A",
        "legation": "0.1.0",
        "chapters": said,
        "exhibits": listed,
        "findings": findings,
        "tallies": [],
        "sources": [],
    }
    return {**files, "manifest.json": json.dumps(manifest | about).encode()}
