"""The analyst's day: ``legation new``, ``params``, ``schema``, ``lab``, ``check``, ``setup-git``, ``docs`` and more."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from legation import completing
from legation.checkout import home
from legation.errors import InputError

# Loading it takes longer than to say what commands there are.
if TYPE_CHECKING:
    from collections.abc import Mapping

    from legation.press.parameters import Parameter

#: Letters of a default in the list of parameters.
_TOLD = 60
_WIDE = 100


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def lab(options: tuple[str, ...]) -> None:
    """Open notebooks/ in JupyterLab, with the kernel and the exporters of this environment.

    OPTIONS go to JupyterLab as they are.

    \b
    legation lab
    legation lab --no-browser --port=8890
    """
    from legation.lab import start

    start(home() / "notebooks", options)


@click.command()
@click.argument("notebook", shell_complete=completing.notebooks)
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON, with each type as JSON Schema.")
def params(notebook: str, as_json: bool) -> None:
    """List the parameters of NOTEBOOK: name, type, default, meaning. Nothing is run.

    NOTEBOOK is a name as reports write it (trade_comparison), or a file. Values of a type that is not known are not
    checked before the notebook runs, and the list says so.

    \b
    legation params trade_comparison
    """
    from legation.press import plan

    given = Path(notebook)
    file = given if given.is_file() else plan.find(notebook, home() / "notebooks", "legation params")
    known = plan.parameters(file)
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in known.values()], indent=1, ensure_ascii=False))
        return
    if not known:
        click.echo(f"{file.name} takes no parameters: no cell of it has the tag 'parameters'.")
    for line in _listed(known):
        click.echo(line)


def _as_json(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "type": parameter.written,
        "default": parameter.default,
        "meaning": parameter.meaning,
        "unchecked": list(parameter.unchecked),
        "schema": parameter.schema(),
    }


def _listed(known: Mapping[str, Parameter]) -> list[str]:
    """Names, types and defaults in columns, the meaning under each."""
    rows = [(each.name, each.written, _shortened(repr(each.default))) for each in known.values()]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    lines = []
    for each, (name, kind, default) in zip(known.values(), rows, strict=True):
        lines.append(f"{name:{widths[0]}}  {kind:{min(widths[1], 40)}}  {default}")
        meaning = each.meaning or "(no comment says what it takes)"
        if each.unchecked:
            meaning += f" (not checked before it runs: {', '.join(each.unchecked)} is not known)"
        lines += textwrap.wrap(meaning, _WIDE, initial_indent="    ", subsequent_indent="    ")
    return lines


def _shortened(text: str) -> str:
    return text if len(text) <= _TOLD else f"{text[: _TOLD - 1]}…"


@click.command()
@click.argument("name", required=False, type=click.Choice(["report", "claims", "treaty", "feeds"]))
def schema(name: str | None) -> None:
    """Print the JSON Schema of one kind of file, or write all of them to docs/schema/.

    An editor with a YAML language server finds them by the first line of each file, completes keys, notebooks,
    parameters and their values, and marks what is wrong while it is typed.

    \b
    legation schema
    legation schema report
    """
    from legation import schemas

    root = home()
    if name:
        click.echo(schemas.text(name, root), nl=False)
        return
    changed = schemas.write(root)
    for file in changed:
        click.echo(file)
    if not changed:
        click.echo(f"{schemas.FOLDER.as_posix()}/ is up to date.")


@click.group()
def new() -> None:
    """Begin a report or a notebook: asked for on a terminal, or by flags. Nothing is overwritten.

    \b
    legation new report thailand-trade
    legation new notebook prices
    """


@new.command("report")
@click.argument("name")
@click.option("--title", help="Title of the page.")
@click.option("--abstract", help="One paragraph on what it shows.")
@click.option("--notebook", help="Notebook of its one chapter.", shell_complete=completing.notebooks)
@click.option(
    "--from",
    "origin",
    metavar="REPORT",
    help="Take over the chapters of another report.",
    shell_complete=completing.reports,
)
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="A parameter: --set partners=RUS,CHN")
def report(
    name: str, title: str | None, abstract: str | None, notebook: str | None, origin: str | None, settings: tuple[str]
) -> None:
    """Write reports/NAME.yml: one chapter of a notebook, or the chapters of another report.

    Without flags it asks. Every value is checked before anything is written.

    \b
    legation new report thailand-trade --notebook trade_comparison \\
        --set reporter=THA --set partners=RUS,CHN --title "Thailand’s trade with Russia and China"
    """
    from legation import starting

    root, ask = home(), _asks()
    starting.report_file(root, name)
    if notebook and origin:
        raise InputError("--notebook and --from were both given. Give one.")
    if not notebook and not origin:
        available = sorted(file.stem for file in (root / "notebooks").glob("*.ipynb"))
        if not ask:
            raise InputError(f"Name a notebook with --notebook, or a report with --from. There are: {_all(available)}.")
        notebook = click.prompt("Notebook", type=click.Choice(available), default=_first(available))
    chapters = starting.chapters_of(root, notebook=notebook, origin=origin)
    known = starting.known_parameters(root, chapters)
    parameters = starting.given(settings, known)
    before: dict[str, Any] = {}
    for chapter in reversed(chapters):
        before |= chapter.parameters
    title = title or _text("Title", name.replace("-", " ").capitalize(), ask)
    abstract = abstract or _text("What it shows, in one paragraph; Enter to write it later", "", ask)
    if ask and not settings:
        click.echo("\nIts parameters. Enter keeps what stands in brackets.")
        parameters = {
            each.name: value for each in known.values() if (value := _value(each, before.get(each.name))) is not None
        }
    file = starting.write_report(root, name, title=title, abstract=abstract, chapters=chapters, parameters=parameters)
    click.echo(f"{file.relative_to(root).as_posix()} is written.")
    kept = [each for each in before if each not in parameters]
    if origin and kept:
        click.echo(f"From {origin}, to look through: {', '.join(kept)}.")
    click.echo(f"Next: legation build {name}")


@new.command("notebook")
@click.argument("name")
@click.option("--title", help="Its heading.")
@click.option("--question", help="The question it answers.")
@click.option("--from", "origin", metavar="NOTEBOOK", help="Begin with the cells of another notebook.")
def notebook(name: str, title: str | None, question: str | None, origin: str | None) -> None:
    """Write notebooks/NAME.ipynb: a short notebook that runs, for you to change.

    It has a title with its question, typed parameters, cells that load, draw and say, and one on method.

    \b
    legation new notebook prices --question "How did prices move?"
    """
    from legation import schemas, starting
    from legation.press import plan

    root, ask = home(), _asks()
    starting.notebook_file(root, name)
    begun = plan.find(origin, root / "notebooks", "--from") if origin else starting.STARTER
    title = title or _text("Title", name.replace("_", " ").capitalize(), ask)
    question = question or _text("The question it answers", starting.question_of(begun), ask)
    file = starting.write_notebook(root, name, title=title, question=question, origin=begun)
    click.echo(f"{file.relative_to(root).as_posix()} is written.")
    for changed in schemas.write(root):
        click.echo(f"{changed} knows its parameters.")
    click.echo(f"Next: make lab, or legation new report {name.replace('_', '-')} --notebook {name}")


def _asks() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()


def _text(what: str, default: str, ask: bool) -> str:
    return str(click.prompt(what, default=default, show_default=bool(default))) if ask else default


def _value(parameter: Parameter, before: Any) -> Any:
    """What is answered for a parameter; ``None`` if it stays as it is."""
    from legation import starting

    stands = parameter.default if before is None else before
    told = ",".join(map(str, stands)) if isinstance(stands, list) else "" if stands is None else str(stands)
    click.echo(f"\n{parameter.name}: {parameter.meaning or parameter.written}")
    while (answer := str(click.prompt("", default=told, prompt_suffix="> "))) != told:
        try:
            return starting.value_for(parameter, answer)
        except InputError as error:
            click.echo(f"  {error}")
    return None


def _first(available: list[str]) -> str | None:
    return "trade_comparison" if "trade_comparison" in available else None


def _all(names: list[str]) -> str:
    return ", ".join(names) or "none"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what lets SHELL complete commands, options, reports, notebooks, feeds and treaties.

    \b
    bash: legation completion bash >> ~/.bashrc
    zsh:  legation completion zsh >> ~/.zshrc
    fish: legation completion fish > ~/.config/fish/completions/legation.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101  # a choice above
    click.echo(kind(context.find_root().command, {}, "legation", "_LEGATION_COMPLETE").source())


@click.command()
@click.argument("names", nargs=-1, metavar="[DOCUMENT]...", shell_complete=completing.documents)
@click.option("--jobs", type=click.IntRange(1), help="How many tasks are done at once. [default: one for each core]")
def docs(names: tuple[str, ...], jobs: int | None) -> None:
    """Build the documentation as pages and PDFs in docs/built/: tutorials, guides, reference, gallery; or one of them.

    The tutorials run, in copies of the checkout. Exit status: 0 all are built, 1 one is not, 2 something given was
    wrong.

    \b
    legation docs
    legation docs reference
    """
    from legation.handbook import build

    failed = build(home(), names, click.echo, jobs=jobs)
    if failed:
        click.echo(f"Not built: {', '.join(failed)}. The reasons stand above.", err=True)
    sys.exit(int(bool(failed)))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON, for programs.")
def doctor(as_json: bool) -> None:
    """Say whether this machine can make reports: environment, kernel, fonts, folders, settings; each with a remedy.

    Nothing is changed. No network is needed; whether there is one is waited for at most three seconds. Of settings
    (LEGATION_…) names are shown, never what they hold.

    Exit status: 0 all is well, 1 something to look at, 2 something fails.

    \b
    legation doctor
    legation doctor --json
    """
    from legation import doctor as examination

    found = examination.examine()
    if as_json:
        click.echo(json.dumps(examination.as_json(found), indent=1, ensure_ascii=False))
    else:
        click.echo(examination.text(found))
    sys.exit(examination.STATUS[examination.worst(found)])


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON, for programs.")
def check(paths: tuple[Path, ...], as_json: bool) -> None:
    """Say what is wrong in notebooks and report specs, without running them: those at PATHS, or all.

    docs/review.md has the rules.

    One line each: file, cell or line, rule, remedy. A false alarm is answered where it stands, with a reason:
    "# check: allow RULE: reason" in code and YAML, "<!-- check: allow RULE: reason -->" in a Markdown cell.

    Exit status: 0 nothing is wrong, 1 something is, 2 a path is not there or neither notebook nor spec.

    \b
    legation check
    legation check notebooks/trade_comparison.ipynb reports
    """
    from legation.press import check as rules

    chosen = list(paths) or [folder for name in ("notebooks", "reports", "docs") if (folder := home() / name).is_dir()]
    faults = rules.check(chosen)
    if as_json:
        # In ASCII, for half a sign, which a notebook may hold, can be written in no other way.
        click.echo(json.dumps([fault.as_json() for fault in faults], indent=1))
    else:
        for fault in faults:
            click.echo(str(fault))
        count = len(rules.files(chosen))
        said = f"{len(faults)} found in {count} files." if faults else f"Nothing is wrong in {count} files."
        click.echo(said, err=True)
    sys.exit(1 if faults else 0)


@click.command("setup-git")
@click.option("--remove", is_flag=True, help="Undo it. Notebooks on disk stay as they are.")
def setup_git(remove: bool) -> None:
    """Let Git commit notebooks without outputs, and compare and merge them cell by cell where nbdime is installed.

    It configures this clone and its worktrees; notebooks on disk keep their outputs. Once is enough.

    \b
    legation setup-git
    legation setup-git --remove
    """
    from legation import git_setup

    (git_setup.remove if remove else git_setup.install)(home(), click.echo)


@click.command()
@click.argument("report", shell_complete=completing.reports)
@click.option("--port", type=click.IntRange(1, 65535), help="Where the page is served. [default: one that is free]")
@click.option("--no-open", is_flag=True, help="Open no browser: the address is printed.")
def watch(report: str, port: int | None, no_open: bool) -> None:
    """Show REPORT in the browser, and build it again at each save of what it depends on.

    A mistake is told on the page, above the last edition that was published. An edition of a sweep is named as
    SWEEP/EDITION. Ctrl-C ends it. docs/watching.md tells more.

    \b
    legation watch vietnam-trade
    legation watch vietnam-asean/tha --port 8123 --no-open

    Exit status: 0 ended, 2 something given was wrong.
    """
    from legation.press.watch import watch as follow

    follow(home(), report, click.echo, port=port or 0, opened=(lambda url: None) if no_open else _open)


@click.command()
@click.argument("branch")
@click.argument("reports", nargs=-1, shell_complete=completing.reports)
@click.option("--base", metavar="BRANCH", default="main", help="What it is compared with. [default: main]")
@click.option("--no-open", is_flag=True, help="Open no browser: the page's place is printed.")
def preview(branch: str, reports: tuple[str, ...], base: str, no_open: bool) -> None:
    """Build REPORTS, or all that are no sweeps, as BRANCH has them and as main has them, and show what differs.

    Both are checked out elsewhere, from what is committed, and built in the present environment, each with its own
    code: nothing that you work on is touched. The pages, with both editions, are kept in .legation/preview/.

    \b
    legation preview new-figures
    legation preview new-figures vietnam-trade --base main --no-open

    Exit status: 0 all was compared, 1 a report could not be built, 2 something given was wrong.
    """
    from legation.press.preview import preview as compare

    found = compare(home(), branch, reports, click.echo, base=base)
    click.echo("")
    for report, said in found.summaries.items():
        click.echo(f"{report}: {said}")
    click.echo(str(found.page))
    if not no_open:
        _open(found.page.as_uri())
    sys.exit(1 if found.failed else 0)


def _open(address: str) -> None:
    """Open it in a browser with a window of its own; the address has been printed for whoever has none."""
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if type(browser) is not webbrowser.GenericBrowser:  # one of those would take over the terminal
        browser.open(address)
