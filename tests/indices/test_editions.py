"""The bridge between two editions: a table drawn by hand, brute force, and properties."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundaries.vintages import read_change
from geo.errors import SeveralFaults
from indices.change_errors import LookupIncomplete
from indices.editions import bridge, same_areas
from indices.errors import CodesNotText, PopulationFault

# A stays, B is split in two, C and D are merged, E and F are redrawn as three others.
TABLE = [
    ("A", "A", "U"), ("B", "B1", "S"), ("B", "B2", "S"), ("C", "CD", "M"), ("D", "CD", "M"),
    ("E", "E1", "X"), ("E", "EF", "X"), ("F", "EF", "X"), ("F", "F1", "X"),
]  # fmt: skip
EARLIER = {"A": 10.0, "B": 40.0, "C": 10.0, "D": 30.0, "E": 20.0, "F": 60.0}
LATER = {"A": 12.0, "B1": 10.0, "B2": 30.0, "CD": 40.0, "E1": 5.0, "EF": 15.0, "F1": 45.0}


def changes(rows=TABLE):
    table = pd.DataFrame(rows, columns=["earlier_code", "later_code", "kind"])
    return read_change(table, earlier="sa11", later="sa21")


def index(codes) -> pd.Index:
    return pd.Index(list(codes), dtype="str")


def people(values) -> pd.Series:
    return pd.Series(values)


def by_hand(values: dict[str, float], earlier=EARLIER, later=LATER) -> dict[str, float]:
    """Carry a mean with dictionaries and loops: people of each part, then their mean."""
    partners = defaultdict(list)
    for old, new, _ in TABLE:
        partners[old].append(new)
    parts: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for old, new, _ in TABLE:
        share = later[new] / sum(later[other] for other in partners[old])
        parts[new].append((share * earlier[old], values[old]))
    return {
        new: sum(n * value for n, value in found) / sum(n for n, _ in found)
        for new, found in parts.items()
    }


def test_a_part_has_the_figure_of_the_whole_and_a_merged_area_the_mean_by_people():
    joined = bridge(
        changes(), index(EARLIER), index(LATER),
        earlier_people=people(EARLIER), later_people=people(LATER),
    )  # fmt: skip
    values = {"A": 1.0, "B": 7.0, "C": 100.0, "D": 20.0, "E": 3.0, "F": 9.0}
    found = dict(zip(LATER, joined.bring(np.array(list(values.values()))), strict=True))
    assert found["B1"] == found["B2"] == 7.0
    assert found["CD"] == (10 * 100 + 30 * 20) / 40
    # E lies a quarter in E1 and three quarters in EF; F a quarter in EF.
    assert found["EF"] == pytest.approx((15 * 3 + 15 * 9) / 30)
    assert found == pytest.approx(by_hand(values))
    assert joined.kind.to_dict() == {
        "A": "U", "B1": "S", "B2": "S", "CD": "M", "E1": "X", "EF": "X", "F1": "X",
    }  # fmt: skip
    assert (
        "1 unchanged, 2 parts of areas that were split, 1 merged from several, 3 redrawn"
        in (joined.provenance[0])
    )
    assert "U, 2 S, 1 M, 3 X" in repr(joined)


@given(st.lists(st.floats(0, 1e6), min_size=6, max_size=6))
def test_counts_keep_their_total_and_means_stay_between_the_ends(values):
    joined = bridge(
        changes(), index(EARLIER), index(LATER),
        earlier_people=people(EARLIER), later_people=people(LATER),
    )  # fmt: skip
    counts = pd.DataFrame({"n": values}, index=list(EARLIER))
    assert joined.bring_counts(counts)["n"].sum() == pytest.approx(sum(values))
    brought = joined.bring(np.array(values))
    slack = 1e-9 * max(values)
    assert brought.min() >= min(values) - slack
    assert brought.max() <= max(values) + slack
    assert dict(zip(LATER, brought, strict=True)) == pytest.approx(
        by_hand(dict(zip(EARLIER, values, strict=True)))
    )


def test_areas_that_share_an_earlier_area_are_one_group():
    groups = bridge(changes(), index(EARLIER), index(LATER)).whole
    together = groups.groupby(groups).apply(lambda group: "".join(group.index)).tolist()
    assert sorted(together) == ["A", "B1B2", "CD", "E1EFF1"]


def test_without_people_merged_areas_count_alike_and_it_is_said():
    joined = bridge(changes(), index(EARLIER), index(LATER))
    values = dict(zip(LATER, joined.bring(np.arange(6.0)), strict=True))
    assert values["CD"] == 2.5
    assert [line.split(":")[0] for line in joined.provenance[1:]] == [
        "Merged areas take the plain mean of their parts",
        "Redrawn areas are divided evenly",
    ]


def test_the_order_of_the_areas_does_not_matter():
    rows = [TABLE[k] for k in (4, 2, 0, 8, 1, 6, 3, 5, 7)]
    turned = bridge(
        changes(rows), index(reversed(EARLIER)), index(reversed(LATER)),
        earlier_people=people(EARLIER), later_people=people(LATER),
    )  # fmt: skip
    values = {code: float(k) for k, code in enumerate(EARLIER)}
    brought = turned.bring(np.array([values[code] for code in turned.earlier]))
    assert dict(zip(turned.later, brought, strict=True)) == pytest.approx(by_hand(values))


def test_the_same_areas_need_no_table():
    one = same_areas(index("abc"))
    assert one.bring(np.array([1.0, 2.0, 3.0])).tolist() == [1, 2, 3]
    assert set(one.kind) == {"U"}


def test_more_rows_than_areas_are_passed_over_but_no_area_may_be_without_its_partners():
    assert len(bridge(changes(), index("A"), index("A")).later) == 1
    with pytest.raises(SeveralFaults) as caught:
        bridge(changes(), index(["A", "B", "Z"]), index(["A", "B1", "CD"]))
    text = str(caught.value)
    assert "areas of the earlier edition" in text
    assert "Z" in text
    assert "B with B2" in text
    assert "CD with C" in text
    assert all(isinstance(fault, LookupIncomplete) for fault in caught.value.faults)


def test_people_who_are_missing_negative_or_nobody_are_named():
    with pytest.raises(PopulationFault, match="D"):
        bridge(
            changes(), index(EARLIER), index(LATER),
            earlier_people=people(EARLIER | {"D": -1.0}),
        )  # fmt: skip
    with pytest.raises(PopulationFault, match=r"nobody there.*A"):
        bridge(
            changes(), index(EARLIER), index(LATER),
            earlier_people=people(EARLIER | {"A": 0.0}),
        )  # fmt: skip
    with pytest.raises(CodesNotText):
        bridge(changes(), pd.Index([1, 2]), index("A"))


@pytest.mark.realdata
def test_england_is_brought_from_2011_to_2021_area_by_area(realdata):
    england = realdata / "england"
    table = pd.read_csv(england / "lookup_lsoa11_lsoa21_change.csv.gz", dtype=str)
    table = table[table["lsoa11_code"].str.startswith("E")]
    old = index(table["lsoa11_code"].unique())
    new = index(table["lsoa21_code"].unique())
    joined = bridge(read_change(england / "lookup_lsoa11_lsoa21_change.csv.gz"), old, new)
    kinds = joined.kind.value_counts().to_dict()
    assert kinds == {"U": 31_810, "S": 1_842, "M": 97, "X": 6}
    assert joined.shares.sum() == pytest.approx(32_844)
    assert joined.means.sum() == pytest.approx(33_755)
