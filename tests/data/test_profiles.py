"""Profiles of the demo place, whose households are all known, and of a tiny drawn one."""

from __future__ import annotations

import json
import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner, Result

from boundaries import custom
from boundaries.custom import OutsidePlace, TooFewHouseholds, UnknownPieces
from cli import app
from data import place, profile_files, run
from data.demo.tables import RATES
from data.profile_files import Question, ask
from data.profiles import Prepared, of_area, of_custom, prepare
from data.profiles_errors import (
    HouseholdsUnknown,
    NoPostcodes,
    OneAreaOnly,
    UnknownLevel,
    UnreadablePlace,
    UnreadableShape,
)
from geo.errors import CommonGroundError
from indices.intervals import wilson
from indices.profiles import Profile
from indices.profiles_errors import NothingToShow, UnknownArea

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow

BY_CENSUS = ["no_qualifications", "limiting_illness", "overcrowded", "no_central_heating"]
PER_1000 = {"emergency_admissions", "crimes", "homeless", "road_casualties"}


@pytest.fixture(scope="module")
def known(demo_place: Path) -> Prepared:
    return prepare(place.load(demo_place))


@pytest.fixture(scope="module")
def households(demo_place: Path) -> pd.DataFrame:
    return pd.read_parquet(demo_place / "tables" / "households.parquet")


def true_rates(homes: pd.DataFrame) -> pd.Series:
    """Count the households one by one, in the unit of each indicator."""
    bottoms = homes.assign(residents=homes["people"], households=1)
    found = {
        name: (1000 if name in PER_1000 else 100) * homes[name].sum() / bottoms[of].sum()
        for name, of in RATES.items()
    }
    return pd.Series(found)


# ------------------------------------------------------------------------------- levels


def test_a_small_area_is_what_its_households_add_up_to(
    known: Prepared, households: pd.DataFrame
) -> None:
    for code in ("F01000007", "F01000150"):
        found = of_area(known, code, "sa21").table
        truth = true_rates(households[households["sa21"] == code])
        assert np.allclose(found.loc[truth.index, "value"], truth)
        assert set(found["grade"]) == {"A"}
        row = found.loc["overcrowded"]
        one = pd.Index([code], name="sa21", dtype="str")
        by_chance = wilson(
            pd.Series([row["events"]], index=one), pd.Series([row["people"]], index=one)
        )
        assert row["low"] == pytest.approx(100 * by_chance["low"].iloc[0])


def test_the_place_beside_an_area_is_what_its_households_add_up_to(
    known: Prepared, households: pd.DataFrame
) -> None:
    inside = households[households["place25"] != ""]
    found = of_area(known, "F01000007", "sa21").table["place"]
    truth = true_rates(inside)
    assert np.allclose(found[truth.index], truth, rtol=0.01)


def test_the_ward_beside_a_small_area_is_that_wards_own_figure(known: Prepared) -> None:
    profile = of_area(known, "F01000007", "sa21")
    name = profile.beside["ward"].removesuffix(" ward")
    wards = known.place.layers["wd25"]["name"]
    code = str(wards.index[wards == name][0])
    ward = of_area(known, code, "wd25")
    assert np.allclose(profile.table["ward"], ward.table["value"])
    assert "ward" not in ward.beside


def test_the_true_figures_of_wards_lie_in_their_intervals(
    known: Prepared, households: pd.DataFrame
) -> None:
    """What the splits leave open should hold nine in ten; with chance beside it, nearly all."""
    at, held, whole = known.level("wd25").figures, [], []
    for code in at.values.index:
        truth = true_rates(households[households["wd25"] == code])
        names = truth.index
        off = (at.values.loc[code, names] - truth).abs()
        held.append((off <= 1.96 * at.error.loc[code, names] + 1e-9).mean())
        inside = (at.low.loc[code, names] <= truth) & (truth <= at.high.loc[code, names])
        whole.append(inside.mean())
    # The second weight, by output areas, is coarser than postcodes: its error is on the safe side.
    assert np.mean(held) >= 0.93
    assert np.mean(whole) >= 0.97


