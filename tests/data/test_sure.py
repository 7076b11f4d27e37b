"""How sure figures of a level are, by what a place knows beside land and lookups.

On the grid (see `conftest.py`) the border of the wards halves the squares of column 2, whose
people are 53, 63, 73 and 83; ward W1 holds column 1 (112 people) beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from pathlib import Path

import pytest

from data import place
from data.errors import WrongSetting
from data.profiles import prepare
from geo.errors import CommonGroundError

HALVED = (53, 63, 73, 83)


def with_postcodes(package: Path, west: int, east: int) -> Path:
    """Give each halved square postcodes on either side of the border."""
    rows = []
    for row in range(4):
        for side, count in ((400_110, west), (400_190, east)):
            rows += [
                f"Z{len(rows) + at:03d} 1AA,{side},{200_050 + 100 * row}" for at in range(count)
            ]
    (package / "postcodes.csv").write_text("postcode,x,y\n" + "\n".join(rows) + "\n")
    with (package / "place.toml").open("a") as toml:
        toml.write('\n[postcodes]\nfile = "postcodes.csv"\n')
    return package


def grades(package: Path, level: str) -> dict[str, str]:
    found: dict[str, str] = prepare(place.load(package)).level(level).grades.to_dict()
    return found


def test_without_a_second_weight_what_is_split_decides(package: Path) -> None:
    # 136 of the 248 people of W1 and 136 of the 1,160 of W2 live in squares that are split.
    assert grades(package, "wd") == {"W1": "D", "W2": "C"}


def test_postcodes_that_agree_with_the_land_make_figures_sure(package: Path) -> None:
    assert grades(with_postcodes(package, 2, 2), "wd") == {"W1": "A", "W2": "A"}


def test_the_error_is_that_between_land_and_postcodes(package: Path) -> None:
    """Three of four postcodes are west: shares of 1/2 and 3/4, of which p is 5/8.

    The spread is then (1/4)^2 / (5/8 * 3/8) and the error of each ward 1/4 of the root of the sum
    of squares of the people, 34.5: 14 % of W1 and 3 % of W2.
    """
    known = prepare(place.load(with_postcodes(package, 3, 1)))
    error = sqrt(sum(people**2 for people in HALVED)) / 4
    assert (error / 248, error / 1160) == pytest.approx((0.139, 0.0297), abs=0.0005)
    assert known.level("wd").grades.to_dict() == {"W1": "C", "W2": "B"}


def test_a_layer_weighed_by_points_is_not_weighed_by_the_same_points_again(
    package: Path, edit: Callable[..., Path]
) -> None:
    with_postcodes(package, 3, 1)
    points = (package / "postcodes.csv").read_text().splitlines()
    weighed = ["x,y,weight", *(f"{line.split(',', 1)[1]},1" for line in points[1:])]
    (package / "points.csv").write_text("\n".join(weighed) + "\n")
    edit(
        "place.toml",
        'code = "wd"\nlevel = true\n',
        'code = "wd"\nlevel = true\n[layers.crosswalk]\nby = "points"\nfile = "points.csv"\n',
    )
    # Of the people of W1 204 of 316 live in squares that are split, of W2's 68 of 1,092.
    assert grades(package, "wd") == {"W1": "D", "W2": "B"}


def test_a_lookup_that_vouches_for_whole_areas_is_as_sure_as_they_are(
    package: Path, edit: Callable[..., Path]
) -> None:
    assert grades(package, "dist") == {"D1": "D"}
    edit("place.toml", 'by = "lookup"\n', 'by = "lookup"\nwhole = true\n')
    assert grades(package, "dist") == {"D1": "A"}


def test_only_a_lookup_can_vouch(package: Path, edit: Callable[..., Path]) -> None:
    edit(
        "place.toml",
        'code = "wd"\nlevel = true\n',
        'code = "wd"\nlevel = true\n[layers.crosswalk]\nby = "area"\nwhole = true\n',
    )
    with pytest.raises(CommonGroundError, match=r"crosswalk\.whole") as caught:
        place.load(package)
    assert isinstance(caught.value, WrongSetting)
