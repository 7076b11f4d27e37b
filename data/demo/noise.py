"""Repeatable chance: one stream of random numbers a room, and smooth random surfaces.

In: a seed and the name of the room that draws. Out: a generator of its own for that room, so that
a change in one room leaves what the others draw as it was; and surfaces of a stated scale.
"""

from __future__ import annotations

import zlib

import numpy as np

from data.demo.arrays import Floats

WAVES = 18


def chance(seed: int, room: str) -> np.random.Generator:
    """Return the random generator of one room; the same seed and name give the same numbers."""
    return np.random.default_rng([seed % 2**64, zlib.crc32(room.encode())])


def surface(xy: Floats, rng: np.random.Generator, *, scale_m: float) -> Floats:
    """Evaluate a smooth random surface at points.

    The sum of plane waves with random directions, phases and lengths around `scale_m`, divided
    so that its values are near a standard normal.

    Parameters
    ----------
    xy
        Points, (n, 2), in metres.
    rng
        The surface is what this generator draws next; the points have no part in it.
    scale_m
        Typical distance from a hill to the next hollow.

    Returns
    -------
    (n,) values with mean about 0 and standard deviation about 1.
    """
    angle = rng.uniform(0, 2 * np.pi, WAVES)
    length = scale_m * np.exp(rng.normal(0, 0.45, WAVES))
    phase = rng.uniform(0, 2 * np.pi, WAVES)
    wave = np.stack([np.cos(angle), np.sin(angle)]) * (np.pi / length)
    return np.asarray(np.sqrt(2 / WAVES) * np.cos(xy @ wave + phase).sum(axis=1))


def wobble(angle: Floats, rng: np.random.Generator, *, size: float) -> Floats:
    """Evaluate a closed random outline: the factor by which a radius varies with direction.

    It stays between 1 - 1.5 size and 1 + 1.5 size, whatever is drawn.
    """
    stray = np.zeros_like(angle)
    for turns in (2, 3, 5, 8, 13):
        height = size * rng.normal(0, 0.6) / np.sqrt(turns)
        stray += height * np.cos(turns * angle + rng.uniform(0, 2 * np.pi))
    return 1 + 1.5 * size * np.tanh(stray / (1.5 * size))
