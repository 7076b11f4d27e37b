"""What is said about an area, at the end of its page: read by all, written by who has a role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from data.access import OPERATOR
from data.store import Store

PAGE = Path(__file__).resolve().parent.parent.parent / "pages" / "area.py"
HEADING = "What was said about Square 5"
WORDS = "The bus stop <b>floods</b>"
pytestmark = pytest.mark.usefixtures("open_grid")


def shown(fields: Any, name: str) -> Any:
    """Return a field by its name: its key counts how often the page filled it anew."""
    return next(field for field in fields if (field.key or "").partition("~")[0] == name)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store with the place of squares and somebody of a forum."""
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COMMONGROUND_DATABASE_URL", raising=False)
    with Store() as opened:
        opened.add_place("grid", "Gridville", user=OPERATOR)
        opened.appoint("Flo", "forum", place="grid", user=OPERATOR)
        yield opened


def opened(monkeypatch: pytest.MonkeyPatch, name: str, area: str = "a05") -> Any:
    monkeypatch.setenv("COMMONGROUND_USER", name)
    test = AppTest.from_file(str(PAGE), default_timeout=120)
    test.query_params["v"] = "1"
    test.query_params["area"] = area
    test.run()
    assert not test.exception
    return test


def html(test: Any) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def test_a_forum_says_something_about_an_area_and_a_visitor_reads_it_there_only(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert HEADING not in html(opened(monkeypatch, ""))  # nothing to read, nothing to write
    test = opened(monkeypatch, "Flo")
    assert HEADING in html(test)
    shown(test.text_area, "talk.text.a05").set_value(WORDS)
    test.button(key="talk.say.a05").click().run()
    assert "Your comment is kept" in test.success[0].value
    assert shown(test.text_area, "talk.text.a05").value == ""
    (kept,) = store.comments("grid", user="Flo")
    assert (kept.area, kept.by, kept.text) == ("a05", "Flo", WORDS)
    visitor = opened(monkeypatch, "")
    assert "The bus stop &lt;b&gt;floods&lt;/b&gt;" in html(visitor)
    assert not visitor.text_area
    assert "floods" not in html(opened(monkeypatch, "", area="a06"))


def test_where_nothing_was_ever_saved_an_area_has_no_conversation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    assert HEADING not in html(opened(monkeypatch, "Flo"))
