"""The plots: the smallest pieces of land, from which every area of the demo place is made.

In: the land. Out: `Plots`, a few thousand polygons that share their borders exactly, with their
seeds and neighbours. Every layer is a union of plots, so layers cut one another but no sliver, gap
or overlap is left by the drawing.

The plots are Voronoi cells whose edges are roughened. An edge may only stray within the two
triangles it spans with the seeds on either side; no two such pairs overlap, so no borders cross.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import Voronoi, cKDTree

from data.demo.arrays import Bools, Floats, Ints
from data.demo.land import BUILT, KIND, KINDS, ORIGIN, REGION_RADIUS_M, Kind, Land
from data.demo.noise import chance

HALVINGS = 3  # an edge becomes 2**3 pieces
ROOM = 0.72  # of the triangle that an edge may fill
TOWN_BANK_M = (105.0, 62.0)  # spacing of the pairs of seeds along the river, distance from it
COUNTRY_BANK_M = (300.0, 170.0)
TOWN_REACH_M = 4_600.0
FRINGE_M = 420.0
QUARTER_M = 520.0


@dataclass(frozen=True)
class Plots:
    """Pieces of land: `polygons` (n,), `seeds` (n, 2), `kind` (n,) and who borders whom.

    `pairs` (m, 2) are neighbours and `shared_m` (m,) the length of the border they share.
    """

    polygons: np.ndarray
    seeds: Floats
    kind: Ints
    pairs: Ints
    shared_m: Floats

    def __len__(self) -> int:
        return len(self.seeds)


def cut(land: Land, *, seed: int) -> Plots:
    """Cut the region into plots: blocks in the town, fields in the country, banks by the river."""
    seeds = _seeds(land, chance(seed, "plots"))
    kept = land.in_region(seeds)
    order = np.argsort(~kept, kind="stable")  # the plots first, then their neighbours outside
    seeds, n = seeds[order], int(kept.sum())
    sides, lines = _edges(seeds, n, land, chance(seed, "plot edges"))
    inner = (sides < n).all(axis=1)
    steps = np.hypot(*np.moveaxis(np.diff(lines[inner], axis=1), 2, 0)).sum(axis=1)
    return Plots(
        _polygons(seeds, n, sides, lines), seeds[:n], land.kind(seeds[:n]), sides[inner], steps
    )


def _seeds(land: Land, rng: np.random.Generator) -> Floats:
    """Place the seeds: pairs along the river, blocks where it is built up, fields elsewhere."""
    river = _river_seeds(land)
    town = _town_seeds(land, rng)
    town = town[cKDTree(river).query(town)[0] > 0.62 * TOWN_BANK_M[0]]
    fixed = np.vstack([river, town])
    near_town = cKDTree(town)
    for gap, far in ((210.0, FRINGE_M), (KINDS[KIND["farmland"]].spacing_m, np.inf)):
        # Paddocks and gardens first, then fields: what is built must not reach far into the open.
        fields = _field_seeds(land, rng, gap)
        fields = fields[near_town.query(fields)[0] < far]
        fixed = np.vstack([fixed, fields[cKDTree(fixed).query(fields)[0] > 0.55 * gap]])
    return fixed


def _river_seeds(land: Land) -> Floats:
    """Place mirrored pairs along the river: the border between the two of a pair is the river."""
    seeds = []
    for (step, offset), inner, outer in (
        (TOWN_BANK_M, 0.0, TOWN_REACH_M),
        (COUNTRY_BANK_M, TOWN_REACH_M, 1.25 * REGION_RADIUS_M),
    ):
        line, normal = land.river.points(step)
        away = np.hypot(*(line - ORIGIN).T)
        here = (away >= inner) & (away < outer)
        seeds += [(line + side * offset * normal)[here] for side in (1, -1)]
    return np.vstack(seeds)


def _town_seeds(land: Land, rng: np.random.Generator) -> Floats:
    """Lay out streets: quarters with a grid each, turned and spaced by its kind of land."""
    corners = _scatter(rng, QUARTER_M, reach=1.05)
    corners = corners[BUILT[land.kind(corners)]]
    centres = np.array([[place.x, place.y] for place in land.settlements]) + ORIGIN
    corners = np.vstack([corners, centres])
    nearest = cKDTree(corners)
    grids = []
    for number, kind in enumerate(land.kind(corners)):
        grid = corners[number] + _street_grid(KINDS[kind], rng)
        grids.append(grid[nearest.query(grid)[1] == number])
    seeds = np.vstack(grids)
    kind = land.kind(seeds)
    green = np.isin(kind, [KIND["green"], KIND["works"]])
    seeds = seeds[BUILT[kind] | (green & (rng.random(len(seeds)) < 0.30))]
    return _thin(seeds, 38.0)


def _street_grid(kind: Kind, rng: np.random.Generator) -> Floats:
    """Draw the middles of blocks around (0, 0): in rows where streets are straight."""
    straight = kind.roughness < 0.35
    turn = rng.uniform(0, np.pi / 2)
    long = rng.uniform(1.25, 1.9) if straight else rng.uniform(1.0, 1.4)
    reach = int(np.ceil(900 / kind.spacing_m))
    cells = np.arange(-reach, reach + 1) * kind.spacing_m
    x, y = np.meshgrid(cells * np.sqrt(long), cells / np.sqrt(long))
    bond = np.arange(len(cells)) * (0.08 if straight else 0.5)
    x = x + (bond % 1)[:, None] * kind.spacing_m * np.sqrt(long)
    local = np.stack([x.ravel(), y.ravel()], axis=1)
    local += rng.normal(0, (0.045 if straight else 0.13) * kind.spacing_m, local.shape)
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return np.asarray(local @ spin)


def _field_seeds(land: Land, rng: np.random.Generator, gap: float) -> Floats:
    """Scatter the seeds of fields; on the moor they lie wider apart."""
    seeds = _scatter(rng, gap, reach=1.32)
    kind = land.kind(seeds)
    moor = (kind == KIND["moor"]) & (rng.random(len(seeds)) < 0.45)
    return seeds[~BUILT[kind] & ~moor & (land.river.distance_m(seeds) > 0.5 * gap)]


def _scatter(rng: np.random.Generator, gap: float, *, reach: float) -> Floats:
    """Scatter points evenly but without a pattern: a jittered honeycomb."""
    far = reach * REGION_RADIUS_M
    x, y = np.meshgrid(np.arange(-far, far, gap), np.arange(-far, far, gap * np.sqrt(0.75)))
    x = x + np.where(np.arange(len(x)) % 2, 0.5, 0.0)[:, None] * gap
    points = ORIGIN + np.stack([x.ravel(), y.ravel()], axis=1)
    return np.asarray(points + rng.uniform(-0.38, 0.38, points.shape) * gap)


def _thin(points: Floats, gap: float) -> Floats:
    """Drop the later of two points that lie closer than a gap."""
    close = cKDTree(points).query_pairs(gap, output_type="ndarray")
    keep = np.ones(len(points), dtype=bool)
    keep[close.max(axis=1)] = False
    return points[keep]


def _edges(seeds: Floats, n: int, land: Land, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Return the edges of the first n cells: the two seeds beside each, and its points."""
    local = seeds - ORIGIN  # Qhull works in differences of squares: keep the numbers small
    far = 9 * REGION_RADIUS_M * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    cells = Voronoi(np.vstack([local, far]))
    ends = np.array(cells.ridge_vertices)
    used = (cells.ridge_points < n).any(axis=1) & (ends >= 0).all(axis=1)
    sides, ends = cells.ridge_points[used].astype(np.int64), ends[used]
    start, stop = cells.vertices[ends[:, 0]], cells.vertices[ends[:, 1]]
    length = np.maximum(np.hypot(*(stop - start).T), 1e-9)
    ahead = (stop - start) / length[:, None]
    to_seed = local[sides[:, 0]] - start
    foot = (to_seed * ahead).sum(axis=1)
    height = np.abs(to_seed[:, 0] * ahead[:, 1] - to_seed[:, 1] * ahead[:, 0])

    steps = 2**HALVINGS
    at = np.linspace(0, 1, steps + 1)
    # The sides of the triangle seed - start - stop bound the displacement from either end.
    with np.errstate(divide="ignore"):
        rise = np.where(foot > 1e-6, height / np.maximum(foot, 1e-6), np.inf)
        fall = np.where(length - foot > 1e-6, height / np.maximum(length - foot, 1e-6), np.inf)
    room = np.full((len(length), steps + 1), np.inf)
    inner = slice(1, steps)
    room[:, inner] = np.minimum(
        np.outer(length * np.minimum(rise, 1e6), at)[:, inner],
        np.outer(length * np.minimum(fall, 1e6), 1 - at)[:, inner],
    )
    room = np.minimum(room, 0.2 * length[:, None])
    rough = _roughness(seeds, sides, land)
    stray = ROOM * rough[:, None] * room * _midpoint_noise(len(length), rng)
    across = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
    lines = (
        start[:, None] + at[:, None] * (stop - start)[:, None] + stray[..., None] * across[:, None]
    )
    lines[:, 0], lines[:, -1] = start, stop
    return sides, np.round(lines + ORIGIN, 2)  # whole centimetres


