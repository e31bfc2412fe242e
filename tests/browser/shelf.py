"""Pages of every kind, made without a kernel, as they lie on a reader's disk."""

from __future__ import annotations

import base64
import dataclasses
import io
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
from helpers import drawing, exhibit, notebook, shown
from PIL import Image
from press.editions import edition, found, turnover, verdicts
from press.made import HOSTILE, chapter, figure, finding, method, report, tally

from legation.exhibits import say
from legation.press import changes, html, publish, reader
from legation.press.changes import Changes, Edition
from legation.press.document import Document
from legation.press.reader import Part, Written

#: Text long enough that the pages have to be scrolled.
_PROSE = "What the two sides agreed upon at the time of the visit they made known in the months that followed. " * 6


def fill(folder: Path) -> None:
    """Write one page of every kind, as the press would lay them out.

    ``index.html`` lists reports, ``whole/index.html`` shows all that a report can hold, ``whole/data/index.html`` its
    files, ``hostile/index.html`` text that would like to be code, ``single/index.html`` a report of one chapter,
    ``sweep/index.html`` editions, ``opened/index.html`` a report that opens with what is new,
    ``compared/index.html`` two editions side by side, and ``history/index.html`` dated editions. ``status.html`` tells
    how reports fare, and ``stale/index.html`` is a report that says of itself that it is out of date.
    """
    document = whole()
    pages = {
        "index.html": html.index([_manifest(), _manifest(report="dprk-trade", drawing=None)], _dates(), status=True),
        "status.html": html.status("22 November 2026 at 05:00 UTC", "1 failure, 1 warning.", _fared()),
        "stale/index.html": html.page(document),
        "whole/index.html": html.page(document),
        "whole/data/index.html": html.data_index(document, "whole-data.xlsx"),
        "hostile/index.html": html.page(hostile()),
        "single/index.html": html.page(single()),
        "sweep/index.html": html.sweep(_sweep()),
        "opened/index.html": html.page(opened()),
        "compared/index.html": html.difference(*compared()),
        "history/index.html": html.history(_history()),
    }
    for name, text in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    publish.say_stale(folder / "stale", f"This edition is of 1 November 2026. Its renewal failed. {HOSTILE}")


def whole() -> Document:
    """A report of two chapters with every kind of exhibit, findings, a tally, notes, sources and changes of method."""
    made = report(
        chapter(
            "trade",
            "# Trade\n\nHow much?[^1]\n\n[^1]: In dollars, at the prices of the year.",
            f"## By partner\n\n{_PROSE}\n\nSee [](#turnover) and [](#trade.rates).",
            "- one\n- two\n\n> As it was said.\n",
            figure(svg={"page": bars(454), "phone": bars(255)}),
            f"### In the first year\n\n{_PROSE}\n\nThe share is $a/b$, or `a / b` in code.\n\n    a / b\n",
            figure("rates", "table", **_grouped()),
            f"## By good\n\n{_PROSE}",
            _picture("the-pier"),
            finding("Trade grew by half.", "growth", "turnover"),
            method("## How it was reckoned\n\nMirror data stand in where a state reports nothing."),
        ),
        chapter(
            "claims",
            "# Claims\n\nAs [](#turnover) shows.[^1]\n\n[^1]: A second note.",
            "## What they say\n\n| Year | Said |\n|---|---:|\n| 2019 | 1 |\n| 2020 | 2 |\n",
            figure("examined", "table", **_claims()),
            f"## What follows\n\n{_PROSE}\n\n{_PROSE}",
            finding("No pledge was made.", "pledge", None),
            tally(confirmed=21, close=0, contradicted=3),
            lead=Written("What two analyses say.", "reports/whole.yml, line 9"),
        ),
        title="Two visits",
        subtitle="What came of them",
        abstract="What came of two visits, told from the figures of both sides.",
        revisions=[("2026-11-20", "Close is read more strictly."), ("2026-11-22", "A second change.")],
        rebuild="make report REPORT=whole",
    )
    return dataclasses.replace(made, authors=["A. Writer", "B. Writer"])


def hostile() -> Document:
    """A report all of whose texts would like to be something else."""
    risky = {"title": HOSTILE, "subtitle": HOSTILE, "alt": HOSTILE, "notes": [HOSTILE], "source": HOSTILE}
    table = {"columns": [{"label": HOSTILE, "align": "left"}], "rows": [[HOSTILE]] * 2, "row_headers": 1}
    data = {"columns": [{"name": HOSTILE, "type": "string", "unit": HOSTILE}], "rows": [[HOSTILE]] * 2}
    return report(
        chapter(
            "a",
            "# A",
            figure("drawn", **risky, data=data),
            figure("said", "table", **risky, table=table, data=data),
            finding(say("{text}", text=HOSTILE).markdown, "growth", "drawn"),
            tally(HOSTILE, **{HOSTILE: 1}),
        ),
        chapter("b", f"# B\n\n## {'Unbreakable' * 8}\n\n{'https://example.org/' + 'a-path/' * 30}", title=HOSTILE),
        title=HOSTILE,
        revisions=[("2026-11-20", HOSTILE)],
    )


