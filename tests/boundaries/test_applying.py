"""Counts, rates and categories on the way from one layer to another, and their books."""

from __future__ import annotations

import json
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array

from boundaries.applying import Reconciliation
from boundaries.crosswalk import Crosswalk
from boundaries.errors import (
    AmountUncovered,
    AmountUnplaceable,
    CodesNotText,
    CodesNotUnique,
    CodesUnknown,
    CrosswalkBroken,
    OverlapRefused,
    ShareOutOfRange,
    ValuesNegative,
    ValuesNotFinite,
    ValuesNotNumbers,
    VintageMismatch,
)
from geo.errors import SeveralFaults

Written = Callable[..., Crosswalk]


def series(*values: float | None, layer: str = "sa") -> pd.Series:
    codes = pd.Index([f"s{i}" for i in range(len(values))], name=layer)
    return pd.Series(values, index=codes, name="people", dtype="float64")


# ------------------------------------------------------------------------- counts


def test_counts_follow_the_weights(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, people: pd.Series
) -> None:
    converted = Crosswalk.from_areas(squares, wards).apply_extensive(people)
    # W1 holds the squares 01 and 03 and half of 02 and 04.
    assert converted.values.to_dict() == {"W1": 70.0, "W2": 30.0}
    assert converted.values.index.name == "wd"
    assert converted.values.name == "people"
    books = converted.reconciliation
    assert (books.total_in, books.total_out, books.outside) == (100.0, 100.0, 0.0)


def test_the_order_of_the_values_does_not_matter(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, people: pd.Series
) -> None:
    crosswalk = Crosswalk.from_areas(squares, wards)
    assert crosswalk.apply_extensive(people[::-1]).values.to_dict() == {"W1": 70.0, "W2": 30.0}


def test_an_amount_without_a_target_raises_with_code_and_amount(written: Written) -> None:
    crosswalk = written([[3, 1], [1, 0]], source_mass=[4, 4])
    with pytest.raises(AmountUncovered, match=r"60 of 120.*s1 \(60\)") as caught:
        crosswalk.apply_extensive(series(40, 80))
    assert caught.value.amount == 60.0  # type: ignore[attr-defined]
    assert caught.value.codes == ("s1",)  # type: ignore[attr-defined]


def test_the_largest_losses_are_named_first(written: Written) -> None:
    crosswalk = written([[1.0]] * 7, source_mass=[2] * 7)
    with pytest.raises(AmountUncovered, match=r"7 found: s6 \(14\), s0 \(-10\), .* and 2 more"):
        crosswalk.apply_extensive(series(-20, 2, 4, 6, 8, 10, 28))


def test_an_amount_without_a_target_can_be_reported(written: Written) -> None:
    crosswalk = written([[3, 1], [1, 0]], source_mass=[4, 4])
    converted = crosswalk.apply_extensive(series(40, 80), uncovered="report")
    assert converted.values.tolist() == [50.0, 10.0]
    books = converted.reconciliation
    assert (books.outside, books.outside_codes) == (60.0, ("s1",))
    assert books.sentence() == "120 went in, 60 came out; 60 lie outside (1 source)."


def test_nothing_to_lose_is_no_reason_to_raise(written: Written) -> None:
    crosswalk = written([[4.0], [1.0]], source_mass=[4, 4])
    assert crosswalk.apply_extensive(series(40, 0)).values.tolist() == [40.0]


def test_amounts_that_cancel_out_are_lost_all_the_same(written: Written) -> None:
    crosswalk = written([[1.0], [1.0]], source_mass=[2, 2])
    with pytest.raises(AmountUncovered):
        crosswalk.apply_extensive(series(40, -40))


def test_an_amount_on_a_source_without_weight_has_an_error_of_its_own(written: Written) -> None:
    crosswalk = written([[0.0], [1.0]])
    with pytest.raises(AmountUnplaceable, match=r"s0 \(7\)"):
        crosswalk.apply_extensive(series(7, 1))
    books = crosswalk.apply_extensive(series(7, 1), uncovered="report").reconciliation
    assert (books.outside, books.unplaceable, books.zero_mass_codes) == (7.0, 7.0, ("s0",))


