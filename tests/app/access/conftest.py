"""What is looked for on every page so that everybody can use it, each address opened once.

An address is opened on a screen of one size, in light; then the browser's own scheme is turned to
dark, which the page follows without being loaded anew, and axe looks again. A file of tests says
its size in `SIZE`; there is a file for each, so that two processes can share the work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

PARTS = ("today", "lines", "choices", "gains", "compare", "saved")
ADDRESSES = (
    "/",
    "/area",
    "/area?v=1&level=wd&area=w1w",
    "/area?v=1&area=a05",
    "/map",
    "/map?v=1&area=a05",
    "/map?v=1&level=wd&figure=per_person&beside=need&over=sq",
    *(f"/budget?v=1&part={part}" for part in PARTS),
    "/account",
    "/account?v=1&about=scenario",
)
# Every control must be reached with the Tab key alone: the number of them that are not. What lies
# in a folded block or a menu that is closed is reached once that is opened.
UNREACHABLE = """() => {
  const all = [];
  const walk = (root) => root.querySelectorAll('*').forEach((el) => {
    if (el.shadowRoot) walk(el.shadowRoot);
    if (el.matches('button, a[href], input, select, textarea, [role=button], [role=slider]'))
      all.push(el);
  });
  walk(document);
  const hidden = (el) => el.disabled || el.closest('[aria-hidden=true], [hidden], [inert]')
    || el.type === 'file' || !el.checkVisibility({ visibilityProperty: true });
  const roving = (el) => el.closest(
    '[role=radiogroup], [role=tablist], [role=listbox], table, [role=grid], [role=group]');
  return all.filter((el) => !hidden(el) && el.tabIndex < 0 && !roving(el))
    .map((el) => el.outerHTML.slice(0, 160));
}"""
NAMELESS = """() => [...document.querySelectorAll('input, textarea, select, button, [role=slider]')]
  .filter((el) => el.checkVisibility({ visibilityProperty: true }))
  .filter((el) => !el.closest('[aria-hidden=true]'))
  .filter((el) => !(el.getAttribute('aria-label') || el.getAttribute('aria-labelledby')
    || el.labels?.length || el.title || el.textContent?.trim()))
  .map((el) => el.outerHTML.slice(0, 160))"""
FADED = 300  # milliseconds; what still fades in would count as pale
WIDER = "document.documentElement.scrollWidth - window.innerWidth"
# The lightness of the ground that the page lies on, of 255.
GROUND = """() => getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor
  .match(/[0-9.]+/g).slice(0, 3).reduce((sum, part) => sum + part / 3, 0)"""


@dataclass
class Found:
    """What was found on the addresses of the app, by address: faults, and what is in the head."""

    serious: dict[str, dict[str, dict[str, list[str]]]] = field(
        default_factory=lambda: {"light": {}, "dark": {}}
    )
    ground: dict[str, list[float]] = field(default_factory=lambda: {"light": [], "dark": []})
    unreachable: dict[str, list[str]] = field(default_factory=dict)
    nameless: dict[str, list[str]] = field(default_factory=dict)
    wider: dict[str, int] = field(default_factory=dict)
    headings: dict[str, int] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)


def serious_faults(page: Any) -> dict[str, list[str]]:
    """Return what axe takes for serious or worse, with the first elements of each fault."""
    axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")
    return {
        fault["id"]: [node["html"][:200] for node in fault["nodes"]][:3]
        for fault in axe_api.Axe().run(page).response["violations"]
        if fault["impact"] in ("serious", "critical")
    }


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest, visits: Any) -> Found:
    """What is found on every address on a screen of the size that the file of tests names."""
    seen = Found()
    with visits.page(size=request.module.SIZE) as page:
        for path in ADDRESSES:
            page.emulate_media(color_scheme="light")
            visits.open(page, path)
            seen.unreachable[path] = page.evaluate(UNREACHABLE)
            seen.nameless[path] = page.evaluate(NAMELESS)
            seen.wider[path] = page.evaluate(WIDER)
            seen.headings[path] = page.locator("h1").count()
            seen.languages[path] = page.evaluate("document.documentElement.lang")
            seen.titles[path] = page.title()
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                visits.settle(page, FADED)
                seen.ground[scheme].append(page.evaluate(GROUND))
                seen.serious[scheme][path] = serious_faults(page)
    return seen
