"""Which key a field is drawn under, and how much of them a session remembers."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest


def page() -> None:
    """Draw a field that shows a number; a button of the page makes it larger, ten is the most."""
    import streamlit as st

    from pages.shared import typed

    held = st.session_state.setdefault("held", {"number": 1.0})
    key = typed.seed("number", held["number"])

    def take(number: float) -> None:
        held["number"] = min(number, 10.0)
        st.session_state["taken"] = st.session_state.get("taken", 0) + 1

    def more() -> None:
        held["number"] += 1

    st.number_input("Number", key=key, on_change=typed.when_changed(key, take))
    st.button("More", on_click=more)
    typed.drawn()


def opened() -> Any:
    test = AppTest.from_function(page).run()
    assert not test.exception
    return test


def test_a_field_that_the_page_fills_anew_is_another_one() -> None:
    test = opened()
    assert [field.key for field in test.number_input] == ["number"]
    test.button[0].click().run()
    assert [(field.key, field.value) for field in test.number_input] == [("number~1", 2.0)]
    test.run()
    assert [(field.key, field.value) for field in test.number_input] == [("number~1", 2.0)]


def test_a_field_stays_the_same_where_its_own_value_is_taken_or_refused() -> None:
    test = opened()
    test.number_input[0].set_value(7.0).run()
    assert [(field.key, field.value) for field in test.number_input] == [("number", 7.0)]
    test.number_input[0].set_value(70.0).run()
    assert [(field.key, field.value) for field in test.number_input] == [("number", 10.0)]
    assert test.session_state["taken"] == 2


def crowded() -> None:
    """Draw more fields than any page has."""
    from pages.shared import typed

    for number in range(1100):
        typed.seed(f"field {number}", number)


def test_a_session_remembers_only_so_many_fields() -> None:
    test = AppTest.from_function(crowded).run()
    assert not test.exception
    held = test.session_state["typed.shown"].held
    assert len(held) == 1000
    assert held["field 1099"] == 1099
    assert "field 99" not in held
