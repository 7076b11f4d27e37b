"""How much of each pixel lies in each of many shapes: exact, and all shapes at once.

In: polygons, an upright grid, and for each polygon the window of the grid to look at. Out: the
pixels that each meets, with the share of the pixel inside.

Every side of a ring is cut at the lines between pixels. A bit of a side that goes down by d within
one pixel, f of a pixel from its left edge on average, leaves (1 - f) d of that pixel and d of every
pixel further right on its right-hand side. Added up with their signs along all rings of a shape,
what remains is what lies inside: Green's theorem, pixel by pixel, as renderers of type use it for
smooth edges. Nothing depends on which shapes are looked at together: the sums of one shape are
made in the same order in any company.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Polygons = npt.NDArray[np.object_]

# Less than this share of a pixel is what rounding leaves where a shape only touches.
NOTHING = 1e-12


class Windows(NamedTuple):
    """A window of the grid for each shape: first column and row, and how many; int64 arrays."""

    left: Ints
    top: Ints
    wide: Ints
    deep: Ints

    def cells(self) -> Ints:
        """Return how many pixels each holds."""
        return self.wide * self.deep

    def around(self) -> Windows:
        """Return the one window around them all."""
        left, top = self.left.min(), self.top.min()
        right, bottom = (self.left + self.wide).max(), (self.top + self.deep).max()
        return Windows(*(np.array([one]) for one in (left, top, right - left, bottom - top)))

    def apart(self) -> Ints:
        """Return an order in which the first half lies apart from the second."""
        across, down = 2 * self.left + self.wide, 2 * self.top + self.deep
        return np.argsort(across if np.ptp(across) > np.ptp(down) else down, kind="stable")

    def bands(self, most: int) -> Iterator[Windows]:
        """Yield the windows in bands of rows, so that a band of the widest holds no more cells."""
        rows = max(1, most // max(1, int(self.wide.max())))
        for start in range(0, max(1, int(self.deep.max())), rows):
            deep = (self.deep - start).clip(0, rows)
            yield Windows(self.left, self.top + start, self.wide, deep)


@dataclass(frozen=True)
class Grid:
    """Where upright pixels lie: west and north of the first, width and (negative) height of one."""

    west: float
    north: float
    across: float
    down: float

    def place(self, xy: Floats) -> Floats:
        """Return coordinates, n x 2, as columns and rows with their fractions."""
        placed: Floats = (xy - [self.west, self.north]) / [self.across, self.down]
        return placed

    def windows(self, bounds: Floats, width: int, height: int, *, margin: int = 0) -> Windows:
        """Return the pixels, of so many, that boxes meet (west, south, east, north; n x 4).

        A box of NaN, such as an empty shape has, meets none.
        """
        first = np.floor(np.nan_to_num(self.place(bounds[:, [0, 3]]))) - margin
        last = np.ceil(np.nan_to_num(self.place(bounds[:, [2, 1]]))) + margin
        first, last = (side.clip(0, [width, height]).astype(np.int64) for side in (first, last))
        return Windows(*first.T, *(last - first).T)


@dataclass(frozen=True, eq=False)
class Covered:
    """The pixels that shapes meet: those of one shape side by side, by row and column.

    Attributes
    ----------
    shape, row, column
        Position of the shape, and of the pixel in the whole grid, int64.
    share
        How much of the pixel lies inside, float64, above 0 and at most 1.
    """

    shape: Ints
    row: Ints
    column: Ints
    share: Floats


def covered(shapes: Polygons, grid: Grid, windows: Windows) -> Covered:
    """Return the pixels of its window that each shape meets, and the share of each inside it.

    Parameters
    ----------
    shapes
        Valid polygons and multipolygons, in the coordinates of the grid. Rings may turn either
        way. What lies outside a shape's window is left out.
    windows
        One for each shape. Memory goes with the pixels in all of them, some 40 bytes each.
    """
    start, end, shape, turn = _sides(shapes, grid)
    middle, fall, side = _cut(start, end)
    return _filled(windows, shape[side], middle, fall * turn[side])


def _sides(shapes: Polygons, grid: Grid) -> tuple[Floats, Floats, Ints, Floats]:
    """Return where each side begins and ends, whose it is, and the sign that it counts with."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    at = grid.place(xy)
    within = ring[1:] == ring[:-1]
    start, end, ring_of = at[:-1][within], at[1:][within], ring[:-1][within]
    # The way a ring turns is told by its own area, measured from its first corner.
    first = at[np.searchsorted(ring, np.arange(len(rings)))][ring_of]
    a, b = start - first, end - first
    twice = np.bincount(ring_of, a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], minlength=len(rings))
    hole = np.concatenate([[False], part[1:] == part[:-1]])[: len(rings)]
    turn = np.sign(twice) * np.where(hole, 1.0, -1.0)
    return start, end, owner[part[ring_of]], turn[ring_of]


