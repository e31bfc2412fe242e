"""What `legation check` finds in notebooks and specs without running them, and what it leaves alone."""

import json
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from helpers import ROOT, notebook, shown
from hypothesis import given
from hypothesis import strategies as st

from legation import starting
from legation.cli import main
from legation.errors import InputError
from legation.press import markup, reader, scan
from legation.press.check import RULES, check, files
from legation.press.reader import Part

TITLE = "# Trade\n\nWhat is traded?"
PARAMETERS = "# parameters\nyear: int = 2020  # year shown"
GOOD = (TITLE, PARAMETERS, "#!\nprint(year)")


def faults(checkout, *cells, name="trade"):
    """The faults of a notebook."""
    file = checkout / "notebooks" / f"{name}.ipynb"
    nbformat.write(notebook(*cells), file)
    return check([file])


def rules(checkout, *cells):
    """The rules that a good notebook with these cells behind its own breaks."""
    return [fault.rule for fault in faults(checkout, *GOOD, *cells)]


def spec_faults(checkout, text, *cells):
    nbformat.write(notebook(*GOOD, *cells), checkout / "notebooks" / "trade.ipynb")
    (checkout / "reports" / "trade.yml").write_text(text, encoding="utf-8")
    return check([checkout / "reports"])


SPEC = "title: Trade\nabstract: What is traded.\nchapters:\n  - notebook: trade\n"


def test_the_notebooks_and_specs_of_the_repository_keep_every_rule():
    folders = [ROOT / name for name in ("notebooks", "reports", "docs")]
    assert list(map(str, check([*folders, starting.STARTER]))) == []
    found = {file.relative_to(ROOT).parts[0] for file in files(folders)}
    assert found == {"notebooks", "reports", "docs"}


def test_a_notebook_that_teaches_needs_no_parameters_and_may_type_numbers(checkout):
    folder = checkout / "docs" / "tutorials"
    folder.mkdir(parents=True)
    nbformat.write(notebook(TITLE, "In 2020.", "#!\n" + "x = 1\n" * 20), folder / "first.ipynb")
    nbformat.write(notebook("Trade", "[](#nowhere)"), folder / "second.ipynb")
    assert [fault.rule for fault in check([checkout / "docs"])] == ["title-and-question", "dead-link"]


def test_a_notebook_of_the_houses_form_has_no_fault(checkout):
    assert rules(checkout) == []


# ------------------------------------------------------------------------------------------------------------- the form


@pytest.mark.parametrize(
    "first", ["## Trade\n\nWhat is traded?", "# Trade", "# Trade\n\nThis tells it.", "Trade?", "#!\nprint(year)"]
)
def test_a_notebook_starts_with_its_title_and_question(checkout, first):
    (fault,) = faults(checkout, first, *GOOD[1:])
    assert (fault.rule, fault.cell) == ("title-and-question", 1)


@pytest.mark.parametrize(
    ("cell", "rule", "said"),
    [
        ("#!\nprint()", "parameters-cell", "No cell is tagged"),
        ("# parameters\nyear = 2020  # year shown", "parameters-cell", "name: type = value"),
        ("# parameters\nyear: int = max(1, 2)  # year shown", "parameters-cell", "plain value"),
        ("# parameters", "parameters-cell", "sets no parameter"),
        ("# parameters\nyear: int = 2020", "parameter-meaning", "'year'"),
        ("# parameters\nyear: int = 'soon'  # year shown", "parameters-cell", "does not fit its type"),
        (PARAMETERS + "\nunused: str = ''  # nothing", "parameter-unused", "'unused'"),
    ],
    ids=lambda value: str(value)[:25].replace("\n", " "),
)
def test_parameters_are_annotated_explained_and_used(checkout, cell, rule, said):
    found = faults(checkout, TITLE, cell, "#!\nprint(year)")
    assert [fault.rule for fault in found] == [rule]
    assert said in str(found[0])


def test_a_parameter_in_a_query_or_that_all_names_are_read_is_used(checkout):
    for use in ("table = data.query('year == @year')", "print(f'{year}')", "show(**globals())", "!echo {year}\n"):
        assert faults(checkout, TITLE, PARAMETERS, f"#!\n{use}") == []


