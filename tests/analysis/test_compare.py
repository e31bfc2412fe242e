"""Texts side by side. The treaties are between invented states and were written for these tests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legation.analysis import compare
from legation.analysis.compare import align, articles, counterparts, redline, runs, scores
from legation.errors import InputError

REAL = Path(__file__).resolve().parents[3] / "shared" / "treaties" / "texts"

OLD = [
    "Ardania and Belmora shall keep peace with each other and shall settle every dispute over the river by talks.",
    "If Belmora or Ardania is invaded, the other side shall send troops without waiting to be asked a second time.",
    "The harbour of Port Sorrel stays open to the ships of both sides. Ships shall pay pilot dues of 40 crowns at the "
    "lighthouse. Timber rafts need a written permit of the river warden and may not travel after sunset.",
    "Teachers, singers and gymnasts of either country may visit the other country for as long as a summer lasts.",
    "A commission of six fishermen shall count the sturgeon each spring and shall publish what it counted.",
    "This pact ends when either side has written to the other that it wants no more of it, one winter later.",
]
CAPACITY = "Each side shall help the other to build up the strength that is needed to resist an attack from the sea."
PLEDGE = "If one side suffers an attack from the sea, the other side shall at once help it with everything it has."

VOCABULARY = """
    shall should may must not the a Party parties State states river 12 1,000 co-operate cooperate recognise recognize
    self-help self help Article IV harbour, harbor; (fleet) don’t x y z