def test_ranks_are_those_of_the_levels_own_table(known: Prepared) -> None:
    at = known.level("wd25")
    values = at.figures.values.loc[at.ranked, "crimes"]
    expected = values.rank(ascending=False, method="min")
    for code in at.ranked[:5]:
        row = of_area(known, code, "wd25").table.loc["crimes"]
        assert (row["rank"], row["of"]) == (expected[code], len(values))


def test_the_index_of_a_level_is_the_mean_of_its_people(known: Prepared) -> None:
    index = known.index
    assert index is not None
    done = run.run(known.place)
    for code in known.level("wd25").ranked[:3]:
        standing = of_area(known, code, "wd25").standing
        assert standing is not None
        assert standing.value == pytest.approx(done.level_tables["wd25"].loc[code, "need"])
        assert standing.label == "average of its small areas, by people"
    again = prepare(known.place, result=done)
    pd.testing.assert_frame_equal(
        of_area(again, "F05000003", "wd25").table, of_area(known, "F05000003", "wd25").table
    )


def test_every_level_of_the_place_has_profiles(known: Prepared) -> None:
    for level in known.place.settings.levels:
        code = str(known.level(level).people.index[0])
        profile = of_area(known, code, level)
        assert len(profile.table) == 13
        assert profile.table["value"].notna().all()
        assert profile.sentences()[0].startswith(profile.area.name)


def test_years_are_told_for_the_ward_and_for_what_lies_in_it(known: Prepared) -> None:
    ward = of_area(known, "F05000003", "wd25")
    assert ward.table.loc["crimes", "trend"].startswith("From 2016 to 2025: ")
    small = of_area(known, "F01000007", "sa21")
    assert small.beside["ward"] in small.table.loc["crimes", "trend"]
    assert small.table.loc["poor_repair", "trend"] == ""
    assert small.followed


# ---------------------------------------------------------------------------- custom areas


def spots(known: Prepared, count: int) -> list[custom.CustomArea]:
    """Draw circles of several sizes around output areas all over the place."""
    random = np.random.default_rng(7)
    frame = known.blocks.frame
    middle = frame.geometry.representative_point()
    found = []
    while len(found) < count:
        at = int(random.integers(len(frame)))
        radius = float(random.uniform(250, 1500))
        try:
            found.append(
                custom.within_radius(
                    known.blocks,
                    middle.iloc[at].x,
                    middle.iloc[at].y,
                    radius,
                    name="Ours",
                    points=known.postcodes,
                )
            )
        except TooFewHouseholds:
            continue
    return found


@pytest.mark.slow
def test_the_true_figures_of_drawn_areas_lie_in_their_intervals_as_often_as_is_said(
    known: Prepared, households: pd.DataFrame
) -> None:
    held, whole = [], []
    for area in spots(known, 60):
        truth = true_rates(households[households["oa21"].isin(area.members)])
        table = of_custom(known, area).table.loc[truth.index]
        exact = table.loc[BY_CENSUS]
        assert np.allclose(exact["value"], truth[BY_CENSUS])
        estimated = table.drop(index=BY_CENSUS)
        inside = estimated["low"].le(truth[estimated.index]) & estimated["high"].ge(
            truth[estimated.index]
        )
        whole.append(inside.mean())
        error = errors(known, area)[estimated.index]
        off = (estimated["value"] - truth[estimated.index]).abs()
        held.append((off <= 1.96 * error + 1e-9).mean())
    # 60 areas of which some lie over one another: 95 % within about five points.
    assert np.mean(held) == pytest.approx(0.95, abs=0.05)
    assert np.mean(whole) >= 0.97


