"""``legation setup-git``: Git commits notebooks without outputs, and shows and merges them cell by cell.

All of it is configuration of one clone, shared by its worktrees. ``.gitattributes``, which is committed, says which
files it is for. No notebook on disk is touched, neither by setting up nor by undoing it.
"""

from __future__ import annotations

import importlib.util
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from legation import without_outputs
from legation.errors import InputError

#: The line of .gitattributes. The names of the drivers for diffs and merges are nbdime's own.
ATTRIBUTES = "*.ipynb filter=legation diff=jupyternotebook merge=jupyternotebook"
#: What tells settings of ours from those that somebody made with nbdime itself.
_OURS = "-m nbdime"


def settings() -> dict[str, str]:
    """What is set for notebooks to be committed without outputs."""
    # Without site packages, which the filter does not need: it runs for each notebook at each `git status`.
    clean = [sys.executable, "-I", "-S", str(Path(without_outputs.__file__).resolve())]
    return {
        "filter.legation.clean": f"{shlex.join(clean)} %f",
        "filter.legation.smudge": "cat",
        "filter.legation.required": "true",  # rather no commit than one with outputs
    }


def settings_of_nbdime() -> dict[str, str]:
    """What is set for ``git diff``, ``merge``, ``difftool`` and ``mergetool`` to use nbdime, wherever Git is run."""

    def run(module: str) -> str:
        return f"{shlex.join([sys.executable, '-P', '-m'])} {module}"

    driver = "nbdime.vcs.git"
    return {
        # What is on disk may have outputs; what it is compared with has none.
        "diff.jupyternotebook.command": f"{run(f'{driver}.diffdriver')} diff --use-filter",
        "merge.jupyternotebook.name": "notebooks cell by cell, -m nbdime",
        "merge.jupyternotebook.driver": f"{run(f'{driver}.mergedriver')} merge %O %A %B %L %P",
        "difftool.nbdime.cmd": f'{run(f"{driver}.difftool")} diff "$LOCAL" "$REMOTE" "$BASE"',
        "mergetool.nbdime.cmd": f'{run(f"{driver}.mergetool")} merge "$BASE" "$LOCAL" "$REMOTE" "$MERGED"',
    }


def install(root: Path, say: Callable[[str], None]) -> None:
    """Configure the clone that holds ``root``; a second time changes nothing.

    Raises
    ------
    InputError
        If it is no clone of Git, or Git refuses.
    """
    _require_clone(root)
    _set(root, settings())
    say("Notebooks are committed without outputs from now on; those on disk keep theirs.")
    if importlib.util.find_spec("nbdime"):
        foreign = _set(root, settings_of_nbdime())
        say("git diff and git merge treat notebooks cell by cell, with nbdime.")
        for name in foreign:
            say(f"Left as it was: {name}, which somebody set otherwise.")
    else:
        say(
            "git diff and git merge show notebooks as text: nbdime is not installed. "
            f"Add it with {shlex.join([sys.executable, '-m', 'pip', 'install', 'nbdime'])}, then do this again."
        )
    _attribute(root, say)
    holding = _with_outputs(root)
    if holding:
        say(f"Git holds {len(holding)} of them with outputs, or laid out otherwise: git add --renormalize -- '*.ipynb'")


def remove(root: Path, say: Callable[[str], None]) -> None:
    """Undo what :func:`install` configured, and nothing else. ``.gitattributes`` stays: alone it does nothing.

    Raises
    ------
    InputError
        If it is no clone of Git, or Git refuses.
    """
    _require_clone(root)
    found = [name for name in settings() if _get(root, name) is not None]
    found += [name for name in settings_of_nbdime() if _OURS in (_get(root, name) or "")]
    for name in found:
        _run(root, "config", "--local", "--unset-all", name)
    if found:
        say("Git takes notebooks as they are again, outputs and all. legation check says so before you commit.")
    else:
        say("Nothing was set up here.")


def _set(root: Path, wanted: dict[str, str]) -> list[str]:
    """Set what is not set; returns what somebody else has set to something else."""
    foreign = []
    for name, value in wanted.items():
        held = _get(root, name)
        if held is not None and held != value and not name.startswith("filter.legation.") and _OURS not in held:
            foreign.append(name)
        elif held != value:
            _run(root, "config", "--local", "--replace-all", name, value)
    return foreign


def _attribute(root: Path, say: Callable[[str], None]) -> None:
    said = _ask(root, "check-attr", "filter", "--", "notebooks/any.ipynb") or ""
    if said.rpartition(": ")[2].strip() == "legation":
        return
    file = root / ".gitattributes"
    try:
        before = file.read_bytes() if file.exists() else b""
        gap = b"" if before.endswith(b"\n") or not before else b"\n"
        with file.open("ab") as end:  # what stands there may be in any encoding
            end.write(gap + ATTRIBUTES.encode() + b"\n")
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror}). Add the line yourself: {ATTRIBUTES}") from None
    say(f"Added to .gitattributes, which belongs into the next commit: {ATTRIBUTES}")


def _with_outputs(root: Path) -> list[str]:
    """The notebooks that Git holds otherwise than it would take them now."""
    listed = _ask(root, "ls-files", "-z", "--", "*.ipynb") or ""
    holding = []
    for name in filter(None, listed.split("\0")):
        held = _ask(root, "show", f":{name}") or ""
        try:
            if held and without_outputs.without_outputs(held).rstrip() != held.rstrip():
                holding.append(name)
        except ValueError:  # no notebook that can be read: `legation check` names it
            continue
    return holding


def _require_clone(root: Path) -> None:
    if _ask(root, "rev-parse", "--is-inside-work-tree") != "true":
        raise InputError(f"{root} is no clone of Git, or Git is not installed. There is nothing to set up.")
    top = Path(_ask(root, "rev-parse", "--show-toplevel") or root)
    if top.resolve() != root.resolve() and not _ask(root, "ls-files", "--", "data/datapackage.yaml"):
        raise InputError(
            f"{root} is no clone of Git: the repository around it, {top}, does not hold it. There is nothing to set up."
        )


def _get(root: Path, name: str) -> str | None:
    return _ask(root, "config", "--local", "--get", name)


def _run(root: Path, *arguments: str) -> None:
    done = _git(root, *arguments)
    if done is None or done.returncode:
        problem = done.stderr.strip().splitlines()[-1] if done and done.stderr.strip() else "no reason was given"
        raise InputError(f"Git refused `git {shlex.join(arguments)}`: {problem}. Mend that, and do this again.")


def _ask(root: Path, *arguments: str) -> str | None:
    """What Git answers; ``None`` if it does not."""
    done = _git(root, *arguments)
    return None if done is None or done.returncode else done.stdout.removesuffix("\n")


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(  # noqa: S603
            ["git", *arguments],  # noqa: S607
            cwd=root,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError:
        return None
