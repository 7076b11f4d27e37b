"""Who gains, who loses on the Budget page, on the place of sixteen squares.

The town is twelve squares of 100 to 114 people, 1,284 in all. Parks are £90,000 by head of the
town, so ten per cent more is £7.01 a person. Care is £1,200,000.07.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from budgets import scenario
from data import gaining, place, run, scenarios
from pages.shared import gains_map

# The whole page is run for every test: left to CI.
pytestmark = pytest.mark.slow

PAGE = Path(__file__).resolve().parent.parent.parent / "pages" / "budget.py"
HEAD = '[scenario]\nid = "a"\ntitle = "A"\nyear = "2026-27"\n'
MORE_PARKS = HEAD + '[[change]]\nof = "parks"\nper_cent = 10\nreason = "x"\n'
BY_HEAD = HEAD + '[[share]]\nof = "care"\nby = "people"\n'
OVER_YEARS = HEAD + '[[share]]\nof = "care"\nby = "people"\nrule = "damping"\nfloor = -1\n'
OVER_YEARS += 'unit = "per cent"\nyearly = [0, 0, 0]\n'
TOWN = [f"a{number:02d}" for number in range(16) if number % 4 < 3]
PEOPLE = {f"a{number:02d}": 100 + number for number in range(16)}
grid_page = pytest.mark.usefixtures("open_grid")


def opened(text: str, **address: str) -> Any:
    """Open the page with a scenario that is worked on."""
    test = AppTest.from_file(str(PAGE), default_timeout=180)
    test.query_params["v"] = "1"
    test.query_params["part"] = "choices"
    test.run()
    if text:
        test.text_area(key="choices.text").set_value(text).run()
    test.button_group(key="budget.part").set_value("gains").run()
    if address:
        for key, value in address.items():
            test.query_params[key] = value
        test.run()
    assert not test.exception
    return test


def html(test: Any) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def drawn(test: Any, script: str) -> list[dict[str, Any]]:
    given = [json.loads(element.proto.json) for element in test.get("bidi_component")]
    return [data for data in given if f"/{script}?" in data["module"]]


def tables(test: Any) -> list[pd.DataFrame]:
    return [
        pd.DataFrame({column["id"]: column["texts"] for column in data["columns"]}, data["codes"])
        for data in drawn(test, "live_table.js")
    ]


@grid_page
def test_without_choices_there_is_a_way_to_make_some() -> None:
    test = opened("")
    assert "nobody gains or loses" in html(test)
    test.button(key="gains.choices").click().run()
    assert test.button_group(key="budget.part").value == "choices"


@grid_page
def test_choices_that_cannot_be_kept_lead_back_to_them() -> None:
    broken = BY_HEAD + 'floor = 5\nunit = "per cent"\n'
    test = opened(broken)
    assert "cannot be kept" in test.error[0].value
    test.button(key="gains.choices").click().run()
    assert test.button_group(key="budget.part").value == "choices"


@grid_page
def test_growth_by_head_is_the_same_for_each_person_and_the_whole_is_what_was_added() -> None:
    test = opened(MORE_PARKS)
    table = tables(test)[0]
    assert sorted(table.index) == TOWN
    assert set(table["pence_per_person"]) == {"+7.01"}  # 9,000 / 1,284
    change = table["change_pence"].str.replace(",", "").astype(float)
    assert round(change.sum(), 2) == 9000.00
    assert "1,284" in html(test)


@grid_page
def test_the_map_hatches_what_is_assumed_and_names_no_highest() -> None:
    data = drawn(opened(MORE_PARKS), "live_map.js")[0]
    assert len(data["palette"]) == len(data["legend"]["labels"]) == 7
    ours = [number for number in range(16) if number % 4 < 3]
    # Parks are split by head, which is an assumption.
    assert data["hatched"] == ours
    assert "our assumption" in data["legend"]["hatched"]
    assert "Most gained" not in data["summary"]
    assert "12 of 12 areas gain" in data["summary"]
    assert {data["classes"][at] for at in ours} == {data["classes"][0]}
    assert data["classes"][0] > 3
    assert data["labels"][0] == "+£7.01 a person"
    assert data["labels"][3] == ""
    assert drawn(opened(MORE_PARKS), "live_table.js")[0]["sorted"] == ""


@grid_page
@pytest.mark.parametrize("level", ["sq", "wd", "county"])
def test_every_level_says_today_then_and_change(level: str) -> None:
    test = opened(MORE_PARKS)
    test.selectbox(key="budget.level").set_value(level).run()
    assert not test.exception
    table = tables(test)[0]
    sums = {
        name: round(table[name].str.replace(",", "").astype(float).sum(), 2)
        for name in ("before_pence", "after_pence", "change_pence")
    }
    assert round(sums["after_pence"] - sums["before_pence"], 2) == sums["change_pence"] > 0


@grid_page
def test_a_chosen_area_says_what_changes_line_by_line() -> None:
    test = opened(MORE_PARKS, area="a05")
    lines = tables(test)[-1]
    assert list(lines["title"]) == ["Parks"]
    # 105 people of 1,284 have £90,000 / 1,284 each today.
    assert lines["before_pence"].iloc[0] in ("7,359.81", "7,359.82")
    assert "Square 5" in html(test)


@grid_page
def test_every_view_opens_and_the_link_remembers_it() -> None:
    test = opened(OVER_YEARS)
    for view in ("tenths", "fair", "years", "held"):
        test.button_group(key="budget.view").set_value(view).run()
        assert not test.exception
        assert dict(test.query_params)["view"] == view


@grid_page
def test_fairness_is_not_said_where_too_little_is_recorded() -> None:
    test = opened(BY_HEAD)
    test.button_group(key="budget.view").set_value("fair").run()
    assert "cannot be compared" in html(test)


@grid_page
def test_the_years_on_the_way_add_up_to_the_sum_each_year() -> None:
    test = opened(OVER_YEARS)
    test.button_group(key="budget.view").set_value("years").run()
    table = tables(test)[0]
    for year in ("0", "1", "2", "3"):
        pounds = table[year].str.replace(",", "").astype(float)
        assert round(pounds.sum(), 2) == 1_200_000.07


@grid_page
def test_a_choice_without_years_says_how_to_get_them() -> None:
    test = opened(BY_HEAD)
    test.button_group(key="budget.view").set_value("years").run()
    assert "Over how many years" in html(test)


@grid_page
def test_what_is_held_and_devolved_is_the_pot() -> None:
    test = opened(HEAD + '[[devolve]]\nof = "parks"\nto = "county"\nshare = 0.5\n')
    test.button_group(key="budget.view").set_value("held").run()
    table = tables(test)[0]
    both = sum(
        round(table[name].str.replace(",", "").astype(float).sum(), 2)
        for name in ("held_pence", "devolved_pence")
    )
    assert round(both, 2) == 2_840_000.07
    assert "£45,000.00 of £2,840,000.07" in html(test)


@grid_page
def test_how_sure_is_counted_on_demand() -> None:
    test = opened(HEAD + '[[share]]\nof = "care"\nby = "need"\nneed_weight = 1\n')
    assert "low_pence" not in tables(test)[0]
    test.toggle(key="gains.doubt").set_value(True).run()
    assert not test.exception
    table = tables(test)[0]
    low, after, high = (
        table[name].str.replace(",", "").astype(float)
        for name in ("low_pence", "after_pence", "high_pence")
    )
    assert (low <= high).all()
    assert ((low <= after) & (after <= high)).mean() > 0.5


@grid_page
def test_names_that_try_to_be_markup_are_text() -> None:
    for code in ("a00", "a01", "a02", "a04"):
        shown = html(opened(MORE_PARKS, area=code))
        assert "then £" in shown
        assert not re.search(r"<script|<img", shown)


@pytest.fixture(scope="module")
def made(grid: Path) -> Callable[[str], scenarios.Allocation]:
    result = run.run(place.load(str(grid)))
    return lambda text: scenarios.allocate(result, scenario.parse(text), draws=0)


def test_people_are_counted_by_what_happens_to_their_area(
    made: Callable[[str], scenarios.Allocation],
) -> None:
    found = gaining.people(made(MORE_PARKS))
    assert (found.gain.areas, found.gain.people, found.gain.pence) == (12, 1284, 900_000)
    assert (found.lose.areas, found.stay.areas, found.hidden) == (0, 0, 0)


def test_tenths_add_up_to_everybody(made: Callable[[str], scenarios.Allocation]) -> None:
    tenths = gaining.by_tenth(made(MORE_PARKS))
    assert int(tenths["change_pence"].sum()) == 900_000
    assert tenths["people"].sum() == 1284
    assert tenths["assumed"].all()


def test_a_path_by_tenth_begins_with_today(made: Callable[[str], scenarios.Allocation]) -> None:
    allocation = made(OVER_YEARS)
    tidy = gaining.path_by_tenth(allocation, 1)
    path = gaining.path(allocation, 1)
    assert sorted(tidy["year"].unique()) == [0, 1, 2, 3]
    whole = tidy.merge(path.groupby("decile")["people"].sum().rename("n"), on="decile")
    for _, year in whole.groupby("year"):
        assert round((year["pence_per_person"] * year["n"]).sum()) == 120_000_007


@pytest.mark.parametrize(
    ("pounds", "expected"),
    [
        ([0.0, 0.0], (0.01, 0.02)),
        ([-3.0, 4.0, 90.0], (5.0, 50.0)),
        ([7.01] * 12, (10.0, 20.0)),
        ([1000.0, -2000.0, 3000.0], (2000.0, 5000.0)),
    ],
)
def test_breaks_are_round_sums(pounds: list[float], expected: tuple[float, float]) -> None:
    import numpy as np

    assert gains_map.breaks(np.array(pounds)) == expected


def test_labels_say_what_may_not_be_shown() -> None:
    assert gains_map.label(1.0, hidden=True, ours=True) == "not shown, to protect people"
    assert gains_map.label(-1.5, hidden=False, ours=True) == "-£1.50 a person"
    assert gains_map.label(0.0, hidden=False, ours=True) == "no change"
    assert gains_map.label(float("nan"), hidden=False, ours=True) == "no data"
    assert gains_map.label(5.0, hidden=False, ours=False) == ""


@pytest.fixture
def open_secret(
    make_place: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A place whose baths follow visits that may not be shown below eight."""
    folder = make_place(tmp_path / "secret", id="secret", name="Secret")
    codes = [f"a{number:02d}" for number in range(16)]
    rows = [f"{code},{number + 1}" for number, code in enumerate(codes)]
    (folder / "use.csv").write_text("code,visits\n" + "\n".join(rows) + "\n")
    text = (folder / "place.toml").read_text()
    rule = '[use]\nfile = "use.csv"\ndisclosure = { visits = "hospital-records" }\n[need]'
    (folder / "place.toml").write_text(text.replace("[need]", rule))
    lines = (folder / "streams.csv").read_text().splitlines()
    bath = "baths,Baths,Town council,120000.00,,town:T,recorded,wd,2025-26,revenue,budget,Book,"
    written = [lines[0] + ",use", *(line + "," for line in lines[1:]), bath + ",visits"]
    (folder / "streams.csv").write_text("\n".join(written) + "\n")
    monkeypatch.setenv("COMMONGROUND_PLACE", str(folder))
    return folder


def test_money_that_may_not_be_shown_stays_hidden_in_every_view(open_secret: Path) -> None:
    text = HEAD + '[[share]]\nof = "baths"\nby = "people"\nrule = "damping"\nfloor = -5\n'
    test = opened(text + 'unit = "per cent"\nyearly = [0, 0]\n', area="a00")
    table = tables(test)[0]
    # One visit in the first square: neither of its sums nor their difference is there.
    for name in ("before_pence", "after_pence", "change_pence", "pence_per_person"):
        assert table.loc["a00", name] == "not shown"
    data = drawn(test, "live_map.js")[0]
    assert data["classes"][0] == -1
    assert data["labels"][0] == "not shown, to protect people"
    assert "not shown" in data["summary"]
    assert "line by line may not be shown" in " ".join(item.value for item in test.caption)
    test.button_group(key="budget.view").set_value("years").run()
    assert not tables(test)
    assert "may not be shown" in html(test)
    test.button_group(key="budget.view").set_value("fair").run()
    assert "Fairness is not shown" in html(test)