def _cut(start: Floats, end: Floats) -> tuple[Floats, Floats, Ints]:
    """Cut sides at the lines between pixels: the middle of each bit, its fall, and its side."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    before = np.floor(low)
    lines = (np.ceil(high) - before - 1).clip(0).astype(np.int64)
    crossing = lines.any(axis=1)
    whole, several = np.flatnonzero(~crossing), np.flatnonzero(crossing)
    way = end - start
    # Where along its side each bit begins, and in which row, which is whole on a line between rows.
    at, height, side = [np.zeros(len(several))], [start[several, 1]], [np.arange(len(several))]
    for axis in (0, 1):
        n = lines[several, axis]
        which = np.repeat(np.arange(len(several)), n)
        line = before[several, axis][which] + 1 + np.arange(len(which))
        line -= np.repeat(np.cumsum(n) - n, n)
        of = several[which]
        at.append((line - start[of, axis]) / way[of, axis])
        height.append(line if axis else start[of, 1] + way[of, 1] * at[-1])
        side.append(which)
    t, v, bit = np.concatenate(at), np.concatenate(height), np.concatenate(side)
    order = np.lexsort((t, bit))
    t, v, of = t[order], v[order], several[bit[order]]
    last = np.append(of[1:] != of[:-1], True)[: len(of)]
    until = np.where(last, 1.0, np.append(t[1:], 1.0)[: len(t)])
    fall = np.where(last, end[of, 1], np.append(v[1:], 0.0)[: len(v)]) - v
    middle = start[of] + way[of] * ((t + until) / 2)[:, None]
    return (
        np.concatenate([(start[whole] + end[whole]) / 2, middle]),
        np.concatenate([way[whole, 1], fall]),
        np.concatenate([whole, of]),
    )


def _filled(windows: Windows, shape: Ints, middle: Floats, fall: Floats) -> Covered:
    """Add up what each bit leaves on its right, row by row of each shape's window."""
    # Windows of one width lie side by side, so that all their rows are added up in one call. Each
    # row has a column more, for what lies right of it.
    order = np.argsort(windows.wide, kind="stable")
    wide, deep = windows.wide[order], windows.deep[order]
    cells = (wide + 1) * deep
    offset = np.empty(len(order), dtype=np.int64)
    offset[order] = np.cumsum(cells) - cells
    corner = np.floor(middle)
    column = corner[:, 0].astype(np.int64) - windows.left[shape]
    row = corner[:, 1].astype(np.int64) - windows.top[shape]
    f = middle[:, 0] - corner[:, 0]
    last = windows.wide[shape]
    f[(column < 0) | (column >= last)] = 0.0  # left of the window: all of every pixel in the row
    seen = (row >= 0) & (row < windows.deep[shape])
    cell = (offset[shape] + row * (last + 1) + column.clip(0, last))[seen]
    fall, f, size = fall[seen], f[seen], int(cells.sum())
    share = np.bincount(cell, fall * (1 - f), minlength=size)
    share += np.bincount(cell + 1, fall * f, minlength=size + 1)[:size]
    line = np.repeat(order, deep)  # the shape of each row of a window
    begin = np.repeat(wide + 1, deep).cumsum()
    begin -= windows.wide[line] + 1
    for width in np.unique(wide):
        a, b = np.searchsorted(wide, width), np.searchsorted(wide, width, "right")
        block = share[cells[:a].sum() : cells[:b].sum()].reshape(-1, width + 1)
        np.cumsum(block, axis=1, out=block)
    met = np.flatnonzero(share > NOTHING)
    of_line = np.searchsorted(begin, met, "right") - 1
    column = met - begin[of_line]
    inside = column < windows.wide[line[of_line]]
    met, of_line, column = met[inside], of_line[inside], column[inside]
    first = np.repeat(np.cumsum(deep) - deep, deep)  # the first row of the same window
    owner = line[of_line]
    return Covered(
        shape=owner,
        row=of_line - first[of_line] + windows.top[owner],
        column=column + windows.left[owner],
        share=np.minimum(share[met], 1.0),
    )
