"""One reporter's rows as an exhibit shows them, and the words for them: names, titles, notes, provenance."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pandas as pd

from legation import data
from legation.analysis.readings import WITH_ARTICLE
from legation.exhibits import style
from legation.exhibits.drawing import Bar, Event, Line
from legation.exhibits.exhibit import TITLE_WORDS
from legation.exhibits.prose import listed
from legation.exhibits.style import SOFT

WORLD = "WLD"
#: More bars than this are a table, not a chart.
MOST_BARS = 24


class Names:
    """Short names of countries and groups, in the forms that a sentence needs."""

    def __init__(self, table: Mapping[str, str] | None = None, *, codes: bool = False) -> None:
        self._table = data.country_names() if table is None else table
        self._codes = codes

    def __call__(self, code: str) -> str:
        """The name as it stands in a label or list."""
        return code if self._codes else style.clean(self._table.get(code, code)) or code

    def the(self, code: str) -> str:
        """Within a sentence: with the article, where the name takes one."""
        return f"the {self(code)}" if code in WITH_ARTICLE else self(code)

    def start(self, code: str) -> str:
        """At the head of a sentence."""
        name = self.the(code)
        return name[:1].upper() + name[1:]

    def of(self, code: str) -> str:
        """The possessive, as it stands at the head of a title; names with an article go without it."""
        name = self(code)
        return f"{name}’" if name.endswith("s") else f"{name}’s"

    def by_code(self) -> Names:
        """The same, but with codes for names: for a title that would be too long."""
        return Names(self._table, codes=True)


@dataclass(frozen=True)
class View:
    """One reporter's rows from one perspective, and the partners to show."""

    rows: pd.DataFrame
    reporter: str
    partners: list[str]
    names: Names
    currency: str
    prices: str
    span: tuple[int, int]

    @property
    def mirror(self) -> bool:
        return "perspective" in self.rows and bool((self.rows["perspective"] == "mirror").any())

    @property
    def seen(self) -> str:
        """What a subtitle adds if the figures are not the reporter's own."""
        return ", as its partners report it" if self.mirror else ""

    def where(self, condition: pd.Series[bool]) -> View:
        return View(
            self.rows[condition], self.reporter, self.partners, self.names, self.currency, self.prices, self.span
        )

    def of_year(self, year: int) -> pd.DataFrame:
        """The rows of the year, and an empty one for each partner that has none."""
        found = self.rows[self.rows["year"] == year]
        rows = found.set_index("partner").reindex(self.partners).reset_index()
        rows["year"] = year
        return rows

    def soft(self, year: int) -> set[str]:
        rows = self.rows[(self.rows["year"] == year) & self.rows["status"].isin(SOFT)]
        return set(rows["partner"])

    def points(self, code: str, column: str) -> tuple[list[int], list[float]]:
        rows = self.rows[self.rows["partner"] == code].sort_values("year")
        return rows["year"].astype(int).tolist(), rows[column].astype(float).tolist()

    def line(
        self,
        code: str,
        column: str,
        label: str,
        factor: float,
        *,
        colour: bool,
        strong: bool,
        by: Mapping[str, str] | None = None,
    ) -> Line:
        rows = self.rows[(self.rows["partner"] == code) & self.rows[column].notna()].sort_values("year")
        years = rows["year"].astype(int)
        sources = rows["source"].map(by) if by else pd.Series("", index=rows.index)
        changed = (sources != sources.shift()) & sources.shift().notna()
        return Line(
            label,
            years.tolist(),
            (rows[column].astype(float) * factor).tolist(),
            color=style.colour(code) if colour else style.CONTEXT,
            strong=strong,
            soft=frozenset(years[rows["status"].isin(SOFT)].tolist()),
            breaks=frozenset(years[changed].tolist()),
        )

    def subtitle(self, measure: str, unit: style.Scale | None, period: str) -> str:
        money_words = f"{self.currency} {unit.word}".strip() if unit and self.currency else ""
        prices = f"{self.prices} prices" if self.prices and money_words else ""
        return ", ".join(part for part in (measure, money_words, prices, period) if part) + self.seen

    def notes(self, shown: pd.DataFrame) -> list[str]:
        """What the reader must know of the rows shown: whose figures, which are soft, which are stated totals."""
        notes = mirror_note(self.rows, self.names)
        said = {
            "reconciled": "Reconciled by the source from both sides’ reports",
            "preliminary": "Preliminary",
            "press": "From press reports",
        }
        for status, words in said.items():
            rows = shown[shown["status"] == status] if "status" in shown else shown.iloc[:0]
            if len(rows) and "partner" in rows:
                parts = [
                    f"{self.names.the(str(code))} {span_of(mine)}" for code, mine in rows.groupby("partner", sort=False)
                ]
                notes.append(f"{words}: {'; '.join(parts[:6])}{' and others' if len(parts) > 6 else ''}.")
        if "turnover_basis" in shown:
            stated = shown[shown["turnover_basis"] == "stated total"]
            if len(stated):
                who = listed([self.names.the(str(code)) for code in dict.fromkeys(stated["partner"])][:6])
                notes.append(f"Totals of both flows as stated, not added up: {who}, {span_of(stated)}.")
        return notes


