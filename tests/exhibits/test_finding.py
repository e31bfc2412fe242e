"""A finding is a sentence or two with a name; a tally counts in whole numbers. Both show themselves in a notebook."""

import json

import numpy as np
import pandas as pd
import pytest

from legation.exhibits import Finding, Prose, Tally, say
from legation.exhibits.finding import FINDING_MIME, TALLY_MIME
from legation.press import reader


def test_a_finding_hands_on_its_text_its_name_and_its_exhibits():
    found = Finding(say("Trade came to {a:money}.", a=3.6e9), name="turnover-2023", exhibit="turnover-by-partner")
    assert json.loads(json.dumps(found.structured())) == {
        "version": 1,
        "name": "turnover-2023",
        "text": "Trade came to USD\u00a03.6\u00a0bn.",
        "exhibit": "turnover-by-partner",
    }


def test_a_notebook_shows_a_finding_as_a_paragraph_marked_as_such():
    bundle = Finding(Prose("Trade grew\n  by half."), name="growth")._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {FINDING_MIME, "text/markdown", "text/plain"}
    assert bundle["text/markdown"] == "> **Finding.** Trade grew by half."
    assert bundle[FINDING_MIME]["exhibit"] is None


def test_what_a_value_holds_stays_text_in_a_finding():
    text = Finding(say("{v}", v="<b>*x*</b> `#panic()`"), name="growth").structured()["text"]
    assert text == r"\<b\>\*x\*\</b\> \`\#panic()\`"


@pytest.mark.parametrize(
    ("text", "changes", "sentence"),
    [
        ("Grew.", {"name": "Growth"}, r"name 'Growth' cannot be chosen.*such as 'largest-partner'"),
        ("Grew.", {"exhibit": "Figure 3"}, r"'growth' names 'Figure 3' as its exhibit"),
        (" ", {}, r"'growth' has no text\. Give what say\(\) returns"),
        ("One.\n\nTwo.", {}, r"'growth' has several paragraphs"),
        ("word " * 76, {}, r"'growth' has 76 words; 75 are the most"),
    ],
)
def test_a_finding_that_could_not_stand_on_the_first_page_is_refused_with_the_remedy(text, changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        Finding(Prose(text), **({"name": "growth"} | changes))


def test_a_plain_text_is_no_finding_for_its_numbers_may_have_been_typed():
    with pytest.raises(ValueError, match=r"Give what say\(\) returns"):
        Finding("Trade grew by 3.", name="growth")  # type: ignore[arg-type]


def test_a_tally_counts_in_the_order_given_also_what_a_frame_counted():
    counted = pd.Series(["confirmed", "close", "confirmed"]).value_counts()
    tally = Tally("Claims examined", {"confirmed": counted["confirmed"], "close": np.int64(1), "contested": 0})
    assert json.loads(json.dumps(tally.structured())) == {
        "version": 1,
        "name": "Claims examined",
        "counts": [["confirmed", 2], ["close", 1], ["contested", 0]],
    }
    bundle = tally._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {TALLY_MIME, "text/markdown", "text/plain"}
    assert bundle["text/plain"] == "Claims examined: 2 confirmed · 1 close · 0 contested"


@pytest.mark.parametrize(
    ("name", "counts", "sentence"),
    [
        (" ", {"confirmed": 1}, r"has no name\. Say what was counted"),
        ("Claims", {}, r"'Claims' counts nothing"),
        ("Claims", {"confirmed": 1.5}, r"has 1\.5 under 'confirmed'\. Count in whole numbers from 0"),
        ("Claims", {"confirmed": -1}, r"has -1 under"),
        ("Claims", {"confirmed": True}, r"has True under"),
        ("Claims", {"": 1}, r"has 1 under ''"),
    ],
)
def test_a_tally_that_counts_no_whole_things_is_refused(name, counts, sentence):
    with pytest.raises(ValueError, match=sentence):
        Tally(name, counts)


def test_the_press_knows_findings_and_tallies_by_the_same_names():
    assert (reader.FINDING, reader.TALLY) == (FINDING_MIME, TALLY_MIME)
