"""What changed from one edition to another: figures, words, exhibits, findings, method, code, sources.

Two editions are compared as their folders hold them. The exhibits are read back from the executed notebooks, which
carry the numbers behind each, and what the manifest says is read from it. No subject is known here: what is a verdict
or a provision is a word in a column to this module.

Rows of two versions of an exhibit are told apart by the shortest run of leading columns, numbers that are no whole
numbers left out, which identifies rows in both. Figures are compared as a reader sees them: a difference of less than
one part in a billion is none. What an edition of an older version does not state is not compared.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from legation.errors import InputError
from legation.press.archive import CHANGES, Base, is_stamp
from legation.press.publish import MANIFEST

EXHIBIT = "application/vnd.legation.exhibit+json"
FINDING = "application/vnd.legation.finding+json"
TALLY = "application/vnd.legation.tally+json"
#: What no reader of a page could see: it alone makes no new edition.
UNSEEN = frozenset({"method", "code"})
#: Figures nearer to each other than this, as a share of the larger, are the same; of zero, as a share of the column's.
_SAME, _NOTHING = 1e-9, 1e-12
#: Whole numbers from which on the same revision in two places is one.
_TELLING = 10_000
#: Lines of the section that an edition opens with, and how many of them each kind may take.
_MOST_LINES = 12
_MOST_WORDS, _MOST_FINDINGS, _MOST_EXHIBITS, _MOST_OTHERS = 5, 3, 4, 2
#: What stands around an exhibit: words that changed there are told after those in its rows.
_AROUND = frozenset({"title", "subtitle", "notes"})
#: Letters of a row's name, and of a text told in a line.
_ROW, _TOLD = 110, 160
_INJECTED = "injected-parameters"
_NUMBER = re.compile(r"[-+\u2212]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_SCALES = ((1e12, "tn"), (1e9, "bn"), (1e6, "m"))

Value = str | float | None
Row = list[Any]


@dataclass(frozen=True)
class Change:
    """One thing that differs.

    Attributes
    ----------
    kind
        ``revised``, ``new``, ``gone`` (a figure, or a row), ``reworded`` (a word in a cell, or an exhibit's title,
        subtitle or notes), ``exhibit new``, ``exhibit gone``, ``chapter new``, ``chapter gone``, ``chapter moved``,
        ``finding``, ``text`` (a paragraph), ``parameters``, ``method`` (a notebook's code), ``code`` (the library or
        the environment) or ``data`` (a source, or its vintage).
    chapter
        Its title; empty for what concerns the whole edition.
    exhibit, anchor, title
        Label, anchor and title of the exhibit; of one that is gone, as they were.
    row, column
        The row's key in words, and the column; empty if none.
    before, after
        What stood there and what stands there; ``None`` is nothing.
    source
        Producer and vintage of the figure as it is now.
    unit
        The column's unit.
    """

    kind: str
    chapter: str = ""
    exhibit: str | None = None
    anchor: str | None = None
    row: str = ""
    column: str = ""
    before: Value = None
    after: Value = None
    source: str | None = None
    unit: str = ""
    title: str | None = None

    @property
    def difference(self) -> float | None:
        """By how much a figure was revised."""
        if isinstance(self.before, float) and isinstance(self.after, float):
            return self.after - self.before
        return None

    @property
    def relative(self) -> float | None:
        """The same as a share of the figure before; ``None`` where that was zero."""
        difference = self.difference
        return difference / abs(self.before) if difference is not None and self.before else None  # type: ignore[arg-type]

    @property
    def is_figure(self) -> bool:
        """Whether it concerns a figure."""
        return self.kind in ("revised", "new", "gone") and (
            isinstance(self.before, float) or isinstance(self.after, float)
        )

    @property
    def same(self) -> tuple[Any, ...]:
        """What is the same for one change that several exhibits show, each with rows of its own making."""
        told = self.kind, self.column, self.before, self.after
        values = [value for value in (self.before, self.after) if isinstance(value, float)]
        telling = any(not value.is_integer() or abs(value) >= _TELLING for value in values)
        return told if len(values) == 2 and telling else (*told, self.row)


@dataclass(frozen=True)
class Changes:
    """What differs from the edition ``since``, a stamp or a name; ``problem`` says why that cannot be told, if so."""

    since: str
    entries: tuple[Change, ...] = ()
    problem: str | None = None

    def __bool__(self) -> bool:
        """Whether anything a reader could see differs."""
        return any(entry.kind not in UNSEEN for entry in self.entries)

    @property
    def since_in_words(self) -> str:
        """ "the edition of 15 November 2026"; of an edition without a stamp its name."""
        if not is_stamp(self.since):
            return self.since
        day = datetime.strptime(self.since, "%Y-%m-%dT%H%M%S%z")
        return f"the edition of {day.day} {day:%B %Y}"

    def counts(self) -> dict[str, int]:
        """How many of each, in the words of ``summary``; one that several exhibits show counts once."""
        found: Counter[str] = Counter()
        for entry in {entry.same: entry for entry in self.entries}.values():
            found[_counted(entry)] += 1
        ranked = sorted(found, key=_place)
        return {phrase: found[phrase] for phrase in ranked}

    def summary(self) -> str:
        """One sentence: "12 figures revised, 2 verdicts changed, 1 exhibit added."."""
        if self.problem:
            return f"What changed cannot be told: {self.problem}"
        told = [_phrase(phrase, count) for phrase, count in self.counts().items()]
        if not told:
            return "Nothing changed."
        if not self:
            return f"No figure and no word changed; {', '.join(told)}."
        return f"{', '.join(told)}."

    def lines(self) -> list[list[str | tuple[str, str]]]:
        """What a reader must know first, in at most a dozen lines, each of texts and of pairs of text and anchor.

        First words in cells, shortest first, and findings; then figures by their relative size, an exhibit a line; then
        exhibits and chapters, sources, method and code. The last line counts the rest.
        """
        return _lines(self)

    def told(self) -> list[str]:
        """The same lines as plain text."""
        return ["".join(part if isinstance(part, str) else part[0] for part in line) for line in self.lines()]

    def as_json(self) -> str:
        """All of it as JSON, from which `from_json` makes it again."""
        about = {"since": self.since, "summary": self.summary(), "problem": self.problem}
        entries = [
            {name: value for name, value in asdict(entry).items() if value not in (None, "")} for entry in self.entries
        ]
        return f"{json.dumps({**about, 'entries': entries}, indent=1, ensure_ascii=False)}\n"

    def as_csv(self) -> str:
        """All of it as CSV, with difference and relative difference; no text in it begins like a formula."""
        out = io.StringIO()
        rows = csv.writer(out, lineterminator="\n")
        names = [each.name for each in fields(Change)]
        rows.writerow([*names, "difference", "relative"])
        for entry in self.entries:
            cells = [*(getattr(entry, name) for name in names), entry.difference, entry.relative]
            rows.writerow("" if cell is None else inert(cell) for cell in cells)
        return out.getvalue()


def from_json(text: str | bytes) -> Changes:
    """What `Changes.as_json` wrote.

    Raises
    ------
    InputError
        If it is not that.
    """
    try:
        held = json.loads(text)
        known = {each.name for each in fields(Change)}
        entries = tuple(
            Change(**{name: value for name, value in entry.items() if name in known}) for entry in held["entries"]
        )
        return Changes(str(held["since"]), tuple(map(_plain, entries)), held.get("problem"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{CHANGES} cannot be read ({error!r}). Build the report again.") from None


def inert(cell: Any) -> Any:
    """Keep a text that begins like a formula from being run by a spreadsheet."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def since(base: Base, after: Mapping[str, bytes]) -> Changes | None:
    """What an edition opens with that is compared with a dated one; ``None`` if there is nothing to say.

    Where nothing that a reader could see differs, it opens as that one did: a report that is built again, or rebuilt
    from the same data, stays the same bytes.
    """
    try:
        found = between(base.files, after, since=base.stamp)
        kept = base.files.get(CHANGES)
        if not found:
            return from_json(kept) if kept else None
    except InputError as error:
        return Changes(base.stamp, problem=str(error))
    return found