def view_of(
    frame: pd.DataFrame,
    reporter: str,
    partners: Sequence[str] | None,
    names: Mapping[str, str] | None,
    column: str,
    *,
    key: tuple[str, ...] = (),
    world: bool = False,
) -> View:
    """The reporter's rows, checked: one perspective, one currency and price basis, one row a partner and year."""
    lacking = sorted({"reporter", "partner", "year", "status", "source", column, *key} - set(frame.columns))
    if lacking:
        raise ValueError(
            f"This exhibit needs the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}, but the frame has "
            f"{', '.join(map(str, frame.columns))}. Pass the result of the measure it is named for."
        )
    rows = one_perspective(frame[frame["reporter"] == reporter], reporter)
    named = Names(names)
    if partners is None:
        partners = sorted(set(rows["partner"]) - (set() if world else {WORLD}), key=named)
    codes = list(dict.fromkeys(code for code in partners if code != reporter))
    if not codes:
        raise ValueError(
            f"No partner of {reporter} is left to show. Name some, partners=['CHN', …], "
            f"or pass rows whose reporter is {reporter}."
        )
    rows = rows[rows["partner"].isin(codes)].sort_values([*key, "partner", "year"], ignore_index=True)
    if rows.duplicated([*key, "partner", "year"]).any():
        first = rows[rows.duplicated([*key, "partner", "year"])].iloc[0]
        raise ValueError(
            f"{reporter} has two rows for {first['partner']} in {first['year']}. "
            "Choose between them first: trade.best(flows)."
        )
    span = (int(rows["year"].min()), int(rows["year"].max())) if len(rows) else (0, 0)
    return View(rows, reporter, codes, named, only(rows, "currency"), only(rows, "prices"), span)


def gap_view(
    gaps: pd.DataFrame, reporter: str, partners: Sequence[str] | None, names: Mapping[str, str] | None, flow: str
) -> View:
    if flow not in ("export", "import"):
        raise ValueError(f"A gap is shown for the flow 'export' or 'import', not for {flow!r}.")
    mine, other = ("exporter", "importer") if flow == "export" else ("importer", "exporter")
    rows = gaps.assign(reporter=gaps[mine], partner=gaps[other])
    return view_of(rows, reporter, partners, names, "relative_gap")


def one_perspective(rows: pd.DataFrame, reporter: str) -> pd.DataFrame:
    if "perspective" in rows and rows["perspective"].nunique() > 1:
        raise ValueError(
            f"These rows hold {reporter}'s own figures and its partners' side by side. An exhibit shows one of them: "
            "frame[frame.perspective == 'reported'] or 'mirror'."
        )
    return rows


