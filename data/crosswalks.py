"""Crosswalks of a place, from its base layer to any other of its layers.

In: a `Place` and the id of a layer. Out: the crosswalk, made in the way place.toml says.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from boundaries import build
from boundaries.crosswalk import Crosswalk
from data.place import Place
from data.settings import LayerSettings


def base_to(place: Place, layer: str) -> Crosswalk:
    """Build the crosswalk from the base layer to one layer, in the way place.toml says."""
    settings = place.settings.layer(layer)
    base, target = place.layers[place.base_layer], place.layers[layer]
    if layer == place.base_layer:
        return build.identity(base)
    table = place.crosswalk_tables.get(layer)
    if table is None:
        made = build.from_areas(base, target)
    elif settings.crosswalk.by == "points":
        made = build.from_points(
            table[["x", "y"]].to_numpy(np.float64),
            table["weight"].to_numpy(np.float64),
            base,
            target,
            unit=settings.crosswalk.unit or "count",
        )
    else:
        made = build.from_lookup(
            table,
            source="source_code",
            target="target_code",
            # Where a table has both, the shares are those of the masses.
            share="share" if set(table.columns) & {"share", "mass"} == {"share"} else None,
            mass="mass" if "mass" in table.columns else None,
            sources=base.index,
            targets=target.index,
            unit=settings.crosswalk.unit,
        )
    return replace(made, provenance=(*made.provenance, _origin(settings)))


def _origin(settings: LayerSettings) -> str:
    parts = [settings.title, settings.vintage, settings.source]
    return "; ".join(part for part in parts if part)
