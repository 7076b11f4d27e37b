"""Errors of combined rules: one class a cause.

In: which choice breaks and what could be kept. Out: a sentence that says what to do.
"""

from __future__ import annotations

from budgets.errors import BudgetError, InfeasibleLimits


class UnknownRule(BudgetError):
    """A rule of sharing out does not exist."""

    rule = "the rule is one of proportional, damping, taper, convergence"
    remedy = "Choose one of them."


class UnknownLimitUnit(BudgetError):
    """The unit of a limit does not exist."""

    rule = "the unit of a limit is one of pounds, per head, per cent"
    remedy = "Choose one of them."


class UnknownChoice(BudgetError):
    """A choice of sharing out does not exist."""

    rule = "choices of sharing out are known by name"
    remedy = "Correct the name; docs/methods/budgets.md lists the choices."


class ChoiceNotUsable(BudgetError):
    """A figure of a choice is missing, no number, or outside the range in which it makes sense."""

    rule = "every choice is a number within its range"
    remedy = "Correct the figure."


class ChoiceWithoutUse(BudgetError):
    """A choice was made that the rule does not read."""

    rule = "only choices that the rule reads are made"
    remedy = "Leave the choice out, or take the rule that reads it."


class ChoiceMissing(BudgetError):
    """A choice, or a table it needs, is missing."""

    rule = "a rule has every choice it needs"
    remedy = "Make the choice, or give the table."


class FloorNotPayable(InfeasibleLimits):
    """A floor costs more than there is after the limits before it."""

    rule = "the floor can be paid together with the limits applied before it"


class CeilingNotEnough(InfeasibleLimits):
    """A ceiling leaves money that nobody may take, after the limits before it."""

    rule = "the ceiling leaves room for the whole total and for every floor"


class MatchNotEnough(InfeasibleLimits):
    """What the areas bring themselves does not draw the whole of the money to be matched."""

    rule = "own money of the areas matches the whole total and every floor"
    remedy = (
        "Match more for each pound (the nearest rate is named), let the areas bring more, or "
        "share out only what is drawn."
    )


class FencesTooLarge(InfeasibleLimits):
    """Ring-fenced money is more than the whole."""

    rule = "ring-fenced money is part of the total"


class FenceNotUsable(BudgetError):
    """A ring-fence names areas that do not exist, or no whole pence."""

    rule = "a ring-fence holds whole pence, 0 or more, for areas of the table"
    remedy = "Correct the amount or the codes."


class FenceTwice(BudgetError):
    """Two ring-fences have one purpose."""

    rule = "every ring-fence has a purpose of its own"
    remedy = "Join the two, or name them apart."
