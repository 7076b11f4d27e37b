"""Everybody can use every page: axe finds nothing serious, keys reach everything, phones show all.

Every address is looked at on a desk and on a phone, in light and in dark. Faults of all addresses
are gathered, so that one run tells all.
"""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")

LOOKS = [(size, scheme) for size in ("desk", "phone") for scheme in ("light", "dark")]
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


@pytest.mark.parametrize("look", LOOKS, ids=["-".join(look) for look in LOOKS])
def test_axe_finds_nothing_serious_on_any_page(visits: Any, look: tuple[str, str]) -> None:
    found: dict[str, dict[str, list[str]]] = {}
    with visits.page(size=look[0], scheme=look[1]) as page:
        for path in ADDRESSES:
            visits.open(page, path)
            violations = axe_api.Axe().run(page).response["violations"]
            if serious := {
                fault["id"]: [node["html"][:200] for node in fault["nodes"]][:3]
                for fault in violations
                if fault["impact"] in ("serious", "critical")
            }:
                found[path] = serious
    assert found == {}


def test_every_control_has_a_name_and_is_reached_with_the_keys(visits: Any) -> None:
    found: dict[str, list[str]] = {}
    with visits.page() as page:
        for path in ADDRESSES:
            visits.open(page, path)
            if faults := page.evaluate(UNREACHABLE) + page.evaluate(NAMELESS):
                found[path] = faults
    assert found == {}


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_no_page_is_wider_than_the_screen(visits: Any, size: str) -> None:
    found: dict[str, int] = {}
    with visits.page(size=size) as page:
        for path in ADDRESSES:
            visits.open(page, path)
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if wide > 0:
                found[path] = wide
    assert found == {}


def test_each_page_has_one_first_heading_a_title_and_a_language(visits: Any) -> None:
    titles = set()
    with visits.page() as page:
        for path in ("/", "/area", "/map", "/budget", "/account"):
            visits.open(page, path)
            assert page.locator("h1").count() == 1, path
            assert page.evaluate("document.documentElement.lang") == "en", path
            titles.add(page.title())
    assert len(titles) == 5
    assert all("Gridville" in title for title in titles)
