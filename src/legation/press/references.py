"""Where a reference leads: to an exhibit or heading of its own chapter, to a chapter, or anywhere in the report."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from legation.errors import InputError
from legation.press.document import Exhibit


@dataclass(frozen=True)
class Target:
    """Something that can be referred to: its anchor, and what an empty link to it reads."""

    anchor: str
    words: str
    exhibit: Exhibit | None = None
    left_out: str | None = None  # the line of the spec that leaves it out
    sources: tuple[dict[str, Any], ...] = ()  # of an exhibit that is left out


@dataclass
class ChapterTargets:
    """What a chapter holds, by name."""

    itself: Target | None = None
    exhibits: dict[str, Target] = field(default_factory=dict)
    headings: dict[str, Target] = field(default_factory=dict)


class Targets(dict[str, ChapterTargets]):
    """What every chapter of a report holds, by the chapter's name."""

    def text(self, reference: str, own: str | None, where: str) -> Target:
        """What a link in running text leads to.

        Parameters
        ----------
        reference
            ``name`` or ``chapter.name``, as the author wrote it behind the ``#``.
        own
            The chapter it stands in, searched first; ``None`` for what belongs to the whole report.
        where
            The cell or line it stands in, for the error.

        Raises
        ------
        InputError
            If it leads nowhere, to something left out, or to several chapters: with the names there are.
        """
        said = f"{where}: the text refers to '#{reference}'"
        found = self._find(reference, own, said, ("exhibits", "headings"))
        if found.left_out:
            raise InputError(
                f"{said}, which {found.left_out} leaves out. Show that section, or leave out the one that refers to it."
            )
        return found

    def exhibit(self, reference: str, own: str, where: str) -> Target:
        """The exhibit a finding names; it may be one that is left out, and then has no ``exhibit``.

        Raises
        ------
        InputError
            If there is none of that name, or several chapters have one.
        """
        return self._find(reference, own, f"{where}: the finding rests on '{reference}'", ("exhibits",))

    def _find(self, reference: str, own: str | None, said: str, kinds: tuple[str, ...]) -> Target:
        chapter, dot, name = reference.partition(".")
        if dot and chapter not in self:
            raise InputError(
                f"{said}, but there is no chapter '{chapter}'.{nearest(chapter, self)} "
                f"The chapters are {', '.join(self)}."
            )
        if not dot:
            chapter, name = own or "", reference
        if chapter in self:
            for kind in kinds:
                if name in getattr(self[chapter], kind):
                    found: Target = getattr(self[chapter], kind)[name]
                    return found
        if not dot:
            itself = self[name].itself if name in self and "headings" in kinds else None
            for found_elsewhere in (itself, *(self._only(name, kind, said) for kind in kinds)):
                if found_elsewhere:
                    return found_elsewhere
        known = self._known(own)
        raise InputError(
            f"{said}, but there is no such {'exhibit or heading' if 'headings' in kinds else 'exhibit'}."
            f"{nearest(reference, known)} The exhibits are {', '.join(known) or 'none'}."
        )

    def _only(self, name: str, kind: str, said: str) -> Target | None:
        """The one of that name in the whole report; one that is shown goes before those left out."""
        holders: dict[str, Target] = {}
        for place, holds in self.items():
            if name in getattr(holds, kind):
                holders[place] = getattr(holds, kind)[name]
        shown = {place: target for place, target in holders.items() if not target.left_out}
        if len(shown) > 1:
            choices = " or ".join(f"'{place}.{name}'" for place in shown)
            raise InputError(f"{said}, which stands in several chapters. Write {choices}.")
        return next(iter((shown or holders).values()), None)

    def _known(self, own: str | None) -> list[str]:
        """The exhibits shown, as a reference from that chapter would name them, its own first."""
        names = []
        for place in sorted(self, key=lambda place: place != own):
            prefix = "" if place == own or len(self) == 1 else f"{place}."
            names += [f"{prefix}{name}" for name, target in self[place].exhibits.items() if not target.left_out]
        return names


def nearest(name: str, known: Iterable[str]) -> str:
    """ " Did you mean 'x'?", or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""
