"""Everybody can use every page on a phone: axe finds nothing serious, keys reach all, all fits.

Faults of all addresses are gathered, so that one run tells all.
"""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZE = "phone"


def faulty(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out the addresses without a fault."""
    assert len(found) == 15
    return {path: faults for path, faults in found.items() if faults}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(found: Any, scheme: str) -> None:
    assert faulty(found.serious[scheme]) == {}


def test_every_page_follows_the_scheme_of_the_browser(found: Any) -> None:
    assert min(found.ground["light"]) > 200
    assert max(found.ground["dark"]) < 60


def test_every_control_has_a_name_and_is_reached_with_the_keys(found: Any) -> None:
    assert faulty(found.unreachable) == {}
    assert faulty(found.nameless) == {}


def test_no_page_is_wider_than_the_screen(found: Any) -> None:
    assert {path: wide for path, wide in faulty(found.wider).items() if wide > 0} == {}


def test_each_page_has_one_first_heading_a_title_and_a_language(found: Any) -> None:
    assert set(found.headings.values()) == {1}
    assert set(found.languages.values()) == {"en"}
    pages = ("/", "/area", "/map", "/budget?v=1&part=today", "/account")
    assert len({found.titles[path] for path in pages}) == 5
    assert all("Gridville" in title for title in found.titles.values())
