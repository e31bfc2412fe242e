"""Texts of treaties side by side: counterparts, alignment, redline, similarity over many treaties, and fast typing.

Articles are compared by their words. Each article is a vector of word stems and pairs of neighbouring stems, weighted
by sublinear term frequency and inverse document frequency (Salton and Buckley, "Term-weighting approaches in automatic
text retrieval", 1988; Manning, Raghavan and Schütze, *Introduction to Information Retrieval*, 2008, section 6.4), and a
score is the cosine of two vectors: 0 for no word in common, 1 for the same words. Pairs of words help to tell 'capacity
to resist an attack' from 'help when attacked'.

Nothing here knows a file: texts come in as strings, rules as patterns, and places in a list stand for articles.
"""

from __future__ import annotations

import bisect
import difflib
import functools
import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from legation.analysis.segment import Segmented, segment
from legation.errors import InputError

Floats: TypeAlias = npt.NDArray[np.float32]
Integers: TypeAlias = npt.NDArray[np.int64]
Places: TypeAlias = npt.NDArray[np.int32]

# Below this score the nearest article is no counterpart. It is half-way (geometric mean, 0.34) between the two ends of
# the gap measured from the North Atlantic Treaty to ANZUS, read side by side: the weakest of the ten counterparts
# scores 0.42 (Article 6 and V), the best of the four articles without one 0.28 (Article 12 and VI). On 100 pairs of
# trade agreements, with articles of one name as counterparts, 0.30 and 0.35 give the best F1 (0.52).
COUNTERPART = 0.35

# An article that found no partner is a piece of another one if this share of its weight stands there too, and if at
# least the second share of the other one stands in no other piece.
CONTAINED = 0.6
ADDED = 0.1

# Verbs that make the strength of an obligation. A difference in one of them is never a difference in spelling.
MODALS = frozenset(
    [
        "shall",
        "should",
        "may",
        "might",
        "will",
        "would",
        "must",
        "can",
        "could",
        "need",
        "ought",
        "undertake",
        "undertakes",
        "undertaking",
        "undertook",
    ]
)

Op = Literal["kept", "changed", "moved", "split", "merged", "new", "dropped"]
Edit = Literal["same", "replaced", "deleted", "inserted"]


# ------------------------------------------------------------------------------------------------------ the articles


@dataclass(frozen=True, slots=True)
class Article:
    """An article as it is compared: its number and what follows its label."""

    number: str
    text: str
    within: str | None = None
    """The annex or later instrument whose numbering it follows; None in the treaty itself."""


def articles(text: str, found: Segmented | None = None) -> list[Article]:
    """The articles of a treaty's text without their labels, in order, so that renumbering is no difference.

    Pass what ``segment`` found if it is at hand; its problems are the caller's to report.
    """
    found = found if found is not None else segment(text)
    return [
        Article(part.number or "", _after_label(text[part.start : part.end], part.label), part.within)
        for part in found.articles
    ]


def _after_label(text: str, label: str) -> str:
    """What follows the label, which is printed with other spaces perhaps."""
    place = 0
    for letter in label:
        if letter.isspace():
            continue
        place = text.find(letter, place)
        if place < 0:
            return text
        place += 1
    return text[place:].lstrip(" \t\r\n\xa0.:)]*_#–—-")


# -------------------------------------------------------------------------------------------------------- the scores


@dataclass(frozen=True, slots=True)
class Counterpart:
    """The nearest article in another treaty, and whether it is near enough to be called a counterpart."""

    article: int
    """Place in the first list."""
    nearest: int | None
    """Place in the second list of the article with the highest score; None if no word is shared with any."""
    score: float
    """Cosine, 0 to 1."""
    mutual: bool
    """Whether each is the nearest of the other."""
    counterpart: int | None
    """``nearest`` if the score reaches the threshold; None means: no counterpart."""


def counterparts(
    first: Sequence[str],
    second: Sequence[str],
    *,
    threshold: float = COUNTERPART,
    background: Sequence[str] = (),
) -> list[Counterpart]:
    """For each article of the first list its nearest in the second, with score; 'no counterpart' is an answer.

    Scores are the same in both directions. ``background`` holds further articles that tell which words are common;
    without it the two lists tell.

    Raises
    ------
    InputError
        If the threshold is not between 0 and 1, or something else than texts is given.
    """
    if not 0 <= threshold <= 1:
        raise InputError(f"A threshold of {threshold} cannot be: scores run from 0 to 1. Give a number between them.")
    table = scores(first, second, background=background)
    if not table.size:
        return [Counterpart(i, None, 0.0, False, None) for i in range(len(first))]
    back = table.argmax(axis=0)
    result = []
    for i, row in enumerate(table):
        j = int(row.argmax())
        score = float(row[j])
        if score <= 0:
            result.append(Counterpart(i, None, 0.0, False, None))
        else:
            result.append(Counterpart(i, j, score, int(back[j]) == i, j if score >= threshold else None))
    return result


def scores(first: Sequence[str], second: Sequence[str], *, background: Sequence[str] = ()) -> Floats:
    """The score of every article of the first list with every one of the second, len(first) by len(second)."""
    _texts(first, "first")
    _texts(second, "second")
    _texts(background, "background")
    weighed = _weighed(_counted([*first, *second, *background]))
    rows = range(len(first))
    others = slice(len(first), len(first) + len(second))
    return np.clip(_products(weighed, rows, others), 0, 1)


