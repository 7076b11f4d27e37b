"""Page: the budget in six parts; only the part that is open is worked out.

In: which part a visitor opens. Out: where the money falls today, its lines, what somebody chooses
to change, who gains and who loses by it, two scenarios side by side, and what is saved and said.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from data.run import Result
from pages.shared import (
    blocks,
    choices,
    comparing,
    gains,
    lines,
    lines_work,
    links,
    saved,
    today,
    turns,
    typed,
    working,
)

PARTS: dict[str, tuple[str, Callable[[Result, links.Link], None]]] = {
    "today": ("Where it falls", today.show),
    "lines": ("Lines of money", lines.show),
    "choices": ("Choices", choices.show),
    "gains": ("Who gains, who loses", gains.show),
    "compare": ("Compare", comparing.show),
    "saved": ("Saved and said", saved.show),
}


@st.fragment
@turns.in_turn
def show() -> None:
    """Draw the page; a choice on it draws it anew without the frame around it."""
    result = lines_work.applied(blocks.opened())
    link = links.Link("budget")
    blocks.lead("The budget, to the penny", "However it is shared, the pot stays the same.")
    notes = st.container()
    link.option("part", options=PARTS, default="today", what="part of the budget")
    part = st.segmented_control(
        "Part of the budget",
        list(PARTS),
        format_func=lambda id: PARTS[id][0],
        key=link.key("part"),
        required=True,
        label_visibility="collapsed",
    )
    _, draw = PARTS[part or "today"]
    if part != "lines":
        lines_work.say(result)
    draw(result, link)
    with notes:
        link.explain()
        working.stamp(result, applied=part != "today")
    link.keep()
    typed.drawn()


show()
