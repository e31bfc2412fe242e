"""Rooms that read: tables that keep a contract, and the sources behind every row."""

from legation.data.catalogue import (
    check,
    check_codes,
    citation,
    country_names,
    datasets,
    home,
    members,
    open,
    sources,
    write_hashes,
)

__all__ = [
    "check",
    "check_codes",
    "citation",
    "country_names",
    "datasets",
    "home",
    "members",
    "open",
    "sources",
    "write_hashes",
]
