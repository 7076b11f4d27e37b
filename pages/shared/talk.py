"""What is said: comments on a version, on an area, or on the place.

In: what a conversation is about. Out: what was said, in its order, each with its name and time and
the version it was about; a box to say something, for who may; and for a steward a way to hide a
comment, which stays in the record, and to show it again.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from data.access import Act
from data.run import Result
from data.store import Store
from data.store.names import LONGEST_LINE, LONGEST_REMARK
from data.store.records import Comment
from geo.errors import CommonGroundError
from pages.shared import cache, saving, typed, who, working
from pages.shared.figures import plain, text
from pages.shared.working import when


@dataclass(frozen=True)
class About:
    """What a conversation is about: a version of a scenario, an area, or (neither) the place."""

    scenario: str = ""
    version: int = 0
    area: str = ""

    @property
    def what(self) -> str:
        """What it is about, in words."""
        return (
            f"version {self.version}"
            if self.scenario
            else "this area"
            if self.area
            else "the place"
        )

    @property
    def key(self) -> str:
        """Part of the keys of its widgets."""
        return self.scenario or self.area or "place"


def on_area(result: Result, code: str, name: str) -> None:
    """Close the page of an area with what was said about it, for whom there is something in it.

    A visitor meets it where somebody has said something; on paper it stands only then.
    """
    try:
        if cache.store() is None:
            return
        about = About(area=code)
        found = said(result, about)
        if not found and not who.current(result).may(Act.COMMENT):
            return
    except CommonGroundError:
        return  # the page of the budget says what is wrong with the store; figures need none
    with st.container(key="area_said" if found else "area_unsaid"):
        st.html(f'<div class="cg-part"><h3>What was said about {text(name)}</h3></div>')
        saving.told()
        _conversation(result, about, found)


def show(result: Result, about: About) -> None:
    """Show a conversation and, to who may, the box to go on with it."""
    try:
        found = said(result, about)
    except CommonGroundError as error:
        st.warning(plain(working.in_words(error)), icon=":material/error:")
        return
    _conversation(result, about, found)


def _conversation(result: Result, about: About, found: list[Comment]) -> None:
    somebody = who.current(result)
    for comment in found:
        st.html(_written(comment, about))
        if somebody.may(Act.HIDE_COMMENT):
            _moderate(result, comment)
    if not found:
        st.caption("Nobody has said anything yet.")
    if not somebody.may(Act.COMMENT):
        st.caption("Whoever was given a role here can comment.")
        if refused := st.session_state.get(f"talk.refused.{about.key}"):
            st.caption("What you typed, to keep elsewhere:")
            st.code(refused, language=None, wrap_lines=True)
        return
    with st.container(width=740):
        typed.field(
            st.text_area,
            f"Your comment on {about.what}",
            key=f"talk.text.{about.key}",
            place=result.place.id,
            max_chars=LONGEST_REMARK,
            help="It is kept under your name and can be read by everybody who may read this.",
        )
        st.button(
            "Say it",
            on_click=_say,
            args=(result, about),
            key=f"talk.say.{about.key}",
        )


def said(result: Result, about: About) -> list[Comment]:
    """Return the comments on a scenario (all its versions), an area or the place, first first.

    Raises
    ------
    CommonGroundError
        The store cannot be read.
    """
    store = cache.store()
    if store is None:
        return []
    found = store.comments(result.place.id, user=who.current(result).name, scenario=about.scenario)
    return [comment for comment in found if about.scenario or comment.area == about.area]


def _written(comment: Comment, about: About) -> str:
    """Write one comment as HTML in which every text is escaped."""
    of = f" on version {comment.number}" if comment.number else ""
    now = " is-now" if comment.number == about.version else ""
    head = f"<b>{text(comment.by)}</b><span>{text(when(comment.at))}{of}</span>"
    body = f'<p class="cg-said-text">{text(comment.text)}</p>' if comment.text else ""
    if comment.hidden_by:
        words = f"Hidden by {comment.hidden_by}: {comment.reason}"
        body = f'<p class="cg-said-hidden">{text(words)}</p>' + body
    return f'<article class="cg-said{now}"><header>{head}</header>{body}</article>'


def _say(result: Result, about: About) -> None:
    key = f"talk.text.{about.key}"
    words = str(typed.now(key, place=result.place.id)).strip()

    def act(store: Store) -> str:
        store.comment(
            result.place.id,
            words,
            user=who.current(result).name,
            scenario=about.scenario,
            version=about.version or None,
            area=about.area,
        )
        return "Your comment is kept."

    kept = saving.attempt(act)
    # What could not be kept stays in the box; and beside it, where the box itself is gone.
    st.session_state[f"talk.refused.{about.key}"] = "" if kept else words
    if kept:
        typed.put(key, "", place=result.place.id)


def _moderate(result: Result, comment: Comment) -> None:
    """Let a steward hide a comment, or show it again, with a reason."""
    word = "Show it again" if comment.hidden_by else "Hide it"
    with st.popover(word, type="tertiary", key=f"talk.popover.{comment.id}"):
        typed.field(
            st.text_input,
            "Why",
            key=f"talk.why.{comment.id}",
            place=result.place.id,
            max_chars=LONGEST_LINE,
        )
        st.caption("What was said stays in the record; what you do here is recorded too.")
        st.button(word, key=f"talk.hide.{comment.id}", on_click=_hide, args=(result, comment))


def _hide(result: Result, comment: Comment) -> None:
    key = f"talk.why.{comment.id}"
    reason = " ".join(str(typed.now(key, place=result.place.id)).split())
    hidden = not comment.hidden_by

    def act(store: Store) -> str:
        store.hide_comment(
            result.place.id,
            comment.id,
            user=who.current(result).name,
            reason=reason,
            hidden=hidden,
        )
        return "The comment is hidden." if hidden else "The comment is shown again."

    if saving.attempt(act):
        typed.put(key, "", place=result.place.id)
