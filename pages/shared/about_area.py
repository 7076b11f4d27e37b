"""One area in sentences and tables: the sections of its page, and the same as a file to keep.

In: a result, the profile of an area where there is one, and its money. Out: sections as HTML in
which every text from a file is escaped, and a document that needs nothing from outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from budgets.money import format_pounds
from budgets.phrases import joined
from data.following import Followed
from data.run import Result
from indices.profile_words import about
from indices.profiles import Profile
from pages.shared import area_html, area_needs, area_spent, figures, scripts
from pages.shared.area_money import AreaMoney
from pages.shared.blocks import pounds
from pages.shared.figures import percent, text

HERE = Path(__file__).parent
CANNOT = HERE / "texts" / "cannot_say.md"
LOOKS = (scripts.JS / scripts.LOOK, scripts.JS / scripts.AREA_LOOK, HERE / "document.css")
LIKE = 5  # areas most like one, of those that are known
SPENT, ALIKE = "spent", "alike"  # sections that the page puts something after


@dataclass(frozen=True, eq=False)
class About:
    """Everything that the page of an area tells.

    `profile` is None where a place has no measures; `followed` what is known by year; `where` a
    picture of where the area lies, as HTML.
    """

    money: AreaMoney
    profile: Profile | None = None
    followed: tuple[Followed, ...] = ()
    where: str = ""


def who(result: Result, area: About) -> str:
    """Say what the area is and who lives there."""
    profile, money = area.profile, area.money
    if profile is None:
        said = [f"{money.name}: about {money.people:,.0f} people live there."]
    else:
        own = profile.area
        said = [about(own.name, own.kind, own.people, own.households)]
        said += [f"How it was made: {own.how}." if own.how else "", *own.notes]
        said += [profile.standing.sentence if profile.standing else ""]
        said += [_in_england(result, own.code), profile.type_sentence]
    return area_html.section(
        f"<h2>{text(money.name)}</h2>",
        f'<p class="cg-kind">{text(money.kind)}, {text(result.place.name)}</p>',
        area_html.paragraphs(said),
        _glance(area),
        name="who",
    )


def _in_england(result: Result, code: str) -> str:
    """Say where a small area stands among all of the edition's, where all of them are known."""
    index = result.index
    if index is None or index.deciles is None or index.ranks is None or code not in index.scores:
        return ""
    return figures.deprivation(result, result.place.base_layer, code)


def _glance(area: About) -> str:
    """Show the few figures that most people come for, before all the others."""
    money, profile = area.money, area.profile
    least = "at least " if money.withheld else ""
    each = round(money.pence / money.people) if money.people > 0 else None
    near = int(money.lines.loc[money.lines["near"], "pence"].sum())
    told = [
        ("People", f"{money.people:,.0f}", ""),
        (
            "Money that falls here",
            least + pounds(money.pence),
            "" if each is None else f"{least}{format_pounds(each, whole=True)} a person",
        ),
        (
            "Of it recorded",
            percent(money.recorded_share),
            "the rest is shared out by a rule",
        ),
        (
            "Of it decided near here",
            pounds(near) if money.lines["near"].any() else "none known",
            "by parish, ward or neighbourhood",
        ),
    ]
    if profile is not None and profile.standing is not None and profile.standing.of:
        rank, of = int(profile.standing.rank), profile.standing.of
        told.insert(1, ("Need", f"{rank:,} of {of:,}", "1 is the most deprived"))
    rows = "".join(
        f'<div class="cg-figure"><dt>{text(name)}</dt><dd><span class="cg-value">{text(value)}'
        f'</span><span class="cg-standing">{text(more)}</span></dd></div>'
        for name, value, more in told
    )
    return f'<dl class="cg-figures">{rows}</dl>'


def sections(result: Result, area: About) -> dict[str, str]:
    """Return the sections that follow who lives there, by name in reading order."""
    profile = area.profile
    found = {"where": area.where}
    if profile is not None:
        found["needs"] = area_needs.needs(profile)
        found["changed"] = area_needs.changed(result, profile, area.followed)
    found[SPENT] = area_spent.spent(result, area.money)
    if profile is not None:
        found[ALIKE] = _like(profile)
    found["cannot"] = _cannot(result, area)
    found["sources"] = _sources(result, area)
    return {name: part for name, part in found.items() if part}


