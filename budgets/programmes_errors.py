"""Errors of the register of programmes: one class a cause.

In: what was wrong, in which row. Out: a sentence that says what to do.
"""

from __future__ import annotations

from budgets.errors import BudgetError


class ProgrammeColumnsMissing(BudgetError):
    """A column of the register is missing."""

    rule = "the register of programmes has all its columns"
    remedy = "Add them; docs/methods/budgets.md lists what each holds."


class EmptyProgrammeField(BudgetError):
    """A field that every programme needs is empty."""

    rule = "id, title, lead and theme of every programme are filled in"
    remedy = "Fill them in; the lead is an organisation, not a person."


class DuplicateProgramme(BudgetError):
    """Two programmes have the same id."""

    rule = "every programme has an id of its own"
    remedy = "Rename one, or remove the row that was entered twice."


class UnknownRole(BudgetError):
    """A programme or partnership has a role that does not exist."""

    rule = "role is one of strategic, operational, consultative"
    remedy = "Choose one of them: who decides, who does, who is heard."


class UnknownImportance(BudgetError):
    """A programme has an importance that does not exist."""

    rule = "importance is one of critical, desirable, peripheral"
    remedy = "Choose one of them."


class EndNotUnderstood(BudgetError):
    """The end of a programme is not written as a date."""

    rule = "ends is a date like 2027-03-31, or empty for a programme without an end"
    remedy = "Write year, month and day with dashes; 31/03/2027 is refused rather than guessed at."


class ProgrammeBelowNought(BudgetError):
    """The money of a programme is negative."""

    rule = "the money of a programme is 0 or more, or not stated"
    remedy = "Enter what it spends; an income belongs into the table of streams."
