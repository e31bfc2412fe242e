"""Rooms that show: charts and tables as exhibits, in the house style, sentences with computed numbers, and findings."""

from legation.exhibits.exhibit import MIME, Column, Exhibit, Group
from legation.exhibits.finding import Finding, Tally
from legation.exhibits.prose import Prose, listed, say
from legation.exhibits.view import Names

__all__ = ["MIME", "Column", "Exhibit", "Finding", "Group", "Names", "Prose", "Tally", "listed", "say"]
