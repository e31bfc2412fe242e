"""From the plain text of a treaty to its parts: title, preamble, divisions, articles, paragraphs, annexes, signatures.

Nothing is assumed about the layout. Every place where the word article stands before a number is a candidate; what
stands before and after it says how much it looks like a heading and how much like a reference; and of all candidates
the best chain is kept, where 5 follows 4, 4bis follows 4 and 10.1 follows 9.12 at no cost, a gap or a restart costs
something and a jump costs much (dynamic programming; Bellman, "The Theory of Dynamic Programming", 1954). The numbering
thus decides what one place alone cannot: 'Article 5' at the beginning of a sentence is a heading between 4 and 6 and a
reference elsewhere. What the chain lacks is reported as a problem, never filled in.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from legation.errors import InputError

# Over ten times the longest of the 223 trade agreements the segmenter was measured on (976,000 characters).
MAX_CHARACTERS = 12_000_000
# Places that name an article, or a chapter or an annex: over ten times as many as in any of those agreements (5,069).
MAX_CANDIDATES = 60_000

Kind = Literal["title", "contents", "preamble", "division", "article", "paragraph", "annex", "signatures"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a text. All parts but paragraphs tile the text; paragraphs lie inside articles and annexes."""

    kind: Kind
    label: str
    """As printed ('ARTICLE IV', 'Art. 4', '9.9', '1.'); empty for title, contents, preamble and signatures."""
    number: str | None
    """The number in its plain form: '4', '9.9', '9bis', '4A', 'G.1'. Dots stand for any separator."""
    heading: str | None
    """The name of an article, a division or an annex, where the layout tells it from the text."""
    start: int
    """Place of the first character in the text that was read."""
    end: int
    """Place after the last character; for a division, an annex with articles: of its own heading and opening words."""
    parent: int | None = None
    """Index of the part it belongs to: the division or annex of an article, the article of a paragraph."""
    within: str | None = None
    """The annex or the later instrument ('instrument 2') whose own numbering it follows; None in the treaty itself."""


@dataclass(frozen=True, slots=True)
class Segmented:
    """What was found in a text, and what an analyst should know before relying on it."""

    parts: tuple[Part, ...]
    problems: tuple[str, ...]

    @property
    def articles(self) -> tuple[Part, ...]:
        """The articles, in text order."""
        return tuple(part for part in self.parts if part.kind == "article")


def segment(text: str, *, expected_articles: int | None = None) -> Segmented:
    """The parts of a treaty's text, in order, and every doubt about them as a sentence.

    Parameters
    ----------
    text
        The text as it was read: any layout, also on a single line. Offsets of the parts count its characters.
    expected_articles
        The number of articles the treaty itself has (without annexes), if known; another count is a problem.

    Raises
    ------
    InputError
        If the text is binary, longer than ``MAX_CHARACTERS``, or names articles more than ``MAX_CANDIDATES`` times.
    """
    _refuse(text)
    if not text.strip():
        return Segmented((), ("The text is empty: no part was found.",))
    problems = _reading_problems(text)
    chain = _articles(text)
    if not chain.links:
        parts, more = _without_articles(text)
    else:
        parts, more = _assemble(text, chain)
    problems += more
    found = sum(part.kind == "article" and part.within is None for part in parts)
    if expected_articles is not None and found != expected_articles:
        problems.append(
            f"{expected_articles} articles were expected and {found} found: check the text, and whether it is this "
            "treaty."
        )
    return Segmented(tuple(parts), tuple(problems))


# --- refusing and warning -------------------------------------------------------------------------------------------

_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x7f]")
_MOJIBAKE = re.compile("\ufffd|Ã[\x80-\xbf©¨¢®´¡³±§¼¶¤º]|â€[™œ\x9d“”˜¦]|Ð[\x80-\xbf°-¿]|Â[\xa0§«»°]")

_COMMON_WORDS = {
    "English": "the of and shall to in by this any which be with",
    "French": "le la les des et du dans une est aux par présent",
    "Spanish": "el los las del y en una por presente para con se",
    "German": "der die das und des den ist zu mit werden eine vom",
    "Portuguese": "o os as do da dos das e em ao uma não",
    "Italian": "il gli della di del che dei nel è alla delle le",
    "Russian": "и в на с не по для или договаривающиеся сторон стороны настоящего",
    "Vietnamese": "và của các này bên ký được trong nước hai không theo",
}
_LANGUAGES_OF = defaultdict(list)
for _language, _words in _COMMON_WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF[_word].append(_language)
_SAMPLE = 160
_SCRIPTS = {
    "Korean": re.compile(r"[\uac00-\ud7a3]"),
    "Chinese or Japanese": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]"),
    "Arabic or Persian": re.compile(r"[\u0600-\u06ff]"),
}