def single() -> Document:
    """A report of one chapter with one chart, long enough for a list of contents, and without findings."""
    cells = ("# How trade grew\n\nBy how much?", f"## Turnover\n\n{_PROSE}", figure(), "## Why", "## And now")
    return reader.read([Part(notebook(*cells), "trade.ipynb")])


def opened() -> Document:
    """The whole report, opening with what is new since an earlier edition."""
    document = whole()
    found, *_ = compared()
    document.open_with(dataclasses.replace(found, since="2026-11-15T050000Z"))
    return document


def compared() -> tuple[Changes, Edition, Edition, tuple[str, str]]:
    """What ``html.difference`` takes: two editions that differ in all, with text that would like to be code."""
    flipped = ("a-2", f"A pledge was made. {HOSTILE}", "contradicted")
    rows = [["CHN", 2020, 133.5e9, "final", "office-2021"], ["RUS", 2020, 4.9e9, "final", "office-2021"]]
    drawn = {"page": bars(454), "phone": bars(255)}
    before, after = (
        changes.read(files)
        for files in (
            edition(
                [turnover(rows, svg=drawn), verdicts(("a-1", "Trade doubled.", "confirmed"), (*flipped[:2], "close"))],
                [found("No pledge was made."), "As it was.", exhibit(name="old", title="What is shown no more")],
                code={"legation/a.py": "0" * 64},
            ),
            edition(
                [
                    turnover(
                        [*rows[:1], [*rows[1][:2], 5.4e9, "final", "office-2021"]], svg=drawn | {"page": bars(460)}
                    ),
                    verdicts(("a-1", "Trade doubled.", "confirmed"), flipped),
                ],
                [found(f"A pledge was made. {HOSTILE}"), f"As it is. {HOSTILE}"],
                code={"legation/a.py": "1" * 64},
            ),
        )
    )
    names = ("whole@2026-11-15T050000Z", "whole")
    return changes.compare(before, after, names[0]), before, after, names


def bars(width: int) -> str:
    """A drawing of two labelled bars, one of which carries its label inside."""
    return drawing(
        width,
        '<g><rect x="10" y="30" width="120" height="14" style="fill: #8a1c1c"/>'
        '<text x="16" y="41" style="font: 9px \'Source Sans Pro\'; fill: #ffffff">2019</text>'
        '<rect x="10" y="52" width="160" height="14" style="fill: var(--exhibit-context, #8b949e)"/>'
        '<text x="176" y="63" style="font: 9px \'Source Sans Pro\'; fill: var(--exhibit-muted, #57606a)">2020</text>'
        "</g>",
    )


def _picture(name: str) -> nbformat.NotebookNode:
    """A cell that shows a picture of dots, as a notebook's own drawing comes."""
    dots = io.BytesIO()
    Image.new("RGB", (240, 80), "#8fb0bd").save(dots, "PNG")
    return shown({"image/png": base64.b64encode(dots.getvalue()).decode(), "text/plain": "<a pier>"}, {"alt": name})


def _grouped() -> dict[str, Any]:
    """What makes an exhibit a table with two lines of heads, too wide for a telephone."""
    labels = [
        "Partner",
        *(f"{direction} {year}" for direction in ("Exports", "Imports") for year in (2018, 2019, 2020)),
    ]
    rows = [
        [partner, *(f"{(seed * 7919 * place) % 5000:,}" for place in range(1, 7))]
        for seed, partner in enumerate(("China", "Japan", "Republic of Korea", "Russia", "Viet Nam"), start=3)
    ]
    rows[3][2] = "not reported"
    return {
        "title": "Five partners took most of what was sold",
        "table": {
            "columns": [{"label": label, "align": "right" if place else "left"} for place, label in enumerate(labels)],
            "groups": [{"label": "", "span": 1}, {"label": "Sold", "span": 3}, {"label": "Bought", "span": 3}],
            "rows": rows,
            "row_headers": 1,
        },
        "sources": _sources(),
    }


def _claims() -> dict[str, Any]:
    """What makes an exhibit a table of a few tall rows."""
    columns = [
        {"label": label, "align": side}
        for label, side in (("Claim", "left"), ("Verdict", "left"), ("Differs by, %", "right"))
    ]
    rows = [[_PROSE[:130], verdict, by] for verdict, by in (("confirmed", "0.4"), ("contradicted", "61.0"))]
    return {
        "title": "Of two claims one is borne out",
        "table": {"columns": columns, "rows": rows, "row_headers": 1},
        "sources": _sources(),
    }


