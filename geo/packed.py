"""Polygons as flat arrays, and whether they are plainly valid.

In: arrays of shapely polygons and multipolygons. Out: `Packed`, the form in which compiled code
(`geo.kernel`) reads them, and `plainly_simple`, a quick proof of validity for ordinary polygons.

Compiled code is kept on disk beside its file. That cache is renewed when the file changes and does
not see changes in other files: compiled functions call only functions of their own file.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numba
import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Arrays = tuple[Floats, Ints, Ints, Floats, Ints, Floats]
Function = TypeVar("Function", bound=Callable[..., Any])

SMALLEST_BLOCK = 8
POLYGONS_A_TASK = 2048
# Shewchuk (1997): the sign of an orientation is certain when it exceeds this share of its terms.
ORIENTATION_ERROR = 3.3306690738754716e-16


def compiled(function: Function) -> Function:
    """Compile without the interpreter lock, keeping the result on disk wherever that is possible.

    numba writes beside the module or, where the checkout cannot be written, into the user's cache
    folder; where neither can be written it refuses, and every process compiles for itself.
    Arithmetic is that of numpy (a division by zero is no exception) and never contracted or
    reordered, so that the same input gives the same bits on every machine.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        done: Any = numba.njit(cache=True, **options)(function)
    except RuntimeError:
        done = numba.njit(**options)(function)
    return done


@dataclass(frozen=True)
class Packed:
    """Polygons as flat arrays.

    Attributes
    ----------
    coords
        (n, 2) rings one after another; exteriors run anticlockwise, holes clockwise.
    block_first, block_last
        Blocks of edges of one ring; edge i runs from coordinate i to i + 1.
    block_box
        (n_blocks, 4) xmin, ymin, xmax, ymax of each block.
    polygon_block
        (n_polygons + 1) the blocks of polygon p are `polygon_block[p]:polygon_block[p + 1]`.
    box
        (n_polygons, 4) box of each polygon, NaN where it is empty.
    one_ring
        (n_polygons) whether a polygon is a single ring: one part, no hole.
    """

    coords: Floats
    block_first: Ints
    block_last: Ints
    block_box: Floats
    polygon_block: Ints
    box: Floats
    one_ring: Flags

    def arrays(self) -> Arrays:
        """Return the arrays in the order in which compiled code takes them."""
        blocks = (self.block_first, self.block_last, self.block_box)
        return (self.coords, *blocks, self.polygon_block, self.box)


def pack(polygons: npt.NDArray[Any]) -> Packed:
    """Lay valid polygons and multipolygons out as flat arrays, every ring turned the right way."""
    coords = shapely.get_coordinates(polygons)
    parts, part_polygon = shapely.get_parts(polygons, return_index=True)
    n_rings = np.where(shapely.is_empty(parts), 0, 1 + shapely.get_num_interior_rings(parts))
    ring_part = np.repeat(np.arange(len(parts)), n_rings)
    ring_size = shapely.get_num_coordinates(parts)[ring_part]
    pierced = np.flatnonzero(n_rings > 1)
    # Only the few polygons with holes are taken apart: that is most of the cost of packing.
    ring_size[n_rings[ring_part] > 1] = shapely.get_num_coordinates(
        shapely.get_rings(parts[pierced])
    )
    ring_start = np.concatenate([[0], np.cumsum(ring_size)]).astype(np.int64)
    is_hole = np.zeros(len(ring_part), dtype=np.bool_)
    is_hole[1:] = ring_part[1:] == ring_part[:-1]
    ring_polygon = part_polygon[ring_part].astype(np.int64)
    _turn_rings(coords, ring_start, is_hole)
    first, last, box, polygon_block = _blocks(coords, ring_start, ring_polygon, len(polygons))
    one_ring = np.bincount(ring_polygon, minlength=len(polygons)) == 1
    return Packed(coords, first, last, box, polygon_block, shapely.bounds(polygons), one_ring)


def plainly_simple(packed: Packed, *, threads: int) -> Flags:
    """Prove quickly that polygons are valid, where that is plain.

    True means: a single ring, and no two of its edges come near each other except neighbours at
    the vertex they share, by orientations whose signs rounding cannot change. Such a polygon is
    valid. False means only that the proof failed, so GEOS must say.
    """
    simple = np.zeros(len(packed.one_ring), dtype=np.bool_)

    def work(part: slice) -> None:
        _find_simple(packed.arrays(), packed.one_ring, part.start, part.stop, simple)

    in_threads(work, len(simple), POLYGONS_A_TASK, threads=threads)
    return simple


def in_threads(work: Callable[[slice], None], n: int, size: int, *, threads: int) -> None:
    """Do work on 0..n in slices of a given size, by several threads if there are several slices.

    Plain threads, because numba's own may end the process when two callers use them at once.
    """
    parts = [slice(start, min(start + size, n)) for start in range(0, n, size)]
    if threads <= 1 or len(parts) <= 1:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, parts))


@compiled
def _turn_rings(coords: Floats, ring_start: Ints, is_hole: Flags) -> None:
    """Reverse, in place, each ring whose shoelace area has the wrong sign."""
    for r in range(len(is_hole)):
        s, e = ring_start[r], ring_start[r + 1]
        twice = 0.0
        for i in range(s, e - 1):
            x, y = coords[i, 0] - coords[s, 0], coords[i, 1] - coords[s, 1]
            twice += x * (coords[i + 1, 1] - coords[s, 1]) - y * (coords[i + 1, 0] - coords[s, 0])
        if (twice < 0.0) != is_hole[r]:
            i, j = s, e - 1
            while i < j:
                for axis in range(2):
                    kept = coords[i, axis]
                    coords[i, axis] = coords[j, axis]
                    coords[j, axis] = kept
                i += 1
                j -= 1