# ----------------------------------------------------------------------------------------------------- the alignment


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one article, or of several that belong together. Places count from 0 in the lists given."""

    op: Op
    old: tuple[int, ...]
    """Places in the old treaty: one; several if merged; none if new."""
    new: tuple[int, ...]
    """Places in the new treaty: one; several if split; none if dropped."""
    score: float
    """Cosine of the old words with the new, 0 to 1; 0 if new or dropped."""
    reworded: bool
    """Whether the redline of the two shows a difference; a moved article may be word for word the same."""


def align(old: Sequence[str], new: Sequence[str], *, threshold: float = COUNTERPART) -> list[Step]:
    """What became of each article: kept, changed, moved, split, merged, new or dropped.

    Every article of either treaty stands in exactly one step. Articles are paired from the highest score down, so that
    no two that are left apart are nearer to each other than both are to their partners (a stable matching: Gale and
    Shapley 1962). *Kept* means that the redline is empty. *Moved* are the fewest pairs (by score) without which all
    others stand in the same order; a new number alone moves nothing. An article that found no partner but whose words
    stand in a paired article of the other treaty makes that pair *split* or *merged*.

    Steps come in the order of the new treaty, with what was dropped after what preceded it in the old one.
    """
    if not 0 <= threshold <= 1:
        raise InputError(f"A threshold of {threshold} cannot be: scores run from 0 to 1. Give a number between them.")
    _texts(old, "old")
    _texts(new, "new")
    weighed = _weighed(_counted([*old, *new]))
    n, m = len(old), len(new)
    table = np.clip(_products(weighed, range(n), slice(n, n + m)), 0, 1)
    pairs = _pairing(old, new, table, threshold)
    ordered = _in_order(pairs, table)
    lone_old = [i for i in range(n) if i not in pairs]
    taken = set(pairs.values())
    lone_new = [j for j in range(m) if j not in taken]

    split = _pieces(weighed, list(range(n)), [n + j for j in lone_new], {i: n + j for i, j in pairs.items()})
    kept_apart = {i for i in pairs if i not in split}
    merged = _pieces(
        weighed, [n + pairs[i] for i in kept_apart], lone_old, {n + j: i for i, j in pairs.items() if i in kept_apart}
    )

    steps: list[Step] = []
    for i, j in pairs.items():
        if i in split:
            continue
        if n + j in merged:
            parts = tuple(sorted([i, *merged[n + j]]))
            joined = "\n\n".join(old[k] for k in parts)
            steps.append(Step("merged", parts, (j,), _joint(weighed, parts, (n + j,)), differ(joined, new[j])))
            continue
        reworded = differ(old[i], new[j])
        op: Op = "moved" if i not in ordered else "changed" if reworded else "kept"
        steps.append(Step(op, (i,), (j,), float(table[i, j]), reworded))
    for i, found in split.items():
        parts = tuple(sorted([*([pairs[i]] if i in pairs else []), *(k - n for k in found)]))
        joined = "\n\n".join(new[k] for k in parts)
        score = _joint(weighed, (i,), tuple(n + k for k in parts))
        steps.append(Step("split", (i,), parts, score, differ(old[i], joined)))
    used_old = {i for step in steps for i in step.old}
    used_new = {j for step in steps for j in step.new}
    steps += [Step("new", (), (j,), 0.0, True) for j in range(m) if j not in used_new]
    steps += [Step("dropped", (i,), (), 0.0, True) for i in range(n) if i not in used_old]
    return _sorted(steps)


def _pairing(old: Sequence[str], new: Sequence[str], table: Floats, threshold: float) -> dict[int, int]:
    """Pairs from the highest score down; of equal scores, the pair that stands nearer in place first."""
    n, m = table.shape
    rows, columns = np.nonzero((table >= threshold) & (table > 0))
    values = np.round(table[rows, columns], 5)
    apart = np.abs(rows / max(n, 1) - columns / max(m, 1))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for place in np.lexsort((columns, rows, apart, -values)):
        i, j = int(rows[place]), int(columns[place])
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    lone = {_keys(new[j]): j for j in reversed(range(m)) if j not in taken}  # without words ('[Repealed]' has some)
    for i in range(n):
        if i not in pairs and _keys(old[i]) in lone:
            pairs[i] = lone.pop(_keys(old[i]))
    return dict(sorted(pairs.items()))


def _in_order(pairs: Mapping[int, int], table: Floats) -> set[int]:
    """The old places of the heaviest set of pairs that stand in the same order in both treaties."""
    chosen = list(pairs.items())
    best: list[tuple[float, int]] = []
    for k, (i, j) in enumerate(chosen):
        before = max(((best[q][0], q) for q in range(k) if chosen[q][1] < j), default=(0.0, -1))
        best.append((before[0] + 1 + float(table[i, j]) / 1000, before[1]))
    place = max(range(len(best)), key=lambda k: best[k][0], default=-1)
    kept = set()
    while place >= 0:
        kept.add(chosen[place][0])
        place = best[place][1]
    return kept


def _pieces(
    weighed: _Weighed, wholes: Sequence[int], lone: Sequence[int], partner: Mapping[int, int]
) -> dict[int, list[int]]:
    """For each whole (a row) the lone rows that are pieces of it; a whole without a partner needs two of them."""
    found: dict[int, list[int]] = {}
    features = {row: weighed.features(row) for row in {*wholes, *lone, *partner.values()}}
    weight = weighed.idf
    for piece in lone:
        own = features[piece]
        total = float(weight[own].sum())
        best, share = -1, CONTAINED
        for whole in wholes:
            common = np.intersect1d(own, features[whole], assume_unique=True)
            held = float(weight[common].sum()) / total if total else 0.0
            if held < share or held == 0:
                continue
            rest = np.setdiff1d(common, features[partner[whole]], assume_unique=True) if whole in partner else common
            if float(weight[rest].sum()) >= ADDED * float(weight[features[whole]].sum()):
                best, share = whole, held
        if best >= 0:
            found.setdefault(best, []).append(piece)
    return {whole: pieces for whole, pieces in found.items() if whole in partner or len(pieces) > 1}


def _joint(weighed: _Weighed, first: Sequence[int], second: Sequence[int]) -> float:
    """The score of several articles taken as one with several others."""
    left, right = weighed.joined(first), weighed.joined(second)
    norm = float(np.sqrt((left @ left) * (right @ right)))
    return min(1.0, float(left @ right) / norm) if norm else 0.0


def _sorted(steps: Iterable[Step]) -> list[Step]:
    """By place in the new treaty; what was dropped follows the step of the nearest article before it."""
    steps = list(steps)
    place = {i: float(min(step.new)) for step in steps if step.new for i in step.old}

    def position(step: Step) -> tuple[float, int, int]:
        if step.new:
            return float(min(step.new)), 0, 0
        before = [i for i in place if i < step.old[0]]
        return (place[max(before)] if before else -1.0), 1, step.old[0]

    return sorted(steps, key=position)


# ------------------------------------------------------------------------------------------------------- the redline


class Change(NamedTuple):
    """One difference: what was done, the old words and the new words as printed."""

    op: Literal["replaced", "deleted", "inserted"]
    old: str
    new: str

    @property
    def modals(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The modal verbs among the old words and among the new, in order; differing ones change the obligation."""
        return _modals(self.old), _modals(self.new)


