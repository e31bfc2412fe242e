"""The exhibits of the treaty analysis.

Each function takes a result of ``legation.analysis.treaties`` and the register it was made from, which lends the names,
the words of the codebook and the sources. Three states are kept apart everywhere: *coded*, *absent* (a source shows
that a treaty has no such provision) and *not coded* (no source that was read says either).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from legation import data
from legation.analysis.readings import WITH_ARTICLE
from legation.analysis.treaties import (
    CONTINUES,
    NOT_IN_FORCE,
    PARTS,
    PLEDGE,
    Register,
    decimal_year,
    lineage,
    publications,
    split,
    undated,
)
from legation.exhibits import style
from legation.exhibits.exhibit import Column, Exhibit
from legation.exhibits.prose import listed
from legation.exhibits.style import EN_DASH, NO_BREAK, SEMIBOLD, SMALL, TEXT, Canvas
from legation.exhibits.view import capital
from legation.exhibits.wording import counted, day_said, headline, is_said, lowered, rows_of, slugged

ABSENT, NOT_CODED = "absent", "not coded"
STATES_NOTE = (
    "Absent: a source shows that the treaty has no such provision. Not coded: no source that was read says either; it "
    "is not absence."
)
#: What a title that is too short ends with.
TAIL = "in the register of treaties"
#: Publications that a source line names; the others are counted there and listed at the end of the report.
NAMED = 4
LANGUAGES = {
    "deu": "German",
    "eng": "English",
    "fas": "Persian",
    "fra": "French",
    "jpn": "Japanese",
    "kor": "Korean",
    "por": "Portuguese",
    "rus": "Russian",
    "spa": "Spanish",
    "vie": "Vietnamese",
    "zho": "Chinese",
}
OUTCOME_WORDS = {
    "returned": "returned",
    "kept": "kept",
    "in both": "kept or returned",
    "new": "new",
    "dropped": "dropped",
    "in neither": "in neither",
    "not comparable": "cannot be told",
}
PART_WORDS = {
    "obligation": "verb",
    "automaticity": "when help is due",
    "decides": "who decides",
    "withdrawal": "when a party may leave",
    "minimum_years": "minimum term",
    "renewal_years": "length of renewal",
    "notice_months": "notice",
}


# The treaties


def identity_card(lineup: pd.DataFrame, register: Register, *, treaty: str, lineage: Sequence[str] = ()) -> Exhibit:
    """A treaty with its parties, dates, status, lineage, term, and how much of it is known. ``lineup``: that result."""
    row = _row(lineup, treaty)
    names = Names(register)
    dates = register.dates[register.dates["treaty"] == treaty]
    own = register.predecessors[register.predecessors["treaty"] == treaty]
    dissents = register.dissents[register.dissents["treaty"] == treaty]
    notes = {event: str(note) for event, note in zip(dates["event"], dates["note"], strict=True) if is_said(note)}
    replaced = [
        f"{names.short(one['predecessor']) if is_said(one['predecessor']) else one['title']}. {one['basis']}"
        for one in rows_of(own)
    ]
    if len(lineage) > 1:
        replaced.append(f"Before it: {listed([names.short(name) for name in lineage[1:]])}.")
    languages = [LANGUAGES.get(code, code) for code in split(row["languages"])]
    articles = f"{row['articles']:.0f}" if is_said(row["articles"]) else "number not known"
    signed = [day_said(row["signed"])] if is_said(row["signed"]) else []
    signed += [row["signed_at"]] if is_said(row["signed_at"]) else []
    types = len(register.types)
    known = f"{row['coded']} of {types} types of provision coded, {row['absent']} shown to be absent, "
    known += f"{row['not_coded']} not coded"
    if row["suggested"]:
        known += f"; {counted(row['suggested'], 'suggestion')} that nobody has reviewed, not counted as coded"
    facts = [
        ("Title", row["title"]),
        ("Parties", capital(_parties(names, split(row["parties"])))),
        ("Signed", ", ".join(signed) if signed else "Day not known."),
        ("In force", day_said(row["in_force"]) if is_said(row["in_force"]) else "Day not known."),
        ("Ended", day_said(row["ended"])) if is_said(row["ended"]) else ("Status", capital(str(row["status"]))),
        ("Replaces", " ".join(replaced) or "No earlier treaty that the register knows of."),
        ("Term", row["term"]),
        ("Authentic texts", listed(languages) if languages else "not known"),
        ("Articles", f"{articles}; for {row['articles_known']} of them a provision is coded"),
        ("Known here", known),
        ("Sources differ on", "; ".join(map(_on, dict.fromkeys(dissents["on"]))) or "nothing that is coded"),
    ]
    if "in force" in notes:
        place = [label for label, _ in facts].index("In force")
        facts[place] = ("In force", f"{facts[place][1].rstrip('.')}. {notes['in force']}")
    short, since = row["short"], row["in_force"]
    if row["end_disputed"]:
        when = f" in {row['ended'][:4]}, though" if is_said(row["ended"]) else ", but"
        forms = [f"{short} ended{when} sources differ on the date", f"{short} ended{when} sources differ"]
    elif is_said(row["ended"]):
        forms = [f"{short} ended on {day_said(row['ended'])}"]
    elif row["status"] == "in force":
        forms = [f"{short} has been in force since {day_said(since)}", f"{short} is in force since {day_said(since)}"]
    elif row["status"] == NOT_IN_FORCE:
        forms = [
            f"{short} was signed in {row['signed'][:4]}; its entry into force is not known",
            f"{short}: entry into force not known",
        ]
    else:
        forms = [f"{short}: no day is known on which it was signed", f"{short}: the day of signature is not known"]
    rows = [(label, str(text)) for label, text in facts]
    return Exhibit.table(
        [Column("", "left"), Column(str(short), "left")],
        rows,
        name=f"identity-{treaty}",
        title=headline(forms, tail=TAIL),
        subtitle="Identity of the treaty: status, lineage, term, and how much of it is known here",
        alt=" ".join(["A table of two columns.", *(f"{label}: {text.rstrip('.')}." for label, text in rows[1:6])]),
        data=pd.DataFrame(rows, columns=["what", "value"]),
        **_provenance(register, row["source"], row["term_source"], *own["source"], *dissents["source"]),
    )


def lineup_table(lineup: pd.DataFrame, register: Register, *, focus: str) -> Exhibit:
    """The treaties compared, with dates, status, and how much of each is known. ``lineup``: that result."""
    own, types = _row(lineup, focus), len(register.types)
    rows = [
        (
            str(row["short"]),
            day_said(row["signed"]) if is_said(row["signed"]) else "not known",
            day_said(row["in_force"]) if is_said(row["in_force"]) else "not known",
            _status_words(row),
            str(row["coded"]),
            str(row["absent"]),
            str(row["not_coded"]),
        )
        for row in rows_of(lineup)
    ]
    least = lineup.sort_values(["not_coded", "treaty"], ascending=[False, True]).iloc[0]
    return Exhibit.table(
        [Column(label, "left") for label in ("Treaty", "Signed", "In force", "Status")]
        + [Column(label) for label in ("Coded", "Absent", "Not coded")],
        rows,
        name=f"treaties-compared-{focus}",
        title=headline(
            [
                f"All {types} provision types are coded or shown absent for {own['short']}"
                if own["not_coded"] == 0
                else f"Of {types} provision types {own['not_coded']} are not coded for {own['short']}",
                f"{own['short']}: {own['not_coded']} of {types} provision types are not coded",
            ],
            tail=TAIL,
        ),
        subtitle=f"Dates, status, and number of provision types by state, of {types} in the codebook",
        alt=f"A table of {counted(len(lineup), 'treaty', 'treaties')}. {own['short']} has {own['coded']} types coded, "
        f"{own['absent']} absent and {own['not_coded']} not coded. Least is known of {least['short']}, "
        f"with {least['not_coded']} not coded.",
        notes=[STATES_NOTE],
        data=lineup[["treaty", "signed", "in_force", "ended", "status", "coded", "absent", "not_coded"]],
        **_provenance(register, *lineup["source"]),
    )


# Provisions


def provision_matrix(matrix: pd.DataFrame, register: Register, *, focus: str) -> Exhibit:
    """Types down, treaties across: article and obligation in the cell, or that a type is absent or not coded.

    ``matrix``: that result.
    """
    treaties, types = list(dict.fromkeys(matrix["treaty"])), list(dict.fromkeys(matrix["type"]))
    names, words = Names(register), _levels(register, "obligation")
    cells = {(row["type"], row["treaty"]): row for row in rows_of(matrix)}
    counts = {
        treaty: {state: int((matrix.loc[matrix["treaty"] == treaty, "state"] == state).sum()) for state in _STATES}
        for treaty in treaties
    }
    own, short = counts[focus], names.short(focus)
    others = [treaty for treaty in treaties if treaty != focus]
    forms = []
    pledging = [treaty for treaty in treaties if cells.get((PLEDGE, treaty), {}).get("state") == "coded"]
    without = [treaty for treaty in treaties if cells.get((PLEDGE, treaty), {}).get("state") == ABSENT]
    if pledging and len(without) == 1 and len(pledging) == len(others):
        forms.append(
            f"{len(pledging)} of {len(treaties)} treaties pledge help when attacked; {names.short(without[0])} does not"
        )
    if own[NOT_CODED] == 0:
        forms.append(f"{short} has {own['coded']} of the {len(types)} provision types shown")
    if others:
        most = max(others, key=lambda treaty: counts[treaty]["coded"])
        if counts[most]["coded"] < own["coded"]:
            forms.append(f"Of {len(types)} types of provision sources show {own['coded']} in {short}")
        else:
            other, its = names.short(most), counts[most]["coded"]
            forms.append(f"Of {len(types)} types {short} is shown to have {own['coded']}, {other} {its}")
    forms.append(f"{short} is shown to have {own['coded']} of {counted(len(types), 'type')}")
    described = []
    for treaty in treaties:
        by_state: dict[str, list[str]] = {state: [] for state in _STATES}
        for kind in types:
            cell = cells[(kind, treaty)]
            where = f" ({_article(cell['articles'])})" if cell["articles"] else ""
            by_state[cell["state"]].append(f"{names.type(kind)}{where if cell['state'] == 'coded' else ''}")
        parts = [f"{state}: {'; '.join(found)}" for state, found in by_state.items() if found]
        described.append(f"{names.short(treaty)}: {'. '.join(capital(part) for part in parts)}.")
    bracketed = matrix["articles"].str.contains("(", regex=False).any()
    unnumbered = ((matrix["state"] == "coded") & (matrix["articles"] == "")).any()
    notes = [STATES_NOTE]
    notes += ["A number in brackets follows from the order of the text; no source prints it."] if bracketed else []
    notes += ["Coded without a number: no source that was read gives the article."] if unnumbered else []
    return Exhibit.chart(
        lambda canvas: _draw_matrix(canvas, cells, treaties, types, names, words, focus),
        name=f"provision-matrix-{focus}",
        title=headline(forms, tail=TAIL),
        subtitle="Article and strength of the obligation, by type of provision and treaty",
        alt=f"A grid of {counted(len(types), 'type')} of provision by {counted(len(treaties), 'treaty', 'treaties')}. "
        + " ".join(described),
        notes=notes,
        data=matrix[["group_label", "label", "short", "state", "articles", "obligation"]].rename(
            columns={"group_label": "group", "label": "provision", "short": "treaty"}
        ),
        **_provenance(register, *matrix["source"]),
    )


_STATES = ("coded", ABSENT, NOT_CODED)


def _draw_matrix(
    canvas: Canvas,
    cells: Mapping[tuple[str, str], Mapping[str, Any]],
    treaties: Sequence[str],
    types: Sequence[str],
    names: Names,
    words: Mapping[str, str],
    focus: str,
) -> None:
    """Filled cells are coded, the darker the more binding; a frame says absent, a question mark not coded."""
    label_room = (
        0.0
        if canvas.narrow
        else min(max(style.text_width(names.type(kind), TEXT) for kind in types) + 8, canvas.width * 0.34)
    )
    wide = min((canvas.width - label_room) / len(treaties), 64.0)
    heads = {treaty: _wrapped(names.short(treaty), wide - 3, treaty == focus) for treaty in treaties}
    lines = max(map(len, heads.values()))
    pitch, above = 21.5, 12.0 if canvas.narrow else 0.0
    top = lines * 9.6 + 5
    group_of = {kind: cells[(kind, treaties[0])]["group_label"] for kind in types}
    groups = list(dict.fromkeys(group_of.values()))
    grouped = len(groups) > 1
    key = 15.0 * (3 if canvas.narrow else 2)
    canvas.set_height(top + len(types) * (pitch + above) + (15.0 * len(groups) if grouped else 0) + key + 6)
    for place, treaty in enumerate(treaties):
        for line, text in enumerate(heads[treaty]):
            y = top - 5 - (len(heads[treaty]) - line - 0.5) * 9.6
            weight = SEMIBOLD if treaty == focus else style.REGULAR
            x = label_room + wide * (place + 0.5)
            canvas.text(x, y, text, ha="center", fontsize=SMALL, fontweight=weight, room=wide - 2)
    y = top
    for group in groups:
        if grouped:
            canvas.text(0, y + 8, group, fontsize=SMALL, color=style.MUTED, fontweight=SEMIBOLD, room=canvas.width)
            rule = canvas.height - y - 0.4
            canvas.figure.add_artist(
                Line2D([0, canvas.width], [rule] * 2, color=style.GRID, linewidth=0.7, transform=None)
            )
            y += 15
        for kind in (kind for kind in types if group_of[kind] == group):
            if canvas.narrow:
                canvas.text(0, y + 6, names.type(kind), room=canvas.width)
            else:
                canvas.text(0, y + pitch / 2, names.type(kind), room=label_room - 6)
            for place, treaty in enumerate(treaties):
                x = label_room + wide * place
                _draw_cell(canvas, cells[(kind, treaty)], words, x, y + above, wide, pitch, own=treaty == focus)
            y += pitch + above
    _draw_key(canvas, y + 10)


def _draw_cell(
    canvas: Canvas,
    cell: Mapping[str, Any],
    words: Mapping[str, str],
    x: float,
    y: float,
    wide: float,
    high: float,
    *,
    own: bool,
) -> None:
    middle, room = x + wide / 2, wide - 5
    if cell["state"] == NOT_CODED:
        canvas.text(middle, y + high / 2, "?", ha="center", color=style.MUTED)
        return
    if cell["state"] == ABSENT:
        _frame(canvas, x + 1.2, y + 1.2, wide - 2.4, high - 2.4, facecolor="none", edgecolor=style.GRID, linewidth=0.8)
        word = ABSENT if style.text_width(ABSENT, SMALL) <= room else EN_DASH
        canvas.text(middle, y + high / 2, word, ha="center", fontsize=SMALL, color=style.MUTED)
        return
    binding = cell["obligation"] == "shall"
    fill = (style.INK if own else style.MUTED) if binding else style.BAND
    _frame(canvas, x + 1.2, y + 1.2, wide - 2.4, high - 2.4, facecolor=fill, edgecolor="none")
    ink = style.PAPER if binding else style.INK
    where = str(cell["articles"]).replace("preamble", "pre.") or "coded"
    look: dict[str, Any] = {"ha": "center", "color": ink, "fontsize": SMALL, "room": room}
    canvas.text(middle, y + high / 2 - 4.6, where, fontweight=SEMIBOLD, **look)
    canvas.text(middle, y + high / 2 + 4.8, words[cell["obligation"]], **look)


def _draw_key(canvas: Canvas, y: float) -> None:
    """What the looks of a cell mean, in as many lines as the width asks for."""
    parts = [
        ("shall", "coded, a duty (article, verb)"),
        ("weak", "coded, less than a duty"),
        (ABSENT, "absent: shown not to be there"),
        (NOT_CODED, "not coded: not known"),
    ]
    x = 0.0
    for look, text in parts:
        wide = style.text_width(text, SMALL) + 18
        if x + wide > canvas.width:
            x, y = 0.0, y + 14
        if look == NOT_CODED:
            canvas.text(x + 6, y, "?", ha="center", color=style.MUTED)
        else:
            fill = {"shall": style.MUTED, "weak": style.BAND}.get(look, "none")
            edge = style.CONTEXT if look == ABSENT else "none"
            _frame(canvas, x, y - 4, 12, 8, facecolor=fill, edgecolor=edge, linewidth=0.8)
        canvas.text(x + 15, y, text, fontsize=SMALL, color=style.MUTED)
        x += wide + 10


def provisions_table(register: Register, *, treaty: str, group: str) -> Exhibit | None:
    """Every coded provision of a treaty in one group of the codebook, in own words; None if there is none."""
    names = Names(register)
    kinds = register.types[register.types["group"] == group]
    rows = register.provisions[
        (register.provisions["treaty"] == treaty) & register.provisions["type"].isin(kinds["type"])
    ]
    if rows.empty:
        return None
    label = str(kinds["group_label"].iloc[0])
    verbs, sure = _levels(register, "obligation"), _levels(register, "confidence")
    shown = [
        (
            _label(row["article"], row["numbered"]),
            names.type(row["type"]),
            verbs[row["obligation"]],
            str(row["gist"]) + (" (Sources differ.)" if row["disputed"] else ""),
            sure[row["confidence"]],
        )
        for row in rows_of(rows)
    ]
    return Exhibit.table(
        [Column(head, "left") for head in ("Article", "Type", "Verb", "What it obliges, in own words", "Confidence")],
        shown,
        name=f"provisions-{group}-{treaty}",
        title=headline(
            [
                f"{label}: {counted(len(rows), 'provision')} of {names.short(treaty)} coded",
                f"{label}: {counted(len(rows), 'provision')} coded for this treaty",
            ],
            tail=TAIL,
        ),
        subtitle=f"Coded provisions of {names.short(treaty)}, with the coder’s confidence",
        alt=f"A table of {counted(len(rows), 'provision')}: "
        + "; ".join(f"{kind}, {where.lower()}" for where, kind, *_ in shown)
        + ".",
        notes=["A dash: no source that was read gives the article’s number."] if (rows["article"].isna()).any() else [],
        data=rows[["article", "type", "obligation", "gist", "confidence", "source"]],
        **_provenance(register, *rows["source"]),
    )


def dissent_table(register: Register, *, treaties: Sequence[str]) -> Exhibit | None:
    """On what the sources of these treaties differ, and which says what; None if they agree on everything coded."""
    rows = register.dissents[register.dissents["treaty"].isin(treaties)]
    if rows.empty:
        return None
    names = Names(register)
    shown = []
    for treaty, point in rows[["treaty", "on"]].drop_duplicates().itertuples(index=False):
        group = rows[(rows["treaty"] == treaty) & (rows["on"] == point)]
        held = group["held"].iloc[0]
        says = [f"{_says(row['says']).rstrip('.')} ({_producers(register, row['source'])})." for row in rows_of(group)]
        kept = day_said(held) if _dated(held) else str(held) if is_said(held) else "not known"
        shown.append((f"{names.short(str(treaty))}: {_on(str(point))}", kept, " ".join(says)))
    points = rows[["treaty", "on"]].drop_duplicates()
    most = names.short(str(points["treaty"].value_counts().idxmax()))
    return Exhibit.table(
        [Column(head, "left") for head in ("Point", "The register holds", "Others say")],
        shown,
        name=f"dissents-{treaties[-1]}",
        title=headline(
            [
                f"Sources contradict each other on {counted(len(shown), 'point')}, mostly about {most}"
                if len(set(rows["treaty"])) > 1
                else f"Sources on {most} contradict each other on {counted(len(shown), 'point')}",
                f"Sources contradict each other on {counted(len(shown), 'point')} here",
            ],
            tail=TAIL,
        ),
        subtitle="What the register holds, and what other sources say instead",
        alt=f"A table of {counted(len(shown), 'point')} on which sources differ: "
        + "; ".join(point for point, *_ in shown)
        + ".",
        data=rows[["treaty", "on", "held", "says", "source"]],
        **_provenance(register, *rows["source"]),
    )


def article_table(rows: pd.DataFrame, register: Register, *, focus: str, label: str) -> Exhibit:
    """What an article of the focus obliges, and whether others have the same. ``rows``: ``article``'s result."""
    names = Names(register)
    own, others = rows[rows["treaty"] == focus], rows[rows["treaty"] != focus]
    kinds = list(own["type"])
    have = [set(states) for _, states in others.groupby("treaty", sort=False)["state"]]
    count, blank = have.count({"coded"}), sum(NOT_CODED in states and states != {"coded"} for states in have)
    what = names.type(kinds[0]) if len(kinds) == 1 else f"{len(kinds)} types of provision"
    tail = f", {blank} unknown" if blank else ""
    rest = counted(len(have), "other treaty", "other treaties")
    forms = [
        f"{what} (Article {label}): {count} of {rest} {'has' if count == 1 else 'have'} it{tail}",
        f"Article {label}: {count} of {rest} {'has' if count == 1 else 'have'} as much{tail}",
    ]
    if not have:
        forms = [f"{what} is what Article {label} is about", f"Article {label} is about {what}"]
    shown = [
        (
            *((names.type(row["type"]),) if len(kinds) > 1 else ()),
            names.short(row["treaty"]),
            capital(_state(row)),
            str(row["gist"]) if row["state"] == "coded" else str(row["note"]) if is_said(row["note"]) else EN_DASH,
        )
        for row in rows_of(rows)
    ]
    heads = [*(["Type"] if len(kinds) > 1 else []), "Treaty", "Article or state", "What it obliges, in own words"]
    return Exhibit.table(
        [Column(head, "left") for head in heads],
        shown,
        name=f"article-{slugged(label)}-{focus}",
        title=headline(forms, tail=TAIL),
        subtitle=f"{listed([names.type(kind) for kind in kinds])}: {names.short(focus)} and the treaties compared",
        alt=f"A table. {names.short(focus)}: {' '.join(own['gist'].dropna())} "
        + " ".join(
            f"{names.short(row['treaty'])}: {_state(row)} ({names.type(row['type'])})." for row in rows_of(others)
        ),
        notes=[STATES_NOTE],
        data=rows[["type", "treaty", "state", "articles", "obligation", "gist", "source"]],
        **_provenance(register, *rows["source"]),
    )


