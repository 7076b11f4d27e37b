"""The fictional demo place: a district that behaves like a real one and in which all is known.

In: a folder and a seed. Out: a place package in that folder, the same for the same seed, with the
households behind every figure and the true answers of its reconciliations (`tables/truth_*.csv`).
"""

from data.demo.keeping import GENERATOR, SEED, build, cached

__all__ = ["GENERATOR", "SEED", "build", "cached"]
