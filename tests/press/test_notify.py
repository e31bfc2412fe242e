"""Telling people: what they are told, when, by which servers, and what no server, error or title can make of it."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest
from played_mail import PlayedMail, certificate
from played_web import Answer, Clock, PlayedWeb

from legation.press import notify
from legation.press.notify import FeedNews, News, Patience, ReportNews, Settings, tell

NIGHT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
CHANGED = ReportNews(
    "vietnam-asean",
    "published",
    "Quan hệ thương mại Việt Nam",
    "12 figures revised, 2 verdicts changed.",
    ("Товарооборот, 2023: 7.8 instead of 3.6 billion US dollars",),
    "archive/vietnam-asean/2026-11-22T050000Z/index.html",
)
SAME = ReportNews("putin-asia-2024", "unchanged", "Visits")
BROKEN = ReportNews(
    "salt-trade", "failed", "The salt trade", page="salt-trade/index.html", error="cell 7: no row for Velmark", log="L"
)
SILENT = FeedNews("imf-vietnam", "The server is silent, 4 times. Try later.")
LOGIN = {"SMTP_USER": "desk", "SMTP_PASSWORD": "wr1tten down"}
QUICK = Patience(answer=0.3, pause=0.0, whole=5.0)


def news(*reports: ReportNews, feeds: tuple[FeedNews, ...] = (), nights: float = 0, problem: str = "") -> News:
    return News("Trade desk", NIGHT + timedelta(nights), Path("/srv/published"), reports, feeds, problem)


@pytest.fixture
def told(tmp_path: Path) -> Path:
    return tmp_path / "told.json"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("held"))


@pytest.fixture
def trusted(held: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A certificate that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(held[0]))
    return held


@pytest.fixture
def played() -> Iterator[Callable[..., PlayedMail]]:
    """Starts mail servers, and stops them at the end."""
    servers: list[PlayedMail] = []

    def started(**facts: object) -> PlayedMail:
        servers.append(PlayedMail(**facts))
        return servers[-1]

    yield started
    for server in servers:
        server.close()


def by_mail(port: int, scheme: str = "smtp", **more: str) -> Settings:
    given = {"SMTP": f"{scheme}://localhost:{port}", "MAIL_FROM": "Legation <desk@example.org>"}
    given |= {"MAIL_TO": "anna@example.org, Bình Lê <binh@example.org>", **more}
    settings = Settings.read({f"LEGATION_{name}": value for name, value in given.items()})
    assert settings.problems == ()
    return settings


def by_webhook(web: PlayedWeb, path: str = "/hooks/T0ps3cr3thook", **more: str) -> Settings:
    return Settings.read({"LEGATION_WEBHOOK": web.address + path, **more})


def parts(mail: EmailMessage) -> tuple[str, str]:
    """The text of a mail and its HTML."""
    return tuple(mail.get_body((kind,)).get_content() for kind in ("plain", "html"))


class Elements(HTMLParser):
    """The elements of a page, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.links: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src", "action")]


# --- what a mail says


def test_a_mail_says_what_changed_what_failed_and_where_to_look(played: Callable[..., PlayedMail], told: Path) -> None:
    server = played()
    settings = by_mail(server.port, SITE="https://reports.example.org/legation/")
    assert tell(news(CHANGED, SAME, BROKEN, feeds=(SILENT,)), settings, told, patience=QUICK) == []
    mail = server.read()
    assert mail["Subject"] == "Trade desk: 1 report failed, 1 feed failed, 1 new edition"
    assert str(mail["To"]) == "anna@example.org, Bình Lê <binh@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NIGHT
    for text in parts(mail):
        assert "Quan hệ thương mại Việt Nam" in text
        assert "Товарооборот, 2023: 7.8 instead of 3.6 billion US dollars" in text
        assert "12 figures revised, 2 verdicts changed." in text
        assert "cell 7: no row for Velmark" in text
        assert "The server is silent, 4 times." in text
        assert "1 report unchanged." in text
        assert "https://reports.example.org/legation/archive/vietnam-asean/2026-11-22T050000Z/index.html" in text
        assert "https://reports.example.org/legation/salt-trade/index.html" in text
    assert server.plain[-1].upper() == "QUIT"
    assert server.mails[0].isascii()
    assert max(map(len, server.mails[0].splitlines())) <= 998