def only(rows: pd.DataFrame, column: str) -> str:
    """The one currency or price basis of the rows; empty if they have none."""
    found = sorted(rows[column].dropna().astype(str).unique()) if column in rows else []
    if len(found) > 1:
        raise ValueError(
            f"These rows mix {' and '.join(found)} in the column {column}. An exhibit has one scale: "
            "bring them to one with trade.convert or trade.deflate."
        )
    return found[0] if found else ""


def headline(names: Names, forms: Callable[[Names], Iterable[str]]) -> str:
    """The first form of the title that has the length of a title: with names, or else with codes."""
    least, most = TITLE_WORDS
    written = chain.from_iterable(map(forms, (names, names.by_code())))
    first = next(written)
    fitting = (title for title in chain([first], written) if least <= len(title.split()) <= most and len(title) <= 120)
    return capital(next(fitting, first))


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def full(column: str) -> str:
    return {
        "turnover": "Exports plus imports of goods",
        "exports": "Exports of goods",
        "imports": "Imports of goods",
    }.get(column, capital(column))


def measured(rows: pd.DataFrame, prefix: str, otherwise: str) -> str:
    """Which column a result of ``growth`` or ``share`` was computed from, as its ``measure`` says."""
    if "measure" not in rows or rows["measure"].dropna().empty:
        return otherwise
    found = [str(measure).removeprefix(prefix) for measure in rows["measure"].dropna().unique()]
    return otherwise if otherwise in found else found[0]


def most_telling(ordered: list[str], focus: str | None) -> list[str]:
    """The first of the partners, as many as a chart holds, with the focus among them."""
    kept = ordered[:MOST_BARS]
    if focus in ordered and focus not in kept:
        kept = [*kept[:-1], str(focus)]
    return kept


def row_without(names: Names, code: str, why: str, focus: str | None) -> Bar:
    """The row of a partner without a figure: its name, and why there is no bar."""
    color = style.colour(code) if code == focus else style.CONTEXT
    return Bar(names(code), math.nan, why, color=color, strong=code == focus)


def folded(ordered: list[str], kept: list[str], names: Names) -> list[str]:
    rest = len(ordered) - len(kept)
    return [f"{rest} more partners with smaller figures are in the numbers behind this chart."] if rest > 0 else []


def unreported(lacking: Sequence[str], names: Names, year: int) -> str:
    return f"No figure for {listed([names.the(code) for code in lacking])} in {year}." if lacking else ""


def missing_note(lacking: Sequence[str], names: Names, year: int) -> list[str]:
    return (
        [f"Not reported for {year}, which is not zero: {listed([names.the(c) for c in lacking])}."] if lacking else []
    )


def both_sides_note(lacking: Sequence[str], names: Names, year: int) -> list[str]:
    who = listed([names.the(code) for code in lacking])
    return [f"For {year} one side or neither reported the flow with {who}."] if lacking else []


def fold(rows: pd.DataFrame, column: str) -> tuple[int, int, float] | None:
    """First year, last year, and how many times the first figure the last one is; None if that cannot be said."""
    rows = rows.sort_values("year")
    first, last = float(rows[column].iloc[0]), float(rows[column].iloc[-1])
    if len(rows) < 2 or first <= 0:
        return None
    return int(rows["year"].iloc[0]), int(rows["year"].iloc[-1]), last / first


def never(lacking: Sequence[str], names: Names) -> list[str]:
    return [f"Not reported in any of these years: {listed([names.the(code) for code in lacking])}."] if lacking else []


def series_notes(series: Sequence[Line], gaps: Sequence[str], names: Names) -> list[str]:
    notes = []
    if gaps:
        notes.append(f"Years without a figure are left open: {listed([names.the(code) for code in gaps])}.")
    if any(one.breaks for one in series):
        notes.append(
            "A thin stretch joins figures of different producers: part of the step may be the change of source."
        )
    return notes


