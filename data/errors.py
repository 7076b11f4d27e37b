"""What can be wrong with a place package, its tables, or the folder its results go to.

One class a cause. Faults of shapes are in `geo.errors`, of crosswalks in `boundaries.errors`, of
an index in `indices.errors`, of money in `budgets.errors`.
"""

from __future__ import annotations

from geo.errors import CommonGroundError


class DataError(CommonGroundError):
    """Base of the errors of this floor."""


class NoPlaceFile(DataError):
    """A folder that is not a place package."""

    rule = "a place package is a folder that holds a file place.toml"
    remedy = "Name such a folder, or build the demo place with `commonground demo DIR`."


class UnreadableSettings(DataError):
    """A place.toml that is not TOML."""

    rule = "place.toml must be valid TOML"
    remedy = "Correct the line that is named; text values stand in double quotes."


class UnknownSetting(DataError):
    """A key that place.toml does not have."""

    rule = "a setting must be one that place.toml knows"
    remedy = "Correct its spelling or remove it."


class MissingSetting(DataError):
    """A required key that is not there."""

    rule = "a required setting is missing"
    remedy = "Add it to place.toml."


class WrongSetting(DataError):
    """A key with a value of the wrong kind or out of range."""

    rule = "a setting must have a value of its kind and range"
    remedy = "Correct the value in place.toml."


class DuplicateId(DataError):
    """Two layers or indicators under one id."""

    rule = "an id must be used once"
    remedy = "Give each of them an id of its own."


class UnknownLayer(DataError):
    """A reference to a layer that is not declared."""

    rule = "a layer that is referred to must be declared under [[layers]]"
    remedy = "Declare the layer, or correct the reference."


class MissingFile(DataError):
    """A file that place.toml names and that is not in the package."""

    rule = "every file that place.toml names must be in the package"
    remedy = "Add the file, or correct its path (relative to the folder of place.toml)."


class OutsidePackage(DataError):
    """A path that leaves the package."""

    rule = "a file must lie inside the package: no absolute path and no '..'"
    remedy = "Copy the file into the package and name it by its relative path."


class UnreadableTable(DataError):
    """A table that is not a CSV file."""

    rule = (
        "a table must be a CSV file with a header line, in UTF-8, with equally many fields a line"
    )
    remedy = "Save it again as CSV (UTF-8)."


class EmptyTable(DataError):
    """A table without a row."""

    rule = "a table must have at least one row"
    remedy = "Check that the right file was exported."


class WrongColumns(DataError):
    """Columns that a table must have and has not."""

    rule = "a table must have the columns that place.toml and its kind ask for"
    remedy = "Add or rename the columns, or name the right ones in place.toml."


class EmptyCode(DataError):
    """Rows without a code."""

    rule = "every row must have a code"
    remedy = "Fill in the codes or remove the rows."


class DuplicateCode(DataError):
    """Codes that stand in more than one row."""

    rule = "a code must stand in one row only"
    remedy = "Remove or merge the repeated rows."


class NumericCodes(DataError):
    """Codes that a spreadsheet turned into numbers."""

    rule = "codes are text; these look like numbers that a spreadsheet wrote"
    remedy = "Export the table again with the code column formatted as text (leading zeros kept)."


class UnknownCode(DataError):
    """Codes that the layer they refer to does not have."""

    rule = "a code must exist in the layer it refers to"
    remedy = "Check the vintage of the table against that of the layer."


class LeadingZerosLost(UnknownCode):
    """Unknown codes that would be known with their leading zeros."""

    rule = "a code must exist in the layer it refers to; these would with their leading zeros"
    remedy = "Export the table again with the code column formatted as text."


class MissingCode(DataError):
    """Areas of a layer for which a table has no row."""

    rule = "the table must have a row for every area of the layer"
    remedy = "Add the missing rows; a count of nothing is written as 0."


class NotANumber(DataError):
    """Values that are text or missing where a number belongs."""

    rule = "a value must be a number, and there must be one in every row"
    remedy = "Correct or fill in the values; write 0 only where it is known to be 0."


class PostcodesElsewhere(DataError):
    """None of a place's postcodes lies in it."""

    rule = "postcodes must lie in the base areas of the place; of these none does"
    remedy = "Give x and y in the system that [place] crs names, metres in EPSG:27700 by default."


class OutOfRange(DataError):
    """Values below or above what they can be."""

    rule = "a value is out of its range"
    remedy = "Correct the values."


class NoPeople(DataError):
    """A base table in which nobody lives."""

    rule = "the base areas must have people: nothing can be shared by people where there are none"
    remedy = "Check the column that [base] people names."


class NoIndex(DataError):
    """A stream shared by need where the place has no index."""

    rule = "a stream that is shared by need requires an [index] in place.toml"
    remedy = "Add the index, or share the stream by people."


class NotInside(DataError):
    """A place without one base area inside it."""

    rule = "at least one base area must lie inside the place"
    remedy = "Check the layer that [base] inside names, its crosswalk and its coordinates."


class OutputExists(DataError):
    """An output folder that holds something a run did not write."""

    rule = "the output folder must be new, empty, or hold an earlier run (with its manifest.json)"
    remedy = "Choose another folder, or empty this one yourself."


class RecipeFault(DataError):
    """Source data from which a place cannot be built."""

    rule = "the recipe needs this to build a place"
    remedy = "Check the folder named with --data."


class UnusableFolder(DataError):
    """An output folder that cannot be made."""

    rule = "the output must be a folder that can be written"
    remedy = "Choose another folder."


class PortNotFree(DataError):
    """An address and port on which the pages cannot be served."""

    rule = "the pages need an address of this machine and a port that nobody else uses"
    remedy = "Stop the other server, or choose another port with --port (0 takes a free one)."


class MissingChoice(DataError):
    """A command that needs to be told more."""

    rule = "the command needs this option"
    remedy = "Name it; --help lists the options."


class UnknownChoice(DataError):
    """A command with an option or a value that it does not have."""

    rule = "the command does not have this choice"
    remedy = "Choose one that it has; --help lists them."


class UnreadableSheet(DataError):
    """A table that is not of a kind that can be read."""

    rule = "a table must be a CSV file (plain or gzipped), an XLSX workbook or a Parquet file"
    remedy = "Save it again as one of these, with the names of the columns in the first row."


class MissingColumns(WrongColumns):
    """Columns that a command names and that its file does not have."""

    rule = "a table must have the columns that the command names, in its first row"
    remedy = "Correct the names, or rename the columns of the file."
