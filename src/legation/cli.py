"""The door to every command of ``legation``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import click

from legation import completing
from legation.checkout import home
from legation.data_cli import data
from legation.desk_cli import check, completion, docs, doctor, lab, new, params, preview, schema, setup_git, watch
from legation.errors import InputError
from legation.run_cli import diff, health, rebuild, run, schedule
from legation.treaty_cli import treaty


class _Group(click.Group):
    """Says a reader's mistake as one sentence and ends with status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            click.echo(str(error), err=True)
            sys.exit(2)
        except BrokenPipeError:  # whoever read what is printed has closed
            raise
        except OSError as error:
            where = error.filename or "A file"
            click.echo(f"{where}: {error.strerror or error}. Make room there, or permit reading and writing.", err=True)
            sys.exit(2)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second press would end this sentence
            click.echo("Interrupted. What was published stays as it was.", err=True)
            sys.exit(130)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="legation", prog_name="legation")
def main() -> None:
    """Analytical reports on trade and treaties, from notebooks to HTML and PDF.

    \b
    legation build vietnam-trade          a report as page and PDF, in reports/published/
    legation build --explain              all reports, and why each part was made or kept
    legation data check                   whether tables and claims are in order
    legation data refresh                 newer figures from publishers
    legation treaty draft FILE --id ID    a treaty's text as a register file to review
    legation doctor                       whether this machine can make reports

    README.md is the first page to read; `legation docs` builds the others, with tutorials, into docs/built/.
    """


@main.command()
@click.argument("reports", nargs=-1, shell_complete=completing.reports)
@click.option("--explain", is_flag=True, help="Say of every chapter and edition why it is made again or kept.")
@click.option("--jobs", type=click.IntRange(1), help="How many tasks are done at once. [default: one for each core]")
@click.option("--scheduler", metavar="ADDRESS", help="Let workers of a Dask scheduler do the work: tcp://host:8786.")
@click.option("--verify", is_flag=True, help="Build all again from nothing, elsewhere, and compare every file.")
@click.option("--as-of", metavar="WHEN", help="With the figures held at the end of a day (2026-10-31), or at a time.")
def build(
    reports: tuple[str, ...],
    explain: bool,
    jobs: int | None,
    scheduler: str | None,
    verify: bool,
    as_of: str | None,
) -> None:
    """Build REPORTS, or every report in reports/ but sweeps: what nothing changed of is kept.

    A sweep is built when it is named; one of its editions as SWEEP/EDITION.

    --as-of takes a day, or a time in UTC as folders of vintages and editions are named: 2026-10-31T050000Z. The
    edition of then takes the present one's place until the next build without it.

    Exit status: 0 all published, 1 a notebook failed or two builds differ, 2 something given was wrong. A report that
    is not published leaves its previous edition as it was.

    \b
    legation build putin-asia-2024 vietnam-trade
    legation build --as-of 2026-10-31 vietnam-asean/tha
    """
    from legation.press.build import build as build_reports

    root = home()
    outcomes = build_reports(
        root, list(reports), click.echo, explain=explain, jobs=jobs, scheduler=scheduler, as_of=as_of
    )
    for outcome in outcomes:
        if outcome.traceback:
            click.echo(f"\n{outcome.report}:\n{outcome.traceback}", err=True)
    stands: dict[str, list[Path]] = {}  # by report, and of a sweep all its editions
    for outcome in outcomes:
        if outcome.edition:
            stands.setdefault(outcome.report.partition("/")[0], []).append(outcome.edition)
    if outcomes and all(outcome.kept for outcome in outcomes):
        click.echo(f"Nothing changed: {root.name}/reports/published holds {', '.join(stands)}.")
    else:
        click.echo("")
        for report, editions in stands.items():
            if len(editions) > 1:
                click.echo(f"reports/published/{report}/index.html")
            else:
                for file in _to_read(editions[0]):
                    click.echo(file.relative_to(root).as_posix())
        if len(stands) > 1:
            click.echo("reports/published/index.html lists them.")
    failed = [outcome.report for outcome in outcomes if not outcome.edition]
    if failed:
        more = f" and {len(failed) - 20:,} more" if len(failed) > 20 else ""
        click.echo(f"Not published: {', '.join(failed[:20])}{more}. The reasons stand above.", err=True)
    status = max((outcome.status for outcome in outcomes), default=0)
    if verify and not status:
        from legation.press.verify import verify as build_again

        status = int(bool(build_again(root, list(reports), click.echo, as_of)))
    sys.exit(status)


def _to_read(edition: Path) -> list[Path]:
    """The files of an edition that are meant for readers, the page first."""
    files = [file for file in edition.iterdir() if file.suffix in (".html", ".pdf", ".docx", ".xlsx")]
    return sorted(files, key=lambda file: (file.suffix != ".html", file.suffix))


@main.command()
@click.option("--cache", is_flag=True, required=True, help="Forget every result kept, so that all is made again.")
def clean(cache: bool) -> None:
    """Empty the store of results. Published editions stay.

    \b
    legation clean --cache
    """
    from legation.press.store import Store

    with Store(home()) as store:
        click.echo(f"{store.clear()} results forgotten.")


main.add_command(check)
main.add_command(completion)
main.add_command(data)
main.add_command(diff)
main.add_command(docs)
main.add_command(doctor)
main.add_command(health)
main.add_command(lab)
main.add_command(new)
main.add_command(params)
main.add_command(preview)
main.add_command(rebuild)
main.add_command(run)
main.add_command(schedule)
main.add_command(schema)
main.add_command(setup_git)
main.add_command(treaty)
main.add_command(watch)

if __name__ == "__main__":
    main()
