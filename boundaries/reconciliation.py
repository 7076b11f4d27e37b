"""The books that close over every conversion.

In: sums. Out: `Reconciliation`, which says what went in, what came out and what was left over, and
`Converted`, which carries it beside the values.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from boundaries.checks import EXACT
from boundaries.errors import CrosswalkBroken


@dataclass(frozen=True)
class Reconciliation:
    """What went in, what came out and what was left over.

    `total_in + overlap_counted_twice = total_out + outside + withheld`, always. For a rate the
    totals are those of its denominator.

    Attributes
    ----------
    what
        "values" for counts, "denominator" for rates and categories.
    total_in, total_out
        Sum over the sources with a value, and over the targets with a value.
    outside
        Amount that no target received; `unplaceable` is the part of it that has no weight (0/0).
    overlap_counted_twice
        Amount by which targets that overlap count more than went in.
    withheld
        Known amount in targets that are missing because too much of them is missing.
    moved
        Amount that rescaling put into targets, because its source fell short by no more than the
        tolerance (negative where slivers of overlap were divided).
    missing
        Number of sources without a value.
    tolerance
        The tolerance used.
    outside_codes, overlap_codes, moved_codes, missing_codes, zero_mass_codes
        Sources concerned.
    missing_targets
        Targets without a value.
    """

    what: str
    total_in: float
    total_out: float
    outside: float
    unplaceable: float
    overlap_counted_twice: float
    withheld: float
    moved: float
    missing: int
    tolerance: float
    outside_codes: tuple[str, ...] = ()
    overlap_codes: tuple[str, ...] = ()
    moved_codes: tuple[str, ...] = ()
    missing_codes: tuple[str, ...] = ()
    zero_mass_codes: tuple[str, ...] = ()
    missing_targets: tuple[str, ...] = ()

    @property
    def difference(self) -> float:
        """What the books do not explain; rounding noise, or a fault of this program."""
        explained = self.total_out + self.outside + self.withheld
        return self.total_in + self.overlap_counted_twice - explained

    def check(self, *, size: float) -> None:
        """Raise `CrosswalkBroken` unless the books close to 1e-9 of the amounts moved."""
        if abs(self.difference) > 1e-9 * max(size, 1.0):
            raise CrosswalkBroken("reconciliation", detail=f"{self.difference:g} is unexplained")

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as plain numbers, texts and lists."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    def sentence(self) -> str:
        """Say in one sentence what went in, what came out and what was left over."""
        noun = "" if self.what == "values" else " of the denominator"
        parts = [
            f"{say_number(self.total_in)}{noun} went in, {say_number(self.total_out)} came out"
        ]
        if self.outside or self.outside_codes:
            parts.append(f"{say_number(self.outside)} lie outside ({_count(self.outside_codes)})")
        if self.unplaceable:
            parts.append(f"{say_number(self.unplaceable)} of them have no weight to be split by")
        if self.overlap_counted_twice:
            twice = say_number(self.overlap_counted_twice)
            parts.append(f"{twice} are counted more than once ({_count(self.overlap_codes)})")
        if self.moved_codes:
            parts.append(
                f"{say_number(self.moved)} were moved because {_count(self.moved_codes)} "
                f"fit within {self.tolerance:.1%} only"
            )
        if self.missing:
            parts.append(f"{_count(self.missing_codes)} without a value")
        if self.withheld:
            parts.append(f"{say_number(self.withheld)} are withheld in targets with a missing part")
        if self.missing_targets:
            parts.append(f"{_count(self.missing_targets, 'target')} without a value")
        return "; ".join(parts) + "."


@dataclass(frozen=True)
class Converted:
    """Values by target code, with the books that close over them."""

    values: Any
    reconciliation: Reconciliation


def say_number(value: float) -> str:
    """Write a number for people: whole where it is whole, else with two decimals."""
    whole = abs(value - round(value)) <= EXACT * max(1.0, abs(value))
    return f"{value:,.0f}" if whole else f"{value:,.2f}"


def _count(codes: tuple[str, ...], noun: str = "source") -> str:
    return f"{len(codes):,} {noun}{'' if len(codes) == 1 else 's'}"
