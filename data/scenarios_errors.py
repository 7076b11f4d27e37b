"""Faults of scenarios as files and of the folders that allocations are written to.

In: what was wrong, in which file. Out: a sentence that says what to do.
"""

from __future__ import annotations

from data.errors import DataError


class ScenarioMissing(DataError):
    """A scenario that cannot be opened."""

    rule = "a scenario is a file that can be opened, TOML or JSON in UTF-8"
    remedy = "Check the path."


class NotReproduced(DataError):
    """The same inputs and choices gave other pence; a defect of the program or of its version."""

    rule = "the same inputs and choices give the same pence"
    remedy = "Nothing was written. Compare the versions in the lock, and please report this."


class NotAllocation(DataError):
    """A folder that `allocate` did not write, or of which something is missing."""

    rule = "what is compared is two folders that `allocate` wrote, or two scenario files"
    remedy = "Write the folders with `commonground allocate PLACE --out DIR`."


class AllocationChanged(DataError):
    """A file of an allocation that is not what was written."""

    rule = "the files of an allocation are as they were written"
    remedy = "Write the folder anew: its lock says from what."


class DifferentPlaces(DataError):
    """Two allocations of different places."""

    rule = "allocations of one place are compared"
    remedy = "Choose two folders of the same place."
