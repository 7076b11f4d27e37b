"""The tables of the demo place: counts by area, indicators, index, crosswalks and true answers.

In: the households, each with its codes. Out: data frames as they are written to the package.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.demo.layers import CONSORTIUM, OA, PARTNERSHIP, POLICE, SA, WARD

# Domain -> the indicators it is made of, each with its weight; signs are all "high is worse".
DOMAINS: dict[str, tuple[tuple[str, float], ...]] = {
    "income": (("income_deprived", 1.0),),
    "employment": (("out_of_work", 1.0),),
    "education": (("no_qualifications", 0.5), ("absent_pupils", 0.5)),
    "health": (("limiting_illness", 0.6), ("emergency_admissions", 0.4)),
    "crime": (("crimes", 1.0),),
    "barriers": (("overcrowded", 0.3), ("homeless", 0.2), ("gp_distance_km", 0.5)),
    "living": (("poor_repair", 0.5), ("no_central_heating", 0.2), ("road_casualties", 0.3)),
}
# Indicator -> numerator and denominator, columns of the table of counts.
RATES = {
    "income_deprived": "residents",
    "out_of_work": "working_age",
    "no_qualifications": "aged_25_64",
    "absent_pupils": "aged_5_15",
    "limiting_illness": "residents",
    "emergency_admissions": "residents",
    "crimes": "residents",
    "overcrowded": "households",
    "homeless": "households",
    "poor_repair": "households",
    "no_central_heating": "households",
    "road_casualties": "residents",
}

# Counted by the census, and so known for output areas.
BY_CENSUS = ("no_qualifications", "limiting_illness", "overcrowded", "no_central_heating")


def counts(households: pd.DataFrame, by: str) -> pd.DataFrame:
    """Add up every count of the households by the codes in one column; no code, no row."""
    mine = households[households[by] != ""]
    numbers = mine.select_dtypes("number").drop(columns=["x", "y", "year_built", "gp_km"])
    total = numbers.groupby(mine[by]).sum()
    total = total.rename(columns={"people": "residents"})
    total.insert(1, "households", mine.groupby(by).size())
    total.index.name = "code"
    return total.assign(
        children=total["aged_0_4"] + total["aged_5_15"],
        older=total["aged_65_84"] + total["aged_85_plus"],
        students=total.pop("student"),
    )


def base(totals: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """Return the table of the base layer: who lives in each small area."""
    columns = ["residents", "households", "children", "working_age", "older", "students"]
    ages = [column for column in totals.columns if column.startswith("aged_")]
    table = totals[[*columns, *ages, "registered"]]
    table.insert(0, "name", names.reindex(table.index))
    return table.reset_index()


def blocks(totals: pd.DataFrame, parents: pd.DataFrame) -> pd.DataFrame:
    """Return the table of output areas: small area, people, and what a census counts that finely.

    Figures that agencies record are known by small area only.
    """
    small = parents.set_index("child")["parent"].reindex(totals.index)
    table = totals[["residents", "households", "aged_25_64", *BY_CENSUS]]
    table.insert(0, SA, small)
    return table.reset_index()


def indicators(totals: pd.DataFrame, households: pd.DataFrame) -> pd.DataFrame:
    """Return numerators and denominators by small area, and the way to the nearest practice."""
    people = households["people"]
    way = (households["gp_km"] * people).groupby(households[SA]).sum()
    way /= people.groupby(households[SA]).sum()
    columns = list(dict.fromkeys([*RATES, *RATES.values()]))
    return totals[columns].assign(gp_distance_km=way.round(3)).reset_index()


def domains(indicator_table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return domain scores and domain ranks (1 = most deprived) over the whole region.

    A score is the weighted mean of the standardised rates of a domain.
    """
    table = indicator_table.set_index("code")
    rates = pd.DataFrame({name: table[name] / table[bottom] for name, bottom in RATES.items()})
    rates["gp_distance_km"] = table["gp_distance_km"]
    z = (rates - rates.mean()) / rates.std(ddof=0)
    scores = pd.DataFrame(
        {
            domain: sum(weight * z[name] for name, weight in parts)
            for domain, parts in DOMAINS.items()
        }
    ).round(6)
    ranks = scores.rank(method="min", ascending=False).astype(np.int64)
    return scores.reset_index(), ranks.reset_index()


def truths(households: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the true people and households of every small area x area of another layer.

    For consortia there are two truths: by land (who lives on it) and by membership (who is
    registered with its practices).
    """
    found = {f"truth_{SA}_{layer}": _truth(households, SA, layer) for layer in (WARD, POLICE)}
    found[f"truth_{SA}_{CONSORTIUM}"] = _truth(households, SA, "registered_with")
    found[f"truth_{SA}_{CONSORTIUM}_land"] = _truth(households, SA, CONSORTIUM)
    both = [_truth(households, SA, f"{PARTNERSHIP}_{number}") for number in (0, 1)]
    found[f"truth_{SA}_{PARTNERSHIP}"] = _ordered(pd.concat(both))
    found[f"truth_{OA}_{WARD}"] = _truth(households, OA, WARD)
    return found


def _truth(households: pd.DataFrame, source: str, target: str) -> pd.DataFrame:
    mine = households[households[target] != ""]
    cells = mine.groupby([source, target])["people"].agg(["sum", "size"]).reset_index()
    cells.columns = pd.Index(["source_code", "target_code", "people", "households"])
    return _ordered(cells)


def _ordered(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.sort_values(["source_code", "target_code"], ignore_index=True)


def membership(households: pd.DataFrame) -> pd.DataFrame:
    """Return which share of each small area's patients is registered with each consortium."""
    cells = (
        households.groupby([SA, "registered_with"])["registered"].sum().rename("mass").reset_index()
    )
    cells.columns = pd.Index(["source_code", "target_code", "mass"])
    whole = cells.groupby("source_code")["mass"].transform("sum")
    return _ordered(cells.assign(share=cells["mass"] / whole))


def parents(codes: pd.DataFrame, child: str, parent: str) -> pd.DataFrame:
    """Return the parent of each area of a layer that nests in another."""
    pairs = codes.loc[codes[child] != "", [child, parent]].drop_duplicates()
    pairs.columns = pd.Index(["child", "parent"])
    return pairs.sort_values("child", ignore_index=True)


def within(households: pd.DataFrame, source: str, target: str) -> pd.DataFrame:
    """Return the share of each source's households in each target, as a lookup table."""
    cells = households.groupby([source, target]).size().rename("mass").reset_index()
    cells.columns = pd.Index(["source_code", "target_code", "mass"])
    whole = cells.groupby("source_code")["mass"].transform("sum")
    return _ordered(cells.assign(share=cells["mass"] / whole))
