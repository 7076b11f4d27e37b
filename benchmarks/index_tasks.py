"""Indices as they are timed, each task in a process of its own: `python -m benchmarks.index_tasks`.

In: the name of a task and its arguments as JSON, as in `benchmarks.tasks`. Out: one line of JSON
with times and peak memory. Each task of ours has a naive twin in plain pandas, written as an
analyst would, which keeps what it found so that the two can be compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from scipy.stats import norm

from benchmarks.tasks import Clock, main, task
from indices import draws as engine
from indices.definitions import load
from indices.index import build
from indices.robustness import SEED, doubt
from indices.summaries import summarise

EDITION = "imd2025"
DISTRICT_EDITION = "imd2019"
SCALES, MEANS = list(engine.FROM_RANKS), ["arithmetic", "geometric", "mazziotta-pareto"]


def ranks_of(folder: str, edition: str) -> pd.DataFrame:
    """Read the prepared domain ranks of an edition."""
    table = pd.read_parquet(Path(folder) / f"{edition}.parquet")
    return table.rename_axis(load(edition).layer)


def keep(table: pd.DataFrame, out: str) -> None:
    """Keep what was found, for the comparison with the other."""
    table.astype(float).to_parquet(out)


@task
def index_ours(folder: str, out: str) -> dict[str, Any]:
    """Build the whole edition of 2025 from its domain ranks, checks included."""
    data = ranks_of(folder, EDITION)
    with Clock() as clock:
        index = build(EDITION, data)
    keep(index.to_frame()[["score", "rank", "decile"]], out)
    return clock.said


@task
def index_pandas(folder: str, out: str) -> dict[str, Any]:
    """Build it in pandas, without a check."""
    data = ranks_of(folder, EDITION)
    weights = load(EDITION).weights
    with Clock() as clock:
        n = len(data)
        standing = (n + 1 - data[weights.index]) / n
        transformed = -23 * np.log(1 - standing * (1 - np.exp(-100 / 23)))
        score = (transformed * weights).sum(axis=1)
        rank = score.rank(ascending=False, method="min")
        table = pd.DataFrame({"score": score, "rank": rank, "decile": np.ceil(10 * rank / n)})
    keep(table, out)
    return clock.said


@task
def doubt_ours(folder: str, out: str, draws: int) -> dict[str, Any]:
    """Draw the edition of 2025 with all choices that its ranks allow."""
    index = build(EDITION, ranks_of(folder, EDITION))
    with Clock() as clock:
        found = doubt(index, draws=draws)
    keep(found.table[["rank_low", "rank_high", "chance_worst_decile"]], out)
    return clock.said


@task
def doubt_pandas(folder: str, out: str, draws: int) -> dict[str, Any]:
    """Draw the same draws in pandas, each a table of domains and a ranking."""
    data = ranks_of(folder, EDITION)
    weights = load(EDITION).weights
    sets = np.array([weights.tolist(), [1 / len(weights)] * len(weights)])
    # The very draws of ours, so that the two must agree.
    plan = engine.draw_plan(
        sets,
        spread=0.25,
        counts=[len(SCALES), len(MEANS), *[1] * len(weights)],
        draws=draws,
        random=np.random.default_rng(SEED),
    )
    with Clock() as clock:
        n = len(data)
        data = data[weights.index]
        ranks = {}
        for draw in range(draws):
            scale, mean = SCALES[plan.scale[draw]], MEANS[plan.mean[draw]]
            score = naive_score(data, scale, mean, plan.weights[draw])
            ranks[draw] = score.rank(ascending=False, method="min")
        table = pd.DataFrame(ranks)
        cut = int(0.025 * draws + 1e-9)
        ordered = np.sort(table.to_numpy(), axis=1)
        found = pd.DataFrame(
            {
                "rank_low": ordered[:, cut],
                "rank_high": ordered[:, draws - 1 - cut],
                "chance_worst_decile": (np.ceil(10 * table / n) == 1).mean(axis=1),
            },
            index=data.index,
        )
    keep(found, out)
    return clock.said


def naive_score(data: pd.DataFrame, scale: str, mean: str, weights: np.ndarray) -> pd.Series:
    """Scale and average domains as an analyst would write it down."""
    n = len(data)
    standing = (n + 1 - data) / n
    if scale == "exponential":
        values = -23 * np.log(1 - standing * (1 - np.exp(-100 / 23)))
    elif scale == "rank":
        values = 100 * standing
    else:
        values = pd.DataFrame(norm.ppf(standing * n / (n + 1)), index=data.index)
    if mean == "arithmetic":
        return (values * weights).sum(axis=1)
    weights = weights / weights.sum()
    if mean == "geometric":
        positive = 100 + 10 * values if scale == "normal" else 1 + 0.99 * values
        return np.exp((np.log(positive) * weights).sum(axis=1))
    positive = 100 + 10 * values if scale == "normal" else 70 + 0.6 * values
    middle = (positive * weights).sum(axis=1)
    return middle + (positive.sub(middle, axis=0) ** 2 * weights).sum(axis=1) / middle


@task
def districts_ours(folder: str, out: str) -> dict[str, Any]:
    """Summarise the edition of 2019 for its districts: five measures and their ranks."""
    index = build(DISTRICT_EDITION, ranks_of(folder, DISTRICT_EDITION))
    people = pd.read_parquet(Path(folder) / "people.parquet").rename_axis(index.layer)
    with Clock() as clock:
        found = summarise(index, people["district"], people["people"])
    keep(found.drop(columns=["areas", "population", "indexed"]), out)
    return {**clock.said, "districts": len(found)}


@task
def districts_pandas(folder: str, out: str) -> dict[str, Any]:
    """Summarise them district by district with groupby."""
    index = build(DISTRICT_EDITION, ranks_of(folder, DISTRICT_EDITION)).to_frame()
    people = pd.read_parquet(Path(folder) / "people.parquet")
    n = len(index)
    with Clock() as clock:
        table = index[["score", "rank"]].join(people)
        groups = table.groupby("district")[["score", "rank", "people"]]
        found = pd.DataFrame(groups.apply(lambda part: naive_measures(part, n)))
        for measure in list(found.columns):
            found[f"rank_of_{measure}"] = found[measure].rank(ascending=False, method="min")
    keep(found, out)
    return {**clock.said, "districts": len(found)}


def naive_measures(part: pd.DataFrame, n: int) -> pd.Series:
    """Compute the five measures of one district."""
    people, inverse = part["people"], n + 1 - part["rank"]
    percentile = np.ceil(100 * part["rank"] / n)
    extent = (0.95 - 0.9 / 19 * (percentile - 11)).where(percentile > 10, 1.0)
    extent = extent.where(percentile <= 30, 0.0)
    worst = part.sort_values("rank")
    left = (0.1 * people.sum() - worst["people"].cumsum() + worst["people"]).clip(lower=0)
    taken = np.minimum(left, worst["people"])
    return pd.Series(
        {
            "average_rank": (people * inverse).sum() / people.sum(),
            "average_score": (people * part["score"]).sum() / people.sum(),
            "proportion": (np.ceil(10 * part["rank"] / n) == 1).mean(),
            "extent": (people * extent).sum() / people.sum(),
            "local_concentration": (taken * (n + 1 - worst["rank"])).sum() / taken.sum(),
        }
    )


@task
def profile_drawn(place: str) -> dict[str, Any]:
    """Draw an area of some 40 corners in a place and describe it in full, once, prepared before."""
    from boundaries import custom
    from data import place as places
    from data.profiles import of_custom, prepare

    known = prepare(places.load(place)).complete()
    inside = known.level(known.place.base_layer).ranked
    middle = known.place.layers[known.place.base_layer].loc[inside].geometry.union_all().centroid
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    reach = 1500 * (1 + 0.3 * np.sin(5 * angle))
    corners = np.c_[middle.x + reach * np.cos(angle), middle.y + reach * np.sin(angle)]
    with Clock() as clock:
        area = custom.drawn(
            known.blocks, shapely.Polygon(corners), name="Ours", points=known.postcodes
        )
        drawn = len(of_custom(known, area).sentences())
    return {
        **clock.said,
        "indicators": len(known.basis.indicators),
        "blocks": len(known.blocks.frame),
        "sentences": drawn,
    }


if __name__ == "__main__":
    main()
