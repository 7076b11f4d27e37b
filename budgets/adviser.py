"""The adviser on levels: at which level one service is best held, and what forces each step up.

In: a `Case` with its `LevelFacts`, and service parameters. Out: `Advice`: every level judged in
pounds, those that are not possible with the reason, the level that should lead, the one that should
have a say, and what other parameters would change. Words are made of it in `adviser_words`.

The way: begin at the lowest possible level; go up while something forces a step (reserve, scale,
spillover, borders); stop at the first level where nothing does. [own rule; methods, section 4]
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets import adviser_measures as measures
from budgets.adviser_facts import Case, LevelFacts
from budgets.adviser_services import Parameter, Services, may_hold
from budgets.levels_errors import NoLevelToAdvise

# Why a level is not possible, and what forces a step up from one that is.
NOBODY, NOT_THEIRS, BY_LAW, REACH, TWICE = "nobody", "not theirs", "by law", "reach", "twice"
RESERVE, SCALE, SPILLOVER, BORDERS = "reserve", "scale", "spillover", "borders"
FIGURES = (
    "chance", "overspend", "common_shock", "reserve_counts", "fixed", "excess", "contained",
    "crossing", "tailoring", "fit", "reach", "recorded", "close", "k", "unit_people", "unit_cost",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Judged:
    """One level, judged. Money in pounds a year, for the part of it that falls in the place.

    Attributes
    ----------
    facts
        The level.
    excluded
        Why it is not possible; empty where it is.
    forces
        What forces a step up from it.
    chance
        Chance that a typical area ends the year over the limit; 0 where the bill does not follow
        demand.
    reserve, running, idle, spillover, tailoring
        Reserve that all areas need together; fixed costs; units that stand idle; cost of what is
        used elsewhere; worth of answering differences in need.
    cost
        `reserve x its weight + running + idle + spillover - tailoring`.
    idle_share
        Idle part of indivisible units, 0 without them.
    break_even
        People from which one of its areas is worth what it costs.
    """

    facts: LevelFacts
    excluded: tuple[str, ...]
    forces: tuple[str, ...]
    chance: float
    reserve: float
    running: float
    idle: float
    spillover: float
    tailoring: float
    cost: float
    idle_share: float
    break_even: float

    @property
    def possible(self) -> bool:
        """Whether nothing speaks against it that cannot be paid for."""
        return not self.excluded


@dataclass(frozen=True, eq=False)
class Advice:
    """What is advised for one service.

    Attributes
    ----------
    case, values
        The service, and the figures that were used.
    levels
        Every level judged, from the smallest areas to the largest.
    lead
        The level that should hold the money; None where none is possible, or the service cannot be
        placed.
    say
        The level that should have a say, where the best two are close; else None.
    stands
        Whether nothing forces a step up from the lead; else it is the cheapest possible level.
    sensitivity
        One row a parameter and end of its range: `parameter, value, lead, changed`.
    """

    case: Case
    values: Mapping[str, float]
    levels: tuple[Judged, ...]
    lead: Judged | None
    say: Judged | None
    stands: bool
    sensitivity: pd.DataFrame

    @property
    def budget(self) -> float:
        """Pounds of the service that fall in the place."""
        return float(self.levels[-1].facts.pounds.sum()) if self.levels else 0.0

    def to_frame(self) -> pd.DataFrame:
        """Return one row a level, in pounds."""
        rows = [_row(self, judged) for judged in self.levels]
        return pd.DataFrame(rows)


def advise(case: Case, levels: Sequence[LevelFacts], services: Services) -> Advice:
    """Judge every level for one service and say which should lead.

    Raises
    ------
    NoLevelToAdvise
        There is no level with people in it, though the money is for somebody.
    """
    if not levels and case.people.any():
        raise NoLevelToAdvise("levels")
    values = figures(case, services)
    theirs = _theirs(case, levels, services)
    judged, lead, say, stands = _choose(case, levels, values, theirs)
    rows = []
    for name, parameter in _ranges(case, services).items():
        for value in dict.fromkeys((parameter.low, parameter.high)):
            if value == parameter.value:
                continue
            other = _choose(case, levels, {**values, name: value}, theirs)[1]
            there = "" if other is None else other.facts.site.id
            here = "" if lead is None else lead.facts.site.id
            rows.append(
                {"parameter": name, "value": value, "lead": there, "changed": there != here}
            )
    columns = ["parameter", "value", "lead", "changed"]
    table = pd.DataFrame(rows, columns=columns)
    return Advice(case, values, judged, lead, say, stands, table)


def figures(case: Case, services: Services) -> dict[str, float]:
    """Return the figures for a service by name; what is not known is left out."""
    return {name: parameter.value for name, parameter in _ranges(case, services).items()}


def _ranges(case: Case, services: Services) -> dict[str, Parameter]:
    found = {name: services.parameter(case.service, name) for name in FIGURES}
    return {name: parameter for name, parameter in found.items() if parameter is not None}


def _theirs(case: Case, levels: Sequence[LevelFacts], services: Services) -> frozenset[str]:
    """Return the levels whose body is of a kind that may hold the money."""
    today = next((one.site.body for one in levels if one.site.id == case.today), "")
    return frozenset(
        one.site.id
        for one in levels
        if may_hold(case.service, one.site.body, today=today, services=services)
    )


def _choose(
    case: Case,
    levels: Sequence[LevelFacts],
    values: Mapping[str, float],
    theirs: frozenset[str],
) -> tuple[tuple[Judged, ...], Judged | None, Judged | None, bool]:
    """Judge the levels; return them, the lead, who has a say, and whether the lead stands."""
    judged = tuple(judge(case, facts, values, theirs=theirs) for facts in levels)
    possible = [one for one in judged if one.possible]
    if not possible or (case.service is not None and not case.service.divisible):
        return judged, None, None, False
    standing = [one for one in possible if not one.forces]
    # Of levels that all call for a step up, the cheapest is the least bad.
    lead = standing[0] if standing else min(possible, key=lambda one: one.cost)
    today = next((one for one in standing if one.facts.site.id == case.today), None)
    if today is not None and today.cost < lead.cost:
        # Closer is not better where it costs more than it brings: then a say is enough.
        return judged, today, lead, True
    # A larger level that costs the very same would hold the same money in the same way.
    rivals = [one for one in possible if one is not lead and abs(one.cost - lead.cost) >= 1]
    if not rivals:
        return judged, lead, None, bool(standing)
    second = min(rivals, key=lambda one: one.cost)
    budget = float(lead.facts.pounds.sum())
    close = abs(second.cost - lead.cost) <= values["close"] * budget
    if not close:
        return judged, lead, None, bool(standing)
    if second.facts.site.id == case.today and not second.forces:
        # Too close to call is no reason to move what works where it is.
        lead, second = second, lead
    return judged, lead, second, bool(standing)


def judge(
    case: Case, facts: LevelFacts, values: Mapping[str, float], *, theirs: frozenset[str]
) -> Judged:
    """Judge one level for one service; `theirs` are the levels whose body may hold the money.

    Reserve and its test are for bills that follow demand; scale counts a fixed cost an area and
    units that cannot be divided; spillover what residents use elsewhere. A level that serves more
    than the place bears a part of its costs only.
    """
    budget = float(facts.pounds.sum())
    part = np.divide(
        facts.inside, facts.people, out=np.zeros_like(facts.people), where=facts.people > 0
    )
    chance = held = 0.0
    if case.demand_led and "k" in values:
        cv = measures.variation(facts.people, k=values["k"], common_shock=values["common_shock"])
        held = measures.reserve(facts.pounds, cv, chance=values["chance"])
        typical = measures.variation(
            facts.typical, k=values["k"], common_shock=values["common_shock"]
        )
        chance = measures.chance_over(values["overspend"], float(typical))
    running = values["fixed"] * float(part.sum())
    idle, idle_share = _idle(facts, part, values)
    spillover = 0.0
    if not math.isnan(facts.contained):
        spillover = values["crossing"] * (1.0 - facts.contained) * budget
    between = 0.0 if math.isnan(facts.between) else facts.between
    tailoring = values["tailoring"] * between * budget
    cost = values["reserve_counts"] * held + running + idle + spillover - tailoring
    return Judged(
        facts=facts,
        excluded=_excluded(case, facts, values, theirs),
        forces=_forces(facts, values, chance, (running + idle) / budget if budget else 0.0),
        chance=chance,
        reserve=held,
        running=running,
        idle=idle,
        spillover=spillover,
        tailoring=tailoring,
        cost=cost,
        idle_share=idle_share,
        break_even=_break_even(case, facts, values, between),
    )


def _excluded(
    case: Case, facts: LevelFacts, values: Mapping[str, float], theirs: frozenset[str]
) -> tuple[str, ...]:
    today = facts.site.id == case.today
    reasons = []
    if not today:
        if not facts.site.body:
            reasons.append(NOBODY)
        elif facts.site.id not in theirs:
            reasons.append(NOT_THEIRS)
        elif case.service and case.service.duty and not case.service.duty.delegable:
            reasons.append(BY_LAW)
    # What lies outside today's level of the money cannot be blamed on it.
    if facts.reached < values["reach"] and not today:
        reasons.append(REACH)
    if facts.twice > 1.0 - values["reach"] and not today:
        reasons.append(TWICE)
    return tuple(reasons)


def _forces(
    facts: LevelFacts, values: Mapping[str, float], chance: float, running: float
) -> tuple[str, ...]:
    found = []
    if chance > values["chance"]:
        found.append(RESERVE)
    if running > values["excess"]:
        found.append(SCALE)
    if facts.contained < values["contained"]:  # False where it is not known
        found.append(SPILLOVER)
    if facts.fit < values["fit"]:
        found.append(BORDERS)
    return tuple(found)


def _idle(facts: LevelFacts, part: np.ndarray, values: Mapping[str, float]) -> tuple[float, float]:
    """Return the yearly cost of idle units, the place's part, and their idle share."""
    if "unit_people" not in values:
        return 0.0, 0.0
    capacity = values["unit_people"]
    idle = np.ceil(facts.people / capacity - 1e-9) - facts.people / capacity
    share = measures.idle_share(facts.people, capacity=capacity)
    return values["unit_cost"] * float((idle * part).sum()), share


