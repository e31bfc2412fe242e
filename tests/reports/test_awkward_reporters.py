"""A sweep over reporters of every awkward kind builds, and each page says what is peculiar to its figures."""

import json
import re
import shutil
from datetime import UTC, datetime

import pandas as pd
import pytest
from helpers import ROOT
from lxml import html

from legation.data.vintages import Taken, keep
from legation.press.build import build

BOTH, PARTNERS = ("export", "import"), ("CHN", "EU27", "JPN", "WLD")
REPORTERS = ("AND", "CHN", "CSK", "DDR", "DEU", "FJI", "NRU", "TON", "VAT")
SPEC = {
    "title": "{reporter}: its trade",
    "abstract": "An edition.",
    "chapters": [
        {
            "notebook": "trade_comparison",
            "parameters": {
                "partners": ["CHN", "EU27", "JPN", "RUS"],
                "focus": "CHN",
                "first_year": 1985,
                "last_year": 1995,
                "every_partner": False,
                "prefer": [],
            },
        }
    ],
    "sweep": {"title": "All", "over": {"reporter": list(REPORTERS)}},
}


def rows_of(reporter, years, partners=PARTNERS, flows=BOTH):
    return [
        (reporter, partner, flow, year, (2 + place) * 1e6 * (year - 1980))
        for place, partner in enumerate(partners)
        for flow in flows
        for year in years
    ]


def table():
    rows = [
        *rows_of("DDR", range(1985, 1990)),  # ended, united with another
        *rows_of("DEU", range(1985, 1996)),  # the other
        *rows_of("CSK", range(1985, 1993)),  # split
        *rows_of("FJI", [1985, 1986, 1987, 1990, 1993, 1994]),  # gaps
        *rows_of("TON", range(1985, 1996), flows=["import"]),  # one direction
        *rows_of("JPN", range(1985, 1996), partners=["TON", "NRU"]),
        *rows_of("NRU", range(1985, 1996), partners=["EU27", "WLD"]),  # groups alone, but others report on it
        *rows_of("VAT", range(1985, 1996), partners=["EU27"]),  # one group, and nobody else
        *rows_of("CHN", range(1985, 1996), partners=["CHN", "EU27", "JPN", "WLD"]),  # itself among its partners
        *rows_of("CHN", range(1992, 1996), partners=["RUS"]),  # a partner that was part of another
    ]
    frame = pd.DataFrame(rows, columns=["reporter", "partner", "flow", "year", "value"])
    return frame.assign(
        currency="USD",
        prices="current",
        valuation=frame["flow"].map({"export": "FOB", "import": "CIF"}),
        status="final",
        months=12,
        note=pd.Series(None, index=frame.index, dtype="str"),
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The outcomes and the pages, as text."""
    house = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "data", house / "data", ignore=shutil.ignore_patterns("cache"))
    shutil.copytree(ROOT / "notebooks", house / "notebooks", ignore=shutil.ignore_patterns(".*"))
    (house / "reports").mkdir()
    (house / "reports" / "all.yml").write_text(json.dumps(SPEC), encoding="utf-8")
    source = {
        "producer": "Office of Examples",
        "title": "Invented trade",
        "publisher": None,
        "address": "https://example.org",
        "licence": "free",
        "vintage": "2025",
        "kind": "statistical",
        "note": None,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(house)
        at = datetime(2026, 3, 1, tzinfo=UTC)
        keep("office", Taken("goods_flows", table(), source, []), at=at)
        euros = table().query("reporter == 'FJI' and partner == 'CHN' and flow == 'export' and year == 1994")
        keep("union", Taken("goods_flows", euros.assign(currency="EUR"), source, []), at=at)
        said = []
        outcomes = build(house, ["all"], said.append)
    pages = {}
    for outcome in outcomes:
        if outcome.status == 0:
            page = html.parse(house / "reports" / "published" / outcome.report / "index.html").getroot()
            pages[outcome.report[-3:].upper()] = " ".join(page.xpath("//main")[0].text_content().split())
    return outcomes, pages, said


def test_a_country_that_nobody_reports_on_is_an_error_of_its_edition_alone(built):
    outcomes, pages, said = built
    assert set(pages) == set(REPORTERS) - {"AND"}
    assert [outcome.report for outcome in outcomes if outcome.status] == ["all/and"]
    assert any("No figure of the trade of 'AND' with any of CHN, EU27, JPN, RUS is held" in line for line in said)


@pytest.mark.parametrize(
    ("reporter", "sentence"),
    [
        ("DDR", "East Germany ceased to exist on 3 October 1990, when it was united with Germany."),
        ("DDR", "The figures end in 1989."),
        ("DEU", "East Germany was united with Germany on 3 October 1990: figures before and after are of different"),
        ("CSK", "Czechoslovakia ceased to exist on 31 December 1992; Czechia and Slovakia took its place."),
        ("CSK", "The figures end in 1992."),
        ("FJI", "The figures end in 1994. None at all is held for 1988–1989 and 1991–1992."),
        ("FJI", "1 figure of 1994, stated in EUR, is left out of all that is computed here: no exchange rate to USD"),
        ("TON", "Every figure in this chapter is mirror data. Tonga reports no trade by country in both directions"),
        ("NRU", "Every figure in this chapter is mirror data. Nauru reports no trade by country in both directions"),
        ("VAT", "The figures are those the Holy See reports itself"),
        ("CHN", "Until 26 December 1991 Russia was part of the Soviet Union, whose trade is not counted with it."),
    ],
)  # fmt: skip
def test_a_page_says_what_is_peculiar_to_its_figures(built, reporter, sentence):
    page = built[1][reporter].replace("\N{NO-BREAK SPACE}", " ")
    assert sentence in page
    assert not re.search(r"\bnan\b|\bNone\b(?! at all)|\binf\b|<NA>", page)


def test_what_is_left_out_is_named(built):
    assert "Left out, because nobody states a figure for these years: China, Japan and Russia." in built[1]["VAT"]
    assert "Left out, because nobody states a figure for these years: China." in built[1]["CHN"]
    assert "China’s trade with China" not in built[1]["CHN"]


def test_groups_are_not_counted_beside_their_members(built):
    """Of what Germany sells, two parts of six go to China and four to Japan; the Union's three stand beside them."""
    assert "groups are not counted beside their members" in built[1]["DEU"].lower()
