"""What may be wrong with a figure that is asked for on a map.

In: what was asked for. Out: errors that name the rule and the remedy.
"""

from __future__ import annotations

from data.errors import DataError


class UnknownFigure(DataError):
    """A figure that the place does not have."""

    rule = "the place has no such figure"
    remedy = "Take one of those that `data.mappable.offers` names for it."
