"""Times in names sort as they came, and one that somebody asks for is a day or a time and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from legation import times
from legation.errors import InputError


def test_a_time_is_named_in_utc_and_a_day_means_its_end():
    tokyo = timezone(timedelta(hours=9))
    assert times.stamp(datetime(2026, 11, 1, 4, 30, tzinfo=tokyo)) == "2026-10-31T193000Z"
    assert times.moment("2026-10-31") == "2026-10-31T235959Z"
    assert times.moment("2026-10-31T050000Z") == "2026-10-31T050000Z"
    assert times.stamp(datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)) <= times.moment("2026-10-31")


@pytest.mark.parametrize(
    "when",
    ["", "yesterday", "2026-02-30", "2026-1-2", "2026-11-22T05:00:00Z", "2026-11-22T050000", "2026-11-22T250000Z"],
)
def test_what_is_no_time_is_refused_with_how_to_write_one(when):
    with pytest.raises(
        InputError, match=r"no day and no time\. Write a day as 2026-11-22, a time as 2026-11-22T050000Z"
    ):
        times.moment(when)


def test_names_up_to_a_time_are_those_without_a_later_one():
    names = ["2026-10-31T050000Z", "2026-11-01T050000Z", "unreached-2026-11-02T050000Z", "office"]
    assert times.up_to("2026-11-01T050000Z", names) == ["2026-10-31T050000Z", "2026-11-01T050000Z", "office"]
    assert times.up_to(None, names) == names
    assert times.earliest(None, "2026-11-01T050000Z", "2026-10-31T050000Z", "") == "2026-10-31T050000Z"
    assert times.earliest(None, "") is None
