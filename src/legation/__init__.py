"""Legation: analytical reports on trade and treaties that can be checked."""


def version() -> str:
    """The version installed. Looked up when asked for: what it takes is a tenth of a build that has nothing to do."""
    from importlib.metadata import version as installed

    return installed("legation")
