"""What treaties oblige, compared type by type and part by part, from their codings.

Every function takes the register as frames (:class:`Register`) and gives frames. For each treaty a type of provision
is in one of three states: *coded*, a source shows it; *absent*, a source shows that there is none; *not coded*, no
source that was read says either. The third is never read as the second: where a comparison would need it, the answer is
that it cannot be told, and where a number would, there are two numbers, the least and the most it can be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from legation.analysis import compare
from legation.errors import InputError, nearest

PLEDGE = "mutual-assistance"
CONSULTATION = "threat-consultation"
#: The parts of a provision that can differ when two treaties both have it.
PARTS = ("obligation", "trigger", "automaticity", "means", "decides", "limits")
#: What a final clause says is in the treaty's term, not in the parts of a provision.
TERM_PARTS = {
    "duration": ("duration", "years", "renewal", "renewal_years"),
    "termination": ("withdrawal", "minimum_years", "notice_months"),
}
#: What can be said of a type between an earlier treaty and a later one.
OUTCOMES = ("returned", "kept", "in both", "new", "dropped", "in neither", "not comparable")
#: The status of a treaty of whose entry into force no source tells.
NOT_IN_FORCE = "signed, entry into force not known"
#: A state that continued another's treaties. The codebook of the register says so of the Soviet Union and Russia.
CONTINUES = {"SUN": "RUS"}


class Register(Protocol):
    """The register of treaties as frames; ``legation.data.treaty_register`` gives one."""

    @property
    def treaties(self) -> pd.DataFrame:
        """One row a treaty, in order of signature."""

    @property
    def parties(self) -> pd.DataFrame:
        """Who is or was bound, since and until when."""

    @property
    def dates(self) -> pd.DataFrame:
        """Dates of signature, entry into force and end, as the register and as other sources give them."""

    @property
    def predecessors(self) -> pd.DataFrame:
        """Which earlier treaty one replaced."""

    @property
    def provisions(self) -> pd.DataFrame:
        """The coded provisions."""

    @property
    def phrases(self) -> pd.DataFrame:
        """The few words quoted from each."""

    @property
    def dissents(self) -> pd.DataFrame:
        """What other sources say instead."""

    @property
    def states(self) -> pd.DataFrame:
        """Every treaty and type, with its state."""

    @property
    def texts(self) -> pd.DataFrame:
        """Where the texts are published."""

    @property
    def types(self) -> pd.DataFrame:
        """The types of provision, in the codebook's order."""

    @property
    def levels(self) -> pd.DataFrame:
        """The levels of the codebook's scales."""

    @property
    def kinds(self) -> pd.DataFrame:
        """The kinds of trigger and limit."""

    @property
    def sources(self) -> pd.DataFrame:
        """The source entries."""


# What to compare


def choose(register: Register, focus: str, comparators: Sequence[str], *, most: int = 9) -> list[str]:
    """The focus and its comparators, each once, in order of signature.

    Raises
    ------
    InputError
        A treaty that the register does not have, with the nearest that it has; more treaties than a page can hold.
    """
    known = register.treaties["treaty"].tolist()
    wanted = list(dict.fromkeys([focus, *comparators]))
    for name in wanted:
        if name not in known:
            raise InputError(f"The register has no treaty '{name}'{nearest(name, known)}. It has {', '.join(known)}.")
    if len(wanted) > most:
        raise InputError(
            f"{len(wanted)} treaties are more than a page can hold side by side. Name at most {most - 1} comparators."
        )
    return [name for name in known if name in wanted]


def choose_types(register: Register, types: Sequence[str]) -> list[str]:
    """The types named, one by one or by their group, in the codebook's order; all of them if none is named.

    Raises
    ------
    InputError
        A name that the codebook does not have, with the nearest that it has.
    """
    table = register.types
    known = [*table["type"], *table["group"].unique()]
    for name in types:
        if name not in known:
            raise InputError(
                f"The codebook has no provision type and no group '{name}'{nearest(name, known)}. "
                "data/treaties/codebook.yml defines them."
            )
    chosen = table["type"].isin(types) | table["group"].isin(types)
    return list(table.loc[chosen if len(types) else slice(None), "type"])


def lineage(register: Register, treaty: str) -> list[str]:
    """The earlier treaties that one replaced, and those that they replaced, as far as the register has them."""
    found: list[str] = []
    here = treaty
    while True:
        rows = register.predecessors
        before = rows.loc[(rows["treaty"] == here) & rows["predecessor"].notna(), "predecessor"].tolist()
        if not before or before[0] in [treaty, *found]:
            return found
        here = str(before[0])
        found.append(here)


