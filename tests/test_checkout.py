"""Where the library finds the folder data/."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from legation import checkout
from legation.errors import InputError


class Installed:
    """What pip wrote of an installation."""

    def __init__(self, url: str | None) -> None:
        self.url = url

    def read_text(self, name: str) -> str | None:
        return json.dumps({"url": self.url, "dir_info": {}}) if self.url and name == "direct_url.json" else None


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory outside any checkout, of a library that lies in site-packages."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setattr(checkout, "__file__", str(tmp_path / "lib" / "site-packages" / "legation" / "checkout.py"))
    return tmp_path


def test_a_notebook_run_elsewhere_reads_from_the_clone_that_pip_installed_from(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = alone / "a clone"
    (clone / "data").mkdir(parents=True)
    (clone / "data" / "datapackage.yaml").touch()
    monkeypatch.setattr(metadata, "distribution", lambda name: Installed(clone.as_uri()))
    assert checkout.home() == clone


@pytest.mark.parametrize("url", [None, "https://example.org/legation.git", "file:///gone/with/the/wind"])
def test_without_a_clone_the_reader_is_told_where_to_start(
    alone: Path, monkeypatch: pytest.MonkeyPatch, url: str | None
) -> None:
    monkeypatch.setattr(metadata, "distribution", lambda name: Installed(url))
    with pytest.raises(InputError, match=r"No data/datapackage\.yaml was found .* Start from the folder you cloned"):
        checkout.home()
