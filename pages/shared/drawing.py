"""What the live map is to draw: one figure of a level in classes, or two in nine.

In: a result, a level, a figure or two, and how they are looked at. Out: a `Drawing`: the classes,
with the legend's words and a label for each area, in the order in which the shapes were written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from budgets import honesty
from data.mapped import ASSUMED, FEW, ROUGH, WITHHELD
from data.run import Result
from geo import maps
from geo.codes import row_of
from pages.shared import cache, credits, figures
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


@dataclass(frozen=True, eq=False)
class Ground:
    """What a map of money keeps however it is shared: areas, classes, legend, borders.

    Attributes
    ----------
    at, ours
        For each drawn area its row in the level's table, and whether it is compared.
    names
        The names of the table's areas that are compared, which `here` says.
    """

    figure: Figure
    index: pd.Index
    here: np.ndarray
    names: Sequence[str]
    at: np.ndarray
    ours: np.ndarray
    breaks: list[float]
    parts: dict[str, Any]

    def under(self, values: pd.Series, hatched: Sequence[int] = ()) -> Drawing:
        """Return the drawing of values by area; those of another index are brought to this one."""
        own = values if values.index.equals(self.index) else values.reindex(self.index)
        numbers = own.to_numpy(dtype="float64", na_value=np.nan)
        shown = np.where(self.ours, numbers[self.at], np.nan)
        return Drawing(
            classes=_classes(shown, self.ours, self.breaks),
            labels=figures.labels(self.figure, shown.tolist(), self.ours.tolist()),
            summary=figures.summary_of(self.figure, self.names, numbers[self.here]),
            hatched=hatched,
            **self.parts,
        )


def of(result: Result, level: str, figure: Figure, *, area: str = "") -> Drawing:
    """Return the drawing of one figure. Areas beyond the place are drawn but not compared."""
    made = kept(result, "usual map", level, figure.id, make=lambda: _usual(result, level, figure))
    cache.shape_address(result, level)
    return made.seen(picked=_position(result.layers[level].index, area))


def _usual(result: Result, level: str, figure: Figure) -> Drawing:
    values = result.level_tables[level][figure.column]
    assumed = _assumed(result, level, figure, result.layers[level].index)
    return _ground(result, level, figure, values, hatched=assumed).under(values, assumed)


def shared_otherwise(
    usual: Result,
    level: str,
    figure: Figure,
    *,
    values: pd.Series,
    before: Callable[[], pd.Series],
    line: str = "",
) -> Drawing:
    """Return the drawing of a figure of money, all of it or one line, as a choice shares it.

    Parameters
    ----------
    usual
        The place as it is, from which the classes come, so that what-ifs can be compared.
    values, before
        By area, in the figure's own unit: with the choice and without.
    line
        The line of money; "" for all.
    """

    def make() -> Ground:
        about = str(usual.ledger.streams.at[line, "title"]) if line else ""
        return _ground(usual, level, figure, before(), about=about, open_ends=True)

    ground = kept(usual, "ground", level, figure.id, line, make=make)
    cache.shape_address(usual, level)
    return ground.under(values)


def _ground(
    result: Result,
    level: str,
    figure: Figure,
    values: pd.Series,
    *,
    about: str = "",
    open_ends: bool = False,
    hatched: Sequence[int] = (),
) -> Ground:
    """Return what a map of these values keeps for others; `open_ends` where they may lie off."""
    table = result.level_tables[level]
    drawn = result.layers[level].index
    here = Shelf.of(result, level).here
    found = maps.classify(values.astype(float)[here], k=CLASSES)
    breaks = [float(number) for number in found.breaks]
    title = f"{figure.title}, {about}" if about else figure.title
    words = {
        "title": f"{title} ({figure.unit})",
        "note": figure.darker,
        "labels": figures.class_labels(figure, breaks, open_ends=open_ends),
        "hatched": HATCHED[ASSUMED] if len(hatched) else "",
    }
    parts = {
        "palette": maps.colours(max(len(breaks) - 1, 1)),
        "figure": figure.title,
        "title": f"{title} by {figures.level_titles(result)[level]}",
        **_around(result, level, words, shown=[figure]),
    }
    return Ground(
        figure=figure,
        index=table.index,
        here=here.to_numpy(),
        names=table["name"][here].tolist(),
        at=table.index.get_indexer(drawn),
        ours=here.reindex(drawn, fill_value=False).to_numpy(),
        breaks=breaks,
        parts=parts,
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
    return row_of(drawn, area) if area else -1


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
        **_around(result, level, words, shown=[figure], borders=look.borders),
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
        classes=classes.tolist(),
        labels=pairs.reindex(drawn, fill_value="").tolist(),
        palette=TWO,
        figure=one,
        title=f"{one} and {two} by {figures.level_titles(result)[level]}",
        summary=_summary_of_two(shelf, first, second, pd.Series(classes, drawn)),
        hatched=sorted({position for positions, _ in signs for position in positions}),
        grid=(one, two),
        **_around(result, level, words, shown=[first, second], borders=look.borders),
    )


def _around(
    result: Result,
    level: str,
    words: dict[str, Any],
    *,
    shown: Sequence[Figure],
    borders: str = "",
) -> dict[str, Any]:
    """Return what a drawing of a level has whatever it shows: shapes, borders, legend, sources."""
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
        "place": credits.place(result),
        "credit": credits.line(result, level, *shown),
        "outline": cache.shape_address(result, result.place.settings.base.inside)
        if outlined
        else "",
        "overlapping": result.levels[level].counted_in_each is not None,
        "borders": cache.shape_address(result, borders) if borders else "",
    }


def signs(shelf: Shelf, figure: Figure, drawn: pd.Index) -> npt.NDArray[np.object_]:
    """Return what is to be said of each area's figure: a key of `HATCHED`, `WITHHELD` or ""."""
    marks = shelf.marks(figure).where(shelf.here, "").reindex(drawn, fill_value="").to_numpy(object)
    withheld = marks == WITHHELD
    if figure.id in shelf.usual:
        marks = np.where(withheld, WITHHELD, "").astype(object)
        assumed = np.zeros(len(marks), bool)
        assumed[_assumed(shelf.result, shelf.level, figure, drawn)] = True
        marks[assumed & ~withheld] = ASSUMED
    return np.where(np.isin(marks, [*HATCHED, WITHHELD]), marks, "")


def _hatched(shelf: Shelf, figure: Figure, drawn: pd.Index) -> tuple[list[int], str]:
    """Return the positions of areas whose figure is withheld or not to be relied on, and why.

    A withheld figure is hatched too, over the colour of no data.
    """
    marks = signs(shelf, figure, drawn)
    present = [word for word in HATCHED if (marks == word).any()]
    meaning = ", or ".join(HATCHED[word] for word in present)
    if (marks == WITHHELD).any():
        meaning = (
            f"On grey: withheld. In colour: {meaning}" if meaning else "Withheld: small counts"
        )
    return np.flatnonzero(marks != "").tolist(), meaning


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


def _classes(
    values: pd.Series | np.ndarray, ours: pd.Series | np.ndarray, breaks: list[float]
) -> list[int]:
    """Place each value in its class, upper bounds included; a value off the end is in the last."""
    numbers = np.asarray(values, dtype="float64")
    found = np.searchsorted(breaks[1:-1], numbers, side="left")
    found = np.where(np.isnan(numbers), NO_DATA, found)
    listed: list[int] = np.where(ours, found, BEYOND).tolist()
    return listed
