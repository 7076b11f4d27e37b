"""The kernel against GEOS on every pair of real layers: the same pairs, the same square metres."""

from __future__ import annotations

from functools import cache
from itertools import combinations_with_replacement, product
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from geo import layers
from geo.errors import InvalidPolygons
from geo.overlap import Overlaps, areas
from geo.packed import pack, plainly_valid

pytestmark = pytest.mark.realdata

NATIONAL = {
    "lsoa21": ("lsoa21_bgc.parquet", "LSOA21CD"),
    "lsoa11": ("lsoa11_simplified.gpkg", "lsoa11_code"),
    "wd25": ("wd25_bgc.parquet", "WD25CD"),
    "ltla21": ("ltla21_simplified.gpkg", "ltla21_code"),
    "utla21": ("utla21_simplified.gpkg", "utla21_code"),
    "ccg21": ("ccg21_simplified.gpkg", "ccg21_code"),
    "pfa20": ("pfa20_simplified.gpkg", "pfa20_code"),
    "lep20": ("lep20_as_published.geojson", "lep20cd"),
    "sicbl22": ("sicbl22_bsc.geojson", "SICBL22CD"),
    "pcn20": ("pcn20.shp", "PCN_Code"),
}
COARSE = ("ltla21", "utla21", "ccg21", "pfa20", "lep20", "sicbl22", "pcn20")
CITIES = ("bristol", "newcastle_upon_tyne", "sunderland", "stoke_on_trent", "lichfield")
CODES = {
    "lsoa11_imd2019": "LSOA11CD",
    "lsoa21_imd2025_ward24": "LSOA21CD",
    "ward25": "WD25CD",
    "ward21_simplified": "ward21_code",
    "oa11_martinjc": "OA11CD",
}


@cache
def national(folder: Path, layer: str) -> gpd.GeoDataFrame:
    file, code = NATIONAL[layer]
    return layers.read(folder / "england" / file, code=code, id=layer)


@cache
def city_layers(folder: Path, city: str) -> dict[str, gpd.GeoDataFrame]:
    file = folder / "cities" / f"{city}.gpkg"
    return {
        table: layers.read(file, code=CODES[table], layer=table, id=table)
        for table, _ in pyogrio.list_layers(file)
    }


def by_pair(found: Overlaps) -> dict[tuple[int, int], float]:
    pairs = zip(found.source.tolist(), found.target.tolist(), strict=True)
    return dict(zip(pairs, found.area_m2.tolist(), strict=True))


def assert_engines_agree(source: gpd.GeoDataFrame, target: gpd.GeoDataFrame) -> int:
    """Compare the engines pair by pair, to a millionth of a square metre or 13 digits."""
    by_kernel = by_pair(areas(source, target, engine="kernel"))
    by_geos = by_pair(areas(source, target, engine="shapely"))
    size = np.asarray(source.area), np.asarray(target.area)
    for pair in by_kernel.keys() | by_geos.keys():
        allowed = 1e-6 + 1e-13 * min(size[0][pair[0]], size[1][pair[1]])
        assert abs(by_kernel.get(pair, 0.0) - by_geos.get(pair, 0.0)) <= allowed, pair
    return len(by_geos)


@pytest.mark.parametrize(("source", "target"), [*combinations_with_replacement(COARSE, 2)])
def test_national_layers_agree(realdata: Path, source: str, target: str) -> None:
    assert assert_engines_agree(national(realdata, source), national(realdata, target)) >= 38


@pytest.mark.parametrize(("source", "target"), [*product(("lsoa11", "lsoa21"), (*COARSE, "wd25"))])
def test_every_fortieth_small_area_agrees_with_every_national_layer(
    realdata: Path, source: str, target: str
) -> None:
    small = national(realdata, source).iloc[::40]
    assert assert_engines_agree(small, national(realdata, target)) > 700


@pytest.mark.parametrize("city", CITIES)
def test_layers_of_a_city_agree_with_one_another(realdata: Path, city: str) -> None:
    found = city_layers(realdata, city)
    for source, target in combinations_with_replacement(found, 2):
        assert assert_engines_agree(found[source], found[target]) > 20, (source, target)


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("target", ["wd25", "ccg21", "lep20", "pcn20", "pfa20"])
def test_layers_of_a_city_agree_with_the_agencies_layers(
    realdata: Path, city: str, target: str
) -> None:
    for table, layer in city_layers(realdata, city).items():
        assert assert_engines_agree(layer, national(realdata, target)) > 20, table


@pytest.mark.slow
def test_all_small_areas_of_england_agree_with_its_wards(realdata: Path) -> None:
    source, target = national(realdata, "lsoa21"), national(realdata, "wd25")
    by_kernel, by_geos = areas(source, target), areas(source, target, engine="shapely")
    found, expected = by_pair(by_kernel), by_pair(by_geos)
    assert len(found) > 95_000
    assert max(abs(found.get(k, 0.0) - expected.get(k, 0.0)) for k in found | expected) < 1e-6
    held = np.bincount(by_kernel.source, by_kernel.area_m2, minlength=len(source))
    assert (held <= source.area * (1 + 1e-9)).all()
    assert held.sum() == pytest.approx(by_geos.area_m2.sum(), rel=1e-12)


def test_rings_invalid_as_published_are_named_by_their_codes(realdata: Path) -> None:
    published = gpd.read_parquet(realdata / "england" / "lsoa21_bgc.parquet")
    metres = published.set_index("LSOA21CD").to_crs("EPSG:27700")
    invalid = metres.index[~metres.is_valid]
    assert len(invalid) > 0
    with pytest.raises(InvalidPolygons) as caught:
        areas(metres, national(realdata, "wd25"), engine="kernel")
    assert set(caught.value.found) == set(invalid)


@pytest.mark.parametrize("layer", ["lsoa21", "lsoa11", "wd25", "pcn20"])
def test_nearly_all_real_polygons_are_proved_valid_without_geos(realdata: Path, layer: str) -> None:
    shapes = np.asarray(national(realdata, layer).geometry.values, dtype=object)
    proved = plainly_valid(pack(shapes), threads=2)
    assert proved.mean() > 0.95
    assert shapely.is_valid(shapes[proved]).all()
