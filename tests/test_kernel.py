from __future__ import annotations

import asyncio
import stat
import sys
from pathlib import Path
from string import Template

import pytest
from jupyter_client.manager import AsyncKernelManager
from nbformat import v4

from evaltools.reports.kernel import stripped
from evaltools.reports.kernels import SPECS, PrivateKernelManager

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no IPC sockets")


def test_two_kernels_never_share_a_socket_and_others_cannot_enter() -> None:
    one, two = PrivateKernelManager(), PrivateKernelManager()
    assert one.transport == "ipc"
    assert one.ip != two.ip
    folder = Path(one.ip).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for manager in (one, two):
        manager.cleanup_ipc_files()
    assert not folder.exists()


def test_the_kernel_is_found_in_the_package_whatever_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("JUPYTER_PATH", "JUPYTER_DATA_DIR", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    spec = PrivateKernelManager(kernel_name="evaltools").kernel_spec
    assert spec is not None
    assert Path(spec.resource_dir).parent == SPECS
    assert spec.argv[1:3] == ["-m", "ipykernel_launcher"]


def test_what_a_kernel_is_given_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AsyncKernelManager, "start_kernel", started)
    manager = PrivateKernelManager(kernel_name="evaltools", given={"EVALTOOLS_READS": "/a $HOME"})
    asyncio.run(manager.start_kernel())
    assert manager.kernel_spec is not None
    assert Template(manager.kernel_spec.env["EVALTOOLS_READS"]).substitute() == "/a $HOME"
    assert manager.kernel_spec.env["OPENBLAS_NUM_THREADS"] == "1"
    manager.cleanup_ipc_files()


async def started(manager: AsyncKernelManager) -> None:
    """Start nothing."""


def test_a_failed_notebook_is_kept_without_outputs() -> None:
    cells = [v4.new_markdown_cell("# A"), v4.new_code_cell("x", outputs=[])]
    cells[1].outputs = [v4.new_output("stream", text="geheim")]
    kept = stripped(v4.new_notebook(cells=cells, metadata={"a": "geheim"}), "cell 2: ValueError")
    assert "geheim" not in str(kept)
    assert [cell.source for cell in kept.cells] == ["# A", "x"]
    assert kept.metadata == {"evaltools": {"failed": "cell 2: ValueError"}}
