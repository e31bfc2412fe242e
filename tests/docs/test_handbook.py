"""Documents are built as reports are, whole or not at all, and one that fails stops no other."""

import json

import nbformat
import pytest
from click.testing import CliRunner
from helpers import ROOT, notebook

from legation import handbook
from legation.cli import main
from legation.errors import InputError


@pytest.fixture
def docs(checkout):
    """A checkout with one document of one notebook, and the guides."""
    for name, page in handbook.PAGES.items():
        (checkout / page).parent.mkdir(parents=True, exist_ok=True)
        (checkout / page).write_text(f"# The page {name}\n\nIt says something of `{name}`.\n", encoding="utf-8")
    chapters = "".join(f"  - notebook: {name}\n" for name in handbook.PAGES)
    (checkout / "docs" / "guides.yml").write_text(f"title: Guides\nabstract: All.\nchapters:\n{chapters}")
    (checkout / "docs" / "lessons").mkdir()
    lesson = notebook("# First lesson\n\nWhat is one and one?", "#!\nprint(1 + 1)")
    nbformat.write(lesson, checkout / "docs" / "lessons" / "first.ipynb")
    spec = "title: Lessons\nabstract: One.\nchapters:\n  - notebook: first\n"
    (checkout / "docs" / "lessons.yml").write_text(spec)
    return checkout


def test_documents_become_pages_and_pdfs_that_say_how_they_are_made(docs):
    lines = []
    assert handbook.build(docs, [], lines.append, jobs=1) == []
    assert lines == ["docs/built/guides/index.html", "docs/built/lessons/index.html"]
    page = (docs / "docs" / "built" / "lessons" / "index.html").read_text(encoding="utf-8")
    assert "make docs" in page
    assert "make report" not in page
    assert (docs / "docs" / "built" / "lessons" / "lessons.pdf").read_bytes().startswith(b"%PDF")
    listing = (docs / "docs" / "built" / "index.html").read_text(encoding="utf-8")
    assert "lessons/index.html" in listing
    guides = json.loads((docs / "docs" / "built" / "guides" / "manifest.json").read_text())
    assert [chapter["name"] for chapter in guides["chapters"]] == list(handbook.PAGES)


def test_a_document_that_fails_leaves_the_one_before_and_stops_no_other(docs):
    handbook.build(docs, ["lessons"], lambda _: None, jobs=1)
    before = (docs / "docs" / "built" / "lessons" / "index.html").read_bytes()
    nbformat.write(notebook("# First\n\nWhat?", "#!\n1 / 0"), docs / "docs" / "lessons" / "first.ipynb")
    lines = []
    assert handbook.build(docs, [], lines.append, jobs=1) == ["lessons"]
    assert any(line.startswith("lessons: not built.") and "division by zero" in line for line in lines)
    assert (docs / "docs" / "built" / "lessons" / "index.html").read_bytes() == before
    assert (docs / "docs" / "built" / "guides" / "index.html").is_file()


def test_an_unknown_document_is_answered_with_the_nearest(docs):
    with pytest.raises(InputError, match=r"no document 'lesson' \(did you mean 'lessons'\?\). There are: guides, less"):
        handbook.build(docs, ["lesson"], print)
    assert CliRunner().invoke(main, ["docs", "lesson"]).exit_code == 2


def test_every_guide_is_a_page_of_the_repository_and_every_document_has_a_spec():
    assert all((ROOT / page).is_file() for page in handbook.PAGES.values())
    assert set(handbook.documents(ROOT)) == {"gallery", "guides", "reference", "tutorials"}
