"""How a ledger is read: figures to their last digit, and a fault said with its line that stops nothing else."""

from __future__ import annotations

import math
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from legation import data
from legation.cli import main
from legation.data.claims import CLAIM_COLUMNS, UNITS, Asserts, Ledger, ledger
from legation.errors import InputError

PRECISION = data.home() / "data" / "claims" / "precision.yml"
HEAD = """\
document: gazette
entry: smith2024
short: Gazette
claims:
"""
GOOD = """\
  - id: trade
    place: Page 1
    says: Ardania sold Velmark goods for some three billion dollars.
    asserts: {value: "3.60", scale: billion, unit: USD, precision: as-printed}
    test: {measure: trade_flow, parameters: {reporter: VNM, partner: RUS, flow: turnover, year: 2023}}
"""


def claim(asserts: str, *, name: str = "other", more: str = "    test: {measure: trade_flow}\n") -> str:
    return f"  - id: {name}\n    place: Page 2\n    says: It is so.\n    asserts: {asserts}\n{more}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of claims beside a bibliography, with the house's words of precision."""
    (tmp_path / "references.bib").write_text("@article{smith2024,\n  title = {News}\n}\n", encoding="utf-8")
    place = tmp_path / "claims"
    place.mkdir()
    (place / "precision.yml").write_text(PRECISION.read_text(encoding="utf-8"), encoding="utf-8")
    return place


def written(folder: Path, *claims: str, head: str = HEAD, name: str = "gazette") -> Ledger:
    (folder / f"{name}.yml").write_text(head + "".join(claims), encoding="utf-8")
    return ledger(folder=folder)


class TestFigures:
    def test_the_digits_that_are_printed_count(self, folder):
        row = written(folder, GOOD).claims.iloc[0]
        assert (row["value"], row["half_digit"]) == (3.6e9, 5e6)

    @pytest.mark.parametrize(
        ("asserts", "value", "half"),
        [
            ("{value: 118.92, scale: billion, unit: USD}", 118.92e9, 5e6),
            ("{value: 11, unit: count}", 11, 0.5),
            ("{value: -11.3, unit: percent}", -11.3, 0.05),
            ('{value: "−11.3", unit: percent}', -11.3, 0.05),
            ("{value: 0, unit: percent, precision: less-than}", 0, 0.5),
            ("{value: 1/3, unit: percent, precision: about}", 100 / 3, 0),
            ("{value: 1/2, scale: million, unit: persons, precision: about}", 500_000, 0),
        ],
    )
    def test_values_are_in_whole_units(self, folder, asserts, value, half):
        row = written(folder, claim(asserts)).claims.iloc[0]
        assert row["value"] == pytest.approx(value)
        assert row["half_digit"] == pytest.approx(half)

    @settings(max_examples=60, deadline=None)
    @given(st.decimals(-10_000, 10_000, places=2), st.sampled_from([None, "thousand", "million", "billion"]))
    def test_a_figure_rounds_back_to_the_digits_it_was_written_with(self, number, scale):
        value, half = Asserts(value=str(number), scale=scale, unit="USD").number()
        size = {None: 1, "thousand": 1e3, "million": 1e6, "billion": 1e9}[scale]
        assert value / size == pytest.approx(float(number))
        assert half / size == pytest.approx(0.005)

    def test_a_claim_without_a_word_of_precision_is_taken_as_printed(self, folder):
        assert written(folder, claim("{value: 11, unit: count}")).claims["precision"].tolist() == ["as-printed"]


