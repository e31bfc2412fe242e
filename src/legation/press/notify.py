"""Tells people what a run published and what failed: by e-mail (SMTP) and to a webhook, one message a run.

What is told comes from reports, errors and servers: it is text of strangers. It reaches a message as lines of letters
without codes, with keys masked, and written so that no mail or chat program makes a link, a mention or markup of it.
The words are the templates in ``notices/``.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import smtplib
import socket
import ssl
import threading
import time
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses, make_msgid
from http.client import HTTPException, responses
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import SplitResult, quote, quote_plus, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from legation import version

#: How often a server is tried, and the seconds it may ask to be left alone in between (``Retry-After``).
_TRIES, _REST = 2, 30
#: What is told one by one (the rest is counted), and how long a line may be.
_ITEMS, _CHANGES, _ERROR_LINES, _LINE = 10, 5, 8, 200
_SUBJECT, _SITE = 78, 30  # RFC 5322, section 2.1.1
#: Letters of a chat message. Mattermost refuses one of more than 16,383.
_CHAT = 15_000
#: Days after which a failure that lasts is told again.
_AGAIN = 7
#: Names for this machine: what is sent there crosses no network, so that it needs no encryption.
_HERE = ("localhost", "127.0.0.1", "::1")

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "notices"),
    autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

Way = Literal["mail", "webhook"]
T = TypeVar("T")


@dataclass(frozen=True)
class ReportNews:
    """What a run came to for one report."""

    report: str
    outcome: Literal["published", "unchanged", "failed"]
    title: str
    summary: str = ""  # one sentence: what changed
    changes: tuple[str, ...] = ()  # a line each, the most telling first
    page: str = ""  # the edition's page as a path below published/; of a report that failed, the last that stands
    error: str = ""  # the whole of it; its first lines are told
    log: str = ""  # where the whole log is


@dataclass(frozen=True)
class FeedNews:
    """What a run came to for one feed it asked; ``problem`` is a sentence, empty where the feed answered."""

    feed: str
    problem: str = ""


@dataclass(frozen=True)
class News:
    """What a run did: where (the name of the checkout or site), when, what became of each report and feed it took on.

    A report or feed that the run had nothing to do with is left out: nothing is known of it.
    """

    site: str
    at: datetime  # with its time zone
    published: Path  # the folder published/
    reports: tuple[ReportNews, ...] = ()
    feeds: tuple[FeedNews, ...] = ()
    problem: str = ""  # what stopped the run as a whole
    log: str = ""  # where the whole log of the run is


@dataclass(frozen=True)
class Mail:
    """A mail server, and who writes to whom by it."""

    host: str
    port: int
    security: Literal["plain", "starttls", "tls"]
    sender: Address
    recipients: tuple[Address, ...]
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Settings:
    """How people are told, and by ``problems``, sentences, what of it is set wrongly and therefore not used."""

    mail: Mail | None = None
    webhook: str | None = field(default=None, repr=False)
    site: str | None = None  # address under which published/ is served, without a slash at its end
    problems: tuple[str, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)  # what may stand in no message, the longest first

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """The settings of an environment.

        ``LEGATION_SMTP`` (``smtp://``, ``smtps://`` or ``smtp+starttls://``, host, port), ``LEGATION_SMTP_USER``,
        ``LEGATION_SMTP_PASSWORD``, ``LEGATION_MAIL_FROM``, ``LEGATION_MAIL_TO`` (with commas), ``LEGATION_WEBHOOK``,
        ``LEGATION_SITE``. An empty one counts as not set.
        """
        given = {name: value.strip() for name, value in environ.items() if name.startswith("LEGATION_")}
        problems: list[str] = []
        mail = _checked(_mail, given, problems)
        webhook = _checked(_webhook, given, problems)
        site = _checked(_site, given, problems)
        return cls(mail, webhook, site, tuple(problems), _secrets(given))


@dataclass(frozen=True)
class Patience:
    """How long servers are waited for, in seconds: for one answer, between two tries, and for all of one message."""

    answer: float = 20.0
    pause: float = 5.0
    whole: float = 120.0
    sleep: Callable[[float], None] = time.sleep  # a stand-in for a test


def tell(news: News, settings: Settings, told: Path, *, patience: Patience = Patience()) -> list[str]:
    """Send what there is to tell, by mail and to the webhook side by side.

    Nothing is sent when nothing was published and nothing failed. A failure is told when it begins, when a report
    fails in another way, once a week while it lasts, and when it ends. What could not be sent is due the next time,
    but for editions published meanwhile.

    Parameters
    ----------
    told
        The file with the failures told so far, which is renewed; its folder exists. The caller sees to it that two
        runs do not use it at once.
    patience
        No server, however slow, is waited for longer.

    Returns
    -------
    list of str
        Sentences on what was not sent and why, on wrong settings and on the file ``told``. No secret is in them.
    """
    sentences = list(settings.problems)
    before, trouble = _remembered(told)
    sentences += trouble
    after = dict(before)
    sending: list[tuple[Way, _Due, Future[_Sent]]] = []
    for way in _ways(settings):
        due = _due(news, before.get(way, {}))
        if due.is_news:
            notice = _Notice(news, settings, due)
            if way == "mail" and settings.mail:
                work = _posting(settings.mail, notice, patience)
            else:
                work = _calling(settings.webhook or "", notice, patience)
            sending.append((way, due, _apart(work)))
    until = time.monotonic() + patience.whole
    for way, due, future in sending:
        try:
            sent = future.result(max(0.0, until - time.monotonic()))
        except TimeoutError:
            name = "The mail server (LEGATION_SMTP)" if way == "mail" else "The webhook (LEGATION_WEBHOOK)"
            sent = _Sent(False, [f"{name} did not take the message within {patience.whole:g} seconds."])
        sentences += sent.sentences
        if sent.done:
            after[way] = due.after
    if after != before:
        sentences += _remember(told, after)
    return [_clean(each, settings.secrets) for each in sentences]


# --- settings


class _SettingError(Exception):
    """A setting that cannot be used: a sentence with its name, without its value if that is secret."""


def _checked(read: Callable[[Mapping[str, str]], T], given: Mapping[str, str], problems: list[str]) -> T | None:
    try:
        return read(given)
    except _SettingError as error:
        problems.append(str(error))
        return None


def _mail(given: Mapping[str, str]) -> Mail | None:
    needed = ("LEGATION_SMTP", "LEGATION_MAIL_FROM", "LEGATION_MAIL_TO")
    missing = [name for name in needed if not given.get(name)]
    if len(missing) == len(needed):
        return None
    if missing:
        raise _SettingError(f"No mail is sent without {' and '.join(missing)}. Set that too, or none of {needed[0]}, …")
    kinds: dict[str, tuple[Literal["plain", "starttls", "tls"], int]] = {
        "smtp": ("plain", 25),
        "smtps": ("tls", 465),
        "smtp+starttls": ("starttls", 587),
    }
    server = _address("LEGATION_SMTP", given["LEGATION_SMTP"], tuple(kinds))
    if server.path.strip("/") or server.query:
        raise _SettingError("LEGATION_SMTP: there is more in it than a server and its port. Write smtps://host:465.")
    security, port = kinds[server.scheme]
    user, password = given.get("LEGATION_SMTP_USER", ""), given.get("LEGATION_SMTP_PASSWORD", "")
    if bool(user) != bool(password):
        raise _SettingError("LEGATION_SMTP_USER and LEGATION_SMTP_PASSWORD belong together. Set both, or neither.")
    if not (user + password).isascii():
        raise _SettingError(
            "LEGATION_SMTP_USER or LEGATION_SMTP_PASSWORD has letters that SMTP cannot send (not ASCII)."
        )
    host = str(server.hostname)
    if password and security == "plain" and host not in _HERE:
        raise _SettingError(
            "LEGATION_SMTP: a password is not sent over a connection that is not encrypted. "
            f"Write smtp+starttls://{host} or smtps://{host}."
        )
    sender = _people("LEGATION_MAIL_FROM", given["LEGATION_MAIL_FROM"])
    if len(sender) > 1:
        raise _SettingError("LEGATION_MAIL_FROM: one address is needed, there are several.")
    recipients = _people("LEGATION_MAIL_TO", given["LEGATION_MAIL_TO"])
    return Mail(host, server.port or port, security, sender[0], recipients, user, password)


def _people(name: str, value: str) -> tuple[Address, ...]:
    found = []
    for person, address in getaddresses([value]):
        if not value.isprintable() or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+", address):
            raise _SettingError(
                f"{name}: {_clean(value)[:_LINE]!r} is no list of mail addresses. Write a@b.org, c@d.org."
            )
        found.append(Address(person, addr_spec=address))
    return tuple(found)


def _webhook(given: Mapping[str, str]) -> str | None:
    value = given.get("LEGATION_WEBHOOK")
    if not value:
        return None
    parts = _address("LEGATION_WEBHOOK", value, ("https", "http"))
    if parts.scheme == "http" and parts.hostname not in _HERE:
        raise _SettingError("LEGATION_WEBHOOK: it is secret and has to begin with https://, or lead to this machine.")
    return value


def _site(given: Mapping[str, str]) -> str | None:
    value = given.get("LEGATION_SITE")
    if not value:
        return None
    parts = _address("LEGATION_SITE", value, ("https", "http"))
    if parts.query or parts.fragment:
        raise _SettingError("LEGATION_SITE: an address to which paths can be added ends before any ? or #.")
    return value.rstrip("/")


def _address(name: str, value: str, schemes: tuple[str, ...]) -> SplitResult:
    """The parts of an address; no error shows it."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", 0
    if not value.isascii() or not value.isprintable() or set(value) & set(" \"'<>\\") or port == 0:
        raise _SettingError(f"{name}: this is not an address. Write it as {schemes[0]}://host.")
    if parts.scheme not in schemes:
        raise _SettingError(f"{name}: an address is needed that begins with {'://, '.join(schemes)}://.")
    if not re.fullmatch(r"[A-Za-z0-9._:-]+", host):
        raise _SettingError(f"{name}: the address names no server. Write it as {schemes[0]}://host.")
    if parts.username is not None or parts.password is not None:
        where = " Set LEGATION_SMTP_USER and LEGATION_SMTP_PASSWORD." if name == "LEGATION_SMTP" else ""
        raise _SettingError(f"{name}: a name or password has no place in the address.{where}")
    return parts


def _secrets(given: Mapping[str, str]) -> tuple[str, ...]:
    """What must not be told, in the ways that a server or an error may write it, the longest first."""
    found = {value for name, value in given.items() if re.search(r"_(KEY|PASSWORD|TOKEN|SECRET)$", name)}
    if webhook := given.get("LEGATION_WEBHOOK"):
        path = webhook.partition("://")[2].partition("/")[2]
        found |= {webhook, *(part for part in (path, *re.split(r"[/?&=#]", path)) if len(part) >= 8)}
    user, password = given.get("LEGATION_SMTP_USER", ""), given.get("LEGATION_SMTP_PASSWORD", "")
    if password:
        found |= {_base64(password), _base64(f"\0{user}\0{password}")}
    found |= {form for each in found for form in (quote(each, safe=""), quote_plus(each), repr(each)[1:-1])}
    return tuple(sorted(found - {""}, key=lambda each: (-len(each), each)))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")


def _ways(settings: Settings) -> list[Way]:
    return [*(["mail"] if settings.mail else []), *(["webhook"] if settings.webhook else [])]  # type: ignore[list-item]


# --- what there is to tell, after what was told before


@dataclass(frozen=True)
class _Told:
    """A failure that was told."""

    mark: str  # of what failed in which way
    since: AwareDatetime
    told: AwareDatetime  # the last time


_Memory = dict[Way, dict[str, _Told]]
_MEMORY = TypeAdapter(_Memory)


@dataclass(frozen=True)
class _Due:
    """What one way is due to be told, and what it will then have been told."""

    published: list[ReportNews]
    failed: list[tuple[ReportNews, datetime | None]]  # with the time since when, if that is longer
    feeds: list[tuple[FeedNews, datetime | None]]
    mended: list[str]
    still: int  # failures told before and not due again
    unchanged: int
    after: dict[str, _Told]

    @property
    def is_news(self) -> bool:
        return bool(self.published or self.failed or self.feeds or self.mended)


def _due(news: News, before: Mapping[str, _Told]) -> _Due:
    due = _Due([], [], [], [], 0, sum(each.outcome == "unchanged" for each in news.reports), dict(before))
    still = 0
    whole = ReportNews(
        "", "failed" if news.problem else "unchanged", "The run as a whole", error=news.problem, log=news.log
    )
    for report in (whole, *news.reports):
        key = f"report {report.report}" if report is not whole else "run"
        if report.outcome == "failed":
            since = _since(key, _mark(report.error), news.at, due.after)
            if since is None:
                still += 1
            else:
                due.failed.append((report, since if since != news.at else None))
            continue
        if report.outcome == "published":
            due.published.append(report)
        if due.after.pop(key, None):
            due.mended.append(report.title)
    for feed in news.feeds:
        key = f"feed {feed.feed}"
        if feed.problem:
            # Whatever it says: a publisher who is down is silent one night and refuses the next.
            since = _since(key, "", news.at, due.after)
            if since is None:
                still += 1
            else:
                due.feeds.append((feed, since if since != news.at else None))
        elif due.after.pop(key, None):
            due.mended.append(f"feed {feed.feed}")
    return replace(due, still=still)


def _since(key: str, mark: str, now: datetime, told: dict[str, _Told]) -> datetime | None:
    """Since when something fails, noted in ``told``; None if it need not be told again."""
    known = told.get(key)
    if known is None or known.mark != mark:
        told[key] = _Told(mark, now, now)
        return now
    # Days, not hours: a run that starts a little earlier than a week ago is a week later all the same. A time that is
    # yet to come was told by a clock that went wrong.
    days = (now.astimezone(UTC).date() - known.told.astimezone(UTC).date()).days
    if 0 <= days < _AGAIN:
        return None
    since = min(known.since, now)
    told[key] = _Told(mark, since, now)
    return since


def _mark(error: str) -> str:
    """The same for the same error, whatever times, counts and places in memory stand in it."""
    plain = re.sub(r"0x[0-9a-f]+|\d+", "0", _clean(error))
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def _remembered(file: Path) -> tuple[_Memory, list[str]]:
    try:
        return _MEMORY.validate_json(file.read_bytes()), []
    except FileNotFoundError:
        return {}, []
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "it does not hold what was told"
        return {}, [f"{file}: {why}. It is begun anew, so that failures told before are told once more."]


def _remember(file: Path, told: _Memory) -> list[str]:
    new = file.with_name(f"{file.name}.new")
    try:
        new.write_bytes(_MEMORY.dump_json(told, indent=1))
        new.replace(file)
    except OSError as error:
        return [f"{file}: {error.strerror}. What was told now will be told once more."]
    return []


# --- words


@dataclass(frozen=True)
class _Notice:
    """One message, in the forms it is sent in."""

    news: News
    settings: Settings
    due: _Due

    def subject(self) -> str:
        whole = " ".join(self._render("subject.txt.jinja", _mail_safe).split())
        return _cut(whole, _SUBJECT)

    def text(self) -> str:
        return self._render("message.txt.jinja", _mail_safe)

    def html(self) -> str:
        return self._render("message.html.jinja", _mail_safe)

    def json(self) -> bytes:
        """The document for a webhook: ``text`` to be shown by a chat program, and the same as data."""
        text = self._render("message.txt.jinja", _chat_safe)
        if len(text) > _CHAT:
            text = f"{text[:_CHAT].rpartition(chr(10))[0]}\n…"
        return self._render("webhook.json.jinja", str, text=text).encode()

    def _render(self, template: str, safe: Callable[[str], str], **more: str) -> str:
        return _TEMPLATES.get_template(template).render(self._facts(safe) | more)

    def _facts(self, safe: Callable[[str], str]) -> dict[str, Any]:
        """What templates are given: every text of strangers is clean, short and ``safe`` where it will stand."""
        due = self.due

        def line(text: str) -> str:
            return safe(_cut(" ".join(_clean(text, self.settings.secrets).split()), _LINE))

        def report(each: ReportNews) -> dict[str, Any]:
            error = [line for line in _clean(each.error, self.settings.secrets).splitlines() if line.strip()]
            return {
                "report": line(each.report),
                "title": line(each.title or each.report),
                "summary": line(each.summary),
                "changes": [line(change) for change in each.changes[:_CHANGES]],
                "more_changes": max(0, len(each.changes) - _CHANGES),
                "address": self._page(each.page) if each.page and self.settings.site else "",
                "file": line(self._page(each.page)) if each.page and not self.settings.site else "",
                "error": [safe(_cut(one.expandtabs(4).rstrip(), _LINE)) for one in error[:_ERROR_LINES]],
                "more_error": max(0, len(error) - _ERROR_LINES),
                "log": line(each.log),
            }

        def since(when: datetime | None) -> str | None:
            return None if when is None else f"{when.astimezone(UTC):%Y-%m-%d}"

        return {
            "site": _cut(line(self.news.site), _SITE),
            "home": self.settings.site or "",
            "at": f"{self.news.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "when": f"{self.news.at.astimezone(UTC):%Y-%m-%d, %H:%M} UTC",
            "failed": [report(each) | {"since": since(when)} for each, when in due.failed[:_ITEMS]],
            "failed_count": len(due.failed),
            "feeds": [
                {"feed": line(each.feed), "problem": line(each.problem), "since": since(when)}
                for each, when in due.feeds[:_ITEMS]
            ],
            "feeds_count": len(due.feeds),
            "published": [report(each) for each in due.published[:_ITEMS]],
            "published_count": len(due.published),
            "mended": [line(each) for each in due.mended[:_ITEMS]],
            "mended_count": len(due.mended),
            "still": due.still,
            "unchanged": due.unchanged,
        }

    def _page(self, page: str) -> str:
        """Where an edition's page is: its address, or its file where no site is known."""
        if self.settings.site:
            return f"{self.settings.site}/{quote(page.lstrip('/'))}"
        return str(self.news.published / page.lstrip("/"))


_CODES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]|\x9b[0-?]*[ -/]*[@-~]"  # ECMA-48
)
_KEYISH = r"(?:key|token|secret|passw|pwd|sig|auth|cred)"
_KEYS = [
    re.compile(rf"([?&;][\w.%-]{{0,40}}{_KEYISH}[\w.%-]{{0,40}}=)[^&;\s\"'<>]+", re.IGNORECASE),
    re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://)[^/\s\"'<>@]{1,200}(?=@)", re.IGNORECASE),
    re.compile(
        r"(\b(?:password|passwd|secret|authorization|[\w-]{0,40}(?:api|access|subscription|auth)[-_]?(?:key|token))"
        r"[\"']?\s?[:=]\s?[\"']?(?:bearer |basic )?)[^\s\"',;&<>]+",
        re.IGNORECASE,
    ),
]
_LONG_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{20,}"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{0,20}://[^\s\"'<>]+", re.IGNORECASE)
_MASK = "•••"


