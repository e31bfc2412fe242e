"""The workflow for GitHub Actions and the DAG for Airflow: parsed, and their commands tried on a played Legation."""

import os
import re
import subprocess

import pytest
from helpers import ROOT
from ruamel.yaml import YAML

TEXT = (ROOT / ".github" / "workflows" / "editions.yml").read_text(encoding="utf-8")
WORKFLOW = YAML(typ="safe").load(TEXT)
JOBS = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
(RUN,) = [step for step in STEPS if step.get("id") == "run"]


def test_every_action_is_pinned_to_a_commit_with_its_version_beside():
    used = re.findall(r"uses: (.*)", TEXT)
    assert len(used) == len([step for step in STEPS if "uses" in step])
    for action in used:
        assert re.fullmatch(r"actions/[a-z-]+(/[a-z]+)?@[0-9a-f]{40}  # v\d+\.\d+\.\d+", action)


def test_a_job_may_do_no_more_than_it_has_to():
    assert WORKFLOW["permissions"] == {}
    assert JOBS["run"]["permissions"] == {"contents": "read"}
    assert JOBS["publish"]["permissions"] == {"pages": "write", "id-token": "write"}
    (checkout,) = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout["with"]["persist-credentials"] is False


def test_secrets_and_what_a_person_types_reach_the_shell_as_its_environment_only():
    for step in STEPS:
        assert "${{" not in step.get("run", "")
    assert TEXT.count("secrets.") == sum("secrets." in value for value in RUN["env"].values())


@pytest.mark.parametrize(
    ("typed", "offline", "words"),
    [
        ("", "", ["run", "--due", "--"]),
        ("", "true", ["run", "--offline", "--due", "--"]),
        ("vietnam-trade  dprk-trade", "false", ["run", "--", "vietnam-trade", "dprk-trade"]),
        ("x;touch${IFS}made `touch made` $(touch made) * --all", "", None),
    ],
)
def test_the_step_runs_what_is_due_or_what_was_typed_and_never_as_code(tmp_path, typed, offline, words):
    played(tmp_path, 'printf "%s\\n" "$@" >words')
    done, outputs = step(tmp_path, typed, offline)
    assert done.returncode == 0, done.stderr
    given = (tmp_path / "words").read_text().splitlines()
    assert given == (words or ["run", "--", *typed.split()])
    assert not (tmp_path / "made").exists()
    assert outputs == ""  # nothing was due: nothing to keep or to publish


def test_what_a_partly_failed_run_made_is_published_and_the_run_is_red(tmp_path):
    played(tmp_path, "echo page >reports/published/index.html; exit 1")
    done, outputs = step(tmp_path, "", "")
    assert (done.returncode, outputs) == (1, "ran=true\n")


def played(folder, script):
    program = folder / ".venv" / "bin" / "legation"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\nsleep 0.02\n{script}\n")
    program.chmod(0o755)


def step(folder, typed, offline):
    output = folder / "output"
    output.touch()
    environment = {
        "PATH": os.environ["PATH"],
        "REPORTS": typed,
        "OFFLINE": offline,
        "GITHUB_OUTPUT": str(output),
        "RUNNER_TEMP": str(folder),
    }
    done = subprocess.run(  # as GitHub calls its shell
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", RUN["run"]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, output.read_text()


def test_airflow_reads_a_dag_for_each_report_with_a_schedule(tmp_path):
    """With Airflow's own loader; LEGATION_AIRFLOW names the Python of an environment that has it and Papermill's."""
    python = os.environ.get("LEGATION_AIRFLOW")
    if not python:
        pytest.skip("LEGATION_AIRFLOW names no environment with Airflow")
    (tmp_path / "reports").mkdir()
    weekly = 'schedule: {cron: "0 6 * * 1", zone: Europe/Warsaw}'
    for name, rest in {
        "trade": f"{weekly}\nchapters: [{{notebook: a}}, {{notebook: b, name: c}}]",
        "sweep": f"{weekly}\nchapters: [{{notebook: a}}]\nsweep: {{title: S, over: {{x: [1]}}}}",
        "by-hand": "chapters: [{notebook: a}]",
    }.items():
        (tmp_path / "reports" / f"{name}.yml").write_text(f"title: T\nabstract: A.\n{rest}\n")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "editions.py").write_bytes((ROOT / "docs" / "airflow_dag.py").read_bytes())
    load = (
        "import json, sys; from airflow.dag_processing.dagbag import DagBag; bag = DagBag(sys.argv[1])\n"
        "print(json.dumps([bag.import_errors, {name: {task.task_id: [type(task).__name__, *sorted("
        "task.upstream_task_ids)] for task in dag.tasks} for name, dag in bag.dags.items()}]))"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "LEGATION_CHECKOUT": str(tmp_path),
    }
    loaded = subprocess.run(
        [python, "-c", load, str(tmp_path / "dags")], env=environment, capture_output=True, text=True, check=False
    )
    assert loaded.returncode == 0, loaded.stderr
    errors, dags = YAML(typ="safe").load(loaded.stdout.strip().splitlines()[-1])
    assert errors == {}
    assert dags == {
        "legation-trade": {
            "refresh": ["BashOperator"],
            "1-a": ["PapermillOperator", "refresh"],
            "2-c": ["PapermillOperator", "refresh"],
            "publish": ["BashOperator", "1-a", "2-c"],
        },
        "legation-sweep": {"refresh": ["BashOperator"], "publish": ["BashOperator", "refresh"]},
    }
