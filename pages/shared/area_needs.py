"""What an area needs, in a table and in words; and how that moved over the years.

In: a profile and what is followed over years. Out: sections as HTML. Figures that are withheld, few
or estimated look different from those that are sure, and say so in words as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from data.following import Followed
from data.run import Result
from indices.profile_words import number, plain
from indices.profiles import Profile
from pages.shared import area_html, area_pictures
from pages.shared.area_pictures import Mark
from pages.shared.figures import text

SHORT = {"ward": "Its ward", "place": "The place", "england": "England"}
SURE = {"A": "sure", "B": "fairly sure", "C": "unsure", "D": "very unsure"}
HERE, BESIDE, RANK, HOW = "Here", "Side by side", "Rank", "How sure"


def needs(profile: Profile) -> str:
    """Show every measure with its interval beside the ward, the place and England."""
    measures = profile.table
    names = dict(profile.beside)
    heads = ["Measure", HERE, BESIDE, *(SHORT.get(key, key) for key in names), RANK, HOW]
    told = area_html.records(measures)
    themes: dict[str, list[dict[Any, Any]]] = {}
    for row in told:
        themes.setdefault(str(row["theme"]), []).append(row)
    rows = []
    for theme, part in themes.items():
        rows.append(
            f'<tr role="row" class="cg-theme"><th role="rowheader" colspan="{len(heads)}">'
            f"{text(theme.capitalize() or 'Other measures')}</th></tr>"
        )
        rows += [_measure(row, list(names)) for row in part]
    key = "".join(
        f'<span class="cg-key"><i class="mark of-{mark}" aria-hidden="true"></i>{text(word)}</span>'
        for mark, word in {"here": "here, with what chance leaves open", **_told(names)}.items()
    )
    said = (
        f"Rank 1 is the worse end, among {profile.among or 'nothing: this area is not ranked'}. "
        "Figures in brackets are the interval of the other place. What is in italics and hatched "
        "rests on few cases or on an estimate."
        + ("" if "england" in names else " No figures for England are held to put beside these.")
    )
    # What a measure is ends with its source.
    notes = [f"{row['sentence']} {row['definition']}" for row in told]
    return area_html.section(
        "<h3>What it needs</h3>",
        f'<p class="cg-kind">{text(said)}</p><p class="cg-keys">{key}</p>',
        area_html.table(heads, "".join(rows), label="Measures of need", name="cg-needs"),
        area_html.folded("What each measure is, in words", [*notes, profile.rule]),
    )


def _told(names: dict[str, str]) -> dict[str, str]:
    return {key: f"{SHORT.get(key, key).lower()}: {name}" if key != "england" else name
            for key, name in names.items()}  # fmt: skip


def _measure(row: dict[Any, Any], beside: Sequence[str]) -> str:
    value, low, high = (float(row[key]) for key in ("value", "low", "high"))
    unsure = bool(row["small"]) or str(row["grade"]) in ("C", "D")
    here = _missing(row) if math.isnan(value) else text(number(value, str(row["unit"])))
    if not math.isnan(low):
        likely = f"likely between {plain(low)} and {plain(high)}"
        here = f'{here}<span class="cg-kind cg-likely">{text(likely)}</span>'
    marks = [Mark("here", value, low, high)]
    marks += [Mark(key, float(row[key])) for key in beside]
    drawn = "" if math.isnan(value) else area_pictures.scale(marks, unsure=unsure)
    cells = [(HERE, here), (BESIDE, drawn)]
    cells += [(SHORT.get(key, key), _other(row, key)) for key in beside]
    rank = row["rank"]
    ranked = "" if pd.isna(rank) else f"{int(float(rank)):,} of {int(float(row['of'])):,}"
    return area_html.row(
        str(row["title"]), [*cells, (RANK, ranked), (HOW, text(_how(row)))], unsure=unsure
    )


def _other(row: dict[Any, Any], key: str) -> str:
    """Write another place's figure, its own interval, and which of the two is clearly higher."""
    value, low, high = (float(row[name]) for name in (key, f"low_{key}", f"high_{key}"))
    if math.isnan(value):
        return ""
    told = str(row[f"against_{key}"])
    spread = "" if math.isnan(low) else f" ({text(plain(low))} to {text(plain(high))})"
    strong = "cg-strong" if "clearly" in told else "cg-kind"
    here = f'<span class="{strong}">here {text(told)}</span>' if told else ""
    return f'{text(plain(value))}<span class="cg-kind">{spread}</span> {here}'


