"""The measures of levels against published figures, brute force and simulation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.stats import norm

from budgets import adviser_measures as measures

# Crump and others, BMJ 1991;302:1582: people, mean and standard deviation of the yearly bill.
CRUMP = [(179_400, 4_832_471, 87_149), (24_000, 652_762, 32_512), (9_000, 244_891, 18_349)]


@pytest.mark.parametrize(("people", "mean", "deviation"), CRUMP)
def test_a_k_of_seven_and_a_half_gives_the_published_variation_of_operations(
    people: int, mean: int, deviation: int
) -> None:
    published = deviation / mean
    cv = float(measures.variation(people, k=7.5))
    assert cv == pytest.approx(published, rel=0.06)


def test_the_published_variations_are_those_of_the_risk_table() -> None:
    percent = [round(100 * deviation / mean, 2) for _, mean, deviation in CRUMP]
    assert percent == [1.80, 4.98, 7.49]
    k = [deviation / mean * math.sqrt(people) for people, mean, deviation in CRUMP]
    assert [round(value, 1) for value in k] == [7.6, 7.7, 7.1]


def test_the_smallest_populations_are_those_of_the_risk_table() -> None:
    operations = measures.smallest_pool(7.6, overspend=0.05, chance=0.05)
    all_care = measures.smallest_pool(3.6, overspend=0.05, chance=0.05)
    assert round(operations, -2) == 62_500
    assert round(all_care, -3) == 14_000
    z = norm.ppf(0.95)
    assert operations == pytest.approx((7.6 * z / 0.05) ** 2)


def test_at_the_smallest_population_the_chance_is_the_limit() -> None:
    people = measures.smallest_pool(5.0, overspend=0.04, chance=0.1, common_shock=0.02)
    cv = float(measures.variation(people, k=5.0, common_shock=0.02))
    assert measures.chance_over(0.04, cv) == pytest.approx(0.1)
    assert measures.smallest_pool(5.0, overspend=0.01, chance=0.05, common_shock=0.02) == math.inf
    assert measures.chance_over(0.05, 0.0) == 0.0


@given(st.integers(1, 50), st.floats(1e3, 1e7), st.floats(1, 20))
def test_pooling_equal_areas_divides_the_reserve_by_the_root_of_their_number(
    areas: int, people: float, k: float
) -> None:
    apart = measures.reserve(
        np.full(areas, 1e6), measures.variation(np.full(areas, people), k=k), chance=0.05
    )
    pooled = measures.reserve(
        np.array([areas * 1e6]), measures.variation(np.array([areas * people]), k=k), chance=0.05
    )
    assert apart / pooled == pytest.approx(math.sqrt(areas))


def test_a_common_shock_is_not_pooled_away() -> None:
    cv = measures.variation(np.array([1e12]), k=5.0, common_shock=0.02)
    assert cv[0] == pytest.approx(0.02, rel=1e-4)


def test_the_chance_of_overspending_is_what_simulated_years_show() -> None:
    rng = np.random.default_rng(5)
    people, p, mean_bill = 20_000, 0.02, 1000.0
    # Each person draws care with chance p, at a cost that is exponential (c = 1).
    k = math.sqrt((1 + 1 - p) / p)
    users = rng.binomial(people, p, 4000)
    bills = rng.gamma(np.maximum(users, 1), mean_bill)
    over = (bills > 1.1 * people * p * mean_bill).mean()
    cv = float(measures.variation(people, k=k))
    assert bills.std() / bills.mean() == pytest.approx(cv, rel=0.05)
    assert over == pytest.approx(measures.chance_over(0.1, cv), abs=0.02)


def test_costs_per_person_fall_to_the_efficient_size() -> None:
    people = measures.efficient_size(fixed=100_000, variable=50, excess=0.05)
    assert people == 40_000
    assert measures.average_cost(people, fixed=100_000, variable=50) == pytest.approx(52.5)
    assert measures.efficient_size(fixed=1, variable=0, excess=0.05) == math.inf


def test_whole_units_leave_some_idle() -> None:
    # Rounds for 25,000: 2 of 50,000 places for 30,000 people, 1 for exactly 25,000.
    demand = np.array([30_000.0, 25_000.0])
    assert measures.idle_share(demand, capacity=25_000) == pytest.approx(75_000 / 55_000 - 1)
    assert measures.idle_share(np.array([0.1 + 0.2]), capacity=0.1) == pytest.approx(0)
    assert measures.idle_share(np.array([0.0]), capacity=10) == 0


@given(st.integers(0, 10**6))
def test_self_containment_is_what_counting_pieces_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    uses = rng.integers(0, 9, (5, 5)).astype(float)
    shares = rng.dirichlet(np.ones(3), 5)
    within = sum(
        uses[i, j] * shares[i, a] * shares[j, a]
        for i in range(5)
        for j in range(5)
        for a in range(3)
    )
    found = measures.self_containment(csr_array(uses), csr_array(shares))
    if uses.sum() == 0:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(within / uses.sum())


@given(st.integers(0, 10**6))
def test_need_between_areas_is_what_is_left_when_each_area_has_its_mean(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people, scores = rng.integers(1, 50, 8).astype(float), rng.integers(0, 9, 8).astype(float)
    group = rng.integers(0, 3, 8)
    shares = csr_array(np.eye(3)[group])
    whole = np.average((scores - np.average(scores, weights=people)) ** 2, weights=people)
    means = [
        np.average(scores[group == g], weights=people[group == g]) if (group == g).any() else 0.0
        for g in range(3)
    ]
    flat = np.array(means)[group]
    left = np.average((flat - np.average(flat, weights=people)) ** 2, weights=people)
    expected = left / whole if whole > 0 else 0.0
    assert measures.between_share(scores, people, shares) == pytest.approx(expected, abs=1e-12)


def test_one_area_has_nothing_between_and_every_small_area_all_of_it() -> None:
    scores, people = np.array([1.0, 2.0, 5.0]), np.array([1.0, 1.0, 2.0])
    assert measures.between_share(scores, people, csr_array(np.ones((3, 1)))) == 0
    assert measures.between_share(scores, people, csr_array(np.eye(3))) == pytest.approx(1)


@given(st.floats(0.1, 10), st.floats(1e3, 1e6), st.floats(0.5, 50))
def test_the_break_even_population_is_the_root_of_a_quadratic(
    held: float, fixed: float, gain: float
) -> None:
    # Cost a head: held/root(N) + fixed/N. With x = 1/root(N): fixed x^2 + held x - gain = 0.
    people = measures.break_even(lambda n: held / math.sqrt(n) + fixed / n, gain)
    x = (-held + math.sqrt(held * held + 4 * fixed * gain)) / (2 * fixed)
    assert people == pytest.approx(max(1.0, 1 / x**2), rel=1e-6)


def test_without_any_gain_no_population_breaks_even() -> None:
    assert measures.break_even(lambda n: 1 / n, 0.0) == math.inf
    assert measures.break_even(lambda n: 1 / n, 2.0) == 1.0


def test_only_residents_of_the_place_count_as_users() -> None:
    areas = pd.Index(["a", "b"], name="sa")
    flows = pd.DataFrame({"from_code": ["a", "b"], "to_code": ["b", "b"], "uses": [3, 4]})
    matrix = measures.flow_matrix(flows, areas, np.array([True, False]))
    assert matrix.toarray().tolist() == [[0, 3], [0, 0]]
