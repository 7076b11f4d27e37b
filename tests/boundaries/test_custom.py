"""Areas of one's own on a row of output areas of 100 metres, 80 households each."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from boundaries.custom import (
    Blocks,
    OutsidePlace,
    TooFewHouseholds,
    UnknownPieces,
    UnusableDrawing,
    assembled,
    drawn,
    from_lonlat,
    from_postcodes,
    inherit,
    within_radius,
)

CODES = [f"0{i}" for i in range(10)]


def row_of_ten(points: bool = False) -> Blocks:
    shapes = [box(100 * i, 0, 100 * i + 100, 100) for i in range(10)]
    frame = gpd.GeoDataFrame(
        {
            "households": 80.0,
            "people": np.arange(10) * 10.0 + 100,
            "base": ["A"] * 5 + ["B"] * 5,
        },
        geometry=[shape.centroid for shape in shapes] if points else shapes,
        index=pd.Index(CODES, name="oa", dtype="str"),
        crs=27700,
    )
    return Blocks(frame)


def test_a_drawing_without_a_home_in_it_is_too_small_and_not_outside() -> None:
    blocks = row_of_ten()
    homes = gpd.GeoDataFrame(
        {"block": CODES, "households": 80.0},
        geometry=[shape.centroid for shape in blocks.frame.geometry],
        crs=27700,
    )
    with pytest.raises(TooFewHouseholds, match="0 households"):
        drawn(blocks, box(110, 0, 130, 20), name="Meadow", points=homes)
    with pytest.raises(OutsidePlace):
        drawn(blocks, box(5000, 0, 5100, 100), name="Elsewhere", points=homes)


def test_a_drawing_takes_whole_output_areas_by_the_half_rule() -> None:
    area = drawn(row_of_ten(), box(0, 0, 251, 100), name="Forum")
    assert area.members.tolist() == ["00", "01", "02"]
    assert area.households == 240
    assert area.people == 100 + 110 + 120
    assert area.shares["02"] == pytest.approx(0.51)
    assert drawn(row_of_ten(), box(0, 0, 249, 100), name="Forum").members.tolist() == ["00", "01"]


@given(st.floats(151, 249), st.floats(0, 1))
def test_two_drawings_that_differ_a_little_give_the_same_figures(edge: float, more: float) -> None:
    one = drawn(row_of_ten(), box(0, 0, edge, 100), name="Forum")
    other = drawn(row_of_ten(), box(0, 0, min(edge + more, 249.9), 100), name="Forum")
    assert (one.households, one.people) == (other.households, other.people)


def test_fewer_than_a_hundred_households_are_refused_with_the_reason() -> None:
    with pytest.raises(TooFewHouseholds, match="80 households in 1 oa") as caught:
        drawn(row_of_ten(), box(0, 0, 120, 100), name="Forum")
    assert caught.value.fields["households"] == 80


def test_households_decide_where_their_addresses_are_known() -> None:
    # All addresses of area 02 lie in its first tenth, so a drawing that takes only that tenth
    # holds all its households.
    points = gpd.GeoDataFrame(
        {"block": ["00", "01", "02", "02"], "households": [80.0, 80.0, 40.0, 40.0]},
        geometry=[Point(50, 50), Point(150, 50), Point(205, 50), Point(209, 50)],
        crs=27700,
    )
    by_land = drawn(row_of_ten(), box(0, 0, 210, 100), name="Forum")
    by_address = drawn(row_of_ten(), box(0, 0, 210, 100), name="Forum", points=points)
    assert by_land.members.tolist() == ["00", "01"]
    assert by_address.members.tolist() == ["00", "01", "02"]
    assert "households" in by_address.how


def test_postcodes_that_count_alike_say_so_and_decide_by_their_number() -> None:
    # Two of the three postcodes of area 02 lie in its first tenth.
    points = gpd.GeoDataFrame(
        {"block": ["00", "01", "02", "02", "02"], "households": 1.0},
        geometry=[Point(50, 50), Point(150, 50), Point(205, 50), Point(209, 50), Point(290, 50)],
        crs=27700,
    )
    shape = box(0, 0, 210, 100)
    area = drawn(row_of_ten(), shape, name="Forum", points=points, counting="postcodes")
    assert area.members.tolist() == ["00", "01", "02"]
    assert area.shares["02"] == pytest.approx(2 / 3)
    assert area.how == "drawn, measured by postcodes"
    assert area.half == "at least half of its postcodes do"
    assert any("counts alike" in note for note in area.notes)
    walk = area.crosswalk(row_of_ten())
    assert any("half of its postcodes" in line for line in walk.provenance)
    circle = within_radius(
        row_of_ten(), 105, 50, 105, name="Forum", points=points, counting="postcodes"
    )
    assert circle.how == "radius, measured by postcodes"
    assert [note.split()[0] for note in circle.notes] == ["Within", "Each"]


def test_centroids_serve_where_no_polygons_are_known() -> None:
    area = drawn(row_of_ten(points=True), box(0, 0, 260, 100), name="Forum")
    assert area.members.tolist() == ["00", "01", "02"]
    assert "centroid" in area.how


def test_a_list_may_mix_output_areas_and_small_areas() -> None:
    area = assembled(row_of_ten(), ["B", "01", "01"], name="Forum")
    assert area.members.tolist() == ["01", "05", "06", "07", "08", "09"]


def test_unknown_codes_are_named() -> None:
    with pytest.raises(UnknownPieces) as caught:
        assembled(row_of_ten(), ["00", "1", "Z"], name="Forum")
    assert caught.value.found == ("1", "Z")
    with pytest.raises(UnknownPieces, match="no code"):
        assembled(row_of_ten(), [], name="Forum")


def test_postcodes_join_the_areas_of_which_they_hold_half() -> None:
    points = pd.DataFrame(
        {"block": ["00", "00", "01", "02", "02"], "households": [40.0, 40.0, 80.0, 30.0, 50.0]},
        index=["AB1 1AA", "AB1 1AB", "AB1 1AC", "AB1 1AD", "AB1 1AE"],
    )
    area = from_postcodes(row_of_ten(), ["ab11aa", "AB1 1AC", "AB1 1AD"], points, name="Forum")
    assert area.members.tolist() == ["00", "01"]
    with pytest.raises(UnknownPieces, match="ZZ9 9ZZ"):
        from_postcodes(row_of_ten(), ["ZZ9 9ZZ"], points, name="Forum")


def test_a_radius_is_a_drawing_with_its_own_note() -> None:
    area = within_radius(row_of_ten(), 150, 50, 160, name="Forum")
    assert area.members.tolist() == ["00", "01", "02"]
    assert "160 m" in area.notes[0]
    with pytest.raises(UnusableDrawing):
        within_radius(row_of_ten(), 150, 50, float("nan"), name="Forum")


def test_a_drawing_on_the_screen_is_brought_to_the_places_coordinates() -> None:
    blocks = row_of_ten()
    frame = blocks.frame.set_geometry(blocks.frame.geometry.translate(400_000, 300_000), crs=27700)
    corners = gpd.GeoSeries([box(400_000, 300_000, 400_300, 300_100)], crs=27700).to_crs(4326)
    lonlat = list(corners.iloc[0].exterior.coords)[:-1]
    assert from_lonlat(Blocks(frame), lonlat, name="Forum").members.tolist() == ["00", "01", "02"]


def test_a_line_that_crosses_itself_is_mended_and_said_so() -> None:
    bow_tie = Polygon([(0, 0), (300, 100), (300, 0), (0, 100)])
    wide = box(0, 0, 300, 100)
    area = drawn(row_of_ten(), MultiPolygon([bow_tie, wide.buffer(0)]), name="Forum")
    assert area.members.tolist() == ["00", "01", "02"]
    assert "crossed itself" in area.notes[0]


@pytest.mark.parametrize(
    "shape",
    [Polygon(), Point(0, 0), Polygon([(0, 0), (1, 1), (2, 2)]), box(0, 0, np.inf, 1)],
    ids=["empty", "a point", "a line", "infinite"],
)
def test_a_drawing_without_an_area_is_refused(shape: Polygon) -> None:
    with pytest.raises(UnusableDrawing):
        drawn(row_of_ten(), shape, name="Forum")
    with pytest.raises(UnusableDrawing):
        from_lonlat(row_of_ten(), [(0.0, 51.0), (0.1, 51.0)], name="Forum")


def test_a_drawing_elsewhere_is_refused() -> None:
    with pytest.raises(OutsidePlace):
        drawn(row_of_ten(), box(9000, 9000, 9900, 9900), name="Forum")


def test_an_index_value_is_inherited_by_people_and_ranked_only_when_large_enough() -> None:
    blocks = row_of_ten()
    scores = pd.Series({"A": 10.0, "B": 40.0}).rename_axis("sa")
    small = drawn(blocks, box(300, 0, 700, 100), name="Forum")
    # Areas 03 to 06: people 130 and 140 in A, 150 and 160 in B.
    value = inherit(small, blocks, scores, title="The index")
    assert value.value == pytest.approx((270 * 10 + 310 * 40) / 580)
    assert not value.ranked
    assert "fewer than 400 households" in value.sentence
    large = drawn(blocks, box(0, 0, 1000, 100), name="Forum")
    assert inherit(large, blocks, scores, title="The index").ranked


def test_missing_scores_are_left_out_and_counted() -> None:
    blocks = row_of_ten()
    area = drawn(blocks, box(0, 0, 1000, 100), name="Forum")
    value = inherit(area, blocks, pd.Series({"A": 10.0, "B": np.nan}), title="The index")
    assert value.value == 10.0
    assert "1 of them have no value" in value.sentence


def test_the_crosswalk_of_a_custom_area_counts_its_households_and_names_its_rule() -> None:
    blocks = row_of_ten()
    area = drawn(blocks, box(0, 0, 300, 100), name="Forum")
    walk = area.crosswalk(blocks)
    counts = pd.Series(1.0, index=blocks.frame.index)
    moved = walk.apply_extensive(counts, uncovered="report")
    assert moved.values.to_dict() == {"Forum": 3.0}
    assert moved.reconciliation.outside == pytest.approx(7.0)
    assert any("half of its land" in line for line in walk.provenance)
    assert area.base_shares(blocks).to_dict() == {"A": pytest.approx(3 / 5)}