# What is known


def lineup(register: Register, treaties: Sequence[str]) -> pd.DataFrame:
    """The treaties with their dates and status, and how many types are coded, absent and not coded for each."""
    rows = _of(register.treaties, treaties)
    counts = register.states.groupby(["treaty", "state"]).size().unstack(fill_value=0)
    for column, state in (("coded", "coded"), ("absent", "absent"), ("not_coded", "not coded")):
        rows[column] = rows["treaty"].map(counts.get(state, {})).fillna(0).astype(int)
    numbered = register.provisions[register.provisions["number"].fillna(0) > 0]
    rows["articles_known"] = rows["treaty"].map(numbered.groupby("treaty")["number"].nunique()).fillna(0).astype(int)
    rows["status"] = [_status(row) for row in _records(rows)]
    return rows


def _status(row: dict[str, Any]) -> str:
    if row["end_known"]:
        return "ended"
    if row["end_disputed"]:
        return "ended, date disputed"
    if isinstance(row["in_force"], str):
        return "in force"
    return NOT_IN_FORCE if isinstance(row["signed"], str) else "no day known"


def reading(register: Register, treaty: str) -> str:
    """How a treaty was read, in words."""
    row = register.treaties.set_index("treaty").loc[treaty]
    if row["read_whole"]:
        return "whose whole text was read"
    own = register.provisions[register.provisions["treaty"] == treaty]
    known = own.loc[own["number"].fillna(0) > 0, "number"].nunique()
    if pd.isna(row["articles"]):
        return "of which no whole text was read"
    return f"of whose {row['articles']:.0f} articles {known} could be numbered"


def publications(register: Register, treaties: Sequence[str]) -> dict[str, int]:
    """How many publications the codings of some treaties rest on, and how many ``press`` reports are among them."""
    own, states = (rows[rows["treaty"].isin(treaties)] for rows in (register.provisions, register.states))
    cited = {name for cell in [*own["source"], *states["source"]] for name in split(cell)}
    kinds = register.sources.set_index("id")["kind"]
    return {"publications": len(cited), "press": sum(kinds[name] == "press" for name in cited)}


def matrix(register: Register, treaties: Sequence[str], types: Sequence[str]) -> pd.DataFrame:
    """For every type and treaty: state, articles, and the strongest obligation among its provisions.

    ``articles`` are labels as printed, those that follow only from the order of the text in brackets; empty if no
    source gives a number.
    """
    rows = register.states[register.states["treaty"].isin(treaties) & register.states["type"].isin(types)]
    rank = _ranks(register, "obligation")
    wanted = register.provisions["treaty"].isin(treaties) & register.provisions["type"].isin(types)
    found = dict(iter(register.provisions[wanted].groupby(["treaty", "type"], sort=False)))
    cells = []
    for row in _records(rows):
        provisions = found.get((row["treaty"], row["type"]))
        cells.append(
            {
                "type": row["type"],
                "treaty": row["treaty"],
                "state": row["state"],
                "articles": "" if provisions is None else _articles(provisions),
                "obligation": None if provisions is None else max(provisions["obligation"], key=rank.__getitem__),
                "note": row["note"],
                "source": row["source"],
            }
        )
    frame = _named(pd.DataFrame(cells), register)
    order = {name: place for place, name in enumerate([*types])}
    column = {name: place for place, name in enumerate(treaties)}
    return frame.sort_values(
        ["type", "treaty"], key=lambda cell: cell.map(order if cell.name == "type" else column), ignore_index=True
    )


# The pledge of assistance


