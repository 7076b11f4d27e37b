"""Crosswalks on disk: what is written comes back, to the last bit and the last leading zero."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array

from boundaries.crosswalk import Crosswalk
from boundaries.errors import CrosswalkBroken, OptionUnknown

Written = Callable[..., Crosswalk]
KINDS = ("csv", "parquet")


def example() -> Crosswalk:
    """A crosswalk with everything in it: gap, overlap, zero mass with and without fallback."""
    mass = np.array([[1 / 3, 2 / 3], [0.1, 0.0], [5.0, 7.0], [0.0, 0.0], [0.0, 0.0]])
    fallback = np.zeros((5, 2))
    fallback[3] = [0.3, 0.6]
    return Crosswalk(
        mass=csr_array(mass),
        source_mass=np.array([1.0, 0.3, 9.0, 0.0, 0.0]),
        sources=pd.Index(["007", "1e5", "NA", "01", 'ä,"b'], name="sa"),
        targets=pd.Index(["0001", "nan"], name="wd25"),
        unit="residents",
        method="points",
        provenance=("postcodes of 2025", "two sentences"),
        fallback=csr_array(fallback),
        fallback_unit="m2",
        target_mass=np.array([9.0, 8.0]),
        undefined=np.array([0.0, 0.0, 0.0, 0.0, 1.0]),
        outside=np.array([0.0, 2 / 3, 1 / 9, 0.1, 0.0]),
        notes={"outside_sources": {"count": np.int64(2), "names": ("BS1 1AA", "BS1 1AB")}},
    )


def assert_same(one: Crosswalk, other: Crosswalk) -> None:
    for side in ("sources", "targets"):
        pd.testing.assert_index_equal(getattr(one, side), getattr(other, side), exact=True)
    assert np.array_equal(one.mass.toarray(), other.mass.toarray())
    assert np.array_equal(one.weights.toarray(), other.weights.toarray())
    for part in ("source_mass", "target_mass", "outside", "undefined"):
        assert np.array_equal(getattr(one, part), getattr(other, part)), part
    for part in ("unit", "method", "provenance", "fallback_unit"):
        assert getattr(one, part) == getattr(other, part), part


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_comes_back_exactly(kind: str, tmp_path: Path) -> None:
    crosswalk = example()
    back = Crosswalk.read(crosswalk.write(tmp_path / f"sa_wd25.{kind}"))
    assert_same(crosswalk, back)
    assert back.notes["outside_sources"] == {"count": 2, "names": ["BS1 1AA", "BS1 1AB"]}
    assert list(back.zero_mass) == ["01", 'ä,"b']


@pytest.mark.parametrize("kind", KINDS)
def test_leading_zeros_and_odd_codes_survive(kind: str, tmp_path: Path) -> None:
    back = Crosswalk.read(example().write(tmp_path / f"x.{kind}"))
    assert list(back.sources) == ["007", "1e5", "NA", "01", 'ä,"b']
    assert list(back.targets) == ["0001", "nan"]


@given(
    st.lists(st.text("0123456789ENA.e-", min_size=1, max_size=6), min_size=1, unique=True),
    st.data(),
)
def test_any_codes_and_masses_survive(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], data: st.DataObject
) -> None:
    names = [name for name in names if name.strip()]
    elements = st.one_of(st.just(0.0), st.floats(1e-300, 1e15))
    mass = data.draw(hnp.arrays(np.float64, (len(names), 2), elements=elements))
    crosswalk = Crosswalk(
        csr_array(mass),
        mass.sum(axis=1),
        pd.Index(names, name="sa"),
        pd.Index(["0", "00"], name="wd"),
        "m2",
        "area",
    )
    path = tmp_path_factory.mktemp("written") / "any.csv"
    assert_same(crosswalk, Crosswalk.read(crosswalk.write(path)))


def test_the_table_has_the_four_columns_and_the_header_names_the_rest(tmp_path: Path) -> None:
    path = example().write(tmp_path / "sa_wd25.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "source_code,target_code,weight,mass"
    assert "01,0001,0.3,0.0" in lines
    header = json.loads((tmp_path / "sa_wd25.json").read_text(encoding="utf-8"))
    assert header["unit"] == "residents"
    assert (header["source_layer"], header["target_layer"]) == ("sa", "wd25")
    assert header["uncovered"] == pytest.approx({"1e5": 2 / 3, "NA": 1 / 9, "01": 0.1})
    assert header["overlap"] == pytest.approx({"NA": 12 / 9 + 1 / 9 - 1})
    assert header["zero_mass"] == ["01", 'ä,"b']
    assert header["fallback"] == "m2"
    assert header["provenance"] == ["postcodes of 2025", "two sentences"]


def test_the_header_survives_inside_parquet(tmp_path: Path) -> None:
    path = example().write(tmp_path / "x.parquet")
    table = pq.read_table(path)
    assert table.column_names == ["source_code", "target_code", "weight", "mass"]
    assert json.loads(table.schema.metadata[b"common-ground"])["unit"] == "residents"
    assert [file.name for file in tmp_path.iterdir()] == ["x.parquet"]


def test_a_crosswalk_without_a_pair_comes_back_too(tmp_path: Path, written: Written) -> None:
    crosswalk = written([[0.0], [0.0]], source_mass=[1, 0])
    for kind in KINDS:
        assert_same(crosswalk, Crosswalk.read(crosswalk.write(tmp_path / f"x.{kind}")))


def test_a_table_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionUnknown, match=r"x\.xlsx"):
        example().write(tmp_path / "x.xlsx")


def spoil_columns(folder: Path) -> None:
    text = (folder / "x.csv").read_text(encoding="utf-8")
    (folder / "x.csv").write_text(text.replace("weight", "share"), encoding="utf-8")


def spoil_number(folder: Path) -> None:
    text = (folder / "x.csv").read_text(encoding="utf-8")
    (folder / "x.csv").write_text(text.replace("0.3,0.0", "many,0.0"), encoding="utf-8")


def spoil_codes(folder: Path) -> None:
    text = (folder / "x.csv").read_text(encoding="utf-8")
    (folder / "x.csv").write_text(text.replace("007,", "7,"), encoding="utf-8")


def spoil_header(folder: Path) -> None:
    (folder / "x.json").write_text("{", encoding="utf-8")


def spoil_version(folder: Path) -> None:
    text = (folder / "x.json").read_text(encoding="utf-8")
    (folder / "x.json").write_text(text.replace('"version": 1', '"version": 9'), encoding="utf-8")


def spoil_part(folder: Path) -> None:
    header = json.loads((folder / "x.json").read_text(encoding="utf-8"))
    del header["unit"]
    (folder / "x.json").write_text(json.dumps(header), encoding="utf-8")


def forget_header(folder: Path) -> None:
    (folder / "x.json").unlink()


def other_json(folder: Path) -> None:
    (folder / "x.json").write_text("[1]", encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_columns, "share"),
        (spoil_number, "cannot be read"),
        (spoil_codes, "7 > 0001"),
        (spoil_header, "no JSON"),
        (spoil_version, "version 9"),
        (spoil_part, "unit"),
        (forget_header, r"x\.json"),
        (other_json, "not that of a crosswalk"),
    ],
)
def test_a_spoilt_file_says_what_is_wrong_with_it(
    spoil: Callable[[Path], None], says: str, tmp_path: Path
) -> None:
    path = example().write(tmp_path / "x.csv")
    spoil(tmp_path)
    with pytest.raises(CrosswalkBroken, match=says):
        Crosswalk.read(path)


def test_a_spoilt_parquet_file_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    with pytest.raises(CrosswalkBroken, match="not there"):
        Crosswalk.read(path)
    path.write_bytes(b"PAR1 or so")
    with pytest.raises(CrosswalkBroken, match="no Parquet"):
        Crosswalk.read(path)
    example().to_frame().to_parquet(path)
    with pytest.raises(CrosswalkBroken, match="header of the crosswalk is missing"):
        Crosswalk.read(path)
