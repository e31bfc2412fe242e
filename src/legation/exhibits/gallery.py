"""Made-up figures for every type of exhibit: ordinary ones, and those that drawings break on.

What is drawn here is no fact: the states do not exist, and :func:`made_up` says so in every subtitle, source line and
alternative text. The frames pass through the measures of ``legation.analysis``, as published ones do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from legation.analysis import context as around
from legation.analysis import trade as measures
from legation.analysis import treaties as provisions
from legation.analysis.treaties import Register
from legation.errors import InputError
from legation.exhibits import claims, context, trade, treaties
from legation.exhibits.exhibit import Exhibit
from legation.exhibits.prose import listed
from legation.exhibits.wording import slugged

SAID = "Made up to try the drawing"
SOURCE = "Source: none. Every name and every figure is made up."
#: An exhibit asks for an entry on file. The house's own stands in until :func:`made_up` sets the truth in its place.
STAND_IN = "country-codes-house"

#: States of no map, by the codes of those whose colours they wear.
NAMES = {
    "VNM": "Ardania",
    "RUS": "Velmark",
    "CHN": "Tarn",
    "USA": "Orsk",
    "EU27": "Lumen Bay",
    "JPN": "Sarrow",
    "KOR": "Keld",
    "PRK": "Dorne",
    "IND": "Hestia",
    "LAO": "Mirrow",
    "UKR": "Issel",
    "WLD": "world",
}
_LONG = {code: f"{name}, the Outer Islands and Dependencies"[:40] for code, name in NAMES.items()}
#: From right to left, and in the scripts of East Asia.
_SCRIPTS = {
    **{
        "VNM": "Ardania",
        "RUS": "مملكة فيلمارك المتحدة",
        "CHN": "塔恩人民共和国",
        "USA": "جمهورية أورسك",
        "EU27": "ממלכת לומן",
    },
    **{
        "JPN": "サロー王国",
        "KOR": "켈드 공화국",
        "PRK": "דורנה",
        "IND": "هيستيا",
        "LAO": "ミロー",
        "UKR": "伊塞尔",
        "WLD": "world",
    },
}
_PARTNERS = ("RUS", "CHN", "USA", "EU27", "JPN", "KOR")
_SYLLABLES = (("Ar", "Bel", "Cor", "Dun", "El"), ("mark", "ova", "sten", "ria", "holm", "dor", "land", "via"))
_FORTY = {f"X{place:02d}": "".join(pair) for place, pair in enumerate(product(*_SYLLABLES))}
_YEARS = (2010, 2022)
_MILLION = 1e6


@dataclass(frozen=True)
class Case:
    """One kind of data: what its states are called, and how the ordinary figures are changed."""

    title: str
    names: Mapping[str, str]
    partners: tuple[str, ...] = _PARTNERS
    change: Callable[[pd.DataFrame, str], pd.DataFrame] = lambda rows, column: rows


def _only_one(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rows of the focus in the last year."""
    own = rows[rows.isin(["RUS"]).any(axis=1)]
    latest: pd.DataFrame = own[own["year"] == own["year"].max()]
    return latest


