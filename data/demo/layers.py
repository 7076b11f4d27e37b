"""The layers of the demo place: shapes, codes and names.

In: plots and who they belong to. Out: a GeoDataFrame a layer, in the form that `geo.layers` writes
(index of text codes named by the layer's id), and the codes of every plot.

Codes follow the English pattern with an F (for fiction) where England has an E. Police units are
`01` and `02` and consortia `0E1` and `0E2`, which careless readers take for 1, 2, 0 and 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.demo import names
from data.demo.areas import Areas
from data.demo.arrays import Ints, middles
from data.demo.land import KIND, KINDS, ORIGIN, Land
from data.demo.noise import chance
from data.demo.plots import Plots
from data.demo.practices import CONSORTIUM_CODES

CRS = "EPSG:27700"
SA, OA, WARD, DISTRICTS = "sa21", "oa21", "wd25", "lad25"
COUNTY, PLACE = "cty25", "place25"
CONSORTIUM, PARTNERSHIP, POLICE, FORUM = "con24", "lep20", "pol24", "forum25"
COUNTRY_KINDS = ("farmland", "moor", "village", "town")
COMPASS = ("East", "North", "West", "South")


@dataclass(frozen=True)
class Layers:
    """Every layer by its id, and `codes`: for every plot (rows) the code in each layer.

    A plot outside a layer has the code "". Partnerships overlap, so they have two columns of
    their own: `lep20_0` and `lep20_1`.
    """

    frames: dict[str, gpd.GeoDataFrame]
    codes: pd.DataFrame


def make(land: Land, plots: Plots, homes: Ints, areas: Areas, *, seed: int) -> Layers:
    """Dissolve the plots to every layer and give each area its code and name."""
    quarters = quarter_names(land, plots, homes, areas, seed=seed)
    pieces, first = _common_pieces(plots, areas)
    whole = {
        SA: (areas.sa, _codes("F01", areas.sa), _sa_names(areas, quarters)),
        OA: (areas.oa, _codes("F00", areas.oa), _codes("F00", areas.oa)),
        WARD: (areas.ward, _codes("F05", areas.ward), _ward_names(areas, homes, quarters)),
        DISTRICTS: (areas.authority, _codes("F07", areas.authority), names.AUTHORITIES),
        COUNTY: (np.zeros_like(areas.authority), ["F10000001"], [names.COUNTY]),
        PLACE: (np.where(areas.authority == 0, 0, -1), ["F07000001"], [names.PLACE]),
        CONSORTIUM: (areas.consortium, CONSORTIUM_CODES, names.CONSORTIA),
        POLICE: (areas.police, ("01", "02"), names.POLICE_UNITS),
        FORUM: (areas.forum, [f"{n:04d}" for n in range(1, 5)], names.FORUMS),
    }
    frames = {
        layer: _frame(layer, dissolve(pieces, number[first]), codes, titles)
        for layer, (number, codes, titles) in whole.items()
    }
    partnerships = [f"F37{n:06d}" for n in (1, 2)]
    shapes = [shapely.coverage_union_all(pieces[part[first]]) for part in areas.partnerships.T]
    frames[PARTNERSHIP] = _frame(
        PARTNERSHIP, np.array(shapes), partnerships, list(names.PARTNERSHIPS)
    )
    of_plot = {layer: np.array([*codes, ""])[number] for layer, (number, codes, _) in whole.items()}
    for number, code in enumerate(partnerships):
        of_plot[f"{PARTNERSHIP}_{number}"] = np.where(areas.partnerships[:, number], code, "")
    return Layers(frames, pd.DataFrame(of_plot))


def _common_pieces(plots: Plots, areas: Areas) -> tuple[np.ndarray, Ints]:
    """Join plots that no layer parts; return the joined pieces and one plot of each.

    Every layer is then dissolved from fewer pieces, with the same borders.
    """
    parts = (areas.oa, areas.ward, areas.consortium, areas.police)
    every = np.stack([*parts, *areas.partnerships.T], axis=1)
    _, first, piece = np.unique(every, axis=0, return_index=True, return_inverse=True)
    return dissolve(plots.polygons, piece.reshape(-1)), first


def dissolve(polygons: np.ndarray, number: Ints) -> np.ndarray:
    """Join the plots of each area; borders between plots of two areas stay as they are."""
    order = np.argsort(number, kind="stable")
    order = order[number[order] >= 0]
    starts = np.flatnonzero(np.r_[True, np.diff(number[order]) != 0])
    parts = np.split(polygons[order], starts[1:])
    return np.array([shapely.coverage_union_all(part) for part in parts], dtype=object)


def quarter_names(land: Land, plots: Plots, homes: Ints, areas: Areas, *, seed: int) -> list[str]:
    """Name each quarter: after its village in the country, after its kind of streets in town."""
    n = int(areas.quarter.max()) + 1
    stock = {kind: list(found) for kind, found in names.QUARTERS.items()}
    mix = np.zeros((n, len(KINDS)))
    np.add.at(mix, (areas.quarter, plots.kind), homes)
    middle = middles(areas.quarter, plots.seeds - ORIGIN, homes + 1e-6)
    spots, titles, radius = _settlements(land, seed)
    given: list[str] = []
    for quarter in range(n):
        kind = KINDS[int(mix[quarter].argmax())].name
        if stock.get(kind):
            given.append(stock[kind].pop(0))
            continue
        # The settlement that is large for its distance gives the name.
        weight = np.hypot(*(spots - middle[quarter]).T) / radius
        best = next(place for place in np.argsort(weight) if titles[place] or kind in KIND)
        given.append(_fresh(titles[best], middle[quarter] - spots[best], given))
    return given


def _settlements(land: Land, seed: int) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Return the middle, name and radius of every town and village."""
    stock = list(names.VILLAGES)
    chance(seed, "village names").shuffle(stock)
    places = land.settlements
    titles = [place.name or stock.pop() for place in places]
    spots = np.array([[place.x, place.y] for place in places])
    return spots, titles, np.array([place.radius_m for place in places])


