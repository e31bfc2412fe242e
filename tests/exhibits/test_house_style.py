"""Sizes, numbers, labels and colours."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legation.exhibits import style

# How a person without one kind of cone sees linear RGB: Machado, Oliveira and Fernandes 2009, "A Physiologically-based
# Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), severity 1.0.
SIGHT = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
LEAST_DIFFERENCE = 10.0
DARK_PAGE = "#14171a"


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    light, dark = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    ratio = xyz @ rgb / np.array([0.95047, 1.0, 1.08883])
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """Colour difference: Sharma, Wu and Dalal 2005, "The CIEDE2000 Color-Difference Formula", equations 2 to 22."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean_c**7 / (mean_c**7 + 25**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    dh = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    dl, dc, dhh = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh) / 2)
    ml, mc = (l1 + l2) / 2, (c1 + c2) / 2
    mh = h1 + h2 if c1 * c2 == 0 else ((h1 + h2) / 2 if abs(h1 - h2) <= 180 else ((h1 + h2 + 360) / 2) % 360)
    t = (
        1
        - 0.17 * np.cos(np.radians(mh - 30))
        + 0.24 * np.cos(np.radians(2 * mh))
        + 0.32 * np.cos(np.radians(3 * mh + 6))
        - 0.20 * np.cos(np.radians(4 * mh - 63))
    )
    turn = 30 * np.exp(-(((mh - 275) / 25) ** 2))
    rotation = -np.sin(np.radians(2 * turn)) * 2 * np.sqrt(mc**7 / (mc**7 + 25**7))
    sl, sc, sh = 1 + 0.015 * (ml - 50) ** 2 / np.sqrt(20 + (ml - 50) ** 2), 1 + 0.045 * mc, 1 + 0.015 * mc * t
    return float(np.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dhh / sh) ** 2 + rotation * dc / sc * dhh / sh))


def difference(one: str, other: str) -> float:
    """The smallest difference that any of the four kinds of sight sees between two colours."""
    return min(
        ciede2000(*(lab(np.clip(matrix @ linear(colour), 0, 1)) for colour in (one, other)))
        for matrix in SIGHT.values()
    )


@pytest.mark.parametrize(
    ("one", "other", "known"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ],
)
def test_the_difference_formula_agrees_with_the_published_pairs(one: tuple, other: tuple, known: float) -> None:
    assert ciede2000(np.array(one), np.array(other)) == pytest.approx(known, abs=1e-4)


@pytest.mark.parametrize(("one", "other"), list(combinations(style.COUNTRIES, 2)))
def test_two_countries_that_may_be_coloured_together_differ_for_every_sight(one: str, other: str) -> None:
    if {one, other} in style.CONFUSABLE:
        assert style.story([one, other]) == [one]
    else:
        assert difference(style.COUNTRIES[one], style.COUNTRIES[other]) >= LEAST_DIFFERENCE


@pytest.mark.parametrize("code", style.COUNTRIES)
def test_a_country_stands_out_from_the_grey_of_context_and_is_legible_on_white_and_on_a_dark_page(code: str) -> None:
    colour = style.COUNTRIES[code]
    assert difference(colour, style.CONTEXT) >= LEAST_DIFFERENCE
    assert contrast(colour, style.PAPER) >= 4.5
    assert contrast(colour, DARK_PAGE) >= 3.0


def test_small_grey_type_is_legible_and_context_can_be_seen() -> None:
    assert contrast(style.MUTED, style.PAPER) >= 4.5
    assert contrast(style.CONTEXT, style.PAPER) >= 3.0


def test_no_text_of_the_house_is_below_eight_points() -> None:
    assert min(style.SMALL, style.TEXT, style.HEAD) >= 8.0


def test_a_story_has_at_most_four_colours_and_the_first_named_always_has_its_own() -> None:
    for first in style.COUNTRIES:
        chosen = style.story([first, *style.COUNTRIES, "POL", "FRA"])
        assert chosen[0] == first
        assert len(chosen) <= 4
        assert not any({a, b} in style.CONFUSABLE for a, b in combinations(chosen, 2))


def test_only_one_country_without_a_colour_is_drawn_in_ink() -> None:
    assert style.story(["POL", "FRA", "CHN"]) == ["POL", "CHN"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.6e9, "USD 3.6 bn"),
        (171_228_800_000, "USD 171 bn"),
        (999_960_000, "USD 1.0 bn"),
        (-12_140_000, "−USD 12.1 m"),
        (34_000, "USD 34.0 thousand"),
        (7, "USD 7.0"),
        (0, "USD 0"),
    ],
)
def test_money_is_said_with_currency_unit_and_three_figures_that_count(value: float, text: str) -> None:
    assert style.money(value).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0.046, "+4.6 %"), (-0.003, "−0.3 %"), (1.6, "+160 %"), (0.0, "0 %"), (-0.00001, "0 %"), (12.3, "+1,230 %")],
)
def test_a_change_is_said_in_per_cent_with_its_sign(ratio: float, text: str) -> None:
    assert style.percent(ratio, sign=True).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234, "1,234"), (98.66, "98.7"), (3.649, "3.6"), (0.449, "0.45"), (-2.1, "−2.1"), (0, "0"), (99.97, "100")],
)
def test_a_number_has_its_thousands_set_off_and_a_true_minus(value: float, text: str) -> None:
    assert style.decimal(value) == text