def test_without_a_site_the_mail_names_the_file(played: Callable[..., PlayedMail], told: Path) -> None:
    server = played()
    tell(news(CHANGED), by_mail(server.port), told, patience=QUICK)
    for text in parts(server.read()):
        assert "/srv/published/archive/vietnam-asean/2026-11-22T050000Z/index.html" in text
    assert Elements(parts(server.read())[1]).links == []


def test_what_is_alone_is_named_in_the_subject_and_cut_at_a_word(played: Callable[..., PlayedMail], told: Path) -> None:
    server = played()
    long = replace(CHANGED, title="Viet Nam’s trade with its neighbours and with the countries of the Inner Sea")
    tell(news(long), by_mail(server.port), told, patience=QUICK)
    assert server.read()["Subject"] == "Trade desk: new edition: Viet Nam’s trade with its neighbours and with the…"
    assert len(server.read()["Subject"]) <= 78


def test_more_than_a_reader_takes_in_is_counted(played: Callable[..., PlayedMail], told: Path) -> None:
    server = played()
    changes = tuple(f"change {number}" for number in range(40))
    many = [replace(CHANGED, report=f"r{number}", changes=changes) for number in range(30)]
    broken = replace(BROKEN, error="\n".join(f"line {number}" for number in range(100)))
    tell(news(*many, broken), by_mail(server.port), told, patience=QUICK)
    text, page = parts(server.read())
    for each in (text, page):
        assert each.count("change 4") == 10
        assert "change 5" not in each
        assert "and 35 more changes" in each
        assert "and 20 more." in each
        assert "92 more lines" in each
    assert "PUBLISHED: 30 new editions" in text


# --- when


def test_nothing_is_sent_when_nothing_changed_and_nothing_failed(
    played: Callable[..., PlayedMail], web: PlayedWeb, told: Path
) -> None:
    server = played()
    settings = replace(by_mail(server.port), webhook=f"{web.address}/hook")
    assert tell(news(SAME, feeds=(FeedNews("ecb"),)), settings, told, patience=QUICK) == []
    assert (server.connections, web.asked) == (0, [])


def test_a_failure_of_every_night_is_told_once_then_weekly_and_its_end(
    played: Callable[..., PlayedMail], told: Path
) -> None:
    server = played()
    subjects = {}
    for night in range(20):
        report = replace(BROKEN, error=f"cell 7: silent after {180 + night} s") if night < 16 else SAME
        report = replace(report, report="salt-trade", title="The salt trade")
        feed = replace(SILENT, problem=f"reason {night}" if night < 3 else "")
        before = len(server.mails)
        # A run that starts a minute earlier than the week before is a week later all the same.
        assert tell(news(report, feeds=(feed,), nights=night - night / 1440), by_mail(server.port), told) == []
        if len(server.mails) > before:
            subjects[night] = str(server.read()["Subject"])
    assert subjects == {
        0: "Trade desk: 1 report failed, 1 feed failed",
        3: "Trade desk: works again: feed imf-vietnam",
        7: "Trade desk: failed: The salt trade",
        14: "Trade desk: failed: The salt trade",
        16: "Trade desk: works again: The salt trade",
    }
    assert "The salt trade (since 2026-11-22)" in parts(server.read(-2))[0]


def test_another_failure_of_the_same_report_is_told_at_once(played: Callable[..., PlayedMail], told: Path) -> None:
    server = played()
    tell(news(BROKEN), by_mail(server.port), told)
    tell(news(replace(BROKEN, error="cell 9: no memory"), nights=1), by_mail(server.port), told)
    assert "cell 9" in parts(server.read(1))[0]


def test_a_report_that_was_not_due_is_not_taken_for_mended(played: Callable[..., PlayedMail], told: Path) -> None:
    server = played()
    for reports in ((BROKEN,), (), (SAME,), (BROKEN,)):
        tell(news(*reports), by_mail(server.port), told)
    assert len(server.mails) == 1