def between(
    before: Path | Mapping[str, bytes], after: Path | Mapping[str, bytes], *, since: str | None = None
) -> Changes:
    """What differs from one edition to another.

    Parameters
    ----------
    before, after
        Each the folder of an edition, or its files by their places there; manifest and notebooks are read.
    since
        What the first is called; the name of its folder if not given.

    Raises
    ------
    InputError
        One of them is no edition, or a file of it is damaged.
    """
    one, other = read(before), read(after)
    called = since or (before.name if isinstance(before, Path) else "the edition before")
    return compare(one, other, called)


# ------------------------------------------------------------------------------------------------------------- editions


@dataclass(frozen=True)
class Shown:
    """An exhibit as an edition shows it; ``place`` is that of its chapter."""

    place: int
    name: str
    anchor: str
    label: str
    content: dict[str, Any] = field(repr=False)

    @property
    def title(self) -> str:
        """Its title."""
        return _text(self.content.get("title"))


@dataclass(frozen=True)
class Chapter:
    """A chapter as it ran."""

    name: str
    title: str
    notebook: str
    parameters: dict[str, Any]
    titled: bool  # whether the manifest tells its title
    code: tuple[str, ...]  # a cell each
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Edition:
    """What of an edition is compared."""

    manifest: dict[str, Any]
    chapters: tuple[Chapter, ...]
    exhibits: tuple[Shown, ...]

    @property
    def title(self) -> str:
        """Its title."""
        return _text(self.manifest.get("title")) or "Untitled"


def read(edition: Path | Mapping[str, bytes]) -> Edition:
    """An edition, from its folder or its files.

    Raises
    ------
    InputError
        If it is none, or a file of it is damaged.
    """
    if isinstance(edition, Path):
        names = [MANIFEST, *(f"notebooks/{path.name}" for path in sorted((edition / "notebooks").glob("*.ipynb")))]
        try:
            files: Mapping[str, bytes] = {
                name: path.read_bytes() for name in names if (path := edition / name).is_file()
            }
        except OSError as error:
            raise InputError(f"{error.filename}: {error.strerror}. Permit reading it.") from None
        where = f"{edition}/"
    else:
        files, where = edition, ""
    if MANIFEST not in files:
        raise InputError(
            f"{where or 'What is compared'} holds no {MANIFEST}: it is no edition. Name the folder of one."
        )
    manifest = _dict(_loaded(files[MANIFEST], f"{where}{MANIFEST}"))
    said = _list(manifest.get("chapters"))
    chapters: list[Chapter] = []
    exhibits: list[Shown] = []
    left = [_dict(entry) for entry in _list(manifest.get("exhibits"))]
    for place, name in enumerate(sorted(name for name in files if re.fullmatch(r"notebooks/[^/]+\.ipynb", name))):
        cells = [_dict(cell) for cell in _list(_dict(_loaded(files[name], f"{where}{name}")).get("cells"))]
        chapters.append(_chapter(name, cells, _dict(said[place]) if place < len(said) else {}))
        exhibits += _exhibits(place, cells, left if "exhibits" in manifest else None)
    order = {_text(entry.get("anchor")): place for place, entry in enumerate(_dicts(manifest.get("exhibits")))}
    exhibits.sort(key=lambda exhibit: order.get(exhibit.anchor, len(order)))
    return Edition(manifest, tuple(chapters), tuple(exhibits))


