"""What is saved of a place, version by version, and what was said about it.

In: the store, as far as whoever sits here may see it. Out: what they work on can be saved; every
scenario with its versions, who saved and marked them, when and why; a version can be opened, sent
as a link, kept as a file, marked as draft, in consultation or agreed, and talked about.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from data import versions
from data.access import Act
from data.run import Result
from data.store import Store
from data.store.names import LONGEST_REMARK
from data.store.records import AGREED, STATUSES, Document, Version
from geo.errors import CommonGroundError
from pages.shared import blocks, cache, links, saving, talk, typed, who, working
from pages.shared.figures import plain, text
from pages.shared.live_table import Column, live_table
from pages.shared.working import when

WORDS = {"draft": "Draft", "consultation": "In consultation", "agreed": "Agreed"}


def show(result: Result, link: links.Link) -> None:
    """Draw this part of the Budget page."""
    saving.told()
    st.header("What you work on", anchor=False)
    saving.show(result, link)
    try:
        found = seen(result)
        st.header("What is saved", anchor=False)
        if found:
            _scenario(result, link, found)
        else:
            blocks.hint("Nothing that you may see has been saved for this place yet.")
    except CommonGroundError as error:
        st.error(plain(working.in_words(error)), icon=":material/error:")
        return
    st.header(f"About {plain(result.place.name)}", anchor=False)
    talk.show(result, talk.About())


def seen(result: Result) -> tuple[Version, ...]:
    """Return the last version of each scenario that may be seen, the last saved first.

    Raises
    ------
    CommonGroundError
        The store cannot be read.
    """
    store = cache.store()
    if store is None:
        return ()
    found = store.scenarios(result.place.id, user=who.current(result).name)
    return tuple(sorted(found, key=lambda version: version.saved_at, reverse=True))


def _scenario(result: Result, link: links.Link, found: Sequence[Version]) -> None:
    """Show the scenarios, the versions of the chosen one, and the chosen version."""
    titles = {version.scenario: version.title for version in found}
    now = working.version(result)
    first = now[0] if now is not None and now[0] in titles else found[0].scenario
    chosen = str(link.option("saved", options=titles, default=first, what="saved scenario"))
    live_table(
        _table(found),
        {
            "title": Column("Scenario"),
            "status": Column("Status"),
            "version": Column("Versions"),
            "by": Column("Last saved by"),
            "at": Column("When"),
        },
        caption="Scenarios saved for this place",
        picked=chosen,
        height=min(60 + 42 * len(found), 260),
        key="saved_scenarios",
        on_pick=lambda code: link.set("saved", code),
    )
    store, name = cache.store(), who.current(result).name
    assert store is not None  # something was found in it
    history = store.versions(result.place.id, chosen, user=name)
    numbers = {str(version.number): version for version in reversed(history)}
    link.option("number", options=numbers, default=next(iter(numbers)), what="version")
    number = st.selectbox(
        "Version",
        list(numbers),
        format_func=lambda n: _called(numbers[n]),
        key=link.key("number"),
    )
    version = numbers[number]
    found_document = store.load(result.place.id, chosen, user=name, version=version.number)
    card, doors = st.columns(2, gap="medium")
    with card:
        _version(result, found_document)
    with doors:
        _doors(result, found_document)
    if len(history) > 1:
        _history(history)
    st.subheader("What was said about it", anchor=False)
    talk.show(result, talk.About(chosen, version.number))


def _table(found: Sequence[Version]) -> pd.DataFrame:
    rows = {
        version.scenario: {
            "title": version.title,
            "status": WORDS[version.status],
            "version": f"{version.number}",
            "by": version.saved_by,
            "at": when(version.saved_at),
        }
        for version in found
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def _called(version: Version) -> str:
    said = f": {version.note}" if version.note else ""
    return f"{version.number}, {WORDS[version.status].lower()}{said}"


def _history(history: Sequence[Version]) -> None:
    rows = {
        str(version.number): {
            "number": f"{version.number}",
            "status": WORDS[version.status],
            "note": version.note,
            "by": version.saved_by,
            "at": when(version.saved_at),
        }
        for version in reversed(history)
    }
    live_table(
        pd.DataFrame.from_dict(rows, orient="index"),
        {
            "number": Column("Version"),
            "status": Column("Status"),
            "note": Column("What is new"),
            "by": Column("Saved by"),
            "at": Column("When"),
        },
        caption="Every version of this scenario",
        height=min(60 + 42 * len(history), 300),
        key="saved_versions",
    )


def _version(result: Result, found: Document) -> None:
    """Show one version: what it counts as, who saved and marked it, what it was made with."""
    version = found.version
    inputs = found.basis.inputs
    figures = (
        "the same as today" if inputs == result.place.package_hash else "the place has changed"
    )
    facts = (
        ("Saved", f"by {version.saved_by}, {when(version.saved_at)}"),
        ("What is new", version.note or "nobody said"),
        ("Marked", _marked(version)),
        ("Lines", "edited for this version" if found.basis.lines else "the place's own"),
        ("Figures", figures if inputs else "not recorded"),
        ("Hash", version.sha256[:16]),
    )
    rows = "".join(f"<div><dt>{name}</dt><dd>{text(value)}</dd></div>" for name, value in facts)
    st.html(
        f'<section class="cg-card"><h2>{text(version.title)}</h2><p class="cg-stamped">'
        f'<span class="cg-stamp is-{version.status}">{WORDS[version.status]}</span>'
        f'<span class="cg-stamp-about">version {version.number}</span></p>'
        f'<dl class="cg-facts">{rows}</dl></section>'
    )


def _doors(result: Result, found: Document) -> None:
    """Offer to open, send, keep and mark a version."""
    version, now = found.version, working.version(result)
    here = now is not None and now[:2] == (version.scenario, version.number)
    with st.container(horizontal=True):
        st.button(
            "You work on this version" if here else "Open it and work on it",
            key="saved.open",
            type="primary",
            disabled=here and not working.current(result).changed,
            on_click=working.open_version,
            args=(result, version.scenario, version.number),
        )
        _mark(result, version)
    st.caption("A link that opens this version, for whoever may see it:")
    st.code(address(result, version), language=None, wrap_lines=True)
    saving.files(result, found.text, found.basis.lines, name=f"{version.scenario}-{version.number}")


def address(result: Result, version: Version) -> str:
    """Return the address that opens a version on the Budget page of this server."""
    known = str(st.context.url or "").partition("?")[0].rstrip("/")
    front = known if known.endswith("/budget") else f"{known}/budget"
    place = st.query_params.get("place", "")
    named = f"place={place}&" if place else ""
    name = versions.address_of(version.scenario, version.number)
    return f"{front}?{named}v={links.VERSION}&part=choices&scenario={name}"


def _marked(version: Version) -> str:
    why = f": {version.reason}" if version.reason else ""
    return f"{WORDS[version.status].lower()} by {version.marked_by}, {when(version.marked_at)}{why}"


def _mark(result: Result, version: Version) -> None:
    """Let who may mark a version as something else, with a reason."""
    somebody = who.current(result)
    offered = [
        status
        for status in STATUSES
        if status != version.status
        and somebody.may(Act.AGREE if AGREED in (status, version.status) else Act.CONSULT)
    ]
    if not offered:
        return
    with st.popover("Mark it …", key="saved.popover"):
        st.selectbox(
            "Mark this version as", offered, format_func=WORDS.__getitem__, key="saved.status"
        )
        typed.field(
            st.text_input,
            "Why",
            key="saved.why",
            place=result.place.id,
            max_chars=min(LONGEST_REMARK, 1000),
        )
        st.button("Mark it", on_click=_do_mark, args=(result, version), key="saved.do")


def _do_mark(result: Result, version: Version) -> None:
    status, reason = st.session_state["saved.status"], typed.now("saved.why", place=version.place)

    def act(store: Store) -> str:
        made = store.mark(
            version.place,
            version.scenario,
            version.number,
            status,
            user=who.current(result).name,
            reason=reason,
        )
        working.marked(result, made)
        return f"Version {made.number} of “{made.title}” is now: {WORDS[status].lower()}."

    if saving.attempt(act):
        typed.put("saved.why", "", place=version.place)
