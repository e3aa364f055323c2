"""A study's processed tables: whoever takes one out is on record."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evaltools.data import reads

if TYPE_CHECKING:
    import pandas as pd

NARROWED = "hze_count"


class Tables(Mapping[str, "pd.DataFrame"]):
    """Tables by name; what is taken out is noted (:mod:`evaltools.data.reads`).

    To ask whether a table is there, or for all names, notes nothing: the set of names is part of
    what every page is made from.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        The tables.
    kept : Path, optional
        Folder for results that are computed once (:mod:`evaltools.data.kept`).
    areas : tuple of str, optional
        The areas to whose rows the counts of helps are narrowed; not narrowed when not given.
    noted : bool, optional
        Whether it is noted what is taken out.
    """

    def __init__(
        self,
        frames: Mapping[str, pd.DataFrame],
        *,
        kept: Path | None = None,
        areas: tuple[str, ...] | None = None,
        noted: bool = True,
    ) -> None:
        self._whole = dict(frames)
        self._frames = dict(frames)
        self._areas = areas
        self._noted = noted
        self.kept = kept
        if areas is not None and NARROWED in frames:
            counts = frames[NARROWED]
            rows = counts[counts["area_id"].isin(areas)]
            self._frames[NARROWED] = rows.reset_index(drop=True)

    def __getitem__(self, name: str) -> pd.DataFrame:
        frame = self._frames[name]
        if self._noted:
            reads.note(name, self._areas if name == NARROWED else None)
        return frame

    def __contains__(self, name: object) -> bool:
        return name in self._frames

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def only(self, areas: Collection[str]) -> Tables:
        """Return the tables with the counts of helps narrowed to some areas.

        Whoever takes the counts out of them is on record with these areas only, so that another
        area's change leaves a page as it is.

        Parameters
        ----------
        areas : collection of str
            Ids of areas; of tables that are narrowed already, those in both remain.
        """
        wanted = set(areas) if self._areas is None else set(areas) & set(self._areas)
        areas = tuple(sorted(wanted))
        return Tables(self._whole, kept=self.kept, areas=areas, noted=self._noted)

    def unread(self) -> Tables:
        """Return all tables, whole and without noting it; for what notes its reads itself.

        Whole also where the counts are narrowed: a plan of what is shown that does not see the
        whole city protects nobody.
        """
        return Tables(self._whole, kept=self.kept, noted=False)
