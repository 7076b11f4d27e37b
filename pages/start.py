"""Page: what this place is, three doors, and what the figures stand on.

In: the place, and perhaps a postcode or a name. Out: a way to one's own area, to the map and to
the budget; what is being discussed; and every set of figures that is loaded, with its source and
its age.
"""

from __future__ import annotations

import datetime as dt

import streamlit as st

from data.run import Result
from pages.shared import blocks, discussed, finding, loaded, turns
from pages.shared.figures import plain, text

MAP_ONLY = {"level", "figure", "area"}  # an address of the front page from before there was one


@turns.in_turn
def show() -> None:
    """Draw the page."""
    if MAP_ONLY & set(st.query_params):
        st.switch_page("map.py", query_params=st.query_params.to_dict())
    result = blocks.opened()
    place = result.place
    blocks.lead(
        f"Common ground in {place.name}",
        "What each area needs, what is spent there, and who decides on it.",
    )
    st.html(f'<p class="cg-intro">{_intro(result)}</p>')
    own, whole, budget = st.columns(3, gap="medium")
    with own, st.container(border=True, height="stretch"):
        _my_area(result)
    with whole, st.container(border=True, height="stretch"):
        blocks.door(
            "The whole place",
            "Two maps that may argue with each other: need and money, at any level, with the "
            "figures beside them.",
        )
        st.page_link("map.py", label="Open the map", icon=":material/map:")
    with budget, st.container(border=True, height="stretch"):
        blocks.door(
            "The budget",
            "Every line of public money, where it falls, and what would change if it were shared "
            "differently. It adds up to the penny.",
        )
        st.page_link("budget.py", label="Open the budget", icon=":material/payments:")
    discussed.show(result)
    st.header("What is loaded, and how old it is", anchor=False)
    loaded.show(result, today=dt.date.today())


def _my_area(result: Result) -> None:
    """Let a visitor type what she knows of where she lives."""
    blocks.door("My area", "Who lives here, what it needs, and what is spent here by whom.")
    words = st.text_input(
        "Your postcode, or a part of your area's name"
        if result.place.postcodes is not None
        else "A part of your area's name",
        key="start.words",
        max_chars=60,
        placeholder=loaded.example_postcode(result),
    )
    if not words.strip():
        st.page_link("area.py", label="Choose from a list", icon=":material/list:")
        return
    found = finding.search(result, words)
    st.markdown(plain(found.said))
    for area in found.areas:
        if st.button(
            f"{plain(area.name)} · {plain(area.kind)}",
            key=f"start.{area.level}.{area.code}",
            type="tertiary",
            icon=":material/arrow_forward:",
        ):
            st.switch_page("area.py", query_params=_address(area))


def _address(area: finding.Found) -> dict[str, str]:
    place = st.query_params.get("place")
    return ({"place": place} if place else {}) | {"v": "1", "level": area.level, "area": area.code}


def _intro(result: Result) -> str:
    """Say in two sentences what the place is and what is reconciled."""
    people = int(result.place.people[result.inside].sum())
    small = int(result.inside.sum())
    streams = result.ledger.streams
    agencies = streams["agency"].nunique()
    levels = len(result.levels)
    return text(
        f"{people:,} people live in {small:,} small areas. {agencies} agencies spend "
        f"{blocks.pounds(result.pot_pence)} here and around, in {len(streams)} lines of money, "
        f"over areas whose borders do not match; here all of it is on the same {levels} kinds of "
        "areas."
    )


show()
