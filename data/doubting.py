"""Doubt about an index from files to files: how sure each rank is, and which choice moves it.

In: what `data.indexing` builds an index from. Out: a table of rank intervals with a sentence an
area; beside it, where asked for, the share of each choice in the spread and the ranks without each
domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data import sheets
from data.indexing import CODE, Written, build_file, flagged, notes, with_codes
from indices import robustness, sobol
from indices.index import Index


@dataclass(frozen=True)
class Asked:
    """How to draw, and which tables to write beside the intervals.

    Attributes
    ----------
    draws, level, seed
        As in `indices.robustness.doubt`.
    shares
        File for the Sobol shares of each choice, from samples of `runs` (`indices.sobol`).
    without
        File for the ranks without each domain in turn.
    """

    draws: int = 1000
    level: float = 0.95
    seed: int = robustness.SEED
    shares: str | Path | None = None
    runs: int = sobol.RUNS
    without: str | Path | None = None

    @property
    def files(self) -> list[str | Path]:
        """Files to write beside."""
        return [path for path in (self.shares, self.without) if path is not None]


def doubt_file(
    definition: str | Path,
    input: str | Path,
    *,
    code: str,
    from_: str = "ranks",
    out: str | Path,
    district: str | None = None,
    asked: Asked | None = None,
) -> Written:
    """Say how certain the ranks of an index are, area by area.

    Writes `code,score,rank,rank_low,rank_median,rank_high,chance_worst_decile,sentence`. The areas
    of a part of an edition are ranked among themselves. Beside it, where asked for:
    `choice,first,first_low,first_high,total,total_low,total_high`, and
    `code,rank,without_<domain>...,largest_change,by_domain`.

    Raises
    ------
    CommonGroundError
        Whatever is wrong with file and choices; several faults come together.
    """
    how = asked or Asked()
    for path in (out, *how.files):
        sheets.check_writable(path)
    index = build_file(definition, input, code=code, from_=from_, district=district)
    found = robustness.doubt(index, draws=how.draws, level=how.level, seed=how.seed)
    # Everything is computed before anything is written, so that no fault leaves half of it.
    beside = [*_shares(index, how), *_without(index, how)]
    table = found.table.assign(sentence=found.sentences())
    table.insert(0, "score", index.scores)
    coded = with_codes(flagged(table, index), CODE)
    path = sheets.write(coded, out)
    for extra in beside:
        sheets.write(extra.table, extra.path)
    widest = found.shifts.groupby("choice")["mean_rank_change"].max()
    said = [
        f"{index.definition.title}: {len(index):,} areas, {how.draws:,} draws, seed {how.seed}.",
        *(f"Varied: {line}." for line in found.varied),
        *(f"{line[0].upper()}{line[1:]}." for line in found.left_out),
        "Ranks moved on average by up to "
        + ", ".join(f"{moved:,.0f} ({choice})" for choice, moved in widest.items())
        + ".",
        *(sentence for extra in beside for sentence in extra.sentences),
    ]
    return Written(path, coded, (*said, *notes(index)))


def _shares(index: Index, how: Asked) -> list[Written]:
    if how.shares is None:
        return []
    found = sobol.sobol(index, n=how.runs, level=how.level, seed=how.seed)
    said = f"{found.sentence()} Shares by {found.runs:,} runs in {Path(how.shares).name}."
    return [Written(Path(how.shares), with_codes(found.table, "choice"), (said,))]


def _without(index: Index, how: Asked) -> list[Written]:
    if how.without is None:
        return []
    table = robustness.leave_one_out(index)
    most = str(table["by_domain"].mode().iloc[0])
    said = (
        f"Without one domain ranks change by up to {int(table['largest_change'].max()):,} places, "
        f"most often by {most}; area by area in {Path(how.without).name}."
    )
    return [Written(Path(how.without), with_codes(table, CODE), (said,))]