def redline_table(redlined: pd.DataFrame, register: Register, *, after: str, before: str, most: int = 24) -> Exhibit:
    """Articles of two texts side by side, with the first words left out and put in. ``redlined``: that result.

    A cell shows a few words of each difference; the whole is in the texts themselves.
    """
    names = Names(register)
    was, now = names.years([before, after])
    rows = redlined.head(most)
    counts = redlined["op"].value_counts()
    paired = int(sum(count for op, count in counts.items() if op not in ("new", "dropped")))
    shown = [
        (
            row["before_articles"] or EN_DASH,
            row["after_articles"] or EN_DASH,
            capital(row["op"]),
            f"{row['score']:.2f}" if is_said(row["score"]) else EN_DASH,
            _excerpts(row["left_out"]),
            _excerpts(row["put_in"]),
        )
        for row in rows_of(rows)
    ]
    heads = [Column(was, "left"), Column(now, "left"), Column("Became", "left"), Column("Score", "left")]
    notes = ["Score: cosine of the words of both articles, from 0 to 1. Spelling, case and punctuation do not count."]
    if len(redlined) > most:
        notes.append(f"{len(redlined) - most} more articles are in the numbers behind this table.")
    return Exhibit.table(
        [*heads, Column("Left out", "left"), Column("Put in", "left")],
        shown,
        name=f"redline-{before}-to-{after}",
        title=headline(
            [
                f"{paired} of the {len(redlined)} articles compared stand in both treaties",
                f"{paired} of {len(redlined)} articles stand in both",
            ],
            tail=TAIL,
        ),
        subtitle=f"Articles of {names.short(before)} beside those of {names.short(after)}, and the words that differ",
        alt=f"A table of {counted(len(shown), 'article')}: "
        + "; ".join(f"{op}: {count}" for op, count in counts.items())
        + ".",
        notes=notes,
        data=redlined[["before_articles", "after_articles", "op", "score"]],
        **_text_provenance(register, [before, after]),
        row_headers=2,
    )


