"""The one error that is the reader's to mend, and the hint that goes with a misspelt name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something given to Legation is wrong: a table, a report spec, a parameter, a notebook's text.

    Its message is a sentence that says what is wrong, where, and what to do. The press prints it without a
    traceback and ends with exit status 2; any other exception counts as a fault in code and keeps its traceback.
    """


def nearest(word: str, known: Iterable[object], *, at_least: float = 0.6) -> str:
    """A hint at the name that was probably meant, as " (did you mean 'x'?)", or nothing.

    ``at_least``: how alike the two must be, from 0 to 1, as ``difflib`` measures it.
    """
    close = difflib.get_close_matches(word, [str(name) for name in known], n=1, cutoff=at_least)
    return f" (did you mean '{close[0]}'?)" if close else ""
