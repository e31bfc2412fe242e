"""``legation preview``: a branch's reports built beside those of another, and what differs, before it is merged.

Each side is checked out by itself, as a git worktree in a folder that goes when all is done, so that neither the files
that somebody works on nor their index are touched. Both are built in the present environment, each with its own code.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from legation.errors import InputError
from legation.press import changes, html, publish
from legation.press.document import slug
from legation.press.ending import interrupted_by_all
from legation.press.markup import printable
from legation.press.store import FOLDER as STORE
from legation.press.warm import KernelServer

#: Where the pages of a preview are kept, in the checkout; git ignores it.
FOLDER = Path(".legation") / "preview"
#: What of the store is worth having: results by what they were made of, and fonts.
_SHARED = ("entries", "fonts")
_LOCK = "requirements.lock"
_TREES = "trees"


@dataclass
class Preview:
    """What came of it.

    Attributes
    ----------
    page
        The page to open: of the one report that differs, or else the list of all.
    summaries
        What is said of each report, by its name.
    failed
        Reports that the branch, or what it is compared with, could not build.
    """

    page: Path
    summaries: dict[str, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


def preview(
    root: Path, branch: str, names: Sequence[str], say: Callable[[str], None], *, base: str = "main"
) -> Preview:
    """Build reports as a branch has them and as another has them, and write what differs as pages.

    Parameters
    ----------
    root
        The checkout.
    branch, base
        A branch, tag or commit each. What is not committed does not count.
    names
        Reports; none means all of either side that are no sweeps.
    say
        Takes each line of progress.

    Raises
    ------
    InputError
        If the checkout is no git repository, or a name is unknown to it; or no side has a report of a name.
    """
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != root.resolve():
        raise InputError(f"{root} is not the root of a git repository. Clone the project with git to preview branches.")
    commits = [_commit(root, name) for name in (base, branch)]
    with interrupted_by_all(), KernelServer(forking=False) as nobody, contextlib.ExitStack() as trees:  # for its folder
        _forget_lost(root)
        sides = []
        for name, commit, place in zip((base, branch), commits, ("before", "after"), strict=True):
            tree = trees.enter_context(_tree(root, nobody.place.folder / _TREES / place, commit))
            if not (tree / "data" / "datapackage.yaml").is_file():
                raise InputError(f"'{name}' has no data/datapackage.yaml: it is no state of this project.")
            if not _same(tree / _LOCK, root / _LOCK):
                say(f"{name}: {_LOCK} is not that of this checkout; it is built with the packages installed here.")
            sides.append(tree)
        for name, tree in zip((base, branch), sides, strict=True):
            for file in sorted((tree / "reports").glob("*.yml")) if not names else ():
                if not _has(tree, file.stem):
                    say(f"{name}: reports/{file.name} is left out: it is no file, or its name cannot be a report's.")
        wanted = list(names) or sorted({name for tree in sides for name in _reports(tree)})
        unknown = [name for name in wanted if not any(_has(tree, name) for tree in sides)]
        if unknown:
            raise InputError(f"Neither '{base}' nor '{branch}' has a report '{unknown[0]}'. Name one that is there.")
        for name, tree in zip((base, branch), sides, strict=True):
            _share(root / STORE, tree / STORE)
            _share(sides[0] / STORE, tree / STORE)
            asked = [each for each in wanted if _has(tree, each)]
            if asked:
                say(f"{name}: building {', '.join(asked)}")
                _build(tree, asked, lambda line, name=name: say(f"{name}: {line}"))  # type: ignore[misc]
        return _compared(root / FOLDER / (slug(branch) or "branch"), sides, (base, branch), wanted)


def _compared(folder: Path, sides: Sequence[Path], called: tuple[str, str], wanted: Sequence[str]) -> Preview:
    """Keep both sides' editions in a folder of their own, with a page for each report and one that lists them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = Preview(folder / "index.html")
    listed = []
    for report in wanted:
        editions: list[Path | None] = []
        for tree, side in zip(sides, ("before", "after"), strict=True):
            built, kept = tree / "reports" / "published" / report, folder / side / report
            if (built / publish.MANIFEST).is_file():
                shutil.copytree(built, kept)
            editions.append(kept if kept.is_dir() else None)
            if _has(tree, report) and not kept.is_dir() and report not in found.failed:
                found.failed.append(report)
        page = None
        if report in found.failed:
            said = "It could not be built on both sides."
        elif editions[0] and editions[1]:
            before, after = (changes.read(edition) for edition in editions if edition)
            differences = changes.compare(before, after, called[0])
            said = differences.summary()
            if differences.entries:
                page = folder / f"{report.replace('/', '-')}.html"
                page.write_text(html.difference(differences, before, after, called), encoding="utf-8")
        else:
            said = f"Only {called[1] if editions[1] else called[0]} has this report."
        found.summaries[report] = said
        listed.append(
            {
                "name": report,
                "said": said,
                "page": page.name if page else None,
                "before": f"before/{report}/index.html" if editions[0] else None,
                "after": f"after/{report}/index.html" if editions[1] else None,
            }
        )
    found.page.write_text(html.preview(called, listed), encoding="utf-8")
    pages = [folder / str(each["page"]) for each in listed if each["page"]]
    if len(pages) == len(listed) == 1:
        found.page = pages[0]
    return found


