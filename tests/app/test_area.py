"""The first page and the page of one area, without a browser.

On the grid what falls in a ward is worked out on paper: see `conftest.py`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.loaded import age, in_short

PAGES = Path(__file__).resolve().parent.parent.parent / "pages"
# Each test opens whole pages or builds much: together too long for `make test`.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("open_grid")]


def opened(page: str, **address: str) -> Any:
    # The first page links to the others, which only the menu knows.
    file = "menu" if page == "start" else page
    test = AppTest.from_file(str(PAGES / f"{file}.py"), default_timeout=60)
    for key, value in address.items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    return test


def html(test: Any) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def wordy(test: Any) -> str:
    """Return the text of a page without markup, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html(test)))


def test_the_first_page_says_what_the_place_is_and_opens_three_doors() -> None:
    test = opened("start")
    # Twelve squares of the three western columns, 100 to 114 people each but the eastern ones.
    people = sum(100 + n for n in range(16) if n % 4 < 3)
    said = wordy(test)
    assert f"{people:,} people live in 12 small areas" in said
    assert "2 agencies spend £2.8 million" in said
    assert "4 lines of money" in said
    for door in ("My area", "The whole place", "The budget"):
        assert door in said


def test_what_several_lines_of_an_agency_have_as_their_source_is_said_once(
    make_place: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_place(tmp_path / "book")
    text = (folder / "streams.csv").read_text()
    lines = text.splitlines()
    own = [line.replace("Budget book", f'"Budget book of the town 2025, page {at}"')
           for at, line in enumerate(lines)]  # fmt: skip
    more = own[2].replace("parks,Parks", "trees,Trees").replace("page 2", "page 9")
    (folder / "streams.csv").write_text("\n".join([*own, more]) + "\n")
    monkeypatch.setenv("COMMONGROUND_PLACE", str(folder))
    said = wordy(opened("area", v="1", level="wd", area="w1w"))
    assert said.count("Budget book of the town 2025") == 1
    assert "Budget book of the town 2025: page 1; page 2; page 9" in said


def test_before_an_area_is_chosen_the_page_says_how_to_find_one_and_what_the_place_is() -> None:
    said = wordy(opened("area"))
    assert "Find your area" in said
    assert "Choose a kind of area, such as Wards, and then its name." in said
    assert "postcode" not in said.lower()
    inside = sum(100 + n for n in range(16) if n % 4 < 3)
    everybody = sum(100 + n for n in range(16))
    # Care and parks are the town's alone; clinics are shared by people in and beyond it.
    pounds = 1_200_000.07 + 90_000 + 1_600_000 * inside / everybody
    assert "Gridville in short" in said
    assert f"People {inside:,} in 12 small areas" in said
    here = f"Money that falls here £{pounds / 1e6:.1f} million £{pounds / inside:,.0f} a person"
    assert here in said
    assert "Of it recorded 0% the rest is shared by a rule" in said
    assert (
        "People: People who live here (residents), counted once. Counted for tests, 2024-06-30."
        in said
    )
    assert "Need: " in said
    assert "Invented for tests, 2025." in said
    assert "4 lines of public money, each with its own source on the Budget page, 2025-26." in said
    assert "Find your area" not in wordy(opened("area", v="1", level="wd", area="w1w"))


def test_a_name_is_found_wherever_it_begins_and_hostile_ones_are_text() -> None:
    test = opened("start")
    test.text_input(key="start.words").set_value("ward 2").run()
    assert [b.key for b in test.button] == ["start.wd.w2e", "start.wd.w2w"]
    test.text_input(key="start.words").set_value("<script>").run()
    assert [b.key for b in test.button] == ["start.sq.a00"]
    assert "<script>" not in test.button[0].label
    test.text_input(key="start.words").set_value("nowhere at all").run()
    assert not test.button
    assert any("No area of Gridville" in m.value.replace("\\", "") for m in test.markdown)


def test_a_postcode_where_there_are_none_is_answered_with_what_to_do() -> None:
    test = opened("area")
    test.text_input(key="area.words").set_value("ab1 2cd").run()
    assert any("no list of postcodes" in m.value for m in test.markdown)


def test_areas_beyond_the_place_are_not_offered() -> None:
    test = opened("start")
    test.text_input(key="start.words").set_value("Square").run()
    east = {f"start.sq.a{n:02d}" for n in range(16) if n % 4 == 3}
    assert not east & {b.key for b in test.button}


def test_the_money_of_a_ward_is_that_of_its_squares_to_the_pound() -> None:
    """Ward w1w holds squares 4 and half of 5; parks and clinics are shared by people."""
    test = opened("area", v="1", level="wd", area="w1w")
    town = sum(100 + n for n in range(16) if n % 4 < 3)
    county = sum(100 + n for n in range(16))
    mine = 104 + 105 / 2
    said = wordy(test)
    for title, amount, among in (("Parks", 90_000, town), ("Clinics", 1_600_000, county)):
        shown = re.search(rf"{title} (?:Town council|Health body).*?£([0-9,]+)", said)
        assert shown
        assert int(shown[1].replace(",", "")) == pytest.approx(amount * mine / among, abs=1)
    # 50,000 pounds of fees are in no area, and none of the rest is recorded.
    assert "-£50,000 is for Gridville as a whole" in said
    assert "0% of it is recorded" in said
    assert "Budgets of wards and neighbourhoods: Parks, Town council" in said


def test_hostile_names_are_text_on_the_page_of_an_area() -> None:
    body = html(opened("area", v="1", level="sq", area="a00"))
    assert "<script>" not in body
    assert "&lt;script&gt;" in body


def test_an_unknown_area_of_a_link_is_told() -> None:
    test = opened("area", v="1", level="wd", area="nowhere")
    assert any("asks for an area “nowhere”" in warning.value for warning in test.warning)
    assert "Choose an area" in str(test.selectbox(key="area.area").options)


@pytest.fixture
def open_demo(demo_place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMMONGROUND_PLACE", str(demo_place))
    return demo_place


@pytest.mark.slow
def test_a_postcode_leads_to_the_small_area_that_its_homes_are_in(open_demo: Path) -> None:
    import geopandas as gpd
    import pandas as pd

    homes = pd.read_parquet(open_demo / "tables" / "households.parquet")
    home = homes[homes["lad25"] == "F07000001"].iloc[1000]
    # Of the postcodes in that home's output area, any will do.
    points = pd.read_csv(open_demo / "tables" / "postcodes.csv")
    shape = gpd.read_file(open_demo / "layers" / "oa21.gpkg").set_index("oa21")
    inside = shape.geometry[home["oa21"]].contains(gpd.points_from_xy(points["x"], points["y"]))
    test = opened("start")
    typed = str(points.loc[inside, "postcode"].iloc[0]).lower()
    test.text_input(key="start.words").set_value(typed).run()
    assert f"start.sa21.{home['sa21']}" in [b.key for b in test.button]
    assert f"start.wd25.{home['wd25']}" in [b.key for b in test.button]
    test = opened("area", v="1", level="sa21", area=str(home["sa21"]))
    said = wordy(test)
    people = int(homes.loc[homes["sa21"] == home["sa21"], "people"].sum())
    assert f"About {people:,} people live there" in said
    for part in ("What it needs", "What is spent here", "Areas most like it", "cannot say"):
        assert part in said


@pytest.mark.slow
def test_small_areas_put_together_have_the_money_of_their_parts(open_demo: Path) -> None:
    from data import place, run
    from pages.shared import area_money

    result = run.run(place.load(open_demo))
    codes = list(result.inside.index[result.inside])[:3]
    test = opened("area", v="1", level="put together", own=".".join(codes))
    parts = sum(area_money.of_area(result, "sa21", code).pence for code in codes)
    shown = re.search(r"£([0-9,]+) falls here", wordy(test))
    assert shown
    assert int(shown[1].replace(",", "")) == pytest.approx(parts / 100, abs=1)
    assert "made of" in wordy(test)


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("2025-05-01", "1 year"),
        ("2026-06", "less than a year"),
        ("2020", "5 years: worth a second look"),
        ("2017-18", "8 years: worth a second look"),
        ("2026-27", "this financial year"),
        ("2027-28", "still to come"),
        ("", ""),
        ("soon", ""),
    ],
)
def test_the_age_of_figures_counts_from_the_end_of_what_they_cover(date: str, words: str) -> None:
    assert age(date, dt.date(2026, 11, 22)) == words


def test_what_is_loaded_is_told_in_short_by_kind_from_the_oldest_to_the_newest() -> None:
    found = pd.DataFrame(
        [
            ("Measure", "2021", "5 years: worth a second look"),
            ("Measure", "2019", "7 years: worth a second look"),
            ("Money", "2026-27", ""),
        ],
        columns=["what", "date", "age"],
    )
    said = "3 sets of figures: measures of 2019 to 2021, money of 2026-27."
    assert in_short(found) == f"{said} 2 of them are worth a second look."


def test_a_link_to_the_map_from_before_there_was_a_first_page_still_opens_the_map(
    make_place: Callable[..., Path],
) -> None:
    test = AppTest.from_file(str(PAGES / "menu.py"), default_timeout=60)
    test.query_params["v"], test.query_params["level"] = "1", "wd"
    test.run()
    assert "Need and money on one map" in html(test)
