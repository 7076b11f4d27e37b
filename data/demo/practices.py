"""GP practices, and who is registered where.

In: homes, bridges. Out: the practices, and for each household the practice it is registered with
and how many are still on a list although they have moved away. A consortium is its practices'
patients: people register near home, on their own bank of the river, or stay loyal to the practice
they had before they moved, whatever borders lie between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.demo.arrays import Floats, Ints
from data.demo.land import ORIGIN, Land
from data.demo.names import CONSORTIA, PRACTICES
from data.demo.noise import chance

# Metres east and north of the bridge, size of the surgery, consortium. Two practices belong to
# the consortium on whose land they do not stand: lists were joined before lines were drawn.
SITES: tuple[tuple[float, float, float, int], ...] = (
    (150, 420, 1.2, 0),
    (-750, 900, 1.0, 0),
    (900, -650, 1.0, 1),
    (-1_300, -1_150, 1.0, 0),
    (2_450, 2_300, 1.1, 1),
    (-2_350, -2_250, 0.8, 0),
    (-2_700, 1_500, 0.9, 0),
    (1_300, 3_100, 0.9, 0),
    (2_900, 300, 0.9, 1),
    (500, -3_100, 1.0, 1),
    (-5_700, -4_500, 1.0, 0),
    (-10_500, 3_000, 1.1, 0),
    (9_700, 4_400, 1.2, 1),
    (2_700, -11_100, 1.0, 1),
    (-1_500, 8_600, 0.6, 1),
    (-250, 1_650, 0.9, 0),
)
CONSORTIUM_CODES = ("0E1", "0E2")  # text: a spreadsheet takes both for the number nought
DISTANCE_SCALE_M = 620.0
LOYAL = 0.07


@dataclass(frozen=True)
class Registers:
    """The practices, and the practice (n,) and departed patients (n,) of each household."""

    practices: pd.DataFrame
    practice: Ints
    departed: Ints

    @property
    def consortium(self) -> Ints:
        """Number of the consortium with whose practice each household is registered."""
        return self.practices["consortium"].to_numpy()[self.practice]


def register(land: Land, xy: Floats, households: pd.DataFrame, *, seed: int) -> Registers:
    """Register every household with one practice."""
    rng = chance(seed, "practices")
    sites = ORIGIN + np.array([site[:2] for site in SITES])
    size = np.array([site[2] for site in SITES])
    way = travel_m(land, xy, sites)
    pull = 1.3 * np.log(size) - way / (DISTANCE_SCALE_M + 0.22 * way.min(axis=1, keepdims=True))
    choice = np.argmax(pull + 0.55 * rng.gumbel(size=pull.shape), axis=1)
    # The loyal kept the practice of an earlier home, itself drawn from everybody's choices.
    loyal = np.flatnonzero(rng.random(len(xy)) < LOYAL)
    choice[loyal] = choice[rng.integers(0, len(xy), len(loyal))]
    practices = pd.DataFrame(
        {
            "code": [f"Z{90001 + 7 * number:05d}" for number in range(len(SITES))],
            "name": list(PRACTICES),
            "x": sites[:, 0].round(1),
            "y": sites[:, 1].round(1),
            "consortium": [site[3] for site in SITES],
        }
    )
    moving = 0.02 + 0.09 * (households["tenure"] == "private rent") + 0.25 * households["student"]
    return Registers(practices, choice.astype(np.int64), rng.poisson(moving.to_numpy()))


def travel_m(land: Land, xy: Floats, sites: Floats) -> Floats:
    """Return the way from each home to each site (n, m): straight, or by the best bridge."""
    straight = np.hypot(*(xy[:, None] - sites[None]).transpose(2, 0, 1))
    bridges = land.river.bridges()
    ends = np.hypot(*(bridges[:, None] - sites[None]).transpose(2, 0, 1))
    starts = np.hypot(*(xy[:, None] - bridges[None]).transpose(2, 0, 1))
    by_bridge = np.full_like(straight, np.inf)
    for bridge in range(len(bridges)):
        np.minimum(by_bridge, starts[:, [bridge]] + ends[bridge], out=by_bridge)
    apart = land.river.left_bank(xy)[:, None] != land.river.left_bank(sites)[None]
    return np.where(apart, by_bridge, straight)


def nhs_tables(
    registers: Registers, households: pd.DataFrame, sa: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return patients by practice and small area, and the practices, as the NHS publishes them.

    Registered patients are the people of the household and those who have left it.
    """
    practices = registers.practices
    patients = (households["people"] + registers.departed).to_numpy()
    counted = (
        pd.DataFrame({"practice": registers.practice, "sa": sa.to_numpy(), "patients": patients})
        .groupby(["practice", "sa"], as_index=False)["patients"]
        .sum()
    )
    by_area = pd.DataFrame(
        {
            "PUBLICATION": "GP_PRAC_PAT_LIST",
            "EXTRACT_DATE": "01APR2025",
            "PRACTICE_CODE": practices["code"].to_numpy()[counted["practice"]],
            "PRACTICE_NAME": practices["name"].str.upper().to_numpy()[counted["practice"]],
            "LSOA_CODE": counted["sa"],
            "SEX": "ALL",
            "NUMBER_OF_PATIENTS": counted["patients"],
        }
    )
    mapping = pd.DataFrame(
        {
            "PUBLICATION": "GP_PRAC_PAT_LIST",
            "EXTRACT_DATE": "01APR2025",
            "PRACTICE_CODE": practices["code"],
            "PRACTICE_NAME": practices["name"].str.upper(),
            "CCG_CODE": np.array(CONSORTIUM_CODES)[practices["consortium"]],
            "CCG_NAME": np.array(CONSORTIA)[practices["consortium"]],
        }
    )
    return by_area, mapping


def nearest_km(land: Land, xy: Floats, registers: Registers) -> Floats:
    """Return the way to the nearest practice, in kilometres."""
    return np.asarray(
        travel_m(land, xy, registers.practices[["x", "y"]].to_numpy()).min(axis=1) / 1e3
    )
