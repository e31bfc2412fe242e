"""The measures that can test a claim: from the tables and the register of treaties to readings.

Nothing that was not seen is read as its opposite: words that a source leaves open are named in ``may_hold``, a list
that may be incomplete gives a span without an upper end, and a part of a year never stands for the year. What is put
together from several rows is as weak as the weakest of them.
"""

from __future__ import annotations

import datetime
import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, get_args

import pandas as pd

from legation.analysis.basis import GROUPS, WORLD, in_currency
from legation.analysis.mirror import reporters_view
from legation.analysis.readings import (
    STATUSES,
    TERM_NUMBERS,
    Agenda,
    Country,
    Day,
    Event,
    Flow,
    Found,
    Held,
    Label,
    Measure,
    Part,
    Person,
    ProvisionType,
    Reading,
    Resolution,
    Terms,
    Topic,
    Treaty,
    Vote,
    Year,
    Years,
    and_list,
    as_text,
    capital,
    joined_ids,
    lacking,
    money_said,
    months_said,
    possessive,
    records,
    said_date,
    span,
)
from legation.analysis.trade import OF_FLOW, best, bilateral
from legation.analysis.treaties import CONTINUES, PARTS, PLEDGE, differences, split
from legation.errors import InputError

MONEY = ("USD", "EUR")
#: Units in which things are counted; a claim may say 'count' where a statement says what was counted.
COUNTED = ("count", "containers", "missiles", "persons", "votes")
VOTES = ("yes", "no", "abstain")
#: Permanent members of the Security Council: for others the table cannot tell an absent row from an absent seat.
PERMANENT = frozenset({"CHN", "FRA", "GBR", "RUS", "USA"})
#: Parts of a pledge that comments on it speak of. What triggers it, what is owed and the verb stand in the text.
DISPUTED = ("automaticity", "decides", "limits")
#: Recipients whose every supplier is in the table of deliveries: only among these has a share or a rank a meaning.
ALL_SUPPLIERS = ("PRK", "VNM")

# ---------------------------------------------------------------------------------------------------- goods trade


#: What freight and insurance usually add to the value of goods at the border of the country that sells them.
FREIGHT = (1.03, 1.10)
#: Valuations of an import without what freight and insurance add.
WITHOUT_FREIGHT = ("customs", "FOB")
#: Statuses of figures that somebody stated or estimated, and that are known to no more than the digits given.
STATED = ("press", "preliminary", "derived")


@dataclass(frozen=True)
class _Figure:
    value: float
    low: float
    high: float
    status: str
    source: str
    estimates: tuple[str, ...] = ()  # those of its sources that are estimates of another body


def last_digit(value: float) -> float:
    """Half a unit of a figure's last digit that is not nought, of at least two digits: 0.005e9 for 3.63e9."""
    if not value or not math.isfinite(value):
        return 0.0
    digits = Decimal(repr(abs(value))).normalize()
    exponent = min(int(digits.as_tuple().exponent), digits.adjusted() - 1)
    return float(Decimal(5).scaleb(exponent - 1))


def trade_flow(held: Held, reporter: Country, partner: Country, flow: Flow, year: Year) -> Found:
    """The value of a flow in a year, in the claim's currency: as the reporter has it, and as the partner has it.

    First the reporter's best figure (`trade.best`), then its figures by other publishers if they differ, then the
    partner's for the opposite flow. A turnover is the sum of both directions, or a total the publisher states. Another
    currency is reached at the year's mean rate; a figure without a rate is named. A figure that was stated is known to
    its last digit only. An import valued without freight, which a claim exceeds by about what freight and insurance
    add, is an explanation.
    """
    rows = _pair(held, reporter, partner, (year,))
    try:
        usable, left_out = _in(held, rows, held.unit or "USD", flow)
    except InputError as error:
        return lacking(str(error))
    own, other = (_figures(held, side, flow) for side in _sides(usable))
    readings = [*_labelled(held, own, reporter), *_labelled(held, other, partner)]
    if flow != "turnover":
        buyer, side = (partner, _sides(usable)[1]) if flow == "export" else (reporter, _sides(usable)[0])
        readings += _freight(held, _figures(held, side[side["valuation"].isin(WITHOUT_FREIGHT)], flow), buyer)
    needs = "" if readings else _no_flow(held, reporter, partner, flow, [year], rows)
    return Found([*readings, *left_out], needs)


def trade_growth(
    held: Held, reporter: Country, partner: Country, flow: Flow, year: Year, base: Year | None = None
) -> Found:
    """The change of a flow in per cent since the year before, or since ``base``, of figures of one publisher.

    A change between figures of two publishers is an explanation, because it mixes their methods with the change.
    """
    first = year - 1 if base is None else base
    if first >= year:
        raise InputError(f"the change runs from {first} to {year}. Let 'base' be an earlier year")
    rows = _pair(held, reporter, partner, (first, year))
    readings: list[Reading] = []
    mixed: list[Reading] = []
    try:
        usable, left_out = _in(held, rows, "USD", flow)
    except InputError as error:
        return lacking(str(error))
    for side, code in zip(_sides(usable), (reporter, partner), strict=True):
        after, before = (_figures(held, side[side["year"] == one], flow) for one in (year, first))
        changes = []
        for now in {_makers(held, figure): figure for figure in reversed(after)}.values():
            then = next((figure for figure in before if _makers(held, figure) == _makers(held, now)), None)
            if then is not None and then.value > 0:
                changes.append(_ratio(now, then, lambda part: (part - 1) * 100))
        readings += _labelled(held, changes[::-1], code, unit="percent")
        if after and before and before[0].value > 0 and not changes:
            change = _ratio(after[0], before[0], lambda part: (part - 1) * 100)
            mixed.append(_mixture(held, code, (before[0], after[0]), change, "percent"))
    needs = "" if readings else _no_flow(held, reporter, partner, flow, [first, year], rows, of_one_publisher=True)
    return Found([*readings, *mixed, *left_out], needs)


def trade_balance(
    held: Held, reporter: Country, partner: Country, balance: Literal["surplus", "deficit"], year: Year
) -> Found:
    """How far exports exceed imports in a year, or for a deficit imports exports, of figures of one publisher.

    As the reporter has both, and as the partner has them; a reading below zero is a balance of the other sign. Imports
    mostly include freight, so that each side's own figures make its balance lower. A balance of figures of two
    publishers is an explanation, because it mixes their methods.
    """
    rows = _pair(held, reporter, partner, (year,))
    readings: list[Reading] = []
    mixed: list[Reading] = []
    try:
        usable, left_out = _in(held, rows, held.unit or "USD", "turnover")
    except InputError as error:
        return lacking(str(error))
    for side, code in zip(_sides(usable), (reporter, partner), strict=True):
        sold, bought = (_figures(held, side, flow) for flow in ("export", "import"))
        if balance == "deficit":
            sold, bought = bought, sold
        struck = [_less(one, other) for one in sold for other in bought if _makers(held, one) == _makers(held, other)]
        readings += _labelled(held, struck, code)
        if sold and bought and not struck:
            mixed.append(_mixture(held, code, (sold[0], bought[0]), _less(sold[0], bought[0]), held.unit))
    needs = "" if readings else _no_flow(held, reporter, partner, "balance", [year], rows, of_one_publisher=True)
    return Found([*readings, *mixed, *left_out], needs)


def trade_share(held: Held, reporter: Country, partner: Country, flow: Flow, year: Year) -> Found:
    """The partner's share of the reporter's total in per cent, both as the reporter has them.

    The share that the partners' own figures give, where their total is held too, is a rival. The partner's figure over
    the reporter's total is a mixture: an explanation.
    """
    try:
        of_part, no_part = _in(held, _pair(held, reporter, partner, (year,)), "USD", flow)
        of_whole, no_whole = _in(held, _pair(held, reporter, WORLD, (year,)), "USD", flow)
    except InputError as error:
        return lacking(str(error))
    parts, mirrored = (_figures(held, side, flow) for side in _sides(of_part))
    wholes, seen = (_figures(held, side, flow) for side in _sides(of_whole))

    def over(parts: Sequence[_Figure], wholes: Sequence[_Figure]) -> list[_Figure]:
        made = [(part, whole) for part in parts[:1] for whole in wholes[:1]]
        made += [(p, w) for p in parts for w in wholes if _makers(held, p) == _makers(held, w) and (p, w) not in made]
        return [_ratio(part, whole, lambda part: 100 * part) for part, whole in made if whole.value > 0]

    name = held.name(reporter)
    readings = _labelled(held, over(parts, wholes), reporter, unit="percent")
    for share in over(mirrored, seen):
        readings.append(_span(f"as partners of {name} report", share, "percent"))
    for share in over(mirrored[:1], wholes[:1]):
        label = f"mixture: {possessive(held.name(partner))} report over {possessive(name)} total"
        readings.append(_span(label, share, "percent", "explanation"))
    voting = any(reading.role == "rival" for reading in readings)
    missing = [code for code, figures in ((partner, parts), (WORLD, wholes)) if not figures]
    needs = " ".join(
        _no_flow(held, reporter, code, flow, [year], _pair(held, reporter, code, (year,)), own_only=True)
        for code in missing
    )
    return Found([*readings, *no_part, *no_whole], "" if voting else needs)


