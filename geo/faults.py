"""What can be wrong with a layer: one class a cause.

In: where, which codes, what was found. Out: errors that `geo.layers` and its helpers collect and
raise together. `NotPolygons` and `NotProjected`, which overlaps need too, are in `geo.errors`.
"""

from __future__ import annotations

from geo.errors import CommonGroundError


class LayerError(CommonGroundError):
    """Anything wrong with a layer of areas: its file, its codes, its place on earth, its shapes."""

    rule = "the layer breaks a rule"


class MissingFile(LayerError):
    """The file is not there."""

    rule = "there is no such file"
    remedy = "Check the path; a file on the web has to be downloaded first."


class UnknownFormat(LayerError):
    """The file name's ending is not one that is read or written here."""

    rule = "this kind of file is not supported"
    remedy = (
        "Use GeoPackage (.gpkg), GeoJSON (.geojson), GeoParquet (.parquet), FlatGeobuf (.fgb) or, "
        "for reading, Shapefile (.shp, .zip)."
    )


class UnreadableFile(LayerError):
    """The file is damaged, cut short, incomplete or not what its name says."""

    rule = "the file cannot be read"
    remedy = "Fetch or export it again, whole."


class UnwritableFile(LayerError):
    """The file cannot be written."""

    rule = "the file cannot be written"
    remedy = "Check the folder, its free space and the columns of the layer."


class UnsafeArchive(LayerError):
    """A zip file that would write outside its folder, or that is absurdly large when unpacked."""

    rule = "the zip file is not safe to unpack"
    remedy = "Pack the layer's own files again, without folders above them."


class SeveralLayers(LayerError):
    """The file holds more than one layer and none was chosen."""

    rule = "the file holds several layers"
    remedy = "Say which one with layer=."


class MissingLayer(LayerError):
    """The layer asked for is not in the file."""

    rule = "the file has no such layer"
    remedy = "Name one of the layers the file holds."


class MissingColumn(LayerError):
    """A column that was named is not there; `nearest` holds the likeliest others."""

    rule = "a column is missing"
    remedy = "Name a column the layer has."


class RepeatedColumn(LayerError):
    """Two columns of one name: nobody can say which is meant."""

    rule = "two columns have the same name"
    remedy = "Rename one of them."


class EmptyLayer(LayerError):
    """A layer without a single area."""

    rule = "the layer holds no areas"
    remedy = "Export it again, without the filter that removed them."


class EmptyCodes(LayerError):
    """Areas without a code."""

    rule = "every area needs a code"
    remedy = "Fill in the codes, or choose the column that holds them."


class DuplicateCodes(LayerError):
    """Codes that more than one area has."""

    rule = "a code may stand for one area only"
    remedy = "Merge the shapes of one code into one area, or choose the column with unique codes."


class NumericLookingCodes(LayerError):
    """Codes that a spreadsheet has turned into numbers and back, such as `1001.0` or `1.2E+05`."""

    rule = "codes have been through a spreadsheet as numbers"
    remedy = "Take the codes from the original as text; leading zeros or digits may be lost."


class NotCodes(LayerError):
    """Values that cannot be codes: fractions, dates, truth values, control characters."""

    rule = "the values cannot be codes"
    remedy = "Choose the column that holds the codes."


class MissingCRS(LayerError):
    """The layer does not say in which coordinate reference system its numbers are."""

    rule = "the coordinate reference system is not stated"
    remedy = 'Declare it with crs=, for example "EPSG:27700" or "EPSG:4326".'


class ConflictingCRS(LayerError):
    """The system that was declared is not the one the file states."""

    rule = "the declared coordinate reference system is not the file's"
    remedy = "Leave out crs=, or correct the file."


class UnknownCRS(LayerError):
    """A coordinate reference system that nobody knows."""

    rule = "this coordinate reference system is not known"
    remedy = 'Give an EPSG code such as "EPSG:27700".'


class WrongCRS(LayerError):
    """Coordinates that lie where the stated system, or the one asked for, is not used."""

    rule = "the coordinates lie outside the area where the coordinate reference system is used"
    remedy = "Check in which system the layer was drawn, and declare that one."


class SwappedAxes(LayerError):
    """Coordinates that make sense only with x and y exchanged."""

    rule = "latitude and longitude (or x and y) are the wrong way round"
    remedy = "Exchange the two coordinates: x or longitude comes first."


class NoGeometry(LayerError):
    """A plain table: rows without any shapes."""

    rule = "the table has no shapes"
    remedy = "Choose the file or the layer that holds the boundaries."


class MissingGeometry(LayerError):
    """Areas whose shape is missing or empty."""

    rule = "every area needs a shape"
    remedy = "Draw the missing shapes, or remove the rows on purpose."


class NonFiniteCoordinates(LayerError):
    """Coordinates that are not numbers, or infinite."""

    rule = "coordinates must be finite numbers"
    remedy = "Export the layer again; these shapes are damaged."


class NoSurface(LayerError):
    """Areas whose shape covers nothing: a line or a point drawn as a polygon."""

    rule = "an area must cover some land"
    remedy = "Draw these areas again, or remove the rows on purpose."


class BeyondRepair(LayerError):
    """Invalid shapes that could not be made valid."""

    rule = "these shapes are invalid and cannot be repaired"
    remedy = "Draw these areas again."
