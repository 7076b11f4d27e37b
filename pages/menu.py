"""The frame around every page: the name of the place, the style sheet and the menu.

In: the place that the address or the server names. Out: the page that the visitor chose, under a
band that says which place this is and whether it is invented.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.shared import blocks, links

SHARED = Path(__file__).parent / "shared"
FRONT = "Common Ground"


def show() -> None:
    """Draw the frame and run the chosen page."""
    st.set_page_config(
        page_icon=str(SHARED / "mark.svg"),
        layout="wide",
        initial_sidebar_state="collapsed",
        menu_items={"Get help": None, "Report a bug": None, "About": None},
    )
    blocks.look()
    st.logo(str(SHARED / "mark.svg"), size="large")
    pages = [
        st.Page("start.py", title="Start", icon=":material/home:", default=True),
        st.Page("area.py", title="My area", icon=":material/location_on:", url_path="area"),
        st.Page("map.py", title="Map", icon=":material/map:", url_path="map"),
        st.Page("budget.py", title="Budget", icon=":material/payments:", url_path="budget"),
        st.Page("account.py", title="Account", icon=":material/receipt_long:", url_path="account"),
    ]
    page = st.navigation(pages, position="top")
    links.arrive(page.url_path)
    place = blocks.opened().place
    st.set_page_config(page_title=f"{page.title}, {place.name}, {FRONT}")
    blocks.place_band(place.name, fictional=place.fictional, note=place.settings.place.note)
    # On a phone Streamlit folds its menu away; these links are shown there only.
    with st.container(key="phone_menu", horizontal=True):
        for entry in pages:
            st.page_link(entry)
    page.run()


show()
