"""Two maps that may argue with each other, and two layers that may not match, in words.

In: two figures of a level, or two levels. Out: sentences: how alike the figures rank the areas and
where they disagree most; how well the borders of the two levels fit.
"""

from __future__ import annotations

import pandas as pd

from data.run import Result
from pages.shared import cache, figures
from pages.shared.figures import Figure, ordinal
from pages.shared.figures_more import ranked

FEWEST = 5  # areas, below which ranks say nothing
ALIKE, UNLIKE = 0.5, -0.2


def argue(result: Result, table: pd.DataFrame, first: Figure, second: Figure) -> list[str]:
    """Say how alike two figures rank the areas, and in which areas they disagree most.

    Ranks run from the highest figure down; how alike they are is Spearman's rank correlation.
    Money that we ourselves shared out is not ranked: it agrees with need because we made it so.
    """
    for figure in (first, second):
        if not ranked(result, figure):
            reason = (
                f"{figure.title}: less than half of it is recorded where people live; the rest "
                "follows from how we share it. So the two are not compared by rank: where they "
                "agree, we may have made them agree."
            )
            return [reason]
    both = table[[first.column, second.column]].astype("float64").dropna()
    if len(both) < FEWEST:
        return []
    ranks = both.rank(ascending=False, method="min")
    alike = float(ranks[first.column].corr(ranks[second.column]))
    one, other = first.title.lower(), second.title.lower()
    if pd.isna(alike):
        return [f"Every area has the same {one} or the same {other}: nothing to compare."]
    how = "largely agree" if alike >= ALIKE else "disagree" if alike <= UNLIKE else "agree little"
    first_of_all = (
        f"The two maps {how}. On a scale on which 1 is the very same order of areas, 0 no order in "
        f"common and -1 the opposite one, {one} and {other} stand at {alike:.2f}."
    )
    said = [first_of_all]
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


def borders(result: Result, level: str, other: str) -> list[str]:
    """Say in people how well two levels' borders fit, the way they fit better."""
    titles = figures.level_titles(result)
    found = cache.fit(result, level, other)
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
