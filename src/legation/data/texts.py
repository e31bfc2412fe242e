"""The texts of treaties: fetched politely, read into plain text, kept with their provenance in ``data/cache/treaties``.

Two things happen here, each usable alone; `legation.data.fetching` brings the bytes behind an address. `read_bytes` and
`read_file` turn HTML, PDF or plain text in any usual encoding into a `Document`. `keep` puts a document into the cache
in ``<treaty>/<name>.txt``, beside the bytes it was read from and a sidecar that says where they came from; `cached`
gives it back. Whether a document *is* the treaty is not known here: whoever calls says it, with a `Check`.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
import re
import stat
import time
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from io import BytesIO
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal
from urllib.parse import urlsplit

from lxml import etree
from lxml import html as lxml_html
from pydantic import BaseModel, ConfigDict, ValidationError

from legation.checkout import home
from legation.data.catalogue import record_listing, record_reading
from legation.data.fetching import Fetcher, UnreachableError, printable
from legation.errors import InputError

MOST_BYTES = 10_000_000  # of one file, as sent and unpacked; the longest treaty measured has a tenth of it
MOST_PAGES = 2_000  # of a PDF
MOST_SECONDS = 120  # for reading a PDF

Form = Literal["html", "pdf", "text"]


@dataclass(frozen=True, slots=True)
class Document:
    """One document as plain text."""

    text: str
    """What a reader sees. Of a plain-text file every character, with line ends as LF and no byte order mark."""
    form: Form
    encoding: str | None
    """How the bytes were decoded; None for a PDF."""
    title: str
    """The title of a page or PDF; often empty."""
    sha256: str
    """Of the bytes."""
    doubts: tuple[str, ...] = ()
    """What an analyst should know of the reading, as sentences."""

    @property
    def text_sha256(self) -> str:
        """Of the text, in UTF-8."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


# ----------------------------------------------------------------------------------------------------------- documents


def read_file(path: Path, *, encoding: str | None = None) -> Document:
    """A document on disk, as plain text.

    Parameters
    ----------
    path
        An HTML, PDF or plain-text file.
    encoding
        How its bytes are to be decoded, when the analyst knows better than the file.

    Raises
    ------
    InputError
        A sentence with the file's name and what to do: no regular file, empty, larger than ``MOST_BYTES``, binary, of
        an unknown encoding, a PDF without text.
    """
    shown = printable(str(path))
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{shown}: this is not a file. Give an HTML, PDF or plain-text file.")
        if status.st_size > MOST_BYTES:
            raise InputError(_too_large(shown, status.st_size))
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = error.strerror if isinstance(error, OSError) else "its name is not one"
        raise InputError(f"{shown}: it cannot be read ({reason}). Check the name.") from None
    return read_bytes(content, shown=shown, encoding=encoding)


def read_bytes(content: bytes, *, shown: str, media_type: str = "", encoding: str | None = None) -> Document:
    """The bytes of a document, as plain text.

    Parameters
    ----------
    content
        HTML, PDF or plain text.
    shown
        How to name it in an error: the file or the address.
    media_type
        The ``Content-Type`` that came with it. The bytes themselves are asked first.
    encoding
        As for `read_file`.

    Raises
    ------
    InputError
        As `read_file` does.
    """
    if len(content) > MOST_BYTES:
        raise InputError(_too_large(shown, len(content)))
    if not content.strip(b" \t\r\n\f\0"):
        raise InputError(f"{shown}: it is empty. Give the file that holds the treaty's text.")
    for signature, what in _NOT_READ.items():
        if content.startswith(signature):
            raise InputError(f"{shown}: this is {what}. Save its text as PDF, HTML or plain text, and give that.")
    sha = hashlib.sha256(content).hexdigest()
    if b"%PDF-" in content[:1024]:
        text, title, doubts = _pdf(content, shown)
        return Document(text, "pdf", None, title, sha, (*doubts, *_damage(text, shown)))
    header = Message()
    header["Content-Type"] = media_type or "application/octet-stream"
    is_html = _is_html(content, header.get_content_type())
    declared = header.get_param("charset")
    says = declared if isinstance(declared, str) else _declared_inside(content) if is_html else None
    decoded, used, doubts = _decode(content, shown, says, encoding)
    text, title = decoded, ""
    if is_html:
        text, title = _html(decoded, shown)
        if not text.strip():
            raise InputError(
                f"{shown}: the page shows no text; it is built by a script or holds pictures only. Open it in a "
                "browser, save what you see as PDF or plain text, and give that."
            )
    elif not text.strip():
        raise InputError(f"{shown}: it is empty. Give the file that holds the treaty's text.")
    return Document(text, "html" if is_html else "text", used, title, sha, (*doubts, *_damage(text, shown)))


