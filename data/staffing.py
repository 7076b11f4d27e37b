"""One office on its own machine: who sits there, and what they may do.

In: a place, a name and perhaps a role. Out: the store knows the place and the appointment. Whoever
starts the server holds the machine, so this acts as its operator; the audit trail says so.
"""

from __future__ import annotations

from data import access
from data.access import OPERATOR, Role
from data.server import is_this_machine
from data.server_errors import NamedInTheOpen
from data.store import Store, names
from data.store_errors import NoStore


def seat(place: str, name: str, *, person: str, role: str = "", host: str) -> Role:
    """Give a person a role in a place of this name, and return the role that they have there.

    Without a role they keep the one that they have; nothing is written then.

    Raises
    ------
    NamedInTheOpen
        Others could reach the server too, and would all be this person.
    UnusableName, UnknownRole
        There is no such name or role.
    StoreError
        The store cannot be used.
    """
    if not is_this_machine(host):
        raise NamedInTheOpen(host, found=[person])
    person = names.person(person)
    if not role:
        return _role(place, person)
    wanted = access.role(role)
    with Store() as store:
        if place not in {known.id for known in store.places()}:
            store.add_place(place, name, user=OPERATOR)
        if store.role_of(person, place) != wanted:
            store.appoint(person, wanted, place=place, user=OPERATOR)
    return wanted


def _role(place: str, person: str) -> Role:
    try:
        with Store(create=False) as store:
            return Role(str(store.role_of(person, place)))
    except NoStore:
        return Role.VIEWER
