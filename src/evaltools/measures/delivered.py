"""Tables with all the columns they are declared with, whatever the source delivered of them."""

from __future__ import annotations

import pandas as pd

from evaltools.data.columns import DTYPES
from evaltools.data.schema import TABLES


def typed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Give a table every column it is declared with, in its type, and a fresh index.

    Columns that were not delivered are NA.

    Parameters
    ----------
    table : DataFrame
        As delivered; not changed.
    name : str
        Which table of :data:`evaltools.data.schema.TABLES` it is.
    """
    kinds = {column.name: DTYPES[column.kind] for column in TABLES[name].columns}
    return table.reindex(columns=list(kinds)).astype(kinds).reset_index(drop=True)


def rows(table: pd.DataFrame, name: str, area: str) -> pd.DataFrame:
    """Take an area's rows of a table, with every column it is declared with."""
    whole = typed(table, name)
    return whole[(whole["area_id"] == area).fillna(False)].reset_index(drop=True)
