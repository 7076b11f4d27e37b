"""What was told of an area, kept for whoever asks next: the second half of the cache.

In: a result, an area of one of its levels, and how to work it out. Out: the area in full with its
sections, worked out once a day for all visitors of one place; see `pages.shared.cache_kept`, whose
keys hold the day, because a section may say how old a figure is.
"""

from __future__ import annotations

from collections.abc import Callable

from data.run import Result
from pages.shared.about_area import About
from pages.shared.cache_kept import kept

Told = tuple[About, str, dict[str, str]]


def told(base: Result, level: str, code: str, make: Callable[[], Told]) -> Told:
    """Return an area, its head and its sections; `make` works them out the first time."""
    return kept(base, "area told", level, code, make=make)
