"""What can be wrong where editions and years are compared, one class a cause.

In: the codes, columns and figures at fault. Out: errors that name the rule and what to do.
"""

from __future__ import annotations

from geo.errors import CommonGroundError


class LookupIncomplete(CommonGroundError):
    """Areas of an edition are missing from the table of changes, or lead nowhere."""

    rule = "every area of both editions must stand in the table of changes"
    remedy = (
        "Use the whole official table between the two vintages, name the earlier edition first, "
        "and give both for the same part of the country."
    )


class EditionsUnlike(CommonGroundError):
    """Two editions do not measure the same things and cannot be rebuilt with fixed goalposts."""

    rule = "fixed goalposts need the same indicators, with the same columns, in both editions"
    remedy = "Give both tables the columns of one definition, or compare ranks instead."


class MeasureFault(CommonGroundError):
    """A key of a file of measures is unknown, missing or contradicts another."""

    rule = "a file of measures must have the keys and kinds of value its schema names"
    remedy = "Correct the key named; docs/methods/indices.md lists them all."


class YearFault(CommonGroundError):
    """A year is no whole number, or an area has two rows for one year."""

    rule = "every row belongs to one area and one year, written as four digits"
    remedy = "Correct the rows named; years such as 2024-25 are written as the year they end in."


class SeriesTooShort(CommonGroundError):
    """A series has too few points for what is asked of it."""

    rule = "a chart of single values needs at least three points to set its limits"
    remedy = "Give more points, or a longer baseline."


class ContributionFault(CommonGroundError):
    """A table of contributions names a measure or an area that there is not, or no organisation."""

    rule = (
        "a contribution names a measure, an organisation or service, what it does and what is next"
    )
    remedy = "Correct the rows named; an empty code stands for the whole place."
