"""The HTML page: one file that asks no server for anything."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from legation.press import fonts, markup, publish, svg, tables
from legation.press.changes import (
    Change,
    Changes,
    Edition,
    Shown,
    by_size,
    exhibits_paired,
    figure,
    in_figures,
    inert,
    percent,
    shorter,
    words_first,
)
from legation.press.document import Document, Exhibit
from legation.press.markup import Node
from legation.times import in_words

_HOUSE = Path(__file__).parent / "house"
#: Above this many rows the numbers behind an exhibit are given as a file only: nobody reads so long a table.
_ROWS_ON_PAGE = 150
#: From this many rows on, a column that says the same in each of them is told once, above the table.
_ROWS_ALIKE = 5
#: A table whose longest lines, each cut off at so many letters, come to more than a telephone shows gets room there.
_LINE, _PHONE = 24, 44
#: How pandoc ends a footnote: with an arrow that few typefaces have.
_BACK = 'role="doc-backlink">\u21a9\ufe0e</a>'
#: Columns of the tables that compare figures, and letters of a word told there.
_DIFFERENCE_COLUMNS, _WORD = 7, 160
_PLACE = re.compile(r"<!--exhibit (\d+)-->")


def _printable(value: Any) -> Any:
    """A text without what no page can show, whoever wrote it; what is markup already came through pandoc or ``svg``."""
    return markup.printable(value) if type(value) is str else value


_TEMPLATES = Environment(
    loader=FileSystemLoader(_HOUSE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=_printable,
)


def load_templates() -> None:
    """Compile every template, which otherwise happens when it is first used."""
    for name in _TEMPLATES.list_templates(extensions=["jinja"]):
        _TEMPLATES.get_template(name)


def page(document: Document) -> str:
    """The document as a page, its exhibits in place.

    Raises
    ------
    InputError
        A citation without entry, or a drawing that is no SVG.
    """
    classes = svg.Classes()
    exhibits = [_exhibit(exhibit, classes, document) for exhibit in document.exhibits]
    parts = [[_placed(block) for block in part] for part in (*document.cited, document.news(linked=True))]
    names = ("abstract", "summary", "body", "method", "news", "notes")
    written = markup.write(parts, "html", language=document.language)
    texts = {
        # Text cannot hold such a comment: pandoc escapes it.
        name: Markup(_PLACE.sub(lambda found: exhibits[int(found[1])], _scoped(text)))  # noqa: S704 - by our templates
        for name, text in zip(names, written, strict=True)
    }
    made = _TEMPLATES.get_template("page.html.jinja").render(document=document, **texts)
    news = _news_css() if document.since is not None else ""
    return _styled(made, f"{classes.css()}\n{_sides(document)}\n{news}")


def listing(form: Literal["index", "sweep"], facts: Any) -> str:
    """The page that lists all reports, or the editions of a sweep, as ``index`` and ``sweep`` take it."""
    return index(**facts) if form == "index" else sweep(facts)


def index(
    reports: list[dict[str, Any]],
    dates: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    title: str = "Reports",
    status: bool = False,
) -> str:
    """The page that lists reports.

    Parameters
    ----------
    reports
        The manifest of each, with the text of its ``drawing`` if it has one.
    dates
        What `legation.press.archive.dates` gives; a report without dated editions is not in it.
    title
        What the page is called.
    status
        Whether it leads to the page on how they fare.
    """
    dates = dates or {}
    # An edition that was built before the press noted all of this has less to show.
    blank: dict[str, Any] = {
        "subtitle": None,
        "data_retrieved_to": None,
        "tallies": [],
        "first_figure": None,
        "drawing": None,
        "outputs": {},
    }
    classes = svg.Classes()
    listed = []
    for report in reports:
        shown = blank | report
        day, drawing = shown["data_retrieved_to"], shown["drawing"]
        if drawing:
            where = f"the first figure of {shown['report']}"
            drawing = svg.inline(drawing, f"{shown['report']}-", where, classes)
            drawing = Markup(drawing.replace("<svg ", '<svg preserveAspectRatio="xMinYMin meet" ', 1))  # noqa: S704 - svg.inline took out harm
        dated = dates.get(shown["report"])
        if dated:
            dated = {**dated, "day": in_words(dated["stamp"][:10])}
        listed.append(shown | {"day": in_words(day) if day else None, "drawing": drawing, "dated": dated})
    made = _TEMPLATES.get_template("index.html.jinja").render(
        title=title, reports=listed, feed=bool(dates), status=publish.STATUS if status else None
    )
    return _styled(made, f"{classes.css()}\n")


def sweep(manifest: dict[str, Any]) -> str:
    """The page that lists the editions of a sweep, given as its manifest."""
    return _styled(_TEMPLATES.get_template("sweep.html.jinja").render(sweep=manifest))


def status(at: str, summary: str, parts: Mapping[str, Sequence[Any]]) -> str:
    """The page on how reports and all around them fare.

    Parameters
    ----------
    at
        The time of which it tells, in words.
    summary
        One sentence.
    parts
        Under each heading what is told of: each with ``name``, ``level``, a sentence ``said`` and, if there is a page
        of it, its address as ``page``.
    """
    return _styled(_TEMPLATES.get_template("status.html.jinja").render(at=at, summary=summary, parts=parts))


def history(facts: dict[str, Any]) -> str:
    """The page that lists a report's dated editions, as `legation.press.history` states them."""
    return _styled(_TEMPLATES.get_template("history.html.jinja").render(history=facts))


