"""What the methods page and the docstrings of this floor show as examples is true."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from indices.definitions import Definition, Domain, shipped
from indices.indicators import Indicator
from indices.measures import Measure
from indices.smallnumbers import shrink
from indices.transforms import exponential

PAGE = Path(__file__).resolve().parents[2] / "docs" / "methods" / "indices.md"
EXAMPLES = [
    "indices.transforms",
    "indices.summaries",
    "indices.robustness",
    "indices.profile_words",
]


def table(marker: str) -> pd.DataFrame:
    """Return the table of the page that follows a comment with this marker, as text."""
    block = re.search(rf"<!-- {marker} -->\n((?:\|.*\n)+)", PAGE.read_text(encoding="utf-8"))
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in block[1].split("\n")]
    return pd.DataFrame(lines[2:-1], columns=lines[0])


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_a_module_are_true(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize(
    ("marker", "model"),
    [
        ("definition", Definition),
        ("domain", Domain),
        ("indicator", Indicator),
        ("measure", Measure),
    ],
)
def test_the_page_lists_the_keys_of_a_definition_and_which_are_needed(marker, model):
    listed = table(f"keys: {marker}").set_index("key")["needed"]
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    assert set(listed.index) == set(fields)
    assert {key for key in listed.index if listed[key]} == {
        key for key, field in fields.items() if field.is_required()
    }


def test_the_page_names_every_shipped_definition():
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in shipped())


def test_the_exponential_example_of_the_page_holds():
    rows = table("example: exponential").astype(float)
    ranks = 100 + 1 - 100 * rows["R"]
    assert np.allclose(exponential(ranks, 100), rows["X"], rtol=0, atol=5e-5)


def test_the_shrinkage_example_of_the_page_holds():
    rows = table("example: shrinkage").astype(float).set_index(pd.Index(list("abcde")))
    found = shrink(rows["events"], rows["people"], pd.Series("d", index=rows.index))
    assert np.allclose(found[["weight", "shrunk"]], rows[["weight", "shrunk"]], rtol=0, atol=5e-7)
