"""The timer that `legation schedule` installs: with systemd or cron, the same twice, gone without a trace."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers import ROOT

from legation.cli import main
from legation.errors import InputError
from legation.press import timer
from legation.press.timer import Job

#: A folder of all signs that a shell, cron or systemd takes for its own.
ODD = "trade  50% ${HOME} 'q' \"q\" %h ü"
OTHERS = b'# caf\xe9\t tabs\nMAILTO=""\n\n17 3 * * *\t/bin/true # x\n'
#: Plays `crontab` on a file, with the refusals of the real one.
CRONTAB = """\
#!/bin/sh
echo "$1" >>"$PLAYED/calls"
case "$1" in
-l) cat "$PLAYED/crontab" 2>/dev/null || { echo "no crontab for analyst" >&2; exit 1; } ;;
-r) rm "$PLAYED/crontab" ;;
-) cat >"$PLAYED/crontab" ;;
esac
"""
#: Plays `systemctl --user` with a list of calls and of what was started.
SYSTEMCTL = """\
#!/bin/sh
shift
echo "$@" >>"$PLAYED/calls"
case "$1" in
show) echo Version=252 ;;
is-enabled|is-active) test -e "$PLAYED/started" ;;
restart) touch "$PLAYED/started" ;;
disable) rm -f "$PLAYED/started" ;;
esac
"""


class Machine:
    """A machine played by scripts: which programs it has, what they hold, and what was said."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.played, self.home = folder / "bin", folder / "played", folder / "home"
        for each in (self.bin, self.played, self.home):
            each.mkdir(parents=True)
        for name in ("sh", "cat", "rm", "touch", "test"):
            (self.bin / name).symlink_to(shutil.which(name))
        self.said: list[str] = []

    def has(self, name: str, script: str) -> None:
        file = self.bin / name
        file.write_text(script)
        file.chmod(0o755)

    @property
    def crontab(self) -> bytes | None:
        file = self.played / "crontab"
        return file.read_bytes() if file.exists() else None

    @property
    def calls(self) -> list[str]:
        return (self.played / "calls").read_text().splitlines()

    @property
    def units(self) -> dict[str, str]:
        return {file.name: file.read_text() for file in sorted(self.home.rglob("legation-*")) if file.is_file()}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    made = Machine(tmp_path / "machine")
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("HOME", str(made.home))
    monkeypatch.setenv("PLAYED", str(made.played))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return made


@pytest.fixture
def job(tmp_path):
    root = tmp_path / ODD
    root.mkdir()
    return Job(root, root / "bin" / "python", "0123456789abcdef0123456789abcdef")


def install(job, machine):
    machine.said.clear()
    timer.install(job, machine.said.append)
    return " ".join(machine.said)


def remove(job, machine):
    machine.said.clear()
    timer.remove(job, machine.said.append)
    return " ".join(machine.said)


# cron


@pytest.mark.parametrize("before", [None, OTHERS], ids=["no crontab", "a crontab"])
def test_cron_gets_one_block_and_afterwards_the_crontab_is_byte_for_byte_as_before(job, machine, before):
    machine.has("crontab", CRONTAB)
    if before is not None:
        (machine.played / "crontab").write_bytes(before)
    assert install(job, machine).startswith(f"Installed with cron: a block named {job.name} in your crontab.")
    installed = machine.crontab
    assert installed.startswith(before or b"# ")
    assert installed.count(b"*/5 * * * * cd ") == 1
    assert install(job, machine) == "Already installed with cron, nothing changed."
    assert machine.crontab == installed
    assert machine.calls.count("-") == 1
    assert remove(job, machine) == f"Removed: the block named {job.name} of your crontab."
    assert machine.crontab == before
    assert remove(job, machine) == f"Nothing is installed for {job.root}."


def test_crons_line_survives_cron_and_the_shell_whatever_the_folders_are_called(job, machine, tmp_path):
    machine.has("crontab", CRONTAB)
    job.python.parent.mkdir()
    job.python.write_text('#!/bin/sh\nprintf "%s\\n" "$PWD" "$@" >"$PLAYED/ran"\n')
    job.python.chmod(0o755)
    install(job, machine)
    (line,) = re.findall(r"^\*/5 \* \* \* \* (.*)$", machine.crontab.decode(), re.MULTILINE)
    assert not re.search(r"(?<!\\)%", line)  # would end the command
    heard = line.replace(r"\%", "%")  # crontab(5)
    subprocess.run(["/bin/sh", "-c", heard], check=True, env={"PATH": "/usr/bin:/bin", "PLAYED": str(machine.played)})
    assert (machine.played / "ran").read_text().splitlines() == [str(job.root), *job.command[1:]]
    assert (job.root / ".legation" / "schedule.log").is_file()