def trade_rank(held: Held, reporter: Country, partner: Country, flow: Flow, year: Year) -> Found:
    """The partner's rank among countries, 1 the largest, by the reporter's own figures.

    Where not every country is held, what is left of the reporter's total bounds how many of them could stand before it.
    """
    if partner in GROUPS:
        raise InputError(f"a rank is among countries, and {partner} is a group. Name a country")
    flows = held.table("goods_flows")
    rows = flows[(flows["reporter"] == reporter) & (flows["year"] == year) & (flows["months"] == 12)]
    rows = rows[rows["flow"] == flow] if flow != "turnover" else rows
    try:
        usable, left_out = _in(held, rows, "USD", flow)
    except InputError as error:
        return lacking(str(error))
    table = bilateral(best(usable)).set_index("partner")
    values = table[OF_FLOW[flow]].dropna()
    if partner not in values.index:
        pair = _pair(held, reporter, partner, (year,))
        return lacking(_no_flow(held, reporter, partner, flow, [year], pair, own_only=True))
    mine, countries = float(values[partner]), values[~values.index.isin(GROUPS)]
    rank = 1 + int((countries > mine).sum())
    rest = float(values[WORLD] - countries.sum()) if WORLD in values.index else math.inf
    # Unheld countries that could each have more than this one; none if all of them together have less.
    unseen = math.inf if math.isinf(rest) or mine <= 0 else max(0, math.ceil(rest / mine) - 1)
    row = table.loc[partner]
    label = f"as {held.name(reporter)} reports, among {len(countries)} partners held"
    status = max(str(row["status"]), _weakest(held, str(row["source"])), key=STATUSES.index)
    main = Reading(label, str(row["source"]), status, low=rank, high=rank + unseen, unit="rank")
    return Found([main, *left_out])


def _pair(held: Held, reporter: str, partner: str, years: Sequence[int]) -> pd.DataFrame:
    """All rows of two countries in some years, as seen by the first, with the vintage of each."""
    flows = held.table("goods_flows")
    there = (flows["reporter"] == reporter) & (flows["partner"] == partner)
    back = (flows["reporter"] == partner) & (flows["partner"] == reporter)
    rows = flows[(there | back) & flows["year"].isin(list(years))]
    view = reporters_view(rows, reporter, [partner])
    vintages = [as_text(held.entries.get(str(one), {}).get("vintage")) or "" for one in view["source"]]
    known = [
        last_digit(row["value"]) / abs(row["value"])
        if _is_stated(held, str(row["status"]), str(row["source"])) and row["value"]
        else 0.0
        for row in records(view)
    ]
    estimate = [str(note).casefold().startswith("estimate") for note in view["note"]]
    return view.assign(
        vintage=vintages,
        known=pd.Series(known, index=view.index, dtype=float),  # half of the last digit, as a part of the value
        estimate=pd.Series(estimate, index=view.index, dtype=bool),
    )


def _is_stated(held: Held, status: str, source: str) -> bool:
    return status in STATED or held.kind(source) in ("press", "derived")