def _fresh(name: str, offset: np.ndarray, given: Sequence[str]) -> str:
    """Return the name, or the name with a point of the compass where it is taken."""
    side = int(np.round(np.arctan2(offset[1], offset[0]) / (np.pi / 2))) % 4
    tries = [name, *(f"{name} {COMPASS[(side + turn) % 4]}" for turn in (0, 1, 3, 2))]
    tries += [f"{name} {word}" for word in names.COMPASS]
    return next(text for text in tries if text not in given)


def _codes(prefix: str, number: Ints) -> list[str]:
    return [f"{prefix}{n:06d}" for n in range(1, int(number.max()) + 2)]


def _sa_names(areas: Areas, quarters: Sequence[str]) -> list[str]:
    """Name small areas as the census does: the quarter, its number and a letter."""
    first = np.unique(areas.sa, return_index=True)[1]
    parent = areas.quarter[first]
    rank = pd.Series(parent).groupby(parent).cumcount()
    return [
        f"{quarters[quarter]} {quarter + 1:03d}{chr(ord('A') + letter)}"
        for quarter, letter in zip(parent, rank, strict=True)
    ]


def _ward_names(areas: Areas, homes: Ints, quarters: Sequence[str]) -> list[str]:
    """Name wards after the quarters that most of their homes are in, each name once."""
    inside = areas.ward >= 0
    homes_in = np.zeros((int(areas.ward.max()) + 1, len(quarters)))
    np.add.at(homes_in, (areas.ward[inside], areas.quarter[inside]), homes[inside])
    share = homes_in / homes_in.sum(axis=1, keepdims=True)
    given: dict[int, str] = {}
    used: set[int] = set()
    for ward in np.argsort(-share.max(axis=1), kind="stable"):
        order = np.argsort(-share[ward], kind="stable")
        free = [int(q) for q in order if q not in used and share[ward, q] > 0.08]
        chosen = free[:2] if len(free) > 1 and share[ward, free[0]] < 0.5 else free[:1]
        used.update(chosen)
        # Where nothing is left, both of the largest are named.
        given[int(ward)] = " & ".join(quarters[q] for q in (chosen or order[:2]))
    return [given[ward] for ward in range(len(given))]


def _frame(
    layer: str, shapes: np.ndarray, codes: Sequence[str], titles: Sequence[str]
) -> gpd.GeoDataFrame:
    index = pd.Index(list(codes), name=layer, dtype="str")
    return gpd.GeoDataFrame({"name": list(titles)}, geometry=shapes, index=index, crs=CRS)