class TestTheFrames:
    def test_every_column_is_there_even_without_a_claim(self, folder):
        assert list(ledger(folder=folder).claims.columns) == CLAIM_COLUMNS

    def test_each_kind_of_assertion_fills_its_own_columns(self, folder):
        told = written(
            folder,
            claim("{date: 2024-06-19, until: 2024-06-20}", name="days"),
            claim('{words: [abstain, "no"], precision: exactly}', name="votes"),
            claim("{holds: false}", name="none"),
            "  - id: open\n    place: Page 3\n    says: It rained.\n    needs: A weather report.\n",
        ).claims.set_index("claim")
        assert told["kind"].to_dict() == {"days": "date", "votes": "words", "none": "holds", "open": "untested"}
        assert (told.loc["days", "date"], told.loc["days", "until"]) == ("2024-06-19", "2024-06-20")
        assert told.loc["votes", "words"] == ("abstain", "no")
        assert told.loc["none", "holds"] is False
        assert told.loc["open", "measure"] is None
        assert math.isnan(told.loc["open", "value"])

    def test_a_row_leads_to_its_line(self, folder):
        assert written(folder, GOOD).claims["where"].tolist() == ["data/claims/gazette.yml, line 5"]

    def test_words_that_bound_one_side_are_open_on_the_other(self):
        words = data.claim_ledger().precision.set_index("word")
        assert words.loc["at-least", "above"] == words.loc["up-to", "below"] == math.inf
        assert words["means"].str.endswith(".").all()
        assert words.index[words["below"].isna()].tolist() == ["among-others"]

    def test_every_unit_has_a_closeness(self):
        assert set(UNITS.values()) <= set(data.claim_ledger().close)

    def test_documents_come_in_the_order_asked_for(self, folder):
        written(folder, GOOD)
        written(folder, GOOD, head=HEAD.replace("gazette", "herald"), name="herald")
        assert ledger(["herald", "gazette"], folder=folder).documents["document"].tolist() == ["herald", "gazette"]

    def test_an_unknown_document_is_refused_with_the_nearest(self, folder):
        written(folder, GOOD)
        with pytest.raises(InputError, match=r"no document 'gazete'.*did you mean 'gazette'"):
            ledger(["gazete"], folder=folder)


FAULTS = [
    ("{value: 3, scale: billion, unit: USD, precision: circa}", r"line 13: 'circa' is no word of .*precision\.yml"),
    ("{value: 3, scale: billion, unit: USD, precision: abot}", r"line 13: 'abot' .*did you mean 'about'"),
    ("{value: 3, unit: dollars}", r"line 13: there is no unit 'dollars'"),
    ("{value: 3, unit: person}", r"did you mean 'persons'"),
    ("{value: 3}", r"line 13: the unit is missing"),
    ("{value: 3, unit: count, precision: among-others}", r"for lists of words, not for a value"),
    ("{value: 1/3, unit: percent}", r"a fraction has no last digit"),
    ('{value: "10,000", unit: count}', r"'10,000' is no number"),
    ("{value: .inf, unit: count}", r"line 13"),
    ("{value: 1/0, unit: count, precision: about}", r"'1/0' is no number"),
    ("{date: 2024-02-30}", r"'2024-02-30' is a day that no calendar has"),
    ("{date: 2024-06-20, until: 2024-06-19}", r"ends on 2024-06-19, before it begins"),
    ("{date: 2024-06-20, unit: days}", r"'unit' does not go with 'date'"),
    ("{words: [yes-men], precision: about}", r"the precision of words is exactly or among-others, not 'about'"),
    ("{words: [one]}", r"the precision of words is"),
    ("{words: [one, one], precision: exactly}", r"a word stands twice"),
    ("{words: [], precision: exactly}", r"line 13"),
    ("{holds: true, value: 3}", r"one of value, date, words and holds, not value and holds"),
    ("{}", r"not none"),
    ("{valu: 3, unit: count}", r"unknown key 'valu' \(did you mean 'value'\?\)"),
]


