"""Where the checkout is. Apart from ``legation.data``, so that the press can ask without loading pandas."""

from __future__ import annotations

from pathlib import Path

from legation.errors import InputError


def home(start: Path | None = None) -> Path:
    """The checkout's root: the nearest folder with ``data/datapackage.yaml``.

    Looked at are a folder and those above it, if one is named; the working directory and those above it; and the
    library's own checkout.

    Raises
    ------
    InputError
        If there is none, and the library's own checkout has none either.
    """
    named = (start, *start.parents) if start else ()
    for folder in (*named, Path.cwd(), *Path.cwd().parents, Path(__file__).resolve().parents[2]):
        if (folder / "data" / "datapackage.yaml").is_file():
            return folder
    raise InputError(
        f"No data/datapackage.yaml was found in {Path.cwd()} or any folder above it. "
        "Start from the folder you cloned, or from one inside it."
    )
