"""Errors of making a scenario choice by choice.

In: which entry or figure was asked for. Out: a sentence that says what to do.
"""

from __future__ import annotations

from data.errors import DataError


class NoSuchEntry(DataError):
    """A choice is to be changed that is not in the scenario, or of a kind that cannot be made."""

    rule = "a choice that is made, changed, moved or taken out is one of the scenario"
    remedy = "Open the scenario again; somebody may have changed it meanwhile."


class NotRates(DataError):
    """Yearly figures that cannot be read."""

    rule = "yearly figures are numbers in per cent, at most ten, with commas between them"
    remedy = "Write for example 2 for every year, or 2.5, 2, 1 for one year after the other."
