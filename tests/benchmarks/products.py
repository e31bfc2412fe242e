"""What trade by product costs as the table grows: a made-up archive in the form of CEPII's BACI, imported and asked.

    python tests/benchmarks/products.py [--rows 1e6,1e7,1e8] [--report]

For each number of rows: makes the archive (28 years, all countries with a number of UN Comtrade, made-up values),
imports it with ``legation data import`` in a copy of the checkout in a temporary folder, and asks, each in a process of
its own: a full comparison of one reporter's partners (all years; turnover, ranks, shares, growth, concentration), one
pair's products, and one product's exporters. Prints seconds (the middle of five, after a first), peak memory, and the
growth from one size to the next. ``--report`` builds the trade report on each besides. A hundred million rows take some
7 gigabytes of disk.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from legation import data
from legation.data.codes import present_codes

ROOT = Path(__file__).resolve().parents[2]
FIRST, YEARS, PRODUCTS = 1995, 28, 5000
REPORTER = "VNM"
#: Run in a process of its own: what it asks, five times after a first, and what that took.
ASK = """
import json, resource, statistics, sys, time
from legation import data
from legation.analysis import trade
def comparison():
    flows = data.open("goods_flows", about=["{reporter}", "WLD"], status="reconciled")
    view = trade.reporters_view(trade.best(flows), "{reporter}", perspective="reported")
    table = trade.bilateral(view)
    trade.rank(table, "turnover"), trade.share(view[view["flow"] != "turnover"], column="value")
    trade.growth(table, "turnover"), trade.concentration(view, "export"), trade.intensity(flows)
    return len(table)
def pair():
    return len(data.open("product_flows", exporter="{reporter}", importer="USA"))
def product():
    return len(data.open("product_flows", product="010000", year=2020))
ask, took = dict(comparison=comparison, pair=pair, product=product)[sys.argv[1]], []
for _ in range(6):
    start = time.perf_counter()
    rows = ask()
    took.append(time.perf_counter() - start)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
print(json.dumps([rows, took[0], statistics.median(took[1:]), peak]))
""".replace("{reporter}", REPORTER)
SPEC = """title: Trade by product, summed
abstract: Made-up figures.
chapters:
- notebook: trade_comparison
  parameters: {{reporter: {reporter}, partners: [CHN, USA, JPN], focus: CHN, first_year: {first}, last_year: {last},
    every_partner: false}}
"""


def main() -> None:
    """Measure each size in turn."""
    options = argparse.ArgumentParser(description="What trade by product costs as the table grows.")
    options.add_argument("--rows", default="1e6,1e7,1e8")
    options.add_argument("--report", action="store_true")
    chosen = options.parse_args()
    print("rows        what          rows given   first s   then s   peak MB")
    for rows in (int(float(each)) for each in chosen.rows.split(",")):
        with tempfile.TemporaryDirectory() as place:
            measure(rows, Path(place), report=chosen.report)


def measure(rows: int, place: Path, *, report: bool) -> None:
    """Import an archive of so many rows, and ask."""
    archive, checkout = place / "BACI_HS92_V202401b.zip", place / "checkout"
    made = generate(rows, archive, place)
    skipped = shutil.ignore_patterns("cache", "published", ".*", "tests")
    shutil.copytree(ROOT, checkout, ignore=skipped)
    start = time.perf_counter()
    took = run(checkout, "-c", "from legation.cli import main; main()", "data", "import", str(archive))
    size = sum(file.stat().st_size for file in checkout.glob("data/cache/vintages/*/*/*/rows.parquet"))
    print(f"{made:<11,} import                   {time.perf_counter() - start:9.1f}            {took:7.0f}   ", end="")
    print(f"{archive.stat().st_size / 1e6:,.0f} MB of CSV, {size / 1e6:,.0f} MB kept", flush=True)
    for ask in ("comparison", "pair", "product"):
        done = subprocess.run(
            [sys.executable, "-c", ASK, ask], cwd=checkout, capture_output=True, text=True, check=True
        )
        given, first, then, peak = json.loads(done.stdout)
        print(f"{'':<11} {ask:<13} {given:10,}   {first:7.2f}   {then:6.3f}   {peak:7.0f}", flush=True)
    if report:
        last = FIRST + YEARS - 1
        text = SPEC.format(reporter="THA", first=FIRST, last=last)
        (checkout / "reports" / "by-product.yml").write_text(text, encoding="utf-8")
        start = time.perf_counter()
        took = run(checkout, "-c", "from legation.cli import main; main()", "build", "by-product")
        print(f"{'':<11} {'report':<13} {'':10}   {time.perf_counter() - start:7.2f}", flush=True)


def run(checkout: Path, *command: str) -> float:
    """The peak memory of a command of this Python, in megabytes."""
    done = subprocess.Popen([sys.executable, *command], cwd=checkout, stdout=sys.stderr)
    _, status, used = os.wait4(done.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: it ended with {status}.")
    return used.ru_maxrss / 1000


def generate(rows: int, archive: Path, place: Path) -> int:
    """Write an archive of about so many rows, without packing them; returns how many there are."""
    countries = set(data.open("countries", kind="country")["code"]) - {"PRK"}
    numbers = sorted(int(number) for code, number in present_codes("comtrade").items() if code in countries)
    weights = 1 / np.arange(1, len(numbers) + 1) ** 0.9
    np.random.default_rng(7).shuffle(weights)
    sizes = np.outer(weights, weights)
    np.fill_diagonal(sizes, 0)
    low, high = 0.0, 1e12
    for _ in range(80):
        factor = (low + high) / 2
        short = np.minimum(PRODUCTS, np.floor(factor * sizes)).sum() * YEARS < rows
        low, high = (factor, high) if short else (low, factor)
    counts = np.minimum(PRODUCTS, np.floor(high * sizes)).astype(int)
    exporters, importers = np.nonzero(counts)
    pairs = pd.DataFrame(
        {
            "i": np.array(numbers)[exporters],
            "j": np.array(numbers)[importers],
            "n": counts[exporters, importers],
        }
    )
    with duckdb.connect() as base, zipfile.ZipFile(archive, "w") as out:
        base.register("pairs", pairs)
        for year in range(FIRST, FIRST + YEARS):
            file = place / "year.csv"
            base.execute(
                "COPY (SELECT ? AS t, i, j, lpad((10000 + p * 17)::VARCHAR, 6, '0') AS k, "  # noqa: S608 - no foreign text
                "round(exp(hash(i, j, p, ?) % 1000000 / 1e6 * 12 - 2), 3) AS v, "
                "round(exp(hash(i, j, p, ?, 7) % 1000000 / 1e6 * 10 - 3), 3) AS q "
                f"FROM pairs, LATERAL unnest(range(n)) AS products(p) ORDER BY i, j, k) TO '{file}' (HEADER)",
                [year, year, year],
            )
            out.write(file, f"BACI_HS92_Y{year}_V202401b.csv")
            file.unlink()
        names = "".join(f"{number},Country {number},,\n" for number in numbers)
        out.writestr("country_codes_V202401b.csv", f"country_code,country_name,country_iso2,country_iso3\n{names}")
    return int(pairs["n"].sum()) * YEARS


if __name__ == "__main__":
    main()
