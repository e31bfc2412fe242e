"""One converter for both outputs: what is text in the notebook is text on the page."""

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from legation.errors import InputError
from legation.press import markup

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "#set page(fill: red)",
    "#panic()",
    "`#panic()`{=typst}",
    "`<b>x</b>`{=html}",
    "{{ 7 * 7 }} {% raw %}",
    "\\input{/etc/passwd}",
    "*/ /* // <!-- -->",
    "$ #panic() $",
    "[x]: javascript:alert(1)",
    "::: {#contents onclick=x}",
    "\u202eevil\u202c\x00\x07",
]


def both(text, bibliography=None):
    blocks = markup.read([("markdown", text)])[0]
    parts = markup.cite([blocks], bibliography=bibliography, language="en-GB")
    return tuple("".join(markup.write(parts, form, language="en-GB")) for form in ("html", "typst"))


def test_everything_a_markdown_cell_may_hold_reaches_both_outputs():
    text = """\
## Heading

A *stressed* and **strong** word, `code`, [a link](https://example.org), a note[^1] and $x^2$.

- one
- two

| a | b |
|---|--:|
| 1 | 2 |

> quoted

[^1]: The note.
"""
    html, typst = both(text)
    page = lxml_html.fromstring(f"<div>{html}</div>")
    for path in ("//h2", "//em", "//strong", "//code", "//a[@href='https://example.org']", "//li", "//table//td"):
        assert page.xpath(path), path
    assert page.xpath("//*[local-name()='math']")
    assert "The note." in page.text_content()
    for mark in (
        "== Heading",
        "#emph[stressed]",
        "#strong[strong]",
        "#link(",
        "#footnote[The note.]",
        "$x^2$",
        "#table(",
    ):
        assert mark in typst, mark


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_no_element_in_html(text):
    html, _ = both(text)
    page = lxml_html.fromstring(f"<div>{html}</div>")
    assert not page.xpath("//script | //img | //@onclick | //@onerror | //@style")
    assert not re.search(r'(href|src)="(?!#|https?:|mailto:)', html)


def test_links_that_are_neither_web_nor_mail_nor_inside_lose_their_target():
    html, typst = both(
        "[a](javascript:alert(1)) [b](file:///etc/passwd) [c](data:text/html,x) [d](https://example.org)"
    )
    assert html.count("<a ") == 1
    assert typst.count("#link(") == 1


def test_a_footnote_and_a_fence_of_one_cell_do_not_reach_into_the_next():
    first, second, third = markup.read(
        [("markdown", "a[^1]\n\n[^1]: one"), ("markdown", "```\nopen"), ("markdown", "b[^1]\n\n[^1]: two")]
    )
    assert "one" in markup.text(first)
    assert "two" in markup.text(third)
    assert "two" not in markup.text(second)


def test_foreign_html_is_reduced_to_its_text_and_tables():
    blocks = markup.read([("html", "<table><tr><th>a</th></tr><tr><td>1<script>x()</script></td></tr></table>")])[0]
    assert blocks[0]["t"] == "Table"
    assert "x()" not in markup.text(blocks)


def test_a_citation_without_entry_is_named_with_the_remedy(tmp_path):
    bibliography = tmp_path / "references.bib"
    bibliography.write_text("@book{known, author={Writer, A.}, title={A Book}, year={2001}}")
    html, typst = both("As shown [@known, p. 3].", bibliography)
    assert "Writer 2001" in html
    assert "Writer 2001" in typst
    with pytest.raises(InputError, match=r"cites @unknown, which data/references\.bib lacks"):
        both("As shown [@unknown].", bibliography)


def test_a_citation_without_any_bibliography_is_refused():
    with pytest.raises(InputError, match=r"there is no data/references\.bib"):
        both("As shown [@known].")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=60))
@example("a//b /* c */ #x @y <z> $q$ ~ _u_ = + - / \\")
def test_any_text_shown_as_code_comes_out_of_html_as_it_went_in(text):
    blocks = [{"t": "CodeBlock", "c": [["", [], []], markup.printable(text)]}]
    html = "".join(markup.write([blocks], "html", language="en-GB"))
    assert lxml_html.fromstring(html).text_content().strip() == markup.printable(text).strip()
