"""Words in sentences: days, titles within a sentence."""

from __future__ import annotations

import datetime as dt

import pytest

from budgets.phrases import day, within


def test_a_day_is_written_as_people_do() -> None:
    assert day(dt.date(2018, 4, 1)) == "1 April 2018"


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Small areas (LSOA 2021)", "small areas"),
        ("Wards", "wards"),
        ("GP consortia (clinical commissioning groups, April 2021)", "GP consortia"),
        ("Local enterprise partnerships (2020)", "local enterprise partnerships"),
    ],
)
def test_a_title_within_a_sentence_keeps_what_is_always_written_large(
    title: str, said: str
) -> None:
    assert within(title) == said