def errors(known: Prepared, area: custom.CustomArea) -> pd.Series:
    """Error of each figure from the splits, by the formula of the methods page, area by area."""
    frame, basis = known.blocks.frame, known.basis
    part = frame.loc[area.members]
    found = {}
    for id, item in basis.indicators.items():
        by = item.denominator if item.denominator in frame.columns else "households"
        by = "residents" if item.denominator is None else by
        share = part.groupby("base")[by].sum() / frame.groupby("base")[by].sum()
        variance = whole = 0.0
        for code, w in share.dropna().items():
            e, n = basis.events.loc[code, id], basis.people.loc[code, id]
            r = e / n
            chance = 0.0
            if item.numerator is not None:
                chance = (r * (1 - r) if item.part_of_denominator else r) / (2 * n)
            variance += w * (1 - w) * n**2 * (basis.roughness[id] / 4 + chance)
            whole += w * n
        found[id] = item.per * math.sqrt(variance) / whole
    return pd.Series(found)


def test_a_drawing_snaps_to_output_areas_and_equals_the_same_codes(known: Prepared) -> None:
    area = spots(known, 1)[0]
    again = custom.assembled(known.blocks, list(area.members), name="Ours")
    first, second = of_custom(known, area).table, of_custom(known, again).table
    pd.testing.assert_frame_equal(first, second)


def test_a_whole_small_area_assembled_has_its_own_figures(known: Prepared) -> None:
    area = custom.assembled(known.blocks, ["F01000007"], name="Ours")
    mine, theirs = of_custom(known, area).table, of_area(known, "F01000007", "sa21").table
    columns = ["value", "low", "high", "events", "people", "place", "ward"]
    pd.testing.assert_frame_equal(mine[columns], theirs[columns])
    assert set(mine["grade"]) == {"A"}


def test_the_index_value_of_an_own_area_is_called_inherited(known: Prepared) -> None:
    area = custom.assembled(known.blocks, ["F01000007", "F01000008"], name="Ours")
    standing = of_custom(known, area).standing
    assert standing is not None
    assert known.index is not None
    people = known.place.people[["F01000007", "F01000008"]]
    scores = known.index.scores[["F01000007", "F01000008"]]
    assert standing.value == pytest.approx((people * scores).sum() / people.sum())
    assert "inherited from the 2 small areas" in standing.sentence
    assert standing.label == "inherited from its small areas"
    higher = (known.level("sa21").need[known.level("sa21").ranked] > standing.value).sum()
    assert standing.rank == higher + 1


def few(known: Prepared, low: int, high: int) -> custom.CustomArea:
    """Put output areas of one small area together until there are so many households."""
    frame = known.blocks.frame
    for _, part in frame.groupby("base"):
        total = part["households"].cumsum()
        fits = total[(total >= low) & (total < high)]
        if len(fits):
            codes = list(part.index[: list(total.index).index(fits.index[0]) + 1])
            return custom.assembled(known.blocks, codes, name="Ours")
    raise AssertionError("no such part")


def test_below_400_households_there_is_no_rank(known: Prepared) -> None:
    profile = of_custom(known, few(known, 150, 400))
    assert profile.table["rank"].isna().all()
    assert profile.standing is not None
    assert math.isnan(profile.standing.rank)
    said = " ".join(profile.sentences())
    assert "fewer than 400 households" in said
    assert "have a higher" not in said


def test_below_100_households_there_is_no_profile(known: Prepared) -> None:
    frame = known.blocks.frame
    one = str(frame.index[frame["households"] < 100][0])
    with pytest.raises(TooFewHouseholds, match="give people away"):
        ask(known, Question(codes=one))


def test_the_likeness_of_an_own_area_is_that_of_its_figures(known: Prepared) -> None:
    area = custom.assembled(known.blocks, ["F01000007"], name="Ours")
    alike = of_custom(known, area).similar
    assert alike is not None
    assert known.standard is not None
    scores = known.standard.scores
    away = np.sqrt(((scores - scores.loc["F01000007"]) ** 2).mean(axis=1))
    away = away.drop("F01000007")  # it is made of it: to be like itself says nothing
    assert alike.table.index[0] == away.idxmin()
    assert alike.table["distance"].iloc[0] == pytest.approx(away.min(), abs=1e-6)
    assert alike.among == len(scores) - 1
    assert len(alike.table) == 15


