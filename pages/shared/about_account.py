"""The account in sentences and tables: of the money as it is, or of a scenario, for the place.

In: an `Allocation`, and the saved version that it is of, if any. Out: sections as HTML in which
every text from a file or from a person is escaped, and a scenario to begin with that fits the
place. The same sections stand on the page and in the file that people keep.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from budgets import honesty
from budgets.money import format_pounds
from budgets.movable import movable
from budgets.phrases import day, joined
from budgets.scenario import AS_IT_IS
from budgets.scenario_document import PARTS
from data import gaining, write
from data.run import Result
from data.scenarios import Allocation
from data.store.records import Comment, Document, Version
from pages.shared import area_html, choices_said
from pages.shared.area_money import AreaMoney
from pages.shared.figures import text
from pages.shared.working import when

STAMPS = {
    "draft": "Draft: nobody has decided this",
    "consultation": "In consultation: not decided yet",
    "agreed": "Agreed",
}


def title(made: Allocation) -> str:
    """Return what the account is called."""
    return made.outcome.scenario.head.title


def is_as_it_is(made: Allocation) -> bool:
    """Say whether nothing was asked: the account is of the money as it is."""
    return made.outcome.scenario.id == AS_IT_IS


def asked(made: Allocation, found: Document | None, history: Sequence[Version]) -> list[str]:
    """Return the sections on what was asked, what was decided and why, and how it came about."""
    if is_as_it_is(made):
        return [_as_it_is(made)]
    return [_asked(made, found), _decided(made), _came(history)]


def grounds(made: Allocation, found: Document | None) -> list[str]:
    """Return the sections on what the figures stand on: the sum, the doubt, sources, hashes."""
    return [_once(made), _known(made), _sources(made), _made_from(made, found)]


def area_head(money: AreaMoney) -> str:
    """Return the head of the account of one area, as its money is."""
    about = f"{money.kind}, {money.code}: about {money.people:,.0f} people"
    return area_html.section(
        f"<h2>{text(money.name)}</h2>", f'<p class="cg-kind">{text(about)}</p>'
    )


def said(comments: Sequence[Comment]) -> str:
    """Return what people said, in its order, as a section of the file that is kept."""
    if not comments:
        return ""
    items = "".join(
        f"<li><b>{text(comment.by)}</b>, {text(when(comment.at))}"
        f"{f', on version {comment.number}' if comment.number else ''}: {_words(comment)}</li>"
        for comment in comments
    )
    return area_html.section("<h3>What was said</h3>", f"<ul>{items}</ul>")


def _words(comment: Comment) -> str:
    if comment.hidden_by:
        return text(f"hidden by {comment.hidden_by}: {comment.reason}")
    return text(comment.text)


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


def _as_it_is(made: Allocation) -> str:
    pot = format_pounds(made.outcome.ledger.total)
    return area_html.section(
        f"<h2>The money of {text(made.result.place.name)} as it is</h2>",
        f"<p>{pot} in {len(made.outcome.ledger.streams)} lines. No scenario is applied.</p>",
    )


def _asked(made: Allocation, found: Document | None) -> str:
    head = made.outcome.scenario.head
    pot = format_pounds(made.outcome.ledger.total)
    # The store knows how far a saved version is agreed; its text does not.
    status = head.status if found is None else found.version.status
    signed = " by " + head.by if head.by else ""
    dated = f" on {head.on}" if head.on else ""
    stamp = STAMPS[status] + (signed + dated if found is None else "")
    note = head.note or ("" if found is None else found.version.note)
    return area_html.section(
        f"<h2>{text(head.title)}</h2>",
        f'<p><span class="cg-badge">{text(stamp)}</span></p>',
        "" if found is None else area_html.paragraphs(_saved(found.version)),
        "<h3>What was asked</h3>",
        area_html.paragraphs([note or "Nobody wrote down in words what it is for."]),
        _entries(made),
        f"<p>It takes effect on {day(made.outcome.on)}. The pot is {pot}; before it was "
        f"{format_pounds(made.outcome.baseline.total)}.</p>",
    )


def _saved(version: Version) -> list[str]:
    """Say which version this is, and who marked it later as what and why."""
    first = f"Version {version.number}, saved by {version.saved_by}, {when(version.saved_at)}."
    if version.marked_at == version.saved_at:
        return [first]
    why = f": {version.reason}" if version.reason else ""
    status = STAMPS[version.status].split(":")[0].lower()
    return [first, f"Marked “{status}” by {version.marked_by}, {when(version.marked_at)}{why}."]


def _entries(made: Allocation) -> str:
    """List what the scenario asks for, entry by entry, in everyday words."""
    titles = choices_said.Titles(made.result)
    document = made.outcome.scenario.to_dict()
    items = ""
    for part in PARTS:
        for held in document.get(part, []):
            head, how = choices_said.entry(titles, part, held)
            kind = choices_said.PARTS[part][0]
            why = "Why: " if part == "change" else ""
            items += f"<li><b>{text(kind)}</b>: {text(head)}. {text(why + how.rstrip('.'))}.</li>"
    return f"<ul>{items}</ul>" if items else ""


def _decided(made: Allocation) -> str:
    titles = choices_said.Titles(made.result)
    steps = "".join(f"<li>{text(step)}</li>" for step in choices_said.steps(titles, made.outcome))
    return area_html.section("<h3>What was decided, step by step</h3>", f"<ol>{steps}</ol>")


def _came(history: Sequence[Version]) -> str:
    """Tell of every version there was, so that nobody has to trust that there was no other."""
    if not history:
        return ""
    items = "".join(
        f"<li>Version {version.number}, {text(STAMPS[version.status].split(':')[0].lower())}: "
        f"{text(version.note or 'no word on what is new')}. Saved by {text(version.saved_by)}, "
        f"{text(when(version.saved_at))}; hash {version.sha256[:12]}.</li>"
        for version in history
    )
    return area_html.section("<h3>How it came about</h3>", f"<ul>{items}</ul>")


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
    return area_html.section(
        "<h3>Every pound once, every penny there</h3>",
        area_html.paragraphs([parts, made.eliminations.sentence()]),
    )


def _known(made: Allocation) -> str:
    """Say how much of the picture is recorded, and what else must be known."""
    found = honesty.recorded(made.outcome.ledger)
    # Where too little is recorded to rank areas, the notes say how much it is.
    known = (
        f"{found.share:.0%} of the money is split by records of where it went or who used it; "
        "the rest follows from our assumption."
    )
    told = [known if found.rankable else "", *gaining.notes(made)]
    items = "".join(f"<li>{text(sentence)}</li>" for sentence in told if sentence)
    return area_html.section("<h3>How far it can be trusted</h3>", f"<ul>{items}</ul>")


def _sources(made: Allocation) -> str:
    streams = made.outcome.ledger.streams
    heads = ["Agency", "Lines", "Year", "Source", "Pounds"]
    rows = ""
    for agency, mine in streams.groupby("agency", sort=True):
        named = dict.fromkeys(str(s) for s in mine["source"] if str(s).strip())
        cells: list[Any] = [
            f"{len(mine)}",
            ", ".join(sorted(set(mine["year"].astype(str)))),
            joined(list(named)) or "not stated",
            format_pounds(int(mine["amount_pence"].sum()), whole=True),
        ]
        pairs = [(head, text(cell)) for head, cell in zip(heads[1:], cells, strict=True)]
        pairs[1] = ("Year", f'<span class="cg-whole">{pairs[1][1]}</span>')
        rows += area_html.row(str(agency), pairs)
    place = made.result.place
    need = made.result.index
    said = [] if need is None else [f"Need: {need.definition.title}, {need.definition.reference}."]
    layer = place.settings.layer(place.base_layer)
    said.append(f"Borders of small areas: {layer.source or 'not stated'}.")
    return area_html.section(
        "<h3>Where the figures come from</h3>",
        area_html.table(heads, rows, label="Sources of the money"),
        area_html.paragraphs(said),
    )


def _made_from(made: Allocation, found: Document | None) -> str:
    """Name everything that it takes to make the same pence again."""
    place = made.result.place
    items = [
        f"State of the place's files: {place.content_hash}.",
        f"Choices and files together: {made.outcome.digest}.",
        f"Common Ground {write.installed_version()}.",
    ]
    if found is not None:
        items.insert(0, f"Text of version {found.version.number}: {found.version.sha256}.")
        if found.basis.inputs not in ("", place.package_hash):
            items.append(
                "The place has changed since this version was saved: the figures are those of "
                f"today's files, the version was made with {found.basis.inputs}."
            )
    points = "".join(f"<li>{text(item)}</li>" for item in items)
    return area_html.section(
        "<h3>How to check it</h3>",
        "<p>Whoever repeats this from the same files and choices gets the same pence. "
        "These numbers stand for them:</p>",
        f'<ul class="cg-hashes">{points}</ul>',
    )
