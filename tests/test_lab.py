"""JupyterLab answers this machine only, and there only who has the token."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ROOT

HOSTILE = {
    "ServerApp": {"ip": "0.0.0.0", "allow_origin": "*", "allow_remote_access": True},
    "IdentityProvider": {"token": ""},
    "PasswordIdentityProvider": {"password_required": False},
}


def command() -> list[str]:
    """The command of `make lab`, as make would run it."""
    shown = subprocess.run(
        ["make", "-n", "-o", ".venv/.installed", "lab"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = [line for line in shown.stdout.splitlines() if "jupyter" in line]
    return shlex.split(line)


def test_the_command_opens_nothing() -> None:
    options = command()[2:]
    assert "--ip=127.0.0.1" in options
    assert "--config=notebooks/jupyter_server_config.py" in options
    assert not re.search(r"token|password|origin|remote|0\.0\.0\.0", " ".join(options))


def test_the_configuration_has_a_token_and_lets_nobody_else_in() -> None:
    from traitlets.config import PyFileConfigLoader

    path = ROOT / "notebooks"
    first, second = (
        PyFileConfigLoader("jupyter_server_config.py", str(path)).load_config() for _ in range(2)
    )
    assert len(first.IdentityProvider.token) >= 32
    assert first.IdentityProvider.token != second.IdentityProvider.token
    assert first.ServerApp.ip == "127.0.0.1"
    assert (first.ServerApp.allow_origin, first.ServerApp.allow_origin_pat) == ("", "")
    assert first.ServerApp.allow_remote_access is False
    assert first.ServerApp.disable_check_xsrf is False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """The lab of `make lab` for a person whose own settings open everything: port and token."""
    home = tmp_path_factory.mktemp("home")
    (home / ".jupyter").mkdir()
    for name in ("jupyter_server_config.json", "jupyter_lab_config.json"):
        (home / ".jupyter" / name).write_text(json.dumps(HOSTILE))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    asked = [*command(), f"--port={port}", "--no-browser", "--ServerApp.port_retries=0"]
    asked += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    folders = {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "run")}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("jupyter")), *asked[1:]],
        cwd=ROOT,
        env=kept | folders,
        stdout=quiet,
        stderr=quiet,
    )
    try:
        yield port, _token(process, home / "run")
    finally:
        process.terminate()
        process.wait(timeout=60)


def _token(process: subprocess.Popen[bytes], folder: Path) -> str:
    for _ in range(600):
        for file in folder.glob("jpserver-*.json"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            return str(json.loads(file.read_text())["token"])
        assert process.poll() is None, "the lab did not start"
        time.sleep(0.1)
    raise AssertionError("the lab did not start within a minute")


def answer(port: int, **headers: str) -> int:
    address = f"http://127.0.0.1:{port}/api/contents"
    for _ in range(100):
        request = urllib.request.Request(address, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            return int(error.code)
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError("no answer")


def test_only_the_token_opens_the_lab(server: tuple[int, str]) -> None:
    port, token = server
    assert answer(port) == 403
    assert answer(port, Authorization="token wrong") == 403
    assert answer(port, Authorization=f"token {token}") == 200
    assert answer(port, Authorization=f"token {token}", Host="evil.example") == 403


def test_the_lab_listens_on_the_loopback_only(server: tuple[int, str]) -> None:
    port, token = server
    assert answer(port, Authorization=f"token {token}") == 200
    with socket.socket() as other:
        other.settimeout(5)
        assert other.connect_ex(("127.0.0.2", port)) != 0


# --- make audit -----------------------------------------------------------------------------------

CLEAN = {"name": "a", "version": "1", "vulns": []}
SKIPPED = {"name": "b", "skip_reason": "Dependency not found on PyPI"}
BAD = {"name": "c", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}


@pytest.mark.parametrize(
    ("output", "code", "told"),
    [
        ({"dependencies": [CLEAN, SKIPPED]}, 0, "audit: 1 packages checked, 1 not checked b"),
        ({"dependencies": [SKIPPED]}, 0, "audit: not checked: the service knows none of 1"),
        ({"dependencies": [CLEAN, BAD]}, 2, "audit: c 2 CVE-1 mended in: 3"),
        (None, 0, "audit: not checked: pip-audit had no answer; is the network there?"),
    ],
    ids=["clean", "unknown to the service", "vulnerable", "no network"],
)
def test_audit_says_what_was_checked(
    tmp_path: Path, output: dict[str, object] | None, code: int, told: str
) -> None:
    """With a stand-in for pip-audit: the real one asks the network."""
    stamp = str(tmp_path / "stamp")
    (tmp_path / "python").symlink_to(sys.executable)
    stand_in = tmp_path / "pip-audit"
    text = "" if output is None else json.dumps(output)
    stand_in.write_text(
        f"#!/bin/sh\necho \"$@\" > {tmp_path}/asked\nprintf '%s' '{text}'\nexit 1\n"
    )
    stand_in.chmod(0o755)
    done = subprocess.run(
        ["make", "-s", "-o", stamp, "audit", f"BIN={tmp_path}", f"STAMP={stamp}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[0].startswith(told)) == (code, True), done
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("-r requirements.lock --disable-pip --require-hashes")


def test_help_lists_audit_and_lab() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(r"^  make audit +Look the locked packages up", shown.stdout, re.M)
    assert re.search(r"^  make lab +Open JupyterLab", shown.stdout, re.M)