def test_a_second_parameters_cell_is_a_fault(checkout):
    assert rules(checkout, PARAMETERS) == ["parameters-cell"]


def test_a_cell_has_at_most_12_statements_and_16_lines_and_a_notebook_15_code_cells(checkout):
    assert rules(checkout, "#!\n" + "x = 1\n" * 12) == []
    assert rules(checkout, "#!\n" + "x = 1\n" * 13) == ["cell-length"]
    assert rules(checkout, "#!\nimport re\nfrom os import path\n" + "x = 1\n" * 12) == []
    assert rules(checkout, "#!\nx = [\n" + "1,\n" * 14 + "]") == []
    assert rules(checkout, "#!\nx = [\n" + "1,\n" * 15 + "]") == ["cell-length"]
    assert rules(checkout, *["#!\nx = 1"] * 13) == []
    assert rules(checkout, *["#!\nx = 1"] * 14) == ["cell-count"]


def test_magics_are_code_that_can_be_read_and_other_text_is_not(checkout):
    assert rules(checkout, "#!\n%matplotlib inline\nx = !ls", "#!\n%%bash\necho hello") == []
    (fault,) = faults(checkout, *GOOD, "#!\nx = 1\nx = = 2")
    assert (fault.rule, fault.cell, fault.line) == ("syntax", 4, 2)


# ------------------------------------------------------------------------------------------------------------ the prose


@pytest.mark.parametrize(
    "text",
    [
        "Trade grew by 14 %.",
        "Trade grew by −3.5.",
        "In 2020 it fell.",
        "## The 15 partners",
        "It rose [by 7](https://example.org).",
    ],
)
def test_a_number_typed_into_prose_is_found(checkout, text):
    assert rules(checkout, text) == ["number-in-prose"]


@pytest.mark.parametrize(
    "text",
    [
        "The G7 and CO2 [@voeten2013].",
        "Run `head -n 5`.\n\n```\nx = 17\n```",
        "1. first\n2. second",
        "See [the table](https://example.org/2020/12) or <https://example.org/7>.",
        "It grew[^1].\n\n[^1]: By much &#8211; and &#x2212;.",
        "1. Type\n\n   ```\n   x = 17\n\n   y = 4\n   ```\n\n> ~~~\n> 17\n>\n> 4\n> ~~~",
    ],
)
def test_numbers_of_lists_names_code_addresses_and_citations_are_none_of_the_prose(checkout, text):
    assert rules(checkout, text) == []


def test_a_number_typed_into_what_a_cell_says_is_found_and_one_that_is_put_in_is_not(checkout):
    assert rules(checkout, '#!\nsay("It grew by {pace:+.1f} in {year}.", pace=1.5)') == []
    assert rules(checkout, '#!\nFinding(say("It grew.", f"by {year:04d}"), name="size")') == []
    (fault,) = faults(checkout, *GOOD, '#!\nx = 1\nsay("""It grew\nby 14 %.""")')
    assert (fault.rule, fault.cell, fault.line) == ("number-in-prose", 4, 3)
    assert rules(checkout, '#!\nsay(f"By {{pace:+.1f}} in {year}.", pace=1.5)') == []
    made = 'title="It grew by 14", subtitle="s", alt="a", source="s", sources=[], data=d)'
    assert rules(checkout, f'#!\nExhibit.chart(draw, name="x", {made}') == ["number-in-prose"]


def test_what_is_cited_stands_in_the_bibliography(checkout):
    assert rules(checkout, "As [@voeten2013, p. x; see @bailey2017] say; write to who@example.org.") == []
    (fault,) = faults(checkout, *GOOD, "As [@voeten2031] says.")
    assert fault.rule == "citation"
    assert "voeten2013" in fault.problem
    assert rules(checkout, '#!\nsay("As [@nobody] says.")') == ["citation"]


