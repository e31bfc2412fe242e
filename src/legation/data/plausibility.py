"""What figures that have just come cannot be: found before they stand beside, or in place of, those that are held.

Every rule has a bound with its reason. A vintage that breaks one is set aside whole, with the sentence; nobody has to
look unless one is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from legation.data import contracts, integrity
from legation.data.vintages import Taken

#: Revisions move figures by per cents. Half of all common figures at a thousand times what they were is another unit.
_THOUSAND, _HALF = (900.0, 1100.0), 0.5
#: World trade fell by a fifth in 2009, the worst year on record; half of all series below this is part of a year.
_PART_OF_A_YEAR = 0.5
#: Partners that were not named leave a sum below the total. Above it, beyond rounding, something is counted twice.
_BEYOND_TOTAL = 1.05
#: Two offices never agree on most of their figures, not even up to one factor for freight.
_SAME_FACTOR, _OF_PAIRS = 0.005, 0.8
#: Figures that end in seven zeros were rounded by somebody on the way.
_ROUND, _OF_FIGURES = 10_000_000, 0.8
#: Publishers seldom withdraw rows.
_KEPT_ROWS = 0.5
#: With fewer, chance could do it.
_ENOUGH = 8


def refused(taken: Taken, before: pd.DataFrame | None = None, held: pd.DataFrame | None = None) -> list[str]:
    """Why rows may not be used, as sentences; empty if they may.

    Parameters
    ----------
    taken
        What a publisher gave.
    before
        The rows of the feed's last vintage, if it has one; not for a table that comes as a file.
    held
        Rows of the same table from other sources, with which the units and the partners' reports are compared.
    """
    rows = taken.rows
    if isinstance(rows, Path):
        return [each[0].upper() + each[1:] for each in integrity.misfits(rows, taken.table)]
    broken = list(_breaks_contract(rows, taken.table))
    if broken:
        return broken
    found = list(_shrunk(rows, before))
    if taken.table == "goods_flows":
        others = [frame for frame in (before, held) if frame is not None and len(frame)]
        for other in others:
            found += _of_another_unit(rows, other)
        found += _partly_full_years(rows)
        found += _beyond_total(rows)
        reports = rows[rows["status"] != "reconciled"]  # those that are were made from both sides
        found += _repeats_partners(reports, pd.concat([reports, *others[-1:]]) if others else reports)
        found += _rounded(rows)
    return list(dict.fromkeys(found))


def _breaks_contract(rows: pd.DataFrame, table: str) -> Iterator[str]:
    contract = contracts.TABLES[table]
    columns = {name: contract.columns[name] for name in rows.columns}
    key = [name for name in contract.unique or [] if name != "source"]
    if rows.empty:
        yield "There is no row."
        return
    try:
        pa.DataFrameSchema(columns, unique=key, strict=True).validate(rows)
    except (pa.errors.SchemaError, pa.errors.SchemaErrors) as error:
        yield f"The rows break the contract of {table}: {_first_line(error)}."


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300].rstrip(".")


def _shrunk(rows: pd.DataFrame, before: pd.DataFrame | None) -> Iterator[str]:
    if before is not None and len(rows) < _KEPT_ROWS * len(before):
        yield f"There are {len(rows):,} rows where the last vintage has {len(before):,}: more than half are gone."


def _of_another_unit(rows: pd.DataFrame, other: pd.DataFrame) -> Iterator[str]:
    key = ["reporter", "partner", "flow", "year", "months", "currency"]
    both = rows[[*key, "value"]].merge(other[[*key, "value"]], on=key, suffixes=("", "_held"))
    both = both[(both["value"] > 0) & (both["value_held"] > 0)]
    if len(both) < _ENOUGH:
        return
    ratio = both["value"] / both["value_held"]
    for times, compared in (("a thousand times", ratio), ("a thousandth of", 1 / ratio)):
        share = float(compared.between(*_THOUSAND).mean())
        if share >= _HALF:
            first = both[compared.between(*_THOUSAND)].iloc[0]
            yield (
                f"{share:.0%} of {len(both):,} figures are about {times} those held, such as {_named(first)}: "
                f"{first['value']:,.0f} and {first['value_held']:,.0f}. The unit is another."
            )


def _partly_full_years(rows: pd.DataFrame) -> Iterator[str]:
    full = rows[(rows["months"] == 12) & (rows["value"] > 0)]
    series = ["reporter", "partner", "flow", "currency"]
    last = full[full["year"] == full["year"].max()]
    then = full[full["year"] == full["year"].max() - 1]
    both = last.merge(then, on=series, suffixes=("", "_then"))
    if len(both) >= _ENOUGH:
        middle = float((both["value"] / both["value_then"]).median())
        if middle < _PART_OF_A_YEAR:
            yield (
                f"In {last['year'].iloc[0]} the middle one of {len(both):,} series has {middle:.0%} of what it had in "
                "the year before: the year seems to be incomplete, but is given as full."
            )


def _beyond_total(rows: pd.DataFrame) -> Iterator[str]:
    groups = {"WLD", "EU27", "ASEAN"}
    key = ["reporter", "flow", "year", "months", "currency"]
    totals = rows[rows["partner"] == "WLD"].set_index(key)["value"]
    partners = rows[~rows["partner"].isin(groups)].groupby(key)["value"].sum()
    both = pd.concat({"sum": partners, "total": totals}, axis=1).dropna()
    wrong = both[(both["sum"] > _BEYOND_TOTAL * both["total"]) & (both["total"] > 0)]
    if len(wrong):
        reporter, flow, year, *_ = wrong.index[0]
        first = wrong.iloc[0]
        more = f", and in {len(wrong) - 1:,} other cases" if len(wrong) > 1 else ""
        yield (
            f"The partners' figures of {reporter}, {flow}s of {year}, add up to {first['sum']:,.0f} and its total is "
            f"{first['total']:,.0f}{more}: something is counted twice."
        )


def _repeats_partners(rows: pd.DataFrame, reports: pd.DataFrame) -> Iterator[str]:
    """A reporter whose figures are its partners' own, times one factor: somebody filled a gap."""
    other = {"export": "import", "import": "export"}
    mirror = reports.assign(flow=reports["flow"].map(other)).dropna(subset=["flow"])
    mirror = mirror.rename(columns={"reporter": "partner", "partner": "reporter", "value": "mirrored"})
    key = ["reporter", "partner", "flow", "year", "months", "currency"]
    both = rows[[*key, "value"]].merge(mirror[[*key, "mirrored"]].drop_duplicates(key), on=key)
    both = both[(both["value"] > 0) & (both["mirrored"] > 0)]
    for (reporter, flow), pairs in both.groupby(["reporter", "flow"]):
        factor = pairs["value"] / pairs["mirrored"]
        near = (factor / factor.median() - 1).abs() <= _SAME_FACTOR
        if len(pairs) >= _ENOUGH and pairs["partner"].nunique() > 2 and near.mean() >= _OF_PAIRS:
            yield (
                f"{near.mean():.0%} of {len(pairs):,} {flow}s of {reporter} are what its partners report times "
                f"{factor.median():.2f}: it did not report them itself."
            )


def _rounded(rows: pd.DataFrame) -> Iterator[str]:
    large = rows[rows["value"] >= 10 * _ROUND]
    if len(large) >= _ENOUGH:
        share = float((large["value"] % _ROUND == 0).mean())
        if share >= _OF_FIGURES:
            yield (
                f"{share:.0%} of {len(large):,} figures above a hundred million end in seven zeros: somebody rounded "
                "them, which publishers of customs statistics do not."
            )


def _named(row: pd.Series) -> str:
    return f"{row['reporter']}'s {row['flow']}s, {row['partner']}, {row['year']}"
