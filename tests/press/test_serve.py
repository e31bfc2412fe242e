"""The page that is worked on is shown to this machine alone, with a script that its file does not have."""

import base64
import hashlib
import http.client
import re
import socket

import pytest

from legation.errors import InputError
from legation.press import serve
from legation.press.serve import EVENTS, Shown

PAGE = (
    '<!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "script-src 'sha256-AAAA'; base-uri 'none'\"><title>T</title></head><body>Trade</body></html>"
)


@pytest.fixture
def shown(tmp_path):
    edition = tmp_path / "published" / "one"
    (edition / "data").mkdir(parents=True)
    (edition / "index.html").write_text(PAGE)
    (edition / "data" / "a.csv").write_text("year\n2020\n")
    (edition / ".hidden").write_text("no")
    (tmp_path / "published" / "secret.txt").write_text("no")
    (edition / "link.txt").symlink_to(tmp_path / "published" / "secret.txt")
    with Shown(edition) as served:
        yield served


def ask(shown, path, host=None, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", shown.port, timeout=10)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for each in [f"127.0.0.1:{shown.port}"] if host is None else host:
        connection.putheader("Host", each)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_the_page_is_served_with_a_script_that_its_policy_lets_run_and_its_file_does_not_have(shown):
    status, headers, body = ask(shown, "/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    text = body.decode()
    script = re.search(r"<script data-edition=\"(\w+)\">(.*?)</script></head>", text, re.DOTALL)
    assert script[1] == hashlib.sha256(PAGE.encode()).hexdigest()
    digest = base64.b64encode(hashlib.sha256(script[2].encode()).digest()).decode()
    assert f"script-src 'sha256-AAAA' 'sha256-{digest}'; connect-src 'self'; base-uri 'none'" in text
    assert (shown.edition / "index.html").read_text() == PAGE
    assert ask(shown, "/index.html")[2] == body
    assert ask(shown, "/?again#top")[2] == body
    assert ask(shown, "/", method="HEAD")[::2] == (200, b"")


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/data/../../secret.txt", "/..%2fsecret.txt", "/..%5csecret.txt",
     "//etc/passwd", "/%2fetc/passwd", "/link.txt", "/.hidden", "/data", "/data/", "/nothing", "/a%00b", "/C:/x",
     "/-/other", "/%ff"],
)  # fmt: skip
def test_nothing_but_files_of_the_edition_is_served_and_no_list_of_them(shown, path):
    status, _, body = ask(shown, path)
    assert (status, body) == (404, b"The edition has no such file.\n")


def test_other_files_of_the_edition_are_served_as_they_are(shown):
    status, headers, body = ask(shown, "/data/a.csv")
    assert (status, headers["Content-Type"], body) == (200, "text/csv; charset=utf-8", b"year\n2020\n")


@pytest.mark.parametrize("path", ["/", "/data/a.csv", EVENTS])
@pytest.mark.parametrize(
    "host",
    [
        [],
        ["example.org"],
        ["127.0.0.1"],
        ["127.0.0.1:1"],
        ["evil.127.0.0.1:{port}"],
        ["localhost:{port}", "example.org"],
    ],
)
def test_a_name_that_is_not_this_machines_own_is_refused(shown, path, host):
    status, _, body = ask(shown, path, [each.format(port=shown.port) for each in host])
    assert status == 421
    assert b"Trade" not in body


def test_its_own_name_will_do_and_writing_will_not(shown):
    assert ask(shown, "/", [f"localhost:{shown.port}"])[0] == 200
    assert ask(shown, "/", method="POST")[0] == 501


def test_what_is_no_address_is_answered_and_not_told_on_the_terminal(shown, capfd):
    assert ask(shown, "http://[")[0] == 404
    assert capfd.readouterr().err == ""


def test_of_the_port_that_every_page_has_a_browser_says_nothing(shown, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(serve, "HTTP_PORT", port)
    with Shown(shown.edition, port) as usual:
        assert ask(usual, "/", ["127.0.0.1"])[0] == 200
        assert ask(usual, "/", ["example.org"])[0] == 421


def test_only_this_machine_can_ask(shown):
    assert shown.url.startswith("http://127.0.0.1:")
    with socket.socket() as other:
        other.settimeout(1)
        assert other.connect_ex(("127.0.0.2", shown.port)) != 0


def test_a_port_that_is_taken_is_an_error_with_a_way_out(shown, tmp_path):
    with pytest.raises(InputError, match=rf"Port {shown.port} cannot be served \(.+\). Leave it out, or give another."):
        Shown(tmp_path, shown.port)
