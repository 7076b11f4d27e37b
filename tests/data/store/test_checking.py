"""The audit trail: complete, closed to the API and the database, and any tampering found."""

from __future__ import annotations

import hashlib
import inspect
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Connection,
    Table,
    bindparam,
    create_engine,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from data.access import OPERATOR, Act
from data.store import Store, tables
from data.store.records import Basis
from data.store_errors import Tampered

# Each test tries many changes of a store: together too long for `make test`.
pytestmark = pytest.mark.slow


@contextmanager
def behind(store: Store) -> Iterator[Connection]:
    """Yield a connection that knows nothing of the store's rules, triggers taken off."""
    engine = create_engine(url_of(store))
    with engine.begin() as connection:
        for table in tables.ALL:
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER ALL"))
                continue
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table.name}_no_{verb}"))
        yield connection
    engine.dispose()


def url_of(store: Store) -> str | URL:
    where = store._database.address
    return where.url or f"sqlite:///{where.path}"


@pytest.fixture
def full(store: Store) -> Store:
    """A store with at least two rows in every table."""
    store.add_place("march", "March", user=OPERATOR)
    for name in ("bus", "tram"):
        basis = Basis("f" * 64, f"id,amount\n{name},1\n")
        store.save("ely", name, name, base_version=0, user="Cat", basis=basis)
        rude = store.comment("ely", f"rude about the {name}", user="Flo")
        store.hide_comment("ely", rude.id, user="Stu", reason="rude")
    for number, status in enumerate(("draft", "consultation")):
        store.save("ely", "care", f"{status}\nno {number}", base_version=number, user="Cat")
    store.mark("ely", "care", 2, "agreed", user="Bo", reason="minute 7")
    for name in ("a.csv", "b.csv"):
        store.upload("ely", name, name.encode(), user="Cat", note="n")
        store.comment("ely", name, user="Flo", area="E01")
        store.save_draft("ely", name, name, base_version=0, user="Flo")
    return store


def test_the_trail_says_who_did_what_when(full: Store) -> None:
    trail = full.audit(user="Stu", place="ely")
    told = [(entry.person, entry.act, entry.subject) for entry in trail][-7:]
    assert told == [
        ("Cat", Act.SAVE, "care 1"),
        ("Cat", Act.SAVE, "care 2"),
        ("Bo", Act.AGREE, "care 2"),
        ("Cat", Act.UPLOAD, "a.csv"),
        ("Flo", Act.COMMENT, "E01"),
        ("Cat", Act.UPLOAD, "b.csv"),
        ("Flo", Act.COMMENT, "E01"),
    ]
    assert trail[0].person == "(operator)"
    assert all(entry.at.tzinfo is UTC for entry in trail)
    assert [entry.at for entry in trail] == sorted(entry.at for entry in trail)
    agreed = next(entry for entry in trail if entry.act == Act.AGREE)
    assert agreed.detail == "consultation to agreed: minute 7"


def test_every_change_leaves_one_entry_and_reading_none(full: Store) -> None:
    entries = full.check().rows["audit"]
    full.load("ely", "care", user="Cat")
    full.versions("ely", "care", user="Cat")
    full.audit(user="Stu", place="ely")
    assert full.check().rows["audit"] == entries
    full.comment("ely", "x", user="Flo")
    assert full.check().rows["audit"] == entries + 1


def test_the_api_has_nothing_that_changes_the_trail() -> None:
    public = {name for name, _ in inspect.getmembers(Store, callable) if not name.startswith("_")}
    assert public == {
        *("add_place", "appoint", "audit", "backup", "check", "close", "comment", "comments"),
        *("download", "drafts", "drop_draft", "grants", "hide_comment", "load", "load_draft"),
        *("mark", "places"),
        *("require_sound", "restore", "role_of", "save", "save_draft", "scenarios", "upload"),
        *("uploads", "versions"),
    }


def test_the_hashes_are_those_of_the_page(full: Store) -> None:
    """Compute the chain from docs/store.md alone, with nothing of the code under test."""
    with behind(full) as connection:
        rows = [dict(row) for row in connection.execute(select(tables.audit)).mappings()]
        versions = [dict(row) for row in connection.execute(select(tables.versions)).mappings()]
        marks = [dict(row) for row in connection.execute(select(tables.marks)).mappings()]

    def sealed(values: object) -> str:
        return hashlib.sha256(json.dumps(values, separators=(",", ":")).encode()).hexdigest()

    order = ["number", "at", "person", "act", "place", "subject", "detail", "content", "previous"]
    previous = "0" * 64
    for row in sorted(rows, key=lambda row: row["number"]):
        assert row["previous"] == previous
        previous = sealed([[name, row[name]] for name in order])
        assert row["hash"] == previous
    version = next(row for row in versions if row["number"] == 2)
    mark = next(row for row in marks if row["entry"] == version["entry"])
    content = ["entry", "place", "scenario", "number", "title", "note", "text", "sha256"]
    status = ["entry", "place", "scenario", "number", "status", "reason"]
    expected = sealed(
        sorted(
            [
                sealed(["versions", [[name, version[name]] for name in content]]),
                sealed(["marks", [[name, mark[name]] for name in status]]),
            ]
        )
    )
    entry = next(row for row in rows if row["number"] == version["entry"])
    assert entry["content"] == expected
    assert version["sha256"] == hashlib.sha256(b"consultation\nno 1").hexdigest()


def test_the_database_itself_refuses_to_change_the_record(full: Store) -> None:
    engine = create_engine(url_of(full))
    for table in tables.APPEND_ONLY:
        name = table.columns.keys()[-1]
        attempts = [update(table).values({name: table.c[name]}), delete(table)]
        if engine.dialect.name == "postgresql":
            attempts.append(text(f"TRUNCATE {table.name} CASCADE"))  # type: ignore[arg-type]
        for attempt in attempts:
            with (
                engine.connect() as connection,
                pytest.raises(DBAPIError, match="rows are only ever added"),
            ):
                connection.execute(attempt)
    engine.dispose()
    assert full.check().sound


