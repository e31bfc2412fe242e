"""The timer of a checkout: every five minutes it has ``legation run --due`` ask which report is due.

One timer for all reports, and the decision in :mod:`legation.press.schedule`: so a spec that changes needs no new
installation, and time zones, summer time and missed runs are the same with systemd and with cron, whose time zones
differ (Debian's knows that of the machine alone).
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from legation.errors import InputError
from legation.press.document import slug

#: Also the most that a run may come late.
MINUTES = 5
_PATIENCE = 60  # seconds that systemctl or crontab may take to answer
_BY_HAND = "`legation schedule --remove` takes it away"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """What the timer of one checkout runs.

    Parameters
    ----------
    root
        The checkout. Its path gives the timer its name, so that checkouts do not meet.
    python
        The interpreter of the environment that Legation is installed in.
    machine
        systemd's id of the machine, if it has one. Only there the timer starts, whoever else has the same home folder.
    """

    root: Path
    python: Path
    machine: str

    def __post_init__(self) -> None:
        for path in (str(self.root), str(self.python)):
            if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]|\\|\s$", path):
                raise InputError(
                    f"The path {path!r} has a control character, a backslash, a blank at its end or a byte that is "
                    "not UTF-8, which a timer cannot name. Move or rename the folder."
                )

    @property
    def name(self) -> str:
        """``legation-trade-1a2b3c4d``: after the checkout's folder and whole path."""
        digest = hashlib.sha256(str(self.root).encode()).hexdigest()[:8]
        return "-".join(part for part in ("legation", slug(self.root.name)[:40].strip("-"), digest) if part)

    @property
    def command(self) -> list[str]:
        """The words of the command, run in the checkout. ``-P``: no file that lies there counts as a module."""
        return [str(self.python), "-P", "-m", "legation.cli", "run", "--due"]


def job(root: Path) -> Job:
    """The job of a checkout, with this interpreter, on this machine."""
    known = Path("/etc/machine-id")
    machine = known.read_text(encoding="ascii").strip() if known.is_file() else ""
    return Job(root.resolve(), Path(sys.executable), machine)


def show(job: Job) -> str:
    """What :func:`install` would install, word for word.

    Raises
    ------
    InputError
        If the machine has nothing to install it with.
    """
    return _tools(job)[0].show()


def install(job: Job, say: Say) -> None:
    """Install the timer with systemd, or else with cron; what was installed in the other way is taken away.

    Parameters
    ----------
    job
        What the timer runs.
    say
        Takes a line for each thing done, or one that says that nothing had to be.

    Raises
    ------
    InputError
        If the machine has neither, or refuses.
    """
    tool, *others = _tools(job)
    tool.install(say)
    for other in others:
        try:
            other.remove(say)
        except InputError as error:
            say(f"Whether an older entry is left was not found out: {error}")


def remove(job: Job, say: Say) -> None:
    """Take away what :func:`install` installed for this checkout, and nothing else; says what, or that nothing was."""
    by_systemd = _Systemd(job).remove(say)
    by_cron = _Cron(job).remove(say)
    if not by_systemd and not by_cron:
        say(f"Nothing is installed for {job.root}.")


def installed(job: Job) -> Literal["systemd", "cron", "stopped", "no"]:
    """With what the timer of this checkout is installed, and whether it is; ``stopped``: systemd has it, and not on.

    Raises
    ------
    InputError
        If the machine does not let it be found out.
    """
    systemd, cron = _Systemd(job), _Cron(job)
    if systemd.folder and any(file.suffix == ".timer" and file.is_file() for file in systemd.files):
        return "systemd" if systemd.is_on() else "stopped"
    return "cron" if cron.is_installed() else "no"


class _Tool(Protocol):
    """systemd or cron."""

    def show(self) -> str: ...

    def install(self, say: Say) -> None: ...

    def remove(self, say: Say) -> bool: ...


def _tools(job: Job) -> list[_Tool]:
    """The tool to install with, then the other."""
    systemd, cron = _Systemd(job), _Cron(job)
    if systemd.absent is None:
        return [systemd, cron]
    if cron.program:
        return [cron, systemd]
    raise InputError(
        f"No timer can be installed: {systemd.absent}, and there is no `crontab`. "
        f"Install cron (Debian: apt-get install cron), or let a timer of your own run this every {MINUTES} minutes "
        f"in {job.root}: {shlex.join(job.command)}"
    )


