"""Figures that no publisher states, for the tests of vintages and of what is made of them."""

from __future__ import annotations

import pandas as pd

SOURCE = {
    "producer": "Office of Examples",
    "title": "Trade by partner",
    "publisher": None,
    "address": "https://example.org/trade",
    "licence": "free",
    "vintage": "2025-04",
    "kind": "statistical",
    "note": None,
}


def flows(**values: float) -> pd.DataFrame:
    """Exports of Viet Nam to partners in 2031, a year that the repository holds nothing of."""
    return pd.DataFrame(
        {
            "reporter": "VNM",
            "partner": list(values),
            "flow": "export",
            "year": 2031,
            "value": list(values.values()),
            "currency": "USD",
            "prices": "current",
            "valuation": "FOB",
            "status": "final",
            "months": 12,
            "note": None,
        }
    )