def test_what_lasts_is_counted_in_a_mail_that_goes_out_for_something_else(
    played: Callable[..., PlayedMail], told: Path
) -> None:
    server = played()
    tell(news(BROKEN), by_mail(server.port), told)
    tell(news(BROKEN, CHANGED, nights=1), by_mail(server.port), told)
    assert server.read()["Subject"] == "Trade desk: new edition: Quan hệ thương mại Việt Nam"
    assert "Still failing, as told before: 1." in parts(server.read())[0]
    assert "Velmark" not in parts(server.read())[0]


def test_a_clock_that_was_years_ahead_silences_nothing(played: Callable[..., PlayedMail], told: Path) -> None:
    server = played()
    tell(news(BROKEN, nights=4000), by_mail(server.port), told)
    tell(news(BROKEN, nights=1), by_mail(server.port), told)
    assert len(server.mails) == 2


def test_a_run_that_failed_as_a_whole_is_told_and_so_is_its_end(played: Callable[..., PlayedMail], told: Path) -> None:
    server = played()
    tell(news(problem="No space is left on the disk."), by_mail(server.port), told)
    assert "No space is left on the disk." in parts(server.read())[0]
    tell(news(SAME, nights=1), by_mail(server.port), told)
    assert server.read()["Subject"] == "Trade desk: works again: The run as a whole"


@pytest.mark.parametrize("content", [b"", b"{", b'{"mail": 3}', b'{"mail": {"run": {"mark": "x"}}}', b"\xff\x00"])
def test_a_broken_memory_is_said_and_begun_anew(played: Callable[..., PlayedMail], told: Path, content: bytes) -> None:
    server = played()
    told.write_bytes(content)
    [sentence] = tell(news(BROKEN), by_mail(server.port), told)
    assert f"{told}: it does not hold what was told" in sentence
    assert tell(news(BROKEN), by_mail(server.port), told) == []
    assert len(server.mails) == 1


def test_a_memory_that_cannot_be_written_is_said(played: Callable[..., PlayedMail], tmp_path: Path) -> None:
    [sentence] = tell(news(BROKEN), by_mail(played().port), tmp_path / "nowhere" / "told.json")
    assert "told.json: No such file or directory. What was told now will be told once more." in sentence


def test_what_one_way_could_not_send_is_due_there_the_next_night(
    played: Callable[..., PlayedMail], web: PlayedWeb, told: Path
) -> None:
    web["/hook"] = lambda number: Answer(status=404 if number == 1 else 200)
    server = played()
    settings = replace(by_mail(server.port), webhook=f"{web.address}/hook")
    [sentence] = tell(news(BROKEN), settings, told, patience=QUICK)
    assert "The webhook (LEGATION_WEBHOOK) answers 404" in sentence
    for _ in range(2):
        assert tell(news(BROKEN, nights=1), settings, told, patience=QUICK) == []
    assert (len(server.mails), len(web.posted)) == (1, 2)


# --- mail servers


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_name_and_password_go_over_a_verified_connection_alone(
    played: Callable[..., PlayedMail], trusted: tuple[Path, Path], told: Path, scheme: str
) -> None:
    server = played(held=trusted, wrapped=scheme == "smtps", known=tuple(LOGIN.values()))
    settings = by_mail(server.port, scheme, **LOGIN)
    assert tell(news(CHANGED), settings, told, patience=QUICK) == []
    assert len(server.mails) == 1
    assert [line for line in server.plain if "EHLO" not in line.upper()] == ([] if server.wrapped else ["STARTTLS"])


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_certificate_that_nobody_vouches_for_gets_neither_password_nor_mail(
    played: Callable[..., PlayedMail], held: tuple[Path, Path], told: Path, scheme: str
) -> None:
    server = played(held=held, wrapped=scheme == "smtps", known=tuple(LOGIN.values()))
    settings = by_mail(server.port, scheme, **LOGIN)
    [sentence] = tell(news(CHANGED), settings, told, patience=QUICK)
    assert "has a certificate that does not hold" in sentence
    assert (server.connections, server.secure, server.mails) == (1, [], [])


def test_a_server_that_hides_starttls_gets_nothing(played: Callable[..., PlayedMail], told: Path) -> None:
    server = played(known=tuple(LOGIN.values()))
    settings = by_mail(server.port, "smtp+starttls", **LOGIN)
    [sentence] = tell(news(CHANGED), settings, told, patience=QUICK)
    assert "does not offer what is asked of it (STARTTLS extension not supported by server.)" in sentence
    assert not any(line.startswith(("AUTH", "mail")) for line in server.plain)


