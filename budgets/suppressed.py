"""Shows money that was shared out by counts, without showing the counts that may not be shown.

In: a ledger or a level of it, exact to the penny, and for each stream that follows counts either
those counts with the disclosure rule of their source, or flags. Out: `Masked`: what may be shown
and exported, with a flag for every figure the rule touched. Inside, the pence stay exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.arrays import IntegerArray
from scipy.sparse import csr_array, hstack

from boundaries.checks import EXACT
from boundaries.crosswalk import Crosswalk
from budgets.ledger import OUTSIDE, PLACE_WIDE, Ledger, Level
from budgets.money import Int64
from budgets.suppressed_errors import FlagsDoNotFit
from budgets.suppressed_search import Above, Cells, Floats, protect
from geo.errors import Faults
from indices.disclosure import FLAGS, Rule

NOT_SHOWN = "not-shown"
HIDDEN, ROUNDED = "hidden", "rounded"


@dataclass(frozen=True, eq=False)
class Sensitive:
    """The true counts that a stream's money follows, by base area, and the rule of their source."""

    counts: pd.Series
    rule: Rule


Flags = Mapping[str, "pd.Series | Sensitive"]
# A level with the crosswalk that made it, and the parents it was then rolled up to, if any.
Made = tuple[Level, Crosswalk] | tuple[Level, Crosswalk, pd.Series]


@dataclass(frozen=True, eq=False, repr=False)
class Masked:
    """What may be shown of a ledger or of a level.

    Attributes
    ----------
    shown
        Whole pence, streams x areas (Int64); missing where hidden.
    flag
        The same shape: "", "rounded" or "hidden".
    outside, place_wide
        Pence by stream (Int64); outside may be hidden too.
    amounts
        The amount of each stream, which is known to everybody.
    """

    shown: pd.DataFrame
    flag: pd.DataFrame
    outside: pd.Series
    place_wide: pd.Series
    amounts: pd.Series

    def __repr__(self) -> str:
        hidden, rounded = ((self.flag == kind).to_numpy().sum() for kind in (HIDDEN, ROUNDED))
        return f"<Masked {self.shown.shape}: {hidden:,} figures hidden, {rounded:,} rounded>"

    def by_area(self) -> pd.DataFrame:
        """Return `amount_pence, at_least_pence, flag` by area over all streams.

        The amount of an area with a hidden figure is hidden too, because it could be subtracted
        out of it; what the figures shown add up to is there beside it.
        """
        known = self.shown.fillna(0).sum(axis=0).astype("Int64")
        hidden = (self.flag == HIDDEN).any(axis=0)
        rounded = (self.flag == ROUNDED).any(axis=0)
        flag = np.where(hidden, HIDDEN, np.where(rounded, ROUNDED, ""))
        table = {"amount_pence": known.mask(hidden), "at_least_pence": known, "flag": flag}
        return pd.DataFrame(table, index=self.shown.columns).astype({"flag": "str"})

    def to_frame(self) -> pd.DataFrame:
        """Return `stream, area_code, amount_pence, flag` for all money that is shown.

        What is hidden, or was rounded away, is one row `not-shown` a stream, so that every stream
        still adds up to its amount.
        """
        rest = {OUTSIDE: self.outside, PLACE_WIDE: self.place_wide}
        parts = []
        for stream in self.shown.index:
            pence, flag = self.shown.loc[stream], self.flag.loc[stream]
            keep = (pence.fillna(0) != 0).to_numpy()
            rows = pd.DataFrame({"area_code": pence.index, "amount_pence": pence.to_numpy()})
            rows = rows.assign(flag=flag.to_numpy())[keep]
            held = {name: of[stream] for name, of in rest.items() if pd.notna(of[stream])}
            ends = [(name, int(amount), "") for name, amount in held.items() if amount]
            missing = int(self.amounts[stream]) - int(rows["amount_pence"].sum())
            missing -= sum(amount for _, amount, _ in ends)
            if missing or (flag == HIDDEN).any():
                ends.append((NOT_SHOWN, missing, HIDDEN))
            last = pd.DataFrame(ends, columns=list(rows.columns))
            whole = last if rows.empty else pd.concat([rows, last]) if len(last) else rows
            parts.append(whole.assign(stream=stream))
        table = pd.concat(parts, ignore_index=True)[["stream", "area_code", "amount_pence", "flag"]]
        return table.astype({"amount_pence": "int64", "area_code": "str", "flag": "str"})

    def note(self) -> str:
        """Say what was hidden, for a caption; empty where nothing was."""
        hidden, rounded = ((self.flag == kind).to_numpy().sum() for kind in (HIDDEN, ROUNDED))
        if not hidden and not rounded:
            return ""
        return (
            f"{hidden:,} figures are not shown and {rounded:,} are rounded, because they follow "
            "from counts so small that they could point to a person"
        )


