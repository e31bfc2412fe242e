"""Tables of Viet Nam's National Statistics Office on goods trade by partner, exports (E04) and imports (E05), thousand
USD.

Two forms of CSV are read. The *yearly* one has ``year, flow, partner, value_thousand_usd``. The *monthly* one, made
from the office's workbooks, has a row for each partner and group of goods, ``January_Value`` … ``December_Value``
and ``12_months_Value`` besides quantities; ``Group`` is empty (or NA, or Summary) in a partner's total, which alone
is taken. The office's own .xls must be saved as CSV in one of these forms: nothing here reads that format.

Valuation is the office's customs valuation; the tables do not say FOB or CIF (data/README.md).
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from legation.data import importing
from legation.data.codes import publisher_codes
from legation.data.importing import Head, Wanted, counted, named, printed
from legation.data.vintages import Taken
from legation.errors import InputError

TITLE = "a table of Viet Nam's statistics office"
FORM = "columns year, flow, partner, value_thousand_usd, or Names, Group, January_Value to December_Value"
TABLES = ("goods_flows",)

_YEARLY = ("year", "flow", "partner", "value_thousand_usd")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTHLY = ("Names", "Group", *(f"{month}_Value" for month in _MONTHS))
_TOTALS = ("", "NA", "Summary")
_FILE = re.compile(r"(?:^|[^A-Za-z])(Ex|Im|E)0?([45])[-_](\d{4})(?!.*_\d{4})", re.IGNORECASE)
_FLOWS = {"X": "export", "M": "import"}
#: The office rounds to ten dollars: twelve months may differ from the year by as much.
_ROUNDING = 1.0


def is_mine(head: Head) -> bool:
    """Whether its header is that of one of the two forms."""
    names = {cell.strip().strip('"') for cell in head.lines[0].split(",")} if head.lines else set()
    return set(_YEARLY) <= names or set(_MONTHLY) <= names


def read(path: Path, wanted: Wanted) -> Taken:
    """Viet Nam's exports or imports by partner, in whole dollars."""
    with path.open(encoding="utf-8-sig", errors="replace") as opened:
        yearly = "value_thousand_usd" in opened.readline()
    rows = _yearly(path) if yearly else _monthly(path)
    codes = publisher_codes("nso-vietnam")
    rows = rows.assign(partner=rows["theirs"].map(codes))
    unknown = rows["partner"].isna()
    left = (
        f" {counted(int(unknown.sum()), 'row', 'rows')} left out whose partner has no code here: "
        f"{named(rows.loc[unknown, 'theirs'], 12)}."
        if unknown.any()
        else ""
    )
    rows = rows[~unknown]
    if wanted.about and "VNM" not in wanted.about:
        rows = rows[rows["partner"].isin(wanted.about)]
    if rows.empty:
        raise InputError(f"{path.name}: none of its partners is wanted and has a code here.{left}")
    key = ["partner", "flow", "year", "months"]
    twice = rows.duplicated(key, keep=False)
    if twice.any():
        line = rows.index[twice][0]
        raise InputError(
            f"{path.name}, line {line}: {printed(rows.loc[line, 'theirs'])} stands more than once for "
            f"{rows.loc[line, 'year']}. Keep the row that is right."
        )
    kept, said = importing.answers(path)
    made = pd.DataFrame(
        {
            "reporter": "VNM",
            "partner": rows["partner"],
            "flow": rows["flow"],
            "year": rows["year"].astype("int64"),
            "value": (rows["thousand"] * 1000).round(),
            "currency": "USD",
            "prices": "current",
            "valuation": "customs",
            "status": "preliminary" if (rows["months"] < 12).any() else "final",
            "months": rows["months"].astype("int64"),
            "note": pd.Series(None, index=rows.index, dtype="str"),
        }
    ).reset_index(drop=True)
    made["status"] = made["months"].map(lambda months: "final" if months == 12 else "preliminary")
    source = {
        "producer": "National Statistics Office of Viet Nam",
        "title": "Goods exports and imports by partner",
        "publisher": None,
        "address": "https://www.nso.gov.vn/",
        "licence": "not stated",
        "vintage": wanted.vintage,
        "kind": "statistical",
        "note": f"{said} Thousand USD, written as whole dollars; valuation not stated in the file.{left}",
    }
    return Taken("goods_flows", made, source, kept)


def _yearly(path: Path) -> pd.DataFrame:
    rows = importing.text_table(path, _YEARLY)
    odd = ~rows["flow"].isin(_FLOWS)
    if odd.any():
        line = rows.index[odd][0]
        raise InputError(
            f"{path.name}, line {line}: the flow is '{printed(rows.loc[line, 'flow'])}'; expected were X and M."
        )
    made = pd.DataFrame(
        {
            "theirs": rows["partner"],
            "flow": rows["flow"].map(_FLOWS),
            "year": importing.years(rows["year"], path.name),
            "thousand": _not_below_zero(rows["value_thousand_usd"], path.name),
            "months": 12,
        }
    )
    return made[made["thousand"].notna()]


def _monthly(path: Path) -> pd.DataFrame:
    rows = importing.text_table(path, _MONTHLY)
    rows = rows[rows["Group"].isin(_TOTALS)]
    if rows.empty:
        raise InputError(
            f"{path.name}: no row is a partner's total (an empty cell, NA or Summary in the column Group)."
        )
    stated = _FILE.search(path.stem)
    kind = re.match(r"(Ex|E)0?4|(Im|E)0?5", path.stem, re.IGNORECASE)
    if kind is None:
        raise InputError(
            f"{path.name}: the table does not say whether it holds exports or imports. Let its name begin as the "
            "office's does: Ex04 or E04 for exports, Im05 or E05 for imports."
        )
    if "Year" in rows:
        year = importing.years(rows["Year"], path.name)
    elif stated:
        year = pd.Series(int(stated[3]), index=rows.index)
    else:
        raise InputError(f"{path.name}: the table does not name its year. Let its name hold it, as in Ex04-2024-6.csv.")
    values = pd.concat(
        [_not_below_zero(rows[f"{month}_Value"].replace("NA", ""), path.name) for month in _MONTHS], axis=1
    )
    reported = (values.notna() & (values != 0)).any(axis=0).to_numpy()
    months = int(reported.nonzero()[0].max()) + 1 if reported.any() else 0
    if not months or not reported[:months].all() or values.iloc[:, :months].isna().any(axis=None):
        raise InputError(f"{path.name}: the months with figures do not count from January without a gap.")
    total = values.iloc[:, :months].sum(axis=1).round(2)
    name = next((name for name in ("12_months_Value", "X12_months_Value") if name in rows), None)
    if name is not None and months == 12:
        year_value = importing.figures(rows[name].replace("NA", ""), path.name)
        apart = (total - year_value).abs() > _ROUNDING
        if apart.any():
            line = rows.index[apart][0]
            raise InputError(
                f"{path.name}, line {line}: the twelve months of {printed(rows.loc[line, 'Names'])} add up to "
                f"{total[line]:,.2f}, and the year is given as {year_value[line]:,.2f}. Download the table again."
            )
        total = year_value.fillna(total)
    flow = "export" if kind[1] else "import"
    return pd.DataFrame({"theirs": rows["Names"], "flow": flow, "year": year, "thousand": total, "months": months})


def _not_below_zero(cells: pd.Series[str], where: str) -> pd.Series[float]:
    numbers = importing.figures(cells, where)
    if (numbers < 0).any():
        line = numbers.index[numbers < 0][0]
        raise InputError(f"{where}, line {line}, column {cells.name}: a value below zero, which trade never has.")
    return numbers
