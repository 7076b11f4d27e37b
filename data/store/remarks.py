"""What people say and bring: comments on versions and areas, and uploaded files.

In: a connection of the store. Out: comments in the order they were made, files to the byte.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, select

from data.store import chain
from data.store.chain import Entry
from data.store.records import Comment, Upload
from data.store.tables import audit, comments, hidings, uploads
from data.store_errors import UnknownComment, UnknownUpload


def say(entry: Entry, place: str, said: str, *, scenario: str, number: int, area: str) -> Comment:
    """Add a comment."""
    entry.subject = f"{scenario} {number}" if scenario else area
    entry.add(comments, place=place, scenario=scenario, number=number, area=area, text=said)
    at = chain.moment(entry.at)
    return Comment(entry.number, place, scenario, number, area, said, at, entry.person)


def said(connection: Connection, place: str) -> tuple[Comment, ...]:
    """Return all comments of a place, the first first."""
    hidden = _hidden(connection, place)
    query = (
        select(comments, audit.c.at, audit.c.person)
        .join(audit, audit.c.number == comments.c.entry)
        .where(comments.c.place == place)
        .order_by(comments.c.entry)
    )
    return tuple(
        Comment(
            id=row.entry,
            place=row.place,
            scenario=row.scenario,
            number=row.number,
            area=row.area,
            text=row.text,
            at=chain.moment(row.at),
            by=row.person,
            **hidden.get(row.entry, {}),
        )
        for row in connection.execute(query)
    )


def covered(comment: Comment) -> Comment:
    """Return a comment as others see it: without its text where it was hidden."""
    return replace(comment, text="") if comment.hidden_by else comment


def hide(entry: Entry, place: str, comment: int, *, hidden: bool, reason: str) -> None:
    """Hide a comment, or show it again.

    Raises
    ------
    UnknownComment
        There is none of this number in the place.
    """
    query = select(comments.c.entry).where(comments.c.place == place, comments.c.entry == comment)
    if entry.connection.execute(query).first() is None:
        raise UnknownComment(place, found=[comment])
    entry.subject = f"comment {comment}"
    entry.detail = f"{'hidden' if hidden else 'shown again'}: {reason}"
    entry.add(hidings, place=place, comment=comment, hidden=int(hidden), reason=reason)


def _hidden(connection: Connection, place: str) -> dict[int, dict[str, str]]:
    """Return by whom and why each comment is hidden that is hidden now."""
    query = (
        select(hidings, audit.c.person)
        .join(audit, audit.c.number == hidings.c.entry)
        .where(hidings.c.place == place)
        .order_by(hidings.c.entry)
    )
    last = {row.comment: row for row in connection.execute(query)}
    return {
        number: {"hidden_by": row.person, "reason": row.reason}
        for number, row in last.items()
        if row.hidden
    }


def bring(entry: Entry, place: str, name: str, content: bytes, *, note: str) -> Upload:
    """Add a file; one of the same name stays beside it, the later stands for both."""
    digest = chain.sha256(content)
    entry.subject, entry.detail = name, note
    entry.add(uploads, place=place, name=name, note=note, sha256=digest, content=content)
    at = chain.moment(entry.at)
    return Upload(entry.number, place, name, note, digest, len(content), at, entry.person)


def brought(connection: Connection, place: str) -> tuple[Upload, ...]:
    """Return the files of a place without their content, all that were ever brought."""
    query = (
        select(
            uploads.c.entry,
            uploads.c.place,
            uploads.c.name,
            uploads.c.note,
            uploads.c.sha256,
            func.length(uploads.c.content).label("bytes"),
            audit.c.at,
            audit.c.person,
        )
        .join(audit, audit.c.number == uploads.c.entry)
        .where(uploads.c.place == place)
        .order_by(uploads.c.entry)
    )
    return tuple(_upload(row) for row in connection.execute(query))


def content(connection: Connection, place: str, name: str) -> bytes:
    """Return the content of the last file of this name.

    Raises
    ------
    UnknownUpload
        There is none.
    """
    query = (
        select(uploads.c.content)
        .where(uploads.c.place == place, uploads.c.name == name)
        .order_by(uploads.c.entry.desc())
        .limit(1)
    )
    found = connection.execute(query).scalar()
    if found is None:
        raise UnknownUpload(place, found=[name])
    return bytes(found)


def _upload(row: Any) -> Upload:
    return Upload(
        id=row.entry,
        place=row.place,
        name=row.name,
        note=row.note,
        sha256=row.sha256,
        bytes=row.bytes,
        at=chain.moment(row.at),
        by=row.person,
    )
