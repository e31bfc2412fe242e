"""An edition of an earlier time is made again to its old bytes, and figures that could not be renewed say how old."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta

import nbformat
import pytest
from helpers import notebook
from lxml import etree
from lxml import html as lxml_html
from made_figures import SOURCE, flows
from press.printed import structure

from legation import times
from legation.data import vintages
from legation.data.vintages import Answer, Taken
from legation.errors import InputError
from legation.press import archive
from legation.press.build import build
from legation.press.store import Store
from legation.press.verify import rebuild

FIRST, SECOND = datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 20, 4, tzinfo=UTC)
SHOWS = """\
#!
from legation import data
from legation.exhibits import Column, Exhibit
rows = data.open("goods_flows", reporter="VNM", year=2031)
cells = [[row.partner, f"{row.value:g}"] for row in rows.itertuples()]
Exhibit.table(
    [Column("Partner"), Column("Exports", "right")], cells, name="exports", title="Exports went to these few partners",
    subtitle="Dollars, 2031", alt="A table of exports by partner.", source=data.citation(rows),
    sources=data.sources(rows), data=rows[["partner", "value"]],
)"""
DAYS_OLD = (
    "Taken on 1 November 2026. On 15 November 2026, when these figures were 14 days old, the publisher could not be "
    "reached. Nothing newer has been taken since."
)


def take(at, **values):
    """A vintage of Viet Nam's exports in 2031, a year that the repository holds nothing of."""
    answer = Answer("https://example.org/trade?year=2031", json.dumps(values).encode())
    return vintages.keep("office", Taken("goods_flows", flows(**values), SOURCE, [answer]), at=at)


@pytest.fixture
def house(checkout):
    nbformat.write(notebook("# Exports", SHOWS), checkout / "notebooks" / "exports.ipynb")
    lines = ["title: T", "abstract: A", "outputs: [docx, xlsx]", "chapters:", "  - notebook: exports"]
    (checkout / "reports" / "one.yml").write_text("\n".join(lines) + "\n")
    return checkout


