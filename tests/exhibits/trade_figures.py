"""Small trade figures to draw: well-behaved, missing, and hostile."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from legation.analysis import trade

NAMES = {
    "VNM": "Viet Nam",
    "RUS": "Russia",
    "CHN": "China",
    "USA": "United States",
    "EU27": "EU",
    "JPN": "Japan",
    "KOR": "South Korea",
    "PRK": "North Korea",
    "WLD": "world",
}
HOSTILE = {
    "VNM": "The $Very_{Long}$ Name of a Country <script>alert(1)</script> and Its Outlying Territories Overseas",
    "RUS": "$\\frac{a}{b}$ & Söhne \x00\x07\n\u202e drawn backwards",
    "CHN": "中华人民共和国中华人民共和国中华人民共和国",
    "USA": "الولايات المتحدة الأمريكية",
    "EU27": "‮ישראל‬ \ud800",
    "JPN": '"><img src=x onerror=alert(1)>',
    "KOR": "W" * 300,
    "WLD": " ",
}
PARTNERS = ["RUS", "CHN", "USA", "EU27", "JPN", "KOR"]
MILLION = 1e6
MEMBERS = pd.DataFrame({"group": ["EU27"], "member": ["DEU"]})


@dataclass(frozen=True)
class Figures:
    """Flows of Viet Nam and its partners, and what the measures make of them."""

    flows: pd.DataFrame

    @property
    def bilateral(self) -> pd.DataFrame:
        return trade.bilateral(trade.reporters_view(self.flows, "VNM", perspective="reported"))

    @property
    def shares(self) -> pd.DataFrame:
        return pd.concat([trade.share(self.bilateral, column=column) for column in ("exports", "imports")])

    @property
    def growth(self) -> pd.DataFrame:
        return trade.growth(self.bilateral, "turnover")

    @property
    def gaps(self) -> pd.DataFrame:
        return trade.mirror_gap(self.flows)

    @property
    def concentration(self) -> pd.DataFrame:
        own = trade.reporters_view(self.flows, "VNM", perspective="reported")
        return pd.concat(
            [trade.concentration(own, flow, exclude={"WLD"}, groups=MEMBERS) for flow in ("export", "import")]
        )

    @property
    def coverage(self) -> pd.DataFrame:
        view = trade.reporters_view(self.flows, "VNM", PARTNERS)
        return trade.coverage(view, years=(2015, 2022), partners=PARTNERS)

    @property
    def intensity(self) -> pd.DataFrame:
        rows = []
        for year in (2020, 2021):
            rows += [flow_row(code, "WLD", "import", year, 900 + 70 * i) for i, code in enumerate(PARTNERS)]
            rows += [flow_row("WLD", "WLD", "import", year, 20000)]
        found = trade.intensity(pd.concat([self.flows, pd.DataFrame(rows)], ignore_index=True))
        return found[found["reporter"] == "VNM"]


def flow_row(
    reporter: str, partner: str, flow: str, year: int, millions: float, **changes: object
) -> dict[str, object]:
    row: dict[str, object] = {
        "reporter": reporter,
        "partner": partner,
        "flow": flow,
        "year": year,
        "value": millions * MILLION,
        "currency": "USD",
        "prices": "current",
        "valuation": "FOB" if flow == "export" else "CIF",
        "status": "final",
        "months": 12,
        "source": "office-a",
    }
    return row | changes


def usual() -> Figures:
    """Six partners, 2015 to 2022; Russia's 2021 is missing and its 2022 from the press; China's source changes."""
    rows = []
    for year in range(2015, 2023):
        step = 1 + 0.12 * (year - 2015)
        for place, code in enumerate(PARTNERS):
            if code == "RUS" and year >= 2021:
                continue
            size = 2.0 * 4**place if code != "RUS" else 1.5
            source = "office-b" if code == "CHN" and year >= 2020 else "office-a"
            rows.append(flow_row("VNM", code, "export", year, size * step, source=source))
            rows.append(flow_row("VNM", code, "import", year, size * (3 - 0.5 * place) * step, source=source))
            rows.append(flow_row(code, "VNM", "import", year, size * step * (1.1 + 0.07 * place)))
            rows.append(flow_row(code, "VNM", "export", year, size * (2.9 - 0.5 * place) * step))
        rows.append(
            flow_row("VNM", "WLD", "export", year, 2900 * step, status="preliminary" if year == 2022 else "final")
        )
        rows.append(flow_row("VNM", "WLD", "import", year, 3100 * step))
    rows.append(flow_row("VNM", "RUS", "turnover", 2022, 5.5, status="press", valuation="unknown", source="paper"))
    return Figures(pd.DataFrame(rows))


def without_figures() -> Figures:
    """The same rows with every value missing."""
    flows = usual().flows
    return Figures(flows.assign(value=float("nan")))


def of_one_year() -> Figures:
    """One partner, one year."""
    return Figures(pd.DataFrame([flow_row("VNM", "RUS", flow, 2022, 2.5) for flow in ("export", "import")]))


EVENTS = pd.DataFrame(
    [
        ("2016-10", None, "Trade agreement"),
        ("2016-12-01", None, "Another agreement close by"),
        ("2017-01-11", None, "Joins the club"),
        ("2020-01", "2021-06", "Border closed"),
        ("2022-12-31", None, "Visit at the very edge"),
        ("1990", None, "Long before"),
    ],
    columns=["date", "until", "label"],
)
