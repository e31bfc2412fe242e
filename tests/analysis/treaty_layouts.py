"""One treaty in many layouts: the same articles as print, scanners and web pages would give them, with the gold kept.

A treaty is a list of ``Piece`` in text order. Each of the ``LAYOUTS`` writes them as a text and returns it
with the place of every article, so that what a segmenter finds can be held against what was written.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree


@dataclass(frozen=True)
class Piece:
    """A preamble, a chapter heading, an article or a conclusion, before it is laid out."""

    kind: str
    """'text' (preamble, conclusion), 'division' or 'article'."""
    label: str = ""
    """As printed in the source: 'ARTICLE 5', 'CHAPTER II'."""
    number: str | None = None
    """The article's number in its plain form ('5', '9.9', '9bis')."""
    name: str = ""
    text: str = ""


@dataclass(frozen=True)
class Gold:
    """An article as it stands in a laid-out text."""

    number: str | None
    start: int
    label_end: int
    end: int
    name: str


@dataclass(frozen=True)
class Scored:
    """How the found articles compare with the written ones."""

    f1: float
    """An article is found if one starts inside its printed label, under the same number."""
    strict: float
    """... if it starts at the very character, under the same number, and ends at the very character."""
    missed: tuple[Gold, ...]
    false: tuple[tuple[str | None, int], ...]


# --- reading the corpus ---------------------------------------------------------------------------------------------

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "treaties"
_PARSER = etree.XMLParser(recover=True, huge_tree=True, no_network=True, resolve_entities=False)
_WORD_ARTICLE = r"^ART[IÍ]C(?:LES?|ULOS?)\W*"
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_UNITS = ["ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE", "TEN", "ELEVEN", "TWELVE", "THIRTEEN"]
_UNITS += ["FOURTEEN", "FIFTEEN", "SIXTEEN", "SEVENTEEN", "EIGHTEEN", "NINETEEN"]
_TENS = ["TWENTY", "THIRTY", "FORTY", "FIFTY", "SIXTY", "SEVENTY", "EIGHTY", "NINETY"]
_WORDS = {word: value for value, word in enumerate(_UNITS, 1)}
_WORDS |= {ten: 20 + 10 * i for i, ten in enumerate(_TENS)}
_WORDS |= {f"{ten}-{unit}": _WORDS[ten] + _WORDS[unit] for ten in _TENS for unit in _UNITS[:9]}


_ROMAN_STEPS = {"M": 1000, "CM": 900, "D": 500, "CD": 400, "C": 100, "XC": 90, "L": 50, "XL": 40, "X": 10}
_ROMAN_STEPS |= {"IX": 9, "V": 5, "IV": 4, "I": 1}


def half(name: str) -> str:
    """'dev' or 'held-out', by the hash of the file's name."""
    return "dev" if hashlib.sha256(name.encode()).digest()[0] % 2 == 0 else "held-out"


def english(root: etree._Element) -> bool:
    """Whether the text is English: as the file says, and as its commonest words say."""
    text = " ".join(root.find("body").itertext()).lower()
    words = max(1, len(text.split()))
    return root.findtext("meta/language") == "en" and len(re.findall(r"\b(?:the|of|and|shall)\b", text)) / words > 0.1


def corpus(folder: Path = CORPUS / "tota") -> Iterator[tuple[str, bool, list[Piece]]]:
    """Name, whether English, and pieces of every treaty of the corpus."""
    for path in sorted(folder.glob("*.xml")):
        root = etree.parse(path, _PARSER).getroot()
        yield path.stem, english(root), pieces(root)


def pieces(root: etree._Element) -> list[Piece]:
    """The pieces of one treaty of the corpus."""
    labels = [article.get("number") for article in root.iter("article")]
    prefixes = {m[1] for label in labels if label and (m := re.search(r"\b([A-Z])-\d", label))}
    lettered = bool(prefixes - set(_ROMAN))
    found = []
    for chapter in root.find("body"):
        number, name = chapter.get("number"), chapter.get("name") or ""
        if number or (name and name not in ("Preamble", "Conclusion")):
            found.append(Piece("division", number or "", name=name))
        for article in chapter:
            label, text = article.get("number"), "".join(article.itertext()).strip()
            name = " ".join((article.get("name") or "").split())
            if label is None:
                found.append(Piece("text", name=name, text=text))
            else:
                found.append(Piece("article", " ".join(label.split()), plain_number(label, lettered), name, text))
    return found


