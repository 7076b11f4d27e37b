"""A drawn line as a word in a link, and the pictures of an area: nothing here opens a page."""

from __future__ import annotations

import math
import re

import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pages.shared import area_html, area_link, area_pictures
from pages.shared.area_pictures import Mark

LNG = st.integers(-180 * 10**5, 180 * 10**5)
LAT = st.integers(-90 * 10**5, 90 * 10**5)


@given(st.lists(st.tuples(LNG, LAT), min_size=3, max_size=200))
def test_a_line_comes_back_from_a_link_to_the_metre(corners: list[tuple[int, int]]) -> None:
    line = [(lng / 1e5, lat / 1e5) for lng, lat in corners]
    assert area_link.read(area_link.write(line)) == line


def test_a_word_for_a_link_is_short_and_only_of_letters_that_addresses_hold() -> None:
    """Fifty corners a hundred metres apart fit into two hundred letters."""
    line = [(-2.6 + 0.001 * (n % 10), 51.4 + 0.001 * (n // 10)) for n in range(50)]
    word = area_link.write(line)
    assert len(word) <= 330
    assert re.fullmatch(r"[A-Za-z0-9_-]+", word)


@pytest.mark.parametrize(
    "word", ["", "1", "1A", "1AAAA", "2AAAAAAAAAAAA", "1<script>", "1" + "g" * 60]
)
def test_a_word_that_is_no_line_is_none(word: str) -> None:
    assert area_link.read(word) == []


def test_a_line_is_written_as_it_was_when_links_were_first_made() -> None:
    """Worked out on paper: 1 is the version; steps of 1 and -1 hundred-thousandths are C and B."""
    line = [(0.00001, -0.00001), (0.00002, -0.00002), (0.00002, 0.00014)]
    assert area_link.write(line) == "1CBCBAgB"
    assert area_link.read("1CBCBAgB") == line


# -- pictures --------------------------------------------------------------------------------------


def spots(html: str, kind: str) -> list[float]:
    return [float(at) for at in re.findall(rf'"{kind}[^"]*" style="left:([0-9.]+)%', html)]


def test_a_figure_twice_as_high_lies_twice_as_far_from_nought() -> None:
    html = area_pictures.scale([Mark("here", 10.0, 8.0, 12.0), Mark("place", 20.0)])
    (here,), (place,) = spots(html, "mark of-here"), spots(html, "mark of-place")
    assert place == pytest.approx(2 * here, abs=0.2)
    assert spots(html, "band of-here")[0] == pytest.approx(0.8 * here, abs=0.2)


def test_a_figure_below_nought_moves_the_whole_scale() -> None:
    html = area_pictures.scale([Mark("here", -5.0), Mark("place", 5.0)])
    assert spots(html, "mark of-here") == [0.0]


def test_an_unsure_interval_is_hatched_and_one_that_is_not_known_is_not_drawn() -> None:
    sure = area_pictures.scale([Mark("here", 10.0, 8.0, 12.0)])
    assert "is-hatched" not in sure
    assert "is-hatched" in area_pictures.scale([Mark("here", 10.0, 8.0, 12.0)], unsure=True)
    assert "band" not in area_pictures.scale([Mark("here", 10.0)])
    assert area_pictures.scale([Mark("here", math.nan)]) == ""


def test_a_year_without_a_figure_is_a_gap_in_the_line() -> None:
    years = pd.DataFrame(
        {"value": [1.0, 2.0, math.nan, 2.0, 3.0], "low": math.nan, "high": math.nan},
        index=range(2020, 2025),
    )
    html = area_pictures.line(years, alt="Gaps & all")
    assert html.count("M") == 2  # the pen is put down twice
    assert 'alt="Gaps &amp; all"' in html


def test_a_locator_shows_the_area_within_its_borders_and_fetches_nothing() -> None:
    area, around = shapely.box(0, 0, 1000, 1000), shapely.box(0, 0, 4000, 2000)
    html = area_pictures.locator(area, [around], alt="Where")
    assert html.startswith('<img class="cg-locator" width="560" height="284"')
    assert 'src="data:image/svg+xml,' in html
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")


def test_a_cell_says_under_which_head_it_stands_and_markup_in_a_title_is_text() -> None:
    html = area_html.row("<b>x</b>", [("Here", "1"), ("Rank", "")], unsure=True)
    assert "&lt;b&gt;" in html
    assert 'data-head="Here"><span>1</span>' in html
    assert 'class="is-empty"' in html
    assert 'class="is-unsure"' in html
