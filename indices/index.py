"""Builds an index of deprivation from indicators, domain scores or domain ranks.

In: a definition and a table indexed by area code, with one column a domain or with the columns of
the indicators. Out: a frozen `Index`:
scores, and, for the complete edition only, overall ranks and deciles. A part of an edition gets
the same scores, because the number of areas belongs to the edition, and a local rank of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from geo.errors import Faults
from indices import combining, domains, inputs, subdomains, transforms
from indices.definitions import Definition, load
from indices.domains import Made
from indices.errors import (
    ConstantIndicator,
    DefinitionFault,
    EditionMismatch,
    IncompleteEdition,
    NotARanking,
    OptionUnknown,
    TooFewAreas,
)

From = Literal["ranks", "scores", "indicators"]


@dataclass(frozen=True, eq=False, repr=False)
class Index:
    """One index over the areas of one edition, or over a part of them.

    Attributes
    ----------
    definition
        What the index is made of.
    scores
        Overall score, the weighted sum of the transformed domains; high is worse.
    ranks, deciles
        Overall, 1 the most deprived; None unless the edition is complete or the published ranks
        were given.
    local_rank
        Rank of the scores among the areas at hand only.
    domain_ranks, domain_transformed, domain_deciles
        One column a domain, in the order of the definition; ranks are those of the edition.
    domain_scores
        What was ranked, for the domains that were ranked here: all of them where the index was
        built from scores, those made from sub-domains otherwise; None where there are none.
    complete
        Whether all areas of the edition are here.
    n
        Number of areas of the edition.
    provenance
        How each part came about, in words.
    made
        What the domains were made from, where that was indicators; its notes name doubtful
        directions and weights.
    """

    definition: Definition
    scores: pd.Series
    ranks: pd.Series | None
    deciles: pd.Series | None
    local_rank: pd.Series
    domain_ranks: pd.DataFrame
    domain_transformed: pd.DataFrame
    domain_deciles: pd.DataFrame
    domain_scores: pd.DataFrame | None
    complete: bool
    n: int
    provenance: tuple[str, ...] = field(default=())
    made: Made | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def __repr__(self) -> str:
        part = "complete" if self.complete else f"{len(self):,} of {self.n:,} areas"
        return f"<Index {self.definition.id}, {part}, {len(self.definition.domains)} domains>"

    @property
    def flag(self) -> pd.Series:
        """By area "", "rounded" or "hidden": what was done to the counts behind its figures."""
        if self.made is not None:
            return self.made.flag
        return pd.Series("", index=self.scores.index, name="flag", dtype="str")

    @property
    def layer(self) -> str | None:
        """Id of the layer the scores belong to."""
        name = self.scores.index.name
        return None if name is None else str(name)

    def require_complete(self) -> Index:
        """Return this index, or refuse where overall ranks and deciles are not known.

        Raises
        ------
        IncompleteEdition
            Only a part of the edition is here and no published ranks were given.
        """
        if self.ranks is None:
            raise IncompleteEdition(
                self.definition.id, detail=f"{len(self):,} areas at hand of {self.n:,}"
            )
        return self

    def to_frame(self) -> pd.DataFrame:
        """Return one row an area: score, rank, decile, local_rank, then three columns a domain.

        Ranks and deciles are whole numbers; overall ones are missing unless they are known.
        """
        unknown = pd.Series(pd.NA, index=self.scores.index, dtype="Int64")
        columns = {
            "score": self.scores,
            "rank": unknown if self.ranks is None else self.ranks,
            "decile": unknown if self.deciles is None else self.deciles,
            "local_rank": self.local_rank,
        }
        for id in self.definition.domain_ids:
            columns[f"{id}_rank"] = self.domain_ranks[id]
            columns[f"{id}_transformed"] = self.domain_transformed[id]
            columns[f"{id}_decile"] = self.domain_deciles[id]
        return pd.DataFrame(columns)


def build(
    definition: Definition | str | Path,
    data: pd.DataFrame,
    *,
    from_: From = "ranks",
    n: int | None = None,
    published_ranks: pd.Series | None = None,
    districts: pd.Series | None = None,
) -> Index:
    """Build an index from indicators, or from one column a domain.

    Indicators make domain scores (`indices.domains.make`). Domain scores are ranked over the
    edition, the ranks transformed, and the transformed values added up with the published weights,
    which are used as they are: `score = sum_d w_d X(rank_d)`.

    Parameters
    ----------
    definition
        A definition, the name of a shipped one, or the path of a file.
    data
        One row an area, indexed by text code (the index named by the layer id), one column a
        domain named by its id, or the columns that the indicators name. A domain whose column is
        absent is made from its sub-domains where their columns are all there. Further columns are
        ignored.
    from_
        Whether the columns hold edition ranks (1 the worst), scores, or what indicators are made
        from.
    n
        Number of areas of the edition, for a definition that does not state it; by default the
        areas at hand are the edition.
    published_ranks
        The overall ranks as published: for a part of an edition they give ranks and deciles.
    districts
        District of each area, for indicators that are shrunk towards it.

    Raises
    ------
    CodesNotText, DuplicateCodes, EmptyIndexData, MissingDomainColumn, NotANumber,
    MissingDomainValue, NotARanking, RankOutOfRange, VintageMismatch, EditionMismatch, TooFewAreas,
    ConstantIndicator
        What is wrong with the input; several faults come together. From indicators also all that
        `indices.rates.measure` and `indices.domains.make` raise.
    IncompleteEdition
        Indicators, scores, or sub-domains, of a part of an edition cannot be ranked.
    """
    if not isinstance(definition, Definition):
        definition = load(definition)
    if from_ not in ("ranks", "scores", "indicators"):
        detail = "it is 'ranks', 'scores' or 'indicators'"
        raise OptionUnknown("from_", found=[from_], detail=detail)
    where = f"data for {definition.id}"
    made = None
    if from_ == "indicators":
        n = _edition_size(definition, n, len(data), where)
        _check_complete(len(data), n, where)
        made = domains.make(definition, data, districts=districts, where=where)
    values = inputs.domain_values(definition, data if made is None else made.scores, where=where)
    n = _edition_size(definition, n, len(values), where)
    _check_can_be_ranked(definition, values, from_, n, where)
    ranks, scores = rank_domains(definition, values, from_, n)
    if len(values) == n:
        _check_differs(ranks, where)
    transformed = _transform(definition, ranks, scores, n)
    overall = pd.Series(overall_scores(definition, transformed), index=values.index, name="score")
    place = _whole(transforms.ranks(overall, ties=definition.ties), "local_rank")
    known = _overall_ranks(place, published_ranks, n, complete=len(values) == n)
    return Index(
        definition=definition,
        scores=overall,
        ranks=known,
        deciles=None if known is None else _whole(transforms.deciles(known, n), "decile"),
        local_rank=place,
        domain_ranks=_whole_columns(ranks),
        domain_transformed=transformed,
        domain_deciles=transforms.deciles(ranks, n).astype("int64"),
        domain_scores=scores,
        complete=len(values) == n,
        n=n,
        provenance=_provenance(definition, from_, len(values), n, published_ranks is not None),
        made=made,
    )


def _check_can_be_ranked(
    definition: Definition, values: pd.DataFrame, from_: From, n: int, where: str
) -> None:
    """Refuse ranks that are none, and a part of an edition where ranks must be made."""
    if from_ == "ranks":
        _check_ranks(values, n, where)
    else:
        _check_complete(len(values), n, where)
    made = [id for id in definition.domain_ids if id not in values]
    if made and len(values) < n:
        raise IncompleteEdition(
            where,
            found=made,
            detail="domains made from sub-domains must be ranked over the edition; "
            f"{len(values):,} areas at hand of {n:,}",
        )


def _check_differs(ranks: pd.DataFrame, where: str) -> None:
    """Refuse an edition of one area, and domains in which all areas of an edition tie."""
    if len(ranks) < 2:
        raise TooFewAreas(where, found=ranks.index)
    tied = [str(id) for id in ranks if (ranks[id] == ranks[id].iloc[0]).all()]
    if tied:
        raise ConstantIndicator(where, found=tied, detail="all areas tie in a domain")


def _check_complete(at_hand: int, n: int, where: str) -> None:
    if at_hand < n:
        raise IncompleteEdition(
            where, detail=f"scores of {at_hand:,} areas at hand of {n:,} cannot be ranked"
        )


def overall_scores(definition: Definition, transformed: pd.DataFrame) -> combining.Floats:
    """Return the overall score, the published weights as they are.

    One column after the other, in the definition's order: the sum, and so a tie, is then the same
    on every machine, which a matrix product does not promise.
    """
    weights = definition.weights.to_numpy()
    if definition.mean != "arithmetic":
        scale: combining.Scale = "none" if definition.transform == "none" else "rank"
        transformed = combining.positive(transformed, scale, definition.mean)
        weights = weights / weights.sum()
    rows = np.ascontiguousarray(transformed[definition.domain_ids].to_numpy().T)
    return combining.weighted_mean(rows, weights, definition.mean)


def _edition_size(definition: Definition, n: int | None, at_hand: int, where: str) -> int:
    if definition.n_areas is not None and n not in (None, definition.n_areas):
        raise EditionMismatch(
            where, detail=f"n is {n:,}, {definition.id} has {definition.n_areas:,} areas"
        )
    size = definition.n_areas or n or at_hand
    if at_hand > size:
        raise EditionMismatch(where, detail=f"{at_hand:,} areas given, the edition has {size:,}")
    return size


def _check_ranks(values: pd.DataFrame, n: int, where: str) -> None:
    """Refuse columns that cannot be ranks of the edition, all of them at once."""
    faults = Faults(where)
    for column in values.columns:
        with faults.catch():
            transforms.check_ranking(values[column], n, where=f"{where}, column {column}")
    faults.raise_any()
    if 2 < len(values) < n and all(
        transforms.is_ranking_of_itself(values[column]) for column in values.columns
    ):
        # Possible for the ranks of an edition in theory; in practice these are local ranks, or
        # the complete ranks of another edition.
        raise NotARanking(
            where,
            detail=f"every column ranks exactly the {len(values):,} areas at hand, "
            f"not the {n:,} of the edition",
        )


def rank_domains(
    definition: Definition, values: pd.DataFrame, from_: From, n: int
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the ranks of the domains, and the scores of those that have any."""
    ranks, scores = {}, {}
    kind: Literal["ranks", "scores"] = "ranks" if from_ == "ranks" else "scores"
    for domain in definition.domains:
        worse = domain.high_is_worse
        if domain.id not in values:
            scores[domain.id] = subdomains.combine(domain, values, n=n, from_=kind)
            worse = True  # transformed values are high where deprivation is
        elif kind == "scores":
            scores[domain.id] = values[domain.id]
        if domain.id in scores:
            ranks[domain.id] = transforms.ranks(
                scores[domain.id], high_is_worse=worse, ties=definition.ties
            )
        else:
            ranks[domain.id] = values[domain.id]
    made = pd.DataFrame(scores, index=values.index) if scores else None
    return pd.DataFrame(ranks, index=values.index), made