def difference(changes: Changes, before: Edition, after: Edition, names: tuple[str, str]) -> str:
    """The page that compares two editions: words first, then figures and charts side by side, then all else.

    Parameters
    ----------
    changes
        What differs between them.
    before, after
        The editions, whose drawings are shown.
    names
        What each is called.

    Raises
    ------
    InputError
        A drawing that is no SVG.
    """
    classes = svg.Classes()
    entries = list(changes.entries)
    paired = {other.anchor: (one, other) for one, other in exhibits_paired(before, after) if one and other}
    figures: dict[str, list[Change]] = {}
    for entry in by_size(entry for entry in entries if entry.kind in ("revised", "new", "gone")):
        figures.setdefault(entry.anchor or "", []).append(entry)
    shown = [
        {
            "anchor": f"exhibit-{place}",
            "label": found[0].exhibit or "Counts",
            "title": found[0].title or "",
            "rows": [_revision(entry) for entry in found[:_ROWS_ON_PAGE]],
            "more": max(len(found) - _ROWS_ON_PAGE, 0),
            "drawings": _side_by_side(paired.get(anchor), place, classes),
        }
        for place, (anchor, found) in enumerate(figures.items(), start=1)
    ]

    def of(*kinds: str) -> list[Change]:
        return [entry for entry in entries if entry.kind in kinds]

    made = _TEMPLATES.get_template("changes.html.jinja").render(
        title=after.title,
        language=_text_or(after.manifest.get("language"), "en-GB"),
        names=names,
        changes=changes,
        words=words_first(of("reworded"))[:_ROWS_ON_PAGE],
        more_words=max(len(of("reworded")) - _ROWS_ON_PAGE, 0),
        findings=of("finding"),
        exhibits=shown,
        moved=of("exhibit new", "exhibit gone", "chapter new", "chapter gone", "chapter moved"),
        texts=of("text")[:_ROWS_ON_PAGE],
        method=of("data", "parameters", "method", "code"),
    )
    return _styled(made, f"{classes.css()}\n{_right(_DIFFERENCE_COLUMNS)}\n{_news_css()}")


def preview(names: tuple[str, str], reports: Sequence[Mapping[str, Any]]) -> str:
    """The page that lists what differs between two branches, called so.

    Of each report: its ``name``, what is ``said`` of it, and the addresses of a ``page`` that compares and of its
    editions ``before`` and ``after``, if they are there.
    """
    return _styled(_TEMPLATES.get_template("preview.html.jinja").render(names=names, reports=reports))


def _text_or(value: Any, otherwise: str) -> str:
    return value if isinstance(value, str) else otherwise


def _revision(entry: Change) -> dict[str, Any]:
    """A figure, or a row of words, as the page shows it: before, now, difference and its share."""
    was, now = entry.before, entry.after
    if isinstance(was, float) and isinstance(now, float):
        shown = in_figures(was, now)
        by = now - was
        difference = f"{'+' if by > 0 else ''}{figure(by)}"
    else:
        shown_each = [
            figure(value) if isinstance(value, float) else shorter(value or "", _WORD) for value in (was, now)
        ]
        shown, difference = (shown_each[0], shown_each[1]), {"new": "new", "gone": "gone"}.get(entry.kind, "")
    column = f"{entry.column} ({entry.unit})" if entry.unit else entry.column
    return {
        "row": entry.row,
        "column": column,
        "before": shown[0],
        "after": shown[1],
        "difference": difference,
        "percent": percent(entry.relative),
        "source": entry.source or "",
    }


