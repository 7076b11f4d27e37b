"""Errors of scenarios: one class a cause.

In: what was wrong, in which entry of a scenario. Out: a sentence that says what to do. Limits that
cannot be kept carry `limit`, the one that breaks, and `nearest`, the nearest value that can be.
"""

from __future__ import annotations

from budgets.errors import BudgetError, InfeasibleLimits


class ScenarioUnreadable(BudgetError):
    """A scenario that is neither TOML nor JSON."""

    rule = "a scenario is a TOML document, or the same as JSON"
    remedy = "Correct the line that is named; text stands in double quotes."


class UnknownScenarioKey(BudgetError):
    """A key that scenarios do not have."""

    rule = "a scenario has only keys that are known"
    remedy = "Correct its spelling or remove it; docs/methods/budgets.md lists them."


class MissingScenarioKey(BudgetError):
    """A key that this entry needs."""

    rule = "a key that the entry needs is there"
    remedy = "Add it."


class WrongScenarioValue(BudgetError):
    """A value of the wrong kind or out of its range."""

    rule = "a value is of its kind and within its range"
    remedy = "Correct the value."


class KeysContradict(BudgetError):
    """Keys of one entry that do not go together."""

    rule = "the keys of one entry go together"
    remedy = "Remove one of them, or choose another rule."


class StatusUnsigned(BudgetError):
    """A scenario in consultation or agreed that does not say by whom and when."""

    rule = "a scenario in consultation, and one that is agreed, says by whom and on what day"
    remedy = "Fill in `by` and `on`, or mark it as a draft."


class JoinedTwice(BudgetError):
    """A stream that joins more than one pot, or one pot twice."""

    rule = "a stream joins once: pooled, aligned, delegated or separate"
    remedy = "Keep one of the entries."


class PotDisagrees(BudgetError):
    """Entries of one pot that say different things about it."""

    rule = "all entries of one pot name the same way of joining, host, agreement and risk share"
    remedy = "Bring them to one, or use two pots."


class RiskSharesWrong(BudgetError):
    """Risk shares that do not add up, or that name an agency outside the pot."""

    rule = "the risk shares of a pot name its agencies, each once, and add up to 1"
    remedy = "Correct the shares; without any, agencies bear the risk by what they put in."


class UnknownName(BudgetError):
    """An entry is about a stream, pot, theme, level or measure that is not there."""

    rule = "an entry is about streams, pots, themes, levels and measures that exist"
    remedy = "Correct the name."


class AmbiguousName(BudgetError):
    """A name that is at once a stream, a pot or a theme."""

    rule = "a name means one thing"
    remedy = "Write `stream:`, `pot:` or `theme:` before it."


class NothingChosen(BudgetError):
    """An entry that acts on no money."""

    rule = "an entry acts on at least one line of money that can be shared out"
    remedy = "Name other streams, or remove the entry."


class DateMissing(BudgetError):
    """It is not known for which day a scenario asks what money can move."""

    rule = "a scenario says from what day it holds, in `takes_effect` or by its `year`"
    remedy = "Add one of them to [scenario]."


class InputsChanged(BudgetError):
    """A scenario is to be reproduced on other inputs than those it was made from."""

    rule = "what is to be reproduced bit for bit starts from the same inputs"
    remedy = "Use the package of that day, or run the scenario anew from its own file."


class NotMovable(InfeasibleLimits):
    """A cut that takes more than can move."""

    rule = "a cut takes no more than the money that can move on that day"
    remedy = "Cut by no more than the nearest value, or wait until more of it is free."


class MovableUnknown(BudgetError):
    """The parts of a line that cannot move are more than the line itself."""

    rule = "ring-fenced, entitled and committed money are parts of the amount"
    remedy = "Correct these parts in the table of streams."
