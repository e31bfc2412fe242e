import numpy as np
import pandas as pd
import pytest
from analysis.trade_frames import amounts, cpi, few, flows, rates
from hypothesis import given
from hypothesis import strategies as st

from legation.analysis import trade
from legation.errors import InputError

EURO = rates(("EUR", 2020, 0.8), ("EUR", 2021, 0.5))
SOLD = ("VNM", "RUS", "export", 2020, 100.0)


# Converting


def test_dollars_times_the_rate_are_euros():
    # a rate of 0.8 euros for one dollar
    euros = trade.convert(flows(SOLD), EURO, "EUR")
    assert euros[["value", "currency", "source"]].to_numpy().tolist() == [[80, "EUR", "office; rates"]]


def test_each_year_has_its_own_rate():
    euros = trade.convert(flows(SOLD, ("VNM", "RUS", "export", 2021, 100.0)), EURO, "EUR")
    assert euros["value"].tolist() == [80, 50]


def test_one_currency_reaches_another_by_way_of_the_dollar():
    roubles = trade.convert(flows(SOLD, currency="EUR"), rates(("EUR", 2020, 0.8), ("RUB", 2020, 72.0)), "RUB")
    assert roubles["value"].tolist() == [pytest.approx(100 / 0.8 * 72)]


def test_converting_is_the_remedy_for_mixed_currencies():
    mixed = flows(SOLD, ("VNM", "RUS", "import", 2020, 80.0, {"currency": "EUR"}))
    assert trade.bilateral(trade.convert(mixed, EURO, "USD"))["turnover"].tolist() == [200]


def test_a_currency_needs_no_rate_to_itself():
    same = trade.convert(flows(SOLD), EURO.iloc[:0], "USD")
    assert same[["value", "source"]].to_numpy().tolist() == [[100, "office"]]
    assert trade.convert(flows(SOLD, currency="EUR"), EURO.iloc[:0], "EUR")["value"].tolist() == [100]


def test_a_missing_rate_is_named_by_currency_and_year():
    with pytest.raises(ValueError, match=r"no exchange rate for EUR 2019.*exchange_rates\.csv"):
        trade.convert(flows(SOLD, ("VNM", "RUS", "export", 2019, 1.0)), EURO, "EUR")
    with pytest.raises(ValueError, match="RUB 2020"):
        trade.convert(flows(SOLD, currency="EUR"), EURO, "RUB")


def test_two_rates_for_a_year_are_refused():
    twice = pd.concat([EURO, EURO.assign(source="bank")])
    with pytest.raises(ValueError, match=r"more than one EUR rate for 2020 \(bank, rates\)"):
        trade.convert(flows(SOLD), twice, "EUR")


def test_a_missing_amount_needs_no_rate_and_stays_missing():
    table = flows(("VNM", "RUS", "export", 1999, np.nan), SOLD)
    assert trade.convert(table, EURO, "EUR")["value"].isna().tolist() == [True, False]


def test_constant_prices_are_not_converted_year_by_year():
    with pytest.raises(ValueError, match="Convert first, then deflate"):
        trade.convert(flows(SOLD, prices="constant 2015"), EURO, "EUR")


def test_a_row_is_not_left_half_in_one_currency():
    wide = trade.bilateral(flows(SOLD, ("VNM", "RUS", "import", 2020, 50.0)))
    with pytest.raises(ValueError, match="imports, turnover, balance would be left out"):
        trade.convert(wide, EURO, "EUR", ["exports"])
    assert trade.convert(wide, EURO, "EUR")[["exports", "imports", "turnover", "balance"]].to_numpy().tolist() == [
        [80, 40, 120, 40]
    ]


def test_a_share_is_no_money():
    wide = trade.bilateral(flows(SOLD, ("VNM", "WLD", "export", 2020, 400.0)))
    with pytest.raises(ValueError, match="holds the share of exports"):
        trade.convert(trade.share(wide, column="exports"), EURO, "EUR")
    with pytest.raises(ValueError, match="holds the share of exports"):
        trade.deflate(trade.share(wide, column="exports"), cpi((2020, 1.0)), 2020)


@few
@given(st.lists(amounts, min_size=1, max_size=5), st.floats(1e-3, 1e5))
def test_there_and_back_is_where_one_started(values, per_usd):
    table = flows(*(("VNM", "RUS", "export", 2000 + year, value) for year, value in enumerate(values)))
    table_of_rates = rates(*(("VND", 2000 + year, per_usd) for year in range(len(values))))
    back = trade.convert(trade.convert(table, table_of_rates, "VND"), table_of_rates, "USD")
    assert back["value"].tolist() == pytest.approx(values)
    assert back["currency"].tolist() == ["USD"] * len(values)


# Deflating


