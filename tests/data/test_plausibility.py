"""What cannot be true is found before it is used; what can, however odd, is let pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from legation import data
from legation.data.plausibility import refused
from legation.data.vintages import Taken

PARTNERS = ["CHN", "USA", "JPN", "KOR", "IND", "AUS", "THA", "SGP", "MYS", "IDN", "DEU", "FRA"]


def rows(years=(2018, 2019, 2020), *, reporter="VNM", flow="export", seed=1, scale=1.0, **columns):
    """Trade of one reporter with twelve partners, of a size that differs from partner to partner and year to year."""
    chance = np.random.default_rng(seed)
    size = chance.uniform(1e8, 5e10, len(PARTNERS))
    frames = [
        pd.DataFrame({"partner": PARTNERS, "year": year, "value": size * chance.uniform(0.9, 1.2, len(size)) * scale})
        for year in years
    ]
    found = pd.concat(frames, ignore_index=True).assign(
        reporter=reporter,
        flow=flow,
        currency="USD",
        prices="current",
        valuation="FOB",
        status="final",
        months=12,
        note=None,
    )
    return found.assign(value=found["value"].round(), **columns)


def of(frame, before=None, held=None):
    return refused(Taken("goods_flows", frame, {}, []), before, held)


def with_total(frame, factor):
    total = frame.groupby("year")["value"].sum().mul(factor).reset_index().assign(partner="WLD")
    return pd.concat([frame, frame.drop_duplicates("year").drop(columns=["value", "partner"]).merge(total, on="year")])


def test_ordinary_figures_and_ordinary_revisions_pass():
    assert of(rows()) == []
    assert of(rows(), rows().assign(value=lambda frame: frame["value"] * 1.04)) == []
    assert of(with_total(rows(), 1.3).reset_index(drop=True)) == []


@pytest.mark.parametrize(("scale", "said"), [(1000.0, "a thousand times"), (0.001, "a thousandth of")])
def test_another_unit_is_noticed_against_the_last_vintage_and_against_others(scale, said):
    for held in ({"before": rows()}, {"held": rows()}):
        (sentence,) = of(rows(scale=scale), **held)
        assert f"figures are about {said} those held, such as VNM's exports, " in sentence
    assert of(rows(scale=30.0), rows()) == []


def test_a_year_that_is_part_of_one_is_noticed_unless_it_says_so():
    partial = pd.concat([rows((2018, 2019)), rows((2020,), scale=0.1)], ignore_index=True)
    assert "In 2020 the middle one of 12 series has " in of(partial)[0]
    honest = partial.assign(months=np.where(partial["year"] == 2020, 1, 12))
    assert of(honest) == []
    crisis = pd.concat([rows((2018, 2019)), rows((2020,), scale=0.75)], ignore_index=True)
    assert of(crisis) == []


def test_partners_that_add_up_to_more_than_the_total_are_counted_twice():
    (sentence,) = of(with_total(rows(), 0.5).reset_index(drop=True))
    assert "VNM, exports of 2018, add up to" in sentence
    assert "and in 2 other cases: something is counted twice" in sentence


@pytest.mark.parametrize("factor", [1.0, 1.06])
def test_a_reporter_that_repeats_its_partners_did_not_report(factor):
    partners = rows(reporter="PRK", flow="import").rename(columns={"reporter": "partner", "partner": "reporter"})
    partners = partners.assign(flow="export")
    filled = rows(reporter="PRK", flow="import").assign(value=lambda frame: (frame["value"] * factor).round())
    (sentence,) = of(filled, held=partners)
    assert f"100% of 36 imports of PRK are what its partners report times {factor:.2f}" in sentence
    chance = np.random.default_rng(7)
    reported = filled.assign(value=lambda frame: frame["value"] * chance.uniform(0.8, 1.3, len(frame)))
    assert of(reported, held=partners) == []


def test_figures_that_somebody_rounded_are_not_a_customs_office_s():
    (sentence,) = of(rows().assign(value=lambda frame: (frame["value"] / 1e7).round() * 1e7))
    assert "end in seven zeros" in sentence


def test_rows_that_break_the_contract_or_are_gone_are_told():
    assert "break the contract of goods_flows" in of(rows(flow="sale"))[0]
    assert "break the contract of goods_flows" in of(pd.concat([rows(), rows()], ignore_index=True))[0]
    assert of(rows().iloc[:0]) == ["There is no row."]
    assert "more than half are gone" in of(rows((2018,)), rows())[0]


def test_what_the_repository_ships_of_viet_nam_is_plausible():
    shipped = data.open("goods_flows", reporter="VNM", source="imf-dots-2022-05")
    assert of(shipped.drop(columns="source").assign(note=None).reset_index(drop=True)) == []
