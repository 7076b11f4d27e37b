"""Consortia as lists of practices: who is registered where, and never who lives where."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from boundaries.crosswalk import Crosswalk
from boundaries.errors import (
    AmountUncovered,
    CodesEmpty,
    CodesNotText,
    CodesNotUnique,
    CodesUnknown,
    ColumnMissing,
    OptionUnknown,
    ValuesNegative,
    ValuesNotFinite,
    ValuesNotNumbers,
)
from boundaries.membership import from_membership, from_polygons_instead, read_registrations
from geo.errors import SeveralFaults

AREAS = pd.Index(["01", "02", "03"], name="lsoa21")


@pytest.fixture
def registered() -> pd.DataFrame:
    """Four practices; P4 is in no consortium and some of P2's people live in area 99."""
    return pd.DataFrame(
        [
            ("P1", "01", 300),
            ("P1", "02", 100),
            ("P2", "02", 50),
            ("P2", "99", 40),
            ("P3", "02", 50),
            ("P4", "01", 100),
        ],
        columns=["practice", "area", "patients"],
    )


@pytest.fixture
def members() -> pd.Series:
    """P1 and P2 are North, P3 is South, and P5 has nobody registered."""
    return pd.Series({"P1": "N", "P2": "N", "P3": "S", "P5": "S"})


def test_people_follow_their_practice_and_not_the_land(
    registered: pd.DataFrame, members: pd.Series
) -> None:
    crosswalk = from_membership(registered, members, sources=AREAS, layer="gp")
    assert crosswalk.mass.toarray().tolist() == [[300, 0], [150, 50], [0, 0]]
    assert crosswalk.weights.toarray().tolist() == [[0.75, 0], [0.75, 0.25], [0, 0]]
    assert (crosswalk.unit, crosswalk.method) == ("registered people", "membership")
    assert (crosswalk.sources.name, crosswalk.targets.name) == ("lsoa21", "gp")


def test_people_of_a_practice_in_no_consortium_lie_outside(
    registered: pd.DataFrame, members: pd.Series
) -> None:
    crosswalk = from_membership(registered, members, sources=AREAS, layer="gp")
    assert crosswalk.uncovered.to_dict() == {"01": 0.25}
    assert crosswalk.notes["practices_without_consortium"] == {
        "count": 1,
        "mass": 100.0,
        "names": ("P4",),
    }
    with pytest.raises(AmountUncovered, match="01"):
        crosswalk.apply_extensive(pd.Series([4.0, 4.0], index=AREAS[:2]))


def test_an_area_where_nobody_is_registered_has_no_mass_and_is_not_uncovered(
    registered: pd.DataFrame, members: pd.Series
) -> None:
    crosswalk = from_membership(registered, members, sources=AREAS, layer="gp")
    assert list(crosswalk.zero_mass) == ["03"]
    assert "03" not in crosswalk.uncovered


def test_registered_people_who_live_elsewhere_stay_in_the_consortium(
    registered: pd.DataFrame, members: pd.Series
) -> None:
    crosswalk = from_membership(registered, members, sources=AREAS, layer="gp")
    assert crosswalk.target_mass.tolist() == [490.0, 50.0]
    assert crosswalk.notes["living_elsewhere"] == {"count": 1, "mass": 40.0, "names": ("99",)}
    assert crosswalk.notes["practices_without_patients"] == ("P5",)
    back = crosswalk.reverse()
    assert back.uncovered.to_dict() == pytest.approx({"N": 40 / 490})


def test_a_consortium_nobody_joined_can_be_a_target(
    registered: pd.DataFrame, members: pd.Series
) -> None:
    targets = pd.Index(["N", "S", "W"], name="gp")
    options = {"sources": AREAS, "layer": "gp", "targets": targets}
    crosswalk = from_membership(registered, members, **options)
    values = pd.Series([0.0, 100.0], index=AREAS[:2])
    converted = crosswalk.apply_extensive(values, uncovered="report")
    assert converted.values.to_dict() == pytest.approx({"N": 75, "S": 25, "W": np.nan}, nan_ok=True)


def test_the_classmethod_is_the_same(registered: pd.DataFrame, members: pd.Series) -> None:
    crosswalk = Crosswalk.from_membership(registered, members, sources=AREAS, layer="gp")
    assert crosswalk.mass.sum() == 500