def test_a_moved_environment_renews_the_block_where_it_stands(job, machine):
    machine.has("crontab", CRONTAB)
    install(job, machine)
    later = machine.crontab + b"5 5 * * * later\n"
    (machine.played / "crontab").write_bytes(OTHERS + later)
    assert install(Job(job.root, Path("/opt/env/bin/python"), ""), machine).startswith("Renewed with cron")
    assert machine.crontab.startswith(OTHERS)
    assert b"/opt/env/bin/python -P" in machine.crontab
    assert machine.crontab.endswith(b": end\n5 5 * * * later\n")
    assert remove(job, machine).startswith("Removed")
    assert machine.crontab == OTHERS + b"5 5 * * * later\n"


def test_two_checkouts_of_one_name_have_each_their_own(machine, tmp_path):
    machine.has("crontab", CRONTAB)
    one, other = (Job(tmp_path / folder / "trade", Path("/usr/bin/python3"), "") for folder in ("a", "b"))
    install(one, machine)
    install(other, machine)
    assert machine.crontab.count(b"*/5 * * * *") == 2
    remove(one, machine)
    assert (str(one.root).encode() in machine.crontab, str(other.root).encode() in machine.crontab) == (False, True)


def test_a_block_that_was_edited_apart_is_left_alone(job, machine):
    machine.has("crontab", CRONTAB)
    install(job, machine)
    torn = machine.crontab.replace(f"# {job.name}: end\n".encode(), b"") + b"17 3 * * * dear\n"
    (machine.played / "crontab").write_bytes(torn)
    for act in (install, remove):
        with pytest.raises(InputError, match=r"not as they were installed\. Take them out with `crontab -e`"):
            act(job, machine)
    assert machine.crontab == torn


def test_a_crontab_that_may_not_be_read_is_not_taken_for_an_empty_one(job, machine):
    machine.has(
        "crontab", "#!/bin/sh\ncat >/dev/null\necho 'You (x) are not allowed to use this program' >&2; exit 1\n"
    )
    with pytest.raises(InputError, match=r"`crontab -l` failed: You \(x\) are not allowed.*/etc/cron\.allow"):
        install(job, machine)


def test_without_systemd_and_cron_the_command_for_a_timer_of_ones_own_is_told(job, machine):
    with pytest.raises(InputError, match=r"there is no systemd, and there is no `crontab`\. Install cron") as told:
        install(job, machine)
    assert str(told.value).endswith(shlex.join(job.command))


# systemd


def test_systemd_gets_a_timer_and_its_service_once_and_loses_both(job, machine):
    machine.has("systemctl", SYSTEMCTL)
    machine.has("crontab", CRONTAB)
    assert f"Started with systemd: {job.name}.timer, every 5 minutes." in install(job, machine)
    units = machine.units
    assert list(units) == [f"{job.name}.service", f"{job.name}.timer"]
    assert "OnCalendar=*:0/5\n" in units[f"{job.name}.timer"]
    assert machine.crontab is None
    changing = {"daemon-reload", f"enable {job.name}.timer", f"restart {job.name}.timer"}
    assert changing <= set(machine.calls)
    (machine.played / "calls").unlink()
    assert install(job, machine).startswith("Already installed with systemd, nothing changed")
    assert (machine.units, changing & set(machine.calls)) == (units, set())
    assert remove(job, machine).count("Removed: ") == 2
    assert machine.units == {}
    assert f"disable --now {job.name}.timer" in machine.calls
    assert remove(job, machine).startswith("Nothing is installed")


def test_a_timer_that_somebody_stopped_is_started_again(job, machine):
    machine.has("systemctl", SYSTEMCTL)
    install(job, machine)
    (machine.played / "started").unlink()
    assert install(job, machine).startswith("Started with systemd")


def test_what_was_installed_in_the_other_way_is_taken_away(job, machine):
    machine.has("crontab", CRONTAB)
    install(job, machine)
    machine.has("systemctl", SYSTEMCTL)
    assert "Removed: the block" in install(job, machine)
    assert (machine.crontab, len(machine.units)) == (None, 2)
    machine.has("systemctl", "#!/bin/sh\necho 'Failed to connect to bus' >&2; exit 1\n")
    assert install(job, machine).count("Removed: ") == 2
    assert (machine.units, machine.crontab is None) == ({}, False)