class Run(NamedTuple):
    """A stretch of a redline for a renderer. Joined, the old slices are the old text and the new slices the new one."""

    op: Edit
    old: str
    new: str


def redline(old: str, new: str) -> list[Change]:
    """The differences in words: (op, old words, new words), in order; empty if only the spelling differs.

    Spelling (British and American, joined by a hyphen or not), case and punctuation do not count, nor whether an
    article is cited by a Roman or an Arabic number. A modal verb, 'not', a figure or a currency sign always counts.
    """
    return [
        Change(
            run.op,
            "" if run.op == "inserted" else " ".join(run.old.split()),
            "" if run.op == "deleted" else " ".join(run.new.split()),
        )
        for run in runs(old, new)
        if run.op != "same"
    ]


def runs(old: str, new: str) -> list[Run]:
    """The two texts cut into stretches that are the same, replaced, deleted or inserted.

    The stretches hold the texts letter by letter with all spaces, so the old and the new text can both be shown, each
    in its own spelling. Show ``new`` where the op is 'same'.
    """
    _texts((old,), "old")
    _texts((new,), "new")
    left, right = _words(old), _words(new)
    edits = _edits([word.key for word in left], [word.key for word in right])
    result = []
    i = j = 0
    for op, _a, b, _c, d in edits:
        end, until = _before(left, b, old), _before(right, d, new)
        result.append(Run(op, old[i:end], new[j:until]))
        i, j = end, until
    if not result and (old or new):
        result.append(Run("same", old, new))
    return result


def differ(old: str, new: str) -> bool:
    """Whether the redline of two texts shows anything."""
    return _keys(old) != _keys(new) and bool(redline(old, new))


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    key: str


# Words joined by a hyphen are one word, so that 'co-operate' is 'cooperate'; so are the halves of a word that was
# divided at the end of a line. A letter of Chinese or Japanese is a word. Signs of money and measure count.
_PIECE = r"[^\W_](?:[^\W_]|[\u0300-\u036f])*"
_WORD = re.compile(
    rf"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
    rf"|[-−+]?(?<![\w.])\d+(?:[.,]\d+)*(?![^\W\d_])"
    rf"|{_PIECE}(?:(?:['’ʼ]|[-‐‑\u00ad]\n?[ \t]*(?<!- )|\u00ad){_PIECE})*"
    r"|[%‰$€£¥₽₫₩°§=<>≤≥]"
)
_REFERENCE = frozenset(
    [
        "article",
        "articles",
        "art",
        "chapter",
        "part",
        "section",
        "annex",
        "title",
        "protocol",
        "paragraph",
        "and",
        "to",
        "or",
    ]
)
_ROMAN = re.compile(r"(?=[ivxlc])(?:c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})$")
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def _words(text: str) -> list[_Word]:
    result: list[_Word] = []
    before = ""
    referring = False
    for match in _WORD.finditer(text):
        word = match[0]
        if word in ("cannot", "Cannot", "CANNOT"):
            result += [_Word(match.start(), "can"), _Word(match.start() + 3, "not")]
            before = "not"
            continue
        key = _key(word)
        if referring and _ROMAN.match(key) and (before not in ("and", "to", "or") or word.isupper()):
            key = str(_roman(key))
        referring = key in _REFERENCE and (key not in ("and", "to", "or") or before.isdigit())
        before = key
        result.append(_Word(match.start(), key))
    return result


@functools.lru_cache(maxsize=4096)
def _keys(text: str) -> tuple[str, ...]:
    return tuple(word.key for word in _words(text))


def _before(words: Sequence[_Word], place: int, text: str) -> int:
    """Where the text before a word ends; what stands before the first word belongs to it, after the last to that."""
    if place == len(words):
        return len(text)
    return words[place].start if place else 0


def _modals(text: str) -> tuple[str, ...]:
    return tuple(key for key in _keys(text) if key in MODALS)


def _edits(left: Sequence[str], right: Sequence[str]) -> list[tuple[Edit, int, int, int, int]]:
    """What turns one list of keys into the other, as stretches that cover both."""
    blocks = _blocks(left, right)
    result: list[tuple[Edit, int, int, int, int]] = []
    a = c = 0
    for i, j, size in [*blocks, (len(left), len(right), 0)]:
        for edit in _unjoined(left, right, a, i, c, j):
            _append(result, edit)
        if size:
            _append(result, ("same", i, i + size, j, j + size))
        a, c = i + size, j + size
    return _without_islands(left, result)


def _append(edits: list[tuple[Edit, int, int, int, int]], edit: tuple[Edit, int, int, int, int]) -> None:
    """Add a stretch, joined with the one before if both are the same, or both differ."""
    if edits and (edits[-1][0] == "same") == (edit[0] == "same"):
        _op, a, _b, c, _d = edits[-1]
        edits[-1] = _edit(edit[0] == "same", a, edit[2], c, edit[4])
    else:
        edits.append(edit)


def _edit(same: bool, a: int, b: int, c: int, d: int) -> tuple[Edit, int, int, int, int]:
    if same:
        return "same", a, b, c, d
    return ("deleted" if c == d else "inserted" if a == b else "replaced"), a, b, c, d


# Up to this product of lengths the exact comparison is quick enough.
_SMALL = 400_000


