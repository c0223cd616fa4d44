"""A dashboard in a browser: what a person does there, what the page asked and complained about."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, Response

from outturn.dashboards.bundle import read, tabs_of

WAIT = 60_000
HOLDER = "[data-test='dashboard-component-chart-holder']"


class Board:
    """A page with what it asked for and complained about."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.answers: list[Response] = []
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", self._answered)
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def open(self, slug: str) -> None:
        self.page.goto(f"{self.base}/superset/dashboard/{slug}/")
        self.page.wait_for_selector(HOLDER, timeout=WAIT)

    def chart(self, title: str) -> Locator:
        name = re.compile(f"^{re.escape(title)}$")
        titled = self.page.locator("[data-test='editable-title']", has_text=name)
        return self.page.locator(HOLDER).filter(has=titled).first

    def figure(self, title: str) -> Locator:
        return self.chart(title).locator(".header-line")

    def choose(self, value: str, number: int = 0) -> None:
        """Choose a value of a filter, counted from the left, and apply it."""
        chosen = self.page.locator("[data-test='form-item-value']").nth(number)
        chosen.locator(".ant-select").first.click()
        self.page.keyboard.type(value)
        self.page.locator(".ant-select-item-option", has_text=value).first.click()
        self.page.keyboard.press("Escape")
        self.page.locator("[data-test='filter-bar__apply-button']").click()

    def take_from_list(self, slug: str) -> None:
        """Choose a dashboard in the list of dashboards: one click from wherever one is."""
        title = read().dashboards[slug]["title"]
        self.page.get_by_role("link", name=title).first.click()
        # The tab that was open the last time is open again: the first chart may be out of sight.
        self.page.wait_for_selector(HOLDER, timeout=WAIT, state="attached")

    def expect_drawn(self, metric: str, whose: str) -> None:
        """The newest chart of a metric draws one line, called `<metric>, <whose>`."""
        wanted, found = {f"{metric}, {whose}"}, set[str]()
        for _ in range(WAIT // 500):
            found = self._newest_lines(metric)
            if found == wanted:
                return
            self.page.wait_for_timeout(500)
        raise AssertionError(f"{found} is drawn, not {wanted}")

    def _newest_lines(self, metric: str) -> set[str]:
        for answer in reversed(self.answers):
            for result in answer.json()["result"]:
                lines = {name for name in result["colnames"] if name.startswith(f"{metric}, ")}
                if lines:
                    return lines
        return set()

    def read_through(self, slug: str) -> None:
        """Open every tab and come by every chart."""
        for tab in tabs_of(read().dashboards[slug]):
            if tab["title"]:
                self.show(tab["title"])
            for row in tab["rows"]:
                for item in row:
                    if "chart" in item:
                        title = read().charts[f"{slug}/{item['chart']}"]["title"]
                        self.chart(title).scroll_into_view_if_needed(timeout=WAIT)
            self.page.wait_for_load_state("networkidle", timeout=WAIT)

    def show(self, tab: str) -> None:
        """Open a tab; away from the filters first, whose explanations would lie over it.

        A page that has just been opened may go to the tab of the last time after the click.
        """
        self.page.mouse.move(1, 1)
        wanted = self.page.locator(".ant-tabs-tab", has_text=tab).first
        for _ in range(3):
            wanted.click()
            self.page.wait_for_load_state("networkidle", timeout=WAIT)
            if "ant-tabs-tab-active" in (wanted.get_attribute("class") or ""):
                return

    def wait_for_answers(self, number: int) -> None:
        """Wait until as many charts were answered; how many were is for the test to say."""
        for _ in range(WAIT // 500):
            if len(self.answers) >= number:
                return
            self.page.wait_for_timeout(500)

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _answered(self, response: Response) -> None:
        if "/api/v1/chart/data" in response.url:
            self.answers.append(response)
