"""Drawn layers that the tests of the floor share."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

BRISTOL = (358000.0, 172000.0)

Draw = Callable[..., gpd.GeoDataFrame]


@pytest.fixture
def squares() -> Draw:
    """Return a function that draws a row of 100 m squares near Bristol, one a code."""

    def draw(*codes: object, crs: object = "EPSG:27700", column: str = "code") -> gpd.GeoDataFrame:
        x, y = BRISTOL
        shapes = [
            shapely.box(x + 100 * i, y, x + 100 * (i + 1), y + 100) for i in range(len(codes))
        ]
        frame = gpd.GeoDataFrame({column: list(codes)}, geometry=shapes, crs="EPSG:27700")
        return frame if crs == "EPSG:27700" else frame.to_crs(crs)

    return draw


@pytest.fixture
def zipped() -> Callable[[Path], Path]:
    """Return a function that packs a Shapefile's parts into a zip file beside it."""

    def pack(shapefile: Path) -> Path:
        archive = shapefile.with_suffix(".zip")
        with zipfile.ZipFile(archive, "w") as packed:
            for part in shapefile.parent.glob(f"{shapefile.stem}.*"):
                if part != archive:
                    packed.write(part, part.name)
        return archive

    return pack


@pytest.fixture
def open_page(chromium: str) -> Iterator[Callable[..., Any]]:
    """Return a function that opens an address and gives the page, with what it asked and said."""
    from playwright.sync_api import sync_playwright

    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=quiet)

        def opened(address: str, *, width: int = 1280) -> Any:
            page: Any = browser.new_page(viewport={"width": width, "height": 900})
            page.requests, page.complaints = [], []
            page.on("request", lambda request: page.requests.append(request.url))
            page.on("console", lambda message: page.complaints.append(message.text))
            page.on("pageerror", lambda error: page.complaints.append(str(error)))
            page.goto(address)
            return page

        yield opened
        browser.close()
