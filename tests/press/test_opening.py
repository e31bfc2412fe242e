"""An edition is compared with the last dated one, is built again when one comes or goes, and is compared by hand."""

import json
import re
import shutil
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from helpers import notebook, scripts_let_run

from legation.cli import main
from legation.press import archive, changes, history
from legation.press.build import build
from legation.press.store import Store
from legation.press.verify import verify

PARAMETERS = "# parameters\nvalue: float = 1.0  # what is shown\n"
SHOWS = """\
#!
import json
import re
from datetime import datetime
from pathlib import Path
shown = json.loads(Path("exhibit.json").read_text())
shown["data"]["rows"][0][1] = value
display({"application/vnd.legation.exhibit+json": shown, "text/plain": ""}, raw=True)
"""


@pytest.fixture
def house(checkout):
    from helpers import exhibit

    nbformat.write(notebook("# Turnover", PARAMETERS, SHOWS), checkout / "notebooks" / "turnover.ipynb")
    (checkout / "notebooks" / "exhibit.json").write_text(json.dumps(exhibit("chart")))
    spec(checkout, 10.0)
    return checkout


def spec(house, value, name="one"):
    text = f"title: T\nabstract: A\nchapters:\n  - notebook: turnover\n    parameters: {{value: {value}}}\n"
    (house / "reports" / f"{name}.yml").write_text(text)


def publish(house, value=None, **how):
    if value is not None:
        spec(house, value)
    (outcome,) = build(house, [], lambda line: None, **how)
    assert outcome.problem is None
    return outcome


def keep(house, stamp, since=None):
    """Keep the newest edition under a time."""
    published = house / "reports" / "published"
    folder = published / "archive" / "one" / stamp
    shutil.copytree(published / "one", folder)
    (folder / "edition.json").write_text(json.dumps({"report": "one", "stamp": stamp, "since": since}))
    return folder


def files(folder):
    named = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in named.items() if name != "edition.json"}


FIRST, SECOND, THIRD = "2026-11-01T050000Z", "2026-11-08T050000Z", "2026-11-15T050000Z"


def test_a_build_opens_with_what_changed_since_the_last_dated_edition_and_stays_so(house):
    first = files(publish(house).edition)
    assert "changes.json" not in first
    keep(house, FIRST)
    assert files(publish(house).edition) == first, "of the same content as the first there is nothing to tell"

    second = files(publish(house, 12.0).edition)
    found = changes.from_json(second["changes.json"])
    assert (found.since, found.summary()) == (FIRST, "1 figure revised, 1 parameter changed.")
    assert "What is new since the edition of 1 November 2026" in second["index.html"].decode()
    assert second["changes.csv"].decode().splitlines()[1].startswith("revised,T")
    manifest = json.loads(second["manifest.json"])
    assert {"changes.json", "changes.csv"} <= set(manifest["files"])

    keep(house, SECOND, FIRST)
    assert files(publish(house).edition) == second, "built again it opens as the dated edition does that it is"
    assert publish(house).kept

    third = publish(house, 13.0).edition
    assert changes.from_json((third / "changes.json").read_bytes()).since == SECOND


def test_what_looks_at_nothing_but_the_files_asked_of_before_notices_a_dated_edition(house):
    publish(house)
    assert publish(house).kept
    with Store(house) as store:
        assert store.standing([]) == ["one"]
    kept = keep(house, FIRST)
    with Store(house) as store:
        assert store.standing([]) is None
    assert publish(house, 11.0).edition
    assert publish(house).kept
    shutil.rmtree(kept)
    with Store(house) as store:
        assert store.standing([]) is None
    again = publish(house)
    assert not again.kept
    assert not (again.edition / "changes.json").exists()


def test_an_edition_that_opens_with_changes_is_the_same_bytes_when_it_is_built_from_nothing(house):
    publish(house)
    keep(house, FIRST)
    publish(house, 12.0)
    said = []
    assert verify(house, [], said.append) == []
    assert "are the same bytes" in said[-1]


def test_an_edition_as_of_a_time_is_compared_with_what_stood_then_and_a_dated_one_is_rebuilt_to_its_bytes(house):
    publish(house)
    keep(house, FIRST)
    second = files(publish(house, 12.0).edition)
    keep(house, SECOND, FIRST)
    third = publish(house, 13.0).edition
    assert changes.from_json((third / "changes.json").read_bytes()).since == SECOND
    keep(house, THIRD, SECOND)
    for moment in (SECOND, "2026-11-10"):
        assert files(publish(house, 12.0, as_of=moment).edition) == second
    assert "changes.json" not in files(publish(house, 12.0, as_of="2026-10-31").edition)


