"""What is known of the people of the demo place by point and pixel: postcodes and a raster.

In: the households. Out: postcode units with their middle home and number of homes; and people by
cell as a raster of some years ago would have them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from data.demo.arrays import Floats, Ints, middles, tally
from data.demo.layers import OA, SA
from data.demo.noise import chance

HOMES_A_POSTCODE = 15
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # postcodes never end in C I K M O V


def postcodes(households: pd.DataFrame, quarter: Ints, *, seed: int) -> pd.DataFrame:
    """Deliver the post: units of about 15 homes along the streets, at their middle home.

    Units keep to a small area but not to output areas or wards; `weight` is the number of
    households.
    """
    rng = chance(seed, "postcodes")
    order = np.lexsort((np.arange(len(households)), households[OA], households[SA]))
    area = households[SA].to_numpy()[order]
    start = np.r_[True, area[1:] != area[:-1]]
    walk = rng.integers(6, 2 * HOMES_A_POSTCODE - 5, len(order))
    unit = np.zeros(len(order), dtype=np.int64)
    number = -1
    left = 0
    for step in range(len(order)):
        if start[step] or left == 0:
            number, left = number + 1, int(walk[step])
        unit[step], left = number, left - 1
    xy = households[["x", "y"]].to_numpy()[order]
    middle = middles(unit, xy)
    nearest = np.lexsort((np.hypot(*(xy - middle[unit]).T), unit))
    home = nearest[np.r_[True, np.diff(unit[nearest]) != 0]]
    people = tally(unit, households["people"].to_numpy()[order])
    table = pd.DataFrame(
        {
            "postcode": _postcode_names(quarter[order][home]),
            "x": xy[home, 0],
            "y": xy[home, 1],
            "weight": tally(unit).astype(np.int64),
            "people": people.astype(np.int64),
        }
    )
    return table.sort_values("postcode", ignore_index=True)


def centroids(households: pd.DataFrame) -> pd.DataFrame:
    """Return the population-weighted centroid of each small area: the home nearest the mean.

    Snapped to a home, as the published ones are to an address, it never lies outside its area.
    """
    codes, area = np.unique(households[SA].to_numpy(), return_inverse=True)
    xy = households[["x", "y"]].to_numpy()
    middle = middles(area, xy, households["people"].to_numpy())
    order = np.lexsort((np.hypot(*(xy - middle[area]).T), area))
    home = order[np.r_[True, np.diff(area[order]) != 0]]
    return pd.DataFrame({"code": codes, "x": xy[home, 0], "y": xy[home, 1]})


def _postcode_names(quarter: Ints) -> list[str]:
    """Name units WX1 1AA and on; there is no postcode area WX."""
    turn = pd.Series(quarter).groupby(quarter).cumcount().to_numpy()
    return [
        f"WX{q // 4 + 1} {q % 4 + 1 + 4 * (n // 400)}{LETTERS[n % 400 // 20]}{LETTERS[n % 20]}"
        for q, n in zip(quarter.tolist(), turn.tolist(), strict=True)
    ]


def raster_cells(
    households: pd.DataFrame, bounds: tuple[int, int, int, int], *, cell_m: int, seed: int
) -> Floats:
    """Return people a cell as a raster of 2015 would have them: old, smeared and uncertain.

    Rows run from north to south. Homes built since are absent; people are smeared over the
    neighbouring cells, as modelled rasters do; each cell is off by some 15 %.
    """
    west, south, east, north = bounds
    shape = ((north - south) // cell_m, (east - west) // cell_m)
    there = households[households["year_built"] < 2016]
    row = ((north - there["y"].to_numpy()) // cell_m).astype(np.int64)
    column = ((there["x"].to_numpy() - west) // cell_m).astype(np.int64)
    people = np.zeros(shape)
    np.add.at(people, (row, column), there["people"].to_numpy())
    smeared = gaussian_filter(people, 0.9, mode="constant")
    noisy = smeared * chance(seed, "raster").lognormal(0, 0.15, shape)
    noisy[noisy < 0.05] = 0.0
    return np.round(noisy * 0.985 * people.sum() / noisy.sum(), 3)