class _Systemd:
    """A timer of the user's systemd, and the service it starts."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @property
    def absent(self) -> str | None:
        """Why there is no such systemd; ``None``: there is."""
        program = shutil.which("systemctl")
        if not program:
            return "there is no systemd"
        asked = _run([program, "--user", "show", "--property=Version"])
        return f"no systemd of this user answers ({_first_line(asked)})" if asked.returncode else None

    @property
    def folder(self) -> Path | None:
        """Where the user's units lie; ``None``: the user has no home."""
        given = os.environ.get("XDG_CONFIG_HOME", "")
        try:
            folder = Path(given) if given.startswith("/") else Path.home() / ".config"
        except RuntimeError:
            return None
        return folder / "systemd" / "user" if folder.is_absolute() else None

    @property
    def files(self) -> dict[Path, str]:
        """The units with their texts."""
        if self.folder is None:
            raise InputError("There is no home folder to install a timer in. Set HOME.")
        name = self.job.name
        head = f"# Written by `legation schedule`; {_BY_HAND}.\n[Unit]\nDescription=Scheduled editions, {name}\n"
        here = f"ConditionHost={self.job.machine}\n" if self.job.machine else ""
        # A program's own path cannot have every sign escaped, an argument can.
        command = " ".join(_quoted(word) for word in self.job.command)
        return {
            self.folder / f"{name}.service": f"{head}\n[Service]\nType=oneshot\nSyslogIdentifier=legation\n"
            f"WorkingDirectory={_plain(str(self.job.root))}\nExecStart=/usr/bin/env {command}\n",
            self.folder / f"{name}.timer": f"{head}{here}\n[Timer]\nOnCalendar=*:0/{MINUTES}\n\n"
            "[Install]\nWantedBy=timers.target\n",
        }

    def show(self) -> str:
        texts = "\n".join(f"# {file.name}\n{text}" for file, text in self.files.items())
        return f"With systemd, in {self.folder}:\n\n{texts}"

    def install(self, say: Say) -> None:
        timer = f"{self.job.name}.timer"
        written = []
        self._is_ours()
        for file, text in self.files.items():
            try:
                if not file.is_file() or file.read_text(encoding="utf-8") != text:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text, encoding="utf-8")
                    written.append(file)
            except OSError as error:
                raise InputError(
                    f"{file} cannot be written ({error.strerror}). Mend that, or run `legation schedule --show` and "
                    "install what it prints where you may write."
                ) from None
        if not written and all(not self._ask(verb, timer).returncode for verb in ("is-enabled", "is-active")):
            say(f"Already installed with systemd, nothing changed: {timer}")
            return
        self._tell("daemon-reload")
        self._tell("enable", timer)
        self._tell("restart", timer)
        for file in written:
            say(f"Written: {file}")
        say(f"Started with systemd: {timer}, every {MINUTES} minutes.")
        if not self._stays():
            say("The timers of a user end when the user logs out, unless this is said once: loginctl enable-linger")

    def remove(self, say: Say) -> bool:
        units = list(self.files) if self.folder else []
        if not any(file.exists() for file in units):
            return False
        self._is_ours()
        answers = self.absent is None
        if answers:
            self._ask("disable", "--now", f"{self.job.name}.timer")
        for file in [units[0].parent / "timers.target.wants" / f"{self.job.name}.timer", *units]:
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                raise InputError(f"{file} cannot be removed ({error.strerror}). Remove it by hand.") from None
        if answers:
            self._tell("daemon-reload")
            self._ask("reset-failed", *(file.name for file in units))
        for file in units:
            say(f"Removed: {file}")
        return True

    def is_on(self) -> bool:
        """Whether the timer runs."""
        return shutil.which("systemctl") is not None and not self._ask("is-active", f"{self.job.name}.timer").returncode

    def _is_ours(self) -> None:
        """Refuse what another machine with the same home folder installed: both would run it, or neither."""
        *_, file = self.files
        if not file.is_file():
            return
        host = re.search(r"^ConditionHost=(\S+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        if host and host[1] != self.job.machine:
            raise InputError(
                f"{file} was installed by another machine that has the same home folder (machine id {host[1]}). "
                "Say `make schedule REMOVE=1` there; or, if there is no such machine any more, delete the file."
            )

    def _stays(self) -> bool:
        """Whether the user's timers go on when the user logs out."""
        program = shutil.which("loginctl")
        if not program:
            return False
        asked = _run([program, "show-user", str(os.getuid()), "--property=Linger", "--value"])
        return asked.stdout.strip() == b"yes"

    def _ask(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return _run(["systemctl", "--user", *words])

    def _tell(self, *words: str) -> None:
        told = self._ask(*words)
        if told.returncode:
            raise InputError(
                f"`systemctl --user {shlex.join(words)}` failed: {_first_line(told)}. "
                "`legation schedule --remove` takes away what was written."
            )


class _Cron:
    """A marked block in the user's crontab, of which no other byte is touched."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.program = shutil.which("crontab")

    @property
    def block(self) -> bytes:
        # The shell's quoting goes first: cron itself takes the backslash before a percent sign away, even in quotes.
        line = (
            f"cd {shlex.quote(str(self.job.root))} && mkdir -p .legation && "
            f"{shlex.join(self.job.command)} >>.legation/schedule.log 2>&1"
        ).replace("%", r"\%")
        return f"{self._begin}; {_BY_HAND}\n*/{MINUTES} * * * * {line}\n{self._end}\n".encode()

    @property
    def _begin(self) -> str:
        return f"# {self.job.name}: written by `legation schedule`"

    @property
    def _end(self) -> str:
        return f"# {self.job.name}: end"

    def show(self) -> str:
        return f"With cron, at the end of your crontab:\n\n{self.block.decode()}"

    def install(self, say: Say) -> None:
        crontab = self._read()
        before, held, after = self._parts(crontab)
        if held == self.block:
            say("Already installed with cron, nothing changed.")
            return
        if not held and before and not before.endswith(b"\n"):
            before += b"\n"
        self._write(before + self.block + after)
        say(f"{'Renewed' if held else 'Installed'} with cron: a block named {self.job.name} in your crontab.")
        say(f"What it says goes to {self.job.root / '.legation' / 'schedule.log'}. The cron daemon must be running.")

    def remove(self, say: Say) -> bool:
        if not self.program:
            return False
        before, held, after = self._parts(self._read())
        if not held:
            return False
        if before or after:
            self._write(before + after)
        else:
            self._must(_run([self.program, "-r"]))
        say(f"Removed: the block named {self.job.name} of your crontab.")
        return True

    def is_installed(self) -> bool:
        """Whether the crontab has the block, be it of an earlier installation."""
        return bool(self.program and self._parts(self._read())[1])

    def _parts(self, crontab: bytes) -> tuple[bytes, bytes, bytes]:
        """What stands before the block, the block, what stands after it."""
        begin, end = re.escape(self._begin.encode()), re.escape(self._end.encode())
        found = list(re.finditer(rb"^%s[^\n]*\n(?:(?!# )[^\n]*\n)*%s\n" % (begin, end), crontab, re.MULTILINE))
        marks = len(re.findall(rb"^(?:%s[^\n]*|%s)$" % (begin, end), crontab, re.MULTILINE))
        if marks != 2 * len(found) or len(found) > 1:
            raise InputError(
                f"The lines of {self.job.name} in your crontab are not as they were installed. "
                "Take them out with `crontab -e`, then try again."
            )
        if not found:
            return crontab, b"", b""
        return crontab[: found[0].start()], found[0][0], crontab[found[0].end() :]

    def _read(self) -> bytes:
        assert self.program  # noqa: S101  # or the tool were not asked
        listed = _run([self.program, "-l"])
        if listed.returncode and b"no crontab for" in listed.stderr:
            return b""
        self._must(listed)
        return listed.stdout

    def _write(self, crontab: bytes) -> None:
        assert self.program  # noqa: S101
        self._must(_run([self.program, "-"], crontab))

    def _must(self, done: subprocess.CompletedProcess[bytes]) -> None:
        if done.returncode:
            raise InputError(
                f"`crontab {done.args[1]}` failed: {_first_line(done)}. Your crontab is as it was. "
                "Whether you may have one is settled in /etc/cron.allow and /etc/cron.deny."
            )


def _run(words: list[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603  # words of this module, no shell
            words, input=given, capture_output=True, timeout=_PATIENCE, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"`{shlex.join(words)}` gave no answer ({error}). Try it by hand.") from None


def _first_line(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].rstrip(".") if lines else f"exit status {done.returncode}"


def _plain(text: str) -> str:
    """A text for a line of a unit."""
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """A word for a command line of a unit (systemd.service(5), "Command lines")."""
    return '"' + _plain(word).replace('"', r"\"").replace("$", "$$") + '"'