# ---------------------------------------------------------------------------- questions


def test_a_drawn_file_a_radius_and_postcodes_are_understood(
    known: Prepared, tmp_path: Path
) -> None:
    frame = known.blocks.frame
    spot = frame.geometry.iloc[300].representative_point()
    circle = gpd.GeoSeries([spot.buffer(800)], crs=frame.crs).to_crs(4326)
    circle.to_file(tmp_path / "ours.geojson", driver="GeoJSON")
    drawn = ask(known, Question(shape=tmp_path / "ours.geojson"))
    around = ask(known, Question(around=f"{spot.x},{spot.y}", radius_m=800.0))
    pd.testing.assert_frame_equal(
        drawn.table.drop(columns=["sentence"]), around.table.drop(columns=["sentence"]), rtol=1e-9
    )
    assert known.postcodes is not None
    inside = known.postcodes[known.postcodes.within(spot.buffer(800))]
    lines = ["postcode", *(str(code).lower() for code in inside.index)]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    listed = ask(known, Question(postcodes=tmp_path / "list.txt"))
    assert listed.table["value"].equals(drawn.table["value"])
    middle = ask(known, Question(around=str(inside.index[0]).replace(" ", ""), radius_m=800.0))
    assert middle.area.households == pytest.approx(drawn.area.households or 0, rel=1.0)


def test_a_file_with_several_polygons_is_one_area(known: Prepared, tmp_path: Path) -> None:
    frame = known.blocks.frame
    two = frame.geometry.iloc[[300, 600]].representative_point().buffer(500).to_crs(4326)
    two.to_file(tmp_path / "two.geojson", driver="GeoJSON")
    both = profile_files.custom_area(known, Question(shape=tmp_path / "two.geojson"))
    whole = shapely.union_all(
        frame.geometry.iloc[[300, 600]].representative_point().buffer(500).to_numpy()
    )
    alone = custom.drawn(known.blocks, whole, name="x", points=known.postcodes)
    assert both.members.equals(alone.members)


@pytest.mark.parametrize(
    "question",
    [
        Question(),
        Question(area="F01000007"),
        Question(level="sa21"),
        Question(around="WX1 1AA"),
        Question(area="F01000007", level="sa21", codes="F01000007"),
    ],
)
def test_a_question_names_exactly_one_area(known: Prepared, question: Question) -> None:
    with pytest.raises(OneAreaOnly):
        ask(known, question)


def test_what_is_wrong_with_a_question_is_said(known: Prepared, tmp_path: Path) -> None:
    line = gpd.GeoSeries([shapely.LineString([(0, 0), (1, 1)])], crs=4326)
    line.to_file(tmp_path / "line.geojson", driver="GeoJSON")
    (tmp_path / "text.geojson").write_text("no shape")
    (tmp_path / "gone.txt").write_text("ZZ9 9ZZ\n")
    away = gpd.GeoSeries([shapely.box(0, 0, 0.01, 0.01)], crs=4326)
    away.to_file(tmp_path / "away.geojson", driver="GeoJSON")
    faults: list[tuple[Question, type[CommonGroundError]]] = [
        (Question(area="F01999999", level="sa21"), UnknownArea),
        (Question(area="F01000007", level="oa21"), UnknownLevel),
        (Question(shape=tmp_path / "line.geojson"), UnreadableShape),
        (Question(shape=tmp_path / "text.geojson"), UnreadableShape),
        (Question(shape=tmp_path / "none.geojson"), UnreadableShape),
        (Question(shape=tmp_path / "away.geojson"), OutsidePlace),
        (Question(postcodes=tmp_path / "gone.txt"), UnknownPieces),
        (Question(codes="F01000007,XX"), UnknownPieces),
        (Question(around="ZZ9 9ZZ", radius_m=500.0), UnreadablePlace),
        (Question(around="1,north", radius_m=500.0), UnreadablePlace),
        (Question(around="590000,440000", radius_m=-5.0), custom.UnusableDrawing),
    ]
    for question, fault in faults:
        with pytest.raises(fault):
            ask(known, question)


