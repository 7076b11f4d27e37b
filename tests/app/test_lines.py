"""The lines of money on the Budget page: typed, pasted, mended, taken back, and what is known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from data import lines_table
from pages.shared import lines_grid, working
from pages.shared.lines_words import (
    COLUMNS,
    GRADE_WORDS,
    METHOD_WORDS,
    VIEWS,
    coded,
    in_words,
    understood,
)

PAGES = Path(__file__).resolve().parent.parent.parent / "pages"
POT = 284_000_007  # 1,200,000.07 + 90,000 + 1,600,000 - 50,000 pounds

pytestmark = pytest.mark.usefixtures("open_grid")


def opened(**address: str) -> Any:
    test = AppTest.from_file(str(PAGES / "budget.py"), default_timeout=60)
    for key, value in ({"v": "1", "part": "lines"} | address).items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    return test


def html(test: Any) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def amounts(test: Any) -> list[int]:
    terms = re.findall(r'<div class="cg-term [^"]*"><b>(-?)£([0-9,.]+)</b>', html(test))
    return [int(sign + text.replace(",", "").replace(".", "")) for sign, text in terms]


def tables(test: Any) -> list[pd.DataFrame]:
    given = [json.loads(element.proto.json) for element in test.get("bidi_component")]
    return [
        pd.DataFrame({column["id"]: column["texts"] for column in data["columns"]}, data["codes"])
        for data in given
        if "/live_table.js?" in data["module"]
    ]


def paste(test: Any, text: str) -> None:
    (area,) = [area for area in test.text_area if area.label == "Copied cells"]
    area.set_value(text).run()
    assert not test.exception


def press(test: Any, label: str) -> None:
    (button,) = [button for button in test.button if button.label.startswith(label)]
    assert not button.disabled
    button.click().run()
    assert not test.exception


def said(test: Any) -> str:
    kinds = (test.error, test.success, test.warning, test.info, test.caption, test.markdown)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


PARKS = "id\ttitle\tagency\tamount\tcovers\tmethod\tyear\tkind\tstatus\n"


def test_the_grid_holds_the_lines_of_the_place_as_they_stand() -> None:
    test = opened()
    (grid,) = test.dataframe
    assert grid.value["amount"].tolist() == ["1200000.07", "90000.00", "1600000.00", "-50000.00"]
    assert grid.value.index.tolist() == [1, 2, 3, 4]
    assert "Nothing is wrong with the 4 lines" in said(test)
    assert "£2,840,000.07" in said(test)
    assert "nobody has changed them here" in said(test)


def test_pasted_lines_say_what_they_change_before_they_are_taken() -> None:
    test = opened()
    row = "parks\tParks\tTown council\t90000.01\ttown:T\tpeople\t2025-26\trevenue\tbudget\n"
    paste(test, PARKS + row)
    assert "1 line found. Taking them: 1 changed." in said(test)
    assert "£2,840,000.07" in said(test)
    press(test, "Take 1 line")
    assert "£2,840,000.08" in said(test)
    assert "1 changed" in said(test)


def test_a_changed_line_changes_every_part_of_the_page_and_can_be_taken_back() -> None:
    test = opened()
    row = "parks\tParks\tTown council\t100000\ttown:T\tpeople\t2025-26\trevenue\tbudget\n"
    paste(test, PARKS + row)
    press(test, "Take 1 line")
    (parts,) = [group for group in test.button_group if "Where it falls" in str(group.options)]
    parts.set_value("today").run()
    assert amounts(test)[0] == POT + 1_000_000
    assert "as they are edited here: 1 changed" in said(test)
    (parts,) = [group for group in test.button_group if "Where it falls" in str(group.options)]
    parts.set_value("lines").run()
    press(test, "Take back")
    assert "nobody has changed them here" in said(test)
    press(test, "Do again")
    assert "1 changed" in said(test)
    press(test, "The place's own lines")
    assert "nobody has changed them here" in said(test)
    press(test, "Take back")
    assert "1 changed" in said(test)


def test_a_fault_is_told_by_line_and_the_figures_stay_those_from_before() -> None:
    test = opened()
    row = "parks\tParks\tTown council\t12,34\ttown:T\tpeople\t2025-26\trevenue\tbudget\n"
    paste(test, PARKS + row)
    press(test, "Take 1 line")
    assert "1 fault in 1 line" in said(test)
    assert "Line 2, parks: 12,34" in html(test)
    (grid,) = test.dataframe
    assert grid.value["amount"].iloc[1] == "12,34"
    (parts,) = [group for group in test.button_group if "Where it falls" in str(group.options)]
    parts.set_value("today").run()
    assert amounts(test)[0] == POT
    assert "the figures here are those from before" in said(test)


def test_a_fault_after_a_sound_change_keeps_the_sound_one() -> None:
    test = opened()
    row = "parks\tParks\tTown council\t{}\ttown:T\tpeople\t2025-26\trevenue\tbudget\n"
    paste(test, PARKS + row.format("90000.02"))
    press(test, "Take 1 line")
    paste(test, PARKS + row.format("n/a"))
    press(test, "Take 1 line")
    (parts,) = [group for group in test.button_group if "Where it falls" in str(group.options)]
    parts.set_value("today").run()
    assert amounts(test)[0] == POT + 2


def test_what_is_no_table_says_so_and_changes_nothing() -> None:
    test = opened()
    paste(test, "title\ttitle\nTrees\t1\n")
    assert "column" in test.error[0].value
    assert "nobody has changed them here" in said(test)


def test_names_of_markup_stay_text_beside_the_grid() -> None:
    test = opened()
    evil = "<img src=x onerror=alert(1)>"
    row = f"{evil}\t{evil}\tTown\t{evil}\ttown:T\tpeople\t2025-26\trevenue\tbudget\n"
    paste(test, PARKS + row)
    press(test, "Take 1 line")
    assert "<img" not in html(test)
    assert "&lt;img src=x onerror=alert(1)&gt;" in html(test)


def test_one_line_is_edited_added_and_taken_out_in_the_form() -> None:
    test = opened()
    (which,) = [box for box in test.selectbox if box.label == "Which line"]
    which.set_value(1).run()
    (amount,) = [field for field in test.text_input if field.label == "Amount"]
    assert amount.value == "90000.00"
    amount.set_value("90000.50").run()
    press(test, "Keep this line")
    assert "£2,840,000.57" in said(test)
    press(test, "Take this line out")
    assert "Nothing is wrong with the 3 lines" in said(test)
    assert "1 taken out" in said(test)
    fields = {field.label: field for field in test.text_input}
    fields["Line of money"].set_value("Bus passes")
    fields["Agency"].set_value("Town council")
    fields["Amount"].set_value("10")
    (kind,) = [box for box in test.selectbox if box.label == "Kind of area it covers"]
    kind.set_value("town")
    (way,) = [box for box in test.selectbox if box.label == "Shared by"]
    way.set_value("people").run()
    press(test, "Add this line")
    assert "Nothing is wrong with the 4 lines" in said(test)
    (grid,) = test.dataframe
    last = grid.value.iloc[-1]
    shown = (last["id"], last["covers"], last["method"])
    assert shown == ("bus_passes", "all of Town (town:*)", "people")
    place = next(iter(test.session_state["working"].values()))
    assert place.lines["covers"].iloc[-1] == "town:*"
    (name,) = [field for field in test.text_input if field.label == "Line of money"]
    assert name.value == ""


@pytest.mark.parametrize("view", list(VIEWS))
def test_every_group_of_columns_opens_by_its_link(view: str) -> None:
    test = opened(columns=view)
    (grid,) = test.dataframe
    assert len(grid.value) == 4
    assert not test.warning


def test_typing_adding_and_taking_out_make_the_table_that_is_meant() -> None:
    base = lines_table.complete(pd.DataFrame({"id": ["a", "b", "c"], "title": ["A", "B", "C"]}))
    delta = {
        "edited_rows": {0: {"amount": "5"}, "2": {"title": None, "amount": "7"}},
        "added_rows": [{"title": "D"}, {}],
        "deleted_rows": [1],
    }
    made = lines_grid.edited(base, delta)
    assert made["id"].tolist() == ["a", "c", "", ""]
    assert made["title"].tolist() == ["A", "", "D", ""]
    assert made["amount"].tolist() == ["5", "7", "", ""]
    assert base["amount"].tolist() == ["", "", ""]


def test_the_grid_shows_areas_by_name_and_takes_names_and_codes(grid: Path) -> None:
    from data import place

    (shown,) = opened(columns="shared").dataframe
    assert shown.value["covers"].tolist() == [
        *("Town (town:T)", "Town (town:T)", "County (county:C)", "")
    ]
    assert shown.value["held_at"].tolist() == ["Town", "Wards", "County", ""]
    loaded = place.load(grid)
    for typed, meant in (
        ("town:T", "town:T"),
        ("Town (town:T)", "town:T"),
        ("town", "town:T"),
        ("West ward 1; East ward 2 (wd:w2e);county:*", "wd:w1w;wd:w2e;county:*"),
        ("all of Town (town:*)", "town:*"),
        ("Nowhere", "Nowhere"),
        ("moon:1", "moon:1"),
        ("", ""),
    ):
        assert understood(loaded, "covers", typed) == meant
        assert understood(loaded, "title", typed) == typed
    base = lines_table.complete(pd.DataFrame({"id": ["a"], "covers": ["county:C"]}))
    delta = {"edited_rows": {0: {"title": "Town"}}, "added_rows": [{"covers": "Town (town:T)"}]}
    made = lines_grid.edited(base, delta, lambda name, text: understood(loaded, name, text))
    assert made["covers"].tolist() == ["county:C", "town:T"]
    assert made["title"].tolist() == ["Town", ""]


def test_names_that_look_like_codes_or_hold_semicolons_come_back_as_the_same_area(
    make_place: Callable[..., Path], tmp_path: Path
) -> None:
    from data import place

    folder = make_place(tmp_path / "odd")
    wards = folder / "wd.geojson"
    odd = wards.read_text("utf-8").replace("West ward 0", "A; b (wd:w1w)")
    wards.write_text(odd.replace("West ward 1", "East ward 1"), "utf-8")
    loaded = place.load(folder)
    frame = lines_table.complete(pd.DataFrame({"covers": ["wd:w0w;wd:w1w", "wd:zz", "x"]}))
    shown = in_words(loaded, frame)["covers"].tolist()
    assert shown[1:] == ["wd:zz", "x"]
    assert [understood(loaded, "covers", text) for text in shown] == frame["covers"].tolist()
    # Two wards are called that: nobody can know which is meant.
    assert understood(loaded, "covers", "East ward 1") == "East ward 1"


def test_every_column_of_a_table_of_lines_has_a_title_and_its_help() -> None:
    assert set(COLUMNS) == set(lines_table.KNOWN)
    titles = [title for title, _ in COLUMNS.values()]
    assert len(set(titles)) == len(titles)
    assert all(help_.endswith(".") for _, help_ in COLUMNS.values())
    grouped = {name for id, (_, names) in VIEWS.items() if id != "all" for name in names}
    assert set(lines_table.KNOWN) - grouped <= {
        *("id", "service", "price_base", "gross", "income", "overhead")
    }


def test_every_way_of_sharing_has_words_of_its_grade() -> None:
    from budgets.streams_columns import GRADES, METHODS

    assert set(METHOD_WORDS) == set(METHODS)
    assert set(GRADE_WORDS) == set(GRADES)
    for method, words in METHOD_WORDS.items():
        assert words.endswith(f"({METHODS[method]})")


def test_words_of_the_page_are_understood_when_they_are_pasted(grid: Path) -> None:
    from data import place

    frame = lines_table.complete(
        pd.DataFrame(
            {
                "method": ["By people (E)", "need", "magic"],
                "held_at": ["Wards", "wd", ""],
                "covers": ["Town (town:T)", "county:C", ""],
            }
        )
    )
    found = coded(place.load(grid), frame)
    assert found["covers"].tolist() == ["town:T", "county:C", ""]
    assert found["method"].tolist() == ["people", "need", "magic"]
    assert found["held_at"].tolist() == ["wd", "wd", ""]


def test_how_sure_shows_the_grades_and_the_second_way() -> None:
    test = opened(view="sure")
    words = said(test) + html(test)
    # Care 1,200,000.07 by need (D); parks and clinics by people (E); fees not split (G). All of
    # it, sizes added: 2,940,000.07, of which nothing is recorded.
    assert "None of it is shared by records of where it went or who used it (A, B and C)" in words
    lines_, areas = tables(test)[-2:]
    assert lines_["first"].tolist() == ["by people and need (D)", "by people (E)", "by people (E)"]
    assert lines_["second"].tolist() == ["by people (E)"] + 2 * ["by people and need (D)"]
    for row in areas[["first", "change", "second"]].to_numpy().tolist():
        first, change, second = (round(100 * float(text.replace(",", ""))) for text in row)
        assert first + change == second


def test_a_second_way_and_a_level_are_chosen_and_kept_in_the_link() -> None:
    test = opened(view="sure")
    (way,) = [box for box in test.selectbox if box.label == "Second way"]
    assert way.options == [
        "each the plainest other way",
        "all by people",
        "all by people and need",
    ]
    way.set_value("people").run()
    (level,) = [box for box in test.selectbox if box.label == "Areas"]
    level.set_value("wd").run()
    assert not test.exception
    assert test.query_params["rival"] == "people"
    lines_, areas = tables(test)[-2:]
    assert lines_["first"].tolist() == ["by people and need (D)"]
    assert len(areas) == 8


def test_prices_without_an_index_are_said_to_stay_as_they_are() -> None:
    test = opened(view="sure")
    assert "in the prices of 2025-26, for which there is no price index" in said(test)
    assert not [box for box in test.selectbox if box.label == "Prices of the lines"]


def test_lines_are_brought_to_the_prices_of_one_year_and_the_index_is_named(
    make_place: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_place(tmp_path / "older")
    text = (folder / "streams.csv").read_text().replace("2025-26", "2017-18")
    (folder / "streams.csv").write_text(text)
    monkeypatch.setenv("COMMONGROUND_PLACE", str(folder))
    test = opened(view="sure")
    (box,) = [box for box in test.selectbox if box.label == "Prices of the lines"]
    box.set_value("2017-18").run()
    assert not test.exception
    assert "All lines together: £2,840,000.07" in said(test)
    box.set_value("2018-19").run()
    assert "Prices of 2018-19: 2017-18 x 1.0" in said(test)


def test_what_can_move_adds_up_to_the_pot_on_every_day(
    make_place: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_place(tmp_path / "bound")
    frame = pd.read_csv(folder / "streams.csv", dtype=str, keep_default_na=False)
    frame["ring_fence"], frame["ring_fenced"] = ["care", "", "", ""], ["25%", "", "", ""]
    frame["committed_until"] = ["", "2026-03-31", "", ""]
    frame["next_decision"] = ["", "", "2027-04-01", ""]
    frame.to_csv(folder / "streams.csv", index=False)
    monkeypatch.setenv("COMMONGROUND_PLACE", str(folder))
    test = opened(view="move")
    # 25% of 120,000,007 pence is 30,000,002 (halves to even: 30,000,001.75 rounds up).
    assert amounts(test) == [POT, 90_000_005, 9_000_000 + 160_000_000 - 5_000_000, 30_000_002]
    assert "can move on 1 April 2025" in html(test)
    assert "nothing of what binds them" not in said(test)
    test.date_input[0].set_value("2027-04-01").run()
    assert not test.exception
    assert amounts(test) == [POT, 90_000_005 + 9_000_000 + 160_000_000, -5_000_000, 30_000_002]
    assert test.query_params["on"] == "2027-04-01"


def test_lines_that_say_nothing_of_what_binds_them_are_not_taken_as_free_in_silence() -> None:
    test = opened(view="move")
    assert "3 of 4 lines say nothing of what binds them" in said(test)


def test_a_day_that_is_none_is_said_and_the_usual_one_shown() -> None:
    test = opened(view="move", on="yesterday")
    assert any("yesterday" in warning.value for warning in test.warning)
    assert amounts(test)[0] == POT


def test_a_pound_is_counted_once_and_its_way_is_told(
    make_place: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_place(tmp_path / "passing")
    text = (folder / "streams.csv").read_text()
    head, *rows = text.splitlines()
    rows = [row + "," for row in rows]
    rows.append(
        "home,Care at home,Care body,200000,,town:T,people,town,2025-26,revenue,budget,,,care"
    )
    (folder / "streams.csv").write_text("\n".join([f"{head},transfer_of", *rows]) + "\n")
    monkeypatch.setenv("COMMONGROUND_PLACE", str(folder))
    test = opened(view="once")
    assert amounts(test) == [POT, POT + 20_000_000, -20_000_000]
    assert "£200,000.00 to Care at home; £1,000,000.07 stays" in html(test)
    (table,) = tables(test)
    row = table.loc["Town council"]
    assert row["gross"] == "1,240,000.07"
    assert row["passed"] == "200,000.00"
    assert row["net"] == "1,040,000.07"


def test_nothing_is_held_together_until_somebody_says_so() -> None:
    test = opened(view="joined")
    assert "No line is held together" in said(test)


JOINED = """
[scenario]
id = "together"
title = "Together"
status = "draft"

