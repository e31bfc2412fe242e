"""The numbers behind every exhibit as an Excel workbook: one sheet each, and a first one that lists them."""

from __future__ import annotations

import io
import math
import re
from typing import Any

from legation.press import markup, ooxml
from legation.press.document import Document, Exhibit
from legation.times import as_taken, in_words

#: What Excel takes for its own: an escaped character, as in ``_x000D_``.
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_MOST_LETTERS = 32_767  # of a cell
_CUT = " … (cut off here; the CSV has all of it)"
_MOST_DIGITS = 2**53  # above this Excel would round a whole number
_NARROWEST, _WIDEST, _WIDEST_TITLE = 8, 48, 90  # of columns, in letters
_TENTH = 0.1  # a smaller number would be shown as none
_FEW = 6  # vintages that are told one by one
_ROWS_LOOKED_AT = 500  # for the width of a column
_HEAD = 8  # the row of the columns' names
_CONTENTS = "Contents"


def workbook(document: Document) -> bytes:
    """The workbook: ``Contents``, then a sheet called after each exhibit that has numbers, such as ``Figure 3``.

    Title, subtitle, source, vintage and notes stand above the numbers. A number is a number, what was not reported an
    empty cell, and a text a text, whatever it begins with.
    """
    from openpyxl import Workbook  # not for who wants no workbook

    exhibits = [exhibit for exhibit in document.exhibits if "data" in exhibit.content]
    book = Workbook()
    contents = book.active
    contents.title = _CONTENTS
    _list(contents, document, exhibits)
    for exhibit in exhibits:
        _fill(book.create_sheet(exhibit.label), exhibit)
    for sheet in book:
        sheet.sheet_view.showGridLines = False
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    out = io.BytesIO()
    book.save(out)
    return ooxml.packed(ooxml.parts(out.getvalue()) | {ooxml.CORE: ooxml.core(document)})


def _list(sheet: Any, document: Document, exhibits: list[Exhibit]) -> None:
    """The first sheet: what the report is, and a line with a link for each of the others."""
    about = [*document.authors, f"Data retrieved to {document.as_of_in_words}" if document.as_of else ""]
    _above(sheet, [document.title, document.subtitle or "", ". ".join(filter(None, about))])
    if not exhibits:
        _put(sheet, 5, 1, "This report shows no numbers.")
        return
    _put(sheet, 4, 1, "An empty cell is a value that was not reported.", muted=True)
    names = ["Sheet", "Title", "What is counted", "Rows", "Source"]
    for place, name in enumerate(names, start=1):
        _name(sheet, 6, place, name, right=name == "Rows")
    for row, exhibit in enumerate(exhibits, start=7):
        content = exhibit.content
        told = [exhibit.label, content["title"], content["subtitle"], len(content["data"]["rows"]), content["source"]]
        for place, said in enumerate(told, start=1):
            _put(sheet, row, place, said)
        _link(sheet, row, exhibit.label)
    titles, counted = (max(len(exhibit.content[key]) for exhibit in exhibits) for key in ("title", "subtitle"))
    for letter, width in zip("ABCDE", (12, titles, counted, 8, _WIDEST), strict=True):
        sheet.column_dimensions[letter].width = min(width + 2, _WIDEST_TITLE)
    sheet.freeze_panes = "A7"
    sheet.print_title_rows = "6:6"


