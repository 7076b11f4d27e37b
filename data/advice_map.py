"""The map of programmes: how many are at work in each area of a level.

In: a `Result` with a register of programmes, a level, a day. Out: one HTML file that draws without
a network, with a table of all areas.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from budgets import programmes
from data import advice_mismatch
from data.errors import MissingChoice
from data.run import Result
from data.write import MAP_PIXELS
from geo import display, maps


def write(
    result: Result, out: Path, *, level: str | None = None, theme: str | None = None, on: dt.date
) -> Path:
    """Draw how many programmes (of one theme, or of all) are at work in each area.

    Raises
    ------
    MissingChoice
        The place has no register of programmes.
    UnknownChoice
        The level is not there.
    """
    place = result.place
    if place.programmes is None:
        raise MissingChoice("--map", detail="place.toml names no register of programmes")
    layer = advice_mismatch.level_or_smallest(result, level)
    register = programmes.active(place.programmes, on=on)
    if theme is not None:
        register = register[register["theme"] == theme]
    at_work = advice_mismatch.at_work_in(result, layer, register)
    counts = at_work.groupby("area_code", sort=False)["programmes"].sum()
    table = result.level_tables[layer]
    areas = place.layers[layer]
    areas = areas[areas.index.isin(table.index[table["people_inside"] > 0])]
    left, bottom, right, top = areas.total_bounds
    shapes = display.simplify(areas, tolerance_m=max(right - left, top - bottom) / MAP_PIXELS)
    what = "Programmes at work" if theme is None else f"Programmes at work, {theme}"
    drawn = maps.folium_map(
        shapes,
        counts.reindex(areas.index).astype("float64"),
        title=f"{what}, {place.name}",
        legend_title=f"Programmes that run on {on.day} {on:%B %Y}",
        format="{:,.0f}",
        source=place.settings.layer(layer).title,
        look=maps.Look(banner=f"{place.name} is a fictional place." if place.fictional else ""),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    maps.save(drawn, out)
    return out
