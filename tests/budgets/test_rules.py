"""Limits are kept in growth and in cuts, and what cannot be kept is refused with what can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from budgets import errors
from budgets.rules import (
    distance_from_target,
    floor_damping,
    growth_taper,
    minimum_viable,
    proportional,
    water_filling,
)
from budgets.sharing import Shared, limits, whole_pence

NEED = st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(any)
BASE = st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), min_size=1, max_size=7)


def by_area(*values: float, codes: str = "abcdefgh") -> pd.Series:
    index = pd.Index(list(codes[: len(values)]), name="sa", dtype="str")
    return pd.Series(values, index, dtype=float)


def near(values: Sequence[float]) -> Any:
    return pytest.approx(list(values), rel=1e-9, abs=1e-9)


# ---------------------------------------------------------------------------- water-filling


def test_water_filling_gives_the_published_figures() -> None:
    shared = water_filling(
        by_area(50, 30, 15, 5),
        total=1000,
        floor=by_area(0, 0, 200, 100),
        ceiling=by_area(450, 400, 400, 400),
    )
    assert shared.amounts.tolist() == near([437.5, 262.5, 200, 100])
    assert shared.binding.tolist() == ["", "", "floor", "floor"]
    assert shared.parameter == pytest.approx(8.75)


def test_without_limits_water_filling_is_proportional() -> None:
    need = by_area(1, 2, 5)
    assert water_filling(need, total=80).amounts.tolist() == near([10, 20, 50])
    assert proportional(need, total=80).amounts.tolist() == near([10, 20, 50])


def test_a_ceiling_passes_what_is_over_to_the_others() -> None:
    shared = water_filling(by_area(60, 30, 10), total=100, ceiling=40)
    assert shared.amounts.tolist() == near([40, 40, 20])
    assert shared.binding.tolist() == ["ceiling", "ceiling", ""]


def test_an_area_without_need_gets_its_floor_and_no_more() -> None:
    shared = water_filling(by_area(0, 1, 0), total=10, floor=by_area(2, 0, 0))
    assert shared.amounts.tolist() == near([2, 8, 0])


@given(NEED, st.integers(1, 10_000), st.data())
def test_water_filling_agrees_with_the_definition_solved_by_highs(
    need: list[int], total: int, data: st.DataObject
) -> None:
    n = len(need)
    low = np.array(data.draw(st.lists(st.integers(0, 300), min_size=n, max_size=n)), float)
    room = np.array(data.draw(st.lists(st.integers(0, 900), min_size=n, max_size=n)), float)
    high = low + room
    weight = np.array(need, float)
    most = np.where(weight > 0, high, low).sum()
    assume(low.sum() <= total <= most)
    shared = water_filling(by_area(*need), total=total, floor=by_area(*low), ceiling=by_area(*high))
    assert shared.amounts.tolist() == pytest.approx(by_highs(weight, low, high, total), abs=1e-3)
    assert shared.amounts.sum() == pytest.approx(total, rel=1e-12)
    assert (shared.amounts >= low - 1e-9).all()
    assert (shared.amounts <= high + 1e-9).all()


def by_highs(need: np.ndarray, low: np.ndarray, high: np.ndarray, total: float) -> list[float]:
    """The definition as a mixed-integer programme: x = k need, or on the floor, or on the ceiling.

    Variables: level k, amounts x, and for each area whether it is on its floor or its ceiling.
    """
    n, big = len(need), 1e5
    eye, nil, one = np.eye(n), np.zeros((n, n)), np.ones((n, 1))
    k = need[:, None]

    def block(
        level: np.ndarray, x: np.ndarray, floor: np.ndarray, ceiling: np.ndarray
    ) -> np.ndarray:
        return np.hstack([level, x, floor, ceiling])

    inf = np.full(n, np.inf)
    rules = [
        (block(-k, eye, -big * eye, nil), -inf, np.zeros(n)),  # x <= k need unless on the floor
        (block(-k, eye, nil, big * eye), np.zeros(n), inf),  # x >= k need unless on the ceiling
        (block(0 * one, eye, big * eye, nil), -inf, low + big),  # on the floor: x <= floor
        (block(0 * one, eye, nil, -big * eye), high - big, inf),  # on the ceiling: x >= ceiling
        (np.hstack([[0.0], np.ones(n), np.zeros(2 * n)])[None], [total], [total]),
    ]
    solved = milp(
        np.zeros(1 + 3 * n),
        integrality=np.r_[np.zeros(1 + n), np.ones(2 * n)],
        bounds=Bounds(np.r_[0, low, np.zeros(2 * n)], np.r_[big, high, np.ones(2 * n)]),
        constraints=[LinearConstraint(a, lb, ub) for a, lb, ub in rules],
        options={"mip_rel_gap": 0},
    )
    assert solved.success, solved.message
    return list(solved.x[1 : 1 + n])


@given(NEED, st.lists(st.integers(0, 300), min_size=6, max_size=6), st.integers(1, 5000))
def test_with_floors_only_the_level_is_the_best_that_highs_can_promise_everyone(
    need: list[int], floors: list[int], total: int
) -> None:
    weight, low = np.array(need, float), np.array(floors[: len(need)], float)
    assume(low.sum() <= total)
    # Largest z with x_i >= z need_i, x >= floor, sum x = total.
    solved = linprog(
        np.r_[-1.0, np.zeros(len(need))],
        A_ub=np.hstack([weight[:, None], -np.eye(len(need))]),
        b_ub=np.zeros(len(need)),
        A_eq=[np.r_[0.0, np.ones(len(need))]],
        b_eq=[total],
        bounds=[(0, None), *((f, None) for f in low)],
    )
    shared = water_filling(by_area(*need), total=total, floor=by_area(*low))
    assert (shared.amounts + 1e-6 >= solved.x[0] * weight).all()
    assert shared.amounts.sum() == pytest.approx(total)


def test_limits_that_cannot_be_kept_name_what_can() -> None:
    need = by_area(1, 1)
    with pytest.raises(errors.FloorTooHigh, match=r"floors cost 200 of 150; 75.0000%") as caught:
        water_filling(need, total=150, floor=100)
    assert (caught.value.limit, caught.value.nearest) == ("floor", 0.75)
    assert water_filling(need, total=150, floor=100 * caught.value.nearest).total == 150
    with pytest.raises(errors.CeilingTooLow, match=r"1\.25 times") as caught:
        water_filling(need, total=150, ceiling=60)
    again = water_filling(need, total=150, ceiling=60 * caught.value.nearest)
    assert again.amounts.tolist() == near([75, 75])
    with pytest.raises(errors.LimitsCross, match="1 found: b"):
        water_filling(need, total=150, floor=by_area(0, 90), ceiling=80)
    with pytest.raises(errors.NothingToShareBy):
        water_filling(by_area(0, 0), total=5)
    with pytest.raises(errors.CeilingTooLow, match="inf times"):
        water_filling(need, total=5, ceiling=0)
    with pytest.raises(errors.FiguresNotUsable, match="b"):
        water_filling(by_area(1, np.nan), total=5)
    with pytest.raises(errors.FiguresNotUsable, match="total"):
        water_filling(need, total=-5)


# ----------------------------------------------------------------------------- floor damping


def test_floor_damping_gives_the_published_figures() -> None:
    shared = floor_damping(by_area(100, 200, 300, 400), by_area(90, 230, 330, 400), floor=0.02)
    assert shared.parameter == pytest.approx(0.6)
    assert shared.amounts.tolist() == near([102, 219.6, 320.4, 408])
    assert shared.binding.tolist() == ["floor", "", "", "floor"]


def test_on_a_falling_total_the_floor_lies_below_nought() -> None:
    shared = floor_damping(by_area(100, 100), by_area(60, 120), total=180, floor=-0.15)
    # Floors 85 and 85, gaps 0 and 35, 10 left.
    assert shared.amounts.tolist() == near([85, 95])


@given(BASE, st.floats(-0.5, 0.5), st.floats(0.5, 1.5))
def test_floor_damping_keeps_every_floor_and_never_overshoots(
    rows: list[tuple[int, int]], floor: float, factor: float
) -> None:
    base, target = by_area(*(b for b, _ in rows)), by_area(*(t for _, t in rows))
    total = base.sum() * factor
    if base.sum() * (1 + floor) > total * (1 + 1e-9):
        with pytest.raises(errors.FloorTooHigh) as caught:
            floor_damping(base, target, total=total, floor=floor)
        floor = caught.value.nearest
        assert floor == pytest.approx(factor - 1)
    shared = floor_damping(base, target, total=total, floor=floor)
    goal = target * total / target.sum()
    assert shared.amounts.sum() == pytest.approx(total)
    assert (shared.amounts >= base * (1 + floor) - 1e-9).all()
    assert (shared.amounts <= np.maximum(goal, base * (1 + floor)) + 1e-9).all()
    assert -1e-9 <= shared.parameter <= 1 + 1e-9


def test_a_floor_that_cannot_be_paid_names_the_highest_that_can() -> None:
    base, target = by_area(100, 200, 300, 400), by_area(90, 230, 330, 400)
    with pytest.raises(errors.FloorTooHigh, match=r"highest floor that can be paid is \+5.0000%"):
        floor_damping(base, target, floor=0.06)
    all_on_floor = floor_damping(base, target, floor=0.05)
    assert all_on_floor.amounts.tolist() == near([105, 210, 315, 420])


def test_an_area_that_had_nothing_moves_to_target_with_the_others() -> None:
    shared = floor_damping(by_area(0, 100), by_area(50, 50), floor=-0.25)
    # Floors 0 and 75, gap 50 and 0, 25 left.
    assert shared.amounts.tolist() == near([25, 75])


# ------------------------------------------------------------------------------ growth taper


def test_the_growth_taper_gives_figures_worked_by_hand() -> None:
    # Standing at +11.1 %, -13.0 %, -9.1 % and 0 from target; 95 % of target is 218.5 and 313.5.
    shared = growth_taper(
        by_area(100, 200, 300, 400), by_area(90, 230, 330, 400), least_growth=0.03
    )
    part = 6 / 28
    assert shared.amounts.tolist() == near([100, 218.5 + part * 11.5, 313.5 + part * 16.5, 412])
    assert shared.binding.tolist() == ["floor", "", "", "floor"]


def test_growth_falls_evenly_between_the_two_ends_of_the_taper() -> None:
    base = by_area(105, 107.5, 110, 120, 40)
    target = by_area(100, 100, 100, 100, 100)
    shared = growth_taper(base, target, least_growth=0.04, total=500, most_under=1.0)
    floors = [105 * 1.04, 107.5 * 1.02, 110, 120]
    assert shared.amounts.tolist() == near([*floors, 500 - sum(floors)])


def test_the_growth_taper_works_on_a_falling_total() -> None:
    base, target = by_area(100, 120, 80), by_area(100, 100, 100)
    shared = growth_taper(base, target, least_growth=-0.06, far_growth=-0.2, total=285)
    # Targets 95 each: 100 stands 5.3 % above, inside the taper; 120 is far; 80 rises to 95 %.
    first = 100 * (1 - 0.2 + 0.14 * (0.1 - 5 / 95) / 0.05)
    low = [first, 96, 0.95 * 95]
    rest = 285 - sum(low)
    gaps = [max(0, 95 - x) for x in low]
    assert shared.amounts.tolist() == near(
        [x + rest * g / sum(gaps) for x, g in zip(low, gaps, strict=True)]
    )


@given(BASE, st.floats(-0.3, 0.2), st.floats(0, 0.2), st.floats(0.7, 1.3))
def test_the_growth_taper_keeps_its_promises_or_says_what_can_be_promised(
    rows: list[tuple[int, int]], least: float, lower: float, factor: float
) -> None:
    base, target = by_area(*(b for b, _ in rows)), by_area(*(t for _, t in rows))
    total = base.sum() * factor
    options: dict[str, float] = {"least_growth": least, "far_growth": least - lower}
    try:
        shared = growth_taper(base, target, total=total, **options)
    except errors.GrowthTooHigh as error:
        options |= {error.limit: error.nearest}
        if error.limit == "far_growth":
            options["least_growth"] = error.nearest
        shared = growth_taper(base, target, total=total, **options)
        assert shared.parameter == pytest.approx(0, abs=1e-6)
    goal = target * total / target.sum()
    promise = base * (1 + np.minimum(options["least_growth"], options["far_growth"]))
    assert shared.amounts.sum() == pytest.approx(total)
    assert (shared.amounts >= promise - 1e-6).all()
    assert (shared.amounts >= 0.95 * goal - 1e-6).all()


def test_promises_too_dear_name_the_growth_that_can_be_paid() -> None:
    base, target = by_area(100, 200, 300, 400), by_area(90, 230, 330, 400)
    with pytest.raises(errors.GrowthTooHigh, match=r"least growth can be at most \+4.5000%"):
        growth_taper(base, target, least_growth=0.06)
    with pytest.raises(errors.GrowthTooHigh, match="both growths") as caught:
        growth_taper(base, target, least_growth=0.0, total=950)
    assert caught.value.limit == "far_growth"
    with pytest.raises(errors.ParameterOutOfRange, match="far_growth"):
        growth_taper(base, target, least_growth=-0.02)
    with pytest.raises(errors.ParameterOutOfRange, match="taper"):
        growth_taper(base, target, least_growth=0.02, taper=(0.1, 0.05))


# ------------------------------------------------------------------------------ minimum viable


def test_below_the_minimum_an_area_gets_nothing_and_the_others_share_it() -> None:
    shared = minimum_viable(by_area(50, 30, 15, 5), total=950, minimum=100)
    assert shared.amounts.tolist() == near([500, 300, 150, 0])
    assert shared.binding.tolist() == ["", "", "", "none"]


def test_of_equal_areas_the_smaller_codes_are_kept() -> None:
    shared = minimum_viable(by_area(1, 1, 1, codes="cab"), total=100, minimum=40)
    assert shared.amounts.to_dict() == {"c": 0, "a": 50, "b": 50}


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 60)), min_size=1, max_size=7),
    st.integers(1, 200),
)
def test_areas_are_left_out_one_by_one_until_all_that_are_left_are_viable(
    rows: list[tuple[int, int]], total: int
) -> None:
    need, least = by_area(*(n for n, _ in rows)), by_area(*(m for _, m in rows))
    assume(need.sum() > 0)
    left = [
        (Fraction(m, n), code, n, m) for code, (n, m) in zip("abcdefg", rows, strict=False) if n
    ]
    while left and any(n * total < m * sum(k for _, _, k, _ in left) for _, _, n, m in left):
        left.remove(max(left))
    if not left:
        with pytest.raises(errors.MinimumTooHigh):
            minimum_viable(need, total=total, minimum=least)
        return
    shared = minimum_viable(need, total=total, minimum=least)
    whole = sum(n for _, _, n, _ in left)
    expected = {code: n * total / whole for _, code, n, _ in left}
    assert shared.amounts[shared.amounts > 0].to_dict() == pytest.approx(expected)


def test_a_total_below_every_minimum_is_refused_with_the_highest_that_it_pays() -> None:
    with pytest.raises(errors.MinimumTooHigh, match=r"80\.0000% of the lowest") as caught:
        minimum_viable(by_area(1, 2), total=40, minimum=50)
    again = minimum_viable(by_area(1, 2), total=40, minimum=caught.value.nearest)
    assert again.amounts.tolist() == near([0, 40])
    with pytest.raises(errors.NothingToShareBy):
        minimum_viable(by_area(0, 0), total=5, minimum=1)


# ------------------------------------------------------------------- limits, distance, pence


def test_limits_are_money_a_head_or_growth() -> None:
    base, people = by_area(100, 200), by_area(10, 5)
    assert limits(base, 7.0, unit="money").tolist() == [7, 7]
    assert limits(base, -2.0, unit="per cent").tolist() == [98, 196]
    assert limits(base, 3.0, unit="per person", people=people).tolist() == [30, 15]
    assert limits(base, by_area(1, 2), unit="per person", people=people).tolist() == [10, 10]
    for unit in ("per person", "per mille"):
        with pytest.raises(errors.ParameterOutOfRange, match=unit):
            limits(base, 1.0, unit=unit)


def test_distance_from_target_is_missing_where_there_is_no_target() -> None:
    distance = distance_from_target(by_area(90, 110, 5), by_area(100, 100, 0))
    assert distance.tolist()[:2] == near([-0.1, 0.1])
    assert np.isnan(distance.iloc[2])


def test_whole_pence_keep_whole_limits_and_give_odd_pence_by_code() -> None:
    amounts = by_area(100 / 3, 100 / 3, 100 / 3, codes="cba")
    assert whole_pence(amounts, total=100).to_dict() == {"c": 33, "b": 33, "a": 34}
    noise = by_area(400 - 1e-9, 300 + 1e-9, 0.5, 0.5)
    assert whole_pence(noise, total=701).tolist() == [400, 300, 1, 0]
    with pytest.raises(errors.PenceLost):
        whole_pence(by_area(1, 1), total=5)


RULES: dict[str, Callable[[pd.Series, pd.Series, float], Shared]] = {
    "proportional": lambda base, target, total: proportional(target, total=total),
    "water-filling": lambda base, target, total: water_filling(
        target, total=total, floor=np.floor(base * 0.5)
    ),
    "floor damping": lambda base, target, total: floor_damping(
        base, target, total=total, floor=-0.3
    ),
    "growth taper": lambda base, target, total: growth_taper(
        base, target, total=total, least_growth=-0.3, far_growth=-0.35, most_under=1.0
    ),
    "minimum viable": lambda base, target, total: minimum_viable(target, total=total, minimum=7.0),
}


@pytest.mark.parametrize("rule", RULES)
@given(
    rows=st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 10**9)), min_size=1, max_size=8),
    factor=st.floats(0.8, 1.2),
    scale=st.sampled_from([1, 1000]),
)
def test_every_rule_ends_in_whole_pence_that_add_up_in_growth_and_in_cuts(
    rule: str, rows: list[tuple[int, int]], factor: float, scale: int
) -> None:
    base = by_area(*(b * scale for b, _ in rows))
    target = by_area(*(t * scale for _, t in rows))
    total = round(base.sum() * factor)
    assume(total >= 7)
    shared = RULES[rule](base, target, total)
    pence = shared.to_pence()
    assert int(pence.sum()) == total
    assert pence.dtype == np.int64
    assert (np.abs(pence - shared.amounts) <= 1 + 1e-3).all()
    assert shared.rule == rule


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_depends_on_the_order_of_the_areas(rule: str) -> None:
    rng = np.random.default_rng(3)
    base, target = by_area(*rng.integers(50, 150, 8)), by_area(*rng.integers(50, 150, 8))
    order = list("hbcagfed")
    first = RULES[rule](base, target, 801).to_pence()
    again = RULES[rule](base[order], target[order], 801).to_pence()
    assert again.index.tolist() == order
    assert again[first.index].tolist() == first.tolist()
    mixed = RULES[rule](base, target[order], 801).to_pence()
    assert mixed.sum() == 801


def test_amounts_whose_floors_exceed_the_total_by_floating_point_give_it_back() -> None:
    # At 10^14 pence a double is good to a sixty-fourth of a penny; a sum of many may be pence off.
    over = by_area(1e14, 1e14 + 1, 7.5)
    assert whole_pence(over, total=2 * 10**14 + 7).to_dict() == {"a": 10**14, "b": 10**14, "c": 7}
    under = by_area(1e14, 1e14, 0)
    assert whole_pence(under, total=2 * 10**14 + 5).sum() == 2 * 10**14 + 5
    with pytest.raises(errors.PenceLost):
        whole_pence(over, total=2 * 10**14 + 10_000)


def test_limits_that_cross_say_how_much_higher_the_ceilings_must_be() -> None:
    with pytest.raises(errors.LimitsCross, match=r"1\.5 times as high") as caught:
        water_filling(by_area(1, 1), total=150, floor=by_area(90, 60), ceiling=60)
    assert (caught.value.limit, caught.value.nearest) == ("ceiling", 1.5)
    again = water_filling(by_area(1, 1), total=150, floor=by_area(90, 60), ceiling=90)
    assert again.amounts.tolist() == near([90, 60])
