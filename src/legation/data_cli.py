"""``legation data``: check the tables, bring in fresh figures, and say what is held and what changed."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from legation import completing
from legation.checkout import home
from legation.errors import InputError

if TYPE_CHECKING:  # pandas and pydantic are loaded only by the command that needs them
    from collections.abc import Iterator, Sequence

    from legation.data.treaties import Register
    from legation.data.vintages import Changes, Vintage
    from legation.holdings import Look

#: Changes of each kind that are shown: of two vintages compared, and after a refresh, which has its revisions alone.
_SHOWN, _SHOWN_AFTER_REFRESH = 20, 5
#: Codes that are shown of a vintage; more are counted.
_CODES_SHOWN = 8
#: What came of asking, as it is counted, and as it is said of one feed that has no more to say.
_OUTCOMES = {"new": "with new figures", "same": "with nothing new", "aside": "set aside", "failed": "not answered"}
_CAME = {"new": "new figures came.", "same": "nothing new."}


@click.group()
def data() -> None:
    """Look after the tables in data/.

    \b
    legation data check
    legation data status
    """


@data.command("check")
def data_check() -> None:
    """Check every table (columns, values, keys, sources, recorded hash), treaty, claim and vintage that is kept.

    Of a faulty file every fault is told that can be told at once, with file, line and rule.

    \b
    legation data check
    """
    _check()


def _check() -> None:
    from legation.data import check, datasets
    from legation.data.vintages import vintages

    problems = check()
    for problem in problems:  # told before anything else can fail
        click.echo(problem, err=True)
    treaties, wrong = _treaties()
    claims, faults = _claims(treaties) if treaties else (0, [])
    for fault in [*wrong, *(fault for fault in faults if fault not in problems)]:
        click.echo(fault, err=True)
    if problems or wrong or faults:
        sys.exit(2)
    click.echo(f"{len(datasets())} tables keep their contracts.")
    if treaties:
        count = len(treaties.treaties)
        click.echo(f"{count} {'treaty keeps' if count == 1 else 'treaties keep'} to the codebook.")
    click.echo(f"{claims} claims name a measure that fits, or what a test would need.")
    if kept := len(vintages()):
        click.echo(f"{kept:,} vintage{' is as it was' if kept == 1 else 's are as they were'} kept.")


def _treaties() -> tuple[Register | None, list[str]]:
    """The register of treaties, or what is wrong with its files; neither where there is no such folder."""
    from legation.data import treaty_register

    if not (home() / "data" / "treaties").is_dir():
        return None, []
    try:
        return treaty_register(), []
    except InputError as error:
        return None, str(error).splitlines()


def _claims(register: Register) -> tuple[int, list[str]]:
    """How many claims of data/claims can be judged, and what is wrong with the others."""
    from legation.analysis.claims import judge, needed
    from legation.data import claim_ledger, country_names, open

    if not (home() / "data" / "claims").is_dir():
        return 0, []
    try:
        ledger = claim_ledger()
        wanted = needed(ledger.claims, country_names())
        judged = judge(ledger, {name: open(name, **rows) for name, rows in wanted.items()}, register)
    except InputError as error:
        return 0, [str(error)]
    return len(judged.verdicts), list(judged.faulty["problem"])


@data.command("hash")
def data_hash() -> None:
    """Record the size and hash of every table in data/datapackage.yaml, after a change that is meant.

    \b
    legation data hash
    """
    from legation.data import write_hashes

    changed = write_hashes()
    click.echo(f"Recorded anew: {', '.join(changed)}." if changed else "Every recorded hash is right.")


@data.command("refresh")
@click.argument("feeds", nargs=-1, metavar="[FEED]...", shell_complete=completing.feeds)
def data_refresh(feeds: tuple[str, ...]) -> None:
    """Ask the publishers of FEEDs, or of all feeds in data/feeds.yaml, for fresh figures, and say what changed.

    What is new and plausible becomes a vintage beside those before; what fails a check is set aside with the reason; a
    publisher that cannot be reached leaves the last vintage in use. Keys come from the environment
    (LEGATION_COMTRADE_KEY) or the system's keyring.

    Exit status: 0 every feed was answered, 1 one was not or was set aside, 2 something given was wrong.

    \b
    legation data refresh
    legation data refresh ecb-rates imf-vietnam
    """
    sys.exit(_refresh(feeds))


@data.command("update")
@click.argument("feeds", nargs=-1, metavar="[FEED]...", shell_complete=completing.feeds)
def data_update(feeds: tuple[str, ...]) -> None:
    """Check what is held, refresh FEEDs or all feeds, say what changed, and then what is held. `make data` does this.

    Exit status: that of `check` where something is wrong with what is held, and then no publisher is asked; otherwise
    that of `refresh`.

    \b
    legation data update ecb-rates
    """
    _check()
    status = _refresh(feeds)
    _status(feeds, asked=False)  # what came of asking was just said
    sys.exit(status)


def _refresh(names: Sequence[str]) -> int:
    from legation.data.feeds import refresh

    line = _Line()
    looks = refresh(list(names), line.say, progress=line.progress)
    line.clear()
    if not looks:
        click.echo("There is no feed. Name one in data/feeds.yaml: docs/live-data.md shows how.")
        return 0
    for look in looks:
        for told in _revisions(look):
            click.echo(told)
    counts = [(sum(look.outcome == kind for look in looks), word) for kind, word in _OUTCOMES.items()]
    told = ", ".join(f"{count} {word}" for count, word in counts if count)
    click.echo(f"{len(looks)} feed{'' if len(looks) == 1 else 's'}: {told}.")
    return int(any(look.outcome in ("failed", "aside") for look in looks))


def _revisions(look: Look) -> Iterator[str]:
    """The largest revisions that a refresh brought."""
    from legation.data.vintages import by_id, changes, vintages

    if look.outcome != "new" or look.vintage is None:
        return
    after = by_id(look.vintage)
    held = vintages(look.feed, table=after.table)
    if len(held) > 1:
        found = changes(held[-2], after, most=_SHOWN_AFTER_REFRESH)
        if found.revised:
            yield f"{look.feed}, from {held[-2].id} to {after.id}:"
            yield from _lines(found, ("revised",))


class _Line:
    """The last line of a terminal, which says what each feed is doing. Where there is no terminal it says nothing."""

    def __init__(self) -> None:
        self._doing: dict[str, str] = {}
        self._length = 0
        self._told = threading.RLock()
        self._shown = sys.stdout.isatty()

    def progress(self, feed: str, said: str) -> None:
        """What a feed is doing; nothing, when it is done."""
        with self._told:
            self._doing.pop(feed, None)
            if said:
                self._doing[feed] = said
            self._draw()

    def say(self, line: str) -> None:
        """A line that stays, above."""
        with self._told:
            self.clear()
            click.echo(line)
            self._draw()

    def clear(self) -> None:
        """Take the line away."""
        with self._told:
            if self._length:
                click.echo(f"\r{' ' * self._length}\r", nl=False)
                self._length = 0

    def _draw(self) -> None:
        if not self._shown:
            return
        line = " | ".join(f"{feed}: {said}" for feed, said in sorted(self._doing.items()))
        width = shutil.get_terminal_size().columns - 1
        line = line if len(line) <= width else f"{line[: width - 1]}…"
        self.clear()
        click.echo(line, nl=False)
        self._length = len(line)


@data.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--vintage", metavar="DATE", help="The date of the figures, where the file does not state it: 2022-05.")
@click.option("--about", metavar="CODE", multiple=True, help="Only rows that touch this country; may be given again.")
def data_import(file: Path, vintage: str | None, about: tuple[str, ...]) -> None:
    """Bring in FILE, which was downloaded by hand: it is recognised by what it holds, checked and kept as a vintage.

    Taken are: tables of the IMF's Direction of Trade Statistics (Parquet or CSV with the columns reporter, partner,
    flow, year and value, countries by the names that the IMF gives them) and its workbooks on one country (.xlsx); CSV
    files from UN Comtrade's site; archives of BACI; SIPRI's trade register; General Assembly votes; tables of Viet
    Nam's statistics office. The same file again, with another --vintage, corrects the date of its figures.

    Exit status: 0 it is in use, 1 it was set aside, 2 it is no file that is known.

    \b
    legation data import imf_dots.parquet --about THA --vintage 2022-05
    legation data import TradeData.csv --vintage 2025-04
    legation data import BACI_HS12_V202501.zip --about VNM
    """
    from legation.data import importing
    from legation.data.feeds import bring_in
    from legation.data.vintages import by_id

    kind = importing.recognise(file)
    outcomes = []
    for table in kind.tables:
        taken = importing.read(file, vintage=vintage, table=table, about=about)
        look = bring_in(kind.name, taken, datetime.now(UTC))
        click.echo(f"{kind.title}, {table}: {look.said}")
        if look.outcome != "aside" and look.vintage:
            _imported(by_id(look.vintage), new=look.outcome == "new")
        outcomes.append(look.outcome)
    sys.exit(int("aside" in outcomes))


def _imported(held: Vintage, *, new: bool) -> None:
    """What whoever brought in a file has to know of what is held of it now."""
    if held.source["vintage"] is None:
        click.echo(
            "The file does not state the date of its figures: give it with --vintage, such as --vintage 2022-05. "
            "Kept as not stated."
        )
    if new:
        click.echo(
            f'Kept as {held.id} in data/cache/, which Git leaves out: docs/live-data.md, under "To share what was '
            f'brought in", says how others get it. `legation data forget {held.id}` takes it away.'
        )


@data.command("forget")
@click.argument("vintage")
@click.option("--even-so", is_flag=True, help="Also if an edition that is published or archived rests on it.")
def data_forget(vintage: str, even_so: bool) -> None:
    """Take away VINTAGE, named as `legation data status` shows it; the one before it of its feed is in use again.

    Editions that rest on it are named first, and keep their pages; but they can no longer be built as they were.

    Exit status: 0 it is gone, 2 there is none of that name, or an edition rests on it.

    \b
    legation data forget dots-2026-11-22
    """
    from legation.data.vintages import by_id, forget, latest

    held = by_id(vintage)
    resting = sorted(_resting_on(vintage))
    if resting and not even_so:
        raise InputError(
            f"{len(resting)} edition{' rests' if len(resting) == 1 else 's rest'} on {vintage}: {', '.join(resting)}. "
            "What is published would stay, but could not be built again as it is. To take it away: "
            f"`legation data forget {vintage} --even-so`."
        )
    forget(held)
    before = latest(held.feed, held.table)
    click.echo(f"{vintage} is gone. {f'{before.id} is in use.' if before else f'Nothing is held of {held.feed}.'}")
    for edition in resting:
        click.echo(f"  {edition} rests on it: its pages stay, but cannot be built again as they are.")


def _resting_on(vintage: str) -> Iterator[str]:
    """The editions under reports/published/, dated ones among them, whose manifest names a vintage."""
    published = home() / "reports" / "published"
    for manifest in published.rglob("manifest.json"):
        inside = manifest.relative_to(published).parts
        if "latest" in inside or any(part.startswith(".") for part in inside):  # the same again, and what is half made
            continue
        try:
            about = json.loads(manifest.read_text(encoding="utf-8"))
            found = any(entry["id"] == vintage for entry in about.get("sources", ()))  # a sweep's own has none
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            raise InputError(
                f"{manifest.relative_to(home())}: this manifest cannot be read, so whether its edition rests on "
                f"{vintage} is not known. Build the report again, or remove the folder."
            ) from None
        if found:
            yield manifest.parent.relative_to(published).as_posix()


@data.command("status")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON, for programs.")
def data_status(as_json: bool) -> None:
    """Say of each feed and table which figures are in use, how old they are, what they cover, and what went wrong.

    \b
    legation data status
    legation data status --json
    """
    if as_json:
        click.echo(json.dumps({"feeds": _feeds_held(), "tables": _tables_shipped()}, indent=1, ensure_ascii=False))
    else:
        _status()
        click.echo("Shipped with the repository:")
        for table in _tables_shipped():
            stated = f"figures to {table['figures']}, " if table["figures"] else ""
            click.echo(f"  {table['table']}: {stated}{table['rows']:,} rows{_covered(table)}")


def _status(names: Sequence[str] = (), *, asked: bool = True) -> None:
    for held in _feeds_held():
        if names and held["feed"] not in names:
            continue
        if held["vintage"]:
            stated = f", figures of {held['figures']}" if held["figures"] else ""
            days = held["age_days"]
            click.echo(
                f"{held['feed']}: {held['table']}, {held['vintage']}{stated}, {days} day{'' if days == 1 else 's'} "
                f"old, {held['rows']:,} rows{_covered(held)}; {held['kept']:,} kept"
            )
        else:
            click.echo(f"{held['feed']}: nothing is held")
        if asked and held["asked"]:
            came = held["error"]["said"] if held["outcome"] in ("failed", "aside") else _CAME[held["outcome"]]
            click.echo(f"    last asked {held['asked'][:10]}: {came}")
            if held["error"] and held["error"]["at"] != held["asked"]:
                click.echo(f"    last error {held['error']['at'][:10]}: {held['error']['said']}")


def _feeds_held() -> list[dict[str, Any]]:
    """Of each feed, and each table that it fills: what is in use, and what came of asking."""
    from legation.data.feeds import feeds, looks
    from legation.data.vintages import covers, vintages

    known = feeds()
    last: dict[str, Look] = {}
    errors: dict[str, Look] = {}
    for look in looks():
        last[look.feed] = look
        if look.outcome in ("failed", "aside"):
            errors[look.feed] = look
    held: dict[tuple[str, str], list[Vintage]] = {}
    for vintage in vintages():
        held.setdefault((vintage.feed, vintage.table), []).append(vintage)
    found: list[dict[str, Any]] = []
    for feed, table in sorted([*held, *((name, "") for name in known if name not in {feed for feed, _ in held})]):
        kept = held.get((feed, table), [])
        newest = kept[-1] if kept else None
        years, codes = covers(newest) if newest else (None, [])
        asked, error = last.get(feed), errors.get(feed)
        found.append(
            {
                "feed": feed,
                "publisher": known[feed].publisher if feed in known else None,
                "table": table or None,
                "vintage": newest.id if newest else None,
                "figures": newest.source.get("vintage") if newest else None,
                "retrieved": newest.retrieved if newest else None,
                "age_days": _days_since(newest.retrieved[:10]) if newest else None,
                "rows": newest.rows if newest else 0,
                "years": years,
                "countries": codes,
                "kept": len(kept),
                "asked": asked.at if asked else None,
                "outcome": asked.outcome if asked else None,
                "error": {"at": error.at, "said": error.said} if error else None,
            }
        )
    return found


def _tables_shipped() -> list[dict[str, Any]]:
    """Of each table of figures by year that the repository ships: what it covers."""
    from legation.data import contracts, datasets, shipped

    dates = shipped("sources").set_index("id")["vintage"]
    found: list[dict[str, Any]] = []
    for name in sorted(datasets()):
        columns = contracts.TABLES[name].columns
        if "year" not in columns or "source" not in columns:
            continue
        rows = shipped(name)
        whose = next((column for column in ("reporter", "exporter", "supplier", "country") if column in columns), None)
        stated = dates.reindex(rows["source"].unique()).dropna()
        found.append(
            {
                "table": name,
                "figures": max(stated, default=None),
                "rows": len(rows),
                "years": (int(rows["year"].min()), int(rows["year"].max())) if len(rows) else None,
                "countries": sorted(rows[whose].unique()) if whose else [],
            }
        )
    return found


def _days_since(day: str) -> int:
    return (datetime.now(UTC).date() - date.fromisoformat(day)).days


def _covered(held: dict[str, Any]) -> str:
    """Years and countries, as they stand in a line."""
    years = f", {held['years'][0]}–{held['years'][1]}" if held["years"] else ""
    codes = held["countries"]
    if not codes:
        return years
    return f"{years}, {' '.join(codes) if len(codes) <= _CODES_SHOWN else f'{len(codes)} countries and groups'}"


@data.command("diff")
@click.argument("before")
@click.argument("after")
def data_diff(before: str, after: str) -> None:
    """Say which rows were added, revised or gone, and by how much, from the vintage BEFORE to AFTER.

    A vintage is named as `legation data status` shows it, such as comtrade-vietnam-2026-11-22.

    \b
    legation data diff imf-vietnam-2026-10-01 imf-vietnam-2026-11-01
    """
    from legation.data.vintages import by_id, changes

    one, other = by_id(before), by_id(after)
    if one.table != other.table:
        raise InputError(f"{before} is of {one.table} and {after} of {other.table}. Compare vintages of one table.")
    found = changes(one, other, most=_SHOWN)
    click.echo(f"From {before} to {after}: {found}, of {one.rows:,} and {other.rows:,} rows.")
    for line in _lines(found, ("added", "revised", "gone")):
        click.echo(line)


def _lines(found: Changes, kinds: Sequence[str]) -> Iterator[str]:
    """The largest changes of each kind, a line each, and how many more there are."""
    key = list(found.rows.columns[: found.rows.columns.get_loc("change")])
    counts = {"added": found.added, "revised": found.revised, "gone": found.gone}
    for kind in kinds:
        rows = found.rows[found.rows["change"] == kind].to_dict("records")
        for row in rows:
            what = " ".join(str(row[name]) for name in key)
            yield f"  {kind:<8} {what}{_moved(row, kind, found.measure)}"
        if counts[kind] > len(rows):
            yield f"  and {counts[kind] - len(rows):,} more {kind}"


def _moved(row: dict[Any, Any], kind: str, measure: str | None) -> str:
    if measure is None:
        return ""
    was, now = row[f"{measure}_before"], row[f"{measure}_after"]
    if kind != "revised":
        return f": {_figure(was if kind == 'gone' else now)}"
    if was == now:
        return f": {_figure(now)}, as before; its other columns differ"
    by = f" ({(now - was) / was:+.1%})" if was else ""
    return f": {_figure(was)} → {_figure(now)}{by}"


def _figure(value: float) -> str:
    """Whole where it is large, and as precise as an exchange rate where it is small."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.6g}"
