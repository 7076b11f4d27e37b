"""What pages work out of a result and show as it is, kept for whoever looks at the same next.

In: a result, a name for what is wanted, all it depends on beside the result, and how to make it.
Out: the thing itself, made once for all visitors; see `pages.shared.cache`.

Place, content hash and the settings of need stand in every key, and what is kept answers only for
the very result that it was made of: the figures with what may not be shown, those of edited lines
and those of another place can never stand for each other. What is kept is shared: pages read it and
never change it.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Final, TypeVar
from weakref import ref

from data.run import Result

MOST: Final = 900  # things kept: some 20 kB each, the largest 100 kB

Made = TypeVar("Made")
_KEPT: OrderedDict[tuple[Hashable, ...], tuple[tuple[ref[Result], ...], Any]] = OrderedDict()
_LOCK: Final = Lock()


def kept(
    base: Result,
    name: str,
    *about: Hashable,
    make: Callable[[], Made],
    beside: Result | None = None,
) -> Made:
    """Return what `make` makes of a result; the first time it is made, then it is there.

    Streamlit's own caches would do the same and hash every key with all its parts each time, which
    for some twenty of them a run costs more than what they keep. The day is part of every key,
    because a figure may be that of today.

    Parameters
    ----------
    name, about
        What is made, and everything else that it depends on.
    beside
        A second result that it is made of.
    """
    results = (base,) if beside is None else (base, beside)
    key = _key(results, name, *about)
    with _LOCK:
        if (found := _found(key, results)) is not None:
            made: Made = found[0]
            return made
    made = make()  # two visitors at once may both make it: that costs time and no figure
    with _LOCK:
        _KEPT[key] = (tuple(ref(one) for one in results), made)
        _KEPT.move_to_end(key)
        while len(_KEPT) > MOST:
            _KEPT.popitem(last=False)
    return made


def _key(results: tuple[Result, ...], name: str, *about: Hashable) -> tuple[Hashable, ...]:
    return (name, *about, dt.date.today(), *(part for one in results for part in _identity(one)))


def _found(key: tuple[Hashable, ...], results: tuple[Result, ...]) -> tuple[Any] | None:
    """Return what is kept under a key, alone in a tuple, if it was made of these very results."""
    entry = _KEPT.get(key)
    if entry is None or any(was() is not now for was, now in zip(entry[0], results, strict=True)):
        return None
    _KEPT.move_to_end(key)
    return (entry[1],)


def _identity(base: Result) -> tuple[Hashable, ...]:
    place = base.place
    return (place.id, place.content_hash, base.need_weight, base.neediest_per_head)