def pledges(register: Register, treaties: Sequence[str]) -> pd.DataFrame:
    """The assistance pledges, strongest first, then the treaties without one, then those of which it is not known.

    ``rank`` is 1 for the strongest, and equal pledges share it. Compared in this order: automaticity, means, who
    decides, and the number of limits that make the duty narrower, of which fewer is stronger. What is not coded counts
    as the weakest. Ranks order; the distance between two says nothing.
    """
    rows = matrix(register, treaties, [PLEDGE])[["treaty", "short", "state", "note", "source"]]
    coded = register.provisions[register.provisions["type"] == PLEDGE]
    frame = rows.merge(coded.drop(columns=["type", "source", "note"]), on="treaty", how="left")
    ranks = {scale: _ranks(register, scale) for scale in ("automaticity", "means", "decides")}

    def strength(row: dict[str, Any]) -> tuple[float, ...]:
        parts = [float(ranks[scale].get(row[scale], -1)) for scale in ranks]
        return (*parts, -float(len(split(row["narrowing"]))) if isinstance(row["narrowing"], str) else -np.inf)

    records = _records(frame)
    strengths = [strength(row) if row["state"] == "coded" else None for row in records]
    distinct = sorted({one for one in strengths if one is not None}, reverse=True)
    last = {"coded": 0, "absent": len(distinct) + 1, "not coded": len(distinct) + 2}
    frame["rank"] = pd.array([None if one is None else distinct.index(one) + 1 for one in strengths], dtype="Int64")
    frame["conditions"] = pd.array(
        [len(split(row["narrowing"])) if isinstance(row["narrowing"], str) else None for row in records], dtype="Int64"
    )
    place = [
        last[row["state"]] + (0 if one is None else distinct.index(one) + 1)
        for row, one in zip(records, strengths, strict=True)
    ]
    return frame.assign(_place=place).sort_values("_place", kind="stable", ignore_index=True).drop(columns="_place")


def differences(register: Register, after: str, before: str, kind: str = PLEDGE) -> pd.DataFrame:
    """The parts of a provision that both treaties have, one row a part: before, after, and whether they are the same.

    ``same`` is missing where one side is not coded. The first provision of the type counts.
    """
    old, new = (_first(register, treaty, kind) for treaty in (before, after))
    rows = []
    for part in PARTS:
        was, now = (side.get(part) if side is not None else None for side in (old, new))
        known = isinstance(was, str) and isinstance(now, str)
        same = (set(split(was)) == set(split(now)) if part == "limits" else was == now) if known else None
        rows.append({"part": part, "before": _text(was), "after": _text(now), "same": same})
    return pd.DataFrame(rows)


def beside(register: Register, after: str, before: str) -> dict[str, list[str]] | None:
    """How a later pledge stands beside an earlier one; None if one of the two is not coded.

    ``alike`` and ``apart`` are parts coded the same and differently, ``was`` and ``now`` the labels of the limits
    on the duty, ``added`` and ``gone`` what differs between these.
    """
    old, new = (_first(register, treaty, PLEDGE) for treaty in (before, after))
    if old is None or new is None or not (isinstance(old["narrowing"], str) and isinstance(new["narrowing"], str)):
        return None
    labels = dict(zip(register.kinds["id"], register.kinds["label"], strict=True))
    was, now = ([labels[kind] for kind in split(side["narrowing"])] for side in (old, new))
    table = differences(register, after, before)
    return {
        "alike": [str(part) for part, same in zip(table["part"], table["same"], strict=True) if same is True],
        "apart": [str(part) for part, same in zip(table["part"], table["same"], strict=True) if same is False],
        "was": was,
        "now": now,
        "added": [label for label in now if label not in was],
        "gone": [label for label in was if label not in now],
    }


def with_pledge(register: Register, treaties: Sequence[str]) -> list[str]:
    """Those of the treaties whose pledge of assistance is coded, in the order given."""
    coded = register.states[(register.states["type"] == PLEDGE) & (register.states["state"] == "coded")]
    return [treaty for treaty in treaties if treaty in set(coded["treaty"])]


# From an earlier treaty to a later one


def changes(
    register: Register, after: str, before: str, between: Sequence[str] = (), types: Sequence[str] = ()
) -> pd.DataFrame:
    """Type by type, what became of it from one treaty to a later one, with what stood ``between``.

    ``outcome`` is one of :data:`OUTCOMES`: *kept*, coded in both and in whatever stood between; *returned*, coded in
    both and shown to be absent between; *in both*, coded in both, but not coded between, so that it cannot be told
    whether it was kept or returned; *new*; *dropped*; *in neither*; *not comparable*, one side not coded. ``differs``
    names the parts in which two provisions differ, ``first`` the earliest of the treaties in which a type is coded.
    """
    wanted = list(types) or register.types["type"].tolist()
    chain = [before, *between, after]
    cells = {(row["type"], row["treaty"]): row for row in _records(matrix(register, chain, wanted))}
    rows = []
    for kind in wanted:
        states = [str(cells[kind, treaty]["state"]) for treaty in chain]
        outcome = _outcome(states[0], states[-1], states[1:-1])
        both = states[0] == states[-1] == "coded"
        coded = [treaty for treaty, state in zip(chain, states, strict=True) if state == "coded"]
        ids = [part for treaty in chain for part in split(cells[kind, treaty]["source"])]
        rows.append(
            {
                "type": kind,
                "outcome": outcome,
                "before": states[0],
                "between": "; ".join(states[1:-1]),
                "between_articles": " | ".join(str(cells[kind, treaty]["articles"]) for treaty in between),
                "after": states[-1],
                "before_articles": cells[kind, before]["articles"],
                "after_articles": cells[kind, after]["articles"],
                "differs": "; ".join(_differing(register, after, before, kind)) if both else "",
                "first": coded[0] if coded else None,
                "source": "; ".join(dict.fromkeys(ids)) or None,
            }
        )
    return _named(pd.DataFrame(rows), register)