def test_a_link_to_a_file_that_is_not_there_is_dead_and_no_address_is_asked(checkout):
    (checkout / "notebooks" / "notes on trade.md").write_text("")
    assert rules(checkout, "[a](notes%20on%20trade.md#x) [b](../data/references.bib) [c](https://no.example/x)") == []
    assert rules(checkout, "[a](notes.md)") == ["dead-link"]
    assert rules(checkout, "[a]()") == ["dead-link"]
    assert rules(checkout, "[a](javascript:alert())") == ["dead-link"]
    assert rules(checkout, "`[a](notes.md)`") == []
    (checkout / "notebooks" / "notes (old).md").write_text("")
    assert rules(checkout, "[a](<notes (old).md>) [b](notes%20(old).md) [c](<notes on trade.md> 'old')") == []
    assert rules(checkout, "[a](<notes (new).md>)") == ["dead-link"]
    assert rules(checkout, "[a](/etc/hosts) [b](//example.org)") == ["dead-link", "dead-link"]
    assert rules(checkout, "![a chart](../data/chart.png)") == ["picture-in-prose"]


def test_a_reference_leads_to_a_heading_an_exhibit_that_code_could_name_or_a_chapter(checkout):
    made = '#!\nshow.bars(name=f"turnover-{year}")\nshow.lines(name="long-run")\nsay("### Since {year}", year=year)'
    there = "## Who *trades* most\n\n[](#who-trades-most) [](#turnover-last) [](#long-run) [](#since-then)"
    assert rules(checkout, made, there) == []
    (fault,) = faults(checkout, *GOOD, made, "## Who trades most\n\n[](#who-trade-most)")
    assert fault.rule == "dead-link"
    assert "did you mean '#who-trades-most'?" in fault.problem
    assert rules(checkout, "[](#prices)") == ["dead-link"]
    (checkout / "reports" / "both.yml").write_text(SPEC + "  - notebook: trade\n    name: prices\n")
    assert rules(checkout, "[](#prices) [](#prices.trade)") == []
    assert rules(checkout, "[](#prizes.trade)") == ["dead-link"]


def test_what_is_put_into_a_reference_only_when_it_is_said_is_no_fault(checkout):
    for said in (
        'say("See [](#turnover-{code}) and [it]({url}).", code=code, url=url)',
        'say(f"See [](#turnover-{code}), [](#{code}) and [it]({url}).")',
        'say(f"As [@voeten{year}] says.")',
    ):
        assert rules(checkout, f"#!\n{said}") == [], said
    assert rules(checkout, '#!\nsay(f"See [](#turnover), {year}.")') == ["dead-link"]
    assert rules(checkout, "See [it]({url}).") == ["dead-link"]
    swept = (
        "title: T {year}\nabstract: See [](#y{year}) and [](#y{}).\nsweep: {title: All, over: {year: [2019, 2020]}}\n"
    )
    found = spec_faults(checkout, swept + "chapters:\n  - notebook: trade\n")
    assert [fault.problem.split()[0] for fault in found] == ["'#y{}'"]


@pytest.mark.parametrize(
    "heading",
    ["Viet Nam's trade", "Growth--or not", "`say` it", "Of snake_case and _others_", "Trade {#own-name .unlisted}"],
)
def test_a_heading_has_the_name_that_its_page_gives_it(checkout, heading):
    for text in (f"## {heading}", f"## {heading} ##", f"{heading}\n---"):
        blocks = reader.read([Part(notebook(TITLE, text), "trade.ipynb")]).blocks
        (name,) = (block["c"][1][0] for block in blocks if block["t"] == "Header")
        assert rules(checkout, f"{text}\n\n[](#{name})") == [], name


def test_a_reference_to_an_exhibit_that_the_library_names_is_alive(checkout):
    load = "#!\nfrom legation.exhibits import trade as show"
    assert rules(checkout, load, "[](#coverage-vnm) [](#balance-by-partner-vnm-last)") == []
    assert rules(checkout, load, "[](#turnover-of-nobody)") == ["dead-link"]


