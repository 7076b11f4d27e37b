"""Pace of change: the rules of sharing out combined, in one stated order, for a year or for many.

In: choices as a scenario makes them (in pounds, per head and per cent), a baseline, need, a total
in pence, ring-fences. Out: `Shared` with the sentences of what was applied, or `Path` over years.

The order is `ORDER`. A limit that cannot be kept together with those before it is refused: the
error names it and the nearest value that can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from budgets.convergence import Path
from budgets.errors import NothingToShareBy
from budgets.money import Float64, format_pounds
from budgets.need import in_order
from budgets.need_errors import FixedTooHigh
from budgets.need_weighting import seen
from budgets.pace_choices import Choices, Fence
from budgets.pace_errors import (
    CeilingNotEnough,
    ChoiceMissing,
    FencesTooLarge,
    FloorNotPayable,
    MatchNotEnough,
)
from budgets.pace_fences import share_fences
from budgets.pace_limits import Bounds, Step, narrow
from budgets.pace_rules import Area, moved
from budgets.rules import binding_limits, filled, minimum_viable
from budgets.sharing import Shared, exact_sum, figures, shared, total_of
from geo.errors import CommonGroundError

__all__ = ["ORDER", "Choices", "Fence", "path", "share_out"]

ORDER = ("ring-fences", "fixed", "minimum", "floor", "rule", "ceiling", "match", "whole pence")


def share_out(
    choices: Choices | dict[str, object],
    *,
    baseline: pd.Series,
    need: pd.Series,
    total: int,
    people: pd.Series | None = None,
    own: pd.Series | None = None,
    fences: Sequence[Fence] = (),
    year: int = 1,
) -> Shared:
    """Share a total out by combined rules, in the order of `ORDER`.

    1. *Ring-fences* are taken out and shared by need among their own areas; no limit touches them.
    2. *Fixed* elements become part of every target: `F + (free - sum F) need / sum(need)` takes the
       place of the share by need in all that follows.
    3. *Minimum*: areas whose share by need is not worth having get nothing (`minimum_viable`), and
       no floor; those that stay get at least the minimum.
    4. *Floor*: the least of every area that stays.
    5. *Rule* `proportional`, `damping` (the same part of every gap between floor and target),
       `taper` or `convergence` gives x; its own promises become floors and ceilings.
    6. *Ceiling*, 7. *match* (no more than `match` for each pound the area brings itself): x is
       cut and what is cut goes to the others, `clip(k x, floor, ceiling)` with one k for all.
    8. `Shared.to_pence` rounds to whole pence that add up to the total.

    Where the rule's own answer keeps every limit, k = 1 and nothing changes.

    Parameters
    ----------
    choices
        See `pace_choices.Choices`; a dict is read by `Choices.of`.
    baseline
        Pence by area that it has today, without ring-fenced money.
    need
        Weights by area: need-weighted people, or whatever the money is to follow.
    total
        Pence, ring-fences included.
    people
        For limits per head.
    own
        Pence that each area brings itself, for `match`.
    year
        Which of the figures given by year (cap, growth) holds.

    Returns
    -------
    `Shared` whose amounts hold ring-fenced and free money together; `fenced` holds the former.

    Raises
    ------
    FencesTooLarge, FixedTooHigh, MinimumTooHigh, FloorNotPayable, GrowthTooHigh, CapTooLow,
    CeilingNotEnough, MatchNotEnough
        A limit cannot be kept; `limit` and `nearest` say which and what can.
    GrowthOnly
        Convergence on a falling total.
    NothingToShareBy
        Every need is 0.
    """
    chosen = choices if isinstance(choices, Choices) else Choices.of(choices)
    base, weight = figures(baseline, "baseline"), figures(need, "need", baseline.index)
    fenced = share_fences(fences, pd.Series(weight, baseline.index)) if len(fences) else None
    free = _free(total_of(total), 0 if fenced is None else int(fenced.to_numpy().sum()))
    if exact_sum(weight) == 0 and free > 0:
        raise NothingToShareBy("need", found=baseline.index)
    said = [] if fenced is None else [_said_of_fences(fenced)]
    area = Area(base, _with_fixed(chosen, weight, free, said), free, baseline.index)
    bounds = _minimum(chosen, area, said)
    wish, bounds, parameter = moved(
        chosen,
        area,
        bounds,
        floors=lambda before: _floor(chosen, area, before, people, said),
        year=year,
        said=said,
    )
    bounds = _ceiling(chosen, area, bounds, wish, people, said)
    bounds = _match(chosen, area, bounds, wish, own, said)
    # Nobody gets more than all there is: twice that is no limit, and finite. Where two limits meet,
    # floating point may have them cross by a hair.
    high = np.minimum(bounds.high, 2 * free + 1)
    low = np.minimum(bounds.low, high)
    amounts, _ = filled(wish, low, high, free)
    binding = np.where(bounds.kept, binding_limits(amounts, low, high), "none")
    kept_apart = 0.0 if fenced is None else fenced.to_numpy().sum(axis=1)
    done = shared(
        amounts + kept_apart, baseline.index, float(total), chosen.rule, parameter, binding
    )
    said += _seen(done.amounts, weight, people)
    return replace(done, steps=tuple(said), fenced=fenced)


def path(
    choices: Choices | dict[str, object],
    *,
    baseline: pd.Series,
    need: pd.Series,
    totals: Sequence[int],
    people: pd.Series | None = None,
    own: pd.Series | None = None,
) -> Path:
    """Share the totals of several years out, each year going on from the one before.

    Every rule can go over years: damping closes part of every gap each year, the taper and
    convergence have caps and growths by year. Arguments and errors are those of `share_out`; an
    error says its year in a note and in `fields`.

    Returns
    -------
    `Path`: amounts (n_areas, n_years + 1) with the baseline first, and targets, need's share of
    each year's total.
    """
    chosen = choices if isinstance(choices, Choices) else Choices.of(choices)
    weight = figures(need, "need", baseline.index)
    if not len(totals):
        raise ChoiceMissing("totals", detail="a path has at least one year")
    now = pd.Series(figures(baseline, "baseline"), baseline.index)
    # Nobody reads what came out a head in the years between.
    heads = people if chosen.unit == "per head" else None
    amounts, targets, steps = [now], [_targets(weight, exact_sum(now))], []
    for year, total in enumerate(totals, 1):
        try:
            done = share_out(
                chosen, baseline=now, need=need, total=total, people=heads, own=own, year=year
            )
        except CommonGroundError as error:
            error.fields["year"] = year
            error.add_note(f"in year {year}")
            raise
        now = done.amounts
        amounts.append(now)
        steps.append(done.steps)
        targets.append(_targets(_with_fixed(chosen, weight, float(total), []), float(total)))
    columns = pd.RangeIndex(len(amounts), name="year")
    return Path(
        amounts=pd.DataFrame(np.stack(amounts, axis=1), baseline.index, columns),
        targets=pd.DataFrame(np.stack(targets, axis=1), baseline.index, columns),
        steps=tuple(steps),
    )


def _targets(weight: Float64, total: float) -> Float64:
    whole = exact_sum(weight)
    return weight * (total / whole) if whole else np.zeros(len(weight))


def _free(total: float, fenced: int) -> float:
    if fenced > total:
        raise FencesTooLarge(
            "ring-fences",
            detail=f"{format_pounds(fenced)} of {format_pounds(int(total))}",
            limit="ring-fence",
            nearest=total / 100,
        )
    return total - fenced


def _said_of_fences(fenced: pd.DataFrame) -> str:
    parts = [f"{name} {format_pounds(int(fenced[name].sum()))}" for name in fenced]
    return f"Kept apart by ring-fence and shared among its own areas: {', '.join(parts)}."


def _with_fixed(chosen: Choices, weight: Float64, free: float, said: list[str]) -> Float64:
    """Return what the areas are due by fixed elements and need, or need where none is fixed."""
    if not chosen.fixed or not free:
        return weight
    each = np.where(weight > 0, chosen.fixed * 100, 0.0)
    cost = exact_sum(each)
    if cost > free * (1 + 1e-12):
        nearest = chosen.fixed * free / cost
        raise FixedTooHigh(
            "fixed",
            detail=f"£{chosen.fixed:,.2f} for each area costs {_pounds(each)} of {_pounds(free)}; "
            f"at most £{nearest:,.2f} can be paid",
            limit="fixed",
            nearest=nearest,
        )
    said.append(f"Fixed: £{chosen.fixed:,.2f} for each area with need; the rest follows need.")
    return each + _targets(weight, max(free - cost, 0.0))


def _minimum(chosen: Choices, area: Area, said: list[str]) -> Bounds:
    """Leave out the areas that get no viable amount; the others have it as their floor."""
    n = len(area.base)
    low, high = np.zeros(n), np.full(n, np.inf)
    if chosen.minimum is None or area.total == 0:
        return Bounds(low, high, np.ones(n, bool), area.total)
    least = chosen.minimum * 100
    viable = minimum_viable(
        pd.Series(area.need, area.index), total=area.total / 100, minimum=chosen.minimum
    )
    kept = (viable.binding != "none").to_numpy()
    low[kept], high[~kept] = least, 0.0
    out, had = int((~kept).sum()), int((~kept & (area.base > 0)).sum())
    tail = f" {had:,} of them had money, and no floor holds for them." if had else ""
    said.append(
        f"Minimum {format_pounds(round(least))} an area: {out:,} of {n:,} areas get nothing.{tail}"
    )
    return Bounds(low, high, kept, area.total)


def _floor(
    chosen: Choices, area: Area, bounds: Bounds, people: pd.Series | None, said: list[str]
) -> Bounds:
    if chosen.floor is None:
        return bounds
    step = Step("floor", chosen.floor, chosen.unit, FloorNotPayable)
    done = narrow(bounds, step, base=area.base, people=people, wish=None, index=area.index)
    said.append(f"Floor of {step.words}: it costs {_pounds(done.low)} of {_pounds(area.total)}.")
    return done


def _ceiling(
    chosen: Choices,
    area: Area,
    bounds: Bounds,
    wish: Float64,
    people: pd.Series | None,
    said: list[str],
) -> Bounds:
    if chosen.ceiling is None:
        return bounds
    step = Step("ceiling", chosen.ceiling, chosen.unit, CeilingNotEnough)
    done = narrow(bounds, step, base=area.base, people=people, wish=wish, index=area.index)
    cut = int((wish > done.high).sum())
    said.append(f"Ceiling of {step.words}: it cuts {_areas(cut)}; what is cut goes to the others.")
    return done


def _match(
    chosen: Choices,
    area: Area,
    bounds: Bounds,
    wish: Float64,
    own: pd.Series | None,
    said: list[str],
) -> Bounds:
    if chosen.match is None:
        return bounds
    if own is None:
        raise ChoiceMissing("own", detail="match needs what each area brings itself")
    brings = figures(own, "own", area.index)
    step = Step("match", chosen.match, "match", MatchNotEnough)
    done = narrow(bounds, step, base=brings, people=None, wish=wish, index=area.index)
    cut = int((wish > done.high).sum())
    said.append(
        f"Match of {chosen.match:g} for each pound of its own: it holds {_areas(cut)} back."
    )
    return done


def _pounds(amount: Float64 | float) -> str:
    value = amount if isinstance(amount, float) else exact_sum(amount)
    return format_pounds(round(value), whole=True)


def _seen(amounts: pd.Series, weight: Float64, people: pd.Series | None) -> list[str]:
    """Say what came out a head, among the areas that the money is for."""
    if people is None:
        return []
    count = in_order(people, amounts.index, where="people")
    mine = (weight > 0) & (count > 0)
    if not amounts[mine].any():
        return []
    return [f"Seen: {seen(amounts[mine], pd.Series(count, amounts.index)[mine]).sentence}"]


def _areas(n: int) -> str:
    return "1 area" if n == 1 else f"{n:,} areas"
