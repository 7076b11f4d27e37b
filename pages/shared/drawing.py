"""What the live map is to draw for one figure of one level.

In: a result, a level, a figure and perhaps a chosen area. Out: a `Drawing`: the figure in classes,
with the legend's words and a label for each area, in the order in which the shapes were written.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from budgets import honesty
from data.run import Result
from geo import maps
from pages.shared import cache, figures
from pages.shared.figures import Figure
from pages.shared.live_map import BEYOND, NO_DATA, Drawing, Legend

CLASSES = 5


def of(
    result: Result,
    level: str,
    figure: Figure,
    *,
    values: pd.Series | None = None,
    usual: pd.Series | None = None,
    about: str = "",
    area: str = "",
    borders: str = "",
) -> Drawing:
    """Return the drawing of one figure. Areas beyond the place are drawn but not compared.

    Parameters
    ----------
    values
        By area, in the figure's own unit; by default what the level's table holds.
    usual
        The same before a choice was made: the class breaks come from these values, so that the
        colours of what-ifs can be compared.
    about
        What of the figure is drawn, such as the name of one line of money.
    borders
        Another level whose borders are drawn over this one's.
    """
    table = result.level_tables[level]
    table = table.assign(**{figure.column: table[figure.column] if values is None else values})
    drawn = result.layers[level].index
    ours = figures.here(result, level)
    shown = table[figure.column].astype(float).where(ours).reindex(drawn)
    before = table[figure.column] if usual is None else usual
    found = maps.classify(before.astype(float)[ours], k=CLASSES)
    breaks = [float(number) for number in found.breaks]
    ours = ours.reindex(drawn, fill_value=False)
    outlined = not figures.fills_the_place(result, level)
    title = f"{figure.title}, {about}" if about else figure.title
    assumed = _assumed(result, level, figure, drawn) if values is None else []
    return Drawing(
        geometry=cache.shape_address(result, level),
        classes=_classes(shown, ours, breaks),
        labels=figures.labels(figure, shown, ours.tolist()),
        palette=maps.colours(max(len(breaks) - 1, 1)),
        legend=Legend(
            title=f"{title} ({figure.unit})",
            note=figure.darker,
            labels=figures.class_labels(figure, breaks, open_ends=usual is not None),
            beyond="" if ours.all() else f"Beyond {result.place.name}, not compared",
            outline=result.place.name if outlined else "",
            borders=f"Borders of {figures.level_titles(result)[borders]}" if borders else "",
            hatched="More than half follows from our assumption" if assumed else "",
        ),
        figure=figure.title,
        title=f"{title} by {figures.level_titles(result)[level]}",
        summary=figures.summary(figure, table[figures.here(result, level)]),
        credit=figures.credit(result, level),
        picked=int(drawn.get_indexer(pd.Index([area]))[0]),
        outline=cache.shape_address(result, result.place.settings.base.inside) if outlined else "",
        overlapping=result.levels[level].counted_in_each is not None,
        borders=cache.shape_address(result, borders) if borders else "",
        hatched=assumed,
    )


def _assumed(result: Result, level: str, figure: Figure, drawn: pd.Index) -> list[int]:
    """Return the positions of areas more than half of whose money is split by assumption."""
    if not figure.money:
        return []
    found = honesty.recorded(result.levels[level])
    assumed = found.assumed_pence.reindex(drawn, fill_value=0).to_numpy()
    known = (found.pence + found.spent_pence).reindex(drawn, fill_value=0).to_numpy()
    ours = figures.here(result, level).reindex(drawn, fill_value=False).to_numpy()
    return [int(at) for at in np.flatnonzero((assumed > known) & ours)]


def _classes(values: pd.Series, ours: pd.Series, breaks: list[float]) -> list[int]:
    """Place each value in its class, upper bounds included; a value off the end is in the last."""
    found = np.searchsorted(breaks[1:-1], values.to_numpy(), side="left")
    found = np.where(values.isna(), NO_DATA, found)
    return [int(number) for number in np.where(ours, found, BEYOND)]
