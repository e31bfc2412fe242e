"""What a chapter depends on, as digests: its notebook, its parameters, the code it imports, the environment, files.

Nothing is run and nothing imported to find out: code is read as text, and packages by the names of their folders. So
it takes milliseconds, and what a chapter *might* import counts, whether or not it did.
"""

from __future__ import annotations

import ast
import fnmatch
import functools
import hashlib
import importlib.machinery
import json
import os
import platform
import re
import stat
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from legation import times

#: The library: the package this module belongs to.
PACKAGE = Path(__file__).resolve().parents[1]
#: Who executes a chapter and cleans its result. Their text counts as if every notebook imported it.
EXECUTING = ("press/run.py", "press/kernels.py", "press/warm.py", "press/prose.py")
#: Where rendering starts: what publishes, and what nbconvert finds by name.
RENDERING = ("legation.press.edition", "legation.press.exporters", "legation.press.publish")

#: What the environment calls the machine's system.
PLATFORM = "The platform"

#: Nanoseconds. A file that changed less long ago could change again without a trace in its status.
_SETTLED_AFTER = 2_000_000_000
_MOST_REMEMBERED = 20_000  # files
_COMPILED = tuple(importlib.machinery.EXTENSION_SUFFIXES)
_NOT_SHIPPED = (".py", ".pyi", ".pyc", ".pyo", "~")
#: Functions that import what they are told when they run; for these a plain text as the only argument can be read here.
_IMPORTERS = frozenset({"__import__", "import_module"})
_LOADERS = frozenset({"iter_modules", "run_module", "run_path", "spec_from_file_location", "walk_packages"})
#: IPython's line magics that import nothing of the library's, and those followed by a statement.
_HARMLESS = frozenset({"autoreload", "config", "matplotlib", "pdb", "precision", "pwd", "who", "whos", "xmode"})
_TIMING = frozenset({"capture", "prun", "time", "timeit"})
_MAGIC = re.compile(r"^(?P<indent>\s*)(?:[\w\s,.\[\]]+=\s*)?(?P<sign>%%?|!!?|\?\??)(?P<name>\w*)(?P<rest>.*)$")

#: ``from <module at level> import <names>``: level, module, names. A plain import has no names.
Import = tuple[int, str, list[str]]


