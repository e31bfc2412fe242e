"""``legation data``: check the tables, bring in fresh figures, and say what is held and what changed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from legation.checkout import home
from legation.errors import InputError

if TYPE_CHECKING:  # pandas and pydantic are loaded only by the command that needs them
    from collections.abc import Iterator

    import pandas as pd

    from legation.data.vintages import Vintage

_ROWS_SHOWN = 20


@click.group()
def data() -> None:
    """Look after the tables in data/."""


@data.command("check")
def data_check() -> None:
    """Check every table (columns, values, keys, sources, recorded hash) and every claim: its structure and its test."""
    from legation.data import check, datasets

    problems = check()
    claims, faults = _claims()
    problems += [fault for fault in faults if fault not in problems]
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(2)
    click.echo(f"{len(datasets())} tables keep their contracts.")
    click.echo(f"{claims} claims name a measure that fits, or what a test would need.")


def _claims() -> tuple[int, list[str]]:
    """How many claims of data/claims can be judged, and what is wrong with the others."""
    from legation.analysis.claims import judge, needed
    from legation.data import claim_ledger, open, treaty_register

    if not (home() / "data" / "claims").is_dir():
        return 0, []
    try:
        ledger = claim_ledger()
        judged = judge(ledger, {name: open(name) for name in needed(ledger.claims)}, treaty_register())
    except InputError as error:
        return 0, [str(error)]
    return len(judged.verdicts), list(judged.faulty["problem"])


@data.command("hash")
def data_hash() -> None:
    """Record the size and hash of every table in data/datapackage.yaml, after a change that is meant."""
    from legation.data import write_hashes

    changed = write_hashes()
    click.echo(f"Recorded anew: {', '.join(changed)}." if changed else "Every recorded hash is right.")


@data.command("refresh")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
def data_refresh(feeds: tuple[str, ...]) -> None:
    """Ask the publishers of FEEDs, or of all feeds in data/feeds.yaml, for fresh figures.

    What is new and plausible becomes a vintage beside those before; what fails a check is set aside with the reason; a
    publisher that cannot be reached leaves the last vintage in use. Keys come from the environment
    (LEGATION_COMTRADE_KEY) or the system's keyring.

    Exit status: 0 every feed was answered, 1 one was not or was set aside, 2 something given was wrong.
    """
    from legation.data.feeds import refresh

    looks = refresh(list(feeds), click.echo)
    if not looks:
        click.echo("There is no feed. Name one in data/feeds.yaml: docs/live-data.md shows how.")
    sys.exit(int(any(look.outcome in ("failed", "aside") for look in looks)))


@data.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--vintage", metavar="DATE", help="The date of the figures, where the file does not state it: 2022-05.")
@click.option("--about", metavar="CODE", multiple=True, help="Only rows that touch this country; may be given again.")
def data_import(file: Path, vintage: str | None, about: tuple[str, ...]) -> None:
    """Bring in FILE, which was downloaded by hand: it is recognised, checked and kept as a vintage.

    Exit status: 0 it is in use, 1 it was set aside, 2 it is no file that is known.
    """
    from legation.data import importing
    from legation.data.feeds import bring_in

    kind = importing.recognise(file)
    outcomes = []
    for table in kind.tables:
        taken = importing.read(file, vintage=vintage, table=table, about=about)
        look = bring_in(kind.name, taken, datetime.now(UTC))
        click.echo(f"{kind.title}, {table}: {look.said}")
        outcomes.append(look.outcome)
    sys.exit(int("aside" in outcomes))


@data.command("status")
def data_status() -> None:
    """Say of each table and feed which vintage is in use, how old it is, what it covers, and what went wrong last."""
    from legation.data import datasets
    from legation.data.feeds import feeds, looks
    from legation.data.vintages import vintages

    last = {look.feed: look for look in looks()}
    by_feed: dict[str, list[Vintage]] = {}
    for vintage in vintages():
        by_feed.setdefault(vintage.feed, []).append(vintage)
    today = datetime.now(UTC)
    for feed in sorted({*by_feed, *feeds()}):
        held = by_feed.get(feed, [])
        if held:
            newest = held[-1]
            age = (today.date() - datetime.fromisoformat(newest.retrieved[:10]).date()).days
            stated = f", figures of {newest.source['vintage']}" if newest.source.get("vintage") else ""
            click.echo(
                f"{feed}: {newest.table}, {newest.id}{stated}, {age} day{'' if age == 1 else 's'} old, "
                f"{newest.rows:,} rows{_covers(newest)}; {len(held)} kept"
            )
        else:
            click.echo(f"{feed}: nothing is held")
        look = last.get(feed)
        if look and look.outcome in ("failed", "aside"):
            click.echo(f"    last asked {look.at[:10]}: {look.said}")
    click.echo(f"{len(datasets())} tables come with the repository; `legation data check` looks at them.")


@data.command("diff")
@click.argument("before")
@click.argument("after")
def data_diff(before: str, after: str) -> None:
    """Say which rows were added, gone or revised, and by how much, from the vintage BEFORE to AFTER.

    A vintage is named as `legation data status` shows it, such as comtrade-vietnam-2026-11-22.
    """
    from legation.data.vintages import by_id, differences

    one, other = by_id(before), by_id(after)
    if one.table != other.table:
        raise InputError(f"{before} is of {one.table} and {after} of {other.table}. Compare vintages of one table.")
    changes = differences(one, other)
    counts = changes["change"].value_counts()
    told = ", ".join(f"{counts.get(kind, 0):,} {kind}" for kind in ("added", "revised", "gone"))
    click.echo(f"From {before} to {after}: {told}, of {one.rows:,} and {other.rows:,} rows.")
    for line in _lines(changes):
        click.echo(line)


def _covers(vintage: Vintage) -> str:
    from legation.data import contracts, vintages

    if "year" not in contracts.TABLES[vintage.table].columns:
        return ""
    years = vintages.read([vintage], columns=["year"])["year"]
    return f", {years.min()}–{years.max()}" if len(years) else ""


def _lines(changes: pd.DataFrame) -> Iterator[str]:
    """The largest changes, a line each."""
    key = list(changes.columns[: changes.columns.get_loc("change")])
    column = next((name.removesuffix("_after") for name in ("value_after", "tiv_after") if name in changes), None)
    if column:
        then, now = changes[f"{column}_before"], changes[f"{column}_after"]
        changes = changes.assign(moved=(now.fillna(0) - then.fillna(0)).abs()).sort_values("moved", ascending=False)
    for row in changes.head(_ROWS_SHOWN).to_dict("records"):
        what = " ".join(str(row[name]) for name in key)
        if column and row["change"] == "revised":
            was, now = row[f"{column}_before"], row[f"{column}_after"]
            by = f" ({(now - was) / was:+.1%})" if was else ""
            yield f"  revised  {what}: {was:,.0f} → {now:,.0f}{by}"
        elif column:
            stated = row[f"{column}_before" if row["change"] == "gone" else f"{column}_after"]
            yield f"  {row['change']:<8} {what}: {stated:,.0f}"
        else:
            yield f"  {row['change']:<8} {what}"
    if len(changes) > _ROWS_SHOWN:
        yield f"  and {len(changes) - _ROWS_SHOWN:,} more"
