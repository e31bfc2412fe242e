"""Publishers are asked side by side; what is new and true is kept, and what goes wrong takes nothing away."""

from __future__ import annotations

import gzip
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace

import pandas as pd
import pytest
from played_web import Answer as Played
from pydantic import BaseModel, ConfigDict

from legation import data
from legation.data import feeds, vintages
from legation.data.feeds import Ask, refresh
from legation.data.fetching import Fetcher
from legation.data.vintages import Taken
from legation.errors import InputError

PARTNERS = ["CHN", "USA", "JPN", "KOR", "IND", "AUS", "THA", "SGP", "MYS", "IDN"]


class Wish(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    address: str


def take(wish, ask):
    """A publisher that gives a factor for each of two pages."""
    factors = [json.loads(ask(f"{wish.address}/{page}", key=("X-Key", "s3cret")).content) for page in ("a", "b")]
    rows = [
        {
            "reporter": "VNM",
            "partner": partner,
            "flow": "export",
            "year": year,
            "value": round((1000 + 137 * place) * factor, 2),
            "currency": "USD",
            "prices": "current",
            "valuation": "FOB",
            "status": "final",
            "months": 12,
            "note": None,
        }
        for year, factor in zip((2031, 2032), factors, strict=True)
        for place, partner in enumerate(PARTNERS)
    ]
    about = {"producer": "Office", "title": "Trade", "publisher": None, "address": wish.address, "licence": "free"}
    return Taken(
        "goods_flows", pd.DataFrame(rows), {**about, "vintage": None, "kind": "statistical", "note": None}, ask.answers
    )


@pytest.fixture
def office(checkout, web, monkeypatch):
    """A publisher on this machine with one feed, `office-trade`, and what asks it without waiting."""
    monkeypatch.setattr(feeds, "PUBLISHERS", ("office", "other"))
    modules = {"office": SimpleNamespace(Wish=Wish, take=take), "other": SimpleNamespace(Wish=Wish, take=take)}
    monkeypatch.setattr(feeds, "_publisher", modules.__getitem__)
    web["/a"] = web["/b"] = Played(b"1.0", "application/json")
    house = SimpleNamespace(web=web, root=checkout, said=[], now=datetime(2026, 3, 1, 9, tzinfo=UTC), modules=modules)
    house.slept = []

    def write(**publishers):
        lines = [
            f"{name}:\n  publisher: {publisher}\n  wish: {{address: '{web.address}'}}"
            for name, publisher in publishers.items()
        ]
        (checkout / "data" / "feeds.yaml").write_text("\n".join(lines).replace("_", "-") + "\n")

    def look(*names):
        house.now += timedelta(days=1)
        hasty = {"private": True, "timeout": 5, "delay": 0.0, "sleep": house.slept.append, "chance": lambda: 0.0}
        house.said.clear()
        return refresh(list(names), house.said.append, fetcher=lambda: Fetcher(**hasty), now=lambda: house.now)

    house.write, house.look = write, look
    write(office_trade="office")
    return house


def test_a_refresh_keeps_a_vintage_and_the_next_only_what_is_new(office):
    (first,) = office.look()
    assert (first.outcome, first.said) == ("new", "20 rows, the first vintage.")
    assert office.said == ["office-trade: 20 rows, the first vintage."]
    assert len(data.open("goods_flows", year=(2031, 2032))) == 20
    (second,) = office.look()
    assert (second.outcome, second.said) == ("same", "nothing new.")
    office.web["/b"] = Played(b"1.1", "application/json")
    (third,) = office.look()
    assert (third.outcome, third.said) == ("new", "20 rows, 0 added, 10 revised, 0 gone.")
    assert [vintage.id for vintage in vintages.vintages()] == ["office-trade-2026-03-02", "office-trade-2026-03-04"]
    assert [look.outcome for look in feeds.looks()] == ["new", "same", "new"]


def test_a_publisher_that_is_down_leaves_what_stood(office):
    office.look()
    office.web["/b"] = Played(status=503)
    (look,) = office.look()
    assert look.outcome == "failed"
    assert "503" in look.said
    assert look.said.endswith("That of 2026-03-02 stays in use.")
    assert len(data.open("goods_flows", year=(2031, 2032))) == 20


def caveat():
    """What the source entry of the feed's rows says of how current they are."""
    (entry,) = data.sources(data.open("goods_flows", year=(2031, 2032)))
    return entry.get("caveat")


def marks(office):
    return sorted(file.name for file in (office.root / "data/cache/vintages/goods_flows/office-trade").glob("[a-z]*-*"))


def test_what_could_not_be_renewed_says_so_until_it_is_and_a_second_failing_night_changes_nothing(office):
    office.look()
    assert caveat() is None
    office.web["/b"] = Played(status=503)
    office.look()
    said = (
        "Taken on 2 March 2026. On 3 March 2026, when these figures were 1 day old, the publisher could not be "
        "reached. Nothing newer has been taken since."
    )
    assert caveat() == said
    office.look()
    assert (caveat(), marks(office)) == (said, ["unreached-2026-03-03T090000Z"])
    office.web["/b"] = Played(b"1.0", "application/json")
    office.look()
    assert caveat() is None
    assert marks(office) == ["reached-2026-03-05T090000Z", "unreached-2026-03-03T090000Z"]
    try:
        data.as_of("2026-03-04")
        assert caveat() == said
        data.as_of("2026-03-02")
        assert caveat() is None
    finally:
        data.as_of(None)


def test_what_was_found_unchanged_before_it_failed_says_when(office):
    for _ in range(3):
        office.look()
    office.web["/b"] = Played(status=503)
    office.look()
    assert caveat().startswith(
        "Taken on 2 March 2026 and found unchanged on 4 March 2026. On 5 March 2026, when these "
    )
    assert "3 days old" in caveat()


def test_newer_figures_that_were_set_aside_are_told_with_the_first_reason(office):
    office.look()
    office.modules["office"].take = lambda wish, ask: (_ for _ in ()).throw(feeds.AnswerError("No field 'value'."))
    office.look()
    office.modules["office"].take = take
    office.web["/a"] = office.web["/b"] = Played(b"1000", "application/json")
    office.look()
    assert caveat().startswith(
        "Taken on 2 March 2026. On 3 March 2026, when these figures were 1 day old, newer figures could not be taken; "
        "on 4 March 2026 newer figures were set aside: 100% of 20 figures are about a thousand times those held"
    )
    assert marks(office) == ["aside-2026-03-04T090000Z", "failed-2026-03-03T090000Z"]
    office.web["/a"] = office.web["/b"] = Played(b"1.1", "application/json")
    assert office.look()[0].outcome == "new"
    assert caveat() is None


def test_a_file_brought_in_by_hand_and_refused_says_nothing_against_what_is_held(office):
    office.look()
    rows = vintages.read(vintages.vintages()).drop(columns="source")
    taken = Taken("goods_flows", rows.assign(value=rows["value"] * 1000), vintages.latest("office-trade").source, [])
    assert feeds.bring_in("office-trade", taken, office.now + timedelta(days=1)).outcome == "aside"
    assert (caveat(), marks(office)) == (None, [])


def test_a_feed_of_which_nothing_is_held_has_no_mark(office):
    office.web["/b"] = Played(status=503)
    office.look()
    assert not (office.root / "data/cache/vintages").exists()


def test_one_that_fails_does_not_stop_the_others(office):
    office.write(first="office", second="other", third="other")

    def broken(wish, ask):
        raise feeds.AnswerError("The answer of Other has no field 'value'.")

    office.modules["other"].take = broken
    looks = office.look()
    assert [(look.feed, look.outcome) for look in looks] == [
        ("first", "new"),
        ("second", "failed"),
        ("third", "failed"),
    ]


def test_what_cannot_be_true_is_set_aside_with_the_reason(office):
    office.look()
    office.web["/a"] = office.web["/b"] = Played(b"1000", "application/json")
    (look,) = office.look()
    assert look.outcome == "aside"
    assert "100% of 20 figures are about a thousand times those held" in look.said
    assert data.open("goods_flows", year=2031)["value"].max() < 10_000
    (aside,) = (office.root / "data/cache/aside/goods_flows/office-trade").iterdir()
    assert json.loads((aside / "vintage.json").read_text())["refused"]


def test_a_refresh_that_was_interrupted_goes_on_where_it_was(office):
    office.web["/b"] = Played(status=503)
    office.look()
    assert office.web.requests("/a") == 1
    office.web["/b"] = Played(b"1.0", "application/json")
    (look,) = office.look()
    assert look.outcome == "new"
    assert office.web.requests("/a") == 1  # not asked again
    assert not (office.root / "data/cache/partial/office-trade").exists()
    office.look()
    assert office.web.requests("/a") == 2  # a finished refresh leaves nothing to go on from


def test_a_damaged_remainder_is_asked_for_again(office):
    office.web["/b"] = Played(status=503)
    office.look()
    (kept,) = (office.root / "data/cache/partial/office-trade").iterdir()
    kept.write_bytes(kept.read_bytes()[:20])
    office.web["/b"] = Played(b"1.0", "application/json")
    assert office.look()[0].outcome == "new"
    assert office.web.requests("/a") == 2


def test_a_server_that_asks_for_time_gets_it(office):
    def route(number):
        return Played(status=429, headers={"Retry-After": "7"}) if number == 1 else Played(b"1.0", "application/json")

    office.web["/a"] = route
    assert office.look()[0].outcome == "new"
    assert 7.0 in office.slept


def test_whoever_waits_hears_of_each_request_each_pause_and_the_end(office, clock):
    office.web["/a"] = lambda n: Played(b"1.0") if n > 1 else Played(status=429, headers={"Retry-After": "7"})
    heard = []
    played = {"sleep": clock.sleep, "clock": lambda: clock.now, "chance": lambda: 0.0}
    refresh(
        [],
        office.said.append,
        progress=lambda feed, said: heard.append((feed, said)),
        fetcher=lambda: Fetcher(private=True, timeout=5, delay=0.0, **played),
    )
    assert heard == [
        ("office-trade", "request 1"),
        ("office-trade", "request 1: the server answers 429 (Too Many Requests), again in 7 s"),
        ("office-trade", "request 2"),
        ("office-trade", "checks what came"),
        ("office-trade", ""),
    ]


def test_an_interruption_ends_every_pause_and_asks_nobody_again(office, monkeypatch):
    office.write(first="office", second="other")
    started = threading.Event()

    def busy(wish, ask):
        ask(f"{wish.address}/busy")

    def route(number):
        started.set()
        return Played(status=429, headers={"Retry-After": "100"})

    def interrupt(line):
        assert started.wait(10)
        raise KeyboardInterrupt

    office.web["/busy"] = route
    office.modules["other"].take = busy
    monkeypatch.setattr(feeds, "Fetcher", partial(Fetcher, private=True))
    office.modules["office"].take = lambda wish, ask: take(wish, Ask("first", Fetcher(private=True, delay=0.0)))
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        refresh([], interrupt)
    assert time.monotonic() - begun < 50
    assert office.web.requests("/busy") == 1
    assert feeds.looks() == []


def test_a_key_is_sent_and_stands_nowhere(office):
    office.look()
    assert all(headers["X-Key"] == "s3cret" for _, headers in office.web.asked)
    for file in (office.root / "data" / "cache").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"s3cret" not in (gzip.decompress(content) if file.suffix == ".gz" else content), file


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a-feed:\n  publisher: offce\n  wish: {address: x}\n", r"line 1: there is no publisher 'offce' .*'office'"),
        ("a-feed:\n  publisher: office\n  wish: {adress: x}\n", r"line 3.*adress"),
        ("A Feed:\n  publisher: office\n", r"line 1: 'A Feed' is no name of a feed"),
        ("a-feed: office\n", r"line 1: a feed has a publisher and a wish"),
        ("a-feed:\n  publisher: office\n  every: day\n", r"line 3.*every"),
    ],
)
def test_a_mistake_in_the_list_of_feeds_is_told_with_its_line(office, text, sentence):
    (office.root / "data" / "feeds.yaml").write_text(text)
    with pytest.raises(InputError, match=sentence):
        feeds.feeds()


def test_an_unknown_feed_is_refused_with_the_nearest(office):
    with pytest.raises(InputError, match=r"There is no feed 'office-trad' in data/feeds\.yaml .*'office-trade'"):
        office.look("office-trad")


def test_ask_keeps_every_answer_in_the_order_it_came(office):
    hasty = Fetcher(private=True, delay=0.0)
    ask = Ask("office-trade", hasty)
    ask(f"{office.web.address}/b")
    ask(f"{office.web.address}/a")
    assert [answer.request.rpartition("/")[2] for answer in ask.answers] == ["b", "a"]