def test_lost_and_unplaceable_amounts_are_raised_together(written: Written) -> None:
    crosswalk = written([[0.0], [1.0]], source_mass=[0, 2])
    with pytest.raises(SeveralFaults) as caught:
        crosswalk.apply_extensive(series(7, 1))
    assert {type(f) for f in caught.value.faults} == {AmountUncovered, AmountUnplaceable}


def test_the_tolerance_moves_people_and_says_how_many(written: Written) -> None:
    crosswalk = written([[99.0], [50.0]], source_mass=[100, 100])
    converted = crosswalk.apply_extensive(series(200, 0), tolerance=0.02)
    assert converted.values.tolist() == [200.0]
    books = converted.reconciliation
    assert books.moved == pytest.approx(2.0)
    assert books.moved_codes == ("s0",)
    assert "2 were moved because 1 source fit within 2.0% only" in books.sentence()


def test_a_target_without_a_source_is_missing_and_not_zero(written: Written) -> None:
    converted = written([[1, 0], [1, 0]]).apply_extensive(series(1, 2))
    assert converted.values.isna().to_dict() == {"t0": False, "t1": True}
    assert converted.reconciliation.missing_targets == ("t1",)


def test_a_target_whose_sources_count_zero_is_zero_and_not_missing(written: Written) -> None:
    assert written([[1.0]]).apply_extensive(series(0)).values.tolist() == [0.0]


def test_a_missing_value_stays_missing_and_is_counted(written: Written) -> None:
    crosswalk = written([[1, 0], [1, 1], [0, 1], [0, 1]])
    converted = crosswalk.apply_extensive(series(10, None, 20, 4))
    assert converted.values.isna().all()
    books = converted.reconciliation
    assert (books.missing, books.missing_codes) == (1, ("s1",))
    assert (books.total_in, books.total_out, books.withheld) == (34.0, 0.0, 34.0)


def test_a_code_without_a_row_is_missing_too(written: Written) -> None:
    values = series(10, 20).drop("s1")
    converted = written([[1, 0], [0, 1]]).apply_extensive(values)
    assert converted.values.isna().tolist() == [False, True]
    assert converted.reconciliation.missing_codes == ("s1",)


def test_a_missing_sliver_below_the_tolerance_does_not_blank_a_target(written: Written) -> None:
    crosswalk = written([[99, 0], [1, 99]])
    values = series(10, None)
    assert crosswalk.apply_extensive(values).values.isna().tolist() == [True, True]
    tolerant = crosswalk.apply_extensive(values, tolerance=0.02)
    assert tolerant.values.isna().tolist() == [False, True]
    assert tolerant.values["t0"] == 10.0


def test_more_missing_than_the_tolerance_blanks_a_target(written: Written) -> None:
    crosswalk = written([[97, 0], [3, 97]])
    tolerant = crosswalk.apply_extensive(series(10, None), tolerance=0.02)
    assert tolerant.values.isna().tolist() == [True, True]
    assert tolerant.reconciliation.withheld == 10.0


def test_what_is_known_can_be_asked_for(written: Written) -> None:
    converted = written([[1, 0], [1, 1]]).apply_extensive(series(10, None), missing="skip")
    assert converted.values["t0"] == 10.0
    assert np.isnan(converted.values["t1"])


def test_a_missing_value_in_a_target_nobody_covers_is_not_a_loss(written: Written) -> None:
    crosswalk = written([[1.0], [0.0]], source_mass=[1, 1])
    assert crosswalk.apply_extensive(series(5, None)).values.tolist() == [5.0]


def test_overlapping_targets_are_refused_for_counts(
    squares: gpd.GeoDataFrame, partnerships: gpd.GeoDataFrame, people: pd.Series
) -> None:
    crosswalk = Crosswalk.from_areas(squares, partnerships)
    with pytest.raises(OverlapRefused):
        crosswalk.apply_extensive(people, uncovered="report")


