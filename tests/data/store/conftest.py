"""Stores to test on: an SQLite file and a database of a real, private PostgreSQL server."""

from __future__ import annotations

import functools
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from data.access import OPERATOR
from data.store import Store
from geo.errors import CommonGroundError

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
NEEDED = "COMMONGROUND_NEEDS_POSTGRES"
# The machine's own, before any test gets one of its own that the server could not enter.
TEMPORARY = tempfile.gettempdir()
MEMORY, ROOM_BYTES = Path("/dev/shm"), 4 << 30


@dataclass(frozen=True)
class Written:
    """A scenario document of these tests: the first line is its status, the second its title."""

    status: str
    title: str


class NotADocument(CommonGroundError):
    """A text that these tests do not take for a document."""

    rule = "a document must not be wrong"


def validate(text: str) -> Written:
    """Stand for the reader of scenarios, which has tests of its own."""
    if text.startswith("wrong"):
        raise NotADocument("text")
    lines = [*text.splitlines(), "", ""]
    known = lines[0] in ("draft", "consultation", "agreed", "secret")
    return Written(lines[0] if known else "draft", lines[1] if known else lines[0])


class Clock:
    """A clock that goes on by one second at every look, from a fixed moment."""

    def __init__(self, day: int = 31) -> None:
        self.now = datetime(2026, 1, day, 23, 59, 58, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


# ------------------------------------------------------------------------------ PostgreSQL


def server_programs() -> Path | None:
    """Return the folder with initdb and pg_ctl: POSTGRES_BIN, the path's, or Debian's newest."""
    named = os.environ.get("POSTGRES_BIN")
    found = shutil.which("initdb")
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(versions, key=lambda path: float(path.parent.parent.name))
    candidates = [Path(named)] if named else [Path(found).parent] if found else []
    candidates += [path.parent for path in reversed(newest)]
    return next((folder for folder in candidates if (folder / "pg_ctl").exists()), None)


class Cluster:
    """A PostgreSQL server of our own, in a folder of its own, reachable by a socket only."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self._numbers = itertools.count(1)
        # A server refuses to run as root: it gets another user of the machine, and its folder too.
        self._owner = "postgres" if _has_user("postgres") else "nobody"
        self._as: list[str] = []
        if os.getuid() == 0:
            group = _group(self._owner)
            self._as = ["setpriv", f"--reuid={self._owner}", f"--regid={group}", "--clear-groups"]
            self.give(folder)

    def give(self, folder: Path) -> None:
        """Let a folder belong to the server's user."""
        shutil.chown(folder, self._owner)

    def call(self, program: str, *options: str) -> None:
        """Run one of the server's programs as its user."""
        command = [*self._as, str(self.programs / program), *options]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    def start(self) -> None:
        """Make the cluster and start its server."""
        data = str(self.folder / "data")
        self.call("initdb", "-D", data, "-A", "trust", "-U", "ground", "--no-sync", "-E", "UTF8")
        self.go()

    def go(self) -> None:
        """Start the server."""
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c max_connections=60"
        log = str(self.folder / "log")
        self.call(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", log, "-o", options, "start"
        )

    def stop(self, how: str = "fast") -> None:
        """Stop the server that this folder's process file names, and no other."""
        self.call("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", how, "stop")

    def url(self, database: str) -> str:
        """Return the address of a database of this server."""
        return f"postgresql://ground@/{database}?host={self.folder}"

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements outside a transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def new(self, like: str = "template0") -> str:
        """Make a database and return its address."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {like} ENCODING 'UTF8'")
        return self.url(name)


def _has_user(name: str) -> bool:
    return subprocess.run(["id", name], capture_output=True, check=False).returncode == 0


def _group(name: str) -> str:
    found = subprocess.run(["id", "-g", name], capture_output=True, text=True, check=True)
    return found.stdout.strip()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostgreSQL server; the test is skipped where its programs are not installed."""
    programs = server_programs()
    if programs is None:
        line = "no PostgreSQL server found; install Debian's postgresql, or set POSTGRES_BIN"
        pytest.fail(line) if os.environ.get(NEEDED) else pytest.skip(line)
    # A hundred small databases are made and thrown away: in memory, where there is enough of it.
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    with tempfile.TemporaryDirectory(
        prefix="cg-pg-", dir=MEMORY if in_memory else TEMPORARY, ignore_cleanup_errors=True
    ) as folder:
        server = Cluster(programs, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")


# ------------------------------------------------------------------------------ stores


@pytest.fixture(params=BOTH)
def kind(request: pytest.FixtureRequest) -> str:
    """The database that a test runs on; each test that takes it runs on both."""
    return str(request.param)


PEOPLE = {
    "Vi": "viewer",
    "Flo": "forum",
    "Bo": "board",
    "Cat": "commissioner",
    "Stu": "steward",
}


def staff(store: Store) -> None:
    """Put one place into a store, and one person of each role into the place."""
    store.add_place("ely", "Ely", user=OPERATOR)
    for person, role in PEOPLE.items():
        store.appoint(person, role, place="ely", user=OPERATOR)


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Cluster | None, bool], str]:
    """Return a function that makes a store once, for others to be copied from."""

    @functools.cache
    def make(kind: str, cluster: Cluster | None, staffed: bool) -> str:
        name = f"ready_{'staffed' if staffed else 'empty'}"
        address = str(tmp_path_factory.mktemp(name) / "store.sqlite")
        if cluster is not None:
            cluster.run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
            address = cluster.url(name)
        with Store(address, validate=validate, clock=Clock(day=30)) as opened:
            if staffed:
                staff(opened)
        return address if cluster is None else name

    return make


@pytest.fixture
def new_address(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    ready: Callable[[str, Cluster | None, bool], str],
) -> Callable[..., str]:
    """Return a function that gives the address of a fresh store of a kind."""
    numbers = itertools.count(1)

    def address(kind: str, *, staffed: bool = False) -> str:
        if kind == "postgres":
            cluster = request.getfixturevalue("cluster")
            return str(cluster.new(ready(kind, cluster, staffed)))
        folder = tmp_path / f"store{next(numbers)}"
        folder.mkdir()
        return str(shutil.copy(ready(kind, None, staffed), folder / "store.sqlite"))

    return address


@pytest.fixture
def address(kind: str, new_address: Callable[..., str]) -> str:
    """Address of a store with one place and one person of each role in it."""
    return new_address(kind, staffed=True)


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """The store at that address."""
    with Store(address, validate=validate, clock=Clock()) as opened:
        yield opened
