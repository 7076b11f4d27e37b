"""Paper: whatever the screen looks like, a printed page is white, complete and can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
sync_api = pytest.importorskip("playwright.sync_api")
SHEET = {"width": 718, "height": 1000}  # A4 within the margins that we ask for
# The words on a page, shadow roots and charts included, whose contrast with white is below 4.5, and
# the grounds that are dark: relative luminance as WCAG 2.2 defines it.
UNREADABLE = """() => {
  const pen = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const contrast = (colour) => {
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const parts = [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
  };
  const found = [];
  const look = (root) => {
    for (const one of root.querySelectorAll('*')) {
      if (one.shadowRoot) look(one.shadowRoot);
      if (['STYLE', 'SCRIPT'].includes(one.tagName)) continue;
      if (!one.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      const style = getComputedStyle(one);
      const words = [...one.childNodes].filter((node) => node.nodeType === 3)
        .map((node) => node.textContent.trim()).join(' ').trim();
      const ink = one instanceof SVGElement ? style.fill : style.color;
      if (words && contrast(ink) < 4.5) found.push([words, ink]);
      if (words && contrast(style.backgroundColor) > 4) found.push([words, style.backgroundColor]);
    }
  };
  look(document.body);
  const ground = getComputedStyle(document.querySelector('.stApp')).backgroundColor;
  return contrast(ground) === 1 ? found : [...found, ['the page', ground]];
}"""


@pytest.fixture
def page(visits: Any) -> Iterator[Any]:
    """A page on the place of squares."""
    with visits.page() as opened:
        yield opened


def printed(page: Any) -> None:
    """Show a page as it is printed."""
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size(SHEET)


def painted(page: Any, figure: str) -> None:
    """Wait until a map has painted a figure, and until printing need not wait for a script."""
    page.locator(f'.live-map[data-figure^="{figure}"]').first.wait_for()
    page.wait_for_function("""() => [...document.querySelectorAll('*')]
        .some((one) => one.shadowRoot?.querySelector('.live-map')?.liveMap?.paper)""")


def wide(page: Any, found: str) -> float:
    return float(page.locator(found).first.bounding_box()["width"])


@pytest.mark.parametrize(
    "path",
    ["/", "/area?v=1&area=a05", "/map?v=1&area=a05", "/map?v=1&level=gone", "/budget", "/account"],
)
def test_a_page_in_dark_is_printed_dark_on_white(path: str, visits: Any) -> None:
    with visits.page(path=path, scheme="dark") as page:
        assert page.evaluate(UNREADABLE) != []  # the screen is dark
        printed(page)
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate(UNREADABLE) == []


def test_on_paper_the_map_and_its_table_stay_and_what_only_asks_goes(page: Any) -> None:
    page.goto("/map?v=1&level=wd&area=w1w&beside=money&way=one")
    painted(page, "Need and Money")
    printed(page)
    sync_api.expect(page.locator(".live-map .paper canvas")).to_be_visible()
    title = page.locator(".live-map .on-paper")
    sync_api.expect(title).to_have_text("Need and Money by Wards, Gridville (a fictional place)")
    sync_api.expect(page.locator(".live-table tbody tr")).to_have_count(8)
    assert wide(page, ".live-table table") > 600
    assert wide(page, ".live-map .frame") > 600
    sync_api.expect(page.locator(".live-map .credit")).to_contain_text("Invented for tests, 2025")
    sync_api.expect(page.get_by_text("West ward 1").first).to_be_visible()
    for asks in ("stSelectbox", "stButtonGroup", "stPopover"):
        assert page.get_by_test_id(asks).count()
        assert not any(one.is_visible() for one in page.get_by_test_id(asks).all())
    assert page.evaluate("document.documentElement.scrollWidth") <= 718


def test_paper_says_that_the_lines_of_money_are_not_on_it(page: Any) -> None:
    page.goto("/budget?v=1&part=lines")
    page.get_by_role("radio", name="Lines of money", exact=True).click()
    grid = page.get_by_test_id("stDataFrame").first
    grid.wait_for()
    printed(page)
    assert not grid.is_visible()
    said = """() => [...document.querySelectorAll('.stApp *')]
        .map((one) => getComputedStyle(one, '::before').content).filter((c) => c.includes('CSV'))"""
    assert page.evaluate(said) == [
        '"The lines are not printed: they can be downloaded as CSV or XLSX."'
    ]


def test_on_paper_the_budget_keeps_its_sums_its_table_and_its_map(page: Any) -> None:
    page.goto("/budget")
    painted(page, "Money per person")
    printed(page)
    sync_api.expect(page.locator(".cg-equation")).to_be_visible()
    assert wide(page, ".live-table table") > 600
    assert wide(page, ".live-map .frame") > 600
    assert not page.get_by_test_id("stSlider").first.is_visible()
    sums = page.locator(".cg-equation").bounding_box()
    for term in page.locator(".cg-term b").all():
        box = term.bounding_box()
        assert box["x"] + box["width"] <= sums["x"] + sums["width"]
