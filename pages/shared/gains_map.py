"""The map of who gains and who loses: the change for each person, in classes about nought.

In: what `data.gaining.by_level` says of a level. Out: a `Drawing`. The breaks come from a fixed
ladder of round sums, so that two scenarios of about the same size share their colours. What follows
from an assumption is hatched; where most of it does, no area is named as the highest or lowest.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from budgets.money import format_pounds
from data.run import Result
from geo import classes as colouring
from geo.codes import row_of
from pages.shared import cache, credits, figures
from pages.shared.live_map import BEYOND, NO_DATA, Drawing, Legend

FIGURE: Final = "Change for each person"
STEPS: Final = tuple(size * 10**power for power in range(-2, 6) for size in (1, 2, 5))  # pounds
MIDDLE: Final = 3  # the class of no change, of seven
NAMED: Final = 3


def of(
    result: Result, level: str, table: pd.DataFrame, *, area: str = "", rankable: bool
) -> Drawing:
    """Return the drawing of a level.

    Parameters
    ----------
    table
        By area: `name, pence_per_person, change_pence, assumed`.
    area
        The chosen area, or "".
    rankable
        Whether areas may be put in an order.
    """
    drawn = result.layers[level].index
    each = table["pence_per_person"].reindex(drawn).to_numpy(dtype=np.float64) / 100
    hidden = table["change_pence"].isna().reindex(drawn, fill_value=False).to_numpy(dtype=bool)
    ours = drawn.isin(table.index)
    small, large = breaks(each[np.isfinite(each)])
    edges = np.array([-large, -small, 0.0])
    place = np.searchsorted(edges, -np.abs(each), side="right")
    place = np.where(each > 0, 2 * MIDDLE - place, place)
    place = np.where(np.isnan(each), NO_DATA, place)
    hatched = table["assumed"].reindex(drawn, fill_value=False).to_numpy(dtype=bool) & ours
    outlined = not figures.fills_the_place(result, level)
    return Drawing(
        geometry=cache.shape_address(result, level),
        classes=[int(number) for number in np.where(ours, place, BEYOND)],
        labels=[
            label(value, hidden=no, ours=own)
            for value, no, own in zip(each, hidden.tolist(), ours.tolist(), strict=True)
        ],
        palette=colouring.colours(2 * MIDDLE + 1, "diverging"),
        legend=Legend(
            title=f"{FIGURE} (pounds)",
            note="violet = less than today; orange = more",
            labels=_words(small, large),
            no_data="Not shown, or nobody lives there",
            beyond="" if ours.all() else f"Beyond {result.place.name}, not compared",
            outline=result.place.name if outlined else "",
            hatched="More than half of it follows from our assumption" if hatched.any() else "",
        ),
        figure=FIGURE,
        title=f"{FIGURE} by {figures.level_titles(result)[level]}",
        summary=summary(table, rankable=rankable),
        place=credits.place(result),
        credit=f"{FIGURE}: a choice beside the money as it is, {figures.years(result)}. "
        f"{credits.borders(result, level)}",
        picked=row_of(drawn, area),
        outline=cache.shape_address(result, result.place.settings.base.inside) if outlined else "",
        overlapping=result.levels[level].counted_in_each is not None,
        hatched=[int(at) for at in np.flatnonzero(hatched)],
    )


def breaks(pounds: np.ndarray) -> tuple[float, float]:
    """Return two round sums: about a third of the areas that change lie below each next one."""
    size = np.abs(pounds[pounds != 0])
    if not len(size):
        return STEPS[0], STEPS[1]
    low, high = np.quantile(size, [1 / 3, 2 / 3])
    first = int(np.searchsorted(STEPS, low))
    second = max(int(np.searchsorted(STEPS, high)), first + 1)
    second = min(second, len(STEPS) - 1)
    return STEPS[min(first, second - 1)], STEPS[second]


def label(pounds: float, *, hidden: bool, ours: bool) -> str:
    """Say what the hover card says of an area."""
    if not ours:
        return ""
    if hidden:
        return "not shown, to protect people"
    if np.isnan(pounds):
        return figures.NO_DATA
    if pounds == 0:
        return "no change"
    return f"{'+' if pounds > 0 else ''}{format_pounds(round(100 * pounds))} a person"


def summary(table: pd.DataFrame, *, rankable: bool) -> str:
    """Say in words what the map shows; areas are named only where they may be ranked."""
    change = table["change_pence"]
    up, down = int((change > 0).sum()), int((change < 0).sum())
    hidden = int(change.isna().sum())
    said = f"{up:,} of {len(table):,} areas gain and {down:,} lose."
    if hidden:
        said += f" {hidden:,} are not shown."
    if rankable and up + down:
        order = table["pence_per_person"].dropna().sort_values(kind="stable")
        for words, part in (
            ("Most gained a person", order[order > 0].iloc[::-1]),
            ("Most lost a person", order[order < 0]),
        ):
            most = part.head(NAMED)
            named = [
                f"{name}, {label(value / 100, hidden=False, ours=True)}"
                for name, value in zip(table["name"].reindex(most.index), most, strict=True)
            ]
            said += f" {words}: {'; '.join(named)}." if named else ""
    return said


def _words(small: float, large: float) -> list[str]:
    """Return the legend's words from most lost to most gained."""
    low, high = (format_pounds(round(100 * pounds)) for pounds in (small, large))
    low, high = low.removesuffix(".00"), high.removesuffix(".00")
    return [
        f"loses over {high}",
        f"loses {low} to {high}",
        f"loses up to {low}",
        "no change",
        f"gains up to {low}",
        f"gains {low} to {high}",
        f"gains over {high}",
    ]
