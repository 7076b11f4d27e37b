"""Convergence moves areas to target by new money alone, and nobody is cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets import errors
from budgets.convergence import convergence

ROWS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=6)


def by_area(*values: float) -> pd.Series:
    index = pd.Index(list("abcdefgh"[: len(values)]), name="sa", dtype="str")
    return pd.Series(values, index, dtype=float)


def near(values: Any) -> Any:
    return pytest.approx(list(values), rel=1e-9, abs=1e-9)


BASE, TARGET = by_area(100, 200, 300, 400), by_area(90, 230, 330, 400)


def test_convergence_gives_the_published_figures() -> None:
    path = convergence(BASE, TARGET, growth=0.05)
    assert path.amounts[1].tolist() == near([100, 225, 325, 400])
    assert path.targets[1].tolist() == near(TARGET)
    assert path.distance[1].tolist() == near([1 / 9, -5 / 230, -5 / 330, 0])


def test_the_second_year_goes_on_from_the_first() -> None:
    path = convergence(BASE, TARGET, growth=[0.05, 0.02])
    # Total 1071, targets 91.8, 234.6, 336.6, 408: gaps 0, 9.6, 11.6, 8 share 21.
    part = 21 / 29.2
    expected = [100, 225 + 9.6 * part, 325 + 11.6 * part, 400 + 8 * part]
    assert path.amounts[2].tolist() == near(expected)
    assert path.amounts.columns.tolist() == [0, 1, 2]


def test_a_cap_fills_up_the_others_but_nobody_beyond_target() -> None:
    path = convergence(BASE, TARGET, growth=0.05, cap=0.11)
    # 200 may grow by 22, 300 by 30 (its gap): 50 in equal parts is 25 each, so 22 and 28.
    assert path.amounts[1].tolist() == near([100, 222, 328, 400])


def test_a_cap_too_low_names_the_lowest_that_works() -> None:
    with pytest.raises(errors.CapTooLow, match=r"lowest cap that works is 10\.0000%") as caught:
        convergence(BASE, TARGET, growth=[0.05], cap=[0.06])
    assert caught.value.limit == "cap"
    path = convergence(BASE, TARGET, growth=0.05, cap=caught.value.nearest)
    assert path.amounts[1].tolist() == near([100, 220, 330, 400])


def test_an_area_that_had_nothing_is_not_held_back_by_a_cap() -> None:
    path = convergence(by_area(0, 100), by_area(50, 50), growth=0.1, cap=0.01)
    assert path.amounts[1].tolist() == near([10, 100])


def test_a_falling_total_is_refused_with_what_to_use_instead() -> None:
    with pytest.raises(errors.GrowthOnly, match=r"year 2: -1.00%.*floor damping"):
        convergence(BASE, TARGET, growth=[0.02, -0.01])


def test_years_and_figures_must_fit() -> None:
    assert convergence(BASE, TARGET, growth=0.01, years=3).amounts.shape == (4, 4)
    assert convergence(BASE, TARGET, growth=0.01, cap=[0.5, 0.4]).amounts.shape == (4, 3)
    for options in (
        {"growth": [0.1, 0.1], "years": 3},
        {"growth": []},
        {"growth": 0.1, "years": 0},
        {"growth": 0.1, "years": 101},
        {"growth": [0.1, 0.1], "cap": [0.1]},
        {"growth": np.nan},
        {"growth": 0.1, "cap": -2.0},
    ):
        with pytest.raises(errors.ParameterOutOfRange):
            convergence(BASE, TARGET, **options)
    with pytest.raises(errors.NothingToShareBy):
        convergence(BASE, BASE * 0, growth=0.1)


@given(ROWS, st.lists(st.floats(0, 0.2), min_size=1, max_size=5), st.floats(0.01, 0.5))
def test_nobody_is_cut_nobody_overshoots_and_every_year_adds_up(
    rows: list[tuple[int, int]], growth: list[float], cap: float
) -> None:
    base, target = by_area(*(b for b, _ in rows)), by_area(*(t for _, t in rows))
    if target.sum() == 0:
        return
    path = convergence(base, target, growth=growth)
    try:
        capped = convergence(base, target, growth=growth, cap=cap)
    except errors.CapTooLow as error:
        lowest = error.nearest
        capped = path
    else:
        lowest = np.inf
        had = capped.amounts.shift(1, axis=1)
        rise = (capped.amounts - had).where(had > 0).fillna(0)
        assert (rise <= cap * had.fillna(0) + 1e-6).all(axis=None)
    assert lowest > cap
    for result in (path, capped):
        steps = np.diff(result.amounts, axis=1)
        assert (steps >= -1e-9).all()
        before, after = result.amounts.to_numpy()[:, :-1], result.amounts.to_numpy()[:, 1:]
        assert (after <= np.maximum(result.targets.to_numpy()[:, 1:], before) + 1e-6).all()
        totals = base.sum() * np.cumprod([1, *(1 + g for g in growth)])
        assert result.amounts.sum().tolist() == pytest.approx(totals.tolist())


def test_every_year_is_rounded_to_whole_pence_that_add_up() -> None:
    base, target = by_area(100, 200, 301), by_area(1, 1, 1)
    pence = convergence(base, target, growth=[0.013, 0.02]).to_pence()
    assert pence.dtypes.eq(np.int64).all()
    assert pence[0].tolist() == [100, 200, 301]
    assert pence.sum().tolist() == [601, round(601 * 1.013), round(601 * 1.013 * 1.02)]
