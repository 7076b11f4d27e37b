"""Compares two editions of an index on today's areas, and flags what is larger than the doubt.

In: two indices, the bridge between their areas, and the choices that may be made. Out: for each of
today's areas its rank and band in both editions with their intervals, how far it moved, and a
sentence. Ranks compare areas with one another: an area may have become more deprived relative to
others, and nothing here says that deprivation itself rose or fell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import Faults
from indices import draws as engine
from indices import robustness, transforms
from indices.change_errors import LookupIncomplete
from indices.combining import Mean
from indices.editions import Bridge
from indices.index import Index
from indices.robustness import SEED, Choices, ordinal

Floats = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.integer]

CAUTION = (
    "Ranks compare areas with one another. An area can become more deprived relative to others "
    "while its own figures improve; whether deprivation itself rose or fell they do not say. Where "
    "the editions measure with different indicators, a part of the change is that."
)
MORE, LESS, NONE = "more deprived relative to others", "less deprived relative to others", "none"
POOL = 50


@dataclass(frozen=True, eq=False, repr=False)
class Change:
    """Two editions of an index, area by area of today.

    Attributes
    ----------
    table
        By area: `kind` (U, S, M, X); `earlier_` and `later_` each with `rank`, `low`, `high`,
        `decile`; `places`, by how many the rank changed, positive towards more deprived, with
        `places_low` and `places_high`; `apart`, whether the two intervals have no rank in common;
        `change`: more or less deprived relative to others, or none beyond the doubt.
    editions
        Names of the two.
    level, draws, seed
        As in `indices.robustness.Doubt`.
    varied, left_out, provenance
        What was drawn, what could not be, and what was assumed, in words.
    """

    table: pd.DataFrame
    editions: tuple[str, str]
    level: float
    draws: int
    seed: int
    varied: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    provenance: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return (
            f"<Change {self.editions[0]} to {self.editions[1]}: {len(self.flagged):,} of "
            f"{len(self.table):,} areas moved by more than the doubt>"
        )

    @property
    def flagged(self) -> pd.DataFrame:
        """Areas that moved by more than the doubt, the farthest first."""
        moved = self.table[self.table["change"] != NONE]
        return moved.iloc[np.argsort(-moved["places"].abs().to_numpy(), kind="stable")]

    def bands(self) -> pd.DataFrame:
        """Count areas by their decile in the earlier (rows) and in the later edition (columns)."""
        tenths = pd.RangeIndex(1, 11)
        found = pd.crosstab(self.table["earlier_decile"], self.table["later_decile"])
        return found.reindex(index=tenths, columns=tenths, fill_value=0)

    def sentence(self, code: str) -> str:
        """Say in plain words how an area stands in both editions."""
        return str(self.sentences(self.table.loc[[code]]).iloc[0])

    def sentences(self, rows: pd.DataFrame | None = None) -> pd.Series:
        """Return the sentence of every area, or of the rows given."""
        table = self.table if rows is None else rows
        said = [self._say({str(k): v for k, v in row.items()}) for row in table.to_dict("records")]
        return pd.Series(said, index=table.index, name="sentence", dtype="str")

    def _say(self, row: Mapping[str, Any]) -> str:
        spans = [
            f"{ordinal(row[f'{e}_rank'])} in {name} (between "
            f"{ordinal(row[f'{e}_low'])} and {ordinal(row[f'{e}_high'])})"
            for e, name in zip(("earlier", "later"), self.editions, strict=True)
        ]
        moved = row["change"]
        head = "no change larger than the doubt" if moved == NONE else str(moved)
        note = ""
        if row["apart"] and moved == NONE:
            note = (
                "; the earlier figure is that of a larger area, and not all of today's parts of it "
                "moved the same way by more than the doubt"
            )
        notes = "".join(f" ({line})" for line in self.left_out)
        return f"{head}: {spans[0]}, {spans[1]} most deprived of {len(self.table):,}{note}{notes}"


def compare(
    earlier: Index,
    later: Index,
    bridge: Bridge,
    *,
    choices: Choices | None = None,
    draws: int = 1000,
    level: float = 0.95,
    among: Collection[str] | None = None,
    seed: int = SEED,
) -> Change:
    """Compare two editions on today's areas.

    Earlier scores are brought to today's areas as people-weighted means and ranked there, so that
    both editions rank the same areas. Each draw makes one choice of weights, scale and mean for
    both editions alike, and draws their counts apart. An area is flagged where the intervals of
    its two ranks have no rank in common, which is stricter than a test of their difference
    (Schenker and Gentleman, 2001). Today's parts of an area that was split or redrawn are flagged
    only where all of them moved so in one direction: their earlier figure is that of the whole,
    and a difference between them may be older. Status: own, after OECD/JRC.

    Parameters
    ----------
    bridge
        From the areas of the earlier to those of the later edition.
    among
        Codes of today's areas to rank among themselves; all of them where absent.

    Raises
    ------
    LookupIncomplete
        The bridge is not between these editions.
    OptionUnknown, DefinitionFault, IncompleteEdition, UnknownAreas
        As in `indices.robustness.doubt`.
    """
    open_to = _common(earlier, later, choices or Choices())
    faults = Faults("change")
    places = np.arange(len(later))
    for index, codes, chosen in ((earlier, bridge.earlier, None), (later, bridge.later, among)):
        if not index.scores.index.equals(codes):
            strange = codes.symmetric_difference(index.scores.index)
            faults.add(LookupIncomplete(f"bridge of {index.definition.id}", found=strange))
        with faults.catch():
            places = robustness.check_choices(
                index, open_to, draws=draws, level=level, among=chosen, pool=POOL
            )
    faults.raise_any()
    own = [
        _ranked(bridge.bring(earlier.scores.to_numpy()), places),
        _ranked(later.scores.to_numpy(), places),
    ]
    ranks = _draw(earlier, later, bridge, open_to, draws=draws, seed=seed, places=places)
    codes = later.scores.index[places]
    kind, whole = bridge.kind.iloc[places], bridge.whole.iloc[places]
    pair = (earlier, later)
    return Change(
        table=_table(ranks, own, kind, whole, level=level, codes=codes),
        editions=_names(pair),
        level=level,
        draws=draws,
        seed=seed,
        varied=_varied(open_to, pair),
        left_out=_left_out(pair),
        provenance=(*bridge.provenance, CAUTION),
    )


def _common(earlier: Index, later: Index, choices: Choices) -> Choices:
    """Leave the choices to what both editions can be brought to."""
    if choices.scales is not None:
        return choices
    of_later = robustness.possible_scales(later)
    scales = [scale for scale in robustness.possible_scales(earlier) if scale in of_later]
    return replace(choices, scales=scales)


def _draw(
    earlier: Index,
    later: Index,
    bridge: Bridge,
    choices: Choices,
    *,
    draws: int,
    seed: int,
    places: npt.NDArray[np.intp],
) -> tuple[Ranks, Ranks]:
    """Return the ranks of both editions in every draw, each (draws, n_areas)."""
    random = np.random.default_rng(seed)
    scales, means = list(choices.scales or ()), list(choices.means)
    found = [engine.versions(index, POOL, random) for index in (earlier, later)]
    plans = _plans((earlier, later), choices, [len(scales), len(means)], draws, random)
    small = np.uint16 if len(places) < 2**16 else np.int32
    ranks = tuple(np.empty((draws, len(places)), dtype=small) for _ in plans)
    for at, (index, domains, plan) in enumerate(zip((earlier, later), found, plans, strict=True)):
        top = np.array([domain.versions for domain in domains])
        drawn = replace(plan, version=random.integers(0, top, (draws, len(domains))))
        scores = engine.scores(engine.Scaler(domains, index.n), drawn, scales, means)
        if at == 0:
            scores = _brought(scores, bridge, [means[mean] for mean in plan.mean])
        for draw, row in enumerate(scores):
            ranks[at][draw] = engine.rank(row[places])
    return ranks[0], ranks[1]


def _plans(
    pair: tuple[Index, Index],
    choices: Choices,
    counts: list[int],
    draws: int,
    random: np.random.Generator,
) -> list[engine.Plan]:
    """Draw one choice for both editions; a domain that both have moves its weight alike."""
    sets = [robustness.weight_sets(index, choices) for index in pair]
    base = random.integers(0, len(sets[0]), draws)
    scale = random.integers(0, counts[0], draws)
    mean = random.integers(0, counts[1], draws)
    ids = list(dict.fromkeys(id for index in pair for id in index.definition.domain_ids))
    low, high = 1.0 - choices.spread, 1.0 + choices.spread
    jitter = {id: random.uniform(low, high, draws) for id in ids}
    return [
        engine.Plan(
            weights=np.array(list(of.values()))[base]
            * np.column_stack([jitter[id] for id in index.definition.domain_ids]),
            base=base,
            scale=scale,
            mean=mean,
            version=np.zeros((draws, len(index.definition.domains)), dtype=np.int64),
        )
        for index, of in zip(pair, sets, strict=True)
    ]


def _brought(scores: Iterator[Floats], bridge: Bridge, means: Sequence[Mean]) -> Iterator[Floats]:
    """Bring the scores of each draw to today's areas; geometric ones come as their logarithm."""
    for row, mean in zip(scores, means, strict=True):
        yield bridge.bring(np.exp(row) if mean == "geometric" else row)


