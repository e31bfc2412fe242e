"""The one door to the tables: find, read, check, filter, and remember what was read."""

from __future__ import annotations

import contextlib
import csv
import difflib
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

from legation import times
from legation.checkout import home
from legation.data import contracts, integrity, vintages
from legation.errors import InputError, nearest

#: Columns that hold country or group codes, checked against the table of countries when they are asked for.
CODE_COLUMNS = (
    *("reporter", "partner", "exporter", "importer", "supplier", "recipient"),
    *("country", "group", "member", "host", "successor"),
)
#: Names the file to which a kernel adds one line of JSON for each dataset it opens; set by whoever runs it.
READ_LOG = "LEGATION_READ_LOG"
#: Holds a day or a time, up to which vintages are given, if it holds anything; set by whoever runs a notebook.
AS_OF = "LEGATION_AS_OF"
#: Of the data package, the lines on which it matters to a notebook what they say: which table lies in which file.
_NAMES_AND_PATHS = r"^(- name|  path):"

#: How alike two identifiers must be for one to be named as what was meant: most have a date in common.
_NEAR = 0.85

_as_of: str | None = None
_recorded: set[tuple[str, Path, str | None, str | None]] = set()

Where = str | int | list[str] | list[int] | tuple[int | None, int | None]


def open(name: str, *, about: Iterable[str] | None = None, **where: Where) -> pd.DataFrame:
    """A table that keeps its contract, or those of its rows that were asked for.

    Besides the rows that the repository ships, a table has those of its latest vintages, each under its own source:
    see `legation.data.vintages`, and `as_of` for those of an earlier time.

    Parameters
    ----------
    name
        A resource of ``data/datapackage.yaml``, such as ``"goods_flows"``.
    about
        Codes of countries or groups: rows whose reporter or partner (of products: exporter or importer) is one of them.
    where
        A column and what it must hold: one value, a list of permitted values, or a pair ``(first, last)`` of bounds
        that are included; ``None`` leaves a side open.

    Returns
    -------
    DataFrame
        Rows in the file's order, then those of the vintages, types as declared in ``contracts.TABLES``.

    Raises
    ------
    InputError
        An unknown table, column, country code or single key (with the nearest name), or a row that breaks the
        contract (with file, line and rule).
    """
    table = _checked(home(), name)
    if about is not None:
        about = list(about)
        check_codes(about)
        sides = contracts.sides(name)
        if not sides:
            raise InputError(f"The table {name} has no reporter and partner, so nothing in it is about a country.")
        table = table[table[sides].isin(about).any(axis=1)]
    for column, wanted in where.items():
        if column not in table:
            raise InputError(
                f"The table {name} has no column '{column}'{nearest(column, table.columns)}. "
                f"Its columns are {', '.join(table.columns)}."
            )
        if isinstance(wanted, tuple):
            low, high = wanted
            if low is not None and high is not None and low > high:
                raise InputError(
                    f"{column.capitalize()}s {low} to {high} of {name} run backwards. Give the earlier one first."
                )
            table = table[table[column].between(_or(low, -(10**9)), _or(high, 10**9))]
            continue
        values = wanted if isinstance(wanted, list) else [wanted]
        if column in CODE_COLUMNS:
            check_codes([str(value) for value in values], what=column)
        elif contracts.TABLES[name].unique == [column]:
            known = {*table[column], *_ids_of_vintages(name)}
            for value in values:
                if value not in known:
                    raise InputError(
                        f"The table {name} has no row with {column} '{value}'{nearest(str(value), table[column])}. "
                        f"Correct it, or add the row to {_resources(home())[name].relative_to(home())}."
                    )
        table = table[table[column].isin(values)]
    further = _of_vintages(name, about, where)
    return pd.concat([table, further], ignore_index=True) if len(further) else table.reset_index(drop=True)