# -------------------------------------------------------------------------------- files


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_says_and_writes_the_same_profile(
    demo_place: Path, known: Prepared, tmp_path: Path
) -> None:
    asked = ["--area", "F05000003", "--level", "wd25", "--out", tmp_path / "ward.csv"]
    done = call("profile", demo_place, *asked)
    assert done.exit_code == 0, done.output
    expected = of_area(known, "F05000003", "wd25")
    for sentence in expected.sentences():
        assert sentence in done.output
    assert "(a fictional place)" in done.output
    for text in expected.table["definition"]:
        assert text in done.output
    written = pd.read_csv(tmp_path / "ward.csv", dtype={"area_code": "str"})
    assert np.allclose(written["value"], expected.table["value"])
    assert set(written["area_code"]) == {"F05000003"}
    assert {"low", "high", "rank", "of", "grade", "source", "definition"} <= set(written.columns)
    profile_files.write(expected, tmp_path / "ward.xlsx", place="demo")
    sheet = pd.read_excel(tmp_path / "ward.xlsx")
    assert np.allclose(sheet["value"], expected.table["value"])
    profile_files.write(expected, tmp_path / "ward.json", place="demo")
    told = json.loads((tmp_path / "ward.json").read_text(encoding="utf-8"))
    assert told["area"]["name"] == expected.area.name
    assert len(told["similar"]) == 15
    assert told["sentences"] == expected.sentences()
    values = {row["indicator"]: row["value"] for row in told["indicators"]}
    assert values == pytest.approx(expected.table["value"].to_dict())
    assert all(row["ward"] is None for row in told["indicators"] if "ward" in row)


def test_the_command_refuses_in_one_sentence(demo_place: Path, tmp_path: Path) -> None:
    done = call("profile", demo_place, "--codes", "F00000001", "--out", tmp_path / "o.csv")
    assert done.exit_code == 1
    assert "at least 100 households" in done.output
    assert not (tmp_path / "o.csv").exists()
    assert call("profile", demo_place).exit_code == 1
    wrong = call("profile", demo_place, "--codes", "F00000001", "--out", tmp_path / "o.docx")
    assert wrong.exit_code == 1
    assert ".csv" in wrong.output


# -------------------------------------------------------------------- a tiny drawn place


@pytest.fixture
def package_grid(package: Path) -> Path:
    """The grid with more homes in its squares, and a figure of England."""
    head, *rows = (package / "base.csv").read_text().splitlines()
    lines = []
    for row in rows:
        code, people, homes, crowded = row.split(",")
        lines.append(f"{code},{20 * int(people)},{20 * int(homes)},{15 * int(crowded)}")
    (package / "base.csv").write_text("\n".join([head, *lines]) + "\n")
    toml = package / "place.toml"
    old = 'denominator = "households"'
    toml.write_text(toml.read_text().replace(old, f"{old}\nengland = 4.4"))
    return package


def test_without_blocks_an_own_area_is_made_of_whole_small_areas(package_grid: Path) -> None:
    known = prepare(place.load(package_grid))
    # Columns 1 and 2 of the grid are wholly in it, column 3 by less than half.
    drawn = custom.drawn(known.blocks, shapely.box(400_000, 200_000, 400_240, 200_400), name="Ours")
    assert drawn.members.tolist() == [f"{c:02d}{r:02d}" for c in (1, 2) for r in (1, 2, 3, 4)]
    table = of_custom(known, drawn).table
    base = known.place.base.loc[drawn.members]
    value = 100 * base["crowded"].sum() / base["households"].sum()
    assert table.loc["crowded", "value"] == pytest.approx(value)
    assert table.loc["crowded", "grade"] == "A"
    assert table.loc["crowded", "england"] == 4.4


