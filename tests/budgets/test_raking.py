"""Raking meets the totals of rows and columns, or proves that nothing can."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from budgets import errors
from budgets.raking import rake, whole_table


def table(cells: Any, rows: str = "rstuv", columns: str = "abcdef") -> pd.DataFrame:
    array = np.array(cells, dtype=float)
    return pd.DataFrame(array, list(rows[: array.shape[0]]), list(columns[: array.shape[1]]))


def rows_of(*values: float) -> pd.Series:
    return pd.Series(values, list("rstuv"[: len(values)]), dtype=float)


def columns_of(*values: float) -> pd.Series:
    return pd.Series(values, list("abcdef"[: len(values)]), dtype=float)


def test_raking_gives_the_published_figures() -> None:
    raked = rake(
        table([[40, 30, 20], [35, 50, 100], [30, 80, 70]]),
        rows=rows_of(120, 180, 210),
        columns=columns_of(150, 160, 200),
    )
    published = [
        [62.6171, 33.0673, 24.3155],
        [42.6050, 42.8556, 94.5395],
        [44.7779, 84.0771, 81.1450],
    ]
    assert raked.round(4).to_numpy().tolist() == published
    assert raked.index.tolist() == ["r", "s", "t"]
    assert raked.columns.tolist() == ["a", "b", "c"]


def test_totals_are_joined_by_label() -> None:
    seed = table([[1, 1], [1, 1]])
    raked = rake(seed, rows=rows_of(1, 3)[["s", "r"]], columns=columns_of(2, 2)[["b", "a"]])
    assert raked.sum(axis=1).to_dict() == pytest.approx({"r": 1, "s": 3})


def test_structural_zeros_stay_empty_and_a_row_of_nought_is_emptied() -> None:
    raked = rake(
        table([[0, 2, 1], [3, 0, 1], [1, 1, 1]]), rows=rows_of(5, 4, 0), columns=columns_of(2, 4, 3)
    )
    assert raked.loc["r", "a"] == raked.loc["s", "b"] == 0
    assert raked.loc["t"].tolist() == [0, 0, 0]


@settings(max_examples=30)
@given(
    st.lists(st.lists(st.integers(1, 9), min_size=3, max_size=3), min_size=2, max_size=4),
    st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=4, max_size=4),
)
def test_raking_agrees_with_the_nearest_table_found_by_an_optimiser(
    seed: list[list[int]], truth: list[list[int]]
) -> None:
    goal = np.array(truth, float)[: len(seed)] + 0.5
    rows, columns = goal.sum(axis=1), goal.sum(axis=0)
    raked = rake(table(seed), rows=rows_of(*rows), columns=columns_of(*columns)).to_numpy()
    start = np.array(seed, float)
    n = len(rows)

    # The dual of the least relative entropy: x = seed exp(u + v).
    def dual(uv: np.ndarray) -> tuple[float, np.ndarray]:
        x = start * np.exp(uv[:n, None] + uv[n:])
        slope = np.r_[x.sum(axis=1) - rows, x.sum(axis=0) - columns]
        return x.sum() - uv[:n] @ rows - uv[n:] @ columns, slope

    found = minimize(dual, np.zeros(n + 3), jac=True, method="BFGS", options={"gtol": 1e-10})
    assert raked == pytest.approx(start * np.exp(found.x[:n, None] + found.x[n:]), abs=1e-4)


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=3, max_size=3),
    st.lists(st.integers(0, 20), min_size=3, max_size=3),
    st.lists(st.integers(0, 20), min_size=3, max_size=3),
)
def test_totals_are_refused_exactly_where_highs_finds_no_table(
    open_cells: list[list[bool]], rows: list[int], columns: list[int]
) -> None:
    columns[2] = sum(rows) - columns[0] - columns[1]
    assume(columns[2] >= 0)
    cells = np.array(open_cells).ravel()
    by_row, by_column = np.kron(np.eye(3), np.ones(3)), np.kron(np.ones(3), np.eye(3))
    exists = linprog(
        np.zeros(9),
        A_eq=np.vstack([by_row, by_column]),
        b_eq=[*rows, *columns],
        bounds=[(0, None if c else 0) for c in cells],
    ).success
    options = {"rows": rows_of(*rows), "columns": columns_of(*columns), "most_rounds": 500}
    if exists:
        try:
            raked = rake(table(open_cells), **options)
        except errors.RakingNotConverged:
            return
        assert raked.sum(axis=1).tolist() == pytest.approx(rows, abs=1e-6)
        assert raked.sum().tolist() == pytest.approx(columns, abs=1e-6)
    else:
        with pytest.raises(errors.RakingInfeasible):
            rake(table(open_cells), **options)


def test_what_stands_in_the_way_is_named_with_what_could_be_placed() -> None:
    with pytest.raises(errors.RakingInfeasible) as caught:
        rake(
            table([[0, 1, 0], [0, 1, 0], [1, 1, 1]]),
            rows=rows_of(120, 180, 210),
            columns=columns_of(150, 160, 200),
        )
    text = str(caught.value)
    assert "2 found: r, s" in text
    assert "together they have 300.00 and may only use b, which take 160.00" in text
    assert caught.value.nearest == pytest.approx(370)
    with pytest.raises(errors.RakingInfeasible, match="may only use no column"):
        rake(table([[0, 0], [1, 1]]), rows=rows_of(5, 5), columns=columns_of(5, 5))


def test_totals_reached_only_in_the_limit_are_said_not_to_converge() -> None:
    # Only the diagonal can hold these totals, but the seed fills a cell beside it.
    with pytest.raises(errors.RakingNotConverged, match="after 200 rounds"):
        rake(table([[1, 1], [0, 1]]), rows=rows_of(5, 5), columns=columns_of(5, 5), most_rounds=200)


def test_margins_and_seed_are_checked() -> None:
    seed = table([[1, 1], [1, 1]])
    with pytest.raises(errors.MarginsDiffer, match=r"rows 4\.00, columns 5\.00"):
        rake(seed, rows=rows_of(2, 2), columns=columns_of(2, 3))
    with pytest.raises(errors.FiguresNotUsable, match="s"):
        rake(table([[1, 1], [1, -1]]), rows=rows_of(2, 2), columns=columns_of(2, 2))
    with pytest.raises(errors.FiguresNotUsable, match="columns"):
        rake(seed, rows=rows_of(2, 2), columns=columns_of(5, -1))


def test_no_money_is_raked_to_no_money() -> None:
    nothing = rake(table([[1, 1], [1, 1]]), rows=rows_of(0, 0), columns=columns_of(0, 0))
    assert nothing.to_numpy().tolist() == [[0, 0], [0, 0]]


def test_amounts_of_ten_thousand_million_pounds_are_raked_too() -> None:
    rng = np.random.default_rng(5)
    goal = rng.integers(1, 10**12, (4, 5)).astype(float)
    seed = table(rng.random((4, 5)) + 0.1)
    raked = rake(seed, rows=rows_of(*goal.sum(axis=1)), columns=columns_of(*goal.sum(axis=0)))
    assert raked.sum(axis=1).tolist() == pytest.approx(goal.sum(axis=1).tolist(), rel=1e-9)


def by_hand(seed: list[list[float]], rows: list[float], columns: list[float]) -> list[list[float]]:
    """Iterative proportional fitting in plain Python: rows, then columns, 3,000 times."""
    table = [list(map(float, line)) for line in seed]
    for _ in range(3000):
        for i, total in enumerate(rows):
            whole = sum(table[i])
            table[i] = [x * total / whole if whole else 0.0 for x in table[i]]
        for j, total in enumerate(columns):
            whole = sum(line[j] for line in table)
            for line in table:
                line[j] = line[j] * total / whole if whole else 0.0
    return table


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=4),
    st.lists(st.lists(st.integers(1, 900), min_size=3, max_size=3), min_size=4, max_size=4),
)
def test_raking_with_structural_zeros_agrees_with_an_independent_raking(
    seed: list[list[int]], truth: list[list[int]]
) -> None:
    # Totals of a table with the same empty cells, so that they can be met.
    goal = [
        [b if a else 0 for a, b in zip(x, y, strict=True)]
        for x, y in zip(seed, truth, strict=False)
    ]
    rows = [sum(line) for line in goal]
    columns = [sum(line[j] for line in goal) for j in range(3)]
    raked = rake(table(seed), rows=rows_of(*rows), columns=columns_of(*columns))
    expected = by_hand(seed, rows, columns)
    assert raked.to_numpy().tolist() == [pytest.approx(line, abs=1e-5) for line in expected]
    assert (raked.to_numpy()[np.array(seed) == 0] == 0).all()


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=2, max_size=5),
    st.lists(st.lists(st.integers(1, 10**7), min_size=4, max_size=4), min_size=5, max_size=5),
    st.sampled_from([1, 1000]),
)
def test_a_raked_table_in_whole_pence_keeps_both_totals_and_every_cell_to_a_penny(
    seed: list[list[int]], truth: list[list[int]], scale: int
) -> None:
    goal = np.array(truth)[: len(seed)] * (np.array(seed) > 0) * scale
    rows, columns = rows_of(*goal.sum(axis=1)), columns_of(*goal.sum(axis=0))
    raked = rake(table(seed), rows=rows, columns=columns)
    pence = whole_table(raked, rows=rows.astype("int64"), columns=columns.astype("int64"))
    assert pence.dtypes.eq(np.int64).all()
    assert pence.sum(axis=1).tolist() == goal.sum(axis=1).tolist()
    assert pence.sum(axis=0).tolist() == goal.sum(axis=0).tolist()
    assert (np.abs(pence - raked) <= 1 + 1e-9 * goal.sum()).all(axis=None)
    assert (pence.to_numpy()[np.array(seed) == 0] == 0).all()
    turned = raked.iloc[::-1, ::-1]
    again = whole_table(turned, rows=rows.astype("int64"), columns=columns.astype("int64"))
    assert (again.loc[pence.index, pence.columns] == pence).all(axis=None)


def test_whole_pence_of_a_table_that_is_not_raked_are_refused() -> None:
    seed = table([[1, 1], [1, 1]])
    with pytest.raises(errors.MarginsDiffer, match="off its total"):
        whole_table(seed, rows=rows_of(8, 2), columns=columns_of(5, 5))
    with pytest.raises(errors.MarginsDiffer, match="rows 4, columns 5"):
        whole_table(seed, rows=rows_of(2, 2), columns=columns_of(2, 3))


def test_a_table_of_a_city_and_of_ten_to_the_thirteenth_pence_is_rounded_exactly() -> None:
    rng = np.random.default_rng(9)
    goal = rng.integers(1, 10**9, (60, 300)) * (rng.random((60, 300)) < 0.4)
    goal = (goal * (10**13 / goal.sum())).astype(np.int64)
    seed = pd.DataFrame((rng.random(goal.shape) + 0.2) * (goal > 0))
    rows, columns = pd.Series(goal.sum(axis=1)), pd.Series(goal.sum(axis=0))
    raked = rake(seed, rows=rows.astype(float), columns=columns.astype(float))
    pence = whole_table(raked, rows=rows, columns=columns)
    assert (pence.sum(axis=1) == rows).all()
    assert (pence.sum(axis=0) == columns).all()