def as_of(when: str | None) -> None:
    """From now on, in this process, give no vintage that was taken after a day or time; with ``None`` the latest again.

    Where the notebook is run for an earlier time, by ``legation build --as-of``, the earlier of the two holds.

    Raises
    ------
    InputError
        If it is no day, such as ``2026-11-22``, and no time, such as ``2026-11-22T050000Z``.
    """
    global _as_of  # one for the process, as a notebook's first cell sets it
    _as_of = None if when is None else times.moment(when)


def _until() -> str | None:
    """The time up to which vintages are given; ``None``: no bound."""
    given = os.environ.get(AS_OF)
    return times.earliest(_as_of, times.moment(given) if given else None)


def check_codes(codes: list[str], *, what: str = "country") -> None:
    """Refuse a code that stands for no country or group.

    Raises
    ------
    InputError
        Naming the code and the nearest known one.
    """
    known = country_names()
    for code in codes:
        if code not in known:
            by_name = {name.casefold(): key for key, name in known.items()}
            guess = by_name.get(code.casefold()) or next(
                iter(difflib.get_close_matches(code.upper(), known, n=1)), None
            )
            hint = f" The nearest is {guess} ({known[guess]})." if guess else ""
            raise InputError(
                f"'{code}' is no {what} that data/trade/countries.csv knows.{hint} "
                "Use the ISO 3166-1 alpha-3 code, or a group such as EU27."
            )


def country_names() -> dict[str, str]:
    """The house's short name for every code: ``{"VNM": "Viet Nam", …}``."""
    table = _checked(home(), "countries")
    return dict(zip(table["code"], table["name"], strict=True))


def members(group: str) -> list[str]:
    """The codes of a group's present members, in alphabetical order.

    Raises
    ------
    InputError
        If the group has no members in ``data/trade/country_groups.csv``.
    """
    table = open("country_groups", group=group)
    found = sorted(table.loc[table["until"].isna(), "member"])
    if not found:
        raise InputError(f"data/trade/country_groups.csv lists no member of '{group}'. Add its rows there.")
    return found


def sources(*frames: pd.DataFrame) -> list[dict[str, str | None]]:
    """The source entries behind the rows of the frames, each once, in the order of their identifiers.

    A frame's ``source`` cells hold identifiers of ``data/sources.csv``; a row made from several holds them all,
    separated by semicolons. The entry of a vintage that its publisher has not been able to renew has a ``caveat``
    besides: sentences that say so, and how old it was by then; that of a file brought in by hand has ``imported``, the
    day on which that was done.

    Raises
    ------
    InputError
        If a frame has no column ``source``, or it names an unknown entry.
    """
    wanted: set[str] = set()
    for frame in frames:
        if "source" not in frame:
            raise InputError("These rows carry no column 'source'. Keep it through every step: a figure needs one.")
        for cell in frame["source"].dropna().unique():
            wanted.update(part.strip() for part in str(cell).split(";") if part.strip())
    entries = _shipped_entries(home())
    if further := wanted - entries.keys():
        entries = _entries_of_vintages(further) | entries
    unknown = sorted(wanted - entries.keys())
    if unknown:
        raise InputError(
            f"data/sources.csv has no entry '{unknown[0]}'{nearest(unknown[0], entries)}. "
            "Add the entry, or correct the row that names it."
        )
    return [dict(entries[identifier]) for identifier in sorted(wanted)]


def preferred(names: Iterable[str], table: str) -> list[str]:
    """The identifiers of sources that somebody prefers, in their order.

    Parameters
    ----------
    names
        Identifiers of sources; or feeds, each of which stands for its vintage in use of the table.

    Raises
    ------
    InputError
        If there is neither a source nor a feed of this name, with the nearest where one is near.
    """
    of_feeds = {vintage.feed: vintage.id for vintage in _vintages_in_use(table)}
    known = {*_shipped_entries(home()), *(vintage.id for vintage in _all_vintages())}
    for name in names:
        if name not in known and name not in of_feeds:
            raise InputError(
                f"There is no source '{name}' here{nearest(name, [*known, *of_feeds], at_least=_NEAR)}. It may be one "
                "imported or fetched on another machine: such figures lie in data/cache/, which Git leaves out "
                '(docs/live-data.md, "To share what was brought in"). `legation data status` names the feeds and '
                "vintages that are held, data/sources.csv the sources that are shipped."
            )
    return list(dict.fromkeys(of_feeds.get(name, name) for name in names))


