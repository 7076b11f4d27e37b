"""What the live map is to draw for one figure of one level.

In: a result, a level, a figure and perhaps a chosen area. Out: a `Drawing`: the figure in classes,
with the legend's words and a label for each area, in the order in which the shapes were written.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.run import Result
from geo import maps
from pages.shared import cache, figures
from pages.shared.figures import Figure
from pages.shared.live_map import BEYOND, NO_DATA, Drawing, Legend

CLASSES = 5


def of(
    result: Result, level: str, figure: Figure, *, area: str = "", usual: Result | None = None
) -> Drawing:
    """Return the drawing of one figure.

    Areas beyond the place are drawn but not compared. With `usual` the class breaks are those of
    that result, so that the colours of a scenario can be compared with it.
    """
    table = result.level_tables[level]
    drawn = result.layers[level].index
    ours = figures.here(result, level).reindex(drawn, fill_value=False)
    values = table[figure.column].astype(float).reindex(drawn)
    before = (usual or result).level_tables[level][figure.column].astype(float).reindex(drawn)
    breaks = [float(number) for number in maps.classify(before[ours], k=CLASSES).breaks]
    return Drawing(
        geometry=cache.shape_address(result, level),
        classes=_classes(values, ours, breaks),
        labels=figures.labels(figure, values, ours.tolist(), place=result.place.name),
        palette=maps.colours(max(len(breaks) - 1, 1)),
        legend=Legend(
            title=f"{figure.title} ({figure.unit})",
            note=figure.darker,
            labels=figures.class_labels(figure, breaks),
            beyond="" if ours.all() else f"Beyond {result.place.name}",
        ),
        title=f"{figure.title} by {figures.level_titles(result)[level]}",
        summary=figures.summary(figure, table[figures.here(result, level)]),
        credit=figures.credit(result, level),
        picked=int(drawn.get_indexer(pd.Index([area]))[0]),
        bounds=cache.bounds(result),
    )


def _classes(values: pd.Series, ours: pd.Series, breaks: list[float]) -> list[int]:
    """Place each value in its class, upper bounds included; a value off the end is in the last."""
    found = np.searchsorted(breaks[1:-1], values.to_numpy(), side="left")
    found = np.where(values.isna(), NO_DATA, found)
    return [int(number) for number in np.where(ours, found, BEYOND)]
