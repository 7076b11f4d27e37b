"""What the live map is to draw: one figure of a level in classes, or two in nine.

In: a result, a level, a figure or two, and how they are looked at. Out: a `Drawing`: the classes,
with the legend's words and a label for each area, in the order in which the shapes were written.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from budgets import honesty
from data.mapped import ASSUMED, FEW, ROUGH, WITHHELD
from data.run import Result
from geo import maps
from pages.shared import cache, figures
from pages.shared.cache_kept import kept
from pages.shared.classing import Classing
from pages.shared.figures import Figure
from pages.shared.figures_more import Shelf
from pages.shared.live_map import BEYOND, NO_DATA, Drawing, Legend

CLASSES = 5
HATCHED = {
    ASSUMED: "More than half follows from our assumption",
    FEW: "Few cases stand behind it",
    ROUGH: "A rough estimate",
}
LEVELS_OF_TWO = ("low", "middle", "high")
# The first figure runs from cream to teal, the second from cream to rose; both high: dark blue.
TWO = (
    *("#f4ecd2", "#a9dcd3", "#4fb9b4"),
    *("#e6b3c8", "#a5add3", "#4f92b5"),
    *("#c95f9d", "#8a5fa5", "#34408f"),
)


@dataclass(frozen=True)
class Look:
    """How somebody looks at a map.

    `borders` is another level whose borders lie over this one's; `kept` are the codes of a filter,
    None without one, and `filtered` says which they are.
    """

    classing: Classing = field(default_factory=Classing)
    borders: str = ""
    kept: Collection[str] | None = None
    filtered: str = ""


def of(
    result: Result,
    level: str,
    figure: Figure,
    *,
    values: pd.Series | None = None,
    usual: pd.Series | None = None,
    about: str = "",
    area: str = "",
    like: Result | None = None,
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
    like
        A result of the same place whose money is shared otherwise: the areas are the same.
    """
    if values is None and usual is None and not about:
        made = kept(
            result,
            "usual map",
            level,
            figure.id,
            make=lambda: _of(result, level, figure, like=result),
        )
    else:
        made = _of(
            result, level, figure, values=values, usual=usual, about=about, like=like or result
        )
    cache.shape_address(result, level)
    return made.seen(picked=_position(result.layers[level].index, area))


def _of(
    result: Result,
    level: str,
    figure: Figure,
    *,
    values: pd.Series | None = None,
    usual: pd.Series | None = None,
    about: str = "",
    like: Result,
) -> Drawing:
    table = result.level_tables[level]
    table = table[["name"]].assign(
        **{figure.column: table[figure.column] if values is None else values}
    )
    drawn = result.layers[level].index
    here = Shelf.of(like, level).here
    shown = table[figure.column].astype(float).where(here).reindex(drawn)
    before = table[figure.column] if usual is None else usual
    found = maps.classify(before.astype(float)[here], k=CLASSES)
    breaks = [float(number) for number in found.breaks]
    ours = here.reindex(drawn, fill_value=False)
    title = f"{figure.title}, {about}" if about else figure.title
    assumed = _assumed(result, level, figure, drawn) if values is None else []
    words = {
        "title": f"{title} ({figure.unit})",
        "note": figure.darker,
        "labels": figures.class_labels(figure, breaks, open_ends=usual is not None),
        "hatched": HATCHED[ASSUMED] if assumed else "",
    }
    return Drawing(
        classes=_classes(shown, ours, breaks),
        labels=figures.labels(figure, shown, ours.tolist()),
        palette=maps.colours(max(len(breaks) - 1, 1)),
        figure=figure.title,
        title=f"{title} by {figures.level_titles(result)[level]}",
        summary=figures.summary(figure, table[here]),
        hatched=assumed,
        **_around(like, level, words),
    )


def on_map(shelf: Shelf, figure: Figure, *, area: str = "", look: Look | None = None) -> Drawing:
    """Return the drawing of any figure of a level, as somebody looks at it."""
    look = look or Look()
    about = (shelf.level, figure.id, look.classing, look.borders)
    made = kept(shelf.result, "map", *about, make=lambda: _one(shelf, figure, look))
    return _seen(made, shelf, area=area, look=look)


def both(
    shelf: Shelf, first: Figure, second: Figure, *, area: str = "", look: Look | None = None
) -> Drawing:
    """Return the drawing of two figures in one map: each in thirds of the areas, nine colours."""
    look = look or Look()
    about = (shelf.level, first.id, second.id, look.borders)
    made = kept(shelf.result, "map of two", *about, make=lambda: _two(shelf, first, second, look))
    return _seen(made, shelf, area=area, look=look)


def _seen(made: Drawing, shelf: Shelf, *, area: str, look: Look) -> Drawing:
    """Return a drawing as one visitor sees it: with the area picked, and what a filter keeps."""
    cache.shape_address(shelf.result, shelf.level)  # a home folder emptied meanwhile is filled
    drawn = shelf.result.layers[shelf.level].index
    marked: list[int] = []
    if look.kept is not None and len(look.kept):
        marked = np.flatnonzero(drawn.isin(list(look.kept))).tolist()
    return made.seen(picked=_position(drawn, area), highlighted=marked)


def _position(drawn: pd.Index, area: str) -> int:
    """Return which of the drawn areas is picked, or -1."""
    return int(drawn.get_indexer(pd.Index([area]))[0]) if area else -1