_NOT_READ = {
    b"PK\x03\x04": "a Word, OpenDocument or other zipped file",
    b"\xd0\xcf\x11\xe0": "an old Word file",
    b"{\\rtf": "a rich-text file (RTF)",
    b"%!PS": "a PostScript file",
    b"AT&TFORM": "a DjVu scan",
    b"\x1f\x8b": "a compressed file (gzip)",
    b"BZh": "a compressed file (bzip2)",
    b"\xfd7zXZ": "a compressed file (xz)",
    b"7z\xbc\xaf": "a compressed file (7z)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"II*\x00": "a picture",
    b"MM\x00*": "a picture",
}


def _too_large(shown: str, size: int) -> str:
    return (
        f"{shown}: {size:,} bytes are too many for a treaty; at most {MOST_BYTES:,} are read. Give one treaty at a "
        "time, as text rather than as a scan."
    )


# --- encodings


_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# What is meant where these are declared (WHATWG, Encoding Standard, section 4.2), and the encodings that may be.
_MEANT = {
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii", "iso8859-1"), "windows-1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "gb_2312-80"), "gb18030"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "ksc5601"), "cp949"),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis", "sjis"), "cp932"),
    "utf8": "utf-8",
    "x-cp1251": "windows-1251",
    "unicode": "utf-16",
}
_PERMITTED = re.compile(
    r"utf-8|utf-16|utf-16le|utf-16be|iso-?8859-\d{1,2}|windows-\d{3,4}|cp\d{3,5}|koi8-[ru]|"
    r"euc-jp|iso-2022-jp|big5|gb18030|mac-?cyrillic|macintosh"
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_HELP = "Save it as UTF-8, or name its encoding with --encoding"
_USUAL = "–—‘’“”„…«»§°№\xa0"
_VOWELS = set("аеёиоуыэюяіїє")
# UTF-8 that was read as windows-1252 (or as windows-1251) and saved again.
_MOJIBAKE = re.compile(
    "Ã[\x80-\xbf©¨¢®´¡³±§¼¶¤ºª«]|â€[™œ\x9d“”˜¦]|[ÐÑ][\x80-\xbf°-¿‚ƒ„…†‡ˆ‰Š‹Œ]|Â[\xa0§«»°]|Р[°-їџ][Рр]?|вЂ[™њќ“”]"
)


def _decode(content: bytes, shown: str, declared: str | None, wanted: str | None) -> tuple[str, str, list[str]]:
    """The text, the encoding it was in, and doubts. Asked in turn: analyst, mark, UTF-8, declaration, evidence."""
    if wanted is not None:
        return _as_told(content, wanted, shown), wanted.lower(), []
    for mark, name in _MARKS:
        if content.startswith(mark):
            try:
                return _lines(content.decode(name)), name.removesuffix("-sig"), []
            except UnicodeError:
                raise InputError(
                    f"{shown}: it begins with the mark of {name.removesuffix('-sig').upper()}, but is something else "
                    f"further on. {_HELP}."
                ) from None
    if b"\0" in content:
        return _without_mark(content, shown), "utf-16", []
    if len(_CONTROLS.findall(content)) > max(3, len(content) // 200):
        raise InputError(f"{shown}: this is a binary file, not a text. Give HTML, PDF or plain text.")
    name = _MEANT.get((declared or "").strip().lower(), (declared or "").strip().lower())
    plain = content.isascii()
    if not (plain and name == "iso-2022-jp"):
        with suppress(UnicodeDecodeError):
            text = content.decode("utf-8")
            contrary = name and not plain and name != "utf-8"
            return _lines(text), "utf-8", [f"It declares {printable(name)}, but is UTF-8."] if contrary else []
    doubts = []
    if name and _PERMITTED.fullmatch(name):
        try:
            text = content.decode(name)
        except (UnicodeError, LookupError):
            doubts.append(f"It declares {printable(name)}, but is not in it.")
        else:
            if name != "windows-1252" or _cyrillic_share(content) < 0.4:
                return _lines(text), name, []
            doubts.append(f"It declares {printable(name)}, but its letters are Cyrillic.")
    elif name:
        doubts.append(f"It declares an encoding that is not known, {printable(name)[:40]!r}.")
    text = content.decode("utf-8", "replace")
    lost, kept = (
        text.count("\ufffd"),
        sum(map(text.count, "–—’“”éèüöäñçíáó")) + len(re.findall("[а-яё가-힣一-龥]", text)),
    )
    if lost * 5 <= kept:
        return _lines(text), "utf-8", [*doubts, f"{lost} bytes are not UTF-8 and were lost; they show as \ufffd."]
    return _by_evidence(content, shown, doubts)


def _as_told(content: bytes, wanted: str, shown: str) -> str:
    try:
        text = content.decode(wanted)
    except (LookupError, TypeError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise InputError(
                f"{shown}: byte {error.start} is not {printable(wanted)}. Name another encoding, or none."
            ) from None
        raise InputError(f"'{printable(wanted)}' is no encoding. Name one such as utf-8 or windows-1251.") from None
    if "\0" in text:
        raise InputError(f"{shown}: read as {printable(wanted)} it is no text. Name another encoding, or none.")
    return _lines(text.removeprefix("\ufeff"))


def _without_mark(content: bytes, shown: str) -> str:
    """UTF-16 without its mark, where nearly every character is then a usual one; other NUL bytes mean binary."""
    for name in ("utf-16-le", "utf-16-be"):
        try:
            text = content.decode(name)
        except UnicodeError:
            continue
        usual = sum(
            letter < "\u0530" or "\u1e00" <= letter < "\u2100" or "\u3000" <= letter < "\ud7b0" for letter in text
        )
        if (
            "\0" not in text
            and usual > 0.98 * len(text)
            and len(re.findall(r"[\s\u3000-\u3002]", text)) * 40 > len(text)
        ):
            return _lines(text)
    raise InputError(f"{shown}: this is a binary file, not a text. Give HTML, PDF or plain text.")


def _cyrillic_share(content: bytes) -> float:
    """Of all letters, those above 0xBF: nearly all in a Cyrillic code page, few in a Western one."""
    high = sum(byte >= 0xC0 for byte in content)
    low = len(re.findall(rb"[A-Za-z]", re.sub(rb"<[^<>]{0,2000}>", b"", content)))
    return high / (high + low) if high else 0.0


def _by_evidence(content: bytes, shown: str, doubts: list[str]) -> tuple[str, str, list[str]]:
    if _cyrillic_share(content) > 0.4:
        # Small letters, the commoner ones, are the upper half of windows-1251 and the lower half of KOI8-R.
        upper = sum(byte >= 0xE0 for byte in content)
        name = "windows-1251" if 2 * upper > sum(byte >= 0xC0 for byte in content) else "koi8-r"
        text = content.decode(name, "replace")
        letters = [letter for letter in text.lower() if "а" <= letter <= "ё"]
        plausible = 0.3 < sum(letter in _VOWELS for letter in letters) / max(1, len(letters)) < 0.55
        strange = sum(letter > "\x7f" and not ("Ё" <= letter <= "ӿ" or letter in _USUAL) for letter in text)
        if plausible and strange * 50 <= len(letters):
            return _lines(text), name, [*doubts, f"It names no encoding that holds; its letters are those of {name}."]
    else:
        with suppress(UnicodeDecodeError):
            text = content.decode("windows-1252")
            high = [letter for letter in text if letter > "\x7f"]
            if 2 * sum(letter.isalpha() or letter in _USUAL for letter in high) > len(high):
                doubt = "It names no encoding that holds; read as windows-1252. Check the letters with accents."
                return _lines(text), "windows-1252", [*doubts, doubt]
    raise InputError(f"{shown}: its encoding was not recognised. {_HELP}.")


def _declared_inside(content: bytes) -> str | None:
    match = re.search(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", content[:4096])
    return match.group(1).decode("ascii") if match else None


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _damage(text: str, shown: str) -> list[str]:
    """Doubts about letters that were lost before the document came here; refused when it is unreadable."""
    broken = _MOJIBAKE.findall(text)
    if len(broken) * 25 > len(text):
        raise InputError(
            f"{shown}: its letters were spoilt by a wrong encoding before it was saved ('{broken[0]}' and the like). "
            "Find another copy, or save it again from where it came."
        )
    doubts = []
    if len(broken) > 2:
        doubts.append(
            f"{len(broken)} letters were spoilt by a wrong encoding before it was saved, such as '{broken[0]}'."
        )
    if (lost := text.count("\ufffd")) > 0:
        doubts.append(f"{lost} characters are lost (\ufffd).")
    return doubts


# --- HTML

_UNSEEN = {
    *("script", "style", "noscript", "template", "nav", "aside", "form", "button", "select", "textarea", "iframe"),
    *("object", "embed", "svg", "math", "canvas", "audio", "video", "map", "head", "dialog", "datalist"),
}
_UNSEEN_ROLES = {"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "menu", "menubar"}
_UNSEEN_CLASSES = {
    "mw-editsection",
    "noprint",
    "reference",
    "footnote-ref",
    "footnoteref",
    "sr-only",
    "visually-hidden",
}
_PARAGRAPHS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table", "ul", "ol", "dl", "hr", "article"),
    *("section", "main", "header", "footer", "figure", "center", "body"),
}
_LINES = {"div", "li", "dt", "dd", "tr", "br", "caption", "figcaption", "address", "title", "option", "legend"}
_DEEPEST = 2_000  # elements inside one another
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff\0"))
_LIST_MARK = re.compile(r"\s*[\[(]?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)\]]")


def _is_html(content: bytes, media_type: str) -> bool:
    if media_type in ("text/html", "application/xhtml+xml"):
        return True
    start = content[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head", b"<body")):
        return True
    return bool(re.match(rb"<[a-z!]", start) and re.search(rb"<(html|head|body|title|p|div|h\d|table|br)[\s/>]", start))


def _html(source: str, shown: str) -> tuple[str, str]:
    """What a reader of the page sees, paragraphs apart and headings on their own lines; and the page's title.

    Left out: what is never shown or belongs to the site rather than the text (scripts, styles, navigation, forms),
    marks of footnotes, and rows of links to places in the page, which repeat the headings.
    """
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = lxml_html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        raise InputError(f"{shown}: the page cannot be read as HTML. Save it as plain text, and give that.") from None
    title = " ".join((root.findtext(".//title") or "").translate(_INVISIBLE).split())
    page = _Page()
    depth = 0
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if event == "start":
            depth += 1
            if depth > _DEEPEST:  # further down the parser drops everything without a word
                raise InputError(f"{shown}: the page is nested too deeply. Save it as plain text, and give that.")
            if page.enter(element):
                page.say(element.text or "")
            else:
                walk.skip_subtree()
        else:
            depth -= 1
            page.leave(element)
            if element is not root:
                page.say(element.tail or "")
    return page.text(), title


class _Page:
    """Collects the lines of a page, and for each line whether it is nothing but links within the page."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int]] = []  # text; links within the page, 0 as soon as there are other words
        self.current: list[str] = []
        self.links = self.others = 0
        self.inside_link = self.inside_pre = 0
        self.skipped: Any = None
        self.counters: list[list[Any]] = []  # of each open list: next number, style
        self.item: str = ""

    def enter(self, element: Any) -> bool:
        tag = element.tag
        if not isinstance(tag, str) or self._unseen(element, tag):
            self.skipped = element
            return False
        if tag in _PARAGRAPHS:
            self._break(2)
        elif tag in _LINES:
            self._break(1)
        elif tag in ("td", "th"):
            self.current.append(" ")
        if tag == "a" and (element.get("href") or "").startswith("#"):
            self.inside_link += 1
            self.links += 1
        elif tag == "pre":
            self.inside_pre += 1
        elif tag in ("ol", "ul"):
            start = element.get("start") or "1"
            self.counters.append(
                [int(start) if re.fullmatch(r"\d{1,4}", start) else 1, element.get("type") or "1", tag]
            )
        elif tag == "li" and self.counters and self.counters[-1][2] == "ol":
            number, style, _ = self.counters[-1]
            given = element.get("value") or ""
            number = int(given) if re.fullmatch(r"\d{1,4}", given) else number
            self.counters[-1][0] = number + 1
            self.item = _list_mark(number, style)
        return True

    def leave(self, element: Any) -> None:
        if element is self.skipped:
            self.skipped = None
            return
        tag = element.tag
        if tag == "a" and (element.get("href") or "").startswith("#"):
            self.inside_link -= 1
        elif tag == "pre":
            self.inside_pre -= 1
        elif tag in ("ol", "ul") and self.counters:
            self.counters.pop()
        elif tag == "li":
            self.item = ""
        if tag in _PARAGRAPHS:
            self._break(2)
        elif tag in _LINES and tag != "br":
            self._break(1)
        elif tag in ("td", "th"):
            self.current.append(" ")

    def say(self, words: str) -> None:
        words = words.translate(_INVISIBLE)
        if not words:
            return
        if words.strip() and not self.inside_link and re.search(r"\w", words):
            self.others += 1
        if self.item and words.strip():
            # The number a browser writes before an item, unless the text has its own.
            self.current.append("" if _LIST_MARK.match(words) else f"{self.item} ")
            self.item = ""
        if not self.inside_pre:
            self.current.append(words)
            return
        for position, line in enumerate(_lines(words).split("\n")):
            if position:
                self._break(1)
            self.current.append(line)

    def text(self) -> str:
        self._break(2)
        kept: list[str] = []
        run: list[tuple[str, int]] = []
        for line, links in [*self.lines, ("end", 0)]:
            if links or (run and not line):
                run.append((line, links))
                continue
            if sum(count for _, count in run) < 3:
                kept += [text for text, _ in run]
            else:
                kept.append("")
            run = []
            kept.append(line)
        return unicodedata.normalize("NFC", re.sub(r"\n{3,}", "\n\n", "\n".join(kept[:-1])).strip() + "\n").lstrip("\n")

    def _unseen(self, element: Any, tag: str) -> bool:
        if tag in _UNSEEN or element.get("hidden") is not None or element.get("aria-hidden") == "true":
            return True
        if (element.get("role") or "") in _UNSEEN_ROLES:
            return True
        if _UNSEEN_CLASSES.intersection((element.get("class") or "").split()):
            return True
        if re.search(r"display\s*:\s*none|visibility\s*:\s*hidden", element.get("style") or ""):
            return True
        if tag == "sup":  # '9<sup>bis</sup>' belongs to the text, a number that leads to a note does not
            inside = list(islice(element.iter(), 8))  # not more: a page may nest them a thousand deep
            words = (element.text or "") + "".join(f"{part.text or ''}{part.tail or ''}" for part in inside[1:])
            words = words.strip()
            leads = any("#" in (part.get("href") or "") for part in inside)
            return len(words) < 8 and (leads or re.fullmatch(r"\[\w{1,4}\]|[*†‡]+", words) is not None)
        return False

    def _break(self, lines: int) -> None:
        line = " ".join("".join(self.current).split())
        if line:
            self.lines.append((line, 0 if self.others else self.links))
        if (lines == 2 or (self.inside_pre and not line)) and self.lines and self.lines[-1][0]:
            self.lines.append(("", 0))
        self.current, self.others = [], 0
        self.links = self.inside_link


def _list_mark(number: int, style: str) -> str:
    if style in ("a", "A") and 1 <= number <= 26:
        letter = chr(ord("a") + number - 1)
        return f"({letter if style == 'a' else letter.upper()})"
    if style in ("i", "I") and 1 <= number <= 39:
        ones = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"][number % 10]
        roman = "x" * (number // 10) + ones
        return f"({roman})" if style == "i" else f"{roman.upper()}."
    return f"{number}."


# --- PDF

# What pypdf lets through on files that are far from PDF, besides its own errors.
_PDF_ERRORS = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
    ArithmeticError,
    NotImplementedError,
    LookupError,
    EOFError,
    OSError,
    zlib.error,
)


def _pdf(content: bytes, shown: str) -> tuple[str, str, list[str]]:
    """The text layer of a PDF, page after page, without the lines that recur at the head or foot of its pages."""
    from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError  # slow to load, and seldom needed

    try:
        with _quiet("pypdf"):
            pages, title = _pdf_pages(content, shown)
    except InputError:
        raise
    except (DependencyError, FileNotDecryptedError):
        raise InputError(f"{shown}: the PDF is protected. Save a copy that is not, and give that.") from None
    except (PyPdfError, *_PDF_ERRORS) as error:
        what = printable((str(error).splitlines() or [""])[0])[:120] or type(error).__name__
        raise InputError(f"{shown}: the PDF is damaged ({what}). Fetch it again, or give another copy.") from None
    letters = [sum(letter.isalpha() for line in page for letter in line) for page in pages]
    if sum(letters) < 20 * max(1, len(pages)):
        raise InputError(
            f"{shown}: the PDF has no text layer ({sum(letters)} letters on {len(pages)} pages): its pages are "
            "pictures. Run text recognition over it (OCR, for instance with ocrmypdf), or give another copy."
        )
    bare = [str(position) for position, count in enumerate(letters, start=1) if count < 20]
    doubts = []
    if bare:
        doubts.append(f"{len(bare)} of {len(pages)} pages hold no text, the first of them page {bare[0]}.")
    text = "\n".join("\n".join(page) for page in _without_running_heads(pages))
    text = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
    text = text.encode("utf-8", "replace").decode("utf-8")  # a broken font may map to half a character
    return unicodedata.normalize("NFC", text), " ".join(title.translate(_INVISIBLE).split()), doubts


def _pdf_pages(content: bytes, shown: str) -> tuple[list[list[str]], str]:
    """The lines of every page, and the title."""
    from pypdf import PdfReader

    reader = PdfReader(BytesIO(content), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise InputError(f"{shown}: the PDF asks for a password. Save a copy without one, and give that.")
    number = len(reader.pages)
    if number > MOST_PAGES:
        raise InputError(f"{shown}: {number:,} pages are too many for a treaty. Cut the treaty out of the PDF.")
    title = reader.metadata.title if reader.metadata and isinstance(reader.metadata.title, str) else ""
    begun, size = time.monotonic(), 0
    pages: list[list[str]] = []
    for page in reader.pages:
        lines = _lines(page.extract_text()).translate(_INVISIBLE).split("\n")
        pages.append([" ".join(line.split()) for line in lines])
        size += sum(map(len, pages[-1]))
        if size > MOST_BYTES:
            raise InputError(_too_large(shown, size))
        if time.monotonic() - begun > MOST_SECONDS:
            raise InputError(
                f"{shown}: reading the PDF takes more than {MOST_SECONDS} seconds. Save its text, and give that."
            )
    return pages, title


def _without_running_heads(pages: list[list[str]]) -> list[list[str]]:
    """Pages without a first or last line that stands on half of them (numbers aside), and without bare page numbers."""
    trimmed = [[*page] for page in pages]
    for page in trimmed:
        while page and not page[0]:
            page.pop(0)
        while page and not page[-1]:
            page.pop()

    def shape(line: str) -> str:
        words = re.sub(r"\d+", "#", line.casefold())
        # One word beside a number is a heading ('Article 3'), unless the word is 'page'.
        heading = len(re.findall(r"[^\W\d_]+", words)) == 1 and "#" in words and "page" not in words
        return "" if heading else words

    for end in (0, -1):
        for _ in range(2):  # a head may have two lines
            often = Counter(shape(page[end]) for page in trimmed if len(page) > 1)
            for page in trimmed:
                if len(page) < 2:
                    continue
                words = shape(page[end])
                least = 2 if re.fullmatch(r"\W*#\W*", words) else 3
                if words and often[words] >= least and 2 * often[words] >= len(trimmed):
                    page.pop(end)
                    while page and not page[end]:
                        page.pop(end)
    return trimmed


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """A library that warns of every oddity in a file keeps silent meanwhile."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    children = [logging.getLogger(key) for key in logging.root.manager.loggerDict if key.startswith(f"{name}.")]
    states = [child.disabled for child in children]
    for child in children:
        child.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
        for child, state in zip(children, states, strict=True):
            child.disabled = state


# --------------------------------------------------------------------------------------------------------------- cache


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text comes from."""

    treaty: str
    """The treaty's identifier."""
    address: str
    """The address, or the name of the analyst's file."""
    publisher: str | None = None
    language: str = "eng"
    authentic: bool | None = None
    translation: str | None = None
    extent: str = "whole"
    own: bool = False
    """Whether an analyst added it, rather than the register."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check saw in a document that it accepted."""

    articles: int | None = None
    doubts: tuple[str, ...] = ()


#: Says what is in a document, or raises InputError when it is not the treaty it should be.
Check = Callable[[Document], Finding]


class Record(BaseModel):
    """The sidecar of a text in the cache."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    treaty: str
    address: str
    final_address: str | None = None
    publisher: str | None = None
    language: str
    authentic: bool | None = None
    translation: str | None = None
    extent: str
    own: bool
    retrieved: str
    form: Form
    media_type: str = ""
    encoding: str | None = None
    title: str = ""
    sha256: str
    bytes: int
    text_sha256: str
    characters: int
    articles: int | None = None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CachedText:
    """A text in the cache with its provenance."""

    record: Record
    file: Path
    text: str


_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ENDINGS: dict[Form, str] = {"html": "html", "pdf": "pdf", "text": "txt"}


def folder() -> Path:
    """Where the texts are kept: ``data/cache/treaties``, which git ignores."""
    return home() / "data" / "cache" / "treaties"


def cached(treaty: str, *, language: str | None = None, place: Path | None = None) -> list[CachedText]:
    """The texts of a treaty that are in the cache, whole ones first, then by name; none if nothing was fetched.

    A text whose bytes are no longer those that its sidecar records is left out.
    """
    found = []
    root = place or folder()
    record_listing(f"treaty-texts-{treaty}", root / _checked(treaty), "*.json")
    for sidecar in sorted((root / _checked(treaty)).glob("*.json")):
        file = sidecar.with_suffix(".txt")
        for read in (sidecar, file):
            record_reading(f"treaty-text-{treaty}", read)
        record = _record(sidecar)
        if record is None or record.treaty != treaty or (language is not None and record.language != language):
            continue
        content = _bytes(file)
        if content is None or hashlib.sha256(content).hexdigest() != record.text_sha256:
            continue
        found.append(CachedText(record, file, content.decode("utf-8")))
    return sorted(found, key=lambda text: (text.record.extent == "part", text.file.name))


def whole(wanted: Iterable[str], *, language: str = "eng") -> dict[str, str]:
    """The whole text of each treaty wanted that lies in the cache in this language; one that does not is left out."""
    texts = {
        name: [text for text in cached(name, language=language) if text.record.extent != "part"] for name in wanted
    }
    return {name: found[0].text for name, found in texts.items() if found}


def find(origin: Origin, place: Path | None = None) -> Record | None:
    """The record of an origin's text, if it is in the cache with the bytes that were fetched; otherwise None."""
    stem = _stem(origin, place)
    record = _record(stem.with_suffix(".json"))
    if record is None or record.address != origin.address or record.treaty != origin.treaty:
        return None
    original = _bytes(stem.with_suffix(f".original.{_ENDINGS[record.form]}"))
    text = _bytes(stem.with_suffix(".txt"))
    if original is None or hashlib.sha256(original).hexdigest() != record.sha256:
        return None
    if text is None or hashlib.sha256(text).hexdigest() != record.text_sha256:
        return None
    return record


def keep(
    origin: Origin,
    content: bytes,
    document: Document,
    finding: Finding,
    *,
    media_type: str = "",
    final_address: str | None = None,
    place: Path | None = None,
) -> Record:
    """Put a document into the cache: bytes, text and, last of all, the sidecar that makes them count."""
    stem = _stem(origin, place)
    record = Record(
        treaty=origin.treaty,
        address=origin.address,
        final_address=final_address if final_address != origin.address else None,
        publisher=origin.publisher,
        language=origin.language,
        authentic=origin.authentic,
        translation=origin.translation,
        extent=origin.extent,
        own=origin.own,
        retrieved=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        form=document.form,
        media_type=printable(media_type)[:100],
        encoding=document.encoding,
        title=printable(document.title),
        sha256=document.sha256,
        bytes=len(content),
        text_sha256=document.text_sha256,
        characters=len(document.text),
        articles=finding.articles,
        doubts=(*document.doubts, *finding.doubts),
    )
    stem.parent.mkdir(parents=True, exist_ok=True)
    for form, ending in _ENDINGS.items():
        if form != document.form:
            stem.with_suffix(f".original.{ending}").unlink(missing_ok=True)
    _write(stem.with_suffix(f".original.{_ENDINGS[document.form]}"), content)
    _write(stem.with_suffix(".txt"), document.text.encode("utf-8", "surrogatepass"))
    sidecar = json.dumps(record.model_dump(exclude_none=True), indent=2, ensure_ascii=False) + "\n"
    _write(stem.with_suffix(".json"), sidecar.encode("utf-8", "replace"))
    return record


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one address."""

    origin: Origin
    state: Literal["kept", "there", "refused", "failed"]
    sentence: str
    record: Record | None = None

    @property
    def good(self) -> bool:
        """Whether the text is in the cache and right."""
        return self.state in ("kept", "there")


def acquire(
    origin: Origin, check: Check, fetcher: Fetcher, *, again: bool = False, place: Path | None = None
) -> Outcome:
    """Bring a text into the cache, unless it is there; what was there stays until something better has come.

    Parameters
    ----------
    origin
        The address and what the register says of it.
    check
        Decides whether the document is the treaty.
    fetcher
        Fetches; give the same one for all addresses, so that it can pace itself.
    again
        Fetch it even if it is there.
    place
        The cache; ``data/cache/treaties`` if not given.
    """
    if not again and (record := find(origin, place)) is not None:
        return Outcome(origin, "there", "already in the cache", record)
    try:
        page = fetcher.fetch(origin.address)
    except UnreachableError as error:
        return Outcome(origin, "failed", str(error))
    except InputError as error:
        return Outcome(origin, "refused", str(error))
    try:
        document = read_bytes(page.content, shown=printable(origin.address), media_type=page.media_type)
        finding = check(document)
    except InputError as error:
        return Outcome(origin, "refused", str(error))
    record = keep(
        origin,
        page.content,
        document,
        finding,
        media_type=page.media_type,
        final_address=page.address,
        place=place,
    )
    return Outcome(origin, "kept", "kept", record)


def _checked(treaty: str) -> str:
    if not _SLUG.fullmatch(treaty) or len(treaty) > 80:
        raise InputError(
            f"'{printable(treaty)}' is no identifier of a treaty. It holds small letters, digits and hyphens, as in "
            "1907-ardania-velmark."
        )
    return treaty


def _stem(origin: Origin, place: Path | None) -> Path:
    """Folder and name without ending. Nothing that a file or a server says becomes part of a path as it stands."""
    host = urlsplit(origin.address).hostname if not origin.own or "://" in origin.address else None
    words = host or Path(origin.address).stem
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:40].strip("-") or "text"
    mark = hashlib.sha256(origin.address.encode("utf-8", "replace")).hexdigest()[:8]
    language = origin.language if re.fullmatch("[a-z]{3}", origin.language) else "und"
    return (place or folder()) / _checked(origin.treaty) / f"{language}-{slug}-{mark}"


def _record(sidecar: Path) -> Record | None:
    content = _bytes(sidecar)
    if content is None:
        return None
    try:
        return Record.model_validate_json(content)
    except ValidationError:  # written by another version, or by hand: the text is fetched again
        return None


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all."""
    with NamedTemporaryFile(dir=file.parent, prefix=".part-", delete=False) as part:
        try:
            part.write(content)
            part.close()
            Path(part.name).replace(file)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