def mirror_note(rows: pd.DataFrame, names: Names) -> list[str]:
    if "perspective" not in rows or not (rows["perspective"] == "mirror").any():
        return []
    who = names.of(str(rows["reporter"].iloc[0]))
    return [
        f"Mirror data: {who} exports are what its partners say they imported, its imports what they say they exported."
    ]


def margin_notes(known: pd.DataFrame) -> list[str]:
    notes = []
    factors = sorted(set(known["margin"].dropna()) - {1.0}) if "margin" in known else []
    if factors:
        notes.append(
            f"Imports recorded with freight are divided by {' or '.join(f'{factor:g}' for factor in factors)}, "
            "the usual margin for freight and insurance."
        )
    if "margin_assumed" in known and known["margin_assumed"].astype(bool).any():
        notes.append("Where the valuation of imports is unknown, they are taken to include freight.")
    notes.append(
        "What is left of a gap may be goods counted by origin, trade through third ports, time lags and error."
    )
    return notes


def span_of(rows: pd.DataFrame) -> str:
    """The years of the rows: ``2021, 2023–2024``."""
    found = style.runs(sorted(set(rows["year"].astype(int))), [0.0] * rows["year"].nunique())
    return ", ".join(style.years(stretch[0], stretch[-1]) for stretch, _ in found)


def period(span: tuple[int, int]) -> str:
    return style.years(*span) if span[0] else "no year reported"


def units(columns: Iterable[str], currency: str) -> dict[str, str]:
    return dict.fromkeys(columns, currency)


def behind(rows: pd.DataFrame, columns: Sequence[str], view: View) -> pd.DataFrame:
    """The numbers behind a chart: those of the columns that the result has, with currency and prices."""
    if rows.empty:
        rows = pd.DataFrame({"partner": view.partners}).reindex(columns=[*columns])
        rows["partner"] = view.partners
    kept = [column for column in (*columns, "currency", "prices") if column in rows]
    return rows[kept]


def provenance(rows: pd.DataFrame) -> dict[str, Any]:
    """The source line and entries of the rows with a figure."""
    if rows.empty or "source" not in rows or rows["source"].dropna().empty:
        return {"source": "Source: none. No publisher on file reports these flows.", "sources": []}
    return {"source": data.citation(rows), "sources": data.sources(rows)}


def producers_of(rows: pd.DataFrame) -> dict[str, str]:
    """Who stands behind each ``source`` cell: the producers of its entries."""
    if rows.empty or rows["source"].dropna().empty:
        return {}
    producer = {entry["id"]: str(entry.get("producer")) for entry in data.sources(rows)}
    cells = rows["source"].dropna().astype(str).unique()
    return {cell: "; ".join(sorted({producer.get(part.strip(), part) for part in cell.split(";")})) for cell in cells}


def events_within(events: pd.DataFrame | None, span: tuple[int, int]) -> list[Event]:
    """Events in decimal years, placed in the middle of what their date leaves open."""
    if events is None or events.empty:
        return []
    found = []
    for row in events.to_dict("records"):
        until = row.get("until")
        end = decimal_year(str(until)) if isinstance(until, str) and until else None
        found.append(Event(style.clean(row["label"]), decimal_year(str(row["date"])), end))
    return [event for event in found if span[0] <= (event.end or event.start) and event.start < span[1] + 1]


def decimal_year(date: str) -> float:
    """Where a date lies on an axis whose whole numbers are whole years: a figure of 2022 stands at 2022, its middle."""
    parts = [int(part) for part in date.split("-")]
    month = parts[1] - 1 if len(parts) > 1 else 6
    day = (parts[2] - 1) / 31 if len(parts) > 2 else 0.5 if len(parts) > 1 else 0.0
    return parts[0] - 0.5 + (month + day) / 12
