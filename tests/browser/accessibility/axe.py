"""Check a page with axe-core against WCAG 2.2 AA. Its script comes with the package: nothing is asked of a network."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_GRAVE = {"serious", "critical"}
# Headings out of order are only moderate for axe-core, and still make a page hard to follow.
_ALSO = {"heading-order", "page-has-heading-one"}
_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


def violations(page: Page) -> list[str]:
    """The serious and critical violations on the page and in its frames, in the light and in the dark theme.

    Each is the theme, the address, the rule, the element, and what is wrong with it.
    """
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(
            "(scheme) => getComputedStyle(document.querySelector('.stApp')).colorScheme === scheme", arg=scheme
        )
        page.wait_for_timeout(500)  # The frames get the new colours with the next message.
        found += [f"{scheme} {page.url}: {one}" for one in violations_now(page)]
    return found


def violations_now(page: Page) -> list[str]:
    """The serious and critical violations on the page as it is."""
    for frame in page.frames:
        frame.evaluate(AXE_SCRIPT)
    found = page.evaluate("(options) => axe.run(document, options)", _OPTIONS)["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]} {node['failureSummary'][:300]}"
        for rule in found
        if rule["impact"] in _GRAVE or rule["id"] in _ALSO
        for node in rule["nodes"]
    ]
