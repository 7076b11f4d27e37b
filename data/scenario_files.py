"""An allocation as files.

In: an `Allocation` and a folder. Out: `ledger.csv`, `levels/*.csv`, `changes.csv`,
`deciles.csv`, `held.csv`, `reconciliation.csv`, `eliminations.csv`, the years where a rule goes
over several, and `scenario.lock.json`, from which the same can be made again bit for bit. The
folder appears whole or not at all.
"""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from budgets import scenario
from budgets.eliminations import reconcile
from budgets.ledger import OUTSIDE, PLACE_WIDE
from budgets.scenario_errors import InputsChanged
from data import folders
from data import levels as level_facts
from data.scenarios import TOOL, Allocation
from data.scenarios_errors import NotReproduced
from data.write import installed_version
from geo import cells

LOCK = "scenario.lock.json"
KIND = "allocation"
LIBRARIES = ("numpy", "pandas", "scipy")
# People and shares are shares of counts: eight decimals are far beyond what they mean.
DECIMALS = 8


def write(allocation: Allocation, out: str | Path, *, lock: dict[str, Any] | None = None) -> Path:
    """Write an allocation to a folder and return the folder.

    A folder that is new or empty is taken, and one that holds an earlier allocation and nothing
    else is replaced; any other is refused.

    Parameters
    ----------
    lock
        The lock from which it is made again: the pence must be those it names.

    Raises
    ------
    InputsChanged, NotReproduced
        What the lock names is not what was found; nothing has been written.
    OutputExists, UnusableFolder
        The folder must not or cannot be written.
    """
    check_lock(allocation, lock)
    folder = Path(out).absolute()
    with folders.whole(folder, replaceable=is_earlier) as draft:
        masked = allocation.masked
        ledger = allocation.outcome.ledger
        frame = ledger.to_frame() if masked is None else masked[0].to_frame()
        _csv(frame, draft / "ledger.csv")
        (draft / "levels").mkdir()
        for layer in allocation.levels:
            _csv(level_frame(allocation, layer), draft / "levels" / f"{layer}.csv")
        changes = allocation.changes.rename_axis("area_code").reset_index()
        _csv(changes, draft / "changes.csv")
        _csv(allocation.winners, draft / "deciles.csv")
        _csv(allocation.outcome.held, draft / "held.csv")
        if len(allocation.outcome.devolved):
            _csv(_devolved(allocation), draft / "devolved.csv")
        _csv(reconciliation(allocation), draft / "reconciliation.csv")
        _csv(eliminations(allocation), draft / "eliminations.csv")
        for number, path in allocation.outcome.paths.items():
            if masked is None:
                _csv(_years(path), draft / f"years_{number}.csv")
        _write_lock(allocation, draft)
    return folder


def check_lock(allocation: Allocation, lock: dict[str, Any] | None) -> None:
    """Refuse what is not what the lock says; without a lock there is nothing to check."""
    if lock is None:
        return
    place = allocation.result.place
    if lock.get("content_hash") != place.content_hash:
        now, then = place.inputs, lock.get("inputs", {})
        names = sorted({*now, *then})
        changed = [name for name in names if now.get(name) != then.get(name)]
        raise InputsChanged(place.id, found=changed)
    if lock.get("digest") != allocation.outcome.digest:
        raise InputsChanged(place.id, detail="the settings of need are others")
    if lock.get("ledger_digest") != scenario.ledger_digest(allocation.outcome.ledger):
        raise NotReproduced(place.id)


