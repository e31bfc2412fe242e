"""A report spec is checked before anything runs, and says the line that is wrong."""

import pytest

from legation.errors import InputError
from legation.press import spec

WHOLE = """\
title: Trade
abstract: What is traded.
chapters:
  - notebook: trade
    parameters:
      reporter: VNM
"""


def load(tmp_path, text, name="trade.yml"):
    file = tmp_path / "reports" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return spec.load(file)


def test_a_whole_spec_gives_its_chapters_and_the_line_of_every_value(tmp_path):
    report = load(tmp_path, WHOLE)
    assert report.name == "trade"
    assert report.chapters[0].parameters == {"reporter": "VNM"}
    assert report.where("chapters", 0, "parameters", "reporter") == "reports/trade.yml, line 6"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("abstract:", "abstrct:", r"line 2: unknown key 'abstrct' \(did you mean 'abstract'\?\)"),
        ("    parameters:", "    paramters:", r"line 5: unknown key 'paramters' \(did you mean 'parameters'\?\)"),
        ("title: Trade\n", "", r"line 1: the key 'title' is missing"),
        ("title: Trade", "title: 5", r"line 1: 'title' is wrong.*but 5 stands there"),
        ("title: Trade", "title: [unclosed", r"line \d: this is not valid YAML"),
        ("title: Trade", "title: Trade\ntitle: Again", r"line 2: the key 'title' stands here and on line 1"),
        ("    parameters:", "   parameters:", r"line 5: .*\(the indentation of this line does not fit the line above"),
        ("title: Trade", "title: Trade: again", r"line 1: .*, or a text with a colon is not in quotation marks\)"),
        ("  - notebook: trade", "  notebook: trade", r"not valid YAML|'chapters' is wrong"),
        ("title: Trade", "title: !!python/object:os.system x", r"trade\.yml"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_remedy(tmp_path, old, new, sentence):
    with pytest.raises(InputError, match=sentence):
        load(tmp_path, WHOLE.replace(old, new))


FULL = (
    WHOLE.replace(
        "    parameters:",
        "    name: trade-vnm\n    lead: As seen.\n    leave_out: [Growth]\n    parameters:",
    )
    + """\
findings: [growth]
revisions:
  - {date: 2026-11-20, change: Close is read more strictly.}
"""
)


def test_a_chapter_may_have_name_lead_and_sections_left_out_and_a_report_findings_and_revisions(tmp_path):
    report = load(tmp_path, FULL)
    chapter = report.chapters[0]
    assert (chapter.name, chapter.lead, chapter.leave_out) == ("trade-vnm", "As seen.", ["Growth"])
    assert report.findings == ["growth"]
    assert (report.revisions[0].date, report.revisions[0].change) == ("2026-11-20", "Close is read more strictly.")
    assert report.where("chapters", 0, "leave_out", 0) == "reports/trade.yml, line 7"
    assert load(tmp_path, WHOLE).findings is None


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "name: trade-vnm",
            "name: Trade VNM",
            r"line 5: 'chapters\.0\.name': a name holds small letters.*but 'Tr",
        ),
        ("leave_out: [Growth]", "leave_out: Growth", r"line 7: 'chapters\.0\.leave_out' is wrong: .*list"),
        ("leave_out:", "leaveout:", r"line 7: unknown key 'leaveout' \(did you mean 'leave_out'\?\)"),
        ("2026-11-20", "November 2026", r"line 12: 'revisions\.0\.date': a day is written as 2026-11-22, but"),
        ("2026-11-20", "2026-13-20", r"line 12: 'revisions\.0\.date': month must be in 1\.\.12"),
        ("change:", "chnge:", r"line 12: unknown key 'chnge' \(did you mean 'change'\?\)\. Known keys: date, change\."),
        ("findings: [growth]", "findings: growth", r"line 10: 'findings' is wrong: .*list"),
    ],
)
def test_a_mistake_in_what_a_report_of_several_chapters_adds_is_named_with_its_line(tmp_path, old, new, sentence):
    with pytest.raises(InputError, match=sentence):
        load(tmp_path, FULL.replace(old, new))


def test_a_report_is_printed_on_a4_unless_its_spec_names_another_paper(tmp_path):
    assert load(tmp_path, WHOLE).paper == "a4"
    assert load(tmp_path, f"{WHOLE}paper: letter\n").paper == "letter"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "paper: leter",
            r"line 7: 'paper': there is no paper 'leter' \(did you mean 'letter'\?\)\. There are: a4, letter",
        ),
        ("paper: A4", r"line 7: 'paper': there is no paper 'A4' \(did you mean 'a4'\?\)"),
        ("paper: 4", r"line 7: 'paper' is wrong"),
        ("papr: a4", r"line 7: unknown key 'papr' \(did you mean 'paper'\?\)"),
    ],
)
def test_a_paper_that_there_is_not_is_named_with_its_line(tmp_path, line, sentence):
    with pytest.raises(InputError, match=sentence):
        load(tmp_path, f"{WHOLE}{line}\n")


def test_a_spec_that_is_no_mapping_is_refused(tmp_path):
    with pytest.raises(InputError, match="a report spec is a list of keys"):
        load(tmp_path, "- a\n- b\n")


@pytest.mark.parametrize("name", ["Trade Report.yml", "..yml", "a_b.yml"])
def test_a_file_name_that_could_not_be_an_address_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="Rename the file"):
        load(tmp_path, WHOLE, name)
