"""Limits one after the other: each narrows what an area may get, or is refused.

In: bounds so far and the next limit in the user's unit. Out: narrower bounds; where they can no
longer hold the total, an error with the limit that breaks and the nearest value that can be kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from budgets.errors import InfeasibleLimits
from budgets.money import Float64, format_pounds
from budgets.pace_errors import ChoiceMissing
from budgets.sharing import exact_sum, figures

_ROUNDING = 1e-12
_HALVINGS = 120
_FARTHEST = 1e15


@dataclass(frozen=True, eq=False)
class Bounds:
    """Least and most of each area in pence, which areas stay, and what is shared."""

    low: Float64
    high: Float64
    kept: npt.NDArray[np.bool_]
    total: float

    def fault(self, wish: Float64 | None) -> str:
        """Say why the total cannot be shared within the bounds; empty where it can.

        `x = clip(k wish, low, high)` reaches from the sum of the floors to the ceilings of those
        who have a wish and the floors of those who have none.
        """
        crossed = int((self.low > self.high * (1 + _ROUNDING)).sum())
        if crossed:
            return f"in {crossed:,} areas it lies on the wrong side of a limit before it"
        least = exact_sum(self.low)
        if least > self.total * (1 + _ROUNDING):
            has = _pounds(self.total)
            return f"all floors together cost {_pounds(least)}, and there is only {has} to share"
        reach = self.high if wish is None else np.where(wish > 0, self.high, self.low)
        most = exact_sum(reach)
        if most < self.total * (1 - _ROUNDING):
            return f"at most {_pounds(most)} of {_pounds(self.total)} can be given"
        return ""


@dataclass(frozen=True, eq=False)
class Step:
    """One limit: its name, its figure, the unit of that, and the error that refuses it."""

    name: str
    figure: float | pd.Series
    unit: str
    error: type[InfeasibleLimits]

    @property
    def words(self) -> str:
        """The limit as a reader would write it."""
        if isinstance(self.figure, pd.Series):
            return f"figures by area ({self.unit})"
        return written(self.figure, self.unit)


def written(value: Any, unit: str) -> str:
    """Write a limit, or several, in its unit: nine figures, so that what is read can be kept."""
    if isinstance(value, list | tuple):
        return ", ".join(written(one, unit) for one in value)
    if unit == "per cent":
        return f"{float(value):+.9g} %" if float(value) else "0 %"
    if unit == "match":
        return f"{float(value):.9g} for each pound"
    return format_pounds(round(float(value) * 100)) + (" a person" if unit == "per head" else "")


def narrow(
    bounds: Bounds,
    step: Step,
    *,
    base: Float64,
    people: pd.Series | None,
    wish: Float64 | None,
    index: pd.Index,
) -> Bounds:
    """Apply one more limit, or refuse it with the nearest value that can be kept.

    Parameters
    ----------
    base
        Pence that a figure per cent grows, or that is matched.
    wish
        What the areas would get without further limits; None before the rule has said.

    Raises
    ------
    InfeasibleLimits
        Of the class of the step. `nearest` is in the unit of the limit, or, where each area has a
        figure of its own, the factor on the money that these figures stand for.
    """
    money = _money(step, base, people, index)
    done = _applied(bounds, step.name, money(1.0 if _each(step) else float(_scalar(step))))
    fault = done.fault(wish)
    if not fault:
        return done

    def holds(value: float) -> bool:
        return not _applied(bounds, step.name, money(value)).fault(wish)

    nearest = _nearest(step, holds)
    words = "no value can be kept"
    if nearest is not None:
        words = "the nearest that can be kept is " + (
            f"{nearest:.9g} times as much" if _each(step) else written(nearest, step.unit)
        )
    raise step.error(
        step.name,
        detail=f"{step.words}: {fault}; {words}",
        limit=step.name,
        nearest=nearest,
    )


def _applied(bounds: Bounds, name: str, money: Float64) -> Bounds:
    """Narrow the bounds of the areas that stay."""
    if name == "floor":
        low = np.where(bounds.kept, np.maximum(bounds.low, money), bounds.low)
        return replace(bounds, low=low)
    return replace(bounds, high=np.minimum(bounds.high, money))


def _money(
    step: Step, base: Float64, people: pd.Series | None, index: pd.Index
) -> Callable[[float], Float64]:
    """Return what a figure of the limit means in pence by area."""
    if step.unit == "per head":
        if people is None:
            raise ChoiceMissing("people", detail=f"a {step.name} per head needs them")
        unit = 100 * figures(people, "people", index)
    elif step.unit == "pounds":
        unit = np.full(len(base), 100.0)
    else:
        unit = base
    if isinstance(step.figure, pd.Series):
        shift = 100.0 if step.unit == "per cent" else 0.0
        each = figures(step.figure + shift, step.name, index)
        whole = unit * each / 100 if shift else unit * each
        return lambda factor: whole * factor
    if step.unit == "per cent":
        return lambda value: unit * (1 + value / 100)
    return lambda value: unit * value


def _nearest(step: Step, holds: Callable[[float], bool]) -> float | None:
    """Return the value next to the limit's own at which the total can be shared."""
    asked = 1.0 if _each(step) else _scalar(step)
    if step.name == "floor":
        good = -100.0 if step.unit == "per cent" and not _each(step) else 0.0
        if not holds(good):
            return None
    else:
        good = max(asked, 1e-6)
        while not holds(good):
            good *= 2
            if good > _FARTHEST:
                return None
    bad = asked
    for _ in range(_HALVINGS):
        middle = (good + bad) / 2
        good, bad = (middle, bad) if holds(middle) else (good, middle)
    return good


def _each(step: Step) -> bool:
    return isinstance(step.figure, pd.Series)


def _scalar(step: Step) -> float:
    assert not isinstance(step.figure, pd.Series)
    return step.figure


def _pounds(pence: float) -> str:
    return format_pounds(round(pence))
