"""Measures of goods trade: pure functions, frames in, frames out.

Flows have the columns of ``data/trade/goods_flows.csv``: reporter, partner, flow, year, value, currency, prices,
valuation, status, months, source. The usual street is ``in_currency`` and ``best`` (one figure for each flow), perhaps
``deflate``, ``bilateral`` (exports, imports, turnover, balance side by side), then a measure of that.

What holds for every measure here: missing stays missing and is never zero; a year of fewer than twelve months does not
enter; mixed currencies or price bases, and two figures for one flow, are refused; the result says the weakest status
and all sources of what went into it; and figures the partners reported (``perspective`` 'mirror', see
``reporters_view``) are kept apart from those the reporter reported.
"""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from legation.analysis.basis import (
    GROUPS,
    STATUSES,
    WORLD,
    annual,
    convert,
    deflate,
    figure,
    in_currency,
    joined,
    latest,
    no_double_counting,
    one_basis,
    one_figure,
    provenance,
    ratio,
    require,
    series_key,
    sources_by,
    weakest,
)
from legation.analysis.mirror import (
    CIF_FOB_MARGIN,
    mirror_coverage,
    mirror_gap,
    partners_held,
    perspective_of,
    reconcile,
    reporters_view,
)
from legation.errors import InputError

__all__ = [
    "CIF_FOB_MARGIN",
    "GROUPS",
    "STATUSES",
    "WORLD",
    "best",
    "bilateral",
    "comparison_year",
    "compound_growth",
    "concentration",
    "convert",
    "coverage",
    "deflate",
    "figure",
    "group_total",
    "growth",
    "in_currency",
    "index_to",
    "intensity",
    "last_complete_year",
    "last_year_any",
    "latest",
    "mirror_coverage",
    "mirror_gap",
    "partners_held",
    "perspective_of",
    "rank",
    "reconcile",
    "reporters_view",
    "share",
    "times",
]

FLOWS = ("export", "import", "turnover")
OF_FLOW = {"export": "exports", "import": "imports", "turnover": "turnover"}


# From rows as published to one figure for each flow


def best(flows: pd.DataFrame, prefer: Sequence[str] | None = None) -> pd.DataFrame:
    """One figure for each flow and year, where publishers or vintages differ.

    Only full years count. The choice goes by, in this order: the firmer status (final, reconciled, preliminary, press);
    a known valuation before an unknown one; the order of ``prefer``; a figure as one source states it before one that
    was put together, such as converted at another source's rate; the latest ``vintage``, where that column has been
    joined from the sources; the source id in alphabetical order, so that the choice is always the same.

    Parameters
    ----------
    flows
        Goods flows in one currency; several rows for a flow differ in ``source``.
    prefer
        Source ids, the most trusted first; sources not named come after them. A figure of several sources stands
        where the first of them does.

    Returns
    -------
    DataFrame
        One row for each reporter, partner, flow, year (and perspective), with all columns of ``flows`` and
        ``alternatives`` (how many other figures there were) and ``spread`` = (highest − lowest) / lowest over all of
        them, the chosen one included; missing where there was one, or where the lowest is zero.

    Raises
    ------
    InputError
        If currencies or price bases are mixed, or one source states a flow twice.
    """
    require(flows, ["reporter", "partner", "flow", "year", "value", "valuation", "status", "source"], "best")
    flows = annual(flows, "best")
    one_basis(flows, "best")
    key = [*series_key(flows), "year"]
    twice = flows.duplicated([*key, "source"], keep=False)
    if twice.any():
        first = flows[twice].iloc[0]
        raise InputError(
            f"best chooses between sources, but {first['source']} states {first['reporter']}'s {first['flow']} with "
            f"{first['partner']} in {first['year']} more than once. Keep one of those rows in the table."
        )
    # A row without a figure is no candidate beside one with a figure.
    weighed = pd.DataFrame(
        {
            "no_figure": flows["value"].isna(),
            "status": _status_rank(flows["status"]),
            "valuation": flows["valuation"].isna() | (flows["valuation"] == "unknown"),
        }
    )
    ascending = [True, True, True]
    if prefer is not None:
        places = {source: place for place, source in enumerate(prefer)}
        weighed["prefer"] = flows["source"].map(
            {
                cell: min(places.get(source, len(places)) for source in str(cell).split("; "))
                for cell in flows["source"].unique()
            }
        )
        ascending.append(True)
    weighed["put_together"] = flows["source"].str.contains("; ", regex=False)
    ascending.append(True)
    if "vintage" in flows.columns:
        weighed["vintage"] = flows["vintage"].astype("str").fillna("")
        ascending.append(False)
    weighed["source"] = flows["source"]
    order = weighed.sort_values([*weighed.columns], ascending=[*ascending, True]).index
    ranked = flows.loc[order]
    candidates = ranked.groupby(key, sort=False)["value"]
    lowest, highest, count = candidates.transform("min"), candidates.transform("max"), candidates.transform("count")
    ranked = ranked.assign(
        alternatives=(count - ranked["value"].notna()).astype("int64"),
        spread=ratio(highest - lowest, lowest).where(count > 1),
    )
    return ranked.drop_duplicates(key).sort_values(key, ignore_index=True)