def test_a_home_folder_that_two_machines_share_is_installed_from_one_of_them(job, machine):
    machine.has("systemctl", SYSTEMCTL)
    install(job, machine)
    units = machine.units
    there = Job(job.root, job.python, "f" * 32)
    for act in (install, remove):
        with pytest.raises(InputError, match=r"installed by another machine that has the same home folder"):
            act(there, machine)
    assert machine.units == units


def test_units_that_cannot_be_written_are_an_error_with_a_remedy(job, machine):
    machine.has("systemctl", SYSTEMCTL)
    (machine.home / ".config").write_text("a file where a folder should be")
    with pytest.raises(InputError, match=r"\.service cannot be written \(.*\)\. .*`legation schedule --show`"):
        install(job, machine)


def test_no_home_is_an_error_for_systemd_and_no_matter_for_cron(job, machine, monkeypatch):
    machine.has("systemctl", SYSTEMCTL)
    machine.has("crontab", CRONTAB)
    monkeypatch.setenv("HOME", "nowhere")
    with pytest.raises(InputError, match="There is no home folder to install a timer in"):
        install(job, machine)
    (machine.bin / "systemctl").unlink()
    assert install(job, machine).startswith("Installed with cron")
    assert remove(job, machine).startswith("Removed: the block")


def test_systemds_refusal_is_told(job, machine):
    machine.has("systemctl", SYSTEMCTL.replace("restart) touch", "restart) echo 'Unit is masked.' >&2; exit 1; touch"))
    with pytest.raises(InputError, match=r"`systemctl --user restart .*` failed: Unit is masked\. .*--remove"):
        install(job, machine)


@pytest.mark.parametrize("name", ["two\nlines", "back\\slash", "blank ", "\udcff"])
def test_a_folder_that_no_timer_can_name_is_refused(name):
    with pytest.raises(InputError, match="which a timer cannot name"):
        Job(Path("/srv") / name, Path("/usr/bin/python3"), "")


# The command


@pytest.fixture
def at_home(checkout, machine):
    machine.has("crontab", CRONTAB)
    text = 'title: T\nabstract: A.\nschedule: {cron: "0 6 * * 1", zone: Europe/Warsaw}\nchapters: [{notebook: n}]\n'
    (checkout / "reports" / "trade.yml").write_text(text)
    return checkout


def test_the_command_shows_installs_and_removes_and_says_when_each_report_runs_next(at_home, machine):
    shown = CliRunner().invoke(main, ["schedule", "--show"])
    assert shown.exit_code == 0, shown.output
    assert machine.crontab is None
    assert re.search(r"^trade: next on Monday 20\d\d-\d\d-\d\d at 06:00, Europe/Warsaw$", shown.output, re.MULTILINE)
    assert CliRunner().invoke(main, ["schedule"]).exit_code == 0
    assert machine.crontab.decode() in shown.output
    assert f"cd {at_home} " in machine.crontab.decode()
    assert CliRunner().invoke(main, ["schedule", "--remove"]).exit_code == 0
    assert machine.crontab is None


def test_the_command_says_what_is_missing(at_home):
    both = CliRunner().invoke(main, ["schedule", "--show", "--remove"])
    assert (both.exit_code, both.stderr) == (2, "--show and --remove were both given. Give one.\n")
    file = at_home / "reports" / "trade.yml"
    file.write_text(file.read_text().replace("0 6 * * 1", "0 6 32 * *"))
    broken = CliRunner().invoke(main, ["schedule"])
    assert broken.exit_code == 2
    assert "Left out: reports/trade.yml, line 3: 'schedule.cron': '32' cannot be" in broken.stderr
    assert "No report in reports/ has a schedule that can be read. Add one" in broken.stderr


# The real ones, in namespaces of their own: no file of this machine is touched, and no process outlives the test

