"""The finest areas of a place, of which areas of one's own are made.

In: the table of a place's blocks (output areas) and their layer, or only its base areas. Out:
`Blocks` with households, people and every count they hold; and postcodes with the block each
lies in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries import custom
from boundaries.custom import Blocks
from data import tables
from data.errors import PostcodesElsewhere
from data.profiles_errors import HouseholdsUnknown
from data.settings import PostcodesSettings, Settings
from geo.errors import Faults
from geo.points import NOWHERE, locate

if TYPE_CHECKING:
    from data.place import Place

HOUSEHOLDS = "households"
WEIGHT = "weight"


def columns(settings: Settings) -> list[str]:
    """Return the columns that the table of blocks must have."""
    item = settings.blocks
    assert item is not None  # asked for only where there are blocks
    return [item.code, item.base, item.households, settings.base.people]


def build(
    frame: pd.DataFrame,
    base: pd.DataFrame,
    layer: gpd.GeoDataFrame,
    settings: Settings,
    faults: Faults,
) -> Blocks | None:
    """Check the table of blocks against their layer and the base areas; None where it is broken."""
    item = settings.blocks
    assert item is not None  # asked for only where there are blocks
    where, before = item.table, len(faults)
    keyed = tables.index_by_code(frame, item.code, where=where, layer=item.layer, faults=faults)
    tables.match_codes(keyed.index, layer.index, where=where, faults=faults, complete=True)
    tables.check_codes(keyed[item.base], where=where, faults=faults)
    if len(base):
        tables.match_codes(keyed[item.base], base.index, where=where, faults=faults)
    counted = (item.households, settings.base.people)
    numbers = {
        str(name): tables.numbers(keyed, name, where=where, faults=faults, gaps=name not in counted)
        for name in keyed.columns
        if name in counted or (name != item.base and tables.is_numeric(keyed[name]))
    }
    if len(faults) > before:
        return None
    found = pd.DataFrame(numbers, index=keyed.index).reindex(layer.index)
    found["people"] = found[settings.base.people]
    found["households"] = found[item.households]
    found["base"] = keyed[item.base].reindex(layer.index)
    return Blocks(gpd.GeoDataFrame(found, geometry=layer.geometry, crs=layer.crs))


def postcode_columns(item: PostcodesSettings) -> list[str]:
    """Return the columns that the table of postcodes must have."""
    return ["postcode", "x", "y", *([] if item.weight is None else [item.weight])]


def postcodes(
    frame: pd.DataFrame,
    item: PostcodesSettings,
    base: gpd.GeoDataFrame | None,
    *,
    faults: Faults,
) -> pd.DataFrame:
    """Read postcodes: x and y of each, and `weight`, its households, where the table knows them.

    They are indexed as they are usually written, "AB1 2CD"; two spellings of one are a fault, and
    so is a list of which nothing lies in the base areas: it is in other coordinates.
    """
    where, before = item.file, len(faults)
    written = frame.assign(postcode=[spelled(word) for word in frame["postcode"]])
    keyed = tables.index_by_code(written, "postcode", where=where, layer="postcode", faults=faults)
    low: dict[str, float | None] = {"x": None, "y": None}
    if item.weight is not None:
        low[item.weight] = 0.0
    found = pd.DataFrame(
        {
            column: tables.numbers(keyed, column, where=where, faults=faults, minimum=minimum)
            for column, minimum in low.items()
        }
    )
    if base is not None and len(faults) == before:
        xy = found[["x", "y"]].to_numpy(dtype=np.float64)
        if (locate(xy, base) == NOWHERE).all():
            faults.add(PostcodesElsewhere(where, found=list(found.index)))
    return found.rename(columns={item.weight: WEIGHT})


def spelled(postcode: object) -> str:
    """Return a postcode in capitals with a space before its last three characters."""
    plain = "".join(str(postcode).upper().split())
    return f"{plain[:-3]} {plain[-3:]}" if len(plain) > 4 else plain


def of_place(place: Place) -> Blocks:
    """Return the blocks of a place, or its base areas where it has none.

    Raises
    ------
    HouseholdsUnknown
        The place has no blocks and its base areas no households: nobody can tell whether an area
        of one's own would give families away.
    """
    if place.blocks is not None:
        return place.blocks
    if HOUSEHOLDS not in place.base.columns:
        raise HouseholdsUnknown(place.settings.base.table)
    frame = place.base.select_dtypes("number").copy()
    frame["people"] = place.people
    frame["households"] = place.base[HOUSEHOLDS].astype("float64").fillna(0.0)
    frame["base"] = frame.index.astype("str")
    layer = place.layers[place.base_layer]
    return Blocks(gpd.GeoDataFrame(frame, geometry=layer.geometry, crs=layer.crs))


def counting(place: Place) -> str:
    """Say what `located` counts at a postcode: `custom.HOUSEHOLDS` or `custom.POSTCODES`."""
    known = place.postcodes is None or WEIGHT in place.postcodes.columns
    return custom.HOUSEHOLDS if known else custom.POSTCODES


def located(place: Place, blocks: Blocks) -> gpd.GeoDataFrame | None:
    """Return the postcodes inside the blocks with the `block` and the `households` of each.

    Where nobody knows the households at a postcode, those of a block are shared equally among its
    postcodes. A block in which no postcode lies gets one of its own, at its middle, so that no
    drawing misses it.
    """
    if place.postcodes is None:
        return None
    xy = place.postcodes[["x", "y"]].to_numpy(dtype=np.float64)
    at = locate(xy, blocks.frame)
    known = at != NOWHERE
    block = blocks.frame.index.to_numpy()[at[known]]
    if WEIGHT in place.postcodes.columns:
        households = place.postcodes[WEIGHT].to_numpy()[known]
    else:
        sharing = np.bincount(at[known], minlength=len(blocks.frame))[at[known]]
        households = blocks.frame["households"].to_numpy()[at[known]] / sharing
    found = gpd.GeoDataFrame(
        {"block": block, "households": households},
        geometry=gpd.points_from_xy(*xy[known].T),
        index=place.postcodes.index[known],
        crs=blocks.frame.crs,
    )
    held = found.groupby("block")["households"].sum().reindex(blocks.frame.index).fillna(0.0)
    bare = blocks.frame[held.to_numpy() <= 0]
    middle = gpd.GeoDataFrame(
        {"block": bare.index, "households": np.maximum(bare["households"].to_numpy(), 1.0)},
        geometry=bare.geometry.representative_point().to_numpy(),
        index=pd.Index([f"middle of {code}" for code in bare.index], name="postcode", dtype="str"),
        crs=blocks.frame.crs,
    )
    return gpd.GeoDataFrame(pd.concat([found, middle]), crs=blocks.frame.crs)
