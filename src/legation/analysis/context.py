"""What stands around a visit: events in lanes, votes in a matrix, arms by supplier and period, statements with bounds.

Every function takes frames as ``legation.data.open`` gives them (``events``, ``un_votes``, ``un_resolutions``,
``arms_deliveries``, ``statements``, ``sources``) and gives frames. Three things are kept apart throughout: what a
source states, what it states not to be (an absence from a vote, a year without deliveries), and what was not seen.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from legation.analysis.treaties import decimal_year, split
from legation.errors import InputError, nearest

#: What an event is, for a chart: a visit, another meeting, something agreed, something put in force or ended, a blow.
MARKS = {
    "visit": "visit",
    "meeting": "meeting",
    "treaty": "agreed",
    "declaration": "agreed",
    "partnership": "agreed",
    "trade-agreement": "agreed",
    "ratification": "in force",
    "entry-into-force": "in force",
    "end-of-treaty": "ended",
    "sanctions": "pressure",
    "war": "pressure",
    "transfer": "pressure",
    "deployment": "pressure",
    "statement": "other",
    "election": "other",
    "other": "other",
}
#: What a timeline tells of: journeys, what was agreed and came into force, and war.
TOLD = (
    "visit",
    "meeting",
    "treaty",
    "declaration",
    "partnership",
    "trade-agreement",
    "ratification",
    "entry-into-force",
    "end-of-treaty",
    "war",
)
#: Steps of one ratification are told as one if no more than this lies between two of them, in years.
SAME_RATIFICATION = 1.0
VOTES = ("yes", "no", "abstain", "absent")
DISPUTED, NOT_SEEN = "disputed", "not seen"
#: How firmly a source of each kind is believed where two differ on a vote or a tally: the lowest rank first.
FIRMNESS = {"official": 0, "statistical": 0, "scholarly": 1, "reference": 1, "derived": 1, "press": 2}
#: Whose whole record, as supplier and as recipient, ``arms_deliveries`` holds. Of any other pair a missing row says
#: nothing: a test keeps this in step with the table.
ARMS_HELD = ("PRK", "VNM")
#: Which side of a stated number the true one may lie on.
BELOW, ABOVE = ("up-to", "less-than"), ("at-least", "more-than")


# Events


def timeline(
    events: pd.DataFrame,
    sources: pd.DataFrame,
    *,
    state: str,
    hosts: Sequence[str],
    years: tuple[int, int],
    kinds: Sequence[str] = TOLD,
) -> pd.DataFrame:
    """Events in lanes: one for the state with each host, one for the hosts with others, one for what bears on all.

    Parameters
    ----------
    events, sources
        The tables of those names.
    state, hosts
        Codes of the visitor's state and of the states visited.
    years
        First and last year, both included.
    kinds
        Kinds of event to keep.

    Returns
    -------
    DataFrame
        ``lane`` (the other state's code, ``'others'`` or ``'all'``), ``id``, ``date``, ``until``, ``start``, ``end``
        (decimal years; equal for a day), ``kind``, ``mark``, ``person``, ``host``, ``label``, ``description``,
        ``also``, ``press``, ``source``; in order of lanes, then dates. Steps of one ratification are one row; a meeting
        during a visit in the same lane is part of the visit and has none.

    Raises
    ------
    InputError
        If the years run backwards, or a kind is unknown.
    """
    _forwards(years)
    for kind in kinds:
        if kind not in MARKS:
            raise InputError(f"'{kind}' is no kind of event{nearest(kind, MARKS)}. The kinds are {', '.join(MARKS)}.")
    rows = _dated(events, sources)
    rows = rows[rows["kind"].isin(kinds) & (rows["end"] >= years[0]) & (rows["start"] < years[1] + 1)]
    lanes = [_lane(row["countries"], row["kind"], state, hosts) for row in _records(rows)]
    rows = rows.assign(lane=pd.Series(lanes, index=rows.index, dtype=object))
    rows = rows[rows["lane"].notna()]
    order = {lane: place for place, lane in enumerate([*hosts, "others", "all"])}
    rows = rows[~_within_a_visit(rows)]
    merged = [_merged_ratifications(rows[rows["lane"] == lane]) for lane in order if (rows["lane"] == lane).any()]
    found = pd.concat(merged) if merged else rows
    columns = ["lane", "id", "date", "until", "start", "end", "kind", "mark", "person", "host", "label", "description"]
    return found[[*columns, "also", "press", "source"]].reset_index(drop=True)


def around(
    events: pd.DataFrame, sources: pd.DataFrame, first: str, last: str, *, states: Sequence[str] = ()
) -> pd.DataFrame:
    """Events that touch the months ``first`` to ``last`` (``YYYY-MM``), in order of date.

    ``states``: only events that name one of these countries; none given, all. Columns of :func:`timeline` but ``lane``,
    and ``countries``.
    """
    for month in (first, last):
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
            raise InputError(f"'{month}' is no month. Write it as YYYY-MM, such as 2024-06.")
    if first > last:
        raise InputError(f"The months {first} to {last} run backwards. Give the earlier one first.")
    rows = _dated(events, sources)
    begins, ends = rows["date"].str[:7], rows["until"].fillna(rows["date"]).str[:7]
    # A year without a month touches the months only if it is shown to: it is left out.
    rows = rows[(begins <= last) & (ends >= first) & (rows["date"].str.len() > 4)]
    if states:
        named = [bool(set(_codes(cell)) & set(states)) for cell in rows["countries"]]
        rows = rows[pd.Series(named, index=rows.index, dtype=bool)]
    columns = ["id", "date", "until", "start", "end", "kind", "mark", "person", "host", "label", "description"]
    return rows[[*columns, "countries", "also", "press", "source"]].reset_index(drop=True)


def visits(
    events: pd.DataFrame, statements: pd.DataFrame, *, person: str, hosts: Sequence[str], years: tuple[int, int]
) -> pd.DataFrame:
    """How often a person went to each host, as the events hold it, and as others have counted.

    Returns
    -------
    DataFrame
        ``host``, ``visits``, ``dates`` (first days, joined by '; '), ``gap`` (whole years between the last two),
        ``stated``, ``stated_by``, ``stated_on`` (the latest count under the topic ``visits-PERSON-to-HOST``, missing if
        there is none), ``source``.

    Raises
    ------
    InputError
        If nobody of that name travels in the table, with the nearest name.
    """
    _forwards(years)
    travels = events[(events["kind"] == "visit") & events["person"].notna()]
    if person not in set(travels["person"]):
        raise InputError(
            f"The events hold no visit by '{person}'{nearest(person, travels['person'].unique())}. "
            "Correct the name, or add the visit to data/context/events.csv."
        )
    year = travels["date"].str[:4].astype(int)
    own = travels[(travels["person"] == person) & year.between(*years)].sort_values("date")
    rows = []
    for host in dict.fromkeys(hosts):
        mine = own[own["host"] == host]
        dates = list(mine["date"])
        topic = f"visits-{person}-to-{host}".lower().replace(" ", "-")
        said = statements[(statements["topic"] == topic) & statements["date"].str[:4].astype(int).between(*years)]
        said = said.dropna(subset=["value"]).sort_values("date")
        count = said.iloc[-1].to_dict() if len(said) else {}
        rows.append(
            {
                "host": host,
                "visits": len(dates),
                "dates": "; ".join(dates) or None,
                "gap": int(dates[-1][:4]) - int(dates[-2][:4]) if len(dates) > 1 else None,
                "stated": count.get("value"),
                "stated_by": count.get("who"),
                "stated_on": count.get("date"),
                "source": "; ".join(dict.fromkeys([*mine["source"], *([count["source"]] if count else [])])) or None,
            }
        )
    return pd.DataFrame(rows).astype({"visits": "Int64", "gap": "Int64", "stated": "Int64"})


def disputed_dates(events: pd.DataFrame) -> pd.DataFrame:
    """Dates that other sources give of an event: ``id``, ``label``, ``date``, ``other``, ``source`` of the other."""
    rows = []
    for row in _records(events):
        for part in re.split(r";\s*", row["also"]) if isinstance(row.get("also"), str) else []:
            date, _, source = part.partition("@")
            found = {"id": row["id"], "label": row["label"], "date": row["date"]}
            rows.append(found | {"other": date.strip(), "source": source.strip()})
    return pd.DataFrame(rows, columns=["id", "label", "date", "other", "source"])


def _dated(events: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """The events in order, with decimal years, marks, and whether only the press reports them."""
    rows = _press(events, sources).sort_values(["date", "id"], kind="stable")
    start = [decimal_year(str(date)) for date in rows["date"]]
    end = [
        decimal_year(str(until)) if isinstance(until, str) else day
        for until, day in zip(rows["until"], start, strict=True)
    ]
    return rows.assign(start=start, end=end, mark=rows["kind"].map(MARKS))


def _lane(countries: Any, kind: str, state: str, hosts: Sequence[str]) -> str | None:
    """Whose lane an event belongs to: the two named states; a host and others; war and sanctions; none."""
    codes = set(_codes(countries))
    both = [host for host in hosts if {state, host} <= codes]
    if both:
        return both[0]
    if kind in ("war", "sanctions"):
        return "all"
    return "others" if codes & set(hosts) else None


def _within_a_visit(rows: pd.DataFrame) -> pd.Series[bool]:
    """Whether a row is a meeting on a day of a visit in the same lane."""
    trips = [(row["lane"], row["start"], row["end"]) for row in _records(rows[rows["kind"] == "visit"])]
    inside = [
        row["kind"] == "meeting"
        and any(lane == row["lane"] and start <= row["start"] and row["end"] <= end for lane, start, end in trips)
        for row in _records(rows)
    ]
    return pd.Series(inside, index=rows.index, dtype=bool)


def _merged_ratifications(rows: pd.DataFrame) -> pd.DataFrame:
    """The steps of a ratification (houses, signatures of heads of state) as one row from the first day to the last."""
    steps = rows[rows["kind"] == "ratification"]
    groups: list[list[dict[str, Any]]] = []
    for row in _records(steps):
        if groups and row["start"] - groups[-1][-1]["end"] <= SAME_RATIFICATION:
            groups[-1].append(row)
        else:
            groups.append([row])
    told = [group[0] if len(group) == 1 else _as_one(group) for group in groups]
    others = rows[rows["kind"] != "ratification"]
    merged = pd.DataFrame([*_records(others), *told], columns=rows.columns)
    return merged.sort_values(["date", "id"], kind="stable")


def _as_one(group: Sequence[dict[str, Any]]) -> dict[str, Any]:
    last = max(group, key=lambda row: float(row["end"]))
    return group[0] | {
        "id": "+".join(str(row["id"]) for row in group),
        "until": last["until"] if isinstance(last["until"], str) else last["date"],
        "end": last["end"],
        "label": f"Ratified in {len(group)} steps",
        "description": " ".join(str(row["description"]) for row in group),
        "also": "; ".join(row["also"] for row in group if isinstance(row["also"], str)) or None,
        "press": all(row["press"] for row in group),
        "source": "; ".join(dict.fromkeys(str(row["source"]) for row in group)),
    }


# Votes


def vote_matrix(
    votes: pd.DataFrame,
    resolutions: pd.DataFrame,
    sources: pd.DataFrame,
    *,
    topic: str,
    countries: Sequence[str],
    years: tuple[int, int],
) -> pd.DataFrame:
    """How each country voted on each resolution, as far as it was seen.

    Where sources differ the firmer one decides (official and statistical before scholarly, those before the press);
    equally firm ones that differ leave the vote ``'disputed'``. A vote no source tells is ``'not seen'``, which is not
    an absence.

    Returns
    -------
    DataFrame
        One row a resolution and country, in order of date and of ``countries``: ``resolution``, ``date``, ``subject``,
        ``country``, ``vote`` (yes, no, abstain, absent, disputed, not seen), ``conflict`` (whether sources differ),
        ``press`` (whether the press alone shows it), ``readings`` ("abstain@source-id; no@other-id", the deciding ones
        first), ``source`` (all, joined by '; ').

    Raises
    ------
    InputError
        An unknown topic (with the nearest), or no resolution of it in these years.
    """
    chosen = tallies(resolutions, sources, topic=topic, years=years)
    kind = dict(zip(sources["id"], sources["kind"], strict=True))
    known = votes[votes["resolution"].isin(chosen["resolution"]) & votes["country"].isin(countries)]
    by_cell: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for reading in _records(known):
        by_cell.setdefault((reading["resolution"], reading["country"]), []).append(reading)
    rows = []
    for resolution in _records(chosen):
        for country in dict.fromkeys(countries):
            readings = by_cell.get((resolution["resolution"], country), [])
            ranked = sorted(readings, key=lambda row: (_rank(row, kind), row["source"]))
            best = [row for row in ranked if _rank(row, kind) == _rank(ranked[0], kind)]
            said = {row["vote"] for row in best}
            rows.append(
                {
                    **{name: resolution[name] for name in ("resolution", "date", "subject")},
                    "country": country,
                    "vote": NOT_SEEN if not ranked else said.pop() if len(said) == 1 else DISPUTED,
                    "conflict": len({row["vote"] for row in ranked}) > 1,
                    "press": bool(ranked) and all(kind.get(row["source"]) == "press" for row in ranked),
                    "readings": "; ".join(f"{row['vote']}@{row['source']}" for row in ranked),
                    "source": "; ".join(dict.fromkeys(str(row["source"]) for row in ranked)) or None,
                }
            )
    return pd.DataFrame(rows)


def tallies(resolutions: pd.DataFrame, sources: pd.DataFrame, *, topic: str, years: tuple[int, int]) -> pd.DataFrame:
    """The resolutions of a topic in order of date, each once, with its count.

    Columns ``resolution``, ``body``, ``date``, ``subject``, ``yes``, ``no``, ``abstain``, ``absent`` from its firmest
    source (of equally firm ones from that which most agree with), and ``conflict``: the tallies of other sources that
    differ, as text ("94–14–73@source-id"), missing if none does. A number that was not seen is missing.

    Raises
    ------
    InputError
        An unknown topic (with the nearest), or no resolution of it in these years.
    """
    _forwards(years)
    if topic not in set(resolutions["topic"]):
        raise InputError(
            f"No resolution has the topic '{topic}'{nearest(topic, resolutions['topic'].unique())}. "
            f"The topics are {', '.join(sorted(resolutions['topic'].unique()))}."
        )
    kind = dict(zip(sources["id"], sources["kind"], strict=True))
    rows = resolutions[resolutions["topic"] == topic]
    rows = rows[rows["date"].str[:4].astype(int).between(*years)]
    if rows.empty:
        raise InputError(f"No resolution on '{topic}' falls in {years[0]} to {years[1]}. Widen the years.")
    found = []
    for name, group in rows.groupby("resolution", sort=False):
        # A whole tally says more than a part of one; then the firmest source decides, then how many agree with it.
        told = [_tally(row) for row in _records(group)]
        ranked = sorted(
            _records(group),
            key=lambda row: (not _tally(row), _rank(row, kind), -told.count(_tally(row)), row["source"]),
        )
        best = ranked[0]
        tally = _tally(best)
        others = [f"{_tally(row)}@{row['source']}" for row in ranked[1:] if _tally(row) and _tally(row) != tally]
        absent = next((row["absent"] for row in ranked if not pd.isna(row["absent"])), None)
        found.append(
            {
                "resolution": name,
                **{key: best[key] for key in ("body", "date", "subject", "yes", "no", "abstain")},
                "absent": absent,
                "conflict": "; ".join(others) or None,
                "source": "; ".join(dict.fromkeys(str(row["source"]) for row in ranked)),
            }
        )
    table = pd.DataFrame(found).sort_values(["date", "resolution"], ignore_index=True)
    return table.astype(dict.fromkeys(VOTES, "Int64"))


def vote_counts(matrix: pd.DataFrame) -> pd.DataFrame:
    """For each country how many votes were seen, and how many of each kind: ``country``, ``seen``, ``yes``, … .

    ``seen`` counts yes, no and abstentions; absences, disputed and unseen votes have columns of their own.
    """
    counts = pd.crosstab(matrix["country"], matrix["vote"]).reindex(
        index=list(dict.fromkeys(matrix["country"])), columns=[*VOTES, DISPUTED, NOT_SEEN], fill_value=0
    )
    counts.insert(0, "seen", counts[["yes", "no", "abstain"]].sum(axis=1))
    counts.columns.name = None
    return counts.reset_index()


def agreement(matrix: pd.DataFrame, poles: Sequence[str]) -> pd.DataFrame:
    """How often each country cast the same vote as each of the ``poles``.

    Counted over the resolutions on which both were seen to vote yes, no or abstain: absences and votes not seen or
    disputed are left out, and an abstention agrees only with an abstention.

    Returns
    -------
    DataFrame
        ``country``, ``pole``, ``alike``, ``compared``, ``share`` (missing if nothing could be compared), ``source``.

    Raises
    ------
    InputError
        If a pole is not among the countries of the matrix.
    """
    cast = matrix[matrix["vote"].isin(("yes", "no", "abstain"))]
    table = cast.pivot(index="resolution", columns="country", values="vote")
    sources = matrix.pivot(index="resolution", columns="country", values="source")
    countries = list(dict.fromkeys(matrix["country"]))
    rows = []
    for pole in poles:
        if pole not in countries:
            raise InputError(
                f"Votes cannot be compared with those of '{pole}', which is not among the countries of the matrix: "
                f"{', '.join(countries)}. Add it there."
            )
        for country in countries:
            if country == pole:
                continue
            pair = table.reindex(columns=[country, pole]).dropna()
            alike = int((pair[country] == pair[pole]).sum())
            cells = [cell for name in (country, pole) for cell in sources.loc[pair.index, name]]
            rows.append(
                {
                    "country": country,
                    "pole": pole,
                    "alike": alike,
                    "compared": len(pair),
                    "share": alike / len(pair) if len(pair) else np.nan,
                    "source": "; ".join(dict.fromkeys(part for cell in cells for part in split(cell))) or None,
                }
            )
    return pd.DataFrame(rows)


def _tally(row: dict[str, Any]) -> str:
    numbers = [row[name] for name in ("yes", "no", "abstain")]
    return "" if any(pd.isna(number) for number in numbers) else "–".join(str(int(number)) for number in numbers)


def _rank(row: dict[str, Any], kind: dict[str, str]) -> int:
    return FIRMNESS.get(kind.get(row["source"], ""), 3)


# Arms


def deliveries(
    arms: pd.DataFrame, *, recipient: str, supplier: str | None = None, years: tuple[int, int], apart: str | None = None
) -> pd.DataFrame:
    """Deliveries of arms to a recipient, year by year, in million SIPRI trend-indicator values.

    The indicator measures the military worth of what was handed over, against the known cost of a core of weapons
    (SIPRI, "Sources and methods"); it is not what was paid, and not comparable with trade in money.

    Parameters
    ----------
    arms
        The table ``arms_deliveries``, all pairs: the years it spans are those in which a pair without a row had no
        delivery that SIPRI identified.
    supplier
        One supplier; None for all of them together.
    apart
        A supplier left out of the sum.

    Returns
    -------
    DataFrame
        ``year``, ``tiv`` (missing unless delivered), ``deals``, ``estimated``, ``state`` ('delivered', 'none
        identified', 'not covered'), ``source``.

    Raises
    ------
    InputError
        If the years run backwards, or the table does not hold the whole record of the recipient or the supplier, so
        that a missing row would say nothing.
    """
    _forwards(years)
    if not arms_held(recipient, supplier):
        raise InputError(
            f"What {recipient} received from {supplier or 'all suppliers'} is not held: "
            f"data/context/arms_deliveries.csv has the whole record of "
            f"{' and '.join(ARMS_HELD)} only. Name one of them, or add the rows."
        )
    covered = (int(arms["year"].min()), int(arms["year"].max())) if len(arms) else (1, 0)
    own = arms[arms["recipient"] == recipient]
    own = own[own["supplier"] == supplier] if supplier else own[own["supplier"] != apart]
    sums = own.groupby("year").agg(
        tiv=("tiv", "sum"),
        deals=("deals", "sum"),
        estimated=("estimated", "sum"),
        source=("source", lambda cells: "; ".join(sorted({part for cell in cells for part in split(cell)}))),
    )
    rows = sums.reindex(range(years[0], years[1] + 1)).rename_axis("year").reset_index()
    inside = rows["year"].between(*covered)
    state = np.where(rows["tiv"].notna(), "delivered", np.where(inside, "none identified", "not covered"))
    rows = rows.assign(state=state)
    return rows.astype({"deals": "Int64", "estimated": "Int64"})[
        ["year", "tiv", "deals", "estimated", "state", "source"]
    ]


def arms_held(recipient: str, supplier: str | None = None) -> bool:
    """Whether the table tells all that SIPRI has identified of this pair, or of the recipient from everyone."""
    return recipient in ARMS_HELD or supplier in ARMS_HELD


def mean_change(yearly: pd.DataFrame, before: tuple[int, int], after: tuple[int, int]) -> dict[str, Any]:
    """The mean of a year's deliveries in two periods and the change as a ratio; None if a period is not covered.

    ``yearly``: :func:`deliveries`. A year in which no delivery was identified counts as nothing delivered.
    """
    means = []
    for span in (before, after):
        rows = yearly[yearly["year"].between(*span)]
        whole = len(rows) == span[1] - span[0] + 1 and (rows["state"] != "not covered").all()
        means.append(float(rows["tiv"].fillna(0).mean()) if whole else None)
    first, second = means
    change = second / first - 1 if first and second is not None else None
    return {"before": first, "after": second, "change": change, "before_years": before, "after_years": after}


def peak(yearly: pd.DataFrame) -> dict[str, Any]:
    """The year of the largest deliveries, and the last year that came to at least half of them; None without any."""
    known = yearly.dropna(subset=["tiv"])
    if known.empty:
        return dict.fromkeys(("year", "tiv", "last_half"))
    top = known.sort_values("tiv", kind="stable").iloc[-1]
    half = known[known["tiv"] >= top["tiv"] / 2]
    return {"year": int(top["year"]), "tiv": float(top["tiv"]), "last_half": int(half["year"].max())}


def reversal(there: pd.DataFrame, back: pd.DataFrame) -> dict[str, Any]:
    """Whether arms that went one way ended before arms began to go the other: years and sums; None if they did not.

    ``there``, ``back``: :func:`deliveries` in both directions. ``until`` is the last year of the first, ``since`` and
    ``last`` the first and last of the second, ``tiv`` all that went back.
    """
    out, home = there.dropna(subset=["tiv"]), back.dropna(subset=["tiv"])
    if out.empty or home.empty or int(out["year"].max()) >= int(home["year"].min()):
        return dict.fromkeys(("until", "since", "last", "tiv"))
    years = {"until": int(out["year"].max()), "since": int(home["year"].min()), "last": int(home["year"].max())}
    return years | {"tiv": float(home["tiv"].sum())}


def supplier_shares(arms: pd.DataFrame, *, recipient: str, years: tuple[int, int], length: int = 5) -> pd.DataFrame:
    """Each supplier's share of what a recipient received, in periods of ``length`` years counted back from the last.

    The last period ends with the last year that both the register and ``years`` cover; a remainder at the start, too
    short for a period, is left out.

    Returns
    -------
    DataFrame
        ``first``, ``last``, ``supplier``, ``tiv``, ``share`` of the period's total, ``total``, ``source``; periods in
        order, the largest supplier first. A period without any delivery has no row.

    Raises
    ------
    InputError
        If the recipient's record is not held, or the years hold no whole period.
    """
    _forwards(years)
    own = arms[arms["recipient"] == recipient]
    if own.empty or not arms_held(recipient):
        raise InputError(
            f"The suppliers of '{recipient}' are not held: data/context/arms_deliveries.csv has the whole record of "
            f"{' and '.join(ARMS_HELD)} only. Name one of them, or add the rows."
        )
    low, high = max(years[0], int(arms["year"].min())), min(years[1], int(arms["year"].max()))
    ends = list(range(high, low + length - 2, -length))[::-1]
    if not ends:
        raise InputError(f"The years {low} to {high} hold no period of {length} years. Widen them.")
    rows = []
    for end in ends:
        part = own[own["year"].between(end - length + 1, end)]
        total = float(part["tiv"].sum())
        for supplier, group in part.groupby("supplier"):
            tiv = float(group["tiv"].sum())
            share = tiv / total if total else np.nan
            source = "; ".join(sorted(set(group["source"])))
            found = {"first": end - length + 1, "last": end, "supplier": supplier, "tiv": tiv, "share": share}
            rows.append(found | {"total": total, "source": source})
    table = pd.DataFrame(rows, columns=["first", "last", "supplier", "tiv", "share", "total", "source"])
    return table.sort_values(["first", "tiv", "supplier"], ascending=[True, False, True], ignore_index=True)


# Statements


def stated(
    statements: pd.DataFrame, sources: pd.DataFrame, topics: Iterable[str], *, until: str | None = None
) -> pd.DataFrame:
    """What was stated on the topics, in the order of the topics and of dates, with the bounds each statement leaves.

    Returns
    -------
    DataFrame
        ``topic``, ``date``, ``start`` (decimal year), ``value``, ``unit``, ``bound``, ``low``, ``high`` (missing on an
        open side; both equal ``value`` for a point, however rough), ``who``, ``says``, ``press``, ``source``.

    Raises
    ------
    InputError
        If nothing was stated on any of the topics, with the topics there are.
    """
    wanted = list(dict.fromkeys(topics))
    rows = _press(statements[statements["topic"].isin(wanted)], sources)
    if rows.empty:
        near = {
            name for topic in wanted for name in difflib.get_close_matches(topic, statements["topic"].unique(), n=2)
        }
        hint = f" Near it: {', '.join(sorted(near))}." if near else ""
        raise InputError(
            f"No statement is held on {', '.join(wanted) or 'no topic'}.{hint} Correct the topic, or add its rows."
        )
    if until is not None:
        rows = rows[rows["date"].str[: len(until)] <= until]
    value, bound = rows["value"].astype(float), rows["bound"]
    order = {topic: place for place, topic in enumerate(wanted)}
    rows = rows.assign(
        start=[decimal_year(str(date)) for date in rows["date"]],
        low=value.where(~bound.isin(BELOW)),
        high=value.where(~bound.isin(ABOVE)),
        _order=rows["topic"].map(order),
    ).sort_values(["_order", "start", "value", "source"], kind="stable", ignore_index=True)
    columns = ["topic", "date", "start", "value", "unit", "bound", "low", "high", "who", "says", "press", "source"]
    return rows[columns]


def topics_held(statements: pd.DataFrame, pattern: str) -> list[str]:
    """The topics that the pattern fits, in alphabetical order: ``investment-*-in-vnm`` is everybody's investment."""
    return sorted(topic for topic in statements["topic"].unique() if fnmatch.fnmatchcase(topic, pattern))


def latest(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each topic the statements of its last date: those that hold a value. ``rows``: :func:`stated`."""
    known = rows.dropna(subset=["value"])
    return known[known["date"] == known.groupby("topic")["date"].transform("max")].reset_index(drop=True)


def highest(rows: pd.DataFrame, topic: str) -> dict[str, Any]:
    """The largest number stated on a topic, at its first mention: ``value``, ``date``, ``bound``; None if none."""
    own = rows[(rows["topic"] == topic) & rows["value"].notna()]
    if own.empty:
        return dict.fromkeys(("value", "date", "bound"))
    top = own.sort_values("value", ascending=False, kind="stable").iloc[0]
    return {"value": float(top["value"]), "date": str(top["date"]), "bound": str(top["bound"])}


def widest_month(rows: pd.DataFrame) -> dict[str, Any]:
    """The month in which two numbers stated on one topic lie furthest apart, as a ratio; None if none do.

    ``rows``: :func:`stated`. Gives ``topic``, ``month``, ``low``, ``high``.
    """
    known = rows[rows["value"].gt(0) & rows["date"].str.len().ge(7)]
    months = known.assign(month=known["date"].str[:7]).groupby(["topic", "month"], as_index=False)["value"]
    apart = months.agg(low="min", high="max").query("high > low")
    if apart.empty:
        return dict.fromkeys(("topic", "month", "low", "high"))
    ratio = (apart["high"] / apart["low"]).tolist()
    widest: dict[str, Any] = _records(apart)[ratio.index(max(ratio))]
    return widest


# Pieces


def _press(rows: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """The rows with ``press``: whether every source of the row is the press."""
    kind = dict(zip(sources["id"], sources["kind"], strict=True))
    press = [all(kind.get(name) == "press" for name in split(cell)) for cell in rows["source"]]
    return rows.assign(press=pd.Series(press, index=rows.index, dtype=bool))


def _codes(cell: Any) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()] if isinstance(cell, str) else []


def _forwards(years: tuple[int, int]) -> None:
    if years[0] > years[1]:
        raise InputError(f"The years {years[0]} to {years[1]} run backwards. Give the earlier one first.")


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