def _ranked(scores: Floats, places: npt.NDArray[np.intp]) -> npt.NDArray[np.int32]:
    return engine.rank(scores[places])


def _table(
    ranks: tuple[Ranks, Ranks],
    own: list[npt.NDArray[np.int32]],
    kind: pd.Series,
    whole: pd.Series,
    *,
    level: float,
    codes: pd.Index,
) -> pd.DataFrame:
    """Put both editions side by side and say which areas moved by more than the doubt."""
    table = pd.DataFrame({"kind": kind}, index=codes)
    for name, drawn, mine in zip(("earlier", "later"), ranks, own, strict=True):
        spans = robustness.intervals(drawn, mine, codes, level)
        table[f"{name}_rank"] = spans["rank"]
        table[f"{name}_low"], table[f"{name}_high"] = spans["rank_low"], spans["rank_high"]
        share = transforms.deciles(spans["rank"].astype("float64"), len(codes))
        table[f"{name}_decile"] = share.astype("int64")
    table["places"] = table["earlier_rank"] - table["later_rank"]
    cut = int((1.0 - level) / 2.0 * len(ranks[0]) + 1e-9)
    ends = [cut, len(ranks[0]) - 1 - cut]
    low_high = np.empty((2, len(codes)), dtype=np.int64)
    for start in range(0, len(codes), robustness.AREAS_AT_A_TIME):
        part = slice(start, start + robustness.AREAS_AT_A_TIME)
        moved = ranks[0][:, part].astype(np.int32) - ranks[1][:, part].astype(np.int32)
        low_high[:, part] = np.partition(moved, ends, axis=0)[ends]
    table["places_low"], table["places_high"] = low_high
    up = (table["later_high"] < table["earlier_low"]).to_numpy()
    down = (table["later_low"] > table["earlier_high"]).to_numpy()
    table["apart"] = up | down
    # All of today's parts of one earlier area must say the same.
    same_up = pd.Series(up, index=codes).groupby(whole).transform("all").to_numpy()
    same_down = pd.Series(down, index=codes).groupby(whole).transform("all").to_numpy()
    table["change"] = pd.Series(
        np.where(same_up, MORE, np.where(same_down, LESS, NONE)), index=codes, dtype="str"
    )
    return table


def _names(pair: tuple[Index, Index]) -> tuple[str, str]:
    """Name the editions by their year, or by their definition where both have the same year."""
    names = [index.definition.edition for index in pair]
    if names[0] == names[1]:
        return "the earlier edition", "the later edition"
    return names[0], names[1]


def _varied(choices: Choices, pair: tuple[Index, Index]) -> tuple[str, ...]:
    sets = ", ".join(robustness.weight_sets(pair[1], choices))
    percent = f"{100 * choices.spread:g} %"
    return (
        f"weights {sets}, each higher or lower by up to {percent}, the same in both editions",
        f"scales of the domains: {', '.join(choices.scales or ())}",
        f"means over the domains: {', '.join(choices.means)}",
    )


def _left_out(pair: tuple[Index, Index]) -> tuple[str, ...]:
    """Say of which figures the sampling error is in neither interval, each note once."""
    return tuple(dict.fromkeys(note for index in pair for note in robustness.left_out(index, POOL)))