class TestFaults:
    @pytest.mark.parametrize(("asserts", "sentence"), FAULTS)
    def test_a_faulty_claim_is_said_with_its_line_and_the_others_are_read(self, folder, asserts, sentence):
        told = written(folder, GOOD, claim(asserts))
        assert told.claims["claim"].tolist() == ["trade"]
        assert told.faulty[["document", "claim", "place"]].to_numpy().tolist() == [["gazette", "other", "Page 2"]]
        (problem,) = told.problems
        assert problem.startswith("data/claims/gazette.yml, line ")
        assert "\n" not in problem
        assert re.search(sentence, problem), problem

    def test_a_misspelt_key_is_named_with_those_of_its_own_part(self, folder):
        (problem,) = written(folder, claim("{holds: true}", more="    test: {measur: trade_flow}\n")).problems
        assert problem == (
            "data/claims/gazette.yml, line 9: unknown key 'measur' (did you mean 'measure'?). "
            "Known keys: measure, parameters."
        )

    @pytest.mark.parametrize(
        ("more", "sentence"),
        [
            ("", r"neither 'test' nor 'needs'"),
            ("    tests: {measure: trade_flow}\n", r"unknown key 'tests' \(did you mean 'test'\?\)"),
            ("    test: {parameters: {year: 2023}}\n", r"'test\.measure' is missing"),
        ],
    )
    def test_a_claim_says_how_it_is_tested(self, folder, more, sentence):
        (problem,) = written(folder, claim("{holds: true}", more=more)).problems
        assert re.search(sentence, problem), problem

    def test_own_words_hold_no_quotation(self, folder):
        quoted = GOOD.replace("some three billion dollars", "“three billion”")
        assert "no quotation marks" in written(folder, quoted).problems[0]

    def test_the_same_id_twice_is_refused_once(self, folder):
        told = written(folder, GOOD, GOOD)
        assert len(told.claims) == 1
        assert "stands here and on line 5" in told.problems[0]

    def test_a_claim_that_is_no_set_of_keys_is_named_by_its_number(self, folder):
        assert written(folder, GOOD, "  - once upon a time\n").faulty["claim"].tolist() == ["number 2"]

    @pytest.mark.parametrize(
        ("old", "new", "sentence"),
        [
            ("entry: smith2024\n", "", "the key 'entry' is missing"),
            ("smith2024", "smyth2024", "no entry 'smyth2024' (did you mean 'smith2024'?)"),
            ("document: gazette", "document: herald", "the file is named 'gazette', but the document 'herald'"),
            ("short: Gazette", "short: The Gazette of Ardania and Velmark", "room for 24"),
            ("short: Gazette", "short: Gazette\nsource: nobody", "data/sources.csv has no entry 'nobody'"),
            ("claims:\n", "claims: none\n", "no claims"),
            ("claims:\n", "claims: [\n", "not valid YAML"),
        ],
    )
    def test_a_faulty_document_is_left_out_and_the_others_are_read(self, folder, old, new, sentence):
        written(folder, GOOD, head=HEAD.replace("gazette", "herald"), name="herald")
        body = () if "claims: " in new else (GOOD,)
        told = written(folder, *body, head=HEAD.replace(old, new))
        assert told.documents["document"].tolist() == ["herald"]
        assert told.claims["document"].tolist() == ["herald"]
        assert sentence in told.problems[0]
        assert told.problems[0].startswith("data/claims/gazette.yml, line ")

    @pytest.mark.parametrize(
        ("old", "new", "sentence"),
        [
            ("above: 0.05}", "above: much}", "line "),
            ("below: 0.05, above: 0.05", "below: 0.05", "'below' and 'above' go together"),
            ("below: 0.05, above: 0.05", "below: -0.05, above: 0.05", "a number of at least 0 belongs here"),
            ("  quantity: 0.05\n", "", "'close' holds quantity"),
            ("quantity: 0.05", "quantity: inf", "line "),
            ("  as-printed:", "  as-given:", "the word 'as-printed' is not defined"),
        ],
    )
    def test_words_of_precision_that_mean_nothing_stop_the_ledger(self, folder, old, new, sentence):
        file = folder / "precision.yml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(InputError, match=r"data/claims/precision\.yml, line \d+") as caught:
            ledger(folder=folder)
        assert sentence in str(caught.value)


