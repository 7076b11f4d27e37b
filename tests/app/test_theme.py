"""The theme that every answer tells is the one that Streamlit reads from config.toml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit import config
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session

from pages.shared import theme

SECTIONS = ("theme", *(f"theme.{one.value}" for one in config.CustomThemeCategories))


@pytest.fixture
def plainly(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Wrap Streamlit's own function for one test, and return it as it was."""
    now = app_session._populate_theme_msg
    own: Callable[..., None] = getattr(now, "__wrapped__", now)
    monkeypatch.setattr(app_session, "_populate_theme_msg", own)
    theme.compose_once()
    return own


def composed(compose: Callable[..., None], section: str) -> Any:
    message = CustomThemeConfig()
    compose(message, section)
    return message


def test_every_section_is_what_streamlit_makes_of_it(plainly: Callable[..., None]) -> None:
    assert len(SECTIONS) == 6
    assert composed(plainly, "theme.light").primary_color == "#0b6175"
    for section in (*SECTIONS, *SECTIONS):
        wanted = composed(plainly, section)
        assert composed(app_session._populate_theme_msg, section) == wanted, section


def test_an_empty_section_stays_absent_from_the_message(plainly: Callable[..., None]) -> None:
    whole, wanted = CustomThemeConfig(), CustomThemeConfig()
    app_session._populate_theme_msg(whole.sidebar, "theme.sidebar")
    plainly(wanted.sidebar, "theme.sidebar")
    assert whole.HasField("sidebar") is wanted.HasField("sidebar") is False


def test_what_a_session_does_to_its_message_reaches_no_other(plainly: Callable[..., None]) -> None:
    composed(app_session._populate_theme_msg, "theme.dark").primary_color = "#ff0000"
    assert composed(app_session._populate_theme_msg, "theme.dark").primary_color == "#5fc4d6"


def test_a_section_is_read_once_and_anew_after_the_file_was(
    plainly: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    whole = config.get_options_for_section
    monkeypatch.setattr(config, "get_options_for_section", lambda s: read.append(s) or whole(s))
    for _ in range(3):
        composed(app_session._populate_theme_msg, "theme.light")
    assert read == ["theme.light"]
    config._on_config_parsed.send()
    composed(app_session._populate_theme_msg, "theme.light")
    assert read == ["theme.light"] * 2
