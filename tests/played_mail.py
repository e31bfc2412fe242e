"""A mail server on this machine: RFC 5321 as far as a client that sends goes, with STARTTLS and AUTH."""

from __future__ import annotations

import base64
import socketserver
import ssl
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine that nobody vouches for but itself, and its key."""
    held, key = folder / "held.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=played"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(held)]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    return held, key


@dataclass
class PlayedMail:
    """Takes mail from whom it knows, and notes what was said to it before and after encryption.

    ``answers`` replaces what it says to a command, by the beginning of the line; an empty answer ends the connection.
    """

    held: tuple[Path, Path] | None = None  # with a certificate it offers STARTTLS
    wrapped: bool = False  # speaks TLS from the start
    known: tuple[str, str] | None = None  # name and password
    answers: dict[str, str] = field(default_factory=dict)
    plain: list[str] = field(default_factory=list)
    secure: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        server = self
        if self.held:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*self.held)

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                server.connections += 1
                with suppress(OSError):
                    server.serve(self.request)

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def read(self, number: int = -1) -> EmailMessage:
        """A mail as its reader has it."""
        mail = message_from_bytes(self.mails[number], policy=default)
        assert isinstance(mail, EmailMessage)
        return mail

    def serve(self, connection: object) -> None:
        heard = self.plain
        if self.wrapped:
            connection, heard = self.context.wrap_socket(connection, server_side=True), self.secure
        lines = connection.makefile("rb")

        def say(words: str) -> None:
            connection.sendall(f"{words}\r\n".encode())

        say("220 played")
        while line := lines.readline().decode().strip():
            heard.append(line)
            verb = line.upper()
            own = next((answer for start, answer in self.answers.items() if verb.startswith(start)), None)
            if own == "":
                return
            if own is not None:
                say(own)
            elif verb.startswith("EHLO"):
                offers = ["SIZE 1000000"]
                offers += ["STARTTLS"] if self.held and heard is self.plain else []
                offers += ["AUTH PLAIN"] if self.known else []
                say("\r\n".join(["250-played", *(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}"]))
            elif verb == "STARTTLS":
                say("220 go on")
                connection, heard = self.context.wrap_socket(connection, server_side=True), self.secure
                lines = connection.makefile("rb")
            elif verb.startswith("AUTH PLAIN"):
                given = base64.b64decode(line.split()[2]).decode().split("\0")[1:]
                say("235 welcome" if self.known == tuple(given) else f"535 5.7.8 wrong: {line}")
            elif verb == "DATA":
                say("354 go on")
                content = b""
                while (part := lines.readline()) != b".\r\n":
                    content += part[1:] if part.startswith(b".") else part
                self.mails.append(content)
                say("250 taken")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")
