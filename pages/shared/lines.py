"""The lines of money: edited, brought and taken away, and what is known of them as they stand.

In: a result with the lines that are worked on. Out: one of five views: the editor; how sure each
way of sharing is and what a second one would change; what can move and by when; a pound that is
counted once; and what is held together.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from budgets import prices
from data.run import Result
from pages.shared import (
    lines_bring,
    lines_counted,
    lines_form,
    lines_grid,
    lines_moving,
    lines_sure,
    links,
)
from pages.shared.figures import plain


def show(result: Result, link: links.Link) -> None:
    """Draw this part of the Budget page."""
    link.option("view", options=VIEWS, default="edit", what="view of the lines")
    view = st.segmented_control(
        "What of the lines",
        list(VIEWS),
        format_func=lambda id: VIEWS[id][0],
        key=link.key("view"),
        required=True,
        label_visibility="collapsed",
    )
    for sentence in prices.comparable(result.place.streams):
        st.warning(plain(sentence), icon=":material/compare_arrows:")
    VIEWS[view or "edit"][1](result, link)


def _edit(result: Result, link: links.Link) -> None:
    lines_grid.show(result, link)
    lines_form.show(result)
    lines_bring.show(result)


VIEWS: dict[str, tuple[str, Callable[[Result, links.Link], None]]] = {
    "edit": ("Edit the lines", _edit),
    "sure": ("How sure", lines_sure.show),
    "move": ("What can move", lines_moving.show),
    "once": ("A pound once", lines_counted.show),
    "joined": ("Held together", lines_counted.show_joined),
}
