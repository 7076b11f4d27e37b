"""Scenarios: every version kept, each with the status it was last marked with.

In: a connection of the store. Out: versions and their texts. A version is never changed: saving
adds the next number, and marking adds a row that says what a version now counts as.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select

from data.access import Act, Operator, Role, may
from data.store import chain
from data.store.chain import Entry
from data.store.records import DRAFT, Basis, Document, Draft, Version
from data.store.tables import audit, made_with, marks, versions
from data.store_errors import StaleVersion, UnknownScenario, UnknownVersion


def sees(who: Role | Operator) -> Callable[[Version], bool]:
    """Return the question whether somebody may see a version."""
    drafts_too = may(who, Act.READ_DRAFT)
    return lambda version: drafts_too or version.status != DRAFT


def head_number(connection: Connection, place: str, scenario: str) -> int:
    """Return the number of the last version, 0 before the first."""
    query = select(func.max(versions.c.number)).where(
        versions.c.place == place, versions.c.scenario == scenario
    )
    return connection.execute(query).scalar() or 0


def add(
    entry: Entry, typed: Draft, *, title: str, note: str, status: str, inputs: str = ""
) -> None:
    """Add the next version, if the last is still the one that the text started from.

    Raises
    ------
    StaleVersion
        Somebody saved in between; nothing is written.
    """
    place, scenario = typed.place, typed.scenario
    head = head_number(entry.connection, place, scenario)
    if typed.base_version != head:
        last = find(entry.connection, place, scenario, head) if head else None
        raise _stale(last, typed)
    key = {"place": place, "scenario": scenario, "number": head + 1}
    entry.subject = f"{scenario} {head + 1}"
    entry.detail = note
    sha256 = chain.sha256(typed.text)
    entry.add(versions, **key, title=title, note=note, text=typed.text, sha256=sha256)
    entry.add(marks, **key, status=status, reason=note)
    if inputs or typed.lines:
        sha256 = chain.sha256(typed.lines)
        entry.add(made_with, **key, inputs=inputs, lines=typed.lines, sha256=sha256)


def mark(entry: Entry, version: Version, status: str, *, reason: str) -> None:
    """Say what a version counts as from now on."""
    entry.subject = f"{version.scenario} {version.number}"
    entry.detail = f"{version.status} to {status}" + (f": {reason}" if reason else "")
    entry.add(
        marks,
        place=version.place,
        scenario=version.scenario,
        number=version.number,
        status=status,
        reason=reason,
    )


def find(connection: Connection, place: str, scenario: str, number: int) -> Version:
    """Return one version without its text.

    Raises
    ------
    UnknownScenario, UnknownVersion
        It does not exist.
    """
    query = _headers().where(versions.c.place == place, versions.c.scenario == scenario)
    row = connection.execute(query.where(versions.c.number == number)).first()
    if row is not None:
        return _version(row)
    if head_number(connection, place, scenario) == 0:
        raise UnknownScenario(place, found=[scenario])
    raise UnknownVersion(f"{place}, {scenario}", found=[number])


def history(connection: Connection, place: str, scenario: str) -> tuple[Version, ...]:
    """Return all versions of a scenario, the first first."""
    query = _headers().where(versions.c.place == place, versions.c.scenario == scenario)
    return tuple(_version(row) for row in connection.execute(query))


def in_place(connection: Connection, place: str) -> tuple[Version, ...]:
    """Return all versions of all scenarios of a place, by scenario and number."""
    found = [
        _version(row) for row in connection.execute(_headers().where(versions.c.place == place))
    ]
    # Sorted here: the databases do not agree on the order of texts.
    return tuple(sorted(found, key=lambda version: (version.scenario, version.number)))


def document(connection: Connection, version: Version) -> Document:
    """Return a version with its text and what it was made with."""
    text = connection.execute(select(versions.c.text).where(*_is(versions, version))).scalar_one()
    query = select(made_with.c.inputs, made_with.c.lines).where(*_is(made_with, version))
    row = connection.execute(query).first()
    return Document(version, str(text), Basis() if row is None else Basis(row.inputs, row.lines))


def _is(table: Table, version: Version) -> tuple[ColumnElement[bool], ...]:
    key = (version.place, version.scenario, version.number)
    return tuple(table.c[n] == v for n, v in zip(("place", "scenario", "number"), key, strict=True))


def _headers() -> Select[Any]:
    """Select versions with their last mark, and who and when of both, by number."""
    every = marks.alias("every")
    last = (
        select(func.max(every.c.entry))
        .where(
            every.c.place == versions.c.place,
            every.c.scenario == versions.c.scenario,
            every.c.number == versions.c.number,
        )
        .scalar_subquery()
    )
    saved, marked = audit.alias("saved"), audit.alias("marked")
    return (
        select(
            versions.c.place,
            versions.c.scenario,
            versions.c.number,
            versions.c.title,
            versions.c.note,
            versions.c.sha256,
            saved.c.at.label("saved_at"),
            saved.c.person.label("saved_by"),
            marks.c.status,
            marks.c.reason,
            marked.c.at.label("marked_at"),
            marked.c.person.label("marked_by"),
        )
        .join(saved, saved.c.number == versions.c.entry)
        .join(marks, marks.c.entry == last)
        .join(marked, marked.c.number == marks.c.entry)
        .order_by(versions.c.number)
    )


def _version(row: Any) -> Version:
    values = dict(row._mapping)
    values["saved_at"] = chain.moment(values["saved_at"])
    values["marked_at"] = chain.moment(values["marked_at"])
    return Version(**values)


def _stale(head: Version | None, typed: Draft) -> StaleVersion:
    said = f"yours started from version {typed.base_version}, "
    if head is None:
        said += "and there is no version yet"
    else:
        said += f"the last is {head.number}, by {head.saved_by} at {chain.written(head.saved_at)}"
    return StaleVersion(
        f"{typed.place}, {typed.scenario}",
        detail=said,
        text=typed.text,
        lines=typed.lines,
        base_version=typed.base_version,
        head=head.number if head else 0,
    )