def _excerpts(words: Sequence[str], most: int = 3) -> str:
    """The first differences, each cut to what may be quoted."""
    cut = [" ".join(one.split()[:8]) + ("…" if len(one.split()) > 8 else "") for one in words[:most]]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return "; ".join(f"“{one}”" for one in cut) + more if cut else EN_DASH


# The pledge of assistance


def pledge_anatomy(pledges: pd.DataFrame, register: Register, *, focus: str, beside: str | None = None) -> Exhibit:
    """The parts of each assistance pledge, strongest first, with the scale in a note.

    ``pledges``: that result; ``beside``: the earlier treaty that the title compares the focus with.
    """
    names = Names(register)
    words = {scale: _levels(register, scale) for scale in ("automaticity", "means", "decides")}
    kinds = dict(zip(register.kinds["id"], register.kinds["label"], strict=True))
    coded = pledges[pledges["state"] == "coded"]
    shared = coded["rank"].value_counts()

    def row_of(row: dict[str, Any]) -> tuple[str, ...]:
        if row["state"] != "coded":
            return (EN_DASH, str(row["short"]), capital(_why(row)), *[EN_DASH] * 4)
        limits = [kinds[one] for one in split(row["limits"])]
        return (
            f"{row['rank']}{'=' if shared[row['rank']] > 1 else ''}",
            f"{row['short']}, {_article(_label(row['article'], row['numbered']))}",
            kinds[row["trigger"]],
            words["automaticity"][row["automaticity"]],
            words["means"][row["means"]],
            (", ".join(limits) if limits else "none stated") if isinstance(row["limits"], str) else "not known",
            words["decides"].get(row["decides"], "not known"),
        )

    own = pledges[pledges["treaty"] == focus].iloc[0]
    short = names.short(focus)
    above = coded[(coded["rank"] < own["rank"]).fillna(False)] if own["state"] == "coded" else coded
    forms = []
    if coded.empty:
        forms.append("No treaty compared is shown to hold a pledge of assistance")
    elif own["state"] != "coded":
        known = "has no pledge of assistance" if own["state"] == ABSENT else "is not known to hold a pledge"
        holders = len(set(coded["treaty"]))
        verb = "does" if holders == 1 else "do"
        forms.append(f"{short} {known}; {counted(holders, 'treaty', 'treaties')} compared {verb}")
        forms.append(f"{short} {known} of help")
    elif above.empty and len(coded) > 1:
        equal = coded[(coded["rank"] == own["rank"]) & (coded["treaty"] != focus)]
        forms.append(
            f"No pledge compared is stronger than that of {short}"
            if equal.empty
            else f"The pledges of {listed([short, *equal['short']])} are the strongest compared"
        )
        forms.append(f"No pledge compared is stronger than that of {short}")
    elif above.empty:
        forms.append(f"{short} holds the only pledge known among the treaties compared")
    else:
        limits = counted(int(own["conditions"]), "limit") if is_said(own["conditions"]) else "limits not known"
        other = coded[coded["treaty"] == beside]
        alike = len(other) and all(own[part] == other.iloc[0][part] for part in PARTS if part != "limits")
        if alike and other.iloc[0]["conditions"] == 0:
            forms.append(f"{short} matches the pledge of {names.short(str(beside))} but for {limits}")
        place = int(own["rank"])
        forms.append(f"The pledge of {short} ranks number {place}, with {limits} where the strongest {_has(above)}")
        forms.append(f"The pledge of {short} ranks number {place}, with {limits} on the duty")
        forms.append(f"The pledge of {short} ranks number {place}")
    shown = [row_of(row) for row in rows_of(pledges)]
    scale_words = "; ".join(
        f"{what} ({', '.join(label for _, label in _descending(register, scale))})"
        for what, scale in (
            ("Order: first by when help is due", "automaticity"),
            ("then by how far its means are laid down", "means"),
            ("then by who judges what is due", "decides"),
        )
    )
    qualifies = register.kinds[(register.kinds["part"] == "limit") & ~register.kinds["qualifies"].astype(bool)]
    notes = [
        f"{scale_words}; last by the number of limits on the duty, of which fewer is stronger. Ranks order and do not "
        "measure; = marks an equal rank.",
        f"Not counted as limits: {listed(list(qualifies['label']))}; they add a duty or an end and do not narrow it.",
        "None stated: a source shows that the clause names no limit.",
    ]
    if (pledges["state"] != "coded").any():
        notes.append(STATES_NOTE)
    heads = ("Rank", "Treaty", "Trigger", "When help is due", "Means", "Limits", "Who decides")
    return Exhibit.table(
        [Column(head, "left") for head in heads],
        shown,
        name=f"pledge-anatomy-{focus}",
        title=headline(forms, tail=TAIL),
        subtitle="Assistance when attacked: the parts of each pledge, strongest first",
        alt=f"A table of {counted(len(pledges), 'row')}, strongest pledge first. "
        + " ".join(
            f"{who}: {trigger}; {due}; {means}; limits: {limits}; decided by: {decides}."
            if rank != EN_DASH
            else f"{who}: {trigger}."
            for rank, who, trigger, due, means, limits, decides in shown
        ),
        notes=notes,
        data=pledges[["rank", "treaty", "state", "article", *PARTS, "conditions", "confidence", "source"]],
        row_headers=2,
        **_provenance(register, *pledges["source"]),
    )


