"""When a scheduled report runs, and whether a run is owed. No clock is read here: the time is always given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from cronsim import CronSim

from legation.errors import InputError
from legation.press import spec as specs
from legation.press.spec import ReportSpec, Schedule

#: A last run that lies further ahead than this was dated by a wrong clock, and says nothing of what is owed.
_AHEAD = timedelta(days=1)


def runs(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """The times of a schedule's runs after a moment, one after the other without end, in its own zone.

    Times are those of Debian's cron. A time that the clock skips in spring is that of the first minute after the gap;
    one that it shows twice in autumn is the first of the two. Only a schedule whose minute or hour begins with ``*``
    goes by what has really passed: ``*/30 * * * *`` runs every half-hour of the doubled hour. (Where the clock shifts
    by half an hour, on Lord Howe Island, one run of such a schedule comes half an hour late after each shift.)

    Parameters
    ----------
    schedule
        Cron expression and zone.
    after
        A moment with its zone; a run at this very moment does not count.
    """
    last = after.astimezone(UTC)
    for run in CronSim(schedule.cron, after.astimezone(ZoneInfo(schedule.zone))):
        # Seen from the second passage of a doubled hour, cronsim may name a time of the first.
        moment = run.astimezone(UTC)
        if moment > last:
            last = moment
            yield moment.astimezone(run.tzinfo)


def next_run(schedule: Schedule, after: datetime) -> datetime:
    """The first run after a moment, in the schedule's zone; see :func:`runs`."""
    return next(runs(schedule, after))


def due(schedule: Schedule, last: datetime | None, now: datetime) -> bool:
    """Whether a run is owed: its time has come since the last run began, be it once or many times.

    A report that never ran is due at once. After the clock was set back nothing runs again until it has caught up
    with the last run, unless that lies more than a day ahead: then it was dated by a wrong clock, and a run is owed.

    Parameters
    ----------
    schedule
        Cron expression and zone.
    last
        When the run recorded last began, however it ended; with its zone. ``None``: there was none.
    now
        The time, with its zone.
    """
    if last is None or last.astimezone(UTC) - now.astimezone(UTC) > _AHEAD:
        return True
    return next_run(schedule, last).astimezone(UTC) <= now.astimezone(UTC)


def scheduled(reports: Path) -> tuple[list[ReportSpec], list[InputError]]:
    """The reports of a folder that have a schedule, by name, and what is wrong with specs that cannot be read."""
    found, wrong = [], []
    for file in sorted(reports.glob("*.yml")):
        try:
            spec = specs.load(file)
        except InputError as error:
            wrong.append(error)
        else:
            if spec.schedule:
                found.append(spec)
    return found, wrong
