"""What somebody works on: choices and lines of money, kept as they are typed.

In: the place, who sits at the screen, and perhaps a link to a saved version. Out: the scenario as
text and the lines as a table, the same on every page of this session. Whoever has a role finds
them again after a dropped session or a new start of the server, because every change goes into the
store as a draft of theirs alone; a visitor's stay in the session. Nothing typed is ever dropped
because something else is opened: it is set aside, and a button brings it back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Final

import pandas as pd
import streamlit as st

from data import versions
from data.access import Act
from data.run import Result
from data.store.records import Document, Draft, Version
from data.store_errors import StoreUnavailable, UnknownScenario, UnknownVersion
from geo.errors import CommonGroundError
from pages.shared import cache, links, who
from pages.shared.figures import plain, text

_SESSION: Final = "working"
# What is new and has no name yet is kept under an id that no scenario can have: those are small.
UNNAMED: Final = "Unsaved"
STATUSES: Final = {
    "today": "As it is",
    "draft": "Draft",
    "consultation": "In consultation",
    "agreed": "Agreed",
}
IN_STORE, IN_FILE, IN_SESSION = "store", "file", "session"


@dataclass
class Work:
    """What one session works on in one place.

    `base` is the version it started from, None for the money as it is; `kept` says where unsaved
    changes are; `aside` are unsaved ones that made room for something else.
    """

    document: str = ""
    lines: pd.DataFrame | None = None
    base: Document | None = None
    kept: str = ""
    kept_file: str = ""
    notes: list[str] = field(default_factory=list)
    aside: list[Draft] = field(default_factory=list)
    restored: Draft | None = None

    @property
    def draft_id(self) -> str:
        """Id under which unsaved changes are kept."""
        return UNNAMED if self.base is None else self.base.version.scenario

    @property
    def base_number(self) -> int:
        """Number of the version that this started from, 0 for none."""
        return 0 if self.base is None else self.base.version.number

    @property
    def changed(self) -> bool:
        """Whether there is something that no saved version has."""
        before = ("", "") if self.base is None else (self.base.text, self.base.basis.lines)
        return (self.document, versions.lines_as_text(self.lines)) != before


def current(result: Result) -> Work:
    """Return what this session works on, opening what the address newly asks for."""
    everything: dict[str, Work] = st.session_state.setdefault(_SESSION, {})
    asked = links.newly_asked_version()
    work = everything.get(result.place.id)
    if work is None:
        work = everything[result.place.id] = Work()
        if asked:
            _open_link(result, work, asked)
        _bring_back(result, work, asked=bool(asked))
    elif asked:
        _open_link(result, work, asked)
    base = work.base
    links.keep_version(
        "" if base is None else versions.address_of(base.version.scenario, base.version.number)
    )
    return work


def document(result: Result) -> str:
    """Return the scenario that is worked on, as text; "" is the money as it is."""
    return current(result).document


def lines(result: Result) -> pd.DataFrame | None:
    """Return the lines of money that were edited, as the editor's table; None where none were."""
    return current(result).lines


def version(result: Result) -> tuple[str, int, str] | None:
    """Return id, number and status of the saved version that this started from, None for none."""
    base = current(result).base
    return None if base is None else (base.version.scenario, base.version.number, _status(base))


def put(result: Result, written: str) -> None:
    """Work on another scenario text from now on; it is kept at once."""
    work = current(result)
    if written != work.document:
        work.document = written
        keep(result, work)


def put_lines(result: Result, frame: pd.DataFrame | None) -> None:
    """Work on other lines of money from now on; they are kept at once."""
    work = current(result)
    if versions.lines_as_text(frame) != versions.lines_as_text(work.lines):
        work.lines = None if frame is None else frame.copy()
        keep(result, work)


def keep(result: Result, work: Work) -> None:
    """Keep unsaved changes where they outlive the session, or forget them where there are none."""
    somebody = who.current(result)
    work.kept, work.kept_file = IN_SESSION, ""
    if not somebody.name or not somebody.may(Act.KEEP_DRAFT):
        return
    try:
        store = cache.store()
        if store is None:
            return
        mine = (result.place.id, work.draft_id)
        if work.changed:
            store.save_draft(
                *mine,
                work.document,
                lines=versions.lines_as_text(work.lines),
                base_version=work.base_number,
                user=somebody.name,
            )
        else:
            store.drop_draft(*mine, user=somebody.name)
        work.kept = IN_STORE
    except StoreUnavailable as error:
        work.kept, work.kept_file = (IN_FILE, error.kept) if error.kept else (IN_SESSION, "")
        _say(work, in_words(error))
    except CommonGroundError as error:
        _say(work, in_words(error))


