"""What must not stand in a text that others will read: secrets, one machine's paths, marks of a merge, hidden signs.

And what prose must keep to: numbers that are computed, links and citations that lead somewhere. Each function looks at
a text alone; who calls it knows whose text it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Link:
    """A link of Markdown or HTML, or a picture."""

    target: str
    is_picture: bool


_ANSWER = re.compile(r"<!--\s*check:(?P<said>.*?)-->", re.DOTALL)

# Every pattern has bounds: a text may be long, and made to be slow to read.

# Shapes that services give their keys, so that hardly anything else looks like one: name for a reader, and pattern.
_KEYS = (
    ("a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    ("an AWS key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})"),
    ("a GitLab token", r"\bglpat-[\w-]{20,}"),
    ("a Google key", r"\bAIza[\w-]{35}\b"),
    ("a Slack token", r"\bxox[abeprs]-[A-Za-z0-9-]{10,}"),
    ("a Slack address for messages", r"hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16,}"),
    ("a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{16,}"),
    ("a Hugging Face token", r"\bhf_[A-Za-z]{30,}\b"),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a PyPI token", r"\bpypi-[\w-]{40,}"),
    ("an API key", r"\bsk-(?=[A-Za-z_-]{0,60}\d)[A-Za-z0-9_-]{32,}"),
    ("a signed token", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
)
_SHAPES = [(name, re.compile(pattern)) for name, pattern in _KEYS]
_IN_ADDRESS = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"<>]{0,100}:(?P<value>[^\s/@'\"<>]{1,200})@", re.IGNORECASE
)
_NAMES = (
    r"(?:pass(?:word|wd|phrase)|secret|(?:access|auth|api|bearer)?[-_]?token"
    r"|(?:api|secret|subscription|private|access)[-_]?key)"
)
_IN_QUERY = re.compile(
    rf"[?&](?:(?:\w{{1,30}}[-_])?{_NAMES}=(?P<value>[^\s&#'\"<>]+)|key=(?P<long>(?=[a-z_-]{{0,60}}\d)[\w-]{{32,}}))",
    re.IGNORECASE,
)
_IN_HEADER = re.compile(
    r"\bAuthorization['\"]?\]?\s{0,9}[:=]\s{0,9}['\"]?(?:Basic|Bearer|Token)[ ]{1,3}(?P<value>[^\s'\"<>]{1,2000})",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    rf"(?<![a-z])(?:\w{{1,30}}[-_])?{_NAMES}['\"]?\]?\s*(?::\s*str\s*)?(?:=|:)\s*(?P<quote>['\"])(?P<value>[^'\"\n]+)(?P=quote)",
    re.IGNORECASE,
)
#: Of a YAML file, where a value needs no quotation marks.
_SET = re.compile(
    rf"^[ \t-]*(?:\w{{1,30}}[-_])?{_NAMES}:[ \t]+(?P<value>[^\s'\"#]+)[ \t]*(?:#.*)?$", re.IGNORECASE | re.MULTILINE
)
#: Values that stand for a secret rather than being one.
_STANDS_FOR = re.compile(
    r"^[<{$%(\[]|\$\{|\.\.\.|…|\*{2,}|(?i:x{4,})|^[A-Z][A-Z0-9_]*$"
    r"|(?i:^(?:your|my|some|the|example|changeme|change-me|dummy|fake|none|null|test|todo)\b)"
    r"|(?i:(?:^|[-_])(?:here|password|secret|token|key)$)"
)
_LEAST = 8  # letters of a password that is taken for one where a name alone says so

_FOLDERS = "Applications|Library|Users|Volumes|home|media|mnt|opt|private|root|run|srv|tmp|usr|var|work|workspaces?"
_PATHS = re.compile(
    rf"(?<![\w/.:~)}}\]*-])(?:/(?:{_FOLDERS})/[^\s'\"`<>()\[\],;]+|~(?:[a-z_][\w-]*)?/[^\s'\"`<>()\[\],;]+)"
    r"|(?<![A-Za-z])[A-Za-z]:[\\/]{1,2}(?![\\/])[\w.][^\s'\"`<>()\[\],;]*"
    r"|file://[^\s'\"`<>)]+"
)

# As git writes them, and as nbdime does into a cell of its own.
_CONFLICTS = re.compile(r"^(?:<span[^>]*>)?(?:\*\*|<b>)?(?:<{7}|>{7}|\|{7})(?= |$)", re.MULTILINE)

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # the order of reading
_UNSEEN = frozenset("\u200b\u2060\u2061\u2062\u2063\u2064\ufeff\u2028\u2029") | {
    chr(code) for code in range(0xE0000, 0xE0080)
}

# Also inside a quotation, or an entry of a list.
_FENCED = re.compile(
    r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?P<fence>`{3,9}|~{3,9})(?![`~]).*?^[ \t>]*(?P=fence)[^\n]*$",
    re.MULTILINE | re.DOTALL,
)
_SPANNED = re.compile(r"(?<!`)(?P<ticks>`{1,9})(?!`)(?:(?!\n\n).){1,1000}?(?<!`)(?P=ticks)(?!`)", re.DOTALL)
_COMMENT = re.compile(r"<!--.{0,4000}?-->", re.DOTALL)
_LINK = re.compile(
    r"(?P<sign>!?)\[(?P<words>(?:[^\[\]]|\[[^\[\]]{0,200}\]){0,500})\]\(\s{0,9}(?P<angle><)?"
    r"(?P<target>(?(angle)[^<>\n]{0,1000}|(?:[^()\s<>\[]|\([^()\s<>\[]{0,200}\)){0,1000}))(?(angle)>)(?:\s[^)\[]{0,300})?\)"
)
_DEFINED = re.compile(r"^ {0,3}\[[^\]^@][^\]]*\]:\s*<?(?P<target>[^\s>]+)", re.MULTILINE)
_TAG = re.compile(r"<(?P<tag>a|img)\b[^<>]{0,1000}?\b(?:href|src)\s*=\s*[\"'](?P<target>[^\"']*)", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?:https?://|mailto:|www\.)[^\s<>)\]]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]+")
_CITED = re.compile(
    r"(?<![\w@.])@(?:\{(?P<braced>[^{}\s]{1,200})\}|(?P<plain>(?>[A-Za-z0-9_](?:[\w:.#$%&+?~/-]*[\w/])?)(?!\{\})))"
)
_ENTRY = re.compile(r"^\s*@(?!comment|string|preamble)\w+\s*\{\s*([^\s,}]+)\s*,", re.MULTILINE | re.IGNORECASE)
# A number of a list or of a footnote is no number of the text; nor is one inside a name: G7, CO2.
_LISTED = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)
_NOTED = re.compile(r"\[\^[^\]\s]{1,200}\]")
_ENTITY = re.compile(r"&#?\w{1,31};")
_HEADING = re.compile(
    r"^(?:#{1,6}[ \t]+(?P<marked>.+?)(?:[ \t]+#+|\s*\{[^{}\n]{0,200}\})?"  # marks or attributes behind it
    r"|(?:\A|(?<=\n\n))(?P<underlined>[^\n]+?)(?:\s*\{[^{}\n]{0,200}\})?\n(?:=+|-+))[ \t]*$",
    re.MULTILINE,
)
_NUMBER = re.compile(r"(?<![\w@])[+−-]?\d[\d.,\u00a0\u2009\u202f]*(?:\s?%)?")
_DAY = re.compile(
    r"\b\d{1,2}\s(?=(?:January|February|March|April|May|June|July|August|September|October|November|December)\b)"
)
_YEAR = re.compile(r"(?<![\w.,])(?:1[5-9]|20)\d\d(?:[–-]\d{2,4})?(?![\w%]|[.,]\d|\s?%)")


def secrets(text: str, *, yaml: bool = False) -> Iterator[tuple[int, str]]:
    """Where a text holds what looks like a secret, and what it looks like; the secret itself is never returned."""
    for name, shape in _SHAPES:
        yield from ((found.start(), name) for found in shape.finditer(text))
    for found in _IN_ADDRESS.finditer(text):
        if not _STANDS_FOR.search(found["value"]):
            yield found.start(), "a password in an address"
    for found in _IN_QUERY.finditer(text):
        value = found["long"] or found["value"]
        if len(value) >= _LEAST and not _STANDS_FOR.search(value):
            yield found.start(), "a key in an address"
    for found in _IN_HEADER.finditer(text):
        if len(found["value"]) >= _LEAST and not _STANDS_FOR.search(found["value"]):
            yield found.start(), "a token of a request"
    for found in (*_ASSIGNED.finditer(text), *(_SET.finditer(text) if yaml else ())):
        value = found["value"]
        if len(value) >= _LEAST and " " not in value and not _STANDS_FOR.search(value):
            yield found.start(), "a password or key"


def machine_paths(text: str) -> Iterator[tuple[int, str]]:
    """Where a text names a file by its place on one machine, and the name."""
    yield from ((found.start(), found[0]) for found in _PATHS.finditer(text))


def conflicts(text: str) -> Iterator[int]:
    """Where a merge has left its marks. A line of ``=======`` alone is none: Markdown underlines headings so."""
    yield from (found.start() for found in _CONFLICTS.finditer(text))


def hidden_signs(text: str, *, code: bool) -> Iterator[tuple[int, str]]:
    """Where a text holds signs that nobody sees, and their names.

    In prose these are control characters, those that turn the order of reading, and spaces without width; signs that
    scripts and emoji need are let be. In code no sign of Unicode's category Cf is.
    """
    for place, sign in enumerate(text):
        if " " <= sign <= "~" or sign in "\t\n\r":
            continue
        kind = unicodedata.category(sign)
        if kind == "Cc" or sign in _TURNING or sign in _UNSEEN or (code and kind == "Cf"):
            yield place, f"U+{ord(sign):04X} {unicodedata.name(sign, 'control character').lower()}"


def prose(markdown: str) -> str:
    """Markdown without comments and code: what is left is read as prose. Places in the text stay what they were."""
    for pattern in (_COMMENT, _FENCED, _SPANNED):
        markdown = pattern.sub(_blanked, markdown)
    return markdown


def headings(markdown: str) -> Iterator[str]:
    """The words of a text's headings, as a page shows them but for its quotation marks and dashes, which it drops."""
    for pattern in (_COMMENT, _FENCED):
        markdown = pattern.sub(_blanked, markdown)
    for found in _HEADING.finditer(markdown):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", found["marked"] or found["underlined"])
        yield re.sub(r"[*`^~']|--+|(?<!\w)_|_(?!\w)", "", words)


