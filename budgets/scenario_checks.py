"""What keys of a scenario go together, and whether the entries of a pot agree.

In: the parsed document, of which parts may be wrong in other ways. Out: faults, added to those
found already, so that a document is told everything at once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from budgets.pace_choices import Choices
from budgets.scenario_errors import (
    JoinedTwice,
    KeysContradict,
    MissingScenarioKey,
    PotDisagrees,
    RiskSharesWrong,
    StatusUnsigned,
)
from geo.errors import CommonGroundError, Faults, SeveralFaults

if TYPE_CHECKING:
    from budgets.scenario_document import Join

# What a way of joining needs besides the streams, and what it cannot have. Aligned money stays
# with its owner, who decides and answers for it, so that there is no host to hold it.
NEEDS = {
    "pooled": ("pot", "host", "agreement"),
    "aligned": ("pot",),
    "delegated": ("host", "agreement"),
    "separate": (),
}
REFUSES = {
    "pooled": (),
    "aligned": ("host", "risk_share"),
    "delegated": ("pot", "risk_share"),
    "separate": ("pot", "host", "agreement", "risk_share"),
}
# What `budgets.pace` reads of an entry that shares money out.
LIMITS = ("floor", "ceiling", "fixed", "minimum", "match", "growth", "far_growth", "cap")
RULE_KEYS = ("rule", "unit", *LIMITS)
RAKING = "raking"
NEED_KEYS = ("need_weight", "neediest_per_head", "measure")


def check_entries(raw: Mapping[str, Any], where: str, faults: Faults) -> None:
    """Add a fault for keys that are missing or stand together and must not."""
    head = raw.get("scenario")
    if isinstance(head, dict) and head.get("status") in ("consultation", "agreed"):
        absent = [key for key in ("by", "on") if not head.get(key)]
        if absent:
            faults.add(StatusUnsigned(f"{where}, [scenario]", found=absent))
    for check, table in ((_change, "change"), (_join, "join"), (_share, "share")):
        for number, entry in _entries(raw, table):
            check(entry, f"{where}, [[{table}]] number {number}", faults)


def check_pots(joins: Sequence[Join], where: str, faults: Faults) -> None:
    """Add a fault for streams that join twice, pots that disagree and wrong risk shares."""
    times = Counter(stream for join in joins for stream in join.stream)
    twice = [stream for stream, count in times.items() if count > 1]
    if twice:
        faults.add(JoinedTwice(f"{where}, [[join]]", found=twice))
    pots: dict[str, list[Join]] = {}
    for join in joins:
        if join.pot is not None:
            pots.setdefault(join.pot, []).append(join)
    for pot, entries in pots.items():
        for key in ("as_", "host", "agreement", "risk_share"):
            said = dict.fromkeys(getattr(entry, key) for entry in entries)
            if len(said) > 1:
                spot = f"{where}, pot {pot}, {key.strip('_')}"
                faults.add(PotDisagrees(spot, found=[value or "(nothing)" for value in said]))
    for join in joins:
        whole = math.fsum(share for _, share in join.risk_share)
        if join.risk_share and abs(whole - 1) > 1e-9:
            spot = f"{where}, pot {join.pot}"
            faults.add(RiskSharesWrong(spot, detail=f"they add up to {whole:g}"))


def _entries(raw: Mapping[str, Any], table: str) -> Iterator[tuple[int, dict[str, Any]]]:
    found = raw.get(table)
    if isinstance(found, list):
        for number, entry in enumerate(found, 1):
            if isinstance(entry, dict):
                yield number, entry


def _change(entry: dict[str, Any], spot: str, faults: Faults) -> None:
    given = [key for key in ("amount", "per_cent") if key in entry]
    if len(given) != 1:
        faults.add(KeysContradict(spot, found=given, detail="one of amount and per_cent"))


def _join(entry: dict[str, Any], spot: str, faults: Faults) -> None:
    way = entry.get("as")
    if not isinstance(way, str) or way not in NEEDS:
        return
    absent = [key for key in NEEDS[way] if key not in entry]
    if absent:
        faults.add(MissingScenarioKey(spot, found=absent, detail=f"as = {way!r} needs them"))
    wrong = [key for key in REFUSES[way] if key in entry]
    if wrong:
        faults.add(KeysContradict(spot, found=wrong, detail=f"as = {way!r} does not have them"))


def _share(entry: dict[str, Any], spot: str, faults: Faults) -> None:
    if entry.get("by") in ("people", "current"):
        wrong = [key for key in NEED_KEYS if key in entry]
        if wrong:
            faults.add(KeysContradict(spot, found=wrong, detail="they belong to by = 'need'"))
    for keys in (("match", "match_with"), ("floor", "unit"), ("ceiling", "unit")):
        if keys[0] in entry and keys[1] not in entry:
            faults.add(MissingScenarioKey(spot, found=[keys[1]], detail=f"{keys[0]} needs it"))
    if "match_with" in entry and "match" not in entry:
        faults.add(MissingScenarioKey(spot, found=["match"], detail="match_with needs it"))
    if entry.get("rule") == RAKING:
        wrong = [key for key in (*LIMITS, "unit", "yearly") if key in entry]
        if wrong:
            detail = "raking keeps the totals of lines and areas, and takes no limits"
            faults.add(KeysContradict(spot, found=wrong, detail=detail))
        return
    inner = Faults(spot)
    with inner.catch():
        rule_choices({key: value for key, value in entry.items() if _usable(key, value)})
    for fault in inner:
        faults.add(within(spot, fault))


def rule_choices(entry: Mapping[str, Any]) -> Choices:
    """Return the rule and the limits of an entry as `budgets.pace` takes them."""
    given = {key: entry[key] for key in RULE_KEYS if entry.get(key) not in (None, ())}
    if given.get("rule") == RAKING:
        return Choices()
    # A single figure holds in every year; a list is by year.
    single = {
        key: value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
        for key, value in given.items()
    }
    return Choices.of(single)


def within(spot: str, fault: CommonGroundError) -> CommonGroundError:
    """Return a fault of a room below with the entry of the scenario before its place."""
    if isinstance(fault, SeveralFaults):
        return SeveralFaults([within(spot, one) for one in fault.faults], spot)
    where = f"{spot}, {fault.where}" if fault.where else spot
    return type(fault)(
        where, found=fault.found, count=fault.count, detail=fault.detail, **fault.fields
    )


def _usable(key: str, value: object) -> bool:
    """Say whether a value has the type that its key asks for; what has not is told elsewhere."""
    if key in ("rule", "unit"):
        return isinstance(value, str)
    if isinstance(value, list):
        return bool(value) and all(_usable(key, item) for item in value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and key in LIMITS  # type: ignore[arg-type]
