"""Places, and who is what in them.

In: a connection of the store. Out: the role that counts, places and appointments. A role given in
a place counts before one given everywhere, also where it is the smaller; whoever has none is a
viewer.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from data.access import EVERYWHERE, OPERATOR_NAME, Operator, Role, User
from data.store import chain, names
from data.store.records import Grant, Place
from data.store.tables import audit, grants, places
from data.store_errors import UnknownPlace


def name_of(user: User) -> str:
    """Return the name that the audit trail writes for this user."""
    return OPERATOR_NAME if isinstance(user, Operator) else names.person(user)


def role_of(connection: Connection, user: User, place: str) -> Role | Operator:
    """Return what somebody is in a place; in `*`, what they are everywhere."""
    if isinstance(user, Operator):
        return user
    query = (
        select(grants.c.place, grants.c.role)
        .where(grants.c.person == names.person(user), grants.c.place.in_((place, EVERYWHERE)))
        .order_by(grants.c.entry)
    )
    # Later rows overwrite earlier ones: the last appointment counts.
    found = {row.place: row.role for row in connection.execute(query)}
    return Role(found.get(place) or found.get(EVERYWHERE) or Role.VIEWER)


def require_place(connection: Connection, place: str) -> None:
    """Refuse a place that nobody has added."""
    query = select(places.c.place).where(places.c.place == place).limit(1)
    if connection.execute(query).first() is None:
        raise UnknownPlace(found=[place])


def list_places(connection: Connection) -> tuple[Place, ...]:
    """Return every place under its last name, in the order of their ids."""
    query = (
        select(places.c.place, places.c.name, audit.c.at, audit.c.person)
        .join(audit, audit.c.number == places.c.entry)
        .order_by(places.c.entry)
    )
    found = {
        row.place: Place(row.place, row.name, chain.moment(row.at), row.person)
        for row in connection.execute(query)
    }
    return tuple(found[key] for key in sorted(found))


def list_grants(connection: Connection, of: Sequence[str] = ()) -> tuple[Grant, ...]:
    """Return the appointments that hold now, by place and person."""
    last = select(func.max(grants.c.entry)).group_by(grants.c.person, grants.c.place)
    query = (
        select(grants, audit.c.at, audit.c.person.label("by"))
        .join(audit, audit.c.number == grants.c.entry)
        .where(grants.c.entry.in_(last))
    )
    if of:
        query = query.where(grants.c.place.in_(of))
    found = [
        Grant(row.person, row.place, Role(row.role), chain.moment(row.at), row.by)
        for row in connection.execute(query)
    ]
    return tuple(sorted(found, key=lambda grant: (grant.place, grant.person)))
