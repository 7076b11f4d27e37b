"""The people of the demo place: who lives in each home, and what they lack.

In: the homes and the need of the spot they stand on. Out: a table with a row a household: people
by age, tenure, and every count from which the indicators are made. Every figure of the demo place
is a sum over this table, so every true answer is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.demo.arrays import Bools, Floats, Ints
from data.demo.land import KIND, KINDS, ORIGIN, Land
from data.demo.noise import chance, surface

AGES = {
    "aged_0_4": (0, 5),
    "aged_5_15": (5, 16),
    "aged_16_24": (16, 25),
    "aged_25_64": (25, 65),
    "aged_65_84": (65, 85),
    "aged_85_plus": (85, 120),
}
TENURES = ("owned", "social rent", "private rent")

# Householders by kind of land: shares of students, young, family-aged and retired householders.
LIFE = {
    "centre": (0.16, 0.46, 0.26, 0.12),
    "terraces": (0.09, 0.33, 0.38, 0.20),
    "estate": (0.01, 0.24, 0.48, 0.27),
    "inner": (0.03, 0.25, 0.44, 0.28),
    "suburb": (0.00, 0.13, 0.47, 0.40),
    "new homes": (0.00, 0.34, 0.56, 0.10),
    "village": (0.00, 0.10, 0.45, 0.45),
}
LIFE_ELSEWHERE = (0.00, 0.18, 0.46, 0.36)


@dataclass(frozen=True)
class _Persons:
    """One row a person: the household it belongs to, and its age."""

    home: Ints
    age: Ints

    def draw(
        self, who: Bools, lack: Floats, lot: tuple[Floats | float, float], rng: np.random.Generator
    ) -> Ints:
        """Count by household those of `who` whom a lot hits; log odds are base + slope x lack."""
        base, slope = lot
        hit = who & (rng.random(len(self.age)) < _odds(base + slope * lack[self.home]))
        return np.bincount(self.home[hit], minlength=len(lack))


def settle(land: Land, xy: Floats, kind: Ints, *, seed: int) -> pd.DataFrame:
    """Draw the household of each home.

    Parameters
    ----------
    xy, kind
        Position (n, 2) and kind of land (n,) of each home.

    Returns
    -------
    One row a household: people by age band, tenure, home and hardship, and the counts behind the
    indicators, all int64 but `tenure` (text) and `year_built`.
    """
    rng = chance(seed, "people")
    spot = land.need(xy, kind)
    hardship = 4.2 * (spot - 0.36) + rng.normal(0, 0.9, len(xy))  # log odds around the average
    tenure = _tenure(kind, hardship, rng)
    hardship = hardship + np.array([-0.35, 0.75, 0.1])[tenure]
    student, age, size = _householders(kind, rng)
    hardship = np.where(student, hardship - 0.6, hardship)
    persons = _persons(age, size, student, hardship, rng)
    # School and health have a geography of their own, besides that of hardship.
    skills = hardship + 0.42 * surface(xy, chance(seed, "skills"), scale_m=2_600)
    health = hardship + 0.40 * surface(xy, chance(seed, "health"), scale_m=1_800)
    table = {"people": size}
    for band, (low, high) in AGES.items():
        inside = (persons.age >= low) & (persons.age < high)
        table[band] = np.bincount(persons.home[inside], minlength=len(xy))
    frame = pd.DataFrame(table)
    frame["tenure"] = np.array(TENURES)[tenure]
    frame["student"] = student.astype(np.int64)
    frame["year_built"] = _year_built(kind, rng)
    _hardships(frame, persons, hardship, rng)
    _schooling(frame, persons, skills, rng)
    _illness(frame, persons, health, rng)
    _housing(frame, kind, hardship, tenure, rng)
    _incidents(frame, land, xy, kind, hardship, seed)
    return frame


def _odds(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


def _tenure(kind: Ints, hardship: Floats, rng: np.random.Generator) -> Ints:
    social = np.array([item.social for item in KINDS])[kind]
    private = np.array([item.private_rent for item in KINDS])[kind]
    lot = rng.random(len(kind)) - 0.05 * np.clip(hardship, -2, 2)
    return np.select([lot < social, lot < social + private], [1, 2], 0)


def _householders(kind: Ints, rng: np.random.Generator) -> tuple[Bools, Ints, Ints]:
    """Draw whether each householder is a student, their age, and how many live in the home."""
    shares = np.array([LIFE.get(item.name, LIFE_ELSEWHERE) for item in KINDS]).cumsum(axis=1)
    stage = (rng.random(len(kind))[:, None] > shares[kind][:, :3]).sum(axis=1)
    middle, spread = np.array([20, 30, 45, 73]), np.array([1.3, 5.0, 8.0, 8.5])
    age = np.clip(rng.normal(middle[stage], spread[stage]), 18, 99).astype(np.int64)
    more = np.array([2.1, 0.95, 1.95, 0.55])[stage]
    more = np.where(kind == KIND["centre"], 0.6 * more, more)
    size = 1 + np.minimum(rng.poisson(more), 6)
    return stage == 0, age, size


def _persons(
    age: Ints, size: Ints, student: Bools, hardship: Floats, rng: np.random.Generator
) -> _Persons:
    """Draw everybody's age: the householder, perhaps a partner, then children or other adults."""
    home = np.repeat(np.arange(len(size)), size)
    place = np.arange(len(home)) - np.repeat(np.cumsum(size) - size, size)
    head = age[home]
    partner = (place == 1) & (rng.random(len(home)) < 0.80 - 0.09 * np.clip(hardship, -2, 3)[home])
    oldest = np.clip(head - 19, 1, 30)  # children stay on until thirty at most
    child = (rng.beta(1.15, 1.35, len(home)) * oldest).astype(np.int64)
    child = np.where(head > 62, np.clip(head - 30, 20, 60), child)
    near = np.clip(head + rng.normal(0, 3, len(home)).round().astype(np.int64), 18, 99)
    years = np.select([place == 0, partner | student[home]], [head, near], child)
    return _Persons(home, years.astype(np.int64))


