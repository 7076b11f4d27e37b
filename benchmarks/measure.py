"""How the benchmarks measure: each case in a fresh process, several times, cases taking turns.

In: names of tasks (see `benchmarks.tasks`) and their arguments. Out: medians of what the processes
said of themselves: seconds of the call by clock and processor, of the whole process, peak memory.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("numpy", "shapely", "geopandas", "numba", "tobler", "exactextract", "rasterio")


@dataclass(frozen=True)
class Case:
    """One line of a table: a task with its arguments, run in a process of its own."""

    title: str
    task: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    module: str = "benchmarks.tasks"


@dataclass(frozen=True)
class Timing:
    """Medians over the runs of one case."""

    call_s: float
    process_s: float
    cpu_s: float
    peak_mb: float
    said: Mapping[str, Any]


def data_folder() -> Path | None:
    """Return the folder of real data: COMMONGROUND_REALDATA, or the one beside the checkout."""
    named = os.environ.get("COMMONGROUND_REALDATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "realdata"
    return folder if folder.is_dir() else None


def run_once(case: Case) -> dict[str, Any]:
    """Run one case in a fresh process and return what it said, with the time of the process."""
    command = [
        sys.executable,
        "-m",
        case.module,
        case.task,
        json.dumps(dict(case.arguments)),
    ]
    start = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **case.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    elapsed = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{case.title} failed:\n{done.stderr[-2000:]}")
    return {**json.loads(done.stdout.splitlines()[-1]), "process_s": elapsed}


def compare(cases: Sequence[Case], repeats: int) -> dict[str, Timing]:
    """Run cases in turns, so that whatever else the machine does falls on all of them alike."""
    runs: dict[str, list[dict[str, Any]]] = {case.title: [] for case in cases}
    for _ in range(repeats):
        for case in cases:
            runs[case.title].append(run_once(case))
    return {title: _medians(found) for title, found in runs.items()}


def _medians(runs: list[dict[str, Any]]) -> Timing:
    keys = ("call_s", "process_s", "cpu_s", "peak_mb")
    middle = {key: statistics.median(run[key] for run in runs) for key in keys}
    return Timing(**middle, said=runs[-1])


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Write a Markdown table; floats with two digits after the point, or three significant."""
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def machine() -> str:
    """Say what the figures were taken on: cores and processor, versions, how busy it was."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"Machine: {cores} cores, {_processor()}; load average {load} before the run.\n"
        f"Versions: {', '.join(versions)}."
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def peak_mb() -> float:
    """Return the largest resident memory of this process since it began, in megabytes."""
    # VmHWM begins anew with the program; ru_maxrss still holds what its parent had used.
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