@pytest.mark.parametrize(
    "code",
    [
        "Exhibit.chart(draw, name='x', title=t, subtitle=s, source=q, sources=[], data=d)",
        "exhibits.Exhibit.table([], [], name='x', title=t, alt=' ', subtitle=s, source=q, sources=[], data=d)",
        "Exhibit.chart(draw, name='x', title='Trade grew', alt='Trade grew', subtitle=s, source=q, data=d)",
        "display(Image('x.png'))",
        "table.plot()",
        "table['value'].plot.bar()",
        "import matplotlib.pyplot as plt\nplt.plot(x)\nplt.show()",
        "import seaborn as sns\nsns.lineplot(table)",
    ],
)
def test_an_exhibit_or_picture_without_alternative_text_is_found(checkout, code):
    (fault,) = faults(checkout, *GOOD, f"#!\n{code}")
    assert fault.rule == "alt-text"
    assert fault.problem.split("(")[0] in code or fault.problem.startswith(("An exhibit", "The alternative text"))


@pytest.mark.parametrize(
    "code",
    [
        "Exhibit.chart(draw, name='x', title='Trade grew', alt='Two bars.', subtitle=s, source=q, data=d)",
        "Exhibit.chart(draw, **words)",
        "display(Image('x.png'), metadata={'alt': 'A map.'})",
        "Image('x.png', alt='A map.')",
        "def draw(canvas):\n    canvas.axes.plot(x)",
        "import matplotlib.pyplot as plt\nplt.close()\nplt.style.use('x')",
    ],
)
def test_what_is_described_or_draws_for_an_exhibit_is_left_alone(checkout, code):
    assert rules(checkout, f"#!\n{code}") == []


# -------------------------------------------------------------------------------------------- what must not stand there


@pytest.mark.parametrize(
    "path", ["/home/anna/trade.csv", "/Users/anna/x", r"C:\\data\\x.csv", "~/x.csv", "/workspaces/x/y"]
)
def test_a_path_of_one_machine_is_found_in_code_prose_and_spec(checkout, path):
    assert rules(checkout, f"#!\nopen('{path}')") == ["machine-path"]
    assert rules(checkout, f"It lies in {path}") == ["machine-path"]
    assert "machine-path" in [fault.rule for fault in spec_faults(checkout, SPEC + f"# {path}\n")]


@pytest.mark.parametrize(
    "path", ["../data/x.csv", "https://example.org/home/x", "data/home/x", "and/or", "{root}/tmp/x"]
)
def test_a_path_within_the_checkout_and_an_address_are_left_alone(checkout, path):
    assert rules(checkout, f"#!\nopen('{path}')") == []


@pytest.mark.parametrize(
    "part",
    ["a", "_", "[", "[x", "`", "` `` ", "<!--", "~~~\n", "[a](", "<a ", "://", "a:", "xx@", "a.b@c.", "@{", "[a]((",
     "[a](<", "> ```\n>", "a\n\n", "# a {} "],
)  # fmt: skip
def test_a_text_made_to_be_slow_is_read_all_the_same(part):
    text = part * (100_000 // len(part))
    assert scan.prose(text).count("\n") == text.count("\n")
    looks = (scan.secrets, scan.machine_paths, scan.numbers, scan.links, scan.citations, scan.conflicts, scan.headings)
    for look in looks:
        list(look(text))


@given(st.text(st.sampled_from("[]()!<>`@#*~\n -:/=\"'aé1\u202e"), max_size=200))
def test_any_text_can_be_looked_at_and_places_stay_where_they_were(text):
    assert len(scan.prose(text)) == len(text)
    for look in (scan.secrets, scan.machine_paths, scan.numbers, scan.links, scan.citations):
        assert all(0 <= place <= len(text) for place, _ in look(text))


# Put together here, so that no scanner takes this file for a leak.
SECRETS = [
    "AKIA" + "Z7PQ4WX2LM5NRT8V",
    "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "github_pat_" + "11ABCDEFG0" * 5,
    "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "xoxb-" + "123456789012-abcdefGHIJ",
    "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
    "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "https://anna:" + "correcthorse@example.org/x",
    "https://comtrade.example/get?subscription-key=" + "0f8e7d6c5b4a39281706",
    "https://census.example/data?get=ALL&key=" + "0f8e7d6c5b4a392817060f8e7d6c5b4a39281706",
    "Authorization: Bearer " + "0f8e7d6c5b4a39281706",
    "eyJhbGciOiJIUzI1" + ".eyJzdWIiOiIxMjM0" + ".SflKxwRJSMeKKF2QT4",
]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:8])
def test_a_secret_is_found_in_code_prose_outputs_and_spec_and_never_repeated(checkout, secret):
    found = faults(checkout, *GOOD, f"#!\nx = '{secret}'")
    assert [fault.rule for fault in found] == ["secret"]
    assert secret not in str(found[0])
    assert "secret" in rules(checkout, f"The key: {secret}")
    assert "secret" in rules(checkout, shown({"text/plain": secret}))
    (fault,) = spec_faults(checkout, SPEC + f"    # {secret}\n")
    assert (fault.rule, fault.line) == ("secret", 5)


