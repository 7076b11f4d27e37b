"""A place package is read whole, and every fault of it is named at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point, Polygon

from budgets import errors as money
from budgets.need_errors import FormulaNotUnderstood
from data import errors, place
from data.settings import parse
from geo.errors import CommonGroundError, NotPolygons, SeveralFaults
from geo.faults import LayerError
from indices import errors as index_errors
from indices.indicators import Indicator

Edit = Callable[..., Path]


def fault_of(folder: Path) -> CommonGroundError:
    with pytest.raises(CommonGroundError) as caught:
        place.load(folder)
    return caught.value


def kinds(error: CommonGroundError) -> set[type]:
    return {type(fault) for fault in getattr(error, "faults", (error,))}


# ------------------------------------------------------------------------------ a good one


def test_a_whole_package_is_read_in_the_order_of_its_codes(package: Path) -> None:
    found = place.load(package)
    assert (found.id, found.name, found.fictional) == ("grid", "Gridley", True)
    assert list(found.layers) == ["sq", "wd", "dist", "lep", "gp"]
    assert found.layers["sq"].index.name == found.base.index.name == "sq"
    assert found.layers["sq"].index[0] == "0101"
    assert found.layers["sq"].index.equals(found.base.index)
    assert found.people["0101"] == 13.0
    assert found.people.sum() == sum(10 * n + 3 for n in range(1, 17))
    assert found.streams["amount_pence"].tolist() == [10000, 25001, -703, 99999]
    assert found.settings.levels == ("sq", "wd", "dist", "lep")


def test_rows_in_any_order_give_the_same_place(package: Path) -> None:
    first = place.load(package)
    for name in ("base.csv", "domains.csv"):
        head, *rows = (package / name).read_text().splitlines()
        (package / name).write_text("\n".join([head, *reversed(rows)]) + "\n")
    again = place.load(package)
    pd.testing.assert_frame_equal(first.base, again.base)
    pd.testing.assert_frame_equal(first.domains, again.domains)


def test_an_indicator_is_a_ratio_in_its_own_unit(package: Path) -> None:
    found = place.load(package).indicators["crowded"]
    # One crowded home of 13 // 2 = 6.
    assert found.loc["0101", "value"] == pytest.approx(100 / 6)


def test_an_indicator_may_have_gaps_and_nobody_to_divide_by(package: Path, edit: Edit) -> None:
    edit("base.csv", "0101,13,6,1", "0101,13,0,0")
    edit("base.csv", "0102,23,11,1", "0102,23,11,..")
    found = place.load(package).indicators["crowded"]["value"]
    assert found[["0101", "0102"]].isna().all()
    assert found.notna().sum() == 14


def test_a_part_that_is_more_than_the_whole_is_refused_by_area(package: Path, edit: Edit) -> None:
    edit("base.csv", "0101,13,6,1", "0101,13,6,7")
    with pytest.raises(index_errors.NumeratorAboveDenominator, match=r"base\.csv, crowded.*0101"):
        place.load(package)
    edit(
        "place.toml",
        'denominator = "households"\n',
        'denominator = "households"\npart_of_denominator = false\n',
    )
    assert place.load(package).indicators["crowded"].loc["0101", "value"] == pytest.approx(700 / 6)


def test_a_formula_with_a_fault_is_refused_with_all_others(package: Path, edit: Edit) -> None:
    (package / "care.toml").write_text('schema = 1\n[formula]\nid = "care"\n', encoding="utf-8")
    edit("place.toml", "[need]\n", '[need]\nformulas = ["care.toml"]\n')
    edit("base.csv", "0101,13,6,1", "0101,13,6,7")
    with pytest.raises(SeveralFaults) as caught:
        place.load(package)
    assert [type(fault) for fault in caught.value.faults] == [
        index_errors.NumeratorAboveDenominator,
        FormulaNotUnderstood,
    ]


def test_a_numerator_alone_is_a_count(package: Path, edit: Edit) -> None:
    edit("place.toml", 'denominator = "households"\n', "")
    edit("place.toml", 'unit = "%"', 'unit = "homes"')
    found = place.load(package)
    assert found.indicators["crowded"].loc["0101", "value"] == 1.0
    assert found.settings.indicators[0].as_indicator("sq")["kind"] == "count"


def test_a_definition_is_whole_and_what_is_not_given_is_said_to_be_so(package: Path) -> None:
    item = place.load(package).settings.indicators[0]
    found = Indicator.model_validate(item.as_indicator("sq"))
    assert (found.kind, found.per, found.vintage) == ("rate", 100.0, "sq")
    assert (found.source, found.date, found.theme) == ("not stated",) * 3


@pytest.mark.parametrize(
    ("line", "fault", "detail"),
    [
        ('kind = "score"', index_errors.IndicatorFault, "a score needs a value"),
        ('vintage = "lsoa11"', errors.WrongSetting, "the base layer is sq"),
        ('disclosure = "secret"', index_errors.IndicatorFault, "hospital-records"),
        ("per = -1.0", errors.WrongSetting, "greater than 0"),
    ],
)
def test_a_definition_that_contradicts_itself_is_refused(
    package: Path, edit: Edit, line: str, fault: type[Exception], detail: str
) -> None:
    edit("place.toml", 'title = "Crowded homes"', f'title = "Crowded homes"\n{line}')
    with pytest.raises(fault, match=detail):
        place.load(package)


def test_the_content_hash_changes_with_any_named_file_and_with_no_other(package: Path) -> None:
    before = place.load(package).content_hash
    assert place.content_hash(package) == before
    (package / "notes.txt").write_text("not part of the place")
    assert place.content_hash(package) == before
    with (package / "base.csv").open("a") as file:
        file.write("\n")
    assert place.content_hash(package) != before


def test_all_parts_of_a_shapefile_count_as_inputs(package: Path, edit: Edit) -> None:
    frame = gpd.read_file(package / "wd.gpkg")
    frame.to_file(package / "wd.shp")
    edit("place.toml", 'file = "wd.gpkg"', 'file = "wd.shp"')
    assert {"wd.shp", "wd.dbf", "wd.shx", "wd.prj"} <= set(place.load(package).inputs)


# ------------------------------------------------------------------------------ place.toml


def test_a_folder_without_place_toml_is_no_place(tmp_path: Path) -> None:
    assert kinds(fault_of(tmp_path)) == {errors.NoPlaceFile}


def test_what_is_not_toml_is_named_with_its_line(package: Path, edit: Edit) -> None:
    error = fault_of(edit("place.toml", 'id = "grid"', "id = grid"))
    assert kinds(error) == {errors.UnreadableSettings}
    assert "line 3" in str(error)


def test_every_fault_of_place_toml_comes_at_once_with_its_key(package: Path, edit: Edit) -> None:
    edit("place.toml", 'name = "Gridley"\n', "")
    edit("place.toml", "fictional = true", "fictional = true\ntolerence = 0.1")
    edit("place.toml", "need_weight = 0.5", "need_weight = 1.5")
    error = fault_of(edit("place.toml", 'title = "Wards"', "title = 7"))
    assert kinds(error) == {errors.MissingSetting, errors.UnknownSetting, errors.WrongSetting}
    text = str(error)
    for spot in ("[place] name", "[place] tolerence", "[need] need_weight", "[[layers]] wd title"):
        assert spot in text


def test_a_truth_value_is_no_number(package: Path, edit: Edit) -> None:
    error = fault_of(edit("place.toml", "need_weight = 0.5", "need_weight = true"))
    assert kinds(error) == {errors.WrongSetting}


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ('layer = "sq"\ninside', 'layer = "squares"\ninside', errors.UnknownLayer),
        ('inside = "dist"', 'inside = "district"', errors.UnknownLayer),
        ('id = "gp"', 'id = "wd"', errors.DuplicateId),
        ('by = "lookup"\nfile = "sq_dist.csv"', 'by = "lookup"', errors.MissingSetting),
        ('by = "lookup"', 'by = "area"', errors.WrongSetting),
        ('numerator = "crowded"\n', "", errors.WrongSetting),
        ('id = "grid"', 'id = "Grid Ley"', errors.WrongSetting),
        ("schema = 1", "schema = 2", errors.WrongSetting),
    ],
)
def test_a_reference_or_a_choice_that_does_not_hold_is_refused(
    edit: Edit, old: str, new: str, kind: type
) -> None:
    assert kind in kinds(fault_of(edit("place.toml", old, new)))


def test_dates_may_be_written_as_toml_dates_or_as_text() -> None:
    raw = {
        "schema": 1,
        "place": {"id": "p", "name": "P"},
        "base": {"layer": "a", "inside": "a", "table": "t.csv"},
        "layers": [{"id": "a", "title": "A", "file": "a.gpkg", "date": pd.Timestamp(2025, 5, 1)}],
        "streams": {"file": "s.csv"},
    }
    raw["layers"][0]["date"] = raw["layers"][0]["date"].date()  # type: ignore[index]
    assert parse(raw).layers[0].date == "2025-05-01"


# ----------------------------------------------------------------------------------- files


def test_every_missing_file_is_named_and_the_others_are_still_checked(
    package: Path, edit: Edit
) -> None:
    (package / "wd.gpkg").unlink()
    (package / "domains.csv").unlink()
    error = fault_of(edit("base.csv", "0101,13,", "0101,many,"))
    assert kinds(error) == {errors.MissingFile, errors.NotANumber}
    missing = next(f for f in error.faults if isinstance(f, errors.MissingFile))  # type: ignore[attr-defined]
    assert missing.found == ("wd.gpkg", "domains.csv")


@pytest.mark.parametrize("path", ["../base.csv", "/etc/hostname", "..\\\\base.csv"])
def test_no_path_leads_out_of_the_package(package: Path, edit: Edit, path: str) -> None:
    (package.parent / "base.csv").write_text("code,residents\n")
    error = fault_of(edit("place.toml", 'table = "base.csv"', f'table = "{path}"'))
    assert errors.OutsidePackage in kinds(error)


def test_no_link_leads_out_of_the_package(package: Path) -> None:
    outside = package.parent / "outside.csv"
    (package / "base.csv").rename(outside)
    (package / "base.csv").symlink_to(outside)
    assert errors.OutsidePackage in kinds(fault_of(package))


# ---------------------------------------------------------------------------------- tables


@pytest.mark.parametrize(
    ("name", "old", "new", "kind", "shown"),
    [
        ("base.csv", "code,residents", "code,people", errors.WrongColumns, "residents"),
        ("base.csv", "0102,23", "0101,23", errors.DuplicateCode, "0101"),
        ("base.csv", "0102,23", ",23", errors.EmptyCode, "line 3"),
        ("base.csv", "0102,23", "102,23", errors.LeadingZerosLost, "102"),
        ("base.csv", "0102,23", "0102.0,23", errors.NumericCodes, "0102.0"),
        ("base.csv", "0102,23", "1.02E+02,23", errors.NumericCodes, "1.02E+02"),
        ("base.csv", "0102,23", "XX02,23", errors.UnknownCode, "XX02"),
        ("base.csv", "0102,23,11,1\n", "", errors.MissingCode, "0102"),
        ("base.csv", "0102,23,", "0102,twenty,", errors.NotANumber, "0102 'twenty'"),
        ("base.csv", "0102,23,", "0102,,", errors.NotANumber, "0102 ''"),
        ("base.csv", "0102,23,", "0102,inf,", errors.NotANumber, "0102 'inf'"),
        ("base.csv", "0102,23,", "0102,-23,", errors.OutOfRange, "0102 '-23'"),
        ("base.csv", "0102,23,11,1", "0102,23,11", errors.UnreadableTable, "line 3"),
        ("base.csv", "0102,23,11,1", "0102,23,11,1,9", errors.UnreadableTable, "line 3"),
        ("base.csv", "households,crowded", "households,", errors.UnreadableTable, "no name"),
        ("domains.csv", "code,income", "code,wealth", index_errors.MissingDomainColumn, "income"),
        ("domains.csv", "0101,1,", "0101,,", index_errors.MissingDomainValue, "0101"),
        ("domains.csv", "0101,1,", "0101,bad,", index_errors.NotANumber, "bad"),
        ("sq_dist.csv", "0102,D1", "0102,D9", errors.UnknownCode, "D9"),
        ("streams.csv", "100.00", "a lot", money.AmountNotUnderstood, "a lot"),
        ("streams.csv", "100.00", "", money.AmountMissing, "parks"),
        ("streams.csv", "fees exceed costs", "", money.NegativeWithoutReason, "fees"),
        ("streams.csv", "gp:G1", "gp:G7", money.UnknownArea, "gp:G7"),
        ("streams.csv", "gp:G1", "icb:G1", money.UnknownLayer, "icb"),
        ("streams.csv", "care,Care", "parks,Care", money.DuplicateStream, "parks"),
    ],
)
def test_each_fault_of_a_table_has_a_class_and_names_what_it_found(
    edit: Edit, name: str, old: str, new: str, kind: type[CommonGroundError], shown: str
) -> None:
    error = fault_of(edit(name, old, new))
    found = [f for f in getattr(error, "faults", (error,)) if isinstance(f, kind)]
    assert found, f"{kind.__name__} expected, got {error}"
    assert name in str(found[0]) or index_errors.__name__ == kind.__module__
    assert shown in str(found[0])
    assert kind.remedy in str(found[0])


def test_a_table_with_a_header_only_is_empty(package: Path) -> None:
    (package / "base.csv").write_text("code,residents,households,crowded\n")
    assert errors.EmptyTable in kinds(fault_of(package))


def test_a_table_that_is_not_text_is_refused(package: Path) -> None:
    (package / "base.csv").write_bytes(b"\xff\xfe\x00\x80" * 9)
    assert errors.UnreadableTable in kinds(fault_of(package))


def test_a_place_where_nobody_lives_is_refused(package: Path) -> None:
    rows = pd.read_csv(package / "base.csv", dtype=str).assign(residents="0")
    rows.to_csv(package / "base.csv", index=False)
    assert errors.NoPeople in kinds(fault_of(package))


def test_money_by_need_requires_an_index(package: Path, edit: Edit) -> None:
    index = '[index]\ndefinition = "index.toml"\nfile = "domains.csv"\nfrom = "ranks"\n'
    error = fault_of(edit("place.toml", index, ""))
    assert kinds(error) == {errors.NoIndex}
    assert error.found == ("care", "clinic")


def test_a_stream_over_a_layer_that_could_not_be_read_is_not_called_unknown(
    package: Path,
) -> None:
    (package / "gp.gpkg").unlink()
    assert kinds(fault_of(package)) == {errors.MissingFile}


# ---------------------------------------------------------------------------------- layers


def rewrite(folder: Path, **changes: object) -> Path:
    """Write the squares again, as a GeoJSON or GeoPackage that somebody got wrong."""
    frame = gpd.read_file(folder / "sq.gpkg").rename(columns={"sq": "code"})
    frame = frame.assign(**{k: v for k, v in changes.items() if k in ("code", "geometry")})
    if "crs" in changes:
        frame = frame.set_crs(changes["crs"], allow_override=True)  # type: ignore[call-overload]
    text = (folder / "place.toml").read_text().replace('code = "sq"', 'code = "code"', 1)
    (folder / "place.toml").write_text(text)
    (folder / "sq.gpkg").unlink()
    frame.to_file(folder / "sq.gpkg")
    return folder


def squares(folder: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "sq.gpkg")


def test_a_wrong_code_column_of_a_layer_is_named(edit: Edit) -> None:
    error = fault_of(edit("place.toml", 'code = "wd"', 'code = "WD25CD"'))
    assert isinstance(error, LayerError)
    assert "WD25CD" in str(error)
    assert "wd.gpkg" in str(error)


def test_duplicate_and_empty_codes_of_a_layer_are_named(package: Path) -> None:
    codes = squares(package)["sq"].tolist()
    codes[1], codes[2] = codes[0], ""
    error = fault_of(rewrite(package, code=codes))
    assert codes[0] in str(error)
    assert any(isinstance(f, LayerError) for f in getattr(error, "faults", (error,)))


def test_codes_that_lost_their_zeros_are_told_from_unknown_ones(package: Path) -> None:
    error = fault_of(rewrite(package, code=[int(code) for code in squares(package)["sq"]]))
    assert errors.LeadingZerosLost in kinds(error)


def test_points_are_no_areas(package: Path) -> None:
    count = len(squares(package))
    error = fault_of(rewrite(package, geometry=[Point(4e5, 2e5)] * count))
    assert any(isinstance(f, NotPolygons | LayerError) for f in getattr(error, "faults", (error,)))


def test_latitude_and_longitude_swapped_are_seen(package: Path) -> None:
    swapped = (
        squares(package)
        .to_crs("EPSG:4326")
        .geometry.map(lambda shape: Polygon([(y, x) for x, y in shape.geoms[0].exterior.coords]))
    )
    error = fault_of(rewrite(package, geometry=swapped.tolist(), crs="EPSG:4326"))
    assert isinstance(error, LayerError | SeveralFaults)
    assert "sq.gpkg" in str(error)


def test_a_layer_without_a_system_is_refused_unless_the_place_states_one(
    package: Path, edit: Edit
) -> None:
    frame = squares(package)
    frame.to_file(package / "bare.shp")
    (package / "bare.prj").unlink()
    edit("place.toml", 'file = "sq.gpkg"', 'file = "bare.shp"')
    error = fault_of(package)
    assert isinstance(error, LayerError)
    assert "bare.shp" in str(error)
    edit("place.toml", 'file = "bare.shp"', 'file = "bare.shp"\ncrs = "EPSG:27700"')
    assert len(place.load(package).layers["sq"]) == 16


def test_a_self_intersection_is_mended_and_noted(package: Path) -> None:
    shapes = squares(package).geometry.tolist()
    west, south, east, north = shapes[0].bounds
    shapes[0] = Polygon([(west, south), (east, north), (east, south), (west, north)])
    found = place.load(rewrite(package, geometry=shapes))
    notes = found.layers["sq"].attrs["notes"]
    assert [note["code"] for note in notes] == ["0101"]


def test_an_empty_layer_is_refused(package: Path) -> None:
    squares(package).iloc[:0].to_file(package / "sq.gpkg", layer="sq")
    error = fault_of(package)
    assert any(isinstance(f, LayerError) for f in getattr(error, "faults", (error,)))


def test_faults_of_several_files_come_together(package: Path, edit: Edit) -> None:
    edit("base.csv", "0102,23,", "0102,twenty,")
    edit("domains.csv", "0101,1,", "0101,,")
    edit("streams.csv", "100.00", "a lot")
    error = fault_of(edit("place.toml", 'code = "wd"', 'code = "WD25CD"'))
    assert isinstance(error, SeveralFaults)
    assert len(error.faults) == 4
    for name in ("base.csv", "Tiny", "streams.csv", "wd.gpkg"):
        assert name.lower() in str(error).lower()
