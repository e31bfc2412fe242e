"""From a fresh clone, the README's commands build every report; page and PDF are opened and read."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest
from helpers import ROOT, scripts_let_run
from lxml import html as lxml_html
from press.printed import structure, words_of_page, words_of_print
from ruamel.yaml import YAML

from legation.press.publish import printed_name

#: One edition of a sweep stands for all of them.
EDITION = "vietnam-asean/tha"
#: Reports of the repository; others that an analyst adds may be shorter.
SHIPPED = ("dprk-russia-treaty", "dprk-trade", "putin-asia-2024", "vietnam-trade", EDITION)
REPORTS = [
    *sorted(
        path.stem for path in (ROOT / "reports").glob("*.yml") if "\nsweep:" not in path.read_text(encoding="utf-8")
    ),
    EDITION,
]


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone of what is committed, with this test's changes laid over it, built by ``make report``."""
    folder = tmp_path_factory.mktemp("fresh") / "legation"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--modified", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    # The environment stands already; the clone's own code is what must run.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CONDA", "LEGATION"))}
    environment["PYTHONPATH"] = str(folder / "src")
    said = ""
    for named in ([], [f"REPORT={EDITION}"]):
        command = ["make", "report", f"VENV={sys.prefix}", *named]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        said += done.stdout
    return folder, said


def page_of(folder: Path, report: str):
    return lxml_html.fromstring((folder / "reports" / "published" / report / "index.html").read_text(encoding="utf-8"))


def pdf_of(folder: Path, report: str):
    return pypdf.PdfReader(io.BytesIO((folder / "reports" / "published" / report / printed_name(report)).read_bytes()))


def words(text):
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u202f", " "))


def test_the_build_prints_where_every_page_and_pdf_is(clone):
    _, said = clone
    for report in REPORTS:
        assert f"reports/published/{report}/index.html" in said
        assert f"reports/published/{report}/{printed_name(report)}" in said
    assert "reports/published/index.html lists them." in said


@pytest.mark.parametrize("report", REPORTS)
def test_every_exhibit_stands_in_page_and_pdf_with_title_source_and_alternative_text(clone, report):
    folder, _ = clone
    page, reader = page_of(folder, report), pdf_of(folder, report)
    manifest = json.loads((folder / "reports" / "published" / report / "manifest.json").read_text())
    printed = words(" ".join(sheet.extract_text() for sheet in reader.pages))
    assert len(manifest["exhibits"]) >= (9 if report in SHIPPED else 1)
    for exhibit in manifest["exhibits"]:
        (figure,) = page.xpath(f"//figure[@id='{exhibit['anchor']}']")
        assert words(exhibit["title"]) in words(figure.text_content())
        assert exhibit["label"] in words(figure.text_content())
        assert figure.xpath(".//p[@class='source'][starts-with(., 'Source')]")
        if figure.get("class") == "exhibit chart":
            assert len(figure.xpath(".//*[local-name()='svg']//*[local-name()='text']")) > 3
            assert all(len(alt) > 40 for alt in figure.xpath(".//div[@role='img']/@aria-label"))
        assert words(exhibit["title"]) in printed
        assert (folder / "reports" / "published" / report / "data" / f"{exhibit['anchor']}.csv").is_file()


@pytest.mark.parametrize("report", REPORTS)
def test_the_pdf_is_tagged_and_holds_the_prose_of_the_page(clone, report):
    folder, _ = clone
    reader = pdf_of(folder, report)
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    printed = words(" ".join(sheet.extract_text() for sheet in reader.pages)).replace("- ", "").replace(" ", "")
    for paragraph in page_of(folder, report).xpath("//main/p"):
        said = words(paragraph.text_content()).replace("- ", "").replace(" ", "")
        sentence = re.split(r"(?<=[.!?])", said)[0][:60]
        assert sentence in printed, sentence


@pytest.mark.parametrize("report", REPORTS)
def test_the_pdf_read_in_order_has_the_words_of_the_page_in_its_order(clone, report):
    folder = clone[0] / "reports" / "published" / report
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert words_of_print(structure((folder / printed_name(report)).read_bytes())) == words_of_page(page)