def _outcome(before: str, after: str, between: Sequence[str]) -> str:
    if "not coded" in (before, after):
        return "not comparable"
    if before == after == "coded":
        if "absent" in between:
            return "returned"
        return "in both" if "not coded" in between else "kept"
    return {"coded": "dropped", "absent": "new" if after == "coded" else "in neither"}[before]


def _differing(register: Register, after: str, before: str, kind: str) -> list[str]:
    if kind in TERM_PARTS:
        terms = _of(register.treaties, [before, after])
        return [part for part in TERM_PARTS[kind] if terms[part].nunique(dropna=False) > 1]
    table = differences(register, after, before, kind)
    return [str(part) for part, same in zip(table["part"], table["same"], strict=True) if same is False]


def article(register: Register, focus: str, label: str, treaties: Sequence[str]) -> pd.DataFrame:
    """What an article of the focus obliges, and how the other treaties stand to each of its types.

    Raises
    ------
    InputError
        If no provision of the focus is coded for an article with this label.
    """
    own = register.provisions[register.provisions["treaty"] == focus]
    kinds = own.loc[own["article"].astype(str).str.casefold() == label.casefold(), "type"].drop_duplicates().tolist()
    if not kinds:
        labels = own["article"].dropna().drop_duplicates().tolist()
        raise InputError(
            f"No provision of {focus} is coded for an article '{label}'{nearest(label, labels)}. "
            f"Coded are {', '.join(labels)}."
        )
    order = [focus, *(treaty for treaty in treaties if treaty != focus)]
    frame = matrix(register, order, kinds)
    gists = {key: " ".join(group["gist"]) for key, group in register.provisions.groupby(["treaty", "type"], sort=False)}
    keys = list(zip(frame["treaty"], frame["type"], strict=True))
    frame["gist"] = [gists.get(key) for key in keys]
    remarks = own[own["type"].isin(kinds)].dropna(subset=["note"]).groupby("type")["note"].agg(" ".join)
    frame["remark"] = [remarks.get(kind) if treaty == focus else None for treaty, kind in keys]
    return frame


def additions(changes: pd.DataFrame, after: str, group: str = "security") -> list[str]:
    """The articles of a later treaty, as labels, with types of a group that no earlier treaty of ``changes`` has."""
    new = changes[(changes["outcome"] == "new") & (changes["first"] == after) & (changes["group"] == group)]
    labels = [label.strip("()") for cell in new["after_articles"] for label in str(cell).split(", ") if label]
    return list(dict.fromkeys(labels))


# Over time


def states_of(register: Register, treaty: str) -> list[str]:
    """The first two parties of a treaty, a state that is no more by the one that continued its treaties."""
    codes = register.parties.loc[register.parties["treaty"] == treaty, "code"]
    return list(dict.fromkeys(CONTINUES.get(code, code) for code in codes))[:2]


