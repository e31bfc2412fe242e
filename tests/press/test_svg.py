"""A drawing from a notebook can stand in a page without running, fetching or renaming anything there."""

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