def test_an_amount_at_the_prices_of_the_base_year_is_scaled_by_the_rise_of_prices():
    # prices doubled between 2000 and 2020: 100 dollars of 2020 bought what 50 did in 2000
    real = trade.deflate(flows(SOLD, ("VNM", "RUS", "export", 2000, 30.0)), cpi((2000, 130.0), (2020, 260.0)), 2000)
    assert real["value"].tolist() == [50, 30]
    assert set(real["prices"]) == {"constant 2000"}
    assert set(real["source"]) == {"cpi; office"}


def test_a_missing_index_is_named_by_country_and_year():
    with pytest.raises(ValueError, match=r"price index of USA for 2020.*price_indices\.csv"):
        trade.deflate(flows(SOLD), cpi((2015, 1.0)), 2015)
    with pytest.raises(ValueError, match=r"price index of USA for 2015"):
        trade.deflate(flows(SOLD), cpi((2020, 1.0)), 2015)


def test_dollars_are_not_deflated_with_the_prices_of_another_country():
    with pytest.raises(ValueError, match=r"price index of VNM for amounts in USD.*index of USA"):
        trade.deflate(flows(SOLD), cpi((2020, 1.0), country="VNM"), 2020)


def test_what_is_deflated_is_not_deflated_again():
    real = trade.deflate(flows(SOLD), cpi((2020, 1.0)), 2020)
    with pytest.raises(ValueError, match="already at constant 2020"):
        trade.deflate(real, cpi((2020, 1.0)), 2020)


def test_an_index_with_two_bases_is_refused():
    two = pd.concat([cpi((2020, 1.0)), cpi((2019, 1.0)).assign(base="2015=100")])
    with pytest.raises(ValueError, match="several by base: 1982-84=100, 2015=100"):
        trade.deflate(flows(SOLD), two, 2020)


def test_an_index_stated_twice_for_a_year_is_refused():
    two = pd.concat([cpi((2020, 1.0)), cpi((2020, 1.1)).assign(source="other")])
    with pytest.raises(ValueError, match="more than one price index of USA for 2020"):
        trade.deflate(flows(SOLD), two, 2020)


def test_mixed_currencies_are_not_deflated_together():
    with pytest.raises(ValueError, match=r"EUR, USD.*trade\.convert"):
        trade.deflate(flows(SOLD, ("VNM", "RUS", "import", 2020, 1.0, {"currency": "EUR"})), cpi((2020, 1.0)), 2020)


@few
@given(st.lists(st.tuples(amounts, st.floats(0.1, 1e3)), min_size=2, max_size=6))
def test_shares_of_a_year_do_not_change_with_the_price_basis(years):
    table = flows(*(("VNM", "RUS", "export", 2000 + year, value) for year, (value, _) in enumerate(years)))
    index = cpi(*((2000 + year, level) for year, (_, level) in enumerate(years)))
    real = trade.deflate(table, index, 2000)
    assert real["value"][0] == pytest.approx(table["value"][0])
    doubled = trade.deflate(table.assign(value=table["value"] * 2), index, 2000)
    assert (doubled["value"] / real["value"]).tolist() == pytest.approx([2.0] * len(years))


class TestOneCurrency:
    """Figures of several publishers in one currency, and those for which no rate is held."""

    mixed = flows(
        ("DEU", "VNM", "export", 2023, 110),
        ("DEU", "VNM", "export", 2023, 100, {"currency": "EUR", "source": "union"}),
        ("DEU", "VNM", "export", 2025, 120, {"currency": "EUR", "source": "union"}),
    )

    def test_what_has_a_rate_is_converted_and_what_has_none_is_given_back(self):
        rows, left_out = trade.in_currency(self.mixed, rates(("EUR", 2023, 0.8)), "USD")
        assert rows["value"].tolist() == [110, 125]
        assert rows["source"].tolist() == ["office", "rates; union"]
        assert set(rows["currency"]) == {"USD"}
        assert left_out[["year", "value", "currency"]].to_numpy().tolist() == [[2025, 120, "EUR"]]

    def test_rows_in_the_currency_are_untouched_and_need_no_rate(self):
        rows, left_out = trade.in_currency(self.mixed[:1], rates(), "USD")
        assert rows.equals(self.mixed[:1])
        assert left_out.empty

    def test_of_several_rates_for_a_year_the_first_counts(self):
        rows, _ = trade.in_currency(self.mixed, rates(("EUR", 2023, 0.8), ("EUR", 2023, 0.5)), "USD")
        assert rows["value"].tolist() == [110, 125]

    def test_from_euros_to_yen_both_rates_are_needed(self):
        both = rates(("EUR", 2023, 0.8), ("JPY", 2023, 140), ("JPY", 2025, 150))
        rows, left_out = trade.in_currency(self.mixed, both, "JPY")
        assert rows["value"].tolist() == pytest.approx([110 * 140, 100 * 140 / 0.8])
        assert left_out["year"].tolist() == [2025]

    def test_where_no_figure_can_be_had_the_rates_that_lack_are_named(self):
        with pytest.raises(InputError, match="convert to CHF has no exchange rate for CHF 2023, 2025; EUR 2023, 2025"):
            trade.in_currency(self.mixed, rates(), "CHF")
