"""The base of all errors: what its message says, how faults are collected, how it travels."""

from __future__ import annotations

import pickle

import pytest

from geo.errors import CommonGroundError, Faults, SeveralFaults


class TwoHeaded(CommonGroundError):
    rule = "a code may have one head"
    remedy = "Cut one off."


def test_a_message_names_place_rule_count_first_five_and_remedy() -> None:
    error = TwoHeaded("wards.gpkg", found=["a", "b", "c", "d", "e", "f", "g"])
    assert str(error) == (
        "wards.gpkg: a code may have one head; 7 found: a, b, c, d, e and 2 more. Cut one off."
    )


def test_an_empty_code_is_shown_in_quotes() -> None:
    assert "found: '', ' x'" in str(TwoHeaded("f", found=["", " x"]))


def test_fields_can_be_read_back() -> None:
    error = TwoHeaded("f", found=["a"], layer="wd25")
    assert error.layer == "wd25"  # type: ignore[attr-defined]
    assert error.found == ("a",)


def test_one_fault_is_raised_as_itself_and_several_together() -> None:
    faults = Faults("package")
    faults.raise_any()
    with faults.catch():
        raise TwoHeaded("one", found=["a"])
    with pytest.raises(TwoHeaded):
        faults.raise_any()
    with faults.catch():
        raise SeveralFaults([TwoHeaded("two"), TwoHeaded("three")])
    with pytest.raises(SeveralFaults) as caught:
        faults.raise_any()
    assert [fault.where for fault in caught.value.faults] == ["one", "two", "three"]
    assert all(name in str(caught.value) for name in ("one", "two", "three", "3 faults"))


def test_a_foreign_error_is_not_swallowed() -> None:
    faults = Faults()
    with pytest.raises(KeyError), faults.catch():
        raise KeyError("x")


def test_errors_survive_the_way_between_processes() -> None:
    single = pickle.loads(pickle.dumps(TwoHeaded("f", found=["a"], layer="wd25")))
    several = pickle.loads(pickle.dumps(SeveralFaults([single], "g")))
    assert single.layer == "wd25"
    assert str(several) == str(SeveralFaults([single], "g"))
    assert isinstance(several.faults[0], TwoHeaded)
