"""Published lookups: whole, with shares, with masses; what does not belong is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from boundaries.build import from_lookup
from boundaries.errors import (
    AmountUncovered,
    CodesEmpty,
    CodesNotText,
    CodesNotUnique,
    CodesUnknown,
    ColumnMissing,
    OptionUnknown,
    RowsRepeated,
    ShareOutOfRange,
    ValuesNegative,
    ValuesNotFinite,
    ValuesNotNumbers,
)
from geo.errors import SeveralFaults

AREAS = pd.Index(["01", "02", "03"], name="lsoa21")


def rows(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_a_lookup_without_shares_places_each_source_whole() -> None:
    frame = rows(lsoa=["01", "02", "03"], ward=["007", "007", "008"])
    crosswalk = from_lookup(frame, source="lsoa", target="ward", sources=AREAS, targets="wd24")
    assert crosswalk.weights.toarray().tolist() == [[1, 0], [1, 0], [0, 1]]
    assert list(crosswalk.targets) == ["007", "008"]
    assert (crosswalk.sources.name, crosswalk.targets.name) == ("lsoa21", "wd24")
    assert (crosswalk.unit, crosswalk.method) == ("shares", "lookup, whole")
    values = pd.Series([1.0, 2.0, 4.0], index=AREAS)
    assert crosswalk.apply_extensive(values).values.to_dict() == {"007": 3.0, "008": 4.0}


def test_without_layer_ids_the_columns_name_the_layers() -> None:
    crosswalk = from_lookup(rows(lsoa=["b", "a"], ward=["x", "x"]), source="lsoa", target="ward")
    assert (crosswalk.sources.name, crosswalk.targets.name) == ("lsoa", "ward")
    assert list(crosswalk.sources) == ["a", "b"]


def test_shares_are_taken_as_they_are_and_those_not_adding_up_are_reported() -> None:
    frame = rows(s=["01", "01", "02", "03"], t=["x", "y", "x", "y"], w=[0.25, 0.75, 0.6, 1.0])
    crosswalk = from_lookup(frame, source="s", target="t", share="w", sources=AREAS)
    assert crosswalk.weights.toarray().tolist() == [[0.25, 0.75], [0.6, 0], [0, 1]]
    assert crosswalk.notes["shares_not_one"] == {"02": 0.6}
    assert crosswalk.uncovered.to_dict() == pytest.approx({"02": 0.4})


def test_masses_become_shares_of_each_source() -> None:
    frame = rows(s=["01", "01", "02"], t=["x", "y", "x"], people=[30, 10, 5])
    crosswalk = from_lookup(frame, source="s", target="t", mass="people")
    assert crosswalk.weights.toarray().tolist() == [[0.75, 0.25], [1, 0]]
    assert crosswalk.source_mass.tolist() == [40.0, 5.0]
    assert crosswalk.unit == "people"
    named = from_lookup(frame, source="s", target="t", mass="people", unit="residents")
    assert named.unit == "residents"


def test_rows_of_codes_the_layers_do_not_hold_are_named() -> None:
    frame = rows(s=["01", "02", "99", "98"], t=["x", "q", "x", "x"])
    targets = pd.Index(["x", "y"], name="wd")
    crosswalk = from_lookup(frame, source="s", target="t", sources=AREAS, targets=targets)
    assert crosswalk.notes["unknown_sources"] == ("99", "98")
    assert crosswalk.notes["unknown_targets"] == ("q",)
    assert crosswalk.uncovered.to_dict() == {"02": 1.0, "03": 1.0}
    assert crosswalk.provenance == ("lookup lsoa21 to wd, 4 rows, 3 left out",)
    with pytest.raises(AmountUncovered, match="02"):
        crosswalk.apply_extensive(pd.Series([1.0, 2.0], index=AREAS[:2]))


def test_mass_in_an_unknown_target_stays_in_the_whole() -> None:
    frame = rows(s=["01", "01"], t=["x", "q"], n=[30, 10])
    targets = pd.Index(["x"], name="wd")
    crosswalk = from_lookup(frame, source="s", target="t", mass="n", targets=targets)
    assert crosswalk.uncovered.to_dict() == {"01": 0.25}


def test_a_source_in_two_targets_overlaps_and_a_row_given_twice_counts_once() -> None:
    frame = rows(district=["01", "01", "02", "02"], lep=["A", "B", "A", "A"])
    crosswalk = from_lookup(frame, source="district", target="lep")
    assert crosswalk.overlapping.to_dict() == {"01": 1.0}
    assert crosswalk.notes["repeated_rows"] == 1


@pytest.mark.parametrize(
    ("frame", "options", "error"),
    [
        (rows(s=["a"]), {}, ColumnMissing),
        (rows(s=["a"], t=["x"]), {"share": "w"}, ColumnMissing),
        (rows(s=[1], t=["x"]), {}, CodesNotText),
        (rows(s=["a", None], t=["x", "x"]), {}, CodesEmpty),
        (rows(s=["a", " "], t=["x", "x"]), {}, CodesEmpty),
        (rows(s=["a"], t=["x"], w=["half"]), {"share": "w"}, ValuesNotNumbers),
        (rows(s=["a"], t=["x"], w=[np.nan]), {"share": "w"}, ValuesNotFinite),
        (rows(s=["a"], t=["x"], w=[np.inf]), {"mass": "w"}, ValuesNotFinite),
        (rows(s=["a"], t=["x"], w=[40.0]), {"share": "w"}, ShareOutOfRange),
        (rows(s=["a"], t=["x"], w=[-0.1]), {"share": "w"}, ShareOutOfRange),
        (rows(s=["a"], t=["x"], w=[-1]), {"mass": "w"}, ValuesNegative),
        (rows(s=["a", "a"], t=["x", "x"], w=[0.5, 0.5]), {"share": "w"}, RowsRepeated),
        (rows(s=["a"], t=["x"], w=[1.0]), {"share": "w", "mass": "w"}, OptionUnknown),
        (rows(s=["a"], t=["x"]), {"sources": AREAS}, CodesUnknown),
        (rows(s=["01"], t=["x"]), {"targets": pd.Index(["y"], name="wd")}, CodesUnknown),
        (rows(s=["a"], t=["x"]), {"sources": pd.Index(["a", "a"], name="sa")}, CodesNotUnique),
    ],
)
def test_a_lookup_that_cannot_be_true_is_refused(
    frame: pd.DataFrame, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        from_lookup(frame, source="s", target="t", **options)


def test_all_faults_of_a_lookup_come_together() -> None:
    frame = rows(s=[1, 2], t=["x", None], w=[2.0, np.nan])
    with pytest.raises(SeveralFaults) as caught:
        from_lookup(frame, source="s", target="t", share="w")
    kinds = [type(fault) for fault in caught.value.faults]
    assert kinds == [CodesNotText, CodesEmpty, ValuesNotFinite, ShareOutOfRange]
