"""Legation's scheduled reports under Apache Airflow: a DAG for each report that has a `schedule:` in its YAML file.

Put this file into Airflow's DAG folder and set `LEGATION_CHECKOUT` to the checkout for scheduler and workers. Airflow
needs apache-airflow-providers-papermill and apache-airflow-providers-standard, and nothing of Legation: notebooks run
on the kernel "legation", which the checkout's own environment offers after

    .venv/bin/python -m ipykernel install --user --name legation

A DAG asks the publishers for fresh figures, runs each notebook with Papermill, so that every chapter has its own log
and its own retries, and then lets `legation run` build, compare, archive and publish the edition.
"""

import os
import shlex
from datetime import datetime, timedelta
from pathlib import Path

import yaml
from airflow.providers.papermill.operators.papermill import PapermillOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from airflow.timetables.trigger import CronTriggerTimetable

CHECKOUT = Path(os.environ["LEGATION_CHECKOUT"])
LEGATION = shlex.quote(str(CHECKOUT / ".venv" / "bin" / "legation"))


def edition(name: str, report: dict) -> DAG:
    """The DAG of a report."""
    with DAG(
        dag_id=f"legation-{name}",
        description=report["title"],
        schedule=CronTriggerTimetable(report["schedule"]["cron"], timezone=report["schedule"]["zone"]),
        start_date=datetime(2026, 1, 1),
        catchup=False,  # of several missed runs the last one is made up for
        max_active_runs=1,
        dagrun_timeout=timedelta(hours=6),
        tags=["legation"],
    ) as dag:
        refresh = BashOperator(
            task_id="refresh", bash_command=f"{LEGATION} data refresh", cwd=str(CHECKOUT), append_env=True
        )
        publish = BashOperator(
            task_id="publish",
            bash_command=f"{LEGATION} run --offline {shlex.quote(name)}",
            cwd=str(CHECKOUT),
            append_env=True,
        )
        if "sweep" in report:  # one notebook for many editions, which only Legation puts together
            publish.trigger_rule = "all_done"
            refresh >> publish
            return dag
        for number, chapter in enumerate(report["chapters"], start=1):
            notebook = chapter["notebook"].removesuffix(".ipynb")
            run = PapermillOperator(
                task_id=f"{number}-{chapter.get('name', notebook)}",
                input_nb=str(CHECKOUT / "notebooks" / f"{notebook}.ipynb"),
                output_nb=str(CHECKOUT / ".legation" / "airflow" / f"{name}-{number}.ipynb"),
                parameters=chapter.get("parameters", {}),
                kernel_name="legation",
                language_name="python",
                retries=1,
                execution_timeout=timedelta(hours=1),
                trigger_rule="all_done",  # a publisher that does not answer stops no edition
            )
            refresh >> run >> publish
    return dag


(CHECKOUT / ".legation" / "airflow").mkdir(parents=True, exist_ok=True)
for file in sorted((CHECKOUT / "reports").glob("*.yml")):
    spec = yaml.safe_load(file.read_text(encoding="utf-8"))
    if "schedule" in spec:
        globals()[f"legation_{file.stem}"] = edition(file.stem, spec)
