"""Rooms that show: charts and tables as exhibits, in the house style, and sentences with computed numbers."""

from legation.exhibits.exhibit import MIME, Column, Exhibit, Group
from legation.exhibits.prose import Prose, listed, say
from legation.exhibits.view import Names

__all__ = ["MIME", "Column", "Exhibit", "Group", "Names", "Prose", "listed", "say"]
