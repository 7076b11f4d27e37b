"""Resources against needs in sentences for a board.

In: `Resources` of a level, where programmes are at work, the register, the names of areas. Out:
sentences, theme by theme: who gets less than need calls for and what closing the gap would take (or
why nothing is ranked), where programmes overlap, and where need is high and none is at work.
"""

from __future__ import annotations

import pandas as pd

from budgets.mismatch import ALL_THEMES, Resources, gaps, overlaps
from budgets.money import format_pounds
from budgets.phrases import listed, money

MOST = 3


def money_sentences(found: Resources, names: pd.Series) -> list[str]:
    """Say of each theme which areas are furthest below what need calls for, or why none is."""
    said = []
    for theme in dict.fromkeys(found.table["theme"]):
        if theme in found.reasons:
            continue
        rows = found.table[found.table["theme"] == theme]
        share = found.shares[theme]
        head = f"{_capital(theme)}: {share:.0%} of the money is split by what is recorded. Of that,"
        if rows["target_pence"].isna().all():
            said.append(
                f"{head} no target can be set: need is not known, or money is below nought."
            )
            continue
        lack = rows["to_target_pence"].sum()
        if not lack:
            said.append(f"{head} every area has what its need calls for.")
            continue
        said.append(
            f"{head} {money(int(lack) / 100)} a year would have to move to give every area what "
            f"its need calls for."
        )
        said += [_lacks(row, names) for _, row in found.worst(theme, most=MOST).iterrows()]
    for reason in dict.fromkeys(found.reasons.values()):
        themes = [_capital(theme) for theme, why in found.reasons.items() if why == reason]
        said.append(f"Not ranked: {listed(themes)}. {reason}")
    return said


def target_sentence(need_weight: float, neediest_per_head: float) -> str:
    """Say what is meant by what need calls for."""
    return (
        f"What need calls for: {need_weight:.0%} of the money follows need, and of this part the "
        f"neediest area gets {neediest_per_head:g} times as much a head as the least needy one; "
        f"the rest goes by people. These are settings of the place, not findings."
    )


def programme_sentences(
    at_work: pd.DataFrame,
    register: pd.DataFrame,
    names: pd.Series,
    *,
    people: pd.Series,
    need: pd.Series,
) -> list[str]:
    """Say where programmes of one theme overlap, and which needy areas have none."""
    said = []
    found = overlaps(at_work)
    for theme in dict.fromkeys(at_work["theme"]):
        mine = found[found["theme"] == theme].head(MOST)
        for _, row in mine.iterrows():
            titles = [_led(register.loc[id]) for id in row["ids"].split(";")]
            said.append(
                f"{_capital(theme)}: in {names[row['area_code']]} {row['programmes']} programmes "
                f"are at work ({listed(titles)}), and up to {row['twice']:.0%} of the people are "
                f"in the reach of more than one."
            )
    missing = gaps(at_work, people=people, need=need)
    for theme, rows in missing.groupby("theme", sort=False):
        shown = listed([names[code] for code in rows["area_code"]])
        several = len(rows) > 1
        said.append(
            f"{_capital(str(theme))}: need is high in {shown}, but no programme of this theme is "
            f"at work {'in any of them' if several else 'there'} ({rows['people'].sum():,.0f} "
            f"people)."
        )
    return said


def _lacks(row: pd.Series, names: pd.Series) -> str:
    has = row["recorded_pence"] / row["people"]
    target = row["target_pence"] / row["people"]
    return (
        f"{names[row['area_code']]} gets {_a_head(has)} a person where its need calls for "
        f"{_a_head(target)}: {money(int(row['to_target_pence']) / 100)} a year is missing."
    )


def _a_head(pence: float) -> str:
    """Write an amount a person: whole pounds from ten pounds on."""
    return format_pounds(round(pence), whole=abs(pence) >= 1000)


def _led(programme: pd.Series) -> str:
    return f"{programme['title']}, led by {programme['lead']}"


def _capital(theme: str) -> str:
    return "All themes together" if theme == ALL_THEMES else theme[:1].upper() + theme[1:]
