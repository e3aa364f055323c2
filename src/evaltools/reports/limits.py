"""What one task may use; beyond it the task fails, and no other with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one task may use.

    Attributes
    ----------
    seconds : float
        Wall time of the whole task, the start of its kernel included.
    memory : int
        Bytes of data that its kernel may hold; 0 sets no limit.
    """

    seconds: float = 600.0
    memory: int = 0


USUAL = Limits()
