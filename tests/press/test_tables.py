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


def test_a_text_stands_on_one_line_in_a_column_as_wide_as_it_is():
    for text in (
        "Kept or returned",
        "Territory closed to third states",
        "Articles (2), (3), 6",
        "at the end of a period",
    ):
        own = tables._Column(column(""), [text], 8.5)
        assert own.lines(own.most) == [1, 1], text


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


def test_bars_lie_on_one_track_from_one_zero():
    found = tables.bars(column("Balance", "right") | {"bars": [1.0, -0.6, None, 0]})
    assert found.zero == pytest.approx(0.375)
    assert found.spans[0] == pytest.approx((0.375, 0.625))
    assert found.spans[1] == pytest.approx((0, 0.375))
    assert found.spans[2:] == [None, None]
    upwards = tables.bars(column("Turnover", "right") | {"bars": [1.0, 0.5], "soft": [True, False]})
    assert (upwards.zero, upwards.spans, upwards.soft) == (0, [(0, 1), (0, 0.5)], [True, False])
    assert tables.bars(column("Turnover", "right")) is None


def test_bars_have_room_besides_the_number():
    number = "1,234,567"
    plain = {"columns": [column("Says"), column("Sum", "right")], "rows": [[LONG * 3, number]], "row_headers": 1}
    drawn = plain | {"columns": [column("Says"), column("Sum", "right") | {"bars": [1.0]}]}
    assert tables.laid_out(drawn)["widths"] == tables.laid_out(plain)["widths"], "Word has no bars"
    found = tables.laid_out(drawn, with_bars=True)
    assert found["widths"][1] >= line(number) + tables.GAP + tables.TRACK
    assert sum(found["widths"]) == pytest.approx(tables.FULL_WIDTH)


def test_where_numbers_leave_no_room_bars_give_way():
    columns = [column(f"{year}", "right") | {"bars": [1.0]} for year in range(2010, 2019)]
    made = tables.laid_out({"columns": columns, "rows": [["123,456"] * 9], "row_headers": 0}, with_bars=True)
    assert [made["bars"] for made in made["columns"]] == [None] * 9
    assert min(made["widths"]) >= line("123,456")


cells = st.text(alphabet="ab c/-\u200b\u2013é漢", max_size=120)


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(st.lists(st.sampled_from(["left", "right"]), min_size=n, max_size=n), st.lists(st.lists(cells, min_size=n, max_size=n), max_size=4))))  # fmt: skip  # noqa: E501
def test_whatever_a_table_holds_its_columns_fill_the_room(table):
    aligns, rows = table
    found = widths([column("Head", align) for align in aligns], rows)
    assert sum(found) == pytest.approx(ROOM)
    assert min(found) > 0
