"""Whether this machine can make reports: ``legation doctor``. Each finding says what is so, and what would mend it.

Nothing is changed: what is written to try a folder is removed again. A network, a browser, git and a timer are not
needed to make reports, so that their absence is no fault.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from legation import version
from legation.checkout import home
from legation.errors import InputError, nearest

Level = Literal["ok", "warning", "failure"]
#: The exit status of each level, as `legation health` has them.
STATUS: dict[Level, int] = {"ok": 0, "warning": 1, "failure": 2}
#: Variables that Legation reads; those of tests and of its own kernels are not an operator's.
SETTINGS = (
    "LEGATION_COMTRADE_KEY",
    "LEGATION_MAIL_FROM",
    "LEGATION_MAIL_TO",
    "LEGATION_SITE",
    "LEGATION_SMTP",
    "LEGATION_SMTP_PASSWORD",
    "LEGATION_SMTP_USER",
    "LEGATION_WEBHOOK",
)
#: Where the build writes.
_WRITTEN = (Path("reports") / "published", Path(".legation"), Path("data") / "cache")
_OLDEST = (3, 11)
_LEAST_FREE = 1_000_000_000  # bytes, as `legation health` has it
_NETWORK_SECONDS, _KERNEL_SECONDS, _PROGRAM_SECONDS = 3.0, 20, 10
#: A publisher that needs no key.
_PUBLISHER = "https://data-api.ecb.europa.eu/"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SHOWN = 6  # packages that are named; more are counted


@dataclass(frozen=True)
class Finding:
    """What was found of one part of the machine, in a sentence, and what to do where something is wrong."""

    part: str
    level: Level
    said: str
    remedy: str | None = None


def examine() -> list[Finding]:
    """Look at everything; several parts may have more than one finding."""
    began, reached = time.monotonic(), list[bool]()
    asking = threading.Thread(target=lambda: reached.append(_answers()), daemon=True)  # names may resolve for minutes
    asking.start()
    root, findings = _root()
    findings += _safely("python", _python)
    findings += _safely("packages", _packages, root)
    findings += _safely("legation", _library, root)
    for part, check in (("kernel", _kernel), ("fonts", _fonts), ("pandoc", _pandoc), ("browser", _browser)):
        findings += _safely(part, check)
    asking.join(max(0.0, _NETWORK_SECONDS - (time.monotonic() - began)))
    findings.append(_network(bool(reached and reached[0])))
    if root is not None:
        for part, look in (("folders", _folders), ("git", _git), ("timer", _timer)):
            findings += _safely(part, look, root)
    return [*findings, *_safely("settings", _settings, os.environ)]


def worst(findings: list[Finding]) -> Level:
    """The level of all together."""
    return max((finding.level for finding in findings), key=STATUS.__getitem__, default="ok")


def text(findings: list[Finding]) -> str:
    """All findings, a line each, with the remedy below."""
    width = max(len(finding.part) for finding in findings)
    counts = {level: sum(finding.level == level for finding in findings) for level in STATUS}
    well = "All is well" if worst(findings) == "ok" else f"{counts['failure']} failed, {counts['warning']} to look at"
    lines = [f"Legation {version()}, Python {platform.python_version()}, {platform.platform()}. {well}."]
    for finding in findings:
        lines.append(f"{finding.level:<8} {finding.part:<{width}}  {finding.said}")
        if finding.remedy:
            lines.append(f"{'':<8} {'':<{width}}  → {finding.remedy}")
    return "\n".join(lines)


def as_json(findings: list[Finding]) -> dict[str, Any]:
    """The same for programs."""
    level = worst(findings)
    return {
        "level": level,
        "status": STATUS[level],
        "versions": {
            "legation": version(),
            "python": platform.python_version(),
            "platform": platform.platform(),
            **{name: _installed(name) for name in _own_requirements()},
        },
        "findings": [asdict(finding) for finding in findings],
    }


def _safely(part: str, check: Callable[..., Iterator[Finding]], *given: Any) -> list[Finding]:
    """The findings of a check; a check that itself fails is one."""
    try:
        return list(check(*given))
    except Exception as error:  # noqa: BLE001  # whatever is wrong with a machine is what is looked for
        said = f"This could not be looked at ({type(error).__name__}: {_one_line(str(error))})."
        return [Finding(part, "failure", said, _anew())]


# --------------------------------------------------------------------------------------------------------- environment


def _root() -> tuple[Path | None, list[Finding]]:
    try:
        return home(), []
    except InputError as error:
        return None, [Finding("checkout", "failure", str(error))]


def _python() -> Iterator[Finding]:
    said = f"Python {platform.python_version()} in {sys.prefix}."
    if sys.version_info < _OLDEST:
        remedy = "Name a newer one: make PYTHON=python3.12"
        yield Finding("python", "failure", f"{said} Legation needs 3.11 or newer.", remedy)
    else:
        yield Finding("python", "ok", said)


def _packages(root: Path | None) -> Iterator[Finding]:
    """What is installed against what requirements.lock pins for this machine."""
    lock = root / "requirements.lock" if root else None
    if lock is None or not lock.is_file():
        yield Finding("packages", "warning", "There is no requirements.lock to compare with.", "Restore it with git.")
        return
    pinned = locked(lock.read_text(encoding="utf-8"))
    own = _own_requirements()
    missing = [name for name in own if _installed(name) is None]
    if missing:
        yield Finding("packages", "failure", f"Not installed: {_some(missing)}.", _anew())
    differing = [
        f"{name} {found} (pinned {wanted})"
        for name, wanted in pinned.items()
        if (found := _installed(name)) is not None and found != wanted
    ]
    if differing:
        remedy = _anew()
        if _of_conda():
            remedy = "Versions may differ in a conda environment; files are then not the same bytes as elsewhere."
            remedy += " Where none is active, `make report` uses .venv, with the versions pinned."
        yield Finding("packages", "warning", f"Not the versions of requirements.lock: {_some(differing)}.", remedy)
    absent = [name for name in pinned if _installed(name) is None and name not in missing]
    if not missing and not differing:
        extra = f"; {len(absent)} of those pinned, for tests and extras, are not installed" if absent else ""
        yield Finding("packages", "ok", f"{len(pinned) - len(absent)} packages as requirements.lock pins them{extra}.")


def _of_conda() -> bool:
    return Path(sys.prefix, "conda-meta").is_dir()


def _anew() -> str:
    """How the environment that runs is made whole."""
    if _of_conda():
        return "Bring the conda environment up to date: conda env update --file environment.yml"
    return "Delete .venv and run `make report`, which builds it anew from requirements.lock."


def locked(text: str) -> dict[str, str]:
    """The versions that a lock pins on this machine, by the normal form of each name."""
    from packaging.requirements import Requirement

    found = {}
    for line in text.splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            pin = Requirement(line.rstrip(" \\"))
            if pin.marker is None or pin.marker.evaluate():
                found[_normal(pin.name)] = str(pin.specifier).removeprefix("==")
    return found


def _own_requirements() -> list[str]:
    """The packages without which nothing works."""
    from packaging.requirements import Requirement

    try:
        stated = [Requirement(line) for line in importlib.metadata.requires("legation") or []]
    except importlib.metadata.PackageNotFoundError:
        return []
    return sorted(_normal(each.name) for each in stated if each.marker is None or each.marker.evaluate({"extra": ""}))


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _library(root: Path | None) -> Iterator[Finding]:
    package = Path(__file__).resolve().parent
    if root is not None and (root / "src" / "legation").is_dir() and package != root.resolve() / "src" / "legation":
        said = f"The code that runs is in {package}, not in this checkout: what you change in src/ has no effect."
        yield Finding("legation", "warning", said, "Install this checkout: pip install --no-deps --editable .")
    else:
        yield Finding("legation", "ok", f"Version {version()}, in {package}.")


# ------------------------------------------------------------------------------------------------------ what is needed


def _kernel() -> Iterator[Finding]:
    """Which kernel notebooks get, and whether one starts and finds the library."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    from jupyter_client.manager import start_new_kernel

    install = "Install it: python -m ipykernel install --sys-prefix"
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield Finding("kernel", "failure", "There is no kernel 'python3'.", install)
        return
    program = Path(spec.argv[0])  # Jupyter puts its own Python in the place of a bare name
    if program.is_absolute() and not _same(program, Path(sys.executable)):
        yield Finding("kernel", "warning", f"The kernel 'python3' is another Python, {program}.", install)
    with tempfile.TemporaryFile() as log:
        try:
            manager, client = start_new_kernel(_KERNEL_SECONDS, "python3", stdout=log, stderr=log)
        except (RuntimeError, OSError) as error:
            log.seek(0)
            last = (log.read().decode("utf-8", "replace").strip() or str(error)).splitlines()[-1]
            yield Finding("kernel", "failure", f"No kernel starts ({_one_line(last)}).", install)
            return
    try:
        said_by: list[str] = []

        def hear(message: Mapping[str, Any]) -> None:
            said_by.append(str(message["content"].get("text") or message["content"].get("evalue") or ""))

        reply = client.execute_interactive(
            "import legation; print(legation.__file__)", timeout=_KERNEL_SECONDS, output_hook=hear
        )
        if reply["content"]["status"] == "ok":
            yield Finding("kernel", "ok", f"A kernel starts from {spec.resource_dir} and finds the library.")
        else:
            said = f"A kernel starts, and cannot import the library ({_one_line(''.join(said_by))})."
            yield Finding("kernel", "failure", said, install)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _same(one: Path, other: Path) -> bool:
    """Whether two programs are one, by their folders: environments link to the same Python."""
    return one == other or (one.parent.resolve() == other.parent.resolve() and one.resolve() == other.resolve())


