"""What the code of a cell shows without being run: the names it uses, the texts it says, the pictures it draws."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

#: Calls whose texts are prose for readers.
_SAYING = frozenset({"say", "Finding", "Markdown"})
_SAID = frozenset({"title", "subtitle", "alt", "notes"})  # of an exhibit
#: Calls after which nobody can tell which names are used.
_USING_ALL = frozenset({"eval", "exec", "globals", "locals", "vars"})
#: Modules that draw pictures nobody describes, and what draws one on any other value.
_DRAWING_MODULES = frozenset({"matplotlib.pyplot", "plotly.express", "pylab", "seaborn"})
_DRAWING = frozenset({"boxplot", "hist", "plot"})
_SETTING = frozenset({"close", "ioff", "ion", "rc", "rc_context", "set", "set_context", "set_style", "set_theme"})
_SETTING |= {"switch_backend", "update", "use"}  # of such a module: draws nothing
_PICTURES = frozenset({"Image", "SVG"})

#: What stands in a text for what is put in when it is said.
BLANK = "{}"
_BLANK = re.compile(r"\{[^{}]*\}")
_QUERIED = re.compile(r"@(\w+)")  # a name in a query of pandas
_TEXTS = re.compile(r"""(?<![\w"'])(?P<put_together>f?)(?:"(?P<double>[^"\n]{1,80})"|'(?P<single>[^'\n]{1,80})')""")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def parsed(source: str) -> ast.Module:
    """The code of a cell, with IPython's magics as calls.

    Raises
    ------
    SyntaxError
        If it is no Python, with the line.
    ValueError
        If it is nested too deeply to be read.
    """
    try:
        return _compiled(source)
    except SyntaxError:
        if not re.search(r"^\s*[%!?]|\?\s*$|=\s*[%!]", source, re.MULTILINE):
            raise
    from IPython.core.inputtransformer2 import TransformerManager  # slow to load, and seldom needed

    return _compiled(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]


def _compiled(source: str) -> ast.Module:
    try:
        tree = compile(source, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except RecursionError:
        raise ValueError("the code is nested too deeply") from None
    assert isinstance(tree, ast.Module)  # noqa: S101
    return tree


def used(tree: ast.AST) -> frozenset[str] | None:
    """The names that code reads, those in queries of pandas (``@year``) included; ``None`` if nobody can tell."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if node.id in _USING_ALL:
                return None
            found.add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(_QUERIED.findall(node.value))
        elif isinstance(node, ast.Call) and _root(node.func) == "get_ipython":  # a magic, or a command of the shell
            found.update(name for _, text in texts(node) for name in re.findall(r"\w+", text))
    return frozenset(found)


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text of the code, and its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def said(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The texts that a cell says to readers, with blanks for what is put into them, and their lines.

    They are the arguments of ``say``, ``Finding`` and ``Markdown``, and titles, notes and the like of an exhibit.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        given: list[ast.expr] = []
        if _called(node) in _SAYING:
            given = list(node.args)
        elif _makes_exhibit(node):
            given = [keyword.value for keyword in node.keywords if keyword.arg in _SAID]
        for value in given:
            for part in value.elts if isinstance(value, ast.List | ast.Tuple) else [value]:
                yield from _written(part)


def _written(node: ast.expr) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, _BLANK.sub(BLANK, node.value)
    elif isinstance(node, ast.JoinedStr):
        pieces = [str(part.value) if isinstance(part, ast.Constant) else BLANK for part in node.values]
        yield node.lineno, _BLANK.sub(BLANK, "".join(pieces))
    elif isinstance(node, ast.BinOp):
        yield from _written(node.left)
        yield from _written(node.right)
    elif isinstance(node, ast.IfExp):
        yield from _written(node.body)
        yield from _written(node.orelse)


def undescribed(trees: Iterable[ast.AST]) -> Iterator[tuple[ast.AST, int, str]]:
    """Pictures and exhibits of a notebook's cells that say nothing to those who do not see them.

    Yields the cell's tree, the line, and what is there. What is drawn inside a function is left out: an exhibit may
    call it.
    """
    trees = list(trees)
    modules = set[str]()
    for tree in trees:
        modules.update(_drawing_modules(tree))
    for tree in trees:
        described = {
            id(inner)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and any(keyword.arg in ("metadata", None) for keyword in call.keywords)
            for inner in ast.walk(call)
        }
        for node in _outside_functions(tree):
            if isinstance(node, ast.Call) and (what := _lacking(node, modules, id(node) in described)):
                yield tree, node.lineno, what


def _lacking(call: ast.Call, modules: set[str], described: bool) -> str | None:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if _makes_exhibit(call):
        if None in given:  # **more: nobody can tell
            return None
        alt = given.get("alt")
        if alt is None:
            return "an exhibit is made without alternative text"
        if isinstance(alt, ast.Constant):
            if not str(alt.value or "").strip():
                return "the alternative text of an exhibit is empty"
            title = given.get("title")
            if isinstance(title, ast.Constant) and title.value == alt.value:
                return "the alternative text of an exhibit repeats its title"
        return None
    if described:
        return None
    name = _called(call)
    if isinstance(call.func, ast.Name) and name in _PICTURES and "alt" not in given:
        return f"{name}(…) shows a picture without alternative text"
    root, drawn = _root(call.func), ast.unparse(call.func)
    if isinstance(call.func, ast.Attribute) and ((root in modules and name not in _SETTING) or _draws(call.func)):
        return f"{drawn}(…) draws a picture without alternative text" if len(drawn) < 40 else "a picture is drawn"
    return None


def _draws(node: ast.Attribute) -> bool:
    """Whether it is ``frame.plot`` or ``frame.plot.bar``."""
    return node.attr in _DRAWING or (isinstance(node.value, ast.Attribute) and node.value.attr == "plot")


def _makes_exhibit(call: ast.Call) -> bool:
    func = call.func
    if not (isinstance(func, ast.Attribute) and func.attr in ("chart", "table")):
        return False
    made_by = func.value
    return (isinstance(made_by, ast.Name) and made_by.id == "Exhibit") or (
        isinstance(made_by, ast.Attribute) and made_by.attr == "Exhibit"
    )


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _drawing_modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named = [alias for alias in node.names if alias.name in _DRAWING_MODULES]
            yield from (alias.asname or alias.name.partition(".")[0] for alias in named)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if f"{node.module}.{alias.name}" in _DRAWING_MODULES:
                    yield alias.asname or alias.name


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _outside_functions(child)


def names_made(code: str) -> tuple[set[str], set[str]]:
    """What code could name an exhibit: texts that are names, and patterns of texts that are put together.

    It is read as text, for the whole library is looked through so.
    """
    plain, patterns = set[str](), set[str]()
    for found in _TEXTS.finditer(code):
        text = found["double"] or found["single"]
        if not found["put_together"]:
            if _NAME.fullmatch(text):
                plain.add(text)
            continue
        parts = _BLANK.split(text)
        if re.fullmatch(r"[a-z0-9-]+", known := "".join(parts)) and re.search(r"[a-z]{3}", known):
            patterns.add(".+".join(map(re.escape, parts)))
    return plain, patterns


def headings_made(tree: ast.AST) -> Iterator[str]:
    """Headings in the texts of code, as Markdown; blanks such as ``{title}`` stand in them."""
    for _, text in texts(tree):
        yield from re.findall(r"^#{1,6} +(.+)$", text, re.MULTILINE)