def group_total(
    flows: pd.DataFrame,
    members: Collection[str],
    group: str,
    as_: str = "partner",
    allow_missing: Collection[str] = (),
) -> pd.DataFrame:
    """The trade of a group as the sum of its members' flows.

    A total is stated only if every member has a figure: a sum over those who happened to report would be a smaller
    group. Members that may be missing must be named, and those that were are listed in the result.

    Parameters
    ----------
    flows
        Goods flows in one currency, one figure for each flow. Rows of the group itself are not counted.
    members
        Codes of the member countries, taken as the same in every year.
    group
        Code for the total.
    as_
        ``'partner'``: each reporter's trade with the members. A reporter that is a member itself trades with the
        others only. ``'reporter'``: what the members report together; their trade with each other is left out.
    allow_missing
        Members without whose figures a total may still be stated.

    Returns
    -------
    DataFrame
        Goods flows with ``reporter`` or ``partner`` = ``group``, plus ``missing_members`` (codes joined '; ', '' if
        none). ``value`` is missing where a member lacks that was not allowed to; ``valuation`` is 'unknown' where
        members differ.

    Raises
    ------
    InputError
        If members are groups themselves; if a name in ``allow_missing`` is no member; if flows of members with the
        world are summed, which would count their trade with each other; or as for every measure.
    """
    require(flows, ["reporter", "partner", "flow", "year", "value", "valuation", "status", "source"], "group_total")
    if as_ not in ("partner", "reporter"):
        raise InputError(f"group_total builds the group as 'partner' or as 'reporter', not as {as_!r}.")
    codes = set(members)
    if codes & (GROUPS | {group}):
        raise InputError(
            f"group_total sums countries, but {', '.join(sorted(codes & (GROUPS | {group})))} among the members of "
            f"{group} is a group. List its countries instead."
        )
    strangers = sorted(set(allow_missing) - codes)
    if strangers or not codes:
        raise InputError(
            f"group_total was told that {', '.join(strangers) or 'nobody'} may be missing from {group}, whose "
            f"members are {', '.join(sorted(codes)) or 'not given'}. Name members only."
        )
    other = "reporter" if as_ == "partner" else "partner"
    flows = annual(flows, "group_total")
    flows = flows[flows[as_].isin(codes) & (flows[other] != group)]
    if as_ == "reporter":
        flows = flows[~flows["partner"].isin(codes)]
        if (flows["partner"] == WORLD).any():
            raise InputError(
                f"group_total cannot add up what members of {group} trade with {WORLD}: that holds their trade with "
                "each other. Leave it out: flows[flows.partner != 'WLD']."
            )
    flows = flows[flows[as_] != flows[other]]
    currency, prices = one_basis(flows, "group_total")
    one_figure(flows, [*series_key(flows), "year"], "group_total")
    key = [column for column in series_key(flows) if column != as_] + ["year"]
    stated = flows.dropna(subset=["value"])
    totals = stated.groupby(key).agg(
        value=("value", "sum"), valuation=("valuation", "min"), kinds=("valuation", "nunique")
    )
    totals["valuation"] = totals["valuation"].where(totals["kinds"] == 1, "unknown")
    totals = totals.drop(columns="kinds").join(provenance(stated, key))
    present = _present(stated, key, as_, codes).reindex(totals.index)
    # Nobody trades with himself: a member that reports needs only the other members.
    itself = totals.index.get_level_values(other).to_numpy()[:, None] == present.columns.to_numpy()[None, :]
    lacking = ~present.to_numpy() & ~itself
    required = ~present.columns.isin(list(allow_missing))
    totals["value"] = totals["value"].where(~(lacking & required).any(axis=1))
    totals["missing_members"] = _named(lacking, present)
    totals = totals.reset_index().assign(currency=currency, prices=prices, months=12, note="sum of members")
    totals[as_] = group
    columns = ["reporter", "partner", "flow", "year", "value", "currency", "prices", "valuation", "status", "months"]
    perspective = ["perspective"] if "perspective" in totals.columns else []
    return totals[[*columns, "source", "note", *perspective, "missing_members"]]


