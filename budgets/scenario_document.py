"""Scenario documents: the choices that turn a baseline into another ledger, as text.

In: TOML, or the same as JSON. Out: `Scenario`, frozen and checked, with every fault raised at
once; it writes itself back as TOML or JSON and knows its hash. What the names in it refer to is
checked where a baseline is at hand, by `budgets.scenario.check`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import tomllib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from budgets.money import read_amount
from budgets.pace_choices import Choices
from budgets.scenario_checks import RULE_KEYS, check_entries, check_pots, rule_choices
from budgets.scenario_errors import (
    MissingScenarioKey,
    ScenarioUnreadable,
    UnknownScenarioKey,
    WrongScenarioValue,
)
from geo.errors import CommonGroundError, Faults

STATUSES = ("draft", "consultation", "agreed")
# The order in which a scenario is applied, whatever the order of the document.
PARTS = ("change", "join", "share", "devolve")


def _date_as_text(value: object) -> object:
    """Carry dates of TOML as ISO text, and refuse days that the calendar does not have."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, str):
        dt.date.fromisoformat(value)
    return value


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _amount(value: object) -> object:
    """Keep an amount as the text of its exact pounds, so that no binary fraction is left in it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("an amount is a number or text such as -1,234.50")
    pence = read_amount(value).pence
    sign = "-" if pence < 0 else ""
    return f"{sign}{abs(pence) // 100}.{abs(pence) % 100:02d}"


def _pairs(value: object) -> object:
    return tuple(sorted(value.items())) if isinstance(value, dict) else value


def _rates(value: object) -> object:
    return (value,) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Day = Annotated[str, BeforeValidator(_date_as_text), Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Pounds = Annotated[str, BeforeValidator(_amount)]
PerCent = Annotated[float, Field(ge=-100.0, le=1000.0, strict=False)]
Number = Annotated[float, Field(strict=False)]
Numbers = Annotated[
    tuple[Number, ...], BeforeValidator(_rates), Field(max_length=100, strict=False)
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Head(_Strict):
    """`[scenario]`: what it is called, how far it is agreed, and from what day it holds."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: Text
    status: Literal["draft", "consultation", "agreed"] = "draft"
    by: str = ""
    on: Day | None = None
    note: str = ""
    year: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}|-\d{4})?$")] | None = None
    takes_effect: Day | None = None


class Change(_Strict):
    """`[[change]]`: a line of money grows or is cut."""

    of: Text
    amount: Pounds | None = None
    per_cent: PerCent | None = None
    reason: Text


class Join(_Strict):
    """`[[join]]`: streams join a community budget, each in one of four ways."""

    stream: Annotated[tuple[Text, ...], BeforeValidator(_listed), Field(min_length=1, strict=False)]
    as_: Annotated[Literal["pooled", "aligned", "delegated", "separate"], Field(alias="as")]
    pot: Text | None = None
    host: Text | None = None
    agreement: Text | None = None
    risk_share: Annotated[
        tuple[tuple[str, Annotated[float, Field(ge=0, le=1, strict=False)]], ...],
        BeforeValidator(_pairs),
    ] = ()


class Share(_Strict):
    """`[[share]]`: movable money is shared out anew over the areas that it covers.

    `rule` and the keys after it are those of `budgets.pace.Choices`; `raking` is a rule of its own,
    which brings several lines to the areas' share of them all, each line within what it covers.
    `yearly` is the growth of the money that is shared, in per cent a year; `match_with` names the
    money that areas bring themselves.
    """

    of: Text
    by: Literal["need", "people", "current"]
    need_weight: Annotated[float, Field(ge=0, le=1, strict=False)] | None = None
    neediest_per_head: Annotated[float, Field(ge=1, le=1000, strict=False)] | None = None
    measure: Text | None = None
    rule: Text = "proportional"
    floor: Number | None = None
    ceiling: Number | None = None
    unit: Text | None = None
    fixed: Number | None = None
    minimum: Number | None = None
    match: Number | None = None
    match_with: Text | None = None
    growth: Numbers = ()
    far_growth: Numbers = ()
    cap: Numbers = ()
    yearly: Annotated[
        tuple[PerCent, ...], BeforeValidator(_rates), Field(max_length=100, strict=False)
    ] = ()

    def pace(self) -> Choices:
        """Return the rule and its limits as `budgets.pace` takes them."""
        return rule_choices({key: getattr(self, key) for key in RULE_KEYS})


class Devolve(_Strict):
    """`[[devolve]]`: a part of the money is held by the areas of a level."""

    of: Text
    to: Text
    share: Annotated[float, Field(gt=0, le=1, strict=False)]


