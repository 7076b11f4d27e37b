"""What an account is of: the money as it is, what somebody works on, a saved version, or a text.

In: a result, the link and the visitor's choices. Out: `Asked`: the place with its lines of money,
the scenario as text, the saved version it is, if it is one, and the area that is asked about. A
version is read here and not worked on: what somebody has typed elsewhere stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from data import versions
from data.run import Result
from data.store.records import Document, Version
from geo.errors import CommonGroundError
from pages.shared import about_account, cache, figures, links, who, working
from pages.shared.figures import plain

NOW, OPEN, SAVED, WRITTEN = "now", "open", "saved", "scenario"
KINDS = {
    NOW: "The money as it is",
    OPEN: "What you work on",
    SAVED: "A saved version",
    WRITTEN: "A scenario of your own",
}
WHOLE = ""
WORDS = "account.words"


@dataclass(frozen=True, eq=False)
class Asked:
    """What an account is of.

    Attributes
    ----------
    result
        The place, with the lines of money that the scenario was made with.
    text
        The scenario; "" is the money as it is.
    found
        The saved version it is, with nothing changed since; else None.
    history
        All versions of the same scenario that may be seen, first first.
    level, code
        The area that is asked about; "" for the whole place.
    """

    result: Result
    text: str
    found: Document | None = None
    history: tuple[Version, ...] = ()
    level: str = WHOLE
    code: str = ""


def choose(result: Result, link: links.Link) -> Asked | None:
    """Let a visitor choose what the account is of; None while something is missing, which is said.

    Raises
    ------
    CommonGroundError
        The store cannot be read, or kept lines of money do not fit the place any more.
    """
    work = working.current(result)
    saved = _seen(result)
    usable = work.base is not None or work.changed
    kinds = [NOW, *([OPEN] if usable else []), *([SAVED] if saved else []), WRITTEN]
    link.option("about", options=kinds, default=OPEN if usable else NOW, what="kind of account")
    about = st.segmented_control(
        "Account of",
        kinds,
        format_func=KINDS.__getitem__,
        key=link.key("about"),
        required=True,
    )
    asked: Asked | None
    if about == OPEN:
        working.stamp(result)
        asked = Asked(cache.with_lines(result, work.lines), work.document)
        if not work.changed and work.base is not None:
            asked = Asked(asked.result, work.document, work.base, _history(result, work.base))
    elif about == SAVED:
        asked = _saved(result, link, saved)
    elif about == WRITTEN:
        asked = _written(result)
    else:
        asked = Asked(result, "")
    level, code = _area(result, link)
    if asked is None:
        return None
    return Asked(asked.result, asked.text, asked.found, asked.history, level, code)


def _area(result: Result, link: links.Link) -> tuple[str, str]:
    """Let a visitor choose the whole place or one area."""
    titles = {WHOLE: f"All of {result.place.name}", **figures.level_titles(result)}
    # Not `level`, which the pages share: who comes from a map of wards asks for the whole place.
    link.option("for", options=titles, default=WHOLE, what="kind of area")
    left, right = st.columns(2, gap="medium")
    with left:
        level = st.selectbox(
            "For", list(titles), format_func=titles.__getitem__, key=link.key("for")
        )
    if not level:
        return WHOLE, ""
    table = result.level_tables[level]
    names = table.loc[figures.here(result, level), "name"].astype(str).sort_values(kind="stable")
    called = {str(code): f"{name} ({code})" for code, name in names.items()}
    link.option("area", options=called, default=next(iter(called)), what="area")
    with right:
        code = st.selectbox(
            "Area", list(called), format_func=called.__getitem__, key=link.key("area")
        )
    return level, str(code)


def _seen(result: Result) -> tuple[Version, ...]:
    """Return the last version of each scenario that the visitor may see, the last saved first."""
    store = cache.store()
    if store is None:
        return ()
    found = store.scenarios(result.place.id, user=who.current(result).name)
    return tuple(sorted(found, key=lambda version: version.saved_at, reverse=True))


def _history(result: Result, found: Document) -> tuple[Version, ...]:
    store, name = cache.store(), who.current(result).name
    if store is None:
        return ()
    return store.versions(result.place.id, found.version.scenario, user=name)


def _saved(result: Result, link: links.Link, seen: Sequence[Version]) -> Asked:
    """Let a visitor choose a saved scenario and a version of it."""
    titles = {version.scenario: version.title for version in seen}
    store, name = cache.store(), who.current(result).name
    assert store is not None  # something was found in it
    chosen = link.option("saved", options=titles, default=seen[0].scenario, what="saved scenario")
    left, right = st.columns(2, gap="medium")
    with left:
        chosen = st.selectbox(
            "Scenario", list(titles), format_func=titles.__getitem__, key=link.key("saved")
        )
    history = store.versions(result.place.id, chosen, user=name)
    numbers = {str(version.number): version for version in reversed(history)}
    link.option("number", options=numbers, default=next(iter(numbers)), what="version")
    with right:
        number = st.selectbox(
            "Version",
            list(numbers),
            format_func=lambda n: f"{n}, {working.STATUSES[numbers[n].status].lower()}",
            key=link.key("number"),
        )
    found = store.load(result.place.id, chosen, user=name, version=int(number))
    lines = versions.lines_of_text(found.basis.lines)
    return Asked(cache.with_lines(result, lines), found.text, found, history)


def _written(result: Result) -> Asked | None:
    """Let a visitor write a scenario, start from an example, or open one from a file."""
    held = f"{WORDS}.{result.place.id}"
    st.session_state.setdefault(held, about_account.example(result))
    # A widget that was not drawn for a while loses what it held; what is set again stays.
    st.session_state[held] = st.session_state[held]
    opened = st.file_uploader("Open a scenario (TOML or JSON)", type=["toml", "json"])
    if opened is not None and st.session_state.get(f"{held}.file") != opened.file_id:
        st.session_state[f"{held}.file"] = opened.file_id
        st.session_state[held] = opened.getvalue().decode("utf-8-sig", errors="replace")
    written: str = st.text_area(
        "The scenario",
        key=held,
        height=320,
        help="Lines that begin with # are remarks. Entries are applied in the order: change, join, "
        "share, devolve.",
    )
    st.download_button(
        "Keep the scenario as a file",
        data=written,
        file_name=f"{result.place.id}-scenario.toml",
        mime="application/toml",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
    return Asked(result, written) if written.strip() else None


def refused(error: CommonGroundError, words: str) -> None:
    """Say why an account cannot be given, with every fault."""
    st.error(plain(words), icon=":material/error:")
    st.code(str(error), language=None, wrap_lines=True)