def _has(above: pd.DataFrame) -> str:
    fewest = above.iloc[0]["conditions"]
    return "states none" if fewest == 0 else f"states {fewest}" if is_said(fewest) else "is not known"


# From an earlier treaty to a later one


def changes_table(
    changes: pd.DataFrame, register: Register, *, after: str, before: str, between: Sequence[str] = ()
) -> Exhibit:
    """What became of each type from one treaty to a later one, or which of them has it. ``changes``: that result.

    Of a treaty that the later one did not replace, nothing was kept or dropped.
    """
    names = Names(register)
    chain = [before, *between, after]
    was, now = names.years([before, after])
    words = dict(OUTCOME_WORDS)
    succeeds = before in lineage(register, after)
    if not succeeds:
        words |= {"kept": "in both", "new": f"only in {now}", "dropped": f"only in {was}"}
    told = (changes["outcome"] != "not comparable") & (changes["outcome"] != "in neither")
    rows = changes[told | (changes["before"] == "coded")]
    unknown = changes[(changes["before"] == NOT_CODED) & (changes["after"] == "coded")]
    order = {outcome: place for place, outcome in enumerate(OUTCOME_WORDS)}
    rows = rows.assign(_order=rows["outcome"].map(order)).sort_values("_order", kind="stable", ignore_index=True)
    left_out = len(changes) - len(rows) - len(unknown)
    old = rows[rows["before"] == "coded"]
    still = int((old["after"] == "coded").sum())
    stand = "stands" if still == 1 else "stand"
    if len(old):
        forms = [
            f"Of {counted(len(old), 'provision type')} of the {was} treaty, {still} {stand} in that of {now}",
            f"{still} of {counted(len(old), 'type')} of {was} {stand} in {now}",
        ]
    elif len(rows):
        forms = [f"None of the types coded for {now} is coded for {was}", f"Nothing is coded for {was} but for {now}"]
    else:
        forms = [f"None of these types is coded for {was} or {now}"]
    if rows.empty:
        rows, left_out = changes, 0
    shown = []
    for row in rows_of(rows):
        middle = [
            _cell({"state": state, "articles": articles})
            for state, articles in zip(split(row["between"]), str(row["between_articles"]).split(" | "), strict=False)
        ]
        came = row["outcome"] == "new" and row["first"] not in (after, None)
        outcome = f"new, with {names.years([str(row['first'])])[0]}" if came else words[row["outcome"]]
        differs = [PART_WORDS.get(part, part) for part in split(row["differs"])]
        cells = (_cell({"state": row["before"], "articles": row["before_articles"]}), *middle)
        cells += (_cell({"state": row["after"], "articles": row["after_articles"]}),)
        shown.append((str(row["label"]), *map(capital, cells), capital(outcome), ", ".join(differs)))
    counts = rows["outcome"].value_counts()
    tally = [f"{words[o]}: {counts[o]}" for o in words if o in counts]
    notes = [STATES_NOTE]
    if between:
        notes.append(
            "Returned: coded in both and shown to be absent between. Kept or returned: coded in both; no source that "
            "was read tells what stood between."
        )
    notes.append(
        f"{'Kept' if succeeds else 'In both'} is said of the type of provision, not of its wording; the last column "
        "names the parts that differ."
    )
    if len(unknown):
        listing = "; ".join(lowered(names.type(kind)) for kind in unknown["type"])
        notes.append(f"Coded for {now} but not for {was}, so that it cannot be told whether they are new: {listing}.")
    if left_out:
        notes.append(f"Left out: {counted(left_out, 'type')} coded in neither.")
    notes.append("Coded without an article: no source that was read gives its number.")
    heads = ["Type of provision", *(names.years(chain)), "Outcome", "Differs in"]
    return Exhibit.table(
        [Column(head, "left") for head in heads],
        shown,
        name=f"changes-{before}-to-{after}",
        title=headline(forms, tail=TAIL),
        subtitle=f"Provisions of {names.short(before)} and {names.short(after)}"
        + (f", with {listed([names.short(one) for one in between])} between" if between else ""),
        alt=f"A table of {counted(len(shown), 'type')}. Outcomes: {'; '.join(tally)}. "
        + " ".join(
            f"{capital(words[o])}: {'; '.join(rows.loc[rows['outcome'] == o, 'label'])}." for o in words if o in counts
        ),
        notes=notes,
        data=rows[["label", "outcome", "before", "between", "after", "before_articles", "after_articles", "differs"]],
        **_provenance(register, *rows["source"]),
    )


