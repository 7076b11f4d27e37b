"""A browser that is late: it tells of fields as they were before the page filled them anew.

One websocket speaks Streamlit's own messages as a browser does, and answers as slowly as it must:
what it was sent meanwhile it has not drawn. Whatever it tells, nothing that was typed is lost and
nothing that was taken back returns.
"""

from __future__ import annotations

import json
import sqlite3
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

PAGE = "budget"
TITLE, TEXT = "choices.title", "choices.text"
KINDS = {"text_input": "string_value", "text_area": "string_value", "selectbox": "string_value"}


class LateBrowser:
    """What a browser holds: the fields that it has drawn, and what stands in them."""

    def __init__(self, address: str, socket: Any, query: str) -> None:
        self.address, self.socket = address, socket
        self.ids: dict[str, str] = {}  # name of a field -> id of its widget
        self.states: dict[str, WidgetState] = {}  # id of a widget -> what stands in it
        self.fragments: dict[str, str] = {}  # name of a field -> the part of the page it asks for
        self.touched = ""
        self.undrawn: list[Any] = []
        self.query, self.page_hash = query, ""

    def ask(self, pressed: str = "") -> None:
        """Ask for a run with everything that stands in the fields, as every request does."""
        sent = BackMsg()
        asked = sent.rerun_script
        asked.query_string, asked.page_script_hash = self.query, self.page_hash
        asked.page_name = "" if self.page_hash else PAGE
        asked.fragment_id = self.fragments.get(pressed or self.touched, "")
        asked.widget_states.widgets.extend(self.states.values())
        if pressed:
            asked.widget_states.widgets.append(
                WidgetState(id=self.ids[pressed], trigger_value=True)
            )
        asked.context_info.timezone, asked.context_info.locale = "Europe/London", "en-GB"
        asked.context_info.url = f"{self.address}/{PAGE}"
        self.socket.send(sent.SerializeToString())

    def ask_twice(self, pressed: str = "", *, then: str = "") -> None:
        """Ask, and once more as soon as the run has begun; both have come when this returns.

        What asks last is the whole page, as a press in the menu does, or the part in which the
        field `then` stands. Only the whole page cuts a run short: that of a part waits its turn.
        """
        self.ask(pressed)
        while ForwardMsg.FromString(self.socket.recv(60)).WhichOneof("type") != "new_session":
            pass
        self.touched = then
        self.ask()
        # The same loop answers these: what came before them has been taken in by then. A machine
        # with much to do may read one socket before the other.
        for _ in range(5):
            urlopen(f"{self.address}/health", timeout=60).close()
            time.sleep(0.05)

    def hear(self, *, draw: bool = True) -> bool:
        """Wait for the end of the run; draw what came, or later. Say whether one was cut short."""
        short = False
        while True:
            message = ForwardMsg.FromString(self.socket.recv(60))  # type: ignore[arg-type]
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self.page_hash = message.navigation.page_script_hash
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "delta":
                self.undrawn.append(message.delta)
            elif kind == "script_finished":
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    break
                short = True
        while draw and self.undrawn:
            self._draw(self.undrawn.pop(0))
        return short

    def act(self, pressed: str = "", *, draw: bool = True) -> None:
        """Ask, and wait for the answer."""
        self.ask(pressed)
        self.hear(draw=draw)

    def type(self, name: str, words: str) -> None:
        """Let something stand in a field."""
        self.touched = name
        self.states[self.ids[name]].string_value = words

    def value(self, name: str) -> str:
        return self.states[self.ids[name]].string_value

    def _draw(self, delta: Any) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type")
        element = getattr(delta.new_element, kind)
        assert kind != "exception", element.message
        id = getattr(element, "id", "")
        if not id:
            return
        name = id.split("-", 2)[-1].partition("~")[0]
        self.ids[name], self.fragments[name] = id, delta.fragment_id
        if kind in KINDS and element.set_value:
            given = element.raw_value if kind == "selectbox" else element.value
            self.states[id] = WidgetState(id=id, string_value=given)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("late")


@pytest.fixture(scope="module")
def served(grid: Path, home: Path, serve_place: Any) -> Iterator[str]:
    """The address of a server at which a commissioner sits."""
    with closing(serve_place(grid, home, user="Cat", role="commissioner")) as servers:
        yield next(servers).address


