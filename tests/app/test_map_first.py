"""The map is drawn before the menus above it; both must tell the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data import run
from pages.shared import cache

PAGES = Path(__file__).resolve().parent.parent.parent / "pages"
CODES = {
    "sq": [f"a{number:02d}" for number in range(16)],
    "wd": [f"w{row}{side}" for row in range(4) for side in "ew"],
    "county": ["C"],
}
TITLES = {"need": "Need", "people": "People", "money": "Money", "per_person": "Money per person"}
STATES = {
    "as it opens": {},
    "an area of another level": {"level": "wd", "area": "a00"},
    "a level and a figure that are gone": {"level": "parish", "figure": "measure.noise"},
    "a second figure that is the first": {"figure": "people", "beside": "people"},
    "two in one map, under its own borders": {"beside": "money", "way": "one", "over": "sq"},
}


@pytest.mark.parametrize("state", STATES, ids=str)
def test_the_menus_name_what_the_map_before_them_shows(state: str, open_grid: Path) -> None:
    test = AppTest.from_file(str(PAGES / "map.py"), default_timeout=60)
    for key, value in {"v": "1", **STATES[state]}.items():
        test.query_params[key] = value
    alike(test.run())
    first = CODES[test.selectbox(key="map.level").value][0]
    alike(test.selectbox(key="map.area").set_value(first).run())
    assert drawn(test)[0]["picked"] >= 0
    alike(test.button_group(key="map.figure").set_value("money").run())
    alike(test.selectbox(key="map.level").set_value("county").run())
    assert drawn(test)[0]["picked"] == -1
    alike(test.button_group(key="map.figure").set_value("people").run())


def alike(test: Any) -> None:
    assert not test.exception
    maps = drawn(test)
    level, area = (test.selectbox(key=f"map.{name}").value for name in ("level", "area"))
    figure = TITLES[test.button_group(key="map.figure").value]
    assert [shapes(data) for data in maps] == [level] * len(maps)
    assert maps[0]["figure"] == figure
    assert dict(test.query_params).get("level", "sq") == level
    for data in maps:
        assert data["picked"] == (CODES[level].index(area) if area else -1)


def drawn(test: Any) -> list[dict[str, Any]]:
    given = [json.loads(element.proto.json) for element in test.get("bidi_component")]
    return [data for data in given if "/live_map.js?" in data["module"]]


def shapes(data: dict[str, Any]) -> str:
    """Return the level whose shapes a map draws."""
    return str(data["geometry"]).rsplit("/", 1)[1].rsplit("-", 1)[0]


def test_shapes_of_other_levels_are_named_for_later_where_they_are_small(
    open_grid: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = cache.result("")
    assert levels_ahead(result, "sq") == {"wd", "county", "town"} & set(result.levels)
    folder = cache.shapes_folder(f"grid-{result.place.package_hash[:12]}")
    size = {file.name.rsplit("-", 1)[0]: file.stat().st_size for file in folder.glob("*.json")}
    heavy = max(result.levels, key=lambda level: size[level])
    st.cache_resource.clear()
    monkeypatch.setattr(cache, "LIGHT", size[heavy] - 1)
    result = cache.result("")
    assert levels_ahead(result, "") == {n for n in result.levels if size[n] < size[heavy]}
    st.cache_resource.clear()


def levels_ahead(result: run.Result, but: str) -> set[str]:
    return {shapes({"geometry": address}) for address in cache.light_shapes(result, but)}