def unused(preferred: Iterable[str], rows: pd.DataFrame) -> list[str]:
    """A sentence for each preferred source that stands behind none of the rows: to prefer it has no effect on them.

    Of a vintage that a later one of its feed has replaced, the sentence says so.
    """
    behind = {part.strip() for cell in rows["source"].dropna().unique() for part in str(cell).split(";")}
    held = vintages.vintages(as_of=_until())
    latest = {(vintage.table, vintage.feed): vintage for vintage in held}
    replaced = {vintage.id: latest[vintage.table, vintage.feed] for vintage in held}
    said = []
    for name in preferred:
        if name in behind:
            continue
        later = replaced.get(name)
        why = ""
        if later and later.id != name:
            why = f" {later.id} has taken its place: prefer '{later.feed}', and the latest of that feed is meant."
        said.append(f"The source '{name}' is preferred, but none of the figures used here is its own.{why}")
    return said


def source_ids() -> set[str]:
    """The identifiers of all entries of ``data/sources.csv``."""
    return set(_shipped_entries(home()))


def citation(*frames: pd.DataFrame) -> str:
    """The source line for an exhibit, made from the entries behind its rows.

    Publications in the order of the number of rows they stand behind, each with all its vintages, see `vintage_said`;
    up to three press reports are named, more are counted.
    """
    entries = {entry["id"]: entry for entry in sources(*frames)}
    weight: dict[str, int] = {}
    for frame in frames:
        for cell, count in frame["source"].dropna().value_counts().items():
            for part in str(cell).split(";"):
                weight[part.strip()] = weight.get(part.strip(), 0) + int(count)
    solid: dict[str, list[dict[str, str | None]]] = {}
    press: list[str] = []
    for identifier in sorted(entries, key=lambda key: (-weight.get(str(key), 0), str(key))):
        entry = entries[identifier]
        if entry["kind"] == "press":
            press.append(str(entry["publisher"] or entry["producer"]))
            continue
        solid.setdefault(f"{entry['producer']}, {entry['title']}", []).append(entry)
    parts = []
    for what, of_it in solid.items():
        dated = sorted(of_it, key=lambda entry: (not entry["vintage"], entry["vintage"] or ""))
        said = ", ".join(dict.fromkeys(filter(None, map(vintage_said, dated))))
        parts.append(f"{what} ({said})" if said else what)
    named = list(dict.fromkeys(press))
    if named:
        parts.append(f"press reports ({', '.join(named)})" if len(named) < 4 else f"{len(press)} press reports")
    return f"Source: {'; '.join(parts)}." if len(parts) == 1 else f"Sources: {'; '.join(parts)}."


def vintage_said(entry: Mapping[str, str | None]) -> str:
    """How a source line tells one vintage of a publication from another: ``May 2022``.

    Where the publisher states none, the day on which it was taken: ``as imported on 22 November 2026`` of a file that
    was brought in by hand, ``as retrieved on`` of what a publisher gave. Nothing where that is not known either.
    """
    return times.in_words(str(entry["vintage"])[:7]) if entry["vintage"] else times.as_taken(entry)


def datasets() -> dict[str, Path]:
    """Every table of the data package and the file that holds it."""
    return dict(_resources(home()))


