"""What servers send is fetched politely, again where a failure may pass, and never from a private network."""

from __future__ import annotations

import gzip
import re
import socket

import pytest
from played_web import Answer, PlayedWeb, accord, packed

from legation.data import fetching
from legation.data.fetching import Fetcher, UnreachableError, check_address
from legation.errors import InputError


def failure(fetcher: Fetcher, address: str) -> str:
    with pytest.raises(UnreachableError) as raised:
        fetcher.fetch(address)
    assert address.split("?")[0] in str(raised.value)
    return str(raised.value)


def test_a_page_is_fetched_by_name_of_legation_with_its_type_and_final_address(web, fetcher):
    web["/old"] = Answer(status=301, headers={"Location": "/accord?edition=2"})
    web["/accord"] = Answer(b"Article 1", type="text/plain; charset=utf-8")
    found = fetcher.fetch(f"{web.address}/old#article-1")
    assert (found.content, found.media_type) == (b"Article 1", "text/plain; charset=utf-8")
    assert found.address == f"{web.address}/accord?edition=2"
    assert all(headers["User-Agent"].startswith("Legation/") for _, headers in web.asked)


def test_two_requests_to_one_server_are_two_seconds_apart(web, fetcher, clock):
    web["/a"] = web["/b"] = Answer(b"x")
    fetcher.fetch(f"{web.address}/a")
    fetcher.fetch(f"{web.address}/b")
    assert clock.slept == [2.0]


def test_a_server_that_asks_for_time_gets_it(web, fetcher, clock):
    web["/busy"] = lambda n: Answer(status=429, headers={"Retry-After": "7"}) if n == 1 else Answer(b"Article 1")
    assert fetcher.fetch(f"{web.address}/busy").content == b"Article 1"
    assert sum(clock.slept) == 7.0


def test_a_server_that_asks_for_an_hour_is_left_alone_by_every_later_request(web, fetcher, clock):
    web["/busy"] = Answer(status=503, headers={"Retry-After": "3600"})
    assert "asks for 3,600 seconds of peace" in failure(fetcher, f"{web.address}/busy")
    assert "asked for peace" in failure(fetcher, f"{web.address}/other")
    assert len(web.asked) == 1
    assert clock.slept == []


def test_a_date_to_come_back_at_is_understood():
    assert fetching._retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert fetching._retry_after("Wed, 21 Oct 2099 07:28:00 GMT") > 1e6
    for nothing in (None, "", "soon", "-5", "Wed, 99 Oct"):
        assert fetching._retry_after(nothing) is None


def test_failures_that_pass_are_tried_again_with_growing_pauses(web, fetcher, clock):
    web["/weak"] = lambda n: Answer(status=500) if n < 3 else Answer(b"Article 1")
    assert fetcher.fetch(f"{web.address}/weak").content == b"Article 1"
    assert clock.slept == [2.0, 4.0]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(status=500), r"500 \(Internal Server Error\), 4 times\. Try later"),
        (Answer(drop=True), r"drops the connection, 4 times"),
        (Answer(b"Article", length=500), r"the answer breaks off, 4 times"),
        (Answer(gzip.compress(b"Article 1" * 99)[:30], headers={"Content-Encoding": "gzip"}), r"breaks off, 4 times"),
        (Answer(b"no gzip at all", headers={"Content-Encoding": "gzip"}), r"packed answer is damaged, 4 times"),
    ],
)
def test_what_fails_each_time_is_given_up_after_four(web, fetcher, answer, sentence):
    web["/weak"] = answer
    message = failure(fetcher, f"{web.address}/weak")
    assert re.search(sentence, message), message
    assert web.requests("/weak") == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 206, 304])
def test_a_refusal_is_not_tried_again(web, fetcher, status):
    web["/gone"] = Answer(b"" if status in (204, 304) else b"no", status=status)
    assert f"the server answers {status}" in failure(fetcher, f"{web.address}/gone")
    assert web.requests("/gone") == 1


def test_a_silent_server_is_not_waited_for(web, clock):
    web["/slow"] = Answer(b"Article 1", wait=20)
    fetcher = Fetcher(private=True, timeout=0.2, tries=2, sleep=clock.sleep, clock=lambda: clock.now)
    assert "the server is silent, 2 times" in failure(fetcher, f"{web.address}/slow")


def test_a_server_that_never_answered_is_asked_once_for_each_further_address(web, fetcher):
    web["/a"] = web["/b"] = Answer(drop=True)
    assert "drops the connection, 4 times" in failure(fetcher, f"{web.address}/a")
    assert failure(fetcher, f"{web.address}/b").endswith("drops the connection. Try later.")
    assert web.requests("/b") == 1
    web["/b"] = lambda n: Answer(b"Article 1") if n == 2 else Answer(status=500)
    assert fetcher.fetch(f"{web.address}/b").content == b"Article 1"  # it is back
    web["/c"] = lambda n: Answer(drop=True) if n < 3 else Answer(b"Article 1")
    assert fetcher.fetch(f"{web.address}/c").content == b"Article 1"


def test_a_server_has_ten_seconds_to_take_a_connection_and_longer_to_answer(web, fetcher, monkeypatch):
    asked, connect = [], socket.create_connection

    def connecting(address, timeout, *rest):
        asked.append(timeout)
        return connect(address, timeout, *rest)

    monkeypatch.setattr(socket, "create_connection", connecting)
    fetcher.timeout = 30.0
    web["/a"] = Answer(b"Article 1", wait=0.0)
    assert fetcher.fetch(f"{web.address}/a").content == b"Article 1"
    assert asked == [10.0]


