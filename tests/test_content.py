"""Equal content has one digest, in every process; whatever differs has another."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaltools.data.content import digest
from evaltools.studyparts import Population


class Kind(Enum):
    ONE = "1"


@dataclass(frozen=True)
class Held:
    values: Any
    name: str = "a"
    more: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Other:
    values: Any
    name: str = "a"
    more: dict[str, int] = field(default_factory=dict)


def frame(**changed: Any) -> pd.DataFrame:
    columns: dict[str, Any] = {
        "area_id": pd.array(["A", None, "C"], dtype="string"),
        "n": pd.array([1, None, 3], dtype="Int64"),
        "share": [0.5, np.nan, -0.0],
        "day": pd.to_datetime(["2020-01-01", None, "2021-06-30"]),
        "mixed": [date(2020, 1, 1), "x", None],
    }
    return pd.DataFrame(columns | changed)


DIFFERENT = (
    None,
    pd.Series(pd.Categorical(["a"], ["a", "z"])),
    pd.Series(pd.Categorical(["a"], ["z", "a"])),
    pd.Series(pd.Categorical(["a"], ["a", "z"], ordered=True)),
    pd.Period("2020", "Y-DEC"),
    pd.Period("2020", "Y-MAR"),
    Population(age_from=0, age_to=17),
    True,
    1,
    1.0,
    "1",
    b"1",
    0.0,
    -0.0,
    np.nan,
    pd.NA,
    pd.NaT,
    (1,),
    [1],
    {1},
    {1: None},
    (1, (2, 3)),
    ((1, 2), 3),
    ("ab", "c"),
    ("a", "bc"),
    {"a": 1, "b": 2},
    {"b": 2, "a": 1},
    Kind.ONE,
    Kind,
    digest,
    date(2020, 1, 1),
    pd.Timestamp("2020-01-01"),
    Path("a"),
    range(3),
    np.arange(3),
    np.arange(3.0),
    np.arange(4).reshape(2, 2),
    np.arange(4),
    np.array(["a", None], dtype=object),
    Held(1),
    Held(1, more={"a": 1}),
    Other(1),
    Population(),
    pd.Series([1, 2]),
    pd.Series([1, 2], name="a"),
    pd.Series([1, 2], index=[1, 2]),
    pd.Index([1, 2]),
    pd.MultiIndex.from_tuples([(1, 2)]),
    pd.Series(["a", "b"], dtype="category"),
    pd.Series(pd.period_range("2020", periods=2, freq="Y")),
    frame(),
    frame(n=pd.array([1, 0, 3], dtype="Int64")),
    frame(n=pd.array([1, None, 4], dtype="Int64")),
    frame(area_id=pd.array(["A", "", "C"], dtype="string")),
    frame(area_id=["A", None, "C"]),
    frame(share=[0.5, np.nan, 0.0]),
    frame(mixed=[date(2020, 1, 2), "x", None]),
    frame().iloc[::-1],
    frame().rename(columns={"n": "m"}),
    frame()[["n", "area_id", "share", "day", "mixed"]],
)


def test_whatever_differs_has_another_digest() -> None:
    found = [digest(thing) for thing in DIFFERENT]
    assert len(set(found)) == len(DIFFERENT)
    assert found == [digest(thing) for thing in DIFFERENT]


def test_equal_content_has_one_digest_however_it_came_to_be(tmp_path: Path) -> None:
    made = frame().drop(columns="mixed")
    double = pd.concat([made, made], ignore_index=True)
    grown = pd.DataFrame({name: made[name] for name in made})
    grown["extra"] = 1
    masked = made.copy()
    masked["n"] = pd.arrays.IntegerArray(np.array([1, 99, 3]), np.array([False, True, False]))
    made.to_parquet(tmp_path / "t.parquet")
    equal = {
        "copied": made.copy(),
        "filtered": double[np.arange(6) >= 3].reset_index(drop=True),
        "grown and cut": grown.drop(columns="extra"),
        "another value below a missing one": masked,
        "read": pd.read_parquet(tmp_path / "t.parquet").astype(made.dtypes.to_dict()),
        "an index of numbers": made.set_axis(pd.Index([0, 1, 2])),
    }
    assert {name: digest(thing) for name, thing in equal.items()} == dict.fromkeys(
        equal, digest(made)
    )
    assert digest(np.asfortranarray(np.arange(6).reshape(2, 3))) == digest(
        np.arange(6).reshape(2, 3)
    )
    assert digest(frozenset({"a", "b", "c"})) == digest(frozenset({"c", "b", "a"}))
    word = "".join(["a", "b"])
    assert digest((word, word)) == digest(("ab", "".join(["a", "b"])))
    assert digest(np.float64(0.5)) == digest(np.float64("0.5"))


def test_another_process_finds_the_same() -> None:
    code = (
        "import pandas as pd; from evaltools.data.content import digest; "
        "print(digest([{'a', 'b', 'c', ('d', 1)}, pd.DataFrame({'a': ['x', 'y']})]))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    here = digest([{"a", "b", "c", ("d", 1)}, pd.DataFrame({"a": ["x", "y"]})])
    assert said.strip() == here


def test_functions_of_one_name_differ_by_their_code() -> None:
    def made(source: str) -> object:
        space: dict[str, object] = {"__name__": "__main__"}
        exec(source, space)
        return space["f"]

    sources = ["def f(x): return x", "def f(x): return -x", "def f(x): return x + 1"]
    assert len({digest(made(source)) for source in sources}) == 3
    assert digest(made(sources[0])) == digest(made(sources[0]))


@pytest.mark.parametrize(
    "thing",
    [
        object(),
        lambda: 1,
        [object()],
        iter([]),
        np.ma.masked_array([1, 2], [True, False]),
        np.zeros(1, dtype=[("a", int)]),
    ],
)
def test_what_has_no_digest_is_refused(thing: object) -> None:
    with pytest.raises(TypeError, match="no digest of"):
        digest(thing)
