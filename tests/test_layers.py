"""One direction only: a room imports rooms to its left, plus the ground floor."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import evaltools

SOURCE = Path(evaltools.__file__).parent
GROUND = {
    "errors",
    "files",
    "program",
    "yamlfile",
    "study",
    "studyparts",
    "studycodings",
    "studymap",
    "studyprofile",
    "german",
    "workbook",
    "__init__",
}
ROOMS = ["data", "measures", "codings", "effects", "evaluation", "release", "reports", "cli"]
# Codings stand beside measures: neither knows the other, nor do the methods of effects.
APART = {"codings": {"measures"}, "effects": {"codings"}, "evaluation": {"codings"}}
FORBIDDEN = ("print(", "time.sleep", "time.time(", "datetime.now", "date.today", "os.environ")
# What starts processes needs their environment; what reports progress needs the clock.
PROCESSES = {"runs", "progress", "forkchild", "forkserver", "shell", "warm"}
MODULES = sorted(SOURCE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Names of all evaltools modules a file imports, function-local imports included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "evaltools"}


def room(name: str) -> str:
    """The room of a dotted module name: ``evaltools.data.read`` → ``data``."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def own_room(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def allowed(place: str) -> set[str]:
    if place in GROUND:
        return GROUND
    left = set(ROOMS[: ROOMS.index(place) + 1])
    return GROUND | (left - APART.get(place, set())) | {"__version__"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_rooms_to_its_left(path: Path) -> None:
    upward = {room(name) for name in imports(path)} - allowed(own_room(path))
    assert not upward, f"{path.relative_to(SOURCE)} imports {upward}"


def test_an_upward_import_would_be_found(tmp_path: Path) -> None:
    file = tmp_path / "read.py"
    file.write_text("def f():\n    from evaltools.release import tables\n", encoding="utf-8")
    assert {room(name) for name in imports(file)} - allowed("data") == {"release"}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)


def test_no_cycle_between_modules() -> None:
    known = {dotted(path) for path in MODULES}
    graph: dict[str, set[str]] = {}
    for path in MODULES:
        named = imports(path)
        targets = (named | {name.rpartition(".")[0] for name in named}) & known
        graph[dotted(path)] = targets - {dotted(path)}
    assert len(list(TopologicalSorter(graph).static_order())) == len(known)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_stays_under_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 300


def test_the_library_never_prints_sleeps_or_reads_the_clock() -> None:
    for path in MODULES:
        if own_room(path) == "cli" or path.stem in PROCESSES:
            continue
        text = path.read_text(encoding="utf-8")
        for call in FORBIDDEN:
            assert call not in text, f"{path.relative_to(SOURCE)}: {call}"
