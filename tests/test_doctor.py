"""The doctor names what is wrong with a machine and what mends it, needs no network, and tells no secret."""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys

import pytest
from click.testing import CliRunner
from helpers import ROOT

from legation import doctor
from legation.cli import main
from legation.doctor import Finding


@pytest.fixture
def unconnected(monkeypatch):
    monkeypatch.setattr(doctor, "_answers", lambda: False)
    for name in [name for name in os.environ if name.startswith("LEGATION_")]:
        monkeypatch.delenv(name)


def levels(findings):
    return {finding.part: finding.level for finding in findings}


def only(findings):
    (finding,) = findings
    return finding


def test_it_looks_at_every_part_and_does_without_a_network(checkout, unconnected):
    shutil.copy(ROOT / "requirements.lock", checkout)
    before = sorted(checkout.rglob("*"))
    done = CliRunner().invoke(main, ["doctor", "--json"])
    found = json.loads(done.stdout)
    parts = {finding["part"]: finding for finding in found["findings"]}
    assert list(parts) == [
        *("python", "packages", "legation", "kernel", "fonts", "pandoc", "browser", "network"),
        *("folders", "git", "timer", "settings"),
    ]
    assert parts["kernel"]["level"] == "ok", parts["kernel"]
    assert parts["network"]["level"] == "ok"
    assert done.exit_code == found["status"]
    assert found["versions"]["python"] == sys.version.split()[0]
    assert all(finding["remedy"] for finding in found["findings"] if finding["level"] != "ok")
    assert sorted(checkout.rglob("*")) == before


def test_a_finding_is_a_line_with_its_remedy_below():
    findings = [Finding("python", "ok", "Fine."), Finding("fonts", "failure", "Not found: x.", "Install anew.")]
    lines = doctor.text(findings).splitlines()
    assert lines[0].endswith("1 failed, 0 to look at.")
    assert lines[1:] == ["ok       python  Fine.", "failure  fonts   Not found: x.", f"{'':17}→ Install anew."]
    assert doctor.as_json(findings)["status"] == 2


def test_versions_are_held_against_the_lock_where_it_pins_them_for_this_machine():
    elsewhere = "appnope==1.0 ; sys_platform == 'nowhere' \\\n    --hash=sha256:bb\n"
    lock = f"# made by uv\nclick==8.1.0 \\\n    --hash=sha256:aa\n{elsewhere}"
    assert doctor.locked(lock) == {"click": "8.1.0"}


def test_a_version_that_is_not_the_pinned_one_is_named_with_both(checkout):
    (checkout / "requirements.lock").write_text("click==0.0.1\n")
    finding = only(doctor._packages(checkout))
    assert finding.level == "warning"
    assert "(pinned 0.0.1)" in finding.said
    assert "make report" in finding.remedy


def test_a_missing_package_that_all_else_needs_is_a_failure(checkout, monkeypatch):
    (checkout / "requirements.lock").write_text("click==0.0.1\n")
    monkeypatch.setattr(doctor, "_installed", lambda name: None)
    assert only(doctor._packages(checkout)).level == "failure"


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_a_filter_of_git_that_is_gone_since_the_checkout_was_moved_is_named(checkout):
    def git(*words):
        subprocess.run(["git", "-C", str(checkout), *words], check=True, capture_output=True)

    git("init", "-q")
    assert only(doctor._git(checkout)).level == "ok"
    git("config", "filter.legation.clean", f"{sys.executable} -I '{ROOT / 'src/legation/without_outputs.py'}'")
    assert only(doctor._git(checkout)).level == "ok"
    git("config", "filter.legation.clean", f"{sys.executable} -I '/no where/without_outputs.py'")
    finding = only(doctor._git(checkout))
    assert (finding.level, "/no where/without_outputs.py." in finding.said) == ("warning", True)
    assert "make setup-git" in finding.remedy


