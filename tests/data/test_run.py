"""The whole way for a place, against a second way worked out by hand in whole fractions."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from boundaries.crosswalk import Crosswalk
from budgets.ledger import Ledger, Level
from data import errors, place, run, write
from data.home import home
from data.prepare import prepare
from geo import layers
from geo.errors import CommonGroundError

Edit = Callable[..., Path]

CODES = [f"{column:02d}{row:02d}" for column in range(1, 5) for row in range(1, 5)]
PEOPLE = {code: 10 * position + 3 for position, code in enumerate(CODES, 1)}
INCOME = {code: 1 + (7 * position) % 16 for position, code in enumerate(CODES)}
HEALTH = {code: 1 + (5 * position + 3) % 16 for position, code in enumerate(CODES)}
DISTRICT = [code for code in CODES if int(code[2:]) <= 3]


def score(code: str) -> Fraction:
    """`(n + 1 - rank) 100 / n`, weighted 3 to 1: the drawn index, worked out again."""
    income, health = (Fraction(17 - rank[code]) * 100 / 16 for rank in (INCOME, HEALTH))
    return Fraction(3, 4) * income + Fraction(1, 4) * health


def shares(codes: list[str], need_weight: Fraction, times: int) -> dict[str, Fraction]:
    low, high = min(map(score, CODES)), max(map(score, CODES))
    head = {code: 1 + (times - 1) * (score(code) - low) / (high - low) for code in codes}
    people, weighted = (
        sum(PEOPLE[code] for code in codes),
        sum(PEOPLE[code] * head[code] for code in codes),
    )
    return {
        code: (1 - need_weight) * Fraction(PEOPLE[code], people)
        + need_weight * PEOPLE[code] * head[code] / weighted
        for code in codes
    }


def split(pence: int, parts: dict[str, Fraction]) -> dict[str, int]:
    """Largest remainder in exact fractions, ties to the smaller code."""
    exact = {code: pence * share / sum(parts.values()) for code, share in parts.items()}
    whole = {code: int(value // 1) for code, value in exact.items()}
    rest = pence - sum(whole.values())
    for code in sorted(parts, key=lambda c: (-(exact[c] - whole[c]), c))[:rest]:
        whole[code] += 1
    return whole


def expected_ledger(need_weight: Fraction, times: int) -> dict[str, dict[str, int]]:
    return {
        "parks": split(10000, shares(DISTRICT, Fraction(0), 1)),
        "care": split(25001, shares(DISTRICT, need_weight, times)),
        "clinic": split(99999, shares(CODES, need_weight, times)),
    }


def pence(result: run.Result) -> dict[str, dict[str, int]]:
    frame = result.ledger.to_frame()
    frame = frame[frame["area_code"] != "place-wide"]
    return {
        str(stream): dict(zip(rows["area_code"], rows["amount_pence"].astype(int), strict=True))
        for stream, rows in frame.groupby("stream")
    }


@pytest.fixture
def result(package: Path) -> run.Result:
    return run.run(place.load(package))


# ----------------------------------------------------------------------------- the ledger


def test_every_penny_falls_where_fractions_say(result: run.Result) -> None:
    assert pence(result) == expected_ledger(Fraction(1, 2), 3)


def test_income_stays_place_wide_and_lowers_the_pot(result: run.Result) -> None:
    assert dict(zip(result.ledger.streams.index, result.ledger.place_wide, strict=True)) == {
        "parks": 0,
        "care": 0,
        "fees": -703,
        "clinic": 0,
    }
    assert result.pot_pence == 10000 + 25001 - 703 + 99999


def test_every_level_adds_up_to_the_pot(result: run.Result) -> None:
    for level in result.levels.values():
        whole = level.pence.sum() + level.outside.sum() + level.place_wide.sum()
        assert whole == 10000 + 25001 - 703 + 99999
    assert list(result.levels) == ["sq", "wd", "dist", "lep"]


def test_a_ward_border_splits_each_cell_in_whole_pence(result: run.Result) -> None:
    west = 0
    for cells in expected_ledger(Fraction(1, 2), 3).values():
        for code, amount in cells.items():
            if code.startswith("01"):
                west += amount
            elif code.startswith("02"):
                west += split(amount, {"W1": Fraction(1, 2), "W2": Fraction(1, 2)})["W1"]
    assert result.level_tables["wd"].loc["W1", "amount_pence"] == west


def test_what_falls_beyond_the_district_is_outside_and_not_dropped(result: run.Result) -> None:
    beyond = sum(
        amount
        for code, amount in expected_ledger(Fraction(1, 2), 3)["clinic"].items()
        if code not in DISTRICT
    )
    assert int(result.levels["dist"].outside.sum()) == beyond
    assert beyond > 0


def test_overlapping_partnerships_hold_once_and_count_in_each_apart(result: run.Result) -> None:
    level, table = result.levels["lep"], result.level_tables["lep"]
    assert level.pence.sum() == 10000 + 25001 + 99999
    assert table["counted_in_each_pence"].sum() > level.pence.sum()
    # Half of columns 2 and 3 lies in both: their people are counted in each.
    both = sum(PEOPLE[code] for code in CODES if code[:2] in ("02", "03")) / 2
    assert table["people"].sum() == pytest.approx(sum(PEOPLE.values()) + both)


def test_money_per_person_divides_what_is_counted_by_who_is_counted(result: run.Result) -> None:
    table = result.level_tables["lep"]
    each = table["counted_in_each_pence"] / table["people"]
    np.testing.assert_allclose(table["pence_per_person"], each)
    plain = result.level_tables["dist"]
    expected = plain["amount_pence"] / sum(PEOPLE[code] for code in DISTRICT)
    np.testing.assert_allclose(plain["pence_per_person"], expected)


def test_need_of_a_ward_is_the_average_score_of_its_people(result: run.Result) -> None:
    weights = {code: PEOPLE[code] * (1 if code[:2] == "01" else 0.5) for code in CODES[:8]}
    mean = sum(w * float(score(code)) for code, w in weights.items()) / sum(weights.values())
    assert result.level_tables["wd"].loc["W1", "need"] == pytest.approx(mean)


def test_inside_is_where_at_least_half_of_a_base_area_lies(result: run.Result) -> None:
    assert result.inside[result.inside].index.tolist() == DISTRICT
    assert result.ledger.inside.tolist() == result.inside.tolist()
    table = result.level_tables["wd"]
    assert table["people_inside"].sum() == pytest.approx(sum(PEOPLE[c] for c in DISTRICT))


# --------------------------------------------------------------------------- need settings


def test_rebudget_gives_what_a_new_run_gives(package: Path) -> None:
    loaded = place.load(package)
    fresh = run.run(loaded, need_weight=0.9, neediest_per_head=7)
    again = run.rebudget(run.run(loaded), need_weight=0.9, neediest_per_head=7)
    assert pence(fresh) == pence(again) == expected_ledger(Fraction(9, 10), 7)
    for layer in fresh.levels:
        pd.testing.assert_frame_equal(fresh.level_tables[layer], again.level_tables[layer])
    assert [step.sentence for step in fresh.steps] == [step.sentence for step in again.steps]
    assert (again.need_weight, again.neediest_per_head) == (0.9, 7)


def test_rebudget_adds_up_only_the_level_that_is_asked_for(
    result: run.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    split: list[object] = []
    at = Ledger.at

    def noted(ledger: Ledger, crosswalk: Crosswalk, **options: Any) -> Level:
        split.append(crosswalk.targets.name)
        return at(ledger, crosswalk, **options)

    monkeypatch.setattr(Ledger, "at", noted)
    again = run.rebudget(result, need_weight=0.9)
    assert list(again.levels) == list(result.levels) == list(again.level_tables)
    assert split == []
    again.levels["wd"].check()
    assert again.levels["wd"].total == again.pot_pence == result.pot_pence
    assert again.level_tables["wd"]["people"].equals(result.level_tables["wd"]["people"])
    assert len(split) == 1
    assert [step.kind for step in again.steps] == [step.kind for step in result.steps]
    assert len(split) == len(result.levels)


def test_rebudget_leaves_the_first_result_as_it_was(result: run.Result) -> None:
    before = result.ledger.pence.copy()
    run.rebudget(result, need_weight=1.0)
    assert (result.ledger.pence == before).all()


def test_rebudget_keeps_what_is_not_given(result: run.Result) -> None:
    again = run.rebudget(run.rebudget(result, need_weight=0.9), neediest_per_head=7)
    assert (again.need_weight, again.neediest_per_head) == (0.9, 7)


@pytest.mark.parametrize("wrong", [{"need_weight": 1.5}, {"neediest_per_head": 0.5}])
def test_settings_out_of_range_are_refused(result: run.Result, wrong: dict[str, float]) -> None:
    with pytest.raises(CommonGroundError):
        run.rebudget(result, **wrong)


def test_without_need_money_follows_people(result: run.Result) -> None:
    flat = run.rebudget(result, need_weight=0.0)
    assert pence(flat)["clinic"] == split(99999, shares(CODES, Fraction(0), 1))


# ---------------------------------------------------------------------- other ways to places


def test_a_place_without_index_shares_by_people_and_has_no_need(package: Path, edit: Edit) -> None:
    index = '[index]\ndefinition = "index.toml"\nfile = "domains.csv"\nfrom = "ranks"\n'
    edit("place.toml", index, "")
    edit("streams.csv", ",need,", ",people,", times=2)
    result = run.run(place.load(package))
    assert result.index is None
    assert result.level_tables["wd"]["need"].isna().all()
    assert pence(result)["clinic"] == split(99999, shares(CODES, Fraction(0), 1))


def test_points_decide_how_a_square_splits(package: Path, edit: Edit) -> None:
    rows = ["x,y,weight"]
    for code in CODES:
        column, row = int(code[:2]), int(code[2:])
        for east, weight in ((25, 1), (75, 3)):
            rows.append(f"{400000 + 100 * (column - 1) + east},{200000 + 100 * row - 50},{weight}")
    (package / "points.csv").write_text("\n".join(rows) + "\n")
    edit(
        "place.toml",
        'code = "wd"\nlevel = true',
        'code = "wd"\nlevel = true\n[layers.crosswalk]\nby = "points"\nfile = "points.csv"\n'
        'unit = "homes"',
    )
    result = run.run(place.load(package))
    assert result.crosswalks["wd"].unit == "homes"
    west = sum(PEOPLE[code] * (1 if code[:2] == "01" else 0.25) for code in CODES[:8])
    assert result.level_tables["wd"].loc["W1", "people"] == pytest.approx(west)


def test_a_lookup_with_shares_splits_by_them(package: Path, edit: Edit) -> None:
    rows = ["source_code,target_code,share"]
    rows += [f"{code},W1,0.3\n{code},W2,0.7" for code in CODES]
    (package / "sq_wd.csv").write_text("\n".join(rows) + "\n")
    edit(
        "place.toml",
        'code = "wd"\nlevel = true',
        'code = "wd"\nlevel = true\n[layers.crosswalk]\nby = "lookup"\nfile = "sq_wd.csv"',
    )
    people = run.run(place.load(package)).level_tables["wd"]["people"]
    assert people["W1"] == pytest.approx(0.3 * sum(PEOPLE.values()))


def test_a_lookup_with_masses_and_shares_splits_by_the_masses(package: Path, edit: Edit) -> None:
    rows = ["source_code,target_code,mass,share"]
    rows += [f"{code},W1,30,0.9\n{code},W2,70,0.1" for code in CODES]
    (package / "sq_wd.csv").write_text("\n".join(rows) + "\n")
    edit(
        "place.toml",
        'code = "wd"\nlevel = true',
        'code = "wd"\nlevel = true\n[layers.crosswalk]\nby = "lookup"\nfile = "sq_wd.csv"\n'
        'unit = "registered people"',
    )
    result = run.run(place.load(package))
    assert result.crosswalks["wd"].unit == "registered people"
    people = result.level_tables["wd"]["people"]
    assert people["W1"] == pytest.approx(0.3 * sum(PEOPLE.values()))


def test_a_level_is_the_sum_of_the_one_that_nests_in_it(package: Path, edit: Edit) -> None:
    (package / "wd_gp.csv").write_text("child,parent\nW1,G1\nW2,G1\n")
    edit(
        "place.toml",
        'code = "wd"\nlevel = true',
        'code = "wd"\nlevel = true\n[layers.nests_in]\nlayer = "gp"\nfile = "wd_gp.csv"',
    )
    edit("place.toml", 'code = "gp"', 'code = "gp"\nlevel = true')
    result = run.run(place.load(package))
    assert (result.levels["gp"].pence[:, 0] == result.levels["wd"].pence.sum(axis=1)).all()


def test_a_level_reaches_further_than_the_one_that_nests_in_it(package: Path, edit: Edit) -> None:
    """Wards of the west only: the halves still hold the whole, and the east its own share."""
    for name, shapes in (
        ("wd", {"W1": (400000, 400150)}),
        ("half", {"H1": (400000, 400150), "H2": (400150, 400400)}),
    ):
        frame = gpd.GeoDataFrame(
            {name: list(shapes)},
            geometry=[box(west, 2e5, east, 200400) for west, east in shapes.values()],
            crs="EPSG:27700",
        )
        layers.write(layers.validate(frame, code=name, id=name), package / f"{name}.gpkg")
    (package / "wd_half.csv").write_text("child,parent\nW1,H1\n")
    edit(
        "place.toml",
        'code = "wd"\nlevel = true',
        'code = "wd"\nlevel = true\n[layers.nests_in]\nlayer = "half"\nfile = "wd_half.csv"\n'
        '[[layers]]\nid = "half"\ntitle = "Halves"\nfile = "half.gpkg"\ncode = "half"\n'
        "level = true",
    )
    result = run.run(place.load(package))
    level = result.levels["half"]
    direct = result.ledger.at(result.crosswalks["half"], tolerance=0.02)
    assert list(level.areas) == ["H1", "H2"]
    assert (level.pence == direct.pence).all()
    assert int(level.outside.sum()) == 0


def test_layers_that_nest_in_each_other_do_not_run_for_ever(package: Path, edit: Edit) -> None:
    (package / "wd_lep.csv").write_text("child,parent\nW1,L1\nW2,L2\n")
    (package / "lep_wd.csv").write_text("child,parent\nL1,W1\nL2,W2\n")
    for layer, other in (("wd", "lep"), ("lep", "wd")):
        edit(
            "place.toml",
            f'code = "{layer}"\nlevel = true',
            f'code = "{layer}"\nlevel = true\n[layers.nests_in]\nlayer = "{other}"\n'
            f'file = "{layer}_{other}.csv"',
        )
    result = run.run(place.load(package))
    assert {level.total for level in result.levels.values()} == {result.pot_pence}


def test_a_place_with_no_base_area_inside_is_refused(package: Path) -> None:
    (package / "sq_dist.csv").write_text("source_code,target_code,share\n0101,D1,0.4\n")
    with pytest.raises(errors.NotInside):
        run.run(place.load(package))


# ------------------------------------------------------------------------------- the steps


def test_steps_say_what_went_in_came_out_and_was_left_over(result: run.Result) -> None:
    steps = {(step.kind, step.subject): step for step in result.steps}
    everybody = sum(PEOPLE.values())
    people = steps["crosswalk", "dist"]
    assert people.went_in["people"] == everybody
    assert people.came_out["people"] + people.left_over["people_outside"] == everybody
    money = steps["level", "dist"]
    assert money.went_in["pot_pence"] == (
        money.came_out["targets_pence"]
        + money.left_over["outside_pence"]
        + money.left_over["place_wide_pence"]
    )
    assert "= pot £1,342.97" in money.sentence
    assert [step.kind for step in result.steps][-4:] == ["level"] * 4


def test_what_the_tolerance_moves_is_counted_in_people_and_pence(package: Path, edit: Edit) -> None:
    # Wards that end 1 m short of the western edge leave 1 % of column 1 uncovered.
    shapes = [box(400001, 2e5, 400150, 200400), box(400150, 2e5, 400400, 200400)]
    frame = gpd.GeoDataFrame({"wd": ["W1", "W2"]}, geometry=shapes, crs="EPSG:27700")
    layers.write(layers.validate(frame, code="wd", id="wd"), package / "wd.gpkg")
    step = next(
        s for s in run.run(place.load(package)).steps if s.subject == "wd" and s.kind == "level"
    )
    column = CODES[:4]
    cells = expected_ledger(Fraction(1, 2), 3).values()
    money = sum(amount for cell in cells for code, amount in cell.items() if code in column)
    assert step.left_over["moved_areas"] == 4
    assert step.left_over["moved_people"] == pytest.approx(
        0.01 * sum(PEOPLE[code] for code in column)
    )
    assert step.left_over["moved_pence"] == pytest.approx(0.01 * money, abs=2)
    # Without a tolerance the same people and money are outside.
    edit("place.toml", "fictional = true", "fictional = true\ntolerance = 0.0")
    strict = run.run(place.load(package)).levels["wd"]
    assert len(strict.moved) == 0
    assert int(strict.outside.sum()) == pytest.approx(0.01 * money, abs=6)
    assert strict.total == 10000 + 25001 - 703 + 99999


def test_progress_counts_up_to_the_end(package: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    run.run(place.load(package), progress=lambda *said: seen.append(said))
    done = [at for _, at, _ in seen]
    assert done == sorted(done)
    assert seen[-1][1] == seen[-1][2]


# ------------------------------------------------------------------------------- the files


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"area_code": str})


def test_every_file_of_money_adds_up_to_the_pot(result: run.Result, tmp_path: Path) -> None:
    out = write.write(result, tmp_path / "out")
    pot = 10000 + 25001 - 703 + 99999
    assert read(out / "ledger.csv")["amount_pence"].sum() == pot
    assert list(read(out / "ledger.csv").columns) == ["stream", "area_code", "amount_pence"]
    for layer in ("sq", "wd", "dist", "lep"):
        table = read(out / "levels" / f"{layer}.csv")
        assert table["amount_pence"].sum() == pot
        assert table["area_code"].tolist()[-2:] == ["outside", "place-wide"]
    assert read(out / "levels" / "sq.csv")["area_code"].iloc[0] == "0101"


def test_the_index_and_the_crosswalks_are_written(result: run.Result, tmp_path: Path) -> None:
    out = write.write(result, tmp_path / "out")
    index = read(out / "index.csv").set_index("area_code")
    assert index.loc["0101", "score"] == pytest.approx(float(score("0101")))
    assert sorted(path.name for path in (out / "crosswalks").iterdir()) == [
        f"sq_{layer}.{kind}" for layer in ("dist", "gp", "lep", "wd") for kind in ("csv", "json")
    ]
    table = pd.read_csv(out / "crosswalks" / "sq_wd.csv", dtype={"source_code": str})
    assert list(table.columns) == ["source_code", "target_code", "weight", "mass"]
    assert table.loc[table["source_code"] == "0201", "weight"].tolist() == [0.5, 0.5]
    header = json.loads((out / "crosswalks" / "sq_wd.json").read_text())
    assert header["unit"] == "m2"


def test_the_manifest_names_version_inputs_parameters_and_outputs(
    result: run.Result, package: Path, tmp_path: Path
) -> None:
    out = write.write(result, tmp_path / "out")
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["version"] == write.installed_version()
    assert manifest["parameters"]["need_weight"] == 0.5
    assert set(manifest["inputs"]) == {
        path.name for path in package.iterdir() if path.name != "notes.txt"
    }
    written = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert set(manifest["outputs"]) == written - {"manifest.json"}
    assert manifest["place"]["fictional"] is True


def test_the_same_run_writes_the_same_bytes(package: Path, tmp_path: Path) -> None:
    outs = [write.write(run.run(place.load(package)), tmp_path / name) for name in ("a", "b")]
    first, second = ({p.relative_to(o): p.read_bytes() for p in o.rglob("*.*")} for o in outs)
    assert first == second


class Loads(HTMLParser):
    """Collects what a browser would fetch for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"script": "src", "link": "href", "img": "src", "iframe": "src"}.get(tag)
        self.found += [value or "" for name, value in attrs if name == wanted]


