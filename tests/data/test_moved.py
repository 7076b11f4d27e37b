"""How areas moved between two editions: read from a package, and said in words.

On the grid (see `conftest.py`) ward W1 is column 1 and the half of column 2.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from data import moved, place
from data.profile_files import Question, ask
from data.profiles import of_area, prepare
from geo.errors import CommonGroundError

MORE, LESS = "more deprived relative to others", "less deprived relative to others"
SETTINGS = (
    '\n[change]\nfile = "moved.csv"\ntitle = "Hardship"\n'
    'earlier = "2019"\nlater = "2025"\nareas = 4321\n'
    'among = "squares of the realm"\nsource = "Invented for tests"\n'
)


@pytest.fixture
def with_moves(package: Path) -> Path:
    """The first square became more deprived, its northern neighbour less; one is not known."""
    ways = {"0101": ("U", MORE), "0102": ("S", LESS)}
    rows = []
    for column in (1, 2, 3, 4):
        for row in (1, 2, 3, 4):
            code = f"{column:02d}{row:02d}"
            kind, way = ways.get(code, ("U", "none"))
            if code != "0404":
                rows.append(f"{code},{kind},1202,1101,1303,211,111,1023,{way},a sentence")
    head = "code,kind,earlier_rank,earlier_low,earlier_high,later_rank,later_low,later_high"
    (package / "moved.csv").write_text("\n".join([f"{head},change,sentence", *rows]) + "\n")
    with (package / "place.toml").open("a") as toml:
        toml.write(SETTINGS)
    return package


def test_a_small_area_is_told_where_it_stood_in_both_editions(with_moves: Path) -> None:
    known = prepare(place.load(with_moves))
    said = of_area(known, "0101", known.place.base_layer).moved
    assert said[0] == (
        "Hardship: of the 4,321 squares of the realm it was the 1,202nd most deprived in 2019 "
        "(likely between the 1,101st and the 1,303rd), and the 211th in 2025 (likely between the "
        f"111th and the 1,023rd). It became {MORE}, by more than the doubt."
    )
    assert "whether deprivation itself rose or fell they do not say" in said[-1]
    assert len(said) == 2
    split = of_area(known, "0102", known.place.base_layer).moved
    assert split[1] == "Its figure of 2019 is that of the larger area it was a part of."
    still = of_area(known, "0303", known.place.base_layer).moved
    assert still[0].endswith("That is no change larger than the doubt.")
    assert of_area(known, "0404", known.place.base_layer).moved == ()


def test_a_larger_area_is_told_for_how_many_of_its_people_it_changed(with_moves: Path) -> None:
    known = prepare(place.load(with_moves))
    people = known.place.people
    mine = {f"01{row:02d}": 1.0 for row in (1, 2, 3, 4)} | {
        f"02{row:02d}": 0.5 for row in (1, 2, 3, 4)
    }
    total = sum(share * people[code] for code, share in mine.items())
    more, less = (100 * people[code] / total for code in ("0101", "0102"))
    said = of_area(known, "W1", "wd").moved
    assert said[0] == (
        f"Hardship, 2019 to 2025: {more:.0f}% of its people live in small areas that became {MORE} "
        f"and {less:.0f}% in ones that became {LESS}, among the 4,321 squares of the realm and by "
        "more than the doubt; for the others no change is larger than the doubt."
    )


def test_where_nothing_moved_that_is_said(with_moves: Path) -> None:
    known = place.load(with_moves)
    nobody = np.zeros(len(known.people))
    assert moved.of_people(known, nobody) == ()
    still = nobody.copy()
    still[known.people.index.get_indexer(["0303", "0304"])] = 3.0
    assert moved.of_people(known, still)[0] == (
        "Hardship, 2019 to 2025: among the 4,321 squares of the realm, none that its people live "
        "in moved by more than the doubt."
    )
    unknown = nobody.copy()
    unknown[known.people.index.get_indexer(["0404"])] = 3.0
    assert moved.of_people(known, unknown) == ()
    both = still.copy()
    both[known.people.index.get_indexer(["0404"])] = 2.0
    said = "none that its people live in moved by more than the doubt; of 25% it is not known."
    assert moved.of_people(known, both)[0].endswith(said)
    # A sliver of a border is nobody's home.
    sliver = still.copy()
    sliver[known.people.index.get_indexer(["0101"])] = 0.02
    assert moved.of_people(known, sliver)[0].endswith("moved by more than the doubt.")
    # A part of one small area is not that area.
    part = nobody.copy()
    part[known.people.index.get_indexer(["0101"])] = known.people["0101"] / 2
    assert moved.of_people(known, part)[0].startswith("Hardship, 2019 to 2025")


def test_a_place_without_such_a_table_says_nothing(package: Path) -> None:
    known = prepare(place.load(package))
    assert of_area(known, "0101", known.place.base_layer).moved == ()


def test_an_area_put_together_and_its_file_tell_it_too(with_moves: Path) -> None:
    path = with_moves / "base.csv"
    head, *rows = path.read_text().splitlines()
    lines = [
        ",".join([r.split(",")[0], *(str(40 * int(n)) for n in r.split(",")[1:])]) for r in rows
    ]
    path.write_text("\n".join([head, *lines]) + "\n")
    known = prepare(place.load(with_moves))
    told = ask(known, Question(codes="0101,0103"))
    assert "became more deprived relative to others" in " ".join(told.sentences())


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("moved.csv", "0101,U", "0909,U", "0909"),
        ("moved.csv", ",none,", ",up,", "up"),
        ("moved.csv", "0303,U", "0303,Q", "Q"),
        ("moved.csv", "0303,U,1202", "0303,U,9999", "9999"),
        ("moved.csv", "earlier_low", "lowest", "earlier_low"),
        ("place.toml", "areas = 4321", "areas = 1", "areas"),
        ("place.toml", "moved.csv", "gone.csv", "gone.csv"),
    ],
)
def test_what_is_wrong_with_the_table_is_named(
    with_moves: Path, edit: Callable[..., Path], file: str, old: str, new: str, said: str
) -> None:
    edit(file, old, new)
    with pytest.raises(CommonGroundError, match=said):
        place.load(with_moves)
