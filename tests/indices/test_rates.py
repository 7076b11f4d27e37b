"""Figures of indicators: rates by hand, published intervals, each fault of a table named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from geo.errors import SeveralFaults
from indices.errors import (
    AllMissing,
    DefinitionFault,
    MissingIndicatorColumn,
    MixedScales,
    NegativeCount,
    NotANumber,
    NumeratorAboveDenominator,
    OptionUnknown,
    OutOfUnit,
    VintageMismatch,
    ZeroDenominator,
)
from indices.indicators import Indicator
from indices.intervals import byar, wilson
from indices.rates import measure
from indices.smallnumbers import empirical_bayes, shrink


def areas(values: list, name: str = "sa") -> pd.Series:
    codes = pd.Index([f"S{position:02d}" for position in range(len(values))], name=name)
    return pd.Series(values, index=codes)


def frame(**columns: list) -> pd.DataFrame:
    return pd.DataFrame({name: areas(values) for name, values in columns.items()})


def indicator(**changes: object) -> Indicator:
    base = {
        "id": "sick",
        "title": "Sick",
        "unit": "%",
        "kind": "rate",
        "numerator": "sick",
        "denominator": "people",
        "per": 100,
        "direction": "high is worse",
        "source": "none",
        "vintage": "sa",
        "date": "2024",
        "theme": "health",
    }
    return Indicator.model_validate({k: v for k, v in (base | changes).items() if v is not None})


def published(unit: str = "%", **changes: object) -> Indicator:
    columns = {"numerator": None, "denominator": None, "value": "v", "unit": unit}
    return indicator(**(columns | changes))


def test_a_rate_is_its_count_per_hundred_of_the_right_denominator_and_missing_stays_missing():
    data = frame(sick=[1, 5, None, 4], people=[10, 50, 10, None])
    found = measure([indicator()], data)
    assert found.values["sick"].tolist() == pytest.approx([10, 10, np.nan, np.nan], nan_ok=True)
    assert found.people["sick"].iloc[0] == 10


def test_each_indicator_keeps_its_own_denominator_and_kind():
    data = frame(sick=[2, 3], people=[10, 10], homes=[4, 6], crowded=[1, 3], score=[7.5, 1])
    found = measure(
        [
            indicator(),
            indicator(id="crowded", numerator="crowded", denominator="homes", per=1),
            indicator(id="homes", kind="count", numerator="homes", denominator=None),
            published("points", id="score", kind="score", value="score"),
        ],
        data,
    )
    assert found.values.to_numpy().tolist() == [[20, 0.25, 4, 7.5], [30, 0.5, 6, 1]]
    assert list(found.events) == ["sick", "crowded"]


def test_a_rate_is_shrunk_towards_its_district_as_its_definition_says():
    data = frame(sick=[0, 12, 45], people=[60, 90, 300])
    districts = areas(["d", "d", "d"])
    for way, method in (("official", shrink), ("empirical-bayes", empirical_bayes)):
        found = measure([indicator(shrink=way)], data, districts=districts)
        expected = 100 * method(data["sick"], data["people"], districts)["shrunk"]
        assert found.values["sick"].tolist() == pytest.approx(expected.tolist())
    with pytest.raises(DefinitionFault, match="without districts"):
        measure([indicator(shrink="official")], data)


def test_measuring_leaves_the_data_as_they_were():
    data = frame(sick=["1", "2"], people=[10, 10])
    before = data.copy()
    measure([indicator()], data)
    assert data.equals(before)


# Intervals.


# Newcombe (1998), Two-sided confidence intervals for the single proportion, Statistics in
# Medicine 17, table I, method 3.
@pytest.mark.parametrize(
    ("r", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(r, n, low, high):
    found = wilson(areas([r]), areas([n])).iloc[0]
    assert found["low"] == pytest.approx(low, abs=5e-5)
    assert found["high"] == pytest.approx(high, abs=5e-5)


@settings(max_examples=50)
@given(st.integers(1, 10**6), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.998]))
def test_wilsons_ends_are_where_the_score_test_stops_rejecting(n, share, level):
    r = round(n * share)
    found = wilson(areas([r]), areas([n]), level=level).iloc[0]
    z = {0.8: 1.2815515655, 0.95: 1.9599639845, 0.998: 3.0902323062}[level]
    for end in (found["low"], found["high"]):
        if 0 < end < 1:
            assert abs(r / n - end) == pytest.approx(z * np.sqrt(end * (1 - end) / n), rel=1e-5)
    assert 0 <= found["low"] <= found["rate"] <= found["high"] <= 1


@pytest.mark.parametrize("r", [10, 11, 65, 389, 1045, 20000])
def test_byar_is_within_two_thousandths_of_the_exact_limits_from_ten_events_on(r):
    found = byar(areas([r])).iloc[0]
    assert found["low"] == pytest.approx(chi2.ppf(0.025, 2 * r) / 2, rel=2e-3)
    assert found["high"] == pytest.approx(chi2.ppf(0.975, 2 * r + 2) / 2, rel=2e-3)


def test_byar_begins_at_zero_for_no_event_and_divides_by_people():
    none = byar(areas([0])).iloc[0]
    assert none["low"] == 0
    assert none["high"] == pytest.approx(chi2.ppf(0.975, 2) / 2, rel=0.02)
    alone, rate = byar(areas([65])), byar(areas([65]), areas([100]))
    assert rate.iloc[0].tolist() == pytest.approx((alone / 100).iloc[0].tolist())
    assert byar(areas([np.nan, 3])).iloc[0].isna().all()


def test_intervals_refuse_what_is_no_count():
    with pytest.raises(SeveralFaults) as caught:
        byar(areas([-1, 2]), areas([3, 0]))
    assert [type(fault) for fault in caught.value.faults] == [NegativeCount, ZeroDenominator]
    with pytest.raises(NumeratorAboveDenominator):
        wilson(areas([5]), areas([4]))
    with pytest.raises(VintageMismatch):
        wilson(areas([5]), areas([9], "other"))
    with pytest.raises(OptionUnknown, match="95"):
        wilson(areas([5]), areas([9]), level=95)


def test_an_indicator_has_the_interval_of_its_kind_in_its_unit():
    data = frame(sick=[15, 0], people=[148, 0], crimes=[300, 1], v=[7.0, 1])
    part = indicator(empty_areas="missing")
    beyond = indicator(
        id="crime", numerator="crimes", per=1000, part_of_denominator=False, empty_areas="missing"
    )
    data.loc["S01", "crimes"] = 0
    found = measure([part, beyond, published("points", id="v")], data)
    assert found.intervals("sick").iloc[0].tolist() == pytest.approx(
        [1500 / 148, 6.24, 16.05], abs=5e-3
    )
    assert found.intervals("sick").iloc[1].isna().all()
    exact = 1000 * chi2.ppf(0.025, 600) / 2 / 148
    assert found.intervals("crime")["low"].iloc[0] == pytest.approx(exact, rel=2e-3)
    assert found.intervals("v").iloc[0].isna().tolist() == [False, True, True]


# What is wrong with a table.


def test_a_numerator_above_its_denominator_is_named_unless_it_is_no_part_of_it():
    data = frame(sick=[3, 5], people=[10, 4])
    with pytest.raises(NumeratorAboveDenominator, match="S01: 5 of 4"):
        measure([indicator()], data)
    found = measure([indicator(part_of_denominator=False)], data)
    assert found.values["sick"].tolist() == [30, 125]
    with pytest.raises(NumeratorAboveDenominator, match="S01: 5 of 0"):
        measure([indicator(part_of_denominator=False)], frame(sick=[3, 5], people=[10, 0]))


def test_a_zero_denominator_is_refused_or_gives_no_rate():
    data = frame(sick=[0, 1], people=[0, 4])
    with pytest.raises(ZeroDenominator, match=r"empty_areas.*S00"):
        measure([indicator()], data)
    found = measure([indicator(empty_areas="missing")], data)
    assert found.values["sick"].isna().tolist() == [True, False]


def test_an_indicator_that_is_missing_everywhere_is_named():
    with pytest.raises(AllMissing, match="indicator sick"):
        measure([indicator()], frame(sick=[None, None], people=[1, 2]))
    # Missing where the other is known is missing everywhere, too.
    with pytest.raises(AllMissing):
        measure([indicator()], frame(sick=[None, 1], people=[1, None]))


def test_values_outside_their_unit_are_named():
    with pytest.raises(OutOfUnit, match="S01 = 101"):
        measure([published()], frame(v=[40, 101]))
    with pytest.raises(OutOfUnit, match=r"S00 = 1\.5"):
        measure([published("share of people")], frame(v=[1.5, 0.1]))
    assert measure([published("points")], frame(v=[-5, 900])).values["sick"].max() == 900


def test_percentages_given_as_shares_among_percentages_are_named():
    with pytest.raises(MixedScales, match=r"S01 = 0\.31.*S03 = 0\.08") as caught:
        measure([published()], frame(v=[12, 0.31, 44, 0.08, 0]))
    assert caught.value.count == 2
    with pytest.raises(MixedScales, match="no value is above 1"):
        measure([published()], frame(v=[0.12, 0.31, 0.44]))


def test_small_percentages_among_others_are_not_taken_for_shares():
    assert len(measure([published()], frame(v=[0.4, 0.9, 1.4, 2.2, 7.0])).values) == 5
    assert len(measure([published()], frame(v=[0.9, 5, 7, 20])).values) == 4  # not 90 %
    looked_at = published(scale_checked=True)
    assert len(measure([looked_at], frame(v=[12, 0.31, 44, 0.08])).values) == 4


@settings(max_examples=50)
@given(st.lists(st.floats(3, 100), min_size=4, max_size=30), st.data())
def test_shares_among_percentages_from_3_to_100_are_found_wherever_they_stand(values, data):
    flags = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    low = [value for value, flag in zip(values, flags, strict=True) if flag]
    high = [value for value, flag in zip(values, flags, strict=True) if not flag]
    # What the rule promises to find: shares and percentages apart, and of one range.
    if not low or not high or min(high) < 2.5 * max(low) / 100:
        return
    if min(low) < min(high) / 2 or max(low) > 2 * max(high):
        return
    mixed = [v / 100 if flag else v for v, flag in zip(values, flags, strict=True)]
    with pytest.raises(MixedScales):
        measure([published()], frame(v=mixed))


def test_every_fault_of_a_table_is_named_at_once():
    data = frame(sick=[-1, 5], people=[10, 4], v=[0.4, 60], words=["x", "1"])
    wanted = [
        indicator(),
        published(id="v"),
        published(id="gone", value="gone"),
        published(id="words", value="words"),
        indicator(id="old", vintage="sa11"),
    ]
    with pytest.raises(SeveralFaults) as caught:
        measure(wanted, data)
    kinds = {type(fault) for fault in caught.value.faults}
    assert kinds == {
        NegativeCount,
        NumeratorAboveDenominator,
        MixedScales,
        MissingIndicatorColumn,
        NotANumber,
        VintageMismatch,
    }
