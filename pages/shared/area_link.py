"""A drawn shape as a short word in a link, and back.

In: corners in longitude and latitude. Out: letters that an address may hold as they are, about
seven a corner, to the fifth of a degree's decimals (a metre); and the corners again. The first
letter is the version of this writing, so that a link of today can still be read when it changes.

Each number is the step from the corner before, its sign in the lowest bit, cut into fives of bits
from the low end; the sixth bit says that more follow.
"""

from __future__ import annotations

from collections.abc import Sequence

from pages.shared.live_map import corners

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
VERSION = "1"
PER_DEGREE = 100_000
LONGEST = 2000
_MORE, _LOW = 32, 31

Ring = list[tuple[float, float]]


def write(ring: Sequence[tuple[float, float]]) -> str:
    """Write the corners of a shape as a word."""
    found, before = [VERSION], (0, 0)
    for corner in ring:
        now = (round(corner[0] * PER_DEGREE), round(corner[1] * PER_DEGREE))
        found += [_number(now[0] - before[0]), _number(now[1] - before[1])]
        before = now
    return "".join(found)


def read(word: str) -> Ring:
    """Read the corners of a shape; [] where the word is none of ours or no shape at all."""
    if not word.startswith(VERSION) or len(word) > LONGEST:
        return []
    steps, number, shift = [], 0, 0
    for letter in word[1:]:
        value = LETTERS.find(letter)
        if value < 0 or shift > 40:
            return []
        number |= (value & _LOW) << shift
        shift += 5
        if not value & _MORE:
            steps.append(-(number >> 1) - 1 if number & 1 else number >> 1)
            number, shift = 0, 0
    if shift or len(steps) % 2:
        return []
    ring, lng, lat = [], 0, 0
    for east, north in zip(steps[::2], steps[1::2], strict=True):
        lng, lat = lng + east, lat + north
        ring.append([lng / PER_DEGREE, lat / PER_DEGREE])
    return corners(ring)


def _number(step: int) -> str:
    left = (-step - 1) << 1 | 1 if step < 0 else step << 1
    letters = []
    while left > _LOW:
        letters.append(LETTERS[left & _LOW | _MORE])
        left >>= 5
    return "".join([*letters, LETTERS[left]])
