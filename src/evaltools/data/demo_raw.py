"""One delimited raw file of the simulated city: its table, headers and codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RawFile:
    """One delimited raw file: its table, its headers (``column=header``) and its codes."""

    id: str
    table: str
    note: str
    headers: str
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    delimiter: str = ";"

    @property
    def name(self) -> str:
        """Name of the file."""
        return f"{self.id}.csv"

    @property
    def columns(self) -> dict[str, str]:
        """Column of the schema → header of the file."""
        pairs = (pair.split("=", 1) for pair in self.headers.split(", "))
        return dict(pairs)
