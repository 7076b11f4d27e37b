"""Page: a public account of the place's money, or of one area's: as it is, or as it would be.

In: nothing, what somebody works on, a saved version, or a scenario as text; and perhaps an area.
Out: what was asked, what was decided step by step and why, what changed for whom, what was said,
that every pound is counted once, the sources and the hashes; as a page, on paper and as a file.
"""

from __future__ import annotations

import streamlit as st

from data.run import Result
from data.scenarios import Allocation
from geo.errors import CommonGroundError
from pages.shared import (
    about_account,
    about_account_people,
    about_area,
    account_of,
    account_pictures,
    area_money,
    area_spent,
    blocks,
    cache,
    links,
    printing,
    scripts,
    talk,
    turns,
)
from pages.shared.account_of import Asked
from pages.shared.figures import plain


@turns.in_turn
def show() -> None:
    """Draw the page."""
    result = blocks.opened()
    link = links.Link("account")
    scripts.sheet(scripts.AREA_LOOK)
    blocks.lead("The account", "What was asked, what was decided, and what changed for whom.")
    notes = st.container()
    try:
        asked = account_of.choose(result, link)
    except CommonGroundError as error:
        account_of.refused(error, "What is kept for this account cannot be used.")
    else:
        _share_out(result, asked)
    with notes:
        link.explain()
    link.keep()


def _share_out(result: Result, asked: Asked | None) -> None:
    """Apply the scenario and show the account of it, or every fault of the scenario."""
    if asked is None:
        blocks.hint("Write a scenario above, or open one from a file.")
        return
    try:
        with st.spinner("Sharing out …"):
            made = cache.allocation(asked.result, asked.text)
    except CommonGroundError as error:
        account_of.refused(error, "This scenario cannot be applied. Nothing was changed.")
        return
    _account(result, asked, made)


def _account(result: Result, asked: Asked, made: Allocation) -> None:
    """Show the account: first what it is of, then for whom, what was said, and its grounds."""
    tools = st.container(key="account_tools")
    first = about_account.asked(made, asked.found, asked.history)
    people = _for_whom(asked, made)
    last = about_account.grounds(made, asked.found)
    for section in [*first, *people]:
        if section:
            st.html(section)
    account_pictures.show(made, asked)
    about = _about(asked)
    st.header("What was said", anchor=False)
    talk.show(result, about)
    for section in last:
        st.html(section)
    with tools:
        parts = [*first, *people, account_pictures.drawn(made, asked), _said(result, about), *last]
        _keep(result, asked, made, parts)


def _said(result: Result, about: talk.About) -> str:
    """Return what was said for the file that is kept; the page itself says what is wrong."""
    try:
        return about_account.said(talk.said(result, about))
    except CommonGroundError:
        return ""


def _for_whom(asked: Asked, made: Allocation) -> list[str]:
    if about_account.is_as_it_is(made):
        if not asked.code:
            return []
        money = area_money.of_area(asked.result, asked.level, asked.code)
        return [about_account.area_head(money), area_spent.spent(asked.result, money)]
    if asked.code:
        return about_account_people.for_area(made, asked.level, asked.code)
    return about_account_people.for_whom(made)


def _about(asked: Asked) -> talk.About:
    """Return what the conversation is about: the version, else the area, else the place."""
    if asked.found is not None:
        return talk.About(asked.found.version.scenario, asked.found.version.number)
    return talk.About(area=asked.code)


def _keep(result: Result, asked: Asked, made: Allocation, sections: list[str]) -> None:
    """Offer the account on paper and as files."""
    name = "-".join(part for part in (result.place.id, asked.code, "account") if part)
    first, second, third = st.columns([2, 2, 3], gap="small")
    with first:
        printing.button()
    with second:
        st.download_button(
            "Keep as a file (HTML)",
            data=lambda: about_area.document(result, plain(about_account.title(made)), sections),
            file_name=f"{name}.html",
            mime="text/html",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )
    if not about_account.is_as_it_is(made):
        with third:
            blocks.download(lambda: made.changes, f"{result.place.id}-who-gains.csv")


show()
