"""Every way out of the house writes names that no spreadsheet computes, and reads them back."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from data import exchange, sheets
from data.write import _csv
from geo.errors import Faults

EVIL = ["=1+1", "+x", "-y", "@z", "\tt", "'=q", "Ash"]
FRAME = pd.DataFrame(
    {"code": [f"0{n}" for n in range(7)], "name": EVIL, "pence": range(-3, 4), "@share": [-0.5] * 7}
)
FORMULAS = tuple("=+-@\t\r")


def texts(path: Path) -> list[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        return [field for row in csv.reader(file) for field in row]


def carries_no_formula(fields: list[str]) -> None:
    assert "'=1+1" in fields
    for field in fields:
        if field.startswith(FORMULAS):
            float(field)


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz", "table.xlsx"])
def test_tables_of_the_index_commands(tmp_path: Path, name: str) -> None:
    path = sheets.write(FRAME, tmp_path / name)
    if name.endswith(".xlsx"):
        rows = openpyxl.load_workbook(path).worksheets[0].iter_rows()
        fields = [cell for row in rows for cell in row]
        assert {cell.data_type for cell in fields} == {"s", "n"}
        carries_no_formula([str(cell.value) for cell in fields])
        assert [cell.value for cell in fields if cell.data_type == "n"][::2] == [*range(-3, 4)]
    else:
        carries_no_formula(texts(path))
    faults = Faults(name)
    again = sheets.read(path, code=["code"], faults=faults)
    faults.raise_any()
    assert again is not None
    assert again.columns.tolist() == ["name", "pence", "@share"]
    # Blanks around a field are not kept by any reader of the house.
    assert [str(text).strip() for text in again["name"]] == [text.strip() for text in EVIL]
    assert again["pence"].astype(int).tolist() == [*range(-3, 4)]


def test_tables_of_a_run_and_of_the_boundary_commands(tmp_path: Path) -> None:
    _csv(FRAME, tmp_path / "run.csv")
    exchange.write_table(FRAME.set_index("name"), tmp_path / "converted.csv")
    for name in ("run.csv", "converted.csv"):
        carries_no_formula(texts(tmp_path / name))
    numbers = pd.read_csv(tmp_path / "run.csv")
    assert numbers["pence"].tolist() == [*range(-3, 4)]
    assert numbers["'@share"].tolist() == [-0.5] * 7
