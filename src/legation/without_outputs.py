"""A notebook as it is committed: without outputs, execution counts, and what one machine wrote beside them.

Git runs this file as the clean filter of ``*.ipynb``, with the notebook's name: the notebook on standard input, the
same without outputs on standard output. It runs often and anywhere, so it imports nothing but the standard library.
"""

from __future__ import annotations

import json
import sys
from typing import Any

#: What Jupyter, VS Code and papermill note of a run or of a screen: of a cell, and of the whole notebook.
_OF_CELLS = ("ExecuteTime", "collapsed", "execution", "heading_collapsed", "hidden", "papermill", "scrolled")
_OF_NOTEBOOKS = ("papermill", "signature", "widgets")
#: Every installation of Jupyter has a kernel of this name; what an editor calls its own differs from desk to desk.
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def without_outputs(text: str) -> str:
    """The notebook without outputs, laid out as Jupyter saves it; a second time changes nothing.

    Of the notebook's metadata the language keeps its name alone, and a Python kernel is called ``python3``.

    Raises
    ------
    ValueError
        If the text is no notebook of format 4.
    """
    notebook = json.loads(text)
    if not (isinstance(notebook, dict) and notebook.get("nbformat") == 4 and isinstance(notebook.get("cells"), list)):
        raise ValueError("it is no notebook of format 4")
    try:
        for cell in notebook["cells"]:
            _strip_cell(cell)
        _strip_metadata(notebook.get("metadata", {}))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"it is no notebook that can be read ({error!r})") from None
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": ")) + "\n"


def _strip_cell(cell: dict[str, Any]) -> None:
    if isinstance(cell["source"], str):
        cell["source"] = cell["source"].splitlines(keepends=True)
    if cell["cell_type"] == "code":
        cell["outputs"], cell["execution_count"] = [], None
    for name in _OF_CELLS:
        cell["metadata"].pop(name, None)


def _strip_metadata(metadata: dict[str, Any]) -> None:
    for name in _OF_NOTEBOOKS:
        metadata.pop(name, None)
    language = metadata.get("language_info", {}).get("name")
    if language:
        metadata["language_info"] = {"name": language}
    if "kernelspec" in metadata and (metadata["kernelspec"].get("language") or language) == "python":
        metadata["kernelspec"] = dict(_KERNEL)


def _main() -> None:
    given = sys.stdin.buffer.read()
    try:
        cleaned = without_outputs(given.decode("utf-8")).encode("utf-8")
    except (ValueError, RecursionError) as error:
        # A notebook in the middle of a merge, say. Git goes on with it as it is; `legation check` names it.
        named = sys.argv[1] if sys.argv[1:] and sys.argv[1] != "%f" else "A notebook"  # nbdime hands it on as it stands
        name = "".join(sign if sign.isprintable() else "\ufffd" for sign in named)
        sys.stderr.write(f"{name} goes to Git as it is, outputs and all: {str(error).splitlines()[0]}.\n")
        cleaned = given
    sys.stdout.buffer.write(cleaned)


if __name__ == "__main__":
    _main()