def _sources() -> list[dict[str, Any]]:
    """An office's figures, and two press reports, whose terms are not stated."""
    office = exhibit()["sources"][0]
    told = office | {"kind": "press", "licence": "not stated", "vintage": "2024-06-19"}
    return [
        office,
        told | {"id": "p1", "producer": "TASS", "title": "A visit", "address": "https://example.org/visit"},
        told | {"id": "p2", "producer": "VNA", "title": "A pact", "address": None},
    ]


def _manifest(**changes: Any) -> dict[str, Any]:
    return {
        "report": "whole",
        "title": "Two visits",
        "subtitle": "What came of them",
        "abstract": "What came of two visits, told from the figures of both sides.",
        "data_retrieved_to": date(2021, 6, 1).isoformat(),
        "tallies": [{"title": "Claims examined", "counts": [["confirmed", 21], ["contradicted", 3]]}],
        "first_figure": {
            "anchor": "turnover",
            "label": "Figure 1",
            "title": "Turnover grew in each of two years",
            "subtitle": "Million USD, 2019–2020",
        },
        "drawing": bars(454),
        "outputs": {"docx": "whole.docx", "xlsx": "whole-data.xlsx"},
    } | changes


def _fared() -> dict[str, list[dict[str, Any]]]:
    """Reports and feeds in every state, with text that would like to be code, and words too long for a telephone."""

    def item(name: str, level: str, said: str, page: str | None = None) -> dict[str, Any]:
        return {"name": name, "level": level, "said": said, "page": page}

    return {
        "Reports": [
            item("whole", "failure", f"Failed on 22 November 2026 at 05:00 UTC: {HOSTILE}", "whole/index.html"),
            item("dprk-trade", "warning", "It has never run, and is due."),
            item(f"a-{'long-' * 8}{'name' * 10}", "ok", f"{'https://example.org/' + 'a-path/' * 30}"),
            item("single", "ok", "Unchanged on 22 November 2026 at 05:00 UTC.", "single/index.html"),
        ],
        "Feeds": [item("ecb-rates", "ok", "Taken on 1 November 2026 at 05:00 UTC, 21 days ago.")],
        "Machine": [],
    }


def _dates() -> dict[str, Any]:
    """What ``html.index`` takes of dated editions: those of one of its reports."""
    links = ["archive/whole", "archive/whole/2026-11-15T050000Z"]
    return {"whole": {"stamp": "2026-11-15T050000Z", "links": links}}


def _history() -> dict[str, Any]:
    """What ``html.history`` takes: dated editions, and those of a sweep, with text that would like to be code."""
    dated = [
        {
            "stamp": f"2026-11-{day:02}T050000Z",
            "time": f"2026-11-{day:02}T05:00:00Z",
            "when": f"{day} November 2026, 05:00 UTC",
            "number": number,
            "summary": f"12 figures revised, 2 verdicts changed. {HOSTILE}",
            "since": "2026-11-08T050000Z" if number == 2 else None,
            "since_day": "8 November 2026" if number == 2 else None,
            "printed": "whole.pdf",
            "outputs": {"docx": "whole.docx"},
            "changes": number == 2,
            "rebuild": f"legation rebuild whole@2026-11-{day:02}T050000Z",
            "commit": "58bee5409a1b2c3d4e5f60718293a4b5c6d7e8f9-dirty",
        }
        for number, day in ((2, 15), (1, 8))
    ]
    editions = [
        {
            "edition": code,
            "title": f"Trade with {name}",
            "stamp": "2026-11-15T050000Z",
            "day": "15 November 2026",
            "count": 12,
        }
        for code, name in (("khm", "Cambodia"), ("lao", f"Laos {HOSTILE}"))
    ]
    return {"title": f"Two visits {HOSTILE}", "up": "../", "editions": editions, "dated": dated}


def _sweep() -> dict[str, Any]:
    editions = [
        {
            "edition": code,
            "title": f"Viet Nam’s trade with {name}",
            "subtitle": f"Goods trade since {since}",
            "finding": "Trade grew by half." if since == 2000 else None,
            "printed": f"sweep-{code}.pdf",
            "outputs": {"xlsx": f"sweep-{code}-data.xlsx"},
        }
        for code, name, since in (("khm", "Cambodia", 2000), ("lao", "Laos", 2001))
    ]
    return {"title": "Viet Nam’s trade with its neighbours", "abstract": "One edition a state.", "editions": editions}
