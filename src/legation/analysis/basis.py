"""What makes figures comparable: one currency, one price basis, one figure for each flow, and a source for every row.

The measures in ``trade`` and ``mirror`` call the checks here before they compute, and the joins here after, so that
every result carries the currency, price basis, weakest status and sources of what went into it. ``convert`` and
``deflate`` are how an analyst gets from frames that are refused to frames that are not.
"""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from legation.errors import InputError

# Strongest first. A figure combined from several rows is only as firm as the weakest of them.
STATUSES = ("final", "reconciled", "preliminary", "press")

# Codes that stand for several countries. Added to the figures of their own members they count trade twice.
WORLD = "WLD"
GROUPS = frozenset({WORLD, "ASEAN", "EU27", "EU28"})

# Columns that hold money, in goods flows and in the results made from them.
MONEY = (
    "value",
    "exports",
    "imports",
    "turnover",
    "balance",
    "reported",
    "mirrored",
    "gap",
    "estimate",
    "low",
    "high",
)

# What tells one series from another; a frame has those of them that fit its shape.
SERIES = ("reporter", "exporter", "perspective", "flow", "partner", "importer")

# Whose price index belongs to which currency. The euro is left out: its price index has no country code.
CURRENCY_HOME = {
    "AUD": "AUS",
    "CNY": "CHN",
    "INR": "IND",
    "JPY": "JPN",
    "KPW": "PRK",
    "KRW": "KOR",
    "RUB": "RUS",
    "USD": "USA",
    "VND": "VNM",
}


