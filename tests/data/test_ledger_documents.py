"""What the two ledgers of June 2024 promise: claims in our own words, each with its place, and none with a verdict."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from helpers import ROOT

from legation import data
from legation.analysis.claims import MEASURES
from legation.data.claims import Ledger
from legation.yaml_lines import read

BULLETIN, ARTICLE = "pism-2024-06", "back-in-the-ussr-2024-06"
TEXTS = {BULLETIN: "pism-bulletin-2024-06.txt", ARTICLE: "back-in-the-ussr-2024-06.txt"}
SOURCES = ROOT.parent / "shared" / "sources"
RUN = 8  # so many words in a row are a quotation


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return data.claim_ledger([BULLETIN, ARTICLE])


def words(text: str) -> list[str]:
    """Words and numbers in small letters, without what stands between them."""
    return re.findall(r"[a-z0-9]+(?:[.,][0-9]+)*", text.lower())


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[start : start + RUN]) for start in range(len(found) - RUN + 1)}


class TestEveryClaim:
    def test_both_ledgers_are_without_fault(self, ledger):
        assert ledger.problems == []

    @pytest.mark.parametrize(("document", "least"), [(BULLETIN, 25), (ARTICLE, 20)])
    def test_a_document_has_so_many_claims_that_a_measure_can_test(self, ledger, document, least):
        claims = ledger.claims[ledger.claims["document"] == document]
        assert claims["measure"].notna().sum() >= least

    def test_a_claim_is_named_once_in_its_document(self, ledger):
        assert not ledger.claims.duplicated(["document", "claim"]).any()

    def test_a_claim_has_a_place_that_a_reader_can_find(self, ledger):
        odd = [place for place in ledger.claims["place"] if not re.search(r"\S, (paragraph|caption) ?\w*", place)]
        assert odd == []

    def test_the_claims_follow_the_order_of_the_document(self, ledger):
        for document, claims in ledger.claims.groupby("document"):
            place = claims["place"].str.extract(
                r"^(?P<section>.*), (?:paragraph|caption after paragraph) (?P<number>\d+)"
            )
            sections = list(dict.fromkeys(place["section"]))
            keys = [(sections.index(section), int(number)) for section, number in place.itertuples(index=False)]
            assert keys == sorted(keys), document

    def test_every_measure_named_is_one_that_the_analysis_has(self, ledger):
        assert set(ledger.claims["measure"].dropna()) <= set(MEASURES)

    def test_what_cannot_be_tested_says_what_a_test_would_need(self, ledger):
        untested = ledger.claims[ledger.claims["measure"].isna()]
        assert len(untested) > 0
        assert untested["needs"].str.len().gt(20).all()

    def test_no_file_types_a_verdict(self):
        keys = {"id", "place", "says", "asserts", "test", "arithmetic", "needs"}
        for file in (ROOT / "data" / "claims").glob("*-2024-06.yml"):
            plain, _ = read(file, shown=file.name, kind="a document of claims")
            assert {key for claim in plain["claims"] for key in claim} <= keys

    def test_a_claim_can_be_quoted_alone(self, ledger):
        backwards = re.compile(r"^(It|Its|They|Their|Those|These|This|That|He|His|With|Then|Trade of the two)\b")
        leaning = [says for says in ledger.claims["says"] if backwards.match(says)]
        assert leaning == []

    def test_a_figure_of_trade_names_its_year_and_both_sides(self, ledger):
        names = {"VNM": "Viet Nam", "USA": "United States", "EU27": "European Union", "CHN": "China", "RUS": "Russia"}
        names |= {"JPN": "Japan", "KOR": "South Korea", "WLD": ""}
        trade = ledger.claims[ledger.claims["measure"].str.startswith("trade_", na=False)]
        assert len(trade) >= 15
        for says, asked in zip(trade["says"], trade["parameters"], strict=True):
            for part in (str(asked["year"]), names[asked["reporter"]], names[asked["partner"]]):
                assert part in says, says

    def test_a_claim_on_a_treaty_names_the_treaty(self, ledger):
        of_treaties = ledger.claims[ledger.claims["measure"].str.startswith(("treaty_", "pledge_"), na=False)]
        odd = [says for says in of_treaties["says"] if not re.search(r"\b(treaty|treaties|agreement)\b", says)]
        assert odd == []

    def test_a_claim_is_said_in_one_sentence(self, ledger):
        assert [says for says in ledger.claims["says"] if not says.endswith(".") or ". " in says] == []


class TestAgainstTheTexts:
    """Against the documents, which lie beside the checkout in development; a user does not have them."""

    @pytest.fixture
    def texts(self) -> dict[str, str]:
        if not SOURCES.is_dir():
            pytest.skip("../shared/sources does not lie beside the checkout")
        return {document: (SOURCES / file).read_text(encoding="utf-8") for document, file in TEXTS.items()}

    def test_no_sentence_of_a_ledger_repeats_eight_words_in_a_row(self, ledger, texts):
        quoted = set().union(*(runs(text) for text in texts.values()))
        own = [text for column in ("says", "needs") for text in ledger.claims[column].dropna()]
        own += list(ledger.documents["note"].dropna())
        assert [text for text in own if runs(text) & quoted] == []

    def test_every_section_named_stands_in_the_text(self, ledger, texts):
        for document, claims in ledger.claims.groupby("document"):
            sections = {place.split(", ")[0] for place in claims["place"]} - {"Introduction"}
            assert len(sections) >= 2
            assert [section for section in sections if section not in texts[document]] == []

    def test_every_figure_of_trade_stands_in_its_text(self, texts):
        checked = 0
        for document, text in texts.items():
            plain, _ = read(ROOT / "data" / "claims" / f"{document}.yml", shown=document, kind="a document of claims")
            for claim in plain["claims"]:
                if claim.get("test", {}).get("measure", "").startswith("trade_"):
                    printed = str(claim["asserts"]["value"]).lstrip("-")
                    assert printed in text or printed == "1/3", claim["id"]
                    checked += 1
        assert checked >= 15


class TestWhatTheLedgersHold:
    """The claims without which the report would not answer the two documents."""

    @pytest.fixture
    def tests(self, ledger) -> set[tuple[str, str, tuple[tuple[str, str], ...]]]:
        return {
            (row.document, row.measure, tuple(sorted((key, str(value)) for key, value in row.parameters.items())))
            for row in ledger.claims.dropna(subset="measure").itertuples()
        }

    @staticmethod
    def holds(tests, document: str, measure: str, **parameters: object) -> bool:
        wanted = {(key, str(value)) for key, value in parameters.items()}
        return any(one == document and name == measure and wanted <= set(given) for one, name, given in tests)

    @pytest.mark.parametrize("partner", ["RUS", "CHN", "USA", "EU27"])
    def test_the_bulletins_four_turnovers_of_2023(self, tests, partner):
        assert self.holds(tests, BULLETIN, "trade_flow", reporter="VNM", partner=partner, flow="turnover", year=2023)

    @pytest.mark.parametrize("partner", ["WLD", "USA", "EU27", "JPN", "KOR"])
    def test_the_articles_five_falls_of_exports(self, tests, partner):
        assert self.holds(tests, ARTICLE, "trade_growth", reporter="VNM", partner=partner, flow="export", year=2023)

    @pytest.mark.parametrize("document", [BULLETIN, ARTICLE])
    def test_both_ask_for_the_trade_with_russia_and_with_the_united_states(self, tests, document):
        for partner in ("RUS", "USA"):
            assert self.holds(tests, document, "trade_flow", partner=partner, flow="turnover", year=2023)

    @pytest.mark.parametrize("part", ["obligation", "trigger", "automaticity", "means", "limits"])
    def test_the_bulletins_account_of_article_4_part_by_part(self, tests, part):
        assert self.holds(tests, BULLETIN, "treaty_pledge", treaty="2024-russia-dprk", part=part)

    @pytest.mark.parametrize("field", ["duration", "withdrawal", "notice_months"])
    def test_the_bulletins_account_of_term_and_notice(self, tests, field):
        assert self.holds(tests, BULLETIN, "treaty_term", treaty="2024-russia-dprk", field=field)

    @pytest.mark.parametrize("document", [BULLETIN, ARTICLE])
    def test_both_say_what_the_treaty_replaces_and_when_putin_came_before(self, tests, document):
        assert self.holds(tests, document, "treaty_replaces", treaty="2024-russia-dprk")
        assert self.holds(tests, document, "years_since_visit", person="Putin", host="PRK")
        assert self.holds(tests, document, "previous_visit", person="Putin", host="VNM")

    def test_the_figures_that_must_add_up_name_their_parts(self, ledger):
        made = ledger.claims[ledger.claims["operation"].notna()].set_index("claim")
        assert made["operation"].to_dict() == {
            "trade-usa": "sum",
            "share-exports-usa": "ratio",
            "share-imports-usa": "ratio",
        }

    def test_what_both_documents_say_is_asked_of_the_tables_in_the_same_way(self, tests):
        asked = Counter((measure, parameters) for _, measure, parameters in tests)
        assert sum(count == 2 for count in asked.values()) >= 10
