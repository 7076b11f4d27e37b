"""Errors of prevention: one class a cause.

In: what is wrong in the file of an intervention, or does not fit the place. Out: a sentence.
"""

from __future__ import annotations

from budgets.errors import BudgetError, InfeasibleLimits


class InterventionMissing(BudgetError):
    """There is no such file, and no shipped intervention of that name."""

    rule = "an intervention is a TOML file, or the name of one that is shipped"
    remedy = "Check the path, or take one of the names that are listed."


class InterventionUnreadable(BudgetError):
    """The file of an intervention is not TOML."""

    rule = "the file of an intervention is TOML in UTF-8"
    remedy = "Correct the line that is named."


class InterventionNotUnderstood(BudgetError):
    """A key of an intervention is missing, unknown, or holds what it cannot hold."""

    rule = "an intervention says who is eligible, reach, cost, effect, lag and what is avoided"
    remedy = "Correct the keys that are named; docs/methods/budgets.md lists them."


class UnknownAssumption(BudgetError):
    """A figure is to be moved that the intervention does not have."""

    rule = "only assumptions of the intervention can be moved"
    remedy = "Take one of the keys in its list of assumptions."


class ReachTooFar(InfeasibleLimits):
    """More people are reached over the years than are eligible."""

    rule = "new people are reached each year, all together no more than are eligible"
    remedy = "Lower the reach to the nearest rate, or say that the same people come again."


class NobodyEligible(BudgetError):
    """Nobody in the place is eligible, so that there is nowhere to spend the money."""

    rule = "somebody in the place is eligible"
    remedy = "Check the column that counts the group."


class EligibleUnknown(BudgetError):
    """The place does not count the group that is eligible."""

    rule = "the eligible group is counted in a column of the place's table or indicators"
    remedy = "Name one of the columns that there are, or add the count to the place."


class DrawsOutOfRange(BudgetError):
    """Too few or too many draws."""

    rule = "an interval is made from 100 to 100,000 draws"
    remedy = "Choose a number in between."