def test_whoever_waits_is_told_why_and_how_long(web, fetcher):
    said = []
    fetcher.say = said.append
    web["/busy"] = lambda n: Answer(status=429, headers={"Retry-After": "70"}) if n == 1 else Answer(b"x")
    web["/weak"] = lambda n: Answer(drop=True) if n == 1 else Answer(b"x")
    fetcher.fetch(f"{web.address}/busy")
    fetcher.fetch(f"{web.address}/weak")
    assert said == [
        "the server answers 429 (Too Many Requests), again in 70 s",
        "the server drops the connection, again in 2 s",
    ]


def test_an_answer_that_trickles_is_cut_off_at_the_deadline(web, clock):
    web["/drip"] = Answer(b"Article 1")
    ticking = iter(range(1000, 10**6, 100))
    fetcher = Fetcher(private=True, tries=1, sleep=clock.sleep, clock=lambda: next(ticking))
    assert "takes longer than 180 seconds" in failure(fetcher, f"{web.address}/drip")


def test_a_packed_answer_is_unpacked(web, fetcher):
    web["/packed"] = packed(accord().encode())
    assert fetcher.fetch(f"{web.address}/packed").content == accord().encode()


def test_a_huge_answer_is_refused_whether_it_says_so_or_unfolds(web, fetcher):
    web["/says"] = Answer(b"x", length=10_000_000 + 1)
    web["/bomb"] = packed(b"\0" * (10_000_000 * 5))
    web["/plain"] = Answer(b"x" * (10_000_000 + 1), length=10_000_000 + 1)
    for path in ("/says", "/bomb", "/plain"):
        assert "larger than 10,000,000 bytes" in failure(fetcher, web.address + path)
        assert web.requests(path) == 1


@pytest.mark.parametrize(
    "target", ["file:///etc/hosts", "ftp://example.org/a", "data:text/html,x", "gopher://x", "http://[x"]
)
def test_a_redirect_to_anything_but_the_web_is_not_followed(web, fetcher, target):
    web["/away"] = Answer(status=302, headers={"Location": target})
    assert "redirects to a place that is not fetched" in failure(fetcher, f"{web.address}/away")


def test_redirects_in_a_circle_or_without_end_or_aim_are_given_up(web, fetcher):
    web["/a"] = Answer(status=302, headers={"Location": "/b"})
    web["/b"] = Answer(status=302, headers={"Location": "/a"})
    assert "in a circle" in failure(fetcher, f"{web.address}/a")
    for n in range(9):
        web[f"/{n}"] = Answer(status=307, headers={"Location": f"/{n + 1}"})
    assert "more than 5 times" in failure(fetcher, f"{web.address}/0")
    web["/nowhere"] = Answer(status=303)
    assert "says not where" in failure(fetcher, f"{web.address}/nowhere")


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://example.org/accord",
        "accord.txt",
        "http://",
        "http:///accord",
        "http://user:word@example.org/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:8888/",
        "http://intranet.localhost/",
        "http://0.0.0.0/",
        "http://exa mple.org/",
        "http://example.org:port/",
        "http://[broken/",
        "",
    ],
)
def test_addresses_that_are_not_of_the_public_web_are_refused(address):
    with pytest.raises(InputError):
        check_address(address)


def test_an_address_is_brought_into_the_form_that_can_be_asked_for():
    assert check_address("https://Договоры.example/путь к?т=1#x") == (
        "https://xn--b1abc4bbbo2g.example/%D0%BF%D1%83%D1%82%D1%8C%20%D0%BA?%D1%82=1"
    )
    assert check_address("https://example.org/a%20b?c=%2F&d=[1]") == "https://example.org/a%20b?c=%2F&d=[1]"


def test_a_public_name_that_leads_into_a_private_network_gets_no_request(web, clock, monkeypatch):
    monkeypatch.setattr(fetching, "check_address", lambda address, private: address)  # as if the name were a public one
    fetcher = Fetcher(sleep=clock.sleep, clock=lambda: clock.now)
    assert "leads to 127.0.0.1, in a private network" in failure(fetcher, f"{web.address}/secret")
    assert web.asked == []


def test_a_key_goes_to_the_server_it_is_for_and_into_no_error(web, fetcher):
    other = PlayedWeb()
    web["/rows"] = Answer(status=302, headers={"Location": f"{other.address}/rows"})
    other["/rows"] = Answer(b"[]", "application/json")
    page = fetcher.fetch(f"{web.address}/rows", accept="application/json", secret={"X-Key": "s3cret"})
    assert page.content == b"[]"
    assert web.asked[0][1]["X-Key"] == "s3cret"
    assert "X-Key" not in other.asked[0][1]
    other["/rows"] = Answer(status=403)
    with pytest.raises(UnreachableError) as raised:
        fetcher.fetch(f"{web.address}/rows", secret={"X-Key": "s3cret"})
    assert "s3cret" not in str(raised.value)
    other.close()


def test_an_answer_of_another_status_is_given_to_whoever_wants_it(web, fetcher):
    web["/rows"] = Answer(b'{"error": "Invalid parameter value"}', "application/json", status=400)
    page = fetcher.fetch(f"{web.address}/rows", answers=(200, 400))
    assert (page.status, page.content) == (400, b'{"error": "Invalid parameter value"}')
    with pytest.raises(UnreachableError, match="400"):
        fetcher.fetch(f"{web.address}/rows")
