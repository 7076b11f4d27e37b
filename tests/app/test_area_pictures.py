"""Pictures of where an area lies: every corner where it belongs, every border drawn once."""

from __future__ import annotations

import itertools
import re
from urllib.parse import unquote

import pytest
import shapely

from pages.shared import area_pictures
from pages.shared.area_pictures import EDGE, Around


def drawn(html: str) -> list[list[list[tuple[int, int]]]]:
    """Return the corners of every line of every path of a picture, as a browser reads them."""
    found = re.search(r'src="data:image/svg\+xml,([^"]*)"', html)
    assert found is not None
    paths = []
    for path in re.findall(r'<path d="([^"]*)"', unquote(found[1])):
        lines = []
        for x, y, steps, closed in re.findall(r"M(-?\d+) (-?\d+)l([-\d ]*)(z?)", path):
            numbers = [int(number) for number in re.findall(r"-?\d+", steps)]
            line = [(int(x), int(y))]
            for across, down in zip(numbers[::2], numbers[1::2], strict=True):
                line.append((line[-1][0] + across, line[-1][1] + down))
            lines.append([*line, line[0]] if closed else line)
        paths.append(lines)
    return paths


# Two squares side by side, 100 metres each: 552 pixels wide are 2.76 pixels a metre.
WEST, EAST = shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)
SIDE = 276


def test_an_area_is_drawn_where_it_lies() -> None:
    around = Around.of([WEST, EAST])
    borders, area = drawn(around.locate(EAST, alt="East"))
    left, right, top, bottom = EDGE + SIDE, EDGE + 2 * SIDE, EDGE, EDGE + SIDE
    assert set(area[0]) == {(left, top), (right, top), (right, bottom), (left, bottom)}
    assert area[0][0] == area[0][-1]
    assert borders


def test_a_border_between_two_areas_is_drawn_once() -> None:
    borders, _ = drawn(Around.of([WEST, EAST]).locate(EAST, alt="East"))
    pieces = [piece for line in borders for piece in itertools.pairwise(line)]
    length = sum(abs(a - c) + abs(b - d) for (a, b), (c, d) in pieces)
    assert length == 7 * SIDE  # six sides around both and the one between them
    shared = {(EDGE + SIDE, EDGE), (EDGE + SIDE, EDGE + SIDE)}
    assert [set(piece) for piece in pieces].count(shared) == 1


@pytest.mark.parametrize(
    ("area", "held"), [(EAST, True), (shapely.box(150, 50, 210, 60), False), (WEST, True)]
)
def test_an_area_that_reaches_out_of_the_picture_is_known(
    area: shapely.Polygon, held: bool
) -> None:
    assert Around.of([WEST, EAST]).holds(area) is held


def test_any_letter_stays_itself_in_the_address_of_a_picture() -> None:
    body = "".join(map(chr, range(32, 127))) + '<path d="M1 2l-3-4z"/>'
    for text in (body, body + "é🌳"):
        html = area_pictures.picture(text, alt="x", width=9, height=9, name="n")
        address = html.split('src="', 1)[1].split('"', 1)[0]
        assert not set("<>\"#%'") & set(re.sub(r"%[0-9A-F]{2}", "", address))
        assert text in unquote(address)
