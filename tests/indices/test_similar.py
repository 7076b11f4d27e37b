"""The areas most like one: the same as scipy finds, and deaf to codes, units and order."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import zscore

from indices.errors import DuplicateCodes
from indices.profiles_errors import TooFewToCompare, UnknownArea
from indices.similar import similar, standardise

seeds = st.integers(0, 10_000)


def figures(seed: int, n: int = 40, k: int = 5) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    codes = pd.Index([f"0{number:03d}" for number in range(n)], name="sq", dtype="str")
    return pd.DataFrame(random.normal(size=(n, k)), index=codes, columns=list("abcde")[:k])


@given(seeds)
def test_the_nearest_are_those_that_scipy_finds(seed: int) -> None:
    table = figures(seed)
    found = similar(standardise(table), table.index[3]).table
    z = zscore(table.to_numpy(), axis=0)
    distance = cdist(z[[3]], np.delete(z, 3, axis=0))[0] / math.sqrt(5)
    order = np.argsort(distance)[:15]
    assert found.index.tolist() == table.index.delete(3)[order].tolist()
    assert np.allclose(found["distance"], distance[order])
    assert len(found) == 15


@given(seeds, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(seed: int, shuffle: object) -> None:
    table = figures(seed)
    order = list(range(len(table)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]
    first = similar(standardise(table), "0003").table
    again = similar(standardise(table.iloc[order]), "0003").table
    pd.testing.assert_frame_equal(first, again)


@given(seeds, st.floats(-1e3, 1e3), st.floats(0.01, 100))
def test_a_constant_added_or_another_unit_changes_nothing(
    seed: int, constant: float, factor: float
) -> None:
    table = figures(seed)
    other = table.assign(b=constant + factor * table["b"])
    first, again = (similar(standardise(frame), "0003").table for frame in (table, other))
    assert first.index.tolist() == again.index.tolist()
    assert np.allclose(first["distance"], again["distance"], atol=1e-6)


@given(seeds)
def test_new_codes_change_nothing_but_the_codes(seed: int) -> None:
    table = figures(seed)
    renamed = table.set_axis(pd.Index([f"X{c}" for c in table.index], name="sq", dtype="str"))
    first = similar(standardise(table), "0003").table
    again = similar(standardise(renamed), "X0003").table
    assert [f"X{code}" for code in first.index] == again.index.tolist()
    assert first["alike"].tolist() == again["alike"].tolist()


def test_equal_distances_go_by_code() -> None:
    table = pd.DataFrame(
        {"a": [0.0, 1.0, -1.0, 1.0, -1.0, 1.0]},
        index=pd.Index(["m", "d", "c", "b", "a", "e"], name="sq", dtype="str"),
    )
    assert similar(standardise(table), "m", n=3).table.index.tolist() == ["a", "b", "c"]


def test_figures_of_another_area_can_be_compared_too() -> None:
    table = figures(1)
    standard = standardise(table)
    same = similar(standard, table.loc["0007"]).table
    assert same.index[0] == "0007"
    assert same["distance"].iloc[0] == pytest.approx(0.0, abs=1e-9)
    part = similar(standard, table.loc["0007", ["a", "c"]])
    assert part.used == ("a", "c")
    assert part.left_out == ("b", "d", "e")


def test_what_makes_areas_alike_and_what_sets_them_apart_is_said() -> None:
    table = pd.DataFrame(
        {"crime": [9.0, 8.8, 0, 0, 0, 0], "homes": [0.0, 5.0, 0, 0, 0, 0]},
        index=pd.Index(list("abcdef"), name="sq", dtype="str"),
    )
    found = similar(standardise(table), "a", titles={"crime": "crimes"}).table
    assert found.loc["b", "alike"] == "both high in crimes"
    assert found.loc["b", "apart"] == "higher in homes"
    assert found.loc["c", "apart"] == "lower in crimes"
    assert found.loc["c", "alike"] == "near the average in most figures"


def test_what_cannot_be_compared_is_left_out_and_named() -> None:
    table = figures(2).assign(same=7.0, nobody=np.nan)
    table.loc["0005", "a"] = np.nan
    standard = standardise(table)
    assert standard.constant == ("same", "nobody")
    assert standard.incomplete.tolist() == ["0005"]
    found = similar(standard, "0003")
    assert "0005" not in found.table.index
    assert found.among == 38
    with pytest.raises(UnknownArea, match="a figure of it is missing"):
        similar(standard, "0005")
    with pytest.raises(UnknownArea, match="no such code"):
        similar(standard, "9999")


def test_too_few_areas_and_broken_codes_are_refused() -> None:
    with pytest.raises(TooFewToCompare, match="2 areas"):
        standardise(figures(1).iloc[:2])
    with pytest.raises(TooFewToCompare, match="0 figures differ"):
        standardise(figures(1) * 0.0 + 0.1)
    with pytest.raises(DuplicateCodes):
        standardise(figures(1).set_axis(["x"] * 40))
    with pytest.raises(TooFewToCompare):
        similar(standardise(figures(1)), pd.Series({"z": 1.0}))
