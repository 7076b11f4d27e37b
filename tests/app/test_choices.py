"""The Choices of the Budget page: every widget, the balance, limits that cannot be kept.

The town is twelve squares. Care is £1,200,000.07 and follows need, parks £90,000 by head, clinics
£1,600,000 by head over the county of sixteen; parking fees are £50,000 of income for the whole
place. So the pot is £2,840,000.07, and an equal share of care is £100,000.005833... a square.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

PAGE = Path(__file__).resolve().parent.parent.parent / "pages" / "budget.py"
pytestmark = pytest.mark.usefixtures("open_grid")


def shown(fields: Any, name: str) -> Any:
    """Return a field by its name: its key counts how often the page filled it anew."""
    return next(field for field in fields if (field.key or "").partition("~")[0] == name)


def opened(part: str = "choices", **address: str) -> Any:
    test = AppTest.from_file(str(PAGE), default_timeout=180)
    test.query_params["v"] = "1"
    test.query_params["part"] = part
    for key, value in address.items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    return test


def html(test: Any) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def press(test: Any, key: str) -> Any:
    shown(test.button, key).click().run()
    assert not test.exception
    return test


def document(test: Any) -> dict[str, Any]:
    """Return the scenario as its document says."""
    return tomllib.loads(shown(test.text_area, "choices.text").value)


def write(test: Any, text: str) -> Any:
    shown(test.text_area, "choices.text").set_value(text).run()
    assert not test.exception
    return test


def balance(test: Any) -> list[int]:
    """Return the pence of the strip: today, growth, cuts, the pot."""
    strip = re.search(r'<section class="cg-balance.*?</section>', html(test), re.DOTALL)
    assert strip
    sums = re.findall(r"<b>(-?)£([0-9,.]+)</b>", strip[0])
    return [int(sign + text.replace(",", "").replace(".", "")) for sign, text in sums]


def care(**entry: Any) -> str:
    """Return a scenario that shares care anew."""
    keys = {"of": "care", "by": "people"} | entry
    lines = [f"{key} = {value!r}".replace("'", '"') for key, value in keys.items()]
    return '[scenario]\nid = "a"\ntitle = "A"\nyear = "2026-27"\n[[share]]\n' + "\n".join(lines)


POT = 284_000_007


def test_without_choices_the_pot_is_as_it_was_and_nothing_is_said_of_anybody() -> None:
    test = opened()
    assert balance(test) == [POT, 0, 0, POT]
    assert "Nothing is changed yet" in html(test)
    assert shown(test.text_area, "choices.text").value == ""
    assert shown(test.text_input, "choices.title").value == "A new scenario"


@pytest.mark.parametrize("part", ["change", "join", "share", "devolve"])
def test_each_kind_of_choice_can_be_added_changed_and_taken_out(part: str) -> None:
    test = press(opened(), f"choices.add.{part}")
    assert list(document(test)) == ["scenario", part]
    assert not test.error
    name = f"choice_{part}_1"
    assert test.button(key=f"{name}.open").label == "Done"
    press(test, f"{name}.open")
    assert test.button(key=f"{name}.open").label == "Change"
    press(test, f"{name}.out")
    assert list(document(test)) == ["scenario"]


def test_growth_and_cuts_balance_to_the_penny() -> None:
    test = press(opened(), "choices.add.change")
    shown(test.selectbox, "choices.change.1.of").set_value("parks").run()
    shown(test.slider, "choices.change.1.per_cent").set_value(10.0).run()
    assert balance(test) == [POT, 900_000, 0, POT + 900_000]
    assert "£9,000.00 more than today still has to be found." in html(test)
    assert "Parks grows by 10 %" in html(test)
    press(test, "choices.add.change")
    assert "stays as it is so far" in html(test)  # not: grows by 0 %
    shown(test.selectbox, "choices.change.2.of").set_value("clinic").run()
    shown(test.button_group, "choices.change.2.way").set_value("amount").run()
    shown(test.number_input, "choices.change.2.amount").set_value(-9000.0).run()
    assert balance(test) == [POT, 900_000, 900_000, POT]
    assert "What is added is found by what is cut." in html(test)
    shown(test.text_input, "choices.change.2.reason").set_value("to pay for parks").run()
    assert document(test)["change"][1] == {
        "of": "clinic", "amount": "-9000.00", "reason": "to pay for parks"
    }  # fmt: skip


def test_a_change_in_pounds_says_the_same_as_the_per_cent_it_was() -> None:
    test = press(opened(), "choices.add.change")
    shown(test.selectbox, "choices.change.1.of").set_value("parks").run()
    shown(test.slider, "choices.change.1.per_cent").set_value(-5.0).run()
    shown(test.button_group, "choices.change.1.way").set_value("amount").run()
    assert document(test)["change"][0]["amount"] == "-4500.00"
    shown(test.button_group, "choices.change.1.way").set_value("per_cent").run()
    assert document(test)["change"][0]["per_cent"] == -5


def test_money_that_follows_people_falls_by_people() -> None:
    test = press(opened(), "choices.add.share")
    shown(test.selectbox, "choices.share.1.of").set_value("care").run()
    shown(test.button_group, "choices.share.1.by").set_value("people").run()
    assert document(test)["share"] == [{"of": "care", "by": "people"}]
    assert "people in" in html(test)
    assert balance(test) == [POT, 0, 0, POT]


def test_the_need_widgets_write_what_they_say() -> None:
    test = press(opened(), "choices.add.share")
    shown(test.selectbox, "choices.share.1.of").set_value("care").run()
    shown(test.slider, "choices.share.1.need_weight").set_value(40).run()
    shown(test.slider, "choices.share.1.neediest_per_head").set_value(4.5).run()
    shown(test.selectbox, "choices.share.1.measure").set_value("health").run()
    assert document(test)["share"][0] == {
        "of": "care", "by": "need", "need_weight": 0.4, "neediest_per_head": 4.5,
        "measure": "health",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "asked", "kept"),
    [
        # Twelve floors can cost no more than £1,200,000.07, twelve ceilings must reach it.
        ("floor", 150_000.0, 100_000.0),
        ("ceiling", 50_000.0, 100_000.01),
    ],
)
def test_a_limit_that_cannot_be_kept_is_said_and_one_press_takes_the_nearest(
    limit: str, asked: float, kept: float
) -> None:
    test = write(opened(), care(unit="pounds", **{limit: asked}))
    assert "cannot be kept" in test.error[0].value
    assert "Care, shared by head" in test.error[0].value
    assert balance(test) == [POT, 0, 0, POT]
    assert "Cannot be kept" in html(test)
    nearest = test.button(key="choices.nearest")
    assert f"£{kept:,.2f}" in nearest.label.replace("\\", "")
    nearest.click().run()
    assert not test.error
    assert document(test)["share"][0][limit] == kept
    assert "people in" in html(test)


def test_a_limit_can_be_given_up_and_the_choice_taken_out() -> None:
    broken = care(unit="per cent", floor=5.0)
    test = write(opened(), broken)
    press(test, "choices.without_limit")
    assert document(test)["share"][0] == {"of": "care", "by": "people"}
    test = press(write(opened(), broken), "choices.drop.share.1")
    assert "share" not in document(test)


def test_limits_are_asked_in_per_cent_a_person_or_an_area() -> None:
    test = press(opened(), "choices.add.share")
    shown(test.selectbox, "choices.share.1.of").set_value("care").run()
    shown(test.number_input, "choices.share.1.floor").set_value(-4.0).run()
    assert (
        document(test)["share"][0] | {"floor": -4, "unit": "per cent"}
        == (document(test)["share"][0])
    )
    shown(test.selectbox, "choices.share.1.unit").set_value("per head").run()
    shown(test.number_input, "choices.share.1.ceiling").set_value(2000.0).run()
    entry = document(test)["share"][0]
    assert (entry["unit"], entry["ceiling"]) == ("per head", 2000)
    shown(test.number_input, "choices.share.1.floor").set_value(None).run()
    shown(test.number_input, "choices.share.1.ceiling").set_value(None).run()
    assert not {"unit", "floor", "ceiling"} & set(document(test)["share"][0])


def test_a_ceiling_can_be_asked_in_pounds_before_there_is_any_limit() -> None:
    test = press(opened(), "choices.add.share")
    shown(test.selectbox, "choices.share.1.of").set_value("care").run()
    shown(test.selectbox, "choices.share.1.unit").set_value("pounds").run()
    shown(test.number_input, "choices.share.1.ceiling").set_value(400_000.0).run()
    entry = document(test)["share"][0]
    assert (entry["unit"], entry["ceiling"]) == ("pounds", 400_000)


@pytest.mark.parametrize("rule", ["damping", "taper", "convergence", "raking", "proportional"])
def test_every_pace_of_change_can_be_chosen(rule: str) -> None:
    test = press(opened(), "choices.add.share")
    shown(test.selectbox, "choices.share.1.of").set_value("care").run()
    shown(test.selectbox, "choices.share.1.rule").set_value(rule).run()
    assert not test.exception
    assert document(test)["share"][0].get("rule", "proportional") == rule
    assert shown(test.selectbox, "choices.share.1.rule").value == rule


def test_years_and_their_growth_make_a_path() -> None:
    test = press(opened(), "choices.add.share")
    shown(test.selectbox, "choices.share.1.of").set_value("parks").run()
    shown(test.slider, "choices.share.1.years").set_value(3).run()
    assert document(test)["share"][0]["yearly"] == [0, 0, 0]
    shown(test.text_input, "choices.share.1.yearly").set_value("10, 0").run()
    assert document(test)["share"][0]["yearly"] == [10, 0, 0]
    assert balance(test) == [POT, 900_000, 0, POT + 900_000]
    shown(test.text_input, "choices.share.1.yearly").set_value("plenty").run()
    assert "plenty" in test.warning[0].value
    assert document(test)["share"][0]["yearly"] == [10, 0, 0]
    shown(test.slider, "choices.share.1.years").set_value(1).run()
    assert document(test)["share"][0]["yearly"] == [10]


def test_growth_caps_fixed_sums_minimum_and_match_are_written() -> None:
    test = press(opened(), "choices.add.share")
    shown(test.selectbox, "choices.share.1.of").set_value("care").run()
    shown(test.number_input, "choices.share.1.fixed").set_value(1000.0).run()
    shown(test.number_input, "choices.share.1.minimum").set_value(2000.0).run()
    shown(test.number_input, "choices.share.1.match").set_value(90.0).run()
    shown(test.selectbox, "choices.share.1.match_with").set_value("parks").run()
    entry = document(test)["share"][0]
    assert (entry["fixed"], entry["minimum"]) == (1000, 2000)
    assert (entry["match"], entry["match_with"]) == (90, "parks")
    shown(test.number_input, "choices.share.1.match").set_value(None).run()
    assert not {"match", "match_with"} & set(document(test)["share"][0])
    shown(test.selectbox, "choices.share.1.rule").set_value("convergence").run()
    shown(test.text_input, "choices.share.1.cap").set_value("50").run()
    assert document(test)["share"][0]["cap"] == [50]
    assert "minimum" not in document(test)["share"][0]


def test_money_is_pooled_aligned_delegated_and_separated_again() -> None:
    test = press(opened(), "choices.add.join")
    for way in ("pooled", "delegated", "separate", "aligned", "pooled"):
        shown(test.button_group, "choices.join.1.as").set_value(way).run()
        assert not test.exception
        assert not test.error
        assert document(test)["join"][0]["as"] == way
    shown(test.text_input, "choices.join.1.pot").set_value("early help").run()
    shown(test.selectbox, "choices.join.1.host").set_value("Health body").run()
    entry = document(test)["join"][0]
    assert (entry["pot"], entry["host"]) == ("early help", "Health body")
    shown(test.toggle, "choices.join.1.stated").set_value(True).run()
    shown(test.slider, "choices.join.1.risk.Health body").set_value(30.0).run()
    assert document(test)["join"][0]["risk_share"] == {"Health body": 0.3, "Town council": 0.7}
    assert any("bears the rest, 70%" in caption.value for caption in test.caption)


def test_what_shares_a_pot_goes_with_it_when_its_name_changes() -> None:
    test = press(opened(), "choices.add.join")
    press(test, "choices.add.share")
    shown(test.selectbox, "choices.share.1.of").set_value("community budget 1").run()
    press(test, "choice_join_1.open")
    shown(test.text_input, "choices.join.1.pot").set_value("early help").run()
    assert not test.error
    assert document(test)["share"][0]["of"] == "early help"


def test_money_is_devolved_to_a_level() -> None:
    test = press(opened(), "choices.add.devolve")
    shown(test.selectbox, "choices.devolve.1.of").set_value("parks").run()
    shown(test.selectbox, "choices.devolve.1.to").set_value("county").run()
    shown(test.slider, "choices.devolve.1.share").set_value(25.0).run()
    assert document(test)["devolve"] == [{"of": "parks", "to": "county", "share": 0.25}]
    assert "£22,500.00" in html(test)  # a quarter of £90,000


def test_a_later_choice_can_be_applied_earlier() -> None:
    test = press(press(opened(), "choices.add.change"), "choices.add.change")
    shown(test.selectbox, "choices.change.2.of").set_value("parks").run()
    press(test, "choice_change_2.earlier")
    assert [entry["of"] for entry in document(test)["change"]] == ["parks", "clinic"]


def test_the_year_says_how_much_can_move_by_then() -> None:
    test = opened()
    years = shown(test.selectbox, "choices.year")
    assert years.value == "2026-27"
    assert all("100% of the money can move" in words for words in years.options)
    years.set_value("2028-29").run()
    assert document(test)["scenario"]["year"] == "2028-29"
    assert "On 1 April 2028" not in html(test)
    press(test, "choices.add.share")
    assert "On 1 April 2028" in html(test)


def test_a_text_with_faults_stays_as_typed_and_changes_nothing() -> None:
    good = care()
    test = write(opened(), good)
    shown(test.text_area, "choices.text").set_value(good + "\nfloor = ").run()
    assert "cannot be read" in test.error[-1].value
    assert shown(test.text_area, "choices.text").value.endswith("floor = ")
    assert "Care, shared by head" in html(test)
    write(test, "")
    assert balance(test) == [POT, 0, 0, POT]


def test_a_choice_about_a_line_that_is_gone_is_said_and_can_be_taken_out() -> None:
    test = write(opened(), care().replace('"care"', '"cares"'))
    assert "cannot be kept" in test.error[0].value
    assert "cares" in test.error[0].value
    press(test, "choices.drop.share.1")
    assert not test.error


def test_a_cut_deeper_than_what_can_move_names_the_deepest(
    make_place: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_place(tmp_path / "held", id="held", name="Held")
    lines = (folder / "streams.csv").read_text().splitlines()
    held = {"care": "300000.00"}
    written = [lines[0] + ",entitlement"]
    written += [line + "," + held.get(line.split(",")[0], "") for line in lines[1:]]
    (folder / "streams.csv").write_text("\n".join(written) + "\n")
    monkeypatch.setenv("COMMONGROUND_PLACE", str(folder))
    cut = care().partition("[[share]]")[0] + '[[change]]\nof = "care"\nper_cent = -90\nreason = "x"'
    test = write(opened(), cut)
    assert "cannot be kept" in test.error[0].value
    press(test, "choices.nearest")
    # £900,000.07 of £1,200,000.07 can move: 75.00000145... per cent.
    assert document(test)["change"][0]["per_cent"] == -75
    assert not test.error


def test_hostile_titles_and_reasons_are_text(hostile: dict[int, str]) -> None:
    test = press(opened(), "choices.add.change")
    for name in hostile.values():
        shown(test.text_input, "choices.change.1.reason").set_value(name).run()
        shown(test.text_input, "choices.title").set_value(name).run()
        assert not test.exception
        assert document(test)["scenario"]["title"] == name
        assert not re.search(r"<(script|img)", html(test))


def test_the_account_of_choices_is_one_press_away() -> None:
    test = press(opened(), "choices.add.share")
    press(test, "choices.more")
    assert test.button_group(key="budget.part").value == "gains"
