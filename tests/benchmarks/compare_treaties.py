"""How well and how fast treaties are compared and typed, on the real texts.

    python tests/benchmarks/compare_treaties.py [--folder ../shared/treaties] [--pairs 100]

Prints the counterparts from the North Atlantic Treaty to ANZUS and back, the redline from the drafts of ANZUS to the
signed text, how often the article of the same name is ranked first between trade agreements, the time and memory of
comparing all their articles, and the time of segmenting and typing 200 of them. The texts are not part of the
repository; nothing of them is printed but numbers and changed words.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from analysis import treaty_layouts as layouts  # noqa: E402

from legation.analysis import compare  # noqa: E402
from legation.analysis.segment import segment  # noqa: E402
from legation.data.treaties import codebook  # noqa: E402

# Which article of ANZUS answers which of the North Atlantic Treaty, by reading the two.
TRUE = {"1": "1", "3": "2", "4": "3", "5": "4", "6": "5", "7": "6", "9": "7", "11": "9", "13": "10", "14": "11"}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT.parent / "shared" / "treaties")
    parser.add_argument("--pairs", type=int, default=100, help="how many pairs of trade agreements to compare by name")
    given = parser.parse_args()
    if not (given.folder / "texts").is_dir() or not (given.folder / "tota").is_dir():
        print(f"No texts in {given.folder}: nothing was measured. Name their folder with --folder.")
        return 0
    corpus = [
        (name, [piece for piece in pieces if piece.kind == "article"], english)
        for name, english, pieces in layouts.corpus(given.folder / "tota")
    ]
    speed_of_pairs({name: [piece.text for piece in pieces] for name, pieces, _english in corpus})
    counterparts(given.folder / "texts")
    drafts(given.folder / "texts")
    by_name([pieces for _name, pieces, english in corpus if english], given.pairs)
    english = [pieces for _name, is_english, pieces in layouts.corpus(given.folder / "tota") if is_english]
    speed_of_typing([layouts.own_line(pieces)[0] for pieces in english])
    return 0


def speed_of_pairs(treaties: dict[str, list[str]]) -> None:
    print("All pairs of articles, exact scores")
    print(f"{'articles':>10}{'treaties':>10}{'nearest, s':>12}{'matrix, s':>11}{'ms/article':>12}{'memory, MB':>12}")
    for most in (2500, 5000, 10000, 20000):
        chosen: dict[str, list[str]] = {}
        count = 0
        for name, texts in treaties.items():
            if count + len(texts) <= most:
                chosen[name] = texts
                count += len(texts)
        before = time.perf_counter()
        compare.nearest(chosen)
        nearest = time.perf_counter() - before
        compare.similarity(chosen)
        matrix = time.perf_counter() - before - nearest
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{count:10}{len(chosen):10}{nearest:12.1f}{matrix:11.1f}{1000 * nearest / count:12.2f}{memory:12.0f}")


def read(path: Path) -> list[compare.Article]:
    return compare.articles(path.read_text(encoding="utf-8").split("\n", 1)[1])


def counterparts(folder: Path) -> None:
    first, second = read(folder / "1949-north-atlantic-treaty.txt"), read(folder / "1951-anzus.txt")
    for heading, a, b, true in (
        ("North Atlantic to ANZUS", first, second, TRUE),
        ("ANZUS to North Atlantic", second, first, {new: old for old, new in TRUE.items()}),
    ):
        print(f"\n{heading} (threshold {compare.COUNTERPART})")
        right = 0
        for entry in compare.counterparts([x.text for x in a], [x.text for x in b]):
            number, found = a[entry.article].number, b[entry.nearest].number if entry.nearest is not None else "—"
            verdict = found if entry.counterpart is not None else None
            right += verdict == true.get(number)
            kind = "counterpart" if verdict else "no counterpart"
            wrong = "" if verdict == true.get(number) else "WRONG"
            print(f"{number:>6} -> {found:>3} {entry.score:6.3f}  {kind:16}{wrong}".rstrip())
        print(f"  {right} of {len(a)} right")


def drafts(folder: Path) -> None:
    february, july, signed = (
        read(folder / f"1951-anzus{name}.txt") for name in ("-draft-17-Feb", "-initialled-draft-12-July", "")
    )
    for heading, old, new in (("February to July", february, july), ("July to September", july, signed)):
        print(f"\nANZUS, {heading}: changed words, those with a modal verb first")
        changes = [
            (a.number, change) for a, b in zip(old, new, strict=True) for change in compare.redline(a.text, b.text)
        ]
        for number, change in sorted(changes, key=lambda item: not any(item[1].modals)):
            shown = [words if len(words.split()) <= 2 else f"({len(words.split())} words)" for words in change[1:]]
            print(f"{number:>6}  {change.op:10}{shown[0] or '·'} -> {shown[1] or '·'}")


def by_name(treaties: list[list[layouts.Piece]], pairs: int) -> None:
    """Articles of one name, once in each of two agreements, count as counterparts: a rough gold, without synonyms."""
    usable = []
    for pieces in treaties:
        names = Counter(piece.name.lower() for piece in pieces)
        named = [(n if names[n] == 1 else "", p.text) for p in pieces if (n := p.name.lower()) or p.text]
        if sum(bool(name) for name, _text in named) >= 10 and len(named) < 300:
            usable.append(named)
    draw = random.Random(5)  # noqa: S311
    first_ranked = total = named_alike = said = 0
    for _ in range(pairs):
        a, b = draw.sample(usable, 2)
        table = compare.scores([text for _name, text in a], [text for _name, text in b])
        places = {name: j for j, (name, _text) in enumerate(b) if name}
        for i, (name, _text) in enumerate(a):
            if name in places:
                total += 1
                first_ranked += int(np.argmax(table[i])) == places[name]
            if name and table[i].max() >= compare.COUNTERPART:
                said += 1
                named_alike += places.get(name) == int(np.argmax(table[i]))
    print(f"\n{pairs} pairs of trade agreements: {first_ranked / total:.1%} of {total} articles rank a namesake first;")
    print(f"of {said} counterparts told {named_alike / said:.1%} bear the same name (others may have a synonym)")


def speed_of_typing(texts: list[str]) -> None:
    book = codebook()
    typist = compare.Typist({entry.id: entry.signals for entry in book.types})
    texts = (texts * 4)[:400]
    print("\nSegmenting and typing, one process")
    print(f"{'treaties':>10}{'MB':>8}{'segment, s':>12}{'type, s':>9}{'both, s':>9}{'ms/treaty':>11}{'MB/s':>7}")
    for count in (50, 100, 200, 400):
        size = sum(map(len, texts[:count])) / 1e6
        before = time.perf_counter()
        found = [segment(text) for text in texts[:count]]
        middle = time.perf_counter()
        for text, parts in zip(texts, found, strict=False):
            for part in parts.articles:
                typist.suggest(text[part.start : part.end])
        after = time.perf_counter()
        print(
            f"{count:10}{size:8.1f}{middle - before:12.2f}{after - middle:9.2f}{after - before:9.2f}"
            f"{1000 * (after - before) / count:11.1f}{size / (after - before):7.1f}"
        )
    sample = [text[p.start : p.end] for text, parts in zip(texts[:20], found, strict=False) for p in parts.articles]
    before = time.perf_counter()
    slow = [book.suggestions(text) for text in sample]
    middle = time.perf_counter()
    fast = [typist.suggest(text) for text in sample]
    after = time.perf_counter()
    print(
        f"  every pattern on every article: {(middle - before) / (after - middle):.1f} times as long, "
        f"{'the same' if slow == fast else 'OTHER'} suggestions on {len(sample)} articles"
    )


if __name__ == "__main__":
    raise SystemExit(main())