def test_counted_in_each_shows_its_larger_total(
    squares: gpd.GeoDataFrame, partnerships: gpd.GeoDataFrame, people: pd.Series
) -> None:
    crosswalk = Crosswalk.from_areas(squares, partnerships)
    options = {"uncovered": "report", "overlap": "count-in-each"}
    converted = crosswalk.apply_extensive(people, **options)
    # L1: all of 01 and 03, half of 02 and 04. L2: half of 01 and 03, 8/10 of 02 and 04.
    assert converted.values.to_dict() == pytest.approx({"L1": 70.0, "L2": 68.0})
    books = converted.reconciliation
    # 2/10 of 02 and 04 lie in neither; half of every square lies in both.
    assert books.outside == pytest.approx(12.0)
    assert books.overlap_counted_twice == pytest.approx(50.0)
    assert books.total_in + books.overlap_counted_twice == pytest.approx(books.total_out + 12)
    assert "50 are counted more than once (4 sources)" in books.sentence()


def test_shared_out_holds_the_total(
    squares: gpd.GeoDataFrame, partnerships: gpd.GeoDataFrame, people: pd.Series
) -> None:
    crosswalk = Crosswalk.from_areas(squares, partnerships)
    options = {"uncovered": "report", "overlap": "share-out"}
    books = crosswalk.apply_extensive(people, **options).reconciliation
    assert books.total_out == pytest.approx(88.0)
    assert books.outside == pytest.approx(12.0)
    assert books.overlap_counted_twice == 0.0


# ------------------------------------------------------------------------- values refused


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (series(1, 2, layer="lsoa11"), VintageMismatch),
        (pd.Series([1.0], index=["s0"]), VintageMismatch),
        (series(1, 2, 3), CodesUnknown),
        (pd.concat([series(1, 2), series(1)]), CodesNotUnique),
        (pd.Series([1.0], index=pd.Index([7], name="sa")), CodesNotText),
        (pd.Series(["1"], index=pd.Index(["s0"], name="sa")), ValuesNotNumbers),
        (pd.Series([True], index=pd.Index(["s0"], name="sa"), dtype=object), ValuesNotNumbers),
        (pd.Series([True], index=pd.Index(["s0"], name="sa")), ValuesNotNumbers),
        (series(np.inf, 1), ValuesNotFinite),
        ({"s0": 1}, ValuesNotNumbers),
    ],
)
def test_values_that_do_not_belong_are_refused(
    values: pd.Series, error: type[Exception], written: Written
) -> None:
    with pytest.raises(error):
        written([[1, 0], [0, 1]]).apply_extensive(values)


def test_joining_two_vintages_names_both(written: Written) -> None:
    crosswalk = written([[1.0]], source="lsoa21")
    with pytest.raises(VintageMismatch, match=r"lsoa11.*lsoa21") as caught:
        crosswalk.apply_extensive(series(1, layer="lsoa11"))
    assert caught.value.expected == "lsoa21"  # type: ignore[attr-defined]
    assert caught.value.got == "lsoa11"  # type: ignore[attr-defined]


def test_whole_numbers_and_nullable_columns_are_numbers(written: Written) -> None:
    index = pd.Index(["s0", "s1"], name="sa")
    crosswalk = written([[1, 0], [0, 1]])
    for values in (
        pd.Series([1, 2], index=index),
        pd.Series([1, 2], index=index, dtype="Int64"),
        pd.Series([1, 2.0], index=index, dtype=object),
    ):
        assert crosswalk.apply_extensive(values).values.tolist() == [1.0, 2.0]
    nullable = pd.Series([1, None], index=index, dtype="Int64")
    assert crosswalk.apply_extensive(nullable).values.isna().tolist() == [False, True]


# ------------------------------------------------------------------------- rates


def test_a_rate_is_weighted_by_its_denominator(written: Written) -> None:
    crosswalk = written([[1, 0], [1, 1]])
    converted = crosswalk.apply_intensive(series(0.1, 0.4), series(100, 200))
    # t0 holds 100 people at 0.1 and 100 at 0.4.
    assert converted.values.to_dict() == pytest.approx({"t0": 0.25, "t1": 0.4})
    assert converted.reconciliation.what == "denominator"
    assert converted.reconciliation.total_in == 300.0


def test_a_rate_equals_the_converted_count_over_the_converted_denominator(
    written: Written,
) -> None:
    crosswalk = written([[7, 3, 0], [1, 4, 2], [0, 0, 5]])
    cases, people = series(12, 5, 30), series(100, 70, 90)
    rate = crosswalk.apply_intensive(cases / people, people).values
    counts = crosswalk.apply_extensive(cases).values
    assert rate.to_numpy() == pytest.approx(counts / crosswalk.apply_extensive(people).values)


