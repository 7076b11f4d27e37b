"""Page: one area in plain words, for the people who live there.

In: an area of any level, small areas put together, or a line drawn on the map. Out: who lives
there, what it needs beside its ward, the place and England, how that changed, what is spent there
by whom and who decides on it, areas like it, and what the figures cannot say; as a page, on paper,
as a file to keep, and as a link that reopens it.
"""

from __future__ import annotations

import streamlit as st

from boundaries.custom import CustomArea
from data import following
from data.profiles import Prepared, of_area, of_custom
from data.run import Result
from indices.profiles import Profile
from pages.shared import (
    about_area,
    area_money,
    area_place,
    area_where,
    blocks,
    cache,
    cache_area,
    links,
    printing,
    scripts,
    talk,
    turns,
    typed,
)
from pages.shared.about_area import About
from pages.shared.area_finding import DRAWN, OWN, Chosen, choose, show_map
from pages.shared.figures import plain

HINTS = {
    OWN: "Choose small areas from the list, or click on them on the map: they make one area of "
    "your own.",
    DRAWN: "Draw a line around your area with the pen on the map, by mouse, finger or keys. It is "
    "rounded to whole output areas, so that nobody can be recognised.",
}


@st.fragment
@turns.in_turn
def show() -> None:
    """Draw the page; a choice on it draws it anew without the frame around it."""
    result = blocks.opened()
    prepared = cache.profiles(result)
    link = links.Link("area")
    scripts.sheet(scripts.AREA_LOOK)
    blocks.lead("My area", "Who lives here, what it needs, and what is spent here.")
    notes = st.container()
    chosen = choose(result, prepared, link)
    words, around = st.columns([5, 6], gap="medium")
    with around:
        show_map(result, prepared, chosen, link)
    if prepared is not None:
        # Begun while somebody still looks for an area.
        cache_area.complete(result, prepared, wait=False)
    with words:
        found = _told(result, prepared, chosen)
        if chosen.fault:
            st.warning(plain(chosen.fault), icon=":material/block:")
        if found is None:
            _how_to_find(result, prepared, chosen)
        else:
            st.html(found[1])
            tools = st.container(key="area_tools")
    if found is not None:
        area, head, sections = found
        for name, section in sections.items():
            st.html(section)
            if name == about_area.SPENT:
                name_of_file = f"{result.place.id}-{area.money.code}-money.csv"
                blocks.download(area.money.to_frame, name_of_file)
            elif name == about_area.ALIKE:
                _open_like(result, area.profile, link)
        with tools:
            _keep(result, area, [head, *sections.values()])
        if chosen.own is None:
            talk.on_area(result, chosen.code, area.money.name)
    with notes:
        link.explain()
    link.keep()
    typed.drawn()


def _how_to_find(result: Result, prepared: Prepared | None, chosen: Chosen) -> None:
    """Say what to do next, and while no area is chosen what its figures will stand beside."""
    if hint := HINTS.get(chosen.level):
        blocks.hint(hint)
    elif not chosen.fault:
        st.html(area_place.in_short(result, prepared))


def _told(result: Result, prepared: Prepared | None, chosen: Chosen) -> cache_area.Told | None:
    """Return the chosen area with its head and sections; one of a level is worked out once."""
    if chosen.own is None and not chosen.code:
        return None
    if prepared is not None and not cache_area.complete(result, prepared, wait=False):
        with st.spinner("Adding up the figures of the place, once …"):
            cache_area.complete(result, prepared, wait=True)
    if chosen.own is None:
        # A twentieth of a second at most: a spinner would cost two messages and a thread.
        return cache_area.told(
            result,
            chosen.level,
            chosen.code,
            lambda: _in_full(result, _of_level(result, prepared, chosen.level, chosen.code)),
        )
    if prepared is None:
        return None
    with st.spinner("Adding up your area …"):
        return _in_full(result, _of_own(result, prepared, chosen.own, chosen.ring))


def _in_full(result: Result, area: About) -> cache_area.Told:
    return area, about_area.who(result, area), about_area.sections(result, area)


def _of_own(
    result: Result, prepared: Prepared, own: CustomArea, ring: tuple[tuple[float, float], ...]
) -> About:
    """Gather everything that is told of an area that a visitor made."""
    return About(
        area_money.of_custom(result, prepared, own),
        of_custom(prepared, own),
        tuple(following.of_custom(prepared, own)),
        area_where.of_custom(result, prepared, own, ring),
    )


def _of_level(result: Result, prepared: Prepared | None, level: str, code: str) -> About:
    """Gather everything that is told of an area of a level."""
    money = area_money.of_area(result, level, code)
    where = area_where.of_area(result, level, code)
    if prepared is None:
        return About(money, where=where)
    followed = tuple(following.of_area(prepared, code, level))
    return About(money, of_area(prepared, code, level), followed, where)


def _keep(result: Result, area: About, parts: list[str]) -> None:
    """Offer the page on paper and as a file."""
    left, right = st.columns(2, gap="small")
    with left:
        printing.button(about=area.money.code)
    with right:
        st.download_button(
            "Keep as a file (HTML)",
            data=lambda: about_area.document(result, area.money.name, parts),
            file_name=f"{result.place.id}-{area.money.code}.html",
            mime="text/html",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )


def _open_like(result: Result, profile: Profile | None, link: links.Link) -> None:
    """Lead to the areas most like this one."""
    if profile is None or profile.similar is None:
        return
    rows = profile.similar.table.head(about_area.LIKE)
    level = next(
        (
            id
            for id, table in result.level_tables.items()
            if all(code in table.index for code in rows.index)
        ),
        "",
    )
    if not level:
        return

    def go(code: str) -> None:
        link.set("level", level)
        link.set("area", code)

    with st.container(key="area_like", horizontal=True):
        for code, name in rows["name"].items():
            st.button(
                f"Open {plain(name)}", key=f"area.like.{code}", on_click=go, args=(str(code),)
            )


show()
