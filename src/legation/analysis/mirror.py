"""Two reports of one flow: what the exporter says it sold and what the importer says it bought.

Figures with the status 'reconciled' were made from both and are left out of what compares the two.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from legation.analysis.basis import GROUPS, annual, joined, one_basis, one_figure, ratio, require, weakest
from legation.errors import InputError

# Importers usually record cost, insurance and freight, exporters the cost on board. The IMF divides imports CIF by
# 1.06 to estimate exports FOB (Direction of Trade Statistics Yearbook, 2017, notes on estimation; Marini, Dippelsman
# and Stanger 2018, "New Estimates for Direction of Trade Statistics", IMF WP/18/16).
CIF_FOB_MARGIN = 1.06

# How far the margin may be off for one pair: from no freight at all (neighbours, or imports recorded without freight)
# to the uniform 10 per cent of the IMF's earlier estimates, which Gong found inappropriate ("Improving the Estimation
# Methodology of Monthly Data in Direction of Trade Statistics", 1994, IMF WP/94/142, summary).
MARGINS = (1.00, 1.10)

# Valuations of imports from which freight is taken off. 'unknown' is treated as CIF, the usual practice; 'customs' is
# not, because the customs value of the United States, whose imports bear that mark most often, leaves freight out. Both
# are assumptions and the results say so (``margin_assumed``): only CIF and FOB settle the question.
WITH_FREIGHT = ("CIF", "unknown")

PAIR = ["exporter", "importer", "year"]
OPPOSITE = {"export": "import", "import": "export", "turnover": "turnover"}


def reporters_view(
    flows: pd.DataFrame, reporter: str, partners: Collection[str] | None = None, *, perspective: str = "both"
) -> pd.DataFrame:
    """The trade of one country as it reports it itself and, kept apart, as its partners report it.

    A partner's export to the reporter is the reporter's import, valued as the exporter values it (usually FOB: without
    freight); a partner's import is its export, valued as the importer does (usually CIF: with freight). Values are
    left as they were reported: take freight off with ``reconcile``, not here. For a country that reports nothing,
    such as North Korea, only the mirror rows exist.

    Parameters
    ----------
    flows
        Goods flows.
    reporter
        The country whose trade is wanted.
    partners
        Keep only these partners; all if not given.
    perspective
        ``'both'``, ``'reported'`` or ``'mirror'``: which rows to return.

    Returns
    -------
    DataFrame
        Goods flows with ``reporter`` the country itself throughout, plus ``perspective`` ('reported' or 'mirror') and
        ``reported_by`` (who stated the figure). Every measure of ``trade`` keeps the two perspectives apart.

    Raises
    ------
    InputError
        If the perspective is unknown, or the flows already hold a mirrored view.
    """
    if perspective not in ("both", "reported", "mirror"):
        raise InputError(f"reporters_view has no perspective {perspective!r}. Choose 'both', 'reported' or 'mirror'.")
    require(flows, ["reporter", "partner", "flow"], "reporters_view")
    _only_reported(flows, "reporters_view")
    own = flows[flows["reporter"] == reporter]
    own = own.assign(perspective="reported", reported_by=own["reporter"])
    seen = flows[(flows["partner"] == reporter) & (flows["reporter"] != reporter)]
    seen = seen.assign(
        reporter=seen["partner"],
        partner=seen["reporter"],
        flow=seen["flow"].map(OPPOSITE),
        perspective="mirror",
        reported_by=seen["reporter"],
    )
    views = {"reported": [own], "mirror": [seen], "both": [own, seen]}[perspective]
    view = pd.concat(views, ignore_index=True) if len(views) > 1 else views[0].reset_index(drop=True)
    if partners is not None:
        view = view[view["partner"].isin(list(partners))]
    order = [column for column in ("perspective", "partner", "flow", "year", "source") if column in view.columns]
    return view.sort_values(order, ignore_index=True)


def perspective_of(view: pd.DataFrame) -> str:
    """From which side a country's trade is to be told: 'reported', as it reports it, or 'mirror', as its partners do.

    It is told as reported where the country states its trade with other countries in both directions, or where nobody
    else states any. A country that reports nothing, one direction alone, or no more than totals and groups, which some
    publishers estimate, is told by its partners.

    Parameters
    ----------
    view
        A ``reporters_view`` of the country.
    """
    stated = view[view["value"].notna()]
    own = stated[stated["perspective"] == "reported"]
    by_country = stated[~stated["partner"].isin(list(GROUPS))]
    flows = set(by_country.loc[by_country["perspective"] == "reported", "flow"])
    nobody_else = not (by_country["perspective"] == "mirror").any()
    both = "turnover" in flows or flows >= {"export", "import"}
    return "reported" if both or (nobody_else and len(own)) else "mirror"


def partners_held(flows: pd.DataFrame, reporter: str, partners: Collection[str], *, every: bool = True) -> list[str]:
    """The partners of whose trade with the reporter somebody states a figure, in their order.

    Parameters
    ----------
    every
        Whether each partner must have one. Otherwise those without are left out, the reporter itself among them;
        whoever leaves out has to name them.

    Raises
    ------
    InputError
        Naming the first code without a row, from either side; if not every partner must have one, where none has.
    """
    found = set(flows.loc[flows["reporter"] == reporter, "partner"])
    found |= set(flows.loc[flows["partner"] == reporter, "reporter"])
    others = ", ".join(sorted(found - {"WLD"}))
    remedy = f"Those held of {reporter} are with {others}. Choose among them" if others else "Choose another"
    remedy += (
        "; bring in a file that was downloaded: `legation data import FILE`; have a publisher asked; or add rows to "
        "data/trade/goods_flows.csv. docs/live-data.md tells how."
    )
    for code, known in [(reporter, bool(found)), *((partner, partner in found) for partner in partners)]:
        if every and not known:
            with_whom = "" if code == reporter else f" with {reporter}"
            raise InputError(
                f"No figure of the trade of '{code}'{with_whom} is held for these years, from either side. {remedy}"
            )
    held = [code for code in partners if every or (code in found and code != reporter)]
    if not held:
        raise InputError(
            f"No figure of the trade of '{reporter}' with any of {', '.join(partners)} is held for these years, from "
            f"either side. {remedy}"
        )
    return held


def mirror_gap(flows: pd.DataFrame, margin: float = CIF_FOB_MARGIN) -> pd.DataFrame:
    """Set each reported export beside the partner's report of the same goods.

    ``gap = imports / margin − exports`` and ``relative_gap = gap / exports``. The margin is taken off only where the
    import is valued CIF or its valuation is unknown; an import recorded FOB or at customs value is left as it is.
    What is left of a gap is goods counted by origin rather than destination, trade through third ports, time lags and
    errors, not only misreporting.

    Parameters
    ----------
    flows
        Goods flows in one currency, one figure for each flow (see ``trade.best``). Partial years are left out.
    margin
        CIF/FOB factor; 1.0 compares the raw figures.

    Returns
    -------
    DataFrame
        One row for each ``exporter``, ``importer`` and ``year`` that *both* sides reported: ``reported`` (the
        exporter's), ``mirrored`` (the importer's, freight taken off), ``gap``, ``relative_gap`` (missing where the
        exporter reports zero), ``margin`` (the factor used on this row), ``margin_assumed`` (the import's valuation
        does not say whether it holds freight: 'customs' or 'unknown'), currency, prices, status, source. A flow that
        one side alone reported is absent here and shown by ``mirror_coverage``.

    Raises
    ------
    InputError
        If currencies or price bases are mixed, a flow has two figures, the margin is below 1, or the flows hold a
        mirrored view, which would be compared with itself.
    """
    both = _two_sides(flows, margin, "mirror_gap")
    both = both[both["reported"].notna() & both["mirrored"].notna()].reset_index(drop=True)
    both["gap"] = both["mirrored"] - both["reported"]
    both["relative_gap"] = ratio(both["gap"], both["reported"])
    measures = ["reported", "mirrored", "gap", "relative_gap", "margin", "margin_assumed"]
    return both[[*PAIR, *measures, "currency", "prices", "status", "source"]]


def mirror_coverage(flows: pd.DataFrame) -> pd.DataFrame:
    """Which flows were reported by both sides, and which by one alone.

    Returns
    -------
    DataFrame
        One row for each ``exporter``, ``importer``, ``year`` that anybody reported for twelve months:
        ``exporter_reports``, ``importer_reports`` (bool) and ``sides`` ('both', 'exporter only', 'importer only').
    """
    sides = _two_sides(flows, 1.0, "mirror_coverage")
    sides["exporter_reports"] = sides["reported"].notna()
    sides["importer_reports"] = sides["mirrored"].notna()
    sides = sides[sides["exporter_reports"] | sides["importer_reports"]].reset_index(drop=True)
    sides["sides"] = _which(sides, "both", "exporter only", "importer only")
    return sides[[*PAIR, "exporter_reports", "importer_reports", "sides", "status", "source"]]


def reconcile(
    flows: pd.DataFrame,
    margin: float = CIF_FOB_MARGIN,
    *,
    margins: tuple[float, float] = MARGINS,
    exporter_weight: float = 0.5,
) -> pd.DataFrame:
    """One estimate of each flow, on board (FOB), from the two reports of it, and how far apart they leave it.

    ``estimate = w · exports + (1 − w) · imports / margin``. The form, freight off the imports and then a weighted mean
    of the two declarations, is that of Gaulier and Zignago (2010), "BACI: International Trade Database at the
    Product-Level", CEPII Working Paper 2010-23, abstract. BACI estimates freight for each flow and weighs by the
    reliability of each reporter; here one margin serves all pairs, and both sides weigh the same unless told otherwise,
    because reliability cannot be judged from a handful of reporters. The midpoint is a convention, not a finding.

    ``low`` and ``high`` are the lowest and highest value that the two reports allow when the margin lies anywhere in
    ``margins``: ``min(exports, imports / margins[1])`` and ``max(exports, imports / margins[0])``; an import valued FOB
    enters as it stands. That is a span of
    statements, not a confidence interval: the truth may lie outside it where both sides miss the same goods, as with
    smuggling or trade through third ports. A flow with a single report has an estimate but no ``low`` and ``high``:
    nothing is known of how far the other side would have disagreed.

    Parameters
    ----------
    flows
        Goods flows in one currency, one figure for each flow. Partial years are left out.
    margin, margins
        CIF/FOB factor of the estimate, and its plausible lowest and highest; see ``CIF_FOB_MARGIN`` and ``MARGINS``.
    exporter_weight
        Weight of the exporter's report, 0 to 1.

    Returns
    -------
    DataFrame
        One row for each exporter, importer, year: ``reported``, ``mirrored`` (freight taken off), ``estimate``,
        ``low``, ``high``, ``method`` ('midpoint', 'weighted', 'reported only', 'mirror only'), ``margin``,
        ``margin_assumed``, currency, prices, status, source.

    Raises
    ------
    InputError
        As ``mirror_gap``; and if the weight lies outside 0 to 1 or the margin outside ``margins``.
    """
    if not 0 <= exporter_weight <= 1:
        raise InputError(f"reconcile takes an exporter_weight between 0 and 1, not {exporter_weight}.")
    if not margins[0] <= margin <= margins[1]:
        raise InputError(
            f"reconcile was given the margin {margin}, outside its plausible span {margins[0]} to {margins[1]}. "
            "Widen margins, or choose a margin within them."
        )
    sides = _two_sides(flows, margin, "reconcile")
    sides = sides[sides["reported"].notna() | sides["mirrored"].notna()].reset_index(drop=True)
    single = sides["reported"].fillna(sides["mirrored"])
    both = sides["reported"].notna() & sides["mirrored"].notna()
    weighted = exporter_weight * sides["reported"] + (1 - exporter_weight) * sides["mirrored"]
    sides["estimate"] = weighted.where(both, single)
    certain = sides["bought_as"] == "FOB"
    most_freight = sides["bought"].where(certain, sides["bought"] / margins[1])
    least_freight = sides["bought"].where(certain, sides["bought"] / margins[0])
    sides["low"] = sides["reported"].where(sides["reported"] <= most_freight, most_freight).where(both)
    sides["high"] = sides["reported"].where(sides["reported"] >= least_freight, least_freight).where(both)
    sides["method"] = _which(
        sides, "midpoint" if exporter_weight == 0.5 else "weighted", "reported only", "mirror only"
    )
    measures = ["reported", "mirrored", "estimate", "low", "high", "method", "margin", "margin_assumed"]
    return sides[[*PAIR, *measures, "currency", "prices", "status", "source"]]


def _two_sides(flows: pd.DataFrame, margin: float, measure: str) -> pd.DataFrame:
    """Outer join of exports and imports: ``reported``, ``bought`` (raw), ``mirrored`` (less freight), provenance."""
    require(flows, ["reporter", "partner", "flow", "year", "value", "valuation", "status", "source"], measure)
    _only_reported(flows, measure)
    if margin < 1:
        raise InputError(
            f"{measure} was given the margin {margin}, which would add freight instead of taking it off. "
            "Give 1 or more."
        )
    flows = annual(flows, measure)
    # A figure that somebody reconciled from both reports is none of them, and would only be set against itself.
    flows = flows[flows["flow"].isin(["export", "import"]) & (flows["status"] != "reconciled")]
    currency, prices = one_basis(flows, measure)
    one_figure(flows, ["reporter", "partner", "flow", "year"], measure)
    carried = ["value", "valuation", "status", "source"]
    exports = flows.loc[flows["flow"] == "export", ["reporter", "partner", "year", *carried]]
    imports = flows.loc[flows["flow"] == "import", ["partner", "reporter", "year", *carried]]
    exports.columns = pd.Index([*PAIR, "reported", "sold_as", "status_exporter", "source_exporter"])
    imports.columns = pd.Index([*PAIR, "bought", "bought_as", "status_importer", "source_importer"])
    sides = exports.merge(imports, on=PAIR, how="outer", validate="one_to_one").sort_values(PAIR, ignore_index=True)
    with_freight = sides["bought_as"].isin(WITH_FREIGHT)
    sides["margin"] = pd.Series(np.where(with_freight, margin, 1.0)).where(sides["bought"].notna())
    sides["margin_assumed"] = ~sides["bought_as"].isin(["CIF", "FOB"]) & sides["bought"].notna()
    sides["mirrored"] = sides["bought"] / sides["margin"]
    sold, bought = sides["reported"].notna(), sides["bought"].notna()
    sides["status"] = weakest(sides["status_exporter"].where(sold), sides["status_importer"].where(bought))
    sides["source"] = joined(sides["source_exporter"].where(sold), sides["source_importer"].where(bought))
    return sides.assign(currency=currency, prices=prices)


def _which(sides: pd.DataFrame, both: str, exporter: str, importer: str) -> pd.Series:
    sold, bought = sides["reported"].notna(), sides["mirrored"].notna()
    return pd.Series(np.select([sold & bought, sold], [both, exporter], importer), index=sides.index).astype("str")


def _only_reported(flows: pd.DataFrame, measure: str) -> None:
    if "perspective" in flows.columns and (flows["perspective"] == "mirror").any():
        raise InputError(
            f"{measure} starts from flows as they were reported, but these hold a mirrored view already, which would "
            "be set against itself. Pass the goods flows themselves."
        )