def mask(carrier: Ledger | Level, flags: Flags) -> Masked:
    """Hide the money that follows from counts which may not be shown, and what gives it away.

    Hidden are the figures whose flag is "hidden", or whose count the rule hides, and as many more
    of the same stream as it takes until nobody can work out a hidden one from the stream's amount
    (`budgets.suppressed_search`). With counts, a hidden figure must leave `rule.candidates`
    numbers of cases open for somebody who knows the rule and the pence of one case; with flags
    alone it must be possible that it is nothing, or twice as much (own). Where the rule rounds
    counts, money is that of the rounded count; with flags alone it has two leading digits.

    Parameters
    ----------
    carrier
        A ledger, or one level that is shown without its base areas; see `mask_levels` for both.
    flags
        By stream: counts with their rule, or "", "rounded", "hidden" for each area. Streams
        without an entry are shown as they are.

    Raises
    ------
    FlagsDoNotFit, CannotBeHidden
        What is wrong with the flags; several faults come together.
    """
    found = _search(carrier, flags, {})
    return _masked(
        carrier, {name: (cells.hidden, flags[name]) for name, (cells, _) in found.items()}
    )


def mask_levels(
    ledger: Ledger,
    flags: Flags,
    levels: Mapping[str, Made],
    *,
    tolerance: float = 0.02,
) -> tuple[Masked, dict[str, Masked]]:
    """Hide money in a ledger and in the levels that are shown beside it, all at once.

    A ward's money less what its other areas show would give a hidden area away: every figure of
    every level is an equation over its areas, with the shares of the crosswalk. Where these give a
    hidden figure away, more areas are hidden, or the ward's figure itself.

    Parameters
    ----------
    levels
        By name the level and the crosswalk that made it; where it is rolled up from finer areas,
        also the parent of each of these. The base layer among them is masked like the ledger.
    tolerance
        As in `Ledger.at`.

    Raises
    ------
    FlagsDoNotFit, CannotBeHidden
        What is wrong with the flags; several faults come together.
    """
    ways = {
        name: _Way(made[0].areas, made[1], made[2] if len(made) == 3 else None)
        for name, made in levels.items()
        if not made[0].areas.equals(ledger.areas)
    }
    found = _search(ledger, flags, ways, tolerance)
    base = {stream: (cells.hidden, flags[stream]) for stream, (cells, _) in found.items()}
    done = {}
    for name, (level, *_) in levels.items():
        if name not in ways:
            done[name] = _masked(level, base)
            continue
        touched = {
            stream: (~above[name].shown, _lifted(flags[stream], ways[name], ledger.areas))
            for stream, (_, above) in found.items()
        }
        done[name] = _masked(level, touched)
    return _masked(ledger, base), done


