"""Fairness is measured as published, with honest intervals, on recorded money only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets import errors
from budgets.fairness import (
    assess,
    concentration_curve,
    concentration_index,
    gini,
    horizontal_inequity,
    money_by_grade,
    slope_index,
    theil,
)
from budgets.ledger import Ledger

AREAS = st.lists(
    st.tuples(st.integers(0, 100), st.integers(1, 100), st.integers(0, 5)), min_size=2, max_size=12
).filter(lambda rows: any(m for m, _, _ in rows))


def by_area(values: Any) -> pd.Series:
    values = list(values)
    index = pd.Index([f"a{i:04d}" for i in range(len(values))], name="sa", dtype="str")
    return pd.Series(values, index, dtype=float)


def split(rows: list[tuple[int, int, int]]) -> tuple[pd.Series, pd.Series, pd.Series]:
    money, people, score = (by_area(column) for column in zip(*rows, strict=True))
    return money, people, score


BIRTHS = by_area([29939, 28776, 26528, 24689, 19739])
RATES = by_area([154.7, 152.9, 119.5, 86.9, 54.3])
DEPRIVED = by_area([5, 4, 3, 2, 1])


def test_the_concentration_index_of_grouped_data_is_the_published_one() -> None:
    index = concentration_index(BIRTHS * RATES, BIRTHS, DEPRIVED)
    assert round(index.value, 4) == -0.1694
    assert index.low < index.value < index.high
    assert index.n == 5


def test_money_for_the_most_deprived_only_is_negative_and_for_the_least_positive() -> None:
    people, score = by_area([1, 1, 1, 1]), by_area([4, 3, 2, 1])
    assert concentration_index(by_area([1, 0, 0, 0]), people, score).value == -0.75
    assert concentration_index(by_area([0, 0, 0, 1]), people, score).value == 0.75
    assert concentration_index(by_area([3, 3, 3, 3]), people, score).value == pytest.approx(0)


def test_areas_with_the_same_score_share_a_rank_whatever_their_order() -> None:
    people, score = by_area([1, 1, 1]), by_area([2, 2, 1])
    one = concentration_index(by_area([9, 0, 3]), people, score)
    other = concentration_index(by_area([0, 9, 3]), people, score)
    assert one.value == pytest.approx(other.value)
    # Ranks 1/3, 1/3, 5/6; mean 4; 2/4 (9/3/3 + 3 * 5/6/3) - 1.
    assert one.value == pytest.approx(0.5 * (1 + 5 / 6) - 1)


@given(AREAS)
def test_the_index_is_twice_the_area_between_curve_and_diagonal(
    rows: list[tuple[int, int, int]],
) -> None:
    money, people, score = split(rows)
    curve = concentration_curve(money, people, score)
    assert curve.iloc[0].tolist() == [0, 0]
    assert curve.iloc[-1].tolist() == pytest.approx([1, 1])
    under = np.trapezoid(curve["amount_share"], curve["people_share"])
    index = concentration_index(money, people, score).value
    assert index == pytest.approx(1 - 2 * under, abs=1e-12)
    assert -1 <= index <= 1


@given(AREAS)
def test_splitting_an_area_in_two_changes_no_figure(rows: list[tuple[int, int, int]]) -> None:
    money, people, score = split(rows)
    half = [(m / 2, p / 2, s) for m, p, s in rows for _ in range(2)]
    m2, p2, s2 = (by_area(column) for column in zip(*half, strict=True))
    before = concentration_index(money, people, score).value
    assert concentration_index(m2, p2, s2).value == pytest.approx(before, abs=1e-12)
    assert gini(m2, p2) == pytest.approx(gini(money, people), abs=1e-12)
    assert theil(m2, p2).total == pytest.approx(theil(money, people).total, abs=1e-12)
    if len(set(score)) > 1:
        slope = slope_index(money, people, score).slope.value
        assert slope_index(m2, p2, s2).slope.value == pytest.approx(slope, abs=1e-9)


def test_the_interval_is_as_wide_as_resampling_areas_finds() -> None:
    rng = np.random.default_rng(11)
    n = 400
    score = rng.gamma(2.0, 10.0, n)
    people = np.full(n, 1500.0)
    money = people * (50 + score) * rng.lognormal(0, 0.4, n)
    index = concentration_index(by_area(money), by_area(people), by_area(score))
    drawn = []
    for _ in range(400):
        pick = rng.integers(0, n, n)
        # The code differs and the score is jittered, as a new area with the same figures.
        jitter = score[pick] + rng.random(n) * 1e-9
        drawn.append(
            concentration_index(by_area(money[pick]), by_area(people[pick]), by_area(jitter)).value
        )
    assert index.standard_error == pytest.approx(np.std(drawn), rel=0.15)
    assert index.high - index.value == pytest.approx(1.959964 * index.standard_error, rel=1e-5)
    wide = concentration_index(by_area(money), by_area(people), by_area(score), confidence=0.99)
    assert wide.high - wide.value == pytest.approx(2.575829 * index.standard_error, rel=1e-5)


def test_money_that_leans_as_need_does_has_no_inequity_and_no_doubt() -> None:
    rng = np.random.default_rng(2)
    people, score = by_area(rng.integers(100, 200, 30)), by_area(rng.random(30))
    needs = people * (1 + score)
    level = horizontal_inequity(needs * 7, needs, people, score)
    assert level.value == pytest.approx(0, abs=1e-12)
    assert level.standard_error == pytest.approx(0, abs=1e-12)
    by_head = horizontal_inequity(people * 7, needs, people, score)
    need = concentration_index(needs, people, score)
    assert by_head.value == pytest.approx(-need.value)
    assert by_head.value > 0
    shuffled = needs.sample(frac=1, random_state=1)
    assert horizontal_inequity(people, shuffled, people, score).value == pytest.approx(
        by_head.value
    )


@given(AREAS)
def test_gini_is_half_the_relative_mean_difference(rows: list[tuple[int, int, int]]) -> None:
    money, people, _ = split(rows)
    a_head, share = (money / people).to_numpy(), (people / people.sum()).to_numpy()
    gaps = np.abs(a_head[:, None] - a_head) * share[:, None] * share
    expected = gaps.sum() / (2 * (a_head @ share))
    assert gini(money, people) == pytest.approx(expected, abs=1e-12)


def test_theil_of_two_areas_is_worked_by_hand() -> None:
    result = theil(by_area([3, 1]), by_area([1, 1]))
    expected = 0.75 * np.log(1.5) + 0.25 * np.log(0.5)
    assert result.total == pytest.approx(expected)
    assert result.within == pytest.approx(expected)
    assert result.between_share == pytest.approx(0)
    apart = theil(by_area([3, 1]), by_area([1, 1]), pd.Series({"a0000": "x", "a0001": "y"}))
    assert apart.between == pytest.approx(expected)
    assert apart.between_share == pytest.approx(1)


@given(AREAS)
def test_theil_between_and_within_add_up_for_any_groups(rows: list[tuple[int, int, int]]) -> None:
    money, people, group = split(rows)
    y, p = (money / money.sum()).to_numpy(), (people / people.sum()).to_numpy()
    expected = sum(a * np.log(a / b) for a, b in zip(y, p, strict=True) if a > 0)
    parts = theil(money, people, group.astype(str))
    assert parts.total == pytest.approx(expected, abs=1e-12)
    assert parts.between >= -1e-12
    assert parts.within >= -1e-12
    assert parts.groups["money_share"].sum() == pytest.approx(1)


def test_the_slope_index_is_the_weighted_line_and_its_interval() -> None:
    a_head = RATES.to_numpy()
    share = (BIRTHS / BIRTHS.sum()).to_numpy()
    rank = np.cumsum(share) - share / 2
    line, covariance = np.polyfit(rank, a_head, 1, w=np.sqrt(share), cov=True)
    result = slope_index(BIRTHS * RATES, BIRTHS, DEPRIVED)
    assert result.slope.value == pytest.approx(line[0])
    assert result.intercept == pytest.approx(line[1])
    assert result.slope.standard_error == pytest.approx(np.sqrt(covariance[0, 0]))
    # Student's t with 3 degrees of freedom: 3.182446.
    assert result.slope.high - result.slope.value == pytest.approx(
        3.182446 * result.slope.standard_error, rel=1e-6
    )
    assert result.relative == pytest.approx(line[0] / (share @ a_head))


def test_a_line_through_two_areas_has_no_interval() -> None:
    result = slope_index(by_area([4, 2]), by_area([1, 1]), by_area([2, 1]))
    # Ranks 1/4 and 3/4.
    assert result.slope.value == pytest.approx(-4)
    assert result.slope.high == np.inf


def test_areas_without_people_are_left_out_and_what_is_missing_is_refused() -> None:
    money, people, score = by_area([5, 3, 9]), by_area([1, 1, 0]), by_area([2, 1, np.nan])
    assert concentration_index(money, people, score).n == 2
    assert gini(money, people) == pytest.approx(gini(by_area([5, 3]), by_area([1, 1])))
    with pytest.raises(errors.FiguresNotUsable, match="a0001"):
        concentration_index(money, people, by_area([1, np.nan, 1]))
    with pytest.raises(errors.FiguresNotUsable, match="a0000"):
        gini(by_area([-1, 2]), by_area([1, 1]))
    with pytest.raises(errors.FiguresNotUsable, match="no group"):
        theil(money, people, pd.Series({"a0000": "x"}))
    for nothing in (concentration_index, slope_index):
        with pytest.raises(errors.NothingToShareBy):
            nothing(by_area([0, 0, 9]), people, score)
    with pytest.raises(errors.NothingToShareBy):
        theil(by_area([0, 0, 9]), people)
    with pytest.raises(errors.ParameterOutOfRange, match="confidence"):
        concentration_index(money, people, score, confidence=95)


def ledger(grades: str, cells: list[list[int]], inside: list[bool] | None = None) -> Ledger:
    pence = np.array(cells, dtype=np.int64)
    index = pd.Index([f"s{i}" for i in range(len(grades))], name="stream", dtype="str")
    streams = pd.DataFrame({"amount_pence": pence.sum(axis=1), "grade": list(grades)}, index)
    areas = by_area(cells[0]).index
    flags = np.array(inside or [True] * len(areas))
    return Ledger(streams, areas, pence, np.zeros(len(pence), np.int64), flags, pd.DataFrame())


def test_money_by_grade_counts_income_and_spending_alike() -> None:
    table = money_by_grade(ledger("ADE", [[60, 0], [20, 0], [-10, -10]]).streams)
    assert table["gross_pence"].to_dict() == {
        **dict.fromkeys("BCFG", 0),
        "A": 60,
        "D": 20,
        "E": 20,
    }
    assert table["share"].sum() == pytest.approx(1)


def test_money_that_follows_from_our_assumption_is_not_ranked() -> None:
    people, score = by_area([1, 1]), by_area([2, 1])
    book = ledger("AD", [[49, 0], [0, 51]])
    result = assess(book, people=people, scores=score)
    assert result.spend is None
    assert result.gini is None
    assert "Only 49% of this money" in result.reason
    assert result.recorded_share == pytest.approx(0.49)


def test_fairness_uses_recorded_money_inside_the_place_only() -> None:
    people, score = by_area([1, 1, 1]), by_area([2, 1, 9])
    book = ledger("ABD", [[30, 10, 5], [10, 0, 0], [0, 40, 0]], inside=[True, True, False])
    result = assess(book, people=people, scores=score, needs=by_area([3, 1, 1]))
    expected = concentration_index(by_area([40, 10]), by_area([1, 1]), by_area([2, 1]))
    assert result.reason == ""
    assert result.spend == expected
    assert result.need is not None
    assert result.inequity is not None
    assert result.inequity.value == pytest.approx(expected.value - result.need.value)
    assert result.gini == pytest.approx(0.3)
    assert assess(book, people=people, scores=score).inequity is None


def test_recorded_money_below_nought_is_not_compared_with_need() -> None:
    people, score = by_area([1, 1]), by_area([2, 1])
    result = assess(ledger("AA", [[9, 1], [0, -5]]), people=people, scores=score)
    assert result.spend is None
    assert "In 1 areas the recorded money is below nought" in result.reason
