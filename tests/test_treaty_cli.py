"""``legation treaty``: what an analyst types, what is printed, what is written, and with which exit status it ends."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from helpers import ROOT
from played_web import DUTIES, Answer, accord, page, pdf, picture_pdf

from legation import treaty_cli
from legation.cli import main
from legation.data.fetching import Fetcher, check_address
from legation.data.texts import cached
from legation.data.treaties import load, treaties
from legation.errors import InputError

TEXTS = ROOT.parent / "shared" / "treaties" / "texts"
NAME = "1907-ardania-velmark"

REGISTERED = """\
id: 1907-ardania-velmark
title: Treaty of Amity between Ardania and Velmark
short: Ardania–Velmark 1907
parties: [{code: ARD}, {code: VEL}]
parties_sources: [gazette]
signed: {date: 1907-05-02, sources: [gazette]}
in_force: {date: 1907-06, sources: [gazette]}
term: {duration: unknown, renewal: unknown, withdrawal: unknown, gist: Not stated., sources: [gazette]}
articles: {count: 6, sources: [gazette]}
texts:
ADDRESSES
provisions:
  - {article: 3, type: threat-consultation, obligation: shall, binds: [all], gist: They confer., sources: [gazette],
     confidence: high}
sources:
  - {id: gazette, producer: Gazette of Ardania, title: Treaties, retrieved: 1907-07-01, kind: official}
"""
STATES = """\
  - {code: ARD, name: Ardania, note: "Does not exist."}
  - {code: VEL, name: Velmark, note: "Does not exist."}
  - {code: ORL, name: Orlund, note: "Does not exist."}
"""


@pytest.fixture
def here(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose register knows one treaty between states that do not exist, and a fetcher that never sleeps."""
    folder = checkout / "data" / "treaties"
    for file in folder.glob("*.yml"):
        if file.stem != "codebook":
            file.unlink()
    with (folder / "codebook.yml").open("a", encoding="utf-8") as out:
        out.write(STATES)
    register(checkout, "http://127.0.0.1:9/nothing")
    hasty = {"private": True, "sleep": lambda seconds: None, "timeout": 5}
    monkeypatch.setattr(treaty_cli, "_fetcher", lambda private: Fetcher(**hasty))
    return checkout


def register(checkout: Path, *addresses: str, **changes: str) -> None:
    lines = "".join(
        f"  - {{address: '{address}', publisher: Gazette, language: {changes.get('language', 'eng')}, "
        f"authentic: false, translation: the Gazette, extent: {changes.get('extent', 'unread')}}}\n"
        for address in addresses
    )
    content = REGISTERED.replace("texts:\nADDRESSES\n", f"texts:\n{lines}" if lines else "")
    (checkout / "data" / "treaties" / f"{NAME}.yml").write_text(content, encoding="utf-8")