def test_the_map_shows_the_place_as_fictional_and_fetches_nothing(
    result: run.Result, tmp_path: Path
) -> None:
    html = (write.write(result, tmp_path / "out") / "map.html").read_text()
    page = Loads()
    page.feed(html)
    assert [address for address in page.found if not address.startswith("data:")] == []
    assert "Money per person, Gridley" in html
    assert "fictional" in html
    # The map is of the place: squares of row 4 lie beyond it.
    assert "Area 0103" in html
    assert "Area 0104" not in html


def test_an_earlier_run_is_replaced_and_anything_else_refused(
    result: run.Result, tmp_path: Path
) -> None:
    out = write.write(result, tmp_path / "out")
    write.write(run.rebudget(result, need_weight=0.0), out)
    assert json.loads((out / "manifest.json").read_text())["parameters"]["need_weight"] == 0.0
    (out / "my notes.txt").write_text("mine")
    with pytest.raises(errors.OutputExists):
        write.write(result, out)
    assert (out / "my notes.txt").read_text() == "mine"
    assert json.loads((out / "manifest.json").read_text())["parameters"]["need_weight"] == 0.0


def test_nothing_half_written_stays_after_a_fault(
    result: run.Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = write.write(result, tmp_path / "out")
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}

    def breaks(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(write.maps, "save", breaks)
    with pytest.raises(OSError, match="disk full"):
        write.write(result, out)
    with pytest.raises(OSError, match="disk full"):
        write.write(result, tmp_path / "new")
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grid", "out"]


# ------------------------------------------------------------------------------ the shapes


def test_shapes_are_prepared_once_for_each_state_of_a_place(package: Path, edit: Edit) -> None:
    first = prepare(place.load(package))
    assert first.is_relative_to(home() / "places")
    names = json.loads((first / "shapes.json").read_text())
    assert set(names) == {"sq", "wd", "dist", "lep", "gp"}
    shapes = json.loads((first / names["sq"]).read_text())
    assert [f["properties"]["code"] for f in shapes["features"]] == CODES
    stamp = (first / names["sq"]).stat().st_mtime_ns
    assert prepare(place.load(package)) == first
    assert (first / names["sq"]).stat().st_mtime_ns == stamp
    edit("base.csv", "0101,13,", "0101,14,")
    assert prepare(place.load(package)) != first