def _blocks(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int, int]]:
    """The stretches that are the same: (place, place, length).

    Long texts are first fixed at the words that occur once in each (the patience rule of Bram Cohen), which keeps the
    work in proportion to the length; between them the longest common stretches are sought (Ratcliff and Obershelp
    1988, as in difflib).
    """
    result: list[tuple[int, int, int]] = []
    todo = [(0, len(left), 0, len(right))]
    while todo:
        a, b, c, d = todo.pop()
        head = 0
        while a + head < b and c + head < d and left[a + head] == right[c + head]:
            head += 1
        if head:
            result.append((a, c, head))
            a, c = a + head, c + head
        tail = 0
        while b - tail > a and d - tail > c and left[b - tail - 1] == right[d - tail - 1]:
            tail += 1
        if tail:
            result.append((b - tail, d - tail, tail))
            b, d = b - tail, d - tail
        if a == b or c == d:
            continue
        anchors = _anchors(left, right, a, b, c, d) if (b - a) * (d - c) > _SMALL else []
        if anchors:
            for (i, j), (k, m) in pairwise([(a, c), *anchors, (b, d)]):
                todo.append((i, k, j, m))
            continue
        matcher = difflib.SequenceMatcher(None, left[a:b], right[c:d], autojunk=(b - a) * (d - c) > 25 * _SMALL)
        result += [(a + i, c + j, size) for i, j, size in matcher.get_matching_blocks() if size]
    return sorted(result)


def _anchors(left: Sequence[str], right: Sequence[str], a: int, b: int, c: int, d: int) -> list[tuple[int, int]]:
    """Words that occur once on either side, as the longest chain in the same order."""
    places: dict[str, list[int]] = {}
    for i in range(a, b):
        places.setdefault(left[i], [0, -1, 0])[0] += 1
        places[left[i]][1] = i
    others: dict[str, list[int]] = {}
    for j in range(c, d):
        if right[j] in places:
            others.setdefault(right[j], [0, -1])[0] += 1
            others[right[j]][1] = j
    pairs = sorted((places[w][1], o[1]) for w, o in others.items() if o[0] == 1 and places[w][0] == 1)
    tails: list[int] = []
    ends: list[int] = []
    back: list[int] = []
    for k, (_i, j) in enumerate(pairs):
        at = bisect.bisect_left(tails, j)
        back.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(j)
            ends.append(k)
        else:
            tails[at], ends[at] = j, k
    chain = []
    k = ends[-1] if ends else -1
    while k >= 0:
        chain.append(pairs[k])
        k = back[k]
    return chain[::-1]


def _unjoined(
    left: Sequence[str], right: Sequence[str], a: int, b: int, c: int, d: int
) -> Iterator[tuple[Edit, int, int, int, int]]:
    """A stretch that differs, less what is the same when its words are written as one ('self help', 'selfhelp')."""
    if a == b and c == d:
        return
    if a == b or c == d or b - a > 60 or d - c > 60:
        yield _edit(False, a, b, c, d)
        return
    i, j = a, c
    begin = (a, c)
    while i < b and j < d:
        match = _joined(left, right, i, b, j, d)
        if match:
            if begin != (i, j):
                yield _edit(False, begin[0], i, begin[1], j)
            yield "same", i, match[0], j, match[1]
            i, j = match
            begin = (i, j)
        elif b - i > d - j:
            i += 1
        elif d - j > b - i:
            j += 1
        else:
            i, j = i + 1, j + 1
    if begin != (b, d):
        yield _edit(False, begin[0], b, begin[1], d)


def _joined(left: Sequence[str], right: Sequence[str], i: int, b: int, j: int, d: int) -> tuple[int, int] | None:
    """Where one word on one side ends that is written as two or three on the other; no modal verb may be in it."""
    for one, many, start, stop, swap in ((left[i], right, j, d, False), (right[j], left, i, b, True)):
        if len(one) < 4 or not one.isalpha() or one in MODALS:
            continue
        for size in (2, 3):
            parts = many[start : min(start + size, stop)]
            if len(parts) == size and "".join(parts) == one and not MODALS.intersection(parts) and "not" not in parts:
                return (start + size, j + 1) if swap else (i + 1, start + size)
    return None


def _without_islands(
    left: Sequence[str], edits: list[tuple[Edit, int, int, int, int]]
) -> list[tuple[Edit, int, int, int, int]]:
    """The stretches with small words that stand alone between two long differences taken into them, for reading."""
    result: list[tuple[Edit, int, int, int, int]] = []
    for k, edit in enumerate(edits):
        op, a, b, _c, _d = edit
        if op == "same" and 0 < k < len(edits) - 1 and b - a <= 2 and _SMALL_WORDS.issuperset(left[a:b]):
            around = (edits[k - 1], edits[k + 1])
            if all(max(e[2] - e[1], e[4] - e[3]) >= 3 and e[0] == "replaced" for e in around):
                edit = ("replaced", *edit[1:])
        _append(result, edit)
    return result


_SMALL_WORDS = frozenset(
    ["the", "a", "an", "of", "in", "to", "and", "or", "by", "for", "on", "with", "at", "as", "from", "that", "which"]
)

# --- spelling -------------------------------------------------------------------------------------------------------

