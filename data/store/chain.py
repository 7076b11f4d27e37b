"""The audit trail: who did what when, and proof of what was written.

In: rows that somebody adds. Out: one entry that names person, act and time, the digest of all rows
it recorded, and the hash of the entry before it. A row or an entry that is changed, removed or
slipped in later no longer fits, and everything after it neither.

    content = sha256(rows, sorted)        hash = sha256(number, at, ..., content, previous)

over JSON with sorted rows, plain ASCII and no spaces, so that every database gives the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Table, func, insert, select

from data.store import tables

FIRST: Final = "0" * 64


def sha256(content: str | bytes) -> str:
    """Return the SHA-256 of a text (in UTF-8) or of bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def digest(values: object) -> str:
    """Return the SHA-256 of values as canonical JSON."""
    return sha256(json.dumps(values, ensure_ascii=True, separators=(",", ":")))


def row_digest(table: Table, row: Mapping[str, Any]) -> str:
    """Return the digest of one row: its table, and each column with its value, in order."""
    return digest([table.name, [[c.name, _plain(row[c.name])] for c in table.columns]])


def entry_hash(row: Mapping[str, Any]) -> str:
    """Return the hash of an entry of the trail from all its other columns."""
    return digest([[c.name, row[c.name]] for c in tables.audit.columns if c.name != "hash"])


def written(moment: datetime) -> str:
    """Return a time as the store writes it: UTC, with microseconds, always of one width."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(at: str) -> datetime:
    """Return the time that the store wrote."""
    return datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


class Entry:
    """An entry of the trail that is being written, and the rows it records."""

    def __init__(self, connection: Connection, *, person: str, at: str) -> None:
        self.connection = connection
        self.person = person
        self.at = at
        self.subject = ""
        self.detail = ""
        last = connection.execute(
            select(tables.audit.c.number, tables.audit.c.hash)
            .order_by(tables.audit.c.number.desc())
            .limit(1)
        ).first()
        self.number = 1 if last is None else last.number + 1
        self.previous = FIRST if last is None else last.hash
        self._digests: list[str] = []

    def add(self, table: Table, **values: object) -> None:
        """Add one row, and remember it for the digest of this entry."""
        row = {"entry": self.number, **values}
        self.connection.execute(insert(table).values(row))
        self._digests.append(row_digest(table, row))

    def close(self, act: str, place: str) -> None:
        """Write the entry itself, last: now it knows what it records."""
        row = {
            "number": self.number,
            "at": self.at,
            "person": self.person,
            "act": act,
            "place": place,
            "subject": self.subject,
            "detail": self.detail,
            "content": content_digest(self._digests),
            "previous": self.previous,
        }
        self.connection.execute(insert(tables.audit).values({**row, "hash": entry_hash(row)}))


def content_digest(digests: Iterable[str]) -> str:
    """Return the digest of all rows of one entry, in whatever order they are found."""
    return digest(sorted(digests))


@contextmanager
def recorded(
    connection: Connection, act: str, place: str, *, person: str, at: str
) -> Iterator[Entry]:
    """Yield an entry to add rows to, and write it when the block ends without an error."""
    entry = Entry(connection, person=person, at=at)
    yield entry
    entry.close(act, place)


def head(connection: Connection) -> tuple[int, str]:
    """Return number and hash of the last entry: (0, 64 zeros) in an empty store."""
    number = connection.execute(select(func.max(tables.audit.c.number))).scalar()
    if number is None:
        return 0, FIRST
    found = select(tables.audit.c.hash).where(tables.audit.c.number == number)
    return number, str(connection.execute(found).scalar_one())


def _plain(value: Any) -> Any:
    # A file counts by its own hash, so that a digest never needs it whole in JSON.
    return {"sha256": sha256(bytes(value))} if isinstance(value, bytes | memoryview) else value
