"""A result as files that other programs read.

In: a `Result` and a folder. Out: `index.csv`, `ledger.csv`, `streams.csv`, `grades.csv`,
`eliminations.csv`, `second_method.csv`, `calendar.csv`, `levels/*.csv`, `crosswalks/*.csv` with a
`.json` beside each, `map.html` and `manifest.json`. The folder appears whole or not at all, and
the same place with the same settings gives the same files.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from budgets import honesty
from budgets.ledger import OUTSIDE, PLACE_WIDE
from budgets.money import format_pounds
from budgets.suppressed import HIDDEN, NOT_SHOWN, Masked
from data import baseline_tables, folders
from geo import cells, display, maps

if TYPE_CHECKING:
    from data.run import Result

MANIFEST = "manifest.json"
TOOL = "common-ground"
MAP = "map.html"
# People and scores are shares of counts: six decimals are far beyond what they mean.
DECIMALS = 6
MAP_PIXELS = 2000.0


def write(result: Result, out: str | Path, *, prices_of: str | None = None) -> Path:
    """Write a result to a folder and return the folder.

    With a year, `streams.csv` has one more column: the amounts in the prices of that year.

    A folder that is new or empty is taken. One that holds an earlier run is replaced, if it holds
    nothing else than what the manifest of that run lists; any other is refused.

    Raises
    ------
    OutputExists, UnusableFolder
        The folder must not or cannot be written; nothing has been changed.
    """
    folder = Path(out).absolute()
    with folders.whole(folder, replaceable=is_earlier_run) as draft:
        if result.index is not None:
            _write_index(result, draft / "index.csv")
        ledger = result.ledger if result.masked is None else result.masked[0]
        _csv(ledger.to_frame(), draft / "ledger.csv")
        _write_baseline(result, draft, prices_of)
        (draft / "levels").mkdir()
        for layer in result.levels:
            _csv(level_frame(result, layer), draft / "levels" / f"{layer}.csv")
        (draft / "crosswalks").mkdir()
        base = result.place.base_layer
        for layer, crosswalk in result.crosswalks.items():
            if layer != base:
                crosswalk.write(draft / "crosswalks" / f"{base}_{layer}.csv")
        maps.save(_map(result), draft / MAP)
        _write_manifest(result, draft)
    return folder


def is_earlier_run(folder: Path) -> bool:
    """Say whether a folder holds an earlier run and nothing else."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        written = {MANIFEST, *manifest["outputs"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}
    return manifest.get("tool") == TOOL and there <= written


def level_frame(result: Result, layer: str) -> pd.DataFrame:
    """Return the table of a level with the rows `outside` and `place-wide`.

    With these two rows the column `amount_pence` adds up to the pot. In every area it is made up
    of `recorded_pence` (grades A to C), `assumed_pence` (D and E: it follows from our assumption
    and is not to be ranked) and `spent_here_pence` (F, where it is spent and not where the benefit
    falls).
    """
    level, table = result.levels[layer], result.level_tables[layer]
    frame = table.copy()
    kept_apart = honesty.by_area(level)
    for name, pence in kept_apart.items():
        frame[str(name)] = pence.reindex(table.index, fill_value=0)
    frame.index = frame.index.rename("area_code")
    rest = pd.DataFrame(
        {
            "name": ["outside every area of this level", "for the whole place, not split"],
            "people": [result.facts[layer].books.outside, float("nan")],
            "amount_pence": [int(level.outside.sum()), int(level.place_wide.sum())],
        },
        index=pd.Index([OUTSIDE, PLACE_WIDE], name="area_code"),
    )
    for column, beyond in honesty.outside(level).items():
        rest[column] = np.array([beyond, 0], np.int64)
    if result.masked is not None:
        frame, rest = _masked_parts(frame, rest, result.masked[1][layer])
        rest = _masked_rest(rest, result.masked[1][layer], frame)
        frame["amount_pence"] = frame["amount_pence"].astype("Int64")
        rest["amount_pence"] = rest["amount_pence"].astype("Int64")
    joined = pd.concat([frame, rest])
    if "counted_in_each_pence" in joined.columns:
        joined["counted_in_each_pence"] = joined["counted_in_each_pence"].astype("Int64")
    return joined.reset_index()


