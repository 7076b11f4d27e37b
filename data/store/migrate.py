"""Bring a database to the tables of this version.

In: a database, new or old. Out: the same at the present version; what lies in it stays. Workers
that start together wait for one another: the one that holds the lock migrates, the others find it
done. An SQLite file is made where there is none.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from data.store.database import WAIT_S, Database
from data.store_errors import NoStore, NotAStore, StoreReadOnly, StoreTooNew

HEAD: Final = "0002"
# An older version must know a later one when it meets it; steps are numbered, not named by chance.
_TABLE: Final = "store_version"
# Any number will do, as long as nobody else locks it in the same database.
_LOCK: Final = 0x436F6D6D6F6E
FOLDER: Final = Path(__file__).resolve().parent / "migrations"


def bring_up(database: Database, *, create: bool) -> None:
    """Make or update the tables, once, however many ask at the same time.

    Raises
    ------
    NoStore
        There is nothing there, and `create` is False.
    NotAStore, StoreTooNew
        It holds other tables, or those of a later version.
    StoreUnavailable
        It cannot be reached or written.
    """
    if database.path is not None and not database.path.exists():
        if not create:
            raise NoStore(database.shown)
        _make_file(database.path)
    with database.reading() as connection:
        if _version(connection, database, create=create) == HEAD:
            return
    with (
        database.translated(),
        database.engine.connect().execution_options(writing=True) as connection,
        connection.begin(),
    ):
        if not database.is_sqlite:
            connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_S}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if _version(connection, database, create=create) != HEAD:
            _run(connection)


def _version(connection: Connection, database: Database, *, create: bool) -> str:
    """Return the version of the tables, or "" where there are none."""
    names = set(inspect(connection).get_table_names())
    if _TABLE not in names:
        ours = {"audit", "versions", "drafts"} & names
        if ours or (names and database.is_sqlite):
            raise NotAStore(database.shown, found=sorted(names))
        if not create:
            raise NoStore(database.shown)
        return ""
    found = str(connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar_one())
    if found > HEAD:
        raise StoreTooNew(database.shown, detail=f"its tables are {found}, ours {HEAD}")
    return found


def _run(connection: Connection) -> None:
    # Only here, because alembic takes as long to import as everything else in this package.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def _make_file(path: Path) -> None:
    """Make an empty file that only this user can read; SQLite takes it for an empty database."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreReadOnly(str(path), detail=str(error)) from error
