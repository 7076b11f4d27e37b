"""Ways to an area: a postcode, a name, a list, the map, small areas put together, a line drawn.

In: a place and the link. Out: what was found: an area of a level, or one of one's own, or nothing
yet with what is wrong. Every way ends in the same few words of the link, so that it reopens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from boundaries import custom
from boundaries.custom import CustomArea
from data.profiles import Prepared
from data.run import Result
from geo.errors import CommonGroundError
from pages.shared import area_link, drawing, figures, finding, links
from pages.shared.figures import plain
from pages.shared.figures_more import Shelf
from pages.shared.live_map import live_map

NONE = ""
OWN = "put together"  # these two stand in links where a level's id does
DRAWN = "drawn"
OURS = "Our area"
LONGEST_NAME = 60


@dataclass(frozen=True, eq=False)
class Chosen:
    """What was found: `level` and `code`, or `own` with the `ring` that was drawn; or neither.

    `pieces` are the small areas put together, `fault` why what was asked for is refused.
    """

    level: str
    code: str = NONE
    own: CustomArea | None = None
    ring: tuple[tuple[float, float], ...] = ()
    pieces: tuple[str, ...] = ()
    fault: str = ""


def choose(result: Result, prepared: Prepared | None, link: links.Link) -> Chosen:
    """Let a visitor find an area, and say which."""
    titles = figures.level_titles(result)
    offered = dict(titles)
    if prepared is not None:
        offered |= {OWN: "Small areas put together", DRAWN: "A line drawn on the map"}
    link.option("level", options=offered, default=next(iter(titles)), what="kind of area")
    link.words("own", default="", longest=area_link.LONGEST)
    link.words("shape", default="", longest=area_link.LONGEST)
    link.words("called", default="", longest=LONGEST_NAME)
    with st.container(key="area_find"):
        first, second, third = st.columns(3, gap="medium")
        with first:
            words = st.text_input(_asked(result), key="area.words", max_chars=60)
            if words.strip():
                _offer(result, words, link)
        with second:
            level = st.selectbox(
                "Kind of area",
                list(offered),
                format_func=offered.__getitem__,
                key=link.key("level"),
            )
        with third:
            if prepared is not None and level == OWN:
                return _put_together(result, prepared, link)
            if prepared is not None and level == DRAWN:
                return _drawn(prepared, link)
            return Chosen(level, _listed(result, level, link))


def _asked(result: Result) -> str:
    # Where there is no list of postcodes, nobody is asked in vain for hers.
    return "A part of its name" if result.place.postcodes is None else "Postcode or name"


def show_map(result: Result, prepared: Prepared | None, chosen: Chosen, link: links.Link) -> None:
    """Show the areas to choose from; a click chooses one, or adds it; a line may be drawn."""
    own = chosen.level in (OWN, DRAWN)
    level = result.place.base_layer if own else chosen.level
    figure = next(iter(Shelf.of(result, level).usual.values()))
    drawn = drawing.of(result, level, figure, area=chosen.code)
    codes = result.layers[level].index
    if chosen.pieces:
        at = codes.get_indexer(pd.Index(chosen.pieces))
        drawn = drawn.seen(highlighted=[int(x) for x in at if x >= 0])
    drawn = drawn.seen(shape=chosen.ring, drawable=prepared is not None)

    def pick(code: str) -> None:
        if not bool(figures.here(result, level).get(code, False)):
            return
        if chosen.level == OWN:
            _hold(link, [*chosen.pieces, code] if code not in chosen.pieces
                  else [piece for piece in chosen.pieces if piece != code])  # fmt: skip
            return
        link.set("level", level)
        link.set("area", code)

    def finish(ring: list[tuple[float, float]]) -> None:
        link.set("level", DRAWN)
        link.set("shape", area_link.write(ring))

    live_map(drawn, on_pick=pick, on_draw=finish)


def _listed(result: Result, level: str, link: links.Link) -> str:
    names = Shelf.of(result, level).names
    offered = [NONE, *names]
    link.option("area", options=offered, default=NONE, what="area")
    code = st.selectbox(
        "Area",
        offered,
        format_func=lambda code: names[code] if code else "Choose an area",
        key=link.key("area"),
    )
    return code or NONE


def _offer(result: Result, words: str, link: links.Link) -> None:
    """List what was found; choosing one clears the search."""
    found = finding.search(result, words)
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


def _hold(link: links.Link, codes: Sequence[str]) -> None:
    link.set("own", ".".join(codes))


def _put_together(result: Result, prepared: Prepared, link: links.Link) -> Chosen:
    """Let a visitor put small areas together, from the list or by clicks on the map."""
    base = result.place.base_layer
    names = {
        str(code): str(name)
        for code, name in result.level_tables[base]["name"].items()
        if bool(result.inside.get(code, False))
    }
    asked = [code for code in str(st.session_state[link.key("own")]).split(".") if code]
    held = [code for code in dict.fromkeys(asked) if code in names]
    gone = [code for code in asked if code not in names]
    if gone:
        link.notes.append(
            f"This link names small areas that this place does not have: {', '.join(gone)}. They "
            "were left out."
        )
    key = f"area.pieces.{result.place.id}"
    st.session_state[key] = held
    st.multiselect(
        "Small areas to put together",
        list(names),
        format_func=names.__getitem__,
        key=key,
        placeholder="Choose from the list, or click on the map",
        on_change=lambda: _hold(link, st.session_state[key]),
    )
    _hold(link, held)
    if not held:
        return Chosen(OWN)
    many = names[held[0]] if len(held) == 1 else f"{names[held[0]]} and {len(held) - 1} more"
    name = _called(link, many)
    return _made(
        Chosen(OWN, pieces=tuple(held)), lambda: custom.assembled(prepared.blocks, held, name=name)
    )


def _drawn(prepared: Prepared, link: links.Link) -> Chosen:
    """Make an area of the line that a visitor drew, or that a link holds."""
    word = str(st.session_state[link.key("shape")])
    ring = area_link.read(word)
    if word and not ring:
        link.notes.append("The drawn line of this link cannot be read. Draw it again.")
        link.set("shape", "")
    name = _called(link, OURS)
    if not ring:
        return Chosen(DRAWN)

    def make() -> CustomArea:
        points, counting = prepared.postcodes, prepared.counting
        return custom.from_lonlat(
            prepared.blocks, ring, name=name, points=points, counting=counting
        )

    return _made(Chosen(DRAWN, ring=tuple(ring)), make)


def _made(chosen: Chosen, make: Callable[[], CustomArea]) -> Chosen:
    """Make an area of one's own; what is too small or outside is refused with the reason."""
    try:
        return replace(chosen, own=make())
    except CommonGroundError as error:
        return replace(chosen, fault=str(error))


def _called(link: links.Link, otherwise: str) -> str:
    typed = st.text_input(
        "What to call it",
        key=link.key("called"),
        max_chars=LONGEST_NAME,
        placeholder=otherwise,
    )
    return " ".join(typed.split()) or otherwise
