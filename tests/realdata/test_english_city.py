"""Places built from published files of five English districts, end to end.

Expected amounts are typed from the published sheet (Revenue Outturn 2017-18, RS LA Data), in
thousand pounds, line by line; they were read with another program and not by the recipe.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

from budgets.baseline import by_stream
from data import place, run

pytestmark = pytest.mark.realdata

BRISTOL = {
    190: 223517, 290: 23740, 330: 79566, 360: 157330, 390: 32763, 490: 27493, 509: 28574,
    590: 40252, 599: 13066, 690: -3611,
}  # fmt: skip
NEWCASTLE = {
    190: 177572, 290: 3328, 330: 53290, 360: 94141, 390: 23502, 490: 8635, 509: 7743, 590: 21234,
    599: 5147, 690: 48605, 698: 123,
}  # fmt: skip
SUNDERLAND = {
    190: 122037, 290: 9747, 330: 58685, 360: 77216, 390: 23879, 490: 2746, 509: 6483, 590: 17903,
    599: 7130, 690: 22899,
}  # fmt: skip
STOKE = {
    190: 148648, 290: 11998, 330: 55381, 360: 85131, 390: 26365, 490: 5660, 509: 10048, 590: 23559,
    599: 5591, 690: 10206, 698: -9,
}  # fmt: skip
LICHFIELD = {290: -1417, 490: 1181, 509: 2582, 590: 2611, 599: 1515, 690: 3373}
STAFFORDSHIRE = {
    190: 419250, 290: 33536, 330: 105687, 360: 219390, 390: 39200, 509: 11492, 590: 31356,
    599: -4565, 690: 28221,
}  # fmt: skip


@dataclass(frozen=True)
class Expected:
    """What the published files say of one district, typed."""

    council: dict[int, int]
    county: dict[int, int]
    inside: int
    base: int
    residents: int
    consortia: int
    levels: frozenset[str]


LEVELS = frozenset({"lsoa21", "wd25", "ccg21", "pcn20", "lep20", "pfa20", "ltla23"})
CITIES = {
    "bristol": Expected(BRISTOL, {}, 268, 581, 472_479, 1, LEVELS),
    "newcastle_upon_tyne": Expected(NEWCASTLE, {}, 180, 307, 300_113, 1, LEVELS),
    "sunderland": Expected(SUNDERLAND, {}, 185, 185, 274_197, 1, LEVELS),
    "stoke_on_trent": Expected(STOKE, {}, 163, 168, 258_383, 1, LEVELS),
    "lichfield": Expected(LICHFIELD, STAFFORDSHIRE, 62, 534, 106_444, 3, LEVELS | {"utla23"}),
}
NHS_POUNDS_PER_RESIDENT = 1300


@dataclass(frozen=True)
class Built:
    """A city's package and what the recipe said while building it."""

    city: str
    folder: Path
    said: str

    @property
    def expected(self) -> Expected:
        return CITIES[self.city]


@pytest.fixture(scope="module", params=sorted(CITIES))
def built(request: pytest.FixtureRequest, build_city: Callable[[str], Any]) -> Built:
    made = build_city(request.param)
    return Built(made.city, made.folder, made.said)


@pytest.fixture(scope="module")
def result(built: Built) -> run.Result:
    return run.run(place.load(built.folder))


