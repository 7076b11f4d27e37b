"""Money per person is read by the right people, and unusual areas are flagged beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from budgets import errors, need_errors
from budgets.need_measures import Measure, choose, need_weights
from budgets.need_population import (
    FILE,
    NOT_CHECKED,
    Population,
    denominator,
    per_person,
    read_purposes,
    unusual_areas,
)


def by_area(*values: float) -> pd.Series:
    index = pd.Index(list("abcdefgh"[: len(values)]), name="sa", dtype="str")
    return pd.Series(values, index, dtype=float)


RESIDENTS = Population(by_area(100, 200, 0, 50), "resident")
REGISTERED = Population(by_area(120, 190, 5, 60), "registered")
WORKDAY = Population(by_area(90, 900, 40, 50), "workday")
PENCE = by_area(1000, 4000, 70, 500).astype("int64")


# ----------------------------------------------------------------------------- denominators


def test_registered_and_resident_are_never_mixed() -> None:
    table = per_person(PENCE, REGISTERED, basis="registered")
    assert table["pence_per_person"].round(4).tolist() == [8.3333, 21.0526, 14, 8.3333]
    assert table["basis"].unique().tolist() == ["registered"]
    with pytest.raises(need_errors.BasisMixed, match="2 found: registered, resident"):
        per_person(PENCE, RESIDENTS, basis="registered")
    with pytest.raises(need_errors.BasisUnknown):
        per_person(PENCE, RESIDENTS, basis="")
    with pytest.raises(need_errors.BasisUnknown, match="patients"):
        Population(by_area(1), "patients")
    with pytest.raises(errors.PeopleNotUsable):
        Population(by_area(-1), "resident")


def test_where_nobody_is_money_per_person_is_missing() -> None:
    table = per_person(PENCE, RESIDENTS, basis="resident")
    assert np.isnan(table["pence_per_person"]["c"])
    assert (table["flag"] == NOT_CHECKED).all()


def test_each_purpose_has_its_people() -> None:
    purposes = read_purposes()
    people = {p.basis: p for p in (RESIDENTS, REGISTERED, WORKDAY)}
    for words, basis in (
        (("Prescribing and primary care", "health and care"), "registered"),
        (("Waste and street cleaning", "streets and transport"), "workday"),
        (("Libraries and archives", "culture and leisure"), "resident"),
    ):
        found, why = denominator(words, people, purposes=purposes)
        assert found is people[basis]
        assert why.startswith(f"per {basis} person, because ")
    with pytest.raises(need_errors.DenominatorMissing, match="workday people"):
        denominator(("Street cleaning",), {"resident": RESIDENTS}, purposes=purposes)


def test_student_prison_and_city_centre_areas_are_flagged_before_money_is_read() -> None:
    limits = read_purposes().flags
    found = unusual_areas(
        RESIDENTS,
        students=by_area(25, 49, 0, 0),
        prisoners=by_area(0, 0, 0, 1),
        workday=WORKDAY,
        limits=limits,
    )
    assert found["student"].tolist() == [True, False, False, False]
    assert found["prison"].tolist() == [False, False, False, True]
    # Nobody lives in c, and forty people work there.
    assert found["city_centre"].tolist() == [False, True, True, False]
    table = per_person(PENCE, RESIDENTS, basis="resident", flags=found)
    assert table["flag"].str.len().gt(0).all()
    assert "students" in table["flag"]["a"]


def test_what_could_not_be_checked_is_said() -> None:
    found = unusual_areas(RESIDENTS, students=by_area(0, 0, 0, 0), limits=read_purposes().flags)
    assert not found[["student", "prison", "city_centre"]].any(axis=None)
    assert found["sentence"].eq("no count to check for prison, city-centre areas").all()
    with pytest.raises(need_errors.BasisMixed):
        unusual_areas(REGISTERED, limits=read_purposes().flags)
    with pytest.raises(need_errors.BasisMixed):
        unusual_areas(RESIDENTS, workday=RESIDENTS, limits=read_purposes().flags)


def test_a_file_of_denominators_is_checked(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    for old, new, word in (
        ("student_share = 0.25", "student_share = 25", "student_share"),
        ('basis = "workday"', 'basis = "tourists"', "purposes.1.basis"),
        ("[flags]", "[flag]", "flags"),
        ("schema = 1", "schema = ", "line"),
    ):
        path = tmp_path / f"{word.replace('.', '')}.toml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(need_errors.PurposesUnreadable, match=word):
            read_purposes(path)


# --------------------------------------------------------------------------------- measures


CLIENTS = Measure("care clients", "clients", by_area(30, 10, 0, 0), ("care",))
ILLNESS = Measure("illness", "indicator", by_area(5, 20, 10, 5), ("care", "health"))
RANK = Measure("rank", "index", by_area(1, 2, 3, 4), (), high_is_need=False)
ALL = (RANK, ILLNESS, CLIENTS)


def test_client_counts_come_first_and_a_general_index_last() -> None:
    assert choose("care", ALL).measure is CLIENTS
    assert choose("health", ALL).measure is ILLNESS
    stands_in = choose("homes", ALL)
    assert stands_in.measure is RANK
    assert stands_in.reason == "homes has no measure of its own; rank stands in"
    assert choose("care", ALL, named="rank").measure is RANK


def test_a_theme_has_one_measure() -> None:
    twin = Measure("other clients", "clients", by_area(1, 1, 1, 1), ("care",))
    with pytest.raises(need_errors.MeasureAmbiguous, match="care clients, other clients"):
        choose("care", (*ALL, twin))
    assert choose("care", (*ALL, twin), named="other clients").measure is twin
    for options in ({"measures": ()}, {"measures": ALL, "named": "scores"}):
        with pytest.raises(need_errors.NoMeasure):
            choose("care", **options)
    with pytest.raises(need_errors.MeasureNotUsable):
        Measure("x", "guess", by_area(1))


def test_money_follows_clients_as_they_are_and_scores_by_the_factor_that_is_set() -> None:
    people = by_area(100, 100, 100, 100)
    options = {"need_weight": 1.0, "neediest_per_head": 4.0}
    assert need_weights(CLIENTS, people, **options).tolist() == [0.75, 0.25, 0, 0]
    # Rank 1 is the neediest: 4, 3, 2, 1 a head.
    assert need_weights(RANK, people, **options).tolist() == pytest.approx([0.4, 0.3, 0.2, 0.1])
    half = need_weights(CLIENTS, people, need_weight=0.5, neediest_per_head=1.0)
    assert half.tolist() == pytest.approx([0.5, 0.25, 0.125, 0.125])


def test_need_of_nought_everywhere_leaves_people_or_is_refused() -> None:
    people = by_area(1, 3)
    none = Measure("clients", "clients", by_area(0, 0))
    with pytest.raises(errors.NothingToShareBy, match="clients"):
        need_weights(none, people, need_weight=0.5, neediest_per_head=2)
    flat = Measure("index", "index", by_area(0, 0))
    shares = need_weights(flat, people, need_weight=1, neediest_per_head=9)
    assert shares.tolist() == [0.25, 0.75]
    only_people = need_weights(none, people, need_weight=0, neediest_per_head=2)
    assert only_people.tolist() == [0.25, 0.75]
