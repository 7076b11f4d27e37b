"""`commonground store`: what it prints, and how it ends."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cli
from data.access import OPERATOR
from data.store import Store


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("COMMONGROUND_HOME", str(home))
    monkeypatch.delenv("COMMONGROUND_DATABASE_URL", raising=False)
    return home


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, ["store", *(str(argument) for argument in arguments)])


def said(result: Result, what: str) -> str:
    found = re.search(rf"^{what}: (\S+)$", result.stdout, flags=re.MULTILINE)
    assert found, result.stdout + result.stderr
    return found.group(1)


@pytest.mark.parametrize("command", ["backup", "check"])
def test_where_there_is_no_store_none_is_made(command: str, own_home: Path, tmp_path: Path) -> None:
    done = call(*[command, *([tmp_path / "b.sqlite"] if command == "backup" else [])])
    assert done.exit_code == 1
    assert "there is no store here yet" in done.stderr
    assert not (own_home / "store.sqlite").exists()


def test_the_first_steward_is_made_on_the_machine(own_home: Path) -> None:
    done = call("appoint", "Ann", "steward")
    assert (done.exit_code, done.stdout) == (0, "Ann is steward everywhere\n")
    store = Store(create=False)
    assert store.shown == str(own_home / "store.sqlite")
    store.add_place("ely", "Ely", user="Ann")
    assert call("appoint", "Cat", "commissioner", "--place", "ely").stdout == (
        "Cat is commissioner in ely\n"
    )
    assert str(store.role_of("Cat", "ely")) == "commissioner"
    for wrong in (("Ann", "king"), ("(x)", "board"), ("Ann", "board", "--place", "nowhere")):
        done = call("appoint", *wrong)
        assert done.exit_code == 1
        assert done.stderr.startswith("Error: ")


def test_backup_restore_and_check_agree_on_head_and_hash(
    store: Store,
    address: str,
    kind: str,
    new_address: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.save("ely", "care", "one", base_version=0, user="Cat")
    monkeypatch.setenv("COMMONGROUND_DATABASE_URL", address)
    checked = call("check")
    assert checked.exit_code == 0, checked.stderr
    assert checked.stdout.startswith("Nothing is wrong in ")
    assert checked.stdout.splitlines()[0].endswith(
        ": audit entries 7, places 1, appointments 5, versions 1, marks 1, comments 0, uploads 0, "
        "what they were made with 0, hidden comments 0, unsaved texts 0"
    )
    made = call("backup", tmp_path / "b.sqlite")
    assert made.stdout.startswith(f"Wrote {tmp_path / 'b.sqlite'}: audit entries 7, ")
    other = new_address("sqlite" if kind == "postgres" else kind)
    restored = call("restore", tmp_path / "b.sqlite", "--database", other)
    assert restored.stdout.splitlines()[0].startswith("Restored into ")
    again = call("check", "--database", other)
    for what in ("Head of the audit trail", "Hash of the content"):
        assert len({said(result, what) for result in (checked, made, restored, again)}) == 1
    head = said(made, "Head of the audit trail")
    store.comment("ely", "later", user="Flo")
    assert call("check", "--head", head).exit_code == 0
    assert call("check", "--head", head[:-1] + "x").exit_code == 1
    refused = call("restore", tmp_path / "b.sqlite")
    assert refused.exit_code == 1
    assert "nothing was overwritten" in refused.stderr


@pytest.mark.parametrize("kind", ["sqlite"])
def test_check_ends_with_one_where_something_was_changed(store: Store, address: str) -> None:
    store.save("ely", "care", "one", base_version=0, user="Cat")
    behind = sqlite3.connect(address)
    behind.execute("DROP TRIGGER versions_no_update")
    behind.execute("UPDATE versions SET text = 'two'")
    behind.commit()
    behind.close()
    done = call("check", "--database", address)
    assert done.exit_code == 1
    assert "the store is not what its audit trail says" in done.stderr
    assert "ely, care 1: the text is not the one that was saved" in done.stderr
    assert "the trigger that refuses to update rows of versions is not there" in done.stderr
    assert "Traceback" not in done.stderr


def test_restore_makes_a_store_where_there_is_none(tmp_path: Path, own_home: Path) -> None:
    first = Store(tmp_path / "first.sqlite")
    first.add_place("ely", "Ely", user=OPERATOR)
    assert (
        call("backup", tmp_path / "b.sqlite", "--database", tmp_path / "first.sqlite").exit_code
        == 0
    )
    assert call("restore", tmp_path / "b.sqlite").exit_code == 0
    assert [place.name for place in Store(own_home / "store.sqlite").places()] == ["Ely"]


def test_a_restore_that_cannot_be_leaves_no_empty_store_behind(
    tmp_path: Path, own_home: Path
) -> None:
    (tmp_path / "letter.txt").write_text("Dear all")
    for name, why in (("nowhere.sqlite", "there is no such file"), ("letter.txt", "backup")):
        done = call("restore", tmp_path / name)
        assert done.exit_code == 1
        assert why in done.stderr
        assert not (own_home / "store.sqlite").exists()


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = f"postgresql://ann:hush@/ground?host={tmp_path}"
    monkeypatch.setenv("COMMONGROUND_DATABASE_URL", url)
    done = call("check")
    assert done.exit_code == 1
    assert "cannot be reached" in done.stderr
    assert "hush" not in done.output
