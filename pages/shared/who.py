"""Who sits at the screen: a name that the server was started with, and what it may do here.

In: `COMMONGROUND_USER` of the server's own process, and the role that the store knows. Out: `Who`,
which every control asks before it is drawn. That is for comfort: the store asks again when
something is kept, so that no page can pass it by.

The name is taken at its word, so it holds only where nobody but the office itself can reach the
server: on an address of this machine. Everywhere else everybody is a visitor.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

import streamlit as st

from data.access import Act, Role, may
from data.run import Result
from data.server import is_this_machine
from data.store import names
from geo.errors import CommonGroundError
from pages.shared import cache

VARIABLE: Final = "COMMONGROUND_USER"
VISITOR: Final = ""


@dataclass(frozen=True)
class Who:
    """Somebody at the screen; without a name, a visitor. `trouble` says why no role was found."""

    name: str
    role: Role
    trouble: str = ""

    def may(self, act: Act) -> bool:
        """Say whether they may do this in this place."""
        return may(self.role, act)

    @property
    def shown(self) -> str:
        """Name and role in words."""
        return f"{self.name}, {self.role}" if self.name else "a visitor"


def current(result: Result) -> Who:
    """Return who sits at the screen, and what they are in the place of a result."""
    name = _named()
    if not name:
        return Who(VISITOR, Role.VIEWER)
    try:
        name, store = names.person(name), cache.store()
        role = Role.VIEWER if store is None else store.role_of(name, result.place.id)
    except CommonGroundError as error:
        return Who(VISITOR, Role.VIEWER, str(error))
    return Who(name, role if isinstance(role, Role) else Role.VIEWER)


def _named() -> str:
    address = st.get_option("server.address") or ""
    return os.environ.get(VARIABLE, "").strip() if is_this_machine(address) else ""
