"""Two maps that may argue with each other, and two layers that may not match, in words.

In: two figures of a level, or two levels. Out: sentences: how alike the figures rank the areas and
where they disagree most; how well the borders of the two levels fit.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from boundaries.coterminosity import fit, through_base
from data.run import Result
from pages.shared import figures
from pages.shared.figures import Figure, ordinal

FEWEST = 5  # areas, below which ranks say nothing
ALIKE, UNLIKE = 0.5, -0.2


def argue(table: pd.DataFrame, first: Figure, second: Figure) -> list[str]:
    """Say how alike two figures rank the areas, and in which areas they disagree most.

    Ranks run from the highest figure down; how alike they are is Spearman's rank correlation.
    """
    both = table[[first.column, second.column]].astype("float64").dropna()
    if len(both) < FEWEST:
        return []
    ranks = both.rank(ascending=False, method="min")
    alike = float(ranks[first.column].corr(ranks[second.column]))
    one, other = first.title.lower(), second.title.lower()
    if pd.isna(alike):
        return [f"Every area has the same {one} or the same {other}: nothing to compare."]
    how = "largely agree" if alike >= ALIKE else "disagree" if alike <= UNLIKE else "agree little"
    said = [f"The two maps {how}: the rank correlation of {one} and {other} is {alike:.2f}."]
    gap = ranks[second.column] - ranks[first.column]
    names = table["name"]
    for at, words in ((int(gap.argmax()), "less"), (int(gap.argmin()), "more")):
        here = ranks.iloc[at]
        said.append(
            f"Most of all {names[str(gap.index[at])]} has {words} {other} than its {one} suggests: "
            f"{ordinal(int(here[first.column]))} highest by {one}, "
            f"{ordinal(int(here[second.column]))} by {other}, of {len(both):,}."
        )
    return said


@st.cache_data(max_entries=64, show_spinner=False)
def _fit(place_id: str, content: str, level: str, other: str, *, _result: Result) -> list[str]:
    walk = through_base(_result.crosswalks[level], _result.crosswalks[other], _result.place.people)
    titles = figures.level_titles(_result)
    found = fit(walk)
    sides = []
    for side, names in ((found.forward, (level, other)), (found.backward, (other, level))):
        people = side.total - side.uncovered
        if people > 0:
            sides.append((side.elsewhere / people, side.elsewhere, people, names))
    if not sides:
        return []
    # Large areas never fit into small ones: what counts is whether either fits into the other.
    share, apart, people, (small, large) = min(sides)
    said = (
        f"If every area of “{titles[small]}” were counted whole where most of it lies, "
        f"{apart:,.0f} of {people:,.0f} people ({share:.1%}) would be counted in the wrong area of "
        f"“{titles[large]}”."
    )
    return [said]


def borders(result: Result, level: str, other: str) -> list[str]:
    """Say in people how well two levels' borders fit, the way they fit better."""
    key = (result.place.id, result.place.content_hash)
    return _fit(*key, level, other, _result=result)