def _break_even(
    case: Case, facts: LevelFacts, values: Mapping[str, float], between: float
) -> float:
    """Return the population from which an area is worth what it costs, reserve and fixed costs."""
    people, budget = float(facts.inside.sum()), float(facts.pounds.sum())
    if not people or not budget:
        return math.inf
    a_head = budget / people
    risky = case.demand_led and "k" in values

    def cost(count: float) -> float:
        held = 0.0
        if risky:
            cv = measures.variation(count, k=values["k"], common_shock=values["common_shock"])
            held = values["reserve_counts"] * measures.tail(values["chance"]) * float(cv) * a_head
        return held + values["fixed"] / count

    return measures.break_even(cost, values["tailoring"] * between * a_head)


def _row(advice: Advice, judged: Judged) -> dict[str, object]:
    facts = judged.facts
    money = {
        name: round(getattr(judged, name), 2)
        for name in ("reserve", "running", "idle", "spillover", "tailoring", "cost")
    }
    role = "lead" if judged is advice.lead else "say" if judged is advice.say else ""
    return {
        "service": advice.case.title,
        "level": facts.site.id,
        "title": facts.site.title,
        "today": facts.site.id == advice.case.today,
        "advice": role,
        "areas": len(facts.people),
        "typical_people": round(facts.typical),
        "smallest_people": round(float(facts.people.min())),
        "budget_pounds": round(float(facts.pounds.sum()), 2),
        "not_possible": "; ".join(judged.excluded),
        "step_up": "; ".join(judged.forces),
        "chance_over": round(judged.chance, 4),
        **{f"{name}_pounds": amount for name, amount in money.items()},
        "self_contained": round(facts.contained, 4),
        "need_between": round(facts.between, 4),
        "fit": round(facts.fit, 4),
        "reached": round(facts.reached, 4),
        "break_even_people": round(judged.break_even)
        if math.isfinite(judged.break_even)
        else math.nan,
    }
