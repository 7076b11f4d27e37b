"""A tiny place drawn on a grid, as a place package that a test may break.

Sixteen squares of 100 m in four columns and four rows, codes with leading zeros ("0101" is column
1, row 1). Two wards meet in the middle of column 2, the district is rows 1 to 3, two partnerships
overlap in the middle, and one consortium covers everything.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import Polygon, box

from geo import layers

EAST, NORTH, SIDE = 400_000, 200_000, 100
CRS = "EPSG:27700"

TOML = """\
schema = 1
[place]
id = "grid"
name = "Gridley"
fictional = true
[base]
layer = "sq"
inside = "dist"
table = "base.csv"
[[layers]]
id = "sq"
title = "Squares"
file = "sq.gpkg"
code = "sq"
name = "name"
level = true
source = "Drawn"
[[layers]]
id = "wd"
title = "Wards"
file = "wd.gpkg"
code = "wd"
level = true
[[layers]]
id = "dist"
title = "District"
file = "dist.gpkg"
code = "dist"
level = true
[layers.crosswalk]
by = "lookup"
file = "sq_dist.csv"
[[layers]]
id = "lep"
title = "Partnerships"
file = "lep.gpkg"
code = "lep"
level = true
[[layers]]
id = "gp"
title = "Consortium"
file = "gp.gpkg"
code = "gp"
[[indicators]]
id = "crowded"
title = "Crowded homes"
unit = "%"
file = "base.csv"
numerator = "crowded"
denominator = "households"
[index]
definition = "index.toml"
file = "domains.csv"
from = "ranks"
[streams]
file = "streams.csv"
[need]
need_weight = 0.5
neediest_per_head = 3.0
"""

INDEX = """\
schema = 1
id = "tiny"
title = "Tiny index"
edition = "2025"
layer = "sq"
transform = "rank"
weights_total = 1.0
reference = "drawn for tests"
[[domains]]
id = "income"
title = "Income"
weight = 0.75
[[domains]]
id = "health"
title = "Health"
weight = 0.25
"""

STREAMS = """\
id,title,agency,amount,reason,covers,method,held_at,year,kind,status
parks,Parks,Council,100.00,,dist:D1,people,dist,2025-26,revenue,budget
care,Care,Council,250.01,,dist:D1,need,dist,2025-26,revenue,budget
fees,Fees,Council,-7.03,fees exceed costs,,place-wide,dist,2025-26,revenue,budget
clinic,Clinics,NHS,999.99,,gp:G1,need,gp,2025-26,revenue,budget
"""

COLUMNS = ROWS = range(1, 5)
CODES = [f"{column:02d}{row:02d}" for column in COLUMNS for row in ROWS]
PEOPLE = {code: 10 * position + 3 for position, code in enumerate(CODES, 1)}
INCOME = {code: 1 + (7 * position) % 16 for position, code in enumerate(CODES)}
HEALTH = {code: 1 + (5 * position + 3) % 16 for position, code in enumerate(CODES)}


def rectangle(west: float, south: float, east: float, north: float) -> Polygon:
    return box(EAST + west, NORTH + south, EAST + east, NORTH + north)


def square(code: str) -> Polygon:
    column, row = int(code[:2]), int(code[2:])
    return rectangle(SIDE * (column - 1), SIDE * (row - 1), SIDE * column, SIDE * row)


def write_layer(folder: Path, id: str, shapes: dict[str, Polygon]) -> None:
    frame = gpd.GeoDataFrame(
        {"code": list(shapes), "name": [f"Area {code}" for code in shapes]},
        geometry=list(shapes.values()),
        crs=CRS,
    )
    layers.write(layers.validate(frame, code="code", name="name", id=id), folder / f"{id}.gpkg")


def write_package(folder: Path) -> Path:
    folder.mkdir(parents=True)
    write_layer(folder, "sq", {code: square(code) for code in CODES})
    write_layer(folder, "wd", {"W1": rectangle(0, 0, 150, 400), "W2": rectangle(150, 0, 400, 400)})
    write_layer(folder, "dist", {"D1": rectangle(0, 0, 400, 300)})
    write_layer(folder, "lep", {"L1": rectangle(0, 0, 250, 400), "L2": rectangle(150, 0, 400, 400)})
    write_layer(folder, "gp", {"G1": rectangle(0, 0, 400, 400)})
    files = {
        "place.toml": TOML,
        "index.toml": INDEX,
        "streams.csv": STREAMS,
        "base.csv": "code,residents,households,crowded\n"
        + "".join(f"{code},{PEOPLE[code]},{PEOPLE[code] // 2},1\n" for code in CODES),
        "domains.csv": "code,income,health\n"
        + "".join(f"{code},{INCOME[code]},{HEALTH[code]}\n" for code in CODES),
        "sq_dist.csv": "source_code,target_code\n"
        + "".join(f"{code},D1\n" for code in CODES if int(code[2:]) <= 3),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def written_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_package(tmp_path_factory.mktemp("drawn") / "grid")


@pytest.fixture
def package(written_once: Path, tmp_path: Path) -> Path:
    """Folder of the tiny place package, to be broken at will."""
    return Path(shutil.copytree(written_once, tmp_path / "grid"))


@pytest.fixture
def edit(package: Path) -> Callable[..., Path]:
    """Replace a text in a file of the package; it must be there."""

    def replace(name: str, old: str, new: str, *, times: int = 1) -> Path:
        path = package / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, times), encoding="utf-8")
        return package

    return replace
