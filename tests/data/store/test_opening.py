"""Opening: tables are made once however many ask, moved up whole, and never over something else."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from data.access import OPERATOR
from data.store import Store, migrate, tables
from data.store.address import find
from data.store.database import Database
from data.store_errors import (
    NoStore,
    NotAStore,
    StoreDamaged,
    StoreGone,
    StoreReadOnly,
    StoreTooNew,
)

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def bare(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database in which there is nothing at all."""
    if kind == "postgres":
        return str(request.getfixturevalue("cluster").new())
    return str(tmp_path / "deep" / "store.sqlite")


def test_the_steps_lead_to_the_tables_that_the_code_knows(bare: str) -> None:
    opened = Store(bare)
    with opened._database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or name != "store_version",
            },
        )
        assert compare_metadata(context, tables.metadata) == []
        inspector = inspect(connection)
        for table in tables.ALL:
            key = inspector.get_pk_constraint(table.name)["constrained_columns"]
            assert key == [column.name for column in table.primary_key]
    opened.close()


def test_the_page_lists_the_tables_and_their_columns() -> None:
    text = (ROOT / "docs" / "store.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", text, flags=re.MULTILINE)
    listed = {name: re.sub(r" \([^)]*\)", "", columns).split(", ") for name, columns in rows}
    assert listed == {table.name: table.columns.keys() for table in tables.ALL}


def test_the_last_step_is_the_one_that_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [migrate.HEAD]
    names = [step.revision for step in script.walk_revisions()]
    assert sorted(names, reverse=True) == names


def test_many_that_open_at_once_make_the_tables_once(bare: str) -> None:
    def start(_: int) -> bool:
        opened = Store(bare)
        sound = opened.check().sound
        opened.close()
        return sound

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(start, range(8))) == [True] * 8


def test_processes_that_open_at_once_make_the_tables_once(bare: str) -> None:
    code = "import sys; from data.store import Store; print(Store(sys.argv[1]).check().sound)"
    command = [sys.executable, "-c", code, bare]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    ended = [process.communicate() for process in started]
    assert ended == [(b"True\n", b"")] * 3


def test_a_step_that_fails_leaves_nothing_behind(
    bare: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = migrate._run

    def broken(connection: object) -> None:
        run(connection)  # type: ignore[arg-type]
        raise RuntimeError("power cut")

    monkeypatch.setattr(migrate, "_run", broken)
    with pytest.raises(RuntimeError):
        Store(bare)
    database = Database(find(bare))
    with database.reading() as connection:
        assert inspect(connection).get_table_names() == []
    database.close()
    monkeypatch.undo()
    opened = Store(bare)
    assert opened.check().sound
    opened.close()


def test_a_store_that_is_to_be_read_is_not_made(bare: str, kind: str) -> None:
    with pytest.raises(NoStore):
        Store(bare, create=False)
    if kind == "sqlite":
        assert not Path(bare).exists()


def test_a_later_version_is_refused_and_left_alone(address: str) -> None:
    Store(address).close()
    where = find(address)
    engine = create_engine(where.url or f"sqlite:///{where.path}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE store_version SET version_num = '0999'"))
    with pytest.raises(StoreTooNew, match="0999"):
        Store(address)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE store_version"))
    with pytest.raises(NotAStore):
        Store(address)
    engine.dispose()


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE photographs (x)")
    other.commit()
    other.close()
    before = (tmp_path / "other.sqlite").read_bytes()
    with pytest.raises(NotAStore, match="photographs"):
        Store(tmp_path / "other.sqlite")
    assert (tmp_path / "other.sqlite").read_bytes() == before
    (tmp_path / "text.sqlite").write_text("Dear diary, " * 100)
    with pytest.raises(StoreDamaged):
        Store(tmp_path / "text.sqlite")
    (tmp_path / "folder.sqlite").mkdir()
    with pytest.raises(StoreGone):
        Store(tmp_path / "folder.sqlite")


def test_a_folder_that_cannot_be_made_is_an_error_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreReadOnly):
        Store(tmp_path / "file" / "store.sqlite")


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    Store(tmp_path / "s.sqlite")
    assert (tmp_path / "s.sqlite").stat().st_mode & 0o077 == 0


def test_awkward_paths_are_paths(tmp_path: Path) -> None:
    for name in ("with space.sqlite", "what?mode=ro#x%20.sqlite", "ünïcode.sqlite", "a&b=c"):
        opened = Store(tmp_path / name)
        opened.add_place("ely", "Ely", user=OPERATOR)
        assert (tmp_path / name).stat().st_size > 0
        assert [place.id for place in Store(tmp_path / name, create=False).places()] == ["ely"]


def test_no_server_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(StoreGone) as gone:
        Store(f"postgresql://ann:hush@/ground?host={tmp_path}")
    assert "hush" not in str(gone.value)


@pytest.mark.postgres
def test_no_such_database_is_an_error_of_its_own(
    new_address: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    with pytest.raises(StoreGone, match="does not exist"):
        Store(request.getfixturevalue("cluster").url("no_such"))