def document(result: Result, name: str, found: Sequence[str]) -> str:
    """Return the sections as one file that fetches nothing and prints on plain paper."""
    style = "".join(look.read_text("utf-8") for look in LOOKS)
    badge = " (a fictional place)" if result.place.fictional else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(name)}, {text(result.place.name)}</title><style>{style}</style></head>"
        f'<body class="stApp"><p class="cg-kind">{text(result.place.name)}{badge}</p>'
        + "".join(found)
        + "</body></html>"
    )


def _like(profile: Profile) -> str:
    if profile.similar is None:
        return ""
    rows = profile.similar.table.head(LIKE)
    items = "".join(
        f"<li><b>{text(row['name'])}</b>: {text(row['alike'])}"
        + (f"; it is {text(row['apart'])}" if row["apart"] else "")
        + ".</li>"
        for row in rows.to_dict("records")
    )
    return area_html.section(
        "<h3>Areas most like it</h3>",
        f'<p class="cg-kind">By {len(profile.similar.used)} measures, among '
        f"{profile.similar.among:,} areas. People there may know what helps here.</p>",
        f"<ul>{items}</ul>",
    )


def _cannot(result: Result, area: About) -> str:
    """Say what the figures do not say."""
    points = [line[2:] for line in CANNOT.read_text("utf-8").splitlines() if line.startswith("- ")]
    extra = [figures.beyond(result)]
    if area.profile is not None:
        table = area.profile.table
        few = table.loc[table["small"].astype(bool), "title"]
        hidden = table.loc[table["hidden"].astype(bool), "title"]
        if len(few):
            extra.append(f"Few cases stand behind: {', '.join(few)}. They jump from year to year.")
        if len(hidden):
            extra.append(f"Withheld, so that nobody can be recognised: {', '.join(hidden)}.")
    items = "".join(f"<li>{text(point)}</li>" for point in [*points, *extra] if point)
    return area_html.section("<h3>What these figures cannot say</h3>", f"<ul>{items}</ul>")


def _sources(result: Result, area: About) -> str:
    """Say where everything comes from, once, with its age and the state of the place's files."""
    base = result.place.settings.layer(result.place.base_layer)
    said = []
    if area.profile is not None:
        table = area.profile.table
        rows = zip(map(str, table["source"]), map(str, table["date"]), strict=True)
        parts = [", ".join(part for part in row if part) for row in dict.fromkeys(rows)]
        said.append(f"Measures: {'; '.join(part for part in parts if part) or 'not stated'}.")
        if area.profile.moved and result.place.settings.change is not None:
            said.append(f"Change: {result.place.settings.change.source or 'not stated'}.")
    streams = result.ledger.streams
    source_of = dict(zip(streams.index.tolist(), map(str, streams["source"]), strict=True))
    lines = [source_of[line] for line in area.money.lines.index.tolist()]
    agency_of = dict(zip(streams.index.tolist(), map(str, streams["agency"]), strict=True))
    by_agency: dict[str, list[str]] = {}
    for line, source in zip(area.money.lines.index.tolist(), lines, strict=True):
        if source.strip():
            by_agency.setdefault(agency_of[line], []).append(source)
    told = [joined(sorted(set(mine))) for mine in by_agency.values()]
    told = sorted(set(told))
    unsaid = sum(not source.strip() for source in lines)
    said.append(f"Money, {figures.years(result)}: {'; '.join(told) or 'no source is stated'}.")
    if told and unsaid:
        said.append(f"{unsaid} lines of money name no source.")
    said.append(f"Borders of small areas: {base.source or 'not stated'}.")
    said += _postcodes(result, area)
    said.append(f"State of the place's files: {result.place.content_hash[:12]}.")
    return area_html.section(area_html.folded("Sources, and how old they are", said))


def _postcodes(result: Result, area: About) -> list[str]:
    """Name the list of postcodes by which a drawn line was measured."""
    named = result.place.settings.postcodes
    if named is None or area.profile is None or not area.profile.area.how.startswith("drawn"):
        return []
    source = ", ".join(part for part in (named.source, named.date) if part)
    return [f"Postcodes, by which the drawn line was measured: {source or 'not stated'}."]
