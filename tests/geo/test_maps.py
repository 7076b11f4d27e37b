"""Maps that leave the app: they stand alone, say everything in words, and show names as text."""

from __future__ import annotations

import html.parser
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo import maps
from geo.classes import BadValues

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "</script><script>window.hacked = 2</script>",
    "\"quotes\" and 'apostrophes' & <b>bold</b>",
    "{{ 7 * 7 }} {% raise %} ${window.hacked = 3}",
    "\U0001f333 \u05e9\u05db\u05d5\u05e0\u05d4 \u202egnirts",
    "<img src=x onerror='window.hacked = 4'>\x00\x07",
    "plain\\",
    "` + alert(1) + `",
]


def layer(names: list[str] = HOSTILE) -> gpd.GeoDataFrame:
    index = pd.Index([f"c{i}" for i in range(len(names))], name="sa")
    shapes = [
        shapely.box(358_000 + 100 * i, 172_000, 358_100 + 100 * i, 172_100)
        for i in range(len(names))
    ]
    return gpd.GeoDataFrame({"name": names}, geometry=shapes, index=index, crs="EPSG:27700")


def drawn(frame: gpd.GeoDataFrame, values: object, **options: object) -> str:
    said = {"title": "Need", "legend_title": "Score", **options}
    return maps.html(maps.folium_map(frame, values, **said))


def values(frame: gpd.GeoDataFrame) -> pd.Series:
    numbers = pd.Series(np.arange(len(frame), dtype=float), index=frame.index)
    numbers.iloc[1] = np.nan
    return numbers


