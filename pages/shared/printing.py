"""A button that prints the page as it stands, which browsers can also keep as a PDF.

In: nothing. Out: the button. What is left out on paper (menus, widgets) is said in the style
sheets; without a browser, as under `AppTest`, nothing happens.
"""

from __future__ import annotations

from pages.shared import scripts

_component = scripts.component("print_page")


def button(words: str = "Print, or keep as PDF", *, key: str = "print_page") -> None:
    """Show the button."""
    _component(key=key, data={"module": scripts.address("print_page.js"), "words": words})
