"""Servers on this machine that play the web, and treaties between states that do not exist."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import typst

DUTIES = [
    "The Parties shall live in peace and respect each other's borders.",
    "Should Ardania be the object of an armed attack, Velmark shall at once give it military assistance.",
    "The Parties shall consult together on all questions of the Inner Sea.",
    "Neither Party shall join an alliance directed against the other.",
    "The Parties will encourage trade in salt, timber and clocks.",
    "This Treaty shall be ratified and shall enter into force on the exchange of the instruments at Highport.",
]


def accord(articles: int = 6, *, first: str = "Ardania", second: str = "Velmark") -> str:
    """A treaty in plain text."""
    duties = [DUTIES[position % len(DUTIES)] for position in range(articles)]
    body = [f"Article {number}\n\n{duty}" for number, duty in enumerate(duties, start=1)]
    opening = [
        f"TREATY OF AMITY BETWEEN {first.upper()} AND {second.upper()}",
        f"{first} and {second}, desiring to live in peace, have agreed as follows:",
    ]
    closing = f"DONE at Highport on 2 May 1907.\n\nFor {first}: A. Lindqvale\nFor {second}: B. Orsten"
    return "\n\n".join([*opening, *body, closing]).replace("Ardania", first).replace("Velmark", second) + "\n"


def page(text: str, *, head: str = "", foot: str = "", charset: str = "utf-8") -> str:
    """A web page with a text, and with what surrounds texts on the web."""
    paragraphs = "".join(f"<p>{paragraph}</p>\n" for paragraph in text.strip().split("\n\n"))
    return (
        f'<!doctype html><html><head><meta charset="{charset}"><title>Amity: Ardania and Velmark</title>'
        "<style>p { color: red }</style><script>var article = 'Article 99';</script></head><body>"
        f"<nav><a href='/'>Home</a> Article 77</nav>{head}<main>{paragraphs}</main>{foot}</body></html>"
    )


def pdf(text: str) -> bytes:
    """A PDF with a text layer."""
    escaped = "".join(f"\\{letter}" if letter in "\\#$*_`<>@[]=/~-+'\"" else letter for letter in text)
    return bytes(typst.compile(escaped.encode(), format="pdf"))


def picture_pdf(pages: int = 2) -> bytes:
    """A PDF of pages that hold a drawing and no letter."""
    drawing = "#rect(width: 5cm, height: 5cm, fill: gray)\n"
    return bytes(typst.compile("#pagebreak()\n".join([drawing] * pages).encode(), format="pdf"))


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Answer:
    """What a server says at one path."""

    content: bytes = b""
    type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None  # what it claims, if that is not so
    drop: bool = False
    wait: float = 0.0  # seconds of silence before the content


Route = Answer | Callable[[int], Answer]


class PlayedWeb:
    """A server on 127.0.0.1 with answers by path. A route that is a function is given the number of the request."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.posted: list[bytes] = []
        self.over = threading.Event()
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the library's name
                path = self.path.split("?")[0]
                web.asked.append((path, dict(self.headers)))
                route = web.routes.get(path, Answer(b"nothing here", status=404))
                answer = route(sum(name == path for name, _ in web.asked)) if callable(route) else route
                if answer.drop:
                    self.connection.close()
                    return
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.type)
                self.send_header("Content-Length", str(len(answer.content) if answer.length is None else answer.length))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if answer.wait:
                    web.over.wait(answer.wait)
                with suppress(OSError):
                    self.wfile.write(answer.content)

            def do_POST(self) -> None:  # the library's name
                web.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.do_GET()

            def log_message(self, *words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __setitem__(self, path: str, route: Route) -> None:
        self.routes[path] = route

    def requests(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(name == path for name, _ in self.asked)

    def close(self) -> None:
        """Stop, and let go of answers that wait."""
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


def packed(content: bytes) -> Answer:
    """An answer in gzip."""
    return Answer(gzip.compress(content), headers={"Content-Encoding": "gzip"})