def _refuse(text: str) -> None:
    if (place := text.find("\0")) >= 0:
        raise InputError(
            f"The text holds a NUL character at character {place}: it is a binary file (or UTF-16 read as something "
            "else). Give plain text in UTF-8."
        )
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"The text has {len(text):,} characters; no treaty has more than {MAX_CHARACTERS:,}. Give one treaty "
            "at a time."
        )
    if len(_CONTROL.findall(text, 0, 20_000)) > max(20, min(len(text), 20_000) // 50):
        raise InputError("The text is full of control characters: it is a binary file. Give plain text in UTF-8.")


def _reading_problems(text: str) -> list[str]:
    problems = []
    damaged = _MOJIBAKE.findall(text)
    if len(damaged) > 3 + len(text) // 20_000:
        place = _MOJIBAKE.search(text)
        problems.append(
            f"{len(damaged)} characters look wrongly decoded, the first at character {place.start() if place else 0}: "
            "read the file again in its own encoding."
        )
    languages = _languages(text)
    total = sum(languages.values())
    often = [name for name, count in languages.most_common() if count >= 3 and count >= 0.15 * total]
    if len(often) > 1:
        problems.append(
            f"The text is in more than one language ({', '.join(often)}): articles may be found twice or mixed. "
            "Give one language at a time."
        )
    return problems


def _languages(text: str) -> Counter[str]:
    """The languages of up to 200 samples spread over the text; a sample without a clear language does not count."""
    votes: Counter[str] = Counter()
    step = max(_SAMPLE, len(text) // 200)
    for place in range(0, len(text), step):
        sample = text[place : place + _SAMPLE]
        for script, pattern in _SCRIPTS.items():
            if len(pattern.findall(sample)) > _SAMPLE // 6:
                votes[script] += 1
                break
        else:
            words = Counter(name for word in sample.lower().split() for name in _LANGUAGES_OF.get(word, ()))
            ranked = words.most_common(2)
            if ranked and ranked[0][1] >= 4 and (len(ranked) == 1 or ranked[0][1] >= 2 * ranked[1][1]):
                votes[ranked[0][0]] += 1
    return votes


# --- candidates: where a heading might stand ------------------------------------------------------------------------


def _listed(words: str) -> list[str]:
    return words.split()


_SPLIT = r"(?:[ \u00ad]|-\n)?"  # what a scanner puts inside a word
_SPACED = _SPLIT.join(["[Aa]", "[Rr]", "[Tt](?:", "[IiÍíl1]", "[Cc]", "[LlI1]", "[Ee](?:", "[Ss](?![A-Za-z]))?"])
_ARTICLE = re.compile(
    rf"{_SPACED}|[IiÍí][Cc][UuOo][Ll][OoIi][Ss]?|[Ii][Kk][Ee][Ll]|[Ii][Gg][Oo][Ss]?|[Yy][Kk][Uu][Łł]|[Ss]?\b\.?)"
    r"|[Сс](?:[Тт][Аа][Тт][ЬьЕе][ЯяИиЕе])\w{0,2}|ĐIỀU|Điều|điều"
)
_PLURAL = re.compile(r"(?:[Ss]|и|ях)$")

_UNITS = _listed(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = _listed("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = _listed(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
)
_WORDS: dict[str, int] = {word: value for words in (_UNITS, _ORDINALS) for value, word in enumerate(words, 1)}
for _place, _ten in enumerate(_TENS, 2):
    _WORDS[_ten] = 10 * _place
    _WORDS[_ten[:-1] + "ieth"] = 10 * _place
    for _value in range(1, 10):
        _WORDS[f"{_ten} {_UNITS[_value - 1]}"] = _WORDS[f"{_ten} {_ORDINALS[_value - 1]}"] = 10 * _place + _value
for _foreign in (
    "premier deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième",
    "première seconde",
    "primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo",
    "primeiro segundo terceiro quarto",
    "primo secondo terzo",
):
    for _value, _word in enumerate(_foreign.split(), 1):
        _WORDS.setdefault(_word, _value)
_WORDS |= {"1er": 1, "1º": 1, "1°": 1, "unique": 1, "único": 1, "unico": 1, "sole": 1}
_SUFFIXES = _listed("bis ter quater quinquies sexies septies octies novies nonies decies")

_SPACE = r"[^\S\n]"
_BETWEEN = re.compile(  # between the word and its number: at most one line end
    rf"[*_]{{0,3}}{_SPACE}{{0,6}}(?:\n{_SPACE}{{0,80}})?(?:(?:[:.№–—-]|[Nn][o°º]\.?){_SPACE}{{0,3}})?[*_]{{0,3}}"
)


def _either_case(word: str) -> str:
    """'One', 'one', 'ONE' or 'oNE': never a mixture further on."""
    return f"[{word[0].upper()}{word[0]}](?:{word[1:]}|{word[1:].upper()})"


_TENS_FORM = "|".join(map(_either_case, _TENS))
_UNITS_FORM = "|".join(map(_either_case, _UNITS[:9] + _ORDINALS[:9]))
_SINGLE_FORM = "|".join(
    _either_case(word) for word in sorted(_WORDS, key=len, reverse=True) if " " not in word and word not in _TENS
)
_SUFFIX_FORM = "|".join(form for word in _SUFFIXES for form in (word, word.upper(), word.capitalize()))
_NUMBER = re.compile(
    rf"(?P<words>(?:{_TENS_FORM})(?:[- ](?:{_UNITS_FORM}))?|{_SINGLE_FORM})(?![\w-])"
    r"|(?P<first>\d{1,4}"
    r"|[IVXLCDM]{1,15}(?![A-Za-z])|[IVXl1]{1,7}(?![A-Za-z])|[ivxlc]{1,7}(?![A-Za-z])"  # 'III', 'IlI' and 'll', 'iii'
    r"|[A-Z](?![\w’']))"
    r"(?P<rest>(?:[.–-]\d{1,4}){0,3})"
    r"(?:(?P<letter>[A-Za-z])(?!\w)|-(?P<dashed>[A-Z])(?!\w)"
    rf"|[ -]?\(?(?P<suffix>{_SUFFIX_FORM})\b\)?)?(?!\w)"
)

# What follows a heading's number, and what follows a reference's.
_TAIL = re.compile(
    rf"(?P<alone>[*_]{{0,3}}{_SPACE}{{0,20}}[.:)\]–—-]{{0,3}}{_SPACE}{{0,200}}[*_]{{0,3}}(?:[\n\r\f\v\u2028]|\Z))"
    r"|(?P<ref>\s?[,;)\]]|\s?\((?:\d{1,2}|[a-z]{1,4})\)|['’]s|[./]\d|/|\s{1,3}(?:to|of|and|or|shall|above|below|hereof|"
    r"thereof|is|are|was|were|does|do|may|must|will|would|should|has|have|had|with|in|on|for|paragraphs?|"
    r"sub-?paragraphs?|para|as|which|that|the|by|from|et|ou|y|o|de|du|des|del|und|der|e|do|da|ante|precedent|supra|applies|apply|thru|"
    r"through)\b|\s?(?:paragraph|Paragraph|\.{0,1}\s?para\b))"
    rf"|(?P<sep>{_SPACE}{{0,3}}[*_]{{0,3}}{_SPACE}{{0,3}}[.:–—-]{{1,3}}{_SPACE}{{0,5}}[*_]{{0,3}}(?=[^\sa-zа-я]))"
    r"|(?P<para>\s{1,5}\(?\d{1,2}[.)])"
    r"|(?P<cap>\s{1,20}[*_]{0,3}[“\"'«(\[]?(?=[^\W\d_])[^a-zа-я])"
    r"|(?P<lower>\s{0,3}[.:]?\s{1,20}[a-zа-я])"
)
_LEADERS = frozenset(
    _listed(
        "under in of to with by and or see per from than for that this said the both into on at as paragraph "
        "paragraphs para subparagraph article articles chapter section annex sections chapters cf between "
        "through thru against within pursuant per any an a its such each former latter present de du des del "
        "la le les à aux au en par y o et ou el los lo con a al der des dem den nach und im von und gemäß see "
        "also e da do dos nos di e del in с и в по к о из со no nos art arts whereas when where if but nor "
        "except including namely is are i.e e.g"
    )
)
_ABBREVIATIONS = frozenset(["cf.", "viz.", "i.e.", "e.g.", "esp."])
_LINE_ENDS = "\n\r\f\v\u2028\u2029\x85"
_MARKUP = " \t\xa0*_#>|•·\u200b\u200e\ufeff\u00ad"


@dataclass(slots=True)
class _Key:
    """A number that can be reckoned with: what stands before the last figure, the last figure, a rank for bis or A."""

    prefix: tuple[int | str, ...]
    last: int
    suffix: int
    text: str


@dataclass(slots=True)
class _Candidate:
    start: int
    end: int
    readings: tuple[_Key, ...]
    looks: float
    """How much the place looks like a heading."""
    style: tuple[object, ...]
    """How it is set: word, number, place on the line, what follows."""
    score: float = 0.0
    """``looks``, and what the other headings of the text add."""
    after_boundary: bool = False


@dataclass(slots=True)
class _Link:
    """A candidate in the chain, read as one number; ``step`` says how it follows the one before."""

    candidate: _Candidate
    key: _Key
    step: str
    contents: bool = False


@dataclass(slots=True)
class _Chain:
    links: list[_Link]
    strays: list[_Candidate]
    boundaries: list[_Boundary]


@dataclass(slots=True)
class _Boundary:
    """A place that looks like the heading of a division or an annex."""

    start: int
    end: int
    kind: str
    label: str
    number: str | None
    strong: bool


def _candidates(text: str) -> list[_Candidate]:
    """Every place that names an article and is not plainly a reference, in text order."""
    found = []
    count = 0
    shouting = _mostly_capitals(text)
    for match in _ARTICLE.finditer(text):
        start, end = match.span()
        word = match[0]
        upper = word[-1].isupper() or (word[-1] == "." and word[-2:-1].isupper())
        if start and text[start - 1].isalnum() and not (upper and text[start - 1].islower()):
            continue
        if end < len(text) and text[end].isalpha():
            continue
        between = _BETWEEN.match(text, end)
        number = _NUMBER.match(text, between.end() if between else end)
        if number is None:
            continue
        count += 1
        if count > MAX_CANDIDATES:
            raise InputError(
                f"The text names an article more than {MAX_CANDIDATES:,} times (up to character {start:,}): "
                "no treaty does. Give the text of one treaty."
            )
        score, style = _looks(text, start, number.end())
        if not shouting and upper and len(word) > 3:
            score += 2.5
        elif word[0].islower():
            score -= 3.0
        if _PLURAL.search(word) and len(word) > 4:
            score -= 4.0
        if score < _HOPELESS:
            continue
        readings = _readings(number)
        if readings:
            form = number.lastgroup if number["words"] else _form(number["first"], number["rest"])
            found.append(_Candidate(start, number.end(), readings, score, (upper, len(word) < 5, form, *style), score))
    return found


def _mostly_capitals(text: str) -> bool:
    sample = text[:: max(1, len(text) // 5000)]
    upper = sum(letter.isupper() for letter in sample)
    return upper > sum(letter.islower() for letter in sample)


def _form(first: str, rest: str) -> str:
    return ("arabic" if first.isdigit() else "roman") + ("dotted" if rest else "")


def _looks(text: str, start: int, end: int) -> tuple[float, tuple[object, ...]]:
    """How much a place looks like a heading (above 0) or a reference (below), by what stands around it; its style."""
    place = start
    floor = max(0, start - 300)
    while place > floor and text[place - 1] in _MARKUP:
        place -= 1
    line_start = place == 0 or text[place - 1] in _LINE_ENDS
    newlines = 0
    while place > floor and (text[place - 1].isspace() or text[place - 1] in _MARKUP):
        newlines += text[place - 1] in _LINE_ENDS
        newlines += 2 * (text[place - 1] == "\f")
        place -= 1
    last = text[place - 1] if place else ""
    before = text[max(0, place - 24) : place]
    words = before.replace("(", " ").replace("“", " ").split()
    word = words[-1] if words else ""

    score = 0.0
    if line_start:
        blank = newlines >= 2
        score += 3.0 if blank else 2.0
        if not last:
            score += 1.0
        elif last in '.;:!?”"’)]»':
            score += 0.5
        elif last in ",–—-" or last in "(“‘«[":
            score -= 1.0 if blank else 4.0
        elif word.lower() in _LEADERS:
            score -= 2.0 if blank else 6.0
        elif word[:1].islower():
            score -= 0.0 if blank else 2.0
    elif not last:
        score += 2.0
    elif last in ".;:!?":
        score += -6.0 if word.lower() in _ABBREVIATIONS else 1.0
    elif last in '”"’)]»':
        score += 0.0
    elif last == ",":
        score -= 4.5
    elif last in "(“‘«[/-–—'":
        score -= 6.0
    elif word.lower() in _LEADERS:
        score -= 8.0
    elif last.isdigit() and word.rstrip("0123456789")[-1:] in (".", ";", "”"):  # the mark of a footnote
        score += 0.5
    elif word[:1].islower():
        score -= 3.5 if text[start + 1].islower() else 2.5
    else:
        score -= 1.5

    tail = _TAIL.match(text, end)
    kind = tail.lastgroup if tail else "other"
    if kind == "alone" and tail:
        follows = text[tail.end() : tail.end() + 200].lstrip()[:1]
        if follows.islower():
            kind = "lower"
        elif not line_start:
            kind = "other"
    score += _TAILS[kind or "other"]
    mark = text[end : end + 2].strip(" \n*_")[:1]
    return score, (line_start, kind, mark if not mark.isalnum() else "")


_HOPELESS = -4.5  # what looks less like a heading is not considered
_TAILS = {"alone": 3.0, "ref": -7.0, "sep": 1.5, "para": 1.0, "cap": 0.5, "lower": -3.0, "other": -1.0}

_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_FORM = re.compile(r"M{0,3}(?:CM|CD|D?C{0,4})(?:XC|XL|L?X{0,4})(?:IX|IV|V?I{0,4})")


def _readings(number: re.Match[str]) -> tuple[_Key, ...]:
    """The numbers a match may stand for: 'C-01' is letter C or Roman 100, 'l' is 1 or L."""
    if number["words"]:
        value = _WORDS.get(re.sub(r"[-\s]+", " ", number["words"].lower()))
        return (_key([value], ""),) if value else ()
    first, rest = number["first"], [int(piece) for piece in re.split(r"[.–-]", number["rest"]) if piece]
    suffix = (number["suffix"] or "").lower() or (number["letter"] or number["dashed"] or "").upper()
    heads: list[int | str] = []
    if first.isdigit():
        heads.append(int(first))
    else:
        value = _roman(first.upper() if "l" not in first else first.replace("l", "I").replace("1", "I").upper())
        if value:
            heads.append(value)
        if len(first) == 1 and first.isupper():
            heads.append(first)
    return tuple(_key([head, *rest], suffix) for head in heads)


def _key(pieces: Sequence[int | str], suffix: str) -> _Key:
    rank = 0
    if suffix:
        rank = _SUFFIXES.index(suffix) + 1 if suffix in _SUFFIXES else ord(suffix) - ord("A") + 1
    text = ".".join(map(str, pieces)) + suffix
    last = pieces[-1]
    if isinstance(last, str):  # a letter alone: A, B, C
        return _Key(("letter", *pieces[:-1]), ord(last) - ord("A") + 1, rank, text)
    return _Key(tuple(pieces[:-1]), last, rank, text)


def _roman(numeral: str) -> int | None:
    if not numeral or not _ROMAN_FORM.fullmatch(numeral):
        return None
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    return sum(-v if any(v < w for w in values[i + 1 :]) else v for i, v in enumerate(values))


# --- the chain: which candidates are headings -----------------------------------------------------------------------

_NEXT = 3.0  # gained by the number that follows
_NEXT_DIVISION = 2.5  # 9.12, then 10.1; 107, then 201
_GAP = 2.0  # lost by a gap, and a little more for every number missing
_RESTART = 5.0  # lost by beginning again with 1
_RESTART_AFTER_BOUNDARY = 0.5  # ... right after the heading of a chapter or an annex
_HEADING = 3.0  # what a heading on its own line scores at least
_JUMP = 8.0  # lost by any other step
_LATE_START = 3.0  # lost by a first article that is not number 1
_LONGEST_GAP = 6


def _articles(text: str) -> _Chain:
    boundaries = _boundaries(text)
    candidates = _candidates(text)
    _mark_boundaries(candidates, boundaries)
    links = _best_chain(candidates)
    if links:
        _favour_the_style(candidates, links)
        links = _best_chain(candidates)
    if len(links) < 3 or median(link.candidate.score for link in links) < _HEADING:
        bare = _bare_candidates(text)
        _mark_boundaries(bare, boundaries)
        others = _best_chain(bare)
        if sum(link.candidate.score > 0.0 for link in others) > max(2, len(links)):
            candidates, links = bare, others
    strays = _strays(candidates, links)
    links, strays = _misnumbered(links, strays)
    return _Chain(links, strays, boundaries)


def _best_chain(candidates: Sequence[_Candidate]) -> list[_Link]:
    """The chain with the highest sum of scores and steps; in time proportional to the number of candidates."""
    nodes: list[tuple[float, int, _Candidate, _Key, str]] = []  # total, node before, candidate, reading, step
    by_number: dict[tuple[tuple[int | str, ...], int], int] = {}
    by_exact: dict[tuple[tuple[int | str, ...], int, int], int] = {}
    by_prefix: dict[tuple[int | str, ...], int] = {}
    by_hundred: dict[int, int] = {}
    best = -1

    for candidate in candidates:
        fresh: list[int] = []
        for order, key in enumerate(candidate.readings):
            prefix, last = key.prefix, key.last
            options: list[tuple[float, int, str]] = [(0.0 if _may_be_first(key) else -_LATE_START, -1, "start")]

            def follow(
                node: int | None, gain: float, step: str, options: list[tuple[float, int, str]] = options
            ) -> None:
                if node is not None and node >= 0:
                    options.append((nodes[node][0] + gain, node, step))

            if key.suffix:
                follow(by_exact.get((prefix, last, key.suffix - 1)), _NEXT - 0.5, "next")
                if key.suffix == 2:  # 4, then 4ter is odd; 4, then 4B as well
                    follow(by_number.get((prefix, last)), -_GAP, "gap")
            else:
                follow(by_number.get((prefix, last - 1)), _NEXT, "next")
            for gap in range(2, _LONGEST_GAP + 1):
                if last > gap:
                    follow(by_number.get((prefix, last - gap)), -_GAP - 0.7 * gap, "gap")
            if prefix and prefix[-1] != "letter" and last <= 2 and not key.suffix:
                head = prefix[-1]
                for skipped in (1, 2, 3):
                    before = _earlier(head, skipped)
                    cost = _NEXT_DIVISION - 2.0 * (skipped - 1) - (2.0 if last == 2 else 0.0)
                    follow(by_prefix.get((*prefix[:-1], before)), cost, "next" if last <= 1 else "gap")
            if not prefix and last > 100 and last % 100 <= 1:
                follow(by_hundred.get(last // 100 - 1), _NEXT_DIVISION, "next")
                follow(by_hundred.get(last // 100 - 2), 0.0, "next")
            if last <= 1 and not key.suffix:
                follow(best, -_RESTART_AFTER_BOUNDARY if candidate.after_boundary else -_RESTART, "restart")
            follow(best, -_JUMP, "jump")
            total, before_node, step = max(options, key=lambda option: option[0])
            nodes.append((total + candidate.score - 0.01 * order, before_node, candidate, key, step))
            fresh.append(len(nodes) - 1)
        for node in fresh:  # only now: two readings of one candidate cannot follow one another
            total, _before, _candidate, key, _step = nodes[node]
            number, exact = (key.prefix, key.last), (key.prefix, key.last, key.suffix)
            if number not in by_number or nodes[by_number[number]][0] < total:
                by_number[number] = node
            if exact not in by_exact or nodes[by_exact[exact]][0] < total:
                by_exact[exact] = node
            if key.prefix and (key.prefix not in by_prefix or nodes[by_prefix[key.prefix]][0] < total):
                by_prefix[key.prefix] = node
            if not key.prefix and key.last > 100:
                hundred = key.last // 100
                if hundred not in by_hundred or nodes[by_hundred[hundred]][0] < total:
                    by_hundred[hundred] = node
            if best < 0 or nodes[best][0] < total:
                best = node
    links: list[_Link] = []
    if best >= 0 and nodes[best][0] > 1.0:
        while best >= 0:
            _total, before_node, candidate, key, step = nodes[best]
            links.append(_Link(candidate, key, step))
            best = before_node
    return links[::-1]


def _may_be_first(key: _Key) -> bool:
    """Whether a numbering begins so: 0 or 1, 1.1, 101."""
    return not key.suffix and (key.last <= 1 or (not key.prefix and key.last % 100 == 1))


def _earlier(head: int | str, by: int) -> int | str:
    return head - by if isinstance(head, int) else chr(ord(head) - by)


def _favour_the_style(candidates: Sequence[_Candidate], links: Sequence[_Link]) -> None:
    """Raise the score of candidates set like the headings found so far, lower that of those set like the rest."""
    chosen = Counter(link.candidate.style for link in links)
    every = Counter(candidate.style for candidate in candidates)
    lift = {
        style: max(-3.0, min(3.0, 0.8 * math.log((chosen[style] + 1) / (count - chosen[style] + 1))))
        for style, count in every.items()
    }
    for candidate in candidates:
        candidate.score = candidate.looks + lift[candidate.style]


def _strays(candidates: Sequence[_Candidate], links: Sequence[_Link]) -> list[_Candidate]:
    """Candidates set exactly like headings that the chain has no place for."""
    if not links:
        return []
    kept = {id(link.candidate) for link in links}
    looks: dict[tuple[object, ...], list[float]] = defaultdict(list)
    for link in links:
        looks[_set_like(link.candidate)].append(link.candidate.looks)
    common = {style: 0.8 * median(values) for style, values in looks.items() if len(values) >= 0.1 * len(links)}
    otherwise = _HEADING if len(links) < 3 else math.inf  # so few do not show how headings are set
    return [
        c for c in candidates if id(c) not in kept and c.looks >= max(_HEADING, common.get(_set_like(c), otherwise))
    ]


def _set_like(candidate: _Candidate) -> tuple[object, ...]:
    """How a candidate is set, whatever the form of its number."""
    capitals, short, _form, *place = candidate.style
    return (capitals, short, *place)


def _misnumbered(links: list[_Link], strays: list[_Candidate]) -> tuple[list[_Link], list[_Candidate]]:
    """A heading under a wrong number that stands in a gap of the chain belongs there; its number stays as printed."""
    whole: list[_Link] = []
    left = list(strays)
    for link in links:
        if link.step == "gap":
            after = whole[-1].candidate.end
            fits = [stray for stray in left if after <= stray.start < link.candidate.start]
            if len(fits) == 1:
                left.remove(fits[0])
                whole.append(_Link(fits[0], fits[0].readings[0], "jump"))
                link.step = "jump"
        whole.append(link)
    return whole, left


_BARE = re.compile(
    r"^[ \t*_#>]{0,80}"
    r"(?P<number>(?P<first>\d{1,3}|[IVXL]{1,7}|[A-Z])(?P<rest>(?:[.-]\d{1,3}){1,2})(?P<words>)(?P<suffix>)"
    r"(?P<letter>[A-Z]?)(?P<dashed>))[.:]?[ \t*_]{1,8}(?=[A-Z0-9“\"\[(])(?P<title>[^\n\r]{1,200})",
    re.MULTILINE,
)


def _bare_candidates(text: str) -> list[_Candidate]:
    """Lines that begin with a dotted number and a title: '9.9 Transparency'."""
    found = []
    for match in _BARE.finditer(text):
        title = match["title"].strip()
        named = len(title) < 100 and title[-1] not in ".;:," and _is_name(title)
        readings = _readings(match)
        style = (False, False, "bare", named)
        looks = 3.0 if named else -2.0
        found.append(_Candidate(match.start("number"), match.end("number"), readings, looks, style, looks))
        if len(found) > MAX_CANDIDATES:
            raise InputError(f"The text has more than {MAX_CANDIDATES:,} numbered lines: no treaty does.")
    return found


# --- divisions and annexes ------------------------------------------------------------------------------------------

_DIVISION_WORDS = (
    "Chapter", "Part", "Title", "Section", "Subsection", "Sub-Section", "Sub-section", "Capítulo", "Capitulo", "Título",
    "Titulo", "Sección", "Seccion", "Chapitre", "Titre", "Partie", "Kapitel", "Глава", "Раздел",
)  # fmt: skip
_ANNEX_WORDS = (
    "Annex", "Annexe", "Annexes", "Annexure", "Appendix", "Appendices", "Schedule", "Protocol", "Attachment", "Anexo",
    "Anlage", "Приложение",
)  # fmt: skip
_ANNEX_PHRASES = (  # only in capitals
    "DECLARATION", "JOINT DECLARATION", "EXCHANGE OF NOTES", "EXCHANGE OF LETTERS", "AGREED MINUTES", "FINAL ACT",
    "MEMORANDUM OF UNDERSTANDING", "ADDITIONAL PROTOCOL", "OPTIONAL PROTOCOL",
)  # fmt: skip
_ANNEXES = {form for word in _ANNEX_WORDS for form in (word, word.upper())} | set(_ANNEX_PHRASES)
_DIVISIONS = {form for word in _DIVISION_WORDS for form in (word, word.upper())}
# Words first, longest first and without anything before them: the engine then only looks where one of them may begin.
_BOUNDARY = re.compile("|".join(sorted(_ANNEXES | _DIVISIONS, key=lambda word: (-len(word), word))))
_COUNTED = "|".join(
    _either_case(word)
    for word in [f"{ten}[ -]{unit}" for ten in _TENS for unit in _UNITS[:9]] + _TENS + _UNITS[::-1] + _ORDINALS[::-1]
)
_BOUNDARY_NUMBER = re.compile(
    rf"{_SPACE}{{0,4}}(?:[:№–—-]{_SPACE}{{0,3}})?"
    rf"(?P<number>\d{{1,3}}(?:[.-]\d{{1,3}})?[A-Za-z]?|[IVXLCDM]{{1,15}}|[A-Z](?:-\d+)?|{_COUNTED})(?!\w)"
)


def _boundaries(text: str) -> list[_Boundary]:
    """Places that may be headings of divisions and annexes; ``strong`` ones stand alone at the head of a line."""
    found: list[_Boundary] = []
    count = 0
    for match in _BOUNDARY.finditer(text):
        start, end = match.span()
        count += 1
        if count > MAX_CANDIDATES:
            raise InputError(
                f"The text names a chapter or an annex more than {MAX_CANDIDATES:,} times (up to character {start:,}): "
                "no treaty does. Give the text of one treaty."
            )
        if start and (text[start - 1].isalnum() or text[start - 1] in '(“"-'):
            continue
        if end < len(text) and text[end].isalnum():
            continue
        kind = "division" if match[0] in _DIVISIONS else "annex"
        number = _BOUNDARY_NUMBER.match(text, end)
        if number:
            end = number.end()
        elif kind == "division":
            continue
        printed = text[start:end]
        score, (line_start, tail, _mark) = _looks(text, start, end)
        upper = printed[1].isupper()
        if kind == "annex" and line_start and number is None:
            line = _line_at(text, start)
            if not upper and line.strip(" *_#.:") != printed:
                continue
            tail = "alone" if tail == "alone" or upper else tail
        if line_start:
            strong = tail == "alone" or (
                tail in ("sep", "cap", "para", "other") and (upper or _short_line(text, start))
            )
            if score < 1.0 or not strong:
                continue
        else:
            if score + (2.5 if upper else 0.0) < 0.5:
                continue
            strong = False
        found.append(_Boundary(start, end, kind, printed, number["number"] if number else None, strong))
    return found


def _line_at(text: str, start: int) -> str:
    end = text.find("\n", start, start + 300)
    return text[start : end if end >= 0 else start + 300]


def _short_line(text: str, start: int) -> bool:
    line = _line_at(text, start).rstrip()
    return len(line) < 120 and not line.endswith((".", ";", ",")) and _is_name(line)


def _mark_boundaries(candidates: Sequence[_Candidate], boundaries: Sequence[_Boundary]) -> None:
    ends = [boundary.end for boundary in boundaries]
    for candidate in candidates:
        place = bisect_right(ends, candidate.start) - 1
        candidate.after_boundary = place >= 0 and candidate.start - ends[place] < 250


# --- parts ----------------------------------------------------------------------------------------------------------

_SIGNATURES = re.compile(
    r"(?:IN|In) (?:WITNESS|witness|FAITH|faith|TESTIMONY|testimony) "
    r"(?:WHEREOF|whereof|OF WHICH|of which|THEREOF|thereof)"
    r"|(?<![\w-])(?:DONE|Done) (?:AT|at|IN|in|this|THIS|on|ON)\b|(?<![\w-])(?:SIGNED|Signed) (?:AT|at|IN|in) "
    r"|EN FE DE LO CUAL|En fe de lo cual|EN FOI DE QUOI|En foi de quoi|ZU URKUND DESSEN|Zu Urkund dessen|EM FÉ DO QUE"
    r"|IN FEDE DI CHE|В УДОСТОВЕРЕНИЕ|Совершено в|(?:HECHO|Hecho) en|(?:FAIT|Fait) à"
)
_OPENING = re.compile(
    r"PREAMBLE|Preamble|PREÁMBULO|Preámbulo|PRÉAMBULE|Préambule|ПРЕАМБУЛА"
    r"|The (?:High )?Contracting"
    r"|The (?:\w+ ){0,3}(?:Government|Part(?:y|ies)|States|Republic|Kingdom|Union|Member|President|Commonwealth"
    r"|European|People|Council|Federation|Principality|Sultanate|State of|United|Signator)"
    r"|His Majesty|Her Majesty|HIS MAJESTY|HER MAJESTY|W[Ee],? [Tt][Hh][Ee] "
    r"|(?:WHEREAS|Whereas|CONSIDERING|Considering|RECOGNI[SZ]ING|Recogni[sz]ing|DESIR(?:ING|OUS)|Desir(?:ing|ous)|"
    r"REAFFIRMING|Reaffirming|RECALLING|Recalling|CONVINCED|Convinced|GUIDED|Guided|MINDFUL|Mindful|HAVING|Having|"
    r"RESOLVED|Resolved|DETERMINED|Determined|CONSCIOUS|Conscious|INSPIRED|Inspired|NOTING|Noting|"
    r"PROCEEDING|Proceeding)\b"
    r"|(?:El|Los|La|Las) (?:Gobiernos?|Partes|Estados|Repúblicas?)|Les? (?:Gouvernements?|Parties|Hautes|États)"
    r"|Российская|Правительств"
)
_CONTENTS = re.compile(r"(?:TABLE OF CONTENTS?|Table of [Cc]ontents?|CONTENTS|Contents|ÍNDICE|INDEX|Index)\b")
_ENTRY = re.compile(rf"{_SPACE}*\S[^\n]{{0,250}}?(?:\.{{3,}}|{_SPACE}|\t){_SPACE}*\d{{1,4}}{_SPACE}*(?:\n|\Z)")
_PARAGRAPH = re.compile(
    r"[(\d](?:(?<=\()(?P<enclosed>\d{1,2})\)"
    r"|(?<=\d)(?P<rest>\d{0,2}(?:\.\d{1,2}){0,2})(?P<mark>[.)]|(?=[ \t]{1,8}[A-Z“])))(?=[\s*_])"
)

_MOST_NAMED = 12  # problems of one kind that are written out

_ENTRY_LENGTH = 200  # characters from one entry of a table of contents to the next, at most
_MOST_CHAPTERS = 100  # where every chapter numbers its articles from 1


def _assemble(text: str, chain: _Chain) -> tuple[list[Part], list[str]]:
    """The parts of a text that has articles, and what is wrong with their chain."""
    links = chain.links
    contents = _contents_length(text, links)
    listed, links = links[:contents], links[contents:]
    starts = [link.candidate.start for link in links]
    contents_span = _contents_span(text, listed, starts[0], chain.boundaries) if listed else None
    floor = contents_span[1] if contents_span else 0

    boundaries = [b for b in chain.boundaries if b.start >= floor]
    groups, annexes, problems = _groups(text, links, boundaries)
    problems = _chain_problems(text, links, chain.strays, floor) + problems
    divisions = _divisions(text, links, [b for b in boundaries if b.kind == "division"], annexes)

    opened: list[
        tuple[int, Kind, str, str | None, int, str | None]
    ] = []  # start, kind, label, number, label end, within
    for index, (first, last, within) in enumerate(groups):
        for link in links[first : last + 1]:
            c = link.candidate
            opened.append((c.start, "article", text[c.start : c.end], link.key.text, c.end, within))
        after = links[last].candidate.end
        before = links[groups[index + 1][0]].candidate.start if index + 1 < len(groups) else len(text)
        before = min(
            [before, *(b.start for b in annexes if b.start > after), *(b.start for b in divisions if b.start > after)]
        )
        if signed := _SIGNATURES.search(text, after, before):
            opened.append((signed.start(), "signatures", "", None, signed.start(), within))
    names = _annex_names(groups, annexes, links)
    for b in annexes:
        opened.append((b.start, "annex", b.label, b.number, b.end, names.get(b.start)))
    for b in divisions:
        place = bisect_right(starts, b.start)
        within = next((w for first, last, w in groups if first <= place <= last), None) if place < len(starts) else None
        opened.append((b.start, "division", b.label, b.number, b.end, within))
    first_start = min(start for start, *_ in opened)
    opened += [(start, kind, "", None, start, None) for start, kind in _front(text, first_start, contents_span)]
    opened.sort(key=lambda entry: entry[0])
    return _parts(text, opened), problems


def _contents_length(text: str, links: Sequence[_Link]) -> int:
    """How many links at the head of the chain are a table of contents: short entries whose numbers all come again."""
    first = links[0].key.text
    found = tried = 0
    for size in range(2, len(links) // 2 + 2):
        if size >= len(links) or links[size].key.text != first:
            continue
        tried += 1
        entries = _lengths(links[:size])
        if tried > _MOST_CHAPTERS or entries[len(entries) // 2] > _ENTRY_LENGTH:
            break
        rest = links[size : 2 * size + size // 4 + 1]
        again = Counter(link.key.text for link in links[:size]) & Counter(link.key.text for link in rest)
        bodies = _lengths(rest)
        longer = not bodies or bodies[len(bodies) // 2] > 1.5 * entries[len(entries) // 2]
        paged, sentences = _entry_ends(text, links[:size])
        if sum(again.values()) >= 0.8 * size and sentences < 0.5 and (longer or paged >= 0.5):
            found = size
    return found


def _entry_ends(text: str, links: Sequence[_Link]) -> tuple[float, float]:
    """The shares of entries that end with a page number, and that end as a sentence does."""
    ends = [text[max(a.candidate.end, b.candidate.start - 60) : b.candidate.start].rstrip() for a, b in pairwise(links)]
    paged = sum(end[-1:].isdigit() for end in ends)
    sentences = sum(end[-1:] in (".", ";") and end[-2:-1].isalpha() for end in ends)
    return paged / len(ends), sentences / len(ends)


def _lengths(links: Sequence[_Link]) -> list[int]:
    """From the end of each heading to the next, ascending."""
    return sorted(b.candidate.start - a.candidate.end for a, b in pairwise(links))


def _contents_span(text: str, listed: Sequence[_Link], limit: int, boundaries: Sequence[_Boundary]) -> tuple[int, int]:
    start = listed[0].candidate.start
    headings = list(_CONTENTS.finditer(text, 0, start))
    if headings:
        start = headings[0].start()
    else:
        for boundary in reversed([b for b in boundaries if b.kind == "division" and b.start < start]):
            if start - boundary.end < _ENTRY_LENGTH:
                start = boundary.start
    end = listed[-1].candidate.end
    line = text.find("\n", end, min(limit, end + 2 * _ENTRY_LENGTH))
    if line >= 0:
        end = line + 1
        while entry := _ENTRY.match(text, end, limit):
            end = entry.end()
    elif opening := _opening(text, end, limit):
        end = opening
    else:
        end = next((b.start for b in boundaries if end < b.start < limit), limit)
    return start, min(end, limit)


def _groups(
    text: str, links: Sequence[_Link], boundaries: Sequence[_Boundary]
) -> tuple[list[tuple[int, int, str | None]], list[_Boundary], list[str]]:
    """The runs of articles with a numbering of their own, the annexes, and doubts about restarts."""
    places = [b.start for b in boundaries]
    groups: list[tuple[int, int, str | None]] = []
    annexes: list[_Boundary] = []
    problems: list[str] = []
    first, within, instruments = 0, None, 1
    reached: dict[str, int] = {}  # the last chapter, the last section … so far
    unexplained = 0
    for i in range(1, len(links)):
        link = links[i]
        before, here = links[i - 1].candidate.end, link.candidate.start
        between = boundaries[bisect_left(places, before) : bisect_left(places, here)]
        leading = [b for b in between if b.kind == "division" and (b.strong or here - b.end < 250)]
        chapters = {_level(b): _division_value(b) for b in leading}
        continued = any(value > reached.get(level, 1) for level, value in chapters.items())
        if _begins_again(links[i - 1], link):
            heads = [b for b in between if b.kind == "annex" and (b.strong or here - b.end < 400)]
            concluded = bool(heads) and _concludes(text, heads[-1], here)
            if heads and not concluded and not (continued and heads[-1].start < leading[-1].start):
                groups.append((first, i - 1, within))
                first, within, reached = i, _label(heads[-1].label), {}
                annexes += heads
            elif continued and not concluded:
                annexes += heads
            else:
                annexes += heads
                instruments += 1
                groups.append((first, i - 1, within))
                first, within, reached = i, f"instrument {instruments}", {}
                unexplained += 1
                if unexplained <= _MOST_NAMED:
                    signed = " after a signature clause" if _SIGNATURES.search(text, before, here) else ""
                    problems.append(
                        f"The numbering begins again with {_named(text, link)}{signed}, without the heading of a "
                        f"further chapter or an annex: a second instrument in the same file, or an annex without a "
                        f"heading ({within} here)."
                    )
        reached |= chapters
    if unexplained > _MOST_NAMED:
        problems.append(f"The numbering begins again without a heading {unexplained - _MOST_NAMED} more times.")
    groups.append((first, len(links) - 1, within))
    tail = boundaries[bisect_left(places, links[-1].candidate.end) :]
    annexes += [b for b in tail if b.kind == "annex"]
    return groups, annexes, problems


_FORMULA = re.compile(r"\b[Aa](?:GREED?|greed?) (?:AS FOLLOWS|as follows|UPON|upon|TO|to|ON|on) ?[^\n]{0,30}:")


def _concludes(text: str, head: _Boundary, here: int) -> bool:
    """Whether parties agree on something between the heading of an annex and an article: an annex does not do that."""
    return "PROTOCOL" not in head.label.upper() and bool(_FORMULA.search(text, head.end, here))


def _begins_again(before: _Link, link: _Link) -> bool:
    """Whether a numbering starts afresh: 1 after 14, 1.1 after 20.5, 101 after 7; not 9.1 after 5.3."""
    prefix, last = link.key.prefix, link.key.last
    if link.step == "restart":
        if (
            prefix
            and len(prefix) == len(before.key.prefix)
            and str(prefix[0]).rjust(9) > str(before.key.prefix[0]).rjust(9)
        ):
            link.step = "gap"
            return False
        return True
    return (
        link.step == "jump"
        and (last <= 2 or (last > 100 and last % 100 == 1))
        and prefix in ((), (1,), ("A",), ("letter",))
    )


def _level(boundary: _Boundary) -> str:
    """What kind of division it is, whatever its case: 'chapter', 'part'."""
    return boundary.label.split()[0].lower()


def _label(printed: str) -> str:
    return " ".join(printed.split())


def _division_value(boundary: _Boundary) -> int:
    if boundary.number is None:
        return 0
    number = boundary.number
    if number.isdigit():
        return int(number)
    value = _WORDS.get(number.lower().replace("-", " "))
    return value or _roman(number) or (ord(number[0].upper()) - ord("A") + 1)


def _annex_names(
    groups: Sequence[tuple[int, int, str | None]], annexes: Sequence[_Boundary], links: Sequence[_Link]
) -> dict[int, str | None]:
    """Which instrument each annex stands in: the one before it, unless that is an annex itself."""
    names: dict[int, str | None] = {}
    for annex in annexes:
        within = None
        for first, _last, name in groups:
            if links[first].candidate.start < annex.start and (name is None or name.startswith("instrument ")):
                within = name
        names[annex.start] = within
    return names


def _divisions(
    text: str, links: Sequence[_Link], found: Sequence[_Boundary], annexes: Sequence[_Boundary]
) -> list[_Boundary]:
    """The divisions among the places that look like one: what leads to an article, and what stands alone in order."""
    starts = sorted([link.candidate.start for link in links] + [b.start for b in annexes])
    accepted: list[_Boundary] = []
    later = len(text)
    for boundary in reversed(found):
        place = bisect_left(starts, boundary.end)
        upcoming = min(starts[place] if place < len(starts) else len(text), later)
        room = text[boundary.end : min(upcoming, boundary.end + 320)]
        if upcoming - boundary.end < 300 and not re.search(r"\bshall\b|[a-z]{2}\.\s+[A-Z]|;", room):
            accepted.append(boundary)
            later = boundary.start
    led = {(_label(b.label).upper()) for b in accepted}
    alone = [
        b for b in found if b.strong and _label(b.label).upper() not in led and b.start >= (starts[0] if starts else 0)
    ]
    kept: list[_Boundary] = []
    for boundary in sorted([*accepted, *alone], key=lambda b: b.start):
        if kept and _label(kept[-1].label).upper() == _label(boundary.label).upper():
            restarted = any(
                link.step == "restart" and 0 <= link.candidate.start - boundary.end < 300
                for link in _near(links, boundary)
            )
            if not restarted:
                continue  # a running head
        kept.append(boundary)
    return kept


def _near(links: Sequence[_Link], boundary: _Boundary) -> Iterable[_Link]:
    place = bisect_left(links, boundary.end, key=lambda link: link.candidate.start)
    return links[place : place + 1]


def _front(text: str, end: int, contents: tuple[int, int] | None) -> list[tuple[int, Kind]]:
    """Where title, contents and preamble begin, in the text before the first heading."""
    found: list[tuple[int, Kind]] = []
    begin = 0
    if contents:
        found.append((contents[0], "contents"))
        begin = contents[1]
        if text[: contents[0]].strip():
            found.append((0, "title"))
    if not text[begin:end].strip():
        return found
    opening = _opening(text, begin, end)
    if opening is None:
        block = re.compile(r"\s*\S[^\n]{0,299}(?:\n[^\n]{1,299}){0,8}?\n\s*\n").match(text, begin, end)
        opening = block.end() if block and text[block.end() : end].strip() else begin
    if text[begin:opening].strip():
        found.append((begin, "title"))
    if text[opening:end].strip():
        found.append((opening, "preamble"))
    return found


def _opening(text: str, begin: int, end: int) -> int | None:
    """Where the preamble begins: its first words, not the names of the parties in the title."""
    for match in _OPENING.finditer(text, begin, end):
        place = match.start()
        if place and text[place - 1].isalnum():
            continue
        before = text[max(begin, place - 40) : place].rstrip(" \t\xa0\n\r*_#>")
        word = before.split()[-1].lower() if before.split() else ""
        if word in _LEADERS or word in ("among", "amongst", "bilateral", "entre") or before.endswith((",", "(", "“")):
            continue
        return place
    return None


def _parts(text: str, opened: Sequence[tuple[int, Kind, str, str | None, int, str | None]]) -> list[Part]:
    parts: list[Part] = []
    division: int | None = None
    annex: int | None = None
    for i, (start, kind, label, number, label_end, within) in enumerate(opened):
        end = _without_marks(text, opened[i + 1][0], start) if i + 1 < len(opened) else len(text)
        start += len(text[start:end]) - len(text[start:end].lstrip())
        end = start + len(text[start:end].rstrip())
        if end <= start:
            continue
        parent = None
        heading = None
        if kind == "annex":
            annex, division = len(parts), None
            number = _division_number(number)
        elif kind == "division":
            parent = annex if within else None
            division = len(parts)
            number = _division_number(number)
        elif kind == "article":
            parent = division if division is not None else (annex if within else None)
        elif kind == "signatures":
            division = None
        if kind in ("article", "division", "annex"):
            heading = _heading(text, label_end, end, whole=kind == "division")
        parts.append(Part(kind, label, number, heading, start, end, parent, within))
        if kind in ("article", "annex"):
            index = len(parts) - 1
            parts += _paragraphs(text, label_end, end, number, index, within)
    return parts


def _without_marks(text: str, end: int, floor: int) -> int:
    """Where a part ends before the next heading: '###' or a bullet in front of a heading belongs to neither."""
    place = end
    while place > floor and text[place - 1] in _MARKUP:
        place -= 1
    return place if place > floor and text[place - 1] in _LINE_ENDS else end


def _division_number(number: str | None) -> str | None:
    if number is None:
        return None
    value = _WORDS.get(number.lower().replace("-", " ")) or _roman(number)
    if number.isdigit():
        return str(int(number))
    return str(value) if value else number


def _paragraphs(text: str, start: int, end: int, article: str | None, parent: int, within: str | None) -> list[Part]:
    """The numbered paragraphs of an article: a chain from 1 in one style, each taken at its first place."""
    found: list[tuple[int, str, str]] = []
    style: tuple[str, str] | None = None
    for match in _PARAGRAPH.finditer(text, start, end):
        label = match[0]
        if match["enclosed"]:
            dotted, value, mark = "", int(match["enclosed"]), "()"
        else:
            dotted, _dot, plain = label.rstrip(".)").rpartition(".")
            value, mark = int(plain), match["mark"]
        if value != len(found) + 1 or (dotted and dotted != article) or (style and style != (mark, dotted)):
            continue
        if not _opens(text, start, match.start(), first=not found and mark != ""):
            continue
        style = (mark, dotted)
        found.append((match.start(), label, f"{dotted}.{value}" if dotted else str(value)))
    ends = [place for place, *_ in found[1:]] + [end] * bool(found)
    return [
        Part("paragraph", label, number, None, place, place + len(text[place:until].rstrip()), parent, within)
        for (place, label, number), until in zip(found, ends, strict=True)
    ]


def _opens(text: str, floor: int, place: int, *, first: bool) -> bool:
    """Whether a paragraph may begin here: at the head of a line, after a full stop, or, the first, after a name."""
    before = place
    while before > floor and before > place - 60 and text[before - 1] in _MARKUP:
        before -= 1
    if before == floor or text[before - 1] in _LINE_ENDS or (before < place and text[before - 1] in '.;:)”"—–'):
        return True
    if not first or before == place or place - floor > 160:
        return False
    word = text[floor:before].split()[-1:]
    return bool(word) and word[0].lower() not in _LEADERS and word[0][-1].isalpha()


_SMALL_WORDS = frozenset(
    _listed(
        "of and the in to for with on or by from a an at as between under its their other than de la del y e "
        "los las le les des du et en para por"
    )
)
_HEAD_BEGINS = re.compile(
    rf"[*_]{{0,3}}{_SPACE}{{0,200}}[*_]{{0,3}}[.:)\]–—-]{{0,3}}"
    rf"{_SPACE}{{0,200}}[–—:-]{{0,2}}{_SPACE}{{0,200}}[*_]{{0,3}}"
)


def _is_name(line: str) -> bool:
    """Whether a line reads as a name: capitals, or most long words with a capital, and no verb of obligation."""
    words = re.findall(r"[^\W\d_][\w’'-]*", line)
    if not words or len(words) > 24 or "shall" in words:
        return False
    long = [word for word in words if word.lower() not in _SMALL_WORDS]
    return sum(word[0].isupper() for word in long) >= 0.7 * len(long) if long else False


def _heading(text: str, label_end: int, end: int, *, whole: bool = False) -> str | None:
    """The name after a label, on the same line or the next; None if the layout does not tell it from the text."""
    begin = _HEAD_BEGINS.match(text, label_end, end)
    place = begin.end() if begin else label_end
    if whole and end - place < 300:
        return _label(text[place:end].strip(" *_#.:–—-\n")) or None
    line, after = _line(text, place, end)
    if line:
        return _same_line(line, text, after, end)
    names: list[str] = []
    skipped = 0
    while after < end and len(names) < 4 and skipped < 3:
        place = after
        line, after = _line(text, place, end)
        if not line:
            if names:
                break
            skipped += 1
            continue
        if (
            len(line) > 140
            or line[-1] in ".;,:"
            or line[0].isdigit()
            or line[0] in "("
            or (line[0].islower() and not names)
        ):
            break
        blank_after = not _line(text, after, end)[0]
        if not (_is_name(line) or (blank_after and len(line) <= 80 and "shall" not in line)):
            break
        names.append(line)
    if names and after >= end and not _line(text, after, end)[0] and len(" ".join(names)) > 140:
        return None
    return _label(" ".join(names).strip("*_#() ")) or None


def _line(text: str, place: int, end: int) -> tuple[str, int]:
    stop = text.find("\n", place, end)
    stop = end if stop < 0 else stop
    return text[place : min(stop, place + 400)].strip(" \t\xa0\r\f*_#>"), stop + 1


def _same_line(line: str, text: str, after: int, end: int) -> str | None:
    if (
        len(line) <= 140
        and line[-1] not in ".;,:"
        and not line[0].isdigit()
        and after < end
        and "shall" not in line.split()
    ):
        return _label(line.strip("() "))
    sentence = re.match(r"([^\W\d_][^.:;–—\n]{2,100}?)\s*(?:[.:]\s|\s[–—-]{1,2}\s)", line)
    if sentence and _is_name(sentence[1]):
        return _label(sentence[1])
    return None


# --- problems -------------------------------------------------------------------------------------------------------


def _named(text: str, link: _Link) -> str:
    return f"‘{_label(text[link.candidate.start : link.candidate.end])}’ (character {link.candidate.start})"


def _chain_problems(text: str, links: Sequence[_Link], strays: Sequence[_Candidate], floor: int) -> list[str]:
    problems = []
    if not _may_be_first(links[0].key):
        problems.append(
            f"The first article found is {_named(text, links[0])}: what comes before it was not recognised."
        )
    broken = []
    for before, link in pairwise(links):
        if link.step == "gap":
            broken.append(f"Between {_named(text, before)} and {_named(text, link)} an article is missing.")
        elif link.step == "jump":
            broken.append(f"{_named(text, link)} follows {_named(text, before)}: the numbering jumps.")
    for stray in strays:
        if stray.start >= floor:
            broken.append(
                f"‘{_label(text[stray.start : stray.end])}’ (character {stray.start}) is set like a heading but has no "
                "place in the numbering; it was left in the text around it."
            )
    problems += broken[:_MOST_NAMED]
    if len(broken) > _MOST_NAMED:
        problems.append(f"The numbering of the articles is broken in {len(broken) - _MOST_NAMED} more places.")
    return problems


def _without_articles(text: str) -> tuple[list[Part], list[str]]:
    """A text without articles: its numbered paragraphs, if it has any, under the title and preamble."""
    opened: list[tuple[int, Kind, str, str | None, int, str | None]] = [
        (start, kind, "", None, start, None) for start, kind in _front(text, len(text), None)
    ]
    body = _parts(text, sorted(opened))
    last = body[-1]
    paragraphs = _paragraphs(text, last.start, last.end, None, len(body) - 1, None)
    counted = f"; its last part has {len(paragraphs)} numbered paragraphs" if paragraphs else ""
    return body + paragraphs, [
        f"No article was found in {len(text):,} characters{counted}. Check that the text is a treaty and was read "
        "whole (headings are known in English, French, Spanish, German, Portuguese, Italian, Polish, Russian and "
        "Vietnamese)."
    ]
