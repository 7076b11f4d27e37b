"""Entries of a scenario changed one key at a time, and the nearest that can be kept."""

from __future__ import annotations

import pytest

from budgets import pace_limits, scenario
from data import choosing, choosing_entries, choosing_repair
from data.choosing_errors import NoSuchEntry, NotRates
from geo.errors import CommonGroundError

HEAD = '[scenario]\nid = "a"\ntitle = "A"\n'
TWO = scenario.parse(
    HEAD
    + '[[change]]\nof = "x"\nper_cent = 1\nreason = "r"\n'
    + '[[change]]\nof = "y"\nper_cent = 2\nreason = "r"\n'
)
POT = scenario.parse(
    HEAD
    + '[[join]]\nstream = "x"\nas = "aligned"\npot = "help"\n'
    + '[[join]]\nstream = "y"\nas = "aligned"\npot = "help"\n'
    + '[[share]]\nof = "help"\nby = "people"\n'
    + '[[devolve]]\nof = "pot:help"\nto = "wd"\nshare = 0.5\n'
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", (2.0,)),
        ("2.5, 2, 1", (2.5, 2.0, 1.0)),
        ("-1 %", (-1.0,)),
        ("\N{MINUS SIGN}3", (-3.0,)),
        (" , ", ()),
    ],
)
def test_yearly_figures_are_read_as_people_write_them(
    text: str, expected: tuple[float, ...]
) -> None:
    assert choosing_entries.rates(text) == expected


@pytest.mark.parametrize("text", ["plenty", "1;2", "-101", "1001", ",".join("1" * 11), "nan"])
def test_what_is_no_yearly_figure_is_refused(text: str) -> None:
    with pytest.raises(NotRates):
        choosing_entries.rates(text)


@pytest.mark.parametrize(
    ("years", "growth", "expected"),
    [
        (1, (), ()),
        (1, (0.0,), ()),
        (1, (2.0,), (2.0,)),
        (3, (), (0.0, 0.0, 0.0)),
        (4, (3.0, 1.0), (3.0, 1.0, 1.0, 1.0)),
        (2, (3.0, 1.0, 5.0), (3.0, 1.0)),
    ],
)
def test_the_last_growth_holds_on(
    years: int, growth: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    assert choosing_entries.yearly(years, growth) == expected


def test_each_rule_has_the_keys_it_reads_and_no_others() -> None:
    entry: choosing_entries.Entry = {
        "of": "x", "by": "people", "minimum": 5.0, "match": 2.0, "match_with": "y",
    }  # fmt: skip
    damping = choosing_entries.changed("share", entry, "rule", "damping")
    assert (damping["floor"], damping["unit"]) == (-3.0, "per cent")
    taper = choosing_entries.changed("share", damping, "rule", "taper")
    assert taper["growth"] == [-5.0]
    new_money = choosing_entries.changed("share", taper, "rule", "convergence")
    assert not {"growth", "minimum"} & set(new_money)
    raked = choosing_entries.changed("share", new_money, "rule", "raking")
    assert raked == {"of": "x", "by": "people", "rule": "raking"}
    assert "rule" not in choosing_entries.changed("share", raked, "rule", "proportional")
    assert entry["minimum"] == 5.0  # what was given is not touched


def test_a_limit_in_another_unit_takes_the_place_of_both() -> None:
    entry = {"of": "x", "by": "people", "floor": -2.0, "ceiling": 2.0, "unit": "per cent"}
    made = choosing_entries.limited(entry, "floor", 500.0, unit="pounds")
    assert made == {"of": "x", "by": "people", "floor": 500.0, "unit": "pounds"}


def test_what_belongs_to_need_goes_with_it() -> None:
    entry = {"of": "x", "by": "need", "need_weight": 0.5, "measure": "index"}
    assert choosing_entries.changed("share", entry, "by", "people") == {"of": "x", "by": "people"}


def test_a_choice_can_be_added_replaced_raised_and_taken_out() -> None:
    added = choosing.with_entry(TWO, "change", None, {"of": "z", "amount": "1.00", "reason": "r"})
    assert [entry.of for entry in added.change] == ["x", "y", "z"]
    assert [entry.of for entry in choosing.raised(added, "change", 3).change] == ["x", "z", "y"]
    assert [entry.of for entry in choosing.raised(added, "change", 1).change] == ["x", "y", "z"]
    assert [entry.of for entry in choosing.without(added, "change", 2).change] == ["x", "z"]
    assert len(TWO.change) == 2
    for number in (0, 3, -1):
        with pytest.raises(NoSuchEntry):
            choosing.without(TWO, "change", number)
    with pytest.raises(NoSuchEntry):
        choosing.with_entry(TWO, "scenario", None, {})


def test_an_entry_with_a_fault_changes_nothing() -> None:
    with pytest.raises(CommonGroundError):
        choosing.with_entry(TWO, "change", 1, {"of": "x", "reason": "r"})
    with pytest.raises(CommonGroundError):
        choosing.with_head(TWO, title="")
    assert choosing.with_head(TWO, year="2026-27", title="B").head.title == "B"
    assert choosing.with_head(TWO, note=None) == TWO


def test_all_that_speaks_of_a_pot_goes_with_its_name() -> None:
    entry = choosing.entry(POT, "join", 1) | {"pot": "early help"}
    made = choosing.with_join(POT, 1, entry)
    assert {join.pot for join in made.join} == {"early help"}
    assert made.share[0].of == "early help"
    assert made.devolve[0].of == "pot:early help"


def test_entries_of_one_pot_join_in_one_way() -> None:
    entry = choosing.entry(POT, "join", 2) | {"as": "pooled", "host": "H", "agreement": "A"}
    made = choosing.with_join(POT, 2, entry)
    assert {(join.as_, join.host, join.agreement) for join in made.join} == {("pooled", "H", "A")}


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (-2.5, "per cent", "-2.5 %"),
        ([1.0, 0.25], "per cent", "+1 %, +0.25 %"),
        (100000.01, "pounds", "£100,000.01"),
        (12.5, "per head", "£12.50 a person"),
        (1.5, "match", "1.5 for each pound"),
    ],
)
def test_figures_are_written_in_their_unit(value: object, unit: str, expected: str) -> None:
    assert pace_limits.written(value, unit) == expected


def test_an_error_about_nothing_in_the_scenario_names_no_entry() -> None:
    error = CommonGroundError("scenario a, [[share]] number 2 (x)", limit="floor", nearest=1.0)
    assert choosing_repair.spots(error) == [choosing_repair.Spot("share", 2)]
    assert choosing_repair.spots(CommonGroundError("[[share]] number 2")) == []
    assert choosing_repair.without_limit(TWO, CommonGroundError("elsewhere")) is None