def masked(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Lines of letters in which no key, password or webhook of the environment stands, nor what looks like a key."""
    return _clean(text, _secrets({name: value for name, value in environ.items() if name.startswith("LEGATION_")}))


def _clean(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Lines of letters: no terminal's codes, nothing invisible but what scripts need, no secret."""
    text = _CODES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(letter for letter in text if letter in "\n\t\u200c\u200d" or unicodedata.category(letter)[0] != "C")
    for secret in secrets:
        text = text.replace(secret, _MASK)
    for pattern in _KEYS:
        text = pattern.sub(rf"\1{_MASK}", text)
    return _IN_ADDRESS.sub(lambda found: _LONG_KEY.sub(_MASK, found[0]), text)


def _cut(text: str, most: int) -> str:
    """The text, or as many of its whole words as ``most`` letters hold."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    words = head.rpartition(" ")[0]
    return f"{(words if len(words) > most // 2 else head).rstrip(' ,;:')}…"


#: Ends of file names, which are no ends of servers' names.
_FILES = (
    "csv",
    "html",
    "ipynb",
    "jinja",
    "json",
    "jsonl",
    "log",
    "parquet",
    "pdf",
    "toml",
    "txt",
    "xlsx",
    "yaml",
    "yml",
)


def _mail_safe(text: str) -> str:
    """As it may stand in a mail: a space of no width keeps programs from making links of names and addresses."""
    text = re.sub(r"(?<![\w/\\.-])[\w-]+(?:\.[\w-]+)+", lambda found: _parted(found[0]), text)
    text = re.sub(r"://[^\s/]*", lambda found: _parted(found[0]), text)
    return text.replace("@", "@\u200b")


def _parted(name: str) -> str:
    last = name.rpartition(".")[2].lower()
    if "://" not in name and (last in _FILES or last.isdigit()):
        return name
    return re.sub(r"(://|\.)\u200b?", "\\1\u200b", name)


#: Letters that Slack, Mattermost and others read as markup, and their likes that nobody does. Escapes would differ.
_LIKES = str.maketrans("<>*_~`[]|#", "‹›∗\u02cd∼ˋ［］¦＃")


def _chat_safe(text: str) -> str:
    """As it may stand in a chat: as in a mail, and no markup, mention or emoji."""
    text = re.sub(r":(?=[\w+-])", ":\u200b", _mail_safe(text)).translate(_LIKES)
    text = re.sub(r"&(?=\w+;|＃)", "＆", text)
    return re.sub(r"^(?=[-+=\d])", "\u200b", text)  # nor the start of a list or the rule below a heading


# --- sending


@dataclass(frozen=True)
class _Sent:
    """Whether a message was taken, and what there is to say of it."""

    done: bool
    sentences: list[str] = field(default_factory=list)


def _apart(work: Callable[[], _Sent]) -> Future[_Sent]:
    """Do it in a thread that nobody has to wait for: even a server that sends a letter a minute holds up nothing."""
    future: Future[_Sent] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001  # it is raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, name="legation-notify", daemon=True).start()
    return future


def _posting(mail: Mail, notice: _Notice, patience: Patience) -> Callable[[], _Sent]:
    message = EmailMessage(policy=SMTP)
    message["From"] = mail.sender
    message["To"] = mail.recipients
    message["Subject"] = notice.subject()
    message["Date"] = format_datetime(notice.news.at.astimezone(UTC))
    message["Message-ID"] = make_msgid(domain=mail.sender.domain)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers by machines
    # Quoted-printable is for servers that take no 8-bit text.
    message.set_content(notice.text(), cte="quoted-printable")
    message.add_alternative(notice.html(), subtype="html", cte="quoted-printable")
    return lambda: _post(mail, message, patience)


def _post(mail: Mail, message: EmailMessage, patience: Patience) -> _Sent:
    where = f"The mail server {mail.host}:{mail.port} (LEGATION_SMTP)"
    for attempt in range(1, _TRIES + 1):
        try:
            smtp = _connected(mail, patience.answer)
            break
        except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors
            if _lasts(error) or attempt == _TRIES:
                return _Sent(False, [f"{where} {_reason(error)}. The mail was not sent."])
        patience.sleep(patience.pause)
    # Not tried again from here on: a server that is silent after the message may have taken it.
    try:
        refused = smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        return _Sent(False, [*_refusals(where, error.recipients), "The mail was not sent."])
    except (OSError, ValueError) as error:
        return _Sent(False, [f"{where} {_reason(error)}. The mail was not sent."])
    else:
        with contextlib.suppress(OSError):
            smtp.quit()
        return _Sent(True, _refusals(where, refused))
    finally:
        smtp.close()


def _connected(mail: Mail, timeout: float) -> smtplib.SMTP:
    verifying = ssl.create_default_context()
    if mail.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=timeout, context=verifying)
    else:
        smtp = smtplib.SMTP(mail.host, mail.port, timeout=timeout)
    try:
        if mail.security == "starttls":
            smtp.starttls(context=verifying)
        if mail.user:
            smtp.login(mail.user, mail.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _lasts(error: Exception) -> bool:
    """Whether it will be so in a minute, too."""
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= 500
    return isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLCertVerificationError)


def _refusals(where: str, refused: Mapping[str, tuple[int, bytes]]) -> list[str]:
    return [
        f"{where} refuses the recipient {address} ({_answer(*answer)}). Correct LEGATION_MAIL_TO."
        for address, answer in refused.items()
    ]


def _calling(address: str, notice: _Notice, patience: Patience) -> Callable[[], _Sent]:
    content = notice.json()
    return lambda: _call(address, content, patience)


def _call(address: str, content: bytes, patience: Patience) -> _Sent:
    headers = {"Content-Type": "application/json", "User-Agent": f"Legation/{version()}"}
    here = urlsplit(address).hostname in _HERE
    opener = urllib.request.build_opener(_NoRedirect(), *([urllib.request.ProxyHandler({})] if here else []))
    where = "The webhook (LEGATION_WEBHOOK)"
    for attempt in range(1, _TRIES + 1):
        request = urllib.request.Request(address, content, headers, method="POST")  # noqa: S310  # the scheme was checked
        wait = patience.pause
        try:
            with opener.open(request, timeout=patience.answer):
                return _Sent(True)
        except urllib.error.HTTPError as error:
            with error:
                status, reason, wished = error.code, _http(error), error.headers.get("Retry-After") or ""
            if 300 <= status < 400:
                return _Sent(False, [f"{where} {reason}: it leads elsewhere, where nothing was sent. Correct it."])
            if status != 429 and status < 500:
                return _Sent(False, [f"{where} {reason}. The message was not taken. Correct LEGATION_WEBHOOK."])
            wait = float(wished) if re.fullmatch(r"\d{1,6}", wished) else wait
            if wait > _REST:
                return _Sent(False, [f"{where} {reason} and asks for {wait:,.0f} seconds of peace. Nothing was sent."])
        except (OSError, HTTPException, ValueError) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            reason = _reason(cause)
            if isinstance(cause, Exception) and _lasts(cause):
                return _Sent(False, [f"{where} {reason}. Nothing was sent."])
        if attempt < _TRIES:
            patience.sleep(wait)
    return _Sent(False, [f"{where} {reason}, {_TRIES} times. Nothing was sent."])


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is told is for the address that was set, not for one that its server names."""

    def redirect_request(self, *words: Any, **more: Any) -> None:
        return None


def _http(error: urllib.error.HTTPError) -> str:
    """Status and first words of an answer: chat programs say there what they miss."""
    try:
        said = error.read(200).decode("utf-8", "replace")
    except (OSError, HTTPException):
        said = ""
    known = responses.get(error.code, "")
    return f"answers {error.code}" + (f" ({'; '.join(filter(None, (known, _said(said))))})" if known or said else "")


def _reason(error: object) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        answer = _answer(error.smtp_code, error.smtp_error)
        return f"refuses the name or password ({answer}). Correct LEGATION_SMTP_USER and LEGATION_SMTP_PASSWORD"
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"refuses the sender ({_answer(error.smtp_code, error.smtp_error)}). Correct LEGATION_MAIL_FROM"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"refuses the mail ({_answer(error.smtp_code, error.smtp_error)})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"does not offer what is asked of it ({_said(str(error))})"
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "__context__", None), TimeoutError):
        return "is silent"  # which smtplib takes for a connection that was closed
    if isinstance(error, socket.gaierror):
        return "is not found (is the network there?)"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that does not hold ({_said(error.verify_message)})"
    if isinstance(error, ConnectionRefusedError):
        return "refuses the connection"
    if isinstance(error, ConnectionError | smtplib.SMTPServerDisconnected):
        return "drops the connection"
    return f"cannot be asked ({_said(str(error)) or type(error).__name__})"


def _answer(code: int, said: bytes | str) -> str:
    return f"{code} {_said(said.decode('utf-8', 'replace') if isinstance(said, bytes) else said)}".strip()


def _said(words: str) -> str:
    return " ".join(_clean(words).split())[:160]
