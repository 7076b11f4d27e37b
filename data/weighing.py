"""Weighted people of a place by a funding formula.

In: a `Result` and the file of a formula. Out: a table of the base areas inside the place, and
sentences: whose formula it is, what it adds up to, what the neediest area gets a head.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from budgets.need_formula import Formula, read_formula
from budgets.need_weighting import seen
from data.run import Result
from data.scenarios import measures_of


def weigh(result: Result, named: str | Path | Formula) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Weigh the people of all base areas, and show those inside the place.

    Weighted people add up to the people of the whole base table, over which money is shared.

    Returns
    -------
    `area_code, name, people, age_index, need_index, cost_index, weighted_people, index`, and the
    sentences.

    Raises
    ------
    FormulaNotUnderstood, FormulaWithoutFigures
    """
    formula = named if isinstance(named, Formula) else read_formula(named)
    people, inside = result.place.people, result.inside
    whole = formula.weigh(people, result.place.base, measures_of(result))
    table = whole[inside]
    weighted = table["weighted_people"]
    level = weighted.sum() / table["people"].sum() if table["people"].sum() else float("nan")
    head = formula.formula
    whose = "an illustration, not evidence" if head.illustrative else head.reference
    counted = (
        f"{len(table):,} areas inside hold {table['people'].sum():,.0f} people, who count as "
        f"{weighted.sum():,.1f}: a need index of {level:.4f} against all {len(whole):,} base areas."
    )
    said = (
        f"{head.title} ({head.date}): {whose}.",
        counted,
        seen(weighted, people[inside]).sentence,
    )
    names = result.place.layers[result.place.base_layer]["name"].reindex(table.index)
    table.insert(0, "name", names)
    return table.rename_axis("area_code").reset_index(), said