def _side_by_side(pair: tuple[Shown, Shown] | None, place: int, classes: svg.Classes) -> list[dict[str, Any]]:
    """The drawings of a chart as it was and as it is; none of what is no chart, or looks as it did."""
    if pair is None or any(not isinstance(shown.content.get("svg"), dict) for shown in pair):
        return []
    if pair[0].content["svg"] == pair[1].content["svg"]:
        return []
    found = []
    for when, shown in zip(("before", "now"), pair, strict=True):
        drawings = [
            (size, Markup(svg.inline(drawing, f"{when}-{place}-{size[:2]}-", f"exhibit '{shown.anchor}'", classes)))  # noqa: S704 - svg.inline took out harm
            for size, drawing in sorted(shown.content["svg"].items())
            if size in ("page", "phone") and isinstance(drawing, str)
        ]
        found.append({"when": when.capitalize(), "alt": _text_or(shown.content.get("alt"), ""), "drawings": drawings})
    return found


def data_index(document: Document, workbook: str | None = None) -> str:
    """The page that lists the CSV files of an edition, as it stands beside them, and the workbook's name if any."""
    exhibits = [exhibit for exhibit in document.exhibits if "data" in exhibit.content]
    return _styled(
        _TEMPLATES.get_template("data.html.jinja").render(document=document, exhibits=exhibits, workbook=workbook)
    )


def data_csv(exhibit: Exhibit) -> str:
    """The numbers behind an exhibit as CSV, in the frame's own column names; a missing value is an empty cell."""
    data = exhibit.content["data"]
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(column["name"] for column in data["columns"])
    rows.writerows(["" if cell is None else inert(cell) for cell in row] for row in data["rows"])
    return out.getvalue()


def _news_css() -> str:
    """The rules for what is new, which a page without it does not carry."""
    return (_HOUSE / "changes.css").read_text(encoding="utf-8")


