"""Comments that are hidden and shown again, and lines of money beside versions and drafts."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from data.store import Store
from data.store.records import Basis
from data.store_errors import NotAllowed, StaleVersion, UnknownComment, UnusableText

LINES = "id,amount\ncare,1.00\n"


def test_a_hidden_comment_is_read_by_its_author_and_the_steward_only(store: Store) -> None:
    store.save("ely", "open", "consultation\nx", base_version=0, user="Cat")
    rude = store.comment("ely", "you are fools", user="Flo", scenario="open")
    kind = store.comment("ely", "thank you", user="Bo", scenario="open")
    store.hide_comment("ely", rude.id, user="Stu", reason="it insults")
    for reader, texts in {
        "Stu": ["you are fools", "thank you"],
        "Flo": ["you are fools", "thank you"],
        "Bo": ["", "thank you"],
        "": ["", "thank you"],
    }.items():
        found = store.comments("ely", user=reader)
        assert [comment.text for comment in found] == texts
        assert (found[0].hidden_by, found[0].reason, found[0].by) == ("Stu", "it insults", "Flo")
        assert (found[1].hidden_by, found[1].reason) == ("", "")
    store.hide_comment("ely", rude.id, user="Stu", reason="on reflection", hidden=False)
    assert [comment.text for comment in store.comments("ely", user="")] == [rude.text, kind.text]


def test_both_acts_and_what_was_said_stay_in_the_record(store: Store) -> None:
    said = store.comment("ely", "you are fools", user="Flo")
    store.hide_comment("ely", said.id, user="Stu", reason="it insults")
    store.hide_comment("ely", said.id, user="Stu", reason="on reflection", hidden=False)
    last = store.audit(place="ely", user="Stu")[-3:]
    assert [(entry.person, entry.act, entry.subject, entry.detail) for entry in last] == [
        ("Flo", "comment", "", ""),
        ("Stu", "hide a comment, or show it again", f"comment {said.id}", "hidden: it insults"),
        (
            "Stu",
            "hide a comment, or show it again",
            f"comment {said.id}",
            "shown again: on reflection",
        ),
    ]
    assert store.check().sound
    assert store.check().rows["hidings"] == 2


def test_hiding_asks_for_a_reason_a_comment_and_a_steward(store: Store) -> None:
    said = store.comment("ely", "well", user="Flo")
    with pytest.raises(UnusableText):
        store.hide_comment("ely", said.id, user="Stu", reason=" ")
    with pytest.raises(UnknownComment):
        store.hide_comment("ely", said.id + 1, user="Stu", reason="x")
    for other in ("Bo", "Cat", "Flo", ""):
        with pytest.raises(NotAllowed):
            store.hide_comment("ely", said.id, user=other, reason="x")


def test_a_version_keeps_the_lines_it_was_made_with(store: Store) -> None:
    store.save("ely", "care", "draft\none", base_version=0, user="Cat", basis=Basis("f00", LINES))
    store.save("ely", "care", "draft\ntwo", base_version=1, user="Cat")
    assert store.load("ely", "care", user="Cat", version=1).basis == Basis("f00", LINES)
    assert store.load("ely", "care", user="Cat", version=2).basis == Basis()
    with pytest.raises(StaleVersion) as refused:
        store.save(
            "ely", "care", "draft\nmine", base_version=1, user="Stu", basis=Basis("", "id\nx\n")
        )
    assert (refused.value.text, refused.value.lines) == ("draft\nmine", "id\nx\n")
    assert store.check().sound


@pytest.mark.parametrize("kind", ["sqlite"])
def test_lines_that_somebody_changed_behind_the_store_are_found(store: Store, address: str) -> None:
    store.save("ely", "care", "draft\none", base_version=0, user="Cat", basis=Basis("", LINES))
    behind = sqlite3.connect(address)
    with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
        behind.execute("UPDATE made_with SET lines = 'id'")
    behind.execute("DROP TRIGGER made_with_no_update")
    behind.execute("UPDATE made_with SET lines = 'id'")
    behind.commit()
    behind.close()
    assert any("made_with" in fault for fault in store.check().faults)


def test_drafts_carry_their_lines_and_come_back_the_youngest_first(store: Store) -> None:
    assert store.drafts("ely", user="Cat") == ()
    store.save_draft("ely", "care", "older", base_version=1, user="Cat", lines=LINES)
    store.save_draft("ely", "bus", "younger", base_version=0, user="Cat")
    store.save_draft("ely", "bus", "of another", base_version=0, user="Bo")
    found = store.drafts("ely", user="Cat")
    assert [(draft.scenario, draft.text, draft.lines) for draft in found] == [
        ("bus", "younger", ""),
        ("care", "older", LINES),
    ]
    assert store.check().sound


def test_saving_drops_the_draft_only_with_the_same_lines(store: Store) -> None:
    store.save_draft("ely", "care", "draft\none", base_version=0, user="Cat", lines=LINES)
    store.save("ely", "care", "draft\none", base_version=0, user="Cat")
    assert [draft.lines for draft in store.drafts("ely", user="Cat")] == [LINES]
    store.save("ely", "care", "draft\none", base_version=1, user="Cat", basis=Basis("", LINES))
    assert store.drafts("ely", user="Cat") == ()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_store_of_the_first_tables_is_brought_up_with_its_drafts(
    store: Store, address: str, tmp_path: Path
) -> None:
    store.save("ely", "care", "draft\none", base_version=0, user="Cat")
    store.save_draft("ely", "care", "half", base_version=1, user="Cat")
    old = Path(shutil.copy(address, tmp_path / "old.sqlite"))
    behind = sqlite3.connect(old)
    for table in ("made_with", "hidings"):
        behind.execute(f"DROP TABLE {table}")
    behind.execute("ALTER TABLE drafts DROP COLUMN lines")
    behind.execute("UPDATE store_version SET version_num = '0001'")
    behind.commit()
    behind.close()
    with Store(old) as opened:
        assert opened.check().digest == store.check().digest
        assert opened.check().sound
        assert [draft.text for draft in opened.drafts("ely", user="Cat")] == ["half"]
        opened.hide_comment(
            "ely", opened.comment("ely", "x", user="Flo").id, user="Stu", reason="y"
        )
