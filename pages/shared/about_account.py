"""The account in sentences and tables: of the money as it is, or of a scenario.

In: an `Allocation`. Out: sections as HTML in which every text from a file is escaped, and a
scenario to begin with that fits the place.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from budgets import honesty
from budgets.money import format_pounds
from budgets.movable import movable
from budgets.scenario import AS_IT_IS
from data.run import Result
from data.scenarios import Allocation
from pages.shared.figures import text

STAMPS = {
    "draft": "Draft: nobody has decided this",
    "consultation": "In consultation: not decided yet",
    "agreed": "Agreed",
}
MOST = 5


def title(made: Allocation) -> str:
    """Return what the account is called."""
    return made.outcome.scenario.head.title


def sections(made: Allocation) -> list[str]:
    """Return the sections of the account in reading order."""
    as_it_is = made.outcome.scenario.id == AS_IT_IS
    found = [_asked(made, as_it_is=as_it_is)]
    if not as_it_is:
        found += [_decided(made), _for_whom(made)]
    return [*found, _once(made), _known(made), _sources(made)]


def example(result: Result) -> str:
    """Write a scenario to begin with: the largest line that can move, shared by need."""
    streams = result.ledger.streams
    last = max(int(str(year)[:4]) for year in streams["year"] if str(year)[:4].isdigit())
    year = f"{last + 2}-{(last + 3) % 100:02d}"
    free = movable(streams, on=dt.date(last + 2, 4, 1))["movable_pence"]
    shared = [str(result.ledger.streams.index[row]) for row in result.prepared.shared]
    line = str(free[free.index.isin(shared)].idxmax())
    by = "need" if result.index is not None else "people"
    return "\n".join(
        [
            "[scenario]",
            'id = "example"',
            f'title = "More by need: {str(streams.at[line, "title"]).replace(chr(34), chr(39))}"',
            'status = "draft"',
            f'year = "{year}"',
            "",
            "# Share this line of money anew; no area loses more than 3 per cent of it.",
            "[[share]]",
            f'of = "{line}"',
            f'by = "{by}"',
            *(["need_weight = 1", "neediest_per_head = 3"] if by == "need" else []),
            'rule = "damping"',
            "floor = -3",
            'unit = "per cent"',
            "",
        ]
    )


def _asked(made: Allocation, *, as_it_is: bool) -> str:
    head, place = made.outcome.scenario.head, made.result.place
    pot = format_pounds(made.outcome.ledger.total)
    if as_it_is:
        return _section(
            f"<h2>The money of {text(place.name)} as it is</h2>",
            f"<p>{pot} in {len(made.outcome.ledger.streams)} lines. No scenario is applied.</p>",
        )
    signed = " by " + head.by if head.by else ""
    dated = f" on {head.on}" if head.on else ""
    return _section(
        f"<h2>{text(head.title)}</h2>",
        f'<p><span class="cg-badge">{text(STAMPS[head.status])}{text(signed + dated)}</span></p>',
        "<h3>What was asked</h3>",
        f"<p>{text(head.note)}</p>" if head.note else "",
        f"<p>It takes effect on {made.outcome.on}. The pot is {pot}; before it was "
        f"{format_pounds(made.outcome.baseline.total)}.</p>",
    )


def _decided(made: Allocation) -> str:
    steps = "".join(f"<li>{text(step.sentence)}</li>" for step in made.outcome.steps)
    return _section("<h3>What was decided, step by step</h3>", f"<ol>{steps}</ol>")


def _for_whom(made: Allocation) -> str:
    """Show who gains and who loses: by decile of need, and the areas that change most."""
    heads = ["Tenth of areas by need", "Gain", "People in them", "Lose", "People", "In all"]
    rows = ""
    for row in made.winners.to_dict("records"):
        name = {"1": "1 (neediest)", "10": "10 (least needy)", "all": "All"}.get(
            str(row["decile"]), str(row["decile"])
        )
        rows += (
            f'<tr><th scope="row">{text(name)}</th>'
            f"<td>{int(row['areas_gain']):,}: {_pounds(row['gained_pence'])}</td>"
            f"<td>{row['people_gain']:,.0f}</td>"
            f"<td>{int(row['areas_lose']):,}: {_pounds(row['lost_pence'])}</td>"
            f"<td>{row['people_lose']:,.0f}</td>"
            f"<td>{_pounds(row['net_pence'], sign=True)}</td></tr>"
        )
    shown = made.changes[made.changes["inside"] & made.changes["change_pence"].notna()]
    most = shown.sort_values("change_pence_per_person", kind="stable")
    return _section(
        "<h3>What changed for whom</h3>",
        f'<div class="cg-scroll" tabindex="0" role="region" aria-label="Who gains, who loses">'
        f'<table class="cg-table">{_head(heads)}<tbody>{rows}</tbody></table></div>',
        _list("Gain most a person", most.iloc[::-1].head(MOST), above=True),
        _list("Lose most a person", most.head(MOST), above=False),
    )


def _list(title: str, rows: pd.DataFrame, *, above: bool) -> str:
    mine = rows[(rows["change_pence"] > 0) if above else (rows["change_pence"] < 0)]
    if mine.empty:
        return ""
    items = "".join(
        f"<li>{text(row['name'])}: {_pounds(row['change_pence'], sign=True)}, "
        f"{float(row['change_pence_per_person']) / 100:+,.2f} pounds a person"
        + (
            f" (all of its money is then between {_pounds(row['low_pence'])} and "
            f"{_pounds(row['high_pence'])}, however need is counted)"
            if "low_pence" in row
            else ""
        )
        + "</li>"
        for row in mine.to_dict("records")
    )
    return f"<h4>{text(title)}</h4><ul>{items}</ul>"


def _once(made: Allocation) -> str:
    """Say that every pound is counted once, and where all of it is."""
    base = made.result.place.base_layer
    at = made.levels[base]
    at.check()
    areas, outside, wide = int(at.pence.sum()), int(at.outside.sum()), int(at.place_wide.sum())
    if areas + outside + wide != made.outcome.ledger.total:
        raise ValueError("the parts do not make up the pot")
    parts = (
        f"{format_pounds(areas)} in small areas, {format_pounds(outside)} outside them and "
        f"{format_pounds(wide)} for the whole place make up the pot of "
        f"{format_pounds(made.outcome.ledger.total)}, to the penny."
    )
    return _section(
        "<h3>Every pound once, every penny there</h3>",
        f"<p>{text(parts)}</p>",
        f"<p>{text(made.eliminations.sentence())}</p>",
    )


def _known(made: Allocation) -> str:
    """Say how much of the picture is recorded, and what else must be known."""
    found = honesty.recorded(made.outcome.ledger)
    known = (
        f"{found.share:.0%} of the money is placed by what is recorded; the rest follows from how "
        "it was assumed to be shared."
    )
    repeat = (
        "Whoever repeats this from the same files and choices gets the same pence. Its hash: "
        f"{made.outcome.digest}."
    )
    said = [known, *made.sentences[len(made.outcome.steps) :], repeat]
    items = "".join(f"<li>{text(sentence)}</li>" for sentence in said if sentence)
    return _section("<h3>How far it can be trusted</h3>", f"<ul>{items}</ul>")


def _sources(made: Allocation) -> str:
    streams = made.outcome.ledger.streams
    rows = ""
    for agency, mine in streams.groupby("agency", sort=True):
        sources = "; ".join(dict.fromkeys(str(s) for s in mine["source"] if str(s).strip()))
        rows += (
            f'<tr><th scope="row">{text(agency)}</th><td>{len(mine)}</td>'
            f"<td>{text(', '.join(sorted(set(mine['year']))))}</td>"
            f"<td>{text(sources or 'not stated')}</td>"
            f"<td>{_pounds(mine['amount_pence'].sum())}</td></tr>"
        )
    heads = ["Agency", "Lines", "Year", "Source", "Pounds"]
    return _section(
        "<h3>Where the figures come from</h3>",
        f'<div class="cg-scroll" tabindex="0" role="region" aria-label="Sources">'
        f'<table class="cg-table">{_head(heads)}<tbody>{rows}</tbody></table></div>',
    )


def _pounds(pence: float, *, sign: bool = False) -> str:
    """Write an amount in whole pounds; one that may not be shown says so."""
    if pd.isna(pence):
        return "not shown"
    written = format_pounds(round(pence), whole=True)
    return f"+{written}" if sign and pence > 0 else written


def _head(titles: list[str]) -> str:
    cells = "".join(f'<th scope="col">{text(title)}</th>' for title in titles)
    return f"<thead><tr>{cells}</tr></thead>"


def _section(*parts: str) -> str:
    return f'<section class="cg-part">{"".join(parts)}</section>'
