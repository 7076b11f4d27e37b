"""Both pages with every control, and their empty and error states, without a browser."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy.stats import spearmanr
from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).resolve().parent.parent.parent / "pages"


def opened(page: str, **address: str) -> Any:
    test = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=60)
    for key, value in address.items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    return test


def html(test: Any) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def drawn(test: Any, script: str) -> list[dict[str, Any]]:
    """Return what the components of one script were given to draw, in the order of the page."""
    given = [json.loads(element.proto.json) for element in test.get("bidi_component")]
    return [data for data in given if f"/{script}?" in data["module"]]


def tables(test: Any) -> list[pd.DataFrame]:
    """Return the tables of a page as texts by code."""
    return [
        pd.DataFrame({column["id"]: column["texts"] for column in data["columns"]}, data["codes"])
        for data in drawn(test, "live_table.js")
    ]


def amounts(test: Any) -> list[int]:
    """Return the pence of the equation as printed: the pot, then its parts."""
    terms = re.findall(r'<div class="cg-term [^"]*"><b>(-?)£([0-9,.]+)</b>', html(test))
    return [int(sign + text.replace(",", "").replace(".", "")) for sign, text in terms]


pytestmark = pytest.mark.usefixtures("open_grid")
COLUMNS = {
    "need": "need",
    "people": "people",
    "money": "amount_pence",
    "per_person": "pence_per_person",
}
POT = 284_000_007  # 1,200,000.07 + 90,000 + 1,600,000 - 50,000 pounds


def test_the_map_page_opens_with_need_by_small_area() -> None:
    test = opened("map")
    assert test.selectbox(key="map.level").options == ["Squares", "Wards", "County"]
    assert test.selectbox(key="map.level").value == "sq"
    assert test.button_group(key="map.figure").value == "need"
    assert test.selectbox(key="map.area").value == ""
    assert "A higher score means more need" in html(test)


@pytest.mark.parametrize("level", ["sq", "wd", "county"])
@pytest.mark.parametrize("page", ["map", "budget"])
def test_the_parts_make_up_the_pot_at_every_level(page: str, level: str) -> None:
    test = opened(page, v="1", level=level)
    pot, areas, outside, wide = amounts(test)
    assert pot == POT
    assert areas + outside + wide == pot
    assert wide == -5_000_000
    assert (outside == 0) == (level != "wd")


@pytest.mark.parametrize("figure", ["need", "people", "money", "per_person"])
def test_each_figure_explains_itself_and_leads_the_table(figure: str) -> None:
    test = opened("map")
    test.button_group(key="map.figure").set_value(figure).run()
    assert not test.exception
    for fact in ("What", "Unit", "Source", "As of", "How sure"):
        assert f"<dt>{fact}</dt>" in html(test)
    shown = drawn(test, "live_table.js")[0]
    assert shown["columns"][1]["id"] == shown["sorted"] == COLUMNS[figure]
    assert len(shown["codes"]) == 12  # the four squares beyond the town are not compared


def test_choosing_an_area_by_name_shows_its_card_and_changes_the_link() -> None:
    test = opened("map")
    test.selectbox(key="map.area").set_value("a05").run()
    shown = html(test)
    assert "<h2>Square 5</h2>" in shown
    assert "105" in shown  # its people
    assert "decile 1 = most deprived" in shown
    assert dict(test.query_params)["area"] == "a05"


def test_an_area_of_another_level_is_dropped_when_the_level_changes() -> None:
    test = opened("map", v="1", area="a05")
    test.selectbox(key="map.level").set_value("wd").run()
    assert not test.exception
    assert test.selectbox(key="map.area").value == ""
    assert "Square 5" not in html(test)


def test_an_area_beyond_the_place_cannot_be_asked_for_by_link() -> None:
    test = opened("map", v="1", area="a03")
    assert test.selectbox(key="map.area").value == ""
    assert "a03" in test.warning[0].value


def test_a_level_that_reaches_beyond_the_place_says_so_on_the_card() -> None:
    test = opened("map", v="1", level="county", area="C")
    assert "75% of its people live in Gridville" in html(test)


def test_hostile_names_are_text_on_the_card() -> None:
    for code in ("a00", "a01", "a02", "a04"):
        shown = html(opened("map", v="1", area=code))
        assert "<script" not in shown
        assert "<img" not in shown
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" in html(
        opened("map", v="1", area="a00")
    )


def test_the_map_gets_classes_and_labels_and_nothing_else_by_area() -> None:
    data = drawn(opened("map"), "live_map.js")[0]
    beyond = [3, 7, 11, 15]
    assert [at for at, number in enumerate(data["classes"]) if number == -2] == beyond
    assert {number for at, number in enumerate(data["classes"]) if at not in beyond} == set(
        range(5)
    )
    assert [data["labels"][at] for at in beyond] == [""] * 4
    assert len(data["palette"]) == len(data["legend"]["labels"]) == 5
    del data["summary"]  # names the highest and the lowest
    assert not any(name in json.dumps(data) for name in ("alert", "Square 5", "a05"))


def test_a_what_if_keeps_the_class_breaks_of_the_usual_settings() -> None:
    test = opened("budget")
    before = drawn(test, "live_map.js")[0]
    test.slider(key="budget.need").set_value(100)
    test.slider(key="budget.times").set_value(10.0).run()
    after = drawn(test, "live_map.js")[0]
    assert after["legend"] == before["legend"]
    assert after["classes"] != before["classes"]
    assert before["legend"]["labels"][0].startswith("up to ")
    assert before["legend"]["labels"][-1].startswith("over ")


def test_the_map_of_one_line_shows_that_line() -> None:
    # Parks go to the town by head: the same for each person everywhere.
    data = drawn(opened("budget", v="1", line="parks"), "live_map.js")[0]
    assert data["title"] == "Money per person, Parks by Squares"
    assert set(data["labels"]) == {"", "£70 a person"}  # 90,000 / 1,284


def test_old_and_unknown_links_fall_back_with_a_message() -> None:
    test = opened("map", v="0", level="hills", figure="mood")
    assert len(test.warning) == 3
    assert test.selectbox(key="map.level").value == "sq"
    assert test.button_group(key="map.figure").value == "need"


def test_the_budget_page_opens_with_the_settings_of_the_place() -> None:
    test = opened("budget")
    assert test.slider(key="budget.need").value == 50
    assert test.slider(key="budget.times").value == 3.0
    assert "settings that the place uses" in test.caption[0].value
    by_area = tables(test)[0]
    assert "change" not in by_area


def test_the_lines_of_money_are_a_part_of_their_own() -> None:
    lines = tables(opened("budget", v="1", part="lines", view="sure"))[0]
    assert list(lines.index) == ["care", "parks", "clinic", "fees"]
    assert lines.loc["fees", "pounds"] == "-50,000.00"


@pytest.mark.parametrize(("need", "times"), [(0, 3.0), (100, 10.0), (35, 1.0), (50, 7.5)])
def test_whatever_the_sliders_say_the_pot_stays(need: int, times: float) -> None:
    test = opened("budget")
    test.slider(key="budget.need").set_value(need)
    test.slider(key="budget.times").set_value(times).run()
    assert not test.exception
    pot, *parts = amounts(test)
    assert pot == sum(parts) == POT
    assert "what-if, not an agreed budget" in test.caption[0].value
    assert "change" in tables(test)[0]


def test_more_weight_of_need_moves_money_to_the_neediest_area() -> None:
    test = opened("budget")
    test.slider(key="budget.need").set_value(100).run()
    change = tables(test)[0]["change"]
    # Of the squares in the town a00 has the highest score and a13 the lowest.
    assert change["a00"].startswith("+")
    assert change["a13"].startswith("-")


def test_one_line_of_money_has_an_equation_of_its_own() -> None:
    test = opened("budget")
    test.selectbox(key="budget.line").set_value("care").run()
    assert amounts(test) == [120_000_007, 120_000_007, 0, 0]
    test.selectbox(key="budget.line").set_value("fees").run()
    assert amounts(test) == [-5_000_000, 0, 0, -5_000_000]


def test_lines_below_zero_and_assumptions_are_told_in_words() -> None:
    shown = html(opened("budget", v="1", part="lines", view="sure"))
    assert "Income from car parks" in shown
    assert "A round figure" in shown


def test_a_budget_link_reopens_the_same_scenario() -> None:
    first = opened("budget")
    first.slider(key="budget.need").set_value(80)
    first.selectbox(key="budget.level").set_value("wd").run()
    link = {key: str(value) for key, value in dict(first.query_params).items()}
    second = opened("budget", **link)
    assert amounts(second) == amounts(first)
    assert tables(second)[0].equals(tables(first)[0])


def test_the_menu_marks_a_fictional_place() -> None:
    test = AppTest.from_file(str(PAGES / "menu.py"), default_timeout=60).run()
    assert "Gridville" in html(test)
    assert "Fictional place" in html(test)


@pytest.mark.parametrize("page", ["map", "budget"])
def test_a_place_that_breaks_a_rule_is_told_and_nothing_else_is_shown(
    page: str, grid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = shutil.copytree(grid, tmp_path / "broken")
    text = (broken / "streams.csv").read_text()
    text = text.replace("90000.00", "ninety").replace("Income from car parks", "")
    (broken / "streams.csv").write_text(text)
    monkeypatch.setenv("COMMONGROUND_PLACE", str(broken))
    test = opened(page)
    assert "cannot be shown" in test.error[0].value
    assert "ninety" in test.code[0].value
    assert "fees" in test.code[0].value
    assert not tables(test)


@pytest.mark.parametrize("page", ["map", "budget"])
def test_a_folder_that_is_no_place_is_told(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_PLACE", str(tmp_path))
    assert "place.toml" in opened(page).code[0].value


def test_an_address_cannot_open_a_folder_of_the_machine() -> None:
    for named in ("../grid", "/", "..", "unknown", "grid/../.."):
        test = opened("map", place=named)
        assert test.error, named
        assert not tables(test)


def test_a_place_without_an_index_offers_no_need(
    make_place: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_place(tmp_path / "plain", id="plain", name="Plain")
    settings = (folder / "place.toml").read_text()
    start, end = settings.index("[index]"), settings.index("[streams]")
    (folder / "place.toml").write_text(settings[:start] + settings[end:])
    streams = (folder / "streams.csv").read_text().replace("town:T,need", "town:T,people")
    (folder / "streams.csv").write_text(streams)
    monkeypatch.setenv("COMMONGROUND_PLACE", str(folder))
    test = opened("map")
    assert test.button_group(key="map.figure").value == "people"
    assert "Need" not in test.button_group(key="map.figure").options
    pot, *parts = amounts(opened("budget"))
    assert pot == sum(parts) == POT


def test_a_place_that_changes_on_disk_is_read_again(
    make_place: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_place(tmp_path / "changing", id="changing", name="Changing")
    monkeypatch.setenv("COMMONGROUND_PLACE", str(folder))
    assert amounts(opened("map"))[0] == POT
    text = (folder / "streams.csv").read_text()
    (folder / "streams.csv").write_text(text.replace("90000.00", "90000.01"))
    assert amounts(opened("map"))[0] == POT + 1


def test_two_places_on_one_server_never_answer_for_each_other(
    make_place: Callable[..., Path], private_home: Path
) -> None:
    second = make_place(private_home / "packages" / "second", id="second", name="Second")
    streams = (second / "streams.csv").read_text().replace("90000.00", "80000.00")
    (second / "streams.csv").write_text(streams)
    first, other = opened("map"), opened("map", place="second")
    assert amounts(first)[0] == POT
    assert amounts(other)[0] == POT - 1_000_000
    assert dict(other.query_params)["place"] == "second"
    other.selectbox(key="map.level").set_value("wd").run()
    first.selectbox(key="map.level").set_value("wd").run()
    assert (amounts(first)[0], amounts(other)[0]) == (POT, POT - 1_000_000)


def test_two_figures_stand_side_by_side_and_say_where_they_argue() -> None:
    test = opened("map", v="1", figure="need", beside="people")
    first, second = drawn(test, "live_map.js")
    assert (first["figure"], second["figure"]) == ("Need", "People")
    assert first["geometry"] == second["geometry"]
    said = html(test)
    # By hand: scipy ranks the twelve squares of the place by both figures.
    ours = [n for n in range(16) if n % 4 < 3]
    frame = tables(test)[0]
    need = [float(frame.at[f"a{n:02d}", "need"]) for n in ours]
    rho = spearmanr([-value for value in need], [-(100 + n) for n in ours]).statistic
    assert f"need and people stand at {rho:.2f}" in said
    assert dict(test.query_params)["beside"] == "people"


def test_another_levels_borders_lie_over_the_map_and_their_fit_is_said_in_people() -> None:
    test = opened("map", v="1", level="sq", over="wd")
    data = drawn(test, "live_map.js")[0]
    assert "/wd-" in data["borders"]
    assert data["legend"]["borders"] == "Borders of Wards"
    # The four squares of the second column are cut in half: half of their people are elsewhere.
    cut = sum(100 + n for n in range(16) if n % 4 == 1) / 2
    town = sum(100 + n for n in range(16) if n % 4 < 3)
    assert f"{cut:,.0f} of {town:,.0f} people" in html(test)


def test_money_that_follows_from_an_assumption_is_hatched_and_need_is_not() -> None:
    assert drawn(opened("map", v="1", figure="need"), "live_map.js")[0]["hatched"] == []
    data = drawn(opened("map", v="1", figure="money"), "live_map.js")[0]
    # Nothing in the grid is recorded: every square of the place is hatched, none beyond it.
    assert data["hatched"] == [n for n in range(16) if n % 4 < 3]
    assert "assumption" in data["legend"]["hatched"]