def open_version(result: Result, identifier: str, number: int | None) -> None:
    """Work on a saved version from now on, or note that it cannot be had."""
    _open(result, current(result), identifier, number)


def start_anew(result: Result) -> None:
    """Work on the money as it is; unsaved changes are set aside."""
    work = current(result)
    set_aside(result, work)
    _take(work, None)


def take_back(result: Result, draft: Draft) -> None:
    """Work again on unsaved changes that were set aside or found."""
    work = current(result)
    set_aside(result, work)
    work.aside = [other for other in work.aside if other != draft]
    _continue(result, work, draft)


def forget(result: Result) -> None:
    """Drop the unsaved changes: back to the version they started from, or the money as it is."""
    work = current(result)
    _take(work, work.base)
    keep(result, work)


def saved(result: Result, made: Document) -> None:
    """Go on from a version that was just made of this work."""
    _take(current(result), made)


def marked(result: Result, made: Version) -> None:
    """Know that a version counts as something else from now on."""
    work = current(result)
    of = None if work.base is None else work.base.version
    if of and (of.scenario, of.number) == (made.scenario, made.number):
        work.base = replace(work.base, version=made) if work.base else None


def in_words(error: CommonGroundError) -> str:
    """Return an error of the store as people say it: the rule, what is special, what to do."""
    kept = getattr(error, "kept", "")
    said = f"{error.rule[:1].upper()}{error.rule[1:]}. {error.remedy}"
    return f"{said} What you typed is kept in {kept}." if kept else said


def set_aside(result: Result, work: Work) -> None:
    """Keep unsaved changes within reach before something else is opened."""
    if work.changed:
        now = pd.Timestamp.now("UTC").to_pydatetime()
        name, place = who.current(result).name, result.place.id
        rows = versions.lines_as_text(work.lines)
        draft = Draft(name, place, work.draft_id, work.base_number, work.document, now, rows)
        work.aside = [draft, *(other for other in work.aside if not _same(other, draft))]


def _open_link(result: Result, work: Work, asked: str) -> None:
    _open(result, work, *versions.read_address(asked))


def _open(result: Result, work: Work, identifier: str, number: int | None) -> None:
    try:
        store = cache.store()
        if store is not None:
            name = who.current(result).name
            try:
                found = store.load(result.place.id, identifier, user=name, version=number)
            except (UnknownVersion, UnknownScenario):
                # An earlier version may be open to them; which one they see is said.
                found = store.load(result.place.id, identifier, user=name)
            set_aside(result, work)
            _take(work, found)
            _say_what_differs(result, work, found, number)
            return
    except CommonGroundError:
        pass
    wanted = f"version {number} of “{identifier}”" if number else f"“{identifier}”"
    _say(
        work,
        f"This link asks for {wanted}, which is not kept here or not open to you. "
        "Whoever sent it can put it to consultation; until then the money is shown as it was.",
    )


def _say_what_differs(result: Result, work: Work, found: Document, number: int | None) -> None:
    """Say what somebody who opens a version does not see as it was."""
    version = found.version
    if number not in (None, version.number):
        _say(
            work,
            f"Version {number} of “{version.title}” is not kept here or not open to you. Version "
            f"{version.number} is shown instead.",
        )
    if found.basis.inputs not in ("", result.place.package_hash):
        _say(
            work,
            f"The figures of this place have changed since version {version.number} was saved: "
            "the choices are the same, what they come to may differ.",
        )


