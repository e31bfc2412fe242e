"""A drawing from a notebook can stand in a page without running, fetching or renaming anything there."""

import re

import pytest
from helpers import drawing
from hypothesis import given
from hypothesis import strategies as st

from legation.errors import InputError
from legation.press import svg


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<g onload="alert(1)"/>',
        "<foreignObject><p>x</p></foreignObject>",
        '<image href="https://example.org/x.png"/>',
        '<use href="https://example.org/x.svg#a"/>',
        "<style>@import url(https://example.org/x.css)</style>",
        '<rect style="fill: url(https://example.org/x)"/>',
        '<a href="javascript:alert(1)"><text>x</text></a>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
    ],
)
def test_what_could_run_or_fetch_is_left_out(inside):
    made = svg.inline(drawing(inside=inside), "p-", "exhibit 'x'")
    for mark in ("script", "onload", "foreignObject", "example.org", "javascript", "animate", "@import"):
        assert mark not in made
    assert "drawn label" in made


def test_identifiers_that_are_referred_to_get_names_of_their_own_and_the_others_go():
    inside = '<clipPath id="c"><rect/></clipPath><g clip-path="url(#c)"><use href="#d"/></g><path id="d"/>'
    made = svg.inline(drawing(inside=inside), "fig-1-", "x")
    assert 'id="fig-1-0"' in made
    assert "url(#fig-1-0)" in made
    assert 'href="#fig-1-1"' in made
    assert 'id="fig-1-1"' in made
    assert "axes" not in made


def test_what_shows_nothing_is_left_out_and_what_shows_stays():
    inside = '<g><g> <path style="fill: none"/> </g></g><g><path style="fill: #fff"/></g>'
    made = svg.inline(drawing(inside=inside), "p-", "x")
    assert made.count("<path") == 1
    assert "drawn label" in made


def test_an_entity_is_not_resolved():
    bomb = '<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + drawing(inside="<text>&e;</text>")
    assert "root:" not in svg.inline(bomb, "p-", "x")


def test_for_typst_each_colour_variable_stands_as_its_fallback():
    made = svg.plain(drawing(), "x")
    assert "var(" not in made
    assert "fill: #1f2328" in made


@pytest.mark.parametrize("broken", ["", "<svg", "plain", "<html xmlns='x'/>"])
def test_what_is_no_svg_is_refused_by_name(broken):
    with pytest.raises(InputError, match="exhibit 'x'"):
        svg.inline(broken, "p-", "exhibit 'x'")


@given(st.text(max_size=80))
def test_no_text_makes_it_crash(text):
    try:
        svg.inline(text, "p-", "x")
    except InputError:
        return


@pytest.mark.parametrize(
    ("box", "ratio"), [("0 0 200 300", 1.5), ("0,0,100,50", 0.5), ("0 0 0 9", 1.0), ("none", 1.0), ("0 0 1.2.3 1", 1.0)]
)
def test_how_tall_a_drawing_is_for_its_width_is_read_from_its_view_box(box, ratio):
    assert svg.height_to_width(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"/>') == ratio


def paths(made):
    return re.findall(r' d="([^"]*)"', made)


def points(path):
    """The corners of a path as ``inline`` writes it: absolute, in order; curves by their ends."""
    found, at, start = [], (0.0, 0.0), (0.0, 0.0)
    for kind, numbers in re.findall(r"([a-zA-Z])([^a-zA-Z]*)", path):
        values = [float(value) for value in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers)]
        base = at if kind.islower() else (0.0, 0.0)
        if kind == "z":
            at = start
        elif kind in "hH":
            at = (base[0] + values[0], at[1])
        elif kind in "vV":
            at = (at[0], base[1] + values[0])
        else:
            at = (base[0] + values[-2], base[1] + values[-1])
        start = at if kind in "mM" else start
        found.append(at)
    return found


def test_a_path_is_written_in_fewer_letters_and_goes_the_same_way():
    path = "M 118.894 69.104  L 180.494 69.104  L 180.494 50.006  L 118.894 50.006  L 118.894 69.104  z "
    (made,) = paths(svg.inline(drawing(inside=f'<path d="{path}"/>'), "p-", "x"))
    assert made == "M118.9 69.1h61.6V50H118.9z"


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=2, max_size=12))
def test_no_point_of_a_path_moves_by_more_than_can_be_seen(corners):
    path = "M " + " L ".join(f"{x:.3f} {y:.3f} " for x, y in corners)
    (made,) = paths(svg.inline(drawing(inside=f'<path d="{path}" stroke="#000"/>'), "p-", "x"))
    for (x, y), (was_x, was_y) in zip(points(made), corners, strict=True):
        assert abs(x - was_x) <= 0.0511
        assert abs(y - was_y) <= 0.0511


@pytest.mark.parametrize(
    "inside",
    [
        '<path d="M0.12345 0.5l1e-3-2a1,1 0 0 1 .5.5"/>',
        '<g transform="scale(100)"><path d="M 0.01234 0.05678 L 0.5 0.5 "/></g>',
        '<path d="M 1.23456 1 L 2 "/>',
        '<path d="L 1.23456 1 "/>',
        '<path d="M1.25-2.5L2 3"/>',
        f'<path d="M 118.894 69.104 {"L 180.494 50.006 " * 40}A"/>',
    ],
)
def test_a_path_that_is_not_understood_stays_as_it_is(inside):
    assert paths(svg.inline(drawing(inside=inside), "p-", "x")) == paths(inside)


def test_a_small_drawing_is_not_rounded_away():
    small = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M 0.123 0.456 L 0.789 0.456 "/></svg>'
    assert paths(svg.inline(small, "p-", "x")) == ["M.123 .456H.789"]


def test_a_path_that_goes_nowhere_is_left_out_and_a_dot_is_not():
    inside = '<path d="M 1 2 " stroke="#000"/><path d="M 5 5 L 5 5 " stroke="#000" stroke-linecap="round"/>'
    assert paths(svg.inline(drawing(inside=inside), "p-", "x")) == ["M5 5H5"]


def test_styles_become_classes_that_hold_each_once():
    classes = svg.Classes()
    made = [svg.inline(drawing(), prefix, "x", classes) for prefix in ("a-", "b-")]
    assert "style=" not in "".join(made)
    assert made[0] == made[1]
    (rule,) = classes.css().splitlines()
    assert rule == ".d0{font:9px 'Source Sans Pro';fill:var(--exhibit-ink,#1f2328)}"


@pytest.mark.parametrize(
    "style",
    [
        "fill: red} body{display: none",
        "fill: red</style><script>",
        "fill: url(#a)",
        "fill: red; @import 'x'",
        r"fill: \72 ed",
        "fill: red/**/",
    ],
)
def test_a_style_that_could_end_its_rule_stays_in_the_drawing(style):
    classes = svg.Classes()
    assert classes.name(style) is None
    assert classes.css() == ""


def test_a_drawing_used_twice_is_the_same_but_for_its_identifiers():
    inside = (
        '<defs><path id="d" d="M 1.23456 1 L 2.34567 2 "/></defs><use href="#d"/><g clip-path="url( #d )"><rect/></g>'
    )
    first, second = (svg.inline(drawing(inside=inside), prefix, "x") for prefix in ("one-", "two-"))
    assert set(re.findall(r"one-\w*", first)) == {"one-0"}
    assert first.replace("one-", "two-") == second
    assert svg.inline(drawing(inside=inside), "one-", "x") == first
