"""Whether a sweep over every reporter of the IMF's table builds.

    python tests/benchmarks/every_reporter.py [--table ../shared/trade/imf_dots_1960_2020.parquet] [--reporters DDR,DEU]

The table of 1960 to 2020 is imported into a temporary checkout, and the trade notebook is built for each of its
reporters, the world left out, against Russia, China, the United States, the EU and Japan. Printed is how many editions
were built, which were not and why, the seconds, and the most memory of any one process. The exit status is 1 if one
was not built.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = {
    "partners": ["RUS", "CHN", "USA", "EU27", "JPN"],
    "focus": "RUS",
    "first_year": 1960,
    "last_year": 2020,
    "every_partner": False,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--table", type=Path, default=ROOT.parent / "shared" / "trade" / "imf_dots_1960_2020.parquet")
    parser.add_argument("--reporters", default="", help="only these, by their codes with commas between")
    given = parser.parse_args()
    if not given.table.is_file():
        print(f"There is no table {given.table}: nothing was built. Name it with --table.")
        return 0
    with tempfile.TemporaryDirectory(prefix="legation-bench-") as folder:
        house = Path(folder)
        for part in ("data", "notebooks"):
            shutil.copytree(ROOT / part, house / part, ignore=shutil.ignore_patterns("cache", ".*"))
        (house / "reports").mkdir()
        seconds = _legation(house, "data", "import", str(given.table.resolve()))[1]
        print(f"Imported in {seconds:.0f} s.")
        reporters = _reporters(house, set(filter(None, given.reporters.split(","))))
        spec = {
            "title": "{reporter}: trade with Russia and others",
            "abstract": "An edition for each reporter of the table.",
            "chapters": [{"notebook": "trade_comparison", "parameters": PARAMETERS}],
            "sweep": {"title": "All reporters", "over": {"reporter": reporters}},
        }
        (house / "reports" / "all.yml").write_text(json.dumps(spec), encoding="utf-8")
        _, seconds = _legation(house, "build", "all")
        log = (house / ".legation" / "runs.jsonl").read_text(encoding="utf-8").splitlines()
        problems = {line["report"]: line["problem"] for line in map(json.loads, log) if line.get("problem")}
        pages = list((house / "reports" / "published" / "all").glob("*/index.html"))
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{len(pages)} of {len(reporters)} editions were built in {seconds:.0f} s.")
    print(f"The largest process had {most:.0f} MB.")
    for report, problem in sorted(problems.items()):
        print(f"  {report}: {problem}")
    return int(len(pages) < len(reporters))


def _legation(house: Path, *words: str) -> tuple[int, float]:
    """The exit status of a command in the checkout, and its seconds."""
    began = time.perf_counter()
    path = {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "legation.cli", *words]
    done = subprocess.run(command, cwd=house, env=os.environ | path, stdout=subprocess.DEVNULL, check=False)
    return done.returncode, time.perf_counter() - began


def _reporters(house: Path, wanted: set[str]) -> dict[str, str]:
    """The reporters of the imported table and their names."""
    import duckdb

    names = {}
    for line in (house / "data" / "trade" / "countries.csv").read_text(encoding="utf-8").splitlines()[1:]:
        code, name, *_ = line.split(",")
        names[code] = name
    (rows,) = (house / "data" / "cache" / "vintages" / "goods_flows").glob("*/*/rows.parquet")
    with duckdb.connect() as base:
        found = base.execute("SELECT DISTINCT reporter FROM read_parquet(?) ORDER BY 1", [str(rows)]).fetchall()
    return {code: names[code] for (code,) in found if code != "WLD" and (not wanted or code in wanted)}


if __name__ == "__main__":
    sys.exit(main())