def convert(frame: pd.DataFrame, rates: pd.DataFrame, to: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Express money in one currency at annual average exchange rates.

    ``amount × per_usd(to) / per_usd(from)``, each rate being units of the currency for one US dollar on the average
    of the year. The dollar's own rate is 1 and needs no row. An annual average is the usual choice for flows that
    were spread over the year; it cannot undo what moved within it.

    Parameters
    ----------
    frame
        Goods flows or a result made from them, with ``year``, ``currency``, ``prices``, ``source``. Currencies may be
        mixed.
    rates
        ``currency``, ``year``, ``per_usd``, ``source``: one row for each currency and year.
    to
        ISO 4217 code of the currency wanted.
    columns
        Money columns to convert; all those present if not given. Leaving one out is refused, because the
        ``currency`` column speaks for the whole row.

    Returns
    -------
    DataFrame
        The same rows with the money converted, ``currency`` = ``to``, and the rates' sources joined to ``source``.

    Raises
    ------
    InputError
        If a rate is missing (the sentence names currency and year) or stated twice, or the frame is at constant prices.
    """
    require(frame, ["year", "currency", "prices", "source"], "convert")
    require(rates, ["currency", "year", "per_usd", "source"], "convert (rates)")
    columns = _money_columns(frame, columns, "convert")
    constant = sorted(set(frame["prices"].dropna()) - {"current"})
    if constant:
        raise InputError(
            f"convert takes amounts at current prices, but these are at {', '.join(constant)} prices, which a rate of "
            "the trading year would mix with exchange-rate movements. Convert first, then deflate."
        )
    with_amount = frame[columns].notna().any(axis=1) & (frame["currency"] != to)
    wanted = frame.loc[with_amount, ["currency", "year"]].drop_duplicates()
    wanted = pd.concat([wanted, wanted.assign(currency=to)]).drop_duplicates()
    wanted = wanted[wanted["currency"] != "USD"]
    used = rates.merge(wanted, on=["currency", "year"]).dropna(subset=["per_usd"])
    twice = used[used.duplicated(["currency", "year"], keep=False)]
    if not twice.empty:
        first = twice.iloc[0]
        raise InputError(
            f"convert found more than one {first['currency']} rate for {first['year']} "
            f"({', '.join(sorted(twice['source'].unique()))}). Choose one: rates[rates.source == '{first['source']}']."
        )
    lacking = wanted.merge(used, on=["currency", "year"], how="left")
    lacking = lacking[lacking["per_usd"].isna()]
    if not lacking.empty:
        listed = "; ".join(
            f"{currency} {_years(years)}" for currency, years in lacking.groupby("currency")["year"] if len(years)
        )
        raise InputError(
            f"convert to {to} has no exchange rate for {listed}. Add the annual averages to exchange_rates.csv "
            "with their source, or leave those years out."
        )
    table = used.set_index(["currency", "year"])
    years = frame["year"]
    home, home_source = _rates_for(frame["currency"], years, table)
    target, target_source = _rates_for(pd.Series(to, index=frame.index), years, table)
    result = frame.copy()
    factor = (target / home).where(with_amount, 1.0)
    result[columns] = frame[columns].mul(factor, axis=0)
    result["currency"] = to
    result["source"] = joined(frame["source"], home_source.where(with_amount), target_source.where(with_amount))
    return result


def in_currency(flows: pd.DataFrame, rates: pd.DataFrame, to: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Flows of several currencies in one, at annual average rates, and those that no rate held can bring there.

    Parameters
    ----------
    flows
        Goods flows, in whatever currencies their publishers state.
    rates
        As `convert` takes them, but several rows may state a rate: the first counts.
    to
        ISO 4217 code of the currency wanted.

    Returns
    -------
    DataFrame, DataFrame
        The rows in that currency, those converted with the rates' sources joined to ``source``; and the rows left out,
        as they were. Whoever shows the first has to tell of the second.

    Raises
    ------
    InputError
        If there are rows and none can be had in this currency: the sentence names the rates that lack.
    """
    foreign = flows["currency"] != to
    if not foreign.any():
        return flows, flows[foreign]
    held = rates.dropna(subset=["per_usd"]).drop_duplicates(["currency", "year"])
    known = pd.MultiIndex.from_frame(held[["currency", "year"]])

    def has_rate(currency: pd.Series) -> pd.Series:
        return (currency == "USD") | pd.MultiIndex.from_arrays([currency, flows["year"]]).isin(known)

    usable = ~foreign | (has_rate(flows["currency"]) & has_rate(pd.Series(to, index=flows.index)))
    if not usable.any():
        return convert(flows, held, to), flows[~usable]  # which says what lacks
    return convert(flows[usable], held, to), flows[~usable]


def deflate(
    frame: pd.DataFrame, index: pd.DataFrame, base_year: int, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Express current money at the prices of one year.

    ``amount × index(base_year) / index(year)``. With a consumer price index the result says what the trade would
    have bought of that country's consumer basket in the base year; it is not a volume of goods, for which unit-value
    or trade price indices would be needed.

    Parameters
    ----------
    frame
        Goods flows or a result made from them, in one currency, at current prices.
    index
        ``country``, ``year``, ``measure``, ``value``, ``base``, ``source`` of *one* index: one measure, one base, and
        the country whose money the frame is in.
    base_year
        The year whose prices are used; it must be in the index.
    columns
        Money columns to deflate; all those present if not given. Leaving one out is refused (see ``convert``).

    Returns
    -------
    DataFrame
        The same rows, ``prices`` = ``'constant <base_year>'``, the index's sources joined to ``source``.

    Raises
    ------
    InputError
        If currencies are mixed, the frame is at constant prices already, the index belongs to another currency, holds
        several series, or lacks a year (the sentence names country and year).
    """
    require(frame, ["year", "currency", "prices", "source"], "deflate")
    require(index, ["country", "year", "measure", "value", "base", "source"], "deflate (index)")
    columns = _money_columns(frame, columns, "deflate")
    one_basis(frame, "deflate")
    constant = sorted(set(frame["prices"].dropna()) - {"current"})
    if constant:
        raise InputError(
            f"deflate takes amounts at current prices, but these are already at {constant[0]} prices. Start from the "
            "current ones."
        )
    for field in ("country", "measure", "base"):
        several = sorted(index[field].dropna().astype(str).unique())
        if len(several) > 1:
            raise InputError(
                f"deflate takes one price index, but this table holds several by {field}: {', '.join(several)}. "
                f"Choose one: index[index.{field} == '{several[0]}']."
            )
    if index.empty:
        raise InputError("deflate was given an empty price index. Open price_indices for the country of the currency.")
    country = str(index["country"].iloc[0])
    for currency in frame["currency"].dropna().unique():
        home = CURRENCY_HOME.get(currency, country)
        if home != country:
            raise InputError(
                f"deflate was given the price index of {country} for amounts in {currency}. Money loses value where it "
                f"is spent: use the index of {home}, or convert the amounts first."
            )
    stated = index.dropna(subset=["value"])
    with_amount = frame[columns].notna().any(axis=1)
    wanted = set(frame.loc[with_amount, "year"]) | {base_year}
    twice = stated[stated.duplicated("year", keep=False) & stated["year"].isin(wanted)]
    if not twice.empty:
        raise InputError(
            f"deflate found more than one price index of {country} for {_years(twice['year'])} "
            f"({', '.join(sorted(twice['source'].unique()))}). Choose one source."
        )
    lacking = sorted(wanted - set(stated["year"]))
    if lacking:
        raise InputError(
            f"deflate to the prices of {base_year} has no price index of {country} for {_years(pd.Series(lacking))}. "
            "Add the years to price_indices.csv with their source, or leave them out."
        )
    level = stated.set_index("year")["value"].astype(float)
    result = frame.copy()
    factor = level.loc[base_year] / frame["year"].map(level)
    result[columns] = frame[columns].mul(factor, axis=0)
    result["prices"] = f"constant {base_year}"
    of_year = frame["year"].map(stated.set_index("year")["source"])
    of_base = pd.Series(stated.set_index("year")["source"].loc[base_year], index=frame.index)
    result["source"] = joined(frame["source"], of_year.where(with_amount), of_base.where(with_amount))
    return result


# Checks


def figure(frame: pd.DataFrame, column: str, **where: object) -> float:
    """One number out of a result: the cell of ``column`` in the only row with these values; NaN if there is no row.

    Raises
    ------
    InputError
        If several rows fit, for then the number is not one.
    """
    rows = frame
    for name, wanted in where.items():
        rows = rows[rows[name] == wanted]
    if len(rows) > 1:
        asked = ", ".join(f"{name} {wanted}" for name, wanted in where.items())
        raise InputError(f"{len(rows)} rows have {asked}, so '{column}' is not one number. Name more columns.")
    return float(rows[column].iloc[0]) if len(rows) else float("nan")


def latest(frame: pd.DataFrame, **where: object) -> dict[str, object]:
    """The row of the last year among those with these values, by column; every cell NaN if there is none."""
    rows = frame
    for name, wanted in where.items():
        rows = rows[rows[name] == wanted]
    if rows.empty:
        return {str(name): float("nan") for name in frame.columns}
    return {str(name): cell for name, cell in rows.sort_values("year").iloc[-1].to_dict().items()}


def require(frame: pd.DataFrame, columns: Sequence[str], measure: str) -> None:
    """Refuse a frame that lacks columns a measure reads."""
    lacking = [column for column in columns if column not in frame.columns]
    if lacking:
        raise InputError(
            f"{measure} needs the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}, but this frame has "
            f"{', '.join(map(str, frame.columns)) or 'none'}."
        )


def one_basis(frame: pd.DataFrame, measure: str) -> tuple[str | float, str | float]:
    """Refuse mixed currencies or price bases; return the one currency and price basis (NaN if there are no rows)."""
    require(frame, ["currency", "prices"], measure)
    currencies = sorted(frame["currency"].dropna().unique())
    if len(currencies) > 1:
        raise InputError(
            f"{measure} compares like with like, but these figures are in {', '.join(currencies)}. "
            f"Convert them first: trade.convert(frame, rates, to='{'USD' if 'USD' in currencies else currencies[0]}')."
        )
    prices = sorted(frame["prices"].dropna().unique())
    if len(prices) > 1:
        raise InputError(
            f"{measure} compares like with like, but these figures are at {', '.join(prices)} prices. "
            "Deflate all of them to one base year, trade.deflate(frame, index, base_year), or none."
        )
    return (currencies[0] if currencies else np.nan), (prices[0] if prices else np.nan)


def one_figure(frame: pd.DataFrame, key: Sequence[str], measure: str) -> None:
    """Refuse a frame that states the same thing twice."""
    twice = frame.duplicated(list(key), keep=False)
    if not twice.any():
        return
    repeated = frame[twice]
    first = repeated.iloc[0]
    same = repeated[(repeated[list(key)] == first[list(key)]).all(axis=1)]
    where = ", ".join(f"{field} {first[field]}" for field in key)
    said_by = f" ({', '.join(sorted(map(str, same['source'])))})" if "source" in frame.columns else ""
    raise InputError(
        f"{measure} takes one figure for each {', '.join(key)}, but {where} has {len(same)}{said_by}. "
        "Choose between them first: trade.best(flows)."
    )


def no_double_counting(counted: Collection[str], groups: pd.DataFrame | None, measure: str) -> None:
    """Refuse to add up a group beside its own members, or the world beside anybody.

    ``groups`` is the table of country groups (``group``, ``member``). Membership is taken whatever its dates, because
    publishers apply a group's composition backwards.
    """
    codes = set(counted)
    known = GROUPS if groups is None else GROUPS | set(groups["group"])
    present = sorted(codes & known)
    if WORLD in present and len(codes) > 1:
        raise InputError(f"{measure} would count trade twice: {WORLD} holds every other partner. Leave {WORLD} out.")
    if len(codes) < 2 or not present:
        return
    if groups is None:
        raise InputError(
            f"{measure} cannot tell whether {', '.join(present)} hold partners that are counted beside them. "
            "Pass the table of members, groups=country_groups, or leave the groups out."
        )
    members = {group: set(groups.loc[groups["group"] == group, "member"]) for group in present}
    for group in present:
        if not members[group]:
            raise InputError(
                f"{measure} finds no members of {group} in the table of country groups. Add them, or leave {group} out."
            )
        inside = sorted(members[group] & codes)
        if inside:
            raise InputError(
                f"{measure} would count trade twice: {', '.join(inside)} belong to {group}. Leave out "
                f"{group} or its members."
            )
    for number, group in enumerate(present):
        for other in present[number + 1 :]:
            if members[group] & members[other]:
                raise InputError(
                    f"{measure} would count trade twice: {group} and {other} share members. Leave one out."
                )


def annual(flows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Only the rows that cover all twelve months: part of a year is not a small year."""
    require(flows, ["months"], measure)
    return flows[flows["months"] == 12]


def series_key(frame: pd.DataFrame) -> list[str]:
    """The columns that tell one series of ``frame`` from another."""
    return [column for column in SERIES if column in frame.columns]


# Provenance of combined figures


def weakest(*statuses: pd.Series) -> pd.Series:
    """The weakest status of each row, ignoring what is missing."""
    order = {status: rank for rank, status in enumerate(STATUSES)}
    for column in statuses:
        unknown = set(column.dropna().unique()) - set(order)
        if unknown:
            raise InputError(
                f"Unknown status {', '.join(sorted(map(repr, unknown)))}. A status is one of {', '.join(STATUSES)}."
            )
    ranks = pd.concat([column.map(order).astype(float) for column in statuses], axis=1).max(axis=1)
    return ranks.map(dict(enumerate(STATUSES))).astype("str")


def joined(*sources: pd.Series) -> pd.Series:
    """The source ids of each row, sorted, once each, joined by '; '. A cell may hold several ids already."""
    table = pd.concat(list(sources), axis=1)
    table.columns = pd.RangeIndex(len(sources))
    if table.empty:
        return pd.Series([], index=table.index, dtype="str")
    # Few combinations of sources recur over many rows: join each combination once.
    codes = table.groupby(list(table.columns), dropna=False, sort=False).ngroup().to_numpy()
    combinations = table.drop_duplicates()
    texts = [_join(cells) for cells in combinations.itertuples(index=False)]
    numbers = codes[~table.duplicated().to_numpy()]
    lookup = np.empty(len(texts), dtype=object)
    lookup[numbers] = texts
    return pd.Series(lookup[codes], index=table.index).astype("str")


def provenance(frame: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """Weakest status and joined sources of the rows added up under each ``key`` (index: the key)."""
    order = {status: rank for rank, status in enumerate(STATUSES)}
    grouped = frame.assign(status=frame["status"].map(order).astype(float)).groupby(list(key))["status"].max()
    sources = sources_by(frame, key)["source"]
    return pd.DataFrame(
        {"status": grouped.map(dict(enumerate(STATUSES))).astype("str"), "source": sources.astype("str")}
    )


def sources_by(frame: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """How many sources (``sources``) and which (``source``, joined) stand under each ``key`` (index: the key)."""
    distinct = frame[[*key, "source"]].drop_duplicates()
    shared = distinct.duplicated(list(key), keep=False)
    alone = distinct[~shared].set_index(list(key)).assign(sources=1)
    each = distinct[shared]
    if each.empty:
        return alone[["sources", "source"]].astype({"source": "str"})
    wide = each.assign(place=each.groupby(list(key)).cumcount()).pivot(
        index=list(key), columns="place", values="source"
    )
    together = pd.DataFrame({"sources": wide.notna().sum(axis=1), "source": joined(*(wide[place] for place in wide))})
    return pd.concat([alone, together])[["sources", "source"]].astype({"source": "str"})


def ratio(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """Numerator over denominator; missing where either is missing or the denominator is zero."""
    return numerator / denominator.where(denominator != 0)


def _join(cells: Collection[object]) -> object:
    ids = {source for cell in cells if isinstance(cell, str) for source in cell.split("; ") if source}
    return "; ".join(sorted(ids)) or np.nan


def _years(years: pd.Series) -> str:
    return ", ".join(str(year) for year in sorted(set(years)))


def _money_columns(frame: pd.DataFrame, columns: Sequence[str] | None, measure: str) -> list[str]:
    if "measure" in frame.columns:
        held = frame["measure"].iloc[0] if len(frame) else "result of a measure"
        raise InputError(
            f"{measure} takes amounts of money, but this frame holds the {held}. "
            f"Apply {measure} to the flows first, then compute the measure."
        )
    present = [column for column in MONEY if column in frame.columns]
    if columns is None:
        columns = present
    require(frame, columns, measure)
    left_out = [column for column in present if column not in columns]
    if left_out or not columns:
        raise InputError(
            f"{measure} must treat all amounts of a row alike, but {', '.join(left_out) or 'every column'} would be "
            "left out. Name every money column, or drop those not needed."
        )
    return list(columns)


def _rates_for(currency: pd.Series, year: pd.Series, rates: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    wanted = pd.MultiIndex.from_arrays([currency, year])
    found = rates[["per_usd", "source"]].reindex(wanted)
    found.index = currency.index
    return found["per_usd"].astype(float).where(currency != "USD", 1.0), found["source"]
