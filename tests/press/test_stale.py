"""An edition whose renewal failed says so on its page, in a notice that comes and goes without a trace."""

import hashlib
import json

import nbformat
import pytest
from helpers import notebook
from press.made import HOSTILE, chapter, figure, report

from legation.errors import InputError
from legation.press import html, publish
from legation.press.build import build
from legation.press.publish import say_stale
from legation.press.store import Store

SAID = "This edition is of 1 November 2026. Its renewal on 22 November 2026 failed."
SAYS = '#!\nfrom IPython.display import Markdown\nMarkdown(f"The word is {word}.")\n'


@pytest.fixture
def edition(tmp_path):
    """The folder of an edition whose texts would like to be markup, a notice among them."""
    page = html.page(
        report(chapter("a", "# A", figure()), title=f"{publish._MASTHEAD.decode()}<!--notice--> {HOSTILE}")
    )
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    return tmp_path


@pytest.fixture
def house(checkout):
    cells = ("# A word", '# parameters\nword: str = "none"  # what is said\n', SAYS)
    nbformat.write(notebook(*cells), checkout / "notebooks" / "word.ipynb")
    spec(checkout, "peace")
    return checkout


def spec(house, word, besides=""):
    text = f"title: T\nabstract: A\nchapters:\n  - notebook: word\n    parameters:\n      word: {word}\n{besides}"
    (house / "reports" / "one.yml").write_text(text)


def made(house, *, explain=False):
    said = []
    (outcome,) = build(house, ["one"], said.append, explain=explain)
    return outcome, "\n".join(said)


def test_a_notice_stands_before_the_title_and_taken_away_leaves_every_byte_as_it_was(edition):
    file = edition / "index.html"
    before = file.read_bytes()
    say_stale(edition, SAID)
    notice = f'<!--notice--><p class="stale" role="note" lang="en-GB">{SAID}</p><!--/notice-->'.encode()
    assert file.read_bytes() == before.replace(publish._MASTHEAD, publish._MASTHEAD + notice, 1)
    assert file.read_bytes().replace(notice, b"") == before
    say_stale(edition, "Another.")
    assert SAID.encode() not in file.read_bytes()
    say_stale(edition, None)
    assert file.read_bytes() == before
    assert [path.name for path in edition.iterdir()] == ["index.html"]


@pytest.mark.parametrize("said", [HOSTILE, "--><!--/notice--><b>", "a\nb\x1b[0m\ud800\u202e", ""])
def test_whatever_a_notice_says_is_text_and_goes_again(edition, said):
    file = edition / "index.html"
    before = file.read_bytes()
    say_stale(edition, said)
    notice = file.read_bytes().removeprefix(before.partition(publish._MASTHEAD)[0] + publish._MASTHEAD)
    inside = notice.partition(b"</p><!--/notice-->")[0].partition(b">")[2].partition(b">")[2]
    assert not set(b"<>\n\x1b") & set(inside)
    inside.decode("utf-8")
    say_stale(edition, None)
    assert file.read_bytes() == before


def test_what_says_so_already_is_not_written_again(edition):
    say_stale(edition, SAID)
    before = (edition / "index.html").stat()
    say_stale(edition, SAID)
    assert (edition / "index.html").stat() == before


def test_a_dated_edition_that_shares_the_page_does_not_change(edition, tmp_path):
    before = (edition / "index.html").read_bytes()
    (tmp_path / "dated.html").hardlink_to(edition / "index.html")
    say_stale(edition, SAID)
    assert (tmp_path / "dated.html").read_bytes() == before


def test_a_page_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "index.html").write_text("<!DOCTYPE html><title>Mine</title>")
    with pytest.raises(InputError, match=r"index\.html is no page of a report: .* Build it again\."):
        say_stale(tmp_path, SAID)


def test_a_build_that_finds_nothing_changed_takes_the_notice_away_and_renders_nothing(house):
    outcome, _ = made(house)
    page = outcome.edition / "index.html"
    before = page.read_bytes()
    assert made(house)[0].kept
    say_stale(outcome.edition, SAID)
    outcome, said = made(house, explain=True)
    assert outcome.kept
    assert "page and PDF kept: nothing it is made of changed" in said
    assert page.read_bytes() == before
    digest = json.loads((outcome.edition / "manifest.json").read_text())["files"]["index.html"]["sha256"]
    assert hashlib.sha256(before).hexdigest() == digest
    assert made(house)[0].kept
    with Store(house) as store:
        assert store.standing(["one"]) == ["one"]


def test_the_notice_stays_while_the_report_fails_and_goes_with_the_build_that_succeeds(house):
    outcome, _ = made(house)
    page = outcome.edition / "index.html"
    clean = page.read_bytes()
    say_stale(outcome.edition, SAID)
    stale = page.read_bytes()
    spec(house, "[1")  # no YAML
    assert made(house)[0].edition is None
    nbformat.write(
        notebook("# A word", '# parameters\nword: str = "none"  # w\n', "#!\n1 / 0"), house / "notebooks" / "word.ipynb"
    )
    spec(house, "peace")
    for _ in range(2):
        assert made(house)[0].status == 1
        assert page.read_bytes() == stale
    nbformat.write(
        notebook("# A word", '# parameters\nword: str = "none"  # what is said\n', SAYS),
        house / "notebooks" / "word.ipynb",
    )
    assert made(house)[0].status == 0
    assert page.read_bytes() == clean


def test_a_notice_on_a_damaged_page_hides_no_damage(house):
    outcome, _ = made(house)
    page = outcome.edition / "index.html"
    before = page.read_bytes()
    page.write_bytes(before.replace(b"The word is peace.", b"The word is war."))
    say_stale(outcome.edition, SAID)
    outcome, said = made(house, explain=True)
    assert not outcome.kept
    assert "reports/published/one/index.html is not as it was published" in said
    assert page.read_bytes() == before


def test_an_edition_that_changed_comes_without_the_notice(house):
    outcome, _ = made(house)
    say_stale(outcome.edition, SAID)
    spec(house, "truce")
    assert SAID not in (made(house)[0].edition / "index.html").read_text()


def test_a_sweeps_list_and_editions_lose_their_notices_when_all_of_it_succeeds(house):
    spec(house, "'{word}'", "sweep:\n  title: Words\n  over:\n    word: [peace, war]\n")
    text = (house / "reports" / "one.yml").read_text().replace("    parameters:\n      word: '{word}'\n", "")
    (house / "reports" / "one.yml").write_text(text.replace("title: T", "title: 'T {word}'", 1))
    assert [outcome.status for outcome in build(house, ["one"], lambda _: None)] == [0, 0]
    published = house / "reports" / "published" / "one"
    folders = [published, published / "peace", published / "war"]
    before = [(folder / "index.html").read_bytes() for folder in folders]
    for folder in folders:
        say_stale(folder, SAID)
    assert all(outcome.kept for outcome in build(house, ["one"], lambda _: None))
    assert [(folder / "index.html").read_bytes() for folder in folders] == before


def test_the_list_of_reports_leads_to_the_status_once_there_is_one_and_never_tells_a_time(house):
    made(house)
    published = house / "reports" / "published"
    assert "status.html" not in (published / "index.html").read_text()
    pages = []
    for at in ("now", "later"):
        publish.write_status(f"As it was {at}.", published)
        made(house)
        pages.append((published / "index.html").read_bytes())
    assert b'<a href="status.html">' in pages[0]
    assert pages[0] == pages[1]
