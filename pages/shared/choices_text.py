"""The choices as a document: to read, to write, to keep as a file and to open from one.

In: the desk, and a text or file of a visitor. Out: the scenario that it says, or every fault of it;
a text with faults stays as it was typed and changes nothing.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from budgets import scenario
from geo.errors import CommonGroundError
from pages.shared import typed, working
from pages.shared.choices_desk import Desk

TYPED: Final = "choices.typed"
FAULTS: Final = "choices.typed.faults"
FIELD: Final = "choices.text"


def show(desk: Desk) -> None:
    """Draw the document in a fold."""
    held = working.document(desk.result)
    faults = st.session_state.get(FAULTS, "")

    def take(text: str) -> None:
        """Work on a text from now on, or say its faults."""
        st.session_state[TYPED], st.session_state[FAULTS] = text, ""
        try:
            made = scenario.parse(text) if text.strip() else None
        except CommonGroundError as error:
            st.session_state[FAULTS] = str(error)
            return
        if made is None:
            working.put(desk.result, "")
        else:
            desk.put(made)

    def opened() -> None:
        file = st.session_state[f"{FIELD}.file"]
        if file is not None:
            take(file.getvalue().decode("utf-8-sig", errors="replace"))

    with st.expander(
        "The same as a document", icon=":material/description:", expanded=bool(faults)
    ):
        key = typed.seed(FIELD, st.session_state[TYPED] if faults else held)
        st.text_area(
            "The choices as text",
            key=key,
            height=320,
            on_change=typed.when_changed(key, take),
            help="Lines that begin with # are remarks; they are not kept when a widget changes "
            "something.",
        )
        if faults:
            st.error("This text cannot be read. Nothing was changed.", icon=":material/error:")
            st.code(faults, language=None, wrap_lines=True)
        st.file_uploader(
            "Open a scenario (TOML or JSON)",
            type=["toml", "json"],
            key=f"{FIELD}.file",
            on_change=opened,
        )
        st.download_button(
            "Keep the choices as a file",
            data=held,
            file_name=f"{desk.result.place.id}-{desk.chosen.id}.toml",
            mime="application/toml",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            disabled=not held,
        )