def _fonts() -> Iterator[Finding]:
    from legation.press import fonts

    missing = fonts.missing()
    if missing:
        remedy = "Install anew: pip install --force-reinstall font-source-sans-pro font-source-serif-pro"
        yield Finding("fonts", "failure", f"Not found: {_some(missing)}.", remedy)
    else:
        yield Finding("fonts", "ok", "Source Serif and Source Sans are there, as the packages ship them.")


def _pandoc() -> Iterator[Finding]:
    import pypandoc

    program = pypandoc.get_pandoc_path()
    done = subprocess.run(  # noqa: S603  # the program that pages are written with
        [program, "--version"], capture_output=True, text=True, timeout=_PROGRAM_SECONDS, check=False
    )
    first = done.stdout.partition("\n")[0]
    if done.returncode or not first:
        said = f"{program} does not run ({_one_line(done.stderr)})."
        yield Finding("pandoc", "failure", said, "Install anew: pip install --force-reinstall pypandoc-binary")
    else:
        yield Finding("pandoc", "ok", f"{first}, {program}.")


# ------------------------------------------------------------------------------------------------- what is good to have


def _browser() -> Iterator[Finding]:
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    said = f"{found}." if found else "None was found: tests of pages in a browser are skipped. Reports need none."
    yield Finding("browser", "ok", said)


