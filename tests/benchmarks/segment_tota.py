"""Article boundaries and speed of the segmenter on the Texts of Trade Agreements, in many layouts.

    python tests/benchmarks/segment_tota.py [--folder ../shared/treaties] [--failures 5]

Prints, for each layout and each half of the corpus (by a hash of the file's name: the segmenter was built looking only
at the failures of 'dev'), the number of English treaties, and over them the F1 of the articles found: an article counts
as found if one starts inside its printed label under the same number. 'exact' also wants the very first and the very
last character. The corpus (Alschner, Seiermann and Skougarevskiy, CC BY-NC) is not part of the repository.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from analysis import treaty_layouts as layouts  # noqa: E402

from legation.analysis.segment import segment  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT.parent / "shared" / "treaties")
    parser.add_argument(
        "--failures", type=int, default=0, help="how many of the worst treaties to name for each layout"
    )
    given = parser.parse_args()
    if not (given.folder / "tota").is_dir():
        print(f"No corpus in {given.folder}: nothing was measured. Name its folder with --folder.")
        return 0

    treaties = list(layouts.corpus(given.folder / "tota"))
    english = [(name, pieces) for name, is_english, pieces in treaties if is_english]
    print(f"{len(treaties)} treaties, {len(english)} of them English; {len(treaties) - len(english)} are not scored.\n")
    columns = {"layout": -22, "half": -10, "n": 4, "median": 8, "mean": 8, "least": 8, "<0.9": 6, "all found": 11}
    columns |= {"exact": 8, "none": 6}
    print("".join(name.ljust(-width) if width < 0 else name.rjust(width) for name, width in columns.items()))
    for layout, lay_out in layouts.LAYOUTS.items():
        rows: dict[str, list[tuple[float, float, str, bool]]] = {"dev": [], "held-out": []}
        for name, pieces in english:
            laid_out = lay_out(pieces)
            if laid_out is not None:
                text, gold = laid_out
                result = segment(text)
                found = [(part.number, part.start, part.end) for part in result.articles]
                scored = layouts.score(gold, found)
                silent = not found and not result.problems
                rows[layouts.half(name)].append((scored.f1, scored.strict, name, silent))
        for half, scores in rows.items():
            f1 = [row[0] for row in scores]
            print(
                f"{layout:22}{half:10}{len(f1):4}{statistics.median(f1):8.3f}{statistics.mean(f1):8.4f}{min(f1):8.3f}"
                f"{sum(v < 0.9 for v in f1):6}{sum(v == 1 for v in f1):11}{statistics.mean(r[1] for r in scores):8.4f}"
                f"{sum(r[3] for r in scores):6}"
            )
            for row in sorted(scores)[: given.failures]:
                print(f"{'':32}{row[2]} {row[0]:.3f}")

    texts = [layouts.own_line(pieces)[0] for _name, pieces in english][:200]
    print(f"\n{'speed, one process':22}{'treaties':>10}{'MB':>8}{'seconds':>9}{'MB/s':>7}")
    for count in (50, 100, 200, 400):
        batch = (texts * 2)[:count]
        size = sum(map(len, batch)) / 1e6
        before = time.perf_counter()
        for text in batch:
            segment(text)
        taken = time.perf_counter() - before
        print(f"{'':22}{count:10}{size:8.1f}{taken:9.2f}{size / taken:7.1f}")
    joined = "\n\n".join(texts)
    for size in (1, 2, 4, 8):
        before = time.perf_counter()
        segment(joined[: size * 1_000_000])
        print(f"{'one text':22}{1:10}{size:8.1f}{time.perf_counter() - before:9.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
