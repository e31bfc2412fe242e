"""Sentences carry computed numbers, and a number that is missing never reaches them."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legation.errors import InputError
from legation.exhibits import listed, say
from legation.press import markup


def read(prose):
    return markup.text(markup.read([("markdown", prose.markdown)])[0]).replace("\u00a0", " ")


def test_amounts_shares_and_ratios_are_written_in_the_houses_forms():
    said = say("{a:money}, {b:percent}, {c:+percent}, {d:times}, {e}.", a=3.6e9, b=0.104, c=-0.046, d=44.6, e=2024)
    assert read(said) == "USD 3.6 bn, 10 %, −4.6 %, 44.6 times, 2024."


def test_the_currency_of_amounts_can_be_another():
    assert read(say("{a:money}", a=1.2e6, currency="EUR")) == "EUR 1.2 m"


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA, pd.NaT])
def test_where_a_value_is_missing_the_other_sentence_is_said(missing):
    said = say("Trade was {value:money} in {year}.", "Trade in {year} is not reported.", value=missing, year=2023)
    assert read(said) == "Trade in 2023 is not reported."


def test_a_missing_value_without_another_sentence_is_refused_by_name():
    with pytest.raises(InputError, match=r"needs value, which is not reported.*another sentence"):
        say("Trade was {value:money}.", value=math.nan)


def test_a_field_without_value_is_refused_by_name():
    with pytest.raises(InputError, match=r"a field \{year\} that say\(\) was given no value for"):
        say("In {year}.")


LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zs", "Zl", "Zp"], exclude_characters="'\".")


@given(st.text(alphabet=LETTERS, min_size=1))
@settings(deadline=None)  # pandoc is a program of its own
def test_a_value_is_shown_as_text_whatever_it_holds(value):
    said = read(say("The name is «{value}» here.", value=value))
    assert said.replace("\u200e", "") == f"The name is «{value}» here."  # the mark behind what is read leftwards


def test_a_value_read_from_right_to_left_ends_with_a_mark_so_that_the_figure_behind_it_stays_there():
    assert say("{name} {share:percent}", name="דורנה", share=0.37).markdown == "דורנה\u200e 37\u00a0%"


def test_a_list_is_joined_as_in_a_sentence():
    assert [listed([]), listed(["A"]), listed(["A", "B"]), listed(["A", "B", "C"])] == [
        "none",
        "A",
        "A and B",
        "A, B and C",
    ]


def test_a_place_in_an_order_is_said_as_one() -> None:
    said = [say("{place:ordinal}", place=place).markdown for place in (1, 2, 3, 4, 9, 11, 12, 13, 21, 22, 103, 111)]
    assert said == ["1st", "2nd", "3rd", "4th", "9th", "11th", "12th", "13th", "21st", "22nd", "103rd", "111th"]