def _transform(
    definition: Definition, ranks: pd.DataFrame, scores: pd.DataFrame | None, n: int
) -> pd.DataFrame:
    if definition.transform == "exponential":
        return transforms.exponential(ranks, n)
    if definition.transform == "rank":
        return (n + 1.0 - ranks) * (100.0 / n)
    if scores is None or list(scores.columns) != definition.domain_ids:
        raise DefinitionFault(
            definition.id, detail="its transform is none, which needs domain scores, not ranks"
        )
    signs = [1.0 if domain.high_is_worse else -1.0 for domain in definition.domains]
    return scores * signs


def _overall_ranks(
    place: pd.Series, published: pd.Series | None, n: int, *, complete: bool
) -> pd.Series | None:
    if published is not None:
        aligned = inputs.aligned_ranks(published, place.index)
        transforms.check_ranking(aligned, n, where="published_ranks")
        return _whole(aligned, "rank")
    return place.rename("rank") if complete else None


def _provenance(
    definition: Definition, from_: From, at_hand: int, n: int, published: bool
) -> tuple[str, ...]:
    part = "the complete edition" if at_hand == n else f"{at_hand:,} of the edition's {n:,} areas"
    source = from_ if from_ == "indicators" else f"domain {from_}"
    lines = [
        f"{definition.title}, edition {definition.edition}: {part}",
        f"built from {source} with the transform {definition.transform}",
        f"weights as published, adding up to {definition.weights_total:g}",
        f"reference: {definition.reference}",
    ]
    if published:
        lines.append("overall ranks as published, not computed")
    if from_ == "indicators":
        lines += [indicator.describe() for indicator in definition.indicators]
    return tuple(lines)


def _whole(values: pd.Series, name: str) -> pd.Series:
    """Name ranks or deciles and make them whole numbers, unless ties share half ranks."""
    whole = bool((values % 1 == 0).all())
    return (values.astype("int64") if whole else values).rename(name)


def _whole_columns(ranks: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({str(column): _whole(ranks[column], str(column)) for column in ranks})
