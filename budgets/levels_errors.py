"""Errors of levels and of the adviser: one class a cause.

In: what was wrong, and where. Out: a sentence that says what to do.
"""

from __future__ import annotations

from budgets.errors import BudgetError, FiguresNotUsable


class DevolvedUnknown(BudgetError):
    """Money is to be devolved of a stream, or to a level, that is not there."""

    rule = "money is devolved of a stream of the ledger and to a level of the place"
    remedy = "Correct the id of the stream or of the level."


class DevolvedWhereHeld(BudgetError):
    """Money is to be devolved to the level that holds it already."""

    rule = "money is devolved to another level than the one that holds it"
    remedy = "Choose another level, or leave the money where it is."


class DevolvedTooMuch(BudgetError):
    """The shares of one stream that are devolved are not shares, or are more than the whole."""

    rule = "devolved shares lie above 0 and add up to no more than 1 for each stream"
    remedy = "Lower the shares; 0.2 devolves a fifth."


class ServicesNotUnderstood(BudgetError):
    """The file of service parameters breaks a rule of its schema."""

    rule = "each parameter has a value in its range, a unit, a date, a status and a reference"
    remedy = "Complete it; a figure without a source has the status `own` and says why."


class UnknownService(BudgetError):
    """A service is named that the file of service parameters does not hold."""

    rule = "the service is one of those in the file of service parameters"
    remedy = "Choose one of them, or add it with its parameters and their references."


class FlowsNotUsable(FiguresNotUsable):
    """Use flows name areas that do not exist, or count fewer than no uses."""

    rule = "use flows go from base area to base area and count 0 or more uses"
    remedy = "Correct the codes, or the counts of uses."


class NoLevelToAdvise(BudgetError):
    """There is no level between which to choose."""

    rule = "the place has at least one level with people in it"
    remedy = "Mark layers as levels in place.toml."
