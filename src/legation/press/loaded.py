"""What workers have loaded when they start: imported once, by the process they are forked from."""

from __future__ import annotations

import nbformat

from legation.press import edition, exporters, html, run

__all__ = ["edition", "exporters", "run"]

html.load_templates()
nbformat.validate(nbformat.v4.new_notebook())  # its schema is compiled at the first use
