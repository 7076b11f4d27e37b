"""When the machine fails: killed processes, full disks, databases gone, locked or broken."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import make_url

from data.access import OPERATOR
from data.store import Store, database, drafts
from data.store_errors import (
    StoreBusy,
    StoreDamaged,
    StoreFull,
    StoreGone,
    StoreReadOnly,
    StoreUnavailable,
)

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = Path(__file__).with_name("killing.py")
POSTGRES = [pytest.param("postgres", marks=pytest.mark.postgres)]
KILLS = 200


def killing(*arguments: object) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what cannot be written beside the store in a folder of the test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def begun(store: Store) -> Store:
    """A store with one version."""
    store.save("ely", "care", "first", base_version=0, user="Cat")
    return store


# ------------------------------------------------------------------------------ killed


@pytest.mark.slow
def test_two_hundred_kills_lose_no_version_and_leave_none_half_written(
    store: Store, address: str
) -> None:
    found = killing("kill", address, KILLS, 20260131)
    assert found["killed"] == KILLS
    assert found["faults"] == []
    # Nobody was killed before he did anything.
    assert found["versions"] == found["saved"] > KILLS // 2
    # Every second one was killed at one of twelve points, of which the last is between the commit
    # and telling it: those are whole, and so are any that chance killed just there.
    assert found["whole_but_untold"] >= KILLS // 2 // 12
    # The store goes on as if nothing had been.
    made = store.save("ely", "care", "after", base_version=found["versions"], user="Cat")
    assert made.number == found["versions"] + 1
    assert store.check().sound


@pytest.mark.slow
def test_processes_killed_while_they_make_a_store_are_in_nobodys_way(tmp_path: Path) -> None:
    found = killing("starts", tmp_path, 40, 20260131)
    assert found["killed"] == 40
    assert found["halfway"] > 0


@pytest.mark.slow
def test_twenty_processes_on_one_scenario_lose_no_update(
    begun: Store, address: str, kind: str
) -> None:
    turns = 1 if kind == "postgres" else 2
    found = killing("race", address, 20, turns)
    assert found["ended"] == [0] * 20
    assert found["faults"] == []
    assert found["refused"] > 0
    expected = sorted(f"{writer}.{turn}" for writer in range(20) for turn in range(turns))
    assert sorted(found["lines"][1:]) == expected
    assert len(begun.versions("ely", "care", user="Cat")) == 1 + 20 * turns


@pytest.mark.parametrize("kind", POSTGRES)
def test_a_server_that_dies_loses_no_version_it_has_confirmed(
    begun: Store, request: pytest.FixtureRequest
) -> None:
    cluster = request.getfixturevalue("cluster")
    told, ended = [1], []

    def write() -> None:
        while not ended:
            number = told[-1]
            try:
                begun.save("ely", "care", f"{number}", base_version=number, user="Cat")
            except StoreUnavailable as error:
                ended.append(error)
            else:
                told.append(number + 1)

    writer = threading.Thread(target=write)
    writer.start()
    while len(told) < 10 and writer.is_alive():
        writer.join(0.01)
    cluster.stop("immediate")
    writer.join()
    try:
        assert isinstance(ended[0], StoreGone)
        assert ended[0].text == str(told[-1])
        assert json.loads(Path(ended[0].kept).read_text())["text"] == ended[0].text
    finally:
        cluster.go()
    numbers = [version.number for version in begun.versions("ely", "care", user="Cat")]
    assert told[-1] <= len(numbers) <= told[-1] + 1
    assert begun.check().sound


# ------------------------------------------------------------------------------ full


def small(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA max_page_count = 60")


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_full_database_keeps_what_was_typed_and_what_was_saved(begun: Store) -> None:
    event.listen(begun._database.engine, "connect", small)
    text = "typed for an hour " * 20_000
    before = begun.check().digest
    with pytest.raises(StoreFull) as full:
        begun.save("ely", "care", text, base_version=1, user="Cat")
    assert full.value.text == text
    assert full.value.kept in str(full.value)
    assert Path(full.value.kept).parent == Path(begun.shown).parent / "unsaved"
    assert begun.check().digest == before
    kept = begun.load_draft("ely", "care", user="Cat")
    assert kept is not None
    assert (kept.text, kept.base_version) == (text, 1)
    assert begun.load_draft("ely", "care", user="Stu") is None
    event.remove(begun._database.engine, "connect", small)
    assert begun.save("ely", "care", kept.text, base_version=1, user="Cat").number == 2
    assert not Path(full.value.kept).exists()
    assert begun.load_draft("ely", "care", user="Cat") is None


def until_full(
    store: Store, text: Callable[[], str]
) -> tuple[pytest.ExceptionInfo[StoreFull], int]:
    """Save one version after another until the disk is full; return the error and how many."""
    for number in range(100):
        try:
            store.save("ely", "care", text(), base_version=number, user="Cat")
        except StoreFull as full:
            return pytest.ExceptionInfo.from_exception(full), number
    pytest.fail("the disk is too large")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte that is really mounted; skipped where mounting is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full_keeps_what_was_typed(
    tiny_disk: Path, own_temporary_folder: Path
) -> None:
    opened = Store(tiny_disk / "store.sqlite", validate=str)
    opened.add_place("ely", "Ely", user=OPERATOR)
    opened.appoint("Cat", "commissioner", user=OPERATOR)
    text = "typed for an hour " * 8_000
    full, number = until_full(opened, lambda: text)
    (tiny_disk / "rest").write_bytes(b"")
    assert number > 0
    assert full.value.text == text
    assert json.loads(Path(full.value.kept).read_text())["text"] == text
    kept = opened.load_draft("ely", "care", user="Cat")
    assert kept is not None
    assert kept.text == text
    # Nothing beside it either: now the file goes to the machine's temporary folder.
    with (tiny_disk / "rest").open("wb", 0) as rest, contextlib.suppress(OSError):
        while rest.write(bytes(4096)):
            pass
    with pytest.raises(StoreFull) as full:
        opened.save("ely", "care", text + "!", base_version=number, user="Cat")
    assert Path(full.value.kept).is_relative_to(own_temporary_folder)
    assert (Path(full.value.kept).stat().st_mode & 0o077) == 0
    assert opened.check().sound
    assert len(opened.versions("ely", "care", user="Cat")) == number
    (tiny_disk / "rest").unlink()
    assert opened.save("ely", "other", "x", base_version=0, user="Cat").number == 1


@pytest.mark.postgres
def test_a_server_whose_disk_is_full_keeps_what_was_typed(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    cluster = request.getfixturevalue("cluster")
    disk = cluster.folder / "small"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)]
    if os.getuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        cluster.give(disk)
        cluster.run(f"CREATE TABLESPACE small LOCATION '{disk}'")
        cluster.run("CREATE DATABASE small TEMPLATE template0 TABLESPACE small")
        opened = Store(cluster.url("small"), validate=str)
        opened.add_place("ely", "Ely", user=OPERATOR)
        opened.appoint("Cat", "commissioner", user=OPERATOR)
        # Random, so that the server cannot compress it.
        full, number = until_full(opened, lambda: os.urandom(500_000).hex())
        assert number > 0
        assert len(full.value.text) == 1_000_000
        assert json.loads(Path(full.value.kept).read_text())["text"] == full.value.text
        assert len(opened.versions("ely", "care", user="Cat")) == number
        assert opened.check().sound
        opened.close()
        cluster.run("DROP DATABASE small WITH (FORCE)", "DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


# ------------------------------------------------------------------------------ gone


def vanish(store: Store, request: pytest.FixtureRequest) -> None:
    """Take the database away while the store is open."""
    if store._database.path is not None:
        store._database.path.unlink()
        return
    name = make_url(str(store._database.address.url)).database
    request.getfixturevalue("cluster").run(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_vanished_database_keeps_what_was_typed(
    begun: Store, request: pytest.FixtureRequest
) -> None:
    vanish(begun, request)
    with pytest.raises(StoreGone) as gone:
        begun.save("ely", "care", "typed", base_version=1, user="Cat")
    assert gone.value.text == "typed"
    assert json.loads(Path(gone.value.kept).read_text())["text"] == "typed"
    assert "what you typed is kept in" in str(gone.value)
    # It is found again while the database is still away, and no new one has come up by itself.
    kept = begun.load_draft("ely", "care", user="Cat")
    assert kept is not None
    assert kept.text == "typed"
    if begun._database.path is not None:
        assert not begun._database.path.exists()
    with pytest.raises(StoreGone):
        begun.load("ely", "care", user="Cat")
    with pytest.raises(StoreGone):
        begun.load_draft("ely", "care", user="Stu")
    with pytest.raises(StoreGone) as gone:
        begun.comment("ely", "said", user="Flo")
    assert gone.value.text == "said"


def test_a_database_that_vanishes_during_a_save_is_no_success(
    begun: Store, request: pytest.FixtureRequest
) -> None:
    gone: list[bool] = []

    def take_away(*arguments: object) -> None:
        if str(arguments[2]).startswith("INSERT INTO versions") and not gone:
            gone.append(True)
            vanish(begun, request)

    event.listen(begun._database.engine, "after_cursor_execute", take_away)
    with pytest.raises(StoreGone) as error:
        begun.save("ely", "care", "typed", base_version=1, user="Cat")
    assert error.value.text == "typed"
    assert Path(error.value.kept).exists()


def test_autosave_goes_into_a_file_while_the_database_is_away(
    begun: Store, request: pytest.FixtureRequest
) -> None:
    begun.save_draft("ely", "care", "earlier", base_version=1, user="Cat")
    vanish(begun, request)
    for text in ("later", "latest"):
        with pytest.raises(StoreGone):
            begun.save_draft("ely", "care", text, base_version=1, user="Cat")
    kept = begun.load_draft("ely", "care", user="Cat")
    assert kept is not None
    assert kept.text == "latest"


def test_the_younger_of_store_and_file_is_the_draft(begun: Store) -> None:
    older = begun._draft("ely", "care", "in a file", base_version=1, user="Cat")
    drafts.write_file(begun._beside, older)
    begun.save_draft("ely", "care", "in the store", base_version=1, user="Cat")
    kept = begun.load_draft("ely", "care", user="Cat")
    assert kept is not None
    assert kept.text == "in the store"
    younger = begun._draft("ely", "care", "in a file again", base_version=1, user="Cat")
    path = drafts.write_file(begun._beside, younger)
    kept = begun.load_draft("ely", "care", user="Cat")
    assert kept is not None
    assert kept.text == "in a file again"
    assert path is not None
    path.write_text("{broken")
    kept = begun.load_draft("ely", "care", user="Cat")
    assert kept is not None
    assert kept.text == "in the store"
    begun.drop_draft("ely", "care", user="Cat")
    assert begun.load_draft("ely", "care", user="Cat") is None


def test_two_stores_do_not_mix_up_what_was_not_saved(
    begun: Store,
    new_address: Callable[..., str],
    kind: str,
    request: pytest.FixtureRequest,
    own_temporary_folder: Path,
) -> None:
    with Store(new_address(kind, staffed=True), validate=str) as other:
        vanish(begun, request)
        with pytest.raises(StoreGone):
            begun.save("ely", "care", "typed", base_version=1, user="Cat")
        assert other.load_draft("ely", "care", user="Cat") is None
        folders = {drafts._folders(store._beside) for store in (begun, other)}
        assert len({folder for both in folders for folder in both}) == 4


@pytest.mark.parametrize("kind", ["sqlite"])
def test_where_nothing_can_be_written_the_error_still_carries_the_text(
    begun: Store, own_temporary_folder: Path, request: pytest.FixtureRequest
) -> None:
    (Path(begun.shown).parent / "unsaved").write_text("a file in the way")
    own_temporary_folder.rmdir()
    own_temporary_folder.write_text("another")
    vanish(begun, request)
    with pytest.raises(StoreGone, match="what you typed is not on a disk") as gone:
        begun.save("ely", "care", "typed", base_version=1, user="Cat")
    assert (gone.value.text, gone.value.kept) == ("typed", "")


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_folder_that_somebody_else_put_there_is_not_used(
    begun: Store, own_temporary_folder: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (Path(begun.shown).parent / "unsaved").symlink_to(elsewhere)
    name = drafts._folders(begun._beside)[1].name
    (own_temporary_folder / name).symlink_to(elsewhere)
    vanish(begun, request)
    with pytest.raises(StoreGone) as gone:
        begun.save("ely", "care", "typed", base_version=1, user="Cat")
    assert gone.value.kept == ""
    assert list(elsewhere.iterdir()) == []


# ------------------------------------------------------------------------------ other faults


def test_a_database_that_others_hold_is_busy(
    begun: Store, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Store(address, validate=str)
    monkeypatch.setattr(database, "WAIT_S", 1)
    with other._database.writing(), pytest.raises(StoreBusy) as busy:
        begun.save("ely", "care", "typed", base_version=1, user="Cat")
    assert busy.value.text == "typed"
    assert begun.save("ely", "care", "typed", base_version=1, user="Cat").number == 2
    other.close()


@pytest.mark.parametrize("kind", POSTGRES)
def test_a_server_whose_connections_are_all_in_use_is_busy(
    begun: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool: Any = begun._database.engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.1)
    with contextlib.ExitStack() as held:
        for _ in range(pool.size() + pool._max_overflow):
            held.enter_context(begun._database.reading())
        with pytest.raises(StoreBusy, match="every connection is in use"):
            begun.load("ely", "care", user="Cat")
    assert begun.load("ely", "care", user="Cat").text == "first"


def test_a_database_that_cannot_be_written_says_so(
    begun: Store, request: pytest.FixtureRequest
) -> None:
    if begun._database.path is not None:

        def read_only(connection: sqlite3.Connection, _: object) -> None:
            connection.execute("PRAGMA query_only = ON")

        event.listen(begun._database.engine, "connect", read_only)
    else:
        name = make_url(str(begun._database.address.url)).database
        cluster = request.getfixturevalue("cluster")
        cluster.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        begun.close()
    with pytest.raises(StoreReadOnly) as refused:
        begun.save("ely", "care", "typed", base_version=1, user="Cat")
    assert refused.value.text == "typed"
    assert begun.load("ely", "care", user="Cat").text == "first"


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_broken_file_says_so(begun: Store) -> None:
    path = Path(begun.shown)
    content = bytearray(path.read_bytes())
    content[:100] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(StoreDamaged) as damaged:
        begun.save("ely", "care", "typed", base_version=1, user="Cat")
    assert damaged.value.text == "typed"
    with pytest.raises(StoreDamaged):
        Store(path)


def test_an_error_of_the_machine_travels_between_processes(begun: Store) -> None:
    import pickle

    error = StoreFull("s", text="typed", kept="file")
    again = pickle.loads(pickle.dumps(error))
    assert (again.text, again.kept, str(again)) == ("typed", "file", str(error))


def test_a_save_that_fails_halfway_leaves_nothing(begun: Store) -> None:
    before = begun.check().digest

    def fail(*arguments: object) -> None:
        if str(arguments[2]).startswith("INSERT INTO audit"):
            raise RuntimeError("a fault of the program")

    event.listen(begun._database.engine, "before_cursor_execute", fail)
    acts: list[Callable[[], object]] = [
        lambda: begun.save("ely", "care", "x", base_version=1, user="Cat"),
        lambda: begun.mark("ely", "care", 1, "consultation", user="Cat"),
        lambda: begun.comment("ely", "x", user="Flo"),
        lambda: begun.upload("ely", "x", b"x", user="Cat"),
        lambda: begun.appoint("Ann", "board", place="ely", user="Stu"),
        lambda: begun.add_place("ely", "Elsewhere", user="Stu"),
    ]
    for act in acts:
        with pytest.raises(RuntimeError):
            act()
    event.remove(begun._database.engine, "before_cursor_execute", fail)
    assert begun.check().digest == before
