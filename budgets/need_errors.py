"""Errors of need shares: one class a cause.

In: which people, measure or figure does not fit. Out: a sentence that says what to do.
"""

from __future__ import annotations

from budgets.errors import BudgetError, InfeasibleLimits


class BasisUnknown(BudgetError):
    """A figure does not say whom it counts."""

    rule = "people and NHS figures say whom they count: resident, registered or workday"
    remedy = "State the basis; the publisher's notes name it."


class BasisMixed(BudgetError):
    """Figures about registered people and figures about residents are put together."""

    rule = "registered, resident and workday people are different people and are never mixed"
    remedy = "Bring both figures to one basis, or use shares of each within its own basis."


class DenominatorMissing(BudgetError):
    """A service is to be read per person of a kind that the place has no count of."""

    rule = "money per person is read by the people the service is there for"
    remedy = "Add a count of these people to the place, or do not show this money per person."


class PurposesUnreadable(BudgetError):
    """The file of denominators breaks a rule of its form."""

    rule = "the file of denominators is TOML with [[purposes]] and [flags]"
    remedy = "Correct the file; the one that is shipped is an example."


class MeasureNotUsable(BudgetError):
    """A measure of need is of no known kind, or its figures cannot be used."""

    rule = "a measure of need is of kind clients, indicator or index, with a figure by area"
    remedy = "Correct the measure."


class MeasureAmbiguous(BudgetError):
    """Several measures of need of one kind claim one theme."""

    rule = "each theme has one measure of need"
    remedy = "Name the one that is to be used, or take the theme from the others."


class NoMeasure(BudgetError):
    """No measure of need serves a theme."""

    rule = "a theme has a measure of need of its own, or a general one stands in"
    remedy = "Add a count of clients, an indicator or an index, or share the money by people."


class WeightsDoNotFit(BudgetError):
    """Cost weights by age do not fit the age bands of the people."""

    rule = "every age band has one cost weight, 0 or more, and somebody's is above 0"
    remedy = "Give one weight for each band; docs/methods/budgets.md has an example."


class SharesNotWhole(BudgetError):
    """Parts of a mix do not add up to the whole."""

    rule = "the parts of a mix are 0 or more and add up to 1"
    remedy = "Correct the parts."


class FixedTooHigh(InfeasibleLimits):
    """Fixed elements cost more than there is."""

    rule = "the fixed elements of all areas are part of the total"


class PartMissing(BudgetError):
    """An area belongs to no part, or is not among those that are divided."""

    rule = "every area belongs to one part"
    remedy = "Complete the table of areas and parts."


class PracticesNotAsPublished(BudgetError):
    """A practice file does not hold the sums and identities that its method states."""

    rule = "each weighted population adds up to the population, and parts to their mix"
    remedy = "Compare with the published file; figures may be rounded, cut off or of another year."


class FormulaNotUnderstood(BudgetError):
    """The file of a funding formula breaks a rule of its form."""

    rule = "a formula is TOML with [formula] and [[age]], [need] or [area_cost]"
    remedy = "Correct the keys that are named; docs/methods/budgets.md has the form."


class FormulaWithoutFigures(BudgetError):
    """A formula names what the place does not count, or leaves people out."""

    rule = "a formula names columns and measures of the place, and its age bands hold everybody"
    remedy = "Correct the names, or add the figures to the place."
