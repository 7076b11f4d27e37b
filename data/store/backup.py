"""Backups: one SQLite file that is itself a store, from either database and into either.

In: a store and a path. Out: a file that appears whole or not at all, checked row by row before it
takes its name; or an empty store filled from such a file, in one transaction, kept only if the hash
of its content is that of the backup.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, insert, select

from data.store import address, checking, migrate, tables
from data.store.database import Database
from data.store.records import Copied
from data.store_errors import (
    BackupDamaged,
    NotAStore,
    StoreDamaged,
    StoreError,
    StoreNotEmpty,
    UnusableBackup,
)


def back_up(database: Database, path: Path) -> Copied:
    """Write everything into a new file, as it is at one moment; writers need not stop.

    Raises
    ------
    UnusableBackup
        The path is taken or cannot be written.
    BackupDamaged
        The store itself, or the copy, fails its check; no file is left.
    """
    path = Path(path).expanduser().absolute()
    if path.exists():
        raise UnusableBackup(str(path), detail="it exists already")
    with _folder(path) as folder:
        draft = folder / "backup.sqlite"
        expected = (
            _copy_file(database, draft) if database.is_sqlite else _copy_rows(database, draft)
        )
        copied = _checked(draft, shown=str(path))
        if expected and copied.digest != expected:
            raise BackupDamaged(str(path), detail="it is not what the database held")
        with _writable(path):
            # It holds what people have not published, whatever the umask would let others read.
            draft.chmod(0o600)
            _sync(draft)
            if path.exists():
                raise UnusableBackup(str(path), detail="it exists already")
            draft.rename(path)
            _sync(path.parent)
    return copied


def restore(database: Database, path: Path) -> Copied:
    """Fill an empty store from a backup: all of it, or nothing.

    Raises
    ------
    UnusableBackup, BackupDamaged
        The file is none, or not what was backed up.
    StoreNotEmpty
        There is something that would be lost.
    """
    with _copied(path) as (source, expected):
        backup = Database(address.find(source), read_only=True)
        with database.writing() as target, backup.reading() as origin:
            if any(checking.count(target).values()):
                raise StoreNotEmpty(database.shown)
            _pour(origin, target)
            found = checking.digest(target)
            if found != expected.digest:
                raise BackupDamaged(database.shown, detail="it did not arrive as it left")
    return Copied(database.shown, expected.rows, expected.head, found)


def examine(path: Path) -> Copied:
    """Check a backup and say what is in it; nothing is restored.

    Raises
    ------
    UnusableBackup, BackupDamaged
        The file is none, or not what was backed up.
    """
    with _copied(path) as (_, found):
        return found


@contextlib.contextmanager
def _copied(path: Path) -> Iterator[tuple[Path, Copied]]:
    """Yield a sound copy: an older backup is brought up to date, and none is ever written to."""
    path = Path(path).expanduser().absolute()
    if not path.is_file():
        raise UnusableBackup(str(path), detail="there is no such file")
    with tempfile.TemporaryDirectory(prefix="commonground-") as folder:
        source = Path(folder) / "backup.sqlite"
        with _writable(path):
            shutil.copyfile(path, source)
        yield source, _checked(source, shown=str(path))


def _copy_file(database: Database, draft: Path) -> str:
    """Copy an SQLite file with SQLite's own online backup, which gives one moment of it."""
    assert database.path is not None
    with (
        database.translated(),
        database.engine.connect() as connection,
        _writable(draft),
        contextlib.closing(sqlite3.connect(draft)) as target,
    ):
        origin = connection.connection.driver_connection
        assert isinstance(origin, sqlite3.Connection)
        origin.backup(target)
    return ""


def _copy_rows(database: Database, draft: Path) -> str:
    """Write the rows of a server's database into a new file and return their hash."""
    copy = Database(address.find(draft))
    migrate.bring_up(copy, create=True)
    with database.reading() as origin, copy.writing() as target:
        _pour(origin, target)
        return checking.digest(origin)


def _pour(origin: Connection, target: Connection) -> None:
    """Put all rows of one store into another, a few at a time."""
    for table in tables.ALL:
        rows = origin.execute(select(table), execution_options={"yield_per": tables.at_once(table)})
        for part in rows.mappings().partitions(tables.at_once(table)):
            target.execute(insert(table), [dict(row) for row in part])


def _checked(path: Path, *, shown: str) -> Copied:
    """Check a backup as any store is checked."""
    database = Database(address.find(path))
    try:
        migrate.bring_up(database, create=False)
        with database.reading() as connection:
            found = checking.check(connection, shown=shown)
    except (NotAStore, StoreDamaged, StoreError) as error:
        raise UnusableBackup(shown, detail=error.rule) from error
    if not found.sound:
        raise BackupDamaged(shown, found=found.faults)
    return Copied(shown, found.rows, found.head, found.digest)


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """Yield a folder beside the path, on the same disk, and remove it in the end."""
    with _writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise UnusableBackup(str(path), detail=str(error)) from error


def _sync(path: Path) -> None:
    """Have a file, or the entry of a folder, on the disk before anybody relies on it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
