"""Editions: what the official change table says, and what is carried across it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from boundaries import vintages
from boundaries.errors import ColumnMissing
from boundaries.vintages import (
    ContradictoryChange,
    UnknownChangeKind,
    UnweightedChange,
    bring_up_to_date,
    read_change,
    suggest,
)
from geo.errors import SeveralFaults
from geo.faults import MissingFile

# 01 stays, 02 is split into 02a and 02b, 03 and 04 are merged into 05,
# 06 and 07 are redrawn: 06 goes to 08 and 09, 07 to 09.
ROWS = [
    ("01", "01", "U"),
    ("02", "02a", "S"),
    ("02", "02b", "S"),
    ("03", "05", "M"),
    ("04", "05", "M"),
    ("06", "08", "X"),
    ("06", "09", "X"),
    ("07", "09", "X"),
]
PEOPLE = pd.Series(
    {"01": 100.0, "02a": 30.0, "02b": 90.0, "05": 200.0, "08": 40.0, "09": 120.0}
).rename_axis("lsoa21")


def table(rows: list[tuple[str, str, str]] | None = None) -> pd.DataFrame:
    return pd.DataFrame(rows or ROWS, columns=["LSOA11CD", "LSOA21CD", "CHGIND"])


def test_an_unchanged_a_split_and_a_merged_area_are_carried_by_people() -> None:
    change = read_change(table(ROWS[:5]))
    counts = pd.Series({"01": 10.0, "02": 8.0, "03": 3.0, "04": 5.0}).rename_axis("lsoa11")
    moved = change.crosswalk(PEOPLE).apply_extensive(counts).values
    # 02 has 30 of its 120 people in 02a: 8 x 1/4 = 2; 03 and 04 add up in 05.
    assert moved.to_dict() == {"01": 10.0, "02a": 2.0, "02b": 6.0, "05": 8.0}


def test_a_rate_is_averaged_by_its_own_denominator() -> None:
    change = read_change(table(ROWS[:5]))
    rate = pd.Series({"01": 0.1, "02": 0.2, "03": 0.3, "04": 0.5}).rename_axis("lsoa11")
    people = pd.Series({"01": 100.0, "02": 120.0, "03": 150.0, "04": 50.0}).rename_axis("lsoa11")
    moved = change.crosswalk(PEOPLE).apply_intensive(rate, people).values
    expected = {"01": 0.1, "02a": 0.2, "02b": 0.2, "05": (0.3 * 150 + 0.5 * 50) / 200}
    assert moved.to_dict() == pytest.approx(expected)


def test_redrawn_areas_are_divided_by_something_finer_where_there_is_one() -> None:
    from boundaries.crosswalk import Crosswalk

    change = read_change(table())
    fine = Crosswalk(
        mass=np.array([[10.0, 30.0], [0.0, 80.0]]),
        source_mass=np.array([40.0, 80.0]),
        sources=pd.Index(["06", "07"], name="lsoa11"),
        targets=pd.Index(["08", "09"], name="lsoa21"),
        unit="postcodes",
        method="points",
    )
    coarse = change.crosswalk(PEOPLE).to_frame().set_index(["source_code", "target_code"])
    exact = change.crosswalk(PEOPLE, within=fine).to_frame()
    exact = exact.set_index(["source_code", "target_code"])
    assert coarse.loc[("06", "08"), "weight"] == pytest.approx(40 / 160)
    assert exact.loc[("06", "08"), "weight"] == pytest.approx(0.25)
    assert exact.loc[("06", "09"), "weight"] == pytest.approx(0.75)
    assert exact.loc[("07", "09"), "weight"] == 1.0


def test_totals_survive_the_way_through_every_kind_of_change() -> None:
    counts = pd.Series({"01": 1.0, "02": 2.0, "03": 4.0, "04": 8.0, "06": 16.0, "07": 32.0})
    moved = read_change(table()).crosswalk(PEOPLE).apply_extensive(counts.rename_axis("lsoa11"))
    assert moved.values.sum() == pytest.approx(63.0, abs=1e-12)


def test_a_split_area_without_people_is_refused_by_code() -> None:
    with pytest.raises(UnweightedChange) as caught:
        read_change(table()).crosswalk()
    assert caught.value.found == ("02", "06")


def test_a_table_that_contradicts_itself_is_refused_with_every_fault() -> None:
    rows = [("01", "01", "U"), ("01", "02", "U"), ("03", "05", "M"), ("06", "08", "Q")]
    with pytest.raises(SeveralFaults) as caught:
        read_change(table(rows))
    assert {type(fault) for fault in caught.value.faults} == {
        ContradictoryChange,
        UnknownChangeKind,
    }
    assert "01 to 01 (U)" in str(caught.value)
    assert "03 to 05 (M)" in str(caught.value)


def test_a_wrong_file_and_a_wrong_column_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        read_change(tmp_path / "nothing.csv")
    with pytest.raises(ColumnMissing, match="LSOA21CD"):
        read_change(table().drop(columns="LSOA21CD"))


def test_codes_with_leading_zeros_stay_text_when_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "change.csv"
    table().to_csv(path, index=False)
    assert read_change(path).frame["earlier_code"].tolist()[0] == "01"


def test_recoded_districts_are_brought_up_to_date_and_named() -> None:
    codes, changed = bring_up_to_date(["E08000020", "E06000023", "E08000019"])
    assert codes == ["E08000037", "E06000023", "E08000039"]
    assert {code: recode.name for code, recode in changed.items()} == {
        "E08000020": "Gateshead",
        "E08000019": "Sheffield",
    }


def test_a_change_after_the_date_asked_for_is_not_applied() -> None:
    codes, changed = bring_up_to_date(["E08000019"], until=date(2024, 5, 1))
    assert codes == ["E08000019"]
    assert not changed


def test_districts_that_joined_others_are_replaced_only_when_asked() -> None:
    assert bring_up_to_date(["E07000187"])[0] == ["E07000187"]
    assert bring_up_to_date(["E07000187"], joined=True)[0] == ["E06000066"]


def test_a_suggestion_names_the_official_lookup_for_small_areas() -> None:
    assert "read_change" in suggest("lsoa11", "lsoa21")
    assert "reversed" in suggest("lsoa21", "lsoa11")
    assert "wd24 to wd25" in suggest("wd24", "wd25")
    assert "Crosswalk" in suggest("wd24", "lep20")


@pytest.mark.realdata
def test_the_official_table_has_the_published_numbers_of_changes(realdata: Path) -> None:
    change = read_change(realdata / "england" / "lookup_lsoa11_lsoa21_change.csv.gz")
    # England and Wales, published by ONS and repeated in the methods.
    assert change.counts()["earlier_areas"].to_dict() == {"U": 33647, "S": 861, "M": 239, "X": 6}
    english = change.frame[change.frame["earlier_code"].str.startswith("E")]
    assert english.groupby("kind")["earlier_code"].nunique().to_dict() == {
        "U": 31810,
        "S": 834,
        "M": 194,
        "X": 6,
    }


@pytest.mark.realdata
def test_people_of_2011_areas_are_carried_to_2021_areas_without_loss(realdata: Path) -> None:
    change = read_change(realdata / "england" / "lookup_lsoa11_lsoa21_change.csv.gz")
    english = change.frame[change.frame["earlier_code"].str.startswith("E")]
    change = vintages.ChangeTable(english.reset_index(drop=True), "lsoa11", "lsoa21")
    census = pd.read_csv(
        realdata / "england" / "census2021_counts_lsoa21.csv.gz", dtype={"lsoa21_code": str}
    ).set_index("lsoa21_code")["residents"]
    people = pd.read_csv(
        realdata / "england" / "population20_lsoa11.csv.gz",
        usecols=["lsoa11_code", "total_population"],
        dtype={"lsoa11_code": str},
    ).set_index("lsoa11_code")["total_population"]
    people = people[people.index.str.startswith("E")].rename_axis("lsoa11")
    crosswalk = change.crosswalk(census.astype(float).rename_axis("lsoa21"))
    moved = crosswalk.apply_extensive(people)
    assert moved.values.sum() == pytest.approx(people.sum(), rel=1e-9)
    assert len(moved.values) == 33755
    assert moved.values.notna().all()


@pytest.mark.realdata
def test_the_recodes_of_2025_explain_the_districts_that_the_ward_lookup_lacks(
    realdata: Path,
) -> None:
    england = realdata / "england"
    wards = pd.read_parquet(england / "wd25_bgc.parquet", columns=["LAD25CD"])
    lookup = pd.read_csv(england / "lookup_lsoa21_ward24_ltla24.csv.gz", dtype=str)
    earlier = {code for code in lookup["ltla24_code"].unique() if code.startswith("E")}
    assert earlier - set(wards["LAD25CD"]) == {"E08000016", "E08000019"}
    codes, _ = bring_up_to_date(sorted(earlier))
    assert set(codes) == set(wards["LAD25CD"])
