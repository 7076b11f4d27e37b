"""A visitor on a slow machine who presses faster than the pages answer, in a real Chromium."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SLOWER = 4
PRESSES = 40
PAUSES = (0, 20, 60, 120, 250)  # milliseconds; some runs end before the next press, others do not
FIGURES = ("Need", "People", "Money", "Money per person")


def test_figures_pressed_faster_than_answers_come_end_at_the_last(visits: Any) -> None:
    """A message that is only named to a browser, which has let go of it, would end the page."""
    chance = random.Random(2)
    with visits.page(path="/map") as page:
        buttons = {name: page.get_by_role("radio", name=name, exact=True) for name in FIGURES}
        with visits.slowed(page, SLOWER):
            for _ in range(PRESSES):
                name = chance.choice(FIGURES)
                buttons[name].dispatch_event("click")
                page.wait_for_timeout(chance.choice(PAUSES))
        visits.settle(page)
        assert page.locator(".live-map").get_attribute("data-figure") == f"{name} by Squares"
        assert page.get_by_role("dialog").count() == 0


def test_menus_opened_and_left_faster_than_answers_come(visits: Any) -> None:
    """Runs that follow one another at once change what the page is made of; none may be lost."""
    chance = random.Random(3)
    with visits.page(path="/map") as page, visits.slowed(page, SLOWER):
        for other in itertools.islice(itertools.cycle(("People", "None")), 4):
            page.get_by_role("button", name="Compare").click()
            box = page.get_by_role("combobox", name="Second figure")
            box.click()
            box.fill(other)
            page.get_by_role("option", name=other, exact=True).wait_for()
            box.press("Enter")
            page.wait_for_timeout(chance.choice(PAUSES))
            page.keyboard.press("Escape")
            page.wait_for_timeout(max(PAUSES))
            if box.is_visible():  # the key came so early that it closed the list and not the menu
                page.keyboard.press("Escape")
            box.wait_for(state="hidden")
        visits.settle(page)
        assert page.locator(".live-map").count() == 1
        assert page.get_by_role("dialog").count() == 0