def test_a_polygon_in_place_of_a_list_says_so(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame
) -> None:
    crosswalk = from_polygons_instead(squares, wards)
    assert (crosswalk.unit, crosswalk.method) == ("m2", "area, polygons in place of lists")
    assert "stand in for their lists" in crosswalk.provenance[-1]


@pytest.mark.parametrize(
    "header",
    [
        "PRACTICE_CODE,PRACTICE_NAME,LSOA_CODE,SEX,NUMBER_OF_PATIENTS",
        "PRACTICE_CODE,PRACTICE_NAME,LSOA11_CODE,SEX,Number of Patients",
        "practice_code,practice_name,lsoa21_code,sex,number_of_patients",
    ],
)
def test_the_published_headings_are_understood(header: str, tmp_path: Path) -> None:
    file = tmp_path / "patients.csv"
    file.write_text(f"{header}\nA81001,A HOUSE,01000001,ALL,25\nA81001,A HOUSE,E02,ALL,3\n")
    table = read_registrations(file)
    assert table.to_dict("list") == {
        "practice": ["A81001", "A81001"],
        "area": ["01000001", "E02"],
        "patients": [25.0, 3.0],
    }


def test_nobody_is_counted_once_as_a_person_and_again_as_a_woman_or_man() -> None:
    frame = pd.DataFrame(
        {
            "PRACTICE_CODE": ["P"] * 5,
            "LSOA_CODE": ["01", "01", "01", "02", "02"],
            "SEX": ["ALL", "FEMALE", "MALE", "FEMALE", "MALE"],
            "NUMBER_OF_PATIENTS": [10, 6, 4, 2, 1],
        }
    )
    assert read_registrations(frame)["patients"].tolist() == [10.0, 3.0]
    assert read_registrations(frame[1:])["patients"].tolist() == [10.0, 3.0]


def test_a_file_with_two_vintages_must_be_told_which() -> None:
    frame = pd.DataFrame(
        {"PRACTICE_CODE": ["P"], "LSOA11_CODE": ["a"], "LSOA21_CODE": ["b"], "PATIENTS": [1]}
    )
    with pytest.raises(OptionUnknown, match="LSOA11_CODE, LSOA21_CODE"):
        read_registrations(frame)
    assert read_registrations(frame, area="LSOA21_CODE")["area"].tolist() == ["b"]


def test_every_missing_column_of_a_file_is_named_at_once() -> None:
    with pytest.raises(SeveralFaults) as caught:
        read_registrations(pd.DataFrame({"x": [1]}))
    named = [fault.found[0] for fault in caught.value.faults]
    assert named == ["PRACTICE_CODE", "NUMBER_OF_PATIENTS", "LSOA_CODE"]


@pytest.mark.parametrize(
    ("column", "value", "error"),
    [
        ("PATIENTS", "many", ValuesNotNumbers),
        ("PATIENTS", None, ValuesNotFinite),
        ("PATIENTS", "-1", ValuesNegative),
        ("LSOA", None, CodesEmpty),
        ("PRACTICE", 7, CodesNotText),
    ],
)
def test_a_broken_row_is_named(column: str, value: object, error: type[Exception]) -> None:
    frame = pd.DataFrame({"PRACTICE": ["P"], "LSOA": ["01"], "PATIENTS": ["1"]}, dtype=object)
    frame.loc[0, column] = value
    with pytest.raises(error):
        read_registrations(frame)


def test_broken_tables_are_refused(registered: pd.DataFrame, members: pd.Series) -> None:
    options = {"sources": AREAS, "layer": "gp"}
    with pytest.raises(ColumnMissing, match="patients"):
        from_membership(registered.drop(columns="patients"), members, **options)
    twice = pd.Series(["N", "S"], index=["P1", "P1"])
    with pytest.raises(CodesNotUnique, match="P1"):
        from_membership(registered, twice, **options)
    with pytest.raises(ValuesNegative):
        from_membership(registered.assign(patients=-1), members, **options)
    with pytest.raises(ValuesNotFinite):
        from_membership(registered.assign(patients=np.nan), members, **options)
    other = {"sources": pd.Index(["x"], name="lsoa11"), "layer": "gp"}
    with pytest.raises(CodesUnknown, match="lsoa11"):
        from_membership(registered, members, **other)
