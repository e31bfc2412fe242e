"""Where the checkout is. Apart from ``legation.data``, so that the press can ask without loading pandas."""

from __future__ import annotations

from pathlib import Path

from legation.errors import InputError


def home(start: Path | None = None) -> Path:
    """The checkout's root: the nearest folder, from a folder upwards, with ``data/datapackage.yaml``.

    The search begins in the working directory if no folder is named.

    Raises
    ------
    InputError
        If there is none, and the library's own checkout has none either.
    """
    start = start or Path.cwd()
    for folder in (start, *start.parents, Path(__file__).resolve().parents[2]):
        if (folder / "data" / "datapackage.yaml").is_file():
            return folder
    raise InputError(
        f"No data/datapackage.yaml was found in {start} or any folder above it. "
        "Start from the folder you cloned, or from one inside it."
    )
