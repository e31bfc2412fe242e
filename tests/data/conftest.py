"""A fetcher that asks without waiting."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from played_web import Clock

from legation.data.feeds import Ask
from legation.data.fetching import Fetcher


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fetcher(clock: Clock) -> Fetcher:
    return Fetcher(private=True, timeout=5, sleep=clock.sleep, clock=lambda: clock.now, chance=lambda: 1.0)


@pytest.fixture
def anew(fetcher: Fetcher) -> Callable[[str], Ask]:
    """Asks for a feed by its name, and uses nothing of an earlier time."""

    def ask(feed: str) -> Ask:
        found = Ask(feed, fetcher)
        found.done()
        return found

    return ask
