"""Releases on record: what is public stays known, a damaged record stops everything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaltools.errors import ReleaseError
from evaltools.measures.catalogue import LOCAL, VOLUME, Pick
from evaltools.measures.sums import Sum
from evaltools.release import registry
from evaltools.study import Workspace
from release_samples import workspace

PLAIN = Sum(("SR01",), ("2015",), Pick(VOLUME, without=LOCAL))
CELLS = Pick(("started",), (("*", "ambulant"), ("34", "*")), LOCAL)
WEIGHTED = Sum(("SR01", "SR02"), ("2014", "2015"), CELLS, (("ambulant", 2.5),))
PAGES = {"SR01/20_fallzahlen.html": "ab" * 32}


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return workspace(tmp_path)


def add(space: Workspace, counts: dict[Sum, float], day: str = "2026-03-01") -> registry.Release:
    return registry.add(space, day=day, by="A. Muster", counts=counts, pages=PAGES)


def test_without_a_release_nothing_is_public(space: Workspace) -> None:
    assert registry.read(space) == ()
    assert registry.earlier(space) == {}


def test_a_release_is_read_back_as_it_was_signed(space: Workspace) -> None:
    added = add(space, {PLAIN: 42.0, WEIGHTED: 17.5})
    assert registry.read(space) == (added,)
    assert (added.number, added.day, added.by) == (1, "2026-03-01", "A. Muster")
    assert added.counts == {PLAIN: 42.0, WEIGHTED: 17.5}
    assert added.pages == PAGES
    assert added.rules["threshold"] == space.study.disclosure.threshold


def test_releases_are_counted_and_the_last_value_holds(space: Workspace) -> None:
    add(space, {PLAIN: 42.0, WEIGHTED: 17.5})
    add(space, {PLAIN: 43.0}, "2027-03-01")
    assert [item.number for item in registry.read(space)] == [1, 2]
    assert registry.earlier(space) == {PLAIN: 43.0, WEIGHTED: 17.5}


def test_more_than_nine_releases_keep_their_order(space: Workspace) -> None:
    for n in range(11):
        add(space, {PLAIN: float(n)})
    assert [item.number for item in registry.read(space)] == list(range(1, 12))
    assert registry.earlier(space) == {PLAIN: 10.0}


def test_only_the_office_can_read_the_record(space: Workspace) -> None:
    add(space, {PLAIN: 42.0})
    (path,) = (space.processed / "releases").glob("*.json")
    assert path.name == "001.json"
    assert path.stat().st_mode & 0o077 == 0
    assert not path.is_relative_to(space.reports)


@pytest.mark.parametrize("damage", ["", "{}", "[]", '{"counts": 1}', "no json"])
def test_a_damaged_record_is_refused_with_what_to_do(space: Workspace, damage: str) -> None:
    add(space, {PLAIN: 42.0})
    (space.processed / "releases" / "001.json").write_text(damage, encoding="utf-8")
    for call in (registry.read, registry.earlier):
        with pytest.raises(ReleaseError, match=r"releases/001\.json.*restore it from a backup"):
            call(space)
    with pytest.raises(ReleaseError, match="damaged"):
        add(space, {PLAIN: 42.0})


def test_a_count_that_lost_its_value_is_damage(space: Workspace) -> None:
    add(space, {PLAIN: 42.0})
    path = space.processed / "releases" / "001.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["counts"][0]["n"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ReleaseError, match="damaged"):
        registry.read(space)


@pytest.mark.parametrize(
    ("then", "now", "fits"),
    [
        ("suppress", "suppress", True),
        ("suppress", "merge", True),
        ("merge", "suppress", True),
        ("round5", "round5", True),
        ("suppress", "round5", False),
        ("round5", "merge", False),
    ],
)
def test_rounded_and_hidden_counts_cannot_be_mixed(
    tmp_path: Path, then: str, now: str, fits: bool
) -> None:
    def rules(method: str) -> dict[str, object]:
        return {"method": method} | ({"merge": {"SR02": ["SR03"]}} if method == "merge" else {})

    add(workspace(tmp_path, disclosure=rules(then)), {PLAIN: 42.0})
    later = workspace(tmp_path, disclosure=rules(now))
    if fits:
        assert registry.earlier(later) == {PLAIN: 42.0}
    else:
        with pytest.raises(ReleaseError, match=r"release 1 .* keep the method"):
            registry.earlier(later)


def test_the_digest_changes_with_every_release(space: Workspace) -> None:
    digests = [registry.digest(space)]
    for n in range(3):
        add(space, {PLAIN: float(n)})
        digests.append(registry.digest(space))
    assert len(set(digests)) == 4
    assert registry.digest(space) == digests[-1]