def commitments(register: Register, pair: Sequence[str], as_of: str) -> pd.DataFrame:
    """The treaties that bind or bound two states, with what each commits them to and when.

    Left out are those whose beginning nobody tells (:func:`undated`), and those that began after ``as_of``.

    Parameters
    ----------
    pair
        Two codes. A treaty of a state counts for the one that continued it (:data:`CONTINUES`).
    as_of
        The day up to which a treaty without an end is taken to run, ``YYYY-MM-DD``.

    Returns
    -------
    DataFrame
        One row a treaty, by signature: ``start`` and ``end`` in decimal years; ``start_known``; ``end_first`` and
        ``end_last``, the earliest and latest end that any source gives; ``ongoing``; ``level``: 'assistance',
        'consultation', 'neither shown' or 'not known'; the parts of the pledge.
    """
    if len(set(pair)) != 2:
        raise InputError(f"A commitment is between two states, not {', '.join(pair) or 'none'}. Name two codes.")
    rows = []
    table = pledges(register, register.treaties["treaty"].tolist()).drop_duplicates("treaty").set_index("treaty")
    consults = register.states[register.states["type"] == CONSULTATION].set_index("treaty")
    for row in _records(register.treaties):
        name = row["treaty"]
        span = _bound(register, name, pair)
        if span is None:
            continue
        pledge, consult = table.loc[name], str(consults.loc[name, "state"])
        dates = register.dates[register.dates["treaty"] == name]
        ends = dates.loc[(dates["event"] == "ended") & dates["date"].notna(), "date"].astype(str)
        begun = _begun(row)
        if begun is None:
            continue
        start = max(filter(None, [begun, span[0]]))
        if decimal_year(start) > decimal_year(as_of):
            continue
        end = row["ended"] if isinstance(row["ended"], str) else span[1]
        level = "assistance" if pledge["state"] == "coded" else "consultation" if consult == "coded" else "not known"
        if level == "not known" and pledge["state"] == consult == "absent":
            level = "neither shown"
        given = [*map(decimal_year, ends), *([decimal_year(end)] if end else [])]
        now = decimal_year(as_of)
        rows.append(
            {
                "treaty": name,
                "short": row["short"],
                "start": decimal_year(start),
                "start_date": start,
                "start_known": isinstance(row["in_force"], str),
                "end": decimal_year(end) if end else np.nan if given else now,
                "end_date": end,
                "end_first": min(given, default=now),
                "end_last": max(given, default=now),
                "ongoing": not given,
                "level": level,
                "pledge": pledge["state"],
                **{part: pledge[part] for part in ("automaticity", "means", "conditions")},
                "source": "; ".join(
                    dict.fromkeys(
                        part
                        for cell in [*dates["source"], pledge["source"], consults.loc[name, "source"]]
                        for part in split(cell)
                    )
                ),
            }
        )
    return pd.DataFrame(rows)


def undated(register: Register, pair: Sequence[str]) -> list[str]:
    """The treaties of two states of which neither the day of signature nor that of entry into force is known."""
    rows = _records(register.treaties)
    return [row["treaty"] for row in rows if _begun(row) is None and _bound(register, row["treaty"], pair) is not None]


def _begun(row: Mapping[str, Any]) -> str | None:
    """When a treaty began: by its entry into force, or as far as is known by its signature."""
    return _text(row["in_force"]) or _text(row["signed"])


def _bound(register: Register, treaty: str, pair: Sequence[str]) -> tuple[str | None, str | None] | None:
    """Since and until when both states are bound, beyond the treaty's own dates; None if they never were."""
    parties = register.parties[register.parties["treaty"] == treaty]
    since, until = [], []
    for code in pair:
        mine = parties[parties["code"].map(lambda one, code=code: one == code or CONTINUES.get(one) == code)]
        if mine.empty:
            return None
        since += [str(day) for day in mine["since"].dropna()]
        until += [str(day) for day in mine["until"].dropna()]
    return max(since, default=None), min(until, default=None)


def decimal_year(date: str) -> float:
    """A date as a number of years; the middle of the year or month where it names no more."""
    parts = [int(part) for part in date.split("-")]
    month = parts[1] - 1 if len(parts) > 1 else 6
    day = (parts[2] - 1) / 31 if len(parts) > 2 else 0.5 if len(parts) > 1 else 0.0
    return parts[0] + (month + day) / 12


# Likeness


