"""The rule in the middle of a combination: what each area would get before ceilings.

In: areas with baseline, need and total, the bounds of minimum and floor. Out: the wish of each
area, the promises of the rule as further bounds, and what the rule solved for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from budgets.convergence import increments
from budgets.errors import (
    CapTooLow,
    GrowthOnly,
    GrowthTooHigh,
    InfeasibleLimits,
    NothingToShareBy,
)
from budgets.money import Float64
from budgets.pace_choices import Choices
from budgets.pace_errors import FloorNotPayable
from budgets.pace_limits import Bounds
from budgets.rules import close_gaps, growth_taper, taper_promises
from budgets.sharing import exact_sum

TAPER = (0.05, 0.10)
MOST_UNDER = 0.05
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Area:
    """Baseline and need of the areas, and the money to be shared, in pence."""

    base: Float64
    need: Float64
    total: float
    index: pd.Index


Moved = tuple[Float64, Bounds, float]
Floors = Callable[[Bounds], Bounds]


def moved(
    chosen: Choices, area: Area, bounds: Bounds, *, floors: Floors, year: int, said: list[str]
) -> Moved:
    """Apply the floors and the rule; see `pace.share_out` for the errors.

    `floors` narrows bounds by the floor of the choices: after the promises of a rule that makes
    some, so that its refusal names what is left for it.
    """
    need = np.where(bounds.kept, area.need, 0.0)
    if exact_sum(need) == 0 and area.total > 0:
        raise NothingToShareBy("need", found=area.index)
    whole = exact_sum(need)
    target = need * (area.total / whole) if whole else need
    if chosen.rule == "convergence":
        return _convergence(chosen, area, (bounds, floors), target, (year, said))
    if chosen.rule == "taper" and area.total > 0:
        return _taper(chosen, area, (bounds, floors), target, (year, said))
    bounds = floors(bounds)
    if chosen.rule == "damping":
        wish, part = close_gaps(bounds.low, target, area.total)
        said.append(f"Damping: {part:.2%} of every gap between floor and target closes.")
        return wish, bounds, part
    said.append("Proportional: money follows need.")
    return target, bounds, area.total / whole if whole else 0.0


def _taper(
    chosen: Choices,
    area: Area,
    limits: tuple[Bounds, Floors],
    target: Float64,
    when: tuple[int, list[str]],
) -> Moved:
    (bounds, floors), (year, said) = limits, when
    least = (chosen.of_year("growth", year) or 0.0) / 100
    given = chosen.of_year("far_growth", year)
    far = min(0.0, least) if given is None else given / 100
    base = np.where(bounds.kept, area.base, 0.0)
    index = area.index
    try:
        growth_taper(
            pd.Series(base, index),
            pd.Series(target, index),
            least_growth=least,
            far_growth=far,
            total=area.total,
            taper=TAPER,
            most_under=MOST_UNDER,
        )
    except GrowthTooHigh as error:
        raise _in_per_cent(error, {"least_growth": "growth"}) from None
    promise = taper_promises(base, target, (least, far), taper=TAPER, most_under=MOST_UNDER)
    both = replace(bounds, low=np.maximum(bounds.low, promise))
    _refuse_minimum(both)
    both = floors(both)
    wish, part = close_gaps(both.low, target, area.total)
    said.append(
        f"Growth taper: {least:+.2%}, tapering to {far:+.2%} between 5 % and 10 % above target; "
        "nobody more than 5 % under."
    )
    return wish, both, part


def _convergence(
    chosen: Choices,
    area: Area,
    limits: tuple[Bounds, Floors],
    target: Float64,
    when: tuple[int, list[str]],
) -> Moved:
    (bounds, floors), (year, said) = limits, when
    base, before = area.base, exact_sum(area.base)
    new = area.total - before
    if new < -_ROUNDING * before:
        raise GrowthOnly("convergence", found=[f"{area.total / before - 1:+.2%}"])
    cap = chosen.of_year("cap", year)
    most = None if cap is None else cap / 100
    try:
        wish = base + increments(base, target, new, most, index=area.index, year=year)
    except CapTooLow as error:
        raise _in_per_cent(error, {}) from None
    high = np.maximum(target, base)
    if most is not None:
        high = np.where(base > 0, np.minimum(high, base * (1 + most)), high)
    # Floating point may leave a baseline a hair above what is shared.
    both = floors(replace(bounds, low=np.minimum(base, wish)))
    # A floor lifts beyond cap and target: what the user asks for by name goes first.
    both = replace(both, high=np.maximum(np.maximum(high, wish), both.low))
    capped = "" if most is None else f", to nobody more than {most:.2%} of what it had"
    said.append(f"Convergence: nobody is cut; new money goes where the target lacks{capped}.")
    return wish, both, new


def _in_per_cent(error: InfeasibleLimits, names: dict[str, str]) -> InfeasibleLimits:
    """Say the same in the names and the unit of the choices."""
    fields = dict(error.fields)
    fields["limit"] = names.get(fields["limit"], fields["limit"])
    fields["nearest"] = fields["nearest"] * 100
    return type(error)(error.where, found=error.found, detail=error.detail, **fields)


def _refuse_minimum(bounds: Bounds) -> None:
    """Refuse a minimum that cannot be paid together with what the taper promises."""
    cost = exact_sum(bounds.low)
    if cost > bounds.total * (1 + _ROUNDING):
        raise FloorNotPayable(
            "minimum",
            detail=f"with the growth that is promised the minimum amounts cost {cost:,.0f} of "
            f"{bounds.total:,.0f} pence; {bounds.total / cost:.4%} of both can be paid",
            limit="minimum",
            nearest=bounds.total / cost,
        )
