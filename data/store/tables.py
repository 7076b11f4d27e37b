"""The tables of the store.

In: nothing. Out: the tables as SQLAlchemy knows them. Rows of every table but `drafts` are only
ever added; each names the entry of the audit trail that recorded it, at most one a table and
entry, so that the order of entries is the order of everything, the same on every database.

Times are text, `2026-11-22T04:00:00.000000Z`: in UTC, of one width, and equal to the letter on
SQLite and PostgreSQL, because they go into hashes. Nothing is NULL: what is not said is "" or 0.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, autoincrement=False)


def _recorded(name: str, *parts: Any, key: tuple[str, ...]) -> Table:
    """Return a table whose rows the audit trail records."""
    return Table(
        name,
        metadata,
        _number("entry"),
        *parts,
        PrimaryKeyConstraint(*key, name=f"{name}_key"),
        UniqueConstraint("entry", name=f"{name}_entry"),
        # The entry is written last, when it knows what it records.
        ForeignKeyConstraint(
            ["entry"],
            ["audit.number"],
            name=f"{name}_audit",
            deferrable=True,
            initially="DEFERRED",
        ),
    )


audit = Table(
    "audit",
    metadata,
    _number("number"),
    _text("at"),
    _text("person"),
    _text("act"),
    _text("place"),
    _text("subject"),
    _text("detail"),
    _text("content"),
    _text("previous"),
    _text("hash"),
    PrimaryKeyConstraint("number", name="audit_key"),
)

# A place renamed has a further row; the last counts.
places = _recorded("places", _text("place"), _text("name"), key=("place", "entry"))

# An appointment ends with the next for the same person and place.
grants = _recorded(
    "grants", _text("person"), _text("place"), _text("role"), key=("person", "place", "entry")
)

versions = _recorded(
    "versions",
    _text("place"),
    _text("scenario"),
    _number("number"),
    _text("title"),
    _text("note"),
    _text("text"),
    _text("sha256"),
    key=("place", "scenario", "number"),
)

marks = _recorded(
    "marks",
    _text("place"),
    _text("scenario"),
    _number("number"),
    _text("status"),
    _text("reason"),
    ForeignKeyConstraint(
        ["place", "scenario", "number"],
        ["versions.place", "versions.scenario", "versions.number"],
        name="marks_version",
    ),
    key=("place", "scenario", "number", "entry"),
)

# On a version of a scenario, or (scenario "" and number 0) a note on the place or one of its areas.
comments = _recorded(
    "comments",
    _text("place"),
    _text("scenario"),
    _number("number"),
    _text("area"),
    _text("text"),
    key=("place", "entry"),
)

# A comment is hidden, or shown again; the last row counts. What was said stays in the record.
hidings = _recorded(
    "hidings",
    _text("place"),
    _number("comment"),
    _number("hidden"),
    _text("reason"),
    key=("place", "comment", "entry"),
)

# What a version was made with: the hash of the place's files, and lines of money where they are
# not those of the place.
made_with = _recorded(
    "made_with",
    _text("place"),
    _text("scenario"),
    _number("number"),
    _text("inputs"),
    _text("lines"),
    _text("sha256"),
    ForeignKeyConstraint(
        ["place", "scenario", "number"],
        ["versions.place", "versions.scenario", "versions.number"],
        name="made_with_version",
    ),
    key=("place", "scenario", "number"),
)

uploads = _recorded(
    "uploads",
    _text("place"),
    _text("name"),
    _text("note"),
    _text("sha256"),
    Column("content", LargeBinary, nullable=False),
    key=("place", "name", "entry"),
)

drafts = Table(
    "drafts",
    metadata,
    _text("person"),
    _text("place"),
    _text("scenario"),
    _number("base_version"),
    _text("at"),
    _text("text"),
    _text("sha256"),
    Column("lines", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("person", "place", "scenario", name="drafts_key"),
)

RECORDED: Final = (places, grants, versions, marks, comments, uploads, made_with, hidings)
APPEND_ONLY: Final = (audit, *RECORDED)
ALL: Final = (*APPEND_ONLY, drafts)


def at_once(table: Table) -> int:
    """Return how many rows to hold in memory at a time: files and documents can be large."""
    return {uploads.name: 1, versions.name: 20, drafts.name: 20, made_with.name: 20}.get(
        table.name, 500
    )
