"""Links: what an address asks for, what the session remembers, and what is said of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import links


def page() -> None:
    import streamlit as st

    from pages.shared import links

    link = links.Link("page")
    level = link.option("level", options=["sq", "wd"], default="sq", what="kind of area")
    need = link.number("need", low=0, high=100, default=50, what="strength of need")
    st.selectbox("Level", ["sq", "wd"], key=link.key("level"))
    st.slider("Need", 0, 100, key=link.key("need"))
    link.explain()
    st.text(f"{level} {need} {type(need).__name__}")
    link.keep()


def opened(**address: str) -> Any:
    test = AppTest.from_function(page)
    for key, value in address.items():
        test.query_params[key] = value
    return test.run()


def address(test: Any) -> dict[str, str]:
    """Return the address; AppTest gives a list before a run and a text after it."""
    pairs = dict(test.query_params).items()
    return {key: value if isinstance(value, str) else value[0] for key, value in pairs}


def test_without_an_address_the_defaults_hold_and_the_address_stays_empty() -> None:
    test = opened()
    assert test.text[0].value == "sq 50 int"
    assert address(test) == {}
    assert not test.warning


def test_an_address_is_followed_and_kept_short() -> None:
    test = opened(v="1", level="wd", need="50")
    assert test.text[0].value == "wd 50 int"
    assert address(test) == {"v": "1", "level": "wd"}


def test_a_choice_changes_the_address_and_the_default_leaves_it() -> None:
    test = opened()
    test.selectbox[0].set_value("wd").run()
    test.slider[0].set_value(70).run()
    assert address(test) == {"v": "1", "level": "wd", "need": "70"}
    test.selectbox[0].set_value("sq").run()
    test.slider[0].set_value(50).run()
    assert address(test) == {}


def test_unknown_values_fall_back_with_a_sentence_each() -> None:
    test = opened(v="1", level="moon", need="400")
    assert test.text[0].value == "sq 50 int"
    assert [("moon" in note.value, "400" in note.value) for note in test.warning] == [
        (True, False),
        (False, True),
    ]


def test_numbers_that_are_none_fall_back() -> None:
    for text in ("nan", "inf", "-1", "ten", ""):
        test = opened(v="1", need=text)
        assert test.text[0].value == "sq 50 int", text
        assert len(test.warning) == 1, text


def test_a_link_of_another_version_is_used_as_far_as_it_goes_and_says_so() -> None:
    test = opened(v="7", level="wd", colour="green")
    assert test.text[0].value == "wd 50 int"
    assert "version" in test.warning[0].value
    assert address(test) == {"v": "1", "level": "wd"}


def test_hostile_and_long_values_are_shortened_and_shown_as_text() -> None:
    test = opened(v="1", level="<script>" + "x" * 5000)
    assert len(test.warning[0].value) < 500
    assert "<script>" not in test.warning[0].value  # its marks are escaped
    assert test.text[0].value == "sq 50 int"


def test_what_was_chosen_survives_a_change_of_page() -> None:
    test = opened(v="1", level="wd")
    assert test.session_state["link.choices"]["level"] == "wd"
    # The menu clears the address and the widgets of the page that is left.
    test.session_state["link.written"] = ("another page", {})
    test.query_params.clear()
    test.run()
    assert test.text[0].value == "wd 50 int"


def test_going_back_to_the_bare_address_goes_back_to_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    test = opened()
    test.selectbox[0].set_value("wd").run()
    monkeypatch.setattr(links, "_went_back", lambda: True)
    test.query_params.clear()
    test.run()
    assert test.text[0].value == "sq 50 int"


def test_a_step_forward_that_cuts_the_step_back_short_leads_where_it_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    test = opened()
    test.selectbox[0].set_value("wd").run()
    monkeypatch.setattr(links, "_went_back", lambda: True)
    # The step back has seeded its widget, and was cut short before it wrote its address.
    test.session_state["page.level"] = "sq"
    test.run()
    assert test.text[0].value == "wd 50 int"
    assert address(test) == {"v": "1", "level": "wd"}


def test_a_choice_that_comes_with_an_address_of_before_counts() -> None:
    """Who is quicker than her browser sends her next choice before it has the new address."""
    test = opened()
    test.selectbox[0].set_value("wd").run()
    test.query_params.clear()
    test.selectbox[0].set_value("sq")
    test.slider[0].set_value(80).run()
    assert test.text[0].value == "sq 80 int"
    assert address(test) == {"v": "1", "need": "80"}


def test_an_address_that_was_never_written_here_is_a_new_link() -> None:
    test = opened()
    test.selectbox[0].set_value("wd").run()
    test.query_params.clear()
    test.query_params.update({"v": "1", "need": "20"})
    test.run()
    assert test.text[0].value == "sq 20 int"