def _how(row: dict[Any, Any]) -> str:
    """Say in a word or two how sure a figure is."""
    if pd.isna(row["value"]):
        return ""
    return "few cases" if row["small"] else SURE[str(row["grade"])]


def _missing(row: dict[Any, Any]) -> str:
    return '<span class="cg-hidden">withheld</span>' if row["hidden"] else "no figure"


def changed(result: Result, profile: Profile, followed: Sequence[Followed]) -> str:
    """Show how figures moved over the years, each with its line, its words and its table."""
    title = "<h3>How it has changed</h3>"
    *said, caution = profile.moved or ("",)
    moved = area_html.paragraphs(said)
    moved += f'<p class="cg-kind">{text(caution)}</p>' if caution else ""
    if not followed:
        more = ", so these pages cannot say what" + (" else" if moved else "") + " changed"
        why = (
            f"{result.place.name} holds no figures by year{more}."
            if result.place.settings.series is None
            else "No figure by year is known for this area, nor for the ward that most of it is in."
        )
        return area_html.section(title, moved, area_html.paragraphs([why]))
    where = sorted({one.where for one in followed if one.where})
    only = (
        f"These are the years of {' and '.join(where)}, in which most of {profile.area.name} lies; "
        "for it alone none are known."
        if where
        else ""
    )
    mixed = len({one.where for one in followed}) > 1
    items = "".join(_line(one, told=one.where if mixed else "") for one in followed)
    return area_html.section(
        title,
        moved,
        area_html.paragraphs([only]),
        f'<ul class="cg-lines">{items}</ul>',
        _years(followed),
    )


def _line(one: Followed, *, told: str) -> str:
    """Show one measure over the years; `told` says where, if that is not the same for all."""
    known = one.table["value"].dropna()
    first, last = known.index[0], known.index[-1]
    said = one.said or f"From {first} to {last}: too few years to speak of a trend."
    ends = (
        f"{first}: {number(float(known.iloc[0]), one.unit)}. "
        f"{last}: {number(float(known.iloc[-1]), one.unit)}."
    )
    hidden = int(one.table["hidden"].sum())
    gone = (
        f" {hidden} years are withheld." if hidden > 1 else " 1 year is withheld." if hidden else ""
    )
    alt = f"{one.title} by year, {one.where or 'here'}. {ends}"
    return (
        f"<li><b>{text(one.title)}</b>"
        + (f'<span class="cg-kind">{text(told)}</span>' if told else "")
        + f"{area_pictures.line(one.table, alt=alt)}"
        f'<span>{text(said + gone)}</span><span class="cg-kind">{text(ends)}</span></li>'
    )


def _years(followed: Sequence[Followed]) -> str:
    """Fold the figures of all years away under their title."""
    years = sorted({int(year) for one in followed for year in one.table.index})
    rows = "".join(
        area_html.row(
            f"{one.title}, {one.unit}", [(str(year), _of_year(one, year)) for year in years]
        )
        for one in followed
    )
    heads = ["Measure", *map(str, years)]
    inner = area_html.table(heads, rows, label="Figures by year", name="cg-years")
    sources = sorted({one.source for one in followed if one.source})
    said = f'<p class="cg-kind">{text("Source: " + "; ".join(sources))}.</p>' if sources else ""
    return f"<details><summary>The figures of every year</summary>{inner}{said}</details>"


def _of_year(one: Followed, year: int) -> str:
    if year not in one.table.index:
        return ""
    value, hidden = float(one.table["value"][year]), bool(one.table["hidden"][year])
    if math.isnan(value):
        return '<span class="cg-hidden">withheld</span>' if hidden else ""
    return text(plain(value))
