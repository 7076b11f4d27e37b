"""Diagnosis and repair: every kind found by name and size, and every change told."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import files, layers
from geo.errors import NotProjected
from geo.repair import diagnose, repair

X, Y = 358000.0, 172000.0


def square(x: float, y: float, width: float = 100, height: float = 100) -> shapely.Polygon:
    return shapely.box(X + x, Y + y, X + x + width, Y + y + height)


def layer(*shapes: shapely.Geometry | None, codes: list[object] | None = None) -> gpd.GeoDataFrame:
    named = codes or [f"c{i}" for i in range(len(shapes))]
    frame = gpd.GeoDataFrame({"name": named}, geometry=list(shapes), crs="EPSG:27700")
    return frame.set_index(pd.Index(named, name="sa"))


def found(frame: gpd.GeoDataFrame, **options: object) -> list[tuple[str, str, str]]:
    table = diagnose(frame, **options).table
    return list(table[["kind", "code", "other_code"]].itertuples(index=False, name=None))


def ring_of_eight(hole: float = 100) -> list[shapely.Polygon]:
    """Eight squares around a gap of `hole` by 100 m."""
    wide = [(0, 100), (100, hole), (100 + hole, 100)]
    return [square(x, y, width) for y in (0, 100, 200) for x, width in wide if (x, y) != (100, 100)]


BOW_TIE = shapely.Polygon([(X, Y), (X + 100, Y + 100), (X + 100, Y), (X, Y + 100)])


def test_squares_edge_to_edge_are_clean():
    told = diagnose(layer(square(0, 0), square(100, 0), square(0, 100, 200)))
    assert told.clean
    assert (told.areas, told.sum_m2, told.covered_m2) == (3, 40_000, 40_000)
    assert told.sentence() == "3 areas, nothing found."


def test_an_overlap_is_told_with_both_codes_and_its_size():
    told = diagnose(layer(square(0, 0), square(80, 0), square(180, 0)))
    assert list(told.table["kind"]) == ["overlap"]
    row = told.table.iloc[0]
    assert (row["code"], row["other_code"], row["area_m2"]) == ("c0", "c1", 2_000)
    assert told.sum_m2 - told.covered_m2 == pytest.approx(2_000)
    assert told.sentence() == "3 areas; overlap: 1 (2,000.0 m2)."


def test_a_gap_is_told_with_the_neighbours_that_share_most_of_its_border():
    shapes = [*ring_of_eight()[:3], square(0, 100), square(200, 100), *ring_of_eight()[5:]]
    told = diagnose(layer(*shapes))
    assert found(layer(*shapes)) == [("gap", "c1", "c3")]
    assert told.table["area_m2"].tolist() == [10_000]


def test_a_gap_larger_than_the_limit_is_a_hole():
    assert found(layer(*ring_of_eight()), gap_m2=9_999)[0][0] == "hole"
    assert found(layer(*ring_of_eight()), gap_m2=10_000)[0][0] == "gap"


def test_an_island_within_a_gap_is_not_part_of_the_gap():
    told = diagnose(layer(*ring_of_eight(), square(140, 140, 20, 20)))
    assert told.of("gap")["area_m2"].tolist() == [10_000 - 400]


def test_small_or_narrow_overlaps_and_gaps_are_slivers():
    narrow = diagnose(layer(square(0, 0, 100, 1_000), square(99.5, 0, 100, 1_000)))
    assert narrow.table[["kind", "area_m2", "detail"]].values.tolist() == [
        ["sliver", 500, "overlap"]
    ]
    small = diagnose(layer(square(0, 0), square(98, 98)))
    assert small.table[["kind", "area_m2"]].values.tolist() == [["sliver", 4]]
    gap = diagnose(layer(*ring_of_eight(hole=0.9)))
    assert gap.table[["kind", "detail"]].values.tolist() == [["sliver", "gap"]]
    corner = layer(square(0, 0), square(98, 98))
    assert found(corner, sliver_m2=1.0, sliver_width_m=0.9)[0][0] == "overlap"


def test_what_rounding_leaves_along_a_border_is_not_told():
    assert diagnose(layer(square(0, 0), square(100 - 1e-5, 0))).clean


def test_invalid_rings_are_told_with_what_repair_would_change():
    told = diagnose(layer(BOW_TIE, square(200, 0))).table
    assert told[["kind", "code", "area_m2"]].values.tolist() == [["invalid rings", "c0", 5_000]]
    assert "Self-intersection" in told["detail"].iloc[0]


def test_duplicate_empty_unused_and_unlisted_codes_are_told():
    shapes = [square(100 * i, 0) for i in range(4)]
    frame = layer(*shapes, codes=["a", "a", None, "b"])
    assert found(frame) == [("duplicate code", "a", ""), ("empty code", "row 3", "")]
    frame = layer(*shapes, codes=["a", "b", "c", "d"])
    assert found(frame, expected=["a", "b", "c", "x"]) == [
        ("unlisted code", "d", ""),
        ("unused code", "x", ""),
    ]


def test_one_shape_under_two_codes_is_a_duplicate_and_not_an_overlap():
    assert found(layer(square(0, 0), square(0, 0))) == [("duplicate shape", "c0", "c1")]


def test_shapes_that_cannot_be_used_are_told_by_kind():
    with_infinity = shapely.transform(square(300, 0), lambda xy: np.where(xy > X + 390, np.inf, xy))
    line = shapely.Polygon([(X, Y), (X + 10, Y), (X, Y)])
    frame = layer(square(0, 0), None, shapely.Point(X, Y), with_infinity, line)
    kinds = {code: kind for kind, code, _ in found(frame) if kind != "invalid rings"}
    assert kinds == {
        "c1": "missing shape",
        "c2": "not a polygon",
        "c3": "coordinates not finite",
        "c4": "no surface",
    }


def test_a_missing_a_wrong_and_an_exchanged_system_are_told():
    frame = layer(square(0, 0))
    assert found(frame.set_crs(None, allow_override=True)) == [("missing CRS", "", "")]
    degrees = frame.to_crs("EPSG:4326")
    assert found(degrees) == []
    assert found(degrees.set_crs("EPSG:27700", allow_override=True)) == [("wrong CRS", "c0", "")]
    degrees["geometry"] = shapely.transform(degrees.geometry.array, lambda xy: xy[:, ::-1])
    assert found(degrees) == [("swapped axes", "c0", "")]
    with pytest.raises(NotProjected):
        diagnose(frame, to_crs="EPSG:4326")


def test_invalid_rings_are_told_even_where_the_place_is_not_known():
    frame = layer(BOW_TIE).set_crs(None, allow_override=True)
    assert [kind for kind, _, _ in found(frame)] == ["invalid rings", "missing CRS"]


def test_a_layer_without_areas_is_diagnosed():
    assert diagnose(layer(square(0, 0)).iloc[:0]).areas == 0


def test_repair_mends_rings_and_leaves_overlaps_and_gaps_alone():
    frame = layer(BOW_TIE, square(200, 0), square(280, 0), *[
        shapely.affinity.translate(shape, 0, 1_000) for shape in ring_of_eight()
    ])  # fmt: skip
    done = repair(frame)
    assert done.changes[["kind", "code"]].values.tolist() == [["rings mended", "c0"]]
    assert done.changes["area_after_m2"].tolist() == [5_000]
    assert sorted(done.after.table["kind"]) == ["gap", "overlap"]
    assert "invalid rings" in set(done.before.table["kind"])
    untouched = done.frame.geometry.iloc[1:].geom_equals_exact(frame.geometry.iloc[1:], 0)
    assert untouched.all()


def test_a_change_beyond_the_tolerance_is_said():
    done = repair(layer(BOW_TIE, square(200, 0)))
    assert done.changes["beyond_tolerance"].tolist() == [True]
    assert "1 areas changed by more than the tolerance" in done.sentence()
    assert repair(layer(BOW_TIE), tolerance_m2=5_000).changes["beyond_tolerance"].tolist() == [
        False
    ]


def test_an_overlap_within_the_tolerance_is_cut_from_the_larger_area():
    frame = layer(square(0, 0, 200), square(199.5, 0))
    done = repair(frame, cut_overlaps=True)
    assert done.after.clean
    assert done.frame.area.tolist() == pytest.approx([19_950, 10_000])
    row = done.changes.iloc[0]
    assert (row["kind"], row["code"], row["other_code"]) == ("overlap cut", "c0", "c1")
    assert row["change_m2"] == pytest.approx(-50)
    assert not row["beyond_tolerance"]


def test_an_overlap_beyond_the_tolerance_is_left_and_told():
    done = repair(layer(square(0, 0), square(80, 0)), cut_overlaps=True)
    assert done.changes["kind"].tolist() == ["left: overlap"]
    assert "the tolerance is 100.00 m2" in done.changes["detail"].iloc[0]
    assert done.frame.area.tolist() == [10_000, 10_000]
    assert done.after.of("overlap")["area_m2"].tolist() == [2_000]
    cut = repair(layer(square(0, 0), square(80, 0)), cut_overlaps=True, tolerance_m2=2_000)
    assert cut.after.clean


def test_many_small_cuts_do_not_add_up_beyond_the_tolerance():
    long = square(0, 0, 1_000, 50)
    teeth = [square(100 * i, 49, 50, 49) for i in range(10)]
    done = repair(layer(long, *teeth), cut_overlaps=True, tolerance_m2=120)
    assert done.frame.area.iloc[0] == pytest.approx(50_000 - 100)
    assert done.changes["kind"].value_counts().to_dict() == {"left: overlap": 8, "overlap cut": 2}


def test_a_gap_within_the_tolerance_goes_to_the_longest_border():
    done = repair(layer(*ring_of_eight(hole=0.5)), fill_gaps=True)
    assert done.after.clean
    assert done.changes[["kind", "code"]].values.tolist() == [["gap filled", "c3"]]
    assert done.frame.area["c3"] == pytest.approx(10_050)
    left = repair(layer(*ring_of_eight()), fill_gaps=True)
    assert left.changes["kind"].tolist() == ["left: gap"]


def test_rows_that_are_there_twice_are_dropped_once():
    done = repair(layer(square(0, 0), square(0, 0), square(100, 0), codes=["a", "a", "b"]))
    assert done.frame.index.tolist() == ["a", "b"]
    assert done.changes[["kind", "code"]].values.tolist() == [["row dropped", "a"]]
    assert done.after.clean


def test_two_shapes_of_one_code_are_left_for_people_to_decide():
    done = repair(layer(square(0, 0), square(100, 0), codes=["a", "a"]))
    assert done.changes.empty
    assert found(done.frame) == [("duplicate code", "a", "")]


def test_exchanged_axes_are_put_right_and_the_layer_is_projected():
    frame = layer(square(0, 0), square(100, 0))
    turned = frame.to_crs("EPSG:4326")
    turned["geometry"] = shapely.transform(turned.geometry.array, lambda xy: xy[:, ::-1])
    done = repair(turned)
    assert done.changes["kind"].tolist() == ["axes exchanged", "axes exchanged", "projected"]
    assert done.after.clean
    np.testing.assert_allclose(done.frame.total_bounds, frame.total_bounds, atol=0.01)


def test_a_layer_whose_place_is_unknown_is_left_as_it_is():
    frame = layer(BOW_TIE).set_crs(None, allow_override=True)
    done = repair(frame)
    assert done.changes.empty
    assert done.after is done.before
    assert shapely.equals_exact(done.frame.geometry.iloc[0], BOW_TIE)


def test_shapes_that_are_missing_or_spoilt_stay_and_are_told_again():
    done = repair(layer(BOW_TIE, None, shapely.Point(X, Y)), cut_overlaps=True, fill_gaps=True)
    assert done.changes["kind"].tolist() == ["rings mended"]
    assert sorted(done.after.table["kind"]) == ["missing shape", "not a polygon"]


def test_the_frame_given_is_left_as_it_is():
    frame = layer(BOW_TIE, square(50, 0))
    before = shapely.to_wkb(np.asarray(frame.geometry.array)).tolist()
    repair(frame, cut_overlaps=True, tolerance_m2=1e6)
    assert shapely.to_wkb(np.asarray(frame.geometry.array)).tolist() == before


@pytest.mark.slow
@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 6)] * 2), min_size=2, max_size=8
    ),
    st.integers(0, 3_000),
)
def test_moving_land_never_changes_an_area_beyond_the_tolerance(boxes, tolerance_m2):
    shapes = [square(10 * x, 10 * y, 10 * w, 10 * h) for x, y, w, h in boxes]
    frame = layer(*shapes)
    done = repair(
        frame, tolerance_m2=tolerance_m2, tolerance_share=0, cut_overlaps=True, fill_gaps=True
    )
    change = (done.frame.area - frame.area).abs()
    assert (change <= tolerance_m2 + 1e-6).all()
    assert not done.changes["beyond_tolerance"].any()
    moved = done.changes.groupby("code")["change_m2"].sum()
    for code, total in moved.items():
        assert total == pytest.approx(done.frame.area[code] - frame.area[code], abs=1e-6)
    assert done.frame.is_valid.all()
    assert done.after.covered_m2 >= done.before.covered_m2 - 1e-6
    if done.changes["kind"].str.startswith("left").sum() == 0:
        assert set(done.after.table["kind"]) <= {"duplicate shape"}


@pytest.mark.realdata
def test_partnerships_keep_their_real_overlaps_and_lose_their_invalid_rings(realdata):
    raw = gpd.read_file(realdata / "england" / "lep20_as_published.geojson").set_index("lep20cd")
    done = repair(raw)
    assert len(done.before.of("invalid rings")) == 21
    assert done.after.of("invalid rings").empty
    assert done.changes["kind"].value_counts().to_dict() == {"rings mended": 21, "projected": 1}
    assert not done.changes["beyond_tolerance"].any()
    # 137,845 km2 added up on 130,453 km2 of land, as the note on the data says.
    assert done.after.sum_m2 / 1e6 == pytest.approx(137_845, abs=1)
    assert done.after.covered_m2 / 1e6 == pytest.approx(130_453, abs=1)
    overlaps = done.after.of("overlap")
    assert overlaps["area_m2"].sum() == pytest.approx(done.before.of("overlap")["area_m2"].sum())
    assert len(overlaps) == 5
    lichfield = layers.read(
        realdata / "cities" / "lichfield.gpkg", layer="ward25", code="WD25CD"
    ).union_all()
    shared = done.frame.intersection(lichfield).area / lichfield.area
    assert (shared > 0.99).sum() == 2


@pytest.mark.realdata
def test_networks_of_practices_overlap_and_stay_so(realdata):
    raw = files.open_file(realdata / "england" / "pcn20.shp").frame
    done = repair(raw.set_index("PCN_Code"))
    assert len(done.before.of("invalid rings")) == 11
    assert done.after.of("invalid rings").empty
    assert len(done.after.of("duplicate shape")) == 1
    assert len(done.after.of("overlap")) == len(done.before.of("overlap")) > 1_000
