"""``legation run`` and ``schedule``: editions that appear by themselves. ``legation health``: whether they do.

``legation diff``: what differs between two of them. ``legation rebuild``: one is made again, to prove it.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from legation import completing
from legation.checkout import home
from legation.errors import InputError, nearest

# Loading it takes longer than to say what commands there are.
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from legation.press.archive import Dated
    from legation.press.changes import Change, Changes

#: Lines told of each kind of change.
_LINES = 20
#: Letters of a text told in a line.
_TOLD = 90


@click.command()
@click.argument("reports", nargs=-1, shell_complete=completing.reports)
@click.option(
    "--due", is_flag=True, help="Only reports whose schedule owes a run; if none does, nothing is done or said."
)
@click.option("--offline", is_flag=True, help="Ask no publisher: the figures that are held will do.")
@click.option(
    "--hours", type=click.FloatRange(0.01), default=3.0, help="The run is stopped after so many. [default: 3]"
)
def run(reports: tuple[str, ...], due: bool, offline: bool, hours: float) -> None:
    """Renew REPORTS, or all that are no sweeps, as a timer does: fresh figures, build, archive, log, messages.

    An edition that says anything new is kept under its time in reports/published/archive/. One line says what came of
    it; reports/published/runs.jsonl has all of it.

    Exit status: 0 all is published or unchanged, 1 part of it failed, 2 nothing could be published.

    \b
    legation run --offline vietnam-trade
    legation run --due
    """
    from legation.press import unattended

    def refresh(say: Callable[[str], None]) -> Sequence[unattended.Look]:
        from legation.data.feeds import refresh as ask  # pandas is loaded only where figures are asked for

        return ask([], say)

    def say(line: str) -> None:
        click.echo(line, err=True)

    ran = unattended.run(home(), list(reports), say, None if offline else refresh, due=due, hours=hours)
    if ran:
        click.echo(ran.line())
        sys.exit(ran.status)


@click.command()
@click.option("--show", is_flag=True, help="Print what would be installed, and when each report runs next.")
@click.option("--remove", is_flag=True, help="Take away what was installed, and nothing else.")
def schedule(show: bool, remove: bool) -> None:
    """Install the timer that runs reports at the times their specs name, with systemd or else cron.

    It asks every five minutes which report is due: a spec that changes needs no new installation.
    docs/scheduling.md tells of all of it.

    \b
    legation schedule --show
    legation schedule
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
            'such as: schedule: {cron: "0 6 * * 1", zone: Europe/Warsaw}. docs/scheduling.md tells more.'
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


@click.command()
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON, for programs.")
def health(as_json: bool) -> None:
    """Say whether all is well: reports, feeds, runs, locks, timer and disk, the worst first. Nothing is changed.

    Exit status: 0 all is well, 1 a warning, 2 a failure, as programs that monitor machines take it.

    \b
    legation health
    legation health --json
    """
    from legation.press import health as checks

    found = checks.health(home(), datetime.now(UTC))
    click.echo(json.dumps(found.as_json(), indent=1, ensure_ascii=False) if as_json else found.text())
    sys.exit(checks.STATUS[found.level])


@click.command()
@click.argument("before", shell_complete=completing.editions)
@click.argument("after", shell_complete=completing.editions)
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON.")
@click.option(
    "--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a page that compares."
)
def diff(before: str, after: str, as_json: bool, page: Path | None) -> None:
    """Say what differs from the edition BEFORE to AFTER: figures, words, exhibits, method, code.

    An edition is a folder, or a report's name: vietnam-trade is the newest, vietnam-trade@2026-11-01T050000Z the one
    kept under that time. The beginning of a time will do if no other begins so.

    \b
    legation diff vietnam-trade@2026-11-01 vietnam-trade
    legation diff vietnam-trade@2026-11-01 vietnam-trade --html compared.html
    """
    from legation.press import changes

    folders = [_edition(name) for name in (before, after)]
    one, other = (changes.read(folder) for folder in folders)
    found = changes.compare(one, other, folders[0].name if "@" in before else before)
    if page is not None:
        from legation.press import html

        try:
            page.write_text(html.difference(found, one, other, (before, after)), encoding="utf-8")
        except OSError as error:
            raise InputError(f"{page} cannot be written ({error.strerror}). Name another file.") from None
    if as_json:
        click.echo(found.as_json(), nl=False)
        return
    for line in _told(found):
        click.echo(line)
    if page is not None:
        click.echo(f"{page}")


