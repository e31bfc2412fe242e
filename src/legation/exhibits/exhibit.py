"""The exhibit: a chart or table with its title, subtitle, source, alternative text and the numbers behind it.

Nothing is optional that a reader needs. An exhibit shows itself in JupyterLab and carries, under
:data:`MIME`, a structured form from which the press sets real headings, captions, tables and text.
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import pandas as pd

from legation.exhibits import style
from legation.exhibits.style import Draw, clean, onward

MIME = "application/vnd.legation.exhibit+json"
#: Words in a title: fewer cannot state a finding, more cannot be read at a glance.
TITLE_WORDS = (5, 14)
#: What the structured form says of each source; and ``caveat`` where a reader has to know something of it, and
#: ``imported`` where it is a file that was brought in by hand, with the day.
SOURCE_FIELDS = (
    "id",
    "producer",
    "title",
    "publisher",
    "address",
    "licence",
    "vintage",
    "retrieved",
    "sha256",
    "kind",
)

Align = Literal["left", "right"]


@dataclass(frozen=True)
class Column:
    """A column of a table as it is read: its heading, and the side its text keeps to.

    ``bars``: the numbers of its cells, one a row, each drawn as a bar beside its text; no bar where one is missing. All
    begin at one zero and have one scale, whose end is the column's longest. ``soft``: which of them are hatched, for a
    figure that is not final.
    """

    label: str
    align: Align = "right"
    bars: Sequence[float | None] | None = None
    soft: Sequence[bool] | None = None


@dataclass(frozen=True)
class Group:
    """A heading over several columns that stand side by side."""

    label: str
    span: int


@dataclass(frozen=True)
class Exhibit:
    """A finished exhibit. Make one with :meth:`chart` or :meth:`table`."""

    kind: Literal["chart", "table"]
    name: str
    title: str
    subtitle: str
    alt: str
    source: str
    sources: tuple[dict[str, str | None], ...]
    data: dict[str, Any]
    notes: tuple[str, ...]
    svg: dict[str, str] | None = None
    cells: dict[str, Any] | None = None

    @classmethod
    def chart(
        cls,
        draw: Draw,
        *,
        name: str,
        title: str,
        subtitle: str,
        alt: str,
        source: str,
        sources: Sequence[Mapping[str, Any]],
        data: pd.DataFrame,
        units: Mapping[str, str] | None = None,
        notes: Iterable[str] = (),
    ) -> Exhibit:
        """A chart.

        Parameters
        ----------
        draw
            Draws on the :class:`~legation.exhibits.style.Canvas` it is given. It is called once for each width.
        name
            Lower-case letters, digits and hyphens: the name of its file and the root of its anchors.
        title, subtitle
            The finding, in 5 to 14 words; measure, unit and period.
        alt
            What a reader would see in the chart, and conclude from it.
        source, sources
            The source line and its entries, as ``legation.data.citation`` and ``legation.data.sources`` make them.
        data
            The numbers behind, one row an observation; missing is NaN.
        units
            The unit of each numeric column of ``data`` that has one.
        notes
            What the reader must know besides, each a plain sentence.

        Raises
        ------
        ValueError
            If one of these is empty or breaks its rule, in a sentence that names it and the remedy.
        """
        words = _words(name, title, subtitle, alt, source, notes)
        numbers = _numbers(data, units or {}, words["name"])
        entries = _sources(sources, numbers, words["name"])
        svg = style.render(draw, name=words["name"], alt=words["alt"])
        return cls("chart", **words, sources=entries, data=numbers, svg=svg)

    @classmethod
    def table(
        cls,
        columns: Sequence[Column],
        rows: Sequence[Sequence[str]],
        *,
        name: str,
        title: str,
        subtitle: str,
        alt: str,
        source: str,
        sources: Sequence[Mapping[str, Any]],
        data: pd.DataFrame,
        units: Mapping[str, str] | None = None,
        notes: Iterable[str] = (),
        row_headers: int = 1,
        groups: Sequence[Group] = (),
    ) -> Exhibit:
        """A table: ``rows`` of text ready to be read under ``columns``; the rest as in :meth:`chart`.

        The first ``row_headers`` cells of a row head it. ``groups`` set a second line of headings over the columns;
        their spans add up to the number of columns.
        """
        words = _words(name, title, subtitle, alt, source, notes)
        numbers = _numbers(data, units or {}, words["name"])
        entries = _sources(sources, numbers, words["name"])
        cells = _cells(columns, rows, row_headers, groups, words["name"])
        return cls("table", **words, sources=entries, data=numbers, cells=cells)

    def structured(self) -> dict[str, Any]:
        """The exhibit as plain JSON values: what the press reads under :data:`MIME`."""
        form: dict[str, Any] = {
            "version": 1,
            "kind": self.kind,
            "name": self.name,
            "title": self.title,
            "subtitle": self.subtitle,
            "alt": self.alt,
            "notes": list(self.notes),
            "source": self.source,
            "sources": [dict(entry) for entry in self.sources],
        }
        if self.svg is not None:
            form["svg"] = dict(self.svg)
        if self.cells is not None:
            form["table"] = self.cells
        return form | {"data": self.data}

    def html(self) -> str:
        """The exhibit as one HTML figure that needs nothing from outside, for JupyterLab."""
        drawing = self.svg and self.svg["page"]
        body = _either_drawing(drawing, self.alt) if drawing else _html_table(self.cells or {})
        notes = "".join(f'<p class="exhibit-note">{escape(note)}</p>' for note in self.notes)
        return (
            f'<figure class="legation-exhibit" id="exhibit-{self.name}" style="{_FIGURE_STYLE}">'
            f"<figcaption>"
            f'<div class="exhibit-title" role="heading" aria-level="3" style="font-weight: 600; font-size: 1.15em">'
            f"{escape(self.title)}</div>"
            f'<p class="exhibit-subtitle" style="margin: 0.15em 0 0.7em">{escape(self.subtitle)}</p>'
            f"</figcaption>"
            f"{body}"
            f'<div style="font-size: 0.85em; color: var(--exhibit-muted)">{notes}'
            f'<p class="exhibit-source">{escape(self.source)}</p></div>'
            f"<details><summary>The numbers</summary>{_html_table(_as_cells(self.data))}</details>"
            f"</figure>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """What a notebook shows: the structured form, HTML, and plain text for whatever can show neither."""
        return {
            MIME: self.structured(),
            "text/html": self.html(),
            "text/plain": f"{self.title}\n{self.subtitle}\n{self.alt}\n{self.source}",
        }


def _either_drawing(svg: str, alt: str) -> str:
    """The drawing within the page, whose theme it follows; and as a picture, where HTML is cleaned before it is shown.

    JupyterLab cleans the HTML of a notebook that is not trusted: it takes an SVG's elements out, but leaves their texts
    and the attribute ``hidden``; from styles it takes values that it does not know, among them ``flow-root``, which
    undoes ``hidden``, and ``contents``, with which a picture is not shown (CSS Display 3, appendix B). So one of the
    two is always shown.
    """
    plain = _SIZE.sub(_with_room, _PROPERTY.sub(r"\1", svg), count=1)
    inside = svg.replace("<svg ", '<svg class="exhibit-chart" ', 1).replace(
        "overflow: visible", "overflow: visible; max-width: 100%; height: auto", 1
    )
    return (
        f'<div hidden="hidden" style="display: flow-root !important">{inside}</div>'
        f'<img alt="{escape(alt)}" style="display: contents !important; max-width: 100%; '
        f'background: #ffffff; padding: 0.5em" src="data:image/svg+xml;base64,{b64encode(plain.encode()).decode()}">'
    )


def _with_room(size: re.Match[str]) -> str:
    """A sheet wide enough for labels in another typeface: a picture has no other, and is cut at its edge."""
    width = float(size["width"]) + _ROOM_LEFT + _ROOM_RIGHT
    return f'width="{width:g}pt" height="{size["height"]}pt" viewBox="{-_ROOM_LEFT:g} 0 {width:g} {size["height"]}"'


#: Points beside the drawing: Liberation Sans is a tenth wider than the house's face, DejaVu Sans a quarter.
_ROOM_LEFT, _ROOM_RIGHT = 10.0, 30.0
_SIZE = re.compile(r'width="(?P<width>[\d.]+)pt" height="(?P<height>[\d.]+)pt" viewBox="[^"]*"')
_PROPERTY = re.compile(r"var\(--[\w-]+, (#[0-9a-f]{6})\)")

# JupyterLab's own colours where it has them, so that a figure follows its dark theme.
_FIGURE_STYLE = (
    "--exhibit-ink: var(--jp-content-font-color1, #1f2328); "
    "--exhibit-muted: var(--jp-content-font-color2, #5d6670); "
    "--exhibit-grid: var(--jp-border-color2, #dde2e7); "
    "--exhibit-band: var(--jp-layout-color2, #edf0f3); "
    "--exhibit-paper: var(--jp-layout-color0, #ffffff); "
    "color: var(--exhibit-ink); max-width: 46em; margin: 1em 0; font-family: 'Source Sans Pro', sans-serif"
)


def _words(name: str, title: str, subtitle: str, alt: str, source: str, notes: Iterable[str]) -> dict[str, Any]:
    """The texts of an exhibit, cleaned, each of them there and keeping its rule."""
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ValueError(
            f"The exhibit's name {name!r} cannot name a file and an anchor. "
            "Use lower-case letters, digits and single hyphens, such as 'turnover-by-partner'."
        )
    needed = {
        "title": (title, "State the finding, computed from the numbers."),
        "subtitle": (subtitle, "Say measure, unit and period."),
        "alt": (alt, "Say what a reader would see in it and conclude."),
        "source": (source, "Make it with legation.data.citation(frame)."),
    }
    words: dict[str, Any] = {"name": name}
    for what, (text, remedy) in needed.items():
        if not isinstance(text, str) or not clean(text):
            raise ValueError(f"The exhibit '{name}' has no {what}. {remedy}")
        words[what] = onward(clean(text))
    count, (least, most) = len(words["title"].split()), TITLE_WORDS
    if not least <= count <= most:
        raise ValueError(
            f"The title of the exhibit '{name}' has {count} words: \"{words['title']}\". "
            f"State the finding in {least} to {most}."
        )
    if words["alt"].casefold().rstrip(".") == words["title"].casefold().rstrip("."):
        raise ValueError(
            f"The alternative text of the exhibit '{name}' repeats its title. "
            "Say what a reader would see: what is drawn, from where to where, and what follows."
        )
    if isinstance(notes, str):
        raise ValueError(f"The notes of the exhibit '{name}' are one text. Give a list of sentences.")  # noqa: TRY004
    words["notes"] = tuple(onward(note) for note in map(clean, notes) if note)
    return words


def _numbers(data: pd.DataFrame, units: Mapping[str, str], name: str) -> dict[str, Any]:
    """A frame as JSON values: whole numbers whole, missing null."""
    if not isinstance(data, pd.DataFrame) or data.empty:
        raise ValueError(
            f"The exhibit '{name}' has no data. Give the frame it shows; where nothing was reported, "
            "keep the rows and leave their values missing."
        )
    unknown = sorted(set(units) - set(map(str, data.columns)))
    if unknown:
        raise ValueError(f"The exhibit '{name}' gives a unit for {', '.join(unknown)}, which its data do not have.")
    columns, lists = [], []
    for label in data.columns:
        kind, values = _plain(data[label], str(label), name)
        columns.append({"name": str(label), "type": kind, "unit": units.get(str(label), "")})
        lists.append(values)
    return {"columns": columns, "rows": [list(row) for row in zip(*lists, strict=True)]}


def _plain(column: pd.Series[Any], label: str, name: str) -> tuple[str, list[Any]]:
    values = [None if missing else value for value, missing in zip(column, column.isna(), strict=True)]
    known = [value for value in values if value is not None]
    # Python's own numbers may stand in a column of any kind, as whole numbers with gaps do.
    kinds = set(map(type, known))
    if pd.api.types.is_bool_dtype(column) or kinds == {bool}:
        return "boolean", _each(values, bool)
    if pd.api.types.is_integer_dtype(column) or kinds == {int}:
        return "integer", _each(values, int)
    if pd.api.types.is_numeric_dtype(column):
        if any(abs(value) == float("inf") for value in known):
            raise ValueError(
                f"The column '{label}' of the exhibit '{name}' holds an infinite number. "
                "A ratio to nothing is missing: leave it NaN."
            )
        return "number", _each(values, float)
    if pd.api.types.is_datetime64_any_dtype(column):
        return "string", _each(values, lambda value: value.date().isoformat())
    return "string", _each(values, clean)


def _each(values: list[Any], form: Callable[[Any], Any]) -> list[Any]:
    return [None if value is None else form(value) for value in values]


def _sources(
    sources: Sequence[Mapping[str, Any]], numbers: dict[str, Any], name: str
) -> tuple[dict[str, str | None], ...]:
    """The source entries with the fields of the contract, each once."""
    numeric = [index for index, column in enumerate(numbers["columns"]) if column["type"] == "number"]
    if not sources and any(row[index] is not None for row in numbers["rows"] for index in numeric):
        raise ValueError(f"The exhibit '{name}' shows figures but names no source. Give legation.data.sources(frame).")
    entries: dict[str, dict[str, str | None]] = {}
    for source in sources:
        if not source.get("id"):
            raise ValueError(f"A source of the exhibit '{name}' has no id. Give legation.data.sources(frame).")
        kept = {field: source.get(field) for field in SOURCE_FIELDS}
        said = {field: None if value is None else clean(value) for field, value in kept.items()}
        named = {field: onward(said[field] or "") or None for field in ("producer", "title", "publisher")}
        besides = {field: clean(source.get(field) or "") for field in ("caveat", "imported")}
        entries[str(source["id"])] = said | named | {field: told for field, told in besides.items() if told}
    return tuple(entries.values())


def _cells(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], row_headers: int, groups: Sequence[Group], name: str
) -> dict[str, Any]:
    if not columns or not rows:
        raise ValueError(f"The table '{name}' has no {'rows' if columns else 'columns'}. Say in a row what is missing.")
    for place, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise ValueError(
                f"Row {place} of the table '{name}' has {len(row)} cells under {len(columns)} columns. "
                "Give each column a cell, empty if need be."
            )
    if not 0 <= row_headers <= len(columns):
        raise ValueError(f"The table '{name}' wants {row_headers} row headers, but has {len(columns)} columns.")
    if groups and sum(group.span for group in groups) != len(columns):
        raise ValueError(f"The column groups of the table '{name}' do not add up to its {len(columns)} columns.")
    cells: dict[str, Any] = {
        "columns": [
            {"label": onward(clean(column.label)), "align": column.align} | _bars(column, len(rows), name)
            for column in columns
        ],
        "rows": [[onward(clean(cell)) for cell in row] for row in rows],
        "row_headers": row_headers,
    }
    if groups:
        cells["groups"] = [{"label": onward(clean(group.label)), "span": group.span} for group in groups]
    return cells


def _bars(column: Column, rows: int, name: str) -> dict[str, Any]:
    """The lengths of a column's bars as shares of the longest, negative to the left of zero, and which are hatched."""
    if column.bars is None:
        return {}
    what = f"The column '{column.label}' of the table '{name}'"
    if column.align != "right":
        raise ValueError(f"{what} has bars but keeps to the left. Only numbers have bars: keep them to the right.")
    if len(column.bars) != rows or len(column.soft or column.bars) != rows:
        raise ValueError(f"{what} has not one bar for each of {rows} rows. Give each row one, missing if need be.")
    numbers = [None if value is None or pd.isna(value) else float(value) for value in column.bars]
    longest = max((abs(value) for value in numbers if value is not None), default=0.0)
    if math.isinf(longest):
        raise ValueError(f"{what} has a bar of infinite length. A ratio to nothing is missing: leave it NaN.")
    if not longest:
        return {}
    shares: dict[str, Any] = {"bars": [None if value is None else round(value / longest, 3) for value in numbers]}
    soft = [bool(one) for one in column.soft or ()]
    return shares | ({"soft": soft} if any(soft) else {})


