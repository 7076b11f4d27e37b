"""How an entry of a scenario shares movable money out over the areas that it covers.

In: the books, the streams that an entry is about, and its rule. Out: other movable pence by area,
whole and exact: pooled money as one sum that may cross streams and areas, all other money line by
line within what each line covers. Only `budgets.scenario` uses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from budgets import pace
from budgets.errors import AmountTooLarge, NothingToShareBy
from budgets.joining import POOLED, Pot
from budgets.money import MAX_PENCE, Float64, Int64, format_pounds, largest_remainder
from budgets.need import per_head, weighted_people
from budgets.need_measures import Measure, choose
from budgets.pace_choices import Choices
from budgets.raking import rake, whole_table
from budgets.scenario_books import Books, Context, split_rows, split_within
from budgets.scenario_checks import RAKING, within
from budgets.scenario_document import Share
from budgets.scenario_names import THEME
from budgets.sharing import exact_sum, figures
from geo.errors import CommonGroundError


@dataclass(frozen=True, eq=False)
class Done:
    """What sharing out did.

    Attributes
    ----------
    said
        What was applied, in sentences.
    path
        int64 pence by area and year, year 0 being today, where the rule goes over several years;
        else None.
    """

    said: tuple[str, ...] = ()
    path: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class Unit:
    """Money that is shared out as one sum.

    Attributes
    ----------
    at
        Positions of its streams; more than one only where they are pooled.
    cover
        float64 (n_areas): share of each base area that it covers.
    weights
        float64 (n_areas): what it is shared by.
    """

    name: str
    at: Int64
    cover: Float64
    weights: Float64


def share_out(
    books: Books,
    at: Int64,
    share: Share,
    pot: Pot | None,
    context: Context,
    *,
    own: Int64 | None,
    where: str,
) -> Done:
    """Share the movable money of streams out anew; the books are changed.

    Parameters
    ----------
    at
        Positions of streams that have movable money and a cover.
    pot
        The pot that the entry is about, if it is one.
    own
        Pence that each area brings itself, for `match`.

    Raises
    ------
    InfeasibleLimits
        A limit cannot be kept; `limit` and `nearest` say which and what can.
    CommonGroundError
        Whatever a rule refuses, with the entry before it.
    """
    try:
        return _share_out(books, at, share, pot, context, own)
    except CommonGroundError as error:
        raise within(where, error) from error


def _share_out(
    books: Books, at: Int64, share: Share, pot: Pot | None, context: Context, own: Int64 | None
) -> Done:
    measure = measure_of(books.themes(at), share, context)
    follow = _Followed(share, context, measure)
    units = _units(books, at, pot, context, follow)
    choices = share.pace()
    if share.rule == RAKING:
        return _rake(books, units, follow)
    limits = ("floor", "ceiling", "fixed", "minimum", "match")
    plain = choices.rule == "proportional" and all(
        getattr(choices, limit) is None for limit in limits
    )
    if plain and not share.yearly and not (pot and pot.way == POOLED):
        return _in_proportion(books, units)
    done = [_paced(books, unit, share, choices, context, own) for unit in units]
    paths = [item.path for item in done if item.path is not None]
    # What a floor costs is said for one sum; over many lines only what was asked of all is.
    said = done[0].said if len(done) == 1 else (_in_words(choices, len(done)),)
    return Done(said=said, path=sum(paths[1:], start=paths[0]) if paths else None)


def measure_of(themes: list[str], share: Share, context: Context) -> Measure | None:
    """Return the measure of need that an entry follows; None where it does not follow need.

    Raises
    ------
    NoMeasure, MeasureAmbiguous
        The theme of the streams has no measure of its own and no general one, or several.
    """
    if share.by != "need":
        return None
    if share.measure != THEME:
        return context.measures[share.measure or next(iter(context.measures))]
    theme = themes[0] if len(themes) == 1 else ""
    return choose(theme, [*context.measures.values()]).measure


class _Followed:
    """What money is shared by: people, or people and a measure of need."""

    def __init__(self, share: Share, context: Context, measure: Measure | None) -> None:
        weight, times = share.need_weight, share.neediest_per_head
        self.people = context.people.to_numpy(dtype=np.float64)
        self.need_weight = context.need_weight if weight is None else weight
        self.current = share.by == "current"
        self._known: dict[bytes, Float64] = {}
        self.head: Float64 | None = None
        self.clients: Float64 | None = None
        if measure is not None and measure.kind == "clients":
            self.clients = figures(measure.values, measure.name, context.people.index)
        elif measure is not None:
            # The amount a head is measured once over all base areas, whatever a line covers.
            times = context.neediest_per_head if times is None else times
            head = per_head(context.people, measure.scores, neediest_per_head=times)
            self.head = head.to_numpy()

    def weights(self, cover: Float64) -> Float64 | None:
        """Return the weights (n_areas) of what a cover holds; None for today's money.

        Lines of one agency cover the same areas, so each cover is worked out once.
        """
        if self.current:
            return None
        key = cover.tobytes()
        if key not in self._known:
            self._known[key] = self._weights(cover)
        return self._known[key]

    def _weights(self, cover: Float64) -> Float64:
        people = cover * self.people
        if self.head is not None:
            return weighted_people(people, self.head, self.need_weight)
        if self.clients is None or self.need_weight == 0:
            return people
        clients = cover * self.clients
        whole = exact_sum(clients)
        if whole == 0:
            raise NothingToShareBy("clients", detail="there are none in these areas")
        level = exact_sum(people) / whole
        return (1 - self.need_weight) * people + self.need_weight * level * clients


def _units(
    books: Books, at: Int64, pot: Pot | None, context: Context, follow: _Followed
) -> list[Unit]:
    """Return what is shared as one sum: a pooled pot, else each stream by itself."""
    ids = books.streams.index
    groups: list[tuple[str, Int64]] = [(str(ids[row]), np.array([row])) for row in at]
    if pot is not None and pot.way == POOLED:
        groups = [(f"pot {pot.id}", at)]
    found = []
    for name, rows in groups:
        covers = [context.covered[str(ids[row])] for row in rows]
        cover = covers[0] if len(covers) == 1 else np.max(covers, axis=0)
        weights = follow.weights(cover)
        if weights is None:
            weights = (books.cells[rows] - books.fixed[rows]).sum(axis=0).astype(np.float64)
        found.append(Unit(name, rows, cover, weights))
    return found


def _in_proportion(books: Books, units: list[Unit]) -> Done:
    """Share every line in proportion, all at once; nothing but the weights decides."""
    at = np.concatenate([unit.at for unit in units])
    totals = (books.cells[at] - books.fixed[at]).sum(axis=1)
    weights = np.stack([unit.weights for unit in units])[:, books.by_code]
    books.put(at, _back(books, split_rows(totals, weights)))
    return Done(("In proportion.",))


def _paced(
    books: Books,
    unit: Unit,
    share: Share,
    choices: Choices,
    context: Context,
    own: Int64 | None,
) -> Done:
    """Share one sum out by the rules of `budgets.pace`, for one year or for several."""
    current = (books.cells[unit.at] - books.fixed[unit.at]).sum(axis=0)
    chosen = np.flatnonzero((unit.cover > 0) | (current > 0))
    # The index itself where all areas take part: a copy would have to be looked up anew.
    codes = books.areas if len(chosen) == len(books.areas) else books.areas[chosen]
    total = int(current.sum())
    totals = _totals(total, share.yearly)

    def by_area(values: Float64 | Int64) -> pd.Series:
        return pd.Series(values[chosen].astype(np.float64), codes)

    inputs = {
        "baseline": by_area(current),
        "need": by_area(unit.weights),
        "people": by_area(unit.cover * context.people.to_numpy(dtype=np.float64)),
        "own": None if own is None else by_area(own),
    }
    path = None
    if len(totals) == 1:
        done = pace.share_out(choices, total=totals[0], **inputs)  # type: ignore[arg-type]
        pence, said = done.to_pence(), list(done.steps)
    else:
        gone = pace.path(choices, totals=totals, **inputs)  # type: ignore[arg-type]
        yearly = gone.to_pence()
        pence, said = yearly[yearly.columns[-1]], [f"Over {len(totals)} years.", *gone.told]
        path = yearly.reindex(books.areas, fill_value=0)
    if totals[-1] != total:
        _grow(books, unit.at, totals[-1] - total)
        said.append(f"{unit.name} goes from {format_pounds(total)} to {format_pounds(totals[-1])}.")
    new = np.zeros(len(books.areas), np.int64)
    new[chosen] = pence.to_numpy(dtype=np.int64)
    books.put(unit.at, _over_streams(books, unit.at, new))
    if choices.rule == "proportional" and not said:
        said = ["In proportion."]
    return Done(tuple(said), path)


def _in_words(choices: Choices, lines: int) -> str:
    """Say which rule and limits were applied to each of several lines."""
    unit = {"pounds": "pounds", "per head": "pounds a head", "per cent": "per cent"}[choices.unit]
    limits = [
        f"{name} {value:g} {unit}"
        for name, value in (("floor", choices.floor), ("ceiling", choices.ceiling))
        if value is not None
    ]
    limits += [f"fixed {choices.fixed:g} pounds"] if choices.fixed is not None else []
    limits += [f"minimum {choices.minimum:g} pounds"] if choices.minimum is not None else []
    limits += [f"match {choices.match:g}"] if choices.match is not None else []
    return f"Line by line, {lines} lines: {', '.join([choices.rule, *limits])}."


def _totals(total: int, yearly: tuple[float, ...]) -> list[int]:
    """Return the sum of every year, each rounded to whole pence, halves to the even penny."""
    found = [total]
    for rate in yearly:
        # The shortest decimal that names the rate: 2.1 per cent is meant, not its binary neighbour.
        factor = 1 + Fraction(repr(float(rate))) / 100
        found.append(round(found[-1] * factor))
    if max(found) > MAX_PENCE:
        raise AmountTooLarge("yearly", found=[format_pounds(max(found), whole=True)])
    return found[1:] or found


def _grow(books: Books, at: Int64, pence: int) -> None:
    """Let the lines of a sum grow or shrink in proportion to what of each can move."""
    free = (books.cells[at] - books.fixed[at]).sum(axis=1)
    each = largest_remainder(pence, free.astype(np.float64))
    books.grow(at, each)


def _over_streams(books: Books, at: Int64, by_area: Int64) -> Int64:
    """Split pence by area over the lines of a pool, so that lines and areas both add up.

    Each line in turn takes its sum in proportion to what the areas still lack; a line can never
    take more than is left in an area, and the last one takes the rest.
    """
    sums = (books.cells[at] - books.fixed[at]).sum(axis=1)
    split = np.zeros((len(at), len(by_area)), np.int64)
    left = by_area[books.by_code].copy()
    for line in range(len(at) - 1):
        split[line, books.by_code] = part = split_within(sums[line : line + 1], left[None])[0]
        left -= part
    split[-1, books.by_code] = left
    return split


def _rake(books: Books, units: list[Unit], follow: _Followed) -> Done:
    """Bring the lines together to the areas' shares of them all, each within what it covers.

    Every line keeps its sum, every area gets its share of them all, and both to the penny.
    """
    at = np.concatenate([unit.at for unit in units])
    sums = (books.cells[at] - books.fixed[at]).sum(axis=1)
    cover = np.max([unit.cover for unit in units], axis=0)
    whole = follow.weights(cover)
    if whole is None:
        whole = np.sum([unit.weights for unit in units], axis=0)
    chosen = books.by_code[((cover > 0) & (whole > 0))[books.by_code]]
    codes, ids = books.areas[chosen], books.streams.index[at]
    seed = pd.DataFrame(np.stack([unit.weights[chosen] for unit in units]), ids, codes)
    rows = pd.Series(sums, ids)
    columns = pd.Series(largest_remainder(int(sums.sum()), whole[chosen]), codes)
    table = rake(seed, rows=rows.astype(np.float64), columns=columns.astype(np.float64))
    raked = np.zeros((len(at), len(books.areas)), np.int64)
    raked[:, chosen] = whole_table(table, rows=rows, columns=columns).to_numpy()
    books.put(at, raked)
    return Done((f"Raked to the sums of {len(at)} lines and of {len(chosen)} areas.",))


def _back(books: Books, by_code: Int64) -> Int64:
    """Return a table whose columns stand in the order of codes in the order of the ledger."""
    table = np.empty_like(by_code)
    table[:, books.by_code] = by_code
    return table
