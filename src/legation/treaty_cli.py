"""``legation treaty``: bring treaty texts into the cache, see what is in one, and draft a register file from it.

Only here do the register (what a treaty should be) and the segmenter (what a text is) meet: together they decide
whether a page is the treaty.
"""

from __future__ import annotations

import calendar
import datetime
import io
import json
import re
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from legation import completing
from legation.errors import InputError

if TYPE_CHECKING:  # pandas and pydantic are loaded only by the command that needs them
    from legation.analysis.segment import Part, Segmented
    from legation.data.fetching import Fetcher
    from legation.data.texts import Check, Document, Finding, Outcome, Record
    from legation.data.treaties import Codebook, Treaty

_PARTS_SHOWN = 60  # letters of a heading in the table


@click.group()
def treaty() -> None:
    """Fetch, read and draft treaties. data/treaties/README.md tells how they are coded.

    \b
    legation treaty segment treaty.txt
    legation treaty draft treaty.txt --id 2025-malta-fiji --party MLT --party FJI
    """


@treaty.command("texts")
@click.argument("ids", nargs=-1, metavar="[ID]...", shell_complete=completing.treaties)
@click.option("--again", is_flag=True, help="Fetch also what is in the cache.")
@click.option("--language", metavar="CODE", help="Only texts in this language (ISO 639-3, such as eng).")
def texts(ids: tuple[str, ...], again: bool, language: str | None) -> None:
    """Fetch the registered texts of the treaties ID, or of all, into data/cache/treaties/.

    A page is kept only if it is the treaty: enough articles, the parties named. What is there is not fetched again.

    Exit status: 0 every text is in the cache, 1 some are not, 2 something given was wrong.

    \b
    legation treaty texts
    legation treaty texts 2024-russia-dprk --language eng
    """
    from legation.data.texts import Origin, acquire
    from legation.data.treaties import treaties

    register = treaties()
    chosen = [_known(name, register) for name in dict.fromkeys(ids)] or list(register.values())
    if language and not re.fullmatch("[a-z]{3}", language):
        raise InputError(f"'{language}' is no language code. Use three small letters of ISO 639-3, such as eng.")
    fetcher = _fetcher(private=False)
    outcomes: list[Outcome] = []
    for entry in chosen:
        published = [text for text in entry.texts if language in (None, text.language)]
        if not published:
            click.echo(f"{entry.id}: the register gives no address{f' in {language}' if language else ''}.")
        for text in published:
            origin = Origin(
                treaty=entry.id,
                address=text.address,
                publisher=text.publisher,
                language=text.language,
                authentic=text.authentic,
                translation=text.translation,
                extent=text.extent,
            )
            check = is_the_treaty(entry, language=text.language, part=text.extent == "part", shown=text.address)
            outcomes.append(acquire(origin, check, fetcher, again=again))
            _tell(outcomes[-1])
    states = Counter(outcome.state for outcome in outcomes)
    click.echo(
        f"{len(outcomes)} {'address' if len(outcomes) == 1 else 'addresses'}: {states['kept']} kept, "
        f"{states['there']} already there, {states['refused']} refused, {states['failed']} not reached."
    )
    sys.exit(0 if all(outcome.good for outcome in outcomes) else 1)


