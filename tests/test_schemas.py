"""The schemas that editors complete from say what the models say, and every shipped file fits its own."""

from __future__ import annotations

import json
import re

import pytest
from helpers import ROOT
from jsonschema import Draft202012Validator

from legation import schemas, yaml_lines

FILES = [
    *(("report", file) for file in sorted(ROOT.glob("reports/*.yml"))),
    *(("claims", file) for file in sorted(ROOT.glob("data/claims/*.yml")) if file.stem != "precision"),
    *(("treaty", file) for file in sorted(ROOT.glob("data/treaties/*.yml")) if file.stem != "codebook"),
    ("feeds", ROOT / "data" / "feeds.yaml"),
]


def committed(name):
    return json.loads((ROOT / schemas.FOLDER / f"{name}.json").read_text("utf-8"))


def faults(name, plain):
    return [error.message for error in Draft202012Validator(committed(name)).iter_errors(plain)]


def schema_named(file):
    first = file.read_text("utf-8").partition("\n")[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(.+)", first)
    return named and named[1]


def report(**chapter):
    return {"title": "T", "abstract": "A", "chapters": [{"notebook": "trade_comparison"} | chapter]}


@pytest.mark.parametrize("name", schemas.NAMES)
def test_the_committed_schema_is_what_the_code_gives_now(name):
    stands = (ROOT / schemas.FOLDER / f"{name}.json").read_text("utf-8")
    assert stands == schemas.text(name, ROOT), "run `legation schema`"
    Draft202012Validator.check_schema(json.loads(stands))


@pytest.mark.parametrize("name", schemas.NAMES)
def test_every_key_is_described(name):
    whole = committed(name)
    parts = {"": whole, **whole.get("$defs", {})}
    keys = {(part, key): one for part, each in parts.items() for key, one in each.get("properties", {}).items()}
    assert keys or name == "feeds"
    assert [place for place, one in keys.items() if not one.get("description")] == []


@pytest.mark.parametrize(("name", "file"), FILES, ids=lambda value: getattr(value, "name", value))
def test_a_file_fits_its_schema_and_names_no_other_for_editors(name, file):
    plain, _ = yaml_lines.read(file, shown=file.name, kind="a file")
    assert faults(name, plain) == [], "run `legation schema` if a file was added"
    named = schema_named(file)
    assert named is None or (file.parent / named).resolve() == ROOT / schemas.FOLDER / f"{name}.json"


@pytest.mark.parametrize(
    "file",
    ["reports/dprk-trade.yml", "data/claims/pism-2024-06.yml", "data/treaties/1947-rio.yml", "data/feeds.yaml"],
)
def test_the_shipped_files_name_their_schema_for_editors(file):
    assert schema_named(ROOT / file) is not None


@pytest.mark.parametrize(
    ("chapter", "fault"),
    [
        ({"notebook": "trade_comparisn"}, "'trade_comparisn' is not one of"),
        ({"parameters": {"reportr": "VNM"}}, "'reportr' was unexpected"),
        ({"parameters": {"reporter": "VNN"}}, "'VNN' is not one of"),
        ({"parameters": {"partners": ["RUS", "VNN"]}}, "'VNN' is not one of"),
        ({"parameters": {"first_year": 20}}, "20 is less than the minimum of 1800"),
        ({"notebook": "treaty_clauses.ipynb", "parameters": {"focus": "1066-hastings"}}, "is not one of"),
        ({"leaveout": []}, "'leaveout' was unexpected"),
    ],
)
def test_a_chapter_is_held_to_the_parameters_of_its_notebook(chapter, fault):
    assert faults("report", report()) == []
    assert any(fault in each for each in faults("report", report(**chapter)))


def test_vocabularies_of_the_codebook_the_measures_and_the_publishers_are_offered():
    provision = committed("treaty")["$defs"]["Provision"]["properties"]
    assert "mutual-assistance" in provision["type"]["enum"]
    test = committed("claims")["$defs"]["Test"]["properties"]["measure"]
    assert len(test["enum"]) == len(test["enumDescriptions"]) > 5
    assert faults("feeds", {"x": {"publisher": "imf", "wish": {"partners": ["PRK"], "years": [2000, 2025]}}}) == []
    assert faults("feeds", {"x": {"publisher": "imf", "wish": {"country": ["PRK"], "years": [2000, 2025]}}})
