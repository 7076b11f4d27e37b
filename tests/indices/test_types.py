"""Area types: stable, named, and the same whatever areas are called or figures are measured in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.vq import kmeans2
from scipy.spatial.distance import cdist
from scipy.stats import norm, rankdata
from sklearn.metrics import adjusted_rand_score, silhouette_score

from indices.profiles_errors import TooFewToCompare
from indices.types import types


def planted(seed: int = 5, groups: int = 4, each: int = 25) -> tuple[pd.DataFrame, np.ndarray]:
    """Return areas around well separated middles, and which middle each came from."""
    random = np.random.default_rng(seed)
    middles = np.array([[0, 0, 0], [6, 0, 3], [0, 6, -3], [6, 6, 0]], dtype=float)[:groups]
    true = np.repeat(np.arange(groups), each + 3 * np.arange(groups)[::-1])
    codes = pd.Index([f"{n:04d}" for n in range(len(true))], name="sq", dtype="str")
    values = middles[true] + random.normal(scale=0.5, size=(len(true), 3))
    return pd.DataFrame(values, index=codes, columns=["crime", "homes", "illness"]), true


def normal_scores(table: pd.DataFrame) -> np.ndarray:
    """Normal scores by scipy: what areas are sorted by."""
    scores = norm.ppf(rankdata(table.to_numpy(), axis=0) / (len(table) + 1))
    return scores / scores.std(axis=0)


def test_groups_that_are_there_are_found_with_their_number() -> None:
    table, true = planted()
    found = types(table)
    assert len(found.names) == 4
    # Normal scores close the gaps between groups, so that a few areas may change sides.
    assert adjusted_rand_score(true, found.type_of) > 0.9
    assert found.choice.index.tolist() == [3, 4, 5, 6, 7]
    assert found.choice["chosen"].tolist() == [False, True, False, False, False]
    assert found.choice.loc[4, "stability"] > 0.9
    # The largest type is number 1.
    assert found.sizes.tolist() == sorted(found.sizes, reverse=True)


def test_the_silhouette_is_that_of_scikit_learn_on_normal_scores_by_scipy() -> None:
    table, _ = planted()
    found = types(table)
    scores = normal_scores(table[sorted(table)])
    assert found.choice.loc[4, "silhouette"] == pytest.approx(
        silhouette_score(scores, found.type_of)
    )


def test_every_area_is_nearest_to_the_middle_of_its_own_type() -> None:
    table, _ = planted(groups=3)
    found = types(table, numbers=[3])
    scores = normal_scores(table[sorted(table)])
    distance = cdist(scores, found.centres[sorted(table)].to_numpy())
    assert (distance.argmin(axis=1) + 1 == found.type_of.to_numpy()).all()


def test_scipy_started_from_the_same_middles_stays_there() -> None:
    random = np.random.default_rng(3)
    table = pd.DataFrame(random.normal(size=(120, 3)), columns=["a", "b", "c"])
    table.index = pd.Index([f"{n:04d}" for n in range(120)], name="sq", dtype="str")
    found = types(table, numbers=[5])
    scores = normal_scores(table)
    middles, labels = kmeans2(scores, found.centres.to_numpy(), minit="matrix", iter=50)
    assert np.allclose(middles, found.centres)
    assert (labels + 1 == found.type_of.to_numpy()).all()
    # The best of twenty random starts of scipy is not better.
    within = ((scores - middles[labels]) ** 2).sum()
    others = [kmeans2(scores, 5, minit="++", seed=s, iter=50) for s in range(20)]
    best = min(((scores - m[i]) ** 2).sum() for m, i in others)
    assert within <= best * 1.02


def test_more_types_lie_nearer_to_their_middles() -> None:
    table, _ = planted()
    scores = normal_scores(table[sorted(table)])
    sums = []
    for k in (3, 4, 5, 6):
        found = types(table, numbers=[k], redraws=1)
        middles = found.centres[sorted(table)].to_numpy()[found.type_of.to_numpy() - 1]
        sums.append(((scores - middles) ** 2).sum())
    assert sums == sorted(sums, reverse=True)


@settings(max_examples=5)
@given(st.integers(0, 1000))
def test_the_order_of_rows_and_columns_and_new_codes_change_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    table = pd.DataFrame(random.normal(size=(40, 3)), columns=["a", "b", "c"])
    table.index = pd.Index([f"{n:04d}" for n in range(40)], name="sq", dtype="str")
    first = types(table, redraws=3)
    moved = table.iloc[random.permutation(40)][["c", "a", "b"]]
    renamed = moved.set_axis(pd.Index([f"X{c}" for c in moved.index], name="sq", dtype="str"))
    again = types(renamed, redraws=3)
    assert again.type_of.to_dict() == {f"X{c}": t for c, t in first.type_of.items()}
    assert again.names == first.names
    pd.testing.assert_frame_equal(first.choice, again.choice)


@settings(max_examples=5)
@given(st.integers(0, 1000), st.floats(-1e3, 1e3), st.floats(0.1, 10))
def test_a_constant_or_another_unit_changes_nothing(
    seed: int, constant: float, factor: float
) -> None:
    random = np.random.default_rng(seed)
    table = pd.DataFrame(random.integers(0, 500, size=(40, 3)), columns=["a", "b", "c"])
    table.index = pd.Index([f"{n:04d}" for n in range(40)], name="sq", dtype="str")
    first = types(table, redraws=3)
    again = types(table.assign(b=constant + factor * table["b"]), redraws=3)
    assert again.type_of.equals(first.type_of)
    assert again.reason == first.reason


def test_types_are_named_by_what_lies_farthest_from_the_average() -> None:
    table, _ = planted()
    found = types(table, titles={"crime": "crimes", "homes": "crowded homes"})
    for number, name in found.names.items():
        row = found.centres.loc[number]
        first = row.abs().sort_values(ascending=False).index[:2]
        for figure in first[np.abs(row[first]) >= 0.5]:
            assert {"crime": "crimes", "homes": "crowded homes"}.get(figure, figure) in name
        assert name.startswith(("High in", "Low in", "Near the average"))
    assert len(set(found.names.values())) == 4


def test_names_that_would_be_the_same_take_one_figure_more() -> None:
    random = np.random.default_rng(8)
    # Two figures split the areas alike; a third splits one half again.
    side = np.repeat([0.0, 1.0, 1.0], 30)
    third = np.r_[random.normal(0, 0.1, 30), np.repeat([-1.0, 1.0], 30)]
    noise = random.normal(scale=0.05, size=(90, 3))
    table = pd.DataFrame(np.c_[side, side, 0.8 * third] + noise, columns=["a", "b", "c"])
    table.index = pd.Index([f"{n:04d}" for n in range(90)], name="sq", dtype="str")
    names = types(table, numbers=[3]).names
    assert len(set(names.values())) == 3


def test_one_figure_alone_makes_types_too() -> None:
    table, _ = planted()
    names = types(table[["crime"]], numbers=[3]).names
    assert sorted(names.values()) == ["High in crime", "Low in crime", "Near the average"]


def test_an_area_without_a_figure_has_no_type() -> None:
    table, _ = planted()
    table.loc["0002", "crime"] = np.nan
    found = types(table)
    assert found.incomplete.tolist() == ["0002"]
    assert found.describe("0002") == "It has no type, because a figure is missing."
    assert "one of 4 types" in found.describe("0001")


def test_shapeless_areas_are_said_to_have_soft_borders() -> None:
    random = np.random.default_rng(4)
    table = pd.DataFrame(random.normal(size=(60, 8)), columns=list("abcdefgh"))
    table.index = pd.Index([f"{n:04d}" for n in range(60)], name="sq", dtype="str")
    loose, clear = types(table), types(planted()[0])
    assert "soft" in loose.reason
    assert not loose.firm
    assert "soft" not in clear.reason
    assert clear.firm


def test_too_few_or_equal_areas_are_refused() -> None:
    table, _ = planted()
    with pytest.raises(TooFewToCompare, match="8 areas"):
        types(table.iloc[:8])
    with pytest.raises(TooFewToCompare):
        types(table * 0.0)


THREADS = """
import json, sys
import numpy as np, pandas as pd
from threadpoolctl import threadpool_info
from indices import types

fit, seen = types._fit, []
def watched(*args, **named):
    found = fit(*args, **named)
    seen.append({pool["user_api"]: pool["num_threads"] for pool in threadpool_info()})
    return found
types._fit = watched
fresh = "sklearn" not in sys.modules
table = np.random.default_rng(1).normal(size=(40, 3))
codes = [f"a{number}" for number in range(40)]
types.types(pd.DataFrame(table, index=codes, columns=list("xyz")), numbers=[3], redraws=2)
print(json.dumps({"fresh": fresh, "seen": seen}))
"""


def test_types_take_one_thread_though_their_library_is_loaded_late() -> None:
    done = subprocess.run(
        [sys.executable, "-c", THREADS],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OMP_NUM_THREADS": "2"},
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["fresh"], "nothing is tried if the library was there before"
    assert len(told["seen"]) == 3
    assert all(pools == {"openmp": 1, "blas": 1} for pools in told["seen"]), told["seen"]
