"""Page: one area in plain words, for the people who live there.

In: an area of any level, or small areas put together. Out: who lives there, what it needs beside
its ward and the place, what is spent there by whom and how sure that is, areas like it, and what
the figures cannot say; as a page, as a file to keep, and as a link that reopens it.
"""

from __future__ import annotations

import streamlit as st

from boundaries.custom import CustomArea, assembled
from data.profiles import Prepared, of_area, of_custom
from data.run import Result
from geo.errors import CommonGroundError
from indices.profiles import Profile
from pages.shared import about_area, area_money, blocks, cache, figures, finding, links
from pages.shared.figures import plain

NONE = ""
OWN = "put together"


def show() -> None:
    """Draw the page."""
    result = blocks.opened()
    prepared = cache.profiles(result)
    link = links.Link("area")
    blocks.lead("My area", "Who lives here, what it needs, and what is spent here.")
    notes = st.container()
    level, code, own = choose(result, prepared, link)
    if own is not None and prepared is not None:
        _page(result, of_custom(prepared, own), area_money.of_custom(result, prepared, own))
    elif code:
        profile = None if prepared is None else of_area(prepared, code, level)
        _page(result, profile, area_money.of_area(result, level, code))
    else:
        blocks.hint(
            "Type a postcode or a name above, or choose an area from the list. You can also put "
            "several small areas together to one of your own."
        )
    with notes:
        link.explain()
    link.keep()


def choose(
    result: Result, prepared: Prepared | None, link: links.Link
) -> tuple[str, str, CustomArea | None]:
    """Let a visitor find an area by postcode, by name, from a list, or put one together."""
    titles = figures.level_titles(result)
    offered = titles if prepared is None else titles | {OWN: "Small areas put together"}
    link.option("level", options=offered, default=next(iter(titles)), what="kind of area")
    link.words("own", default="", longest=2000)
    first, second, third = st.columns(3, gap="medium")
    with first:
        words = st.text_input("Postcode or name", key="area.words", max_chars=60)
        if words.strip():
            _offer(result, prepared, words, link)
    with second:
        level = st.selectbox(
            "Kind of area", list(offered), format_func=offered.__getitem__, key=link.key("level")
        )
    with third:
        if level == OWN and prepared is not None:
            return level, NONE, _put_together(result, prepared, link)
        mine = result.level_tables[level][figures.here(result, level)]
        names = {str(code): str(name) for code, name in mine["name"].items()}
        ordered = sorted(names, key=lambda code: (names[code].casefold(), code))
        link.option("area", options=[NONE, *ordered], default=NONE, what="area")
        code = st.selectbox(
            "Area",
            [NONE, *ordered],
            format_func=lambda code: names[code] if code else "Choose an area",
            key=link.key("area"),
        )
    return level, code or NONE, None


def _offer(result: Result, prepared: Prepared | None, words: str, link: links.Link) -> None:
    """List what was found; choosing one clears the search."""
    found = finding.search(result, prepared, words)
    st.markdown(plain(found.said))

    def pick(area: finding.Found) -> None:
        link.set("level", area.level)
        link.set("area", area.code)
        st.session_state["area.words"] = ""

    for area in found.areas:
        st.button(
            f"{plain(area.name)} · {plain(area.kind)}",
            key=f"area.{area.level}.{area.code}",
            type="tertiary",
            icon=":material/arrow_forward:",
            on_click=pick,
            args=(area,),
        )


def _put_together(result: Result, prepared: Prepared, link: links.Link) -> CustomArea | None:
    """Let a visitor put small areas together; too few households are refused with the reason."""
    base = result.place.base_layer
    table = result.level_tables[base]["name"]
    names = {str(code): str(name) for code, name in table.items()}
    mine = [code for code in names if bool(result.inside.get(code, False))]
    held = [code for code in str(st.session_state[link.key("own")]).split(".") if code in names]
    chosen = st.multiselect(
        "Small areas to put together",
        mine,
        default=held,
        format_func=names.__getitem__,
        key=f"area.pieces.{result.place.id}",
        placeholder="Choose one or more",
    )
    link.set("own", ".".join(chosen))
    if not chosen:
        return None
    name = (
        names[chosen[0]] if len(chosen) == 1 else f"{names[chosen[0]]} and {len(chosen) - 1} more"
    )
    try:
        return assembled(prepared.blocks, chosen, name=name)
    except CommonGroundError as error:
        st.warning(plain(error), icon=":material/block:")
        return None


def _page(result: Result, profile: Profile | None, money: area_money.AreaMoney) -> None:
    """Show the sections, and offer the same as a file."""
    sections = about_area.sections(result, profile, money)
    for section in sections:
        st.html(section)
    st.download_button(
        "Keep this page as a file (HTML, prints well)",
        data=lambda: about_area.document(result, money.name, sections),
        file_name=f"{result.place.id}-{money.code}.html",
        mime="text/html",
        on_click="ignore",
        icon=":material/download:",
    )


show()