@pytest.fixture(scope="module")
def printed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the command itself and return its folder and what it printed."""
    out = tmp_path_factory.mktemp("runs") / built.city
    done = subprocess.run(
        [sys.executable, "-m", "cli", "run", str(built.folder), "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def pot_pence(expected: Expected, nhs_residents: int) -> int:
    thousands = sum(expected.council.values()) + sum(expected.county.values())
    return thousands * 100_000 + nhs_residents * NHS_POUNDS_PER_RESIDENT * 100


# ---------------------------------------------------------------------------- what is in it


def test_the_base_layer_reaches_as_far_as_every_stream(built: Built, result: run.Result) -> None:
    assert len(result.base) == built.expected.base
    assert int(result.inside.sum()) == built.expected.inside
    assert result.place.people[result.inside].sum() == built.expected.residents


def test_all_levels_at_hand_are_there(built: Built, result: run.Result) -> None:
    assert set(result.levels) == built.expected.levels


def test_each_service_line_has_its_published_amount(built: Built, result: run.Result) -> None:
    streams = result.place.streams
    for prefix, lines in (("council", built.expected.council), ("county", built.expected.county)):
        mine = streams[streams.index.str.startswith(f"{prefix}_")]
        number = mine["source"].str.extract(r"line (\d+)$")[0].astype(int)
        published = dict(zip(number, mine["amount_pence"], strict=True))
        assert published == {line: amount * 100_000 for line, amount in lines.items()}


def test_a_negative_line_is_income_of_the_whole_place_with_its_reason(
    built: Built, result: run.Result
) -> None:
    streams = result.place.streams
    negative = streams[streams["amount_pence"] < 0]
    lines = [*built.expected.council.values(), *built.expected.county.values()]
    assert len(negative) == sum(amount < 0 for amount in lines)
    assert (negative["method"] == "place-wide").all()
    assert (negative["reason"] != "").all()


def test_the_amount_of_each_consortium_is_marked_as_an_assumption(
    built: Built, result: run.Result
) -> None:
    streams = result.place.streams
    nhs = streams[streams.index.str.startswith("nhs_")]
    assert len(nhs) == built.expected.consortia
    assert nhs["assumption"].str.contains("assumption").all()
    assert streams.drop(nhs.index)["assumption"].eq("").all()
    assert (nhs["amount_pence"] % (NHS_POUNDS_PER_RESIDENT * 100) == 0).all()


def test_grades_say_how_each_line_is_shared(result: run.Result) -> None:
    streams = result.place.streams
    assert streams["grade"].isin(["C", "D", "E", "G"]).all()
    care = streams[streams["grade"] == "C"]
    assert set(care["use"]) == {"disabled_residents"}
    assert (streams["basis"] != "").all()


def test_each_council_stands_in_its_tier_and_what_falls_outside_is_shown(
    built: Built, result: run.Result
) -> None:
    """Two tiers where there is a county, which covers all its districts; else a single one."""
    table = by_stream(result.ledger)
    councils = table[table["tier"] != ""]
    two = bool(built.expected.county)
    assert set(councils["tier"]) == ({"district", "county"} if two else {"single"})
    of_county = table.index.str.startswith("county_")
    assert (table["tier"] == "county").tolist() == of_county.tolist()
    parts = table[["inside_pence", "outside_pence", "place_wide_pence"]].sum(axis=1)
    assert (parts == table["amount_pence"]).all()
    district = councils[councils["tier"] != "county"]
    assert (district["outside_pence"] == 0).all()
    if two:
        assert (table.loc[of_county & (table["method"] != "place-wide"), "outside_pence"] > 0).all()
        (step,) = [step for step in result.steps if step.kind == "tiers"]
        assert step.left_over["incomplete"] == 0


# -------------------------------------------------------------------------------- adding up


def test_every_level_adds_up_to_the_pot_to_the_penny(built: Built, result: run.Result) -> None:
    nhs = result.place.streams[result.place.streams.index.str.startswith("nhs_")]
    residents = int(nhs["amount_pence"].sum()) // (NHS_POUNDS_PER_RESIDENT * 100)
    pot = pot_pence(built.expected, residents)
    assert result.pot_pence == pot
    for name, level in result.levels.items():
        parts = [int(p.sum()) for p in (level.pence, level.outside, level.place_wide)]
        assert sum(parts) == pot, name
        assert (
            level.pence.sum(axis=1) + level.outside + level.place_wide
            == result.place.streams["amount_pence"].to_numpy()
        ).all()


def test_the_command_ends_with_a_line_for_each_level_that_adds_up(
    built: Built, printed: tuple[Path, str]
) -> None:
    _, text = printed
    last = text.strip().splitlines()[-len(built.expected.levels) :]
    pots = set()
    for line in last:
        found = re.match(
            r"(\w+): [\d,]+ areas? (\S+) \+ outside (\S+) \+ place-wide (\S+) = pot (\S+)\.(?: |$)",
            line,
        )
        assert found, line
        targets, outside, wide, pot = (pence(found[n]) for n in range(2, 6))
        assert targets + outside + wide == pot
        pots.add(pot)
    assert len(pots) == 1


def pence(text: str) -> int:
    return int(text.replace("£", "").replace(",", "").replace(".", ""))


def test_every_written_file_adds_up(built: Built, printed: tuple[Path, str]) -> None:
    out, _ = printed
    pot = json.loads((out / "manifest.json").read_text())["pot_pence"]
    files = [out / "ledger.csv", *(out / "levels").glob("*.csv")]
    assert len(files) == 1 + len(built.expected.levels)
    for file in files:
        assert pd.read_csv(file, dtype={"area_code": str})["amount_pence"].sum() == pot, file.name


def test_what_falls_beyond_the_place_is_shown(built: Built, result: run.Result) -> None:
    outside = int(result.levels["ltla23"].outside.sum())
    beyond = int(result.ledger.pence[:, ~result.ledger.inside].sum())
    assert outside == beyond
    assert (outside > 0) == (built.expected.base > built.expected.inside)


# --------------------------------------------------------------------- borders that disagree


def test_what_the_tolerance_moved_is_printed(
    built: Built, result: run.Result, printed: tuple[Path, str]
) -> None:
    step = next(s for s in result.steps if s.kind == "level" and s.subject == "wd25")
    assert 0 < step.left_over["moved_people"] < 0.002 * built.expected.residents
    assert 0 < step.left_over["moved_pence"] < 0.002 * result.pot_pence
    assert step.sentence in printed[1]
    assert "The tolerance moved" in step.sentence


def test_no_base_area_is_moved_by_more_than_the_tolerance(result: run.Result) -> None:
    for level in result.levels.values():
        assert (level.moved["share_moved"].abs() <= 0.02 + 1e-9).all()


def test_what_was_moved_is_what_overlay_says(result: run.Result) -> None:
    """geopandas cuts the same shapes again; small shortfalls times people is what was moved."""
    base, wards = result.layers["lsoa21"], result.layers["wd25"]
    cut = gpd.overlay(
        base.reset_index()[["lsoa21", "geometry"]], wards[["geometry"]], keep_geom_type=True
    )
    covered = cut.area.groupby(cut["lsoa21"]).sum().reindex(base.index, fill_value=0.0)
    short = 1 - covered / base.area
    moved = (short > 1e-9) & (short <= 0.02) & (covered > 0)
    step = next(s for s in result.steps if s.kind == "level" and s.subject == "wd25")
    assert step.left_over["moved_areas"] == int(moved.sum())
    people = (result.place.people * short)[moved].sum()
    assert step.left_over["moved_people"] == pytest.approx(people, rel=1e-6)


@pytest.mark.parametrize("built", ["bristol"], indirect=True)
def test_the_wards_of_bristol_miss_what_was_measured(built: Built, result: run.Result) -> None:
    inside = result.crosswalks["wd25"].coverage[result.inside]
    short = inside[inside < 1 - 1e-9]
    assert len(short) >= 34
    assert short.min() == pytest.approx(0.985, abs=0.0005)
    people = (result.place.people[short.index] * (1 - short)).sum()
    assert people == pytest.approx(357, abs=1)


def test_a_district_lies_whole_in_its_police_area_and_consortium(
    built: Built, result: run.Result
) -> None:
    for layer in ("pfa20", "ccg21", "ltla23"):
        covered = result.crosswalks[layer].coverage[result.inside]
        assert covered.to_numpy() == pytest.approx(1.0), layer
    assert len(result.levels["ccg21"].areas) == built.expected.consortia


def test_partnerships_that_overlap_are_held_once_and_counted_in_each(
    built: Built, result: run.Result
) -> None:
    level = result.levels["lep20"]
    assert (level.counted_in_each is not None) == (built.city == "lichfield")
    if level.counted_in_each is not None:
        assert level.counted_in_each.sum() > level.pence.sum()


def test_scores_are_the_published_ones_and_overall_ranks_are_refused(
    realdata: Path, result: run.Result
) -> None:
    published = pd.read_csv(
        realdata / "england" / "imd2025_lsoa21.csv.gz", dtype={"lsoa21_code": str}
    ).set_index("lsoa21_code")["IMD_score"]
    assert result.index is not None
    error = (result.index.scores - published.reindex(result.index.scores.index)).abs()
    assert error.max() <= 0.001
    assert result.index.ranks is None
    assert result.index.deciles is None


# ------------------------------------------------------------------------------- the recipe


def test_the_typed_amounts_are_those_of_the_sheet(realdata: Path) -> None:
    path = realdata / "spend" / "revenue_outturn_2017_18_by_la.xlsx"
    with pytest.warns(UserWarning, match="Print area"):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    rows = list(book["RS LA Data 2017-18"].iter_rows(values_only=True))
    by_code = {row[1]: row for row in rows}
    numbers = rows[5]
    for code, typed in (
        ("E06000023", BRISTOL),
        ("E08000021", NEWCASTLE),
        ("E08000024", SUNDERLAND),
        ("E06000021", STOKE),
        ("E07000194", LICHFIELD),
        ("E10000028", STAFFORDSHIRE),
    ):
        lines = {
            number: value
            for number, value in zip(numbers, by_code[code], strict=True)
            if isinstance(number, int) and 190 <= number <= 698 and value
        }
        assert lines == typed
        total = by_code[code][numbers.index(699)]
        assert sum(typed.values()) == total
    assert sum(BRISTOL.values()) == 622_690


def test_amounts_with_fractions_of_a_penny_are_rounded_once_and_reported(realdata: Path) -> None:
    from data.recipes import english_money

    outturn = english_money.read_outturn(realdata)
    assert outturn is not None
    salford = outturn.authority("E08000006", [])
    assert salford is not None
    # 219385.12339215004 thousand pounds is 21,938,512,339.215 pence.
    assert salford.lines[0].amount.pence == 21_938_512_339
    notes = english_money.rounding_notes(salford)
    assert len(notes) == 2
    assert "£219,385,123.39" in notes[0]


def test_a_recoded_authority_is_found_by_its_name(realdata: Path) -> None:
    from data.recipes import english_money

    outturn = english_money.read_outturn(realdata)
    assert outturn is not None
    found = outturn.authority("E99999999", ["Bristol, City of"])
    assert found is not None
    assert (found.code, found.name) == ("E06000023", "Bristol")
    assert outturn.authority("E99999999", ["Nowhere-on-Sea"]) is None


def test_a_county_that_became_one_authority_is_taken_with_a_doubt(realdata: Path) -> None:
    from data.recipes import english_money

    outturn = english_money.read_outturn(realdata)
    assert outturn is not None
    found = outturn.authority("E06000060", ["Buckinghamshire"])
    assert found is not None
    assert "another kind of authority" in english_money.doubt_of(found, "E06000060")
    rows = english_money.council_streams(
        found,
        covers="ltla23:E06000060",
        held_at="ltla23",
        prefix="council",
        doubt=english_money.doubt_of(found, "E06000060"),
    )
    assert all("another kind of authority" in row["assumption"] for row in rows)
    bristol = outturn.authority("E06000023", [])
    assert bristol is not None
    assert english_money.doubt_of(bristol, "E06000023") == ""


def test_another_district_in_the_same_form_adds_up_too(realdata: Path, tmp_path: Path) -> None:
    """Northumberland: two consortia share one of its small areas, which is listed twice."""
    from data.recipes import english_city

    data = tmp_path / "data"
    (data / "cities").mkdir(parents=True)
    for part in ("england", "spend"):
        (data / part).symlink_to(realdata / part)
    lsoas = gpd.read_parquet(realdata / "england" / "lsoa21_bgc.parquet")
    mine = lsoas[lsoas["LADCD_ACTIVE"] == "E06000057"].assign(UTLACD="E06000057")
    mine.to_file(data / "cities" / "northumberland.gpkg", layer="lsoa21")
    said: list[str] = []
    folder = english_city.build("northumberland", data=data, out=tmp_path / "out", say=said.append)
    result = run.run(place.load(folder))
    assert result.base.index.is_unique
    assert len(result.levels["ccg21"].areas) == 2
    shared = result.crosswalks["ccg21"].weights.max(axis=1).toarray()
    assert ((shared > 0) & (shared < 1)).sum() == 1
    assert {level.total for level in result.levels.values()} == {result.pot_pence}
    assert any("-0.25 pence" in sentence for sentence in said)


def test_an_unknown_city_names_those_at_hand(realdata: Path, tmp_path: Path) -> None:
    from data.recipes import english_city

    assert english_city.main(["atlantis", "--data", str(realdata), "--out", str(tmp_path / "x")])
    assert not (tmp_path / "x").exists()


def test_layers_that_are_absent_are_left_out_with_a_message(realdata: Path, tmp_path: Path) -> None:
    from data.recipes import english_city

    data = tmp_path / "data"
    for part in ("cities", "england", "spend"):
        (data / part).mkdir(parents=True)
    keep = [
        "cities/sunderland.gpkg",
        "england/lsoa21_bgc.parquet",
        "england/census2021_counts_lsoa21.csv.gz",
        "england/imd2025_lsoa21.csv.gz",
        "england/wd25_bgc.parquet",
        "spend/revenue_outturn_2017_18_by_la.xlsx",
    ]
    for name in keep:
        (data / name).symlink_to(realdata / name)
    said: list[str] = []
    folder = english_city.build("sunderland", data=data, out=tmp_path / "out", say=said.append)
    result = run.run(place.load(folder))
    assert set(result.levels) == {"lsoa21", "wd25", "ltla23"}
    assert result.pot_pence == 348_725 * 100_000
    left_out = [sentence for sentence in said if sentence.startswith("Left out")]
    for layer in ("pcn20", "lep20", "pfa20", "ccg21"):
        assert any(layer in sentence for sentence in left_out)


def test_without_an_index_money_follows_people(realdata: Path, tmp_path: Path) -> None:
    from data.recipes import english_city

    data = tmp_path / "data"
    for part in ("cities", "england", "spend"):
        (data / part).mkdir(parents=True)
    for name in (
        "cities/sunderland.gpkg",
        "england/lsoa21_bgc.parquet",
        "england/census2021_counts_lsoa21.csv.gz",
        "spend/revenue_outturn_2017_18_by_la.xlsx",
    ):
        (data / name).symlink_to(realdata / name)
    folder = english_city.build("sunderland", data=data, out=tmp_path / "out")
    result = run.run(place.load(folder))
    assert result.index is None
    assert "need" not in set(result.place.streams["method"])