def _sides(view: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    full = view[view["months"] == 12]
    return full[full["perspective"] == "reported"], full[full["perspective"] == "mirror"]


def _in(held: Held, rows: pd.DataFrame, currency: str, flow: str) -> tuple[pd.DataFrame, list[Reading]]:
    """The rows of full years in one currency, at the mean rates of their years, and a remark on those without a rate.

    Raises
    ------
    InputError
        If there are rows and none has a rate.
    """
    rates = held.table("exchange_rates")
    firm = [held.firmness(str(source)) for source in rates["source"]]
    vintage = [str(held.entries.get(str(source), {}).get("vintage")) for source in rates["source"]]
    ordered = rates.assign(_firm=firm, _vintage=vintage).sort_values(
        ["_firm", "_vintage", "source"], ascending=[True, False, True]
    )
    usable, rest = in_currency(rows[rows["months"] == 12], ordered[list(rates.columns)], currency)
    rest = rest[rest["value"].notna() & ((rest["flow"] == flow) | (flow == "turnover"))]
    if rest.empty:
        return usable, []
    listed = [
        f"{money_said(float(row['value']))} {row['currency']} in {row['year']}, by {held.producer(str(row['source']))}"
        for row in records(rest)
    ]
    label = f"left out, because no exchange rate is held: {and_list(dict.fromkeys(listed))}"
    status = max((str(one) for one in rest["status"]), key=STATUSES.index)
    return usable, [Reading(label, joined_ids(map(str, rest["source"])), status, "explanation")]


def _rates(held: Held) -> set[str]:
    """The sources of exchange rates, which make no figure of trade."""
    return set(map(str, held.table("exchange_rates")["source"]))


def _figures(held: Held, rows: pd.DataFrame, flow: str) -> list[_Figure]:
    """Every figure for one flow in one year, the best first, each of sources that no better one used.

    What another body estimates for a country comes after whatever is stated for it.
    """
    found: list[_Figure] = []
    wanted = (rows if flow == "turnover" else rows[rows["flow"] == flow]).astype({"estimate": bool})
    estimates = {str(source) for source in wanted.loc[wanted["estimate"], "source"]}
    for rest in (wanted[~wanted["estimate"]], wanted):
        used = {source for figure in found for source in split(figure.source)}
        while len(rest := rest[[not set(split(source)) & used for source in rest["source"]]]):
            chosen = best(rest)
            row = bilateral(chosen).iloc[0]
            if pd.isna(row[OF_FLOW[flow]]):
                break
            as_stated = row["turnover_basis"] == "stated total"
            parts = chosen[(chosen["flow"] == "turnover") == as_stated]
            low, high = (float((parts["value"] * (1 + side * parts["known"])).sum()) for side in (-1, 1))
            source = str(row["source"])
            status = max(str(row["status"]), _weakest(held, source), key=STATUSES.index)
            guessed = tuple(one for one in split(source) if one in estimates)
            found.append(_Figure(float(row[OF_FLOW[flow]]), low, high, status, source, guessed))
            used |= set(split(source)) - _rates(held)
    return found


def _makers(held: Held, figure: _Figure) -> tuple[str, ...]:
    return tuple(sorted({held.producer(source) for source in split(figure.source) if source not in _rates(held)}))


def _ratio(above: _Figure, below: _Figure, made: Callable[[float], float]) -> _Figure:
    """What is ``made`` of the ratio of two figures, with the ends that their own ends allow."""
    ends = made(above.value / below.value), made(above.low / below.high), made(above.high / below.low)
    return _of_two(above, below, ends)


def _less(one: _Figure, other: _Figure) -> _Figure:
    """One figure less another, with the ends that their own ends allow."""
    return _of_two(one, other, (one.value - other.value, one.low - other.high, one.high - other.low))


def _of_two(one: _Figure, other: _Figure, ends: tuple[float, float, float]) -> _Figure:
    """What is reckoned from two figures, as value and ends: as weak as the weaker, and of the sources of both."""
    status = max(one.status, other.status, key=STATUSES.index)
    source = joined_ids([*split(one.source), *split(other.source)])
    estimates = tuple(dict.fromkeys([*one.estimates, *other.estimates]))
    return _Figure(*ends, status, source, estimates)


def _mixture(held: Held, code: str, parts: tuple[_Figure, _Figure], made: _Figure, unit: str | None) -> Reading:
    """What is ``made`` of figures of two publishers for one country: it explains only."""
    makers = and_list(dict.fromkeys(maker for part in parts for maker in _makers(held, part)))
    label = f"mixture: figures for {held.name(code)} by {makers}"
    return replace(_span(label, made, unit, "explanation"), whose=code)


def _freight(held: Held, figures: Sequence[_Figure], code: str) -> list[Reading]:
    """The first figure that the claim exceeds by as much as freight and insurance usually add."""
    for figure in figures:
        part = (held.value or 0.0) / figure.value if figure.value > 0 else 0.0
        if FREIGHT[0] <= part <= FREIGHT[1]:
            label = (
                f"the claim is {100 * (part - 1):.1f} % above the customs value that {held.name(code)} reports, about "
                "what freight and insurance add"
            )
            return [Reading(label, figure.source, figure.status, "explanation")]
    return []


def _labelled(held: Held, figures: Sequence[_Figure], code: str, *, unit: str | None = None) -> list[Reading]:
    """Readings of figures that differ, each with whose report it is, and with its publisher where that matters."""
    made: list[Reading] = []
    for place, figure in enumerate(figures):
        if any(math.isclose(figure.value, other.value, rel_tol=1e-9) for other in figures[:place]):
            continue
        label = _whose(held, figure, code, by=bool(made) or figure.status != "final")
        if set(split(figure.source)) & _rates(held):
            label += ", at the year's mean rate"
        made.append(replace(_span(label, figure, unit or held.unit), whose=code))
    return made


def _whose(held: Held, figure: _Figure, code: str, *, by: bool) -> str:
    """Whose count a figure is, and ``by`` which publisher; a report is a country's own only if its office is named."""
    name, makers, sources = held.name(code), and_list(_makers(held, figure)), split(figure.source)
    if figure.estimates:
        body = and_list(sorted({held.producer(source) for source in figure.estimates}))
        if len(figure.estimates) == len(sources):
            return f"estimate for {name} by {body}"
        return f"figure for {name}, in part an estimate by {body}"
    if any(held.kind(source) == "derived" for source in sources):
        return f"figure for {name}, derived from figures by {makers}"
    press = [held.producer(source) for source in sources if held.second_hand(source)]
    if press:
        return f"figure for {name}, as the press reports ({and_list(dict.fromkeys(press))})"
    own = "as all countries together report" if code == WORLD else f"as {name} reports"
    own = f"preliminary figure for {name}" if figure.status == "preliminary" else own
    return f"{own}, by {makers}" if by else own


def _span(label: str, figure: _Figure, unit: str | None, role: str = "rival") -> Reading:
    return Reading(label, figure.source, figure.status, role, low=figure.low, high=figure.high, unit=unit)


def _no_flow(
    held: Held,
    reporter: str,
    partner: str,
    flow: str,
    years: Sequence[int],
    rows: pd.DataFrame,
    *,
    own_only: bool = False,
    of_one_publisher: bool = False,
) -> str:
    """What would be needed, and what is held instead: parts of the year, or other years."""
    what = {
        "export": "exports to",
        "import": "imports from",
        "turnover": "trade with",
        "balance": "exports to and imports from",
    }[flow]
    who = "all countries" if partner == WORLD else held.name(partner)
    listed = " and ".join(map(str, years))
    flows = "flows" if flow == "balance" else "flow"
    other = "" if own_only or partner == WORLD else f", or {possessive(held.name(partner))} of the same {flows}"
    one = ", both from one publisher" if of_one_publisher else ""
    whose = f"{capital(possessive(held.name(reporter)))} {'figures' if of_one_publisher else 'figure'}"
    text = f"{whose} for its {what} {who} in {listed}{one}{other}"
    said = []
    here = rows[(rows["flow"] == flow) & ((rows["perspective"] == "reported") | (rows["months"] < 12))]
    for year in years:
        # Of a year the longest part is told, and not what is only a part of that.
        known = here[here["year"] == year]
        for row in records(known[known["months"] == known["months"].max()]):
            period = f"{months_said(int(row['months']))} {year}" if row["months"] < 12 else f"all of {year}"
            by = f"by {held.producer(str(row['source']))}"
            said.append(f"{period}, {money_said(float(row['value']))} {row['currency']}, {by}")
    return f"{text}; held: {'; '.join(said)}." if said else f"{text}."


# ------------------------------------------------------------------------------------------------------- economies


def economy(held: Held, country: Country, measure: Literal["population", "gdp", "gdp_per_head"], year: Year) -> Found:
    """Population, output or output per head, as the firmest source has it and as the others do."""
    wanted = "persons" if measure == "population" else "USD"
    if held.unit not in (None, wanted):
        raise InputError(f"{measure} is counted in {wanted}, not in {held.unit}. Correct the unit")
    table = held.table("economies")
    rows = table[(table["country"] == country) & (table["measure"] == measure)]
    here = records(rows[rows["year"] == year])
    order = {"final": 0, "derived": 1, "press": 2}
    here.sort(key=lambda row: (order.get(row["status"], 3), str(row["source"])))
    figures = []
    for row in here:
        value, source = float(row["value"]), str(row["source"])
        half = last_digit(value) if _is_stated(held, str(row["status"]), source) else 0.0
        status = held.status(source, str(row["status"]))
        figures.append(_Figure(value, value - half, value + half, status, source))
    label = {"population": "population", "gdp": "output", "gdp_per_head": "output per head"}[measure]
    readings = [
        _span(f"by {and_list(_makers(held, one))}", one, wanted)
        for place, one in enumerate(figures)
        if not any(math.isclose(one.value, other.value, rel_tol=1e-9) for other in figures[:place])
    ]
    years = ", ".join(map(str, sorted(set(rows["year"])))) or "no year"
    return Found(
        readings, "" if readings else f"{capital(possessive(held.name(country)))} {label} in {year}; held: {years}."
    )


# ---------------------------------------------------------------------------------------------- events and visits


def event_date(held: Held, event: Event) -> Found:
    """The day or days of an event, and what other sources give instead."""
    row = _event(held, event)
    if row is None:
        return lacking(_no_event(event))
    own = Reading(
        f"by {held.producer(str(row['source']))}",
        str(row["source"]),
        held.status(str(row["source"])),
        date=str(row["date"]),
        until=as_text(row["until"]),
    )
    return Found([own, *(_dated(held, date, source) for date, source in _also(held, row))])


def event_happened(held: Held, event: Event, until: Day) -> Found:
    """Whether an event had happened by a day, that day included."""
    row = _event(held, event)
    if row is None:
        return lacking(_no_event(event))
    dates = [(str(row["date"]), str(row["source"])), *_also(held, row)]
    last = span(until)[1]
    readings = []
    for date, source in dates:
        first_day, last_day = span(date)
        if last_day <= last or first_day > last:
            holds = last_day <= last
            label = f"by {held.producer(source)}, {said_date(date)}"
            readings.append(Reading(label, source, held.status(source), holds=holds, date=date))
    return Found(readings, "" if readings else f"The day of the event '{event}', known as {row['date']} only.")


def event_before(held: Held, first: Event, second: Event) -> Found:
    """Whether one event began before another began; not told if both began on one day."""
    rows = [_event(held, first), _event(held, second)]
    if rows[0] is None or rows[1] is None:
        return lacking(_no_event(first if rows[0] is None else second))
    one, two = (span(str(row["date"])) for row in rows if row is not None)
    sources = joined_ids(str(row["source"]) for row in rows if row is not None)
    if not (one[1] < two[0] or one[0] > two[1]):
        return lacking(
            f"Which of the events '{first}' and '{second}' began earlier, beyond {rows[0]['date']} for both."
        )
    label = f"{said_date(str(rows[0]['date']))} and {said_date(str(rows[1]['date']))}"
    status = _weakest(held, sources)
    return Found([Reading(label, sources, status, holds=one[1] < two[0])])


def visits(held: Held, person: Person, host: Country, until: Day, since: Day | None = None) -> Found:
    """How many visits somebody had paid to a country by a day, that day included.

    The table of events names visits; it does not promise all of them, so its count is the least there were. A source
    that states the number (topic ``visits-<person>-to-<host>``) comes first, if no listed visit is later than it.
    """
    rows = [row for row in _visits(held, person, host) if span(str(row["date"]))[0] <= span(until)[1]]
    rows = [row for row in rows if since is None or span(str(row["date"]))[1] >= span(since)[0]]
    topic = f"visits-{person}-to-{host}".lower().replace(" ", "-")
    latest = max((span(str(row["date"]))[0] for row in rows), default=datetime.date.min)
    statements = held.table("statements")
    readings = []
    for row in records(statements[statements["topic"] == topic]) if since is None else []:
        if latest <= span(str(row["date"]))[1] and span(str(row["date"]))[0] <= span(until)[1]:
            readings.append(_statement(held, row))
    readings.sort(key=lambda one: (held.firmness(one.source), one.high - one.low, one.source))
    if rows:
        sources = joined_ids(str(row["source"]) for row in rows)
        status = _weakest(held, sources)
        label = f"visits listed: {and_list([said_date(str(row['date'])) for row in rows])}"
        readings.append(Reading(label, sources, status, low=float(len(rows)), high=math.inf, unit="count"))
    return Found(readings, "" if readings else _no_visit(held, person, host))


def years_since_visit(held: Held, person: Person, host: Country, before: Day) -> Found:
    """Years, in decimals, from somebody's last visit to a country to a day; a visit on that day is not meant."""
    row = _last_visit(held, person, host, before)
    if row is None:
        return lacking(_no_visit(held, person, host))
    readings = []
    for date, source in [(str(row["date"]), str(row["source"])), *_also(held, row)]:
        first, last = span(date)
        days = [(one - other).days for one, other in zip(span(before), (last, first), strict=True)]
        low, high = (one / 365.2425 for one in days)
        label = f"since {said_date(date)}, by {held.producer(source)}"
        readings.append(Reading(label, source, held.status(source), low=low, high=high, unit="years"))
    return Found(readings)


def previous_visit(held: Held, person: Person, host: Country, before: Day) -> Found:
    """The year of somebody's last visit to a country before a day."""
    row = _last_visit(held, person, host, before)
    if row is None:
        return lacking(_no_visit(held, person, host))
    readings = []
    for date, source in [(str(row["date"]), str(row["source"])), *_also(held, row)]:
        year = float(span(date)[0].year)
        label = f"{said_date(date)}, by {held.producer(source)}"
        readings.append(Reading(label, source, held.status(source), low=year, high=year, unit="year"))
    return Found(readings)


def visit_days(held: Held, person: Person, host: Country, year: Year) -> Found:
    """On how many days of the calendar somebody was in a country, on the visit of that year."""
    rows = [row for row in _visits(held, person, host) if str(row["date"]).startswith(str(year))]
    if len(rows) != 1 or len(str(rows[0]["date"])) < 10:
        return lacking(f"One visit of {person} to {held.name(host)} in {year}, with its first and last day.")
    row = rows[0]
    first, last = str(row["date"]), as_text(row["until"]) or str(row["date"])
    readings = [_days(held, first, last, str(row["source"]))]
    for date, source in _also(held, row):
        if len(date) == 10 and date <= last:
            readings.append(_days(held, date, last, f"{source}; {row['source']}"))
    return Found(readings)


def _weakest(held: Held, sources: str) -> str:
    """The status of what takes every one of its sources."""
    return max((held.status(source) for source in split(sources)), key=STATUSES.index)


def _days(held: Held, first: str, last: str, sources: str) -> Reading:
    days = float((span(last)[1] - span(first)[0]).days + 1)
    label = f"from {said_date(first)} to {said_date(last)}" if first != last else f"on {said_date(first)}"
    who = and_list([held.producer(source) for source in split(sources)])
    return Reading(f"{label}, by {who}", sources, _weakest(held, sources), low=days, high=days, unit="days")


def _event(held: Held, event: str) -> dict[str, Any] | None:
    rows = held.table("events")
    found = records(rows[rows["id"] == event])
    return found[0] if found else None


def _also(held: Held, row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The other dates in an event's row, each with its source."""
    pairs = [part.rpartition("@") for part in split(row.get("also"))]
    return [(date, source) for date, _, source in pairs if source != held.own]


def _dated(held: Held, date: str, source: str) -> Reading:
    return Reading(f"by {held.producer(source)}", source, held.status(source), date=date)


def _visits(held: Held, person: str, host: str) -> list[dict[str, Any]]:
    rows = held.table("events")
    rows = rows[(rows["kind"] == "visit") & (rows["person"] == person) & (rows["host"] == host)]
    return sorted(records(rows), key=lambda row: str(row["date"]))


def _last_visit(held: Held, person: str, host: str, before: str) -> dict[str, Any] | None:
    day = span(before)[0]
    ended = [row for row in _visits(held, person, host) if span(as_text(row["until"]) or str(row["date"]))[1] < day]
    return ended[-1] if ended else None


def _no_event(event: str) -> str:
    return f"Another source for the event '{event}' than the document itself."


def _no_visit(held: Held, person: str, host: str) -> str:
    return f"Visits of {person} to {held.name(host)} with their days, in data/context/events.csv."


# --------------------------------------------------------------------------------------------------------- statements


def stated(held: Held, topic: Topic, until: Day | None = None, since: Day | None = None) -> Found:
    """What officials and reporters stated of a topic: of each who speaks the last word in the period, the latest first.

    Of one day an exact figure comes before a bound, then the firmer source, then the figure that more of them give.
    'At least' and 'more than' leave the upper end open, 'up to' the lower, 'nearly' has the tolerance of its word. What
    was stated more than a year before the latest is of another state of things: an explanation.
    """
    table = held.table("statements")
    units = sorted(set(held.tables["statements"].loc[held.tables["statements"]["topic"] == topic, "unit"]))
    if not any(_same_unit(held.unit, unit) for unit in units):
        raise InputError(f"the topic '{topic}' is stated in {and_list(units)}, not in {held.unit}. Correct the unit")
    rows = [row for row in records(table[table["topic"] == topic]) if _same_unit(held.unit, str(row["unit"]))]
    rows = [row for row in rows if until is None or span(str(row["date"]))[0] <= span(until)[1]]
    rows = [row for row in rows if since is None or span(str(row["date"]))[1] >= span(since)[0]]
    rows.sort(key=lambda row: span(str(row["date"]))[1], reverse=True)
    last: dict[str, str] = {}
    kept = [row for row in rows if last.setdefault(str(row["who"]), str(row["date"])) == str(row["date"])]
    alike = Counter((span(str(row["date"]))[1], row["value"], row["bound"]) for row in kept)

    def standing(row: Mapping[str, Any]) -> tuple[int, bool, int, int, str]:
        day, source = span(str(row["date"]))[1], str(row["source"])
        agreeing = alike[day, row["value"], row["bound"]]
        return -day.toordinal(), str(row["bound"]) != "exactly", held.firmness(source), -agreeing, source

    kept.sort(key=standing)
    days = [span(str(row["date"]))[1] for row in kept]
    readings = [
        replace(_statement(held, row), role="rival" if (days[0] - day).days <= 366 else "explanation")
        for row, day in zip(kept, days, strict=True)
    ]
    period = f" up to {said_date(until)}" if until else ""
    return Found(readings, "" if readings else f"A statement of the topic '{topic}'{period}.")


def _statement(held: Held, row: Mapping[str, Any]) -> Reading:
    value, bound = float(row["value"]), str(row["bound"])
    low = -math.inf if bound in ("up-to", "less-than") else value
    high = math.inf if bound in ("at-least", "more-than") else value
    if bound == "nearly":
        below = held.precision.loc[held.precision["word"] == "nearly", "below"]
        low = value - abs(value) * float(below.iloc[0]) if len(below) else value
    source = str(row["source"])
    if low == high and str(row["unit"]) in (*MONEY, "percent"):
        low, high = value - last_digit(value), value + last_digit(value)
    said = f"{row['who']}, {said_date(str(row['date']))}"
    return Reading(said, source, held.status(source), low=low, high=high, unit=held.unit or str(row["unit"]))


def _same_unit(claimed: str | None, unit: str) -> bool:
    return claimed in (None, unit) or (claimed in COUNTED and unit in COUNTED and "count" in (claimed, unit))


# -------------------------------------------------------------------------------------------------------------- votes


@dataclass(frozen=True)
class _Ballots:
    """What a country's votes on a topic are known to be, and on which resolutions they were not seen."""

    votes: list[tuple[str, str, str]]  # resolution, vote, sources
    others: list[tuple[str, str, str]]  # what other sources say instead
    unseen: list[str]

    @property
    def source(self) -> str:
        return joined_ids(source for _, _, sources in self.votes for source in split(sources))


def votes_cast(held: Held, country: Country, topic: Agenda, until: Day, since: Day | None = None) -> Found:
    """The kinds of vote a country has cast on a topic: yes, no, abstain. Staying away is no vote cast."""
    ballots = _ballots(held, country, topic, since, until)
    cast = tuple(vote for vote in VOTES if any(vote == one for _, one, _ in ballots.votes))
    if not cast:
        return lacking(_no_votes(held, country, topic, ballots))
    may_hold = tuple(vote for vote in VOTES if vote not in cast) if ballots.unseen else ()
    main = Reading(
        _on_record(ballots), ballots.source, _ballot_status(held, ballots.votes), words=cast, may_hold=may_hold
    )
    readings = [main]
    for resolution, vote, source in ballots.others:
        changed = [(one, vote if one == resolution else was) for one, was, _ in ballots.votes]
        words = tuple(kind for kind in VOTES if any(kind == one for _, one in changed))
        if words != cast:
            label = f"with {resolution} as {held.producer(source)} has it"
            readings.append(replace(main, label=label, source=source, status=held.status(source), words=words))
    return Found(readings)


def vote_on(held: Held, country: Country, resolution: Resolution) -> Found:
    """A country's vote on one resolution, and what other sources say instead."""
    by_vote = _by_vote(held, country, resolution)
    readings = [
        Reading(
            f"by {and_list([held.producer(one) for one in sources])}",
            joined_ids(sources),
            held.status(joined_ids(sources)),
            words=(vote,),
        )
        for vote, sources in by_vote
    ]
    return Found(readings, "" if readings else f"The vote of {held.name(country)} on {resolution}.")


def votes_count(held: Held, country: Country, vote: Vote, topic: Agenda, until: Day, since: Day | None = None) -> Found:
    """How often a country voted so on a topic: at least as often as was seen, at most with every vote not seen."""
    ballots = _ballots(held, country, topic, since, until)
    if not ballots.votes:
        return lacking(_no_votes(held, country, topic, ballots))
    seen = float(sum(vote == one for _, one, _ in ballots.votes))
    status = _ballot_status(held, ballots.votes)
    most = seen + len(ballots.unseen)
    return Found([Reading(_on_record(ballots), ballots.source, status, low=seen, high=most, unit="votes")])


def never_voted(held: Held, country: Country, vote: Vote, topic: Agenda, until: Day, since: Day | None = None) -> Found:
    """Whether a country never voted so on a topic: told only if a vote so was seen, or if every vote was seen."""
    ballots = _ballots(held, country, topic, since, until)
    so = [ballot for ballot in ballots.votes if ballot[1] == vote]
    if so:
        label = f"{vote} on {and_list([resolution for resolution, _, _ in so[:3]])}"
        label += f" and {len(so) - 3} more" if len(so) > 3 else ""
        source = joined_ids(source for _, _, sources in so for source in split(sources))
        return Found([Reading(label, source, _ballot_status(held, so, alone=True), holds=False)])
    if not ballots.votes or ballots.unseen:
        return lacking(_no_votes(held, country, topic, ballots))
    main = Reading(_on_record(ballots), ballots.source, _ballot_status(held, ballots.votes), holds=True)
    rivals = [
        Reading(f"{vote} on {one}, by {held.producer(source)}", source, held.status(source), holds=False)
        for one, said, source in ballots.others
        if said == vote
    ]
    return Found([main, *rivals])


def _ballots(held: Held, country: str, topic: str, since: str | None, until: str) -> _Ballots:
    resolutions = held.tables["un_resolutions"]
    chosen: dict[str, bool] = {}
    for row in records(resolutions[resolutions["topic"] == topic].sort_values("date", kind="stable")):
        first, last = span(str(row["date"]))
        if first <= span(until)[1] and (since is None or last >= span(since)[0]):
            chosen.setdefault(str(row["resolution"]), str(row["body"]) == "GA" or country in PERMANENT)
    votes, others, unseen = [], [], []
    for resolution, sits in chosen.items():
        by_vote = _by_vote(held, country, resolution)
        if by_vote:
            votes.append((resolution, by_vote[0][0], joined_ids(by_vote[0][1])))
            others += [(resolution, vote, source) for vote, sources in by_vote[1:] for source in sources[:1]]
        elif sits:
            unseen.append(resolution)
    return _Ballots(votes, others, unseen)


def _by_vote(held: Held, country: str, resolution: str) -> list[tuple[str, list[str]]]:
    """What a country is said to have voted, each with its sources: the firmest, then the most often said, first."""
    table = held.table("un_votes")
    rows = table[(table["country"] == country) & (table["resolution"] == resolution)]
    said: dict[str, list[str]] = {}
    for row in records(rows.sort_values("source")):
        said.setdefault(str(row["vote"]), []).append(str(row["source"]))
    return sorted(said.items(), key=lambda item: (min(map(held.firmness, item[1])), -len(item[1]), item[0]))


def _ballot_status(held: Held, ballots: Sequence[tuple[str, str, str]], *, alone: bool = False) -> str:
    """The weakest of the votes that are needed together, or the firmest where each would do ``alone``."""
    choose = min if alone else max
    return choose((held.status(sources) for _, _, sources in ballots), key=STATUSES.index)


def _on_record(ballots: _Ballots) -> str:
    label = f"{len(ballots.votes)} votes on record"
    return f"{label}, {len(ballots.unseen)} not seen" if ballots.unseen else label


def _no_votes(held: Held, country: str, topic: str, ballots: _Ballots) -> str:
    where = and_list(ballots.unseen) or f"resolutions on {topic.replace('-', ' ')} in that period"
    return f"The votes of {held.name(country)} on {where}."


# --------------------------------------------------------------------------------------------------------------- arms


def arms_share(held: Held, supplier: Country, recipient: Country, first: Year, last: Year) -> Found:
    """The supplier's share of arms delivered to a recipient in some years, in per cent of trend-indicator value."""
    _all_suppliers(recipient)

    def share(rows: pd.DataFrame) -> float | None:
        whole = float(rows["tiv"].sum())
        return 100 * float(rows.loc[rows["supplier"] == supplier, "tiv"].sum()) / whole if whole > 0 else None

    return _arms(held, recipient, first, last, share, "percent")


def arms_rank(held: Held, supplier: Country, recipient: Country, first: Year, last: Year) -> Found:
    """The supplier's rank by arms delivered to a recipient in some years; equal suppliers share the better rank."""
    _all_suppliers(recipient)

    def rank(rows: pd.DataFrame) -> float | None:
        sums = rows.groupby("supplier")["tiv"].sum()
        return 1.0 + int((sums > sums[supplier]).sum()) if sums.get(supplier, 0) > 0 else None

    return _arms(held, recipient, first, last, rank, "rank")


def arms_change(held: Held, supplier: Country, recipient: Country, before: Years, after: Years) -> Found:
    """How the mean of arms delivered in a year changed between two periods, in per cent."""
    if before[1] >= after[0]:
        raise InputError(f"the years {before[0]} to {before[1]} do not end before {after[0]}. Correct the periods")

    def change(rows: pd.DataFrame) -> float | None:
        means = [_mean(rows, supplier, years) for years in (before, after)]
        return (means[1] / means[0] - 1) * 100 if means[0] > 0 else None

    return _arms(held, recipient, before[0], after[1], change, "percent", supplier)


def arms_fell_by_half(held: Held, supplier: Country, recipient: Country, base: Years) -> Found:
    """The first year after a period from which deliveries stayed below half of its yearly mean, up to the last held."""
    last = int(held.table("arms_deliveries")["year"].max()) if len(held.table("arms_deliveries")) else base[1]

    def year(rows: pd.DataFrame) -> float | None:
        half = _mean(rows, supplier, base) / 2
        found = None
        for one in range(last, base[1], -1):
            if half <= 0 or _mean(rows, supplier, (one, one)) >= half:
                break
            found = float(one)
        return found

    return _arms(held, recipient, base[0], max(last, base[1] + 1), year, "year", supplier)


def arms_first_year(held: Held, supplier: Country, recipient: Country, since: Year) -> Found:
    """The first year since another in which arms are known to have been delivered."""
    last = int(held.table("arms_deliveries")["year"].max()) if len(held.table("arms_deliveries")) else since

    def first(rows: pd.DataFrame) -> float | None:
        years = rows.loc[(rows["supplier"] == supplier) & (rows["tiv"] > 0), "year"]
        return float(years.min()) if len(years) else None

    return _arms(held, recipient, since, max(last, since), first, "year", supplier)


def arms_orders(held: Held, recipient: Country, year: Year) -> Found:
    """How many orders of major arms a recipient placed in a year, as far as the register identifies them.

    No row means that none was identified. An order whose year is an estimate may belong to another year. A gift is a
    deal of the register too. What others state of that year (topic ``arms-orders-<recipient>``) are rivals.
    """
    _all_suppliers(recipient)
    table = held.table("arms_orders")
    readings = []
    for source in _by_vintage(held, table):
        rows = table[table["source"] == source]
        if not int(rows["year"].min()) <= year <= int(held.table("arms_deliveries")["year"].max()):
            continue
        here = rows[(rows["recipient"] == recipient) & (rows["year"] == year)]
        deals = float(here["deals"].sum())
        sure = deals - float(here["estimated"].sum())
        vintage = as_text(held.entries.get(source, {}).get("vintage"))
        known = f", as of {said_date(vintage[:7])}" if vintage else ""
        label = f"by {held.producer(source)}{known}, orders identified, gifts counted"
        readings.append(Reading(label, source, held.status(source), low=sure, high=deals, unit="count"))
    statements = held.table("statements")
    stated_of = records(statements[statements["topic"] == f"arms-orders-{recipient}".lower()])
    stated_of = [row for row in stated_of if str(row["date"])[:4] == str(year) and _same_unit("count", row["unit"])]
    readings += [_statement(held, row) for row in stated_of]
    return Found(readings, "" if readings else f"Orders of {held.name(recipient)} in {year}.")


def _arms(
    held: Held,
    recipient: str,
    first: int,
    last: int,
    measure: Callable[[pd.DataFrame], float | None],
    unit: str,
    supplier: str | None = None,
) -> Found:
    """A number made of the deliveries to a recipient in some years, by each source that covers them."""
    if first > last:
        raise InputError(f"the years {first} to {last} run backwards. Give the earlier one first")
    if supplier is not None and not {supplier, recipient} & set(ALL_SUPPLIERS):
        raise InputError(f"deliveries are held for {and_list(ALL_SUPPLIERS)} only. Name one of them as one of the two")
    table = held.table("arms_deliveries")
    readings = []
    for source in _by_vintage(held, table):
        rows = table[table["source"] == source]
        if not int(rows["year"].min()) <= first <= last <= int(rows["year"].max()):
            continue
        here = rows[(rows["recipient"] == recipient) & rows["year"].between(first, last)]
        value = measure(here)
        if value is not None:
            label = f"by {held.producer(source)}, {first} to {last}"
            readings.append(Reading(label, source, held.status(source), low=value, high=value, unit=unit))
    who = f" from {held.name(supplier)}" if supplier else ""
    return Found(readings, "" if readings else f"Arms delivered to {held.name(recipient)}{who}, {first} to {last}.")


def _mean(rows: pd.DataFrame, supplier: str, years: tuple[int, int]) -> float:
    """Mean a year; a year without a row counts as none delivered, which is how the register is kept."""
    chosen = rows[(rows["supplier"] == supplier) & rows["year"].between(*years)]
    return float(chosen["tiv"].sum()) / (years[1] - years[0] + 1)


def _by_vintage(held: Held, table: pd.DataFrame) -> list[str]:
    """The sources of a table, the firmest and latest first."""
    sources = sorted({str(source) for source in table["source"]})
    sources.sort(key=lambda source: str(held.entries.get(source, {}).get("vintage")), reverse=True)
    return sorted(sources, key=held.firmness)


def _all_suppliers(recipient: str) -> None:
    if recipient not in ALL_SUPPLIERS:
        raise InputError(f"every supplier is held for {and_list(ALL_SUPPLIERS)} only, not for {recipient}")


# ----------------------------------------------------------------------------------------------------------- treaties


def treaty_has(held: Held, treaty: Treaty, type: ProvisionType) -> Found:
    """Whether a treaty has a provision of a type: true if coded, false if shown to be absent."""
    rows = held.register.states
    row = records(rows[(rows["treaty"] == treaty) & (rows["type"] == type)])[0]
    if row["state"] == "not coded":
        return lacking(_no_provision(held, treaty, type))
    said = "coded in the register" if row["state"] == "coded" else "shown to be absent, by the register"
    source = str(row["source"])
    return Found([Reading(said, source, held.status(source, "coded"), holds=row["state"] == "coded")])


def treaty_pledge(held: Held, treaty: Treaty, part: Part | None = None, type: ProvisionType = PLEDGE) -> Found:
    """How a pledge is coded, in the codebook's words: one part of it, or all parts together.

    Where a part is not coded, each of its words may hold. A treaty shown to have no such pledge has none of them. What
    joins conditions is read as each of them; words that the codebook calls akin are not excluded.
    """
    provisions = _provisions(held, treaty, type)
    rows = held.register.states
    state = records(rows[(rows["treaty"] == treaty) & (rows["type"] == type)])[0]
    if state["state"] == "absent":
        source = str(state["source"])
        return Found([Reading("shown to be absent", source, held.status(source, "coded"), words=())])
    if not provisions:
        return lacking(_no_provision(held, treaty, type))
    words: list[str] = []
    may_hold: list[str] = []
    akin: list[str] = []
    for one in PARTS if part is None else (part,):
        cells = [provision[one] for provision in provisions]
        found = [word for cell in cells for coded in split(cell) for word in _joined_by(held, one, coded)]
        words += found
        akin += _akin(held, one, found)
        if any(not isinstance(cell, str) for cell in cells):
            may_hold += _vocabulary(held, one)
    source = joined_ids(source for provision in provisions for source in split(provision["source"]))
    main = Reading(
        _articles(provisions),
        source,
        held.status(source, "coded"),
        words=tuple(dict.fromkeys(words)),
        may_hold=tuple(word for word in dict.fromkeys(may_hold) if word not in words),
        akin=tuple(word for word in dict.fromkeys(akin) if word not in words),
    )
    return Found([main, *(_dissents(held, treaty, type) if part is None or part in DISPUTED else [])])


def treaty_term(
    held: Held,
    treaty: Treaty,
    field: Literal["duration", "renewal", "withdrawal", "years", "renewal_years", "minimum_years", "notice_months"],
) -> Found:
    """What a treaty says of its duration, renewal or end: a word of the register, or a number of months or years."""
    row = records(held.register.treaties[held.register.treaties["treaty"] == treaty])[0]
    cell, source = row[field], str(row["term_source"])
    if cell is None or (isinstance(cell, float) and math.isnan(cell)) or cell == "unknown":
        return lacking(f"{held.another} on the {field.replace('_', ' ')} of {held.short(treaty)}.")
    counted = field in TERM_NUMBERS
    if counted != (held.unit is not None):
        raise InputError(
            f"the field '{field}' is {'a number of months or years' if counted else 'a word'}. Assert "
            + ("a 'value' with its unit" if counted else "'words'")
        )
    status = held.status(source, "coded")
    if counted:
        months = float(cell) * (1 if field == "notice_months" else 12)
        value = months if held.unit == "months" else months / 12
        own = Reading("coded in the register", source, status, low=value, high=value, unit=held.unit)
    else:
        own = Reading("coded in the register", source, status, words=(str(cell),))
    return Found([own, *_dissents(held, treaty, "term")])


def treaty_date(held: Held, treaty: Treaty, what: Literal["signed", "in force", "in-force", "ended"]) -> Found:
    """When a treaty was signed, entered into force or ended, by the register and by sources that say otherwise."""
    event = what.replace("-", " ")
    readings = [
        Reading(_first_of(held, source), source, held.status(source, "coded"), date=date)
        for date, source in _treaty_dates(held, treaty, event)
        if date is not None
    ]
    return Found(readings, "" if readings else f"{held.another} on when {held.short(treaty)} {_became(event)}.")


def treaty_in_force(held: Held, treaty: Treaty, on: Day) -> Found:
    """Whether a treaty was in force on a day. A treaty of whose end no source speaks has not ended."""
    starts = [(date, source) for date, source in _treaty_dates(held, treaty, "in force") if date is not None]
    ends = _treaty_dates(held, treaty, "ended") or [(None, "")]
    readings = []
    for begun, begun_source in starts:
        for ended, ended_source in ends:
            holds = _runs(begun, ended, on)
            if holds is None:
                continue
            source = joined_ids([*split(begun_source), *split(ended_source)])
            until = f", ended {said_date(ended)}" if ended else ", no end known"
            label = f"in force {said_date(begun)}{until}"
            statuses = [held.status(one, "coded") for one in (begun_source, ended_source) if one]
            readings.append(Reading(label, source, max(statuses, key=STATUSES.index), holds=holds))
    different = [one for place, one in enumerate(readings) if place == 0 or one.holds != readings[0].holds]
    needs = f"The days on which {held.short(treaty)} entered into force and ended."
    return Found(different, "" if readings else needs)


def treaty_signed_on_visit(held: Held, treaty: Treaty, person: Person, host: Country) -> Found:
    """Whether a treaty was signed on a day of one of somebody's visits to a country, as far as visits are listed."""
    visits = _visits(held, person, host)
    signed = [(date, source) for date, source in _treaty_dates(held, treaty, "signed") if date and len(date) == 10]
    if not visits or not signed:
        return lacking(
            _no_visit(held, person, host) if signed else f"The day on which {held.short(treaty)} was signed."
        )
    readings = []
    for date, source in signed:
        on = [row for row in visits if _covers(held, row, date)]
        sources = joined_ids([*split(source), *(str(row["source"]) for row in (on or visits))])
        days = and_list([said_date(str(row["date"])) for row in (on or visits)])
        label = f"signed {said_date(date)}; visits {days}"
        statuses = [held.status(source, "coded"), *(held.status(str(row["source"])) for row in (on or visits))]
        readings.append(Reading(label, sources, max(statuses, key=STATUSES.index), holds=bool(on)))
    return Found(readings)


def treaty_replaces(held: Held, treaty: Treaty) -> Found:
    """The earlier treaties that one replaced, by their identifiers, or their titles where the register lacks them.

    Who names others instead is a rival.
    """
    rows = held.register.predecessors
    own = records(rows[rows["treaty"] == treaty])
    if not own:
        return lacking(f"{held.another} on which treaty {held.short(treaty)} replaced, if any.")
    words = tuple(as_text(row["predecessor"]) or str(row["title"]) for row in own)
    source = joined_ids(source for row in own for source in split(row["source"]))
    main = Reading("by the register", source, held.status(source, "coded"), words=words)
    return Found([main, *_dissents(held, treaty, "replacement")])


def treaty_types(held: Held, treaty: Treaty, article: Label | None = None) -> Found:
    """The types of provision of a treaty, or of one article; what is not shown to be absent may hold besides."""
    rows = held.register.provisions
    own = rows[rows["treaty"] == treaty]
    if article is not None:
        labels = own["article"].dropna().astype(str)
        own = own.loc[labels[labels.str.casefold() == article.casefold()].index]
        if own.empty:
            return lacking(f"What {_article(article)} of {held.short(treaty)} says.")
    words = tuple(dict.fromkeys(own["type"].astype(str)))
    source = joined_ids(source for cell in own["source"] for source in split(cell))
    return Found(
        [
            Reading(
                f"{_article(article)}, by the register" if article else "by the register",
                source,
                held.status(source, "coded"),
                words=words,
                may_hold=_open_types(held, treaty, words, in_article=article is not None),
            )
        ]
    )


def treaty_speaks_of(held: Held, treaty: Treaty, article: Label, words: Terms) -> Found:
    """Which of some words the codings of an article use, in a gist or a quoted phrase; the others may hold.

    A gist is written by us and does not repeat the whole article: a word it lacks may stand there all the same.
    """
    rows = held.register.provisions
    own = rows[(rows["treaty"] == treaty) & (rows["article"].astype(str).str.casefold() == article.casefold())]
    if own.empty:
        return lacking(f"What {_article(article)} of {held.short(treaty)} says.")
    quoted = held.register.phrases
    quoted = quoted[(quoted["treaty"] == treaty) & (quoted["article"].astype(str).str.casefold() == article.casefold())]
    text = " ".join([*own["gist"].astype(str), *quoted["text"].astype(str)]).casefold()
    found = tuple(word for word in words if word.casefold().replace("-", " ") in text.replace("-", " "))
    source = joined_ids(source for cell in own["source"] for source in split(cell))
    rest = tuple(word for word in words if word not in found)
    label = f"{_article(article)}, as coded"
    return Found([Reading(label, source, held.status(source, "coded"), words=found, may_hold=rest)])


def pledge_alike(held: Held, treaty: Treaty, other: Treaty) -> Found:
    """The parts in which the assistance pledges of two treaties are coded alike; a part not coded may be alike."""
    both = [_provisions(held, one, PLEDGE) for one in (treaty, other)]
    if not all(both):
        lacks = treaty if not both[0] else other
        return lacking(f"A coded pledge of assistance in {held.short(lacks)}.")
    table = differences(held.register, treaty, other)
    words = tuple(str(row["part"]) for row in records(table) if row["same"] is True)
    rest = tuple(str(row["part"]) for row in records(table) if row["same"] is None)
    source = joined_ids(source for rows in both for row in rows for source in split(row["source"]))
    label = f"{held.short(treaty)} beside {held.short(other)}"
    return Found([Reading(label, source, held.status(source, "coded"), words=words, may_hold=rest)])


def treaty_allies(held: Held, state: Country, on: Day) -> Found:
    """In how many treaties of the register, in force on a day, somebody owes a state assistance when it is attacked.

    A treaty whose dates do not tell, or of whose end sources differ, counts only towards the most there can be.
    """
    register = held.register
    parties = register.parties
    mine = {row["treaty"] for row in records(parties) if state in (row["code"], CONTINUES.get(str(row["code"])))}
    coded = register.states[(register.states["type"] == PLEDGE) & (register.states["state"] == "coded")]
    sure, perhaps, sources = [], [], []
    for treaty in coded["treaty"]:
        if treaty not in mine:
            continue
        starts = [date for date, _ in _treaty_dates(held, treaty, "in force")]
        ends = [date for date, _ in _treaty_dates(held, treaty, "ended")] or [None]
        told = {_runs(begun, ended, on) for begun in starts for ended in ends}
        if told == {True}:
            sure.append(treaty)
        elif told != {False}:
            perhaps.append(treaty)
        if told != {False}:
            cells = coded.loc[coded["treaty"] == treaty, "source"]
            sources += [source for cell in cells for source in split(cell)]
    if not sources:
        sources = [source for cell in register.treaties["source"] for source in split(cell)]
    names = and_list([held.short(one) for one in sure]) or "none"
    label = f"by the register: {names}" + (
        f"; not told: {and_list([held.short(one) for one in perhaps])}" if perhaps else ""
    )
    source = joined_ids(sources)
    low, high = float(len(sure)), float(len(sure) + len(perhaps))
    return Found([Reading(label, source, held.status(source, "coded"), low=low, high=high, unit="count")])


def _provisions(held: Held, treaty: str, kind: str) -> list[dict[str, Any]]:
    rows = held.register.provisions
    return records(rows[(rows["treaty"] == treaty) & (rows["type"] == kind)])


def _articles(provisions: Sequence[Mapping[str, Any]]) -> str:
    labels = dict.fromkeys(_article(row["article"]) for row in provisions if isinstance(row["article"], str))
    return f"{and_list(labels)}, as coded" if labels else "as coded"


def _article(label: str) -> str:
    """A part of a treaty within a sentence."""
    return "the preamble" if label.casefold() == "preamble" else f"article {label}"


def _treaty_dates(held: Held, treaty: str, event: str) -> list[tuple[str | None, str]]:
    """The dates of an event, the register's own first; a source may give none."""
    rows = held.register.dates
    rows = rows[(rows["treaty"] == treaty) & (rows["event"] == event)]
    ordered = sorted(records(rows), key=lambda row: not row["stated"])
    kept = [(as_text(row["date"]), str(row["source"])) for row in ordered]
    # A source that gives no date says nothing beside one that gives one.
    return [one for one in kept if one[0] is not None] if kept and kept[0][0] is not None else kept


def _dissents(held: Held, treaty: str, on: str) -> list[Reading]:
    """What other sources say: explanations, because no program weighs words; rivals too where they name identifiers."""
    rows = held.register.dissents
    labels = held.register.types.set_index("type")["label"]
    label = str(labels.get(on, on))
    own = records(rows[rows["treaty"] == treaty])
    readings = []
    for row in own:
        if str(row["on"]) in (on, label) or str(row["on"]).endswith(f"({label})"):
            source, names = str(row["source"]), tuple(split(row.get("names")))
            status = held.status(source, "coded")
            if names:
                who = and_list([held.producer(one) for one in split(source)])
                readings.append(Reading(f"as told by {who}", source, status, words=names))
            readings.append(Reading(str(row["says"]), source, status, role="explanation"))
    return readings


def _open_types(held: Held, treaty: str, words: Collection[str], *, in_article: bool) -> tuple[str, ...]:
    rows = held.register.states
    own = records(rows[rows["treaty"] == treaty])
    whole = bool(records(held.register.treaties[held.register.treaties["treaty"] == treaty])[0]["read_whole"])
    left_open = ("not coded", "coded") if in_article and not whole else ("not coded",)
    return tuple(str(row["type"]) for row in own if row["state"] in left_open and row["type"] not in words)


def _vocabulary(held: Held, part: str) -> list[str]:
    """The codebook's words for a part of a provision."""
    if part in ("trigger", "limits"):
        return [str(kind["id"]) for kind in _kinds(held, part) if not split(kind["joins"])]
    levels = held.register.levels
    return [str(one) for one in levels.loc[levels["scale"] == part, "id"]]


def _kinds(held: Held, part: str) -> list[dict[str, Any]]:
    """The codebook's kinds of trigger or limit; none for other parts."""
    kinds = held.register.kinds
    return records(kinds[kinds["part"] == part.removesuffix("s")])


def _joined_by(held: Held, part: str, word: str) -> list[str]:
    """The conditions that a word of the codebook joins; the word itself if it stands for one."""
    return next((split(kind["joins"]) for kind in _kinds(held, part) if kind["id"] == word), []) or [word]


def _akin(held: Held, part: str, words: Collection[str]) -> list[str]:
    """Words that the codebook calls akin to some others; whichever of two names the other."""
    kinds = _kinds(held, part)
    named = [one for kind in kinds if kind["id"] in words for one in split(kind["akin"])]
    return [*named, *(str(kind["id"]) for kind in kinds if set(split(kind["akin"])) & set(words))]


def _no_provision(held: Held, treaty: str, kind: str) -> str:
    return f"{held.another} on whether {held.short(treaty)} has a provision of the type '{held.type(kind)}'."


def _runs(begun: str | None, ended: str | None, on: str) -> bool | None:
    """Whether a day lies between two dates; None if they are too coarse, or missing, to tell."""
    first, last = span(on)
    if begun is not None and span(begun)[0] > last:
        return False
    if ended is not None and span(ended)[1] <= first:
        return False
    if begun is None or span(begun)[1] > first:
        return None
    return True if ended is None or span(ended)[0] > last else None


def _covers(held: Held, row: Mapping[str, Any], date: str) -> bool:
    ends = [str(row["date"]), as_text(row["until"]) or str(row["date"]), *(one for one, _ in _also(held, row))]
    return min(span(one)[0] for one in ends) <= span(date)[0] <= max(span(one)[1] for one in ends)


def _first_of(held: Held, sources: str) -> str:
    listed = split(sources)
    more = f" and {len(listed) - 1} more" if len(listed) > 1 else ""
    return f"by {held.producer(listed[0])}{more}" if listed else "by the register"


def _became(event: str) -> str:
    return {"signed": "was signed", "in force": "entered into force", "ended": "ended"}[event]


# ------------------------------------------------------------------------------------------------ vocabularies of words


def _pledge_words(held: Held, part: str | None = None, **_: Any) -> list[str]:
    return [word for one in (PARTS if part is None else (part,)) for word in _vocabulary(held, one)]


def _term_words(_: Held, field: str, **__: Any) -> Sequence[str]:
    return {
        "duration": ("fixed", "until-condition", "until-agreed", "indefinite", "none-stated"),
        "renewal": ("automatic", "by-agreement", "none"),
        "withdrawal": ("any-time", "after-minimum", "at-expiry", "by-agreement", "none"),
    }.get(field, ())


def _earlier(held: Held, **_: Any) -> list[str]:
    titles = held.register.predecessors["title"].dropna().astype(str)
    return [*held.register.treaties["treaty"], *titles, *held.tables["events"]["id"]]


# ---------------------------------------------------------------------------------------------------- the measures

_TRADE = ("goods_flows", "exchange_rates")
_ALL = (
    *MONEY,
    "percent",
    "persons",
    "count",
    "containers",
    "missiles",
    "years",
    "year",
    "TIV",
    "months",
    "rank",
    "votes",
)

MEASURES: dict[str, Measure] = {
    "trade_flow": Measure(trade_flow, ("quantity",), MONEY, _TRADE, "Goods trade in a year"),
    "trade_growth": Measure(trade_growth, ("quantity",), ("percent",), _TRADE, "Change of goods trade"),
    "trade_balance": Measure(trade_balance, ("quantity",), MONEY, _TRADE, "Surplus or deficit in goods trade"),
    "trade_share": Measure(trade_share, ("quantity",), ("percent",), _TRADE, "Shares in goods trade"),
    "trade_rank": Measure(trade_rank, ("quantity",), ("rank",), _TRADE, "Rank of a partner in goods trade"),
    "economy": Measure(economy, ("quantity",), ("persons", "USD"), ("economies",), "Population and output"),
    "event_date": Measure(event_date, ("date",), (), ("events",), "Date of an event"),
    "event_happened": Measure(event_happened, ("holds",), (), ("events",), "Whether an event had happened"),
    "event_before": Measure(event_before, ("holds",), (), ("events",), "Order of two events"),
    "visits": Measure(visits, ("quantity",), ("count",), ("events", "statements"), "Number of visits"),
    "years_since_visit": Measure(
        years_since_visit, ("quantity",), ("years",), ("events",), "Years since the previous visit"
    ),
    "previous_visit": Measure(previous_visit, ("quantity",), ("year",), ("events",), "Year of the previous visit"),
    "visit_days": Measure(visit_days, ("quantity",), ("days",), ("events",), "Length of a visit"),
    "stated": Measure(stated, ("quantity",), _ALL, ("statements",), "Figures stated by officials and in reports"),
    "votes_cast": Measure(
        votes_cast, ("words",), (), ("un_votes", "un_resolutions"), "Kinds of vote cast", lambda *_, **__: VOTES
    ),
    "vote_on": Measure(
        vote_on, ("words",), (), ("un_votes", "un_resolutions"), "Vote on a resolution", lambda *_, **__: get_args(Vote)
    ),
    "votes_count": Measure(
        votes_count, ("quantity",), ("votes", "count"), ("un_votes", "un_resolutions"), "Number of votes cast so"
    ),
    "never_voted": Measure(
        never_voted, ("holds",), (), ("un_votes", "un_resolutions"), "Whether a vote was never cast so"
    ),
    "arms_share": Measure(arms_share, ("quantity",), ("percent",), ("arms_deliveries",), "Share of a supplier of arms"),
    "arms_rank": Measure(arms_rank, ("quantity",), ("rank",), ("arms_deliveries",), "Rank of a supplier of arms"),
    "arms_change": Measure(arms_change, ("quantity",), ("percent",), ("arms_deliveries",), "Change of arms deliveries"),
    "arms_fell_by_half": Measure(
        arms_fell_by_half,
        ("quantity",),
        ("year",),
        ("arms_deliveries",),
        "Year from which arms deliveries fell by half",
    ),
    "arms_first_year": Measure(
        arms_first_year, ("quantity",), ("year",), ("arms_deliveries",), "First year of arms deliveries"
    ),
    "arms_orders": Measure(
        arms_orders,
        ("quantity",),
        ("count",),
        ("arms_orders", "arms_deliveries", "statements"),
        "Orders of arms in a year",
    ),
    "treaty_has": Measure(treaty_has, ("holds",), (), (), "Whether a treaty has a provision"),
    "treaty_pledge": Measure(treaty_pledge, ("words",), (), (), "What a pledge of assistance says", _pledge_words),
    "treaty_term": Measure(
        treaty_term, ("words", "quantity"), ("months", "years"), (), "Term of a treaty", _term_words
    ),
    "treaty_date": Measure(treaty_date, ("date",), (), (), "Date of a treaty"),
    "treaty_in_force": Measure(treaty_in_force, ("holds",), (), (), "Whether a treaty was in force"),
    "treaty_signed_on_visit": Measure(
        treaty_signed_on_visit, ("holds",), (), ("events",), "Whether a treaty was signed on a visit"
    ),
    "treaty_replaces": Measure(treaty_replaces, ("words",), (), ("events",), "Treaties that one replaced", _earlier),
    "treaty_types": Measure(
        treaty_types,
        ("words",),
        (),
        (),
        "What a treaty provides for",
        lambda held, **_: list(held.register.types["type"]),
    ),
    "treaty_speaks_of": Measure(
        treaty_speaks_of, ("words",), (), (), "What an article speaks of", lambda _, words, **__: words
    ),
    "pledge_alike": Measure(
        pledge_alike, ("words",), (), (), "Parts in which two pledges are alike", lambda *_, **__: PARTS
    ),
    "treaty_allies": Measure(
        treaty_allies, ("quantity",), ("count",), (), "Treaties in force with a pledge of assistance"
    ),
}
