"""What can be taken away from a map: CSV, spreadsheet, GeoPackage, and the map as a page.

In: a shelf of figures, which of them are shown, and which areas are kept. Out: buttons; a file is
made when somebody asks for it. Every file says what each of its columns is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from data import exports
from data.exports import ColumnFacts
from data.mapped import WITHHELD
from geo import display, maps
from pages.shared import credits, drawing, figures
from pages.shared.classing import Classing
from pages.shared.figures import Figure
from pages.shared.figures_more import Shelf

PIXELS = 1500  # the map as a page is drawn to about this many
TYPES = {
    "csv": ("Table (CSV)", "text/csv"),
    "xlsx": ("Table with what each column is (XLSX)",
             "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "gpkg": ("Areas for a GIS (GeoPackage)", "application/geopackage+sqlite3"),
}  # fmt: skip


FURTHER = {  # columns of a level's table beyond the usual figures
    "people_inside": (
        "People in the place",
        "people",
        "Those of its people who live in the place.",
    ),
    "counted_in_each_pence": (
        "Money, counted in each area",
        "pence",
        "Areas of this level overlap: here the money is counted in each of them, as people are.",
    ),
}


def buttons(
    shelf: Shelf,
    shown: Sequence[Figure],
    *,
    classing: Classing,
    kept: Sequence[str] | None = None,
) -> None:
    """Offer the files. Money in them is in pence."""
    name = f"{shelf.result.place.id}-{shelf.level}"
    frame = areas(shelf, shown, kept=kept)
    said = "" if kept is None else ", the filtered ones only"
    st.caption(f"{len(frame):,} areas{said}. Money is in pence.")
    makers = {
        "csv": lambda: exports.csv(frame),
        "xlsx": lambda: exports.xlsx(frame, facts(shelf, shown)),
        "gpkg": lambda: exports.geopackage(
            frame, shelf.result.layers[shelf.level], facts(shelf, shown)
        ),
    }
    for kind, make in makers.items():
        words, mime = TYPES[kind]
        _button(words, make, f"{name}.{kind}", mime)
    for figure in shown:
        _button(
            f"Map of {figure.title.lower()} as a page (HTML)",
            lambda figure=figure: page(shelf, figure, classing=classing),
            f"{name}-{exports.column_name(figure.id)}.html",
            "text/html",
        )


def _button(words: str, make: object, name: str, mime: str) -> None:
    st.download_button(
        words,
        data=make,  # type: ignore[arg-type]
        file_name=name,
        mime=mime,
        key=f"map.file.{name}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def areas(
    shelf: Shelf, shown: Sequence[Figure], *, kept: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return the figures by area: the usual four, then those shown with interval and notes."""
    table = shelf.table()
    usual = {figure.column for figure in shelf.usual.values()} | {"name", *FURTHER}
    found = table[[column for column in table.columns if column in usual]].copy()
    for figure in shown:
        name = exports.column_name(figure.column)
        if figure.id not in shelf.usual:
            mapped = shelf.mapped(figure.id)
            found[name] = mapped.values.reindex(found.index)
            if mapped.low is not None and mapped.high is not None and mapped.low.notna().any():
                found[f"{name}_low"] = mapped.low.reindex(found.index)
                found[f"{name}_high"] = mapped.high.reindex(found.index)
        marks = shelf.marks(figure).reindex(found.index)
        if (marks != "").any():
            found[f"{name}_note"] = marks
    return found if kept is None else found.loc[[code for code in kept if code in found.index]]


def facts(shelf: Shelf, shown: Sequence[Figure]) -> list[ColumnFacts]:
    """Return what each column of the files is."""
    every = {**shelf.usual, **{figure.id: figure for figure in shown}}
    found = [
        ColumnFacts(
            exports.column_name(figure.column),
            figure.title,
            _unit(figure),
            figure.definition,
            figure.source,
            figure.vintage,
            figure.sure,
        )
        for figure in every.values()
    ]
    table = shelf.table()
    found += [
        ColumnFacts(column, title, unit, definition, "", "", "")
        for column, (title, unit, definition) in FURTHER.items()
        if column in table
    ]
    layer = shelf.result.place.settings.layer(shelf.level)
    borders = ", ".join(fact for fact in (layer.source, layer.licence) if fact)
    return [
        *found,
        ColumnFacts("geometry", f"Borders: {layer.title}", "", "", borders or "not stated",
                    layer.date or layer.vintage or "not stated", ""),
    ]  # fmt: skip


def _unit(figure: Figure) -> str:
    """Return a figure's unit in a file, where money is in exact pence."""
    if not figure.money or figure.diverging:
        return figure.unit
    return "pence a person" if figure.unit.endswith("a person") else "pence"


def page(shelf: Shelf, figure: Figure, *, classing: Classing) -> bytes:
    """Return the map as one HTML file that asks nothing of any network."""
    result, level = shelf.result, shelf.level
    codes = shelf.here.index[shelf.here]
    layer = result.layers[level]
    layer = layer[layer.index.isin(codes)]
    left, bottom, right, top = layer.total_bounds
    shapes = display.simplify(layer, tolerance_m=max(right - left, top - bottom) / PIXELS)
    values = shelf.values(figure).reindex(layer.index).astype("float64")
    scale = 100 if figure.money and not figure.diverging else 1
    breaks = classing.breaks(values, diverging=figure.diverging, scale=scale)
    marks = drawing.signs(shelf, figure, layer.index)
    named = list(zip(layer.index.astype(str), marks.tolist(), strict=True))
    rising = len(breaks) > 1 and bool((np.diff(breaks) > 0).all())
    look = maps.Look(
        k=classing.k,
        breaks=tuple(breaks) if rising else None,
        palette="diverging" if figure.diverging else "YlGnBu",
        banner=f"{result.place.name} is a fictional place." if result.place.fictional else "",
        withheld=frozenset(code for code, mark in named if mark == WITHHELD),
        unsure={code: drawing.HATCHED[mark] for code, mark in named if mark in drawing.HATCHED},
    )
    drawn = maps.folium_map(
        shapes,
        values,
        title=f"{figure.title}, {result.place.name}",
        legend_title=f"{figure.title} by {figures.level_titles(result)[level]}",
        unit=figure.unit,
        format=figure.show,
        source=f"{figure.source}, {figure.vintage}. {figure.definition} {figure.sure} "
        f"{credits.borders(result, level)}",
        look=look,
    )
    return maps.html(drawn).encode("utf-8")
