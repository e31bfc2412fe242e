"""Roll calls of the United Nations General Assembly, from the voting data of Voeten, Strezhnev and Bailey (CSV).

One line is a country's vote in a roll call: ``rcid, country_code, vote, date, unres, short`` with the resolution's
symbol as ``R/68/262`` or ``A/RES/74/12``. The data leaves absences out: no line there is no row here. It numbers
votes on single paragraphs as roll calls of their own under the symbol of the whole text; where a resolution has
several, nothing says which adopted it, and all of them are left out.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from legation.data import catalogue, importing
from legation.data.codes import publisher_codes
from legation.data.importing import Head, Wanted, counted, named, printed, shown
from legation.data.vintages import Taken
from legation.errors import InputError

TITLE = "roll calls of the UN General Assembly"
FORM = "columns rcid, country_code, vote, date, unres, short"
TABLES = ("un_votes", "un_resolutions")

_COLUMNS = ("rcid", "country_code", "vote", "date", "unres", "short")
_VOTES = {"yes", "no", "abstain", "absent"}
_SYMBOL = re.compile(r"(?:A/RES|R)/((?:ES-)?\d+/\d+.*)")


def is_mine(head: Head) -> bool:
    """Whether its header is that of the roll calls."""
    return bool(head.lines) and set(_COLUMNS) <= {cell.strip().strip('"') for cell in head.lines[0].split(",")}


def read(path: Path, wanted: Wanted) -> Taken:
    """Votes of countries, or the resolutions they were cast on. Nothing is tallied: a file may hold a few states."""
    rows = importing.text_table(path, _COLUMNS)
    _check(rows, path.name)
    said = []
    codes = publisher_codes("iso-alpha-2")
    rows = rows.assign(country=rows["country_code"].map(codes), resolution=rows["unres"].map(_symbol))
    symbol, country = rows["resolution"].notna(), rows["country"].notna()
    for left, why in (
        (~symbol, "without the symbol of a resolution"),
        (symbol & ~country, f"of states without a code here ({named(rows.loc[~country, 'country_code'], 12)})"),
    ):
        if left.any():
            said.append(f"{counted(int(left.sum()), 'vote', 'votes')} {why} left out.")
    rows = rows[symbol & country]
    calls = rows.groupby("resolution")["rcid"].transform("nunique")
    if (calls > 1).any():
        number = rows.loc[calls > 1, "resolution"].nunique()
        said.append(
            f"{counted(number, 'resolution', 'resolutions')} with several roll calls left out: nothing says which of "
            "them adopted the text."
        )
    rows = rows[calls == 1]
    if rows.empty:
        raise InputError(f"{path.name}: no vote in it belongs to one resolution and a known state.")
    twice = rows.duplicated(["resolution", "country"], keep=False)
    if twice.any():
        line = rows.index[twice][0]
        raise InputError(
            f"{path.name}, line {line}: {rows.loc[line, 'country_code']} votes twice in one roll call on "
            f"{rows.loc[line, 'resolution']}. Download the file again."
        )
    last = str(rows["date"].max())
    if wanted.about:
        rows = rows[rows["country"].isin(wanted.about)]
    kept, read_from = importing.answers(path)
    made, more = (_cast(rows), []) if wanted.table == "un_votes" else _resolutions(rows, path.name)
    source = {
        "producer": "Erik Voeten, Anton Strezhnev and Michael Bailey",
        "title": "United Nations General Assembly Voting Data",
        "publisher": None,
        "address": "https://dataverse.harvard.edu/dataset.xhtml?persistentId=doi:10.7910/DVN/LEJUQZ",
        "licence": "not stated in the file",
        "vintage": wanted.vintage,
        "kind": "statistical",
        "note": " ".join(
            [
                read_from,
                f"Ends on {last}. No record is neither absence nor abstention. Dates as stored there.",
                *said,
                *more,
            ]
        ),
    }
    return Taken(wanted.table, made, source, kept)


def _check(rows: pd.DataFrame, where: str) -> None:
    odd = ~rows["vote"].isin(_VOTES)
    if odd.any():
        line = rows.index[odd][0]
        raise InputError(
            f"{where}, line {line}: the vote is '{printed(rows.loc[line, 'vote'])}'; expected were "
            f"{shown(sorted(_VOTES))}."
        )
    odd = ~rows["date"].str.fullmatch(r"\d{4}-\d{2}-\d{2}")
    if odd.any():
        line = rows.index[odd][0]
        raise InputError(f"{where}, line {line}: '{printed(rows.loc[line, 'date'])}' where a day must stand.")


def _symbol(unres: str) -> str | None:
    """``R/68/262`` as ``A/RES/68/262``."""
    found = _SYMBOL.fullmatch(unres)
    return f"A/RES/{found[1]}" if found else None


def _cast(rows: pd.DataFrame) -> pd.DataFrame:
    made = rows[["resolution", "country", "vote"]].reset_index(drop=True)
    return made.assign(note=pd.Series(None, index=made.index, dtype="str"))


def _resolutions(rows: pd.DataFrame, where: str) -> tuple[pd.DataFrame, list[str]]:
    """Each resolution once. Topic and subject are the house's where it has the symbol; else the file's words."""
    once = rows.drop_duplicates("resolution").set_index("resolution")
    dates = rows.groupby("resolution")["date"].nunique()
    if (dates > 1).any():
        raise InputError(f"{where}: {dates.index[dates > 1][0]} has several dates in one roll call. Download it again.")
    house = catalogue.open("un_resolutions").drop_duplicates("resolution").set_index("resolution")
    topic = house["topic"].reindex(once.index).fillna("other")
    subject = house["subject"].reindex(once.index).fillna(once["short"].where(once["short"] != ""))
    blank = pd.Series(float("nan"), index=once.index)
    made = pd.DataFrame(
        {"body": "GA", "date": once["date"], "topic": topic, "subject": subject}
        | dict.fromkeys(("yes", "no", "abstain", "absent"), blank),
        index=once.index,
    )
    unnamed = made["subject"].isna()
    made = made[~unnamed].reset_index()
    if made.empty:
        raise InputError(f"{where}: no resolution in it has a subject. It may still be read for un_votes.")
    said = ["Topics are those given here; others have 'other'. Tallies are not in the file."]
    if unnamed.any():
        said.append(f"{counted(int(unnamed.sum()), 'resolution', 'resolutions')} without a subject left out.")
    return made.assign(note=pd.Series(None, index=made.index, dtype="str")), said