def test_a_folder_that_is_no_dated_edition_is_not_compared_with(house):
    publish(house)
    published = house / "reports" / "published"
    folder = keep(house, FIRST)
    (published / "archive" / "one" / "latest").symlink_to(FIRST)
    (folder.parent / "2026-11-09").mkdir()
    (folder.parent / SECOND).mkdir()
    broken = folder.parent / THIRD
    broken.mkdir()
    (broken / "edition.json").write_text("{")
    assert [each.stamp for each in archive.dated(published, "one")] == [FIRST]
    assert archive.base(published, "one").since is None
    assert archive.base(published, "another") is None


def test_a_dated_edition_whose_notebook_is_damaged_stops_no_build_and_is_told(house):
    publish(house)
    folder = keep(house, FIRST)
    (folder / "notebooks" / "01-turnover.ipynb").write_text("{")
    page = (publish(house, 12.0).edition / "index.html").read_text()
    assert "What changed cannot be told: notebooks/01-turnover.ipynb is damaged" in page


def test_code_and_environment_that_made_an_edition_stand_in_its_manifest_wherever_the_checkout_lies(house):
    manifest = json.loads((publish(house).edition / "manifest.json").read_text())
    assert "legation/press/changes.py" in manifest["code"]
    assert not any(str(house) in name or name.startswith(("/", "src")) for name in manifest["code"])
    assert manifest["environment"]["jinja2"]
    assert "The platform" not in manifest["environment"]


# --- the command


def diff(*given):
    return CliRunner().invoke(main, ["diff", *map(str, given)])


@pytest.fixture
def two(house):
    publish(house)
    keep(house, FIRST)
    publish(house, 12.0)
    return house


def test_two_editions_are_compared_by_report_and_time_or_by_folder(two):
    kept = two / "reports" / "published" / "archive" / "one" / FIRST
    for before in (f"one@{FIRST}", "one@2026-11-01", kept):
        done = diff(before, "one")
        assert done.exit_code == 0, done.output
        assert "1 figure revised, 1 parameter changed." in done.output
        assert (
            "Figure 1: 2019, turnover: 10, now 12 million USD (+20.0\u00a0%), by Office of Examples (2021-05)"
            in done.output
        )
    assert "Nothing changed." in diff("one", "one").output


def test_the_terminal_tells_the_largest_first_and_counts_the_rest(two):
    notebooks = two / "notebooks"
    whole = json.loads((notebooks / "exhibit.json").read_text())
    whole["data"]["rows"] = [[year, float(year)] for year in range(1900, 2050)]
    (notebooks / "exhibit.json").write_text(json.dumps(whole))
    publish(two, 1.0)
    keep(two, SECOND, FIRST)
    whole["data"]["rows"] = [[year, float(year) + (year - 1950) ** 2] for year in range(1900, 2050)]
    (notebooks / "exhibit.json").write_text(json.dumps(whole))
    nbformat.write(notebook("# Turnover", PARAMETERS, f"{SHOWS}#"), notebooks / "turnover.ipynb")
    publish(two, 1.0)
    lines = diff(f"one@{SECOND}", "one").output.splitlines()
    figures = [line for line in lines if "now" in line]
    assert "2049, turnover" in figures[0]
    assert len(figures) == 20
    assert "  and 128 more" in lines


def test_the_same_as_json_and_as_a_page_that_asks_for_nothing(two, tmp_path):
    found = changes.from_json(diff(f"one@{FIRST}", "one", "--json").output)
    assert [entry.kind for entry in found.entries][:1] == ["revised"]
    page = tmp_path / "page.html"
    done = diff(f"one@{FIRST}", "one", "--html", page)
    assert done.output.splitlines()[-1] == str(page)
    text = page.read_text()
    assert len(scripts_let_run(text)) == 1
    assert "default-src 'none'" in text
    done = diff(f"one@{FIRST}", "one", "--html", tmp_path / "none" / "page.html")
    assert done.exit_code == 2
    assert "cannot be written (No such file or directory). Name another file." in done.output


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("oen", "'oen' is neither the folder of an edition nor a report that is published (did you mean 'one'?)"),
        ("one@2027", "'one@2027': there is no dated edition of that time. The last are: 2026-11-01T050000Z."),
        ("../../etc", "'../../etc' is neither the folder of an edition nor a report. Name one of them."),
    ],
)
def test_what_is_no_edition_is_said_with_what_there_is(two, name, said):
    done = diff(name, "one")
    assert done.exit_code == 2
    assert said in done.output
    assert Path.cwd() == two


# --- proved


def rebuild(name):
    done = CliRunner().invoke(main, ["rebuild", name])
    return done.exit_code, done.output.splitlines()


