"""A small world for the tests of claims: tables, a register of treaties and a ledger, all invented or made small."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pandas as pd
from analysis.trade_frames import flows

from legation.analysis import claims as room
from legation.data.claims import CLAIM_COLUMNS, FAULTY_COLUMNS, UNITS

PRECISION = [
    ("as-printed", True, 0, 0),
    ("exactly", False, 0, 0),
    ("about", False, 0.05, 0.05),
    ("nearly", False, 0.05, 0),
    ("just-over", False, 0, 0.05),
    ("more-than", False, 0, math.inf),
    ("at-least", False, 0, math.inf),
    ("less-than", False, math.inf, 0),
    ("up-to", False, math.inf, 0),
    ("among-others", False, math.nan, math.nan),
]
CLOSE = {"quantity": 0.05, "date_days": 1.0, "years": 0.0, "counts": 0.0}
BILLION = 1e9

#: Each source with its kind; a producer is named like its source, with a capital.
SOURCES = {
    "office": "statistical",
    "comtrade": "statistical",
    "census": "statistical",
    "rates": "statistical",
    "bank": "statistical",
    "institute": "statistical",
    "gazette": "official",
    "assembly": "official",
    "daily": "press",
    "herald": "press",
    "bulletin": "press",
    "preview": "derived",
}


def quantity(value: float, unit: str = "USD", precision: str = "as-printed", half: float = 0.0) -> dict[str, Any]:
    return {"kind": "quantity", "value": value, "half_digit": half, "unit": unit, "precision": precision}


def on_day(date: str, until: str | None = None) -> dict[str, Any]:
    return {"kind": "date", "date": date, "until": until}


def words(*said: str, precision: str = "exactly") -> dict[str, Any]:
    return {"kind": "words", "words": said, "precision": precision}


def holds(truth: bool = True) -> dict[str, Any]:
    return {"kind": "holds", "holds": truth}


def claim(asserts: dict[str, Any], measure: str | None = None, *, name: str = "one", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(CLAIM_COLUMNS)
    row |= {"document": "bulletin", "claim": name, "place": "Page 1", "says": "It is so.", "measure": measure}
    row |= {"value": math.nan, "half_digit": math.nan, "of": (), "where": "data/claims/bulletin.yml, line 7"}
    row |= {"parameters": more.pop("parameters", {})} | asserts
    return row | {"closeness": UNITS.get(row["unit"])} | more


def ledger(*rows: dict[str, Any], close: dict[str, float] | None = None, precision: Any = PRECISION) -> Any:
    documents = list(dict.fromkeys(row["document"] for row in rows))
    return SimpleNamespace(
        documents=pd.DataFrame(
            {"document": documents, "source": [name if name in SOURCES else None for name in documents]}
        ),
        claims=pd.DataFrame(
            {column: pd.Series([row[column] for row in rows], dtype=object) for column in CLAIM_COLUMNS}
        ).astype({"value": float, "half_digit": float}),
        precision=pd.DataFrame(precision, columns=["word", "digits", "below", "above"]).astype(
            {"below": float, "above": float}
        ),
        close=close or CLOSE,
        faulty=pd.DataFrame(columns=FAULTY_COLUMNS),
    )


def sources() -> pd.DataFrame:
    return pd.DataFrame(
        [(name, name.capitalize(), kind, "2024-05") for name, kind in SOURCES.items()],
        columns=["id", "producer", "kind", "vintage"],
    )


COUNTRIES = [
    ("VNM", "Viet Nam"),
    ("USA", "United States"),
    ("RUS", "Russia"),
    ("PRK", "North Korea"),
    ("CHN", "China"),
    ("JPN", "Japan"),
    ("EU27", "EU"),
    ("WLD", "world"),
]
EVENT = ["id", "date", "until", "kind", "person", "host", "also", "source"]


def tables(**given: Any) -> dict[str, pd.DataFrame]:
    """Tables with the rows given, every other table empty but for its columns."""

    def frame(name: str, columns: list[str]) -> pd.DataFrame:
        return pd.DataFrame(given.get(name, []), columns=columns)

    return {
        "countries": pd.DataFrame(COUNTRIES, columns=["code", "name"]),
        "sources": sources(),
        "goods_flows": given.get("goods_flows", flows()),
        "exchange_rates": frame("exchange_rates", ["currency", "year", "per_usd", "source"]),
        "economies": frame("economies", ["country", "year", "measure", "value", "unit", "status", "source"]),
        "events": frame("events", EVENT),
        "statements": frame("statements", ["topic", "date", "value", "unit", "bound", "who", "source"]),
        "un_resolutions": frame("un_resolutions", ["resolution", "body", "date", "topic"]),
        "un_votes": frame("un_votes", ["resolution", "country", "vote", "source"]),
        "arms_deliveries": frame("arms_deliveries", ["supplier", "recipient", "year", "tiv", "source"]),
        "arms_orders": frame("arms_orders", ["supplier", "recipient", "year", "deals", "estimated", "source"]),
    }


def visit(name: str, date: str, until: str | None = None, *, also: str | None = None, source: str = "daily") -> tuple:
    return (name, date, until, "visit", "Putin", "VNM", also, source)


def event(name: str, date: str, until: str | None = None, *, also: str | None = None, source: str = "gazette") -> tuple:
    return (name, date, until, "treaty", None, None, also, source)


# The register


def provision(treaty: str, article: str, kind: str = "mutual-assistance", **parts: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(("trigger", "automaticity", "means", "decides", "limits"))
    row |= {"treaty": treaty, "article": article, "type": kind, "obligation": "shall", "source": "gazette"}
    return row | {"gist": "Help against hegemony is owed."} | parts


PLEDGE = {
    "trigger": "armed-attack",
    "automaticity": "at-once",
    "means": "all-means",
    "decides": "clause",
    "limits": "un-charter-51; domestic-law",
}
JOINS = {"attack-and-war": "armed-attack; state-of-war"}
AKIN = {"aggression": "armed-attack"}
TYPES = ("mutual-assistance", "threat-consultation", "economy")


def register(**replaced: list[dict[str, Any]]) -> Any:
    """Two treaties of Russia and North Korea and one of China's; what is given replaces a frame."""
    treaties = [
        {"treaty": "old", "short": "Old treaty", "duration": "fixed", "years": 10.0, "notice_months": math.nan},
        {"treaty": "new", "short": "New treaty", "duration": "indefinite", "years": math.nan, "notice_months": 12.0},
        {"treaty": "chinese", "short": "Chinese treaty", "duration": "unknown", "years": math.nan},
    ]
    rest = {"renewal": "none", "withdrawal": "any-time", "term_source": "gazette", "read_whole": False}
    frames: dict[str, Any] = {
        "treaties": [rest | {"source": "gazette"} | row for row in treaties],
        "parties": [
            {"treaty": treaty, "code": code}
            for treaty, codes in (("old", "SUN PRK"), ("new", "RUS PRK"), ("chinese", "CHN PRK"))
            for code in codes.split()
        ],
        "dates": [
            {"treaty": "old", "event": "signed", "date": "1961-07-06", "stated": True, "source": "gazette"},
            {"treaty": "old", "event": "in force", "date": None, "stated": True, "source": "gazette"},
            {"treaty": "old", "event": "ended", "date": "1996-09-10", "stated": True, "source": "gazette"},
            {"treaty": "old", "event": "ended", "date": "1990", "stated": False, "source": "daily"},
            {"treaty": "old", "event": "ended", "date": None, "stated": False, "source": "herald"},
            {"treaty": "new", "event": "signed", "date": "2024-06-19", "stated": True, "source": "gazette"},
            {"treaty": "new", "event": "signed", "date": "2024-06-18", "stated": False, "source": "herald"},
            {"treaty": "new", "event": "in force", "date": "2024-12-04", "stated": True, "source": "gazette"},
            {"treaty": "chinese", "event": "in force", "date": "1961-09-10", "stated": True, "source": "gazette"},
        ],
        "predecessors": [{"treaty": "new", "predecessor": "old", "title": None, "source": "gazette"}],
        "provisions": [
            provision("old", "1", **PLEDGE | {"limits": ""}),
            provision("new", "4", **PLEDGE),
            provision("new", "10", "economy"),
            provision("chinese", "2", trigger="armed-attack", automaticity="at-once", means=None),
        ],
        "phrases": [{"treaty": "new", "article": "4", "type": TYPES[0], "text": "by all means", "source": "gazette"}],
        "dissents": [
            {
                "treaty": "new",
                "on": "Article 4 (Assistance when attacked)",
                "says": "It leaves them free.",
                "source": "herald",
            }
        ],
        "states": [
            {
                "treaty": treaty,
                "type": kind,
                "state": state,
                "source": None if state == "not coded" else "gazette",
            }
            for treaty, states in (
                ("old", ("coded", "absent", "not coded")),
                ("new", ("coded", "not coded", "coded")),
                ("chinese", ("coded", "absent", "absent")),
            )
            for kind, state in zip(TYPES, states, strict=True)
        ],
        "types": [
            {"type": kind, "label": label}
            for kind, label in zip(
                TYPES, ("Assistance when attacked", "Consultation on a threat", "Trade"), strict=True
            )
        ],
        "levels": [
            {"scale": scale, "id": word}
            for scale, said in (
                ("obligation", "shall should"),
                ("automaticity", "at-once due"),
                ("means", "all-means unspecified"),
                ("decides", "clause each-party"),
            )
            for word in said.split()
        ],
        "kinds": [
            {"part": part, "id": word, "joins": JOINS.get(word, ""), "akin": AKIN.get(word, "")}
            for part, said in (
                ("trigger", "attack-and-war armed-attack state-of-war aggression threat"),
                ("limit", "un-charter-51 domestic-law territory"),
            )
            for word in said.split()
        ],
        "sources": [{"id": "gazette", "producer": "Gazette", "kind": "official"}],
        "texts": [],
    }
    return SimpleNamespace(**{name: pd.DataFrame(replaced.get(name, rows)) for name, rows in frames.items()})


# Judging


def judged(*rows: dict[str, Any], register_: Any = None, **given: Any) -> room.Judged:
    return room.judge(ledger(*rows), tables(**given), register_ or register())


def verdict(*args: Any, **kwargs: Any) -> dict[str, Any]:
    """The one verdict on one claim, which must not be faulty."""
    made = judged(*args, **kwargs)
    assert made.faulty.empty, made.faulty["problem"].tolist()
    return {str(key): cell for key, cell in made.verdicts.iloc[0].items()}


def fault(*args: Any, **kwargs: Any) -> str:
    """The one sentence on one faulty claim."""
    made = judged(*args, **kwargs)
    assert made.verdicts.empty
    (problem,) = made.faulty["problem"]
    return str(problem)
