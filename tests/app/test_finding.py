"""Areas found by a postcode: its own ones, not those that most of its small area lies in.

On the squares (see `conftest.py`) the ward border cuts squares a01, a05, a09 and a13 in halves.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from data import place, run
from geo.errors import CommonGroundError
from pages.shared import finding, loaded

X, Y = 360_000, 170_000
SPOTS = {
    "GV1 1AA": (1_200, 500),  # the western half of a01
    "GV1 1AB": (1_800, 500),  # its eastern half
    "gv11ac": (1_800, 3_500),  # the eastern half of a13
    "GV1 1AD": (3_500, 500),  # a square beyond the town
    "GV1 1AE": (9_000, 500),  # no square at all
}


@pytest.fixture
def with_postcodes(make_place: Callable[..., Path], tmp_path: Path) -> Path:
    folder = make_place(tmp_path / "book")
    rows = [f"{code},{X + x},{Y + y}" for code, (x, y) in SPOTS.items()]
    (folder / "postcodes.csv").write_text("postcode,x,y\n" + "\n".join(rows) + "\n")
    with (folder / "place.toml").open("a") as toml:
        toml.write('[postcodes]\nfile = "postcodes.csv"\nsource = "Typed for tests"\n')
        toml.write('date = "2025-02"\n')
    return folder


def opened(folder: Path) -> run.Result:
    return run.run(place.load(folder))


def found(result: run.Result, words: str) -> dict[str, list[str]]:
    areas: dict[str, list[str]] = {}
    for area in finding.search(result, words).areas:
        areas.setdefault(area.level, []).append(area.code)
    return areas


def test_a_home_in_a_split_square_is_in_the_ward_whose_borders_hold_it(
    with_postcodes: Path,
) -> None:
    result = opened(with_postcodes)
    assert found(result, "GV1 1AA") == {"sq": ["a01"], "wd": ["w0w"], "county": ["C"]}
    assert found(result, "GV1 1AB") == {"sq": ["a01"], "wd": ["w0e"], "county": ["C"]}


def test_a_postcode_is_understood_however_it_is_written(with_postcodes: Path) -> None:
    result = opened(with_postcodes)
    assert found(result, " gv1  1ab ") == found(result, "GV11AB") == found(result, "GV1 1AB")
    assert found(result, "GV1 1AC") == {"sq": ["a13"], "wd": ["w3e"], "county": ["C"]}


def test_a_part_of_a_postcode_is_answered_with_what_to_do(with_postcodes: Path) -> None:
    result = opened(with_postcodes)
    for part in ("GV1", "gv1 1", "GV1 1a"):
        assert finding.search(result, part).said.startswith("Type the whole postcode, such as GV1")
    assert finding.search(result, "BS3").said == "No postcode of Gridville begins with BS3."
    # A code of an area may look like the beginning of a postcode.
    assert found(result, "w0e") == {"wd": ["w0e"]}
    assert found(result, "a01") == {"sq": ["a01"]}


def test_a_home_beyond_the_place_finds_what_reaches_it_and_nowhere_is_said(
    with_postcodes: Path,
) -> None:
    result = opened(with_postcodes)
    assert found(result, "GV1 1AD") == {"county": ["C"]}
    assert finding.search(result, "GV1 1AE").said == "GV1 1AE lies beyond Gridville."
    said = finding.search(result, "GV1 1ZZ").said
    assert said.startswith("GV1 1ZZ is not among the 5 postcodes of Gridville")


def test_a_home_that_a_level_leaves_out_is_in_no_area_of_it(with_postcodes: Path) -> None:
    path = with_postcodes / "wd.geojson"
    layer = json.loads(path.read_text())
    layer["features"] = [f for f in layer["features"] if f["properties"]["code"] != "w3e"]
    path.write_text(json.dumps(layer))
    # A part of a square without ward is nobody's: money of wards falls on what they hold.
    result = opened(with_postcodes)
    assert found(result, "GV1 1AC") == {"sq": ["a13"], "county": ["C"]}
    assert found(result, "GV1 1AA")["wd"] == ["w0w"]


def test_a_home_in_two_areas_of_a_level_that_overlap_is_told_both(with_postcodes: Path) -> None:
    path = with_postcodes / "wd.geojson"
    layer = json.loads(path.read_text())
    west = next(f for f in layer["features"] if f["properties"]["code"] == "w0w")
    for corner in west["geometry"]["coordinates"][0]:
        corner[0] += 500 if corner[0] > X else 0
    path.write_text(json.dumps(layer))
    assert found(opened(with_postcodes), "GV1 1AB")["wd"] == ["w0e", "w0w"]


def test_the_example_lies_in_the_place_and_the_list_is_among_what_is_loaded(
    with_postcodes: Path,
) -> None:
    import datetime as dt

    result = opened(with_postcodes)
    assert loaded.example_postcode(result) == "such as GV1 1AA"
    rows = loaded.table(result, today=dt.date(2026, 1, 1)).set_index("what")
    row = rows.loc["Postcodes"]
    assert (row["holds"], row["source"], row["date"]) == (
        "5 postcodes",
        "Typed for tests",
        "2025-02",
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("GV1 1AB", "gv1 1aa", "GV1 1AA"),
        ("GV1 1AB,361800", "GV1 1AB,east", "east"),
        (",36", ",0", "of these none does"),
        ("postcode,x,y", "code,x,y", "postcode"),
    ],
)
def test_a_broken_list_of_postcodes_is_refused(
    with_postcodes: Path, old: str, new: str, said: str
) -> None:
    path = with_postcodes / "postcodes.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(CommonGroundError, match=said):
        place.load(with_postcodes)


def test_the_old_place_of_the_list_is_an_unknown_key(with_postcodes: Path) -> None:
    path = with_postcodes / "place.toml"
    blocks = '[blocks]\nlayer = "sq"\ntable = "base.csv"\npostcodes = "postcodes.csv"\n'
    path.write_text(path.read_text() + blocks)
    with pytest.raises(CommonGroundError, match=r"\[blocks\] postcodes"):
        place.load(with_postcodes)


def test_postcodes_keep_their_text(with_postcodes: Path) -> None:
    known = opened(with_postcodes).place.postcodes
    assert known is not None
    assert known.index.tolist() == ["GV1 1AA", "GV1 1AB", "GV1 1AC", "GV1 1AD", "GV1 1AE"]
    assert isinstance(known.index, pd.Index)
    assert list(known.columns) == ["x", "y"]
