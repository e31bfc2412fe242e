"""What is said in two places is said the same way."""

import re
import tomllib

import pytest
from helpers import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from legation.cli import main
from legation.data.contracts import TABLES

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.lock").read_text()
CONDA = YAML(typ="safe").load((ROOT / "environment.yml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
PACKAGE = YAML(typ="safe").load((ROOT / "data" / "datapackage.yaml").read_text())

REQUIRED = [Requirement(line) for line in PROJECT["dependencies"]]
DEVELOPING = [Requirement(line) for line in PROJECT["optional-dependencies"]["dev"]]
DASK = [Requirement(line) for line in PROJECT["optional-dependencies"]["dask"]]


def locked():
    """Name → versions pinned; a package may be pinned differently for different Pythons."""
    pins = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", LOCK, flags=re.MULTILINE):
        pins.setdefault(canonicalize_name(name), []).append(version)
    return pins


@pytest.mark.parametrize("requirement", [*REQUIRED, *DEVELOPING, *DASK], ids=lambda requirement: requirement.name)
def test_the_lock_pins_a_version_that_the_project_permits(requirement):
    versions = locked().get(canonicalize_name(requirement.name))
    assert versions, f"{requirement.name} is not in requirements.lock: run `make lock`"
    assert all(requirement.specifier.contains(version) for version in versions)


def test_every_pin_carries_hashes_and_no_address_stands_in_the_lock():
    for entry in re.split(r"\n(?=[A-Za-z0-9])", LOCK):
        if "==" in entry.splitlines()[0]:
            assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert not re.search(r"://|--(extra-)?index-url|--find-links", LOCK)


def test_conda_asks_for_the_projects_own_lower_bounds():
    project = {canonicalize_name(requirement.name): str(requirement.specifier) for requirement in REQUIRED}
    for line in CONDA["dependencies"]:
        if isinstance(line, str) and line not in ("pip", "make"):
            if line.startswith("python="):  # pinned: Binder reads a version after "=" only
                assert line.removeprefix("python=") in SpecifierSet(PROJECT["requires-python"])
                continue
            asked = Requirement(line)
            assert project[canonicalize_name(asked.name)] == str(asked.specifier), line


def test_conda_installs_the_package_itself_and_what_conda_forge_lacks_by_pip():
    (by_pip,) = [line["pip"] for line in CONDA["dependencies"] if isinstance(line, dict)]
    assert by_pip == ["--editable .[dev,review]"]


def test_every_table_is_declared_in_the_package_and_in_code_with_the_same_columns_and_key():
    declared = {resource["name"]: resource["schema"] for resource in PACKAGE["resources"]}
    assert set(declared) == set(TABLES)
    types = {"integer": "int64", "number": "float64"}
    for name, schema in declared.items():
        contract = TABLES[name]
        assert [field["name"] for field in schema["fields"]] == list(contract.columns), name
        key = schema["primaryKey"]
        assert ([key] if isinstance(key, str) else key) == list(contract.unique), name
        for field in schema["fields"]:
            column = contract.columns[field["name"]]
            assert str(column.dtype).startswith(types.get(field["type"], "str")), f"{name}.{field['name']}"
            required = field.get("constraints", {}).get("required", False)
            assert required == (not column.nullable), f"{name}.{field['name']}: required"


def test_permitted_values_are_the_same_in_the_package_and_in_code():
    for resource in PACKAGE["resources"]:
        for field in resource["schema"]["fields"]:
            permitted = field.get("constraints", {}).get("enum")
            checks = TABLES[resource["name"]].columns[field["name"]].checks
            stated = [set(check.statistics["allowed_values"]) for check in checks if check.name == "isin"]
            assert [set(permitted)] == stated if permitted else not stated, f"{resource['name']}.{field['name']}"


def test_links_of_the_readme_and_of_guides_lead_to_files_and_their_commands_are_there():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "data").rglob("README.md")):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"
        for typed in re.findall(r"`(?:\.venv/bin/)?legation ([a-z][a-z-]*)", text):
            assert typed in main.commands, f"{page.name}: legation {typed}"
        for target in re.findall(r"`make ([a-z][a-z-]*)", text):
            assert f"\n{target}: " in MAKEFILE, f"{page.name}: make {target}"
