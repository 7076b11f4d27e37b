"""One database, opened for reading or for writing, and its faults as ours.

In: an address. Out: connections inside a transaction. Readers see one moment from beginning to
end. Writers come one after the other, on both databases: they take the one lock before they look,
so that what they decide is still true when they write.

SQLite keeps its classic journal: beside the file there is nothing but a journal while somebody
writes, so that the file alone is the store. Every transaction opens the file anew, which costs
less than a millisecond and notices when it is gone; a pooled connection would go on writing into
a file that nobody can find any more.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.pool import NullPool

from data.store.address import Address
from data.store_errors import (
    StoreBusy,
    StoreDamaged,
    StoreFull,
    StoreGone,
    StoreReadOnly,
    StoreUnavailable,
)

WAIT_S: Final = 30
_ROOM_BYTES: Final = 1 << 20
# Advisory, not a lock on a table: that would need the right to change rows, which a careful
# administrator does not grant. Any number will do that nobody else locks in the same database.
_WRITERS: Final = 0x436F6D6D6F6E47
_SQLITE: Final[dict[int, type[StoreUnavailable]]] = {
    sqlite3.SQLITE_BUSY: StoreBusy,
    sqlite3.SQLITE_LOCKED: StoreBusy,
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_IOERR: StoreGone,
    sqlite3.SQLITE_CANTOPEN: StoreGone,
    sqlite3.SQLITE_READONLY: StoreReadOnly,
    sqlite3.SQLITE_PERM: StoreReadOnly,
    sqlite3.SQLITE_CORRUPT: StoreDamaged,
    sqlite3.SQLITE_NOTADB: StoreDamaged,
}
# SQLSTATE of PostgreSQL, by their first two letters where a whole class means one thing.
_POSTGRES: Final[dict[str, type[StoreUnavailable]]] = {
    "08": StoreGone,
    "28": StoreGone,
    "3D": StoreGone,
    "57P": StoreGone,
    "53100": StoreFull,
    "53": StoreBusy,
    "55P03": StoreBusy,
    "57014": StoreBusy,
    "40": StoreBusy,
    "25006": StoreReadOnly,
    "42501": StoreReadOnly,
    "XX00": StoreDamaged,
}


class Database:
    """One SQLite file or PostgreSQL database.

    Parameters
    ----------
    address
        Where it is.
    read_only
        Open an SQLite file so that nothing can change it.
    """

    def __init__(self, address: Address, *, read_only: bool = False) -> None:
        self.address = address
        self.path = address.path
        self.shown = address.shown
        self._mode = "ro" if read_only else "rw"
        self.engine = self._sqlite() if address.url is None else self._postgres()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a file."""
        return self.path is not None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one moment of the database until the block ends."""
        with self.translated():
            connection = self.engine.connect()
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield the only connection that writes; all of the block is kept, or none of it."""
        with self.translated():
            before = self._identity()
            with (
                self.engine.connect().execution_options(writing=True) as connection,
                connection.begin(),
            ):
                if not self.is_sqlite:
                    connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_S}s'"))
                    connection.execute(
                        text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS}
                    )
                yield connection
            if self._identity() != before:
                raise StoreGone(self.shown, detail="the file was moved away during the save")

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn a fault of the database into an error of the store; others pass."""
        try:
            yield
        except PoolExhausted as error:
            raise StoreBusy(self.shown, detail="every connection is in use") from error
        except DBAPIError as error:
            fault = self._fault(error)
            if fault is None:
                raise
            raise fault from error

    def close(self) -> None:
        """Give back the connections that are kept."""
        self.engine.dispose()

    def _sqlite(self) -> Engine:
        assert self.path is not None
        # Never created here: a file that vanished must not come back empty.
        uri = f"file:{quote(str(self.path))}?mode={self._mode}"

        def connect() -> sqlite3.Connection:
            return sqlite3.connect(
                uri, uri=True, timeout=WAIT_S, isolation_level=None, check_same_thread=False
            )

        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _postgres(self) -> Engine:
        assert self.address.url is not None
        return create_engine(
            self.address.url,
            pool_pre_ping=True,
            connect_args={"connect_timeout": WAIT_S, "application_name": "commonground"},
        )

    def _identity(self) -> tuple[int, int] | None:
        if self.path is None:
            return None
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _fault(self, error: DBAPIError) -> StoreUnavailable | None:
        kind = self._kind(error.orig, lost=error.connection_invalidated)
        if kind is None:
            return None
        first = str(error.orig).strip().splitlines()
        return kind(self.shown, detail=first[0] if first else "")

    def _kind(self, cause: Any, *, lost: bool) -> type[StoreUnavailable] | None:
        if self.path is not None:
            return self._kind_of_sqlite(cause)
        state = getattr(cause, "sqlstate", None)
        if state is None:
            # psycopg gives no state where it never reached the server or lost it.
            return StoreGone if lost or type(cause).__name__ == "OperationalError" else None
        for length in (5, 4, 3, 2):
            if state[:length] in _POSTGRES:
                return _POSTGRES[state[:length]]
        return None

    def _kind_of_sqlite(self, cause: Any) -> type[StoreUnavailable] | None:
        code = getattr(cause, "sqlite_errorcode", None)
        if code is None:
            return None
        if not Path(self.path or "").exists() or code == sqlite3.SQLITE_READONLY_DBMOVED:
            return StoreGone
        kind = _SQLITE.get(code & 0xFF)
        if kind is StoreGone and self._no_room():
            return StoreFull
        return kind

    def _no_room(self) -> bool:
        """Whether a failed write is explained by a full disk: SQLite cannot always say."""
        try:
            left = os.statvfs(Path(self.path or "").parent)
        except OSError:
            return False
        return left.f_bavail * left.f_frsize < _ROOM_BYTES


def _prepare_sqlite(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    # The folder too is written through to the disk: a save that was confirmed survives a power cut.
    cursor.execute("PRAGMA synchronous = EXTRA")
    cursor.execute("PRAGMA recursive_triggers = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
