"""How well layers fit: figures worked out by hand on a row of four squares."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from boundaries.coterminosity import (
    alignment,
    crossing,
    fit,
    pair_sentences,
    place_fit,
    registered_elsewhere,
    through_base,
)
from boundaries.crosswalk import Crosswalk


def layer(layer_id: str, **boxes: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    index = pd.Index(list(boxes), name=layer_id, dtype="str")
    shapes = [box(*corners) for corners in boxes.values()]
    return gpd.GeoDataFrame({"name": list(boxes)}, geometry=shapes, index=index, crs=27700)


def crosswalk(
    mass: list[list[float]], sources: str, targets: str, *, source: str = "sa", target: str = "wd"
) -> Crosswalk:
    table = np.array(mass, dtype=float)
    return Crosswalk(
        mass=table,
        source_mass=table.sum(axis=1),
        sources=pd.Index(list(sources), name=source),
        targets=pd.Index(list(targets), name=target),
        unit="residents",
        method="lookup",
    )


def test_layers_that_nest_fit_perfectly_one_way_only() -> None:
    small = layer("sa", a=(0, 0, 10, 10), b=(10, 0, 20, 10), c=(20, 0, 30, 10), d=(30, 0, 40, 10))
    large = layer("wd", x=(0, 0, 20, 10), y=(20, 0, 40, 10))
    result = fit(Crosswalk.from_areas(small, large))
    assert result.forward.summary["relative_nesting"] == pytest.approx(1)
    assert result.forward.summary["mean_largest_share"] == pytest.approx(1)
    assert result.forward.elsewhere == pytest.approx(0)
    # Each large area is half in each of two small ones: RN = 1/4 + 1/4.
    assert result.backward.summary["relative_nesting"] == pytest.approx(0.5)
    assert result.backward.summary["mean_largest_share"] == pytest.approx(0.5)
    assert result.backward.areas.loc["x", "best"] == "a"


def test_the_fit_of_a_cut_area_is_as_worked_out_by_hand() -> None:
    result = fit(crosswalk([[30, 10], [0, 60]], "ab", "xy"))
    a = result.forward.areas.loc["a"]
    assert a["best"] == "x"
    assert a["largest_share"] == pytest.approx(0.75)
    assert a["relative_nesting"] == pytest.approx(0.75**2 + 0.25**2)
    assert a["mass_elsewhere"] == pytest.approx(10)
    assert a["pieces"] == 2
    assert not a["intact"]
    assert result.forward.summary["mean_largest_share"] == pytest.approx(0.9)
    assert "90.0%" in result.forward.sentence()
    assert "10 of 100" in result.forward.sentence()


def test_a_sliver_counts_as_no_piece_and_leaves_an_area_intact() -> None:
    walk = crosswalk([[995, 5], [0, 1000]], "ab", "xy")
    assert fit(walk, sliver=0.01).forward.areas.loc["a", "pieces"] == 1
    assert fit(walk, sliver=0.01).forward.areas.loc["a", "intact"]
    assert fit(walk, sliver=0.001).forward.areas.loc["a", "pieces"] == 2
    assert fit(walk, sliver=0.001).forward.areas.loc["a", "mass_elsewhere"] == pytest.approx(5)


def test_a_tolerance_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="sliver"):
        fit(crosswalk([[1]], "a", "x"), sliver=0.7)


def test_what_lies_in_no_target_is_told_apart_from_what_lies_elsewhere() -> None:
    small = layer("sa", a=(0, 0, 10, 10))
    large = layer("wd", x=(0, 0, 6, 10), y=(6, 0, 8, 10))
    areas = fit(Crosswalk.from_areas(small, large)).forward.areas.loc["a"]
    assert areas["mass_elsewhere"] == pytest.approx(20)
    assert areas["uncovered"] == pytest.approx(20)


def test_the_small_areas_across_a_border_are_listed_with_their_people() -> None:
    walk = crosswalk([[30, 10], [0, 60], [0.2, 99.8]], "abc", "xy")
    table = crossing(walk)
    assert table.to_dict("list") == {
        "base_code": ["a", "a"],
        "layer_code": ["x", "y"],
        "share": [0.75, 0.25],
        "people": [30.0, 10.0],
    }
    people = pd.Series({"a": 400.0, "b": 1.0, "c": 1.0}).rename_axis("sa")
    assert crossing(walk, people)["people"].tolist() == [300.0, 100.0]


def test_two_levels_are_compared_by_the_people_of_the_base_areas_they_share() -> None:
    wards = crosswalk([[1, 0], [1, 0], [0, 1]], "abc", "xy")
    police = crosswalk([[1, 0], [0, 1], [0, 1]], "abc", "pq", target="pfa")
    people = pd.Series({"a": 100.0, "b": 300.0, "c": 600.0}).rename_axis("sa")
    both = through_base(wards, police, people).to_frame()
    assert both[["source_code", "target_code", "mass"]].to_numpy().tolist() == [
        ["x", "p", 100.0],
        ["x", "q", 300.0],
        ["y", "q", 600.0],
    ]
    table = place_fit({"wd": wards, "pfa": police}, people)
    # Wards into police: y whole (600), x at best 300 of 400: 90 %. Police into wards: p whole
    # (100), q at best 600 of 900: 70 %.
    assert table["source"].tolist() == ["wd", "pfa"]
    assert table["mean_largest_share"].tolist() == pytest.approx([0.9, 0.7])
    assert table["fits"].tolist() == [False, False]
    (sentence,) = pair_sentences(table)
    assert sentence == (
        "wd and pfa do not fit: 90.0% of the people of wd are in the best-matching area of pfa "
        "(100 are not); the other way 70.0%."
    )


def test_a_district_in_two_overlapping_partnerships_fits_into_either() -> None:
    district = crosswalk([[1], [0]], "ab", "D", target="lad")
    partnerships = Crosswalk(
        mass=np.array([[1.0, 1.0], [1.0, 0.0]]),
        source_mass=np.array([1.0, 1.0]),
        sources=pd.Index(["a", "b"], name="sa"),
        targets=pd.Index(["P", "Q"], name="lep"),
        unit="residents",
        method="lookup",
        outside=np.zeros(2),
    )
    people = pd.Series({"a": 100.0, "b": 300.0}).rename_axis("sa")
    table = place_fit({"lep": partnerships, "lad": district}, people).set_index("source")
    assert table.loc["lad", "mean_largest_share"] == pytest.approx(1)
    # P holds 400 of whom 100 are in D, Q holds 100, all in D: 200 of 500 people counted.
    assert table.loc["lep", "mean_largest_share"] == pytest.approx(0.4)
    assert table["pair_fits"].all()


def test_a_place_with_one_level_has_no_pairs() -> None:
    walk = crosswalk([[1]], "a", "x")
    assert place_fit({"wd": walk}, pd.Series({"a": 1.0})).empty


def test_people_registered_across_the_border_are_named() -> None:
    land = crosswalk([[1, 0], [0, 1]], "ab", "GH", target="ccg")
    lists = crosswalk([[3000, 1000], [210, 4000]], "ab", "GH", target="ccg")
    table = registered_elsewhere(land, lists)
    assert table.to_dict("list") == {
        "base_code": ["a", "b"],
        "lives_in": ["G", "H"],
        "registered_with": ["H", "G"],
        "people": [1000.0, 210.0],
    }


def test_alignment_needs_both_halves_of_the_rule() -> None:
    registered = crosswalk([[90, 10], [40, 160]], "ab", "GH", target="ccg")
    councils = crosswalk([[1, 0], [0, 1]], "ab", "MN", target="lad")
    table = alignment(registered, councils).set_index(["consortium", "council"])
    # M: 90 of its 100 are with G, but only 90 of G's 130 (69 %) live in M: not aligned.
    assert table.loc[("G", "M"), "share_of_council"] == pytest.approx(0.9)
    assert not table.loc[("G", "M"), "aligned"]
    # N: 160 of 200 (80 %) are with H, and 160 of H's 170 (94 %) live there: aligned.
    assert table.loc[("H", "N"), "aligned"]


MASSES = st.just(0.0) | st.floats(1e-3, 1e6)


@given(st.lists(st.lists(MASSES, min_size=3, max_size=3), min_size=1, max_size=6))
def test_best_elsewhere_and_uncovered_always_add_up_to_the_whole(mass: list[list[float]]) -> None:
    table = np.array(mass)
    walk = crosswalk(mass, "abcdef"[: len(mass)], "xyz")
    areas = fit(walk).forward.areas
    held = areas["largest_share"] * areas["mass"]
    total = held + areas["mass_elsewhere"] + areas["uncovered"]
    assert total.to_numpy() == pytest.approx(table.sum(axis=1), rel=1e-9, abs=1e-6)
    positive = areas[areas["mass"] > 0]
    assert (positive["relative_nesting"] <= positive["largest_share"] + 1e-9).all()