def _masked_parts(
    frame: pd.DataFrame, rest: pd.DataFrame, masked: Masked
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out the parts of amounts that may not be shown: they would give them away."""
    flag = masked.by_area()["flag"].reindex(frame.index).fillna("").to_numpy()
    gone = bool(masked.outside.isna().any())
    hidden = pd.Series([gone, False], index=rest.index)
    for name in honesty.KEPT_APART:
        frame = frame.assign(**{name: frame[name].astype("Int64").mask(flag != "")})
        rest = rest.assign(**{name: rest[name].astype("Int64").mask(hidden)})
    return frame, rest


def _masked_rest(rest: pd.DataFrame, masked: Masked, frame: pd.DataFrame) -> pd.DataFrame:
    """Add the row of what is not shown, so that the column still adds up to the pot."""
    done = rest.assign(flag="")
    outside = int(masked.outside.fillna(0).sum())
    done.loc[OUTSIDE, "amount_pence"] = outside
    if masked.outside.isna().any():
        done.loc[OUTSIDE, "flag"] = HIDDEN
    shown = int(frame["amount_pence"].sum()) + outside + int(masked.place_wide.sum())
    missing = int(masked.amounts.sum()) - shown
    last = pd.DataFrame(
        {
            "name": ["hidden or rounded away, because it follows small counts"],
            "amount_pence": [missing],
            "flag": [HIDDEN],
        },
        index=pd.Index([NOT_SHOWN], name=done.index.name),
    )
    return pd.concat([done, last])


def _write_baseline(result: Result, draft: Path, prices_of: str | None) -> None:
    """Write how far the ledger can be trusted, and how it was reached."""
    second = baseline_tables.second_method(result)
    _csv(baseline_tables.lines(result, second, prices_of=prices_of), draft / "streams.csv")
    _csv(baseline_tables.calendar(result), draft / "calendar.csv")
    _csv(baseline_tables.grades(result), draft / "grades.csv")
    _csv(baseline_tables.eliminations(result), draft / "eliminations.csv")
    areas = baseline_tables.second_areas(result, second)
    _csv(_masked_areas(areas, result), draft / "second_method.csv")


def _masked_areas(areas: pd.DataFrame, result: Result) -> pd.DataFrame:
    """Leave out the money of areas that may not be shown, and the differences made with it."""
    if result.masked is None:
        return areas
    flag = result.masked[0].by_area()["flag"].reindex(areas["area_code"]).to_numpy()
    done = areas.assign(flag=flag)
    for name in [name for name in areas.columns if name.endswith(("_pence", "_share"))]:
        whole = pd.api.types.is_integer_dtype(areas[name])
        done[name] = (areas[name].astype("Int64") if whole else areas[name]).mask(flag != "")
    return done


def _write_index(result: Result, path: Path) -> None:
    assert result.index is not None
    frame = result.index.to_frame()
    names = result.layers[result.place.base_layer]["name"].reindex(frame.index)
    frame.insert(0, "name", names)
    frame.insert(1, "inside", result.inside.reindex(frame.index))
    frame.index = frame.index.rename("area_code")
    _csv(frame.reset_index(), path)


def _csv(frame: pd.DataFrame, path: Path) -> None:
    rounded = frame.round(dict.fromkeys(frame.select_dtypes("float").columns, DECIMALS))
    cells.neutralise(rounded).to_csv(path, index=False, lineterminator="\n")


def _map(result: Result) -> Any:
    """Draw money per person in the small areas of the place."""
    place = result.place
    inside = result.inside.reindex(result.layers[place.base_layer].index)
    areas = result.layers[place.base_layer][inside]
    pounds = result.level_tables[place.base_layer]["pence_per_person"].reindex(areas.index) / 100
    left, bottom, right, top = areas.total_bounds
    simple = display.simplify(areas, tolerance_m=max(right - left, top - bottom) / MAP_PIXELS)
    banner = f"{place.name} is a fictional place." if place.fictional else ""
    layer = place.settings.layer(place.base_layer)
    years = ", ".join(sorted(set(result.ledger.streams["year"])))
    return maps.folium_map(
        simple,
        pounds,
        title=f"Money per person, {place.name}",
        legend_title=f"Pounds per person, {years}",
        format=lambda value: format_pounds(round(value * 100), whole=True),
        source=f"{layer.title}. {layer.source}",
        look=maps.Look(banner=banner),
    )


def _write_manifest(result: Result, draft: Path) -> None:
    """Write last what the run was made of and what it wrote."""
    place = result.place
    outputs = sorted(p for p in draft.rglob("*") if p.is_file())
    manifest = {
        "tool": TOOL,
        "version": installed_version(),
        "place": {"id": place.id, "name": place.name, "fictional": place.fictional},
        "content_hash": place.content_hash,
        "inputs": dict(sorted(place.inputs.items())),
        "parameters": {
            "need_weight": result.need_weight,
            "neediest_per_head": result.neediest_per_head,
            "tolerance": place.tolerance,
            "crs": place.settings.place.crs,
            "people": place.settings.base.people,
            "index": None if result.index is None else result.index.definition.id,
        },
        "pot_pence": result.pot_pence,
        "levels": {
            layer: {
                "targets_pence": int(level.pence.sum()),
                "outside_pence": int(level.outside.sum()),
                "place_wide_pence": int(level.place_wide.sum()),
            }
            for layer, level in result.levels.items()
        },
        "steps": [step.to_dict() for step in result.steps],
        "outputs": {p.relative_to(draft).as_posix(): folders.sha256(p) for p in outputs},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, allow_nan=False)
    (draft / MANIFEST).write_text(text + "\n", encoding="utf-8")


def installed_version() -> str:
    """Return the version of Common Ground, or "unknown" in a bare checkout."""
    try:
        return version(TOOL)
    except PackageNotFoundError:
        return "unknown"
