"""The lock, environment.yml and pyproject say the same."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
BENCH = (ROOT / "requirements-bench.lock").read_text(encoding="utf-8")


def locked() -> set[str]:
    return {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", LOCK, re.M)}


@pytest.mark.parametrize("lock", [LOCK, BENCH], ids=["product", "benchmarks"])
def test_every_locked_package_has_hashes_and_no_address(lock: str) -> None:
    pins = re.findall(r"^[A-Za-z0-9._-]+==.*(?:\n    .*)*", lock, re.M)
    assert len(pins) > 100
    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []
    assert "index-url" not in lock
    assert "://" not in lock


def test_benchmarks_run_with_the_versions_of_the_product() -> None:
    pin = r"^[A-Za-z0-9._-]+==[^ ;\\]+"
    assert set(re.findall(pin, LOCK, re.M)) <= set(re.findall(pin, BENCH, re.M))


def test_environment_installs_the_lock_and_nothing_else() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [item for item in environment["dependencies"] if isinstance(item, str)]
    (pip,) = [item["pip"] for item in environment["dependencies"] if isinstance(item, dict)]
    assert {re.split(r"[<>=]", item)[0] for item in conda} == {"python", "pip"}
    assert pip == ["--no-require-hashes", "-r requirements.lock", "-e ."]


def test_every_declared_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = project["dependencies"] + extras["test"] + extras["dev"] + extras["cluster"]
    names = {re.split(r"[\[<>=; ]", item)[0].lower() for item in declared}
    assert names <= locked()


def test_required_python_agrees() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    environment = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert project["requires-python"] == ">=3.11"
    assert "python>=3.11" in environment


def test_lab_listens_on_this_machine_only() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (line,) = [line for line in makefile.splitlines() if "jupyter lab" in line]
    assert "--ip=127.0.0.1" in line
    assert "token=''" not in makefile
    assert "0.0.0.0" not in makefile


def test_no_registry_and_no_machine_path_is_committed() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name] or [
        ROOT / "pyproject.toml",
        ROOT / "Makefile",
    ]
    home = str(ROOT.parent) + "/"
    for file in files:
        if not file.is_file() or file.suffix in (".xlsx", ".parquet"):
            continue
        text = file.read_text(encoding="utf-8", errors="ignore")
        assert home not in text, file.name
        assert "/simple/" not in text or file == Path(__file__), file.name