def check() -> list[str]:
    """Check every table against its contract, its source entries, its codes and its recorded hash; and every vintage.

    Returns
    -------
    list of str
        One sentence for each thing found wrong; empty if all is well.
    """
    root, found = home(), []
    package = YAML(typ="safe").load(_package(root).read_text(encoding="utf-8"))
    recorded = {resource["name"]: resource.get("hash", "") for resource in package["resources"]}
    for name, path in _resources(root).items():
        try:
            _checked(root, name)
        except InputError as error:
            found.append(str(error))
            continue
        if recorded.get(name) != f"sha256:{_hash(path)}":
            found.append(
                f"{path.relative_to(root)}: its contents are not those whose hash data/datapackage.yaml records. "
                "If the change is meant, run `legation data hash`."
            )
    with contextlib.suppress(InputError):  # what is wrong with the table of countries was said above
        found += integrity.check(country_names(), CODE_COLUMNS)
    return found


def shipped(name: str) -> pd.DataFrame:
    """The rows of a table that come with the repository, without those of vintages."""
    return _load(home(), name)


def write_hashes() -> list[str]:
    """Record each table's present size and hash in ``data/datapackage.yaml``; return the names that changed."""
    root = home()
    yaml = YAML()
    yaml.width = 120
    yaml.preserve_quotes = True
    file = _package(root)
    package = yaml.load(file.read_text(encoding="utf-8"))
    changed = []
    for resource in package["resources"]:
        path = root / "data" / resource["path"]
        present = {"bytes": path.stat().st_size, "hash": f"sha256:{_hash(path)}"}
        if any(resource.get(key) != value for key, value in present.items()):
            resource.update(present)
            changed.append(str(resource["name"]))
    if changed:
        with file.open("w", encoding="utf-8", newline="\n") as out:
            yaml.dump(package, out)
    return changed


def preload_for_kernels() -> None:
    """Read and check every table, so that processes forked from this one find them read.

    A table that changes later is read again, and what is wrong with one is told to whoever opens it.
    """
    root = home()
    for name in _resources(root):
        with contextlib.suppress(InputError):
            _checked(root, name)
            if name == "sources":
                _shipped_entries(root)


def record_reading(name: str, file: Path, *, lines: str | None = None) -> None:
    """Tell whoever runs the notebook, if they asked, that it is about to read a file of the checkout.

    To be called before the file is read, so that a change in between is noticed, and also where it may be missing,
    which is recorded as no contents. Where only some lines matter, ``lines`` is a regular expression found in them.
    """
    _record(name, file, "lines", lines)


def record_listing(name: str, folder: Path, pattern: str, *, dated: bool = False) -> None:
    """The same for the names in a folder that match a pattern: one that comes or goes changes what was read.

    ``dated`` names end with a time, and only those up to the time that is asked for count: see `as_of`.
    """
    _record(name, folder, "names", pattern, (_as_of or "") if dated else None)


def _record(name: str, path: Path, kind: str, pattern: str | None, until: str | None = None) -> None:
    log = os.environ.get(READ_LOG)
    # Once for each log: what changes later is no longer as recorded, which is for whoever runs the notebook to see.
    if not log or (log, path, pattern, until) in _recorded or not path.is_relative_to(home()):
        return
    _recorded.add((log, path, pattern, until))
    sha: str | None = None
    if pattern is None:
        sha = _hash(path) if path.is_file() else None
    elif kind == "names":
        names = sorted(found.name for found in path.glob(pattern))
        sha = _hash_lines(names if until is None else times.up_to(_until(), names))
    elif kind == "lines" and path.is_file():
        sha = _hash_lines(line for line in path.read_text("utf-8").splitlines() if re.search(pattern, line))
    entry: dict[str, str | None] = {"name": name, "path": path.relative_to(home()).as_posix(), "sha256": sha}
    if pattern is not None:
        entry[kind] = pattern
    if until is not None:  # whoever runs the notebook knows the time that it set itself
        entry["until"] = until
    with Path(log).open("a", encoding="utf-8") as out:
        out.write(json.dumps(entry, sort_keys=True) + "\n")


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _resources(root: Path) -> dict[str, Path]:
    """The tables and their files."""
    return _read_resources(root, _status(_package(root)))


