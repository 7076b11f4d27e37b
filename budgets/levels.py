"""Who holds how much at which level, today and after some of it is devolved.

In: streams, each with the level that holds it; shares of streams that are devolved to other
levels, and those levels in whole pence. Out: held and devolved pence by level and agency, which
together are the pot: what is devolved is taken from the level that held it, so that no pound
stands twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from budgets.errors import LedgerImbalance
from budgets.ledger import Level
from budgets.levels_errors import DevolvedTooMuch, DevolvedUnknown, DevolvedWhereHeld
from budgets.money import largest_remainder
from budgets.streams import split_cover
from geo.errors import Faults

NOT_STATED = "not stated"
COLUMNS = ("level", "agency", "held_pence", "devolved_pence")


@dataclass(frozen=True)
class Devolution:
    """One choice: the share of a stream that the areas of a level hold from now on."""

    stream: str
    to: str
    share: float


def level_of(streams: pd.DataFrame) -> pd.Series:
    """Return the level that holds each stream, text by stream.

    The column `held_at` says it; where it is empty, the one layer whose areas the stream covers;
    where there is none or more than one, `not stated`. [own]
    """
    layers = [
        dict.fromkeys(split_cover(cover)[0] for cover in covers) for covers in streams["covers"]
    ]
    found = [
        held or (next(iter(covered)) if len(covered) == 1 else NOT_STATED)
        for held, covered in zip(streams["held_at"], layers, strict=True)
    ]
    return pd.Series(found, index=streams.index, dtype="str", name="level")


def devolve(
    streams: pd.DataFrame,
    choices: Sequence[Devolution],
    *,
    levels: Mapping[str, Level],
    movable: pd.Series | None = None,
) -> pd.DataFrame:
    """Work out what each area of a level receives of the streams that are devolved to it.

    A share h of a stream of amount A, of which M can move and L falls in areas of the level, moves
    `h M L / A` pence, fractions of a penny left where they are; the areas of the level get it in
    proportion to what falls in them, by largest remainder. Money outside the level and place-wide
    money has no area there to hold it and stays. [own]

    Parameters
    ----------
    levels
        The ledger at each level, by layer id.
    movable
        Pence of each stream that can move (`budgets.movable`); without it, all of them.

    Returns
    -------
    DataFrame `stream, agency, from_level, level, area_code, amount_pence`.

    Raises
    ------
    DevolvedUnknown, DevolvedWhereHeld, DevolvedTooMuch, together as `SeveralFaults`.
    """
    held = level_of(streams)
    _check(streams, held, choices, levels)
    amounts = streams["amount_pence"]
    parts = [_NOTHING_DEVOLVED]
    for choice in choices:
        level = levels[choice.to]
        at = level.streams.index.get_loc(choice.stream)
        pence = level.pence[at]
        amount = int(amounts[choice.stream])
        free = amount if movable is None else int(movable[choice.stream])
        total = _part(choice.share, free, int(pence.sum()), amount)
        if total == 0:
            continue
        # Codes in order, so that ties go to the smaller one whatever the order of the layer.
        order = np.argsort(level.areas.to_numpy(dtype=object), kind="stable")
        shared = largest_remainder([total], np.abs(pence[order]).astype(np.float64))
        parts.append(
            pd.DataFrame(
                {
                    "stream": choice.stream,
                    "agency": streams.at[choice.stream, "agency"],
                    "from_level": held[choice.stream],
                    "level": choice.to,
                    "area_code": level.areas[order].astype("str"),
                    "amount_pence": shared,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def held(streams: pd.DataFrame, devolved: pd.DataFrame | None = None) -> pd.DataFrame:
    """Say how much each agency holds at each level, and how much it has devolved there.

    Parameters
    ----------
    devolved
        What `devolve` returns, or any table `stream, level, amount_pence`; without it the picture
        of today.

    Returns
    -------
    DataFrame `level, agency, held_pence, devolved_pence`, in the order of the streams.
    `held_pence` is what stays at the level that holds it, `devolved_pence` what the areas of the
    level hold of other levels' money; both columns together are the sum of the streams.

    Raises
    ------
    LedgerImbalance
        The two columns do not add up to the streams; a defect of the program.
    """
    moved = _NOTHING_DEVOLVED if devolved is None else devolved
    gone = moved.groupby("stream")["amount_pence"].sum().reindex(streams.index, fill_value=0)
    stays = pd.DataFrame(
        {
            "level": level_of(streams),
            "agency": streams["agency"],
            "held_pence": streams["amount_pence"] - gone,
            "devolved_pence": np.int64(0),
        }
    )
    goes = pd.DataFrame(
        {
            "level": moved["level"],
            "agency": streams["agency"].reindex(moved["stream"]).to_numpy(),
            "held_pence": np.int64(0),
            "devolved_pence": moved["amount_pence"],
        }
    )
    both = pd.concat([stays, goes], ignore_index=True)
    table = both.groupby(["level", "agency"], sort=False, as_index=False).sum()
    table = table.astype({"held_pence": "int64", "devolved_pence": "int64"})
    total = int(table[["held_pence", "devolved_pence"]].to_numpy().sum())
    if total != int(streams["amount_pence"].sum()):
        raise LedgerImbalance("held and devolved", found=[f"{total:+,} pence"])
    return table[list(COLUMNS)]


def _part(share: float, free: int, here: int, amount: int) -> int:
    """Return `share x free x here / amount` in whole pence, towards nought."""
    if amount == 0:
        return 0
    # The decimal that was written, not the binary number nearest to it: 0.2 is a fifth.
    return int(Fraction(repr(float(share))) * free * here / amount)


def _check(
    streams: pd.DataFrame,
    held_at: pd.Series,
    choices: Iterable[Devolution],
    levels: Mapping[str, Level],
) -> None:
    faults = Faults("devolved")
    unknown: list[str] = []
    same: list[str] = []
    shares: dict[str, Fraction] = {}
    odd: list[str] = []
    for choice in choices:
        known = choice.stream in streams.index
        unknown += [] if known else [f"stream {choice.stream}"]
        unknown += [] if choice.to in levels else [f"level {choice.to}"]
        if known and held_at[choice.stream] == choice.to:
            same.append(f"{choice.stream}: held at {choice.to}")
        if not 0 < choice.share <= 1:
            odd.append(f"{choice.stream} to {choice.to}: {choice.share:g}")
        else:
            before = shares.get(choice.stream, Fraction(0))
            shares[choice.stream] = before + Fraction(repr(float(choice.share)))
    odd += [f"{stream}: {float(total):g} in all" for stream, total in shares.items() if total > 1]
    if unknown:
        faults.add(DevolvedUnknown(faults.where, found=unknown))
    if same:
        faults.add(DevolvedWhereHeld(faults.where, found=same))
    if odd:
        faults.add(DevolvedTooMuch(faults.where, found=odd))
    faults.raise_any()


_NOTHING_DEVOLVED = pd.DataFrame(
    {
        "stream": pd.Series([], dtype="str"),
        "agency": pd.Series([], dtype="str"),
        "from_level": pd.Series([], dtype="str"),
        "level": pd.Series([], dtype="str"),
        "area_code": pd.Series([], dtype="str"),
        "amount_pence": pd.Series([], dtype="int64"),
    }
)