def _as_cells(data: dict[str, Any]) -> dict[str, Any]:
    def show(value: Any) -> str:
        return "" if value is None else json.dumps(value) if isinstance(value, bool | int | float) else str(value)

    return {
        "columns": [
            {
                "label": f"{column['name']} ({column['unit']})" if column["unit"] else column["name"],
                "align": "right" if column["type"] in ("integer", "number") else "left",
            }
            for column in data["columns"]
        ],
        "rows": [[show(value) for value in row] for row in data["rows"]],
        "row_headers": 0,
    }


def _html_table(cells: dict[str, Any]) -> str:
    aligns = [column["align"] for column in cells["columns"]]
    drawn = [_bar_styles(column, len(cells["rows"])) for column in cells["columns"]]
    head = ""
    if cells.get("groups"):
        head += "<tr>" + "".join(
            f'<th scope="colgroup" colspan="{group["span"]}" style="text-align: center">{escape(group["label"])}</th>'
            for group in cells["groups"]
        )
        head += "</tr>"
    head += "<tr>" + "".join(
        f'<th scope="col" style="text-align: {column["align"]}{_BESIDE_BARS if column.get("bars") else ""}">'
        f"{escape(column['label'])}</th>"
        for column in cells["columns"]
    )
    head += "</tr>"
    body = ""
    for number, row in enumerate(cells["rows"]):
        body += "<tr>"
        for place, (cell, align) in enumerate(zip(row, aligns, strict=True)):
            tag, scope = ("th", ' scope="row"') if place < cells["row_headers"] else ("td", "")
            body += f'<{tag}{scope} style="text-align: {align}{drawn[place][number]}">{escape(cell)}</{tag}>'
        body += "</tr>"
    return f'<table style="font-variant-numeric: tabular-nums"><thead>{head}</thead><tbody>{body}</tbody></table>'


# The room for bars to the right of a column's text, 5 em of it for the longest.
_BESIDE_BARS = "; padding-right: 5.6em"
_HATCHED = "repeating-linear-gradient(-45deg, #8b949e 0 2px, transparent 0 4px)"


def _bar_styles(column: dict[str, Any], rows: int) -> list[str]:
    """What the style of each cell of a column says to draw its bar behind the room beside its text."""
    if not column.get("bars"):
        return [""] * rows
    bars, soft = column["bars"], column.get("soft") or [False] * rows
    least = min(0.0, *(bar or 0.0 for bar in bars))
    span = max(0.0, *(bar or 0.0 for bar in bars)) - least
    styles = []
    for bar, hatched in zip(bars, soft, strict=True):
        drawn = ""
        if bar:
            length, after = abs(bar) / span * 5, (1 - (max(bar, 0.0) - least) / span) * 5
            face = _HATCHED if hatched else "linear-gradient(#8b949e, #8b949e)"
            drawn = f"; background: {face} right {after + 0.3:.2f}em center / {length:.2f}em 0.7em no-repeat"
        styles.append(_BESIDE_BARS + drawn)
    return styles
