"""Tables that were downloaded by hand from UN Comtrade (CSV with the field names of its interface).

Columns used: refYear, freqCode, flowCode, reporterCode, partnerCode, cmdCode and primaryValue in dollars;
partner2Code, customsCode and motCode where they are there. Only annual totals of all goods are taken; rows of
products, months, second partners, customs procedures and means of transport are parts of these and are left out and
counted. Whether a table that calls itself UN Comtrade can be what it says is for `legation.data.plausibility` to
find: one in round tens of millions was seen.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from legation.data import importing
from legation.data.codes import publisher_codes
from legation.data.importing import Head, Wanted, counted, named, printed
from legation.data.vintages import Taken
from legation.errors import InputError

TITLE = "a table downloaded from UN Comtrade"
FORM = "columns refYear, freqCode, flowCode, reporterCode, partnerCode, cmdCode, primaryValue"
TABLES = ("goods_flows",)

_COLUMNS = ("refYear", "freqCode", "flowCode", "reporterCode", "partnerCode", "cmdCode", "primaryValue")
_TOTALS = {"freqCode": "A", "cmdCode": "TOTAL", "partner2Code": "0", "customsCode": "C00", "motCode": "0"}
_FLOWS = {"X": "export", "M": "import"}
_KEY = ["reporter", "partner", "flow", "year"]


def is_mine(head: Head) -> bool:
    """Whether its header has the service's field names."""
    return bool(head.lines) and set(_COLUMNS) <= {cell.strip().strip('"') for cell in head.lines[0].split(",")}


def read(path: Path, wanted: Wanted) -> Taken:
    """Annual totals of goods by reporter and partner. Re-exports and the like are left out and counted."""
    rows = importing.text_table(path, _COLUMNS)
    said = ["Exports FOB, imports CIF."]
    total = pd.Series(True, index=rows.index)
    for column, whole in _TOTALS.items():
        if column in rows:
            total &= rows[column] == whole
    said += _left(int((~total).sum()), "of parts of an annual total of all goods")
    rows = rows[total]
    flow = rows["flowCode"].isin(_FLOWS)
    said += _left(int((~flow).sum()), "of neither exports nor imports")
    rows = rows[flow]
    codes = publisher_codes("comtrade")
    rows = rows.assign(reporter=rows["reporterCode"].map(codes), partner=rows["partnerCode"].map(codes))
    known = rows["reporter"].notna() & rows["partner"].notna()
    strange = pd.concat([rows.loc[rows[ours].isna(), f"{ours}Code"] for ours in ("reporter", "partner")])
    said += _left(int((~known).sum()), f"whose reporter or partner has no code here ({named(strange, 12)})")
    rows = rows[known]
    value = importing.figures(rows["primaryValue"], path.name)
    said += _left(int(value.isna().sum()), "without a value")
    rows = rows.assign(value=value, flow=rows["flowCode"].map(_FLOWS))[value.notna()]
    if wanted.about:
        rows = rows[rows["reporter"].isin(wanted.about) | rows["partner"].isin(wanted.about)]
    if rows.empty:
        raise InputError(f"{path.name}: it holds no annual total of all goods that is wanted. {' '.join(said)}")
    wrong = ~rows["refYear"].str.fullmatch(r"(19|20)\d\d") | (rows["value"] < 0)
    if wrong.any():
        line = rows.index[wrong][0]
        raise InputError(
            f"{path.name}, line {line}: '{printed(rows.loc[line, 'refYear'])}' and "
            f"'{printed(rows.loc[line, 'primaryValue'])}' where a year and a value of zero or more must stand."
        )
    rows = rows.assign(year=rows["refYear"].astype("int64"))
    twice = rows.duplicated(_KEY, keep=False)
    if twice.any():
        line = rows.index[twice][0]
        raise InputError(
            f"{path.name}, line {line}: {', '.join(str(rows.loc[line, name]) for name in _KEY)} stands more than once. "
            "Download it again with second partner, customs procedure and means of transport set to their totals."
        )
    kept, read_from = importing.answers(path)
    made = rows[[*_KEY, "value"]].reset_index(drop=True)
    made = made.assign(
        value=made["value"].round(),
        currency="USD",
        prices="current",
        valuation=made["flow"].map({"export": "FOB", "import": "CIF"}),
        status="final",
        months=12,
        note=pd.Series(None, index=made.index, dtype="str"),
    )
    source = {
        "producer": "United Nations Statistics Division",
        "title": "UN Comtrade",
        "publisher": None,
        "address": "https://comtradeplus.un.org/",
        "licence": "re-dissemination of bulk data restricted; single figures used as facts",
        "vintage": wanted.vintage,
        "kind": "statistical",
        "note": " ".join([read_from, *said]),
    }
    return Taken("goods_flows", made, source, kept)


def _left(number: int, which: str) -> list[str]:
    return [f"{counted(number, 'row', 'rows')} {which} left out."] if number else []
