"""What can go wrong between two layers, one class a cause.

In: what was wrong, in which argument, which codes. Out: an exception that says the rule and the
way out.
"""

from __future__ import annotations

from geo.errors import CommonGroundError


class BoundaryError(CommonGroundError):
    """Base of the errors of this floor."""


class VintageMismatch(BoundaryError):
    """Codes of one layer were joined to another; `expected` and `got` are the layer ids."""

    rule = "codes of one layer were joined to another layer"
    remedy = (
        "Name the index of the values by the layer its codes belong to; "
        "to move values between layers or vintages, apply a crosswalk between the two first."
    )


class CodesNotText(BoundaryError):
    """Codes were numbers: leading zeros may already be lost."""

    rule = "codes must be text"
    remedy = "Read the column as text (dtype=str), so that leading zeros are kept."


class CodesEmpty(BoundaryError):
    """A code was missing or blank."""

    rule = "every row must have a code"
    remedy = "Give every row a code, or remove the rows without one."


class CodesNotUnique(BoundaryError):
    """A code that must stand once stood several times."""

    rule = "every code must stand once"
    remedy = "Add up or remove the repeated rows first."


class CodesUnknown(BoundaryError):
    """Codes that the layer does not hold."""

    rule = "every code must belong to the layer"
    remedy = "Check the vintage of the codes, or restrict the table to the areas of the layer."


class ColumnMissing(BoundaryError):
    """A table lacks a column that was asked for."""

    rule = "the table must have the named columns"
    remedy = "Name a column that the table has."


class ValuesNotNumbers(BoundaryError):
    """Values were text or another thing that does not add up."""

    rule = "values must be numbers"
    remedy = "Convert the column to numbers; leave what is missing empty."


class ValuesNotFinite(BoundaryError):
    """Values were infinite, or missing where nothing may be missing."""

    rule = "values must be finite"
    remedy = "Replace infinite values; leave what is missing empty."


class ValuesNegative(BoundaryError):
    """A denominator, a weight or a mass was below zero."""

    rule = "weights, masses and denominators must not be negative"
    remedy = "Correct the values below zero."


class ShareOutOfRange(BoundaryError):
    """A share was not between 0 and 1."""

    rule = "shares must lie between 0 and 1"
    remedy = "Give shares as fractions of 1; divide percentages by 100."


class RowsRepeated(BoundaryError):
    """A lookup gives two shares for one pair of codes."""

    rule = "a pair of source and target must stand once"
    remedy = "Add up or remove the repeated rows; which share holds cannot be guessed."


class AmountUncovered(BoundaryError):
    """Part of an amount lies in no target; `amount` is the sum."""

    rule = "no amount may be left without a target"
    remedy = (
        "Pass uncovered='report' to have it reported as outside, "
        "or a tolerance below which short rows are rescaled and listed."
    )


class AmountUnplaceable(BoundaryError):
    """An amount sits in sources whose weights add up to nothing; `amount` is the sum."""

    rule = "no amount may sit in a source without any weight (0/0)"
    remedy = (
        "Build the crosswalk with a fallback for such sources (fallback='area'), "
        "or pass uncovered='report' to have the amount reported as outside."
    )


class OverlapRefused(BoundaryError):
    """Targets overlap one another, so a count would be counted twice."""

    rule = "targets overlap, so that counts would be counted twice"
    remedy = (
        "Choose overlap='share-out' (each source is divided, the total holds) "
        "or overlap='count-in-each' (every target holds its full count, the total is larger)."
    )


class OptionUnknown(BoundaryError):
    """An option has a value that does not exist, or a number outside its range."""

    rule = "the option does not have this value"
    remedy = "Use one of the values named."


class CrosswalkBroken(BoundaryError):
    """The parts of a crosswalk do not belong together, or a file of one cannot be read."""

    rule = "the parts of a crosswalk must belong together"
    remedy = "Build the crosswalk again from its sources."


class NotALayer(BoundaryError):
    """An argument is no layer: no index named by a layer id, no polygons, or no projected CRS."""

    rule = "a layer is a GeoDataFrame with an index named by the layer id and a projected CRS"
    remedy = "Read it with geo.layers.read or pass it through geo.layers.validate."


class MergeCountsTwice(BoundaryError):
    """Areas to be merged overlap one another, so their shares must not be added."""

    rule = "areas that overlap one another cannot be merged by adding their shares"
    remedy = "Merge the shapes first and build the crosswalk from the merged layer."