def test_in_a_conda_environment_no_remedy_is_about_the_venv_that_is_not_used(checkout, monkeypatch, tmp_path):
    (tmp_path / "conda-meta").mkdir()
    monkeypatch.setattr(doctor.sys, "prefix", str(tmp_path))
    (checkout / "requirements.lock").write_text("click==0.0.1\n")
    assert "same bytes" in only(doctor._packages(checkout)).remedy
    monkeypatch.setattr(doctor, "_installed", lambda name: None)
    remedy = only(doctor._packages(checkout)).remedy
    assert "conda env update" in remedy
    assert ".venv" not in remedy


def test_code_of_another_checkout_is_noticed(checkout):
    (checkout / "src" / "legation").mkdir(parents=True)
    finding = only(doctor._library(checkout))
    assert finding.level == "warning"
    assert "--editable" in finding.remedy


def test_a_python_that_is_too_old_is_a_failure(monkeypatch):
    monkeypatch.setattr(doctor, "_OLDEST", (4, 0))
    assert only(doctor._python()).level == "failure"


def test_a_kernel_that_does_not_start_says_what_it_said_last(tmp_path, monkeypatch):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    program = tmp_path / "python-of-elsewhere"
    program.write_text("#!/bin/sh\necho No module named ipykernel >&2\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    spec = {"argv": [str(program), "{connection_file}"], "display_name": "x", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    found = list(doctor._kernel())
    assert [finding.level for finding in found] == ["warning", "failure"]
    assert "No module named ipykernel" in found[1].said
    assert "ipykernel install" in found[1].remedy


def test_missing_fonts_are_named(monkeypatch):
    from legation.press import fonts

    assert fonts.missing() == []
    monkeypatch.setattr(fonts, "_FACES", (*fonts._FACES, ("Serif", 400, "normal", "Nowhere.ttf")))
    assert "Nowhere.ttf" in only(doctor._fonts()).said


def test_a_folder_that_cannot_be_written_to_is_named(checkout, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    assert only(doctor._folders(checkout)).level == "ok"
    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    found = list(doctor._folders(checkout))
    assert {finding.level for finding in found} == {"failure"}
    assert "cannot be written to (Permission denied)" in found[0].said


def test_little_room_is_a_warning(checkout, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 10**6))
    assert "warning" in {finding.level for finding in doctor._folders(checkout)}


def test_settings_are_named_and_what_they_hold_is_not(unconnected):
    said = only(doctor._settings({"LEGATION_SMTP_PASSWORD": "hunter2", "LEGATION_COMTRADE_KEY": "k3y", "HOME": "/x"}))
    assert said == Finding("settings", "ok", "Set: LEGATION_COMTRADE_KEY, LEGATION_SMTP_PASSWORD.")
    misspelt, _ = doctor._settings({"LEGATION_WEBHOK": "https://example.org/secret"})
    assert misspelt.level == "warning"
    assert "did you mean 'LEGATION_WEBHOOK'?" in misspelt.said
    assert "secret" not in str(misspelt)


def test_a_check_that_fails_itself_is_a_finding():
    def broken():
        raise OSError("no such thing")
        yield

    assert only(doctor._safely("git", broken)).said == "This could not be looked at (OSError: no such thing)."


def test_the_network_is_asked_for_a_connection_and_no_more(monkeypatch):
    asked = []

    def refuse(place, timeout):
        asked.append((place, timeout))
        raise socket.gaierror("no such name")

    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(doctor.socket, "create_connection", refuse)
    assert doctor._answers() is False
    assert asked == [(("data-api.ecb.europa.eu", 443), 3.0)]


def test_without_a_checkout_the_rest_is_looked_at_all_the_same(tmp_path, monkeypatch, unconnected):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor, "home", lambda: (_ for _ in ()).throw(doctor.InputError("No checkout was found.")))
    monkeypatch.setattr(doctor, "_kernel", lambda: iter([]))
    found = levels(doctor.examine())
    assert found["checkout"] == "failure"
    assert "python" in found
