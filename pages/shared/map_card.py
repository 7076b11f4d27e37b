"""The card of one area on the map: its figures, how sure each is, and what to know before reading.

In: a shelf of figures, the code of an area, and the figure on the map. Out: the card; or, while no
area is chosen, what the figure on the map is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from budgets.phrases import listed, within
from data.mapped import WITHHELD
from pages.shared import blocks, cache, figures, live_table
from pages.shared.blocks import CardLine
from pages.shared.cache_kept import kept
from pages.shared.figures import MOST_DEPRIVED, Figure
from pages.shared.figures_more import Shelf, ranked
from pages.shared.live_table import Column, Written

NOT_RANKED = "not ranked: it follows from how we share it"
FEWEST = 3  # areas, below which nothing is spread
UNUSUAL = {
    "student": "many students",
    "prison": "people in custody",
    "city_centre": "far more people by day than at home",
}


def show(shelf: Shelf, area: str, shown: list[Figure]) -> None:
    """Show the card of an area with the usual four figures and those on the map."""
    about = ("card", shelf.level, area, *(figure.id for figure in shown))
    st.html(kept(shelf.result, *about, make=lambda: _card(shelf, area, shown)))


def _card(shelf: Shelf, area: str, shown: list[Figure]) -> str:
    if not area:
        return blocks.figure_card(*shown)
    every = {**shelf.usual, **{figure.id: figure for figure in shown}}
    result, level = shelf.result, shelf.level
    remarks = [
        figures.deprivation(result, level, area),
        figures.straddling(result, level, area),
        misleads(shelf, area),
        *(_decile(shelf, figure, area) for figure in shown),
    ]
    lines = []
    for figure in every.values():
        own = kept(result, "own", level, figure.id, make=partial(_own, shelf, figure))
        standing = figures.standing(figure, own, area)
        if not ranked(result, figure) and standing:
            standing = NOT_RANKED
        lines.append(CardLine(figure, shelf.text(figure, area), standing))
    return blocks.card(
        str(result.level_tables[level].at[area, "name"]),
        kind=f"{figures.level_titles(result)[level]} · {area}",
        lines=lines,
        chosen=shown[0].id,
        remark=" ".join(remark for remark in remarks if remark),
    )


def _own(shelf: Shelf, figure: Figure) -> pd.Series:
    """Return a figure of the place's own areas."""
    return shelf.values(figure)[shelf.here]


def written(shelf: Shelf, shown: list[Figure], keep: Collection[str] | None) -> Written:
    """Return the table of `columns` as it travels; of a filter, only the areas that it keeps."""

    def make() -> Written:
        table, found = columns(shelf, shown)
        return live_table.written(table if keep is None else table[table.index.isin(keep)], found)

    if keep is not None:  # there are too many filters to keep their tables
        return make()
    about = ("table", shelf.level, *(figure.id for figure in shown))
    return kept(shelf.result, *about, make=make)


def columns(shelf: Shelf, shown: list[Figure]) -> tuple[pd.DataFrame, dict[str, Column]]:
    """Return the areas with the usual figures and those on the map, and how they are written.

    A figure that is withheld says so where its value would stand; an interval, and what else must
    be said of single figures, have columns of their own. Beside a figure beyond the usual four,
    need and money per person are enough: the table stands in a narrow column.
    """
    table = shelf.table(shown)
    more = any(figure.id not in shelf.usual for figure in shown)
    beside = {
        id: one for id, one in shelf.usual.items() if not more or id in ("need", "per_person")
    }
    offered = {**beside, **{figure.id: figure for figure in shown}}
    found: dict[str, Column] = {}
    for name, column in figures.columns(offered, first=shown[0]).items():
        found[name] = column
        figure = next((one for one in offered.values() if one.column == name), None)
        if figure is None:
            continue
        marks = shelf.marks(figure).reindex(table.index)
        withheld = {str(code): WITHHELD for code in marks.index[marks == WITHHELD]}
        found[name] = replace(column, instead=withheld)
        if figure not in shown:
            continue
        between = shelf.between(figure)
        if between is not None:
            table = table.assign(**{f"{name} between": between})
            found[f"{name} between"] = Column("Likely between")
        others = marks.where(marks != WITHHELD, "")
        if others.nunique() > 1:  # what holds for all of them is said once, beside the figure
            table = table.assign(**{f"{name} note": others})
            found[f"{name} note"] = Column("Note", help=f"On {figure.title.lower()}.")
    return table, found