def test_a_wrong_password_is_said_without_it(
    played: Callable[..., PlayedMail], trusted: tuple[Path, Path], told: Path
) -> None:
    server = played(held=trusted, known=("desk", "right"))
    settings = by_mail(server.port, "smtp+starttls", **LOGIN)
    [sentence] = tell(news(CHANGED), settings, told, patience=QUICK)
    assert "refuses the name or password (535 5.7.8 wrong: AUTH PLAIN •••)" in sentence  # the server sent it back
    assert "Correct LEGATION_SMTP_USER and LEGATION_SMTP_PASSWORD" in sentence
    assert server.connections == 1


def test_one_recipient_refused_is_said_and_the_others_have_the_mail(
    played: Callable[..., PlayedMail], told: Path
) -> None:
    server = played(answers={"RCPT TO:<ANNA": "550 5.1.1 moved away"})
    [sentence] = tell(news(BROKEN), by_mail(server.port), told, patience=QUICK)
    assert "refuses the recipient anna@example.org (550 5.1.1 moved away). Correct LEGATION_MAIL_TO." in sentence
    assert len(server.mails) == 1
    assert tell(news(BROKEN), by_mail(server.port), told, patience=QUICK) == []


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"RCPT": "550 no"}, "refuses the recipient binh@example.org (550 no)"),
        ({"MAIL": "550 who are you"}, "refuses the sender (550 who are you). Correct LEGATION_MAIL_FROM"),
        ({"DATA": "554 no space"}, "refuses the mail (554 no space)"),
        ({"MAIL": ""}, "drops the connection"),
        ({"EHLO": "", "HELO": ""}, "drops the connection"),
        ({"DATA": "not\x1b[31m SMTP"}, "The mail was not sent."),
    ],
)
def test_what_a_server_refuses_is_said_and_due_again(
    played: Callable[..., PlayedMail], told: Path, answers: dict[str, str], reason: str
) -> None:
    server = played(answers=answers)
    sentences = tell(news(BROKEN), by_mail(server.port), told, patience=QUICK)
    assert reason in " ".join(sentences)
    assert "\x1b" not in "".join(sentences)
    assert not told.exists()


