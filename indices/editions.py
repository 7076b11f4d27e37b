"""Brings figures of an earlier edition to the areas of today.

In: the official table of changes between two vintages of small areas, the areas of two editions,
and their people. Out: a `Bridge` that carries scores and counts from the earlier areas to today's
and says of each of today's areas how it came about.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array, diags_array
from scipy.sparse.csgraph import connected_components

from boundaries.vintages import ChangeTable
from geo.errors import Faults
from indices import inputs
from indices.change_errors import LookupIncomplete
from indices.errors import PopulationFault

Floats = npt.NDArray[np.float64]

EARLIER_FLAG = "in the earlier edition"
CAME = {
    "U": "unchanged",
    "S": "parts of areas that were split",
    "M": "merged from several",
    "X": "redrawn",
}


@dataclass(frozen=True, eq=False, repr=False)
class Bridge:
    """How the areas of an earlier edition make up today's.

    Attributes
    ----------
    earlier, later
        Codes of the two editions.
    shares
        Part of each earlier area that lies in each of today's, shape (n_earlier, n_later); rows
        add up to 1.
    means
        What a mean over the earlier areas weighs in each of today's, shape (n_later, n_earlier);
        rows add up to 1.
    kind
        By today's area: U unchanged, S part of one that was split, M merged from several, X
        redrawn.
    whole
        By today's area: number of the group of areas that share earlier areas with it.
    provenance
        What was assumed, in sentences.
    """

    earlier: pd.Index
    later: pd.Index
    shares: csr_array
    means: csr_array
    kind: pd.Series
    whole: pd.Series
    provenance: tuple[str, ...] = ()

    def __repr__(self) -> str:
        counted = self.kind.value_counts()
        kinds = ", ".join(f"{counted[kind]:,} {kind}" for kind in CAME if kind in counted)
        return f"<Bridge {len(self.earlier):,} to {len(self.later):,} areas: {kinds}>"

    def bring(self, values: Floats) -> Floats:
        """Return rates or scores (n_earlier,) as people-weighted means of today's areas."""
        return np.asarray(self.means @ values, dtype=float)

    def carry(self, earlier: pd.Series, later: pd.Series) -> pd.Series:
        """Carry what was hidden or rounded behind either edition to today's areas.

        Today's own flag stands; where there is none, that its earlier areas have one is said.
        """
        old = (earlier.reindex(self.earlier) != "").to_numpy(dtype=float)
        touched = np.asarray(self.shares.T @ old) > 0
        own = later.reindex(self.later)
        return own.where(own != "", np.where(touched, EARLIER_FLAG, "")).astype("str")

    def bring_counts(self, counts: pd.DataFrame) -> pd.DataFrame:
        """Return columns of counts by today's area: `y_t = sum_s share_st y_s`; totals hold."""
        moved = self.shares.T @ counts.reindex(self.earlier).to_numpy(dtype=float)
        return pd.DataFrame(moved, index=self.later, columns=counts.columns)


def same_areas(codes: pd.Index) -> Bridge:
    """Return the bridge between two editions of the same areas."""
    one = csr_array(diags_array(np.ones(len(codes))))
    return Bridge(
        earlier=codes,
        later=codes,
        shares=one,
        means=one,
        kind=pd.Series("U", index=codes, name="kind", dtype="str"),
        whole=pd.Series(np.arange(len(codes)), index=codes, name="whole"),
        provenance=("Both editions are for the same areas.",),
    )


