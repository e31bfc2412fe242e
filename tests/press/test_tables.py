"""The columns of a printed table are as wide as what stands in them needs, and the table as low as it can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legation.press import tables

ROOM = 453.5
LONG = "The two sides undertake to consult at once where one of them is threatened by an attack from outside. "


def column(label, align="left"):
    return {"label": label, "align": align}


def widths(columns, rows, room=ROOM):
    return tables.widths(columns, rows, room=room, size=8.5)


def line(text):
    return 2 * tables.INSET + tables._width(text, 400, 8.5)


def test_numbers_share_the_room_equally_where_all_fits():
    found = widths([column("Partner"), column("2019", "right"), column("2020", "right")], [["China", "1", "1,000"]])
    assert found[1] == found[2]
    assert sum(found) == pytest.approx(ROOM)


def test_a_number_never_wraps_however_long_the_texts_beside_it():
    number = "1,234,567.89"
    found = widths([column("Text"), column("Turnover", "right"), column("Text")], [[LONG * 5, number, LONG * 3]])
    assert found[1] >= line(number)
    assert sum(found) == pytest.approx(ROOM)


def test_longer_texts_get_more_but_a_short_one_keeps_its_longest_word():
    found = widths([column("Verdict"), column("Says"), column("Gives")], [["contradicted", LONG * 4, LONG]] * 3)
    assert found[0] >= line("contradicted")
    assert found[1] > found[2] > found[0]


def test_a_table_of_uneven_texts_is_lower_than_with_equal_shares():
    columns = [column("Verdict"), column("Says"), column("Gives"), column("Source")]
    rows = [["confirmed", LONG, LONG * 3, "Office"], ["close", LONG * 2, "yes", "Office, bulletin"]] * 4
    held = [tables._Column(c, [row[place] for row in rows], 8.5) for place, c in enumerate(columns)]

    def height(chosen):
        return sum(max(cells) for cells in zip(*(c.lines(w) for c, w in zip(held, chosen, strict=True)), strict=True))

    assert height(widths(columns, rows)) < 0.8 * height([ROOM / 4] * 4)


def test_an_address_gets_places_to_break_and_ordinary_words_none():
    address = "https://example.org/a/very/long/path?with=a&query=of-some-length"
    made = tables.breakable(f"Seen at {address} today")
    assert made.replace(tables.BREAK, "") == f"Seen at {address} today"
    assert max(map(len, made.replace(tables.BREAK, " ").split())) <= tables.OVERLONG
    assert tables.breakable(LONG) == LONG


def test_an_unbroken_run_of_letters_is_broken_too():
    made = tables.breakable("a" * 100)
    assert made.replace(tables.BREAK, "") == "a" * 100
    assert max(map(len, made.split(tables.BREAK))) <= tables.OVERLONG


cells = st.text(alphabet="ab c/-\u200b\u2013é漢", max_size=120)


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(st.lists(st.sampled_from(["left", "right"]), min_size=n, max_size=n), st.lists(st.lists(cells, min_size=n, max_size=n), max_size=4))))  # fmt: skip  # noqa: E501
def test_whatever_a_table_holds_its_columns_fill_the_room(table):
    aligns, rows = table
    found = widths([column("Head", align) for align in aligns], rows)
    assert sum(found) == pytest.approx(ROOM)
    assert min(found) > 0
