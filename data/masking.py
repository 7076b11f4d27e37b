"""Which money of a place may not be shown, because it follows counts that may not be.

In: a place with the disclosure rules of its counts, a ledger and its levels. Out: what may be
shown of them (`budgets.suppressed`), and tables of levels without what may not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from boundaries.crosswalk import Crosswalk
from budgets.ledger import Ledger, Level
from budgets.money import Int64
from budgets.suppressed import Flags, Masked, Sensitive, mask_levels
from indices.disclosure import disclose
from indices.disclosure_rules import Rule, rule
from indices.shown import heaviest

if TYPE_CHECKING:
    from data.nesting import Nested
    from data.place import Place
    from data.run import Result

# Methods that split money by a column of use.
BY_USE = ("recorded", "activity", "client-group", "asset")
MONEY = ("amount_pence", "counted_in_each_pence", "pence_per_person")

Shown = tuple[Masked, dict[str, Masked]]


def flags_for(place: Place, ledger: Ledger) -> Flags:
    """Return the streams whose money follows counts that may not be shown, with their rule.

    A column of use has the rule that `[use] disclosure` names, else that of the indicator of the
    same id, or of the one that counts it in its numerator. A stream that follows several such
    columns has the heaviest of their flags.
    """
    rules = _rules(place)
    found: dict[str, pd.Series | Sensitive] = {}
    streams = ledger.streams
    for stream, method, use in zip(streams.index, streams["method"], streams["use"], strict=True):
        columns = [part.split("@")[0].strip() for part in str(use).split(";") if part.strip()]
        secret = [name for name in columns if name in rules] if method in BY_USE else []
        counts = {name: place.use[name].reindex(ledger.areas) for name in secret}
        if len(secret) == 1:
            found[str(stream)] = Sensitive(counts[secret[0]], rules[secret[0]])
        elif secret:
            flags = {name: disclose(counts[name], rules[name]).flag for name in secret}
            found[str(stream)] = heaviest(pd.DataFrame(flags))
    return found


def shown(
    place: Place,
    ledger: Ledger,
    levels: Mapping[str, Level],
    crosswalks: Mapping[str, Crosswalk],
    nested: Mapping[str, Nested],
    *,
    flags: Flags | None = None,
) -> Shown | None:
    """Return what may be shown of a ledger and its levels; None where all of it may.

    Parameters
    ----------
    flags
        Those of `flags_for` where absent; a scenario keeps those of the ledger it began with.

    Raises
    ------
    CannotBeHidden
        A stream has one area only, so that its amount is that area's.
    """
    flags = flags_for(place, ledger) if flags is None else flags
    if not flags:
        return None
    walks: dict[str, tuple[Level, Crosswalk] | tuple[Level, Crosswalk, pd.Series]] = {}
    for layer, level in levels.items():
        if layer in nested:
            walks[layer] = (level, nested[layer].crosswalk, nested[layer].parents)
        else:
            walks[layer] = (level, crosswalks[layer])
    return mask_levels(ledger, flags, walks, tolerance=place.tolerance)


def masked_table(table: pd.DataFrame, masked: Masked) -> pd.DataFrame:
    """Return the table of a level without the money that may not be shown, and with a `flag`.

    Where figures are rounded, the money of an area is the sum of what is shown.
    """
    areas = masked.by_area().reindex(table.index)
    done = table.copy()
    touched = areas["flag"].fillna("").to_numpy() != ""
    hidden = areas["amount_pence"].isna().to_numpy() & touched
    amount = table["amount_pence"].astype("Int64")
    done["amount_pence"] = amount.mask(touched, areas["amount_pence"]).mask(hidden)
    if "counted_in_each_pence" in done:
        # Nobody has looked for what the second figure gives away: it is shown where nothing is.
        done["counted_in_each_pence"] = done["counted_in_each_pence"].astype("Int64").mask(touched)
    people = table["people"].to_numpy(dtype=float)
    pence = done["amount_pence"].to_numpy(dtype=float, na_value=np.nan)
    each = np.divide(pence, people, out=np.full(len(table), np.nan), where=people > 0)
    done["pence_per_person"] = np.where(touched, each, table["pence_per_person"])
    done["flag"] = areas["flag"].fillna("").to_numpy()
    return done


def public(result: Result) -> Result:
    """Return the result as anybody may see it: ledger and levels hold what is shown, no more.

    What is hidden or was rounded away stands with the money for the whole place, so that every
    figure made from it, of drawn areas too, adds up and tells nothing. The same result where
    nothing has to be hidden.
    """
    if result.masked is None:
        return result
    base, levels = result.masked
    pence, _, wide = _open(base)
    ledger = replace(result.ledger, pence=pence, place_wide=wide)
    done = {}
    for layer, level in result.levels.items():
        pence, outside, wide = _open(levels[layer])
        each = level.counted_in_each
        if each is not None:
            secret = (levels[layer].flag != "").any(axis=1).to_numpy()
            each = np.where(secret[:, None], pence, each)
        done[layer] = replace(
            level, pence=pence, outside=outside, place_wide=wide, counted_in_each=each
        )
    return replace(result, ledger=ledger, levels=done)


def _open(masked: Masked) -> tuple[Int64, Int64, Int64]:
    """Return pence shown, outside, and all the rest of each stream."""
    pence = masked.shown.to_numpy(dtype=np.int64, na_value=0)
    outside = masked.outside.to_numpy(dtype=np.int64, na_value=0)
    rest = masked.amounts.to_numpy(dtype=np.int64) - pence.sum(axis=1) - outside
    return pence, outside, rest


def _rules(place: Place) -> dict[str, Rule]:
    """Return the rule of every column of use that may not be shown as it is."""
    named = {
        name: item.disclosure
        for item in place.settings.indicators
        for name in (item.numerator, item.id)
        if name is not None
    }
    if place.settings.use is not None:
        named |= place.settings.use.disclosure
    rules = {name: rule(id) for name, id in named.items() if name in place.use.columns}
    return {name: of for name, of in rules.items() if of.hide is not None or of.round_to > 1}
