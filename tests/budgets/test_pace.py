"""Rules combine in one stated order, every limit is kept, and what cannot be kept is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linprog

from budgets import errors, pace_errors
from budgets.convergence import convergence
from budgets.pace import ORDER, Choices, Fence, path, share_out

AREAS = st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), min_size=1, max_size=7)


def by_area(*values: float, codes: str = "abcdefgh") -> pd.Series:
    index = pd.Index(list(codes[: len(values)]), name="sa", dtype="str")
    return pd.Series(values, index, dtype=float)


def near(values: Any) -> Any:
    return pytest.approx(list(values), rel=1e-9, abs=1e-6)


BASE, NEED = by_area(100, 200, 300, 400) * 100, by_area(90, 230, 330, 400)


def shared(choices: dict[str, Any], **more: Any) -> Any:
    given = {"baseline": BASE, "need": NEED, "total": 105_000} | more
    return share_out(choices, **given)


def test_the_order_of_the_rules_is_stated() -> None:
    assert ORDER == (
        "ring-fences",
        "fixed",
        "minimum",
        "floor",
        "rule",
        "ceiling",
        "match",
        "whole pence",
    )


# ------------------------------------------------------------------------ each rule by itself


def test_each_rule_alone_gives_its_published_figures() -> None:
    damped = shared({"rule": "damping", "floor": 2, "unit": "per cent"})
    assert damped.amounts.tolist() == near([10_200, 21_960, 32_040, 40_800])
    assert damped.parameter == pytest.approx(0.6)
    moving = shared({"rule": "convergence"})
    assert moving.amounts.tolist() == near([10_000, 22_500, 32_500, 40_000])
    capped = shared({"rule": "convergence", "cap": 11})
    assert capped.amounts.tolist() == near([10_000, 22_200, 32_800, 40_000])
    part = 6 / 28
    tapered = shared({"rule": "taper", "growth": 3})
    expected = [10_000, 21_850 + part * 1150, 31_350 + part * 1650, 41_200]
    assert tapered.amounts.tolist() == near(expected)
    filled = share_out(
        {"floor": 200, "ceiling": 450},
        baseline=by_area(1, 1, 1),
        need=by_area(50, 30, 5),
        total=100_000,
    )
    # 5 stands on its floor, 50 at its ceiling.
    assert filled.amounts.tolist() == near([45_000, 35_000, 20_000])
    assert filled.binding.tolist() == ["ceiling", "", "floor"]


def test_a_falling_total_takes_floors_below_nought() -> None:
    damped = share_out(
        {"rule": "damping", "floor": -15, "unit": "per cent"},
        baseline=by_area(100, 100) * 100,
        need=by_area(60, 120),
        total=18_000,
    )
    assert damped.amounts.tolist() == near([8500, 9500])
    tapered = share_out(
        {"rule": "taper", "growth": -6, "far_growth": -20},
        baseline=by_area(100, 120, 80) * 100,
        need=by_area(1, 1, 1),
        total=28_500,
    )
    first = 100 * (1 - 0.2 + 0.14 * (0.1 - 5 / 95) / 0.05)
    low = np.array([first, 96, 0.95 * 95])
    gap = np.maximum(95 - low, 0)
    assert tapered.amounts.tolist() == near((low + (285 - low.sum()) * gap / gap.sum()) * 100)
    with pytest.raises(errors.GrowthOnly, match="floor damping"):
        shared({"rule": "convergence"}, total=90_000)


# --------------------------------------------------------------------------- in combination


def test_ring_fences_are_shared_among_their_own_areas_and_no_limit_touches_them() -> None:
    fences = [Fence("estate", 1001, ("a", "b")), Fence("grant", 500)]
    both = shared(
        {"rule": "damping", "floor": 2, "unit": "per cent"}, total=105_000 + 1501, fences=fences
    )
    assert both.fenced.columns.tolist() == ["estate", "grant"]
    # 1001 by 90 to 230: 281.53 and 719.47.
    assert both.fenced["estate"].tolist() == [282, 719, 0, 0]
    assert both.fenced.sum().tolist() == [1001, 500]
    free = both.amounts - both.fenced.sum(axis=1)
    assert free.tolist() == near([10_200, 21_960, 32_040, 40_800])
    assert int(both.to_pence().sum()) == 105_000 + 1501
    assert "estate £10.01, grant £5.00" in both.steps[0]


def test_fixed_elements_are_part_of_every_target() -> None:
    found = shared({"fixed": 100})
    assert found.amounts.tolist() == near(10_000 + 65_000 * NEED / 1050)
    # The golden of damping, with targets of 100 pounds and the rest by need.
    damped = shared({"fixed": 100, "rule": "damping", "floor": 2, "unit": "per cent"})
    low, goal = BASE * 1.02, 10_000 + 65_000 * NEED / 1050
    gap = (goal - low).clip(lower=0)
    assert damped.amounts.tolist() == near(low + gap * (105_000 - low.sum()) / gap.sum())
    with pytest.raises(errors.InfeasibleLimits, match=r"at most £262\.50") as caught:
        shared({"fixed": 300})
    assert (caught.value.limit, caught.value.nearest) == ("fixed", 262.5)


def test_below_the_minimum_an_area_gets_nothing_and_keeps_no_floor() -> None:
    found = share_out(
        {"minimum": 100, "floor": 1, "unit": "per head", "ceiling": None},
        baseline=by_area(1, 1, 1, 1),
        need=by_area(50, 30, 15, 5),
        total=95_000,
        people=by_area(1, 1, 200, 500),
    )
    # Need alone leaves 5 out; then 15 rises to its floor of 200 pounds.
    assert found.amounts.tolist() == near([46_875, 28_125, 20_000, 0])
    assert found.binding.tolist() == ["", "", "floor", "none"]
    assert "1 of 4 areas get nothing. 1 of them had money" in found.steps[0]


def test_a_ceiling_cuts_what_the_rule_gives_and_the_others_take_it() -> None:
    found = shared({"rule": "damping", "floor": 20, "ceiling": 215}, total=60_000, need=NEED[:3],
                   baseline=by_area(100, 200, 200) * 100)  # fmt: skip
    assert found.amounts.max() == pytest.approx(21_500)
    assert found.amounts.sum() == pytest.approx(60_000)
    # Damped: floors 20 each, gaps to 83.08, 212.31, 304.62 close by 100 %.
    rest = (600 - 430) * 100
    assert found.amounts.tolist() == near([rest, 21_500, 21_500])


def test_match_holds_back_whoever_brings_little() -> None:
    found = share_out(
        {"match": 2},
        baseline=by_area(0, 0, 0),
        need=by_area(1, 1, 2),
        total=40_000,
        own=by_area(2000, 50_000, 50_000),
    )
    assert found.amounts.tolist() == near([4000, 12_000, 24_000])
    with pytest.raises(pace_errors.MatchNotEnough, match="for each pound") as caught:
        share_out(
            {"match": 0.5},
            baseline=by_area(0, 0),
            need=by_area(1, 1),
            total=40_000,
            own=by_area(10_000, 40_000),
        )
    assert caught.value.limit == "match"
    assert caught.value.nearest == pytest.approx(0.8)


def refusal(choices: dict[str, Any], given: dict[str, Any]) -> Any:
    """What refuses the choices, if anything does."""
    try:
        share_out(choices, **given)
    except errors.InfeasibleLimits as error:
        return error
    return None


@given(
    AREAS,
    st.floats(0.7, 1.4),
    st.sampled_from(["proportional", "damping", "convergence"]),
    st.data(),
)
def test_combined_limits_hold_or_are_refused_with_a_value_that_can_be_kept(
    rows: list[tuple[int, int]], factor: float, rule: str, data: st.DataObject
) -> None:
    base = by_area(*(b * 100 for b, _ in rows))
    need = by_area(*(n for _, n in rows))
    people = by_area(*(data.draw(st.integers(1, 50)) for _ in rows))
    own = by_area(*(data.draw(st.integers(1, 900)) * 100 for _ in rows))
    total = round(base.sum() * factor)
    assume(rule != "convergence" or factor >= 1)
    choices: dict[str, Any] = {
        "rule": rule,
        "unit": "per cent",
        "floor": data.draw(st.floats(-60, 30)),
        "ceiling": data.draw(st.floats(-20, 200)),
        "match": data.draw(st.floats(0.1, 5)),
    }
    given = {"baseline": base, "need": need, "total": total, "own": own, "people": people}
    while (refused := refusal(choices, given)) is not None:
        # Each refusal moves its own limit, in the one direction that helps.
        assert (refused.nearest < choices[refused.limit]) == (refused.limit == "floor")
        choices[refused.limit] = refused.nearest
    done = share_out(choices, **given)
    amounts = done.amounts
    assert amounts.sum() == pytest.approx(total, rel=1e-9)
    slack = 1e-6 * total
    assert (amounts >= base * (1 + choices["floor"] / 100) - slack).all()
    assert (amounts <= base * (1 + choices["ceiling"] / 100) + slack).all()
    assert (amounts <= own * choices["match"] + slack).all()
    if rule == "convergence":
        assert (amounts >= base - slack).all()
    assert int(done.to_pence().sum()) == total


@given(AREAS, st.floats(0.5, 2), st.floats(0, 200), st.floats(0, 60))
def test_the_nearest_ceiling_and_floor_are_those_that_highs_finds(
    rows: list[tuple[int, int]], factor: float, ceiling: float, floor: float
) -> None:
    base, people = by_area(*(b * 100 for b, _ in rows)), np.array([n for _, n in rows], float)
    total, n = round(base.sum() * factor), len(rows)
    options: dict[str, Any] = {"baseline": base, "need": by_area(*people), "total": total}
    options["people"] = by_area(*people)
    # Lowest c with sum x = total and 0 <= x <= 100 c people; highest f with x >= 100 f people.
    rows_of = np.hstack([np.eye(n), -100 * people[:, None]])
    sums = [np.r_[np.ones(n), 0.0]]
    lowest = linprog(np.r_[np.zeros(n), 1.0], rows_of, np.zeros(n), sums, [total]).fun
    highest = -linprog(np.r_[np.zeros(n), -1.0], -rows_of, np.zeros(n), sums, [total]).fun
    for name, value, best in (("ceiling", ceiling, lowest), ("floor", floor, highest)):
        choices = {name: value, "unit": "per head"}
        fits = value >= best if name == "ceiling" else value <= best
        if abs(value - best) < 1e-6 * best:
            continue
        if fits:
            share_out(choices, **options)
            continue
        with pytest.raises(errors.InfeasibleLimits, match="nearest") as caught:
            share_out(choices, **options)
        assert caught.value.nearest == pytest.approx(best, rel=1e-6)
        share_out(choices | {name: caught.value.nearest}, **options)


def test_a_limit_of_each_area_is_refused_with_the_factor_that_can_be_kept() -> None:
    floors = Choices(floor=by_area(100, 100, 200, 300))
    with pytest.raises(pace_errors.FloorNotPayable, match="times as much") as caught:
        share_out(floors, baseline=BASE, need=NEED, total=35_000)
    assert caught.value.nearest == pytest.approx(0.5)


def test_growth_and_caps_are_refused_in_per_cent() -> None:
    with pytest.raises(errors.GrowthTooHigh) as growth:
        shared({"rule": "taper", "growth": 6})
    assert (growth.value.limit, growth.value.nearest) == ("growth", pytest.approx(4.5))
    with pytest.raises(errors.CapTooLow) as cap:
        shared({"rule": "convergence", "cap": 6})
    assert (cap.value.limit, cap.value.nearest) == ("cap", pytest.approx(10))


def test_what_comes_out_a_head_is_seen_among_the_areas_that_the_money_is_for() -> None:
    people = by_area(10, 10, 20, 5)
    found = shared({"ceiling": 450}, need=by_area(90, 230, 0, 400), people=people)
    # 450 for 5 people; 600 by 90 to 230 for 10 each: 168.75 and 431.25. Nothing is for c.
    assert found.amounts.tolist() == near([16_875, 43_125, 0, 45_000])
    assert found.steps[-1] == (
        "Seen: d gets 5.33 times as much a head as a and 2.14 times the average."
    )
    assert not any(step.startswith("Seen") for step in shared({}).steps)


# ------------------------------------------------------------------------------- over years


def test_a_path_goes_on_from_year_to_year_as_convergence_does() -> None:
    by_year = path({"rule": "convergence", "cap": [11, 9]}, baseline=BASE, need=NEED,
                   totals=[105_000, 107_100])  # fmt: skip
    expected = convergence(BASE, NEED, growth=[0.05, 0.02], cap=[0.11, 0.09])
    for year in (0, 1, 2):
        assert by_year.amounts[year].tolist() == near(expected.amounts[year])
        assert by_year.targets[year].tolist() == near(expected.targets[year])


def test_a_path_of_damping_closes_in_on_need_in_growth_and_in_cuts() -> None:
    choices = {"rule": "damping", "floor": -3, "unit": "per cent"}
    totals = [102_000, 101_000, 100_000, 99_000]
    years = path(choices, baseline=BASE, need=NEED, totals=totals)
    off = years.distance.abs().max()
    assert (np.diff(off) <= 1e-9).all()
    assert years.to_pence().sum().tolist() == [100_000, *totals]
    with pytest.raises(errors.InfeasibleLimits) as caught:
        path(choices | {"floor": 0}, baseline=BASE, need=NEED, totals=[100_000, 99_000])
    assert caught.value.fields["year"] == 2


# -------------------------------------------------------------------------------- refusals


def test_all_faults_of_the_choices_come_at_once() -> None:
    with pytest.raises(ValueError, match="waterfall") as caught:
        Choices.of({"rule": "waterfall", "unit": "pence", "floor": "ten", "cap": 5})
    for word in ("pence", "ten", "cap"):
        assert word in str(caught.value)
    with pytest.raises(pace_errors.UnknownChoice, match="flor"):
        Choices.of({"flor": 5})
    for wrong in ({"rule": "damping"}, {"rule": "taper"}):
        with pytest.raises(pace_errors.ChoiceMissing):
            Choices.of(wrong)
    with pytest.raises(pace_errors.ChoiceWithoutUse, match="cuts nobody"):
        Choices.of({"rule": "convergence", "minimum": 5})
    for missing in ({"floor": 1, "unit": "per head"}, {"match": 1}):
        with pytest.raises(pace_errors.ChoiceMissing):
            shared(missing)


def test_ring_fences_are_checked() -> None:
    for fences, error in (
        ([Fence("x", 5, ("zz",))], pace_errors.FenceNotUsable),
        ([Fence("x", -5)], pace_errors.FenceNotUsable),
        ([Fence("x", 5), Fence("x", 6)], pace_errors.FenceTwice),
        ([Fence("x", 106_000)], pace_errors.FencesTooLarge),
    ):
        with pytest.raises(error):
            shared({}, fences=fences)
    with pytest.raises(errors.NothingToShareBy, match="ring-fence x"):
        shared({}, need=by_area(1, 1, 1, 0), fences=[Fence("x", 5, ("d",))])


# ------------------------------------------------------------------------------ reliability


@pytest.mark.parametrize("rule", ["proportional", "damping", "taper", "convergence"])
def test_the_largest_amounts_over_one_area_and_over_many_are_exact(rule: str) -> None:
    more: dict[str, Any] = {"damping": {"floor": -1, "unit": "per cent"}, "taper": {"growth": -1}}
    rng = np.random.default_rng(7)
    for n in (1, 3, 100_000):
        index = pd.Index([f"a{i:06}" for i in range(n)], name="sa", dtype="str")
        total = 10**13 + 7
        base = pd.Series(rng.random(n) + 0.5, index)
        base = base / base.sum() * 10**13
        need = pd.Series(rng.random(n) + 0.1, index)
        if rule == "taper":
            need = base * (1 + 0.01 * need)
        done = share_out({"rule": rule} | more.get(rule, {}), baseline=base, need=need, total=total)
        pence = done.to_pence()
        assert int(pence.sum()) == total
        assert (np.abs(pence - done.amounts) <= 2).all()


def test_need_of_nought_everywhere_is_refused_unless_there_is_nothing_to_share() -> None:
    for rule in ({}, {"rule": "damping", "floor": 0}, {"rule": "convergence"}):
        with pytest.raises(errors.NothingToShareBy, match="need"):
            shared(rule, need=NEED * 0)
    nothing = shared({}, need=NEED * 0, baseline=BASE * 0, total=0)
    assert nothing.to_pence().tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("name", ["floor", "ceiling", "fixed", "minimum", "match"])
def test_a_list_of_years_is_refused_where_one_figure_holds_for_all(name: str) -> None:
    with pytest.raises(pace_errors.ChoiceNotUsable, match=rf"{name}.*one for all years"):
        Choices.of({"rule": "proportional", name: [1, 2]})
