"""Saving, opening, marking and talking on the Budget page, for each kind of person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from data.access import OPERATOR
from data.store import Store
from data.store.records import Basis

PAGE = Path(__file__).resolve().parent.parent.parent / "pages" / "budget.py"
PEOPLE = {"Flo": "forum", "Bo": "board", "Ann": "commissioner", "Cat": "commissioner",
          "Stu": "steward"}  # fmt: skip
DOCUMENT = """[scenario]
id = "{id}"
title = "{title}"
status = "draft"

[[change]]
of = "parks"
amount = "{amount}"
reason = "More parks"
"""
pytestmark = pytest.mark.usefixtures("open_grid")


def shown(fields: Any, name: str) -> Any:
    """Return a field by its name: its key counts how often the page filled it anew."""
    return next(field for field in fields if (field.key or "").partition("~")[0] == name)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store with the place of squares and one person of each role."""
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COMMONGROUND_DATABASE_URL", raising=False)
    with Store() as opened:
        opened.add_place("grid", "Gridville", user=OPERATOR)
        for person, role in PEOPLE.items():
            opened.appoint(person, role, place="grid", user=OPERATOR)
        yield opened


@pytest.fixture
def sit(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that seats somebody: the server knows one name at a time."""
    return lambda name: monkeypatch.setenv("COMMONGROUND_USER", name)


def document(*, id: str = "parks", title: str = "Parks first", amount: str = "1000.00") -> str:
    return DOCUMENT.format(id=id, title=title, amount=amount)


def opened(**address: str) -> Any:
    test = AppTest.from_file(str(PAGE), default_timeout=120)
    for key, value in {"part": "saved", **address}.items():
        test.query_params[key] = value
    return run(test)


def run(test: Any) -> Any:
    test.run()
    assert not test.exception
    return test


def type_in(test: Any, text: str) -> Any:
    """Work on a text as the widgets of the page do."""
    test.session_state["working"]["grid"].document = text
    return run(test)


def press(test: Any, key: str) -> Any:
    test.button(key=key).click()
    return run(test)


def labels(test: Any) -> list[str]:
    return [button.label for button in test.button]


def html(test: Any) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def stamp(test: Any) -> str:
    found = re.search(r'<p class="cg-stamped">(.*?)</p>', html(test), flags=re.S)
    assert found
    return re.sub(r"<[^>]+>", " ", found.group(1))


# ------------------------------------------------------------------------------ saving


def test_a_commissioner_saves_and_the_link_names_the_version(store: Store, sit: Any) -> None:
    sit("Ann")
    test = type_in(opened(), document())
    assert "Draft" in stamp(test)
    assert shown(test.text_input, "saving.title").value == "Parks first"
    shown(test.text_input, "saving.note").set_value("A thousand for parks")
    press(test, "saving.new")
    assert [note.value for note in test.success] == [
        "Saved as version 1 of “Parks first”, a draft\\."
    ]
    assert test.query_params["scenario"] == "parks-first~1"
    made = store.load("grid", "parks-first", user="Ann")
    assert (made.version.number, made.version.note) == (1, "A thousand for parks")
    assert made.version.saved_by == "Ann"
    assert 'amount = "1000.00"' in made.text
    assert len(made.basis.inputs) == 64
    assert store.drafts("grid", user="Ann") == ()
    assert "version 1, saved by Ann" in stamp(test)


def test_the_next_save_is_the_next_version_and_another_title_another_scenario(
    store: Store, sit: Any
) -> None:
    store.save("grid", "parks", document(), base_version=0, user="Ann")
    sit("Ann")
    test = type_in(opened(scenario="parks~1"), document(amount="2000.00"))
    press(test, "saving.next")
    assert [v.number for v in store.versions("grid", "parks", user="Ann")] == [1, 2]
    assert test.selectbox(key="budget.number").value == "2"
    type_in(test, document(amount="3000.00"))
    shown(test.text_input, "saving.title").set_value("Parks & more")
    press(test, "saving.new")
    assert {v.scenario for v in store.scenarios("grid", user="Ann")} == {"parks", "parks-more"}


def test_two_scenarios_of_one_title_get_two_ids(store: Store, sit: Any) -> None:
    store.save("grid", "parks-first", document(id="parks-first"), base_version=0, user="Cat")
    sit("Ann")
    press(type_in(opened(), document(amount="5.00")), "saving.new")
    assert {v.scenario for v in store.scenarios("grid", user="Ann")} == {
        "parks-first",
        "parks-first-2",
    }


def test_what_is_no_scenario_is_not_saved_and_not_lost(store: Store, sit: Any) -> None:
    sit("Ann")
    test = type_in(opened(), "[scenario\nid = ")
    press(test, "saving.new")
    assert len(test.error) == 1
    assert store.scenarios("grid", user="Ann") == ()
    assert test.session_state["working"]["grid"].document == "[scenario\nid = "


def test_edited_lines_of_money_are_saved_with_the_version_and_come_back(
    store: Store, sit: Any
) -> None:
    from pages.shared import cache

    sit("Ann")
    test = opened()
    lines = cache.own_lines(cache.result(""))
    lines.loc[lines["id"] == "parks", "amount"] = "95000.00"
    test.session_state["working"]["grid"].lines = lines
    run(test)
    shown(test.text_input, "saving.title").set_value("Other lines")
    press(test, "saving.new")
    kept = store.load("grid", "other-lines", user="Ann").basis.lines
    assert "95000.00" in kept
    again = opened(scenario="other-lines~1")
    found = again.session_state["working"]["grid"].lines
    assert list(found["amount"]) == list(lines["amount"])


# ------------------------------------------------------------------------------ too late


def too_late(store: Store, sit: Any) -> Any:
    store.save("grid", "parks", document(), base_version=0, user="Ann")
    sit("Ann")
    test = opened(scenario="parks~1")
    store.save("grid", "parks", document(amount="7.00"), base_version=1, user="Cat", note="Less")
    type_in(test, document(amount="2000.00"))
    return press(test, "saving.next")


def test_a_save_that_comes_too_late_shows_both_texts_and_overwrites_nothing(
    store: Store, sit: Any
) -> None:
    test = too_late(store, sit)
    assert len(store.versions("grid", "parks", user="Ann")) == 2
    assert "Cat saved version 2" in test.warning[0].value
    differs, theirs, yours = [block.value for block in test.code][:3]
    assert differs.splitlines() == ['- amount = "7.00"', '+ amount = "2000.00"']
    assert 'amount = "7.00"' in theirs
    assert 'amount = "2000.00"' in yours


def test_after_it_both_can_be_kept_one_after_the_other(store: Store, sit: Any) -> None:
    test = press(too_late(store, sit), "saving.after")
    found = [store.load("grid", "parks", user="Ann", version=n).text for n in (1, 2, 3)]
    assert [re.findall(r'amount = "(.*)"', text) for text in found] == [
        ["1000.00"],
        ["7.00"],
        ["2000.00"],
    ]
    assert not test.warning


def test_after_it_yours_can_become_a_scenario_of_its_own(store: Store, sit: Any) -> None:
    press(too_late(store, sit), "saving.new")
    assert len(store.versions("grid", "parks", user="Ann")) == 2
    assert 'amount = "2000.00"' in store.load("grid", "parks-first", user="Ann").text


def test_after_it_theirs_can_be_opened_and_yours_is_set_aside(store: Store, sit: Any) -> None:
    test = press(too_late(store, sit), "saving.theirs")
    assert 'amount = "7.00"' in test.session_state["working"]["grid"].document
    press(test, "working.aside.0")
    assert 'amount = "2000.00"' in test.session_state["working"]["grid"].document


# ------------------------------------------------------------------------------ who may what


def test_a_visitor_sees_what_is_in_consultation_and_cannot_save(store: Store, sit: Any) -> None:
    store.save("grid", "parks", document(), base_version=0, user="Ann")
    store.save("grid", "secret", document(id="secret"), base_version=0, user="Ann")
    store.mark("grid", "parks", 1, "consultation", user="Ann")
    sit("")
    test = type_in(opened(), document(amount="3.00"))
    assert "You are a visitor" in test.info[0].value
    assert not {"Save as a new scenario", "Say it", "Mark it", "Hide it"} & set(labels(test))
    assert "secret" not in html(test) + str(test.selectbox(key="budget.number").options)
    assert "this is only kept until you close this page" in stamp(test)


def test_a_board_agrees_and_does_not_save(store: Store, sit: Any) -> None:
    store.save("grid", "parks", document(), base_version=0, user="Ann")
    sit("Bo")
    test = type_in(opened(scenario="parks~1"), document(amount="3.00"))
    assert "Commissioners and stewards save versions" in test.info[0].value
    assert shown(test.selectbox, "saved.status").options == ["Agreed"]
    shown(test.text_input, "saved.why").set_value("Voted on Tuesday")
    press(test, "saved.do")
    agreed = store.versions("grid", "parks", user="")[0]
    assert (agreed.status, agreed.marked_by, agreed.reason) == ("agreed", "Bo", "Voted on Tuesday")
    assert "Agreed" in html(test)


def test_a_commissioner_puts_to_consultation_and_cannot_agree(store: Store, sit: Any) -> None:
    store.save("grid", "parks", document(), base_version=0, user="Ann")
    sit("Ann")
    test = opened(scenario="parks~1")
    assert shown(test.selectbox, "saved.status").options == ["In consultation"]
    press(test, "saved.do")
    assert stamp(test).split()[:2] == ["In", "consultation"]


def test_a_role_that_was_taken_away_meanwhile_is_said_and_nothing_is_lost(
    store: Store, sit: Any
) -> None:
    sit("Ann")
    test = type_in(opened(), document())
    store.appoint("Ann", "viewer", place="grid", user=OPERATOR)
    press(test, "saving.new")
    assert "this role may not do this" in test.error[0].value.lower()
    assert test.session_state["working"]["grid"].document == document()


# ------------------------------------------------------------------------------ links


def test_a_link_opens_the_version_for_who_may_see_it(store: Store, sit: Any) -> None:
    store.save("grid", "parks", document(), base_version=0, user="Ann")
    store.mark("grid", "parks", 1, "consultation", user="Ann")
    sit("")
    test = opened(scenario="parks~1")
    assert test.session_state["working"]["grid"].document == document()
    assert "In consultation" in stamp(test)
    address = [block.value for block in test.code][-1]
    assert address.endswith("/budget?v=1&part=choices&scenario=parks~1")


@pytest.mark.parametrize("asked", ["parks~2", "nowhere~1", "nowhere", "~", "parks~0x1", "<b>~1"])
def test_a_link_to_what_is_not_there_or_not_open_says_so(
    store: Store, sit: Any, asked: str
) -> None:
    store.save("grid", "parks", document(), base_version=0, user="Ann")
    sit("")
    test = opened(scenario=asked)
    assert "not kept here or not open to you" in test.warning[0].value
    assert test.session_state["working"]["grid"].document == ""
    assert "scenario" not in test.query_params


def test_a_link_to_a_draft_shows_a_visitor_the_version_before_it_and_says_so(
    store: Store, sit: Any
) -> None:
    store.save("grid", "parks", document(), base_version=0, user="Ann")
    store.save("grid", "parks", document(amount="2.00"), base_version=1, user="Ann")
    store.mark("grid", "parks", 1, "consultation", user="Ann")
    sit("")
    test = opened(scenario="parks~2")
    assert "Version 1 is shown instead" in test.warning[0].value
    assert test.session_state["working"]["grid"].document == document()


def test_a_link_says_when_the_place_has_changed_since(store: Store, sit: Any) -> None:
    basis = Basis("0" * 64)
    store.save("grid", "parks", document(), base_version=0, user="Ann", basis=basis)
    sit("Ann")
    test = opened(scenario="parks~1")
    assert "The figures of this place have changed since version 1" in test.warning[0].value
    assert "the place has changed" in html(test)


# ------------------------------------------------------------------------------ talking


def test_a_forum_comments_and_a_steward_hides_and_shows(store: Store, sit: Any) -> None:
    store.save("grid", "parks", document(), base_version=0, user="Ann")
    store.mark("grid", "parks", 1, "consultation", user="Ann")
    sit("Flo")
    test = opened()
    words = 'What about <script>alert("x")</script> and the 🚌?'
    shown(test.text_area, "talk.text.parks").set_value(words)
    press(test, "talk.say.parks")
    assert shown(test.text_area, "talk.text.parks").value == ""
    (said,) = store.comments("grid", user="Flo")
    assert (said.text, said.by, said.scenario, said.number) == (words, "Flo", "parks", 1)
    assert "<script>" not in html(test)
    assert "&lt;script&gt;" in html(test)
    sit("Stu")
    steward = opened()
    shown(steward.text_input, f"talk.why.{said.id}").set_value("not about parks")
    press(steward, f"talk.hide.{said.id}")
    sit("Bo")
    assert "Hidden by Stu: not about parks" in html(opened())
    assert "alert" not in html(opened())
    sit("Stu")
    shown(steward.text_input, f"talk.why.{said.id}").set_value("it is after all")
    press(steward, f"talk.hide.{said.id}")
    sit("")
    assert "alert" in html(opened())


def test_an_empty_comment_is_refused_in_words(store: Store, sit: Any) -> None:
    sit("Flo")
    test = press(opened(), "talk.say.place")
    assert len(test.error) == 1
    assert store.comments("grid", user="Flo") == []


def test_a_comment_that_cannot_be_kept_stays_in_the_box(store: Store, sit: Any) -> None:
    sit("Flo")
    test = opened()
    store.appoint("Flo", "viewer", place="grid", user=OPERATOR)
    shown(test.text_area, "talk.text.place").set_value("Please keep this")
    press(test, "talk.say.place")
    assert "may not do this" in test.error[0].value
    assert "Please keep this" in [block.value for block in test.code]


# ------------------------------------------------------------------------------ empty, broken


def test_where_nothing_was_ever_saved_the_page_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "empty"))
    monkeypatch.delenv("COMMONGROUND_USER", raising=False)
    test = opened()
    assert "Nothing that you may see has been saved" in html(test)
    assert not (tmp_path / "empty" / "store.sqlite").exists()


def test_a_store_that_is_damaged_is_said_and_the_rest_of_the_page_works(
    store: Store, sit: Any, tmp_path: Path
) -> None:
    (tmp_path / "home" / "store.sqlite").write_text("This is no database." * 100)
    sit("Ann")
    test = opened()
    assert any("damaged" in error.value for error in test.error)
