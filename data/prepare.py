"""Shapes of a place made simple for the screen, once.

In: a `Place`. Out: a folder under the home folder with one GeoJSON file a layer, its name carrying
its hash, and `shapes.json`, which says which file is whose.
"""

from __future__ import annotations

import json
from pathlib import Path

from data import folders
from data.home import home
from data.place import Place
from geo import display

INDEX = "shapes.json"
# At the width of a large screen a place of this many pixels is drawn; finer detail is not seen.
PIXELS = 2000.0


def prepare(place: Place) -> Path:
    """Return the folder of a place's simplified shapes and make it the first time.

    It is `home()/places/<id>-<first 12 of the content hash>/shapes`, so that a place that changes
    gets another folder and no browser shows stale shapes.
    """
    folder = home() / "places" / f"{place.id}-{place.package_hash[:12]}" / "shapes"
    if (folder / INDEX).is_file():
        return folder
    with folders.whole(folder, replaceable=lambda _: True) as draft:
        names = {}
        for layer, frame in place.layers.items():
            left, bottom, right, top = frame.total_bounds
            tolerance_m = max(right - left, top - bottom) / PIXELS
            simple = display.simplify(frame, tolerance_m=tolerance_m)
            names[layer] = display.write(simple, draft, layer).name
        (draft / INDEX).write_text(json.dumps(names, indent=1), encoding="utf-8")
    return folder