def legation(*words: object) -> Result:
    result = CliRunner().invoke(main, ["treaty", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def written(folder: Path) -> dict[str, str]:
    """Every file and its hash: what must not change when something is refused."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


# --------------------------------------------------------------------------------------------------------------- texts


def test_registered_texts_come_into_the_cache_each_with_a_line_and_are_not_fetched_twice(here, web):
    web["/page"] = Answer(page(accord()).encode())
    web["/pdf"] = Answer(pdf(accord()), type="application/pdf")
    web["/plain"] = Answer(accord().encode("utf-16"), type="text/plain")
    register(here, f"{web.address}/page", f"{web.address}/pdf", f"{web.address}/plain")
    result = legation("texts")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert len([line for line in lines if f"{NAME}: kept: {web.address}/" in line and "(6 articles" in line]) == 3
    assert lines[-1] == "3 addresses: 3 kept, 0 already there, 0 refused, 0 not reached."
    kept = cached(NAME)
    assert {text.record.form for text in kept} == {"html", "pdf", "text"}
    assert {text.record.translation for text in kept} == {"the Gazette"}
    asked = len(web.asked)
    assert legation("texts", NAME).stdout.splitlines()[-1].startswith("3 addresses: 0 kept, 3 already there")
    assert len(web.asked) == asked
    legation("texts", "--again")
    assert len(web.asked) == 2 * asked


def test_one_bad_address_does_not_keep_the_others_away(here, web):
    web["/good"] = Answer(accord().encode(), type="text/plain")
    web["/shop"] = Answer(page("Clocks and salt.\n\nBuy now!").encode())
    register(here, f"{web.address}/gone", f"{web.address}/shop", "ftp://example.org/a", f"{web.address}/good")
    result = legation("texts")
    assert result.exit_code == 1
    assert "404 (Not Found)" in result.stderr
    assert "no articles were found" in result.stderr
    assert "only addresses that begin with http:// or https:// are fetched" in result.stderr
    assert result.stdout.splitlines()[-1] == "4 addresses: 1 kept, 0 already there, 2 refused, 1 not reached."
    assert len(cached(NAME)) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (accord(11), "11 articles were found, but 1907-ardania-velmark has 6"),
        (accord(2), "2 articles were found, but 1907-ardania-velmark has 6"),
        (accord(second="Orlund"), "it does not name Velmark"),
        ("The Gazette reports on a visit.\n", "no articles were found"),
    ],
)
def test_a_page_that_is_not_the_treaty_is_refused_and_nothing_is_kept(here, web, text, sentence):
    web["/other"] = Answer(text.encode(), type="text/plain")
    register(here, f"{web.address}/other")
    result = legation("texts", NAME)
    assert result.exit_code == 1
    assert f"{NAME}: refused: {web.address}/other: {sentence}" in result.stderr
    assert not (here / "data" / "cache").exists()


def test_an_article_more_or_less_is_kept_and_told(here, web):
    web["/near"] = Answer(accord(5).encode(), type="text/plain")
    register(here, f"{web.address}/near")
    result = legation("texts")
    assert result.exit_code == 0
    assert "6 articles were expected and 5 found" in result.stdout


def test_a_part_of_a_treaty_needs_no_articles_but_must_name_a_party(here, web):
    web["/part"] = Answer(b"Ardania and Velmark shall live in peace, it says.", type="text/plain")
    register(here, f"{web.address}/part", extent="part")
    result = legation("texts")
    assert result.exit_code == 0, result.output


def test_a_page_with_two_treaties_is_kept_when_one_of_them_is_the_right_one(here, web):
    web["/both"] = Answer((accord(12, second="Orlund") + "\n\n" + accord()).encode(), type="text/plain")
    register(here, f"{web.address}/both")
    result = legation("texts")
    assert result.exit_code == 0, result.output
    assert "It holds 2 instruments" in result.stdout


def test_parties_in_a_language_whose_names_are_not_known_are_not_held_against_a_text(here, web):
    text = "Статья 1\n\nСтороны живут в мире.\n\n" + "\n\n".join(
        f"Статья {number}\n\nСтороны будут развивать торговлю часами." for number in range(2, 7)
    )
    web["/rus"] = Answer(text.encode(), type="text/plain; charset=utf-8")
    register(here, f"{web.address}/rus", language="rus")
    result = legation("texts")
    assert result.exit_code == 0, result.output
    assert "was not checked" in result.stdout


def test_an_unknown_treaty_or_language_ends_with_two_and_the_nearest_name(here):
    result = legation("texts", "1907-ardania-velmarc")
    assert result.exit_code == 2
    assert "did you mean '1907-ardania-velmark'?" in result.stderr
    assert legation("texts", "--language", "English").exit_code == 2


def test_a_treaty_without_addresses_says_so(here):
    register(here)
    result = legation("texts")
    assert result.exit_code == 0
    assert f"{NAME}: the register gives no address." in result.stdout


def test_texts_in_the_register_of_this_house_have_addresses_that_may_be_asked_for():

    for entry in treaties(ROOT / "data" / "treaties").values():
        for text in entry.texts:
            assert check_address(text.address)


# ----------------------------------------------------------------------------------------------------------------- add


def test_a_text_of_ones_own_joins_the_cache_with_its_translation(here, tmp_path_factory):
    file = tmp_path_factory.mktemp("own") / "accord.txt"
    file.write_text(accord(), encoding="utf-8")
    result = legation("add", file, "--id", NAME, "--translation", "C. Hale, from the Ardanian")
    assert result.exit_code == 0, result.output
    (text,) = cached(NAME)
    assert text.text == accord()
    assert (text.record.own, text.record.translation) == (True, "C. Hale, from the Ardanian")
    assert str(file.parent) not in json.dumps(text.record.model_dump())
    assert "already there" in legation("add", file, "--id", NAME).stdout


def test_an_address_may_be_added_and_a_missing_one_ends_with_one(here, web):
    web["/accord"] = Answer(page(accord()).encode())
    assert legation("add", f"{web.address}/accord", "--id", NAME, "--private").exit_code == 0
    assert cached(NAME)[0].record.own
    assert legation("add", f"{web.address}/gone", "--id", NAME, "--private").exit_code == 1
    assert legation("add", "file:///etc/hosts", "--id", NAME).exit_code == 2


def test_another_text_of_the_same_name_replaces_the_first_only_when_told(here, tmp_path):
    file = tmp_path / "accord.txt"
    file.write_text(accord(), encoding="utf-8")
    legation("add", file, "--id", NAME)
    before = written(here / "data")
    file.write_text(accord(5), encoding="utf-8")
    result = legation("add", file, "--id", NAME)
    assert result.exit_code == 2
    assert "Say --again to replace it" in result.stderr
    assert written(here / "data") == before
    assert legation("add", file, "--id", NAME, "--again").exit_code == 0
    assert cached(NAME)[0].text == accord(5)


def test_a_treaty_the_register_does_not_have_needs_to_be_called_new(here, tmp_path):
    file = tmp_path / "accord.txt"
    file.write_text(accord(second="Orlund"), encoding="utf-8")
    result = legation("add", file, "--id", "1908-ardania-orlund")
    assert result.exit_code == 2
    assert "say --new" in result.stderr
    assert legation("add", file, "--id", "1908-ardania-orlund", "--new").exit_code == 0
    assert legation("add", file, "--id", NAME, "--new").exit_code == 2
    assert legation("add", file, "--id", "../1908", "--new").exit_code == 2


BILINGUAL = "\n\n".join(
    f"Article {n}\n\n{duty}\n\nСтатья {n}\n\nСтороны будут жить в мире и не вступать в союзы, которые направлены "
    "против другой стороны, и развивать торговлю солью."
    for n, duty in enumerate(DUTIES * 3, start=1)
)
BAD = {
    "empty.txt": (b"", "it is empty"),
    "binary.txt": (bytes(range(256)) * 99, "binary file"),
    "word.docx": (b"PK\x03\x04" + bytes(99), "zipped file"),
    "korean.txt": (
        "제1조 아르다니아와 벨마르크는 평화롭게 산다. ".encode("euc-kr") * 20,
        "encoding was not recognised",
    ),
    "spoilt.txt": ("Статья 1. Стороны живут в мире. ".encode().decode("latin-1").encode() * 9, "spoilt by a wrong"),
    "scan.pdf": (picture_pdf(), "no text layer"),
    "broken.pdf": (pdf(accord())[:300], "PDF is damaged"),
    "script.html": (b"<html><body><script>draw('Article 1')</script></body></html>", "the page shows no text"),
    "prose.txt": (b"A report on clocks, without any articles of a treaty.\n", "no articles were found"),
    "two.txt": ((accord() + "\n\n" + accord(second="Orlund")).encode(), "it holds more than one treaty"),
    "bilingual.txt": (BILINGUAL.encode(), "more than one language"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["add", "draft"])
def test_bad_input_ends_with_two_and_a_sentence_that_names_the_file_and_leaves_everything_as_it_was(
    here, tmp_path, command, name
):
    content, sentence = BAD[name]
    (tmp_path / name).write_bytes(content)
    before = written(here / "data")
    result = legation(command, tmp_path / name, "--id", NAME if command == "add" else "1909-new")
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
    assert name in result.stderr
    assert "Traceback" not in result.stderr
    assert written(here / "data") == before


# ------------------------------------------------------------------------------------------------------------- segment


def test_segment_prints_parts_whose_offsets_count_in_the_file(here, tmp_path):
    file = tmp_path / "accord.txt"
    file.write_text(accord(), encoding="utf-8")
    result = legation("segment", file, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    text = file.read_text(encoding="utf-8")
    assert found["length"] == len(text)
    assert found["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert found["problems"] == []
    articles = [part for part in found["parts"] if part["kind"] == "article"]
    assert [part["number"] for part in articles] == ["1", "2", "3", "4", "5", "6"]
    for part, duty in zip(articles, DUTIES, strict=True):
        assert duty in text[part["start"] : part["end"]]
        assert {"kind", "label", "number", "heading", "start", "end"} <= set(part)
    assert found["parts"][0]["kind"] == "title"
    assert [part["start"] for part in found["parts"]] == sorted(part["start"] for part in found["parts"])


@pytest.mark.parametrize("name", ["accord.html", "accord.pdf"])
def test_segment_gives_the_text_of_a_page_or_pdf_with_its_offsets(here, tmp_path, name):
    file = tmp_path / name
    file.write_bytes(page(accord()).encode() if name.endswith("html") else pdf(accord()))
    found = json.loads(legation("segment", file, "--json", "--text").stdout)
    articles = [part for part in found["parts"] if part["kind"] == "article"]
    assert len(articles) == 6
    flat = " ".join(found["text"][articles[1]["start"] : articles[1]["end"]].split())
    assert DUTIES[1] in flat
    assert len(found["text"]) == found["length"]


def test_segment_prints_a_table_and_says_doubts_beside_it(here, tmp_path):
    file = tmp_path / "accord.txt"
    file.write_text(accord().replace("Article 4", "Article 5"), encoding="utf-8")
    result = legation("segment", file, "--articles", "6")
    assert result.exit_code == 0
    assert "article" in result.stdout
    assert result.stderr.startswith(f"{file}: ")
    assert json.loads(legation("segment", file, "--json").stdout)["problems"]


def test_segment_refuses_what_cannot_be_read(here, tmp_path):
    for name in ("empty.txt", "binary.txt", "scan.pdf", "korean.txt", "word.docx"):
        (tmp_path / name).write_bytes(BAD[name][0])
        result = legation("segment", tmp_path / name, "--json")
        assert result.exit_code == 2
        assert BAD[name][1] in result.stderr
        assert result.stdout == ""
    assert legation("segment", tmp_path / "gone.txt").exit_code == 2


def test_a_file_name_cannot_write_to_the_terminal(here, tmp_path):
    file = tmp_path / "a\x1b[31mred.txt"
    file.write_text(accord(), encoding="utf-8")
    assert "\x1b" not in legation("segment", file).output
    file.write_bytes(b"")
    assert "\x1b" not in legation("segment", file).output


def test_real_treaties_are_read_where_they_lie_beside_the_checkout():
    if not TEXTS.is_dir():
        pytest.skip("../shared/treaties/texts is not beside the checkout")
    for file in sorted(TEXTS.glob("*.txt")):
        found = json.loads(legation("segment", file, "--json").stdout)
        assert found["length"] == len(file.read_text(encoding="utf-8"))
        assert any(part["kind"] == "article" for part in found["parts"])


# --------------------------------------------------------------------------------------------------------------- draft


def test_a_draft_is_a_register_file_in_which_every_suggestion_is_unreviewed(here, tmp_path):
    file = tmp_path / "accord.txt"
    file.write_text(accord(second="Orlund"), encoding="utf-8")
    result = legation("draft", file, "--id", "1908-ardania-orlund")
    assert result.exit_code == 0, result.output
    made = load(here / "data" / "treaties" / "1908-ardania-orlund.yml")
    assert made.title == "TREATY OF AMITY BETWEEN ARDANIA AND ORLUND"
    assert made.codes() == ["ARD", "ORL"]
    assert made.articles.count == 6
    assert made.provisions == made.unreviewed
    suggested = {(provision.article, provision.type) for provision in made.provisions}
    assert {("2", "mutual-assistance"), ("3", "policy-consultation"), ("4", "no-hostile-alliance")} <= suggested
    assert all(phrase.text for provision in made.provisions for phrase in provision.phrases)
    assert set(treaties()) == {NAME, "1908-ardania-orlund"}, "the register still reads as a whole"


def test_a_suggestion_counts_as_not_coded_until_it_is_reviewed(here, tmp_path):
    file = tmp_path / "accord.txt"
    file.write_text(accord(second="Orlund"), encoding="utf-8")
    legation("draft", file, "--id", "1908-ardania-orlund")
    target = here / "data" / "treaties" / "1908-ardania-orlund.yml"
    made = load(target)
    assert (made.state("policy-consultation"), made.of_type("policy-consultation")) == ("not coded", [])
    text = target.read_text(encoding="utf-8")
    with_review = text.replace("    reviewed: false\n", "")
    target.write_text(with_review, encoding="utf-8")
    with pytest.raises(InputError, match="an assistance pledge is coded without 'trigger'"):
        load(target)
    target.write_text(with_review.replace("type: mutual-assistance", "type: defence-capability"), encoding="utf-8")
    assert load(target).state("policy-consultation") == "coded"


def test_a_draft_never_overwrites(here, tmp_path):
    file = tmp_path / "accord.txt"
    file.write_text(accord(), encoding="utf-8")
    before = written(here / "data")
    for name in (NAME, "codebook", "../1908", "A b"):
        result = legation("draft", file, "--id", name)
        assert result.exit_code == 2
        assert written(here / "data") == before
    assert "exists, and is not overwritten" in legation("draft", file, "--id", NAME).stderr
    (here / "data" / "treaties" / "1910-link.yml").symlink_to(tmp_path / "elsewhere.yml")
    assert legation("draft", file, "--id", "1910-link").exit_code == 2
    assert not (tmp_path / "elsewhere.yml").exists()


def test_parties_that_are_not_recognised_are_asked_for(here, tmp_path):
    file = tmp_path / "accord.txt"
    file.write_text(accord(first="Sundria", second="Tessaly"), encoding="utf-8")
    result = legation("draft", file, "--id", "1908-x")
    assert result.exit_code == 2
    assert "--party CODE --party CODE" in result.stderr
    assert legation("draft", file, "--id", "1908-x", "--party", "ARD", "--party", "QQQ").exit_code == 2
    assert legation("draft", file, "--id", "1908-x", "--party", "ARD", "--party", "vel").exit_code == 0
    assert load(here / "data" / "treaties" / "1908-x.yml").codes() == ["ARD", "VEL"]


def test_long_names_of_states_are_not_taken_for_the_short_names_in_them():
    found = treaty_cli._named_in(
        "the Democratic People's Republic of Korea and the Federal Republic of Nigeria with Oman"
    )
    assert found == ["PRK", "NGA", "OMN"]


@pytest.mark.parametrize(
    ("title", "codes"),
    [
        ("between the Kingdom of Thailand and the Lao People's Democratic Republic", ["THA", "LAO"]),
        ("between the Islamic Republic of Iran and the Republic of Armenia", ["IRN", "ARM"]),
        ("between the Republic of Korea and the Democratic People's Republic of Korea", ["KOR", "PRK"]),
        ("between the Realm of Sundria and the Lao Trading Company", []),
    ],
)
def test_parties_are_known_by_their_longer_names_and_by_nothing_less(title, codes):
    assert treaty_cli._named_in(f"Treaty of Friendship {title}") == codes


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("Done at Vientiane on 14 March 2029 in two copies.", "{date: 2029-03-14, place: Vientiane, sources: [text]}"),
        ("DONE at Port  Louis, this is no day.", None),
        ("Signed in San Marino, the 2nd day of May, 1907.", "{date: 1907-05-02, place: San Marino, sources: [text]}"),
        ("Done in Highport, March 3, 1911.", "{date: 1911-03-03, place: Highport, sources: [text]}"),
        ("Done at Highport on 30 February 1911.", None),
    ],
)
def test_the_closing_formula_is_offered_as_the_day_of_signature(formula, said):
    found = treaty_cli._done_at(f"ARTICLE 9. It stays in force. {formula}")
    assert found == said if said is None else f"If that is the day: signed: {said}" in str(found)


def test_the_day_in_the_closing_formula_waits_for_a_coder(here, tmp_path):
    file = tmp_path / "accord.txt"
    file.write_text(f"{accord()}\n\nDone at Highport on 2 May 1907.\n", encoding="utf-8")
    assert legation("draft", file, "--id", "1907-x", "--party", "ARD", "--party", "VEL").exit_code == 0
    drafted = here / "data" / "treaties" / "1907-x.yml"
    assert load(drafted).signed.date is None
    assert "# It says: Done at Highport on 2 May 1907. If that is the day: signed: {date: 1907-05-02" in (
        drafted.read_text(encoding="utf-8")
    )
