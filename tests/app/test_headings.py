"""Headings go down by one, so that whoever listens to a page knows where they are in it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ADDRESSES = (
    "/map?v=1&figure=per_person&beside=need",
    *(f"/budget?v=1&part=lines&view={view}" for view in ("sure", "move", "once")),
    "/budget?v=1&part=gains",
    "/budget?v=1&part=compare",
    "/account",
    "/account?v=1&about=scenario",
)
LEVELS = """() => {
  const found = [];
  const walk = (root) => root.querySelectorAll('*').forEach((el) => {
    if (el.shadowRoot) walk(el.shadowRoot);
    if (/^H[1-6]$/.test(el.tagName) && el.checkVisibility({ visibilityProperty: true }))
      found.push([Number(el.tagName[1]), el.textContent.trim()]);
  });
  walk(document.querySelector('[data-testid="stMain"]'));
  return found;
}"""


def test_no_heading_leaves_a_step_out(visits: Any) -> None:
    left_out: dict[str, list[str]] = {}
    with visits.page() as page:
        for path in ADDRESSES:
            visits.open(page, path)
            headings = page.evaluate(LEVELS)
            assert headings[0][0] == 1, path
            steps = pairwise(headings)
            if deep := [below[1] for above, below in steps if below[0] > above[0] + 1]:
                left_out[path] = deep
    assert left_out == {}