class Page(html.parser.HTMLParser):
    """The texts of a page by tag, every tag, and every attribute that could load something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.handlers: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.texts.setdefault(tag, []).append("")
        self.loads += [value or "" for key, value in attrs if key in {"src", "href", "action"}]
        self.handlers += [key for key, _ in attrs if key.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self.tags:
            self.texts[self.tags[-1]][-1] += data.strip("\n ")


def test_nothing_on_the_page_is_loaded_from_anywhere():
    text = drawn(layer(), values(layer()))
    page = Page(text)
    assert page.loads == []
    assert page.handlers == []
    assert "link" not in page.tags
    assert not re.search(r"url\((?!data:|#)", text.split("</style>")[0])
    assert "default-src 'none'" in text
    assert text.index("Content-Security-Policy") < text.index("<script")


def test_names_are_shown_as_text_whatever_they_hold():
    page = Page(drawn(layer(), values(layer()), title=HOSTILE[1], source=HOSTILE[5]))
    assert "img" not in page.tags
    assert "b" not in page.tags
    assert page.texts["title"] == page.texts["h1"] == [HOSTILE[1]]
    shown = {name.replace("\x00", "").replace("\x07", "") for name in HOSTILE}
    assert shown <= set(page.texts["th"])


def test_every_value_is_in_the_table_highest_first_and_missing_ones_last():
    frame = layer(["Ash", "Beech", "Cedar"])
    page = Page(drawn(frame, pd.Series({"c0": 1.25, "c2": 7.0}), format="{:.2f}", unit="points"))
    assert page.texts["td"] == ["c2", "7.00", "c0", "1.25", "c1", "no data"]
    assert page.texts["caption"] == ["Score (points), highest first"]


def test_the_legend_counts_areas_and_always_says_no_data():
    text = drawn(layer(["a", "b", "c"]), [1.0, 1.0, 2.0])
    items = re.findall(r"<li>.*?</li>", text)
    words = [re.sub(r"<[^>]+>", "", item) for item in items]
    assert words == ["1.0 2 areas", "over 1.0 to 2.0 1 area", "no data 0 areas"]


def test_the_summary_says_in_words_what_the_map_shows():
    frame = layer(["Ash", "Beech", "Cedar", "Dale"])
    text = drawn(frame, [3.0, 1.0, np.nan, 2.0])
    summary = re.sub(r"<[^>]+>", "", re.search(r'id="cg-summary">(.*?)</p>', text)[1])
    assert summary == (
        "4 areas, shaded by Score. Highest: Ash, 3.0. Lowest: Beech, 1.0. "
        "Middle: Dale, 2.0. No data: 1."
    )


def test_a_withheld_figure_is_hatched_and_said_to_be_withheld_and_not_missing():
    frame = layer(["Ash", "Beech", "Cedar", "Dale"])
    look = maps.Look(withheld=frozenset({"c1", "c3"}))  # a figure that is told stays told
    text = drawn(frame, [3.0, np.nan, np.nan, 2.0], look=look)
    assert Page(text).texts["td"] == ["c0", "3.0", "c3", "2.0", "c1", "withheld", "c2", "no data"]
    items = [re.sub(r"<[^>]+>", "", item) for item in re.findall(r"<li>.*?</li>", text)]
    assert items[-2:] == ["no data 1 area", "withheld: too few to tell 1 area"]
    assert "No data: 1. Withheld, because so few are counted there: 1." in text
    assert text.count('"fillColor": "url(#cg-hatch)"') == 1
    assert 'id="cg-hatch"' in text
    assert "cg-hatch" not in drawn(frame, [3.0, np.nan, np.nan, 2.0])


def test_a_figure_not_to_be_relied_on_is_hatched_over_its_colour_and_says_why():
    frame = layer(["Ash", "Beech", "Cedar", "Dale"])
    why = "More <than> half is assumed"
    look = maps.Look(k=2, unsure={"c0": why, "c1": why, "c3": "A rough estimate"})
    text = drawn(frame, [3.0, np.nan, 2.5, 2.0], look=look)
    page = Page(text)
    assert page.texts["th"][:4] == ["Area", "Code", "Score", "How sure"]
    assert page.texts["td"] == [
        "c0", "3.0", why, "c2", "2.5", "", "c3", "2.0", "A rough estimate", "c1", "no data", "",
    ]  # fmt: skip
    fills = re.findall(r'"fillColor": "([^"]+)"', text)
    assert sum(fill.startswith("url(#cg-hatch-") for fill in fills) == 2  # none where none is known
    assert {fill[5:-1] for fill in fills if fill.startswith("url")} <= set(
        re.findall(r'<pattern id="([^"]+)"', text)
    )
    items = [re.sub(r"<[^>]+>", "", item) for item in re.findall(r"<li>.*?</li>", text)]
    assert items[-2:] == ["More &lt;than&gt; half is assumed 1 area", "A rough estimate 1 area"]
    assert "A rough estimate: 1, hatched." in text
    assert "pattern id" not in drawn(frame, [3.0, np.nan, 2.5, 2.0])


def test_a_map_of_many_areas_claims_no_hatch_that_a_canvas_cannot_draw(monkeypatch):
    monkeypatch.setattr(maps, "MOST_PATHS", 2)
    look = maps.Look(unsure={"c0": "A rough estimate"}, withheld=frozenset({"c2"}))
    text = drawn(layer(["Ash", "Beech", "Cedar"]), [3.0, 1.0, np.nan], look=look)
    assert "A rough estimate: 1, marked in the table." in text
    assert "hatched" not in text
    assert "url(#cg" not in text
    assert Page(text).texts["td"][:3] == ["c0", "3.0", "A rough estimate"]


def test_a_fictional_place_says_so_above_everything():
    text = drawn(layer(), values(layer()), look=maps.Look(banner="Fictional <place>"))
    assert text.index("Fictional &lt;place&gt;") < text.index("<h1")
    assert "cg-banner" not in drawn(layer(), values(layer())).split("</style>")[-1]


def test_a_map_without_any_value_or_any_area_is_still_a_map():
    text = drawn(layer(["a", "b"]), [np.nan, np.nan])
    assert re.findall(r"<li>.*?</li>", text)[0].count("no data") == 1
    assert "No data: 2." in text
    assert "0 areas, shaded by Score." in drawn(layer([]), [])


def test_equal_maps_are_equal_files(tmp_path):
    one, two = (drawn(layer(), values(layer())) for _ in range(2))
    assert one == two
    map = maps.folium_map(layer(), values(layer()), title="Need", legend_title="Score")
    assert maps.html(map) == maps.html(map) == one
    path = maps.save(map, tmp_path / "map.html")
    assert path.read_text("utf-8") == one
    assert [p.name for p in tmp_path.iterdir()] == ["map.html"]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (pd.Series({"c0": 1.0, "zz": 2.0}), "zz"),
        (pd.Series([1.0, 2.0], index=["c0", "c0"]), "twice"),
        (pd.Series([1.0], index=pd.Index(["c0"], name="lsoa11")), "lsoa11.*sa"),
        ([1.0, 2.0], "2 values for 8 areas"),
        (["a"] * 8, "a"),
    ],
)
def test_values_of_other_areas_are_refused(bad, words):
    with pytest.raises(BadValues, match=words):
        maps.folium_map(layer(), bad, title="Need", legend_title="Score")


@pytest.mark.browser
def test_a_saved_map_draws_and_asks_nothing_of_any_network(tmp_path, open_page):
    frame = layer()
    map = maps.folium_map(frame, values(frame), title=HOSTILE[0], legend_title="Score")
    page = open_page(maps.save(map, tmp_path / "map.html").as_uri())
    page.wait_for_selector("path.leaflet-interactive")
    assert page.requests == [(tmp_path / "map.html").as_uri()]
    assert page.complaints == []
    shapes = page.locator("path.leaflet-interactive")
    assert shapes.count() == len(frame)
    fills = shapes.evaluate_all("all => all.map(path => path.getAttribute('fill'))")
    assert len(set(fills)) == 6
    assert fills[1] == "#e3e3e3"
    for position, name in enumerate(HOSTILE):
        shapes.nth(position).hover(force=True)
        told = page.locator(".leaflet-tooltip").last.inner_text().split("\n")
        assert told[0] == name.replace("\x00", "").replace("\x07", "")
    assert page.evaluate("window.hacked") is None


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_a_saved_map_is_accessible_and_fits_the_screen(tmp_path, open_page, width):
    from axe_playwright_python.sync_playwright import Axe

    frame = layer(["Ash", "Beech", "Cedar"])
    look = maps.Look(banner="This place is fictional.")
    map = maps.folium_map(
        frame, [1, 2, None], title="Need", legend_title="Score", source="own", look=look
    )
    page = open_page(maps.save(map, tmp_path / "map.html").as_uri(), width=width)
    page.wait_for_selector("path.leaflet-interactive")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator(".leaflet-container").bounding_box()
    for position in range(3):
        path = page.locator("path.leaflet-interactive").nth(position).bounding_box()
        assert box["x"] <= path["x"]
        assert path["x"] + path["width"] <= box["x"] + box["width"]
