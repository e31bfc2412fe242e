"""Pandoc, the one converter of running text: Markdown in, HTML, Typst and Word out.

Pandoc is run as a program, in its sandbox, once to read all fragments of a report, once to resolve citations if there
are any, and once for each output. Raw HTML, TeX and Typst in a fragment are not markup to it: they come out as the text
they are.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import nh3

from legation.errors import InputError

Node = dict[str, Any]  # one element of pandoc's document tree: {"t": type, "c": content}
Blocks = list[Node]

MARKDOWN = (
    "markdown-raw_html-raw_tex-raw_attribute-native_divs-native_spans-markdown_in_html_blocks-latex_macros"
    "-example_lists-fancy_lists-implicit_figures-yaml_metadata_block-pandoc_title_block-table_captions"
    "+lists_without_preceding_blankline-blank_before_header-blank_before_blockquote+autolink_bare_uris"
)
_API = [1, 23, 1]
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_SCOPE = re.compile(r"^#\d+__")  # how pandoc marks a link inside the n-th file
_LINKS = re.compile(r"^(https?://|mailto:|#)", re.IGNORECASE)


def read(fragments: list[tuple[str, str]]) -> list[Blocks]:
    """Read fragments of text into pandoc's document tree.

    Parameters
    ----------
    fragments
        Pairs of form (``"markdown"`` or ``"html"``) and text. HTML is reduced to harmless elements first. Footnotes
        and unclosed constructs of one fragment do not reach into the next.

    Returns
    -------
    list
        The blocks of each fragment, in the same order. Links that are neither web, mail nor inside the page have lost
        their target.
    """
    results: list[Blocks] = [[] for _ in fragments]
    for form, reader in (("markdown", MARKDOWN), ("html", "html-native_divs-native_spans-raw_html")):
        chosen = [number for number, (kind, _) in enumerate(fragments) if kind == form]
        if not chosen:
            continue
        with tempfile.TemporaryDirectory(prefix="legation-") as folder:
            texts = {
                number: printable(text if form == "markdown" else nh3.clean(text))
                for number, text in ((number, fragments[number][1]) for number in chosen)
            }
            mark = _absent_from("".join(texts.values()))
            boundary = Path(folder) / "boundary"
            boundary.write_text(f"\n\n{mark}\n\n" if form == "markdown" else f"<p>{mark}</p>")
            files: list[str] = []
            for number, text in texts.items():
                (Path(folder) / f"{number}").write_text(text, encoding="utf-8")
                files += [f"{number}", boundary.name]
            tree = json.loads(_pandoc(["--file-scope", "-f", reader, "-t", "json", *files], folder=folder))
        parts: list[Blocks] = [[]]
        for block in tree["blocks"]:
            if block["t"] in ("Para", "Plain") and block["c"] == [{"t": "Str", "c": mark}]:
                parts.append([])
            else:
                parts[-1].append(block)
        for number, part in zip(chosen, parts[: len(chosen)], strict=True):
            results[number] = walk(part, _harmless)
    return results


def cite(parts: list[Blocks], *, bibliography: Path | None, language: str) -> list[Blocks]:
    """Resolve the citations of several trees, read as one text, for every output at once.

    Returns
    -------
    list
        The trees in the same order. The bibliography stands in the division called ``refs``, or else behind the last.

    Raises
    ------
    InputError
        If a citation is not in the bibliography, or there is none.
    """
    cited = set[str]().union(*map(citations, parts))
    if not cited:
        return parts
    if bibliography is None or not bibliography.is_file():
        raise InputError(f"The text cites {', '.join(sorted(cited))}, but there is no data/references.bib. Add it.")
    # What cites nothing is only held in place: pandoc need not read it, and some of it is none of pandoc's.
    whole: Blocks = []
    for number, part in enumerate(parts):
        for place, block in enumerate(part):
            reads = block["t"] == "Div" or citations([block])
            whole.append(block if reads else {"t": "RawBlock", "c": ["kept", f"{number} {place}"]})
        whole.append({"t": "RawBlock", "c": ["kept", ""]})
    arguments = ["-f", "json", "-t", "json", "--citeproc", "--bibliography", str(bibliography)]
    resolved: list[Blocks] = [[]]
    for block in json.loads(_pandoc(arguments, _tree(whole, language)))["blocks"]:
        if block["t"] != "RawBlock" or block["c"][0] != "kept":
            resolved[-1].append(block)
        elif block["c"][1]:
            number, place = map(int, block["c"][1].split())
            resolved[-1].append(parts[number][place])
        else:
            resolved.append([])
    *found, behind = resolved
    found[-1] += behind
    return found


def write(parts: list[Blocks], form: str, *, language: str) -> list[str]:
    """Write several trees as one text, ``"html"`` or ``"typst"``, so that notes run through them, and take it apart.

    Citations are shown as ``cite`` resolved them.

    Returns
    -------
    list of str
        One text for each part, and one more with what stands behind them all: in HTML the notes.

    Raises
    ------
    InputError
        If pandoc cannot write them.
    """
    mark = _absent_from(json.dumps(parts))
    comment = f"<!--{mark}-->" if form == "html" else f"//{mark}"
    whole: Blocks = []
    for part in parts:
        whole += [*part, {"t": "RawBlock", "c": [form, comment]}]
    writer = {"html": "html", "typst": "typst-citations-smart"}[
        form
    ]  # Typst resolves neither citations nor quotation marks
    arguments = ["-f", "json", "-t", writer, "--mathml", "--wrap=none", "--syntax-highlighting=none"]
    written = _pandoc(arguments, _tree(whole, language)).split(comment)
    if len(written) != len(parts) + 1:
        raise InputError("A text holds a mark that only the press may set. Take it out.")
    return written


def write_docx(blocks: Blocks, *, language: str) -> bytes:
    """Write a tree as a Word file in pandoc's own styles; raw blocks are of the form ``openxml``.

    Raises
    ------
    InputError
        If pandoc cannot write it.
    """
    with tempfile.TemporaryDirectory(prefix="legation-") as folder:
        arguments = ["-f", "json", "-t", "docx", "--syntax-highlighting=none", "-o", "text.docx"]
        _pandoc(arguments, _tree(blocks, language), folder=folder)
        return (Path(folder) / "text.docx").read_bytes()


def walk(node: Any, change: Any) -> Any:
    """Rebuild a tree from its leaves up; ``change`` gets each element and returns it, another, or a list of them."""
    if isinstance(node, list):
        result = []
        for item in node:
            if not isinstance(item, (dict, list)):
                result.append(item)
                continue
            new = walk(item, change)
            if isinstance(new, list) and isinstance(item, dict) and "t" in item:
                result.extend(new)
            else:
                result.append(new)
        return result
    if isinstance(node, dict):
        rebuilt = {
            key: walk(value, change) if isinstance(value, (dict, list)) else value for key, value in node.items()
        }
        return change(rebuilt) if "t" in rebuilt else rebuilt
    return node


def text(node: Any) -> str:
    """The plain text of an element or a list of them."""
    parts: list[str] = []

    def gather(element: Node) -> Node:
        if element["t"] in ("Str", "CodeBlock", "Code", "Math"):
            parts.append(element["c"] if isinstance(element["c"], str) else element["c"][1])
        elif element["t"] in ("Space", "SoftBreak", "LineBreak"):
            parts.append(" ")
        return element

    walk(node, gather)
    return "".join(parts)


def citations(blocks: Blocks) -> set[str]:
    """The keys that the text cites."""
    keys: set[str] = set()

    def gather(element: Node) -> Node:
        if element["t"] == "Cite":
            keys.update(citation["citationId"] for citation in element["c"][0])
        return element

    walk(blocks, gather)
    return keys


def printable(value: str) -> str:
    """The text without control characters, lone surrogates and directional overrides, which no page can show."""
    kept = value if value.isascii() and value.isprintable() else _UNPRINTABLE.sub("", value)
    return kept.encode("utf-8", "ignore").decode("utf-8")


def _tree(blocks: Blocks, language: str) -> str:
    meta = {"lang": {"t": "MetaString", "c": language}, "link-citations": {"t": "MetaBool", "c": True}}
    return json.dumps({"pandoc-api-version": _API, "meta": meta, "blocks": blocks})


def _absent_from(text: str) -> str:
    """A word that the text does not hold, the same for the same text."""
    number = 0
    while f"part-boundary-{number}" in text:
        number += 1
    return f"part-boundary-{number}"


def _harmless(element: Node) -> Any:
    """Take out what a fragment must not bring: raw code, foreign attributes, links that could run something."""
    kind = element["t"]
    if kind == "Link" and not _LINKS.match(element["c"][2][0]):
        return element["c"][1]
    if kind == "Link":
        element["c"][2][0] = _SCOPE.sub("#", element["c"][2][0])
    if kind in ("RawBlock", "RawInline"):
        return []
    if kind in ("Span", "Div", "Code", "CodeBlock", "Table", "Link", "Image"):
        element["c"][0] = ["", [], []]
    if kind == "Header":
        element["c"][1] = ["", [], []]
    return element


@lru_cache
def _pandoc_path() -> str:
    import pypandoc  # not for who only plans: it brings what downloads need

    return str(pypandoc.get_pandoc_path())


def _pandoc(arguments: list[str], given: str = "", *, folder: str | None = None) -> str:
    done = subprocess.run(  # noqa: S603 - our own arguments, no shell
        [_pandoc_path(), "--sandbox", *arguments],
        input=given.encode("utf-8"),
        cwd=folder,
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode("utf-8", "replace")
    missing = re.findall(r"[Cc]itation (\S+) not found", said)
    if missing:
        raise InputError(
            f"The text cites {', '.join(f'@{key}' for key in sorted(set(missing)))}, which data/references.bib lacks. "
            " Add the entry there, or correct the key."
        )
    if done.returncode != 0:
        raise InputError(f"The text could not be converted: {' '.join(said.split())}")
    return done.stdout.decode("utf-8")
