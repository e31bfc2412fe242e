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
from helpers import ROOT
from lxml import html as lxml_html

REPORTS = sorted(path.stem for path in (ROOT / "reports").glob("*.yml"))


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
    done = subprocess.run(
        ["make", "report", f"VENV={sys.prefix}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


def page_of(folder: Path, report: str):
    return lxml_html.fromstring((folder / "reports" / "published" / report / "index.html").read_text(encoding="utf-8"))


def pdf_of(folder: Path, report: str):
    return pypdf.PdfReader(io.BytesIO((folder / "reports" / "published" / report / f"{report}.pdf").read_bytes()))


def words(text):
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u202f", " "))


def test_the_build_prints_where_every_page_and_pdf_is(clone):
    _, said = clone
    for report in REPORTS:
        assert f"reports/published/{report}/index.html" in said
        assert f"reports/published/{report}/{report}.pdf" in said


@pytest.mark.parametrize("report", REPORTS)
def test_every_exhibit_stands_in_page_and_pdf_with_title_source_and_alternative_text(clone, report):
    folder, _ = clone
    page, reader = page_of(folder, report), pdf_of(folder, report)
    manifest = json.loads((folder / "reports" / "published" / report / "manifest.json").read_text())
    printed = words(" ".join(sheet.extract_text() for sheet in reader.pages))
    assert len(manifest["exhibits"]) >= 9
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
def test_the_page_asks_no_server_for_anything(clone, report):
    folder, _ = clone
    source = (folder / "reports" / "published" / report / "index.html").read_text(encoding="utf-8")
    page = lxml_html.fromstring(source)
    assert not page.xpath("//script | //link | //iframe")
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
