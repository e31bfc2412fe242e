"""Bytes from servers: asked politely, again where a failure may pass, never from a private network.

The standard library fetches (``urllib``): redirects, the address that answers, and the size while a compressed answer
unfolds have to be watched in any case, and that is all that is needed.
"""

from __future__ import annotations

import datetime
import http.client
import ipaddress
import random
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from legation import version
from legation.errors import InputError

USER_AGENT = f"Legation/{version()} (one request at a time)"


def printable(words: str) -> str:
    """Safe to print: what a file's name or a server says may hold codes that a terminal obeys."""
    return "".join(letter if letter.isprintable() else "?" for letter in words)[:300]


class UnreachableError(Exception):
    """An address did not give what it should. The message is a sentence with the address and the reason."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a server sent."""

    content: bytes
    media_type: str
    address: str
    """Where it was in the end, after redirects."""
    status: int = 200


class _AgainError(Exception):
    """A failure that may pass; ``after`` is the server's wish in seconds."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Fetcher:
    """Fetches one answer at a time, and leaves each server time between two requests.

    Parameters
    ----------
    delay
        Seconds between two requests to one host.
    timeout
        Seconds without a byte after which a server counts as silent.
    deadline
        Seconds that one document may take.
    tries
        How often a failure that may pass is tried: silence, a dropped or short answer, status 408, 425, 429, 5xx.
    patience
        The longest wait for a server that asks for one (``Retry-After``); asked for more, the fetcher gives up.
    most_bytes
        Of one answer, as sent and unpacked.
    private
        Whether an address in a private network or on this machine may answer. Never so for what a file names.
    sleep, clock, chance
        Stand-ins for a test.

    Attributes
    ----------
    say
        Told why it waits, and how long, where a server is the reason.
    """

    REDIRECTS = 5
    #: Seconds within which a server takes a connection, or is not there. An answer may take longer: see ``timeout``.
    CONNECT = 10.0

    def __init__(
        self,
        *,
        delay: float = 2.0,
        timeout: float = 30.0,
        deadline: float = 180.0,
        tries: int = 4,
        patience: float = 120.0,
        most_bytes: int = 10_000_000,  # the longest treaty measured has a tenth of it
        private: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.delay, self.timeout, self.deadline = delay, timeout, deadline
        self.tries, self.patience, self.most_bytes, self.private = tries, patience, most_bytes, private
        self.sleep, self.clock, self.chance = sleep, clock, chance
        self.say: Callable[[str], object] = lambda _: None
        self._free: dict[str, float] = {}  # host → when the next request to it may be made
        self._silent: set[str] = set()  # hosts whose last request was not answered at all
        self._opener = urllib.request.OpenerDirector()
        # No handler for files, FTP or data, and none that follows redirects: those are looked at one by one.
        for handler in (urllib.request.ProxyHandler(), _Http(private), _Https(private)):
            self._opener.add_handler(handler)

    def fetch(
        self,
        address: str,
        *,
        accept: str = "text/html, application/pdf, text/plain;q=0.9, */*;q=0.1",
        secret: Mapping[str, str] | None = None,
        answers: Collection[int] = (200,),
    ) -> Page:
        """What is behind an address.

        Parameters
        ----------
        address
            It stands in errors and logs, so that no key may be in it.
        accept
            Media types that are of use, as the header ``Accept`` has them.
        secret
            Further headers, such as one that carries a key. They are sent to the server of the address alone, not on
            to where it redirects, and stand in no error.
        answers
            The statuses whose answers are wanted; what such an answer means is for whoever asks.

        Raises
        ------
        InputError
            If the address is not one that may be fetched.
        UnreachableError
            If the server does not give it: refused, missing, too large, silent after several tries.
        """
        url = check_address(address, private=self.private)
        # A server that was silent to the last of several tries is asked once for each further address.
        tries = 1 if urlsplit(url).netloc in self._silent else self.tries
        for attempt in range(1, tries + 1):
            try:
                return self._follow(url, accept, secret or {}, answers)
            except _AgainError as trouble:
                reason, after = str(trouble), trouble.after
            if after is not None and after > self.patience:
                raise UnreachableError(
                    f"{printable(address)}: {reason}, and the server asks for {after:,.0f} seconds of peace. Try later."
                )
            if attempt < tries:
                # Exponential back-off, half of it by chance, so that many clients do not come back together.
                pause = max(min(60.0, 2.0**attempt) * (0.5 + 0.5 * self.chance()), after or 0.0)
                self.say(f"{reason}, again in {pause:,.0f} s")
                self.sleep(pause)
        often = "" if tries == 1 else f", {tries} times"
        raise UnreachableError(f"{printable(address)}: {reason}{often}. Try later.")

    def _follow(self, url: str, accept: str, secret: Mapping[str, str], answers: Collection[int]) -> Page:
        until = self.clock() + self.deadline
        seen = [url]
        while True:
            own = urlsplit(url)[:2] == urlsplit(seen[0])[:2]
            answer = self._ask(url, {"Accept": accept, **(secret if own else {})}, answers, until)
            if isinstance(answer, Page):
                return answer
            try:
                url = check_address(urljoin(url, answer), private=self.private)
            except ValueError as error:  # an InputError is one
                raise UnreachableError(
                    f"{printable(seen[0])}: it redirects to a place that is not fetched ({printable(str(error))})."
                ) from None
            if url in seen:
                raise UnreachableError(f"{printable(seen[0])}: it redirects in a circle. Correct the address.")
            seen.append(url)
            if len(seen) > self.REDIRECTS + 1:
                raise UnreachableError(f"{printable(seen[0])}: it redirects more than {self.REDIRECTS} times.")

    def _ask(self, url: str, wishes: Mapping[str, str], answers: Collection[int], until: float) -> Page | str:
        """One request: the document, or the address of a redirect."""
        host = urlsplit(url).netloc
        wait = self._free.get(host, 0.0) - self.clock()
        if wait > self.patience:
            raise UnreachableError(
                f"{printable(url)}: its server asked for peace; {wait:,.0f} seconds are left. Try later."
            )
        if wait > 0:
            if wait > self.delay:
                self.say(f"the server asked for peace, {wait:,.0f} s are left")
            self.sleep(wait)
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **wishes}
        request = urllib.request.Request(url, headers=headers)  # noqa: S310  # the scheme was checked
        try:
            self._silent.add(host)
            with self._opener.open(request, timeout=self.timeout) as response:
                self._silent.discard(host)
                return self._take(response, url, answers, until)
        except _PrivateError as error:
            raise UnreachableError(
                f"{printable(url)}: the name leads to {error}, in a private network. Only public servers are asked."
            ) from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, _PrivateError):
                raise UnreachableError(
                    f"{printable(url)}: the name leads to {error.reason}, in a private network. "
                    "Only public servers are asked."
                ) from None
            if isinstance(error.reason, socket.gaierror | ssl.SSLCertVerificationError):  # will be so in a minute, too
                raise UnreachableError(f"{printable(url)}: {_reason(error.reason)}.") from None
            raise _AgainError(_reason(error.reason)) from None
        except (http.client.HTTPException, OSError, ValueError) as error:
            raise _AgainError(_reason(error)) from None
        finally:
            self._free[host] = max(self._free.get(host, 0.0), self.clock() + self.delay)

    def _take(self, response: Any, url: str, answers: Collection[int], until: float) -> Page | str:
        status = int(response.status)
        headers = response.headers
        if status in (301, 302, 303, 307, 308):
            if target := headers.get("Location"):
                return str(target)
            raise UnreachableError(f"{printable(url)}: it redirects, but says not where. Correct the address.")
        if status not in answers and (status in (408, 425, 429) or status >= 500):
            after = _retry_after(headers.get("Retry-After"))
            if after:
                host = urlsplit(url).netloc
                self._free[host] = max(self._free.get(host, 0.0), self.clock() + after)
            raise _AgainError(f"the server answers {_status(status)}", after)
        if status not in answers:
            raise UnreachableError(f"{printable(url)}: the server answers {_status(status)}. Correct the address.")
        return Page(self._body(response, url, until), str(headers.get("Content-Type") or ""), url, status)

    def _body(self, response: Any, url: str, until: float) -> bytes:
        packing = str(response.headers.get("Content-Encoding") or "identity").strip().lower()
        if packing not in ("identity", "gzip", "x-gzip"):
            raise UnreachableError(
                f"{printable(url)}: it is packed as {printable(packing)[:40]}, which was not asked for."
            )
        declared = str(response.headers.get("Content-Length") or "")
        length = int(declared) if re.fullmatch(r"\d{1,18}", declared) else None
        large = f"{printable(url)}: it is larger than {self.most_bytes:,} bytes. Ask for less, or correct the address."
        if length is not None and length > self.most_bytes:
            raise UnreachableError(large)
        unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if packing != "identity" else None
        parts: list[bytes] = []
        received = size = 0
        while chunk := response.read1(65_536):
            received += len(chunk)
            if unpack is not None:
                try:
                    # Never more than that, however small it was packed.
                    chunk = unpack.decompress(chunk, self.most_bytes - size + 1)
                except zlib.error:
                    raise _AgainError("the packed answer is damaged") from None
            size += len(chunk)
            if size > self.most_bytes or received > self.most_bytes:
                raise UnreachableError(large)
            parts.append(chunk)
            if self.clock() > until:
                raise _AgainError(f"the answer takes longer than {self.deadline:,.0f} seconds")
        if (length is not None and received < length) or (unpack is not None and not unpack.eof):
            raise _AgainError("the answer breaks off")
        return b"".join(parts)


def check_address(address: str, *, private: bool = False) -> str:
    """The address as it may be asked for: http or https, a host that is not this machine, plain ASCII.

    Raises
    ------
    InputError
        With the address and what is wrong.
    """
    shown = printable(address)
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname or "", parts.port
        name = host if ":" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise InputError(f"{shown}: this is not an address. Correct it.") from None
    if parts.scheme not in ("http", "https"):
        raise InputError(f"{shown}: only addresses that begin with http:// or https:// are fetched.")
    if not name or not re.fullmatch(r"[A-Za-z0-9._:-]+", name):
        raise InputError(f"{shown}: the address names no server. Correct it.")
    if parts.username is not None or parts.password is not None:
        raise InputError(f"{shown.split('://')[0]}://…@{name}: an address with a name or password is not fetched.")
    if not private:
        try:
            public = _public(name)
        except ValueError:  # a name, not a number: who answers to it is seen when the connection stands
            local = name.rstrip(".").lower()
            public = local not in ("localhost", "localhost.localdomain") and not local.endswith(".localhost")
        if not public:
            raise InputError(f"{shown}: {name} is this machine or in a private network. Only public servers are asked.")
    netloc = f"[{name}]" if ":" in name else name
    netloc += f":{port}" if port is not None else ""
    safe = "%/:=&?~+!$,;'@()*[]|"
    return urlunsplit((parts.scheme, netloc, quote(parts.path, safe=safe) or "/", quote(parts.query, safe=safe), ""))


class _PrivateError(OSError):
    """A public name that leads into a private network."""


def _public(number: str) -> bool:
    """Whether an IP number is one of the public internet; ValueError if it is no IP number."""
    found = ipaddress.ip_address(number.split("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_global and not found.is_multicast


class _Plain(http.client.HTTPConnection):
    """Looks at who answered before anything is asked: a name may lead anywhere, and elsewhere a moment later."""

    guarded = True

    def connect(self) -> None:
        patience, self.timeout = self.timeout, min(self.timeout or Fetcher.CONNECT, Fetcher.CONNECT)
        super().connect()
        self.sock.settimeout(patience)
        _refuse_private(self.sock, guarded=self.guarded)


class _Secure(http.client.HTTPSConnection):
    guarded = True

    def connect(self) -> None:
        patience, self.timeout = self.timeout, min(self.timeout or Fetcher.CONNECT, Fetcher.CONNECT)
        super().connect()
        self.sock.settimeout(patience)
        _refuse_private(self.sock, guarded=self.guarded)


class _PlainUnguarded(_Plain):
    guarded = False


class _SecureUnguarded(_Secure):
    guarded = False


def _refuse_private(connection: Any, *, guarded: bool) -> None:
    number = str(connection.getpeername()[0])
    if guarded and not _public(number):
        connection.close()
        raise _PrivateError(number)


def _by_proxy(request: urllib.request.Request) -> bool:
    return request.host != urlsplit(request.full_url).netloc


class _Http(urllib.request.HTTPHandler):
    def __init__(self, private: bool) -> None:
        super().__init__()
        self.private = private

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        free = self.private or _by_proxy(request)  # a proxy stands in a private network more often than not
        return self.do_open(_PlainUnguarded if free else _Plain, request)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, private: bool) -> None:
        super().__init__()
        self.private = private

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        free = self.private or _by_proxy(request)
        return self.do_open(_SecureUnguarded if free else _Secure, request)


def _status(status: int) -> str:
    known = http.client.responses.get(status)
    return f"{status} ({known})" if known else str(status)


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "the server is silent"
    if isinstance(error, http.client.IncompleteRead):
        return "the answer breaks off"
    if isinstance(error, socket.gaierror):
        return "its server is not found (is the network there?)"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its server's certificate does not hold ({printable(error.verify_message)})"
    if isinstance(error, ConnectionRefusedError):
        return "its server refuses the connection"
    if isinstance(error, ConnectionError):
        return "the server drops the connection"
    return f"the server cannot be asked ({printable(str(error))[:120] or type(error).__name__})"


def _retry_after(value: str | None) -> float | None:
    """Seconds, given as a number or as a date (RFC 9110, section 10.2.3); None if there is no such wish."""
    if not value:
        return None
    if re.fullmatch(r"\d{1,9}", value.strip()):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=datetime.UTC)
    return max(0.0, (when - datetime.datetime.now(datetime.UTC)).total_seconds())