@given(st.lists(st.floats(0, 200), min_size=1, max_size=12))
def test_labels_that_are_spread_keep_their_order_their_distance_and_their_bounds(wanted: list[float]) -> None:
    placed = style.spread(wanted, 10, -20, 220)
    assert min(placed) >= -20 - 1e-6
    assert max(placed) <= 220 + 1e-6
    assert all(b - a >= 10 - 1e-6 for a, b in pairwise(sorted(placed)))
    order = sorted(range(len(wanted)), key=lambda index: (wanted[index], index))
    assert [placed[index] for index in order] == sorted(placed)


def test_labels_with_room_stay_where_they_are_and_two_that_collide_give_way_equally() -> None:
    assert style.spread([10, 50, 90], 10, 0, 100) == [10, 50, 90]
    assert style.spread([50, 50], 10, 0, 100) == [45, 55]


def test_more_labels_than_there_is_room_for_are_refused() -> None:
    with pytest.raises(ValueError, match=r"11 labels 10 points apart need 100 points.*Make the chart higher"):
        style.spread([1.0] * 11, 10, 0, 90)


def test_a_gap_in_the_years_or_a_missing_value_ends_a_stretch() -> None:
    assert style.runs([2000, 2001, 2003, 2004, 2005], [1, 2, 3, float("nan"), 5]) == [
        ([2000, 2001], [1, 2]),
        ([2003], [3]),
        ([2005], [5]),
    ]


@given(st.text(max_size=60))
def test_any_text_is_cleaned_to_one_line_that_xml_and_utf8_can_hold(text: str) -> None:
    from lxml import etree

    kept = style.clean(text)
    element = etree.Element("text")
    element.text = kept
    assert etree.fromstring(etree.tostring(element, encoding="utf-8")).text == (kept or None)
    assert "\n" not in kept


@given(st.text(max_size=80), st.floats(20, 200))
def test_a_fitted_text_is_no_wider_than_its_room(text: str, room: float) -> None:
    assert style.text_width(style.fit(text, room)) <= room


def test_a_number_behind_a_name_read_from_right_to_left_stays_behind_it() -> None:
    assert style.onward("דורנה 37\u00a0%") == "דורנה\u200e 37\u00a0%"
    assert style.onward("مملكة فيلمارك, 2022") == "مملكة فيلمارك\u200e, 2022"
    assert style.onward("Velmark 37 %") == "Velmark 37 %"
    assert style.text_width("דורנה\u200e 37") == style.text_width("דורנה 37")


def test_a_figure_behind_a_name_in_another_script_is_given_the_room_it_takes_in_a_typeface_of_even_widths() -> None:
    even = 1233 / 2048  # DejaVu Sans Mono, in which the PDF sets the whole label
    for label in ("مملكة 0.016", "أ 1,234,567.89 million", "مملكة فيلمارك المتحدة 37\u00a0%"):
        assert style.text_width(label, 10) >= 10 * even * len(label)
    assert style.text_width("Velmark 0.016", 10) < 10 * even * len("Velmark 0.016")


def test_a_label_is_never_cut_inside_a_figure() -> None:
    whole = "Ardania 1,234.5 m"
    for room in range(20, 100):
        kept = style.fit(whole, room).removesuffix("…").rstrip()
        assert kept in whole
        assert not kept.removeprefix("Ardania") or kept in ("Ardania 1,234.5", whole) or "Ardania".startswith(kept)
    assert style.fit(whole, 60) == "Ardania…"


def test_a_name_cannot_turn_the_direction_of_the_line_it_stands_in() -> None:
    assert style.clean("safe\u202eevil\u2066x\u200f") == "safeevilx"


def test_apostrophes_and_spans_of_years_are_set_as_a_printer_would_and_names_and_addresses_left() -> None:
    assert style.typeset("Velmark's trade, 2012-2016, with its partners' goods") == (
        "Velmark’s trade, 2012–2016, with its partners’ goods"
    )
    for kept in ("table-2012-2016", "https://velmark.example/2012-2016", "2024-06-19", "2012-2016.csv", "ES-11/1"):
        assert style.typeset(kept) == kept