class Files:
    """Digests of files, and what follows from their contents; computed again only where a file changed.

    A digest is remembered with the file's status (modified, changed, size, number) and trusted while that stays the
    same. It is not remembered for a file that changed less than two seconds before it was read, as a second change
    within one tick of the file system's clock would not show; nor trusted if it was remembered at a time that has not
    come yet, as after a clock was set back.

    All that is asked is noted with what was answered first, so that a later process can tell whether everything is as
    it was without knowing what was made of the answers.

    Parameters
    ----------
    root
        The checkout. Files inside it are remembered by their place in it, so that it can be moved.
    remembered
        What ``remember`` gave to an earlier process; empty at first.

    Attributes
    ----------
    changed
        Whether there is something new to remember.
    steady
        Whether nothing that was asked twice was answered in two ways.
    """

    def __init__(self, root: Path, remembered: Mapping[str, Any] | None = None) -> None:
        self._root, self._within = root, f"{root}{os.sep}"
        self._known: dict[str, list[Any]] = dict((remembered or {}).get("files", {}))
        self._found: dict[str, Any] = dict((remembered or {}).get("found", {}))
        self._used: set[str] = set()
        self._digests: dict[str, str | None] = {}  # as answered first
        self._names: dict[str, str] = {}
        self.changed, self.steady = False, True

    def digest(self, path: Path) -> str | None:
        """The SHA-256 of a file's contents; ``None`` if there is no file, or none that can be read."""
        name = self._name(path)
        sha = self._digest(name, path)
        self.steady &= self._digests.setdefault(name, sha) == sha
        return sha

    def names(self, folder: Path) -> list[str]:
        """What is in a folder, sorted; nothing if it is missing or cannot be read."""
        found = _listed(folder)
        sha = digest_of_lines(found)
        self.steady &= self._names.setdefault(self._name(folder), sha) == sha
        return found

    def answered(self) -> dict[str, dict[str, Any]]:
        """All that was asked, with the answers: digests of files and of the names in folders, as JSON."""
        return {"files": dict(self._digests), "names": dict(self._names)}

    def would_answer(self, before: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether all that was asked before would be answered the same now."""
        return next(self.differing(before), None) is None

    def differing(self, before: Mapping[str, Mapping[str, Any]]) -> Iterator[Path]:
        """The folders, then the files, of which something else would be answered now than was before."""
        for name, sha in before["names"].items():
            if digest_of_lines(_listed(self._root / name)) != sha:
                yield self._root / name
        for name, sha in before["files"].items():
            if self._digest(name, self._root / name) != sha:
                yield self._root / name

    def _name(self, path: Path) -> str:
        name = str(path)
        return name[len(self._within) :].replace(os.sep, "/") if name.startswith(self._within) else name

    def _digest(self, name: str, path: Path) -> str | None:
        self._used.add(name)
        try:
            found = path.stat()
            if not stat.S_ISREG(found.st_mode):
                return None
            status = _status(found)
            known = self._known.get(name)
            if known and known[:4] == status and known[4] <= time.time_ns():
                return str(known[5])
            with path.open("rb") as file:
                before = os.fstat(file.fileno())
                now = time.time_ns()
                sha = hashlib.file_digest(file, "sha256").hexdigest()
                after = os.fstat(file.fileno())
        except OSError:
            return None
        status = _status(after)
        self.changed = True
        if status == _status(before) and max(status[:2]) < now - _SETTLED_AFTER:
            self._known[name] = [*status, now, sha]
        else:
            self._known.pop(name, None)
        return sha

    def found(self, path: Path, kind: str, find: Callable[[bytes], Any]) -> Any:
        """What ``find`` makes of a file's contents, remembered as this kind of finding; ``None`` without a file.

        ``find`` may use nothing but the contents, and returns what JSON can hold.
        """
        sha = self.digest(path)
        if sha is None:
            return None
        if f"{kind}:{sha}" not in self._found:
            try:
                content = path.read_bytes()
            except OSError:
                return None
            read = hashlib.sha256(content).hexdigest()
            self.steady &= read == sha
            sha = read
            self._found[f"{kind}:{sha}"] = find(content)
            self.changed = True
        return self._found[f"{kind}:{sha}"]

    def remember(self) -> dict[str, Any]:
        """What a later process may start from."""
        known = self._known
        if len(known) > _MOST_REMEMBERED:
            known = {name: status for name, status in known.items() if name in self._used}
        shas = {status[5] for status in known.values()}
        return {"files": known, "found": {key: value for key, value in self._found.items() if key[-64:] in shas}}


def _status(found: os.stat_result) -> list[int]:
    return [found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino]


def digest_of(value: Any) -> str:
    """The SHA-256 of a value that JSON can hold, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


# ---------------------------------------------------------------------------------------------- parameters, environment


def canonical(value: Any) -> Any:
    """A parameter's value as JSON that tells apart what a notebook can tell apart.

    ``1``, ``1.0``, ``True`` and ``"1"`` differ, as do a list and a tuple, a date and its text, the keys ``1`` and
    ``"1"``, and two orders of the same keys.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list:
        return [canonical(item) for item in value]
    if type(value) is dict:
        return {"dict": [[canonical(key), canonical(item)] for key, item in value.items()]}
    if type(value) is tuple:
        return {"tuple": [canonical(item) for item in value]}
    return {f"{type(value).__module__}.{type(value).__qualname__}": repr(value)}


@functools.cache
def environment() -> dict[str, str]:
    """What a notebook runs in: Python, the platform, and every installed distribution with its version.

    Versions are those in the names of ``.dist-info`` folders; a distribution changed in place without a new version
    is not noticed.
    """
    versions: dict[str, list[str]] = {}
    for folder in dict.fromkeys(sys.path):
        here: dict[str, list[str]] = {}
        for name in _listed(Path(folder or ".")):
            stem, dot, ending = name.rpartition(".")
            if dot and ending in ("dist-info", "egg-info") and not stem.startswith("~"):  # what pip failed to remove
                distribution, _, version = stem.partition("-")
                here.setdefault(re.sub(r"[-_.]+", "-", distribution).lower(), []).append(version)
        versions = here | versions  # the first folder that has it is where it is imported from
    return {
        "Python": f"{platform.python_version()} ({sys.implementation.cache_tag})",
        PLATFORM: sysconfig.get_platform(),
        **{name: ", ".join(sorted(found)) for name, found in sorted(versions.items())},
    }


def converters() -> dict[str, str]:
    """What rendering uses besides the environment: any pandoc of the machine that may go before the shipped one."""
    given = os.environ.get("PYPANDOC_PANDOC")
    places = [Path(given)] if given else [Path(folder) / "pandoc" for folder in os.get_exec_path()]
    if not given:
        folders = (Path(sys.exec_prefix) / "bin", Path.home() / "bin", Path.home() / ".bin")
        places += [folder / "pandoc" for folder in folders]
    found = {}
    for place in places:
        try:
            status = place.stat()
        except OSError:
            continue
        found[str(place)] = f"{status.st_size} bytes of {status.st_mtime_ns}"
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return found | ({"SOURCE_DATE_EPOCH": epoch} if epoch else {})


def _listed(folder: Path) -> list[str]:
    """Names in a folder, sorted; none if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries)
    except OSError:
        return []


