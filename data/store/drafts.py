"""Texts that somebody is typing: kept in the store, and in a file where the store cannot be had.

In: a text with its person, place and scenario. Out: the last text of that person for it, from the
store or from the file, whichever is younger. Drafts are nobody else's and no part of the record:
they are overwritten and dropped, and the audit trail does not know them.

The files stand in a folder beside the store (and, where that takes nothing, in one of the
machine's temporary folder), one a person, place and scenario, readable by this user only.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from data.store import chain
from data.store.records import Draft
from data.store.tables import drafts

_TEMPORARY: Final = "commonground-unsaved"


def put(connection: Connection, draft: Draft) -> None:
    """Keep a text in the store, in place of this person's earlier one."""
    drop(connection, draft.person, draft.place, draft.scenario)
    connection.execute(
        insert(drafts).values(
            person=draft.person,
            place=draft.place,
            scenario=draft.scenario,
            base_version=draft.base_version,
            at=chain.written(draft.at),
            text=draft.text,
            sha256=seal(draft.text, draft.lines),
            lines=draft.lines,
        )
    )


def get(connection: Connection, person: str, place: str, scenario: str) -> Draft | None:
    """Return the text that is kept in the store, None where there is none."""
    row = connection.execute(select(drafts).where(*_of(person, place, scenario))).first()
    if row is None:
        return None
    return _draft(row)


def of_person(connection: Connection, person: str, place: str) -> tuple[Draft, ...]:
    """Return all texts of a person in a place that are kept in the store."""
    query = select(drafts).where(drafts.c.person == person, drafts.c.place == place)
    return tuple(_draft(row) for row in connection.execute(query))


def seal(text: str, lines: str) -> str:
    """Return the hash of a text, and of the lines of money beside it where there are any."""
    return chain.digest([text, lines]) if lines else chain.sha256(text)


def _draft(row: Any) -> Draft:
    return Draft(
        person=row.person,
        place=row.place,
        scenario=row.scenario,
        base_version=row.base_version,
        text=row.text,
        at=chain.moment(row.at),
        lines=row.lines,
    )


def drop(
    connection: Connection,
    person: str,
    place: str,
    scenario: str,
    *,
    text: str | None = None,
    lines: str = "",
) -> None:
    """Forget the text that is kept in the store; with `text`, only if it is that one."""
    query = delete(drafts).where(*_of(person, place, scenario))
    if text is not None:
        # Something else typed in another window is not saved by saving this.
        query = query.where(drafts.c.sha256 == seal(text, lines))
    connection.execute(query)


def _of(person: str, place: str, scenario: str) -> tuple[ColumnElement[bool], ...]:
    return (drafts.c.person == person, drafts.c.place == place, drafts.c.scenario == scenario)


def write_file(beside: Path, draft: Draft) -> Path | None:
    """Write a text into a file and return its path; None where no folder takes it.

    The file appears whole or not at all: an earlier one stays until the new one is on the disk.
    """
    name = _file_name(draft.person, draft.place, draft.scenario)
    values = {**asdict(draft), "at": chain.written(draft.at)}
    content = json.dumps(values, ensure_ascii=False, indent=1).encode()
    for folder in _folders(beside):
        with contextlib.suppress(OSError):
            return _write(folder, name, content)
    return None


def read_file(beside: Path, person: str, place: str, scenario: str) -> Draft | None:
    """Return the youngest text that was put into a file, None where there is none."""
    found = _files(beside, person, place, scenario)
    return max((draft for _, draft in found), key=lambda draft: draft.at, default=None)


def files_of(beside: Path, person: str, place: str) -> list[Draft]:
    """Return all texts of a person in a place that were put into files."""
    found = []
    for folder in _folders(beside):
        with contextlib.suppress(OSError):
            for path in folder.glob(f"{place}-*.json") if _is_mine(folder) else ():
                draft = _read(path)
                if draft is not None and (draft.person, draft.place) == (person, place):
                    found.append(draft)
    return found


def drop_file(
    beside: Path,
    person: str,
    place: str,
    scenario: str,
    *,
    text: str | None = None,
    lines: str = "",
) -> None:
    """Remove the files of a text that is saved or given up; with `text`, only of that one."""
    for path, draft in _files(beside, person, place, scenario):
        if text is None or (draft.text, draft.lines) == (text, lines):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _files(beside: Path, person: str, place: str, scenario: str) -> list[tuple[Path, Draft]]:
    found = []
    for folder in _folders(beside):
        path = folder / _file_name(person, place, scenario)
        with contextlib.suppress(OSError):
            draft = _read(path) if _is_mine(folder) else None
            if draft and (draft.person, draft.place, draft.scenario) == (person, place, scenario):
                found.append((path, draft))
    return found


def _read(path: Path) -> Draft | None:
    # A file that somebody else changed or broke is not what this person typed.
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        values = json.loads(path.read_text(encoding="utf-8"))
        return Draft(**{**values, "at": chain.moment(values["at"])})
    return None


def _folders(beside: Path) -> tuple[Path, Path]:
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    # One folder a store: somebody may have a text of one name unsaved in two of them.
    name = f"{_TEMPORARY}-{owner}-{chain.sha256(str(beside))[:12]}"
    return beside, Path(tempfile.gettempdir()) / name


def _file_name(person: str, place: str, scenario: str) -> str:
    # People's names may hold what no file name may; the hash keeps two of them apart.
    return f"{place}-{chain.digest([person, place, scenario])[:24]}.json"


def _write(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_mine(folder):
        raise PermissionError(f"{folder} belongs to somebody else")
    handle, draft = tempfile.mkstemp(dir=folder, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(folder / name)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
    return folder / name


def _is_mine(folder: Path) -> bool:
    """Whether a folder is ours: in the temporary folder anybody could have put one, or a link."""
    if not hasattr(os, "getuid"):
        return True
    return not folder.is_symlink() and folder.stat().st_uid == os.getuid()
