"""The drawing in a file that is kept: bars as long as their figures, names as text, no script."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from data import place as places
from data import run, scenarios
from pages.shared import account_pictures, chart_svg
from pages.shared.account_of import Asked

LONG = "NHS Bristol, North Somerset and South Gloucestershire CCG"
HOSTILE = '<script>alert("x")</script>'


def drawing(html: str) -> ElementTree.Element:
    (found,) = re.findall(r"<svg.*?</svg>", html, flags=re.S)
    return ElementTree.fromstring(found)


def test_bars_are_as_long_as_their_figures_to_both_sides_of_nought() -> None:
    rows = pd.DataFrame(
        {"name": [HOSTILE, "Loses", "Unknown"], "value": [30.0, -10.0, float("nan")]}
    )
    html = chart_svg.bars(
        rows, title="Change & more", unit="pounds", of="Area", alternative="It grows.",
        write=lambda value: f"{value:+.0f}",
    )  # fmt: skip
    svg = drawing(html)
    bars = [(float(bar.get("x", "")), float(bar.get("width", ""))) for bar in svg.iter("rect")]
    (line,) = svg.iter("line")
    nought = float(line.get("x1", ""))
    assert [width for _, width in bars] == pytest.approx([3 * bars[1][1], bars[1][1], 0])
    assert bars[0][0] == nought
    assert sum(bars[1]) == pytest.approx(nought, abs=0.11)
    words = [text.text for text in svg.iter("text")]
    assert words == [HOSTILE, "+30", "Loses", "-10", "Unknown", "no data"]
    assert svg.findtext("title") == "Change & more"
    assert svg.findtext("desc") == "It grows."
    assert svg.get("role") == "img"
    assert "<script" not in html
    assert "Pale" not in html


def test_a_long_name_is_written_whole_in_lines_that_do_not_meet_the_next_bar() -> None:
    rows = pd.DataFrame({"name": [LONG, "Police"], "value": [2.0, 1.0]})
    html = chart_svg.bars(
        rows, title="Who", unit="pounds", of="Agency", alternative="It spends.", write=str
    )
    svg = drawing(html)
    written = [(str(text.text), float(text.get("y", ""))) for text in svg.iter("text")]
    name = [(words, at) for words, at in written if words in LONG]
    assert " ".join(words for words, _ in name) == LONG
    assert len(name) == 2
    (second,) = [at for words, at in written if words == "Police"]
    assert name[0][1] < name[1][1] < second - 12
    high = float(str(svg.get("viewBox")).split()[3])
    assert high > second


def test_the_account_that_is_kept_draws_who_spends_the_money(grid: Path) -> None:
    result = run.run(places.load(grid))
    made = scenarios.allocate(result, None, draws=0)
    svg = drawing(account_pictures.drawn(made, Asked(result, "")))
    words = [text.text for text in svg.iter("text")]
    # 1,200,000.07 and 90,000 less 50,000 of income; 1,600,000.
    assert words == ["Health body", "£1,600,000", "Town council", "£1,240,000"]
    wide = [float(bar.get("width", "")) for bar in svg.iter("rect")]
    assert wide[1] / wide[0] == pytest.approx(1_240_000.07 / 1_600_000, abs=0.001)
    assert account_pictures.drawn(made, Asked(result, "", level="sq", code="a05")) == ""