def bilateral(flows: pd.DataFrame) -> pd.DataFrame:
    """Exports, imports, turnover and balance of each pair and year, side by side.

    ``turnover = exports + imports`` where both are there, else a total the publisher stated, else missing.
    ``balance = exports − imports`` only where both are there. Exports are usually valued without freight and imports
    with it, so a balance of zero at the border shows as a small deficit; the two valuations are in the result.

    Parameters
    ----------
    flows
        Goods flows in one currency, one figure for each flow (see ``best``). Partial years are left out.

    Returns
    -------
    DataFrame
        One row for each reporter, perspective, partner, year: ``exports``, ``imports``, ``turnover``, ``balance``,
        ``turnover_basis`` ('sum of both flows', 'stated total' or missing), ``exports_valuation``,
        ``imports_valuation``, currency, prices, status, source. Reported and mirrored figures never share a row.

    Raises
    ------
    InputError
        If currencies or price bases are mixed, or a flow has two figures.
    """
    require(flows, ["reporter", "partner", "flow", "year", "value", "valuation", "status", "source"], "bilateral")
    flows = annual(flows, "bilateral")
    if "perspective" not in flows.columns:
        flows = flows.assign(perspective="reported")
    key = ["reporter", "perspective", "partner", "year"]
    currency, prices = one_basis(flows, "bilateral")
    one_figure(flows, [*key, "flow"], "bilateral")
    unknown = sorted(set(flows["flow"].dropna()) - set(FLOWS))
    if unknown:
        raise InputError(
            f"bilateral knows no flow {', '.join(map(repr, unknown))}. A flow is one of {', '.join(FLOWS)}."
        )
    grouped = flows.groupby(key, dropna=False)
    pairs = grouped.head(1)[key].sort_values(key, ignore_index=True)
    # A row without a figure lends neither its status nor its source. Numbers join faster than their four-part key.
    stated = flows[["flow", "value", "valuation", "status", "source"]].astype({"value": float})
    stated = stated.set_axis(grouped.ngroup().to_numpy(), axis=0)[flows["value"].notna().to_numpy()]
    exports, imports, total = (stated[stated["flow"] == flow].reindex(pairs.index) for flow in FLOWS)
    both = exports["value"].notna() & imports["value"].notna()
    alone = total["value"].notna() & ~both
    basis = np.select([both, alone], ["sum of both flows", "stated total"], "")
    return pairs.assign(
        exports=exports["value"],
        imports=imports["value"],
        turnover=(exports["value"] + imports["value"]).fillna(total["value"]),
        balance=exports["value"] - imports["value"],
        turnover_basis=pd.Series(basis, index=pairs.index, dtype="str").where(both | alone),
        exports_valuation=exports["valuation"],
        imports_valuation=imports["valuation"],
        currency=currency,
        prices=prices,
        status=weakest(exports["status"], imports["status"], total["status"].where(alone)),
        source=joined(exports["source"], imports["source"], total["source"].where(alone)),
    )


# Parts of a whole


def share(frame: pd.DataFrame, *, column: str, total: str = WORLD, mirror: pd.DataFrame | None = None) -> pd.DataFrame:
    """Each partner's share of the reporter's total.

    ``value(partner) / value(total)`` of the same reporter, flow and year. A share is a mixture where one country
    stated the part and another the whole. It is then no share in the strict sense (it can exceed 1, because the two
    disagree on freight, origin and errors) and is labelled so. Two ways lead to one: partners' figures given as
    ``mirror``, or a mirrored row in ``frame`` for which only a reported total exists.

    Parameters
    ----------
    frame
        A ``bilateral`` result, or goods flows with ``column='value'``, including rows whose partner is ``total``.
    column
        The column to divide.
    total
        Partner code of the whole.
    mirror
        A ``bilateral`` result whose reporters are the partners. If given, its figures are the numerators (what a
        partner imports is the reporter's export) and the reporter's own totals the denominators; every share is then
        a mixture. Only 'exports', 'imports' and 'turnover' can be mirrored.

    Returns
    -------
    DataFrame
        One row for each reporter, (perspective, flow,) partner and year: ``measure``, ``value`` (0 to 1; missing where
        part or whole is), ``numerator_reporter``, ``denominator_reporter`` (who stated each; ``total`` itself where it
        is a sum over mirrored rows), ``mixture`` (bool), currency, prices, status, source.

    Raises
    ------
    InputError
        If a column lacks, currencies or price bases are mixed, or a figure is there twice.
    """
    require(frame, ["reporter", "partner", "year", column, "status", "source"], "share")
    whole = frame if "perspective" in frame.columns else frame.assign(perspective="reported")
    parts = whole
    if mirror is not None:
        parts = _turned(mirror, column, set(frame["reporter"]))
    both_bases = ["currency", "prices"]
    require(parts, both_bases, "share (mirror)")
    currency, prices = one_basis(pd.concat([frame[both_bases], parts[both_bases]]), "share")
    key = series_key(parts)
    one_figure(whole, [*series_key(whole), "year"], "share")
    one_figure(parts, [*key, "year"], "share (mirror)")
    parts = parts[parts["partner"] != total].sort_values([*key, "year"], ignore_index=True)
    by = [name for name in ("reporter", "flow", "perspective") if name in key] + ["year"]
    totals = whole[(whole["partner"] == total) & whole[column].notna()][[*by, column, "status", "source"]]
    same = parts[by].merge(totals, on=by, how="left")
    turned = totals.assign(perspective=totals["perspective"].map({"reported": "mirror", "mirror": "reported"}))
    other = parts[by].merge(turned, on=by, how="left")
    crossed = same[column].isna() & other[column].notna()
    whole_value = same[column].where(~crossed, other[column])
    whole_seen = pd.Series(np.where(crossed, parts["perspective"] != "mirror", parts["perspective"] == "mirror"))
    value = ratio(parts[column], whole_value)
    defined = value.notna()
    return parts[[*key, "year"]].assign(
        measure=f"share of {column}" if column != "value" else "share",
        value=value,
        numerator_reporter=parts["partner"].where(parts["perspective"] == "mirror", parts["reporter"]),
        denominator_reporter=parts["reporter"].where(~whole_seen, total).where(whole_value.notna()),
        mixture=crossed & defined,
        currency=currency,
        prices=prices,
        status=weakest(parts["status"], same["status"].where(~crossed, other["status"])).where(defined),
        source=joined(parts["source"], same["source"].where(~crossed, other["source"])).where(defined),
    )


