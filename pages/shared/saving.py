"""Saving what is worked on as a version, and what happens when somebody else was faster.

In: the work of this session, a title and a sentence. Out: a version in the store; or, where the
last version is no longer the one that this work started from, both texts beside one another, and
what can be done with them. Nothing is ever overwritten, and nothing typed is dropped.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterator
from typing import Final

import streamlit as st

from data import versions
from data.access import Act
from data.run import Result
from data.store import Store
from data.store.names import LONGEST_LINE
from data.store.records import Basis, Document
from data.store_errors import NoStore, StaleVersion
from geo.errors import CommonGroundError
from pages.shared import cache, links, typed, who, working
from pages.shared.figures import plain
from pages.shared.working import Work, when

TITLE: Final = "saving.title"
NOTE: Final = "saving.note"
STALE: Final = "saving.stale"  # session: by place, whether the last save came too late
TOLD: Final = "saving.told"  # session: what the last act came to, shown once
GOOD, BAD = "good", "bad"


def show(result: Result, link: links.Link) -> None:
    """Offer to save what is not saved yet, to whoever may."""
    work, somebody = working.current(result), who.current(result)
    if somebody.trouble:
        st.warning(plain(somebody.trouble), icon=":material/error:")
    elif somebody.name:
        st.caption(plain(f"You are {somebody.shown}."))
    theirs = _theirs(result, work) if st.session_state.get(STALE) == result.place.id else None
    if not work.changed:
        st.session_state.pop(STALE, None)
        st.caption("Everything is saved." if work.base else "Nothing has been changed yet.")
        return
    if not somebody.may(Act.SAVE):
        st.info(_who_saves(somebody), icon=":material/visibility:")
    elif theirs is not None:
        _too_late(result, work, theirs, link)
        return
    else:
        _form(result, work, link)
    files(result, work.document, versions.lines_as_text(work.lines), name="choices")


def files(result: Result, document: str, lines: str, *, name: str) -> None:
    """Offer a scenario and its lines of money as files."""
    with st.container(horizontal=True):
        if document.strip():
            st.download_button(
                "The choices as a file (TOML)",
                data=document,
                file_name=f"{result.place.id}-{name}.toml",
                mime="application/toml",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                key=f"saving.toml.{name}",
            )
        if lines:
            st.download_button(
                "The lines of money as a file (CSV)",
                data=lambda: versions.lines_as_csv(lines),
                file_name=f"{result.place.id}-{name}-lines.csv",
                mime="text/csv",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                key=f"saving.csv.{name}",
            )


def attempt(act: Callable[[Store], str]) -> bool:
    """Do something with the store, and remember for the page what it came to."""
    try:
        store = cache.store()
        if store is None:
            raise NoStore("store")
        st.session_state[TOLD] = (GOOD, act(store))
    except StaleVersion:
        raise
    except CommonGroundError as error:
        st.session_state[TOLD] = (BAD, working.in_words(error))
        return False
    return True


def told() -> None:
    """Show once what the last act came to."""
    kind, words = st.session_state.pop(TOLD, ("", ""))
    if kind == GOOD:
        st.success(plain(words), icon=":material/check:")
    elif kind == BAD:
        st.error(plain(words), icon=":material/error:")


def _form(result: Result, work: Work, link: links.Link) -> None:
    base = None if work.base is None else work.base.version
    with st.container(border=True):
        _fields(result, versions.title_of(work.document) or (base.title if base else ""))
        with st.container(horizontal=True):
            if base is not None:
                st.button(
                    f"Save as version {base.number + 1}",
                    type="primary",
                    on_click=_save,
                    args=(result, link),
                    key="saving.next",
                )
            st.button(
                "Save as a new scenario",
                type="secondary" if base else "primary",
                on_click=_save,
                args=(result, link),
                kwargs={"anew": True},
                key="saving.new",
            )


def _fields(result: Result, title: str) -> None:
    """Ask for a title and what is new; both stay while other parts of the page are open."""
    place = result.place.id
    if not str(typed.now(TITLE, place=place)).strip():
        typed.forget(TITLE, place=place)
    typed.field(st.text_input, "Title", key=TITLE, place=place, first=title, max_chars=LONGEST_LINE)
    typed.field(
        st.text_input,
        "What is new in this version, in a sentence",
        key=NOTE,
        place=place,
        max_chars=LONGEST_LINE,
    )


def _save(result: Result, link: links.Link, *, anew: bool = False) -> None:
    """Save what is worked on; a save that came too late is put before whoever saves."""
    held = result.place.id
    title = " ".join(typed.now(TITLE, place=held).split())
    note = " ".join(typed.now(NOTE, place=held).split())
    work, somebody = working.current(result), who.current(result)

    def act(store: Store) -> str:
        place, was = result.place.id, work.draft_id
        base = None if anew or work.base is None else work.base.version
        taken = {found.scenario for found in store.scenarios(place, user=somebody.name)}
        identifier = versions.id_of(title, taken) if base is None else base.scenario
        text = versions.renamed(
            work.document, identifier=identifier, title=title or identifier, by=somebody.name
        )
        made = store.save(
            place,
            identifier,
            text,
            base_version=0 if base is None else base.number,
            user=somebody.name,
            note=note,
            basis=Basis(result.place.package_hash, versions.lines_as_text(work.lines)),
        )
        # What was typed is a version now; it was kept under another text, without the title.
        store.drop_draft(place, was, user=somebody.name)
        found = store.load(place, identifier, user=somebody.name, version=made.number)
        working.saved(result, found)
        link.set("saved", identifier)
        link.set("number", str(made.number))
        return f"Saved as version {made.number} of “{made.title}”, a draft."

    try:
        if attempt(act):
            st.session_state.pop(STALE, None)
            typed.forget(TITLE, NOTE, place=held)
    except StaleVersion:
        st.session_state[STALE] = result.place.id


def _theirs(result: Result, work: Work) -> Document | None:
    """Return the version that somebody saved in between."""
    if work.base is None:
        return None
    try:
        store = cache.store()
        if store is None:
            return None
        name = who.current(result).name
        last = store.load(result.place.id, work.base.version.scenario, user=name)
    except CommonGroundError:
        return None
    return last if last.version.number != work.base_number else None


def _too_late(result: Result, work: Work, theirs: Document, link: links.Link) -> None:
    """Show both texts, neither of which is lost, and let somebody decide."""
    found = theirs.version
    st.warning(
        plain(
            f"{found.saved_by} saved version {found.number} on {when(found.saved_at)}, after you "
            f"opened version {work.base_number}. Nothing was overwritten: yours is kept here, "
            "theirs is saved."
        ),
        icon=":material/call_split:",
    )
    differs = list(_differing(theirs, work))
    st.markdown("**What differs** (− theirs, + yours)" if differs else "**Both say the same.**")
    if differs:
        st.code("\n".join(differs), language="diff", wrap_lines=True)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(plain(f"Theirs: version {found.number}, “{found.title}”"))
        st.code(theirs.text, language="toml", wrap_lines=True, height=260)
    with right:
        st.markdown("Yours, not saved yet")
        st.code(
            work.document or "# nothing is changed", language="toml", wrap_lines=True, height=260
        )
    with st.container(border=True):
        _fields(result, found.title)
        with st.container(horizontal=True):
            st.button(
                f"Save yours after theirs, as version {found.number + 1}",
                type="primary",
                on_click=_save_after,
                args=(result, link, theirs),
                key="saving.after",
            )
            st.button(
                "Save yours as a new scenario",
                on_click=_save,
                args=(result, link),
                kwargs={"anew": True},
                key="saving.new",
            )
            st.button(
                "Go on from theirs and set yours aside",
                on_click=_take_theirs,
                args=(result, theirs),
                key="saving.theirs",
            )
    files(result, work.document, versions.lines_as_text(work.lines), name="yours")


def _differing(theirs: Document, work: Work) -> Iterator[str]:
    """Yield the lines that only one of both has, both written in the same way."""
    saved, mine = theirs.text, work.document
    with contextlib.suppress(CommonGroundError):
        saved, mine = (versions.as_if_saved(text, saved) for text in (saved, mine))
    pairs = ((saved, mine), (theirs.basis.lines, versions.lines_as_text(work.lines)))
    for before, after in pairs:
        for line in difflib.ndiff(before.splitlines(), after.splitlines()):
            if line[:2] in ("- ", "+ ") and line[2:].strip():
                yield line


def _save_after(result: Result, link: links.Link, theirs: Document) -> None:
    working.current(result).base = theirs
    _save(result, link)


def _take_theirs(result: Result, theirs: Document) -> None:
    st.session_state.pop(STALE, None)
    typed.forget(TITLE, place=result.place.id)
    working.open_version(result, theirs.version.scenario, theirs.version.number)


def _who_saves(somebody: who.Who) -> str:
    if not somebody.name:
        return (
            "You are a visitor: you can try everything, and keep it as files. Saving is for who "
            "was given a role here."
        )
    return plain(
        f"You are {somebody.shown}. Commissioners and stewards save versions; what you choose is "
        "kept for you alone, and can be kept as files."
    )
