"""Equal content, equal digest: in every process, on every machine, whatever it was read from.

Hashes of pickles do not do it: they tell one string that is named twice from two equal ones, the
order of a set in one process from that in the next, and rows that were filtered from rows that
were read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from hashlib import sha256
from pathlib import PurePath
from types import FunctionType
from typing import Any, Protocol

import numpy as np
import pandas as pd
from pydantic import BaseModel

OWN = f"{__name__.partition('.')[0]}."


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...


def digest(thing: object) -> str:
    """Return the SHA-256 of what something holds.

    Parameters
    ----------
    thing : object
        Numbers, texts, dates, arrays, frames, dataclasses, pydantic models, functions of a module,
        and what is put together from them. The order of a mapping counts, that of a set does not.

    Raises
    ------
    TypeError
        When it holds anything else; a guess would call two different things equal.
    """
    told = sha256()
    _tell(told, thing)
    return told.hexdigest()


def _tell(told: _Hash, thing: Any) -> None:
    match thing:
        case np.ma.MaskedArray():
            raise TypeError("no digest of a masked array; give values and mask")
        case np.ndarray():
            _array(told, thing)
        case np.generic():
            _array(told, np.asarray(thing))
        case pd.DataFrame() | pd.Series() | pd.Index():
            _pandas(told, thing)
        case FunctionType():
            _part(told, "name", _named(thing))
            if not thing.__module__.startswith(OWN):  # no part of the program's digest
                code = thing.__code__
                _part(told, "code", code.co_code + repr((code.co_consts, code.co_names)).encode())
        case Enum() | type():
            _part(told, "name", _named(thing))
        case None | bool() | int() | str() | bytes() | PurePath() | range():
            _part(told, type(thing).__name__, str(thing))
        case float():
            _part(told, "float", thing.hex())
        case pd.Period():
            _part(told, f"Period {thing.freqstr}", str(thing))
        case date() | pd.Timedelta():
            _part(told, type(thing).__name__, f"{thing} {getattr(thing, 'tzinfo', None)}")
        case BaseModel():
            held = [getattr(thing, name) for name in type(thing).model_fields]
            _items(told, _named(type(thing)), [*held, thing.model_extra])
        case Mapping():
            _items(told, "mapping", [part for pair in thing.items() for part in pair])
        case set() | frozenset():
            _items(told, "set", sorted(map(digest, thing)))
        case list() | tuple():
            _items(told, type(thing).__name__, thing)
        case _ if is_dataclass(thing):
            held = [getattr(thing, item.name) for item in fields(thing)]
            _items(told, _named(type(thing)), held)
        case _ if thing is pd.NA or thing is pd.NaT:
            _part(told, "missing", repr(thing))
        case _:
            raise TypeError(f"no digest of {_named(type(thing))}; give plain data instead")


def _part(told: _Hash, kind: str, content: str | bytes) -> None:
    """Add a kind and a content with its length, so that no two neighbours can be read as one."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    told.update(f"{kind}:{len(data)}:".encode())
    told.update(data)


def _items(told: _Hash, kind: str, things: Iterable[object]) -> None:
    held = list(things)
    _part(told, kind, str(len(held)))
    for thing in held:
        _tell(told, thing)


def _named(thing: Any) -> str:
    """Return the full name of a class, an entry of an enumeration or a function of a module."""
    if isinstance(thing, Enum):
        return f"{_named(type(thing))}.{thing.name}"
    name = f"{thing.__module__}.{thing.__qualname__}"
    if "<" in name:
        raise TypeError(f"no digest of {name}: what it closes over is unknown")
    return name


def _array(told: _Hash, array: np.ndarray[Any, Any]) -> None:
    if array.dtype.fields is not None:
        raise TypeError("no digest of an array of records; give its columns")
    if array.dtype.hasobject:
        _items(told, f"array{array.shape}", array.ravel().tolist())
    else:
        _part(told, f"array{array.shape}{array.dtype.str}", np.ascontiguousarray(array).tobytes())


def _pandas(told: _Hash, thing: Any) -> None:
    if isinstance(thing, pd.DataFrame):
        _items(told, "frame", [dict(thing.attrs), thing.columns, thing.index])
        for place in range(thing.shape[1]):
            _values(told, thing.iloc[:, place])
    elif isinstance(thing, pd.Series):
        _items(told, "series", [dict(thing.attrs), thing.name, thing.index])
        _values(told, thing)
    else:
        _items(told, "index", list(thing.names))
        _values(told, thing)


def _values(told: _Hash, column: Any) -> None:
    """Add the values of a column or an index; what lies under a missing one is left out."""
    kind = column.dtype
    if isinstance(kind, np.dtype) and not kind.hasobject:
        _array(told, column.to_numpy())
        return
    missing = np.asarray(column.isna()) if not isinstance(column, pd.MultiIndex) else None
    _part(told, "values", str(kind))
    if isinstance(kind, pd.CategoricalDtype):
        _items(told, f"ordered {kind.ordered}", [kind.categories])
    if missing is not None and isinstance(kind, pd.StringDtype):
        held = column.to_numpy(dtype=object, na_value=None)
        _part(told, "texts", json.dumps(held.tolist()))
    elif (
        missing is not None and pd.api.types.is_numeric_dtype(kind) and hasattr(kind, "numpy_dtype")
    ):
        _array(told, missing)
        _array(told, column.to_numpy(dtype=kind.numpy_dtype, na_value=0))
    else:
        _items(told, "objects", column.tolist())
