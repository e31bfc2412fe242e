"""A key comes from the environment or the system's keyring, is sent to its publisher, and stands nowhere."""

from __future__ import annotations

import gzip
import importlib
import json
import sys
import traceback

import pytest
from data.test_comtrade import AREAS, KEYED, body, played, record, wish
from played_web import Answer

from legation.data import comtrade, feeds
from legation.data.feeds import Ask, refresh, secret
from legation.data.fetching import Fetcher
from legation.errors import InputError

KEY = "s3cret-made-up-8c1f"


@pytest.fixture
def ring(monkeypatch):
    """The keyring of this system, played: what it holds, and what it raises instead."""
    keyring = pytest.importorskip("keyring")
    monkeypatch.delenv("LEGATION_COMTRADE_KEY", raising=False)

    class Ring(keyring.backend.KeyringBackend):
        priority = -1  # never chosen of itself
        held = ()
        trouble: Exception | None = None

        def get_password(self, service, username):
            if self.trouble:
                raise self.trouble
            return dict(self.held).get((service, username))

        def set_password(self, service, username, password):
            raise NotImplementedError

    before = keyring.get_keyring()
    found = Ring()
    keyring.set_keyring(found)
    yield found
    keyring.set_keyring(before)


def test_a_key_in_the_environment_goes_before_one_in_the_keyring(ring, monkeypatch):
    assert secret("comtrade") is None
    ring.held = {("legation", "comtrade"): f"{KEY}\n", ("other", "comtrade"): "x", ("legation", "census"): "y"}
    assert secret("comtrade") == KEY
    monkeypatch.setenv("LEGATION_COMTRADE_KEY", " of-the-environment ")
    assert secret("comtrade") == "of-the-environment"


def test_where_no_keyring_is_there_is_no_key(ring, monkeypatch):
    keyring = importlib.import_module("keyring")
    importlib.import_module("keyring.backends.fail")
    keyring.set_keyring(keyring.backends.fail.Keyring())
    assert secret("comtrade") is None
    monkeypatch.setitem(sys.modules, "keyring", None)  # the package is not installed
    assert secret("comtrade") is None


def test_a_locked_keyring_is_said_and_not_taken_for_an_empty_one(ring):
    ring.trouble = importlib.import_module("keyring.errors").KeyringLocked("Failed to unlock the collection!")
    with pytest.raises(InputError, match=r"cannot be read \(KeyringLocked\)\. Unlock it, or set LEGATION_COMTRADE_KEY"):
        secret("comtrade")


def test_a_keyring_that_tells_what_it_holds_is_not_repeated(ring):
    ring.trouble = RuntimeError(f"cannot decode {KEY}")
    with pytest.raises(InputError) as raised:
        secret("comtrade")
    assert KEY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("key", [f"{KEY}\nX-Other: 1", f"{KEY} {KEY}", f"{KEY}…"])
def test_what_cannot_be_a_key_is_refused_without_repeating_it(monkeypatch, key):
    monkeypatch.setenv("LEGATION_COMTRADE_KEY", key)
    with pytest.raises(InputError, match="the environment's LEGATION_COMTRADE_KEY, is no key") as raised:
        secret("comtrade")
    assert KEY not in "".join(traceback.format_exception(raised.value))


def test_comtrade_alone_takes_a_key():
    modules = {name: importlib.import_module(f"legation.data.{name}") for name in feeds.PUBLISHERS}
    assert [name for name, module in modules.items() if hasattr(module, "secret")] == ["comtrade"]


TOLD = json.dumps(body(record(), message=f"your key is {KEY}")).encode()
ANSWERS = {
    "good": (played(body(record())), "new"),
    "good, and repeats the key": (Answer(TOLD, "application/json"), "new"),
    "refuses the key by name": (played({"statusCode": 401, "message": f"{KEY} is not valid"}, 401), "failed"),
    "an error with the key": (played(body(error=f"bad {KEY}"), 400), "failed"),
    "a page with the key": (Answer(f"<p>{KEY}</p>".encode(), "text/html"), "failed"),
    "no numbers but the key": (played(body(record(primaryValue=KEY))), "failed"),
    "a new field named as the key": (played(body(record(**{KEY: 1}))), "failed"),
    "a redirect with the key": (Answer(status=302, headers={"Location": f"ftp://example.org/{KEY}"}), "failed"),
    "a fault": (Answer(KEY.encode(), status=500), "failed"),
    "silence": (Answer(drop=True), "failed"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_key_is_sent_to_comtrade_and_stands_in_no_file_line_or_error(
    checkout, web, fetcher, monkeypatch, caplog, capfd, name
):
    answer, outcome = ANSWERS[name]
    monkeypatch.setattr(comtrade, "ADDRESS", web.address)
    monkeypatch.setenv("LEGATION_COMTRADE_KEY", KEY)
    web[KEYED] = answer
    web[AREAS] = played({"results": []})
    wishes = "{reporters: [VNM], partners: [CHN, USA], years: [2031, 2031]}"
    (checkout / "data/feeds.yaml").write_text(f"comtrade-vietnam:\n  publisher: comtrade\n  wish: {wishes}\n")
    said, heard = [], []
    with caplog.at_level(0):
        looks = refresh([], said.append, progress=lambda *told: heard.append(told), fetcher=lambda: fetcher)
    assert [look.outcome for look in looks] == [outcome]
    assert web.asked[0][1]["Ocp-Apim-Subscription-Key"] == KEY

    ask = Ask("comtrade-again", Fetcher(private=True, delay=0.0, tries=1))
    error = ""
    try:
        comtrade.take(wish(), ask)
    except Exception as raised:  # noqa: BLE001  # whatever it is
        error = repr(raised) + "".join(traceback.format_exception(raised))
    assert bool(error) == (outcome == "failed")
    told = [*said, *map(str, heard), *map(str, looks), error, caplog.text, *capfd.readouterr(), str(ask.answers)]
    assert KEY not in "\n".join(told)
    for file in (checkout / "data").rglob("*"):
        assert KEY not in str(file)
        if file.is_file():
            content = file.read_bytes()
            assert KEY.encode() not in (gzip.decompress(content) if file.suffix == ".gz" else content), file