def _bring_back(result: Result, work: Work, *, asked: bool) -> None:
    """Find what this person left unsaved, and go on with it unless a link asks for another."""
    somebody = who.current(result)
    if not somebody.name or not somebody.may(Act.KEEP_DRAFT):
        return
    try:
        store = cache.store()
        found = () if store is None else store.drafts(result.place.id, user=somebody.name)
    except CommonGroundError as error:
        _say(work, f"Unsaved changes could not be looked for: {error.rule}. {error.remedy}")
        return
    for draft in found:
        fits = (draft.scenario, draft.base_version) == (work.draft_id, work.base_number)
        if work.restored is None and (not asked or (fits and work.base is not None)):
            _continue(result, work, draft)
        else:
            work.aside.append(draft)


def _continue(result: Result, work: Work, draft: Draft) -> None:
    """Go on with unsaved changes, on the version that they started from."""
    base = None
    if draft.base_version:
        try:
            store = cache.store()
            if store is not None:
                base = store.load(
                    draft.place,
                    draft.scenario,
                    user=who.current(result).name,
                    version=draft.base_version,
                )
        except CommonGroundError:
            _say(work, "The version that these changes started from is not open to you.")
    work.base, work.document = base, draft.text
    work.lines = versions.lines_of_text(draft.lines)
    work.kept, work.restored = IN_STORE, draft


def _take(work: Work, found: Document | None) -> None:
    work.base, work.restored, work.kept, work.kept_file = found, None, "", ""
    work.document = "" if found is None else found.text
    work.lines = None if found is None else versions.lines_of_text(found.basis.lines)
    work.notes.clear()


def _same(one: Draft, other: Draft) -> bool:
    return (one.scenario, one.base_version) == (other.scenario, other.base_version)


def _say(work: Work, note: str) -> None:
    if note not in work.notes:
        work.notes.append(note)


def _status(base: Document) -> str:
    found: Version = base.version
    return found.status


def stamp(result: Result, *, applied: bool = True) -> None:
    """Draw what is worked on, how far it is agreed, and what of it is not saved yet.

    Where the choices are not in the figures beside it, say so with `applied=False`.
    """
    work, somebody = current(result), who.current(result)
    for note in work.notes:
        st.warning(plain(note), icon=":material/info:")
    status, title, about = _words(work)
    kept = _kept(work, somebody)
    if not applied and work.document.strip():
        kept = " · ".join(filter(None, (kept, "these choices are not in the figures below")))
    st.html(
        f'<p class="cg-stamped"><span class="cg-stamp is-{status}">{text(STATUSES[status])}</span>'
        f'<span class="cg-stamp-title">{text(title)}</span>'
        f'<span class="cg-stamp-about">{text(" · ".join(filter(None, (about, kept))))}</span></p>'
    )
    if work.restored is not None and work.changed:
        said = f"Your unsaved changes of {when(work.restored.at)} were brought back."
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(plain(said))
            st.button(
                "Drop them", key="working.drop", type="tertiary", on_click=forget, args=(result,)
            )
    for at, draft in enumerate(work.aside):
        of = "" if draft.scenario == UNNAMED else f" to “{draft.scenario}”"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(plain(f"Unsaved changes{of} of {when(draft.at)} were set aside."))
            st.button(
                "Bring them back",
                key=f"working.aside.{at}",
                type="tertiary",
                on_click=take_back,
                args=(result, draft),
            )


def _words(work: Work) -> tuple[str, str, str]:
    """Return status, title and what else to say of what is worked on."""
    if work.base is None:
        if not work.changed:
            return "today", "The money as it is", ""
        title = versions.title_of(work.document)
        return "draft", title or ("New choices" if work.document else "Other lines of money"), ""
    found = work.base.version
    about = f"version {found.number}, saved by {found.saved_by}, {when(found.saved_at)}"
    if work.changed:
        return "draft", f"{found.title}, changed", f"from {about}"
    return found.status, found.title, about


def _kept(work: Work, somebody: who.Who) -> str:
    """Say where unsaved changes are."""
    if not work.changed:
        return ""
    if work.kept == IN_STORE:
        return "not saved as a version yet; kept as you type"
    if work.kept == IN_FILE:
        return f"not saved yet; kept in the file {work.kept_file}"
    if somebody.may(Act.KEEP_DRAFT):
        return "not saved yet, and only kept until you close this page"
    return "you are a visitor: this is only kept until you close this page"


def when(moment: dt.datetime) -> str:
    """Write a time of the store as people do, in UTC."""
    return f"{moment.day} {moment:%B %Y at %H:%M} UTC"
