"""Backups of either database, restored into either, the same by hash; and nothing overwritten."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from data.access import OPERATOR
from data.store import Store
from data.store_errors import (
    BackupDamaged,
    NotAllowed,
    StaleVersion,
    StoreFull,
    StoreNotEmpty,
    UnusableBackup,
)

KINDS = ("sqlite", "postgres")
WAYS = [
    pytest.param(
        source,
        target,
        marks=[pytest.mark.postgres] if "postgres" in (source, target) else [],
        id=f"{source} to {target}",
    )
    for source, target in itertools.product(KINDS, KINDS)
]


def fill(store: Store) -> None:
    store.add_place("ely", "Ely – „fens“", user=OPERATOR)
    for person, role in {"Cat": "commissioner", "Stu": "steward", "Bo": "board"}.items():
        store.appoint(person, role, user=OPERATOR)
    for number, text in enumerate(("one\r\n", "two 👩‍👧", "consultation\nthree")):
        store.save("ely", "care", text, base_version=number, user="Cat", note="é")
    store.mark("ely", "care", 3, "agreed", user="Bo")
    store.upload("ely", "a.bin", bytes(range(256)) * 999, user="Cat")
    store.comment("ely", "well", user="Bo", scenario="care")
    store.save_draft("ely", "care", "half", base_version=3, user="Cat")


@pytest.mark.parametrize(("source", "target"), WAYS)
def test_a_backup_of_one_database_is_restored_into_the_other(
    source: str, target: str, new_address: Callable[[str], str], tmp_path: Path
) -> None:
    first, second = Store(new_address(source), validate=str), Store(new_address(target))
    fill(first)
    copied = first.backup(tmp_path / "deep" / "backup.sqlite", user=OPERATOR)
    restored = second.restore(tmp_path / "deep" / "backup.sqlite", user=OPERATOR)
    assert copied.digest == restored.digest == first.check().digest == second.check().digest
    assert copied.head == restored.head == first.check().head == second.check().head
    assert second.check().sound
    assert copied.rows["versions"] == 3
    assert second.versions("ely", "care", user="Cat") == first.versions("ely", "care", user="Cat")
    assert second.load("ely", "care", user="Cat", version=2).text == "two 👩‍👧"
    assert second.download("ely", "a.bin", user="Cat") == bytes(range(256)) * 999
    draft = second.load_draft("ely", "care", user="Cat")
    assert draft is not None
    assert draft.text == "half"
    # What is restored goes on where the other was.
    going_on = Store(second._database.address.url or second.shown, validate=str)
    with pytest.raises(StaleVersion):
        going_on.save("ely", "care", "x", base_version=2, user="Cat")
    assert going_on.save("ely", "care", "x", base_version=3, user="Cat").number == 4
    assert going_on.check(expected_head=copied.head).sound
    # And back again, by a second backup.
    again = first.backup(tmp_path / "again.sqlite", user=OPERATOR)
    assert again.digest == copied.digest
    for opened in (first, second, going_on):
        opened.close()


def test_a_backup_is_itself_a_store(store: Store, tmp_path: Path) -> None:
    store.save("ely", "care", "one", base_version=0, user="Cat")
    copied = store.backup(tmp_path / "b.sqlite", user=OPERATOR)
    assert (tmp_path / "b.sqlite").stat().st_mode & 0o077 == 0
    opened = Store(tmp_path / "b.sqlite", create=False)
    assert opened.load("ely", "care", user="Cat").text == "one"
    assert opened.check().digest == copied.digest


def test_a_backup_never_overwrites_a_file(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "b.sqlite"
    path.write_text("precious")
    with pytest.raises(UnusableBackup, match="exists already"):
        store.backup(path, user=OPERATOR)
    assert path.read_text() == "precious"
    with pytest.raises(UnusableBackup):
        store.backup(path / "inside", user=OPERATOR)
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".b")] == []


def test_a_restore_never_overwrites_a_store(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "b.sqlite", user=OPERATOR)
    store.save("ely", "care", "one", base_version=0, user="Cat")
    before = store.check().digest
    with pytest.raises(StoreNotEmpty):
        store.restore(tmp_path / "b.sqlite", user=OPERATOR)
    assert store.check().digest == before


def test_a_backup_by_a_steward_is_recorded(store: Store, tmp_path: Path) -> None:
    store.appoint("Ann", "steward", user=OPERATOR)
    store.backup(tmp_path / "b.sqlite", user="Ann")
    last = store.audit(user="Ann")[-1]
    assert (last.person, last.act, last.subject) == ("Ann", "back up", "b.sqlite")
    with pytest.raises(NotAllowed):
        store.backup(tmp_path / "c.sqlite", user="Stu")
    assert not (tmp_path / "c.sqlite").exists()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_damaged_backup_is_refused_and_the_store_stays_empty(
    store: Store, new_address: Callable[[str], str], tmp_path: Path
) -> None:
    store.save("ely", "care", "one " * 2000, base_version=0, user="Cat")
    good, bad = tmp_path / "good.sqlite", tmp_path / "bad.sqlite"
    store.backup(good, user=OPERATOR)
    content = good.read_bytes()
    flipped = content.replace(b"one one", b"one two", 1)
    damaged = {
        "flipped": flipped,
        "cut": content[: len(content) // 2],
        "text": b"not a database at all, only text " * 100,
        "empty": b"",
    }
    empty = Store(new_address("sqlite"))
    for content in damaged.values():
        bad.write_bytes(content)
        with pytest.raises((BackupDamaged, UnusableBackup)):
            empty.restore(bad, user=OPERATOR)
        assert not any(empty.check().rows.values())
    with pytest.raises(UnusableBackup, match="no such file"):
        empty.restore(tmp_path / "none.sqlite", user=OPERATOR)
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(UnusableBackup):
        empty.restore(tmp_path / "other.sqlite", user=OPERATOR)
    assert empty.restore(good, user=OPERATOR).rows["versions"] == 1


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_tampered_store_is_not_backed_up_as_if_it_were_sound(
    store: Store, address: str, tmp_path: Path
) -> None:
    store.save("ely", "care", "one", base_version=0, user="Cat")
    shutil.copy(address, tmp_path / "evidence.sqlite")
    with sqlite3.connect(address) as behind:
        behind.execute("DROP TRIGGER versions_no_update")
        behind.execute("UPDATE versions SET text = 'two'")
    behind.close()
    with pytest.raises(BackupDamaged, match="versions and marks of entry"):
        store.backup(tmp_path / "b.sqlite", user=OPERATOR)
    assert not (tmp_path / "b.sqlite").exists()


def test_a_backup_while_others_write_is_one_moment(store: Store, tmp_path: Path) -> None:
    store.save("ely", "care", "0", base_version=0, user="Cat")
    stop = threading.Event()

    def write() -> None:
        number = 1
        while not stop.is_set():
            store.save("ely", "care", str(number), base_version=number, user="Cat")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = [store.backup(tmp_path / f"{n}.sqlite", user=OPERATOR) for n in range(5)]
    finally:
        stop.set()
        writer.join()
    for number, copied in enumerate(copies):
        opened = Store(tmp_path / f"{number}.sqlite", create=False)
        assert opened.check().sound
        versions = opened.versions("ely", "care", user="Cat")
        assert [version.number for version in versions] == list(range(1, len(versions) + 1))
        # Its trail is the beginning of the store's own.
        assert store.check(expected_head=copied.head).sound


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_restore_that_does_not_fit_leaves_the_store_empty(
    store: Store, new_address: Callable[[str], str], tmp_path: Path
) -> None:
    store.upload("ely", "large.bin", bytes(1_000_000), user="Cat")
    store.backup(tmp_path / "b.sqlite", user=OPERATOR)
    small = Store(new_address("sqlite"))

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 60")

    event.listen(small._database.engine, "connect", limit)
    with pytest.raises(StoreFull):
        small.restore(tmp_path / "b.sqlite", user=OPERATOR)
    assert not any(small.check().rows.values())
