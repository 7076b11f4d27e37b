"""What is kept between runs while somebody makes choices; the second half of `cache`.

In: a result and the choices so far. Out: what a place offers, what a choice can be about, and the
nearest that can be kept. Place and content hash stand in every key, as in `cache`.
"""

from __future__ import annotations

import streamlit as st

from budgets import scenario
from data import choosing
from data import choosing_repair as repair
from data.run import Result
from geo.errors import CommonGroundError
from pages.shared import cache


def offered(base: Result) -> choosing.Offered:
    """Return the years, measures and agencies that choices of a place may name."""
    return _offered(base.place.id, base.place.content_hash, _base=base)


def names(base: Result, chosen: scenario.Scenario, *, shared: bool = False) -> list[choosing.Name]:
    """Return what a choice can be about, with what of it can move; see `choosing.names`."""
    head = chosen.head
    said = (repr(chosen.join), head.year or "", head.takes_effect or "")
    key = (base.place.id, base.place.content_hash, *said)
    return _names(*key, shared=shared, _base=base, _chosen=chosen)


def nearest(base: Result, text: str, error: CommonGroundError) -> repair.Fix | None:
    """Return the nearest that can be kept instead of the limit that an allocation broke."""
    key = (base.place.id, base.place.content_hash)
    return _nearest(*key, text, _base=base, _error=error)


@st.cache_resource(max_entries=16, show_spinner=False)
def _offered(place_id: str, content: str, *, _base: Result) -> choosing.Offered:
    return choosing.Offered.of(_base)


@st.cache_resource(max_entries=64, show_spinner=False)
def _names(
    place_id: str,
    content: str,
    joined: str,
    year: str,
    day: str,
    *,
    shared: bool,
    _base: Result,
    _chosen: scenario.Scenario,
) -> list[choosing.Name]:
    return choosing.names(_base, _chosen, shared=shared)


@st.cache_resource(max_entries=32, show_spinner=False)
def _nearest(
    place_id: str, content: str, text: str, *, _base: Result, _error: CommonGroundError
) -> repair.Fix | None:
    return repair.nearest(cache.whole_of(_base), scenario.parse(text), _error)
