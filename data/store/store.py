"""The store: the one way to what people save.

In: texts, and the name of who asks. Out: records, or an error that says what to do and, where the
machine failed, what was typed. Each method is one transaction: it looks up the role of who asks,
does all it says or nothing, and leaves one entry in the audit trail for what it changed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from data import access
from data.access import EVERYWHERE, Act, Operator, Role, User
from data.store import drafts, names, people, scenarios, tables
from data.store.base import now
from data.store.desk import Desk
from data.store.documents import Validate, parse_scenario, read_document
from data.store.records import (
    AGREED,
    CONSULTATION,
    DRAFT,
    STATUSES,
    Basis,
    Document,
    Grant,
    Place,
    Version,
)
from data.store.vault import Vault
from data.store_errors import UnknownStatus

NOTHING_SAID = Basis()
# What a document that already calls itself so asks for, beside the right to save.
_NEEDED = {DRAFT: Act.SAVE, CONSULTATION: Act.CONSULT, AGREED: Act.AGREE}


class Store(Desk, Vault):
    """Places, scenarios with every version kept, comments, files and drafts, in one database.

    Parameters
    ----------
    url
        A file, or the address of a database; by default COMMONGROUND_DATABASE_URL, else the file
        `store.sqlite` in COMMONGROUND_HOME.
    validate
        What a scenario document must pass: a callable that takes the text and raises a
        `CommonGroundError` for a wrong one. If what it returns has `id`, `title` or `status` (or
        a `head` that has), the store heeds them. By default the scenarios of `budgets`.
    create
        Make the store where there is none; otherwise that is an error.
    clock
        The present time; every time in the store comes from it.

    Raises
    ------
    UnusableAddress, NoDriver, NoStore, NotAStore, StoreTooNew, StoreUnavailable
        The database cannot be used.
    """

    def __init__(
        self,
        url: str | Path | None = None,
        *,
        validate: Validate = parse_scenario,
        create: bool = True,
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(url, create=create, clock=clock)
        self._validate = validate

    # ------------------------------------------------------------------ places and people

    def add_place(self, place: str, name: str, *, user: User) -> None:
        """Add a place, or give it another name."""
        names.identifier(place, of="place")
        names.text(name, of="name of the place", longest=names.LONGEST_LINE, empty=False)
        names.line(name, of="name of the place")
        with self._entry(user, Act.ADD_PLACE, place) as entry:
            entry.subject = name
            entry.add(tables.places, place=place, name=name)

    def places(self) -> tuple[Place, ...]:
        """Return the places the store knows; anybody may see their names."""
        with self._database.reading() as connection:
            return people.list_places(connection)

    def appoint(self, person: str, role: str, *, place: str = EVERYWHERE, user: User) -> None:
        """Give somebody a role in a place, or everywhere; `viewer` takes an earlier role away.

        Only a steward of that place may, and everywhere only a steward of everywhere.
        """
        person, title = names.person(person), access.role(role)
        names.text(person, of="person", longest=names.LONGEST_LINE, empty=False)
        if place != EVERYWHERE:
            names.identifier(place, of="place")
        with self._entry(user, Act.APPOINT, place) as entry:
            if place != EVERYWHERE:
                people.require_place(entry.connection, place)
            entry.subject, entry.detail = person, str(title)
            entry.add(tables.grants, person=person, place=place, role=str(title))

    def grants(self, *, user: User, place: str = EVERYWHERE) -> tuple[Grant, ...]:
        """Return the appointments that hold in a place (and everywhere), or all of them."""
        with self._reading(user, Act.APPOINT, place) as (connection, _):
            of = () if place == EVERYWHERE else (place, EVERYWHERE)
            return people.list_grants(connection, of)

    def role_of(self, user: User, place: str = EVERYWHERE) -> Role | Operator:
        """Return what somebody is in a place; a viewer, if nobody appointed them."""
        with self._database.reading() as connection:
            return people.role_of(connection, user, place)

    # ------------------------------------------------------------------ scenarios

    def save(
        self,
        place: str,
        scenario: str,
        text: str,
        *,
        base_version: int,
        user: User,
        note: str = "",
        basis: Basis = NOTHING_SAID,
    ) -> Version:
        """Save a text as the next version of a scenario; the first starts from version 0.

        `basis` is what it was made with: files of the place, and lines of money. A
        document that calls itself in consultation or agreed needs the right to make it so. An
        unsaved draft of the same text is dropped.

        Raises
        ------
        StaleVersion
            `base_version` is no longer the last; nothing was overwritten, `text` and `lines` are in
            the error.
        NotAllowed, UnknownPlace, OtherScenario
            And whatever `validate` finds wrong with the text.
        StoreUnavailable
            The machine failed: `text` and `kept`, a file, hold what was typed.
        """
        names.identifier(place, of="place")
        names.identifier(scenario, of="scenario")
        names.line(note, of="note")
        names.line(basis.inputs, of=f"inputs of {scenario}")
        names.text(basis.lines, of=f"lines of {scenario}", longest=names.LONGEST_DOCUMENT)
        document = read_document(text, scenario, self._validate)
        draft = self._draft(
            place, scenario, text, base_version=base_version, user=user, lines=basis.lines
        )
        with self._keeping(draft), self._database.writing() as connection:
            self._require(connection, user, Act.SAVE, place)
            self._require(connection, user, _NEEDED[document.status], place)
            people.require_place(connection, place)
            with self._recorded(connection, user, Act.SAVE, place) as entry:
                stated = {"title": document.title, "status": document.status}
                scenarios.add(entry, draft, **stated, note=note, inputs=basis.inputs)
            drafts.drop(connection, draft.person, place, scenario, text=text, lines=draft.lines)
            # Read here: once it is committed, nothing may fail any more.
            made = scenarios.find(connection, place, scenario, base_version + 1)
        drafts.drop_file(self._beside, draft.person, place, scenario, text=text, lines=draft.lines)
        return made

    def load(
        self, place: str, scenario: str, *, user: User, version: int | None = None
    ) -> Document:
        """Return a version with its text: the one named, else the last this user may see."""
        with self._reading(user, Act.READ_OPEN, place) as (connection, who):
            found = self._visible(connection, who, place, scenario, version)
            return scenarios.document(connection, found)

    def versions(self, place: str, scenario: str, *, user: User) -> tuple[Version, ...]:
        """Return the versions of a scenario that this user may see, the first first."""
        with self._reading(user, Act.READ_OPEN, place) as (connection, who):
            found = scenarios.history(connection, place, scenario)
            return tuple(filter(scenarios.sees(who), found))

    def scenarios(self, place: str, *, user: User) -> tuple[Version, ...]:
        """Return of each scenario of a place the last version that this user may see."""
        with self._reading(user, Act.READ_OPEN, place) as (connection, who):
            seen = filter(scenarios.sees(who), scenarios.in_place(connection, place))
            return tuple({version.scenario: version for version in seen}.values())

    def mark(
        self,
        place: str,
        scenario: str,
        version: int,
        status: str,
        *,
        user: User,
        reason: str = "",
    ) -> Version:
        """Mark a version as draft, in consultation or agreed; its text stays as it is.

        To and from agreed only who may agree, which needs no right to write.

        Raises
        ------
        UnknownStatus, UnknownScenario, UnknownVersion, NotAllowed
            There is no such thing, or not for this user.
        """
        if status not in STATUSES:
            raise UnknownStatus(found=[status])
        names.text(reason, of="reason", longest=names.LONGEST_REMARK)
        with self._database.writing() as connection:
            who = people.role_of(connection, user, place)
            found = self._visible(connection, who, place, scenario, version)
            act = Act.AGREE if AGREED in (status, found.status) else Act.CONSULT
            self._require(connection, user, act, place)
            with self._recorded(connection, user, act, place) as entry:
                scenarios.mark(entry, found, status, reason=reason)
            return scenarios.find(connection, place, scenario, version)