def plain_number(label: str, lettered: bool = False) -> str | None:
    """The number in a label of the corpus; dots for any separator, no leading zeros, arabic for Roman and words."""
    rest = re.sub(_WORD_ARTICLE, "", " ".join(label.upper().split()))
    suffix = ""
    if m := re.search(r"\s*(BIS|TER|QUATER)$", rest):
        rest, suffix = rest[: m.start()], m[1].lower()
    if rest in _WORDS:
        return str(_WORDS[rest]) + suffix
    parts = []
    for part in filter(None, re.split(r"[\s.-]+", rest)):
        if part.isdigit():
            parts.append(str(int(part)))
        elif set(part) <= set(_ROMAN) and not (lettered and len(part) == 1):
            parts.append(str(roman_value(part)))
        else:
            parts.append(part)
    return ".".join(parts) + suffix if parts else None


def roman_value(numeral: str) -> int:
    """The value of a Roman numeral."""
    values = [_ROMAN[letter] for letter in numeral]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))


def roman(value: int) -> str:
    """A Roman numeral."""
    out = ""
    for letters, worth in _ROMAN_STEPS.items():
        while value >= worth:
            out, value = out + letters, value - worth
    return out


# --- laying out -----------------------------------------------------------------------------------------------------


class _Page:
    """Text being written, with the articles written so far."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.length = 0
        self.gold: list[Gold] = []

    def put(self, text: str) -> None:
        self.written.append(text)
        self.length += len(text)

    def article(self, piece: Piece, label: str, rest: str) -> None:
        """Write an article; its end is that of the last character which is not space."""
        start = self.length
        self.put(label + rest)
        end = start + len((label + rest).rstrip())
        self.gold.append(Gold(piece.number, start, start + len(label), end, piece.name))

    def text(self) -> str:
        return "".join(self.written)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _mixed(label: str) -> str:
    """'ARTICLE 5' as 'Article 5'; numbers, numerals and letters stay as they are."""
    return re.sub(r"\b(?:ART[IÍ]C(?:LES?|ULO)|CHAPTER|TITLE|SECTION|PART)\b", lambda m: m[0].capitalize(), label)


def _division(piece: Piece) -> str:
    return "\n".join(filter(None, (piece.label, piece.name)))


def own_line(treaty: Sequence[Piece]) -> tuple[str, list[Gold]]:
    """Label on its own line, name on the next, then the text as in the source."""
    page = _Page()
    for piece in treaty:
        if piece.kind == "article":
            page.article(
                piece, piece.label, f"\n{piece.name}\n\n{piece.text}\n\n" if piece.name else f"\n\n{piece.text}\n\n"
            )
        else:
            page.put((_division(piece) if piece.kind == "division" else f"{piece.name}\n{piece.text}".strip()) + "\n\n")
    return page.text(), page.gold


def titled(treaty: Sequence[Piece]) -> tuple[str, list[Gold]]:
    """'Article 5: Name' on one line, in mixed case."""
    page = _Page()
    for piece in treaty:
        if piece.kind == "article":
            page.article(piece, _mixed(piece.label), (f": {piece.name}" if piece.name else "") + f"\n{piece.text}\n\n")
        else:
            page.put((_mixed(_division(piece)) if piece.kind == "division" else piece.text) + "\n\n")
    return page.text(), page.gold


def run_in(treaty: Sequence[Piece]) -> tuple[str, list[Gold]]:
    """'ARTICLE 5 Name Text …': an article a line."""
    return _lines(treaty, "\n", lambda label: label)


def run_in_dotted(treaty: Sequence[Piece]) -> tuple[str, list[Gold]]:
    """'Article 5. Name. Text …' in mixed case: an article a line."""
    return _lines(treaty, "\n", lambda label: _mixed(label) + ".", after=".")


def one_line(treaty: Sequence[Piece]) -> tuple[str, list[Gold]]:
    """The whole text on one line, labels in capitals."""
    return _lines(treaty, " ", lambda label: label)


def one_line_mixed(treaty: Sequence[Piece]) -> tuple[str, list[Gold]]:
    """The whole text on one line, labels written as references are: 'Article 5'."""
    return _lines(treaty, " ", _mixed)


def _lines(
    treaty: Sequence[Piece], between: str, label: Callable[[str], str], after: str = ""
) -> tuple[str, list[Gold]]:
    page = _Page()
    for piece in treaty:
        if piece.kind == "article":
            name = f" {piece.name}{after}" if piece.name else ""
            page.article(piece, label(piece.label), f"{name} {_flat(piece.text)}".rstrip() + between)
        else:
            page.put(_flat(f"{piece.label} {piece.name} {piece.text}") + between)
    return page.text(), page.gold


def abbreviated(treaty: Sequence[Piece]) -> tuple[str, list[Gold]]:
    """'Art. 5' on its own line."""
    page = _Page()
    for piece in treaty:
        if piece.kind == "article":
            label = re.sub(_WORD_ARTICLE, "Art. ", piece.label)
            page.article(piece, label, (f"\n{piece.name}" if piece.name else "") + f"\n{piece.text}\n\n")
        else:
            page.put((_division(piece) if piece.kind == "division" else piece.text) + "\n\n")
    return page.text(), page.gold


def upper_roman(treaty: Sequence[Piece]) -> tuple[str, list[Gold]]:
    """'ARTICLE XIV. - NAME' in capitals, with a Roman numeral for the first figure; 'G-01' and 'I.1' stay."""
    page = _Page()
    for piece in treaty:
        if piece.kind == "article":
            label = re.sub(r"^(\D* )(\d+)", lambda m: m[1] + roman(int(m[2])), piece.label)
            page.article(
                piece, label, f". - {piece.name.upper()}\n{piece.text}\n\n" if piece.name else f".\n{piece.text}\n\n"
            )
        else:
            page.put((_division(piece).upper() if piece.kind == "division" else piece.text) + "\n\n")
    return page.text(), page.gold


def with_contents(treaty: Sequence[Piece]) -> tuple[str, list[Gold]]:
    """A table of contents with page numbers in front of ``titled``."""
    page, place = _Page(), 3
    page.put("TABLE OF CONTENTS\n\n")
    for piece in treaty:
        place += len(piece.text) // 3000
        if piece.kind == "division":
            page.put(f"{_mixed(piece.label)} {piece.name}\n".lstrip())
        elif piece.kind == "article":
            page.put(f"  {_mixed(piece.label)} {piece.name} ".ljust(68, ".") + f" {place}\n")
    page.put("\n\n")
    body, gold = titled(treaty)
    shift = page.length
    page.put(body)
    return page.text(), [Gold(g.number, g.start + shift, g.label_end + shift, g.end + shift, g.name) for g in gold]


def pages(treaty: Sequence[Piece]) -> tuple[str, list[Gold]]:
    """Hard-wrapped at 76 columns, with page breaks, running heads and page numbers."""
    return _paged(treaty, _mixed)


def pages_scanned(treaty: Sequence[Piece]) -> tuple[str, list[Gold]]:
    """As ``pages``, with every seventh label split the way a scanner splits it."""
    count = iter(range(10**9))

    def split(label: str) -> str:
        turn = next(count)
        if turn % 7 != 3:
            return label
        return label.replace("ARTICLE", ("ART ICLE", "A R T I C L E", "ARTI CLE", "ARTIC LE")[turn // 7 % 4], 1)

    return _paged(treaty, split)


def _paged(treaty: Sequence[Piece], label: Callable[[str], str]) -> tuple[str, list[Gold]]:
    lines: list[tuple[str, Gold | None]] = []
    ends: list[int] = []  # for each article, the index of its last line
    chapter = ""
    heads: dict[int, str] = {}
    for piece in treaty:
        if piece.kind == "division":
            chapter = _flat(_division(piece))
            block = [line.center(76).rstrip() for line in _division(piece).splitlines()]
        else:
            block = [
                line for part in re.split(r"\n\s*\n", piece.text) for line in [*textwrap.wrap(_flat(part), 76), ""]
            ]
        heads[len(lines)] = chapter
        if piece.kind == "article":
            printed = label(piece.label)
            lines.append((printed.center(76).rstrip(), Gold(piece.number, 0, len(printed), 0, piece.name)))
            lines += [(line.center(76).rstrip(), None) for line in textwrap.wrap(piece.name, 60)] + [("", None)]
        lines += [(line, None) for line in block]
        while lines and not lines[-1][0]:
            lines.pop()
        if piece.kind == "article":
            ends.append(len(lines) - 1)
        lines += [("", None)]
    page, number, head = _Page(), 1, ""
    last = {line: i for i, line in enumerate(ends)}
    finished: dict[int, int] = {}
    for i, (line, gold) in enumerate(lines):
        head = heads.get(i, head)
        if i and i % 50 == 0:
            number += 1
            running = f"{number}          Agreement between the Parties" if number % 2 else f"{head[:60]:<66}{number}"
            page.put(f"\n{str(number - 1).center(76).rstrip()}\n\f{running}\n\n")
        if gold:
            start = page.length + len(line) - len(line.lstrip())
            page.gold.append(Gold(gold.number, start, start + gold.label_end, 0, gold.name))
        page.put(line)
        if i in last:
            finished[last[i]] = page.length
        page.put("\n")
    return page.text(), [Gold(g.number, g.start, g.label_end, finished[i], g.name) for i, g in enumerate(page.gold)]


def bare(treaty: Sequence[Piece]) -> tuple[str, list[Gold]] | None:
    """'9.9 Name' without the word article; only for a treaty whose numbers are all dotted."""
    if not all(piece.number and re.fullmatch(r"\d+\.\d+", piece.number) for piece in treaty if piece.kind == "article"):
        return None
    page = _Page()
    for piece in treaty:
        if piece.kind == "article":
            page.article(piece, re.sub(_WORD_ARTICLE, "", piece.label), f" {piece.name}\n{piece.text}\n\n")
        else:
            page.put((_division(piece) if piece.kind == "division" else piece.text) + "\n\n")
    return page.text(), page.gold


LAYOUTS: dict[str, Callable[[Sequence[Piece]], tuple[str, list[Gold]] | None]] = {
    "own line": own_line,
    "titled": titled,
    "run in": run_in,
    "run in, dotted": run_in_dotted,
    "one line": one_line,
    "one line, mixed case": one_line_mixed,
    "pages": pages,
    "pages, scanned": pages_scanned,
    "abbreviated": abbreviated,
    "upper case, Roman": upper_roman,
    "contents in front": with_contents,
    "bare numbers": bare,
}


def annexed(treaty: Sequence[Piece], annex: Sequence[Piece]) -> tuple[str, list[Gold]]:
    """One treaty with the articles of another as its annex, numbered from 1 again."""
    first, gold = own_line(treaty)
    head = first + "ANNEX I\n\n"
    second, more = own_line(annex)
    shift = len(head)
    return head + second, gold + [
        Gold(g.number, g.start + shift, g.label_end + shift, g.end + shift, g.name) for g in more
    ]


# --- scoring --------------------------------------------------------------------------------------------------------


def score(gold: Sequence[Gold], found: Sequence[tuple[str | None, int, int]]) -> Scored:
    """F1 of the found articles (number, start, end), each written article matched at most once."""
    left = list(found)
    hit = exact = 0
    missed = []
    for g in gold:
        match = next((f for f in left if f[0] == g.number and g.number and g.start <= f[1] < g.label_end), None)
        if match is None:
            missed.append(g)
            continue
        left.remove(match)
        hit += 1
        exact += match[1] == g.start and match[2] == g.end
    total = len(gold) + len(found)
    f1, strict = (2 * hit / total, 2 * exact / total) if total else (1.0, 1.0)
    return Scored(f1, strict, tuple(missed), tuple((number, start) for number, start, _ in left))
