"""One published sample and one Superset for all tests here: both are brought up as a user would.

A browser is needed for the pages; OUTTURN_BROWSER names it, else the usual names are looked for.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from outturn import refresh, sample
from outturn.dashboards import bundle, environment, managing, serving
from outturn.errors import IntakeFailed
from outturn.settings import Settings
from tests.conftest import copied_warehouse, free_port
from tests.dashboards.visitor import Visitor

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def superset(
    server_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Seven service months in two financial years, published, with Superset before them."""
    if not environment.is_installed():
        pytest.fail("Superset's environment is not there: run `make superset/.venv/.ready`.")
    home = tmp_path_factory.mktemp("dashboards")
    with copied_warehouse(server_settings, home) as copied:
        settings = copied.model_copy(update={"superset_port": free_port()})
        sample.generate(settings, Path(settings.landing), months=7, scale=0.002)
        with pytest.raises(IntakeFailed, match="cut short"):
            refresh.refresh(settings, everything=True)
        managing.apply(settings, bundle.read())
        serving.start(settings)
        try:
            serving.wait_until_healthy(settings)
            yield settings
        finally:
            serving.stop(settings)


@pytest.fixture(scope="session")
def viewer(superset: Settings) -> Visitor:
    """Somebody of finance, logged in without a browser."""
    visitor = Visitor(superset)
    visitor.log_in(environment.VIEWER)
    return visitor


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium, without a window."""
    found = os.environ.get("OUTTURN_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), "")
    if not found:
        if os.environ.get("OUTTURN_BROWSER_REQUIRED"):
            pytest.fail("no Chromium found")
        pytest.skip("no Chromium found; install one or name it in OUTTURN_BROWSER")
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        chromium = playwright.chromium.launch(executable_path=found, args=options)
        yield chromium
        chromium.close()