SLOW = """
import os, time
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
read = ScriptCache.get_bytecode
def read_late(*args):  # a run has been announced by then, and has carried nothing out
    while os.path.exists(os.environ["SLOW_WHILE"]):
        time.sleep(0.02)
    return read(*args)
ScriptCache.get_bytecode = read_late
"""


@pytest.fixture
def slow_server(
    grid: Path, tmp_path: Path, serve_place: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Path]]:
    """A server so busy that no run begins while a file is there, though it was announced."""
    (tmp_path / "sitecustomize.py").write_text(SLOW)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("SLOW_WHILE", str(tmp_path / "slow"))
    with closing(serve_place(grid, tmp_path, user="Cat", role="commissioner")) as servers:
        yield next(servers).address, tmp_path


@contextmanager
def visit(address: str, part: str) -> Iterator[LateBrowser]:
    """Open a part of the Budget."""
    host = urlsplit(address).netloc
    with connect(
        f"ws://{host}/_stcore/stream",
        subprotocols=["streamlit"],  # type: ignore[list-item]
        origin=address,  # type: ignore[arg-type]
        max_size=None,
    ) as socket:
        visitor = LateBrowser(address, socket, f"v=1&part={part}")
        visitor.act()
        yield visitor


@pytest.fixture
def browser(served: str, home: Path) -> Iterator[LateBrowser]:
    """A browser with nothing unsaved, in which a first choice has been added."""
    with closing(sqlite3.connect(home / "store.sqlite")) as store, store:
        store.execute("DELETE FROM drafts")
    with visit(served, "choices") as visitor:
        visitor.act("choices.add.change")
        assert visitor.fragments[TITLE], "a browser asks for the part in which a field stands"
        yield visitor


@contextmanager
def waiting_store(home: Path) -> Iterator[None]:
    """Let whatever writes to the store wait until the end."""
    with closing(sqlite3.connect(home / "store.sqlite", isolation_level=None)) as store:
        store.execute("BEGIN IMMEDIATE")
        yield
        store.execute("ROLLBACK")


def draft(home: Path) -> dict[str, Any]:
    """Return the choices as the store keeps them."""
    with closing(sqlite3.connect(home / "store.sqlite")) as store:
        texts = store.execute("SELECT text FROM drafts").fetchall()
    return tomllib.loads(texts[0][0]) if texts else {}


def test_what_was_typed_in_one_field_outlives_the_next(browser: LateBrowser, home: Path) -> None:
    """The whole document stands in a field too, and tells of the title that was."""
    browser.type(TITLE, "Half done")
    browser.act(draw=False)
    assert "Half done" not in browser.value(TEXT)
    browser.type("choices.change.1.reason", "In the middle of a sentence")
    browser.act()
    kept = draft(home)
    assert kept["scenario"]["title"] == "Half done"
    assert kept["change"][0]["reason"] == "In the middle of a sentence"
    assert browser.value(TITLE) == "Half done"
    assert tomllib.loads(browser.value(TEXT)) == kept


def test_what_was_typed_is_kept_when_the_next_press_cuts_its_run_short(
    browser: LateBrowser, home: Path
) -> None:
    """Two fields change; the store keeps the first waiting; something in the menu is pressed."""
    browser.type(TITLE, "Half done")
    browser.type("choices.change.1.reason", "In the middle of a sentence")
    with waiting_store(home):
        browser.ask_twice()
    assert browser.hear(), "nothing was tried: the run had ended before"
    kept = draft(home)
    assert kept["scenario"]["title"] == "Half done"
    assert kept["change"][0]["reason"] == "In the middle of a sentence"


def test_what_was_typed_is_kept_when_the_same_part_is_asked_again(
    browser: LateBrowser, home: Path
) -> None:
    """The store keeps the first waiting, and the next press in the same part comes."""
    browser.type(TITLE, "Half done")
    browser.type("choices.change.1.reason", "In the middle of a sentence")
    with waiting_store(home):
        browser.ask_twice(then=TITLE)
    browser.hear()
    browser.act()  # whatever the two runs told, both have ended now
    kept = draft(home)
    assert kept["scenario"]["title"] == "Half done"
    assert kept["change"][0]["reason"] == "In the middle of a sentence"


