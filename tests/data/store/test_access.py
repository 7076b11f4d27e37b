"""Who may do what: docs/store.md, `data.access` and the store say the same, cell by cell."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from data import access
from data.access import ALLOWED, OPERATOR, Act, Operator, Role, may, require
from data.store import Store
from data.store_errors import NotAllowed, UnknownRole, UnknownScenario
from geo.errors import CommonGroundError

PAGE = Path(__file__).resolve().parents[3] / "docs" / "store.md"
ROLES = ("viewer", "forum", "board", "commissioner", "steward")
NAMES = dict(zip(ROLES, ("Vi", "Flo", "Bo", "Cat", "Stu"), strict=True))


def documented() -> dict[str, dict[str, bool]]:
    """Return the table of docs/store.md: act -> role -> yes or no."""
    text = PAGE.read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|") and re.search(r"\| (yes|no) \|", line)
    ]
    return {
        row[0]: {
            role: cell == "yes" for role, cell in zip((*ROLES, "operator"), row[1:], strict=True)
        }
        for row in rows
    }


DOCUMENTED = documented()
CELLS = [pytest.param(act, role, id=f"{role}: {act}") for act in DOCUMENTED for role in (*ROLES,)]


def test_the_page_lists_every_act_and_role() -> None:
    assert list(DOCUMENTED) == [str(act) for act in Act]
    assert tuple(str(role) for role in Role) == ROLES


@pytest.mark.parametrize(("act", "role"), CELLS)
def test_the_table_of_the_code_is_that_of_the_page(act: str, role: str) -> None:
    assert may(Role(role), Act(act)) is DOCUMENTED[act][role]
    if DOCUMENTED[act][role]:
        require(Role(role), Act(act))
    else:
        with pytest.raises(NotAllowed, match=re.escape(f"(to {act})")):
            require(Role(role), Act(act), name="Ann", place="ely")


def test_the_operator_may_what_the_page_says() -> None:
    assert {act: may(OPERATOR, Act(act)) for act in DOCUMENTED} == {
        act: row["operator"] for act, row in DOCUMENTED.items()
    }


def test_no_one_person_can_both_write_and_agree() -> None:
    assert not ALLOWED[Act.SAVE] & ALLOWED[Act.AGREE]


def test_a_role_has_a_known_name() -> None:
    assert access.role("board") is Role.BOARD
    for name in ("", "Board", "admin", "(operator)"):
        with pytest.raises(UnknownRole):
            access.role(name)


# ------------------------------------------------------------------------------ by the store


def _deeds(store: Store, folder: Path, said: int) -> dict[str, Callable[[str], object]]:
    """Return for each act something that does it, in the name of somebody."""
    numbers = itertools.count(1)

    def new() -> str:
        return f"by-{next(numbers)}"

    return {
        Act.READ_OPEN: lambda who: store.load("ely", "open", user=who).text,
        Act.READ_DRAFT: lambda who: store.load("ely", "hidden", user=who).text,
        Act.COMMENT: lambda who: store.comment("ely", "well", user=who, scenario="open"),
        Act.HIDE_COMMENT: lambda who: store.hide_comment("ely", said, user=who, reason="rude"),
        Act.KEEP_DRAFT: lambda who: store.save_draft("ely", "x", "t", base_version=0, user=who),
        Act.SAVE: lambda who: store.save("ely", new(), "draft\nx", base_version=0, user=who),
        Act.CONSULT: lambda who: store.mark("ely", "open", 1, "consultation", user=who),
        Act.AGREE: lambda who: store.mark("ely", "open", 1, "agreed", user=who),
        Act.UPLOAD: lambda who: store.upload("ely", "a.csv", b"x", user=who),
        Act.READ_FILES: lambda who: store.download("ely", "known.csv", user=who),
        Act.READ_AUDIT: lambda who: store.audit(place="ely", user=who),
        Act.ADD_PLACE: lambda who: store.add_place("ely", "Ely", user=who),
        Act.APPOINT: lambda who: store.appoint("New", "forum", place="ely", user=who),
        # A backup takes every place out, so it asks for a steward of everywhere.
        Act.BACK_UP: lambda who: store.backup(
            folder / f"{new()}.sqlite", user=f"All {who}".strip()
        ),
        Act.RESTORE: lambda who: store.restore(folder / "none.sqlite", user=f"All {who}".strip()),
    }


def test_the_store_refuses_exactly_what_the_page_says(store: Store, tmp_path: Path) -> None:
    store.save("ely", "hidden", "draft\nx", base_version=0, user="Cat")
    store.save("ely", "open", "consultation\nx", base_version=0, user="Cat")
    store.upload("ely", "known.csv", b"x", user="Cat")
    for role, name in NAMES.items():
        store.appoint(f"All {name}", role, user=OPERATOR)
    said = store.comment("ely", "rude", user="Flo").id
    deeds = _deeds(store, tmp_path, said)
    assert list(deeds) == list(Act)
    for (act, deed), role in itertools.product(deeds.items(), ROLES):
        allowed = DOCUMENTED[str(act)][role]
        if allowed:
            deed(NAMES[role])
        else:
            before = store.check().digest
            with pytest.raises((NotAllowed, UnknownScenario)):
                deed(NAMES[role])
            assert store.check().digest == before, f"{role} was refused and left something"
        if act is Act.AGREE and allowed:
            store.mark("ely", "open", 1, "consultation", user="Bo")
    assert store.check().sound


def test_a_stranger_and_a_visitor_are_viewers(store: Store, tmp_path: Path) -> None:
    store.save("ely", "open", "consultation\nx", base_version=0, user="Cat")
    deeds = _deeds(store, tmp_path, 1)
    for person in ("somebody", ""):
        assert deeds[Act.READ_OPEN](person) == "consultation\nx"
        for act, deed in deeds.items():
            if act is not Act.READ_OPEN:
                with pytest.raises((NotAllowed, UnknownScenario)):
                    deed(person)


def test_a_typed_name_is_never_the_operator(store: Store, tmp_path: Path) -> None:
    for name in ("OPERATOR", "operator", str(OPERATOR), "(operator)"):
        with pytest.raises(CommonGroundError):
            store.add_place("new", "New", user=name)
        with pytest.raises(CommonGroundError):
            store.restore(tmp_path / "x", user=name)
    assert isinstance(OPERATOR, Operator)


def test_a_role_taken_away_is_gone_at_once(store: Store) -> None:
    store.appoint("Cat", "viewer", place="ely", user="Stu")
    with pytest.raises(NotAllowed):
        store.save("ely", "care", "draft\nx", base_version=0, user="Cat")