@treaty.command("add")
@click.argument("source", metavar="FILE|ADDRESS")
@click.option(
    "--id",
    "name",
    required=True,
    metavar="ID",
    help="The treaty, as in data/treaties/.",
    shell_complete=completing.treaties,
)
@click.option("--translation", metavar="WORDS", help="Who translated it, from what.")
@click.option("--language", default="eng", show_default=True, metavar="CODE", help="ISO 639-3.")
@click.option("--publisher", metavar="WORDS", help="Who published it.")
@click.option("--authentic/--not-authentic", default=None, help="Whether the language is one the treaty was made in.")
@click.option("--part", is_flag=True, help="It holds only a part of the treaty.")
@click.option("--new", is_flag=True, help="The register does not have the treaty yet.")
@click.option("--encoding", metavar="NAME", help="How a file's bytes are to be read.")
@click.option("--private", is_flag=True, help="The address may be in your own network.")
@click.option("--again", is_flag=True, help="Replace the text that was added from there before.")
def add(
    source: str,
    name: str,
    translation: str | None,
    language: str,
    publisher: str | None,
    authentic: bool | None,
    part: bool,
    new: bool,
    encoding: str | None,
    private: bool,
    again: bool,
) -> None:
    """Put a text of your own into the cache, from a FILE or an ADDRESS.

    It is held against the register as a fetched one is; two treaties in one file, or two languages, are refused.

    Exit status: 0 it is in the cache, 1 the address was not reached, 2 something given was wrong.

    \b
    legation treaty add treaty.pdf --id 1961-china-dprk --language eng
    """
    from legation.data import texts as room
    from legation.data.treaties import treaties

    register = treaties()
    if new and name in register:
        raise InputError(f"The register has {name} already. Leave out --new.")
    known = None if new else _known(name, register, remedy=" If the treaty is not in the register yet, say --new.")
    if not re.fullmatch("[a-z]{3}", language):
        raise InputError(f"'{language}' is no language code. Use three small letters of ISO 639-3, such as eng.")
    remote = "://" in source
    origin = room.Origin(
        treaty=name,
        address=source if remote else Path(source).name,
        publisher=publisher,
        language=language,
        authentic=authentic,
        translation=translation,
        extent="part" if part else "whole",
        own=True,
    )
    shown = _plain(source)

    def check(document: Document) -> Finding:
        _refuse_mixed(_segmented(document, shown), shown)
        if known is None:
            return _any_treaty(shown, part=part)(document)
        return is_the_treaty(known, language=language, part=part, shown=shown)(document)

    if remote:
        if encoding is not None:
            raise InputError("--encoding is for a file. Save the page, and give the file.")
        outcome = room.acquire(origin, check, _fetcher(private=private), again=again)
    else:
        outcome = _add_file(origin, Path(source), check, encoding, again)
    _tell(outcome)
    sys.exit({"failed": 1, "refused": 2}.get(outcome.state, 0))


@treaty.command("segment")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--text", "with_text", is_flag=True, help="With --json: print also the text that the offsets count.")
@click.option("--articles", type=click.IntRange(1, 1000), metavar="N", help="How many articles the treaty has.")
@click.option("--encoding", metavar="NAME", help="How the file's bytes are to be read.")
def segment_(file: Path, as_json: bool, with_text: bool, articles: int | None, encoding: str | None) -> None:
    """Print the parts of the treaty in FILE, in order, and every doubt about them.

    Start and end count characters of the text that was read: for a plain-text file its own (line ends as one
    character), for HTML and PDF those that --text prints.

    \b
    legation treaty segment treaty.txt --articles 23
    """
    from legation.data.texts import read_file

    shown = _plain(str(file))
    document = read_file(file, encoding=encoding)
    found = _segmented(document, shown, expected=articles)
    problems = [*document.doubts, *found.problems]
    if as_json:
        result: dict[str, Any] = {
            "file": shown,
            "form": document.form,
            "encoding": document.encoding,
            "sha256": document.text_sha256,
            "length": len(document.text),
            "parts": [_as_json(part) for part in found.parts],
            "problems": problems,
        }
        if with_text:
            result["text"] = document.text
        click.echo(json.dumps(result, indent=1))
    else:
        click.echo(f"{shown}: {document.form}, {len(document.text):,} characters, {len(found.articles)} articles")
        click.echo(f"{'part':<11} {'label':<18} {'number':<8} {'start':>9} {'end':>9}  heading")
        for part in found.parts:
            inset = "  " if part.kind == "paragraph" else ""
            heading = _plain(" ".join((part.heading or "").split()))
            click.echo(
                f"{inset + part.kind:<11} {_plain(' '.join(part.label.split()))[:18]:<18} {part.number or '':<8} "
                f"{part.start:>9,} {part.end:>9,}  {heading[:_PARTS_SHOWN]}".rstrip()
            )
    for problem in problems:
        click.echo(f"{shown}: {_plain(problem)}", err=True)


