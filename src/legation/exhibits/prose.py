"""Sentences whose numbers were computed."""

from __future__ import annotations

import re
import string
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from legation.errors import InputError
from legation.exhibits import style

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~$^@&{}!])")
#: What may stand after the colon of a field, besides what ``str.format`` knows.
FORMS: dict[str, Callable[[float], str]] = {
    "percent": style.percent,
    "+percent": lambda value: style.percent(value, sign=True),
    "number": style.decimal,
    "times": lambda value: f"{style.decimal(value)} times",
    "ordinal": lambda value: style.ordinal(int(value)),
}


class Prose:
    """Markdown that a notebook cell shows as running text."""

    def __init__(self, markdown: str) -> None:
        self.markdown = markdown

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        return self.markdown


class _Missing(Exception):  # noqa: N818 - a signal, not an error
    """A field's value is missing."""


class _Fields(string.Formatter):
    """``str.format`` with the house's forms, refusing what is missing, and taking from values what is markup."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def format_field(self, value: Any, format_spec: str) -> str:
        if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
            raise _Missing
        if format_spec == "money":
            text = style.money(float(value), self.currency)
        elif format_spec in FORMS:
            text = FORMS[format_spec](float(value))
        else:
            text = super().format_field(value, format_spec)
        return style.onward(plain(text))


def say(*templates: str, currency: str = "USD", **values: Any) -> Prose:
    """Running text with computed values in it: the first of the templates for which no value is missing.

    Parameters
    ----------
    templates
        Markdown written by the analyst, with fields in braces; after the first, what to say instead where a value of
        those before is missing. After a colon a field may name a form: ``money``, ``percent``, ``+percent`` (with its
        sign), ``times``, ``number``, ``ordinal``, or whatever ``str.format`` takes.
    currency
        The currency of ``money``.
    values
        What the fields stand for: shares and growth as ratios, money in whole units. A text is shown as it is and
        never read as markup.

    Raises
    ------
    InputError
        If every template has a field whose value is missing, or a field was given no value at all.

    Examples
    --------
    >>> say("{country} sold {share:percent} of it.", country="Viet Nam", share=0.104)
    Viet Nam sold 10\u00a0% of it.
    """
    fields = _Fields(currency)
    for template in templates:
        try:
            return Prose(fields.vformat(textwrap.dedent(template).strip(), (), values).rstrip())
        except _Missing:
            continue
        except KeyError as error:
            raise InputError(
                f"The sentence '{_start(template)}' has a field {{{error.args[0]}}} that say() was given no value for."
            ) from None
    missing = [name for name, value in values.items() if pd.api.types.is_scalar(value) and pd.isna(value)]
    raise InputError(
        f"The sentence '{_start(templates[0])}' needs {listed(missing)}, which is not reported. "
        "Give say() another sentence after it, for that case."
    )


def plain(text: str) -> str:
    """Text that Markdown shows as it is: marks escaped, line breaks turned into spaces."""
    return _MARKUP.sub(r"\\\1", re.sub(r"[ \t\r\n\f\v]+", " ", text).strip()).replace("--", r"\-\-")


def listed(words: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"; an empty list gives "none"."""
    if len(words) < 2:
        return words[0] if words else "none"
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _start(template: str) -> str:
    words = " ".join(template.split())
    return words if len(words) <= 60 else f"{words[:60]}…"
