"""Every level of a ledger adds up to the pot, penny for penny."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundaries.crosswalk import Crosswalk
from boundaries.errors import VintageMismatch
from budgets import errors
from budgets.flows import Split
from budgets.ledger import Ledger, Level

Draw = Callable[..., Crosswalk]
Paper = Callable[..., list[int]]
AMOUNT = st.integers(-(10**13), 10**13)


def hold(cells: Any, *, place_wide: Any = None, codes: str = "abcdefgh") -> Ledger:
    """A ledger with the given cells; amounts follow from them."""
    pence = np.atleast_2d(np.array(cells, dtype=np.int64))
    wide = np.zeros(len(pence), np.int64) if place_wide is None else np.array(place_wide, np.int64)
    streams = pd.DataFrame(
        {"amount_pence": pence.sum(axis=1) + wide},
        index=pd.Index([f"s{i}" for i in range(len(pence))], name="stream", dtype="str"),
    )
    areas = pd.Index(list(codes[: pence.shape[1]]), name="sa", dtype="str")
    inside = np.ones(len(areas), bool)
    return Ledger(streams, areas, pence, wide, inside, pd.DataFrame())


@st.composite
def splits(draw: Any, most: int = 8) -> tuple[list[int], dict[str, dict[str, float]]]:
    """Cells, and for each base area 8 units of land that lie in wards or in none."""
    cells = draw(st.lists(AMOUNT, min_size=1, max_size=6))
    table = {}
    for code in "abcdefgh"[: len(cells)]:
        ward = st.sampled_from(["w3", "w1", "w2", "w4", "none"])
        units = draw(st.lists(ward, min_size=8, max_size=8))
        table[code] = {w: float(units.count(w)) for w in units if w != "none"}
    return cells, table


def test_a_cell_is_split_into_whole_pence_and_the_rest_lies_outside(crosswalk: Draw) -> None:
    walk = crosswalk({"a": {"w1": 1, "w2": 1}, "b": {"w2": 1}}, masses={"a": 3})
    level = hold([[100, 7]]).at(walk, tolerance=0.0)
    # A third of 100 each; the odd penny goes to the smallest code, outside comes last.
    assert level.pence.tolist() == [[34, 40]]
    assert level.outside.tolist() == [33]
    assert level.total == 107


@given(splits())
def test_every_level_is_the_sum_of_flows_split_on_paper(
    crosswalk: Draw, on_paper: Paper, case: tuple[list[int], dict[str, dict[str, float]]]
) -> None:
    cells, table = case
    wards = ["w1", "w2", "w3", "w4"]
    walk = crosswalk(table, masses=dict.fromkeys(table, 8.0), targets=["w3", "w1", "w4", "w2"])
    level = hold([cells]).at(walk, tolerance=0.0)
    expected = np.zeros(5, dtype=np.int64)
    for cell, row in zip(cells, table.values(), strict=True):
        units = [int(row.get(w, 0)) for w in wards]
        expected += np.array(on_paper(cell, [*units, 8 - sum(units)]))
    by_code = level.by_area()
    assert [by_code[w] for w in wards] == expected[:4].tolist()
    assert level.outside.tolist() == [expected[4]]
    assert level.total == sum(cells)


@given(splits(), st.randoms(use_true_random=False))
def test_the_order_of_codes_changes_no_penny(
    crosswalk: Draw, case: tuple[list[int], dict[str, dict[str, float]]], random: Any
) -> None:
    cells, table = case
    wards = ["w1", "w2", "w3", "w4"]
    masses = dict.fromkeys(table, 8.0)
    first = hold([cells]).at(crosswalk(table, masses=masses, targets=wards), tolerance=0.0)
    shuffled = random.sample(wards, 4)
    codes = random.sample(list(table), len(table))
    walk = crosswalk({c: table[c] for c in codes}, masses=masses, targets=shuffled)
    again = hold([cells]).at(walk, tolerance=0.0)
    pd.testing.assert_series_equal(again.by_area().sort_index(), first.by_area().sort_index())
    assert again.outside.tolist() == first.outside.tolist()


@given(
    st.lists(st.lists(AMOUNT, min_size=4, max_size=4), min_size=1, max_size=3),
    st.lists(st.lists(st.floats(0.001, 1), min_size=1, max_size=20), min_size=4, max_size=4),
)
def test_any_shares_add_up_for_few_and_many_parts(
    crosswalk: Draw, cells: list[list[int]], rows: list[list[float]]
) -> None:
    table = {
        c: {f"w{i:02d}": v for i, v in enumerate(row)} for c, row in zip("abcd", rows, strict=True)
    }
    walk = crosswalk(table)
    book = hold(cells)
    level = book.at(walk, tolerance=0.0)
    assert level.total == book.total
    assert not level.outside.any()
    exact = np.array(cells, dtype=float) @ walk.weights.toarray()
    # Each of four cells is within a penny of its exact share (and 2^-40 of the cell).
    assert np.abs(level.pence - exact).max() <= 4 + 1e-11 * np.abs(cells).max()


@given(
    st.lists(st.lists(AMOUNT, min_size=4, max_size=4), min_size=1, max_size=3),
    st.lists(st.lists(st.integers(0, 5), min_size=3, max_size=15), min_size=4, max_size=4),
)
def test_compiled_code_and_numpy_split_alike(
    crosswalk: Draw, cells: list[list[int]], rows: list[list[int]]
) -> None:
    table = {
        c: {f"w{i:02d}": float(v) for i, v in enumerate(row)}
        for c, row in zip("abcd", rows, strict=True)
    }
    walk = crosswalk(table, masses={c: sum(row.values()) + 1 for c, row in table.items()})
    shares = walk.shares()
    split = Split.of(shares.weights, shares.outside, sources=walk.sources, targets=walk.targets)
    pence = np.array(cells, dtype=np.int64)
    for one, other in zip(
        split.apply(pence, engine="numpy"), split.apply(pence, engine="compiled"), strict=True
    ):
        assert one.tolist() == other.tolist()


def test_ties_among_many_parts_go_to_the_smaller_codes(crosswalk: Draw, on_paper: Paper) -> None:
    codes = [f"w{i:02d}" for i in range(20)]
    walk = crosswalk({"a": dict.fromkeys(codes, 1.0)}, targets=codes[::-1])
    level = hold([[1007], [-1007]]).at(walk)
    assert level.by_area().tolist() == [0] * 20
    parts = dict(zip(level.areas, level.pence[0], strict=True))
    assert [parts[c] for c in codes] == on_paper(1007, [1] * 20)
    assert (level.pence[0] == -level.pence[1]).all()


def test_a_shortfall_within_the_tolerance_is_rescaled_and_listed(crosswalk: Draw) -> None:
    walk = crosswalk(
        {"a": {"w1": 985}, "b": {"w1": 500}, "c": {"w1": 1000}},
        masses=dict.fromkeys("abc", 1000.0),
    )
    level = hold([[1000, 1000, 1000], [200, 0, 0]]).at(walk, tolerance=0.02)
    assert level.pence.tolist() == [[2500], [200]]
    assert level.outside.tolist() == [500, 0]
    assert level.moved["code"].tolist() == ["a"]
    assert level.moved["pence_moved"].tolist() == [18]
    strict = hold([[1000, 1000, 1000]]).at(walk, tolerance=0.0)
    assert strict.outside.tolist() == [515]
    assert strict.moved.empty


def test_rounding_noise_is_not_outside(crosswalk: Draw) -> None:
    walk = crosswalk({"a": {"w1": 0.1, "w2": 0.2}}, masses={"a": 0.3 * (1 + 1e-10)})
    level = hold([[10**13]]).at(walk, tolerance=0.0)
    assert level.outside.tolist() == [0]


@given(splits())
def test_a_level_that_nests_adds_up_to_its_parents(
    crosswalk: Draw, case: tuple[list[int], dict[str, dict[str, float]]]
) -> None:
    cells, table = case
    walk = crosswalk(table, masses=dict.fromkeys(table, 8.0), targets=["w1", "w2", "w3", "w4"])
    book = hold([cells, cells[::-1]], place_wide=[5, -7])
    wards = book.at(walk, tolerance=0.0)
    parents = pd.Series({"w1": "north", "w2": "south", "w3": "north", "w4": "south"})
    districts = wards.roll_up(parents.rename_axis("wd"), layer="ltla")
    for code in ("north", "south"):
        children = wards.areas.isin(parents.index[parents == code])
        mine = districts.pence[:, districts.areas.get_loc(code)]
        assert (wards.pence[:, children].sum(axis=1) == mine).all()
    assert districts.areas.name == "ltla"
    assert districts.total == wards.total == book.total
    assert districts.outside.tolist() == wards.outside.tolist()
    place = districts.roll_up(pd.Series({"north": "all", "south": "all"}), layer="place")
    assert place.pence[:, 0].tolist() == wards.pence.sum(axis=1).tolist()


def test_areas_without_one_parent_are_refused(crosswalk: Draw) -> None:
    level = hold([[5]]).at(crosswalk({"a": {"w1": 1, "w2": 1}}))
    with pytest.raises(errors.ParentMissing, match="w2"):
        level.roll_up(pd.Series({"w1": "x"}), layer="ltla")
    with pytest.raises(errors.ParentTwice, match="w1"):
        level.roll_up(pd.Series(["x", "y", "x"], index=["w1", "w1", "w2"]), layer="ltla")
    with pytest.raises(VintageMismatch, match="lep"):
        level.roll_up(pd.Series({"w1": "x", "w2": "x"}).rename_axis("lep"), layer="ltla")


def test_overlapping_areas_hold_money_once_and_count_it_in_each(crosswalk: Draw) -> None:
    walk = crosswalk(
        {"a": {"p": 10, "q": 10}, "b": {"p": 5}, "c": {"q": 10}},
        target="lep",
        masses=dict.fromkeys("abc", 10.0),
        outside=np.array([0.0, 0.5, 0.0]),
    )
    level = hold([[101, 9, 40], [-3, 0, 0]]).at(walk, tolerance=0.0)
    # a: 101 to both in halves, the odd penny to p; b: half of 9 outside, p first in the tie.
    assert level.pence.tolist() == [[51 + 5, 50 + 40], [-2, -1]]
    assert level.outside.tolist() == [4, 0]
    assert level.total == 147
    assert level.counted_in_each is not None
    # 101 in each; half of 9 is 4.5, rounded away from nought.
    assert level.counted_in_each.tolist() == [[101 + 5, 101 + 40], [-3, -3]]


def test_a_level_that_does_not_overlap_has_no_second_figure(crosswalk: Draw) -> None:
    assert hold([[5]]).at(crosswalk({"a": {"w1": 1}})).counted_in_each is None


@given(st.lists(st.tuples(AMOUNT, st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=6))
def test_levels_that_overlap_still_add_up(
    crosswalk: Draw, rows: list[tuple[int, int, int]]
) -> None:
    codes = "abcdef"[: len(rows)]
    table = {c: {"p": float(p), "q": float(q)} for c, (_, p, q) in zip(codes, rows, strict=True)}
    gaps = np.array([max(0, 8 - p - q) / 8 for _, p, q in rows])
    walk = crosswalk(table, masses=dict.fromkeys(codes, 8.0), outside=gaps)
    book = hold([[r[0] for r in rows]])
    level = book.at(walk, tolerance=0.0)
    assert level.total == book.total
    if level.counted_in_each is not None:
        each = [sum(round_half_away(r[0] * r[k], 8) for r in rows) for k in (1, 2)]
        assert level.counted_in_each.tolist() == [each]


def round_half_away(top: int, bottom: int) -> int:
    whole = (2 * abs(top) + bottom) // (2 * bottom)
    return whole if top >= 0 else -whole


def test_a_missing_penny_is_an_imbalance_that_names_the_stream(crosswalk: Draw) -> None:
    book = hold([[5, 6], [7, 8]])
    with pytest.raises(errors.LedgerImbalance, match=r"s1: -1 pence"):
        Ledger(
            book.streams,
            book.areas,
            np.array([[5, 6], [7, 7]]),
            book.place_wide,
            book.inside,
            book.moved,
        )
    level = book.at(crosswalk({"a": {"w1": 1}, "b": {"w1": 1}}))
    with pytest.raises(errors.LedgerImbalance, match=r"level wd.*s0: \+1 pence"):
        Level(
            level.streams,
            level.areas,
            level.pence,
            np.array([1, 0]),
            level.place_wide,
            None,
            level.moved,
        )


def test_carriers_are_frozen_and_their_arrays_read_only(crosswalk: Draw) -> None:
    mine = np.array([[5, 6]])
    book = hold(mine)
    level = book.at(crosswalk({"a": {"w1": 1}, "b": {"w1": 1}}))
    with pytest.raises(FrozenInstanceError):
        book.pence = mine  # type: ignore[misc]
    for array in (book.pence, book.place_wide, book.inside, level.pence, level.outside):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert mine.flags.writeable


def test_tables_hold_every_penny_and_name_what_has_no_area(crosswalk: Draw) -> None:
    book = hold([[5, 0], [7, 8], [0, 0]], place_wide=[0, 3, -2])
    frame = book.to_frame()
    assert frame.values.tolist() == [
        ["s0", "a", 5],
        ["s1", "a", 7],
        ["s1", "b", 8],
        ["s1", "place-wide", 3],
        ["s2", "place-wide", -2],
    ]
    assert frame["amount_pence"].dtype == np.int64
    table = book.at(crosswalk({"a": {"w1": 1}, "b": {"w1": 1}}, masses={"b": 4})).to_frame()
    assert table.values.tolist() == [
        ["s0", "w1", 5],
        ["s1", "w1", 9],
        ["s1", "outside", 6],
        ["s1", "place-wide", 3],
        ["s2", "place-wide", -2],
    ]
    assert table["amount_pence"].sum() == book.total


def test_a_crosswalk_of_another_layer_or_without_an_area_is_refused(crosswalk: Draw) -> None:
    book = hold([[5, 6]])
    with pytest.raises(VintageMismatch, match="lsoa11"):
        book.at(crosswalk({"a": {"w1": 1}, "b": {"w1": 1}}, source="lsoa11"))
    with pytest.raises(errors.AreasDoNotMatch, match="b"):
        book.at(crosswalk({"a": {"w1": 1}}))


def test_a_crosswalk_may_know_more_areas_in_another_order(crosswalk: Draw) -> None:
    walk = crosswalk({"z": {"w9": 1}, "b": {"w2": 1}, "a": {"w1": 1}}, masses={"z": 1.001})
    level = hold([[5, 6]]).at(walk)
    assert level.by_area().to_dict() == {"w9": 0, "w2": 6, "w1": 5}
    assert level.moved.empty


def test_a_base_area_without_any_weight_lies_outside(crosswalk: Draw) -> None:
    level = hold([[5, 6]]).at(crosswalk({"a": {"w1": 1}, "b": {}}, masses={"b": 0.0}))
    assert level.by_area().to_dict() == {"w1": 5}
    assert level.outside.tolist() == [6]


def test_one_area_and_no_stream_are_levels_too(crosswalk: Draw) -> None:
    walk = crosswalk({"a": {"w1": 1}})
    assert hold([[10**13]]).at(walk).by_area().to_dict() == {"w1": 10**13}
    empty = hold(np.zeros((0, 1)))
    assert empty.at(walk).pence.shape == (0, 1)
    assert empty.to_frame().empty


def test_what_is_kept_of_a_crosswalk_depends_on_ledger_and_tolerance(crosswalk: Draw) -> None:
    walk = crosswalk({"a": {"w1": 99}, "b": {"w1": 1}}, masses={"a": 100})
    assert hold([[100, 1]]).at(walk, tolerance=0.0).outside.tolist() == [1]
    assert hold([[100, 1]]).at(walk, tolerance=0.02).outside.tolist() == [0]
    assert hold([[100]]).at(walk, tolerance=0.0).by_area().to_dict() == {"w1": 99}
    assert hold([[1, 100]], codes="ba").at(walk, tolerance=0.0).outside.tolist() == [1]
    # Other tests may hold crosswalks of their own: only this one's plan must be gone.
    kept = weakref.ref(walk)
    del walk
    gc.collect()
    assert kept() is None


def test_carriers_say_what_they_hold(crosswalk: Draw) -> None:
    book = hold([[500, 0]], place_wide=[7])
    assert repr(book) == "Ledger(1 streams x 2 areas of sa: 507 pence, 7 place-wide)"
    level = book.at(crosswalk({"a": {"w1": 1}, "b": {"w1": 1}}, masses={"a": 5}))
    assert repr(level) == "Level(1 streams x 1 areas of wd: 507 pence, 400 outside, 7 place-wide)"
