"""Who sits at the screen: named by whoever starts the server, on a machine of their own only."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

import cli
from data import server
from data.access import OPERATOR
from data.store import Store

pytestmark = pytest.mark.usefixtures("open_grid")
PAGE = """
import streamlit as st
from data.access import Act
from pages.shared import blocks, who
found = who.current(blocks.opened())
st.text(f"{found.name}|{found.role}|{found.may(Act.SAVE)}|{found.may(Act.READ_OPEN)}")
st.caption(found.trouble)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a store, and a server that nobody named."""
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    for name in ("COMMONGROUND_USER", "COMMONGROUND_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def seen() -> str:
    test = AppTest.from_string(PAGE, default_timeout=60)
    test.run()
    assert not test.exception
    return str(test.text[0].value)


def test_nobody_is_named_so_everybody_is_a_visitor_who_reads(home: Path) -> None:
    assert seen() == "|viewer|False|True"
    assert not (home / "store.sqlite").exists(), "looking must not make a store"


def test_a_name_without_an_appointment_is_a_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONGROUND_USER", "Ann")
    assert seen() == "Ann|viewer|False|True"


def test_the_store_says_what_a_name_is_and_takes_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONGROUND_USER", "Ann")
    with Store() as store:
        store.add_place("grid", "Gridville", user=OPERATOR)
        store.appoint("Ann", "commissioner", place="grid", user=OPERATOR)
        assert seen() == "Ann|commissioner|True|True"
        store.appoint("Ann", "viewer", place="grid", user=OPERATOR)
        assert seen() == "Ann|viewer|False|True"


def test_a_role_elsewhere_is_none_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONGROUND_USER", "Ann")
    with Store() as store:
        store.add_place("ely", "Ely", user=OPERATOR)
        store.appoint("Ann", "steward", place="ely", user=OPERATOR)
    assert seen() == "Ann|viewer|False|True"


@pytest.mark.parametrize("wrong", ["(operator)", "two\nlines", "x" * 200])
def test_a_name_that_cannot_be_one_is_nobody(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONGROUND_USER", wrong)
    assert seen() == "|viewer|False|True"


def test_where_others_can_reach_the_server_a_name_counts_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import streamlit as st

    monkeypatch.setenv("COMMONGROUND_USER", "Ann")
    before = st.get_option("server.address")
    st._config.set_option("server.address", "0.0.0.0")
    try:
        assert seen() == "|viewer|False|True"
    finally:
        st._config.set_option("server.address", before)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("127.8.8.8", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.7", False),
        ("commonground.example", False),
        ("", False),
    ],
)
def test_only_addresses_of_this_machine_are_its_own(host: str, own: bool) -> None:
    assert server.is_this_machine(host) is own


# ------------------------------------------------------------------------------ serve


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `serve` say that it is ready and end at once."""

    def stand_in(listener: socket.socket, ready: Any) -> bool:
        ready()
        listener.close()
        return True

    monkeypatch.setattr(server, "serve", stand_in)
    for name in ("PLACE", "USER"):
        monkeypatch.setenv(f"COMMONGROUND_{name}", "")
    for name in ("STREAMLIT_SERVER_ADDRESS", "STREAMLIT_SERVER_PORT"):
        monkeypatch.setenv(name, "")
    monkeypatch.chdir(Path(cli.__file__).parent)


def call(grid: Path, *options: str) -> Any:
    command = ["serve", str(grid), "--no-browser", "--port", "0", *options]
    return CliRunner().invoke(cli.app, command)


@pytest.mark.usefixtures("served")
def test_serve_appoints_in_the_place_it_opens_and_says_so(grid: Path) -> None:
    done = call(grid, "--user", "Ann", "--role", "commissioner")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "Ann is commissioner"
    with Store(create=False) as store:
        assert [(place.id, place.name) for place in store.places()] == [("grid", "Gridville")]
        assert [(g.person, g.place, str(g.role), g.by) for g in store.grants(user=OPERATOR)] == [
            ("Ann", "grid", "commissioner", "(operator)")
        ]
        entries = len(store.audit(user=OPERATOR))
        call(grid, "--user", "Ann", "--role", "commissioner")
        assert len(store.audit(user=OPERATOR)) == entries, "what holds already is not written anew"
    assert seen() == "Ann|commissioner|True|True"


@pytest.mark.usefixtures("served")
def test_serve_with_a_name_alone_changes_nothing(grid: Path, home: Path) -> None:
    assert call(grid, "--user", "Ann").stdout.splitlines()[-1] == "Ann is viewer"
    assert not (home / "store.sqlite").exists()


@pytest.mark.usefixtures("served")
def test_serve_without_a_name_makes_nobody_anything(grid: Path, home: Path) -> None:
    done = call(grid)
    assert done.exit_code == 0
    assert " is " not in done.stdout.splitlines()[-1].replace(" is open at", "")
    assert seen() == "|viewer|False|True"
    assert not (home / "store.sqlite").exists()


@pytest.mark.usefixtures("served")
def test_serve_names_the_user_of_the_machine_where_only_a_role_is_given(
    grid: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "flora")
    assert call(grid, "--role", "board").stdout.splitlines()[-1] == "flora is board"


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--user", "Ann", "--host", "0.0.0.0"), "an address of this machine only"),
        (("--user", "Ann", "--role", "king"), "a role must be one of"),
        (("--user", "(operator)", "--role", "board"), "a name must be plain text"),
    ],
)
def test_serve_refuses_what_would_make_strangers_somebody(
    grid: Path, home: Path, options: tuple[str, ...], why: str
) -> None:
    done = call(grid, *options)
    assert done.exit_code == 1
    assert why in done.stderr
    assert not (home / "store.sqlite").exists()