def _loaded(content: bytes, where: str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise InputError(f"{where} is damaged: it is no JSON. Build the report again, or take a copy of it.") from None


def _chapter(file: str, cells: list[dict[str, Any]], said: dict[str, Any]) -> Chapter:
    code, paragraphs = [], []
    for cell in cells:
        if _INJECTED in _list(_dict(cell.get("metadata")).get("tags")):
            continue
        source = _joined(cell.get("source"))
        if cell.get("cell_type") == "code":
            code.append(source)
            for data in _outputs(cell):
                if not {EXHIBIT, FINDING, TALLY} & set(data) and "text/markdown" in data:
                    paragraphs += _paragraphs(_joined(data["text/markdown"]))
        elif cell.get("cell_type") == "markdown":
            paragraphs += _paragraphs(source)
    stem = re.sub(r"^\d+-", "", file.removeprefix("notebooks/").removesuffix(".ipynb"))
    heading = next((line for line in paragraphs if line.startswith("# ")), "").removeprefix("# ")
    title = _text(said.get("title")) or heading or stem.replace("_", " ").replace("-", " ").capitalize()
    name = _text(said.get("name")) or stem
    notebook = _text(said.get("notebook")) or f"{stem}.ipynb"
    return Chapter(
        name, title, notebook, _dict(said.get("parameters")), "title" in said, tuple(code), tuple(paragraphs)
    )


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _outputs(cell: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (_dict(_dict(output).get("data")) for output in _list(cell.get("outputs")))


def _exhibits(place: int, cells: list[dict[str, Any]], left: list[dict[str, Any]] | None) -> Iterator[Shown]:
    """The exhibits of a chapter that the manifest lists, which are those shown; without its list all of them."""
    for content in (_dict(data[EXHIBIT]) for cell in cells for data in _outputs(cell) if EXHIBIT in data):
        name, kind = _text(content.get("name")), _text(content.get("kind"))
        if left is None:
            yield Shown(place, name, name, "Table" if kind == "table" else "Figure", content)
            continue
        fitting = [
            entry
            for entry in left
            if _text(entry.get("title")) == _text(content.get("title"))
            and _text(entry.get("label")).startswith("Table" if kind == "table" else "Figure")
            and name in _text(entry.get("anchor"))
        ]
        if fitting:
            left.remove(fitting[0])
            yield Shown(place, name, _text(fitting[0].get("anchor")), _text(fitting[0].get("label")), content)


# ----------------------------------------------------------------------------------------------------------- comparison


def compare(before: Edition, after: Edition, called: str) -> Changes:
    """What differs between two editions that have been read; ``called`` names the first."""
    found = _differences(before, after)
    return Changes(
        called,
        tuple(replace(entry, before=_or_nothing(entry.before), after=_or_nothing(entry.after)) for entry in found),
    )


def _or_nothing(value: Value) -> Value:
    return None if value == "" else value


def _differences(before: Edition, after: Edition) -> Iterator[Change]:
    chapters = _chapters_paired(before, after)
    pairs = exhibits_paired(before, after)
    for was, now in pairs:
        if was and now:
            yield from _of_exhibit(was, now, _title_of(after, now))
    yield from _of_findings(before, after)
    yield from _of_tallies(before, after)
    for was, now in pairs:
        if was is None or now is None:
            yield _come_or_gone(before, after, was, now)
    yield from _of_chapters(before, after, chapters)
    yield from _of_sources(before, after)
    for key in ("title", "subtitle", "abstract"):
        said, says = _text(before.manifest.get(key)), _text(after.manifest.get(key))
        if key in before.manifest and _folded(said) != _folded(says):
            yield Change("text", column=key, before=said or None, after=says or None)
    for one, other in chapters:
        if one and other:
            yield from _of_method(one, other)
    yield from _of_code(before, after)


def _title_of(edition: Edition, exhibit: Shown) -> str:
    return edition.chapters[exhibit.place].title


def exhibits_paired(before: Edition, after: Edition) -> list[tuple[Shown | None, Shown | None]]:
    """Which exhibit is which, in the order of the later edition; then those that are gone.

    By anchor; what is left by chapter and title; what is left by chapter, kind and the name without its numbers, which
    may be those of a year.
    """
    names = {place: chapter.name for place, chapter in enumerate(before.chapters)}
    names_after = {place: chapter.name for place, chapter in enumerate(after.chapters)}
    left = list(before.exhibits)
    found: dict[int, Shown] = {}

    def pair(key: Any, key_after: Any) -> None:
        free = [place for place in range(len(after.exhibits)) if place not in found]
        for place in free:
            wanted = key_after(after.exhibits[place])
            fitting = [one for one in left if key(one) == wanted]
            rivals = [other for other in free if key_after(after.exhibits[other]) == wanted]
            if len(fitting) == 1 and len(rivals) == 1:
                found[place] = fitting[0]
                left.remove(fitting[0])

    pair(lambda one: one.anchor, lambda one: one.anchor)
    pair(lambda one: (names[one.place], one.title), lambda one: (names_after[one.place], one.title))
    pair(
        lambda one: (names[one.place], one.content.get("kind"), re.sub(r"\d+", "", one.name)),
        lambda one: (names_after[one.place], one.content.get("kind"), re.sub(r"\d+", "", one.name)),
    )
    paired: list[tuple[Shown | None, Shown | None]] = [
        (found.get(place), other) for place, other in enumerate(after.exhibits)
    ]
    return paired + [(one, None) for one in left]


def _come_or_gone(before: Edition, after: Edition, one: Shown | None, other: Shown | None) -> Change:
    shown, edition = (other, after) if other else (one, before)
    assert shown is not None  # noqa: S101  # one of the two there is
    return Change(
        "exhibit new" if other else "exhibit gone",
        _title_of(edition, shown),
        shown.label,
        shown.anchor,
        before=None if other else shown.title,
        after=shown.title if other else None,
        title=shown.title,
    )


# --- figures and words


@dataclass(frozen=True)
class _Frame:
    """The numbers behind an exhibit: columns by name with their places, types and units, and the rows."""

    places: dict[str, int]
    types: dict[str, str]
    units: dict[str, str]
    rows: list[Row]

    def cells(self, name: str) -> list[Any]:
        return [row[self.places[name]] for row in self.rows]


def _frame(columns: Sequence[Any], rows: Sequence[Any]) -> _Frame:
    """Of columns of one name the first counts; a row that is too short is filled with nothing."""
    places: dict[str, int] = {}
    types, units = {}, {}
    for place, column in enumerate(map(_dict, columns)):
        name = _text(column.get("name"))
        if name not in places:
            places[name] = place
            types[name], units[name] = _text(column.get("type")), _text(column.get("unit"))
    width = len(columns)
    filled = [[*(_cell(cell) for cell in _list(row)), *[None] * width][:width] for row in rows]
    return _Frame(places, types, units, filled)


def _cell(cell: Any) -> Any:
    """A cell as it is compared: what is not finite is missing, as in an exhibit's data."""
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    if cell is None or isinstance(cell, bool | int | float):
        return cell
    return _text(cell)


def _of_exhibit(one: Shown, other: Shown, chapter: str) -> Iterator[Change]:
    about = {"chapter": chapter, "exhibit": other.label, "anchor": other.anchor, "title": other.title}
    was, now = (_dict(shown.content.get("data")) for shown in (one, other))
    before = _frame(_list(was.get("columns")), _list(was.get("rows")))
    after = _frame(_list(now.get("columns")), _list(now.get("rows")))
    sources = _ids(one) | _ids(other)
    found = list(_of_rows(before, after, sources, _Telling(other, after)))
    if not found:
        found = list(_of_rows(_printed(one), _printed(other), {}, None))
    yield from (replace(change, **about) for change in found)
    for key in ("title", "subtitle", "notes"):
        said, says = (_said(shown.content.get(key)) for shown in (one, other))
        if key in one.content and _folded(said) != _folded(says):
            yield Change("reworded", column=key, before=said or None, after=says or None, **about)


def _said(value: Any) -> str:
    return " ".join(map(_text, value)) if isinstance(value, list) else _text(value)


def _printed(shown: Shown) -> _Frame:
    """A table as it is read."""
    table = _dict(shown.content.get("table"))
    labels = [_text(_dict(column).get("label")) for column in _list(table.get("columns"))]
    return _frame([{"name": label, "type": "string"} for label in labels], _list(table.get("rows")))


def _ids(shown: Shown) -> dict[str, str]:
    """Producer and vintage of each source behind an exhibit, by its id."""
    found = {}
    for entry in _dicts(shown.content.get("sources")):
        vintage = _text(entry.get("vintage") or entry.get("retrieved"))
        producer = _text(entry.get("producer")) or _text(entry.get("id"))
        found[_text(entry.get("id"))] = f"{producer} ({vintage})" if vintage else producer
    return found


class _Telling:
    """Tells a row in words: by the heads of its row in the printed table where that can be found, else by its key."""

    def __init__(self, shown: Shown, frame: _Frame) -> None:
        table = _dict(shown.content.get("table"))
        rows = [[_text(cell) for cell in _list(row)] for row in _list(table.get("rows"))]
        heads = table.get("row_headers")
        self._heads: list[list[str]] = []
        if isinstance(heads, int) and heads and len(rows) == len(frame.rows) and self._in_step(rows, frame):
            self._heads = [row[:heads] for row in rows]
        self._alone = (
            [len({heads[place] for heads in self._heads}) > 1 for place in range(len(self._heads[0]))]
            if self._heads
            else []
        )

    @staticmethod
    def _in_step(rows: list[list[str]], frame: _Frame) -> bool:
        """Whether the printed rows are those of the data: some column that varies stands, word by word, in each."""
        lines = [_folded(" | ".join(row)) for row in rows]
        for name in frame.places:
            cells = [_folded(_shown_plainly(cell)) for cell in frame.cells(name)]
            varies = len(set(cells)) > 1 or len(cells) == 1
            if varies and all(cells) and all(cell in line for cell, line in zip(cells, lines, strict=True)):
                return True
        return False

    def words(self, row: int, key: str, changed: Iterable[str]) -> str:
        """The row's name; a head that has itself changed, such as a verdict, does not name it."""
        if not self._heads:
            return key
        gone = {_folded(word) for word in changed}
        kept = [
            head
            for head, varies in zip(self._heads[row], self._alone, strict=True)
            if head and varies and _folded(head) not in gone
        ]
        return ", ".join(kept) or key


def _of_rows(before: _Frame, after: _Frame, sources: Mapping[str, str], telling: _Telling | None) -> Iterator[Change]:
    shared = [name for name in before.places if name in after.places]
    cited = [name for name in shared if _cites(before.cells(name) + after.cells(name), sources)]
    keys = _keys(before, after, [name for name in shared if name not in cited])
    compared = [name for name in shared if name not in keys and name not in cited]
    numeric = {name for name in compared if {before.types[name], after.types[name]} & {"number", "integer"}}
    nothing = {name: _NOTHING * _largest(before.cells(name) + after.cells(name)) for name in numeric}
    pairs = _rows_paired(before, after, keys, compared)
    throughout = {} if len(pairs) < 2 else dict(_throughout(before, after, compared, pairs))
    for name, (was, now) in throughout.items():
        if not _alike(was, now, numeric=name in numeric, nothing=nothing.get(name, 0.0)):
            yield _cell_change(name, was, now, "", after.units[name], None, numeric=name in numeric)
    for one, other in pairs:
        row = after.rows[other] if other is not None else before.rows[one or 0]
        frame = after if other is not None else before
        key = ", ".join(_shown_plainly(row[frame.places[name]]) for name in keys)
        if one is None or other is None:
            rest = [name for name in frame.places if name not in keys and name not in cited]
            yield _row_change(frame, row, rest, key, _cited(row, frame, cited, sources), new=one is None)
            continue
        found = [
            (name, was, now)
            for name in compared
            if name not in throughout
            for was, now in [(before.rows[one][before.places[name]], row[after.places[name]])]
            if not _alike(was, now, numeric=name in numeric, nothing=nothing.get(name, 0.0))
        ]
        if found:
            by = _cited(row, frame, cited, sources)
            words = telling.words(other, key, [_shown_plainly(now) for _, _, now in found]) if telling else key
            yield from (
                _cell_change(name, was, now, words, after.units[name], by, numeric=name in numeric)
                for name, was, now in found
            )


def _cell_change(name: str, was: Any, now: Any, row: str, unit: str, source: str | None, *, numeric: bool) -> Change:
    column = name.replace("_", " ")
    one, other = _as_number(was), _as_number(now)
    if numeric and (one is not None or was is None) and (other is not None or now is None):
        kind = "new" if one is None else "gone" if other is None else "revised"
        return Change(kind, row=row, column=column, before=one, after=other, source=source, unit=unit)
    words = [None if cell is None else _shown_plainly(cell) for cell in (was, now)]
    return Change("reworded", row=row, column=column, before=words[0], after=words[1], source=source)


def _row_change(frame: _Frame, row: Row, names: list[str], key: str, source: str | None, *, new: bool) -> Change:
    """A row that came or went, told by its first figure, or by its first word if it has none."""
    figures = [
        name for name in names if frame.types[name] == "number" and _as_number(row[frame.places[name]]) is not None
    ]
    words = [name for name in names if row[frame.places[name]] not in (None, "")]
    name = next(iter([*figures, *words]), "")
    cell: Value = None
    if figures:
        cell = _as_number(row[frame.places[name]])
    elif name:
        cell = _shown_plainly(row[frame.places[name]])
    else:
        cell = key
    about = {"row": key, "column": name.replace("_", " "), "source": source, "unit": frame.units.get(name, "")}
    return Change("new", after=cell, **about) if new else Change("gone", before=cell, **about)  # type: ignore[arg-type]


def _keys(before: _Frame, after: _Frame, names: list[str]) -> list[str]:
    """The shortest run of leading columns that identifies rows in both; if none does, one that does so best.

    A rank, which is a number from one up to the rows there are, leads no run if the columns behind it will do.
    """
    usable = [name for name in names if not _measures(before, after, name)]
    runs = [usable[:count] for count in range(1, len(usable) + 1)]
    while usable and _ranks(before, usable[0]) and _ranks(after, usable[0]):
        usable = usable[1:]
        runs = [*(usable[:count] for count in range(1, len(usable) + 1)), *runs]
    best, most = [], -1
    for run in runs:
        told = [len(set(_key_rows(frame, run))) for frame in (before, after)]
        if told == [len(before.rows), len(after.rows)]:
            return run
        if sum(told) > most:
            best, most = run, sum(told)
    return best


def _measures(before: _Frame, after: _Frame, name: str) -> bool:
    """Whether a column holds measured figures: numbers in both, or such as are not whole in one."""
    if before.types[name] == after.types[name] == "number":
        return True
    return any(isinstance(cell, float) and not cell.is_integer() for cell in before.cells(name) + after.cells(name))


def _ranks(frame: _Frame, name: str) -> bool:
    cells = frame.cells(name)
    whole = all(type(cell) is int for cell in cells)
    return whole and bool(cells) and min(cells) == 1 and max(cells) <= len(cells)


def _key_rows(frame: _Frame, names: list[str]) -> list[tuple[str, ...]]:
    return [tuple(_folded(_shown_plainly(row[frame.places[name]])) for name in names) for row in frame.rows]


def _rows_paired(
    before: _Frame, after: _Frame, keys: list[str], compared: list[str]
) -> list[tuple[int | None, int | None]]:
    """Which row is which, in the order of the later version; then those that are gone.

    Rows that the keys do not tell apart are paired first where they are the same throughout, then in their order.
    """
    waiting: dict[tuple[str, ...], list[int]] = {}
    for place, key in enumerate(_key_rows(before, keys)):
        waiting.setdefault(key, []).append(place)
    whole_before, whole_after = _key_rows(before, compared), _key_rows(after, compared)
    paired: dict[int, int] = {}
    keyed = _key_rows(after, keys)
    for same in (True, False):
        for place, key in enumerate(keyed):
            held = waiting.get(key, [])
            if place in paired or not held:
                continue
            fitting = [one for one in held if whole_before[one] == whole_after[place]] if same else held
            if fitting:
                paired[place] = fitting[0]
                held.remove(fitting[0])
    pairs: list[tuple[int | None, int | None]] = [(paired.get(place), place) for place in range(len(after.rows))]
    return pairs + [(one, None) for held in waiting.values() for one in held]


def _throughout(
    before: _Frame, after: _Frame, names: list[str], pairs: list[tuple[int | None, int | None]]
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Columns that say one thing in every row of each version, such as a year: what changes there is told once."""
    for name in names:
        was, now = ({_folded(_shown_plainly(cell)) for cell in frame.cells(name)} for frame in (before, after))
        if len(was) == len(now) == 1:
            yield name, (before.cells(name)[0], after.cells(name)[0])


def _cites(cells: list[Any], sources: Mapping[str, str]) -> bool:
    """Whether a column names sources by their ids."""
    named = [cell for cell in cells if cell]
    return bool(named) and all(
        isinstance(cell, str) and all(part.strip() in sources for part in cell.split(";")) for cell in named
    )


def _cited(row: Row, frame: _Frame, cited: Iterable[str], sources: Mapping[str, str]) -> str | None:
    """Who gives the figures of a row: as its column of sources says, or the only source there is."""
    for name in cited:
        place = frame.places[name]
        if row[place]:
            told = list(dict.fromkeys(sources[part.strip()] for part in row[place].split(";")))
            return "; ".join(told[:2]) + (f" and {len(told) - 2} more" if len(told) > 2 else "")
    return next(iter(sources.values())) if len(set(sources.values())) == 1 else None


def _alike(was: Any, now: Any, *, numeric: bool, nothing: float) -> bool:
    """Whether a reader sees the same in two cells."""
    if was is now or (type(was) is type(now) and was == now):
        return True
    if was is None or now is None:
        return was in (None, "") and now in (None, "")
    one, other = _as_number(was), _as_number(now)
    if numeric and one is not None and other is not None:
        return one == other or math.isclose(one, other, rel_tol=_SAME, abs_tol=nothing)
    return _folded(_shown_plainly(was)) == _folded(_shown_plainly(now))


def _as_number(cell: Any) -> float | None:
    """A cell as a number, also where that is written as text; ``None`` if it is none."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        try:
            number = float(cell)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    if isinstance(cell, str) and _NUMBER.fullmatch(cell.strip()):
        return float(cell.strip().replace(",", "").replace("\u2212", "-"))
    return None


def _largest(cells: Iterable[Any]) -> float:
    return max((abs(number) for cell in cells if (number := _as_number(cell)) is not None), default=0.0)


def _shown_plainly(cell: Any) -> str:
    """A cell in words, the same for 2019, 2019.0 and "2019"."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


# --- findings, chapters, sources, method, code


def _of_findings(before: Edition, after: Edition) -> Iterator[Change]:
    if "findings" not in before.manifest:
        return
    titles = {chapter.name: chapter.title for chapter in (*before.chapters, *after.chapters)}
    labels = {shown.anchor: shown for shown in after.exhibits}
    was, now = (
        {
            (_text(found.get("chapter")), _text(found.get("name"))): found
            for found in _dicts(edition.manifest.get("findings"))
        }
        for edition in (before, after)
    )
    for key in dict.fromkeys([*now, *was]):
        said, says = (_text(held.get(key, {}).get("text")) for held in (was, now))
        if _folded(said) == _folded(says):
            continue
        shown = labels.get(_text(now.get(key, {}).get("exhibit")))
        yield Change(
            "finding",
            titles.get(key[0], key[0]),
            shown.label if shown else None,
            shown.anchor if shown else None,
            row=key[1],
            before=said or None,
            after=says or None,
            title=shown.title if shown else None,
        )


def _of_tallies(before: Edition, after: Edition) -> Iterator[Change]:
    if "tallies" not in before.manifest:
        return
    titles = {chapter.name: chapter.title for chapter in (*before.chapters, *after.chapters)}
    was, now = (
        {
            (_text(tally.get("chapter")), _text(tally.get("name")), _text(pair[0])): _as_number(pair[1])
            for tally in _dicts(edition.manifest.get("tallies"))
            for pair in _list(tally.get("counts"))
            if isinstance(pair, list) and len(pair) == 2
        }
        for edition in (before, after)
    )
    for chapter, name, kind in dict.fromkeys([*now, *was]):
        one, other = (held.get((chapter, name, kind)) for held in (was, now))
        if one != other:
            change = "new" if one is None else "gone" if other is None else "revised"
            yield Change(change, titles.get(chapter, chapter), row=name, column=kind, before=one, after=other)


def _chapters_paired(before: Edition, after: Edition) -> list[tuple[Chapter | None, Chapter | None]]:
    """Which chapter is which: by name; what is left by notebook, in its order."""
    left = list(before.chapters)
    found: dict[int, Chapter] = {}
    keys: tuple[Callable[[Chapter], str], ...] = (lambda chapter: chapter.name, lambda chapter: chapter.notebook)
    for key in keys:
        for place, other in enumerate(after.chapters):
            one = next((one for one in left if key(one) == key(other)), None)
            if place not in found and one is not None:
                found[place] = one
                left.remove(one)
    paired: list[tuple[Chapter | None, Chapter | None]] = [
        (found.get(place), other) for place, other in enumerate(after.chapters)
    ]
    return paired + [(one, None) for one in left]


def _of_chapters(
    before: Edition, after: Edition, paired: list[tuple[Chapter | None, Chapter | None]]
) -> Iterator[Change]:
    for one, other in paired:
        if one is None and other is not None:
            yield Change("chapter new", other.title, after=other.title)
        elif other is None and one is not None:
            yield Change("chapter gone", one.title, before=one.title)
    both = [(one, other) for one, other in paired if one and other]
    stood = sorted((one for one, _ in both), key=before.chapters.index)
    order = {id(one): place for place, one in enumerate(stood, start=1)}
    for place, (one, other) in enumerate(both, start=1):
        if order[id(one)] != place:
            yield Change("chapter moved", other.title, before=float(order[id(one)]), after=float(place))
        elif one.titled and other.titled and _folded(one.title) != _folded(other.title):
            yield Change("text", other.title, column="title", before=one.title, after=other.title)


def _of_sources(before: Edition, after: Edition) -> Iterator[Change]:
    """Sources with another vintage, come or gone: by id, then by what they are, then by the id without its date."""
    if "sources" not in before.manifest:
        return
    left = _dicts(before.manifest["sources"])
    now = _dicts(after.manifest.get("sources"))
    found: dict[int, dict[str, Any]] = {}
    keys: tuple[Callable[[dict[str, Any]], Any], ...] = (
        lambda entry: _text(entry.get("id")),
        lambda entry: (_text(entry.get("producer")), _text(entry.get("title"))),
        lambda entry: re.sub(r"[-\d]+$", "", _text(entry.get("id"))),
    )
    for key in keys:
        for place, entry in enumerate(now):
            fitting = [held for held in left if key(held) == key(entry)]
            if place not in found and fitting:
                found[place] = fitting[0]
                left.remove(fitting[0])
    for place, entry in enumerate(now):
        one = found.get(place)
        if one is None:
            yield Change("data", row=_publication(entry), column="source", after=_vintage(entry))
            continue
        for column in ("vintage", "retrieved"):
            was, is_now = (_text(each.get(column)) for each in (one, entry))
            if was != is_now and column in one:
                yield Change("data", row=_publication(entry), column=column, before=was or None, after=is_now or None)
                break
    for one in left:
        yield Change("data", row=_publication(one), column="source", before=_vintage(one))


def _publication(entry: dict[str, Any]) -> str:
    return f"{_text(entry.get('producer'))}: {_text(entry.get('title'))}"


def _vintage(entry: dict[str, Any]) -> str:
    return _text(entry.get("vintage") or entry.get("retrieved")) or "no vintage stated"


def _of_method(one: Chapter, other: Chapter) -> Iterator[Change]:
    for name in dict.fromkeys([*other.parameters, *one.parameters]):
        was, now = (
            json.dumps(chapter.parameters[name], ensure_ascii=False) if name in chapter.parameters else None
            for chapter in (one, other)
        )
        if was != now:
            yield Change("parameters", other.title, column=name, before=was, after=now)
    yield from _of_text(one, other)
    if one.notebook != other.notebook:
        yield Change("method", other.title, column="notebook", before=one.notebook, after=other.notebook)
    if one.code != other.code:
        stood, stands = ("\n".join(chapter.code).splitlines() for chapter in (one, other))
        told = [
            line[:1]
            for line in difflib.unified_diff(stood, stands, lineterm="", n=0)
            if not line.startswith(("+++", "---"))
        ]
        lines = f"{_number(told.count('+'), 'line')} added, {_number(told.count('-'), 'line')} removed"
        yield Change("method", other.title, row=other.notebook, column="code of the notebook", after=lines)


def _of_text(one: Chapter, other: Chapter) -> Iterator[Change]:
    """Paragraphs that read otherwise. Where as many stand as stood, each is told with what it was."""
    matcher = difflib.SequenceMatcher(None, one.paragraphs, other.paragraphs, autojunk=False)
    for what, i, j, k, m in matcher.get_opcodes():
        if what == "equal":
            continue
        was, now = one.paragraphs[i:j], other.paragraphs[k:m]
        for place in range(max(len(was), len(now))):
            said = was[place] if place < len(was) else None
            says = now[place] if place < len(now) else None
            yield Change("text", other.title, column="paragraph", before=said, after=says)


def _of_code(before: Edition, after: Edition) -> Iterator[Change]:
    was, now = (_text(edition.manifest.get("legation")) for edition in (before, after))
    if was and now and was != now:
        yield Change("code", column="version of Legation", before=was, after=now)
    for key, column in (("code", "file"), ("environment", "version")):
        if not (isinstance(before.manifest.get(key), dict) and isinstance(after.manifest.get(key), dict)):
            continue
        held, holds = (_dict(edition.manifest[key]) for edition in (before, after))
        for name in sorted({*held, *holds}):
            one, other = (_text(each.get(name)) or None for each in (held, holds))
            if one != other:
                if column == "file":
                    one, other = (one and one[:12], other and other[:12])
                yield Change("code", row=name, column=column, before=one, after=other)


# -------------------------------------------------------------------------------------------------------------- telling

#: The phrases of the summary in their order: what is counted, one and many, with its verb.
_PHRASES = {
    "figure revised": ("{} figure revised", "{} figures revised"),
    "figure new": ("{} figure new", "{} figures new"),
    "figure gone": ("{} figure gone", "{} figures gone"),
    "row new": ("{} entry new", "{} entries new"),
    "row gone": ("{} entry gone", "{} entries gone"),
    "word": ("{} {} changed", "{} {} changed"),
    "finding": ("{} finding changed", "{} findings changed"),
    "exhibit new": ("{} exhibit added", "{} exhibits added"),
    "exhibit gone": ("{} exhibit gone", "{} exhibits gone"),
    "chapter new": ("{} chapter added", "{} chapters added"),
    "chapter gone": ("{} chapter gone", "{} chapters gone"),
    "chapter moved": ("{} chapter moved", "{} chapters moved"),
    "data": ("{} source with another vintage, new or gone", "{} sources with another vintage, new or gone"),
    "text": ("{} passage of text changed", "{} passages of text changed"),
    "parameters": ("{} parameter changed", "{} parameters changed"),
    "method": ("the code of {} notebook changed", "the code of {} notebooks changed"),
    "code": ("{} file or version of the code changed", "{} files and versions of the code changed"),
}
_PLACES = {phrase: place for place, phrase in enumerate(_PHRASES)}


def _place(phrase: str) -> tuple[int, bool, str]:
    """Where it stands in the summary: words of rows before those of titles."""
    kind, _, word = phrase.partition("|")
    return _PLACES.get(kind, len(_PLACES)), word in _AROUND, word


def _counted(entry: Change) -> str:
    """Under which phrase an entry is counted; words by the name of their column, which stands behind a bar."""
    if entry.kind == "revised":
        return "figure revised"
    if entry.kind in ("new", "gone"):
        return f"{'figure' if entry.is_figure else 'row'} {entry.kind}"
    return f"word|{entry.column or 'word'}" if entry.kind == "reworded" else entry.kind


def _phrase(phrase: str, count: int) -> str:
    kind, _, word = phrase.partition("|")
    one, many = _PHRASES.get(kind, ("{} change", "{} changes"))
    words = [f"{count:,}"] + ([word if count == 1 else _plural(word)] if kind == "word" else [])
    return (one if count == 1 else many).format(*words)


def _plural(word: str) -> str:
    if word == "notes" or word.endswith("ies"):
        return word
    if re.search(r"(s|x|ch|sh)$", word):
        return f"{word}es"
    return f"{word[:-1]}ies" if re.search(r"[^aeiou]y$", word) else f"{word}s"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def in_figures(before: float, after: float) -> tuple[str, str]:
    """Two figures as they stand side by side: scaled alike, with as many digits as it takes to tell them apart."""
    largest = max(abs(before), abs(after))
    scale, word = next(((scale, word) for scale, word in _SCALES if scale <= largest), (1.0, ""))
    for digits in range(3, 17):
        one, other = (_digits(value / scale, digits) for value in (before, after))
        if one != other:
            break
    end = f"\u00a0{word}" if word else ""
    return f"{one}{end}", f"{other}{end}"


def figure(value: float) -> str:
    """A figure by itself."""
    scale, word = next(((scale, word) for scale, word in _SCALES if scale <= abs(value)), (1.0, ""))
    return f"{_digits(value / scale, 3)}\u00a0{word}".rstrip("\u00a0")


def _digits(value: float, digits: int) -> str:
    """A number with so many digits, no zeros behind its point, and a minus as it is printed."""
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}".replace("-", "\u2212")
    if abs(value) >= 1e-4:
        text = f"{value:,.{max(digits - 1 - math.floor(math.log10(abs(value))), 0)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return text.replace("-", "\u2212")


def percent(relative: float | None) -> str:
    """A relative difference with its sign, "+10.9 %"; empty if there is none."""
    if relative is None or not math.isfinite(relative):
        return ""
    size, sign = abs(relative) * 100, "+" if relative > 0 else "\u2212"
    shown = f"{size:,.0f}" if size >= 100 else f"{size:.1f}" if size >= 0.05 else "under 0.1"
    return f"{sign}{shown}\u00a0%"


def by_size(entries: Iterable[Change]) -> list[Change]:
    """Figures, the largest revision first, by its share of what stood before; then those new, then those gone."""
    kinds = {"revised": 0, "new": 1, "gone": 2}

    def key(entry: Change) -> tuple[int, float]:
        relative = entry.relative
        size = (
            1.0 if relative is None or not math.isfinite(relative) else abs(relative)
        )  # of nothing before: as doubled
        return kinds.get(entry.kind, 3), -size

    return sorted(entries, key=key)


def words_first(entries: Iterable[Change]) -> list[Change]:
    """Words that changed in rows: what is short, such as a verdict or a code, before what is long."""
    return sorted(entries, key=lambda entry: max(len(str(entry.before or "")), len(str(entry.after or ""))))


def shorter(text: str, letters: int) -> str:
    """A text cut off between words."""
    text = " ".join(text.split())
    return text if len(text) <= letters else f"{text[:letters].rsplit(' ', 1)[0].rstrip(' ,;:.')}…"


def apart(before: str, after: str, letters: int) -> tuple[str, str]:
    """Two texts, each cut down to so many letters around where they begin to differ."""
    one, other = (" ".join(text.split()) for text in (before, after))
    alike = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    start = one.rfind(" ", 0, max(alike - letters // 3, 0)) + 1 if max(len(one), len(other)) > letters else 0
    dots = "…" if start else ""
    return f"{dots}{shorter(one[start:], letters)}", f"{dots}{shorter(other[start:], letters)}"


Line = list[str | tuple[str, str]]


def _lines(changes: Changes) -> list[Line]:
    entries = list({entry.same: entry for entry in changes.entries}.values())
    told: set[tuple[Any, ...]] = set()
    lines: list[Line] = []

    def tell(line: Line, *of: Change) -> None:
        lines.append(line)
        told.update(entry.same for entry in of)

    words = [entry for entry in entries if entry.kind == "reworded" and entry.column not in _AROUND]
    for entry in words_first(words)[:_MOST_WORDS]:
        tell([f"{_of_row(entry)}{_was_now(entry)}", *_at(entry)], entry)
    for entry in [entry for entry in entries if entry.kind == "finding"][:_MOST_FINDINGS]:
        tell([_finding_told(entry), *_at(entry)], entry)
    by_exhibit: dict[str, list[Change]] = {}
    for entry in by_size(entry for entry in entries if entry.kind in ("revised", "new", "gone")):
        by_exhibit.setdefault(entry.anchor or "", []).append(entry)
    for found in list(by_exhibit.values())[:_MOST_EXHIBITS]:
        tell(_exhibit_told(found), *found)
    for kinds in (
        ("exhibit new", "exhibit gone", "chapter new", "chapter gone", "chapter moved"),
        ("data",),
        ("parameters",),
    ):
        for entry in [entry for entry in entries if entry.kind in kinds][:_MOST_OTHERS]:
            if len(lines) < _MOST_LINES - 1:
                tell(_other_told(entry), entry)
    for kind in ("text", "method", "code"):
        found = [entry for entry in entries if entry.kind == kind]
        if found and len(lines) < _MOST_LINES - 1:
            tell([_all_told(kind, found)], *found)
    titles = [entry for entry in entries if entry.kind == "reworded" and entry.column == "title"]
    if titles and len(lines) < _MOST_LINES - 1:
        tell([f"{_number(len(titles), 'title')} of exhibits read{'s' if len(titles) == 1 else ''} otherwise."], *titles)
    rest = sum(entry.same not in told for entry in entries)
    if rest:
        lines.append([f"{rest:,} more {'change is' if rest == 1 else 'changes are'} in the files named below."])
    return lines


def _at(entry: Change) -> Line:
    """Where it stands, as the end of a sentence."""
    if not entry.exhibit:
        return ["."] if entry.kind != "finding" else []
    return [" (", (entry.exhibit, entry.anchor or ""), ")."]


def _of_row(entry: Change) -> str:
    row = shorter(entry.row, _ROW)
    return f"{row}: {entry.column} " if row else f"{entry.column[:1].upper()}{entry.column[1:]} "


def _was_now(entry: Change) -> str:
    if entry.before is None:
        return f"is now “{shorter(str(entry.after), _ROW)}”"
    if entry.after is None:
        return f"was “{shorter(str(entry.before), _ROW)}” and is no longer stated"
    was, now = apart(str(entry.before), str(entry.after), _ROW)
    return f"was “{was}”, is now “{now}”"


def _finding_told(entry: Change) -> str:
    if entry.before is None:
        return f"A new finding: {shorter(str(entry.after), _TOLD)}"
    if entry.after is None:
        return f"No longer a finding: {shorter(str(entry.before), _TOLD)}"
    return f"A finding reads otherwise. Before: “{apart(str(entry.before), str(entry.after), _TOLD)[0]}”"


def _exhibit_told(found: list[Change]) -> Line:
    """How many figures of an exhibit changed, and the largest of them."""
    first = found[0]
    counts = Counter(_counted(entry) for entry in found)
    told = ", ".join(_phrase(phrase, counts[phrase]) for phrase in _PHRASES if phrase in counts)
    where: Line = [(first.exhibit, first.anchor or ""), ": "] if first.exhibit else []
    line: Line = [*where, f"{told if where else told[:1].upper() + told[1:]}. "]
    if len(found) > 1:
        line.append("The largest: " if first.kind == "revised" else "The first: ")
    return [*line, f"{figure_told(first)}."]


def figure_told(entry: Change) -> str:
    """A figure with what it was: "RUS, 2020, turnover: 4.6 bn, now 5.1 bn USD (+10.9 %), by the Office (2026-11)"."""
    name = ", ".join(part for part in (shorter(entry.row, _ROW), entry.column) if part)
    unit = f" {entry.unit}" if entry.unit and entry.unit not in ("ratio", "share") and "," not in entry.unit else ""
    by = f", by {entry.source}" if entry.source else ""
    if isinstance(entry.before, float) and isinstance(entry.after, float):
        was, now = in_figures(entry.before, entry.after)
        share = percent(entry.relative)
        return f"{name}: {was}, now {now}{unit}{f' ({share})' if share else ''}{by}"
    value = entry.after if entry.kind == "new" else entry.before
    said = f"{figure(value)}{unit}" if isinstance(value, float) else f"“{shorter(str(value), _ROW)}”"
    return f"{name}: {'new' if entry.kind == 'new' else 'gone'}, {said}{by}"


def _other_told(entry: Change) -> Line:
    match entry.kind:
        case "exhibit new":
            return ["New: ", (entry.exhibit or "an exhibit", entry.anchor or ""), f", {entry.title}."]
        case "exhibit gone":
            return [f"Gone: {entry.exhibit or 'an exhibit'}, {entry.title}."]
        case "chapter new":
            return [f"A new chapter: {entry.chapter}."]
        case "chapter gone":
            return [f"Gone: the chapter {entry.chapter}."]
        case "chapter moved":
            return [f"The chapter {entry.chapter} has moved."]
        case "data":
            return [f"{shorter(entry.row, _TOLD)}: {_vintage_told(entry)}."]
        case _:
            where = f" of {entry.chapter}" if entry.chapter else ""
            was, now = (
                "not given" if value is None else shorter(str(value), _ROW) for value in (entry.before, entry.after)
            )
            return [f"The parameter {entry.column}{where} was {was}, is now {now}."]


def _vintage_told(entry: Change) -> str:
    if entry.column == "source":
        return f"a new source, {entry.after}" if entry.before is None else "no longer a source"
    was, now = (value or "not stated" for value in (entry.before, entry.after))
    return f"{entry.column} {now}, before {was}"


def _all_told(kind: str, found: list[Change]) -> str:
    if kind == "text":
        return f"{_number(len(found), 'passage')} of the text read{'s' if len(found) == 1 else ''} otherwise."
    if kind == "method":
        told = [f"{entry.row or entry.chapter} ({entry.after})" for entry in found]
        return (
            f"Method: the code of {'; '.join(told[:3])}{f' and {len(told) - 3} more' if len(told) > 3 else ''} changed."
        )
    files = [entry for entry in found if entry.column == "file"]
    versions = [entry for entry in found if entry.column != "file"]
    parts = [f"{_number(len(files), 'file')} changed"] if files else []
    parts += [_version_told(entry) for entry in versions[:3]]
    parts += [f"{_number(len(versions) - 3, 'other version')} changed"] if len(versions) > 3 else []
    return f"Code: {', '.join(parts)}."


def _version_told(entry: Change) -> str:
    name = entry.row or "Legation"
    if entry.before is None:
        return f"{name} {entry.after} is new"
    return f"{name} {entry.before} is gone" if entry.after is None else f"{name} {entry.before} became {entry.after}"


# ------------------------------------------------------------------------------------------------ what files may lack


def _plain(change: Change) -> Change:
    """A change that was read, with numbers as floats and texts as texts."""
    if not isinstance(change.kind, str):
        raise TypeError("a change without its kind")

    def value(held: Any) -> Value:
        whole = isinstance(held, int | float) and not isinstance(held, bool)
        return float(held) if whole else None if held is None else _text(held)

    def word(held: Any) -> str | None:
        return None if held is None else _text(held)

    return Change(
        change.kind,
        _text(change.chapter),
        word(change.exhibit),
        word(change.anchor),
        _text(change.row),
        _text(change.column),
        value(change.before),
        value(change.after),
        word(change.source),
        _text(change.unit),
        word(change.title),
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in _list(value) if isinstance(item, dict)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _joined(value: Any) -> str:
    return "".join(map(_text, value)) if isinstance(value, list) else _text(value)


@lru_cache(maxsize=1 << 14)
def _folded(words: str) -> str:
    """A text as it is compared: whatever its white space and the form of its dashes and quotation marks."""
    words = re.sub(r"[‘’ʼ]", "'", re.sub(r"[“”„]", '"', re.sub(r"[\u2010-\u2014\u2212]", "-", words)))
    return " ".join(words.split()).casefold()