def _styled(made: str, besides: str = "") -> str:
    """The page with what the house puts into its head: style, fonts holding its letters, script; and ``besides`` rules.

    The policy of the page lets this very script run and no other: it names its hash.
    """
    rules = (_HOUSE / "style.css").read_text(encoding="utf-8") + besides
    script = (_HOUSE / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # The head's own places for them come before anything a reader wrote, all of which is escaped.
    for place, filled in (
        ("script-src ''", f"script-src 'sha256-{digest}'"),
        ("<style></style>", f"<style>{fonts.css(unescape(made))}{rules}</style>"),
        ("<script></script>", f"<script>{script}</script>"),
    ):
        made = made.replace(place, filled, 1)
    return made


def _sides(document: Document) -> str:
    """The rules that keep a column of numbers to the right: ``r3`` on a table for its third. No cell has to say it."""
    forms = [exhibit.content.get(key, {}) for exhibit in document.exhibits for key in ("table", "data")]
    return _right(max((len(form.get("columns", [])) for form in forms), default=0))


def _right(most: int) -> str:
    """The same for tables of so many columns."""
    rule = (
        ".r{0} :is(th,td):nth-child({0}):not(.group){{text-align:right}}.r{0} td:nth-child({0}){{white-space:nowrap}}"
    )
    return "\n".join(rule.format(place) for place in range(1, most + 1))


def _scoped(text: str) -> str:
    """Pandoc's HTML, table heads marked as heads of columns, ways back from notes shown by a letter the fonts have."""
    text = text.strip().replace(_BACK, f'{_BACK.split(">")[0]} aria-label="Back to the text">\u2191</a>')
    return re.sub(r"<th(?=[ >])(?![^>]*\bscope=)", '<th scope="col"', text)  # those that pandoc left without


def _placed(block: Node) -> Node:
    """In place of an exhibit a comment, so that pandoc is spared its drawings and numbers."""
    return {"t": "RawBlock", "c": ["html", f"<!--exhibit {block['c']}-->"]} if block["t"] == "Exhibit" else block


def _exhibit(exhibit: Exhibit, classes: svg.Classes, document: Document) -> str:
    content = exhibit.content
    drawings = []
    if exhibit.kind == "chart":
        for size, drawing in sorted(content["svg"].items()):
            inside = svg.inline(drawing, f"{exhibit.anchor}-{size[:2]}-", f"exhibit '{exhibit.anchor}'", classes)
            drawings.append((size, Markup(inside)))  # noqa: S704 - svg.inline took out what could harm
    elif exhibit.kind == "picture" and content["mime"] == "image/svg+xml":
        inside = svg.inline(content["picture"], f"{exhibit.anchor}-", exhibit.anchor, classes)
        drawings.append(("page", Markup(inside)))  # noqa: S704
    return _TEMPLATES.get_template("exhibit.html.jinja").render(
        exhibit=exhibit,
        content=content,
        run=document.runs[exhibit.chapter - 1] if document.runs else None,
        several=document.several,
        drawings=drawings,
        table=_table(content["table"]) if exhibit.kind == "table" else None,
        numbers=_numbers(content["data"]) if "data" in content and exhibit.kind != "table" else None,
        spreadsheet=_address(data_csv(exhibit)) if "data" in content else None,
    )


def _table(table: dict[str, Any]) -> dict[str, Any]:
    """A table for the template, with the numbers of its columns that keep to the right and whether it is wide."""
    columns = table["columns"]
    longest = [max(map(len, [column["label"], *cells])) for column, cells in zip(columns, _across(table), strict=True)]
    return {
        "groups": table.get("groups") or [],
        "labels": [column["label"] for column in columns],
        "right": [place for place, column in enumerate(columns, start=1) if column["align"] == "right"],
        "rows": table["rows"],
        "row_headers": table["row_headers"],
        "bars": [_bars(column) for column in columns],
        "wide": sum(min(length, _LINE) for length in longest) > _PHONE,
    }


def _bars(column: dict[str, Any]) -> list[tuple[str, str]] | None:
    """The class of each cell of a column, and what its style says of its bar.

    As shares of the track: the bar's length, what is to the right of it, and what to the right of zero.
    """
    found = tables.bars(column)
    if found is None:
        return None
    zero = [f"--zero:{_share(1 - found.zero)}"] if found.zero else []
    said = [
        ";".join([*([f"--bar:{_share(span[1])}", f"--after:{_share(1 - sum(span))}"] if span else []), *zero])
        for span in found.spans
    ]
    return list(zip(["soft bar" if soft else "bar" for soft in found.soft], said, strict=True))


def _share(number: float) -> str:
    return f"{max(round(number, 3), 0):g}"


def _across(table: dict[str, Any]) -> list[list[str]]:
    """The cells column by column."""
    return [[row[place] for row in table["rows"]] for place in range(len(table["columns"]))]


def _numbers(data: dict[str, Any]) -> dict[str, Any] | None:
    """The numbers behind a chart as a table; what is the same in all rows stands in ``alike``, not in the table."""
    columns, rows = data["columns"], data["rows"]
    if len(rows) > _ROWS_ON_PAGE:
        return None
    labels = [
        column["name"].replace("_", " ") + (f" ({column['unit']})" if column["unit"] else "") for column in columns
    ]
    cells = [
        [str(cell) if column["name"] == "year" else _shown(cell) for column, cell in zip(columns, row, strict=True)]
        for row in rows
    ]
    varies = [
        place for place in range(len(columns)) if len(rows) < _ROWS_ALIKE or len({row[place] for row in cells}) > 1
    ] or list(range(len(columns)))
    kept = {
        "columns": [
            {"label": labels[place], "align": "left" if columns[place]["type"] in ("string", "boolean") else "right"}
            for place in varies
        ],
        "rows": [[row[place] for place in varies] for row in cells],
        "row_headers": 0,
    }
    alike = [(label, cells[0][place]) for place, label in enumerate(labels) if place not in varies]
    return _table(kept) | {"alike": alike}


def _address(text: str) -> str:
    """A CSV as an address that holds it whole, with no more escaped than an address must: ``data:text/csv,a,b%0A``."""
    kept = re.sub(r"[^\w!$()*+,./:;=?@~\u0080-\U0010ffff-]", lambda found: f"%{ord(found[0]):02X}", text)
    return f"data:text/csv;charset=utf-8,{kept}"


def _shown(cell: Any) -> str:
    """A raw value as the table of numbers shows it."""
    if cell is None:
        return "not reported"
    if isinstance(cell, float):
        return f"{cell:,.4g}" if abs(cell) < 1000 else f"{cell:,.0f}"
    return str(cell)