def rank(
    frame: pd.DataFrame,
    column: str,
    *,
    exclude: Collection[str] = (WORLD,),
    groups: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Order the partners of each reporter and year: 1 is the largest, ties share the better rank, missing is unranked.

    Groups are ranked as one partner each, as publishers do; give the table of members (``groups``) to have a group
    beside its own members refused.

    Returns
    -------
    DataFrame
        One row for each reporter, (perspective, flow,) partner not in ``exclude``, year: ``value``, ``rank`` (Int64),
        ``of`` (how many were ranked), currency, prices, status, source.
    """
    require(frame, ["reporter", "partner", "year", column, "status", "source"], "rank")
    currency, prices = one_basis(frame, "rank")
    key = series_key(frame)
    one_figure(frame, [*key, "year"], "rank")
    ranked = frame[~frame["partner"].isin(list(exclude))].sort_values([*key, "year"], ignore_index=True)
    if groups is not None:
        no_double_counting(ranked.loc[ranked[column].notna(), "partner"].unique(), groups, "rank")
    by = [name for name in key if name != "partner"] + ["year"]
    figures = ranked.groupby(by)[column]
    return ranked[[*key, "year"]].assign(
        value=ranked[column],
        rank=figures.rank(method="min", ascending=False).astype("Int64"),
        of=figures.transform("count").astype("int64"),
        currency=currency,
        prices=prices,
        status=ranked["status"],
        source=ranked["source"],
    )


def times(frame: pd.DataFrame, column: str, partner: str, other: str) -> pd.DataFrame:
    """How many times trade with ``partner`` exceeds trade with ``other``: ``value(partner) / value(other)``, each year.

    Returns
    -------
    DataFrame
        One row for each reporter, (perspective, flow,) year that has either: ``partner``, ``other``, ``measure``,
        ``value`` (missing where one is missing or ``other`` is zero), currency, prices, status, source.
    """
    require(frame, ["reporter", "partner", "year", column, "status", "source"], "times")
    currency, prices = one_basis(frame, "times")
    key = series_key(frame)
    one_figure(frame, [*key, "year"], "times")
    by = [name for name in key if name != "partner"] + ["year"]
    sides = [frame.loc[frame["partner"] == code, [*by, column, "status", "source"]] for code in (partner, other)]
    pairs = sides[0].merge(sides[1], on=by, how="outer", suffixes=("", "_other")).sort_values(by, ignore_index=True)
    value = ratio(pairs[column], pairs[f"{column}_other"])
    return pairs[by].assign(
        partner=partner,
        other=other,
        measure=f"{column}, {partner} over {other}",
        value=value,
        currency=currency,
        prices=prices,
        status=weakest(pairs["status"], pairs["status_other"]).where(value.notna()),
        source=joined(pairs["source"], pairs["source_other"]).where(value.notna()),
    )


def concentration(
    flows: pd.DataFrame,
    flow: str,
    *,
    exclude: Collection[str] = GROUPS,
    countries: Collection[str] | None = None,
    allow_missing: Collection[str] = (),
    groups: pd.DataFrame | None = None,
    total: str = WORLD,
) -> pd.DataFrame:
    """How far a reporter's trade is concentrated on few partners: the Herfindahl–Hirschman index.

    ``hhi = Σ (vᵢ / Σv)²`` over the partners counted: the sum of squared shares, 1 for a single partner, 1/n for n equal
    ones (World Bank, WITS, "Trade Indicators", Hirschman Herfindahl Index; there over products, here over partners).
    ``hhi_normalised = (hhi − 1/n) / (1 − 1/n)`` maps the range from 1/n to 1 onto 0 to 1, so that years with different
    numbers of partners compare.

    The index of the partners counted overstates that of all trade when some are not counted. Where the reporter's
    total is known, ``covered`` says how much of it they make up, and the index of *all* trade lies between ``hhi_low``
    (the rest spread over countless partners: ``Σ (vᵢ/total)²``) and ``hhi_high`` (the rest is one partner: that plus
    ``(1 − covered)²``). Quote the bounds, not ``hhi``, when much is uncovered: ``hhi`` itself may then lie above both.

    Parameters
    ----------
    flows
        Goods flows in one currency, one figure for each flow.
    flow
        'export', 'import' or 'turnover' (the turnover of ``bilateral``).
    exclude
        Partners never counted; by default all groups, because they hold other partners.
    countries
        Count exactly these partners instead, groups among them only together with ``groups``. A year in which one of
        them has no figure has no ``hhi``, for it would be the index of other partners than the year before; the bounds
        stand, as they make no claim about who is not counted.
    allow_missing
        Of ``countries``, those whose absence does not matter, because they are known to be small.
    groups
        Table of country groups (``group``, ``member``), to refuse a group beside its members.
    total
        Partner code of the reporter's total.

    Returns
    -------
    DataFrame
        One row for each reporter, perspective, year: ``flow``, ``hhi``, ``hhi_normalised`` (missing for one partner),
        ``n`` (partners with trade above zero), ``missing_partners`` (those of ``countries`` without a figure, joined
        '; '), ``covered`` (0 to 1), ``hhi_low``, ``hhi_high`` (missing without a total), currency, prices, status,
        source. Without ``countries`` the partners counted may differ from year to year: compare ``n``. Where the
        partners sum to more than the total, as happens between sources, ``covered`` exceeds 1 and both bounds equal
        ``hhi``.

    Raises
    ------
    InputError
        If a group would be counted beside its members, or as for every measure.
    """
    if flow not in FLOWS:
        raise InputError(f"concentration knows no flow {flow!r}. A flow is one of {', '.join(FLOWS)}.")
    column = OF_FLOW[flow]
    require(flows, ["flow"], "concentration")
    one_basis(annual(flows, "concentration"), "concentration")
    table = bilateral(flows if flow == "turnover" else flows[flows["flow"] == flow])
    counted = table[table[column].notna() & (table["partner"] != total)]
    wanted = ~counted["partner"].isin(list(exclude)) if countries is None else counted["partner"].isin(list(countries))
    counted = counted[wanted]
    no_double_counting(counted["partner"].unique(), groups, "concentration")
    by = ["reporter", "perspective", "year"]
    part = ratio(counted[column], counted.groupby(by)[column].transform("sum"))
    grouped = counted.assign(square=part**2, traded=counted[column] > 0).groupby(by)
    sums = grouped.agg(value=(column, "sum"), hhi=("square", "sum"), n=("traded", "sum"))
    whole = table[table["partner"] == total].set_index(by)
    whole_value = whole[column].reindex(sums.index)
    hhi = sums["hhi"].where(sums["n"] > 0)
    even = 1 / sums["n"].where(sums["n"] > 0)
    covered = ratio(sums["value"], whole_value)
    known = hhi * covered**2
    bounded = covered <= 1
    low = known.where(bounded, hhi).where(covered.notna())
    high = (known + (1 - covered) ** 2).where(bounded, hhi).where(covered.notna())
    made = provenance(counted, by)
    sums["missing_partners"] = ""
    complete = pd.Series(True, index=sums.index)
    if countries is not None:
        present = _present(counted, by, "partner", set(countries)).reindex(sums.index)
        lacking = ~present.to_numpy()
        complete = ~pd.Series((lacking & ~present.columns.isin(list(allow_missing))).any(axis=1), index=sums.index)
        sums["missing_partners"] = _named(lacking, present)
    result = pd.DataFrame(
        {
            "flow": flow,
            "hhi": hhi.where(complete),
            "hhi_normalised": ratio(hhi - even, 1 - even).clip(lower=0).where(complete),
            "n": sums["n"].astype("int64"),
            "missing_partners": sums["missing_partners"],
            "covered": covered,
            "hhi_low": low,
            "hhi_high": high,
            "status": weakest(made["status"], whole["status"].reindex(sums.index)),
            "source": joined(made["source"], whole["source"].reindex(sums.index)),
        }
    ).reset_index()
    currencies = {name: table[name].iloc[0] if len(table) else np.nan for name in ("currency", "prices")}
    result = result.assign(**currencies)
    measures = ["flow", "hhi", "hhi_normalised", "n", "missing_partners", "covered", "hhi_low", "hhi_high"]
    return result[[*by, *measures, "currency", "prices", "status", "source"]]


def intensity(flows: pd.DataFrame, basis: str = "imports") -> pd.DataFrame:
    """Whether a reporter sells more to a partner than the partner's weight in world trade would suggest.

    ``(x_ij / X_i) / (share of j in world trade)``: 1 where exporter i gives j the share that j has in the world, more
    where trade is intense. The share of j is ``M_j / M_w``, its imports over world imports, for ``basis='imports'``
    (Yamazawa 1971, "Structural Changes in World Trade Flows", Hitotsubashi Journal of Economics 11(2), pp. 11–21,
    section I, equation 1), or ``x_wj / X_w``, its share in the exports of the world, for ``basis='exports'`` (UN ESCAP,
    Asia-Pacific Trade and Investment Agreements Database, Interactive Trade Indicators, "Trade Intensity", which refers
    to Mikic and Gilbert 2009, Trade Statistics in Policymaking, revised edition). In a world of consistent figures the
    two agree; a freight margin common to all importers cancels. A group's imports hold what its members buy from each
    other, so intensities with groups run low.

    Parameters
    ----------
    flows
        Goods flows in one currency, one figure for each flow: the exporter's exports to the partners and to WLD, and
        for ``'imports'`` the imports from WLD of each partner and of reporter WLD; for ``'exports'`` the exports of
        reporter WLD to each partner and to WLD.
    basis
        'imports' or 'exports'.

    Returns
    -------
    DataFrame
        One row for each reporter, partner, year with exports of the pair: ``measure``, ``value``, ``export_share``,
        ``world_share`` (missing where one of its parts is), ``basis``, ``numerator_reporter``,
        ``denominator_reporter`` (always several reporters: an intensity compares countries' reports by nature),
        currency, prices, status, source.

    Raises
    ------
    InputError
        If the basis is unknown, or as for every measure.
    """
    if basis not in ("imports", "exports"):
        raise InputError(f"intensity knows no basis {basis!r}. Choose 'imports' or 'exports'.")
    currency, prices = one_basis(annual(flows, "intensity"), "intensity")
    if "perspective" in flows.columns:
        flows = flows[flows["perspective"] == "reported"]
    table = bilateral(flows)
    exports = table.loc[table["exports"].notna(), ["reporter", "partner", "year", "exports"]]
    imports = table.loc[table["imports"].notna(), ["reporter", "partner", "year", "imports"]]
    # status and source of the very figures used, from the flows themselves
    rows = annual(flows, "intensity").set_index(["reporter", "partner", "flow", "year"])[["status", "source"]]

    pairs = exports[(exports["reporter"] != WORLD) & (exports["partner"] != WORLD)].reset_index(drop=True)
    used = [("reporter", "partner", "export"), ("reporter", WORLD, "export")]
    all_exports = exports[exports["partner"] == WORLD].set_index(["reporter", "year"])["exports"]
    if basis == "imports":
        by_country = imports[imports["partner"] == WORLD].set_index(["reporter", "year"])["imports"]
        used += [("partner", WORLD, "import"), (WORLD, WORLD, "import")]
    else:
        by_country = exports[exports["reporter"] == WORLD].set_index(["partner", "year"])["exports"]
        used += [(WORLD, "partner", "export"), (WORLD, WORLD, "export")]
    export_share = ratio(pairs["exports"], _looked_up(all_exports, pairs["reporter"], pairs["year"]))
    world = pd.Series(WORLD, index=pairs.index)
    world_share = ratio(
        _looked_up(by_country, pairs["partner"], pairs["year"]), _looked_up(by_country, world, pairs["year"])
    )
    value = ratio(export_share, world_share)
    cells = {"reporter": pairs["reporter"], "partner": pairs["partner"], WORLD: world}
    statuses, sources = [], []
    for who, whom, flow in used:
        at = pd.MultiIndex.from_arrays([cells[who], cells[whom], pd.Series(flow, index=pairs.index), pairs["year"]])
        found = rows.reindex(at).set_index(pairs.index)
        statuses.append(found["status"])
        sources.append(found["source"])
    return pairs[["reporter", "partner", "year"]].assign(
        measure="trade intensity of exports",
        value=value,
        export_share=export_share,
        world_share=world_share,
        basis=basis,
        numerator_reporter=pairs["reporter"],
        denominator_reporter=pairs["partner"] + "; " + WORLD if basis == "imports" else WORLD,
        currency=currency,
        prices=prices,
        status=weakest(*statuses).where(value.notna()),
        source=joined(*sources).where(value.notna()),
    )


# Change over time


def growth(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Change on the calendar year before: ``value / previous − 1``.

    Only the year directly before counts: after a gap there is no growth rate, not one over several years. Growth from
    zero or from a negative figure (a deficit) has no meaning and is missing.

    Returns
    -------
    DataFrame
        All rows of ``frame`` by series and year: ``measure``, ``value`` (0.1 is 10 per cent), ``previous`` (the figure
        of the year before), ``break_in_series`` (True where the sources differ from those of the last earlier year
        with a figure: part of the change may be a change of source), currency, prices, status, source of both years.

    Raises
    ------
    InputError
        If a column lacks, currencies or price bases are mixed, or a figure is there twice.
    """
    frame, key, currency, prices = _series(frame, column, "growth")
    before = frame[[*key, "year", column, "status", "source"]].assign(year=frame["year"] + 1)
    last = frame[[*key, "year"]].merge(before, on=[*key, "year"], how="left")
    value = ratio(frame[column] - last[column], last[column].where(last[column] > 0))
    defined = value.notna()
    return frame[[*key, "year"]].assign(
        measure=f"growth of {column}",
        value=value,
        previous=last[column],
        break_in_series=_breaks(frame, key, column),
        currency=currency,
        prices=prices,
        status=weakest(frame["status"], last["status"]).where(defined),
        source=joined(frame["source"], last["source"]).where(defined),
    )


def compound_growth(frame: pd.DataFrame, column: str, first: int, last: int) -> pd.DataFrame:
    """Average growth a year between two years: ``(value(last) / value(first)) ** (1 / (last − first)) − 1``.

    Only the two ends enter; what happened between them does not.

    Returns
    -------
    DataFrame
        One row for each series: ``first``, ``last``, ``measure``, ``value`` (missing where an end is missing, the first
        is not above zero or the last is negative), ``first_value``, ``last_value``, ``break_in_series`` (the two ends
        come from different sources), currency, prices, status, source.

    Raises
    ------
    InputError
        If ``last`` is not after ``first``, or as ``growth``.
    """
    if last <= first:
        raise InputError(
            f"compound_growth runs from an earlier to a later year, not from {first} to {last}. Swap them."
        )
    frame, key, currency, prices = _series(frame, column, "compound_growth")
    series = frame[key].drop_duplicates(ignore_index=True)
    ends = {}
    for year in (first, last):
        rows = frame.loc[(frame["year"] == year) & frame[column].notna(), [*key, column, "status", "source"]]
        ends[year] = series.merge(rows, on=key, how="left")
    start, end = ends[first], ends[last]
    change = ratio(end[column].where(end[column] >= 0), start[column].where(start[column] > 0))
    value = change ** (1 / (last - first)) - 1
    defined = value.notna()
    return series.assign(
        first=first,
        last=last,
        measure=f"compound growth of {column}",
        value=value,
        first_value=start[column],
        last_value=end[column],
        break_in_series=defined & (start["source"] != end["source"]),
        currency=currency,
        prices=prices,
        status=weakest(start["status"], end["status"]).where(defined),
        source=joined(start["source"], end["source"]).where(defined),
    )


def index_to(frame: pd.DataFrame, column: str, base: int) -> pd.DataFrame:
    """Each series as an index: ``100 × value / value(base)``.

    A series without a figure above zero in the base year has no index; another base would be another index.

    Returns
    -------
    DataFrame
        All rows of ``frame`` by series and year: ``measure``, ``value`` (base year 100), ``break_in_series`` (the year
        comes from other sources than the base year), currency, prices, status, source of both years.
    """
    frame, key, currency, prices = _series(frame, column, "index_to")
    of_base = frame.loc[(frame["year"] == base) & frame[column].notna(), [*key, column, "status", "source"]]
    start = frame[key].merge(of_base, on=key, how="left")
    value = 100 * ratio(frame[column], start[column].where(start[column] > 0))
    defined = value.notna()
    return frame[[*key, "year"]].assign(
        measure=f"index of {column} ({base} = 100)",
        value=value,
        break_in_series=defined & (frame["source"] != start["source"]),
        currency=currency,
        prices=prices,
        status=weakest(frame["status"], start["status"]).where(defined),
        source=joined(frame["source"], start["source"]).where(defined),
    )


# What there is and what there is not


def coverage(
    flows: pd.DataFrame,
    *,
    years: tuple[int, int] | None = None,
    partners: Collection[str] | None = None,
) -> pd.DataFrame:
    """Who reported which years, how firmly, and what is missing.

    Parameters
    ----------
    flows
        Goods flows as published: several rows for a flow are welcome here, partial years too.
    years
        First and last year to show, both included; those of the flows if not given.
    partners
        Show these partners, also those without a single row; those of the flows if not given.

    Returns
    -------
    DataFrame
        One row for each reporter, (perspective,) partner, export or import, and every year in ``years``, and one for
        each turnover that was stated (that no total was stated is no gap): ``status`` (of the row with most months,
        then the firmest; 'missing' where nobody reported), ``months`` (Int64, missing likewise), ``complete`` (twelve
        months), ``sources`` (how many), ``source`` (which).

    Raises
    ------
    InputError
        If the years are reversed.
    """
    require(flows, ["reporter", "partner", "flow", "year", "value", "status", "months", "source"], "coverage")
    if years is not None and years[1] < years[0]:
        raise InputError(
            f"coverage runs from an earlier to a later year, not from {years[0]} to {years[1]}. Swap them."
        )
    if years is None:
        years = (int(flows["year"].min()), int(flows["year"].max())) if len(flows) else (0, -1)
    stated = flows.dropna(subset=["value"])
    key = series_key(flows)
    pairs = flows[[name for name in key if name != "flow"]].drop_duplicates()
    if partners is not None:
        wanted = pd.DataFrame({"partner": list(partners)})
        pairs = pairs.drop(columns="partner").drop_duplicates().merge(wanted, how="cross")
    span = pd.DataFrame({"year": np.arange(years[0], years[1] + 1, dtype="int64")})
    expected = pairs.merge(pd.DataFrame({"flow": ["export", "import"]}), how="cross").merge(span, how="cross")
    totals = stated[(stated["flow"] == "turnover") & stated["year"].between(*years)].merge(pairs)
    grid = pd.concat([expected, totals[expected.columns].drop_duplicates()])[[*key, "year"]]
    grid = grid.sort_values([*key, "year"], ignore_index=True)
    firmest = stated.assign(order=_status_rank(stated["status"])).sort_values(
        ["months", "order"], ascending=[False, True]
    )
    firmest = firmest.drop_duplicates([*key, "year"])[[*key, "year", "status", "months"]]
    counts = sources_by(stated, [*key, "year"])
    table = grid.merge(firmest, on=[*key, "year"], how="left").merge(
        counts.reset_index(), on=[*key, "year"], how="left"
    )
    return table.assign(
        status=table["status"].fillna("missing"),
        months=table["months"].astype("Int64"),
        complete=table["months"] == 12,
        sources=table["sources"].fillna(0).astype("int64"),
    )[[*key, "year", "status", "months", "complete", "sources", "source"]]


def last_complete_year(
    frame: pd.DataFrame, partners: Collection[str], *, column: str = "turnover", reporter: str | None = None
) -> int:
    """The last year in which *all* the partners have a figure.

    Parameters
    ----------
    frame
        A ``bilateral`` result of one reporter (or name the ``reporter``).
    partners
        The partners that must all be there, from one perspective.
    column
        The column that must be there.

    Raises
    ------
    InputError
        If there is no such year: the sentence says the last year of each partner.
    """
    stated = _figures_of(frame, partners, column, reporter, "last_complete_year")
    by = ["perspective", "year"] if "perspective" in stated.columns else ["year"]
    count = stated.groupby(by)["partner"].nunique()
    complete = count[count == len(set(partners))]
    if complete.empty:
        last = stated.groupby("partner")["year"].max()
        listed = ", ".join(f"{code} {f'to {last[code]}' if code in last.index else 'never'}" for code in partners)
        raise InputError(
            f"No year has {column} with all of {', '.join(partners)} ({listed}). Leave out the partners that lack, "
            "or use trade.last_year_any."
        )
    return int(complete.index.get_level_values("year").max())


def comparison_year(
    frame: pd.DataFrame,
    partners: Collection[str],
    year: int | None = None,
    *,
    column: str = "turnover",
    every: bool = True,
) -> int:
    """The year in which to compare the partners: the one asked for, or the last in which all have a figure.

    If not ``every`` partner must have one: the last of the years in which the most of them have.

    Raises
    ------
    InputError
        If no partner has a figure in the year asked for, or there is no year in which all (or any) have one.
    """
    if year is None and not every:
        last_year_any(frame, partners, column=column)  # refuses where there is none
        stated = frame[frame["partner"].isin(list(partners)) & frame[column].notna()]
        count = stated.groupby("year")["partner"].nunique()
        return int(count[count == count.max()].index.max())
    if year is None:
        return last_complete_year(frame, partners, column=column)
    stated = frame[frame["partner"].isin(list(partners)) & frame[column].notna()]
    if year not in set(stated["year"]):
        held = f"{stated['year'].min()} to {stated['year'].max()}" if len(stated) else "none"
        raise InputError(f"No figure of {column} with any of these partners is held for {year} (years held: {held}).")
    return year


def last_year_any(
    frame: pd.DataFrame, partners: Collection[str], *, column: str = "turnover", reporter: str | None = None
) -> int:
    """The last year in which *any* of the partners has a figure (parameters and errors as ``last_complete_year``)."""
    stated = _figures_of(frame, partners, column, reporter, "last_year_any")
    if stated.empty:
        raise InputError(
            f"No year has {column} with any of {', '.join(partners)}. Check the codes, or choose other partners."
        )
    return int(stated["year"].max())


# Helpers


def _status_rank(status: pd.Series) -> pd.Series:
    weakest(status)  # refuses a status it does not know
    return status.map({name: place for place, name in enumerate(STATUSES)}).astype(float)


def _present(rows: pd.DataFrame, key: list[str], column: str, codes: set[str]) -> pd.DataFrame:
    """Which of ``codes`` have a row in ``column`` under each ``key``: bool, one column for each code."""
    marked = rows.assign(here=True).set_index([*key, column])["here"]
    return marked.unstack(column, fill_value=False).reindex(columns=sorted(codes), fill_value=False).astype(bool)


def _named(marked: np.ndarray, columns_of: pd.DataFrame) -> pd.Series:
    names = columns_of.columns.to_numpy()
    return pd.Series(["; ".join(names[row]) for row in marked], index=columns_of.index, dtype="str")


def _turned(mirror: pd.DataFrame, column: str, reporters: set[str]) -> pd.DataFrame:
    """Partners' figures as if the reporters had stated them: what a partner imports is the reporter's export."""
    opposite = {"exports": "imports", "imports": "exports", "turnover": "turnover"}
    if column not in opposite:
        raise InputError(f"share cannot mirror {column!r}. Choose 'exports', 'imports' or 'turnover'.")
    require(mirror, ["reporter", "partner", "year", opposite[column], "status", "source"], "share (mirror)")
    if "perspective" in mirror.columns and (mirror["perspective"] == "mirror").any():
        raise InputError(
            "share takes as mirror what the partners reported themselves, but some of it is mirrored already."
        )
    seen = mirror[mirror["partner"].isin(reporters) & (mirror["reporter"] != WORLD)]
    return seen.assign(reporter=seen["partner"], partner=seen["reporter"], perspective="mirror").assign(
        **{column: seen[opposite[column]]}
    )


def _series(frame: pd.DataFrame, column: str, measure: str) -> tuple[pd.DataFrame, list[str], str | float, str | float]:
    """Check a frame of annual series; return it sorted by series and year, with its key and its one basis."""
    require(frame, ["year", column, "status", "source"], measure)
    if "months" in frame.columns:
        frame = annual(frame, measure)
    currency, prices = one_basis(frame, measure)
    key = series_key(frame)
    one_figure(frame, [*key, "year"], measure)
    return frame.sort_values([*key, "year"], ignore_index=True), key, currency, prices


def _breaks(frame: pd.DataFrame, key: list[str], column: str) -> pd.Series:
    """Where the sources differ from those of the last earlier year with a figure. ``frame`` is sorted by series."""
    stated = frame.loc[frame[column].notna(), [*key, "source"]]
    earlier = stated.groupby(key)["source"].shift()
    differ = earlier.notna() & (earlier != stated["source"])
    return differ.reindex(frame.index, fill_value=False).astype(bool)


def _looked_up(figures: pd.Series, code: pd.Series, year: pd.Series) -> pd.Series:
    found = figures.reindex(pd.MultiIndex.from_arrays([code, year]))
    return pd.Series(found.to_numpy(), index=code.index, dtype=float)


def _figures_of(
    frame: pd.DataFrame, partners: Collection[str], column: str, reporter: str | None, measure: str
) -> pd.DataFrame:
    require(frame, ["reporter", "partner", "year", column], measure)
    if isinstance(partners, str) or not partners:
        raise InputError(f"{measure} takes a list of partner codes, not {partners!r}.")
    if reporter is not None:
        frame = frame[frame["reporter"] == reporter]
    reporters = sorted(frame["reporter"].unique())
    if len(reporters) > 1:
        raise InputError(
            f"{measure} looks at one reporter, but this frame has {', '.join(reporters)}. "
            f"Name one: reporter='{reporters[0]}'."
        )
    return frame[frame["partner"].isin(list(partners)) & frame[column].notna()]
