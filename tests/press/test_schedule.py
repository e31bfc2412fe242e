"""When scheduled reports run: by the clock of their zone, a missed run once, and never twice for a clock set back."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legation.errors import InputError
from legation.press import spec
from legation.press.schedule import due, next_run, runs, scheduled
from legation.press.spec import Schedule

WHOLE = """\
title: Trade
abstract: What is traded.
schedule: {cron: "0 6 * * 1", zone: Europe/Warsaw}
chapters:
  - notebook: trade
"""
WARSAW = ZoneInfo("Europe/Warsaw")  # 2026: clocks go forward on 29 March at 02:00, back on 25 October at 03:00


def load(tmp_path, text, name="trade.yml"):
    file = tmp_path / "reports" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return spec.load(file)


def first(schedule, after, count):
    return [f"{run:%m-%d %H:%M %z}" for run in itertools.islice(runs(schedule, after), count)]


def test_a_report_may_name_its_times_and_needs_not(tmp_path):
    assert load(tmp_path, WHOLE).schedule == Schedule(cron="0 6 * * 1", zone="Europe/Warsaw")
    assert load(tmp_path, WHOLE.replace("schedule:", "# ")).schedule is None


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"0 6 * * 1"', '"0 25 * * 1"', r"line 3: 'schedule\.cron': '25' cannot be the hour here\. It takes 0 to 23"),
        ('"0 6 * * 1"', '"0 6 * * MOM"', r"'MOM' cannot be the day of the week here\. It takes 0 to 7"),
        ('"0 6 * * 1"', '"0 6 30 2 *"', r"line 3: .*'30' cannot be the day of the month here.* its months have"),
        ('"0 6 * * 1"', '"0 6 1 * 1 2026"', r"line 3: .*five fields \(minute, hour,.* has 6"),
        ('"0 6 * * 1"', '"@weekly"', r"five fields.*such as 0 6 \* \* 1 for Monday at 06:00, but '@weekly' has 1"),
        ('"0 6 * * 1"', '"*/0 6 * * 1"', r"'\*/0' cannot be the minute here"),
        ("Europe/Warsaw", "Europe/Warsow", r"'schedule\.zone': .*'Europe/Warsow' \(did you mean 'Europe/Warsaw'\?\)"),
        ("Europe/Warsaw", "../../etc/passwd", r"there is no time zone '\.\./\.\./etc/passwd'"),
        ("cron:", "corn:", r"line 3: unknown key 'corn' \(did you mean 'cron'\?\). Known keys: cron, zone"),
        (", zone: Europe/Warsaw", "", r"line 3: the key 'schedule\.zone' is missing"),
        ('{cron: "0 6 * * 1", zone: Europe/Warsaw}', "0 6 * * 1", r"line 3: 'schedule': it takes a cron .*time zone"),
    ],
)
def test_a_wrong_schedule_is_named_with_file_line_and_remedy(tmp_path, old, new, sentence):
    with pytest.raises(InputError, match=sentence):
        load(tmp_path, WHOLE.replace(old, new))


def test_the_reports_with_a_schedule_are_found_and_a_broken_spec_hides_none_of_them(tmp_path):
    load(tmp_path, WHOLE)
    load(tmp_path, WHOLE.replace("schedule:", "# "), "by-hand.yml")
    (tmp_path / "reports" / "broken.yml").write_text("title: Trade\n")
    found, wrong = scheduled(tmp_path / "reports")
    assert [report.name for report in found] == ["trade"]
    assert [str(error) for error in wrong] == ["reports/broken.yml, line 1: the key 'chapters' is missing. Add it."]


def test_monday_at_six_in_warsaw_is_another_time_of_greenwich_in_summer_and_in_winter():
    monday = Schedule(cron="0 6 * * 1", zone="Europe/Warsaw")
    july, november = (next_run(monday, datetime(2026, month, 22, tzinfo=UTC)) for month in (7, 11))
    assert (july.astimezone(UTC).hour, november.astimezone(UTC).hour) == (4, 5)
    assert (f"{july:%A %H:%M}", f"{november:%A %H:%M}") == ("Monday 06:00", "Monday 06:00")


def test_a_time_that_the_clock_skips_in_spring_runs_once_after_the_gap():
    at_half_past_two = Schedule(cron="30 2 * * *", zone="Europe/Warsaw")
    assert first(at_half_past_two, datetime(2026, 3, 28, 0, 0, tzinfo=WARSAW), 3) == [
        "03-28 02:30 +0100",
        "03-29 03:00 +0200",
        "03-30 02:30 +0200",
    ]


def test_a_time_that_the_clock_shows_twice_in_autumn_runs_once():
    at_half_past_two = Schedule(cron="30 2 * * *", zone="Europe/Warsaw")
    night = ["10-24 02:30 +0200", "10-25 02:30 +0200", "10-26 02:30 +0100"]
    assert first(at_half_past_two, datetime(2026, 10, 24, 0, 0, tzinfo=WARSAW), 3) == night
    # Asked between the two passages of 02:30, and just before the second, it is done for the day.
    for asked in (datetime(2026, 10, 25, 0, 45, tzinfo=UTC), datetime(2026, 10, 25, 1, 29, tzinfo=UTC)):
        assert first(at_half_past_two, asked, 1) == night[2:]


def test_every_half_hour_goes_by_what_has_passed_and_takes_the_doubled_hour_twice():
    half_hours = Schedule(cron="*/30 * * * *", zone="Europe/Warsaw")
    assert first(half_hours, datetime(2026, 10, 25, 1, 45, tzinfo=WARSAW), 5) == [
        "10-25 02:00 +0200",
        "10-25 02:30 +0200",
        "10-25 02:00 +0100",
        "10-25 02:30 +0100",
        "10-25 03:00 +0100",
    ]


#: Zones with their shifts of 2026 at night, at midnight, in the south, and without any.
_ZONES = ["Europe/Warsaw", "America/New_York", "Asia/Beirut", "Africa/Cairo", "America/Santiago", "Asia/Ho_Chi_Minh"]
_SHIFTS = [(3, 8), (3, 28), (4, 4), (4, 23), (9, 5), (10, 24), (10, 29), (11, 1)]


@given(
    cron=st.sampled_from(["30 2 * * *", "0 0 * * *", "0 1,2,3 * * *", "*/20 0-4 * * *", "15 * * * *", "0 6 * * 1"]),
    zone=st.sampled_from(_ZONES),
    day=st.sampled_from(_SHIFTS),
    minutes=st.integers(0, 48 * 60),
)
def test_runs_come_in_order_and_asking_again_from_one_of_them_gives_those_after_it(cron, zone, day, minutes):
    schedule = Schedule(cron=cron, zone=zone)
    asked = datetime(2026, *day, tzinfo=UTC) + timedelta(minutes=minutes)
    found = [run.astimezone(UTC) for run in itertools.islice(runs(schedule, asked), 6)]
    assert asked < found[0]
    assert found == sorted(set(found))
    for place, run in enumerate(found[:-1]):
        assert next_run(schedule, run).astimezone(UTC) == found[place + 1]


@given(zone=st.sampled_from(_ZONES), day=st.sampled_from(_SHIFTS), every=st.sampled_from([5, 7, 60]))
def test_asked_every_few_minutes_a_daily_report_is_due_once_a_day_whatever_the_clock_does(zone, day, every):
    schedule = Schedule(cron="30 2 * * *", zone=zone)
    now = datetime(2026, *day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    last, days = now, []
    while (now := now + timedelta(minutes=every)) < last + timedelta(days=2) and len(days) < 4:
        if due(schedule, last, now):
            days.append(now.astimezone(ZoneInfo(zone)).date())
            last = now
    assert days == [days[0] + timedelta(days=count) for count in range(4)]


DAILY = Schedule(cron="0 6 * * *", zone="UTC")
SIX = datetime(2026, 11, 22, 6, tzinfo=UTC)


def test_a_run_is_owed_from_its_minute_on_until_it_has_begun():
    assert not due(DAILY, SIX - timedelta(days=1), SIX - timedelta(seconds=1))
    assert due(DAILY, SIX - timedelta(days=1), SIX)
    assert due(DAILY, SIX - timedelta(days=1), SIX + timedelta(hours=5))
    assert not due(DAILY, SIX + timedelta(seconds=3), SIX + timedelta(hours=5))


def test_five_missed_runs_are_owed_once():
    back = SIX + timedelta(days=5, hours=3)
    assert due(DAILY, SIX, back)
    assert not due(DAILY, back, back + timedelta(minutes=5))
    assert due(DAILY, back, SIX + timedelta(days=6))


def test_a_report_that_never_ran_is_due_at_once():
    assert due(DAILY, None, SIX - timedelta(hours=3))


def test_a_clock_set_back_repeats_no_run():
    """It ran at 06:00; then the clock shows 05:30, and 06:00 once more."""
    ran = SIX + timedelta(seconds=2)
    assert not any(due(DAILY, ran, SIX + timedelta(minutes=minutes)) for minutes in range(-30, 1))
    assert due(DAILY, ran, SIX + timedelta(days=1))


def test_a_run_of_a_clock_that_was_years_ahead_does_not_stop_the_report_for_years():
    ran = SIX.replace(year=2038)
    assert due(DAILY, ran, SIX + timedelta(hours=1))
    assert not due(DAILY, SIX + timedelta(hours=1), SIX + timedelta(hours=2))


def test_the_moments_given_may_be_told_in_the_schedules_own_zone():
    """Times of one zone compare by their face in Python, which is wrong in the doubled hour."""
    half_hours = Schedule(cron="*/30 * * * *", zone="Europe/Warsaw")
    ran = datetime(2026, 10, 25, 2, 40, tzinfo=WARSAW)  # the first passage
    assert due(half_hours, ran, datetime(2026, 10, 25, 2, 0, tzinfo=WARSAW, fold=1))
    assert not due(half_hours, ran, datetime(2026, 10, 25, 2, 59, tzinfo=WARSAW))