@click.command()
@click.argument("edition", metavar="REPORT@TIME", shell_complete=completing.editions)
def rebuild(edition: str) -> None:
    """Build a dated edition again from the figures of its time, and compare every file with what was kept.

    REPORT@TIME is written as in legation diff: vietnam-trade@2026-11-01T050000Z, or the beginning of the time. Nothing
    is checked out and nothing published changes: check out the commit that the edition names first.

    Exit status: 0 all files are the same bytes, 1 they differ or it cannot be built, 2 there is no such edition.

    \b
    legation rebuild vietnam-trade@2026-11-01
    """
    from legation.press import archive
    from legation.press.verify import rebuild as build_again

    report, _, stamp = edition.partition("@")
    if not stamp or not archive.is_name(report):
        raise InputError(f"'{edition}' names no dated edition. Write report and time: vietnam-trade@2026-11-01.")
    root = home()
    dated = _kept(edition, archive.dated(root / "reports" / "published", report), stamp)
    sys.exit(int(bool(build_again(root, dated, click.echo))))


def _edition(name: str) -> Path:
    """The folder of an edition that an analyst named."""
    from legation.press import archive, publish

    given = Path(name)
    if (given / publish.MANIFEST).is_file():
        return given
    report, _, stamp = name.partition("@")
    published = home() / "reports" / "published"
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", report) or ".." in report:
        raise InputError(f"'{name}' is neither the folder of an edition nor a report. Name one of them.")
    if stamp:
        return _kept(name, archive.dated(published, report), stamp).folder
    if (published / report / publish.MANIFEST).is_file():
        return published / report
    known = sorted(file.parent.name for file in published.glob(f"*/{publish.MANIFEST}"))
    raise InputError(
        f"'{name}' is neither the folder of an edition nor a report that is published{nearest(name, known)}. "
        f"Published are: {', '.join(known) or 'none'}."
    )


def _kept(name: str, dated: list[Dated], stamp: str) -> Dated:
    """The dated edition whose stamp begins so."""
    fitting = [each for each in dated if each.stamp.startswith(stamp)]
    if len(fitting) == 1:
        return fitting[0]
    told = ", ".join(each.stamp for each in dated[-10:]) or "none"
    what = "several dated editions that begin so" if fitting else "no dated edition of that time"
    raise InputError(f"'{name}': there {'are' if fitting else 'is'} {what}. The last are: {told}.")


def _told(found: Changes) -> Iterator[str]:
    """All of it for the terminal: each kind under its heading, the largest first."""
    from legation.press import changes

    yield f"Since {found.since_in_words}: {found.summary()}"
    of: dict[str, list[Change]] = {}
    for entry in found.entries:
        of.setdefault(_HEADINGS.get(entry.kind, "Sources, method and code"), []).append(entry)
    of["Words"] = changes.words_first(of.get("Words", []))
    of["Figures"] = changes.by_size(of.get("Figures", []))
    for heading in dict.fromkeys([*_HEADINGS.values(), "Sources, method and code"]):
        entries = of.get(heading, [])
        if not entries:
            continue
        yield f"\n{heading}"
        yield from (f"  {_line(entry)}" for entry in entries[:_LINES])
        if len(entries) > _LINES:
            yield f"  and {len(entries) - _LINES:,} more"


_HEADINGS = {
    "reworded": "Words",
    "finding": "Findings",
    "revised": "Figures",
    "new": "Figures",
    "gone": "Figures",
    "exhibit new": "Exhibits and chapters",
    "exhibit gone": "Exhibits and chapters",
    "chapter new": "Exhibits and chapters",
    "chapter gone": "Exhibits and chapters",
    "chapter moved": "Exhibits and chapters",
    "text": "Text",
}


def _line(entry: Change) -> str:
    from legation.press import changes, markup

    where = entry.exhibit or entry.chapter
    if entry.kind in ("revised", "new", "gone"):
        said = changes.figure_told(entry)
    elif " " in entry.kind:
        return markup.printable(f"{entry.kind}: {where}{f', {entry.title}' if entry.title else ''}")
    else:
        texts = changes.apart(str(entry.before or ""), str(entry.after or ""), _TOLD)
        was, now = (f"“{text}”" if text else "nothing" for text in texts)
        name = ", ".join(changes.shorter(part, _TOLD) for part in (entry.row, entry.column) if part)
        said = f"{name}: {was} → {now}" if name else f"{was} → {now}"
    return markup.printable(f"{where}: {said}" if where else said)
