"""A name that is read from right to left leaves the text around it, and the figure behind it, where they are."""

from __future__ import annotations

import pandas as pd
import pytest
from helpers import shown
from press.made import chapter, figure, report

from legation.exhibits import Exhibit, Finding, Tally, say
from legation.exhibits.exhibit import Column
from legation.press import html

ARABIC, HEBREW = "مملكة فيلمارك", "ממלכת לומן"
SAFE, TURNED = "Sold to both", "Sold\u202e to\u2066 both"

#: Names of the tests' own, each with a figure behind it, and where the two are drawn, wherever the page shows them.
PLACES = """([names, figure]) => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const box = (text, from, length) => {
    const range = document.createRange();
    range.setStart(text, from);
    range.setEnd(text, from + length);
    return range.getBoundingClientRect();
  };
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    if (!text.parentElement.checkVisibility()) continue;
    for (const name of names) {
      const at = text.data.indexOf(name), behind = text.data.indexOf(figure, at);
      if (at < 0 || behind < 0) continue;
      const [a, b] = [box(text, at, name.length), box(text, behind, figure.length)];
      found.push([text.parentElement.closest('[class], h1, h2, h3, li, th, td').outerHTML.slice(0, 60),
        b.left >= a.right - 1 || b.top >= a.bottom - 1, a.width > 0 && b.width > 0]);
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory, open_page):
    path = tmp_path_factory.mktemp("directions") / "index.html"
    path.write_text(html.page(named()), encoding="utf-8")
    opened = open_page(path)
    opened.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    yield opened.page
    opened.page.close()


def named():
    """A report in which a name of either script has the figure 37 behind it wherever a notebook puts a text."""
    text = {script: f"Trade with {script} 37" for script in (ARABIC, HEBREW)}
    table = Exhibit.table(
        [Column(f"{HEBREW} 37", "left"), Column("Sold")],
        [[f"{ARABIC} 37", "1"], [f"{HEBREW} (37 %)", "2"]],
        name="rates",
        title=f"{text[ARABIC]} grew by half",
        subtitle=f"{text[HEBREW]}, 2020",
        alt="Two rows.",
        source=f"Source: {text[ARABIC]}.",
        sources=[],
        data=pd.DataFrame({"name": ["a", "b"], "count": [1, 2]}),
        notes=[f"{text[ARABIC]}.", f"{text[HEBREW]}."],
    )
    cells = [
        shown({"text/markdown": say("## {name} 37", name=ARABIC).markdown}),
        shown({"text/markdown": say("Trade with {name} 37 times.", name=HEBREW).markdown}),
        shown(dict(table._repr_mimebundle_())),
        shown(dict(Finding(say("{name} 37 times.", name=ARABIC), name="growth")._repr_mimebundle_())),
        shown(dict(Tally("Sold", {f"{ARABIC} 37": 1})._repr_mimebundle_())),
    ]
    return report(chapter("a", "# A", *cells), chapter("b", "# B\n\n## C"))


def test_a_figure_stands_behind_a_name_read_from_right_to_left_wherever_a_page_shows_them(page):
    found = page.evaluate(PLACES, [[ARABIC, HEBREW], "37"])
    # Title, subtitle, two notes, source, head, two cells; a heading and its line in the contents; text; finding; tally.
    assert len(found) >= 13
    assert [what for what, behind, seen in found if seen and not behind] == []
    assert sum(seen for _, _, seen in found) >= 13


def test_without_the_mark_the_figure_would_stand_before_the_name(page):
    """What makes the test above one that can fail."""
    page.evaluate("name => document.querySelector('.byline').append(`${name} 37`)", ARABIC)
    ((*_, behind, _),) = [
        place for place in page.evaluate(PLACES, [[ARABIC], "37"]) if place[0].startswith('<p class="byline"')
    ]
    assert not behind


def test_nothing_on_a_page_turns_the_direction_of_what_follows(open_page, tmp_path):
    risky = dict.fromkeys(("title", "subtitle", "alt", "source"), TURNED) | {"notes": [TURNED]}
    table = {"columns": [{"label": TURNED, "align": "left"}], "rows": [[TURNED]], "row_headers": 1}
    sources = [figure().outputs[0].data["application/vnd.legation.exhibit+json"]["sources"][0] | {"title": TURNED}]
    made = report(
        chapter("a", f"# A\n\n## {TURNED}\n\n{TURNED}", figure("r", "table", table=table, **risky, sources=sources)),
        chapter("b", "# B", title=TURNED, lead=None),
        title=TURNED,
        subtitle=TURNED,
        authors=[TURNED],
        abstract=TURNED,
        revisions=[("2026-11-20", TURNED)],
        rebuild=TURNED,
    )
    listing = {"report": "r", "title": TURNED, "abstract": TURNED, "data_retrieved_to": None}
    edition = {"edition": "a", "title": TURNED, "subtitle": None, "finding": TURNED, "printed": "a.pdf", "outputs": {}}
    for text in (
        html.page(made),
        html.data_index(made),
        html.index([listing]),
        html.sweep({"title": TURNED, "abstract": TURNED, "editions": [edition]}),
    ):
        (tmp_path / "index.html").write_text(text, encoding="utf-8")
        visit = open_page(tmp_path / "index.html")
        said = visit.page.evaluate("document.documentElement.outerHTML + document.title")
        assert not set(said) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
        assert said.count(SAFE) >= 3
        visit.page.close()