_ALONE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def in_a_namespace(script, *, needs, job, home, seconds=30):
    """Run a shell script as root of its own mounts and processes; ``legation`` installs ``job``."""
    missing = [name for name in ("unshare", *needs) if not shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")]
    if os.getuid() or missing:
        pytest.skip(f"the real thing needs root and {', '.join(missing) or 'no more'}")
    if subprocess.run([*_ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine gives root no namespace of its own")
    legation = f"""{shlex.quote(sys.executable)} -c 'import sys
from pathlib import Path
from legation.press import timer
job = timer.Job(Path(sys.argv[2]), Path(sys.argv[3]), timer.job(Path(".")).machine)
getattr(timer, sys.argv[1])(job, print)' "$1" {shlex.quote(str(job.root))} {shlex.quote(str(job.python))}"""
    whole = f"set -e\nmount -t tmpfs tmpfs /run\nlegation() {{ {legation}; }}\n{script}"
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [*_ALONE, "bash", "-c", whole], capture_output=True, timeout=seconds, env=environment, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")
    return done.stdout


@pytest.fixture
def played_python(job):
    """An interpreter that notes where it was started and with which words."""
    job.python.parent.mkdir()
    job.python.write_text(f'#!/bin/sh\nprintf "%s\\n" "$PWD" "$@" >>{shlex.quote(str(job.root / "ran"))}\n')
    job.python.chmod(0o755)
    return job.root / "ran"


CRON = """\
mount -t tmpfs tmpfs /var/spool/cron; mkdir -m 1730 /var/spool/cron/crontabs; chgrp crontab /var/spool/cron/crontabs
mount -t tmpfs tmpfs /etc/cron.d; mount --bind /dev/null /etc/crontab
"""


def test_the_real_crontab_takes_the_block_and_gives_it_back(job, tmp_path):
    (tmp_path / "others").write_bytes(OTHERS)
    script = f"""{CRON}
    crontab {tmp_path}/others
    legation install; crontab -l >{tmp_path}/one
    legation install; crontab -l >{tmp_path}/two
    legation remove; crontab -l >{tmp_path}/after
    crontab -r; legation install; legation remove; ! crontab -l
    """
    in_a_namespace(script, needs=["crontab"], job=job, home=tmp_path)
    one, two, after = ((tmp_path / name).read_bytes() for name in ("one", "two", "after"))
    assert one == two
    assert one.startswith(OTHERS)
    assert one.count(b"*/5 * * * *") == 1
    assert after == OTHERS


@pytest.mark.skipif(os.environ.get("LEGATION_CRON") != "required", reason="a minute with cron: LEGATION_CRON=required")
def test_the_real_cron_daemon_runs_the_command_in_the_checkout(job, played_python, tmp_path):
    """As installed, but every minute."""
    script = f"""{CRON}
    legation install; crontab -l | sed 's#^\\*/5 #* #' | crontab -
    cron -f &
    for second in $(seq 70); do test -e {shlex.quote(str(played_python))} && break; sleep 1; done
    """
    in_a_namespace(script, needs=["crontab", "cron"], job=job, home=tmp_path, seconds=90)
    assert played_python.read_text().splitlines()[:6] == [str(job.root), *job.command[1:]]


SYSTEMD = """\
mkdir -p /run/systemd/system; mkdir -m 700 -p /run/user/0; export XDG_RUNTIME_DIR=/run/user/0
/lib/systemd/systemd --user --log-target=console >/dev/null 2>&1 &
for tenth in $(seq 100); do systemctl --user is-system-running >/dev/null 2>&1 && break; sleep .1; done
systemctl --user show --property=Version >/dev/null || { echo "no manager"; exit 0; }
"""


def test_the_real_systemd_takes_the_units_runs_the_command_and_gives_them_back(job, played_python, tmp_path):
    script = f"""{SYSTEMD}
    legation install; legation install
    systemd-analyze --user verify $HOME/.config/systemd/user/{job.name}.{{service,timer}} 2>&1
    systemctl --user show {job.name}.timer --property=NextElapseUSecRealtime
    systemctl --user start {job.name}.service
    legation remove; ! systemctl --user cat {job.name}.timer 2>&1
    """
    told = in_a_namespace(script, needs=["systemctl", "systemd-analyze"], job=job, home=tmp_path).decode()
    if told == "no manager\n":
        pytest.skip("no user's systemd can be started here")
    assert re.search(r"^NextElapseUSecRealtime=\w+ \S+ \d\d:\d[05]:00", told, re.MULTILINE)
    said = [line for line in told.splitlines() if not line.startswith("NextElapse")]
    assert [line.partition(":")[0].partition(" ")[0] for line in said] == [
        "Written", "Written", "Started", "The", "Already", "Removed", "Removed", "No"
    ]  # fmt: skip
    assert played_python.read_text().splitlines() == [str(job.root), *job.command[1:]]
    assert not list(tmp_path.glob(".config/systemd/user/**/legation-*"))
