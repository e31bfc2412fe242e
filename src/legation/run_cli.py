"""``legation schedule``: editions that appear by themselves."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from legation.checkout import home
from legation.errors import InputError


@click.command()
@click.option("--show", is_flag=True, help="Print what would be installed, and when each report runs next.")
@click.option("--remove", is_flag=True, help="Take away what was installed, and nothing else.")
def schedule(show: bool, remove: bool) -> None:
    """Install the timer that runs reports at the times their specs name, with systemd or else cron.

    It asks every five minutes which report is due: a spec that changes needs no new installation.
    """
    from legation.press import timer

    if show and remove:
        raise InputError("--show and --remove were both given. Give one.")
    root = home()
    job = timer.job(root)
    if remove:
        timer.remove(job, click.echo)
        return
    from legation.press.schedule import next_run, scheduled

    found, wrong = scheduled(root / "reports")
    for error in wrong:
        click.echo(f"Left out: {error}", err=True)
    if not found:
        raise InputError(
            "No report in reports/ has a schedule that can be read. Add one to its YAML file, "
            'such as: schedule: {cron: "0 6 * * 1", zone: Europe/Warsaw}'
        )
    if show:
        click.echo(timer.show(job))
    else:
        timer.install(job, click.echo)
    now = datetime.now(UTC)
    for spec in found:
        assert spec.schedule  # noqa: S101
        run = next_run(spec.schedule, now)
        click.echo(f"{spec.name}: next on {run:%A %Y-%m-%d at %H:%M}, {spec.schedule.zone}")
