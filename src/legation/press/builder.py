"""A process that builds one report again and again, with workers and kernels that stay warm in between.

`legation.press.watch` starts it and sends it a line for each build; it answers with lines of JSON: ``say`` while it
works, and at the end what became of the report. It ends when nothing more can come, or with its owner, in whatever
way that ends; its workers and kernels end with it. What it has loaded of the press is never replaced: when that code
changes, the owner starts another.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from collections.abc import Mapping
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any, TextIO

from legation.errors import InputError
from legation.press import depends, warm
from legation.press.build import build
from legation.press.depends import Files
from legation.press.outcome import Outcome
from legation.press.workers import Local

#: What a build's order holds: new kernels, as code that notebooks import has changed; or nothing of note.
RENEW, BUILD = "renew", "build"


class _Builder:
    def __init__(self, root: Path, report: str, out: TextIO) -> None:
        self.root, self.report, self.out = root, report, out
        self.environment = depends.environment()
        self.modules: tuple[str, ...] = ()
        self.staff: Local | None = None
        self.asked: dict[str, dict[str, Any]] = {"files": {}, "names": {}}

    def serve(self, orders: TextIO) -> None:
        """Build once for each line."""
        try:
            for order in orders:
                depends.environment.cache_clear()
                if depends.environment() != self.environment:  # what is loaded here is of other packages
                    self._tell(outdated=True)
                    return
                staff = self._hire(renew=order.strip() == RENEW)
                self._tell(**self._build(staff))
                with contextlib.suppress(InputError, BrokenExecutor):  # the next build will say
                    staff.get_ready()
        finally:
            self._dismiss()

    def _hire(self, *, renew: bool) -> Local:
        """Have workers, whose kernels have loaded what the notebooks import now."""
        notebooks = sorted((self.root / "notebooks").glob("*.ipynb"))
        modules = warm.modules_of(notebooks)
        if self.staff is None or renew or not set(modules) <= set(self.modules):
            self._dismiss()
            self.modules = modules
            self.staff = Local(os.cpu_count() or 1, self.root, notebooks, stay=True)
        return self.staff

    def _dismiss(self) -> None:
        if self.staff:
            self.staff.__exit__(None, None, None)
            self.staff = None

    def _build(self, staff: Local) -> dict[str, Any]:
        try:
            outcome, *_ = build(
                self.root,
                [self.report],
                lambda line: self._tell(say=line),
                staff=staff,
                looked_at=self._look,
            )
        except InputError as error:
            outcome = Outcome(self.report, None, 0.0, str(error))
        except Exception as error:  # noqa: BLE001  # the next save may mend it
            said = f"{type(error).__name__} in Legation itself: {error}"
            outcome = Outcome(self.report, None, 0.0, said, traceback.format_exc())
        if outcome.problem:  # what a chapter that stopped had read is not known
            self._look_at_data()
        return {
            "done": {
                "kept": outcome.kept,
                "seconds": outcome.seconds,
                "problem": outcome.problem,
                "traceback": outcome.traceback,
                "cell": self._cell(*outcome.stopped_at) if outcome.stopped_at else None,
            },
            "asked": self.asked,
        }

    def _look(self, asked: Mapping[str, Mapping[str, Any]]) -> None:
        self.asked = {kind: dict(answers) for kind, answers in asked.items()}

    def _look_at_data(self) -> None:
        files = Files(self.root)
        for folder, inside, names in os.walk(self.root / "data"):
            inside[:] = [name for name in inside if name != "cache" and not name.startswith(".")]
            files.names(Path(folder))
            for name in names:
                files.digest(Path(folder) / name)
        for kind, answers in files.answered().items():
            self.asked[kind] = {**answers, **self.asked[kind]}

    def _cell(self, notebook: str, number: int) -> dict[str, Any]:
        """The cell at which a chapter stopped, as it stands in the notebook."""
        try:
            content = json.loads((self.root / "notebooks" / notebook).read_bytes())
            source = content["cells"][number - 1]["source"]
        except (OSError, ValueError, KeyError, IndexError, TypeError):  # saved again since
            source = ""
        return {
            "notebook": notebook,
            "number": number,
            "source": source if isinstance(source, str) else "".join(source),
        }

    def _tell(self, **what: Any) -> None:
        self.out.write(f"{json.dumps(what)}\n")
        self.out.flush()


def main(owner: int, root: Path, report: str) -> None:
    """Serve the owner, which writes to standard input and reads from standard output."""
    warm.end_with(owner)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints
    try:
        _Builder(root, report, out).serve(sys.stdin)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