def _one(shelf: Shelf, figure: Figure, look: Look) -> Drawing:
    result, level = shelf.result, shelf.level
    drawn = result.layers[level].index
    values = shelf.values(figure)
    scale = 100 if figure.money and not figure.diverging else 1
    breaks = look.classing.breaks(values[shelf.here], diverging=figure.diverging, scale=scale)
    ours = shelf.here.reindex(drawn, fill_value=False)
    shown = values.where(shelf.here).reindex(drawn)
    hatched, meaning = _hatched(shelf, figure, drawn)
    own = look.classing.scheme == "fixed" and bool(look.classing.fixed)
    words = {
        "title": f"{figure.title} ({figure.unit})",
        "note": figure.darker,
        "labels": figures.class_labels(figure, breaks, open_ends=own),
        "hatched": meaning,
    }
    return Drawing(
        classes=_classes(shown, ours, breaks),
        labels=shelf.labels(figure).reindex(drawn, fill_value="").tolist(),
        palette=_palette(figure, len(breaks) - 1),
        figure=figure.title,
        title=f"{figure.title} by {figures.level_titles(result)[level]}",
        summary=figures.summary(figure, shelf.table([figure])),
        hatched=hatched,
        **_around(result, level, words, borders=look.borders),
    )


def _two(shelf: Shelf, first: Figure, second: Figure, look: Look) -> Drawing:
    result, level = shelf.result, shelf.level
    drawn = result.layers[level].index
    ours = shelf.here.reindex(drawn, fill_value=False)
    at = []
    for figure in (first, second):
        values = shelf.values(figure)
        edges = maps.classify(values[shelf.here], k=3).breaks
        shown = values.where(shelf.here).reindex(drawn)
        at.append(np.array(_classes(shown, ours, [float(edge) for edge in edges])))
    known = (at[0] >= 0) & (at[1] >= 0)
    outside = np.where(at[0] == BEYOND, BEYOND, NO_DATA)
    classes = np.where(known, 3 * at[1] + at[0], outside)
    one, two = first.title, second.title
    pairs = shelf.labels(first) + f"; {two}: " + shelf.labels(second)
    signs = [_hatched(shelf, figure, drawn) for figure in (first, second)]
    words = {
        "title": f"{one} and {two}",
        "note": "each in three classes with as many areas; dark blue = both high",
        "labels": [f"{one}: {a}; {two}: {b}" for b in LEVELS_OF_TWO for a in LEVELS_OF_TWO],
        "hatched": "; ".join(dict.fromkeys(meaning for _, meaning in signs if meaning)),
        "no_data": "No data for one of the two",
    }
    return Drawing(
        classes=[int(number) for number in classes],
        labels=pairs.reindex(drawn, fill_value="").tolist(),
        palette=TWO,
        figure=one,
        title=f"{one} and {two} by {figures.level_titles(result)[level]}",
        summary=_summary_of_two(shelf, first, second, pd.Series(classes, drawn)),
        hatched=sorted({position for positions, _ in signs for position in positions}),
        grid=(one, two),
        **_around(result, level, words, borders=look.borders),
    )


def _around(
    result: Result,
    level: str,
    words: dict[str, Any],
    *,
    borders: str = "",
) -> dict[str, Any]:
    """Return what a drawing of a level has whatever it shows: shapes, borders, legend."""
    drawn = result.layers[level].index
    outlined = not kept(result, "fills", level, make=lambda: figures.fills_the_place(result, level))
    compared = Shelf.of(result, level).here.reindex(drawn, fill_value=False).all()
    legend = Legend(
        beyond="" if compared else f"Beyond {result.place.name}, not compared",
        outline=result.place.name if outlined else "",
        borders=f"Borders of {figures.level_titles(result)[borders]}" if borders else "",
        **words,
    )
    return {
        "geometry": cache.shape_address(result, level),
        "legend": legend,
        "credit": figures.credit(result, level),
        "outline": cache.shape_address(result, result.place.settings.base.inside)
        if outlined
        else "",
        "overlapping": result.levels[level].counted_in_each is not None,
        "borders": cache.shape_address(result, borders) if borders else "",
    }


def _hatched(shelf: Shelf, figure: Figure, drawn: pd.Index) -> tuple[list[int], str]:
    """Return the positions of areas whose figure is withheld or not to be relied on, and why.

    A withheld figure is hatched too, over the colour of no data.
    """
    marks = shelf.marks(figure).where(shelf.here, "").reindex(drawn, fill_value="").to_numpy(object)
    withheld = marks == WITHHELD
    if figure.id in shelf.usual:
        marks = np.where(withheld, WITHHELD, "").astype(object)
        assumed = np.zeros(len(marks), bool)
        assumed[_assumed(shelf.result, shelf.level, figure, drawn)] = True
        marks[assumed & ~withheld] = ASSUMED
    present = [word for word in HATCHED if (marks == word).any()]
    meaning = ", or ".join(HATCHED[word] for word in present)
    if withheld.any():
        meaning = (
            f"On grey: withheld. In colour: {meaning}" if meaning else "Withheld: small counts"
        )
    return np.flatnonzero(np.isin(marks, [*present, WITHHELD])).tolist(), meaning


def _palette(figure: Figure, k: int) -> list[str]:
    colours = maps.colours(max(k, 1), "diverging" if figure.diverging else "YlGnBu")
    return colours[::-1] if figure.turned else colours


def _summary_of_two(shelf: Shelf, first: Figure, second: Figure, classes: pd.Series) -> str:
    """Say in words how many areas are high in one figure and low in the other."""
    names = shelf.result.level_tables[shelf.level]["name"]
    said = [f"{first.title} and {second.title} for {int((classes >= 0).sum()):,} areas."]
    for number, one, two in ((2, "high", "low"), (6, "low", "high"), (8, "high", "high")):
        codes = list(classes.index[classes == number])
        some = ", ".join(str(names[code]) for code in codes[:3])
        said.append(
            f"{first.title} {one} and {second.title.lower()} {two}: {len(codes):,}"
            + (f", such as {some}." if codes else ".")
        )
    return " ".join(said)


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
