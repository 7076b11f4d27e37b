"""The account in a browser: drawn, kept as a file that needs nothing, reopened by its link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
sync_api = pytest.importorskip("playwright.sync_api")


@contextmanager
def visited(visits: Any, address: str, **looks: Any) -> Iterator[Any]:
    with visits.page(path=address, **looks) as page:
        page.locator(".cg-hashes").wait_for()
        yield page


def test_the_file_that_is_kept_opens_without_any_network(visits: Any, tmp_path: Path) -> None:
    with visited(visits, "/account?v=1&about=scenario") as page:
        with page.expect_download() as waiting:
            page.get_by_role("button", name=re.compile("Keep as a file")).click()
        file = tmp_path / "account.html"
        waiting.value.save_as(file)
    alone = visits.browser.new_context(offline=True).new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(file.as_uri())
    for title in ("What was asked", "What was decided", "What changed for whom", "How to check it"):
        sync_api.expect(alone.get_by_role("heading", name=title)).to_be_visible()
    assert asked == [file.as_uri()]
    assert alone.locator("script").count() == 0


def test_an_account_of_one_area_is_reopened_by_its_link_on_a_phone(visits: Any) -> None:
    with visited(visits, "/account?v=1&for=sq&area=a13") as page:
        sync_api.expect(page.get_by_role("heading", name="Square 13")).to_be_visible()
        address = page.url
    with visited(visits, address, screen=(390, 844), scheme="dark") as other:
        sync_api.expect(other.get_by_role("heading", name="Square 13")).to_be_visible()
        assert other.evaluate("document.documentElement.scrollWidth") <= 390
