"""The homes of the demo place: how many stand on each plot, and where.

In: the land and its plots. Out: the number of homes a plot, and a point for each home inside its
plot: along the streets in the town, scattered over the land outside it.
"""

from __future__ import annotations

import numpy as np
import shapely

from data.demo.arrays import Floats, Ints
from data.demo.land import KIND, Land
from data.demo.noise import chance
from data.demo.plots import Plots

HOMES_INSIDE = 86_000
HOMES_AROUND = 27_000
WATER_M = 38.0  # from the middle of the river to the first door
STREETS = ("centre", "terraces", "estate", "inner", "suburb", "new homes", "town", "village")


def count(land: Land, plots: Plots, authority: Ints, *, seed: int) -> Ints:
    """Draw the number of homes on each plot; the expected totals are those stated above."""
    rng = chance(seed, "homes")
    expected = land.homes(plots.kind, shapely.area(plots.polygons))
    expected = expected * rng.lognormal(0, 0.22, len(plots))
    inside = authority == 0
    for part, total in ((inside, HOMES_INSIDE), (~inside, HOMES_AROUND)):
        expected[part] *= total / expected[part].sum()
    return rng.poisson(expected)


def place(land: Land, plots: Plots, homes: Ints, *, seed: int) -> tuple[Floats, Ints]:
    """Put each home on a spot of its plot.

    A home stands between the middle of its plot and a point of its border: close to the border
    (the street) in built-up land, anywhere in the country, away from the water by the river.

    Returns
    -------
    Positions (n, 2) to the centimetre and the plot of each home (n,).
    """
    rng = chance(seed, "spots")
    plot = np.repeat(np.arange(len(plots)), homes)
    first = np.cumsum(homes) - homes
    turn = (np.arange(len(plot)) - first[plot] + rng.uniform(0.2, 0.8, len(plot))) / homes[plot]
    ring = shapely.get_exterior_ring(plots.polygons)[plot]
    edge = shapely.get_coordinates(shapely.line_interpolate_point(ring, turn % 1, normalized=True))
    on_street = np.isin(plots.kind, [KIND[name] for name in STREETS])[plot]
    share = np.where(
        on_street, rng.uniform(0.68, 0.84, len(plot)), rng.uniform(0.03, 0.8, len(plot))
    )
    seeds = plots.seeds[plot]
    xy = seeds + share[:, None] * (edge - seeds)
    # Nobody lives in the river, nor across a kink of the border on the neighbour's land.
    check = np.arange(len(xy))
    for _ in range(3):
        inside = shapely.contains_xy(plots.polygons[plot[check]], *xy[check].T)
        check = check[~inside | (land.river.distance_m(xy[check]) < WATER_M)]
        xy[check] = seeds[check] + 0.5 * (xy[check] - seeds[check])
    return np.round(xy, 2), plot
