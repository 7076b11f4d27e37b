"""Errors of money that is built from counts which may not be shown.

In: what was wrong with flags, counts or streams. Out: a sentence that says what to do.
"""

from __future__ import annotations

from budgets.errors import BudgetError


class FlagsDoNotFit(BudgetError):
    """Flags name a stream that is not there, lack an area, or say what no flag says."""

    rule = "flags name streams of the ledger and one of '', rounded or hidden for each of its areas"
    remedy = "Take the flags from the disclosure rule of the counts, over the ledger's own areas."


class CannotBeHidden(BudgetError):
    """Money that may not be shown follows from the amount of its stream, whatever is hidden."""

    rule = "money built from counts that may not be shown must have other money to hide among"
    remedy = (
        "Show this stream for the whole place only: it has one area, whose money is its amount."
    )
