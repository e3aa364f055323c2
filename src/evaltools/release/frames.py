"""Frames without what was taken out of them, in memory as well as in print."""

from __future__ import annotations

import pandas as pd


def emptied(values: pd.DataFrame, hidden: pd.DataFrame) -> pd.DataFrame:
    """Take cells out of memory as well: nullable columns keep a value beneath their NA.

    Every column is copied, because a column of a frame may keep its neighbours in memory.
    """
    masked = values.mask(hidden)
    columns = {name: _copied(column) for name, column in masked.items()}
    return pd.DataFrame(columns, index=masked.index, columns=values.columns)


def _copied(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.Series(list(column), column.index, dtype=object)
    if isinstance(column.dtype, pd.api.extensions.ExtensionDtype):
        return pd.Series(list(column), column.index, dtype=str(column.dtype))
    return pd.Series(column.to_numpy(copy=True), column.index)
