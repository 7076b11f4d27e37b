"""What only a browser shows of the Map page: its menus, two figures in one map, files that open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
sync_api = pytest.importorskip("playwright.sync_api")


@pytest.fixture
def page(visits: Any) -> Iterator[Any]:
    """A page on the place of squares; afterwards nothing was asked of any other machine."""
    with visits.page() as opened:
        yield opened


def painted(page: Any, figure: str) -> Any:
    """Wait until a map has painted a figure."""
    return page.locator(f'.live-map[data-figure^="{figure}"]').first.wait_for()


def opacity(page: Any, number: int) -> float:
    path = page.locator(f'.live-map .canvas path[data-code="a{number:02d}"]').first
    return float(path.get_attribute("fill-opacity"))


def test_a_filter_typed_with_the_keys_alone_leaves_the_others_pale(page: Any) -> None:
    page.goto("/map")
    painted(page, "Need")
    page.get_by_role("button", name="Filter").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name holds").fill("Square 1")
    page.keyboard.press("Enter")
    page.get_by_text("4 of 12 areas").wait_for()
    page.locator(".live-table tbody tr").nth(4).wait_for(state="detached")
    sync_api.expect(page.locator(".live-table tbody tr")).to_have_count(4)
    assert opacity(page, 10) > opacity(page, 5)
    page.keyboard.press("Escape")
    assert "find=Square+1" in page.url


def test_tenths_of_need_are_kept_and_a_step_back_shows_which(page: Any) -> None:
    page.goto("/map?v=1&tenths=2")
    painted(page, "Need")
    page.get_by_role("button", name="Filter").click()
    tenth = {n: page.get_by_role("button", name=str(n), exact=True) for n in (2, 3)}
    sync_api.expect(tenth[2]).to_have_attribute("aria-pressed", "true")
    rows = page.locator(".live-table tbody tr")
    sync_api.expect(rows).to_have_count(2)
    tenth[3].click()
    page.get_by_text("3 of 12 areas: tenth of need 2, 3").wait_for()
    assert "tenths=2.3" in page.url
    sync_api.expect(rows).to_have_count(3)
    page.go_back()
    page.get_by_text("2 of 12 areas: tenth of need 2 (").wait_for()
    sync_api.expect(rows).to_have_count(2)
    sync_api.expect(tenth[2]).to_have_attribute("aria-pressed", "true")
    sync_api.expect(tenth[3]).not_to_have_attribute("aria-pressed", "true")


@pytest.mark.slow
def test_two_figures_share_one_map_and_both_plain_maps_are_one_click_away(page: Any) -> None:
    page.goto("/map?v=1&beside=money&way=one")
    painted(page, "Need and Money")
    cells = page.locator(".live-map .legend-grid li")
    assert cells.count() == 9
    assert page.locator(".live-map").count() == 1
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("radio", name="Side by side").or_(
        page.get_by_role("button", name="Side by side")
    ).first.click()
    painted(page, "Money")
    sync_api.expect(page.locator(".live-map")).to_have_count(2)


@pytest.mark.slow
def test_the_map_as_a_page_opens_from_the_disk_and_asks_nobody(
    page: Any, chromium_started: Any, tmp_path: Path
) -> None:
    page.goto("/map?v=1&figure=domain.income")
    painted(page, "Income")
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Map of income as a page (HTML)").click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    assert file.name == "grid-sq-domain_income.html"
    alone = chromium_started.new_context().new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(file.as_uri())
    alone.locator("path.leaflet-interactive").first.wait_for()
    assert alone.locator("path.leaflet-interactive").count() == 12
    assert [one for one in asked if not one.startswith(("file:", "data:"))] == []
    assert alone.locator("script", has_text='alert("x")').count() == 0
    alone.context.close()


# Nothing on the page moves or fades any more; what turns for ever has no end to wait for.
AT_REST = """() => document.getAnimations().every((one) => one.playState !== 'running'
  || one.effect.getComputedTiming().endTime === Infinity)"""


@pytest.mark.slow
def test_axe_finds_no_serious_fault_in_the_menus(visits: Any) -> None:
    """Each menu is opened once and looked at in light and, as the page follows, in dark."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found: dict[tuple[str, str], list[str]] = {}
    address = "/map?v=1&beside=money&way=one&scheme=fixed&find=square"
    with visits.page(size="phone", path=address) as phone:
        painted(phone, "Need and Money")
        for menu in ("Compare", "Classes", "Filter", "Download"):
            phone.get_by_role("button", name=menu, exact=True).click()
            for scheme in ("light", "dark"):
                phone.emulate_media(color_scheme=scheme)
                phone.get_by_test_id("stPopoverBody").wait_for()
                visits.settle(phone)
                phone.wait_for_function(AT_REST)
                assert phone.get_by_test_id("stPopoverBody").count() == 1, (menu, scheme)
                faults = axe.run(phone).response["violations"]
                grave = [one for one in faults if one["impact"] in ("serious", "critical")]
                found[menu, scheme] = [one["id"] for one in grave]
            phone.keyboard.press("Escape")
            phone.emulate_media(color_scheme="light")
    assert len(found) == 8
    assert not any(found.values()), found


def test_what_is_said_above_the_map_does_not_move_its_zoom(page: Any) -> None:
    page.goto("/map")
    painted(page, "Need")
    page.get_by_role("button", name="Zoom in").or_(page.locator(".live-map .nearer")).first.click()
    shape = page.locator('.live-map .canvas path[data-code="a05"]').first
    page.wait_for_timeout(800)  # the zoom is animated
    before = shape.get_attribute("d")
    page.get_by_text("Money per person", exact=True).first.click()
    painted(page, "Money per person")
    page.get_by_text("Before you read money per person").wait_for()
    assert (
        page.locator('.live-map .canvas path[data-code="a05"]').first.get_attribute("d") == before
    )
