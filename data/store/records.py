"""What the store gives back: plain frozen records, apart from any database.

In: rows. Out: records with times in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from data.access import Role

DRAFT, CONSULTATION, AGREED = "draft", "consultation", "agreed"
STATUSES: Final = (DRAFT, CONSULTATION, AGREED)


@dataclass(frozen=True)
class Place:
    """A place that scenarios can belong to."""

    id: str
    name: str
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True)
class Version:
    """One version of a scenario, without its text.

    `status` is what it was last marked as: by whom, when and why say `marked_*` and `reason`.
    """

    place: str
    scenario: str
    number: int
    title: str
    note: str
    sha256: str
    saved_at: datetime
    saved_by: str
    status: str
    reason: str
    marked_at: datetime
    marked_by: str


@dataclass(frozen=True)
class Basis:
    """What a version was made with: `inputs`, the hash of the place's files, "" if nobody said.

    `lines` are its lines of money as a table in text, "" where they are the place's own.
    """

    inputs: str = ""
    lines: str = ""


@dataclass(frozen=True)
class Document:
    """A version with its text, to the letter as it was saved, and what it was made with."""

    version: Version
    text: str
    basis: Basis = Basis()


@dataclass(frozen=True)
class Comment:
    """What somebody said about a version (`scenario`, `number`), an area, or the place (else).

    Where it was hidden, `hidden_by` and `reason` say by whom and why, and `text` is only there for
    who may hide and show comments, and for who said it.
    """

    id: int
    place: str
    scenario: str
    number: int
    area: str
    text: str
    at: datetime
    by: str
    hidden_by: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Upload:
    """A file somebody brought, without its content; a later one of the same name stands for it."""

    id: int
    place: str
    name: str
    note: str
    sha256: str
    bytes: int
    at: datetime
    by: str


@dataclass(frozen=True)
class Draft:
    """A text that somebody has typed and not saved yet, and the version it started from."""

    person: str
    place: str
    scenario: str
    base_version: int
    text: str
    at: datetime
    lines: str = ""


@dataclass(frozen=True)
class Grant:
    """An appointment that holds now."""

    person: str
    place: str
    role: Role
    at: datetime
    by: str


@dataclass(frozen=True)
class AuditEntry:
    """One entry of the audit trail; `hash` seals it together with all before it."""

    number: int
    at: datetime
    person: str
    act: str
    place: str
    subject: str
    detail: str
    content: str
    previous: str
    hash: str


@dataclass(frozen=True)
class Checked:
    """What a check found: how much there is, the head of the trail, one sentence a fault.

    `head` is `NUMBER:HASH` of the last entry. Written down elsewhere, it proves at a later check
    that nothing up to it was rewritten. `digest` is the hash of all content, the same for a store
    and for its backup on any database.
    """

    shown: str
    rows: Mapping[str, int]
    head: str
    digest: str
    faults: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


@dataclass(frozen=True)
class Copied:
    """A backup that was written, or restored, and the hash that both sides share."""

    shown: str
    rows: Mapping[str, int]
    head: str
    digest: str
