"""What somebody types is taken the moment they leave the field, whatever they press next.

In: a field and what stands in it at first. Out: what was typed in it last, which outlives a walk to
another part of the page and back. Streamlit forgets a field that a run does not draw, and never
reads one in a run that the next one cuts short; a callback is called in both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import streamlit as st

_SESSION: Final = "typed"  # session: by place and field, what was typed
_FRESH: Final = "typed.fresh"  # session: keys of fields that were set and perhaps not sent yet


def field(
    draw: Callable[..., Any],
    label: str,
    *args: Any,
    key: str,
    place: str,
    first: Any = "",
    **options: Any,
) -> Any:
    """Draw a field and return what stands in it.

    Parameters
    ----------
    draw
        What draws it: `st.text_input` and the like.
    key
        Key of the widget; what is typed is kept under it and `place`.
    first
        What stands in it before anybody typed.
    """
    name, kept = (place, key), _kept()
    value = kept.get(name, first)
    seed(key, value)

    def take() -> None:
        kept[name] = st.session_state[key]

    draw(label, *args, key=key, on_change=take, **options)
    return value


def seed(key: str, value: Any) -> None:
    """Let a field show a value, unless it shows it already.

    What is set is sent to the browser again: while it travels it would take the place of what is
    typed in that moment. It is set once more where the run that set it was cut short, for then the
    browser has not had it. Only for fields whose identity is their key: texts and numbers.
    """
    fresh: set[str] = st.session_state.setdefault(_FRESH, set())
    if key in fresh or key not in st.session_state or st.session_state[key] != value:
        fresh.add(key)
        st.session_state[key] = value


def drawn() -> None:
    """Note at the end of a page that the browser has what was set in it."""
    st.session_state.pop(_FRESH, None)


def now(key: str, *, place: str, first: Any = "") -> Any:
    """Return what stands in a field, for a callback: the last run may not have seen it."""
    if key in st.session_state:
        return st.session_state[key]
    return _kept().get((place, key), first)


def put(key: str, value: Any, *, place: str) -> None:
    """Let something else stand in a field from now on."""
    _kept()[place, key] = value
    st.session_state[key] = value


def forget(*beginnings: str, place: str) -> None:
    """Empty fields whose key begins so; in a callback only, before they are drawn."""
    kept = _kept()
    for name in [name for name in kept if name[0] == place and name[1].startswith(beginnings)]:
        del kept[name]
    for key in [str(key) for key in st.session_state if str(key).startswith(beginnings)]:
        del st.session_state[key]


def _kept() -> dict[tuple[str, str], Any]:
    kept: dict[tuple[str, str], Any] = st.session_state.setdefault(_SESSION, {})
    return kept
