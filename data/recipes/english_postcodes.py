"""The postcodes of an English district, from the national file or from the one beside the city's.

In: the folder of published files and the base areas. Out: the postcodes that lie in them, with
their coordinates; nobody publishes how many homes each has, so all count alike.
"""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd

from data.blocks import spelled
from data.errors import RecipeFault
from data.recipes.english_areas import National
from geo.points import NOWHERE, locate


def inside(
    national: National, base: gpd.GeoDataFrame, *, city: str, say: Callable[[str], None]
) -> pd.DataFrame | None:
    """Return `postcode, x, y` of the postcodes in the base areas; None where no file is there.

    Parameters
    ----------
    national
        The published files. Where the national one is absent, that of the district serves.
    base
        Base areas in the system of the coordinates, EPSG:27700.
    city
        Name of the district's file in `cities/`.
    say
        Receives how many postcodes were found, and how many have no coordinates.

    Raises
    ------
    RecipeFault
        The file is not as expected, or has one postcode twice.
    """
    item = national.settings["postcodes"]
    names = [item["file"], item["of_city"].format(city=city)]
    path = next((path for name in names if (path := national.data / name).is_file()), None)
    if path is None:
        say("Left out: postcodes, because no file of them is there.")
        return None
    columns = [item["code"], item["x"], item["y"]]
    frame = (
        pd.read_parquet(path, columns=columns)
        if path.suffix == ".parquet"
        else pd.read_csv(path, dtype=str, usecols=columns)
    )
    frame.columns = pd.Index(["postcode", "x", "y"])
    xy = frame[["x", "y"]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    # A postcode of which nobody knows the place stands at the origin of the grid, in the sea.
    unplaced = ~np.isfinite(xy).all(axis=1) | (xy == 0).all(axis=1)
    left, bottom, right, top = base.total_bounds
    near = (xy >= (left, bottom)).all(axis=1) & (xy <= (right, top)).all(axis=1) & ~unplaced
    here = np.flatnonzero(near)[locate(xy[near], base) != NOWHERE]
    found = pd.DataFrame(xy[here].round(1), columns=["x", "y"])
    found.insert(0, "postcode", [spelled(code) for code in frame["postcode"].to_numpy()[here]])
    twice = found.loc[found["postcode"].duplicated(), "postcode"]
    if len(twice):
        raise RecipeFault(str(path), found=list(twice), detail="postcodes that stand twice")
    if found.empty:
        say(f"Left out: postcodes, because none of {path.name} lies in the base areas.")
        return None
    say(
        f"Postcodes: {len(found):,} in the base areas, each counted alike; {int(unplaced.sum()):,} "
        f"of {len(frame):,} in {path.name} have no coordinates."
    )
    return found.sort_values("postcode", ignore_index=True)
