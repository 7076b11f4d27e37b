"""The desk on which a scenario is changed: the document is the truth, the widgets follow it.

In: a result, and what a visitor does with a widget. Out: the scenario text in `working`, changed as
a whole or not at all; what was refused is kept for the page to say. Every run seeds every widget
from the document, so that a button, another version or an undone change shows in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from budgets import scenario
from budgets.money import format_pounds
from budgets.scenario import Scenario
from data import choosing, choosing_entries
from data.choosing_repair import Spot
from data.run import Result
from geo.errors import CommonGroundError
from pages.shared import cache_choices, choices_said, typed, working

REFUSED: Final = "choices.refused"
OPEN: Final = "choices.open"
_ORDER: Final = "choices.order"  # session: how often entries changed their numbers


@dataclass(frozen=True)
class Refused:
    """A change that was not made, and why; `spot` is None for the head."""

    spot: Spot | None
    why: str


@dataclass(frozen=True)
class Desk:
    """A place and the scenario that is worked on."""

    result: Result
    chosen: Scenario

    def now(self) -> Scenario:
        """Return the scenario as it stands: a callback runs after the page was drawn."""
        return read(self.result) or choosing.blank(self.result)

    def put(self, made: Scenario) -> None:
        """Work on another scenario from now on."""
        st.session_state.pop(REFUSED, None)
        working.put(self.result, made.to_toml())

    def attempt(self, make: Callable[[], Scenario], spot: Spot | None) -> None:
        """Make a change; one that is refused leaves everything as it was and is said."""
        try:
            made = make()
        except CommonGroundError as error:
            st.session_state[REFUSED] = Refused(spot, said(error))
            return
        self.put(made)

    def change(self, spot: Spot, key: str, value: Any) -> None:
        """Change one key of an entry."""

        def make() -> Scenario:
            now = self.now()
            before = choosing.entry(now, spot.part, spot.number)
            entry = choosing_entries.changed(spot.part, before, key, value)
            if spot.part == "join":
                return choosing.with_join(now, spot.number, self.joined(now, spot, entry))
            return choosing.with_entry(now, spot.part, spot.number, entry)

        self.attempt(make, spot)

    def limit(self, spot: Spot, name: str, value: float | None, *, unit: str) -> None:
        """Set or take out a floor or ceiling, counted in a unit."""
        now = choosing.entry(self.now(), spot.part, spot.number)
        entry = choosing_entries.limited(now, name, value, unit=unit)
        self.attempt(lambda: choosing.with_entry(self.now(), spot.part, spot.number, entry), spot)

    def match(self, spot: Spot, value: float | None, *, first: str) -> None:
        """Set or take out what each pound of an area's own draws; `first` names such money."""
        now = choosing.entry(self.now(), spot.part, spot.number)
        entry = choosing_entries.changed(spot.part, now, "match", value)
        if value is not None:
            entry.setdefault("match_with", first)
        self.attempt(lambda: choosing.with_entry(self.now(), spot.part, spot.number, entry), spot)

    def rates(self, spot: Spot, text: str) -> tuple[float, ...] | None:
        """Read yearly figures of an entry; None, and said, where they cannot be read."""
        try:
            return choosing_entries.rates(text)
        except CommonGroundError as error:
            st.session_state[REFUSED] = Refused(spot, said(error))
            return None

    def joined(self, now: Scenario, spot: Spot, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Put in what a way of joining cannot do without and nobody has said yet."""
        made = dict(entry)
        owners = [str(self.result.ledger.streams.at[id, "agency"]) for id in made["stream"]
                  if id in self.result.ledger.streams.index]  # fmt: skip
        if made["as"] in ("pooled", "aligned") and "pot" not in made:
            made["pot"] = choosing.suggested_pot(self.result, now)
        if made["as"] in ("pooled", "delegated"):
            others = [
                name for name in cache_choices.offered(self.result).agencies if name not in owners
            ]
            mine = owners if made["as"] == "pooled" else [*others, *owners]
            made.setdefault("host", (mine or ["a host"])[0])
            made.setdefault("agreement", choosing_entries.TO_BE_MADE)
        return made

    def head(self, **values: str | None) -> None:
        """Change the head of the scenario."""
        self.attempt(lambda: choosing.with_head(self.now(), **values), None)

    def add(self, part: str) -> None:
        """Add an entry that does something, and open it."""

        def make() -> Scenario:
            now = self.now()
            made = choosing.with_entry(now, part, None, choosing.suggested(self.result, now, part))
            st.session_state[OPEN] = Spot(part, len(getattr(made, part)))
            return made

        self.attempt(make, None)

    @property
    def order(self) -> int:
        """How often entries changed their numbers, for the keys of what is pressed.

        A browser that is late shows another entry under a number: what is pressed there must not
        reach the one that has the number now.
        """
        return int(st.session_state.get(_ORDER, 0))

    def take_out(self, spot: Spot, order: int) -> None:
        """Take an entry out, if it still has the number that it had in that order."""
        if order != self.order:
            return
        st.session_state.pop(OPEN, None)
        st.session_state[_ORDER] = order + 1
        self.attempt(lambda: choosing.without(self.now(), spot.part, spot.number), None)

    def earlier(self, spot: Spot, order: int) -> None:
        """Apply an entry before the one that stands before it, if it still has its number."""
        if order != self.order:
            return
        st.session_state[_ORDER] = order + 1
        st.session_state[OPEN] = Spot(spot.part, max(spot.number - 1, 1))
        self.attempt(lambda: choosing.raised(self.now(), spot.part, spot.number), None)


def read(result: Result) -> Scenario | None:
    """Return the scenario that is worked on; None for the money as it is.

    Raises
    ------
    CommonGroundError
        The text is no scenario.
    """
    text = working.document(result)
    return scenario.parse(text) if text.strip() else None


def said(error: CommonGroundError) -> str:
    """Return an error as sentences, one a line."""
    return str(error).replace("scenario new, ", "").replace("scenario, ", "")


def seeded(spot: Spot | None, name: str, value: Any) -> str:
    """Return the key of a widget, which from now on holds what the document says."""
    return typed.seed(key_of(spot, name), value, always=True)


def filled(spot: Spot | None, name: str, value: Any) -> str:
    """Return the key of a field for a text or number, which shows what the document says."""
    return typed.seed(key_of(spot, name), value)


def key_of(spot: Spot | None, name: str) -> str:
    """Return what a field of an entry, or of the head, is called; `typed` makes its key of it."""
    return f"choices.{name}" if spot is None else f"choices.{spot.part}.{spot.number}.{name}"


def taker(
    desk: Desk, spot: Spot, name: str, *, made: Callable[[Any], Any] | None = None
) -> Callable[[], None]:
    """Return what to do when a field of an entry was used: the entry's key takes its value.

    Parameters
    ----------
    made
        Makes the entry's value of the field's.
    """

    def take(value: Any) -> None:
        try:
            value = value if made is None else made(value)
        except CommonGroundError as error:
            st.session_state[REFUSED] = Refused(spot, said(error))
            return
        desk.change(spot, name, value)

    return when_changed(spot, name, take)


def when_changed(spot: Spot | None, name: str, take: Callable[[Any], None]) -> Callable[[], None]:
    """Return what to do when a field that was just drawn is used; `take` is given what it holds."""
    return typed.when_changed(typed.name(key_of(spot, name)), take)


def about(desk: Desk, spot: Spot, held: dict[str, Any], *, shared: bool = False) -> choosing.Name:
    """Let a visitor choose what an entry is about, and return it with what of it can move."""
    offered = {
        item.id: item for item in cache_choices.names(desk.result, desk.chosen, shared=shared)
    }
    of = held["of"]
    if of not in offered:
        alias = next((id for id in offered if id.split(":", 1)[-1] == of.split(":", 1)[-1]), of)
        of = alias
        offered.setdefault(of, choosing.Name(of, f"{of} (not there)", "", 0, 0))

    titles = choices_said.Titles(desk.result)

    def words(id: str) -> str:
        item = offered[id]
        kind = {"theme": "Theme: ", "pot": "Pot: "}.get(item.kind, "")
        title = titles.of(id) if item.kind == "stream" else item.title
        return f"{kind}{title} · {format_pounds(item.movable_pence, whole=True)} can move"

    st.selectbox(
        "What money",
        list(offered),
        format_func=words,
        key=seeded(spot, "of", of),
        on_change=taker(desk, spot, "of"),
    )
    return offered[of]
