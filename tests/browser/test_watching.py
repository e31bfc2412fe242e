"""What an analyst sees while a report is watched: the page renews itself, and a mistake is told on it."""

from __future__ import annotations

import nbformat
import pytest
from helpers import notebook
from press.watched import Watched

PARAMETERS = '# parameters\nword: str = "none"  # what is said\n'
SAYS = '#!\nfrom IPython.display import Markdown\nMarkdown("The word is peace.")'
FAILS = "#!\nraise KeyError('<img src=x onerror=alert(1)>')"


@pytest.fixture
def house(checkout):
    write(checkout, "# A word", SAYS)
    (checkout / "reports" / "one.yml").write_text("title: A report\nabstract: A\nchapters:\n  - notebook: word\n")
    return checkout


def write(house, *cells):
    nbformat.write(notebook(*cells), house / "notebooks" / "word.ipynb")


def test_the_page_renews_itself_and_a_mistake_is_told_above_the_last_good_one(browser, house):
    with Watched(house, "one") as watched:
        page = browser.new_page(viewport={"width": 800, "height": 300})
        refused, asked = [], []
        page.on("console", lambda line: refused.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: refused.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(watched.url)
        text, problem = page.locator("main"), page.locator("legation-watch .problem")
        text.get_by_text("The word is peace.").wait_for()
        assert problem.is_hidden()

        page.evaluate("scrollTo(0, 40)")
        write(house, "# A word\n\nMore prose.", SAYS)
        text.get_by_text("More prose.").wait_for()
        text.get_by_text("The word is peace.").wait_for()
        page.wait_for_function("scrollY === 40")

        write(house, "# A word\n\nMore prose.", SAYS, FAILS)
        problem.wait_for()
        assert problem.locator("h2").inner_text() == "Not published: one"
        assert problem.locator("h3").first.inner_text() == "notebooks/word.ipynb, cell 3"
        assert problem.locator(".cell pre").inner_text() == FAILS.removeprefix("#!\n")
        assert "KeyError" in problem.locator(".traceback pre").inner_text()
        assert problem.locator("img").count() == 0, "text of a notebook is no markup"
        assert text.get_by_text("The word is peace.").is_visible(), "the last good page stays below"
        page.keyboard.press("Escape")
        assert problem.is_hidden()
        page.reload()
        problem.wait_for()

        write(house, "# A word\n\nMended.", SAYS)
        text.get_by_text("Mended.").wait_for()
        assert problem.is_hidden()
        assert "<script data-edition" not in (house / "reports" / "published" / "one" / "index.html").read_text()
        assert refused == []
        assert all(each.startswith(watched.url) or each.startswith("data:") for each in asked)

        watched.end()
        page.locator("legation-watch .state", has_text="has ended").wait_for()
        page.close()
