"""What is being discussed or was agreed in a place, with the way to its public account.

In: the store, as far as whoever sits here may see it. Out: each scenario in consultation or agreed,
its last such version, and links; nothing where there is none.
"""

from __future__ import annotations

import streamlit as st

from data.run import Result
from data.store.records import DRAFT, Version
from geo.errors import CommonGroundError
from pages.shared import cache, links, who, working
from pages.shared.figures import plain, text
from pages.shared.working import STATUSES, when

MOST = 5


def show(result: Result) -> None:
    """Draw the list; what cannot be read is said and stops nothing else."""
    try:
        found = versions(result)
    except CommonGroundError as error:
        st.warning(plain(working.in_words(error)), icon=":material/error:")
        return
    if not found:
        return
    st.header("What is being discussed", anchor=False)
    place = st.query_params.get("place")
    for version in found[:MOST]:
        st.html(
            f'<p class="cg-stamped"><span class="cg-stamp is-{version.status}">'
            f"{STATUSES[version.status]}</span>"
            f'<span class="cg-stamp-title">{text(version.title)}</span>'
            f'<span class="cg-stamp-about">version {version.number}, since '
            f"{text(when(version.marked_at))}</span></p>"
        )
        address = {
            "v": links.VERSION,
            "about": "saved",
            "saved": version.scenario,
            "number": str(version.number),
        }
        st.page_link(
            "account.py",
            label=f"Read the account of “{plain(version.title)}”",
            icon=":material/receipt_long:",
            query_params=({"place": place} if place else {}) | address,
        )
    if len(found) > MOST:
        st.caption(f"{len(found) - MOST:,} more are on the page Account, under “A saved version”.")


def versions(result: Result) -> list[Version]:
    """Return of each scenario the last version that is more than a draft, the newest mark first.

    Raises
    ------
    CommonGroundError
        The store cannot be read.
    """
    store, name = cache.store(), who.current(result).name
    if store is None:
        return []
    found = []
    for last in store.scenarios(result.place.id, user=name):
        history = store.versions(result.place.id, last.scenario, user=name)
        open_ = [version for version in history if version.status != DRAFT]
        found += open_[-1:]
    return sorted(found, key=lambda version: version.marked_at, reverse=True)