def test_postcodes_without_homes_share_those_of_their_small_area(package_grid: Path) -> None:
    # Three postcodes in the south-west square, one in its neighbour to the east, one beyond all.
    rows = ["ZZ1 1AA,400010,200010", "ZZ1 1AB,400020,200020", "ZZ1 1AC,400090,200090"]
    rows += ["ZZ1 1AD,400150,200050", "ZZ1 1AE,10,10"]
    (package_grid / "postcodes.csv").write_text("\n".join(["postcode,x,y", *rows]) + "\n")
    with (package_grid / "place.toml").open("a") as toml:
        toml.write('\n[postcodes]\nfile = "postcodes.csv"\n')
    known = prepare(place.load(package_grid))
    points = known.postcodes
    assert points is not None
    assert "ZZ1 1AE" not in points.index
    first = points.loc["ZZ1 1AA", "block"]
    homes = known.place.base.loc[first, "households"]
    mine = points[points["block"] == first]
    assert mine["households"].tolist() == pytest.approx([homes / 3] * 3)
    # A square without a postcode is measured at its middle.
    assert set(points["block"]) == set(known.place.base.index)
    total = points.groupby("block")["households"].sum()
    expected = known.place.base["households"].astype(float)
    assert total.to_dict() == pytest.approx(expected.to_dict())
    assert known.counting == "postcodes"
    area = ask(known, Question(around="zz11aa", radius_m=600, name="Round us"))
    assert "measured by postcodes" in area.area.how
    assert "at least half of its postcodes do" in area.area.how


def test_a_split_ward_of_the_grid_is_what_its_halves_add_up_to(package_grid: Path) -> None:
    known = prepare(place.load(package_grid))
    base = known.place.base
    whole = [f"01{r:02d}" for r in (1, 2, 3, 4)]
    half = [f"02{r:02d}" for r in (1, 2, 3, 4)]
    events = base.loc[whole, "crowded"].sum() + base.loc[half, "crowded"].sum() / 2
    homes = base.loc[whole, "households"].sum() + base.loc[half, "households"].sum() / 2
    row = of_area(known, "W1", "wd").table.loc["crowded"]
    assert row["value"] == pytest.approx(100 * events / homes)
    assert (row["events"], row["people"]) == pytest.approx((events, homes))
    assert row["grade"] != "A"
    assert row["of"] == 2


def test_a_place_without_households_or_postcodes_says_so(package_grid: Path) -> None:
    known = prepare(place.load(package_grid))
    with pytest.raises(NoPostcodes):
        ask(known, Question(postcodes=package_grid / "base.csv"))
    path = package_grid / "base.csv"
    path.write_text(path.read_text().replace("households", "homes", 1))
    toml = package_grid / "place.toml"
    toml.write_text(toml.read_text().replace('"households"', '"homes"'))
    bare = prepare(place.load(package_grid))
    with pytest.raises(HouseholdsUnknown):
        ask(bare, Question(codes="0101,0102"))


def test_a_place_without_indicators_has_nothing_to_show(package_grid: Path) -> None:
    toml = package_grid / "place.toml"
    text = toml.read_text()
    start, end = text.index("[[indicators]]"), text.index("[index]")
    toml.write_text(text[:start] + text[end:])
    with pytest.raises(NothingToShow):
        prepare(place.load(package_grid))


def test_too_few_areas_leave_likeness_and_type_out(package_grid: Path) -> None:
    known = prepare(place.load(package_grid))
    found: Profile = of_area(known, "W1", "wd")
    assert found.similar is None
    assert found.table["value"].notna().all()