@lru_cache(maxsize=4)
def _read_resources(root: Path, _changed: tuple[int, ...]) -> dict[str, Path]:
    """They are read from the lines that are recorded as read: the whole takes long to parse."""
    lines = _package(root).read_text(encoding="utf-8").partition("\nresources:\n")[2].splitlines()
    resources = YAML(typ="safe").load("\n".join(line for line in lines if re.search(_NAMES_AND_PATHS, line)))
    return {resource["name"]: root / "data" / resource["path"] for resource in resources or []}


def _status(*files: Path) -> tuple[int, ...]:
    """Numbers of which one differs when one of the files has changed."""
    found = [file.stat() for file in files if file.is_file()]
    return tuple(n for each in found for n in (each.st_mtime_ns, each.st_ctime_ns, each.st_size, each.st_ino))


def _package(root: Path) -> Path:
    return root / "data" / "datapackage.yaml"


def _of_vintages(name: str, about: list[str] | None, where: dict[str, Where]) -> pd.DataFrame:
    """The rows of a table's vintages that were asked for; of ``sources`` the entries of all vintages."""
    if name == "sources":
        entries = pd.DataFrame([vintage.source for vintage in _all_vintages()])
        chosen = where.get("id")
        wanted = chosen if isinstance(chosen, list) else [chosen]
        return entries if chosen is None or entries.empty else entries[entries["id"].isin(wanted)]
    held = _vintages_in_use(name)
    return vintages.read(held, about=about, where=where) if held else pd.DataFrame()


def _vintages_in_use(name: str) -> list[vintages.Vintage]:
    """The vintages that fill a table, recorded as read: a later one changes the names in a folder."""
    place = vintages.place(name)
    record_listing(f"{name}, feeds", place, "*")
    for feed in _children(place):
        record_listing(f"{name}, vintages of {feed.name}", feed, "[0-9]*", dated=True)
    held = vintages.in_use(name, _until())
    for vintage in held:
        record_reading(f"{name}, {vintage.id}", vintage.about)
    return held


def _all_vintages() -> list[vintages.Vintage]:
    """Those of every table, recorded as read."""
    root = vintages.place("")
    record_listing("tables with vintages", root, "*")
    for table in _children(root):
        record_listing(f"{table.name}, feeds", table, "*")
        for feed in _children(table):
            record_listing(f"{table.name}, vintages of {feed.name}", feed, "[0-9]*", dated=True)
    return vintages.vintages(as_of=_until())


def _children(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_dir())


def _ids_of_vintages(name: str) -> list[str]:
    return [vintage.id for vintage in _all_vintages()] if name == "sources" else []


def _entries_of_vintages(wanted: set[str]) -> dict[str, dict[str, str | None]]:
    """The source entries of vintages among those wanted; with a caveat where nothing newer could be taken."""
    held = vintages.vintages(as_of=_until())
    newest = {(vintage.table, vintage.feed): vintage.id for vintage in held}
    entries = {}
    for vintage in held:
        entries[vintage.id] = dict(vintage.source) | ({"imported": vintage.retrieved[:10]} if vintage.by_hand else {})
        if vintage.id in wanted and vintage.id == newest[vintage.table, vintage.feed]:
            said = _caveat(vintage)
            entries[vintage.id] |= {"caveat": said} if said else {}
    return entries


def _caveat(vintage: vintages.Vintage) -> str | None:
    """What a reader has to know of a vintage; the marks that tell it are recorded as read."""
    record_listing(f"{vintage.table}, marks of {vintage.feed}", vintage.folder.parent, vintages.MARKS, dated=True)
    marks = vintages.troubles(vintage, _until())
    for mark in marks:
        record_reading(f"{vintage.table}, {mark.file.name} of {vintage.feed}", mark.file)
    return vintages.caveat(vintage, marks) if marks else None