def test_a_source_without_people_carries_no_weight_whatever_its_rate(written: Written) -> None:
    crosswalk = written([[1.0], [1.0]])
    converted = crosswalk.apply_intensive(series(0.3, None), series(10, 0))
    assert converted.values.tolist() == [0.3]
    assert converted.reconciliation.missing == 0


def test_a_target_without_people_has_no_rate(written: Written) -> None:
    converted = written([[1, 0], [0, 1]]).apply_intensive(series(0.3, 0.5), series(10, 0))
    assert converted.values.isna().tolist() == [False, True]


def test_a_missing_rate_or_denominator_blanks_what_it_reaches(written: Written) -> None:
    crosswalk = written([[1, 0], [1, 1], [0, 1]])
    blank = crosswalk.apply_intensive(series(0.1, None, 0.3), series(10, 10, 10))
    assert blank.values.isna().all()
    blank = crosswalk.apply_intensive(series(0.1, 0.2, 0.3), series(10, 10, None))
    assert blank.values.isna().tolist() == [False, True]
    skipped = crosswalk.apply_intensive(series(0.1, None, 0.3), series(10, 10, 10), missing="skip")
    assert skipped.values.tolist() == pytest.approx([0.1, 0.3])


def test_overlapping_targets_each_have_the_rate_of_their_sources(
    squares: gpd.GeoDataFrame, partnerships: gpd.GeoDataFrame, people: pd.Series
) -> None:
    crosswalk = Crosswalk.from_areas(squares, partnerships)
    rate = people / 100
    converted = crosswalk.apply_intensive(rate, people, uncovered="report")
    expected_l1 = (10 * 0.1 + 10 * 0.2 + 30 * 0.3 + 20 * 0.4) / 70
    assert converted.values["L1"] == pytest.approx(expected_l1)


def test_a_negative_denominator_is_refused_with_every_other_fault(written: Written) -> None:
    with pytest.raises(ValuesNegative):
        written([[1.0]]).apply_intensive(series(0.1), series(-1))
    with pytest.raises(SeveralFaults):
        written([[1.0]]).apply_intensive(series(0.1, 0.2), series(-1))


def test_people_outside_raise_for_rates_too(written: Written) -> None:
    crosswalk = written([[1.0]], source_mass=[2])
    with pytest.raises(AmountUncovered):
        crosswalk.apply_intensive(series(0.1), series(10))


# ------------------------------------------------------------------------- categories


def test_labels_become_shares_of_the_target(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, people: pd.Series
) -> None:
    labels = pd.Series(["urban", "rural", "urban", "rural"], index=squares.index)
    crosswalk = Crosswalk.from_areas(squares, wards)
    by_area = crosswalk.apply_categories(labels).values
    assert by_area.loc["W1"].to_dict() == pytest.approx({"rural": 1 / 3, "urban": 2 / 3})
    by_people = crosswalk.apply_categories(labels, people).values
    assert by_people.loc["W1"].to_dict() == pytest.approx({"rural": 30 / 70, "urban": 40 / 70})
    assert by_people.sum(axis=1).tolist() == pytest.approx([1.0, 1.0])


def test_shares_of_categories_add_up_to_one_or_are_missing(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, people: pd.Series
) -> None:
    shares = pd.DataFrame(
        {"own": [0.2, 0.5, 0.4, np.nan], "rent": [0.8, 0.5, 0.6, 0.4]}, index=squares.index
    )
    crosswalk = Crosswalk.from_areas(squares, wards)
    converted = crosswalk.apply_categories(shares, people)
    assert converted.values.isna().all(axis=None)
    assert converted.reconciliation.missing_codes == ("04",)
    known = crosswalk.apply_categories(shares, people, missing="skip").values
    assert known.sum(axis=1).tolist() == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("row", [[0.5, 0.6], [-0.1, 1.1], [20.0, 80.0]])
def test_shares_that_do_not_add_up_to_one_are_refused(
    row: list[float], squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame
) -> None:
    shares = pd.DataFrame([[0.5, 0.5]] * 3 + [row], columns=["a", "b"], index=squares.index)
    with pytest.raises(ShareOutOfRange, match="04"):
        Crosswalk.from_areas(squares, wards).apply_categories(shares)


