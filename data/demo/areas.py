"""The areas of the demo place: who each plot belongs to, layer by layer.

In: the plots and the homes on them. Out: `Areas`, a number for every plot and layer. Output areas
nest in small areas, small areas and wards in districts; everything else cuts across.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.arrays import Bools, Floats, Ints, middles, tally
from data.demo.grouping import balanced, in_one_piece, neighbours
from data.demo.land import ESTATES, ORIGIN, TOWNS, Land
from data.demo.noise import chance, surface
from data.demo.plots import Plots

OUTPUT_AREAS = (900, 100, 120, 80)  # by district: the place itself, then its neighbours
SMALL_AREAS = (180, 20, 24, 16)
QUARTERS = (36, 4, 5, 3)
WARDS = 24
BANKS_APART_M = 4_000.0


@dataclass(frozen=True)
class Areas:
    """For every plot (n,) the number of the area it lies in; -1 where a layer leaves it out.

    `partnerships` is (n, 2): the two overlap, so membership of each is its own yes or no.
    """

    authority: Ints
    oa: Ints
    sa: Ints
    quarter: Ints
    ward: Ints
    consortium: Ints
    police: Ints
    forum: Ints
    partnerships: Bools


def draw(land: Land, plots: Plots, homes: Ints, authority: Ints, *, seed: int) -> Areas:
    """Draw every layer over the plots."""
    nested = _nested(land, plots, homes, authority)
    ward = _wards(land, plots, homes, authority)
    return Areas(
        authority=authority,
        oa=nested[0],
        sa=nested[1],
        quarter=nested[2],
        ward=ward,
        consortium=_consortium_land(plots, homes, seed),
        police=_police(land, plots, homes, authority, seed),
        forum=_forums(plots, nested[0]),
        partnerships=_partnerships(plots, homes, authority, seed),
    )


def districts(land: Land, plots: Plots) -> Ints:
    """Return the district of each plot, every district in one piece."""
    area = np.ones(len(plots))
    return in_one_piece(land.authority(plots.seeds), area, plots.pairs, plots.shared_m)


def _same_bank(land: Land, plots: Plots) -> Bools:
    bank = land.river.left_bank(plots.seeds)
    return np.asarray(bank[plots.pairs[:, 0]] == bank[plots.pairs[:, 1]])


def _nested(land: Land, plots: Plots, homes: Ints, authority: Ints) -> tuple[Ints, Ints, Ints]:
    """Group plots to output areas, those to small areas and quarters, district by district."""
    xy = land.river.shifted(plots.seeds, BANKS_APART_M)
    dry = _same_bank(land, plots)
    levels = [np.zeros(len(plots), dtype=np.int64) for _ in range(3)]
    start = [0, 0, 0]
    for district, counts in enumerate(zip(OUTPUT_AREAS, SMALL_AREAS, QUARTERS, strict=True)):
        mine = np.flatnonzero(authority == district)
        pairs0, shared0 = pairs, shared_m = _within(plots, mine, dry)
        unit = np.arange(len(mine))
        for level, count in enumerate(counts):
            # A unit is placed where its homes are; land without homes where it lies.
            centre = middles(unit, xy[mine], homes[mine] + 1e-6)
            if level > 0:
                pairs, shared_m = neighbours(unit, pairs0, shared0)
            group = balanced(
                centre, tally(unit, homes[mine]), pairs, n_groups=count, shared_m=shared_m
            )
            unit = group[unit]
            levels[level][mine] = unit + start[level]
            start[level] += count
    return levels[0], levels[1], levels[2]


def _within(plots: Plots, members: Ints, allowed: Bools) -> tuple[Ints, Floats]:
    """Return the neighbour pairs among some plots, numbered among themselves."""
    place = np.full(len(plots), -1)
    place[members] = np.arange(len(members))
    local = place[plots.pairs]
    keep = (local >= 0).all(axis=1) & allowed
    return local[keep], plots.shared_m[keep]


def _wards(land: Land, plots: Plots, homes: Ints, authority: Ints) -> Ints:
    """Draw the wards of the place for even electorates, without regard to small areas."""
    mine = np.flatnonzero(authority == 0)
    pairs, shared_m = _within(plots, mine, _same_bank(land, plots))
    # Stretched a little, so that ward borders do not follow the grid of the small areas.
    xy = land.river.shifted(plots.seeds[mine], BANKS_APART_M) @ np.array([[1.0, 0.35], [-0.2, 0.9]])
    ward = np.full(len(plots), -1)
    ward[mine] = balanced(xy, homes[mine].astype(float), pairs, n_groups=WARDS, shared_m=shared_m)
    return ward


def _consortium_land(plots: Plots, homes: Ints, seed: int) -> Ints:
    """Split the region into upper and lower vale: a line through the town, across the river."""
    x, y = (plots.seeds - ORIGIN).T
    bend = 650 * surface(plots.seeds, chance(seed, "consortium line"), scale_m=2_600)
    east = (x + 0.3 * y + bend > 900).astype(np.int64)
    return in_one_piece(east, homes.astype(float), plots.pairs, plots.shared_m)


def _police(land: Land, plots: Plots, homes: Ints, authority: Ints, seed: int) -> Ints:
    """Two command units: centre and left bank; the rest of the district with Caldersby."""
    local = plots.seeds - ORIGIN
    bend = 180 * surface(plots.seeds, chance(seed, "police line"), scale_m=900)
    first = land.river.left_bank(plots.seeds) | (np.hypot(*local.T) + bend < 1_150)
    unit = np.where(first & (authority == 0), 0, np.where(np.isin(authority, [0, 3]), 1, 2))
    unit = in_one_piece(unit, homes.astype(float), plots.pairs, plots.shared_m)
    return np.where(unit == 2, -1, unit)


def _partnerships(plots: Plots, homes: Ints, authority: Ints, seed: int) -> Bools:
    """Two enterprise partnerships that both claim the middle of the district.

    Neither takes in the hills in the far north-west: the layer overlaps itself and leaves a gap.
    """
    x, y = (plots.seeds - ORIGIN).T
    bend = 500 * surface(plots.seeds, chance(seed, "partnership line"), scale_m=2_200)
    inside = authority == 0
    vale = (inside & (x + bend < 2_700)) | (authority == 3) | ((authority == 1) & (y < 6_500))
    coast = (inside & (x + bend > -1_900)) | (authority == 2)
    whole = [
        in_one_piece(part.astype(np.int64), homes.astype(float), plots.pairs, plots.shared_m) == 1
        for part in (vale, coast)
    ]
    return np.stack(whole, axis=1)


def _forums(plots: Plots, oa: Ints) -> Ints:
    """Four neighbourhood forums of whole output areas; most of the district has none."""
    local = plots.seeds - ORIGIN
    hartle = TOWNS[0]
    spots = (
        (*ESTATES[0][:2], 900.0),
        (-100.0, 100.0, 520.0),
        (hartle.x, hartle.y, hartle.radius_m + 150),
        (*ESTATES[1][:2], 560.0),
    )
    forum = np.full(len(plots), -1)
    middle = middles(oa, local)
    for number, (x, y, radius) in enumerate(spots):
        forum[np.hypot(*(middle[oa] - [x, y]).T) < radius] = number
    return forum
