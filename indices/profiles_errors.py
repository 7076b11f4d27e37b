"""What can be wrong when an area is described, compared or typed, one class a cause."""

from __future__ import annotations

from geo.errors import CommonGroundError


class ProfileError(CommonGroundError):
    """Base of the errors of profiles, similar areas and area types."""


class NothingToShow(ProfileError):
    """There is no indicator to describe an area with."""

    rule = "a profile needs at least one indicator"
    remedy = "Name the indicators of the place under [[indicators]] in its place.toml."


class CountsNotOfTheArea(ProfileError):
    """Counts known without a split were given for more than one area."""

    rule = "counts that are known without a split belong to one area"
    remedy = "Carry one area at a time."


class UnknownArea(ProfileError):
    """An area that the level does not have."""

    rule = "an area asked for is one of its level"
    remedy = "Give one of the level's codes as it is written there."


class TooFewToCompare(ProfileError):
    """Too few areas with figures to find similar ones or types among."""

    rule = "areas are compared where at least three have every figure used, and figures that differ"
    remedy = "Use more areas, or leave out figures that are missing or the same everywhere."