# ---------------------------------------------------------------------------------------------------------------- reads


def is_reading(reading: Mapping[str, Any]) -> bool:
    """Whether this is a reading of the form below, of a place inside the checkout."""
    path = reading.get("path")
    if not isinstance(path, str) or Path(path).is_absolute() or ".." in Path(path).parts:
        return False
    kinds = [reading[key] for key in ("names", "lines") if key in reading]
    texts = all(isinstance(pattern, str) for pattern in (*kinds, reading.get("until", "")))
    return len(kinds) < 2 and texts and isinstance(reading.get("sha256"), str | None)


def present(files: Files, root: Path, reading: Mapping[str, Any], as_of: str | None = None) -> str | None:
    """What the ``sha256`` of a reading would be now.

    A reading is what a kernel recorded, with a ``path`` inside the checkout. It is of

    - a file: the digest of its contents;
    - the names in a folder that match ``names`` (as ``fnmatch`` has it): the digest of these names, sorted, each with
      a line end; a folder that is missing has none. With ``until`` those that end with a time later than ``as_of``,
      or than what ``until`` says itself, are left out: so one result serves all times at which it read the same;
    - the lines of a file in which the regular expression ``lines`` is found: the digest of these lines, each with a
      line end;

    and ``None`` where there is no such file.
    """
    path = root / reading["path"]
    if "names" in reading:
        return digest_of_lines(listed(files, root, reading, as_of))
    if "lines" in reading:
        pattern = reading["lines"]
        result = files.found(path, f"lines {pattern}", functools.partial(_lines_with, pattern))
        return None if result is None else str(result)
    return files.digest(path)


def listed(files: Files, root: Path, reading: Mapping[str, Any], as_of: str | None = None) -> list[str]:
    """The names that a reading of the names in a folder would find now."""
    names = [name for name in files.names(root / reading["path"]) if fnmatch.fnmatchcase(name, reading["names"])]
    return times.up_to(times.earliest(reading["until"], as_of), names) if "until" in reading else names


