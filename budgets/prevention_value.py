"""Net present value and pay-back of an intervention, with intervals, and what they hang on.

In: an `Intervention` and the people of its group. Out: `Value`: present values, pay-back and the
chance of each by Monte Carlo; and for every assumption what it alone can change.

    NPV = sum_t (saved(t) - paid(t)) / (1 + r)^t + sum_t health(t) / (1 + r_health)^t,  t = 0, 1 ...

with real prices, year 1 not discounted, r 3.5 % and r_health 1.5 % unless the file says otherwise
(Green Book: common). Every figure with a range is drawn from the triangle low, value, high,
independently of the others (own).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.money import Float64
from budgets.prevention import Values, project
from budgets.prevention_errors import DrawsOutOfRange
from budgets.prevention_file import Figure, Intervention

DRAWS, SEED, LEVEL = 5_000, 20_251_122, 0.90
NEVER = np.inf
MOST_DRAWS = 100_000


@dataclass(frozen=True)
class Interval:
    """A value and the limits between which `LEVEL` of the draws lie."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Value:
    """What an intervention is worth today, in pounds.

    Attributes
    ----------
    npv
        Savings and health less costs.
    npv_money
        Savings of agencies less costs.
    npv_cash
        What can be cashed less costs.
    chance
        Share of the draws with an NPV above 0, for each of the three by name.
    payback, payback_cash
        Year at whose end savings (or cash), undiscounted, have made up for the costs and from
        which on they always do; infinite where that does not happen within the years looked at.
    chance_paid_back, chance_paid_back_cash
        Share of the draws in which it happens.
    draws, seed
        How it was drawn.
    """

    npv: Interval
    npv_money: Interval
    npv_cash: Interval
    chance: dict[str, float]
    payback: Interval
    payback_cash: Interval
    chance_paid_back: float
    chance_paid_back_cash: float
    draws: int
    seed: int


def value(
    intervention: Intervention, group: float, *, draws: int = DRAWS, seed: int = SEED
) -> Value:
    """Return net present value and pay-back with their intervals.

    Parameters
    ----------
    group
        People of the whole group.
    draws
        From 100 to 100,000.

    Raises
    ------
    DrawsOutOfRange
    """
    if not 100 <= draws <= MOST_DRAWS:
        raise DrawsOutOfRange("draws", found=[draws])
    exact = {key: figure.value for key, figure in intervention.figures()}
    rng = np.random.default_rng(seed)
    drawn = {key: _draw(figure, draws, rng) for key, figure in intervention.figures()}
    middle = _worth(intervention, exact, group)
    spread = _worth(intervention, drawn, group)
    tail = (1 - LEVEL) / 2
    found = {}
    for name, each in spread.items():
        # Infinite years have no neighbours to interpolate between: quantiles are drawn values.
        low, high = np.quantile(each, [tail, 1 - tail], method="inverted_cdf")
        found[name] = Interval(float(middle[name][0]), float(low), float(high))
    values = ("npv", "npv_money", "npv_cash")
    return Value(
        **{name: found[name] for name in (*values, "payback", "payback_cash")},
        chance={name: float((spread[name] > 0).mean()) for name in values},
        chance_paid_back=float(np.isfinite(spread["payback"]).mean()),
        chance_paid_back_cash=float(np.isfinite(spread["payback_cash"]).mean()),
        draws=draws,
        seed=seed,
    )


def sensitivity(intervention: Intervention, group: float) -> pd.DataFrame:
    """Say what each assumption alone changes, widest first.

    Returns
    -------
    A row for each figure with a range: `assumption`, `low`, `value`, `high`, `npv_at_low`,
    `npv_at_high`, `swing` (pounds), and `turns_at`, the value at which the NPV is 0, missing where
    none in the range has that.
    """
    exact = {key: figure.value for key, figure in intervention.figures()}
    rows = []
    for key, figure in intervention.figures():
        if figure.low == figure.high:
            continue
        # Present values are not linear in a discount rate: the turning point is looked for.
        steps = np.linspace(figure.low, figure.high, 1001)
        npv = _worth(intervention, {**exact, key: steps[:, None]}, group)["npv"]
        rows.append(
            {
                "assumption": key,
                "low": figure.low,
                "value": figure.value,
                "high": figure.high,
                "npv_at_low": npv[0],
                "npv_at_high": npv[-1],
                "swing": npv.max() - npv.min(),
                "turns_at": _crossing(steps, npv),
            }
        )
    columns = ["assumption", "low", "value", "high", "npv_at_low", "npv_at_high", "swing"]
    table = pd.DataFrame(rows, columns=[*columns, "turns_at"])
    return table.sort_values(["swing", "assumption"], ascending=[False, True], ignore_index=True)


def present_value(flows: Float64, rate: float | Float64) -> Float64:
    """Return `sum_t flows(t) / (1 + rate)^t` over the last axis; the first year has t = 0."""
    years = np.arange(flows.shape[-1])
    return (flows / (1 + np.asarray(rate)) ** years).sum(axis=-1)


def paid_back(paid: Float64, saved: Float64) -> Float64:
    """Return the year (1 is the first) from whose end on savings always cover costs, or infinity.

    Without any cost it is year 1.
    """
    total = np.cumsum(saved - paid, axis=-1)
    # Floating point may leave a hair where both are equal.
    short = total < -1e-9 * np.maximum(np.cumsum(paid, axis=-1), 1.0)
    years = short.shape[-1]
    last = years - np.argmax(short[..., ::-1], axis=-1)
    found = np.where(short.any(axis=-1), last + 1.0, 1.0)
    return np.where(short[..., -1], NEVER, found)


def _worth(intervention: Intervention, values: Values, group: float) -> dict[str, Float64]:
    flows = project(intervention, values, group)
    years = intervention.method.horizon_years
    shape = max((np.shape(v) for v in values.values()), key=len)
    nothing = np.zeros((*shape[:-1], years)) if shape else np.zeros((1, years))
    kinds = {item.id: item.kind for item in intervention.avoided}
    paid = sum(flows.cost.values(), start=nothing)
    saved = sum((x for k, x in flows.saved.items() if kinds[k] == "money"), start=nothing)
    health = sum((x for k, x in flows.saved.items() if kinds[k] == "health"), start=nothing)
    cash = sum(flows.cash.values(), start=nothing)
    rate, health_rate = values["method.discount_rate"], values["method.health_discount_rate"]
    money = present_value(saved - paid, rate)
    return {
        "npv": money + present_value(health, health_rate),
        "npv_money": money,
        "npv_cash": present_value(cash - paid, rate),
        "payback": paid_back(paid, saved),
        "payback_cash": paid_back(paid, cash),
    }


def _draw(figure: Figure, draws: int, rng: np.random.Generator) -> Float64:
    if figure.low == figure.high:
        return np.full((draws, 1), figure.value)
    return rng.triangular(figure.low, figure.value, figure.high, (draws, 1))


def _crossing(steps: Float64, npv: Float64) -> float:
    turns = np.flatnonzero((npv[:-1] < 0) != (npv[1:] < 0))
    if not len(turns):
        return float("nan")
    at = int(turns[0])
    part = npv[at] / (npv[at] - npv[at + 1])
    return float(steps[at] + part * (steps[at + 1] - steps[at]))
