"""The two exporters nbconvert knows by name: ``legation_html`` and ``legation_pdf``.

``jupyter nbconvert --to legation_pdf any.ipynb`` and JupyterLab's export menu use them on one notebook; a build uses
them on a whole report, by giving its chapters in ``resources["legation"]``.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import Exporter

from legation.checkout import home
from legation.errors import InputError
from legation.press import html, pdf, reader
from legation.press.document import Document
from legation.press.reader import Part


class _HouseExporter(Exporter):
    """Reads the document; its children write it."""

    def from_notebook_node(
        self, nb: nbformat.NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Render a notebook that has been executed.

        Parameters
        ----------
        nb
            The notebook.
        resources
            nbconvert's own; the key ``"legation"`` may hold a ``Document`` read before, which is then written instead.

        Raises
        ------
        InputError
            What a page cannot carry, named with notebook and cell; a notebook none of whose cells has been run.
        """
        given = dict(resources or {})
        document = given.pop("legation", None)  # nbconvert would copy it, drawings and all
        nb, resources = super().from_notebook_node(nb, given, **kw)
        return self.write(document or self._read(nb, resources)), resources

    def write(self, read: Document) -> Any:
        raise TypeError("Use LegationHTMLExporter or LegationPDFExporter.")

    @staticmethod
    def _read(nb: nbformat.NotebookNode, resources: dict[str, Any]) -> Document:
        about = resources.get("metadata", {})
        folder = Path(about.get("path") or ".").resolve()
        places = [folder, *folder.parents]
        with contextlib.suppress(InputError):  # a notebook need not be of a checkout
            places.append(home())
        found = (place / "data" / "references.bib" for place in places)
        name = f"{about.get('name', 'notebook')}.ipynb"
        code = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
        if code and not any(cell.outputs or cell.execution_count for cell in code):
            raise InputError(
                f"{name} holds no results: none of its {len(code)} code cells has been run. "
                "Run all cells, save the notebook, and export again."
            )
        return reader.read([Part(nb, name)], bibliography=next((file for file in found if file.is_file()), None))


class LegationHTMLExporter(_HouseExporter):
    """One HTML file that asks no server for anything."""

    export_from_notebook = "Legation HTML"
    output_mimetype = "text/html"

    def _file_extension_default(self) -> str:
        return ".html"

    def write(self, read: Document) -> str:
        """The page."""
        return html.page(read)


class LegationPDFExporter(_HouseExporter):
    """A tagged PDF that declares PDF/UA-1 and PDF/A-2a."""

    export_from_notebook = "Legation PDF"
    output_mimetype = "application/pdf"

    def _file_extension_default(self) -> str:
        return ".pdf"

    def write(self, read: Document) -> bytes:
        """The PDF."""
        return pdf.page(read)