@compiled
def _blocks(
    coords: Floats, ring_start: Ints, ring_polygon: Ints, n_polygons: int
) -> tuple[Ints, Ints, Floats, Ints]:
    """Cut each ring into blocks of about sqrt(n) edges and give each block its box.

    Then neither the number of blocks nor their length rules the cost of looking into a ring.
    """
    n_rings = len(ring_polygon)
    size = np.empty(n_rings, np.int64)
    n_blocks = 0
    for r in range(n_rings):
        edges = ring_start[r + 1] - ring_start[r] - 1
        size[r] = max(SMALLEST_BLOCK, int(math.sqrt(edges)))
        n_blocks += (edges + size[r] - 1) // size[r]
    first = np.empty(n_blocks, np.int64)
    last = np.empty(n_blocks, np.int64)
    box = np.empty((n_blocks, 4))
    polygon_block = np.zeros(n_polygons + 1, np.int64)
    b = 0
    for r in range(n_rings):
        end = ring_start[r + 1] - 1
        for s in range(ring_start[r], end, size[r]):
            first[b], last[b] = s, min(s + size[r], end)
            for axis in range(2):
                box[b, axis] = box[b, axis + 2] = coords[s, axis]
                for i in range(s + 1, last[b] + 1):
                    box[b, axis] = min(box[b, axis], coords[i, axis])
                    box[b, axis + 2] = max(box[b, axis + 2], coords[i, axis])
            b += 1
        polygon_block[ring_polygon[r] + 1] = b
    for p in range(n_polygons):
        polygon_block[p + 1] = max(polygon_block[p + 1], polygon_block[p])
    return first, last, box, polygon_block


@compiled
def _find_simple(shape: Arrays, one_ring: Flags, start: int, stop: int, simple: Flags) -> None:
    """Fill `simple` for the polygons from start to stop."""
    coords, first, last, box, polygon_block, _ = shape
    for p in range(start, stop):
        b0, b1 = polygon_block[p], polygon_block[p + 1]
        plain = one_ring[p] and last[b1 - 1] - first[b0] >= 3
        b = b0
        while plain and b < b1:
            plain = _turns_plainly(coords, first[b], last[b], first[b0], last[b1 - 1])
            for c in range(b, b1):
                if plain and _boxes_meet(box, b, box, c):
                    plain = _blocks_apart(shape, b, c, first[b0], last[b1 - 1])
            b += 1
        simple[p] = plain


@compiled
def _boxes_meet(a: Floats, i: int, b: Floats, j: int) -> bool:
    """Say whether two boxes touch; with NaN they count as touching."""
    apart = a[i, 2] < b[j, 0] or a[i, 0] > b[j, 2] or a[i, 3] < b[j, 1] or a[i, 1] > b[j, 3]
    return not apart


@compiled
def _turns_plainly(coords: Floats, first: int, last: int, start: int, end: int) -> bool:
    """Say whether no edge of a block is empty or folds back on the edge before it."""
    for i in range(first, last):
        before = i - 1 if i > start else end - 1
        dx, dy = coords[i + 1, 0] - coords[i, 0], coords[i + 1, 1] - coords[i, 1]
        ahead = dx * (coords[i, 0] - coords[before, 0]) + dy * (coords[i, 1] - coords[before, 1])
        if not (ahead > 0.0 or _side(coords, before, i, i + 1) != 0):
            return False
    return True


@compiled
def _blocks_apart(shape: Arrays, b: int, c: int, start: int, end: int) -> bool:
    """Say whether every edge of block b is plainly apart from every edge of block c.

    Neighbouring edges share a vertex and were judged by their turn.
    """
    coords, first, last, box, _, _ = shape
    for i in range(first[b], last[b]):
        west, east = min(coords[i, 0], coords[i + 1, 0]), max(coords[i, 0], coords[i + 1, 0])
        south, north = min(coords[i, 1], coords[i + 1, 1]), max(coords[i, 1], coords[i + 1, 1])
        if east < box[c, 0] or west > box[c, 2] or north < box[c, 1] or south > box[c, 3]:
            continue
        for k in range(max(i + 2, first[c]), last[c]):
            if i == start and k == end - 1:
                continue
            xa, ya, xb, yb = coords[k, 0], coords[k, 1], coords[k + 1, 0], coords[k + 1, 1]
            if (
                max(xa, xb) < west
                or min(xa, xb) > east
                or max(ya, yb) < south
                or min(ya, yb) > north
            ):
                continue
            k_on_one_side = _side(coords, i, i + 1, k) * _side(coords, i, i + 1, k + 1)
            i_on_one_side = _side(coords, k, k + 1, i) * _side(coords, k, k + 1, i + 1)
            if not (k_on_one_side > 0 or i_on_one_side > 0):
                return False
    return True


@compiled
def _side(coords: Floats, a: int, b: int, c: int) -> int:
    """Say on which side of the line from a to b lies c: 1 left, -1 right, 0 uncertain."""
    left = (coords[a, 0] - coords[c, 0]) * (coords[b, 1] - coords[c, 1])
    right = (coords[a, 1] - coords[c, 1]) * (coords[b, 0] - coords[c, 0])
    error = ORIENTATION_ERROR * (abs(left) + abs(right))
    if left - right > error:
        return 1
    return -1 if right - left > error else 0
