"""Checks of a place.toml beyond the form of its keys.

In: what pydantic found wrong, or settings whose keys are sound by themselves. Out: faults that name
the key: unknown and missing keys, layers that are named and not declared, keys that stand or fall
together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from data.errors import (
    DuplicateId,
    MissingSetting,
    UnknownLayer,
    UnknownSetting,
    WrongSetting,
)
from geo.errors import CommonGroundError, Faults
from indices import indicators
from indices.disclosure_rules import rules

if TYPE_CHECKING:
    from data.settings import Settings


def as_faults(
    error: ValidationError, raw: dict[str, Any], where: str
) -> Iterator[CommonGroundError]:
    """Turn what pydantic found into faults that name the key as a reader of the file finds it."""
    for item in error.errors():
        spot = f"{where}, {_spot(item['loc'], raw)}"
        if item["type"] == "missing":
            yield MissingSetting(spot)
        elif item["type"] == "extra_forbidden":
            yield UnknownSetting(spot)
        else:
            yield WrongSetting(spot, detail=item["msg"], found=[item["input"]])


def _spot(loc: tuple[int | str, ...], raw: dict[str, Any]) -> str:
    """Name a key as a reader of the file finds it: the table, the id of its entry, the key."""
    parts = list(loc)
    if len(parts) > 1 and isinstance(parts[1], int):
        entries = raw.get(str(parts[0]))
        entry = entries[parts[1]] if isinstance(entries, list) else None
        name = entry.get("id") if isinstance(entry, dict) else None
        head = f"[[{parts[0]}]] {name if isinstance(name, str) else f'number {parts[1] + 1}'}"
        rest = parts[2:]
    else:
        head, rest = (f"[{parts[0]}]", parts[1:]) if len(parts) > 1 else (str(parts[0]), [])
    return " ".join([head, ".".join(str(part) for part in rest)]).strip()


def check_references(settings: Settings, where: str, faults: Faults) -> None:
    """Check that every layer that is named is declared, and that keys that belong together are."""
    for kind, ids in (
        ("[[layers]]", [layer.id for layer in settings.layers]),
        ("[[indicators]]", [indicator.id for indicator in settings.indicators]),
    ):
        repeated = [name for name, times in Counter(ids).items() if times > 1]
        if repeated:
            faults.add(DuplicateId(f"{where}, {kind}", found=repeated))
    known = {layer.id for layer in settings.layers}
    references = [("[base] layer", settings.base.layer), ("[base] inside", settings.base.inside)]
    if settings.blocks is not None:
        references.append(("[blocks] layer", settings.blocks.layer))
    references += [
        (f"[[layers]] {layer.id} nests_in.layer", layer.nests_in.layer)
        for layer in settings.layers
        if layer.nests_in is not None
    ]
    for spot, layer in references:
        if layer not in known:
            faults.add(UnknownLayer(f"{where}, {spot}", found=[layer]))
    _check_choices(settings, where, faults)


def _check_choices(settings: Settings, where: str, faults: Faults) -> None:
    """Check keys that stand or fall together."""
    if settings.use is not None:
        strange = [id for id in settings.use.disclosure.values() if id not in rules()]
        if strange:
            detail = f"known are {', '.join(rules())}"
            faults.add(WrongSetting(f"{where}, [use] disclosure", found=strange, detail=detail))
    for layer in settings.layers:
        needs_file = layer.crosswalk.by != "area"
        spot = f"{where}, [[layers]] {layer.id} crosswalk.file"
        if needs_file and layer.crosswalk.file is None and layer.id != settings.base.layer:
            faults.add(MissingSetting(spot, detail=f"by = {layer.crosswalk.by!r} reads a table"))
        if not needs_file and layer.crosswalk.file is not None:
            faults.add(WrongSetting(spot, detail="by = 'area' reads no table"))
        if layer.crosswalk.whole and layer.crosswalk.by != "lookup":
            whole = f"{where}, [[layers]] {layer.id} crosswalk.whole"
            faults.add(WrongSetting(whole, detail="only a lookup says where areas lie whole"))
    for item in settings.indicators:
        spot = f"{where}, [[indicators]] {item.id}"
        if (item.value is None) == (item.numerator is None):
            detail = "give either value, or numerator and denominator"
            faults.add(WrongSetting(spot, detail=detail))
            continue
        indicators.parse([item.as_indicator(settings.base.layer)], faults, where=spot)
        if item.vintage not in (None, settings.base.layer):
            detail = f"the base layer is {settings.base.layer}"
            faults.add(WrongSetting(f"{spot} vintage", found=[item.vintage], detail=detail))