def bridge(
    changes: ChangeTable,
    earlier: pd.Index,
    later: pd.Index,
    *,
    earlier_people: pd.Series | None = None,
    later_people: pd.Series | None = None,
) -> Bridge:
    """Build the bridge between two editions from the official table of changes.

    An earlier area lies in today's by the shares of `boundaries.vintages`: whole, or divided by
    `later_people` where it was split or redrawn. A mean over earlier areas s in one of today's t
    is `sum_s w_st d_s y_s / sum_s w_st d_s` with the earlier people d. So a part of a split area
    has the figure of the whole, and a merged area the mean of its parts.

    Parameters
    ----------
    earlier, later
        Codes of the two editions; the table may hold more (Wales, other districts).
    earlier_people, later_people
        People by code. Without them merged areas count alike, and redrawn ones are divided evenly.

    Raises
    ------
    CodesNotText, DuplicateCodes, EmptyIndexData
        What is wrong with the codes.
    LookupIncomplete
        Areas of an edition are not in the table, or only with areas that are in neither edition.
    PopulationFault, NotANumber
        People are missing or negative, or all zero in one of today's areas.
    """
    faults = Faults("bridge between editions")
    inputs.check_codes(earlier, faults, where="earlier edition")
    inputs.check_codes(later, faults, where="later edition")
    faults.raise_any()
    frame = changes.frame
    mine = frame[frame["earlier_code"].isin(earlier) | frame["later_code"].isin(later)]
    _check_complete(mine, earlier, later, faults)
    d = _people(earlier_people, earlier, "earlier people", faults)
    mass = _people(later_people, later, "later people", faults)
    faults.raise_any()
    table = ChangeTable(mine, changes.earlier, changes.later)
    crosswalk = table.crosswalk(mass)
    rows = crosswalk.sources.get_indexer(earlier)
    columns = crosswalk.targets.get_indexer(later)
    shares = csr_array(csr_array(crosswalk.weights[rows])[:, columns])
    weighed = csr_array(csr_array(shares.multiply(d.to_numpy()[:, None])).T)
    total = np.asarray(weighed.sum(axis=1)).ravel()
    if (total <= 0).any():
        raise PopulationFault("earlier people", found=later[total <= 0], detail="nobody there")
    # Divided one by one, so that the only earlier area of a part weighs exactly 1 and parts tie.
    weighed.data /= np.repeat(total, np.diff(weighed.indptr))
    kinds = mine.drop_duplicates("later_code").set_index("later_code")["kind"].reindex(later)
    _, group = connected_components(csr_array(shares.T @ shares), directed=False)
    return Bridge(
        earlier=earlier,
        later=later,
        shares=shares,
        means=weighed,
        kind=kinds.rename("kind"),
        whole=pd.Series(group, index=later, name="whole"),
        provenance=_provenance(changes, kinds, earlier_people, later_people),
    )


def _check_complete(mine: pd.DataFrame, earlier: pd.Index, later: pd.Index, faults: Faults) -> None:
    """Collect areas that the table does not know, or knows only beside areas not at hand."""
    for name, codes, column, other, known in (
        ("earlier", earlier, "earlier_code", "later_code", later),
        ("later", later, "later_code", "earlier_code", earlier),
    ):
        absent = codes[~codes.isin(mine[column])]
        if len(absent):
            faults.add(LookupIncomplete(f"areas of the {name} edition", found=absent))
        beside = mine[mine[column].isin(codes) & ~mine[other].isin(known)]
        if len(beside):
            pairs = [f"{a} with {b}" for a, b in zip(beside[column], beside[other], strict=True)]
            faults.add(
                LookupIncomplete(
                    f"areas of the {name} edition", found=pairs, detail="partners not at hand"
                )
            )


def _people(people: pd.Series | None, codes: pd.Index, where: str, faults: Faults) -> pd.Series:
    """Return people by code, 1 each where none are given."""
    alike = pd.Series(1.0, index=codes)
    if people is None:
        return alike
    with faults.catch():
        found = inputs.numbers(people, where=where).reindex(codes)
        wrong = found.isna() | (found < 0)
        if wrong.any():
            raise PopulationFault(where, found=codes[wrong])
        return found
    return alike


def _provenance(
    changes: ChangeTable,
    kinds: pd.Series,
    earlier_people: pd.Series | None,
    later_people: pd.Series | None,
) -> tuple[str, ...]:
    counted = kinds.value_counts()
    text = ", ".join(f"{counted[kind]:,} {CAME[kind]}" for kind in CAME if kind in counted)
    said = [f"Earlier figures brought from {changes.earlier} to {changes.later}: {text}."]
    if earlier_people is None and "M" in counted:
        said.append("Merged areas take the plain mean of their parts: no people were given.")
    if later_people is None and "X" in counted:
        said.append("Redrawn areas are divided evenly: no people were given.")
    return tuple(said)
