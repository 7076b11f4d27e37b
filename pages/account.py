"""Page: a public account of the place's money: as it is, or as a scenario would have it.

In: nothing, or a scenario as a file or as text. Out: what was asked, what was decided step by step,
what changed for whom, that every pound is counted once, and the sources; as a page and as a file.
A scenario lives in this session only: nothing of it is sent anywhere or kept.
"""

from __future__ import annotations

import streamlit as st

from data.run import Result
from geo.errors import CommonGroundError
from pages.shared import about_account, about_area, blocks, cache, links
from pages.shared.figures import plain

NOW, SCENARIO = "now", "scenario"
KINDS = {NOW: "The money as it is", SCENARIO: "What a scenario would change"}
WORDS = "account.words"


def show() -> None:
    """Draw the page."""
    result = blocks.opened()
    link = links.Link("account")
    blocks.lead("The account", "What was asked, what was decided, and what changed for whom.")
    notes = st.container()
    link.option("about", options=KINDS, default=NOW, what="kind of account")
    about = st.segmented_control(
        "Account for",
        list(KINDS),
        format_func=KINDS.__getitem__,
        key=link.key("about"),
        required=True,
    )
    text = _scenario(result) if about == SCENARIO else ""
    if about == SCENARIO and not text.strip():
        blocks.hint("Write a scenario above, or open one from a file.")
    else:
        _account(result, text)
    with notes:
        link.explain()
    link.keep()


def _scenario(result: Result) -> str:
    """Let a visitor write a scenario, start from an example, or open one from a file."""
    held = f"{WORDS}.{result.place.id}"
    st.session_state.setdefault(held, about_account.example(result))
    opened = st.file_uploader("Open a scenario (TOML or JSON)", type=["toml", "json"])
    if opened is not None and st.session_state.get(f"{held}.file") != opened.file_id:
        st.session_state[f"{held}.file"] = opened.file_id
        st.session_state[held] = opened.getvalue().decode("utf-8-sig", errors="replace")
    text: str = st.text_area(
        "The scenario",
        key=held,
        height=320,
        help="Lines that begin with # are remarks. Entries are applied in the order: change, join, "
        "share, devolve.",
    )
    st.download_button(
        "Keep the scenario as a file",
        data=text,
        file_name=f"{result.place.id}-scenario.toml",
        mime="application/toml",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
    return text


def _account(result: Result, text: str) -> None:
    """Show the account, or every fault of the scenario."""
    try:
        with st.spinner("Sharing out …"):
            made = cache.allocation(result, text)
    except CommonGroundError as error:
        st.error("This scenario cannot be applied. Nothing was changed.", icon=":material/error:")
        st.code(str(error), language=None, wrap_lines=True)
        return
    sections = about_account.sections(made)
    for section in sections:
        st.html(section)
    st.download_button(
        "Keep this account as a file (HTML, prints well)",
        data=lambda: about_area.document(result, plain(about_account.title(made)), sections),
        file_name=f"{result.place.id}-account.html",
        mime="text/html",
        on_click="ignore",
        icon=":material/download:",
    )
    blocks.download(lambda: made.changes, f"{result.place.id}-who-gains.csv")


show()
