"""Findings and tallies as a notebook hands them on, and documents of several chapters."""

from __future__ import annotations

from typing import Any

import nbformat
from helpers import EXHIBIT, exhibit, notebook, shown

from legation.press import reader
from legation.press.document import Document
from legation.press.reader import FINDING, TALLY, Part

HOSTILE = "<script>alert(1)</script> #panic() $x$ {{ 7*7 }} \\input{x} `y` *z* </figure> \" ' \u202e"


def finding(text: str = "Trade grew.", name: str = "growth", exhibit: str | None = None) -> nbformat.NotebookNode:
    """A cell that shows a finding."""
    content = {"version": 1, "name": name, "text": text, "exhibit": exhibit}
    return shown({FINDING: content, "text/markdown": f"> **Finding.** {text}", "text/plain": text})


def tally(name: str = "Claims examined", **counts: int) -> nbformat.NotebookNode:
    """A cell that shows a tally."""
    return shown({TALLY: {"version": 1, "name": name, "counts": [list(pair) for pair in counts.items()]}})


def figure(name: str = "turnover", kind: str = "chart", **changes: Any) -> nbformat.NotebookNode:
    """A cell that shows an exhibit."""
    return shown({EXHIBIT: exhibit(kind, name=name, **changes)})


def method(text: str) -> nbformat.NotebookNode:
    """A Markdown cell tagged as being on method."""
    return nbformat.v4.new_markdown_cell(text, metadata={"tags": ["method"]})


def chapter(name: str, *cells: Any, **about: Any) -> Part:
    """A chapter of that name, from a notebook of that name."""
    return Part(notebook(*cells), f"{name}.ipynb", name=name, **about)


def report(*parts: Part, title: str = "Report", **about: Any) -> Document:
    """The document of several chapters."""
    return reader.read(list(parts), title=title, **about)