class Scenario(_Strict):
    """A named, immutable set of choices.

    Attributes
    ----------
    head
        What `[scenario]` says.
    change, join, share, devolve
        Its entries, each kind in the order of the document; the kinds are applied in this order.
    """

    head: Annotated[Head, Field(alias="scenario")]
    change: Annotated[tuple[Change, ...], Field(strict=False)] = ()
    join: Annotated[tuple[Join, ...], Field(strict=False)] = ()
    share: Annotated[tuple[Share, ...], Field(strict=False)] = ()
    devolve: Annotated[tuple[Devolve, ...], Field(strict=False)] = ()

    @property
    def id(self) -> str:
        """Short name."""
        return self.head.id

    @property
    def choices(self) -> str:
        """SHA-256 of what changes the money: the entries, and the day from which they hold."""
        chosen = {part: _plain(getattr(self, part)) for part in PARTS}
        return _sha256(chosen | {"takes_effect": self.head.takes_effect, "year": self.head.year})

    @property
    def digest(self) -> str:
        """SHA-256 of the whole document, the same for TOML and JSON and for any spacing."""
        return _sha256(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return the document as plain values; keys that were left out stay out."""
        found: dict[str, Any] = {"scenario": _plain(self.head)}
        return found | {part: _plain(entries) for part in PARTS if (entries := getattr(self, part))}

    def to_json(self) -> str:
        """Write the document as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    def to_toml(self) -> str:
        """Write the document as TOML; reading it again gives an equal scenario."""
        blocks = []
        for table, content in self.to_dict().items():
            head = f"[{table}]" if isinstance(content, dict) else f"[[{table}]]"
            for entry in [content] if isinstance(content, dict) else content:
                lines = [head, *(f"{key} = {_toml(value)}" for key, value in entry.items())]
                blocks.append("\n".join(lines))
        return "\n\n".join(blocks) + "\n"


def parse(text: str, *, where: str = "scenario") -> Scenario:
    """Read a scenario from TOML, or from JSON (text that begins with a brace).

    Raises
    ------
    ScenarioUnreadable
        The text is neither.
    UnknownScenarioKey, MissingScenarioKey, WrongScenarioValue, KeysContradict, StatusUnsigned,
    JoinedTwice, PotDisagrees, RiskSharesWrong
        Faults of its content; several come together as `SeveralFaults`.
    """
    raw = _read(text, where)
    faults = Faults(where)
    scenario = None
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as error:
        for item in error.errors():
            faults.add(_fault(item, raw, where))
    check_entries(raw, where, faults)
    if scenario is not None:
        check_pots(scenario.join, where, faults)
    faults.raise_any()
    assert scenario is not None  # without faults it was made
    return scenario


def _read(text: str, where: str) -> dict[str, Any]:
    text = text.lstrip("\ufeff")
    try:
        text.encode("utf-8")
        if text.lstrip().startswith("{"):
            raw = json.loads(text, object_pairs_hook=_each_once)
            json.dumps(raw, ensure_ascii=False).encode("utf-8")
        else:
            raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ScenarioUnreadable(where, detail=str(error) or "nested too deeply") from None
    return raw


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice, as TOML does; JSON would silently keep the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice")
    return found


def _fault(item: Any, raw: dict[str, Any], where: str) -> CommonGroundError:
    """Turn a fault of pydantic into one of ours, named as the reader of the file finds it."""
    spot = f"{where}, {_spot(item['loc'])}"
    if item["type"] == "missing":
        return MissingScenarioKey(spot)
    if item["type"] == "extra_forbidden":
        return UnknownScenarioKey(spot)
    message = re.sub("^Value error, ", "", item["msg"])
    return WrongScenarioValue(spot, detail=message, found=[item["input"]])


def _spot(loc: tuple[int | str, ...]) -> str:
    """Name a key: the table, which of its entries, the key."""
    table, *rest = loc
    if rest and isinstance(rest[0], int):
        head, rest = f"[[{table}]] number {rest[0] + 1}", rest[1:]
    else:
        head = f"[{table}]" if rest or table == "scenario" else str(table)
    return " ".join([head, ".".join(str(part) for part in rest)]).strip()


def _plain(value: Any) -> Any:
    """Return what was written, without the keys that were left out, as plain values."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    found = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if isinstance(value, Head):
        found = {"id": value.id, "title": value.title, "status": value.status} | found
    if isinstance(value, Join) and value.risk_share:
        found["risk_share"] = dict(value.risk_share)
    return found


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{_toml(key)} = {_toml(item)}" for key, item in value.items())
        return "{ " + ", ".join(pairs) + " }"
    # JSON escapes all that TOML forbids in text but the one control character beyond ASCII's 32.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _sha256(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
