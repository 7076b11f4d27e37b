"""A button that prints the page as it stands, which browsers can also keep as a PDF.

In: what the page is about. Out: the button. What is left out on paper (menus, widgets) is said in
the style sheets; without a browser, as under `AppTest`, nothing happens.
"""

from __future__ import annotations

from pages.shared import scripts

_component = scripts.component("print_page")


def button(
    words: str = "Print, or keep as PDF", *, about: str = "", key: str = "print_page"
) -> None:
    """Show the button; where the page comes to be about something else it is seen from its head.

    Streamlit leaves the page where it was: whoever chose another area at the end of the page of
    one would see nothing change.
    """
    told = {"module": scripts.address("print_page.js"), "words": words, "about": about}
    _component(key=key, data=told)
