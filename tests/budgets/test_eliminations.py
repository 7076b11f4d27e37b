"""A pound is counted once: the elimination table of grants, pools, benefit, precepts and levies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgets.eliminations import counted, final, reconcile

Make = Callable[..., pd.DataFrame]

# Each case: the lines with amounts in pounds, what the agencies add up to, what is spent.
CASES = {
    "schools grant": [("grant", "County", 200, ""), ("schools", "Schools", 180, "grant")],
    "public health grant": [
        ("grant", "State", 50, ""),
        ("county", "County", 50, "grant"),
        ("nurses", "Trust", 35, "county"),
        ("checks", "Practices", 15, "county"),
    ],
    "pooled care fund": [
        ("nhs", "Consortium", 30, ""),
        ("own", "County", 20, ""),
        ("pool_nhs", "Pool", 30, "nhs"),
        ("pool_own", "Pool", 12, "own"),
        ("homes", "District", 5, "pool_nhs"),
    ],
    "housing benefit": [("benefit", "District", 28, ""), ("rents", "Homes", 11, "benefit")],
    "precept": [("precept", "District", 3, ""), ("parish", "Parish", 3, "precept")],
    "levy": [("levy", "County", 4, ""), ("defences", "Flood board", 4, "levy")],
}
SPENT = {
    "schools grant": {"grant": 20, "schools": 180},
    "public health grant": {"nurses": 35, "checks": 15},
    "pooled care fund": {"own": 8, "pool_nhs": 25, "pool_own": 12, "homes": 5},
    "housing benefit": {"benefit": 17, "rents": 11},
    "precept": {"parish": 3},
    "levy": {"defences": 4},
}


def lines(make_streams: Make, case: str) -> pd.DataFrame:
    rows = [
        {"id": key, "agency": agency, "amount": str(100 * pounds), "transfer_of": parent}
        for key, agency, pounds, parent in CASES[case]
    ]
    return make_streams(*rows)


@pytest.mark.parametrize("case", CASES)
def test_each_kind_of_transfer_is_counted_at_final_spend(make_streams: Make, case: str) -> None:
    streams = lines(make_streams, case)
    books = reconcile(streams)
    spent = {stream: 100 * pounds for stream, pounds in SPENT[case].items()}
    table = books.table.set_index("stream")
    assert {s: n for s, n in table["net_pence"].items() if n} == spent
    assert books.total_pence == sum(spent.values())
    assert books.gross_pence == int(streams["amount_pence"].sum())
    assert books.gross_pence - books.eliminated_pence == books.total_pence
    assert dict(final(streams)["amount_pence"]) == spent
    assert streams.index[counted(streams)].tolist() == list(spent)
    by_agency = books.by("agency")
    assert by_agency["net_pence"].sum() == books.total_pence
    assert (by_agency["gross_pence"] - by_agency["eliminated_pence"]).sum() == books.total_pence


def test_the_sentence_says_what_was_taken_out_and_what_kinds_are_added_up(
    make_streams: Make,
) -> None:
    streams = make_streams(
        {"id": "benefit", "amount": "2800", "kind": "benefit"},
        {"id": "rents", "amount": "1100", "kind": "housing account", "transfer_of": "benefit"},
    )
    said = reconcile(streams).sentence()
    assert "£39.00; £11.00 that 1 line passes on" in said
    assert "£28.00 is spent in the end" in said
    assert "benefit £17.00, housing account £11.00" in said
    plain = reconcile(streams.iloc[:1]).sentence()
    assert plain == "No line passes money on to another line: nothing is eliminated."


def test_streams_without_transfers_stay_as_they_are(make_streams: Make) -> None:
    streams = make_streams({"amount": "5"}, {"amount": "-3", "reason": "fees"}, {"amount": "0"})
    assert final(streams) is streams
    assert counted(streams).all()


def test_what_is_left_of_a_line_keeps_its_parts_in_proportion(make_streams: Make) -> None:
    streams = make_streams(
        {"id": "grant", "amount": "1000", "gross": "1200", "overhead": "300", "ring_fence": "x",
         "ring_fenced": "500", "entitlement": "200", "committed": "100"},
        {"id": "schools", "amount": "900", "transfer_of": "grant"},
    )  # fmt: skip
    left = final(streams).loc["grant"]
    names = ["ring_fenced_pence", "entitlement_pence", "committed_pence"]
    assert left[names].tolist() == [50, 20, 10]
    assert (left["amount_pence"], left["gross_pence"], left["income_pence"]) == (100, 300, 200)
    assert left["overhead_pence"] == 300


def test_income_of_a_line_that_is_passed_on_whole_stays_and_follows_its_split(
    make_streams: Make,
) -> None:
    streams = make_streams(
        {"id": "grant", "amount": "10", "covers": "sa:a"},
        {"id": "fees", "amount": "-4", "follows": "grant", "covers": "", "method": ""},
        {"id": "schools", "amount": "10", "transfer_of": "grant"},
    )
    kept = final(streams)
    assert kept.index.tolist() == ["fees", "schools"]
    assert kept.loc["fees", "covers"] == ["sa:a"]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 10**12), st.integers(0, 9)), min_size=1, max_size=10))
def test_however_money_is_passed_down_the_total_is_what_came_from_outside(
    make_streams: Make, draws: list[tuple[int, int]]
) -> None:
    """Each line after the first may be paid by an earlier one, out of what that has left."""
    rows: list[dict[str, str]] = []
    left: list[int] = []
    for number, (amount, parent) in enumerate(draws):
        above = parent if parent < number else -1
        paid = min(amount, left[above]) if above >= 0 else amount
        if above >= 0 and paid == 0:
            above, paid = -1, amount
        if above >= 0:
            left[above] -= paid
        left.append(paid)
        rows.append({"amount": str(paid), "transfer_of": f"s{above}" if above >= 0 else ""})
    streams = make_streams(*rows)
    outside = sum(int(row["amount"]) for row in rows if row["transfer_of"] == "")
    books = reconcile(streams)
    assert books.total_pence == outside == int(final(streams)["amount_pence"].sum())
    assert books.table["net_pence"].tolist() == left
    assert np.array_equal(counted(streams), np.array(left) > 0)
