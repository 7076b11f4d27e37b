"""The Map page with every figure, class scheme, pair, filter and file, without a browser."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
from streamlit.testing.v1 import AppTest

from data import exports, mappable, run
from pages.shared import beside, classing, credits, downloads, filtering, map_card
from pages.shared.classing import Classing
from pages.shared.figures_more import Shelf, ranked

PAGES = Path(__file__).resolve().parents[3] / "pages"
OURS = [
    n for n in range(16) if n % 4 < 3
]  # squares of the place; those of the fourth column are not


def opened(**address: str) -> Any:
    test = AppTest.from_file(str(PAGES / "map.py"), default_timeout=60)
    for key, value in address.items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    return test


def drawn(test: Any) -> list[dict[str, Any]]:
    given = [json.loads(element.proto.json) for element in test.get("bidi_component")]
    return [data for data in given if "/live_map.js?" in data["module"]]


def html(test: Any) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def menu(test: Any, name: str) -> Any:
    """Open one of the small menus, as a click on it does."""
    test.session_state[f"map.menu.{name}"] = True
    return test.run()


# -- the page --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("level", ["sq", "wd", "county"])
def test_every_figure_opens_at_every_level_and_says_what_it_is(
    level: str, open_rich: Path, result: run.Result
) -> None:
    test = opened(level=level, v="1")
    for id, offer in mappable.offers(result).items():
        test.selectbox(key="map.more").set_value(id).run()
        assert not test.exception, id
        assert drawn(test)[0]["figure"] == offer.title
        assert offer.unit in html(test)
        for fact in ("What", "Unit", "Source", "As of", "How sure"):
            assert f"<dt>{fact}</dt>" in html(test)
        assert dict(test.query_params)["figure"] == id


def test_the_other_figure_stays_at_hand_beside_the_usual_four(open_rich: Path) -> None:
    test = opened()
    assert test.button_group(key="map.figure").options == [
        "Need", "People", "Money", "Money per person",
    ]  # fmt: skip
    test.selectbox(key="map.more").set_value("measure.damp").run()
    assert drawn(test)[0]["figure"] == "Damp homes"
    test.button_group(key="map.figure").set_value("people").run()
    assert drawn(test)[0]["figure"] == "People"
    test.button_group(key="map.figure").set_value("measure.damp").run()
    assert drawn(test)[0]["figure"] == "Damp homes"
    test.selectbox(key="map.more").set_value("").run()
    assert drawn(test)[0]["figure"] == "Need"


def test_a_link_to_a_figure_that_the_place_lost_says_so(open_rich: Path) -> None:
    test = opened(v="1", figure="measure.noise", scheme="magic", beside="x", tenths="99")
    assert len(test.warning) == 3
    assert drawn(test)[0]["figure"] == "Need"


def test_darker_is_worse_also_where_low_is_worse(open_rich: Path) -> None:
    damp, trees = (drawn(opened(v="1", figure=f"measure.{id}"))[0] for id in ("damp", "trees"))
    assert trees["palette"] == damp["palette"][::-1]
    assert "lower, which is worse" in trees["legend"]["note"]
    assert "higher, which is worse" in damp["legend"]["note"]
    assert damp["labels"][0] == "20.0%"
    card = html(opened(v="1", figure="measure.damp", area="a00"))
    assert "20.0% (likely 13.3 to 28.9)" in card


def test_colours_of_a_distance_meet_at_nought(open_rich: Path) -> None:
    data = drawn(opened(v="1", figure="distance.baths", k="5"))[0]
    labels = data["legend"]["labels"]
    assert len(labels) == len(data["palette"]) == 5
    low, high = labels[2].split(" to ")
    assert (low[0], high[0]) == ("-", "+")
    assert low[1:] == high[1:]


# -- classes ---------------------------------------------------------------------------------------


def test_classes_of_the_same_width_are_as_wide_as_each_other(open_rich: Path) -> None:
    data = drawn(opened(v="1", figure="measure.damp", scheme="equal", k="3"))[0]
    # From 20 to 34 per cent in the town: three steps of 4.67.
    assert data["legend"]["labels"] == ["20.0 to 24.7", "24.7 to 29.3", "29.3 to 34.0"]


def test_breaks_of_ones_own_are_kept_and_are_in_pounds_for_money(open_rich: Path) -> None:
    data = drawn(opened(v="1", figure="measure.damp", scheme="fixed", breaks="22; 30"))[0]
    assert data["legend"]["labels"] == ["up to 22.0", "22.0 to 30.0", "over 30.0"]
    assert [data["classes"][n] for n in (0, 2, 4, 10, 12)] == [0, 0, 1, 1, 2]
    money = drawn(opened(v="1", figure="per_person", scheme="fixed", breaks="1,000 1,500"))[0]
    assert money["legend"]["labels"][1] == "£1,000 to £1,500"


@pytest.mark.parametrize(
    ("typed", "fault"),
    [("ten", "numbers"), ("20; 10", "rise"), ("10; 10", "rise"), ("inf; 3", "numbers"),
     ("1 2 3 4 5 6 7", "At most 6")],
)  # fmt: skip
def test_breaks_that_are_none_are_refused_with_the_reason(typed: str, fault: str) -> None:
    numbers, said = classing.read(typed)
    assert numbers == ()
    assert fault in said


def test_natural_gaps_part_what_lies_apart() -> None:
    values = pd.Series([1.0, 2, 3, 50, 51, 52, 900, 901])
    assert Classing("fisher-jenks", 3).breaks(values) == [1, 3, 52, 901]
    assert Classing("fisher-jenks", 3).breaks(pd.Series([np.nan])) == []


def test_the_menu_of_classes_changes_the_map_and_the_link(open_rich: Path) -> None:
    test = menu(opened(v="1", figure="measure.damp"), "classes")
    test.slider(key="map.k").set_value(3).run()
    assert len(drawn(test)[0]["palette"]) == 3
    test.selectbox(key="map.scheme").set_value("fixed").run()
    test.text_input(key="map.breaks").set_value("30; 20").run()
    assert "rise" in test.warning[0].value
    test.text_input(key="map.breaks").set_value("25").run()
    assert len(drawn(test)[0]["palette"]) == 2
    assert dict(test.query_params) | {"k": "3"} == {
        "v": "1", "figure": "measure.damp", "scheme": "fixed", "breaks": "25", "k": "3",
    }  # fmt: skip


# -- two figures -----------------------------------------------------------------------------------


def test_two_figures_in_one_map_stand_in_thirds_of_the_areas_each(open_rich: Path) -> None:
    test = opened(v="1", figure="measure.damp", beside="measure.trees", way="one")
    (data,) = drawn(test)
    assert data["grid"] == ["Damp homes", "Trees"]
    assert len(data["palette"]) == len(data["legend"]["labels"]) == 9
    # Both rise with the number of the square: four squares low, four in the middle, four high.
    thirds = {n: at // 4 for at, n in enumerate(OURS)}
    assert {n: data["classes"][n] for n in OURS} == {n: 4 * third for n, third in thirds.items()}
    assert data["classes"][3] == -2
    assert data["legend"]["labels"][8] == "Damp homes: high; Trees: high"
    assert data["labels"][0] == "20.0%; Trees: 0 trees"
    assert "Where the two figures argue" in html(test)


def test_the_menu_to_compare_takes_a_second_figure_and_both_plain_maps_are_one_click_away(
    open_rich: Path,
) -> None:
    test = menu(opened(), "compare")
    assert "map.way" not in [group.key for group in test.button_group]
    test.selectbox(key="map.beside").set_value("measure.damp").run()
    assert [data["figure"] for data in drawn(test)] == ["Need", "Damp homes"]
    test.button_group(key="map.way").set_value("one").run()
    assert drawn(test)[0]["grid"] == ["Need", "Damp homes"]
    test.button_group(key="map.way").set_value("two").run()
    assert len(drawn(test)) == 2
    test.selectbox(key="map.over").set_value("wd").run()
    assert all("/wd-" in data["borders"] for data in drawn(test))
    assert "would be counted in the wrong area" in html(test)


def test_money_that_we_shared_out_ourselves_is_never_ranked_against_need(
    open_rich: Path, result: run.Result
) -> None:
    shelf = Shelf(result, "sq")
    need, money = shelf.figure("need"), shelf.figure("money")
    assert not ranked(result, money)
    assert ranked(result, shelf.figure("theme.baths"))
    (said,) = beside.argue(result, shelf.table(), need, money)
    assert "not compared by rank" in said
    card = html(opened(v="1", area="a05", figure="money"))
    assert "not ranked: it follows from how we share it" in card


# -- filter ----------------------------------------------------------------------------------------


def kept(result: run.Result, figure: str = "people", **asked: Any) -> filtering.Filter:
    shelf = Shelf(result, "sq")
    return filtering.kept(shelf, shelf.figure(figure), **asked)


def test_areas_are_kept_by_name_by_tenth_and_by_value(result: run.Result) -> None:
    assert kept(result).kept is None
    assert kept(result, words="SQUARE 1").kept == ("a10", "a12", "a13", "a14")
    assert kept(result, least="110", most="113").kept == ("a10", "a12", "a13")
    both = kept(result, words="square 1", least="1,13")
    assert both.kept == ("a13", "a14")
    assert both.said == "2 of 12 areas: the name holds “square 1” and people is at least 113."
    money = kept(result, "theme.streets", least="£70", most="71")
    assert len(money.kept or ()) == 12  # 70.09 pounds a person everywhere
    assert kept(result, least="many").fault.startswith("“many” is not a number")
    assert kept(result, most="0").kept == ()
    assert kept(result, most="0").said.startswith("No area: ")


def test_tenths_of_need_are_those_of_the_edition_and_one_is_the_most(result: run.Result) -> None:
    deciles = result.index.deciles
    first = [code for code in deciles.index[deciles <= 2] if int(code[1:]) in OURS]
    found = kept(result, tenths=["1", "2", "x"])
    assert sorted(found.kept or ()) == sorted(first)
    assert "decile 1 = most deprived" in found.said


def test_levels_with_few_areas_have_no_tenths(result: run.Result) -> None:
    assert filtering.tenths_of_need(Shelf(result, "wd")) is None
    assert filtering.tenths_of_need(Shelf(result, "sq")) is not None


def test_a_filter_lights_up_areas_on_the_map_and_leaves_only_them_in_the_table(
    open_rich: Path,
) -> None:
    test = menu(opened(), "filter")
    test.text_input(key="map.find").set_value("square 1").run()
    assert drawn(test)[0]["highlighted"] == [10, 12, 13, 14]
    assert any("4 of 12 areas" in caption.value for caption in test.caption)
    given = [json.loads(one.proto.json) for one in test.get("bidi_component")]
    (table,) = [data for data in given if "/live_table.js?" in data["module"]]
    assert sorted(table["codes"]) == ["a10", "a12", "a13", "a14"]
    again = opened(**{k: str(v) for k, v in dict(test.query_params).items()})
    assert drawn(again)[0]["highlighted"] == [10, 12, 13, 14]
    test.text_input(key="map.least").set_value("lots").run()
    assert "not a number" in test.warning[0].value
    test.button(key="map.unfilter").click().run()
    assert drawn(test)[0]["highlighted"] == []


def test_a_map_names_its_place_and_the_source_of_each_figure_wherever_it_is_taken(
    open_rich: Path, result: run.Result
) -> None:
    data = drawn(opened(v="1", figure="measure.damp"))[0]
    assert data["place"] == "Richton (a fictional place)"
    assert data["credit"] == (
        "Damp homes: Counted for tests, 2025-01-01. Borders: Drawn for tests, 2025-01-01"
    )
    data = drawn(opened(v="1", figure="people", beside="measure.damp", way="one"))[0]
    assert "People: " in data["credit"]
    assert "Damp homes: Counted for tests" in data["credit"]
    settings = result.place.settings
    told = settings.place.model_copy(update={"fictional": False})
    real = settings.model_copy(update={"place": told})
    assert credits.place(replace(result, place=replace(result.place, settings=real))) == "Richton"


# -- what is said ----------------------------------------------------------------------------------


def test_unusual_areas_are_named_before_money_per_person_is_read(open_rich: Path) -> None:
    assert not [c for c in opened(v="1", figure="need").caption if "money per person" in c.value]
    said = opened(v="1", figure="per_person", area="a05")
    assert "it misleads where there are many students in Square 5" in said.caption[0].value
    assert "people in custody" in said.caption[0].value
    assert "Before you read money per person: many students live here" in html(said)
    assert "Before you read" not in html(opened(v="1", figure="per_person", area="a06"))


def test_the_card_names_the_programmes_at_work_in_an_area(open_rich: Path) -> None:
    said = html(opened(v="1", figure="programmes", area="a01"))
    for words in ("Warm homes (Town council)", "Dry walls (Town council, until 2099-12-31)",
                  "Play (Youth trust)"):  # fmt: skip
        assert f"<p>{words}</p>" in said
    assert "Old one" not in said
    assert "Warm homes" not in html(opened(v="1", figure="need", area="a01"))


def test_the_table_says_withheld_where_a_figure_is_and_shows_intervals(
    secret: run.Result, result: run.Result
) -> None:
    shelf = Shelf(secret, "sq")
    _, columns = map_card.columns(shelf, [shelf.figure("theme.baths")])
    assert columns["theme.baths"].instead["a00"] == "withheld"
    assert columns["pence_per_person"].instead["a00"] == "withheld"
    shelf = Shelf(result, "sq")
    table, columns = map_card.columns(shelf, [shelf.figure("measure.damp")])
    assert table.at["a00", "measure.damp between"] == "13.3 to 28.9"
    assert list(columns)[:3] == ["name", "measure.damp", "measure.damp between"]


def test_the_spread_is_drawn_when_it_is_opened_and_marks_the_area(open_rich: Path) -> None:
    test = opened(v="1", figure="measure.damp", area="a05", beside="money")
    assert not test.get("vega_lite_chart")
    assert not test.get("arrow_vega_lite_chart")
    test.session_state["map.spread"] = True
    test.run()
    assert not test.exception
    charts = test.get("vega_lite_chart") or test.get("arrow_vega_lite_chart")
    assert len(charts) == 2
    assert "Square 5: 25.0%" in str(charts[0].proto.spec)


# -- files -----------------------------------------------------------------------------------------


def test_the_table_can_be_taken_away_with_pence_intervals_and_what_each_column_is(
    result: run.Result,
) -> None:
    shelf = Shelf(result, "sq")
    shown = [shelf.figure("measure.damp"), shelf.figure("theme.streets")]
    frame = downloads.areas(shelf, shown)
    rows = list(csv.DictReader(io.StringIO(exports.csv(frame).decode())))
    assert len(rows) == 12
    assert rows[0]["sq"] == "a00"
    assert (rows[0]["measure_damp"], round(float(rows[0]["measure_damp_low"]), 1)) == ("20.0", 13.3)
    assert sum(int(row["amount_pence"]) for row in rows) == int(
        result.level_tables["sq"]["amount_pence"].iloc[OURS].sum()
    )
    book = openpyxl.load_workbook(io.BytesIO(exports.xlsx(frame, downloads.facts(shelf, shown))))
    assert book.sheetnames == ["areas", "what_it_is"]
    heads = [cell.value for cell in book["areas"][1]]
    facts = {row[0].value: [cell.value for cell in row] for row in book["what_it_is"].rows}
    assert set(heads) - {"sq", "name", "measure_damp_low", "measure_damp_high",
                         "theme_streets_note"} <= set(facts)  # fmt: skip
    assert facts["measure_damp"][3].startswith("Homes with damp walls")
    assert facts["theme_streets"][2] == "pence a person"
    assert facts["geometry"][4] == "Drawn for tests"


def test_names_stay_text_in_every_file(result: run.Result, hostile: dict[int, str]) -> None:
    shelf = Shelf(result, "sq")
    frame = downloads.areas(shelf, [])
    book = openpyxl.load_workbook(io.BytesIO(exports.xlsx(frame, downloads.facts(shelf, []))))
    names = [row[1].value for row in book["areas"].iter_rows(min_row=2)]
    assert hostile[0] in names
    assert hostile[4] in names
    page = downloads.page(shelf, shelf.figure("need"), classing=Classing()).decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_the_areas_can_be_opened_in_a_gis_with_their_full_shapes(
    result: run.Result, tmp_path: Path
) -> None:
    shelf = Shelf(result, "sq")
    shown = [shelf.figure("measure.damp")]
    made = exports.geopackage(
        downloads.areas(shelf, shown, kept=["a05", "a06"]),
        result.layers["sq"],
        downloads.facts(shelf, shown),
    )
    file = tmp_path / "map.gpkg"
    file.write_bytes(made)
    assert sorted(pyogrio.list_layers(file)[:, 0]) == ["sq", "what_it_is"]
    frame = pyogrio.read_dataframe(file, layer="sq")
    assert frame["sq"].tolist() == ["a05", "a06"]
    assert frame["measure_damp"].tolist() == [25.0, 26.0]
    assert frame.geometry.area.tolist() == [1_000_000.0, 1_000_000.0]
    facts = pyogrio.read_dataframe(file, layer="what_it_is", read_geometry=False)
    assert "measure_damp" in facts["column"].tolist()


def test_the_map_as_a_page_asks_nothing_of_a_network_and_carries_its_classes(
    result: run.Result,
) -> None:
    shelf = Shelf(result, "sq")
    page = downloads.page(shelf, shelf.figure("distance.baths"), classing=Classing()).decode()
    assert "default-src 'none'" in page
    assert "Baths: distance from target, Richton" in page
    assert "Richton is a fictional place." in page
    assert "a03" not in page  # beyond the place
    assert "pattern id" not in page


def test_the_map_as_a_page_hatches_what_follows_from_our_assumption(result: run.Result) -> None:
    shelf = Shelf(result, "wd")
    figure = shelf.figure("money")
    page = downloads.page(shelf, figure, classing=Classing()).decode()
    # Of the lines that fall in wards most money is shared by need or people: all eight wards.
    assert "More than half follows from our assumption: 8, hatched." in page
    assert page.count("<td>More than half follows from our assumption</td>") == 8
    assert '"fillColor": "url(#cg-hatch-' in page
    assert '"fillColor": "#' not in page


def test_files_are_offered_when_the_menu_is_opened_and_of_the_filter_only(open_rich: Path) -> None:
    test = opened(v="1", find="square 1", beside="measure.damp")
    assert not test.get("download_button")
    menu(test, "download")
    labels = [button.proto.label for button in test.get("download_button")]
    assert labels == [
        "Table (CSV)", "Table with what each column is (XLSX)", "Areas for a GIS (GeoPackage)",
        "Map of need as a page (HTML)", "Map of damp homes as a page (HTML)",
    ]  # fmt: skip
    assert any("4 areas, the filtered ones only" in caption.value for caption in test.caption)