def terms_table(lineup: pd.DataFrame, register: Register, *, focus: str, beside: str | None = None) -> Exhibit:
    """How long each treaty lasts and how it is left. ``lineup``: that result; ``beside``: whom the title compares."""
    names = Names(register)
    own = _row(lineup, focus)
    leaving = _LEAVING.get(str(own["withdrawal"]))
    forms = []
    if beside is not None and leaving:
        other = _row(lineup, beside)
        way = _LEAVING.get(str(other["withdrawal"]))
        now, was = names.years([focus, beside])
        if way and _short_way(own) == _short_way(other):
            forms.append(f"Both the {now} and the {was} treaty can be left {_short_way(own)}")
            forms.append(f"{now} and {was} can both be left {_short_way(own)}")
        elif way:
            forms.append(f"The {now} treaty can be left {_short_way(own)}, that of {was} {_short_way(other)}")
            forms.append(f"{now} can be left {_short_way(own)}, {was} {_short_way(other)}")
    if leaving:
        forms.append(f"{own['short']} {'could' if is_said(own['ended']) else 'can'} be left {_short_way(own)}")
    forms.append(f"How {own['short']} can be left is not known")
    shown = [
        (str(row["short"]), _duration(row), _renewal(row), _withdrawal(row), _notice(row)) for row in rows_of(lineup)
    ]
    disputed = [names.short(one) for one in register.dissents.query("on == 'term'")["treaty"].unique()]
    disputed = [short for short in disputed if short in set(lineup["short"])]
    return Exhibit.table(
        [Column(head, "left") for head in ("Treaty", "Lasts", "Renewal", "A party may leave", "Notice")],
        shown,
        name=f"terms-{focus}",
        title=headline(forms, tail=TAIL),
        subtitle="Duration, renewal and termination of each treaty",
        alt="A table. "
        + " ".join(
            f"{who}: lasts {lasts}; renewal {renewal}; a party may leave {leave}; notice {notice}."
            for who, lasts, renewal, leave, notice in shown
        ),
        notes=[f"Sources differ on the term of {listed(disputed)}."] if disputed else [],
        data=lineup[
            ["treaty", "duration", "years", "renewal", "renewal_years", "withdrawal", "minimum_years", "notice_months"]
        ],
        units={"years": "years", "renewal_years": "years", "minimum_years": "years", "notice_months": "months"},
        **_provenance(register, *lineup["term_source"]),
    )


_LEAVING = {
    "any-time": "at any time",
    "after-minimum": "after a minimum term",
    "at-expiry": "at the end of a period",
    "by-agreement": "only by agreement of all",
}


def _short_way(row: Mapping[str, Any]) -> str:
    if row["withdrawal"] == "after-minimum":
        return f"after {row['minimum_years']:.0f} years"
    return {"any-time": "at any time", "at-expiry": "at expiry", "by-agreement": "by agreement"}[str(row["withdrawal"])]


def _duration(row: Mapping[str, Any]) -> str:
    if row["duration"] == "fixed":
        return counted(int(row["years"]), "year")
    return {
        "until-condition": "until a condition is met",
        "until-agreed": "until all agree to end it",
        "indefinite": "without limit",
        "none-stated": "none stated",
    }.get(str(row["duration"]), "not known")


def _renewal(row: Mapping[str, Any]) -> str:
    if row["renewal"] == "automatic":
        years = row["renewal_years"]
        return f"automatic, {counted(int(years), 'year')} at a time" if is_said(years) else "automatic"
    return {"by-agreement": "by agreement", "none": "none"}.get(str(row["renewal"]), "not known")


def _withdrawal(row: Mapping[str, Any]) -> str:
    if row["withdrawal"] == "after-minimum":
        return f"after {counted(int(row['minimum_years']), 'year')}"
    return _LEAVING.get(str(row["withdrawal"]), "never" if row["withdrawal"] == "none" else "not known")


def _notice(row: Mapping[str, Any]) -> str:
    return counted(int(row["notice_months"]), "month") if is_said(row["notice_months"]) else "not known"


# Over time


def commitment_over_time(commitments: pd.DataFrame, register: Register, *, pair: Sequence[str], as_of: str) -> Exhibit:
    """The treaties between two states as bars, the darker the stronger the commitment. ``commitments``: that result."""
    names = Names(register)
    who = listed([names.party(code) for code in pair])
    if commitments.empty:
        raise ValueError(
            f"The register has no treaty that binds both {who}. Name another pair, or leave this exhibit out."
        )
    rows = rows_of(commitments)
    labels = [_commitment(row, register) for row in rows]
    running = [row for row in rows if row["ongoing"]]
    helping = [row for row in running if row["level"] == "assistance"]
    forms = []
    gap = _gap(rows)
    if helping and gap:
        forms.append(f"{who} pledged mutual help until {gap[0]}, and again since {gap[1]}")
    if helping:
        forms.append(f"{who} have pledged each other help since {helping[0]['start_date'][:4]}")
    elif running:
        forms.append(f"No treaty in force between {who} is shown to pledge help")
    forms.append(
        f"{counted(len(rows), 'treaty', 'treaties')} between {who} {'are' if len(rows) > 1 else 'is'} on record"
    )
    notes = []
    for row in rows:
        if not row["start_known"]:
            notes.append(
                f"{row['short']}: the day of entry into force is not known; the bar begins with the signature."
            )
        if row["end_last"] > row["end_first"]:
            first, last = math.floor(row["end_first"]), math.floor(row["end_last"])
            held = f"; the register holds {day_said(row['end_date'])}" if is_said(row["end_date"]) else ""
            notes.append(f"{row['short']}: sources put the end between {first} and {last}{held} (the rule in the bar).")
    without = undated(register, pair)
    if without:
        notes.append(f"Not drawn, because no day of it is known: {listed([names.short(one) for one in without])}.")
    predecessors = sorted({old for old, new in CONTINUES.items() if new in pair})
    if predecessors and any(_continued(register, row["treaty"], predecessors) for row in rows):
        notes.append("Treaties of the Soviet Union are counted for Russia, which continued them.")
    described = [
        f"{row['short']}, {row['start_date'][:4]} to "
        + (str(row["end_date"])[:4] if is_said(row["end_date"]) else "date disputed" if not row["ongoing"] else "now")
        + f": {label}."
        for row, label in zip(rows, labels, strict=True)
    ]
    return Exhibit.chart(
        lambda canvas: _draw_commitments(canvas, rows, labels, decimal_year(as_of)),
        name=f"commitment-{'-'.join(code.lower() for code in pair)}",
        title=headline(forms, tail=TAIL),
        subtitle=f"Treaties between {who} in the register, and what they commit to, to {day_said(as_of)}",
        alt=f"One bar a treaty. {' '.join(described)}",
        notes=[*notes, "A treaty without a known end is drawn to the day of the sources."],
        data=commitments[
            ["treaty", "start_date", "end_date", "end_first", "end_last", "ongoing", "level", "automaticity", "means"]
        ],
        **_provenance(register, *commitments["source"]),
    )


