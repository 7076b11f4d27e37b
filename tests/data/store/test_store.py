"""Scenarios with every version kept, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.access import OPERATOR
from data.store import Store
from data.store.address import find
from data.store_errors import (
    NotAllowed,
    OtherScenario,
    StaleVersion,
    UnknownPlace,
    UnknownScenario,
    UnknownStatus,
    UnknownUpload,
    UnknownVersion,
    UnusableAddress,
    UnusableName,
    UnusableText,
)
from geo.errors import CommonGroundError

ROOT = Path(__file__).resolve().parents[3]


def save(store: Store, *texts: str, scenario: str = "care") -> None:
    for number, text in enumerate(texts):
        store.save("ely", scenario, text, base_version=number, user="Cat")


# ------------------------------------------------------------------------------ versions


def test_every_version_is_kept_to_the_letter(store: Store) -> None:
    texts = [
        "one\r\ntwo\n",
        "  ünïcode 👩‍👧 \u202eright to left\u202c ",
        "'; DROP TABLE versions; --",
    ]
    save(store, *texts)
    kept = [store.load("ely", "care", user="Cat", version=n).text for n in (1, 2, 3)]
    assert kept == texts
    assert store.load("ely", "care", user="Cat").text == texts[-1]


def test_a_version_says_who_and_when_in_utc(store: Store) -> None:
    made = store.save("ely", "care", "draft\nMore care", base_version=0, user="Cat", note="first")
    assert (made.number, made.title, made.note, made.status) == (1, "More care", "first", "draft")
    assert made.saved_by == made.marked_by == "Cat"
    assert made.saved_at.tzinfo is UTC
    # The clock of the tests: 23:59:58 in January, a look for the draft that would be kept should
    # the machine fail, and one for the entry.
    assert made.saved_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert store.versions("ely", "care", user="Cat") == (made,)


def test_a_stale_save_is_refused_and_nothing_is_overwritten(store: Store) -> None:
    save(store, "one", "two")
    before = store.check().digest
    with pytest.raises(StaleVersion, match=r"started from version 1, the last is 2, by Cat") as no:
        store.save("ely", "care", "mine", base_version=1, user="Stu")
    assert (no.value.text, no.value.base_version, no.value.head) == ("mine", 1, 2)  # type: ignore[attr-defined]
    with pytest.raises(StaleVersion):
        store.save("ely", "care", "ahead", base_version=3, user="Stu")
    with pytest.raises(StaleVersion, match="no version yet"):
        store.save("ely", "other", "ahead", base_version=1, user="Stu")
    with pytest.raises(StaleVersion):
        store.save("ely", "care", "as if new", base_version=0, user="Stu")
    assert store.check().digest == before


def test_scenarios_are_listed_by_their_last_version(store: Store) -> None:
    save(store, "one", "two")
    save(store, "other", scenario="Aid")
    listed = [(v.scenario, v.number, v.title) for v in store.scenarios("ely", user="Cat")]
    assert listed == [("Aid", 1, "other"), ("care", 2, "two")]


def test_places_do_not_see_one_anothers_scenarios(store: Store) -> None:
    store.add_place("march", "March", user=OPERATOR)
    store.appoint("Cat", "commissioner", place="march", user=OPERATOR)
    save(store, "one")
    store.save("march", "care", "of March", base_version=0, user="Cat")
    assert store.load("ely", "care", user="Cat").text == "one"
    assert store.load("march", "care", user="Cat").text == "of March"
    assert len(store.scenarios("march", user="Cat")) == 1
    with pytest.raises(UnknownScenario):
        store.load("march", "other", user="Cat")


def test_what_is_not_there_is_an_error_of_its_own(store: Store) -> None:
    save(store, "one")
    with pytest.raises(UnknownPlace, match="nowhere"):
        store.save("nowhere", "care", "x", base_version=0, user=OPERATOR)
    with pytest.raises(UnknownScenario):
        store.load("ely", "no", user="Cat")
    with pytest.raises(UnknownVersion):
        store.load("ely", "care", user="Cat", version=2)
    with pytest.raises(UnknownUpload):
        store.download("ely", "no.csv", user="Cat")


def test_a_wrong_document_is_not_kept(store: Store) -> None:
    before = store.check().digest
    with pytest.raises(CommonGroundError, match="must not be wrong"):
        store.save("ely", "care", "wrong", base_version=0, user="Cat")
    with pytest.raises(UnknownStatus):
        store.save("ely", "care", "secret\n", base_version=0, user="Cat")
    assert store.check().digest == before


def test_a_text_that_cannot_be_kept_to_the_letter_is_refused(store: Store) -> None:
    for text in ("", " \n", "a\x00b", "half \ud83d", "x" * 5_000_001):
        with pytest.raises(UnusableText):
            store.save("ely", "care", text, base_version=0, user="Cat")


def test_an_id_is_plain(store: Store) -> None:
    for name in ("", "a b", "../x", "é", "x" * 81, ".hidden", "a/b", "a\n"):
        with pytest.raises(UnusableName):
            store.save("ely", name, "x", base_version=0, user="Cat")
        with pytest.raises(UnusableName):
            store.add_place(name, "x", user=OPERATOR)


def test_nobody_can_take_a_name_that_means_something_else(store: Store) -> None:
    for person in ("(operator)", "*", " Ann", "An\nn", "x" * 121, "\x00"):
        with pytest.raises(UnusableName):
            store.appoint(person, "steward", user=OPERATOR)
        with pytest.raises(UnusableName):
            store.save("ely", "care", "x", base_version=0, user=person)


def test_a_name_has_one_spelling(store: Store) -> None:
    store.appoint("Ame\u0301lie", "commissioner", place="ely", user=OPERATOR)
    made = store.save("ely", "care", "x", base_version=0, user="Am\u00e9lie")
    assert made.saved_by == "Am\u00e9lie"


def test_the_documents_of_budgets_are_what_a_store_takes_by_default(address: str) -> None:
    opened = Store(address)
    opened.add_place("ely", "Ely", user=OPERATOR)
    opened.appoint("Cat", "commissioner", user=OPERATOR)
    text = '[scenario]\nid = "care"\ntitle = "More\\n care"\n'
    made = opened.save("ely", "care", text, base_version=0, user="Cat")
    assert (made.title, made.status) == ("More care", "draft")
    with pytest.raises(OtherScenario, match="the document says care"):
        opened.save("ely", "else", text, base_version=0, user="Cat")
    with pytest.raises(CommonGroundError):
        opened.save("ely", "care", "[scenario\n", base_version=1, user="Cat")
    opened.close()


# ------------------------------------------------------------------------------ status


def test_a_commissioner_writes_and_a_board_agrees(store: Store) -> None:
    save(store, "one", "two")
    store.mark("ely", "care", 1, "consultation", user="Cat", reason="open until May")
    made = store.mark("ely", "care", 1, "agreed", user="Bo", reason="minute 7")
    assert (made.status, made.marked_by, made.reason) == ("agreed", "Bo", "minute 7")
    assert made.saved_by == "Cat"
    assert made.marked_at > made.saved_at
    assert [v.status for v in store.versions("ely", "care", user="Cat")] == ["agreed", "draft"]
    assert store.load("ely", "care", user="Vi").text == "one"


def test_an_agreement_is_taken_back_only_by_who_could_agree(store: Store) -> None:
    save(store, "one")
    store.mark("ely", "care", 1, "agreed", user="Bo")
    with pytest.raises(NotAllowed):
        store.mark("ely", "care", 1, "draft", user="Cat")
    assert store.mark("ely", "care", 1, "draft", user="Bo").status == "draft"


def test_a_document_cannot_call_itself_agreed(store: Store) -> None:
    with pytest.raises(NotAllowed, match="to agree"):
        store.save("ely", "care", "agreed\nx", base_version=0, user="Cat")
    made = store.save("ely", "care", "consultation\nx", base_version=0, user="Cat")
    assert made.status == "consultation"
    with pytest.raises(UnknownStatus):
        store.mark("ely", "care", 1, "final", user="Bo")


def test_residents_see_nothing_of_a_draft(store: Store) -> None:
    save(store, "one", "two")
    store.comment("ely", "a secret thought", user="Bo", scenario="care")
    for person in ("Vi", "Flo", "a stranger", ""):
        assert store.scenarios("ely", user=person) == ()
        assert store.versions("ely", "care", user=person) == ()
        assert store.comments("ely", user=person) == []
        with pytest.raises(UnknownScenario):
            store.load("ely", "care", user=person)
        with pytest.raises(UnknownScenario):
            store.load("ely", "care", user=person, version=1)
    store.mark("ely", "care", 1, "consultation", user="Cat")
    assert [v.number for v in store.versions("ely", "care", user="")] == [1]
    with pytest.raises(UnknownVersion):
        store.load("ely", "care", user="", version=2)


# ------------------------------------------------------------------------------ roles


def test_a_role_in_a_place_counts_before_one_everywhere(store: Store) -> None:
    store.add_place("march", "March", user=OPERATOR)
    store.appoint("Ann", "commissioner", user=OPERATOR)
    assert str(store.role_of("Ann", "march")) == "commissioner"
    store.appoint("Ann", "viewer", place="march", user=OPERATOR)
    assert str(store.role_of("Ann", "march")) == "viewer"
    assert str(store.role_of("Ann", "ely")) == "commissioner"
    assert str(store.role_of("nobody", "ely")) == "viewer"


def test_a_steward_of_one_place_appoints_there_only(store: Store) -> None:
    store.appoint("Ann", "forum", place="ely", user="Stu")
    with pytest.raises(NotAllowed):
        store.appoint("Ann", "forum", user="Stu")
    with pytest.raises(NotAllowed):
        store.appoint("Stu", "steward", place="march", user="Stu")
    held = {grant.person: str(grant.role) for grant in store.grants(user="Stu", place="ely")}
    assert held["Ann"] == "forum"
    assert set(held) == {"Ann", "Vi", "Flo", "Bo", "Cat", "Stu"}


# ------------------------------------------------------------------------------ remarks


def test_comments_stand_on_a_version_an_area_or_the_place(store: Store) -> None:
    save(store, "one", "two")
    store.mark("ely", "care", 1, "consultation", user="Cat")
    on_open = store.comment("ely", "of the first", user="Flo", scenario="care")
    assert on_open.number == 1
    assert store.comment("ely", "of the second", user="Bo", scenario="care").number == 2
    store.comment("ely", "the bus stop is gone", user="Flo", area="E01000001")
    told = [c.text for c in store.comments("ely", user="Bo")]
    assert told == ["of the first", "of the second", "the bus stop is gone"]
    told = [c.text for c in store.comments("ely", user="Flo")]
    assert told == ["of the first", "the bus stop is gone"]
    assert [c.by for c in store.comments("ely", user="", scenario="care")] == ["Flo"]
    for text in ("", "  ", "x" * 10_001):
        with pytest.raises(UnusableText):
            store.comment("ely", text, user="Flo")


def test_a_file_comes_back_to_the_byte_and_an_earlier_one_stays(store: Store) -> None:
    first, second = bytes(range(256)) * 100, b""
    store.upload("ely", "streams.xlsx", first, user="Cat", note="from the finance office")
    assert store.download("ely", "streams.xlsx", user="Bo") == first
    made = store.upload("ely", "streams.xlsx", second, user="Stu")
    assert store.download("ely", "streams.xlsx", user="Bo") == second
    kept = store.uploads("ely", user="Bo")
    assert [(u.bytes, u.by) for u in kept] == [(25_600, "Cat"), (0, "Stu")]
    assert kept[1] == made
    for name in ("", "../x", "a\\b", ".x", "a\nb"):
        with pytest.raises(UnusableName):
            store.upload("ely", name, b"", user="Cat")


# ------------------------------------------------------------------------------ drafts


def test_a_draft_belongs_to_one_person_and_goes_when_it_is_saved(store: Store) -> None:
    assert store.load_draft("ely", "care", user="Cat") is None
    store.save_draft("ely", "care", "wrong, for not finished", base_version=0, user="Cat")
    store.save_draft("ely", "care", "on", base_version=0, user="Cat")
    store.save_draft("ely", "care", "other", base_version=0, user="Stu")
    mine = store.load_draft("ely", "care", user="Cat")
    assert mine is not None
    assert (mine.text, mine.base_version, mine.person) == ("on", 0, "Cat")
    store.save("ely", "care", "on", base_version=0, user="Cat")
    assert store.load_draft("ely", "care", user="Cat") is None
    others = store.load_draft("ely", "care", user="Stu")
    assert others is not None
    assert others.text == "other"
    store.drop_draft("ely", "care", user="Stu")
    assert store.load_draft("ely", "care", user="Stu") is None


def test_a_draft_that_says_something_else_survives_a_save(store: Store) -> None:
    store.save_draft("ely", "care", "typed in the other window", base_version=0, user="Cat")
    store.save("ely", "care", "typed in this one", base_version=0, user="Cat")
    kept = store.load_draft("ely", "care", user="Cat")
    assert kept is not None
    assert kept.text == "typed in the other window"


def test_drafts_leave_the_audit_trail_alone(store: Store) -> None:
    before = store.check().head
    store.save_draft("ely", "care", "x", base_version=0, user="Cat")
    assert store.check().head == before


# ------------------------------------------------------------------------------ together


def test_twenty_writers_on_one_scenario_lose_no_update(
    store: Store, address: str, kind: str
) -> None:
    save(store, "begin")
    # Against a server the same again takes longer, and the slow test has two turns on both.
    turns = 1 if kind == "postgres" else 2

    def write(writer: int) -> None:
        mine = Store(address, validate=validate_nothing)
        for turn in range(turns):
            while True:
                found = mine.load("ely", "care", user="Cat")
                text = f"{found.text}\n{writer}.{turn}"
                base = found.version.number
                try:
                    mine.save("ely", "care", text, base_version=base, user="Cat")
                except StaleVersion:
                    continue
                break
        mine.close()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(write, range(20)))
    lines = store.load("ely", "care", user="Cat").text.splitlines()
    assert sorted(lines[1:]) == sorted(f"{w}.{t}" for w in range(20) for t in range(turns))
    # Each writer's own lines stand in the order in which it wrote them.
    for writer in range(20):
        mine = [line for line in lines[1:] if line.startswith(f"{writer}.")]
        assert mine == sorted(mine)
    assert len(store.versions("ely", "care", user="Cat")) == 1 + 20 * turns
    assert store.check().sound


def validate_nothing(text: str) -> str:
    return text


@settings(max_examples=15)
@given(texts=st.lists(st.text(min_size=1, max_size=50), min_size=1, max_size=4))
def test_any_text_comes_back_or_is_refused(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    opened = Store(tmp_path_factory.mktemp("any") / "s.sqlite", validate=validate_nothing)
    opened.add_place("ely", "Ely", user=OPERATOR)
    opened.appoint("Cat", "commissioner", user=OPERATOR)
    kept: list[str] = []
    for text in texts:
        try:
            opened.save("ely", "care", text, base_version=len(kept), user="Cat")
        except UnusableText:
            assert not text.strip() or "\x00" in text
        else:
            kept.append(text)
    found = opened.versions("ely", "care", user="Cat")
    loaded = [opened.load("ely", "care", user="Cat", version=v.number).text for v in found]
    assert loaded == kept
    assert opened.check().sound


# ------------------------------------------------------------------------------ addresses


def test_the_address_comes_from_the_argument_the_variable_or_the_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path))
    monkeypatch.delenv("COMMONGROUND_DATABASE_URL", raising=False)
    assert find().path == tmp_path / "store.sqlite"
    monkeypatch.setenv("COMMONGROUND_DATABASE_URL", "postgres://ann:s3cret@db.local/ground")
    found = find()
    assert found.path is None
    assert "s3cret" not in found.shown
    assert found.shown == "postgresql+psycopg://ann:***@db.local/ground"
    assert find(tmp_path / "x.sqlite").path == find(f"sqlite:///{tmp_path}/x.sqlite").path


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://u:hush@h/d", "http://x", "://hush"]
)
def test_an_address_that_is_none_is_refused_without_showing_a_password(url: str) -> None:
    with pytest.raises(UnusableAddress) as no:
        find(url)
    assert "hush" not in str(no.value)


def test_the_store_opens_without_the_heavy_libraries(tmp_path: Path) -> None:
    """Backups must start at once, and on a machine that is short of memory."""
    code = (
        "import sys; from data.store import Store; from data.access import OPERATOR\n"
        "s = Store(sys.argv[1]); s.check(); s.backup(sys.argv[1] + '.bak', user=OPERATOR)\n"
        "print(sorted({'pandas', 'numpy', 'geopandas', 'shapely'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s.sqlite")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_two_stores_of_one_kind_do_not_meet(new_address: Callable[[str], str], kind: str) -> None:
    one, two = Store(new_address(kind)), Store(new_address(kind))
    one.add_place("ely", "Ely", user=OPERATOR)
    assert [place.id for place in one.places()] == ["ely"]
    assert two.places() == ()
    one.close()
    two.close()
