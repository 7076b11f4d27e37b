"""Coordinate reference systems: stated, projected, and telling the truth.

In: the bounding boxes of a layer's areas and the system they claim. Out: nothing, or an error that
says which areas lie where that system is not used, and whether exchanging x and y would cure it.

Axis order follows the custom of the format, x or longitude first. What is tested is whether the
middle of each area lies in the *area of use* that the EPSG register gives for the layer's own
system and for the one it is brought to. An exchange of eastings and northings within Great
Britain mostly lands in the register's area again and cannot be seen from the coordinates alone.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from pyproj.network import set_network_enabled

from geo.errors import NotProjected
from geo.faults import ConflictingCRS, MissingCRS, SwappedAxes, UnknownCRS, WrongCRS

BRITISH_GRID = "EPSG:27700"
# Degrees by which a layer may reach beyond the register's area of use: sea areas, coarse boxes.
MARGIN = 1.0
# A few areas that look like degrees betray themselves only if the others are far from them.
FAR_APART_M = 10_000.0

# PROJ may be told, by an environment variable, to fetch finer grids while it transforms: nothing is
# fetched in use, and a layer must not move by a metre from one machine to the next.
set_network_enabled(active=False)

Boxes = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def known(crs: object, *, where: str) -> CRS:
    """Return the system that a code or text means.

    Raises
    ------
    UnknownCRS
    """
    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        raise UnknownCRS(where, found=[crs]) from error


def projected(crs: object, *, where: str) -> CRS:
    """Return a system in which square metres can be measured.

    Raises
    ------
    UnknownCRS, NotProjected
    """
    system = known(crs, where=where)
    metres = all(axis.unit_conversion_factor == 1.0 for axis in system.axis_info[:2])
    if not system.is_projected or not metres:
        raise NotProjected(where, detail=f"{_short(system)} is not")
    return system


def stated(found: object | None, declared: object | None, *, implied: bool, where: str) -> CRS:
    """Return the layer's system: what the file states, or what was declared in its absence.

    `implied` marks a system that only the format implies (GeoJSON without a `crs` member); a
    declared one goes before it.

    Raises
    ------
    MissingCRS, ConflictingCRS, UnknownCRS
    """
    said = None if declared is None else known(declared, where=where)
    if found is None and said is None:
        raise MissingCRS(where)
    if said is not None and (found is None or implied):
        return said
    own = known(found, where=where)
    if said is not None and not same(own, said):
        raise ConflictingCRS(where, detail=f"the file says {_short(own)}, crs= {_short(said)}")
    return own


def same(one: CRS, other: CRS) -> bool:
    """Whether two systems are one, however they are written and whichever axis they name first."""
    if one.equals(other, ignore_axis_order=True):
        return True
    numbers = one.to_epsg(min_confidence=60), other.to_epsg(min_confidence=60)
    return numbers[0] is not None and numbers[0] == numbers[1]


def check_place(
    boxes: Boxes, crs: CRS, to_crs: CRS, *, labels: npt.NDArray[np.object_], where: str
) -> None:
    """Refuse areas that lie where neither system is used.

    Parameters
    ----------
    boxes
        (n, 4) float64: minx, miny, maxx, maxy of each area, finite.
    crs, to_crs
        The layer's own system and the one it is to be brought to.
    labels
        n codes, for the message.

    Raises
    ------
    SwappedAxes
        Every misplaced area would lie well if x and y were exchanged.
    WrongCRS
        Areas are misplaced for another reason, or a projected layer holds degrees.
    """
    middles = np.column_stack([boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]]) / 2
    bad = ~_well_placed(middles, crs, to_crs)
    if bad.any():
        codes = labels[bad].tolist()
        seen = f"for example x {middles[bad][0][0]:.6g}, y {middles[bad][0][1]:.6g}"
        detail = f"{_short(crs)}, {seen}"
        if _well_placed(middles[bad][:, ::-1], crs, to_crs).all():
            raise SwappedAxes(where, found=codes, detail=detail)
        if not crs.equals(to_crs) and _well_placed(middles[bad], to_crs, to_crs).all():
            detail += f"; they would fit {_short(to_crs)}"
        raise WrongCRS(where, found=codes, detail=detail)
    if crs.is_projected and len(boxes):
        degrees = _look_like_degrees(boxes, crs)
        extent = (boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)).max()
        if degrees.all() or (degrees.any() and extent > FAR_APART_M):
            detail = f"{_short(crs)} counts in metres, but these numbers look like degrees"
            raise WrongCRS(where, found=labels[degrees].tolist(), detail=detail)


def _well_placed(points: Boxes, crs: CRS, to_crs: CRS) -> Flags:
    degrees = _to_degrees(points, crs)
    ok: Flags = np.isfinite(degrees).all(axis=1) & (np.abs(degrees[:, 1]) <= 90.0)
    for system in (crs, to_crs):
        ok &= _in_use(degrees, system)
    return ok


def _to_degrees(points: Boxes, crs: CRS) -> Boxes:
    if crs.is_geographic:
        return points
    return np.column_stack(_from_metres(crs).transform(points[:, 0], points[:, 1]))


@lru_cache(maxsize=16)  # made in 40 ms, and each layer of a place asks for the same one
def _from_metres(crs: CRS) -> Transformer:
    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)


def _in_use(degrees: Boxes, crs: CRS) -> Flags:
    area = crs.area_of_use
    if area is None:
        return np.ones(len(degrees), dtype=bool)
    x, y = degrees[:, 0], degrees[:, 1]
    west, east = area.west - MARGIN, area.east + MARGIN
    # An area of use that crosses the date line has its west east of its east.
    across = (x >= west) & (x <= east) if west <= east else (x >= west) | (x <= east)
    inside: Flags = across & (y >= area.south - MARGIN) & (y <= area.north + MARGIN)
    return inside


def _look_like_degrees(boxes: Boxes, crs: CRS) -> Flags:
    """Say of each area whether its metres would all be degrees of the right part of the world."""
    area = crs.area_of_use
    if area is None:
        return np.zeros(len(boxes), dtype=bool)
    low, high = np.array(area.bounds[:2]), np.array(area.bounds[2:])
    given = (boxes[:, :2] >= low).all(axis=1) & (boxes[:, 2:] <= high).all(axis=1)
    exchanged = (boxes[:, :2] >= low[::-1]).all(axis=1) & (boxes[:, 2:] <= high[::-1]).all(axis=1)
    return np.asarray(given | exchanged, dtype=bool)


def _short(crs: CRS) -> str:
    number = crs.to_epsg()
    return f"EPSG:{number}" if number else crs.name