# ------------------------------------------------------------------------------ tampering


def _other(value: Any) -> Any:
    if isinstance(value, int):
        return value + 1000
    return value + b"!" if isinstance(value, bytes) else value + "!"


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("table", tables.ALL, ids=str)
def test_any_cell_that_is_changed_is_found(full: Store, table: Table, tmp_path: Path) -> None:
    for column in [column.name for column in table.columns]:
        copied = shutil.copy(full.shown, tmp_path / f"{column}.sqlite")
        with Store(copied, create=False) as store, behind(store) as connection:
            row = dict(connection.execute(select(table)).mappings().first() or {})
            keys = [table.c[key.name] == row[key.name] for key in table.primary_key]
            changed = {column: _other(row[column])}
            connection.execute(update(table).where(*keys).values(changed))
        faults = [fault for fault in store.check().faults if "trigger" not in fault]
        # A draft is nobody's record: only that its text is what was kept is sealed.
        if table is not tables.drafts or column in ("text", "sha256"):
            assert faults, f"a changed {table.name}.{column} was not found"
            with pytest.raises(Tampered):
                store.require_sound()


@pytest.mark.parametrize("name", [table.name for table in tables.APPEND_ONLY])
def test_any_row_that_is_removed_is_found(full: Store, name: str) -> None:
    table = tables.metadata.tables[name]
    with behind(full) as connection:
        row = dict(connection.execute(select(table)).mappings().first() or {})
        keys = [table.c[key.name] == row[key.name] for key in table.primary_key]
        connection.execute(delete(table).where(*keys))
    assert [fault for fault in full.check().faults if "trigger" not in fault]


@pytest.mark.parametrize("name", [table.name for table in tables.RECORDED])
def test_any_row_that_is_slipped_in_is_found(full: Store, name: str) -> None:
    table = tables.metadata.tables[name]
    with behind(full) as connection:
        row = dict(connection.execute(select(table)).mappings().first() or {})
        used = connection.execute(select(table.c.entry)).scalars().all()
        entries = connection.execute(select(tables.audit.c.number)).scalars().all()
        row["entry"] = next(number for number in entries if number not in used)
        if name == "versions":
            row["number"] = 3
        if name == "made_with":
            row["scenario"] = "care"  # whose versions have none
        connection.execute(insert(table).values(row))
    assert [fault for fault in full.check().faults if "trigger" not in fault]


def test_a_trail_that_is_cut_off_or_written_anew_is_found_by_a_noted_head(full: Store) -> None:
    noted = full.check().head
    entry = full.comment("ely", "later", user="Flo").id
    later = full.check().head
    assert full.check(expected_head=noted).sound
    assert full.check(expected_head=later).sound
    with behind(full) as connection:
        # The last entry and all it recorded, gone without a trace inside the store.
        connection.execute(delete(tables.comments).where(tables.comments.c.entry == entry))
        connection.execute(delete(tables.audit).where(tables.audit.c.number == entry))
    assert not [fault for fault in full.check().faults if "trigger" not in fault]
    assert not [f for f in full.check(expected_head=noted).faults if "trigger" not in f]
    assert [f for f in full.check(expected_head=later).faults if "is not the one noted" in f]


def test_protection_that_was_taken_off_is_found(full: Store) -> None:
    assert full.check().sound
    with behind(full):
        pass
    faults = full.check().faults
    assert "the trigger that refuses to update rows of audit is not there" in faults
    assert "the trigger that refuses to delete rows of versions is not there" in faults


@pytest.mark.parametrize("head", ["x", "1", "1:", ":", "99:" + "0" * 64, "-1:0"])
@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_head_that_cannot_be_right_is_a_fault(full: Store, head: str) -> None:
    assert not full.check(expected_head=head).sound


def test_an_empty_store_is_sound(new_address: Callable[[str], str], kind: str) -> None:
    opened = Store(new_address(kind), clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    found = opened.check()
    assert found.sound
    assert found.head == "0:" + "0" * 64
    assert opened.check(expected_head=found.head).sound
    opened.close()


@pytest.mark.parametrize("kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_server_may_give_the_application_no_right_to_change_the_record(
    full: Store, request: pytest.FixtureRequest
) -> None:
    cluster, url = request.getfixturevalue("cluster"), make_url(str(url_of(full)))
    clerks = url.set(username="clerk")
    database = str(url.database)
    record = ", ".join(["store_version", *(table.name for table in tables.APPEND_ONLY)])
    cluster.run(
        "DROP ROLE IF EXISTS clerk",
        "CREATE ROLE clerk LOGIN",
        f"GRANT SELECT, INSERT ON {record}, drafts TO clerk",
        "GRANT DELETE ON drafts TO clerk",
        database=database,
    )
    clerk = Store(clerks.render_as_string(hide_password=False), validate=lambda text: text)
    clerk.save("ely", "new", "x", base_version=0, user="Cat")
    clerk.save_draft("ely", "new", "x", base_version=0, user="Cat")
    clerk.save_draft("ely", "new", "y", base_version=0, user="Cat")
    assert clerk.check().sound
    clerk.close()
    engine = create_engine(clerks)
    with (
        engine.connect() as connection,
        pytest.raises(DBAPIError, match="permission denied"),
    ):
        connection.execute(update(tables.audit).values(person=bindparam("p")), {"p": "x"})
    engine.dispose()
    cluster.run("DROP OWNED BY clerk", "DROP ROLE clerk", database=database)
