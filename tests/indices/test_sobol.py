"""Shares of each choice: Ishigami's known answer, our own arithmetic, and an index on a grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from SALib.sample import sobol as sampling
from SALib.test_functions import Ishigami

from geo.errors import SeveralFaults
from indices.definitions import parse
from indices.errors import OptionUnknown
from indices.index import Index, build
from indices.robustness import Choices
from indices.sobol import MEAN, SAMPLING, SCALE, WEIGHTS, Shares, shares, sobol

# Ishigami and Homma's function with a = 7, b = 0.1 has shares that can be written down.
PI4, PI8 = np.pi**4, np.pi**8
V1, V2, V13 = 0.5 * (1 + 0.1 * PI4 / 5) ** 2, 49 / 8, 0.01 * PI8 * (1 / 18 - 1 / 50)
TOTAL = V1 + V2 + V13
KNOWN_FIRST = [V1 / TOTAL, V2 / TOTAL, 0.0]
KNOWN_TOTAL = [(V1 + V13) / TOTAL, V2 / TOTAL, V13 / TOTAL]
PROBLEM = {"num_vars": 3, "names": ["x1", "x2", "x3"], "bounds": [[-np.pi, np.pi]] * 3}


@pytest.fixture(scope="module")
def ishigami() -> tuple[np.ndarray, pd.DataFrame]:
    drawn = sampling.sample(PROBLEM, 1024, calc_second_order=False, seed=7)
    found = Ishigami.evaluate(drawn)
    return found, shares(PROBLEM, found, seed=7)


def test_the_known_answer_is_the_published_one() -> None:
    # As in SALib's documentation of the function: 0.3139, 0.4424, 0; totals 0.5576, 0.4424, 0.2437.
    assert np.round(KNOWN_FIRST, 4).tolist() == [0.3139, 0.4424, 0.0]
    assert np.round(KNOWN_TOTAL, 4).tolist() == [0.5576, 0.4424, 0.2437]


def test_the_shares_of_a_known_function_are_found(ishigami) -> None:
    _, table = ishigami
    assert table["first"].to_numpy() == pytest.approx(KNOWN_FIRST, abs=0.05)
    assert table["total"].to_numpy() == pytest.approx(KNOWN_TOTAL, abs=0.05)
    for name, known in (("first", KNOWN_FIRST), ("total", KNOWN_TOTAL)):
        assert (table[f"{name}_low"] <= np.array(known)).all()
        assert (table[f"{name}_high"] >= np.array(known)).all()


def test_shares_are_the_formula_on_paper(ishigami) -> None:
    found, table = ishigami
    runs = found.reshape(-1, 5)  # A, AB_1, AB_2, AB_3, B of each sample
    a, mixed, b = runs[:, 0], runs[:, 1:4], runs[:, 4]
    centred = found.mean()
    variance = np.var(np.r_[a, b])
    first = ((b - centred)[:, None] * (mixed - a[:, None])).mean(axis=0) / variance
    total = ((a[:, None] - mixed) ** 2).mean(axis=0) / (2 * variance)
    assert table["first"].to_numpy() == pytest.approx(first, abs=1e-12)
    assert table["total"].to_numpy() == pytest.approx(total, abs=1e-12)


def definition(**more):
    parts = [{"id": f"d{i}", "title": f"D{i}", "weight": w} for i, w in enumerate((0.6, 0.3, 0.1))]
    return parse(
        {
            "id": "own",
            "title": "Own",
            "edition": "1",
            "reference": "drawn",
            "domains": parts,
            **more,
        }
    )


@pytest.fixture(scope="module")
def index() -> Index:
    random = np.random.default_rng(3)
    codes = pd.Index([f"A{i:03d}" for i in range(200)], name="sa")
    shared = random.normal(size=200)
    data = {f"d{i}": np.exp(shared + random.normal(size=200)) for i in range(3)}
    return build(definition(), pd.DataFrame(data, index=codes), from_="scores")


def test_only_what_is_open_has_a_share(index: Index) -> None:
    one = Choices(weights={"own": {"d0": 0.6, "d1": 0.3, "d2": 0.1}}, spread=0.0)
    found = sobol(index, choices=one, n=64)
    assert list(found.table.index) == [WEIGHTS, SCALE, MEAN]
    assert found.runs == 64 * 5
    assert found.table.loc[WEIGHTS, ["first", "total"]].tolist() == [0.0, 0.0]
    assert found.table.loc[[SCALE, MEAN], "total"].min() > 0.1


def test_a_choice_that_is_alone_has_the_whole_share(index: Index) -> None:
    alone = Choices(scales=["exponential"], means=["arithmetic"])
    found = sobol(index, choices=alone, n=256)
    assert found.table.loc[WEIGHTS, "first"] == pytest.approx(1.0, abs=0.1)
    assert found.table.loc[WEIGHTS, "total"] == pytest.approx(1.0, abs=0.1)
    assert found.table.loc[[SCALE, MEAN], "total"].tolist() == [0.0, 0.0]
    assert found.table.loc[WEIGHTS, "first_low"] < 1 < found.table.loc[WEIGHTS, "first_high"] + 0.1


def test_scale_and_mean_alone_are_the_spread_over_a_table_of_both(index: Index) -> None:
    # With no other choice y is a table of scales by means, whose shares are its variances.
    both = Choices(
        weights={"own": {"d0": 0.6, "d1": 0.3, "d2": 0.1}},
        spread=0.0,
        scales=["exponential", "rank"],
        means=["arithmetic", "geometric"],
    )
    found = sobol(index, choices=both, n=512)
    y = np.array(
        [
            [
                sobol(
                    index,
                    choices=Choices(both.weights, 0.0, [scale], [mean]),
                    n=2,
                ).moved.mean()
                for mean in both.means
            ]
            for scale in both.scales or ()
        ]
    )
    spread = y.var()
    of_scale, of_mean = y.mean(axis=1).var() / spread, y.mean(axis=0).var() / spread
    assert found.table.loc[SCALE, "first"] == pytest.approx(of_scale, abs=0.05)
    assert found.table.loc[MEAN, "first"] == pytest.approx(of_mean, abs=0.05)
    assert found.table.loc[SCALE, "total"] == pytest.approx(1 - of_mean, abs=0.05)
    assert found.table.loc[MEAN, "total"] == pytest.approx(1 - of_scale, abs=0.05)


def counted() -> Index:
    random = np.random.default_rng(5)
    codes = pd.Index([f"A{i:03d}" for i in range(120)], name="sa")
    people = random.integers(20, 60, 120)
    events = {f"e{i}": random.binomial(people, 0.2) for i in range(2)}
    indicators = [
        {
            "id": f"i{i}",
            "title": "I",
            "unit": "%",
            "kind": "rate",
            "numerator": f"e{i}",
            "denominator": "people",
            "per": 100,
            "direction": "high is worse",
            "source": "drawn",
            "vintage": "sa",
            "date": 2021,
            "theme": "x",
        }
        for i in range(2)
    ]
    domains = [
        {"id": f"d{i}", "title": "D", "weight": 0.5, "indicators": [f"i{i}"]} for i in range(2)
    ]
    raw = {
        "id": "own",
        "title": "Own",
        "edition": "1",
        "layer": "sa",
        "reference": "drawn",
        "indicators": indicators,
        "domains": domains,
    }
    return build(
        parse(raw), pd.DataFrame({**events, "people": people}, index=codes), from_="indicators"
    )


def test_sampling_error_has_its_share_where_there_are_counts() -> None:
    found = sobol(counted(), n=64, pool=20)
    assert list(found.table.index) == [WEIGHTS, SCALE, MEAN, SAMPLING]
    # Few people in each area: chance moves the ranks more than any choice does.
    assert found.table["total"].idxmax() == SAMPLING
    assert found.left_out == ()
    without = sobol(counted(), n=64, pool=0)
    assert SAMPLING not in without.table.index
    assert "left out" in without.sentence()


def test_the_sentence_names_the_choices_in_their_order(index: Index) -> None:
    found = sobol(index, n=64)
    said = found.sentence()
    order = found.table["total"].sort_values(ascending=False).index
    assert [said.index(str(choice)) for choice in order] == sorted(
        said.index(str(choice)) for choice in order
    )
    still = Shares(found.table, np.zeros(4), 1, 4, 0.95, 1)
    assert still.sentence() == "None of the choices moves any rank."


def test_the_same_seed_gives_the_same_shares(index: Index) -> None:
    first, again, other = (sobol(index, n=32, seed=seed).table for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not np.allclose(first, other)


def test_where_nothing_moves_all_shares_are_nought() -> None:
    table = shares(PROBLEM, np.zeros(5 * 8))
    assert (table == 0).all(axis=None)


def test_what_cannot_be_chosen_is_named_together(index: Index) -> None:
    with pytest.raises(SeveralFaults) as caught:
        sobol(index, n=100, choices=Choices(spread=1.0))
    assert [type(fault) for fault in caught.value.faults] == [OptionUnknown, OptionUnknown]
    with pytest.raises(OptionUnknown, match="power of two"):
        sobol(index, n=1)
