"""What somebody works on is kept as they type, and comes back in another session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data.access import OPERATOR
from data.store import Store
from data.store_errors import StoreFull

PAGE = """
import streamlit as st
from pages.shared import blocks, links, working
result = blocks.opened()
link = links.Link("budget")
typed = st.text_area("typed", key="typed")
if typed:
    working.put(result, typed)
st.button("anew", key="anew", on_click=working.start_anew, args=(result,))
working.stamp(result)
st.code(working.document(result))
st.text(str(working.version(result)))
link.explain()
link.keep()
"""
ONE = '[scenario]\nid = "care"\ntitle = "Care"\nstatus = "draft"\n'
pytestmark = pytest.mark.usefixtures("open_grid")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COMMONGROUND_DATABASE_URL", raising=False)
    monkeypatch.setenv("COMMONGROUND_USER", "Ann")
    with Store() as opened:
        opened.add_place("grid", "Gridville", user=OPERATOR)
        opened.appoint("Ann", "commissioner", place="grid", user=OPERATOR)
        opened.appoint("Bo", "board", place="grid", user=OPERATOR)
        yield opened


def opened(**address: str) -> Any:
    test = AppTest.from_string(PAGE, default_timeout=120)
    for key, value in address.items():
        test.query_params[key] = value
    return run(test)


def run(test: Any) -> Any:
    test.run()
    assert not test.exception
    return test


def typed(test: Any, text: str) -> Any:
    test.text_area(key="typed").set_value(text)
    run(test)
    test.text_area(key="typed").set_value("")
    return run(test)


def document(test: Any) -> str:
    return str(test.code[0].value)


def stamped(test: Any) -> str:
    return "".join(element.proto.body for element in test.get("html"))


def test_what_was_typed_comes_back_in_a_new_session_and_to_nobody_else(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(opened(), "half a scen")
    assert [draft.text for draft in store.drafts("grid", user="Ann")] == ["half a scen"]
    again = opened()
    assert document(again) == "half a scen"
    assert "were brought back" in again.markdown[0].value
    assert "kept as you type" in stamped(again)
    monkeypatch.setenv("COMMONGROUND_USER", "Bo")
    assert document(opened()) == ""
    monkeypatch.setenv("COMMONGROUND_USER", "")
    assert document(opened()) == ""


def test_what_was_brought_back_can_be_dropped(store: Store) -> None:
    typed(opened(), "half a scen")
    again = opened()
    again.button(key="working.drop").click()
    run(again)
    assert document(again) == ""
    assert store.drafts("grid", user="Ann") == ()
    assert document(opened()) == ""


def test_changes_to_a_version_come_back_on_that_version(store: Store) -> None:
    store.save("grid", "care", ONE, base_version=0, user="Ann")
    typed(opened(scenario="care~1"), ONE + "# more\n")
    for address in ({}, {"scenario": "care~1"}):
        again = opened(**address)
        assert document(again) == (ONE + "# more\n").rstrip()
        assert again.text[0].value == "('care', 1, 'draft')"
        assert "from version 1" in stamped(again)


def test_going_back_to_what_is_saved_forgets_the_draft(store: Store) -> None:
    store.save("grid", "care", ONE, base_version=0, user="Ann")
    test = typed(opened(scenario="care~1"), ONE + "# more\n")
    test = typed(test, ONE)
    assert store.drafts("grid", user="Ann") == ()
    assert "changed" not in stamped(test)


def test_a_link_to_something_else_sets_unsaved_changes_aside(store: Store) -> None:
    typed(opened(), "half a scen")
    store.save("grid", "care", ONE, base_version=0, user="Ann")
    test = opened(scenario="care~1")
    assert document(test) == ONE.rstrip()
    test.button(key="working.aside.0").click()
    run(test)
    assert document(test) == "half a scen"


def test_starting_anew_sets_aside_and_drops_nothing(store: Store) -> None:
    test = typed(opened(), "half a scen")
    test.button(key="anew").click()
    run(test)
    assert document(test) == ""
    test.button(key="working.aside.0").click()
    run(test)
    assert document(test) == "half a scen"


def test_a_visitors_changes_stay_in_the_session_and_make_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COMMONGROUND_USER", "")
    test = typed(opened(), "half a scen")
    assert document(run(test)) == "half a scen"
    assert "you are a visitor" in stamped(test)
    assert document(opened()) == ""
    assert not (tmp_path / "home" / "store.sqlite").exists()


def test_where_the_disk_is_full_it_is_kept_in_a_file_and_comes_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from data.store import drafts

    test = opened()

    def full(*_: object) -> None:
        raise StoreFull("store")

    with monkeypatch.context() as broken:
        broken.setattr(drafts, "put", full)
        test = typed(test, "half a scen")
        assert "disk of the store is full" in test.warning[0].value
        assert "kept in the file" in stamped(test)
    assert document(opened()) == "half a scen"
    assert [draft.text for draft in store.drafts("grid", user="Ann")] == ["half a scen"]


def test_a_store_that_vanished_is_missed_and_what_is_typed_is_in_a_file(
    store: Store, tmp_path: Path
) -> None:
    test = opened()
    file = tmp_path / "home" / "store.sqlite"
    file.rename(tmp_path / "moved.sqlite")
    test = typed(test, "half a scen")
    assert document(test) == "half a scen"
    assert not file.exists(), "a vanished store must not come back empty"
    (tmp_path / "moved.sqlite").rename(file)
    test = typed(test, "half a scenario")
    assert [draft.text for draft in store.drafts("grid", user="Ann")] == ["half a scenario"]


def test_two_places_in_one_session_do_not_share_what_is_worked_on(
    store: Store, tmp_path: Path, make_place: Callable[..., Path]
) -> None:
    make_place(tmp_path / "home" / "packages" / "other", id="other", name="Otherton")
    store.save("grid", "care", ONE, base_version=0, user="Ann")
    test = typed(opened(scenario="care~1"), "half a scen")
    test.query_params.clear()
    test.query_params["place"] = "other"
    run(test)
    assert document(test) == ""
    assert test.text[0].value == "None"
    assert "scenario" not in test.query_params
    test.query_params["place"] = "grid"
    run(test)
    assert document(test) == "half a scen"


def test_lines_of_money_are_kept_cell_by_cell_as_they_were() -> None:
    from data import versions

    lines = pd.DataFrame(
        {
            "id": ["001", "=1+1", "", "a\nb"],
            "title": ["NA", "null", '"quoted", and, commas', "שלום 🌳"],
            "amount": ["1,200.07", " 5 ", "1e5", "-0"],
        }
    )
    back = versions.lines_of_text(versions.lines_as_text(lines))
    assert back is not None
    assert back.to_dict("list") == lines.to_dict("list")
    assert versions.lines_of_text(versions.lines_as_text(None)) is None


@pytest.mark.parametrize(
    ("title", "taken", "made"),
    [
        ("Parks first", (), "parks-first"),
        ("Parks first", ("parks-first",), "parks-first-2"),
        ("Parks first", ("parks-first", "parks-first-2"), "parks-first-3"),
        ("Über Straßen & Wege", (), "uber-straen-wege"),
        ("שלום", (), "scenario"),
        ("שלום", ("scenario",), "scenario-2"),
        ("  ", (), "scenario"),
        ("x" * 200, (), "x" * 60),
        ("../../etc", (), "etc"),
    ],
)
def test_an_id_made_of_a_title_is_plain_and_its_own(
    title: str, taken: tuple[str, ...], made: str
) -> None:
    from data import versions

    assert versions.id_of(title, taken) == made


def test_a_document_of_another_status_is_saved_as_a_draft_of_whoever_saves() -> None:
    from budgets import scenario
    from data import versions

    text = ONE.replace('"draft"', '"agreed"\nby = "Board"\non = 2026-05-01')
    found = scenario.parse(versions.renamed(text, identifier="bus", title="Bus", by="Ann"))
    head = found.head
    assert (head.id, head.title, head.status, head.by, head.on) == (
        "bus",
        "Bus",
        "draft",
        "Ann",
        None,
    )
