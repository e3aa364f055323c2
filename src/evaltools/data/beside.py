"""Raw files that another room adds to a simulated city."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Beside:
    """Files with their entries in ``sources.yml``.

    Attributes
    ----------
    content : mapping of str to bytes
        File name → content.
    sources : tuple of mapping
        Entries of tables.
    codings : tuple of mapping
        Entries of files of codings.
    """

    content: Mapping[str, bytes] = field(default_factory=dict)
    sources: tuple[Mapping[str, Any], ...] = ()
    codings: tuple[Mapping[str, Any], ...] = ()
