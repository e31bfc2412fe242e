"""Do rules or likeness to a coded treaty suggest the types of an article better? Prints precision, recall and F1.

The two treaties whose whole texts and whole codings are held serve as each other's example: likeness gives an article
the types of its counterpart in the other. The rules were written with these two texts in view, so their score is no
forecast for a text nobody has seen; the comparison with likeness is what counts here.

    python tests/benchmarks/suggest_types.py [--folder ../shared/treaties]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from legation.analysis import compare
from legation.data.treaties import codebook, treaties

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {"1949-north-atlantic": "1949-north-atlantic-treaty.txt", "1951-anzus": "1951-anzus.txt"}
ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6", "VII": "7", "VIII": "8", "IX": "9"}
ROMAN |= {"X": "10", "XI": "11", "XII": "12", "XIII": "13", "XIV": "14"}

Types = dict[str, set[str]]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--folder", type=Path, default=ROOT.parent / "shared" / "treaties")
    folder = asked.parse_args().folder / "texts"
    if not folder.is_dir():
        print(f"No texts in {folder}: nothing measured.")
        return 0
    typist = compare.Typist({entry.id: entry.signals for entry in codebook().types})
    articles = {
        name: {article.number: article.text for article in compare.articles((folder / file).read_text("utf-8"))}
        for name, file in TEXTS.items()
    }
    print(f"{'treaty':22} {'way':16} precision  recall     F1")
    for name, other in ((name, other) for name in TEXTS for other in TEXTS if name != other):
        mine, theirs = articles[name], articles[other]
        rules = {number: set(typist.suggest(text)) for number, text in mine.items()}
        alike: Types = {}
        for found in compare.counterparts(list(mine.values()), list(theirs.values())):
            if found.counterpart is not None:
                alike[list(mine)[found.article]] = _coded(other).get(list(theirs)[found.counterpart], set())
        both = {number: rules[number] | alike.get(number, set()) for number in mine}
        for way, suggested in (("rules", rules), ("likeness", alike), ("rules or likeness", both)):
            print(f"{name:22} {way:16} " + "   ".join(f"{share:6.2f}" for share in _scores(suggested, _coded(name))))
    return 0


def _coded(name: str) -> Types:
    """The types the register codes for each article that it numbers."""
    found: Types = {}
    for provision in treaties()[name].provisions:
        label = str(provision.article)
        found.setdefault(ROMAN.get(label, label), set()).add(provision.type)
    return found


def _scores(suggested: Types, coded: Types) -> tuple[float, float, float]:
    right = sum(len(types & coded.get(number, set())) for number, types in suggested.items())
    stated = sum(len(types) for types in suggested.values())
    wanted = sum(len(types) for number, types in coded.items() if number.isdigit())
    precision, recall = right / max(stated, 1), right / max(wanted, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


if __name__ == "__main__":
    sys.exit(main())
