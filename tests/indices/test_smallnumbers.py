"""Shrinkage: the golden figures, limiting cases, an independent estimator, and real rates."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import SeveralFaults
from indices.errors import (
    DuplicateCodes,
    NegativeCount,
    NumeratorAboveDenominator,
    UnplacedAreas,
    VintageMismatch,
    ZeroDenominator,
)
from indices.smallnumbers import empirical_bayes, shrink

EVENTS = [0, 12, 45, 150, 400]
PEOPLE = [60, 90, 300, 1500, 1600]


def areas(values: list, name: str = "lsoa") -> pd.Series:
    codes = pd.Index([f"S{position:02d}" for position in range(len(values))], name=name)
    return pd.Series(values, index=codes)


def same(size: int) -> pd.Series:
    return areas(["d"] * size)


def test_shrinkage_gives_the_golden_figures():
    table = shrink(areas(EVENTS), areas(PEOPLE), same(5))
    weights = [0.727836, 0.968263, 0.990775, 0.997341, 0.998797]
    shrunk = [0.019455, 0.138341, 0.151337, 0.100414, 0.250048]
    assert table["weight"].tolist() == pytest.approx(weights, abs=5e-7)
    assert table["shrunk"].tolist() == pytest.approx(shrunk, abs=5e-7)
    assert np.log(table["district_rate"] / (1 - table["district_rate"])).tolist() == pytest.approx(
        [-1.578002] * 5, abs=5e-7
    )


def test_each_district_is_shrunk_by_itself():
    both = shrink(areas([*EVENTS, 9, 3]), areas([*PEOPLE, 10, 50]), areas(["d"] * 5 + ["e", "e"]))
    alone = shrink(areas(EVENTS), areas(PEOPLE), same(5))
    pd.testing.assert_frame_equal(both.iloc[:5], alone)
    assert both["district_rate"].iloc[5] == pytest.approx(12.5 / 61)


def test_a_district_of_one_area_keeps_the_raw_rate():
    table = shrink(areas([3]), areas([40]), same(1))
    assert table["shrunk"].tolist() == [3 / 40]
    assert table["weight"].tolist() == [1.0]


def test_areas_without_any_spread_take_the_rate_of_the_district_whole():
    for method in (shrink, empirical_bayes):
        table = method(areas([5, 50]), areas([10, 100]), same(2))
        assert table["weight"].tolist() == pytest.approx([0.0, 0.0], abs=1e-12)
        assert table["shrunk"].tolist() == pytest.approx([0.5, 0.5])


@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.floats(0, 1), st.sampled_from("de")),
        min_size=2,
        max_size=25,
    )
)
def test_a_shrunk_rate_lies_between_its_own_evidence_and_the_district(rows):
    people = areas([n for n, _, _ in rows])
    events = areas([round(n * share) for n, share, _ in rows])
    table = shrink(events, people, areas([district for _, _, district in rows]))
    own = (events + 0.5) / (people + 1)
    alone = table["shrunk"] == table["rate"]
    low = np.minimum(own, table["district_rate"]) - 1e-12
    high = np.maximum(own, table["district_rate"]) + 1e-12
    assert (alone | ((table["shrunk"] >= low) & (table["shrunk"] <= high))).all()
    assert table["weight"].between(0, 1).all()


def test_a_small_area_is_shrunk_more_than_a_large_one_of_the_same_rate():
    table = shrink(areas([1, 100, 5, 60]), areas([10, 1000, 100, 200]), same(4))
    assert table["weight"].iloc[0] < table["weight"].iloc[1]


def test_a_missing_count_stays_missing_and_leaves_the_others_alone():
    with_gap = shrink(areas([*EVENTS, np.nan]), areas([*PEOPLE, 100]), same(6))
    alone = shrink(areas(EVENTS), areas(PEOPLE), same(5))
    pd.testing.assert_frame_equal(with_gap.iloc[:5], alone)
    assert with_gap.iloc[5].isna().all()


def marshall_by_hand(events: list[float], people: list[float]) -> list[float]:
    """Estimate the rates of one district step by step, as the paper writes it."""
    total_people = sum(people)
    m = sum(events) / total_people
    s2 = sum(n * (r / n - m) ** 2 for r, n in zip(events, people, strict=True)) / total_people
    a = max(s2 - m / (total_people / len(people)), 0.0)
    return [m + (a / (a + m / n)) * (r / n - m) for r, n in zip(events, people, strict=True)]


def test_empirical_bayes_is_marshalls_estimator():
    table = empirical_bayes(areas(EVENTS), areas(PEOPLE))
    assert table["shrunk"].tolist() == pytest.approx(marshall_by_hand(EVENTS, PEOPLE))


def test_empirical_bayes_comes_nearer_to_the_truth_than_raw_rates():
    random = np.random.default_rng(11)
    truth = random.gamma(8, 0.01, 400)
    people = random.integers(30, 400, 400)
    events = np.minimum(random.poisson(truth * people), people)
    table = empirical_bayes(areas(events.tolist()), areas(people.tolist()))
    error = ((table["shrunk"] - truth) ** 2).mean()
    assert error < 0.7 * ((table["rate"] - truth) ** 2).mean()


def test_without_any_event_the_rate_is_zero_and_not_missing():
    table = empirical_bayes(areas([0, 0]), areas([10, 20]))
    assert table["shrunk"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("method", [shrink, empirical_bayes])
def test_what_cannot_be_a_rate_is_refused_with_every_fault(method):
    with pytest.raises(SeveralFaults) as caught:
        method(areas([-1, 5, 3]), areas([10, 0, 2]), same(3))
    kinds = [type(fault) for fault in caught.value.faults]
    assert kinds == [NegativeCount, ZeroDenominator, NumeratorAboveDenominator]
    with pytest.raises(UnplacedAreas, match="S01"):
        method(areas([1, 2]), areas([10, 10]), same(1))
    with pytest.raises(VintageMismatch, match="lsoa11"):
        method(areas([1]), areas([10], "lsoa11"), same(1))
    with pytest.raises(DuplicateCodes):
        method(areas([1]), pd.concat([areas([10]), areas([10])]), same(1))


@pytest.mark.realdata
@pytest.mark.parametrize("city", ["bristol", "newcastle_upon_tyne", "sunderland", "stoke_on_trent"])
def test_shrunk_income_rates_are_nearer_to_the_published_ones_than_raw_rates(realdata, file6, city):
    """Numerators were published rounded to 5, so that 0.25 points is what they allow."""
    path = realdata / "england" / "imd2019_indicators_lsoa11.csv.gz"
    column = "income_domain_numerator"
    events = pd.read_csv(
        path, usecols=["lsoa11_code", column], dtype={"lsoa11_code": str}, index_col="lsoa11_code"
    )[column].rename_axis("lsoa11")
    table = shrink(events, file6["people"], file6["lad19"])
    published = gpd.read_file(
        realdata / "cities" / f"{city}.gpkg", layer="lsoa11_imd2019", ignore_geometry=True
    ).set_index("LSOA11CD")["income_score"]
    away = (100 * table["shrunk"] - published).dropna().abs()
    raw = (100 * table["rate"] - published).dropna().abs()
    assert away.max() <= 0.3
    assert away.mean() < raw.mean()