"""
WORDS = st.sampled_from(VOCABULARY.split())
TEXTS = st.lists(WORDS, max_size=30).map(" ".join)
ANYTHING = st.text(max_size=80) | TEXTS


def plain(text: str) -> list[str]:
    return [word.key for word in compare._words(text)]


# Counterparts


def test_each_article_finds_its_counterpart_and_the_articles_without_one_are_told():
    new = [
        "A commission of nine fishermen shall count the sturgeon each autumn and shall publish what it counted.",
        "If Ardania or Belmora is invaded, the other side may send troops.",
        "Satellites of the two sides do not collide if both watch the sky.",
    ]
    found = counterparts(OLD, new)
    assert [entry.counterpart for entry in found] == [None, 1, None, None, 0, None]
    assert [entry.counterpart for entry in counterparts(new, OLD)] == [4, 1, None]
    assert all(entry.mutual for entry in found if entry.counterpart is not None)


def test_capacity_to_resist_an_attack_is_not_taken_for_help_when_attacked():
    later_capacity = "Both sides shall build up the strength that is needed so that they resist an attack from the sea."
    later_pledge = "Should one side suffer an attack, the other side shall help it at once and with everything it has."
    assert [entry.nearest for entry in counterparts([CAPACITY, PLEDGE], [later_pledge, later_capacity])] == [1, 0]


def test_an_article_without_any_common_word_has_no_nearest_one():
    (alone,) = counterparts(["Xylophone"], ["river"])
    assert (alone.nearest, alone.counterpart, alone.score) == (None, None, 0.0)
    assert counterparts(["river"], []) == [compare.Counterpart(0, None, 0.0, False, None)]
    assert counterparts([], ["river"]) == []
    assert counterparts(["", "—"], ["", "river"])[0].nearest is None


@settings(max_examples=60, deadline=None)
@given(st.lists(ANYTHING, max_size=5), st.lists(ANYTHING, max_size=5))
def test_scores_are_the_same_in_both_directions_and_lie_between_0_and_1(first, second):
    there, back = scores(first, second), scores(second, first)
    assert there.shape == (len(first), len(second))
    np.testing.assert_allclose(there, back.T, atol=1e-5)
    assert ((there >= 0) & (there <= 1)).all()


def test_an_article_is_wholly_like_itself_whatever_its_spelling():
    british = ["The Organisation shall co-operate in the defence of the harbour."]
    american = ["the organization shall cooperate in the defense of the harbor"]
    assert scores(british, american)[0, 0] == pytest.approx(1, abs=1e-5)


def test_wrong_input_is_answered_with_a_sentence():
    with pytest.raises(InputError, match="0 to 1"):
        counterparts(OLD, OLD, threshold=3)
    with pytest.raises(InputError, match="0 to 1"):
        align(OLD, OLD, threshold=-1)
    with pytest.raises(InputError, match="one text"):
        counterparts("Article 1", OLD)
    with pytest.raises(InputError, match="Item 1 of 'second' is NoneType"):
        scores(OLD, ["river", None])
    with pytest.raises(InputError, match="No treaty"):
        compare.similarity({})


# Alignment


def steps(old, new):
    return [(step.op, step.old, step.new) for step in align(old, new)]


def test_what_became_of_each_article_is_told():
    first, *others = OLD[2].split(". ", 1)
    assert others
    new = [
        OLD[0].replace("shall settle", "should settle"),  # changed
        "Both sides shall watch the volcano of Mount Ember together and warn each other of smoke.",  # new
        OLD[1].upper(),  # kept: only the case differs
        first + ".",  # split
        others[0],
        OLD[5],  # before the fishermen now: one of the two has moved
        OLD[4],
    ]
    assert steps(OLD, new) == [
        ("changed", (0,), (0,)),
        ("new", (), (1,)),
        ("kept", (1,), (2,)),
        ("split", (2,), (3, 4)),
        ("dropped", (3,), ()),
        ("kept", (5,), (5,)),
        ("moved", (4,), (6,)),
    ]
    split = next(step for step in align(OLD, new) if step.op == "split")
    assert split.score > 0.8
    assert not split.reworded


def test_two_articles_that_became_one_are_merged():
    new = [OLD[0] + " " + OLD[3], *OLD[1:3], *OLD[4:]]
    assert steps(OLD, new)[0] == ("merged", (0, 3), (0,))
    assert {step.op for step in align(OLD, new)[1:]} == {"kept"}


def test_a_new_number_moves_nothing_and_a_moved_article_need_not_be_reworded():
    assert [step.op for step in align(OLD, ["Salt is free of duty at the border posts.", *OLD])] == ["new"] + [
        "kept"
    ] * 6
    moved = [step for step in align(OLD, [*OLD[1:], OLD[0]]) if step.op == "moved"]
    assert [(step.old, step.new, step.reworded) for step in moved] == [((0,), (5,), False)]


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS | st.sampled_from(OLD), max_size=7), st.lists(TEXTS | st.sampled_from(OLD), max_size=7))
def test_every_article_stands_in_exactly_one_step(old, new):
    found = align(old, new)
    assert sorted(i for step in found for i in step.old) == list(range(len(old)))
    assert sorted(j for step in found for j in step.new) == list(range(len(new)))
    for step in found:
        shape = {"new": (0, 1), "dropped": (1, 0), "split": (1, 2), "merged": (2, 1)}.get(step.op, (1, 1))
        assert (min(len(step.old), 2), min(len(step.new), 2)) == shape
        assert 0 <= step.score <= 1
        if step.op == "kept":
            assert redline(old[step.old[0]], new[step.new[0]]) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(ANYTHING, max_size=7, unique_by=lambda text: tuple(plain(text))))
def test_a_treaty_aligned_with_itself_is_kept(texts):
    assert steps(texts, texts) == [("kept", (i,), (i,)) for i in range(len(texts))]


# Redline


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The Parties recognise the defence of the harbour", "the parties recognize, the defense of the harbor."),
        ("to co-operate by self-help", "to cooperate by self help"),
        ("well-being, to-day", "wellbeing today"),
        ("the programme of the organisations was authorised", "the program of the organizations was authorized"),
        ("travelling, fulfil, labelled, instalment, judgement", "traveling, fulfill, labeled, installment, judgment"),
        ("co-or-\ndination", "co-ordination"),
        ("Parties’ rights under Article IV", "Parties' rights under Article 4"),
        ("Articles II and IV", "Articles 2 and 4"),
        ("a fee of 1,000 crowns", "a fee of 1000 crowns"),
        ("they cannot leave", "they can not leave"),
        ("colour, catalogue, centre, licence, sulphur", "color, catalog, center, license, sulfur"),
        ("", " — "),
    ],
)
def test_spelling_case_and_punctuation_are_no_difference(old, new):
    assert redline(old, new) == []
    assert redline(new, old) == []


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("The Council shall meet.", "The Council should meet.", ("replaced", "shall", "should")),
        ("it SHALL report", "it may report", ("replaced", "SHALL", "may")),
        ("Parties undertake to help", "Parties will help", ("replaced", "undertake to", "will")),
        ("they may be heard", "they maybe heard", ("replaced", "may be", "maybe")),
        ("shall allow", "shall not allow", ("inserted", "", "not")),
        ("the parties must pay", "the parties pay", ("deleted", "must", "")),
        ("a fee of $40", "a fee of €40", ("replaced", "$", "€")),
        ("of 2.5 miles", "of 25 miles", ("replaced", "2.5", "25")),
        ("the Parties re-sign", "the Parties resign", ("replaced", "re-sign", "resign")),
        ("four ships for us", "for ships for us", ("replaced", "four", "for")),
        ("the filing of letters", "the filling of letters", ("replaced", "filing", "filling")),
        ("under Article 4", "under Article 5", ("replaced", "4", "5")),
        ("by rule VI-A", "by rule via", ("replaced", "VI-A", "via")),
        ("goods for war", "good for war", ("replaced", "goods", "good")),
    ],
)
def test_a_modal_verb_a_negation_and_a_figure_always_count(old, new, change):
    assert redline(old, new) == [change]


@pytest.mark.parametrize("one", sorted(compare.MODALS))
@pytest.mark.parametrize("other", ["shall", "may", "must", "should", "undertake"])
def test_no_modal_verb_equals_another_or_nothing(one, other):
    assert bool(redline(f"each side {one} help", f"each side {other} help")) == (one != other)
    assert redline(f"each side {one} help", "each side help")


def test_a_change_tells_the_modal_verbs_on_either_side():
    (change,) = redline("Ardania shall pay promptly", "Ardania should, if it can, pay promptly")
    assert change.modals == (("shall",), ("should", "can"))


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
def test_the_redline_of_a_text_with_itself_is_empty(text):
    assert redline(text, text) == []


@settings(max_examples=300, deadline=None)
@given(ANYTHING, ANYTHING)
def test_the_redline_holds_both_texts_and_turns_the_old_into_the_new(old, new):
    found = runs(old, new)
    assert "".join(run.old for run in found) == old
    assert "".join(run.new for run in found) == new
    # Read as a whole: whether a C is the number 100 depends on the word before it, which may stand in another run.
    applied = " ".join(run.old if run.op == "same" else run.new for run in found)
    assert "".join(plain(applied)) == "".join(plain(new))


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_modal_verbs_survive_every_redline(old, new):
    """Without its changes a text has the same modal verbs in the same order as the other without its changes."""
    same = [run for run in runs(old, new) if run.op == "same"]
    of = [
        [key for run in same for key in plain(side(run)) if key in compare.MODALS]
        for side in (lambda r: r.old, lambda r: r.new)
    ]
    assert of[0] == of[1]


def test_a_long_article_is_compared_without_waiting():
    old = " ".join(f"the party of the {i} shall keep {i * 7919 % 10007} sheep" for i in range(4000))
    new = old.replace("the 1999 shall", "the 1999 should")
    assert redline(old, new) == [("replaced", "shall", "should")]
    shuffled = " ".join(reversed(old.split()))
    assert redline(old, shuffled)


# Many treaties


def three():
    return {"first": OLD, "second": [OLD[4], *OLD[:2]], "empty": [], "third": [CAPACITY, PLEDGE]}


def test_similarity_is_symmetric_one_for_itself_and_missing_without_articles():
    table = compare.similarity(three())
    assert list(table.index) == list(table.columns) == list(three())
    np.testing.assert_allclose(table.to_numpy(), table.to_numpy().T)
    assert table.loc["empty"].isna().all()
    assert table.loc["first", "first"] == 1
    assert table.loc["first", "second"] > 0.6 > table.loc["first", "third"]
    assert compare.similarity({"a": OLD, "b": OLD[::-1]}).loc["a", "b"] == pytest.approx(1, abs=1e-5)


def test_the_nearest_article_in_the_other_treaties_is_found():
    table = compare.nearest(three(), most=1)
    twin = table[(table["treaty"] == "second") & (table["article"] == 0)].iloc[0]
    assert (twin["other"], twin["other_article"], twin["rank"]) == ("first", 4, 1)
    assert twin["score"] == pytest.approx(1, abs=1e-5)
    assert (table["treaty"] != table["other"]).all()
    assert compare.nearest({"a": ["river"], "b": ["stone"]}).empty
    assert compare.nearest({"a": []}).empty


def test_comparing_in_blocks_gives_the_scores_of_comparing_all(monkeypatch):
    for name, value in {"_COLUMNS": 7, "_BLOCK": 4, "_CHUNK": 5}.items():
        monkeypatch.setattr(compare, name, value)
    draw = np.random.default_rng(4)
    vocabulary = [f"w{i}" for i in range(60)]
    treaties = {
        f"t{t}": [" ".join(draw.choice(vocabulary, size=draw.integers(0, 12))) for _ in range(size)]
        for t, size in enumerate([9, 1, 0, 5, 6])
    }
    everything = [text for texts in treaties.values() for text in texts]
    _names, corpus, starts = compare._corpus(treaties)
    exact = compare._products(corpus, range(len(everything)), slice(0, len(everything)))
    best, score = compare._best_by_treaty(corpus, starts)
    ends = [*starts[1:], len(everything)]
    for t, (a, b) in enumerate(zip(starts, ends, strict=True)):
        if a == b:
            assert (best[:, t] == -1).all()
            continue
        others = np.array([i for i in range(len(everything)) if not a <= i < b])
        np.testing.assert_allclose(score[others, t], exact[others, a:b].max(axis=1), atol=1e-5)
        for i in others:
            if score[i, t] > 0:
                assert exact[i, best[i, t]] == pytest.approx(score[i, t], abs=1e-5)


def test_too_many_articles_and_treaties_are_refused_before_memory_is_taken(monkeypatch):
    monkeypatch.setattr(compare, "_MOST_CELLS", 20)
    with pytest.raises(InputError, match="Compare fewer treaties"):
        compare.similarity(three())


# Typing


@dataclass
class Rule:
    any: list[str] = field(default_factory=list)
    all: list[str] = field(default_factory=list)
    none: list[str] = field(default_factory=list)


RULES = {
    "fish": [Rule(any=[r"\bsturgeons?\b", "fish(ing|ermen)"]), Rule(all=["boat", r"river\b"], none=["sea"])],
    "peace": [Rule(any=["keep .{0,20}peace"], none=["war(fare)?"])],
    "odd": [Rule(any=[r"(?=q)q", r"(a)\1{3}", "[xyz]{4}"])],
}


def tried(text, rules):
    """What trying every pattern finds."""
    flat, result = " ".join(text.split()), {}
    for name, listed in rules.items():
        for rule in listed:
            found = {p: re.search(p, flat, re.IGNORECASE) for p in [*rule.all, *rule.any, *rule.none]}
            if any(found[p] for p in rule.none) or not all(found[p] for p in rule.all):
                continue
            if rule.any and not any(found[p] for p in rule.any):
                continue
            words = result.setdefault(name, [])
            for match in (found[pattern] for pattern in [*rule.all, *rule.any]):
                if match and match[0] and match[0] not in words:
                    words.append(match[0])
    return result


def test_types_are_suggested_with_the_words_that_led_there():
    assert compare.suggest(OLD[4], RULES) == {"fish": ["sturgeon", "fishermen"]}
    assert compare.suggest("They shall KEEP the\n peace.", RULES) == {"peace": ["KEEP the peace"]}
    assert compare.suggest("They keep the peace after the war.", RULES) == {}
    assert compare.suggest("A boat on the river", RULES) == {"fish": ["boat", "river"]}
    assert compare.suggest("", RULES) == {}


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("armed attack", [{"armed", "attack"}]),
        ("colou?r", [{"colo"}]),
        ("(armed|military) attack|aggress", [{"armed", "attack"}, {"military", "attack"}, {"aggress"}]),
        (r"\bship(s)? .{0,80}[ab]river\b", [{"ship", "river"}]),
        ("ab+cd", [{"ab", "cd"}]),
        ("ab{0,3}cd", [{"cd"}]),
        ("(peace|war)?", [set()]),
        ("(peace|[xy])", [{"peace"}, set()]),
        (r"(?i)peace", [set()]),
        (r"pea\x63e", [set()]),
    ],
)
def test_a_pattern_tells_the_letters_it_cannot_do_without(pattern, needed):
    assert compare._needed(pattern) == [frozenset(choice) for choice in needed]


PATTERNS = st.recursive(
    st.sampled_from(["sea", "war", "s", r"\b", r"\w", ".", "[ab]", " ", "K", r"\.", "^", "$", "é"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        inner.map(lambda part: f"(?:{part})?"),
        inner.map(lambda part: f"(?:{part}){{0,2}}"),
        inner.map(lambda part: f"(?:{part})+"),
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=3), st.text(alphabet="seawrbKkſKıi .é", max_size=20))
def test_the_short_cut_never_changes_what_is_found(patterns, text):
    rules = {"one": [Rule(any=patterns)], "two": [Rule(all=patterns[:1], none=patterns[1:])]}
    assert compare.suggest(text, rules) == tried(text, rules)


def test_a_pattern_that_is_none_is_named():
    with pytest.raises(InputError, match=r"'\(x' of the type 'fish'"):
        compare.Typist({"fish": [Rule(any=["(x"])]})


# Articles without their labels


def test_a_label_is_no_part_of_what_is_compared():
    text = (
        "Pact of Sorrel\n\nArdania and Belmora have agreed as follows:\n\nARTICLE  I.\n\n"
        + OLD[0]
        + "\n\nARTICLE  II.\n\n"
        + OLD[1]
    )
    found = articles(text)
    assert [(article.number, article.text) for article in found] == [("1", OLD[0]), ("2", OLD[1])]


# The real ones, where they lie beside the checkout


def real(name):
    if not REAL.is_dir():
        pytest.skip("../shared/treaties/texts does not lie beside the checkout")
    return articles((REAL / name).read_text(encoding="utf-8").split("\n", 1)[1])


def words_of(found):
    return [article.text for article in found]


def test_all_ten_counterparts_of_the_north_atlantic_treaty_in_anzus_are_ranked_first_both_ways():
    true = {1: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6, 9: 7, 11: 9, 13: 10, 14: 11}  # by reading the two
    there, back = real("1949-north-atlantic-treaty.txt"), real("1951-anzus.txt")
    forth = counterparts(words_of(there), words_of(back))
    found = {int(there[e.article].number): int(back[e.counterpart].number) for e in forth if e.counterpart is not None}
    assert found == true
    assert [there[e.article].number for e in forth if e.counterpart is None] == ["2", "8", "10", "12"]
    reverse = counterparts(words_of(back), words_of(there))
    found = {
        int(there[e.counterpart].number): int(back[e.article].number) for e in reverse if e.counterpart is not None
    }
    assert found == true
    assert [back[e.article].number for e in reverse if e.counterpart is None] == ["8"]
    strengths = [e.score for e in forth]
    assert (
        min(s for e, s in zip(forth, strengths, strict=True) if e.counterpart is not None) > compare.COUNTERPART * 1.15
    )
    assert max(s for e, s in zip(forth, strengths, strict=True) if e.counterpart is None) < compare.COUNTERPART / 1.15


def test_the_council_of_anzus_shall_meet_in_february_and_should_from_july():
    february, july = real("1951-anzus-draft-17-Feb.txt"), real("1951-anzus-initialled-draft-12-July.txt")
    changes = redline(february[6].text, july[6].text)
    assert ("replaced", "shall", "should") in changes
    assert [number for number in range(11) if redline(february[number].text, july[number].text)] == [1, 6, 7]


def test_from_july_to_september_there_is_no_spelling_noise():
    july, september = real("1951-anzus-initialled-draft-12-July.txt"), real("1951-anzus.txt")
    changes = [change for old, new in zip(july, september, strict=True) for change in redline(old.text, new.text)]
    assert changes == [("replaced", "purpose", "purposes")]
    assert [step.op for step in align(words_of(july), words_of(september))] == ["kept"] * 7 + ["changed"] + ["kept"] * 3
