"""How well two layers fit each other, in people and in both directions.

In: a `Crosswalk` between two layers, or one from the base areas to each of them with the people who
live there. Out: a `Fit` (a row an area, both ways, and a summary), the list of small areas that
cross a border with the people in them, and a matrix of fits for a whole place.

A generalised border leaves slivers, so "intact" means nothing without a tolerance: every result
here carries its own. Sources: SUNGEO's relative nesting; ONS practice of best-fitting; the
alignment rule of the GP consortia (methods, section 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import sparse

from boundaries.crosswalk import Crosswalk

SLIVER = 0.01
ALIGNED = 0.75
GOOD_FIT = 0.95
# How units read in a sentence where their short name does not.
WORDS = {"count": "points", "shares": "areas"}


@dataclass(frozen=True)
class Direction:
    """The fit of one layer's areas into another's.

    `areas` has a row a source area: `best` (code of the target
    that holds most of it), `largest_share`, `relative_nesting` (sum of squared shares), `pieces`
    (targets holding more than the sliver tolerance), `intact` (largest share at least one minus the
    tolerance), `mass`, `mass_elsewhere` (what the best target does not hold) and `uncovered`.
    """

    source: str
    target: str
    unit: str
    sliver: float
    areas: pd.DataFrame

    @property
    def total(self) -> float:
        """Mass of all source areas."""
        return float(self.areas["mass"].sum())

    @property
    def elsewhere(self) -> float:
        """Mass that a best fit of whole source areas would put in the wrong target."""
        return float(self.areas["mass_elsewhere"].sum())

    @property
    def summary(self) -> dict[str, float | int | str]:
        """The figures of this direction in one row."""
        weighed = self.areas[self.areas["mass"] > 0]
        total = self.total
        return {
            "source": self.source,
            "target": self.target,
            "unit": self.unit,
            "sliver": self.sliver,
            "areas": len(self.areas),
            "intact_share": float(self.areas["intact"].mean()) if len(self.areas) else np.nan,
            "relative_nesting": float(weighed["relative_nesting"].mean())
            if len(weighed)
            else np.nan,
            "mean_largest_share": 1 - (self.elsewhere + self.uncovered) / total
            if total
            else np.nan,
            "mass": total,
            "mass_elsewhere": self.elsewhere,
            "mass_uncovered": self.uncovered,
        }

    @property
    def uncovered(self) -> float:
        """Mass of source areas that lies in no target."""
        return float(self.areas["uncovered"].sum())

    def sentence(self) -> str:
        """Say the fit in one sentence for a board paper."""
        share = float(self.summary["mean_largest_share"])
        verdict = "fits well" if share >= GOOD_FIT else "does not fit"
        what, are = (
            ("land", "is") if self.unit == "m2" else (WORDS.get(self.unit, self.unit), "are")
        )
        nowhere = (
            f", {self._amount(self.uncovered)} in no area of {self.target}"
            if self.uncovered > self.total * self.sliver
            else ""
        )
        return (
            f"{self.source} {verdict} into {self.target}: {share:.1%} of its {what} {are} in the "
            f"best-matching area; {self._amount(self.elsewhere)} of {self._amount(self.total)} "
            f"would be counted in another area{nowhere} (parts below {self.sliver:.0%} are taken "
            "as slivers)."
        )

    def _amount(self, mass: float) -> str:
        return f"{mass / 1e6:,.1f} km2" if self.unit == "m2" else f"{mass:,.0f}"


@dataclass(frozen=True)
class Fit:
    """The fit of two layers: `forward` source to target, `backward` the other way."""

    forward: Direction
    backward: Direction

    def summary(self) -> pd.DataFrame:
        """Return one row a direction."""
        return pd.DataFrame([self.forward.summary, self.backward.summary])

    def to_frame(self) -> pd.DataFrame:
        """Return every area of both layers, a row each, with the direction it was measured in."""
        parts = []
        for side in (self.forward, self.backward):
            part = side.areas.reset_index(names="code")
            part.insert(0, "layer", side.source)
            part.insert(1, "into", side.target)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)


def fit(crosswalk: Crosswalk, *, sliver: float = SLIVER) -> Fit:
    """Measure how two layers fit, in the unit of their crosswalk.

    With shares `w_st` of source s in target t and mass `d_s`: relative nesting `RN_s = sum_t
    w_st^2`, mean largest share `sum_s d_s max_t w_st / sum_s d_s`. Areas without any mass are
    listed and left out of the means. Pieces below `sliver` of an area do not count as pieces; the
    shares themselves are not altered. [SUNGEO; methods section 1]

    Raises
    ------
    ValueError
        If `sliver` is not a share between 0 and 0.5.
    """
    if not 0 <= sliver < 0.5:
        raise ValueError(f"sliver must be a share from 0 to below 0.5, not {sliver}")
    back = crosswalk.reverse()
    return Fit(_direction(crosswalk, sliver), _direction(back, sliver))


def _direction(crosswalk: Crosswalk, sliver: float) -> Direction:
    weights = sparse.csr_array(crosswalk.weights)
    n = weights.shape[0]
    mass = np.asarray(crosswalk.source_mass, dtype="float64")
    largest = np.zeros(n)
    best = np.full(n, None, dtype=object)
    counts = np.diff(weights.indptr)
    rows = np.repeat(np.arange(n), counts)
    # Largest share first within each row; on equal shares the smaller code, so that a run repeats.
    order = np.lexsort((weights.indices, -weights.data, rows))
    first = weights.indptr[:-1][counts > 0]
    top = order[first]
    held = np.flatnonzero(counts > 0)
    largest[held] = weights.data[top]
    best[held] = np.asarray(crosswalk.targets, dtype=object)[weights.indices[top]]
    squares = np.bincount(rows, weights.data**2, minlength=n)
    pieces = np.bincount(rows, weights.data > sliver, minlength=n).astype("int64")
    reach = 1.0 - np.asarray(crosswalk.outside)
    frame = pd.DataFrame(
        {
            "best": pd.array(best, dtype="str"),
            "largest_share": largest,
            "relative_nesting": squares,
            "pieces": pieces,
            "intact": largest >= 1 - sliver,
            "mass": mass,
            "mass_elsewhere": mass * np.maximum(reach - largest, 0),
            "uncovered": mass * np.asarray(crosswalk.outside),
        },
        index=crosswalk.sources,
    )
    return Direction(
        str(crosswalk.sources.name), str(crosswalk.targets.name), crosswalk.unit, sliver, frame
    )


def crossing(
    base_to_layer: Crosswalk, people: pd.Series | None = None, *, sliver: float = SLIVER
) -> pd.DataFrame:
    """List the base areas that a border of a layer cuts, with the people on each side.

    One row a piece larger than `sliver`, for base areas with at least two such pieces:
    `base_code`, `layer_code`, `share`, `people`. `people` defaults to the crosswalk's own mass.
    """
    frame = base_to_layer.to_frame()
    frame = frame[frame["weight"] > sliver]
    cut = frame.groupby("source_code")["target_code"].transform("size") > 1
    frame = frame[cut]
    if people is None:
        count = frame["mass"].to_numpy(dtype="float64")
    else:
        count = frame["weight"].to_numpy() * people.reindex(frame["source_code"]).to_numpy(
            "float64"
        )
    return pd.DataFrame(
        {
            "base_code": frame["source_code"].to_numpy(),
            "layer_code": frame["target_code"].to_numpy(),
            "share": frame["weight"].to_numpy(),
            "people": count,
        }
    )


def through_base(
    base_to_a: Crosswalk, base_to_b: Crosswalk, people: pd.Series, *, unit: str = "residents"
) -> Crosswalk:
    """Build the crosswalk from layer A to layer B by the people of the base areas they share.

    `mass_ab = sum_i people_i w_ia w_ib`. Where one base area is cut by both layers, its people are
    spread as if the two cuts were independent; a crosswalk from points or a raster does not need
    that assumption and is to be preferred where there is one. [own]
    """
    weight = np.nan_to_num(people.reindex(base_to_a.sources).to_numpy(dtype="float64"))
    left = sparse.csr_array(base_to_a.weights)
    aligned = base_to_b.sources.get_indexer(base_to_a.sources)
    right = sparse.csr_array(base_to_b.weights)[aligned]
    scaled = sparse.csr_array(left.multiply(weight[:, None]))
    source_mass = np.asarray(scaled.sum(axis=0)).ravel()
    # People of a who live where no area of b is; an overlap elsewhere must not hide them.
    lost = np.asarray(scaled.T @ base_to_b.outside[aligned]).ravel()
    outside = np.divide(lost, source_mass, out=np.zeros_like(lost), where=source_mass > 0)
    return Crosswalk(
        mass=sparse.csr_array(scaled.T @ right),
        source_mass=source_mass,
        sources=base_to_a.targets,
        targets=base_to_b.targets,
        unit=unit,
        method=f"through {base_to_a.sources.name}",
        provenance=(*base_to_a.provenance, *base_to_b.provenance),
        target_mass=np.asarray(right.T @ weight).ravel(),
        outside=outside,
    )


def place_fit(
    levels: Mapping[str, Crosswalk], people: pd.Series, *, sliver: float = SLIVER
) -> pd.DataFrame:
    """Say for every pair of a place's layers how well they fit, one row a pair and direction.

    `levels` maps a layer id to the crosswalk from the base areas to it. `fits` says whether at
    least 95 % of the people are in the best-matching area (the project's own rule of thumb for
    doing without a joint arrangement). A large area never fits into small ones, so `pair_fits`
    says whether it holds in either direction. Pairs that fit worst come first.
    """
    rows = []
    for pair in combinations(levels, 2):
        both = [
            _direction(through_base(levels[a], levels[b], people), sliver).summary
            for a, b in (pair, pair[::-1])
        ]
        best = max(float(row["mean_largest_share"]) for row in both)
        rows += [{**row, "pair": " and ".join(pair), "pair_share": best} for row in both]
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    table["fits"] = table["mean_largest_share"] >= GOOD_FIT
    table["pair_fits"] = table["pair_share"] >= GOOD_FIT
    order = ["pair_share", "pair", "mean_largest_share"]
    ordered = table.sort_values(order, ascending=[True, True, False], ignore_index=True)
    return ordered.drop(columns="pair_share")


def pair_sentences(table: pd.DataFrame) -> list[str]:
    """Say what `place_fit` found, one sentence a pair, worst first."""
    said = []
    for pair, rows in table.groupby("pair", sort=False):
        better, worse = rows.to_dict("records")
        apart = better["mass_elsewhere"] + better["mass_uncovered"]
        verdict = "fit" if better["pair_fits"] else "do not fit"
        said.append(
            f"{pair} {verdict}: {better['mean_largest_share']:.1%} of the people of "
            f"{better['source']} are in the best-matching area of {better['target']} "
            f"({apart:,.0f} are not); the other way {worse['mean_largest_share']:.1%}."
        )
    return said


def registered_elsewhere(living: Crosswalk, registered: Crosswalk) -> pd.DataFrame:
    """Cross where people live with where they are registered, small area by small area.

    `living` splits base areas among consortia by land, `registered` by membership (people
    registered per practice). Rows: `base_code`, `lives_in`, `registered_with`, `people`, where
    the two differ; people are counted in the unit of `registered` and spread over the land in
    proportion to it.
    """
    land = living.to_frame()[["source_code", "target_code", "weight"]]
    lists = registered.to_frame()[["source_code", "target_code", "mass"]]
    joined = land.merge(lists, on="source_code", suffixes=("_land", "_list"))
    joined["people"] = joined["weight"] * joined["mass"]
    apart = joined[joined["target_code_land"] != joined["target_code_list"]]
    result = apart.rename(
        columns={
            "source_code": "base_code",
            "target_code_land": "lives_in",
            "target_code_list": "registered_with",
        }
    )[["base_code", "lives_in", "registered_with", "people"]]
    ordered = result.sort_values("people", ascending=False, kind="stable")
    return ordered[ordered["people"] > 0].reset_index(drop=True)


def alignment(registered: Crosswalk, base_to_council: Crosswalk) -> pd.DataFrame:
    """Test the alignment rule of GP consortia against councils.

    A consortium counts as aligned to a council when more than 75 % of the council's registered
    people are registered with it *and* more than 75 % of its registered people live in the
    council's area. Rows: consortium, council, `people`, `share_of_council`,
    `share_of_consortium`, `aligned`.
    """
    total = pd.Series(np.asarray(registered.mass.sum(axis=1)).ravel(), index=registered.sources)
    both = through_base(base_to_council, registered, total, unit=registered.unit)
    frame = both.to_frame().rename(
        columns={"source_code": "council", "target_code": "consortium", "mass": "people"}
    )
    council = frame.groupby("council")["people"].transform("sum")
    consortium = frame.groupby("consortium")["people"].transform("sum")
    frame["share_of_council"] = frame["people"] / council
    frame["share_of_consortium"] = frame["people"] / consortium
    frame["aligned"] = (frame["share_of_council"] > ALIGNED) & (
        frame["share_of_consortium"] > ALIGNED
    )
    columns = [
        "consortium",
        "council",
        "people",
        "share_of_council",
        "share_of_consortium",
        "aligned",
    ]
    return frame[columns].sort_values(["consortium", "council"], ignore_index=True)
