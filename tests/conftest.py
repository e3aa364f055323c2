from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from evaltools.data import ingest
from evaltools.study import Workspace, open_study

ROOT = Path(__file__).parent.parent
# A busy machine must not turn a test red: no test is timed.
settings.register_profile("calm", deadline=None, max_examples=40)
settings.load_profile("calm")
SHARED = ROOT.parent / "shared" / "data"


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


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo study, ingested once; tests must not change it."""
    root = copy_project(tmp_path_factory.mktemp("demo"), "demo")
    space = open_study("demo", folder=root)
    ingest.ingest(space)
    return space