@pytest.fixture
def kept(house):
    """Two editions kept as a run would, the second with what changed since the first."""
    for stamp, value in ((FIRST, 10.0), (SECOND, 12.0)):
        published = publish(house, value).edition.parent
        at = datetime.strptime(stamp, "%Y-%m-%dT%H%M%S%z")
        facts = {"summary": "S", "counts": {}, "as_of": stamp, "commit": None, "version": "0.1.0"}
        archive.keep(published, "one", at=at, since=FIRST if stamp == SECOND else None, **facts)
    return house / "reports" / "published" / "archive" / "one"


def test_a_dated_edition_is_proved_by_building_it_again_to_the_same_bytes(kept):
    status, said = rebuild("one@2026-11-08")
    assert (status, said[-1]) == (0, f"one@{SECOND}: all 9 files are the same bytes."), said
    assert "changes.json" in files(kept / SECOND)
    shutil.rmtree(kept / FIRST)
    status, said = rebuild(f"one@{SECOND}")
    assert (status, said[-1]) == (0, f"one@{SECOND}: all 9 files are the same bytes."), said
    assert "What it was compared with is no longer kept" in said[0]


def test_a_clock_set_back_between_two_editions_stands_against_no_proof(kept):
    ahead = kept / "2099-01-01T000000Z"
    (kept / FIRST).rename(ahead)
    about = json.loads((ahead / "edition.json").read_text())
    (ahead / "edition.json").unlink()
    (ahead / "edition.json").write_text(json.dumps(about | {"as_of": ahead.name}))
    shutil.rmtree(kept / SECOND)
    edition = publish(kept.parents[3]).edition
    facts = {"summary": "S", "counts": {}, "as_of": SECOND, "commit": None, "version": "0.1.0"}
    at = datetime.strptime(SECOND, "%Y-%m-%dT%H%M%S%z")
    archive.keep(edition.parent, "one", at=at, since=ahead.name, **facts)
    assert rebuild(f"one@{SECOND}")[0] == 0


def test_what_is_not_the_same_bytes_is_said_with_the_reason(kept):
    house = kept.parents[3]
    spec(house, 13.0)
    status, said = rebuild(f"one@{SECOND}")
    assert status == 1
    assert "Differs: index.html" in said
    assert "Parameters that are not what they were: 1. turnover." in said
    assert said[-1].endswith("of 9 files differ.")

    spec(house, 12.0)
    nbformat.write(notebook("# Turnover", PARAMETERS, f"{SHOWS}#"), house / "notebooks" / "turnover.ipynb")
    assert "Notebooks that are not what they were: 1. turnover.ipynb." in rebuild(f"one@{SECOND}")[1]


def test_a_file_of_the_archive_that_was_damaged_is_named(kept):
    page = kept / SECOND / "index.html"
    page.unlink()
    page.write_text("")
    status, said = rebuild(f"one@{SECOND}")
    assert status == 1
    assert {"Differs: index.html", "Not as they were kept, in the archive itself: index.html."} <= set(said)


def test_a_report_that_can_no_longer_be_built_is_said_with_the_commit_it_was_made_at(kept):
    about = json.loads((kept / FIRST / "edition.json").read_text())
    (kept / FIRST / "edition.json").unlink()
    (kept / FIRST / "edition.json").write_text(json.dumps(about | {"commit": "c0ffee"}))
    (kept.parents[3] / "notebooks" / "turnover.ipynb").unlink()
    status, said = rebuild(f"one@{FIRST}")
    assert status == 1
    assert said[0] == "It was made at commit c0ffee, and this checkout is at none that git tells."
    assert said[-1] == f"one@{FIRST} cannot be built again. The reason stands above."
    (kept.parents[3] / "reports" / "one.yml").unlink()
    assert rebuild(f"one@{FIRST}")[0] == 2


@pytest.mark.parametrize("name", ["one", "@2026", "../one@2026", "one@2027"])
def test_what_names_no_dated_edition_is_refused(kept, name):
    status, said = rebuild(name)
    assert status == 2
    assert re.search("names no dated edition|there is no dated edition of that time", said[0])


def test_a_build_lists_reports_as_the_pages_of_the_archive_do_and_then_finds_nothing_changed(kept):
    house = kept.parents[3]
    index = house / "reports" / "published" / "index.html"
    assert history.write(index.parent) == [kept / "index.html", index.parent / "feed.xml", index]
    written = index.read_bytes()
    assert publish(house).edition
    assert index.read_bytes() == written
    assert f'href="archive/one/{SECOND}/index.html"'.encode() in written
    assert publish(house).kept
    with Store(house) as store:
        assert store.standing([]) == ["one"]
    assert history.write(index.parent) == []