def _answers() -> bool:
    """Whether a publisher can be reached: a connection is made, to the proxy if there is one, and nothing asked."""
    proxy = urllib.request.getproxies().get("https")
    parts = urllib.parse.urlsplit(proxy if proxy and "://" in proxy else _PUBLISHER)
    try:
        place = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        with socket.create_connection(place, timeout=_NETWORK_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def _network(reached: bool) -> Finding:
    said = "A publisher can be reached." if reached else f"No publisher was reached within {_NETWORK_SECONDS:g} s."
    return Finding("network", "ok", f"{said} Only `make data` and `legation treaty texts` use it.")


# ------------------------------------------------------------------------------------------------------- the checkout


def _folders(root: Path) -> Iterator[Finding]:
    """Whether the build can write where it writes, and has room."""
    refused = [said for folder in _WRITTEN if (said := _unwritable(root / folder))]
    if said := _unwritable(Path(tempfile.gettempdir())):
        refused.append(said)
    for said in refused:
        yield Finding("folders", "failure", said, "Permit writing there, or work in a copy of the checkout.")
    free = shutil.disk_usage(root).free
    if free < _LEAST_FREE:
        said = f"{free / 1e9:.2f} GB are free on the disk of {root}."
        yield Finding(
            "folders", "warning", said, "Make room: `legation clean --cache` forgets results; see `legation health`."
        )
    if not refused:
        kind = " Its disk takes A and a for the same letter." if _folds_case(root) else ""
        yield Finding("folders", "ok", f"The build can write in {root}; {free / 1e9:.1f} GB are free.{kind}")


def _unwritable(folder: Path) -> str | None:
    """Why nothing can be written in a folder, or the nearest that is there: tried, for permissions do not tell all."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"x")
    except OSError as error:
        return f"{there} cannot be written to ({error.strerror})."
    return None


def _folds_case(root: Path) -> bool:
    own = root / "data" / "datapackage.yaml"
    return own.is_file() and own.with_name("DATAPACKAGE.YAML").is_file()


def _git(root: Path) -> Iterator[Finding]:
    program = shutil.which("git")
    if program is None:
        yield Finding("git", "ok", "There is no git: a dated edition does not name its commit. Reports need none.")
        return
    done = subprocess.run(  # noqa: S603  # git, asked of this folder
        [program, "-C", str(root), "rev-parse", "--is-inside-work-tree"],
        capture_output=True,
        text=True,
        timeout=_PROGRAM_SECONDS,
        check=False,
    )
    said = "The checkout is under git." if done.returncode == 0 else "The folder is not under git."
    if gone := _gone_from_filter(program, root):
        said = f"{said} It takes no notebooks, for what leaves their outputs out is not there: {gone}."
        yield Finding("git", "warning", said, "Set it up for where the checkout is now: make setup-git")
    else:
        yield Finding("git", "ok", said)


def _gone_from_filter(program: str, root: Path) -> str | None:
    """What ``legation setup-git`` named and is no longer there, as after the checkout was moved."""
    done = subprocess.run(  # noqa: S603  # git, asked of this folder
        [program, "-C", str(root), "config", "--local", "filter.legation.clean"],
        capture_output=True,
        text=True,
        timeout=_PROGRAM_SECONDS,
        check=False,
    )
    places = (Path(word) for word in shlex.split(done.stdout))
    return next((str(place) for place in places if place.is_absolute() and not place.exists()), None)


def _timer(root: Path) -> Iterator[Finding]:
    from legation.press import timer

    try:
        found = timer.installed(timer.job(root))
    except (InputError, OSError) as error:
        yield Finding("timer", "ok", f"Whether a timer is installed cannot be told ({_one_line(str(error))})")
        return
    if found == "stopped":
        yield Finding("timer", "warning", "The timer is installed and stopped.", "Install it again: make schedule")
    elif found == "no":
        tools = [name for name, program in (("systemd", "systemctl"), ("cron", "crontab")) if shutil.which(program)]
        can = f"{' and '.join(tools)} could keep one" if tools else "and neither systemd nor cron is here to keep one"
        yield Finding(
            "timer", "ok", f"No timer is installed, {can}. Only scheduled reports need it (docs/scheduling.md)."
        )
    else:
        yield Finding("timer", "ok", f"A timer is installed with {found}.")


def _settings(environment: Mapping[str, str]) -> Iterator[Finding]:
    """The variables that are set, by name; what they hold is nobody's business."""
    names = sorted(name for name in environment if name.startswith("LEGATION_"))
    known = [name for name in names if name in SETTINGS or name.endswith("_KEY")]
    for name in names:
        if name not in known:
            said = f"{name} is set, which Legation does not read{nearest(name, SETTINGS)}."
            yield Finding("settings", "warning", said, "Correct the name: docs/scheduling.md lists them.")
    yield Finding("settings", "ok", f"Set: {', '.join(known)}." if known else "No variable LEGATION_… is set.")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _one_line(words: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())[:200]
