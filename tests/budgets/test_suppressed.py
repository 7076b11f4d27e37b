"""Money built from small counts stays hidden: every export is attacked by trying all tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.crosswalk import Crosswalk
from budgets.ledger import Ledger
from budgets.suppressed import NOT_SHOWN, Masked, Sensitive, mask, mask_levels
from budgets.suppressed_errors import CannotBeHidden, FlagsDoNotFit
from geo.errors import SeveralFaults
from indices.disclosure import Rule, rule

Draw = Callable[..., Crosswalk]
EXACT = Rule(id="exact", title="1 to 3 hidden", reference="drawn", hide=(1, 3))
CASE = 100  # pence


def ledger(*rows: list[int], place_wide: int = 0) -> Ledger:
    pence = np.array(rows, dtype=np.int64)
    wide = np.full(len(pence), place_wide, np.int64)
    names = pd.Index([f"s{i}" for i in range(len(pence))], name="stream", dtype="str")
    streams = pd.DataFrame({"amount_pence": pence.sum(axis=1) + wide}, index=names)
    areas = pd.Index(list("abcdefgh"[: pence.shape[1]]), name="sa", dtype="str")
    return Ledger(streams, areas, pence, wide, np.ones(len(areas), bool), pd.DataFrame())


def counted(counts: list[Any], rule: Rule = EXACT) -> Sensitive:
    codes = pd.Index(list("abcdefgh"[: len(counts)]), name="sa", dtype="str")
    return Sensitive(pd.Series(counts, index=codes, dtype=float), rule)


def flags(*values: str) -> pd.Series:
    return pd.Series(list(values), index=list("abcdefgh"[: len(values)]), dtype="str")


def exported(masked: Masked, stream: str = "s0") -> dict[str, int]:
    """What somebody reads in the file: pence by area code, nought where there is no row."""
    table = masked.to_frame()
    return table[table["stream"] == stream].set_index("area_code")["amount_pence"].to_dict()


def feasible(
    counts: list[int],
    base: Masked,
    levels: Mapping[str, tuple[Masked, dict[str, dict[str, float]]]],
    most: int,
) -> np.ndarray:
    """Try every table of counts that fits the files, knowing the rule and the pence of a case."""
    low, high = EXACT.hide or (0, 0)
    shown = base.shown.loc["s0"]
    choices = []
    for count, pence in zip(counts, shown, strict=True):
        if not pd.isna(pence):
            choices.append([int(pence) // CASE])
        elif shown.isna().all():
            choices.append(list(range(most + 1)))  # nobody knows which of them are small
        elif low <= count <= high:
            choices.append(list(range(low, high + 1)))
        else:
            choices.append(list(range(high + 1, most + 1)))
    tables = np.stack(np.meshgrid(*choices, indexing="ij"), axis=-1).reshape(-1, len(counts))
    tables = tables[tables.sum(axis=1) == sum(counts)]
    for masked, where in levels.values():
        for target, pence in masked.shown.loc["s0"].dropna().items():
            shares = [where[code].get(target, 0.0) for code in "abcdefgh"[: len(counts)]]
            tables = tables[np.abs(tables @ np.array(shares) * CASE - pence) <= 1.0]
    return tables


def test_one_hidden_figure_takes_another_of_its_stream_with_it() -> None:
    masked = mask(ledger([200, 900, 2000, 0]), {"s0": counted([2, 9, 20, 0])})
    # 3100 in all less what is shown would give the 2 away.
    assert masked.flag.loc["s0"].tolist() == ["hidden", "hidden", "", ""]
    assert exported(masked) == {"c": 2000, NOT_SHOWN: 1100}


def test_two_figures_that_their_sum_pins_take_a_third_with_them() -> None:
    # 7 + 7 hidden of 1 to 7 each: 14 cases can be nothing else.
    seven = Rule(id="r", title="r", reference="drawn", hide=(1, 7))
    masked = mask(ledger([700, 700, 900, 5000]), {"s0": counted([7, 7, 9, 50], seven)})
    assert masked.flag.loc["s0"].tolist() == ["hidden", "hidden", "hidden", ""]


def test_an_area_with_a_hidden_figure_shows_no_sum_over_its_streams() -> None:
    masked = mask(ledger([200, 300, 2000], [10, 20, 30], place_wide=5), {"s0": counted([2, 3, 20])})
    table = masked.by_area()
    assert table["amount_pence"].isna().tolist() == [True, True, False]
    assert table["at_least_pence"].tolist() == [10, 20, 2030]
    assert table["flag"].tolist() == ["hidden", "hidden", ""]


def test_every_stream_of_the_file_still_adds_up_to_its_amount() -> None:
    book = ledger([200, 300, 2000], [10, 20, 30], place_wide=5)
    masked = mask(book, {"s0": counted([2, 3, 20], rule("hospital-records"))})
    sums = masked.to_frame().groupby("stream")["amount_pence"].sum()
    assert sums.to_dict() == book.streams["amount_pence"].to_dict()
    assert (book.pence == [[200, 300, 2000], [10, 20, 30]]).all()  # exact inside
    assert "not shown" in masked.note()


def test_money_of_rounded_counts_is_that_of_the_rounded_count() -> None:
    masked = mask(
        ledger([1200, 1300, 2300, 300, 400]),
        {"s0": counted([12, 13, 23, 3, 4], rule("hospital-records"))},
    )
    assert masked.shown.loc["s0"].iloc[:3].tolist() == [1000, 1500, 2500]
    assert masked.flag.loc["s0"].tolist() == ["rounded"] * 3 + ["hidden"] * 2
    # The rest, 900, holds what was rounded away and what is hidden.
    assert exported(masked)[NOT_SHOWN] == 5500 - 5000


def test_income_is_hidden_like_spending() -> None:
    masked = mask(ledger([-200, -900, -2000]), {"s0": counted([2, 9, 20])})
    assert masked.flag.loc["s0"].tolist() == ["hidden", "hidden", ""]


def test_published_counts_hide_nothing() -> None:
    masked = mask(ledger([200, 900]), {"s0": counted([2, 9], rule("published"))})
    assert masked.shown.loc["s0"].tolist() == [200, 900]
    assert masked.note() == ""


def test_flags_alone_hide_and_round() -> None:
    masked = mask(ledger([250, 900, 1234, 45678]), {"s0": flags("hidden", "", "", "rounded")})
    # 250 alone could be worked out; with 900 beside it, it may be nothing or more.
    assert masked.flag.loc["s0"].tolist() == ["hidden", "hidden", "", "rounded"]
    assert masked.shown.loc["s0", "d"] == 46000


def test_a_ward_less_its_other_areas_gives_no_hidden_area_away(crosswalk: Draw) -> None:
    book = ledger([200, 900, 2000, 300, 800, 5000])
    where = {c: {w: 1.0} for c, w in zip("abcdef", "vvvwww", strict=True)}
    walk = crosswalk(where)
    given = {"s0": counted([2, 9, 20, 3, 8, 50])}
    base, above = mask_levels(book, given, {"wd": (book.at(walk), walk)})
    # One small area in each ward: a second one of the same ward is hidden beside it.
    assert base.flag.loc["s0"].tolist() == ["hidden", "hidden", "", "hidden", "hidden", ""]
    assert exported(above["wd"]) == {"v": 3100, "w": 6100}


def test_a_ward_made_of_small_counts_is_hidden_and_another_with_it(crosswalk: Draw) -> None:
    book = ledger([100, 200, 900, 2000, 5000, 6000])
    where = {c: {w: 1.0} for c, w in zip("abcdef", "uuvvww", strict=True)}
    walk = crosswalk(where)
    _, above = mask_levels(
        book, {"s0": counted([1, 2, 9, 20, 50, 60])}, {"wd": (book.at(walk), walk)}
    )
    wards = above["wd"]
    assert wards.flag.loc["s0", "u"] == "hidden"
    assert (wards.flag.loc["s0"] == "hidden").sum() == 2
    assert sum(exported(wards).values()) == book.total
    assert wards.by_area()["amount_pence"].isna().sum() == 2


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=5, max_size=5),
    st.lists(st.sampled_from(["v", "w", "vw", "none"]), min_size=5, max_size=5),
)
def test_no_hidden_count_follows_from_the_files_of_any_level(
    crosswalk: Draw, counts: list[int], wards: list[str]
) -> None:
    book = ledger([CASE * count for count in counts])
    where = {
        code: ({} if ward == "none" else {part: 1.0 / len(ward) for part in ward})
        for code, ward in zip("abcde", wards, strict=True)
    }
    if not any(where.values()):
        return
    walk = crosswalk(where, masses=dict.fromkeys("abcde", 1.0))
    level = book.at(walk)
    base, above = mask_levels(book, {"s0": counted(counts)}, {"wd": (level, walk)})
    tables = feasible(counts, base, {"wd": (above["wd"], where)}, most=max(*counts, 4) + 4)
    assert (tables == counts).all(axis=1).any()  # nothing false was published
    for position, count in enumerate(counts):
        if 1 <= count <= 3:
            assert pd.isna(base.shown.loc["s0"].iloc[position])
            assert len(np.unique(tables[:, position])) >= 2
    for file in (base, above["wd"]):
        assert sum(exported(file).values()) == book.total


def test_a_stream_with_nothing_to_hide_among_is_shown_for_the_whole_place_only() -> None:
    masked = mask(ledger([200, 0, 0], place_wide=7), {"s0": counted([2, 0, 0])})
    # Everything is hidden alike, so that nobody knows which area has the two cases.
    assert (masked.flag.loc["s0"] == "hidden").all()
    assert exported(masked) == {"place-wide": 7, NOT_SHOWN: 200}
    with pytest.raises(CannotBeHidden, match="whole place only"):
        mask(ledger([200]), {"s0": counted([2])})


def test_a_city_of_many_small_counts_is_done_in_one_go(crosswalk: Draw) -> None:
    random = np.random.default_rng(5)
    counts = random.poisson(9, 600)
    areas = pd.Index([f"E{i:03d}" for i in range(600)], name="sa", dtype="str")
    streams = pd.DataFrame(
        {"amount_pence": [int(counts.sum()) * CASE]}, index=pd.Index(["s0"], name="stream")
    )
    book = Ledger(
        streams,
        areas,
        np.array([counts * CASE], dtype=np.int64),
        np.zeros(1, np.int64),
        np.ones(600, bool),
        pd.DataFrame(),
    )
    walk = crosswalk(
        {
            code: {f"w{i // 20:02d}": 1.0, f"w{(i + 1) // 20:02d}": 1.0}
            for i, code in enumerate(areas)
        }
    )
    given = {
        "s0": Sensitive(pd.Series(counts.astype(float), index=areas), rule("hospital-records"))
    }
    base, above = mask_levels(book, given, {"wd": (book.at(walk), walk)})
    small = (counts >= 1) & (counts <= 7)
    assert base.shown.loc["s0"][small].isna().all()
    assert above["wd"].shown.loc["s0"].notna().any()


def test_flags_that_do_not_fit_are_named_together() -> None:
    with pytest.raises(SeveralFaults) as caught:
        mask(ledger([1, 2]), {"other": flags("", ""), "s0": flags("secret", "")})
    assert [type(fault) for fault in caught.value.faults] == [FlagsDoNotFit, FlagsDoNotFit]
    with pytest.raises(FlagsDoNotFit, match="b"):
        mask(ledger([1, 2]), {"s0": flags("")})
