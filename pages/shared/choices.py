"""The choices of a scenario: made with widgets, applied at once, and always in balance.

In: the scenario that is worked on. Out: the same with what a visitor changes; the pot before and
after to the penny, what cannot be kept with the nearest that can, and for whom it changes what.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from budgets.scenario import Scenario
from data import choosing
from data.choosing_repair import Spot, spots, without_limit
from data.run import Result
from data.scenarios import Allocation
from geo.errors import CommonGroundError
from pages.shared import (
    blocks,
    cache,
    cache_choices,
    choices_entries,
    choices_outcome,
    choices_said,
    choices_text,
    links,
)
from pages.shared.choices_desk import (
    OPEN,
    REFUSED,
    Desk,
    Refused,
    filled,
    read,
    seeded,
    when_changed,
)
from pages.shared.figures import plain, text

ICONS = {
    "change": ":material/trending_up:",
    "join": ":material/merge:",
    "share": ":material/balance:",
    "devolve": ":material/account_tree:",
}


def show(result: Result, link: links.Link) -> None:
    """Draw this part of the Budget page."""
    try:
        found = read(result)
    except CommonGroundError as error:
        st.error("The choices cannot be read. The money is as it is.", icon=":material/error:")
        st.code(str(error), language=None, wrap_lines=True)
        choices_text.show(Desk(result, choosing.blank(result)))
        return
    desk = Desk(result, found or choosing.blank(result))
    made, fault = _made(result, found)
    choices_outcome.balance(result, made, broken=fault is not None)
    left, right = st.columns([3, 2], gap="large")
    with left:
        if fault is not None and found is not None:
            _trouble(desk, found, fault)
        _head(desk)
        _entries(desk, wrong=[] if fault is None else spots(fault))
        choices_text.show(desk)
    with right:
        if made is None or found is None or not found.to_dict().keys() - {"scenario"}:
            blocks.hint(
                "Nothing is changed yet: the money lies where it lies today."
                if fault is None
                else "What changes for whom is shown as soon as every limit can be kept."
            )
        else:
            choices_outcome.show(result, made, on_more=lambda: link.set("part", "gains"))


def _made(
    result: Result, found: Scenario | None
) -> tuple[Allocation | None, CommonGroundError | None]:
    try:
        return cache.allocation(result, "" if found is None else found.to_toml(), draws=0), None
    except CommonGroundError as error:
        return None, error


def _trouble(desk: Desk, found: Scenario, error: CommonGroundError) -> None:
    """Say which limit breaks, and offer the nearest that can be kept."""
    titles = choices_said.Titles(desk.result)
    named = [
        choices_said.entry(titles, at.part, choosing.entry(found, at.part, at.number))[0]
        for at in spots(error)
    ]
    about = f" It is about: {plain('; '.join(named))}\\." if named else ""
    why = " ".join(plain(line) for line in choices_outcome.reason(error))
    st.error(
        f"**These choices cannot be kept, so nothing is changed yet.**{about} {why}",
        icon=":material/error:",
    )
    fix = cache_choices.nearest(desk.result, found.to_toml(), error)
    with st.container(horizontal=True):
        if fix is not None:
            st.button(
                "Take the nearest that can be kept: "
                f"{choices_said.LIMITS[fix.key].lower()} {plain(fix.words)}",
                key="choices.nearest",
                type="primary",
                icon=":material/check:",
                on_click=desk.put,
                args=(fix.scenario,),
            )
        without = without_limit(found, error)
        if without is not None:
            st.button(
                "Do without this limit",
                key="choices.without_limit",
                on_click=desk.put,
                args=(without,),
            )
        for at in spots(error):
            st.button(
                f"Take out choice {at.number} of {plain(choices_said.PARTS[at.part][0].lower())}",
                key=f"choices.drop.{at.part}.{at.number}~{desk.order}",
                on_click=desk.take_out,
                args=(at, desk.order),
            )


def _head(desk: Desk) -> None:
    """Ask what the scenario is called, and from when it holds."""
    head = desk.chosen.head
    first, second = st.columns(2, gap="medium", vertical_alignment="bottom")

    def take(name: str) -> Callable[[], None]:
        def taken(value: Any) -> None:
            desk.head(**{name: value.strip() if isinstance(value, str) else value})

        return when_changed(None, name, taken)

    with first:
        key = filled(None, "title", head.title)
        st.text_input("What it is called", max_chars=120, key=key, on_change=take("title"))
    with second:
        offered = {one.year: one for one in cache_choices.offered(desk.result).years}
        if head.takes_effect is None and (head.year in offered or head.year is None):
            year = head.year or next(iter(offered), None)
            key = seeded(None, "year", year)
            st.selectbox(
                "From the year",
                list(offered),
                format_func=lambda year: choices_outcome.year_words(offered[year]),
                key=key,
                on_change=take("year"),
                help="Money that is committed or ring-fenced on the first day of that year stays "
                "where it is.",
            )
        else:
            st.markdown(f"From {plain(head.takes_effect or head.year)}, as the document says\\.")
    refused = st.session_state.get(REFUSED)
    if isinstance(refused, Refused) and refused.spot is None:
        st.warning(plain(refused.why), icon=":material/block:")


def _entries(desk: Desk, *, wrong: list[Spot]) -> None:
    """List the entries in the order in which they are applied; one of them is open."""
    titles = choices_said.Titles(desk.result)
    for part, (title, words) in choices_said.PARTS.items():
        entries = getattr(desk.chosen, part)
        with st.container(key=f"choices_{part}"):
            heading, adding = st.columns([5, 2], vertical_alignment="center")
            with heading:
                st.html(f'<div class="cg-step"><h2>{text(title)}</h2><p>{text(words)}</p></div>')
            with adding:
                st.button(
                    choices_said.ADD[part],
                    key=f"choices.add.{part}",
                    icon=ICONS[part],
                    on_click=desk.add,
                    args=(part,),
                    width="stretch",
                )
            for number in range(1, len(entries) + 1):
                _entry(desk, titles, Spot(part, number), wrong=Spot(part, number) in wrong)


def _entry(desk: Desk, titles: choices_said.Titles, spot: Spot, *, wrong: bool) -> None:
    """Show one entry in words, and its widgets where it is open."""
    held = choosing.entry(desk.chosen, spot.part, spot.number)
    title, words = choices_said.entry(titles, spot.part, held)
    is_open = st.session_state.get(OPEN) == spot
    name = f"choice_{spot.part}_{spot.number}"
    with st.container(border=True, key=name):
        marked = '<span class="cg-badge">cannot be kept</span>' if wrong else ""
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(
                f'<div class="cg-entry"><b>{text(title)}</b> {marked}<span>{text(words)}</span>'
                "</div>",
                width="stretch",
            )
            _buttons(desk, spot, name, is_open=is_open)
        if is_open:
            choices_entries.show(desk, spot)
        refused = st.session_state.get(REFUSED)
        if isinstance(refused, Refused) and refused.spot == spot:
            st.warning(plain(refused.why), icon=":material/block:")


def _buttons(desk: Desk, spot: Spot, name: str, *, is_open: bool) -> None:
    """Offer to open or close an entry, to apply it earlier, and to take it out."""

    def turn() -> None:
        st.session_state[OPEN] = None if is_open else spot

    st.button(
        "Done" if is_open else "Change",
        key=f"{name}.open",
        type="tertiary",
        icon=":material/check:" if is_open else ":material/tune:",
        help=f"{'Close' if is_open else 'Open'} choice {spot.number}",
        on_click=turn,
    )
    if spot.number > 1:
        st.button(
            "Earlier",
            key=f"{name}.earlier~{desk.order}",
            type="tertiary",
            icon=":material/arrow_upward:",
            help="Apply it before the one above",
            on_click=desk.earlier,
            args=(spot, desk.order),
        )
    st.button(
        "Take out",
        key=f"{name}.out~{desk.order}",
        type="tertiary",
        icon=":material/delete:",
        help=f"Take choice {spot.number} out of the scenario",
        on_click=desk.take_out,
        args=(spot, desk.order),
    )