@pytest.mark.parametrize("report", REPORTS)
def test_the_page_asks_no_server_for_anything(clone, report):
    folder, _ = clone
    source = (folder / "reports" / "published" / report / "index.html").read_text(encoding="utf-8")
    page = lxml_html.fromstring(source)
    assert len(scripts_let_run(source)) == 1
    assert not page.xpath("//link | //iframe")
    assert not [address for address in page.xpath("//@src") if not address.startswith("data:")]
    assert not [address for address in re.findall(r"url\(([^)]*)\)", source) if not address.startswith(("data:", "#"))]
    assert len(source) < 1_000_000


def test_the_report_on_north_korea_opens_by_saying_that_all_is_mirror_data(clone):
    folder, _ = clone
    page = page_of(folder, "dprk-trade")
    assert (
        words(page.xpath("//div[@class='abstract']")[0].text_content())
        .strip()
        .startswith("Every figure in this report is mirror data")
    )
    assert "Every figure in this chapter is mirror data." in words(page.xpath("//main/p")[1].text_content())


def test_no_report_says_nan_or_none_or_a_path_of_this_machine(clone):
    folder, _ = clone
    for report in REPORTS:
        text = words(page_of(folder, report).text_content())
        assert not re.search(r"\bnan\b|\bNone\b(?! stated)|\bNaN\b|\binf\b", text)
        for file in (folder / "reports" / "published" / report).rglob("*"):
            if file.suffix in (".html", ".json", ".ipynb", ".csv"):
                assert str(folder) not in file.read_text(encoding="utf-8")


def test_the_briefing_opens_with_findings_that_lead_to_their_exhibits_and_counts_its_verdicts(clone):
    folder, _ = clone
    page, reader = page_of(folder, "putin-asia-2024"), pdf_of(folder, "putin-asia-2024")
    (findings,) = page.xpath("//section[@class='findings']")
    said = findings.xpath(".//ol/li")
    assert 5 <= len(said) <= 7
    for finding in said:
        leads = [target for target in finding.xpath(".//a/@href") if page.xpath(f"//figure[@id='{target[1:]}']")]
        assert leads, finding.text_content()
    counted = {
        item.text_content().split(maxsplit=1)[1]: int(item.xpath("string(b)")) for item in findings.xpath(".//ul/li")
    }
    assert list(counted) == ["confirmed", "close", "contested", "contradicted", "not testable"]
    assert sum(counted.values()) >= 100
    (sheet,) = [
        sheet
        for sheet in reader.pages
        if words(sheet.extract_text()).strip().split("Findings")[-1].strip().startswith("1.")
    ][:1]
    on_sheet = words(sheet.extract_text())
    for kind, count in counted.items():
        assert kind in on_sheet
        assert str(count) in on_sheet


def test_every_claim_of_both_documents_stands_in_the_briefing_with_a_verdict(clone):
    folder, _ = clone
    # Tables set typographic apostrophes and dashes; the ledger may hold plain ones.
    plain = str.maketrans("’–", "'-")
    text = words(page_of(folder, "putin-asia-2024").text_content()).translate(plain)
    yaml = YAML(typ="safe")
    for document in ("pism-2024-06", "back-in-the-ussr-2024-06"):
        ledger = yaml.load((folder / "data" / "claims" / f"{document}.yml").read_text(encoding="utf-8"))
        assert len(ledger["claims"]) >= 50
        for claim in ledger["claims"]:
            assert words(claim["says"]).translate(plain).strip() in text, claim["id"]


def test_figures_tables_and_chapters_of_the_briefing_are_numbered_through(clone):
    folder, _ = clone
    manifest = json.loads((folder / "reports" / "published" / "putin-asia-2024" / "manifest.json").read_text())
    for kind in ("Figure", "Table"):
        numbers = [int(e["label"].split()[1]) for e in manifest["exhibits"] if e["label"].startswith(kind)]
        assert numbers == list(range(1, len(numbers) + 1))
    page = page_of(folder, "putin-asia-2024")
    chapters = [
        words(heading.text_content()) for heading in page.xpath("//main//h2") if heading.text_content()[:1].isdigit()
    ]
    assert [chapter[0] for chapter in chapters] == [str(number) for number in range(1, len(manifest["chapters"]) + 1)]
    assert len(page.xpath("//*[@id='refs']")) == 1


def test_the_list_of_reports_shows_the_briefing_first_with_its_verdicts(clone):
    folder, _ = clone
    index = lxml_html.fromstring((folder / "reports" / "published" / "index.html").read_text(encoding="utf-8"))
    first = words(index.xpath("//article")[0].text_content())
    assert "Putin in Pyongyang and Hanoi" in first
    assert re.search(r"Claims examined: ?\d+ confirmed", first)
