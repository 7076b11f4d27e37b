"""What can be wrong with a question for a profile, one class a cause."""

from __future__ import annotations

from data.errors import DataError


class HouseholdsUnknown(DataError):
    """Nobody can tell how many households an area of one's own would hold."""

    rule = "an area of one's own needs the households of the place, to protect the families in it"
    remedy = "Give the base table a column households, or the place a table of [blocks]."


class OneAreaOnly(DataError):
    """The question names no area, or several at once."""

    rule = (
        "a profile is of one area: --area with --level, or one of --shape, --codes, --postcodes, "
        "--around with --radius"
    )
    remedy = "Give exactly one of them."


class NoPostcodes(DataError):
    """The place knows no postcodes."""

    rule = "an area made from postcodes needs a place that knows its postcodes"
    remedy = "Name a table under [postcodes] in place.toml, or give codes or a shape."


class UnreadableShape(DataError):
    """A file that is no drawn area."""

    rule = "a drawn area is a GeoJSON file with one polygon or several, in longitude and latitude"
    remedy = "Save the drawing as GeoJSON; a coordinate system of its own must be named in it."


class UnreadablePlace(DataError):
    """A spot that is neither a postcode of the place nor a pair of coordinates."""

    rule = "--around is a postcode of the place, or EAST,NORTH in metres"
    remedy = "Write it as in WX1 1AA or 358000,172500."


class UnknownLevel(DataError):
    """A level that the place does not have."""

    rule = "--level is one of the place's levels"
    remedy = "See the levels under [[layers]] in place.toml."