def answers(markdown: str) -> Iterator[tuple[int, str]]:
    """What `legation check` is told in a Markdown text, ``<!-- check: … -->``, and where. In code it is an example."""
    yield from ((found.start(), markdown[found.start("said") : found.end("said")]) for found in _answers(markdown))


def without_answers(markdown: str) -> str:
    """The text as pages show it."""
    for found in reversed(list(_answers(markdown))):
        markdown = markdown[: found.start()] + markdown[found.end() :]
    return markdown


def _answers(markdown: str) -> Iterator[re.Match[str]]:
    for pattern in (_FENCED, _SPANNED):
        markdown = pattern.sub(_blanked, markdown)
    return _ANSWER.finditer(markdown)


def numbers(text: str, *, years: bool = False) -> Iterator[tuple[int, str]]:
    """Where prose holds a number that somebody typed, and the number.

    Numbers of lists and footnotes, in addresses and in names such as G7 are none.

    Parameters
    ----------
    text
        What :func:`prose` returned.
    years
        Whether years and days of a month may be typed.
    """
    for pattern in (_LINK, _DEFINED, _TAG):
        text = pattern.sub(_without_target, text)
    for pattern in (_ADDRESS, _LISTED, _NOTED, _ENTITY, _CITED, *((_DAY, _YEAR) if years else ())):
        text = pattern.sub(_blanked, text)
    yield from ((found.start(), found[0].rstrip(".,\u00a0\u2009\u202f")) for found in _NUMBER.finditer(text))


