"""The wide fields of a stream: who, gross and income, tiers, ring-fences, followers, transfers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgets import errors, streams
from budgets import streams_errors as wide
from budgets.streams_links import Use, parse_use
from geo.errors import CommonGroundError, SeveralFaults

PLAIN = {
    "id": "care",
    "title": "Care",
    "agency": "County",
    "amount": "100",
    "covers": "cty:1",
    "method": "people",
    "year": "2025-26",
    "kind": "revenue",
    "status": "budget",
}


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([PLAIN | row for row in rows])


def read(*rows: dict[str, Any]) -> pd.DataFrame:
    return streams.read(table(*rows))


def faults_of(*rows: dict[str, Any], **options: Any) -> list[CommonGroundError]:
    with pytest.raises(CommonGroundError) as caught:
        streams.read(table(*rows), **options)
    error = caught.value
    return list(error.faults) if isinstance(error, SeveralFaults) else [error]


def test_who_pays_answers_buys_and_provides_is_kept() -> None:
    who = {
        "funder": "State",
        "accountable_body": "County",
        "commissioner": "Board",
        "provider": "Trust",
        "statutory_basis": "an Act, section 4",
        "confirmed_by": "treasurer",
        "basis": "counted",
        "tier": "County",
        "price_base": "Cash",
    }
    one = read(who).loc["care"]
    assert {name: one[name] for name in who} == who | {"tier": "county", "price_base": "cash"}
    assert read({}).loc["care", ["funder", "tier", "price_base"]].tolist() == ["", "", ""]


@pytest.mark.parametrize(
    ("fields", "net", "gross", "income"),
    [
        ({"amount": "80", "gross": "100", "income": "20"}, 8000, 10000, 2000),
        ({"amount": "", "gross": "100", "income": "20"}, 8000, 10000, 2000),
        ({"amount": "", "gross": "100"}, 10000, 10000, 0),
        ({"amount": "80", "gross": "100"}, 8000, 10000, 2000),
        ({"amount": "80", "income": "20"}, 8000, 10000, 2000),
        ({"amount": "80"}, 8000, 8000, 0),
        ({"amount": "-80", "reason": "fees"}, -8000, 0, 8000),
        ({"amount": "-80", "gross": "20", "income": "100", "reason": "fees"}, -8000, 2000, 10000),
    ],
)
def test_net_is_gross_less_income_whichever_two_are_given(
    fields: dict[str, str], net: int, gross: int, income: int
) -> None:
    one = read(fields).loc["care"]
    assert (one["amount_pence"], one["gross_pence"], one["income_pence"]) == (net, gross, income)


def test_the_column_gross_may_stand_for_the_column_amount() -> None:
    frame = table({"gross": "100", "income": "30"}).drop(columns="amount")
    assert streams.read(frame)["amount_pence"].tolist() == [7000]


def test_units_hold_for_every_column_of_money() -> None:
    one = read(
        {
            "unit": "thousands",
            "amount": "8",
            "gross": "10",
            "overhead": "1.5",
            "entitlement": "2",
            "ring_fenced": "25%",
            "ring_fence": "schools",
        }
    ).loc["care"]
    assert one["overhead_pence"] == 150_000
    assert one["entitlement_pence"] == 200_000
    assert one["ring_fenced_pence"] == 200_000


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({}, (0, 0, 0)),
        ({"ring_fence": "schools"}, (10000, 0, 0)),
        ({"ring_fence": "schools", "ring_fenced": "0"}, (0, 0, 0)),
        ({"ring_fence": "schools", "ring_fenced": "40 %"}, (4000, 0, 0)),
        ({"ring_fence": "schools", "ring_fenced": "33.333%"}, (3333, 0, 0)),
        ({"entitlement": "All"}, (0, 10000, 0)),
        ({"committed_until": "2026-03-31"}, (0, 0, 10000)),
        (
            {"entitlement": "25", "committed_until": "2026-03-31", "ring_fence": "x",
             "ring_fenced": "10%"},
            (1000, 2500, 6500),
        ),
        ({"committed": "12.34", "committed_until": "2026-03-31"}, (0, 0, 1234)),
        ({"amount": "-5", "reason": "fees", "ring_fence": "schools"}, (0, 0, 0)),
    ],
)  # fmt: skip
def test_what_cannot_move_is_an_amount_a_per_cent_or_all(
    fields: dict[str, str], parts: tuple[int, int, int]
) -> None:
    one = read(fields).loc["care"]
    names = ["ring_fenced_pence", "entitlement_pence", "committed_pence"]
    assert tuple(one[names]) == parts


def test_dates_and_truths_come_as_spreadsheets_keep_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    fields = PLAIN | {
        "amount": 100.5,
        "committed_until": dt.datetime(2026, 3, 31),
        "next_decision": dt.date(2026, 4, 1),
        "demand_led": True,
    }
    sheet.append(list(fields))
    sheet.append(list(fields.values()))
    book.save(tmp_path / "streams.xlsx")
    one = streams.read(tmp_path / "streams.xlsx").loc["care"]
    assert (one["committed_until"], one["next_decision"]) == ("2026-03-31", "2026-04-01")
    assert one["demand_led"]
    assert read({"demand_led": "Yes"})["demand_led"].tolist() == [True]
    assert read({"demand_led": ""}, {"id": "b", "demand_led": "no"})["demand_led"].sum() == 0


def test_a_negative_line_takes_cover_method_and_use_of_its_service() -> None:
    frame = read(
        {"id": "fees", "amount": "-9", "reason": "fees", "follows": "care", "method": "",
         "covers": ""},
        {"method": "activity", "use": "visits@2;stays@10", "covers": "cty:1;cty:2"},
    )  # fmt: skip
    fees, care = frame.loc["fees"], frame.loc["care"]
    for name in ("covers", "method", "use", "grade"):
        assert fees[name] == care[name]
    assert care["grade"] == "B"


SERVICE = {"id": "home", "method": "need"}
FEES = {"id": "fees", "amount": "-9", "reason": "fees"}
CASES: list[tuple[list[dict[str, Any]], type[CommonGroundError], str]] = [
    ([{"tier": "province"}], wide.UnknownTier, "row 2 (care): province"),
    ([{"committed_until": "31/03/2026"}], wide.DateNotUnderstood, "committed_until 31/03/2026"),
    ([{"next_decision": "2026-02-30"}], wide.DateNotUnderstood, "next_decision 2026-02-30"),
    ([{"demand_led": "perhaps"}], wide.TruthNotUnderstood, "row 2 (care): perhaps"),
    ([{"price_base": "old"}], wide.PriceBaseNotUnderstood, "row 2 (care): old"),
    ([{"gross": "90", "income": "20"}], wide.GrossNotUnderstood, "£90.00 - £20.00, not £100.00"),
    ([{"gross": "90"}], wide.GrossNotUnderstood, "£90.00 - -£10.00, not £100.00"),
    ([{"gross": "x"}], errors.AmountNotUnderstood, "row 2 (care): x"),
    ([{"overhead": "101"}], wide.OverheadTooLarge, "£101.00 of £100.00"),
    ([{"overhead": "-1"}], wide.OverheadTooLarge, "-£1.00 of £100.00"),
    ([{"entitlement": "140%"}], wide.PartNotUnderstood, "row 2 (care): 140%"),
    ([{"entitlement": "-5%"}], wide.PartNotUnderstood, "row 2 (care): -5%"),
    ([{"entitlement": "1.234,50"}], errors.AmountNotUnderstood, "row 2 (care): 1.234,50"),
    ([{"entitlement": "60", "committed": "41"}], wide.PartsTooLarge, "£101.00 of £100.00"),
    ([FEES | {"committed": "1"}], wide.PartsTooLarge, "£1.00 of -£9.00"),
    ([{"ring_fenced": "5"}], wide.RingFenceWithoutPurpose, "row 2 (care)"),
    ([{"ring_fence_areas": "wd:1"}], wide.RingFenceWithoutPurpose, "row 2 (care)"),
    ([{"ring_fence": "x", "ring_fence_areas": "wd"}], errors.CoversNotUnderstood, "wd"),
    ([FEES | {"follows": "nobody"}], wide.UnknownService, "row 2 (fees): nobody"),
    ([FEES | {"follows": "fees"}], wide.UnknownService, "row 2 (fees): fees"),
    ([SERVICE, {"follows": "home", "method": "need"}], wide.OnlyNegativeFollows, "row 3 (care)"),
    ([SERVICE, FEES | {"follows": "home"}], wide.FollowsOtherwise, "row 3 (fees): home"),
    (
        [SERVICE, FEES | {"follows": "home", "method": "", "covers": "cty:2"}],
        wide.FollowsOtherwise,
        "row 3 (fees): home",
    ),
    ([FEES | {"method": "need"}], wide.NegativeByNeed, "row 2 (fees): -£9.00"),
    ([{"transfer_of": "nobody"}], wide.UnknownParent, "row 2 (care): nobody"),
    ([{"transfer_of": "care"}], wide.UnknownParent, "row 2 (care): care"),
    ([SERVICE, FEES | {"transfer_of": "home"}], wide.UnknownParent, "row 3 (fees): home"),
    (
        [{"transfer_of": "b"}, {"id": "b", "transfer_of": "care"}],
        wide.TransferInCircle,
        "row 2 (care): b, row 3 (b): care",
    ),
    (
        [{"amount": "9"}, {"id": "b", "amount": "6", "transfer_of": "care"},
         {"id": "c", "amount": "4", "transfer_of": "care"}],
        wide.TransferTooLarge,
        "row 2 (care): £10.00 of £9.00",
    ),
    ([{"method": "recorded"}], wide.UseNotUnderstood, "row 2 (care): (empty)"),
    ([{"method": "people", "use": "visits"}], wide.UseNotUnderstood, "row 2 (care): visits"),
    ([{"method": "activity", "use": "visits"}], wide.UseNotUnderstood, "row 2 (care): visits"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "kind", "shown"), CASES)
def test_each_fault_of_the_wide_fields_is_named_by_row(
    rows: list[dict[str, Any]], kind: type[CommonGroundError], shown: str
) -> None:
    (fault,) = faults_of(*rows)
    assert type(fault) is kind
    assert shown in str(fault)


def test_many_faults_of_one_table_come_together() -> None:
    faults = faults_of(
        {"tier": "province", "committed_until": "soon", "demand_led": "perhaps"},
        {"id": "b", "transfer_of": "nobody", "method": "activity", "use": "a;b"},
    )
    assert {type(fault) for fault in faults} == {
        wide.UnknownTier,
        wide.DateNotUnderstood,
        wide.TruthNotUnderstood,
        wide.UnknownParent,
        wide.UseNotUnderstood,
    }


def test_ring_fenced_areas_must_exist_in_their_layer() -> None:
    fields = {"ring_fence": "renewal", "ring_fence_areas": "wd:07;wd:08"}
    known = {"cty": ["1"], "wd": ["07"]}
    (fault,) = faults_of(fields, known=known)
    assert type(fault) is errors.UnknownArea
    assert "row 2 (care): wd:08" in str(fault)
    frame = streams.read(table(fields), known={"cty": ["1"], "wd": ["07", "08"]})
    assert frame["ring_fence_areas"].tolist() == [["wd:07", "wd:08"]]


@pytest.mark.parametrize(
    ("text", "method", "found"),
    [
        ("pupils", "recorded", (Use("pupils", 1.0),)),
        ("older", "client-group", (Use("older", 1.0),)),
        ("homes", "asset", (Use("homes", 1.0),)),
        ("", "asset", ()),
        ("", "people", ()),
        (
            "visits@£12.50 ; stays@1,410",
            "activity",
            (Use("visits", 1250.0), Use("stays", 141000.0)),
        ),
        ("calls@0.125", "activity", (Use("calls", 12.5),)),
    ],
)
def test_use_is_a_column_or_columns_with_what_one_costs(
    text: str, method: str, found: tuple[Use, ...]
) -> None:
    assert parse_use(text, method) == found


@pytest.mark.parametrize(
    ("text", "method"),
    [("a;b", "recorded"), ("a@2", "recorded"), ("a@", "activity"), ("@2", "activity"),
     ("a@0", "activity"), ("a@2;a@3", "activity"), ("a", "place-wide"), ("a", "need")],
)  # fmt: skip
def test_use_that_does_not_fit_its_method_is_refused(text: str, method: str) -> None:
    with pytest.raises(wide.UseNotUnderstood):
        parse_use(text, method)


def test_the_wide_table_that_was_written_can_be_read_again() -> None:
    first = read(
        {"amount": "100", "gross": "120", "overhead": "10%", "ring_fence": "x",
         "ring_fenced": "40%", "ring_fence_areas": "wd:1;wd:2", "entitlement": "7",
         "committed_until": "2026-03-31", "demand_led": "yes"},
        {"id": "fees", "amount": "-5", "reason": "fees", "follows": "care", "method": "",
         "covers": ""},
        {"id": "part", "amount": "30", "transfer_of": "care"},
    )  # fmt: skip
    again = streams.read(first.drop(columns="rounding_pence"))
    dropped = ["rounding_pence", "row"]
    pd.testing.assert_frame_equal(again.drop(columns=dropped), first.drop(columns=dropped))


@settings(max_examples=60)
@given(
    st.integers(0, 10**13),
    st.integers(0, 10**13),
    st.integers(0, 100),
    st.integers(0, 100),
    st.integers(0, 100),
)
def test_parts_in_per_cent_never_exceed_the_amount_unless_they_add_up_to_more(
    gross: int, income: int, fenced: int, entitled: int, committed: int
) -> None:
    row = {
        "unit": "pence",
        "amount": str(gross - income),
        "gross": str(gross),
        "income": str(income),
        "reason": "fees",
        "ring_fence": "x",
        "ring_fenced": f"{fenced}%",
        "entitlement": f"{entitled}%",
        "committed": f"{committed}%",
    }
    if fenced + entitled + committed > 100 and gross - income > 200:
        assert any(isinstance(fault, wide.PartsTooLarge) for fault in faults_of(row))
    elif fenced + entitled + committed <= 97 or gross <= income:
        one = read(row).loc["care"]
        parts = one[["ring_fenced_pence", "entitlement_pence", "committed_pence"]]
        assert 0 <= parts.sum() <= max(one["amount_pence"], 0) + 2