def digest_of_lines(lines: Iterable[str]) -> str:
    """The SHA-256 of lines, each with a line end, in UTF-8."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")).hexdigest()


def _lines_with(pattern: str, content: bytes) -> str:
    lines = content.decode("utf-8", "surrogateescape").splitlines()
    return digest_of_lines(line for line in lines if re.search(pattern, line))


# ------------------------------------------------------------------------------------------------------------ notebooks


@dataclass(frozen=True)
class Source:
    """What of a notebook bears on its result.

    ``cells`` has a digest for each cell: kind, text, tags and attachments. Outputs, identifiers, execution counts and
    other metadata are left aside; of the notebook's own metadata the kernel's name counts.
    """

    cells: list[str]
    kernel: str | None
    imports: list[Import] = field(default_factory=list)
    unknown: list[tuple[str, str]] = field(default_factory=list)  # place, and what cannot be told

    @property
    def digest(self) -> str:
        """One digest for all of it."""
        return digest_of([self.cells, self.kernel])


def source(files: Files, notebook: Path) -> Source:
    """What of a notebook bears on its result; a file that is no notebook of format 4 counts byte by byte."""
    found = files.found(notebook, "notebook", _read_notebook) or {"cells": [], "kernel": None}
    return Source(**found)


def _read_notebook(content: bytes) -> dict[str, Any]:
    try:
        loaded = json.loads(content)
        cells = [read_cell(cell) for cell in loaded["cells"]]
        kernel = loaded.get("metadata", {}).get("kernelspec", {}).get("name")
    except (ValueError, KeyError, TypeError, AttributeError):
        unknown = [("", "it is no notebook that can be read")]
        return {"cells": [hashlib.sha256(content).hexdigest()], "kernel": None, "imports": [], "unknown": unknown}
    imports: list[Import] = []
    unknown = []
    for number, (kind, text, _, _) in enumerate(cells, start=1):
        if kind == "code":
            found, doubts = _imports_of_cell(text)
            imports += [entry for entry in found if entry not in imports]
            unknown += [(f", cell {number}, line {line}", doubt) for line, doubt in doubts]
    return {"cells": [digest_of(cell) for cell in cells], "kernel": kernel, "imports": imports, "unknown": unknown}


def read_cell(cell: Mapping[str, Any]) -> tuple[str, str, list[Any], Any]:
    """What of a cell bears on the result: kind, text, tags and attachments."""
    text = cell["source"]
    text = text if isinstance(text, str) else "".join(text)
    return cell["cell_type"], text, cell.get("metadata", {}).get("tags", []), cell.get("attachments", {})


def _imports_of_cell(text: str) -> tuple[list[Import], list[tuple[int, str]]]:
    found, unknown = _imports(text)
    if not unknown or unknown[0][1] != _NO_PYTHON:
        return found, unknown
    lines: list[str] = []
    imports: list[Import] = []
    doubts: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        magic = _MAGIC.match(line)
        if not magic:
            lines.append(line)
            continue
        name, rest = magic["name"], magic["rest"].strip()
        if magic["sign"] == "%" and name == "load_ext" and rest:
            imports.append((0, rest, []))
        if magic["sign"] == "%%" and name not in _TIMING:
            return imports, [*doubts, (number, f"what the cell magic %%{name} reads cannot be told")]
        if magic["sign"] in ("%", "%%") and name in _TIMING:
            lines.append(f"{magic['indent']}{rest if magic['sign'] == '%' and not rest.startswith('-') else 'pass'}")
            continue
        if magic["sign"] in ("!", "!!") or (magic["sign"] == "%" and name not in _HARMLESS | {"load_ext"}):
            doubts.append((number, f"what {magic['sign']}{name} reads cannot be told"))
        lines.append(f"{magic['indent']}pass")
    found, unknown = _imports("\n".join(lines))
    return imports + found, doubts + unknown


# ----------------------------------------------------------------------------------------------------------------- code


@dataclass(frozen=True)
class Code:
    """Files of code, by their place in the checkout, with digests; and what could not be told, as sentences."""

    files: dict[str, str]
    notes: tuple[str, ...] = ()


class Library:
    """The library's modules and those beside a notebook, and which of them lead to which.

    Parameters
    ----------
    files
        Gives digests.
    root
        The checkout; code inside it is named by its place there, other code by that in the package.
    package
        The library's folder.
    """

    def __init__(self, files: Files, root: Path, package: Path = PACKAGE) -> None:
        self._files, self._root, self._package = files, root, package
        self._bases = [f"{root}{os.sep}", f"{package.parent}{os.sep}"]

    def shown(self, path: Path) -> str:
        """A file as an analyst writes it: from the root of the checkout, or of the package."""
        name = str(path)
        base = next((base for base in self._bases if name.startswith(base)), "")
        return name[len(base) :].replace(os.sep, "/")

    def of_notebook(self, notebook: Path, read: Source) -> Code:
        """All code a notebook imports, directly or through what it imports, and the code that executes it.

        Modules are the library's, or lie beside the notebook, which go first. With a package, the files it ships that
        are not Python count. Where something cannot be told, such as an import with a computed name, a sentence says
        so, and the whole library and all code beside the notebook counts.
        """
        notes = [f"{self.shown(notebook)}{place}: {what}" for place, what in read.unknown]
        paths = self._closure(read.imports, notebook.parent, notes)
        if notes:
            paths |= {path for folder in (self._package, notebook.parent) for path in self._whole(folder)}
        paths |= {path for each in EXECUTING if (path := self._package / each).is_file()}
        rest = "Any change to the library makes the chapter run again. Import by name, at the start of a line."
        return Code(self._digests(paths), tuple(f"{note}. {rest}" for note in dict.fromkeys(notes)))

    def of_modules(self, names: Iterable[str]) -> Code:
        """All code of the library that these modules of it lead to, themselves included."""
        notes: list[str] = []
        return Code(self._digests(self._closure([(0, name, []) for name in names], None, notes)), tuple(notes))

    def _digests(self, paths: Iterable[Path]) -> dict[str, str]:
        return {self.shown(path): self._files.digest(path) or "" for path in sorted(paths)}

    def _closure(self, imports: list[Import], beside: Path | None, notes: list[str]) -> set[Path]:
        finder = _Finder(self._files, self._package, beside)
        paths: set[Path] = set()
        waiting = {name for entry in imports for name in _named(entry, "", finder)}
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            seen.add(name)
            module = finder.find(name)
            if module is None:
                continue
            if module.file and module.folder:
                paths.update(self._shipped(module.folder, finder))
            if module.file:
                paths.add(module.file)
            if module.file and module.file.suffix == ".py":
                read = self._files.found(module.file, "imports", _read_module) or {"imports": [], "unknown": []}
                notes += [f"{self.shown(module.file)}, line {line}: {what}" for line, what in read["unknown"]]
                package = name if module.folder else name.rpartition(".")[0]
                found = {each for entry in read["imports"] for each in _named(entry, package, finder)}
                waiting |= found - seen
        return paths

    def _shipped(self, folder: Path, finder: _Finder) -> Iterator[Path]:
        """Files of a package that are not Python; those of packages inside it belong to these."""
        for name in finder.names(folder):
            path = folder / name
            if name.startswith((".", "__")) or name.endswith(_NOT_SHIPPED):
                continue
            inside = [] if path.is_symlink() else finder.names(path)
            if inside and not any(each.endswith(".py") for each in inside):
                yield from self._shipped(path, finder)
            elif not inside and path.is_file():
                yield path

    def _whole(self, folder: Path) -> Iterator[Path]:
        """All Python files in a folder and those below it, and of the library all others too."""
        for name in self._files.names(folder):
            path = folder / name
            if name.startswith(".") or name == "__pycache__" or name.endswith(("~", ".pyc")):
                continue
            if path.is_dir():
                if not path.is_symlink():
                    yield from self._whole(path)
            elif name.endswith(".py") or path.is_relative_to(self._package):
                yield path


@dataclass(frozen=True)
class _Module:
    file: Path | None  # None: a folder of modules without __init__.py
    folder: Path | None  # None: not a package


class _Finder:
    """Finds modules as Python does: beside the notebook first, then in the library."""

    def __init__(self, files: Files, package: Path, beside: Path | None) -> None:
        self._files, self._package, self._beside = files, package, beside
        self._modules: dict[str, _Module | None] = {}
        self._names: dict[Path, list[str]] = {}

    def find(self, name: str) -> _Module | None:
        """The module of a dotted name; ``None`` for one that is neither the library's nor beside the notebook."""
        if name not in self._modules:
            self._modules[name] = self._search(name)
        return self._modules[name]

    def names(self, folder: Path) -> list[str]:
        """What is in a folder, sorted."""
        if folder not in self._names:
            self._names[folder] = self._files.names(folder)
        return self._names[folder]

    def _search(self, name: str) -> _Module | None:
        parent, _, last = name.rpartition(".")
        if parent:
            above = self.find(parent)
            return self._inside(above.folder, last) if above and above.folder else None
        here = self._inside(self._beside, last) if self._beside else None
        if here and here.file:
            return here
        return self._inside(self._package.parent, last) if last == self._package.name else here

    def _inside(self, folder: Path, name: str) -> _Module | None:
        names = self.names(folder)
        if name in names and "__init__.py" in self.names(folder / name):
            return _Module(folder / name / "__init__.py", folder / name)
        for ending in (*_COMPILED, ".py"):
            if f"{name}{ending}" in names:
                return _Module(folder / f"{name}{ending}", None)
        return _Module(None, folder / name) if name in names and (folder / name).is_dir() else None