def links(text: str) -> Iterator[tuple[int, Link]]:
    """The links and pictures of a text that :func:`prose` returned, and where they stand."""
    for found in _LINK.finditer(text):
        yield found.start(), Link(found["target"], found["sign"] == "!")
        inside = found["words"]
        yield from ((found.start(), link) for _, link in (links(inside) if "](" in inside else ()))
    yield from ((found.start(), Link(found["target"], False)) for found in _DEFINED.finditer(text))
    yield from ((found.start(), Link(found["target"], found["tag"].lower() == "img")) for found in _TAG.finditer(text))


def citations(text: str) -> Iterator[tuple[int, str]]:
    """The keys that a text cites, as in ``[@voeten2013]``, and where."""
    for pattern in (_LINK, _DEFINED, _TAG):
        text = pattern.sub(_without_target, text)
    text = _ADDRESS.sub(_blanked, text)
    yield from ((found.start(), found["braced"] or found["plain"]) for found in _CITED.finditer(text))


def entries(bibliography: Path) -> frozenset[str]:
    """The keys of a BibTeX file."""
    return frozenset(_ENTRY.findall(bibliography.read_text(encoding="utf-8", errors="replace")))


def shown(text: str) -> str:
    """The text on one line, for a terminal: signs that it would obey are U+FFFD, and every space is a plain one."""
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else "\ufffd" for sign in text)


def line_at(text: str, place: int) -> int:
    """The line, from 1, of a place in a text."""
    return text.count("\n", 0, place) + 1


def _blanked(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _without_target(found: re.Match[str]) -> str:
    start, end = (place - found.start() for place in found.span("target"))
    return found[0][:start] + " " * (end - start) + found[0][end:]