def _roughness(seeds: Floats, sides: Ints, land: Land) -> Floats:
    """Return how far each edge may stray: streets and river walls are straight, brooks are not."""
    of_kind = np.array([kind.roughness for kind in KINDS])[land.kind(seeds)]
    rough = np.minimum(of_kind[sides[:, 0]], of_kind[sides[:, 1]])
    bank = land.river.left_bank(seeds)
    return np.where(bank[sides[:, 0]] != bank[sides[:, 1]], 0.35, rough)


def _midpoint_noise(n: int, rng: np.random.Generator) -> Floats:
    """Draw n rough profiles with ends at zero: halve, displace the middle, halve again."""
    profile = np.zeros((n, 2**HALVINGS + 1))
    step, size = 2**HALVINGS, 0.9
    while step > 1:
        half = step // 2
        middle = (profile[:, 0:-1:step] + profile[:, step::step]) / 2
        profile[:, half::step] = middle + rng.uniform(-size, size, middle.shape)
        step, size = half, 0.6 * size
    return np.clip(profile, -1, 1)


def _polygons(seeds: Floats, n: int, sides: Ints, lines: Floats) -> np.ndarray:
    """Join the edges around each seed, in the order of their direction, to one ring a plot."""
    cell = np.concatenate([sides[:, 0], sides[:, 1]])
    edge = np.tile(np.arange(len(sides)), 2)
    edge, cell = edge[cell < n], cell[cell < n]
    start, stop = lines[edge, 0] - seeds[cell], lines[edge, -1] - seeds[cell]
    middle = start + stop
    order = np.lexsort((np.arctan2(middle[:, 1], middle[:, 0]), cell))
    edge, cell = edge[order], cell[order]
    forward = (start[:, 0] * stop[:, 1] - start[:, 1] * stop[:, 0])[order] > 0
    ring = np.where(forward[:, None, None], lines[edge], lines[edge, ::-1])[:, :-1]
    flat, owner = ring.reshape(-1, 2), np.repeat(cell, ring.shape[1])
    fresh: Bools = np.r_[True, (np.diff(flat, axis=0) != 0).any(axis=1) | (np.diff(owner) != 0)]
    return np.asarray(shapely.polygons(shapely.linearrings(flat[fresh], indices=owner[fresh])))
