"""Vintages: what a publisher's figures were at one time, kept whole with their provenance, to be asked for again.

A *feed* is a question that is put to a publisher again and again (``data/feeds.yaml``). Each answer that differs from
the last becomes a vintage, which nothing ever changes::

    data/cache/vintages/<table>/<feed>/<time>/vintage.json   source entry, requests, hashes of answers and of the rows
                                             /rows.parquet   rows in the form of their table, sorted by its key
                                             /answers/       what the publisher sent, packed
                                      /unreached-<time>      marks: from when on nothing newer could be taken, and why
                                      /reached-<time>        and when that was over, the rows still being the same
    data/cache/aside/<table>/<feed>/<time>/                  the same of what a check refused, with the reasons
    data/cache/looks.jsonl                                   one line for each time a publisher was asked

The catalogue gives the rows of a table's latest vintages beside those that the repository ships, each under its own
source; ``as_of`` a day or a time, those of then. Marks are put only where the state changes, and never removed.
"""

from __future__ import annotations

import calendar
import contextlib
import gzip
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from legation import times
from legation.checkout import home
from legation.data import contracts
from legation.errors import InputError, nearest

if TYPE_CHECKING:
    import duckdb

_WORK, _DAY = "work-", 86_400
#: What a sort, a comparison or a check may hold in memory; the rest lies on disk meanwhile.
_MEMORY = "1GB"
#: Of a table of a hundred million rows nobody wants all in memory, where each takes about a hundred bytes.
_MOST_READ = 20_000_000
#: The names of marks in a feed's folder, as a pattern.
MARKS = "[a-z]*-[0-9]*"
_FEED = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ROWS, _ABOUT, _ANSWERS = "rows.parquet", "vintage.json", "answers"
_OVER = "reached"
#: What each kind of mark tells a reader.
_TROUBLES = {
    "unreached": "the publisher could not be reached",
    "failed": "newer figures could not be taken",
    "aside": "newer figures were set aside: ",
}
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Answer:
    """What a publisher sent: the request without any key, and the bytes."""

    request: str
    content: bytes
    media_type: str = ""
    status: int = 200


@dataclass(frozen=True)
class Unkept:
    """A file that is too large to be kept beside its rows: only its name, size and hash are noted."""

    file: Path


@dataclass(frozen=True)
class Taken:
    """What a connector made of a publisher's answers.

    Attributes
    ----------
    table
        The table whose contract the rows keep.
    rows
        All its columns but ``source``; or a Parquet file of them in a folder of its own from `workplace`, sorted by the
        table's key, which `keep` takes over.
    source
        The source entry but for ``id``, ``retrieved`` and ``sha256``: producer, title, publisher, address, licence,
        vintage (the date of the figures; ``None`` where the publisher does not say), kind, note.
    answers
        The raw answers, in the order they came.
    """

    table: str
    rows: pd.DataFrame | Path
    source: Mapping[str, str | None]
    answers: Sequence[Answer | Unkept]


@dataclass(frozen=True)
class Vintage:
    """A vintage that is kept."""

    feed: str
    table: str
    retrieved: str  # as in its folder's name
    source: dict[str, str | None]
    rows: int
    sha256: str  # of the rows' file
    requests: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # why it was set aside

    @property
    def id(self) -> str:
        """The identifier that its rows have as their source."""
        return str(self.source["id"])

    @property
    def by_hand(self) -> bool:
        """Whether it was read from a file, whose name is its request, and no publisher was asked."""
        return bool(self.requests) and not any("/" in str(each["request"]) for each in self.requests)

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return _place("aside" if self.refused else "vintages") / self.table / self.feed / self.retrieved

    @property
    def file(self) -> Path:
        """Its rows."""
        return self.folder / _ROWS

    @property
    def about(self) -> Path:
        """What is noted of it, the hash of its rows among it."""
        return self.folder / _ABOUT


def table_of(records: Sequence[Mapping[str, Any]], table: str) -> pd.DataFrame:
    """Records as rows of a table, with all its columns but ``source`` in their order and types."""
    return typed(pd.DataFrame(list(records), columns=columns(table)), table)


def columns(table: str) -> list[str]:
    """A table's columns but for the source, which is the vintage itself."""
    return [column for column in contracts.TABLES[table].columns if column != "source"]


