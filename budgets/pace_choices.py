"""Choices of sharing out, as a scenario makes them.

In: a table of a scenario document. Out: `Choices` and `Fence`, checked; all faults at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import pandas as pd

from budgets.pace_errors import (
    ChoiceMissing,
    ChoiceNotUsable,
    ChoiceWithoutUse,
    UnknownChoice,
    UnknownLimitUnit,
    UnknownRule,
)
from geo.errors import Faults

RULES = ("proportional", "damping", "taper", "convergence")
UNITS = ("pounds", "per head", "per cent")
MOST = 1e13

Yearly = float | tuple[float, ...] | None
Figure = float | pd.Series | None
# Choices that may be one figure a year.
BY_YEAR = ("growth", "far_growth", "cap")


@dataclass(frozen=True, eq=False)
class Choices:
    """What a scenario says about sharing one total out.

    Attributes
    ----------
    rule
        `proportional` to need; `damping`: the same part of every gap between floor and target;
        `taper`: growth that tapers off above target; `convergence`: new money only.
    floor, ceiling
        One figure for all areas or one for each, in `unit`.
    unit
        `pounds`; `per head`; `per cent`, growth on the baseline: -2 is 98 % of it.
    fixed
        Pounds that each area with need gets before the rest follows need; part of its target.
    minimum
        Smallest amount worth having, in pounds: an area gets it or nothing.
    match
        Most pounds for each pound that an area brings itself.
    growth, far_growth
        `taper`: growth in per cent up to 5 % above target and beyond 10 %; one figure or one a
        year. `far_growth` is 0, or `growth` where that is lower.
    cap
        `convergence`: most growth of an area in per cent, one figure or one a year.
    """

    rule: str = "proportional"
    floor: Figure = None
    ceiling: Figure = None
    unit: str = "pounds"
    fixed: float | None = None
    minimum: float | None = None
    match: float | None = None
    growth: Yearly = None
    far_growth: Yearly = None
    cap: Yearly = None

    def __post_init__(self) -> None:
        faults = Faults("sharing out")
        if self.rule not in RULES:
            faults.add(UnknownRule("rule", found=[self.rule]))
        if self.unit not in UNITS:
            faults.add(UnknownLimitUnit("unit", found=[self.unit]))
        least = -100.0 if self.unit == "per cent" else 0.0
        for name, low in (
            ("floor", least),
            ("ceiling", least),
            ("fixed", 0.0),
            ("minimum", 0.0),
            ("match", 0.0),
            ("growth", -100.0),
            ("far_growth", -100.0),
            ("cap", 0.0),
        ):
            value = getattr(self, name)
            wrong = _unusable(value, low)
            if name not in BY_YEAR and isinstance(value, tuple):
                faults.add(ChoiceNotUsable(name, found=[list(value)], detail="one for all years"))
            elif wrong:
                detail = f"a number from {low:g}"
                faults.add(ChoiceNotUsable(name, found=wrong, detail=detail))
        for rule, name in (("taper", "growth"), ("taper", "far_growth"), ("convergence", "cap")):
            if self.rule != rule and getattr(self, name) is not None:
                faults.add(ChoiceWithoutUse(name, detail=f"{self.rule} does not read it"))
        if self.rule == "convergence" and self.minimum is not None:
            detail = "convergence cuts nobody, and a minimum would"
            faults.add(ChoiceWithoutUse("minimum", detail=detail))
        needs = {"damping": "floor", "taper": "growth"}.get(self.rule)
        if needs is not None and getattr(self, needs) is None:
            faults.add(ChoiceMissing(needs, detail=f"{self.rule} needs it"))
        faults.raise_any()

    @classmethod
    def of(cls, table: Mapping[str, object]) -> Self:
        """Read choices from a table of a document; lists stand for figures by year.

        Raises
        ------
        UnknownChoice, UnknownRule, UnknownLimitUnit, ChoiceNotUsable, ChoiceWithoutUse,
        ChoiceMissing
        """
        known = [field.name for field in fields(cls)]
        unknown = [key for key in table if key not in known]
        if unknown:
            raise UnknownChoice("sharing out", found=unknown, detail=f"known: {', '.join(known)}")
        made = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
        return cls(**made)  # type: ignore[arg-type]

    def of_year(self, name: str, year: int) -> float | None:
        """Return the figure of a choice in a year; the last one given holds on.

        Raises
        ------
        ChoiceMissing
            The list is empty.
        """
        value = getattr(self, name)
        if isinstance(value, tuple):
            if not value:
                raise ChoiceMissing(name, detail="the list of years is empty")
            return float(value[min(year, len(value)) - 1])
        return None if value is None else float(value)


@dataclass(frozen=True)
class Fence:
    """Money for one purpose in some areas, kept apart from the rest.

    Attributes
    ----------
    purpose
        What it is for.
    pence
        Whole pence.
    areas
        Codes of the areas that may have it; empty for all.
    """

    purpose: str
    pence: int
    areas: tuple[str, ...] = ()


def _unusable(value: object, low: float) -> list[object]:
    """Return what is no finite number from `low` on."""
    if value is None:
        return []
    if isinstance(value, pd.Series):
        return [f"{k}: {v}" for k, v in value.items() if _wrong(v, low)]
    each = value if isinstance(value, tuple) else (value,)
    return [v for v in each if _wrong(v, low)]


def _wrong(value: object, low: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return not (math.isfinite(value) and low <= value <= MOST)