def _named(entry: Import | list[Any], package: str, finder: _Finder) -> Iterator[str]:
    """The dotted names of all modules that an import may load, packages on the way included."""
    level, base, names = entry
    if level:
        parts = package.split(".")
        if level > len(parts):  # beyond the outermost package: Python will refuse it
            return
        base = ".".join([*parts[: len(parts) - level + 1], *([base] if base else [])])
    parts = base.split(".")
    yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    module = finder.find(base)
    if not names or module is None or module.folder is None:
        return
    if "*" in names:
        names = [*names, *(each.partition(".")[0] for each in finder.names(module.folder))]
    yield from (f"{base}.{name}" for name in names if name != "*" and finder.find(f"{base}.{name}"))


_NO_PYTHON = "it is not Python that can be read, so that what it imports cannot be told"


def _read_module(content: bytes) -> dict[str, Any]:
    imports, unknown = _imports(content)
    return {"imports": imports, "unknown": unknown}


def _imports(text: str | bytes) -> tuple[list[Import], list[tuple[int, str]]]:
    """What a text imports, and the lines on which that cannot be told."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return [], [(error.lineno or 1, _NO_PYTHON)]
    except (ValueError, RecursionError):
        return [], [(1, _NO_PYTHON)]
    visitor = _Imports()
    visitor.visit(tree)
    return visitor.found, visitor.unknown


class _Imports(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found: list[Import] = []
        self.unknown: list[tuple[int, str]] = []
        self._importers, self._loaders = set(_IMPORTERS), set(_LOADERS)  # with the names they are imported as

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(0, alias.name, []) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.found.append((node.level, node.module or "", [alias.name for alias in node.names]))
        for names in (self._importers, self._loaders):
            names.update(alias.asname for alias in node.names if alias.name in names and alias.asname)

    def visit_If(self, node: ast.If) -> None:
        named = node.test.id if isinstance(node.test, ast.Name) else getattr(node.test, "attr", None)
        for child in node.orelse if named == "TYPE_CHECKING" else ast.iter_child_nodes(node):
            self.visit(child)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", None)
        match node.args:
            case [ast.Constant(value=str(wanted))] if name in self._importers and not node.keywords:
                self.found.append((0, wanted, []))  # one that starts with a dot is refused by Python without a package
            case _:
                self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self._mention(node, node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr == "path" and isinstance(node.value, ast.Name) and node.value.id == "sys":
            self.unknown.append((node.lineno, "it uses `sys.path`, so that modules may come from elsewhere"))
        if node.attr != "exec":  # the built-in function is meant
            self._mention(node, node.attr)
        self.generic_visit(node)

    def _mention(self, node: ast.expr, name: str) -> None:
        if name in self._importers or name in self._loaders or name == "exec":
            self.unknown.append((node.lineno, f"what `{name}` imports cannot be told before it runs"))