# What tells apart two words that would be one without their hyphen.
_TOLD_BY_HYPHEN = frozenset(
    ["re-sign", "re-signed", "re-signing", "re-form", "re-formed", "re-cover", "re-lease", "re-present", "re-dress"]
)
_OUR = (
    "arbor ardor armor behavior candor clamor color demeanor endeavor favor flavor harbor honor humor labor "
    "neighbor odor parlor rancor rigor rumor savior savor splendor succor tumor valor vapor vigor"
)
_RE = (
    "center theater meter liter fiber caliber specter maneuver luster somber saber scepter meager kilometer centimeter"
)
_SPELLINGS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (rf"({'|'.join(word[:-2] for word in _OUR.split())})our", r"\1or"),
        (r"(\w{2,}[^aeiou\W])is(e|ed|es|er|ers|ing|ation|ations|ational|able)$", r"\1iz\2"),
        (r"(\w{2,}[aeiou][rltnm]?)is(e|ed|es|er|ers|ing|ation|ations|able)$", r"\1iz\2"),
        (r"(anal|paral|catal|electrol|hydrol)ys(e|ed|es|er|ing)$", r"\1yz\2"),
        (r"(def|off|lic|pret)enc(e|es|ed|ing|eless)$", r"\1ens\2"),
        (rf"({'|'.join(word[:-2] for word in _RE.split())})re(s|d)?$", r"\1er\2"),
        (r"(cent|calib|man)er?r(ing)$", r"\1er\2"),
        (r"centred$", "centered"),
        (r"manoeuv", "maneuv"),
        (r"([aeiouy]\w*[^aeiou\W]+[aeiouy])ll(ed|ing|er|ers|or|ors|ment|ments)$", r"\1l\2"),
        (r"(ful|en|in|dis|th)(fi|ro|sta|ti|ra)ll(s|ments?)?$", r"\1\2l\3"),
        (r"(skil|wil)lful", r"\1ful"),
        (r"instal(ls|l)?$", "install"),
        (r"(catal|dial|anal|prol|monol|epil)ogue", r"\1og"),
        (r"programme(s?)$", r"program\1"),
        (r"(kilo|milli)?gramme(s?)$", r"\1gram\2"),
        (r"(judg|acknowledg|abridg|lodg)ement", r"\1ment"),
        (r"(a)rchae|(en)cyclopae|(p)aedia|(medi)ae", lambda m: m[0].replace("ae", "e")),
        (r"(orthop|gyn|an|leuk|h)ae(d|c|m|s|t)", r"\1e\2"),
        (r"foet|oestr|oesoph|diarrhoe", lambda m: m[0].replace("oe", "e")),
        (r"^grey", "gray"),
        (r"alumini?um", "aluminum"),
        (r"sulph", "sulf"),
        (r"plough", "plow"),
        (r"(m)ould", r"\1old"),
        (r"(conn|infl|refl)exion", r"\1ection"),
        (r"^enquir", "inquir"),
        (r"^(to|after|back|for|in|out|up|down)wards$", r"\1ward"),
        (r"^(among|amid|whil)(st)$", r"\1"),
        (r"^despatch", "dispatch"),
        (r"^sceptic", "skeptic"),
        (r"^artefact", "artifact"),
        (r"^(bia|focu|benefi)(s|t)\2(ed|ing|es)$", r"\1\2\3"),
        (r"^tranship", "transship"),
        (r"^practis", "practic"),
        (r"^waggon", "wagon"),
        (r"^jewell", "jewel"),
    )
)


@functools.lru_cache(maxsize=200_000)
def _key(word: str) -> str:
    """A word as it is compared: small letters, one spelling, no hyphen and no apostrophe."""
    plain = word.casefold().replace("\u00ad", "")
    plain = unicodedata.normalize("NFKC", plain)
    plain = re.sub(r"['’ʼ]", "", plain)
    if plain[-1:].isdigit() or plain[:1].isdigit():
        return re.sub(r",(?=\d{3}(?!\d))", "", plain).replace("−", "-")
    spaced = re.sub(r"\s", "", plain)
    if re.sub(r"[‐‑]", "-", spaced) in _TOLD_BY_HYPHEN:
        return re.sub(r"[‐‑]", "-", spaced)
    pieces = [_spelled(piece) for piece in re.split(r"[-‐‑]", spaced)]
    if len(pieces[-1]) == 1:  # 'VI-A' is a number, not the word 'via'
        return "-".join(pieces)
    return _spelled("".join(pieces))


def _spelled(word: str) -> str:
    if word in MODALS or not word.isalpha():
        return word
    for pattern, to in _SPELLINGS:
        word = pattern.sub(to, word)
    return word


def _roman(numeral: str) -> int:
    values = [_VALUES[letter] for letter in numeral]
    return sum(-v if i + 1 < len(values) and v < values[i + 1] else v for i, v in enumerate(values))


# --------------------------------------------------------------------------------------------------- many treaties


def nearest(treaties: Mapping[str, Sequence[str]], *, most: int = 3, threshold: float = 0.0) -> pd.DataFrame:
    """For each article of many treaties the nearest article in each of its ``most`` nearest other treaties.

    Returns
    -------
    DataFrame
        One row an article and rank: ``treaty``, ``article`` (place in the treaty's list), ``rank``, ``other``,
        ``other_article``, ``score``. An article without one (its score would be under the threshold, or 0) has no row.
    """
    names, corpus, starts = _corpus(treaties)
    best, score = _best_by_treaty(corpus, starts)
    owner = _owner(starts, np.arange(len(corpus)))
    score[np.arange(len(corpus)), owner] = 0
    order = np.argsort(-score, axis=1, kind="stable")[:, :most]
    values = np.take_along_axis(score, order, axis=1)
    article, rank = np.nonzero((values >= threshold) & (values > 0))
    other = best[article, order[article, rank]].astype(np.int64)
    values = values[article, rank]
    rank = rank + 1
    treaty, other_treaty = _owner(starts, article), _owner(starts, other)
    labels = np.array(names, dtype=object)
    return pd.DataFrame(
        {
            "treaty": labels[treaty],
            "article": article - starts[treaty],
            "rank": rank,
            "other": labels[other_treaty],
            "other_article": other - starts[other_treaty],
            "score": values,
        }
    )