@treaty.command("draft")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--id", "name", required=True, metavar="ID", help="The new treaty: data/treaties/ID.yml is written.")
@click.option("--party", "parties", multiple=True, metavar="CODE", help="A party (ISO 3166-1); repeat it.")
@click.option("--language", default="eng", show_default=True, metavar="CODE", help="The text's language (ISO 639-3).")
@click.option("--encoding", metavar="NAME", help="How the file's bytes are to be read.")
def draft(file: Path, name: str, parties: tuple[str, ...], language: str, encoding: str | None) -> None:
    """Write a register file for review from the treaty in FILE.

    Each article's likely types come from the rules of data/treaties/codebook.yml, each marked 'reviewed: false' with
    the words that led there; none of them counts as coded until you have taken the mark away. A file that exists is
    never overwritten.

    \b
    legation treaty draft treaty.txt --id 2025-malta-fiji --party MLT --party FJI
    """
    from legation.checkout import home
    from legation.data.texts import read_file
    from legation.data.treaties import codebook, load

    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or name == "codebook" or len(name) > 80:
        raise InputError(
            f"'{_plain(name)}' is no identifier. Use small letters, digits and hyphens: 1907-ardania-velmark."
        )
    if not re.fullmatch("[a-z]{3}", language):
        raise InputError(f"'{language}' is no language code. Use three small letters of ISO 639-3, such as eng.")
    target = home() / "data" / "treaties" / f"{name}.yml"
    exists = InputError(
        f"data/treaties/{name}.yml exists, and is not overwritten. Choose another --id, or move the file."
    )
    if target.exists() or target.is_symlink():
        raise exists
    shown = _plain(str(file))
    document = read_file(file, encoding=encoding)
    found = _segmented(document, shown)
    _refuse_mixed(found, shown)
    book = codebook()
    content = _drafted(name, shown, document, found, book, parties, language)
    with TemporaryDirectory() as folder:  # the register is read as a whole: only a file it accepts may join it
        trial = Path(folder) / f"{name}.yml"
        trial.write_text(content, encoding="utf-8", newline="\n")
        made = load(trial, book)
    try:
        with target.open("x", encoding="utf-8", newline="\n") as out:
            out.write(content)
    except FileExistsError:
        raise exists from None
    except OSError as error:
        raise InputError(f"data/treaties/{name}.yml cannot be written ({error.strerror}).") from None
    for problem in (*document.doubts, *found.problems):
        click.echo(f"{shown}: {_plain(problem)}", err=True)
    articles = {provision.article for provision in made.provisions}
    click.echo(
        f"data/treaties/{name}.yml: {len(made.provisions)} suggestions on {len(articles)} parts, none of them "
        "reviewed. Correct them, and take 'reviewed: false' from each that holds."
    )


# ------------------------------------------------------------------------------------------- is this page the treaty?