def _build(tree: Path, names: Sequence[str], say: Callable[[str], None]) -> None:
    """Build reports in a worktree, with its own code, in a process of its own; what fails is told."""
    path = os.pathsep.join(filter(None, [str(tree / "src"), os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(  # noqa: S603  # this interpreter, and names of reports that are there
        [sys.executable, "-m", "legation.cli", "build", *names],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout  # noqa: S101
    try:
        for line in process.stdout:
            if line.strip():
                say(printable(line.rstrip()))
    finally:  # of Ctrl-C it has been told as well
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _reports(tree: Path) -> Iterator[str]:
    """The reports of a checkout that are no sweeps, by the first words of their lines: its code may read others."""
    for file in (tree / "reports").glob("*.yml"):
        if _has(tree, file.stem):
            text = file.read_text(encoding="utf-8", errors="replace")
            if not re.search(r"(?m)^sweep\s*:", text):
                yield file.stem


def _has(tree: Path, report: str) -> bool:
    name = report.partition("/")[0]
    return (
        bool(re.fullmatch(r"[a-z0-9][a-z0-9-]*(/[a-z0-9-]+)?", report)) and (tree / "reports" / f"{name}.yml").is_file()
    )


# ------------------------------------------------------------------------------------------------------------------ git


def _git(root: Path, *asked: str) -> str | None:
    """What git says, without its hooks; ``None`` if it refuses or is not there."""
    words = ["git", "-C", str(root), "-c", f"core.hooksPath={os.devnull}", *asked]
    try:
        done = subprocess.run(words, capture_output=True, encoding="utf-8", errors="replace", check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return done.stdout.strip()


def _commit(root: Path, name: str) -> str:
    """The commit that a branch, tag or commit's name stands for, the branches of remotes included."""
    for written in (name, f"refs/remotes/origin/{name}"):
        found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{written}^{{commit}}")
        if found and re.fullmatch(r"[0-9a-f]{40,64}", found):
            return found
    listed = _git(root, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes") or "none"
    raise InputError(f"git knows no branch {name!r}. There are: {', '.join(listed.split())}.")


@contextlib.contextmanager
def _tree(root: Path, place: Path, commit: str) -> Iterator[Path]:
    """A commit checked out in a folder of its own, and forgotten again."""
    place.parent.mkdir(exist_ok=True)
    if _git(root, "worktree", "add", "--quiet", "--detach", str(place), commit) is None:
        raise InputError(f"git cannot check out {commit} in {place}. Is there room, and is git 2.24 or newer?")
    try:
        yield place
    finally:
        _git(root, "worktree", "remove", "--force", str(place))


def _forget_lost(root: Path) -> None:
    """Let git forget worktrees of previews that were killed, whose folders are gone; and no other's."""
    listed = _git(root, "worktree", "list", "--porcelain") or ""
    for name in re.findall(r"(?m)^worktree (.+)$", listed):
        place = Path(name)
        if place.parent.name == _TREES and "legation-" in place.parent.parent.name and not place.exists():
            _git(root, "worktree", "remove", "--force", name)


def _same(one: Path, other: Path) -> bool:
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return one.exists() == other.exists()


def _share(store: Path, other: Path) -> None:
    """Give a worktree the results that another checkout keeps, so that only what differs is made; never back."""
    for part in _SHARED:
        if (store / part).is_dir() and store != other:
            shutil.copytree(store / part, other / part, dirs_exist_ok=True)
