"""Rooms that read: tables that keep a contract, and the sources behind every row."""

from legation.checkout import home
from legation.data.catalogue import (
    as_of,
    check,
    check_codes,
    citation,
    country_names,
    datasets,
    members,
    open,
    preferred,
    preload_for_kernels,
    shipped,
    sources,
    unused,
    vintage_said,
    write_hashes,
)
from legation.data.claims import ledger as claim_ledger
from legation.data.texts import whole as treaty_texts
from legation.data.treaties import register as treaty_register

__all__ = [
    "as_of",
    "check",
    "check_codes",
    "citation",
    "claim_ledger",
    "country_names",
    "datasets",
    "home",
    "members",
    "open",
    "preferred",
    "preload_for_kernels",
    "shipped",
    "sources",
    "treaty_register",
    "treaty_texts",
    "unused",
    "vintage_said",
    "write_hashes",
]