def _shipped_entries(root: Path) -> dict[str, dict[str, str | None]]:
    """The entries of ``data/sources.csv`` by their identifiers: asked for several times by each exhibit."""
    _checked(root, "sources")  # or it is said what is wrong with it
    return _as_entries(root, _status(_resources(root)["sources"]))


@lru_cache(maxsize=4)
def _as_entries(root: Path, _changed: tuple[int, ...]) -> dict[str, dict[str, str | None]]:
    rows = _checked(root, "sources").to_dict("records")
    return {row["id"]: {str(key): None if pd.isna(cell) else str(cell) for key, cell in row.items()} for row in rows}


def _load(root: Path, name: str) -> pd.DataFrame:
    """A table that its reader may change."""
    return _checked(root, name).copy()


def _checked(root: Path, name: str) -> pd.DataFrame:
    resources = _resources(root)
    if name not in resources:
        raise InputError(
            f"There is no dataset '{name}'{nearest(name, resources)}. "
            f"data/datapackage.yaml declares {', '.join(sorted(resources))}."
        )
    path = resources[name]
    known = {each: resources[each] for each in ("countries", "sources") if each in resources and each != name}
    record_reading("datapackage", _package(root), lines=_NAMES_AND_PATHS)
    for each in (name, *known):
        record_reading(each, resources[each])
    if not path.is_file():
        raise InputError(
            f"The dataset {name} should be in {path.relative_to(root)}, but there is no such file. "
            "Restore it from version control, or correct its path in data/datapackage.yaml."
        )
    return _read(root, name, path, _status(path, *known.values()))


@lru_cache(maxsize=32)
def _read(root: Path, name: str, path: Path, _changed: tuple[int, ...]) -> pd.DataFrame:
    """Read a CSV as text, keep each row's line number, and check it. ``_changed`` renews the cache with the files."""
    where = str(path.relative_to(root))
    if name not in contracts.TABLES:
        raise InputError(
            f"{where}: the dataset '{name}' has no contract{nearest(name, contracts.TABLES)}. "
            "Declare its columns in src/legation/data/contracts.py."
        )
    try:
        lines = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""), strict=True)
        header = next(lines, None)
        if header is None:
            raise InputError(f"{where}: the file is empty. Restore it from version control.")
        numbers, cells, start = [], [], lines.line_num + 1
        for row in lines:
            if len(row) != len(header):
                raise InputError(
                    f"{where}, line {start}: {len(row)} cells where the header has {len(header)}. "
                    "Put a text that holds a comma in quotation marks."
                )
            numbers.append(start)
            cells.append([cell or None for cell in row])
            start = lines.line_num + 1
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where}: byte {error.start} is not UTF-8. Save the file as UTF-8 (in Excel: CSV UTF-8)."
        ) from None
    except csv.Error as error:
        raise InputError(f"{where}, line {lines.line_num}: {error}. Check the quotation marks.") from None
    rows = pd.DataFrame(cells, columns=header, index=numbers, dtype=str)
    table = contracts.check(rows, name, where=where)
    if name not in ("countries", "sources"):
        _check_references(root, rows, where)
    return table


def _check_references(root: Path, rows: pd.DataFrame, where: str) -> None:
    """Refuse a code or source that its own table does not hold, with the line on which it stands."""
    codes, entries = set(_checked(root, "countries")["code"]), set(_checked(root, "sources")["id"])
    for column in rows.columns:
        known = codes if column in CODE_COLUMNS else entries if column == "source" else None
        if known is None:
            continue
        unknown = rows.index[rows[column].notna() & ~rows[column].isin(known)]
        if len(unknown):
            found = str(rows[column].to_dict()[unknown[0]])
            file = "sources.csv has no entry" if column == "source" else "trade/countries.csv has no code"
            raise InputError(
                f"{where}, line {unknown[0]}, column {column}: data/{file} '{found}'{nearest(found, known)}. "
                "Correct the cell, or add the entry there."
            )


def _hash_lines(lines: Iterable[str]) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")).hexdigest()


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
