"""The link: what a visitor chose, short enough to send, and safe to open years later.

In: the address of the page (`?v=1&level=wd&figure=need`) and what the visitor chose before in this
session. Out: a value for each choice that is certainly valid, the address kept in step with the
choices, and a sentence for everything in an address that this place or this version does not know.

An address holds only what differs from the default. The address wins when it is opened; after that
the widgets do. Changing the page clears Streamlit's address, so choices are also kept in the
session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.figures import plain

VERSION = "1"
_CHOICES = "link.choices"  # session: what was chosen, on whichever page
_WRITTEN = "link.written"  # session: the address as we last wrote it, and on which page
_RECENT = "link.recent"  # session: addresses opened or written since the visitor came to this page
_PAGE = "link.page"  # session: the page that the menu showed last
_REMEMBERED = 8
_SCENARIO = "scenario"  # of a saved version, as `id~number`: it goes along from page to page
_ASKED = "scenario.asked"  # session: what of it a link asks for and nobody has opened yet
_HANDLED = "scenario.handled"  # session: what of it was opened or written last
_ALWAYS = ("v", "place", _SCENARIO)


class Link:
    """The choices of one page, read from the address and the session, and written back."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.notes: list[str] = []
        self.defaults: dict[str, str] = {}
        self.session: dict[str, str] = st.session_state.setdefault(_CHOICES, {})
        address = _address()
        self.opened = self._is_newly_opened(address)
        if self.opened:
            # Noted before the address is remembered: whoever asks for the version may come later.
            asked = address.get(_SCENARIO, "")[:100]
            if asked != self.session.get(_HANDLED, ""):
                self.session[_ASKED] = asked
            _remember(address)
        self.address = address if self.opened else {}
        found = self.address.get("v", VERSION)
        if found != VERSION:
            self.notes.append(
                f"This link was made by another version of Common Ground (link version {found}, "
                f"this is {VERSION}). What this version understands was used."
            )

    def _is_newly_opened(self, address: dict[str, str]) -> bool:
        written = st.session_state.get(_WRITTEN)
        if written is None:
            return bool(address)
        page, last = written
        if address == last:
            # A run that the next step back or forward cut short has seeded the widgets with its
            # own address and written none: then the widgets and the last address differ.
            return page == self.page and _went_back()
        if page != self.page:
            # The menu clears the address: that is a change of page and not a new link.
            return bool(set(address) - set(_ALWAYS))
        return not _is_late(address)

    def key(self, name: str) -> str:
        """Return the key of the widget that holds this choice."""
        return f"{self.page}.{name}"

    def option(self, name: str, *, options: Iterable[str], default: str, what: str) -> str:
        """Settle a choice among `options` and seed its widget; `what` names it to a reader."""
        allowed = set(options)
        return self._settle(
            name,
            default=default,
            parse=lambda text: text if text in allowed else None,
            fault=lambda text: (
                f"This link asks for {_one(what)} “{text}” that this place does not "
                "have. The usual one is shown instead."
            ),
        )

    def number(self, name: str, *, low: float, high: float, default: float, what: str) -> float:
        """Settle a number between `low` and `high` and seed its widget."""

        def parse(text: str) -> float | None:
            try:
                value = float(text)
            except ValueError:
                return None
            return type(default)(value) if low <= value <= high else None

        return self._settle(
            name,
            default=default,
            parse=parse,
            fault=lambda text: (
                f"This link asks for {_one(what)} of “{text}”, which is not between "
                f"{low:g} and {high:g}. The usual one, {default:g}, is used instead."
            ),
        )

    def words(self, name: str, *, default: str, longest: int) -> str:
        """Settle a choice that is free text, such as a list of codes, up to a length."""
        found = st.query_params.get(name, "")
        if name in self.address and len(found) <= longest:
            self.address[name] = found
        return self._settle(name, default=default, parse=lambda text: text, fault=lambda _: "")

    def _settle(
        self,
        name: str,
        *,
        default: Any,
        parse: Callable[[str], Any],
        fault: Callable[[str], str],
    ) -> Any:
        self.defaults[name] = _text(default)
        key = self.key(name)
        value = None
        if name in self.address:
            value = parse(self.address[name])
            if value is None:
                self.notes.append(fault(self.address[name]))
        elif not self.opened and key in st.session_state:
            # What a widget holds may have lost its meaning, such as an area of another level.
            held = st.session_state[key]
            value = None if held is None else parse(_text(held))
        elif not self.opened and name in self.session:
            value = parse(self.session[name])
        if value is None:
            value = default
        st.session_state[key] = value
        return value

    def set(self, name: str, value: str | float) -> None:
        """Change a choice from a callback, as if its widget had been used."""
        st.session_state[self.key(name)] = value

    def keep(self) -> None:
        """Write what the widgets hold into the session and, where not the default, the address."""
        held = {name: _text(st.session_state[self.key(name)]) for name in self.defaults}
        self.session.update(held)
        short = {name: text for name, text in held.items() if text != self.defaults[name]}
        place = st.query_params.get("place") or self.session.get("place")
        version = self.session.get(_SCENARIO, "")
        if version:
            short = {_SCENARIO: version} | short
        self.session[_HANDLED] = version
        address = ({"place": place} if place else {}) | ({"v": VERSION} if short else {}) | short
        _remember(address)  # before it is written: a run can be cut short at each of these lines
        if st.query_params.to_dict() != address:
            st.query_params.from_dict(address)
        st.session_state[_WRITTEN] = (self.page, address)

    def explain(self) -> None:
        """Say what of the opened address could not be used."""
        for note in self.notes:
            st.warning(plain(note), icon=":material/link_off:")


def arrive(page: str) -> None:
    """Note which page the menu shows; coming to another one, every address is a new one."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        st.session_state.pop(_RECENT, None)


def _address() -> dict[str, str]:
    return {key: value[:200] for key, value in st.query_params.to_dict().items()}


def _remember(address: dict[str, str]) -> None:
    recent = [one for one in st.session_state.get(_RECENT, []) if one != address]
    st.session_state[_RECENT] = [*recent[-_REMEMBERED:], address]


def _is_late(address: dict[str, str]) -> bool:
    """Say whether an address is one of ours that is only out of date.

    Who is quicker than her browser sends the next choice with the address of the one before: then
    her choice counts, and not what the address says. Only the ways back and forward ask for it.
    """
    return address in st.session_state.get(_RECENT, []) and not _went_back()


def _went_back() -> bool:
    """Say whether this run follows from the browser's own ways back and forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def chosen_place() -> str:
    """Return the id of the place that the address or the session names, or ""."""
    choices = st.session_state.setdefault(_CHOICES, {})
    named = st.query_params.get("place", "")[:64]
    if named:
        choices["place"] = named
    return choices.get("place", "")


def newly_asked_version() -> str:
    """Return the saved version that the address asks for, once; "" if it asks for none, or again.

    What this session wrote into the address itself asks for nothing.
    """
    choices = st.session_state.setdefault(_CHOICES, {})
    if asked := choices.pop(_ASKED, ""):
        choices[_HANDLED] = asked
        return asked
    asked = st.query_params.get(_SCENARIO, "")[:100]
    if asked in ("", choices.get(_HANDLED, "")) or _is_late(_address()):
        return ""
    choices[_HANDLED] = asked
    return asked


def keep_version(version: str) -> None:
    """Have the address of every page name a saved version from now on; "" names none."""
    st.session_state.setdefault(_CHOICES, {})[_SCENARIO] = version


def _one(what: str) -> str:
    return f"{'an' if what[:1] in 'aeiou' else 'a'} {what}"


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