def test_a_dead_server_is_tried_twice_and_fails_nothing(told: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    clock = Clock()
    [sentence] = tell(news(CHANGED), by_mail(port), told, patience=replace(QUICK, pause=5, sleep=clock.sleep))
    assert (
        sentence == f"The mail server localhost:{port} (LEGATION_SMTP) refuses the connection. The mail was not sent."
    )
    assert clock.slept == [5]


def test_a_silent_server_is_waited_for_no_longer_than_set(told: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        [sentence] = tell(news(CHANGED), by_mail(port), told, patience=QUICK)
    assert "is silent" in sentence


def test_a_server_that_trickles_is_left_when_the_whole_takes_too_long(
    played: Callable[..., PlayedMail], told: Path
) -> None:
    """Each letter comes in time, the message never gets through."""
    server, over = played(), threading.Event()

    def trickle(connection: socket.socket) -> None:
        while not over.wait(0.02):
            connection.sendall(b"2")

    server.serve = trickle
    began = time.monotonic()
    [sentence] = tell(news(CHANGED), by_mail(server.port), told, patience=replace(QUICK, whole=0.3))
    assert sentence == "The mail server (LEGATION_SMTP) did not take the message within 0.3 seconds."
    over.set()
    assert time.monotonic() - began < 10


# --- webhooks


def test_a_webhook_is_sent_a_text_and_the_same_as_data(web: PlayedWeb, told: Path) -> None:
    web["/hooks/T0ps3cr3thook"] = Answer(status=204)
    settings = by_webhook(web, LEGATION_SITE="https://reports.example.org")
    assert tell(news(CHANGED, SAME, BROKEN, feeds=(SILENT,)), settings, told, patience=QUICK) == []
    assert web.asked[0][1]["Content-Type"] == "application/json"
    [content] = web.posted
    said = json.loads(content)
    assert "Quan hệ thương mại Việt Nam" in said["text"]
    assert "https://reports.example.org/archive/vietnam-asean/2026-11-22T050000Z/index.html" in said["text"]
    assert (said["at"], said["unchanged"], said["failed_count"]) == ("2026-11-22T05:00:00Z", 1, 1)
    assert said["published"][0]["changes"] == list(CHANGED.changes)
    assert said["failed"][0]["error"] == ["cell 7: no row for Velmark"]
    assert said["feeds"] == [{"feed": "imf-vietnam", "problem": SILENT.problem, "since": None}]


@pytest.mark.parametrize(("wish", "slept"), [("7", [7.0]), (None, [5.0]), ("soon", [5.0])])
@pytest.mark.parametrize("status", [429, 503])
def test_a_webhook_that_is_busy_is_asked_again_when_it_wishes(
    web: PlayedWeb, told: Path, status: int, wish: str | None, slept: list[float]
) -> None:
    busy = Answer(status=status, headers={"Retry-After": wish} if wish else {})
    web["/hooks/T0ps3cr3thook"] = lambda number: busy if number == 1 else Answer()
    clock = Clock()
    patience = replace(QUICK, pause=5.0, sleep=clock.sleep)
    assert tell(news(CHANGED), by_webhook(web), told, patience=patience) == []
    assert (clock.slept, len(web.posted)) == (slept, 2)


@pytest.mark.parametrize(
    ("answer", "requests", "reason"),
    [
        (Answer(b"channel_not_found", status=404), 1, "answers 404 (Not Found; channel_not_found)."),
        (Answer(status=500), 2, "answers 500 (Internal Server Error), 2 times. Nothing was sent."),
        (Answer(status=429, headers={"Retry-After": "3600"}), 1, "asks for 3,600 seconds of peace"),
        (Answer(drop=True), 2, "drops the connection, 2 times"),
        (Answer(b"no /hooks/T0ps3cr3thook here", status=410), 1, "(Gone; no /••• here)"),
    ],
)
def test_what_a_webhook_refuses_is_said(web: PlayedWeb, told: Path, answer: Answer, requests: int, reason: str) -> None:
    web["/hooks/T0ps3cr3thook"] = answer
    [sentence] = tell(news(CHANGED), by_webhook(web), told, patience=QUICK)
    assert reason in sentence
    assert "T0ps3cr3thook" not in sentence
    assert len(web.posted) == requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_webhook_that_leads_elsewhere_is_not_followed(web: PlayedWeb, told: Path, status: int) -> None:
    other = PlayedWeb()
    other["/elsewhere"] = Answer()
    web["/hooks/T0ps3cr3thook"] = Answer(status=status, headers={"Location": f"{other.address}/elsewhere"})
    [sentence] = tell(news(CHANGED), by_webhook(web), told, patience=QUICK)
    other.close()
    assert f"answers {status}" in sentence
    assert "it leads elsewhere, where nothing was sent" in sentence
    assert (other.asked, other.posted) == ([], [])


def test_a_webhook_on_this_machine_is_asked_past_any_proxy(
    web: PlayedWeb, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = PlayedWeb()
    monkeypatch.setenv("http_proxy", proxy.address)
    monkeypatch.delenv("no_proxy", raising=False)
    web["/hooks/T0ps3cr3thook"] = Answer()
    assert tell(news(CHANGED), by_webhook(web), told, patience=QUICK) == []
    proxy.close()
    assert (len(web.posted), proxy.asked) == (1, [])


def test_a_silent_webhook_is_waited_for_no_longer_than_set(told: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings.read({"LEGATION_WEBHOOK": f"http://localhost:{silent.getsockname()[1]}/hook"})
        [sentence] = tell(news(CHANGED), settings, told, patience=QUICK)
    assert "The webhook (LEGATION_WEBHOOK) is silent, 2 times. Nothing was sent." in sentence


# --- text of strangers

HOSTILE = [
    "Trade\r\nBcc: all@example.org\r\n\r\nBuy salt",
    "</pre><script>alert(1)</script><img src=x onerror=y>",
    '"><a href="https://evil.example">click</a>',
    "[click](https://evil.example/login) ![](https://evil.example/p.png)",
    "<https://evil.example|click> <!channel> <!here> <@U123> @channel @all @here",
    "www.evil.example and evil.example/login and mail@evil.example",
    "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07 \x1b[31mred\x1b[0m \x9b2J \x07",
    "{{ 7 * 7 }} {% include '/etc/passwd' %} ${HOME} `id` *bold* _it_ ~gone~ :fire: # head",
    "\u202egnp.exe\u2066 \ud800 \udcff \x00 \ufeff \u2028 line",
    "=====",
]

ELEMENTS = {"html", "head", "meta", "title", "body", "div", "h1", "h2", "h3", "p", "pre", "ul", "li", "b", "a"}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", ["title", "summary", "changes", "error", "log", "feed", "site"])
def test_no_text_becomes_header_markup_mention_or_link(
    played: Callable[..., PlayedMail], web: PlayedWeb, told: Path, place: str, text: str
) -> None:
    server = played()
    web["/hook"] = Answer()
    value = (text,) if place == "changes" else text
    reports = [replace(each, **{place: value}) if hasattr(each, place) else each for each in (CHANGED, BROKEN)]
    feed = FeedNews(text, text) if place == "feed" else SILENT
    told_of = replace(news(*reports, feeds=(feed,)), **({"site": text} if place == "site" else {}))
    settings = replace(by_mail(server.port, SITE="https://r.example.org"), webhook=f"{web.address}/hook")
    assert tell(told_of, settings, told, patience=QUICK) == []
    mail = server.read()
    assert sorted(mail.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )
    assert [line for line in server.plain if line.upper().startswith("RCPT")] == [
        "rcpt TO:<anna@example.org>",
        "rcpt TO:<binh@example.org>",
    ]
    plain, page = parts(mail)
    elements = Elements(page)
    assert elements.found <= ELEMENTS
    assert all(link.startswith("https://r.example.org/") for link in elements.links)
    chat = json.loads(web.posted[0])["text"]
    for shown in (plain, page, chat):
        rest = shown.replace("https://r.example.org", "")
        assert not re.search(r"://\w|www\.\w|@\w|evil\.example", rest)
        assert not re.search(
            r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\u2028]", shown.replace("\r", "")
        )
    assert not re.search(r"[<>*_~`\[\]|#]|:fire:|^[=-]", chat.replace("https://r.example.org/", ""), re.MULTILINE)


# --- secrets

SECRETS = {
    "LEGATION_COMTRADE_KEY": "c0mtr4de key/1",
    "LEGATION_SMTP_USER": "desk",
    "LEGATION_SMTP_PASSWORD": "pa$$ word",
}


def test_no_secret_is_in_a_message_however_it_is_written(
    played: Callable[..., PlayedMail], web: PlayedWeb, told: Path
) -> None:
    server = played(known=("desk", SECRETS["LEGATION_SMTP_PASSWORD"]))
    web["/services/T024BE7LD/B01/hookXYZhook"] = Answer()
    given = {name.removeprefix("LEGATION_"): value for name, value in SECRETS.items()}
    address = f"{web.address}/services/T024BE7LD/B01/hookXYZhook"
    settings = by_mail(server.port, WEBHOOK=address, **given)
    error = "\n".join(
        [
            "the key is c0mtr4de key/1, on the wire c0mtr4de%20key%2F1 or c0mtr4de+key%2F1",
            f"coloured \x1b[31mc0mtr4de\x1b[0m key/1, login {SECRETS['LEGATION_SMTP_PASSWORD']}",
            f"POST {address} and /services/T024BE7LD/B01/hookXYZhook and hookXYZhook",
            "https://api.example/data?r=704&subscription-key=unknown1&period=2023",
            "https://user:unknown2@host.example/x",
            "https://host.example/hooks/unknown3unknown3unknown3/x",
            "Authorization: Bearer unknown4; api_key='unknown5'; Ocp-Apim-Subscription-Key: unknown6",
        ]
    )
    assert tell(news(replace(BROKEN, error=error, title=error)), settings, told, patience=QUICK) == []
    whole = "\n".join([*parts(server.read()), str(server.read()["Subject"]), web.posted[0].decode()])
    for secret in ("c0mtr4de", "pa$$", "hookXYZ", "T024BE7LD", *(f"unknown{number}" for number in range(1, 7))):
        assert secret not in whole
    assert "r=704" in whole
    assert "period=2023" in whole
    assert "the key is •••, on the wire ••• or •••" in whole
    assert not any(secret in repr(settings) for secret in ("c0mtr4de", "pa$$", "hookXYZ"))
    assert "c0mtr4de" not in told.read_text()


def test_ordinary_errors_keep_their_words() -> None:
    text = (
        "KeyError: 'VNM' in notebooks/trade_comparison.ipynb, cell 7; key: row 3.\n"
        "https://api.imf.org/external/sdmx/3.0/data/IMF.STA,IMTS/VNM.XG_FOB_USD?startPeriod=2015 answers 503\n"
        "/srv/legation/reports/published/archive/x/2026-11-22T050000Z/index.html: No space left on device"
    )
    assert notify._clean(text) == text


# --- settings


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"SMTP": "smtp://mail"}, "No mail is sent without LEGATION_MAIL_FROM and LEGATION_MAIL_TO"),
        ({"SMTP": "mail.example.org", "MAIL_FROM": "a@b.org", "MAIL_TO": "a@b.org"}, "LEGATION_SMTP: an address is"),
        (
            {"SMTP": "smtp://me:S3cret@mail", "MAIL_FROM": "a@b.org", "MAIL_TO": "a@b.org"},
            "LEGATION_SMTP: a name or password has no place in the address. Set LEGATION_SMTP_USER",
        ),
        ({"SMTP": "smtp://mail:99999", "MAIL_FROM": "a@b.org", "MAIL_TO": "a@b.org"}, "LEGATION_SMTP: this is not an"),
        (
            {"SMTP": "smtp://mail", "MAIL_FROM": "a@b.org", "MAIL_TO": "a@b.org", "SMTP_USER": "u"},
            "LEGATION_SMTP_USER and LEGATION_SMTP_PASSWORD belong together",
        ),
        (
            {
                "SMTP": "smtp://mail",
                "MAIL_FROM": "a@b.org",
                "MAIL_TO": "a@b.org",
                "SMTP_USER": "u",
                "SMTP_PASSWORD": "S3cret",
            },
            "LEGATION_SMTP: a password is not sent over a connection that is not encrypted. Write smtp+starttls://mail",
        ),
        ({"SMTP": "smtp://mail", "MAIL_FROM": "a@b.org", "MAIL_TO": "a@b.org; c@d"}, "LEGATION_MAIL_TO: "),
        ({"SMTP": "smtp://mail", "MAIL_FROM": "a@b.org\nBcc: x@y.org", "MAIL_TO": "a@b.org"}, "LEGATION_MAIL_FROM: "),
        ({"SMTP": "smtp://mail", "MAIL_FROM": "a@b.org, c@d.org", "MAIL_TO": "a@b.org"}, "LEGATION_MAIL_FROM: one"),
        (
            {"WEBHOOK": "http://chat.example.org/S3cret"},
            "LEGATION_WEBHOOK: it is secret and has to begin with https://",
        ),
        ({"WEBHOOK": "file:///S3cret"}, "LEGATION_WEBHOOK: an address is needed that begins with https://, http://."),
        ({"WEBHOOK": "https://chat.example.org/S3cret\nx"}, "LEGATION_WEBHOOK: this is not an address."),
        ({"SITE": "https://reports.example.org/?token=S3cret"}, "LEGATION_SITE: an address to which paths"),
    ],
)
def test_a_wrong_setting_is_said_by_its_name_and_the_others_hold(
    web: PlayedWeb, told: Path, given: dict[str, str], sentence: str
) -> None:
    web["/hooks/T0ps3cr3thook"] = Answer()
    environ = {"LEGATION_WEBHOOK": f"{web.address}/hooks/T0ps3cr3thook"}
    environ |= {f"LEGATION_{name}": value for name, value in given.items()}
    [said] = tell(news(CHANGED), Settings.read(environ), told, patience=QUICK)
    assert said.startswith(sentence)
    assert "S3cret" not in said
    assert len(web.posted) == (0 if "WEBHOOK" in given else 1)


def test_nothing_set_is_no_fault(told: Path) -> None:
    assert tell(news(CHANGED, BROKEN), Settings.read({"LEGATION_SMTP": " "}), told) == []
    assert not told.exists()
