"""The base of all errors.

In: what was wrong, where, which codes. Out: one exception with fields and a sentence that says
what to do.

Every error of the project derives from `CommonGroundError`; each floor has a module `errors` of
its own with one class a cause. All faults of one input are collected in `Faults` and raised once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

SHOWN = 5


class CommonGroundError(ValueError):
    """Base of every error that Common Ground raises on purpose.

    Parameters
    ----------
    where
        The file, table or argument at fault, as the user would call it.
    found
        The offending codes, rows or values; the message shows the first five.
    count
        How many there are, where `found` holds only a part of them.
    detail
        What was found, where the rule alone does not say it.
    fields
        Anything a caller may want to read back; kept as attributes.
    """

    rule: ClassVar[str] = "the input breaks a rule"
    remedy: ClassVar[str] = "Correct the input and try again."

    def __init__(
        self,
        where: str = "",
        *,
        found: Iterable[object] = (),
        count: int | None = None,
        detail: str = "",
        **fields: Any,
    ) -> None:
        self.where = str(where)
        self.found = tuple(found)
        self.count = len(self.found) if count is None else int(count)
        self.detail = detail
        self.fields = dict(fields)
        for key, value in fields.items():
            setattr(self, key, value)
        super().__init__(self._message())

    def _message(self) -> str:
        parts = [f"{self.where}: {self.rule}" if self.where else self.rule]
        if self.detail:
            parts.append(f" ({self.detail})")
        if self.count:
            shown = ", ".join(_show(item) for item in self.found[:SHOWN])
            more = self.count - min(len(self.found), SHOWN)
            tail = f" and {more:,} more" if more > 0 and shown else ""
            parts.append(f"; {self.count:,} found{': ' + shown if shown else ''}{tail}")
        return "".join(parts) + ". " + self.remedy

    def __reduce__(self) -> tuple[Any, ...]:
        # An error raised in a worker process must arrive whole in the process that asked.
        return (
            _rebuild,
            (type(self), self.where, self.found, self.count, self.detail, self.fields),
        )


class SeveralFaults(CommonGroundError):
    """More than one fault in one input; `faults` holds each as an error of its own."""

    rule = "several rules are broken"

    def __init__(self, faults: Iterable[CommonGroundError], where: str = "") -> None:
        self.faults = tuple(faults)
        super().__init__(where, detail=f"{len(self.faults)} faults")

    def _message(self) -> str:
        head = f"{self.where}: " if self.where else ""
        lines = [f"{head}{len(self.faults)} faults"]
        lines += [f"  {number}. {fault}" for number, fault in enumerate(self.faults, 1)]
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        return (SeveralFaults, (self.faults, self.where))


class Faults:
    """Collects every fault of one input so that they are raised together.

    One fault is raised as itself, several as `SeveralFaults`. Used as a context manager, an
    error raised inside `with faults.catch():` is collected instead of ending the check.
    """

    def __init__(self, where: str = "") -> None:
        self.where = where
        self._faults: list[CommonGroundError] = []

    def add(self, fault: CommonGroundError) -> None:
        """Keep one fault; the faults inside a `SeveralFaults` are kept one by one."""
        if isinstance(fault, SeveralFaults):
            self._faults.extend(fault.faults)
        else:
            self._faults.append(fault)

    def catch(self) -> _Catch:
        """Return a context that collects a `CommonGroundError` and goes on."""
        return _Catch(self)

    def __bool__(self) -> bool:
        return bool(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def __iter__(self) -> Iterator[CommonGroundError]:
        return iter(self._faults)

    def raise_any(self) -> None:
        """Raise what was collected, or return if there is nothing."""
        if len(self._faults) == 1:
            raise self._faults[0]
        if self._faults:
            raise SeveralFaults(self._faults, self.where)


class _Catch:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, CommonGroundError):
            self._faults.add(error)
            return True
        return False


def _show(item: object) -> str:
    text = str(item)
    text = text if len(text) <= 80 else text[:77] + "..."
    return repr(text) if text == "" or text != text.strip() else text


def _rebuild(
    kind: type[CommonGroundError],
    where: str,
    found: tuple[object, ...],
    count: int,
    detail: str,
    fields: dict[str, Any],
) -> CommonGroundError:
    return kind(where, found=found, count=count, detail=detail, **fields)


class InvalidPolygons(CommonGroundError):
    """Areas of overlap were asked of polygons that are not valid."""

    rule = "areas of overlap can be measured only between valid polygons"
    remedy = "Read the layer with geo.layers.read, which repairs and notes, or repair it first."


class NotPolygons(CommonGroundError):
    """A geometry is missing, or is a point, a line or a mixed collection."""

    rule = "every area must be a polygon or a multipolygon"
    remedy = "Remove these rows, or give them a polygon."


class DifferentCRS(CommonGroundError):
    """Two inputs that must lie on one another are in different coordinate systems."""

    rule = "both layers must be in the same coordinate reference system"
    remedy = "Bring one to the other with to_crs, or read both with geo.layers.read."


class NotProjected(CommonGroundError):
    """Square metres were asked of longitudes and latitudes."""

    rule = "areas in square metres need a projected coordinate system in metres"
    remedy = "Bring the layer to a projected system such as EPSG:27700."


class UnknownPairs(CommonGroundError):
    """Pairs to measure point outside the layers, or their two halves differ in length."""

    rule = "pairs must be two arrays of one length that hold positions in source and target"
    remedy = "Pass the positions that geo.overlap.candidate_pairs returns, or some of them."


class RasterError(CommonGroundError):
    """Anything wrong with a raster of people, or with what is asked of it."""

    rule = "the raster breaks a rule"


class UnreadableRaster(RasterError):
    """The file is missing, is no raster, or lacks the band asked for."""

    rule = "the raster cannot be read"
    remedy = "Check the path and the band; GeoTIFF is the usual format."


class RasterWithoutCRS(RasterError):
    """The raster does not say where on earth it lies."""

    rule = "a raster must state its coordinate reference system"
    remedy = "Write the system into the file, for example with rio edit-info --crs."


class RotatedRaster(RasterError):
    """Rows and columns of the raster do not run along its axes."""

    rule = "rows and columns must run along the axes of the coordinate system"
    remedy = "Warp the raster to an upright grid first."


class NegativePixels(RasterError):
    """Pixels that count people hold negative numbers."""

    rule = "pixels of people must not be negative"
    remedy = "Correct them, or declare the value that stands for no data as the raster's nodata."


class RasterTooSmall(RasterError):
    """Areas reach beyond the raster."""

    rule = "the raster must cover the areas"
    remedy = 'Use a larger raster, or uncovered="report" to count nobody beyond its edge.'


class TotalsUnfit(RasterError):
    """Totals to be smoothed do not fit the areas, or are not counts."""

    rule = "every area needs one total, a finite number that is not negative"
    remedy = "Give a total for each code of the layer, and for no other."


class CellsTooLarge(RasterError):
    """Areas in which no cell of the grid has its centre."""

    rule = "every area must hold the centre of at least one cell"
    remedy = "Choose smaller cells (cell_m)."


class OverlappingAreas(RasterError):
    """Areas that share land, where each cell can belong to one area only."""

    rule = "areas to be smoothed must not overlap one another"
    remedy = "Use a layer whose areas are apart, or repair it."