def is_earlier(folder: Path) -> bool:
    """Say whether a folder holds an earlier allocation and nothing else."""
    try:
        lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
        written = {LOCK, *lock["outputs"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}
    return lock.get("tool") == TOOL and lock.get("kind") == KIND and there <= written


def level_frame(allocation: Allocation, layer: str) -> pd.DataFrame:
    """Return the table of a level before and after, with the rows `outside` and `place-wide`.

    With these two rows `before_pence` and `amount_pence` each add up to their pot. `devolved_pence`
    is what the areas themselves hold of the streams devolved to this level.
    """
    result, level = allocation.result, allocation.levels[layer]
    before = result.levels[layer]
    facts = result.facts[layer]
    table = level_facts.table(facts, level)
    was = pd.Series(before.pence.sum(axis=0), before.areas).reindex(table.index, fill_value=0)
    table.insert(list(table.columns).index("amount_pence"), "before_pence", was)
    devolved = allocation.outcome.devolved
    here = devolved[devolved["level"] == layer].groupby("area_code")["amount_pence"].sum()
    table["devolved_pence"] = here.reindex(table.index, fill_value=0).to_numpy(np.int64)
    rest = pd.DataFrame(
        {
            "name": ["outside every area of this level", "for the whole place, not split"],
            "people": [facts.books.outside, float("nan")],
            "before_pence": [int(before.outside.sum()), int(before.place_wide.sum())],
            "amount_pence": [int(level.outside.sum()), int(level.place_wide.sum())],
        },
        index=pd.Index([OUTSIDE, PLACE_WIDE]),
    )
    joined = pd.concat([table, rest]).rename_axis("area_code")
    joined["change_pence"] = joined["amount_pence"] - joined["before_pence"]
    if allocation.masked is not None:
        _mask_level(joined, allocation, layer)
    for name in ("counted_in_each_pence", "devolved_pence"):
        if name in joined.columns:
            joined[name] = joined[name].astype("Int64")
    return joined.reset_index()


def reconciliation(allocation: Allocation) -> pd.DataFrame:
    """Return the books: one row a check, each with what went in, what came out and what is off.

    Steps of the scenario, areas + outside + place-wide of every level, held + devolved, and the
    agencies' totals less what is eliminated. `off_pence` is nought in every row.
    """
    outcome = allocation.outcome
    pot = outcome.ledger.total
    rows: list[tuple[str, str, int, int, int, int, int, str]] = []
    before = allocation.result.ledger.total
    for step in outcome.steps:
        off = step.before_pence - before
        change = step.after_pence - step.before_pence
        row = (step.kind, step.of, step.before_pence, change, 0, 0, off, step.sentence)
        rows.append(row)
        before = step.after_pence
    for layer, level in allocation.levels.items():
        inside, outside = int(level.pence.sum()), int(level.outside.sum())
        wide = int(level.place_wide.sum())
        off = inside + outside + wide - pot
        rows.append(("level", layer, inside, 0, outside, wide, off, _of_level(layer)))
    held = int(outcome.held["held_pence"].sum())
    devolved = int(outcome.held["devolved_pence"].sum())
    said = "What is held where it was and what is devolved are together the pot."
    rows.append(("held", "*", held, devolved, 0, 0, held + devolved - pot, said))
    books = reconcile(allocation.result.place.streams)
    spent = allocation.result.ledger.total
    off = books.gross_pence - books.eliminated_pence - spent
    passed = -books.eliminated_pence
    rows.append(("eliminations", "*", books.gross_pence, passed, 0, 0, off, books.sentence()))
    columns = ["check", "of", "amount_pence", "change_pence", "outside_pence"]
    return pd.DataFrame(rows, columns=[*columns, "place_wide_pence", "off_pence", "sentence"])


def eliminations(allocation: Allocation) -> pd.DataFrame:
    """Return one row a line as the agencies state it, with what is taken out of it."""
    table = allocation.eliminations.table
    order = ["stream", "agency", "kind", "transfer_of"]
    return table[[*order, *(name for name in table.columns if name not in order)]]


def _of_level(layer: str) -> str:
    return f"Areas of {layer}, what lies outside them and what is for the whole place are the pot."


def _mask_level(table: pd.DataFrame, allocation: Allocation, layer: str) -> None:
    """Leave out the figures of a level that would give a small count away."""
    assert allocation.masked is not None
    shown = allocation.masked[1][layer].by_area()["amount_pence"]
    hidden = shown.reindex(table.index).isna() & table.index.isin(shown.index)
    outside = allocation.masked[1][layer].outside
    if outside.isna().any():
        hidden.loc[OUTSIDE] = True
    for name in table.columns:
        if "pence" in name:
            whole = pd.api.types.is_integer_dtype(table[name])
            table[name] = (table[name].astype("Int64") if whole else table[name]).mask(hidden)


def _devolved(allocation: Allocation) -> pd.DataFrame:
    """Return what each area received, without the pence that would give a small count away."""
    table = allocation.outcome.devolved
    if allocation.masked is None:
        return table
    unseen = {layer: masked.shown.isna() for layer, masked in allocation.masked[1].items()}
    keys = zip(table["stream"], table["level"], table["area_code"], strict=True)
    hidden = np.array([unseen[level].at[stream, area] for stream, level, area in keys], bool)
    return table.assign(amount_pence=table["amount_pence"].astype("Int64").mask(hidden))


def _years(path: pd.DataFrame) -> pd.DataFrame:
    """Return pence by area with a column a year, year 0 being today."""
    named = path.rename(columns={year: f"year_{year}_pence" for year in path.columns})
    return named.rename_axis("area_code").reset_index()


def _csv(frame: pd.DataFrame, path: Path) -> None:
    rounded = frame.round(dict.fromkeys(frame.select_dtypes("float").columns, DECIMALS))
    cells.neutralise(rounded).to_csv(path, index=False, lineterminator="\n")


def _write_lock(allocation: Allocation, draft: Path) -> None:
    """Write last what the allocation was made of and what it wrote."""
    result, outcome = allocation.result, allocation.outcome
    place, spread = result.place, allocation.spread
    outputs = sorted(p for p in draft.rglob("*") if p.is_file())
    lock = {
        "tool": TOOL,
        "kind": KIND,
        "version": installed_version(),
        "made_with": {
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
        "place": {"id": place.id, "name": place.name, "fictional": place.fictional},
        "content_hash": place.content_hash,
        "inputs": dict(sorted(place.inputs.items())),
        "parameters": {
            "need_weight": result.need_weight,
            "neediest_per_head": result.neediest_per_head,
            "tolerance": place.tolerance,
            "takes_effect": outcome.on.isoformat(),
            "draws": 0 if spread is None else spread.draws,
            "seed": None if spread is None else spread.seed,
        },
        "document": outcome.scenario.to_dict(),
        "document_digest": outcome.scenario.digest,
        "digest": outcome.digest,
        "ledger_digest": scenario.ledger_digest(outcome.ledger),
        "pot_before_pence": result.ledger.total,
        "pot_pence": outcome.ledger.total,
        "sentences": list(allocation.sentences),
        "outputs": {p.relative_to(draft).as_posix(): folders.sha256(p) for p in outputs},
    }
    text = json.dumps(lock, ensure_ascii=False, indent=1, allow_nan=False)
    (draft / LOCK).write_text(text + "\n", encoding="utf-8")