def test_a_password_given_by_name_is_found_and_a_place_for_one_is_not(checkout):
    for code in ("password = 'hunter2hunter2'", "get(api_key='f00dfacef00d')", "h = {'auth_token': 'f00dfacef00d'}"):
        assert rules(checkout, f"#!\n{code}") == ["secret"], code
    (fault,) = spec_faults(
        checkout, SPEC + "    parameters:\n      year: 2020\n    # here\n    # api_key: 'f00dfacef00d'\n"
    )
    assert (fault.rule, fault.line) == ("secret", 8)
    for code in (
        "password = os.environ['PASSWORD']",
        "api_key = 'YOUR_API_KEY'",
        "api_key = 'your-key-here'",
        "token = '<your token>'",
        "get('https://example.org/data?key=ext_lt_maineu')",
        "headers = {'Authorization': f'Bearer {token}'}",
        "headers = {'Authorization': 'Bearer ' + token}",
        "password = '${PASSWORD}'",
        "secret = ''",
        "tokens = 'one-two-three'",
        "key = 'turnover-by-partner'",
        "url = f'https://{user}:{password}@example.org'",
        "digest = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'",
    ):
        assert rules(checkout, f"#!\n{code}") == [], code


def test_marks_of_a_merge_are_found_in_a_cell_in_a_spec_and_around_cells(checkout):
    torn = "<<<<<<< local\nx = 1\n=======\nx = 2\n>>>>>>> remote"
    assert rules(checkout, f"#!\n{torn}") == ["conflict-marker", "conflict-marker"]
    assert rules(checkout, "Heading\n=======\n\nText.") == []
    assert spec_faults(checkout, SPEC + torn)[0].rule == "conflict-marker"
    file = checkout / "notebooks" / "trade.ipynb"
    file.write_text(f"{file.read_text()}\n{torn}")
    (fault,) = check([file])
    assert fault.rule == "conflict-marker"
    assert fault.line


def test_signs_that_hide_are_found_and_those_that_scripts_need_are_not(checkout):
    assert rules(checkout, "Trade \u202eniaga\u202c.") == ["hidden-sign", "hidden-sign"]
    assert rules(checkout, "#!\nx = 'a\u200db'") == ["hidden-sign"]
    assert rules(checkout, "#!\nx = 'a\\u202eb'") == []
    assert rules(checkout, "می\u200cخواهم, ’–… Việt Nam") == []
    assert spec_faults(checkout, SPEC.replace("What", "\u2066What"))[0].rule == "hidden-sign"


def test_what_is_no_notebook_is_said_to_be_none(checkout):
    file = checkout / "notebooks" / "trade.ipynb"
    for content in ("{", "[]", '{"nbformat": 3, "worksheets": []}', '{"nbformat": 4, "cells": [{}]}', "[" * 100_000):
        file.write_text(content)
        assert [fault.rule for fault in check([file])] == ["unreadable"]
    file.write_bytes(b"\xff\xfe")
    assert [fault.rule for fault in check([file])] == ["unreadable"]
    for key, value in (("metadata", {"tags": None}), ("metadata", {"tags": [{}]}), ("outputs", ["told"])):
        made = notebook(*GOOD)
        made.cells[2][key] = value
        file.write_text(json.dumps(made))
        assert [fault.rule for fault in check([file])] == ["unreadable"], value


