"""Legation: analytical reports on trade and treaties that can be checked."""

from importlib.metadata import version

__version__ = version("legation")
