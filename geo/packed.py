"""Polygons as flat arrays, and whether they are plainly valid.

In: arrays of shapely polygons and multipolygons. Out: `Packed`, the form in which compiled code
(`geo.kernel`) reads them, and `plainly_valid`, a quick proof of validity for ordinary polygons.

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
Rings = tuple[Ints, Ints, Ints]
Function = TypeVar("Function", bound=Callable[..., Any])

SMALLEST_BLOCK = 8
POLYGONS_A_TASK = 2048
# Ordinary rings take 10 to 30 tests an edge; a spiral would take a hundred million.
MOST_TESTS = 500
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
    ring_block, polygon_ring
        In the same way the blocks of each ring and the rings of each polygon.
    ring_shell
        (n_rings) the exterior ring that a ring belongs to, itself if it is one.
    """

    coords: Floats
    block_first: Ints
    block_last: Ints
    block_box: Floats
    polygon_block: Ints
    box: Floats
    ring_block: Ints
    polygon_ring: Ints
    ring_shell: Ints

    def arrays(self) -> Arrays:
        """Return what the kernel reads, in the order in which it takes it."""
        blocks = (self.block_first, self.block_last, self.block_box)
        return (self.coords, *blocks, self.polygon_block, self.box)

    def rings(self) -> Rings:
        """Return what the proof of validity reads besides."""
        return (self.ring_block, self.polygon_ring, self.ring_shell)


def pack(polygons: npt.NDArray[Any]) -> Packed:
    """Lay polygons and multipolygons out as flat arrays, every ring turned the right way."""
    coords = shapely.get_coordinates(polygons)
    ring_polygon, ring_size, is_hole = _rings_of(polygons, coords)
    ring_start = np.concatenate([[0], np.cumsum(ring_size)])
    _turn_rings(coords, ring_start, is_hole)
    first, last, box, ring_block = _blocks(coords, ring_start)
    polygon_ring = np.searchsorted(ring_polygon, np.arange(len(polygons) + 1))
    ring = np.arange(len(is_hole))
    return Packed(
        coords=coords,
        block_first=first,
        block_last=last,
        block_box=box,
        polygon_block=ring_block[polygon_ring],
        box=shapely.bounds(polygons),
        ring_block=ring_block,
        polygon_ring=polygon_ring,
        ring_shell=np.maximum.accumulate(np.where(is_hole, 0, ring)),
    )