def test_what_is_no_notebook_is_told_once_whatever_refers_to_it(checkout):
    lead = "    lead: See [](#prices), [](#growth) and [](#trade.prices).\n"
    (checkout / "notebooks" / "trade.ipynb").write_text("{")
    (checkout / "reports" / "trade.yml").write_text(SPEC + lead)
    assert [fault.rule for fault in check([checkout])] == ["unreadable", "spec"]


def test_a_link_to_nowhere_and_a_bibliography_in_another_encoding_stop_nothing(checkout):
    (checkout / "notebooks" / "gone.ipynb").symlink_to("nowhere.ipynb")
    (checkout / "reports" / "gone.yml").symlink_to("nowhere.yml")
    (checkout / "data" / "references.bib").write_bytes("@book{né,\n}\n@book{here,\n}\n".encode("latin-1"))
    nbformat.write(notebook(*GOOD, "As [@here] says."), checkout / "notebooks" / "trade.ipynb")
    found = check([checkout])
    assert [(fault.file, fault.rule) for fault in found] == [
        ("notebooks/gone.ipynb", "unreadable"),
        ("reports/gone.yml", "spec"),
    ]
    assert all("No such file" in fault.problem for fault in found)


def test_code_that_is_nested_too_deeply_or_has_a_null_byte_is_a_fault_of_its_cell(checkout):
    assert rules(checkout, "#!\nx = 1" + " + 1" * 20_000) == ["syntax"]
    assert "parameters-cell" in [fault.rule for fault in faults(checkout, TITLE, PARAMETERS + "\0", GOOD[2])]


# -------------------------------------------------------------------------------------------------------------- outputs


