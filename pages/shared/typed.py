"""What somebody types is taken the moment they leave the field, whatever they press next.

In: a field and what stands in it at first. Out: what was typed in it last, which outlives a walk to
another part of the page and back. Streamlit forgets a field that a run does not draw, and never
reads one in a run that the next one cuts short; a callback is called in both.

A browser tells with every request what stands in all of its fields, and it may not have drawn yet
what the page put into them since. Then an old value looks like a change: a whole document that
stands in one field would undo what was typed in another. Two rules keep the two apart. A field that
the page itself fills anew gets another key, so that it is another field to the browser. And what a
field holds anyway is no change (`when_changed`).
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable
from typing import Any, Final

import streamlit as st

_SESSION: Final = "typed"  # session: by place and field, what was typed
_FRESH: Final = "typed.fresh"  # session: keys of fields that were set and perhaps not sent yet
_SHOWN: Final = "typed.shown"  # session: what the fields of this session were drawn with
_LONG: Final = 100  # characters; of longer texts only a digest is remembered
_MOST: Final = 1000  # fields of a session that are remembered; a page has some hundred


@dataclasses.dataclass
class _Shown:
    """What fields hold as far as the page knows.

    `turns` counts how often the page filled a field anew; `held` is what each key held last, drawn
    or taken; `taken` are keys whose own callback took something that no run has drawn yet.
    """

    turns: dict[str, int] = dataclasses.field(default_factory=dict)
    held: dict[str, Any] = dataclasses.field(default_factory=dict)
    taken: set[str] = dataclasses.field(default_factory=set)

    def note(self, drawn_as: str, mark: Any) -> None:
        """Remember what a field holds, and of all fields those that were noted last."""
        self.held.pop(drawn_as, None)
        self.held[drawn_as] = mark
        while len(self.held) > _MOST:
            del self.held[next(iter(self.held))]


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
        Key of the field; what is typed is kept under it and `place`.
    first
        What stands in it before anybody typed.
    """
    kept_as, kept = (place, key), _kept()
    value = kept.get(kept_as, first)
    drawn_as = seed(key, value)

    def take(typed: Any) -> None:
        kept[kept_as] = typed

    draw(label, *args, key=drawn_as, on_change=when_changed(drawn_as, take), **options)
    return value


def seed(key: str, value: Any, *, always: bool = False) -> str:
    """Let a field show a value, unless it shows it already, and return the key of its widget.

    What is set is sent to the browser again: while it travels it would take the place of what is
    typed in that moment. It is set once more where the run that set it was cut short, for then the
    browser has not had it. Only for fields whose identity is their key.

    Parameters
    ----------
    always
        Set it in every run: for a list, a slider or a switch, in which nobody types.
    """
    drawn_as = _key_for(key, value)
    fresh: set[str] = st.session_state.setdefault(_FRESH, set())
    held = st.session_state.get(drawn_as)
    if always or drawn_as in fresh or drawn_as not in st.session_state or held != value:
        fresh.add(drawn_as)
        st.session_state[drawn_as] = value
    return drawn_as


def name(key: str) -> str:
    """Return the key under which a field was drawn last, which its callback is to ask for."""
    turn = _shown().turns.get(key, 0)
    return f"{key}~{turn}" if turn else key


def when_changed(drawn_as: str, take: Callable[[Any], None]) -> Callable[[], None]:
    """Return a field's callback, which gives to `take` what the visitor put into the field.

    A browser that is late tells what the field held before: that is given to nobody.
    """

    def act() -> None:
        if drawn_as not in st.session_state:
            return
        value, shown = st.session_state[drawn_as], _shown()
        mark = _mark(value)
        if drawn_as in shown.held and _same(shown.held[drawn_as], mark):
            return
        shown.note(drawn_as, mark)
        shown.taken.add(drawn_as)
        take(value)

    return act


def drawn() -> None:
    """Note at the end of a page that the browser has what was set in it."""
    st.session_state.pop(_FRESH, None)


def now(key: str, *, place: str, first: Any = "") -> Any:
    """Return what stands in a field, for a callback: the last run may not have seen it."""
    drawn_as = name(key)
    if drawn_as in st.session_state:
        return st.session_state[drawn_as]
    return _kept().get((place, key), first)


def put(key: str, value: Any, *, place: str) -> None:
    """Let something else stand in a field from now on."""
    _kept()[place, key] = value
    _turn(key)


def forget(*beginnings: str, place: str) -> None:
    """Empty fields whose key begins so; in a callback only, before they are drawn."""
    kept = _kept()
    for found in [found for found in kept if found[0] == place and found[1].startswith(beginnings)]:
        del kept[found]
        _turn(found[1])
    for key in [str(key) for key in st.session_state if str(key).startswith(beginnings)]:
        del st.session_state[key]


def _key_for(key: str, value: Any) -> str:
    """Return the key under which a field is drawn: another where the page fills it anew.

    Where the visitor's own act led to what it holds (a limit that was refused, a text that was
    tidied) the field stays the same and so does the focus: told again, it would come to the same.
    """
    shown, drawn_as, mark = _shown(), name(key), _mark(value)
    known = drawn_as in shown.held
    if known and drawn_as not in shown.taken and not _same(shown.held[drawn_as], mark):
        drawn_as = _turn(key)
    shown.taken.discard(drawn_as)
    shown.note(drawn_as, mark)
    return drawn_as


def _turn(key: str) -> str:
    """Let a field be another one to the browser from now on, and return its new key."""
    turns = _shown().turns
    turns[key] = turns.get(key, 0) + 1
    return name(key)


def _mark(value: Any) -> Any:
    """Return what tells a value from another and takes little room."""
    if isinstance(value, str) and len(value) > _LONG:
        return hashlib.sha256(value.encode()).digest()
    return tuple(value) if isinstance(value, list) else value


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == other)


def _shown() -> _Shown:
    shown: _Shown = st.session_state.setdefault(_SHOWN, _Shown())
    return shown


def _kept() -> dict[tuple[str, str], Any]:
    kept: dict[tuple[str, str], Any] = st.session_state.setdefault(_SESSION, {})
    return kept