def test_a_save_is_carried_out_whole_when_the_next_press_comes_meanwhile(
    browser: LateBrowser, home: Path
) -> None:
    """The store makes the version wait; what follows it, the page's own note of it, comes too."""
    browser.type(TITLE, "Parks for all")
    browser.act()
    with visit(browser.address, "saved") as other:
        with waiting_store(home):
            other.ask_twice("saving.new")
        assert other.hear(), "nothing was tried: the run had ended before"
        assert draft(home) == {}
        assert parse_qs(other.query)["scenario"] == ["parks-for-all~1"]


def test_what_was_pressed_is_carried_out_when_the_next_press_comes_before_it_began(
    slow_server: tuple[str, Path],
) -> None:
    """A browser tells of a press once: a run that ends before its callbacks has lost it."""
    address, home = slow_server
    with visit(address, "choices") as browser:
        (home / "slow").touch()
        browser.ask_twice("choices.add.change")
        (home / "slow").unlink()
        assert browser.hear(), "nothing was tried: the run had ended before"
    assert len(draft(home)["change"]) == 1


def test_a_choice_that_was_taken_out_leaves_nothing_in_the_next(
    browser: LateBrowser, home: Path
) -> None:
    """The second choice is the first now; the browser still shows the fields of the one before."""
    browser.type("choices.change.1.reason", "of the first")
    browser.act()
    browser.act("choices.add.change")
    browser.type("choices.change.2.reason", "of the second")
    browser.act()
    browser.act("choice_change_1.open")
    assert browser.value("choices.change.1.reason") == "of the first"
    browser.act("choice_change_1.out", draw=False)
    browser.act("choices.add.share")
    assert [entry["reason"] for entry in draft(home)["change"]] == ["of the second"]


def test_what_is_pressed_on_an_old_list_takes_no_other_choice_out(
    browser: LateBrowser, home: Path
) -> None:
    """The first of three is out; the browser shows the old numbers, and the second is pressed."""
    for number in (2, 3):
        browser.act("choices.add.change")
        browser.type(f"choices.change.{number}.reason", f"number {number}")
        browser.act()
    browser.act("choice_change_1.out", draw=False)
    browser.act("choice_change_2.out")
    assert [entry["reason"] for entry in draft(home)["change"]] == ["number 2", "number 3"]
    browser.act("choice_change_1.out")
    assert [entry["reason"] for entry in draft(home)["change"]] == ["number 3"]


def test_choices_that_were_dropped_stay_dropped(browser: LateBrowser, home: Path) -> None:
    """Whoever empties the document empties the fields too, whatever the browser still shows."""
    browser.type(TITLE, "Half done")
    browser.act()
    browser.act("choice_change_1.open", draw=False)
    browser.type(TEXT, "")
    browser.act(draw=False)
    assert draft(home) == {}
    assert browser.value(TITLE) == "Half done"
    browser.act("choices.add.share")
    kept = draft(home)
    assert "change" not in kept
    assert kept["scenario"]["title"] == "A new scenario" == browser.value(TITLE)


def test_a_field_can_be_set_back_to_what_it_was(browser: LateBrowser, home: Path) -> None:
    """What was there before is a change as well when it is typed."""
    before = browser.value(TITLE)
    browser.type(TITLE, "Half done")
    browser.act(draw=False)
    browser.type(TITLE, before)
    browser.act()
    assert draft(home)["scenario"]["title"] == before == browser.value(TITLE)


def test_a_cell_that_was_taken_back_stays_so(browser: LateBrowser, home: Path) -> None:
    """The browser still shows the grid in which the cell was typed."""
    with visit(browser.address, "lines") as other:
        other.touched = "budget.lines.grid.1"
        grid = other.ids[other.touched]
        typed = {"edited_rows": {"0": {"title": "Typed"}}, "added_rows": [], "deleted_rows": []}
        other.states[grid] = WidgetState(id=grid, string_value=json.dumps(typed))
        other.act()
        assert "Typed" in draft_lines(home)
        other.act("budget.lines.back", draw=False)
        assert "Typed" not in draft_lines(home)
        other.act()
        assert "Typed" not in draft_lines(home)


def draft_lines(home: Path) -> str:
    with closing(sqlite3.connect(home / "store.sqlite")) as store:
        return "".join(lines for (lines,) in store.execute("SELECT lines FROM drafts"))