def similarity(treaties: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """How much alike treaties are: a symmetric frame, names by names, 1 on the diagonal.

    The value is the mean score of each article with its nearest in the other treaty, taken in both directions and
    averaged: 1 if every article of each stands in the other word for word. A treaty without articles has none (NaN).
    """
    names, corpus, starts = _corpus(treaties)
    _best, score = _best_by_treaty(corpus, starts)
    count = np.diff([*starts, len(corpus)])
    total = np.zeros((len(names), len(names)))
    np.add.at(total, _owner(starts, np.arange(len(corpus))), score)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / count[:, None]
    both = (mean + mean.T) / 2
    np.fill_diagonal(both, np.where(count > 0, 1.0, np.nan))
    both[count == 0, :] = np.nan
    both[:, count == 0] = np.nan
    return pd.DataFrame(both, index=names, columns=names)


# The commonest features are multiplied as dense columns, the others by the lists of articles that hold them. More
# columns cost memory (20,000 articles: 4 bytes each, 160 MB), fewer cost time in the lists.
_COLUMNS = 2048
_BLOCK = 512  # articles compared at a time with all later ones
_CHUNK = 2_000_000  # products of the lists held at a time
_MOST_CELLS = 120_000_000  # articles times treaties: a place and a score for each, 1 GB


def _corpus(treaties: Mapping[str, Sequence[str]]) -> tuple[list[str], _Weighed, Integers]:
    for name, texts in treaties.items():
        _texts(texts, name)
    if not treaties:
        raise InputError("No treaty was given to compare. Give at least one with its articles.")
    sizes = [len(texts) for texts in treaties.values()]
    starts = np.cumsum([0, *sizes[:-1]], dtype=np.int64)
    weighed = _weighed(_counted(text for texts in treaties.values() for text in texts))
    return list(treaties), weighed, starts


def _owner(starts: Integers, articles: Integers) -> Integers:
    """The treaty to which each article belongs; treaties without articles own none."""
    return np.asarray(np.searchsorted(starts, articles, side="right") - 1, dtype=np.int64)


def _best_by_treaty(corpus: _Weighed, starts: Integers) -> tuple[Places, Floats]:
    """For each article (a row) the best article of each treaty (a column) and its score; -1 where there is none.

    What stands in the column of an article's own treaty has no meaning.

    Each pair is multiplied once: a block of articles with itself and all later ones, and the outcome is noted for both.
    """
    n = len(corpus)
    if n * len(starts) > _MOST_CELLS:
        raise InputError(
            f"{n:,} articles of {len(starts):,} treaties are too many to compare at once (at most {_MOST_CELLS:,} when "
            "the two are multiplied). Compare fewer treaties."
        )
    best = np.full((n, len(starts)), -1, dtype=np.int32)
    score = np.zeros((n, len(starts)), dtype=np.float32)
    limits = [(g, int(a), int(b)) for g, (a, b) in enumerate(zip(starts, [*starts[1:], n], strict=True)) if b > a]

    for first, block in _Pairs(corpus):
        last = first + len(block)
        for g, a, b in limits:
            if b > first:  # this block's articles with treaty g
                from_, part = max(a, first), block[:, max(a, first) - first : b - first]
                _improve(best[first:last, g], score[first:last, g], part.argmax(axis=1) + from_, part.max(axis=1))
            if a < last and b > first and last < n:  # the later articles with this block's part of treaty g
                from_, part = max(a, first), block[max(a, first) - first : min(b, last) - first, last - first :]
                _improve(best[last:, g], score[last:, g], part.argmax(axis=0) + from_, part.max(axis=0))
    return best, np.clip(score, 0, 1)


def _improve(best: Places, score: Floats, place: Integers, value: Floats) -> None:
    better = value > score
    best[better] = place[better]
    score[better] = value[better]


class _Pairs:
    """The exact scores of all pairs: blocks of articles by themselves and all later articles."""

    def __init__(self, corpus: _Weighed) -> None:
        self._n = len(corpus)
        self._width = len(corpus.idf)
        common = np.argsort(-corpus.document_frequency, kind="stable")[:_COLUMNS]
        column = np.full(self._width, -1, dtype=np.int64)
        column[common] = np.arange(len(common))
        rows = np.repeat(np.arange(self._n, dtype=np.int32), np.diff(corpus.starts))
        places = column[corpus.columns]
        self._dense = np.zeros((self._n, len(common)), dtype=np.float32)
        self._dense[rows[places >= 0], places[places >= 0]] = corpus.values[places >= 0]
        rare = (places < 0) & (corpus.document_frequency[corpus.columns] > 1)  # a single article shares with none
        self._rows, self._features, self._values = rows[rare], corpus.columns[rare], corpus.values[rare]
        by_feature = np.argsort(self._features, kind="stable")
        self._listed, self._weights = self._rows[by_feature], self._values[by_feature]
        held = np.bincount(self._features, minlength=self._width)
        self._end = np.cumsum(held)
        self._begin = self._end - held

    def __iter__(self) -> Iterator[tuple[int, Floats]]:
        begin = self._begin.copy()  # where in each feature's list the articles begin that are still to come
        for first in range(0, self._n, _BLOCK):
            last = min(first + _BLOCK, self._n)
            block = self._dense[first:last] @ self._dense[first:].T
            flat = block.reshape(-1)
            wide = self._n - first
            entries = slice(*np.searchsorted(self._rows, [first, last]))
            features, rows, values = self._features[entries], self._rows[entries], self._values[entries]
            sizes = self._end[features] - begin[features]
            reach = np.cumsum(sizes)
            low = 0
            while low < len(features):
                passed = reach[low - 1] if low else 0
                high = max(low + 1, int(np.searchsorted(reach, passed + _CHUNK, side="right")))
                part, size = slice(low, high), sizes[low:high]
                offset = np.repeat(begin[features[part]] - (reach[part] - size - passed), size)
                places = offset + np.arange(len(offset))
                cells = np.repeat((rows[part].astype(np.int64) - first) * wide - first, size) + self._listed[places]
                np.add.at(flat, cells, np.repeat(values[part], size) * self._weights[places])
                low = high
            begin += np.bincount(features, minlength=self._width)
            yield first, block


# ------------------------------------------------------------------------------------------------- words to weights


@dataclass(frozen=True, slots=True)
class _Counted:
    """How often each feature stands in each article, in compressed rows."""

    starts: Integers
    columns: Integers
    counts: Integers
    width: int


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Unit vectors in compressed rows."""

    starts: Integers
    columns: Integers
    values: Floats
    idf: Floats
    document_frequency: Integers
    _scratch: Floats = field(repr=False)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def features(self, row: int) -> Integers:
        """The features of an article, ascending."""
        return self.columns[self.starts[row] : self.starts[row + 1]]

    def with_rows(self, row: int, others: Integers) -> Floats:
        """The exact scores of one article with some others."""
        begin, end = int(self.starts[row]), int(self.starts[row + 1])
        self._scratch[self.columns[begin:end]] = self.values[begin:end]
        first, last = self.starts[others], self.starts[others + 1]
        sizes = last - first
        offsets = np.concatenate(([0], np.cumsum(sizes)))
        places = np.repeat(first - offsets[:-1], sizes) + np.arange(offsets[-1])
        products = self._scratch[self.columns[places]] * self.values[places]
        self._scratch[self.columns[begin:end]] = 0
        result = np.zeros(len(others), dtype=np.float32)
        filled = sizes > 0
        if filled.any():
            result[filled] = np.add.reduceat(products, offsets[:-1][filled])
        return result

    def joined(self, rows: Sequence[int]) -> Floats:
        """The sum of some articles' vectors."""
        total = np.zeros(len(self.idf), dtype=np.float32)
        for row in rows:
            part = slice(int(self.starts[row]), int(self.starts[row + 1]))
            total[self.columns[part]] += self.values[part]
        return total


_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W_]+(?:['’ʼ‐‑-][^\W_]+)*")
_ENDINGS = ("ations", "ation", "ments", "ment", "ings", "ing", "ied", "ies", "ers", "ed", "es", "er", "ly", "e", "s")


@functools.lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    """A word without its ending, roughly: the first of the endings after which four letters remain."""
    key = _key(word)
    if key.isascii():
        for ending in _ENDINGS:
            if key.endswith(ending) and len(key) - len(ending) >= 4:
                return key[: -len(ending)]
    return key


def _counted(texts: Iterable[str]) -> _Counted:
    known: dict[str, int] = {}
    stems: dict[str, int] = {}
    ids: list[npt.NDArray[np.int32]] = []
    for text in texts:
        row = []
        for word in _TOKEN.findall(text.lower()):
            place = known.get(word)
            if place is None:
                place = known[word] = stems.setdefault(_stem(word), len(stems))
            row.append(place)
        ids.append(np.array(row, dtype=np.int32))
    return _features(ids, len(stems))


def _features(ids: Sequence[npt.NDArray[np.int32]], words: int) -> _Counted:
    """Words and pairs of neighbouring words, counted for each article."""
    span = np.int64(words + 1)
    keys = []
    for row in ids:
        wide = row.astype(np.int64)
        keys.append(np.concatenate((wide, (wide[:-1] + 1) * span + wide[1:])))
    sizes = np.array([len(key) for key in keys], dtype=np.int64)
    everything = np.concatenate(keys) if keys else np.array([], dtype=np.int64)
    del keys
    names, columns = np.unique(everything, return_inverse=True)
    del everything
    width = max(len(names), 1)
    pairs = np.repeat(np.arange(len(ids), dtype=np.int64), sizes) * width + columns
    del columns
    found, counts = np.unique(pairs, return_counts=True)
    starts = np.searchsorted(found, np.arange(len(ids) + 1, dtype=np.int64) * width)
    return _Counted(starts.astype(np.int64), found % width, counts, width)


def _weighed(counted: _Counted) -> _Weighed:
    n = len(counted.starts) - 1
    frequency = np.bincount(counted.columns, minlength=counted.width)
    idf = (np.log((1 + n) / (1 + frequency)) + 1).astype(np.float32)
    values = ((1 + np.log(counted.counts)) * idf[counted.columns]).astype(np.float32)
    rows = np.repeat(np.arange(n), np.diff(counted.starts))
    norm = np.sqrt(np.bincount(rows, weights=values.astype(np.float64) ** 2, minlength=n))
    values /= np.where(norm > 0, norm, 1)[rows].astype(np.float32)
    scratch = np.zeros(counted.width, dtype=np.float32)
    return _Weighed(counted.starts, counted.columns, values, idf, frequency, scratch)


def _products(weighed: _Weighed, rows: range, others: slice) -> Floats:
    """The exact scores of some rows with a stretch of others."""
    columns = np.arange(others.start, others.stop)
    table = np.zeros((len(rows), len(columns)), dtype=np.float32)
    for i, row in enumerate(rows):
        table[i] = weighed.with_rows(row, columns)
    return table


# ---------------------------------------------------------------------------------------------------------- typing


class Rule(Protocol):
    """A rule that suggests a type: at least one of ``any``, every one of ``all``, none of ``none`` must be found."""

    @property
    def any(self) -> Sequence[str]: ...
    @property
    def all(self) -> Sequence[str]: ...
    @property
    def none(self) -> Sequence[str]: ...


class Typist:
    """The rules of a codebook made ready to be tried on many articles.

    Regular expressions, case ignored, over a text with single spaces. It finds what trying every pattern on every
    article finds, sooner: each pattern is looked through once for letters without which it cannot match, and it is
    tried only on articles that hold them. Pass a mapping from type to its rules, in the order wanted.

    Raises
    ------
    InputError
        If a pattern is no regular expression; the message names it and its type.
    """

    def __init__(self, rules: Mapping[str, Sequence[Rule]]) -> None:
        self._patterns: list[re.Pattern[str]] = []
        self._needles: dict[str, int] = {}
        self._always: set[int] = set()  # patterns that need no letters
        self._hinted: list[list[tuple[int, int]]] = []  # for each letter string: (all that is needed, as bits; pattern)
        self._seen: dict[str, frozenset[int]] = {}
        self._rules = [
            (
                name,
                [self._pattern(name, pattern) for pattern in rule.none],
                [self._pattern(name, pattern) for pattern in rule.all],
                [self._pattern(name, pattern) for pattern in rule.any],
            )
            for name, listed in rules.items()
            for rule in listed
        ]

    def suggest(self, text: str) -> dict[str, list[str]]:
        """The types whose rules hold for a text, each with the words that led there, in the order of the rules.

        An empty dictionary says: none of these.
        """
        flat = " ".join(text.split())
        possible = self._possible(flat)
        result: dict[str, list[str]] = {}
        for name, none, wanted, offered in self._rules:
            if (offered and possible.isdisjoint(offered)) or not possible.issuperset(wanted):
                continue
            needed = [self._patterns[k].search(flat) for k in wanted]
            if None in needed:
                continue
            found = [match for k in offered if k in possible and (match := self._patterns[k].search(flat))]
            if (offered and not found) or any(k in possible and self._patterns[k].search(flat) for k in none):
                continue
            kept = result.setdefault(name, [])
            words = dict.fromkeys(match[0] for match in [*needed, *found] if match)
            kept += [word for word in words if word and word not in kept]
        return result

    def _pattern(self, name: str, pattern: str) -> int:
        """Note a pattern and what it needs; its place."""
        try:
            compiled = re.compile(pattern, re.IGNORECASE)
        except (re.error, RecursionError, OverflowError) as error:
            raise InputError(
                f"The pattern '{pattern}' of the type '{name}' is no regular expression ({error}). Mend it in the "
                "codebook."
            ) from None
        self._patterns.append(compiled)
        place = len(self._patterns) - 1
        for needed in _needed(pattern):
            bits = [self._needles.setdefault(letters, len(self._needles)) for letters in sorted(needed, key=len)]
            self._hinted += [[] for _ in range(len(self._needles) - len(self._hinted))]
            if bits:
                self._hinted[bits[-1]].append((sum(1 << bit for bit in bits), place))  # under the longest, the rarest
            else:
                self._always.add(place)
        return place

    def _possible(self, flat: str) -> set[int]:
        """The patterns whose letters stand in the words of a text."""
        held: set[int] = set()
        for word in set(_LETTERS.findall(flat.lower().translate(_FOLDED))):
            found = self._seen.get(word)
            if found is None:
                found = frozenset(bit for letters, bit in self._needles.items() if letters in word)
                if len(self._seen) < _MOST_SEEN:
                    self._seen[word] = found
            held |= found
        present = sum(1 << bit for bit in held)
        possible = set(self._always)
        for bit in held:
            possible.update(place for mask, place in self._hinted[bit] if mask & present == mask)
        return possible


def suggest(text: str, rules: Mapping[str, Sequence[Rule]]) -> dict[str, list[str]]:
    """The types whose rules hold for one text; for many texts keep a ``Typist``."""
    return Typist(rules).suggest(text)


_LETTERS = re.compile(r"[a-z]+")
_FOLDED = {0x017F: "s", 0x0131: "i"}  # the two letters that match s and i when case is ignored and stay in lower()
_MOST_CHOICES = 64
_MOST_SEEN = 500_000  # words whose letters are remembered
_ANYTHING: list[frozenset[str]] = [frozenset()]

_ITEM = re.compile(
    r"(?P<open>\((?:\?:)?(?!\?))|(?P<close>\))|(?P<bar>\|)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|(?P<escape>\\[bBdDsSwW]|\\[^\w\s])|(?P<letter>[A-Za-z])|(?P<other>[^\\(\[*+?{|)])"
)
_TIMES = re.compile(r"(?:(?P<none>[*?]|\{0?,\d*\}|\{0\})|\+|\{[1-9]\d*(?:,\d*)?\})[?+]?")


def _needed(pattern: str) -> list[frozenset[str]]:
    """Sets of letter strings of which a text must hold at least one whole set, or the pattern cannot match it.

    Reads the plain part of the syntax of regular expressions; anything else (references, look-around, flags) makes the
    answer 'nothing is needed', which is always right.
    """
    if pattern.startswith("(?") or "(?#" in pattern or re.search(r"\\[1-9AZ]", pattern):
        return _ANYTHING
    try:
        choices, place = _alternatives(pattern, 0)
    except (_NotPlainError, RecursionError):
        return _ANYTHING
    return choices if place == len(pattern) else _ANYTHING


class _NotPlainError(Exception):
    """The pattern uses more of the syntax than is read here."""


def _alternatives(pattern: str, place: int) -> tuple[list[frozenset[str]], int]:
    """What the branches from here to the closing bracket need: the choices of all of them together."""
    choices, place = _sequence(pattern, place)
    while place < len(pattern) and pattern[place] == "|":
        more, place = _sequence(pattern, place + 1)
        choices = choices + more
    return (choices if len(choices) <= _MOST_CHOICES else _ANYTHING), place


def _sequence(pattern: str, place: int) -> tuple[list[frozenset[str]], int]:
    """What one branch needs: every run of letters and every group in it that must occur."""
    choices = _ANYTHING
    run = ""

    def closed(run: str) -> list[frozenset[str]]:
        return [choice | {run} for choice in choices] if len(run) > 1 else choices

    while place < len(pattern):
        item = _ITEM.match(pattern, place)
        if item is None:
            raise _NotPlainError
        if item["close"] or item["bar"]:
            break
        place = item.end()
        inner: list[frozenset[str]] | None = None
        if item["open"]:
            inner, place = _alternatives(pattern, place)
            if place >= len(pattern):
                raise _NotPlainError
            place += 1
        times = _TIMES.match(pattern, place)
        place = times.end() if times else place
        optional = bool(times and times["none"])
        if item["letter"] and not optional:
            run += item["letter"].lower()
            if times:  # at least once, and anything may stand between two of them
                choices, run = closed(run), ""
            continue
        choices, run = closed(run), ""
        if inner and not optional and len(inner) * len(choices) <= _MOST_CHOICES:
            choices = [one | other for one in choices for other in inner]
    return closed(run), place


# ------------------------------------------------------------------------------------------------------------ shared


def _texts(texts: Iterable[object], name: Hashable) -> None:
    if isinstance(texts, str):
        raise InputError(f"'{name}' is one text; a list of articles is wanted. Cut it into articles first.")
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(f"Item {place} of '{name}' is {type(text).__name__}, not text. Give the articles' words.")
