"""One area in sentences and tables: the sections of its page, and the same as a file to keep.

In: a result, the profile of an area where there is one, and its money. Out: sections as HTML in
which every text from a file is escaped, and a document that needs nothing from outside.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from budgets.money import format_pounds
from data.run import Result
from indices.profile_words import about, number, plain
from indices.profiles import Profile
from pages.shared.area_money import AreaMoney
from pages.shared.figures import GRADES, beyond, text

HERE = Path(__file__).parent
CANNOT = HERE / "texts" / "cannot_say.md"
LIKE = 5
MARKS = {"A": "sure", "B": "fairly sure", "C": "unsure", "D": "very unsure"}


def sections(result: Result, profile: Profile | None, money: AreaMoney) -> list[str]:
    """Return the sections of the page in reading order."""
    found = [_who(result, profile, money), _money(result, money)]
    if profile is not None:
        found[1:1] = [_needs(profile)]
        found += [_like(profile)]
    return [part for part in [*found, _cannot(result, profile)] if part]


def document(result: Result, name: str, found: Sequence[str]) -> str:
    """Return the sections as one file that fetches nothing and prints on plain paper."""
    style = (HERE / "look.css").read_text("utf-8") + (HERE / "document.css").read_text("utf-8")
    badge = " (a fictional place)" if result.place.fictional else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(name)}, {text(result.place.name)}</title><style>{style}</style></head>"
        f'<body class="stApp"><p class="cg-kind">{text(result.place.name)}{badge}</p>'
        + "".join(found)
        + "</body></html>"
    )


def _who(result: Result, profile: Profile | None, money: AreaMoney) -> str:
    if profile is None:
        said = [f"{money.name}: about {money.people:,.0f} people live there."]
    else:
        area = profile.area
        said = [about(area.name, area.kind, area.people, area.households)]
        said += [f"How it was made: {area.how}." if area.how else "", *area.notes]
        said += [profile.standing.sentence if profile.standing else "", profile.type_sentence]
    return _section(
        f"<h2>{text(money.name)}</h2>",
        f'<p class="cg-kind">{text(money.kind)}, {text(result.place.name)}</p>',
        *(f"<p>{text(sentence)}</p>" for sentence in said if sentence),
    )


def _needs(profile: Profile) -> str:
    """Show every measure with its interval beside the ward, the place and England."""
    table = profile.table
    names = {key: profile.beside[key] for key in profile.beside}
    short = {"ward": "Its ward", "place": "The place", "england": "England"}
    heads = ["Measure", "Here", "Likely between", *(short.get(key, key) for key in names), "Rank"]
    rows = []
    for theme, part in table.groupby("theme", sort=False):
        rows.append(
            f'<tr class="cg-theme"><th colspan="{len(heads)}" scope="colgroup">'
            f"{text(str(theme).capitalize() or 'Other measures')}</th></tr>"
        )
        rows += [_measure(row, list(names)) for row in part.to_dict("records")]
    legend = "; ".join(f"{key}: {name}" for key, name in zip(
        [short.get(key, key) for key in names], names.values(), strict=True
    ))  # fmt: skip
    return _section(
        "<h3>What it needs</h3>",
        f'<p class="cg-kind">{text(legend)}. Rank 1 is the worse end, among '
        f"{text(profile.among or 'nothing: this area is not ranked')}. A figure in italics "
        "rests on few cases or on an estimate.</p>",
        f'<div class="cg-scroll" tabindex="0" role="region" aria-label="Measures of need">'
        f'<table class="cg-table">{_head(heads)}<tbody>{"".join(rows)}</tbody></table></div>',
        _details("What each measure is, in words", [
            f"{row['sentence']} {row['definition']} Source: {row['source'] or 'not stated'}"
            f"{', ' + str(row['date']) if row['date'] else ''}."
            for row in table.to_dict("records")
        ]),
    )  # fmt: skip


def _measure(row: dict[Any, Any], beside: list[str]) -> str:
    value, low, high = (float(row[key]) for key in ("value", "low", "high"))
    unsure = bool(row["small"]) or str(row["grade"]) in ("C", "D")
    cells = [_hidden(row) if pd.isna(value) else text(number(value, str(row["unit"])))]
    cells.append("" if pd.isna(low) else text(f"{plain(low)} and {plain(high)}"))
    for key in beside:
        other = float(row.get(key, float("nan")))
        told = str(row.get(f"against_{key}", ""))
        strong = "clearly" in told
        mark = f'<span class="{"cg-strong" if strong else "cg-kind"}">{text(told)}</span>'
        cells.append("" if pd.isna(other) else f"{text(plain(other))} {mark}")
    rank = row["rank"]
    cells.append("" if pd.isna(rank) else f"{int(float(rank)):,} of {int(float(row['of'])):,}")
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    kind = ' class="is-unsure"' if unsure else ""
    return f'<tr{kind}><th scope="row">{text(row["title"])}</th>{body}</tr>'


def _hidden(row: dict[Any, Any]) -> str:
    return '<span class="cg-hidden">withheld</span>' if row["hidden"] else "no figure"


def _money(result: Result, money: AreaMoney) -> str:
    """Say what is spent here, by whom, who decides on it, and how much of it is recorded."""
    head = money.pence / money.people if money.people > 0 else float("nan")
    each = "" if pd.isna(head) else f", {format_pounds(round(head), whole=True)} a person"
    share = money.recorded / money.pence if money.pence else 0.0
    falls = (
        f"{format_pounds(money.pence, whole=True)} falls here{each}, in {len(money.lines)} lines. "
        f"{share:.0%} of it is recorded where people live or use a service; the rest follows from "
        "how it was assumed to be shared."
    )
    said = [
        falls,
        _kinds(money),
        _near(money),
        f"Another {format_pounds(money.share_wide, whole=True)} is for {result.place.name} as a "
        "whole and is in no area."
        if money.share_wide
        else "",
    ]
    rows = "".join(
        f"<tr{'' if row['grade'] in 'ABC' else ' class=' + chr(34) + 'is-unsure' + chr(34)}>"
        f'<th scope="row">{text(row["title"])}</th><td>{text(row["agency"])}</td>'
        f"<td>{text(row['held_at'])}</td><td>{text(GRADES.get(str(row['grade']), ''))}</td>"
        f"<td>{format_pounds(int(row['pence']), whole=True)}</td></tr>"
        for row in money.lines.to_dict("records")
    )
    heads = ["Line of money", "Spent by", "Decided at", "How its place is known", "Pounds"]
    return _section(
        "<h3>What is spent here, and by whom</h3>",
        *(f"<p>{text(sentence)}</p>" for sentence in said if sentence),
        _bars("By who spends it", money.by("agency"), money.pence),
        f'<div class="cg-scroll" tabindex="0" role="region" aria-label="Lines of money">'
        f'<table class="cg-table">{_head(heads)}<tbody>{rows}</tbody></table></div>',
    )


def _kinds(money: AreaMoney) -> str:
    """Say which kinds of money are in the sum, where there is more than one."""
    kinds = money.by("kind")
    if len(kinds) < 2:
        return ""
    parts = ", ".join(f"{format_pounds(int(p), whole=True)} {kind}" for kind, p in kinds.items())
    return f"Different kinds of money are in this sum: {parts}."


def _near(money: AreaMoney) -> str:
    """Say what is decided near here."""
    own = money.lines[money.lines["near"]]
    if own.empty:
        return "Nothing of it is decided at the level of wards or neighbourhoods."
    parts = ", ".join(
        f"{row['title']} ({format_pounds(int(row['pence']), whole=True)}, {row['held_at']})"
        for row in own.to_dict("records")
    )
    return f"Decided near here: {parts}."


def _like(profile: Profile) -> str:
    if profile.similar is None:
        return ""
    rows = profile.similar.table.head(LIKE)
    items = "".join(
        f"<li><b>{text(row['name'])}</b>: both have {text(row['alike'])}"
        + (f"; it has {text(row['apart'])}" if row["apart"] else "")
        + ".</li>"
        for row in rows.to_dict("records")
    )
    return _section(
        "<h3>Areas most like it</h3>",
        f'<p class="cg-kind">By {len(profile.similar.used)} measures, among '
        f"{profile.similar.among:,} areas. People there may know what helps here.</p>",
        f"<ul>{items}</ul>",
    )


def _cannot(result: Result, profile: Profile | None) -> str:
    """Say what the figures do not say."""
    points = [line[2:] for line in CANNOT.read_text("utf-8").splitlines() if line.startswith("- ")]
    extra = [beyond(result)]
    if profile is not None:
        few = profile.table.loc[profile.table["small"].astype(bool), "title"]
        hidden = profile.table.loc[profile.table["hidden"].astype(bool), "title"]
        if len(few):
            extra.append(f"Few cases stand behind: {', '.join(few)}. They jump from year to year.")
        if len(hidden):
            extra.append(f"Withheld, so that nobody can be recognised: {', '.join(hidden)}.")
    items = "".join(f"<li>{text(point)}</li>" for point in [*points, *extra] if point)
    return _section("<h3>What these figures cannot say</h3>", f"<ul>{items}</ul>")


def _bars(title: str, sums: pd.Series, whole: int) -> str:
    """Draw amounts as bars with their names and figures, which say the same without the bars."""
    most = float(sums.abs().max()) if len(sums) else 0.0
    rows = "".join(
        f'<div class="cg-bar-row"><span>{text(name)}</span>'
        f'<span class="cg-bar-line" aria-hidden="true"><i style="width:'
        f'{100 * max(int(pence), 0) / most if most else 0:.1f}%"></i></span>'
        f"<b>{format_pounds(int(pence), whole=True)}</b>"
        f'<span class="cg-kind">{int(pence) / whole if whole else 0:.0%}</span></div>'
        for name, pence in sums.items()
    )
    return f'<h4>{text(title)}</h4><div class="cg-bars">{rows}</div>'


def _details(title: str, sentences: Iterable[str]) -> str:
    items = "".join(f"<p>{text(sentence)}</p>" for sentence in sentences)
    return f"<details><summary>{html.escape(title)}</summary>{items}</details>"


def _head(titles: Sequence[str]) -> str:
    cells = "".join(f'<th scope="col">{text(title)}</th>' for title in titles)
    return f"<thead><tr>{cells}</tr></thead>"


def _section(*parts: str) -> str:
    return f'<section class="cg-part">{"".join(parts)}</section>'
