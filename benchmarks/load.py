"""Many people at once on one server, as the pages answer them.

In: the folder of real data. Out: a Markdown section for the demo place and for Bristol: seconds
from a visitor's act to the whole answer of the server with 1, 60 and 200 sessions open, bytes of
an answer, processor time, memory of a session, and what one more visitor with a real Chromium sees
of it meanwhile.

Each session is a websocket of its own that speaks Streamlit's messages (`benchmarks.session`) and
stays open to the end; what the visitors do is in `benchmarks.visitors`.
"""

from __future__ import annotations

import asyncio
import os
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks import pages, prepare, unwatched
from benchmarks.measure import table
from benchmarks.session import Answer
from benchmarks.tour import DESK, FLAGS, chromium, served
from benchmarks.visitors import KINDS, Visitor

STAGES = (1, 60, 200)  # sessions open at once
RAMP_S = 0.15  # between one newcomer and the next
ACTS_A_REPEAT = 5
WORDS = """Seconds from a visitor's act to the end of the server's answer; drawing is not in them.
Each waits one to three seconds, two on average, between an answer and her next act: half of them on
the Map, a third at the sliders of the Budget, the rest on My area. What a map draws: until that
part of the answer is here, which comes first on the Map. Click to repaint: what one more
visitor with a real Chromium sees of a change of figure on the Map meanwhile, drawing included. All
visitors run on the same machine and take the processor time given for them from the same cores.
Faults: answers with an error, or other than what was asked for."""


@dataclass
class Stage:
    """What was measured while so many sessions were open."""

    sessions: int
    answers: list[Answer] = field(default_factory=list)
    opened: list[Answer] = field(default_factory=list)
    painted_ms: list[float] = field(default_factory=list)
    server_cpu_s: float = 0.0
    clients_cpu_s: float = 0.0
    elapsed_s: float = 0.0
    resident_mb: float = 0.0
    faults: list[str] = field(default_factory=list)


def run(data: Path, folder: Path, repeats: int) -> str:
    """Build Bristol, serve both places in turn and let the visitors in."""
    from data import demo

    city = prepare.place(data, folder)
    parts = ["## Many people at once on one server"]
    for title, place, processes in (
        ("The demo place", demo.cached(), 1),
        ("Bristol", city, 1),
        ("Bristol, two processes", city, 2),
    ):
        acts = ACTS_A_REPEAT * repeats
        parts.append(report(title, measure(place, acts=acts, processes=processes)))
    return "\n\n".join([*parts, WORDS])


def report(title: str, stages: list[Stage]) -> str:
    """Write what was measured on one place."""
    head = (
        title, "acts", "p50 s", "p95 s", "worst s", "opening a page, p95 s",
        "what a map draws, p50 / p95 ms", "click to repaint, p50 / p95 ms",
        "kB an answer, p50 / p95", "server, cpu ms an act",
        "visitors, cpu ms an act", "acts a second", "server MB", "faults",
    )  # fmt: skip
    parts = [table(head, [_row(stage) for stage in stages])]
    if len(stages) > 1:
        few, many = stages[-2:]
        each = (many.resident_mb - few.resident_mb) / (many.sessions - few.sessions)
        parts.append(
            f"From {few.sessions} to {many.sessions} sessions the server's memory grew by "
            f"{each:.2f} MB a session."
        )
    faults = sorted({fault for stage in stages for fault in stage.faults})
    return "\n\n".join([*parts, *(f"Fault: {fault}" for fault in faults[:5])])


def _row(stage: Stage) -> list[object]:
    whole = [answer.whole_s for answer in stage.answers]
    size = [answer.received / 1000 for answer in stage.answers]
    acts = len(stage.answers)
    served_acts = acts + len(stage.painted_ms)
    return [
        f"{stage.sessions} session{'s' if stage.sessions > 1 else ''}",
        acts,
        float(np.median(whole)),
        float(np.quantile(whole, 0.95)),
        max(whole),
        float(np.quantile([answer.whole_s for answer in stage.opened], 0.95)),
        _both([1000 * answer.map_s for answer in stage.answers if answer.map_s is not None]),
        _both(stage.painted_ms),
        _both(size),
        1000 * stage.server_cpu_s / served_acts,
        1000 * stage.clients_cpu_s / acts,
        acts / stage.elapsed_s,
        stage.resident_mb,
        len(stage.faults),
    ]


