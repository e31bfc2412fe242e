"""The page's typefaces: Source Serif for text, Source Sans for headings, tables and charts.

Both come from PyPI as files, so that every machine sets the same page. The PDF embeds them through Typst; the HTML
carries of each face the letters it uses, as WOFF2.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import threading
from functools import lru_cache
from pathlib import Path

import font_source_sans_pro
import font_source_serif_pro
import uharfbuzz
from fontTools import version as fonttools
from fontTools.ttLib import TTFont

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

SANS, SERIF = "Source Sans Pro", "Source Serif Pro"
#: Folders for Typst.
FOLDERS = [str(Path(package.__file__).parent / "files") for package in (font_source_sans_pro, font_source_serif_pro)]
#: The faces the HTML uses: family, weight, style, file.
_FACES = (
    (SERIF, 400, "normal", "SourceSerifPro-Regular.ttf"),
    (SERIF, 400, "italic", "SourceSerifPro-It.ttf"),
    (SERIF, 600, "normal", "SourceSerifPro-Semibold.ttf"),
    (SANS, 400, "normal", "SourceSansPro-Regular.ttf"),
    (SANS, 600, "normal", "SourceSansPro-Semibold.ttf"),
)
# Latin with the letters of Viet Nam's and Europe's languages, punctuation, currency and mathematical signs. A character
# outside these ranges is drawn in the reader's own fonts.
_RANGES = (
    (0x20, 0x17F),
    (0x1A0, 0x1B4),
    (0x300, 0x323),
    (0x1E80, 0x1EFF),
    (0x2000, 0x2044),
    (0x20A0, 0x20BF),
    (0x2190, 0x2193),
    (0x2200, 0x2265),
)
#: What every page may hold: it is there whether used or not, so that most pages share the same fonts.
_USUAL = (
    frozenset(map(chr, range(0x20, 0x7F)))
    | frozenset("\u00a0©§¶°·×–—‘’“”…−←→\u2002")
    | frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÅÇÉÖØÜ")  # of names in otherwise English text
)

#: What of the letters' layout a page uses: kerning, ligatures, figures of one width or one height, accents.
_FEATURES = ("kern", "liga", "tnum", "lnum", "mark", "mkmk", "ccmp", "locl")
#: Sets of letters whose fonts are kept, at some 60 kB each: making them costs more than all else on a page.
_KEPT = 64
_ONE_AT_A_TIME = threading.Lock()
_folder: Path | None = None


def css(text: str) -> str:
    """``@font-face`` rules that carry the fonts themselves, with the letters of ``text`` and the usual ones."""
    unusual = (letter for letter in set(text) - _USUAL if any(a <= ord(letter) <= b for a, b in _RANGES))
    with _ONE_AT_A_TIME:  # whoever comes while fonts are made waits for those rather than make them again
        return _faces(frozenset(unusual))


def keep_in(folder: Path) -> None:
    """Keep fonts in files too, for other processes and later builds: any that it finds damaged it makes again."""
    global _folder  # one for the process, as are the fonts
    _folder = folder


def missing() -> list[str]:
    """The files of typefaces that are not where their packages should have put them."""
    return [face[3] for face in _FACES if not any((Path(folder) / face[3]).is_file() for folder in FOLDERS)]


@lru_cache(maxsize=_KEPT)
def _faces(unusual: frozenset[str]) -> str:
    codes = sorted(map(ord, _USUAL | unusual))
    if _folder is None:
        return _made(codes)
    facts = [
        codes,
        _FACES,
        [_file(face[3]).stat().st_size for face in _FACES],
        fonttools,
        uharfbuzz.__version__,
        Path(__file__).read_text("utf-8"),
    ]
    file = _folder / hashlib.sha256(json.dumps(facts).encode("ascii")).hexdigest()
    kept = _kept(file)
    if kept is not None:
        return kept
    with contextlib.ExitStack() as stack:
        made = None
        with contextlib.suppress(OSError):  # a full disk: the next process makes them again
            _folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context((_folder / "lock").open("w"))
            if fcntl:
                fcntl.flock(lock, fcntl.LOCK_EX)  # whoever makes the same is waited for
            made = _kept(file)
        if made is None:
            made = _made(codes)
            with contextlib.suppress(OSError):
                aside = file.with_name(f"{file.name}.{os.getpid()}")
                aside.write_text(f"{hashlib.sha256(made.encode('ascii')).hexdigest()}\n{made}", "ascii")
                aside.replace(file)
    return made


def _kept(file: Path) -> str | None:
    with contextlib.suppress(OSError, ValueError):
        digest, _, kept = file.read_text("ascii").partition("\n")
        if digest == hashlib.sha256(kept.encode("ascii")).hexdigest():
            return kept
    return None


def _made(codes: list[int]) -> str:
    return "\n".join(
        f"@font-face{{font-family:'{family}';font-weight:{weight};font-style:{style};font-display:block;"
        f"src:url(data:font/woff2;base64,{_woff2(file, codes)}) format('woff2')}}"
        for family, weight, style, file in _FACES
    )


def _file(name: str) -> Path:
    return next(path for folder in FOLDERS if (path := Path(folder) / name).is_file())


def _woff2(name: str, codes: list[int]) -> str:
    # HarfBuzz takes a thousandth of the time that fontTools' own subsetter does; fontTools packs what is left.
    wanted = uharfbuzz.SubsetInput()
    wanted.unicode_set.update(codes)
    wanted.layout_feature_tag_set.clear()
    wanted.layout_feature_tag_set.update(int.from_bytes(feature.encode("ascii"), "big") for feature in _FEATURES)
    wanted.flags = uharfbuzz.SubsetFlags.NO_HINTING | uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
    shrunk = uharfbuzz.subset(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(_file(name)))), wanted).blob.data
    font = TTFont(io.BytesIO(shrunk), recalcTimestamp=False)  # the day of building must not show in the bytes
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out, reorderTables=False)
    return base64.b64encode(out.getvalue()).decode("ascii")
