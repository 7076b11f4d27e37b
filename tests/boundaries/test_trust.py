"""How far a converted figure can be trusted: bounds, split sources, error, grade."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array

from boundaries.build import best_fit
from boundaries.crosswalk import Crosswalk
from boundaries.errors import CodesUnknown, OptionUnknown, VintageMismatch
from boundaries.trust import ERROR_LIMITS, SPLIT_LIMITS, grade_rule, measure, trust

Written = Callable[..., Crosswalk]


def series(*values: float | None, prefix: str = "s", layer: str = "sa") -> pd.Series:
    codes = pd.Index([f"{prefix}{i}" for i in range(len(values))], name=layer)
    return pd.Series(values, index=codes, dtype="float64")


def test_bounds_run_from_what_is_wholly_inside_to_all_that_touches(written: Written) -> None:
    crosswalk = written([[1, 0], [1, 3], [0, 1]])
    table = trust(crosswalk, series(100, 40, 7), sliver=0.0).table
    assert table["estimate"].tolist() == [110.0, 37.0]
    assert table["lower"].tolist() == [100.0, 7.0]
    assert table["upper"].tolist() == [140.0, 47.0]
    assert table["split_share"].tolist() == pytest.approx([10 / 110, 30 / 37])


def test_a_sliver_is_taken_as_it_is(written: Written) -> None:
    crosswalk = written([[995, 5], [0, 100]])
    strict = trust(crosswalk, series(1000, 10), sliver=0.0).table
    assert strict.loc["t0", ["lower", "upper"]].tolist() == [0.0, 1000.0]
    tolerant = trust(crosswalk, series(1000, 10), sliver=0.01).table
    assert tolerant.loc["t0", ["lower", "upper"]].tolist() == [995.0, 995.0]
    assert tolerant.loc["t1", ["lower", "upper"]].tolist() == [15.0, 15.0]
    assert tolerant["split_share"].tolist() == [0.0, 0.0]


def test_what_a_sliver_takes_is_not_there_for_another_target(written: Written) -> None:
    crosswalk = written([[1, 50, 49]])
    table = trust(crosswalk, series(100), sliver=0.01).table
    assert table["upper"].tolist() == pytest.approx([1.0, 99.0, 99.0])


def test_a_negative_amount_turns_its_bounds_round(written: Written) -> None:
    table = trust(written([[1, 1]]), series(-10), sliver=0.0).table
    assert table[["lower", "upper"]].to_numpy().tolist() == [[-10.0, 0.0]] * 2


@given(st.data())
def test_no_whole_number_of_people_escapes_the_bounds(data: st.DataObject) -> None:
    """Whatever way two split sources really divide, the truth lies between the bounds."""
    cell = st.sampled_from([0.0, 1.0, 2.0])
    mass = data.draw(hnp.arrays(np.float64, (2, 3), elements=cell))
    mass[:, 0] += mass.sum(axis=1) == 0
    people = data.draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    crosswalk = Crosswalk(
        csr_array(mass),
        mass.sum(axis=1),
        pd.Index(["s0", "s1"], name="sa"),
        pd.Index(["t0", "t1", "t2"], name="wd"),
        "m2",
        "area",
    )
    table = trust(crosswalk, series(*people), sliver=0.0).table
    homes = [np.flatnonzero(mass[s]) for s in range(2)]
    for first in product(homes[0], repeat=people[0]):
        for second in product(homes[1], repeat=people[1]):
            truth = np.bincount([*first, *second], minlength=3)
            known = table["estimate"].notna().to_numpy()
            assert (table["lower"].to_numpy() - 1e-9 <= truth)[known].all()
            assert (truth <= table["upper"].to_numpy() + 1e-9)[known].all()


def test_a_finer_weight_gives_an_error_an_interval_and_a_second_figure(written: Written) -> None:
    by_area = written([[1, 1], [1, 0]], unit="m2")
    by_people = written([[3, 1], [1, 0]])
    result = trust(by_area, series(80, 100), finer=by_people, sliver=0.0)
    # w = 1/2, u = 3/4: (w - u)^2 = 1/16 in both cells; p (1 - p) = 15/64 in both.
    assert result.spread == pytest.approx(np.sqrt((1 / 16) / (15 / 64)))
    # So that the error is 80 people times the difference of the shares.
    assert result.table["error"].tolist() == pytest.approx([20.0, 20.0])
    assert result.table["second"].tolist() == [160.0, 20.0]
    assert result.table.loc["t0", "low"] == pytest.approx(140 - 1.96 * 20, abs=0.01)
    assert result.table.loc["t1", "high"] == pytest.approx(40 + 1.96 * 20, abs=0.01)
    # 40 - 39.2 is above the bound of 0; with twice the doubt the bound would hold it.
    wide = trust(by_area, series(80, 100), spread=1.0, sliver=0.0)
    assert wide.table.loc["t1", ["low", "high"]].tolist() == [0.0, 80.0]


def test_two_weights_that_agree_leave_no_error(written: Written) -> None:
    crosswalk = written([[1, 1]])
    result = trust(crosswalk, series(80), finer=crosswalk)
    assert result.spread == 0.0
    assert result.table["error"].tolist() == [0.0, 0.0]
    assert result.table["grade"].tolist() == ["A", "A"]


def test_a_best_fit_hides_what_is_split_and_is_not_trusted_for_it(written: Written) -> None:
    shares = written([[3, 2], [1, 0]])
    fitted, values = best_fit(shares), series(50, 100)
    alone = trust(fitted, values).table
    assert alone["estimate"].tolist()[0] == 150.0
    assert alone["grade"].tolist() == ["D", "D"]
    assert alone[["lower", "upper", "split_share"]].isna().all(axis=None)
    assert "which of its areas are split is not known" in trust(fitted, values).sentence("t0")
    vouched = trust(fitted, values, nested=True).table
    assert vouched.loc["t0", ["lower", "upper", "grade"]].tolist() == [150.0, 150.0, "A"]


def test_a_finer_weight_says_what_a_best_fit_split(written: Written) -> None:
    shares = written([[3, 2], [1, 0], [0, 1]])
    table = trust(best_fit(shares), series(50, 100, 7), finer=shares).table
    assert table["estimate"].tolist() == [150.0, 7.0]
    assert table["second"].tolist() == [130.0, 27.0]
    assert table[["lower", "upper"]].to_numpy().tolist() == [[100.0, 150.0], [7.0, 57.0]]
    # w = 1 and u = 0.6, so p = 0.8: the error is 50 people times the difference of 0.4.
    assert table["error"].tolist() == pytest.approx([20.0, 20.0])


def test_a_rescaled_shortfall_may_lie_outside_in_truth(written: Written) -> None:
    crosswalk = written([[99.0]], source_mass=[100])
    strict = trust(crosswalk, series(200), sliver=0.0, tolerance=0.02).table
    assert strict.loc["t0", ["estimate", "lower", "upper"]].tolist() == [200.0, 0.0, 200.0]
    tolerant = trust(crosswalk, series(200), sliver=0.01, tolerance=0.02).table
    assert tolerant.loc["t0", ["lower", "upper"]].tolist() == [200.0, 200.0]


def test_overlapping_targets_may_both_hold_everybody(written: Written) -> None:
    crosswalk = written([[60, 100]], source_mass=[100])
    table = trust(crosswalk, series(10), sliver=0.0, overlap="count-in-each").table
    assert table[["lower", "upper"]].to_numpy().tolist() == [[0.0, 10.0], [10.0, 10.0]]


def test_the_order_of_the_finer_crosswalk_does_not_matter(written: Written) -> None:
    coarse, finer = written([[1, 1], [1, 0]]), written([[3, 1], [1, 0]])
    turned = finer.restrict(sources=finer.sources[::-1], targets=finer.targets[::-1])
    values = series(80, 100)
    one = trust(coarse, values, finer=finer).table
    pd.testing.assert_frame_equal(one, trust(coarse, values, finer=turned).table)


def test_a_finer_crosswalk_of_other_layers_is_refused(written: Written) -> None:
    coarse = written([[1, 1]])
    with pytest.raises(VintageMismatch):
        trust(coarse, series(1), finer=written([[1, 1]], target="wd24"))
    with pytest.raises(CodesUnknown, match="t1"):
        trust(coarse, series(1), finer=written([[1]]))
    with pytest.raises(OptionUnknown):
        trust(coarse, series(1), sliver=2.0)


@pytest.mark.parametrize(
    ("part", "grade"), [(0.0, "A"), (0.02, "A"), (0.1, "B"), (0.3, "C"), (0.31, "D")]
)
def test_without_an_error_the_share_from_split_sources_grades(
    part: float, grade: str, written: Written
) -> None:
    crosswalk = written([[1, 0], [1, 1]])
    values = series(100 * (1 - part), 200 * part)
    result = trust(crosswalk, values)
    assert result.table.loc["t0", "split_share"] == pytest.approx(part)
    assert result.table.loc["t0", "grade"] == grade
    assert np.isnan(result.table.loc["t0", "error"])


@pytest.mark.parametrize(
    ("error", "grade"), [(0.01, "A"), (0.011, "B"), (0.05, "B"), (0.15, "C"), (0.2, "D")]
)
def test_a_known_error_grades(error: float, grade: str, written: Written) -> None:
    # One source of 100 in halves: the error is spread * 100 * 1/2, the figure 50 + 950.
    crosswalk = written([[1, 1], [1, 0]])
    table = trust(crosswalk, series(100, 950), spread=error * 1000 / 50).table
    assert table.loc["t0", "error"] == pytest.approx(error * 1000)
    assert table.loc["t0", "grade"] == grade


def test_a_target_without_a_figure_has_grade_d_and_no_bounds(written: Written) -> None:
    result = trust(written([[1, 0], [1, 0]]), series(1, None))
    assert result.table["grade"].tolist() == ["D", "D"]
    assert result.table[["estimate", "lower", "upper", "low"]].isna().all(axis=None)
    assert "has no figure" in result.sentence("t1")


def test_the_rule_is_printed_with_its_limits(written: Written) -> None:
    for by_error, limits in ((True, ERROR_LIMITS), (False, SPLIT_LIMITS)):
        text = grade_rule(by_error=by_error)
        assert all(f"{limit:.0%}" in text for limit in limits)
        assert "rule of this project" in text
    assert trust(written([[1.0]]), series(1)).rule == grade_rule(by_error=False)
    assert trust(written([[1.0]]), series(1), spread=0.1).rule == grade_rule(by_error=True)


def test_a_sentence_states_figure_bounds_sliver_and_grade(written: Written) -> None:
    result = trust(written([[1, 1], [1, 0]]), series(80, 1000), spread=0.5)
    assert result.sentence("t0") == (
        "t0: about 1,040; between 1,000 and 1,080 however the split areas really divide (parts "
        "below 1.0% taken as they are); 3.8% of it comes from areas that are split; nine times "
        "in ten between 1,001 and 1,079. Grade B."
    )


def test_measuring_counts_how_often_the_truth_lies_inside(written: Written) -> None:
    figures = trust(written([[1, 1], [1, 0]]), series(80, 100), spread=0.1, sliver=0.0)
    # t0: 140, within 100..180, interval 132.2..147.8. t1: 40, within 0..80, 32.2..47.8.
    truth = series(145, 60, prefix="t", layer="wd")
    measured = measure(figures, truth)
    assert (measured.areas, measured.within_bounds, measured.within_interval) == (2, 1.0, 0.5)
    assert measured.mean_error == pytest.approx((5 / 145 + 20 / 60) / 2)
    assert measured.worst_error == pytest.approx(20 / 60)
    with pytest.raises(VintageMismatch):
        measure(figures, series(1, 2, prefix="t", layer="wd24"))


def test_without_an_interval_none_is_measured(written: Written) -> None:
    figures = trust(written([[1, 1]]), series(80))
    measured = measure(figures, series(40, 40, prefix="t", layer="wd"))
    assert np.isnan(measured.within_interval)
    assert measured.within_bounds == 1.0


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Shares that truly err as the model says: the interval must cover close to 95 %."""
    rng = np.random.default_rng(11)
    n, m = 4000, 80
    left = np.arange(n) * (m - 1) // n
    true = rng.uniform(0.2, 0.8, n)
    guess = np.clip(true + rng.normal(0, 0.1, n), 0.01, 0.99)
    people = rng.uniform(500, 1500, n)
    index = pd.Index([f"s{i}" for i in range(n)], name="sa")

    def split(share: np.ndarray) -> Crosswalk:
        rows = np.r_[np.arange(n), np.arange(n)]
        cells = csr_array((np.r_[share, 1 - share], (rows, np.r_[left, left + 1])), shape=(n, m))
        targets = pd.Index([f"t{j:02d}" for j in range(m)], name="wd")
        return Crosswalk(cells, np.ones(n), index, targets, "shares", "lookup")

    values = pd.Series(people, index=index)
    truth = split(true).apply_extensive(values).values
    figures = trust(split(guess), values, finer=split(true))
    assert 0.88 <= measure(figures, truth).within_interval <= 1.0
