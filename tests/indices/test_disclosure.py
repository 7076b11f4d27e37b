"""Small counts stay hidden: every published table is attacked by trying all tables it allows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import SeveralFaults
from indices.disclosure import Disclosed, Rule, carry, disclose, rule, rules
from indices.errors import (
    DisclosureRuleFault,
    DuplicateCodes,
    NegativeCount,
    NotACount,
    UnplacedAreas,
)

EXACT = Rule(id="exact", title="1 to 3 hidden", reference="drawn", hide=(1, 3))


def areas(values: list, name: str = "counts") -> pd.Series:
    codes = pd.Index([f"S{position}" for position in range(len(values))], name="sa")
    return pd.Series(values, index=codes, name=name)


def shown(disclosed) -> list:
    return [None if np.isnan(value) else value for value in disclosed.values]


def test_the_rules_are_data_and_each_names_its_reference():
    assert set(rules()) == {"published", "hospital-records", "local-records"}
    assert all(item.reference for item in rules().values())
    assert rule("hospital-records").hide == (1, 7)
    assert rule("hospital-records").round_to == 5
    assert rule("published").hide is None
    with pytest.raises(DisclosureRuleFault, match="hospital-records"):
        rule("census")


def test_a_file_of_rules_has_every_fault_named_at_once(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(
        '[[rules]]\nid = "a"\ntitle = "A"\nreference = "r"\ncolour = 1\n'
        '[[rules]]\nid = "b"\ntitle = "B"\nreference = "r"\n'
        '[[rules]]\nid = "b"\ntitle = "B"\nreference = "r"\n'
    )
    with pytest.raises(SeveralFaults, match=r"(?s)colour.*used twice"):
        rules(path)


def test_published_figures_are_shown_as_they_are():
    disclosed = disclose(areas([0, 1, 7, 12]), rule("published"))
    assert shown(disclosed) == [0, 1, 7, 12]
    assert set(disclosed.flag) == {""}


def test_hospital_counts_of_1_to_7_are_hidden_and_the_rest_rounded_to_5():
    disclosed = disclose(areas([0, 1, 7, 8, 12, 13, np.nan]), rule("hospital-records"))
    assert shown(disclosed) == [0, None, None, 10, 10, 15, None]
    assert disclosed.flag.tolist() == ["rounded", "hidden", "hidden", *["rounded"] * 3, ""]
    assert (disclosed.hidden_first, disclosed.hidden_beside) == (2, 0)


def test_one_hidden_count_that_a_total_would_give_away_takes_another_with_it():
    ward = areas(["w"] * 4, "ward")
    disclosed = disclose(areas([2, 20, 9, 30]), EXACT, totals={"ward": ward})
    assert shown(disclosed) == [None, 20, None, 30]
    assert (disclosed.hidden_first, disclosed.hidden_beside) == (1, 1)
    # The flag does not say which of the two is the small one.
    assert disclosed.flag.tolist() == ["hidden", "", "hidden", ""]
    assert disclosed.totals["ward"]["value"].tolist() == [61]


def test_two_hidden_counts_that_a_total_pins_take_a_third_with_them():
    # 1 + 1 = 2 can be nothing else where each is at least 1.
    ward = areas(["w"] * 3, "ward")
    disclosed = disclose(areas([1, 1, 8]), EXACT, totals={"ward": ward})
    assert shown(disclosed) == [None, None, None]


def test_where_nothing_is_left_to_hide_the_total_is_hidden():
    ward = areas(["w", "w", "w", "v"], "ward")
    disclosed = disclose(areas([3, 3, 0, 9]), EXACT, totals={"ward": ward})
    assert disclosed.totals["ward"]["value"]["w"] is not None
    assert np.isnan(disclosed.totals["ward"]["value"]["w"])
    assert disclosed.totals["ward"]["flag"].to_dict() == {"v": "", "w": "hidden"}
    assert shown(disclosed) == [None, None, 0, 9]


def test_a_small_total_is_hidden_and_cannot_be_had_from_the_total_above_it():
    counts = areas([1, 1, 0, 20, 30])
    wards = areas(["w", "w", "w", "v", "v"], "ward")
    district = areas(["d"] * 5, "district")
    disclosed = disclose(counts, EXACT, totals={"ward": wards, "district": district})
    assert np.isnan(disclosed.totals["ward"]["value"]["w"])
    # 52 - 50 would give the ward's 2 away: something else had to be hidden as well.
    tables = feasible(disclosed, {"ward": wards, "district": district}, EXACT, most=33)
    assert len(np.unique(tables[:, :3].sum(axis=1))) >= 2


def feasible(
    disclosed: Disclosed, totals: dict[str, pd.Series], rule: Rule, most: int
) -> np.ndarray:
    """Try every table of counts that the rule would publish as this one; one row a table."""
    low, high = rule.hide
    every = np.arange(most + 1)
    free = every[(every < low) | (every > high)]
    choices = [
        every[every >= low] if np.isnan(value) else free[rule.rounded(free) == value]
        for value in disclosed.values
    ]
    tables = np.stack(np.meshgrid(*choices, indexing="ij"), axis=-1).reshape(-1, len(choices))
    for name, groups in totals.items():
        for group, value in disclosed.totals[name]["value"].dropna().items():
            sums = tables[:, (groups == group).to_numpy()].sum(axis=1)
            tables = tables[rule.rounded(sums) == value]
    return tables


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 9), min_size=5, max_size=5),
    st.lists(st.sampled_from("vw"), min_size=5, max_size=5),
    st.sampled_from([1, 3]),
    st.booleans(),
)
def test_no_hidden_count_can_be_worked_out_by_trying_every_table(counts, wards, round_to, nested):
    drawn = Rule(id="r", title="r", reference="drawn", hide=(1, 3), round_to=round_to)
    truth = areas(counts)
    totals = {"ward": areas(wards, "ward")}
    if nested:
        totals["district"] = areas(["d"] * 5, "district")
    disclosed = disclose(truth, drawn, totals=totals)
    tables = feasible(disclosed, totals, drawn, most=max(*counts, 4) + 3)
    assert (tables == counts).all(axis=1).any()  # nothing false was published
    for position, count in enumerate(counts):
        if 1 <= count <= 3:
            assert np.isnan(disclosed.values.iloc[position])
            assert len(np.unique(tables[:, position])) >= 2
    small = truth.groupby(totals["ward"]).sum()
    for ward in small[(small >= 1) & (small <= 3)].index:
        assert np.isnan(disclosed.totals["ward"]["value"][ward])
        inside = (totals["ward"] == ward).to_numpy()
        assert len(np.unique(tables[:, inside].sum(axis=1))) >= 2


def test_many_areas_are_done_in_one_go():
    random = np.random.default_rng(3)
    counts = areas(random.poisson(6, 900).tolist())
    wards = areas([f"w{position // 40:02d}" for position in range(900)], "ward")
    district = areas(["d"] * 900, "district")
    disclosed = disclose(
        counts, rule("hospital-records"), totals={"ward": wards, "district": district}
    )
    small = (counts >= 1) & (counts <= 7)
    assert disclosed.values[small].isna().all()
    assert disclosed.hidden_first == small.sum()


def test_flags_travel_to_every_group_made_from_the_areas():
    flag = areas(["", "rounded", "hidden", "rounded", ""], "flag")
    ward = areas(["a", "a", "b", "b", "c"], "ward")
    assert carry(flag, ward).to_dict() == {"a": "rounded", "b": "hidden", "c": ""}
    with pytest.raises(DisclosureRuleFault, match="secret"):
        carry(areas(["secret"], "flag"), areas(["a"], "ward"))


def test_what_are_no_counts_is_refused_with_every_fault():
    with pytest.raises(SeveralFaults) as caught:
        disclose(areas([-2, 1.5]), EXACT)
    assert [type(fault) for fault in caught.value.faults] == [NegativeCount, NotACount]
    with pytest.raises(UnplacedAreas, match="S1"):
        disclose(areas([1, 2]), EXACT, totals={"ward": areas(["w", None], "ward")})
    with pytest.raises(DuplicateCodes):
        disclose(areas([1, 2]).set_axis(["a", "a"]), EXACT)
