"""Shows one edition in the browser of this machine while it is worked on: it reloads, and mistakes are told on it.

Only this machine can ask, by a name of this machine, and only for files of the edition. The page is served with a
script that its file does not have; the script may run because its hash is added to the policy of what is served.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import mimetypes
import re
import sys
import threading
from http import HTTPStatus
from http.client import HTTP_PORT
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from legation.errors import InputError

_ADDRESS = "127.0.0.1"
_NAMES = (_ADDRESS, "localhost")
EVENTS = "/-/events"
#: Seconds after which a connection that waits for news is written to, so that one whose page is gone is noticed.
_STILL_HERE = 10.0
_PAGE = "index.html"
_NOTHING_YET = (
    '<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>Not yet published</title></head>'
    "<body><p>No edition of this report has been published yet.</p></body></html>"
)
_SCRIPTS = re.compile(rb"script-src [^;\"]*")
_SENT_WITH_ALL = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Shown:
    """An edition's folder, served; with what its page is told. Use it as a context manager.

    Parameters
    ----------
    edition
        The folder, which may not be there yet.
    port
        Where it is served; 0 takes one that is free.

    Raises
    ------
    InputError
        If something else is served at the port.
    """

    def __init__(self, edition: Path, port: int = 0) -> None:
        self.edition = edition
        self._told: dict[str, Any] = {"building": False, "problem": None}
        self._known: tuple[tuple[int, ...], str] | None = None
        self._changed = threading.Condition()
        self._news = 0
        try:
            self._server = _Server((_ADDRESS, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(f"Port {port} cannot be served ({reason}). Leave it out, or give another.") from None
        self._server.shown = self
        self.port = int(self._server.server_address[1])
        self.url = f"http://{_ADDRESS}:{self.port}/"
        self.names = {f"{name}:{self.port}" for name in _NAMES}  # by which it may be asked
        if self.port == HTTP_PORT:  # browsers leave it out
            self.names.update(_NAMES)
        self._before: str | None = None

    def __enter__(self) -> Self:
        self._before = self.stamp()
        threading.Thread(target=self._server.serve_forever, args=[0.1], daemon=True, name="pages").start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def tell(self, **what: Any) -> None:
        """Tell the page whether it is being built (``building``), or what stands against it (``problem``)."""
        with self._changed:
            self._told.update(what)
            self._wake()

    def look(self) -> None:
        """Tell the page if it has been replaced, by whomever."""
        stamp = self.stamp()
        if stamp != self._before:
            self._before = stamp
            with self._changed:
                self._wake()

    def stamp(self) -> str:
        """The page's digest; empty without one."""
        file = self.edition / _PAGE
        try:
            found = file.stat()
            status = (found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size)
            if self._known is None or self._known[0] != status:
                self._known = status, hashlib.sha256(file.read_bytes()).hexdigest()
            return self._known[1]
        except OSError:
            return ""

    def news(self, after: int, seconds: float) -> tuple[int, str] | None:
        """What the page is to know, as JSON, with its number: as soon as it is later than ``after``, if it comes."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._news > after, seconds):
                return None
            return self._news, json.dumps({**self._told, "edition": self.stamp()})

    def page(self) -> bytes:
        """The page as it is served: with the script, and a policy that lets it run and ask for news."""
        try:
            content = (self.edition / _PAGE).read_bytes()
            stamp = hashlib.sha256(content).hexdigest()
        except OSError:
            content, stamp = _NOTHING_YET.encode(), ""
        script = (Path(__file__).parent / "house" / "watch.js").read_bytes()
        digest = base64.b64encode(hashlib.sha256(script).digest())
        content = _SCRIPTS.sub(
            lambda found: found[0] + b" 'sha256-" + digest + b"'; connect-src 'self'", content, count=1
        )
        head, closes, rest = content.partition(b"</head>")
        return b"".join((head, b'<script data-edition="', stamp.encode(), b'">', script, b"</script>", closes, rest))

    def file(self, name: str) -> Path | None:
        """A file of the edition by its place in it; ``None`` for a folder, and whatever else is none of its files."""
        parts = PurePosixPath(name).parts
        if not parts or any(part.startswith((".", "/")) or re.search(r"[\\:\0]", part) for part in parts):
            return None
        with contextlib.suppress(OSError):
            file = self.edition.joinpath(*parts).resolve(strict=True)
            if file.is_relative_to(self.edition.resolve()) and file.is_file():
                return file
        return None

    def _wake(self) -> None:
        self._news += 1
        self._changed.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    shown: Shown

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that was closed while it was answered is no error."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "Legation", ""
    timeout = 60  # for what is asked

    def do_GET(self) -> None:
        """Answer with the page, another file of the edition, or news as they come."""
        shown = self.server.shown
        named = self.headers.get_all("Host", [])
        if len(named) != 1 or named[0] not in shown.names:
            self._send(HTTPStatus.MISDIRECTED_REQUEST, b"This is served to this machine, by its own name.\n")
            return
        try:
            path = unquote(urlsplit(self.path).path, errors="replace")
        except ValueError:  # it is no address at all
            path = ""
        if path == EVENTS:
            self._send_news(shown)
        elif path in ("/", f"/{_PAGE}"):
            self._send(HTTPStatus.OK, shown.page(), "text/html; charset=utf-8")
        elif file := shown.file(path.removeprefix("/")):
            try:
                content = file.read_bytes()
            except OSError:
                self._send(HTTPStatus.NOT_FOUND, b"It has just been replaced.\n")
                return
            self._send(HTTPStatus.OK, content, _kind(file))
        else:
            self._send(HTTPStatus.NOT_FOUND, b"The edition has no such file.\n")

    do_HEAD = do_GET  # noqa: N815  # the name that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of what is asked for."""

    def _send(self, status: HTTPStatus, content: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        for name, value in {**_SENT_WITH_ALL, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_news(self, shown: Shown) -> None:
        self.send_response(HTTPStatus.OK)
        for name, value in {**_SENT_WITH_ALL, "Content-Type": "text/event-stream"}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(b"retry: 500\n\n")
        told = -1
        while True:
            found = shown.news(told, _STILL_HERE)
            if found is None:
                self.wfile.write(b": still here\n\n")
            else:
                told, said = found
                self.wfile.write(f"data: {said}\n\n".encode())


def _kind(file: Path) -> str:
    if file.suffix == ".ipynb":
        return "application/x-ipynb+json"
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
