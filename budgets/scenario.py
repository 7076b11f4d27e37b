"""Scenarios: a document of choices turns a baseline ledger into another one, to the penny.

In: a `Scenario`, the baseline `Ledger`, and the `Context` of the place. Out: `Outcome`, frozen: the
new ledger, who holds what, every step with its sums, and the hash of inputs and choices.

The entries are applied in one order, whatever their order in the document: changes (growth and
cuts), joining, sharing out, devolving; entries of one kind in the order of the document. They act
on the money that can move on the day the scenario takes effect; the rest stays where it is and
stays visible. Every step is checked: each stream adds up, and no fixed penny has moved.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import pandas as pd

from budgets import joining, levels
from budgets.errors import NothingToShareBy, PenceLost
from budgets.joining import Pot
from budgets.ledger import Ledger
from budgets.levels import Devolution
from budgets.money import Int64, format_pounds, largest_remainder, read_amount
from budgets.movable import movable
from budgets.need_weighting import seen
from budgets.phrases import day
from budgets.scenario_books import Books, Context, Step, moved_pence
from budgets.scenario_document import Change, Scenario, Share, parse
from budgets.scenario_errors import NothingChosen, NotMovable
from budgets.scenario_names import check_names, meaning, members, takes_effect
from budgets.scenario_sharing import measure_of, share_out

__all__ = ["Context", "Outcome", "Scenario", "Step", "apply", "as_it_is", "parse"]

AS_IT_IS = "as-it-is"


@dataclass(frozen=True, eq=False, repr=False)
class Outcome:
    """What a scenario makes of a baseline.

    Attributes
    ----------
    scenario, baseline, ledger
        The choices, and the ledger before and after; its streams have the columns `joined_as`,
        `pot`, `held_by` and `answers` (see `joining.holders`).
    on
        The day for which it was asked what can move.
    movable
        What of each stream could move on that day; see `movable.movable`.
    pots
        The pots by id.
    devolved
        What each area of a level received; see `levels.devolve`.
    paths
        For each entry that shares out over several years, by its number: pence by area and year.
    steps
        What each entry did.
    digest
        SHA-256 of the inputs and the choices: two outcomes with one digest are equal to the penny.
    """

    scenario: Scenario
    baseline: Ledger
    ledger: Ledger
    on: dt.date
    movable: pd.DataFrame
    pots: Mapping[str, Pot]
    devolved: pd.DataFrame
    paths: Mapping[int, pd.DataFrame]
    steps: tuple[Step, ...]
    digest: str

    @cached_property
    def held(self) -> pd.DataFrame:
        """`level, agency, held_pence, devolved_pence`; both columns together are the pot."""
        moved = self.devolved if len(self.devolved) else None
        return levels.held(_by_holder(self.ledger.streams), moved)

    def __repr__(self) -> str:
        return f"<Outcome of {self.scenario.id}: pot {self.ledger.total:,} pence>"


def as_it_is(*, year: str | None = None) -> Scenario:
    """Return the scenario that changes nothing: the baseline itself."""
    head: dict[str, str] = {"id": AS_IT_IS, "title": "As it is today"}
    return Scenario.model_validate({"scenario": head | ({"year": year} if year else {})})


def apply(scenario: Scenario, baseline: Ledger, context: Context) -> Outcome:
    """Apply a scenario to a baseline.

    Raises
    ------
    UnknownName, AmbiguousName, DateMissing, RiskSharesWrong
        The document does not fit the streams; several faults come together.
    NotMovable, and the other `InfeasibleLimits`
        A limit cannot be kept; `limit` says which, `nearest` the nearest value that can be.
    NothingChosen
        An entry acts on no money.
    """
    check_names(scenario, baseline.streams, context)
    on = takes_effect(scenario, baseline.streams)
    run = _run(scenario, baseline, context, on)
    ledger = run.ledger
    free = movable(ledger.streams, on=on)
    devolved, said = _devolve(ledger, scenario, context, free["movable_pence"])
    return Outcome(
        scenario=scenario,
        baseline=baseline,
        ledger=ledger,
        on=on,
        movable=free,
        pots=run.pots,
        devolved=devolved,
        paths=run.paths,
        steps=(*run.steps, *said),
        digest=digest_of(scenario, baseline, context, on),
    )


def ledger_of(scenario: Scenario, baseline: Ledger, context: Context) -> Ledger:
    """Return the ledger of `apply` alone, without who holds it and without its hash."""
    return _run(scenario, baseline, context, takes_effect(scenario, baseline.streams)).ledger


@dataclass(frozen=True, eq=False)
class _Run:
    """The part of an outcome that is where the money falls."""

    ledger: Ledger
    pots: dict[str, Pot]
    paths: dict[int, pd.DataFrame]
    steps: list[Step]


def _run(scenario: Scenario, baseline: Ledger, context: Context, on: dt.date) -> _Run:
    """Change, join and share out, in this order."""
    books = Books(baseline, on)
    steps = [_begin(books, books.free, on)]
    for number, change in enumerate(scenario.change, 1):
        steps.append(_change(books, change, scenario, f"[[change]] number {number}"))
    joined = joining.holders(scenario.join, books.streams)
    now = books.streams.assign(amount_pence=books.amount)
    pots = joining.pots(scenario.join, now)
    for pot in pots.values():
        whole = books.total
        steps.append(Step("join", pot.id, whole, whole, 0, joining.sentence(pot, now)))
    paths: dict[int, pd.DataFrame] = {}
    for number, share in enumerate(scenario.share, 1):
        spot = f"scenario {scenario.id}, [[share]] number {number}"
        step, path = _share(books, share, scenario, pots, context, spot)
        steps.append(step)
        if path is not None:
            paths[number] = path
    ledger = books.ledger(joined)
    _refuse_lost(steps, ledger)
    return _Run(ledger, pots, paths, steps)


def digest_of(scenario: Scenario, baseline: Ledger, context: Context, on: dt.date) -> str:
    """Return the SHA-256 of inputs and choices.

    It covers the files of the place, the settings of need, the baseline's pence, and what of the
    scenario changes money; its title, status and note do not.
    """
    parts = [
        context.inputs,
        repr((float(context.need_weight), float(context.neediest_per_head))),
        ledger_digest(baseline),
        scenario.choices,
        on.isoformat(),
    ]
    return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()


def ledger_digest(ledger: Ledger) -> str:
    """Return the SHA-256 of the pence of a ledger, with its streams and areas."""
    total = hashlib.sha256()
    for names in (ledger.streams.index, ledger.areas):
        total.update("\n".join(map(str, names)).encode("utf-8") + b"\0")
    for pence in (ledger.pence, ledger.place_wide):
        total.update(np.ascontiguousarray(pence).astype("<i8").tobytes())
    return total.hexdigest()


def _begin(books: Books, free: Int64, on: dt.date) -> Step:
    spends = books.amount > 0
    can, spent = int(free[spends].sum()), int(books.amount[spends].sum())
    rest = "can move; the rest stays where it is."
    said = (
        f"On {day(on)} all of the {format_pounds(spent)} that is spent can move."
        if can == spent
        else f"On {day(on)} {format_pounds(can)} of the {format_pounds(spent)} that is spent {rest}"
    )
    if spent != books.total:
        said += f" Income of {format_pounds(spent - books.total)} goes where its service goes."
    return Step("baseline", "*", books.total, books.total, 0, said)


def _change(books: Books, change: Change, scenario: Scenario, spot: str) -> Step:
    """Let lines grow, or cut what of them can move."""
    where = f"scenario {scenario.id}, {spot} ({change.of})"
    at = members(change.of, scenario, books.streams)
    at = at[books.amount[at] > 0]
    if not len(at):
        raise NothingChosen(where)
    free = books.free[at]
    pence = _wanted(change, books.amount[at], free, where)
    if (-pence > free).any():
        short = books.streams.index[at[-pence > free]]
        raise _too_deep(change, books.amount[at], free, short, where)
    before, delta = books.total, int(pence.sum())
    books.grow(at, pence)
    if books.total != before + delta:
        raise PenceLost(where, detail=f"{books.total - before:,} instead of {delta:,}")
    said = f"{'grows' if delta > 0 else 'is cut'} by {format_pounds(abs(delta))}"
    sentence = f"{change.of} {said if delta else 'stays as it is'}: {change.reason}."
    return Step("change", change.of, before, books.total, 0, sentence)


def _wanted(change: Change, amount: Int64, free: Int64, where: str) -> Int64:
    """Return by how much each line is to change, in whole pence."""
    if change.per_cent is not None:
        # The decimal that was written: 2.1 per cent is meant, not its binary neighbour.
        rate = Fraction(repr(float(change.per_cent))) / 100
        return np.array([round(int(pence) * rate) for pence in amount], np.int64)
    total = read_amount(change.amount, where=where).pence
    if total < 0:
        # A cut beyond what can move is spread all the same, to say which lines it breaks.
        return -largest_remainder(-total, np.maximum(free, free.sum() == 0).astype(np.float64))
    return largest_remainder(total, (free if free.any() else amount).astype(np.float64))


def _too_deep(
    change: Change, amount: Int64, free: Int64, short: pd.Index, where: str
) -> NotMovable:
    can = int(free.sum())
    if change.per_cent is not None:
        # Rounded towards nought, so that the value named can be kept.
        nearest = -float(np.floor((free / amount).min() * 1e6) / 1e4)
        said = f"at most {-nearest:g} per cent can be cut from each of these lines"
    else:
        nearest, said = -can / 100, f"{format_pounds(can)} can move"
    limit = "per_cent" if change.per_cent is not None else "amount"
    return NotMovable(where, found=short, detail=said, limit=limit, nearest=nearest)


def _share(
    books: Books,
    share: Share,
    scenario: Scenario,
    pots: Mapping[str, Pot],
    context: Context,
    spot: str,
) -> tuple[Step, pd.DataFrame | None]:
    """Share movable money out anew, line by line or as a pool."""
    kind, id = meaning(share.of, scenario, books.streams)
    at = members(share.of, scenario, books.streams)
    covered = books.streams.index[at].isin(list(context.covered))
    can = (books.cells[at] - books.fixed[at]).sum(axis=1)
    use = at[covered & (books.amount[at] > 0) & (can > 0)]
    where = f"{spot} ({share.of})"
    if not len(use):
        whole = books.streams.index[at[(books.amount[at] > 0) & covered]]
        raise NothingChosen(where, found=whole, detail=_none_moves(books) if len(whole) else "")
    before, cells = books.total, books.cells.copy()
    pot = pots.get(id) if kind == "pot" else None
    own = None
    if share.match_with is not None:
        rows = members(share.match_with, scenario, books.streams)
        own = np.maximum(books.cells[rows].sum(axis=0), 0)
    done = share_out(books, use, share, pot, context, own=own, where=where)
    followed = books.follow()
    if not share.yearly and books.total != before:
        raise PenceLost(where, detail=f"{books.total - before:+,} pence")
    pooled = pot is not None and pot.way == joining.POOLED
    was, now = cells[use], books.cells[use]
    # Pooled money has no line of its own: only what leaves an area has moved.
    moved = moved_pence(was.sum(axis=0), now.sum(axis=0)) if pooled else moved_pence(was, now)
    measure = measure_of(books.themes(use), share, context)
    by = {"people": "people", "current": "today's money"}.get(share.by, "need")
    by += f" ({measure.name})" if measure is not None else ""
    said = [f"{format_pounds(int(can[np.isin(at, use)].sum()))} of {share.of} shared by {by}."]
    said += done.said
    said.append(f"{format_pounds(moved)} is in another area than before.")
    # The rules of `budgets.pace` say it themselves where they share one sum.
    if measure is not None and not any("as much a head" in line for line in done.said):
        said += _seen(books, use, context, pooled=pooled)
    if followed:
        said.append(f"Income follows its service: {', '.join(followed)}.")
    return Step("share", share.of, before, books.total, moved, " ".join(said)), done.path


def _none_moves(books: Books) -> str:
    """Say why none of the money can be shared out."""
    return (
        f"on {books.on} all of it is ring-fenced, an entitlement or committed; a later year or "
        "takes_effect may free some"
    )


def _seen(books: Books, at: Int64, context: Context, *, pooled: bool) -> list[str]:
    """Say how many times as much a head the area gets that gets most of what was shared out.

    Lines that cover different areas are not one sharing: nothing is said of them together.
    """
    covers = [context.covered[str(books.streams.index[row])] for row in at]
    if not pooled and any(not np.array_equal(cover, covers[0]) for cover in covers[1:]):
        return []
    cover = np.max(covers, axis=0)
    money = (books.cells[at] - books.fixed[at]).sum(axis=0)
    people = context.people * cover
    try:
        return [seen(pd.Series(money, books.areas)[cover > 0], people[cover > 0]).sentence]
    except NothingToShareBy:
        return ["Nobody lives where this money falls."]


def _devolve(
    ledger: Ledger, scenario: Scenario, context: Context, free: pd.Series
) -> tuple[pd.DataFrame, list[Step]]:
    """Work out what the areas of a level hold of the streams that are devolved to them."""
    if not scenario.devolve:
        return _NOTHING_DEVOLVED, []
    holders = _by_holder(ledger.streams)
    groups: list[list[Devolution]] = []
    for number, entry in enumerate(scenario.devolve, 1):
        at = members(entry.of, scenario, holders)
        # Income goes with its service and is not held by itself.
        ids = [str(id) for id in holders.index[at[holders["amount_pence"].to_numpy()[at] > 0]]]
        if not ids:
            raise NothingChosen(f"scenario {scenario.id}, [[devolve]] number {number} ({entry.of})")
        groups.append([Devolution(stream, entry.to, entry.share) for stream in ids])
    wanted = dict.fromkeys(entry.to for entry in scenario.devolve)
    at_level = {level: context.levels[level](ledger) for level in wanted}
    # All together first: a line must not be devolved twice over by two entries.
    every = [choice for group in groups for choice in group]
    moved = levels.devolve(holders, every, levels=at_level, movable=free)
    steps = []
    for entry, group in zip(scenario.devolve, groups, strict=True):
        mine = moved
        if len(groups) > 1:
            mine = levels.devolve(holders, group, levels=at_level, movable=free)
        pence = int(mine["amount_pence"].sum())
        sentence = (
            f"{100 * entry.share:.4g}% of the money of {entry.of} that can move and falls in areas "
            f"of {entry.to} is held there from now on: {format_pounds(pence)}."
        )
        steps.append(Step("devolve", entry.of, ledger.total, ledger.total, pence, sentence))
    return moved, steps


def _by_holder(streams: pd.DataFrame) -> pd.DataFrame:
    """Return the streams under the agency that holds the money: the host of what is pooled.

    Only the columns that say who holds what where: copying text is what a slider waits for.
    """
    columns = ["amount_pence", "held_at", "covers", "theme"]
    return streams[columns].assign(agency=streams["held_by"])


def _refuse_lost(steps: list[Step], ledger: Ledger) -> None:
    """Check that the pot of each step is where the one before left it, and ends in the ledger."""
    after = [step.after_pence for step in steps]
    before = [*(step.before_pence for step in steps[1:]), ledger.total]
    if after != before:
        raise PenceLost("scenario", detail=f"{after} against {before}")


_TEXT = ("stream", "agency", "from_level", "level", "area_code")
_NOTHING_DEVOLVED = pd.DataFrame(
    {name: pd.Series([], dtype="str") for name in _TEXT}
    | {"amount_pence": pd.Series([], dtype="int64")}
)
