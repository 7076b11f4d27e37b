"""What was told of an area, kept for whoever asks next: the second half of the cache.

In: a result, an area of one of its levels, and how to work it out. Out: the area in full with its
sections, worked out once a day for all visitors of one place; see `pages.shared.cache_kept`, whose
keys hold the day, because a section may say how old a figure is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from threading import Thread

import streamlit as st

from data.profiles import Prepared
from data.run import Result
from geo.errors import CommonGroundError
from pages.shared.about_area import About
from pages.shared.cache_kept import kept

Told = tuple[About, str, dict[str, str]]


def told(base: Result, level: str, code: str, make: Callable[[], Told]) -> Told:
    """Return an area, its head and its sections; `make` works them out the first time."""
    return kept(base, "area told", level, code, make=make)


def complete(base: Result, prepared: Prepared, *, wait: bool) -> bool:
    """Make what the first profile of a place needs, once and beside the pages, or `wait` for it.

    Returns whether nobody has to wait any more.
    """
    key = (base.place.id, base.place.content_hash)
    made = kept(base, "completing", make=lambda: _completing(*key, _prepared=prepared))
    if wait:
        made.join()
    return not made.is_alive()


@st.cache_resource(max_entries=8, show_spinner=False)
def _completing(place_id: str, content: str, *, _prepared: Prepared) -> Thread:
    def make() -> None:
        # What is wrong with the place is said by the page that asks for the part.
        with contextlib.suppress(CommonGroundError):
            _prepared.complete()

    thread = Thread(target=make, name=f"profiles of {place_id}", daemon=True)
    thread.start()
    return thread
