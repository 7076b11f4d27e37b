"""Funnels and charts: limits by another way, false alarms counted, and properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, chi2, norm, poisson

from geo.errors import SeveralFaults
from indices.change_errors import SeriesTooShort
from indices.errors import (
    CodesNotText,
    NegativeCount,
    NumeratorAboveDenominator,
    OptionUnknown,
    ZeroDenominator,
)
from indices.funnel import ALARM, ALERT, dispersion, funnel, xmr, xmr_last

NO_MORE = {"overdispersion": False}


def counts(values) -> pd.Series:
    return pd.Series(values, index=[f"A{k:03d}" for k in range(len(values))], dtype=float)


# Limits.


def test_normal_limits_are_those_of_the_formula():
    found = funnel(
        counts([500, 410]), counts([1000, 1000]), centre=0.4, limits="normal", **NO_MORE
    ).table
    half = 1.96 * (0.4 * 0.6 / 1000) ** 0.5
    assert found["alert_low"].tolist() == pytest.approx([0.4 - half] * 2)
    assert found["alert_high"].tolist() == pytest.approx([0.4 + half] * 2)
    assert found["alarm_high"].iloc[0] == pytest.approx(0.4 + 3.09 / 1.96 * half)
    assert found["z"].tolist() == pytest.approx([0.1 / (half / 1.96), 0.01 / (half / 1.96)])
    assert found["signal"].tolist() == ["high alarm", ""]


@pytest.mark.parametrize("part", [True, False])
def test_a_count_is_beyond_an_exact_limit_where_an_exact_test_of_one_tail_says_so(part):
    """The independent word: scipy's binomial test, and the gamma form of Poisson's tail."""
    random = np.random.default_rng(3)
    n = random.integers(20, 2000, 150)
    r = np.minimum(random.poisson(0.03 * n * random.uniform(0.2, 3, 150)), n)
    found = funnel(
        counts(r), counts(n), centre=0.03, part_of_people=part, limits="exact", **NO_MORE
    ).table["signal"]
    for signal, events, people in zip(found, r.tolist(), n.tolist(), strict=True):
        if part:
            above = binomtest(events, people, 0.03, alternative="greater").pvalue
            below = binomtest(events, people, 0.03, alternative="less").pvalue
        else:
            # P(X >= r) of Poisson is P(chi2 with 2r degrees of freedom < 2 mean).
            above = chi2.cdf(0.06 * people, 2 * events) if events else 1.0
            below = chi2.sf(0.06 * people, 2 * events + 2)
        tails = {"alert": norm.sf(ALERT), "alarm": norm.sf(ALARM)}
        way = "high" if above < below else "low"
        strongest = [name for name, tail in tails.items() if min(above, below) <= tail]
        assert signal == (f"{way} {strongest[-1]}" if strongest else "")


def test_few_expected_events_are_judged_exactly_and_many_by_the_formula():
    small = funnel(counts([8, 0]), counts([50, 50]), centre=0.05, **NO_MORE).table
    assert small["alert_high"].iloc[0] * 50 == round(small["alert_high"].iloc[0] * 50)
    large = funnel(counts([800, 900]), counts([9000, 9000]), centre=0.1, **NO_MORE).table
    spread = (0.1 * 0.9 / 9000) ** 0.5
    assert large["alarm_low"].iloc[0] == pytest.approx(0.1 - 3.09 * spread)
    # Few who have it not count as few, too.
    rare = funnel(counts([48, 40]), counts([50, 50]), centre=0.95, **NO_MORE).table
    assert rare["alert_low"].iloc[0] * 50 == round(rare["alert_low"].iloc[0] * 50)


@given(
    p0=st.floats(0.001, 0.999),
    n=st.lists(st.integers(1, 5000), min_size=2, max_size=8),
    part=st.booleans(),
)
def test_limits_hold_the_centre_and_the_alarm_holds_the_alert(p0, n, part):
    people = counts(n)
    found = funnel((people * p0).round(), people, centre=p0, part_of_people=part, **NO_MORE).table
    assert (found["alarm_low"] <= found["alert_low"] + 1e-12).all()
    assert (found["alert_high"] <= found["alarm_high"] + 1e-12).all()
    # Exact limits are counts, so that they may end up to half an event from the centre.
    slack = 1.0 / people
    assert (found["alert_low"] <= p0 + slack).all()
    assert (found["alert_high"] >= p0 - slack).all()
    assert (found["alarm_low"] >= 0).all()
    if part:
        assert (found["alarm_high"] <= 1).all()


@given(p0=st.floats(0.01, 0.9), n=st.integers(5, 400), more=st.integers(2, 20))
def test_normal_limits_close_in_with_more_people_and_more_events_never_calm_a_signal(p0, n, more):
    people = counts([n, n * more])
    found = funnel(counts([0, 0]), people, centre=p0, limits="normal", **NO_MORE).table
    width = (found["alert_high"] - found["alert_low"]).to_numpy()
    assert width[1] <= width[0]
    order = ["low alarm", "low alert", "", "high alert", "high alarm"]
    ladder = counts(list(range(n + 1)))
    signals = funnel(ladder, pd.Series(float(n), index=ladder.index), centre=p0, **NO_MORE).table[
        "signal"
    ]
    steps = [order.index(signal) for signal in signals]
    assert steps == sorted(steps)


# False alarms.


@pytest.mark.parametrize("part", [True, False])
@pytest.mark.parametrize("p0", [0.004, 0.05, 0.3])
def test_false_alarms_are_near_what_the_limits_say(part, p0):
    """Areas that differ by chance alone: 5 % beyond 1.96 and 0.2 % beyond 3.09, or fewer."""
    random = np.random.default_rng([part, int(1000 * p0)])
    people = counts(random.integers(100, 20_000, 4000))
    drawn = random.binomial(people.astype(int), p0) if part else random.poisson(people * p0)
    found = funnel(counts(drawn), people, centre=p0, part_of_people=part, **NO_MORE).table
    beyond = (found["signal"] != "").mean()
    alarms = found["signal"].str.endswith("alarm").mean()
    assert 0.02 < beyond < 0.06
    assert alarms < 0.0035
    exact = funnel(
        counts(drawn), people, centre=p0, part_of_people=part, limits="exact", **NO_MORE
    ).table["signal"]
    # 3 standard errors above the nominal share: exact limits never alarm more often.
    assert (exact != "").mean() < 0.05 + 3 * (0.05 * 0.95 / 4000) ** 0.5
    assert exact.str.endswith("alarm").mean() < 0.002 + 3 * (0.002 / 4000) ** 0.5


def test_areas_that_vary_more_than_chance_are_judged_by_how_much_they_vary():
    random = np.random.default_rng(5)
    people = counts(np.full(2000, 2000))
    rate = np.clip(random.normal(0.2, 2 * (0.2 * 0.8 / 2000) ** 0.5, 2000), 0, 1)
    drawn = counts(random.binomial(2000, rate))
    found = funnel(drawn, people, centre=0.2)
    # Their variance is 1 + 4 times that of chance.
    assert found.dispersion == pytest.approx(5, rel=0.1)
    assert (found.table["signal"] != "").mean() == pytest.approx(0.05, abs=0.015)
    strict = funnel(drawn, people, centre=0.2, **NO_MORE)
    assert (strict.table["signal"] != "").mean() > 0.3
    assert "around 0.2" in repr(strict)


def test_a_few_true_outliers_do_not_hide_behind_their_own_variance():
    random = np.random.default_rng(6)
    people = counts(np.full(100, 1000))
    drawn = random.binomial(1000, 0.2, 100)
    drawn[:5] = 320
    found = funnel(counts(drawn), people)
    assert found.dispersion < 1.6
    assert (found.table["signal"].iloc[:5] == "high alarm").all()


def test_winsorised_dispersion_is_one_for_chance_alone():
    random = np.random.default_rng(8)
    z = random.standard_normal((400, 150))
    found = np.array([dispersion(row) for row in z])
    # Two standard errors: it is raised above 1 in about 2.5 % of such cases.
    assert 0.0 < (found > 1).mean() < 0.06
    spread = np.array([dispersion(2.0 * row) for row in z])
    assert spread.mean() == pytest.approx(4.0, rel=0.03)
    # Nothing winsorised: the plain mean of squares.
    assert dispersion(3.0 * z[0], winsorised=0.0) == pytest.approx(np.mean((3.0 * z[0]) ** 2))
    assert dispersion(np.array([5.0])) == 1.0
    with pytest.raises(OptionUnknown, match="winsorised"):
        dispersion(z[0], winsorised=0.5)


def test_a_centre_is_the_rate_of_all_areas_and_missing_ones_have_no_signal():
    found = funnel(counts([30, np.nan, 50]), counts([100, 100, 300]))
    assert found.centre == pytest.approx(80 / 400)
    assert found.table["signal"].iloc[1] == ""
    assert funnel(counts([0, 0]), counts([5, 9])).table["signal"].tolist() == ["", ""]
    assert funnel(counts([5, 9]), counts([5, 9])).table["signal"].tolist() == ["", ""]


def test_what_cannot_be_in_a_funnel_is_named():
    with pytest.raises(SeveralFaults) as caught:
        funnel(counts([-1, 5, 3]), counts([10, 4, 0]))
    assert {type(fault) for fault in caught.value.faults} == {
        NegativeCount, ZeroDenominator, NumeratorAboveDenominator,
    }  # fmt: skip
    with pytest.raises(SeveralFaults, match="limits"):
        funnel(counts([1]), counts([2]), centre=1.5, limits="wide")  # type: ignore[arg-type]
    with pytest.raises(CodesNotText):
        funnel(pd.Series([1.0]), pd.Series([2.0]))


# Charts.


def test_a_chart_has_the_limits_done_by_hand():
    values = pd.Series([10, 12, 11, 13, 9, 11], index=range(2018, 2024))
    table = xmr(values)
    # Mean 11; moving ranges 2, 1, 2, 4, 2: mean 2.2; limits 11 -+ 2.66 x 2.2.
    assert table["centre"].iloc[0] == 11
    assert table["low"].iloc[0] == pytest.approx(11 - 2.66 * 2.2, abs=0.005)
    assert table["high"].iloc[0] == pytest.approx(11 + 2.66 * 2.2, abs=0.005)
    assert table["range_high"].iloc[0] == pytest.approx(3.267 * 2.2)
    assert (table["signal"] == "").all()


def test_each_rule_of_a_chart_marks_its_points():
    calm = [10, 11, 10, 11, 10, 11]
    table = xmr(pd.Series([*calm, 30]), baseline=6)
    assert table["signal"].tolist() == [""] * 6 + ["outside"]
    run = xmr(pd.Series([12.0, 10, 12, 10, *[11.5, 11.2] * 4]), baseline=4)["signal"]
    assert run.tolist() == [""] * 4 + ["run"] * 8
    rising = xmr(pd.Series([5, 9, 5, 9, 5.0, 6, 6.5, 7, 7.5, 8, 8.5]), baseline=4)["signal"]
    assert rising.tolist() == [""] * 4 + ["trend"] * 7
    six = xmr(pd.Series([5, 9, 5, 9, 5.0, 6, 6.5, 7, 7.5, 8]), baseline=4)["signal"]
    assert (six == "").all()
    near = xmr(pd.Series([10, 11, 10, 11, 10.5, 12.6, 10.5, 12.7]), baseline=4)["signal"]
    assert near.tolist() == [""] * 5 + ["near limit", "", "near limit"]
    # A value on the centre breaks a run.
    level = xmr(pd.Series([10.0, 12, 10, 12, 11.5, 11.5, 11.5, 11, 11.5, 11.5, 11.5]), baseline=4)
    assert (level["signal"] == "").all()


def test_a_chart_of_chance_alone_seldom_has_a_point_outside():
    random = np.random.default_rng(9)
    outside = [
        (xmr(pd.Series(row))["signal"] == "outside").mean()
        for row in random.standard_normal((150, 40))
    ]
    assert np.mean(outside) < 0.01


@given(st.lists(st.floats(-1e3, 1e3), min_size=7, max_size=14), st.floats(0.1, 50))
def test_a_chart_moves_with_its_unit(values, factor):
    plain, scaled = xmr(pd.Series(values)), xmr(pd.Series(values) * factor)
    for column in ("centre", "low", "high"):
        assert scaled[column].iloc[0] == pytest.approx(plain[column].iloc[0] * factor, abs=1e-6)


def test_many_charts_at_once_are_the_single_ones():
    random = np.random.default_rng(10)
    values = random.gamma(4, 3, (30, 11))
    values[random.random((30, 11)) < 0.1] = np.nan
    table = pd.DataFrame(values, index=[f"A{k}" for k in range(30)], columns=range(2015, 2026))
    found = xmr_last(table)
    for code in table.index:
        series = table.loc[code].dropna()
        if np.isnan(table.loc[code, 2025]) or len(series) < 7:
            assert code not in found.index
            continue
        one = xmr(series, baseline=len(series) - 1).iloc[-1]
        for column in ("value", "centre", "low", "high"):
            assert found.loc[code, column] == pytest.approx(one[column])


def test_too_short_a_series_has_no_chart():
    with pytest.raises(SeriesTooShort):
        xmr(pd.Series([1.0, 2.0, np.nan]))


def test_poisson_limits_are_quantiles():
    found = funnel(
        counts([3, 3]), counts([100, 200]), centre=0.05, part_of_people=False, **NO_MORE
    ).table
    for code, mean in (("A000", 5.0), ("A001", 10.0)):
        people = found.loc[code, "people"]
        high = round(found.loc[code, "alert_high"] * people)
        low = round(found.loc[code, "alert_low"] * people)
        assert poisson.sf(high, mean) <= norm.sf(ALERT) < poisson.sf(high - 1, mean)
        assert poisson.cdf(low - 1, mean) <= norm.sf(ALERT) < poisson.cdf(low, mean)


@given(people=st.lists(st.integers(1, 400), min_size=2, max_size=20), rate=st.floats(0.001, 0.999))
def test_binomial_limits_are_quantiles(people, rate):
    found = funnel(
        counts([0] * len(people)), counts(people), centre=rate, limits="exact", **NO_MORE
    ).table
    for name, z in (("alert", ALERT), ("alarm", ALARM)):
        low, high = binom(people, rate).ppf(norm.sf(z)), binom(people, rate).ppf(norm.cdf(z))
        assert found[f"{name}_low"].to_numpy() * people == pytest.approx(low)
        assert found[f"{name}_high"].to_numpy() * people == pytest.approx(high)
