"""Small frames in the columns of the tables, for the tests of the measures."""

import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

# Building frames is slow beside drawing numbers: fewer examples, the same at every run, and no deadline.
few = settings(max_examples=30, deadline=None, derandomize=True)

FLOW_COLUMNS = [
    "reporter",
    "partner",
    "flow",
    "year",
    "value",
    "currency",
    "prices",
    "valuation",
    "status",
    "months",
    "source",
    "note",
]


def flows(*rows, **everywhere):
    """Goods flows from (reporter, partner, flow, year, value) and, for some, a dict of what differs from the usual."""
    table = []
    for row in rows:
        *key, value = row[:5]
        usual = {
            "currency": "USD",
            "prices": "current",
            "valuation": {"export": "FOB", "import": "CIF", "turnover": "unknown"}[row[2]],
            "status": "final",
            "months": 12,
            "source": "office",
            "note": "",
        }
        usual |= everywhere
        usual |= row[5] if len(row) > 5 else {}
        table.append([*key, value, *usual.values()])
    return pd.DataFrame(table, columns=FLOW_COLUMNS)


def rates(*rows):
    return pd.DataFrame(rows, columns=["currency", "year", "per_usd"]).assign(source="rates")


def cpi(*rows, country="USA"):
    table = pd.DataFrame(rows, columns=["year", "value"])
    return table.assign(country=country, measure="cpi", base="1982-84=100", source="cpi")


def groups(**members):
    return pd.DataFrame(
        [(group, code) for group, codes in members.items() for code in codes], columns=["group", "member"]
    )


CODES = ["AUS", "CHN", "IND", "JPN", "KOR", "RUS", "USA", "VNM"]

amounts = st.floats(min_value=1, max_value=1e13, allow_nan=False, allow_infinity=False)


@st.composite
def goods_flows(draw, codes=tuple(CODES), sources=("office",), reporters=("VNM", "CHN"), with_world=False):
    """Goods flows with every key at most once for each source, whole amounts and some rows missing."""
    partners = [*codes, "WLD"] if with_world else list(codes)
    keys = draw(
        st.lists(
            st.tuples(
                st.sampled_from(list(reporters)),
                st.sampled_from(partners),
                st.sampled_from(["export", "import", "turnover"]),
                st.integers(2018, 2022),
                st.sampled_from(list(sources)),
            ).filter(lambda key: key[0] != key[1]),
            min_size=1,
            max_size=25,
            unique=True,
        )
    )
    statuses = st.sampled_from(["final", "preliminary", "press"])
    valuations = st.sampled_from(["FOB", "CIF", "customs", "unknown"])
    months = st.sampled_from([12, 12, 12, 6])
    values = st.one_of(st.integers(1, 10**13), st.just(None))
    rows = [
        (
            *key[:4],
            draw(values),
            {"status": draw(statuses), "valuation": draw(valuations), "months": draw(months), "source": key[4]},
        )
        for key in keys
    ]
    return flows(*rows).astype({"value": "float64"})