def _rings_of(polygons: npt.NDArray[Any], coords: Floats) -> tuple[Ints, Ints, Flags]:
    """Return the polygon of each ring, its number of coordinates and whether it is a hole.

    Taking polygons apart costs more than all else in packing. It is spared to those whose first
    corner does not come again before the end: their first ring is then their only one.
    """
    size = shapely.get_num_coordinates(polygons).astype(np.int64)
    several = _come_again(coords, np.concatenate([[0], np.cumsum(size)]))
    single = np.flatnonzero(~several & (size > 0))
    parts, part_polygon = shapely.get_parts(polygons[several], return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    is_hole = np.zeros(len(rings), dtype=np.bool_)
    is_hole[1:] = ring_part[1:] == ring_part[:-1]
    owner = np.concatenate([single, np.flatnonzero(several)[part_polygon[ring_part]]])
    ring_size = np.concatenate([size[single], shapely.get_num_coordinates(rings)])
    holes = np.concatenate([np.zeros(len(single), dtype=np.bool_), is_hole])
    order = np.argsort(owner, kind="stable")
    return owner[order].astype(np.int64), ring_size[order].astype(np.int64), holes[order]


def plainly_valid(packed: Packed, *, threads: int) -> Flags:
    """Prove quickly that polygons are valid, where that is plain.

    True means: no two edges of the polygon meet except neighbours at the vertex they share; every
    hole lies in its own exterior ring and in no other ring; no exterior ring lies in another ring.
    All that by orientations whose sign rounding cannot change. Such a polygon is valid. False
    means only that the proof failed or became laborious, so GEOS must say.
    """
    n = len(packed.box)
    plain = np.zeros(n, dtype=np.bool_)

    def work(part: slice) -> None:
        _find_plain(packed.arrays(), packed.rings(), part.start, part.stop, plain)

    in_threads(work, n, POLYGONS_A_TASK, threads=threads)
    return plain


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
def _come_again(coords: Floats, start: Ints) -> Flags:
    """Say for each polygon whether its first corner comes again before its last coordinate."""
    again = np.zeros(len(start) - 1, np.bool_)
    for p in range(len(again)):
        s = start[p]
        for i in range(s + 1, start[p + 1] - 1):
            if coords[i, 0] == coords[s, 0] and coords[i, 1] == coords[s, 1]:
                again[p] = True
                break
    return again


@compiled
def _blocks(coords: Floats, ring_start: Ints) -> tuple[Ints, Ints, Floats, Ints]:
    """Cut each ring into blocks of about sqrt(n) edges and give each block its box.

    Then neither the number of blocks nor their length rules the cost of looking into a ring.
    """
    n_rings = len(ring_start) - 1
    size = np.empty(n_rings, np.int64)
    ring_block = np.zeros(n_rings + 1, np.int64)
    for r in range(n_rings):
        edges = ring_start[r + 1] - ring_start[r] - 1
        size[r] = max(SMALLEST_BLOCK, int(math.sqrt(edges)))
        ring_block[r + 1] = ring_block[r] + (edges + size[r] - 1) // size[r]
    n_blocks = ring_block[n_rings]
    first, last = np.empty(n_blocks, np.int64), np.empty(n_blocks, np.int64)
    box = np.empty((n_blocks, 4))
    for r in range(n_rings):
        for b in range(ring_block[r], ring_block[r + 1]):
            first[b] = ring_start[r] + (b - ring_block[r]) * size[r]
            last[b] = min(first[b] + size[r], ring_start[r + 1] - 1)
            for axis in range(2):
                box[b, axis] = box[b, axis + 2] = coords[first[b], axis]
                for i in range(first[b] + 1, last[b] + 1):
                    box[b, axis] = min(box[b, axis], coords[i, axis])
                    box[b, axis + 2] = max(box[b, axis + 2], coords[i, axis])
    return first, last, box, ring_block


@compiled
def _find_plain(shapes: Arrays, rings: Rings, start: int, stop: int, plain: Flags) -> None:
    """Fill `plain` for the polygons from start to stop."""
    coords, first, last, box, polygon_block, _ = shapes
    ring_block, polygon_ring, ring_shell = rings
    for p in range(start, stop):
        b1 = polygon_block[p + 1]
        ok = b1 > polygon_block[p]
        # Tests between edges that a polygon may cost before the proof is given up.
        left = MOST_TESTS * (last[b1 - 1] - first[polygon_block[p]]) if ok else 0
        left -= (b1 - polygon_block[p]) ** 2 // 2
        for r in range(polygon_ring[p], polygon_ring[p + 1]):
            begin, end = first[ring_block[r]], last[ring_block[r + 1] - 1]
            ok = ok and end - begin >= 3 and _turns_plainly(coords, begin, end)
            for b in range(ring_block[r], ring_block[r + 1]):
                for c in range(b, b1):
                    if ok and left >= 0 and _boxes_meet(box, b, c):
                        spent = _tests_apart(shapes, b, c, begin, end)
                        ok = spent >= 0
                        left -= spent
            for q in range(polygon_ring[p], polygon_ring[p + 1]):
                if ok and q != r:
                    wanted = 1 if q == ring_shell[r] else 0
                    ok = _holds(shapes, ring_block[q], ring_block[q + 1], begin) == wanted
        plain[p] = ok and left >= 0


@compiled
def _boxes_meet(box: Floats, b: int, c: int) -> bool:
    """Say whether two boxes touch; with NaN they count as touching."""
    beside = box[b, 2] < box[c, 0] or box[b, 0] > box[c, 2]
    return not (beside or box[b, 3] < box[c, 1] or box[b, 1] > box[c, 3])


@compiled
def _turns_plainly(coords: Floats, begin: int, end: int) -> bool:
    """Say whether no edge of a ring is empty or folds back on the edge before it."""
    before = end - 1
    for i in range(begin, end):
        dx, dy = coords[i + 1, 0] - coords[i, 0], coords[i + 1, 1] - coords[i, 1]
        ahead = dx * (coords[i, 0] - coords[before, 0]) + dy * (coords[i, 1] - coords[before, 1])
        if not (ahead > 0.0 or _side(coords, before, i, i + 1) != 0):
            return False
        before = i
    return True


@compiled
def _tests_apart(shapes: Arrays, b: int, c: int, begin: int, end: int) -> int:
    """Count the tests it takes to see that all edges of blocks b and c are apart; -1 if not plain.

    Neighbouring edges of the ring from begin to end share a vertex and are judged by their turn.
    """
    coords, first, last, box, _, _ = shapes
    spent = 0
    for i in range(first[b], last[b]):
        west, east = min(coords[i, 0], coords[i + 1, 0]), max(coords[i, 0], coords[i + 1, 0])
        south, north = min(coords[i, 1], coords[i + 1, 1]), max(coords[i, 1], coords[i + 1, 1])
        if east < box[c, 0] or west > box[c, 2] or north < box[c, 1] or south > box[c, 3]:
            continue
        spent += last[c] - first[c]
        for k in range(max(i + 2, first[c]), last[c]):
            if i == begin and k == end - 1:
                continue
            xa, ya, xb, yb = coords[k, 0], coords[k, 1], coords[k + 1, 0], coords[k + 1, 1]
            beside = max(xa, xb) < west or min(xa, xb) > east
            if beside or max(ya, yb) < south or min(ya, yb) > north:
                continue
            k_on_one_side = _side(coords, i, i + 1, k) * _side(coords, i, i + 1, k + 1)
            i_on_one_side = _side(coords, k, k + 1, i) * _side(coords, k, k + 1, i + 1)
            if not (k_on_one_side > 0 or i_on_one_side > 0):
                return -1
    return spent


@compiled
def _holds(shapes: Arrays, b0: int, b1: int, v: int) -> int:
    """Say whether the ring of blocks b0 to b1 holds vertex v: 1 yes, 0 no, -1 uncertain.

    Counts the edges that a ray from v to the right crosses.
    """
    coords, first, last, box, _, _ = shapes
    x, y = coords[v, 0], coords[v, 1]
    crossed = 0
    for b in range(b0, b1):
        if box[b, 2] < x or box[b, 1] > y or box[b, 3] <= y:
            continue
        for i in range(first[b], last[b]):
            rises, falls = (
                coords[i, 1] <= y < coords[i + 1, 1],
                coords[i + 1, 1] <= y < coords[i, 1],
            )
            if rises or falls:
                side = _side(coords, i, i + 1, v)
                if side == 0:
                    return -1
                crossed += 1 if (side > 0) == rises else 0
    return crossed % 2


@compiled
def _side(coords: Floats, a: int, b: int, c: int) -> int:
    """Say on which side of the line from a to b lies c: 1 left, -1 right, 0 uncertain."""
    left = (coords[a, 0] - coords[c, 0]) * (coords[b, 1] - coords[c, 1])
    right = (coords[a, 1] - coords[c, 1]) * (coords[b, 0] - coords[c, 0])
    error = ORIENTATION_ERROR * (abs(left) + abs(right))
    if left - right > error:
        return 1
    return -1 if right - left > error else 0
