"""Parts of a result that are made when somebody asks for them, and then stay.

In: the names of the parts, or nothing, and how to make one. Out: a mapping or a sequence that looks
as if all of it were there. Somebody who moves a slider looks at one level of a place and at none of
the sentences on how the others were added up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar, overload

Part = TypeVar("Part", covariant=True)


class Later(Mapping[str, Part], Generic[Part]):
    """A mapping whose names are known and whose values are made one by one.

    Two who ask at once may both make a value, which must then be the same: that costs time only.
    """

    def __init__(self, names: Iterable[str], make: Callable[[str], Part]) -> None:
        self._names = dict.fromkeys(names)
        self._make = make
        self._made: dict[str, Part] = {}

    def __getitem__(self, name: str) -> Part:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            return self._made.setdefault(name, self._make(name))
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names  # of `Mapping` it would make the value

    def __repr__(self) -> str:
        return f"<Later {', '.join(self._names)}; made: {', '.join(self._made) or 'none'}>"


class LaterAll(Sequence[Part], Generic[Part]):
    """A sequence that is made as a whole, the first time anything is asked of it."""

    def __init__(self, make: Callable[[], Iterable[Part]]) -> None:
        self._make = make
        self._made: tuple[Part, ...] | None = None

    def _all(self) -> tuple[Part, ...]:
        if self._made is None:
            self._made = tuple(self._make())
        return self._made

    @overload
    def __getitem__(self, at: int) -> Part: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Part, ...]: ...
    def __getitem__(self, at: int | slice) -> Part | tuple[Part, ...]:
        return self._all()[at]

    def __iter__(self) -> Iterator[Part]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())