def made(house, **given):
    """Whether the one report was kept as it stood, and the digests of all files of its edition."""
    (outcome,) = build(house, [], lambda line: None, jobs=1, **given)
    assert outcome.problem is None, outcome.problem
    files = (path for path in sorted(outcome.edition.rglob("*")) if path.is_file())
    digests = {
        path.relative_to(outcome.edition).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
    return outcome.kept, digests


def texts(house):
    """What a reader reads: the page, the PDF, the Word file, and the page of the data."""
    edition = house / "reports" / "published" / "one"
    with zipfile.ZipFile(edition / "one.docx") as word:
        paragraphs = etree.fromstring(word.read("word/document.xml"))
    pages = [lxml_html.fromstring((edition / name).read_text()) for name in ("index.html", "data/index.html")]
    told = [
        *(page.text_content() for page in pages),
        structure((edition / "one.pdf").read_bytes()).text(),
        "".join(paragraphs.itertext()),
    ]
    return [" ".join(text.split()) for text in told]


def ran(house):
    """How many chapters have run in all builds."""
    events = [json.loads(line) for line in (house / ".legation" / "runs.jsonl").read_text().splitlines()]
    return sum(event["event"] == "chapter" for event in events)


def test_an_edition_of_then_has_its_old_bytes_and_the_next_plain_build_brings_back_the_present(house):
    take(FIRST, RUS=2.5, CHN=7.0)
    _, then = made(house)
    take(SECOND, RUS=3.0, CHN=7.0)
    _, now = made(house)
    assert then.keys() == now.keys()
    assert then["index.html"] != now["index.html"]
    assert made(house, as_of="2026-11-19") == (False, then)
    assert ran(house) == 2  # what ran then serves again
    assert made(house, as_of="2026-11-19") == (True, then)
    assert made(house) == (False, now)
    assert made(house) == (True, now)


@pytest.mark.parametrize("forking", [True, False])
def test_it_is_run_again_to_the_same_bytes_where_nothing_is_left_of_it(house, forking, monkeypatch):
    take(FIRST, RUS=2.5, CHN=7.0)
    _, then = made(house)
    take(SECOND, RUS=3.0, CHN=7.0)
    vintages.mark(vintages.latest("office"), "unreached", SECOND.replace(day=22))
    _, now = made(house)
    with Store(house) as store:
        store.clear()
    monkeypatch.setenv("LEGATION_AS_OF", "2026-01-01")  # whoever has this set does not mean the builder
    assert made(house, as_of="2026-11-01T040000Z", forking=forking) == (False, then)
    assert made(house, forking=forking) == (False, now)
    assert ran(house) == 4


def test_a_vintage_to_come_does_not_run_a_chapter_of_an_earlier_time_again(house):
    take(FIRST, RUS=2.5)
    _, then = made(house)
    take(SECOND, RUS=3.0)
    made(house, as_of="2026-11-01")
    take(SECOND.replace(day=21), RUS=4.0)
    assert made(house, as_of="2026-11-01") == (True, then)
    assert ran(house) == 1


def test_a_notebook_that_bounds_itself_is_not_run_again_by_what_comes_later(house):
    bounded = SHOWS.replace("rows = ", 'data.as_of("2026-11-05")\nrows = ', 1)
    nbformat.write(notebook("# Exports", bounded), house / "notebooks" / "exports.ipynb")
    take(FIRST, RUS=2.5)
    _, then = made(house)
    take(SECOND, RUS=3.0)
    assert made(house) == (True, then)
    assert ran(house) == 1


def test_a_report_that_reads_no_vintage_is_the_same_at_all_times(house):
    nbformat.write(
        notebook("# R", "#!\nfrom legation import data\nlen(data.open('countries', code='VNM'))"),
        house / "notebooks" / "exports.ipynb",
    )
    take(FIRST, RUS=2.5)
    _, before = made(house)
    assert made(house, as_of="2020-01-01") == (True, before)
    take(SECOND, RUS=3.0)
    assert made(house, as_of="2026-11-10") == (True, before)
    assert made(house) == (True, before)
    assert ran(house) == 1


def test_a_time_that_is_none_is_refused_before_anything_is_built(house):
    with pytest.raises(InputError, match="'yesterday' is no day and no time"):
        build(house, [], lambda line: None, as_of="yesterday")
    command = [sys.executable, "-m", "legation.cli", "build", "--as-of", "2026-13-01"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=house, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("'2026-13-01' is no day and no time. Write a day as 2026-11-22")


def test_figures_that_could_not_be_renewed_say_how_old_they_are_wherever_they_are_read(house):
    kept = take(FIRST, RUS=2.5)
    _, good = made(house)
    assert not any("Nothing newer" in text for text in texts(house))
    vintages.mark(kept, "unreached", datetime(2026, 11, 15, 4, tzinfo=UTC))
    kept_as_it_was, stale = made(house)
    assert not kept_as_it_was
    for text in texts(house):
        assert DAYS_OLD in text
    page, _, printed, word = texts(house)
    for text in (page, printed, word):
        assert "Newer figures could not be had from Office of Examples, Trade by partner: see Data and method." in text
    vintages.mark(kept, "unreached", datetime(2026, 11, 16, 4, tzinfo=UTC))
    assert made(house) == (True, stale)  # a second night without an answer changes nothing
    assert ran(house) == 2
    vintages.mark(kept, "reached", datetime(2026, 11, 17, 4, tzinfo=UTC))
    made(house)
    assert not any("Nothing newer" in text for text in texts(house))
    assert made(house, as_of="2026-11-15") == (False, stale)
    assert made(house, as_of="2026-11-14") == (False, good)


def test_a_reason_that_came_with_figures_is_text_wherever_it_stands(house):
    hostile = "<script>alert(1)</script> #panic() {{ 7*7 }} <w:p> \u202e"
    vintages.mark(take(FIRST, RUS=2.5), "aside", SECOND, why=hostile)
    made(house)
    page, listed, printed, word = texts(house)
    for text in (page, listed, word):
        assert "newer figures were set aside: <script>alert(1)</script> #panic() {{ 7*7 }} <w:p>" in text
    assert "#panic()" in printed
    for name in ("index.html", "data/index.html"):
        assert "<script>alert" not in (house / "reports" / "published" / "one" / name).read_text()


def test_dated_editions_are_proved_from_the_vintages_they_were_made_of(house):
    """Each build again, whatever has come since; the second with what changed from the first."""
    published, said = house / "reports" / "published", []
    for at, russia in ((FIRST, 2.5), (SECOND, 3.0)):
        take(at, RUS=russia, CHN=7.0)
        made(house)
        before = archive.last(published, "one")
        archive.keep(
            published, "one", at=at + timedelta(minutes=1), since=before.stamp if before else None, summary="",
            counts={}, as_of=times.stamp(at), commit=None, version="0.1.0",
        )  # fmt: skip
    take(SECOND.replace(day=21), RUS=9.0, CHN=9.0)
    first, second = archive.dated(published, "one")
    assert b"1 figure revised" in (second.folder / archive.CHANGES).read_bytes()
    for dated in (first, second):
        assert rebuild(house, dated, said.append) == [], said
    stood = {path.name: path.read_bytes() for path in second.folder.iterdir() if path.is_file()}
    made(house, as_of=second.about["as_of"])  # as the edition's own command has it
    stands = {path.name: path.read_bytes() for path in (published / "one").iterdir() if path.is_file()}
    assert stands == {name: content for name, content in stood.items() if name != "edition.json"}