def similarity(register: Register, treaties: Sequence[str]) -> pd.DataFrame:
    """How alike the codings of each two treaties are: the share of types both have among those that either has.

    The coefficient of Jaccard ("The distribution of the flora in the alpine zone", New Phytologist 11, 1912) over the
    codebook's types. Where a type is not coded the share has two bounds: ``low``, if every unknown made the two
    differ, and ``high``, if every unknown made them agree. ``common`` types are known for both treaties. Where all is
    known the bounds meet.
    """
    known = register.states.pivot(index="treaty", columns="type", values="state")
    rows = []
    for place, one in enumerate(treaties):
        for other in treaties[place + 1 :]:
            pairs = list(zip(known.loc[one], known.loc[other], strict=True))
            both = sum(a == b == "coded" for a, b in pairs)
            apart = sum({a, b} == {"coded", "absent"} for a, b in pairs)
            half = sum({a, b} == {"coded", "not coded"} for a, b in pairs)
            # absent and not coded, or not coded twice: at worst they differ
            open_ = sum(a != b and {a, b} == {"absent", "not coded"} for a, b in pairs)
            blank = sum(a == b == "not coded" for a, b in pairs)
            low_of, high_of = both + apart + half + open_ + blank, both + apart + half + blank
            # Without a type that both could have, the share is nought wherever it is defined at all.
            most = (both + half + blank) / high_of if high_of else 0.0 if low_of else np.nan
            rows.append(
                {
                    "one": one,
                    "other": other,
                    "both": both,
                    "apart": apart,
                    "common": sum("not coded" not in pair for pair in pairs),
                    "types": len(pairs),
                    "low": both / low_of if low_of else np.nan,
                    "high": most,
                }
            )
    columns = ["one", "other", "both", "apart", "common", "types", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


# Words


def redlined(texts: Mapping[str, str], after: str, before: str) -> pd.DataFrame:
    """What became of each article of one text in another, with the words that were left out and put in.

    ``op`` is what ``compare.align`` says: kept, changed, moved, split, merged, new or dropped; ``score`` runs from 0 to
    1. Of several articles that belong together the texts are joined.
    """
    old, new = (compare.articles(texts[treaty]) for treaty in (before, after))
    rows = []
    for step in compare.align([one.text for one in old], [one.text for one in new]):
        was, now = " ".join(old[place].text for place in step.old), " ".join(new[place].text for place in step.new)
        edits = compare.redline(was, now) if step.old and step.new else []
        rows.append(
            {
                "op": step.op,
                "before_articles": ", ".join(old[place].number for place in step.old),
                "after_articles": ", ".join(new[place].number for place in step.new),
                "score": step.score if step.old and step.new else np.nan,
                "left_out": [edit.old for edit in edits if edit.old],
                "put_in": [edit.new for edit in edits if edit.new],
            }
        )
    return pd.DataFrame(rows, columns=["op", "before_articles", "after_articles", "score", "left_out", "put_in"])


def phrase(register: Register, treaty: str, kind: str = PLEDGE) -> dict[str, Any]:
    """A few words quoted from a provision, English first: text, article, who prints it. All None if there are none."""
    rows = register.phrases[(register.phrases["treaty"] == treaty) & (register.phrases["type"] == kind)]
    if rows.empty:
        return dict.fromkeys(("text", "article", "printed_by"))
    row = rows.sort_values("language", key=lambda cell: cell != "eng", kind="stable").iloc[0]
    entry = register.sources.set_index("id").loc[row["source"]]
    return {"text": row["text"], "article": row["article"], "printed_by": entry["producer"]}


def split(cell: Any) -> list[str]:
    """The identifiers in a cell that joins them by '; '."""
    return [part for part in str(cell).split("; ") if part] if isinstance(cell, str) else []


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _of(table: pd.DataFrame, treaties: Sequence[str]) -> pd.DataFrame:
    return table.set_index("treaty", drop=False).loc[list(treaties)].reset_index(drop=True)


def _named(frame: pd.DataFrame, register: Register) -> pd.DataFrame:
    """With the names a reader knows of treaties and types."""
    if "treaty" in frame:
        frame.insert(1, "short", frame["treaty"].map(register.treaties.set_index("treaty")["short"]))
    if "type" in frame:
        types = register.types.set_index("type")
        frame.insert(1, "label", frame["type"].map(types["label"]))
        frame.insert(2, "group", frame["type"].map(types["group"]))
        frame.insert(3, "group_label", frame["type"].map(types["group_label"]))
    return frame


def _ranks(register: Register, scale: str) -> dict[str, int]:
    rows = register.levels[register.levels["scale"] == scale]
    return dict(zip(rows["id"], rows["rank"].astype(int), strict=True))


def _articles(provisions: pd.DataFrame) -> str:
    rows = provisions.dropna(subset=["article"]).drop_duplicates("article")
    return ", ".join(
        f"({label})" if numbered == "inferred" else str(label)
        for label, numbered in zip(rows["article"], rows["numbered"], strict=True)
    )


def _first(register: Register, treaty: str, kind: str) -> dict[str, Any] | None:
    rows = register.provisions[(register.provisions["treaty"] == treaty) & (register.provisions["type"] == kind)]
    return {str(key): value for key, value in rows.iloc[0].items()} if len(rows) else None


def _text(cell: Any) -> str | None:
    return cell if isinstance(cell, str) else None
