"""The lines of money that somebody works on: what they were, what they are, and every step back.

In: a result, and what was typed, pasted or brought. Out: the table as it is now, kept at once
(`working`); the result with it where it has no fault; and the tables before it, so that every
change can be taken back.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import streamlit as st

from data import lines, lines_table
from data.lines import Fault
from data.run import Result
from pages.shared import cache, working

_SESSION: Final = "lines"  # session: by place, the tables before and after the present one
MOST_STEPS: Final = 50


def now(result: Result) -> pd.DataFrame:
    """Return the lines as they are worked on: the place's own where nobody edited them."""
    kept = working.lines(result)
    return cache.own_lines(result) if kept is None else lines_table.complete(kept)


def put(result: Result, frame: pd.DataFrame) -> None:
    """Work on other lines from now on; those before can be had back."""
    state, before = _state(result), lines_table.written(now(result))
    frame = lines_table.named(lines_table.filled(lines_table.complete(frame)))
    if lines_table.written(frame) == before:
        return
    state["before"] = [*state["before"][-MOST_STEPS + 1 :], before]
    state["after"] = []
    _keep(result, frame)


def step(result: Result, *, back: bool) -> None:
    """Take the last change back, or do again what was taken back."""
    state = _state(result)
    source, target = ("before", "after") if back else ("after", "before")
    if state[source]:
        state[target] = [*state[target], lines_table.written(now(result))]
        text = state[source][-1]
        state[source] = state[source][:-1]
        _keep(result, lines_table.of_csv(text))


def steps(result: Result) -> tuple[int, int]:
    """Return how many changes can be taken back, and how many done again."""
    state = _state(result)
    return len(state["before"]), len(state["after"])


def start_again(result: Result) -> None:
    """Go back to the place's own lines; that too can be taken back."""
    put(result, cache.own_lines(result))


def faults(result: Result) -> tuple[Fault, ...]:
    """Return what is wrong with the lines as they are now."""
    return () if working.lines(result) is None else cache.line_faults(result, now(result))


def applied(usual: Result) -> Result:
    """Return the place with the lines that are worked on.

    While something is wrong with them, with the last ones of this session in which nothing was, or
    with the place's own.
    """
    kept = working.lines(usual)
    if kept is None:
        return usual
    state, frame = _state(usual), lines_table.complete(kept)
    if not cache.line_faults(usual, frame):
        state["sound"] = lines_table.written(frame)
        return cache.with_lines(usual, frame)
    return cache.with_lines(usual, lines_table.of_csv(state["sound"])) if state["sound"] else usual


def say(result: Result) -> None:
    """Say on every part of the page that lines were edited, and whether their figures are shown."""
    if working.lines(result) is None:
        return
    differ = changes(result)
    if faults(result):
        st.warning(
            "Something is wrong with the lines of money as they are edited. Until it is mended, "
            "the figures here are those from before.",
            icon=":material/error:",
        )
    elif differ.any:
        st.caption(f"With the lines of money as they are edited here: {differ.sentence()}.")


def changes(result: Result) -> lines.Differences:
    """Return what the lines differ in from the place's own."""
    return lines.differences(cache.own_lines(result), now(result))


def _keep(result: Result, frame: pd.DataFrame) -> None:
    own = lines_table.written(cache.own_lines(result))
    working.put_lines(result, None if lines_table.written(frame) == own else frame)


def _state(result: Result) -> dict[str, Any]:
    everything = st.session_state.setdefault(_SESSION, {})
    empty = {"before": [], "after": [], "sound": ""}
    state: dict[str, Any] = everything.setdefault(result.place.id, empty)
    return state
