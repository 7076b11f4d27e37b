"""Compose, reverse, merge, restrict, rescale, identity: what each keeps."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array

from boundaries.crosswalk import Crosswalk
from boundaries.errors import (
    CodesNotUnique,
    CodesUnknown,
    MergeCountsTwice,
    OptionUnknown,
    VintageMismatch,
)

Written = Callable[..., Crosswalk]


def codes(count: int, layer: str) -> pd.Index:
    return pd.Index([f"{layer}-{i}" for i in range(count)], name=layer)


def random_crosswalk(draw: st.DrawFn, sources: pd.Index, targets: pd.Index) -> Crosswalk:
    """Draw a crosswalk with gaps, overlaps, zero-mass sources and a fallback for some of them."""
    shape = (len(sources), len(targets))
    elements = st.one_of(st.just(0.0), st.floats(0.01, 10.0))
    mass = draw(hnp.arrays(np.float64, shape, elements=elements))
    whole = mass.sum(axis=1) * draw(
        hnp.arrays(np.float64, shape[0], elements=st.sampled_from([1.0, 0.6, 1.5]))
    )
    fallback = draw(st.sampled_from([None, csr_array(np.full(shape, 0.9 / shape[1]))]))
    return Crosswalk(csr_array(mass), whole, sources, targets, "m2", "area", fallback=fallback)


@st.composite
def chains(draw: st.DrawFn) -> tuple[Crosswalk, Crosswalk, Crosswalk]:
    sizes = [draw(st.integers(1, 4)) for _ in range(4)]
    layers = [codes(n, name) for n, name in zip(sizes, "abcd", strict=True)]
    first, second, third = (random_crosswalk(draw, layers[i], layers[i + 1]) for i in range(3))
    return first, second, third


def same(one: Crosswalk, other: Crosswalk) -> None:
    assert one.weights.toarray() == pytest.approx(other.weights.toarray(), abs=1e-9)
    assert one.mass.toarray() == pytest.approx(other.mass.toarray(), abs=1e-9)
    assert one.source_mass == pytest.approx(other.source_mass)
    for part in ("outside", "undefined", "extra"):
        assert getattr(one, part) == pytest.approx(getattr(other, part), abs=1e-8)
    assert (one.sources.name, one.targets.name) == (other.sources.name, other.targets.name)
    assert (one.unit, one.method, one.provenance) == (other.unit, other.method, other.provenance)


@given(chains())
def test_composition_is_associative(chain: tuple[Crosswalk, Crosswalk, Crosswalk]) -> None:
    first, second, third = chain
    same(first.compose(second).compose(third), first.compose(second.compose(third)))


@given(chains())
def test_composition_is_the_product_of_the_weights(
    chain: tuple[Crosswalk, Crosswalk, Crosswalk],
) -> None:
    first, second, _ = chain
    expected = first.weights.toarray() @ second.weights.toarray()
    assert first.compose(second).weights.toarray() == pytest.approx(expected, abs=1e-12)


@given(chains())
def test_identity_changes_nothing(chain: tuple[Crosswalk, Crosswalk, Crosswalk]) -> None:
    first = chain[0]
    before = Crosswalk.identity(first.sources).compose(first)
    after = first.compose(Crosswalk.identity(first.targets))
    for composed in (before, after):
        assert composed.weights.toarray() == pytest.approx(first.weights.toarray())
        assert composed.outside == pytest.approx(first.outside)
        assert composed.undefined == pytest.approx(first.undefined)


def test_identity_of_a_layer_weighs_by_its_area(squares: gpd.GeoDataFrame) -> None:
    identity = Crosswalk.identity(squares)
    assert (identity.unit, identity.source_mass.tolist()) == ("m2", [100.0] * 4)
    people = pd.Series([1.0, 2.0, 3.0, 0.0], index=squares.index, name="residents")
    weighed = Crosswalk.identity(people)
    assert weighed.unit == "residents"
    assert weighed.weights.toarray().tolist() == np.eye(4).tolist()
    assert weighed.apply_extensive(people).values.tolist() == [1.0, 2.0, 3.0, 0.0]


def test_small_areas_go_through_their_successors_to_wards(written: Written) -> None:
    change = written([[40, 60], [0, 10]], source="lsoa11", target="lsoa21")
    onward = Crosswalk(
        mass=csr_array([[3.0, 1.0], [0.0, 5.0]]),
        source_mass=[4.0, 5.0],
        sources=change.targets,
        targets=pd.Index(["w0", "w1"], name="wd25"),
        unit="m2",
        method="area",
        provenance=("wards of 2025",),
    )
    composed = change.compose(onward)
    # s0: 40 % in t0, of which 3/4 are in w0; all the rest is in w1.
    assert composed.weights.toarray() == pytest.approx(np.array([[0.3, 0.7], [0.0, 1.0]]))
    assert composed.mass.toarray() == pytest.approx(np.array([[30.0, 70.0], [0.0, 10.0]]))
    assert (composed.unit, composed.method) == ("residents", "lookup > area")
    assert composed.provenance == ("wards of 2025",)


def test_composition_keeps_overlap_gap_and_zero_mass_apart(written: Written) -> None:
    first = written([[1, 1], [0, 2]], source="a", target="sa")
    second = Crosswalk(
        mass=csr_array([[4.0, 4.0], [0.0, 0.0]]),
        source_mass=[4.0, 0.0],
        sources=first.targets,
        targets=codes(2, "lep"),
        unit="m2",
        method="area",
    )
    composed = first.compose(second)
    assert composed.coverage.to_dict() == {"s0": 1.0, "s1": 0.0}
    assert composed.extra.tolist() == [0.5, 0.0]
    assert composed.undefined.tolist() == [0.5, 1.0]
    assert composed.outside.tolist() == [0.0, 0.0]


def test_half_in_a_gap_and_half_counted_twice_is_not_covered_once(written: Written) -> None:
    first = written([[1, 1]], source="a", target="sa")
    second = Crosswalk(
        mass=csr_array([[4.0, 4.0], [0.0, 0.0]]),
        source_mass=[4.0, 4.0],
        sources=first.targets,
        targets=codes(2, "lep"),
        unit="m2",
        method="area",
    )
    composed = first.compose(second)
    assert composed.coverage.tolist() == [1.0]
    assert composed.uncovered.tolist() == [0.5]
    assert composed.overlapping.tolist() == [0.5]


def test_composing_across_two_vintages_names_both(written: Written) -> None:
    with pytest.raises(VintageMismatch, match=r"wd24.*wd25"):
        written([[1.0]], target="wd24").compose(written([[1.0]], source="wd25", target="d"))


def test_targets_the_second_crosswalk_does_not_know_are_named(written: Written) -> None:
    first = written([[1, 1], [0, 1]], source="a", target="sa")
    second = written([[1.0]], source="sa")
    second = Crosswalk(
        second.mass, second.source_mass, first.targets[:1], second.targets, "m2", "area"
    )
    with pytest.raises(CodesUnknown, match="t1"):
        first.compose(second)
    composed = first.compose(second, unmatched="outside")
    assert composed.uncovered.to_dict() == {"s0": 0.5, "s1": 1.0}
    assert composed.notes["unmatched"] == ["t1"]
    with pytest.raises(OptionUnknown):
        first.compose(second, unmatched="drop")


def test_turning_round_twice_gives_the_first_back(
    squares: gpd.GeoDataFrame, partnerships: gpd.GeoDataFrame
) -> None:
    forward = Crosswalk.from_areas(squares, partnerships)
    again = forward.reverse().reverse()
    assert again.mass.toarray() == pytest.approx(forward.mass.toarray())
    assert again.source_mass == pytest.approx(forward.source_mass)
    assert list(again.sources) == list(forward.sources)


def test_turned_round_a_target_divides_by_its_own_mass(
    squares: gpd.GeoDataFrame, layer: Callable[..., gpd.GeoDataFrame]
) -> None:
    large = layer("wd", {"W1": (0, 0, 40, 10), "W2": (0, 10, 20, 20)})
    back = Crosswalk.from_areas(squares, large).reverse()
    assert back.uncovered.to_dict() == {"W1": 0.5}
    assert back.weights.toarray()[0].tolist() == [0.25, 0.25, 0.0, 0.0]
    assert (back.sources.name, back.targets.name) == ("wd", "sa")


def test_merged_targets_hold_the_sum_of_their_parts(written: Written) -> None:
    crosswalk = written([[1, 2, 3], [0, 0, 4]])
    groups = pd.Series({"t0": "N", "t1": "N", "t2": "S"}).rename_axis("wd")
    merged = crosswalk.merge(groups, layer="district")
    assert merged.mass.toarray().tolist() == [[3.0, 3.0], [0.0, 4.0]]
    assert list(merged.targets) == ["N", "S"]
    assert merged.targets.name == "district"
    assert merged.target_mass.tolist() == [3.0, 7.0]


def test_merged_sources_count_by_their_mass(written: Written) -> None:
    crosswalk = written([[3, 0], [0, 1], [0, 0]], source_mass=[3, 2, 0])
    groups = pd.Series({"s0": "A", "s1": "A", "s2": "B"}).rename_axis("sa")
    merged = crosswalk.merge(groups, layer="msoa", side="sources")
    assert merged.weights.toarray().tolist() == [[0.6, 0.2], [0.0, 0.0]]
    assert merged.uncovered.to_dict() == pytest.approx({"A": 0.2})
    assert list(merged.zero_mass) == ["B"]
    assert merged.undefined.tolist() == [0.0, 1.0]


def test_targets_that_overlap_are_not_merged_by_adding(
    squares: gpd.GeoDataFrame, partnerships: gpd.GeoDataFrame
) -> None:
    crosswalk = Crosswalk.from_areas(squares, partnerships)
    groups = pd.Series({"L1": "all", "L2": "all"}).rename_axis("lep")
    with pytest.raises(MergeCountsTwice, match="01, 02, 03, 04"):
        crosswalk.merge(groups, layer="region")


@pytest.mark.parametrize(
    ("groups", "error"),
    [
        (pd.Series({"t0": "N"}).rename_axis("wd"), CodesUnknown),
        (pd.Series({"t0": "N", "t1": "N", "t9": "N"}).rename_axis("wd"), CodesUnknown),
        (pd.Series({"t0": "N", "t1": "N"}).rename_axis("wd24"), VintageMismatch),
        (
            pd.Series(["N", "N", "S"], index=pd.Index(["t0", "t1", "t1"], name="wd")),
            CodesNotUnique,
        ),
    ],
)
def test_groups_that_do_not_fit_the_layer_are_refused(
    groups: pd.Series, error: type[Exception], written: Written
) -> None:
    with pytest.raises(error):
        written([[1, 1]]).merge(groups, layer="district")


def test_a_target_left_out_becomes_uncovered_and_not_lost(written: Written) -> None:
    crosswalk = written([[3, 1], [0, 4]])
    kept = crosswalk.restrict(targets=pd.Index(["t0"], name="wd"))
    assert kept.weights.toarray().tolist() == [[0.75], [0.0]]
    assert kept.uncovered.to_dict() == {"s0": 0.25, "s1": 1.0}


def test_one_of_two_overlapping_targets_keeps_its_own_gap(
    squares: gpd.GeoDataFrame, partnerships: gpd.GeoDataFrame
) -> None:
    crosswalk = Crosswalk.from_areas(squares, partnerships)
    alone = crosswalk.restrict(targets=pd.Index(["L2"], name="lep"))
    drawn_alone = Crosswalk.from_areas(squares, partnerships.loc[["L2"]])
    assert alone.uncovered.to_dict() == pytest.approx(drawn_alone.uncovered.to_dict())
    assert alone.overlapping.empty


def test_sources_left_out_leave_the_others_as_they_were(written: Written) -> None:
    crosswalk = written([[3, 1], [0, 4], [0, 0]])
    kept = crosswalk.restrict(sources=pd.Index(["s2", "s1"], name="sa"))
    assert list(kept.sources) == ["s2", "s1"]
    assert kept.weights.toarray().tolist() == [[0.0, 0.0], [0.0, 1.0]]
    assert kept.undefined.tolist() == [1.0, 0.0]


def test_restricting_to_codes_of_another_layer_is_refused(written: Written) -> None:
    crosswalk = written([[1.0]])
    with pytest.raises(VintageMismatch):
        crosswalk.restrict(targets=pd.Index(["t0"], name="wd24"))
    with pytest.raises(CodesUnknown, match="t9"):
        crosswalk.restrict(targets=pd.Index(["t9"], name="wd"))


def test_rows_are_brought_to_one_only_when_asked_and_it_is_recorded(written: Written) -> None:
    crosswalk = written([[49, 49], [25, 0], [0, 0], [0, 0]], source_mass=[100, 100, 100, 0])
    some = crosswalk.rescale(tolerance=0.05)
    assert some.coverage.tolist() == pytest.approx([1.0, 0.25, 0.0, 0.0])
    every = crosswalk.rescale()
    assert every.coverage.tolist() == pytest.approx([1.0, 1.0, 0.0, 0.0])
    assert every.uncovered.to_dict() == {"s2": 1.0}
    assert list(every.zero_mass) == ["s3"]
    assert every.provenance == ("2 short rows brought to 1",)
    assert every.source_mass.tolist() == [100.0, 100.0, 100.0, 0.0]


def test_rescaling_keeps_overlaps_unless_told_to_share_out(written: Written) -> None:
    crosswalk = written([[60, 60]], source_mass=[100])
    assert crosswalk.rescale().overlapping.to_dict() == pytest.approx({"s0": 0.2})
    assert crosswalk.rescale(share_out=True).overlapping.empty


def test_a_fallback_is_named_and_reaches_only_sources_without_mass(written: Written) -> None:
    people = written([[0, 0], [1, 3]])
    area = written([[1, 1], [1, 1]], unit="m2", method="area", source_mass=[4, 2])
    placed = people.with_fallback(area)
    assert placed.weights.toarray().tolist() == [[0.25, 0.25], [0.25, 0.75]]
    assert placed.uncovered.to_dict() == {"s0": 0.5}
    assert placed.fallback_unit == "m2"
    assert placed.provenance == ("1 source of zero mass divided by area",)
    with pytest.raises(VintageMismatch):
        people.with_fallback(written([[1, 1]], source="lsoa11"))


def test_a_fallback_survives_composition_and_merging(written: Written) -> None:
    people = written([[0, 0], [1, 3]]).with_fallback(written([[3, 1], [1, 1]], unit="m2"))
    onward = Crosswalk.from_lookup(
        pd.DataFrame({"wd": ["t0", "t1"], "d": ["x", "x"]}),
        source="wd",
        target="d",
        sources=people.targets,
    )
    assert people.compose(onward).weights.toarray().tolist() == [[1.0], [1.0]]
    groups = pd.Series({"t0": "N", "t1": "S"}).rename_axis("wd")
    assert people.merge(groups, layer="d").weights.toarray()[0].tolist() == [0.75, 0.25]
    assert list(people.compose(onward).zero_mass) == ["s0"]
