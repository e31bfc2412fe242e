"""Turns: of several processes that would do the same work, one does it at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def turn(
    lock: Path, holder: Callable[[], str], occupied: Callable[[str], None], *, wait: bool = True
) -> Iterator[bool]:
    """Hold a lock, which names its holder and ends with it in any case; whether it is held.

    Where the system has no such locks nobody waits: editions are still swapped in whole, but work may be done twice.

    Parameters
    ----------
    lock
        Its file. The folder is made if it is missing.
    holder
        Gives, once the lock is held, who holds it from then on, for those who come next.
    occupied
        Told who holds it now, where that is another, before it is waited for.
    wait
        Whether to wait for another, or to do without.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    if fcntl is None:
        yield True
        return
    with lock.open("ab+", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                yield False
                return
            file.seek(0)
            occupied(file.read().decode("utf-8", "replace").strip() or "not yet named")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        with contextlib.suppress(OSError):  # a full disk leaves the holder without a name
            file.write(f"{holder()}\n".encode())
        try:
            yield True
        finally:
            file.truncate(0)
