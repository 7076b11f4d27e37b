"""Which areas of a map stand out: by name, by tenth of need, above or below a value.

In: a shelf of figures and what a visitor typed. Out: a `Filter`: the codes that are kept, and a
sentence that says which they are; all other areas are shown pale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared import classing, links
from pages.shared.figures import MOST_DEPRIVED, Figure
from pages.shared.figures_more import Shelf

TENTHS = tuple(str(number) for number in range(1, 11))
CHOICES = {"find": 60, "tenths": 20, "least": 15, "most": 15}


@dataclass(frozen=True)
class Filter:
    """Which areas are kept: codes, or None where nothing was asked; and what was asked in words.

    `fault` says why something that was typed could not be used.
    """

    kept: tuple[str, ...] | None = None
    said: str = ""
    fault: str = ""


def settle(link: links.Link) -> None:
    """Read the filter from the link, whether or not its widgets are shown."""
    for name, longest in CHOICES.items():
        link.words(name, default="", longest=longest)


def widgets(shelf: Shelf, figure: Figure, link: links.Link) -> None:
    """Offer the filter."""
    st.text_input("Name holds", key=link.key("find"), max_chars=CHOICES["find"])
    if tenths_of_need(shelf) is not None:
        held = [number for number in str(_held(link, "tenths")).split(".") if number in TENTHS]
        key = f"map.tenths.{shelf.result.place.id}.{shelf.level}"
        # Told anew each time: a step back in the browser changes the link below the menu.
        st.session_state[key] = held
        st.pills(
            f"Tenths of need ({MOST_DEPRIVED if _national(shelf) else '1 = most need here'})",
            list(TENTHS),
            selection_mode="multi",
            key=key,
            on_change=lambda: link.set("tenths", ".".join(st.session_state[key])),
        )
    unit = "pounds" if figure.money and not figure.diverging else figure.unit
    st.caption(f"{figure.title}, {unit}")
    least, most = st.columns(2, gap="small")
    least.text_input("At least", key=link.key("least"), max_chars=CHOICES["least"])
    most.text_input("At most", key=link.key("most"), max_chars=CHOICES["most"])
    st.button("Show all areas again", key="map.unfilter", on_click=_clear, args=(shelf, link))


def _clear(shelf: Shelf, link: links.Link) -> None:
    for name in CHOICES:
        link.set(name, "")
    st.session_state.pop(f"map.tenths.{shelf.result.place.id}.{shelf.level}", None)


def _held(link: links.Link, name: str) -> str:
    return str(st.session_state.get(link.key(name)) or "")


def chosen(shelf: Shelf, figure: Figure, link: links.Link) -> Filter:
    """Return what the choices keep."""
    words, tenths, least, most = (_held(link, name).strip() for name in CHOICES)
    return kept(shelf, figure, words=words, tenths=tenths.split("."), least=least, most=most)


def kept(
    shelf: Shelf,
    figure: Figure,
    *,
    words: str = "",
    tenths: list[str] | None = None,
    least: str = "",
    most: str = "",
) -> Filter:
    """Return the areas whose name holds the words, in these tenths, between these two values."""
    if not (words or any(tenths or ()) or least or most):
        return Filter()
    table = shelf.table([figure])
    keep = pd.Series(True, index=table.index)
    said = []
    if words:
        keep &= (
            table["name"].astype("str").str.casefold().str.contains(words.casefold(), regex=False)
        )
        said.append(f"the name holds “{words}”")
    wanted = [int(number) for number in tenths or () if number in TENTHS]
    of = tenths_of_need(shelf)
    if wanted and of is not None:
        keep &= of.reindex(table.index).isin(wanted)
        numbers = ", ".join(str(number) for number in wanted)
        said.append(f"tenth of need {numbers} ({MOST_DEPRIVED})" if _national(shelf)
                    else f"tenth of need here {numbers} (1 = most need)")  # fmt: skip
    values = table[figure.column].astype("float64")
    scale = 100 if figure.money and not figure.diverging else 1
    for typed, name in ((least, "at least"), (most, "at most")):
        if not typed:
            continue
        numbers_, fault = classing.read(typed)
        if fault or len(numbers_) != 1:
            return Filter(fault=f"“{typed}” is not a number; write it as in 1,500 or 12.5.")
        limit = numbers_[0] * scale
        keep &= values >= limit if name == "at least" else values <= limit
        said.append(f"{figure.title.lower()} is {name} {figure.show(limit)}")
    if not said:
        return Filter()
    codes = tuple(str(code) for code in keep.index[keep])
    if not codes:
        return Filter((), f"No area: {' and '.join(said)}.")
    return Filter(codes, f"{len(codes):,} of {len(table):,} areas: {' and '.join(said)}.")


def _national(shelf: Shelf) -> bool:
    index = shelf.result.index
    base = shelf.level == shelf.result.place.base_layer
    return base and index is not None and index.deciles is not None


def tenths_of_need(shelf: Shelf) -> pd.Series | None:
    """Return the tenth of need of each area, 1 the most: the edition's own, or among these areas.

    None without need, and where there are too few areas for tenths.
    """
    index = shelf.result.index
    if _national(shelf) and index is not None:
        return index.deciles
    need = shelf.result.level_tables[shelf.level]["need"][shelf.here].astype("float64").dropna()
    if len(need) < len(TENTHS):
        return None
    ranks = need.rank(ascending=False, method="min") - 1
    tenth = np.floor(ranks * len(TENTHS) / len(need)).astype("int64") + 1
    return pd.Series(tenth, index=need.index)
