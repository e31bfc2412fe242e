"""A fetcher that asks without waiting."""

from __future__ import annotations

import pytest
from played_web import Clock

from legation.data.fetching import Fetcher


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fetcher(clock: Clock) -> Fetcher:
    return Fetcher(private=True, timeout=5, sleep=clock.sleep, clock=lambda: clock.now, chance=lambda: 1.0)