def _commitment(row: Mapping[str, Any], register: Register) -> str:
    if row["level"] == "assistance":
        due, means = _levels(register, "automaticity"), _levels(register, "means")
        limits = counted(int(row["conditions"]), "limit") if is_said(row["conditions"]) else "limits not known"
        limits = "no limit stated" if limits == "0 limits" else limits
        return f"help {due[row['automaticity']]}, {means[row['means']]}, {limits}"
    if row["level"] == "consultation":
        return "consultation on a threat; " + ("help absent" if row["pledge"] == ABSENT else "help not coded")
    return "help and consultation absent" if row["level"] == "neither shown" else "neither help nor consultation coded"


def _gap(rows: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    """When a pledge of help ended, as closely as its sources agree, and the year in which another began."""
    helping = [row for row in rows if row["level"] == "assistance"]
    for before, after in pairwise(helping):
        if is_said(before["end_date"]) and before["end"] < after["start"] - 0.1:
            disputed = math.floor(before["end_last"]) > math.floor(before["end_first"])
            decades = {math.floor(before[end]) // 10 * 10 for end in ("end_first", "end_last")}
            ended = str(before["end_date"])[:4]
            if disputed:
                ended = f"the {decades.pop()}s" if len(decades) == 1 else f"about {ended}"
            return ended, str(after["start_date"])[:4]
    return None


def _continued(register: Register, treaty: str, predecessors: Sequence[str]) -> bool:
    return bool(set(register.parties.loc[register.parties["treaty"] == treaty, "code"]) & set(predecessors))


def _draw_commitments(canvas: Canvas, rows: Sequence[Mapping[str, Any]], labels: Sequence[str], now: float) -> None:
    """Each treaty has a line of words and a bar under it; the part of a bar whose end is disputed is hatched."""
    pitch, foot = 32.0, 17.0
    canvas.set_height(pitch * len(rows) + foot + 3)
    first = math.floor(min(row["start"] for row in rows))
    last = max(math.ceil(now), first + 1)
    left, right = 11.0, canvas.width - 13
    axes = canvas.axes(left, 0, right - left, pitch * len(rows) + 3)
    axes.set_xlim(first, last)
    style.year_axis(axes, first, last)
    axes.grid(visible=True, axis="x", color=style.GRID, linewidth=0.6)
    scale = (right - left) / (last - first)

    def at(year: float) -> float:
        return float(left + (year - first) * scale)

    for place, (row, label) in enumerate(zip(rows, labels, strict=True)):
        y = pitch * place
        fill = {"assistance": style.INK, "consultation": style.CONTEXT}.get(row["level"], style.GRID)
        room = canvas.width - style.text_width(label, SMALL) - 7
        head = style.fit(str(row["short"]), max(room, canvas.width * 0.4), weight=SEMIBOLD)
        wide = style.text_width(head, TEXT, SEMIBOLD)
        whole = wide + 6 + style.text_width(label, SMALL)
        x = max(min(at(row["start"]), canvas.width - whole), 0.0)
        _frame(canvas, x - 1, y + 2, min(whole + 2, canvas.width - x), 12, facecolor=style.PAPER, edgecolor="none")
        canvas.text(x, y + 8, head, fontweight=SEMIBOLD, room=canvas.width)
        canvas.text(x + wide + 5, y + 8.3, label, fontsize=SMALL, color=style.MUTED, room=canvas.width - x - wide - 5)
        disputed = row["end_last"] > row["end_first"]
        solid = row["end_first"] if disputed or not is_said(row["end"]) else row["end"]
        _frame(canvas, at(row["start"]), y + 16.5, (solid - row["start"]) * scale, 9, facecolor=fill, edgecolor="none")
        if disputed:
            look = {"facecolor": "none", "edgecolor": fill, "hatch": "//////", "linewidth": 0.8}
            _frame(canvas, at(solid), y + 16.9, (row["end_last"] - solid) * scale, 8.2, **look)
            if is_said(row["end_date"]):
                rule = [canvas.height - y - 14.5, canvas.height - y - 27.5]
                line = Line2D([at(row["end"])] * 2, rule, color=style.INK, linewidth=1.6, transform=None)
                canvas.figure.add_artist(line)
        if row["ongoing"]:
            x = at(row["end"])
            ys = [canvas.height - y - 17, canvas.height - y - 21, canvas.height - y - 25]
            canvas.figure.add_artist(Line2D([x + 1, x + 5, x + 1], ys, color=fill, linewidth=1.2, transform=None))


# Likeness


def similarity_map(similarity: pd.DataFrame, register: Register, *, treaties: Sequence[str], focus: str) -> Exhibit:
    """How alike the codings of treaties are: below the diagonal the share, above it how many types are known for both.

    ``similarity``: that result.
    """
    if similarity.empty:
        raise ValueError("One treaty has no likeness. Name a comparator, or leave this exhibit out.")
    names = Names(register)
    pairs = {frozenset((row["one"], row["other"])): row for row in rows_of(similarity)}
    types = int(similarity["types"].iloc[0])
    own = sorted(
        ((row, other) for pair, row in pairs.items() if focus in pair for other in pair - {focus}),
        key=lambda found: (-found[0]["low"], found[1]),
    )
    best, nearest = own[0]
    certain = all(best["low"] >= row["high"] for row, _ in own[1:])
    forms = []
    if certain and len(own) > 1:
        forms.append(f"{names.short(focus)} is most like {names.short(nearest)}, whatever is not coded")
    if len(own) > 1 and not certain:
        forms.append(f"{names.short(focus)} comes nearest to {names.short(nearest)}, as far as is known")
        forms.append(f"As far as is known {names.short(focus)} is nearest to {names.short(nearest)}")
    forms.append(f"{names.short(focus)} shares {best['both']} types with {names.short(nearest)}")
    described = [f"with {names.short(other)} {_share(row)}, {row['common']} types known for both" for row, other in own]
    return Exhibit.chart(
        lambda canvas: _draw_similarity(canvas, pairs, treaties, names, focus),
        name=f"similarity-{focus}",
        title=headline(forms, tail=TAIL),
        subtitle=f"Types that both treaties have, as a share of those that either has, of {types} types",
        alt=f"A triangular grid of {counted(len(treaties), 'treaty', 'treaties')}. {names.short(focus)}: "
        f"{'; '.join(described)}.",
        notes=[
            "Below the diagonal: the share in per cent, from the least it can be, if every type not coded made the "
            "two differ, to the most, if each made them agree. Above: the number of types known for both. A wide range "
            "says that little is known, not that treaties differ. Darker: the least share is a quarter, or a half, or "
            "more. The share counts types of provision, not words.",
        ],
        data=similarity.rename(columns={"low": "least", "high": "most"}),
        units={"least": "share", "most": "share"},
        **_provenance(register, *register.states.loc[register.states["treaty"].isin(treaties), "source"].dropna()),
    )


def _share(row: Mapping[str, Any]) -> str:
    low, high = round(row["low"] * 100), round(row["high"] * 100)
    return f"{low}{NO_BREAK}%" if low == high else f"{low} to {high}{NO_BREAK}%"


def _draw_similarity(
    canvas: Canvas,
    pairs: Mapping[frozenset[str], Mapping[str, Any]],
    treaties: Sequence[str],
    names: Names,
    focus: str,
) -> None:
    numbers = {treaty: str(place + 1) for place, treaty in enumerate(treaties)}
    above = 12.0 if canvas.narrow else 0.0
    widest = max(style.text_width(f"{numbers[one]}  {names.short(one)}", TEXT, SEMIBOLD) for one in treaties)
    room = 0.0 if canvas.narrow else min(widest + 8, canvas.width * 0.4)
    wide = min((canvas.width - room) / len(treaties), 52.0)
    pitch, top = 18.0, 15.0
    canvas.set_height(top + (pitch + above) * len(treaties) + 3)
    for place, one in enumerate(treaties):
        weight = SEMIBOLD if one == focus else style.REGULAR
        canvas.text(room + wide * (place + 0.5), 7, numbers[one], ha="center", color=style.MUTED, fontweight=weight)
        y = top + (pitch + above) * place
        label_y = y + 6 if canvas.narrow else y + pitch / 2
        label_room = canvas.width if canvas.narrow else room - 6
        canvas.text(0, label_y, f"{numbers[one]}  {names.short(one)}", fontweight=weight, room=label_room)
        for column, other in enumerate(treaties):
            x, cell_y = room + wide * column, y + above
            middle = cell_y + pitch / 2
            if one == other:
                _frame(canvas, x + 0.8, cell_y + 0.8, wide - 1.6, pitch - 1.6, facecolor=style.BAND, edgecolor="none")
                continue
            row = pairs[frozenset((one, other))]
            if column > place:
                canvas.text(x + wide / 2, middle, str(row["common"]), ha="center", color=style.MUTED, fontsize=SMALL)
                continue
            if not math.isfinite(row["low"]):
                canvas.text(x + wide / 2, middle, EN_DASH, ha="center", color=style.MUTED)
                continue
            low, high = round(row["low"] * 100), round(row["high"] * 100)
            text = str(low) if low == high else f"{low}{EN_DASH}{high}"
            fill, ink = _shade(row["low"])
            _frame(
                canvas,
                x + 0.8,
                cell_y + 0.8,
                wide - 1.6,
                pitch - 1.6,
                facecolor=fill,
                edgecolor=style.GRID,
                linewidth=0.6,
            )
            canvas.text(
                x + wide / 2, middle, text, ha="center", color=ink, fontsize=SMALL, room=wide, fontweight=weight
            )


def _shade(share: float) -> tuple[str, str]:
    """Ground and ink of a cell, by the least the share can be: three steps, so that print keeps them apart."""
    if share >= 0.5:
        return style.MUTED, style.PAPER
    return (style.GRID, style.INK) if share >= 0.25 else ("none", style.INK)


# Pieces of sentences


def outcomes(changes: pd.DataFrame | None) -> dict[str, str | None]:
    """The types with each outcome as a list in words, None where there is none.

    Keys: ``returned``, ``kept``, ``both`` (what stood between is not known), ``new``, ``dropped``, and ``open``: coded
    earlier, but not coded later.
    """
    keys = {"returned": "returned", "kept": "kept", "both": "in both", "new": "new", "dropped": "dropped"}
    if changes is None:
        return dict.fromkeys((*keys, "open"))
    found = {key: changes.loc[changes["outcome"] == outcome, "label"] for key, outcome in keys.items()}
    found["open"] = changes.loc[(changes["before"] == "coded") & (changes["after"] == NOT_CODED), "label"]
    return {
        key: "; ".join(lowered(str(label).replace("'", "’")) for label in labels) or None
        for key, labels in found.items()
    }


def leaving(lineup: pd.DataFrame, treaty: str | None) -> str | None:
    """When a party may leave a treaty, and at what notice; None if that is not known."""
    if treaty is None or str(_row(lineup, treaty)["withdrawal"]) == "unknown":
        return None
    row = _row(lineup, treaty)
    notice = f", at {counted(int(row['notice_months']), 'month')}’ notice" if is_said(row["notice_months"]) else ""
    return _withdrawal(row) + notice


def article_line(register: Register, focus: str, rows: pd.DataFrame) -> str:
    """What an article obliges, and how earlier treaties stand to each of its types. ``rows``: ``article``'s result."""
    names = Names(register)
    own, line = rows[rows["treaty"] == focus], rows[rows["treaty"] != focus]
    several = len(own) > 1
    said = [
        f"{_state(row)} in {names.short(row['treaty'])}" + (f" ({lowered(names.type(row['type']))})" if several else "")
        for row in rows_of(line)
    ]
    before = f" Before it: {'; '.join(said)}." if said else ""
    return f"{' '.join(own['gist'])}{before}"


def waiting(row: Mapping[str, Any]) -> str:
    """That a treaty has suggestions which nobody has reviewed; empty if it has none. ``row``: of ``lineup``."""
    count = int(row["suggested"])
    if count == 0:
        return ""
    stand = "waits for review and does" if count == 1 else "wait for review and do"
    return f"{capital(counted(count, 'suggestion'))} of a rule {stand} not count."


def replaced(register: Register, after: str, before: str) -> str:
    """What an earlier treaty is to a later one, as a sentence."""
    names = Names(register)
    if before in lineage(register, after):
        return f"{names.short(after)} replaced {names.short(before)}."
    return (
        f"The register knows of no treaty that {names.short(after)} replaced; it is held against "
        f"{names.short(before)}, the last before it among those compared."
    )


def behind(register: Register, treaties: Sequence[str], what: str = "this") -> str:
    """How many of the publications behind the codings of some treaties are press reports, as a sentence."""
    found = publications(register, treaties)
    count, press = found["publications"], found["press"]
    if count == 0:
        return f"No publication is cited behind {what} yet."
    if count == 1:
        return f"Behind {what} is one publication, {'a' if press else 'no'} press report."
    if press == 0:
        return f"None of the {count} publications behind {what} is a press report."
    if press == count:
        return f"All {count} publications behind {what} are press reports."
    are = "is a press report" if press == 1 else "are press reports"
    return f"Of the {count} publications behind {what}, {press} {are}."


def texts_held(register: Register, treaties: Sequence[str], texts: Collection[str]) -> str:
    """Of which of some treaties a text is in the cache and of which not, as a sentence. ``texts``: whose there are."""
    names = Names(register)
    there, lacking = ([names.short(one) for one in treaties if (one in texts) is held] for held in (True, False))
    if not there:
        return "No text of these treaties is in the cache."
    none = f", and none of {listed(lacking)}" if lacking else ""
    return f"In the cache is a text of {listed(there)}{none}."


def parts(names: Sequence[str] | None) -> str | None:
    """Parts of a pledge in words; None if none is given."""
    return listed([PART_WORDS.get(name, name) for name in names]) if names else None


def readings(register: Register, treaty: str) -> str:
    """How differently sources read a treaty's pledge, each with its producer; empty if they agree."""
    own = register.provisions[(register.provisions["treaty"] == treaty) & (register.provisions["type"] == PLEDGE)]
    label = str(register.types.set_index("type").loc[PLEDGE, "label"])
    where = [*(f"Article {article} ({label})" for article in own["article"].dropna()), label]
    rows = register.dissents[(register.dissents["treaty"] == treaty) & register.dissents["on"].isin(where)]
    said = [f"{_producers(register, row['source'])}: {lowered(row['says'].rstrip('.'))}" for row in rows_of(rows)]
    disputed = f"Sources read the clause differently. {'. '.join(said)}." if said else ""
    return f"{disputed} {' '.join(own['note'].dropna())}".strip()


# Names, dates, pieces


class Names:
    """What a reader calls treaties, types and parties."""

    def __init__(self, register: Register) -> None:
        self._short = dict(zip(register.treaties["treaty"], register.treaties["short"], strict=True))
        self._signed = dict(zip(register.treaties["treaty"], register.treaties["signed"], strict=True))
        self._parties = data.country_names()
        self._types = dict(zip(register.types["type"], register.types["label"], strict=True))

    def short(self, treaty: str) -> str:
        """The treaty as a table's heading has it."""
        return style.clean(self._short.get(treaty, treaty))

    def type(self, kind: str) -> str:
        """The type of provision."""
        return style.clean(self._types.get(kind, kind)).replace("'", "’")

    def party(self, code: str) -> str:
        """The state, as it stands within a sentence."""
        name = style.clean(self._parties.get(code, code))
        return f"the {name}" if code in WITH_ARTICLE else name

    def years(self, treaties: Sequence[str]) -> list[str]:
        """Each treaty by its year, where that tells them apart; otherwise by its short name."""
        dates = [self._signed.get(one) for one in treaties]
        years = [str(date)[:4] if is_said(date) else "" for date in dates]
        if all(years) and len(set(years)) == len(years):
            return years
        return [self.short(one) for one in treaties]


def _row(lineup: pd.DataFrame, treaty: str) -> dict[str, Any]:
    return {str(key): value for key, value in lineup[lineup["treaty"] == treaty].iloc[0].items()}


def _dated(value: Any) -> bool:
    return isinstance(value, str) and all(part.isdigit() for part in value.split("-")) and len(value.split("-")[0]) == 4


def _on(point: str) -> str:
    """What sources differ on: a date of the treaty, an article, or a day on which something happened."""
    if _dated(point):
        return f"what happened on {day_said(point)}"
    return {"signed": "the day of signature", "in force": "the day of entry into force", "ended": "the end"}.get(
        point, point
    )


def _says(text: str) -> str:
    """What another source says; a date at its head is written out."""
    head, _, rest = text.partition(" ")
    return f"{day_said(head)}. {rest}".strip() if _dated(head) else text


def _status_words(row: Mapping[str, Any]) -> str:
    if is_said(row["ended"]):
        return f"ended {str(row['ended'])[:4]}" + (", disputed" if row["end_disputed"] else "")
    return str(row["status"])


def _label(article: Any, numbered: Any = "printed") -> str:
    if not is_said(article):
        return EN_DASH
    return f"({article})" if numbered == "inferred" else str(article)


def _article(label: str) -> str:
    """``4`` as Article 4; the preamble and a missing number as they are."""
    if label == EN_DASH:
        return "article not known"
    if label.casefold() == "preamble":
        return label
    plural = "Articles" if "," in label else "Article"
    return f"{plural} {label}"


def _state(cell: Mapping[str, Any]) -> str:
    """A cell in words: the article, or the state."""
    if cell["state"] != "coded":
        return str(cell["state"])
    return _article(str(cell["articles"])) if cell["articles"] else "coded, number not known"


def _cell(cell: Mapping[str, Any]) -> str:
    """A cell in the fewest words: the article, or the state."""
    return _state(cell) if cell["articles"] else str(cell["state"])


def _why(row: Mapping[str, Any]) -> str:
    if row["state"] == ABSENT:
        return "absent: a source shows that there is none"
    return "not coded: no source that was read tells"


def _levels(register: Register, scale: str) -> dict[str, str]:
    rows = register.levels[register.levels["scale"] == scale]
    return dict(zip(rows["id"], rows["label"], strict=True))


def _descending(register: Register, scale: str) -> list[tuple[str, str]]:
    rows = register.levels[register.levels["scale"] == scale].sort_values("rank", ascending=False)
    return list(zip(rows["id"], rows["label"], strict=True))


def _parties(names: Names, codes: Sequence[str]) -> str:
    if len(codes) > 12:
        return f"{len(codes)} states, among them {listed([names.party(code) for code in codes[:6]])}"
    return listed([names.party(code) for code in codes])


def _wrapped(short: str, room: float, strong: bool) -> list[str]:
    """A treaty's name in lines of a column's width; the year, if it ends with one, on a line of its own."""
    weight = SEMIBOLD if strong else style.REGULAR
    tokens = [token for word in short.split(" ") for token in _after_dash(word)]
    lines: list[str] = []
    for place, token in enumerate(tokens):
        last = place == len(tokens) - 1 and token.isdigit()
        joined = f"{lines[-1]}{'' if lines[-1].endswith(EN_DASH) else ' '}{token}" if lines else token
        if lines and not last and style.text_width(joined, SMALL, weight) <= room:
            lines[-1] = joined
        else:
            lines.append(token)
    return lines


def _after_dash(word: str) -> list[str]:
    first, dash, rest = word.partition(EN_DASH)
    return [f"{first}{dash}", rest] if dash and rest else [word]


def _frame(canvas: Canvas, x: float, y: float, wide: float, high: float, **look: Any) -> None:
    """A box with its upper left corner at ``x``, ``y``."""
    look.setdefault("linewidth", 0.0)
    box = Rectangle((x, canvas.height - y - high), max(wide, 0.0), high, transform=None, **look)
    canvas.figure.add_artist(box)


# Sources


def _provenance(register: Register, *cells: Any) -> dict[str, Any]:
    """The source line and the entries behind cells that hold identifiers of the register's sources."""
    weight: dict[str, int] = {}
    for cell in cells:
        for name in split(cell):
            weight[name] = weight.get(name, 0) + 1
    table = register.sources.set_index("id")
    kind = {name: place for place, name in enumerate(("official", "scholarly", "reference", "press"))}
    ordered = sorted(weight, key=lambda name: (kind[str(table.loc[name, "kind"])], -weight[name], name))
    entries: dict[str, dict[str, Any]] = {}
    for name in sorted(weight):
        row = table.loc[name].to_dict()
        entries[name] = {"id": name} | {str(key): value if is_said(value) else None for key, value in row.items()}
    return {"source": _line([entries[name] for name in ordered]), "sources": list(entries.values())}


def _text_provenance(register: Register, treaties: Sequence[str]) -> dict[str, Any]:
    """The source line of texts read from the cache: the treaties themselves, and who says what they are."""
    rows = register.treaties[register.treaties["treaty"].isin(treaties)]
    found = _provenance(register, *rows["source"])
    return found | {"source": f"Source: texts of the treaties from the cache. {found['source']}"}


def _line(entries: Sequence[Mapping[str, Any]]) -> str:
    """The publications behind an exhibit: those cited most by name, the others counted, the press apart."""
    if not entries:
        return "Source: none. No source that was read tells."
    solid = list(
        dict.fromkeys(
            f"{one['producer']}, {one['title']}" + (f" ({str(one['vintage'])[:4]})" if one["vintage"] else "")
            for one in entries
            if one["kind"] != "press"
        )
    )
    press = list(dict.fromkeys(str(one["producer"]) for one in entries if one["kind"] == "press"))
    reports = sum(one["kind"] == "press" for one in entries)
    parts = solid[:NAMED]
    if len(solid) > NAMED:
        parts.append(counted(len(solid) - NAMED, "other publication"))
    if press:
        named = ", ".join(press[:3]) + (" and others" if len(press) > 3 else "")
        parts.append(f"{counted(reports, 'press report')} ({named})")
    return f"{'Source' if len(entries) == 1 else 'Sources'}: {'; '.join(parts)}."


def _producers(register: Register, cell: Any) -> str:
    table = register.sources.set_index("id")
    producer, kind = table["producer"].to_dict(), table["kind"].to_dict()
    names = [f"{producer[one]}{', press' if kind[one] == 'press' else ''}" for one in split(cell)]
    return "; ".join(dict.fromkeys(names))