def behind(shelf: Shelf, area: str, shown: list[Figure]) -> list[str]:
    """Say what stands behind an area's figures, such as the programmes at work there."""
    if not area:
        return []
    found = [shelf.mapped(figure.id).names for figure in shown if figure.id in shelf.offers]
    told = [str(names[area]) for names in found if names is not None and area in names.index]
    return list(dict.fromkeys(part for text in told for part in text.split("; ") if part))


def spread(shelf: Shelf, area: str, shown: list[Figure]) -> None:
    """Show, when somebody opens it, how the areas are spread and where the chosen one stands."""
    with st.expander("How the areas are spread", key="map.spread", on_change="rerun") as opened:
        if not opened.open:
            return
        names = shelf.result.level_tables[shelf.level]["name"]
        # Charts take a second to import, which nobody should wait for who looks at the map.
        from pages.shared import charts

        for figure in shown:
            scale = 100 if figure.money and not figure.diverging else 1
            values = shelf.values(figure)[shelf.here] / scale
            if values.notna().sum() < FEWEST:
                st.caption(figures.plain(f"{figure.title}: too few areas to draw how they lie."))
                continue
            charts.distribution(
                values,
                here={str(names[area]): float(values[area])} if area else {},
                title=figure.title,
                unit=figure.unit,
                of=within(figures.level_titles(shelf.result)[shelf.level]),
                write=partial(_written, figure, scale),
            )


def _written(figure: Figure, scale: int, value: float) -> str:
    return figure.show(value * scale)


def misleads(shelf: Shelf, area: str) -> str:
    """Say why money per person misleads in an area; "" where nothing speaks for it."""
    flags = cache.unusual(shelf.result, shelf.level).flags
    if area not in flags.index:
        return ""
    row = flags.loc[area]
    if not (row["student"] or row["prison"] or row["city_centre"]):
        return ""
    return f"Before you read money per person: {str(row['sentence']).rstrip('.')}."


def before_per_person(shelf: Shelf, shown: list[Figure]) -> str:
    """Say before a map of money per person where it misleads, and what nobody could check."""
    if not any(figure.unit == "pounds a person" for figure in shown):
        return ""
    return kept(shelf.result, "misleads", shelf.level, make=lambda: _where_it_misleads(shelf))


def _where_it_misleads(shelf: Shelf) -> str:
    found = cache.unusual(shelf.result, shelf.level)
    names = shelf.result.level_tables[shelf.level]["name"]
    flags = found.flags[shelf.here.reindex(found.flags.index, fill_value=False)]
    said = []
    for column, words in UNUSUAL.items():
        codes = list(flags.index[flags[column]])
        if codes:
            some = ", ".join(str(names[code]) for code in codes[:3])
            more = f" and {len(codes) - 3:,} more" if len(codes) > 3 else ""
            said.append(f"{words} in {some}{more}")
    parts = ["Before you read money per person:"]
    if said:
        parts.append(f"it misleads where there are {'; '.join(said)}.")
    missing = [UNUSUAL[name.replace("-", "_")] for name in found.unchecked]
    if missing:
        parts.append(f"{'It' if said else 'it'} misleads where there are {listed(missing)}, "
                     "and the place has no count that would say where that is.")  # fmt: skip
    return " ".join(parts) if len(parts) > 1 else ""


def _decile(shelf: Shelf, figure: Figure, area: str) -> str:
    """Say the decile of a kind of deprivation, always with what 1 means."""
    if figure.id in shelf.usual:
        return ""
    deciles = shelf.mapped(figure.id).deciles
    if deciles is None or area not in deciles.index:
        return ""
    return f"{figure.title}: decile {int(deciles[area])} of 10 ({MOST_DEPRIVED})."