# How parties are named where the house's short name does not stand in the text: pieces of words, in any language.
_NAMED = {
    "SUN": "soviet|советск|ссср|soviétique|ソヴィエト|ソビエト|쏘베트|소련|苏维埃|蘇聯|xôviết|liênxô",
    "RUS": "russia|росси|russie|로씨야|러시아|ロシア|俄罗斯|俄羅斯|liênbangnga",
    "PRK": "korea|коре|кндр|corée|조선|朝鮮|朝鲜",
    "KOR": "korea|коре|corée|대한민국|大韓民国|韩国",
    "CHN": "china|chinese|кита|кнр|chine|chinoise|중화|中华|中華|中国|trungquốc|trunghoa",
    "VNM": "vietnam|вьетнам|việtnam|越南|베트남|ベトナム",
    "JPN": "japan|япон|japon|日本|일본",
    "USA": "unitedstates|соединенныештаты|соединённыештаты|étatsunis|états-unis|合衆国|미합중국|미국|hoakỳ",
    "IRN": "iran|иран|ایران",
    "ARM": "armenia|армени",
    "KAZ": "kaza[kh]|каза",
    "KGZ": "kyrgyz|kirghiz|кыргыз|киргиз",
    "TJK": "ta[dj]+[zh]*ikist|таджикист",
    "UZB": "uzbekist|узбекист",
    "BLR": "belarus|беларус|белорус",
    "GBR": "unitedkingdom|greatbritain|northernireland|великобритан|royaume-uni",
    "FRA": "france|french|франц|français",
    "CSK": "czechoslovak|чехослова",
    "DDR": "germandemocratic|германскойдемократ",
    "CZE": "czech",
    "TUR": "turk|türk",
    "NLD": "netherlands|holland",
    "VEN": "venezuela",
    "LAO": "lao",
    "MMR": "myanmar|burma",
    "KHM": "cambodia|kampuchea",
}
_FAR_EASTERN = re.compile(r"제\s*(\d{1,3})\s*조|第\s*([0-9０-９]{1,3}|[一二三四五六七八九十百]{1,5})\s*[条條]")


