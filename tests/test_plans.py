"""The plan that is kept: found without a table, whole also through narrowed ones, on record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from city_samples import KINDS, MODEL, city, study, tables
from evaltools.data import reads, store
from evaltools.data.findings import to_frame
from evaltools.data.reads import Read
from evaltools.release import plans, protection
from evaltools.study import Workspace
from release_samples import provenance

ONE_ENDED = {(MODEL, paragraph, "2015"): (12, int(paragraph == "31")) for paragraph, _ in KINDS}


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A study with one small count, its plan kept."""
    made = Workspace("muster", tmp_path_factory.mktemp("root"), study(), "0" * 64)
    store.write(made.processed, tables(city(ONE_ENDED)), to_frame([]), provenance())
    assert plans.pattern(made) == ""
    plans.of(made, store.load(made))
    return made


def kept(space: Workspace) -> Path:
    (path,) = (space.processed / "plans").glob("*.json")
    return path


def test_a_kept_plan_is_read_through_whole_and_narrowed_tables_and_plain_frames(
    space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = store.load(space)
    monkeypatch.setattr(protection, "plan", None)  # nothing is decided anew
    reads.listen(tmp_path / "reads")
    try:
        found = [plans.of(space, given) for given in (data, data.only([MODEL]), data.unread())]
    finally:
        reads.stop()
    assert found[0] == found[1] == found[2]
    assert found[0].states
    assert reads.parse(tmp_path / "reads") == (Read("plan"),)


def test_the_pattern_is_what_is_shown_and_hidden_not_how_much(space: Workspace) -> None:
    before, path = plans.pattern(space), kept(space)
    assert before
    assert plans.inputs(space) == path.stem
    text = path.read_text(encoding="utf-8")
    changed = {
        "values": ({"SR01": 1.0}, True),
        "intervals": ({}, True),
        "labels": ({}, True),
        "narrowest": (99.0, True),
        "states": ({}, False),
        "method": ("rounded", False),
        "rests": ({"a": ["b"]}, False),
        "series": ({}, False),
        "estimates": (False, False),
    }
    try:
        for name, (value, same) in changed.items():
            path.write_text(json.dumps({**json.loads(text), name: value}), encoding="utf-8")
            assert (plans.pattern(space) == before) is same, name
        path.write_text("{", encoding="utf-8")
        assert plans.pattern(space) == ""
    finally:
        path.write_text(text, encoding="utf-8")