def _both(values: list[float]) -> str:
    if not values:
        return ""
    return f"{np.median(values):.0f} / {np.quantile(values, 0.95):.0f}"


def measure(
    place: Path, *, acts: int, stages: tuple[int, ...] = STAGES, processes: int = 1
) -> list[Stage]:
    """Serve a place and let in as many visitors as each stage has, each with so many acts."""
    with served(place, processes) as server:
        return asyncio.run(_stages(server, acts=acts, stages=stages))


async def _stages(server: str, *, acts: int, stages: tuple[int, ...]) -> list[Stage]:
    measured: list[Stage] = []
    visitors: list[Visitor] = []
    serving = _processes_of(server)
    # What the very first visitor of a page waits for is not what is asked here. Of several
    # processes each has its own: those who come while the first are there go to the next.
    for kind in KINDS:
        first = [Visitor(server, 0, kind) for _ in range(max(1, len(serving) - 1))]
        for warm in first:
            await warm.enter()
        for warm in first:
            await warm.act()
            await warm.leave()
    try:
        async with _painter(server) as paint:
            for size in stages:
                stage = Stage(size)
                while len(visitors) < size:
                    newcomer = Visitor(server, len(visitors))
                    stage.opened.append(await newcomer.enter())
                    visitors.append(newcomer)
                    await asyncio.sleep(RAMP_S)
                # Alone there must be enough acts for a quantile.
                turns = acts * 4 if size == 1 else acts
                await _stage(stage, visitors, turns, serving, paint if size > 1 else None)
                stage.resident_mb = _metric(server, "process_resident_memory_bytes") / 2**20
                measured.append(stage)
    finally:
        for visitor in visitors:
            await visitor.leave()
    return measured


async def _stage(
    stage: Stage,
    visitors: list[Visitor],
    turns: int,
    serving: list[int],
    paint: Callable[[], Awaitable[float]] | None,
) -> None:
    """Let all visitors act, and the one with a browser too, until each has had her turns."""

    async def watch() -> None:
        while paint is not None:
            stage.painted_ms.append(await paint())
            await asyncio.sleep(1.0)

    before, mine, start = _cpu_s(serving), time.process_time(), time.perf_counter()
    watching = asyncio.create_task(watch())
    found = await asyncio.gather(*(visitor.use(turns) for visitor in visitors))
    stage.elapsed_s = time.perf_counter() - start
    stage.server_cpu_s = _cpu_s(serving) - before
    stage.clients_cpu_s = time.process_time() - mine
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    stage.answers = [answer for answers in found for answer in answers]
    stage.faults = [fault for visitor in visitors for fault in visitor.faults]
    for visitor in visitors:
        visitor.faults.clear()


@asynccontextmanager
async def _painter(server: str) -> AsyncIterator[Callable[[], Awaitable[float]] | None]:
    """Open the Map in a real Chromium; yield what changes its figure and says the milliseconds."""
    if chromium() is None:
        yield None
        return
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        page = await browser.new_page(viewport={"width": DESK[0], "height": DESK[1]})
        await page.goto(server + "/map")
        await page.evaluate(unwatched.FIRST_PAINT)
        turn = 0

        async def paint() -> float:
            nonlocal turn
            turn += 1  # the page opens with the last of the figures
            title = pages.FIGURES[(turn - 1) % len(pages.FIGURES)]
            return float(await page.evaluate(pages.CHANGE, title))

        yield paint
        await browser.close()


def _metric(server: str, name: str) -> float:
    """Return a figure of the server; of several processes, their sum."""
    with urllib.request.urlopen(server + "/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    rows = [line for line in lines if line.partition(" ")[0].partition("{")[0] == name]
    return sum(float(row.rpartition(" ")[2]) for row in rows)


def _processes_of(server: str) -> list[int]:
    """Return the number of the process that listens, and those it started; none if unknown."""
    port = server.rsplit(":", 1)[1].encode()
    parents, listening = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if port in words and {b"--server.port", b"--port"} & set(words):
            listening.append(int(folder.name))
        if not any(b"resource_tracker" in word for word in words):
            parents[int(folder.name)] = parent
    return [*listening, *(child for child, parent in parents.items() if parent in listening)]


def _cpu_s(processes: list[int]) -> float:
    """Return the processor time that processes have taken, where the system says so (Linux)."""
    total = float("nan") if not processes else 0.0
    for process in processes:
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return float("nan")
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total
