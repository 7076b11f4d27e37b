"""What is kept of a result answers for that result alone, and is what would be made anew."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data import lines, place, run
from pages.shared import cache, cache_area, cache_kept, drawing, ledgers, map_card, scripts, today
from pages.shared.cache_kept import kept
from pages.shared.figures_more import Shelf
from pages.shared.live_map import Drawing
from pages.shared.live_table import Column, written


@pytest.fixture(scope="module")
def squares(grid: Path) -> run.Result:
    return run.run(place.load(grid))


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path))
    cache_kept._KEPT.clear()


def unpacked(sent: Any) -> dict[str, Any]:
    """Open what travels packed, as the browser does it."""
    if "packed" not in sent:
        return dict(sent)
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(sent["packed"])))
    return found


def test_what_is_kept_is_made_once_for_each_result_and_each_name(squares: run.Result) -> None:
    made = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert kept(squares, "a", make=make) == kept(squares, "a", make=make) == 1
    assert kept(squares, "b", make=make) == 2
    assert kept(squares, "a", "sq", make=make) == 3
    # The same place read again is another result, though nothing in it differs.
    assert kept(dataclasses.replace(squares), "a", make=make) == 4
    other = run.rebudget(squares, need_weight=0.9)
    assert kept(squares, "a", beside=other, make=make) == 5
    assert kept(squares, "a", beside=run.rebudget(squares, need_weight=0.1), make=make) == 6


def test_no_more_is_kept_than_there_is_room_for_and_the_oldest_goes_first(
    squares: run.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_kept, "MOST", 2)
    asked = []
    for name in ("a", "b", "a", "c", "a", "b"):
        kept(squares, name, make=lambda name=name: asked.append(name))
    # "b" was asked for longest ago when "c" came, so it alone had to be made again.
    assert asked == ["a", "b", "c", "b"]


def test_a_place_and_its_masked_edited_and_reshared_forms_never_answer_for_each_other(
    squares: run.Result, tmp_path: Path, make_place: Callable[..., Path]
) -> None:
    frame = lines.own(squares.place)
    frame.loc[frame["id"] == "parks", "amount"] = "190000.00"
    forms = {
        "own": squares,
        "edited": lines.with_lines(squares, frame),
        "by need": run.rebudget(squares, need_weight=1.0),
        "twin": run.run(place.load(make_place(tmp_path / "twin", id="twin", name="Twinville"))),
    }
    for _ in range(2):  # the first time each is made, the second time it is kept
        for name, result in forms.items():
            shelf = Shelf.of(result, "sq")
            assert shelf.result is result, name
            fresh = Shelf(result, "sq")
            for id in ("need", "money"):
                figure = fresh.figure(id)
                shown = drawing.on_map(shelf, shelf.figure(id))
                look = drawing.Look()
                assert unpacked(shown.written) == unpacked(
                    drawing._one(fresh, figure, look).written
                )
                table, columns = map_card.columns(fresh, [figure])
                sent = map_card.written(shelf, [shelf.figure(id)], None)
                assert unpacked(sent) == unpacked(written(table, columns)), (name, id)
    labels = {name: drawing.on_map(Shelf.of(one, "sq"), Shelf.of(one, "sq").figure("money")).labels
              for name, one in forms.items()}  # fmt: skip
    assert labels["own"] != labels["edited"]
    assert labels["own"] != labels["by need"]


def test_what_may_not_be_shown_is_not_shown_because_somebody_kept_it(squares: run.Result) -> None:
    tables = {level: table.copy() for level, table in squares.level_tables.items()}
    tables["sq"]["amount_pence"] = tables["sq"]["amount_pence"].astype("float64")
    tables["sq"].loc["a00", ["amount_pence", "pence_per_person"]] = float("nan")
    tables["sq"]["flag"] = ["hidden" if code == "a00" else "" for code in tables["sq"].index]
    hidden = dataclasses.replace(squares, level_tables=tables)
    assert (hidden.place.id, hidden.place.content_hash) == (
        squares.place.id,
        squares.place.content_hash,
    )
    at = list(squares.layers["sq"].index).index("a00")
    for result, words in (
        (squares, "£"),
        (hidden, "withheld"),
        (squares, "£"),
        (hidden, "withheld"),
    ):
        shelf = Shelf.of(result, "sq")
        figure = shelf.figure("money")
        assert words in drawing.on_map(shelf, figure).labels[at]
        sent = unpacked(map_card.written(shelf, [figure], None))
        money = next(one for one in sent["columns"] if one["id"] == "amount_pence")
        assert words in money["texts"][sent["codes"].index("a00")]


def test_two_visitors_share_a_drawing_and_each_sees_her_own_area(squares: run.Result) -> None:
    shelf = Shelf.of(squares, "sq")
    figure = shelf.figure("need")
    one = drawing.on_map(shelf, figure, area="a05")
    two = drawing.on_map(shelf, figure, area="a06", look=drawing.Look(kept=("a01", "a02")))
    assert (one.picked, list(one.highlighted)) == (5, [])
    assert (two.picked, list(two.highlighted)) == (6, [1, 2])
    assert one.written is two.written
    assert "picked" not in one.written
    with pytest.raises(ValueError, match="labels"):
        one.seen(labels=[])


@pytest.mark.parametrize("line", [ledgers.ALL, "parks", "fees"])
@pytest.mark.parametrize("level", ["sq", "wd", "county"])
def test_the_money_map_of_a_slider_equals_one_that_is_drawn_without_anything_kept(
    squares: run.Result, level: str, line: str
) -> None:
    other = run.rebudget(squares, need_weight=0.8)
    anew = []
    for result in (other, squares):
        cache_kept._KEPT.clear()
        anew.append(dataclasses.asdict(today._drawn(result, squares, level, line)))
    for another in (ledgers.ALL, "parks", "fees"):  # what others looked at in between
        today._drawn(other, squares, level, another)
    again = [
        dataclasses.asdict(today._drawn(one, squares, level, line)) for one in (other, squares)
    ]
    assert again == anew


def test_the_money_map_of_a_slider_says_the_pounds_a_person_of_its_own_result(
    squares: run.Result,
) -> None:
    other = run.rebudget(squares, need_weight=1.0)
    table = squares.level_tables["wd"]
    compared = table["people_inside"] > squares.place.tolerance * table["people"]
    for result in (squares, other):
        at = result.levels["wd"]
        drawn = today._drawn(result, squares, "wd", ledgers.ALL)
        for position, code in enumerate(squares.layers["wd"].index):
            pence = int(at.pence[:, list(at.areas).index(code)].sum())
            said = f"£{round(round(pence / table.at[code, 'people']) / 100):,} a person"
            assert drawn.labels[position] == (said if compared[code] else "")
    assert today._drawn(other, squares, "wd", ledgers.ALL).legend == drawn.legend


def test_long_data_travel_packed_and_come_out_as_they_went_in() -> None:
    long = {"labels": [f"£{number:,} a “person” 🌳" for number in range(500)], "figure": "Money"}
    sent = scripts.packed(long)
    assert set(sent) == {"packed"}
    assert len(json.dumps(sent)) < len(json.dumps(long)) / 2
    assert unpacked(sent) == long == scripts.opened(sent)
    assert scripts.opened({**sent, "figure": "Need"})["figure"] == "Need"
    short = {"labels": ["x"]}
    assert scripts.packed(short) == short == scripts.opened(short)


def test_places_in_a_table_run_from_the_lowest_and_are_blank_where_nothing_is_known() -> None:
    frame = pd.DataFrame({"money": [5.0, float("nan"), -1.0, 5.0] * 30})
    sent = unpacked(written(frame, {"money": Column("Money", "{:g}".format)}))
    (column,) = sent["columns"]
    assert column["width"] == 2  # 120 rows: 36 is written as 10
    assert column["order"] == " 2   1 2" * 30


def test_a_drawing_says_what_is_the_same_for_all_who_look_at_it(squares: run.Result) -> None:
    shelf = Shelf.of(squares, "sq")
    made = drawing.on_map(shelf, shelf.figure("need"))
    told = set(unpacked(made.written))
    fields = {one.name for one in dataclasses.fields(Drawing)}
    assert told == fields - {"picked", "highlighted", "shape", "drawable"} | {"around"}


def test_a_place_is_known_once_it_was_read_and_until_a_file_changes(
    open_grid: Path,
    tmp_path: Path,
    make_place: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = make_place(tmp_path / "fresh", id="fresh", name="Freshville")
    monkeypatch.setenv("COMMONGROUND_PLACE", str(folder))
    monkeypatch.setattr(cache.links, "chosen_place", lambda: "")
    assert cache.known() is None
    read = cache.result("")
    assert cache.known() is read
    streams = folder / "streams.csv"
    streams.write_text(streams.read_text().replace("90000.00", "90001.00"))
    assert cache.known() is None
    again = cache.result("")
    assert again is not read
    assert cache.known() is again


def test_an_area_that_was_told_is_told_only_of_the_result_it_was_worked_out_of(
    squares: run.Result,
) -> None:
    again = run.run(squares.place)
    told, other, third = (("about", head, {"needs": "section"}) for head in "abc")
    assert cache_area.told(squares, "sq", "a00", lambda: told) is told
    assert cache_area.told(squares, "sq", "a00", lambda: pytest.fail("made twice")) is told
    assert cache_area.told(squares, "wd", "a00", lambda: other) is other
    assert cache_area.told(again, "sq", "a00", lambda: third) is third
