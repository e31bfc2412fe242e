"""What the tutorials have in common: a copy of the checkout to work in, and what is typed and edited there.

Every command is shown with what it answers, and one that ends otherwise than the tutorial says is an error: so a
tutorial that runs to its end is true. Nothing outside the copy is touched and no network is needed. No setting of
yours (``LEGATION_…``) reaches a command: a tutorial sends no message and uses no key.
"""

from __future__ import annotations

import difflib
import functools
import http.server
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from IPython.display import display

HERE = Path(__file__).resolve().parents[2]
#: As the place of the copy, and of Python's environment, are shown: those of this machine are of no use to a reader.
SHOWN = "/home/you/legation"
#: How a notebook holds an exhibit.
EXHIBIT = "application/vnd.legation.exhibit+json"
_COPIED = ("data", "notebooks", "reports", "src")
_LEFT = shutil.ignore_patterns("cache", "published", "__pycache__", ".ipynb_checkpoints", ".legation")
_kept: list[tempfile.TemporaryDirectory[str]] = []  # goes with the kernel


def begin() -> None:
    """Copy the checkout into a temporary folder, and work there from now on."""
    folder = tempfile.TemporaryDirectory(prefix="legation-tutorial-", ignore_cleanup_errors=True)
    _kept.append(folder)
    copy = Path(folder.name).resolve() / "legation"
    for name in _COPIED:
        shutil.copytree(HERE / name, copy / name, ignore=_LEFT)
    os.chdir(copy)
    print("A copy of the checkout was made. All that follows happens in it, and it goes when this notebook is closed.")


def run(command: str, status: int | tuple[int, ...] = 0) -> None:
    """Type a command, of Legation or ``python FILE``, and show what it answers.

    Raises
    ------
    RuntimeError
        If it ends with another status than the one given.
    """
    program, *words = shlex.split(command)
    begins = {"legation": ["-c", "from legation.cli import main; main(prog_name='legation')"], "python": []}[program]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEGATION_")}
    done = subprocess.run(  # noqa: S603  # this interpreter, and words of a tutorial
        [sys.executable, *begins, *words],
        env={**kept, "PYTHONPATH": str(Path("src").resolve()), "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = _shown(done.stdout.rstrip())
    if done.returncode not in ((status,) if isinstance(status, int) else status):
        raise RuntimeError(f"'{command}' ended with status {done.returncode}, which was not meant:\n{said}")
    print(f"$ {command}\n{said}\n")


def write(file: str, text: str) -> None:
    """Write a file of the copy, and show it."""
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = text.strip("\n") + "\n"
    path.write_text(text, encoding="utf-8")
    print(_shown(f"{file}:\n\n{text}".rstrip()))


def change(file: str, *pairs: tuple[str, str]) -> None:
    """Put a text in the place of another, which the file holds once, and show the lines that differ."""
    path = Path(file)
    before = after = path.read_text(encoding="utf-8")
    for old, new in pairs:
        if after.count(old) != 1:
            raise RuntimeError(f"{file} holds '{old}' {after.count(old)} times, and once was meant.")
        after = after.replace(old, new)
    path.write_text(after, encoding="utf-8")
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    print(f"{file}:\n\n" + "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@"))))


def add(file: str, text: str) -> None:
    """Put lines at the end of a file of the copy, and show them."""
    text = text.strip("\n") + "\n"
    with Path(file).open("a", encoding="utf-8") as out:
        out.write(text)
    print(f"at the end of {file}:\n\n{text}".rstrip())


def show(file: str, begins: str = "", count: int | None = None) -> None:
    """Show a file of the copy, or so many lines of it from the first that holds a text."""
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    first = next(place for place, line in enumerate(lines) if begins in line)
    part = ", in part" if begins else ""
    print(f"{file}{part}:\n\n" + _shown("\n".join(lines[first:][:count])))


def findings(report: str) -> None:
    """Show what a report of the copy found, as its manifest states it."""
    manifest = json.loads(Path(f"reports/published/{report}/manifest.json").read_text(encoding="utf-8"))
    for number, finding in enumerate(manifest["findings"], start=1):
        print(f"{number}. {finding['text']}")


def first_figure(report: str) -> None:
    """Show the first figure of a report of the copy, as its notebook shows it."""
    folder = Path(f"reports/published/{report}")
    title = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["first_figure"]["title"]
    for notebook in sorted((folder / "notebooks").glob("*.ipynb")):
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                if output.get("data", {}).get(EXHIBIT, {}).get("title") == title:
                    display(output["data"], raw=True)


def publish_here(file: str) -> str:
    """Let a server on this machine give a file to whoever asks, as a publisher would; returns its address."""

    class Office(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = Path(file).read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "text/csv")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    office = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Office)
    threading.Thread(target=functools.partial(office.serve_forever, 0.1), daemon=True).start()
    return f"http://127.0.0.1:{office.server_port}"


def _shown(text: str) -> str:
    """What was said, without what differs from run to run or belongs to this machine."""
    here = str(Path.cwd())
    text = text.replace(f"{here}/", "").replace(here, SHOWN)
    text = text.replace(sys.executable, f"{SHOWN}/.venv/bin/python").replace(sys.prefix, f"{SHOWN}/.venv")
    text = re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:8000", text)
    return re.sub(r"\b\d+\.\d s\b", "… s", text)
