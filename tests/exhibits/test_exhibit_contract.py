"""What every exhibit must have, and what it hands on."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from exhibits.drawn import root
from lxml import etree, html

from legation.exhibits import MIME, Column, Exhibit, Group, style

PATH = os.pathsep.join(sys.path)
SOURCE = {
    "id": "office-a",
    "producer": "Office",
    "title": "Trade",
    "publisher": None,
    "address": "https://example.org",
    "licence": "open",
    "vintage": "2024-05",
    "retrieved": "2024-06-01",
    "sha256": None,
    "kind": "statistical",
    "note": "not handed on",
}
DATA = pd.DataFrame(
    {"year": [2020, 2021], "value": [1.5, np.nan], "partner": ["China", None], "mixture": [True, False]}
)


def square(canvas: style.Canvas) -> None:
    canvas.set_height(60)
    axes = canvas.axes(40, 5, canvas.width - 60, 40)
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 1)
    style.bar(axes, 0.3, 8, color=style.colour("RUS"), thickness=0.3)
    style.bar(axes, 0.7, 5, color=style.CONTEXT, soft=True, thickness=0.3)
    style.zero_line(axes, along="x")
    canvas.text(0, 12, "US$ 5 & $x^2$ <b>")


def words(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": "turnover-by-partner",
        "title": "Trade with China grew in 2021",
        "subtitle": "Exports plus imports, USD bn, 2020–2021",
        "alt": "Two bars; the longer is China's.",
        "source": "Source: Office, Trade (May 2024).",
        "sources": [SOURCE],
        "data": DATA,
        "notes": ["The second year is preliminary."],
    }
    return given | changes


def chart(**changes: Any) -> Exhibit:
    return Exhibit.chart(square, **words(**changes))


def table(**changes: Any) -> Exhibit:
    rows = [["2020", "1.5"], ["2021", "–"]]
    return Exhibit.table([Column("Year", "left"), Column("USD bn")], rows, **words(**changes))


@pytest.mark.parametrize("lacking", ["name", "title", "subtitle", "alt", "source", "sources", "data"])
def test_every_required_argument_is_required(lacking: str) -> None:
    given = words()
    del given[lacking]
    with pytest.raises(TypeError, match=lacking):
        Exhibit.chart(square, **given)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": " "}, r"has no title\. State the finding"),
        ({"subtitle": ""}, r"has no subtitle\. Say measure, unit and period"),
        ({"alt": "\x00 "}, r"has no alt\. Say what a reader would see"),
        ({"source": ""}, r"has no source\. Make it with legation\.data\.citation"),
        ({"title": "Too short by one"}, r"has 4 words.*in 5 to 14"),
        ({"title": "word " * 15}, r"has 15 words.*in 5 to 14"),
        ({"alt": "trade with china grew in 2021."}, r"repeats its title\. Say what a reader would see"),
        ({"data": DATA.iloc[:0]}, r"has no data\. Give the frame"),
        ({"data": DATA.assign(value=np.inf)}, r"'value'.*infinite.*leave it NaN"),
        ({"sources": []}, r"names no source\. Give legation\.data\.sources"),
        ({"sources": [{"producer": "Office"}]}, r"has no id"),
        ({"units": {"worth": "USD"}}, r"unit for worth"),
        ({"notes": "one text"}, r"Give a list of sentences"),
        *[
            ({"name": name}, r"Use lower-case letters, digits")
            for name in ("Upper", "a b", "", "-a", "a--b", "ä", "a/b")
        ],
    ],
)
def test_a_broken_rule_is_a_sentence_that_names_it_and_the_remedy(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        chart(**changes)


def test_a_table_row_that_does_not_fit_its_columns_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Row 1 .* has 1 cells under 2 columns"):
        Exhibit.table([Column("Year"), Column("USD")], [["2020"]], **words())
    with pytest.raises(ValueError, match=r"column groups .* do not add up to its 1 columns"):
        Exhibit.table([Column("Year")], [["2020"]], groups=[Group("a", 2)], **words())
    with pytest.raises(ValueError, match="has no rows"):
        Exhibit.table([Column("Year")], [], **words())


def test_the_structured_form_is_strict_json_with_whole_years_and_null_for_missing() -> None:
    form = json.loads(json.dumps(chart(units={"value": "USD bn"}).structured(), allow_nan=False))
    assert form["version"] == 1
    assert form["kind"] == "chart"
    assert form["data"]["columns"] == [
        {"name": "year", "type": "integer", "unit": ""},
        {"name": "value", "type": "number", "unit": "USD bn"},
        {"name": "partner", "type": "string", "unit": ""},
        {"name": "mixture", "type": "boolean", "unit": ""},
    ]
    assert form["data"]["rows"] == [[2020, 1.5, "China", True], [2021, None, None, False]]
    assert isinstance(form["data"]["rows"][0][0], int)
    assert set(form["sources"][0]) == set(SOURCE) - {"note"}
    assert set(form["svg"]) == {"page", "phone"}
    assert form["notes"] == ["The second year is preliminary."]


def test_years_with_a_gap_in_the_column_stay_whole_numbers() -> None:
    data = pd.DataFrame({"n": pd.array([1, None], dtype="Int64"), "year": pd.Series([2020, 2021], dtype="object")})
    assert chart(data=data, sources=[]).structured()["data"]["rows"] == [[1, 2020], [None, 2021]]


def test_a_table_hands_on_its_text_by_row_and_column() -> None:
    form = table().structured()
    assert form["table"] == {
        "columns": [{"label": "Year", "align": "left"}, {"label": "USD bn", "align": "right"}],
        "rows": [["2020", "1.5"], ["2021", "–"]],
        "row_headers": 1,
    }
    assert "svg" not in form


def barred(*bars: float | None, **about: Any) -> Exhibit:
    rows = [[str(2020 + place), "text"] for place in range(3)]
    return Exhibit.table([Column("Year", "left"), Column("Balance", bars=bars, **about)], rows, **words())


def test_bars_are_shares_of_the_longest_from_one_zero_and_a_missing_number_has_none() -> None:
    _, column = barred(50, -200, np.nan).structured()["table"]["columns"]
    assert column == {"label": "Balance", "align": "right", "bars": [0.25, -1.0, None]}
    _, column = barred(1, 3, None, soft=[False, True, True]).structured()["table"]["columns"]
    assert column["bars"] == [0.333, 1.0, None]
    assert column["soft"] == [False, True, True]
    assert "bars" not in barred(0, None, 0).structured()["table"]["columns"][1], "no number but zero has a length"


def test_bars_that_could_not_be_compared_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'Balance' of the table .* has not one bar for each of 3 rows"):
        barred(1, 2)
    with pytest.raises(ValueError, match=r"has not one bar for each of 3 rows"):
        barred(1, 2, 3, soft=[True])
    with pytest.raises(ValueError, match=r"has a bar of infinite length\. A ratio to nothing is missing"):
        barred(1, 2, -math.inf)
    with pytest.raises(ValueError, match=r"has bars but keeps to the left"):
        barred(1, 2, 3, align="left")


def test_a_notebook_shows_a_bar_beside_its_number_and_hatches_one_that_is_not_final() -> None:
    cells = re.findall(r'<td style="([^"]*)">text', barred(50, -150, None, soft=[False, True, False]).html())
    assert "linear-gradient(#8b949e, #8b949e) right 0.30em center / 1.25em" in cells[0], "right of zero, to the end"
    assert "right 1.55em center / 3.75em" in cells[1], "ends where the other begins"
    assert "repeating-linear-gradient" in cells[1]
    assert "background" not in cells[2]


def test_a_notebook_gets_the_structured_form_html_and_plain_text() -> None:
    bundle = chart()._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {MIME, "text/html", "text/plain"}
    assert bundle["text/plain"].splitlines() == [
        "Trade with China grew in 2021",
        "Exports plus imports, USD bn, 2020–2021",
        "Two bars; the longer is China’s.",
        "Source: Office, Trade (May 2024).",
    ]


@pytest.mark.parametrize("make", [chart, table])
def test_the_figure_carries_title_source_and_numbers_and_escapes_every_text(make: Any) -> None:
    bad = "<script>alert(1)</script> & more words here"
    exhibit = make(title=f"A {bad}", subtitle=bad, alt=bad, source=bad, notes=[bad], data=DATA.assign(partner=bad))
    figure = html.fragment_fromstring(exhibit.html())
    assert figure.tag == "figure"
    assert not figure.xpath("//script")
    assert figure.xpath("//*[@role='heading']")[0].text == f"A {bad}"
    assert figure.xpath("//p[@class='exhibit-source']")[0].text == bad
    assert figure.xpath("//details//th")[0].text == "year"
    if exhibit.kind == "chart":
        assert figure.xpath("//*[local-name()='svg']")[0].get("aria-label") == bad


def test_a_chart_is_shown_drawn_and_where_html_is_cleaned_as_a_picture_with_the_same_words() -> None:
    shown = chart().html()
    picture = html.fragment_fromstring(shown).xpath("//img")[0]
    kind, _, encoded = picture.get("src").partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert root(b64decode(encoded).decode()).get("aria-label") == picture.get("alt") == chart().alt
    assert "var(" not in b64decode(encoded).decode(), "a picture knows nothing of the page's colours"
    sheet = [float(number) for number in root(b64decode(encoded).decode()).get("viewBox").split()]
    assert sheet[0] < 0, "room for labels in a wider typeface, which a picture would cut off"
    assert sheet[0] + sheet[2] > style.WIDTHS["page"] * style.POINTS_PER_MM + 20
    drawn = html.fragment_fromstring(shown).xpath("//*[local-name()='svg']")[0].getparent()
    assert drawn.get("hidden") == "hidden", "so that no texts are left where the drawing is taken out"
    assert drawn.get("style").startswith("display: flow-root"), "which is shown all the same where styles are kept"


def test_the_drawing_says_what_it_is_and_brings_nothing_that_reaches_outside() -> None:
    for svg in chart().svg.values():
        drawing = root(svg)
        assert drawing.get("role") == "img"
        assert drawing.get("aria-label") == "Two bars; the longer is China’s."
        tags = {etree.QName(element).localname for element in drawing.iter()}
        assert not tags & {"style", "script", "metadata", "image", "foreignObject"}
        assert "DOCTYPE" not in svg
        assert not re.search(r'(?:href="|url\()(?!#)', svg)


def test_identifiers_are_unique_within_and_between_exhibits_and_every_reference_finds_its_own() -> None:
    svgs = [*chart().svg.values(), *chart(name="another").svg.values()]
    names = [re.findall(r'\bid="([^"]+)"', svg) for svg in svgs]
    flat = [name for group in names for name in group]
    assert len(flat) == len(set(flat))
    for svg, group in zip(svgs, names, strict=True):
        references = set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg))
        assert references
        assert references <= set(group)


def test_house_neutrals_and_country_colours_can_be_restyled_and_fall_back_to_themselves() -> None:
    page = chart().svg["page"]
    assert "var(--exhibit-ink, #1f2328)" in page
    assert f"fill: var(--country-rus, {style.COUNTRIES['RUS']})" in page
    bare = re.sub(r"var\(--[\w-]+, (#[0-9a-f]{6})\)", "", page)
    assert not re.search(r"(?:fill|stroke): #", bare)


def test_two_draws_are_the_same_bytes_whatever_the_notebook_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl

    first = chart().structured()
    with mpl.rc_context({"font.size": 30, "svg.fonttype": "path", "axes.facecolor": "red", "lines.linewidth": 9}):
        second = chart().structured()
        assert mpl.rcParams["font.size"] == 30
    assert json.dumps(first) == json.dumps(second)


def test_threads_that_draw_at_once_draw_the_same() -> None:
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda _: json.dumps(chart().structured()), range(8)))
    assert len(set(drawn)) == 1


def test_a_dollar_sign_is_a_dollar_sign_in_a_real_text_element() -> None:
    for svg in chart().svg.values():
        assert "US$ 5 & $x^2$ <b>" in [element.text for element in root(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_page_is_160_and_the_phone_90_millimetres_wide_at_the_same_sizes_of_type() -> None:
    page, phone = (root(chart().svg[size]) for size in ("page", "phone"))
    assert float(page.get("width").removesuffix("pt")) == pytest.approx(160 / 25.4 * 72)
    assert float(phone.get("width").removesuffix("pt")) == pytest.approx(90 / 25.4 * 72)
    sizes = [
        set(re.findall(r"font-size: ([\d.]+)px", etree.tostring(svg, encoding="unicode"))) for svg in (page, phone)
    ]
    assert sizes[0] == sizes[1]


def test_drawing_leaves_the_notebooks_own_plotting_alone() -> None:
    script = "import sys; import legation.exhibits.trade; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], check=False, env=os.environ | {"PYTHONPATH": PATH}).returncode
        == 0
    )
