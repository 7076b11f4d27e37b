"""Published editions, brought to the column names that the definitions use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from indices.definitions import Definition, load, parse

DOMAIN_OF = {
    "Income": "income",
    "Employment": "employment",
    "Education": "education",
    "Health": "health",
    "Crime": "crime",
    "Housing_and_Access": "barriers",
    "Housing_and_Services": "barriers",
    "Environment": "living",
}


def _published(path: Path, layer: str) -> SimpleNamespace:
    """Read one published edition: domain ranks, domain scores, domain deciles, and the rest."""
    table = pd.read_csv(path, dtype={f"{layer}_code": str}).set_index(f"{layer}_code")
    table.index.name = layer

    def columns(ending: str) -> pd.DataFrame:
        names = {f"{title}_{ending}": id for title, id in DOMAIN_OF.items()}
        return table[[name for name in names if name in table]].rename(columns=names)

    return SimpleNamespace(
        table=table, ranks=columns("rank"), scores=columns("score"), deciles=columns("decile")
    )


@pytest.fixture(scope="session")
def iod2019(realdata: Path) -> SimpleNamespace:
    return _published(realdata / "england" / "imd2019_ranks_lsoa11.csv.gz", "lsoa11")


@pytest.fixture(scope="session")
def iod2025(realdata: Path) -> SimpleNamespace:
    return _published(realdata / "england" / "imd2025_lsoa21.csv.gz", "lsoa21")


@pytest.fixture(scope="session")
def file6(realdata: Path) -> pd.DataFrame:
    """Populations used as weights in 2019, with each area's district."""
    path = realdata / "england" / "imd2019_file6_denominators.xlsx"
    table = pd.read_excel(path, sheet_name="Population Denominators", dtype={0: str})
    table = table.iloc[:, [0, 2, 4, 5, 7, 8]]
    table.columns = ["lsoa11", "lad19", "people", "children", "older", "working_age"]
    return table.set_index("lsoa11")


@pytest.fixture
def two_domains() -> Callable[..., Definition]:
    """Make a small definition: two domains, any layer, any number of areas, changed as asked."""

    def make(**changes: object) -> Definition:
        raw = {
            "schema": 1,
            "id": "small",
            "title": "A small index",
            "edition": "test",
            "reference": "none",
            "weights_total": 1.0,
            "domains": [
                {"id": "income", "title": "Income", "weight": 0.6},
                {"id": "health", "title": "Health", "weight": 0.4},
            ],
        }
        return parse(raw | changes)

    return make


@pytest.fixture
def rate() -> Callable[..., dict]:
    """Make the table of an indicator: a rate per 100 of the column `people`, changed as asked."""

    def make(id: str, **changes: object) -> dict:
        raw = {
            "id": id,
            "title": id.title(),
            "unit": "%",
            "kind": "rate",
            "numerator": id,
            "denominator": "people",
            "per": 100,
            "direction": "high is worse",
            "source": "none",
            "vintage": "sa",
            "date": "2024",
            "theme": "any",
        }
        return {key: value for key, value in (raw | changes).items() if value is not None}

    return make


EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "census2021.toml"


@pytest.fixture(scope="session")
def census2021(realdata: Path) -> SimpleNamespace:
    """The example definition of the documentation, and the Census counts it is built from."""
    table = pd.read_csv(
        realdata / "england" / "census2021_counts_lsoa21.csv.gz", dtype={"lsoa21_code": str}
    ).set_index("lsoa21_code")
    table.index.name = "lsoa21"
    return SimpleNamespace(definition=load(EXAMPLE), table=table, path=EXAMPLE)
