"""The examples in the docstrings of this floor are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

EXAMPLES = ["indices.transforms", "indices.summaries"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_a_module_are_true(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
