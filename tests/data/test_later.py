"""Parts that are made when they are asked for: once, as a whole mapping or sequence would be."""

from __future__ import annotations

import pytest

from data.later import Later, LaterAll


def test_a_value_is_made_when_it_is_asked_for_and_only_once() -> None:
    asked: list[str] = []

    def make(name: str) -> str:
        asked.append(name)
        return name.upper()

    found = Later(["wd", "dist"], make)
    assert list(found) == ["wd", "dist"]
    assert len(found) == 2
    assert "wd" in found
    assert "oa" not in found
    assert asked == []
    assert found["dist"] is found["dist"]
    assert asked == ["dist"]
    assert dict(found) == {"wd": "WD", "dist": "DIST"}
    assert asked == ["dist", "wd"]


def test_a_name_that_is_not_there_is_missing_and_nothing_is_made_of_it() -> None:
    found = Later(["wd"], lambda name: pytest.fail(f"{name} was made"))
    with pytest.raises(KeyError, match="oa"):
        found["oa"]
    assert found.get("oa") is None


def test_what_could_not_be_made_is_tried_again() -> None:
    tries = iter([ValueError("not yet"), None])

    def make(name: str) -> str:
        if (fault := next(tries)) is not None:
            raise fault
        return name

    found = Later(["wd"], make)
    with pytest.raises(ValueError, match="not yet"):
        found["wd"]
    assert found["wd"] == "wd"


def test_a_sequence_is_made_once_and_as_a_whole() -> None:
    made: list[int] = []

    def make() -> list[str]:
        made.append(1)
        return ["one", "two", "three"]

    found = LaterAll(make)
    assert made == []
    assert found[0] == "one"
    assert found[-2:] == ("two", "three")
    assert [*found] == ["one", "two", "three"]
    assert len(found) == 3
    assert made == [1]
