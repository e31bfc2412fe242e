"""How the codebook relates one kind of trigger or limit to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from legation import data
from legation.analysis.treaties import split
from legation.data.treaties import codebook
from legation.errors import InputError

CODEBOOK = data.home() / "data" / "treaties" / "codebook.yml"


def changed(folder: Path, old: str, new: str) -> Path:
    text = CODEBOOK.read_text(encoding="utf-8")
    assert old in text
    file = folder / "codebook.yml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def test_an_attack_that_brings_war_joins_two_conditions_of_the_codebook():
    kinds = data.treaty_register().kinds.set_index("id")
    assert split(kinds.loc["attack-and-war", "joins"]) == ["armed-attack", "state-of-war"]
    assert split(kinds.loc["aggression", "akin"]) == ["armed-attack"]
    assert {word for cell in [*kinds["joins"], *kinds["akin"]] for word in split(cell)} <= set(kinds.index)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("joins: [armed-attack, state-of-war]", "joins: [armed-atack]", "'armed-atack' is no other single kind"),
        ("joins: [armed-attack, state-of-war]", "joins: [attack-and-war]", "'attack-and-war' is no other single kind"),
        ("akin: [armed-attack]", "akin: [attack-and-war]", "'attack-and-war' is no other single kind"),
        ("akin: [armed-attack]", "akim: [armed-attack]", "unknown key 'akim' (did you mean 'akin'?)"),
    ],
)
def test_a_kind_is_related_to_single_kinds_that_the_codebook_defines(tmp_path, old, new, sentence):
    with pytest.raises(InputError, match=r"codebook\.yml, line \d+: ") as caught:
        codebook(changed(tmp_path, old, new))
    assert sentence in str(caught.value)