def _none(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows.assign(**{column: np.nan})


def _giant(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """One partner a thousand times the rest."""
    return rows.assign(**{column: rows[column].where(~rows.isin(["CHN"]).any(axis=1), rows[column] * 1000)})


CASES = {
    "ordinary": Case("Ordinary figures", NAMES),
    "one point": Case("A single point", NAMES, ("RUS",), _only_one),
    "all missing": Case("Nothing reported", NAMES, change=_none),
    "forty partners": Case("Forty partners", NAMES | _FORTY, ("RUS", *list(_FORTY)[:39])),
    "a giant": Case("One value a thousand times the rest", NAMES, change=_giant),
    "long names": Case("Names of forty characters", _LONG),
    "other scripts": Case("Arabic, Hebrew, Chinese, Japanese and Korean names", _SCRIPTS),
}


def chosen(cases: Sequence[str]) -> list[str]:
    """The cases named, in the gallery's order; all of them if none is.

    Raises
    ------
    InputError
        A word that is no case.
    """
    unknown = [case for case in cases if case not in CASES]
    if unknown:
        raise InputError(f"'{unknown[0]}' is no case of the gallery. Its cases are {listed(list(CASES))}.")
    return [case for case in CASES if case in cases or not cases]


def made_up(exhibit: Exhibit, case: str) -> Exhibit:
    """The exhibit, saying that nothing in it is a fact, under a name of its own."""
    name = f"{exhibit.name}-{slugged(case)}"
    svg = {
        size: re.sub(rf'(?<=["#]){exhibit.name}-{size}', f"{name}-{size}", source)
        for size, source in (exhibit.svg or {}).items()
    }
    return replace(
        exhibit,
        name=name,
        subtitle=f"{SAID}. {exhibit.subtitle}",
        alt=f"{SAID}. {exhibit.alt}",
        source=SOURCE,
        sources=(),
        svg=svg or None,
    )


# Trade


def flows(case: str) -> pd.DataFrame:
    """Flows of Ardania and its partners, 2010 to 2022, as both sides report them.

    The last year of Velmark is a press report of both flows together, the year before it is missing.
    """
    chosen = CASES[case]
    luck = np.random.default_rng(7)
    rows = []
    for place, code in enumerate(chosen.partners):
        size, lean = (6.0, 0.7) if code == "RUS" else (900 / (1 + place) ** 1.4, float(luck.uniform(0.4, 2.2)))
        steps = np.cumprod(1 + luck.normal(0.05, 0.09, _YEARS[1] - _YEARS[0] + 1))
        for year, step in zip(range(_YEARS[0], _YEARS[1] + 1), steps, strict=True):
            if code == "RUS" and year >= _YEARS[1] - 1 and len(chosen.partners) > 1:
                continue
            sold, bought = size * step, size * lean * step
            rows += [_flow("VNM", code, "export", year, sold), _flow("VNM", code, "import", year, bought)]
            rows += [_flow(code, "VNM", "import", year, sold * float(luck.uniform(0.9, 1.5)))]
            rows += [_flow(code, "VNM", "export", year, bought * float(luck.uniform(0.8, 1.1)))]
    if len(chosen.partners) > 1:
        rows.append(_flow("VNM", "RUS", "turnover", _YEARS[1], 16.0, status="press", valuation="unknown"))
    table = chosen.change(pd.DataFrame(rows), "value")
    own = table[(table["reporter"] == "VNM") & (table["flow"] != "turnover")]
    world = own.groupby(["flow", "year"])["value"].sum(min_count=1).reset_index()
    totals = [
        _flow("VNM", "WLD", row["flow"], int(row["year"]), 1.03 * row["value"] / _MILLION)
        for row in world.to_dict("records")
    ]
    return pd.concat([table, pd.DataFrame(totals)], ignore_index=True)


def _flow(reporter: str, partner: str, flow: str, year: int, millions: float, **changes: str) -> dict[str, Any]:
    own = {"currency": "USD", "prices": "current", "valuation": "FOB" if flow == "export" else "CIF", "status": "final"}
    about = {"reporter": reporter, "partner": partner, "flow": flow, "year": year, "value": millions * _MILLION}
    return about | own | {"months": 12, "source": STAND_IN} | changes


def of_trade(case: str) -> list[Exhibit]:
    """Every exhibit of the trade analysis, on the made-up figures of the case."""
    chosen, table = CASES[case], flows(case)
    own = measures.reporters_view(table, "VNM", perspective="reported")
    both = measures.reporters_view(table, "VNM", list(chosen.partners))
    bilateral = measures.bilateral(own)
    shares = pd.concat([measures.share(bilateral, column=column) for column in ("exports", "imports")])
    growth, gaps = measures.growth(bilateral, "turnover"), measures.mirror_gap(table)
    members = pd.DataFrame({"group": ["EU27"], "member": ["DEU"]})
    flow_pair = ("export", "import")
    index = pd.concat([measures.concentration(own, flow, exclude={"WLD"}, groups=members) for flow in flow_pair])
    coverage = measures.coverage(both, years=_YEARS, partners=list(chosen.partners))
    events = pd.DataFrame(
        [
            ("2013-10", None, "Trade agreement"),
            ("2014-02-01", None, "Another agreement soon after"),
            ("2019-01", "2021-06", "Border closed"),
            ("2022-12-31", None, "Visit at the very edge"),
        ],
        columns=["date", "until", "label"],
    )
    who: dict[str, Any] = {"reporter": "VNM", "names": chosen.names}
    ours = who | {"partners": chosen.partners, "focus": "RUS"}
    year = _YEARS[1] if case == "one point" else _YEARS[1] - 2
    statements = trade.statements_table(table.assign(note=None), partner="RUS", **who)
    return _labelled(
        case,
        trade.turnover_by_partner(bilateral, year=_YEARS[1], **ours),
        trade.turnover_over_time(bilateral, events=events, **ours),
        trade.shares_over_time(shares, events=events, **ours),
        trade.balance_by_partner(bilateral, year=year, **ours),
        trade.balance_over_time(bilateral, **ours),
        trade.share_change(shares, years=(_YEARS[0], year), **ours),
        trade.growth_by_partner(growth, year=year, **ours),
        trade.intensity_by_partner(_intensity(table, chosen), year=year, **ours),
        trade.mirror_gaps_by_partner(gaps, year=year, **ours),
        trade.mirror_gap_over_time(gaps, focus="RUS", **who),
        trade.concentration_over_time(index, **who),
        trade.coverage_panel(coverage, **ours),
        trade.flows_table(bilateral, year=year, partners=chosen.partners, shares=shares, growth=growth, **who),
        trade.years_table(bilateral, partner="RUS", **who),
        *([statements] if isinstance(statements, Exhibit) else []),
    )


def _intensity(table: pd.DataFrame, chosen: Case) -> pd.DataFrame:
    """Intensity needs what each partner buys from all the world, and what all the world buys."""
    own = table[(table["reporter"] == "VNM") & (table["flow"] == "export") & (table["partner"] != "WLD")]
    rows = [
        _flow(code, "WLD", "import", year, (20 + 7 * chosen.partners.index(code)) * size / _MILLION)
        for code, year, size in zip(own["partner"], own["year"], own["value"], strict=True)
    ]
    total = pd.DataFrame(rows).groupby("year")["value"].sum(min_count=1).reset_index()
    rows += [
        _flow("WLD", "WLD", "import", row["year"], 3 * row["value"] / _MILLION) for row in total.to_dict("records")
    ]
    found = measures.intensity(pd.concat([table, pd.DataFrame(rows)], ignore_index=True))
    return found[(found["reporter"] == "VNM") & found["partner"].isin(chosen.partners)]


def _labelled(case: str, *exhibits: Exhibit | None) -> list[Exhibit]:
    return [made_up(exhibit, case) for exhibit in exhibits if exhibit is not None]


# What stands around a visit

_SOURCES = pd.DataFrame([(STAND_IN, "press")], columns=["id", "kind"])
_KINDS = ("treaty", "declaration", "meeting", "entry-into-force", "end-of-treaty", "trade-agreement", "visit")


def _events(case: str) -> pd.DataFrame:
    """Visits to two states, what was signed, and a war; one event where the case has a single point."""
    n = CASES[case].names
    rows = [
        ("old", "2013-07-19", "2013-07-20", "visit", "Orlo", "PRK", "RUS;PRK", f"Orlo in {n['PRK']}"),
        ("year", "2014", None, "partnership", None, None, "RUS;VNM", f"Partnership with {n['VNM']}"),
        ("war", "2016-02-24", None, "war", None, None, "RUS;UKR", f"War of {n['UKR']}"),
        ("new", "2021-06-19", None, "visit", "Orlo", "VNM", "RUS;VNM", f"Orlo in {n['VNM']}"),
    ]
    crowd = 40 if case == "forty partners" else 12
    rows += [
        (
            f"e{i:02d}",
            f"{2019 + i // 12}-{i % 12 + 1:02d}-11",
            None,
            kind,
            None,
            host,
            f"RUS;{host}",
            f"{n[host]}: {kind}",
        )
        for i in range(crowd)
        for kind, host in [(_KINDS[i % 6], ("PRK", "VNM")[i % 2])]
    ]
    if case == "one point":
        rows = rows[:1]
    columns = ["id", "date", "until", "kind", "person", "host", "countries", "label"]
    table = pd.DataFrame(rows, columns=columns).astype(object)
    return table.assign(description=table["label"] + ".", also=None, source=STAND_IN)


def _votes(case: str, voters: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Votes on five resolutions, every third of them not seen; none at all where all is missing."""
    words = ("yes", "no", "abstain", "absent", "abstain")
    count = 1 if case == "one point" else 5
    cast = [
        (f"A/RES/ES-{number + 1}", code, words[(place * 2 + number) % 5], STAND_IN)
        for place, code in enumerate(voters)
        for number in range(count)
        if (place + number) % 3 and case != "all missing"
    ]
    counts = dict(zip(("yes", "no", "abstain"), (141, 5, 35), strict=True))
    resolutions = [
        {"resolution": f"A/RES/ES-{number + 1}", "body": "GA", "date": f"{2016 + number}-03-02", "topic": "issel"}
        | {"subject": f"Made-up subject number {number + 1}, of some length, as these are", "absent": None}
        | (dict.fromkeys(counts) if case == "all missing" else counts)
        | {"source": STAND_IN}
        for number in range(count)
    ]
    return pd.DataFrame(cast, columns=["resolution", "country", "vote", "source"]), pd.DataFrame(resolutions)


def _arms(case: str) -> pd.DataFrame:
    """Deliveries to Ardania, mostly from Velmark, and between Velmark and Dorne."""
    rows = [("RUS", "VNM", year, 90.0 * (2019 - year), 2, 1) for year in range(2011, 2019)]
    rows += [("JPN", "VNM", 2018, 250.0, 1, 1), ("USA", "VNM", 2021, 54.0, 1, 0), ("CHN", "VNM", 2014, 60.0, 1, 0)]
    rows += [("RUS", "PRK", 2012, 40.5, 1, 1), ("PRK", "RUS", 2021, 242.5, 2, 2)]
    rows += [(code, "VNM", 2012 + place % 10, 30.0, 1, 0) for place, code in enumerate(CASES[case].partners[6:])]
    table = pd.DataFrame(rows, columns=["supplier", "recipient", "year", "tiv", "deals", "estimated"])
    if case == "one point":
        table = table.iloc[[0]]
    if case == "all missing":
        table = table.iloc[:0]
    return (_giant(table, "tiv") if case == "a giant" else table).assign(source=STAND_IN)


def _statements(case: str) -> pd.DataFrame:
    """What officials are said to have said of containers and of money."""
    rows = [
        ("containers-prk-to-rus", "2020-10-13", 1000.0, "containers", "more-than"),
        ("containers-prk-to-rus", "2021-02-26", 6700.0, "containers", "about"),
        ("containers-prk-to-rus", "2021-08", 13000.0, "containers", "at-least"),
        ("containers-rus-to-prk", "2021-03-18", 9000.0, "containers", "up-to"),
        ("investment-rus-in-vnm", "2021-04", 985e6, "USD", "about"),
    ]
    others = [code for code in CASES[case].partners if code not in ("RUS", "EU27")]
    rows += [
        (f"investment-{code.lower()}-in-vnm", "2021-09-20", 83e9 / (1 + place), "USD", "about")
        for place, code in enumerate(others)
    ]
    if case == "one point":
        rows = [rows[0], rows[4]]
    table = pd.DataFrame(rows, columns=["topic", "date", "value", "unit", "bound"])
    table = table.assign(who="Minister of Trade", says="Words of nobody.", source=STAND_IN)
    if case == "a giant":
        table["value"] = table["value"].where(table.index != 0, 1e8)
    return table.assign(value=np.nan) if case == "all missing" else table


def of_context(case: str) -> list[Exhibit]:
    """Every exhibit of what stands around a visit, on the made-up events, votes, arms and statements of the case."""
    chosen, events, names = CASES[case], _events(case), CASES[case].names
    others = chosen.partners[1:] if len(chosen.partners) > 7 else ("CHN", "USA", "IND", "LAO")
    voters = ["VNM", "RUS", *others[:19]]
    cast, resolutions = _votes(case, voters)
    about: dict[str, Any] = {"topic": "issel", "years": _YEARS}
    matrix = around.vote_matrix(cast, resolutions, _SOURCES, countries=voters, **about)
    tallies = around.tallies(resolutions, _SOURCES, **about)
    lanes = around.timeline(events, _SOURCES, state="RUS", hosts=["PRK", "VNM"], years=_YEARS)
    spoken, arms = _statements(case), _arms(case)
    trips = around.visits(events, spoken, person="Orlo", hosts=["PRK", "VNM"], years=_YEARS)
    seen = around.disputed_dates(events)
    month = around.around(events, _SOURCES, "2013-07", "2019-09")

    def deliveries(recipient: str, supplier: str | None, apart: str | None = None) -> pd.DataFrame:
        return around.deliveries(arms, recipient=recipient, supplier=supplier, apart=apart, years=_YEARS)

    own, war = deliveries("VNM", "RUS"), events[events["kind"] == "war"]
    change, top = around.mean_change(own, (2011, 2013), (2016, 2018)), around.peak(own)
    said = around.stated(spoken, _SOURCES, around.topics_held(spoken, "containers-*"))
    investors = around.stated(spoken, _SOURCES, around.topics_held(spoken, "investment-*-in-vnm"))
    suppliers = around.supplier_shares(arms, recipient="VNM", years=(2011, 2022)) if len(arms) > 1 else None
    ends: dict[str, Any] = {"names": names, "events": war}
    return _labelled(
        case,
        context.timeline(lanes, seen, trips, person="Orlo", state="RUS", years=_YEARS, names=names),
        context.events_table(month, seen, first="2013-07", last="2019-09", names=names),
        context.vote_matrix(matrix, tallies, around.vote_counts(matrix), focus="VNM", topic="issel", names=names),
        context.agreement(around.agreement(matrix, ["RUS", others[0]]), focus="VNM", topic="issel", names=names),
        context.arms_from_and_besides(
            own, deliveries("VNM", None, "RUS"), change, top, supplier="RUS", recipient="VNM", **ends
        ),
        context.arms_between(deliveries("PRK", "RUS"), deliveries("RUS", "PRK"), pair=("RUS", "PRK"), **ends),
        context.supplier_shares(suppliers, recipient="VNM", focus="RUS", names=names)
        if suppliers is not None
        else None,
        context.stated(said, name="containers", focus="PRK", names=names),
        context.stated(investors, name="investors", by="country", focus="RUS", names=names),
    )


# Treaties and claims: the house's own codings and verdicts, with every name exchanged

_TREATY, _BEFORE = "2024-russia-dprk", "1961-ussr-dprk"
_BESIDE = ("2000-russia-dprk", _BEFORE, "1961-china-dprk", "1953-us-rok", "1949-north-atlantic")
_MOST = 8  # more comparators than this a page does not hold
_TYPES = ("mutual-assistance", "threat-consultation", "non-aggression", "stationing", "economy", "termination")


def of_treaties(register: Register, case: str) -> list[Exhibit]:
    """Every exhibit of the treaty analysis; a treaty is called after two states of the case.

    ``register`` is that of the house. Nothing is coded where all is missing; forty partners take
    as many treaties as a page holds.
    """
    book = _renamed(register, case)
    others = [one for one in book.treaties["treaty"] if one != _TREATY] if case == "forty partners" else _BESIDE
    chosen = provisions.choose(book, _TREATY, [] if case == "one point" else list(others)[:_MOST])
    before = _BEFORE if _BEFORE in chosen else None
    lineup, pair, as_of = provisions.lineup(book, chosen), ["RUS", "PRK"], f"{_YEARS[1] + 4}-01-01"
    return _labelled(
        case,
        treaties.identity_card(lineup, book, treaty=_TREATY, lineage=provisions.lineage(book, _TREATY)),
        treaties.lineup_table(lineup, book, focus=_TREATY),
        treaties.provision_matrix(provisions.matrix(book, chosen, list(_TYPES)), book, focus=_TREATY),
        treaties.pledge_anatomy(provisions.pledges(book, chosen), book, focus=_TREATY, beside=before),
        treaties.terms_table(lineup, book, focus=_TREATY, beside=before),
        treaties.article_table(provisions.article(book, _TREATY, "8", chosen), book, focus=_TREATY, label="8"),
        treaties.commitment_over_time(provisions.commitments(book, pair, as_of), book, pair=pair, as_of=as_of),
        treaties.similarity_map(provisions.similarity(book, chosen), book, treaties=chosen, focus=_TREATY)
        if len(chosen) > 1
        else None,
    )


def _renamed(register: Register, case: str) -> Register:
    names = list(CASES[case].names.values())
    pairs = [f"{names[place % 11]}–{names[(place * 3 + 1) % 11]}" for place in range(len(register.treaties))]
    years = register.treaties["treaty"].str[:4]
    table = register.treaties.assign(short=[f"{pair} {year}" for pair, year in zip(pairs, years, strict=True)])
    table["title"] = "Treaty of " + table["short"]
    states = register.states.assign(state="not coded") if case == "all missing" else register.states
    book: Register = replace(register, treaties=table, states=states)  # type: ignore[type-var]
    return book


def of_claims(examined: claims.Examined, case: str) -> list[Exhibit]:
    """Every exhibit of claim checking; documents, statements and witnesses are called after states of the case.

    ``examined`` is a ledger of the house with its judgement. Forty partners leave it whole, a single point takes one
    claim, and where all is missing none can be tested.
    """
    case_of = _case_of(examined, case)
    shown = [claims.scoreboard(case_of), *(claims.claims_table(case_of, one) for one in case_of.documents)]
    shown += [*claims.why_charts(case_of), claims.why_table(case_of), claims.pairs_table(case_of)]
    shown += [claims.arithmetic_table(case_of), claims.untested_table(case_of), claims.tolerances_table(case_of)]
    return _labelled(case, *shown)


def _case_of(examined: claims.Examined, case: str) -> claims.Examined:
    names = list(CASES[case].names.values())
    judged, ledger = examined.judged, examined.ledger
    verdicts, readings = judged.verdicts, judged.readings
    if case == "one point":
        verdicts = verdicts[verdicts["verdict"] == "contested"].head(1)
    if case == "all missing":
        verdicts = verdicts.head(12).assign(verdict="not testable", needs="Figures that nobody reports.")
    kept = set(verdicts["claim"])
    readings = readings[readings["claim"].isin(kept)] if case != "all missing" else readings.iloc[:0]
    if case == "a giant" and len(readings):
        largest = readings["low"].idxmax()
        readings = readings.assign(high=readings["high"].where(readings.index != largest, readings["low"] * 1000))
        readings["low"] = readings["low"].where(readings.index != largest, readings["low"] * 1000)
    pairs = judged.pairs[judged.pairs["first_claim"].isin(kept) & judged.pairs["second_claim"].isin(kept)]
    said = [f"{names[place % 11]} did more than {names[(place + 4) % 11]}." for place in range(len(verdicts))]
    told = [f"as {names[place % 11]} reports" for place in range(len(readings))]
    documents = ledger.documents.assign(short=[f"Bulletin of {names[place]}" for place in range(len(ledger.documents))])
    return claims.Examined(
        replace(ledger, documents=documents, claims=ledger.claims[ledger.claims["claim"].isin(kept)]),
        replace(
            judged,
            pairs=pairs if len(kept) > 1 and len(readings) else judged.pairs.iloc[:0],
            verdicts=verdicts.assign(says=said, source=STAND_IN),
            readings=readings.assign(label=told, source=STAND_IN),
        ),
        examined.register,
    )