def _fill(sheet: Any, exhibit: Exhibit) -> None:
    """An exhibit's sheet."""
    from openpyxl.utils import get_column_letter

    content, data = exhibit.content, exhibit.content["data"]
    above = [content["title"], content["subtitle"], content["source"], _vintages(content.get("sources", []))]
    _above(sheet, [*above, " ".join(content.get("notes") or [])])
    _put(sheet, 6, 1, _CONTENTS)
    _link(sheet, 6, _CONTENTS)
    for place, column in enumerate(data["columns"], start=1):
        cells = [row[place - 1] for row in data["rows"]]
        form, unit = _form(column["name"], cells), f" ({column['unit']})" if column["unit"] else ""
        label = column["name"].replace("_", " ") + unit
        _name(sheet, _HEAD, place, label, right=column["type"] not in ("string", "boolean"))
        for row, cell in enumerate(cells, start=_HEAD + 1):
            if cell is not None:
                _put(sheet, row, place, cell, form=form)
        longest = max([len(label), *(len(_shown(cell)) for cell in cells[:_ROWS_LOOKED_AT])]) + 2
        sheet.column_dimensions[get_column_letter(place)].width = min(max(longest, _NARROWEST), _WIDEST)
    sheet.freeze_panes = sheet.cell(_HEAD + 1, 1)
    sheet.print_title_rows = f"{_HEAD}:{_HEAD}"


def _vintages(sources: list[dict[str, Any]]) -> str:
    """Of which date the figures of each producer are, of many from when to when; and when the last were retrieved."""
    dated = dict.fromkeys(
        f"{entry['producer']}, {in_words(entry.get('vintage') or '') or as_taken(entry) or 'not stated'}"
        for entry in sources
    )
    stated = sorted(entry["vintage"] for entry in sources if entry.get("vintage"))
    if len(dated) > _FEW and stated:
        span = f"from {in_words(stated[0])} to {in_words(stated[-1])}"
        dated = {f"{span}, of {len(sources)} sources, which the report lists": None}
    last = max((entry["retrieved"] for entry in sources if entry.get("retrieved")), default=None)
    retrieved = f" Retrieved to {in_words(last)}." if last else ""
    return f"Vintage: {'; '.join(dated) or 'not stated'}.{retrieved}"


def _above(sheet: Any, lines: list[str]) -> None:
    """The lines above the numbers, the first of which is the title."""
    from openpyxl.styles import Font

    for row, line in enumerate(lines, start=1):
        if line:
            _put(sheet, row, 1, line, muted=row > 1)
    sheet["A1"].font = Font(name="Calibri", size=14, bold=True)


def _name(sheet: Any, row: int, place: int, label: str, *, right: bool) -> None:
    """The name of a column."""
    from openpyxl.styles import Alignment, Border, Font, Side

    cell = _put(sheet, row, place, label)
    cell.font = Font(name="Calibri", size=11, bold=True)
    cell.alignment = Alignment(wrap_text=True, vertical="bottom", horizontal="right" if right else "left")
    cell.border = Border(bottom=Side("thin"))


def _put(sheet: Any, row: int, place: int, value: Any, *, form: str | None = None, muted: bool = False) -> Any:
    """Put a value into a cell, a text never as a formula; returns the cell."""
    from openpyxl.styles import Font

    cell = sheet.cell(row, place)
    if isinstance(value, bool) or (_is_number(value) and abs(value) <= _MOST_DIGITS):
        cell.value = value
        if form and not isinstance(value, bool):
            cell.number_format = form
    else:
        text = _ESCAPED.sub("_x005F_", markup.printable(_shown(value)))
        cell.value = text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - len(_CUT)] + _CUT
        cell.data_type = "s"
        cell.quotePrefix = text[:1] in ("=", "+", "-", "@")  # stays a text when it is edited, too
    if muted:
        cell.font = Font(name="Calibri", size=11, color="57606A")
    return cell


def _link(sheet: Any, row: int, target: str) -> None:
    """Lead from the first cell of a row to another sheet."""
    from openpyxl.styles import Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    cell = sheet.cell(row, 1)
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{target}'!A1")
    cell.font = Font(name="Calibri", size=11, color="8A1C1C", underline="single")


def _form(name: str, cells: list[Any]) -> str | None:
    """How a column of numbers is shown: large ones with their thousands apart, years and small ones as they are."""
    numbers = [abs(cell) for cell in cells if _is_number(cell) and cell]
    if name == "year" or max(numbers, default=0) < 10_000 or min(numbers) < _TENTH:
        return None
    return "#,##0" if all(number == int(number) for number in numbers) else "#,##0.0"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
