"""Where the checkout is. Apart from ``legation.data``, so that the press can ask without loading pandas."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from legation.errors import InputError


def home(start: Path | None = None) -> Path:
    """The checkout's root: the nearest folder with ``data/datapackage.yaml``.

    Looked at are a folder and those above it, if one is named; the working directory and those above it; the
    library's own checkout; and the clone from which ``pip install`` installed it.

    Raises
    ------
    InputError
        If none of them has the file.
    """
    named = (start, *start.parents) if start else ()
    for folder in (*named, Path.cwd(), *Path.cwd().parents, Path(__file__).resolve().parents[2]):
        if _is_home(folder):
            return folder
    clone = _installed_from()
    if clone is not None and _is_home(clone):
        return clone
    raise InputError(
        f"No data/datapackage.yaml was found in {Path.cwd()} or any folder above it. "
        "Start from the folder you cloned, or from one inside it."
    )


def _is_home(folder: Path) -> bool:
    return (folder / "data" / "datapackage.yaml").is_file()


def _installed_from() -> Path | None:
    """The folder that pip installed the library from, by its record (``direct_url.json``, PEP 610), if it was one."""
    try:
        record = metadata.distribution("legation").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return None
    address = urlsplit(json.loads(record)["url"]) if record else None
    return Path(url2pathname(address.path)) if address is not None and address.scheme == "file" else None
