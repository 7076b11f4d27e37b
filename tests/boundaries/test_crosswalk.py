"""The carrier: what it holds, what it refuses, what it keeps apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from boundaries.crosswalk import Crosswalk
from boundaries.errors import (
    CodesEmpty,
    CodesNotText,
    CodesNotUnique,
    CrosswalkBroken,
    OptionUnknown,
    OverlapRefused,
    ValuesNegative,
    ValuesNotFinite,
    VintageMismatch,
)
from geo.errors import SeveralFaults

Written = Callable[..., Crosswalk]


def test_a_weight_is_the_part_of_the_source_that_lies_in_the_target(written: Written) -> None:
    crosswalk = written([[30, 10], [0, 60]])
    assert crosswalk.weights.toarray().tolist() == [[0.75, 0.25], [0.0, 1.0]]
    assert crosswalk.coverage.to_dict() == {"s0": 1.0, "s1": 1.0}


def test_a_frame_has_one_row_a_pair_in_code_order(written: Written) -> None:
    frame = written([[0, 60], [30, 10]]).to_frame()
    assert frame.to_dict("list") == {
        "source_code": ["s0", "s1", "s1"],
        "target_code": ["t1", "t0", "t1"],
        "weight": [1.0, 0.75, 0.25],
        "mass": [60.0, 30.0, 10.0],
    }


def test_a_source_that_fell_short_is_uncovered_and_one_counted_twice_overlaps(
    written: Written,
) -> None:
    crosswalk = written([[3, 0], [4, 2], [4, 0]], source_mass=[4, 4, 4])
    assert crosswalk.uncovered.to_dict() == {"s0": 0.25}
    assert crosswalk.overlapping.to_dict() == {"s1": 0.5}
    assert list(crosswalk.zero_mass) == []


def test_a_gap_and_an_overlap_in_one_row_do_not_hide_each_other(written: Written) -> None:
    crosswalk = written([[2, 2]], source_mass=[4], outside=np.array([0.25]))
    assert crosswalk.coverage.tolist() == [1.0]
    assert crosswalk.uncovered.to_dict() == {"s0": 0.25}
    assert crosswalk.overlapping.to_dict() == {"s0": 0.25}


def test_a_source_without_mass_is_neither_covered_nor_uncovered(written: Written) -> None:
    crosswalk = written([[0, 0], [1, 1]])
    assert list(crosswalk.zero_mass) == ["s0"]
    assert crosswalk.uncovered.empty
    assert crosswalk.undefined.tolist() == [1.0, 0.0]


def test_a_fallback_places_only_sources_without_mass(written: Written) -> None:
    fallback = csr_array(np.array([[0.25, 0.5], [1.0, 0.0]]))
    crosswalk = written([[0, 0], [1, 1]], fallback=fallback, fallback_unit="m2")
    assert crosswalk.weights.toarray().tolist() == [[0.25, 0.5], [0.5, 0.5]]
    assert crosswalk.uncovered.to_dict() == {"s0": 0.25}
    assert crosswalk.undefined.tolist() == [0.0, 0.0]
    frame = crosswalk.to_frame().query("source_code == 's0'")
    assert frame["mass"].tolist() == [0.0, 0.0]
    assert frame["weight"].tolist() == [0.25, 0.5]


def test_a_row_that_lacks_only_rounding_noise_counts_as_whole(written: Written) -> None:
    crosswalk = written([[1 - 1e-12]], source_mass=[1])
    assert crosswalk.uncovered.empty
    assert crosswalk.shares().weights.toarray().tolist() == [[1.0]]
    assert crosswalk.shares().moved.empty


def test_a_crosswalk_tells_what_it_holds(written: Written) -> None:
    text = repr(written([[3, 0], [0, 0]], source_mass=[4, 0]))
    assert text == (
        "Crosswalk(sa to wd: 2 to 2 areas, 1 pairs, by lookup in residents; "
        "1 uncovered, 0 overlapping, 1 of zero mass)"
    )


def test_a_crosswalk_cannot_be_changed_from_outside(written: Written) -> None:
    cells = np.array([[1.0, 2.0]])
    crosswalk = written(cells.tolist())
    with pytest.raises(FrozenInstanceError):
        crosswalk.unit = "people"  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        crosswalk.mass.data[0] = 9
    coverage = crosswalk.coverage
    coverage.iloc[:] = 0.0
    assert crosswalk.coverage.tolist() == [1.0]


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        (pd.Index([1, 2], name="sa"), CodesNotText),
        (pd.Index(["a", ""], name="sa"), CodesEmpty),
        (pd.Index(["a", None], name="sa", dtype=object), CodesEmpty),
        (pd.Index(["a", "a"], name="sa"), CodesNotUnique),
        (pd.Index(["a", "b"]), VintageMismatch),
    ],
)
def test_codes_that_cannot_name_an_area_are_refused(
    codes: pd.Index, error: type[Exception], written: Written
) -> None:
    good = written([[1.0], [1.0]])
    with pytest.raises(error):
        Crosswalk(good.mass, good.source_mass, codes, good.targets, "m2", "area")


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ({"mass": [[1.0, -1.0]]}, ValuesNegative),
        ({"mass": [[1.0, np.nan]]}, ValuesNotFinite),
        ({"mass": [[1.0, np.inf]], "source_mass": [1.0]}, ValuesNotFinite),
        ({"mass": [[1.0]], "source_mass": [1.0, 2.0]}, CrosswalkBroken),
        ({"mass": [[1.0]], "source_mass": [0.0]}, CrosswalkBroken),
        ({"mass": [[1.0]], "outside": np.array([0.1, 0.2])}, CrosswalkBroken),
        ({"mass": [[0.0]], "fallback": csr_array(np.ones((2, 1)))}, CrosswalkBroken),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(
    parts: dict[str, object], error: type[Exception], written: Written
) -> None:
    with pytest.raises(error):
        written(**parts)


def test_several_faults_of_the_codes_come_together() -> None:
    codes = pd.Index([1, None, "a"], name="sa", dtype=object)
    with pytest.raises(SeveralFaults) as caught:
        Crosswalk(csr_array((3, 1)), np.ones(3), codes, pd.Index(["t"], name="wd"), "m2", "area")
    assert {type(fault) for fault in caught.value.faults} == {CodesNotText, CodesEmpty}


def test_a_short_row_within_the_tolerance_is_rescaled_and_listed(written: Written) -> None:
    crosswalk = written([[49, 49], [49, 0], [0, 100]], source_mass=[100, 100, 100])
    shares = crosswalk.shares(tolerance=0.02)
    assert shares.weights.toarray() == pytest.approx(
        np.array([[0.5, 0.5], [0.49, 0.0], [0.0, 1.0]])
    )
    assert shares.outside.tolist() == pytest.approx([0.0, 0.51, 0.0])
    assert shares.moved["code"].tolist() == ["s0"]
    assert shares.moved["coverage"].tolist() == pytest.approx([0.98])
    assert shares.moved["share_moved"].tolist() == pytest.approx([0.02])


def test_without_a_tolerance_nothing_is_rescaled(written: Written) -> None:
    shares = written([[99.99]], source_mass=[100]).shares()
    assert shares.outside.tolist() == pytest.approx([0.0001])
    assert shares.moved.empty


def test_overlapping_targets_are_refused_divided_or_counted_in_each(written: Written) -> None:
    crosswalk = written([[60, 90]], source_mass=[100])
    with pytest.raises(OverlapRefused, match=r"50\.00%.*s0"):
        crosswalk.shares()
    divided = crosswalk.shares(overlap="share-out")
    assert divided.weights.toarray()[0] == pytest.approx([0.4, 0.6])
    assert divided.extra.tolist() == [0.0]
    each = crosswalk.shares(overlap="count-in-each")
    assert each.weights.toarray().tolist() == [[0.6, 0.9]]
    assert each.extra.tolist() == [0.5]


def test_sharing_out_leaves_the_gap_outside(written: Written) -> None:
    crosswalk = written([[60, 90]], source_mass=[100], outside=np.array([0.25]))
    shares = crosswalk.shares(overlap="share-out")
    assert shares.weights.toarray()[0] == pytest.approx([0.3, 0.45])
    assert shares.outside.tolist() == [0.25]


def test_a_sliver_of_overlap_within_the_tolerance_is_divided_and_listed(written: Written) -> None:
    crosswalk = written([[50, 51]], source_mass=[100])
    shares = crosswalk.shares(tolerance=0.02)
    assert shares.weights.toarray()[0] == pytest.approx([50 / 101, 51 / 101])
    assert shares.moved["share_moved"].tolist() == pytest.approx([-0.01])
    each = crosswalk.shares(tolerance=0.02, overlap="count-in-each")
    assert each.weights.toarray()[0] == pytest.approx([0.5, 0.51])
    assert each.moved.empty


def test_a_sliver_of_gap_under_overlapping_targets_is_closed_in_proportion(
    written: Written,
) -> None:
    crosswalk = written([[99, 49.5]], source_mass=[100], outside=np.array([0.01]))
    shares = crosswalk.shares(tolerance=0.02, overlap="count-in-each")
    assert shares.weights.toarray()[0] == pytest.approx([1.0, 0.5])
    assert shares.outside.tolist() == [0.0]
    assert shares.extra.tolist() == pytest.approx([0.5])
    assert shares.moved["share_moved"].tolist() == pytest.approx([0.015])


def test_a_short_row_without_any_target_cannot_be_rescaled(written: Written) -> None:
    crosswalk = written(
        [[0.0]], source_mass=[4], outside=np.array([0.01]), undefined=np.array([0.99])
    )
    shares = crosswalk.shares(tolerance=0.02)
    assert shares.outside.tolist() == [1.0]
    assert shares.unplaceable.tolist() == [0.99]
    assert shares.moved.empty


@pytest.mark.parametrize("rule", ["refuse", "share-out", "count-in-each"])
def test_every_share_is_accounted_for(rule: str, written: Written) -> None:
    crosswalk = written(
        [[50, 50], [49, 50], [10, 20], [0, 0]],
        source_mass=[100, 100, 100, 0],
    )
    shares = crosswalk.shares(tolerance=0.02, overlap=rule)
    rows = shares.weights.sum(axis=1)
    assert rows + shares.outside == pytest.approx(1 + shares.extra)
    assert shares.unplaceable.tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(
    "options", [{"tolerance": -0.1}, {"tolerance": 1.0}, {"tolerance": "a"}, {"overlap": "maybe"}]
)
def test_an_unknown_option_is_refused(options: dict[str, object], written: Written) -> None:
    with pytest.raises(OptionUnknown):
        written([[1.0]]).shares(**options)


def test_the_constructors_hang_on_the_class(squares: gpd.GeoDataFrame) -> None:
    pairs = pd.DataFrame({"a": ["01"], "b": ["X"]})
    assert Crosswalk.from_areas(squares, squares).method == "area"
    assert Crosswalk.from_lookup(pairs, source="a", target="b").method == "lookup, whole"
    assert Crosswalk.identity(squares).method == "identity"
