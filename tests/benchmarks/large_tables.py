"""How fast questions are answered from tables of millions of rows.

    python tests/benchmarks/large_tables.py [--table ../shared/trade/imf_dots_1960_2020.parquet] [--reporter VNM]

The trade measures: the IMF's table of 1960 to 2020 is imported into a temporary folder, once with every tenth of its
rows and once whole, and each trade measure is asked for one reporter: open the rows of its own reports (for mirrors,
totals and intensity those on its partners too), choose between sources, measure. Printed is the median of five runs in
a process that has asked before, against the bound of 0.1 s. The exit status is 1 if a measure misses it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from legation import data  # noqa: E402
from legation.analysis import trade  # noqa: E402
from legation.data import importing, vintages  # noqa: E402

MOST_SECONDS = 0.1
RUNS = 5
PARTNERS = ["CHN", "USA", "JPN", "DEU"]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--table", type=Path, default=ROOT.parent / "shared" / "trade" / "imf_dots_1960_2020.parquet")
    parser.add_argument("--reporter", default="VNM", help="the country asked about")
    given = parser.parse_args()
    if not given.table.is_file():
        print(f"There is no table {given.table}: nothing was measured. Name it with --table.")
        return 0
    return int(not trade_measures(given.table.resolve(), given.reporter))


# --- the trade measures over the IMF's table


def trade_measures(table: Path, reporter: str) -> bool:
    """Print the seconds of each measure over a tenth of the table and over all of it; whether all met the bound."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="legation-bench-") as folder:
        shutil.copytree(ROOT / "data", Path(folder) / "data", ignore=shutil.ignore_patterns("cache"))
        os.chdir(folder)
        try:
            taken, day = importing.read(table), datetime.now(UTC)
            found = {}
            for step in (10, 1):
                rows = taken.rows.iloc[::step]
                kept = vintages.keep("dots", vintages.Taken(taken.table, rows, taken.source, []), at=day)
                found[len(rows)] = {name: _median(partial(ask, reporter)) for name, ask in QUESTIONS.items()}
                day += timedelta(seconds=1)  # a vintage is named by the second in which it was taken
                assert kept is not None
        finally:
            os.chdir(before)
    (few, tenth), (many, whole) = found.items()
    print(f"Trade of {reporter}: seconds over {few:,} and over {many:,} imported rows, medians of {RUNS} runs\n")
    print(f"{'measure':24}{f'{few:,}':>12}{f'{many:,}':>12}{'times':>8}")
    for name, seconds in whole.items():
        verdict = "met" if seconds < MOST_SECONDS else "NOT MET"
        print(f"{name:24}{tenth[name]:12.3f}{seconds:12.3f}{seconds / tenth[name]:8.1f}   {verdict}")
    missed = [name for name, seconds in whole.items() if seconds >= MOST_SECONDS]
    print(f"\nUnder {MOST_SECONDS} s: {len(whole) - len(missed)} of {len(whole)} questions. Load: {os.getloadavg()}")
    return not missed


def _own(reporter: str) -> pd.DataFrame:
    """What the reporter states of its trade, one figure for each flow."""
    return trade.best(data.open("goods_flows", reporter=reporter))


def _sides(reporter: str) -> pd.DataFrame:
    """What it and some of its partners state of each other and of the world."""
    several = [reporter, *PARTNERS, "WLD"]
    return trade.best(data.open("goods_flows", reporter=several, partner=several))


def _table(reporter: str) -> pd.DataFrame:
    return trade.bilateral(_own(reporter))


def _all_sides(reporter: str) -> pd.DataFrame:
    """Every row on the reporter, its own and its partners'."""
    return trade.best(data.open("goods_flows", about=[reporter]))


QUESTIONS: dict[str, Callable[[str], object]] = {
    "bilateral": _table,
    "share": lambda who: trade.share(_table(who), column="exports"),
    "rank": lambda who: trade.rank(_table(who), "turnover"),
    "times": lambda who: trade.times(_table(who), "turnover", "CHN", "USA"),
    "growth": lambda who: trade.growth(_table(who), "turnover"),
    "compound growth": lambda who: trade.compound_growth(_table(who), "turnover", 2000, 2020),
    "index": lambda who: trade.index_to(_table(who), "turnover", 2000),
    "concentration": lambda who: trade.concentration(_own(who), "export"),
    "group total": lambda who: trade.group_total(_own(who), PARTNERS, "ASEAN", allow_missing=PARTNERS),
    "last complete year": lambda who: trade.last_complete_year(_table(who), ["CHN", "USA"]),
    "coverage": lambda who: trade.coverage(data.open("goods_flows", reporter=who)),
    "mirror gap": lambda who: trade.mirror_gap(_sides(who)),
    "reconcile": lambda who: trade.reconcile(_sides(who)),
    "mirror coverage": lambda who: trade.mirror_coverage(_sides(who)),
    "intensity": lambda who: trade.intensity(_sides(who)),
    "reporter's view": lambda who: trade.reporters_view(_all_sides(who), who),
}


def _median(ask: Callable[[], object]) -> float:
    ask()  # the first reads what later ones find read
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    sys.exit(main())
