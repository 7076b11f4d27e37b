"""The account in a browser: drawn, kept as a file that needs nothing, reopened by its link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
sync_api = pytest.importorskip("playwright.sync_api")

PATIENCE = 180_000  # milliseconds; generous, because the machines that run this are shared
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


def visit(browser: Any, address: str, **looks: Any) -> Any:
    page = browser.new_page(**looks)
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.locator(".cg-hashes").wait_for()
    return page


def test_the_file_that_is_kept_opens_without_any_network(
    browser: Any, server: Any, tmp_path: Path
) -> None:
    page = visit(browser, f"{server.address}/account?v=1&about=scenario")
    with page.expect_download(timeout=PATIENCE) as waiting:
        page.get_by_role("button", name=re.compile("Keep as a file")).click()
    file = tmp_path / "account.html"
    waiting.value.save_as(file)
    page.close()
    alone = browser.new_context(offline=True).new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(file.as_uri())
    for title in ("What was asked", "What was decided", "What changed for whom", "How to check it"):
        sync_api.expect(alone.get_by_role("heading", name=title)).to_be_visible()
    assert asked == [file.as_uri()]
    assert alone.locator("script").count() == 0


def test_an_account_of_one_area_is_reopened_by_its_link_on_a_phone(
    browser: Any, server: Any
) -> None:
    page = visit(browser, f"{server.address}/account?v=1&for=sq&area=a13")
    sync_api.expect(page.get_by_role("heading", name="Square 13")).to_be_visible(timeout=PATIENCE)
    address = page.url
    page.close()
    other = visit(browser, address, viewport={"width": 390, "height": 844}, color_scheme="dark")
    sync_api.expect(other.get_by_role("heading", name="Square 13")).to_be_visible(timeout=PATIENCE)
    assert other.evaluate("document.documentElement.scrollWidth") <= 390
    other.close()
