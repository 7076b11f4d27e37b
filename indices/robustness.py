"""Says how certain the ranks of an index are: the doubt that choices and chance leave.

In: an index, and which choices are open to reasonable people. Out: for each area the interval of
its ranks, its chance of being in the worst tenth and a plain sentence; what was varied and what
was left out; and how much each choice moves the ranks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import Faults
from indices import draws as engine
from indices import inputs
from indices.combining import MEANS, Mean
from indices.errors import DefinitionFault, IncompleteEdition, OptionUnknown, UnknownAreas
from indices.index import Index, overall_scores

Ints = npt.NDArray[np.int32]

STATED, EQUAL = "as stated", "equal"
SEED = 20_250_301
AREAS_AT_A_TIME = 2_000


@dataclass(frozen=True)
class Choices:
    """What reasonable people may choose otherwise than the definition does.

    Attributes
    ----------
    weights
        Sets of weights by name, each by domain id; the stated and equal ones where absent.
    spread
        By which part each weight may be higher or lower: 0.25 is from 3/4 to 5/4 of it.
    scales
        Scales of the domains: `exponential`, `rank`, `normal` (from ranks), `z`, `min-max` (from
        scores), `none`; all that the index allows where absent.
    means
        Means over the domains.
    """

    weights: Mapping[str, Mapping[str, float]] | None = None
    spread: float = 0.25
    scales: Sequence[str] | None = None
    means: Sequence[Mean] = MEANS


@dataclass(frozen=True, eq=False, repr=False)
class Doubt:
    """How certain the ranks of an index are.

    Attributes
    ----------
    table
        By area: `rank` (of the index, among the areas ranked), `rank_low`, `rank_median`,
        `rank_high`, `chance_worst_decile` (share of the draws).
    shifts
        For each choice how many draws made it, and by how many ranks the areas moved on average.
    level
        Share of the draws that the interval holds, at least.
    varied, left_out
        What was drawn and what could not be, in words.
    """

    table: pd.DataFrame
    shifts: pd.DataFrame
    level: float
    draws: int
    seed: int
    varied: tuple[str, ...]
    left_out: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return f"<Doubt about {len(self.table):,} areas, {self.draws:,} draws>"

    def sentence(self, code: str) -> str:
        """Say in plain words how certain the rank of an area is, and what is left out."""
        return str(self._said(self.table.loc[[code]])[0])

    def sentences(self) -> pd.Series:
        """Return the sentence of every area."""
        said = self._said(self.table)
        return pd.Series(said, index=self.table.index, name="sentence", dtype="str")

    def _said(self, rows: pd.DataFrame) -> list[str]:
        ways = f"of {len(self.table):,} in {_share(self.level)} reasonable ways of counting"
        notes = "".join(f" ({note})" for note in self.left_out)
        said = []
        for low, high, chance in zip(
            rows["rank_low"], rows["rank_high"], rows["chance_worst_decile"], strict=True
        ):
            span = ordinal(low) if low == high else f"between {ordinal(low)} and {ordinal(high)}"
            tenth = f"in the most deprived tenth in {_chance(chance)}"
            said.append(f"{span} most deprived {ways}; {tenth}{notes}")
        return said


def doubt(
    index: Index,
    *,
    choices: Choices | None = None,
    draws: int = 1000,
    level: float = 0.95,
    among: Collection[str] | None = None,
    pool: int = 50,
    seed: int = SEED,
) -> Doubt:
    """Draw an index many times with other choices and other counts, and say how ranks spread.

    Each draw takes one set of weights and moves each of them by up to `spread`, one scale, one
    mean, and for each domain with counts behind it one of `pool` versions made from drawn counts.
    The interval leaves out the same number of draws at each end. Source: OECD/JRC, Handbook on
    constructing composite indicators (2008), chapter 7 on uncertainty analysis; which choices
    count as reasonable is this project's own proposal, and the caller's to change.

    Parameters
    ----------
    index
        Complete, or a part of an edition, whose areas are then ranked among themselves.
    among
        Codes of the areas to rank among themselves, such as those of one city; all of them where
        absent.
    pool
        How many versions of each domain are drawn for the sampling error of its counts; 0 leaves
        it out.
    seed
        The same seed gives the same draws.

    Raises
    ------
    OptionUnknown, DefinitionFault, IncompleteEdition, UnknownAreas
        A choice that cannot be made; several faults come together.
    """
    open_to = choices or Choices()
    places = check_choices(index, open_to, draws=draws, level=level, among=among, pool=pool)
    random = np.random.default_rng(seed)
    found = engine.versions(index, pool, random)
    scales = list(open_to.scales or possible_scales(index))
    sets = weight_sets(index, open_to)
    plan = engine.draw_plan(
        np.array(list(sets.values())),
        spread=open_to.spread,
        counts=[len(scales), len(open_to.means), *(domain.versions for domain in found)],
        draws=draws,
        random=random,
    )
    own = engine.rank(index.scores.to_numpy()[places])
    small = np.uint16 if len(places) < 2**16 else np.int32
    ranks = np.empty((draws, len(places)), dtype=small)
    moved = np.empty(draws)
    scaler = engine.Scaler(found, index.n)
    for draw, scores in enumerate(engine.scores(scaler, plan, scales, list(open_to.means))):
        drawn = engine.rank(scores[places])
        ranks[draw] = drawn
        moved[draw] = np.abs(drawn - own).mean()
    options: dict[str, Sequence[str]] = {
        "weights": list(sets),
        "scale": scales,
        "mean": list(open_to.means),
    }
    made = {"weights": plan.base, "scale": plan.scale, "mean": plan.mean}
    return Doubt(
        table=intervals(ranks, own, index.scores.index[places], level),
        shifts=_shifts(moved, options, made),
        level=level,
        draws=draws,
        seed=seed,
        varied=_varied(open_to, options, found),
        left_out=left_out(index, pool),
    )


def leave_one_out(index: Index, *, among: Collection[str] | None = None) -> pd.DataFrame:
    """Rank the areas without each domain in turn.

    Returns
    -------
    By area: `rank`, `without_<id>` for each domain, `largest_change` in ranks and `by_domain`, the
    domain whose absence makes it. Scales, weights and mean are those of the index.
    """
    faults = Faults("index")
    places = _places(index, among, faults)
    faults.raise_any()
    if len(index.definition.domains) < 2:
        raise DefinitionFault(index.definition.id, detail="nothing is left without its one domain")
    own = engine.rank(index.scores.to_numpy()[places])
    table = pd.DataFrame({"rank": own}, index=index.scores.index[places])
    for domain in index.definition.domains:
        rest = tuple(other for other in index.definition.domains if other.id != domain.id)
        definition = index.definition.model_copy(update={"domains": rest})
        scores = overall_scores(definition, index.domain_transformed)
        table[f"without_{domain.id}"] = engine.rank(scores[places])
    change = table.drop(columns="rank").sub(table["rank"], axis=0).abs()
    table["largest_change"] = change.max(axis=1)
    ids = np.array(index.definition.domain_ids)
    table["by_domain"] = ids[change.to_numpy().argmax(axis=1)]
    return table


def possible_scales(index: Index) -> list[str]:
    """Return the scales that the domains of an index can be brought to."""
    known = index.domain_scores
    complete = known is not None and set(index.definition.domain_ids) <= set(known)
    scales = list(engine.FROM_RANKS)
    if complete:
        scales += ["z", "min-max"]
    if index.definition.transform == "none":
        scales.append("none")
    return scales


def ordinal(number: int) -> str:
    """Write a rank in words' short form: 1st, 2nd, 3rd, 11th, 1,021st.

    Examples
    --------
    >>> [ordinal(number) for number in (1, 2, 3, 4, 11, 1021)]
    ['1st', '2nd', '3rd', '4th', '11th', '1,021st']
    """
    teen = number % 100 in (11, 12, 13)
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def check_choices(
    index: Index,
    choices: Choices,
    *,
    draws: int,
    level: float,
    among: Collection[str] | None,
    pool: int,
) -> npt.NDArray[np.intp]:
    """Collect what is wrong with the choices; return the positions of the areas to rank."""
    faults = Faults("doubt")
    for name, value, good, rule in (
        ("draws", draws, draws >= 1, "one or more"),
        ("level", level, 0 < level < 1, "between 0 and 1, as in 0.95"),
        ("pool", pool, pool >= 0, "zero or more"),
        ("spread", choices.spread, 0 <= choices.spread < 1, "from 0 to less than 1"),
    ):
        if not good:
            faults.add(OptionUnknown(name, found=[value], detail=f"it must be {rule}"))
    known = (*engine.FROM_RANKS, *engine.FROM_SCORES)
    for name, given, allowed in (
        ("scales", choices.scales or known, known),
        ("means", choices.means, MEANS),
    ):
        unknown = [item for item in given if item not in allowed]
        if unknown or not given:
            detail = f"known are {', '.join(allowed)}"
            faults.add(OptionUnknown(name, found=unknown, detail=detail))
    lacking = [s for s in choices.scales or () if s in known and s not in possible_scales(index)]
    if lacking:
        detail = "they need the scores of all domains of a complete edition"
        faults.add(IncompleteEdition("scales", found=lacking, detail=detail))
    ids = index.definition.domain_ids
    for name, weights in (choices.weights or {}).items():
        sound = set(weights) == set(ids) and all(0 <= w < np.inf for w in weights.values())
        if not sound or not sum(weights.values()) > 0:
            detail = f"one weight of zero or more for each of {', '.join(ids)}"
            faults.add(DefinitionFault(f"weights {name!r}", found=list(weights), detail=detail))
    if choices.weights is not None and not choices.weights:
        faults.add(DefinitionFault("weights", detail="there is no set of weights"))
    places = _places(index, among, faults)
    faults.raise_any()
    return places


def _places(index: Index, among: Collection[str] | None, faults: Faults) -> npt.NDArray[np.intp]:
    if among is None:
        return np.arange(len(index))
    codes = pd.Index(among)
    before = len(faults)
    inputs.check_codes(codes, faults, where="among")
    places = index.scores.index.get_indexer(codes)
    if (places < 0).any() and len(faults) == before:
        faults.add(UnknownAreas("among", found=codes[places < 0]))
    return places


def weight_sets(index: Index, choices: Choices) -> dict[str, list[float]]:
    """Return the sets of weights by name, in the order of the domains."""
    ids = index.definition.domain_ids
    if choices.weights is not None:
        return {name: [weights[id] for id in ids] for name, weights in choices.weights.items()}
    return {STATED: index.definition.weights.tolist(), EQUAL: [1.0 / len(ids)] * len(ids)}


def intervals(
    ranks: npt.NDArray[np.integer], own: Ints, codes: pd.Index, level: float
) -> pd.DataFrame:
    """Return interval and chance of each area from the ranks (n_draws, n_areas)."""
    draws, areas = ranks.shape
    # The same number of draws is cut off at each end, so that the interval holds its share.
    cut = int((1.0 - level) / 2.0 * draws + 1e-9)
    at = [cut, draws // 2, draws - 1 - cut]
    kept = np.empty((3, areas), dtype=np.int64)
    worst = np.empty(areas)
    for start in range(0, areas, AREAS_AT_A_TIME):
        part = np.ascontiguousarray(ranks[:, start : start + AREAS_AT_A_TIME].T)
        worst[start : start + len(part)] = (10 * part.astype(np.int64) <= areas).mean(axis=1)
        part.partition(at, axis=1)
        kept[:, start : start + len(part)] = part[:, at].T
    columns = {
        "rank": own.astype(np.int64),
        "rank_low": kept[0],
        "rank_median": kept[1],
        "rank_high": kept[2],
        "chance_worst_decile": worst,
    }
    return pd.DataFrame(columns, index=codes)


def _shifts(
    moved: npt.NDArray[np.float64],
    options: Mapping[str, Sequence[str]],
    made: Mapping[str, npt.NDArray[np.int64]],
) -> pd.DataFrame:
    """Say how far each choice moves the ranks: mean absolute change over areas and draws."""
    rows = [
        (choice, option, int(taken.sum()), moved[taken].mean() if taken.any() else np.nan)
        for choice, names in options.items()
        for position, option in enumerate(names)
        for taken in [made[choice] == position]
    ]
    return pd.DataFrame(rows, columns=["choice", "option", "draws", "mean_rank_change"])


def _varied(
    choices: Choices, options: Mapping[str, Sequence[str]], found: Sequence[engine.Domain]
) -> tuple[str, ...]:
    percent = f"{100 * choices.spread:g} %"
    lines = [
        f"weights {', '.join(options['weights'])}, each higher or lower by up to {percent}",
        f"scales of the domains: {', '.join(options['scale'])}",
        f"means over the domains: {', '.join(options['mean'])}",
    ]
    drawn = [len(domain.ranks) - 1 for domain in found if len(domain.ranks) > 1]
    if drawn:
        lines.append(
            f"sampling error of the counts behind {len(drawn)} of {len(found)} domains, "
            f"{drawn[0]} versions of each"
        )
    return tuple(lines)


def left_out(index: Index, pool: int) -> tuple[str, ...]:
    """Say of which figures the sampling error is not in the interval."""
    if pool == 0:
        return ("the sampling error of the indicators is left out, as asked",)
    if index.made is None:
        return ("the sampling error of the indicators is left out: their counts are not known",)
    measured = index.made.measured
    without = [id for id in measured.indicators if id not in measured.events]
    if not without:
        return ()
    return (f"the sampling error of {', '.join(without)} is left out: no counts are known",)


def _share(level: float) -> str:
    parts = Fraction(level).limit_denominator(20)
    if abs(float(parts) - level) < 1e-9:
        return f"{parts.numerator} of {parts.denominator}"
    return f"{100 * level:g} % of"


def _chance(share: float) -> str:
    if share in (0.0, 1.0):
        return "all of them" if share else "none of them"
    percent = 100 * share
    if percent < 1:
        return "fewer than 1 % of them"
    return "more than 99 % of them" if percent > 99 else f"{percent:.0f} % of them"