class TestArithmetic:
    def added(self, folder: Path, arithmetic: str, *, unit: str = "USD") -> Ledger:
        more = f"    needs: A customs report.\n    arithmetic: {arithmetic}\n"
        return written(folder, GOOD, claim(f"{{value: 4, unit: {unit}, precision: about}}", name="sum", more=more))

    def test_it_names_other_claims_of_the_document(self, folder):
        row = self.added(folder, "{operation: growth, of: [trade, trade]}", unit="percent").claims.iloc[1]
        assert (row["operation"], row["of"]) == ("growth", ("trade", "trade"))

    @pytest.mark.parametrize(
        ("arithmetic", "sentence"),
        [
            ("{operation: sum, of: [trade, trad]}", "no other claim 'trad' (did you mean 'trade'?)"),
            ("{operation: sum, of: [trade, sum]}", "no other claim 'sum'"),
            ("{operation: ratio, of: [trade, trade, trade]}", "a ratio is of two claims, not of 3"),
            ("{operation: ratio, of: [trade, trade]}", "a ratio is in percent, not in USD"),
            ("{operation: product, of: [trade, trade]}", "line 15: 'arithmetic.operation' is wrong"),
        ],
    )
    def test_a_computation_that_cannot_be_made_is_a_fault(self, folder, arithmetic, sentence):
        told = self.added(folder, arithmetic)
        assert told.claims["claim"].tolist() == ["trade"]
        assert sentence in told.problems[0]

    def test_units_that_differ_are_not_added(self, folder):
        assert (
            "EUR and USD do not go together"
            in self.added(folder, "{operation: sum, of: [trade, trade]}", unit="EUR").problems[0]
        )

    def test_a_faulty_operand_does_not_make_the_sum_faulty(self, folder):
        more = "    needs: A customs report.\n    arithmetic: {operation: sum, of: [trade, other]}\n"
        told = written(folder, GOOD, claim("{value: 3}"), claim("{value: 4, unit: USD}", name="sum", more=more))
        assert told.claims["claim"].tolist() == ["trade", "sum"]
        assert told.faulty["claim"].tolist() == ["other"]


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="abc:{}[]-,'\"0123 \n#", max_size=80))
def test_whatever_stands_in_a_document_is_read_or_said(tmp_path_factory, text):
    place = tmp_path_factory.mktemp("ledger") / "claims"
    place.mkdir()
    (place.parent / "references.bib").write_text("@article{smith2024,\n}\n", encoding="utf-8")
    (place / "precision.yml").write_text(PRECISION.read_text(encoding="utf-8"), encoding="utf-8")
    (place / "gazette.yml").write_text(HEAD + text, encoding="utf-8")
    told = ledger(folder=place)
    assert len(told.claims) + len(told.faulty) >= 1
    assert all(problem.startswith("data/claims/gazette.yml") for problem in told.problems)


class TestDataCheck:
    """``legation data check`` also says what is wrong in the ledger."""

    def checked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> Result:
        shutil.copytree(
            data.home() / "data", tmp_path / "data", ignore=shutil.ignore_patterns("cache", "*.md"), symlinks=True
        )
        file = tmp_path / "data" / "claims" / "pism-2024-06.yml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        return CliRunner().invoke(main, ["data", "check"])

    def test_a_measure_that_does_not_exist_ends_it_with_status_2(self, tmp_path, monkeypatch):
        told = self.checked(tmp_path, monkeypatch, "measure: trade_flow", "measure: trade_flows")
        assert told.exit_code == 2
        assert "did you mean 'trade_flow'?" in told.stderr
        assert "data/claims/pism-2024-06.yml, line " in told.stderr

    def test_an_entry_that_the_bibliography_lacks_ends_it_with_status_2(self, tmp_path, monkeypatch):
        told = self.checked(tmp_path, monkeypatch, "entry: pietrewicz2024", "entry: pietrewicz2042")
        assert told.exit_code == 2
        assert "no entry 'pietrewicz2042' (did you mean 'pietrewicz2024'?)" in told.stderr
