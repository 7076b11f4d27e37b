"""Rules of sharing out: how a total is divided when limits have to be kept.

In: needs, baselines and targets by area, a total, and limits. Out: `Shared`: real-valued amounts
that add up to the total, which limit holds for whom, and on request whole pence.

Every rule works on growing and on falling totals. Limits that cannot all be kept are refused with
the limit that breaks and the nearest value that can be kept. All amounts are in the unit of the
total, pence by convention.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from budgets.errors import (
    CeilingTooLow,
    FloorTooHigh,
    GrowthTooHigh,
    LimitsCross,
    MinimumTooHigh,
    NothingToShareBy,
    ParameterOutOfRange,
)
from budgets.money import Float64
from budgets.need import check_range
from budgets.sharing import Limit, Shared, exact_sum, figures, limit_of, shared, total_of

_ROUNDING = 1e-12
_HALVINGS = 200


def proportional(need: pd.Series, *, total: float) -> Shared:
    """Share in proportion to need: `x = total need / sum(need)`.

    Raises
    ------
    NothingToShareBy
        Every need is 0.
    """
    weight = figures(need, "need")
    total = total_of(total)
    if exact_sum(weight) == 0:
        raise NothingToShareBy("need", found=need.index)
    each = total / exact_sum(weight)
    return shared(weight * each, need.index, total, "proportional", each)


def water_filling(
    need: pd.Series, *, total: float, floor: Limit = None, ceiling: Limit = None
) -> Shared:
    """Share in proportion to need between floors and ceilings: `x = clip(k need, floor, ceiling)`.

    The level k is found exactly, from the levels at which an area leaves its floor or reaches its
    ceiling. An area without need gets its floor and no more.

    Parameters
    ----------
    need
        float (n_areas), 0 or more.
    floor, ceiling
        Amounts by area, one amount for all, or None for no limit; see `limits`.

    Raises
    ------
    LimitsCross
        A ceiling lies below the floor of the same area.
    FloorTooHigh, CeilingTooLow
        The limits cannot be kept; `nearest` is the factor by which all of them would have to be
        multiplied.
    """
    weight = figures(need, "need")
    total = total_of(total)
    low = limit_of(floor, need.index, "floor", 0.0)
    high = limit_of(ceiling, need.index, "ceiling", np.inf)
    crossed = low > high
    if crossed.any():
        factor = float(
            np.max(np.divide(low, high, out=np.full(len(low), np.inf), where=high > 0)[crossed])
        )
        raise LimitsCross(
            "limits",
            found=need.index[crossed],
            detail=f"ceilings would have to be {factor:.6g} times as high",
            limit="ceiling",
            nearest=factor,
        )
    _refuse_floors(exact_sum(low), total)
    low = _within(low, total)
    needy = weight > 0
    if not needy.any() and total > exact_sum(low) * (1 + _ROUNDING):
        raise NothingToShareBy("need", found=need.index)
    most = exact_sum(high[needy]) + exact_sum(low[~needy])
    if most < total * (1 - _ROUNDING):
        rest = total - exact_sum(low[~needy])
        nearest = rest / exact_sum(high[needy]) if high[needy].any() else np.inf
        raise CeilingTooLow(
            "ceiling",
            detail=f"at most {most:,.0f} of {total:,.0f} can be given; "
            f"ceilings would have to be {nearest:.6g} times as high",
            limit="ceiling",
            nearest=nearest,
        )
    amounts, level = filled(weight, low, high, total)
    return shared(
        amounts, need.index, total, "water-filling", level, binding_limits(amounts, low, high)
    )


def filled(weight: Float64, low: Float64, high: Float64, total: float) -> tuple[Float64, float]:
    """Return `clip(k weight, low, high)` that adds up to the total, and k.

    The core of `water_filling` without its checks: the total is known to fit between the limits.
    """
    low = _within(low, total)
    needy = weight > 0
    level = _water_level(weight[needy], low[needy], high[needy], total - exact_sum(low[~needy]))
    amounts = low.copy()
    amounts[needy] = np.clip(level * weight[needy], low[needy], high[needy])
    return amounts, level


def binding_limits(amounts: Float64, low: Float64, high: Float64) -> npt.NDArray[np.str_]:
    """Say which areas stand at their `ceiling` or on a `floor` above nought."""
    binding = np.where(amounts >= high, "ceiling", np.where(amounts <= low, "floor", ""))
    binding[(low == 0) & (binding == "floor")] = ""
    return binding


def floor_damping(
    baseline: pd.Series, targets: pd.Series, *, floor: float, total: float | None = None
) -> Shared:
    """Close the same part of every gap above a floor of growth.

    `A = B [1 + f + s max(0, g - f)]` with growth to target `g = T/B - 1`; s is solved for
    `sum(A) = total`, 0 <= s <= 1. An area whose target lies below the floor stays on the floor.

    Parameters
    ----------
    baseline, targets
        Amounts by area, 0 or more. Targets are scaled to the total.
    floor
        f, least growth of each area: 0.02 is 2 %; below 0 for a falling total.
    total
        By default the sum of the targets.

    Raises
    ------
    FloorTooHigh
        The floor cannot be paid; `nearest` is the highest floor that can.
    """
    base, target, total = _scaled(baseline, targets, total)
    check_range("floor", floor, -1.0, 10.0)
    low = base * (1 + floor)
    if exact_sum(low) > total * (1 + _ROUNDING):
        nearest = total / exact_sum(base) - 1
        raise FloorTooHigh(
            "floor",
            found=[f"{floor:+.4%}"],
            detail=f"the floors cost {exact_sum(low):,.0f} of {total:,.0f}; "
            f"the highest floor that can be paid is {nearest:+.4%}",
            limit="floor",
            nearest=nearest,
        )
    return _damped(low, target, total, "floor damping", baseline.index)


def growth_taper(
    baseline: pd.Series,
    targets: pd.Series,
    *,
    least_growth: float,
    far_growth: float = 0.0,
    total: float | None = None,
    taper: tuple[float, float] = (0.05, 0.10),
    most_under: float = 0.05,
) -> Shared:
    """Give least growth to all, less to those far above target, and lift those far below it.

    An area that stands at `d = B/T - 1` above target is promised
    `B (1 + far + (least - far) r)`, with r falling from 1 at d = 5 % to 0 at d = 10 %, and nobody
    gets less than 95 % of the target. What is left closes the same part of every gap to target.

    Parameters
    ----------
    least_growth, far_growth
        Growth up to the start of the taper and beyond its end. On a falling total both lie below 0.
    taper
        Distances above target at which the taper starts and ends.
    most_under
        How far below target an area may stay; 1 for no such limit.

    Raises
    ------
    GrowthTooHigh
        The promises cost more than the total; `limit` and `nearest` say which and what can be paid.
    """
    base, target, total = _scaled(baseline, targets, total)
    check_range("least_growth", least_growth, -1.0, 10.0)
    check_range("far_growth", far_growth, -1.0, least_growth)
    check_range("most_under", most_under, 0.0, 1.0)
    start, end = taper
    if not 0 <= start < end:
        raise ParameterOutOfRange("taper", found=[taper], detail="0 <= start < end")

    def promised(least: float, far: float) -> Float64:
        return taper_promises(base, target, (least, far), taper=taper, most_under=most_under)

    low = promised(least_growth, far_growth)
    if exact_sum(low) > total * (1 + _ROUNDING):
        limit = "least_growth"
        nearest = _highest(
            lambda x: exact_sum(promised(x, far_growth)), far_growth, least_growth, total
        )
        if nearest is None:
            limit = "far_growth"
            nearest = _highest(lambda x: exact_sum(promised(x, x)), -1.0, far_growth, total)
        raise GrowthTooHigh(
            limit,
            detail=f"the promises cost {exact_sum(low):,.0f} of {total:,.0f}; "
            + ("both growths" if limit == "far_growth" else "least growth")
            + f" can be at most {nearest:+.4%}",
            limit=limit,
            nearest=nearest,
        )
    return _damped(low, target, total, "growth taper", baseline.index)


def taper_promises(
    base: Float64,
    target: Float64,
    growth: tuple[float, float],
    *,
    taper: tuple[float, float],
    most_under: float,
) -> Float64:
    """Return what the taper promises each area, from growth near to and far above target."""
    (start, end), (least, far) = taper, growth
    # Whoever has money and no target is infinitely far above it.
    above = np.where(base > 0, np.inf, 0.0)
    np.divide(base, target, out=above, where=target > 0)
    near = np.clip((end - (above - 1)) / (end - start), 0.0, 1.0)
    return np.maximum(base * (1 + far + (least - far) * near), (1 - most_under) * target)


def minimum_viable(need: pd.Series, *, total: float, minimum: pd.Series | float) -> Shared:
    """Share by need so that each area gets a viable amount or nothing.

    Areas are left out one by one, those with the least need for each pound of their minimum first
    (ties: larger code), until the total, shared in proportion to need among those that are left,
    reaches the minimum of each.

    Raises
    ------
    MinimumTooHigh
        The total does not reach the minimum of any area; `nearest` is the highest that it does.
    """
    weight = figures(need, "need")
    total = total_of(total)
    least = limit_of(minimum, need.index, "minimum", 0.0)
    candidates = np.flatnonzero(weight > 0)
    if len(candidates) == 0:
        raise NothingToShareBy("need", found=need.index)
    by_code = np.argsort(need.index.to_numpy(dtype=object)[candidates], kind="stable")
    candidates = candidates[by_code]
    threshold = least[candidates] / weight[candidates]
    order = np.argsort(threshold, kind="stable")
    # The level falls and the threshold rises with each area taken in, so one crossing decides.
    level = total / np.cumsum(weight[candidates[order]])
    kept = int((level >= threshold[order] * (1 - _ROUNDING)).sum())
    if kept == 0:
        factor = total / least[candidates].min()
        raise MinimumTooHigh(
            "minimum",
            detail=f"a total of {total:,.0f} pays for no minimum; {factor:.4%} of the lowest "
            "could be paid",
            limit="minimum",
            nearest=total,
        )
    chosen = candidates[order[:kept]]
    amounts = np.zeros(len(weight))
    amounts[chosen] = weight[chosen] * level[kept - 1]
    binding = np.where(amounts > 0, "", "none")
    return shared(amounts, need.index, total, "minimum viable", level[kept - 1], binding)


def distance_from_target(allocation: pd.Series, targets: pd.Series) -> pd.Series:
    """Return `allocation / target - 1` by area; missing where the target is 0."""
    target = figures(targets, "targets", allocation.index)
    amount = figures(allocation, "allocation")
    distance = np.full(len(target), np.nan)
    np.divide(amount, target, out=distance, where=target > 0)
    distance[target > 0] -= 1
    return pd.Series(distance, allocation.index, name="distance_from_target")


def close_gaps(low: Float64, target: Float64, total: float) -> tuple[Float64, float]:
    """Add to each floor the same part s of what lacks to the target; return amounts and s."""
    low = _within(low, total)
    gap = np.maximum(target - low, 0.0)
    part = max((total - exact_sum(low)) / exact_sum(gap), 0.0) if gap.any() else 0.0
    return low + part * gap, part


def _damped(low: Float64, target: Float64, total: float, rule: str, index: pd.Index) -> Shared:
    amounts, part = close_gaps(low, target, total)
    binding = np.where(target > _within(low, total), "", "floor")
    return shared(amounts, index, total, rule, part, binding)


def _water_level(weight: Float64, low: Float64, high: Float64, total: float) -> float:
    """Return the level at which the amounts add up to the total (it is known to exist)."""
    if len(weight) == 0:
        return 0.0
    leave, reach = low / weight, high / weight
    at = np.concatenate([leave, reach])
    slope = np.concatenate([weight, -weight])
    order = np.argsort(at, kind="stable")
    at, slope = at[order], np.cumsum(slope[order])
    finite = np.isfinite(at)
    at, slope = at[finite], slope[finite]
    filled = exact_sum(low) + np.concatenate([[0.0], np.cumsum(slope[:-1] * np.diff(at))])
    segment = max(int(np.searchsorted(filled, total, side="right")) - 1, 0)
    level = float(at[segment])
    # Solving anew for the areas between their limits is exact where the running sums are not.
    inside = (leave <= level) & (reach > level)
    if inside.any():
        fixed = exact_sum(np.where(reach <= level, high, low)[~inside])
        level = max(level, float((total - fixed) / exact_sum(weight[inside])))
    return level


def _highest(
    cost: Callable[[float], float], least: float, most: float, total: float
) -> float | None:
    """Return the highest x in [least, most] with cost(x) <= total; None if there is none."""
    if cost(least) > total:
        return None
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        least, most = (middle, most) if cost(middle) <= total else (least, middle)
    return least


def _within(low: Float64, total: float) -> Float64:
    """Take from floors that exceed the total by the rounding of floating point what is too much."""
    return low * (total / exact_sum(low)) if exact_sum(low) > total else low


def _refuse_floors(floors: float, total: float) -> None:
    if floors > total * (1 + _ROUNDING):
        raise FloorTooHigh(
            "floor",
            detail=f"the floors cost {floors:,.0f} of {total:,.0f}; "
            f"{total / floors:.4%} of them can be paid",
            limit="floor",
            nearest=total / floors,
        )


def _scaled(
    baseline: pd.Series, targets: pd.Series, total: float | None
) -> tuple[Float64, Float64, float]:
    """Return the baseline, the targets scaled to the total, and the total."""
    base = figures(baseline, "baseline")
    target = figures(targets, "targets", baseline.index)
    if exact_sum(target) == 0 or exact_sum(base) == 0:
        raise NothingToShareBy("targets" if exact_sum(base) else "baseline", found=baseline.index)
    whole = float(exact_sum(target)) if total is None else total_of(total)
    return base, target * (whole / exact_sum(target)), whole
