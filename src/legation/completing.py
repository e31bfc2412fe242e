"""What a shell may complete besides commands and options: the names of what the checkout holds.

Names are those of files; nothing is read, so that a shell does not wait.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from legation import holdings
from legation.checkout import home
from legation.errors import InputError

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _of(names: Callable[[Path], list[str]]) -> Completer:
    def complete(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        try:
            found = names(home())
        except (InputError, OSError):  # there is no checkout here, or it cannot be read
            return []
        return [CompletionItem(name) for name in sorted(found) if name.startswith(begun)]

    return complete


def _stems(folder: str, pattern: str) -> Completer:
    return _of(lambda root: [file.stem for file in (root / folder).glob(pattern)])


reports = _stems("reports", "*.yml")
documents = _stems("docs", "*.yml")
notebooks = _stems("notebooks", "*.ipynb")
treaties = _of(lambda root: [f.stem for f in (root / "data" / "treaties").glob("*.yml") if f.stem != "codebook"])
feeds = _of(holdings.feeds)
#: Reports that are published, and their dated editions.
editions = _of(
    lambda root: [
        *(file.parent.name for file in (root / "reports" / "published").glob("*/manifest.json")),
        *(
            f"{stamp.parent.name}@{stamp.name}"
            for stamp in (root / "reports" / "published" / "archive").glob("*/[0-9]*Z")
        ),
    ]
)
