"""The exhibits of the trade analysis: true titles, and drawings in which every word can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest
from exhibits.drawn import bars, faults, root, texts
from exhibits.trade_figures import (
    EVENTS,
    HOSTILE,
    NAMES,
    PARTNERS,
    Figures,
    flow_row,
    of_one_year,
    usual,
    without_figures,
)
from lxml import html

from legation.exhibits import Exhibit, style, trade

Make = Callable[[Figures, Mapping[str, str]], Exhibit]
WHO = {"reporter": "VNM", "partners": PARTNERS, "focus": "RUS"}

EXHIBITS: dict[str, Make] = {
    "turnover": lambda f, n: trade.turnover_by_partner(f.bilateral, year=2022, names=n, **WHO),
    "exports": lambda f, n: trade.turnover_by_partner(f.bilateral, year=2020, column="exports", names=n, **WHO),
    "long run": lambda f, n: trade.turnover_over_time(f.bilateral, events=EVENTS, names=n, **WHO),
    "shares": lambda f, n: trade.shares_over_time(f.shares, events=EVENTS, names=n, **WHO),
    "balance": lambda f, n: trade.balance_by_partner(f.bilateral, year=2020, names=n, **WHO),
    "balance over time": lambda f, n: trade.balance_over_time(f.bilateral, names=n, **WHO),
    "change of shares": lambda f, n: trade.share_change(f.shares, years=(2015, 2020), names=n, **WHO),
    "growth": lambda f, n: trade.growth_by_partner(f.growth, year=2020, names=n, **WHO),
    "mirror": lambda f, n: trade.mirror_gaps_by_partner(f.gaps, year=2020, names=n, **WHO),
    "mirror of imports": lambda f, n: trade.mirror_gaps_by_partner(f.gaps, year=2020, flow="import", names=n, **WHO),
    "mirror over time": lambda f, n: trade.mirror_gap_over_time(f.gaps, reporter="VNM", focus="RUS", names=n),
    "concentration": lambda f, n: trade.concentration_over_time(f.concentration, reporter="VNM", names=n),
    "coverage": lambda f, n: trade.coverage_panel(f.coverage, names=n, **WHO),
    "intensity": lambda f, n: trade.intensity_by_partner(f.intensity, year=2020, names=n, **WHO),
    "table": lambda f, n: trade.flows_table(
        f.bilateral, reporter="VNM", year=2022, partners=PARTNERS, shares=f.shares, growth=f.growth, names=n
    ),
    "years": lambda f, n: trade.years_table(f.bilateral, reporter="VNM", partner="RUS", names=n),
}
CHARTS = [name for name in EXHIBITS if name not in ("table", "years")]
FIGURES = {"usual": usual, "without figures": without_figures, "one year": of_one_year}


def made(name: str, figures: Callable[[], Figures] = usual, names: Mapping[str, str] = NAMES) -> Exhibit:
    return EXHIBITS[name](figures(), names)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize("names", [NAMES, HOSTILE], ids=["house names", "hostile names"])
@pytest.mark.parametrize("figures", FIGURES)
@pytest.mark.parametrize("name", CHARTS)
def test_no_word_covers_another_or_leaves_the_sheet(name: str, figures: str, names: Mapping[str, str]) -> None:
    exhibit = made(name, FIGURES[figures], names)
    for svg in (exhibit.svg or {}).values():
        assert not faults(svg)


@pytest.mark.parametrize("figures", FIGURES)
@pytest.mark.parametrize("name", EXHIBITS)
def test_every_exhibit_is_drawn_twice_to_the_same_bytes_and_is_strict_json(name: str, figures: str) -> None:
    first, second = (json.dumps(made(name, FIGURES[figures]).structured(), allow_nan=False) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", EXHIBITS)
def test_a_hostile_name_stays_text(name: str) -> None:
    exhibit = made(name, names=HOSTILE)
    assert "<script" not in exhibit.html()
    for picture in html.fragment_fromstring(exhibit.html()).xpath("//img"):  # the chart's own, and no other
        assert set(picture.keys()) == {"alt", "style", "src"}
        assert picture.get("src").startswith("data:image/svg+xml;base64,")
    for svg in (exhibit.svg or {}).values():
        assert {element.tag.rpartition("}")[2] for element in root(svg).iter()} <= {
            "svg",
            "defs",
            "g",
            "path",
            "text",
            "use",
            "clipPath",
            "rect",
            "pattern",
        }


@pytest.mark.parametrize("name", CHARTS)
def test_nothing_reported_is_said_and_not_drawn(name: str) -> None:
    exhibit = made(name, without_figures)
    assert re.match(r"^(No |Nobody |.*(reports nothing|no year is reported|no figure))", exhibit.title)
    assert not exhibit.sources
    assert exhibit.source == "Source: none. No publisher on file reports these flows."
    for svg in (exhibit.svg or {}).values():
        assert not bars(svg, style.COUNTRIES["RUS"])


TITLES = {
    "turnover": "Viet Nam’s trade with South Korea was 1,028 times that with Russia in 2022",
    "long run": "Viet Nam’s trade with Russia grew 60 % from 2015 to 2020",
    "balance": "Viet Nam’s largest surplus is with South Korea, its largest deficit with the EU",
    "growth": "Viet Nam’s trade with Russia grew 8.1 % in 2020",
    "balance over time": "Viet Nam had a deficit with Russia every year known since 2015",
    "change of shares": "Russia’s share of Viet Nam’s exports stood at 0.1 % in 2015 and 2020",
    "mirror": "Freight aside, South Korea reports buying 37 % more than Viet Nam reports selling",
    "mirror over time": "Russia reports buying 3.8 % more than Viet Nam reports selling in 2020",
    "coverage": "Viet Nam’s final figures for Russia end in 2020",
    "table": "South Korea leads Viet Nam’s partners in 2022 with USD 5.7 bn",
    "years": "Viet Nam’s trade with Russia was highest in 2020, at USD 9.6 m",
}


@pytest.mark.parametrize("name", TITLES)
def test_the_title_is_the_finding(name: str) -> None:
    assert plain(made(name).title) == TITLES[name]


def test_a_partner_without_a_figure_is_named_and_has_no_bar() -> None:
    exhibit = trade.turnover_by_partner(
        usual().bilateral, reporter="VNM", year=2021, focus="RUS", names=NAMES, partners=PARTNERS
    )
    assert plain(exhibit.title) == "No figure for Viet Nam’s trade with Russia in 2021 is reported"
    assert "Not reported for 2021, which is not zero: Russia." in exhibit.notes
    assert not bars(exhibit.svg["page"], style.COUNTRIES["RUS"])
    assert "not reported" in [box.words for box in texts(exhibit.svg["page"])]
    row = next(row for row in exhibit.data["rows"] if row[0] == "RUS")
    assert row[2] is None


def test_a_press_figure_is_hatched_and_named_in_a_note() -> None:
    exhibit = made("turnover")
    assert "From press reports: Russia 2022." in exhibit.notes
    assert "Totals of both flows as stated, not added up: Russia, 2022." in exhibit.notes
    assert not bars(exhibit.svg["page"], style.COUNTRIES["RUS"])
    assert f"stroke: var(--country-rus, {style.COUNTRIES['RUS']})" in exhibit.svg["page"]
    assert style.COUNTRIES["RUS"] in re.search(r"<pattern.*?</pattern>", exhibit.svg["page"], re.S).group()


def test_bars_begin_at_zero_and_are_as_long_as_their_values() -> None:
    exhibit = made("exports")
    drawn = sorted(bars(exhibit.svg["page"], style.CONTEXT), key=lambda ends: ends[1])
    values = sorted(row[2] for row in exhibit.data["rows"] if row[0] != "RUS")
    assert len({left for left, _ in drawn}) == 1
    longest = drawn[-1][1] - drawn[-1][0]
    for (left, right), value in zip(drawn, values, strict=True):
        assert right - left == pytest.approx(longest * value / values[-1], abs=0.05)


def test_a_balance_is_filled_to_zero_and_the_year_it_turned_is_the_finding() -> None:
    rows = [
        flow_row("VNM", "RUS", flow, 2015 + step, size)
        for step, (sold, bought) in enumerate([(5, 9), (6, 8), (9, 7), (12, 7)])
        for flow, size in (("export", sold), ("import", bought))
    ]
    exhibit = trade.balance_over_time(
        Figures(pd.DataFrame(rows)).bilateral, reporter="VNM", focus="RUS", partners=["RUS", "CHN"], names=NAMES
    )
    assert exhibit.title == "Viet Nam’s deficit with Russia turned to surplus after 2016"
    assert "A balance needs both flows: none for China." in exhibit.notes
    page = exhibit.svg["page"]
    assert "+5.0" in [box.words for box in texts(page)]
    filled = re.findall(r"fill: var\(--([\w-]+), #[0-9a-f]{6}\); fill-opacity: 0.3", page)
    assert set(filled) == {"country-rus", "exhibit-context"}


def test_a_balance_that_is_small_beside_the_others_has_a_scale_of_its_own_and_says_so() -> None:
    rows = [
        flow_row("VNM", partner, flow, 2015 + step, size * value)
        for partner, size in (("RUS", 1), ("CHN", 50))
        for step, (sold, bought) in enumerate([(5, 9), (6, 8), (9, 7), (12, 7)])
        for flow, value in (("export", sold), ("import", bought))
    ]
    frame = Figures(pd.DataFrame(rows)).bilateral
    small = trade.balance_over_time(frame, reporter="VNM", focus="RUS", partners=["RUS", "CHN"], names=NAMES)
    large = trade.balance_over_time(frame, reporter="VNM", focus="CHN", partners=["RUS", "CHN"], names=NAMES)
    assert "Russia, on a scale of its own" in [box.words for box in texts(small.svg["page"])]
    assert "the other panels have one scale, Russia a larger one" in small.notes[0]
    assert "all panels have one scale" in large.notes[0]
    assert "own" not in " ".join(box.words for box in texts(large.svg["page"]))


def test_a_slope_joins_two_years_and_a_partner_without_one_of_them_is_named() -> None:
    exhibit = trade.share_change(usual().shares, reporter="VNM", years=(2015, 2022), focus="RUS", names=NAMES)
    assert plain(exhibit.title).startswith("South Korea in Viet Nam’s exports: 71 % in 2015, 71 % in 2022")
    assert "Not known for both 2015 and 2022: Russia." in [plain(note) for note in exhibit.notes]
    shown = [box.words for box in texts(exhibit.svg["phone"])]
    assert not [words for words in shown if "Russia" in words]
    assert sum("South Korea" in words for words in shown) == 1


def test_only_the_focus_has_a_colour_among_bars() -> None:
    for name in ("exports", "balance", "growth", "mirror"):
        page = made(name).svg["page"]
        assert set(re.findall(r"--country-(\w+)", page)) == {"rus"}


def test_a_line_is_not_drawn_across_a_year_that_nobody_reported() -> None:
    frame = usual().bilateral
    exhibit = trade.turnover_over_time(frame[frame["partner"] == "RUS"], reporter="VNM", focus="RUS", names=NAMES)
    lines = re.findall(r'<path d="(M [^"]+)"[^>]*stroke: var\(--country-rus', exhibit.svg["page"])
    years = [len(re.findall(r"[ML] ", line)) for line in lines]
    assert max(years) == 6
    assert "Years without a figure are left open: Russia." in exhibit.notes


def test_a_change_of_producer_is_thin_in_a_line_and_starred_among_growth_rates() -> None:
    assert any("change of source" in note for note in made("long run").notes)
    page = made("growth").svg["page"]
    assert [box.words for box in texts(page) if box.words.endswith("*")] == [
        box.words for box in texts(page) if box.words == "+8.1\u00a0% *"
    ]
    assert sum(box.words.endswith("*") for box in texts(page)) == 1


def test_events_outside_the_years_are_left_out_and_each_of_the_others_is_named_once() -> None:
    for svg in made("long run").svg.values():
        shown = [box.words for box in texts(svg)]
        for label in EVENTS["label"][:-1]:
            assert shown.count(label) == 1
        assert "Long before" not in shown


def test_no_rule_of_an_event_runs_through_the_label_of_another() -> None:
    for svg in made("long run").svg.values():
        rules = [
            tuple(map(float, match))
            for match in re.findall(r'<path d="M ([\d.]+) ([\d.]+) +L \1 ([\d.]+) *" style="[^"]*exhibit-context', svg)
        ]
        labels = [box for box in texts(svg) if box.words in set(EVENTS["label"])]
        assert len(rules) == 5
        for x, bottom, top in rules:
            low, high = min(bottom, top), max(bottom, top)
            assert not [b.words for b in labels if b.left < x < b.right and low < (b.top + b.bottom) / 2 < high]


def test_concentration_is_not_drawn_where_too_little_is_counted() -> None:
    figures = usual()
    few = figures.flows[(figures.flows["year"] < 2022) | figures.flows["partner"].isin(["KOR", "WLD"])]
    exhibit = trade.concentration_over_time(Figures(few).concentration, reporter="VNM", names=NAMES)
    assert plain(exhibit.title) == "Viet Nam’s exports hardly changed in concentration between 2015 and 2021"
    said = next(note for note in exhibit.notes if note.startswith("No line"))
    assert said.startswith("No line for exports 2022 and imports 2015–2022: the partners with a figure make up less")


def test_mirror_figures_are_said_to_be_the_partners() -> None:
    from legation.analysis import trade as measures

    view = measures.reporters_view(usual().flows, "VNM", PARTNERS, perspective="mirror")
    exhibit = trade.turnover_by_partner(measures.bilateral(view), reporter="VNM", year=2020, focus="RUS", names=NAMES)
    assert exhibit.subtitle.endswith("as its partners report it")
    assert any(note.startswith("Mirror data: Viet Nam’s exports are what its partners say") for note in exhibit.notes)


def test_both_perspectives_at_once_are_refused() -> None:
    from legation.analysis import trade as measures

    both = measures.bilateral(measures.reporters_view(usual().flows, "VNM", PARTNERS))
    with pytest.raises(ValueError, match=r"own figures and its partners' side by side.*perspective == 'reported'"):
        trade.turnover_by_partner(both, reporter="VNM", year=2020, names=NAMES)


def test_a_frame_of_another_measure_is_refused_by_the_columns_it_lacks() -> None:
    with pytest.raises(ValueError, match="needs the column balance"):
        trade.balance_by_partner(usual().bilateral.drop(columns="balance"), reporter="VNM", year=2020, names=NAMES)
    with pytest.raises(ValueError, match="No partner of POL is left"):
        trade.turnover_by_partner(usual().bilateral, reporter="POL", year=2020, names=NAMES)


def test_two_figures_for_one_partner_and_year_are_refused() -> None:
    frame = usual().bilateral
    with pytest.raises(ValueError, match="two rows for"):
        trade.turnover_by_partner(pd.concat([frame, frame]), reporter="VNM", year=2020, names=NAMES)


def test_the_table_holds_every_partner_and_a_dash_for_what_was_not_reported() -> None:
    cells = made("table").structured()["table"]
    assert [row[0] for row in cells["rows"]] == [NAMES[code] for code in PARTNERS]
    assert cells["rows"][0][1:5] == ["–", "–", "6", "–"]
    assert [group["span"] for group in cells["groups"]] == [1, 4, 3]


def test_turnover_has_bars_hatched_where_it_is_not_final_and_the_world_has_none() -> None:
    frame = usual().bilateral
    shown = [code for code in [*PARTNERS, "WLD"] if code in set(frame["partner"])]
    exhibit = trade.flows_table(frame, reporter="VNM", year=2022, partners=shown, names=NAMES)
    rows, columns = exhibit.structured()["data"]["rows"], exhibit.structured()["table"]["columns"]
    names = [column["name"] for column in exhibit.structured()["data"]["columns"]]
    values = {row[names.index("partner")]: row[names.index("turnover")] for row in rows}
    longest = max(value for code, value in values.items() if value is not None and code != "WLD")
    (bars,) = (column["bars"] for column in columns if "bars" in column)
    for bar, (code, value) in zip(bars, values.items(), strict=True):
        assert bar == (None if value is None or code == "WLD" else pytest.approx(value / longest, abs=0.001))
    soft = [row[names.index("status")] in ("preliminary", "press") for row in rows]
    (hatched,) = (column.get("soft", [False] * len(bars)) for column in columns if "bars" in column)
    assert hatched == soft
    said = "Hatched bars: preliminary or press figure." in exhibit.notes
    assert said == any(one and bar is not None for one, bar in zip(soft, bars, strict=True))


def test_a_deficit_has_its_bar_to_the_left_of_zero_and_an_unknown_balance_none() -> None:
    exhibit = made("years")
    names = [column["name"] for column in exhibit.structured()["data"]["columns"]]
    balances = [row[names.index("balance")] for row in exhibit.structured()["data"]["rows"]]
    (bars,) = (c["bars"] for c in exhibit.structured()["table"]["columns"] if c["label"] == "Balance")
    signs = [None if value is None else (value > 0) - (value < 0) for value in balances]
    assert [None if bar is None else (bar > 0) - (bar < 0) for bar in bars] == signs


def test_the_table_of_years_keeps_the_year_that_nobody_reported() -> None:
    cells = made("years").structured()["table"]
    assert cells["rows"][6] == ["2021", "–", "–", "–", "–", "not reported"]


def test_many_partners_are_folded_and_the_focus_is_kept() -> None:
    rows = [flow_row("VNM", f"A{i:02d}", flow, 2022, 100 - i) for i in range(60) for flow in ("export", "import")]
    exhibit = trade.turnover_by_partner(
        Figures(pd.DataFrame(rows)).bilateral, reporter="VNM", year=2022, focus="A59", names={}
    )
    shown = [box.words for box in texts(exhibit.svg["phone"])]
    assert "A59" in shown
    assert "36 more partners with smaller figures are in the numbers behind this chart." in exhibit.notes
    assert len(exhibit.data["rows"]) == 60


def ranked(**values: float | None) -> pd.DataFrame:
    rows = pd.DataFrame({"partner": list(values), "value": list(values.values())})
    return rows.assign(rank=rows["value"].rank(method="min", ascending=False))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"RUS": 1e9, "CHN": 5e9, "USA": 3e9},
            "It ranks 3rd among the 3 partners compared, of which China is the largest",
        ),
        ({"RUS": 9e9, "CHN": 5e9, "USA": 3e9}, "It is the largest of the 3 partners compared."),
        ({"RUS": 5e9, "CHN": 5e9, "USA": 3e9}, ""),
        ({"RUS": 1e9, "CHN": 5e9}, "Trade with China, the other partner compared, came to USD 5.0 bn."),
        ({"RUS": 9e9, "USA": 5e9}, "Trade with the United States, the other partner compared, came to USD 5.0 bn."),
        ({"RUS": 1e9, "CHN": 5e9, "USA": None}, "Trade with China, the only other partner with a figure, came to"),
        ({"RUS": 1e9, "CHN": None}, ""),
        ({"RUS": None, "CHN": 5e9}, ""),
    ],
)
def test_a_partners_place_is_told_as_the_number_of_partners_allows(values: dict[str, Any], sentence: str) -> None:
    said = plain(trade.place_among(ranked(**values), "RUS"))
    assert said.startswith(sentence)
    assert bool(said) == bool(sentence)


@pytest.mark.parametrize(
    ("rates", "sentence"),
    [
        (
            {"RUS": 0.1, "CHN": 0.2},
            "Of the 2 partners with figures for both 2019 and 2020, trade grew with all of them.",
        ),
        ({"RUS": -0.1, "CHN": 0.2}, "trade grew with one of them."),
        ({"RUS": -0.1, "CHN": -0.2}, "trade grew with none of them."),
        ({"RUS": 0.1, "CHN": 0.2, "USA": -0.1}, "trade grew with 2."),
        (
            {"USA": -0.088, "CHN": None},
            "Only for the United States are figures of both 2019 and 2020 held: trade fell by 8.8 %.",
        ),
        ({"RUS": None}, "No partner has figures for both 2019 and 2020, so no growth rate is given."),
    ],
)
def test_with_how_many_partners_trade_grew_is_said_of_any_number(rates: dict[str, Any], sentence: str) -> None:
    growth = pd.DataFrame({"partner": list(rates), "value": list(rates.values()), "year": 2020})
    assert sentence in plain(trade.how_many_grew(growth, year=2020).markdown)


def test_a_rate_is_told_as_growth_or_fall_and_never_with_a_sign() -> None:
    assert [plain(str(trade.moved_by(rate))) for rate in (0.088, -0.14, 0.0001)] == [
        "grew by 8.8 %",
        "fell by 14 %",
        "hardly changed",
    ]
    assert trade.moved_by(None) is None


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        ({"RUS": [2018, 2019], "CHN": [2018, 2019]}, "Every partner has a figure in every year from 2018 to 2019."),
        (
            {"RUS": [2019], "CHN": [2018, 2019]},
            "has a figure for every year from 2018 to 2019 except 2018 (1 of 2 has one).",
        ),
        ({"RUS": [2019], "CHN": [2019]}, "except 2018 (none has one)."),
        ({"RUS": [2018], "CHN": [2019]}, "in which every partner has a figure: 2018–2019 (1 of 2 has one)."),
        ({"RUS": [2019]}, "Trade with Russia has a figure for every year from 2018 to 2019 except 2018."),
        ({"RUS": []}, "For no year from 2018 to 2019 is a turnover of trade with Russia held."),
    ],
)  # fmt: skip
def test_years_without_every_partner_are_told_with_how_many_there_are(held: dict[str, Any], sentence: str) -> None:
    rows = [(code, year, 1.0) for code, years in held.items() for year in years]
    table = pd.DataFrame(rows, columns=["partner", "year", "turnover"])
    said = trade.years_covered(table, partners=list(held), years=(2018, 2019))
    assert sentence in plain(said.markdown)


def test_that_later_figures_are_not_held_is_said_where_none_are() -> None:
    table = pd.DataFrame({"year": [2019, 2020], "exports": 1.0, "imports": 1.0, "turnover": 2.0})
    none = pd.DataFrame(columns=["country", "date", "change", "successor"])

    def said(last: int, *, later: bool) -> str:
        words = trade.standing(table, none, reporter="VNM", partners=["RUS"], years=(2019, last), later=later)
        return plain(words.markdown)

    assert said(2020, later=False) == "The figures shown end in 2020; later ones are not held here."
    assert said(2020, later=True) == ""
    assert said(2024, later=False) == "The figures end in 2020."


def test_where_every_figure_is_final_a_sentence_stands_in_place_of_an_empty_table() -> None:
    flows = pd.DataFrame({"reporter": ["VNM"], "partner": ["RUS"], "status": ["final"], "months": [12]})
    said = trade.statements_table(flows, reporter="VNM", partner="RUS")
    assert plain(str(said)).startswith("No preliminary figure of Viet Nam’s trade with Russia is held")
