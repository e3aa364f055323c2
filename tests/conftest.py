"""What tests share: the demo study, read, planned and run once for all workers.

Workers share one folder of the session. What lies in it is made by whoever asks first; a test that
changes a study takes a copy, which is honest: plans and pages are found by what they are made from.
"""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from filelock import FileLock
from hypothesis import settings

from evaltools.data import ingest, store
from evaltools.release import plans
from evaltools.release.published import Published, published
from evaltools.reports import plan, runs
from evaltools.study import Workspace, open_study

ROOT = Path(__file__).parent.parent
# A busy machine must not turn a test red: no test is timed.
settings.register_profile("calm", deadline=None, max_examples=40)
settings.load_profile("calm")
SHARED = ROOT.parent / "shared" / "data"
# Longest first, so that no worker is alone at the end; those that need a finished run not at once,
# for the first of them makes it.
LONG = (
    "test_html_attack",
    "test_threats",
    "test_cluster",
    "test_pages",
    "test_canary",
    "test_pool",
    "test_faults_kernel",
    "test_protect",
    "test_robust",
    "test_protection",
    "test_runs",
    "test_cli",
    "test_appendix",
    "test_evaluation",
    "test_outcomes",
    "test_declared",
    "test_sensitivity_views",
    "test_sums",
)

# Coverage slows Python down by half; what these run, others run too.
UNMEASURED = {
    "test_html_attack",
    "test_threats",
    "test_canary",
    "test_protect",
    "test_protection",
    "test_evaluation",
    "test_outcomes",
    "test_declared",
    "test_sensitivity_views",
    "test_sums",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files come first, each as a whole, and measure the others' coverage."""
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))
    for item in items:
        if item.path.stem in UNMEASURED:
            item.add_marker("no_cover")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the published data; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here: the published data are not part of the project")
    return SHARED


def copy_project(target: Path, *studies: str) -> Path:
    """Copy studies, notebooks and raw data of the project into a folder of its own."""
    (target / "studies").mkdir(parents=True)
    for study in studies:
        shutil.copy(ROOT / "studies" / f"{study}.yml", target / "studies")
        shutil.copytree(ROOT / "data" / "raw" / study, target / "data" / "raw" / study)
    shutil.copytree(
        ROOT / "notebooks",
        target / "notebooks",
        ignore=shutil.ignore_patterns(".ipynb_checkpoints"),
    )
    return target


def copied(space: Workspace, target: Path) -> Workspace:
    """Copy a study with all that was made of it: tables, plans, pages."""
    shutil.copytree(space.root, target, dirs_exist_ok=True)
    return open_study(space.name, folder=target)


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that all workers of this session share, and no other session."""
    own = tmp_path_factory.getbasetemp()
    found = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "common"
    found.mkdir(exist_ok=True)
    return found


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Let one worker make a folder; the others wait for it. What fails is not kept."""
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            part = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            make(part)
            part.rename(folder)
    return folder


@pytest.fixture(scope="session")
def ingested_demo(common: Path) -> Workspace:
    """The demo study, ingested; only to be copied."""

    def make(root: Path) -> None:
        ingest.ingest(open_study("demo", folder=copy_project(root, "demo")))

    return open_study("demo", folder=once(common / "ingested", make))


@pytest.fixture(scope="session")
def planned_demo(common: Path, ingested_demo: Workspace) -> Workspace:
    """The demo study, ingested, with the plan of its counts; only to be copied."""

    def make(root: Path) -> None:
        space = copied(ingested_demo, root)
        plans.of(space, store.load(space))

    return open_study("demo", folder=once(common / "planned", make))


@pytest.fixture(scope="session")
def finished_demo(common: Path, planned_demo: Workspace) -> Workspace:
    """The demo study with the before/after page of each model area and the city's first page.

    Only to be looked at or copied; a run in the copy keeps these pages.
    """

    def make(root: Path) -> None:
        space = copied(planned_demo, root)
        wanted = plan.tasks(space, notebooks=["30_vorher_nachher", "00_datenlage"])
        tasks = [task for task in wanted if task.notebook[:2] == "30" or not task.area]
        assert [outcome.error for outcome in runs.run(space, tasks)] == [""] * 4

    return open_study("demo", folder=once(common / "finished", make))


@pytest.fixture(scope="session")
def whole_demo(common: Path, finished_demo: Workspace) -> Workspace:
    """The demo study with all its pages; only to be looked at or copied."""

    def make(root: Path) -> None:
        space = copied(finished_demo, root)
        assert {outcome.error for outcome in runs.run(space, plan.tasks(space))} == {""}

    return open_study("demo", folder=once(common / "whole", make))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, ingested_demo: Workspace) -> Workspace:
    """The demo study, ingested, this worker's own; tests must not change it."""
    return copied(ingested_demo, tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def demo_counts(common: Path, demo: Workspace) -> Published:
    """What the pages of the demo study show: found once, for finding it takes seconds."""

    def make(folder: Path) -> None:
        folder.mkdir()
        found = published(store.load(demo), demo.study)
        (folder / "published").write_bytes(pickle.dumps(found))

    content = (once(common / "counts", make) / "published").read_bytes()
    return cast(Published, pickle.loads(content))
