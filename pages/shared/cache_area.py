"""What was told of an area, kept for whoever asks next: the second half of the cache.

In: a result, an area of one of its levels, and how to work it out. Out: the area in full with its
sections, worked out once a day for all visitors of one place; see `pages.shared.cache`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import streamlit as st

from data.run import Result
from pages.shared.about_area import About

Told = tuple[About, str, dict[str, str]]


def told(base: Result, level: str, code: str, make: Callable[[], Told]) -> Told:
    """Return an area, its head and its sections; `make` works them out the first time.

    The day is part of the key, because a section may say how old a figure is.
    """
    place = base.place
    today = dt.date.today().isoformat()
    return _told(place.id, place.content_hash, level, code, today, _make=make)


@st.cache_resource(max_entries=320, show_spinner=False)
def _told(
    place_id: str, content: str, level: str, code: str, today: str, *, _make: Callable[[], Told]
) -> Told:
    return _make()
