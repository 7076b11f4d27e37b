"""My area for areas of one's own: put together, drawn on the map, kept in a link.

The place is the grid of `conftest.py`, whose squares here hold as many households as people, and
twice as many poor as their number: square 4 has 104 people in 104 households, of whom 8 are poor.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyproj import Transformer
from streamlit.testing.v1 import AppTest

from data import masking, place, run
from pages.shared import area_link, area_money

# Each test opens a whole page: together too long for `make test`.
pytestmark = pytest.mark.slow
PAGES = Path(__file__).resolve().parent.parent.parent / "pages"
MEASURE = """
[[indicators]]
id = "poor"
title = "Poor people"
unit = "%"
file = "base.csv"
code = "code"
kind = "rate"
numerator = "poor"
denominator = "residents"
direction = "high is worse"
definition = "Invented for tests"
source = "Invented"
date = "2025"
theme = "income"
"""


@pytest.fixture(scope="module")
def homes(make_place: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_place(tmp_path_factory.mktemp("homes") / "grid")
    rows = [f"a{n:02d},{100 + n},{100 + n},{2 * n}\n" for n in range(16)]
    (folder / "base.csv").write_text("code,residents,households,poor\n" + "".join(rows))
    text = (folder / "place.toml").read_text("utf-8")
    (folder / "place.toml").write_text(text + MEASURE, "utf-8")
    return folder


@pytest.fixture(scope="module")
def secret(make_place: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place where money follows counts of clients: three in square 4, which may not be shown."""
    folder = make_place(tmp_path_factory.mktemp("secret") / "grid")
    clients = {n: 3 if n == 4 else 40 + n for n in range(16)}
    rows = [f"a{n:02d},{clients[n]}\n" for n in range(16)]
    (folder / "use.csv").write_text("code,clients\n" + "".join(rows))
    text = (folder / "place.toml").read_text("utf-8")
    rule = '[use]\nfile = "use.csv"\ndisclosure = { clients = "hospital-records" }\n'
    (folder / "place.toml").write_text(text + rule, "utf-8")
    lines = (folder / "streams.csv").read_text("utf-8").splitlines()
    line = "advice,Advice,Town council,60000,,town:T,client-group,town,2025-26,revenue,budget,Book,"
    lines = [lines[0] + ",use", *(f"{row}," for row in lines[1:]), f"{line},clients"]
    (folder / "streams.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


@pytest.fixture(autouse=True)
def _open(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONGROUND_PLACE", str(homes))


def ring(*corners: tuple[float, float]) -> list[tuple[float, float]]:
    """Return corners in kilometres of the grid as longitude and latitude."""
    to_lonlat = Transformer.from_crs(27700, 4326, always_xy=True)
    return [to_lonlat.transform(360_000 + 1000 * x, 170_000 + 1000 * y) for x, y in corners]


def box(west: float, south: float, east: float, north: float) -> list[tuple[float, float]]:
    return ring((west, south), (east, south), (east, north), (west, north))


def opened(**address: str) -> Any:
    test = AppTest.from_file(str(PAGES / "area.py"), default_timeout=60)
    for key, value in {"v": "1", **address}.items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    return test


def drawn(corners: Sequence[tuple[float, float]], **more: str) -> Any:
    return opened(level="drawn", shape=area_link.write(corners), **more)


def wordy(test: Any) -> str:
    body = "\n".join(element.proto.body for element in test.get("html"))
    body = re.sub(r"<style.*?</style>", " ", body, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def warned(test: Any) -> str:
    return " ".join(warning.value for warning in test.warning).replace("\\", "")


def test_a_line_takes_whole_squares_of_which_it_holds_half() -> None:
    """All of square 4 and three fifths of square 5: both count, and both whole."""
    said = wordy(drawn(box(0, 1, 1.6, 2)))
    assert "made of 2 squares" in said
    assert f"About {104 + 105} people" in said
    assert f"{100 * (8 + 10) / (104 + 105):.1f}%" in said


def test_a_line_leaves_out_a_square_of_which_it_holds_less_than_half() -> None:
    said = wordy(drawn(box(0, 1, 1.4, 2)))
    assert "About 104 people" in said
    assert f"{100 * 8 / 104:.1f}%" in said


def test_the_money_of_a_drawn_area_is_that_of_its_whole_squares() -> None:
    """Parks are 90,000 pounds by people of the town; of 209 people here, all are of the town."""
    town = sum(100 + n for n in range(16) if n % 4 < 3)
    said = wordy(drawn(box(0, 1, 1.6, 2)))
    shown = re.search(r"Parks Town council Wards by people £([0-9,]+)", said)
    assert shown
    assert int(shown[1].replace(",", "")) == pytest.approx(90_000 * 209 / town, abs=1)


def test_where_postcodes_are_known_a_line_is_measured_by_them_and_their_source_is_named(
    homes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of the three postcodes of square 5 lie in the two fifths of its land within the line."""
    folder = Path(shutil.copytree(homes, tmp_path / "book"))
    rows = ["GV1 1AA,360500,171500", "GV1 1AB,361100,171500", "GV1 1AC,361300,171500"]
    rows.append("GV1 1AD,361800,171500")
    (folder / "postcodes.csv").write_text("\n".join(["postcode,x,y", *rows]) + "\n")
    with (folder / "place.toml").open("a") as toml:
        toml.write('\n[postcodes]\nfile = "postcodes.csv"\nsource = "Typed for tests"\n')
    line = box(0, 1, 1.4, 2)
    assert "Postcodes, by which" not in wordy(drawn(line))
    monkeypatch.setenv("COMMONGROUND_PLACE", str(folder))
    said = wordy(drawn(line))
    assert "made of 2 squares" in said
    assert "How it was made: drawn, measured by postcodes." in said
    assert "A square belongs to it when at least half of its postcodes do" in said
    assert "Each postcode of a small area counts alike" in said
    assert "Postcodes, by which the drawn line was measured: Typed for tests." in said


def test_a_line_that_crosses_itself_is_mended_and_said_so() -> None:
    """A bow tie over squares 4 and 5 in row one, 8 and 9 in row two: two loops remain."""
    tie = ring((0, 1), (2, 3), (2, 1), (0, 3))
    said = wordy(drawn(tie))
    assert "The line crossed itself" in said


def test_a_line_beyond_the_place_is_refused_with_the_reason() -> None:
    test = drawn(box(20, 20, 21, 21))
    assert "an area of one's own lies inside the place" in warned(test)
    assert "What is spent here" not in wordy(test)


def test_a_line_around_too_few_households_is_refused_with_the_reason() -> None:
    """A tenth of a square holds half of none."""
    test = drawn(box(0.2, 0.2, 0.5, 0.5))
    assert "at least 100 households" in warned(test)


def test_a_drawn_line_that_cannot_be_read_is_said_and_not_kept() -> None:
    test = opened(level="drawn", shape="1!!nonsense")
    assert "cannot be read" in warned(test)
    assert "shape" not in test.query_params


def test_a_link_reopens_a_drawn_area_with_its_name() -> None:
    test = drawn(box(0, 1, 1.6, 2), called="Mill Lane")
    assert test.query_params["called"] == "Mill Lane"
    again = opened(**test.query_params)
    assert wordy(again) == wordy(test)
    assert "Mill Lane is an area of your own" in wordy(again)


def test_an_area_of_ones_own_can_be_called_anything_and_it_stays_text() -> None:
    test = drawn(box(0, 1, 1.6, 2), called="<b onclick=x>Ours</b>")
    body = "\n".join(element.proto.body for element in test.get("html"))
    assert "<b onclick" not in body
    assert "&lt;b onclick=x&gt;Ours" in body


def test_the_name_is_a_field_that_changes_the_page() -> None:
    test = drawn(box(0, 1, 1.6, 2))
    assert "Our area is an area of your own" in wordy(test)
    test.text_input(key="area.called").set_value("Mill  Lane ").run()
    assert "Mill Lane is an area of your own" in wordy(test)


def test_small_areas_are_put_together_from_the_list() -> None:
    test = opened(level="put together")
    assert "Choose small areas from the list" in wordy(test)
    pieces = next(box for box in test.multiselect if "put together" in box.label)
    pieces.set_value(["a04", "a08"]).run()
    said = wordy(test)
    assert f"About {104 + 108} people" in said
    assert test.query_params["own"] == "a04.a08"
    assert "and 1 more is an area of your own" in said


def test_small_areas_of_a_link_that_the_place_does_not_have_are_named() -> None:
    test = opened(level="put together", own="a04.zz9")
    assert "zz9" in warned(test)
    assert "About 104 people" in wordy(test)
    assert test.query_params["own"] == "a04"


def test_what_is_like_an_area_of_ones_own_is_not_a_part_of_it() -> None:
    test = opened(level="put together", own="a04.a08")
    assert not {"area.like.a04", "area.like.a08"} & {button.key for button in test.button}


def test_an_area_most_like_this_one_is_opened_by_its_button() -> None:
    test = opened(level="sq", area="a04")
    like = next(button for button in test.button if str(button.key).startswith("area.like."))
    code = str(like.key).rsplit(".", 1)[1]
    like.click().run()
    assert test.selectbox(key="area.area").value == code


def test_without_figures_by_year_the_page_says_that_it_cannot_tell_what_changed() -> None:
    assert "Gridville holds no figures by year" in wordy(opened(level="sq", area="a04"))


def test_what_is_the_neighbourhoods_own_is_said_plainly_where_none_is_known() -> None:
    said = wordy(opened(level="sq", area="a04"))
    assert "Precept of a parish or town council: not known." in said
    assert "Neighbourhood share of the infrastructure levy: not known." in said
    assert "Budgets of wards and neighbourhoods: Parks, Town council, £" in said


def test_without_figures_of_england_the_page_says_so() -> None:
    assert "No figures for England are held" in wordy(opened(level="sq", area="a04"))


def test_money_that_may_not_be_shown_is_withheld_and_not_nothing(
    secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_PLACE", str(secret))
    test = opened(level="sq", area="a04")
    said = wordy(test)
    assert "Withheld here, or in a part of it: Advice." in said
    assert "At least £" in said
    assert re.search(r"Advice Town council Town by the people who use it withheld", said)
    assert "as a whole, or withheld, and is in no area" in said


def test_the_lines_in_a_file_are_in_pence_and_empty_where_withheld(
    secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parks: 90,000 pounds by people of the town, of whom 104 are in square 4."""
    monkeypatch.setenv("COMMONGROUND_PLACE", str(secret))
    result = masking.public(run.run(place.load(secret)))
    lines = area_money.of_area(result, "sq", "a04").to_frame()
    town = sum(100 + n for n in range(16) if n % 4 < 3)
    assert lines.loc["parks", "amount_pence"] == pytest.approx(9_000_000 * 104 / town, abs=1)
    assert lines.loc["advice", "flag"] == "hidden"
    assert bool(lines["amount_pence"].isna()["advice"])


def test_money_that_follows_rounded_counts_is_called_about(
    secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule rounds counts to five: the 48 clients of square 8 count as fifty."""
    monkeypatch.setenv("COMMONGROUND_PLACE", str(secret))
    said = wordy(opened(level="sq", area="a08"))
    assert "Rounded here: Advice." in said
    assert re.search(r"Advice Town council Town by the people who use it about £[0-9,]+", said)