def _year_built(kind: Ints, rng: np.random.Generator) -> Ints:
    """Draw when each home was built; the newest quarter is younger than the population raster."""
    old = rng.random(len(kind)) < np.array([item.old for item in KINDS])[kind]
    usual = np.where(old, rng.integers(1840, 1919, len(kind)), rng.integers(1922, 2016, len(kind)))
    estate = rng.integers(1948, 1974, len(kind))
    late = rng.integers(2016, 2025, len(kind))
    infill = rng.random(len(kind)) < 0.015
    year = np.select([kind == KIND["estate"], kind == KIND["new homes"]], [estate, late], usual)
    return np.where(infill, late, year)


def _hardships(
    frame: pd.DataFrame, persons: _Persons, hardship: Floats, rng: np.random.Generator
) -> None:
    """Add who lives on a low income and who is out of work."""
    working = (persons.age >= 16) & (persons.age < 65)
    student = frame["student"].to_numpy()[persons.home] == 1
    poor = rng.random(len(frame)) < _odds(-2.2 + 0.85 * hardship)
    frame["income_deprived"] = np.where(poor, frame["people"], 0)
    frame["working_age"] = frame[["aged_16_24", "aged_25_64"]].sum(axis=1)
    frame["out_of_work"] = persons.draw(working & ~student, hardship, (-2.75, 0.75), rng)


def _schooling(
    frame: pd.DataFrame, persons: _Persons, skills: Floats, rng: np.random.Generator
) -> None:
    """Add adults without qualifications and pupils who are often absent."""
    adult = (persons.age >= 25) & (persons.age < 65)
    pupil = (persons.age >= 5) & (persons.age < 16)
    student = frame["student"].to_numpy()[persons.home] == 1
    frame["no_qualifications"] = persons.draw(adult & ~student, skills, (-1.8, 0.66), rng)
    frame["absent_pupils"] = persons.draw(pupil, skills, (-1.5, 0.45), rng)


def _illness(
    frame: pd.DataFrame, persons: _Persons, health: Floats, rng: np.random.Generator
) -> None:
    """Add illness and admissions, which follow age first and hardship second."""
    ageing = np.clip((persons.age - 45) / 14, -1.5, 3.2)
    everybody = persons.age >= 0
    for name, base, slope, years in (
        ("limiting_illness", -2.05, 0.55, 0.9),
        ("emergency_admissions", -2.75, 0.42, 0.7),
    ):
        lot = (base + years * ageing, slope)
        frame[name] = persons.draw(everybody, health, lot, rng)


def _housing(
    frame: pd.DataFrame, kind: Ints, hardship: Floats, tenure: Ints, rng: np.random.Generator
) -> None:
    """Add what is counted in homes: crowding, homelessness, poor repair, cold."""
    size = frame["people"].to_numpy()
    terrace = np.isin(kind, [KIND["terraces"], KIND["centre"]])
    aged = np.clip((1965 - frame["year_built"].to_numpy()) / 60, -1, 1.5)
    rented = tenure == 2
    lots = {
        "overcrowded": -5.4 + 0.62 * size + 0.45 * hardship + 0.5 * terrace + 0.3 * (tenure > 0),
        "homeless": -5.6 + 0.75 * hardship + 0.7 * rented,
        "poor_repair": -2.3 + 0.75 * aged + 0.2 * hardship + 0.65 * rented - 0.6 * (tenure == 1),
        "no_central_heating": -4.2 + 0.7 * aged + 0.3 * hardship + 0.5 * rented,
    }
    for name, odds in lots.items():
        frame[name] = (rng.random(len(frame)) < _odds(odds)).astype(np.int64)


def _incidents(
    frame: pd.DataFrame, land: Land, xy: Floats, kind: Ints, hardship: Floats, seed: int
) -> None:
    """Add what happens outside the door: crimes and injuries, most of them near the centre."""
    rng = chance(seed, "incidents")
    away = np.hypot(*(xy - ORIGIN).T)
    bustle = 1.5 * np.exp(-((away / 800) ** 2))
    hotspots = 0.35 * surface(xy, chance(seed, "hotspots"), scale_m=600)
    rate = 0.125 * np.exp(0.42 * np.clip(hardship, -3, 4) + bustle + hotspots)
    frame["crimes"] = rng.poisson(rate)
    busy = np.array([item.homes_per_ha for item in KINDS])[kind] / 46
    frame["road_casualties"] = rng.poisson(0.0035 * (1 + 2.2 * busy) * np.exp(0.5 * bustle))
