"""Where the store lives.

In: an address, or COMMONGROUND_DATABASE_URL, or nothing. Out: the SQLAlchemy address of one SQLite
file or one PostgreSQL database, and the folder beside it for what could not be saved.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from data.home import home
from data.store_errors import NoDriver, UnusableAddress

VARIABLE: Final = "COMMONGROUND_DATABASE_URL"
FILE: Final = "store.sqlite"
_POSTGRES: Final = {"postgres", "postgresql", "postgresql+psycopg"}


@dataclass(frozen=True)
class Address:
    """One database: `path` for an SQLite file, `url` for PostgreSQL, and never both."""

    path: Path | None
    url: URL | None
    beside: Path

    @property
    def shown(self) -> str:
        """What may be shown to people: never a password."""
        return str(self.path) if self.url is None else self.url.render_as_string(hide_password=True)


def find(address: str | Path | None = None) -> Address:
    """Return the address of the store: the one given, else the variable, else a file at home.

    Raises
    ------
    UnusableAddress
        It is neither a file nor a PostgreSQL database, or a database in memory.
    NoDriver
        PostgreSQL without psycopg.
    """
    text = str(address or os.environ.get(VARIABLE, "").strip() or home() / FILE)
    if "://" not in text:
        return _file(Path(text))
    try:
        url = make_url(text)
    except ArgumentError:
        # Not repeated to the reader: what cannot be parsed may hold a password.
        raise UnusableAddress(VARIABLE if address is None else "address") from None
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise UnusableAddress(text, detail="an SQLite store is a plain file")
        return _file(Path(url.database))
    if url.drivername not in _POSTGRES:
        raise UnusableAddress(url.render_as_string(hide_password=True))
    if importlib.util.find_spec("psycopg") is None:
        raise NoDriver(url.render_as_string(hide_password=True))
    url = url.set(drivername="postgresql+psycopg")
    # A server has no folder here, and one home may know several of its databases.
    name = hashlib.sha256(url.set(password=None).render_as_string().encode()).hexdigest()[:12]
    return Address(None, url, home() / "unsaved" / name)


def _file(path: Path) -> Address:
    path = path.expanduser().absolute()
    return Address(path, None, path.parent / "unsaved")