@dataclass(frozen=True, eq=False)
class _Way:
    """How base areas come to a level: by a crosswalk, and then perhaps to parents."""

    areas: pd.Index
    walk: Crosswalk
    parents: pd.Series | None

    def shares(self, base: pd.Index, tolerance: float) -> csr_array:
        """Return (n_base, n_level + 1), what lies outside in the last column; rows add up to 1."""
        at = self.walk.sources.get_indexer(base)
        overlapping = bool((self.walk.extra > max(tolerance, EXACT)).any())
        rule = "share-out" if overlapping else "refuse"
        settled = self.walk.shares(tolerance=tolerance, overlap=rule)
        outside = np.where(settled.outside[at] > EXACT, settled.outside[at], 0.0)
        inside = csr_array(settled.weights[at])
        if self.parents is not None:
            place = self.areas.get_indexer(pd.Index(self.parents.reindex(self.walk.targets)))
            known = np.flatnonzero(place >= 0)
            up = (np.ones(len(known)), (known, place[known]))
            inside = inside @ csr_array(up, shape=(len(place), len(self.areas)))
        return csr_array(hstack([inside, csr_array(outside[:, None])]))


def _search(
    carrier: Ledger | Level,
    flags: Flags,
    ways: Mapping[str, _Way],
    tolerance: float = 0.02,
) -> dict[str, tuple[Cells, dict[str, Above]]]:
    faults = Faults("flags")
    found = {}
    for stream in sorted(flags):
        if stream not in carrier.streams.index:
            faults.add(FlagsDoNotFit("flags", found=[stream], detail="no such stream"))
            continue
        row = carrier.streams.index.tolist().index(stream)
        with faults.catch():
            cells = _cells(stream, carrier.pence[row], carrier.areas, flags[stream])
            above = {
                name: _above(
                    cells, way.shares(carrier.areas, tolerance), flags[stream], carrier.areas
                )
                for name, way in ways.items()
            }
            if cells.hidden.any():
                protect(cells, list(above.values()))
            found[stream] = (cells, above)
    faults.raise_any()
    return found


def _cells(stream: str, pence: Int64, areas: pd.Index, given: pd.Series | Sensitive) -> Cells:
    """Turn one stream into cells: what is hidden by itself, and what an attacker knows of it."""
    money = np.abs(pence).astype(float)
    if isinstance(given, Sensitive):
        counts, rule = _aligned(given.counts, areas, stream).to_numpy(dtype=float), given.rule
        first = ~np.isnan(counts) & rule.must_hide(np.nan_to_num(counts))
        whole = np.nansum(counts)
        usual = money.sum() / whole if whole > 0 else 0.0
        step = np.divide(money, counts, out=np.full(len(money), usual), where=counts > 0)
        low, high = rule.hide or (0, 0)
        # What is hidden beside others is known to be above the range that the rule hides.
        least = np.where(first, low, np.where(counts > high, high + 1.0, 0.0)) * step
        most = np.where(first, high * step, np.inf)
        return Cells(
            stream, areas, money, first, np.minimum(least, money), most, step, rule.candidates
        )
    flag = _aligned(given, areas, stream)
    unknown = sorted(set(flag.unique()) - set(FLAGS))
    if unknown:
        raise FlagsDoNotFit(stream, found=unknown, detail=f"flags are {', '.join(FLAGS[1:])}")
    first = (flag == HIDDEN).to_numpy()
    return Cells(
        stream, areas, money, first, np.zeros_like(money), np.full(len(money), np.inf), money, 2
    )


def _aligned(values: pd.Series, areas: pd.Index, stream: str) -> pd.Series:
    lost = areas[~areas.isin(values.index)]
    if len(lost) or not values.index.is_unique:
        raise FlagsDoNotFit(stream, found=lost, detail="areas without a value, or with several")
    return values.reindex(areas)


