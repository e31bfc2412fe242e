"""The browser, and the pages it is shown."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from helpers import ROOT

from browser import gates, shelf

#: Set where a missing browser is a fault, not a reason to skip: see .ci/run.
REQUIRED = "LEGATION_BROWSER"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
#: No sandbox, because tests may run as root in a container; the rest keeps Chromium from asking its maker for anything.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--font-render-hinting=none",  # hinting differs between machines, and with it every picture
    "--force-color-profile=srgb",
    "--disable-lcd-text",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Chromium, started once. Where there is none, the tests that need it are skipped."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        without("the package playwright, of the extra dev")
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        without(f"a browser: none of {', '.join(_NAMES)} is on the path")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def open_page(browser: Any) -> Iterator[Callable[..., gates.Visit]]:
    """Opens a page from the disk anew: ``open_page(path, width, scripts=False)``."""
    contexts = {
        scripts: browser.new_context(java_script_enabled=scripts, reduced_motion="reduce", device_scale_factor=1)
        for scripts in (True, False)
    }

    def opened(path: Path, width: int = 1280, *, scripts: bool = True) -> gates.Visit:
        return gates.Visit(contexts[scripts], path, width)

    yield opened
    for context in contexts.values():
        context.close()


@pytest.fixture(scope="package")
def look_at(open_page: Callable[..., gates.Visit]) -> Callable[..., gates.Visit]:
    """Shows a page that is opened once and stays so, for gates that only look: ``look_at(path, width, "dark")``."""
    visits: dict[Path, gates.Visit] = {}

    def shown(path: Path, width: int = 1280, scheme: str = "light") -> gates.Visit:
        if path not in visits:
            visits[path] = open_page(path)
        visit = visits[path]
        visit.page.emulate_media(media="screen", color_scheme=scheme)
        visit.page.set_viewport_size({"width": width, "height": gates.HEIGHT})
        return visit

    return shown


@pytest.fixture(scope="package")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page of every kind, made without a kernel."""
    folder = tmp_path_factory.mktemp("pages")
    shelf.fill(folder)
    return folder


@pytest.fixture(scope="package")
def published(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``legation build putin-asia-2024`` publishes, if there is a browser to look at it."""
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "data", checkout / "data", ignore=shutil.ignore_patterns("cache"))
    shutil.copytree(ROOT / "notebooks", checkout / "notebooks", ignore=shutil.ignore_patterns(".*"))
    (checkout / "reports").mkdir()
    shutil.copy(ROOT / "reports" / "putin-asia-2024.yml", checkout / "reports")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LEGATION")}
    # In a process of its own: the browser holds this one's event loop.
    done = subprocess.run(
        [Path(sys.executable).with_name("legation"), "build", "putin-asia-2024"],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return checkout / "reports" / "published"


def without(lacking: str) -> NoReturn:
    """Skip what needs it, or fail where all has to be there."""
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(f"{REQUIRED}=required, and this machine lacks {lacking}. Debian: see .ci/run")
    pytest.skip(f"this machine lacks {lacking}; see .ci/run")
