"""A web that is played on this machine, and one that asks it without waiting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from played_web import Clock, PlayedWeb

from legation.data.fetching import Fetcher


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[PlayedWeb]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    played = PlayedWeb()
    yield played
    played.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fetcher(clock: Clock) -> Fetcher:
    return Fetcher(private=True, timeout=5, sleep=clock.sleep, clock=lambda: clock.now, chance=lambda: 1.0)
