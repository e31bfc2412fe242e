"""The one error that is the reader's to mend."""


class InputError(ValueError):
    """Something given to Legation is wrong: a table, a report spec, a parameter, a notebook's text.

    Its message is a sentence that says what is wrong, where, and what to do. The press prints it without a
    traceback and ends with exit status 2; any other exception counts as a fault in code and keeps its traceback.
    """
