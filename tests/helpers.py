"""Notebooks and exhibits made for a test."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import nbformat
from lxml import html as lxml_html

ROOT = Path(__file__).resolve().parents[1]
EXHIBIT = "application/vnd.legation.exhibit+json"


def notebook(*cells: str | nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A notebook of cells; a text that starts with ``#!`` is code, one with ``# parameters`` is tagged as such."""
    made = []
    for cell in cells:
        if not isinstance(cell, str):
            made.append(cell)
        elif cell.startswith("# parameters"):
            made.append(nbformat.v4.new_code_cell(cell, metadata={"tags": ["parameters"]}))
        elif cell.startswith("#!"):
            made.append(nbformat.v4.new_code_cell(cell.removeprefix("#!").lstrip("\n")))
        else:
            made.append(nbformat.v4.new_markdown_cell(cell))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=made, metadata=kernel)


def shown(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> nbformat.NotebookNode:
    """A code cell with one output."""
    output = nbformat.v4.new_output("display_data", data, metadata=metadata or {})
    return nbformat.v4.new_code_cell("", outputs=[output])


def exhibit(kind: str = "table", **changes: Any) -> dict[str, Any]:
    """A whole exhibit in its structured form, with changes."""
    content: dict[str, Any] = {
        "version": 1,
        "kind": kind,
        "name": "turnover",
        "title": "Turnover grew in each of two years",
        "subtitle": "Million USD, 2019–2020",
        "alt": "Turnover rose from 10 to 12 million dollars.",
        "notes": ["The second year is preliminary."],
        "source": "Source: Office of Examples, Trade (May 2021).",
        "sources": [
            {
                "id": "office-2021",
                "producer": "Office of Examples",
                "title": "Trade",
                "publisher": None,
                "address": "https://example.org/trade",
                "licence": "open",
                "vintage": "2021-05",
                "retrieved": "2021-06-01",
                "sha256": None,
                "kind": "statistical",
                "note": None,
            }
        ],
        "data": {
            "columns": [
                {"name": "year", "type": "integer", "unit": ""},
                {"name": "turnover", "type": "number", "unit": "million USD"},
            ],
            "rows": [[2019, 10.0], [2020, None]],
        },
    }
    if kind == "table":
        content["table"] = {
            "columns": [{"label": "Year", "align": "left"}, {"label": "Turnover", "align": "right"}],
            "rows": [["2019", "10"], ["2020", "not reported"]],
            "row_headers": 1,
        }
    else:
        content["svg"] = {size: drawing(width) for size, width in (("page", 454), ("phone", 255))}
    return content | changes


def drawing(width: int = 454, inside: str = "") -> str:
    """A small SVG with one label."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="80pt" viewBox="0 0 {width} 80">'
        f'<g id="axes"><text x="10" y="20" style="font: 9px \'Source Sans Pro\'; '
        f'fill: var(--exhibit-ink, #1f2328)">drawn label</text></g>{inside}</svg>'
    )


def scripts_let_run(page: str) -> list[Any]:
    """The scripts of a page whose hash its policy names; any other is an error."""
    tree = lxml_html.fromstring(page)
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (named,) = re.findall(r"script-src '([^']*)'", policy)
    scripts = tree.xpath("//script")
    for script in scripts:
        assert not script.attrib
        digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
        assert named == f"sha256-{digest}", "a script that the policy does not name"
    return scripts
