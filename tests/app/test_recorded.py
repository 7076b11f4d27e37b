"""How much of the money is recorded: the Map and My area say it of the same money."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from data import place, run
from pages.shared import area_place, figures

# 780,000 pounds follow visits that were counted, all of them in the town. Beside them fall in the
# town 1,200,000.07 + 90,000 + 1,600,000 x 1,284 / 1,720 of clinics = 2,484,418.67: 23.9 %. Of all
# that falls in the county, 3,670,000.07 pounds, they are 21.3 %. Fees fall in no area.
BATHS = (
    "baths,Baths,Town council,780000.00,,town:T,recorded,town,2025-26,revenue,outturn,Till,,visits"
)


@pytest.fixture(scope="module")
def result(make_place: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> run.Result:
    folder = make_place(tmp_path_factory.mktemp("baths") / "baths", id="baths", name="Bathton")
    head, *lines = (folder / "streams.csv").read_text().splitlines()
    rows = [f"{head},use", *(f"{line}," for line in lines), BATHS]
    (folder / "streams.csv").write_text("\n".join(rows) + "\n")
    head, *lines = (folder / "base.csv").read_text().splitlines()
    rows = [f"{head},visits", *(f"{line},{at + 1}" for at, line in enumerate(lines))]
    (folder / "base.csv").write_text("\n".join(rows) + "\n")
    return run.run(place.load(folder))


def test_the_map_and_my_area_say_alike_how_much_of_what_falls_here_is_recorded(
    result: run.Result,
) -> None:
    assert figures.of(result, "sq")["money"].sure.startswith("24% of what falls in these areas")
    assert ("Of it recorded", "24%", "the rest is shared by a rule") in area_place.glance(result)


def test_a_level_that_reaches_further_says_it_of_more_money(result: run.Result) -> None:
    assert figures.of(result, "county")["money"].sure.startswith("21% of what falls in these areas")


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "0%"), (0.004, "less than 1%"), (0.01, "1%"), (0.496, "50%")]
)
def test_a_little_is_not_written_as_nothing(share: float, said: str) -> None:
    assert figures.percent(share) == said