[[join]]
stream = ["care", "clinic"]
as = "pooled"
pot = "health"
host = "Town council"
agreement = "section 75"

[[join]]
stream = "parks"
as = "aligned"
pot = "green"
"""


def test_who_pools_what_and_who_bears_an_overspend_is_said() -> None:
    test = opened(view="joined")
    test.session_state["working"] = {"grid": working.Work(document=JOINED)}
    test.run()
    assert not test.exception
    words = said(test)
    # 1,200,000.07 and 1,600,000 pounds: 42.9% and 57.1%; of 100,000 pounds 42,857.14 and the rest.
    assert "Pot health, pooled: £2,800,000.07" in words
    assert "Health body 57.1%, Town council 42.9%" in words
    assert "Health body £57,142.86, Town council £42,857.14" in words
    assert "Pot green, aligned" in words
    (table,) = tables(test)
    assert table["joined_as"].tolist() == ["pooled", "aligned", "pooled"]
    assert table.at["clinic", "held_by"] == "Town council"
    assert table.at["clinic", "answers"] == "Health body"
    (over,) = test.number_input
    over.set_value(-14.0).run()
    assert "Health body -£8,000.00, Town council -£6,000.00" in said(test)


def test_a_scenario_that_cannot_be_read_is_said_and_not_raised() -> None:
    test = opened(view="joined")
    test.session_state["working"] = {"grid": working.Work(document="nonsense")}
    test.run()
    assert not test.exception
    assert test.error


def test_mixed_years_are_warned_of_where_lines_are_read(
    make_place: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_place(tmp_path / "mixed")
    text = (folder / "streams.csv").read_text().replace("2025-26", "2024-25", 1)
    (folder / "streams.csv").write_text(text)
    monkeypatch.setenv("COMMONGROUND_PLACE", str(folder))
    test = opened()
    said = "3 lines are for 2025-26 and 1 is for 2024-25"
    assert any(said in warning.value.replace("\\", "") for warning in test.warning)


def test_money_that_would_give_small_counts_away_stays_hidden_beside_a_second_way(
    make_place: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_place(tmp_path / "secret")
    rows = "".join(f"a{at:02d},{at + 1}\n" for at in range(16))
    (folder / "use.csv").write_text("code,stays\n" + rows)
    text = (folder / "place.toml").read_text(encoding="utf-8")
    use = '[use]\nfile = "use.csv"\ndisclosure = { stays = "hospital-records" }\n[need]'
    (folder / "place.toml").write_text(text.replace("[need]", use), encoding="utf-8")
    frame = pd.read_csv(folder / "streams.csv", dtype=str, keep_default_na=False)
    frame["use"] = ["", "", "stays", ""]
    frame.loc[2, "method"] = "recorded"
    frame.to_csv(folder / "streams.csv", index=False)
    monkeypatch.setenv("COMMONGROUND_PLACE", str(folder))
    test = opened(view="sure")
    areas = tables(test)[-1]
    # Squares 0 to 2, 4 to 6 have 1 to 7 stays, which hospital records do not show.
    hidden = areas[areas["first"] == "no data"]
    assert {"a00", "a01", "a02", "a04", "a05", "a06"} <= set(hidden.index)
    assert (hidden[["second", "change"]] == "no data").all(axis=None)
    assert "are not shown: their money follows counts that are too small" in said(test)
    # An edited amount does not open what was hidden.
    row = frame.loc[2].to_dict() | {"amount": "1700000"}
    head = "\t".join(str(name) for name in row)
    test = opened()
    paste(test, head + "\n" + "\t".join(str(text) for text in row.values()) + "\n")
    press(test, "Take 1 line")
    assert "1 changed" in said(test)
    (views,) = [group for group in test.button_group if "How sure" in str(group.options)]
    views.set_value("sure").run()
    edited = tables(test)[-1]
    assert set(hidden.index) <= set(edited.index[edited["first"] == "no data"])


def test_the_grid_names_in_red_which_cells_of_a_line_are_wrong() -> None:
    test = opened()
    (before,) = test.dataframe
    assert set(before.value[lines_grid.WRONG]) == {""}
    assert before.proto.column_order[-1] == lines_grid.WRONG  # out of the way
    assert before.proto.arrow_data.styler.styles == ""
    row = "parks\tParks\tTown council\t12,34\ttown:T\tguess\t2025-26\trevenue\tbudget\n"
    paste(test, PARKS + row)
    press(test, "Take 1 line")
    (after,) = test.dataframe
    shown = pa.ipc.open_stream(after.proto.arrow_data.styler.display_values).read_pandas()
    assert [words for words in shown[lines_grid.WRONG] if words] == ["Amount, Shared by"]
    assert after.proto.column_order[0] == lines_grid.WRONG
    assert "background-color: #7a0f0a" in after.proto.arrow_data.styler.styles
    assert set(after.value[lines_grid.WRONG]) == {""}  # no value: what is typed stays where it is
