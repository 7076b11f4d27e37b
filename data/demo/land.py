"""The land of the demo place: its river, its settlements and the character of every spot.

In: points. Out: which bank of the river they lie on, what kind of land it is (terraces, an estate,
suburb, farmland, ...), and whether it belongs to the district or to a neighbour.

Everything is measured in metres of EPSG:27700 around `ORIGIN`, a spot in the North Sea: the place
cannot be mistaken for a real one, and no real place lies under it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from data.demo.arrays import Bools, Floats, Ints
from data.demo.noise import chance, surface, wobble

ORIGIN = np.array([590_000.0, 440_000.0])
REGION_RADIUS_M = 14_300.0
DISTRICT_RADIUS_M = 8_900.0
NEAR_M = 450.0  # how far from the river it still matters


@dataclass(frozen=True)
class Kind:
    """One kind of land and the homes on it.

    `homes_per_ha` are relative: totals are set later. `spacing_m` is the distance between the
    blocks that land is cut into, `roughness` how far their borders stray from straight lines,
    `need` the typical deprivation from 0 to 1, `old` the share of homes built before 1919.
    """

    name: str
    homes_per_ha: float
    spacing_m: float
    roughness: float
    need: float
    old: float
    social: float
    private_rent: float


KINDS = (
    Kind("farmland", 0.035, 560, 0.80, 0.28, 0.55, 0.04, 0.22),
    Kind("moor", 0.004, 800, 0.85, 0.30, 0.70, 0.02, 0.25),
    Kind("centre", 36, 78, 0.12, 0.56, 0.45, 0.22, 0.58),
    Kind("terraces", 46, 72, 0.12, 0.60, 0.88, 0.16, 0.38),
    Kind("estate", 38, 95, 0.30, 0.86, 0.00, 0.66, 0.12),
    Kind("inner", 25, 102, 0.22, 0.43, 0.40, 0.18, 0.26),
    Kind("suburb", 13, 132, 0.38, 0.17, 0.06, 0.07, 0.10),
    Kind("new homes", 20, 118, 0.38, 0.20, 0.00, 0.14, 0.16),
    Kind("town", 21, 118, 0.28, 0.38, 0.40, 0.17, 0.20),
    Kind("village", 12, 122, 0.42, 0.19, 0.45, 0.09, 0.13),
    Kind("green", 0.0, 200, 0.55, 0.30, 0.30, 0.00, 0.20),
    Kind("works", 0.25, 210, 0.18, 0.60, 0.30, 0.10, 0.50),
    Kind("riverside", 2.0, 150, 0.25, 0.40, 0.40, 0.10, 0.35),
)
KIND = {kind.name: number for number, kind in enumerate(KINDS)}
BUILT = np.array([kind.homes_per_ha >= 5 for kind in KINDS])


@dataclass(frozen=True)
class Settlement:
    """A town or village away from the main town: its centre and the radius of its built land."""

    name: str
    kind: str
    x: float
    y: float
    radius_m: float


# Market towns, in metres east and north of the bridge in the main town. Hartle is the district's
# own; the other three stand just beyond its edge, so that patients and money cross it.
TOWNS = (
    Settlement("Hartle", "town", -5_900.0, -4_700.0, 1_050.0),
    Settlement("Harlestow", "town", -10_700.0, 3_300.0, 1_150.0),
    Settlement("Linsey", "town", 9_900.0, 4_600.0, 1_200.0),
    Settlement("Caldersby", "town", 2_900.0, -11_300.0, 1_000.0),
)
PARKS = (
    (-1_250.0, 900.0, 430.0, 280.0),
    (950.0, -1_900.0, 330.0, 300.0),
    (2_350.0, 900.0, 280.0, 360.0),
)
ESTATES = ((2_550.0, 2_450.0, 1_150.0, 760.0), (-2_500.0, -2_350.0, 620.0, 480.0))
NEW_HOMES = ((-2_900.0, 2_900.0, 720.0, 560.0),)


class River:
    """The River Tarrow: a meandering line through the region, from the north-west to the sea.

    It is the graph of a function in a turned frame (u downstream, v to the left bank), so that
    the bank of any point is a comparison and not a search.
    """

    def __init__(self, *, heading_deg: float = -21.0) -> None:
        turn = np.deg2rad(heading_deg)
        self._along = np.array([np.cos(turn), np.sin(turn)])
        self._across = np.array([-np.sin(turn), np.cos(turn)])
        u = np.arange(-20_000.0, 20_001.0, 10.0)
        self.line = ORIGIN + np.outer(u, self._along) + np.outer(self._v(u), self._across)
        self._tree = cKDTree(self.line)

    @staticmethod
    def _v(u: Floats) -> Floats:
        """Distance of the river to the left of the straight line, by distance downstream."""
        meander = 620 * np.sin(u / 1_560 + 0.5) + 300 * np.sin(u / 640 + 1.1)
        meander += 95 * np.sin(u / 255 + 2.0)
        # In the town the river was straightened long ago.
        calm = 1 - 0.62 * np.exp(-((u / 2_300) ** 2))
        return np.asarray(meander * calm - 260.0 + 900 * np.tanh(u / 9_000))

    def frame(self, xy: Floats) -> tuple[Floats, Floats]:
        """Return the distance downstream and to the left of the straight line."""
        local = xy - ORIGIN
        return local @ self._along, local @ self._across

    def left_bank(self, xy: Floats) -> Bools:
        """Say which points lie on the left (northern) bank."""
        u, v = self.frame(xy)
        return np.asarray(v > self._v(u))

    def distance_m(self, xy: Floats) -> Floats:
        """Return the distance of points to the middle of the river; beyond `NEAR_M` infinite."""
        return np.asarray(self._tree.query(xy, distance_upper_bound=NEAR_M)[0])

    def points(self, spacing_m: float) -> tuple[Floats, Floats]:
        """Return points along the river and the unit normals to its left there."""
        step = np.hypot(*np.diff(self.line, axis=0).T)
        walked = np.concatenate([[0.0], np.cumsum(step)])
        at = np.arange(0.0, walked[-1], spacing_m)
        xy = np.stack([np.interp(at, walked, self.line[:, axis]) for axis in (0, 1)], axis=1)
        ahead = np.gradient(xy, axis=0)
        ahead /= np.hypot(*ahead.T)[:, None]
        return xy, np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)

    def shifted(self, xy: Floats, by_m: float) -> Floats:
        """Move the left bank away from the right one, so that groups form on either bank."""
        return np.asarray(xy + by_m * np.outer(self.left_bank(xy), self._across))

    def bridges(self) -> Floats:
        """Return the places where the river can be crossed."""
        u = np.array([-11_500.0, -7_600.0, -4_300.0, -1_250.0, 0.0, 1_400.0, 5_100.0, 9_400.0])
        return np.asarray(ORIGIN + np.outer(u, self._along) + np.outer(self._v(u), self._across))


class Land:
    """The land, its settlements and borders for one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.river = River()

    def in_region(self, xy: Floats) -> Bools:
        """Say which points belong to the district or its neighbours."""
        local = xy - ORIGIN
        angle = np.arctan2(local[:, 1], local[:, 0])
        factor = wobble(angle, chance(self._seed, "region outline"), size=0.13)
        return np.asarray(np.hypot(*local.T) < REGION_RADIUS_M * factor)

    def authority(self, xy: Floats) -> Ints:
        """Return the district of each point: 0 the place itself, 1 to 3 its neighbours."""
        local = xy - ORIGIN
        angle = np.arctan2(local[:, 1], local[:, 0])
        factor = wobble(angle, chance(self._seed, "district outline"), size=0.20)
        bumps = 260 * surface(xy, chance(self._seed, "district bumps"), scale_m=1_400)
        inside = np.hypot(*local.T) + bumps < DISTRICT_RADIUS_M * factor
        # Downstream the old county line runs in the river: the far bank is Linsey's.
        u, _ = self.river.frame(xy)
        inside &= ~(self.river.left_bank(xy) & (u > 5_600))
        turned = np.rad2deg(angle) + 4 * surface(
            xy, chance(self._seed, "neighbour bumps"), scale_m=3_000
        )
        neighbour = np.select([(turned > -38) & (turned < 84), turned >= 84], [2, 1], 3)
        neighbour = np.where(turned < -152, 1, neighbour)
        return np.where(inside, 0, neighbour).astype(np.int64)

    @cached_property
    def settlements(self) -> tuple[Settlement, ...]:
        """Towns and villages; villages are scattered at random, but keep their distance."""
        rng = chance(self._seed, "villages")
        tries = ORIGIN + rng.uniform(-1.05, 1.05, (4_000, 2)) * REGION_RADIUS_M
        fit = self.in_region(ORIGIN + (tries - ORIGIN) * 1.04)
        fit &= self.river.distance_m(tries) > 420
        fit &= np.hypot(*(tries - ORIGIN).T) > 5_600
        for town in TOWNS:
            fit &= np.hypot(*(tries - ORIGIN - [town.x, town.y]).T) > town.radius_m + 1_300
        kept: list[Floats] = []
        for spot in tries[fit]:
            if all(np.hypot(*(spot - other)) > 2_350 for other in kept):
                kept.append(spot)
        radius = np.clip(rng.lognormal(np.log(300), 0.38, len(kept)), 170, 620)
        villages = tuple(
            Settlement("", "village", float(x), float(y), float(size))
            for (x, y), size in zip(np.array(kept) - ORIGIN, radius, strict=True)
        )
        return TOWNS + villages

    def kind(self, xy: Floats) -> Ints:
        """Return the kind of land at each point, as a position in `KINDS`."""
        local = xy - ORIGIN
        kind = np.full(len(xy), KIND["farmland"])
        ragged = surface(xy, chance(self._seed, "built edge"), scale_m=700)
        hills = surface(xy, chance(self._seed, "hills"), scale_m=5_500) + local[:, 1] / 9_000
        kind[hills > 1.55] = KIND["moor"]
        for place in self.settlements:
            reach = place.radius_m * (1 + 0.13 * ragged)
            kind[np.hypot(*(local - [place.x, place.y]).T) < reach] = KIND[place.kind]
        self._main_town(xy, kind, ragged)
        kind[(self.river.distance_m(xy) < 110) & BUILT[kind]] = KIND["riverside"]
        return kind

    def _main_town(self, xy: Floats, kind: Ints, ragged: Floats) -> None:
        local = xy - ORIGIN
        angle = np.arctan2(local[:, 1], local[:, 0])
        outline = wobble(angle, chance(self._seed, "town outline"), size=0.18)
        # The town grew along the river; `reach` is the distance in a plan squeezed that way.
        u, v = self.river.frame(xy)
        reach = np.hypot(u / 1.16, v * 1.05) / outline + 110 * ragged
        kind[reach < 4_050] = KIND["suburb"]
        wedge = surface(xy, chance(self._seed, "green wedges"), scale_m=1_000)
        kind[(reach < 4_050) & (reach > 2_300) & (wedge > 1.25)] = KIND["green"]
        kind[reach < 2_250] = KIND["inner"]
        kind[reach < 1_480] = KIND["terraces"]
        kind[reach < 560] = KIND["centre"]
        for name, places in (("new homes", NEW_HOMES), ("estate", ESTATES), ("green", PARKS)):
            for x, y, wide, high in places:
                egg = np.hypot((local[:, 0] - x) / wide, (local[:, 1] - y) / high) + 0.10 * ragged
                kind[egg < 1] = KIND[name]
        # Mills and yards line the right bank below the bridges.
        yards = (u > 900) & (u < 3_900) & ~self.river.left_bank(xy)
        kind[yards & (self.river.distance_m(xy) < 420)] = KIND["works"]

    def homes(self, kind: Ints, area_m2: Floats) -> Floats:
        """Return the relative number of homes on plots; large plots are built on in part only."""
        density = np.array([item.homes_per_ha for item in KINDS])[kind]
        block = np.array([item.spacing_m for item in KINDS])[kind] ** 2
        return np.asarray(density * np.minimum(area_m2, 1.35 * block) / 1e4)

    def need(self, xy: Floats, kind: Ints) -> Floats:
        """Return the typical deprivation at each point, 0 (none) to 1."""
        base = np.array([item.need for item in KINDS])[kind]
        local = xy - ORIGIN
        east = np.clip(local[:, 0] / 9_000, -1, 1)  # the smoke blew east: so did rents fall
        streets = surface(xy, chance(self._seed, "need streets"), scale_m=420)
        quarters = surface(xy, chance(self._seed, "need quarters"), scale_m=1_900)
        # A few closes of council homes stand among the suburbs and villages.
        closes = surface(xy, chance(self._seed, "council closes"), scale_m=330) > 1.75
        closes &= np.isin(kind, [KIND["suburb"], KIND["village"], KIND["inner"], KIND["town"]])
        base = base + 0.27 * closes
        return np.clip(base + 0.05 * east + 0.07 * streets + 0.06 * quarters, 0.02, 0.98)