def run(*command: str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def test_outputs_and_counts_are_a_fault_unless_git_leaves_them_out(checkout):
    file = checkout / "notebooks" / "trade.ipynb"
    (fault,) = faults(checkout, *GOOD, shown({"text/plain": "told"}))
    assert (fault.rule, fault.cell) == ("outputs", 4)
    assert "make setup-git" in fault.remedy
    counted = nbformat.v4.new_code_cell("x = 1", execution_count=1)
    assert rules(checkout, counted) == ["outputs"]

    run("git", "init", "-q", folder=checkout)
    run("git", "add", ".", folder=checkout)  # with what the cell counted
    run("git", "config", "filter.legation.clean", "cat", folder=checkout)
    assert rules(checkout, counted) == ["outputs"]  # the filter is not for this file
    (checkout / ".gitattributes").write_text("*.ipynb filter=legation\n")
    (fault,) = check([file])
    assert "git add --renormalize notebooks/trade.ipynb" in fault.remedy
    spaced = file.rename(file.with_name("trade of all.ipynb"))
    run("git", "-c", "filter.legation.clean=cat", "add", ".", folder=checkout)
    (fault,) = check([spaced])
    assert "git add --renormalize 'notebooks/trade of all.ipynb'" in fault.remedy
    spaced.rename(file)
    nbformat.write(notebook(*GOOD, "#!\nx = 1"), file)
    run("git", "add", ".", folder=checkout)
    assert rules(checkout, counted) == []


# ---------------------------------------------------------------------------------------------------------------- specs


def test_a_spec_is_checked_against_its_notebooks_with_the_line(checkout):
    assert spec_faults(checkout, SPEC + "    parameters: {year: 2020}\n") == []
    (fault,) = spec_faults(checkout, SPEC + "    parameters:\n      yaer: 2020\n")
    assert (fault.rule, fault.line) == ("spec", 6)
    assert fault.problem.startswith("trade.ipynb takes no parameter 'yaer' (did you mean 'year'?)")
    (fault,) = spec_faults(checkout, SPEC + "    parameters:\n      year: soon\n")
    assert (fault.rule, fault.line) == ("spec", 6)
    (fault,) = spec_faults(checkout, SPEC + "subtitel: x\n")
    assert (fault.rule, fault.line) == ("spec", 5)
    wrong = "# parameters\nyear: int = 'soon'  # year shown"
    nbformat.write(notebook(TITLE, wrong, "#!\nprint(year)"), checkout / "notebooks" / "other.ipynb")
    (fault,) = spec_faults(checkout, SPEC + "  - notebook: other\n")
    assert (fault.rule, fault.line) == ("spec", None)
    assert "notebooks/other.ipynb, parameters cell, line 2" in fault.problem
    swept = SPEC.replace("Trade", "Trade in {year}") + "sweep: {title: All, over: {year: [2019, soon]}}\n"
    (fault,) = spec_faults(checkout, swept)
    assert fault.rule == "spec"


def test_years_and_days_may_stand_in_the_texts_of_a_spec_and_other_numbers_not(checkout):
    assert spec_faults(checkout, SPEC.replace("What", "In June 2024, on 19 June 2024, since 2000–24, what")) == []
    for number in ("14 %", "2,500", "2000 %", "1.5", "2024.5"):
        (fault,) = spec_faults(checkout, SPEC.replace("What", f"It is {number} of what"))
        assert (fault.rule, fault.line) == ("number-in-prose", 2), number


def test_references_and_citations_of_a_spec_lead_somewhere(checkout):
    lead = "    lead: See [](#{}).\n"
    assert spec_faults(checkout, SPEC + lead.format("trade.prices"), "## Prices") == []
    assert spec_faults(checkout, SPEC + lead.format("prices"), "## Prices") == []
    assert spec_faults(checkout, SPEC + lead.format("trade"), "## Prices") == []
    (fault,) = spec_faults(checkout, SPEC + lead.format("trade.price"), "## Prices")
    assert (fault.rule, fault.line) == ("dead-link", 5)
    assert "did you mean '#trade.prices'?" in fault.problem
    (fault,) = spec_faults(checkout, SPEC.replace("traded", "traded [@nobody]"))
    assert (fault.rule, fault.line) == ("citation", 2)


# ----------------------------------------------------------------------------------------------------------- allowances


def test_a_false_alarm_is_answered_in_its_cell_with_a_reason(checkout):
    said = "Codes are those of ISO 3166.\n\n<!-- check: allow number-in-prose: the name of a standard -->"
    assert rules(checkout, said) == []
    assert (
        rules(checkout, "#!\n# check: allow number-in-prose because it is the name of a standard\nsay('ISO 3166')")
        == []
    )
    assert rules(checkout, "Codes are those of ISO 3166.", said) == ["number-in-prose"]  # of its own cell only
    assert rules(checkout, "#!\n# check: allow cell-length: one call\n" + "x = 1\n" * 13) == []


def test_no_page_shows_an_answer_and_in_code_it_is_an_example(checkout):
    answer = "<!-- check: allow number-in-prose: a standard's name -->"
    said = notebook(TITLE, f"{answer}\n\nCodes are those of ISO 3166, as `{answer}` says.\n\n```\n{answer}\n```")
    read = markup.text(reader.read([Part(said, "trade.ipynb")]).blocks)
    assert read.count("<!-- check:") == 2  # of three
    assert rules(checkout, f"`{answer}`\n\n```\n{answer}\n```") == []
    assert rules(checkout, f"Codes are those of ISO 3166.\n\n`{answer}`") == ["number-in-prose"]


def test_an_allowance_without_reason_to_no_rule_or_that_nothing_needs_is_a_fault(checkout):
    for comment, problem in (
        ("<!-- check: allow number-in-prose -->", "without a reason"),
        ("<!-- check: allow number-in-prose: -->", "without a reason"),
        ("<!-- check: allow number-in-prosa: a standard's name -->", "did you mean 'number-in-prose'?"),
        ("<!-- check: allow syntax: it is hard -->", "no rule that can be allowed"),
        ("<!-- check: ignore -->", "no rule that can be allowed"),
    ):
        found = faults(checkout, *GOOD, f"ISO 3166.\n\n{comment}")
        assert [fault.rule for fault in found] == ["number-in-prose", "allowance"], comment
        assert problem in found[1].problem
        assert found[1].line == 3
    (fault,) = faults(checkout, *GOOD, "ISO.\n\n<!-- check: allow number-in-prose: a standard's name -->")
    assert fault.rule == "allowance"
    assert "nothing here breaks it" in fault.problem


def test_a_spec_answers_on_the_line_of_the_key_or_above_it(checkout):
    said = "title: Trade\n{}abstract: >-{}\n  It is about\n  14 % of all.\nchapters:\n  - notebook: trade\n"
    comment = "# check: allow number-in-prose: fixed by the treaty"
    assert [fault.rule for fault in spec_faults(checkout, said.format("", ""))] == ["number-in-prose"]
    assert spec_faults(checkout, said.format(f"{comment}\n", "")) == []
    assert spec_faults(checkout, said.format("", f"  {comment}")) == []
    elsewhere = [fault.rule for fault in spec_faults(checkout, said.format("", "") + comment + "\n")]
    assert elsewhere == ["number-in-prose", "allowance"]


# ---------------------------------------------------------------------------------------------------------- the command


def test_the_command_writes_a_line_for_each_fault_and_ends_with_1(checkout):
    cells = notebook(*GOOD, "It grew by 14 %.")
    cells.cells[3]["id"] = "said"
    nbformat.write(cells, checkout / "notebooks" / "trade.ipynb")
    result = CliRunner().invoke(main, ["check"])
    assert result.exit_code == 1
    assert result.stdout == (
        "notebooks/trade.ipynb:cell 4 (said), line 1: number-in-prose: '14 %' is typed. "
        "Compute it in a code cell with say(), or put it into words.\n"
    )
    result = CliRunner().invoke(main, ["check", "--json", "notebooks/trade.ipynb"])
    (fault,) = json.loads(result.stdout)
    assert (fault["file"], fault["cell"], fault["id"]) == ("notebooks/trade.ipynb", 4, "said")
    assert fault["rule"] in RULES


def test_the_command_ends_with_0_where_nothing_is_wrong_and_with_2_where_there_is_nothing_to_check(checkout):
    nbformat.write(notebook(*GOOD), checkout / "notebooks" / "trade.ipynb")
    assert CliRunner().invoke(main, ["check"]).exit_code == 0
    for path in ("notebooks/nowhere.ipynb", "data/references.bib"):
        result = CliRunner().invoke(main, ["check", path])
        assert result.exit_code == 2
        assert path in result.stderr


def test_a_line_for_a_terminal_holds_nothing_that_it_would_obey(checkout):
    cells = notebook(*GOOD, "[a](x\x1b]0;y.md) 14\u00a0%")
    cells.cells[3]["id"] = "a\nb\x1b[2J"
    file = checkout / "notebooks" / "trade.ipynb"
    file.write_text(json.dumps(cells))
    told = [str(fault) for fault in check([file])]
    assert {line.split(": ")[1] for line in told} == {"dead-link", "hidden-sign", "number-in-prose"}
    assert all(line.isprintable() for line in told)


def test_half_a_sign_is_told_to_people_and_programs(checkout):
    cells = notebook(*GOOD, "[a](x\ud83d.md)")
    (checkout / "notebooks" / "trade.ipynb").write_text(json.dumps(cells))
    result = CliRunner().invoke(main, ["check"])
    assert (result.exit_code, "x\ufffd.md" in result.stdout) == (1, True)
    result = CliRunner().invoke(main, ["check", "--json"])
    assert "x\ud83d.md" in json.loads(result.stdout)[0]["problem"]


def test_every_rule_stands_in_the_documentation_as_it_is():
    told = (ROOT / "docs" / "review.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([\w-]+)` \| (.+) \|$", told, re.MULTILINE) == list(RULES.items())


def test_a_file_that_is_named_in_two_ways_is_looked_at_once_and_by_the_rules_of_its_place(checkout, monkeypatch):
    folder = checkout / "docs" / "tutorials"
    folder.mkdir(parents=True)
    nbformat.write(notebook(TITLE, "In 2020."), folder / "first.ipynb")
    monkeypatch.chdir(folder)
    assert check([Path("first.ipynb"), Path("..", "tutorials", "first.ipynb"), Path("..")]) == []
    assert files([Path("first.ipynb"), Path("..", "tutorials", "first.ipynb"), Path("..")]) == [folder / "first.ipynb"]


def test_a_path_that_is_not_there_is_named(checkout):
    with pytest.raises(InputError, match="no file or folder nowhere"):
        check([Path("nowhere")])