def workplace() -> Path:
    """A new folder for what is made of a large file. What such a folder of an earlier day still holds is removed."""
    place = _place("partial")
    place.mkdir(parents=True, exist_ok=True)
    for left in place.glob(f"{_WORK}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _DAY:
                shutil.rmtree(left)
    return Path(tempfile.mkdtemp(prefix=_WORK, dir=place))


@contextlib.contextmanager
def database(folder: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty DuckDB that puts aside in a folder what it cannot hold: the size of a vintage does not matter."""
    import duckdb  # 0.2 s, and without a vintage nobody needs it

    with contextlib.ExitStack() as stack:
        aside = folder or stack.enter_context(tempfile.TemporaryDirectory(prefix="legation-"))
        base = stack.enter_context(duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(aside)}))
        yield _without_bar(base)


def is_feed(name: str) -> bool:
    """Whether a feed can have this name, which becomes a folder's."""
    return bool(_FEED.fullmatch(name))


def keep(
    feed: str, taken: Taken, *, at: datetime, refused: Sequence[str] = (), redated: bool = False
) -> Vintage | None:
    """Keep what was taken as a new vintage; ``None`` if the feed's latest has the same rows.

    Parameters
    ----------
    feed
        Its name: small letters, digits and hyphens.
    at
        When the publisher was asked.
    refused
        Why the rows may not be used, as sentences: then they are kept aside.
    redated
        Whether the same rows are kept all the same, where another date of the figures is stated of them than before.

    Raises
    ------
    InputError
        If the feed's name cannot be a folder's, or a column is missing or unknown.
    OSError
        If something cannot be written. Nothing half-written is left, and no earlier vintage is touched.
    """
    if not is_feed(feed):
        raise InputError(f"'{feed}' is no name of a feed. It holds small letters, digits and single hyphens.")
    wanted, given = columns(taken.table), columns_of(taken.rows)
    if set(given) != set(wanted):
        wrong = sorted(set(given) ^ set(wanted))
        raise InputError(f"{feed}: the rows of {taken.table} have {', '.join(wrong)} too many or too few.")
    key = [column for column in wanted if column in (contracts.TABLES[taken.table].unique or [])]
    rows = taken.rows if isinstance(taken.rows, Path) else taken.rows[wanted].sort_values(key, ignore_index=True)
    last = latest(feed, taken.table)
    dated = taken.source["vintage"]
    if last and not refused and not (redated and dated not in (None, last.source["vintage"])) and _same(rows, last):
        if isinstance(rows, Path):
            shutil.rmtree(rows.parent)
        return None
    place = _place("aside" if refused else "vintages") / taken.table / feed
    place.mkdir(parents=True, exist_ok=True)
    while (place / times.stamp(at)).exists():  # two within a second: the later is named after the next, and stays later
        at += timedelta(seconds=1)
    stamp = times.stamp(at)
    aside = place / f".new-{secrets.token_hex(6)}"
    aside.mkdir()
    try:
        requests = _put_answers(taken.answers, aside / _ANSWERS)
        if isinstance(rows, Path):
            rows.rename(aside / _ROWS)
            shutil.rmtree(rows.parent)
        else:
            rows.to_parquet(aside / _ROWS, index=False, compression="zstd", row_group_size=100_000)
        whole = hashlib.sha256("".join(each["sha256"] for each in requests).encode("ascii")).hexdigest()
        sha = requests[0]["sha256"] if len(requests) == 1 else whole
        day = f"{at.astimezone(UTC):%Y-%m-%d}"
        entry = {**taken.source, "id": _id(feed, day), "retrieved": day, "sha256": sha}
        count, rows_sha, reasons = rows_of(aside / _ROWS), hash_of(aside / _ROWS), [str(each) for each in refused]
        found = Vintage(feed, taken.table, stamp, entry, count, rows_sha, requests, reasons)
        about = json.dumps(asdict(found), indent=1, sort_keys=True, ensure_ascii=False)
        (aside / _ABOUT).write_text(f"{about}\n", encoding="utf-8")
        aside.rename(place / stamp)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return found


def vintages(feed: str | None = None, *, table: str | None = None, as_of: str | None = None) -> list[Vintage]:
    """The vintages that are kept, those of a feed in the order in which they were taken.

    Parameters
    ----------
    as_of
        A day, as ``2026-11-22``, or a time, as ``2026-11-22T050000Z``: none that was taken later.
    """
    found, bound = [], times.moment(as_of) if as_of else None
    for about in abouts(feed, table=table):
        vintage = described_in(about)
        if bound is None or vintage.retrieved <= bound:
            found.append(vintage)
    return found


def abouts(feed: str | None = None, *, table: str | None = None) -> list[Path]:
    """The files that describe the vintages, in order; one that is broken is among them."""
    return sorted(_place("vintages").glob(f"{table or '*'}/{feed or '*'}/[0-9]*/{_ABOUT}"))


def described_in(about: Path) -> Vintage:
    """The vintage that a file describes.

    Raises
    ------
    InputError
        If it describes none, or another one than its folder holds.
    """
    status = about.stat()
    return _read_about(about, status.st_mtime_ns, status.st_size)


def latest(feed: str, table: str | None = None) -> Vintage | None:
    """A feed's latest vintage, if it has one."""
    return next(reversed(vintages(feed, table=table)), None)


def by_id(name: str) -> Vintage:
    """The vintage of this identifier.

    Raises
    ------
    InputError
        If there is none, with the nearest.
    """
    known = {vintage.id: vintage for vintage in vintages()}
    if name not in known:
        raise InputError(f"There is no vintage '{name}'{nearest(name, known)}. `legation data status` names them.")
    return known[name]


def in_use(table: str, as_of: str | None = None) -> list[Vintage]:
    """The latest vintage of each feed that fills a table."""
    by_feed = {vintage.feed: vintage for vintage in vintages(table=table, as_of=as_of)}
    return [by_feed[feed] for feed in sorted(by_feed)]


@dataclass(frozen=True)
class Mark:
    """A note in a feed's folder that nothing newer than a vintage could be taken; ``kind`` says why."""

    file: Path
    kind: str

    @property
    def day(self) -> date:
        """The day of the first of several such failures."""
        return date.fromisoformat(self.file.name.removeprefix(f"{self.kind}-")[:10])


def troubles(vintage: Vintage, as_of: str | None = None) -> list[Mark]:
    """Why a feed's latest vintage is not newer: the first mark of each kind since it was last asked for with success.

    None where the publisher answered when it was last asked; ``as_of`` a time, when it was last asked by then.
    """
    marks: dict[str, Mark] = {}
    names = times.up_to(times.moment(as_of) if as_of else None, (file.name for file in _marks_in(vintage)))
    for name in sorted(names, key=lambda name: name.partition("-")[2]):
        kind, _, at = name.partition("-")
        if at <= vintage.retrieved:
            continue
        if kind == _OVER:
            marks.clear()
        elif kind in _TROUBLES:
            marks.setdefault(kind, Mark(vintage.folder.parent / name, kind))
    return list(marks.values())


def mark(vintage: Vintage, kind: str, at: datetime, *, confirmed: str | None = None, why: str = "") -> None:
    """Note the first failure of a kind to take anything newer, or with ``reached`` that the failures are over.

    Parameters
    ----------
    vintage
        The feed's latest.
    kind
        ``unreached``, ``failed``, ``aside`` or ``reached``. Nothing is written if the state is that already.
    confirmed
        The last day (YYYY-MM-DD) on which the publisher gave these very rows again.
    why
        Of what was set aside, the first reason.
    """
    known = {each.kind for each in troubles(vintage)}
    if kind in known or (kind == _OVER and not known):
        return
    said = json.dumps({"confirmed": confirmed, "why": why}, ensure_ascii=False, sort_keys=True)
    file = vintage.folder.parent / f"{kind}-{times.stamp(at)}"
    aside = vintage.folder.parent / f".new-{secrets.token_hex(6)}"
    try:
        aside.write_text(f"{said}\n", encoding="utf-8")
        aside.rename(file)
    finally:
        aside.unlink(missing_ok=True)


def caveat(vintage: Vintage, marks: Sequence[Mark]) -> str:
    """What a reader has to know of a vintage with these marks: how old it was when newer figures could not be had.

    Sentences made of nothing but the vintage and its marks, so that they are the same whenever they are asked for.

    Raises
    ------
    InputError
        If a mark was damaged.
    """
    taken, first = date.fromisoformat(vintage.retrieved[:10]), marks[0].day
    age = (first - taken).days
    old = f"{age} day{'' if age == 1 else 's'} old" if age else "of the same day"
    notes = [_read_mark(each) for each in marks]
    troubles = [
        _TROUBLES[each.kind] + (why[:_LONGEST_REASON] if each.kind == "aside" else "")
        for each, (_, why) in zip(marks, notes, strict=True)
    ]
    parts = [f"On {_in_words(first)}, when these figures were {old}, {troubles[0]}"]
    parts += [f"on {_in_words(each.day)} {trouble}" for each, trouble in zip(marks[1:], troubles[1:], strict=True)]
    confirmed, _ = notes[0]
    again = f" and found unchanged on {_in_words(confirmed)}" if confirmed else ""
    return f"Taken on {_in_words(taken)}{again}. {'; '.join(parts)}. Nothing newer has been taken since."


def read(
    of: Iterable[Vintage],
    *,
    about: Sequence[str] | None = None,
    where: Mapping[str, Any] | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """The rows of vintages, each with its ``source``; of large files only what was asked for is read.

    Parameters
    ----------
    about, where
        As `legation.data.open` takes them.
    columns
        Those wanted; none means all, in the order of the contract.
    """
    frames = []
    for vintage in of:
        contract = contracts.TABLES[vintage.table]
        names = list(columns or contract.columns)
        chosen = ", ".join(f"'{vintage.id}' AS source" if name == "source" else f'"{name}"' for name in names)
        terms, values = _terms(where or {}, vintage)
        if about is not None:
            places = ", ".join("?" * len(about))
            terms.append(f"({' OR '.join(f'{side} IN ({places})' for side in contracts.sides(vintage.table))})")
            values += [*about, *about]
        rule = f" WHERE {' AND '.join(terms)}" if terms else ""
        with _reading(os.getpid()).cursor() as base:
            _not_too_many(base, rule, vintage, values)
            rows = base.sql(f"SELECT {chosen} FROM read_parquet(?){rule}", params=[str(vintage.file), *values])  # noqa: S608
            frames.append(typed(rows.to_arrow_table().to_pandas(), vintage.table))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


@dataclass(frozen=True)
class Changes:
    """What differs between two vintages of one table.

    Attributes
    ----------
    added, revised, gone
        How many rows.
    rows
        The table's key, ``change`` ('added', 'revised' or 'gone') and for each column that is not in the key its value
        ``…_before`` and ``…_after``: by kind of change, those that moved most first.
    measure
        The column by which that was seen; ``None`` where none holds numbers.
    """

    added: int
    revised: int
    gone: int
    rows: pd.DataFrame
    measure: str | None

    def __str__(self) -> str:
        return f"{self.added:,} added, {self.revised:,} revised, {self.gone:,} gone"


def changes(before: Vintage, after: Vintage, *, most: int | None = None) -> Changes:
    """What differs between two vintages of one table, found without holding either in memory.

    Parameters
    ----------
    most
        Of each kind of change only so many rows, those that moved most; all are counted.
    """
    contract = contracts.TABLES[after.table]
    key = [column for column in contract.unique or [] if column != "source"]
    rest = [column for column in contract.columns if column not in (*key, "source")]
    measure = next((column for column in rest if is_number(after.table, column)), None)
    same = " AND ".join(f'o."{column}" = n."{column}"' for column in key)
    keys = ", ".join(f'coalesce(o."{column}", n."{column}") AS "{column}"' for column in key)
    told = ", ".join(f'o."{column}" AS "{column}_before", n."{column}" AS "{column}_after"' for column in rest)
    differ = " OR ".join(f'o."{column}" IS DISTINCT FROM n."{column}"' for column in rest)
    moved = f'abs(coalesce(n."{measure}", 0) - coalesce(o."{measure}", 0))' if measure else "0"
    order = "moved DESC" + "".join(f', "{column}"' for column in key)
    with database() as base:
        base.execute(
            f"""CREATE TABLE changed AS
            SELECT {keys}, CASE WHEN o.held IS NULL THEN 'added' WHEN n.held IS NULL THEN 'gone' ELSE 'revised' END
            AS change, {told}, {moved} AS moved
            FROM (SELECT *, true AS held FROM read_parquet(?)) o
            FULL JOIN (SELECT *, true AS held FROM read_parquet(?)) n ON {same}
            WHERE o.held IS NULL OR n.held IS NULL OR {differ}""",  # noqa: S608  # names of a contract's columns
            [str(before.file), str(after.file)],
        )
        counts = dict(base.execute("SELECT change, count(*) FROM changed GROUP BY change").fetchall())
        first = "" if most is None else f"QUALIFY row_number() OVER (PARTITION BY change ORDER BY {order}) <= {most}"
        rows = base.execute(
            f"SELECT * EXCLUDE (moved) FROM changed {first} "  # noqa: S608
            f"ORDER BY list_position(['added', 'revised', 'gone'], change), {order}"
        ).df()
    numbers = {f"{column}_{when}" for column in rest if is_number(after.table, column) for when in ("before", "after")}
    texts = {name: "str" for name in rows.columns if name not in numbers and rows[name].dtype == object}
    rows = rows.astype({**texts, **dict.fromkeys(numbers, "float64")})
    return Changes(counts.get("added", 0), counts.get("revised", 0), counts.get("gone", 0), rows, measure)


def forget(vintage: Vintage) -> None:
    """Take a vintage away, for good: the one before it of its feed, if there is one, is in use again.

    Of a feed's last vintage the marks go with it.
    """
    feed = vintage.folder.parent
    aside = feed / f".gone-{secrets.token_hex(6)}"
    vintage.folder.rename(aside)  # it is gone at once, and never half there
    shutil.rmtree(aside)
    if not abouts(vintage.feed, table=vintage.table):
        shutil.rmtree(feed)


def covers(vintage: Vintage) -> tuple[tuple[int, int] | None, list[str]]:
    """The first and last year, and whose figures they are (reporters, exporters, countries), where the table has them.

    Only those two columns are read.
    """
    columns = contracts.TABLES[vintage.table].columns
    whose = next((name for name in ("reporter", "exporter", "supplier", "country") if name in columns), None)
    with database() as base:
        years, codes = None, []
        if "year" in columns:
            found = base.execute("SELECT min(year), max(year) FROM read_parquet(?)", [str(vintage.file)]).fetchone()
            years = (int(found[0]), int(found[1])) if found and found[0] is not None else None
        if whose:
            query = f'SELECT DISTINCT "{whose}" FROM read_parquet(?) WHERE "{whose}" IS NOT NULL ORDER BY 1'  # noqa: S608
            codes = [str(row[0]) for row in base.execute(query, [str(vintage.file)]).fetchall()]
    return years, codes


def rows_of(rows: pd.DataFrame | Path) -> int:
    """How many rows there are; of a file, without reading them."""
    import pyarrow.parquet as pq

    return pq.ParquetFile(rows).metadata.num_rows if isinstance(rows, Path) else len(rows)


def columns_of(rows: pd.DataFrame | Path) -> list[str]:
    """The names of the columns; of a file, without reading its rows."""
    import pyarrow.parquet as pq

    return list(pq.read_schema(rows).names if isinstance(rows, Path) else rows.columns)


def place(table: str) -> Path:
    """The folder of a table's vintages, with a folder for each feed in it."""
    return _place("vintages") / table


# --- helpers


def _marks_in(vintage: Vintage) -> list[Path]:
    return list(vintage.folder.parent.glob(MARKS))


def _read_mark(mark: Mark) -> tuple[date | None, str]:
    """The last day on which the figures were found unchanged, if any, and the reason, if it holds one."""
    try:
        found = json.loads(mark.file.read_text(encoding="utf-8"))
        confirmed = found["confirmed"]
        return date.fromisoformat(confirmed) if confirmed is not None else None, found["why"].strip().rstrip(".")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{mark.file.relative_to(home())}: this mark cannot be read ({error}). Remove it.") from None


def _in_words(day: date) -> str:
    return f"{day.day} {calendar.month_name[day.month]} {day.year}"


def _place(part: str) -> Path:
    return home() / "data" / "cache" / part


def _id(feed: str, day: str) -> str:
    """``comtrade-vietnam-2026-11-22``; a second of the same day has a number."""
    taken = {vintage.id for vintage in vintages(feed)}
    name, number = f"{feed}-{day}", 1
    while name in taken:
        number += 1
        name = f"{feed}-{day}-{number}"
    return name


def _put_answers(answers: Sequence[Answer | Unkept], folder: Path) -> list[dict[str, Any]]:
    folder.mkdir()
    noted = []
    for number, answer in enumerate(answers, start=1):
        name = f"{number:04}.gz"
        if isinstance(answer, Unkept):
            size, sha = answer.file.stat().st_size, hash_of(answer.file)
            noted.append({"request": answer.file.name, "bytes": size, "sha256": sha, "file": None})
            continue
        about = {"request": answer.request, "status": answer.status, "media_type": answer.media_type}
        (folder / name).write_bytes(gzip.compress(answer.content, 6, mtime=0))
        sha = hashlib.sha256(answer.content).hexdigest()
        noted.append({**about, "bytes": len(answer.content), "sha256": sha, "file": f"{_ANSWERS}/{name}"})
    return noted


@lru_cache(maxsize=4096)
def _read_about(file: Path, *_changed: int) -> Vintage:
    try:
        found = Vintage(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{file.relative_to(home())}: this does not describe a vintage ({error}). Remove its folder, and refresh "
            f"the feed '{file.parent.parent.name}' again."
        ) from None
    if (found.table, found.feed, found.retrieved) != file.parts[-4:-1] or found.table not in contracts.TABLES:
        raise InputError(f"{file.relative_to(home())}: it describes another vintage. Remove its folder.")
    return found


@lru_cache(maxsize=1)
def _reading(_process: int) -> duckdb.DuckDBPyConnection:
    """What files are read with: to open it takes as long as a small query. A forked process needs its own."""
    import duckdb  # 0.2 s, and without a vintage nobody needs it

    return _without_bar(duckdb.connect())


def _without_bar(base: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The same database, which draws no bar of its progress. In a kernel it draws none, and refuses to be told so."""
    ((drawn,),) = base.execute("SELECT current_setting('enable_progress_bar')").fetchall()
    if drawn:
        base.execute("SET enable_progress_bar = false")
    return base


def _not_too_many(base: duckdb.DuckDBPyConnection, rule: str, vintage: Vintage, values: list[Any]) -> None:
    """Refuse to fill the memory with rows of a large file."""
    if vintage.rows <= _MOST_READ:
        return
    query = f"SELECT count(*) FROM read_parquet(?){rule}"  # noqa: S608
    ((count,),) = base.execute(query, [str(vintage.file), *values]).fetchall()
    if count > _MOST_READ:
        raise InputError(
            f"{count:,} rows of {vintage.id} are wanted, more than {_MOST_READ:,} at once. Ask for fewer countries, "
            f"products or years of {vintage.table}."
        )


def _terms(where: Mapping[str, Any], vintage: Vintage) -> tuple[list[str], list[Any]]:
    """Conditions for DuckDB, and the values that stand in place of their question marks."""
    terms: list[str] = []
    values: list[Any] = []
    for column, wanted in where.items():
        name = f"'{vintage.id}'" if column == "source" else f'"{column}"'
        if isinstance(wanted, tuple):
            for bound, sign in zip(wanted, (">=", "<="), strict=True):
                if bound is not None:
                    terms.append(f"{name} {sign} ?")
                    values.append(bound)
            continue
        options = wanted if isinstance(wanted, list) else [wanted]
        terms.append(f"{name} IN ({', '.join('?' * len(options))})" if options else "false")
        values += options
    return terms, values


def typed(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """Rows with the types that the table has when it is read from its CSV; columns unknown to it stay as they are."""
    kinds = {"int64": "int64", "float64": "float64"}
    columns = contracts.TABLES[table].columns
    return rows.astype({name: kinds.get(str(columns[name].dtype), "str") for name in rows.columns})


def _same(rows: pd.DataFrame | Path, last: Vintage) -> bool:
    if isinstance(rows, Path):
        return hash_of(rows) == last.sha256  # it was written in the order of its key, as that was
    one, other = rows, read([last], columns=list(rows.columns))
    return len(one) == len(other) and all(bool(_equal(one[name], other[name]).all()) for name in one.columns)


def _equal(one: pd.Series[Any], other: pd.Series[Any]) -> pd.Series[bool]:
    return (one == other).fillna(False).astype(bool) | (one.isna() & other.isna())


def is_number(table: str, column: str) -> bool:
    """Whether a column of a table holds numbers."""
    return str(contracts.TABLES[table].columns[column].dtype) in ("int64", "float64")


def hash_of(file: Path) -> str:
    """The SHA-256 of a file, read in a stream."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
