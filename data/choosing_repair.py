"""What can be kept instead of a limit that cannot: the nearest value, tried before it is offered.

In: a result, a scenario and the error that refused it. Out: `Fix`: which figure of which entry
becomes what, and the scenario with it; or which entry the error is about.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from budgets import scenario
from budgets.pace_limits import written
from budgets.scenario import Context, Scenario
from data.choosing import entry, with_entry
from data.choosing_entries import changed
from data.run import Result
from data.scenarios import context_of
from geo.errors import CommonGroundError, SeveralFaults

# Which way a limit gives: a floor goes down until it can be paid, a ceiling up.
DOWN: Final = ("floor", "fixed", "minimum", "growth", "far_growth")
UP: Final = ("ceiling", "cap", "match", "per_cent", "amount")
BY_YEAR: Final = ("growth", "far_growth", "cap")
_SPOT = re.compile(r"scenario [a-z0-9_-]+, \[\[(change|join|share|devolve)\]\] number (\d+)")
_DIGITS: Final = (2, 4, 6, 9)
_ROUNDS: Final = 24  # a figure of its own for each of many years may break one after the other


@dataclass(frozen=True)
class Spot:
    """An entry of a scenario, its number counted from 1."""

    part: str
    number: int


@dataclass(frozen=True)
class Fix:
    """The nearest that can be kept.

    Attributes
    ----------
    spot, key
        The entry, and the key in it.
    asked, value
        What it says, and what can be kept in its place.
    unit
        `per cent`, `per head`, `pounds` or `match`.
    scenario
        The scenario with the value taken.
    """

    spot: Spot
    key: str
    asked: Any
    value: Any
    unit: str
    scenario: Scenario

    @property
    def words(self) -> str:
        """The value with its unit."""
        return written(self.value, self.unit)


def spots(error: CommonGroundError) -> list[Spot]:
    """Return the entries that an error is about, each once; none where it names none."""
    found = []
    for fault in _faults(error):
        match = _SPOT.match(fault.where)
        if match:
            found.append(Spot(match[1], int(match[2])))
    return list(dict.fromkeys(found))


def nearest(result: Result, chosen: Scenario, error: CommonGroundError) -> Fix | None:
    """Return the nearest value that can be kept in the place of the limit that breaks.

    The value is rounded to as few decimals as it can be, on the side on which it can be kept, and
    tried: it is offered only where this limit then no longer breaks.

    Parameters
    ----------
    result
        The run that the scenario starts from, with the money that may not be shown in it.
    """
    begun = _limit(error)
    if begun is None:
        return None
    spot, key, _ = begun
    context = context_of(result)
    now, last = chosen, error
    for _ in range(_ROUNDS):
        found = _limit(last)
        if found is None or (found[0], _family(found[1])) != (spot, _family(key)):
            break
        step = _stepped(result, now, last, found, context)
        if step is None:
            return None
        now, fault = step
        if fault is None:
            break
        last = fault
    else:
        return None
    asked, held = (entry(made, spot.part, spot.number) for made in (chosen, now))
    shown = key if key in held else _family(key)
    return Fix(spot, shown, asked.get(shown), held[shown], _unit(held, shown), now)


def without_limit(chosen: Scenario, error: CommonGroundError) -> Scenario | None:
    """Return the scenario without the limit that breaks; None where it cannot do without it."""
    found = _limit(error, at_all=True)
    if found is None:
        return None
    spot, key, _ = found
    before = entry(chosen, spot.part, spot.number)
    after = changed(spot.part, before, key, None)
    if spot.part != "share" or key not in before or after == before:
        return None
    return with_entry(chosen, spot.part, spot.number, after)


def _faults(error: CommonGroundError) -> tuple[CommonGroundError, ...]:
    return error.faults if isinstance(error, SeveralFaults) else (error,)


def _limit(error: CommonGroundError, *, at_all: bool = False) -> tuple[Spot, str, float] | None:
    """Return where a limit breaks, which one, and the nearest that is named."""
    for fault in _faults(error):
        match = _SPOT.match(fault.where)
        key, near = fault.fields.get("limit"), fault.fields.get("nearest")
        if match is None or key not in (*DOWN, *UP):
            continue
        if near is None or not math.isfinite(near):
            if not at_all:
                continue
            near = 0.0
        return Spot(match[1], int(match[2])), str(key), float(near)
    return None


def _stepped(
    result: Result,
    chosen: Scenario,
    error: CommonGroundError,
    found: tuple[Spot, str, float],
    context: Context,
) -> tuple[Scenario, CommonGroundError | None] | None:
    """Take the nearest value; return the scenario and what still refuses it, if anything does."""
    spot, key, near = found
    year = next((f.fields["year"] for f in _faults(error) if "year" in f.fields), 1)
    if isinstance(error.fields.get("limit"), str) and "of both can be paid" in error.detail:
        # With promised growth the refusal names a factor on the minimum.
        near *= float(entry(chosen, spot.part, spot.number)[key])
    tried: tuple[Scenario, CommonGroundError] | None = None
    for value in _rounded(near, key):
        candidate = _with_figure(chosen, spot, key, value, year)
        try:
            scenario.ledger_of(candidate, result.ledger, context)
        except CommonGroundError as fault:
            again = _limit(fault)
            same = again is not None and again[:2] == (spot, key)
            if not same or _year(fault) != year:
                return candidate, fault
            tried = (candidate, fault)
        else:
            return candidate, None
    return tried


def _year(error: CommonGroundError) -> int:
    return int(next((f.fields["year"] for f in _faults(error) if "year" in f.fields), 1))


def _family(key: str) -> str:
    """Return the key that stands for the others that go with it: both growths are one promise."""
    return "growth" if key == "far_growth" else key


def _rounded(value: float, key: str) -> Iterator[float]:
    """Round to ever more decimals, towards the side on which the limit can be kept."""
    towards = math.floor if key in DOWN else math.ceil
    for digits in _DIGITS:
        yield towards(value * 10**digits) / 10**digits
    yield value


def _with_figure(chosen: Scenario, spot: Spot, key: str, value: float, year: int) -> Scenario:
    held = entry(chosen, spot.part, spot.number)
    if key == "amount":
        held[key] = f"{value:.2f}"
    elif key in BY_YEAR:
        for name in _together(key, held):
            figures = list(held.get(name, [])) or [0.0]
            figures += figures[-1:] * (year - len(figures))
            figures[year - 1] = value
            # The last figure holds on: the years after must not rise above what can be kept.
            held[name] = figures
    else:
        held[key] = value
    return with_entry(chosen, spot.part, spot.number, held)


def _together(key: str, held: dict[str, Any]) -> tuple[str, ...]:
    """Return the keys that take a figure together: far growth never lies above growth."""
    if key != "far_growth":
        return (key,)
    return ("growth", "far_growth") if "far_growth" in held else ("growth",)


def _unit(held: dict[str, Any], key: str) -> str:
    if key in ("floor", "ceiling"):
        return str(held.get("unit", "pounds"))
    if key in (*BY_YEAR, "per_cent"):
        return "per cent"
    return "match" if key == "match" else "pounds"