def test_a_missing_label_is_no_category(squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame) -> None:
    labels = pd.Series(["urban", "rural", None, "rural"], index=squares.index)
    converted = Crosswalk.from_areas(squares, wards).apply_categories(labels)
    assert list(converted.values.columns) == ["rural", "urban"]
    assert converted.values.loc["W1"].isna().all()
    assert converted.values.loc["W2", "rural"] == 1.0


# ------------------------------------------------------------------------- books


def test_books_that_do_not_close_are_a_fault_of_the_program() -> None:
    books = Reconciliation("values", 10.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0.0)
    with pytest.raises(CrosswalkBroken, match="1 is unexplained"):
        books.check(size=10.0)


def test_books_can_be_written_as_json(written: Written) -> None:
    books = written([[1, 0], [1, 1]]).apply_extensive(series(10, None)).reconciliation
    back = json.loads(json.dumps(books.to_dict()))
    assert back["missing_codes"] == ["s1"]
    assert back["withheld"] == 10.0


heads = st.one_of(st.just(0.0), st.floats(1e-3, 1e6))
cells = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(1, 5)),
    elements=st.one_of(st.just(0.0), st.floats(1e-3, 1e6)),
)


@st.composite
def crosswalks_and_values(draw: st.DrawFn) -> tuple[Crosswalk, pd.Series]:
    mass = draw(cells)
    n, m = mass.shape
    spare = draw(hnp.arrays(np.float64, n, elements=st.floats(-0.5, 1.0)))
    source_mass = mass.sum(axis=1) * (1 + spare)
    crosswalk = Crosswalk(
        mass=csr_array(mass),
        source_mass=source_mass,
        sources=pd.Index([f"s{i}" for i in range(n)], name="sa"),
        targets=pd.Index([f"t{i}" for i in range(m)], name="wd"),
        unit="residents",
        method="points",
    )
    amounts = st.one_of(st.just(np.nan), st.floats(-1e9, 1e9))
    values = draw(hnp.arrays(np.float64, n, elements=amounts))
    return crosswalk, pd.Series(values, index=crosswalk.sources)


@given(
    crosswalks_and_values(),
    st.sampled_from(["share-out", "count-in-each"]),
    st.sampled_from([0.0, 0.02, 0.4]),
    st.sampled_from(["keep", "skip"]),
)
def test_no_amount_is_ever_unexplained(
    drawn: tuple[Crosswalk, pd.Series], overlap: str, tolerance: float, missing: str
) -> None:
    crosswalk, values = drawn
    converted = crosswalk.apply_extensive(
        values, uncovered="report", overlap=overlap, tolerance=tolerance, missing=missing
    )
    books = converted.reconciliation
    size = max(1.0, float(values.abs().sum()) * (1 + float(crosswalk.extra.max())))
    assert books.total_in == pytest.approx(float(values.sum()), abs=1e-9 * size)
    assert books.total_out == pytest.approx(float(converted.values.sum()), abs=1e-9 * size)
    assert abs(books.difference) <= 1e-9 * size
    if overlap == "share-out":
        assert books.overlap_counted_twice == 0.0


@given(crosswalks_and_values(), st.data())
def test_a_rate_stays_within_the_range_of_its_sources(
    drawn: tuple[Crosswalk, pd.Series], data: st.DataObject
) -> None:
    crosswalk, rates = drawn
    n = len(crosswalk.sources)
    people = data.draw(hnp.arrays(np.float64, n, elements=heads))
    denominator = pd.Series(people, index=crosswalk.sources)
    converted = crosswalk.apply_intensive(
        rates, denominator, uncovered="report", missing="skip"
    ).values.to_numpy()
    weights = crosswalk.weights.toarray()
    for t, rate in enumerate(converted):
        feeding = rates.to_numpy()[(weights[:, t] > 0) & (people > 0) & rates.notna().to_numpy()]
        if not len(feeding):
            assert np.isnan(rate)
            continue
        slack = 1e-9 * max(1.0, np.abs(feeding).max())
        if not np.isnan(rate):
            assert feeding.min() - slack <= rate <= feeding.max() + slack