def _above(cells: Cells, whole: csr_array, given: pd.Series | Sensitive, areas: pd.Index) -> Above:
    """Place the cells in a level; small are its figures that small counts alone make up."""
    money = np.asarray(whole.T @ cells.money, dtype=float)
    touched = np.asarray(whole.T @ cells.first.astype(float), dtype=float) > 0
    if not isinstance(given, Sensitive):
        rest = np.asarray(whole.T @ np.where(cells.first, 0.0, cells.money), dtype=float)
        small = touched & (rest <= 0)
        return Above(whole, small, money)
    counts = np.nan_to_num(_aligned(given.counts, cells.areas, cells.name).to_numpy(dtype=float))
    above = np.asarray(whole.T @ counts, dtype=float)
    hide = given.rule.hide or (0, -1)
    small = touched & (above <= hide[1])
    return Above(whole, small, np.divide(money, above, out=np.zeros_like(money), where=above > 0))


def _lifted(given: pd.Series | Sensitive, way: _Way, areas: pd.Index) -> pd.Series | Sensitive:
    """Carry flags or counts to a level, for rounding what is shown there."""
    inside = csr_array(way.shares(areas, 0.0)[:, :-1])
    if isinstance(given, Sensitive):
        counts = np.nan_to_num(given.counts.reindex(areas).to_numpy(dtype=float))
        return Sensitive(pd.Series(inside.T @ counts, index=way.areas), given.rule)
    touched = inside.T @ (given.reindex(areas) != "").to_numpy(dtype=float)
    return pd.Series(np.where(touched > 0, ROUNDED, ""), index=way.areas)


def _masked(
    carrier: Ledger | Level, touched: Mapping[str, tuple[np.ndarray, pd.Series | Sensitive]]
) -> Masked:
    """Build what is shown from the cells to hide; `touched` may have one more for outside."""
    names, areas = carrier.streams.index, carrier.areas
    pence = carrier.pence.copy()
    hidden = np.zeros(pence.shape, dtype=bool)
    flag = np.full(pence.shape, "", dtype=object)
    outside = getattr(carrier, "outside", np.zeros(len(names), np.int64))
    lost = np.zeros(len(names), dtype=bool)
    for stream, (secret, given) in touched.items():
        row = names.tolist().index(stream)
        inside = secret[: len(areas)]
        hidden[row] = inside
        lost[row] = secret[len(areas) :].any()
        flag[row] = np.where(inside, HIDDEN, np.where(_is_rounded(given, areas), ROUNDED, ""))
        pence[row] = _rounded(pence[row], given, areas)
    # Column by column: masking a whole frame of nullable integers takes a hundred times as long.
    shown = pd.DataFrame(
        {
            code: IntegerArray(pence[:, at].copy(), hidden[:, at].copy())
            for at, code in enumerate(areas)
        },
        index=names,
    )
    shown.columns.name = areas.name
    out = pd.Series(outside, index=names, name=OUTSIDE).astype("Int64").mask(lost)
    return Masked(
        shown=shown,
        flag=pd.DataFrame(flag, index=names, columns=areas).astype("str"),
        outside=out,
        place_wide=pd.Series(carrier.place_wide, index=names, name=PLACE_WIDE).astype("Int64"),
        amounts=carrier.streams["amount_pence"].rename("amount_pence"),
    )


def _is_rounded(given: pd.Series | Sensitive, areas: pd.Index) -> np.ndarray:
    if isinstance(given, Sensitive):
        known = given.counts.reindex(areas).notna().to_numpy()
        return known & (given.rule.round_to > 1)
    return (given.reindex(areas) == ROUNDED).to_numpy()


def _rounded(pence: Int64, given: pd.Series | Sensitive, areas: pd.Index) -> Int64:
    """Round pence as the count behind them is rounded: so many cases at the pence of one."""
    changed = _is_rounded(given, areas)
    money = pence.astype(float)
    if isinstance(given, Sensitive):
        counts = given.counts.reindex(areas).fillna(0.0).to_numpy(dtype=float)
        step = np.divide(money, counts, out=np.zeros_like(money), where=counts > 0)
        near: Floats = step * given.rule.rounded(counts)
    else:
        size = 10.0 ** np.maximum(np.floor(np.log10(np.maximum(np.abs(money), 1.0))) - 1.0, 0.0)
        near = np.round(money / size) * size
    return np.where(changed, np.rint(near).astype(np.int64), pence)
