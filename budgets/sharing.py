"""What the rules of sharing out have in common: the carrier, limits, and whole pence.

In: amounts and limits by area, as a user gives them. Out: checked arrays, limits in money, and
`Shared`, the result of every rule, which can be rounded to whole pence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from budgets.errors import FiguresNotUsable, ParameterOutOfRange, PenceLost
from budgets.money import Float64
from budgets.need import in_order

Limit = pd.Series | float | None
_FLOATING = 1e-11


@dataclass(frozen=True, eq=False)
class Shared:
    """A total shared out by a rule.

    Attributes
    ----------
    amounts
        float64 by area; adds up to the total within rounding of floating point.
    total
        What was shared out.
    rule
        Name of the rule.
    parameter
        What the rule solved for: the amount for each unit of need, the part of the gap that is
        closed ...
    binding
        For each area `floor`, `ceiling`, `none` (nothing given) or ``.
    steps
        What was applied in which order, in sentences; filled by `budgets.pace`.
    fenced
        int64 pence (n_areas, n_purposes): the part of the amounts that ring-fences keep apart.
    """

    amounts: pd.Series
    total: float
    rule: str
    parameter: float
    binding: pd.Series
    steps: tuple[str, ...] = ()
    fenced: pd.DataFrame | None = None

    def to_pence(self) -> pd.Series:
        """Round to whole pence that add up to the total exactly; int64 by area.

        Each amount is rounded down, the pence left over go to the largest remainders, ties to the
        smaller code. An amount that is whole pence stays as it is, so limits in whole pence are
        kept exactly and others to within a penny.
        """
        return whole_pence(self.amounts, total=round(self.total))


def limits(
    baseline: pd.Series, value: float | pd.Series, *, unit: str, people: pd.Series | None = None
) -> pd.Series:
    """Turn a limit into money by area.

    Parameters
    ----------
    value
        One figure for all areas, or one for each.
    unit
        `money` as it is; `per person` times people; `per cent` growth on the baseline: -2 is 98 %
        of it.

    Raises
    ------
    ParameterOutOfRange
        The unit is unknown, or `per person` comes without people.
    """
    each = value if isinstance(value, pd.Series) else pd.Series(value, baseline.index)
    figure = in_order(each, baseline.index, where="limit")
    if unit == "money":
        money = figure
    elif unit == "per cent":
        money = figures(baseline, "baseline") * (1 + figure / 100)
    elif unit == "per person" and people is not None:
        money = figure * figures(people, "people", baseline.index)
    else:
        detail = "money, per cent, or per person with people"
        raise ParameterOutOfRange("unit", found=[unit], detail=detail)
    return pd.Series(money, baseline.index, name="limit")


def whole_pence(amounts: pd.Series, *, total: int) -> pd.Series:
    """Round amounts that add up to a whole total to whole pence; see `Shared.to_pence`.

    Raises
    ------
    PenceLost
        The amounts do not add up to the total.
    """
    exact = amounts.to_numpy(dtype=np.float64)
    down = np.floor(exact)
    pence = down.astype(np.int64)
    left = int(total) - int(pence.sum())
    off = math.fsum(exact) - total
    if abs(off) > max(0.5, _FLOATING * total) or abs(left) > len(pence) + abs(off):
        raise PenceLost("amounts", detail=f"they add up to {total + off:.6f}, not {total:,}")
    # Remainders that differ in the last bits only are ties: they are compared in 1024ths.
    remainder = np.rint((exact - down) * 1024)
    code = pd.factorize(amounts.index.to_numpy(dtype=object), sort=True)[0]
    order = np.lexsort((code, -remainder))
    # Amounts of 10^15 pence are known to an eighth of a penny: their floors may miss by more than
    # one penny an area, or exceed the total, by what floating point rounded and no more.
    while left:
        step = min(abs(left), len(pence))
        if left > 0:
            pence[order[:step]] += 1
        else:
            taken = order[::-1]
            pence[taken[pence[taken] > 0][:step]] -= 1
        left = int(total) - int(pence.sum())
    return pd.Series(pence, index=amounts.index, name="amount_pence")


def figures(values: pd.Series, where: str, index: pd.Index | None = None) -> Float64:
    """Return figures by area as float64, or raise `FiguresNotUsable` with the areas at fault."""
    amount = in_order(values, values.index if index is None else index, where=where)
    wrong = ~(np.isfinite(amount) & (amount >= 0))
    if wrong.any():
        raise FiguresNotUsable(where, found=(values.index if index is None else index)[wrong])
    return amount


def exact_sum(values: Float64 | pd.Series) -> float:
    """Return the sum rounded once.

    Sums by numpy end in different last bits on machines with registers of different width; money
    shared by them would differ too.
    """
    return math.fsum(values.tolist())


def total_of(total: float) -> float:
    """Return the total as a float, or raise `FiguresNotUsable`."""
    if not (np.isfinite(total) and total >= 0):
        raise FiguresNotUsable("total", found=[total])
    return float(total)


def limit_of(value: Limit, index: pd.Index, where: str, default: float) -> Float64:
    """Return a limit for each area: one of its own, the same for all, or none (the default)."""
    if value is None:
        return np.full(len(index), default)
    each = value if isinstance(value, pd.Series) else pd.Series(float(value), index)
    return figures(each, where, index)


def shared(
    amounts: Float64,
    index: pd.Index,
    total: float,
    rule: str,
    parameter: float,
    binding: npt.NDArray[np.str_] | None = None,
) -> Shared:
    """Put a result together."""
    labels = np.full(len(index), "", dtype="<U7") if binding is None else binding
    return Shared(
        amounts=pd.Series(amounts, index, name="amount"),
        total=float(total),
        rule=rule,
        parameter=float(parameter),
        binding=pd.Series(labels, index, name="binding", dtype="str"),
    )