def is_the_treaty(entry: Treaty, *, language: str, part: bool, shown: str) -> Check:
    """A check that refuses a document which is not the treaty of the register.

    It must have about as many articles as the register expects (one fifth or two may be off: editions drop and split
    some), in the document as a whole or in one of the instruments in it, and name the parties: both of two; of more,
    most of the first ones, or bear the treaty's title, since a multilateral text often names its parties only in the
    signatures, and those get left out. A part must name one party.
    """
    expected = entry.articles.count if entry.articles else None

    def check(document: Document) -> Finding:
        from legation.data.texts import Finding

        found = _segmented(document, shown)
        doubts = [*found.problems]
        counts = _counts(found, document.text)
        counted: int | None = None
        if not part:
            if not counts:
                raise InputError(
                    f"{shown}: no articles were found; this is not the text of {entry.id}, or not as text. Look at the "
                    "page, and correct the address."
                )
            counted = min(counts.values(), key=lambda count: abs(count - (expected or max(counts.values()))))
            if expected and abs(counted - expected) > max(2, expected // 5):
                raise InputError(
                    f"{shown}: {counted} articles were found, but {entry.id} has {expected}: this is another text, a "
                    "part of it, or several. Look at the page, and correct the address."
                )
            if expected and counted != expected:
                doubts.append(f"{expected} articles were expected and {counted} found.")
            if len(counts) > 1:
                doubts.append(f"It holds {len(counts)} instruments; only one of them is {entry.id}.")
        elif counts:
            counted = max(counts.values())
        whole = f"{document.title}\n{document.text}"
        named, missing, unknown = _parties(entry, whole, language)
        first = [party.code for party in entry.parties if party.since is None]
        if len(first) == 2 or part:
            refused = bool(missing) and (len(first) == 2 or not named)
        else:  # three in four; where the title cannot be looked for because it is in English, half
            share = 0.75 if language == "eng" else 0.5
            refused = len(named) < share * (len(named) + len(missing)) and not _says_title(entry.title, whole)
        if refused:
            raise InputError(
                f"{shown}: it does not name {' or '.join(missing) if len(missing) < 4 else 'the parties'}; this is not "
                f"the text of {entry.id}. Look at the page, and correct the address."
            )
        if unknown:
            doubts.append(
                f"Whether it names {', '.join(unknown)} was not checked: the names in '{language}' are not known."
            )
        return Finding(counted, tuple(doubts))

    return check


def _any_treaty(shown: str, *, part: bool) -> Check:
    """A check for a treaty that the register does not have: articles are all that can be asked for."""

    def check(document: Document) -> Finding:
        from legation.data.texts import Finding

        found = _segmented(document, shown)
        counts = _counts(found, document.text)
        if not counts and not part:
            raise InputError(f"{shown}: no articles were found. Give the text of a treaty, or say --part.")
        return Finding(max(counts.values(), default=None), found.problems)

    return check


def _counts(found: Segmented, text: str) -> dict[str, int]:
    """Articles of each instrument in a text; annexes do not count."""
    numbers: dict[str, set[str]] = {}
    for part in found.articles:
        if part.within is None or part.within.startswith("instrument "):
            numbers.setdefault(part.within or "", set()).add(part.number or part.label)
    if not numbers:
        eastern = {match.group(1) or match.group(2) for match in _FAR_EASTERN.finditer(text)}
        numbers = {"": eastern} if eastern else {}
    return {within: len(labels) for within, labels in numbers.items()}


def _parties(entry: Treaty, text: str, language: str) -> tuple[list[str], list[str], list[str]]:
    """The first parties that the text names, that it does not name, and whose names are not known, by house name."""
    from legation.data import country_names
    from legation.data.treaties import codebook

    house = country_names() | {state.code: state.name for state in codebook().former_states}
    flat = re.sub(r"\s+", "", text.casefold())  # scanners put spaces into names
    named, missing, unknown = [], [], []
    for code in dict.fromkeys(party.code for party in entry.parties if party.since is None):
        pattern = _NAMED.get(code)
        latin = re.fullmatch(r"[a-z|\[\]+*-]+", pattern or "") is not None
        if pattern is None and code in house:
            pattern, latin = re.escape(re.sub(r"\s+", "", house[code].casefold())), True
        name = house.get(code, code)
        if pattern and re.search(pattern, flat):
            named.append(name)
        elif pattern is None or (latin and language != "eng"):
            unknown.append(name)
        else:
            missing.append(name)
    return named, missing, unknown


def _says_title(title: str, text: str) -> bool:
    """Whether a title stands in the text, however it is spaced, hyphenated or spelt (defence, defense)."""

    def flat(words: str) -> str:
        return re.sub(r"[\W_]+", "", words.casefold()).replace("defence", "defense")

    return flat(title) in flat(text)


def _segmented(document: Document, shown: str, *, expected: int | None = None) -> Segmented:
    from legation.analysis.segment import segment

    try:
        return segment(document.text, expected_articles=expected)
    except InputError as error:
        raise InputError(f"{shown}: {error}") from None


def _refuse_mixed(found: Segmented, shown: str) -> None:
    """Two treaties or two languages in one text would be mixed in every comparison."""
    for problem in found.problems:
        if "more than one language" in problem:
            raise InputError(f"{shown}: {problem[0].lower()}{problem[1:]}")
    if any(part.within and part.within.startswith("instrument ") for part in found.parts):
        raise InputError(
            f"{shown}: it holds more than one treaty, or one twice: its articles begin again. Cut it so that each file "
            "holds one, and give them one at a time."
        )


# --------------------------------------------------------------------------------------------------------------- draft


def _drafted(
    name: str,
    shown: str,
    document: Document,
    found: Segmented,
    book: Codebook,
    wanted: tuple[str, ...],
    language: str,
) -> str:
    """The register file: what the text says of itself, and suggestions."""
    from ruamel.yaml import YAML

    own = [part for part in found.parts if part.within is None]
    articles = [part for part in own if part.kind == "article"]
    if not articles:
        raise InputError(f"{shown}: no articles were found, so there is nothing to draft. Is it the text of a treaty?")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    text = document.text
    title = next((_title(text[part.start : part.end]) for part in own if part.kind == "title"), "")
    title = (title or _one_line(document.title) or name)[:240]
    opening = text[: articles[0].start][-6000:] or text[:3000]
    codes = [_party(code) for code in wanted] or _named_in(title)
    if not wanted and len(codes) < 2:
        codes = _named_in(opening)
    if len(set(codes)) < 2:
        raise InputError(
            f"{shown}: the parties were not recognised. Name them: --party CODE --party CODE (ISO 3166-1 alpha-3)."
        )
    provisions: list[dict[str, Any]] = []
    silent: list[str] = []
    used: set[tuple[str, str]] = set()
    for part in own:
        if part.kind not in ("preamble", "article"):
            continue
        words = text[part.start : part.end]
        label = "preamble" if part.kind == "preamble" else _number(part)
        suggestions = book.suggestions(words)
        fresh = {kind: words for kind, words in suggestions.items() if (label, kind) not in used}
        used.update((label, kind) for kind in fresh)
        provisions += [_suggestion(label, kind, led, words, language) for kind, led in fresh.items()]
        if not suggestions and part.kind == "article":
            silent.append(label)
    if not provisions:
        raise InputError(
            f"{shown}: no rule of data/treaties/codebook.yml fires on any of the {len(articles)} articles, so there is "
            "nothing to draft. The rules are in English; amend them, or code the treaty by hand."
        )
    content = {
        "id": name,
        "title": title,
        "short": name[:28],
        "parties": [{"code": code} for code in dict.fromkeys(codes)],
        "parties_sources": ["text"],
        "signed": {"date": None, "sources": ["text"]},
        "in_force": {"date": None, "sources": ["text"]},
        "ended": None,
        "term": {
            "duration": "unknown",
            "renewal": "unknown",
            "withdrawal": "unknown",
            "gist": "Not read yet.",
            "sources": ["text"],
            "confidence": "low",
        },
        "articles": {"count": len({part.number for part in articles}), "sources": ["text"]},
        "provisions": provisions,
        "sources": [
            {
                "id": "text",
                "producer": "not stated",
                "title": Path(shown).name or shown,
                "retrieved": today,
                "kind": "reference",
                "note": f"The file that was drafted from; sha256 of its bytes {document.sha256}.",
            }
        ],
    }
    yaml = YAML()
    yaml.width = 110
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(content, out)
    head = [
        "# yaml-language-server: $schema=../../docs/schema/treaty.json",
        "# A draft, made by `legation treaty draft`: nobody has reviewed it.",
        "# Every provision marked 'reviewed: false' is a suggestion of a rule in codebook.yml and counts as not coded.",
        "# For each: correct type, obligation, gist and the rest, then take the mark away; or remove it.",
        "# To fill in: dates, term, source. To check: the title as printed, and the parties as named in it.",
    ]
    done = _done_at(text[articles[0].start :])
    if done:
        head.append(done)
    if silent:
        head.append(f"# No type was suggested for: {', '.join(silent)}.")
    if found.problems:
        head.append("# What the reading of the text reported:")
        head += [f"#   {_plain(' '.join(problem.split()))}" for problem in found.problems]
    return "\n".join(head) + "\n\n" + out.getvalue()


def _suggestion(label: str, kind: str, led: list[str], text: str, language: str) -> dict[str, Any]:
    from legation.data.treaties import PHRASE_LETTERS, PHRASE_WORDS

    phrases = [
        {"text": words, "source": "text"} | ({"language": language} if language != "eng" else {})
        for words in dict.fromkeys(_one_line(words) for words in led)
        if words and len(words.split()) <= PHRASE_WORDS and len(words) <= PHRASE_LETTERS
    ]
    return {
        "article": label,
        "type": kind,
        "obligation": "declaratory" if label == "preamble" else _obligation(text),
        "binds": ["all"],
        **({"phrases": phrases} if phrases else {}),
        "gist": "Suggested by a rule of the codebook; not read yet.",
        "sources": ["text"],
        "confidence": "low",
        "reviewed": False,
    }


def _obligation(text: str) -> str:
    """The strongest modal verb of an article; a first guess, as everything in a draft."""
    for level, pattern in (
        ("shall", r"\b(shall|undertakes?|are obliged|is obliged|will)\b"),
        ("should", r"\b(should|endeavou?r|seek to)\b"),
        ("may", r"\b(may|is entitled|are entitled)\b"),
    ):
        if re.search(pattern, text, re.IGNORECASE):
            return level
    return "declaratory"


def _number(part: Part) -> str:
    """An article's label as printed, without the word: 4, IV, 9.9."""
    printed = part.label.split()[-1].strip(".:–—-()[]*#") if part.label.split() else ""
    roman = re.fullmatch(r"[IVXLC]+", printed) is not None
    return printed if roman else (part.number or printed or part.label)


def _title(printed: str) -> str:
    """A title on one line, without the marks of Markdown and without comments before it."""
    lines = [line for line in printed.splitlines() if line.strip()]
    own = [line for line in lines if not line.lstrip().startswith("#")]
    return _one_line(" ".join(own or [line.lstrip("# ") for line in lines]).strip("*_ "))


def _one_line(words: str) -> str:
    return _plain(" ".join(words.split()))


def _party(code: str) -> str:
    from legation.data import country_names
    from legation.data.treaties import codebook

    known = set(country_names()) | {state.code for state in codebook().former_states}
    code = code.upper()
    if not re.fullmatch("[A-Z]{3}", code) or (code == "WLD" or code not in known):
        raise InputError(f"'{_plain(code)}' is no country that data/trade/countries.csv knows. Use ISO 3166-1 alpha-3.")
    return code


def _named_in(opening: str) -> list[str]:
    """The states that a title and preamble name, in their order; a guess for an analyst to check."""
    from legation.data import country_names
    from legation.data.treaties import codebook

    names = {
        "Democratic People's Republic of Korea": "PRK",
        "Democratic People’s Republic of Korea": "PRK",
        "Republic of Korea": "KOR",
        "People's Republic of China": "CHN",
        "People’s Republic of China": "CHN",
        "Union of Soviet Socialist Republics": "SUN",
        "German Democratic Republic": "DDR",
        "Russian Federation": "RUS",
        "Vietnam": "VNM",
        "Türkiye": "TUR",
        "Turkey": "TUR",
        "Czech Republic": "CZE",
        "Great Britain": "GBR",
    }
    names |= _official_names()
    names |= {state.name: state.code for state in codebook().former_states}
    names |= {name: code for code, name in country_names().items() if re.fullmatch("[A-Z]{3}", code) and code != "WLD"}
    found: dict[str, int] = {}
    flat = " ".join(opening.split())
    for name in sorted(names, key=len, reverse=True):  # a long name first: it may hold a short one
        pattern = rf"\b{re.escape(name)}\b"
        for match in re.finditer(pattern, flat, re.IGNORECASE):
            found[names[name]] = min(found.get(names[name], match.start()), match.start())
        flat = re.sub(pattern, lambda match: "-" * len(match.group(0)), flat, flags=re.IGNORECASE)
    return sorted(found, key=lambda code: found[code])


def _official_names() -> dict[str, str]:
    """Longer names of states, as publishers of figures list them, with abbreviations and the order written out.

    'Lao People's Dem. Rep.' stands for 'Lao People's Democratic Republic', 'Iran, Islamic Rep. of' for 'Islamic
    Republic of Iran'. A name that stands for two codes is left out.
    """
    from legation.data import country_names, open

    rows = open("publisher_codes")
    rows = rows[rows["publisher"].isin(_WITH_NAMES) & rows["code"].isin(set(country_names())) & rows["until"].isna()]
    found: dict[str, set[str]] = {}
    for theirs, code in zip(rows["theirs"], rows["code"], strict=True):
        base, comma, before = str(theirs).partition(", ")
        name = f"{before} {base}" if comma and before.endswith(" of") else str(theirs)
        for short, whole in _ABBREVIATED.items():
            name = name.replace(short, whole)
        if re.fullmatch(r"[^\W\d_][\w '’-]{3,}", name) and code != "WLD":
            found.setdefault(name, set()).add(str(code))
    return {name: codes.pop() for name, codes in found.items() if len(codes) == 1}


#: Publishers whose codes are names.
_WITH_NAMES = ("dots", "sipri")
_ABBREVIATED = {"Dem.": "Democratic", "Rep.": "Republic", "Fed.": "Federal", "St.": "Saint"}
_MONTHS = {month: number for number, month in enumerate(calendar.month_name) if month}
_DONE = re.compile(
    r"\b(?-i:Done|DONE|done|Signed|SIGNED)\s+(?:at|in)\s+(?P<place>[^\W\d_][^\d,;.()]{1,40}?),?\s+(?:on\s+)?(?:the\s+)?"
    rf"(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:day\s+)?(?:of\s+)?(?P<month>{'|'.join(_MONTHS)})|"
    rf"(?P<month_first>{'|'.join(_MONTHS)})\s+(?P<day_second>\d{{1,2}})),?\s+(?P<year>\d{{4}})\b",
    re.IGNORECASE,
)


def _done_at(text: str) -> str | None:
    """What the closing formula says of the signature, for the head of a draft; None if none can be read."""
    found = list(_DONE.finditer(" ".join(text.split())))
    if not found:
        return None
    match = found[-1]  # an earlier one may be of a treaty that this one recalls
    month = _MONTHS[(match["month"] or match["month_first"]).capitalize()]
    try:
        day = datetime.date(int(match["year"]), month, int(match["day"] or match["day_second"]))
    except ValueError:
        return None
    entry = f"signed: {{date: {day}, place: {_plain(match['place'])}, sources: [text]}}"
    return f"# It says: {_plain(match.group(0))}. If that is the day: {entry}"


# ------------------------------------------------------------------------------------------------------------- helpers


def _add_file(origin: Any, file: Path, check: Check, encoding: str | None, again: bool) -> Outcome:
    from legation.data import texts as room

    document = room.read_file(file, encoding=encoding)
    before: Record | None = room.find(origin)
    if before is not None and before.sha256 == document.sha256 and not again:
        return room.Outcome(origin, "there", "already in the cache", before)
    if before is not None and not again:
        raise InputError(
            f"{_plain(str(file))}: the cache holds another text of {origin.treaty} that was added from a file of this "
            "name. Say --again to replace it, or give the file another name."
        )
    finding = check(document)
    record = room.keep(origin, file.read_bytes(), document, finding)
    return room.Outcome(origin, "kept", "kept", record)


def _known(name: str, register: dict[str, Treaty], remedy: str = "") -> Treaty:
    import difflib

    if name in register:
        return register[name]
    close = difflib.get_close_matches(name, register, n=1)
    hint = f" (did you mean '{close[0]}'?)" if close else ""
    raise InputError(
        f"The register has no treaty '{_plain(name)}'{hint}. Its files are in data/treaties/, whose README.md tells "
        f"how to add one.{remedy}"
    )


def _tell(outcome: Outcome) -> None:
    """One line for an address; a failure goes where errors go."""
    name, record = outcome.origin.treaty, outcome.record
    if record is None:
        click.echo(f"{name}: {outcome.state}: {_plain(outcome.sentence, 600)}", err=True)
        return
    what = f"{record.articles} articles, " if record.articles is not None else ""
    doubts = f", {len(record.doubts)} doubts" if record.doubts else ""
    state = "kept" if outcome.state == "kept" else "already there"
    click.echo(f"{name}: {state}: {_plain(record.address)} ({what}{record.characters:,} characters{doubts})")
    if outcome.state == "kept":
        for doubt in record.doubts:
            click.echo(f"    {_plain(doubt, 600)}")


def _fetcher(*, private: bool) -> Fetcher:
    from legation.data.fetching import Fetcher

    return Fetcher(private=private)


def _as_json(part: Part) -> dict[str, Any]:
    return {
        "kind": part.kind,
        "label": part.label,
        "number": part.number,
        "heading": part.heading,
        "start": part.start,
        "end": part.end,
        "parent": part.parent,
        "within": part.within,
    }


def _plain(words: str, most: int = 300) -> str:
    """Safe to print: a file's name or a server's words may hold codes that a terminal obeys."""
    return "".join(letter if letter.isprintable() else "?" for letter in words)[:most]
