"""Who may do what with what is kept.

In: a role and an act. Out: yes, or an error. One table decides; the store asks it inside the
transaction that reads or writes, so that no page and no script can pass it by.

Five roles. A *viewer* reads what is public; somebody the store does not know is a viewer. A
*forum* (neighbourhood forum, ward councillor) speaks. A *board* sees drafts and decides. A
*commissioner* writes scenarios. A *steward* looks after places, people and files, but does not
decide: who agrees is not who writes. The *operator* is whoever holds the machine: not a name that
anybody could type, but an object that only the command line passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from data.store_errors import NotAllowed, UnknownRole

EVERYWHERE: Final = "*"


class Role(StrEnum):
    """What somebody is in a place."""

    VIEWER = "viewer"
    FORUM = "forum"
    BOARD = "board"
    COMMISSIONER = "commissioner"
    STEWARD = "steward"


class Act(StrEnum):
    """What can be done with the store, in the words of the audit trail and of the docs."""

    READ_OPEN = "read what is in consultation or agreed"
    READ_DRAFT = "read drafts"
    COMMENT = "comment"
    HIDE_COMMENT = "hide a comment, or show it again"
    KEEP_DRAFT = "keep an unsaved text of one's own"
    SAVE = "save a version"
    CONSULT = "put to consultation, or take back"
    AGREE = "agree, or take an agreement back"
    UPLOAD = "upload a file"
    READ_FILES = "read uploaded files"
    READ_AUDIT = "read the audit trail"
    ADD_PLACE = "add or rename a place"
    APPOINT = "appoint people to roles"
    BACK_UP = "back up"
    RESTORE = "restore a backup"


class Operator:
    """Whoever holds the machine; see `OPERATOR`, the only one there is."""

    def __repr__(self) -> str:
        return "OPERATOR"


OPERATOR: Final = Operator()
# How the audit trail names the operator; people's names cannot begin with a bracket.
OPERATOR_NAME: Final = "(operator)"
User: TypeAlias = str | Operator

_V, _F, _B, _C, _S = Role
ALLOWED: Final[Mapping[Act, frozenset[Role]]] = MappingProxyType(
    {
        Act.READ_OPEN: frozenset({_V, _F, _B, _C, _S}),
        Act.READ_DRAFT: frozenset({_B, _C, _S}),
        Act.COMMENT: frozenset({_F, _B, _C, _S}),
        Act.HIDE_COMMENT: frozenset({_S}),
        Act.KEEP_DRAFT: frozenset({_F, _B, _C, _S}),
        Act.SAVE: frozenset({_C, _S}),
        Act.CONSULT: frozenset({_C, _S}),
        Act.AGREE: frozenset({_B}),
        Act.UPLOAD: frozenset({_C, _S}),
        Act.READ_FILES: frozenset({_B, _C, _S}),
        Act.READ_AUDIT: frozenset({_B, _S}),
        Act.ADD_PLACE: frozenset({_S}),
        Act.APPOINT: frozenset({_S}),
        Act.BACK_UP: frozenset({_S}),
        Act.RESTORE: frozenset(),
    }
)
# The operator could copy the file anyway; what needs a name of its own in the record stays closed.
OPERATOR_ALLOWED: Final = frozenset(Act) - {
    Act.COMMENT,
    Act.HIDE_COMMENT,
    Act.KEEP_DRAFT,
    Act.AGREE,
}


def role(name: str) -> Role:
    """Return the role of this name.

    Raises
    ------
    UnknownRole
        There is no such role.
    """
    try:
        return Role(name)
    except ValueError:
        raise UnknownRole(found=[name]) from None


def may(who: Role | Operator, act: Act) -> bool:
    """Say whether a role, or the operator, may do this."""
    if isinstance(who, Operator):
        return act in OPERATOR_ALLOWED
    return who in ALLOWED[act]


def require(who: Role | Operator, act: Act, *, name: str = "", place: str = "") -> None:
    """Refuse what a role may not do.

    Raises
    ------
    NotAllowed
        The table says no. Fields `role` and `act`.
    """
    if may(who, act):
        return
    title = OPERATOR_NAME if isinstance(who, Operator) else str(who)
    where = f"{name or 'somebody'}, {title}" + (f" in {place}" if place else "")
    raise NotAllowed(where, detail=f"to {act}", role=title, act=str(act))
