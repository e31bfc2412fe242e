"""Reading documents into plain text, and keeping them with their provenance."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from io import BytesIO
from pathlib import Path

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from played_web import DUTIES, Answer, accord, page, pdf, picture_pdf

from legation.data import texts
from legation.data.texts import (
    MOST_BYTES,
    Document,
    Finding,
    Origin,
    acquire,
    cached,
    find,
    read_bytes,
    read_file,
)
from legation.errors import InputError

RUSSIAN = (
    "ДОГОВОР О ДРУЖБЕ\n\nАрдания и Вельмарк, желая жить в мире, договорились о нижеследующем.\n\n"
    "Статья 1\n\nСтороны будут развивать торговлю солью и часами.\n\nСтатья 2\n\nНастоящий Договор бессрочный.\n"
)
FRENCH = "Traité d'amitié\n\nArticle premier\n\nL'Ardanie et le Velmark s'engagent à préserver la paix, même en été.\n"


WHOLE = pdf(accord())


def text_of(content: bytes, media_type: str = "", **options: str) -> str:
    return read_bytes(content, shown="accord", media_type=media_type, **options).text


# ----------------------------------------------------------------------------------------------------------- documents


def test_a_plain_text_is_given_as_it_stands_so_that_offsets_count_in_the_file(tmp_path):
    file = tmp_path / "accord.txt"
    file.write_text(accord(), encoding="utf-8")
    document = read_file(file)
    assert document.text == accord()
    assert (document.form, document.encoding, document.doubts) == ("text", "utf-8", ())
    assert document.sha256 == hashlib.sha256(file.read_bytes()).hexdigest() == document.text_sha256


def test_line_ends_become_one_character_as_when_python_reads_a_text(tmp_path):
    file = tmp_path / "accord.txt"
    file.write_bytes(accord().replace("\n", "\r\n").encode())
    assert read_file(file).text == accord() == file.read_text(encoding="utf-8")
    assert text_of(accord().replace("\n", "\r").encode()) == accord()


def test_a_page_keeps_paragraphs_and_headings_apart_and_drops_what_is_not_the_text():
    document = read_bytes(page(accord(2)).encode(), shown="x")
    assert document.form == "html"
    assert document.title == "Amity: Ardania and Velmark"
    assert f"Article 1\n\n{DUTIES[0]}\n\nArticle 2\n\n{DUTIES[1]}" in document.text
    for unseen in ("99", "77", "Home", "red", "<"):
        assert unseen not in document.text


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>Article 9</script>",
        "<noscript>Article 9</noscript>",
        "<!-- Article 9 -->",
        "<div hidden>Article 9</div>",
        "<div style='display: none'>Article 9</div>",
        "<div role='navigation'>Article 9</div>",
        "<form>Article 9</form>",
        "<span aria-hidden='true'>Article 9</span>",
        "<ul><li><a href='#a'>Article 9</a></li><li><a href='#b'>Article 10</a></li><li><a href='#c'>11</a></li></ul>",
        "<p><a href='#a'>Article 9</a> | <a href='#b'>Article 10</a> | <a href='#c'>Article 11</a></p>",
    ],
)
def test_what_a_reader_does_not_see_or_what_only_leads_through_the_page_is_left_out(unseen):
    assert text_of(f"<html><body><p>before</p>{unseen}<p>after</p></body></html>".encode()) == "before\n\nafter\n"


def test_marks_of_footnotes_go_but_what_a_number_carries_above_the_line_stays():
    marks = "<sup><a href='#n1'>1</a></sup> sails<sup>[2]</sup> at dawn<sup>*</sup>."
    assert (
        text_of(f"<html><p>Article 9<sup>bis</sup>. The fleet{marks}</p></html>".encode())
        == "Article 9bis. The fleet sails at dawn.\n"
    )


def test_headings_that_are_links_to_themselves_stay():
    body = "".join(f"<h3><a href='#{n}'>Article {n}</a></h3><p>{duty}</p>" for n, duty in enumerate(DUTIES, start=1))
    found = text_of(f"<html><body>{body}</body></html>".encode())
    assert [line for line in found.splitlines() if line.startswith("Article")] == [f"Article {n}" for n in range(1, 7)]


def test_items_of_a_numbered_list_carry_the_number_a_browser_shows():
    source = (
        "<ol><li>Salt.</li><li>Timber.</li></ol><ol type='a' start='3'><li>Clocks.</li></ol><ol><li>(1) Own.</li></ol>"
    )
    assert text_of(f"<html>{source}</html>".encode()).split("\n") == [
        *("1. Salt.", "2. Timber.", "", "(c) Clocks.", "", "(1) Own.", "")
    ]


def test_table_cells_breaks_and_preformatted_lines_stay_apart():
    source = "<table><tr><td>one</td><td>two</td></tr></table>three<br>four<pre>five\n\n  six</pre>"
    assert text_of(f"<html>{source}</html>".encode()) == "one two\n\nthree\nfour\n\nfive\n\nsix\n"


def test_a_pdf_gives_its_text_layer():
    document = read_bytes(pdf(accord()), shown="accord.pdf")
    assert document.form == "pdf"
    assert document.encoding is None
    flat = " ".join(document.text.split())
    assert all(f"Article {n} {duty}" in flat for n, duty in enumerate(DUTIES, start=1))


def test_running_heads_and_page_numbers_of_a_pdf_are_left_out_and_articles_on_top_of_pages_stay():
    bare = [[f"Article {n}", duty] for n, duty in enumerate(DUTIES, start=1)]
    pages = [["Accords of Highport", "", *lines, f"{40 + n}"] for n, lines in enumerate(bare)]
    assert texts._without_running_heads(pages) == bare == texts._without_running_heads(bare)


@pytest.mark.parametrize(
    ("encoding", "text", "found"),
    [
        ("utf-8-sig", RUSSIAN, "utf-8"),
        ("utf-16", RUSSIAN, "utf-16"),
        ("utf-16-le", RUSSIAN, "utf-16"),
        ("utf-16-be", accord(), "utf-16"),
        ("utf-32", FRENCH, "utf-32"),
        ("windows-1251", RUSSIAN, "windows-1251"),
        ("koi8-r", RUSSIAN, "koi8-r"),
        ("windows-1252", FRENCH, "windows-1252"),
        ("utf-8", RUSSIAN, "utf-8"),
    ],
)
def test_the_encoding_is_found_without_being_told(encoding, text, found):
    document = read_bytes(text.encode(encoding), shown="x")
    assert (document.text, document.encoding) == (text, found)
    assert bool(document.doubts) == (found in ("windows-1251", "koi8-r", "windows-1252"))


def test_a_declared_encoding_is_believed_unless_the_bytes_say_otherwise():
    korean = "<html><body><p>제1조 아르다니아와 벨마르크는 평화롭게 산다.</p></body></html>"
    assert "제1조" in text_of(korean.encode("euc-kr"), "text/html; charset=EUC-KR")
    in_page = page("Статья 1\n\nСтороны живут в мире.", charset="windows-1251").encode("windows-1251")
    assert "Стороны живут" in text_of(in_page)
    wrong = read_bytes(RUSSIAN.encode(), shown="x", media_type="text/plain; charset=iso-8859-1")
    assert wrong.text == RUSSIAN
    assert wrong.doubts == ("It declares windows-1252, but is UTF-8.",)
    cyrillic = read_bytes(RUSSIAN.encode("windows-1251"), shown="x", media_type="text/plain; charset=iso-8859-1")
    assert cyrillic.text == RUSSIAN
    assert "its letters are Cyrillic" in cyrillic.doubts[0]


def test_an_analyst_may_name_the_encoding_and_is_told_when_it_is_wrong():
    assert text_of(RUSSIAN.encode("cp866"), encoding="cp866") == RUSSIAN
    with pytest.raises(InputError, match="byte 0 is not ascii"):
        text_of(RUSSIAN.encode("cp866"), encoding="ascii")
    for name in ("martian", "hex", "\0"):
        with pytest.raises(InputError, match="is no encoding"):
            text_of(b"text", encoding=name)


def test_a_few_lost_bytes_in_a_long_utf8_text_are_told_and_not_fatal():
    document = read_bytes(RUSSIAN.encode() * 5 + b"\xff end", shown="x")
    assert "lost" in document.doubts[0]
    assert document.text.startswith("ДОГОВОР")


def test_spoilt_letters_are_told_and_a_text_full_of_them_is_refused():
    spoilt = "Ardania’s fleet. ".encode().decode("windows-1252")
    document = read_bytes((accord() + spoilt * 4).encode(), shown="x")
    assert "spoilt by a wrong encoding" in document.doubts[0]
    with pytest.raises(InputError, match=r"accord: its letters were spoilt .* Find another copy"):
        text_of(RUSSIAN.encode().decode("latin-1").encode())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", r"accord: it is empty\. Give the file"),
        (b" \n\t \r\n", r"accord: it is empty"),
        (b"\xef\xbb\xbf  \n", r"accord: it is empty"),
        (bytes(range(256)) * 40, r"accord: this is a binary file"),
        (b"\x01\x02\x03\x04" * 200 + b"words", r"accord: this is a binary file"),
        (b"PK\x03\x04 word/document.xml", r"zipped file\. Save its text as PDF, HTML or plain text"),
        (b"{\\rtf1 Article 1}", r"rich-text file"),
        (b"\x89PNG\r\n", r"a picture"),
        (gzip.compress(b"Article 1", mtime=0), r"compressed file \(gzip\)"),
        (b"\xff\xfeA", r"begins with the mark of UTF-16"),
        (
            b"<html><head><script>draw()</script></head><body><div id='app'></div></body></html>",
            r"the page shows no text",
        ),
        (b"<html></html>", r"the page shows no text"),
        (b"%PDF-1.7\nand nothing more", r"accord: the PDF is damaged"),
        (
            "조약 제1조 아르다니아와 벨마르크는 평화롭게 산다. ".encode("euc-kr") * 9,
            r"its encoding was not recognised.*--encoding",
        ),
        (b"x" * (MOST_BYTES + 1), r"10,000,001 bytes are too many for a treaty"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence_with_a_remedy(content, sentence):
    with pytest.raises(InputError, match=sentence) as raised:
        text_of(content)
    assert str(raised.value).startswith("accord: ")
    assert "\n" not in str(raised.value)


def test_a_pdf_of_pictures_is_refused_with_the_way_out():
    with pytest.raises(InputError, match=r"no text layer \(0 letters on 2 pages\).*ocrmypdf"):
        text_of(picture_pdf())


def test_a_pdf_with_a_password_is_refused(tmp_path):
    writer = pypdf.PdfWriter(clone_from=BytesIO(pdf(accord())))
    writer.encrypt("highport", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    with pytest.raises(InputError, match=r"locked\.pdf: the PDF asks for a password"):
        read_file(tmp_path / "locked.pdf")


def test_a_pdf_cut_short_never_crashes():
    whole = pdf(accord())
    for share in range(1, 10):
        try:
            read_bytes(whole[: len(whole) * share // 10], shown="cut.pdf")
        except InputError as error:
            assert "cut.pdf" in str(error)  # noqa: PT017  # some cuts can still be read


def test_fifty_megabytes_are_refused_unread(tmp_path):
    file = tmp_path / "large.txt"
    with file.open("wb") as out:
        out.truncate(50_000_000)
    with pytest.raises(InputError, match="50,000,000 bytes are too many"):
        read_file(file)


def test_a_folder_a_pipe_and_a_missing_file_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, reason in (("pipe", "not a file"), (".", "not a file"), ("gone.txt", "No such file"), ("a\0b", "name")):
        with pytest.raises(InputError, match=reason):
            read_file(tmp_path / name)


def sentence_or_text(content: bytes, media_type: str = "") -> str:
    try:
        document = read_bytes(content, shown="fuzz", media_type=media_type)
    except InputError as error:
        return str(error) if str(error).startswith("fuzz: ") else ""
    document.text.encode("utf-8")
    return document.text.strip()


@given(st.binary(max_size=400), st.sampled_from([b"", b"<html>", b"%PDF-1.4\n", b"\xff\xfe"]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_text_or_a_sentence(content, start):
    assert sentence_or_text(start + content)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_pdf_with_any_bytes_changed_gives_a_text_or_a_sentence(data):
    content = bytearray(WHOLE)
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=30)):
        content[place] = data.draw(st.integers(0, 255))
    assert sentence_or_text(bytes(content))


@given(
    st.text(max_size=300), st.sampled_from(["text/html", "text/html; charset=utf-16", "text/plain; charset=koi8-r", ""])
)
@settings(max_examples=150, deadline=None)
def test_any_page_and_any_declaration_give_a_text_or_a_sentence(words, media_type):
    for source in (words, f"<div><ol><li>{words}</ol><pre>{words}"):
        assert sentence_or_text(source.encode("utf-8", "replace"), media_type)


def test_a_page_whose_tags_were_never_closed_is_read_or_refused_but_never_cut_short():
    assert text_of(b"<html><body>" + b"<font>" * 1_500 + b"deep") == "deep\n"
    with pytest.raises(InputError, match="accord: the page is nested too deeply"):
        text_of(b"<html><body><p>start</p>" + b"<font>" * 20_000 + b"deep")


# --------------------------------------------------------------------------------------------------------------- cache


def accept(document: Document) -> Finding:
    return Finding(articles=document.text.count("Article "))


def refuse(document: Document) -> Finding:
    raise InputError("It is another text.")


def files(place: Path) -> list[str]:
    return sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())


def test_a_fetched_text_is_kept_with_its_bytes_and_its_provenance(web, fetcher, tmp_path):
    web["/accord"] = Answer(page(accord()).encode())
    address = f"{web.address}/accord"
    origin = Origin("1907-ardania-velmark", address, "Gazette", "eng", False, "the Gazette, from the Ardanian", "whole")
    outcome = acquire(origin, accept, fetcher, place=tmp_path)
    assert outcome.state == "kept"
    (text,) = cached("1907-ardania-velmark", place=tmp_path)
    record = text.record
    assert text.text == read_bytes(page(accord()).encode(), shown="x").text
    assert (record.address, record.publisher, record.language) == (address, "Gazette", "eng")
    assert record.translation == "the Gazette, from the Ardanian"
    assert record.sha256 == hashlib.sha256(page(accord()).encode()).hexdigest()
    assert record.articles == 6
    assert record.retrieved.endswith("+00:00")
    stem = text.file.name.removesuffix(".txt")
    folder = "1907-ardania-velmark"
    assert files(tmp_path) == [f"{folder}/{stem}.json", f"{folder}/{stem}.original.html", f"{folder}/{stem}.txt"]


def test_what_is_in_the_cache_is_not_fetched_again_unless_asked_or_damaged(web, fetcher, tmp_path):
    web["/accord"] = Answer(accord().encode(), type="text/plain")
    origin = Origin("1907-x", f"{web.address}/accord")
    states = [acquire(origin, accept, fetcher, place=tmp_path).state for _ in range(3)]
    assert states == ["kept", "there", "there"]
    assert web.requests("/accord") == 1
    assert acquire(origin, accept, fetcher, again=True, place=tmp_path).state == "kept"
    assert web.requests("/accord") == 2
    (text,) = cached("1907-x", place=tmp_path)
    text.file.write_text("spoilt", encoding="utf-8")
    assert find(origin, tmp_path) is None
    assert cached("1907-x", place=tmp_path) == []
    assert acquire(origin, accept, fetcher, place=tmp_path).state == "kept"


def test_a_refused_or_failed_page_leaves_nothing_and_what_was_there_stays(web, fetcher, tmp_path):
    web["/accord"] = Answer(accord().encode(), type="text/plain")
    origin = Origin("1907-x", f"{web.address}/accord")
    assert acquire(origin, refuse, fetcher, place=tmp_path).state == "refused"
    assert files(tmp_path) == []
    acquire(origin, accept, fetcher, place=tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    assert acquire(origin, refuse, fetcher, again=True, place=tmp_path).state == "refused"
    web["/accord"] = Answer(status=404)
    assert acquire(origin, accept, fetcher, again=True, place=tmp_path).state == "failed"
    web["/accord"] = Answer(picture_pdf(), type="application/pdf")
    assert acquire(origin, accept, fetcher, again=True, place=tmp_path).state == "refused"
    assert {name: (tmp_path / name).read_bytes() for name in files(tmp_path)} == before


def test_a_page_that_became_a_pdf_replaces_the_old_bytes(web, fetcher, tmp_path):
    origin = Origin("1907-x", f"{web.address}/accord")
    web["/accord"] = Answer(page(accord()).encode())
    acquire(origin, accept, fetcher, place=tmp_path)
    web["/accord"] = Answer(pdf(accord()), type="application/pdf")
    acquire(origin, accept, fetcher, again=True, place=tmp_path)
    assert [name.split(".", 1)[1] for name in files(tmp_path)] == ["json", "original.pdf", "txt"]


@pytest.mark.parametrize(
    "address", ["http://x/../../../etc", "../../../etc/passwd", "http://../", "\0", "", "http://[x"]
)
def test_no_address_leads_out_of_the_cache(address, tmp_path):
    for own in (True, False):
        try:
            stem = texts._stem(Origin("1907-x", address, language="../../a", own=own), tmp_path)
        except (InputError, ValueError):
            continue
        assert stem.parent == tmp_path / "1907-x"
        assert stem.resolve().is_relative_to(tmp_path.resolve())


@pytest.mark.parametrize("treaty", ["../1907", "a/b", "", ".", "A", "x" * 81, "a\n"])
def test_no_identifier_leads_out_of_the_cache(treaty, tmp_path):
    with pytest.raises(InputError, match="is no identifier of a treaty"):
        cached(treaty, place=tmp_path)


def test_a_sidecar_written_by_hand_or_half_is_passed_over(tmp_path):
    folder = tmp_path / "1907-x"
    folder.mkdir()
    (folder / "a.json").write_text("{")
    (folder / "b.json").write_text(json.dumps({"treaty": "1907-x"}))
    assert cached("1907-x", place=tmp_path) == []


def test_whoever_runs_a_notebook_is_told_which_texts_it_read(web, fetcher, checkout, monkeypatch):
    web["/accord"] = Answer(accord().encode(), type="text/plain")
    acquire(Origin("1907-x", f"{web.address}/accord"), accept, fetcher)
    log = checkout / "reads.jsonl"
    monkeypatch.setenv("LEGATION_READ_LOG", str(log))
    (text,) = cached("1907-x", language="eng")
    assert cached("1907-x", language="fra") == []
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    files = {checkout / line["path"]: line["sha256"] for line in lines if "names" not in line}
    assert set(files) == {text.file, text.file.with_suffix(".json")}
    for file, digest in files.items():
        assert digest == hashlib.sha256(file.read_bytes()).hexdigest()
    (listing,) = [line for line in lines if "names" in line]
    assert checkout / listing["path"] == text.file.parent  # a text that comes or goes changes what was read
